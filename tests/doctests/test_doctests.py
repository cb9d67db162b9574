"""Every example in every docstring runs and prints what it says.

Modules are imported by name, as a user has them; the files are found through the list of packages in setup.cfg.
"""

import configparser
import doctest
import importlib
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def package_names() -> list[str]:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    return setup["options"]["packages"].split()


def module_names() -> Iterator[str]:
    for package in package_names():
        folder = Path(importlib.import_module(package).__file__ or "").parent
        yield package
        yield from (f"{package}.{p.stem}" for p in sorted(folder.glob("*.py")) if not p.stem.startswith("__"))


def examples(module: types.ModuleType) -> Iterator[doctest.DocTest]:
    """Docstrings of the module and of everything defined in it.

    doctest's own search passes over objects that are neither functions nor classes, as primitives may be, and over
    functions that were generated.
    """
    finder = doctest.DocTestFinder(exclude_empty=True)
    found: dict[str, Any] = {module.__name__: types.SimpleNamespace(__doc__=module.__doc__)}
    for name, value in vars(module).items():
        own = getattr(value, "__module__", None) == module.__name__
        described = isinstance(getattr(value, "__doc__", None), str) and value.__doc__ is not type(value).__doc__
        if own and (described or isinstance(value, type)):
            found[f"{module.__name__}.{name}"] = value
    for name, value in found.items():
        yield from finder.find(value, name, module=False, globs=dict(vars(module)))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", list(module_names()))
def test_examples_in_docstrings(name):
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    report: list[str] = []
    for test in examples(importlib.import_module(name)):
        runner.run(test, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)


@pytest.mark.parametrize("package", package_names())
def test_every_package_shows_examples(package):
    names = [name for name in module_names() if name.rpartition(".")[0] == package or name == package]
    assert sum(len(test.examples) for name in names for test in examples(importlib.import_module(name))) > 0


def test_no_kind_of_docstring_is_passed_over():
    """A wrong example in a function, a method, a property, an instance and the module itself: all are found."""
    module = types.ModuleType("planted", "In the module.\n\n>>> 0\n1\n")
    source = '''
class Kind:
    """In a class.

    >>> 1
    2
    """
    def method(self):
        """
        >>> 3
        4
        """
    @property
    def value(self):
        """
        >>> 5
        6
        """

instance = Kind()
instance.__doc__ = ">>> 7" + chr(10) + "8"
instance.__module__ = "planted"
'''
    exec(source, vars(module))
    generated: dict[str, Any] = {"__name__": "planted"}
    exec("def function():\n    '''\n    >>> 9\n    10\n    '''", generated)
    module.function = generated["function"]  # type: ignore[attr-defined]
    wanted = sorted(int(example.want) for test in examples(module) for example in test.examples)
    assert wanted == [1, 2, 4, 6, 8, 10]
