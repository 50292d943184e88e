"""The members of a repeated module as formulas: how many there are, and what is summed up over them."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from survey_kit.instrument.model import Item
from survey_kit.instrument.solver import Translator
from survey_kit.instrument.solver_logic import Constant, Formula, Term, UntranslatableError, Value


@dataclass(frozen=True, slots=True)
class Members:
    """How often a module is asked: as often as its counting item says, from none to `most`, and never where it is not asked.

    Attributes
    ----------
    count
        The counting item; None when nothing is known of it.
    asked
        When the module is asked at all.
    written
        How many members are written out one by one.
    """

    write: Translator
    module: str
    count: Value | None
    most: int
    written: int
    asked: Formula = True

    def rules(self) -> list[Formula]:
        """Say that who has a second member has a first, where the number is not known."""
        if self.count is not None:
            return []
        size = self._size()
        return [size >= 0, size <= self.most]

    def holds(self, member: int) -> Formula:
        """Say when there are so many members."""
        return self.write.logic.every([self.asked, self.counts_to(member)])

    def counts_to(self, member: int) -> Formula:
        """Say when the counting item goes so far."""
        if member > self.most:
            return False
        if self.count is None:
            return self._size() >= member
        if self.count.kind != "number":
            raise UntranslatableError(f"'{self.module}' is counted by what is no number")
        return self.write.compare(ast.GtE(), self.count, _number(member)).true

    def counted(self) -> Value:
        """Give the number of members; it is always known."""
        logic, nought = self.write.logic, self.write.logic.constant(0)
        if self.count is None:
            return Value(kind="number", known=True, term=logic.choose(self.asked, self._size(), nought))
        known = logic.every([self.asked, self.count.known])
        if self.count.cases is not None:
            found: dict[Constant, list[Formula]] = {Fraction(0): [logic.negate(known)]}
            for constant, guard in self.count.cases.items():
                size = Fraction(min(max(int(constant), 0), self.most))
                found.setdefault(size, []).append(logic.every([self.asked, guard]))
            cases = {constant: logic.some(guards) for constant, guards in found.items()}
            return Value(kind="number", known=True, cases=cases)
        term = self.count.term
        whole = term if term.is_int() else logic.z3.ToInt(term)
        inside = logic.choose(whole > self.most, logic.constant(self.most), logic.choose(whole < 0, nought, whole))
        return Value(kind="number", known=True, term=logic.choose(known, inside, nought))

    def _size(self) -> Term:
        return self.write.logic.number(f"{self.module}: members", whole=True)


def summed(home: Members, how: str, item: Item, values: Sequence[Value]) -> tuple[Value, list[Formula], bool]:
    """Sum up over the members: the value, the rules that hold it, and whether they say exactly what it is.

    Examples
    --------
    >>> from survey_kit.instrument.solver_logic import Logic, solver_package
    >>> z3 = solver_package()
    >>> write = Translator(Logic(z3, z3.Context()), {"": 0})
    >>> two = Members(write, "people", _number(2), 2, 2)
    >>> ages = [_number(30), _number(12)]
    >>> value, rules, exact = summed(two, "sum", Item(id="age", type="integer"), ages)
    >>> [int(number) for number, guard in value.cases.items() if guard is True], exact
    ([42], True)
    """
    if any(value.kind != "number" for value in values):
        raise UntranslatableError(f"{how}({item.id}) of what is no number")
    if home.written < home.most:
        return _bounded(home, how, item, values[0])
    write = home.write
    if how == "sum":
        total = _number(0)
        for value in values:
            total = write.compute(ast.Add(), total, _or_nought(write, value))
        return total, [], True
    return _extreme(home, how, item, values)


def _or_nought(write: Translator, value: Value) -> Value:
    logic, nought = write.logic, Fraction(0)
    unknown = logic.negate(value.known)
    if value.cases is not None:
        cases = {**value.cases, nought: logic.some([value.cases.get(nought, False), unknown])}
        return Value(kind="number", known=True, cases=cases)
    return Value(kind="number", known=True, term=logic.choose(value.known, value.term, logic.constant(0)))


def _extreme(home: Members, how: str, item: Item, values: Sequence[Value]) -> tuple[Value, list[Formula], bool]:
    """Give the smallest or largest value of the members: none is beyond it, and one has it."""
    write, logic = home.write, home.write.logic
    terms = [(value.known, write.term(value)) for value in values]
    whole = all(term.is_int() for _, term in terms)
    out, known = logic.number(f"{how}({item.id})", whole=whole), logic.some(value.known for value in values)
    inside = [logic.implies(sure, out <= term if how == "min" else out >= term) for sure, term in terms]
    one = logic.some(logic.every([sure, out == term]) for sure, term in terms)
    return Value(kind="number", known=known, term=out), [logic.implies(known, logic.every([*inside, one]))], True


def _bounded(home: Members, how: str, item: Item, first: Value) -> tuple[Value, list[Formula], bool]:
    """Hold sum, smallest and largest within what the number of members and the limits of one answer allow.

    With a answers, each from l to h: ``a l <= sum <= a h``, ``l <= min <= max <= h``, none when a = 0; the first member is one of
    them.
    """
    write, logic = home.write, home.write.logic
    low, high = _limits(item, first)
    whole = first.cases is not None or first.term.is_int()
    answers = logic.number(f"{item.id}: answers", whole=True)
    total, least, most = (logic.number(f"{one}({item.id})", whole=whole) for one in ("sum", "min", "max"))
    size, some, own = write.term(home.counted()), answers >= 1, write.term(first)
    rules = [answers >= 0, answers <= size, logic.implies(logic.negate(some), total == 0)]
    inside = [least <= most, logic.implies(answers == 1, logic.every([least == most, total == least]))]
    if low is not None:
        inside += [least >= logic.constant(low), total >= answers * logic.constant(low)]
    if high is not None:
        inside += [most <= logic.constant(high), total <= answers * logic.constant(high)]
    rules.append(logic.implies(some, logic.every(inside)))
    rules.append(logic.implies(first.known, logic.every([some, least <= own, own <= most])))
    if how == "sum":
        return Value(kind="number", known=True, term=total), rules, False
    return Value(kind="number", known=some, term=least if how == "min" else most), rules, False


def _limits(item: Item, value: Value) -> tuple[Fraction | None, Fraction | None]:
    if value.cases:
        numbers = [Fraction(constant) for constant in value.cases]
        return min(numbers), max(numbers)
    if item.type == "calculated":
        return None, None
    low, high = item.minimum, item.maximum
    return None if low is None else Fraction(repr(low)), None if high is None else Fraction(repr(high))


def _number(value: int) -> Value:
    return Value(kind="number", known=True, cases={Fraction(value): True})
