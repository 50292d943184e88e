"""Notes as values: made in one language, said in another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from survey_kit.language.catalogue import words


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence of a catalogue with its parts; as text it is English.

    Attributes
    ----------
    use, key
        The catalogue, and the phrase in it.
    parts
        What is filled in, written out: numbers read alike in every language.

    Examples
    --------
    >>> note = Note("progress", "no_end", {"count": "3"})
    >>> str(note)
    'An interview has no end, so no length: 3 times.'
    >>> note.said("ru")
    'Интервью без времени окончания: 3; длительность неизвестна.'
    """

    use: str
    key: str
    parts: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Say it in English."""
        return self.said("en")

    def said(self, language: str) -> str:
        """Say it in a language."""
        return words(self.use, language)(self.key, **self.parts)


def said(note: Note | str, language: str) -> str:
    """Say a note in a language; what is plain text stays as it is.

    Examples
    --------
    >>> said("As written.", "kk")
    'As written.'
    """
    return note.said(language) if isinstance(note, Note) else note
