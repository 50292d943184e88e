"""What a page is made of: texts, lists, tables, charts, boxes and sections that show themselves.

In a report an element gives Quarto's own Markdown; in JupyterLab it gives HTML. Text that comes from data or from a
study's files is escaped in both, so that a label can never become markup.
"""

from __future__ import annotations

import json
import os
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Final

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|$@^~])")
_LIST_START: Final = re.compile(r"^(\s*\d+)([.)])|^(\s*)([-+:=])")


def markdown_text(text: str) -> str:
    r"""Escape a plain text, so that Markdown shows it as it is.

    Examples
    --------
    >>> print(markdown_text("[u] a_b < 3"))
    \[u\] a\_b \< 3
    >>> print(markdown_text("2023. A year"))
    2023\. A year
    """
    flat = _SPECIAL.sub(r"\\\1", " ".join(text.split(" ")).replace("\n", " "))
    return _LIST_START.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"{m[3]}\\{m[4]}", flat)


class Element(ABC):
    """A part of a page: Markdown for a report, HTML for a notebook."""

    __slots__ = ()

    @abstractmethod
    def markdown(self) -> str:
        """Give the element as Quarto Markdown."""

    @abstractmethod
    def html(self) -> str:
        """Give the element as HTML."""

    @abstractmethod
    def texts(self) -> list[str]:
        """List every text a reader or a screen reader meets in the element."""

    def _repr_markdown_(self) -> str:
        return self.markdown() + "\n"

    def _repr_html_(self) -> str | None:
        return None if in_report() else self.html()


def in_print() -> bool:
    """Tell whether the page is made for print: Quarto names a running page's format in a file of its own."""
    path = os.environ.get("QUARTO_EXECUTE_INFO", "")
    if not path or not Path(path).is_file():
        return False
    format_ = json.loads(Path(path).read_text(encoding="utf-8")).get("format", {})
    return "typst" in str(format_.get("identifier", {}).get("target-format", ""))


def in_report() -> bool:
    """Tell whether a page of a report is being built: its folder holds the Quarto project."""
    return (Path.cwd() / "_quarto.yml").is_file()


@dataclass(frozen=True, slots=True)
class Prose(Element):
    """Paragraphs of plain text."""

    paragraphs: tuple[str, ...]

    def markdown(self) -> str:
        """Give the paragraphs."""
        return "\n\n".join(markdown_text(one) for one in self.paragraphs)

    def html(self) -> str:
        """Give the paragraphs."""
        return "".join(f"<p>{escape(one)}</p>" for one in self.paragraphs)

    def texts(self) -> list[str]:
        """List the paragraphs."""
        return list(self.paragraphs)


@dataclass(frozen=True, slots=True)
class Bullets(Element):
    """A list; each point may begin with words in bold."""

    points: tuple[tuple[str, str], ...]

    def markdown(self) -> str:
        """Give the list."""
        return "\n".join(f"- {_lead(lead)}{markdown_text(text)}" for lead, text in self.points)

    def html(self) -> str:
        """Give the list."""
        items = (f"<li>{f'<b>{escape(lead)}</b> ' if lead else ''}{escape(text)}</li>" for lead, text in self.points)
        return f"<ul>{''.join(items)}</ul>"

    def texts(self) -> list[str]:
        """List the points."""
        return [f"{lead} {text}".strip() for lead, text in self.points]


@dataclass(frozen=True, slots=True)
class Links(Element):
    """A list of links to files beside the page, each with what it holds."""

    targets: tuple[tuple[str, str, str], ...]

    def markdown(self) -> str:
        """Give the list."""
        return "\n".join(
            f"- [{markdown_text(name)}]({href}): {markdown_text(text)}" for name, href, text in self.targets
        )

    def html(self) -> str:
        """Give the list."""
        items = (
            f'<li><a href="{escape(href)}">{escape(name)}</a>: {escape(text)}</li>' for name, href, text in self.targets
        )
        return f"<ul>{''.join(items)}</ul>"

    def texts(self) -> list[str]:
        """List the names and what they hold."""
        return [part for name, _, text in self.targets for part in (name, text)]


@dataclass(frozen=True, slots=True)
class Table(Element):
    """A table: the title above it as text, so that it wraps on a telephone; the rows as HTML; notes below."""

    id: str
    title: str
    rows: str
    notes: tuple[str, ...] = ()
    subtitle: str = ""

    def markdown(self) -> str:
        """Give the title, the table as a raw block and the notes."""
        head = f"**{markdown_text(self.title)}**" + (f" {markdown_text(self.subtitle)}" if self.subtitle else "")
        notes = "\n\n".join(f"*{markdown_text(note)}*" for note in self.notes)
        return f"{head}\n\n```{{=html}}\n{self.rows}\n```" + (f"\n\n{notes}" if notes else "")

    def html(self) -> str:
        """Give the title, the table and the notes."""
        notes = "".join(f"<p><i>{escape(note)}</i></p>" for note in self.notes)
        return f"<p><b>{escape(self.title)}</b> {escape(self.subtitle)}</p>{self.rows}{notes}"

    def texts(self) -> list[str]:
        """List the title, the rows as they stand and the notes."""
        return [f"{self.title} {self.subtitle}".strip(), self.rows, *self.notes]


@dataclass(frozen=True, slots=True)
class Chart(Element):
    """A chart: an SVG file, how the page refers to it, what it shows in words, and its caption."""

    id: str
    path: Path
    alt: str
    caption: str

    def markdown(self) -> str:
        """Give the figure with its caption and alternative text."""
        alt = self.alt.replace("\\", "").replace('"', "'")
        width = ' width="62%"' if in_print() else ""
        return f'![{markdown_text(self.caption)}](figures/{self.path.name}){{#fig-{self.id} fig-alt="{alt}"{width}}}'

    def html(self) -> str:
        """Give the figure with the picture inside."""
        import base64

        data = base64.b64encode(self.path.read_bytes()).decode("ascii")
        picture = f'<img alt="{escape(self.alt)}" src="data:image/svg+xml;base64,{data}">'
        return f"<figure>{picture}<figcaption>{escape(self.caption)}</figcaption></figure>"

    def texts(self) -> list[str]:
        """List the alternative text and the caption."""
        return [self.alt, self.caption]


@dataclass(frozen=True, slots=True)
class Stack(Element):
    """Elements one below the other."""

    parts: tuple[Element, ...]

    def markdown(self) -> str:
        """Give the parts."""
        return "\n\n".join(filter(None, (part.markdown() for part in self.parts)))

    def html(self) -> str:
        """Give the parts."""
        return "".join(part.html() for part in self.parts)

    def texts(self) -> list[str]:
        """List the texts of the parts."""
        return [text for part in self.parts for text in part.texts()]


@dataclass(frozen=True, slots=True)
class Section(Element):
    """A heading and what stands under it."""

    heading: str
    id: str
    parts: tuple[Element, ...]
    depth: int = 2

    def markdown(self) -> str:
        """Give the heading and the parts."""
        head = f"{'#' * self.depth} {markdown_text(self.heading)} {{#sec-{self.id}}}"
        return f"{head}\n\n{Stack(self.parts).markdown()}"

    def html(self) -> str:
        """Give the heading and the parts."""
        return f"<h{self.depth}>{escape(self.heading)}</h{self.depth}>{Stack(self.parts).html()}"

    def texts(self) -> list[str]:
        """List the heading and the texts of the parts."""
        return [self.heading, *Stack(self.parts).texts()]


@dataclass(frozen=True, slots=True)
class Box(Element):
    """A callout: note, warning, important, tip or caution; a folded one opens on demand.

    In print a folded one has no frame, since a frame does not go on to the next page.
    """

    kind: str
    title: str
    parts: tuple[Element, ...]
    folded: bool = field(default=False)

    def markdown(self) -> str:
        """Give the callout, in print the parts of a folded one under their title."""
        if self.folded and in_print():
            return Stack(self.parts).markdown()
        fold = ' collapse="true"' if self.folded else ""
        title = self.title.replace("\\", "").replace('"', "'")
        return f'::: {{.callout-{self.kind}{fold} title="{title}"}}\n\n{Stack(self.parts).markdown()}\n\n:::'

    def html(self) -> str:
        """Give the callout."""
        shown = "" if self.folded else " open"
        return f"<details{shown}><summary>{escape(self.title)}</summary>{Stack(self.parts).html()}</details>"

    def texts(self) -> list[str]:
        """List the title and the texts of the parts."""
        return [self.title, *Stack(self.parts).texts()]


def _lead(lead: str) -> str:
    return f"**{markdown_text(lead)}** " if lead else ""
