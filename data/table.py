"""``read_csv``: a table of numbers and categories as a data set, every cell of it checked."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..autograd.core.dtypes import get_default_dtype
from .datasets import TensorDataset

__all__ = ["Table", "read_csv"]

Column = str | int
Categories = Iterable[Column] | Mapping[Column, Sequence[str]]


class Table(TensorDataset):
    """What ``read_csv`` gives: samples (features (F,) float32, target), and what the columns are.

    Attributes:
        feature_names: one name for each feature; a dummy is called ``"column=category"``.
        dummies: which features are 0/1 dummies, bool, shape (F,).
        target_names: the target columns; for a target of categories, its classes.
        categories: the categories of each column that has them, to read another file in the same way.
    """

    feature_names: list[str]
    dummies: NDArray[np.bool_]
    target_names: list[str]
    categories: dict[str, list[str]]


def read_csv(
    path: str | os.PathLike[str],
    target: Column | Sequence[Column] | None = None,
    categories: Categories = (),
    ignore: Iterable[Column] = (),
    *,
    header: bool = True,
    delimiter: str = ",",
) -> Table:
    """Read a table from a file, or say in which row and column it is wrong.

    Every column holds numbers unless it is named in ``categories`` or ``ignore``. A column of categories becomes one
    dummy for each category, 1 where the row is of it and 0 elsewhere (one-hot). All other columns keep their order.

    Args:
        path: a text file in UTF-8.
        target: the column to predict, as a name or a position from 0 (negative ones count from the end), or several. It
            becomes (1,) or (K,) floats a sample; if it is named in ``categories``, the number of its class, int64. With
            None samples have no target.
        categories: the columns that hold categories. A mapping names the categories of each in their order, such as the
            ``categories`` of the table of training data; otherwise they are those that occur, sorted.
        ignore: columns to leave out.
        header: whether the first line holds the names; otherwise columns are named "0", "1", ...
        delimiter: what separates the cells.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a cell is empty, is no finite number, or is in no category; a row is too short or too long; a name
            comes twice or is unknown; or there are no rows. The message names the line of the file and the column.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "houses.csv"
    ...     _ = path.write_text("rooms,town,price\\n3,Lyon,310\\n2,Nice,280\\n")
    ...     houses = read_csv(path, target="price", categories=["town"])
    >>> houses.feature_names
    ['rooms', 'town=Lyon', 'town=Nice']
    >>> features, price = houses[1]
    >>> features.tolist(), price.tolist()
    ([2.0, 0.0, 1.0], [280.0])
    """
    name = Path(path).name
    names, rows, lines = _read_rows(path, name, header, delimiter)
    columns = {column: position for position, column in enumerate(names)}

    def find(column: Any, argument: str) -> str:
        if isinstance(column, int) and not isinstance(column, bool) and -len(names) <= column < len(names):
            return names[column]
        if column not in columns:
            raise ValueError(f"read_csv: {argument} names a column {column!r}; {name} has {', '.join(names)}")
        return str(column)

    given = {find(c, "categories"): list(v) for c, v in categories.items()} if isinstance(categories, Mapping) else {}
    categorical = list(given) or [find(c, "categories") for c in _several(categories)]
    ignored = {find(c, "ignore") for c in _several(ignore)}
    targets = [find(c, "target") for c in _several(target)]
    clash = ignored & {*targets, *categorical}
    if clash:
        raise ValueError(f"read_csv: column {min(clash)!r} is to be ignored and used")
    if len(targets) > 1 and set(targets) & set(categorical):
        raise ValueError("read_csv: a target of categories must be the only target")

    features: list[tuple[str, NDArray[Any], bool]] = []
    outputs: list[NDArray[Any]] = []
    known: dict[str, list[str]] = {}
    target_names = list(targets)
    for column in names:
        if column in ignored:
            continue
        cells = [row[columns[column]] for row in rows]
        if column in categorical:
            known[column], codes = _codes(cells, given.get(column), lines, column, name)
            if column in targets:
                outputs, target_names = [codes], known[column]
            else:
                features += [(f"{column}={c}", codes == i, True) for i, c in enumerate(known[column])]
        elif column not in targets:
            features.append((column, _floats(cells, lines, column, name), False))
    if targets and not outputs:
        columns_of_target = [_floats([row[columns[c]] for row in rows], lines, c, name) for c in targets]
        outputs = [np.stack(columns_of_target, axis=1).astype(get_default_dtype())]
    if not features:
        raise ValueError(f"read_csv: {name} has no column left that is a feature")
    matrix = np.stack([values for _, values, _ in features], axis=1).astype(get_default_dtype())
    table = Table(matrix, *outputs)
    table.feature_names = [feature for feature, _, _ in features]
    table.dummies = np.array([dummy for _, _, dummy in features])
    table.target_names, table.categories = target_names, known
    return table


def _read_rows(path: Any, name: str, header: bool, delimiter: str) -> tuple[list[str], list[list[str]], list[int]]:
    """The names of the columns, the rows, and the line of the file on which each row ends."""
    rows: list[list[str]] = []
    lines: list[int] = []
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True, skipinitialspace=True)
        try:
            for row in reader:
                rows.append(row)
                lines.append(reader.line_num)
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(f"read_csv: {name}, after line {reader.line_num}: cannot be read ({error})") from None
    while rows and not rows[-1]:  # empty lines at the end
        rows.pop(), lines.pop()
    if len(rows) <= header:
        raise ValueError(f"read_csv: {name} has no rows")
    names = [cell.strip() for cell in rows[0]] if header else [str(i) for i in range(len(rows[0]))]
    for i, column in enumerate(names):
        if not column or column in names[:i]:
            problem = f"the name {column!r} comes twice" if column else f"column {i + 1} has no name"
            raise ValueError(f"read_csv: {name}, line {lines[0]}: {problem}; is there a header? If not: header=False")
    if header:
        rows, lines = rows[1:], lines[1:]
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(names):
            cells = f"{len(row)} cell{'s' * (len(row) != 1)}"
            raise ValueError(f"read_csv: {name}, line {line}: {cells}, but there are {len(names)} columns")
    return names, rows, lines


def _floats(cells: list[str], lines: list[int], column: str, name: str) -> NDArray[np.float64]:
    try:
        values = np.array([float(cell) for cell in cells])
        if np.isfinite(values).all() and not any("_" in cell for cell in cells):
            return values
    except ValueError:
        pass
    for cell, line in zip(cells, lines, strict=True):
        if not _is_number(cell):
            found = f"{cell!r} is not a finite number" if cell.strip() else "the cell is empty"
            hint = "" if not cell.strip() else "; name the column in categories or ignore if it holds no numbers"
            raise ValueError(f"read_csv: {name}, line {line}, column {column!r}: {found}{hint}")
    raise AssertionError("one of the cells is not a number")


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell)) and "_" not in cell  # Python's 1_000 is no number in a table
    except ValueError:
        return False


def _codes(
    cells: list[str], given: list[str] | None, lines: list[int], column: str, name: str
) -> tuple[list[str], NDArray[np.int64]]:
    """The categories of a column, and the number of the category in each row."""
    stripped = [cell.strip() for cell in cells]
    if "" in stripped:
        raise ValueError(f"read_csv: {name}, line {lines[stripped.index('')]}, column {column!r}: the cell is empty")
    found = sorted(set(stripped)) if given is None else [str(category) for category in given]
    numbers = {category: i for i, category in enumerate(found)}
    for cell, line in zip(stripped, lines, strict=True):
        if cell not in numbers:
            raise ValueError(
                f"read_csv: {name}, line {line}, column {column!r}: {cell!r} is not one of the categories "
                f"{', '.join(found)}"
            )
    return found, np.array([numbers[cell] for cell in stripped], dtype=np.int64)


def _several(columns: Any) -> list[Any]:
    if columns is None:
        return []
    return [columns] if isinstance(columns, str | int) else list(columns)
