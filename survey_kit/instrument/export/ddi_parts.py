"""Parts of DDI Lifecycle 3.3 through the library ``ddi-l``: identified items, texts in several languages, references, commands."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from survey_kit.errors import InstrumentError
from survey_kit.instrument.export.ddi_xml import plain

REUSABLE, COLLECTION = "{ddi:reusable:3_3}", "{ddi:datacollection:3_3}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
LANGUAGE = "survey_kit expression"  # of conditions and computed values


def library() -> tuple[Any, Any, Any, Any]:
    """Give ddi-l, its models, its models of questionnaires and the XML library it uses.

    Raises
    ------
    InstrumentError
        When it is not installed.
    """
    try:
        import ddi_l
        from ddi_l import models
        from ddi_l.models import datacollection
    except ImportError:
        raise InstrumentError("DDI Lifecycle needs ddi-l.", fix="pip install 'trust-survey-kit[forms]'") from None
    backend = "lxml.etree" if find_spec("lxml") else "xml.etree.ElementTree"  # as ddi-l chooses
    return ddi_l, models, datacollection, import_module(backend)


@dataclass(slots=True)
class Parts:
    """Makes items with identifiers that stay the same from run to run."""

    agency: str
    stem: str
    version: str
    languages: tuple[str, ...]
    document: Any = field(init=False)
    models: Any = field(init=False)
    questions: Any = field(init=False)
    xml: Any = field(init=False)

    def begin(self, title: str) -> None:
        """Begin a document."""
        package, self.models, self.questions, self.xml = library()
        self.document = package.new_study(
            title=title,
            agency=self.agency,
            identifier=self.key("document"),
            version=self.version,
            lang=self.languages[0],
        )
        self.document.study_unit.identifier = self.key("study")

    def key(self, *parts: object) -> str:
        """Give the identifier of something: always the same for the same instrument and agency."""
        return str(uuid5(NAMESPACE_URL, ":".join(("urn:survey-kit", self.agency, self.stem, *map(str, parts)))))

    def add(self, kind: Any, *parts: object, user_id: str = "", **values: Any) -> Any:
        """Add an item to the study."""
        if user_id:
            values["user_ids"] = [self.base("UserID")(value=user_id, type_of_user_id="survey_kit")]
        item = kind(agency=self.agency, identifier=self.key(*parts), version=self.version, **values)
        return self.document.attach(item)  # add_item looks through all items each time

    def base(self, name: str) -> Any:
        """Give a class of the library's basic parts."""
        from ddi_l.models import base

        return getattr(base, name)

    def names(self, text: str) -> list[Any]:
        """Give the name of an item, which is the same in all languages."""
        return [self.base("InternationalString")(text=plain(text), lang=self.languages[0], child_tag="String")]

    def labels(self, texts: Mapping[str, str], *, question: bool = False) -> list[Any]:
        """Give texts by language."""
        more = {"child_tag": "Content", "is_plain_text": True} if question else {}
        string = self.base("InternationalString")
        return [
            string(text=plain(texts[language]), lang=language, **more)
            for language in self.languages
            if texts.get(language, "").strip()
        ]

    def element(self, tag: str, parent: Any = None, text: str = "") -> Any:
        """Make an XML element."""
        made = self.xml.Element(tag) if parent is None else self.xml.SubElement(parent, tag)
        if text:
            made.text = plain(text)
        return made

    def spoken(self, tag: str, texts: Mapping[str, str], inner: Sequence[str]) -> Any:
        """Make an element whose innermost elements hold the texts by language: ``d:DisplayText/d:LiteralText/d:Text``."""
        made = self.element(tag)
        for language in self.languages:
            if text := texts.get(language, "").strip():
                child = made
                for one in inner:
                    child = self.element(one, child)
                child.text = plain(text)
                child.set(LANG, language)
        return made

    def command(self, tag: str, code: str, texts: Mapping[str, str]) -> Any:
        """Make a command: its description by language and the expression."""
        made = self.element(tag)
        described = self.element(f"{REUSABLE}Description", made)
        for language in self.languages:
            if text := texts.get(language, "").strip():
                self.element(f"{REUSABLE}Content", described, text).set(LANG, language)
        command = self.element(f"{REUSABLE}Command", made)
        self.element(f"{REUSABLE}ProgramLanguage", command, LANGUAGE)
        self.element(f"{REUSABLE}CommandContent", command, code)
        return made

    def titled(self, texts: Mapping[str, str]) -> None:
        """Put titles in further languages into every citation."""
        citations = [*self.document.study_unit.citations, *self.document.inner.root.findall(f"{REUSABLE}Citation")]
        for citation in citations:
            title = citation.find(f"{REUSABLE}Title")
            for language in self.languages[1:]:
                if text := texts.get(language, "").strip():
                    self.element(f"{REUSABLE}String", title, text).set(LANG, language)

    def text(self) -> str:
        """Give the document; the identifiers the library draws at random are replaced by stable ones."""
        study = self.document.study_unit
        for kind in ("conceptual_components", "data_collections", "logical_products"):
            for part in getattr(study, kind):
                part.identifier = self.key(kind)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return str(self.document.to_xml())
