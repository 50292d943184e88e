"""Where weights start: the inverse of the selection probabilities, and the people behind one selected address."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from survey_kit import checks, frames
from survey_kit.design import Design
from survey_kit.errors import WeightingError
from survey_kit.types import BoolArray, FloatArray, Frame
from survey_kit.weighting.step import appended, count, names, span


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    r"""Weights from selection probabilities, the product over the stages.

    .. math:: d_i = \prod_s 1 / \pi_{si}

    Parameters
    ----------
    probability
        Columns of the probabilities of each stage, above 0 and at most 1.
    name
        Column that holds the weights in the design's frame.

    Raises
    ------
    WeightingError
        If a probability is missing, zero, negative or above 1; the rows are counted and the first is named.

    Notes
    -----
    Horvitz & Thompson (1952), Journal of the American Statistical Association 47, 663-685.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.weighting import Base, WeightingPlan
    >>> frame = pd.DataFrame({"p1": [0.1, 0.2], "p2": [0.5, 0.5]})
    >>> WeightingPlan(steps=(Base(probability=("p1", "p2")),)).apply(frame).values.tolist()
    [20.0, 10.0]
    """

    kind: ClassVar[str] = "base"
    probability: str | tuple[str, ...]
    name: str = "base_weight"

    def frame(self, frame: Frame) -> Frame:
        """Give the frame with the column of weights."""
        if self.name in frames.columns(frame):
            raise WeightingError(
                "The frame already has a column of the name that the base weights take.",
                where=f"column '{self.name}'",
                fix="Give Base(name=...) another name.",
            )
        product = np.ones(frames.row_count(frame))
        for column in names(self.probability, "probability", least=1):
            values = frames.numbers(frame, column, "selection probability")
            refuse(column, values.values, values.missing, ~((values.values > 0) & (values.values <= 1)))
            product = product * values.values
        return frames.with_column(frame, self.name, 1.0 / product)

    def apply(self, design: Design) -> Design:
        """Give the design with these weights in the place of its own."""
        if design.calibration or (design.replicates is not None and design.replicates.weights is not None):
            raise WeightingError(
                "Base weights come first, before any other step, and not to replicate weights of a producer.",
                found=f"{len(design.calibration)} steps taken",
                fix="Put Base at the head of the plan.",
            )
        told = {part.name: getattr(design, part.name) for part in fields(design) if part.init}
        out = Design(**told | {"frame": self.frame(design.frame), "weight": self.name})
        if design.source is not None:
            object.__setattr__(out, "source", design.source)
        return out

    def note(self) -> str:
        """Say what was done."""
        columns = names(self.probability, "probability", least=1)
        stages = "" if len(columns) == 1 else f", the product over {len(columns)} stages"
        return f"base weights, the inverse of the selection probability ({', '.join(columns)}{stages})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    r"""Weights times the number of eligible members, when one of them was drawn.

    .. math:: w_i = d_i \min(M_i, c)

    Parameters
    ----------
    members
        Column that counts the eligible members, 1 or more.
    cap
        Largest number used; how many rows it cuts stands in the log. It trades a small bias for less spread.
    where
        Boolean column of the rows whose members are known (say, respondents); others keep their weight.

    Raises
    ------
    WeightingError
        If a count is missing, or below 1.

    Notes
    -----
    Kish (1949), Journal of the American Statistical Association 44, 380-387. The factor does not depend on the sample, so
    standard errors follow it exactly.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> from survey_kit.weighting import Household, WeightingPlan
    >>> frame = pd.DataFrame({"w": [2.0, 2.0, 2.0], "adults": [1, 2, 9]})
    >>> made = WeightingPlan(steps=(Household(members="adults", cap=4),)).apply(sk.Design(frame, weight="w"))
    >>> made.values.tolist(), made.log["note"].iloc[-1]
    ([2.0, 4.0, 8.0], 'times the eligible members of the household (adults), at most 4: 1 row cut')
    """

    kind: ClassVar[str] = "household"
    members: str
    cap: float | None = None
    where: str | None = None

    def apply(self, design: Design) -> Design:
        """Give the design with the step taken."""
        rows = design.inside(self.where)
        column = design.numbers(self.members, "household members")
        refuse(self.members, column.values, column.missing & rows, rows & ~(column.values >= 1), "a count of 1 or more")
        cap = np.inf if self.cap is None else checks.number(self.cap, "cap", "Give a number.", WeightingError)
        if cap < 1:
            raise WeightingError("The cap of household members is at least 1.", found=f"{cap:g}", fix="Say cap=4.")
        factor = np.where(rows, np.minimum(np.where(rows, column.values, 1.0), cap), 1.0)
        note = f"times the eligible members of the household ({self.members})"
        if self.cap is not None:
            cut = int((rows & (column.values > cap)).sum())
            note += f", at most {cap:g}: {count(cut)} row{'' if cut == 1 else 's'} cut"
        else:
            note += f" ({span(factor[rows])})"
        return appended(design, self.kind, factor, note, asked={"members": self.members, "cap": self.cap}, fixed=factor)


def refuse(
    column: str, values: FloatArray, missing: BoolArray, wrong: BoolArray, needed: str = "above 0 and at most 1"
) -> None:
    """Refuse values (n,) of a column that are missing or wrong; they are counted and the first is named."""
    wrong = wrong & ~missing
    if not (missing | wrong).any():
        return
    row = int(np.flatnonzero(missing | wrong)[0])
    parts: list[Any] = [
        f"{int(kind.sum())} {said}" for kind, said in ((missing, "missing"), (wrong, "wrong")) if kind.any()
    ]
    stands = "missing" if missing[row] else f"{values[row]:g}"
    raise WeightingError(
        f"Not every value of '{column}' is {needed}.",
        where=f"column '{column}', first in row {row + 1} ({stands})",
        found=f"{', '.join(parts)} of {len(values)} rows",
        fix="Correct them from the record of the draw." if needed.startswith("above") else "Correct or impute them.",
    )
