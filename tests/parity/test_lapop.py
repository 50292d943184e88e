"""AmericasBarometer Brazil, nine waves, against R survey (lapop.R): every wave, item and change.

Tolerance 1e-8 relative: weights printed with 15 digits and sums over some thousand rows lose less than 1e-12.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

RELATIVE = 1e-8
ITEMS = ("b13", "b21", "b31", "ing4")
THEIRS = pd.read_csv(Path(__file__).with_name("lapop.csv"), comment="#", dtype={"wave": str, "from": str})
THEIRS["from"] = THEIRS["from"].fillna("")


@pytest.fixture(scope="module")
def design(data_folder: Path) -> sk.Design:
    frame = pd.read_csv(data_folder / "lapop_brazil" / "cm23.csv.gz", dtype={"wave": str})
    for item in ITEMS:
        frame[f"{item}_share"] = (frame[item] >= 5).astype(float).where(frame[item].notna())
        frame[f"{item}_mean"] = frame[item]
    return sk.Design(
        frame, weight="weight1500", strata="strata", psu="upm", nest=True, wave="wave", lonely_psu="adjust"
    )


@pytest.fixture(scope="module")
def means(design: sk.Design) -> sk.Estimates:
    names = tuple(f"{item}_{kind}" for item in ITEMS for kind in ("share", "mean"))
    return sk.mean(design, names, by="wave", missing="exclude")


def compare(ours: pd.DataFrame, theirs: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    theirs = theirs.assign(variable=theirs["item"] + "_" + theirs["statistic"])
    both = theirs.merge(ours, on=["variable", *keys], suffixes=("_r", ""), validate="one_to_one")
    assert len(both) == len(theirs)
    for name in ("estimate", "se", "ci_low", "ci_high"):
        np.testing.assert_allclose(both[name], both[f"{name}_r"], rtol=RELATIVE, atol=1e-12, err_msg=name)
    for name in ("df", "n"):
        assert both[name].tolist() == both[f"{name}_r"].tolist()
    return both


def test_every_wave_and_item(means: sk.Estimates) -> None:
    theirs = THEIRS[THEIRS["from"] == ""]
    assert len(theirs) == len(means.table) == 9 * 4 * 2
    asked = theirs["n"] > 0
    compare(means.table, theirs[asked], ["wave"])
    empty = theirs[~asked]
    rows = means.table.set_index(["variable", "wave"]).loc[
        list(zip(empty["item"] + "_" + empty["statistic"], empty["wave"], strict=True))
    ]
    assert rows["estimate"].isna().all()
    assert rows["se"].isna().all()
    assert (rows["n"] == 0).all()
    assert rows["status"].isin(["empty", "not_asked"]).all()


@pytest.mark.parametrize("to", ["previous", "first"])
def test_every_change(means: sk.Estimates, to: str) -> None:
    ours = means.change("wave", to=to).table
    theirs = THEIRS[THEIRS["from"] != ""]
    pairs = set(zip(ours["variable"], ours["wave"], ours["from"], strict=True))
    inside = [(f"{row.item}_{row.statistic}", row.wave, row[4]) in pairs for row in theirs.itertuples()]
    compare(ours, theirs[inside], ["wave", "from"])
    assert len(ours) == sum(inside)


def test_the_figures_lapop_published(design: sk.Design, means: sk.Estimates) -> None:
    """Percent with t intervals on the wave's own df, to five decimals; LAPOP prints two."""
    published = {
        ("b13_share", "2018/19"): (30.32138, 27.76127, 32.88150),
        ("b31_share", "2018/19"): (43.08618, 40.06770, 46.10465),
        ("b13_share", "2023"): (35.25472, 32.18235, 38.32709),
    }
    rows = means.table.set_index(["variable", "wave"])
    for key, expected in published.items():
        ours = 100 * rows.loc[key, ["estimate", "ci_low", "ci_high"]].to_numpy(dtype=float)
        np.testing.assert_allclose(ours, expected, rtol=0, atol=5.1e-6)
    assert rows.loc[("b13_share", "2018/19"), "df"] == 120
    assert design.df > 3000  # the pooled design's, which must not be used


def test_an_item_out_of_a_wave_is_empty_and_never_zero(means: sk.Estimates) -> None:
    rows = means.table.set_index(["variable", "wave"]).loc["b31_share"]
    for wave in ("2014", "2016/17", "2021"):
        assert np.isnan(rows.loc[wave, "estimate"])
        assert rows.loc[wave, "n"] == 0
