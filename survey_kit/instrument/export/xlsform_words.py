"""The words of a form on a device: every text in all its languages, hints, lists of choices, earlier answers shown in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from survey_kit.instrument.model import Item, Module, Scale
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.texts import walk_texts
from survey_kit.language import NAMES, words
from survey_kit.types import Code

Row: TypeAlias = dict[str, str]
PIPED = re.compile(r"\$\{(\w+)\}")
INTERVIEWED = frozenset({"face_to_face", "telephone"})


def tongue(language: str) -> str:
    """Name a language as a column of a form does.

    Examples
    --------
    >>> tongue("kk"), tongue("pt")
    ('Қазақша (kk)', 'pt (pt)')
    """
    return f"{NAMES.get(language.split('-', maxsplit=1)[0], language)} ({language})"


def piped(instrument: Instrument) -> tuple[str, ...]:
    """Name the items whose answers are shown in later texts.

    Examples
    --------
    >>> shown = Item(id="n", type="note", text={"en": "You said ${age}."})
    >>> piped(Instrument(id="a", version="1", modules=(Module(id="m", items=(Item(id="age", type="integer"), shown)),)))
    ('age',)
    """
    found = (name for _, texts in walk_texts(instrument) for text in texts.values() for name in PIPED.findall(text))
    return tuple(dict.fromkeys(name for name in found if name in instrument))


@dataclass(slots=True)
class FormWords:
    """The texts of an instrument as cells of a form: one column for each language, nothing left blank.

    What a language lacks is said in the source language.
    """

    instrument: Instrument
    languages: tuple[str, ...]
    pilot: Mapping[str, bool]  # of each language, whether it is a draft
    lists: dict[str, tuple[Row, ...]] = field(default_factory=dict)
    _known: dict[tuple[Any, ...], str] = field(default_factory=dict)
    _labelled: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        labelled = (name for name in piped(self.instrument) if self.instrument.item(name).type == "single")
        self._labelled = frozenset(labelled)

    # ----------------------------------------------------------------------------------------------------- one text
    def say(self, texts: Mapping[str, str], language: str) -> str:
        """Give a text in a language, with answers shown in it by their label."""
        text = texts.get(language, "").strip() or self.instrument.say(texts, language).strip()
        text = re.sub(r"\} \$\{", "}\N{NO-BREAK SPACE}${", text)  # devices drop a space that stands alone
        return PIPED.sub(lambda found: f"${{{found[1]}__label}}" if found[1] in self._labelled else found[0], text)

    def cells(self, kind: str, texts: Mapping[str, str]) -> Row:
        """Give a text as cells ``kind::language``; none when there is no text in any language."""
        if not any(text.strip() for text in texts.values()):
            return {}
        return {f"{kind}::{tongue(one)}": self.say(texts, one) for one in self.languages}

    def phrase(self, key: str, use: str = "form", **parts: Any) -> dict[str, str]:
        """Give one of the toolkit's own phrases in every language of the form."""
        return {one: words(use, one)(key, **parts) for one in self.languages}

    def joined(self, *parts: Mapping[str, str], by: str = "\n") -> dict[str, str]:
        """Join texts, each in every language of the form."""
        given = [part for part in parts if any(text.strip() for text in part.values())]
        if not given:
            return {}
        return {one: by.join(self.instrument.say(part, one).strip() for part in given) for one in self.languages}

    def heading(self, texts: Mapping[str, str], fallback: str) -> Row:
        """Give the heading of a group, which stands on each of its pages; a draft says so there."""
        named = texts if any(texts.values()) else dict.fromkeys(self.languages, fallback)
        out = self.cells("label", named)
        for language in self.languages:
            if self.pilot[language]:
                column = f"label::{tongue(language)}"
                out[column] = f"{words('form', language)('pilot')} · {out[column]}"
        return out

    # -------------------------------------------------------------------------------------------------------- hints
    def alone(self, module: Module) -> bool:
        """Say whether the respondent fills a module in without an interviewer."""
        modes = self.instrument.modes
        return module.self_completed or (bool(modes) and not INTERVIEWED & set(modes))

    def to_interviewer(self, texts: Mapping[str, str], *, alone: bool) -> dict[str, str]:
        """Give an instruction, addressed to the interviewer where there is one."""
        if alone or not texts:
            return dict(texts)
        told = self.phrase("interviewer")
        return {one: f"{told[one]}: {self.instrument.say(texts, one)}" for one in self.languages}

    def hint(self, item: Item, *, alone: bool, row: bool = False) -> Row:
        """Give what stands small under a question: showcard, how many answers, codes to type, the instruction.

        Examples
        --------
        >>> form = Instrument(id="a", version="1", modules=(Module(id="m", items=(Item(id="q", type="integer"),)),))
        >>> FormWords(form, ("en",), {"en": False}).hint(Item(id="q", showcard="3"), alone=False)
        {'hint::English (en)': 'Show card 3'}
        """
        parts: list[Mapping[str, str]] = []
        scale = self.instrument.scale_of(item.id) if item.id in self.instrument else None
        if item.showcard is not None and not alone and not row:
            parts.append(self.phrase("showcard", number=item.showcard))
        if item.type == "multiple":
            several = self.phrase("choose_several") if item.most is None else {}
            parts.append(several or self.phrase("at_most", number=item.most))
        elif item.type == "single" and alone and not row:
            parts.append(self.phrase("choose_one"))
        silent = (
            scale is not None
            and not scale.read_out
            and len(scale.codes) > 2
            and item.role not in {"design", "paradata"}
        )
        if item.type in {"single", "multiple"} and silent and not alone and not row:
            parts.append(self.phrase("answers_not_read_out", use="xlsform"))
        if item.type in {"integer", "decimal", "number"} and (missing := self.typed(item)):
            parts.append(missing)
        parts.append(self.to_interviewer(item.instruction, alone=alone))
        return self.cells("hint", self.joined(*parts))

    def typed(self, item: Item) -> dict[str, str]:
        """Say which codes are typed in where there is no answer."""
        codes = self.instrument.missing_codes(item.id)
        if not codes:
            return {}
        told = {
            one: ", ".join(f"{code} ({self.missing_label(item.id, code, one)})" for code in codes)
            for one in self.languages
        }
        return {one: words("xlsform", one)("instead", codes=told[one]) for one in self.languages}

    def missing_label(self, item_id: str, code: Code, language: str) -> str:
        """Give the words of a missing code in a language."""
        scale = self.instrument.scale_of(item_id)
        texts = (scale.texts(code) if scale else {}) or self.instrument.missing_labels.get(code, {})
        return self.say(texts, language) or words("xlsform", language)(self.instrument.missing_codes(item_id)[code])

    # ------------------------------------------------------------------------------------------------------ choices
    def choices(self, item: Item, *, alone: bool, orders: tuple[tuple[int, ...], ...] = ()) -> str:
        """Name the list of an item's choices: the scale's codes, then the missing ones; equal lists are one list.

        `orders` puts the answers into several orders, told apart by the column ``order``; the missing codes stay last.
        """
        scale, missing = self.instrument.scale_of(item.id) or Scale(codes=()), self.instrument.missing_codes(item.id)
        answers = [self._choice(scale, code) for code in scale.codes]
        others = [self._not_read_out(item.id, code, alone=alone) for code in missing]
        rows = [*answers, *others]
        if orders:
            rows = [
                {**row, "order": str(number)}
                for number, order in enumerate(orders, start=1)
                for row in (*(answers[place] for place in order), *others)
            ]
        return self.listed(item.scale if isinstance(item.scale, str) else item.id, rows)

    def listed(self, wanted: str, rows: Iterable[Row]) -> str:
        """Keep a list of choices; give its name."""
        kept = tuple(rows)
        key = (wanted, *(tuple(row.items()) for row in kept))
        if key not in self._known:
            taken = sum(name == wanted or name.startswith(f"{wanted}__") for name in self.lists)
            name = f"{wanted}__{taken + 1}" if taken else wanted
            self.lists[name] = tuple({"list_name": name, **row} for row in kept)
            self._known[key] = name
        return self._known[key]

    def missing_choices(self, item: Item, *, alone: bool) -> str:
        """Name a list that holds the missing codes of an item alone."""
        codes = self.instrument.missing_codes(item.id)
        return self.listed(f"{item.id}__missing", [self._not_read_out(item.id, code, alone=alone) for code in codes])

    def _choice(self, scale: Scale, code: Code) -> Row:
        texts = scale.labels.get(code) or {}
        if not texts:  # a scale that only names its ends shows its numbers
            ends = scale.ends.get(code)
            texts = dict.fromkeys(self.languages, str(code))
            if ends:
                texts = {one: f"{code} {self.say(ends, one)}" for one in self.languages}
        return {"name": str(code), **self.cells("label", texts)}

    def _not_read_out(self, item_id: str, code: Code, *, alone: bool) -> Row:
        labels = {one: self.missing_label(item_id, code, one) for one in self.languages}
        if not alone:
            told = self.phrase("not_read_out")
            labels = {one: f"{labels[one]} ({told[one][:1].lower()}{told[one][1:]})" for one in self.languages}
        return {"name": str(code), **self.cells("label", labels)}
