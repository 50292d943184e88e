"""Exact derivatives against central differences, for every operation and for random compositions of them.

Tolerance: central differences of step h err by h^2 f''' / 6 + eps f / h; on these domains some 1e-7 relative.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from survey_kit.estimate.dual import FUNCTIONS, PAIRS, Dual, seeds

TOLERANCE = 2e-6
STEP = 1e-6

# where each function is defined and smooth
DOMAINS: dict[str, tuple[float, float]] = {
    "sqrt": (0.1, 9),
    "cbrt": (0.1, 9),
    "reciprocal": (0.2, 5),
    "log": (0.1, 9),
    "log2": (0.1, 9),
    "log10": (0.1, 9),
    "log1p": (-0.8, 5),
    "tan": (-1.2, 1.2),
    "arcsin": (-0.9, 0.9),
    "arccos": (-0.9, 0.9),
    "arccosh": (1.2, 5),
    "arctanh": (-0.9, 0.9),
    "logit": (0.05, 0.95),
    "ndtri": (0.05, 0.95),
}
FIRST = {"power": (0.2, 4), "logaddexp": (-3, 3), "hypot": (0.5, 4), "arctan2": (-3, 3), "divide": (-3, 3)}
SECOND = {"power": (-2, 3), "logaddexp": (-3, 3), "hypot": (0.5, 4), "arctan2": (0.3, 3), "divide": (0.3, 4)}
share = st.floats(0, 1)


def function(name: str):
    return getattr(np, name, None) or getattr(special, name)


def between(limits: tuple[float, float], u: float) -> float:
    return limits[0] + u * (limits[1] - limits[0])


def close(exact: np.ndarray, numeric: np.ndarray) -> None:
    np.testing.assert_allclose(exact, numeric, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("name", FUNCTIONS)
@given(u=st.lists(share, min_size=1, max_size=4))
def test_functions_of_one_quantity(name: str, u: list[float]) -> None:
    """A wrong rule for one function."""
    f = function(name)
    x = between(DOMAINS.get(name, (-2, 2)), np.array(u))
    (seed,) = seeds([x])
    y = f(seed)
    np.testing.assert_array_equal(y.value, f(x))
    close(y.partials[0], (f(x + STEP) - f(x - STEP)) / (2 * STEP))
    if hasattr(np, name):  # as a member of a list, which SciPy's functions do not take
        np.testing.assert_array_equal(f([seed])[0].value, f(x))


@pytest.mark.parametrize("name", PAIRS)
@given(u=share, v=share, constant=st.sampled_from(["neither", "first", "second", "same"]))
def test_functions_of_two_quantities(name: str, u: float, v: float, constant: str) -> None:
    """A wrong rule for one argument, for a plain number on one side, or for the same quantity on both."""
    f = function(name)
    a = between(FIRST.get(name, (-3, 3)), u)
    b = a if constant == "same" else between(SECOND.get(name, (-3, 3)), v)
    if constant == "same" and (name in {"divide", "arctan2"} and abs(a) < 0.2):
        return
    x, y = seeds([np.array([a]), np.array([b])])
    by_a = (f(a + STEP, b) - f(a - STEP, b)) / (2 * STEP)
    by_b = (f(a, b + STEP) - f(a, b - STEP)) / (2 * STEP)
    if constant == "same":
        close(f(x, x).partials[0], by_a + by_b)
        return
    out = f(a if constant == "first" else x, b if constant == "second" else y)
    np.testing.assert_array_equal(out.value, f(np.array([a]), np.array([b])))
    assert set(out.partials) == {"neither": {0, 1}, "first": {1}, "second": {0}}[constant]
    if 0 in out.partials:
        close(out.partials[0], np.array([by_a]))
    if 1 in out.partials:
        close(out.partials[1], np.array([by_b]))


OPERATORS = {
    "neg": lambda x, _: -x,
    "pos": lambda x, _: +x,
    "abs": lambda x, _: abs(x),
    "add": lambda x, y: x + y,
    "radd": lambda x, _: 2.5 + x,
    "sub": lambda x, y: x - y,
    "rsub": lambda x, _: 2.5 - x,
    "mul": lambda x, y: x * y,
    "rmul": lambda x, _: np.float64(2.5) * x,
    "div": lambda x, y: x / y,
    "rdiv": lambda x, _: 2.5 / x,
    "pow": lambda x, y: x**y,
    "rpow": lambda x, _: 2.5**x,
    "square": lambda x, _: x**2,
    "no power": lambda x, _: x**0,
    "minimum": np.minimum,
    "maximum": lambda x, _: np.maximum(x, 0.7),
    "where": lambda x, y: np.where(x > y, x * y, x - y),
    "clip": lambda x, _: np.clip(x, 0.5, 0.9),
    "sum": lambda x, y: sum([x, y, x]),
    "np.sum": lambda x, y: np.sum([x, y, 1.0]),
    "np.mean": lambda x, y: np.mean([x, y, x * y]),
    "np.dot": lambda x, y: np.dot([0.25, 0.75], [x, y]),
    "np.average": lambda x, y: np.average([x, y], weights=[1, 3]),
    "np.prod": lambda x, y: np.prod([x, y]),
    "array": lambda x, y: (np.array([0.2, 0.8]) * np.array([x, y], dtype=object)).sum(),
    "array by one": lambda x, y: (np.array([x, y], dtype=object) * x).sum(),
    "mixture": lambda x, y: np.log(x / y) * np.exp(-abs(x - 2)) + special.logit(x / (x + y)) ** 3,
}


@pytest.mark.parametrize("name", OPERATORS)
@given(a=st.floats(0.2, 3), b=st.floats(0.2, 3))
def test_operators_and_what_numpy_makes_of_lists(name: str, a: float, b: float) -> None:
    """Two groups at once; near a kink (where both sides differ) central differences mean nothing and are left out."""
    f = OPERATORS[name]
    apart = min(abs(a - b), *(abs(a - k) for k in (0.5, 0.7, 0.9, 2.0)))
    if apart < 1e-4:
        return
    x, y = seeds([np.array([a, b + 3]), np.array([b, a + 4])])
    out = f(x, y)
    assert isinstance(out, Dual)

    def plain(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        return np.broadcast_to(np.concatenate([np.ravel(f(float(s), float(t))) for s, t in zip(u, v, strict=True)]), 2)

    u, v = x.value, y.value
    np.testing.assert_allclose(out.value, plain(u, v), rtol=1e-14)
    for k, (du, dv) in enumerate([(STEP, 0.0), (0.0, STEP)]):
        numeric = (plain(u + du, v + dv) - plain(u - du, v - dv)) / (2 * STEP)
        close(out.partials.get(k, np.zeros(2)), numeric)


def test_values_alone_carry_no_derivatives() -> None:
    x, y = seeds([np.array([1.0]), np.array([2.0])], exact=False)
    assert np.exp(x * y + np.maximum(x, y)).partials == {}


def test_what_is_not_chosen_adds_nothing_not_even_a_missing_value() -> None:
    """With 0 times the derivative of log(0), the chosen branch would be NaN."""
    (x,) = seeds([np.array([0.0, 2.0, np.nan])])
    y = np.where(x > 0, np.log(x), x)
    np.testing.assert_array_equal(y.partials[0][:2], [1.0, 0.5])
    assert np.isnan(y.value[2])
    kept = np.where(np.isnan(x), 1.0, x)
    np.testing.assert_array_equal(kept.partials[0], [1.0, 1.0, 0.0])


def test_the_ends_of_a_power() -> None:
    x, y = seeds([np.array([0.0]), np.array([2.0])])
    np.testing.assert_array_equal((x**1).partials[0], [1.0])
    np.testing.assert_array_equal((x**0).partials[0], [0.0])
    np.testing.assert_array_equal((x**y).partials[1], [0.0])
    np.testing.assert_array_equal(np.sqrt(x).partials[0], [np.inf])
