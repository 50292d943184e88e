"""Repeated modules: a table of members beside the interviews, matched by the case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from survey_kit.errors import ResponsesError, did_you_mean
from survey_kit.frames import columns as column_names
from survey_kit.frames import to_pandas
from survey_kit.instrument import Module
from survey_kit.instrument.evaluate import evaluate
from survey_kit.instrument.expressions import parse
from survey_kit.responses.codes import distinct, plain
from survey_kit.responses.reasons import same_kind
from survey_kit.responses.settle import Taking
from survey_kit.types import Frame, IntArray

if TYPE_CHECKING:
    import pandas as pd

MEMBER = "member"


def attach(taking: Taking, tables: Mapping[str, Frame], wave: str | None, case: str | None, gone: pd.DataFrame) -> None:
    """Match each table of members with the interviews; those of no interview, and those that stand twice, are set aside.

    A table has the case column of the interviews, the columns of items, and may have ``member`` with the member's number.
    Members of interviews that do not count (`gone`) are left out without a word.
    """
    repeated = {module.id: module for form in taking.forms for module in form.modules if module.repeat is not None}
    for name, table in tables.items():
        if name not in repeated:
            what = f"'{name}' is no repeated module of the instrument."
            raise ResponsesError(what, where=taking.source or None, fix=did_you_mean(name, repeated))
        if case is None:
            raise ResponsesError("Members are matched by the case id, and none is declared.", fix="Name its column.")
        data = to_pandas(table)
        if case not in column_names(data):
            what = f"The members of '{name}' do not say to which case they belong."
            raise ResponsesError(what, where=taking.source or None, found=f"no column '{case}'", fix="Add it.")
        taking.inner[name] = _matched(taking, _staying(taking, data, gone, wave, case), name, wave, case)
    for name, module in repeated.items():
        if name not in tables:
            message = "No table of members was given for a repeated module."
            taking.log.add("R020", message, count=len(taking.data), column=module.id)


def counted(taking: Taking) -> None:
    """Tell the interviews that have not as many members as they counted.

    Rows without any answer beyond the count are no members: devices keep them when somebody corrects the count downwards.
    """
    for name, members in taking.inner.items():
        if members.parent is None:
            continue
        expected = np.full(len(taking.data), np.nan)
        for place, form in enumerate(taking.forms):
            module = next((one for one in form.modules if one.id == name), None)
            if module is not None and module.repeat is not None and taking.has(module.repeat.count):
                expected = np.where(taking.form == place, _expected(taking, module), expected)
        names = [name for name in members.data if name != MEMBER and name in members.taken()]
        blank = members.data[names].isna().all(axis=1).to_numpy()
        _only(members, ~(blank & (members.data[MEMBER].to_numpy() > expected[members.parent])))
        there = np.bincount(members.parent, minlength=len(taking.data)).astype(np.float64)
        lacking = _lacking(taking, there, expected)
        members.lacking = lacking
        message = "No table of members was given for a repeated module."
        taking.log.by_wave("R020", message, lacking, taking.place, taking.labels, name)
        wrong = np.isfinite(expected) & (expected != there) & ~lacking
        message = "There are not as many members as the interview counted."
        taking.log.by_wave("R019", message, wrong, taking.place, taking.labels, name)


# ------------------------------------------------------------------------------------------------------------- inside
def _lacking(taking: Taking, there: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Say which interviews lie in a wave that should have members and has none at all: its file did not hold them."""
    n = len(taking.labels)
    some = np.bincount(taking.place, weights=there, minlength=n) > 0
    wanted = np.bincount(taking.place, weights=np.nan_to_num(expected), minlength=n) > 0
    return np.asarray((wanted & ~some)[taking.place], dtype=bool)


def _only(members: Taking, rows: np.ndarray) -> None:
    """Keep some members."""
    if members.parent is None or rows.all():
        return
    members.data = members.data[rows].reset_index(drop=True)
    members.place, members.form, members.parent = members.place[rows], members.form[rows], members.parent[rows]


def _expected(taking: Taking, module: Module) -> np.ndarray:
    """Give how many members there should be; what is there anyway where the count is not known."""
    n = len(taking.data)
    if module.repeat is None:
        return np.zeros(n)
    answers = taking.settle(module.repeat.count)
    asked = np.ones(n, dtype=bool)
    if module.ask_if:
        condition = parse(module.ask_if)
        asked = evaluate(condition, taking.columns(condition), n)[0]
    sizes = np.where(answers.answered, np.asarray(answers.values, dtype=np.float64), 0.0)
    return np.where(asked, np.clip(np.floor(sizes), 0, module.repeat.most), 0.0)


def _staying(taking: Taking, data: pd.DataFrame, gone: pd.DataFrame, wave: str | None, case: str) -> pd.DataFrame:
    if wave is not None and wave in data:
        out = data[[plain(value) in taking.labels for value in data[wave]]]
    else:
        ours = set(map(plain, taking.data[case]))
        theirs = set(map(plain, gone[case])) - ours if len(gone) else set()
        out = data[[plain(value) not in theirs for value in data[case]]] if theirs else data
    return out.reset_index(drop=True)


def _matched(taking: Taking, data: pd.DataFrame, name: str, wave: str | None, case: str) -> Taking:
    import pandas as pd

    ours = pd.DataFrame({"case": same_kind(taking.data[case], data[case]), "wave": taking.place})
    theirs = pd.DataFrame({"case": same_kind(data[case], taking.data[case])})
    if wave is not None and wave in data:
        order = {label: place for place, label in enumerate(taking.labels)}
        codes, values = distinct(data[wave])
        theirs["wave"] = np.array([*(order.get(plain(value), -1) for value in values), -1], dtype=np.int64)[codes]
    elif ours["case"].duplicated().any():
        what = "A case id stands in several waves, and the members do not say in which."
        raise ResponsesError(what, where=taking.source or None, fix=f"Give the members of '{name}' a column '{wave}'.")
    keys = [key for key in ("wave", "case") if key in theirs]
    rows = ours.assign(row=np.arange(len(ours)))
    matched = theirs.merge(rows[[*keys, "row"]], on=keys, how="left")["row"].to_numpy(dtype=np.float64)
    lost = np.isnan(matched)
    if lost.any():
        shown = ", ".join(plain(one)[:40] for one in data[case][lost].unique()[:3])
        message = "Members belong to no interview and are set aside."
        taking.log.add("R018", message, count=int(lost.sum()), column=name, found=shown)
    data, parent = data[~lost].reset_index(drop=True), matched[~lost].astype(np.int64)
    number = _numbers(data, parent)
    twice = pd.DataFrame({"parent": parent, "number": number}).duplicated().to_numpy()
    if twice.any():
        shown = ", ".join(plain(one)[:40] for one in data[case][twice].unique()[:3])
        message = "Members of a case stand twice; the first counts."
        taking.log.add("R017", message, count=int(twice.sum()), column=name, found=shown)
    order_of = np.lexsort((number, parent))
    keep = order_of[~twice[order_of]]
    data = data.iloc[keep].reset_index(drop=True).assign(**{MEMBER: number[keep]})
    return Taking(
        data=data,
        place=taking.place[parent[keep]],
        labels=taking.labels,
        forms=taking.forms,
        form=taking.form[parent[keep]],
        not_asked=taking.not_asked,
        unasked_when=taking.unasked_when,
        log=taking.log,
        source=taking.source,
        outer=taking,
        parent=parent[keep],
        module=name,
    )


def _numbers(data: pd.DataFrame, parent: IntArray) -> IntArray:
    """Give the number of each member: as the table says it, else in the order of the rows."""
    import pandas as pd

    if MEMBER in data:
        told = pd.to_numeric(data[MEMBER], errors="coerce").to_numpy(dtype=np.float64)
        if np.isfinite(told).all():
            return told.astype(np.int64)
    return pd.Series(parent).groupby(parent).cumcount().to_numpy().astype(np.int64) + 1
