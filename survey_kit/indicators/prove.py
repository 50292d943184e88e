"""Proofs of indicators against the routing: everybody in the base of an indicator is asked what it is made of.

An indicator averages answers. Where some of its base were never asked an item, the figure is that of a filter and not of the people
it names. A solver looks for such an interview (`survey_kit.instrument.solver_search`); what it finds is told with an example.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from survey_kit.errors import did_you_mean
from survey_kit.instrument.model import Problem, Severity
from survey_kit.instrument.prove_case import told
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.solver_items import Node, System
from survey_kit.instrument.solver_logic import Formula, UntranslatableError, Value, fraction
from survey_kit.instrument.solver_search import EFFORT, Search
from survey_kit.study import AnyOf, Indicator
from survey_kit.types import Code

PROOFS: Mapping[str, str] = {
    "P101": "an indicator needs an item that the instrument does not have",
    "P102": "an indicator counts a code that its item does not have",
    "P103": "an item of an indicator is never asked",
    "P104": "the items of an indicator are asked of different people",
    "P105": "some of a ratio's denominator are asked no item of its numerator",
    "P106": "an item of a numerator is closed to the whole denominator",
    "P107": "an item of a numerator is closed to some whom its own filter lets through",
    "P108": "the items of a denominator are asked of different people",
    "P109": "the solver did not decide within its limits",
}
MOST_NAMED = 3  # items whose answers an example gives although they might be missing


def prove_indicators(
    definitions: Sequence[Indicator], instrument: Instrument, *, effort: int = EFFORT
) -> tuple[Problem, ...]:
    """Hold indicators against the routing of an instrument: who of their base is never asked what they are made of.

    Parameters
    ----------
    definitions
        The indicators, in the order of the report.
    instrument
        The instrument of the wave.
    effort
        The most steps of the solver for one question.

    Returns
    -------
    tuple of Problem
        Faults, and remarks on indicators whose base is not one group of people; codes P101 to P109.

    Raises
    ------
    InstrumentError
        When z3 is not installed (``pip install 'trust-survey-kit[prove]'``).

    Notes
    -----
    Someone is in a ratio's denominator who gave one of its categories to any of its items. An item of the numerator may well be
    closed to some of them (the bribe question of an official they did not meet); a remark is made only when the items of the
    denominator that its own route looks at let a person through and the item is closed all the same.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module, Scale
    >>> yes_no = Scale(codes=(1, 2))
    >>> met = Item(id="met", scale=yes_no, text={"en": "Met?"})
    >>> paid = Item(id="paid", scale=yes_no, text={"en": "Paid?"}, ask_if="met == 2")
    >>> form = Instrument(id="a", version="1", modules=(Module(id="m", items=(met, paid)),))
    >>> share = Indicator(
    ...     id="bribery", title={"en": "Bribery"}, kind="ratio", base="answered", dont_know="exclude", direction="down",
    ...     numerator=AnyOf(any=("paid",), categories=(1,)), denominator=AnyOf(any=("met",), categories=(1,)),
    ... )
    >>> [problem.code for problem in prove_indicators([share], form)]
    ['P106']
    """
    system = System(instrument, [name for one in definitions for name in one.needs() if name in instrument])
    case = _Case(instrument, system, Search(system, effort))
    for one in definitions:
        case.problems += _indicator(case, one)
    return tuple(case.problems)


@dataclass(slots=True)
class _Case:
    """The instrument as formulas, and what was found."""

    instrument: Instrument
    system: System
    search: Search
    problems: list[Problem] = field(default_factory=list)

    def ask(self, one: Indicator, *formulas: Formula) -> bool | None:
        """Say whether an interview can be so; what stays undecided is told."""
        found = self.search.possible(*formulas)
        if found is None:
            message = f"The solver did not decide within its limits who is asked the items of '{one.id}'."
            known = _problem("P109", one, message, "Allow more effort.", "note")
            if known not in self.problems:
                self.problems.append(known)
        return found

    def example(self, names: Sequence[str], *formulas: Formula) -> str:
        """Give a short interview that makes formulas true; where few items decide, one in which they have answers."""
        system, logic = self.system, self.system.logic
        direct = dict.fromkeys(other for name in names for other in system.needs[name])
        nodes = [system.node(name) for name in direct] if len(direct) <= MOST_NAMED else []
        answered = [logic.implies(node.asked, node.answered) for node in nodes if node.value is not None]
        for extra in (answered, []):
            steps = self.search.path(logic.every([*formulas, *extra]), system.cone(names), drawn=True)
            if steps is not None:
                return f" For example {told(steps) or 'when nothing is answered'}."
        return ""

    def counts(self, half: AnyOf) -> Formula:
        """Say when a person counts in a half of a ratio."""
        return self.system.logic.some(self.chosen(self.system.node(name), half.categories) for name in half.any)

    def chosen(self, node: Node, categories: Sequence[Code]) -> Formula:
        """Say when an item has one of some answers."""
        value, logic = node.value, self.system.logic
        if value is None:
            return False
        if value.cases is not None:
            return logic.some(
                value.cases.get(one if isinstance(one, str) else fraction(one), False) for one in categories
            )
        try:
            return logic.some(self.system.compare(ast.Eq(), value, _constant(one)).true for one in categories)
        except UntranslatableError:
            return node.answered


def _indicator(case: _Case, one: Indicator) -> Iterator[Problem]:
    unknown = [name for name in one.needs() if name not in case.instrument]
    for name in unknown:
        fix = did_you_mean(name, [item.id for item in case.instrument.items])
        yield _problem("P101", one, f"The indicator '{one.id}' needs '{name}', which is no item.", fix)
    yield from _codes(case, one)
    if unknown:
        return
    closed = [name for name in one.needs() if case.ask(one, case.system.node(name).asked) is False]
    for name in closed:
        message = f"The item '{name}' of the indicator '{one.id}' is never asked."
        yield _problem("P103", one, message, "Mend its condition, or leave it out.")
    if closed:
        return
    if one.numerator is not None and one.denominator is not None:
        yield from _ratio(case, one, one.numerator, one.denominator)
    elif mixed := _mixed(case, one, one.items):
        message = f"The items of '{one.id}' are asked of different people: {mixed}"
        fix = "Average items of one filter, or say in its note whom each item stands for."
        yield _problem("P104", one, message, fix, "note")


def _codes(case: _Case, one: Indicator) -> Iterator[Problem]:
    halves = [(one.items, (*one.categories, *one.low_categories))]
    halves += [(half.any, half.categories) for half in (one.numerator, one.denominator) if half is not None]
    for names, categories in halves:
        for name in names:
            codes = case.instrument.codes(name) if name in case.instrument else ()
            strange = [code for code in categories if codes and code not in codes]
            if strange:
                shown = ", ".join(map(repr, strange))
                message = f"The indicator '{one.id}' counts {shown}, which is no answer of item '{name}'."
                yield _problem("P102", one, message, did_you_mean(str(strange[0]), codes))


def _mixed(case: _Case, one: Indicator, names: Sequence[str]) -> str:
    """Tell the groups of items that are asked of the same people, with an example; nothing when it is one group."""
    groups: list[list[str]] = []
    example = ""
    for name in dict.fromkeys(names):
        node, home = case.system.node(name), None
        for group in groups:
            first = case.system.node(group[0])
            parted = next((pair for pair in ((first, node), (node, first)) if _parted(case, one, *pair)), None)
            if parted is None:
                home = group
                break
            if not example:
                seen, unseen = parted
                formulas = (seen.asked, case.system.logic.negate(unseen.asked))
                answers = case.example([seen.item.id, unseen.item.id], *formulas)
                example = f"{answers} Then '{seen.item.id}' is asked and '{unseen.item.id}' is not."
        if home is None:
            groups.append([name])
        else:
            home.append(name)
    return " | ".join(", ".join(group) for group in groups) + f".{example}" if len(groups) > 1 else ""


def _parted(case: _Case, one: Indicator, seen: Node, unseen: Node) -> bool:
    return bool(case.ask(one, seen.asked, case.system.logic.negate(unseen.asked)))


def _ratio(case: _Case, one: Indicator, above: AnyOf, below: AnyOf) -> Iterator[Problem]:
    logic, system = case.system.logic, case.system
    inside = case.counts(below)
    nodes = [system.node(name) for name in above.any]
    nothing = [logic.negate(node.asked) for node in nodes]
    closed = [node for node in nodes if case.ask(one, inside, node.asked) is False]
    for node in closed:
        message = f"The item '{node.item.id}' in the numerator of '{one.id}' is closed to the whole denominator."
        yield _problem("P106", one, message, "Leave it out, or correct the denominator.")
    if len(closed) < len(nodes) and case.ask(one, inside, *nothing):
        example = case.example([*above.any, *below.any], inside, *nothing)
        message = f"Some in the denominator of '{one.id}' are asked no item of its numerator.{example}"
        yield _problem("P105", one, message, "Ask them, or narrow the denominator.")
    else:
        for node in (one for one in nodes if one not in closed):
            yield from _let_through(case, one, node, below, inside)
    mixed = _mixed(case, one, below.any)
    if mixed:
        message = f"The items in the denominator of '{one.id}' are asked of different people: {mixed}"
        yield _problem("P108", one, message, "Say in its note who is in the base.", "note")


def _let_through(case: _Case, one: Indicator, node: Node, below: AnyOf, inside: Formula) -> Iterator[Problem]:
    """Tell an item that stays closed to some although the items of the denominator in its own route let them through."""
    system, route = case.system, set(case.system.cone(case.system.needs[node.item.id]))
    own = [name for name in below.any if name in route]
    through = case.counts(AnyOf(any=tuple(own), categories=below.categories)) if own else inside
    unasked = system.logic.negate(node.asked)
    if case.ask(one, inside, through, unasked):
        example = case.example([node.item.id, *below.any], inside, through, unasked)
        message = f"Some in the denominator of '{one.id}' are not asked '{node.item.id}' of its numerator.{example}"
        fix = "Open it to them, or say in the indicator's note how they count."
        yield _problem("P107", one, message, fix, "note")


def _constant(code: Code) -> Value:
    if isinstance(code, str):
        return Value(kind="text", known=True, cases={code: True})
    return Value(kind="number", known=True, cases={fraction(code): True})


def _problem(code: str, one: Indicator, message: str, fix: str, severity: Severity = "error") -> Problem:
    return Problem(code=code, severity=severity, where=f"indicator '{one.id}'", message=message, fix=fix)
