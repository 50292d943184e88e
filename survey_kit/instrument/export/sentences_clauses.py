"""Trees of conditions and values as clauses of a language: the phrases stand in the catalogue ``paper``."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from survey_kit.errors import InstrumentError
from survey_kit.instrument.export.sentences_numbers import letters
from survey_kit.instrument.expressions import GRAMMAR, called, constants, parse_value
from survey_kit.instrument.model import NUMERIC
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.language import Words
from survey_kit.types import Code

SHOWN_LABELS = 4  # more answers than this are named by their codes
_WITH_NUMBER = {
    ast.Eq: "is",
    ast.NotEq: "is_not",
    ast.Lt: "less",
    ast.LtE: "or_less",
    ast.Gt: "more",
    ast.GtE: "or_more",
}
_WITH_DATE = {**_WITH_NUMBER, ast.Lt: "earlier", ast.LtE: "or_earlier", ast.Gt: "later", ast.GtE: "or_later"}
_WITH_VALUE = {
    ast.Eq: "equals",
    ast.NotEq: "differs",
    ast.Lt: "smaller",
    ast.LtE: "at_most_value",
    ast.Gt: "greater",
    ast.GtE: "at_least",
}
_OPPOSITE: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
MIRRORED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.Eq,
    ast.NotEq: ast.NotEq,
    ast.Lt: ast.Gt,
    ast.Gt: ast.Lt,
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
}
_SIGNS = {ast.Add: "+", ast.Sub: "−", ast.Mult: "×", ast.Div: "÷"}
_OF_ITEM = {"year": "year_in", "month": "month_in", "count_selected": "ticked_in"}
_OF_MEMBERS = {"sum": "sum_of", "min": "min_of", "max": "max_of"}


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause, and by which word its parts are joined."""

    text: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Atom:
    """The statement that one item has one of some answers."""

    name: str
    codes: tuple[Code, ...]
    answers: str


@dataclass(frozen=True, slots=True)
class Sayer:
    """Says conditions and values of one instrument in one language."""

    instrument: Instrument
    language: str
    say: Words
    numbers: Mapping[str, str]
    order: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        places = {item.id: place for place, item in enumerate(self.instrument.items)}
        object.__setattr__(self, "order", places)

    # ------------------------------------------------------------------------------------------------------ truth
    def truth(self, node: ast.expr, *, sure: bool = True) -> Clause:
        """Say what makes a condition certainly true, or with ``sure=False`` certainly false."""
        match node:
            case ast.BoolOp(op=op, values=values):
                by = "and" if isinstance(op, ast.And) is sure else "or"
                return self._join(_without_sure(values) if by == "and" and sure else values, by, sure=sure)
            case ast.UnaryOp(operand=operand):
                return self.truth(operand, sure=not sure)
            case ast.Call(args=[ast.Name(id=name)]):
                return Clause(self.say("answered" if sure else "unanswered", item=self.ref(name)))
            case ast.Call(args=[ast.Name(id=name), *codes]):
                return Clause(self._selected(name, tuple(c for part in codes for c in constants(part)), sure=sure))
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                parts = [
                    self._compared(type(op) if sure else _OPPOSITE[type(op)], one, other)
                    for op, (one, other) in zip(ops, pairwise([left, *comparators]), strict=True)
                ]
                return self._joined(parts, "and" if sure else "or")
            case _:
                raise InstrumentError("A condition holds what it must not hold.", found=ast.unparse(node), fix=GRAMMAR)

    def _join(self, values: Sequence[ast.expr], by: str, *, sure: bool) -> Clause:
        """Join parts; statements of one answer to several items become one."""
        atoms = [self.atom(part, sure=sure) for part in values]
        done: list[str] = []
        parts: list[Clause] = []
        for part, atom in zip(values, atoms, strict=True):
            alike = [one for one in atoms if atom and one and one.answers == atom.answers]
            if atom is None or len(alike) < 2:
                parts.append(self.truth(part, sure=sure))
            elif atom.answers not in done:
                done.append(atom.answers)
                items = self.several([one.name for one in alike])
                parts.append(Clause(self.say("any_is" if by == "or" else "each_is", items=items, answers=atom.answers)))
        return self._joined(parts, by)

    def _joined(self, parts: Sequence[Clause], by: str) -> Clause:
        kept = list(dict.fromkeys(parts))
        if len(kept) == 1:
            return kept[0]
        told = [f"({one.text})" if one.by and one.by != by else one.text for one in kept]
        return Clause(self.say(f"clause_{by}").join(told), by)

    def atom(self, node: ast.expr, *, sure: bool = True) -> Atom | None:
        """Read a statement that one coded item has one of some answers; None for any other."""
        match node:
            case ast.BoolOp(op=ast.And(), values=values) if sure and len(left := _without_sure(values)) == 1:
                return self.atom(left[0])
            case ast.Compare(left=ast.Name(id=name), ops=[op], comparators=[side]) if self._coded(name):
                codes = self._meeting(name, type(op) if sure else _OPPOSITE[type(op)], constants(side))
                item = self.instrument.item(name)
                if item.type == "arm" or not 0 < len(codes) <= SHOWN_LABELS or not self._worded(name, codes):
                    return None
                return Atom(name, codes, self.answers(name, codes))
            case _:
                return None

    def _coded(self, name: str) -> bool:
        return name in self.instrument and self.instrument.item(name).type in {"single", "arm"}

    def _worded(self, name: str, codes: Iterable[Code]) -> bool:
        scale = self.instrument.scale_of(name)
        return scale is not None and all(scale.labels.get(code) for code in codes)

    def _meeting(self, name: str, op: type[ast.cmpop], values: tuple[Code | float, ...]) -> tuple[Code, ...]:
        """Give the codes of an item that meet a comparison with constants; none where that says nothing."""
        if not values:
            return ()
        return tuple(code for code in self.instrument.codes(name) if meets(op, code, values))

    def _selected(self, name: str, codes: tuple[Code | float, ...], *, sure: bool) -> str:
        known = self.instrument.codes(name)
        chosen, item = tuple(code for code in known if code in codes), self.ref(name)
        if not chosen:
            return self.say("never") if sure else self.say("answered", item=item)
        others, listed = tuple(code for code in known if code not in codes), self.listed(chosen)
        if not sure:
            short = len(chosen) <= 2
            key = "selected_none" if short else "selected_none_of"
            return self.say(key, item=item, answers=self.answers(name, chosen), codes=listed)
        if len(chosen) > SHOWN_LABELS and 0 < len(others) <= 2:
            return self.say("selected_other", item=item, answers=self.answers(name, others))
        if len(chosen) > SHOWN_LABELS:
            return self.say("selected_codes", item=item, codes=listed)
        key = "selected_one" if len(chosen) == 1 else "selected_any"
        answers = self.answers(name, chosen) if len(chosen) == 1 else ", ".join(self.answer(name, c) for c in chosen)
        return self.say(key, item=item, answers=answers)

    def _compared(self, op: type[ast.cmpop], one: ast.expr, other: ast.expr) -> Clause:
        if constants(one) and not constants(other) and op in MIRRORED:
            op, one, other = MIRRORED[op], other, one
        values = constants(other)
        if isinstance(one, ast.Name) and values and self._coded(one.id):
            return Clause(self._answer(one.id, op, values))
        if not values:
            return Clause(self.say(_WITH_VALUE[op], left=self.value(one), right=self.value(other)))
        return Clause(self._measured(op, one, values))

    def _answer(self, name: str, op: type[ast.cmpop], values: tuple[Code | float, ...]) -> str:
        """Say which answers a coded item must have."""
        codes, item = self._meeting(name, op, values), self.ref(name)
        if not codes:
            return self.say("never")
        if self.instrument.item(name).type == "arm":
            return self.say("draw_is", item=item, answers=self.answers(name, codes))
        others = tuple(code for code in self.instrument.codes(name) if code not in codes)
        if not others:
            return self.say("answered", item=item)
        if self._worded(name, codes) and len(codes) <= SHOWN_LABELS:
            return self.say("answer_is", item=item, answers=self.answers(name, codes))
        if self._worded(name, others) and len(others) <= 2:
            return self.say("answer_not", item=item, answers=self.answers(name, others))
        return self.say("code_is", item=item, codes=self.listed(codes))

    def _measured(self, op: type[ast.cmpop], one: ast.expr, values: tuple[Code | float, ...]) -> str:
        """Say how a number or a date compares with constants."""
        left = self.measure(one)
        if op in {ast.In, ast.NotIn}:
            told = self.say("or").join(self.constant(value) for value in values)
            return self.say("is" if op is ast.In else "is_not", left=left, right=told)
        value = values[0]
        dated = isinstance(value, str)
        if not dated and float(value) == int(value) and self._whole(one) and op in {ast.Lt, ast.Gt}:
            op, value = (ast.LtE, int(value) - 1) if op is ast.Lt else (ast.GtE, int(value) + 1)
        return self.say((_WITH_DATE if dated else _WITH_NUMBER)[op], left=left, right=self.constant(value))

    def _whole(self, node: ast.expr) -> bool:
        """Say whether a value is certainly a whole number."""
        match node:
            case ast.Name(id=name):
                return name in self.instrument and self.instrument.item(name).type == "integer"
            case ast.Call():
                return called(node) in {"count", "count_selected", "year", "month", "floor"}
            case _:
                return False

    # ------------------------------------------------------------------------------------------------------ values
    def measure(self, node: ast.expr) -> str:
        """Say what is measured on the left of a comparison."""
        if not isinstance(node, ast.Name):
            return self.value(node)
        kind = self.instrument.item(node.id).type if node.id in self.instrument else "integer"
        key = "number_in" if kind in NUMERIC else "date_in" if kind == "date" else "text_in"
        return self.say(key, item=self.ref(node.id))

    def value(self, node: ast.expr, *, inside: bool = False) -> str:
        """Say how a value is computed."""
        match node:
            case ast.Name(id=name):
                step = self._step(name)
                return self.value(step, inside=inside) if step is not None else self.ref(name)
            case ast.BinOp(left=left, op=op, right=right):
                told = self._counted(node) or (
                    f"{self.value(left, inside=not isinstance(op, ast.Add))} {_SIGNS[type(op)]} {self.value(right, inside=True)}"
                )
                return f"({told})" if inside else told
            case ast.IfExp(test=test, body=body, orelse=orelse):
                parts = {"value": self.value(body, inside=True), "other": self.value(orelse)}
                told = self.say("value_if", condition=self.truth(test).text, **parts)
                return f"({told})" if inside else told
            case ast.Call(func=ast.Name(id=how), args=[part]):
                return self._called(how, part)
            case _ if len(constants(node)) == 1:
                return self.constant(constants(node)[0])
            case _:
                raise InstrumentError("A value holds what it must not hold.", found=ast.unparse(node), fix=GRAMMAR)

    def _called(self, how: str, part: ast.expr) -> str:
        name = part.id if isinstance(part, ast.Name) else ""
        if how == "floor":
            return self.say("rounded_down", value=self.value(part, inside=True))
        if how == "count":
            return self.say("members_in", part=letters(self.instrument).get(name, name))
        return self.say(_OF_ITEM[how] if how in _OF_ITEM else _OF_MEMBERS[how], item=self.ref(name))

    def _counted(self, node: ast.expr) -> str:
        """Say a sum of ``1 if item has an answer else 0`` as a count; blank when it is none."""
        atoms: list[Atom] = []
        others: list[ast.expr] = []
        for term in self._terms(node):
            match term:
                case ast.IfExp(test=test, body=ast.Constant(value=1), orelse=ast.Constant(value=0)) if (
                    atom := self.atom(test)
                ):
                    atoms.append(atom)
                case _:
                    others.append(term)
        answers = dict.fromkeys(atom.answers for atom in atoms)
        if len(atoms) < 2:
            return ""
        told = [self.value(term, inside=True) for term in others]
        for one in answers:
            items = self.several([atom.name for atom in atoms if atom.answers == one])
            told.append(self.say("how_many", items=items, answers=one))
        return " + ".join(told)

    def _step(self, name: str) -> ast.expr | None:
        """Give how an item is computed that is said in place, because the questionnaire has no number for it."""
        if name in self.numbers or name not in self.instrument:
            return None
        value = self.instrument.item(name).value
        return parse_value(value).tree if value else None

    def _terms(self, node: ast.expr) -> list[ast.expr]:
        """Take a sum apart, steps that are said in place included."""
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return [*self._terms(node.left), *self._terms(node.right)]
        step = self._step(node.id) if isinstance(node, ast.Name) else None
        return [node] if step is None else self._terms(step)

    # ------------------------------------------------------------------------------------------------------- parts
    def ref(self, name: str) -> str:
        """Give the display number of an item; its id where it has none."""
        return self.numbers.get(name, name)

    def several(self, names: Sequence[str]) -> str:
        """Name several items; rows that follow each other as a range."""
        order = self.order
        runs: list[list[str]] = []
        for name in sorted(dict.fromkeys(names), key=lambda one: order.get(one, len(order))):
            grid = self.instrument.grid_of(name) if name in self.instrument else None
            last = runs[-1][-1] if runs else None
            near = last is not None and grid is not None and self.instrument.grid_of(last) is grid
            if last is not None and near and order[name] == order[last] + 1:
                runs[-1].append(name)
            else:
                runs.append([name])
        told = [
            f"{self.ref(run[0])}–{self.ref(run[-1])}" if len(run) > 2 else ", ".join(map(self.ref, run)) for run in runs
        ]
        return ", ".join(told)

    def answer(self, name: str, code: Code) -> str:
        """Give the label of an answer in quotes, without a sentence's end."""
        text = self.instrument.label(name, code, self.language)
        return self.say("quote", text=text.rstrip(".")) if text != str(code) else str(code)

    def answers(self, name: str, codes: Iterable[Code]) -> str:
        """Give labels of answers, joined by "or"."""
        return self.say("or").join(self.answer(name, code) for code in codes)

    def listed(self, codes: Sequence[Code]) -> str:
        """Give codes, joined by commas and "or"; three and more whole numbers in a row as a range."""
        runs: list[list[Code]] = []
        for code in codes:
            if runs and isinstance(code, int) and isinstance(runs[-1][-1], int) and code == runs[-1][-1] + 1:
                runs[-1].append(code)
            else:
                runs.append([code])
        told = [part for run in runs for part in ([f"{run[0]}–{run[-1]}"] if len(run) > 2 else map(str, run))]
        return told[0] if len(told) == 1 else f"{', '.join(told[:-1])}{self.say('or')}{told[-1]}"

    def constant(self, value: Code | float) -> str:
        """Give a constant: a date as the language writes it, any other text in quotes, a number as it is."""
        if isinstance(value, str):
            parts = value.split("-")
            if len(parts) == 3 and all(part.isdigit() for part in parts):
                return self.say("date", year=parts[0], month=parts[1], day=parts[2])
            return self.say("quote", text=value)
        return f"{value:.15g}".replace("-", "−").replace(".", self.say("decimal_sign"))


def meets(op: type[ast.cmpop], code: Code | float, values: Sequence[Code | float]) -> bool:
    """Say whether a code meets a comparison with constants; a number is never equal to, below or above a text."""
    if op in {ast.In, ast.NotIn}:
        return any(_equal(code, one) for one in values) is (op is ast.In)
    value = values[0]
    if op in {ast.Eq, ast.NotEq}:
        return _equal(code, value) is (op is ast.Eq)
    if isinstance(code, str) or isinstance(value, str):
        if not (isinstance(code, str) and isinstance(value, str)):
            return False
        return _ordered(op, (code > value) - (code < value))
    return _ordered(op, (code > value) - (code < value))


def _equal(one: Code | float, other: Code | float) -> bool:
    return isinstance(one, str) is isinstance(other, str) and one == other


def _ordered(op: type[ast.cmpop], sign: int) -> bool:
    return {ast.Lt: sign < 0, ast.LtE: sign <= 0, ast.Gt: sign > 0, ast.GtE: sign >= 0}[op]


def _without_sure(values: Sequence[ast.expr]) -> list[ast.expr]:
    """Leave ``answered(x)`` out where another part compares x, and so can only be true when x is answered."""
    compared = {
        name.id
        for part in values
        if isinstance(part, ast.Compare) or (isinstance(part, ast.Call) and called(part) == "selected")
        for name in ast.walk(part)
        if isinstance(name, ast.Name)
    }
    kept = [
        part
        for part in values
        if not (
            isinstance(part, ast.Call)
            and called(part) == "answered"
            and isinstance(part.args[0], ast.Name)
            and part.args[0].id in compared
        )
    ]
    return kept or list(values)
