"""US General Social Survey, confidence in 13 institutions over 33 years, against R survey (gss.R).

Who was asked follows the rule written in gss.R: an item was not put to a ballot on which nobody of that year answered it, nor to
those whose reason for a missing answer is "i", nor, in 1984, 2002 and 2004, to those who answered nothing of the battery.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

RELATIVE = 1e-8
THEIRS = pd.read_csv(Path(__file__).with_name("gss.csv"), comment="#")
ITEMS = tuple(sorted(THEIRS["item"].unique()))


@dataclass(frozen=True)
class Answers:
    """A frame that knows where an item was asked."""

    frame: pd.DataFrame
    was_asked: dict[str, Any]

    def asked(self, name: str) -> Any:
        return self.was_asked.get(name.split("_", maxsplit=1)[0])


def rows_asked(frame: pd.DataFrame, reasons: pd.DataFrame) -> dict[str, Any]:
    ballot = frame["year"] * 10 + frame["ballot"].fillna(0)
    battery = frame[list(ITEMS)].notna().any(axis=1)
    told = frame[["year", "id"]].merge(reasons, on=["year", "id"], how="left", validate="one_to_one")
    by_half = frame["year"].isin([1984, 2002, 2004])
    out = {}
    for item in ITEMS:
        asked = ballot.isin(ballot[frame[item].notna()].unique())
        asked &= told[f"{item}_na"].to_numpy() != "i"
        out[item] = (asked & (battery | ~by_half)).to_numpy()
        assert not (frame[item].notna() & ~out[item]).any()
    return out


@pytest.fixture(scope="module")
def design(data_folder: Path) -> sk.Design:
    folder = data_folder / "gss_confidence"
    frame = pd.read_csv(folder / "gss_confidence_1972_2024.csv.gz", low_memory=False)
    reasons = pd.read_csv(folder / "gss_confidence_missing_reasons_2016_2024.csv.gz", dtype=str)
    reasons = reasons.astype({"year": int, "id": int})
    undesigned = frame["vstrat"].isna()
    frame = frame.assign(
        stratum=frame["vstrat"].fillna(0), unit=np.where(undesigned, np.arange(len(frame)), frame["vpsu"].fillna(0))
    )
    more = {
        f"{item}_{code}": (frame[item] == code).astype(float).where(frame[item].notna())
        for item in ITEMS
        for code in (1, 3)
    }
    frame = pd.concat([frame, pd.DataFrame(more)], axis=1)
    return sk.Design(
        Answers(frame, rows_asked(frame, reasons)),
        weight="wtssps",
        strata="stratum",
        psu="unit",
        nest=True,
        wave="year",
        lonely_psu="adjust",
    )


@pytest.fixture(scope="module")
def shares(design: sk.Design) -> sk.Estimates:
    return sk.mean(design, tuple(f"{item}_{code}" for item in ITEMS for code in (1, 3)), by="year", missing="exclude")


def compare(ours: pd.DataFrame, theirs: pd.DataFrame, keys: list[str]) -> None:
    theirs = theirs.assign(variable=theirs["item"] + "_" + theirs["code"].astype(str))
    ours = ours[ours["estimate"].notna()].astype(dict.fromkeys(keys, int))
    both = theirs.astype(dict.fromkeys(keys, int)).merge(
        ours, on=["variable", *keys], suffixes=("_r", ""), validate="one_to_one"
    )
    assert len(both) == len(theirs) == len(ours)
    for name in ("estimate", "se"):
        np.testing.assert_allclose(both[name], both[f"{name}_r"], rtol=RELATIVE, atol=1e-12, err_msg=name)
    for name in ("df", "n"):
        assert both[name].tolist() == both[f"{name}_r"].tolist()


def test_every_year_and_item(shares: sk.Estimates) -> None:
    compare(shares.table, THEIRS[THEIRS["from"].isna() & THEIRS["sex"].isna()], ["year"])


def test_every_change(shares: sk.Estimates) -> None:
    compare(shares.change("year").table, THEIRS[THEIRS["from"].notna()], ["year", "from"])


def test_domains_have_their_own_degrees_of_freedom(design: sk.Design) -> None:
    theirs = THEIRS[THEIRS["sex"].notna()]
    names = tuple(f"{item}_1" for item in theirs["item"].unique())
    ours = sk.mean(design, names, by=("year", "sex"), missing="exclude").table
    compare(ours, theirs, ["year", "sex"])


def test_years_without_an_item_are_not_asked(shares: sk.Estimates) -> None:
    rows = shares.table.set_index(["year", "variable"])
    assert (rows.loc[1985, "status"] == "not_asked").all()
    assert (rows.loc[1972, "status"] == "not_asked").all()
    assert rows.loc[1985, "estimate"].isna().all()
    assert (rows.loc[1973].drop(index=["confinan_1", "confinan_3"])["status"] == "ok").all()
    assert rows.loc[(1973, "confinan_1"), "status"] == "not_asked"


def test_all_levels_share_one_covariance(design: sk.Design) -> None:
    """All levels of all items by year in one call: levels add up to one, and their covariance to zero."""
    ours = sk.proportion(design, ITEMS, by="year", missing="exclude")
    assert len(ours.table) == 13 * 3 * 33
    answered = ours.table[ours.table["estimate"].notna()]
    sums = answered.groupby(["year", "variable"])["estimate"].sum()
    np.testing.assert_allclose(sums, 1.0, rtol=1e-12)
    rows = answered.index[(answered["year"] == 2018) & (answered["variable"] == "conpress")].tolist()
    np.testing.assert_allclose(ours.vcov(rows).sum(axis=0), 0.0, atol=1e-16)
