"""An XLSForm as an instrument, with a report of what could not be expressed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from survey_kit.errors import InstrumentError
from survey_kit.instrument.compose import placeholders
from survey_kit.instrument.imports.choices import read_choices, scale_of, shared_texts
from survey_kit.instrument.imports.computed import moved, settled
from survey_kit.instrument.imports.headers import Sheets, Teller, read_sheets
from survey_kit.instrument.imports.items import Items
from survey_kit.instrument.imports.logic import plain_name
from survey_kit.instrument.imports.modules import Modules
from survey_kit.instrument.imports.tree import Entry, read_tree, walk
from survey_kit.instrument.imports.undo import Undone, undo
from survey_kit.instrument.imports.workbook import Source, read_book
from survey_kit.instrument.load import sized
from survey_kit.instrument.model import DRAWN, Change, Declaration, Module, Problem, Rotation
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.rules import check
from survey_kit.instrument.rules_texts import VARIABLE_BYTES
from survey_kit.instrument.texts import walk_texts
from survey_kit.instrument.translate import write_translation
from survey_kit.instrument.write import write_instrument
from survey_kit.language import known_languages, words

IMPORT_NOTES: Mapping[str, str] = {
    "X101": "a sheet is not read",
    "X102": "a column or setting is not known",
    "X103": "a type is not known",
    "X104": "a type cannot be expressed",
    "X105": "groups do not open and close in pairs",
    "X106": "a name is missing or cannot stand in an instrument",
    "X107": "a list of choices is missing or used by nothing",
    "X108": "a choice has no list, code or label, or its code stands twice",
    "X109": "a text is missing",
    "X110": "a cell holds what its column does not take",
    "X111": "an expression cannot be read",
    "X112": "an expression cannot be said",
    "X113": "an expression takes codes that are no answers for answers",
    "X114": "choices are filtered or added to",
    "X115": "something beside the questions is not kept",
    "X116": "the device records more than answers",
    "X117": "a group inside a group is taken apart",
    "X118": "something is drawn at random in a way that cannot be kept",
    "X119": "a code is taken for no answer by its number",
    "X120": "the words and the limits of a number disagree about a code",
    "X121": "nothing says how often a repeat is asked",
    "X122": "a placeholder is left in a text",
    "X123": "a question is too long to be the label of its variable",
}
_ID = re.compile(r"[^a-z0-9_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of a form.

    Attributes
    ----------
    instrument
        The questionnaire, in all languages of the form.
    problems
        What could not be expressed and what is wrong with the form, with sheet and row: codes X1.. stand in `IMPORT_NOTES`,
        codes I... are the rules every instrument is held against.
    path
        The file ``instrument.yaml``, when it was written.
    """

    instrument: Instrument
    problems: tuple[Problem, ...] = ()
    path: Path | None = None


def read_xlsform(path: Source) -> Imported:
    """Read an XLSForm as an instrument: a workbook, tables in Markdown (.md), or lists of rows by sheet.

    Everything an instrument can say is kept; what it cannot say is told with sheet and row. What the toolkit's own exporter writes
    is undone: guards against blank answers and codes that are no answers, copies of a rotated order, questions for missing reasons.

    Raises
    ------
    InstrumentError
        When the file cannot be read, or holds formulas, entities, links or more than a form needs.

    Examples
    --------
    >>> made = read_xlsform({
    ...     "survey": [
    ...         {"type": "select_one yes_no", "name": "contact", "label": "Any contact?", "required": "yes"},
    ...         {"type": "integer", "name": "paid", "label": "How much?", "relevant": "${contact} = 1", "required": "yes"},
    ...     ],
    ...     "choices": [
    ...         {"list_name": "yes_no", "name": "1", "label": "Yes"},
    ...         {"list_name": "yes_no", "name": "2", "label": "No"},
    ...         {"list_name": "yes_no", "name": "98", "label": "Don't know"},
    ...     ],
    ... })
    >>> made.instrument.codes("contact"), dict(made.instrument.missing_codes("contact"))
    ((1, 2), {98: 'dont_know'})
    >>> made.instrument.condition("paid"), made.problems
    ('contact == 1', ())
    """
    book = read_book(path)
    tell = Teller(book.name)
    sheets = read_sheets(book, tell)
    choices = read_choices(sheets, tell)
    undone = undo(read_tree(sheets, tell))
    tree = undone.tree
    items = Items(
        sheets=sheets, choices=choices, tell=tell, shown=undone.shown, seeds=undone.seeds, reasons=undone.reasons
    )
    asked = [entry for entry in walk(tree) if entry.type.kind == "item"]
    items.know(asked)
    _limits(items, asked)
    repeats = [entry.name for entry in walk(tree) if entry.type.word == "repeat" and entry.name]
    items.repeats = {name: plain_name(name) for name in repeats}
    items.counts = {number: items.repeats[name] for number, name in undone.counts.items()}
    built = Modules(items=items, tell=tell, members=undone.members)
    modules = built.build(tree)
    _untranslated(sheets, tell)
    instrument = _instrument(sheets, items, modules, built, undone)
    sized(instrument, book.name)
    instrument = moved(settled(instrument, items, undone))
    for name in choices.lists:
        if name not in choices.used:
            message = f"No question uses the list '{name}'."
            tell("X107", ("choices", choices.rows[name]), message, "Remove it, or name it in a type.", note=True)
    _long(instrument, built, tell)
    for name in placeholders(instrument):
        tell(
            "X122",
            "texts",
            f"A text holds the placeholder '[[{name}]]', which nobody filled in.",
            "Fill it in.",
            note=True,
        )
    problems = [*tell.problems, *_checked(instrument, built, choices.rows, book.name)]
    return Imported(instrument=replace(instrument, problems=tuple(problems)), problems=tuple(problems))


def import_xlsform(path: Path | str, to: Path | str, name: str | None = None) -> Imported:
    """Read an XLSForm and write it as ``<to>/<id>/instrument.yaml``, other languages as draft translations.

    Parameters
    ----------
    to
        The folder of instruments, in which the new one gets a folder of its own.
    name
        The id of the instrument; that of the form when not given.

    Raises
    ------
    InstrumentError
        When the form cannot be read, or there is such an instrument already.
    """
    made = read_xlsform(path)
    form = replace(made.instrument, id=_plain_id(name)) if name else made.instrument
    folder = Path(to) / form.id
    if (folder / "instrument.yaml").exists():
        fix = "Choose another name, or remove the folder."
        raise InstrumentError(f"There is an instrument '{form.id}' already.", where=str(folder), fix=fix)
    written = write_instrument(form, folder)
    form = replace(form, path=written)
    for language in form.languages[1:]:
        texts = {
            key: texts[language]
            for key, texts in walk_texts(form)
            if texts.get(language, "").strip() and texts.get(form.source_language, "").strip()
        }
        write_translation(form, language, texts)
    return Imported(instrument=form, problems=made.problems, path=written)


# ---------------------------------------------------------------------------------------------------------------- inside
def _limits(items: Items, asked: Sequence[Entry]) -> None:
    """Learn the limits of whole numbers, which bound repeats."""
    quiet = items.cells()
    quiet.tell = Teller("")
    for entry in asked:
        if entry.type.item == "integer" and entry.row["constraint"]:
            target = items.targets[entry.name]
            items.limits[target.id] = quiet.limits(entry.row["constraint"], entry.place, target)


def _instrument(
    sheets: Sheets, items: Items, modules: tuple[Module, ...], built: Modules, undone: Undone
) -> Instrument:
    settings = sheets.settings
    source = sheets.languages[0]
    title = settings.get("form_title", "")
    for language in known_languages("form"):
        title = title.removeprefix(f"{words('form', language)('pilot')}: ")
    version = re.sub(r"-[0-9a-f]{8}$", "", settings.get("version", "")) or "1"
    form_id = _plain_id(settings.get("form_id", "") or title or Path(sheets.name).stem)
    used = [found for name, found in items.choices.lists.items() if name in items.choices.used]
    shared = shared_texts(used)
    scales = {one.name: scale_of(one, items.default, shared) for one in used if one.answers}
    for name in items.silent & set(scales):
        scales[name] = replace(scales[name], read_out=False)
    declaration = Declaration(
        id=form_id.removesuffix("_pilot"),
        version=version,
        source_language=source,
        title={source: title} if title else {},
        modules=modules,
        scales=scales,
        collect=built.collect,
        missing=items.default,
        missing_labels={**items.called, **shared},
        rotations=_rotations(undone, items, built),
        changelog=(Change(version=version, text=f"Made of the form {sheets.name}."),),
    )
    left = {name: {source: name} for name in placeholders(declaration)}
    declaration = replace(declaration, placeholders=left)
    others: dict[str, dict[str, str]] = {language: {} for language in sheets.languages[1:]}
    body = {one.name: getattr(declaration, one.name) for one in fields(Declaration)}
    form = Instrument(**body)
    keys = [(key, texts) for key, texts in walk_texts(form)]
    for language, known in others.items():
        known.update({key: "draft" if texts.get(language, "").strip() else "missing" for key, texts in keys})
    return replace(form, statuses=others)


def _long(form: Instrument, built: Modules, tell: Teller) -> None:
    """Tell of questions whose words no statistical program keeps as the label of the variable: a form has no shorter ones."""
    items = [item for item in form.items if item.type not in DRAWN and not item.label]
    long = [item for item in items if any(len(text.encode()) > VARIABLE_BYTES for text in item.text.values())]
    if long:
        names = ", ".join(item.id for item in long[:6]) + (", ..." if len(long) > 6 else "")
        message = f"The words of {len(long)} questions have more than the {VARIABLE_BYTES} bytes SPSS keeps of a label: {names}."
        place = ("survey", built.rows.get(f"item {long[0].id}", 1))
        tell("X123", place, message, "Give each a short 'label:'.", note=True)


def _rotations(undone: Undone, items: Items, built: Modules) -> dict[str, Rotation]:
    out = {}
    for number, (start, groups) in enumerate(undone.rotations, start=1):
        modules = tuple(built.groups[name] for name in groups if name in built.groups)
        out[f"rotation_{number}"] = Rotation(start=items.names.get(start, start), modules=modules)
    return out


def _checked(form: Instrument, built: Modules, lists: Mapping[str, int], name: str) -> list[Problem]:
    """Hold the instrument against the rules; what they find is told with sheet and row."""
    places: dict[str, str] = {}
    for m, module in enumerate(form.modules):
        places[f"modules.{m}"] = f"survey row {built.rows.get(f'module {module.id}', 1)}"
        for i, item in enumerate(module.items):
            places[f"modules.{m}.items.{i}"] = f"survey row {built.rows.get(f'item {item.id}', 1)}"
            for r, row in enumerate(item.rows):
                places[f"modules.{m}.items.{i}.rows.{r}"] = f"survey row {built.rows.get(f'item {row.id}', 1)}"
    places |= {f"scales.{one}": f"choices row {lists[one]}" for one in form.scales if one in lists}
    out = []
    for problem in check(form):
        way = problem.where
        while way and way not in places:
            way = way.rpartition(".")[0]
        where = f"{name}, {places[way]}" if way else f"{name}, settings"
        out.append(replace(problem, where=where))
    return out


def _untranslated(sheets: Sheets, tell: Teller) -> None:
    """Tell of single cells that lack a language the form has."""
    if len(sheets.languages) < 2:
        return
    for sheet, rows in (("survey", sheets.survey), ("choices", sheets.choices)):
        for row in rows:
            for kind, texts in row.texts.items():
                lacking = [language for language in sheets.languages if not texts.get(language)]
                if lacking and kind in {"label", "hint", "constraint_message"}:
                    name = row["name"] or row["type"]
                    message = f"The {kind.replace('_', ' ')} of '{name}' has no text in {', '.join(lacking)}."
                    tell("X109", (sheet, row.number), message, "Translate it; a device shows '-'.")


def _plain_id(text: str) -> str:
    plain = _ID.sub("_", text.strip().lower()).strip("_")[:60]
    return plain if plain and plain[0].isalpha() else f"form_{plain}".rstrip("_")
