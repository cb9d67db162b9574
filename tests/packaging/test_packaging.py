"""The package as it is installed: complete, under one import name, light, and a good neighbour."""

import ast
import configparser
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import glassgrad

# Folders at the root whose Python is not part of the package.
NOT_PACKAGED = {"benchmarks", "docs", "examples", "tests", "tools"}
GENERATED = {"build", "dist", "out", "__pycache__"}


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


@pytest.fixture(scope="module")
def setup(root):
    setup = configparser.ConfigParser()
    setup.read(root / "setup.cfg", encoding="utf-8")
    return setup


@pytest.fixture(scope="module")
def packages(setup) -> dict[str, str]:
    """Import name of each listed package -> its folder."""
    roots = dict(re.split(r"\s*=\s*", line) for line in lines(setup["options"]["package_dir"]))
    folders = {}
    for name in lines(setup["options"]["packages"]):
        mapped = next(part for part in [name, *parents(name)] if part in roots)
        folders[name] = "/".join([roots[mapped], *name[len(mapped) :].split(".")[1:]])
    return folders


def parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:n]) for n in range(len(parts) - 1, 0, -1)]


def folders_with_python(root: Path) -> set[str]:
    found = set()
    for path in root.rglob("*.py"):
        parts = path.relative_to(root).parts[:-1]
        if parts and parts[0] not in NOT_PACKAGED and not any(p in GENERATED or p.startswith(".") for p in parts):
            found.add("/".join(parts))
    return found


def python(code: str, *options: str, cwd: Path | None = None) -> str:
    """Run code in a fresh interpreter that has neither the current folder nor the user's own packages on its path."""
    command = [sys.executable, "-I", *options, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# --- the list in setup.cfg


def test_every_folder_with_python_is_a_listed_package(root, packages):
    assert set(packages.values()) == folders_with_python(root)


def test_only_glassgrad_is_mapped(packages):
    assert all(name == "glassgrad" or name.startswith("glassgrad.") for name in packages)


def test_nothing_makes_the_root_importable(root):
    """With the root on sys.path, ``import autograd`` would find our folder instead of another package."""
    assert not list((root / "tests").rglob("__init__.py"))
    assert not (root / "conftest.py").exists() and not (root / "glassgrad").exists()
    assert str(root) not in sys.path and "" not in sys.path


# --- the wheel


@pytest.fixture(scope="module")
def wheel(root, packages, tmp_path_factory) -> zipfile.ZipFile:
    """A wheel built from a copy of the tree, so that nothing left over in build/ can hide an omission."""
    tree = tmp_path_factory.mktemp("tree")
    for folder in {folder.split("/")[0] for folder in packages.values()}:
        shutil.copytree(root / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, tree)
    built = python("from setuptools import build_meta; print('wheel:', build_meta.build_wheel('.'))", cwd=tree)
    return zipfile.ZipFile(tree / built.rpartition("wheel: ")[2])


def test_the_wheel_holds_every_module_and_data_file(root, packages, wheel):
    expected = set()
    for name, folder in packages.items():
        for path in (root / folder).iterdir():
            if path.is_file() and path.suffix != ".pyc" and path.suffix != ".md":
                expected.add(f"{name.replace('.', '/')}/{path.name}")
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == expected
    assert {"glassgrad/__init__.py", "glassgrad/py.typed", "glassgrad/data/digits.npz"} <= packed


def test_the_wheel_installs_one_top_level_name(wheel):
    assert {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" not in name} == {"glassgrad"}


def test_the_wheel_works_by_itself(wheel, tmp_path):
    """Imported from where it was unpacked, ahead of the installed one, every package in it loads."""
    wheel.extractall(tmp_path)
    modules = sorted(
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in wheel.namelist()
        if name.endswith(".py") and not name.endswith("__main__.py")
    )
    found = python(
        f"import sys, importlib.machinery; sys.meta_path.insert(0, importlib.machinery.PathFinder); "
        f"sys.path.insert(0, {str(tmp_path)!r}); [importlib.import_module(name) for name in {modules!r}]; "
        f"import glassgrad; print(glassgrad.__file__, len(glassgrad.data.load_digits()[1]))"
    )
    assert found == f"{tmp_path / 'glassgrad' / '__init__.py'} 1797"


def test_the_metadata_names_the_light_dependencies_and_the_command(wheel):
    info = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")).removesuffix("METADATA")
    metadata = wheel.read(f"{info}METADATA").decode()
    required = re.findall(r"^Requires-Dist: ([\w-]+)[^;\n]*$", metadata, re.MULTILINE)
    assert set(required) == {"numpy", "graphviz", "tqdm", "safetensors"}
    assert re.search(r"^Requires-Dist: numpy\s*>=\s*2$", metadata, re.MULTILINE)
    assert "Requires-Python: >=3.11" in metadata
    extras = set(re.findall(r"^Provides-Extra: (\w+)$", metadata, re.MULTILINE))
    assert extras == {"examples", "plots", "special", "search", "fast", "test", "dev"}
    assert "glassgrad = glassgrad.cli:main" in wheel.read(f"{info}entry_points.txt").decode()
    assert any(name.endswith("LICENSE") for name in wheel.namelist())


# --- versions


def test_version_is_the_same_everywhere(root, setup):
    version = setup["metadata"]["version"]
    released = re.findall(r"^## \[(\d[^]]*)\]", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert glassgrad.__version__ == version == released[0]


# --- the import

HEAVY = set(
    "asyncio autograd graphviz hypothesis IPython matplotlib multiprocessing numba optuna pandas PIL pytest "
    "safetensors scipy setuptools sklearn sqlalchemy sqlite3 torch tqdm unittest urllib xml".split()
)


def test_importing_glassgrad_loads_nothing_heavy():
    """The modules are named instead of the time measured: these are what would make the import slow."""
    loaded = python(
        "import sys, numpy; before = set(sys.modules); import glassgrad; print(sorted(set(sys.modules) - before))"
    )
    names = ast.literal_eval(loaded)
    assert "glassgrad.autograd" in names
    assert not {name.split(".")[0] for name in names} & HEAVY
    expected = {"glassgrad", "numpy", "cython_runtime", *sys.stdlib_module_names}  # numpy.random is Cython
    assert not {name for name in names if name.split(".")[0] not in expected and not name.startswith("_cython_")}


def test_importing_glassgrad_warns_of_nothing():
    assert python("import glassgrad; print('quiet')", "-W", "error") == "quiet"


STATE = """
import gc, locale, os, random, signal, sys, threading, warnings
import logging
import numpy as np

def state():
    return {
        "numpy errors": np.geterr(),
        "numpy printing": np.get_printoptions(),
        "numpy random": str(np.random.get_state()),
        "random": hash(random.getstate()),
        "gc": (gc.isenabled(), gc.get_threshold(), gc.get_debug()),
        "recursion": sys.getrecursionlimit(),
        "warnings": list(warnings.filters),
        "environment": dict(os.environ),
        "threads": threading.active_count(),
        "hooks": (sys.excepthook, sys.displayhook, sys.unraisablehook),
        "path": list(sys.path),
        "directory": os.getcwd(),
        "locale": locale.setlocale(locale.LC_ALL),
        "interrupt": signal.getsignal(signal.SIGINT),
        "logging": (logging.root.level, list(logging.root.handlers)),
        "switch": sys.getswitchinterval(),
        "trace": (sys.gettrace(), sys.getprofile()),
    }

before = state()
import glassgrad
after = state()
print([name for name in before if before[name] != after[name]])
"""


def test_importing_glassgrad_changes_no_global_state():
    assert python(STATE) == "[]"
