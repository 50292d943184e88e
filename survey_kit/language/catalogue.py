"""Catalogues of words: one file for each use, one line for each phrase, every language beside the others.

A catalogue in ``catalogues/<use>.yaml`` maps a key to its text by language; parts in braces are filled in. What a language lacks is
said in English.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any

from survey_kit.errors import FileError, did_you_mean
from survey_kit.files import read_yaml

FOLDER = Path(__file__).parent / "catalogues"
NAMES: Mapping[str, str] = {"kk": "Қазақша", "ru": "Русский", "en": "English"}


@dataclass(frozen=True, slots=True)
class Words:
    """The phrases of one catalogue in one language.

    Examples
    --------
    >>> words("form", "ru")("interviewer")
    'Интервьюеру'
    """

    use: str
    language: str
    texts: Mapping[str, Mapping[str, str]]

    def __call__(self, key: str, **parts: Any) -> str:
        """Give a phrase with its parts filled in."""
        if key not in self.texts:
            fix = did_you_mean(key, self.texts)
            raise FileError(
                f"The catalogue '{self.use}' has no phrase '{key}'.", where=f"catalogues/{self.use}.yaml", fix=fix
            )
        known = self.texts[key]
        text = known.get(self.language) or known["en"]
        return Formatter().vformat(text, (), parts) if parts else text


@lru_cache(maxsize=64)
def words(use: str, language: str) -> Words:
    """Give the phrases of a catalogue in a language; a region or script after the language (``ru-KZ``) is left out.

    Examples
    --------
    >>> words("form", "kk-KZ").language
    'kk'
    """
    return Words(use, language.split("-", maxsplit=1)[0].split("_", maxsplit=1)[0], _read(use))


def known_languages(use: str) -> tuple[str, ...]:
    """Name the languages in which every phrase of a catalogue stands.

    Examples
    --------
    >>> known_languages("form")
    ('en', 'kk', 'ru')
    """
    texts = _read(use).values()
    return tuple(sorted(set.intersection(*(set(one) for one in texts))))


@lru_cache(maxsize=16)
def _read(use: str) -> Mapping[str, Mapping[str, str]]:
    value: Mapping[str, Mapping[str, str]] = read_yaml(FOLDER / f"{use}.yaml", "catalogue").value
    return value
