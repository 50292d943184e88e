"""Lists of choices as scales: answers, codes that are no answers and what they mean, words of the ends of a scale."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from survey_kit.instrument.export.xlsform_draws import balanced
from survey_kit.instrument.imports.headers import FormRow, Sheets, Teller
from survey_kit.instrument.model import Scale
from survey_kit.language import known_languages, words
from survey_kit.types import MISSING_KINDS, Code, MissingKind

# Words of answers that are none, whole; what says more than this is an answer.
_KINDS: Mapping[MissingKind, str] = {
    "dont_know": r"(i )?(don'?t|do not) know|(it'?s |it is )?(hard|difficult) to (say|answer)|can'?t (say|choose)|cannot say|dk|"
    r"не знаю|затрудняюсь ответить|трудно сказать|затрудняюсь|білмеймін|айту қиын|жауап беру қиын",
    "refused": r"refused( to answer)?|refusal|(i )?prefer not to (say|answer)|declined?( to answer)?|rather not say|"
    r"отказ( от ответа)?|отказался( отвечать)?|не хочу отвечать|жауап беруден бас тартты|бас тарт(ты|у)|жауап бергім келмейді",
    "not_asked": r"(does|do) not apply|not applicable|n/?a|not asked|не относится|не применимо|неприменимо|қатысы жоқ|қолданылмайды",
    "no_answer": r"no (answer|response)|not stated|нет ответа|без ответа|жауап жоқ",
    "not_reached": r"not reached|до вопроса не дошли|сұраққа жеткен жоқ",
    "skipped": r"skipped|пропущено|өткізіп жіберілді",
}
_BY_DIGIT: Mapping[str, MissingKind] = {"7": "not_asked", "8": "dont_know", "9": "refused", "6": "no_answer"}
_ANSWERS = re.compile(r"other|none|nobody|nothing|никто|ничего|ни один|нет|друг|ино|басқа|ешк|ешқ|жоқ")
CONVENTIONAL = re.compile(r"-?(?:9+[6789]|7{2,}|8{2,}|9{2,})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An answer of a list: its code, its words by language, the row it stands in."""

    code: Code
    texts: Mapping[str, str]
    row: FormRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceList:
    """A list of choices: the answers, and the codes that are none with their meaning."""

    name: str
    answers: tuple[Choice, ...]
    missing: Mapping[Code, MissingKind]
    missing_texts: Mapping[Code, Mapping[str, str]]
    orders: int = 0  # how many drawn orders it stands in

    @property
    def key(self) -> tuple[object, ...]:
        """Give what two lists that are one scale have in common."""
        return tuple((one.code, *sorted(one.texts.items())) for one in self.answers)


@dataclass(slots=True)
class Choices:
    """The lists of a form, as they become scales."""

    lists: dict[str, ChoiceList] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)  # the first row of each list
    filtered: dict[str, tuple[FormRow, ...]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def default(self, others: Sequence[Mapping[Code, MissingKind]] = ()) -> dict[Code, MissingKind]:
        """Give the codes that are no answers which most of the lists in use have."""
        given = [one.missing for name, one in self.lists.items() if name in self.used]
        counted = Counter(tuple(sorted(one.items(), key=str)) for one in (*given, *others) if one)
        most = counted.most_common()
        best = max(most, key=lambda one: (one[1], len(one[0])), default=((), 0))
        return dict(best[0])


def read_choices(sheets: Sheets, tell: Teller) -> Choices:
    """Read the lists of a form; codes that stand twice, and answers without code or words, are told."""
    found: dict[str, list[FormRow]] = {}
    for row in sheets.choices:
        if not row["list_name"]:
            tell("X108", ("choices", row.number), "A choice belongs to no list.", "Fill 'list_name' in.")
            continue
        found.setdefault(row["list_name"], []).append(row)
    twice_allowed = sheets.settings.get("allow_choice_duplicates", "").lower() in {"yes", "true"}
    out = Choices()
    told: set[tuple[Code | str, ...]] = set()
    for name, rows in found.items():
        out.rows[name] = rows[0].number
        out.filtered[name] = tuple(rows)
        out.lists[name] = _list(name, rows, tell, twice_allowed, told)
    return out


def _list(
    name: str, rows: Sequence[FormRow], tell: Teller, twice_allowed: bool, told: set[tuple[Code | str, ...]]
) -> ChoiceList:
    rows, order = _ordered(rows) if twice_allowed else (rows, None)
    choices: dict[Code, Choice] = {}
    for row in rows:
        if not row["name"]:
            tell("X108", ("choices", row.number), f"A choice of '{name}' has no code.", "Fill 'name' in.")
            continue
        code = code_of(row["name"])
        if code in choices:
            if not twice_allowed:
                message = f"The code '{row['name']}' stands twice in the list '{name}'."
                tell("X108", ("choices", row.number), message, "Give each choice its own code.")
            continue
        texts = row.texts.get("label", {})
        if not texts:
            message = f"The choice '{row['name']}' of '{name}' has no label."
            tell("X108", ("choices", row.number), message, "Fill 'label' in.")
        choices[code] = Choice(code=code, texts=texts, row=row)
    missing, texts_ = _missing(name, choices, tell, told)
    answers = tuple(one for code, one in choices.items() if code not in missing)
    if any(isinstance(one.code, str) for one in answers):  # codes of one kind
        answers = tuple(replace(one, code=str(one.code)) for one in answers)
    return ChoiceList(name=name, answers=answers, missing=missing, missing_texts=texts_, orders=order or 0)


def _missing(
    name: str, choices: Mapping[Code, Choice], tell: Teller, told: set[tuple[Code | str, ...]]
) -> tuple[dict[Code, MissingKind], dict[Code, Mapping[str, str]]]:
    """Find the codes of a list that are no answers: those marked as not read out, else by words or number at its end."""
    plain = {code: _unmarked(one.texts) for code, one in choices.items()}
    marked = {code for code, (_, was) in plain.items() if was}
    missing: dict[Code, MissingKind] = {}
    for behind, (code, (texts, _)) in enumerate(reversed(plain.items())):
        conventional = isinstance(code, int) and bool(CONVENTIONAL.fullmatch(str(code)))
        last = len(missing) == behind
        kind = missing_kind(texts, code, certain=code in marked)
        if marked and code not in marked:
            continue
        if (
            kind is None
            and conventional
            and _apart(code, choices)
            and not _ANSWERS.search(" ".join(texts.values()).casefold())
        ):
            kind = missing_kind({}, code, certain=True)
            message = f"The choice '{code}' of '{name}' is taken for no answer ({kind}) by its number, here and wherever it stands."
            fix = "Correct 'missing:' where it is an answer."
            said = (code, *texts.values())
            if said not in told:
                tell("X119", ("choices", choices[code].row.number), message, fix, note=True)
            told.add(said)
        if kind is not None and (last or conventional):
            missing[code] = kind
    in_order = [code for code in choices if code in missing]
    return {code: missing[code] for code in in_order}, {code: plain[code][0] for code in in_order}


def _ordered(rows: Sequence[FormRow]) -> tuple[Sequence[FormRow], int | None]:
    """Give a list that stands in several orders once, in the order in which it was written; and how many orders there are."""
    orders: dict[str, list[FormRow]] = {}
    for row in rows:
        orders.setdefault(row["order"], []).append(row)
    if "" in orders or len(orders) < 2 or len({frozenset(row["name"] for row in one) for one in orders.values()}) > 1:
        return rows, None
    tables = [[row["name"] for row in one] for one in orders.values()]
    length = len(tables[0])
    moved = next((place for place in range(length, 0, -1) if len({table[place - 1] for table in tables}) > 1), 0)
    first = next(iter(orders.values()))
    made = balanced(moved) if moved > 1 else ()
    if len(made) != len(tables):
        return first, None
    written = dict(zip(made[0], first[:moved], strict=True))
    names = [written[place]["name"] for place in range(moved)]
    if any([names[place] for place in order] != table[:moved] for order, table in zip(made, tables, strict=True)):
        return first, None
    return [*(written[place] for place in range(moved)), *first[moved:]], len(tables)


def _apart(code: Code, codes: Iterable[Code]) -> bool:
    """Say whether a code like 98 stands apart from the answers of a list."""
    if not isinstance(code, int) or not re.fullmatch(r"-?(9{1,3}[789]|9{2,3})", str(code)):
        return False
    others = [one for one in codes if isinstance(one, int) and one != code and not CONVENTIONAL.fullmatch(str(one))]
    return not others or max(others) + 20 < abs(code)


def code_of(text: str) -> Code:
    """Give a code as a number where its text is one.

    Examples
    --------
    >>> code_of("7"), code_of("07"), code_of("KZ-10"), code_of("-99")
    (7, '07', 'KZ-10', -99)
    """
    return int(text) if re.fullmatch(r"0|-?[1-9]\d{0,8}", text) else text


def missing_kind(texts: Mapping[str, str], code: Code, *, certain: bool = False) -> MissingKind | None:
    """Say what a code that is no answer means: by its words, else by its last digit where it is known to be none.

    Examples
    --------
    >>> missing_kind({"en": "Don't know"}, 98), missing_kind({"en": "Don't know the law"}, 3), missing_kind({}, 98)
    ('dont_know', None, None)
    """
    kinds = {_said(text) for text in texts.values() if text.strip()}
    if len(kinds) == 1 and (kind := kinds.pop()) is not None:
        return kind
    return _BY_DIGIT.get(str(code)[-1:], "unknown") if certain else None


def _said(text: str) -> MissingKind | None:
    """Give what the words of an answer mean, if they say that it is none."""
    plain = re.sub(r"[.!]|\([^()]*\)", "", text.replace("’", "'")).strip().casefold()
    first = re.split(r"[/;]", plain)[0].strip()
    for kind, pattern in _KINDS.items():
        if first and re.fullmatch(pattern, first):
            return kind
    for kind in MISSING_KINDS:
        if any(plain == words("xlsform", language)(kind).casefold() for language in known_languages("xlsform")):
            return kind
    return None


def _unmarked(texts: Mapping[str, str]) -> tuple[dict[str, str], bool]:
    """Take off what a form of our own says of codes that are not read out."""
    out, marked = {}, False
    for language, text in texts.items():
        told = words("form", language)("not_read_out")
        suffix = f" ({told[:1].lower()}{told[1:]})"
        marked |= text.endswith(suffix)
        out[language] = text.removesuffix(suffix)
    return out, marked


def scale_of(found: ChoiceList, default: Mapping[Code, MissingKind], shared: Mapping[Code, Mapping[str, str]]) -> Scale:
    """Make a scale of a list; a list that shows its numbers names its ends only."""
    codes = tuple(one.code for one in found.answers)
    labels = {one.code: dict(one.texts) for one in found.answers if one.texts}
    numbered = {
        code: {language: re.sub(rf"^{re.escape(str(code))}(?:\s+|$)", "", text) for language, text in texts.items()}
        for code, texts in labels.items()
    }
    bare = [code for code, texts in numbered.items() if texts and not any(texts.values())]
    own = {
        code: dict(texts) for code, texts in found.missing_texts.items() if texts and dict(texts) != shared.get(code)
    }
    missing = None if dict(found.missing) == dict(default) else dict(found.missing)
    if bare and len(bare) + 3 >= len(codes):
        ends = {code: texts for code, texts in numbered.items() if any(texts.values())}
        return Scale(codes=codes, ends={**ends, **own}, missing=missing)
    return Scale(codes=codes, labels={**labels, **own}, missing=missing)


def shared_texts(lists: Sequence[ChoiceList]) -> dict[Code, dict[str, str]]:
    """Give the words of each code that is no answer which most lists have."""
    counted: dict[Code, Counter[tuple[tuple[str, str], ...]]] = {}
    for one in lists:
        for code, texts in one.missing_texts.items():
            if texts:
                counted.setdefault(code, Counter())[tuple(texts.items())] += 1
    return {code: dict(found.most_common(1)[0][0]) for code, found in counted.items()}
