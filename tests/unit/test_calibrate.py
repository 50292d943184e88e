"""Calibration asked for wrongly, and the awkward seams: shares, waves, bounds, margins out of reach, many margins."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import DesignError, SurveyKitError

SEX = {"f": 500, "m": 500}


def people(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"w": rng.uniform(1, 3, n), "psu": np.arange(n) // 10, "sex": rng.choice(["f", "m"], n)})
    frame["age"] = rng.choice(["y", "m", "o"], n)
    frame["k"] = rng.integers(1, 4, n)
    frame["income"] = rng.lognormal(1, 0.5, n)
    frame["year"] = rng.choice([2021, 2023], n)
    frame["gap"] = frame["sex"].where(frame.index > 5)
    frame["income_gap"] = frame["income"].where(frame.index > 5)
    frame["flag"] = frame["age"] != "o"
    return frame


@pytest.fixture(scope="module")
def design() -> sk.Design:
    return sk.Design(people(), weight="w", psu="psu")


@pytest.fixture(scope="module")
def waves() -> sk.Design:
    return sk.Design(people(), weight="w", psu="psu", wave="year")


def size(design: sk.Design) -> float:
    return float(design.layout.weight.sum())


# --------------------------------------------------------------------------------------------------------- wrongly asked
WRONG: dict[str, tuple[Callable[[sk.Design], Any], tuple[str, ...]]] = {
    "margins disagree": (
        lambda d: sk.rake(d, {"sex": {"f": 3097, "m": 3097}, "age": {"y": 2000, "m": 3000, "o": 1813.4}}),
        ("different populations", "'sex and age'", "6,194 and 6,813.4"),  # R rakes to the last margin without a word
    ),
    "zero sample cell": (
        lambda d: sk.post_stratify(d, "sex", {"f": 1, "m": 2, "x": 3}),
        ("nobody in the sample", "'sex', level x"),
    ),
    "level without target": (
        lambda d: sk.post_stratify(d, "age", {"y": 1, "m": 2, "O": 3}),
        ("no target", "level o", "did you mean 'O'"),
    ),
    "number as text": (
        lambda d: sk.post_stratify(d, "k", {"1": 5, "2": 3, "3": 4}),
        ("as it stands in the data: 1 (int), not '1' (str)",),
    ),
    "column misspelt": (lambda d: sk.rake(d, {"sx": SEX}), ("no column 'sx'", "did you mean 'sex'?")),
    "number misspelt": (lambda d: sk.calibrate(d, {"incom": 5.0}), ("no column 'incom'", "did you mean 'income'?")),
    "zero target": (lambda d: sk.post_stratify(d, "sex", {"f": 5, "m": 0}), ("target of zero", "level m")),
    "negative target": (lambda d: sk.post_stratify(d, "sex", {"f": 5, "m": -1}), ("negative", "level m")),
    "missing level": (lambda d: sk.post_stratify(d, "gap", SEX), ("missing values", "'gap'", "6 rows")),
    "missing number": (
        lambda d: sk.calibrate(d, {"sex": SEX, "income_gap": 5.0}),
        ("missing values", "row 1", "6 rows"),
    ),
    "no number": (lambda d: sk.post_stratify(d, "sex", {"f": float("nan"), "m": 1}), ("not a number", "'sex', f")),
    "a word": (lambda d: sk.calibrate(d, {"income": "many"}), ("not a number", "'many'")),
    "shares short of one": (
        lambda d: sk.post_stratify(d, "sex", {"f": 0.5, "m": 0.499}),
        ("do not add up to 1", "0.999"),
    ),
    "shares and numbers": (
        lambda d: sk.calibrate(d, {"sex": {"f": 0.5, "m": 0.5}, "income": 9}),
        ("Shares and totals", "population="),
    ),
    "another population": (
        lambda d: sk.post_stratify(d, "sex", SEX, population=1200),
        ("different populations", "1,000 and 1,200"),
    ),
    "levels of one column": (lambda d: sk.post_stratify(d, ("sex", "age"), SEX), ("does not name every column", "'f'")),
    "no mapping": (lambda d: sk.post_stratify(d, "sex", [1, 2]), ("no mapping", "list")),
    "nothing": (lambda d: sk.rake(d, {}), ("empty",)),
    "no levels": (lambda d: sk.rake(d, {"sex": {}}), ("no levels",)),
    "number in raking": (lambda d: sk.rake(d, {"income": 5.0}), ("margins of levels", "distance='raking'")),
    "crossed without levels": (lambda d: sk.calibrate(d, {("sex", "age"): 5.0}), ("a total for each level",)),
    "unknown distance": (
        lambda d: sk.calibrate(d, {"sex": SEX}, distance="logt"),
        ("not a distance", "did you mean 'logit'?"),
    ),
    "logit without bounds": (lambda d: sk.calibrate(d, {"sex": SEX}, distance="logit"), ("needs bounds",)),
    "logit with half a bound": (
        lambda d: sk.calibrate(d, {"sex": SEX}, distance="logit", bounds=(0.5, np.inf)),
        ("smallest and largest factor",),
    ),
    "bounds on one side of 1": (
        lambda d: sk.calibrate(d, {"sex": SEX}, bounds=(1.2, 3)),
        ("one below and one above 1",),
    ),
    "no tolerance": (lambda d: sk.rake(d, {"sex": SEX}, tolerance=0), ("between 0 and 1",)),
    "unknown convention": (lambda d: sk.rake(d, {"sex": SEX}, residuals="r"), ("convention for residuals",)),
    "two conventions": (
        lambda d: sk.rake(sk.post_stratify(d, "sex", SEX), {"sex": SEX}, residuals="R"),
        ("two conventions", "R and derivative"),
    ),
    "by and over": (
        lambda d: sk.standardize(d, "age", {"y": 1, "m": 1, "o": 1}, over="age"),
        ("both 'by' and 'over'",),
    ),
    "empty level of a group": (
        lambda d: sk.standardize(d, "age", {"y": 1, "m": 1, "o": 1}, over="flag"),
        ("nobody in the sample", "level y x False"),
    ),
    "no standard": (lambda d: sk.standardize(d, "sex", {"f": 0, "m": 0}), ("standard population is empty",)),
}


@pytest.mark.parametrize(("call", "said"), WRONG.values(), ids=WRONG.keys())
def test_wrongly_asked(design: sk.Design, call: Callable[[sk.Design], Any], said: tuple[str, ...]) -> None:
    with pytest.raises(SurveyKitError) as caught:
        call(design)
    for part in said:
        assert part in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 5


def test_waves_need_controls_each(waves: sk.Design) -> None:
    with pytest.raises(DesignError, match="'f' is no wave"):
        sk.post_stratify(waves, "sex", SEX)
    with pytest.raises(DesignError, match="nothing for wave 2023"):
        sk.rake(waves, {2021: {"sex": SEX}})
    with pytest.raises(DesignError, match="'sex', wave 2023, level m"):
        sk.rake(waves, {2021: {"sex": SEX}, 2023: {"sex": {"f": 3}}})


def test_none_leaves_a_wave_as_it_is(waves: sk.Design) -> None:
    made = sk.post_stratify(waves, "sex", {2021: SEX, 2023: None})
    later = people()["year"].to_numpy() == 2023
    np.testing.assert_array_equal(made.layout.weight[later], waves.layout.weight[later])
    np.testing.assert_allclose(made.layout.weight[~later].sum(), 1000)


def test_a_standard_by_wave(waves: sk.Design) -> None:
    each = {2021: {"f": 1, "m": 3}, 2023: {"f": 3, "m": 1}}
    made = sk.standardize(waves, "sex", each)
    shares = sk.proportion(made, "sex", by="year").table
    np.testing.assert_allclose(shares["estimate"], [0.25, 0.75, 0.75, 0.25])
    sums = [waves.layout.weight[waves.layout.wave_of_row == v].sum() for v in (0, 1)]
    np.testing.assert_allclose(sk.total(made, "income", by="year").table["weight_sum"], sums)


# ------------------------------------------------------------------------------------------------------------ what it gives
def test_the_design_before_is_left_alone(design: sk.Design) -> None:
    before = design.layout.weight.copy()
    made = sk.rake(design, {"sex": SEX})
    np.testing.assert_array_equal(design.layout.weight, before)
    assert design.calibration == ()
    assert made.layout.sweep is not None
    assert made.weight == "w"
    np.testing.assert_array_equal(made.layout.base_weight, before)


def test_nothing_that_rests_on_the_old_weights_is_kept(design: sk.Design) -> None:
    """A design keeps what it has counted; a calibrated one must not take it over."""
    before = sk.mean(design, "income", by="sex")
    made = sk.post_stratify(design, "sex", {"f": 1, "m": 9})
    np.testing.assert_allclose(sk.mean(made, "income", by="sex").table["weight_sum"], [1, 9], rtol=1e-12)
    np.testing.assert_array_equal(sk.mean(design, "income", by="sex").table["se"], before.table["se"])


def test_the_step_is_a_value(design: sk.Design) -> None:
    step = sk.calibrate(design, {"sex": SEX, "income": 3400.0}, bounds=(0.2, 4)).calibration[0]
    assert (step.kind, step.distance.name, step.bounds, step.residuals) == (
        "calibrate",
        "linear",
        (0.2, 4.0),
        "derivative",
    )
    assert step.names == ("sex=f", "sex=m", "income")
    assert step.X.shape == (400, 3)
    assert step.asked["controls"]["income"] == 3400.0
    assert step.largest_error < 1e-12
    np.testing.assert_array_equal(step.X.toarray()[:, 0], people()["sex"] == "f")
    np.testing.assert_allclose(step.slope, 1.0)


def test_the_estimate_says_what_was_done(design: sk.Design) -> None:
    made = sk.rake(design, {"sex": {"f": 0.5, "m": 0.5}, "age": {"y": 0.2, "m": 0.4, "o": 0.4}})
    notes = sk.mean(made, "income").notes
    assert any(note.startswith("weights raked to sex, age (factors") for note in notes)
    assert "shares were scaled to the sum of the weights" in notes
    assert (
        "residuals of the calibration as in R's survey package"
        in sk.rake(design, {"sex": SEX}, residuals="R").assumptions()
    )


def test_shares_keep_the_sum_of_the_weights_and_take_a_population(design: sk.Design) -> None:
    shares = {"sex": {"f": 0.52, "m": 0.48}}
    np.testing.assert_allclose(size(sk.rake(design, shares)), size(design), rtol=1e-12)
    np.testing.assert_allclose(size(sk.rake(design, shares, population=123)), 123, rtol=1e-12)
    third = dict.fromkeys(("y", "m", "o"), 0.333333333)  # published with nine digits
    np.testing.assert_allclose(size(sk.rake(design, {"age": third}, population=1000)), 1000, rtol=1e-12)


def test_shares_in_one_wave_and_totals_in_another(waves: sk.Design) -> None:
    made = sk.rake(waves, {2021: {"sex": {"f": 0.5, "m": 0.5}}, 2023: {"sex": SEX}})
    old, new = (sk.total(d, "income", by="year").table["weight_sum"] for d in (waves, made))
    np.testing.assert_allclose(new, [old[0], 1000], rtol=1e-12)
    assert list(made.calibration[0].relative.group >= 0) == [True, True, False, False]


def test_population_by_wave(waves: sk.Design) -> None:
    made = sk.rake(
        waves, {year: {"sex": {"f": 0.5, "m": 0.5}} for year in (2021, 2023)}, population={2021: 10, 2023: 20}
    )
    np.testing.assert_allclose(sk.total(made, "income", by="year").table["weight_sum"], [10, 20], rtol=1e-12)


def test_a_level_without_people_and_without_target_is_passed_over(design: sk.Design) -> None:
    made = sk.post_stratify(design, "sex", {**SEX, "x": 0})
    np.testing.assert_allclose(made.layout.weight, sk.post_stratify(design, "sex", SEX).layout.weight)


def test_unused_categories_of_a_categorical_column_need_no_target() -> None:
    frame = people().assign(sex=lambda f: pd.Categorical(f["sex"], categories=["m", "x", "f"]))
    made = sk.post_stratify(sk.Design(frame, weight="w", psu="psu"), "sex", SEX)
    np.testing.assert_allclose(size(made), 1000)


def test_a_series_of_totals_will_do(design: sk.Design) -> None:
    made = sk.post_stratify(design, "sex", pd.Series(SEX))
    np.testing.assert_array_equal(made.layout.weight, sk.post_stratify(design, "sex", SEX).layout.weight)


def test_a_standard_without_the_levels_a_group_lacks(design: sk.Design) -> None:
    made = sk.standardize(design, "age", {"y": 1, "m": 1, "o": 1}, over="flag", empty="drop")
    shares = sk.proportion(made, "age", by="flag").table
    np.testing.assert_allclose(shares["estimate"], [0, 1, 0, 0.5, 0, 0.5], atol=1e-12)  # m, o, y
    assert "levels without anybody, left out of the standard of their group: 3" in made.assumptions()


# ----------------------------------------------------------------------------------------------------- bounds and solutions
@pytest.mark.parametrize("distance", ["linear", "raking", "logit", "sinh"])
def test_bounds_are_kept(design: sk.Design, distance: str) -> None:
    """A rival documents bounds and refuses them; R's logit dies of 'missing value where TRUE/FALSE needed'."""
    income = float(design.layout.weight @ people()["income"])
    controls = {"income": 1.15 * income}
    free = sk.calibrate(design, controls, population=size(design), distance="raking").calibration[0]
    made = sk.calibrate(design, controls, population=size(design), distance=distance, bounds=(0.75, 1.6))
    step = made.calibration[0]
    assert (free.g.min() < 0.75) or (free.g.max() > 1.6)
    assert step.g.min() >= 0.75 - 1e-12
    assert step.g.max() <= 1.6 + 1e-12
    np.testing.assert_allclose(made.layout.weight @ people()["income"], 1.15 * income, rtol=1e-10)


def test_a_margin_out_of_reach_is_named(design: sk.Design) -> None:
    with pytest.raises(DesignError, match=r"sex=f needs a mean factor of 1\.55") as caught:
        sk.calibrate(design, {"sex": {"f": 600, "m": 200}}, bounds=(0.5, 1.2))
    assert "sex=m needs a mean factor of 0.495" in str(caught.value)


@pytest.mark.parametrize(
    ("distance", "bounds"), [("linear", (0.5, 1.2)), ("logit", (0.5, 1.9)), ("raking", (0.5, 1.9))]
)
def test_bounds_that_are_too_narrow_together(design: sk.Design, distance: str, bounds: tuple[float, float]) -> None:
    """The message gives bounds beyond which there is a solution: just inside there is none, a little outside there is one."""
    controls = {"income": 1.5 * float(design.layout.weight @ people()["income"])}
    ask = {"population": size(design), "distance": distance}
    with pytest.raises(DesignError, match="within the bounds") as caught:
        sk.calibrate(design, controls, bounds=bounds, **ask)
    low, high = (float(word) for word in str(caught.value).split("beyond ")[1].split(" there")[0].split(" to "))
    if distance == "linear":
        sk.calibrate(design, controls, bounds=(1 + 1.01 * (low - 1), 1 + 1.01 * (high - 1)), **ask)
    with pytest.raises(DesignError):
        sk.calibrate(design, controls, bounds=(1 + 0.99 * (low - 1), 1 + 0.99 * (high - 1)), **ask)


def structural() -> sk.Design:
    """Nobody is a young man."""
    frame = pd.DataFrame(
        {"w": np.ones(30), "sex": ["f"] * 10 + ["m"] * 10 + ["f"] * 10, "age": ["y"] * 10 + ["o"] * 20}
    )
    return sk.Design(frame, weight="w")


def test_structural_zeros_out_of_reach_are_found_and_named() -> None:
    started = time.perf_counter()
    with pytest.raises(DesignError, match="cannot be reached together") as caught:
        sk.rake(structural(), {"sex": SEX, "age": {"y": 600, "o": 400}})
    assert "age=y" in str(caught.value)
    assert time.perf_counter() - started < 5


def test_raking_that_would_drift_for_ever_is_stopped() -> None:
    """Old women would need weight zero: fitting in turn creeps towards it, its weights hardly changing any more."""
    with pytest.raises(DesignError, match="shrink to nothing"):
        sk.rake(structural(), {"sex": SEX, "age": {"y": 500, "o": 500}})
    close = sk.rake(structural(), {"sex": SEX, "age": {"y": 499, "o": 501}})
    assert close.calibration[0].largest_error < 1e-10
    assert close.calibration[0].iterations < 30


@pytest.mark.parametrize("factor", [1e-9, 1e7])
def test_linear_factors_keep_their_digits_when_weights_are_of_another_size(waves: sk.Design, factor: float) -> None:
    """1 + u with u close to -1 loses as many digits as the factor is small."""
    controls = {2021: None, 2023: {"sex": SEX, "income": 3400.0}}
    other = sk.Design(people().assign(w=lambda f: f["w"] * factor), weight="w", psu="psu", wave="year")
    ours, moved = (sk.calibrate(d, controls) for d in (waves, other))
    later = people()["year"].to_numpy() == 2023
    np.testing.assert_allclose(moved.layout.weight[later], ours.layout.weight[later], rtol=1e-12)
    a, b = (sk.mean(d, "k", by="year").table["se"] for d in (ours, moved))
    np.testing.assert_allclose(b, a, rtol=1e-11)


@pytest.mark.parametrize("population", [1e-9, 1.0, 1e12])
def test_small_factors_are_no_vanishing_weights(design: sk.Design, population: float) -> None:
    """Weights brought to another scale have tiny factors all alike: only a factor small beside the others is a fault."""
    margins = {"sex": {"f": 0.4, "m": 0.6}, "age": {"y": 0.3, "m": 0.3, "o": 0.4}}
    made, one = (sk.rake(design, margins, population=p) for p in (population, 1000.0))
    np.testing.assert_allclose(made.layout.weight * 1000 / population, one.layout.weight, rtol=1e-10)


def test_controls_that_contradict_each_other() -> None:
    frame = people().assign(double=lambda f: 2 * f["income"])
    d = sk.Design(frame, weight="w", psu="psu")
    with pytest.raises(DesignError, match="cannot be reached together"):
        sk.calibrate(d, {"income": 3000.0, "double": 7000.0}, population=1000)
    fine = sk.calibrate(d, {"income": 3000.0, "double": 6000.0}, population=1000)
    one = sk.calibrate(d, {"income": 3000.0}, population=1000)
    np.testing.assert_allclose(fine.layout.weight, one.layout.weight, rtol=1e-10)
    same = [sk.total(x, "k").table["se"].iloc[0] for x in (fine, one)]
    np.testing.assert_allclose(*same, rtol=1e-8)


def test_too_few_steps_are_said(design: sk.Design) -> None:
    controls = {"income": 1.4 * float(design.layout.weight @ people()["income"])}
    with pytest.raises(DesignError, match="does not converge"):
        sk.calibrate(design, controls, population=size(design), distance="raking", maxit=1)


# ------------------------------------------------------------------------------------------------------ digits, size, speed
@pytest.mark.parametrize("offset", [0.0, 1e4, 1e8])
def test_a_number_far_from_zero_costs_no_digits(offset: float) -> None:
    frame = people().assign(whole=lambda f: np.round(f["income"] * 8) + offset)
    d = sk.Design(frame, weight="w", psu="psu")
    made = sk.calibrate(d, {"sex": SEX, "whole": 1000 * (25 + offset)})
    plain = sk.calibrate(
        sk.Design(people().assign(whole=np.round(people()["income"] * 8)), weight="w", psu="psu"),
        {"sex": SEX, "whole": 25000},
    )
    np.testing.assert_allclose(made.layout.weight, plain.layout.weight, rtol=1e-9 if offset < 1e8 else 1e-6)
    np.testing.assert_allclose(
        sk.mean(made, "k").table["se"], sk.mean(plain, "k").table["se"], rtol=1e-9 if offset < 1e8 else 1e-6
    )


def test_totals_in_hundreds_of_millions(design: sk.Design) -> None:
    big = {"sex": {"f": 5e8, "m": 4e8}, "age": {"y": 1e8, "m": 3e8, "o": 5e8}}
    small = {column: {level: total / 9e8 for level, total in margin.items()} for column, margin in big.items()}
    made = [sk.mean(sk.rake(design, part), "income").table for part in (big, small)]
    np.testing.assert_allclose(made[0][["estimate", "se"]], made[1][["estimate", "se"]], rtol=1e-10)


def test_margins_are_met_to_ten_digits_and_factors_are_a_product(design: sk.Design) -> None:
    """R's rake stops within one population unit; others leave 1e-4, or forget the weights the people came with."""
    margins = {"sex": {"f": 0.7, "m": 0.3}, "age": {"y": 0.5, "m": 0.3, "o": 0.2}, "k": {1: 0.6, 2: 0.3, 3: 0.1}}
    made = sk.rake(design, margins, population=1e6)
    for column, margin in margins.items():
        sums = pd.Series(made.layout.weight).groupby(people()[column].to_numpy()).sum() / 1e6
        np.testing.assert_allclose(sums, pd.Series(margin).sort_index(), rtol=1e-10)
    g = pd.Series(made.calibration[0].g)
    assert (g.groupby([people()[c].to_numpy() for c in margins]).std().fillna(0) < 1e-12 * g.max()).all()


def test_ten_margins_never_make_their_cross_table() -> None:
    """Ten margins of six levels are 60 million cells; those that occur are at most as many as people."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({f"m{j}": rng.integers(0, 6, 3000) for j in range(10)}).assign(w=rng.uniform(1, 2, 3000))
    started = time.perf_counter()
    made = sk.rake(sk.Design(frame, weight="w"), {f"m{j}": dict.fromkeys(range(6), 1 / 6) for j in range(10)})
    assert time.perf_counter() - started < 5
    assert len(made.calibration[0].cell_columns[0].code) <= 3000
    assert made.calibration[0].largest_error < 1e-12


def test_many_cells_of_one_step_need_no_full_matrix() -> None:
    rng = np.random.default_rng(4)
    n = 20_000
    frame = pd.DataFrame(
        {
            "w": rng.uniform(1, 2, n),
            "place": rng.integers(0, 4000, n),
            "y": rng.normal(size=n),
            "psu": np.arange(n) // 20,
        }
    )
    targets = {int(place): 10.0 for place in frame["place"].unique()}
    ours = sk.mean(sk.post_stratify(sk.Design(frame, weight="w", psu="psu"), "place", targets), "y").table
    cell = frame.groupby("place")
    g = 10.0 / cell["w"].transform("sum")
    mean = (frame["w"] * g * frame["y"]).sum() / (frame["w"] * g).sum()
    e = frame["y"] - (frame["w"] * frame["y"]).groupby(frame["place"]).transform("sum") / cell["w"].transform("sum")
    t = (frame["w"] * g * e).groupby(frame["psu"]).sum() / (frame["w"] * g).sum()
    np.testing.assert_allclose(ours["estimate"], mean, rtol=1e-10)
    np.testing.assert_allclose(ours["se"], np.sqrt(len(t) / (len(t) - 1) * ((t - t.mean()) ** 2).sum()), rtol=1e-10)


def test_a_replicate_that_loses_a_level_says_so() -> None:
    frame = pd.DataFrame(
        {"w": np.ones(12), "psu": np.repeat([1, 2, 3], 4), "sex": ["f"] * 8 + ["m"] * 4, "y": np.arange(12.0)}
    )
    made = sk.make_replicates(sk.post_stratify(sk.Design(frame, weight="w", psu="psu"), "sex", SEX), "JK1")
    with pytest.raises(DesignError, match="weights of a replicate cannot be calibrated") as caught:
        sk.mean(made, "y")
    assert "sex=m" in str(caught.value)


def test_a_table_in_an_engine_is_refused() -> None:
    ibis = pytest.importorskip("ibis", reason="ibis is not installed")
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    table = ibis.memtable(arrow.Table.from_pandas(people()[["w", "psu", "sex", "income"]], preserve_index=False))
    d = sk.Design(table, weight="w", psu="psu")
    for call in (
        lambda: sk.post_stratify(d, "sex", SEX),
        lambda: sk.calibrate(d, {"income": 3.0}),
        lambda: sk.standardize(d, "sex", SEX),
    ):
        with pytest.raises(DesignError, match="stay in their engine"):
            call()


def test_polars_gives_the_same(design: sk.Design) -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    other = sk.Design(polars.from_pandas(people()), weight="w", psu="psu")
    margins = {"sex": SEX, "age": {"y": 300, "m": 300, "o": 400}}
    np.testing.assert_array_equal(sk.rake(other, margins).layout.weight, sk.rake(design, margins).layout.weight)


def test_a_standard_that_is_no_mapping(design: sk.Design, waves: sk.Design) -> None:
    for d in (design, waves):
        with pytest.raises(DesignError, match="no mapping"):
            sk.standardize(d, "sex", [1, 2])
    series = sk.standardize(waves, "sex", pd.Series(SEX))
    np.testing.assert_array_equal(series.layout.weight, sk.standardize(waves, "sex", SEX).layout.weight)


def test_a_share_made_negative_by_negative_weights_is_shown_without_limits() -> None:
    """Would catch: the default interval of shares refusing the whole table."""
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"w": 1.0, "psu": np.arange(60) // 3, "x": rng.normal(size=60)})
    frame["q"] = (frame["x"] > 1).astype(int)
    design = sk.calibrate(sk.Design(frame, weight="w", psu="psu"), {"x": -60.0}, population=60)
    est = sk.proportion(design, "q")
    assert est.table["estimate"].min() < 0
    assert (est.table["se"] > 0).all()
    assert est.table[["ci_low", "ci_high"]].isna().all(axis=None)
    assert "2 shares lie outside 0 to 1" in est.notes[-1]
    assert sk.proportion(design, "q", interval="wald").table["ci_low"].notna().all()
