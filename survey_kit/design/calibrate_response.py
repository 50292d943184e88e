"""Response propensities fitted to the weights: a step whose equations are those of a logistic regression.

With d the weights the step is given, r who responded and p = 1 / (1 + exp(-x'b)), the coefficients solve
``sum d (r - p) x = 0`` and the weights become ``d r / p``. Estimated together with a total (stacked estimating equations; Kim & Kim 2007,
Canadian Journal of Statistics 35, 501-514; Beaumont 2005, Survey Methodology 31, 227-231), an influence z becomes

    r z / p - (r - p) x'B,   B = (sum d p (1 - p) x x')^-  sum d r (1 - p)/p x z

which is what a calibration takes out, with (r - p) x in the place of g x and its own normal equations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from survey_kit import checks
from survey_kit.design.calibrate_columns import Columns, products
from survey_kit.design.calibrate_solve import pseudo_inverse
from survey_kit.errors import DesignError
from survey_kit.types import BoolArray, FloatArray

STEPS = 60
HALVINGS = 30
TOLERANCE = 1e-12  # relative error of a score
ENOUGH = 1e-8  # the same when rounding stops the search
EXTREME = 1e-6  # a propensity this near to 0 or 1 is one


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Response:
    """A fitted response propensity, by row.

    Attributes
    ----------
    answered : (n,)
        Who responded.
    inside : (n,)
        Who could have.
    p : (n,)
        Propensity; 1 outside.
    """

    __repr__ = checks.brief

    answered: BoolArray
    inside: BoolArray
    p: FloatArray

    @property
    def g(self) -> FloatArray:
        """Give the factors (n,): r / p inside, 1 outside."""
        return np.where(self.inside, self.answered / self.p, 1.0)

    @property
    def taken(self) -> FloatArray:
        """Give r - p (n,)."""
        return np.where(self.inside, self.answered - self.p, 0.0)

    @property
    def gram(self) -> FloatArray:
        """Give p (1 - p) (n,)."""
        return np.where(self.inside, self.p * (1 - self.p), 0.0)

    @property
    def slope(self) -> FloatArray:
        """Give r (1 - p) / p (n,)."""
        return np.where(self.inside & self.answered, (1 - self.p) / self.p, 0.0)


def fit_response(columns: Sequence[Columns], weight: FloatArray, answered: BoolArray, inside: BoolArray) -> Response:
    """Fit a logistic response propensity by Newton's method on the weighted log-likelihood.

    Parameters
    ----------
    columns
        Covariates in blocks; a row outside has none.
    weight : (n,)
        Weights of the fit; rows of weight 0 do not count.
    answered, inside : (n,)
        Who responded, and who could have.

    Raises
    ------
    DesignError
        If a propensity becomes 0 or 1, or the search ends without a solution.

    Examples
    --------
    >>> one = Columns(code=np.zeros(4, dtype=np.int64), value=None, names=("all",), wave=np.zeros(1, dtype=np.int64))
    >>> answered = np.array([True, True, True, False])
    >>> fit_response([one], np.ones(4), answered, np.ones(4, dtype=bool)).p.round(6).tolist()
    [0.75, 0.75, 0.75, 0.75]
    """
    d = np.where(inside, weight, 0.0)
    r = answered.astype(np.float64)
    size = sum(block.size for block in columns)
    scale = _sums(columns, d, absolute=True)
    scale = np.where(scale > 0, scale, 1.0)
    b = np.zeros(size)
    u = _predictor(columns, b)
    deviance = _deviance(d, r, u)
    for _ in range(STEPS):
        p = _share(u)
        score = _sums(columns, d * (r - p))
        if float(np.abs(score / scale).max(initial=0.0)) <= TOLERANCE:
            break
        gram = products(columns, columns, [d * p * (1 - p)] * len(columns))
        move = pseudo_inverse(gram)(score)
        length, found = 1.0, False
        for _ in range(HALVINGS):
            ahead = _predictor(columns, b + length * move)
            after = _deviance(d, r, ahead)
            if np.isfinite(after) and after <= deviance * (1 + 1e-15):
                b, u, deviance, found = b + length * move, ahead, after, True
                break
            length /= 2
        if not found:
            break
    p = _share(u)
    counted = d > 0
    extreme = counted & ((p < EXTREME) | (p > 1 - EXTREME))
    if extreme.any():
        row = int(np.flatnonzero(extreme)[0])
        raise DesignError(
            "A response propensity is 0 or 1.",
            where=_cell(columns, row) + f"; {int(extreme.sum())} rows in all",
            found=f"{p[row]:.1e}",
            fix="Join levels in which everybody or nobody responded, or leave a covariate out.",
        )
    error = float(np.abs(_sums(columns, d * (r - p)) / scale).max(initial=0.0))
    if error > ENOUGH:
        raise DesignError(
            "The response propensities cannot be fitted.",
            found=f"relative error {error:.1e} after {STEPS} steps",
            fix="Join small levels, or leave a covariate out.",
        )
    return Response(answered=answered & inside, inside=inside, p=np.where(inside, p, 1.0))


def _cell(columns: Sequence[Columns], row: int) -> str:
    """Name the levels a row stands in."""
    named = [block.names[block.code[row]] for block in columns if block.value is None and block.code[row] >= 0]
    return ", ".join(named[1:] or named)


def _predictor(columns: Sequence[Columns], b: FloatArray) -> FloatArray:
    out = np.zeros(len(columns[0].code))
    first = 0
    for block in columns:
        out += block.spread(b[first : first + block.size])
        first += block.size
    return out


def _sums(columns: Sequence[Columns], weight: FloatArray, *, absolute: bool = False) -> FloatArray:
    parts = []
    for block in columns:
        values = np.abs(block.weighted(weight)) if absolute else block.weighted(weight)
        sums = np.bincount(block.code + 1, weights=values, minlength=block.size + 1)
        parts.append(sums[1:].astype(np.float64, copy=False))
    return np.concatenate(parts)


def _share(u: FloatArray) -> FloatArray:
    from scipy.special import expit

    return np.asarray(expit(u))


def _deviance(d: FloatArray, r: FloatArray, u: FloatArray) -> float:
    return float(d @ (np.logaddexp(0.0, u) - r * u))
