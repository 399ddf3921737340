"""The variants that a recipe is built for where neither it nor its project names them: conda-forge's, at one date.

https://github.com/conda-forge/conda-forge-pinning-feedstock/blob/main/recipe/conda_build_config.yaml
"""

from collections.abc import Mapping, Sequence
from typing import Final

from release_tools.recipe.markers import CONDA_FORGE_PYTHON

PINNED_ON: Final = "2026-08-20"
"""The day of conda-forge's pinning that this table follows."""
PYTHONS: Final[Mapping[str, str]] = {
    "3.10": "3.10.* *_cpython",
    "3.11": "3.11.* *_cpython",
    "3.12": "3.12.* *_cpython",
    "3.13": "3.13.* *_cp313",
    "3.14": "3.14.* *_cp314",
}
"""The variant of each Python that conda-forge builds for."""
_EVERYWHERE: Final[Mapping[str, list[str]]] = {
    "python_min": [CONDA_FORGE_PYTHON],
    "numpy": ["2"],
    "rust_compiler": ["rust"],
    "go_compiler": ["go-nocgo"],
    "cgo_compiler": ["go-cgo"],
    "cuda_compiler": ["cuda-nvcc"],
}
_BY_SYSTEM: Final[Mapping[str, Mapping[str, list[str]]]] = {
    "linux": {
        "c_compiler": ["gcc"],
        "c_compiler_version": ["15"],
        "cxx_compiler": ["gxx"],
        "cxx_compiler_version": ["15"],
        "fortran_compiler": ["gfortran"],
        "fortran_compiler_version": ["15"],
        "c_stdlib": ["sysroot"],
        "c_stdlib_version": ["2.17"],
    },
    "osx": {
        "c_compiler": ["clang"],
        "c_compiler_version": ["21"],
        "cxx_compiler": ["clangxx"],
        "cxx_compiler_version": ["21"],
        "fortran_compiler": ["gfortran"],
        "fortran_compiler_version": ["15"],
        "c_stdlib": ["macosx_deployment_target"],
        "c_stdlib_version": ["11.0"],
    },
    "win": {
        "c_compiler": ["vs2022"],
        "cxx_compiler": ["vs2022"],
        "fortran_compiler": ["flang"],
        "c_stdlib": ["vs"],
    },
}


def choose_default_variants(subdir: str, pythons: Sequence[str] = (), *, is_abi3: bool = False) -> dict[str, list[str]]:
    """Return the variants for one platform.

    Args:
        subdir: conda's name of it, such as ``linux-64``.
        pythons: the minor versions to build for, such as ``3.12``; empty where the recipe decides.
        is_abi3: whether one package serves all later Pythons, so that it is built for the oldest.
    """
    system = subdir.partition("-")[0]
    chosen = {"python": [PYTHONS[minor] for minor in pythons if minor in PYTHONS]} if pythons else {}
    stable = {"is_abi3": ["true"], "is_python_min": ["true"]} if is_abi3 else {}
    return {**_EVERYWHERE, **_BY_SYSTEM.get(system, {}), **chosen, **stable}
