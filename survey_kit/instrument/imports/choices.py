"""Lists of choices as scales: answers, codes that are no answers and what they mean, words of the ends of a scale."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

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
    for name, rows in found.items():
        out.rows[name] = rows[0].number
        out.filtered[name] = tuple(rows)
        out.lists[name] = _list(name, rows, tell, twice_allowed)
    return out


def _list(name: str, rows: Sequence[FormRow], tell: Teller, twice_allowed: bool) -> ChoiceList:
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
    missing: dict[Code, MissingKind] = {}
    texts_: dict[Code, Mapping[str, str]] = {}
    for code, one in choices.items():
        plain, marked = _unmarked(one.texts)
        kind = missing_kind(plain, code, certain=marked)
        if kind is None and _apart(code, choices) and not _ANSWERS.search(" ".join(plain.values()).casefold()):
            kind = missing_kind({}, code, certain=True)
            message = f"The choice '{code}' of '{name}' is taken for no answer ({kind}) by its number."
            tell("X119", ("choices", one.row.number), message, "Correct 'missing:' where it is an answer.", note=True)
        if kind is not None:
            missing[code], texts_[code] = kind, plain
    answers = tuple(one for code, one in choices.items() if code not in missing)
    return ChoiceList(name=name, answers=answers, missing=missing, missing_texts=texts_)


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
    for text in texts.values():
        plain = re.sub(r"[.!]|\(.*?\)", "", text.replace("’", "'")).strip().casefold()
        for kind, pattern in _KINDS.items():
            parts = [part.strip() for part in re.split(r"[/;]", plain) if part.strip()]
            if parts and all(re.fullmatch(pattern, part) for part in parts[:1]):
                return kind
        for kind in MISSING_KINDS:
            if any(plain == words("xlsform", language)(kind).casefold() for language in known_languages("xlsform")):
                return kind
    return _BY_DIGIT.get(str(code)[-1:], "unknown") if certain else None


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
