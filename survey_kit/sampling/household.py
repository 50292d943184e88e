r"""One person of a household: Kish's grid, the last and the next birthday, and a person at random from a full list.

=====================  ===============================================================  ====================================================
rule                   chance of each of A adults                                       known deviation
=====================  ===============================================================  ====================================================
`random_person`        1 / A, exactly                                                   none; the whole household has to be listed
`kish_grid`            1 / A up to four adults and for six; with five 1/6 or 1/4;       the seventh and later adults are never drawn
                       with more than six 1/6 for the first six
`last_birthday`        1 / A, if birthdays fall at random around the day of contact     whoever answers too often takes part himself
`next_birthday`        1 / A, under the same condition                                  as above; a near birthday invites a mistake
=====================  ===============================================================  ====================================================

Kish (1949), Journal of the American Statistical Association 44, 380-387; Salmon & Nichols (1983), Public Opinion Quarterly 47, 270-276;
Gaziano (2005), Public Opinion Quarterly 69, 124-157, for what comparisons of the rules in the field have found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.errors import DesignError, did_you_mean
from survey_kit.sampling.draw import Draw
from survey_kit.sampling.kish import KISH_TABLES, KISH_TWELFTHS, TABLE_ENDS
from survey_kit.sampling.select import select
from survey_kit.sampling.select_methods import KISH_GRID, SRS
from survey_kit.types import FloatArray, Frame, IntArray

_YEAR = 372.0  # twelve months of 31 days: days of a calendar that keeps the order of dates


# ------------------------------------------------------------------------------------------------------- Kish's grid
def kish_tables(n: int, *, rng: int | np.random.Generator) -> list[str]:
    """Give each of `n` cases one of Kish's tables, in whole dozens of the fixed proportions, shuffled.

    Each case has each table with exactly its proportion: two twelfths for A, C, D and F, one for B1, B2, E1 and E2.

    Examples
    --------
    >>> sorted(kish_tables(12, rng=1))
    ['A', 'A', 'B1', 'B2', 'C', 'C', 'D', 'D', 'E1', 'E2', 'F', 'F']
    """
    luck = np.random.default_rng(rng)
    dozen = [letter for letter, often in KISH_TWELFTHS.items() for _ in range(often)]
    out: list[str] = []
    while len(out) < n:
        out.extend(dozen[i] for i in luck.permutation(12).tolist())
    return out[:n]


def kish_grid(
    roster: Frame,
    household: str | Sequence[str],
    *,
    sex: str,
    age: str,
    rng: int | np.random.Generator,
    first: Any = None,
    table: str | None = None,
) -> Draw:
    """Draw one adult of each household by Kish's grid: men from the oldest to the youngest, then women, numbered from 1.

    Parameters
    ----------
    roster
        One row for each adult of the households.
    household
        Column or columns that name the household.
    sex, age
        Columns by which the adults are listed.
    rng
        A seed or a generator; it gives each household its table where `table` is left out.
    first
        The value of `sex` that is listed first (Kish lists men first); by default the first in order.
    table
        Column with the table of the household, as :func:`kish_tables` gave it to the case before the visit.

    Returns
    -------
    Draw
        ``pi`` holds the exact chances of the grid (:func:`kish_chances`); adults beyond the sixth have none.

    Raises
    ------
    DesignError
        For an age or a sex that is missing, or a table that does not exist, with the row.

    Examples
    --------
    >>> import pandas as pd
    >>> home = pd.DataFrame({"home": [1, 1, 1], "sex": ["f", "m", "f"], "age": [30, 60, 58], "kish": ["E1"] * 3})
    >>> draw = kish_grid(home, "home", sex="sex", age="age", first="m", table="kish", rng=1)
    >>> draw.rows.tolist(), draw.pi.round(3).tolist()
    ([0], [0.333, 0.333, 0.333])
    """
    groups = frames.group(roster, [sex], "sex")
    levels = [level[0] for level in groups.levels]
    if first is not None and first not in levels:
        raise DesignError(
            "No adult has the sex that is listed first.", found=repr(first), fix=did_you_mean(first, levels)
        )
    ages = frames.numbers(roster, age, "age")
    for name, missing in ((sex, groups.codes < 0), (age, ages.missing)):
        _none_missing(name, missing, "An adult cannot be put into the order of the grid")
    later = groups.codes if first is None else np.where(groups.codes == levels.index(first), -1, groups.codes)
    more: dict[str, Any] = {"kish_order_sex": later.astype(np.float64), "kish_order_age": -ages.values}
    if table is not None:
        more["kish_number"] = _numbers_of(roster, table, checks.names(household, "household", least=1))
    return select(
        frames.gathered(roster, {}, more),
        1,
        method=KISH_GRID,
        strata=household,
        order_by=("kish_order_sex", "kish_order_age"),
        serpentine=False,
        numbers=None if table is None else "kish_number",
        rng=rng,
    )


def _numbers_of(roster: Frame, table: str, household: tuple[str, ...]) -> FloatArray:
    """Give the number (N,) in the middle of what stands for each row's table."""
    letters = list(KISH_TABLES)
    middle = dict(zip(letters, (TABLE_ENDS - np.array(list(KISH_TWELFTHS.values())) / 24).tolist(), strict=True))
    given = frames.texts(roster, table, "table")
    for row, letter in enumerate(given):
        if letter not in middle:
            raise DesignError(
                "There is no such table of Kish's grid.",
                where=f"column '{table}', row {row + 1}",
                found=checks.shown(letter),
                fix=did_you_mean(letter, letters),
            )
    out = np.array([middle[str(letter)] for letter in given])
    homes = frames.group(roster, household, "household").codes
    first = np.zeros(int(homes.max(initial=0)) + 1, dtype=np.int64)
    first[homes[::-1]] = np.arange(len(homes) - 1, -1, -1)
    differs = np.flatnonzero(out != out[first][homes])
    if len(differs):
        row = int(differs[0])
        where = f"column '{table}', row {row + 1}; {len(differs)} rows"
        raise DesignError(
            "A household has one table.",
            where=where,
            found=f"{given[row]} and {given[first[homes[row]]]}",
            fix="Give every member of a household the same one.",
        )
    return out


# --------------------------------------------------------------------------------------------------------- birthdays
def last_birthday(
    roster: Frame,
    household: str | Sequence[str],
    *,
    month: str,
    day: str,
    on: str | date,
    rng: int | np.random.Generator,
) -> Draw:
    """Draw of each household the adult whose birthday was last, on the day of contact or before it.

    Parameters
    ----------
    roster
        One row for each adult of the households.
    household
        Column or columns that name the household.
    month, day
        Columns of the birthday.
    on
        The day of contact: a date, or a column of texts such as ``2026-11-23``.
    rng
        A seed or a generator: who of several with the same birthday is drawn is left to chance.

    Returns
    -------
    Draw
        ``pi`` is one over the adults, which holds if birthdays fall at random around the day of contact.

    Raises
    ------
    DesignError
        For a birthday that is missing or impossible, or a day of contact that is none, with the row.

    Examples
    --------
    >>> import pandas as pd
    >>> home = pd.DataFrame({"home": [1, 1, 1], "month": [1, 6, 12], "day": [20, 3, 30]})
    >>> last_birthday(home, "home", month="month", day="day", on=date(2026, 7, 1), rng=1).rows.tolist()
    [1]
    """
    return _birthday(roster, household, (month, day), on, rng, ahead=False)


def next_birthday(
    roster: Frame,
    household: str | Sequence[str],
    *,
    month: str,
    day: str,
    on: str | date,
    rng: int | np.random.Generator,
) -> Draw:
    """Draw of each household the adult whose birthday comes next, after the day of contact.

    Parameters and result are those of :func:`last_birthday`.

    Examples
    --------
    >>> import pandas as pd
    >>> home = pd.DataFrame({"home": [1, 1, 1], "month": [1, 6, 12], "day": [20, 3, 30]})
    >>> next_birthday(home, "home", month="month", day="day", on=date(2026, 7, 1), rng=1).rows.tolist()
    [2]
    """
    return _birthday(roster, household, (month, day), on, rng, ahead=True)


def random_person(roster: Frame, household: str | Sequence[str], *, rng: int | np.random.Generator) -> Draw:
    """Draw one adult of each household at random from the full list of them.

    Examples
    --------
    >>> import pandas as pd
    >>> random_person(pd.DataFrame({"home": [1, 1, 2]}), "home", rng=1).weight.tolist()
    [2.0, 1.0]
    """
    return select(roster, 1, method=SRS, strata=household, rng=rng)


def _birthday(
    roster: Frame,
    household: str | Sequence[str],
    born: tuple[str, str],
    on: str | date,
    rng: int | np.random.Generator,
    *,
    ahead: bool,
) -> Draw:
    """Draw by the days since, or until, the birthday as a number in [0, 1), equal days in an order left to chance."""
    values = [frames.numbers(roster, name, role) for name, role in zip(born, ("month", "day"), strict=True)]
    month, day = (column.values for column in values)
    for name, column in zip(born, values, strict=True):
        _none_missing(name, column.missing, "A birthday is missing")
    longest = np.array([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    whole = (month == np.round(month)) & (day == np.round(day)) & (month >= 1) & (month <= 12) & (day >= 1)
    wrong = np.flatnonzero(~whole | (day > longest[np.clip(month, 1, 12).astype(np.int64) - 1]))
    if len(wrong):
        row = int(wrong[0])
        where = f"columns '{born[0]}' and '{born[1]}', row {row + 1}; {len(wrong)} rows"
        found = f"month {month[row]:g}, day {day[row]:g}"
        raise DesignError("This is no birthday.", where=where, found=found, fix="Correct it.")
    here = _place(np.asarray(month), np.asarray(day))
    today = _contact(roster, on)
    gap = np.mod(here - today - 1, _YEAR) if ahead else np.mod(today - here, _YEAR)
    luck = np.random.default_rng(rng)
    number = (gap + luck.random(len(gap))) / _YEAR
    return select(
        frames.with_column(roster, "birthday_number", number),
        1,
        method=SRS,
        strata=household,
        numbers="birthday_number",
        rng=rng,
    )


def _place(month: FloatArray, day: FloatArray) -> FloatArray:
    return 31 * (month - 1) + day - 1


def _contact(roster: Frame, on: str | date) -> FloatArray:
    """Give the place in the year of the day of contact: one, or one for each row (N,)."""
    if isinstance(on, date):
        return _place(np.array([float(on.month)]), np.array([float(on.day)]))
    known = {str(name) for name in frames.columns(roster)}
    given = frames.texts(roster, on, "day of contact") if on in known else [on]
    out = np.empty(len(given))
    for row, text in enumerate(given):
        try:
            there = date.fromisoformat(str(text)[:10])
        except ValueError:
            raise DesignError(
                "This is no day of contact.",
                where=f"column '{on}', row {row + 1}" if on in known else None,
                found=checks.shown(text),
                fix="Write it as 2026-11-23, or name the column that holds it.",
            ) from None
        out[row] = 31 * (there.month - 1) + there.day - 1
    return out


def _none_missing(name: str, missing: Any, what: str) -> None:
    rows = np.flatnonzero(missing)
    if len(rows):
        where = f"column '{name}', row {int(rows[0]) + 1}; {len(rows)} rows"
        raise DesignError(f"{what}: a value is missing.", where=where, fix="Ask again, or use random_person.")


def refused_by_grid(draw: Draw) -> IntArray:
    """Give the rows (k,) of adults whom the grid can never draw: the seventh and later of their households."""
    return np.flatnonzero(draw.pi == 0)


HOUSEHOLD_RULES: dict[str, Callable[..., Draw]] = {
    "Kish grid": kish_grid,
    "last birthday": last_birthday,
    "next birthday": next_birthday,
    "random person": random_person,
}
"""Rules of the last stage by name."""
