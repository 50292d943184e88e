"""Answers as labelled SPSS and Stata files, one for each language.

Identifiers never go along. Open texts, positions, paradata and whatever is no item go along only when they are named.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.errors import ResponsesError, did_you_mean
from survey_kit.frames import to_pandas
from survey_kit.instrument import Instrument, Problem
from survey_kit.instrument.export.variables import (
    Variable,
    answers,
    codes,
    measure,
    reasons,
    repeated,
    title,
    variables,
)
from survey_kit.language import words
from survey_kit.responses.codes import plain
from survey_kit.responses.export_columns import Column
from survey_kit.responses.export_files import FORMATS, Format, Notes, about, stem, write
from survey_kit.responses.members import MEMBER
from survey_kit.responses.responses import Responses
from survey_kit.responses.several import columns_of
from survey_kit.responses.validate import take
from survey_kit.types import MISSING_KINDS, DataStatus, Frame

if TYPE_CHECKING:
    import pandas as pd

STATUS = "data_status"
DATA_STATUSES: Mapping[str, DataStatus] = {"real": "real", "synthetic": "synthetic"}
# what devices and platforms record about a person, beside the items
IDENTIFYING = frozenset(
    {"deviceid", "device_id", "phonenumber", "email", "username", "simserial", "subscriberid", "imei"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledFiles:
    """The files that were written, and what could not be said in them as the instrument says it."""

    paths: tuple[Path, ...]
    notes: tuple[Problem, ...] = ()

    def __iter__(self) -> Iterator[Path]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)


def export_labelled(
    responses: Responses | Frame,
    instrument: Instrument,
    folder: Path | str,
    *,
    languages: Sequence[str] | None = None,
    formats: Sequence[Format] = FORMATS,
    include: Sequence[str] = (),
    case: str | None = None,
    members: Mapping[str, Frame] | None = None,
    data_status: DataStatus | None = None,
) -> LabelledFiles:
    """Write answers as labelled SPSS and Stata files, one for each language.

    Parameters
    ----------
    responses
        Responses, or a table of raw answers, which is then held against the instrument.
    instrument
        The questionnaire, for the words.
    folder
        Where the files go: ``<instrument>_<language>[_synthetic][_pilot].sav``, and one more for each repeated module.
    languages
        By default all the instrument has. A language that is not released is marked as a pilot.
    formats
        ``sav``, ``dta`` or both.
    include
        Further columns by name: open texts, paradata, weights, strata, the case. Identifiers are refused.
    case, members
        Of a raw table: the column of the case, and the tables of repeated modules.
    data_status
        ``real`` or ``synthetic``, when neither the responses nor a column ``data_status`` say so.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from survey_kit.instrument import Item, Module, Scale
    >>> yes_no = Scale(codes=(1, 2), labels={1: {"en": "Yes"}, 2: {"en": "No"}}, missing={9: "refused"})
    >>> asked = Item(id="contact", text={"en": "Any contact?"}, scale=yes_no)
    >>> form = Instrument(id="tiny", version="1", modules=(Module(id="m", items=(asked,)),))
    >>> table = pd.DataFrame({"contact": [1, 2, 9]})
    >>> made = export_labelled(table, form, tempfile.mkdtemp(), data_status="synthetic")
    >>> [path.name for path in made]
    ['tiny_en_synthetic.sav', 'tiny_en_synthetic.dta']
    """
    _known(formats, include, instrument)
    whole, raw = _taken(responses, instrument, include, case, members, data_status)
    target, spoken = Path(folder), tuple(languages) if languages is not None else instrument.languages
    for language in spoken:
        if language not in instrument.languages:
            fix = did_you_mean(language, instrument.languages)
            raise ResponsesError(f"The instrument has no texts in '{language}'.", fix=fix)
    log = Notes()
    paths: list[Path] = []
    tables = {"": whole, **whole.members}
    for home, columns in repeated(variables(instrument)).items():
        if home not in tables:
            continue
        chosen = _chosen(columns, tables[home], include, log)
        for language in spoken:
            made = _columns(tables[home], instrument, chosen, language, raw.get(home), include)
            name = stem(instrument, home, language, whole.data_status)
            of = about(instrument, language, whole.data_status)
            paths += [write(target / f"{name}.{one}", one, made, of, log) for one in formats]
    return LabelledFiles(paths=tuple(paths), notes=log.problems())


# ---------------------------------------------------------------------------------------------------- what goes along
def _known(formats: Sequence[str], include: Sequence[str], instrument: Instrument) -> None:
    for one in formats:
        if one not in FORMATS:
            raise ResponsesError(f"There is no format '{one}'.", fix="Choose sav or dta.")
    for name in include:
        item = instrument.item(name) if name in instrument else None
        if (item is not None and item.role == "identifier") or name.casefold() in IDENTIFYING:
            raise ResponsesError(f"'{name}' identifies people and is never exported.", fix="Leave it out of include=.")


def _taken(
    responses: Responses | Frame,
    instrument: Instrument,
    include: Sequence[str],
    case: str | None,
    members: Mapping[str, Frame] | None,
    data_status: DataStatus | None,
) -> tuple[Responses, dict[str, pd.DataFrame]]:
    """Give responses, and the raw tables they came from where these are known."""
    if isinstance(responses, Responses):
        if data_status not in {None, responses.data_status}:
            raise ResponsesError("The responses have another data status.", found=responses.data_status)
        return responses, {}
    data = to_pandas(responses).reset_index(drop=True)
    status = _status(data, data_status)
    inner = {name: to_pandas(table).reset_index(drop=True) for name, table in (members or {}).items()}
    wanted = [
        one.item.id
        for one in variables(instrument)
        if (one.open_to_all or _named(one, include)) and _held(one, instrument, inner.get(one.module.id, data))
    ]
    others = [name for name in include if name not in instrument and name in data and name != case]
    taken = take(
        data,
        instruments={"": instrument},
        items=tuple(dict.fromkeys(wanted)),
        required=others,
        case=case,
        members=inner or None,
        data_status=status,
    )
    return taken, {"": data, **inner} if not inner else {"": data}


def _status(data: pd.DataFrame, told: DataStatus | None) -> DataStatus:
    found = set(map(str, data[STATUS].dropna().unique())) if STATUS in data else set()
    if len(found) > 1 or (found and told is not None and found != {told}):
        what = "Real and synthetic answers never share a file."
        raise ResponsesError(what, where=f"column '{STATUS}'", found=", ".join(sorted(found)), fix="Part them.")
    status = told or "".join(found)
    if status not in DATA_STATUSES:
        what = "Nobody says whether the answers are real."
        raise ResponsesError(what, found=repr(status), fix="Give data_status='real' or 'synthetic'.")
    return DATA_STATUSES[status]


def _held(one: Variable, instrument: Instrument, data: pd.DataFrame) -> bool:
    column = one.item.data_column
    if column in data or one.item.type == "calculated":
        return True
    return one.code is not None and bool(columns_of(column, instrument.codes(one.item.id), data.columns, ()))


def _named(one: Variable, include: Collection[str]) -> bool:
    return one.name in include or one.item.id in include


def _chosen(columns: Sequence[Variable], table: Responses, include: Sequence[str], log: Notes) -> tuple[Variable, ...]:
    left = [one.name for one in columns if not one.open_to_all and not _named(one, include)]
    if left:
        log.tell("L005", "", f"Identifiers, open texts and paradata are left out: {', '.join(left)}.")
    kept = [one for one in columns if one.item.role != "identifier" and (one.open_to_all or _named(one, include))]
    return tuple(one for one in kept if one.name in table.frame)


def _columns(
    table: Responses,
    instrument: Instrument,
    chosen: Sequence[Variable],
    language: str,
    raw: pd.DataFrame | None,
    include: Sequence[str],
) -> list[Column]:
    """Make the columns of one file in one language: what identifies the row, the items, what else was named."""
    say = words("metadata", language)
    frame, names = table.frame, {one.name for one in chosen}
    n = len(frame)
    status = np.full(n, table.data_status, dtype=object)
    out = [Column(name=STATUS, kind="text", label=say("data_status"), measure="nominal", values=status)]
    titles = {MEMBER: say("member"), **({table.wave: say("wave")} if table.wave else {})}
    wanted = dict.fromkeys((*titles, *include))
    others = [name for name in wanted if name in frame and name not in names]
    out += [_other(name, frame[name], titles.get(name, name)) for name in others]
    spoken = {kind: say(kind) for kind in MISSING_KINDS}
    for one in chosen:
        values = frame[one.name].to_numpy(dtype=np.float64 if frame[one.name].dtype.kind in "fiub" else object)
        if values.dtype == object:
            values = np.array([None if value is None or value != value else value for value in values], dtype=object)  # noqa: PLR0124
        declared = reasons(instrument, one.item.id, language)
        out.append(
            Column(
                name=one.name,
                kind=one.kind,
                label=title(instrument, one, language),
                measure=measure(instrument, one),
                values=values,
                kinds=table.missing[one.name].cat.codes.to_numpy(),
                given=_given(one, raw, declared),
                codes=codes(instrument, one),
                labels=answers(instrument, one, language),
                declared=declared,
                words=spoken,
                minimum=one.item.minimum,
            )
        )
    return out


def _given(one: Variable, raw: pd.DataFrame | None, declared: Mapping[Any, Any]) -> np.ndarray | None:
    """Find which of its missing codes a raw cell holds."""
    if raw is None or one.item.data_column not in raw or not declared:
        return None
    spelled = {plain(code): code for code in declared}
    return np.array([spelled.get(plain(value)) for value in raw[one.item.data_column]], dtype=object)


def _other(name: str, values: pd.Series, label: str) -> Column:
    if values.dtype.kind in "fiub":
        return Column(name=name, kind="number", label=label, measure="scale", values=values.to_numpy(dtype=np.float64))
    texts = np.array([None if value is None or value != value else plain(value) for value in values], dtype=object)  # noqa: PLR0124
    return Column(name=name, kind="text", label=label, measure="nominal", values=texts)
