"""``python -m release_tools`` is ``release-tools``."""

import sys

from release_tools.cli import main

sys.exit(main())
