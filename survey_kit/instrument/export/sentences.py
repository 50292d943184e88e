"""Conditions and computed values in words, in the languages of the interview: what a paper questionnaire says in place of a program.

Items go by their display numbers (`numbers`), answers by their labels. A sentence is true exactly when its condition is certainly true:
what looks at an item without an answer is not met, which a printed questionnaire says once for all its sentences.
"""

from __future__ import annotations

from survey_kit.instrument.export.sentences_clauses import Sayer
from survey_kit.instrument.export.sentences_numbers import letters, numbers
from survey_kit.instrument.expressions import parse, parse_value
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.language import words

__all__ = ["Sentences", "answer_told", "in_words", "letters", "numbers", "unit_in_words", "value_in_words"]


def in_words(instrument: Instrument, condition: str, language: str) -> str:
    """Say a condition in words, as a clause that stands after "only if".

    Parameters
    ----------
    instrument
        The questionnaire; items go by the numbers of `numbers`.
    condition
        An expression, such as ``ask_if``.
    language
        ``en``, ``kk`` or ``ru``; any other language is said in English.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module, Scale
    >>> yes_no = Scale(codes=(1, 2), labels={1: {"en": "Yes", "ru": "Да"}, 2: {"en": "No", "ru": "Нет"}})
    >>> items = (Item(id="contact", scale=yes_no), Item(id="age", type="integer"))
    >>> form = Instrument(id="a", version="1", modules=(Module(id="m", items=items),))
    >>> in_words(form, "contact == 1 and age >= 18", "en")
    'the answer to A1 is “Yes” and the number in A2 is 18 or more'
    >>> in_words(form, "not answered(age) or contact != 1", "ru")
    'на A2 нет ответа (не знает, отказался или не спрашивали), или ответ на A1 — «Нет»'
    """
    return Sentences(instrument, language).condition(condition)


def value_in_words(instrument: Instrument, value: str, language: str) -> str:
    """Say in words how a value is computed.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module
    >>> items = (Item(id="size", type="integer"), Item(id="adults", type="integer"))
    >>> form = Instrument(id="a", version="1", modules=(Module(id="m", items=items),))
    >>> value_in_words(form, "size - adults if size > 0 else 0", "en")
    '(A1 − A2) if the number in A1 is 1 or more; otherwise 0'
    """
    return Sentences(instrument, language).value(value)


def answer_told(instrument: Instrument, condition: str, language: str) -> tuple[str, str] | None:
    """Read a condition that one item has one of some answers: the item and the answers in words; None for any other.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module, Scale
    >>> yes_no = Scale(codes=(1, 2), labels={1: {"en": "Yes"}, 2: {"en": "No"}})
    >>> form = Instrument(id="a", version="1", modules=(Module(id="m", items=(Item(id="q", scale=yes_no),)),))
    >>> answer_told(form, "q == 1", "en")
    ('q', '“Yes”')
    """
    return Sentences(instrument, language).answer(condition)


def unit_in_words(unit: str | None, language: str) -> str:
    """Say the unit of a number; as it stands in the instrument when the catalogue does not know it.

    Examples
    --------
    >>> unit_in_words("per cent", "ru"), unit_in_words("km", "ru"), unit_in_words(None, "ru")
    ('процентов', 'km', '')
    """
    key, known = f"measure_{(unit or '').replace(' ', '_')}", words("paper", language)
    return known(key) if key in known.texts else unit or ""


class Sentences:
    """The sentences of one instrument in one language, for many conditions.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module
    >>> form = Instrument(id="a", version="1", modules=(Module(id="m", items=(Item(id="age", type="integer"),)),))
    >>> say = Sentences(form, "en")
    >>> say.condition("age < 30"), say.condition("answered(age)")
    ('the number in A1 is 29 or less', 'A1 was answered')
    """

    def __init__(self, instrument: Instrument, language: str) -> None:
        self._say = Sayer(instrument, language, words("paper", language), numbers(instrument))

    def condition(self, condition: str) -> str:
        """Say a condition; see `in_words`."""
        return self._say.truth(parse(condition).tree).text

    def value(self, value: str) -> str:
        """Say how a value is computed; see `value_in_words`."""
        return self._say.value(parse_value(value).tree)

    def answer(self, condition: str) -> tuple[str, str] | None:
        """Read a condition that one item has one of some answers; see `answer_told`."""
        atom = self._say.atom(parse(condition).tree)
        return None if atom is None else (atom.name, atom.answers)
