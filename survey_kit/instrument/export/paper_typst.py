"""A booklet as Typst, which makes the PDF: tagged, in the language of the interview, the same bytes each time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from survey_kit import typeset
from survey_kit.errors import InstrumentError, ReportError
from survey_kit.instrument.export.paper_sheet import (
    Answer,
    Booklet,
    Choice,
    Choices,
    DateBoxes,
    Digits,
    Draw,
    Lines,
    Part,
    Question,
    Row,
    Run,
    Table,
    Text,
    plain,
)
from survey_kit.language import NAMES, words

STYLE = Path(__file__).with_name("paper.typ")
_POINT = 0.6  # the width of a letter of DejaVu Sans, of its size
_NARROW = 62.0  # millimetres that the words of a grid's rows get at least


def paper_pdf(booklet: Booklet) -> bytes:
    """Make the PDF of a booklet: tagged for screen readers (PDF/UA-1), with the fonts inside.

    Raises
    ------
    InstrumentError
        When the packages of the extra 'report' are not installed.
    """
    return compiled(paper_typst(booklet))


def compiled(source: str) -> bytes:
    """Turn the Typst text of a booklet or of cards into a PDF."""
    try:
        return typeset.pdf(source, root=STYLE.parent, standards=("ua-1",))
    except ImportError:
        fix = "Install the 'report' extra: pip install 'trust-survey-kit[report]'."
        raise InstrumentError("Typst is not installed.", fix=fix) from None
    except ReportError as fault:
        raise InstrumentError(fault.what, found=fault.found, fix=fault.fix) from fault


def paper_typst(booklet: Booklet) -> str:
    """Write a booklet as Typst."""
    say = words("paper", booklet.language)
    number = say("interview_number" if booklet.interviewed else "booklet_number")
    before, between, behind = say("page", page="\0", pages="\1").replace("\1", "\0").split("\0")
    first = (
        "page" if say("page", page="1", pages="2").index("1") < say("page", page="1", pages="2").index("2") else "pages"
    )
    setup = {
        "title": q(f"{booklet.pilot}: {booklet.title}" if booklet.pilot else booklet.title),
        "language": q(booklet.language),
        "pilot": q(booklet.pilot),
        "running": q(
            f"{booklet.title} · {say('version', version=booklet.version)} · {NAMES.get(booklet.language, booklet.language)}"
        ),
        "number": q(number),
        "page": f"({q(before)}, {q(between)}, {q(behind)}, {q(first)})",
    }
    told = ", ".join(f"{name}: {value}" for name, value in setup.items())
    handed = [False, *(part.alone for part in booklet.parts)]
    changed = [booklet.interviewed and part.alone is not old for part, old in zip(booklet.parts, handed, strict=False)]
    parts = (_part(part, booklet, fresh=fresh) for part, fresh in zip(booklet.parts, changed, strict=True))
    body = [_cover(booklet), *parts]
    return f'#import "{STYLE.name}": *\n#show: paper.with({told})\n' + "\n".join(body) + "\n"


# --------------------------------------------------------------------------------------------------------------- words
def q(text: str) -> str:
    r"""Write a text as a Typst string, whatever stands in it.

    Examples
    --------
    >>> q('say "yes"')
    '"say \\"yes\\""'
    """
    clean = "".join(max(sign, " ") for sign in text)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def content(text: Text) -> str:
    """Write a text as Typst content."""
    return "[" + "".join(map(_run, text)) + "]"


def _run(run: Run) -> str:
    if run.blank:
        return f"#fill({q(run.text)})"
    inner = f"#{q(run.text)}"
    return f"#text(lang: {q(run.language)})[{inner}]" if run.language else inner


def _many(parts: Iterable[str]) -> str:
    """Write a Typst array."""
    listed = list(parts)
    return "(" + ", ".join(listed) + ("," if len(listed) == 1 else "") + ")"


# --------------------------------------------------------------------------------------------------------------- cover
def _cover(booklet: Booklet) -> str:
    say = words("paper", booklet.language)
    number = say("interview_number" if booklet.interviewed else "booklet_number")
    fields = [
        f"({q(number)}, boxes(8))",
        f"({q(say('language'))}, [#{q(NAMES.get(booklet.language, booklet.language))}])",
    ]
    if booklet.interviewed:
        fields += [f"({q(say(key))}, time-boxes)" for key in ("begin", "end")]
    first = f"#{q(say('first_rows', items=booklet.first_rows))}" if booklet.first_rows else ""
    parts = {
        "title": q(booklet.title),
        "kind": q(say("questionnaire")),
        "version": q(say("version", version=booklet.version)),
        "population": f"({q(say('population'))}, {content(booklet.population)})" if booklet.population else "none",
        "heading": q(say("cover" if booklet.interviewed else "cover_alone")),
        "fields": _many(fields),
        "draws-title": q(say("draws")),
        "draws-told": f"[#{q(say('draws_told'))} {first}]",
        "draws": _many(map(_draw, booklet.draws)),
        "rows-ticked": "true" if booklet.first_rows else "false",
        "fill-title": q(say("to_fill")),
        "fills": _many(f"({q(name)}, {content(text)})" for name, text in booklet.to_fill),
        "legend-title": q(say("how_to")),
        "legend": _many(map(q, booklet.legend)),
    }
    return "#cover(" + ", ".join(f"{name}: {value}" for name, value in parts.items()) + ")"


def _draw(draw: Draw) -> str:
    choices = _many(
        f"({q(one.code)}, {content(one.text)}, {'true' if one.code == draw.drawn else 'false'})" for one in draw.choices
    )
    return f"({q(draw.name)}, {content(draw.label)}, {choices}, {q(draw.shares)})"


# --------------------------------------------------------------------------------------------------------------- parts
def _part(part: Part, booklet: Booklet, *, fresh: bool) -> str:
    say, form = words("paper", booklet.language), words("form", booklet.language)
    label = "" if part.alone and not booklet.interviewed else form("interviewer")
    begin = {None: "none", True: "true", False: "false"}[part.rotated]
    head = (
        f"#part({q(say('part', part=part.letter))}, {content(part.title)}, only-if: {q(part.only_if)}, "
        f"lead-in: {content(part.lead_in)}, told: {_told(part.told, label)}, begin: {begin}, fresh: {_flag(fresh)})"
    )
    label = "" if part.alone else label
    if part.members:
        return f"{head}\n{_roster(part, booklet, label)}"
    return "\n".join([head, *(_question(one, booklet, label, alone=part.alone) for one in part.questions)])


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _told(texts: Iterable[Text], label: str) -> str:
    """Write instructions; those of one label become one paragraph."""
    return _notes((label, text) for text in texts)


def _notes(told: Iterable[tuple[str, Text]]) -> str:
    joined: dict[str, Text] = {}
    for label, text in told:
        joined[label] = (*joined[label], Run(" "), *text) if label in joined else text
    return _many(f"({q(label)}, {content(text)})" for label, text in joined.items())


def _question(question: Question, booklet: Booklet, label: str, *, alone: bool) -> str:
    say = words("paper", booklet.language)
    told = [(label, text) for text in question.told]
    if question.kind == "work":
        work = (
            f"{words('form', booklet.language)('interviewer')}: {_lower(say('work_out'))}"
            if booklet.interviewed
            else say("work_out")
        )
        told = [(work, text) for text in question.told]
    told += [(say("check"), text) for text in question.checks]
    parts = {
        "only-if": q(question.only_if),
        "told": _notes(told),
        "after": q(f"{question.number} → {question.after}" if question.after else ""),
        "kind": q(question.kind),
        "wide": _flag(isinstance(question.answer, Table)),
        "whole": _flag(not isinstance(question.answer, Table) and _size(question) <= 12),
    }
    named = ", ".join(f"{name}: {value}" for name, value in parts.items())
    body = "[" + _answer(question, booklet, alone=alone) + "]"
    return f"#question({q(question.number)}, {content(question.text)}, {body}, {named})"


def _size(question: Question) -> int:
    return len(question.answer.choices) if isinstance(question.answer, Choices) else 1


def _answer(question: Question, booklet: Booklet, *, alone: bool) -> str:
    answer = question.answer
    if isinstance(answer, Table):
        return _table(answer, booklet, alone=alone)
    told = f"#{_field(answer, booklet)}" if answer is not None else ""
    return told + _missing(question.missing, booklet, alone=alone, typed=isinstance(answer, (Digits, DateBoxes, Lines)))


def _field(answer: Answer, booklet: Booklet) -> str:
    """Write what an answer is put into, as a call."""
    say = words("paper", booklet.language)
    match answer:
        case Choices(choices=choices, several=several, line=True):
            ends = f"{content(choices[0].text)}, {content(choices[-1].text)}"
            return f"scale-line({_many(q(one.code) for one in choices)}, {ends}, {_flag(several)})"
        case Choices(choices=choices, several=several):
            return f"choices({_many(_choice(one, say('alone')) for one in choices)}, {_flag(several)}, {_columns(choices)})"
        case Digits(whole=whole, decimals=decimals, told=told):
            return f"digits({whole}, {decimals}, {q(told)}, {q(say('decimal_sign'))})"
        case DateBoxes(labels=labels):
            return f"date-boxes({_many(map(q, labels))})"
        case Lines(count=count):
            return f"lines({count})"


def _choice(choice: Choice, alone: str) -> str:
    note = alone if choice.alone else ""
    return f"({q(choice.code)}, {content(choice.text)}, {q(choice.arrow)}, {q(note)})"


def _columns(choices: tuple[Choice, ...]) -> int:
    """Give the columns a list of answers stands in: several when it is long and nothing leads elsewhere."""
    if any(one.arrow or one.alone for one in choices) or len(choices) < 6:
        return 1
    longest = max(len(plain(one.text)) for one in choices)
    return 3 if longest <= 22 and len(choices) > 8 else 2 if longest <= 44 else 1


def _missing(missing: tuple[Choice, ...], booklet: Booklet, *, alone: bool, typed: bool = False) -> str:
    if not missing:
        return ""
    say, form = words("paper", booklet.language), words("form", booklet.language)
    label = say("no_answer_code") if typed else ""
    if not alone:
        label = f"{form('not_read_out')}:" if not typed else f"{label[:-1]} ({_lower(form('not_read_out'))}):"
    listed = _many(_choice(one, "") for one in missing)
    return f"#missing({q(label)}, {listed}, {_flag(alone)})"


def _missing_key(missing: tuple[Choice, ...], booklet: Booklet, *, alone: bool) -> str:
    """Say above a grid what its last columns mean."""
    if not missing:
        return ""
    label = "" if alone else f"{words('form', booklet.language)('not_read_out')}:"
    listed = "; ".join(f"{one.code} = {plain(one.text)}" for one in missing)
    return f"#missing-key({q(label)}, {q(listed)}, {_flag(alone)})"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


# --------------------------------------------------------------------------------------------------------------- grids
def _table(table: Table, booklet: Booklet, *, alone: bool) -> str:
    say = words("paper", booklet.language)
    widths = _widths(table)
    worded = widths is not None and not table.ends_only
    rows = _many(_row(row, booklet) for row in table.rows)
    labels = {one.code: one.text for one in table.columns}
    ends = [labels[one.code] for one in (table.columns[0], table.columns[-1])] if table.columns else []
    heads = [content(one.text) if worded else f"[#{q(one.code)}]" for one in table.columns]
    key = "" if worded or table.ends_only else "; ".join(f"{one.code} = {plain(one.text)}" for one in table.columns)
    parts = {
        "item": q(say("item")),
        "first": q(table.first),
        "heads": _many(heads),
        "widths": _many(f"{width}mm" for width in (widths or [6.4] * len(table.columns))),
        "ends": _many(map(content, ends)) if table.ends_only else "()",
        "missing": _many(q(one.code) for one in table.missing),
        "rows": rows,
        "several": _flag(table.several),
        "codes": _many(q(one.code) for one in table.columns),
        "key": q(key),
        "answer": q(say("answer")),
    }
    named = ", ".join(f"{name}: {value}" for name, value in parts.items())
    return _missing_key(table.missing, booklet, alone=alone) + f"#grid-table({named})"


def _widths(table: Table) -> list[float] | None:
    """Give the columns of a grid their widths in millimetres; None when their words do not fit."""
    if table.ends_only:
        return [6.4] * len(table.columns)
    if any(not one.text for one in table.columns):
        return None
    widths = [max(11.0, _wide(plain(one.text)) + 3.0) for one in table.columns]
    room = 182 - 11 - (11 if table.first else 0) - 7.4 * len(table.missing)
    return widths if room - sum(widths) >= _NARROW else None


def _wide(text: str) -> float:
    """Give the width in millimetres that the longest word of a heading of 7 points needs."""
    return max((len(word) for word in text.replace("-", "- ").split()), default=1) * 7 * _POINT * 0.3528 * 1.06


def _row(row: Row, booklet: Booklet) -> str:
    own = f"[#{_field(row.answer, booklet)}]" if row.answer is not None else "none"
    first = {None: "none", True: "true", False: "false"}[row.first]
    told = _many(map(content, row.told))
    return f"({q(row.number)}, {content(row.text)}, {q(row.only_if)}, {told}, {first}, {own})"


# --------------------------------------------------------------------------------------------------------------- roster
def _roster(part: Part, booklet: Booklet, label: str) -> str:
    """Write a repeated part: a column for each member, a row for each question."""
    say = words("paper", booklet.language)
    rows = []
    for one in part.questions:
        lines = _roster_rows(one)
        told = _told(one.told, label)
        rows.append(f"({q(one.number)}, {content(one.text)}, {q(one.only_if)}, {told}, {_many(lines)})")
    return f"#roster({part.members}, {q(say('item'))}, {_many(rows)})"


def _roster_rows(question: Question) -> list[str]:
    """List what may be written into a cell: codes with their words."""
    answer = question.answer
    if isinstance(answer, Table):
        codes = [f"{one.code} {plain(one.text)}".strip() for one in (*answer.columns, *answer.missing)]
        return [q(f"{row.number} {plain(row.text)}") for row in answer.rows] + [q(one) for one in codes]
    known: Mapping[bool, tuple[Choice, ...]] = {True: answer.choices if isinstance(answer, Choices) else ()}
    codes = [f"{one.code} {plain(one.text)}".strip() for one in (*known[True], *question.missing)]
    limits = [answer.told] if isinstance(answer, Digits) and answer.told else []
    return [q(one) for one in (*limits, *codes)]
