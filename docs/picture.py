"""Take the pictures of the report page: a real dry run of the example project, shown in headless Chromium.

``python -m docs.picture`` writes them, one for each colour scheme, and the digest of the page's template, by which a
test finds out when they are out of date. It needs chromium, chromedriver and what the tests need.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from base64 import b64decode
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Final

from release_tools.cli.main import main
from tests.stage import stage
from tests.support.projects import molecool

ROOT: Final = Path(__file__).parent.parent
IMAGES: Final = ROOT / "docs" / "images"
DIGEST: Final = IMAGES / "report.sha256"
SCHEMES: Final = ("light", "dark")
WIDTH, SCALE = 1120, 1.5
NOTES: Final = "# Changelog\n\n## [1.4.0]\n\n### Added\n\n- Distances between atoms.\n"
CUT: Final = "return document.querySelector('#pipeline').getBoundingClientRect().bottom + 16"
"""The height at which the page is cut: below the destinations."""


def take() -> int:
    """Make a dry run, take the pictures of its page, and return the exit code."""
    files = {**molecool(), "CHANGELOG.md": NOTES}
    with tempfile.TemporaryDirectory() as temp, redirect_stdout(StringIO()) as said:
        with stage(Path(temp), Path(), files, conda_forge=True) as there:
            tools = Path(temp) / "tools"
            pip = (sys.executable, "-m", "uv", "tool", "run", "pip", "download", "--quiet", "--dest", str(tools))
            subprocess.run([*pip, "setuptools>=77", "versioningit>=3.3"], check=True)  # noqa: S603 - uv of this environment
            env = {**there.checkout.env, "PIP_FIND_LINKS": str(tools), "UV_FIND_LINKS": str(tools)}
            code = main(["dry-run", "-C", str(there.checkout.root), "--version", "1.4.0"], env)
        if code != 0:
            sys.exit(said.getvalue())
        photograph((there.checkout.root / "dist" / "report.html").as_uri())
    DIGEST.write_text(compute_digest(), encoding="utf-8")
    return code


def compute_digest() -> str:
    """Return the digest of what gives the page its form."""
    files = sorted((ROOT / "release_tools" / "report" / "page").iterdir())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest() + "\n"


def photograph(address: str) -> None:
    """Write one picture of the page's first screen for each colour scheme."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    size = {"width": WIDTH, "height": 1000, "deviceScaleFactor": SCALE, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    for scheme in SCHEMES:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        driver.get(address)
        clip = {"x": 0, "y": 0, "width": WIDTH, "height": driver.execute_script(CUT), "scale": 1}
        shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip, "captureBeyondViewport": True})
        (IMAGES / f"report-{scheme}.png").write_bytes(b64decode(shot["data"]))
    driver.quit()


if __name__ == "__main__":
    sys.exit(take())
