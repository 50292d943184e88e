"""A whole questionnaire as formulas: for each item when it is asked, when it has an answer, and which.

An item is not asked, unless its route is certainly true; when asked it has an answer within its limits that its constraint does not
certainly refuse, or none (a missing code, or nothing). Draws at random always have an answer when they are asked. The members of a
repeated module are written out as long as they are few; else what is asked of them (`sum`, `min`, `max`) is held within bounds,
and what depends on it is `loose`: possible, not proved.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from survey_kit.errors import InstrumentError
from survey_kit.instrument.expressions import Expression, parse, parse_value
from survey_kit.instrument.model import DRAWN, Item, Module, Scale
from survey_kit.instrument.questionnaire import Instrument, leaves
from survey_kit.instrument.solver import Translator
from survey_kit.instrument.solver_answers import answer
from survey_kit.instrument.solver_logic import (
    Formula,
    Logic,
    Truth,
    UntranslatableError,
    Value,
    solver_package,
)
from survey_kit.instrument.solver_members import Members, summed

STEP = 1_000  # between the places of two texts, so that other texts find room there
MOST_MEMBERS = 8  # of a repeated module that are written out one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One item, or that of one member of a repeated module (counted from 1; 0 outside).

    Attributes
    ----------
    asked, answered
        When it is asked; when it has an answer that is no missing code.
    refused
        When its constraint certainly refuses the answer; None without a constraint.
    free
        Set aside its constraint: a variable that is false unless asked for.
    """

    item: Item
    module: Module
    grid: Item | None
    member: int
    asked: Formula
    answered: Formula
    value: Value | None
    refused: Formula | None = None
    free: Formula = False

    @property
    def drawn(self) -> bool:
        """Say whether it is a draw at random."""
        return self.item.type in DRAWN

    @property
    def computed(self) -> bool:
        """Say whether it follows from other items."""
        return self.item.type == "calculated"


@dataclass(slots=True)
class System:
    """The formulas of an instrument.

    Notes that are only shown take part as items without an answer. What is faulty (a condition that cannot be read, that looks at
    unknown or later items) is left open in both directions and named in `faulty`.

    Attributes
    ----------
    rules
        What holds in every interview.
    routed, drawn
        Truths that switch two rules on: that nothing has an answer which is not asked; that what is drawn has one.
    needs
        The items that each item depends on directly.
    loose
        Items that are held within bounds only.
    texts
        The place of each text that occurs, in their order.
    """

    instrument: Instrument
    wanted: Collection[str] = ()
    logic: Logic = field(init=False)
    rules: list[Formula] = field(init=False, default_factory=list)
    nodes: dict[tuple[str, int], Node] = field(init=False, default_factory=dict)
    needs: dict[str, tuple[str, ...]] = field(init=False, default_factory=dict)
    faulty: dict[str, str] = field(init=False, default_factory=dict)
    loose: set[str] = field(init=False, default_factory=set)
    members: dict[str, Members] = field(init=False, default_factory=dict)
    texts: Mapping[str, int] = field(init=False)
    _write: Translator = field(init=False)
    _looked: frozenset[str] = field(init=False)
    _conditions: dict[tuple[str, str, int], Truth] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        z3 = solver_package()
        self.instrument = with_notes(self.instrument)
        self.logic = Logic(z3, z3.Context())
        expressions = list(_expressions(self.instrument))
        self.texts = _texts(self.instrument, expressions)
        self._write = Translator(self.logic, self.texts)
        counts = [module.repeat.count for module in self.instrument.modules if module.repeat]
        self._looked = frozenset((*(name for one in expressions for name in one.items), *counts, *self.wanted))
        asked_of = {name for one in expressions for how, name in one.aggregates if how != "count"}
        items: dict[str, list[tuple[Item | None, Item]]] = {}
        for module, grid, item in leaves(self.instrument):
            items.setdefault(module.id, []).append((grid, item))
        for module in self.instrument.modules:
            inside = items.get(module.id, [])
            last = self._begin(module, written=bool(asked_of & {item.id for _, item in inside}))
            for member in range(0 if module.repeat is None else 1, last + 1):
                for grid, item in inside:
                    if (item.id, member) not in self.nodes:
                        self._add(module, grid, item, member)

    @property
    def routed(self) -> Formula:
        """Switch the routes on."""
        return self.logic.truth("routes")

    @property
    def drawn(self) -> Formula:
        """Switch the draws on."""
        return self.logic.truth("draws")

    def node(self, item_id: str) -> Node:
        """Give an item; of a repeated module, that of the first member."""
        return self.nodes.get((item_id, 0)) or self.nodes[(item_id, 1)]

    def copies(self, item_id: str) -> tuple[Node, ...]:
        """Give an item as often as it is written out."""
        return tuple(self.nodes[key] for key in ((item_id, k) for k in range(MOST_MEMBERS + 1)) if key in self.nodes)

    def truth(self, text: str, module: Module, member: int = 0) -> Truth:
        """Translate a condition as it stands in a module."""
        key = (text, module.id if member else "", member)
        if key not in self._conditions:
            self._conditions[key] = self._write.truth(parse(text).tree, Here(self, module, member))
        return self._conditions[key]

    def translate(self, tree: ast.expr, node: Node, own: Value | None = None) -> Truth:
        """Translate a part of a condition at an item; `own` stands for the item itself."""
        return self._write.truth(tree, Here(self, node.module, node.member, {node.item.id: own} if own else {}))

    def compare(self, op: ast.cmpop, left: Value, right: Value) -> Truth:
        """Translate a comparison of two values."""
        return self._write.compare(op, left, right)

    def cone(self, names: Iterable[str]) -> tuple[str, ...]:
        """Name all items on which some depend, themselves included, in the order of the questionnaire."""
        found, waiting = set(), list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.needs.get(name, ())
        return tuple(name for name in self.needs if name in found)

    # ---------------------------------------------------------------------------------------------------- the modules
    def _begin(self, module: Module, *, written: bool) -> int:
        """Begin a module: how many members are written out, none when it is not repeated."""
        if module.repeat is None:
            return 0
        most = module.repeat.most
        last = max(1, most) if written and most <= MOST_MEMBERS else 1
        try:
            count: Value | None = Here(self, module, 0).value(module.repeat.count)
        except UntranslatableError:
            count = None
        self.members[module.id] = Members(self._write, module.id, count, most, last, self._module(module))
        self.rules += self.members[module.id].rules()
        return last

    def _module(self, module: Module) -> Formula:
        """Say when a repeated module is asked at all, looked at from outside."""
        try:
            return True if module.ask_if is None else self.truth(module.ask_if, module).true
        except (InstrumentError, UntranslatableError):
            return self.logic.truth(f"{module.id}: open")

    def _add(self, module: Module, grid: Item | None, item: Item, member: int) -> None:
        logic, name = self.logic, f"{item.id}.{member}" if member else item.id
        asked = self._route(module, grid, item, member, name)
        looked = item.id in self._looked or item.constraint is not None
        node = Node(item=item, module=module, grid=grid, member=member, asked=asked, answered=False, value=None)
        if item.type == "calculated":
            node = self._calculated(node, name)
        elif looked and item.type != "grid":
            value, rules = answer(self._write, self.instrument, item, name)
            self.rules += rules
            node = replace(node, answered=value.known, value=value)
            self.rules.append(logic.implies(logic.every([self.routed, value.known]), asked))
            if node.drawn:
                self.rules.append(logic.implies(logic.every([self.drawn, asked]), value.known))
            if item.constraint is not None:
                node = self._constrained(node, value, name)
        self.nodes[(item.id, member)] = node

    def _route(self, module: Module, grid: Item | None, item: Item, member: int, name: str) -> Formula:
        logic = self.logic
        parts: list[Formula] = [self.members[module.id].holds(member)] if member else []
        needs = [module.repeat.count] if module.repeat else []
        for text in (module.ask_if, grid.ask_if if grid else None, item.ask_if):
            if text is None or not text.strip():
                continue
            try:
                needs += self._needed(parse(text))
                parts.append(self.truth(text, module, member).true)
            except (InstrumentError, UntranslatableError) as fault:
                self.faulty.setdefault(item.id, _said(fault))
                parts.append(logic.truth(f"{name}: open"))
        self.needs[item.id] = tuple(dict.fromkeys((*self.needs.get(item.id, ()), *needs)))
        whole = logic.every(parts)
        if isinstance(whole, bool) or not parts[1:]:
            return whole
        asked = logic.truth(f"{name}: asked")
        self.rules.append(logic.same(asked, whole))
        return asked

    def _needed(self, expression: Expression) -> list[str]:
        counted = {name for how, name in expression.aggregates if how == "count"}
        out = list(expression.items)
        for module in self.instrument.modules:
            if module.repeat and module.id in counted:
                out += [module.repeat.count, *(name for one in _read(module.ask_if) for name in one.items)]
        return out

    # ------------------------------------------------------------------------------------------------------ the items
    def _calculated(self, node: Node, name: str) -> Node:
        logic, item = self.logic, node.item
        try:
            expression = parse_value(item.value or "")
            self.needs[item.id] = tuple(dict.fromkeys((*self.needs[item.id], *self._needed(expression))))
            value = self._write.value(expression.tree, Here(self, node.module, node.member))
            if value.kind == "codes":
                raise UntranslatableError("a value that is a list of answers")
        except (InstrumentError, UntranslatableError) as fault:
            self.faulty.setdefault(item.id, _said(fault))
            value = Value(kind="number", known=logic.truth(f"{name}: known"), term=logic.number(name, whole=False))
        answered, anyway = logic.truth(f"{name}: answered"), logic.truth(f"{name}: anyway")
        reached = logic.some([node.asked, logic.every([anyway, logic.negate(self.routed)])])
        self.rules.append(logic.same(answered, logic.every([value.known, reached])))
        if value.cases is not None:
            cases = {constant: logic.every([guard, reached]) for constant, guard in value.cases.items()}
            return replace(node, answered=answered, value=replace(value, known=answered, cases=cases))
        return replace(node, answered=answered, value=replace(value, known=answered))

    def _constrained(self, node: Node, value: Value, name: str) -> Node:
        item, free = node.item, self.logic.truth(f"{name}: free")
        try:
            expression = parse(item.constraint or "")
            names = [one for one in self._needed(expression) if one != item.id]
            refused = self.translate(expression.tree, node, value).false
        except (InstrumentError, UntranslatableError) as fault:
            self.faulty.setdefault(item.id, _said(fault))
            return node
        self.needs[item.id] = tuple(dict.fromkeys((*self.needs[item.id], *names)))
        self.rules.append(self.logic.some([self.logic.negate(value.known), self.logic.negate(refused), free]))
        return replace(node, refused=refused, free=free)


@dataclass(frozen=True, slots=True)
class Here:
    """What names stand for at a place: inside a repeated module, the answers of the same member."""

    system: System
    module: Module
    member: int
    own: Mapping[str, Value] = field(default_factory=dict)

    def value(self, name: str) -> Value:
        """Give the value of an earlier item."""
        if name in self.own:
            return self.own[name]
        nodes = self.system.nodes
        inside = self.member and self.module.repeat is not None
        node = nodes.get((name, 0)) or (nodes.get((name, self.member)) if inside else None)
        if node is None or node.value is None or (node.member and node.module.id != self.module.id):
            raise UntranslatableError(f"'{name}' is no earlier item")
        return node.value

    def aggregate(self, how: str, name: str) -> Value:
        """Give what is asked of the members of an earlier repeated module."""
        system = self.system
        if how == "count":
            if name not in system.members or (self.member and name == self.module.id):
                raise UntranslatableError(f"'{name}' is no earlier repeated module")
            return system.members[name].counted()
        copies = [node for node in system.copies(name) if node.member]
        values = [node.value for node in copies if node.value is not None]
        if not copies or len(values) < len(copies) or (self.member and copies[0].module.id == self.module.id):
            raise UntranslatableError(f"'{name}' is no earlier item of a repeated module")
        home = system.members[copies[0].module.id]
        value, rules, exact = summed(home, how, copies[0].item, values)
        system.rules += rules
        if not exact:
            system.loose.add(name)
        return value


def with_notes(instrument: Instrument) -> Instrument:
    """Give an instrument in which what is only shown counts as an item, so that its condition is looked at as well."""
    shown = {module.id: any(item.type == "note" for item in module.items) for module in instrument.modules}
    if not any(shown.values()):
        return instrument
    modules = tuple(
        replace(module, items=tuple(replace(i, type="text") if i.type == "note" else i for i in module.items))
        for module in instrument.modules
    )
    return replace(instrument, modules=modules)


def _expressions(instrument: Instrument) -> Iterator[Expression]:
    """Read every expression that can be read."""
    for module, grid, item in leaves(instrument):
        for text in (module.ask_if, grid.ask_if if grid else None, item.ask_if, item.constraint):
            yield from _read(text)
        yield from _read(item.value, value=True)


def _read(text: str | None, *, value: bool = False) -> Iterator[Expression]:
    if text is not None:
        with suppress(InstrumentError):
            yield parse_value(text) if value else parse(text)


def _texts(instrument: Instrument, expressions: Sequence[Expression]) -> dict[str, int]:
    scales = [*instrument.scales.values(), *(i.scale for i in instrument.items if isinstance(i.scale, Scale))]
    found = {code for scale in scales for code in scale.codes if isinstance(code, str)}
    for expression in expressions:
        nodes = (node.value for node in ast.walk(expression.tree) if isinstance(node, ast.Constant))
        found |= {value for value in nodes if isinstance(value, str)}
    return {text: STEP * place for place, text in enumerate(sorted({"", *found}))}


def _said(fault: Exception) -> str:
    return fault.what if isinstance(fault, InstrumentError) else str(fault)
