"""Columns out of any library: numbers, flags, texts, groups; nulls settled once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survey_kit import frames
from survey_kit.errors import FrameError

LIBRARIES = ("pandas", "polars", "pyarrow", "duckdb")


def made(library: str, data: dict[str, Any]) -> Any:
    if library == "pandas":
        return pd.DataFrame(data)
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    table = pyarrow.table(data)
    if library == "pyarrow":
        return table
    module = pytest.importorskip(library, reason=f"{library} is not installed")
    return module.from_arrow(table)


@pytest.mark.parametrize("library", LIBRARIES)
def test_numbers_with_nulls_and_nan(library: str) -> None:
    frame = made(library, {"a": [1.5, None, float("nan"), 3.0], "i": [1, 2, 3, 4], "b": [True, False, True, True]})
    column = frames.numbers(frame, "a")
    assert column.values.tolist() == [1.5, 0.0, 0.0, 3.0]
    assert column.missing.tolist() == [False, True, True, False]
    assert frames.numbers(frame, "i").values.dtype == np.float64
    assert frames.numbers(frame, "b").values.tolist() == [1.0, 0.0, 1.0, 1.0]
    assert frames.flags(frame, "b").tolist() == [True, False, True, True]
    assert frames.columns(frame) == ["a", "i", "b"]
    assert frames.row_count(frame) == 4


def test_nan_is_counted_where_the_library_tells_it_from_null() -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    column = frames.numbers(polars.DataFrame({"a": [1.0, None, float("nan")]}), "a")
    assert column.nan_count == 1
    assert column.missing.tolist() == [False, True, True]


@pytest.mark.parametrize("library", LIBRARIES)
def test_groups_in_order_of_their_keys(library: str) -> None:
    frame = made(library, {"t": ["b", None, "a", "b"], "k": [10, 2, 2, 10]})
    one = frames.group(frame, ["t"])
    assert one.codes.tolist() == [1, -1, 0, 1]
    assert one.levels == (("a",), ("b",))
    two = frames.group(frame, ["t", "k"])
    assert two.codes.tolist() == [1, -1, 0, 1]
    assert two.levels == (("a", 2), ("b", 10))
    assert frames.group(frame, []).codes.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("library", LIBRARIES)
def test_long_ids_stay_apart(library: str) -> None:
    """Identifiers of units may have 18 digits: two that differ in the last must not become one."""
    ids = [2**60 + 1, 2**60 + 2, 2**60 + 1]
    assert frames.group(made(library, {"psu": ids}), ["psu"]).codes.tolist() == [0, 1, 0]


def test_long_ids_with_nulls_stay_apart() -> None:
    frame = pd.DataFrame({"psu": pd.array([2**60 + 1, None, 2**60 + 2], dtype="Int64")})
    grouped = frames.group(frame, ["psu"])
    assert grouped.codes.tolist() == [0, -1, 1]
    assert grouped.levels == ((2**60 + 1,), (2**60 + 2,))


def test_whole_numbers_read_as_floats_are_whole_levels() -> None:
    frame = pd.DataFrame({"k": [1.0, None, 2.0], "f": [0.5, 1.0, 2.0]})
    assert frames.group(frame, ["k"]).levels == ((1,), (2,))
    assert frames.group(frame, ["f"]).levels == ((0.5,), (1.0,), (2.0,))
    assert frames.texts(frame, "k") == ["1", None, "2"]


def test_booleans_dates_and_nullable_numbers_are_keys() -> None:
    frame = pd.DataFrame(
        {
            "flag": [True, False, True],
            "day": [dt.date(2024, 5, 1), dt.date(2023, 1, 1), None],
            "n": pd.array([3, None, 1], dtype="Int64"),
        }
    )
    assert frames.group(frame, ["flag"]).levels == ((False,), (True,))
    assert frames.group(frame, ["day"]).codes.tolist() == [1, 0, -1]
    assert frames.group(frame, ["n"]).levels == ((1,), (3,))
    assert frames.numbers(frame, "n").missing.tolist() == [False, True, False]


def test_categories_keep_their_order_and_unused_ones_stay() -> None:
    values = pd.Categorical(["much", None, "little"], categories=["little", "some", "much"], ordered=True)
    grouped = frames.group(pd.DataFrame({"a": values}), ["a"])
    assert grouped.levels == (("little",), ("some",), ("much",))
    assert grouped.codes.tolist() == [2, -1, 0]
    polars = pytest.importorskip("polars", reason="polars is not installed")
    frame = polars.DataFrame({"a": ["much", None, "little"]}, schema={"a": polars.Enum(["little", "some", "much"])})
    assert frames.group(frame, ["a"]).codes.tolist() == [2, -1, 0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: frames.numbers(f, "agee"), "no column 'agee'.*did you mean 'age'"),
        (lambda f: frames.numbers(f, "name", "weight"), r"'name' \(weight\) does not hold numbers.*'x'"),
        (lambda f: frames.numbers(f, "big"), "infinite.*1 rows"),
        (lambda f: frames.flags(f, "age"), "not true or false.*other numbers"),
        (lambda f: frames.flags(f, "gap"), "not true or false.*1 missing"),
        (lambda _: frames.columns([1, 2]), "not a data frame.*list"),
        (lambda _: frames.numbers("a.csv", "a"), "not a data frame.*str"),
        (lambda _: frames.columns(pd.DataFrame([[1, 2]], columns=["a", "a"])), "same name.*'a' 2 times"),
        (lambda _: frames.columns(pd.DataFrame({"Год": [1], "год": [2]})), "same name but for case"),
    ],
)
def test_refused(call: Any, message: str) -> None:
    frame = pd.DataFrame({"age": [1, 2], "name": ["x", "y"], "big": [1.0, np.inf], "gap": [True, None]})
    frame["gap"] = frame["gap"].astype("boolean")
    with pytest.raises(FrameError, match=f"(?s){message}"):
        call(frame)


def test_an_empty_text_column_holds_no_numbers_but_only_nulls() -> None:
    assert frames.numbers(pd.DataFrame({"a": [None, None]}), "a").missing.all()


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames_are_built_in_the_asked_library(library: str) -> None:
    like = made(library, {"z": [1]})
    out = frames.from_columns({"a": [1, 2], "b": np.array([0.5, 1.5])}, like)
    assert type(out) is type(like)
    assert frames.numbers(out, "b").values.tolist() == [0.5, 1.5]
    assert frames.to_pandas(out)["a"].tolist() == [1, 2]


def test_a_lazy_frame_is_a_frame() -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    lazy = polars.LazyFrame({"a": [1, 2, 3]})
    assert frames.row_count(lazy) == 3
    assert frames.numbers(lazy, "a").values.tolist() == [1.0, 2.0, 3.0]
