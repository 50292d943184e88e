"""Replicates made from a design: exact laws on totals, finite populations, lonely units, waves that share units."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.design.make_replicates_balanced import hadamard, hadamard_order, half_samples, successive_differences
from survey_kit.design.make_replicates_draws import multistage_bootstrap, rescaled_bootstrap, shared_multipliers, shrunk
from survey_kit.errors import DesignError

EXACT = 1e-12  # two ways to the same sum of squares
DRAWS = 40_000  # Monte-Carlo error of a variance: sqrt(2 / 40,000) = 0.7 %
NEAR = 0.04  # more than five times that


def sample(sizes: tuple[int, ...] = (3, 4, 2, 5), seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for h, units in enumerate(sizes):
        for p in range(units):
            effect = rng.normal()
            for s in range(int(rng.integers(2, 5))):
                rows += [
                    {"h": h, "psu": 100 * h + p, "ssu": s, "N": 2 * units + h, "N2": 7, "place": -p}
                    | {"w": rng.uniform(1, 4), "y": 3 + effect + rng.normal(), "sex": int(rng.integers(1, 3))}
                    for _ in range(int(rng.integers(1, 3)))
                ]
    return pd.DataFrame(rows)


STRATA: dict[str, Any] = {"weight": "w", "strata": "h", "psu": "psu"}
WITH_FPC = STRATA | {"fpc": "N"}
TWO_STAGES = STRATA | {"psu": ("psu", "ssu"), "fpc": ("N", "N2")}


def se(design: sk.Design, statistic: str = "total", **more: Any) -> np.ndarray:
    return getattr(sk, statistic)(design, "y", **more).table["se"].to_numpy(float)


# ------------------------------------------------------------------------------------------------ exact laws on totals
@pytest.mark.parametrize("mse", [False, True])
@pytest.mark.parametrize("declared", [STRATA, WITH_FPC])
def test_jackknife_of_a_total_is_taylor(declared: dict[str, Any], mse: bool) -> None:
    """A coefficient that forgets (n - 1)/n or the fpc, or a replicate that is not reweighted, changes a total."""
    design = sk.Design(sample(), **declared)
    jackknife = sk.make_replicates(design, "JKn", mse=mse)
    np.testing.assert_allclose(se(jackknife, by="sex"), se(design, by="sex"), rtol=EXACT)
    np.testing.assert_allclose(
        sk.total(jackknife, "y", by="sex").vcov(), sk.total(design, "y", by="sex").vcov(), rtol=1e-10
    )


def test_jackknife_without_strata_is_taylor() -> None:
    frame = sample().assign(N=40)
    design = sk.Design(frame, weight="w", psu="psu", fpc="N")
    for method in ("JK1", "JKn"):
        np.testing.assert_allclose(se(sk.make_replicates(design, method)), se(design), rtol=EXACT)
    without = sk.Design(frame, weight="w", psu="psu")
    np.testing.assert_allclose(se(sk.make_replicates(design, "JK1", fpc=False)), se(without), rtol=EXACT)


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.7])
@pytest.mark.parametrize("declared", [STRATA, WITH_FPC])
def test_balanced_half_samples_of_a_total_are_taylor(declared: dict[str, Any], rho: float) -> None:
    """Without full orthogonal balance strata would covary; without 1/(1 - rho)^2 Fay's SE would be too small."""
    design = sk.Design(sample((2,) * 9), **declared)
    method = "Fay" if rho else "BRR"
    made = sk.make_replicates(design, method, rho=rho)
    assert made.replicates.size == 12
    np.testing.assert_allclose(se(made), se(design), rtol=EXACT)


def test_successive_differences_are_half_the_squared_steps() -> None:
    """Neighbours by the declared order, not by the order of the file; the circle closes within each stratum."""
    frame = sample((5, 2, 7))
    design = sk.Design(frame, **STRATA)
    made = sk.make_replicates(design, "SDR", order_by="place")
    t = (frame["w"] * frame["y"]).groupby([frame["h"], frame["place"]]).sum()
    steps = sum(((part - np.roll(part, -1)) ** 2).sum() / 2 for _, part in t.groupby(level=0))
    np.testing.assert_allclose(se(made)[0], np.sqrt(steps), rtol=EXACT)
    assert made.replicates.mse


def test_successive_differences_use_rows_again_when_replicates_are_few() -> None:
    design = sk.Design(sample((30,)), weight="w", psu="psu")
    made = sk.make_replicates(design, "SDR", order_by="place", replicates=12).replicates
    assert made.size == 12
    assert any("used again" in note for note in made.notes)
    pairs = {tuple(row) for row in made.factors.round(9).tolist()}
    assert len(pairs) >= 29  # units differ in their factors, but for the one that closes the circle
    np.testing.assert_allclose(made.factors.mean(axis=1), 1.0)


# ----------------------------------------------------------------------------------------------------- drawn at random
def test_bootstrap_deviations_have_the_moments_of_the_variance() -> None:
    n_h = np.array([2, 3, 6, 1])
    for f_h in (0.0, 0.6):
        delta = rescaled_bootstrap(n_h, DRAWS, np.random.default_rng(1)) * np.sqrt(1 - f_h)
        assert delta.min() >= -1
        wanted = np.zeros((12, 12))
        for start, n in ((0, 2), (2, 3), (5, 6)):
            wanted[start : start + n, start : start + n] = (1 - f_h) * n / (n - 1) * (np.eye(n) - 1 / n)
        np.testing.assert_allclose(delta @ delta.T / DRAWS, wanted, atol=NEAR)
        np.testing.assert_allclose(delta.mean(axis=1), 0, atol=0.03)


def test_prestons_bootstrap_has_the_moments_of_the_two_stage_variance() -> None:
    """The share of the second stage times f_1 is what a one-stage bootstrap with fpc misses."""
    design = sk.Design(sample(), **TWO_STAGES)
    made = sk.make_replicates(design, "Preston", replicates=DRAWS // 4, rng=2)
    assert made.replicates.stage == 1
    one_stage = sk.make_replicates(design, "bootstrap", replicates=DRAWS // 4, rng=2)
    taylor = se(design)[0]
    assert se(made)[0] == pytest.approx(taylor, rel=NEAR)
    assert se(one_stage)[0] < 0.97 * taylor
    assert any("'Preston' counts it in full" in note for note in one_stage.replicates.notes)


def test_prestons_bootstrap_with_a_stage_taken_whole() -> None:
    """Units that are all there are strata: the next stage keeps its full variance."""
    frame = sample((3, 4)).assign(N=lambda d: d["h"] + 3)
    design = sk.Design(frame, **TWO_STAGES)
    made = sk.make_replicates(design, "Preston", replicates=DRAWS // 4, rng=2)
    assert se(made)[0] == pytest.approx(se(design)[0], rel=NEAR)


def test_shrinking_keeps_totals_and_negative_factors_out() -> None:
    delta = np.array([[-1.5, 0.5], [0.5, -0.5]])
    factors, tau2 = shrunk(delta)
    assert factors.min() == 0
    np.testing.assert_allclose((factors - 1) * np.sqrt(tau2), delta)
    factors, tau2 = shrunk(delta / 2)
    assert tau2 == 1


def test_a_seed_decides_the_draws() -> None:
    design = sk.Design(sample(), **STRATA)
    one, same, other = (
        sk.make_replicates(design, "bootstrap", replicates=50, rng=rng).replicates.factors
        for rng in (7, np.random.default_rng(7), 8)
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_the_bootstraps_say_their_monte_carlo_error() -> None:
    design = sk.Design(sample(), **STRATA)
    made = sk.make_replicates(design, "bootstrap", rng=1)
    assert made.replicates.size == 1000
    assert "1000 draws: standard errors carry a Monte-Carlo error of about 2.2%" in sk.mean(made, "y").notes


# ------------------------------------------------------------------------------------------------------- halved strata
def test_random_halves_of_larger_strata_are_unbiased() -> None:
    """Groups of unequal size halved like pairs would add the square of their difference in size."""
    n_h = np.array([2, 3, 7])
    delta = half_samples(n_h, hadamard_order(4), 0.4) / 0.6
    covariance = delta @ delta.T / delta.shape[1]
    for start, n in ((0, 2), (2, 3), (5, 7)):
        block = covariance[start : start + n, start : start + n]
        np.testing.assert_allclose(block.sum(axis=0), 0, atol=1e-12)  # equal units: no variance
        assert np.trace(block) == pytest.approx(n)  # independent units: theirs


def test_halves_need_rho_only_for_odd_strata() -> None:
    even, odd = sk.Design(sample((4, 6)), **STRATA), sk.Design(sample((4, 3)), **STRATA)
    assert sk.make_replicates(even, "BRR", halves=True, rng=1).replicates.factors.min() == 0
    assert sk.make_replicates(odd, "Fay", rho=0.3, halves=True, rng=1).replicates.factors.min() >= 0
    with pytest.raises(DesignError, match=r"(?s)odd number of units.*rho of at least 0.3"):
        sk.make_replicates(odd, "BRR", halves=True, rng=1)


# ---------------------------------------------------------------------------------------------------------- lonely units
@pytest.mark.parametrize("rule", ["certainty", "adjust", "average"])
@pytest.mark.parametrize("declared", [STRATA, WITH_FPC])
def test_the_jackknife_keeps_the_rule_for_lonely_units(declared: dict[str, Any], rule: Any) -> None:
    design = sk.Design(sample((3, 1, 4, 1)), **declared, lonely_psu=rule)
    jackknife = sk.make_replicates(design, "JKn", mse=True)
    np.testing.assert_allclose(se(jackknife), se(design), rtol=EXACT)
    assert any(f"2 strata with one unit, rule '{rule}'" in note for note in jackknife.replicates.notes)


@pytest.mark.parametrize("method", ["BRR", "bootstrap", "SDR"])
def test_other_methods_refuse_rules_they_cannot_show(method: str) -> None:
    more: dict[str, Any] = {"bootstrap": {"rng": 1}, "SDR": {"order_by": "place"}}.get(method, {})
    frame = sample((2, 1, 2))
    for rule in ("adjust", "average"):
        with pytest.raises(DesignError, match=rf"(?s)rule '{rule}'.*1 strata.*'JKn'"):
            sk.make_replicates(sk.Design(frame, **STRATA, lonely_psu=rule), method, **more)
    certain = sk.make_replicates(sk.Design(frame, **STRATA, lonely_psu="certainty"), method, **more)
    np.testing.assert_array_equal(certain.replicates.factors[2], 1.0)


def test_a_certain_unit_does_not_vary() -> None:
    frame = sample((3, 1)).assign(N=lambda d: np.where(d["h"] == 1, 1, 9))
    design = sk.Design(frame, **WITH_FPC)
    jackknife = sk.make_replicates(design, "JKn")
    assert jackknife.replicates.size == 3
    np.testing.assert_allclose(se(jackknife), se(design), rtol=EXACT)


# ----------------------------------------------------------------------------------------------------------------- waves
def waves(kept: dict[int, range], seed: int = 4) -> pd.DataFrame:
    """Two strata over the waves, the PSUs of each wave by number; totals of the same PSU are alike."""
    rng = np.random.default_rng(seed)
    place = rng.normal(size=(2, 20)) * 3
    rows = [
        {"wave": wave, "h": h, "psu": 100 * h + p, "w": rng.uniform(1, 3), "y": 20 + place[h, p] + rng.normal()}
        | {"N": 30 + 5 * h + wave, "case": 1000 * h + 10 * p + i}
        for wave, units in kept.items()
        for h in range(2)
        for p in units
        for i in range(3)
    ]
    return pd.DataFrame(rows)


PANEL = {1: range(6), 2: range(6)}
ROTATING = {1: range(6), 2: range(2, 9)}
METHODS: dict[str, dict[str, Any]] = {
    "JKn": {},
    "Fay": {"rho": 0.4, "halves": True, "rng": 1},
    "bootstrap": {"rng": 1, "replicates": DRAWS // 4},
    "SDR": {"order_by": "psu"},
}


@pytest.mark.parametrize("method", METHODS)
def test_independent_waves_do_not_covary(method: str) -> None:
    design = sk.Design(waves(PANEL), **STRATA, wave="wave")
    V = sk.total(sk.make_replicates(design, method, mse=True, **METHODS[method]), "y", by="wave").vcov()  # noqa: N806
    assert abs(V[0, 1]) < 0.05 * np.sqrt(V[0, 0] * V[1, 1])


@pytest.mark.parametrize("declared", [STRATA, WITH_FPC])
def test_jackknife_of_a_change_in_a_panel_is_taylor(declared: dict[str, Any]) -> None:
    """Left out of one wave only, a shared unit would leave the waves independent and the change's SE too wide."""
    design = sk.Design(waves(PANEL), **declared, wave="wave", overlap="psu")
    made = sk.make_replicates(design, "JKn", mse=True)
    assert made.replicates.size == 12
    V = sk.total(design, "y", by="wave").vcov()  # noqa: N806
    np.testing.assert_allclose(sk.total(made, "y", by="wave").vcov(), V, rtol=1e-10)
    assert V[0, 1] > 0.3 * V[0, 0]


@pytest.mark.parametrize("method", ["Fay", "bootstrap", "SDR"])
def test_waves_of_a_panel_share_their_draws(method: str) -> None:
    design = sk.Design(waves(PANEL), **STRATA, wave="wave", overlap="unit", case="case")
    made = sk.make_replicates(design, method, **METHODS[method])
    units = [design.layout.units(wave) for wave in range(2)]
    np.testing.assert_array_equal(*(made.replicates.factors[part] for part in units))


@pytest.mark.parametrize("method", ["JKn", "bootstrap"])
@pytest.mark.parametrize("fpc", [False, True])
def test_rotating_units_covary_in_both_waves(method: str, fpc: bool) -> None:
    """Each wave has its own variance as if alone; the covariance comes from the common units."""
    design = sk.Design(waves(ROTATING), **(WITH_FPC if fpc else STRATA), wave="wave", overlap="psu")
    made = sk.make_replicates(design, method, mse=True, **METHODS[method])
    taylor, ours = (sk.total(d, "y", by="wave").vcov() for d in (design, made))
    tolerance = EXACT if method == "JKn" else NEAR
    np.testing.assert_allclose(np.diag(ours), np.diag(taylor), rtol=tolerance)
    layout = design.layout
    t = np.bincount(layout.stages[0].unit_of_row, weights=layout.weight * design.numbers("y").values)
    stage = layout.stages[0]
    centred = (t - (np.add.reduceat(t, stage.stratum_start) / stage.n_h)[stage.stratum_of_unit]) * np.sqrt(
        ((1 - stage.f_h) * stage.n_h / (stage.n_h - 1))[stage.stratum_of_unit]
    )
    a, b = (layout.units(wave) for wave in range(2))
    _, in_a, in_b = np.intersect1d(layout.identity[a], layout.identity[b], return_indices=True)
    wanted = float(centred[a][in_a] @ centred[b][in_b])
    assert ours[0, 1] == pytest.approx(wanted, abs=tolerance * np.sqrt(ours[0, 0] * ours[1, 1]))
    assert ours[0, 1] == pytest.approx(taylor[0, 1], rel=0.25)


def test_shared_multipliers_follow_the_identity() -> None:
    identity = np.array([0, 1, 2, 1, 2, 3])
    delta = shared_multipliers(identity, np.array([3, 3]), DRAWS, np.random.default_rng(1))
    within = 1.5 * (np.eye(3) - 1 / 3)
    covariance = delta @ delta.T / DRAWS
    np.testing.assert_allclose(covariance[:3, :3], within, atol=NEAR)
    np.testing.assert_allclose(covariance[3:, 3:], within, atol=NEAR)


@pytest.mark.parametrize("method", ["Fay", "SDR"])
def test_methods_that_cannot_follow_rotation_say_so(method: str) -> None:
    design = sk.Design(waves(ROTATING), **STRATA, wave="wave", overlap="psu")
    with pytest.raises(DesignError, match=r"(?s)rotate between waves.*4 strata.*'JKn' or 'bootstrap'"):
        sk.make_replicates(design, method, **METHODS[method])


def test_a_single_common_wave_is_the_design_alone() -> None:
    frame = waves(PANEL)
    both = sk.make_replicates(sk.Design(frame, **STRATA, wave="wave", overlap="psu"), "JKn", mse=True)
    first = frame[frame["wave"] == 1]
    alone = sk.make_replicates(sk.Design(first, **STRATA), "JKn", mse=True)
    ours, theirs = sk.mean(both, "y", by="wave").table.iloc[0], sk.mean(alone, "y").table.iloc[0]
    for name in ("estimate", "se", "df", "ci_low", "ci_high"):
        assert ours[name] == pytest.approx(theirs[name], rel=1e-12)


# ----------------------------------------------------------------------------------------------------- degrees of freedom
def test_degrees_of_freedom_are_those_of_the_units_unless_declared() -> None:
    frame = sample()
    frame["part"] = np.where(frame["h"] < 2, "low", "high")
    design = sk.Design(frame, **STRATA)
    assert sk.mean(sk.make_replicates(design, "JKn"), "y", by="part").table["df"].tolist() == [5, 5]
    assert sk.mean(sk.make_replicates(design, "JKn", df=9), "y", by="part").table["df"].tolist() == [9, 9]


# ---------------------------------------------------------------------------------------------------------------- refused
REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "unknown": ("JKN", {}, "'JKN' is not a method of making replicates.*did you mean 'JKn'"),
    "strata under JK1": ("JK1", {}, "JK1 is for designs without strata.*4 strata.*'JKn'"),
    "more than pairs": ("BRR", {}, "needs two units in every stratum.*3 of 4 strata.*up to 5.*halves=True"),
    "no rng": ("bootstrap", {}, "seeded generator.*rng=7"),
    "no rng for Preston": ("Preston", {}, "seeded generator"),
    "no rng for halves": ("BRR", {"halves": True}, "seeded generator"),
    "rng of words": ("bootstrap", {"rng": "seven"}, "rng is a generator or a seed.*'seven'"),
    "no rho": ("Fay", {"halves": True, "rng": 1}, "'Fay' needs 'rho'"),
    "rho of two": ("Fay", {"halves": True, "rng": 1, "rho": 2.0}, "rho lies between 0 and 1.*rho=2"),
    "no order": ("SDR", {}, "'SDR' needs 'order_by'"),
    "order within units": ("SDR", {"order_by": "y"}, "order differs within a unit.*'y'"),
    "useless option": ("JKn", {"replicates": 100}, "'JKn' takes no 'replicates'"),
    "one replicate": ("bootstrap", {"rng": 1, "replicates": 1}, "whole number of at least 2.*1"),
    "half a replicate": ("bootstrap", {"rng": 1, "replicates": 10.5}, "whole number of at least 2"),
    "too many": ("bootstrap", {"rng": 1, "replicates": 10**8}, "not fit into memory.*14 units times 100,000,000"),
    "no such order": ("SDR", {"order_by": "place", "replicates": 18}, "No Hadamard matrix.*18 replicates.*20 and 24"),
    "not balanced": ("BRR", {"halves": True, "rng": 1, "replicates": 4}, "more replicates than strata.*Take 8"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_what_is_refused(fault: str) -> None:
    method, more, message = REFUSED[fault]
    with pytest.raises(DesignError, match=f"(?s){message}"):
        sk.make_replicates(sk.Design(sample(), **STRATA), method, **more)


def test_replicates_of_the_producer_are_not_replaced() -> None:
    frame = sample()
    for r in range(3):
        frame[f"rw{r}"] = frame["w"] * (1 + 0.1 * r)
    design = sk.Design(frame, **STRATA, replicates=sk.Replicates.given("rw*", method="BRR"))
    with pytest.raises(DesignError, match="replicate weights of its producer"):
        sk.make_replicates(design, "JKn")
    again = sk.make_replicates(sk.make_replicates(sk.Design(frame, **STRATA), "JKn"), "bootstrap", rng=1)
    assert again.replicates.method == "bootstrap"


def test_the_whole_population_cannot_be_jackknifed() -> None:
    frame = sample((3, 4)).assign(N=lambda d: d["h"] + 3)
    with pytest.raises(DesignError, match="No stratum has a unit to leave out"):
        sk.make_replicates(sk.Design(frame, **WITH_FPC), "JKn")


# --------------------------------------------------------------------------------------------------------------- arrays
@pytest.mark.parametrize("order", [1, 2, 4, 8, 12, 20, 28, 36, 44, 60, 76, 84, 104, 108, 124, 252])
def test_hadamard_matrices_are_orthogonal_and_normalised(order: int) -> None:
    built = hadamard(order)
    np.testing.assert_array_equal(built @ built.T, order * np.eye(order))
    assert (built[0] == 1).all()
    assert (built[:, 0] == 1).all()


def test_hadamard_orders_are_never_far_apart() -> None:
    for least in range(2, 1500):
        assert least <= hadamard_order(least) <= max(least + 15, 4)


def test_units_of_one_do_not_move() -> None:
    ones = np.ones(3, dtype=np.int64)
    assert not successive_differences(ones, 8).any()
    assert not half_samples(ones, 4, 0.0).any()
    assert not rescaled_bootstrap(ones, 5, np.random.default_rng(1)).any()


def test_preston_of_one_stage_is_a_half_sample() -> None:
    stage = sk.Design(sample((4, 6)), **STRATA).layout.stages[0]
    delta = multistage_bootstrap((stage,), (np.zeros(2),), 100, np.random.default_rng(1))
    assert set(np.unique(delta.round(12))) == {-1.0, 1.0}
    np.testing.assert_allclose(np.add.reduceat(delta, stage.stratum_start, axis=0), 0, atol=1e-12)
