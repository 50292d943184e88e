"""Targets held against each other and against the survey: sums, age, boundaries, and the digest of the producer's file."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from survey_kit import files
from survey_kit.errors import WeightingError

if TYPE_CHECKING:
    from survey_kit.weighting.targets import TargetMargin, Targets

Where = Callable[..., str]  # the way to a key -> file:line
SAME: Final = 1e-9  # relative: what sums of one population may differ by
SHARES: Final = 1e-6  # what shares may miss 1 by
_DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What targets are held against.

    Attributes
    ----------
    dates
        When the interviews of each wave were held (``2026``, ``2026-05`` or ``2026-05-14``); a survey without waves
        is the wave None. Of a wave that is not named the age of targets is not judged.
    boundaries
        The boundaries that the regions of the answers follow.
    max_age
        How many years a target may be older or newer.

    Examples
    --------
    >>> Survey(dates={None: "2026-05"}, boundaries="regions_2022").max_age
    2.0
    """

    dates: Mapping[Any, str] = field(default_factory=dict)
    boundaries: str | None = None
    max_age: float = 2.0


# ------------------------------------------------------------------------------------------------- against each other
def check_sums(targets: Targets, at: Where) -> None:
    """Refuse totals that are no counts, and margins that cannot be of one population.

    Raises
    ------
    WeightingError
        The message names the margins and levels and prints both sums.
    """
    if not targets.margins:
        raise WeightingError("The targets have no margin.", where=at("margins"), fix="Give at least one.")
    moment(targets.date, at("date"))
    for name, margin in targets.margins.items():
        _check_margin(name, margin, lambda *way, name=name: at("margins", name, *way))
        if margin.date is not None:
            moment(margin.date, at("margins", name, "date"))
    slack = max(SAME, targets.may_differ)
    people = targets.people
    counted = {name: margin for name, margin in targets.margins.items() if margin.counts}
    first = "population" if targets.population is not None else next(iter(counted), "")
    for name, margin in counted.items():
        if people is not None and abs(margin.sum - people) > slack * people:
            raise WeightingError(
                "Two margins add up to different populations.",
                where=f"{at('margins', name)}, margins '{first}' and '{name}'",
                found=f"{people:,.12g} and {margin.sum:,.12g}, a difference of {margin.sum - people:+,.6g}",
                fix="Correct them; for tables that were rounded declare how much with 'may_differ: 0.001'.",
            )
    for (a, one), (b, other) in combinations(counted.items(), 2):
        shared = [column for column in one.by if column in other.by]
        if shared and set(shared) != {*one.by, *other.by}:
            _check_shared((a, one), (b, other), shared, slack, at)


def _check_margin(name: str, margin: TargetMargin, here: Where) -> None:
    given = [key for key in ("totals", "shares", "total") if getattr(margin, key) not in ({}, None)]
    if len(given) != 1:
        raise WeightingError(
            f"The margin '{name}' needs totals or shares, one of them.",
            where=here(),
            found=" and ".join(given) or "neither",
            fix="Write 'totals: {level: number}'.",
        )
    if (given == ["total"]) == bool(margin.by) or (given == ["total"] and margin.number is None):
        raise WeightingError(
            f"The margin '{name}' does not say of what it is.",
            where=here(),
            fix="Name its columns with 'by:'; a single total has 'number:' and no 'by:'.",
        )
    try:
        levels = margin.levels()
    except (TypeError, ValueError):
        levels = {}
    wrong = next((level for level in levels if len(level) != len(margin.by)), None)
    if wrong is not None or not levels:
        raise WeightingError(
            f"The levels of the margin '{name}' are not one number for every combination of its columns.",
            where=here(given[0]),
            found=f"columns {' x '.join(margin.by)}" + (f"; level {wrong!r}" if wrong is not None else ""),
            fix="Nest the levels of the second column under those of the first: {f: {young: 1, old: 2}}.",
        )
    low = next((level for level, value in levels.items() if not isfinite(value) or value < 0), None)
    if low is not None and margin.number is None:
        raise WeightingError(
            f"A total of the margin '{name}' is no count.",
            where=here(given[0]),
            found=f"{', '.join(map(str, low))}: {levels[low]:g}",
            fix="Correct it; a level with nobody has 0.",
        )
    if given == ["shares"] and abs(margin.sum - 1) > SHARES:
        raise WeightingError(
            f"The shares of the margin '{name}' do not add up to 1.",
            where=here("shares"),
            found=f"{margin.sum:.8g}",
            fix="Correct them, or give totals.",
        )


def _check_shared(
    first: tuple[str, TargetMargin], second: tuple[str, TargetMargin], shared: list[str], slack: float, at: Where
) -> None:
    """Hold two margins against each other on the columns they share, level by level."""
    one, other = (_collapsed(margin, shared) for _, margin in (first, second))
    for level in dict.fromkeys((*one, *other)):
        a, b = one.get(level, 0.0), other.get(level, 0.0)
        if abs(a - b) > max(slack * max(a, b), SAME):
            said = ", ".join(f"{column}={value}" for column, value in zip(shared, level, strict=True))
            raise WeightingError(
                "Two margins do not agree on a level they share.",
                where=f"{at('margins', second[0])}, margins '{first[0]}' and '{second[0]}', {said}",
                found=f"{a:,.12g} and {b:,.12g}, a difference of {b - a:+,.6g}",
                fix="Correct them; for tables that were rounded declare how much with 'may_differ: 0.001'.",
            )


def _collapsed(margin: TargetMargin, columns: list[str]) -> dict[tuple[Any, ...], float]:
    place = [margin.by.index(column) for column in columns]
    out: dict[tuple[Any, ...], float] = {}
    for level, total in margin.levels().items():
        key = tuple(level[k] for k in place)
        out[key] = out.get(key, 0.0) + total
    return out


def check_digest(targets: Targets, where: str) -> None:
    """Refuse targets whose producer's file stands beside them and is another one.

    Raises
    ------
    WeightingError
        With both digests.
    """
    if targets.file is None or targets.path is None:
        return
    path = targets.path.parent / targets.file.name
    if not path.is_file():
        return
    found = files.digest(path)
    if found != targets.file.sha256.lower():
        raise WeightingError(
            "The producer's file is not the one the targets were taken from.",
            where=f"{where}, {path}",
            found=f"digest {found[:16]}..., not {targets.file.sha256[:16]}...",
            fix="Take the targets anew from this file, and write its digest.",
        )


# ------------------------------------------------------------------------------------------------- against the survey
def check_survey(targets: Targets, names: tuple[str, ...], survey: Survey, wave: Any, place: str) -> None:
    """Refuse margins that are of another time or on other boundaries than a wave of the survey.

    Raises
    ------
    WeightingError
        With both dates, or both names of boundaries.
    """
    held = None if survey.dates.get(wave) is None else str(survey.dates[wave])
    for name in names:
        margin = targets.margin(name)
        where = f"{place}, {targets.name}#{name}" + ("" if wave is None else f", wave {wave}")
        boundaries = margin.boundaries or targets.boundaries
        if boundaries != survey.boundaries:
            raise _other_boundaries(where, boundaries, survey.boundaries)
        date = margin.date or targets.date
        if held is None:
            continue
        age = moment(held, f"{place}, date of the interviews") - moment(date, where)
        if abs(age) > survey.max_age:
            kind = "older" if age > 0 else "newer"
            raise WeightingError(
                f"A target is {abs(age):.1f} years {kind} than the interviews, and at most {survey.max_age:g} are declared.",
                where=where,
                found=f"targets of {date}, interviews of {held}",
                fix="Take newer targets, or declare a larger 'max_age:' under 'weighting:' and say why in 'limitations:'."
                if age > 0
                else "Take targets of that time, or declare a larger 'max_age:' under 'weighting:'.",
            )


def _other_boundaries(where: str, theirs: str | None, ours: str | None) -> WeightingError:
    if ours is None:
        return WeightingError(
            "Targets on named boundaries, and the survey does not say which boundaries its regions follow.",
            where=where,
            found=f"boundaries '{theirs}'",
            fix=f"Add 'boundaries: {theirs}' under 'weighting:' if they are the same.",
        )
    return WeightingError(
        "A target is on other boundaries than the survey.",
        where=where,
        found=f"{repr(theirs) if theirs else 'none named'} and {ours!r}",
        fix="Take targets on the survey's boundaries, or carry the answers over with a crosswalk."
        if theirs
        else f"Add 'boundaries: {ours}' to the file of targets if they are the same.",
    )


def moment(day: str, where: str) -> float:
    """Give a day, or the middle of a month or year, as a number of years.

    Examples
    --------
    >>> moment("2023", ""), moment("2023-07", ""), round(moment("2023-01-02", ""), 4)
    (2023.5, 2023.5417, 2023.0041)
    """
    found = _DAY.fullmatch(str(day).strip())
    if found:
        year, month, date = (None if part is None else int(part) for part in found.groups())
        year = int(year or 0)
        if month is None:
            return year + 0.5
        if 1 <= month <= 12 and date is None:
            return round(year + (month - 0.5) / 12, 4)
        if 1 <= month <= 12 and date is not None and 1 <= date <= calendar.monthrange(max(year, 1), month)[1]:
            whole = 366 if calendar.isleap(year) else 365
            before = sum(calendar.monthrange(max(year, 1), one)[1] for one in range(1, month))
            return year + (before + date - 0.5) / whole
    raise WeightingError("This is no date.", where=where, found=repr(day), fix="Write 2023, 2023-01 or 2023-01-31.")
