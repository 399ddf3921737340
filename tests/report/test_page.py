"""The report page, in a real browser where one is installed (Debian: chromium and chromium-driver)."""

import errno
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from release_tools.errors import BuildError, OutputError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, Report, Section, State
from release_tools.model.release import Release
from release_tools.report.output_files import write_page
from release_tools.report.page import report_page
from tests.report.examples import HOSTILE, dry_run_release, dry_run_report, hostile, hostile_report, section
from tests.support.artifacts import make_conda

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHROMEDRIVER = shutil.which("chromedriver")
needs_browser = pytest.mark.skipif(
    not (CHROMIUM and CHROMEDRIVER), reason="no headless browser: apt-get install chromium chromium-driver"
)
PHONE, DESK = (360, 740), (1280, 900)


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options, webdriver.ChromeService(CHROMEDRIVER))
    yield driver
    driver.quit()


def show(
    browser: webdriver.Chrome, folder: Path, page: str, size: tuple[int, int] = DESK, scheme: str = "light"
) -> None:
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE},
    )
    features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": name, "value": features[name]} for name in features]}
    )
    browser.get(path.as_uri())


def complaints(browser: webdriver.Chrome) -> list[object]:
    """Return what the page wrote to the console: errors, blocked requests."""
    return list(browser.get_log("browser"))  # type: ignore[no-untyped-call]  # selenium leaves it untyped


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_it_is_readable_everywhere(
    browser: webdriver.Chrome, tmp_path: Path, size: tuple[int, int], scheme: str
) -> None:
    show(browser, tmp_path, report_page(dry_run_release(tmp_path), dry_run_report(), is_dry_run=True), size, scheme)
    assert complaints(browser) == []
    assert browser.title == "molecool 1.4.0rc1: dry run complete"
    wider = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.execute_script(wider) == 0
    sizes = "return [...document.querySelectorAll('main *')].map(e => parseFloat(getComputedStyle(e).fontSize))"
    assert min(browser.execute_script(sizes)) >= 11
    assert lowest_contrast(browser) >= 4.5


@needs_browser
def test_places_files_and_texts_are_shown(browser: webdriver.Chrome, tmp_path: Path) -> None:
    release = dry_run_release(tmp_path)
    show(browser, tmp_path, report_page(release, dry_run_report(), is_dry_run=True))
    assert browser.find_element(By.CSS_SELECTOR, "header .warnings").text.endswith("Version is warning")
    places = [item.text.splitlines() for item in browser.find_elements(By.CSS_SELECTOR, "section > .destinations > li")]
    assert [(lines[1], lines[2]) for lines in places] == [
        ("git remote", "already there"),
        ("PyPI", "planned"),
    ]
    folded = browser.find_element(By.CSS_SELECTOR, ".skipped-destinations")
    assert folded.text == "Skipped: conda-forge"
    folded.click()
    assert "Open a pull request is skipped" in folded.text
    actions = [item.text for item in browser.find_elements(By.CSS_SELECTOR, "#plan li")]
    assert actions == [
        "Push the tag is unchanged already there",
        "upload molecool-1.4.0rc1-py3-none-any.whl to PyPI",
    ]
    files = browser.find_element(By.ID, "files").text
    assert all(artifact.filename in files and artifact.sha256 in files for artifact in release.artifacts)
    assert browser.find_element(By.CSS_SELECTOR, "#document-1 .prose h3").text == "Added"
    assert "version: 1.4.0rc1" in browser.find_element(By.ID, "document-2").text
    assert browser.find_element(By.CSS_SELECTOR, "#document-3 .plus").text == "+version: 1.4"


@needs_browser
def test_folds_open_and_links_lead_somewhere(browser: webdriver.Chrome, tmp_path: Path) -> None:
    show(browser, tmp_path, report_page(dry_run_release(tmp_path), dry_run_report(), is_dry_run=True))
    tree = browser.find_element(By.CSS_SELECTOR, "#files .artifact:nth-of-type(2) details.tree")
    inner = tree.find_element(By.CSS_SELECTOR, ".file")
    assert not inner.is_displayed()
    for fold in [tree, *tree.find_elements(By.CSS_SELECTOR, "details")]:
        fold.find_element(By.CSS_SELECTOR, "summary").click()
    assert inner.is_displayed()
    assert inner.text.split()[0] == "__init__.py"
    links = browser.find_elements(By.CSS_SELECTOR, "a[href^='#']")
    assert len(links) > 5
    for link in links:
        assert browser.find_elements(By.ID, str(link.get_dom_attribute("href")).removeprefix("#"))
    outward = browser.find_element(By.CSS_SELECTOR, "#plan a")
    assert outward.get_attribute("href") == "https://pypi.org/project/molecool/1.4.0rc1/"


@needs_browser
def test_a_failure_is_reported_first(browser: webdriver.Chrome, tmp_path: Path) -> None:
    error = BuildError("the backend said no", "Fix pyproject.toml.", faults=["no README", "no LICENSE"])
    show(browser, tmp_path, report_page(dry_run_release(tmp_path), dry_run_report(), error, is_dry_run=False), PHONE)
    alert = browser.find_element(By.CSS_SELECTOR, "header [role=alert]")
    assert [line.strip() for line in alert.text.splitlines() if line.strip()] == [
        "the backend said no", "no README", "no LICENSE", "Fix pyproject.toml.",
    ]  # fmt: skip
    assert alert.location["y"] < PHONE[1] / 2


@needs_browser
def test_others_text_runs_nothing_and_fetches_nothing(browser: webdriver.Chrome, tmp_path: Path) -> None:
    page = report_page(hostile(tmp_path), hostile_report(), BuildError(HOSTILE, faults=[HOSTILE]), is_dry_run=True)
    show(browser, tmp_path, page)
    assert complaints(browser) == []
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert browser.find_elements(By.CSS_SELECTOR, "script, img, iframe, [onclick], a[href^='javascript']") == []
    assert "\x1b" not in page
    assert "\u202e" not in page


@needs_browser
def test_wheel_and_conda_package_stand_side_by_side(browser: webdriver.Chrome, tmp_path: Path) -> None:
    release = dry_run_release(tmp_path)
    conda = Artifact.of(make_conda(tmp_path, "molecool", "1.4.0rc1"), ArtifactKind.CONDA, "noarch")
    proof = Note(State.DONE, "wheel and conda package have the same requirements", "python >=3.11")
    proven = replace(release, artifacts=(*release.artifacts, conda), parity=(proof,))
    show(browser, tmp_path, report_page(proven, dry_run_report(), is_dry_run=True))
    parity = browser.find_element(By.ID, "parity")
    assert "wheel and conda package have the same requirements" in parity.text
    parity.find_element(By.CSS_SELECTOR, "summary").click()
    rows = [
        [cell.text for cell in row.find_elements(By.TAG_NAME, "td")]
        for row in parity.find_elements(By.CSS_SELECTOR, "tbody tr")
    ]
    assert ["molecool/__init__.py", "=", "site-packages/molecool/__init__.py"] in [row[:3] for row in rows]
    record = next(row for row in rows if row[0].endswith("RECORD"))
    assert record[1:3] == ["", "—"]


def test_what_repeats_and_what_did_not_run_takes_one_line(tmp_path: Path) -> None:
    warning = Note(State.WARNING, "the wheel contains no license file")
    planned = tuple(Note(State.PLANNED, f"would upload file {number}") for number in range(60))
    report = Report(
        (
            Section("Verify", (warning,) * 60, 0.1),
            section("Store", State.NOT_RUN),
            Section("Upload to PyPI", planned, 0.1, "PyPI"),
            section("Upload to Anaconda.org", State.NOT_RUN, place="Anaconda.org"),
        )
    )
    release = dry_run_release(tmp_path)
    page = report_page(replace(release, artifacts=release.artifacts * 5), report, is_dry_run=True)
    header = page.partition("<main>")[0]
    assert header.count("no license file") == 1
    assert "1 warning<" in header
    assert page.count("(60 times)") == 2, "at the top and in the log"
    assert "Not run: Anaconda.org" in page
    assert "Not run: Store" in page
    assert "40 more" in page
    assert page.count('class="artifact row"') == 10


def test_the_page_names_no_asset(tmp_path: Path) -> None:
    page = report_page(dry_run_release(tmp_path), dry_run_report(), is_dry_run=True)
    assert "<script" not in page
    assert "@import" not in page
    assert " src=" not in page
    assert "url(" not in page


def test_a_corrupt_file_is_named_and_the_page_is_there(tmp_path: Path) -> None:
    release = dry_run_release(tmp_path)
    release.artifacts[1].path.write_bytes(b"not a zip")
    assert "unpacked" in report_page(release, dry_run_report(), is_dry_run=True)
    assert f"{release.artifacts[1].filename}: " in report_page(release, dry_run_report(), is_dry_run=True)


def lowest_contrast(browser: webdriver.Chrome) -> float:
    """The lowest contrast (WCAG 2.2) of a text to what lies behind it; tints without transparency only."""
    script = """
    const rgb = text => text.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
      .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = e => {
      for (; e; e = e.parentElement) {
        const c = rgb(getComputedStyle(e).backgroundColor);
        if (c.length < 4 || c[3] > 0) return c;
      }
      return [255, 255, 255];
    };
    let lowest = 21;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const e = walker.currentNode.parentElement;
      if (!walker.currentNode.textContent.trim() || !e.checkVisibility()) continue;
      const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
      lowest = Math.min(lowest, (a + 0.05) / (b + 0.05));
    }
    return lowest;
    """
    return float(browser.execute_script(script))


@pytest.mark.slow
def test_a_file_of_that_name_that_is_not_ours_stays(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("<p>my own report</p>")
    assert write_page(tmp_path, Release(version="1.0"), Report(), is_dry_run=True) is None
    assert page.read_text() == "<p>my own report</p>"
    page.unlink()
    assert write_page(tmp_path, Release(version="1.0"), Report(), is_dry_run=True) == page
    assert write_page(tmp_path, Release(version="1.1"), Report(), is_dry_run=True) == page, "a page of ours is replaced"
    assert "1.1" in page.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs a file system without room")
def test_a_page_that_cannot_be_written_whole_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = write_page(tmp_path, Release(version="1.0"), Report(), is_dry_run=True)
    assert page
    before = page.read_bytes()

    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError):
        write_page(tmp_path, Release(version="1.1"), Report(), is_dry_run=True)
    assert page.read_bytes() == before
