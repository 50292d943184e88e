"""What the proofs of one instrument share: its formulas, the solver, where each condition stands, and what stayed undecided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from survey_kit.errors import InstrumentError, SurveyKitError
from survey_kit.files import Document, read_yaml
from survey_kit.instrument.model import Module, Problem, Severity
from survey_kit.instrument.places import Place, Teller, Way, places
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.solver_items import Node, System
from survey_kit.instrument.solver_logic import Formula, Truth, UntranslatableError
from survey_kit.instrument.solver_search import Answer, Search, Step, walked


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition where it stands: of a module, a grid or an item, with the conditions around it."""

    text: str
    way: Way
    what: str
    place: Place
    around: tuple[str, ...]

    @property
    def own(self) -> bool:
        """Say whether it stands in the instrument's own file."""
        return self.place.own


@dataclass(slots=True)
class Case:
    """One instrument under proof.

    Attributes
    ----------
    undecided
        What the solver did not decide within its limits: where, and what was asked.
    """

    system: System
    search: Search
    places: tuple[Place, ...]
    tell: Teller
    undecided: dict[str, Way] = field(default_factory=dict)

    @property
    def instrument(self) -> Instrument:
        """Give the instrument, its notes as items."""
        return self.system.instrument

    def ask(self, what: str, way: Way, *formulas: Formula, routed: bool = True, free: Formula = False) -> bool | None:
        """Say whether something is possible; what stays undecided is noted under `what`."""
        found = self.search.possible(*formulas, routed=routed, free=free)
        if found is None:
            self.undecided.setdefault(what, way)
        return found

    def truth(self, text: str, module: Module) -> Truth | None:
        """Translate a condition of a module; None when it is faulty."""
        try:
            return self.system.truth(text, module, 1 if module.repeat else 0)
        except (InstrumentError, UntranslatableError):
            return None

    def around(self, condition: Condition) -> list[Formula] | None:
        """Give what holds where a condition is put: the conditions around it, and that there is a member."""
        module = condition.place.module
        parts: list[Formula] = [self.system.members[module.id].counts_to(1)] if module.repeat else []
        for text in condition.around:
            found = self.truth(text, module)
            if found is None:
                return None
            parts.append(found.true)
        return parts

    def conditions(self) -> Iterator[Condition]:
        """Give every condition once, in the order of the questionnaire."""
        seen: set[Way] = set()
        for place in self.places:
            around: list[str] = []
            for (text, way), what in zip(place.conditions(), _names(place), strict=True):
                if way not in seen:
                    seen.add(way)
                    yield Condition(text=text, way=way, what=what, place=place, around=tuple(around))
                around.append(text)

    def example(self, *formulas: Formula, names: Sequence[str]) -> str:
        """Give the shortest interview that makes formulas true, in the language of conditions."""
        found = self.search.path(self.system.logic.every(formulas), self.system.cone(names), drawn=True)
        return "" if found is None else f" For example {told(found) or 'when nothing is answered'}."

    def confirmed(self, node: Node, steps: Sequence[Step]) -> bool:
        """Say whether a walk through the instrument with these answers comes to ask an item."""
        cone = self.system.cone([node.item.id])
        try:
            return walked(self.instrument, node.item.id, steps, cone)
        except (SurveyKitError, ValueError, TypeError, KeyError):  # a faulty instrument cannot be walked
            return False

    def problem(self, code: str, way: Way, message: str, fix: str, severity: Severity = "error") -> Problem:
        """Make a problem with its file and line."""
        return self.tell(code, way, message, fix, severity)


def begin(instrument: Instrument, wanted: Sequence[str], effort: int) -> Case:
    """Begin the proofs of an instrument."""
    system = System(instrument, wanted)
    document = _document(instrument)
    return Case(system, Search(system, effort), tuple(located(system.instrument, document)), Teller(document))


def located(instrument: Instrument, document: Document | None) -> Iterator[Place]:
    """List the items with the way to each in its file, from which modules that are off have not been taken out."""
    value = document.value if document is not None and isinstance(document.value, dict) else {}
    modules = [one.get("id") for one in value.get("modules", ()) if isinstance(one, dict)]
    for place in places(instrument):
        if place.module.id in modules:
            m = modules.index(place.module.id)
            yield replace(place, way=("modules", m, *place.way[2:]), module_way=("modules", m))
        else:
            yield place


def told(steps: Sequence[Step], most: int = 6) -> str:
    """Write answers in the language of conditions.

    Examples
    --------
    >>> told([Step(item="consent", answer=1), Step(item="channels", answer=(2, 5))])
    'consent == 1, channels: 2 and 5'
    """
    parts = [_step(step.item, step.answer) for step in steps]
    by_member = [key for key, _ in groupby(step.member for step in steps)]
    if len(by_member) > 2 or (by_member and max(by_member) > 1):
        parts = [f"{part} (member {s.member})" if s.member else part for part, s in zip(parts, steps, strict=True)]
    return ", ".join(parts[:most]) + (f" and {len(parts) - most} more" if len(parts) > most else "")


def _step(item: str, answer: Answer) -> str:
    if isinstance(answer, tuple):
        return f"{item}: {' and '.join(map(str, answer))}"
    return f"{item} == {answer!r}"


def _names(place: Place) -> list[str]:
    parts = (
        (place.module.ask_if, f"module '{place.module.id}'"),
        (place.grid.ask_if if place.grid else None, f"grid '{place.grid.id if place.grid else ''}'"),
        (place.item.ask_if, f"item '{place.item.id}'"),
    )
    return [name for text, name in parts if text is not None]


def _document(instrument: Instrument) -> Document | None:
    if instrument.path is None:
        return None
    try:
        return read_yaml(instrument.path, "instrument", InstrumentError)
    except InstrumentError:
        return None
