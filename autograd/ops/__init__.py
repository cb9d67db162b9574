"""The operations, each with its docstring, kernel and derivative rules in one place. A file is a family."""

from . import families

__all__ = ["families"]
