"""Questions to the solver: can this be, and which answers lead there; each within limits, so that none runs away."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

from survey_kit.instrument.model import Item
from survey_kit.instrument.questionnaire import Instrument, leaves
from survey_kit.instrument.solver_items import STEP, Node, System
from survey_kit.instrument.solver_logic import Constant, Formula, Value, day
from survey_kit.instrument.walk import Walk
from survey_kit.types import Code

Answer: TypeAlias = Code | float | tuple[Code, ...]

EFFORT = 3_000_000  # steps of the solver per question: the same on every machine
KEPT = 60  # interviews found before that are tried first
MOST_TIDIED = 12  # answers of a path for which earlier and simpler ones are looked for
LEAST_EFFORT = 500_000  # after questions that it did not decide
MILLISECONDS = 10_000
MEGABYTES = 800


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One answer on the way to an item; `member` counts from 1 inside a repeated module."""

    item: str
    answer: Answer
    member: int = 0


@dataclass(slots=True)
class Search:
    """Ask the solver about the interviews of one instrument.

    Attributes
    ----------
    calls
        How often the solver was asked.
    effort
        The most steps a question may take; each that stays undecided halves it, so that a hard instrument takes no longer for it.
    """

    system: System
    effort: int = EFFORT
    calls: int = 0
    _solver: Any = field(init=False)
    _found: list[Any] = field(init=False, default_factory=list)  # interviews found before, the last first
    _told: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        logic = self.system.logic
        self._solver = logic.z3.SimpleSolver(ctx=logic.context)
        self._solver.set("random_seed", 0)
        self._solver.set("rlimit", self.effort)
        self._solver.set("timeout", MILLISECONDS)
        self._solver.set("max_memory", MEGABYTES)

    def possible(
        self,
        *formulas: Formula,
        routed: bool = True,
        drawn: bool = True,
        free: Formula = False,
    ) -> bool | None:
        """Say whether an interview can be so; None when the solver does not get there.

        `routed` false leaves the routes out of it: each answer for itself. `free` names a constraint that is set aside.
        """
        whole = self.system.logic.every(formulas)
        if whole is False:
            return False
        usual = routed and drawn and free is False
        if usual and self._seen(whole):
            return True
        self._begin(whole, routed=routed, drawn=drawn, free=free)
        try:
            found = self._check()
            if usual and found:
                self._found = [self._solver.model(), *self._found[: KEPT - 1]]
            return found
        finally:
            self._solver.pop()

    def _seen(self, formula: Formula) -> bool:
        """Say whether an interview found before is so, which saves a question."""
        if self._told < len(self.system.rules):
            self._found.clear()
        is_true = self.system.logic.z3.is_true
        return any(formula is True or is_true(one.eval(formula, model_completion=True)) for one in self._found)

    def path(self, formula: Formula, names: Sequence[str], *, drawn: bool = False) -> tuple[Step, ...] | None:
        """Give the fewest answers to the items `names` that make a formula true; None when there are none or none is found.

        Draws count like answers, and are left out where they do not matter unless they have to be `drawn`.
        """
        z3, nodes = self.system.logic.z3, self._answering(names)
        self._begin(formula, routed=True, drawn=drawn, free=False)
        try:
            best = self._steps(nodes) if self._check() else None
            if not best:
                return best
            low = 0
            while low < len(best):
                middle = (low + len(best)) // 2
                fewer = self._with(nodes, z3.AtMost(*(node.answered for node in nodes), middle))
                low, best = (middle + 1, best) if fewer is None else (low, fewer)
            self._solver.add(z3.AtMost(*(node.answered for node in nodes), len(best)))
            return self._earliest(nodes, best) if len(best) <= MOST_TIDIED else best
        finally:
            self._solver.pop()

    # --------------------------------------------------------------------------------------------------------- inside
    def _begin(self, formula: Formula, *, routed: bool, drawn: bool, free: Formula) -> None:
        logic, system = self.system.logic, self.system
        for rule in system.rules[self._told :]:
            self._solver.add(rule)
        self._told = len(system.rules)
        self._solver.push()
        self._solver.add(system.routed if routed else logic.negate(system.routed))
        self._solver.add(system.drawn if drawn else logic.negate(system.drawn))
        for node in system.nodes.values():
            if node.free is not False:
                self._solver.add(node.free if free is node.free else logic.negate(node.free))
        if formula is not True:
            self._solver.add(formula)

    def _check(self) -> bool | None:
        z3 = self.system.logic.z3
        self.calls += 1
        try:
            found = self._solver.check()
        except z3.Z3Exception:  # memory
            found = z3.unknown
        if found == z3.unknown:
            self.effort = max(self.effort // 2, min(self.effort, LEAST_EFFORT))
            self._solver.set("rlimit", self.effort)
            return None
        return bool(found == z3.sat)

    def _with(self, nodes: Sequence[Node], formula: Formula) -> tuple[Step, ...] | None:
        """Give answers that make one more formula true, and hold to it from now on; None when there are none."""
        self._solver.push()
        self._solver.add(formula)
        steps = self._steps(nodes) if self._check() else None
        self._solver.pop()
        if steps is not None:
            self._solver.add(formula)
        return steps

    def _earliest(self, nodes: Sequence[Node], steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """Give of all ways of this length that with the earliest items and answers, so that it hangs on nothing else."""
        logic, place = self.system.logic, {(node.item.id, node.member): k for k, node in enumerate(nodes)}
        start = 0
        for i in range(len(steps)):
            at = place[(steps[i].item, steps[i].member)]
            while at > start:
                better = self._with(nodes, logic.some(node.answered for node in nodes[start:at]))
                if better is None:
                    break
                steps, at = better, place[(better[i].item, better[i].member)]
            self._solver.add(nodes[at].answered)
            steps = self._simplest(nodes, nodes[at].value, steps, i)
            start = at + 1
        return steps

    def _simplest(
        self, nodes: Sequence[Node], value: Value | None, steps: tuple[Step, ...], i: int
    ) -> tuple[Step, ...]:
        """Give the first code that serves, one code instead of several; the smallest number from the lower limit on."""
        z3 = self.system.logic.z3
        if value is None or value.cases is None:
            return self._smallest(nodes, value, steps, i)
        codes, guards = list(value.cases), list(value.cases.values())
        if value.kind == "codes":
            steps = self._with(nodes, z3.AtMost(*guards, 1)) or steps
        while (at := _first(codes, steps[i].answer)) > 0:
            better = self._with(nodes, self.system.logic.some(guards[:at]))
            if better is None:
                break
            steps = better
        self._solver.add(guards[_first(codes, steps[i].answer)])
        return steps

    def _smallest(
        self, nodes: Sequence[Node], value: Value | None, steps: tuple[Step, ...], i: int
    ) -> tuple[Step, ...]:
        item, answer = self.system.node(steps[i].item).item, steps[i].answer
        if value is None or item.type not in {"integer", "date"} or (item.type == "integer" and item.minimum is None):
            return steps
        low, high = _bounds(item, answer)
        while low < high:
            middle = (low + high) // 2
            better = self._with(nodes, self.system.logic.every([value.term <= middle, value.term >= low]))
            if better is None:
                low = middle + 1
            else:
                steps, high = better, _bounds(item, better[i].answer)[1]
        self._solver.add(value.term == high)
        return steps

    def _answering(self, names: Iterable[str]) -> list[Node]:
        among = set(names)
        nodes = (node for (name, _), node in self.system.nodes.items() if name in among)
        return [node for node in nodes if node.value is not None and not node.computed]

    def _steps(self, nodes: Iterable[Node]) -> tuple[Step, ...]:
        model, z3 = self._solver.model(), self.system.logic.z3
        out = []
        for node in nodes:
            if node.value is not None and z3.is_true(model.eval(node.answered, model_completion=True)):
                answer = _Reading(model, z3, self.system).answer(node.item, node.value)
                out.append(Step(item=node.item.id, answer=answer, member=node.member))
        return tuple(out)


@dataclass(frozen=True, slots=True)
class _Reading:
    """Read answers from what the solver found."""

    model: Any
    z3: Any
    system: System

    def answer(self, item: Item, value: Value) -> Answer:
        """Give the answer to an item."""
        if value.cases is not None:
            chosen = tuple(_code(one) for one, guard in value.cases.items() if self.true(guard))
            return chosen if value.kind == "codes" else chosen[0]
        if value.date is not None:
            return date(*(int(self.number(part)) for part in value.date)).isoformat()
        number = self.number(value.term)
        if item.type == "text":
            return self.text(int(number))
        return int(number) if number.denominator == 1 else float(number)

    def true(self, formula: Formula) -> bool:
        """Say whether a formula holds."""
        return bool(formula is True or self.z3.is_true(self.model.eval(formula, model_completion=True)))

    def number(self, term: Any) -> Fraction:
        """Give a number as a fraction; of what is no fraction, one close to it."""
        found = self.model.eval(term, model_completion=True)
        return Fraction((found.approx(20) if self.z3.is_algebraic_value(found) else found).as_string())

    def text(self, place: int) -> str:
        """Give a text for its place in the order of texts: one that occurs, else one that follows it."""
        known = {number: text for text, number in self.system.texts.items()}
        before = known[min(place // STEP * STEP, max(known))]
        return known.get(place) or (f"{before} {'~' * (1 + place % STEP % 9)}" if before else "!")


def _first(codes: Sequence[Constant], answer: Answer) -> int:
    """Give the place of the first code of an answer."""
    chosen = answer if isinstance(answer, tuple) else (answer,)
    return min(k for k, code in enumerate(codes) if code in chosen)


def _bounds(item: Item, answer: Answer) -> tuple[int, int]:
    """Give the smallest number to try, and the one that is known to serve; for dates from this century on."""
    if item.type == "date":
        return day(date(2000, 1, 1)), day(date.fromisoformat(str(answer)))
    return math.ceil(item.minimum or 0), int(str(answer))


def _code(constant: Constant) -> Code:
    return constant if isinstance(constant, str) else int(constant)


def walked(instrument: Instrument, item_id: str, steps: Sequence[Step], within: Iterable[str]) -> bool:
    """Say whether an interview with these answers, and no others, comes to ask an item.

    `within` names the computed items to compute on the way. The walk is that of `survey_kit.instrument.walk`, so that an answer which
    the instrument does not accept leads nowhere.
    """
    given = {(step.item, step.member): step.answer for step in steps}
    known, outer = set(within), Walk(instrument=instrument, n=1)
    for module, inside in groupby(leaves(instrument), key=itemgetter(0)):
        inner = outer
        if module.repeat is not None:
            values, sure = outer.columns.get(module.repeat.count, ([None], [False]))
            inner = outer.members(module.id, [float(values[0]) if sure[0] else None])  # type: ignore[arg-type]
        for _, _, item in inside:
            if item.id == item_id:
                return bool(inner.n and inner.open(item_id)[0])
            if not _put(inner, item, given, known, repeated=module.repeat is not None):
                return False
        if inner is not outer:
            outer.close(inner)
    return False


def _put(walk: Walk, item: Item, given: dict[tuple[str, int], Answer], known: set[str], *, repeated: bool) -> bool:
    if item.type == "calculated":
        if item.id in known:
            walk.calculate(item.id)
        return True
    answers = [given.get((item.id, k + 1 if repeated else 0)) for k in range(walk.n)]
    if all(answer is None for answer in answers):
        return True
    some = [answer is not None for answer in answers]
    fine = walk.open(item.id) & walk.accepts(item.id, answers)
    walk.put(item.id, answers)
    return bool(fine[some].all())
