"""The commit that this copy of release-tools was built from; the build fills it in (versioningit's onbuild hook)."""

from typing import Final

COMMIT: Final = ""
