"""Screens of times and places: interviews short for their route, and schedules that cannot be or need an explanation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.errors import ResponsesError
from survey_kit.fieldwork.positions import checked_positions, kilometres
from survey_kit.fieldwork.screens import SECOND_LOOK, Interviews, Screen, Screened, screened
from survey_kit.language import Note
from survey_kit.types import Adjustment, FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

DURATION = Screen(
    name="duration",
    measures="a length, beside the median of interviews of the same route,",
    null="the interviews of the same places dealt to interviewers at random, each beside the median of its route",
    needs=("begin and end, or minutes", "how long the route is"),
    tail="low",
    form="times",
    source="Schwanhäuser, Sakshaug & Kosyakova (2022), Public Opinion Quarterly 86:51-81",
)
SCHEDULE = Screen(
    name="schedule",
    measures="a number of times that cannot be, or need an explanation,",
    null="an interviewer holds one interview at a time, travels no faster than a car, and works by day",
    needs=("begin and end", "positions, for travel"),
    form="number",
    source="AAPOR & ASA (2020), task force on falsification in surveys",
)
KINDS: Mapping[str, str] = {
    "overlap": "begins before the interviewer's interview before it ended",
    "travel": "begins too soon for the way from the interview before it",
    "night": "begins at night",
    "many": "is one of more interviews of the day than can be held",
}
CANNOT_BE = ("overlap", "travel")
FEWEST_OF_ROUTE = 30
TOO_SHORT = 0.5
_NEAR = 0.25  # km; positions of one place differ by so much


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a schedule may be.

    Attributes
    ----------
    first_hour, last_hour
        Interviews begin between these hours of the day.
    a_day
        Most interviews of an interviewer on a day.
    speed
        Fastest travel between two interviews, km in an hour.
    slack
        Minutes by which clocks may differ.
    """

    first_hour: float = 7.0
    last_hour: float = 22.0
    a_day: int = 10
    speed: float = 120.0
    slack: float = 1.0


def screen_duration(
    interviews: Interviews, route: str | Sequence[float] | FloatArray, *, minutes: str | None = None, **judged: Any
) -> Screened:
    """Look for interviews that are short for what was asked in them.

    An interview is held against the median of the interviews of about the same route: those next to it in the length of the route, at least 30.
    Interviews under half of it are marked (``short``); interviewers are judged by the mean logarithm, held within a quarter and four times.

    Parameters
    ----------
    route
        How long the route of each interview is: a column or numbers; the items answered, or the seconds they take
        (`expected_seconds`).
    minutes
        Column of the minutes it took; by default from begin to end.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> table = pd.DataFrame({"who": np.arange(300) % 10, "asked": rng.integers(40, 80, 300)})
    >>> table["took"] = table["asked"] * 0.5 * np.exp(0.2 * rng.standard_normal(300)) * np.where(table["who"] == 6, 0.4, 1)
    >>> found = screen_duration(Interviews(frame=table, interviewer="who"), "asked", minutes="took")
    >>> found.flagged, bool(found.table.loc[0, "statistic"] < 0.5)
    ([6], True)
    """
    took = _minutes(interviews, minutes)
    if isinstance(route, str):
        interviews.need(route)
        length = interviews.frame[route].to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        length = np.asarray(route, dtype=np.float64)
    if length.shape != (interviews.n,):
        found = f"{length.shape} lengths, {interviews.n} interviews"
        raise ResponsesError("The lengths of the routes do not fit.", found=found, fix="Give one for each interview.")
    times = took / usual(took, length)
    more = {"minutes": took, "times_usual": times, "short": times < TOO_SHORT}
    short = {"count": f"{int((times < TOO_SHORT).sum()):,}", "n": f"{int(np.isfinite(times).sum()):,}"}
    notes = (Note("screens", "short", short),)
    with np.errstate(divide="ignore"):
        score = np.clip(np.log(times), -np.log(4), np.log(4))
    return screened(interviews, DURATION, score, more=more, notes=notes, link="log", **judged)


def usual(took: FloatArray, length: FloatArray) -> FloatArray:
    """Give for each interview (n,) the median of those of about the same route: groups of at least 30 next to each other.

    Examples
    --------
    >>> usual(np.array([10.0, 20, 30, np.nan]), np.array([1.0, 1, 1, 1])).tolist()
    [20.0, 20.0, 20.0, nan]
    """
    out = np.full(len(took), np.nan)
    given = np.flatnonzero(np.isfinite(took) & np.isfinite(length) & (took > 0))
    if not len(given):
        return out
    order = given[np.argsort(length[given], kind="stable")]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(length[order])) + 1, [len(order)]])
    group = 0
    while group < len(starts) - 1:
        stop = group + 1
        while stop < len(starts) - 1 and starts[stop] - starts[group] < FEWEST_OF_ROUTE:
            stop += 1
        if len(order) - starts[stop] < FEWEST_OF_ROUTE:
            stop = len(starts) - 1
        part = order[starts[group] : starts[stop]]
        out[part] = np.median(took[part])
        group = stop
    return out


def screen_schedule(
    interviews: Interviews,
    *,
    limits: Limits | None = None,
    timezone: str | None = None,
    level: float = 0.05,
    adjust: Adjustment = "bh",
) -> Screened:
    """Look for times that cannot be: two interviews at once, travel too fast, nights, too many in a day.

    Overlaps and travel cannot be, if clocks are right, and one of them stands out. Nights and long days need an explanation: of these the
    share of an interviewer's interviews is judged as other screens judge.

    Parameters
    ----------
    limits
        What a schedule may be.
    timezone
        Where the hours of the day are taken, such as ``Asia/Almaty``; by default as the times are written.
    level, adjust
        As in `screened`.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"who": ["a", "a", "b"], "begin": ["2026-05-04 10:00", "2026-05-04 10:20", "2026-05-04 11:00"],
    ...                       "stop": ["2026-05-04 10:40", "2026-05-04 10:50", "2026-05-04 11:30"]})
    >>> found = screen_schedule(Interviews(frame=table, interviewer="who", start="begin", end="stop"))
    >>> found.flagged, found.interviews["overlap"].tolist()
    (['a'], [False, True, False])
    """
    limit = limits or Limits()
    begin, end = moments(interviews, timezone)
    who, _ = interviews.units("interviewer")
    marks = _marks(interviews, who, begin, end, limit)
    odd = np.where(np.isfinite(_hours(begin)), (marks["night"] | marks["many"]).astype(np.float64), np.nan)
    cannot = marks["overlap"] | marks["travel"]
    lost = int(np.isnan(_hours(begin)).sum())
    notes = (Note("screens", "no_time", {"count": f"{lost:,}"}),) if lost else ()
    made = screened(interviews, SCHEDULE, odd, more=dict(marks), notes=notes, level=level, adjust=adjust)
    table = _with_impossible(made, cannot, marks)
    return Screened(
        screen=SCHEDULE,
        unit="interviewer",
        table=table,
        level=level,
        spread=made.spread,
        interviews=made.interviews.assign(score=(odd > 0) | cannot),
        notes=made.notes,
    )


def _with_impossible(made: Screened, cannot: Any, marks: Mapping[str, Any]) -> pd.DataFrame:
    """Count what cannot be beside what is odd; a unit with either stands out, in order of the first."""
    names = made.interviews["interviewer"]
    table = made.table.copy()
    counts = {kind: marks[kind] for kind in KINDS}
    for kind, flags in counts.items():
        table[kind] = table["interviewer"].map(names[flags].value_counts()).fillna(0).astype(int)
    table["impossible"] = table["interviewer"].map(names[cannot].value_counts()).fillna(0).astype(int)
    table["expected"] *= table["interviews"]
    table["se"] *= table["interviews"]
    table["statistic"] = table["impossible"] + (table["statistic"] * table["interviews"]).round()
    table["stands_out"] = table["stands_out"] | (table["impossible"] > 0)
    table = table.sort_values(["impossible", "rank"], ascending=[False, True], kind="stable", ignore_index=True)
    table["rank"] = np.arange(1, len(table) + 1)
    sizes = names.value_counts()
    said = []
    for row in table.to_dict("records"):
        told = ", ".join(
            f"{row[kind]} {'interview' if row[kind] == 1 else 'interviews'} that {_plural(kind, row[kind])}"
            for kind in KINDS
            if row[kind]
        )
        name, held = row["interviewer"], sizes[row["interviewer"]]
        end = f"; {SECOND_LOOK}." if row["stands_out"] else "; within what others show."
        said.append(f"{name}: {told or 'no odd time'} in {held} interviews{end}")
    table["interviews"] = [int(sizes[name]) for name in table["interviewer"]]
    return table.assign(sentence=said)


def _plural(kind: str, count: int) -> str:
    words = KINDS[kind]
    return words if count == 1 else words.replace("begins", "begin", 1).replace("is one of", "are of days with", 1)


def moments(interviews: Interviews, timezone: str | None = None) -> tuple[pd.Series, pd.Series]:
    """Give begin and end of each interview as moments.

    Raises
    ------
    ResponsesError
        When the columns are not named, a time cannot be read, or an interview ends before it begins: the row is named.
    """
    import pandas as pd

    if interviews.start is None or interviews.end is None:
        raise ResponsesError("Begin and end are not named.", fix="Write Interviews(start='column', end='column', ...).")
    out = []
    for name in (interviews.start, interviews.end):
        column = interviews.frame[name]
        if not pd.api.types.is_datetime64_any_dtype(column):
            read = pd.to_datetime(column, errors="coerce", format="ISO8601", utc=bool(timezone))
            lost = (read.isna() & column.notna()).to_numpy()
            if lost.any():
                where = f"row {int(lost.argmax()) + 1}, column '{name}'"
                raise ResponsesError("A time cannot be read.", where=where, fix="Write times like 2026-05-04 10:20.")
            column = read
        if timezone:
            column = (column if column.dt.tz is not None else column.dt.tz_localize("UTC")).dt.tz_convert(timezone)
        out.append(column)
    back = (out[1] < out[0]).to_numpy(dtype=bool)
    if back.any():
        row = int(back.argmax())
        raise ResponsesError(
            "An interview ends before it begins.",
            where=f"row {row + 1}, and {int(back.sum()) - 1} more" if back.sum() > 1 else f"row {row + 1}",
            found=f"{out[0].iloc[row]:%Y-%m-%d %H:%M} to {out[1].iloc[row]:%Y-%m-%d %H:%M}",
            fix="Correct the times, or leave them blank.",
        )
    return out[0], out[1]


def _minutes(interviews: Interviews, minutes: str | None) -> FloatArray:
    if minutes is None:
        begin, end = moments(interviews)
        took: FloatArray = (end - begin).dt.total_seconds().to_numpy(dtype=np.float64) / 60
        return np.where(took > 0, took, np.nan)
    interviews.need(minutes)
    given: FloatArray = interviews.frame[minutes].to_numpy(dtype=np.float64, na_value=np.nan)
    if (given < 0).any():
        where = f"row {int((given < 0).argmax()) + 1}, column '{minutes}'"
        raise ResponsesError("An interview took less than no time.", where=where, fix="Correct it, or leave it blank.")
    return np.where(given > 0, given, np.nan)


def _hours(times: pd.Series) -> FloatArray:
    """Give the hour of the day, NaN for none."""
    hours: FloatArray = (times.dt.hour + times.dt.minute / 60).to_numpy(dtype=np.float64, na_value=np.nan)
    return hours


def _marks(interviews: Interviews, who: IntArray, begin: pd.Series, end: pd.Series, limit: Limits) -> dict[str, Any]:
    """Mark each interview (n,) by what is odd about its time."""
    n = interviews.n
    hours = _hours(begin)
    known = np.isfinite(hours)
    night = known & ((hours < limit.first_hour) | (hours >= limit.last_hour))
    day = begin.dt.strftime("%Y-%m-%d")
    many = np.zeros(n, dtype=bool)
    held = day.groupby([who, day.to_numpy()]).transform("size").to_numpy(dtype=np.float64, na_value=0)
    many[known] = held[known] > limit.a_day
    first = _stamps(begin)
    last = np.where(np.isfinite(_stamps(end)), _stamps(end), first)
    order = np.lexsort((first, who))
    order = order[known[order]]
    overlap, travel = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    if len(order) > 1:
        before, after = order[:-1], order[1:]
        same = who[before] == who[after]
        latest = _running_last(who[order], last[order])[:-1]
        gap = first[after] - latest
        overlap[after] = same & (gap < -limit.slack)
        if interviews.latitude and interviews.longitude:
            place = checked_positions(interviews.frame, interviews.latitude, interviews.longitude)
            way = kilometres(place[before], place[after])
            free = np.maximum(first[after] - last[before] + limit.slack, 0) / 60
            travel[after] = same & ~overlap[after] & (way > _NEAR) & (way > limit.speed * free)
    return {"overlap": overlap, "travel": travel, "night": night, "many": many}


def _stamps(times: pd.Series) -> FloatArray:
    """Give minutes since 1970, NaN for none."""
    plain = times.dt.tz_convert("UTC").dt.tz_localize(None) if times.dt.tz is not None else times
    values = plain.to_numpy(dtype="datetime64[ns]")
    return np.where(np.isnat(values), np.nan, values.astype(np.int64) / 6e10)


def _running_last(who: IntArray, last: FloatArray) -> FloatArray:
    """Give the latest end so far of each interviewer, along interviews in order."""
    out = last.copy()
    starts = np.concatenate([[0], np.flatnonzero(np.diff(who)) + 1, [len(who)]])
    for begin, stop in pairwise(starts):
        out[begin:stop] = np.maximum.accumulate(last[begin:stop])
    return out
