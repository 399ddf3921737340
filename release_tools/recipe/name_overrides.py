"""Names and extras that conda-forge's people know and no mapping has, and packages that are harmless everywhere.

Each table is keyed by the canonical PyPI name (PEP 503). A name belongs here only where the table of conda-forge's
names is wrong or lacks it.
"""

from typing import Final

# PyPI name -> conda-forge name, where the table lacks the pair or has another opinion.
RENAMED: Final = {
    "astropy": "astropy-base",
    "brotli": "brotli-python",
    "clang": "python-clang",
    "eccodes": "python-eccodes",
    "fastapi-utils": "fastapi_utils",
    "gmsh": "python-gmsh",
    "ipython-pygments-lexers": "ipython_pygments_lexers",
    "jupyter-core": "jupyter_core",
    "jupyter-events": "jupyter_events",
    "jupyterlab-server": "jupyterlab_server",
    "kaleido": "python-kaleido",
    "librt": "python-librt",
    "line-profiler": "line_profiler",
    "lmdb": "python-lmdb",
    "ollama": "ollama-python",
    "nbconvert": "nbconvert-core",
    "oldest-supported-numpy": "numpy",
    "opencv-contrib-python": "py-opencv",
    "opencv-contrib-python-headless": "py-opencv",
    "opencv-python": "py-opencv",
    "opencv-python-headless": "py-opencv",
    "ortools": "ortools-python",
    "podman": "podman-py",
    "psycopg-binary": "psycopg",
    "pypiwin32": "pywin32",
    "pyqt5": "pyqt",
    "rdkit-pypi": "rdkit",
    "sklearn": "scikit-learn",
    "symengine": "python-symengine",
    "vcs-versioning": "vcs_versioning",
    "zmq": "pyzmq",
}

# Bounds of names that hold several generations.
BOUNDS: Final = {"pyqt5": "==5.*"}

# The same on both sides, though the table does not list them.
SAME: Final = frozenset(
    """
    aiohttp altair arrow arviz-base beautifulsoup4 black catboost certifi cffi cmake conan coveralls cryptography cupy
    cython email-validator faiss-cpu flake8 fqdn gdal geopandas google-crc32c grpcio h5py ibis-framework identify
    importlib-metadata intel-openmp isoduration jaxlib joblib jupyter-lsp lmfit maturin mergedeep meson meson-python
    mkl mpi4py mypy nanobind netcdf4 ninja nodeenv onnx onnxruntime openbabel openmm overrides pandas param
    parmed petsc4py pillow pkgconfig plotly polars prompt-toolkit protobuf psycopg psycopg2 puccinialin py-build-cmake
    pyarrow pybind11 pyfftw pygame pymongo pyobjc-core pyobjc-framework-cocoa pyogrio pyqt5-sip pyqt6 pyside6 pyspark
    pytensor pytest-cov python-dotenv python-igraph pythran pywin32 pyyaml rasterio rdkit rich ruamel.yaml.clib
    scikit-learn scipy seaborn sentencepiece setuptools-scm spglib sqlglot starlette structlog tbb tensorflow
    tensorflow-cpu threadpoolctl tokenizers toolz torchaudio torchvision trimesh triton typer types-pyyaml
    types-requests types-setuptools typing-inspection uri-template uv uv-build uv-dynamic-versioning uvicorn
    versioneer vtk watchdog winloop xgboost xlrd
    """.split()  # noqa: SIM905 - a block of words is easier to keep in order than a hundred lines
)

# (PyPI name, extra) -> what conda-forge calls the package together with that extra's requirements: it takes the plain
# one's place.
EXTRA_PACKAGES: Final = {
    ("bleach", "css"): "bleach-with-css",
    ("dask", "complete"): "dask",
    ("dask", "dataframe"): "dask",
    ("dask", "diagnostics"): "dask",
    ("dask", "distributed"): "dask",
    ("jsonschema", "format"): "jsonschema-with-format",
    ("jsonschema", "format-nongpl"): "jsonschema-with-format-nongpl",
    ("uvicorn", "standard"): "uvicorn-standard",
}

# (PyPI name, extra) for which conda-forge has a package ``name-with-extra``: believed where no channel can be asked.
WITH_EXTRA: Final = frozenset({("cachecontrol", "filecache"), ("cachecontrol", "redis"), ("sqlalchemy", "asyncio")})

# (PyPI name, extra) -> the PyPI requirements of the extra, for the few that everyone uses; none where the
# conda package requires them anyway.
EXTRA_REQUIREMENTS: Final = {
    ("black", "jupyter"): ("ipython>=7.8.0", "tokenize-rt>=3.2.0"),
    ("cachecontrol", "filecache"): ("filelock>=3.8.0",),
    ("cachecontrol", "redis"): ("redis>=2.10.5",),
    ("coverage", "toml"): (),
    ("cryptography", "ssh"): ("bcrypt>=3.1.5",),
    ("dask", "array"): ("numpy",),
    ("fsspec", "http"): ("aiohttp",),
    ("fsspec", "s3"): ("s3fs",),
    ("google-api-core", "grpc"): ("grpcio", "grpcio-status"),
    ("h5netcdf", "h5py"): ("h5py",),
    ("httpcore", "asyncio"): ("anyio>=4.0,<5.0",),
    ("httpcore", "http2"): ("h2>=3,<5",),
    ("httpcore", "socks"): ("socksio==1.*",),
    ("httpx", "http2"): ("h2>=3,<5",),
    ("httpx", "socks"): ("socksio==1.*",),
    ("imageio", "ffmpeg"): ("imageio-ffmpeg", "psutil"),
    ("imageio", "pyav"): ("av",),
    ("markdown-it-py", "linkify"): ("linkify-it-py>=1,<3",),
    ("markdown-it-py", "plugins"): ("mdit-py-plugins",),
    ("networkx", "default"): ("matplotlib", "numpy", "pandas", "scipy"),
    ("passlib", "argon2"): ("argon2-cffi>=18.2.0",),
    ("passlib", "bcrypt"): ("bcrypt>=3.1.0",),
    ("pbs-installer", "download"): ("httpx<1,>=0.27.0",),
    ("pbs-installer", "install"): ("zstandard>=0.21.0",),
    ("psycopg", "pool"): ("psycopg-pool",),
    ("pydantic", "email"): ("email-validator>=2.0.0",),
    ("pyjwt", "crypto"): ("cryptography>=3.4.0",),
    ("python-jose", "cryptography"): ("cryptography>=3.4.0",),
    ("qrcode", "pil"): ("pillow>=9.1.0",),
    ("redis", "hiredis"): ("hiredis",),
    ("requests", "socks"): ("PySocks>=1.5.6,!=1.5.7",),
    ("setuptools-scm", "toml"): (),
    ("sqlalchemy", "asyncio"): ("greenlet>=1",),
    ("tqdm", "notebook"): ("ipywidgets>=6",),
    ("urllib3", "socks"): ("PySocks>=1.5.6,<2.0,!=1.5.7",),
    ("versioneer", "toml"): ('tomli; python_version < "3.11"',),
}

# Namespaces that conda-forge's names write with a dot, as a rule.
DOTTED: Final = frozenset({"backports", "jaraco", "zope"})

# Modules that newer Pythons have: useless where only Pythons need them that conda-forge no longer builds.
BACKPORTS: Final = frozenset(
    """
    aiocontextvars async-timeout asyncio cached-property configparser contextlib2 contextvars dataclasses enum34
    exceptiongroup functools32 funcsigs futures graphlib-backport importlib_resources ipaddress iso8601 mock monotonic
    ordereddict pathlib pathlib2 pkgutil-resolve-name python-tzdata scandir selectors2 setuptools singledispatch strenum
    subprocess32 taskgroup tomli typed-ast typing typing_extensions typing-extensions unittest2 zipp
    """.split()  # noqa: SIM905 - a block of words is easier to keep in order than thirty lines
)
BACKPORTS_NAMESPACE: Final = "backports"
# Listed for some time after the last Python that needs it is gone, as reviewers do.
LATE_BACKPORTS: Final = frozenset({"importlib-metadata"})

# Small, pure and installable on every system: better kept on all of them than asked for on one.
HARMLESS: Final = frozenset({"colorama", "python-tzdata"})

# Beginnings of the names of packages that are of no use, or not there, on some system.
ONE_SYSTEM: Final = (
    "appnope", "dbus", "jeepney", "pexpect", "ptyprocess", "pyobjc", "pyreadline", "pywin", "secretstorage", "uvloop",
    "winloop",
)  # fmt: skip
