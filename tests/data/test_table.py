"""read_csv: what it makes of a table, and what it refuses, with line and column."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassgrad.data import DataLoader, Standardize, read_csv

HOUSES = "rooms,town,price,note\n3,Lyon,310,a\n2,Nice,280.5,b\n4,Lyon,-4e2,c\n"


@pytest.fixture
def write(tmp_path):
    def write(text, name="houses.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_numbers_dummies_and_target(write):
    table = read_csv(write(HOUSES), "price", ["town"], ignore=["note"])
    features, price = table[:]
    assert table.feature_names == ["rooms", "town=Lyon", "town=Nice"] and table.target_names == ["price"]
    assert features.tolist() == [[3, 1, 0], [2, 0, 1], [4, 1, 0]] and features.dtype == np.float32
    assert price.tolist() == [[310], [280.5], [-400]] and price.dtype == np.float32
    assert table.dummies.tolist() == [False, True, True]
    batch, _ = next(iter(DataLoader(table, batch_size=2)))
    assert batch.shape == (2, 3)
    kept = Standardize(keep_dummies=True).fit_transform(features)
    assert kept[:, 1].tolist() == [1, 0, 1]


def test_several_targets_positions_and_none(write):
    path = write("a,b,c\n1,2,3\n4,5,6\n")
    assert read_csv(path, [0, "c"])[:][1].tolist() == [[1, 3], [4, 6]]
    assert read_csv(path, -1).feature_names == ["a", "b"]
    (features,) = read_csv(path)[:]
    assert features.tolist() == [[1, 2, 3], [4, 5, 6]]


def test_a_target_of_categories_is_the_number_of_its_class(write):
    table = read_csv(write("x,kind\n1,setosa\n2,iris\n3,setosa\n"), "kind", ["kind"])
    assert table.target_names == ["iris", "setosa"] and table[:][1].tolist() == [1, 0, 1]
    assert table[:][1].dtype == np.int64


def test_another_file_is_read_with_the_categories_of_the_first(write):
    first = read_csv(write(HOUSES), "price", ["town"], ["note"])
    second = read_csv(write("rooms,town,price,note\n1,Nice,5,x\n", "new.csv"), "price", first.categories, ["note"])
    assert second.feature_names == first.feature_names and second[0][0].tolist() == [1, 0, 1]
    with pytest.raises(ValueError, match=r"new.csv, line 2, column 'town': 'Brest' is not one of .* Lyon, Nice"):
        read_csv(write("rooms,town,price,note\n1,Brest,5,x\n", "new.csv"), "price", first.categories, ["note"])


def test_without_a_header_columns_are_numbered(write):
    table = read_csv(write("1;2\n3;4\n"), target=0, header=False, delimiter=";")
    assert table.feature_names == ["1"] and table[:][0].tolist() == [[2], [4]] and table[:][1].tolist() == [[1], [3]]


def test_marks_quotes_spaces_and_line_ends_of_other_programs(write):
    path = write('"a, b", c \r\n 1 ,"2"\r\n3, 4\r\n\r\n', encoding="utf-8-sig")
    assert read_csv(path).feature_names == ["a, b", "c"]
    assert read_csv(path)[:][0].tolist() == [[1, 2], [3, 4]]


@given(st.lists(st.lists(st.floats(-(2.0**99), 2.0**99, width=32), min_size=3, max_size=3), min_size=1, max_size=5))
def test_every_table_of_numbers_is_read_back(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "numbers.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["x", "y", "z"], *rows])
    np.testing.assert_array_equal(read_csv(path)[:][0].numpy(), np.array(rows, np.float32))


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("a,b\n1,2\n3\n", {}, r"houses.csv, line 3: 1 cell, but there are 2 columns"),
        ("a,b\n1,2,3\n", {}, r"line 2: 3 cells, but there are 2 columns"),
        ("a,b\n1,2\n\n3,4\n", {}, "line 3: 0 cells"),
        ("a,b\n1,\n", {}, r"line 2, column 'b': the cell is empty"),
        ("a,b\n1, \n", {}, r"line 2, column 'b': the cell is empty"),
        ("a,b\n1,2\nx,3\n", {}, r"line 3, column 'a': 'x' is not a finite number; name the column in categories"),
        ("a\n1_000\n", {}, "'1_000' is not a finite number"),
        ("a\nnan\n", {}, "'nan' is not a finite number"),
        ("a\n1e999\n", {}, "'1e999' is not a finite number"),
        ('a,b\n"1\n2",3\n', {}, r"line 3, column 'a'"),
        ("a,b\n1,\n", {"categories": ["b"]}, r"line 2, column 'b': the cell is empty"),
        ("a,a\n1,2\n", {}, "line 1: the name 'a' comes twice; is there a header"),
        ("a,\n1,2\n", {}, "column 2 has no name"),
        ("", {}, "houses.csv has no rows"),
        ("a,b\n", {}, "has no rows"),
        ("\n\n", {"header": False}, "has no rows"),
        ("a,b\n1,2\n", {"target": "c"}, "target names a column 'c'; houses.csv has a, b"),
        ("a,b\n1,2\n", {"target": 2}, "target names a column 2"),
        ("a,b\n1,2\n", {"ignore": ["c"]}, "ignore names a column 'c'"),
        ("a,b\n1,2\n", {"target": "a", "ignore": ["a"]}, "column 'a' is to be ignored and used"),
        ("a,b\n1,2\n", {"target": ["a", "b"], "categories": ["b"]}, "must be the only target"),
        ("a\n1\n", {"target": "a"}, "no column left that is a feature"),
        ('a\n"1\n', {}, "cannot be read"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(write, text, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_csv(write(text), **options)
    assert str(caught.value).startswith("read_csv: ")


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"a\n\xff\xfe\n")
    with pytest.raises(ValueError, match=r"x.csv.*cannot be read"):
        read_csv(tmp_path / "x.csv")


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_csv(tmp_path / "none.csv")


@pytest.mark.realdata
def test_least_squares_on_the_protein_table_reaches_the_published_error(monkeypatch):
    """Root mean squared error 5.20 on the last 5,730 rows, an independent figure."""
    import os
    from pathlib import Path

    table = read_csv(Path(os.environ["GLASSGRAD_DATA"]) / "tabular" / "protein-structure.csv", target="RMSD")
    x, y = (t.numpy().astype(np.float64) for t in table[:])
    assert x.shape == (45730, 9)
    scale = Standardize().fit(x[:40000])
    x = np.concatenate([scale.transform(x), np.ones((len(x), 1))], axis=1)
    weights = np.linalg.lstsq(x[:40000], y[:40000], rcond=None)[0]
    assert abs(np.sqrt(np.mean((x[40000:] @ weights - y[40000:]) ** 2)) - 5.20) < 0.01
