"""Reliability, item analysis and agreement against R psych, survey and lavaan (scales.R), pingouin and published examples.

Tolerances: 1e-9 where both sides compute a formula from a few hundred doubles; 1e-6 for omega by R's ``factanal`` and
``cfa``, which stop at their optimiser's tolerance; 1e-4 for polychoric correlations, since ``psych`` minimises with the
default tolerance of ``optimize`` (1.2e-4, a quarter of a root of the machine's precision) and lavaan with that of ``nlminb``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

HERE = Path(__file__).parent
RELATIVE = 1e-9
FITTED = 1e-6
OPTIMIZED = 1e-4
REVERSE = {"q": {"q4": (1, 5)}, "m": {"m4": (1, 5)}}

PEOPLE = pd.read_csv(HERE / "scales_data.csv").assign(same=1.0)
PEOPLE["inside"] = PEOPLE["dom"] == "a"
ROWS = pd.read_csv(HERE / "scales_rows.csv", comment="#", keep_default_na=False)
POLYCHORIC = pd.read_csv(HERE / "scales_polychoric.csv", comment="#")
ICC = pd.read_csv(HERE / "scales_icc.csv", comment="#")
RATINGS = pd.read_csv(HERE / "scales_ratings_data.csv")


def plain() -> sk.Design:
    return sk.Design(PEOPLE, weight="same")


def complex_() -> sk.Design:
    return sk.Design(PEOPLE, weight="weight", strata="stratum", psu="psu", nest=True)


def items(name: str) -> tuple[str, ...]:
    return tuple(f"{name[0]}{j}" for j in range(1, 6))


def told(est: sk.Estimates) -> dict[tuple[str, str], tuple[float, float]]:
    """Point and SE by statistic and item."""
    rows = est.table.to_dict("records")
    return {
        (row["statistic"], row["category"] or (row["variable"] if row["statistic"] == "item_rest" else "")): (
            row["estimate"],
            row["se"],
        )
        for row in rows
    }


@pytest.mark.parametrize("name", ["q", "m"])
def test_psych_alpha(name: str) -> None:
    """Catches another factor n / (n - 1), a rest that holds the item, or listwise instead of pairwise covariances."""
    options = {"missing": "pairwise", "reverse": REVERSE[name]}
    ours: dict[tuple[str, str], float] = {}
    for standardized in (False, True):
        est = sk.alpha(plain(), items(name), standardized=standardized, details=True, **options)
        for (statistic, item), (value, _) in told(est).items():
            ours[statistic, "" if item == "mean correlation" else item] = value
    table = sk.item_rest(plain(), items(name), details=True, **options).table
    for row in table.to_dict("records"):
        ours[row["category"] or "item_rest", row["variable"]] = row["estimate"]
    expected = ROWS[
        (ROWS["source"] == "psych") & (ROWS["items"] == name) & ~ROWS["statistic"].str.startswith("ordinal")
    ]
    assert len(expected) == (28 if name == "q" else 23)
    for row in expected.to_dict("records"):
        value = ours[row["statistic"], row["item"]]
        np.testing.assert_allclose(value, float(row["value"]), rtol=RELATIVE, err_msg=str(row))


@pytest.mark.parametrize("name", ["q", "qa", "m", "ma"])
def test_survey_alpha_and_replicates(name: str) -> None:
    """Catches weights left out, a domain that drops rows before the replicates, replicates that reuse the point's matrix."""
    where = {"where": "inside"} if name.endswith("a") else {}
    options = {"missing": "listwise", "reverse": REVERSE[name[0]], **where}
    jkn = sk.make_replicates(complex_(), "JKn")
    ours = told(sk.alpha(jkn, items(name), details=True, **options))
    ours |= told(sk.alpha(jkn, items(name), standardized=True, **options))
    ours |= told(sk.omega(jkn, items(name), **options))
    ours |= told(sk.item_rest(jkn, items(name), **options))
    expected = ROWS[ROWS["items"].eq(name) & ROWS["source"].eq("jkn")]
    assert len(expected) == 13
    for row in expected.to_dict("records"):
        value, se = ours[row["statistic"], row["item"]]
        fitted = row["statistic"] == "omega"
        np.testing.assert_allclose(value, float(row["value"]), rtol=FITTED if fitted else RELATIVE, err_msg=str(row))
        np.testing.assert_allclose(se, float(row["se"]), rtol=FITTED if fitted else RELATIVE, err_msg=str(row))
    point = ROWS[ROWS["items"].eq(name) & ROWS["source"].eq("survey")]["value"].astype(float)
    np.testing.assert_allclose(ours["alpha", ""][0], point, rtol=RELATIVE)
    linear = told(sk.omega(complex_(), items(name), **options))["omega", ""]
    assert abs(linear[1] / ours["omega", ""][1] - 1) < 0.15


@pytest.mark.parametrize("method", ["ml", "uls"])
def test_lavaan_omega(method: str) -> None:
    est = sk.omega(plain(), items("q"), method=method, reverse=REVERSE["q"])
    expected = float(ROWS.query(f"statistic == 'omega_{method}'")["value"].iloc[0])
    np.testing.assert_allclose(est.table["estimate"][0], expected, rtol=FITTED)


@pytest.mark.parametrize("row", POLYCHORIC.to_dict("records"), ids=lambda row: f"{row['a']}-{row['b']}")
def test_polychoric_correlations(row: dict[str, object]) -> None:
    """Catches thresholds of other rows, an added half in empty cells, a wrong sign."""
    pair = (row["a"], row["b"])
    reverse = {name: ends for name, ends in REVERSE["q"].items() if name in pair}
    table = sk.ordinal_alpha(plain(), pair, details=True, reverse=reverse).table
    for peer in ("psych", "lavaan"):
        np.testing.assert_allclose(table["estimate"][1], row[peer], atol=OPTIMIZED)


def test_ordinal_alpha_and_omega() -> None:
    value = {
        (row["source"], row["statistic"]): float(row["value"]) for row in ROWS.to_dict("records") if row["items"] == "q"
    }
    ours = sk.ordinal_alpha(plain(), items("q"), reverse=REVERSE["q"]).table["estimate"][0]
    np.testing.assert_allclose(ours, value["lavaan", "ordinal_alpha"], atol=OPTIMIZED)
    np.testing.assert_allclose(ours, value["psych", "ordinal_alpha"], atol=OPTIMIZED)
    weighted = sk.ordinal_alpha(complex_(), items("q"), reverse=REVERSE["q"]).table["estimate"][0]
    np.testing.assert_allclose(weighted, value["psych_weighted", "ordinal_alpha"], atol=OPTIMIZED)
    omega = sk.omega(plain(), items("q"), ordinal=True, method="uls", reverse=REVERSE["q"]).table["estimate"][0]
    np.testing.assert_allclose(omega, value["psych", "ordinal_omega"], atol=OPTIMIZED)


# -------------------------------------------------------------------------------------------------- agreement of raters
def test_psych_icc() -> None:
    """Catches mean squares or degrees of freedom mixed up between the six forms and their limits."""
    table = sk.icc(RATINGS).table
    assert table["variable"].tolist() == ICC["form"].str.replace(";", ",").tolist()
    for ours, theirs in (("estimate", "icc"), ("ci_low", "low"), ("ci_high", "high")):
        np.testing.assert_allclose(table[ours], ICC[theirs], rtol=RELATIVE, err_msg=ours)


def test_shrout_and_fleiss() -> None:
    """Shrout & Fleiss (1979), tables 2 and 4."""
    scores = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
    assert sk.icc(scores).table["estimate"].round(2).tolist() == [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]


RELIABILITY = (
    np.array(  # Krippendorff (2011), Computing Krippendorff's alpha-reliability, section C: 12 units, 4 observers
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, np.nan, np.nan, np.nan],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, np.nan, 3],
            [np.nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, np.nan],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, np.nan],
        ]
    ).T
)


@pytest.mark.parametrize(
    ("measurement", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_krippendorff_2011(measurement: str, published: float) -> None:
    table = sk.krippendorff_alpha(RELIABILITY, measurement, interval="jackknife").table
    assert round(float(table["estimate"][0]), 3) == published
    assert (table["n"][0], table["weight_sum"][0]) == (11, 40)


def test_krippendorff_2011_two_observers() -> None:
    """Sections A and B: ten units in two classes, twelve in five."""
    two = np.array([[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]], float).T
    five = pd.DataFrame({"Meg": list("aabbdcccedda"), "Owen": list("babbbccceddd")})
    values = [sk.krippendorff_alpha(part, interval="jackknife").table["estimate"][0] for part in (two, five)]
    assert np.round(values, 3).tolist() == [0.095, 0.692]


# ------------------------------------------------------------------------------------------------------- cross-checks
@pytest.mark.filterwarnings("ignore")
def test_pingouin_agrees() -> None:
    """Pingouin never enters the package; its alpha is listwise or pairwise and its ICC in the same six forms."""
    pingouin = pytest.importorskip("pingouin", reason="pingouin is not installed")
    turned = PEOPLE.assign(m4=6 - PEOPLE["m4"])
    for missing in ("listwise", "pairwise"):
        theirs = pingouin.cronbach_alpha(turned[list(items("m"))], nan_policy=missing)[0]
        ours = sk.alpha(plain(), items("m"), missing=missing, reverse=REVERSE["m"]).table["estimate"][0]
        np.testing.assert_allclose(ours, theirs, rtol=RELATIVE)
    long = RATINGS.reset_index().melt("index")
    theirs = pingouin.intraclass_corr(long, targets="index", raters="variable", ratings="value")["ICC"]
    np.testing.assert_allclose(sk.icc(RATINGS).table["estimate"], theirs, rtol=1e-6)
