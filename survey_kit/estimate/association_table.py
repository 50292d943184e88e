"""Two-way tables as arrays: Rao-Scott and Wald tests of independence, and the shares with their derivatives.

Notation: p (R, C) estimated cell shares, V (RC, RC) their design-based covariance, n interviews, nu degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from survey_kit.estimate.hypothesis_tails import chi2_tail, f_tail, mixture_tail, saddlepoint_tail
from survey_kit.types import BoolArray, FloatArray

NAN = float("nan")
ROUNDING = 1e-12  # a design effect below it is none
SINGULAR = 1e-10  # smallest eigenvalue, as a share of the largest, of a matrix that is inverted


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What every test of one table is made of.

    Attributes
    ----------
    pearson, likelihood
        ``n sum (p - p0)^2 / p0`` and ``2 n sum p log(p / p0)``, p0 the shares under the hypothesis.
    weights : (k,)
        Eigenvalues of the generalised design effects matrix: both statistics are distributed as ``sum_i l_i chi2_1``.
    wald
        Gives the quadratic form of the differences from the hypothesis in their inverse covariance, and its rank.
    df
        Degrees of freedom nu of the design.
    notes
        What the weights rest on, where that must be said.
    """

    pearson: float
    likelihood: float
    weights: FloatArray
    wald: Callable[[], tuple[float, int]]
    df: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A test statistic with its degrees of freedom and tail probability."""

    statistic: float
    df1: float
    df2: float
    p: float
    status: str = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableTest:
    """A test as a value.

    Attributes
    ----------
    method, name
        In words, ``{what}`` standing for the hypothesis; and the letter of its statistic.
    compute
        What it makes of the evidence and a chi-square.
    from_totals
        Whether it is made of the counts themselves and takes no chi-square.
    """

    method: str
    name: str
    compute: Callable[[Evidence, float], Found]
    from_totals: bool = False

    def run(self, evidence: Evidence, of: str) -> tuple[Found, tuple[str, ...]]:
        """Test on Pearson's chi-square or the ``"likelihood"`` ratio; say why when there is no result."""
        found = self.compute(evidence, evidence.pearson if of == "pearson" else evidence.likelihood)
        if np.isfinite(found.p):
            k = len(evidence.weights)
            if self.from_totals and found.df1 < k:
                return found, (f"the covariance of {k} differences has rank {found.df1:g}; so many are tested",)
            return found, () if self.from_totals else evidence.notes
        if evidence.df > 0 and not evidence.weights.sum() > 0:
            return replace(found, statistic=NAN, status="one_value"), ("no test: nothing varies between units",)
        return replace(found, statistic=NAN, status="no_df"), (
            f"no test: {evidence.df:g} degrees of freedom are not enough",
        )


# ------------------------------------------------------------------------------------------------------------ the tests
def _second_order(evidence: Evidence, x2: float) -> Found:
    """Divide by the trace and refer to F on d, d nu with ``d = (sum l)^2 / sum l^2`` (Rao & Scott 1984; Thomas & Rao 1987)."""
    lam = evidence.weights
    trace, squares = float(lam.sum()), float((lam**2).sum())
    if not (trace > 0 and evidence.df > 0):
        return Found(statistic=NAN, df1=NAN, df2=NAN, p=NAN)
    d = trace**2 / squares
    return Found(statistic=x2 / trace, df1=d, df2=d * evidence.df, p=f_tail(x2 / trace, d, d * evidence.df))


def _first_order(evidence: Evidence, x2: float) -> Found:
    """Divide by the mean eigenvalue and refer to chi-square on k (Rao & Scott 1984)."""
    lam = evidence.weights
    k = len(lam)
    if not lam.sum() > 0:
        return Found(statistic=NAN, df1=NAN, df2=NAN, p=NAN)
    x = x2 / float(lam.mean())
    return Found(statistic=x, df1=float(k), df2=np.inf, p=chi2_tail(x, k))


def _mixture(tail: Callable[[float, FloatArray, float], float]) -> Callable[[Evidence, float], Found]:
    def compute(evidence: Evidence, x2: float) -> Found:
        lam = evidence.weights
        squares = float((lam**2).sum())
        df2 = float(lam.sum()) ** 2 / squares * evidence.df if squares > 0 else NAN
        return Found(statistic=x2, df1=float(len(lam)), df2=df2, p=tail(x2, lam, df2))

    return compute


def _wald(evidence: Evidence, x2: float) -> Found:  # noqa: ARG001
    """Give W / k on F(k, nu) (Koch, Freeman & Freeman 1975)."""
    w, k = evidence.wald()
    if _too_few(evidence, k):
        return Found(statistic=NAN, df1=float(k), df2=evidence.df, p=NAN)
    return Found(statistic=w / k, df1=float(k), df2=evidence.df, p=f_tail(w / k, k, evidence.df))


def _adjusted_wald(evidence: Evidence, x2: float) -> Found:  # noqa: ARG001
    """Give W (nu - k + 1) / (k nu) on F(k, nu - k + 1) (Thomas & Rao 1987)."""
    w, k = evidence.wald()
    df2 = evidence.df - k + 1
    if _too_few(evidence, k):
        return Found(statistic=NAN, df1=float(k), df2=df2, p=NAN)
    f = w * df2 / (k * evidence.df)
    return Found(statistic=f, df1=float(k), df2=df2, p=f_tail(f, k, df2))


def _too_few(evidence: Evidence, rank: int) -> bool:
    """Tell whether the degrees of freedom cannot carry the differences: those left say nothing of the rest."""
    return rank == 0 or not evidence.df > 0 or len(evidence.weights) > rank >= evidence.df


#: Every test by name; the names are those of R ``svychisq`` in small letters, but for F.
TABLE_TESTS: Mapping[str, TableTest] = {
    "F": TableTest(method="Rao-Scott test of {what}, second order", name="F", compute=_second_order),
    "chisq": TableTest(method="Rao-Scott test of {what}, first order", name="chi2", compute=_first_order),
    "lincom": TableTest(method="Test of {what}, exact sum of chi-squares", name="X2", compute=_mixture(mixture_tail)),
    "saddlepoint": TableTest(method="Test of {what}, saddlepoint", name="X2", compute=_mixture(saddlepoint_tail)),
    "wald": TableTest(method="Wald test of {what}", name="F", compute=_wald, from_totals=True),
    "adjusted_wald": TableTest(
        method="Adjusted Wald test of {what}", name="F", compute=_adjusted_wald, from_totals=True
    ),
}


# ------------------------------------------------------------------------------------------------- independence of two items
def independence(
    T: FloatArray, V_p: FloatArray, V_T: Callable[[], FloatArray], n: float, df: float
) -> tuple[Evidence | None, tuple[str, ...]]:
    r"""Collect the evidence against independence in a table of weighted counts.

    With C contrasts orthogonal to the main effects of a log-linear model (R C, k = (R - 1)(C - 1)) and D the diagonal of p, the
    generalised design effects are the eigenvalues of
    :math:`(C' D^{-1} C / n)^{-1} (C' D^{-1} V D^{-1} C)` (Rao & Scott 1984, Annals of Statistics 12, 46-60).

    Parameters
    ----------
    T : (R, C)
        Weighted counts.
    V_p : (RC, RC)
        Covariance of the cell shares, rows of the table in order.
    V_T
        Gives the covariance of the counts (RC, RC); only the Wald tests ask for it.
    n, df
        Interviews in the table, degrees of freedom of the design.

    Returns
    -------
    Evidence or None
        None where fewer than two rows or columns hold anybody.
    tuple of str
        What was left out and why.

    Notes
    -----
    Empty rows and columns are left out. An empty cell inside the rest has ``1 / p`` replaced by zero, as R ``svychisq`` does;
    where too many are empty for the contrasts, the shares under independence stand in for p in D.
    """
    keep_r, keep_c = T.sum(axis=1) > 0, T.sum(axis=0) > 0
    notes = _left_out(keep_r, keep_c)
    R, C = int(keep_r.sum()), int(keep_c.sum())
    if R < 2 or C < 2:
        return None, (*notes, "no test: fewer than two rows or two columns hold anybody")
    kept = np.flatnonzero(np.outer(keep_r, keep_c).reshape(-1))
    T = T[np.ix_(keep_r, keep_c)]
    V = V_p[np.ix_(kept, kept)]
    p = T / T.sum()
    p0 = np.outer(p.sum(axis=1), p.sum(axis=0))
    contrasts = np.asarray(np.kron(helmert(R), helmert(C)), dtype=np.float64)
    empty = int((p == 0).sum())
    weights = _design_effects(contrasts, p.reshape(-1), V, n) if (p >= 0).all() else None
    if empty:
        notes += (f"{empty} of {p.size} cells {'is' if empty == 1 else 'are'} empty",)
    said: tuple[str, ...] = ()
    if weights is None:
        said = ("design effects are taken at the shares under independence",)
        weights = _design_effects(contrasts, p0.reshape(-1), V, n)
    weights = np.zeros(contrasts.shape[1]) if weights is None else weights
    evidence = Evidence(
        pearson=n * float(((p - p0) ** 2 / p0).sum()),
        likelihood=2 * n * float(_times_log(p, p0).sum()),
        weights=weights,
        wald=lambda: _independence_wald(T, V_T()[np.ix_(kept, kept)]),
        df=df,
        notes=said,
    )
    return evidence, notes


def _times_log(p: FloatArray, p0: FloatArray) -> FloatArray:
    return np.where(p > 0, p * np.log(np.where(p > 0, p / p0, 1.0)), 0.0)


def _left_out(keep_r: BoolArray, keep_c: BoolArray) -> tuple[str, ...]:
    out = []
    for keep, what in ((keep_r, "row"), (keep_c, "column")):
        gone = int((~keep).sum())
        if gone:
            out.append(f"{gone} empty {what}{'' if gone == 1 else 's'} of the table left out of the test")
    return tuple(out)


def helmert(k: int) -> FloatArray:
    """Orthonormal contrasts (k, k - 1): each level against the mean of those before it.

    Examples
    --------
    >>> H = helmert(4)
    >>> bool(np.allclose(H.T @ H, np.eye(3)) and np.allclose(H.sum(axis=0), 0))
    True
    """
    out = np.zeros((k, k - 1))
    for j in range(1, k):
        out[:j, j - 1] = -1
        out[j, j - 1] = j
    return np.asarray(out / np.sqrt((out**2).sum(axis=0)))


def _design_effects(contrasts: FloatArray, p: FloatArray, V: FloatArray, n: float) -> FloatArray | None:
    """Generalised design effects; None where empty cells leave the contrasts undefined."""
    inverse = np.divide(1.0, p, out=np.zeros_like(p), where=p > 0)
    scaled = contrasts * inverse[:, None]
    return relative_eigenvalues(scaled.T @ V @ scaled, contrasts.T @ scaled / n)


def relative_eigenvalues(B: FloatArray, A: FloatArray) -> FloatArray | None:
    """Eigenvalues of ``A^-1 B`` for symmetric matrices, not below zero; None where A has no inverse."""
    values, vectors = np.linalg.eigh(A)
    if not values[0] > SINGULAR * max(values[-1], 0.0):
        return None
    half = vectors / np.sqrt(values)
    return np.asarray(above_rounding(np.linalg.eigvalsh(half.T @ B @ half)))


def above_rounding(effects: FloatArray) -> FloatArray:
    """Give design effects, all zero where their sum is rounding.

    Examples
    --------
    >>> above_rounding(np.array([-1e-17, 1.2])).tolist(), above_rounding(np.array([1e-30, 2e-17])).tolist()
    ([0.0, 1.2], [0.0, 0.0])
    """
    kept = np.maximum(effects, 0.0)
    return kept if kept.sum() > ROUNDING * len(kept) else np.zeros_like(kept)


def _independence_wald(T: FloatArray, V: FloatArray) -> tuple[float, int]:
    """Wald statistic of ``T_ij - T_i+ T_+j / T_++`` over all but one row and column, by the delta method at the estimates."""
    R, C = T.shape
    N, rows, columns = T.sum(), T.sum(axis=1), T.sum(axis=0)
    Y = T - np.outer(rows, columns) / N
    i, j = np.unravel_index(np.arange(R * C), (R, C))
    J = np.eye(R * C)
    J -= (i[:, None] == i[None, :]) * (columns[j] / N)[:, None]
    J -= (j[:, None] == j[None, :]) * (rows[i] / N)[:, None]
    J += (rows[i] * columns[j] / N**2)[:, None]
    free = np.flatnonzero((i > 0) & (j > 0))
    return quadratic_form(Y.reshape(-1)[free], J[free] @ V @ J[free].T)


def quadratic_form(d: FloatArray, V: FloatArray) -> tuple[float, int]:
    """``d' V^- d`` and the rank of V, directions without variance left out.

    Examples
    --------
    >>> quadratic_form(np.array([2.0, 4.0]), np.array([[4.0, 0.0], [0.0, 0.0]]))
    (1.0, 1)
    """
    if not len(d):
        return NAN, 0
    scale = np.sqrt(np.maximum(np.diag(V), 0.0))
    some = scale > 0
    if not some.any() or not (np.isfinite(V).all() and np.isfinite(d).all()):
        return NAN, 0
    unit = d[some] / scale[some]
    values, vectors = np.linalg.eigh(V[np.ix_(some, some)] / np.outer(scale[some], scale[some]))
    kept = values > SINGULAR * values[-1]
    return float((((vectors.T @ unit) ** 2)[kept] / values[kept]).sum()), int(kept.sum())


# --------------------------------------------------------------------------------------------------- shares as functions of counts
def cell_shares(T: FloatArray) -> FloatArray:
    """Shares of the whole (..., R, C)."""
    return _over(T, T.sum(axis=(-2, -1), keepdims=True))


def row_shares(T: FloatArray) -> FloatArray:
    """Shares of each row's total (..., R, C)."""
    return _over(T, T.sum(axis=-1, keepdims=True))


def column_shares(T: FloatArray) -> FloatArray:
    """Shares of each column's total (..., R, C)."""
    return _over(T, T.sum(axis=-2, keepdims=True))


def _over(T: FloatArray, base: FloatArray) -> FloatArray:
    return np.divide(T, base, out=np.full_like(T, np.nan), where=np.broadcast_to(base > 0, T.shape))


def shares_slope(T: FloatArray, of: str) -> FloatArray:
    """Give the derivative (RC, RC) of shares of the ``"table"``, ``"row"`` or ``"column"`` with respect to the counts."""
    R, C = T.shape
    i, j = np.unravel_index(np.arange(R * C), (R, C))
    within = {
        "table": np.ones((R * C, R * C), dtype=bool),
        "row": i[:, None] == i[None, :],
        "column": j[:, None] == j[None, :],
    }[of]
    base = within @ T.reshape(-1)
    share = np.divide(T.reshape(-1), base, out=np.zeros(R * C), where=base > 0)
    inverse = np.divide(1.0, base, out=np.zeros(R * C), where=base > 0)
    return np.asarray((np.eye(R * C) - within * share[:, None]) * inverse[:, None])
