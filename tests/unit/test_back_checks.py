"""Interviews held again: agreement and kappa against closed forms, who differs found, chance kept at its level, bad input refused."""

import numpy as np
import pandas as pd
import pytest

from survey_kit.errors import ResponsesError
from survey_kit.fieldwork import Interviews, back_checks
from survey_kit.fieldwork.back_checks import agreement

ITEMS = ["sex", "children", "school", "visited", "age"]


def fleiss_cohen_everitt(table):
    """Kappa and its standard error from a table of counts: Fleiss, Cohen & Everitt (1969), equations 12 and 13."""
    p = table / table.sum()
    row, column = p.sum(axis=1), p.sum(axis=0)
    observed, expected = np.trace(p), float(row @ column)
    kappa = (observed - expected) / (1 - expected)
    diagonal = sum(p[i, i] * (1 - (row[i] + column[i]) * (1 - kappa)) ** 2 for i in range(len(p)))
    off = sum(
        p[i, j] * (column[i] + row[j]) ** 2 for i in range(len(p)) for j in range(len(p)) if i != j
    ) * (1 - kappa) ** 2  # fmt: skip
    third = (kappa - expected * (1 - kappa)) ** 2
    return kappa, np.sqrt((diagonal + off - third) / (1 - expected) ** 2 / table.sum())


@pytest.mark.parametrize("table", [[[20, 5], [10, 15]], [[88, 14, 18], [10, 40, 10], [2, 6, 12]], [[3, 0], [1, 9]]])
def test_kappa_is_that_of_the_closed_form(table):
    counts = np.array(table, dtype=float)
    place = np.argwhere(counts > 0)
    first, second = np.repeat(place, counts[counts > 0].astype(int), axis=0).T.astype(float)
    kappa, se = fleiss_cohen_everitt(counts)
    found = agreement(first, second)
    np.testing.assert_allclose(found["kappa"], kappa, rtol=1e-12)
    np.testing.assert_allclose(found["agreement"], np.trace(counts) / counts.sum(), rtol=1e-12)
    np.testing.assert_allclose(found["low"], max(kappa - 1.959963984540054 * se, -1), rtol=1e-12)
    np.testing.assert_allclose(found["high"], min(kappa + 1.959963984540054 * se, 1), rtol=1e-12)


def test_a_tolerance_counts_chance_alike():
    rng = np.random.default_rng(1)
    one = rng.integers(18, 60, 200).astype(float)
    other = one + rng.integers(-2, 3, 200)
    found = agreement(one, other, 1.0)
    same = np.abs(one[:, None] - other[None, :]) <= 1
    np.testing.assert_allclose(found["agreement"], np.diag(same).mean(), rtol=1e-12)
    np.testing.assert_allclose(found["expected"], same.mean(), rtol=1e-12)
    assert np.isnan(agreement(np.ones(9), np.ones(9))["kappa"])


def survey(rng, bad=(), wrong=0.05, n=800, every=4):
    """Interviews of 20 interviewers, every fourth held again; a share of answers comes out otherwise, for `bad` half of them."""
    frame = pd.DataFrame({"case": np.arange(n) + 500, "who": np.arange(n) // every % 20, "place": np.arange(n) % 2})
    for name in ITEMS[:4]:
        frame[name] = rng.integers(1, 4, n)
    frame["age"] = rng.integers(18, 80, n)
    again = frame.iloc[::every][["case", *ITEMS]].reset_index(drop=True)
    chance = np.where(frame["who"].to_numpy()[::every, None] == np.array([-1, *bad]), 1, 0).any(axis=1)
    for name in ITEMS:
        other = rng.random(len(again)) < np.where(chance, 0.5, wrong)
        again[name] = np.where(other, rng.permutation(again[name]), again[name])
    return Interviews(frame=frame, interviewer="who", case="case", within="place"), again


def test_who_differs_is_found():
    held, again = survey(np.random.default_rng(2), bad=(6,))
    found = back_checks(held, again.sample(frac=1, random_state=1), ITEMS, tolerance={"age": 1})
    assert found.n == 200
    assert found.screen.flagged == [6]
    assert found.interviewers.loc[0, "interviewer"] == 6
    assert found.interviewers.loc[0, "kappa"] < 0.7 < found.interviewers.loc[1:, "kappa"].min()
    assert found.screen.interviews["score"].notna().sum() == 200
    assert found.screen.interviews["again"].sum() == 200
    assert (found.items["n"] == 200).all()
    np.testing.assert_allclose(found.items["inconsistency"], 1 - found.items["kappa"])
    assert not set(ITEMS) & set(found.screen.interviews)


def test_pooled_figures_are_means_over_answers():
    held, again = survey(np.random.default_rng(3))
    found = back_checks(held, again, ITEMS)
    items = found.items
    np.testing.assert_allclose(found.agreement, (items["n"] * items["agreement"]).sum() / items["n"].sum())
    pooled = 1 - (items["n"] * (1 - items["agreement"])).sum() / (items["n"] * (1 - items["expected"])).sum()
    np.testing.assert_allclose(found.kappa, pooled)
    each = found.interviewers
    np.testing.assert_allclose(found.agreement, (each["answers"] * each["agreement"]).sum() / each["answers"].sum())
    np.testing.assert_allclose((each["answers"] * each["expected"]).sum() / each["answers"].sum(), found.agreement)


def test_interviewers_alike_stand_out_seldom():
    rng = np.random.default_rng(4)
    named = sum(bool(back_checks(*survey(rng, wrong=0.1), ITEMS).screen.flagged) for _ in range(60))
    assert named <= 8


def test_words_and_blanks_are_compared():
    held, again = survey(np.random.default_rng(5))
    frame = held.frame.assign(name=np.where(held.frame["sex"] == 1, "a", "b"))
    frame.loc[frame.index % 8 == 0, "name"] = None
    other = again.assign(name=np.where(again["sex"] == 1, "a", "b"))
    found = back_checks(Interviews(frame=frame, interviewer="who", case="case"), other, ["name", "sex"])
    assert found.items.set_index("item").loc["name", "n"] == 100
    assert "held again" in found._repr_html_()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: pd.concat([a, a.iloc[[2]]]), r"(?s)held again twice.*508"),
        (lambda a: a.assign(case=a["case"].replace({500: 9999})), r"(?s)of no first one.*row 1.*9999"),
        (lambda a: a.drop(columns="sex"), "no column 'sex'"),
        (lambda a: a.assign(sex=np.nan), r"(?s)No answer stands in both.*'sex'"),
        (lambda a: a.iloc[:0], "No interview was held again"),
        (lambda a: a.assign(age="old"), r"(?s)A tolerance needs numbers.*'age'"),
    ],
)
def test_what_is_refused(change, message):
    held, again = survey(np.random.default_rng(6))
    with pytest.raises(ResponsesError, match=message):
        back_checks(held, change(again), ITEMS, tolerance={"age": 1})


def test_what_is_asked_wrongly():
    held, again = survey(np.random.default_rng(7))
    with pytest.raises(ResponsesError, match="Cases are not named"):
        back_checks(Interviews(frame=held.frame, interviewer="who"), again, ITEMS)
    with pytest.raises(ResponsesError, match="No item is named"):
        back_checks(held, again, [])
    with pytest.raises(ResponsesError, match="which is not compared"):
        back_checks(held, again, ["sex"], tolerance={"age": 1})
    with pytest.raises(ResponsesError, match="0 or more"):
        back_checks(held, again, ITEMS, tolerance={"age": -1})
    with pytest.raises(ResponsesError, match="'sex' stands twice"):
        back_checks(held, again, ["sex", "sex"])
