"""Take a table as answers: every value is held against the instrument of its wave, every gap gets its reason.

Faults of single values are collected; what makes estimation impossible (a missing column, an empty wave, a case that
stands twice) ends in one error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.checks import unique
from survey_kit.errors import FrameError, ResponsesError, did_you_mean
from survey_kit.frames import columns as column_names
from survey_kit.frames import to_pandas
from survey_kit.instrument import Instrument
from survey_kit.responses.codes import Answers, distinct, plain
from survey_kit.responses.lacking import require, rewritten, written_out
from survey_kit.responses.members import MEMBER, attach, counted
from survey_kit.responses.reasons import Rows, read_reasons
from survey_kit.responses.responses import Log, Responses, Unasked
from survey_kit.responses.settle import Taking
from survey_kit.responses.several import column_name, spread
from survey_kit.types import MISSING_KINDS, BoolArray, Code, DataStatus, Frame, IntArray, MissingKind

if TYPE_CHECKING:
    import pandas as pd


def take(  # noqa: PLR0913  (a study declares all of this; study.read_responses fills it in)
    table: Frame,
    *,
    instruments: Mapping[str, Instrument],
    wave: str | None = None,
    waves: Sequence[str] = (),
    items: Sequence[str] | None = None,
    required: Sequence[str] = (),
    case: str | None = None,
    not_asked: Mapping[str, Sequence[str]] | None = None,
    unasked_when: Mapping[str, Sequence[Unasked]] | None = None,
    version: str | None = None,
    versions: Mapping[str, Instrument] | None = None,
    members: Mapping[str, Frame] | None = None,
    reasons: Frame | None = None,
    reason_kinds: Mapping[str, MissingKind] | None = None,
    reason_suffix: str = "_na",
    data_status: DataStatus = "real",
    source: str = "",
) -> Responses:
    """Hold a table against the instrument of each wave.

    Parameters
    ----------
    table
        A data frame of any library.
    instruments
        The instrument of each wave, or one under ``""``.
    wave, waves
        The column that tells the waves apart, and the waves that count, in order.
    items
        The items to take; by default all but identifiers and open texts. An item that takes several answers becomes one
        column of 0 and 1 for each code, ``<item>__<code>``.
    required
        Columns to keep as they are: weights, strata, units, domains. All other columns are left behind.
    case
        The column of the case id, which must be unique within a wave.
    not_asked, unasked_when
        By wave: items asked of nobody; items not asked of some rows.
    version, versions
        The column that names the version of the instrument an interview was held with, and the instruments by that name,
        the newest first; a row that names none of them is held against the instrument of its wave.
    members
        For each repeated module the table of its members, with the case column of the interview, and ``member`` with their
        number if the table has it.
    reasons, reason_kinds, reason_suffix
        A table with why answers are missing, keyed by the wave and case columns, one column ``<item><suffix>`` per
        item; and what its letters mean.
    data_status
        ``real`` or ``synthetic``.
    source
        The file the table came from, for messages.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.instrument import Item, Module, Scale
    >>> item = Item(id="q1", text={"en": "Do you trust the courts?"}, scale=Scale(codes=(1, 2), missing={9: "refused"}))
    >>> form = Instrument(id="tiny", version="1.0", modules=(Module(id="m", items=(item,)),))
    >>> table = pd.DataFrame({"q1": [1, 2, 9, None, 7], "telephone": ["..."] * 5})
    >>> answers = take(table, instruments={"": form})
    >>> answers.frame["q1"].tolist(), answers.missing["q1"].tolist()
    ([1.0, 2.0, nan, nan, nan], [nan, nan, 'refused', 'unknown', 'unknown'])
    >>> answers.problems[["code", "column", "found"]].values.tolist()
    [['R001', 'q1', '7 (1)']]
    """
    log, versions = Log(), versions or {}
    forms, labels = _forms(instruments, wave, waves)
    ids = _wanted([*reversed(list(versions.values())), *forms.values()], items)
    data = _data(table, [*(name for name in (wave, case, version) if name), *required], source)
    data, gone, place, labels = _waves(data, wave, labels, log, source)
    _cases(data, case, place, labels, source)
    of_waves = [forms[label if label in forms else ""] for label in labels]
    ordered, form = _forms_of(data, place, of_waves, version, versions, labels, log)
    taking = Taking(
        data=data,
        place=place,
        labels=labels,
        forms=ordered,
        form=form,
        not_asked={label: frozenset(written_out(ordered, sorted(names))) for label, names in (not_asked or {}).items()},
        unasked_when=rewritten(ordered, unasked_when or {}),
        log=log,
        source=source,
    )
    attach(taking, members or {}, wave, case, gone)
    require(taking, ids)
    counted(taking)
    if reasons is not None:
        rows = Rows(wave=wave, case=case, labels=labels, place=place, cases=data[case] if case else None)
        taking.reasons = read_reasons(reasons, reason_kinds or {}, reason_suffix, rows, source, log)
    frame, missing = _settled(taking, ids, wave, [*([case] if case else []), *required])
    inner = {home: _settled(part, ids, wave, [str(case), MEMBER]) for home, part in taking.inner.items()}
    whole = Responses(
        frame=frame,
        missing=missing,
        problems=log.frame(),
        instruments=dict(instruments),
        versions=dict(versions),
        wave=wave,
        waves=tuple(labels) if wave else (),
        data_status=data_status,
        source=source,
    )
    return replace(whole, members={home: replace(whole, frame=f, missing=m) for home, (f, m) in inner.items()})


# ---------------------------------------------------------------------------------------------------- what is taken
def _forms(
    instruments: Mapping[str, Instrument], wave: str | None, waves: Sequence[str]
) -> tuple[Mapping[str, Instrument], tuple[str, ...]]:
    unique(waves, "The wave", ResponsesError)
    if not instruments:
        raise ResponsesError("No instrument says what the answers mean.", fix="Give instruments={'': instrument}.")
    if wave is None:
        if set(instruments) != {""}:
            raise ResponsesError("The instruments name waves, but no column does.", fix="Give wave='column'.")
        return instruments, ("",)
    lacking = [label for label in waves if label not in instruments and "" not in instruments]
    if lacking:
        fix = did_you_mean(lacking[0], instruments)
        raise ResponsesError(f"The wave '{lacking[0]}' has no instrument.", fix=fix)
    return instruments, tuple(map(str, waves))


def _wanted(forms: Sequence[Instrument], items: Sequence[str] | None) -> tuple[str, ...]:
    newest_first = list({id(form): form for form in reversed(forms)}.values())
    everything = {item.id: item for form in newest_first for item in form.items}
    if items is not None:
        parts = {
            column_name(name, code): name
            for form in forms
            for name, item in everything.items()
            if item.type == "multiple" and name in form
            for code in form.codes(name)
        }
        named = [parts.get(name, name) for name in written_out(forms, items)]
        for item_id in named:
            if item_id not in everything:
                newest_first[0].item(item_id)
        return tuple(dict.fromkeys(named))
    return tuple(name for name, item in everything.items() if item.role != "identifier" and item.type != "text")


def _data(table: Frame, needed: Sequence[str], source: str) -> pd.DataFrame:
    """Give the table as a pandas frame that has the columns that are needed."""
    data: pd.DataFrame = to_pandas(table)
    try:
        known = column_names(data)
    except FrameError as fault:
        raise ResponsesError(fault.what, where=source or None, found=fault.found, fix=fault.fix) from None
    absent = [name for name in dict.fromkeys(needed) if name not in known]
    if absent:
        same = next((one for one in known if one.casefold() == absent[0].casefold()), None)
        near = f"did you mean '{same}'?" if same else did_you_mean(absent[0], known)
        found = f"no column {', '.join(repr(name) for name in absent[:5])}" + (", ..." if len(absent) > 5 else "")
        what = "The answers lack columns the study needs."
        raise ResponsesError(what, where=source or None, found=found, fix=f"For '{absent[0]}': {near}")
    return data


def _waves(
    data: pd.DataFrame, wave: str | None, labels: Sequence[str], log: Log, source: str
) -> tuple[pd.DataFrame, pd.DataFrame, IntArray, tuple[str, ...]]:
    """Keep the rows of the waves that count; give those that do not, and each row's place among the waves."""
    import pandas as pd

    if wave is None:
        return data.reset_index(drop=True), data.iloc[:0], np.zeros(len(data), dtype=np.int64), ("",)
    codes, uniques = pd.factorize(data[wave], use_na_sentinel=True)
    found = [plain(value) for value in uniques]
    counts = np.bincount(codes[codes >= 0], minlength=len(found))
    labels = tuple(labels) or tuple(sorted(found))
    empty = [label for label in labels if label not in found]
    if empty:
        raise ResponsesError(
            f"The wave '{empty[0]}' has no responses.",
            where=f"{source + ', ' if source else ''}column '{wave}'",
            found="waves " + ", ".join(sorted(found)[:12]),
            fix=did_you_mean(empty[0], found),
        )
    order = {label: place for place, label in enumerate(labels)}
    places = np.array([*(order.get(label, -1) for label in found), -1], dtype=np.int64)
    place = places[codes]
    if (codes < 0).any():
        log.add("R004", "Rows without a wave are left out.", count=int((codes < 0).sum()), column=wave)
    for label, count in zip(found, counts, strict=True):
        if label not in order:
            log.add("R005", "A wave of the file is not part of the study.", count=int(count), wave=label, column=wave)
    keep = place >= 0
    return data[keep].reset_index(drop=True), data[~keep], place[keep], labels


def _forms_of(
    data: pd.DataFrame,
    place: IntArray,
    of_waves: Sequence[Instrument],
    version: str | None,
    versions: Mapping[str, Instrument],
    labels: Sequence[str],
    log: Log,
) -> tuple[tuple[Instrument, ...], IntArray]:
    """Give the instruments, the oldest first, and the place of each row's own among them."""
    waves = {id(form) for form in of_waves}
    earlier = [form for form in reversed(list(versions.values())) if id(form) not in waves]
    ordered = tuple({id(form): form for form in (*earlier, *of_waves)}.values())
    at = {id(form): number for number, form in enumerate(ordered)}
    form = np.array([at[id(one)] for one in of_waves], dtype=np.int64)[place]
    if version is None or not versions:
        return ordered, form
    codes, values = distinct(data[version])
    named = [plain(value) for value in values]
    own = np.array([*(at[id(versions[name])] if name in versions else -1 for name in named), -1], dtype=np.int64)[codes]
    for number, name in enumerate(named):
        if name and name not in versions:
            message = "Interviews name a version of the instrument that nobody gave; their wave's is taken."
            rows = codes == number
            for label in np.unique(place[rows]):
                count = int((rows & (place == label)).sum())
                log.add("R021", message, count=count, wave=labels[label], column=version, found=name[:40])
    return ordered, np.where(own >= 0, own, form)


def _cases(data: pd.DataFrame, case: str | None, place: IntArray, labels: Sequence[str], source: str) -> None:
    import pandas as pd

    if case is None:
        return
    where = f"{source + ', ' if source else ''}column '{case}'"
    blank = data[case].isna().to_numpy()
    if blank.any():
        fix = "Give every case its id."
        raise ResponsesError("Cases have no id.", where=where, found=f"{int(blank.sum())} rows", fix=fix)
    twice = pd.DataFrame({"wave": place, "case": data[case]}).duplicated().to_numpy()
    if twice.any():
        first = int(np.flatnonzero(twice)[0])
        inside = f" in wave {labels[place[first]]}" if labels[place[first]] else ""
        raise ResponsesError(
            "Case ids stand twice within a wave.",
            where=where,
            found=f"{plain(data[case].iloc[first])}{inside}; {int(twice.sum())} rows too many",
            fix="Remove the doubled interviews, or correct their ids.",
        )


# ----------------------------------------------------------------------------------------------------- what comes out
def _settled(
    taking: Taking, ids: Sequence[str], wave: str | None, kept: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read items; give the frame and the reasons. An item that takes several answers comes out as a column for each code."""
    out: dict[str, Answers] = {}
    for item_id in ids:
        if taking.home(item_id) != taking.module:
            continue
        answers = taking.settle(item_id)
        if taking.item(item_id).type != "multiple":
            out[item_id] = answers
            continue
        offered: dict[Code, BoolArray] = {}
        for form, rows in taking.groups(item_id):
            for code in form.codes(item_id):
                offered[code] = offered.get(code, np.zeros(len(rows), dtype=bool)) | rows
        out |= spread(answers, item_id, offered)
    return _frame(taking.data, out, wave, taking.labels, taking.place, kept), _reasons(out, len(taking.data))


def _frame(
    data: pd.DataFrame,
    answers: Mapping[str, Answers],
    wave: str | None,
    labels: Sequence[str],
    place: IntArray,
    kept: Sequence[str],
) -> pd.DataFrame:
    import pandas as pd

    out: dict[str, Any] = {}
    if wave is not None:
        out[wave] = pd.Categorical.from_codes(place, dtype=pd.CategoricalDtype(list(labels), ordered=True))
    out |= {name: data[name] for name in kept if name not in answers and name != wave}
    out |= {
        name: one.values if one.values.dtype.kind == "f" else pd.array(one.values, "str")
        for name, one in answers.items()
        if name != wave
    }
    return pd.DataFrame(out)


def _reasons(answers: Mapping[str, Answers], n: int) -> pd.DataFrame:
    import pandas as pd

    kinds = pd.CategoricalDtype(list(MISSING_KINDS))
    columns = {name: pd.Categorical.from_codes(one.state, dtype=kinds) for name, one in answers.items()}
    return pd.DataFrame(columns, index=pd.RangeIndex(n))
