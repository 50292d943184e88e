"""The questions of a booklet: texts, filters, arrows, answers and grids of one language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from survey_kit.instrument.compose import PLACEHOLDER
from survey_kit.instrument.export.paper_routes import Target, Way
from survey_kit.instrument.export.paper_sheet import (
    Answer,
    Choice,
    Choices,
    DateBoxes,
    Digits,
    Lines,
    Question,
    Row,
    Run,
    Table,
    Text,
)
from survey_kit.instrument.export.paper_truths import conjuncts, domains, truths
from survey_kit.instrument.export.sentences import Sentences, unit_in_words
from survey_kit.instrument.expressions import parse, parse_value
from survey_kit.instrument.model import MISSING_LABELS, Item
from survey_kit.instrument.questionnaire import Instrument, joined
from survey_kit.language import Words, words
from survey_kit.types import Code

INTERVIEWED = frozenset({"face_to_face", "telephone"})
_PARTS = re.compile(r"(\[\[\w+\]\]|\$\{\w+\})")
_OPEN_DIGITS = 6  # boxes of a whole number without a largest value


def text_of(
    instrument: Instrument, texts: Mapping[str, str], language: str, numbered: Mapping[str, str] | None = None
) -> Text:
    """Give a text on paper: placeholders as blanks, earlier answers as references, another language marked.

    Examples
    --------
    >>> made = Instrument(id="a", version="1", modules=())
    >>> [(run.text, run.blank) for run in text_of(made, {"en": "For [[sponsor]]."}, "en")]
    [('For ', False), ('sponsor', True), ('.', False)]
    """
    own = texts.get(language, "").strip()
    whole = own or instrument.say(texts, language).strip()
    other = next((name for name, text in texts.items() if text.strip() == whole), "")
    known, say = numbered or {}, words("paper", language)
    runs: list[Run] = []
    for part in _PARTS.split(whole):
        if PLACEHOLDER.fullmatch(part):
            runs.append(Run(part[2:-2], blank=True))
        elif part.startswith("${"):
            runs.append(Run(say("answer_of", item=known.get(part[2:-1], part[2:-1]))))
        elif part:
            runs.append(Run(part, "" if own or other == language else other))
    return tuple(runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What the parts of a booklet share: the instrument in one language, its numbers and its printed way."""

    instrument: Instrument
    language: str
    sentences: Sentences
    say: Words
    form: Words
    arm: Mapping[str, Code]
    numbers: Mapping[str, str]
    letters: Mapping[str, str]
    way: Way

    def interviewed(self) -> bool:
        """Say whether an interviewer asks; else people fill the questionnaire in alone."""
        return not self.instrument.modes or bool(INTERVIEWED & set(self.instrument.modes))

    def begins(self, arm: str, place: int) -> bool:
        """Say whether the drawn form begins with a place."""
        codes = self.instrument.codes(arm)
        return arm in self.arm and codes.index(self.arm[arm]) == place

    # ---------------------------------------------------------------------------------------------------------- texts
    def text(self, texts: Mapping[str, str]) -> Text:
        """Give a text of the booklet."""
        return text_of(self.instrument, texts, self.language, self.numbers)

    def words(self, condition: str) -> str:
        """Say a condition in words."""
        return self.sentences.condition(condition)

    def label(self, item: Item, code: Code) -> Text:
        """Give the words of an answer; none where only the ends of a scale have words."""
        scale = self.instrument.scale_of(item.id) if item.id in self.instrument else None
        texts = scale.texts(code) if scale else {}
        kind = self.instrument.missing_kind(item.id, code)
        if kind and not texts:
            texts = self.instrument.missing_labels.get(code, {}) or {"en": MISSING_LABELS[kind]}
        return self.text(texts)

    def arrow(self, target: Target | None) -> str:
        """Say where to go on."""
        match target:
            case None:
                return ""
            case Target(kind="item", id=name):
                return self.say("go_to", item=self.numbers[name])
            case Target(kind="end"):
                return self.say("go_end" if self.interviewed() else "go_end_alone")
            case Target(kind=kind, id=name):
                return self.say("go_part" if kind == "part" else "go_rest", part=self.letters[name])

    def needed(self, condition: str | None) -> str | None:
        """Leave out of a condition what the form of the booklet decides."""
        if condition is None or not self.arm:
            return condition
        known = {**domains(self.instrument), **{name: frozenset({code}) for name, code in self.arm.items()}}
        kept = [part for part in conjuncts(condition) if truths(parse(part).tree, known) != {True}]
        return joined(*kept)

    def questions(self, items: Sequence[Item], *, alone: bool) -> Iterator[Question]:
        """Give the questions of a part; a filter that several share stands once, above the first."""
        made = [self._question(item, alone=alone) for item in items]
        conditions = [self.needed(item.ask_if) for item in items]
        for place, (question, condition) in enumerate(zip(made, conditions, strict=True)):
            if condition is None or (place and conditions[place - 1] == condition):
                yield question
                continue
            last = place
            while last + 1 < len(items) and conditions[last + 1] == condition:
                last += 1
            frame = ("fill_" if alone else "ask_") + ("range" if last > place else "only")
            named = f"{made[place].number}–{made[last].number}"
            yield replace(question, only_if=self.say(frame, condition=self.words(condition), items=named))

    # ------------------------------------------------------------------------------------------------------ questions
    def _question(self, item: Item, *, alone: bool) -> Question:
        number = self.numbers[item.id]
        after = self.arrow(self.way.after.get(item.id))
        if item.type == "calculated":
            return self._work(item, number)
        told = [self.text(item.instruction)] if item.instruction else []
        if item.type == "note":
            return Question(
                id=item.id, kind="text", number=number, text=self.text(item.text), told=tuple(told), after=after
            )
        told = [*self._marks(item, alone=alone), *told]
        grid = item.type == "grid"
        return Question(
            id=item.id,
            kind="question",
            number=number,
            text=self.text(item.text) or (Run(item.id),),
            told=(*told, *self._same_rows(item, alone=alone)),
            checks=self._checks(item),
            answer=self._table(item) if grid else self._answer(item),
            missing=() if grid else self._missing(item),
            after=after,
        )

    def _work(self, item: Item, number: str) -> Question:
        value = item.value or "0"
        told: list[Text] = [(Run(f"{self.sentences.value(value)}."),)]
        if not _sure(self.instrument, value):
            told.append((Run(self.say("work_blank")),))
        label = self.text(item.label) or (Run(item.id),)
        return Question(id=item.id, kind="work", number=number, text=label, told=tuple(told), answer=Digits(whole=3))

    def _marks(self, item: Item, *, alone: bool) -> list[Text]:
        """Give the instructions that follow from what an item is."""
        told: list[str] = []
        scale = self.instrument.scale_of(item.id) if item.id in self.instrument else None
        if item.showcard is not None and not alone:
            told.append(self.form("showcard", number=item.showcard))
        if item.type == "multiple":
            told.append(self.say("several") if item.most is None else self.form("at_most", number=item.most))
        quiet = scale is not None and not scale.read_out and len(scale.codes) > 2
        if quiet and not alone and item.role not in {"design", "paradata"}:
            told.append(self.form("not_read_out"))
        if item.shuffle and not alone:
            told.append(self.say("shuffled"))
        if item.rotate:
            told.append(self.say("begin_row"))
        return [(Run(one if one.endswith(".") else f"{one}."),) for one in told]

    def _checks(self, item: Item) -> tuple[Text, ...]:
        if not item.constraint:
            return ()
        must: Text = (Run(f"{_capital(self.words(item.constraint))}."),)
        if not item.message:
            return (must,)
        before, behind = self.say("if_not", message="\0").split("\0")
        return ((*must, Run(f" {before}"), *self.text(item.message), Run(behind)),)

    def _answer(self, item: Item) -> Answer:
        if item.type in {"single", "multiple"}:
            return self._choices(item)
        if item.type == "date":
            return DateBoxes(labels=(self.say("day"), self.say("month"), self.say("year")))
        if item.type == "text":
            return Lines()
        low, high = item.minimum, item.maximum
        digits = len(str(int(max(abs(low or 0), abs(high))))) if high is not None else _OPEN_DIGITS
        codes = [len(str(code)) for code in self.instrument.missing_codes(item.id)]
        limits = ""
        if low is not None and high is not None:
            limits = self.say("from_to", low=self._number(low), high=self._number(high))
        elif low is not None:
            limits = self.say("from_on", low=self._number(low))
        elif high is not None:
            limits = self.say("up_to", high=self._number(high))
        told = ", ".join(part for part in (unit_in_words(item.unit, self.language), limits) if part)
        return Digits(whole=max([digits, *codes]), decimals=0 if item.type == "integer" else 2, told=told)

    def _number(self, value: float) -> str:
        return f"{value:.15g}".replace("-", "−").replace(".", self.say("decimal_sign"))

    def _choices(self, item: Item) -> Choices:
        scale = self.instrument.scale_of(item.id)
        arrows = self.way.by_code.get(item.id, {})
        choices = tuple(
            Choice(
                code=str(code),
                text=self.label(item, code),
                arrow=self.arrow(arrows.get(code)),
                alone=code in item.exclusive,
            )
            for code in self.instrument.codes(item.id)
        )
        ends = scale is not None and not all(scale.labels.get(code) for code in scale.codes)
        line = ends and not any(one.arrow for one in choices)
        return Choices(choices=choices, several=item.type == "multiple", line=line)

    def _missing(self, item: Item) -> tuple[Choice, ...]:
        arrows = self.way.by_code.get(item.id, {})
        return tuple(
            Choice(code=str(code), text=self.label(item, code), arrow=self.arrow(arrows.get(code)))
            for code in self.instrument.missing_codes(item.id)
        )

    def _same_rows(self, grid: Item, *, alone: bool) -> list[Text]:
        """Say once what holds for all rows: each rests on the row of the same letter in another grid."""
        other = self._mirrored(grid)
        if other is None:
            return []
        return [(Run(self.say("same_rows_fill" if alone else "same_rows", item=other[0], answers=other[1])),)]

    def _mirrored(self, grid: Item) -> tuple[str, str] | None:
        """Give the number of the grid whose rows of the same letter open these, and the answers that do."""
        found: set[tuple[str, str]] = set()
        for row in grid.rows:
            condition = self.needed(row.ask_if)
            told = self.sentences.answer(condition) if condition else None
            home = self.instrument.grid_of(told[0]) if told else None
            if told is None or home is None:
                return None
            own = self.numbers[row.id].removeprefix(self.numbers[grid.id])
            if self.numbers[told[0]].removeprefix(self.numbers[home.id]) != own:
                return None
            found.add((self.numbers[home.id], told[1]))
        return found.pop() if len(found) == 1 and len(grid.rows) > 1 else None

    def _table(self, grid: Item) -> Table:
        """Lay a grid out: the scale most rows share across, each row down."""
        rows = [self.instrument.item(row.id) for row in grid.rows]
        coded = next((row for row in rows if row.type in {"single", "multiple"}), None)
        shared = self.instrument.codes(coded.id) if coded else ()
        scale = self.instrument.scale_of(coded.id) if coded else None
        missing: dict[Code, Choice] = {}
        for row in rows:
            for code, choice in zip(self.instrument.missing_codes(row.id), self._missing(row), strict=True):
                missing.setdefault(code, choice)
        made, mirrored = [], self._mirrored(grid)
        for place, row in enumerate(rows):
            condition = None if mirrored else self.needed(row.ask_if)
            own = row.type not in {"single", "multiple"} or self.instrument.codes(row.id) != shared
            source = next(one for one in grid.rows if one.id == row.id)
            told = [self.text(source.instruction)] if source.instruction else []
            made.append(
                Row(
                    id=row.id,
                    number=self.numbers[row.id],
                    text=self.text(row.text) or (Run(row.id),),
                    told=tuple(told),
                    only_if=self.say("only_if", condition=self.words(condition)) if condition else "",
                    first=self.begins(grid.rotate, place) if grid.rotate else None,
                    answer=self._answer(row) if own else None,
                )
            )
        return Table(
            columns=tuple(Choice(code=str(code), text=self.label(coded, code)) for code in shared) if coded else (),
            missing=tuple(missing.values()),
            rows=tuple(made),
            several=coded is not None and coded.type == "multiple",
            ends_only=scale is not None and not all(scale.labels.get(code) for code in scale.codes),
            first=self.say("first") if grid.rotate else "",
        )


def _sure(instrument: Instrument, value: str) -> bool:
    """Say whether a computed value is there whatever answers are missing."""
    expression = parse_value(value)
    return _always(instrument, expression.tree, dict.fromkeys(expression.names, frozenset({None})))


def _always(instrument: Instrument, node: ast.expr, unknown: Mapping[str, frozenset[None]]) -> bool:
    match node:
        case ast.IfExp(test=test, body=body, orelse=orelse):
            sides = (_always(instrument, side, unknown) for side in (body, orelse))
            return None not in truths(test, unknown) and all(sides)
        case ast.BinOp(left=left, op=op, right=right):
            sides = (_always(instrument, side, unknown) for side in (left, right))
            return not isinstance(op, ast.Div) and all(sides)
        case ast.Name(id=name):
            inner = instrument.item(name).value if name in instrument else None
            return inner is not None and _sure(instrument, inner)
        case _:
            return isinstance(node, ast.Constant)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
