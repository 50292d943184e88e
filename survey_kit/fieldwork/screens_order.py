"""Screens of a whole workload: interviews too much of one kind, and what changes from an interviewer's first interview to the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from survey_kit.errors import ResponsesError
from survey_kit.fieldwork.screens import FEWEST, Interviews, Screen, Screened, unit_table
from survey_kit.fieldwork.screens_answers import answers_of
from survey_kit.fieldwork.screens_null import Dealt, judge
from survey_kit.fieldwork.screens_times import moments
from survey_kit.language import Note
from survey_kit.types import Adjustment, FloatArray, IntArray

VARIANCE = Screen(
    name="small_variance",
    measures="a variance between interviews, beside that of all interviews,",
    null="the interviews of the same places dealt to interviewers at random, times what is usual among interviewers",
    needs=("items with codes in order, or numbers",),
    tail="low",
    form="times",
    source="Schäfer, Schräpler, Müller & Wagner (2005), Schmollers Jahrbuch 125:183-193",
)
DRIFT = Screen(
    name="drift",
    measures="a change from the first to the last interview",
    null="the interviewer's own interviews in any other order",
    needs=("another screen", "begin"),
    tail="both",
    source="Olbrich, Kosyakova, Sakshaug & Schwanhäuser (2024), Journal of Survey Statistics and Methodology 12:14-35",
)


def screen_variance(
    interviews: Interviews,
    items: Sequence[str],
    *,
    rng: np.random.Generator | int,
    draws: int = 200,
    level: float = 0.05,
    adjust: Adjustment = "bh",
    least: int = FEWEST,
) -> Screened:
    r"""Look for workloads whose interviews differ too little from each other, as invented ones do.

    The statistic of an interviewer is the mean over items of :math:`s_{ij}^2 / S_j^2`. Its expectation, error and skewness come from dealing whole
    interviews to the interviewers of a stratum at random; the expectation is moved to the median interviewer, since interviews of one area are
    alike for honest reasons.

    Parameters
    ----------
    items
        Columns of answers with an order.
    rng
        Seed or generator of the dealing.
    draws
        How often.

    Examples
    --------
    >>> import pandas as pd
    >>> chance = np.random.default_rng(1)
    >>> table = pd.DataFrame(chance.integers(1, 6, (300, 20)), columns=[f"q{k}" for k in range(20)]).assign(who=np.arange(300) % 10)
    >>> table.loc[table["who"] == 8, [f"q{k}" for k in range(20)]] = chance.integers(2, 5, (30, 20))
    >>> screen_variance(Interviews(frame=table, interviewer="who"), [f"q{k}" for k in range(20)], rng=2).flagged
    [8]
    """
    if draws < 50:
        raise ResponsesError("Too few draws to tell an error from.", found=f"{draws}", fix="Take at least 50.")
    x = answers_of(interviews, items)
    x = x[
        :,
        np.nanmax(np.where(np.isfinite(x), x, -np.inf), axis=0)
        > np.nanmin(np.where(np.isfinite(x), x, np.inf), axis=0),
    ]
    if not x.shape[1]:
        raise ResponsesError("No item has two different answers.", fix="Name items with answers that differ.")
    given = np.isfinite(x)
    standard = np.where(given, (x - np.nanmean(x, axis=0)) / np.nanstd(x, axis=0, ddof=1), 0.0)
    who, names = interviews.units("interviewer")
    strata = interviews.strata()
    generator = np.random.default_rng(rng)
    observed = _variances(standard, given, who, len(names))
    made = np.stack([_variances(standard, given, _dealt(who, strata, generator), len(names)) for _ in range(draws)])
    centre, se = made.mean(axis=0), made.std(axis=0, ddof=1)
    third = ((made - centre) ** 3).mean(axis=0)
    workload = np.bincount(who, minlength=len(names))
    enough = np.flatnonzero(workload >= least)
    usual = float(np.nanmedian(observed[enough] / centre[enough])) if len(enough) else 1.0
    found = Dealt(n=workload, observed=observed, expected=centre * usual, se=se, third=third, step=0.0)
    judged = judge(found, tail="low", usable=enough)
    table = unit_table(VARIANCE, "interviewer", names, found, judged, level=level, adjust=adjust)
    away = np.where(given.any(axis=1), (standard**2).sum(axis=1) / np.maximum(given.sum(axis=1), 1), np.nan)
    notes = (Note("screens", "variance_usual", {"times": f"{usual:.2f}"}),)
    return _result(VARIANCE, interviews, table, judged.spread, level, away, names, who, notes)


def screen_drift(
    interviews: Interviews, of: Screened, *, level: float = 0.05, adjust: Adjustment = "bh", least: int = 10
) -> Screened:
    """Look for what changes while an interviewer works: filters that close more and more, interviews that get shorter.

    The statistic is the change of another screen's score from the first to the last interview, fitted by least squares on their order; its error
    that of the same interviews in any order (Hájek, Šidák & Sen 1999, Theory of Rank Tests, section 3.3).

    Parameters
    ----------
    of
        The screen whose scores are followed; they are of the same interviews.
    least
        Fewest interviews of an interviewer that is judged.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.fieldwork.screens import screened
    >>> rng = np.random.default_rng(4)
    >>> table = pd.DataFrame({"who": np.arange(400) % 10, "day": pd.Timestamp("2026-05-01") + pd.to_timedelta(np.arange(400), "h")})
    >>> late = np.where(table["who"] == 3, np.arange(400) > 200, rng.random(400) < 0.5).astype(float)
    >>> held = Interviews(frame=table, interviewer="who", start="day", end="day")
    >>> closed = Screen(name="closed", measures="a share of closed filters", null="", needs=())
    >>> screen_drift(held, screened(held, closed, late)).flagged
    [3]
    """
    score = of.interviews["score"].to_numpy(dtype=np.float64, na_value=np.nan)
    if len(score) != interviews.n or of.interviews["case"].tolist() != interviews.cases():
        raise ResponsesError("The screen is of other interviews.", fix="Screen the same interviews first.")
    begin, _ = moments(interviews)
    who, names = interviews.units("interviewer")
    usable = np.isfinite(score) & begin.notna().to_numpy()
    change, se, n = np.full(len(names), np.nan), np.full(len(names), np.nan), np.zeros(len(names), dtype=np.int64)
    stamps = begin.to_numpy()
    for unit in range(len(names)):
        rows = np.flatnonzero(usable & (who == unit))
        n[unit] = len(rows)
        if len(rows) >= max(least, 3):
            ordered = score[rows[np.argsort(stamps[rows], kind="stable")]]
            place = np.linspace(-0.5, 0.5, len(rows))
            change[unit] = place @ ordered / (place @ place)
            se[unit] = np.sqrt(((ordered - ordered.mean()) ** 2).sum() / (len(rows) - 1) / (place @ place))
    found = Dealt(n=n, observed=change, expected=0 * change, se=se, third=0 * change, step=0.0)
    form = "number" if of.screen.form == "times" else of.screen.form
    words = f"a change from the first to the last interview in {of.screen.measures.rstrip(',')},"
    words = words.replace(" in a ", " in the ")
    if of.screen.form == "times":
        words += " as a logarithm,"
    screen = replace(DRIFT, name=f"drift_of_{of.screen.name}", tail=of.screen.tail, form=form, measures=words)
    judged = judge(found, tail=screen.tail)
    table = unit_table(screen, "interviewer", names, found, judged, level=level, adjust=adjust)
    return _result(screen, interviews, table, judged.spread, level, score, names, who, ())


def _result(
    screen: Screen,
    interviews: Interviews,
    table: Any,
    spread: float,
    level: float,
    score: FloatArray,
    names: Sequence[Any],
    who: IntArray,
    notes: tuple[Note, ...],
) -> Screened:
    import pandas as pd

    rows = pd.DataFrame({"case": interviews.cases(), "interviewer": [names[k] for k in who], "score": score})
    return Screened(
        screen=screen, unit="interviewer", table=table, level=level, spread=spread, interviews=rows, notes=notes
    )


def _dealt(who: IntArray, strata: IntArray, rng: np.random.Generator) -> IntArray:
    """Deal the interviewers of each stratum to its interviews anew."""
    order = np.argsort(strata, kind="stable")
    mixed = np.lexsort((rng.random(len(who)), strata))
    out = who.copy()
    out[mixed] = who[order]
    return out


def _variances(standard: FloatArray, given: Any, who: IntArray, units: int) -> FloatArray:
    """Give the mean over items of the variances (I,) within units, items with two answers of a unit or more."""
    from scipy import sparse

    hold = sparse.csr_array((np.ones(len(who)), (who, np.arange(len(who)))), shape=(units, len(who)))
    n = hold @ given.astype(np.float64)
    first, second = hold @ standard, hold @ standard**2
    within = (second - first**2 / np.maximum(n, 1)) / np.maximum(n - 1, 1)
    enough = n >= 2
    count = enough.sum(axis=1)
    out: FloatArray = np.where(enough, within, 0.0).sum(axis=1) / np.maximum(count, 1)
    return np.where(count > 0, out, np.nan)
