"""Screens: what of the interviews deserves a second look, and how seldom as much is seen among honest interviewers.

A screen is a value: what it measures, what it is held against, what it needs. Its result has a row for each unit, an interviewer or sampling
point, with a sentence. A screen points at interviews to be looked at, listened to or done again; it proves nothing about a person. Organisation,
training and workload come first (AAPOR & ASA 2020, task force on falsification in surveys).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from survey_kit import checks
from survey_kit.errors import ResponsesError, did_you_mean
from survey_kit.estimate import adjust_p
from survey_kit.fieldwork.screens_null import Dealt, Judged, Tail, dealt, judge
from survey_kit.frames import to_pandas
from survey_kit.language import Note
from survey_kit.types import Adjustment, FloatArray, Frame, IntArray

if TYPE_CHECKING:
    import pandas as pd

Unit: TypeAlias = Literal["interviewer", "psu"]
Form: TypeAlias = Literal["share", "number", "times"]
FEWEST = 5
SECOND_LOOK = "deserves a second look"


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What a screen measures and what it is held against.

    Attributes
    ----------
    name
        A word for files and columns.
    measures
        What the statistic is, to stand before "of 23 %".
    null
        What the statistic is held against.
    needs
        The columns it needs, in words.
    tail
        Which side deserves a look.
    form
        How the statistic is written.
    source
        Who proposed it.
    """

    name: str
    measures: str
    null: str
    needs: tuple[str, ...]
    tail: Tail = "high"
    form: Form = "share"
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interviews:
    """Interviews as the field team sees them, and which column is what. For the field team only.

    Attributes
    ----------
    frame
        One row for each interview.
    interviewer
        The interviewer: a pseudonym.
    within
        Columns inside which interviews are compared: the sampling point where each has two interviewers or more, else region and settlement.
    psu, case
        The sampling point; the interview's id, by default its place in the frame.
    start, end
        When it began and ended.
    latitude, longitude
        Where it was held.

    Examples
    --------
    >>> import pandas as pd
    >>> held = Interviews(frame=pd.DataFrame({"who": ["a", "b", "b"], "region": [1, 1, 2]}), interviewer="who", within="region")
    >>> held.n, held.units("interviewer")[1]
    (3, ['a', 'b'])
    """

    frame: Frame = field(repr=False)
    interviewer: str
    within: str | Sequence[str] = ()
    psu: str | None = None
    case: str | None = None
    start: str | None = None
    end: str | None = None
    latitude: str | None = None
    longitude: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "frame", to_pandas(self.frame))
        object.__setattr__(self, "within", checks.names(self.within, "within"))
        named = (self.psu, self.case, self.start, self.end, self.latitude, self.longitude)
        self.need(self.interviewer, *self.within, *(name for name in named if name))
        for name in (self.interviewer, *self.within):
            absent = self.frame[name].isna().to_numpy()
            if absent.any():
                where = f"row {int(absent.argmax()) + 1}, column '{name}'"
                raise ResponsesError("An interview has none.", where=where, fix="Complete the column, or leave it out.")
        if not len(self.frame):
            raise ResponsesError("There are no interviews.", fix="Give at least one.")
        if self.case and self.frame[self.case].duplicated().any():
            twice = self.frame[self.case].duplicated().to_numpy()
            where = f"row {int(twice.argmax()) + 1}, column '{self.case}'"
            raise ResponsesError("An interview stands twice.", where=where, fix="Keep one row for each interview.")

    @property
    def n(self) -> int:
        """Give the number of interviews."""
        return len(self.frame)

    def need(self, *names: str) -> None:
        """Refuse when a column is missing."""
        for name in names:
            if name not in self.frame:
                known = list(map(str, self.frame.columns))
                raise ResponsesError(f"The interviews have no column '{name}'.", fix=did_you_mean(name, known))

    def units(self, unit: Unit) -> tuple[IntArray, list[Any]]:
        """Give the place of each interview's unit (n,), and the units in order; a missing sampling point is place -1."""
        checks.choice(unit, "unit", ("interviewer", "psu"), ResponsesError)
        name = self.interviewer if unit == "interviewer" else self.psu
        if name is None:
            raise ResponsesError("The sampling point is not named.", fix="Write Interviews(psu='column', ...).")
        codes, values = self.frame[name].factorize(sort=True)
        return codes.astype(np.int64), list(values)

    def strata(self) -> IntArray:
        """Give the place of each interview's stratum (n,)."""
        if not self.within:
            return np.zeros(self.n, dtype=np.int64)
        codes: IntArray = self.frame.groupby(list(self.within), observed=True).ngroup().to_numpy().astype(np.int64)
        return codes

    def cases(self) -> list[Any]:
        """Give the interviews' ids."""
        return list(self.frame[self.case]) if self.case else list(self.frame.index)

    def _repr_html_(self) -> str:
        who = len(self.units("interviewer")[1])
        return f"<p><b>{self.n:,} interviews</b> of {who:,} interviewers; for the field team only.</p>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """What a screen found.

    Attributes
    ----------
    screen
        The screen.
    unit
        What stands in a row.
    table
        A row for each unit, the most unusual first: unit, ``interviews``, ``statistic``, ``expected``, ``se`` (by chance), ``z``, ``p``,
        ``p_adjusted``, ``rank``, ``stands_out``, ``sentence``.
    level
        The adjusted p at or under which a unit stands out.
    spread
        Standard deviation of the statistic between honest units beyond chance.
    interviews
        What was measured in each interview; no answers, contacts or positions.
    notes
        What a reader has to know.
    """

    screen: Screen
    unit: Unit
    table: pd.DataFrame = field(repr=False)
    level: float
    spread: float
    interviews: pd.DataFrame = field(repr=False)
    notes: tuple[Note | str, ...] = ()

    @property
    def flagged(self) -> list[Any]:
        """Name the units that stand out."""
        return list(self.table.loc[self.table["stands_out"], self.unit])

    def _repr_html_(self) -> str:
        shown = self.table.head(20).drop(columns="sentence").round(4).to_html(index=False)
        said = "".join(f"<li>{escape(text)}</li>" for text in self.table.loc[self.table["stands_out"], "sentence"])
        notes = "".join(f"<p>{escape(str(note))}</p>" for note in self.notes)
        return (
            f"<p><b>{escape(self.screen.name)}</b>: {escape(self.screen.measures)}. Held against: {escape(self.screen.null)}. "
            f"For the field team only.</p><ul>{said}</ul>{shown}{notes}"
        )


def screened(
    interviews: Interviews,
    screen: Screen,
    score: FloatArray,
    *,
    unit: Unit = "interviewer",
    level: float = 0.05,
    adjust: Adjustment = "bh",
    least: int = FEWEST,
    more: dict[str, Any] | None = None,
    notes: Sequence[Note | str] = (),
    link: Literal["", "log"] = "",
) -> Screened:
    """Judge units by the mean of a score of their interviews: what every screen of interviews does, and what a new one needs.

    Parameters
    ----------
    interviews
        The interviews.
    screen
        What the score measures.
    score : (n,)
        A number for each interview; NaN for none.
    unit
        Interviewers or sampling points.
    level, adjust
        A unit stands out at or under this p, adjusted for the number of units.
    least
        Fewest scores of a unit that is judged.
    more
        Further columns for the table of interviews.
    notes
        What a reader has to know.
    link
        ``log`` when the score is a logarithm; the statistic is then its exponential.

    Examples
    --------
    >>> import pandas as pd
    >>> held = Interviews(frame=pd.DataFrame({"who": np.repeat(list("abcdefgh"), 25)}), interviewer="who")
    >>> late = Screen(name="late", measures="a share of interviews late at night", null="interviews dealt at random", needs=("start",))
    >>> score = np.where((held.frame["who"] == "c") & (np.arange(200) % 2 == 0), 1.0, 0.0)
    >>> screened(held, late, score).flagged
    ['c']
    """
    who, names = interviews.units(unit)
    strata = interviews.strata()
    given = np.where(who >= 0, score, np.nan)
    found = dealt(given, np.maximum(who, 0), strata)
    enough = np.flatnonzero(found.n >= least)
    judged = judge(found, tail=screen.tail, usable=enough)
    alone = sum(1 for place in enough if not found.se[place] > 0)
    if alone and len(enough):
        notes = (*notes, Note("screens", f"alone_{unit}", {"count": str(alone)}))
    table = unit_table(screen, unit, names, found, judged, level=level, adjust=adjust, link=link)
    rows = {"case": interviews.cases(), unit: [names[k] if k >= 0 else None for k in who], "score": given}
    return Screened(
        screen=screen,
        unit=unit,
        table=table,
        level=level,
        spread=judged.spread,
        interviews=_framed({**rows, **(more or {})}),
        notes=tuple(notes),
    )


def unit_table(
    screen: Screen,
    unit: Unit,
    names: Sequence[Any],
    found: Dealt,
    judged: Judged,
    *,
    level: float,
    adjust: Adjustment,
    link: Literal["", "log"] = "",
) -> pd.DataFrame:
    """Give the table of a screen: a row for each unit, the most unusual first."""
    checks.level(1 - level)
    adjusted = adjust_p(judged.p, adjust)
    out = adjusted <= level
    show = np.exp if link == "log" else np.asarray
    statistic, expected = show(found.observed), show(found.expected)
    rank = np.where(np.isfinite(judged.p), _ranks(judged.p), 0).astype(np.int64)
    made: pd.DataFrame = _framed(
        {
            unit: list(names),
            "interviews": found.n,
            "statistic": statistic,
            "expected": expected,
            "se": found.se,
            "z": judged.z,
            "p": judged.p,
            "p_adjusted": adjusted,
            "rank": rank,
            "stands_out": out,
            "sentence": [
                sentence(screen, *row) for row in zip(names, found.n, statistic, expected, judged.p, out, strict=True)
            ],
        }
    )
    order = np.lexsort((np.arange(len(rank)), np.where(rank > 0, rank, len(rank) + 1)))
    return made.iloc[order].reset_index(drop=True)


def sentence(screen: Screen, name: Any, n: int, statistic: float, expected: float, p: float, out: bool) -> str:
    """Say in words what a screen found about a unit.

    Examples
    --------
    >>> short = Screen(name="late", measures="a share of late interviews", null="", needs=())
    >>> sentence(short, "a7", 40, 0.3, 0.05, 0.0004, True)
    'a7: a share of late interviews of 30 % in 40 interviews, where 5 % is usual; about 4 in 10,000 would be as far out by chance; deserves a second look.'
    """
    if not np.isfinite(p):
        return f"{name}: {n} interviews, too few or without others beside them; not judged."
    said = f"{name}: {screen.measures} of {written(statistic, screen.form)} in {n} interviews, where {written(expected, screen.form)} is usual"
    return f"{said}; {seldom(p)}; {SECOND_LOOK}." if out else f"{said}; within what others show."


def seldom(p: float) -> str:
    """Say how seldom a unit is as far out by chance, as far as units differ anyway.

    Examples
    --------
    >>> seldom(0.2), seldom(1e-9)
    ('about 20 in 100 would be as far out by chance', 'fewer than 1 in 1,000,000 would be as far out by chance')
    """
    count, scale = commonness(p)
    many = f"about {count} in" if count else "fewer than 1 in"
    return f"{many} {scale:,} would be as far out by chance"


def commonness(p: float) -> tuple[int, int]:
    """Give a chance as so many in a round number; 0 for fewer than one in a million.

    Examples
    --------
    >>> commonness(0.0042), commonness(1e-9)
    ((4, 1000), (0, 1000000))
    """
    if p < 1e-6:
        return 0, 1_000_000
    scale = next(one for one in (100, 1_000, 10_000, 100_000, 1_000_000) if p * one >= 0.95)
    return round(p * scale), scale


def written(value: float, form: Form) -> str:
    """Write a statistic.

    Examples
    --------
    >>> written(0.256, "share"), written(0.5, "times"), written(12.3456, "number")
    ('26 %', '0.50 times', '12.35')
    """
    if form == "share":
        return f"{100 * value:.1f} %" if 0 < abs(value) < 0.1 and round(1000 * value) % 10 else f"{100 * value:.0f} %"
    return f"{value:.2f} times" if form == "times" else f"{value:.2f}"


def _ranks(p: FloatArray) -> FloatArray:
    """Rank from the smallest, equals by their order."""
    out = np.empty(len(p))
    out[np.argsort(np.where(np.isfinite(p), p, np.inf), kind="stable")] = np.arange(1, len(p) + 1)
    return out


def _framed(columns: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(columns)
