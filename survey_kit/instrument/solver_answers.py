"""The answer to one item as variables, and the rules of what it can be."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from survey_kit.instrument.model import Item
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.solver import Translator
from survey_kit.instrument.solver_logic import Constant, Formula, Logic, Value, fraction


def answer(write: Translator, instrument: Instrument, item: Item, name: str) -> tuple[Value, list[Formula]]:
    """Make the variables of an answer and the rules of its domain."""
    logic, answered = write.logic, write.logic.truth(f"{name}: answered")
    codes = instrument.codes(item.id)
    if item.type == "multiple":
        return _several(logic, item, codes, name, answered)
    if item.type in {"single", "arm"} and codes:
        text = any(isinstance(code, str) for code in codes)
        cases: dict[Constant, Formula] = {
            code if isinstance(code, str) else fraction(code): logic.truth(f"{name} = {code!r}")
            for code in dict.fromkeys(codes)
        }
        guards = list(cases.values())
        rules = [logic.same(answered, logic.some(guards)), logic.z3.AtMost(*guards, 1)]
        return Value(kind="text" if text else "number", known=answered, cases=cases), rules
    if item.type == "date":
        return _date(logic, name, answered)
    if item.type == "text":
        place = logic.number(name, whole=True)  # an empty text is no answer
        return Value(kind="text", known=answered, term=place), [place > write.texts[""]]
    term = logic.number(name, whole=item.type == "integer")
    low, high = (0.0, 1.0) if item.type == "random" else (item.minimum, item.maximum)
    rules = [term >= logic.constant(low)] if low is not None else []
    if high is not None:
        rules.append(term < logic.constant(high) if item.type == "random" else term <= logic.constant(high))
    rules += [term != logic.constant(one) for one in instrument.missing_codes(item.id) if isinstance(one, int)]
    return Value(kind="number", known=answered, term=term), [logic.implies(answered, logic.every(rules))]


def _several(
    logic: Logic, item: Item, codes: Sequence[int | str], name: str, answered: Formula
) -> tuple[Value, list[Formula]]:
    cases: dict[Constant, Formula] = {
        code if isinstance(code, str) else fraction(code): logic.truth(f"{name} has {code!r}")
        for code in dict.fromkeys(codes)
    }
    rules = [logic.same(answered, logic.some(cases.values()))]
    for code in item.exclusive:
        key: Constant = code if isinstance(code, str) else Fraction(code)
        others = [logic.negate(guard) for other, guard in cases.items() if other != key]
        rules.append(logic.implies(cases.get(key, False), logic.every(others)))
    if item.most is not None and 0 <= item.most < len(cases):
        rules.append(logic.z3.AtMost(*cases.values(), item.most))
    return Value(kind="codes", known=answered, cases=cases), rules


def _date(logic: Logic, name: str, answered: Formula) -> tuple[Value, list[Formula]]:
    """Make a date: any day of the calendar from year 1 to 9999."""
    year, month, place = (logic.number(f"{name}: {part}", whole=True) for part in ("year", "month", "day"))
    leap = logic.every([year % 4 == 0, logic.some([year % 100 != 0, year % 400 == 0])])
    long = logic.every([month != one for one in (2, 4, 6, 9, 11)])
    rules = [year >= 1, year <= 9999, month >= 1, month <= 12, place >= 1, place <= 31]
    rules += [logic.some([long, place <= 30]), logic.some([month != 2, place <= 28, logic.every([place == 29, leap])])]
    number = 372 * year + 31 * (month - 1) + place - 1
    return Value(kind="date", known=answered, term=number, date=(year, month, place)), rules
