r"""Scripts that put labels on a file of answers: one in R, one in Python, for each language.

They read the CSV as it was collected, with raw codes, and need nothing of survey_kit: base R, or pandas. The R script is written in
ASCII, other letters as ``\u`` escapes, so that it means the same in every locale; Python reads its scripts as UTF-8 everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from survey_kit.errors import InstrumentError, did_you_mean
from survey_kit.files import write_text
from survey_kit.instrument.export import scripts_python, scripts_r
from survey_kit.instrument.export.variables import Variable, answers, codes, measure, reasons, title, variables
from survey_kit.instrument.export.xlsform import pilot_path
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.release import release
from survey_kit.language import words
from survey_kit.types import Code

ScriptKind: TypeAlias = Literal["R", "py"]
KINDS: tuple[ScriptKind, ...] = ("R", "py")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """What a script says of a column."""

    name: str
    column: str
    kind: str
    code: str
    label: str
    codes: tuple[str, ...]
    labels: tuple[str, ...]  # blank where the scale only names its ends
    missing: tuple[str, ...]
    missing_labels: tuple[str, ...]
    numeric: bool
    ordered: bool


def to_r_script(instrument: Instrument, *, language: str | None = None) -> str:
    """Give the R script that labels a CSV of raw answers: base R, with the attributes that haven knows.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module, Scale
    >>> item = Item(id="q", scale=Scale(codes=(1,), labels={1: {"en": "Yes"}}), text={"en": "Any contact?"})
    >>> script = to_r_script(Instrument(id="a", version="1", modules=(Module(id="m", items=(item,)),)))
    >>> 'labels = c("Yes")' in script, script.isascii()
    (True, True)
    """
    spoken = _language(instrument, language)
    said = _entries(instrument, spoken)
    lines = [f"# {line}" for line in _about(instrument, spoken)]
    lines += [
        "# source() it; label_answers(read_answers(path)) keeps codes, as_factors(read_answers(path)) is for computing."
    ]
    lines += ["# Or: Rscript <this file> answers.csv answers.rds", ""]
    lines += [f"title <- {scripts_r.quoted(_title(instrument, spoken))}"]
    lines += [f"synthetic <- {scripts_r.quoted(_synthetic(spoken))}", "variables <- list()"]
    lines += [
        f"variables[[{place}]] <- {_r_entry(one)}" for place, one in enumerate(said, 1)
    ]  # short statements: R is quick
    lines += [f"several <- {scripts_r.vector(_joined(said))}"]
    text = "\n".join(lines) + "\n" + scripts_r.BODY
    return text.encode("ascii", "backslashreplace").decode("ascii")


def to_python_script(instrument: Instrument, *, language: str | None = None) -> str:
    """Give the Python script that labels a CSV of raw answers as pandas categories.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module, Scale
    >>> item = Item(id="q", scale=Scale(codes=(1,), labels={1: {"en": "Yes"}}), text={"en": "Any contact?"})
    >>> script = to_python_script(Instrument(id="a", version="1", modules=(Module(id="m", items=(item,)),)))
    >>> "'codes': {'1': 'Yes'}" in script
    True
    """
    spoken = _language(instrument, language)
    said = _entries(instrument, spoken)
    head = ['"""' + _title(instrument, spoken).replace("\\", "").replace('"', "'"), ""]
    head += [line.replace("\\", "").replace('"', "'") for line in _about(instrument, spoken)[1:]]
    head += [
        "import it and call label_answers(read_answers(path)), or: python <this file> answers.csv labelled.pkl",
        '"""',
        "",
    ]
    head += ["import sys", "from collections import Counter", "", "import pandas as pd", ""]
    head += [f"TITLE = {_title(instrument, spoken)!r}", f"SYNTHETIC = {_synthetic(spoken)!r}", "VARIABLES = ["]
    head += [f"    {_python_entry(one)!r}," for one in said]
    head += ["]", f"SEVERAL = {_joined(said)!r}"]
    return "\n".join(head) + "\n" + scripts_python.BODY


def write_label_scripts(
    instrument: Instrument,
    folder: Path | str,
    *,
    languages: Sequence[str] | None = None,
    kinds: Sequence[ScriptKind] = KINDS,
) -> tuple[Path, ...]:
    """Write the label scripts ``label_<instrument>_<language>.R`` and ``.py``, with ``_pilot`` where a language is a pilot."""
    paths = []
    for language in languages if languages is not None else instrument.languages:
        pilot = not release(instrument, _language(instrument, language)).ready
        for kind in kinds:
            script = (
                to_r_script(instrument, language=language)
                if kind == "R"
                else to_python_script(instrument, language=language)
            )
            path = pilot_path(Path(folder) / f"label_{instrument.id}_{language}.{kind}", pilot)
            paths.append(write_text(path, script))
    return tuple(paths)


# ------------------------------------------------------------------------------------------------------------- inside
def _language(instrument: Instrument, language: str | None) -> str:
    spoken = language or instrument.source_language
    if spoken not in instrument.languages:
        fix = did_you_mean(spoken, instrument.languages)
        raise InstrumentError(f"The instrument has no texts in '{spoken}'.", fix=fix)
    return spoken


def _title(instrument: Instrument, language: str) -> str:
    mark = "" if release(instrument, language).ready else f"{words('metadata', language)('pilot')}. "
    return mark + (instrument.say(instrument.title, language) or instrument.id)


def _synthetic(language: str) -> str:
    """Say that data are synthetic, in English as well, since not every terminal shows every letter."""
    return " / ".join(dict.fromkeys(words("metadata", one)("synthetic") for one in ("en", language)))


def _about(instrument: Instrument, language: str) -> list[str]:
    """Say in a few lines what a script is for."""
    lines = [f"Labels of {instrument.id} {instrument.version} in '{language}'."]
    lines += [f"PILOT: {reason}." for reason in release(instrument, language).reasons]
    return lines


def _entries(instrument: Instrument, language: str) -> tuple[_Entry, ...]:
    return tuple(_entry(instrument, one, language) for one in variables(instrument))


def _entry(instrument: Instrument, one: Variable, language: str) -> _Entry:
    known, said = _upwards(instrument, one), answers(instrument, one, language)
    why = reasons(instrument, one.item.id, language)
    every: tuple[Code, ...] = (*known, *why)
    return _Entry(
        name=one.name,
        column=one.item.data_column,
        kind=one.kind,
        code="" if one.code is None else str(one.code),
        label=title(instrument, one, language),
        codes=tuple(map(str, known)),
        labels=tuple(said.get(code, "") for code in known),
        missing=tuple(map(str, why)),
        missing_labels=tuple(text for _, text in why.values()),
        numeric=not any(isinstance(code, str) for code in every),
        ordered=measure(instrument, one) == "ordinal",
    )


def _upwards(instrument: Instrument, one: Variable) -> tuple[Code, ...]:
    """Give the codes of a column, from low to high where the scale has a direction."""
    known, scale = codes(instrument, one), instrument.scale_of(one.item.id)
    down = one.kind == "code" and scale is not None and scale.ordered and scale.high == known[0]
    return known[::-1] if down else known


def _joined(entries: Sequence[_Entry]) -> tuple[str, ...]:
    """Name the columns that hold several answers in one cell."""
    return tuple(dict.fromkeys(one.column for one in entries if one.kind == "tick"))


def _r_entry(one: _Entry) -> str:
    parts = {
        "name": scripts_r.quoted(one.name),
        "column": scripts_r.quoted(one.column),
        "kind": scripts_r.quoted(one.kind),
        "code": scripts_r.quoted(one.code),
        "label": scripts_r.quoted(one.label),
        "codes": scripts_r.vector(one.codes),
        "labels": scripts_r.vector(one.labels),
        "missing": scripts_r.vector(one.missing),
        "missing_labels": scripts_r.vector(one.missing_labels),
        "numeric": "TRUE" if one.numeric else "FALSE",
        "ordered": "TRUE" if one.ordered else "FALSE",
    }
    return "list(\n    " + ",\n    ".join(f"{key} = {value}" for key, value in parts.items()) + ")"


def _python_entry(one: _Entry) -> dict[str, object]:
    return {
        "name": one.name,
        "column": one.column,
        "kind": one.kind,
        "code": one.code,
        "label": one.label,
        "codes": {code: text or code for code, text in zip(one.codes, one.labels, strict=True)},
        "missing": dict(zip(one.missing, one.missing_labels, strict=True)),
        "ordered": one.ordered,
    }
