"""Write files as a whole: a full disk or a killed process leaves what was there before."""

import shutil
import tempfile
from pathlib import Path

from release_tools.errors import OutputError


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file, or the one that a link leads to; its folders are made, and the mode of an earlier file is kept.

    Args:
        path: of the file.
        content: bytes, or a text, which is written in UTF-8.

    Raises:
        OutputError: it cannot be written; it is then as it was before.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    target = path.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".release-tools-") as folder:
            whole = Path(folder, target.name)
            whole.write_bytes(data)
            if target.exists():
                shutil.copymode(target, whole)
            whole.replace(target)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written: {error.strerror or error}",
            "It is as it was before. Check the free space and your permission to write there.",
        ) from error
