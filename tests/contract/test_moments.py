"""The rules of test_statistics.py for second moments, counts, shares and inequality, also calibrated and replicated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

Call = Callable[..., "sk.Estimates"]
NUMBERS = ["estimate", "se", "ci_low", "ci_high", "df", "cv", "deff", "n", "weight_sum"]


def people(seed: int = 11, n: int = 220) -> pd.DataFrame:
    """Unequal strata, PSUs and weights, ties, a skewed amount, domains that miss PSUs, one with nobody, one with one."""
    rng = np.random.default_rng(seed)
    psu = np.sort(rng.choice(16, n, p=rng.dirichlet(np.full(16, 4.0))))
    psu[:32] = np.repeat(np.arange(16), 2)
    psu = np.sort(psu)
    effect = rng.normal(size=16)
    frame = pd.DataFrame({"psu": psu, "stratum": np.searchsorted([0, 3, 8, 12], psu, side="right")})
    frame["w"] = rng.uniform(0.3, 4.0, n)
    frame["N"] = frame["stratum"].map({1: 9, 2: 20, 3: 8, 4: 40})
    frame["y"] = np.round(10 + 3 * effect[psu] + rng.normal(size=n), 1)
    frame["x"] = np.round(np.exp(0.1 * frame["y"] + rng.normal(size=n)) + 0.1, 2)
    frame["q"] = np.where(rng.random(n) < 0.03, 3, rng.integers(1, 3, n))
    frame["dom"] = np.where(psu < 2, "a", rng.choice(["a", "b", "c"], n))
    frame["sex"] = rng.choice(["f", "m"], n)
    frame["few"] = pd.Categorical(np.where(np.arange(n) == 7, "one", "rest"), ["none", "one", "rest"])
    frame["flag"] = (rng.random(n) < 0.6) & (psu != 4)
    frame["one"] = 1
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


DECLARED: dict[str, Any] = {"weight": "w", "strata": "stratum", "psu": "psu"}
UNBIASED = ("variance", "sd", "covariance")
STATISTICS: dict[str, Call] = {
    "variance": lambda d, **k: sk.variance(d, "y", **k),
    "sd": lambda d, **k: sk.sd(d, "x", **k),
    "covariance": lambda d, **k: sk.covariance(d, ("y", "x"), **k),
    "correlation": lambda d, **k: sk.correlation(d, ("y", "x"), **k),
    "geometric_mean": lambda d, **k: sk.geometric_mean(d, "x", **k),
    "count": lambda d, **k: sk.count(d, "q", **k),
    "share": lambda d, by="dom", **k: sk.share(d, "x", by="sex", within=by, **k),
    "share of people": lambda d, by="dom", **k: sk.share(d, by=("sex", "q"), within=by, **k),
    "gini": lambda d, **k: sk.gini(d, "x", **k),
    "deviation about the mean": lambda d, **k: sk.mean_absolute_deviation(d, "x", **k),
    "deviation about the median": lambda d, **k: sk.mean_absolute_deviation(d, "x", about="median", **k),
}
each = pytest.mark.parametrize("name", STATISTICS)


def same(a: Any, b: Any, names: list[str] | None = None, rtol: float = 1e-12) -> None:
    one, two = (part.table if isinstance(part, sk.Estimates) else part for part in (a, b))
    for name in names or NUMBERS:
        np.testing.assert_allclose(
            one[name].to_numpy(float), two[name].to_numpy(float), rtol=rtol, atol=1e-13, err_msg=name
        )


@pytest.fixture
def frame() -> pd.DataFrame:
    return people()


@pytest.fixture
def design(frame: pd.DataFrame) -> sk.Design:
    return sk.Design(frame, **DECLARED)


# --------------------------------------------------------------------------------------------------------- invariances
@each
def test_row_order_does_not_matter(frame: pd.DataFrame, design: sk.Design, name: str) -> None:
    """Catches ties broken by position."""
    shuffled = sk.Design(frame.sample(frac=1, random_state=1), **DECLARED)
    call = STATISTICS[name]
    same(call(shuffled, by="dom", deff="srswr"), call(design, by="dom", deff="srswr"))


@each
@pytest.mark.parametrize("factor", [1e-6, 0.25, 1e7])
def test_the_scale_of_the_weights(frame: pd.DataFrame, design: sk.Design, name: str, factor: float) -> None:
    call = STATISTICS[name]
    scaled = call(sk.Design(frame.assign(w=frame["w"] * factor), **DECLARED), by="dom", deff="srswr").table
    plain = call(design, by="dom", deff="srswr").table
    amount = factor if name == "count" else 1.0
    for column in ("estimate", "se", "ci_low", "ci_high"):
        np.testing.assert_allclose(scaled[column], amount * plain[column], rtol=1e-11, err_msg=column)
    same(scaled, plain, ["df", "cv", "deff", "n"], 1e-10)


@each
def test_rows_twice_are_weight_two(frame: pd.DataFrame, name: str) -> None:
    """Only the factor n / (n - 1) of variances knows how many rows there were."""
    call = STATISTICS[name]
    twice = call(sk.Design(pd.concat([frame, frame]), **DECLARED), by="dom").table
    heavy = call(sk.Design(frame.assign(w=2 * frame["w"]), **DECLARED), by="dom").table
    n = heavy["n"].to_numpy(float)
    factor = (2 * n / (2 * n - 1)) / (n / (n - 1)) if name in UNBIASED else np.ones(len(n))
    factor = np.sqrt(factor) if name == "sd" else factor
    for column in ("estimate", "se"):
        np.testing.assert_allclose(twice[column], factor * heavy[column], rtol=1e-12, err_msg=column)
    same(twice, heavy, ["df", "weight_sum"])


@each
def test_answers_outside_a_domain_change_nothing_in_it(frame: pd.DataFrame, name: str) -> None:
    outside = frame["dom"] != "a"
    other = frame.assign(
        y=frame["y"].where(~outside, 1e6), x=frame["x"].where(~outside, 1e-6), q=frame["q"].where(~outside, 3)
    )
    pick = [STATISTICS[name](sk.Design(f, **DECLARED), by="dom").table for f in (frame, other)]
    same(*(table[table["dom"] == "a"] for table in pick), rtol=1e-11)


@each
def test_the_input_stays_as_it_was(frame: pd.DataFrame, name: str) -> None:
    before = frame.copy(deep=True)
    est = STATISTICS[name](sk.Design(frame, **DECLARED), by="dom", where="flag", deff="srswor")
    est.table.loc[:, "se"] = 0.0
    pd.testing.assert_frame_equal(frame, before)


@each
@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_every_library_gives_the_same_numbers(frame: pd.DataFrame, library: str, name: str) -> None:
    module = pytest.importorskip(library, reason=f"{library} is not installed")
    plain = frame.drop(columns="few")
    other = module.from_pandas(plain) if library == "polars" else module.Table.from_pandas(plain, preserve_index=False)
    ours = STATISTICS[name](sk.Design(other, **DECLARED), by="dom", where="flag", deff="srswr")
    pd.testing.assert_frame_equal(
        ours.table, STATISTICS[name](sk.Design(plain, **DECLARED), by="dom", where="flag", deff="srswr").table
    )
    assert type(ours.to_frame()).__module__.split(".")[0] == library


# ------------------------------------------------------------------------------------------------------------- the law
def settings(frame: pd.DataFrame) -> dict[str, sk.Design]:
    plain = sk.Design(frame, **DECLARED, fpc="N")
    stratified = sk.post_stratify(plain, "sex", {"f": 300, "m": 250})
    return {
        "plain": plain,
        "calibrated": sk.calibrate(stratified, {"q": {1: 260, 2: 270, 3: 20}, "y": 5600}),
        "raked": sk.rake(plain, {"sex": {"f": 300, "m": 250}, "dom": {"a": 200, "b": 200, "c": 150}}),
        "replicates": sk.make_replicates(plain, "JKn"),
    }


@pytest.mark.parametrize("kind", ["plain", "calibrated", "raked", "replicates"])
@each
def test_scalar_vector_and_by_a_constant_agree(frame: pd.DataFrame, name: str, kind: str) -> None:
    """A rival forgets the calibration in vector calls."""
    design, call = settings(frame)[kind], STATISTICS[name]
    if not name.startswith("share"):
        by = call(design, by="one", deff="srswr").table.drop(columns="one")
        same(by, call(design, deff="srswr"), rtol=1e-11)
    several: dict[str, Callable[..., sk.Estimates]] = {
        "variance": sk.variance,
        "sd": sk.sd,
        "geometric_mean": sk.geometric_mean,
        "gini": sk.gini,
        "deviation about the mean": sk.mean_absolute_deviation,
    }
    if name in several:
        function = several[name]
        both = function(design, ("x", "y"), by="dom", deff="srswr").table
        for variable in ("x", "y"):
            alone = function(design, variable, by="dom", deff="srswr").table
            same(both[both["variable"] == variable].reset_index(drop=True), alone, rtol=1e-11)


def test_all_pairs_are_the_pairs(design: sk.Design) -> None:
    every = sk.correlation(design, ("y", "x", "q"), by="dom").table
    assert every["variable"].tolist()[:3] == ["y,x", "y,q", "x,q"]
    for pair in (("y", "x"), ("y", "q"), ("x", "q")):
        alone = sk.correlation(design, pair, by="dom")
        same(every[every["variable"] == ",".join(pair)].reset_index(drop=True), alone)


@each
def test_where_is_the_row_of_by(frame: pd.DataFrame, name: str) -> None:
    d = sk.Design(frame.assign(inside=frame["dom"] == "b"), **DECLARED)
    if name.startswith("share"):
        by = STATISTICS[name](d, by="inside", deff="srswr").table
        where = STATISTICS[name](d, by=None, where="inside", deff="srswr")
    else:
        by = STATISTICS[name](d, by="inside", deff="srswr").table
        where = STATISTICS[name](d, where="inside", deff="srswr")
    same(where, by[by["inside"]].reset_index(drop=True), rtol=1e-11)


@pytest.mark.parametrize("name", [name for name in STATISTICS if name != "share of people"])
def test_excluding_missing_answers_makes_them_a_domain(frame: pd.DataFrame, name: str) -> None:
    absent = np.random.default_rng(9).random(len(frame)) < 0.2
    blank = frame.assign(**{key: frame[key].astype(float).mask(absent) for key in ("y", "x", "q")}, answered=~absent)
    by = {"by": None} if name.startswith("share") else {}
    ours = STATISTICS[name](sk.Design(blank, **DECLARED), missing="exclude", deff="srswr", **by)
    answered = sk.Design(frame.assign(answered=~absent), **DECLARED)
    same(
        ours,
        STATISTICS[name](answered, where="answered", deff="srswr", **by),
        ["estimate", "se", "cv", "deff", "n", "weight_sum"],
    )
    assert (ours.table["df"] == answered.df).all()  # not answering leaves the df alone
    with pytest.raises(sk.SurveyKitError, match="missing values"):
        STATISTICS[name](sk.Design(blank, **DECLARED), **by)


def jackknife(
    frame: pd.DataFrame, apply: Callable[[sk.Design], sk.Design], call: Callable[[sk.Design], sk.Estimates]
) -> np.ndarray:
    """Covariance from the numerical derivative of all that is done to the weights, by each PSU's weight."""
    units = frame.groupby("psu")["stratum"].first()
    step, out = 1e-5, []
    for unit in units.index:
        inside = (frame["psu"] == unit).to_numpy()
        up, down = (
            call(apply(sk.Design(frame.assign(w=frame["w"] * (1 + s * inside)), **DECLARED, fpc="N"))).table["estimate"]
            for s in (step, -step)
        )
        out.append((up - down).to_numpy(float) / (2 * step))
    t, strata, v = np.array(out), units.to_numpy(), 0.0
    for h in np.unique(strata):
        part = t[strata == h] - t[strata == h].mean(axis=0)
        fraction = len(part) / frame.loc[frame["stratum"] == h, "N"].iloc[0]
        v = v + (1 - fraction) * len(part) / (len(part) - 1) * part.T @ part
    return np.asarray(v)


STEPS: dict[str, Callable[[sk.Design], sk.Design]] = {
    "plain": lambda d: d,
    "calibrated": lambda d: sk.calibrate(
        sk.post_stratify(d, "sex", {"f": 300, "m": 250}), {"q": {1: 260, 2: 270, 3: 20}, "y": 5600}
    ),
}


@pytest.mark.parametrize("steps", STEPS)
@each
def test_variance_is_the_infinitesimal_jackknife(frame: pd.DataFrame, name: str, steps: str) -> None:
    """Catches any term left out of an influence, in every domain and between them."""

    def call(d: sk.Design) -> sk.Estimates:
        return STATISTICS[name](d, by="dom")

    est = call(STEPS[steps](sk.Design(frame, **DECLARED, fpc="N")))
    expected, ours = jackknife(frame, STEPS[steps], call), est.vcov()
    size = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert (np.abs(ours - expected) <= 2e-6 * size + 1e-12 * size.max()).all()
    np.testing.assert_allclose(est.table["se"], np.sqrt(np.diag(ours)), rtol=1e-10, atol=1e-15)


def test_one_result_of_many_statistics_has_their_covariance(frame: pd.DataFrame) -> None:
    def call(d: sk.Design) -> sk.Estimates:
        return sk.bind(*(STATISTICS[name](d, by="dom") for name in STATISTICS), sk.mean(d, "y"))

    est = call(sk.Design(frame, **DECLARED, fpc="N"))
    expected, ours = jackknife(frame, STEPS["plain"], call), est.vcov()
    size = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert (np.abs(ours - expected) <= 2e-6 * size + 1e-12 * size.max()).all()


@each
def test_influence_adds_up_to_zero_for_what_has_no_scale(design: sk.Design, name: str) -> None:
    est = STATISTICS[name](design, by="dom")
    sums = np.zeros(len(est.table))
    for block in est.variance.blocks:
        sums[block.rows] += block.totals[0].sum(axis=0)
    expected = est.table["estimate"].to_numpy(float) if name == "count" else 0.0
    np.testing.assert_allclose(sums, expected, rtol=1e-12, atol=1e-11)


# ------------------------------------------------------------------------------------------------- replicates and waves
@each
def test_replicates_recompute_the_statistic(frame: pd.DataFrame, design: sk.Design, name: str) -> None:
    """Each replicate is the statistic under its weights, so replicates given as columns say what made ones say."""
    made = sk.make_replicates(design, "JKn")
    ours = STATISTICS[name](made, by="dom")
    theta = []
    for w in made.replicate_weights():
        kept = w > 0
        again = sk.Design(frame.assign(w=w)[kept], **DECLARED, lonely_psu="certainty")
        theta.append(STATISTICS[name](again, by="dom").table["estimate"].to_numpy(float))
    given = np.array(theta)
    if name in UNBIASED:  # a replicate keeps the factor n / (n - 1) of the whole sample
        n = ours.table["n"].to_numpy(float)
        rows = [frame.assign(w=w)[w > 0].groupby("dom").size().to_numpy() for w in made.replicate_weights()]
        factor = (n / (n - 1)) / np.array([m / (m - 1) for m in rows])
        given = given * (np.sqrt(factor) if name == "sd" else factor)
    coefficients = made.replicates.coefficients
    centred = given - given.mean(axis=0)
    np.testing.assert_allclose(ours.vcov(), (coefficients[:, None] * centred).T @ centred, rtol=1e-8, atol=1e-13)


@each
def test_a_wave_is_the_design_of_its_rows_alone(frame: pd.DataFrame, name: str) -> None:
    """Catches a centre, an order or a base taken over all waves."""
    later = people(seed=12).assign(wave=2, y=lambda f: f["y"] + 50)
    both = pd.concat([frame.assign(wave=1), later], ignore_index=True)
    by = STATISTICS[name](
        sk.Design(both, **DECLARED, wave="wave", overlap="psu"), by=("wave", "dom"), deff="srswr"
    ).table
    for wave, part in both.groupby("wave"):
        alone = STATISTICS[name](sk.Design(part, **DECLARED), by="dom", deff="srswr")
        same(by[by["wave"] == wave].reset_index(drop=True), alone, rtol=1e-11)


@each
def test_a_change_between_waves_with_the_same_units(frame: pd.DataFrame, name: str) -> None:
    both = pd.concat([frame.assign(wave=1), people(seed=12).assign(wave=2)], ignore_index=True)
    est = STATISTICS[name](sk.Design(both, **DECLARED, wave="wave", overlap="psu"), by="wave")
    change = est.change("wave")
    k = len(est.table) // 2
    v = est.vcov()
    expected = np.diag(v)[:k] + np.diag(v)[k:] - 2 * np.diag(v[:k, k:])
    # rows of shares have their own order within a wave, the same in both
    np.testing.assert_allclose(np.sort(change.table["se"] ** 2), np.sort(expected), rtol=1e-9, atol=1e-16)


# ------------------------------------------------------------------------------------------------------ awkward domains
@each
def test_domains_with_nobody_and_with_one(frame: pd.DataFrame, design: sk.Design, name: str) -> None:
    """Neither stops the others, and a status says what is wrong."""
    table = STATISTICS[name](design, by="few").table
    inside = STATISTICS[name](sk.Design(frame.assign(inside=frame["few"] == "rest"), **DECLARED), by="inside").table
    rest = table[table["few"] == "rest"].reset_index(drop=True)
    same(rest, inside[inside["inside"]].reset_index(drop=True), ["estimate", "se", "df", "n"], 1e-11)
    none, one = (table[table["few"] == label] for label in ("none", "one"))
    assert set(none["status"]) == {"empty"}
    assert none["estimate"].isna().all()
    if name in ("variance", "sd", "covariance", "correlation"):
        assert one["status"].tolist() == ["undefined"]
        assert one[["estimate", "se", "ci_low"]].isna().all(axis=None)
    else:
        assert set(one["status"]) <= {"no_df", "one_value"}


def test_a_domain_where_all_say_the_same(frame: pd.DataFrame) -> None:
    """0.1 + 0.2 is not 0.3: rounding must not look like spread, nor a constant like a correlation."""
    same_there = frame.assign(
        y=np.where(frame["dom"] == "b", 0.1 + 0.2, frame["y"]), z=np.where(frame["dom"] == "b", 1e8 / 3, frame["x"])
    )
    d = sk.Design(same_there, **DECLARED)
    for y in ("y", "z"):
        for function in (sk.variance, sk.sd, sk.gini, sk.mean_absolute_deviation):
            row = function(d, y, by="dom").table.set_index("dom").loc["b"]
            assert (row["estimate"], row["se"], row["status"]) == (0.0, 0.0, "one_value")
        for pair in ((y, "x"), ("x", y)):
            row = sk.covariance(d, pair, by="dom").table.set_index("dom").loc["b"]
            assert (row["estimate"], row["se"], row["status"]) == (0.0, 0.0, "one_value")
            row = sk.correlation(d, pair, by="dom").table.set_index("dom").loc["b"]
            assert row["status"] == "undefined"
            assert np.isnan(row["estimate"])
    row = sk.geometric_mean(d, "z", by="dom").table.set_index("dom").loc["b"]
    assert row["status"] == "one_value"
    np.testing.assert_allclose(row["estimate"], 1e8 / 3, rtol=1e-14)


@pytest.mark.parametrize("offset", [0.0, 1e4, 1e6, 1e8])
def test_a_large_mean_beside_a_small_spread_costs_no_digits(frame: pd.DataFrame, offset: float) -> None:
    whole = np.round(frame["y"] * 10)  # whole numbers, so that adding the offset is exact
    other = np.round(frame["x"] * 10)
    small, large = (sk.Design(frame.assign(y=whole + c, x=other + c), **DECLARED) for c in (0.0, offset))
    calls: dict[str, Call] = {
        "variance": lambda d: sk.variance(d, ("y", "x"), by="dom", deff="srswr"),
        "sd": lambda d: sk.sd(d, ("y", "x"), by="dom", deff="srswr"),
        "covariance": lambda d: sk.covariance(d, ("y", "x"), by="dom", deff="srswr"),
        "correlation": lambda d: sk.correlation(d, ("y", "x"), by="dom", deff="srswr"),
        "deviation about the mean": lambda d: sk.mean_absolute_deviation(d, ("y", "x"), by="dom", deff="srswr"),
        "about the median": lambda d: sk.mean_absolute_deviation(d, "y", about="median", by="dom", deff="srswr"),
    }
    for call in calls.values():
        same(call(large), call(small), ["estimate", "se", "cv", "deff"], rtol=1e-9)


def test_a_gini_of_near_equals_keeps_its_digits(frame: pd.DataFrame) -> None:
    """Moving everybody by c divides the coefficient by 1 + c / mean; its double sum does not change."""
    whole = np.round(frame["y"] * 10)
    for c in (1e4, 1e8):
        d, moved = (sk.Design(frame.assign(y=whole + part), **DECLARED) for part in (0.0, c))
        mean = float(sk.mean(d, "y").table["estimate"][0])
        plain, ours = (float(sk.gini(part, "y").table["estimate"][0]) for part in (d, moved))
        np.testing.assert_allclose(ours, plain * mean / (mean + c), rtol=1e-9)
