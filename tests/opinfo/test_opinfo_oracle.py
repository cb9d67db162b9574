"""Every operator sample of PyTorch that this library can run gives PyTorch's value, gradient and second gradient."""

import json

import opinfo_adapter as adapter
import opinfo_report as report
import pytest
import torch

pytestmark = pytest.mark.oracle
RECORDED = json.loads(report.COUNTS.read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # samples are small: threads would only wait for each other
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("name", [n for n, op in adapter.OPS.items() if adapter.is_there(op)])
def test_samples(name):
    tally = adapter.run_op(adapter.OPS[name])
    assert not tally.failures, f"{len(tally.failures)} failures\n" + "\n".join(tally.failures[:10])
    counted = sum(tally.passed.values()) + sum(n for r, n in tally.unsupported.items() if "error input" not in r)
    assert counted == sum(tally.samples.values())  # none is left out in silence
    found, recorded = report.as_counts(tally), RECORDED["opinfo"].get(name)
    assert recorded is not None, "not in the report yet: run tests/opinfo/opinfo_report.py"
    lower = [f"{k}: {found[k]}, the report says {v}" for k, v in recorded.items() if _below(found[k], v)]
    assert not lower, f"fewer than docs/opinfo.md counts: {lower}"


def _below(now, recorded):
    if isinstance(recorded, dict):
        return False  # reasons and samples that exist may move; what passes may not fall
    return isinstance(recorded, int) and now < recorded
