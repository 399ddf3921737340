from collections.abc import Callable
from pathlib import Path

import pytest

from release_tools.archives import read_conda, read_sdist, read_wheel
from release_tools.errors import ArchiveError
from tests.archives.hostile import Hostile
from tests.archives.hostile_condas import CONDAS
from tests.archives.hostile_sdists import SDISTS
from tests.archives.hostile_wheels import WHEELS
from tests.archives.hostile_zips import ZIPS

EVERYTHING = (
    *(pytest.param(read_wheel, case, id=f"wheel: {case.id}") for case in (*ZIPS, *WHEELS)),
    *(pytest.param(read_sdist, case, id=f"sdist: {case.id}") for case in SDISTS),
    *(pytest.param(read_conda, case, id=f"conda: {case.id}") for case in CONDAS),
)


@pytest.mark.parametrize(("read", "case"), EVERYTHING)
def test_a_hostile_archive_is_refused_for_what_is_wrong_with_it(
    read: Callable[[Path], object], case: Hostile, tmp_path: Path
) -> None:
    path = tmp_path / case.filename
    path.write_bytes(case.make())
    with pytest.raises(ArchiveError) as refusal:
        read(path)
    assert case.says in str(refusal.value)
    assert case.filename in refusal.value.message
    assert all(line.isprintable() for line in str(refusal.value).split("\n")), "it would play tricks on the terminal"
    assert refusal.value.advice
