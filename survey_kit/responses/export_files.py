"""Labelled columns written as SPSS and Stata files: their names, labels within the limits of the program, what the file says of itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from survey_kit.errors import ResponsesError
from survey_kit.files import atomic
from survey_kit.instrument import Instrument, Problem
from survey_kit.instrument.export.variables import shortened
from survey_kit.instrument.release import release
from survey_kit.language import words
from survey_kit.responses.export_columns import Column, Encoded, spss, stata
from survey_kit.types import DataStatus

Format: TypeAlias = Literal["sav", "dta"]
FORMATS: tuple[Format, ...] = ("sav", "dta")
EXPORT_NOTES: Mapping[str, str] = {
    "L001": "The label of a column was cut.",
    "L002": "The label of a value was cut.",
    "L003": "A column has another name in the file.",
    "L004": "A reason for missing answers could not be kept.",
    "L005": "Columns were left out.",
    "L006": "Codes that are texts became numbers.",
}


@dataclass(slots=True)
class Notes:
    """Collects what a file cannot say; the same note of several languages and formats once."""

    found: dict[tuple[str, str, str], None] = field(default_factory=dict)

    def tell(self, code: str, where: str, message: str) -> None:
        """Note something."""
        self.found[code, where, message] = None

    def problems(self) -> tuple[Problem, ...]:
        """Give the notes."""
        return tuple(
            Problem(code=code, severity="note", where=where, message=message) for code, where, message in self.found
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a file says of itself."""

    label: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a program takes: letters in names, the length of names and labels."""

    program: str
    strange: str
    name: int
    unit: Literal["bytes", "letters"]
    file_label: int
    label: int
    value_label: int  # bytes
    encode: Callable[[Column, Callable[[str, str, str], None]], Encoded]


LIMITS: Mapping[Format, Limits] = {
    "sav": Limits(
        program="SPSS",
        strange=r"[^\w.]",
        name=64,
        unit="bytes",
        file_label=64,
        label=255,
        value_label=120,
        encode=spss,
    ),
    "dta": Limits(
        program="Stata",
        strange=r"\W",
        name=32,
        unit="letters",
        file_label=80,
        label=80,
        value_label=32_000,
        encode=stata,
    ),
}


def stem(instrument: Instrument, home: str, language: str, status: DataStatus) -> str:
    """Name a file without its ending; what is synthetic or a pilot says so.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module
    >>> form = Instrument(id="a", version="1", modules=(Module(id="m", items=(Item(id="q", text={"ru": "?"}),)),))
    >>> stem(form, "", "ru", "synthetic")
    'a_ru_synthetic_pilot'
    """
    parts = [instrument.id, home, language, "synthetic" if status == "synthetic" else ""]
    parts.append("" if release(instrument, language).ready else "pilot")
    return "_".join(part for part in parts if part)


def about(instrument: Instrument, language: str, status: DataStatus) -> About:
    """Give what a file says of itself: its label, and where its words come from."""
    say, state = words("metadata", language), release(instrument, language)
    marks = ([say("synthetic")] if status == "synthetic" else []) + ([] if state.ready else [say("pilot")])
    name = instrument.say(instrument.title, language) or instrument.id
    notes = [f"data_status: {status}", f"instrument: {instrument.id} {instrument.version}", f"language: {language}"]
    notes += [f"PILOT: {reason}" for reason in state.reasons]
    return About(label=". ".join([*marks, name]), notes=tuple(notes))


def write(path: Path, kind: Format, columns: Sequence[Column], of: About, log: Notes) -> Path:
    """Write columns as one file, whole or not at all."""
    import pandas as pd

    limits, library = LIMITS[kind], _library()
    names = _names(columns, limits, log)
    made = {names[one.name]: limits.encode(one, log.tell) for one in columns}
    table = pd.DataFrame({name: _mixed(one) if kind == "dta" else one.values for name, one in made.items()})
    more: dict[str, Any] = {
        "file_label": shortened(of.label, limits.file_label, unit=limits.unit),
        "column_labels": {names[one.name]: _label(one, limits, log) for one in columns},
        "variable_value_labels": {
            name: _cut(name, one.labels, limits, log) for name, one in made.items() if one.labels
        },
    }
    missing = {name: one.missing for name, one in made.items() if one.missing}
    if kind == "sav":
        measures = {names[one.name]: one.measure for one in columns}
        whole = {name: "F8.0" for name, one in made.items() if _whole(one)}  # else SPSS shows 1.00
        more |= {"missing_ranges": missing, "variable_measure": measures, "variable_format": whole}
        more |= {"note": list(of.notes), "row_compress": True}
    else:
        more["missing_user_values"] = missing
    with atomic(path) as temporary:
        (library.write_sav if kind == "sav" else library.write_dta)(table, str(temporary), **more)
    return path


# ------------------------------------------------------------------------------------------------------------- inside
def _library() -> Any:
    try:
        import pyreadstat
    except ImportError:
        what = "SPSS and Stata files need pyreadstat."
        raise ResponsesError(what, fix="pip install 'trust-survey-kit[files]'") from None
    return pyreadstat


def _whole(column: Encoded) -> bool:
    numbers = np.asarray(column.values)
    return numbers.dtype.kind == "f" and bool(np.all(np.mod(numbers[np.isfinite(numbers)], 1) == 0))


def _mixed(column: Encoded) -> Any:
    """Give numbers and letters as a categorical: the library judges a plain column by its first hundred values."""
    import pandas as pd

    if not column.missing:
        return column.values
    numbers = sorted({one for one in column.values if isinstance(one, float) and np.isfinite(one)})
    return pd.Categorical(column.values, categories=[*numbers[:1], *column.missing, *numbers[1:]])


def _label(column: Column, limits: Limits, log: Notes) -> str:
    text = shortened(column.label, limits.label, unit=limits.unit)
    if text != " ".join(column.label.split()):
        log.tell("L001", column.name, f"The label is cut to {limits.label} {limits.unit} for {limits.program}: {text}")
    return text


def _cut(name: str, labels: Mapping[Any, str], limits: Limits, log: Notes) -> dict[Any, str]:
    out = {}
    for code, label in labels.items():
        out[code] = text = shortened(label, limits.value_label)
        if text != " ".join(label.split()):
            log.tell("L002", name, f"The label of {code} is cut to {limits.value_label} bytes for {limits.program}.")
    return out


def _names(columns: Sequence[Column], limits: Limits, log: Notes) -> dict[str, str]:
    """Give each column a name the program takes, none twice."""
    out: dict[str, str] = {}
    taken: set[str] = set()
    strange, most = re.compile(limits.strange), limits.name
    for one in columns:
        whole = strange.sub("_", one.name)
        name = first = (whole if whole[:1].isalpha() else f"v{whole}")[:most]
        number = 2
        while name.casefold() in taken:
            name, number = f"{first[: most - 4]}_{number}", number + 1
        taken.add(name.casefold())
        out[one.name] = name
        if name != one.name:
            log.tell("L003", one.name, f"It is '{name}' in {limits.program}.")
    return out
