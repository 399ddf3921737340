"""Take the picture of the report page: a real dry run of the example project, shown in headless Chromium.

``python -m docs.picture`` writes it; it needs chromium and what the tests need.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from release_tools.cli.main import main
from tests.stage import stage
from tests.support.projects import molecool

PICTURE = Path(__file__).parent / "images" / "report.png"
SIZE = "1120,1000"
FILES = {**molecool(), "CHANGELOG.md": "# Changelog\n\n## [1.4.0]\n\n### Added\n\n- Distances between atoms.\n"}


def take() -> int:
    """Make a dry run, take a picture of its page, and return the exit code."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("No browser: apt-get install chromium")
    with tempfile.TemporaryDirectory() as temp, stage(Path(temp), Path(), FILES, conda_forge=True) as there:
        tools = Path(temp) / "tools"
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(tools))
        subprocess.run([*pip, "setuptools>=77", "versioningit>=3.3"], check=True)  # noqa: S603 - pip of this environment
        env = {**there.checkout.env, "PIP_FIND_LINKS": str(tools), "UV_FIND_LINKS": str(tools)}
        code = main(["dry-run", "-C", str(there.checkout.root), "--version", "1.4.0"], env)
        page = (there.checkout.root / "dist" / "report.html").as_uri()
        options = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={SIZE}")
        subprocess.run([browser, *options, f"--screenshot={PICTURE}", page], check=True, capture_output=True)  # noqa: S603 - the browser that was found
    return code


if __name__ == "__main__":
    sys.exit(take())
