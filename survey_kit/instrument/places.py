"""Where things stand in an instrument's file, for rules that tell file and line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from survey_kit.files import Document
from survey_kit.instrument.model import Declaration, Item, Module, Problem, Scale, Severity
from survey_kit.instrument.questionnaire import row_of
from survey_kit.types import Code, MissingKind

Way: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An item that holds an answer: itself, the module and grid it stands in, its order, and the way to it in its file."""

    item: Item
    module: Module
    grid: Item | None
    way: Way
    module_way: Way
    order: int

    @property
    def own(self) -> bool:
        """Say whether the item stands in this file and not in another instrument."""
        return self.module.use is None

    def conditions(self) -> tuple[tuple[str, Way], ...]:
        """Give the conditions under which the item is asked, with the way to each."""
        parts = (
            (self.module.ask_if, (*self.module_way, "ask_if")),
            (self.grid.ask_if if self.grid else None, (*self.way[:-2], "ask_if")),
            (self.item.ask_if, (*self.way, "ask_if")),
        )
        return tuple((text, way) for text, way in parts if text is not None)


@dataclass(frozen=True, slots=True)
class Teller:
    """Turn a rule's finding into a problem that says the file and line."""

    document: Document | None

    def __call__(self, code: str, way: Way, message: str, fix: str = "", severity: Severity = "error") -> Problem:
        """Make the problem."""
        where = self.document.at(way) if self.document else ".".join(map(str, way))
        return Problem(code=code, severity=severity, where=where, message=message, fix=fix)


def places(declaration: Declaration) -> list[Place]:
    """List the items that hold answers, in the order of the questionnaire."""
    out: list[Place] = []
    for m, module in enumerate(declaration.modules):
        for i, item in enumerate(module.items):
            way: Way = ("modules", m, "items", i)
            inside = [(row_of(item, row), (*way, "rows", r)) for r, row in enumerate(item.rows)]
            alone = [] if item.type in {"grid", "note"} else [(item, way)]
            for one, its_way in inside if item.type == "grid" else alone:
                grid = item if item.type == "grid" else None
                place = Place(
                    item=one, module=module, grid=grid, way=its_way, module_way=("modules", m), order=len(out)
                )
                out.append(place)
    return out


def notes(declaration: Declaration) -> list[Place]:
    """List what is only shown; each has the order of the first item after it."""
    out: list[Place] = []
    order = 0
    for m, module in enumerate(declaration.modules):
        for i, item in enumerate(module.items):
            if item.type == "note":
                way: Way = ("modules", m, "items", i)
                out.append(Place(item=item, module=module, grid=None, way=way, module_way=("modules", m), order=order))
            order += len(item.rows) if item.type == "grid" else item.type != "note"
    return out


def scale_of(declaration: Declaration, item: Item) -> Scale | None:
    """Give the scale of an item."""
    return declaration.scales.get(item.scale) if isinstance(item.scale, str) else item.scale


def missing_codes(declaration: Declaration, item: Item) -> Mapping[Code, MissingKind]:
    """Give the codes of an item that are no answers: its own, else its scale's, else the instrument's."""
    scale = scale_of(declaration, item)
    if item.missing is not None:
        return item.missing
    if item.type in {"calculated", "arm", "random"}:
        return {}
    return scale.missing if scale and scale.missing is not None else declaration.missing
