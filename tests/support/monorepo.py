"""A repository of several packages that are released one by one."""

from pathlib import Path

from tests.support.projects import in_tree_project
from tests.support.repositories import Checkout, make_repository


def packages(root: Path, number: int) -> Checkout:
    """A repository of ``packages/part0`` and so on, each released as 1.0 with a tag of its own, and changed since."""
    files, tags, changed = {}, [], {}
    for name in (f"part{one}" for one in range(number)):
        for path, text in in_tree_project(version="1.1").items():
            named = text.replace('name = "demo"', f'name = "{name}"')
            if path == "pyproject.toml":
                named += f'[tool.release-tools]\ntag-format = "{name}-v{{version}}"\n'
            files[f"packages/{name}/{path.replace('demo/', f'{name}/')}"] = named
        tags.append(f"{name}-v1.0")
        changed[f"packages/{name}/{name}/more.py"] = "def more(): ...\n"
    checkout = make_repository(root, files, f". {' '.join(tags)}")
    checkout.commit(changed)
    return checkout
