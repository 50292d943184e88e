"""Take a table as answers: every value is held against the instrument of its wave, every gap gets its reason.

Faults of single values are collected; what makes estimation impossible (a missing column, an empty wave, a case that
stands twice) ends in one error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.checks import unique
from survey_kit.errors import FrameError, ResponsesError, did_you_mean
from survey_kit.frames import columns as column_names
from survey_kit.frames import to_pandas
from survey_kit.instrument import Instrument
from survey_kit.responses.codes import Answers, plain
from survey_kit.responses.reasons import read_reasons
from survey_kit.responses.responses import Log, Responses, Unasked
from survey_kit.responses.settle import Taking
from survey_kit.types import MISSING_KINDS, DataStatus, Frame, IntArray, MissingKind

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
        The items to take; by default all but identifiers and open texts.
    required
        Columns to keep as they are: weights, strata, units, domains. All other columns are left behind.
    case
        The column of the case id, which must be unique within a wave.
    not_asked, unasked_when
        By wave: items asked of nobody; items not asked of some rows.
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
    data = to_pandas(table)
    try:
        known = column_names(data)
    except FrameError as fault:
        raise ResponsesError(fault.what, where=source or None, found=fault.found, fix=fault.fix) from None
    log = Log()
    forms, labels = _forms(instruments, wave, waves)
    ids = _wanted(forms, items)
    keys = [name for name in (wave, case) if name]
    _present(known, [*keys, *required], source, "The answers lack columns the study needs.")
    data, place, labels = _waves(data, wave, labels, log, source)
    _cases(data, case, place, labels, source)
    taking = Taking(
        data=data,
        place=place,
        labels=labels,
        forms={label: forms[label if label in forms else ""] for label in labels},
        not_asked={label: frozenset(names) for label, names in (not_asked or {}).items()},
        unasked_when=unasked_when or {},
        reasons=None,
        log=log,
        source=source,
    )
    taking.require(ids)
    if reasons is not None:
        taking.reasons = read_reasons(reasons, reason_kinds or {}, reason_suffix, taking.rows(wave, case), source, log)
    answers = {item_id: taking.settle(item_id) for item_id in ids}
    return Responses(
        frame=_frame(data, answers, wave, labels, place, [*([case] if case else []), *required]),
        missing=_reasons(answers, len(data)),
        problems=log.frame(),
        instruments=dict(instruments),
        wave=wave,
        waves=tuple(labels) if wave else (),
        data_status=data_status,
        source=source,
    )


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


def _wanted(forms: Mapping[str, Instrument], items: Sequence[str] | None) -> tuple[str, ...]:
    newest_first = list({id(form): form for form in reversed(list(forms.values()))}.values())
    everything = {item.id: item for form in newest_first for item in form.items}
    if items is not None:
        for item_id in items:
            if item_id not in everything:
                newest_first[0].item(item_id)
        return tuple(dict.fromkeys(items))
    return tuple(name for name, item in everything.items() if item.role != "identifier" and item.type != "text")


def _present(known: Sequence[str], needed: Sequence[str], source: str, what: str) -> None:
    absent = [name for name in dict.fromkeys(needed) if name not in known]
    if absent:
        same = next((one for one in known if one.casefold() == absent[0].casefold()), None)
        near = f"did you mean '{same}'?" if same else did_you_mean(absent[0], known)
        found = f"no column {', '.join(repr(name) for name in absent[:5])}" + (", ..." if len(absent) > 5 else "")
        raise ResponsesError(what, where=source or None, found=found, fix=f"For '{absent[0]}': {near}")


def _waves(
    data: pd.DataFrame, wave: str | None, labels: Sequence[str], log: Log, source: str
) -> tuple[pd.DataFrame, IntArray, tuple[str, ...]]:
    """Keep the rows of the waves that count; give each row's place among them."""
    import pandas as pd

    if wave is None:
        return data.reset_index(drop=True), np.zeros(len(data), dtype=np.int64), ("",)
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
    return data[keep].reset_index(drop=True), place[keep], labels


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
