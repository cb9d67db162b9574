"""The reference of operations says what the declarations say."""

import importlib.util
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("write_reference", ROOT / "tools" / "write_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_tool_writes(tool):
    """All but the counts of tests, which change with every sample."""
    written = tool.without_counts(tool.TARGET.read_text(encoding="utf-8"))
    assert written == tool.without_counts(tool.text(Counter())), "run make reference"


def test_text_cannot_end_a_cell(tool):
    assert tool.cell("|x| and\n|y|") == r"\|x\| and \|y\|"


def test_every_row_has_the_cells_of_its_table(tool):
    import re

    width = 0
    for line in tool.TARGET.read_text(encoding="utf-8").splitlines():
        cells = len(re.split(r"(?<!\\)\|", line))
        if line.startswith("|---"):
            width = cells
        elif line.startswith("| `"):
            assert cells == width, line
