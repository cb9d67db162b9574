"""ONNX's node tests that this library can run give the stored outputs and a true gradient."""

import json

import onnx_adapter as adapter
import onnx_report as report
import pytest

pytestmark = pytest.mark.oracle
RECORDED = json.loads(report.COUNTS.read_text(encoding="utf-8"))["operators"]


@pytest.mark.parametrize("kind", adapter.KINDS)
def test_nodes(kind):
    tally = adapter.run_kind(kind)
    assert not tally.failures, f"{len(tally.failures)} failures\n" + "\n".join(tally.failures[:10])
    assert tally.passed >= RECORDED[kind]["passed"], "fewer than docs/onnx.md says"
    assert tally.gradient >= RECORDED[kind]["gradient"], "fewer than docs/onnx.md says"
