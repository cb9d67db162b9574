"""What every test shares: no windows, no deadlines, and skips that continuous integration does not forgive."""

import importlib.util
import os
import shutil
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# With GLASSGRAD_NO_SKIP set (as .ci/run does) a test that skips fails, so nothing goes unchecked unnoticed.
NO_SKIP = bool(os.environ.get("GLASSGRAD_NO_SKIP"))

os.environ.setdefault("MPLBACKEND", "Agg")
settings.register_profile("glassgrad", deadline=None, derandomize=NO_SKIP)
settings.load_profile("glassgrad")

# Tests cannot import each other; the samples of every operation are a module for all of them.
_spec = importlib.util.spec_from_file_location(
    "glassgrad_samples", Path(__file__).parent / "autograd" / "samples" / "common.py"
)
assert _spec is not None and _spec.loader is not None
sys.modules["glassgrad_samples"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sys.modules["glassgrad_samples"])


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave files of oracle tests unread when their tests are not wanted: they import what may not be installed."""
    if collection_path.name.endswith("_oracle.py") and "not oracle" in config.option.markexpr:
        return True
    return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    return _unforgiven((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    return _unforgiven((yield))


def _unforgiven(report: Any) -> Any:
    """Turn a skip into a failure, unless skips are allowed or the test is one that is expected to fail."""
    if NO_SKIP and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"skipped, which GLASSGRAD_NO_SKIP does not allow: {reason}"
    return report


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root folder."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def dot() -> str:
    """The path of Graphviz's ``dot``, which a picture needs."""
    return shutil.which("dot") or pytest.skip("Graphviz's dot is not installed")
