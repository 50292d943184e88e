"""Replicate weights: the sample over again in R slightly different versions, whose spread is the variance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from survey_kit import checks
from survey_kit.design.layout import Layout
from survey_kit.errors import DesignError
from survey_kit.types import FloatArray

if TYPE_CHECKING:
    from survey_kit.design.replicate_columns import ReplicateColumns


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replicates:
    r"""Replicate weights of a design and how their estimates make a variance.

    .. math:: V = \sum_r c_r (\theta_r - \bar\theta)(\theta_r - \bar\theta)', \qquad c_r = \text{scale} \cdot \text{rscales}_r

    where the centre is the estimate of the full sample when `mse`, else the mean of the replicates with a coefficient.

    Parameters
    ----------
    factors : (P, R), optional
        What multiplies the weight of the rows of each unit of one stage, not negative.
    weights : (n, R), optional
        Full replicate weights of every row, as a data producer publishes them. Either `factors` or `weights`.
    stage
        The stage whose units `factors` belong to, 0 the first.
    method
        Name of the method, for notes and export.
    scale, rscales : float, (R,)
        The coefficients; `rscales` are 1 unless given.
    mse
        True centres at the full sample's estimate, False at the mean of the replicates.
    df
        Degrees of freedom. None means R - 1 for `weights`; for `factors` the design's own rule, units minus strata that
        hold a member of the domain.
    rho
        Fay's coefficient, for notes and export.
    columns, combined
        The columns of the file they were read from, and whether these contain the weight; for export.
    notes
        Sentences about how they were made.

    Raises
    ------
    DesignError
        If there are fewer than two replicates, a value is not finite or negative where it cannot be, or shapes disagree.

    Notes
    -----
    Wolter, *Introduction to Variance Estimation* (2007), chapters 3-5; Rust & Rao (1996), Statistical Methods in Medical
    Research 5, 283-310, for the coefficients.

    Examples
    --------
    >>> import numpy as np
    >>> jackknife = Replicates(factors=1.5 * (1 - np.eye(3)), method="JK1", scale=2 / 3)
    >>> jackknife.size, jackknife.coefficients.round(3).tolist()
    (3, [0.667, 0.667, 0.667])
    """

    factors: FloatArray | None = None
    weights: FloatArray | None = None
    stage: int = 0
    method: str = "custom"
    scale: float
    rscales: FloatArray = field(default_factory=lambda: np.ones(0))
    mse: bool = False
    df: float | None = None
    rho: float = 0.0
    columns: tuple[str, ...] = ()
    combined: bool = True
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.factors is None) == (self.weights is None):
            raise DesignError(
                "Replicates are either factors of units or weights of rows.", fix="Give exactly one of the two."
            )
        if self.weights is None:
            values = checks.floats(self.factors, "factors", "Give a matrix of units by replicates.", DesignError)
            object.__setattr__(self, "factors", values)
        else:  # as the user brings them: n x R in single precision stays so
            values = np.asarray(self.weights)
            object.__setattr__(self, "weights", values)
        if values.dtype.kind not in "biuf":
            raise DesignError(
                "Replicate weights are numbers.",
                found=f"values of type {values.dtype}",
                fix="Give a matrix of numbers.",
            )
        _check_matrix(values, "factors" if self.weights is None else "weights")
        R = values.shape[1]
        rscales = checks.floats(self.rscales, "rscales", "Give one per replicate.", DesignError).reshape(-1)
        rscales = np.ones(R) if len(rscales) == 0 else rscales
        checks.floats(self.scale, "scale", "Give the published figure.", DesignError)
        _check_coefficients(self.scale, rscales, R)
        if self.factors is not None and (values < 0).any():
            unit, r = np.argwhere(values < 0)[0]
            raise DesignError(
                "A replicate factor is negative.",
                where=f"unit {unit + 1}, replicate {r + 1}; {int((values < 0).sum())} in all",
                found=f"{values[unit, r]:g}",
                fix="Shrink the factors towards 1 and raise the scale, as Fay's method does.",
            )
        if self.df is not None and checks.number(self.df, "df", "Give the producer's figure.", DesignError) <= 0:
            raise DesignError(
                "The degrees of freedom must be positive.", found=f"df={self.df!r}", fix="Give the producer's figure."
            )
        object.__setattr__(self, "rscales", rscales)
        if self.df is None and self.weights is not None:
            object.__setattr__(self, "df", float(R - 1))

    def __repr__(self) -> str:
        rows = "units" if self.weights is None else "rows"
        return f"Replicates of {self._lines[0]} {rows}: {'; '.join(self.assumptions())}"

    @property
    def size(self) -> int:
        """Count the replicates (R)."""
        return int(self._lines[1])

    @property
    def _lines(self) -> tuple[int, ...]:
        values = self.factors if self.weights is None else self.weights
        return () if values is None else values.shape

    @property
    def coefficients(self) -> FloatArray:
        """Give each replicate's coefficient (R,) in the variance: scale times rscales."""
        return np.asarray(self.scale * self.rscales, dtype=np.float64)

    def of_rows(self, layout: Layout) -> Iterator[FloatArray]:
        """Give the weights (n,), before calibration, of one replicate after the other, never all at once."""
        if self.weights is not None:
            for r in range(self.size):
                yield np.ascontiguousarray(self.weights[:, r], dtype=np.float64)
        elif self.factors is not None:
            unit = layout.stages[self.stage].unit_of_row
            for r in range(self.size):
                yield layout.base_weight * self.factors[:, r][unit]

    def check(self, layout: Layout) -> None:
        """Raise DesignError unless the shapes are those of a design."""
        if self.factors is not None and not 0 <= self.stage < len(layout.stages):
            raise DesignError(
                "The replicate factors belong to a stage the design does not have.",
                found=f"stage={self.stage}, {len(layout.stages)} stages",
                fix="Stages are counted from 0; only the first and those after a stage with fpc exist.",
            )
        wanted, what = (
            (len(layout.weight), "rows") if self.factors is None else (layout.stages[self.stage].size, "units")
        )
        if self._lines[0] != wanted:
            raise DesignError(
                f"The replicates do not fit the {what} of the design.",
                found=f"{self._lines[0]} for {wanted} {what}",
                fix=f"Give one line per {'row' if what == 'rows' else 'unit, in the order of the layout'}.",
            )

    def assumptions(self) -> tuple[str, ...]:
        """Say in words what a variance from these replicates rests on."""
        said = "" if self.rho == 0 else f", rho {self.rho:g}"
        centre = "the estimate of the full sample" if self.mse else "the mean of the replicates"
        line = f"variance by {self.size} {self.method} replicates{said}, centred at {centre}"
        return (line, *self.notes)

    @staticmethod
    def given(
        columns: str | Sequence[str],
        *,
        method: str,
        rho: float = 0.0,
        scale: float | None = None,
        rscales: Sequence[float] | FloatArray | None = None,
        combined: bool = True,
        mse: bool | None = None,
        df: float | None = None,
    ) -> ReplicateColumns:
        """Name the columns of a file that hold replicate weights, for ``Design(replicates=)``.

        Parameters
        ----------
        columns
            Their names, or one pattern with ``*``, ``?`` or ``[0-9]``; the column of the weight itself never counts.
        method
            ``"BRR"``, ``"Fay"`` (needs `rho`), ``"JK1"``, ``"JK2"``, ``"JKn"`` (needs `rscales`), ``"bootstrap"``,
            ``"SDR"``, ``"ACS"``, or ``"custom"`` (needs `scale`).
        rho
            Fay's coefficient, between 0 and 1.
        scale
            Replaces the method's own: BRR 1/R, Fay 1/(R (1 - rho)^2), JK1 (R - 1)/R, JK2 and JKn 1, bootstrap 1/(R - 1)
            or 1/R when `mse`, SDR and ACS 4/R. A published coefficient goes here.
        rscales
            One coefficient per replicate beside `scale`.
        combined
            False when the columns are factors that multiply the weight.
        mse
            True centres at the full sample's estimate, False at the mean of the replicates. None: True for SDR and ACS.
        df
            Degrees of freedom as published; R - 1 unless declared.

        Returns
        -------
        ReplicateColumns
            What the design reads once it has its frame.

        Raises
        ------
        DesignError
            If the method is unknown or lacks what it needs.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"w": [4.0, 4, 4], "w1": [0.0, 6, 6], "w2": [6.0, 0, 6], "w3": [6.0, 6, 0]})
        >>> columns = Replicates.given("w[0-9]", method="JK1")
        >>> columns.read(frame, "w").coefficients.round(3).tolist()
        [0.667, 0.667, 0.667]
        """
        from survey_kit.design.replicate_columns import CONVENTIONS, ReplicateColumns

        return ReplicateColumns(
            columns=columns if isinstance(columns, str) else checks.names(columns, "replicates"),
            method=checks.choice(method, "replicate method", tuple(CONVENTIONS), DesignError),
            rho=rho,
            scale=scale,
            rscales=None if rscales is None else tuple(float(value) for value in rscales),
            combined=combined,
            mse=mse,
            df=df,
        )


# ----------------------------------------------------------------------------------------------------------- checks
def _check_matrix(values: FloatArray, what: str) -> None:
    if values.ndim != 2:
        raise DesignError(
            f"Replicate {what} form a matrix.", found=f"{values.ndim} dimensions", fix="Give one column per replicate."
        )
    if values.shape[1] < 2:
        raise DesignError(
            "At least two replicates are needed.", found=f"{values.shape[1]}", fix="Give all replicates of the design."
        )
    if not np.isfinite(values).all():
        row, r = np.argwhere(~np.isfinite(values))[0]
        raise DesignError(
            f"Replicate {what} are not finite.",
            where=f"line {row + 1}, replicate {r + 1}",
            found=f"{int((~np.isfinite(values)).sum())} values",
            fix="Correct them; 0 leaves a row or unit out.",
        )
    empty = np.flatnonzero(~(values != 0).any(axis=0))
    if len(empty):
        raise DesignError(
            "A replicate is zero for every unit.",
            where=f"replicate {int(empty[0]) + 1}",
            found=f"{len(empty)} of {values.shape[1]} replicates",
            fix="Leave it out, or correct its column.",
        )


def _check_coefficients(scale: float, rscales: FloatArray, R: int) -> None:
    if len(rscales) != R:
        raise DesignError(
            "There is not one coefficient per replicate.",
            found=f"{len(rscales)} rscales for {R} replicates",
            fix="Give rscales one entry per replicate, in their order.",
        )
    if not (np.isfinite(scale) and scale > 0):
        raise DesignError("The scale must be positive.", found=f"scale={scale!r}", fix="Give the published figure.")
    if not np.isfinite(rscales).all() or (rscales < 0).any() or not (rscales > 0).any():
        raise DesignError(
            "The coefficients of replicates must be numbers of at least 0, and some above.",
            found=f"rscales from {np.min(rscales):g} to {np.max(rscales):g}",
            fix="Correct rscales.",
        )
