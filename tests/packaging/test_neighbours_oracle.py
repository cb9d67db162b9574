"""HIPS autograd, whose import name is that of one of our folders, lives in the same environment."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.oracle

BOTH = """
import {first}
import {second}
import autograd.numpy as anp, glassgrad as gg, glassgrad.autograd
from autograd import grad

assert autograd is not glassgrad.autograd
x = gg.tensor(0.5, requires_grad=True)
gg.tanh(x).backward()
assert abs(x.grad.item() - grad(anp.tanh)(0.5)) < 1e-6
print(autograd.__file__)
"""


@pytest.mark.parametrize(("first", "second"), [("autograd", "glassgrad"), ("glassgrad", "autograd")])
def test_both_import_and_differentiate(root, first, second):
    pytest.importorskip("autograd")
    command = [sys.executable, "-I", "-c", BOTH.format(first=first, second=second)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, timeout=120)
    assert done.returncode == 0, done.stderr
    assert not done.stdout.startswith(str(root / "autograd")), "`import autograd` found our folder"
