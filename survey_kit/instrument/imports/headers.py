"""Columns of a form under their proper names, texts by language, and everything a column may not hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from survey_kit.errors import InstrumentError, did_you_mean
from survey_kit.instrument.imports.workbook import Book, Table
from survey_kit.instrument.model import Problem, Severity
from survey_kit.language import NAMES

TEXTS = ("label", "hint", "guidance_hint", "required_message", "constraint_message")
_MEDIA = ("image", "big-image", "audio", "video")
_SURVEY = frozenset(
    [
        "type",
        "name",
        "required",
        "relevant",
        "constraint",
        "calculation",
        "default",
        "appearance",
        "parameters",
        "choice_filter",
        "repeat_count",
        "read_only",
        "trigger",
        "save_to",
        "autoplay",
        "intent",
        "disabled",
        "note",
        "notes",
        "comment",
        "comments",
        "query",
        "body::accuracythreshold",
    ]
)
_CHOICES = frozenset({"list_name", "name", "order"})
_SETTINGS = frozenset(
    [
        "form_title",
        "form_id",
        "version",
        "default_language",
        "style",
        "instance_name",
        "allow_choice_duplicates",
        "name",
        "public_key",
        "submission_url",
        "auto_send",
        "auto_delete",
        "instance_xmlns",
        "namespaces",
        "client_editable",
        "sms_keyword",
        "sms_separator",
        "sms_allow_media",
        "sms_date_format",
        "sms_datetime_format",
        "sms_response",
        "omit_instanceid",
        "clean_text_values",
        "add_none_option",
        "flat",
        "prefix",
        "delimiter",
        "attribute",
        "id_string",
        "title",
    ]
)
_ALIASES = {
    "relevance": "relevant",
    "calculate": "calculation",
    "value": "name",
    "caption": "label",
    "command": "type",
    "tag": "name",
    "readonly": "read_only",
    "read only": "read_only",
    "count": "repeat_count",
    "constraining_message": "constraint_message",
    "requiredmsg": "required_message",
    "list name": "list_name",
    "set form title": "form_title",
    "title": "form_title",
    "set_form_title": "form_title",
    "id_string": "form_id",
    "set_form_id": "form_id",
    "set form id": "form_id",
    "bind::relevant": "relevant",
    "bind::constraint": "constraint",
    "bind::required": "required",
    "bind::calculate": "calculation",
    "bind::jr:constraintmsg": "constraint_message",
    "jr:count": "repeat_count",
    "control::appearance": "appearance",
    "body::appearance": "appearance",
}
_LANGUAGES = {
    **{name.casefold(): code for code, name in NAMES.items()},
    "kazakh": "kk",
    "russian": "ru",
    "french": "fr",
    "spanish": "es",
    "arabic": "ar",
    "german": "de",
    "portuguese": "pt",
    "turkish": "tr",
    "uzbek": "uz",
    "kyrgyz": "ky",
    "ukrainian": "uk",
    "қазақ": "kk",
    "қазақ тілі": "kk",
    "русский язык": "ru",
}
LONGEST_PROBLEMS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRow:
    """A row of a sheet: its number, its cells by column, its texts by kind and language."""

    number: int
    cells: Mapping[str, str]
    texts: Mapping[str, Mapping[str, str]]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(slots=True)
class Teller:
    """Keep what is told of a form, with its sheet and row."""

    form: str
    problems: list[Problem] = field(default_factory=list)

    def __call__(
        self, code: str, place: tuple[str, int] | str, message: str, fix: str = "", *, note: bool = False
    ) -> None:
        """Keep a problem; beyond a number nobody reads, no more are kept."""
        where = f"{self.form}, {place if isinstance(place, str) else f'{place[0]} row {place[1]}'}"
        severity: Severity = "note" if note else "error"
        if len(self.problems) < LONGEST_PROBLEMS:
            self.problems.append(Problem(code=code, severity=severity, where=where, message=message, fix=fix))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheets:
    """A form's rows with their columns understood.

    Attributes
    ----------
    languages
        The codes of the languages its texts stand in, the source language first.
    extra
        The columns of the choices that only choice filters may look at.
    """

    name: str
    survey: tuple[FormRow, ...]
    choices: tuple[FormRow, ...]
    settings: Mapping[str, str]
    languages: tuple[str, ...]
    extra: tuple[str, ...]


def read_sheets(book: Book, tell: Teller) -> Sheets:
    """Understand the columns of a form's sheets; what is misspelt or unknown is told."""
    found = {name.strip().lower(): table for name, table in reversed(list(book.sheets.items()))}
    if not found.get("survey"):
        fix = did_you_mean("survey", book.sheets)
        raise InstrumentError("The form has no sheet 'survey' with rows.", where=book.name, fix=fix)
    for name in book.sheets:
        _sheet_name(name, tell)
    settings = _settings(found.get("settings", ()), tell)
    default = _language(settings.get("default_language", ""))
    bare = default or _guess(found["survey"])
    survey, spoken = _rows("survey", found["survey"], bare, tell)
    choices, also = _rows("choices", found.get("choices", ()), bare, tell)
    languages = tuple(dict.fromkeys([*([default] if default in {*spoken, *also} else []), *spoken, *also])) or (bare,)
    extra = dict.fromkeys(name for row in choices for name in row.cells if name not in _CHOICES)
    return Sheets(
        name=book.name, survey=survey, choices=choices, settings=settings, languages=languages, extra=tuple(extra)
    )


def _sheet_name(name: str, tell: Teller) -> None:
    plain = name.strip().lower()
    if plain in {"survey", "choices", "settings"} or plain.startswith("_"):
        return
    near = get_close_matches(plain, ["survey", "choices", "settings"], n=1, cutoff=0.75)
    if near:
        tell("X101", f"sheet '{name}'", f"The sheet '{name}' is not read.", f"Did you mean '{near[0]}'?")
    elif plain in {"external_choices", "entities", "osm"}:
        tell("X101", f"sheet '{name}'", f"The sheet '{name}' cannot be expressed.", "Put its choices on 'choices'.")
    else:
        tell("X101", f"sheet '{name}'", f"The sheet '{name}' is not read.", note=True)


def _settings(table: Table, tell: Teller) -> dict[str, str]:
    if len(table) < 2:
        return {}
    (head, names), (row, cells) = table[0], table[1]
    out: dict[str, str] = {}
    for name, cell in zip(names, cells, strict=False):
        column = _plain(name)
        if column not in _SETTINGS and "::" not in column and column:
            known = did_you_mean(column, _SETTINGS)
            near = known.startswith("did you mean")
            tell(
                "X102", ("settings", head), f"The setting '{name}' is not known.", known if near else "", note=not near
            )
        out.setdefault(column, cell)
    del row
    return out


def _rows(sheet: str, table: Table, bare: str, tell: Teller) -> tuple[tuple[FormRow, ...], list[str]]:
    if not table:
        return (), []
    (head, names), body = table[0], table[1:]
    columns = [_column(sheet, name, bare) for name in names]
    seen: dict[tuple[str, str], str] = {}
    for name, column in zip(names, columns, strict=True):
        if column in seen and name:
            message = f"The columns '{seen[column]}' and '{name}' of '{sheet}' are the same."
            tell("X102", (sheet, head), message, "Keep one of them.")
        seen.setdefault(column, name)
        if name:
            _known(sheet, head, name, column, tell)
    languages = list(dict.fromkeys(language for kind, language in columns if language and kind in TEXTS))
    return tuple(_row(columns, number, cells) for number, cells in body), languages


def _row(columns: Sequence[tuple[str, str]], number: int, cells: Sequence[str]) -> FormRow:
    plain: dict[str, str] = {}
    texts: dict[str, dict[str, str]] = {}
    for (kind, language), cell in zip(columns, cells, strict=False):
        if not cell or not kind:
            continue
        if kind in TEXTS:
            texts.setdefault(kind, {}).setdefault(language, cell)
        else:
            plain.setdefault(kind, cell)
    return FormRow(number=number, cells=plain, texts=texts)


def _column(sheet: str, name: str, bare: str) -> tuple[str, str]:
    """Give the proper name of a column, and the language of a text."""
    plain = _plain(name)
    if plain in _ALIASES:
        plain = _ALIASES[plain]
    stem, _, language = plain.partition("::")
    if not language and plain.partition(":")[0] in {*TEXTS, *_MEDIA}:
        stem, _, language = plain.partition(":")
    stem = _ALIASES.get(stem.strip(), stem.strip()).replace(" ", "_")
    if stem in TEXTS:
        raw = re.split(r"::?", name, maxsplit=1)
        return stem, (_language(raw[1]) if len(raw) > 1 else "") or bare
    if sheet == "choices" and plain not in _CHOICES and stem not in {*_MEDIA, "media"}:
        return (name.strip() if plain not in {"list_name", "name"} else plain), ""
    return (plain.replace(" ", "_") if "::" not in plain else plain), ""


def _known(sheet: str, head: int, name: str, column: tuple[str, str], tell: Teller) -> None:
    kind = column[0]
    stem = kind.partition("::")[0]
    if kind in TEXTS or stem in {*_MEDIA, "media"}:
        if stem in {*_MEDIA, "media"}:
            tell("X115", (sheet, head), f"The media of column '{name}' are not kept.", note=True)
        return
    if sheet == "choices":
        near = get_close_matches(kind.casefold(), [*_CHOICES, *TEXTS[:1]], n=1, cutoff=0.8)
        if kind not in _CHOICES and near and kind.casefold() != near[0]:
            tell("X102", (sheet, head), f"The column '{name}' of 'choices' is not known.", f"Did you mean '{near[0]}'?")
        return
    if kind in _SURVEY or stem in {"bind", "body", "instance", "control"} or kind.startswith(("_", "$", "kobo--")):
        return
    known = [*_SURVEY, *TEXTS, *_ALIASES]
    near = get_close_matches(kind.casefold(), known, n=1, cutoff=0.7)
    fix = f"Did you mean '{_ALIASES.get(near[0], near[0])}'?" if near else "Programs drop it without a word."
    tell("X102", (sheet, head), f"The column '{name}' of 'survey' is not known.", fix, note=not near)


def _plain(name: str) -> str:
    return " ".join(name.replace("\xa0", " ").split()).lower()


def _language(name: str) -> str:
    """Give the code of a language: what stands in brackets, a known name, else the name made plain.

    Examples
    --------
    >>> _language("Русский (ru)"), _language("Kazakh"), _language("Latin American")
    ('ru', 'kk', 'latin_american')
    """
    name = name.strip().lstrip(":").strip()
    code = re.search(r"\(([A-Za-z]{2,3}(?:[-_]\w{2,8})?)\)\s*$", name)
    if code:
        return code[1]
    folded = name.casefold()
    if re.fullmatch(r"[a-z]{2,3}(?:-[a-z]{2})?", folded):
        return name
    return _LANGUAGES.get(folded) or re.sub(r"\W+", "_", folded).strip("_")[:30]


def _guess(survey: Table) -> str:
    """Guess the language of texts whose columns name none, by their letters."""
    (_, names), body = survey[0], survey[1:]
    at = [place for place, name in enumerate(names) if _plain(name) in {"label", "caption", "hint"}]
    text = " ".join(cells[place] for _, cells in body for place in at if place < len(cells))
    cyrillic = sum("\u0400" <= letter <= "\u04ff" for letter in text)
    if cyrillic * 2 < sum(letter.isalpha() for letter in text) or not cyrillic:
        return "en"
    return "kk" if sum(letter in "әғқңөұүһі" for letter in text.lower()) * 50 > cyrillic else "ru"
