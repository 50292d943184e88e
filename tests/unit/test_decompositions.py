"""Oaxaca-Blinder, Kitagawa and pooled years by hand, and what they say of bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import EstimationError
from survey_kit.models import decompose_parts


def table(est: sk.Estimates) -> dict[tuple[str, str], float]:
    t = est.table
    return dict(zip(zip(t["variable"], t["category"], strict=True), t["estimate"], strict=True))


# ---------------------------------------------------------------------------------------------------------- Oaxaca-Blinder
#: a: y = 1 + 2 x with mean x 3; b: y = 2 + x with mean x 1
BY_HAND = pd.DataFrame(
    {
        "w": [1.0, 1, 1, 2, 1, 1],
        "sex": ["a", "a", "a", "b", "b", "b"],
        "x": [2.0, 3, 4, 1, 0, 2],
        "y": [5.0, 7, 9, 3, 2, 4],
    }
)
DESIGN = sk.Design(BY_HAND, weight="w")


@pytest.mark.parametrize(
    ("reference", "explained"),
    [("a", 4.0), ("b", 2.0), (0.5, 3.0), ("cotton", 2.0 * (3 * 2 + 4 * 1) / 7)],
)
def test_twofold_by_hand(reference: object, explained: float) -> None:
    """Means 7 and 3; the two units of x are worth 2 each at a's slope, 1 at b's."""
    out = table(sk.oaxaca_blinder(DESIGN, "y ~ x", "sex", compare=("a", "b"), reference=reference))
    assert out["total", "difference"] == pytest.approx(4.0)
    assert out["x", "explained"] == pytest.approx(explained)
    assert out["total", "unexplained"] == pytest.approx(4.0 - explained)
    assert ("Intercept", "explained") not in out


def test_threefold_by_hand() -> None:
    out = table(sk.oaxaca_blinder(DESIGN, "y ~ x", "sex", compare=("a", "b"), reference="threefold"))
    expected = {"endowments": 2.0, "coefficients": 0.0, "interaction": 2.0}
    for part, value in expected.items():
        assert out["total", part] == pytest.approx(value, abs=1e-12)
    assert out["Intercept", "coefficients"] == pytest.approx(-1.0)  # 1 - 2
    assert out["x", "coefficients"] == pytest.approx(1.0)  # 1 * (2 - 1)


def test_pooled_coefficients_by_hand() -> None:
    """Beside an indicator the slope is that within the groups: (2 * 2 + 2 * 1) / 4; without it the line runs through both."""
    out = table(sk.oaxaca_blinder(DESIGN, "y ~ x", "sex", compare=("a", "b"), reference="pooled"))
    assert out["x", "explained"] == pytest.approx(2 * 1.5)
    through = np.polyfit(BY_HAND["x"], BY_HAND["y"], 1, w=np.sqrt(BY_HAND["w"]))[0]
    out = table(sk.oaxaca_blinder(DESIGN, "y ~ x", "sex", compare=("a", "b"), reference="neumark"))
    assert out["x", "explained"] == pytest.approx(2 * through)


def test_swapping_the_groups_changes_every_sign() -> None:
    one = table(sk.oaxaca_blinder(DESIGN, "y ~ x", "sex", compare=("a", "b"), reference="a"))
    other = table(sk.oaxaca_blinder(DESIGN, "y ~ x", "sex", reference="b"))  # b less a: the second less the first
    for key in (("total", "difference"), ("x", "explained"), ("x", "unexplained"), ("Intercept", "unexplained")):
        assert other[key] == pytest.approx(-one[key])


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    n = 300
    frame = pd.DataFrame({"w": rng.uniform(1, 2, n), "sex": np.where(rng.random(n) < 0.5, "f", "m")})
    frame["educ"] = np.array(["low", "mid", "top"])[rng.integers(0, 3, n)]
    frame["x"] = rng.normal(size=n)
    frame["y"] = frame["x"] + (frame["educ"] == "top") * (1 + (frame["sex"] == "m")) + rng.normal(size=n)
    frame["b"] = frame["y"] > 0.5
    return frame


@pytest.mark.parametrize("model", ["linear", "logit"])
def test_the_omitted_category_does_not_matter(people: pd.DataFrame, model: str) -> None:
    """Yun (2005): would catch contributions of coefficients measured from the first level."""
    left = "y" if model == "linear" else "b"
    rows = []
    for order in (["low", "mid", "top"], ["top", "low", "mid"]):
        frame = people.assign(educ=pd.Categorical(people["educ"], categories=order))
        design = sk.Design(frame, weight="w")
        rows.append(sk.oaxaca_blinder(design, f"{left} ~ educ + x", "sex", model=model, detail="columns").table)
    first, second = (t.assign(variable=t["variable"].str.replace("T.", "", regex=False)) for t in rows)
    both = first.merge(second, on=["variable", "category"])
    assert len(both) == len(first)
    np.testing.assert_allclose(both["estimate_x"], both["estimate_y"], atol=1e-10)
    np.testing.assert_allclose(both["se_x"], both["se_y"], rtol=1e-8, atol=1e-12)
    terms = sk.oaxaca_blinder(sk.Design(people, weight="w"), f"{left} ~ educ + x", "sex", model=model)
    grouped = first[first["variable"].str.startswith("educ")].groupby("category")["estimate"].sum()
    for part, value in grouped.items():
        assert table(terms)["educ", part] == pytest.approx(value)


def test_logit_means_are_the_shares(people: pd.DataFrame) -> None:
    design = sk.Design(people, weight="w")
    out = table(sk.oaxaca_blinder(design, "b ~ x + educ", "sex", model="logit", detail="none"))
    shares = sk.mean(design, "b", by="sex").table["estimate"]
    assert out["total", "mean_a"] == pytest.approx(shares[1])
    assert out["total", "mean_b"] == pytest.approx(shares[0])
    assert {key[0] for key in out} == {"total"}


def test_what_cancels_cannot_be_shared_out() -> None:
    assert np.isnan(decompose_parts._proportions(np.array([1.0, -1.0]))).all()
    assert decompose_parts._proportions(np.zeros(2)).tolist() == [0.0, 0.0]
    assert decompose_parts._proportions(np.array([1.0, 3.0])).tolist() == [0.25, 0.75]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"group": "educ", "formula": "y ~ x"}, "does not have two groups"),
        ({"group": "educ", "formula": "y ~ x", "compare": ("low", "middle")}, "did you mean 'mid'"),
        ({"group": "educ", "formula": "y ~ x", "compare": ("low", "low")}, "are the same"),
        ({"group": "sx"}, "did you mean 'sex'"),
        ({"group": "x", "formula": "y ~ x"}, "cannot be the group"),
        ({"formula": "y ~ x - 1"}, "needs an intercept"),
        ({"formula": "y ~ xx"}, "did you mean 'x'"),
        ({"reference": "both"}, "is not a reference"),
        ({"reference": 1.5}, "between 0 and 1"),
        ({"reference": "threefold", "model": "logit", "formula": "b ~ x"}, "is for linear models"),
        ({"model": "probit"}, "is not a model"),
        ({"detail": "all"}, "is not a detail"),
        ({"formula": "y ~ x + alone"}, "(?s)collinearity.*where: sex = f; "),
        ({"formula": "b ~ apart", "model": "logit"}, "(?s)separation.*where: sex = m; "),
        ({"level": 95}, "level"),
    ],
)
def test_oaxaca_says_what_is_wrong(people: pd.DataFrame, changes: dict[str, object], words: str) -> None:
    """A category that only one group has and a covariate that tells a group's outcome are found in that group."""
    frame = people.assign(
        alone=(people["sex"] == "m") & (people["x"] > 1), apart=people["y"].where(people["sex"] == "m", 0)
    )
    asked = {"formula": "y ~ x + educ", "group": "sex"} | changes
    with pytest.raises(sk.SurveyKitError, match=words):
        sk.oaxaca_blinder(sk.Design(frame, weight="w"), **asked)


# ------------------------------------------------------------------------------------------------------------------ Kitagawa
#: 2019: half young (rate .2), half old (rate .6); 2023: a quarter young (rate .4), three quarters old (rate .8)
RATES = pd.DataFrame(
    {
        "year": [2019] * 4 + [2023] * 4,
        "age": ["old", "old", "young", "young"] * 2,
        "y": [1.0, 0, 1, 0] * 2,
        "w": [3.0, 2, 1, 4, 6, 1.5, 1, 1.5],
    }
)


def test_kitagawa_by_hand() -> None:
    """0.4 -> 0.7: composition (-.25)(.3) + .25 (.7) = .1; rates .2 (.375) + .2 (.625) = .2."""
    out = sk.kitagawa(sk.Design(RATES, weight="w", wave="year"), "y", "age", key="year").table
    cells = dict(zip(zip(out["age"], out["category"], strict=True), out["estimate"], strict=True))
    expected = {
        ("all", "change"): 0.3,
        ("all", "composition"): 0.1,
        ("all", "rate"): 0.2,
        ("young", "composition"): -0.25 * 0.3,
        ("old", "composition"): 0.25 * 0.7,
        ("young", "rate"): 0.2 * 0.375,
        ("old", "rate"): 0.2 * 0.625,
    }
    assert cells.keys() == expected.keys()
    for key, value in expected.items():
        assert cells[key] == pytest.approx(value)
    assert out["year"].unique().tolist() == [2023]
    assert out["from"].unique().tolist() == [2019]


def test_kitagawa_with_its_joint_part_by_hand() -> None:
    design = sk.Design(RATES, weight="w", wave="year")
    out = sk.kitagawa(design, "y", "age", key="year", interaction=True).table
    sums = out[out["age"] == "all"].set_index("category")["estimate"]
    assert sums["composition"] == pytest.approx(-0.25 * 0.2 + 0.25 * 0.6)
    assert sums["rate"] == pytest.approx(0.2)
    assert sums["joint"] == pytest.approx(0.0, abs=1e-12)


def test_several_waves_and_bases() -> None:
    three = pd.concat([RATES, RATES[:4].assign(year=2025, y=[1.0, 1, 1, 0])])
    design = sk.Design(three, weight="w", wave="year")
    pairs = {
        to: sorted(
            set(map(tuple, sk.kitagawa(design, "y", "age", key="year", to=to).table[["year", "from"]].to_numpy()))
        )
        for to in ("previous", "first", 2023)
    }
    assert pairs["previous"] == [(2023, 2019), (2025, 2023)]
    assert pairs["first"] == [(2023, 2019), (2025, 2019)]
    assert pairs[2023] == [(2019, 2023), (2025, 2023)]


def test_a_group_of_one_side_counts_as_composition() -> None:
    frame = pd.concat([RATES, pd.DataFrame({"year": [2023], "age": ["new"], "y": [1.0], "w": [2.5]})])
    out = sk.kitagawa(sk.Design(frame, weight="w", wave="year"), "y", "age", key="year")
    cells = out.table.set_index(["age", "category"])["estimate"]
    assert cells["new", "rate"] == 0.0
    assert cells["new", "composition"] == pytest.approx(2.5 / 12.5)
    assert cells["all", "composition"] + cells["all", "rate"] == pytest.approx(cells["all", "change"])
    assert any("1 groups are empty on one side" in note for note in out.notes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"by": ()}, "needs its groups"),
        ({"by": "year"}, "cannot be part of the composition"),
        ({"by": "aeg"}, "did you mean 'age'"),
        ({"key": "yaer"}, "did you mean 'year'"),
        ({"to": 2020}, "no base '2020'"),
        ({"y": "hole"}, "missing"),
        ({"y": "hole", "missing": "exclude", "where": "empty"}, "Nobody answered"),
        ({"where": "early"}, "nothing to compare"),
    ],
)
def test_kitagawa_says_what_is_wrong(changes: dict[str, object], words: str) -> None:
    frame = RATES.assign(hole=RATES["y"].where(RATES["w"] > 1), empty=RATES["w"] == 1, early=RATES["year"] == 2019)
    asked = {"y": "y", "by": "age", "key": "year"} | changes
    with pytest.raises(sk.SurveyKitError, match=words):
        sk.kitagawa(sk.Design(frame, weight="w", wave="year"), **asked)


# --------------------------------------------------------------------------------------------------------------- pooled years
@pytest.fixture(scope="module")
def years() -> sk.Design:
    rng = np.random.default_rng(8)
    n = 720
    frame = pd.DataFrame({"w": rng.uniform(1, 4, n), "wave": rng.integers(1, 4, n), "psu": rng.integers(0, 48, n)})
    frame["region"] = np.array(["n", "s", "w"])[frame["psu"] % 3]
    frame["y"] = rng.normal(size=n) + frame["psu"] % 5 / 2
    frame["yes"] = (rng.random(n) < 0.4).astype(float)
    frame.loc[(frame["wave"] == 1) & (frame["region"] == "w"), "y"] = np.nan
    return sk.Design(frame, weight="w", strata="region", psu="psu", wave="wave", overlap="psu")


def test_the_mean_of_the_years_by_hand(years: sk.Design) -> None:
    est = sk.mean(years, "yes", by=("wave", "region"))
    out = sk.pooled_direct(est, weights="equal").estimates.table
    theta = est.table.pivot_table(index="region", columns="wave", values="estimate")
    np.testing.assert_allclose(out["estimate"], theta.mean(axis=1))
    V = est.vcov([0, 3, 6])  # noqa: N806
    np.testing.assert_allclose(out["se"][0] ** 2, V.mean())
    assert abs(V[0, 1]) > 0  # the years share units
    np.testing.assert_allclose(out["n"], est.table.groupby("region")["n"].sum())


def test_pooling_by_the_weights_is_the_mean_of_all_years(years: sk.Design) -> None:
    out = sk.pooled_direct(years, "yes", by="region", weights="weight_sum").estimates.table
    np.testing.assert_allclose(out["estimate"], sk.mean(years, "yes", by="region").table["estimate"])


def test_least_variance_has_the_least(years: sk.Design) -> None:
    se = {
        way: sk.pooled_direct(years, "yes", by="region", weights=way).estimates.table["se"].to_numpy()
        for way in ("variance", "effective", "n", "equal", "weight_sum")
    }
    for way in ("effective", "n", "equal", "weight_sum"):
        assert (se["variance"] <= se[way] * (1 + 1e-12)).all()


def test_effective_sizes_with_and_without_a_deff(years: sk.Design) -> None:
    """For shares n / deff is p (1 - p) / v but for the factor n / (n - 1) of the reference."""
    told = sk.pooled_direct(sk.mean(years, "yes", by=("wave", "region"), deff="srswr")).weights["weight"]
    untold = sk.pooled_direct(sk.mean(years, "yes", by=("wave", "region"))).weights["weight"]
    np.testing.assert_allclose(told, untold, rtol=0.02)
    with pytest.raises(EstimationError, match="Effective sample sizes are not known"):
        sk.pooled_direct(sk.mean(years, "y", by=("wave", "region"), missing="exclude"))


def test_homogeneity_is_the_wald_test_of_the_differences(years: sk.Design) -> None:
    est = sk.mean(years, "yes", by=("wave", "region"))
    out = sk.pooled_direct(est, weights="equal").homogeneity.iloc[0]
    L = np.zeros((2, 9))  # noqa: N806
    L[0, [0, 3]] = L[1, [0, 6]] = 1, -1
    other = est.linear(L)
    difference = other.table["estimate"].to_numpy()
    wald = difference @ np.linalg.solve(other.vcov(), difference)
    df = sk.pooled_direct(est, weights="equal").estimates.table["df"][0]
    assert out["F"] == pytest.approx(wald * (df - 1) / (2 * df))
    assert (out["df1"], out["df2"]) == (2, df - 1)


def test_a_year_without_an_area_is_left_out_and_said(years: sk.Design) -> None:
    out = sk.pooled_direct(years, "y", by="region", missing="exclude")
    west = out.weights[out.weights["region"] == "w"]
    assert west["wave"].tolist() == [2, 3]
    assert west["weight"].sum() == pytest.approx(1.0)
    assert out.homogeneity["waves"].tolist() == [3, 3, 2]
    assert any("1 pooled estimates lack a wave" in note for note in out.estimates.notes)


def test_years_that_differ_are_said(years: sk.Design) -> None:
    frame = years.frame.assign(y=years.frame["yes"] + 0.6 * years.frame["wave"])
    design = sk.Design(frame, weight="w", strata="region", psu="psu", wave="wave")
    notes = sk.pooled_direct(design, "y", by="region").estimates.notes
    assert any("3 of 3 pooled estimates join years that differ" in note for note in notes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"key": "wve"}, "did you mean 'wave'"),
        ({"weights": "best"}, "is not a way to weight"),
        ({"weights": {1: 1.0, 2: 1.0}}, "has no weight"),
        ({"weights": {1: 1.0, 2: -1.0, 3: 1.0}}, "not negative"),
        ({"y": "yes"}, "Leave out y"),
    ],
)
def test_pooling_says_what_is_wrong(years: sk.Design, changes: dict[str, object], words: str) -> None:
    est = sk.mean(years, "yes", by=("wave", "region"))
    with pytest.raises(sk.SurveyKitError, match=words):
        sk.pooled_direct(est, **changes)


def test_a_design_needs_the_variable(years: sk.Design) -> None:
    with pytest.raises(EstimationError, match="needs the variable"):
        sk.pooled_direct(years)
