"""An instrument as an XLSForm: the workbook from which ODK, KoboToolbox and Enketo make a form for devices.

Everything a form can say natively is said natively; what has to be emulated, and what cannot be expressed, stands in the form's notes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from survey_kit.errors import InstrumentError, did_you_mean
from survey_kit.instrument.export.xlsform_book import write_book
from survey_kit.instrument.export.xlsform_items import FormColumn, FormRows
from survey_kit.instrument.export.xlsform_modules import write_modules
from survey_kit.instrument.export.xlsform_words import FormWords, Row, tongue
from survey_kit.instrument.model import Problem
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.release import Release, lacking, release
from survey_kit.instrument.texts import walk_texts
from survey_kit.language import words

FORM_NOTES: Mapping[str, str] = {
    "X001": "an order drawn at random is emulated by copies",
    "X002": "an order drawn at random cannot be written",
    "X003": "the order of answers drawn at random is emulated or takes in the codes that are no answers",
    "X004": "texts are missing in a language",
    "X005": "a language is a pilot",
    "X006": "why a date or an open text was not given is asked in a question of its own",
    "X007": "an earlier answer is shown in a text",
    "X008": "the device records more than answers",
    "X009": "the reader of workbooks warns",
    "X010": "a number is longer than devices take",
    "X011": "a name or code cannot stand in a form",
    "X012": "a text holds marks that devices read as style",
}
_SURVEY = (
    "type",
    "name",
    "label",
    "hint",
    "required",
    "required_message",
    "relevant",
    "constraint",
    "constraint_message",
    "calculation",
    "bind::type",
    "appearance",
    "parameters",
    "choice_filter",
    "repeat_count",
)
_CHOICES = ("list_name", "name", "label", "order")
_SETTINGS = (
    "form_title",
    "form_id",
    "version",
    "default_language",
    "style",
    "instance_name",
    "allow_choice_duplicates",
    "name",
)
_MARKUP = re.compile(r"(\*{1,2}|_{1,2})(?=[^\s*_])[^*_\n]*[^\s*_]\1(?!\w)|^\s*#{1,6}\s|<[a-zA-Z/]", re.MULTILINE)
Sheet: TypeAlias = tuple[tuple[str, ...], ...]  # the header, then the rows; a blank cell is ""


@dataclass(frozen=True, slots=True, kw_only=True)
class XlsForm:
    """A form as three sheets of texts.

    Attributes
    ----------
    survey, choices, settings
        The rows of the sheets: column -> cell; blank cells are left out.
    columns
        The columns of the answers that are no items of the instrument.
    notes
        What is emulated (severity ``note``) and what cannot be expressed (``error``); the codes stand in `FORM_NOTES`.
    pilot
        Whether any language of the form is a draft.
    """

    survey: tuple[Row, ...]
    choices: tuple[Row, ...]
    settings: tuple[Row, ...]
    languages: tuple[str, ...]
    columns: tuple[FormColumn, ...] = ()
    notes: tuple[Problem, ...] = ()
    pilot: bool = False

    @property
    def form_id(self) -> str:
        """Give the id under which a server keeps the form."""
        return self.settings[0]["form_id"]

    @property
    def sheets(self) -> Mapping[str, Sheet]:
        """Give the sheets as tables with a header."""
        return {
            "survey": self._table(self.survey, _SURVEY),
            "choices": self._table(self.choices, _CHOICES),
            "settings": self._table(self.settings, _SETTINGS),
        }

    def _table(self, rows: Sequence[Row], order: Sequence[str]) -> Sheet:
        used = {column for row in rows for column in row}
        wanted = (
            name for one in order for name in (one, *(f"{one}::{tongue(language)}" for language in self.languages))
        )
        header = tuple(name for name in wanted if name in used)
        return (header, *(tuple(row.get(column, "") for column in header) for row in rows))


def to_xlsform(
    instrument: Instrument, *, languages: Sequence[str] | None = None, default: str | None = None
) -> XlsForm:
    """Write an instrument as an XLSForm, in all its languages or in those named.

    Items keep their ids. Codes of missing answers stand after the answers of a list, with words that say they are not read out; where a
    number or text is asked they are typed in. A language that `survey_kit.instrument.release.release` does not hold for ready makes
    the form a pilot: its title, its id and the heading of each page in that language say so.

    Parameters
    ----------
    languages
        The languages of the form; all of the instrument when not given.
    default
        The language a device begins with; the source language, or else the first, when not given.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module, Scale
    >>> yes_no = Scale(codes=(1, 2), labels={1: {"en": "Yes"}, 2: {"en": "No"}}, missing={9: "refused"})
    >>> asked = Item(id="contact", text={"en": "Any contact?"}, scale=yes_no)
    >>> paid = Item(id="paid", text={"en": "How much did you pay?"}, type="integer", minimum=0, ask_if="contact == 1")
    >>> form = to_xlsform(Instrument(id="tiny", version="1.0", modules=(Module(id="m", items=(asked, paid)),)))
    >>> [(row["type"], row["name"], row.get("relevant", "")) for row in form.survey][1:3]
    [('select_one contact', 'contact', ''), ('integer', 'paid', '${contact} = 1')]
    >>> [row["label::English (en)"] for row in form.choices]
    ['Yes', 'No', 'Refused to answer (do not read out)']
    """
    chosen = _languages(instrument, languages)
    first = _default(instrument, chosen, default)
    states = {language: release(instrument, language) for language in chosen}
    pilot = not all(state.ready for state in states.values())
    told = FormWords(instrument, chosen, {language: not state.ready for language, state in states.items()})
    form = FormRows(instrument, told)
    _remarks(form, states)
    _recorded(form)
    if pilot:
        form.add("note", "form__pilot", **told.cells("label", told.phrase("pilot")))
        form.own("form__pilot", None, "note")
    write_modules(form)
    choices = tuple(row for rows in told.lists.values() for row in rows)
    settings = _settings(instrument, form, first, pilot)
    content = json.dumps([form.rows, choices, settings], ensure_ascii=False, sort_keys=True)
    settings["version"] = f"{instrument.version}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
    return XlsForm(
        survey=tuple(form.rows),
        choices=choices,
        settings=(settings,),
        languages=chosen,
        columns=tuple(form.columns),
        notes=tuple(form.problems),
        pilot=pilot,
    )


def write_xlsform(
    instrument: Instrument, path: Path | str, *, languages: Sequence[str] | None = None, default: str | None = None
) -> Path:
    """Write an instrument as an XLSForm workbook; give the path, whose name ends with ``_pilot`` when the form is one.

    Every cell is a text, so that nothing is taken for a formula; the same instrument gives the same bytes.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from survey_kit.instrument.model import Item, Module
    >>> asked = Item(id="age", text={"en": "How old are you?"}, type="integer")
    >>> form = Instrument(id="tiny", version="1.0", modules=(Module(id="m", items=(asked,)),))
    >>> with TemporaryDirectory() as folder:
    ...     write_xlsform(form, Path(folder, "tiny.xlsx")).name
    'tiny.xlsx'
    """
    form = to_xlsform(instrument, languages=languages, default=default)
    return write_book(form.sheets, pilot_path(Path(path), form.pilot))


def form_columns(instrument: Instrument) -> Mapping[str, FormColumn]:
    """Give the columns of a form's answers that are no items of the instrument: copies, notes, what a device records.

    Columns of the form that stand neither here nor among the items are unknown.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module
    >>> start = Item(id="since", type="date", text={"en": "Since when?"}, missing={98: "dont_know"})
    >>> form_columns(Instrument(id="a", version="1", modules=(Module(id="m", items=(start,)),)))
    {'since__missing': FormColumn(column='since__missing', item='since', kind='missing')}
    """
    return {one.column: one for one in to_xlsform(instrument).columns}


def pilot_path(path: Path, pilot: bool) -> Path:
    """Put ``_pilot`` at the end of the name of a file that holds draft texts.

    Examples
    --------
    >>> pilot_path(Path("out/trust.xlsx"), True).name, pilot_path(Path("trust_pilot.xlsx"), True).name
    ('trust_pilot.xlsx', 'trust_pilot.xlsx')
    """
    return path.with_name(f"{path.stem}_pilot{path.suffix}") if pilot and not path.stem.endswith("_pilot") else path


# ---------------------------------------------------------------------------------------------------------------- inside
def _languages(instrument: Instrument, wanted: Sequence[str] | None) -> tuple[str, ...]:
    known = instrument.languages
    for language in wanted or ():
        if language not in known:
            fix = did_you_mean(language, known)
            raise InstrumentError(
                f"There are no texts in '{language}'.", where=f"instrument '{instrument.id}'", fix=fix
            )
    return tuple(dict.fromkeys(wanted)) if wanted else known


def _default(instrument: Instrument, chosen: Sequence[str], wanted: str | None) -> str:
    if wanted is not None and wanted not in chosen:
        fix = did_you_mean(wanted, chosen)
        raise InstrumentError(
            f"A form cannot begin in '{wanted}', which it lacks.", where=f"instrument '{instrument.id}'", fix=fix
        )
    return wanted or (instrument.source_language if instrument.source_language in chosen else chosen[0])


def _remarks(form: FormRows, states: Mapping[str, Release]) -> None:
    """Tell what is a pilot, what stands in another language, and what devices show in another way than it is written."""
    instrument = form.instrument
    for language, state in states.items():
        if not state.ready:
            message = f"The form is a pilot in '{language}': {'; '.join(state.reasons)}."
            form.tell("X005", language, message, "Have a named person review the texts, and fill the placeholders in.")
        if absent := lacking(instrument, language):
            message = f"{len(absent)} texts are missing in '{language}' and stand in '{instrument.source_language}': {absent[0]}"
            form.tell(
                "X004",
                language,
                message + (", ..." if len(absent) > 1 else "."),
                "Write them, or leave the language out.",
            )
    for key, texts in walk_texts(instrument):
        if any(_MARKUP.search(text) for language, text in texts.items() if language in states):
            message = f"The text '{key}' holds marks that devices show as bold, slanted or a heading."
            form.tell("X012", key, message, "Write it without * _ # or < around words.")


def _settings(instrument: Instrument, form: FormRows, default: str, pilot: bool) -> Row:
    title = instrument.say(instrument.title, default) or instrument.id
    draft = words("form", default)("pilot")
    row = {
        "form_title": f"{draft}: {title}" if pilot else title,
        "form_id": f"{instrument.id}_pilot" if pilot else instrument.id,
        "default_language": tongue(default),
        "style": "pages",
    }
    if parts := _instance(instrument):
        row["instance_name"] = f"concat({', '.join(parts)})"
    if any("order" in cells for rows in form.words.lists.values() for cells in rows):
        row["allow_choice_duplicates"] = "yes"
    if any(cells["name"].casefold() == "data" for cells in form.rows):
        row["name"] = "interview"
    return row


def _instance(instrument: Instrument) -> list[str]:
    """Name an interview for the interviewer's own list by the numbers of the sample, never by what could tell a person."""
    first = instrument.modules[0] if instrument.modules else None
    if first is None or first.repeat or first.ask_if:
        return []
    kinds = {"integer", "date"}
    found = [
        item.id
        for item in first.items
        if item.type in kinds and item.role in {"design", "paradata"} and not item.sensitive and not item.ask_if
    ]
    out = [f"'{instrument.id}'"]
    for name in found[:3]:
        out += ["' '", f"${{{name}}}"]
    return out if found else []


def _recorded(form: FormRows) -> None:
    """Write what the device records beyond answers: only what the instrument declares, with its reason."""
    collect = form.instrument.collect
    kinds: list[tuple[str, str, str, str]] = []
    if "audit" in collect:
        kinds += [("audit", "start", "form__start", ""), ("audit", "end", "form__end", "")]
    if "device" in collect:
        kinds.append(("device", "deviceid", "form__device", ""))
    if "audio" in collect:
        kinds.append(("audio", "background-audio", "form__audio", "quality=voice-only"))
    if "location" in collect and "audit" not in collect:
        kinds.append(("location", "start-geopoint", "form__place", ""))
    for _, kind, name, parameters in kinds:
        form.add(kind, name, parameters=parameters)
        form.own(name, None, "record")
    if "audit" in collect:
        place = (
            "location-priority=balanced location-min-interval=60 location-max-age=120" if "location" in collect else ""
        )
        form.add("audit", "audit", parameters=place)
        form.own("audit", None, "record")
    for what, reason in collect.items():
        form.tell("X008", f"collect.{what}", f"The device records {what}: {reason}")
