"""The rows of a form as a tree of groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from survey_kit.errors import InstrumentError, did_you_mean
from survey_kit.instrument.imports.form_types import KNOWN, FormType, form_type
from survey_kit.instrument.imports.headers import FormRow, Sheets, Teller
from survey_kit.instrument.imports.xpath_tree import Node

DEEPEST = 20


@dataclass(slots=True)
class Entry:
    """A row of the survey with its type and its name; of a group, with what stands in it.

    Attributes
    ----------
    turned, route
        Whether its condition is not that of its cell but `route`: where the cell says more than the question's own condition.
    rotate
        Of a group, the arm that draws which of its rows comes first.
    """

    row: FormRow
    type: FormType
    name: str
    children: list[Entry] = field(default_factory=list)
    turned: bool = False
    route: Node | None = None
    rotate: str | None = None

    @property
    def place(self) -> tuple[str, int]:
        """Give the sheet and row, for messages."""
        return "survey", self.row.number


def read_tree(sheets: Sheets, tell: Teller) -> list[Entry]:
    """Read the rows of the survey as a tree; groups that do not open and close in pairs, and unknown types, are told."""
    root: list[Entry] = []
    inside: list[Entry] = []
    for row in sheets.survey:
        kind = row["type"]
        if not kind:
            if row["name"] or row.texts:
                tell("X103", ("survey", row.number), "A row has no type.", "Fill 'type' in.")
            continue
        if row["disabled"].lower() in {"yes", "true"}:
            continue
        entry = Entry(row=row, type=form_type(kind), name=row["name"])
        here = inside[-1].children if inside else root
        if entry.type.kind == "closes":
            _close(entry, inside, tell)
        elif entry.type.kind == "unknown":
            fix = did_you_mean(entry.type.word.split(" ")[0], KNOWN)
            tell("X103", entry.place, f"The type '{kind[:60]}' is not known.", fix)
        else:
            here.append(entry)
            if entry.type.kind == "opens":
                inside.append(entry)
        if len(inside) > DEEPEST:
            raise InstrumentError("Groups are nested too deeply.", where=f"{sheets.name}, survey row {row.number}")
    for entry in inside:
        tell("X105", entry.place, f"The {entry.type.word} '{entry.name}' is opened and not closed.", "Close it.")
    return root


def _close(entry: Entry, inside: list[Entry], tell: Teller) -> None:
    if not inside:
        tell("X105", entry.place, f"A {entry.type.word} is closed that was not opened.", "Remove the row.")
        return
    opened = inside.pop()
    if opened.type.word != entry.type.word:
        message = f"The {opened.type.word} '{opened.name}' of row {opened.row.number} is closed as a {entry.type.word}."
        tell("X105", entry.place, message, f"Write end_{opened.type.word}.")


def walk(entries: Sequence[Entry]) -> Iterator[Entry]:
    """Give every entry, groups before what stands in them."""
    for entry in entries:
        yield entry
        yield from walk(entry.children)
