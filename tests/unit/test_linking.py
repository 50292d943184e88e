"""Linking a series across a break, and results of independent designs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import EstimationError
from survey_kit.estimate import from_fixed

METHODS = ("difference", "ratio", "odds")


def sample(seed: int = 3, waves: tuple[int, ...] = (2019, 2020, 2021, 2022)) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = 200 * len(waves)
    frame = pd.DataFrame({"wave": np.repeat(waves, 200), "psu": np.arange(n) // 10, "w": rng.uniform(0.5, 2, n)})
    frame["h"], frame["region"] = frame["psu"] % 2, rng.choice(["north", "south"], n)
    p = 0.4 + 0.05 * (frame["wave"] - 2020)
    frame["phone"] = (rng.random(n) < p).astype(float).where(frame["wave"] <= 2021)
    frame["web"] = (rng.random(n) < p - 0.1).astype(float).where(frame["wave"] >= 2021)
    return frame


def design(frame: pd.DataFrame) -> sk.Design:
    return sk.Design(frame, weight="w", strata="h", psu="psu", nest=True, wave="wave")


def versions(made: sk.Design, by: Any = "wave") -> tuple[sk.Estimates, sk.Estimates]:
    old, new = (sk.mean(made, name, by=by, missing="exclude") for name in ("phone", "web"))
    return old, new


def published(values: dict[int, tuple[float, float]], name: str = "y") -> sk.Estimates:
    """A series of published figures with their standard errors, independent of each other."""
    theta, se = (np.array(part) for part in zip(*values.values(), strict=True))
    head = {"wave": list(values), "variable": [name] * len(theta), "category": [None] * len(theta)}
    n = np.full(len(theta), 100.0)
    return from_fixed(head=head, statistic="mean", estimate=theta, factor=np.diag(se), df=n, n=n, weight_sum=n)


# ------------------------------------------------------------------------------------------------------- the link itself
def test_by_hand() -> None:
    """Old 40 and 44 (SE 1, 2), new 50 (SE 3) at the bridge: old_1 + new - old_2 = 46 with variance 1 + 9 + 4; all by hand."""
    old, new = published({1: (40, 1), 2: (44, 2)}), published({2: (50, 3), 3: (53, 1)})
    out = sk.link_series(old, new, key="wave", bridge=2, independent=True)
    np.testing.assert_allclose(out.table["estimate"], [46, 50, 53])
    expected = [[14, 9, 0], [9, 9, 0], [0, 0, 1]]
    np.testing.assert_allclose(out.vcov(), expected, rtol=1e-12)
    assert out.table["status"].tolist() == ["linked", "ok", "ok"]
    ratio = sk.link_series(old, new, key="wave", bridge=2, method="ratio", independent=True)
    value = 40 * 50 / 44
    np.testing.assert_allclose(ratio.table["estimate"][0], value)
    np.testing.assert_allclose(ratio.table["se"][0], value * np.sqrt(1 / 40**2 + 9 / 50**2 + 4 / 44**2))
    odds = sk.link_series(
        published({1: (0.4, 0.01), 2: (0.44, 0.02)}), published({2: (0.5, 0.03)}), key="wave", bridge=2, method="odds",
        independent=True,
    ).table.iloc[0]  # fmt: skip
    o = 0.4 / 0.6 * 1.0 / (0.44 / 0.56)
    p = o / (1 + o)
    parts = (0.01 / (0.4 * 0.6)) ** 2 + (0.03 / 0.25) ** 2 + (0.02 / (0.44 * 0.56)) ** 2
    np.testing.assert_allclose([odds["estimate"], odds["se"]], [p, p * (1 - p) * np.sqrt(parts)])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("footing", ["new", "old"])
def test_a_link_at_the_bridge_meets_the_other_version(method: str, footing: str) -> None:
    """Catches a wrong sign of the shift: the moved series lands on the other one at the bridge, so that the change up to it
    stays that of the moved version on the difference scale."""
    old, new = versions(design(sample()))
    out = sk.link_series(old, new, key="wave", bridge=2021, method=method, footing=footing)
    assert out.table["wave"].tolist() == [2019, 2020, 2021, 2022]
    assert out.table["variable"].unique().tolist() == ["web" if footing == "new" else "phone"]
    if method == "difference":
        pair = ({"wave": 2021}, {"wave": 2020}) if footing == "new" else ({"wave": 2022}, {"wave": 2021})
        version = old if footing == "new" else new
        for name in ("estimate", "se"):
            np.testing.assert_allclose(
                out.difference(*pair).table[name], version.difference(*pair).table[name], rtol=1e-10
            )


@pytest.mark.parametrize("method", METHODS)
def test_replicates_agree_with_linearisation(method: str) -> None:
    """Catches a link that is taken as known within replicates."""
    made = design(sample())
    plain, replicated = (
        sk.link_series(*versions(d), key="wave", bridge=2021, method=method)
        for d in (made, sk.make_replicates(made, "JKn"))
    )
    np.testing.assert_allclose(replicated.table["estimate"], plain.table["estimate"], rtol=1e-12)
    np.testing.assert_allclose(replicated.table["se"], plain.table["se"], rtol=0.02)
    assert (replicated.table["se"].to_numpy() != plain.table["se"].to_numpy()).any()


def test_groups_are_linked_each_by_its_own_factor_or_by_one() -> None:
    made = design(sample())
    old, new = versions(made, ("wave", "region"))
    own = sk.link_series(old, new, key="wave", bridge=2021)
    assert own.table["region"].tolist() == ["north", "south"] * 4
    run = sk.mean(made, "phone", by="wave", missing="exclude"), sk.mean(made, "web", by="wave", missing="exclude")
    one = sk.link_series(old, new, key="wave", bridge=run)
    shift = one.table["estimate"][:4].to_numpy() - old.table["estimate"][:4].to_numpy()
    np.testing.assert_allclose(shift, shift[0])
    factor = sk.link_factor(old, new, key="wave", bridge=2021)
    np.testing.assert_allclose(own.table["estimate"][:2] - old.table["estimate"][:2], factor.table["estimate"])


def test_several_bridges_share_the_work() -> None:
    old = published({1: (40, 1), 2: (44, 2), 3: (45, 2)})
    new = published({2: (50, 2), 3: (53, 2), 4: (55, 1)})
    out = sk.link_series(old, new, key="wave", bridge=(2, 3), independent=True)
    np.testing.assert_allclose(out.table["estimate"][0], 40 + (6 + 8) / 2)
    np.testing.assert_allclose(out.table["se"][0] ** 2, 1 + 4 * 4 / 4)


def test_a_parallel_run_of_its_own() -> None:
    run = published({7: (60, 1)}, "old"), published({7: (66, 2)}, "new")
    old, new = published({1: (40, 1), 2: (41, 1)}, "old"), published({3: (50, 1)}, "new")
    out = sk.link_series(old, new, key="wave", bridge=run, independent=True)
    np.testing.assert_allclose(out.table["estimate"], [46, 47, 50])
    np.testing.assert_allclose(out.vcov(), [[6, 5, 0], [5, 6, 0], [0, 0, 1]])
    assert any("a parallel run of its own" in note for note in out.notes)


def test_notes_and_status_say_what_was_linked_and_assumed() -> None:
    old, new = versions(design(sample()))
    out = sk.link_series(old, new, key="wave", bridge=2021)
    told = " ".join(out.notes)
    factor = sk.link_factor(old, new, key="wave", bridge=2021).table.iloc[0]
    assert f"{factor['estimate']:.4g} (SE {factor['se']:.2g}), estimated at wave 2021" in told
    assert "assumed, not proved" in told
    assert out.change("wave").table["status"].tolist() == ["linked", "linked", "ok"]
    assert out.change("wave").notes == out.notes


def test_linked_shares_that_leave_their_scale_are_told() -> None:
    old, new = published({1: (0.95, 0.01), 2: (0.5, 0.01)}), published({2: (0.7, 0.01)})
    out = sk.link_series(old, new, key="wave", bridge=2, independent=True)
    assert any("outside 0 to 1" in note for note in out.notes)
    assert sk.link_series(old, new, key="wave", bridge=2, method="odds", independent=True).table["estimate"][0] < 1


def test_a_group_without_a_bridge_is_not_linked() -> None:
    frame = sample()
    frame.loc[(frame["wave"] == 2021) & (frame["region"] == "south"), "web"] = np.nan
    out = sk.link_series(*versions(design(frame), ("wave", "region")), key="wave", bridge=2021)
    south = out.table[out.table["region"] == "south"]
    assert south["status"].tolist() == ["empty", "empty", "empty", "ok"]
    assert any("in 1 groups both versions were never fielded" in note for note in out.notes)


def test_categories_are_linked_each() -> None:
    frame = sample()
    made = design(frame)
    old, new = (sk.proportion(made, name, by="wave", missing="exclude") for name in ("phone", "web"))
    out = sk.link_series(old, new, key="wave", bridge=2021).table
    np.testing.assert_allclose(out.groupby("wave")["estimate"].sum(), 1)


def test_imputed_series_are_linked_within_each_imputation() -> None:
    frame = sample()
    frame["asked_phone"], frame["asked_web"] = frame["wave"] <= 2021, frame["wave"] >= 2021
    frame.loc[frame.index % 7 == 0, "phone"] = np.nan
    done = sk.hot_deck(design(frame), "phone", cells="region", times=3, rng=1, where="asked_phone")

    def linked(made: sk.Design) -> sk.Estimates:
        return sk.link_series(*versions(made), key="wave", bridge=2021)

    out = done.estimate(linked)
    assert out.table["status"].tolist() == ["linked", "linked", "ok", "ok"]
    assert (out.table["n"] == 200).all()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"bridge": 2020}, "The new version was not fielded at wave 2020"),
        ({"bridge": 2021, "key": "year"}, "not a key"),
        ({"bridge": 2021, "method": "sum"}, "not a method of linking"),
        ({"bridge": 2021, "footing": "both"}, "not a footing"),
        ({"bridge": 2021, "variables": {"fone": "web"}}, "did you mean 'phone'"),
        ({"bridge": 2021, "variables": {"phone": "wab"}}, "did you mean 'web'"),
    ],
)
def test_what_is_refused(more: dict[str, Any], told: str) -> None:
    with pytest.raises(EstimationError, match=told):
        sk.link_series(*versions(design(sample())), **{"key": "wave", **more})


def test_what_else_is_refused() -> None:
    old, new = versions(design(sample()))
    _, other = versions(design(sample(seed=5)))
    with pytest.raises(EstimationError, match="independent=True"):
        sk.link_series(old, other, key="wave", bridge=2021)
    with pytest.raises(EstimationError, match="strictly between 0 and 1"):
        sk.link_series(
            published({1: (40, 1)}), published({1: (50, 1)}), key="wave", bridge=1, method="odds", independent=True
        )
    with pytest.raises(EstimationError, match="different columns"):
        sk.link_series(
            versions(design(sample()), ("wave", "region"))[0], other, key="wave", bridge=2021, independent=True
        )
    with pytest.raises(EstimationError, match="same time and group"):
        sk.link_series(sk.bind(old, old), new, key="wave", bridge=2021)
    two = sk.bind(old, new)
    with pytest.raises(EstimationError, match="Map the old variables"):
        sk.link_series(two, new, key="wave", bridge=2021)


# --------------------------------------------------------------------------------------------------- independent designs
def test_independent_designs_are_as_one_design_with_waves() -> None:
    """The law: two surveys bound are the same numbers as both in one design with a wave."""
    frame = sample(waves=(2020, 2021)).fillna({"web": 0.0})
    whole = sk.mean(design(frame), "phone", by=("wave", "region"))
    parts = [sk.mean(design(part), "phone", by=("wave", "region")) for _, part in frame.groupby("wave")]
    bound = sk.bind_independent(*parts)
    np.testing.assert_allclose(bound.vcov(), whole.vcov(), rtol=1e-12, atol=1e-18)
    for ours, theirs in ((bound.change("wave"), whole.change("wave")), (bound, whole)):
        for name in ("estimate", "se", "df", "ci_low"):
            np.testing.assert_allclose(ours.table[name], theirs.table[name], rtol=1e-10)


def test_results_of_one_design_keep_their_covariance() -> None:
    made, other = design(sample()), design(sample(seed=8))
    a, b = versions(made)
    c, _ = versions(other)
    bound = sk.bind_independent(a, c, b)
    V = sk.bind(a, b).vcov()  # noqa: N806
    k, m = len(a.table), len(c.table)
    rows = [*range(k), *range(k + m, 2 * k + m)]
    np.testing.assert_allclose(bound.vcov(rows), V, rtol=1e-12)
    assert not bound.vcov()[k : k + m][:, rows].any()
    again = sk.bind_independent(sk.bind_independent(a, c), b)
    np.testing.assert_allclose(again.vcov()[np.ix_(rows, rows)], V, rtol=1e-12)


@pytest.mark.parametrize("mse", [True, False])
def test_replicates_of_independent_designs(mse: bool) -> None:
    """Catches replicates centred at the sum of both designs."""
    frames = [
        sample(waves=(year,), seed=year).assign(web=1.0, phone=lambda f: f["region"] == "north") for year in (1, 2)
    ]
    parts = [sk.mean(sk.make_replicates(design(f), "JKn", mse=mse), "phone", by="wave") for f in frames]
    change = sk.bind_independent(*parts).change("wave").table.iloc[0]
    np.testing.assert_allclose(change["se"] ** 2, sum(part.table["se"][0] ** 2 for part in parts), rtol=1e-12)


def test_published_figures_beside_a_survey() -> None:
    survey = sk.mean(design(sample(waves=(2021,)).fillna({"web": 0.0})), "phone", by="wave")
    figure = published({2015: (0.5, 0.02)}, "phone")
    change = sk.bind_independent(figure, survey).change("wave").table.iloc[0]
    np.testing.assert_allclose(change["se"] ** 2, 0.02**2 + survey.table["se"][0] ** 2)
    assert change["df"] == min(100, survey.table["df"][0])
    net = sk.bind_independent(figure, survey).map(lambda m: m[2021] / m[2015], along="wave")
    assert net.table["se"][0] > 0
    test = sk.wald_test(sk.bind_independent(figure, survey).change("wave"))
    assert 0 < test.table["p"][0] < 1
    with pytest.raises(EstimationError, match="nothing to bind"):
        sk.bind_independent()
