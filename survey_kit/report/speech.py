"""What the report says in the languages it speaks: phrases of the catalogues, plural forms, texts of other rooms told again.

The catalogues are ``language/catalogues/report_*.yaml``. A key stands in one of them only; its phrase is a whole sentence, heading
or label, so that no language has to bend words into another's order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from string import Formatter
from typing import Any, Final

from survey_kit.errors import ReportError, did_you_mean
from survey_kit.language import Words, words
from survey_kit.report.display import numbers

CATALOGUES: Final = (
    *("report_sentences", "report_figures", "report_tables", "report_method", "report_quality", "report_pages"),
    *("report_ratings", "report_frame"),
)
TOLD: Final = "report_reasons"  # texts of lower rooms: matched in English, told in another language
NAMES: Final = "report_names"  # names and notes that come with the international ratings
TITLES: Final = "report_pages"
WHOLE: Final = (*CATALOGUES, TOLD, NAMES, "open_data", "policy", "regions", "release")  # all that pages are made with
_NUMBER: Final = re.compile(r"(?<=\d)\.(?=\d)")


@dataclass(frozen=True, slots=True)
class Speech:
    """The phrases of the report in one language.

    Examples
    --------
    >>> speech("ru")("class_rose"), speech("kk")("wave_synthetic", order=2)
    ('рост', '2-репетиция')
    """

    language: str

    def __call__(self, key: str, **parts: Any) -> str:
        """Give a phrase with its parts filled in."""
        return _catalogue(key, self.language)(key, **parts)

    def counted(self, key: str, count: int, **parts: Any) -> str:
        """Give the form of a phrase that a whole number takes; the number is the part ``count``.

        Examples
        --------
        >>> speech("ru").counted("bits", 21), speech("ru").counted("bits", 3), speech("en").counted("bits", 2)
        ('21 байт', '3 байта', '2 bytes')
        """
        form = plural(count, self.language)
        return self(f"{key}_{form}", count=numbers(self.language).count(count), **parts)

    def told(self, text: str) -> str:
        """Tell a text that another room wrote in English; what no catalogue knows stays as it is.

        Examples
        --------
        >>> speech("ru").told("effective sample size under 30")
        'эффективный объём выборки меньше 30'
        """
        if self.language == "en" or not text:
            return text
        for pattern, known in _patterns():
            found = pattern.fullmatch(text)
            if found and known.get(self.language):
                parts = {name: self._part(value) for name, value in found.groupdict().items()}
                return Formatter().vformat(known[self.language], (), parts)
        return text

    def title(self, text: str) -> str:
        """Give a title, heading or menu entry of ``reports/`` in the language by its English; empty when it is not known.

        Examples
        --------
        >>> speech("ru").title("Key findings"), speech("ru").title("A page of my own")
        ('Главные выводы', '')
        """
        return _by_english(TITLES).get(text, {}).get(self.language, "")

    def name(self, text: str) -> str:
        """Give a name of a country, a rating or a source in the language, if it is known.

        Examples
        --------
        >>> speech("kk").name("Kazakhstan")
        'Қазақстан'
        """
        return _by_english(NAMES).get(text, {}).get(self.language, text)

    def _part(self, text: str) -> str:
        point = numbers(self.language).style.point
        return _NUMBER.sub(point, self.told(text)) if re.fullmatch(r"[\d.,\s%−-]+", text) else self.told(text)


@lru_cache(maxsize=16)
def speech(language: str) -> Speech:
    """Give the phrases of a language; a region or script after the language (``ru-KZ``) is left out.

    Examples
    --------
    >>> speech("ru-KZ").language
    'ru'
    """
    return Speech(numbers(language).language)


def plural(count: int, language: str) -> str:
    """Name the plural form of a whole number: the rules of the Unicode Common Locale Data Repository (CLDR 46).

    Examples
    --------
    >>> [plural(n, "ru") for n in (1, 2, 5, 11, 21, 112)]
    ['one', 'few', 'many', 'many', 'one', 'many']
    >>> plural(1, "kk"), plural(2, "en")
    ('one', 'other')
    """
    if language == "ru":
        ten, hundred = count % 10, count % 100
        if ten == 1 and hundred != 11:
            return "one"
        return "few" if ten in {2, 3, 4} and hundred not in {12, 13, 14} else "many"
    return "one" if count == 1 else "other"


@lru_cache(maxsize=4096)
def _catalogue(key: str, language: str) -> Words:
    for use in CATALOGUES:
        found = words(use, language)
        if key in found.texts:
            return found
    known = [name for use in CATALOGUES for name in words(use, language).texts]
    raise ReportError(f"No catalogue of the report has the phrase '{key}'.", fix=did_you_mean(key, known))


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], Mapping[str, str]], ...]:
    """Give every text of the lower rooms as a pattern, those with fewer gaps first."""
    out = []
    for known in words(TOLD, "en").texts.values():
        pieces = re.split(r"\{(\w+)\}", known["en"])
        body = "".join(f"(?P<{part}>.+?)" if i % 2 else re.escape(part) for i, part in enumerate(pieces))
        out.append((len(pieces), (re.compile(body, re.DOTALL), known)))
    return tuple(pair for _, pair in sorted(out, key=lambda one: one[0]))


@lru_cache(maxsize=2)
def _by_english(use: str) -> Mapping[str, Mapping[str, str]]:
    return {known["en"]: known for known in words(use, "en").texts.values()}
