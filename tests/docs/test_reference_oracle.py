"""The names of PyTorch that the reference of operations gives are PyTorch's."""

import importlib.util
from pathlib import Path

import pytest

pytestmark = pytest.mark.oracle
ROOT = Path(__file__).resolve().parents[2]


def test_the_list_of_names_is_what_pytorch_has():
    spec = importlib.util.spec_from_file_location("write_reference", ROOT / "tools" / "write_reference.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    listed = tool.PYTORCH.read_text(encoding="utf-8").split()
    assert sorted(listed) == sorted(tool.names_in_pytorch()), "write_reference.py --pytorch is due"
