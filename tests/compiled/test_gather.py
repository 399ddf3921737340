"""``release-tools gather``: the files of all build jobs become one release, or none."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from release_tools.artifacts import manifest
from release_tools.builders.cibuildwheel import read_cibuildwheel_version
from tests.compiled.plans import WHEELS, Jobs, copy_jobs, make_jobs, names, outputs, plan_of, wheel
from tests.conftest import Run

pytestmark = pytest.mark.skipif(not read_cibuildwheel_version(), reason="no cibuildwheel: uv pip install cibuildwheel")
EVERY = {f"demo-1.0-{tag}.whl" for tags in WHEELS.values() for tag in tags}
LINUX, MUSL = (f"demo-1.0-{tag}.whl" for tag in WHEELS["linux-x86_64"])


@pytest.fixture
def jobs(built: Jobs, tmp_path: Path) -> Jobs:
    return copy_jobs(built, tmp_path / "jobs")


@pytest.mark.slow
def test_the_source_job_makes_sdist_and_plan_and_no_wheel(jobs: Jobs) -> None:
    source = jobs.folder("source")
    assert names(source) == {"demo-1.0.tar.gz", "plan.json", "release.json"}
    reported = json.loads(jobs.expect)
    assert [file["filename"] for file in reported["artifacts"]] == ["demo-1.0.tar.gz"]
    assert reported["plan"] == jobs.source.plan_digest != ""
    assert [job["name"] for job in plan_of(source)["jobs"]] == ["source", *WHEELS]


@pytest.mark.slow
def test_sdist_and_plan_are_those_of_the_commit(built: Jobs, tmp_path: Path) -> None:
    assert make_jobs(tmp_path / "again").expect == built.expect


@pytest.mark.slow
def test_all_files_become_one_release(run: Run, tmp_path: Path, jobs: Jobs) -> None:
    output = tmp_path / "gathered"
    said = run(
        "gather", *sorted(jobs.root.iterdir()), "-C", jobs.checkout.root, "--packages-dir", tmp_path / "dist",
        "--expect", jobs.expect, GITHUB_OUTPUT=str(output),
    )  # fmt: skip
    assert said.code == 0, said.err
    assert names(tmp_path / "dist") == {*EVERY, "demo-1.0.tar.gz", "plan.json", "release.json"}
    release = manifest.load(tmp_path / "dist")
    assert (release.job, release.left_out, release.plan_digest) == ("", (), jobs.source.plan_digest)
    assert {artifact.filename for artifact in release.artifacts} == {*EVERY, "demo-1.0.tar.gz"}
    assert outputs(output)["artifacts"] == manifest.dump_canonical(release)
    where = ("-C", jobs.checkout.root, "--packages-dir", tmp_path / "dist", "--no-verify-install")
    checked = run("verify", *where, "--expect", outputs(output)["artifacts"])
    assert checked.code == 0, checked.err
    assert (tmp_path / "dist" / "report.html").is_file()
    assert jobs.gather(run, tmp_path / "dist").code == 0
    assert not (tmp_path / "dist" / "report.html").exists()  # `gather` has nothing to show on a page


def test_the_order_of_the_folders_does_not_matter(run: Run, tmp_path: Path, jobs: Jobs) -> None:
    for at, folders in enumerate((sorted(jobs.root.iterdir()), sorted(jobs.root.iterdir(), reverse=True))):
        said = run("gather", *folders, "-C", jobs.checkout.root, "--packages-dir", tmp_path / f"dist-{at}")
        assert said.code == 0, said.err
    first, second = ((tmp_path / f"dist-{at}" / "release.json").read_bytes() for at in range(2))
    assert first == second


@pytest.mark.slow
def test_an_optional_wheel_may_be_missing_and_is_reported(run: Run, tmp_path: Path, jobs: Jobs) -> None:
    jobs.write("windows-x86_64", WHEELS["windows-x86_64"][:1], {"left_out": ("cp313-win_amd64",)})
    said = jobs.gather(run, tmp_path / "dist")
    assert said.code == 0, said.err
    assert "cp313-win_amd64" in said.out
    assert manifest.load(tmp_path / "dist").left_out == ("cp313-win_amd64",)
    where = ("-C", jobs.checkout.root, "--packages-dir", tmp_path / "dist")
    assert run("publish", *where, "--dry-run", "--network-tries", "1").code == 0
    page = (tmp_path / "dist" / "report.html").read_text(encoding="utf-8")
    assert "Not built for this release" in page


def remove_folder(jobs: Jobs) -> None:
    folder = jobs.folder("macos-arm64")
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def remove_file(jobs: Jobs) -> None:
    (jobs.folder("linux-x86_64") / LINUX).unlink()


def leave_wheel_out(jobs: Jobs) -> None:
    jobs.write("linux-x86_64", WHEELS["linux-x86_64"][1:])


def change_file(jobs: Jobs) -> None:
    path = jobs.folder("linux-x86_64") / LINUX
    path.write_bytes(path.read_bytes() + b"x")


def rename_platform(jobs: Jobs) -> None:
    jobs.write("linux-x86_64", ["cp312-cp312-macosx_11_0_arm64", WHEELS["linux-x86_64"][1]], body=b"linux")


def tag_for_this_machine(jobs: Jobs) -> None:
    jobs.write("linux-x86_64", ["cp312-cp312-linux_x86_64", WHEELS["linux-x86_64"][1]])


def add_unplanned(jobs: Jobs) -> None:
    jobs.write("linux-x86_64", [*WHEELS["linux-x86_64"], "cp311-cp311-manylinux_2_17_x86_64"])


def add_unlisted(jobs: Jobs) -> None:
    wheel("cp311-cp311-win_amd64").wheel(jobs.folder("windows-x86_64"))


def double_with_other_bytes(jobs: Jobs) -> None:
    jobs.write("windows-x86_64", [*WHEELS["windows-x86_64"], WHEELS["linux-x86_64"][0]], body=b"other")


def double_with_other_glibc(jobs: Jobs) -> None:
    jobs.write("linux-x86_64", [*WHEELS["linux-x86_64"], "cp312-cp312-manylinux_2_28_x86_64"])


def rename(stem: str) -> Callable[[Jobs], None]:
    """Name a wheel and its version otherwise, on the disk and in its job's manifest."""

    def change(jobs: Jobs) -> None:
        path = jobs.folder("linux-x86_64") / LINUX
        path.rename(path.with_name(LINUX.replace("demo-1.0", stem)))
        text = (path.parent / "release.json").read_text()
        (path.parent / "release.json").write_text(text.replace(LINUX, LINUX.replace("demo-1.0", stem)))

    return change


def add_stable_abi(jobs: Jobs) -> None:
    jobs.write("linux-x86_64", [*WHEELS["linux-x86_64"], "cp312-abi3-manylinux_2_17_x86_64"])


def state_another_size(jobs: Jobs) -> None:
    path = jobs.folder("linux-x86_64") / "release.json"
    facts = json.loads(path.read_text())
    facts["artifacts"][1]["size"] += 1
    path.write_text(json.dumps(facts))


def edit_plan_of_one_job(jobs: Jobs) -> None:
    path = jobs.folder("linux-x86_64") / "plan.json"
    path.write_text(path.read_text().replace('"ubuntu-latest"', '"self-hosted"'))


def lose_manifest(jobs: Jobs) -> None:
    jobs.write("windows-x86_64", WHEELS["windows-x86_64"][:1], {"left_out": ("cp313-win_amd64",)})
    folder = jobs.root / "wheels-windows-cp313"
    folder.mkdir()
    wheel(WHEELS["windows-x86_64"][1]).wheel(folder)


def take_another_sdist(jobs: Jobs) -> None:
    folder = jobs.folder("linux-x86_64")
    sdist = folder / "demo-1.0.tar.gz"
    sdist.write_bytes(sdist.read_bytes() + b"x")
    facts = json.loads((folder / "release.json").read_text())
    from release_tools.model.artifact import Artifact, ArtifactKind

    facts["artifacts"][0] |= manifest.describe_artifact(Artifact.of(sdist, ArtifactKind.SDIST))
    (folder / "release.json").write_text(json.dumps(facts))


def shrink_plan(jobs: Jobs) -> None:
    """Everywhere, with its digests: only what came by another path knows better."""
    for folder in jobs.root.iterdir():
        plan = plan_of(folder)
        plan["jobs"] = [job for job in plan["jobs"] if job["name"] != "macos-arm64"]
        (folder / "plan.json").write_text(json.dumps(plan, indent=2) + "\n")
    remove_folder(jobs)
    digest = manifest_digest(jobs.folder("source") / "plan.json")
    for folder in jobs.root.iterdir():
        facts = json.loads((folder / "release.json").read_text()) | {"plan": digest}
        (folder / "release.json").write_text(json.dumps(facts))


def edit_plan(jobs: Jobs) -> None:
    """In one folder: the others still have the plan of the source job."""
    for folder in jobs.root.iterdir():
        path = folder / "plan.json"
        path.write_text(path.read_text().replace('"ubuntu-latest"', '"self-hosted"'))


def add_other_file(jobs: Jobs) -> None:
    (jobs.folder("linux-x86_64") / "notes.txt").write_text("of nobody")


def add_folder(jobs: Jobs) -> None:
    folder = jobs.folder("linux-x86_64") / "more"
    folder.mkdir()
    wheel("cp311-cp311-manylinux_2_17_x86_64").wheel(folder)


def replace_by_link(jobs: Jobs) -> None:
    path = jobs.folder("linux-x86_64") / LINUX
    kept = path.rename(jobs.root.parent / "elsewhere.whl")
    path.symlink_to(kept)


def swap_jobs(jobs: Jobs) -> None:
    jobs.write("linux-x86_64", WHEELS["macos-arm64"])
    jobs.write("macos-arm64", WHEELS["linux-x86_64"])


def break_manifest(jobs: Jobs) -> None:
    (jobs.folder("linux-x86_64") / "release.json").write_text("{")


def manifest_digest(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


def fact(name: str, value: object) -> Callable[[Jobs], None]:
    return lambda jobs: jobs.write("linux-x86_64", WHEELS["linux-x86_64"], {name: value})


FAULTS: dict[str, tuple[Callable[[Jobs], None], tuple[str, ...]]] = {
    "a job is missing": (remove_folder, ("cp312-macosx_arm64", "macos-arm64")),
    "a file is missing": (remove_file, (LINUX,)),
    "a wheel was not built": (leave_wheel_out, ("cp312-manylinux_x86_64", "linux-x86_64")),
    "other bytes": (change_file, (LINUX,)),
    "renamed to another platform": (rename_platform, ("cp312-manylinux_x86_64", "macosx_11_0_arm64")),
    "for one machine": (tag_for_this_machine, ("cp312-manylinux_x86_64", "cp312-cp312-linux_x86_64")),
    "a wheel that is not planned": (add_unplanned, ("cp311-cp311-manylinux_2_17_x86_64",)),
    "a wheel that no manifest names": (add_unlisted, ("cp311-cp311-win_amd64",)),
    "doubled with other bytes": (double_with_other_bytes, (LINUX,)),
    "doubled for two versions of glibc": (double_with_other_glibc, (LINUX, "manylinux_2_28_x86_64")),
    "a wheel of another project": (rename("other-1.0"), ("other-1.0",)),
    "a wheel of another version": (rename("demo-1.1"), ("demo-1.1",)),
    "a wheel more for the same Python": (add_stable_abi, ("cp312-abi3-manylinux_2_17_x86_64",)),
    "another size": (state_another_size, (LINUX, "size")),
    "another plan next to its files": (edit_plan_of_one_job, ("wheels-linux-x86_64", "plan.json")),
    "a wheel that is optional, without a manifest": (lose_manifest, ("cp313-cp313-win_amd64",)),
    "another sdist": (take_another_sdist, ("wheels-linux-x86_64", "sdist")),
    "a smaller plan": (shrink_plan, ("plan.json",)),
    "another commit": (fact("commit", "a" * 40), ("wheels-linux-x86_64", "a" * 40)),
    "another version": (fact("version", "1.1"), ("wheels-linux-x86_64", "1.1")),
    "another tag": (fact("tag", "v9"), ("wheels-linux-x86_64", "v9")),
    "another plan": (fact("plan_digest", "b" * 64), ("wheels-linux-x86_64", "b" * 64)),
    "no plan": (fact("plan_digest", ""), ("wheels-linux-x86_64", "plan")),
    "an edited plan": (edit_plan, ("plan.json",)),
    "a file of nobody": (add_other_file, ("notes.txt",)),
    "a folder of nobody": (add_folder, ("more",)),
    "a link instead of a file": (replace_by_link, (LINUX,)),
    "wheels of another job": (swap_jobs, (LINUX, "macosx_11_0_arm64", "linux-x86_64", "macos-arm64")),
    "a job that is not planned": (fact("job", "linux-s390x"), ("linux-s390x",)),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_release_that_is_not_whole_is_refused_by_name(run: Run, tmp_path: Path, jobs: Jobs, name: str) -> None:
    change, named = FAULTS[name]
    change(jobs)
    said = jobs.gather(run, tmp_path / "dist")
    assert said.code == 14
    for part in named:
        assert part in said.err
    assert not (tmp_path / "dist").exists()


def test_a_manifest_that_cannot_be_read_is_named(run: Run, tmp_path: Path, jobs: Jobs) -> None:
    break_manifest(jobs)
    said = jobs.gather(run, tmp_path / "dist")
    assert (said.code, "wheels-linux-x86_64" in said.err) == (10, True)


def test_the_digests_of_another_run_are_refused(run: Run, tmp_path: Path, jobs: Jobs) -> None:
    expect = json.loads(jobs.expect)
    expect["artifacts"][0]["sha256"] = "0" * 64
    said = jobs.gather(run, tmp_path / "dist", expect=json.dumps(expect))
    assert said.code == 14
    assert not (tmp_path / "dist").exists()


def test_a_folder_of_folders_of_folders_is_not_searched(run: Run, tmp_path: Path, jobs: Jobs) -> None:
    deeper = tmp_path / "deeper"
    deeper.mkdir()
    jobs.root.rename(deeper / "jobs")
    said = run("gather", deeper, "-C", jobs.checkout.root, "--packages-dir", tmp_path / "dist")
    assert (said.code, str(deeper) in said.err) == (2, True)


def test_the_metadata_of_every_wheel_are_those_of_the_release(run: Run, tmp_path: Path, jobs: Jobs) -> None:
    folder = jobs.folder("macos-arm64")
    [path] = folder.glob("*.whl")
    other = replace(wheel(WHEELS["macos-arm64"][0]), version="2.0").wheel(folder)
    other.replace(path)
    facts = json.loads((folder / "release.json").read_text())
    facts["artifacts"][1] |= {"sha256": manifest_digest(path), "size": path.stat().st_size}
    (folder / "release.json").write_text(json.dumps(facts))
    dist = tmp_path / "dist"
    said = jobs.gather(run, dist)
    if said.code == 0:
        said = run("verify", "-C", jobs.checkout.root, "--packages-dir", dist, "--no-verify-install")
    assert said.code != 0
    assert path.name in said.err


def test_every_fault_is_reported_at_once(run: Run, tmp_path: Path, jobs: Jobs) -> None:
    remove_folder(jobs)
    leave_wheel_out(jobs)
    said = jobs.gather(run, tmp_path / "dist")
    assert said.code == 14
    assert "cp312-macosx_arm64" in said.err
    assert "cp312-manylinux_x86_64" in said.err


def test_the_same_file_from_two_jobs_is_taken_once(run: Run, tmp_path: Path, jobs: Jobs) -> None:
    copy = jobs.root / "again"
    copy.mkdir()
    for path in jobs.folder("linux-x86_64").iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    assert jobs.gather(run, tmp_path / "dist").code == 0


def test_without_the_source_job_something_must_be_expected(run: Run, tmp_path: Path, jobs: Jobs) -> None:
    source = jobs.folder("source")
    for path in source.iterdir():
        path.unlink()
    source.rmdir()
    assert jobs.gather(run, tmp_path / "dist").code == 0
    said = run("gather", jobs.root, "-C", jobs.checkout.root, "--packages-dir", tmp_path / "other")
    assert (said.code, "--expect" in said.err) == (2, True)


def test_a_folder_without_files_of_a_job_is_no_input(run: Run, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        assert run("gather", folder, "-C", tmp_path).code == 2


def test_a_release_without_a_plan_cannot_be_gathered(run: Run, tmp_path: Path, jobs: Jobs) -> None:
    source = replace(jobs.source, plan_digest="")
    said = jobs.gather(run, tmp_path / "dist", expect=manifest.dump_canonical(source))
    assert (said.code, "build --job source" in said.err) == (2, True)


@pytest.mark.parametrize(("job", "named"), [("source", "cp312-macosx_arm64"), ("linux-x86_64", "job linux-x86_64")])
def test_a_release_that_is_not_whole_is_not_published_either(run: Run, jobs: Jobs, job: str, named: str) -> None:
    folder = jobs.folder(job)
    said = run("publish", "-C", jobs.checkout.root, "--packages-dir", folder, "--dry-run", "--network-tries", "1")
    assert (said.code, named in said.err) == (14, True)


def test_what_was_gathered_is_no_job_and_no_job_is_overwritten(run: Run, jobs: Jobs) -> None:
    for _ in range(2):
        assert jobs.gather(run, jobs.root / "dist").code == 0
    folder = jobs.folder("linux-x86_64")
    kept = names(folder)
    where = ("-C", jobs.checkout.root, "--packages-dir", folder)
    assert run("gather", jobs.folder("source"), folder, *where).code == 2
    assert names(folder) == kept
