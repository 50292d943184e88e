"""XPath as logic: negations moved to the comparisons, questions by their items, dates and codes as what they are."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

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
    Scope,
    Target,
    Truth,
    Value,
    denied,
    every,
    named,
    some,
)
from survey_kit.instrument.imports.xpath_tree import Binary, Call, Column, Filter, Node, Number, Ref, Text
from survey_kit.types import Code

_TURNED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_KINDS = {"%Y": "year", "%n": "month", "%m": "month", "%Y%m%d": "day", "%Y-%m-%d": "day"}
_SAME = frozenset({"number", "string", "date", "once", "decimal-date-time"})  # a value stays what it is


@dataclass(slots=True)
class Translator:
    """Turn XPath into logic; parts of a conjunction that cannot be said are left out and kept in `lost`."""

    scope: Scope
    lost: list[Lost] = field(default_factory=list)

    def logic(self, node: Node, holds: bool = True) -> Logic:
        """Turn a condition, or its denial, into logic."""
        match node:
            case Binary("and" | "or" as op, left, right):
                conjunction = (op == "and") is holds
                parts = [self._part(one, holds, keep=conjunction) for one in (*chain(op, left), *chain(op, right))]
                return every(parts) if conjunction else some(parts)
            case Binary(op, left, right) if op in _TURNED:
                return self._compare(op, left, right, holds)
            case Call(name, args):
                return self._called(name, args, node, holds)
            case Ref():
                return self._filled(self.value(node), holds)
            case Number(value):
                return Truth(bool(value) is holds)
            case _:
                raise Lost(f"{_told(node)} is no condition that can be expressed.", "Compare answers with codes.")

    def _called(self, name: str, args: tuple[Node, ...], node: Node, holds: bool) -> Logic:
        match name, args:
            case "not", (part,):
                return self.logic(part, not holds)
            case (("true" | "false"), ()):
                return Truth((name == "true") is holds)
            case (("boolean" | "boolean-from-string" | "string" | "once"), (part,)):
                return self.logic(part, holds)
            case "if", (test, body, other):
                return self._choice(test, body, other, holds)
            case "selected", (part, code):
                return self._selected(part, code, holds)
            case "coalesce", _:
                return self._filled(self.value(node), holds)
            case _:
                raise Lost(f"{name}() is no condition that can be expressed.", "Compare answers with codes.")

    def _part(self, node: Node, holds: bool, *, keep: bool) -> Logic:
        if not keep:
            return self.logic(node, holds)
        try:
            return self.logic(node, holds)
        except Lost as lost:
            self.lost.append(lost)
            return Truth(True)

    def _choice(self, test: Node, body: Node, other: Node, holds: bool) -> Logic:
        yes = every([self.logic(test), self.logic(body, holds)])
        return some([yes, every([self.logic(test, False), self.logic(other, holds)])])

    def _selected(self, part: Node, code: Node, holds: bool) -> Logic:
        value = self.value(part)
        if not isinstance(value, Name) or not isinstance(code, Text | Number):
            raise Lost("selected() looks for an answer that is no constant.", "Write selected(${name}, 'code').")
        text = code.value if isinstance(code, Text) else _number(code.value)
        target = value.target
        if target.type in {"single", "arm"}:
            return self._settled("=", value, Const(text), holds)
        if target.type not in {"multiple", "unknown"}:
            raise Lost(f"selected() looks at '{target.id}', which takes no codes.", "Write a comparison.")
        return Has(target, coded(target, text), holds)

    def _filled(self, value: Value, holds: bool) -> Logic:
        match value:
            case Name() | Over():
                return Filled(value, holds)
            case Const(one):
                return Truth((one != "") is holds)
            case Op() | Func():
                return (
                    every([self._filled(Name(one), True) for one in named(value)])
                    if holds
                    else some([self._filled(Name(one), False) for one in named(value)])
                )
            case _:
                raise Lost("A computed value is tested for being blank.", "Test the answers it is computed from.")

    def _compare(self, op: str, left: Node, right: Node, holds: bool) -> Logic:
        for one, other, sign in ((left, right, op), (right, left, _TURNED[op])):
            if other == Text("") and sign in {"=", "!="}:
                return self._filled(self.value(one), holds is (sign == "!="))
            if isinstance(one, Call) and one.name == "string-length" and isinstance(other, Number):
                return self._length(one, sign, other.value, holds)
            if isinstance(one, Call) and one.name == "count" and isinstance(one.args[0] if one.args else None, Filter):
                return self._members(one, sign, other, holds)
            if isinstance(one, Call) and one.name in {"true", "false"}:
                same = (one.name == "true") is (sign == "=")
                return self.logic(other, holds is same)
            if isinstance(one, Call) and one.name in {"selected", "not", "boolean"} and isinstance(other, Number):
                return self.logic(one, holds is ((other.value != 0) is (sign == "=")))
        return self._settled(op, self.value(left), self.value(right), holds)

    def _length(self, call: Call, sign: str, number: float, holds: bool) -> Logic:
        if (sign, number) in {(">", 0), ("!=", 0), (">=", 1)}:
            return self._filled(self.value(call.args[0]), holds)
        if (sign, number) in {("=", 0), ("<", 1), ("<=", 0)}:
            return self._filled(self.value(call.args[0]), not holds)
        raise Lost("The length of a text cannot be tested.", "Check it when the data are read.")

    def _members(self, call: Call, sign: str, other: Node, holds: bool) -> Logic:
        value = self._over("min", call.args[0])
        if (sign, other) in {(">", Number(0.0)), ("!=", Number(0.0)), (">=", Number(1.0))}:
            return Filled(value, holds)
        if (sign, other) in {("=", Number(0.0)), ("<", Number(1.0))}:
            return Filled(value, not holds)
        raise Lost("Members that meet a condition cannot be counted.", "Count all of them: count(module).")

    def _settled(self, op: str, left: Value, right: Value, holds: bool) -> Logic:
        """Compare two values; of a choice between values each is compared under its condition."""
        for place, side in enumerate((left, right)):
            choice = _first_choice(side)
            if choice is not None:
                both = [
                    (_chosen(side, choice, one), right if place == 0 else left) for one in (choice.body, choice.other)
                ]
                made = [
                    self._settled(op, *((one, other) if place == 0 else (other, one)), holds) for one, other in both
                ]
                return some([every([choice.test, made[0]]), every([denied(choice.test), made[1]])])
        left, right = _matched(left, right), _matched(right, left)
        if isinstance(left, Const) and isinstance(right, Const):
            return Truth(_compared(op, left.value, right.value) is holds)
        if isinstance(left, Const):
            op, left, right = _TURNED[op], right, left
        return Compare(op, left, right, holds)

    # --------------------------------------------------------------------------------------------------------- values
    def value(self, node: Node) -> Value:
        """Turn a value into one of ours."""
        match node:
            case Number(value):
                return Const(_number(value))
            case Text(value):
                return Const(value)
            case Ref(name) if name in self.scope.counts:
                return Over("count", self.scope.counts[name])
            case Ref(name):
                return Name(self.scope.find(name))
            case Binary("+" | "-" | "*" | "div" as op, left, right):
                one, other = self.value(left), self.value(right)
                return _computed("/" if op == "div" else op, one, other)
            case Binary("mod", left, right):
                if any(_divided(part) for part in (left, right)):
                    raise Lost(
                        "A remainder of a remainder cannot be expressed.", "Compute the first one in a row of its own."
                    )
                one, other = self.value(left), self.value(right)
                return Op("-", one, Op("*", Func("floor", Op("/", one, other)), other))
            case Call(name, args):
                return self._call(name, args)
            case Column(name):
                raise Lost(f"'{name}' is no question.", f"Write ${{{name}}}." if name != ".." else "")
            case _:
                raise Lost(f"{_told(node)} cannot be expressed as a value.", "Compute it when the data are read.")

    def _call(self, name: str, args: tuple[Node, ...]) -> Value:
        found: Value | None = None
        match name, args:
            case _, (part,) if name in _SAME:
                found = self.value(part)
            case "count-selected", (part,):
                found = Func("count_selected", self.value(part))
            case (("format-date" | "format-date-time"), (part, Text(how))) if how in _KINDS:
                found = Func(_KINDS[how], self.value(part))
            case (("floor" | "int"), (part,)):
                found = Func("floor", self.value(part))
            case "round", (part, Number(0.0)) | (part,):
                found = Func("floor", Op("+", self.value(part), Const(0.5)))
            case "if", (test, body, other):
                found = self._if(test, body, other)
            case (("sum" | "min" | "max" as how), (part,)):
                found = self._over(how, part)
            case "count", (Ref(other),) if other in self.scope.repeats:
                found = Over("count", self.scope.repeats[other])
            case (("true" | "false"), ()):
                found = Const(1 if name == "true" else 0)
            case _:
                pass
        if found is None:
            raise Lost(f"{name}() cannot be expressed.", "Compute it when the data are read, or ask for it.")
        return found

    def _if(self, test: Node, body: Node, other: Node) -> Value:
        whole = _floored(test, body, other)
        if whole is not None:
            return Func("floor", self.value(whole))
        match test, body, other:
            case Binary(">", Call("count", (Filter(),)), Number(0.0)), Call("sum", (part,)), Number(0.0):
                return self._over("sum", part)
            case _:
                return Choice(self.logic(test), self.value(body), self.value(other))

    def _over(self, how: str, node: Node) -> Over:
        base = node.base if isinstance(node, Filter) else node
        if not isinstance(base, Ref) or base.name == ".":
            raise Lost(f"{how}() cannot be expressed here.", f"Write {how}(${{name}}).")
        target = self.scope.find(base.name)
        if isinstance(node, Filter):
            inner = Translator(replace(self.scope, own=target.id))
            condition = inner.logic(node.condition)
            allowed = {Filled(Name(target)), *(Compare("!=", Name(target), Const(code)) for code in target.missing)}
            if set(condition.parts if isinstance(condition, All) else (condition,)) - allowed:
                raise Lost(f"{how}() over members that meet a condition cannot be expressed.", "Compute it per member.")
        return Over(how, target.id)


def chain(op: str, node: Node) -> list[Node]:
    """Give the parts that an operator joins, from left to right.

    Examples
    --------
    >>> from survey_kit.instrument.imports.xpath_tree import read_xpath
    >>> len(chain("or", read_xpath("${a} or ${b} or ${c} and ${d}")))
    3
    """
    out: list[Node] = []
    while isinstance(node, Binary) and node.op == op:
        out += reversed(chain(op, node.right))
        node = node.left
    return [node, *reversed(out)]


def coded(target: Target, text: float | str) -> Code:
    """Give a constant as the code of an item that it names."""
    for code in (*target.codes, *target.missing):
        if str(code) == str(text):
            return code
    return int(text) if isinstance(text, float) and text.is_integer() else text if isinstance(text, str) else int(text)


def _matched(value: Value, other: Value) -> Value:
    """Give a constant as the kind of thing that it is compared with."""
    if isinstance(value, Func) and value.name == "day":
        return value.part
    if not isinstance(value, Const):
        return value
    if isinstance(other, Func) and other.name == "day":
        text = str(value.value)
        return Const(f"{text[:4]}-{text[4:6]}-{text[6:]}" if re.fullmatch(r"\d{8}", text) else text)
    if isinstance(other, Name) and other.target.coded:
        codes = {str(code): code for code in (*other.target.codes, *other.target.missing)}
        return Const(codes.get(str(value.value), _numeric(value.value) if codes else value.value))
    wordy = isinstance(other, Name) and other.target.type in {"text", "date"}
    return value if wordy else Const(_numeric(value.value))


def _numeric(value: float | str) -> float | int | str:
    if isinstance(value, str) and re.fullmatch(r"\s*-?\d{1,15}(?:\.\d{1,15})?\s*", value):
        return _number(float(value))
    return value


def _number(value: float) -> float | int:
    return int(value) if float(value).is_integer() and abs(value) < 1e15 else value


def _computed(op: str, left: Value, right: Value) -> Value:
    """Give what two values make; two numbers make a number."""
    if isinstance(left, Const) and isinstance(right, Const):
        a, b = left.value, right.value
        if not isinstance(a, str) and not isinstance(b, str) and (op != "/" or b != 0):
            made = {"+": a + b, "-": a - b, "*": a * b}[op] if op != "/" else a / b
            return Const(_number(made)) if abs(made) < 1e60 else Op(op, left, right)
    return Op(op, left, right)


def _first_choice(value: Value) -> Choice | None:
    """Find a choice between values inside a value."""
    match value:
        case Choice():
            return value
        case Op(_, left, right):
            return _first_choice(left) or _first_choice(right)
        case Func(_, part):
            return _first_choice(part)
        case _:
            return None


def _chosen(value: Value, choice: Choice, one: Value) -> Value:
    """Put one of two values in the place of the choice between them."""
    match value:
        case Choice() if value == choice:
            return one
        case Op(op, left, right):
            return Op(op, _chosen(left, choice, one), _chosen(right, choice, one))
        case Func(name, part):
            return Func(name, _chosen(part, choice, one))
        case _:
            return value


def _compared(op: str, left: float | str, right: float | str) -> bool:
    if op in {"=", "!="}:
        return (left == right) is (op == "=")
    if isinstance(left, str) or isinstance(right, str):
        return False
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[op]


def _divided(node: Node) -> bool:
    """Say whether a remainder stands in an expression."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        match one:
            case Binary(op, left, right):
                if op == "mod":
                    return True
                waiting += [left, right]
            case Call(_, args):
                waiting += args
            case _:
                pass
    return False


def _floored(test: Node, body: Node, other: Node) -> Node | None:
    """Recognise the largest whole number below, written with int()."""
    match test, body, other:
        case (
            Binary("and", Binary("<", one, Number(0.0)), Binary("!=", Call("int", (two,)), three)),
            Binary("-", Call("int", (four,)), Number(1.0)),
            Call("int", (five,)),
        ) if one == two == three == four == five:
            return one
        case _:
            return None


def _told(node: Node) -> str:
    match node:
        case Call(name, _):
            return f"{name}()"
        case Text(value):
            return f"'{value[:40]}'"
        case Number(value):
            return f"{value:g}"
        case Binary(op, _, _):
            return f"a value of '{op}'"
        case Column(name):
            return f"'{name}'"
        case _:
            return "this"
