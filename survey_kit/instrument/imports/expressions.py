"""The cells of a form that hold XPath, as conditions, limits and values of items."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from survey_kit.errors import InstrumentError
from survey_kit.instrument.expressions import parse, parse_value, too_large
from survey_kit.instrument.imports.choices import CONVENTIONAL
from survey_kit.instrument.imports.conditions import Mode, Writer, value_text
from survey_kit.instrument.imports.headers import Teller
from survey_kit.instrument.imports.logic import (
    All,
    Compare,
    Const,
    Func,
    Has,
    Logic,
    Lost,
    Name,
    Scope,
    Some,
    Target,
    every,
)
from survey_kit.instrument.imports.translator import Translator
from survey_kit.instrument.imports.tree import Entry
from survey_kit.instrument.imports.xpath_tree import Binary, Call, Node, Number, Ref, Text, Unreadable, read_xpath
from survey_kit.types import Code

Place = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a constraint says: limits, answers that stand alone, their number, and the rest as a condition."""

    minimum: float | None = None
    maximum: float | None = None
    exclusive: tuple[Code, ...] = ()
    most: int | None = None
    constraint: str | None = None

    @property
    def given(self) -> frozenset[str]:
        """Name the limits that are given."""
        limits = {"minimum": self.minimum, "maximum": self.maximum, "most": self.most}
        return frozenset(name for name, limit in limits.items() if limit is not None)

    def with_(self, other: Limits) -> Limits:
        """Add another limit."""
        minimum = self.minimum if other.minimum is None else other.minimum
        maximum = self.maximum if other.maximum is None else other.maximum
        return replace(self, minimum=minimum, maximum=maximum, most=self.most if other.most is None else other.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """What a calculation says: the value, the same without what blank answers make of it, and when it is not blank."""

    value: str
    short: str
    opens: str | None = None
    told: Mapping[str, tuple[Code, ...]] = field(default_factory=dict)  # items whose missing codes it takes for answers


@dataclass(slots=True)
class Cells:
    """Read cells that hold XPath; what cannot be read or said is told with its row and column."""

    scope: Scope
    tell: Teller
    always: frozenset[str] = frozenset()  # items that always have an answer
    failed: set[Place] = field(default_factory=set)

    def tree(self, text: str, place: Place, column: str) -> Node | None:
        """Read a cell."""
        try:
            return read_xpath(text)
        except Unreadable as fault:
            self.tell(
                "X111", place, f"The cell '{column}' cannot be read: {fault.message} It says: {text[:120]}", fault.fix
            )
            return None

    def condition(self, entry: Entry) -> str | bool | None:
        """Give the condition of a row or group; None where there is none that can be said."""
        text, place = entry.row["relevant"], entry.place
        node = entry.route if entry.turned else self.tree(text, place, "relevant") if text.strip() else None
        if node is None:
            return None
        translator = Translator(self.scope)
        try:
            return self._written(translator.logic(node), "opens", place, "relevant", translator)
        except Lost as lost:
            self._lost(lost, place, "relevant", text)
            return None

    def limits(self, text: str, place: Place, target: Target) -> Limits:
        """Give what a cell 'constraint' says."""
        node = self.tree(text, place, "constraint") if text.strip() else None
        if node is None:
            return Limits()
        translator = Translator(replace(self.scope, own=target.id))
        try:
            logic = translator.logic(node)
        except Lost as lost:
            self._lost(lost, place, "constraint", text)
            return Limits()
        found, rest = _taken(_without_missing(logic, target), target)
        try:
            own = self._written(rest, "refuses", place, "constraint", translator, own=target.id)
        except Lost as lost:
            self._lost(lost, place, "constraint", text)
            own = None
        if own is False:
            self.tell("X112", place, f"No answer meets the constraint: {text[:120]}", "Correct it.")
        return replace(found, constraint=own if isinstance(own, str) else None)

    def value(self, text: str, place: Place) -> Computed | None:
        """Give the value that a cell 'calculation' says, and the condition without which it is blank."""
        node = self.tree(text, place, "calculation") if text.strip() else None
        if node is None:
            return None
        translator = Translator(self.scope)
        try:
            opens: str | bool | None = None
            match node:
                case Call("if", (test, body, Text(""))):
                    opens = self._guard(test)
                    node = body
            value = translator.value(node)
            short = value_text(value, Writer(always=self.always, mode="opens"))
            writer = Writer(always=self.always)
            written = value_text(value, writer)
            parse_value(short)
        except Lost as lost:
            self._lost(lost, place, "calculation", text)
            return None
        except InstrumentError as fault:
            self.tell("X112", place, f"The calculation cannot be expressed: {fault.what}", fault.fix or "")
            return None
        whole = opens if isinstance(opens, str) else None
        return Computed(value=written, short=short, opens=whole, told=writer.told)

    def _guard(self, test: Node) -> str | bool:
        return Writer(always=self.always).write(Translator(self.scope).logic(test), "opens")

    def _written(
        self, logic: Logic, mode: Mode, place: Place, column: str, translator: Translator, own: str | None = None
    ) -> str | bool:
        writer = Writer(own=own, always=self.always)
        text = writer.write(logic, mode)
        for lost in translator.lost:
            self._lost(lost, place, column, "", part=True)
        self.taken(writer.told, place, column, str(text))
        if isinstance(text, str):
            try:
                large = too_large(parse(text))
            except InstrumentError as fault:
                raise Lost(fault.what, fault.fix or "") from None
            if large:
                raise Lost(f"A condition is {large}.", "Compute parts of it in a calculate row.")
        return text

    def taken(self, told: Mapping[str, tuple[Code, ...]], place: Place, column: str, text: str) -> None:
        """Tell of items whose missing codes a cell takes for answers."""
        for name, codes in told.items():
            shown = ", ".join(map(str, codes))
            message = f"The cell '{column}' takes the codes {shown} of '{name}' for answers; here they are none."
            self.tell("X113", place, message, f"Check it: {text}")

    def _lost(self, lost: Lost, place: Place, column: str, text: str, *, part: bool = False) -> None:
        what = f"A part of the cell '{column}'" if part else f"The cell '{column}'"
        said = f" It says: {text[:120]}" if text else ""
        self.tell("X112", place, f"{what} is not kept: {lost.message}{said}", lost.fix)


def typed_codes(text: str) -> tuple[int, ...]:
    """Give the codes that a constraint lets pass beside its limits: 98 and 99 in ``. = 98 or . = 99 or (. >= 0 and . <= 20)``.

    Examples
    --------
    >>> typed_codes(". = 98 or (. >= 0 and . <= 20)"), typed_codes(". = 5 or . = 6")
    ((98,), ())
    """
    try:
        parts = _alternatives(read_xpath(text)) if text.strip() else []
    except Unreadable:
        return ()
    found = [
        int(part.right.value)
        for part in parts
        if isinstance(part, Binary)
        and part.op == "="
        and part.left == Ref(".")
        and isinstance(part.right, Number)
        and part.right.value.is_integer()
    ]
    conventional = tuple(code for code in found if CONVENTIONAL.fullmatch(str(code)) or re.fullmatch(r"-\d", str(code)))
    return conventional if len(parts) > len(found) else ()


def _alternatives(node: Node) -> list[Node]:
    if isinstance(node, Binary) and node.op == "or":
        return [*_alternatives(node.left), *_alternatives(node.right)]
    return [node]


def drawn(node: Node) -> tuple[str, tuple[int, ...], tuple[float, ...]] | None:
    """Recognise a draw: ``("random", (), ())``, or ``("arm", codes, shares)``; None for what is none.

    Examples
    --------
    >>> drawn(read_xpath("once(int(random() * 3) + 1)"))
    ('arm', (1, 2, 3), ())
    """
    match node:
        case Call("once", (part,)):
            return drawn(part)
        case Call("if", (Binary("=", Ref("."), Text("")), part, Ref("."))):
            return drawn(part)
        case Call("random", ()):
            return "random", (), ()
        case Binary("+", Call("int" | "floor", (Binary("*", one, other),)), Number(first)):
            size = other if one == Call("random", ()) else one if other == Call("random", ()) else None
            if isinstance(size, Number) and size.value.is_integer() and 1 < size.value <= 1000:
                return "arm", tuple(range(int(first), int(first + size.value))), ()
        case Call("if", (Binary("<" | "<=", Call("random", ()), Number(share)), Number(code), other)) if 0 < share < 1:
            rest = ("arm", (int(other.value),), (1.0,)) if isinstance(other, Number) else drawn(other)
            if rest is not None and rest[0] == "arm":
                shares = rest[2] or (1.0 / len(rest[1]),) * len(rest[1])
                return "arm", (int(code), *rest[1]), (share, *((1 - share) * one for one in shares))
        case _:
            pass
    return None


def _without_missing(logic: Logic, target: Target) -> Logic:
    """Take off that codes which are no answers pass: they always do."""
    if not isinstance(logic, Some):
        return logic
    free = [
        one
        for one in logic.parts
        if (
            isinstance(one, Compare)
            and one.op == "="
            and one.holds
            and one.left == Name(target)
            and _in(one.right, target)
        )
        or (isinstance(one, Has) and one.holds and one.target == target and one.code in target.missing)
    ]
    kept = tuple(one for one in logic.parts if one not in free)
    return (kept[0] if len(kept) == 1 else Some(kept)) if kept else logic


def _in(value: object, target: Target) -> bool:
    return isinstance(value, Const) and value.value in target.missing


def _taken(logic: Logic, target: Target) -> tuple[Limits, Logic]:
    """Take limits out of a constraint; give what remains."""
    found = Limits()
    alone: list[Code] = []
    rest: list[Logic] = []
    for part in logic.parts if isinstance(logic, All) else (logic,):
        codes = _alone(part, target)
        if codes is not None:
            alone += [code for code in codes if code not in target.missing]
            continue
        limit = _limit(part, target)
        if limit is None or limit.given & found.given:
            rest.append(part)
        else:
            found = found.with_(limit)
    return replace(found, exclusive=tuple(dict.fromkeys(alone))), every(rest)


def _limit(part: Logic, target: Target) -> Limits | None:
    """Recognise a smallest or largest number, or a largest number of answers."""
    if not isinstance(part, Compare) or not isinstance(part.right, Const) or isinstance(part.right.value, str):
        return None
    sign = part.op if part.holds else {"<": ">=", ">": "<=", "<=": ">", ">=": "<"}.get(part.op, "")
    limit = part.right.value
    if part.left == Func("count_selected", Name(target)) and sign in {"<", "<="} and float(limit).is_integer():
        return Limits(most=int(limit) - (sign == "<"))
    if part.left != Name(target) or target.type not in {"integer", "decimal"}:
        return None
    if target.type == "integer" and float(limit).is_integer():
        limit += {"<": -1, ">": 1}.get(sign, 0)
    elif sign in {"<", ">"}:
        return None
    if sign in {"<", "<="}:
        return Limits(maximum=limit)
    return Limits(minimum=limit) if sign in {">", ">="} else None


def _alone(part: Logic, target: Target) -> tuple[Code, ...] | None:
    """Recognise that answers stand alone: not chosen, or the only one chosen."""
    if not isinstance(part, Some):
        return None
    single = [one for one in part.parts if _one(one, target)]
    absent: list[Logic] = []
    for one in part.parts:
        if one in single or (isinstance(one, All) and any(_one(inner, target) for inner in one.parts)):
            continue
        absent += one.parts if isinstance(one, All) else [one]
    codes = [one.code for one in absent if isinstance(one, Has) and not one.holds and one.target == target]
    return tuple(codes) if codes and len(codes) == len(absent) and len(part.parts) > 1 else None


def _one(part: Logic, target: Target) -> bool:
    """Say whether a part means that a single answer was chosen."""
    match part:
        case Compare(op, Func("count_selected", Name(one)), Const(int() as n), holds) if one == target:
            sign = op if holds else {">": "<=", ">=": "<", "!=": "="}.get(op, "")
            return (sign, n) in {("<=", 1), ("<", 2), ("=", 1)}
        case _:
            return False


def joined(parts: Sequence[str | None]) -> str | None:
    """Join conditions by and; brackets only where a part needs them.

    Examples
    --------
    >>> joined(["a == 1", None, "b == 1 or c == 2"])
    'a == 1 and (b == 1 or c == 2)'
    """
    given = list(dict.fromkeys(part for part in parts if part))
    if len(given) < 2:
        return given[0] if given else None
    return " and ".join(f"({part})" if " or " in part or " if " in part else part for part in given)


def values_by_name(targets: Mapping[str, Target]) -> frozenset[str]:
    """Name the items that always have an answer: draws."""
    return frozenset(one.id for one in targets.values() if one.type in {"arm", "random"})
