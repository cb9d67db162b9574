"""The stub that editors read says what the classes have."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_stub_is_what_the_tool_writes():
    spec = importlib.util.spec_from_file_location("write_signatures", ROOT / "tools" / "write_signatures.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.TARGET.read_text() == tool.text(), "run python tools/write_signatures.py"
