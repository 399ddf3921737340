"""Write the pages that are generated from the code: ``python -m docs.make``; a test checks that they are up to date."""

import argparse
import inspect
import json
from collections.abc import Collection, Iterator, Mapping
from importlib import import_module
from pathlib import Path

from release_tools import errors
from release_tools.cli import main
from release_tools.config.loader import Setting, list_settings
from release_tools.config.reference import build_json_schema, build_pyproject_schema, write_configuration_page
from release_tools.errors import ReleaseToolsError

DOCS = Path(__file__).parent
ACTION = DOCS.parent / "action.yml"

INPUTS_BEGIN = "  # Every setting, generated from the code: nox -s reference\n"
INPUTS_END = "  # Settings end here.\n"

EXIT_CODES_HEAD = """\
# Exit codes

Each kind of error has its own exit code, so that scripts can tell errors apart. The message on standard error says what
happened, names the file or field, and says what to type next.

This page is generated from the code: `nox -s reference`.

| code | error | meaning |
|---|---|---|
| 0 | | Success. After a dry run: the release would succeed. |
"""

CLI_HEAD = """\
# Commands

`release-tools help COMMAND` shows the same text. Every command that reads a project also has an option for each
[setting](configuration.md), such as `--anaconda-owner` for `anaconda.owner`; `--help-settings` lists them.

Every command has the options `--quiet` (`-q`), which prints only results and errors, `--verbose` (`-v`), which shows
the output of builds as they run, and `--debug`, which shows a traceback if release-tools itself fails.
`release-tools -V` prints the version of release-tools.

## Completion in a shell

```console
mkdir -p ~/.local/share/bash-completion/completions
release-tools completion bash > ~/.local/share/bash-completion/completions/release-tools
```

For zsh, fish, tcsh or PowerShell, the first lines of the script say where to save it.

This page is generated from the code: `nox -s reference`.
"""


def pages() -> Mapping[Path, str]:
    """Return every generated page by its path."""
    return {
        DOCS / "configuration.md": write_configuration_page(),
        DOCS / "configuration.schema.json": json.dumps(build_json_schema(), indent=2) + "\n",
        DOCS / "pyproject.schema.json": json.dumps(build_pyproject_schema(), indent=2) + "\n",
        DOCS / "exit-codes.md": EXIT_CODES_HEAD + "".join(exit_codes()),
        DOCS / "cli.md": CLI_HEAD + "".join(command(name) for name in main.COMMANDS),
        ACTION: action(ACTION.read_text(encoding="utf-8")),
    }


def action(text: str) -> str:
    """Return the action file with an input for each setting."""
    head, rest = text.split(INPUTS_BEGIN)
    return head + INPUTS_BEGIN + "".join(map(setting_input, list_settings())) + INPUTS_END + rest.split(INPUTS_END)[1]


def setting_input(item: Setting) -> str:
    """Return one input; settings that only the file can hold have none."""
    return "" if item.is_table else f"  {item.name}:\n    description: {json.dumps(item.doc, ensure_ascii=False)}\n"


def exit_codes() -> Iterator[str]:
    """Yield a row for each class of errors, by its code, and one for an interruption."""
    classes = [cls for cls in vars(errors).values() if inspect.isclass(cls) and issubclass(cls, ReleaseToolsError)]
    for cls in sorted(classes, key=lambda cls: cls.exit_code):
        sentence = (inspect.getdoc(cls) or "").splitlines()[0].replace("``", "`")
        yield f"| {cls.exit_code} | `{cls.__name__}` | {sentence} |\n"
    yield "| 130 | | Interrupted with Ctrl-C; nothing is left half done. |\n"


def _is_shown(action: argparse.Action, common: Collection[str]) -> bool:
    """Return whether a command's table has a row for an option: it has a help text, and is not on every command."""
    return action.dest not in common and action.help is not argparse.SUPPRESS


def command(name: str) -> str:
    """Return the section of one command: its sentence, its arguments and its own options."""
    parser = argparse.ArgumentParser(add_help=False)
    import_module(f"release_tools.cli.commands.{name.replace('-', '_')}").add_arguments(parser)
    common = {item.key for item in list_settings()}
    rows = "".join(row(action) for action in parser._actions if _is_shown(action, common))  # noqa: SLF001 - no other way
    table = f"\n| option | meaning |\n|---|---|\n{rows}" if rows else ""
    return f"\n## release-tools {name}\n\n{main.COMMANDS[name].capitalize()}.\n{table}"


def row(action: argparse.Action) -> str:
    """Return the row of one option or argument."""
    value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
    if action.choices:
        value = " " + " or ".join(map(str, action.choices))
    named = ", ".join(action.option_strings) + value
    meaning = (action.help or "").replace("%%", "%").replace("|", "\\|")
    return f"| `{named.strip()}` | {meaning} |\n"


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8", newline="\n")
