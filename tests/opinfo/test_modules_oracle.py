"""Every module sample of PyTorch that this library can run gives PyTorch's outputs, gradients and buffers."""

import json

import modules_adapter as adapter
import opinfo_report as report
import pytest

pytestmark = pytest.mark.oracle
RECORDED = json.loads(report.COUNTS.read_text(encoding="utf-8"))["modules"]


@pytest.mark.parametrize("name", [n for n in adapter.MODULES if adapter.find(n) is not None])
def test_samples(name):
    tally = adapter.run_module(adapter.MODULES[name])
    assert not tally.failures, f"{len(tally.failures)} failures\n" + "\n".join(tally.failures[:10])
    assert tally.passed >= RECORDED[name]["passed"], "fewer than docs/opinfo.md says"
