"""Logic of a form as conditions of our language: two values of truth as three, blank answers and missing codes as no answers.

In a form a blank answer is unequal to everything, and a code that is no answer (98, don't know) compares like any number. Here a
comparison with either is unknown. So each part of a condition is tried with the item blank and with each of its missing codes: where
these agree, the condition is rewritten exactly; where they do not, the form treats a missing code as an answer, and that is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from survey_kit.instrument.imports.blanks import keys, restricted, target_of, targets, unanswered
from survey_kit.instrument.imports.logic import (
    All,
    Choice,
    Compare,
    Const,
    Filled,
    Func,
    Has,
    Logic,
    Lost,
    Name,
    Op,
    Over,
    Some,
    Truth,
    Value,
    every,
    some,
)
from survey_kit.types import Code

Mode: TypeAlias = Literal["opens", "refuses", "exact"]  # only truth matters, only falsity matters, both do
_SIGNS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """A comparison in our language; `needs` are the items without whose answer it cannot decide."""

    text: str
    needs: frozenset[str] = frozenset()
    kind: str = ""  # eq, ne, has, lacks, answered, blank: what may be joined or dropped
    name: str = ""
    codes: tuple[float | int | str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Parts joined by and or by or."""

    word: str
    parts: tuple[Part, ...]


Part: TypeAlias = Atom | Join | bool


@dataclass(slots=True)
class Writer:
    """Write logic as a condition; `told` are the items whose missing codes the form takes for answers."""

    own: str | None = None
    always: frozenset[str] = frozenset()  # items that always have an answer
    mode: Mode = "exact"  # of conditions inside values
    told: dict[str, tuple[Code, ...]] = field(default_factory=dict)

    def write(self, logic: Logic, mode: Mode) -> str | bool:
        """Give the condition as text; a truth where it depends on nothing."""
        part = self.part(logic, mode, frozenset({self.own} if self.own else ()) | self.always)
        return part if isinstance(part, bool) else rendered(part)

    def part(self, logic: Logic, mode: Mode, known: frozenset[str]) -> Part:
        """Write a part, where the items `known` have answers."""
        names = keys(logic)
        if len(names) == 1:
            return self._single(logic, next(iter(names)), mode, known)
        match logic:
            case All(parts) | Some(parts):
                return self._join(parts, isinstance(logic, All), mode, known)
            case Truth(value):
                return value
            case _:
                return self._several(logic, names, mode, known)

    def _join(self, parts: Sequence[Logic], conjunction: bool, mode: Mode, known: frozenset[str]) -> Part:
        groups: dict[frozenset[str] | Logic, list[Logic]] = {}  # parts about one item together, others alone
        for one in parts:
            names = keys(one)
            groups.setdefault(names if len(names) == 1 else one, []).append(one)
        whole = [every(group) if conjunction else some(group) for group in groups.values()]
        single = {next(iter(names)): one for one in whole if len(names := keys(one)) == 1}
        guarded = {
            name for name, one in single.items() if all(truth is not conjunction for truth in unanswered(one, name))
        }
        done = [
            self._single(one, next(iter(names)), mode, known)
            if len(names := keys(one)) == 1
            else self.part(one, mode, known | guarded)
            for one in whole
        ]
        return _joined(done, "and" if conjunction else "or", mode)

    def _single(self, logic: Logic, name: str, mode: Mode, known: frozenset[str]) -> Part:
        """Write a part about one item, tried where the item is blank and with each code that is no answer."""
        inside = restricted(logic)
        body = self._answered(inside, mode)
        if name in known:
            return body
        truths = unanswered(logic, name)
        blank = truths[0]
        if len(set(truths)) > 1:
            target = target_of(logic)
            codes = target.missing if target else ()
            self.told[name] = tuple(code for code, one in zip(codes, truths[1:], strict=False) if one is not blank)
            if isinstance(body, bool) and mode == "opens":
                return _blank(name) if body is False else _filled(name)
        if isinstance(body, bool):
            if body is blank:
                return body
            return _filled(name) if body else _blank(name)
        if mode == "exact":
            return _joined([_blank(name), body], "or", mode) if blank else _joined([_filled(name), body], "and", mode)
        if mode == "opens":
            return _joined([_blank(name), body], "or", mode) if blank else body
        return body if blank else _joined([_filled(name), body], "and", mode)

    def _answered(self, logic: Logic, mode: Mode) -> Part:
        """Write a part whose items all have answers."""
        match logic:
            case Truth(value):
                return value
            case All(parts):
                return _joined([self._answered(one, mode) for one in parts], "and", mode)
            case Some(parts):
                return _joined([self._answered(one, mode) for one in parts], "or", mode)
            case _:
                return atom(logic, self)

    def _several(self, logic: Logic, names: frozenset[str], mode: Mode, known: frozenset[str]) -> Part:
        """Write a comparison of several items."""
        body = atom(logic, self)
        open_ = [name for name in names if name not in known]
        if not open_ or not isinstance(logic, Compare):
            return body
        for target in targets(logic):
            if target.id in open_ and target.missing:
                self.told.setdefault(target.id, target.missing)
        blank = not logic.holds if logic.op != "!=" else logic.holds  # the truth where either is blank
        if mode != "exact" and blank is (mode == "refuses"):
            return body
        guards = [(_blank if blank else _filled)(name) for name in open_]
        return _joined([*guards, body], "or" if blank else "and", mode)


# ---------------------------------------------------------------------------------------------------------- as our text
def atom(logic: Logic, writer: Writer) -> Part:
    """Write one comparison."""
    needs = keys(logic)
    match logic:
        case Has(target, code, right):
            kind = "has" if right else "lacks"
            return Atom(text="", needs=needs, kind=kind, name=target.id, codes=(code,))
        case Filled(part, right):
            name = part.target.id if isinstance(part, Name) else f"min({part.name})"
            return _filled(name) if right else _blank(name)
        case Compare(op, left, right_, right):
            sign = op if right else _OPPOSITE[op]
            plain = isinstance(left, Name) and isinstance(right_, Const) and sign in {"=", "!="}
            if plain and isinstance(left, Name) and isinstance(right_, Const):
                kind = "eq" if sign == "=" else "ne"
                return Atom(text="", needs=needs, kind=kind, name=left.target.id, codes=(right_.value,))
            text = f"{value_text(left, writer, 1)} {_SIGNS[sign]} {value_text(right_, writer, 1)}"
            return Atom(text=text, needs=needs)
        case Truth(value):
            return value
        case _:
            raise Lost("This cannot be expressed.", "Compare answers with codes.")


def value_text(value: Value, writer: Writer, power: int = 0) -> str:
    """Write a value; `power` says how tightly what stands around it binds."""
    match value:
        case Const(one):
            return constant(one)
        case Name(target):
            return target.id
        case Op(op, left, right):
            own = 2 if op in {"+", "-"} else 3
            inner = own + (op in {"-", "/"})
            text = f"{value_text(left, writer, own)} {op} {value_text(right, writer, inner)}"
            return f"({text})" if own < power else text
        case Func("day", part):
            raise Lost(f"The days of '{value_text(part, writer)}' cannot be computed with.", "Compare dates.")
        case Func(name, part):
            if name != "floor" and not isinstance(part, Name):
                raise Lost(f"{name}() takes a question.", "")
            return f"{name}({value_text(part, writer)})"
        case Over(how, name):
            return f"{how}({name})"
        case Choice(test, body, other):
            condition = writer.write(test, writer.mode)
            if isinstance(condition, bool):
                return value_text(body if condition else other, writer, power)
            text = f"{value_text(body, writer, 1)} if {condition} else {value_text(other, writer, 0)}"
            return f"({text})" if power else text


def constant(value: float | str) -> str:
    """Write a number or a text.

    Examples
    --------
    >>> constant(3), constant(0.5), constant("KZ-10")
    ('3', '0.5', "'KZ-10'")
    """
    return f"{value!r}"


def _filled(name: str) -> Atom:
    if "(" in name:  # some member has an answer
        return Atom(text=f"{name} == {name}", needs=frozenset({name}), kind="answered", name=name)
    return Atom(text=f"answered({name})", needs=frozenset({name}), kind="answered", name=name)


def _blank(name: str) -> Atom:
    if "(" in name:
        return Atom(text=f"not {name} == {name}", needs=frozenset({name}), kind="blank", name=name)
    return Atom(text=f"not answered({name})", needs=frozenset({name}), kind="blank", name=name)


def _needs(part: Part, mode: Mode) -> frozenset[str]:
    """Name the items without whose answer a part never opens (or never refuses)."""
    if isinstance(part, bool):
        return frozenset()
    if isinstance(part, Atom):
        harmless = {"opens": "blank", "refuses": "answered"}.get(mode, "")
        return frozenset() if part.kind == harmless or mode == "exact" else part.needs
    inner = [_needs(one, mode) for one in part.parts]
    union = (part.word == "and") is (mode == "opens")
    return frozenset().union(*inner) if union else frozenset.intersection(*inner)


def _joined(parts: Sequence[Part], word: str, mode: Mode) -> Part:
    neutral = word == "and"
    flat: list[Part] = []
    for one in parts:
        flat += one.parts if isinstance(one, Join) and one.word == word else [one]
    if any(one is (not neutral) for one in flat):
        return not neutral
    flat = _merged([one for one in dict.fromkeys(flat) if not isinstance(one, bool)], word)
    droppable = {"and": ("opens", "answered"), "or": ("refuses", "blank")}[word]
    if mode == droppable[0]:
        for one in [part for part in flat if isinstance(part, Atom) and part.kind == droppable[1]]:
            others = frozenset().union(*(_needs(part, mode) for part in flat if part is not one))
            if isinstance(one, Atom) and one.name in others:
                flat.remove(one)
    if not flat:
        return neutral
    return flat[0] if len(flat) == 1 else Join(word=word, parts=tuple(flat))


def _merged(parts: list[Part], word: str) -> list[Part]:
    """Join equalities with one item into one: q in (1, 2), q not in (1, 2), selected(q, 1, 2)."""
    kinds = {"or": ("eq", "has"), "and": ("ne", "lacks")}[word]
    out: dict[object, Part] = {}
    for one in parts:
        key: object = (one.kind, one.name) if isinstance(one, Atom) and one.kind in kinds else one
        before = out.get(key)
        if isinstance(one, Atom) and isinstance(before, Atom) and key != one:
            codes = tuple(dict.fromkeys((*before.codes, *one.codes)))
            out[key] = Atom(text="", needs=one.needs, kind=one.kind, name=one.name, codes=codes)
        else:
            out[key] = one
    return list(out.values())


def rendered(part: Part) -> str:
    """Give the text of a condition."""
    if isinstance(part, bool):
        return str(part)
    if isinstance(part, Join):
        inner = (f"({rendered(one)})" if isinstance(one, Join) else rendered(one) for one in part.parts)
        return f" {part.word} ".join(inner)
    codes = ", ".join(constant(code) for code in part.codes)
    if part.kind in {"has", "lacks"}:
        return f"{'not ' if part.kind == 'lacks' else ''}selected({part.name}, {codes})"
    if part.kind in {"eq", "ne"} and len(part.codes) > 1:
        return f"{part.name} {'in' if part.kind == 'eq' else 'not in'} ({codes})"
    if part.kind in {"eq", "ne"}:
        return f"{part.name} {'==' if part.kind == 'eq' else '!='} {codes}"
    return part.text
