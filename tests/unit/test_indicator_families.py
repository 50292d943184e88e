"""Families: adjusted p, the common level, the interval, the smallest detectable change."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from survey_kit.estimate.intervals import p_value
from survey_kit.indicators import families

ALL = 1e9  # degrees of freedom of the normal


def judge(p, *, family=None, tested=None, df=ALL):
    p = np.asarray(p, dtype=np.float64)
    change = stats.norm.isf(p / 2)
    se = np.ones(len(p))
    return families.judge(
        change,
        se,
        np.full(len(p), df),
        p,
        np.zeros(len(p), dtype=np.int64) if family is None else np.asarray(family, dtype=np.int64),
        tested=np.ones(len(p), dtype=bool) if tested is None else np.asarray(tested, dtype=bool),
    )


def test_benjamini_hochberg_1995_example():
    """The fifteen p-values of Benjamini & Hochberg (1995), section 3: four are found at q = 0.05."""
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1.0,
    ]
    out = judge(p)
    assert (out.p_adjusted <= 0.05).sum() == 4
    assert out.level[0] == pytest.approx(1 - 4 * 0.05 / 15)
    assert (out.low > 0).tolist() == [True] * 4 + [False] * 11


def test_none_found_takes_the_widest_level():
    out = judge([0.04, 0.2, 0.3])
    assert (out.p_adjusted > 0.05).all()
    assert out.level[0] == pytest.approx(1 - 0.05 / 3)
    assert (out.low <= 0).all()


def test_all_found_is_the_plain_interval():
    out = judge([0.001, 0.02])
    assert out.level.tolist() == pytest.approx([0.95, 0.95])


def test_alone_in_its_family_nothing_is_adjusted():
    out = judge([0.03])
    assert (out.p_adjusted[0], out.size[0]) == (0.03, 1)
    assert out.level[0] == pytest.approx(0.95)


def test_families_do_not_touch_each_other():
    together = judge([0.001, 0.04, 0.03, 0.9], family=[7, 3, 7, 3])
    apart = judge([0.001, 0.03]), judge([0.04, 0.9])
    assert together.p_adjusted[[0, 2]].tolist() == apart[0].p_adjusted.tolist()
    assert together.p_adjusted[[1, 3]].tolist() == apart[1].p_adjusted.tolist()
    assert together.size.tolist() == [2, 2, 2, 2]


def test_untested_changes_are_left_out_of_the_family():
    out = judge([0.02, 0.0001, 0.9], tested=[True, False, True])
    assert out.size.tolist() == [2, 0, 2]
    assert np.isnan([out.p_adjusted[1], out.level[1], out.low[1]]).all()
    assert out.p_adjusted[0] == pytest.approx(0.04)


def test_no_change_can_be_tested():
    out = judge([np.nan, 0.5], tested=[True, False])
    assert out.size.tolist() == [0, 0]
    assert np.isnan(out.low).all()


def test_the_interval_uses_each_rows_own_degrees_of_freedom():
    change, se, df = np.array([2.5, 2.5]), np.ones(2), np.array([5.0, 500.0])
    out = families.judge(change, se, df, p_value(change, df), np.array([0, 1]), tested=np.ones(2, dtype=bool))
    assert out.low.tolist() == pytest.approx((2.5 - stats.t.ppf(0.975, df)).tolist())


def test_smallest_detectable_change():
    """Trust of 60 % in 2,000 people with deff 1.6: SE 1.39 points, so 5.5 points between two independent waves."""
    se = np.sqrt(2) * np.sqrt(1.6 * 0.6 * 0.4 / 2000)
    assert families.detectable(np.array([se]), np.array([ALL]))[0] == pytest.approx(0.0549, abs=5e-5)
    t = stats.t.ppf(0.975, 20) + stats.t.ppf(0.80, 20)
    assert families.detectable(np.array([1.0]), np.array([20.0]))[0] == pytest.approx(t)
