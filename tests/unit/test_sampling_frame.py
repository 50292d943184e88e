"""Frames before the draw: every fault is found, coded and placed; coverage; names that mean one unit."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from survey_kit.errors import DesignError, FrameError
from survey_kit.sampling.allocate import PROPORTIONAL, allocate
from survey_kit.sampling.frame_check import MOST, PROBLEMS, check_frame, heaped, outlying
from survey_kit.sampling.frame_coverage import coverage
from survey_kit.sampling.frame_names import alike, folded, one_apart


def areas(**changes):
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "area": [f"a{i:03}" for i in range(60)],
            "region": ["North"] * 30 + ["South"] * 30,
            "homes": rng.integers(80, 140, 60).astype(float),
            "name": [f"Участок {i}" for i in range(60)],
            "sure": False,
        }
    )
    for column, cells in changes.items():
        frame[column] = frame[column].astype(object if column in {"area", "region", "name"} else frame[column].dtype)
        for row, value in cells.items():
            frame.loc[row, column] = value
    return frame


def found(frame, **options):
    return check_frame(frame, unit="area", size="homes", strata="region", **options)


def test_a_sound_frame_has_no_problem():
    table = found(areas(), n=4, name="name", certainty="sure")
    assert list(table.columns) == ["code", "severity", "stratum", "unit", "row", "found", "message", "fix"]
    assert len(table) == 0


@pytest.mark.parametrize(
    ("changes", "options", "code", "unit", "row", "told"),
    [
        ({"area": {3: None}}, {}, "F001", "", 4, ""),
        ({"area": {3: " "}}, {}, "F001", " ", 4, ""),
        ({"area": {7: "a003"}}, {}, "F002", "a003", 8, "also row 4"),
        ({"area": {7: "A003 "}}, {}, "F003", "A003 ", 8, "'a003' (row 4) and 'A003 '"),
        ({"region": {9: None}}, {}, "F004", "a009", 10, "no region"),
        ({"homes": {2: np.nan}}, {}, "F005", "a002", 3, ""),
        ({"homes": {2: 0.0}}, {}, "F006", "a002", 3, "0"),
        ({"homes": {2: -4.0}}, {}, "F007", "a002", 3, "-4"),
        ({"homes": {2: 9999.0}}, {}, "F008", "a002", 3, "9999; median"),
        ({"homes": dict.fromkeys(range(9), 100.0)}, {}, "F009", "", 0, "of 30 units have size 100"),
        ({}, {"n": {"North": 31, "South": 2}}, "F010", "", 0, "n = 31 of N = 30"),
        ({}, {"n": {"North": 2, "South": 2, "West": 2}}, "F011", "", 0, ""),
        ({}, {"n": {"North": 1, "South": 2}}, "F012", "", 0, "n = 1 of N = 30"),
        ({"sure": {0: True, 1: True, 2: True}}, {"n": 2, "certainty": "sure"}, "F013", "", 0, "3 units, n = 2"),
        ({"homes": {2: 3000.0}}, {"n": 4}, "F014", "", 0, "1 of 30 units: a002"),
        ({"name": {4: "Жаңа жол", 5: "Жана-Жол"}}, {"name": "name"}, "F018", "a005", 6, "'Жаңа жол' (row 5, id a004)"),
        ({"name": {4: "Сарыарка", 5: "Сарырка"}}, {"name": "name"}, "F019", "a005", 6, "'Сарырка'"),
        ({}, {"n": {"North": 2}}, "F020", "", 0, "30 units"),
    ],
)
def test_every_fault_is_told_with_its_place(changes, options, code, unit, row, told):
    table = found(areas(**changes), **options)
    one = table[table["code"] == code].iloc[0]
    assert (one["unit"], one["row"]) == (unit, row)
    assert told in one["found"]
    assert one["severity"] == PROBLEMS[code][0]
    assert one["fix"] == PROBLEMS[code][2]
    other = set(table["code"]) - {code}
    assert other <= ({"F008"} if code in {"F009", "F014"} else set())


def test_a_place_is_the_stratum():
    table = found(areas(homes={2: 0.0, 40: 0.0}), n={"North": 2, "West": 3})
    assert table["stratum"].tolist() == [
        "stratum region North",
        "stratum region South",
        "West",
        "stratum region South",
    ]


def test_errors_come_first_and_very_many_are_counted():
    frame = pd.DataFrame({"area": range(1000), "homes": 0.0})
    table = check_frame(frame, unit="area", size="homes", n=2000)
    assert table["code"].tolist() == ["F006"] * (MOST + 1) + ["F010"]
    assert table["found"].iloc[MOST] == f"{1000 - MOST} more such rows are not listed"


def test_names_that_are_too_many_are_compared_for_equality_only(monkeypatch):
    monkeypatch.setattr("survey_kit.sampling.frame_check.MOST_NAMES", 3)
    monkeypatch.setattr("survey_kit.sampling.frame_names.MOST_NAMES", 3)
    frame = pd.DataFrame({"area": range(5), "name": ["Alga", "ALGA", "Bereke", "Bereki", "Central"]})
    table = check_frame(frame, unit="area", name="name")
    assert table["code"].tolist() == ["F018", "F021"]
    assert table["found"].iloc[1] == "5 names"


def test_an_allocation_is_held_against_the_frame():
    sizes = pd.DataFrame({"region": ["North", "South"], "N": [30, 40]})
    table = found(areas(), n=allocate(sizes, 70, rule=PROPORTIONAL))
    assert table[["code", "stratum"]].values.tolist() == [["F010", "stratum region South"]]
    with pytest.raises(DesignError, match="columns of its strata"):
        check_frame(areas(), unit="area", n=allocate(sizes, 70, rule=PROPORTIONAL))


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, pa.table])
def test_every_library_comes_back(library):
    plain = {"area": ["a", "b", "b"], "homes": [5, 0, 7]}
    table = check_frame(library(plain), unit="area", size="homes")
    assert type(table).__module__.split(".")[0] == library.__module__.split(".")[0]
    assert list(table["code"].to_pylist() if hasattr(table["code"], "to_pylist") else table["code"]) == ["F002", "F006"]


def test_calls_that_cannot_be_meant():
    with pytest.raises(FrameError, match="no column 'aera'"):
        check_frame(areas(), unit="aera")
    with pytest.raises(DesignError, match="no units"):
        check_frame(areas().head(0), unit="area")
    with pytest.raises(DesignError, match="'by' is given without"):
        check_frame(areas(), unit="area", by="region")
    with pytest.raises(DesignError, match="tolerance"):
        found(areas(), totals=pd.DataFrame({"total": [5]}), tolerance=5)
    with pytest.raises(DesignError, match="'n' takes"):
        found(areas(), n="many")


# -------------------------------------------------------------------------------------------------------- coverage
def test_coverage_by_region():
    official = pd.DataFrame({"region": ["North", "South", "West"], "total": [3000.0, 9000, 50]})
    table = found(areas(), totals=official, by="region", tolerance=0.2)
    assert table[["code", "stratum"]].values.tolist() == [["F016", "region West"], ["F015", "region South"]]
    table = found(areas(), totals=official.head(1), by="region", tolerance=0.2)
    assert table[["code", "stratum"]].values.tolist() == [["F017", "region South"]]
    whole = coverage(areas(), pd.DataFrame({"total": [60]}))
    assert whole[["domain", "units", "ratio"]].values.tolist() == [["the whole", 60, 1.0]]


@pytest.mark.parametrize(
    ("official", "told"),
    [
        ({"region": ["North", "North"], "total": [1, 2]}, "stands twice"),
        ({"region": ["North", None], "total": [1, 2]}, "row 2"),
        ({"region": ["North", "South"], "total": [1, 0]}, "row 2"),
        ({"region": ["North", "South"], "total": [np.nan, 3]}, "no figure"),
    ],
)
def test_official_figures_that_cannot_be_used(official, told):
    with pytest.raises(DesignError, match=told):
        coverage(areas(), pd.DataFrame(official), by="region", size="homes")


# ----------------------------------------------------------------------------------------------------------- names
def test_one_letter_apart_is_the_distance_of_damerau():
    """Against the definition: every word that one edit makes, and no word of two edits."""
    letters = "abc"
    word = "abcab"
    edits = {word[:i] + word[i + 1 :] for i in range(len(word))}
    edits |= {word[:i] + c + word[i:] for i in range(len(word) + 1) for c in letters}
    edits |= {word[:i] + c + word[i + 1 :] for i in range(len(word)) for c in letters}
    edits |= {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}
    edits -= {word}
    every = {""}
    for _ in range(6):
        every |= {known + c for known in every for c in letters}
    assert {other for other in every | edits if one_apart(word, other)} == edits


def test_every_near_pair_is_found():
    rng = np.random.default_rng(1)
    words = ["".join(rng.choice(list("абв"), size=k)) for k in rng.integers(5, 8, 150)]
    pairs = {(p.first, p.second) for p in alike(words, [0] * len(words)) if p.how == "near"}
    first = {word: words.index(word) for word in words}
    wanted = {
        tuple(sorted((first[folded(a)], first[folded(b)]))) for a in first for b in first if a < b and one_apart(a, b)
    }
    assert pairs == wanted
    assert len(pairs) > 20


def test_numbers_blocks_and_short_names_keep_units_apart():
    assert alike(["Area 12", "Area 13", None, "", "--"], [0] * 5) == []
    assert alike(["Central", "Centrel"], [0, 1]) == []
    assert alike(["Alga", "Alge"], [0, 0]) == []
    assert [p.how for p in alike(["Alga 1", "ALGA-1"], [0, 0])] == ["same"]


def test_sizes_unlike_the_others():
    assert outlying(np.array([100.0] * 9)) == []
    assert outlying(np.full(20, 100.0)) == []
    x = np.array([90.0, 95, 100, 105, 110, 98, 102, 97, 103, 99, 1])
    ((place, z),) = outlying(x)
    log = np.log(x)
    assert place == 10
    assert z == pytest.approx(0.6745 * (log[10] - np.median(log)) / np.median(np.abs(log - np.median(log))))
    assert heaped(np.array([100.0] * 5 + list(range(6, 11)))) == (100.0, 5)
    assert heaped(np.full(20, 7.0)) == (0.0, 0)
