"""Workflows that people write themselves, as ``release-tools doctor`` reads them: true faults, and no false ones."""

from pathlib import Path

import pytest

from release_tools.model.note import State
from release_tools.model.versions import TagFormat
from release_tools.publishers.base import JobNeeds
from release_tools.workflows.expressions import is_never_true
from release_tools.workflows.skip_markers import find_skip_marker
from release_tools.workflows.workflow_files import Workflow, list_files
from release_tools.workflows.workflow_lint import check_workflows

OURS = f"python-release-tools/python-release-tools@{'a' * 40}"
PYPI = JobNeeds(
    "pypi",
    "PyPI",
    "pypi",
    permissions=(("contents: read", "to check out"), ("id-token: write", "to publish")),
    environment="pypi",
)
ANACONDA = JobNeeds("anaconda", "Anaconda.org", "anaconda", secrets=("ANACONDA_API_TOKEN",))
CHECKOUT = "      - uses: actions/checkout@v4\n        with: {fetch-depth: 0}\n"
RELEASE = f"{CHECKOUT}      - uses: {OURS}\n        with: {{command: release}}\n"


def workflow(on: str, steps: str = RELEASE, *, job: str = "", top: str = "") -> str:
    return (
        f"on: {on}\npermissions: {{}}\n{top}jobs:\n  publish:\n    runs-on: ubuntu-latest\n    environment: pypi\n"
        f"    permissions: {{id-token: write, contents: write}}\n{job}    steps:\n{steps}"
    )


def faults(root: Path, *texts: str) -> list[str]:
    folder = root / ".github/workflows"
    folder.mkdir(parents=True)
    for number, text in enumerate(texts):
        (folder / f"w{number}.yml").write_text(text, encoding="utf-8")
    found = [Workflow.read(root, file) for file in list_files(root)]
    notes = check_workflows(found, [PYPI], TagFormat.parse(""))
    return [f"{note.text} {note.detail}" for note in notes if note.state is State.FAILED]


TAGS = '{push: {tags: ["v*"]}}'
PUSHED = [
    TAGS,
    "push",
    "{push: {}}",
    '{push: {tags: ["v[0-9]+.[0-9]+.[0-9]+"]}}',
    '{push: {tags-ignore: ["test-*"]}}',
    '{push: {tags: ["v*", "!v*-rc"], branches: [main]}}',
    "{push: {paths: [src/**]}}",
    "{release: {types: [published]}}",
    "{release: {types: released}}",
    "[release, workflow_dispatch]",
    "create",
    "workflow_dispatch",
    "{schedule: [{cron: 1 1 1 1 1}], workflow_dispatch: {}}",
]
NOT_PUSHED = [
    "{push: {branches: [main]}}",
    "{push: {branches-ignore: [docs]}}",
    '{push: {tags: ["release-*"]}}',
    '{push: {tags-ignore: ["v*"]}}',
    '{push: {tags: ["v*", "!v1.*"]}}',
    "{release: {types: [deleted]}}",
    "pull_request",
]


@pytest.mark.parametrize("on", PUSHED)
def test_a_trigger_that_a_release_starts_is_no_fault(on: str, tmp_path: Path) -> None:
    assert faults(tmp_path, workflow(on)) == []


@pytest.mark.parametrize("on", NOT_PUSHED)
def test_a_trigger_that_no_tag_starts_is_a_fault(on: str, tmp_path: Path) -> None:
    assert len(faults(tmp_path, workflow(on))) == 1


NEVER = [
    "github.ref == 'refs/heads/main'",
    "${{ github.ref_name == 'main' }}",
    "github.ref_type == 'branch'",
    "startsWith(github.ref, 'refs/heads/')",
    "!startsWith(github.ref, 'refs/tags/')",
    "github.event_name == 'release' && github.repository == 'octo/demo'",
    "github.event_name != 'push'",
    "always() && github.ref == 'refs/heads/main'",
    "(github.ref == 'refs/heads/main' || github.ref == 'refs/heads/dev') && success()",
    "contains(github.ref, 'heads')",
    "false",
]
SOMETIMES = [
    "startsWith(github.ref, 'refs/tags/v')",
    "github.event_name == 'push' && startsWith(github.ref, 'refs/tags')",
    "github.repository == 'octo/demo'",
    "${{ success() }}",
    "github.ref != 'refs/heads/main'",
    "github.ref == 'refs/heads/main' || github.event_name == 'PUSH'",
    "needs.build.outputs.is-release == 'true'",
    "!cancelled() && !failure()",
    "fromJSON(needs.a.outputs.b)[0] == 1",
    "github.event.repository.fork != true",
    "true",
]


@pytest.mark.parametrize("condition", NEVER)
@pytest.mark.parametrize("level", ["job", "step"])
def test_a_condition_that_no_tag_fulfils_is_a_fault(condition: str, level: str, tmp_path: Path) -> None:
    line = f'if: "{condition}"\n'
    text = workflow(TAGS, job=f"    {line}" if level == "job" else "", steps=RELEASE)
    if level == "step":
        text = text.replace("        with: {command: release}\n", f"        with: {{command: release}}\n        {line}")
    [fault] = faults(tmp_path, text)
    assert "never true" in fault


@pytest.mark.parametrize("condition", SOMETIMES)
def test_a_condition_that_a_tag_may_fulfil_is_no_fault(condition: str, tmp_path: Path) -> None:
    assert faults(tmp_path, workflow(TAGS, job=f'    if: "{condition}"\n')) == []


@pytest.mark.parametrize("condition", ["(" * 3000, "'a", "github.ref ==", "a(", "&&", "1 2"])
def test_a_condition_that_cannot_be_read_is_no_fault(condition: str) -> None:
    assert not is_never_true(condition, {})


@pytest.mark.parametrize(
    ("value", "is_fault"),
    [
        ("{group: a, cancel-in-progress: true}", True),
        ('{group: a, cancel-in-progress: "${{ true }}"}', True),
        ("{group: a, cancel-in-progress: false}", False),
        ("{group: a, cancel-in-progress: \"${{ !startsWith(github.ref, 'refs/tags/') }}\"}", False),
        ("{group: a, cancel-in-progress: \"${{ github.event_name == 'pull_request' }}\"}", False),
        ("{group: a, cancel-in-progress: \"${{ github.ref != 'refs/heads/main' }}\"}", True),
        ("{group: a}", False),
        ("a", False),
        ('{group: "${{ github.run_id }}", cancel-in-progress: true}', False),
    ],
)
@pytest.mark.parametrize("level", ["top", "job"])
def test_a_run_that_a_newer_one_cancels_is_a_fault(value: str, is_fault: bool, level: str, tmp_path: Path) -> None:  # noqa: FBT001 - a column
    line = f"concurrency: {value}\n"
    text = workflow(TAGS, top=line) if level == "top" else workflow(TAGS, job=f"    {line}")
    assert any("cancel-in-progress" in fault for fault in faults(tmp_path, text)) is is_fault


def target(event: str, checkout: str, permissions: str) -> str:
    job = f"  test:\n    runs-on: ubuntu-latest\n    permissions: {permissions}\n"
    return f"on: {event}\njobs:\n{job}    steps:\n{checkout}"


HEAD = '      - uses: actions/checkout@v4\n        with: {ref: "${{ github.event.pull_request.head.sha }}"}\n'
PULL = "      - run: gh pr checkout ${{ github.event.number }}\n"


@pytest.mark.parametrize(
    ("text", "is_fault"),
    [
        (target("pull_request_target", HEAD, "write-all"), True),
        (target("[pull_request_target]", HEAD, "{contents: write}"), True),
        (target("{pull_request_target: {types: [opened]}}", PULL, "{pull-requests: write}"), True),
        (target("workflow_run", HEAD.replace("pull_request.head.sha", "workflow_run.head_sha"), "write-all"), True),
        (target("pull_request_target", HEAD, "{contents: read}"), False),
        (target("pull_request_target", CHECKOUT, "write-all"), False),
        (target("pull_request", HEAD, "write-all"), False),
    ],
)
def test_rights_for_the_code_of_a_stranger_are_a_fault(text: str, is_fault: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a column
    assert any("pull request" in fault for fault in faults(tmp_path, text)) is is_fault


TOOLS = {
    "pypa": "      - uses: pypa/gh-action-pypi-publish@release/v1\n",
    "twine": "      - run: twine upload dist/*\n",
    "uv": "      - run: |\n          ls dist\n          uv publish\n",
    "hatch": "      - run: hatch publish\n",
    "poetry": "      - run: poetry publish\n",
}


@pytest.mark.parametrize("tool", TOOLS)
def test_two_workflows_that_publish_on_the_same_tag_are_a_fault(tool: str, tmp_path: Path) -> None:
    found = faults(tmp_path, workflow(TAGS), workflow(TAGS, TOOLS[tool]))
    assert any("w0.yml and .github/workflows/w1.yml" in fault for fault in found)


@pytest.mark.parametrize(
    "other",
    [
        workflow("workflow_dispatch", TOOLS["pypa"]),
        workflow("{push: {branches: [main]}}", TOOLS["pypa"]).replace("on: ", "on: ").replace("[main]", "[v1]"),
        workflow(TAGS, "      - run: pytest\n"),
        workflow(
            TAGS,
            "      - uses: pypa/gh-action-pypi-publish@v1\n        with: {repository-url: https://test.pypi.org/legacy/}\n",
        ),
        workflow(TAGS, "      - run: twine upload --repository-url https://pypi.example/legacy/ dist/*\n"),
        workflow(TAGS, "      - run: |\n          # twine upload dist/*\n          true\n"),
    ],
)
def test_a_workflow_that_publishes_elsewhere_or_on_no_tag_is_no_competitor(other: str, tmp_path: Path) -> None:
    assert not any(" and " in fault for fault in faults(tmp_path, workflow(TAGS), other))


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(("permissions", "count"), [("{}", 1), ("{id-token: write}", 0)])
def test_another_tool_needs_a_token_of_the_job(tool: str, permissions: str, count: int, tmp_path: Path) -> None:
    text = workflow(TAGS, TOOLS[tool]).replace("{id-token: write, contents: write}", permissions)
    found = faults(tmp_path, text)
    assert len(found) == count
    assert all("id-token" in fault for fault in found)


def test_a_password_needs_no_token_of_the_job(tmp_path: Path) -> None:
    steps = "      - run: twine upload dist/*\n        env: {TWINE_PASSWORD: '${{ secrets.PYPI }}'}\n"
    assert faults(tmp_path, workflow(TAGS, steps).replace("id-token: write, ", "")) == []


CALL = """\
on: {on}
permissions: {{}}
jobs:
  call:
    uses: ./.github/workflows/w1.yml
    permissions: {permissions}
"""


@pytest.mark.parametrize(
    ("on", "permissions", "count"),
    [
        (TAGS, "{id-token: write, contents: write}", 0),
        (TAGS, "write-all", 0),
        (TAGS, "{contents: write}", 1),
        ("{push: {branches: [main]}}", "{id-token: write, contents: write}", 1),
    ],
)
def test_a_reusable_workflow_is_read_as_its_caller_starts_it(
    on: str, permissions: str, count: int, tmp_path: Path
) -> None:
    caller = CALL.format(on=on, permissions=permissions)
    assert len(faults(tmp_path, caller, workflow("{workflow_call: {}}"))) == count


BUMP = "      - uses: {uses}\n        with: {{command: tag, bump: auto}}\n"


@pytest.mark.parametrize(
    ("steps", "is_fault"),
    [
        (CHECKOUT + BUMP.format(uses=OURS), True),
        (CHECKOUT + "      - run: git tag v1 && git push origin --tags\n", True),
        (
            CHECKOUT + "      - run: gh release create v1\n        env: {GH_TOKEN: '${{ secrets.GITHUB_TOKEN }}'}\n",
            True,
        ),
        ("      - uses: anothrNick/github-tag-action@v1\n", True),
        (
            CHECKOUT
            + BUMP.format(uses=OURS).rstrip("\n")
            + "\n        env: {GITHUB_TOKEN: '${{ secrets.RELEASE_TOKEN }}'}\n",
            False,
        ),
        (CHECKOUT.replace("fetch-depth: 0", "ssh-key: '${{ secrets.KEY }}'") + "      - run: git push --tags\n", False),
        (CHECKOUT + "      - run: git push --tags && gh workflow run w1.yml\n", False),
        (CHECKOUT + "      - run: git push origin main\n", False),
    ],
)
def test_a_tag_that_starts_no_workflow_is_a_fault(steps: str, is_fault: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a column
    text = workflow("{push: {branches: [main]}}", steps)
    assert any("GITHUB_TOKEN" in fault for fault in faults(tmp_path, text, workflow(TAGS))) is is_fault


@pytest.mark.parametrize("script", ["git clone https://github.com/octo/demo .", "git init && git fetch origin"])
def test_a_checkout_by_a_script_is_no_fault(script: str, tmp_path: Path) -> None:
    assert faults(tmp_path, workflow(TAGS, RELEASE.replace(CHECKOUT, f"      - run: {script}\n"))) == []


@pytest.mark.parametrize(
    ("message", "marker"),
    [
        ("Fix [skip ci]", "[skip ci]"),
        ("[ci skip] Fix", "[ci skip]"),
        ("Fix\n\nBody [no ci]\n", "[no ci]"),
        ("Fix [skip actions]", "[skip actions]"),
        ("Fix [actions skip]", "[actions skip]"),
        ("Fix [SKIP CI]", "[SKIP CI]"),
        ("Fix\n\nBody\n\nskip-checks: true\n", "skip-checks: true"),
        ("Fix\n\n\nskip-checks:true", "skip-checks:true"),
        ("Fix skip ci", ""),
        ("Fix [skip-ci]", ""),
        ("skip-checks: true in the subject", ""),
        ("Fix\n\nskip-checks: true\n\nMore", ""),
    ],
)
def test_every_spelling_that_skips_a_workflow_is_found(message: str, marker: str) -> None:
    assert find_skip_marker(message) == marker


TWINE = "env: {TWINE_USERNAME: __token__, TWINE_PASSWORD: '${{ secrets.PYPI_TOKEN }}'}"
OTHERS = (
    "uses: OpenAstronomy/github-actions/.github/workflows/publish.yml@v1\n    secrets: {pypi_token: '${{ secrets.P }}'}"
)


@pytest.mark.parametrize(
    "text",
    [
        workflow(TAGS, f"      - run: scripts/publish\n        {TWINE}\n"),
        workflow(TAGS, f"      - run: pipx run tox -e publish\n        {TWINE}\n"),
        workflow(TAGS, "      - run: make up\n        env: {UV_PUBLISH_TOKEN: '${{ secrets.PYPI_TOKEN }}'}\n"),
        f"on: {TAGS}\njobs:\n  publish:\n    permissions: {{contents: none}}\n    {OTHERS}\n",
    ],
    ids=["script", "tox", "make", "workflow of others"],
)
def test_what_gets_the_credential_of_an_index_publishes_there_whatever_it_is_called(text: str, tmp_path: Path) -> None:
    [fault] = faults(tmp_path, text, workflow(TAGS, RELEASE.replace("command: release", "command: publish")))
    assert "w0.yml and .github/workflows/w1.yml both publish to PyPI" in fault


@pytest.mark.parametrize(
    "steps",
    [
        "      - run: scripts/publish\n        env: {TWINE_PASSWORD: secret}\n",
        "      - run: scripts/test\n        env: {CODECOV_TOKEN: '${{ secrets.CODECOV }}'}\n",
    ],
)
def test_a_script_without_such_a_credential_publishes_nothing(steps: str, tmp_path: Path) -> None:
    assert faults(tmp_path, workflow(TAGS, steps), workflow(TAGS, RELEASE.replace("release", "publish"))) == []


INDEX_ACTION = "      - uses: pypa/gh-action-pypi-publish@release/v1\n"


@pytest.mark.parametrize(
    "step",
    [
        "uses: python-semantic-release/python-semantic-release@v9",
        "uses: googleapis/release-please-action@v4",
        "run: cz bump --yes && git push --follow-tags",
    ],
)
def test_a_workflow_that_tags_its_own_releases_need_not_be_started_by_a_tag(step: str, tmp_path: Path) -> None:
    on = "{push: {branches: [main]}}"
    assert faults(tmp_path / "tags", workflow(on, f"      - {step}\n{INDEX_ACTION}")) == []
    [fault] = faults(tmp_path / "none", workflow(on, INDEX_ACTION))
    assert "does not run when a tag is pushed" in fault


@pytest.mark.parametrize(
    ("command", "is_build"),
    [
        ("pdm publish", True),
        ("pdm publish --no-build", False),
        ("poetry publish --build", True),
        ("poetry publish", False),
        ("flit publish", True),
        ("maturin publish", True),
        ("hatch publish", False),
        ("uv publish", False),
    ],
)
def test_a_tool_that_builds_what_it_publishes_is_a_build(command: str, is_build: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a column
    found = faults(tmp_path, workflow(TAGS, f"      - run: {command}\n"))
    assert any("builds with id-token" in fault for fault in found) is is_build


def test_the_workflow_of_another_project_in_the_repository_is_no_fault(tmp_path: Path) -> None:
    other = '{push: {tags: ["other-v*"]}}'
    assert not [fault for fault in faults(tmp_path, workflow(TAGS), workflow(other)) if "does not run" in fault]
    assert [fault for fault in faults(tmp_path / "alone", workflow(other)) if "does not run" in fault]


PASSWORD = "      - run: twine upload dist/*\n        env: {TWINE_PASSWORD: '${{ secrets.PYPI }}'}\n"


@pytest.mark.parametrize(
    ("passed", "count"), [("", 1), ("    secrets: inherit\n", 0), ("    secrets: {PYPI: '${{ secrets.P }}'}\n", 0)]
)
def test_a_reusable_workflow_needs_its_secrets_from_its_caller(passed: str, count: int, tmp_path: Path) -> None:
    caller = CALL.format(on="workflow_dispatch", permissions="{contents: read}") + passed
    called = workflow("workflow_call", PASSWORD).replace("id-token: write, contents: write", "contents: read")
    found = faults(tmp_path, caller, called.replace("    environment: pypi\n", ""))
    assert len(found) == count
    assert all("w1.yml without secrets" in fault for fault in found)
