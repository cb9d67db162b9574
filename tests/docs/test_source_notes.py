"""docs/source-notes.md has every item of the source notes, and the names and tests that it gives are there."""

import ast
import functools
import inspect
import re
from pathlib import Path

import pytest

import glassgrad

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "source-notes.md").read_text(encoding="utf-8")

# How many items of each kind the notes have: A1 to A15, B1 to B8, and so on.
COUNTS = {
    "A": 15, "B": 8, "C": 11, "D": 7, "O": 13, "P": 8, "I": 9, "N": 7, "R": 20, "V": 11, "H": 13, "T": 7, "M": 14,
    "S": 8, "X": 30, "G": 18,
}  # fmt: skip
IDS = [f"{letter}{number}" for letter, count in COUNTS.items() for number in range(1, count + 1)]

# Items that the notes only mention.
MENTIONED = {"B7", "I9", "R18", "R20", "V11"}

ROWS = re.findall(r"^\| ([A-Z]\d+) \| (.+?) \| (.*?) ?\| (.+?) \|$", PAGE, flags=re.M)
NAMES = {item: re.findall(r"`([^`]+)`", names) for item, _, names, _ in ROWS}
TESTS = {item: re.findall(r"`([^`]+)`", tests) for item, _, _, tests in ROWS if item not in MENTIONED}


@functools.cache
def defined_in(path):
    """The names of the tests that pytest would collect from a file: functions, and methods of classes called Test."""
    found = set()
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            found |= {f"{node.name}::{f.name}" for f in node.body if isinstance(f, ast.FunctionDef)}
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
    return {name for name in found if name.split("::")[-1].startswith("test")}


def resolve(name):
    """What a name such as gg.nn.Linear stands for, reached as a user reaches it."""
    return functools.reduce(getattr, name.split(".")[1:], glassgrad)


def assert_test_exists(test):
    path, _, name = test.partition("::")
    assert re.fullmatch(r"tests/(\w+/)*test_\w+\.py", path), f"{test} is no test"
    assert (ROOT / path).is_file(), f"there is no file {path}"
    assert name in defined_in(path), f"{path} has no test {name}"


def test_every_item_is_there_once():
    assert len(IDS) == 192 + 7, "192 items of the notes, and seven experiments that they call for, X24 to X30"
    assert [item for item, *_ in ROWS] == IDS


@pytest.mark.parametrize("item", [i for i in IDS if i not in MENTIONED])
def test_names_can_be_imported(item):
    assert NAMES[item], f"{item} has no name"
    for name in NAMES[item]:
        if name.startswith("examples/"):
            assert (ROOT / name).is_file(), f"{item}: there is no {name}"
            continue
        path, _, options = name.partition("(")
        assert path.startswith("gg.") and "._" not in path, f"{item}: {name} is no public name"
        found = resolve(path)
        assert not inspect.ismodule(found), f"{item}: {name} is a module"
        for option in re.findall(r"(\w+)=", options):
            assert option in inspect.signature(found).parameters, f"{item}: {path} has no option {option}"


@pytest.mark.parametrize("item", [i for i in IDS if i not in MENTIONED])
def test_tests_exist(item):
    assert TESTS[item], f"{item} has no test"
    for test in TESTS[item]:
        assert_test_exists(test)
    if any(test.endswith("::test_example_runs") for test in TESTS[item]):
        assert any(name.startswith("examples/") for name in NAMES[item]), f"{item}: which script is run?"


@pytest.mark.parametrize("item", sorted(MENTIONED))
def test_what_is_only_mentioned_has_a_sentence(item):
    names, text = next((names, text) for found, _, names, text in ROWS if found == item)
    assert not names and "::" not in text
    assert len(text.split()) >= 8 and text.endswith(".")


def test_every_error_of_the_notes_has_its_test():
    errors = PAGE.split("## Errors of the notes")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (00[0-4] L[^|]+) \| (.+) \| (`.+`) \|$", errors, flags=re.M)
    assert len(rows) == errors.count("\n| 00") >= 40
    for _, _, tests in rows:
        for test in re.findall(r"`([^`]+)`", tests):
            if test.startswith("examples/"):
                assert (ROOT / test).is_file(), f"there is no {test}"
            else:
                assert_test_exists(test)


def test_names_scripts_and_tests_in_the_text_exist():
    text = PAGE.split("## Every item")[0]
    for name in set(re.findall(r"`(gg(?:\.\w+)+)", text)):
        assert resolve(name) is not None
    for script in set(re.findall(r"`(examples/\w+\.py)`", text)):
        assert (ROOT / script).is_file(), f"there is no {script}"
    for test in set(re.findall(r"`(tests/[^`]+)`", text)):
        assert_test_exists(test)


@pytest.mark.parametrize("page", ["docs/source-notes.md", "examples/README.md", "README.ja.md"])
def test_pages_have_a_place_for_what_was_measured(page):
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    begin, end = "<!-- gallery: begin -->", "<!-- gallery: end -->"
    assert lines.count(begin) == lines.count(end) == 1 and lines.index(begin) < lines.index(end)
