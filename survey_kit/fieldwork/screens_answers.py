"""Screens of answers: one answer throughout a battery, items without an answer, filters that close, ends of scales, heaped numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias

import numpy as np

from survey_kit import checks
from survey_kit.errors import ResponsesError
from survey_kit.fieldwork.screens import Interviews, Screen, Screened, screened
from survey_kit.types import FloatArray

Index: TypeAlias = Literal["differentiation", "identical", "longest", "sd", "root_pairs"]

STRAIGHTLINING = Screen(
    name="straightlining",
    measures="a variety of answers within batteries",
    null="the interviews of the same places dealt to interviewers at random; a battery beside its own mean",
    needs=("batteries of items with one scale",),
    tail="low",
    form="number",
    source="Kim, Dykema, Stevenson, Black & Moberg (2019), Social Science Computer Review 37:214-233",
)
NONRESPONSE = Screen(
    name="item_nonresponse",
    measures="a share of items without an answer",
    null="the interviews of the same places dealt to interviewers at random",
    needs=("items, and which were asked and not answered",),
    tail="both",
    source="Schwanhäuser, Sakshaug & Kosyakova (2022), Public Opinion Quarterly 86:51-81",
)
FILTERS = Screen(
    name="contact_filters",
    measures="a share of filter questions answered so that the questions behind them are left out",
    null="the interviews of the same places dealt to interviewers at random; a filter beside its own mean",
    needs=("filter items and the answers that close them",),
    tail="high",
    source="Kreuter, McCulloch, Presser & Tourangeau (2011), Sociological Methods & Research 40:88-104",
)
EXTREMES = Screen(
    name="extreme_answers",
    measures="a share of answers at the ends of scales",
    null="the interviews of the same places dealt to interviewers at random; an item beside its own mean",
    needs=("items and their end codes",),
    tail="low",
    source="Schwanhäuser, Sakshaug & Kosyakova (2022), Public Opinion Quarterly 86:51-81",
)
HEAPING = Screen(
    name="heaping",
    measures="a share of round numbers",
    null="the interviews of the same places dealt to interviewers at random; an item beside its own mean",
    needs=("items that are numbers",),
    tail="both",
    source="Shryock & Siegel (1976), The Methods and Materials of Demography, chapter 8",
)
SILENT = ("dont_know", "refused", "no_answer", "skipped")


def battery_indexes(answers: FloatArray) -> Mapping[Index, FloatArray]:
    r"""Give how varied the answers of each person to a battery are.

    ``identical`` 1 when all are the same; ``longest`` the longest run of the same answer as a share of the answers; ``sd`` their standard
    deviation; ``differentiation`` :math:`1 - \sum_k p_k^2` with the shares of the answers (Mulligan, Krosnick, Smith, Green & Bizer 2001); and
    ``root_pairs`` the mean of :math:`\sqrt{|x_i - x_j|}` over pairs (Kim et al. 2019).

    Parameters
    ----------
    answers : (n, k)
        Answers in the order of the questionnaire, NaN for none. Fewer than three have no index.

    Examples
    --------
    >>> made = battery_indexes(np.array([[3.0, 3, 3, 3], [1, 1, 5, 5], [1, np.nan, np.nan, 2]]))
    >>> {name: values.round(3).tolist() for name, values in made.items()}["differentiation"]
    [0.0, 0.5, nan]
    """
    given = np.isfinite(answers)
    count = given.sum(axis=1)
    blank = np.where(count >= 3, 1.0, np.nan)
    n = np.maximum(count, 1)
    codes = np.unique(answers[given])
    share = (
        np.stack([(answers == code).sum(axis=1) / n for code in codes], axis=1)
        if len(codes)
        else np.ones((len(answers), 1))
    )
    filled = np.where(given, answers, 0.0)
    mean = filled.sum(axis=1) / n
    squares = (np.where(given, answers - mean[:, None], 0.0) ** 2).sum(axis=1)
    pairs = np.zeros(len(answers))
    for i in range(answers.shape[1]):
        gap = np.sqrt(np.abs(answers[:, [i]] - answers[:, i + 1 :]))
        pairs += np.where(np.isfinite(gap), gap, 0.0).sum(axis=1)
    return {
        "differentiation": (1 - (share**2).sum(axis=1)) * blank,
        "identical": np.where(share.max(axis=1) >= 1, 1.0, 0.0) * blank,
        "longest": _longest(answers) / n * blank,
        "sd": np.sqrt(squares / np.maximum(n - 1, 1)) * blank,
        "root_pairs": pairs / np.maximum(n * (n - 1) / 2, 1) * blank,
    }


def screen_straightlining(
    interviews: Interviews, batteries: Mapping[str, Sequence[str]], *, index: Index = "differentiation", **judged: Any
) -> Screened:
    """Look for batteries answered without difference.

    Where everybody trusts everything, one answer throughout is honest: a battery is held against its own mean over all interviews, and an
    interviewer against the others of the same places. No interview is taken out for it.

    Parameters
    ----------
    interviews
        The interviews.
    batteries
        Of each battery its columns, in the order of the questionnaire (see `batteries`); answers that are none are blank.
    index
        Which index (see `battery_indexes`), averaged over the batteries of an interview.
    **judged
        ``unit level adjust least`` of `screened`.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> table = pd.DataFrame(rng.integers(1, 6, (300, 6)), columns=list("abcdef")).assign(who=np.arange(300) % 10)
    >>> table.loc[table["who"] == 4, list("abcdef")] = 3
    >>> held = Interviews(frame=table, interviewer="who")
    >>> screen_straightlining(held, {"trust": list("abcdef")}).flagged
    [4]
    """
    checks.choice(index, "index", ("differentiation", "identical", "longest", "sd", "root_pairs"), ResponsesError)
    if not batteries:
        raise ResponsesError("No battery is named.", fix="Give at least three items with one scale.")
    columns = {}
    for name, items in batteries.items():
        if len(items) < 3:
            fix = "Leave it out; fewer than three answers show no pattern."
            raise ResponsesError("A battery has fewer than three items.", where=f"battery '{name}'", fix=fix)
        columns[name] = battery_indexes(answers_of(interviews, items))[index]
    tail: Literal["high", "low"] = "high" if index in {"identical", "longest"} else "low"
    words = {
        "differentiation": STRAIGHTLINING.measures,
        "identical": "a share of batteries with one answer throughout",
        "longest": "a longest run of one answer, as a share of the battery,",
        "sd": "a standard deviation within batteries",
        "root_pairs": "a mean root difference of pairs within batteries",
    }
    screen = replace(
        STRAIGHTLINING,
        tail=tail,
        measures=words[index],
        form="share" if index in {"identical", "longest"} else "number",
    )
    return screened(interviews, screen, beside_mean(np.stack(list(columns.values()), axis=1)), more=columns, **judged)


def screen_item_nonresponse(
    interviews: Interviews,
    items: Sequence[str],
    *,
    codes: Sequence[Any] = (),
    reasons: Any = None,
    **judged: Any,
) -> Screened:
    """Look for very many, and for suspiciously few, items without an answer.

    Parameters
    ----------
    items
        Columns of answers.
    codes
        Codes that are no answer to a question that was asked: don't know, refused. A blank was not asked.
    reasons
        In place of codes, the reasons of missing answers as `Responses.missing` holds them.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(2)
    >>> table = pd.DataFrame(rng.choice([1, 2, 9], (400, 2), p=[0.5, 0.4, 0.1]), columns=["a", "b"]).assign(who=np.arange(400) % 8)
    >>> table.loc[table["who"] == 4, ["a", "b"]] = 9
    >>> screen_item_nonresponse(Interviews(frame=table, interviewer="who"), ["a", "b"], codes=[8, 9]).flagged
    [4]
    """
    interviews.need(*items)
    if not items or (reasons is None) == (not len(codes)):
        fix = "Give codes=[...] of don't know and refusal, or reasons= the table Responses.missing."
        raise ResponsesError("It is not said which items were asked and not answered.", fix=fix)
    columns = []
    for name in items:
        if reasons is None:
            values = interviews.frame[name]
            silent, asked = values.isin(list(codes)).to_numpy(), values.notna().to_numpy()
        else:
            why = reasons[name].astype(object)
            silent = why.isin(SILENT).to_numpy()
            asked = silent | why.isna().to_numpy()
        columns.append(np.where(asked, silent.astype(np.float64), np.nan))
    return screened(interviews, NONRESPONSE, _mean(np.stack(columns, axis=1)), **judged)


def screen_filters(interviews: Interviews, closing: Mapping[str, Sequence[Any]], **judged: Any) -> Screened:
    """Look for filters answered so that the questions behind them are left out: the chief risk of a survey on corruption.

    Parameters
    ----------
    closing
        Of each filter the answers that close what is behind it (see `closing_answers`).

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(5)
    >>> table = pd.DataFrame(rng.integers(1, 3, (300, 4)), columns=list("abcd")).assign(who=np.arange(300) % 10)
    >>> table.loc[table["who"] == 2, list("abcd")] = 2
    >>> screen_filters(Interviews(frame=table, interviewer="who"), dict.fromkeys("abcd", [2])).flagged
    [2]
    """
    return _chosen(interviews, FILTERS, closing, judged)


def screen_extremes(interviews: Interviews, ends: Mapping[str, Sequence[Any]], **judged: Any) -> Screened:
    """Look for answers that avoid the ends of scales, as invented ones do.

    Parameters
    ----------
    ends
        Of each item its first and last code (see `scale_ends`).

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(5)
    >>> table = pd.DataFrame(rng.integers(1, 6, (300, 8)), columns=list("abcdefgh")).assign(who=np.arange(300) % 10)
    >>> table.loc[table["who"] == 2, list("abcdefgh")] = 3
    >>> screen_extremes(Interviews(frame=table, interviewer="who"), dict.fromkeys("abcdefgh", [1, 5])).flagged
    [2]
    """
    return _chosen(interviews, EXTREMES, ends, judged)


def screen_heaping(interviews: Interviews, items: Sequence[str], *, step: float = 5, **judged: Any) -> Screened:
    """Look for numbers that are round too often, or hardly ever.

    People round, and so do honest interviewers: the share of multiples of `step` is held against the same item of others. Benford's law is not
    used; it did not find known cases (Wang & Pedlow 2005).

    Parameters
    ----------
    items
        Columns of numbers: ages, amounts, minutes.
    step
        What a round number is a multiple of.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(3)
    >>> table = pd.DataFrame({"age": rng.integers(18, 80, 400), "who": np.arange(400) % 10})
    >>> table.loc[table["who"] == 7, "age"] = 45
    >>> screen_heaping(Interviews(frame=table, interviewer="who"), ["age"]).flagged
    [7]
    """
    if not (np.isfinite(step) and step > 0):
        raise ResponsesError("A step is above 0.", found=f"{step}", fix="Write step=5 or step=10.")
    values = answers_of(interviews, items)
    rest = np.abs(values / step - np.round(values / step))
    round_ones = np.where(np.isfinite(values), (rest < 1e-9).astype(np.float64), np.nan)
    screen = replace(HEAPING, measures=f"a share of numbers that are multiples of {step:g}")
    return screened(interviews, screen, beside_mean(round_ones), **judged)


def beside_mean(values: FloatArray) -> FloatArray:
    """Give for each interview the mean of its values (n, k) beside those of their columns, on the scale of the whole.

    Interviews that were asked other things stay comparable: what is averaged is the distance from the column's mean.

    Examples
    --------
    >>> beside_mean(np.array([[1.0, np.nan], [0.0, 0.0], [0.5, 1.0]])).round(3).tolist()
    [1.0, 0.0, 0.75]
    """
    given = np.isfinite(values)
    centre = np.where(given, values, 0.0).sum(axis=0) / np.maximum(given.sum(axis=0), 1)
    whole = float(np.where(given, values, 0.0).sum() / max(int(given.sum()), 1))
    return _mean(values - centre) + whole


def answers_of(interviews: Interviews, items: Sequence[str]) -> FloatArray:
    """Give the answers (n, k) as numbers; categories by their order.

    Raises
    ------
    ResponsesError
        When a column is missing or holds words.
    """
    import pandas as pd

    interviews.need(*items)
    if not items:
        raise ResponsesError("No item is named.", fix="Name at least one.")
    columns = []
    for name in items:
        column = interviews.frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            columns.append(np.where(column.cat.codes >= 0, column.cat.codes.to_numpy(dtype=np.float64), np.nan))
            continue
        number = pd.to_numeric(column, errors="coerce")
        lost = (number.isna() & column.notna()).to_numpy()
        if lost.any():
            row = int(lost.argmax())
            where = f"row {row + 1}, column '{name}'"
            raise ResponsesError("An answer is no number.", where=where, fix="Give codes, or leave the item out.")
        columns.append(number.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.stack(columns, axis=1)


def _chosen(
    interviews: Interviews, screen: Screen, codes: Mapping[str, Sequence[Any]], judged: Mapping[str, Any]
) -> Screened:
    """Judge the share of items answered by certain codes, an item beside its own mean."""
    if not codes:
        raise ResponsesError("No item is named.", fix="Give items and their codes.")
    interviews.need(*codes)
    columns = []
    for name, some in codes.items():
        values = interviews.frame[name]
        columns.append(np.where(values.notna(), values.isin(list(some)).to_numpy(dtype=np.float64), np.nan))
    values = np.stack(columns, axis=1)
    if not np.nansum(values):
        fix = "Check the codes and their type: 1 and '1' are not the same."
        raise ResponsesError("No answer has one of these codes.", where=screen.name, fix=fix)
    return screened(interviews, screen, beside_mean(values), **judged)


def _mean(values: FloatArray) -> FloatArray:
    given = np.isfinite(values)
    count = given.sum(axis=1)
    return np.where(count > 0, np.where(given, values, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan)


def _longest(answers: FloatArray) -> FloatArray:
    """Give the longest run of the same answer; blanks do not end a run."""
    last = np.full(len(answers), np.nan)
    run, best = np.zeros(len(answers)), np.zeros(len(answers))
    for column in answers.T:
        given = np.isfinite(column)
        run = np.where(given, np.where(column == last, run + 1, 1.0), run)
        last = np.where(given, column, last)
        best = np.maximum(best, run)
    return best
