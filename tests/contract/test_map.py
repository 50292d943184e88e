"""The rules of functions of estimates: est.map against linear maps, itself, replicates and recomputed columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import special

import survey_kit as sk


def people(seed: int = 3, n: int = 500) -> pd.DataFrame:
    """Three waves that share units, unequal weights, ties, an item that some were not asked, a domain that is nearly empty."""
    rng = np.random.default_rng(seed)
    unit = rng.integers(0, 24, n)
    unit[:24] = np.arange(24)
    effect = rng.normal(size=24)
    frame = pd.DataFrame({"psu": unit, "stratum": unit // 6, "w": rng.uniform(0.4, 3, n)})
    frame["wave"] = rng.choice([2019, 2021, 2024], n)
    frame["court"] = np.clip(np.round(5 + effect[unit] + rng.normal(size=n) * 2), 0, 10)
    frame["police"] = np.clip(np.round(4 + effect[unit] + rng.normal(size=n) * 2), 0, 10)
    frame.loc[rng.random(n) < 0.2, "police"] = np.nan
    frame["trust"] = (rng.random(n) < 0.4).astype(float)
    frame["vote"] = rng.choice(["yes", "no", "none"], n)
    frame["region"] = rng.choice(["n", "s", "w"], n)
    return frame


DECLARED: dict[str, Any] = {
    "weight": "w",
    "strata": "stratum",
    "psu": "psu",
    "wave": "wave",
    "overlap": "psu",
    "lonely_psu": "adjust",
}
NUMBERS = ["estimate", "se", "ci_low", "ci_high", "df", "cv", "n"]


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return people()


@pytest.fixture(scope="module", params=["taylor", "jackknife", "bootstrap"])
def design(frame: pd.DataFrame, request: pytest.FixtureRequest) -> sk.Design:
    if request.param == "taylor":
        return sk.Design(frame, **DECLARED)
    plain = sk.Design(frame, weight="w", strata="stratum", psu="psu")
    if request.param == "jackknife":
        return sk.make_replicates(plain, "JKn")
    return sk.make_replicates(plain, "bootstrap", replicates=60, rng=5)


@pytest.fixture(scope="module")
def means(design: sk.Design) -> sk.Estimates:
    return sk.mean(design, ("court", "police", "trust"), by=("region", "wave"), missing="exclude")


def same(a: sk.Estimates, b: sk.Estimates, names: list[str] = NUMBERS, rtol: float = 1e-10) -> None:
    for name in names:
        np.testing.assert_allclose(
            a.table[name].to_numpy(float), b.table[name].to_numpy(float), rtol=rtol, atol=1e-12, err_msg=name
        )


def rows_of(est: sk.Estimates, **where: Any) -> list[int]:
    fits = np.ones(len(est.table), dtype=bool)
    for name, value in where.items():
        fits &= (est.table[name] == value).to_numpy()
    return np.flatnonzero(fits).tolist()


def test_a_linear_function_equals_the_linear_map(means: sk.Estimates) -> None:
    ours = means.map(lambda m: 2 * m["court"] - m["police"] / 4 + 7)
    weights = np.zeros((9, 27))
    for i, (region, wave) in enumerate(ours.table[["region", "wave"]].itertuples(index=False)):
        for variable, one in (("court", 2.0), ("police", -0.25)):
            weights[i, rows_of(means, region=region, wave=wave, variable=variable)] = one
    theirs = means.linear(weights)
    same(ours, theirs, ["se", "df", "n"])
    np.testing.assert_allclose(ours.table["estimate"], theirs.table["estimate"] + 7, rtol=1e-13)
    np.testing.assert_allclose(ours.vcov(), theirs.vcov(), rtol=1e-9, atol=1e-13)


def test_a_change_is_a_change(means: sk.Estimates) -> None:
    ours = means.map(lambda m: m[2024] - m[2021], along="wave")
    changes = means.change("wave")
    at = rows_of(changes, wave=2024)
    theirs = changes.table.iloc[at].set_index(["region", "variable"])
    own = ours.table.set_index(["region", "variable"])
    for name in NUMBERS:
        np.testing.assert_allclose(own[name], theirs.loc[own.index, name], rtol=1e-10, err_msg=name)
    assert own["statistic"].unique().tolist() == ["map"]


def test_a_composition_equals_a_map_of_a_map(means: sk.Estimates) -> None:
    once = means.map(lambda m: np.log(m["court"] / m["police"]) ** 2)
    twice = means.map(lambda m: {"ratio": m["court"] / m["police"]}).map(lambda m: np.log(m["ratio"]) ** 2)
    same(once, twice)
    np.testing.assert_allclose(once.vcov(), twice.vcov(), rtol=1e-9, atol=1e-15)


def test_a_scale_scales(means: sk.Estimates) -> None:
    one, hundred = (means.map(lambda m, k=k: k * m["court"] / m["police"]) for k in (1.0, 100.0))
    for name in ("estimate", "se", "ci_low", "ci_high"):
        np.testing.assert_allclose(hundred.table[name], 100 * one.table[name], rtol=1e-12)
    same(one, hundred, ["df", "cv", "n"])


def test_all_groups_at_once_equal_each_alone(design: sk.Design) -> None:
    everywhere = sk.mean(design, ("court", "trust"), by="region").map(lambda m: m["court"] ** m["trust"])
    for i, region in enumerate(everywhere.table["region"]):
        alone = sk.mean(design, ("court", "trust"), by="region")
        picked = alone.linear(np.eye(6)[rows_of(alone, region=region)], {"variable": ["court", "trust"]}).map(
            lambda m: m["court"] ** m["trust"]
        )
        for name in NUMBERS:
            assert picked.table[name].iloc[0] == pytest.approx(everywhere.table[name].iloc[i], rel=1e-11), name


def test_several_results_share_a_covariance(means: sk.Estimates) -> None:
    both = means.map(lambda m: {"sum": m["court"] + m["police"], "difference": m["court"] - m["police"]})
    assert both.table["variable"].tolist()[:2] == ["sum", "difference"]
    court = means.map(lambda m: m["court"])
    again = both.map(lambda m: (m["sum"] + m["difference"]) / 2, name="court")
    same(again, court, [name for name in NUMBERS if name != "n"])  # its base is that of both items


def test_order_of_rows_and_groups_does_not_matter(frame: pd.DataFrame) -> None:
    f = lambda m: special.logit(m["trust"]) * m["court"]  # noqa: E731
    one = sk.mean(sk.Design(frame, **DECLARED), ("trust", "court"), by="region").map(f)
    shuffled = sk.Design(frame.sample(frac=1, random_state=2), **DECLARED)
    two = sk.mean(shuffled, ("court", "trust"), by="region").map(f)
    same(one, two)


def test_the_delta_method_is_the_infinitesimal_jackknife(frame: pd.DataFrame) -> None:
    """The derivative of the whole way, weights to function, with respect to each unit's weight."""
    f = lambda m: np.exp(m["court"] / 10) / (m["trust"] + 0.1)  # noqa: E731
    declared = {"weight": "w", "psu": "psu"}

    def value(weights: pd.Series) -> float:
        est = sk.mean(sk.Design(frame.assign(w=weights), **declared), ("court", "trust"))
        return float(est.map(f).table["estimate"].iloc[0])

    h = 1e-5
    slope = np.array(
        [
            (value(frame["w"] * (1 + h * (frame["psu"] == p))) - value(frame["w"] * (1 - h * (frame["psu"] == p))))
            / (2 * h)
            for p in range(24)
        ]
    )
    variance = 24 / 23 * ((slope - slope.mean()) ** 2).sum()
    ours = sk.mean(sk.Design(frame, **declared), ("court", "trust")).map(f).table["se"].iloc[0]
    assert ours == pytest.approx(np.sqrt(variance), rel=1e-7)


def test_linearised_and_jackknife_errors_are_near(frame: pd.DataFrame) -> None:
    f = lambda m: {"ratio": m["court"] / m["trust"], "odds": special.logit(m["trust"])}  # noqa: E731
    taylor = sk.mean(sk.Design(frame, weight="w", psu="psu", strata="stratum"), ("court", "trust"))
    jackknife = sk.mean(
        sk.make_replicates(sk.Design(frame, weight="w", psu="psu", strata="stratum"), "JKn"), ("court", "trust")
    )
    np.testing.assert_allclose(taylor.map(f).table["se"], jackknife.map(f).table["se"], rtol=0.02)


def test_replicates_evaluate_the_function_itself(frame: pd.DataFrame) -> None:
    """Replicates carried through the derivative would give the linear answer instead."""
    design = sk.make_replicates(sk.Design(frame, weight="w", strata="stratum", psu="psu"), "JKn")
    est = sk.mean(design, ("court", "trust"))
    theta_r = est.variance.theta_r
    values = np.exp(theta_r[:, 0]) / theta_r[:, 1]
    by_hand = np.sqrt((est.variance.coefficients * (values - values.mean()) ** 2).sum())
    ours = est.map(lambda m: np.exp(m["court"]) / m["trust"])
    assert ours.table["se"].iloc[0] == pytest.approx(by_hand, rel=1e-12)
    assert "function of estimates: evaluated in every replicate" in ours.notes


def test_ten_items_with_bases_of_their_own_in_one_line(frame: pd.DataFrame) -> None:
    """Equal to the mean of the items' own means; a mean over complete rows would not be."""
    rng = np.random.default_rng(8)
    items = [f"item{i}" for i in range(10)]
    wide = frame.assign(
        **{item: np.where(rng.random(len(frame)) < 0.3, np.nan, rng.integers(0, 11, len(frame))) for item in items}
    )
    est = sk.mean(sk.Design(wide, **DECLARED), items, by="wave", missing="exclude")
    index = est.map(lambda m: 10 * np.mean(m[items]), name="trust100").table
    expected = 10 * est.table.groupby("wave")["estimate"].mean()
    np.testing.assert_allclose(index["estimate"], expected, rtol=1e-13)
    assert index["n"].tolist() == est.table.groupby("wave")["n"].min().tolist()


# ------------------------------------------------------------------------------------------------------- naming and gaps
def test_categories_are_named_with_their_variable_or_alone(frame: pd.DataFrame) -> None:
    shares = sk.proportion(sk.Design(frame, **DECLARED), "vote", by="wave")
    one = shares.map(lambda m: m["vote", "yes"] - m["vote", "no"], name="net")
    two = shares.map(lambda m: m["yes"] - m["no"], name="net")
    pd.testing.assert_frame_equal(one.table, two.table)
    assert one.table["category"].isna().all()
    assert one.keys == ("wave",)
    logit = shares.map(lambda m: special.logit(m["yes"]))
    assert set(logit.table.columns) == set(shares.table.columns)


def test_the_name_is_the_functions_own(means: sk.Estimates) -> None:
    def net_score(m: Any) -> Any:
        return m["court"] - m["police"]

    assert set(means.map(net_score).table["variable"]) == {"net_score"}
    assert set(means.map(net_score, name="net").table["variable"]) == {"net"}
    over_time = means.map(lambda m: {"rise": m[2024] - m[2019], "times": m["2024"] / m["2019"]}, along="wave")
    assert over_time.table["statistic"].tolist()[:2] == ["rise", "times"]
    assert set(over_time.table["variable"]) == {"court", "police", "trust"}


def test_a_group_that_lacks_an_estimate_is_empty(frame: pd.DataFrame) -> None:
    some = frame.assign(police=frame["police"].where(frame["region"] != "s"))
    est = sk.mean(sk.Design(some, **DECLARED), ("court", "police"), by="region", missing="exclude")
    table = est.map(lambda m: m["court"] - m["police"]).table.set_index("region")
    assert table["status"].to_dict() == {"n": "ok", "s": "empty", "w": "ok"}
    assert table.loc["s", ["estimate", "se", "ci_low"]].isna().all()
    kept = est.map(lambda m: np.where(np.isnan(m["police"]), m["court"], m["court"] - m["police"])).table
    assert kept["status"].tolist() == ["ok"] * 3
    court = est.table[est.table["variable"] == "court"].set_index("region")
    assert kept.set_index("region").loc["s", "se"] == pytest.approx(court.loc["s", "se"])


def test_a_function_without_a_value_is_undefined_and_said(frame: pd.DataFrame) -> None:
    est = sk.mean(sk.Design(frame.assign(zero=0.0), **DECLARED), ("court", "zero"))
    table = est.map(lambda m: {"inverse": m["court"] / m["zero"], "root": np.sqrt(m["zero"])}).table
    assert table["status"].tolist()[0] == "undefined"
    assert np.isnan(table["estimate"].iloc[0])
    assert table["estimate"].iloc[1] == 0
    assert np.isnan(table["se"].iloc[1])


def test_kinks_are_noted_where_they_matter(frame: pd.DataFrame) -> None:
    est = sk.mean(sk.Design(frame, **DECLARED), ("court", "trust"), by="region")
    far = est.map(lambda m: np.maximum(m["court"], m["trust"]))
    assert not any("kink" in note for note in far.notes)
    theta = est.table["estimate"].iloc[0]
    near = est.map(lambda m: abs(m["court"] - theta))
    assert any(note.startswith("abs: in ") and "of 3 groups" in note for note in near.notes)
    flat = est.map(lambda m: (m["court"] - theta) ** 2)
    assert any("derivatives are 0" in note for note in flat.notes)
    chosen = est.map(lambda m: np.where(m["court"] > theta, m["court"], theta))
    assert any("a comparison" in note for note in chosen.notes)


def test_intervals_on_the_scale_of_the_result(frame: pd.DataFrame) -> None:
    est = sk.mean(sk.Design(frame, **DECLARED), "trust", interval="logit")
    same(est, est.map(lambda m: m["trust"], interval="logit"), ["estimate", "se", "ci_low", "ci_high"])
    with pytest.raises(sk.SurveyKitError, match="between 0 and 1"):
        est.map(lambda m: 2 + m["trust"], interval="logit")


FAULTS = {
    "unknown variable": (lambda e: e.map(lambda m: m["curt"]), "did you mean 'court'"),
    "unknown label": (lambda e: e.map(lambda m: m[2020], along="wave"), "There is no estimate of wave 2020"),
    "too many names": (lambda e: e.map(lambda m: m["court", "yes", 1]), "named by 1 values"),
    "unknown column": (lambda e: e.map(lambda m: m["court"], along="wav"), "did you mean 'wave'"),
    "no column": (lambda e: e.map(lambda m: m["court"], along=()), "needs a column"),
    "a choice by if": (lambda e: e.map(lambda m: m["court"] if m["court"] > 5 else m["police"]), "np.where"),
    "python's max": (lambda e: e.map(lambda m: max(m["court"], m["police"])), "np.maximum"),
    "no derivative": (lambda e: e.map(lambda m: np.floor(m["court"])), "no derivative of 'floor'"),
    "misspelt": (lambda e: e.map(lambda m: special.expit(special.gammaln(m["court"]))), "no derivative of 'gammaln'"),
    "a number": (lambda e: e.map(lambda _: 3.0), "not made of estimates"),
    "a list": (lambda e: e.map(lambda m: [m["court"]]), "not made of estimates"),
    "nothing": (lambda e: e.map(lambda _: {}), "returns nothing"),
    "an array": (lambda e: e.map(lambda m: np.array([1.0, 2.0]) * m["court"]), "array of numbers"),
    "a sum over groups": (lambda e: e.map(lambda m: np.sum(m["court"])), "needs a list"),
    "two names": (lambda e: e.map(lambda m: {"a": m["court"]}, name="b"), "names its results itself"),
    "rows that look alike": (lambda e: sk.bind(e, e).map(lambda m: m["court"]), "Two rows are 'court'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_done_is_said(means: sk.Estimates, fault: str) -> None:
    call, message = FAULTS[fault]
    with pytest.raises(sk.SurveyKitError, match=message) as caught:
        call(means)
    assert len(str(caught.value).splitlines()) <= 5


def test_a_mistake_of_the_function_is_the_users_own(means: sk.Estimates) -> None:
    with pytest.raises(ZeroDivisionError):
        means.map(lambda m: m["court"] * (1 / 0))
