"""Proofs of a questionnaire before anyone is interviewed: everything can be asked, every condition decides, every answer fits.

The questionnaire is turned into formulas (`survey_kit.instrument.solver`), and a solver is asked for interviews that must not be.
What it finds impossible is impossible for every respondent; what it finds possible comes with the answers that lead there, and these
are walked through the instrument once more (`survey_kit.instrument.walk`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape

from survey_kit.instrument.model import Problem
from survey_kit.instrument.prove_answers import answers
from survey_kit.instrument.prove_case import Case, begin
from survey_kit.instrument.prove_order import order, ordering
from survey_kit.instrument.prove_routes import conditions, reach
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.rules import check
from survey_kit.instrument.solver_search import EFFORT, Answer, Step
from survey_kit.instrument.texts import walk_texts

PROOFS: Mapping[str, str] = {
    "P001": "no answers open an item, a grid or a module",
    "P002": "a condition is always true, or true for everybody who comes to it",
    "P003": "a condition holds for everybody who gave an answer",
    "P004": "a part of a condition changes nothing",
    "P005": "no answer meets a constraint",
    "P006": "every answer meets a constraint",
    "P007": "a constraint leaves no answer where its item is asked",
    "P008": "an answer of a scale can never be given",
    "P009": "a condition looks at an answer that may come later",
    "P010": "items wait for each other in a circle",
    "P011": "nothing depends on a code of an arm",
    "P012": "a part of a rotation is never asked",
    "P013": "an order is not drawn for everybody who sees what it orders",
    "P014": "the solver did not decide within its limits",
    "P015": "that an item can be asked is possible, not proved",
    "P016": "a text shows the answer to an item that some were never asked",
    "P017": "a condition cannot be proved, since it cannot be read or looks at what is not there",
}
_ROUTES = (
    "I009",
    "I010",
    "I011",
    "I012",
    "I031",
    "I032",
    "I033",
    "I034",
    "I035",
)  # told by the rules of the instrument
_TEXTS = ("I014", "I015", "I016", "I017", "I018", "I025", "I026", "I028", "I029", "I042")


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The fewest answers that open an item; everything else may be left unanswered.

    Attributes
    ----------
    steps
        The answers in the order of the interview.
    words
        The same in the words of the questionnaire, in its source language.
    """

    steps: tuple[Step, ...]
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was proved of an instrument.

    Attributes
    ----------
    problems
        Faults and remarks with file and line: codes P... found by the solver, I... told by the rules of conditions and texts.
    paths
        For each item that can be asked, the shortest way to it, found by the solver and walked once more.
    possible
        Items that may be open but whose way could not be walked: what they depend on is faulty or held within bounds only.
    items, conditions, constraints, calls
        How many items, conditions and constraints were looked at, and how often the solver was asked.
    texts
        By language how many texts there are in each state (source, missing, stale, draft, reviewed, back_translated), how many in
        all, and how many are longer than SPSS keeps.
    """

    instrument: str
    version: str
    problems: tuple[Problem, ...]
    paths: Mapping[str, Path]
    possible: tuple[str, ...] = ()
    items: int = 0
    conditions: int = 0
    constraints: int = 0
    calls: int = 0
    texts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Give the faults, without remarks."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    def _repr_html_(self) -> str:
        reached = f"{len(self.paths)} ways found" + (f", {len(self.possible)} possible" if self.possible else "")
        about = (
            f"{self.items} items, {self.conditions} conditions, {self.constraints} constraints; {reached}; "
            f"{len(self.errors)} faults, {len(self.problems) - len(self.errors)} remarks"
        )
        rows = "".join(
            f"<tr><td>{escape(one.code)}</td><td>{escape(one.severity)}</td><td>{escape(one.where)}</td>"
            f"<td>{escape(one.message)}<br><small>{escape(one.fix)}</small></td></tr>"
            for one in self.problems[:100]
        )
        more = f"<p>{len(self.problems) - 100} more in .problems</p>" if len(self.problems) > 100 else ""
        head = "<tr><th>code</th><th></th><th>where</th><th>what</th></tr>"
        table = f"<table>{head}{rows}</table>{more}" if rows else ""
        title = f"{escape(self.instrument)} {escape(self.version)}"
        return f"<div><h3>Proof of {title}</h3><p>{escape(about)}</p>{table}</div>"


def prove(instrument: Instrument, *, effort: int = EFFORT) -> Proof:
    """Prove the routing of an instrument: what can be asked, what decides nothing, what no answer meets.

    Parameters
    ----------
    instrument
        The instrument, also one with faults (`inspect`): what is faulty is told, and the rest is proved with it left open.
    effort
        The most steps of the solver for one question; what takes more is told as undecided (P014).

    Returns
    -------
    Proof
        Problems, and for each item the shortest interview that comes to it.

    Raises
    ------
    InstrumentError
        When z3 is not installed (``pip install 'trust-survey-kit[prove]'``).

    Notes
    -----
    Truth has three values, as in interviews: a comparison with an item that has no answer is unknown and opens nothing. Every item
    may go unanswered; draws always have a value. Numbers are exact, dates are days of the calendar, open texts are those they are
    compared with and something else. Satisfiability modulo theories: de Moura & Bjorner (2008), Z3: an efficient SMT solver.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module, Scale
    >>> yes_no = Scale(codes=(1, 2), labels={1: {"en": "Yes"}, 2: {"en": "No"}})
    >>> contact = Item(id="contact", text={"en": "Any contact?"}, scale=yes_no)
    >>> paid = Item(id="paid", text={"en": "Did you pay?"}, scale=yes_no, ask_if="contact == 1")
    >>> odd = Item(id="odd", text={"en": "Why?"}, type="text", ask_if="contact == 2 and paid == 1")
    >>> proof = prove(Instrument(id="a", version="1", modules=(Module(id="m", items=(contact, paid, odd)),)))
    >>> proof.paths["paid"].words
    'Any contact? Yes'
    >>> [(problem.code, problem.message) for problem in proof.errors]
    [('P001', "No answers open item 'odd'.")]
    """
    case = begin(instrument, ordering(instrument), effort)
    paths, possible, closed = reach(case)
    found = [*closed, *conditions(case), *answers(case), *order(case, {**paths, **dict.fromkeys(possible)})]
    told = instrument.problems if instrument.path is not None else tuple(check(instrument))
    rules = [problem for problem in told if problem.code in {*_ROUTES, *_TEXTS}]
    problems = [*rules, *found, *_unproved(case, rules), *_undecided(case)]
    return Proof(
        instrument=instrument.id,
        version=instrument.version,
        problems=tuple(problems),
        paths={name: Path(steps=steps, words=say(instrument, steps)) for name, steps in paths.items()},
        possible=tuple(possible),
        items=len(instrument.items),
        conditions=sum(1 for _ in case.conditions()),
        constraints=sum(place.item.constraint is not None for place in case.places),
        calls=case.search.calls,
        texts=_texts(instrument),
    )


def say(instrument: Instrument, steps: tuple[Step, ...], language: str | None = None) -> str:
    """Tell a path in the words of the questionnaire.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module
    >>> age = Item(id="age", type="integer", text={"en": "How old are you?"}, label={"en": "Age"})
    >>> say(Instrument(id="a", version="1", modules=(Module(id="m", items=(age,)),)), (Step(item="age", answer=30),))
    'Age: 30'
    """
    language = language or instrument.source_language
    out = []
    for step in steps:
        name = instrument.name(step.item, language)
        given = step.answer if isinstance(step.answer, tuple) else (step.answer,)
        words = ", ".join(_word(instrument, step.item, one, language) for one in given)
        member = f" ({step.member})" if step.member else ""
        out.append(f"{name}{member} {words}" if name.endswith("?") else f"{name}{member}: {words}")
    return "; ".join(out)


def _word(instrument: Instrument, item_id: str, answer: Answer, language: str) -> str:
    if isinstance(answer, (int, str)) and answer in instrument.codes(item_id):
        return instrument.label(item_id, answer, language)
    return f"{answer:.6g}" if isinstance(answer, float) else str(answer)


def _unproved(case: Case, rules: list[Problem]) -> Iterator[Problem]:
    """Tell of faulty conditions that no rule told."""
    told = {problem.where for problem in rules if problem.severity == "error"}
    for place in case.places:
        if place.item.id not in case.system.faulty or not place.own:
            continue
        ways = [way for _, way in place.conditions()]
        ways += [(*place.way, "constraint"), (*place.way, "value")]
        if not told & {case.problem("", way, "", "").where for way in ways}:
            message = f"What item '{place.item.id}' depends on cannot be proved: {case.system.faulty[place.item.id]}"
            yield case.problem("P017", place.way, f"{message.rstrip('.')}.", "Correct its condition.")


def _undecided(case: Case) -> Iterator[Problem]:
    for what, way in case.undecided.items():
        message = f"The solver did not decide within its limits: {what}."
        yield case.problem("P014", way, message, "Simplify the condition, or allow more effort.", "note")


def _texts(instrument: Instrument) -> dict[str, dict[str, int]]:
    """Count the texts of each language by their state."""
    texts = dict(walk_texts(instrument))
    out: dict[str, dict[str, int]] = {}
    for language in instrument.languages:
        own = language == instrument.source_language
        known = instrument.statuses.get(language, {})
        states: dict[str, int] = {}
        for key, by_language in texts.items():
            there = bool(by_language.get(language, "").strip())
            state = ("source" if own else known.get(key, "draft")) if there else "missing"
            states[state] = states.get(state, 0) + 1
        long = [problem for problem in instrument.problems if problem.code == "I029"]
        marked = [one for one in long if f"in '{language}'" in one.message]
        others = [one for one in long if not any(f"in '{name}'" in one.message for name in instrument.languages)]
        out[language] = {
            "texts": len(texts),
            **dict(sorted(states.items())),
            "too_long": len(others if own else marked),
        }
    return out
