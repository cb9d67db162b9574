"""The list of families in autograd/ops/families.py is whole, and what is in it is found everywhere."""

import ast
import graphlib
from collections import Counter
from pathlib import Path

import glassgrad as gg
from glassgrad.autograd import operators
from glassgrad.autograd.ops import families

FOLDER = Path(__file__).resolve().parents[2] / "autograd" / "ops"
HELPERS = {"__init__", "axes", "families"}  # these hold no operations


def public(family):
    """Return the names in ``__all__`` of a file, read without importing it."""
    for line in ast.parse((FOLDER / f"{family}.py").read_text(encoding="utf-8")).body:
        target = line.targets[0] if isinstance(line, ast.Assign) else getattr(line, "target", None)
        if isinstance(target, ast.Name) and target.id == "__all__":
            return ast.literal_eval(line.value)
    raise AssertionError(f"{family}.py has no __all__")


def listed():
    return [line.module for line in ast.parse((FOLDER / "families.py").read_text(encoding="utf-8")).body[1:]]


def test_every_file_of_operations_is_listed_once():
    assert Counter(listed()) == Counter({file.stem for file in FOLDER.glob("*.py")} - HELPERS)


def test_no_two_families_give_the_same_name():
    counts = Counter(name for family in listed() for name in public(family))
    assert [name for name, count in counts.items() if count > 1] == []


def test_every_public_operation_is_in_the_main_namespace():
    for family in listed():
        for name in public(family):
            assert getattr(gg, name) is getattr(families, name), f"gg.{name} is not that of {family}.py"


def test_functions_without_a_method_exist():
    for name in operators.FUNCTIONS_ONLY:
        assert hasattr(families, name) and not hasattr(gg.Tensor, name)


def test_families_lean_on_each_other_without_circles():
    """Also by imports inside functions: ``graphlib`` raises ``CycleError`` and names the circle."""
    leans_on = {}
    for file in FOLDER.glob("*.py"):
        found = leans_on[file.stem] = set()
        for line in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(line, ast.ImportFrom) and line.level == 1:
                found.update([line.module] if line.module else [alias.name for alias in line.names])
    graphlib.TopologicalSorter(leans_on).prepare()
