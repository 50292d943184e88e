"""How representative the response is, day by day in the field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from survey_kit.design import Design
from survey_kit.errors import DesignError, ResponsesError
from survey_kit.fieldwork.contacts import ContactLog
from survey_kit.fieldwork.representativity import WEIGHT, By, Representativity, balance_of, measured
from survey_kit.fieldwork.representativity_model import Auxiliary, auxiliary
from survey_kit.types import BoolArray

if TYPE_CHECKING:
    import pandas as pd

DayArray: TypeAlias = NDArray[np.datetime64]


def response_of(log: ContactLog, by: By, *, weight: str | None = None) -> Representativity:
    """Compute the indicators of a contact log as it stands.

    The cases are the issued ones but for those found not eligible; a partial interview is a response. Units count as clusters
    and strata are left out, so standard errors are on the safe side: this is a tool of the field.

    Raises
    ------
    ResponsesError
        As :func:`r_indicators`; also when the log has no list of issued cases, so that nothing is known of nonrespondents.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.fieldwork import read_contacts
    >>> cases = pd.DataFrame({"case": range(40), "psu": [k // 4 for k in range(40)], "town": ["a", "b"] * 20})
    >>> log = pd.DataFrame({"case": range(40), "interviewer": "i", "attempt": 1, "start": "2026-03-01T10:00",
    ...     "code": ["1.1" if k % 4 else "2.11" for k in range(39)] + ["2.11"]})
    >>> round(response_of(read_contacts(log, cases=cases), ["town"]).response, 3)
    0.725
    """
    design, known, _, answered = _prepared(log, by, weight)
    return measured(design, known, answered, clustered=True)


def balance_by_day(
    log: ContactLog, by: By, *, weight: str | None = None, days: Sequence[str] | None = None
) -> pd.DataFrame:
    """Track response and its balance through the days of the field.

    Parameters
    ----------
    log
        The contact log with its issued cases.
    by, weight
        As in :func:`response_of`.
    days
        Only these; by default every day from the first attempt to the last.

    Returns
    -------
    DataFrame
        ``day interviews response r r_se cv balance imbalance distance note``. Where a category has no interview yet, or nobody left, there is
        no propensity: ``r`` and ``cv`` are null and the note names it; balance holds all the same.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.fieldwork import read_contacts
    >>> cases = pd.DataFrame({"case": range(40), "psu": [k // 4 for k in range(40)], "town": ["a", "b"] * 20})
    >>> log = pd.DataFrame({"case": range(30), "interviewer": "i", "attempt": 1, "code": "1.1",
    ...     "start": ["2026-03-01T10:00" if k % 2 else "2026-03-02T10:00" for k in range(30)]})
    >>> balance_by_day(read_contacts(log, cases=cases), ["town"])[["interviews", "balance", "note"]].round(2).values.tolist()
    [[15, 0.23, 'Nobody responded: town=a'], [30, 1.0, '']]
    """
    import pandas as pd

    design, known, first, _ = _prepared(log, by, weight)
    if days is None:
        seen = log.days()
        wanted = pd.date_range(seen.min(), seen.max())
    else:
        wanted = pd.DatetimeIndex(pd.to_datetime(list(days)))
    rows = []
    for day in wanted:
        answered = first <= day.to_datetime64()
        if answered.any() and not answered.all():
            rows.append((day, int(answered.sum()), *_of_day(design, known, answered)))
        else:
            lost = float("nan")
            share = float(answered.all())
            note = "No interview yet." if not answered.any() else "Everybody responded."
            rows.append((day, int(answered.sum()), share, lost, lost, lost, lost, lost, lost, note))
    names = ["day", "interviews", "response", "r", "r_se", "cv", "balance", "imbalance", "distance", "note"]
    return pd.DataFrame(rows, columns=names)


def _of_day(design: Design, known: Auxiliary, answered: BoolArray) -> tuple[object, ...]:
    lost = float("nan")
    try:
        made = measured(design, known, answered, clustered=True, detailed=False)
    except ResponsesError as fault:
        plain = balance_of(design, known, answered)
        who = "Nobody" if "nobody" in fault.what else "Everybody"
        note = f"{who} responded: {fault.where}" if "category" in fault.what else fault.what
        return plain.response, lost, lost, lost, plain.balance, plain.imbalance, plain.distance, note
    b = made.balance
    return made.response, made.r, made.r_se, made.cv, b.balance, b.imbalance, b.distance, ""


def _prepared(log: ContactLog, by: By, weight: str | None) -> tuple[Design, Auxiliary, DayArray, BoolArray]:
    """Code the cases that may be eligible; the day of each one's interview, null for none, and whether it has one."""
    status = log.status()
    status = status[status["group"] != "NE"].reset_index(drop=True)
    if weight is None:
        weight, status = WEIGHT, status.assign(**{WEIGHT: 1.0})
    named = [name for one in by for name in ((one,) if isinstance(one, str) else one)]
    for name in (*named, weight):
        if name not in log.cases and name != WEIGHT:
            raise ResponsesError(
                f"Nothing is known of '{name}' for the issued cases.",
                found=", ".join(map(str, log.cases.columns)),
                fix="Add the column to the list of issued cases; it must be known of respondents and others.",
            )
    kept = list(dict.fromkeys([*named, weight, "psu"]))
    several = bool((status["psu"] != status["psu"].iloc[0]).any())
    try:
        design = Design(status[kept], weight=weight, psu="psu" if several else None)
    except DesignError as fault:
        raise ResponsesError(fault.what, where=fault.where, found=fault.found, fix=fault.fix) from None
    talks = log.contacts[log.contacts["group"].isin(["I", "P"])]
    day = talks["start"].dt.normalize().groupby(talks["case"].to_numpy()).min()
    first = day.reindex(status["case"].to_numpy()).to_numpy(dtype="datetime64[us]")
    answered = ~np.isnat(first)
    if not answered.any():
        raise ResponsesError("Nobody has been interviewed yet.", fix="Look at balance when there are interviews.")
    return design, auxiliary(design, by), first, answered
