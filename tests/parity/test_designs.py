"""Made-up designs of one to three stages against R survey (designs.R), and small published examples.

Tolerance 1e-10 relative: both sides sum the same few hundred doubles, only in another order.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

HERE = Path(__file__).parent
RELATIVE = 1e-10

ONE = {"strata": "stratum", "psu": "psu", "nest": True}
TWO = {"strata": "stratum", "psu": ("psu", "ssu"), "fpc": ("N1", "N2"), "nest": True}
HALVES = {"strata": ("stratum", "half"), "nest": True}
DESIGNS = {
    "srs": {},
    "strata_only": {"strata": "stratum"},
    "psu_only": {"psu": "psu_id"},
    "one": ONE,
    "one_fpc": ONE | {"fpc": "N1"},
    "two": TWO,
    "two_strata": HALVES | {"psu": ("psu", "ssu"), "fpc": ("N1", "N2half")},
    "three": HALVES | {"psu": ("psu", "ssu", "tsu"), "fpc": ("N1", "N2half", "N3")},
    "certain": ONE | {"fpc": "N1"},
    "certain_two": TWO,
}
for _rule in ("certainty", "adjust", "average"):
    DESIGNS[f"lonely_{_rule}"] = ONE | {"lonely_psu": _rule}
    DESIGNS[f"lonely_{_rule}_fpc"] = ONE | {"lonely_psu": _rule, "fpc": "N1"}


def read(name: str) -> pd.DataFrame:
    texts = {"domain": str, "category": str}
    frame = pd.read_csv(HERE / name, comment="#", dtype=texts)
    return frame.fillna({name: "" for name in texts if name in frame})


PEOPLE = pd.read_csv(HERE / "designs_data.csv")
ROWS = read("designs_rows.csv")
VCOV = read("designs_vcov.csv")
INTERVALS = read("designs_intervals.csv")


def design(name: str) -> sk.Design:
    kinds = ["base", name.split("_", maxsplit=1)[0]]
    return sk.Design(PEOPLE[PEOPLE["kind"].isin(kinds)], weight="weight", **DESIGNS[name])


def estimates(d: sk.Design, statistic: str, variable: str, domain: str, **more: object) -> pd.DataFrame:
    by = {"by": "dom"} if domain else {}
    missing = {"missing": "exclude"} if variable == "v" else {}
    if statistic == "ratio":
        out = sk.ratio(d, variable, "x", **by, **more)
    else:
        out = getattr(sk, statistic)(d, variable, **by, **missing, **more)
    return out.table[out.table["dom"] == domain] if domain else out.table


def close(ours: object, theirs: object, relative: float = RELATIVE, scale: float = 0.0) -> None:
    np.testing.assert_allclose(np.asarray(ours, float), np.asarray(theirs, float), rtol=relative, atol=1e-14 * scale)


@pytest.mark.parametrize("name", sorted(ROWS["design"].unique()))
def test_estimates_equal_r_survey(name: str) -> None:
    d = design(name)
    for (statistic, variable, domain), theirs in ROWS[ROWS["design"] == name].groupby(
        ["statistic", "variable", "domain"], sort=False
    ):
        for reference in ("srswr", "srswor"):
            ours = estimates(d, statistic, variable, domain, deff=reference)
            if statistic == "proportion":
                assert ours["category"].astype(str).tolist() == theirs["category"].tolist()
            close(ours["estimate"], theirs["estimate"])
            close(ours["se"], theirs["se"], scale=float(np.abs(theirs["estimate"]).max()))
            assert ours["df"].tolist() == theirs["df"].tolist()
            told = theirs[f"deff_{reference}"].notna().to_numpy()
            close(ours["deff"][told], theirs[f"deff_{reference}"][told], 2 * RELATIVE)


@pytest.mark.parametrize("statistic", ["mean", "total"])
@pytest.mark.parametrize("name", sorted(VCOV["design"].unique()))
def test_covariance_over_domains_and_items_equals_r_survey(name: str, statistic: str) -> None:
    d = design(name)
    ours = getattr(sk, statistic)(d, ("y", "x", "b"), by="dom")
    label = (ours.table["dom"] + ":" + ours.table["variable"]).tolist()
    at = {text: i for i, text in enumerate(label)}
    theirs = VCOV[(VCOV["design"] == name) & (VCOV["statistic"] == statistic)]
    assert len(theirs) == len(label) * (len(label) + 1) // 2
    v = ours.vcov()
    a, b = theirs["a"].map(at).to_numpy(), theirs["b"].map(at).to_numpy()
    # a covariance is judged beside the product of its standard errors: it may itself be nearly zero
    size = np.sqrt(v[a, a] * v[b, b])
    size[size == 0] = 1.0
    np.testing.assert_allclose(v[a, b] / size, theirs["value"] / size, rtol=0, atol=RELATIVE)
    np.testing.assert_array_equal(v, v.T)


@pytest.mark.parametrize("name", sorted(INTERVALS["design"].unique()))
def test_intervals_of_proportions_equal_svyciprop(name: str) -> None:
    kinds = {"mean": "wald", "xlogit": "logit", "beta": "beta"}
    d = design(name)
    for row in INTERVALS[INTERVALS["design"] == name].itertuples():
        ours = estimates(d, "mean", row.variable, row.domain, interval=kinds[row.method], level=row.level).iloc[0]
        assert (ours["df"], ours["n"]) == (row.df, row.n)
        close([ours["ci_low"], ours["ci_high"]], [row.ci_low, row.ci_high], scale=1.0)


# ------------------------------------------------------------------------------------------------ waves that share units
OVERLAP = read("overlap.csv")


@pytest.fixture(scope="module")
def members() -> pd.DataFrame:
    return pd.read_csv(HERE / "overlap_data.csv")


@pytest.mark.parametrize(("name", "source"), [("plain", "stacked"), ("fpc", "stacked"), ("plain", "formula")])
def test_changes_with_common_psus(members: pd.DataFrame, name: str, source: str) -> None:
    """R's stacked design with shared PSU ids where all PSUs are common; the formula of HOUSE.md where some are."""
    fpc = {"fpc": "N1"} if name == "fpc" else {}
    data = members[members["wave"] <= 2] if source == "stacked" else members
    d = sk.Design(data, weight="weight", strata="stratum", psu="psu", wave="wave", overlap="psu", **fpc)
    for row in OVERLAP[(OVERLAP["design"] == name) & (OVERLAP["source"] == source)].itertuples():
        by = ("wave", "dom") if row.domain else "wave"
        means = sk.mean(d, row.variable, by=by)
        later, earlier = ({"wave": wave} | ({"dom": row.domain} if row.domain else {}) for wave in (row.wave, row[6]))
        one = means.difference(later, earlier).table.iloc[0]
        close([one["estimate"], one["se"]], [row.estimate, row.se])
        table = means.change("wave", to=row[6]).table
        table = table[(table["wave"] == row.wave) & (True if not row.domain else table["dom"] == row.domain)]
        close(table[["estimate", "se"]].iloc[0], [row.estimate, row.se])


def test_ids_that_mean_nothing_between_waves_add_variances(members: pd.DataFrame) -> None:
    d = sk.Design(members, weight="weight", strata="stratum", psu="psu", wave="wave")
    means = sk.mean(d, "y", by="wave")
    se = means.table["se"].to_numpy()
    close(means.change("wave").table["se"], np.hypot(se[1:], se[:-1]))


# --------------------------------------------------------------------------------------------------- published examples
def test_stata_manual_fpc_example() -> None:
    """Stata [SVY] variance estimation: mean 5.448148, SE 0.74127 without and 0.61604 with fpc."""
    frame = pd.DataFrame(
        {
            "stratid": [1] * 5 + [2] * 3,
            "psuid": [1, 2, 3, 4, 5, 1, 2, 3],
            "weight": [3.0] * 5 + [4.0] * 3,
            "Nh": [15] * 5 + [12] * 3,
            "x": [2.8, 4.1, 6.8, 6.8, 9.2, 3.7, 6.6, 4.2],
        }
    )
    plain = sk.Design(frame, weight="weight", strata="stratid", psu="psuid", nest=True)
    finite = sk.Design(frame, weight="weight", strata="stratid", psu="psuid", fpc="Nh", nest=True)
    row, with_fpc = (sk.mean(d, "x").table.iloc[0] for d in (plain, finite))
    assert round(row["estimate"], 6) == 5.448148
    assert round(row["se"], 5) == 0.74127
    assert round(with_fpc["se"], 5) == 0.61604
    assert row["df"] == 6


def test_sarndal_swensson_wretman_two_stages() -> None:
    """MU284, two stages with fpc at both: total 15080 (2274.2547), mean 44.352941 (2.27365)."""
    y = [41, 49, 31, 39, 49, 49, 49, 31, 41, 51, 49, 45, 35, 61, 33]
    frame = pd.DataFrame({"id1": [19, 45, 47, 50, 31] * 3, "id2": np.repeat([1, 2, 3], 5), "y": y})
    frame["N1"], frame["N2"] = 50, frame["id1"].map({19: 5, 45: 8, 47: 5, 50: 9, 31: 7})
    frame["w"] = 50 / 5 * frame["N2"] / 3
    d = sk.Design(frame, weight="w", psu=("id1", "id2"), fpc=("N1", "N2"))
    total, mean = sk.total(d, "y").table.iloc[0], sk.mean(d, "y").table.iloc[0]
    assert (round(total["estimate"], 6), round(total["se"], 4)) == (15080.0, 2274.2547)
    assert (round(mean["estimate"], 6), round(mean["se"], 5)) == (44.352941, 2.27365)
    close(total["se"] ** 2, 5172234.4444444403)


# ----------------------------------------------------------------------------------------------------- another package
def test_weighted_means_without_design_agree_with_statsmodels() -> None:
    """`DescrStatsW` divides by n where linearisation divides by n - 1: ratio of variances n / (n - 1)."""
    stats = pytest.importorskip("statsmodels.stats.weightstats", reason="statsmodels is not installed")
    frame = PEOPLE[PEOPLE["kind"] == "base"]
    n = len(frame)
    y, even = frame["y"].to_numpy(), np.ones(n)
    ours = sk.mean(sk.Design(frame.assign(one=1.0), weight="one"), "y").table.iloc[0]
    theirs = stats.DescrStatsW(y, weights=even, ddof=1)
    close([ours["estimate"], ours["se"]], [theirs.mean, theirs.std / np.sqrt(n)])
    close([ours["ci_low"], ours["ci_high"]], theirs.tconfint_mean())


@pytest.mark.parametrize("count", [0, 1, 17, 120, 259, 260])
def test_beta_interval_without_design_is_clopper_pearson(count: int) -> None:
    """With equal weights and independent rows the effective size is n - 1, not n, so only 0 and n agree exactly."""
    proportion = pytest.importorskip("statsmodels.stats.proportion", reason="statsmodels is not installed")
    n = 260
    frame = pd.DataFrame({"w": np.ones(n), "y": (np.arange(n) < count).astype(float)})
    ours = sk.mean(sk.Design(frame, weight="w"), "y", interval="beta").table.iloc[0]
    size = n if count in (0, n) else n - 1
    theirs = proportion.proportion_confint(count * size / n, size, method="beta")
    expected = [0.0 if count == 0 else theirs[0], 1.0 if count == n else theirs[1]]
    close([ours["ci_low"], ours["ci_high"]], expected, 1e-9)
