"""Columns of a model that say the same: found by pivoting in a QR decomposition, and named."""

from __future__ import annotations

import numpy as np

from survey_kit.errors import EstimationError
from survey_kit.models.likelihood import Rows
from survey_kit.types import FloatArray

SUSPECT = 1e-6  # smallest share of a column's variance that the others leave, by the Gram matrix
DEPENDENT = 1e-7  # the same for its length, by QR; closer columns leave no digits in the inverse information
CONSTANT = 1e-13  # length of a centred column beside its centre


def check(rows: Rows, columns: tuple[str, ...], intercept: int | None, *, thresholds: bool) -> None:
    """Refuse a matrix whose columns are linearly dependent.

    Parameters
    ----------
    rows
        The centred columns; weights do not matter, only which rows there are.
    columns
        Their names.
    intercept
        Place of the intercept, or None.
    thresholds
        Whether thresholds stand for an intercept.

    Raises
    ------
    EstimationError
        Naming a column and the columns it is a combination of.
    """
    X = rows.X
    p, m = X.shape
    if p == 0:
        return
    constant = "Intercept" if intercept is not None else ("the thresholds" if thresholds else None)
    length = np.sqrt(np.einsum("pm,pm->p", X, X))
    flat = length <= CONSTANT * np.sqrt(m) * np.abs(rows.basis[0] / rows.basis[1])
    flat |= length == 0
    for j in np.flatnonzero(flat).tolist():
        if j != intercept:
            value = rows.basis[0][j]
            _refuse(columns[j], f"{value:g} in every row" if constant is None else f"{value:g} * {constant}")
    unit = 1.0 / length
    gram = (X @ X.T) * unit[:, None] * unit
    if m >= p and _pivots(gram).min() > SUSPECT:
        return
    R = _triangle(X * unit[:, None])
    found = _first_dependent(R)
    if found is not None:
        _refuse(columns[found[0]], _combination(rows, columns, unit, found, intercept, constant))


def _pivots(gram: FloatArray) -> FloatArray:
    try:
        return np.diag(np.linalg.cholesky(gram)) ** 2
    except np.linalg.LinAlgError:
        return np.zeros(1)


def _triangle(X: FloatArray) -> FloatArray:
    """R of the QR decomposition of the rows, block after block, so that no digits are squared away."""
    p, m = X.shape
    step = max(16_384, 4 * p)
    parts = [np.linalg.qr(X[:, i : i + step].T, mode="r") for i in range(0, m, step)]
    return np.asarray(np.linalg.qr(np.concatenate(parts), mode="r"))


def _first_dependent(R: FloatArray) -> tuple[int, list[int], FloatArray] | None:
    """Find the first column that the ones before it make up, and how."""
    kept: list[int] = []
    for j in range(R.shape[1]):
        share: FloatArray = np.zeros(0)
        if kept:
            share = np.asarray(np.linalg.lstsq(R[:, kept], R[:, j], rcond=None)[0], dtype=np.float64)
        if np.linalg.norm(R[:, j] - R[:, kept] @ share) <= DEPENDENT * np.linalg.norm(R[:, j]):
            return j, kept, share
        kept.append(j)
    return None


def _combination(
    rows: Rows,
    columns: tuple[str, ...],
    unit: FloatArray,
    found: tuple[int, list[int], FloatArray],
    intercept: int | None,
    constant: str | None,
) -> str:
    """Write the dependency in the columns as the formula has them."""
    j, kept, share = found
    centre, scale = rows.basis
    size = scale / unit
    parts: list[tuple[float, str]] = []
    level = centre[j]
    for k, s in zip(kept, share.tolist(), strict=True):
        weight = s * size[j] / size[k]
        if k == intercept:
            level += weight
        elif abs(s) > 1e-6:
            parts.append((weight, columns[k]))
            level -= weight * centre[k]
    if constant is not None and abs(level) > 1e-6 * max(1.0, abs(centre[j])):
        parts.insert(0, (level, constant))
    return " ".join(_signed(weight, name, first=i == 0) for i, (weight, name) in enumerate(parts))


def _signed(weight: float, name: str, *, first: bool) -> str:
    sign = ("-" if weight < 0 else "") if first else ("- " if weight < 0 else "+ ")
    size = abs(weight)
    return f"{sign}{name}" if abs(size - 1) < 1e-6 else f"{sign}{size:.6g} * {name}"


def _refuse(column: str, combination: str) -> None:
    raise EstimationError(
        f"'{column}' says nothing the other columns do not say already (collinearity).",
        where=f"column '{column}' of the model",
        found=f"{column} = {combination}",
        fix=f"Leave out '{column}' or one of the others, or join categories.",
    )
