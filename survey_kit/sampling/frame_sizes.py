"""Sizes that are missing, zero or wrong: repaired by declared rules, every change written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

import numpy as np
from pydantic import ConfigDict

from survey_kit import checks, frames
from survey_kit.errors import DesignError, did_you_mean
from survey_kit.sampling.select_inputs import Strata, read_strata
from survey_kit.types import BoolArray, FloatArray, Frame

if TYPE_CHECKING:
    import pandas as pd

Fault: TypeAlias = Literal["missing", "zero", "negative", "below"]
FAULTS: tuple[Fault, ...] = ("missing", "zero", "negative", "below")


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeRule:
    """One rule: which sizes it changes, what it puts in their place, and why; the rule's remedy is exactly one of the last four.

    Examples
    --------
    >>> SizeRule(when=("missing", "zero"), ratio_to="homes_2021", why="new blocks are not in the list of 2024").remedy
    'ratio_to'
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    why: str
    """The reason, for the log and the report."""
    when: tuple[Fault, ...] = ()
    """Which sizes: missing, zero, negative, below (a bound); none for a list of units."""
    below: float | None = None
    """The bound, for ``when: [below]``."""
    to: float | None = None
    """The size they get."""
    median: bool = False
    """They get the median of the sound sizes of their stratum."""
    ratio_to: str | None = None
    """They get this column times the ratio of sums, size to column, of the sound units of their stratum."""
    units: Mapping[str, float] = field(default_factory=dict)
    """The sizes of single units, by id."""

    def __post_init__(self) -> None:
        if not self.why.strip():
            raise DesignError("A rule for sizes does not say why.", fix="Give 'why': it goes into the log.")
        if len(self._remedies()) != 1:
            found = ", ".join(self._remedies()) or "none"
            fix = "Give exactly one of to, median, ratio_to, units."
            raise DesignError("A rule for sizes has one remedy.", found=found, fix=fix)
        for fault in self.when:
            checks.choice(fault, "fault of a size", FAULTS, DesignError)
        if bool(self.when) == bool(self.units):
            raise DesignError("A rule changes faulty sizes or listed units.", fix="Give one of 'when' and 'units'.")
        if ("below" in self.when) != (self.below is not None):
            raise DesignError(
                "'below' needs its bound, and no other fault does.", fix="Write when=['below'], below=20."
            )
        for value in (*self.units.values(), *(() if self.to is None else (self.to,))):
            if not checks.number(value, "size", "Give a size above zero.", DesignError) > 0:
                raise DesignError(
                    "A repaired size is above zero.", found=f"{value:g}", fix="Give one, or join the unit."
                )

    def _remedies(self) -> list[str]:
        given = {"to": self.to is not None, "median": self.median, "ratio_to": self.ratio_to, "units": self.units}
        return [name for name, there in given.items() if there]

    @property
    def remedy(self) -> str:
        """Name what the rule puts in place."""
        return self._remedies()[0]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Repaired:
    """A frame with repaired sizes.

    Attributes
    ----------
    frame
        The frame with one more column, in its own library.
    column
        The column of repaired sizes.
    log
        One row per change: ``unit stratum row before after rule why``; rows and rules count from 1.
    left
        How many sizes no rule reached: missing, zero or negative still.
    """

    frame: Frame = field(repr=False)
    column: str
    log: pd.DataFrame = field(repr=False)
    left: int

    def __repr__(self) -> str:
        still = f"; {self.left:,} sizes are still not usable" if self.left else ""
        return f"Repaired sizes '{self.column}': {len(self.log):,} changed{still}"

    def _repr_html_(self) -> str:
        return f"<p><b>{escape(repr(self))}</b></p>" + str(self.log.to_html(index=False, max_rows=40))


def repair_sizes(
    frame: Frame,
    rules: Sequence[SizeRule],
    *,
    unit: str,
    size: str,
    strata: str | Sequence[str] | None = None,
    into: str | None = None,
) -> Repaired:
    r"""Apply rules to the sizes of a frame, one after the other; what a rule has mended the next sees as sound.

    A size that is too small for a unit only makes its weight unequal; a size of zero leaves the unit out for good. Ratios are
    :math:`\hat x_i = z_i \sum_s x / \sum_s z` over the sound units of the stratum (Cochran 1977, 6.1).

    Parameters
    ----------
    frame
        One row for each unit; a data frame of any library.
    rules
        What is changed, in order.
    unit, size
        Columns of ids and of sizes.
    strata
        Columns within which medians and ratios are taken; the whole frame when left out.
    into
        Name of the new column; ``<size>_repaired`` when left out.

    Raises
    ------
    DesignError
        If a listed unit is not in the frame, or a stratum has no sound size to take a median or ratio of.

    Examples
    --------
    >>> import pandas as pd
    >>> areas = pd.DataFrame({"area": ["a", "b", "c", "d"], "homes": [100, 0, None, 80], "roofs": [120, 60, 48, 96]})
    >>> rule = SizeRule(when=("missing", "zero"), ratio_to="roofs", why="not listed; roofs counted on images of 2024")
    >>> repair_sizes(areas, [rule], unit="area", size="homes").frame["homes_repaired"].tolist()
    [100.0, 50.0, 40.0, 80.0]
    """
    import pandas as pd

    names = checks.names(strata, "strata")
    at = read_strata(frame, names)
    ids = frames.texts(frame, unit, "unit")
    column = frames.numbers(frame, size, "size")
    x = np.where(column.missing, np.nan, column.values)
    changes = []
    for number, rule in enumerate(rules, 1):
        checks.instance(rule, SizeRule, "This is no rule for sizes.", "Write SizeRule(...).", DesignError)
        after = _applied(frame, rule, x, at, ids)
        for row in np.flatnonzero(~np.isclose(after, x, rtol=0, atol=0, equal_nan=True)).tolist():
            place = at.label(int(at.codes[row])) if names else ""
            changes.append((ids[row] or "", place, row + 1, x[row], after[row], number, rule.why))
        x = after
    log = pd.DataFrame(changes, columns=["unit", "stratum", "row", "before", "after", "rule", "why"])
    new = into or f"{size}_repaired"
    left = int((~(x > 0)).sum())
    return Repaired(frame=frames.gathered(frame, {}, {new: x}), column=new, log=log, left=left)


def _applied(frame: Frame, rule: SizeRule, x: FloatArray, at: Strata, ids: Sequence[str | None]) -> FloatArray:
    """Give the sizes (N,) after one rule."""
    out = x.copy()
    if rule.units:
        place = {name: row for row, name in enumerate(ids) if name is not None}
        for name, value in rule.units.items():
            if str(name) not in place:
                fix = did_you_mean(name, place)
                raise DesignError(f"A rule for sizes names a unit '{name}' that the frame lacks.", fix=fix)
            out[place[str(name)]] = value
        return out
    wrong = _faulty(x, rule)
    if not wrong.any():
        return out
    if rule.to is not None:
        out[wrong] = rule.to
        return out
    z = np.ones(len(x)) if rule.ratio_to is None else _auxiliary(frame, rule.ratio_to, wrong, at)
    sound = (x > 0) & ~wrong & (z > 0)
    for h in np.unique(at.codes[wrong]).tolist():
        here = at.codes == h
        good, bad = here & sound, here & wrong
        if not good.any():
            where = f"{at.label(h)}, row {int(np.flatnonzero(bad)[0]) + 1}"
            fix = "Use wider strata for the repair, or list the sizes under 'units'."
            raise DesignError("A stratum has no sound size to repair others by.", where=where, fix=fix)
        out[bad] = np.median(x[good]) if rule.ratio_to is None else z[bad] * x[good].sum() / z[good].sum()
    return out


def _faulty(x: FloatArray, rule: SizeRule) -> BoolArray:
    known = np.nan_to_num(x, nan=np.inf)
    tests = {"missing": np.isnan(x), "zero": x == 0, "negative": x < 0, "below": known < (rule.below or 0.0)}
    return np.asarray(np.logical_or.reduce([tests[fault] for fault in rule.when]), dtype=bool)


def _auxiliary(frame: Frame, name: str, wrong: BoolArray, at: Strata) -> FloatArray:
    """Take the column of a ratio out; it must be known where it is to repair."""
    column = frames.numbers(frame, name, "ratio_to")
    values = np.where(column.missing, 0.0, column.values)
    lacking = np.flatnonzero(wrong & ~(values > 0))
    if len(lacking):
        row = int(lacking[0])
        where = f"{at.label(int(at.codes[row]))}, column '{name}', row {row + 1}; {len(lacking)} rows"
        fix = "Fill it in, or put a rule for these units before."
        raise DesignError(
            "The column of a ratio has no number above zero where a size is to be repaired.", where=where, fix=fix
        )
    return values
