"""Every script in examples/ runs from start to end in its short mode, in a folder of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.mark.slow
@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("[!_]*.py")), ids=lambda path: path.stem)
def test_example_runs(script, tmp_path):
    # As a reader runs it: its own folder, with _experiment.py, is on sys.path, and the repository is not.
    command = [sys.executable, str(script), "--short"]
    # Small matrices gain nothing from threads, and lose much where other tests keep the cores busy.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=240
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert done.stdout.strip(), "an example tells what it found"
