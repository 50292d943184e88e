"""Representativity of response: closed forms, brute force, sampling behaviour, refusals; and its way through the days."""

import itertools

import numpy as np
import pandas as pd
import pytest

from survey_kit.errors import ResponsesError
from survey_kit.fieldwork import balance_by_day, imbalance, r_indicators, read_contacts, response_of


def population(rng: np.random.Generator, n: int, slope: float = 0.8) -> pd.DataFrame:
    frame = pd.DataFrame({"town": rng.choice(list("abc"), n), "age": rng.choice(["o", "y"], n)})
    u = slope * ((frame["town"] == "a") - 0.5 * (frame["age"] == "y"))
    return frame.assign(p=1 / (1 + np.exp(-u)), here=rng.random(n) < 1 / (1 + np.exp(-u)))


def test_one_variable_has_closed_forms():
    """With one variable propensities are the response rates of its categories."""
    cases = pd.DataFrame(
        {
            "x": ["a"] * 50 + ["b"] * 30 + ["c"] * 20,
            "here": [1] * 40 + [0] * 10 + [1] * 15 + [0] * 15 + [1] * 5 + [0] * 15,
        }
    )
    made = r_indicators(cases.astype({"here": bool}), "here", ["x"])
    rates, f = np.array([0.8, 0.5, 0.25]), np.array([0.5, 0.3, 0.2])
    mean = f @ rates
    spread = f @ (rates - mean) ** 2
    np.testing.assert_allclose(made.r_unadjusted, 1 - 2 * np.sqrt(spread * 100 / 99), rtol=1e-10)
    np.testing.assert_allclose(made.categories["unconditional"], np.sqrt(f) * (rates - mean), rtol=1e-10)
    np.testing.assert_allclose(made.balance.imbalance, spread, rtol=1e-10)
    # the only variable: within the cells of no others is within everything
    np.testing.assert_allclose(made.variables["conditional_unadjusted"], np.sqrt(spread), rtol=1e-8)
    assert made.r > made.r_unadjusted


def test_standard_errors_of_categories_are_a_jackknife_of_units():
    rng = np.random.default_rng(4)
    cases = population(rng, 400).assign(psu=np.repeat(np.arange(40), 10), w=rng.uniform(1, 3, 400))
    made = r_indicators(cases, "here", ["town"], weight="w", psu="psu")
    left = []
    for unit in range(40):
        rest = cases[cases["psu"] != unit]
        left.append(r_indicators(rest, "here", ["town"], weight="w").categories["unconditional"].to_numpy())
    jackknife = np.sqrt(39 / 40 * ((np.array(left) - np.mean(left, axis=0)) ** 2).sum(axis=0))
    np.testing.assert_allclose(made.categories["unconditional_se"], jackknife, rtol=0.03)


def test_the_adjustment_takes_the_bias_away_and_the_standard_error_is_right():
    """Over samples the adjusted variance averages to the truth, the raw one does not; the stated standard error is the spread."""
    rng = np.random.default_rng(11)
    raw, adjusted, se = [], [], []
    for _ in range(400):
        made = r_indicators(population(rng, 250), "here", ["town", "age"])
        raw.append(made.r_unadjusted)
        adjusted.append(made.r)
        se.append(made.r_se)
    chances = [1 / (1 + np.exp(-0.8 * ((t == "a") - 0.5 * (a == "y")))) for t, a in itertools.product("abc", "oy")]
    # what is unbiased is the variance of the propensities
    ours, plain = ((1 - np.array(r)) ** 2 / 4 for r in (adjusted, raw))
    truth, error = np.var(chances), np.std(ours) / 20
    assert abs(ours.mean() - truth) < 3 * error
    assert plain.mean() - truth > 5 * error
    assert 0.85 < np.mean(se) / np.std(adjusted) < 1.15


def test_equal_propensities_have_an_r_near_one():
    rng = np.random.default_rng(3)
    made = [r_indicators(population(rng, 300, slope=0.0), "here", ["town", "age"]) for _ in range(60)]
    assert np.mean([one.r for one in made]) > np.mean([one.r_unadjusted for one in made]) + 0.01
    assert np.mean([one.r for one in made]) > 0.93


def test_distance_and_balance_by_brute_force():
    rng = np.random.default_rng(8)
    cases = population(rng, 300).assign(w=rng.uniform(1, 4, 300))
    made = imbalance(cases, "here", [("town", "age")], weight="w")
    x = pd.get_dummies(cases["town"] + cases["age"]).to_numpy(dtype=float)
    w, r = cases["w"].to_numpy(), cases["here"].to_numpy(dtype=float)
    here, away, sample = (np.average(x, axis=0, weights=v) for v in (w * r, w * (1 - r), w))
    moment = np.linalg.inv((x * w[:, None]).T @ x / w.sum())
    share = np.average(r, weights=w)
    np.testing.assert_allclose(made.distance, np.sqrt((here - away) @ moment @ (here - away)), rtol=1e-10)
    np.testing.assert_allclose(made.imbalance, share**2 * (here - sample) @ moment @ (here - sample), rtol=1e-10)
    np.testing.assert_allclose(made.balance, 1 - np.sqrt(made.imbalance / (share * (1 - share))), rtol=1e-10)


def test_row_order_and_the_scale_of_weights_do_not_matter():
    rng = np.random.default_rng(9)
    cases = population(rng, 300).assign(w=rng.uniform(1, 4, 300), psu=np.repeat(np.arange(30), 10))
    one = r_indicators(cases, "here", ["town", "age"], weight="w", psu="psu")
    two = r_indicators(cases.sample(frac=1, random_state=1), "here", ["town", "age"], weight="w", psu="psu")
    np.testing.assert_allclose([one.r, one.r_se, one.cv], [two.r, two.r_se, two.cv], rtol=1e-9)
    pd.testing.assert_frame_equal(one.categories, two.categories, rtol=1e-7)


def test_partial_indicators_add_up_and_stay_below_the_whole():
    rng = np.random.default_rng(21)
    for _ in range(20):
        cases = population(rng, 200).assign(home=rng.choice(["f", "h"], 200), w=rng.uniform(1, 5, 200))
        made = r_indicators(cases, "here", ["town", "age", "home"], weight="w")
        spread = (1 - made.r_unadjusted) / 2
        parts = made.categories.assign(u=made.categories["unconditional"] ** 2, c=made.categories["conditional"] ** 2)
        sums = parts.groupby("variable", sort=False)[["u", "c"]].sum()
        np.testing.assert_allclose(np.sqrt(sums["u"]), made.variables["unconditional_unadjusted"], rtol=1e-7)
        np.testing.assert_allclose(np.sqrt(sums["c"]), made.variables["conditional_unadjusted"], rtol=1e-10)
        whole = made.variables[["unconditional_unadjusted", "conditional_unadjusted"]].to_numpy()
        assert (whole <= spread * (1 + 1e-9)).all()
        # negative and positive categories balance: sum of sqrt(share) times the indicator is the sum of deviations
        even = (np.sqrt(parts["share"]) * parts["unconditional"]).groupby(parts["variable"]).sum()
        np.testing.assert_allclose(even, 0, atol=1e-12)
        assert 0 <= made.balance.imbalance <= made.response * (1 - made.response)


@pytest.mark.parametrize(
    ("change", "by", "message"),
    [
        ({"town": "a"}, [], "variables known of every case"),
        ({"town": None}, ["town"], r"(?s)not known of every case.*row 1"),
        ({"here": True}, ["town"], "Everybody responded"),
        ({"here": False}, ["town"], "Nobody responded"),
    ],
)
def test_refusals(change, by, message):
    cases = population(np.random.default_rng(1), 60).assign(**change)
    with pytest.raises(ResponsesError, match=message):
        r_indicators(cases, "here", by)


def test_a_category_in_which_nobody_or_everybody_responded_is_named():
    cases = population(np.random.default_rng(1), 60)
    with pytest.raises(ResponsesError, match=r"(?s)propensity of a category is 0: nobody.*town=b"):
        r_indicators(cases.assign(here=cases["here"] & (cases["town"] != "b")), "here", ["town", "age"])
    with pytest.raises(ResponsesError, match=r"(?s)is 1: everybody.*town=c"):
        r_indicators(cases.assign(here=cases["here"] | (cases["town"] == "c")), "here", ["town"])


def fieldwork(rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    cases = population(rng, 200).assign(case=range(200), psu=np.repeat(np.arange(20), 10)).drop(columns=["p"])
    day = rng.integers(1, 10, 200)
    log = pd.DataFrame(
        {
            "case": range(200),
            "interviewer": "i",
            "attempt": 1,
            "start": [f"2026-03-{d:02d}T10:00" for d in day],
            "code": np.where(cases["here"], "1.1", np.where(rng.random(200) < 0.2, "4.61", "2.11")),
        }
    )
    return cases.drop(columns="here"), log


def test_the_last_day_of_the_track_is_the_log_as_it_stands():
    cases, log = fieldwork(np.random.default_rng(2))
    made = read_contacts(log, cases=cases)
    track = balance_by_day(made, ["town", "age"])
    whole = response_of(made, ["town", "age"])
    last = track.iloc[-1]
    assert (track["day"].diff().dropna() == pd.Timedelta(days=1)).all()
    assert track["interviews"].is_monotonic_increasing
    np.testing.assert_allclose(
        last[["r", "r_se", "cv", "response", "balance"]].astype(float),
        [whole.r, whole.r_se, whole.cv, whole.response, whole.balance.balance],
        rtol=1e-12,
    )
    eligible = log[log["code"] != "4.61"]
    frame = cases.merge(eligible, on="case").assign(here=lambda one: one["code"] == "1.1")
    direct = r_indicators(frame, "here", ["town", "age"], psu="psu")
    np.testing.assert_allclose([whole.r, whole.r_se], [direct.r, direct.r_se], rtol=1e-9)


def test_a_day_without_an_interview_in_a_category_has_balance_and_a_note():
    cases, log = fieldwork(np.random.default_rng(2))
    town = cases["town"].to_numpy()
    log.loc[town == "b", "start"] = "2026-03-09T10:00"
    track = balance_by_day(read_contacts(log, cases=cases), ["town"])
    first = track.iloc[0]
    assert first["note"] == "Nobody responded: town=b"
    assert np.isnan(first["r"])
    assert 0 < first["balance"] < 1
    assert track.iloc[-1]["note"] == ""


def test_a_log_without_what_is_known_of_all_cases_says_so():
    cases, log = fieldwork(np.random.default_rng(2))
    with pytest.raises(ResponsesError, match=r"(?s)Nothing is known of 'region'.*town"):
        response_of(read_contacts(log, cases=cases), ["region"])
