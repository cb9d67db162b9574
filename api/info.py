"""What is installed here and what is in use."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib import metadata

import numpy as np

__all__ = ["report"]

_OPTIONAL = ("graphviz", "matplotlib", "safetensors", "tqdm")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _dot() -> str:
    program = shutil.which("dot")
    if program is None:
        return "not found: pictures are written as .dot and text only (install Graphviz to get SVG, PNG and PDF)"
    try:
        done = subprocess.run([program, "-V"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{program} does not run: {error}"
    return (done.stderr or done.stdout).strip() or program


def _blas() -> str:
    try:
        blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]  # type: ignore[call-overload, index, call-arg]
        return f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()
    except (TypeError, KeyError):
        return "unknown"


def _threads() -> str:
    limits = [
        f"{name}={os.environ[name]}" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS") if name in os.environ
    ]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return f"{cores} cores available; {', '.join(limits) if limits else 'BLAS uses its default'}"


def report() -> str:
    """Return versions, optional packages, the array backend and threads as text.

    >>> from glassgrad.info import report
    >>> report().splitlines()[0].startswith("glassgrad ")
    True
    """
    from . import __version__
    from .autograd import REGISTRY, get_default_dtype

    rows = [
        ("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        ("NumPy", f"{np.__version__} (BLAS: {_blas()})"),
        ("backend", "NumPy"),
        ("threads", _threads()),
        ("default dtype", str(get_default_dtype())),
        ("primitives", str(len(REGISTRY))),
        ("dot", _dot()),
        *((name, _version(name)) for name in _OPTIONAL),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join([f"glassgrad {__version__}", *(f"  {name:<{width}}  {value}" for name, value in rows)])
