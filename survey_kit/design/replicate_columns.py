"""Replicate weights that come as columns of a file: their names, the conventions of their method, and whether they fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from survey_kit import frames
from survey_kit.checks import shown
from survey_kit.design.layout import Layout
from survey_kit.design.replicates import Replicates
from survey_kit.errors import DesignError, did_you_mean
from survey_kit.types import FloatArray, Frame

_LOW, _HIGH = 0.8, 1.25  # mean replicate over mean weight: farther from 1, the columns belong to another weight
_ROW_LIMIT, _ROW_COUNT = 0.35, 30  # the same row by row, judged only when enough replicates average out


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """What the field takes for granted about one method.

    Attributes
    ----------
    scale
        Coefficient from the number of replicates, before Fay's ``1 / (1 - rho)^2``; None when it must be told.
    scale_mse
        The same when centred at the full sample, where it differs.
    mse
        Whether the method's source centres at the full sample.
    needs
        What must be declared beside the columns.
    """

    scale: Callable[[int], float] | None
    scale_mse: Callable[[int], float] | None = None
    mse: bool = False
    needs: str = ""

    def coefficient(self, R: int, rho: float, mse: bool) -> float:
        """Give the scale of R replicates."""
        scale = self.scale_mse if mse and self.scale_mse is not None else self.scale
        return 1.0 if scale is None else scale(R) / (1 - rho) ** 2


def _one(R: int) -> float:  # noqa: ARG001
    return 1.0


def _mean(R: int) -> float:
    return 1 / R


def _four(R: int) -> float:
    return 4 / R


CONVENTIONS: dict[str, Convention] = {
    "BRR": Convention(scale=_mean),
    "Fay": Convention(scale=_mean, needs="rho"),
    "JK1": Convention(scale=lambda R: (R - 1) / R),
    "JK2": Convention(scale=_one),
    "JKn": Convention(scale=_one, needs="rscales"),
    "bootstrap": Convention(scale=lambda R: 1 / (R - 1), scale_mse=_mean),
    "SDR": Convention(scale=_four, mse=True),
    "ACS": Convention(scale=_four, mse=True),
    "custom": Convention(scale=None, needs="scale"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicateColumns:
    """Columns of a file that hold replicate weights, declared before the file is seen; see `Replicates.given`."""

    columns: str | tuple[str, ...]
    method: str
    rho: float = 0.0
    scale: float | None = None
    rscales: tuple[float, ...] | None = None
    combined: bool = True
    mse: bool | None = None
    df: float | None = None

    def __post_init__(self) -> None:
        needs = CONVENTIONS[self.method].needs
        if self.rho != 0 and (self.method not in {"Fay", "custom"} or not 0 < self.rho < 1):
            raise DesignError(
                "rho is Fay's coefficient, between 0 and 1.",
                found=f"method={self.method!r}, rho={self.rho!r}",
                fix="Say method='Fay', or leave rho out.",
            )
        missing = {"rho": self.rho == 0, "rscales": self.rscales is None, "scale": self.scale is None}.get(needs, False)
        if missing and not (needs == "rscales" and self.scale is not None):
            raise DesignError(
                f"Replicates of method '{self.method}' need '{needs}'.",
                fix="Take it from the documentation of the data.",
            )

    def read(self, frame: Frame, weight: str) -> Replicates:
        """Take the columns out of a frame and check them against the weight.

        Raises
        ------
        DesignError
            If a column is absent, has missing values, sums to nothing, or does not match the weight.
        """
        names = self._names(frame, weight)
        base = frames.numbers(frame, weight, "weight").values
        values = np.empty((len(base), len(names)), order="F")
        for r, name in enumerate(names):
            column = frames.numbers(frame, name, "replicate weight")
            if column.missing.any():
                raise DesignError(
                    "A replicate weight is missing in some rows.",
                    where=f"column '{name}', first in row {int(np.flatnonzero(column.missing)[0]) + 1}",
                    found=f"{int(column.missing.sum())} of {len(base)} rows",
                    fix="Give every row all replicate weights; 0 where the row is left out.",
                )
            values[:, r] = column.values
        if not self.combined:
            values *= base[:, None]
        _check_base(values, base, names, weight, self.combined)
        convention, R = CONVENTIONS[self.method], len(names)
        mse = convention.mse if self.mse is None else self.mse
        return Replicates(
            weights=values,
            method=self.method,
            scale=convention.coefficient(R, self.rho, mse) if self.scale is None else float(self.scale),
            rscales=np.ones(R) if self.rscales is None else np.asarray(self.rscales, dtype=np.float64),
            mse=mse,
            df=self.df,
            rho=self.rho,
            columns=names,
            combined=self.combined,
        )

    def _names(self, frame: Frame, weight: str) -> tuple[str, ...]:
        known = [str(name) for name in frames.columns(frame)]
        if isinstance(self.columns, str):
            names = tuple(name for name in known if name != weight and fnmatchcase(name, self.columns))
        else:
            names = self.columns
            absent = [name for name in names if name not in known]
            if absent:
                raise DesignError(
                    f"There is no column '{absent[0]}' (replicate weight).",
                    found=f"{len(absent)} of {len(names)} columns are absent",
                    fix=did_you_mean(absent[0], known),
                )
            if weight in names:
                raise DesignError(
                    "The weight itself stands among the replicate weights.",
                    where=f"column '{weight}'",
                    fix="Leave it out of the replicates.",
                )
        if len(names) < 2:
            raise DesignError(
                "Replicates need at least two columns.",
                where=f"replicates {self.columns!r}",
                found=f"{len(names)} columns" + (f": {names[0]}" if names else ""),
                fix="Name them all, or give a pattern such as 'rw*'.",
            )
        return names


def settle(replicates: Replicates | ReplicateColumns, frame: Frame, weight: str, layout: Layout) -> Replicates:
    """Give the replicates of a design: columns are read, shapes are checked."""
    out = replicates.read(frame, weight) if isinstance(replicates, ReplicateColumns) else replicates
    if not isinstance(out, Replicates):
        raise DesignError(
            "'replicates' says which columns hold replicate weights, and how they were made.",
            found=shown(replicates),
            fix="Write replicates=sk.Replicates.given('rw*', method='JKn', ...).",
        )
    out.check(layout)
    return out


def _check_base(values: FloatArray, base: FloatArray, names: Sequence[str], weight: str, combined: bool) -> None:
    """Replicate weights average to about the weight they belong to, as a whole and row by row."""
    sums = values.sum(axis=0)
    empty = np.flatnonzero(~(sums > 0))
    if len(empty):
        raise DesignError(
            "The replicate weights of a column do not add up to anything.",
            where=f"column '{names[int(empty[0])]}'",
            found=f"sum {sums[empty[0]]:g}; {len(empty)} of {len(names)} columns",
            fix="Correct the column, or leave it out.",
        )
    fix = (
        "Name the weight they were made from; say combined=False if they are factors of it."
        if combined
        else "Say combined=True if they already contain the weight."
    )
    ratio = float(sums.mean() / base.sum())
    if not _LOW <= ratio <= _HIGH:
        raise DesignError(
            f"The replicate weights do not match the weight '{weight}'.",
            where=f"{len(names)} columns from '{names[0]}' to '{names[-1]}'",
            found=f"on average {ratio:.4g} times its sum",
            fix=fix,
        )
    away = float(np.median(np.abs(values.mean(axis=1) / base - 1)))
    if len(names) >= _ROW_COUNT and away > _ROW_LIMIT:
        raise DesignError(
            f"The replicate weights do not follow the weight '{weight}' row by row.",
            where=f"{len(names)} columns from '{names[0]}' to '{names[-1]}'",
            found=f"half of the rows are more than {away:.0%} away from it on average",
            fix=fix + " See that the rows are in the same order.",
        )
