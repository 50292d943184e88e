"""XML elements with texts in several languages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from survey_kit.instrument.export.ddi_facts import VOCABULARIES

LANG = "xml:lang"
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]")


def plain(text: str) -> str:
    r"""Leave out the characters XML does not know, and outer and doubled blanks.

    Examples
    --------
    >>> plain(" a\x0bb   c ")
    'ab c'
    """
    return " ".join(_FORBIDDEN.sub("", text).split())


def name(*parts: object) -> str:
    """Make an XML name of parts.

    Examples
    --------
    >>> name("V", "region", "KZ/10")
    'V_region_KZ_10'
    """
    return _NO_NAME.sub("_", "_".join(map(str, parts)))


@dataclass(frozen=True, slots=True)
class Writer:
    """Adds elements; texts by language are added once for each language, the first language first."""

    languages: tuple[str, ...]

    def add(self, parent: ET.Element, tag: str, text: str = "", **attributes: str | None) -> ET.Element:
        """Add an element; attributes that are None or empty are left out, and ``wgt_var`` is written ``wgt-var``."""
        given = {key.rstrip("_").replace("__", "-"): value for key, value in attributes.items() if value}
        element = ET.SubElement(parent, tag, given)
        if text:
            element.text = plain(text)
        return element

    def say(self, parent: ET.Element, tag: str, texts: Mapping[str, str], **attributes: str | None) -> None:
        """Add an element for each language that has the text."""
        for language in self.languages:
            if text := texts.get(language, "").strip():
                self.add(parent, tag, text, **attributes).set(LANG, language)

    def first(self, parent: ET.Element, tag: str, texts: Mapping[str, str], **attributes: str | None) -> None:
        """Add an element that may stand once only: in the first language that has the text."""
        language = next((one for one in self.languages if texts.get(one, "").strip()), None)
        if language is not None:
            self.add(parent, tag, texts[language], **attributes).set(LANG, language)

    def term(self, parent: ET.Element, tag: str, vocabulary: str, code: str, texts: Mapping[str, str]) -> None:
        """Add a term of a controlled vocabulary with its code, and what is said about it."""
        element = self.add(parent, tag, VOCABULARIES[vocabulary][code])
        self.add(element, "concept", code, vocab=vocabulary, vocabURI=f"urn:ddi-cv:{vocabulary}")
        self.say(parent, tag, texts)

    def note(self, parent: ET.Element, kind: str, text: str, subject: str | None = None, language: str = "") -> None:
        """Add a note."""
        if text.strip():
            element = self.add(parent, "notes", text, type=kind, subject=subject)
            if language:
                element.set(LANG, language)


def written(root: ET.Element) -> str:
    """Give a document as text, indented, in UTF-8."""
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def joined(texts: Iterable[Mapping[str, str]], languages: Sequence[str]) -> dict[str, str]:
    """Join texts language by language, with a blank between."""
    parts = list(texts)
    return {one: " ".join(text for part in parts if (text := part.get(one, "").strip())) for one in languages}
