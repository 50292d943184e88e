"""Whether a named person has reviewed the words of a catalogue in a language: ``reviews.yaml``, by the digest of the words."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from survey_kit.files import read_yaml
from survey_kit.language.catalogue import words

SOURCE = "en"  # the language the catalogues are written in: no translation, no draft


def digest_of(use: str, language: str) -> str:
    """Give the digest of the words of a catalogue in a language.

    Examples
    --------
    >>> len(digest_of("form", "kk")), digest_of("form", "kk") == digest_of("form", "ru")
    (16, False)
    """
    told = {key: known.get(language) for key, known in words(use, language).texts.items()}
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:16]


def reviewed(use: str, language: str) -> str:
    """Name who has reviewed the words of a catalogue in a language as they stand; empty for a draft.

    Examples
    --------
    >>> reviewed("form", "kk")
    ''
    """
    found = _read().get(use, {}).get(language, {})
    return str(found.get("by", "")) if found.get("digest") == digest_of(use, language) else ""


@lru_cache(maxsize=1)
def _read() -> dict[str, Any]:
    value: dict[str, Any] = read_yaml(Path(__file__).parent / "reviews.yaml", "list of reviews").value or {}
    return value
