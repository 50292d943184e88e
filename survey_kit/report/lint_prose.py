"""The prose of a page as its author wrote it: paragraphs with their lines, marks and commentaries, without code and addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from survey_kit.errors import ReportError
from survey_kit.report.lint_words import LANGUAGES

_FENCE: Final = re.compile(r"^\s*(`{3,}|~{3,})")
_DIV: Final = re.compile(r"^\s*:{3,}\s*(.*?)\s*:*\s*$")
_SPAN: Final = re.compile(r"\[([^\[\]]*)\]\{([^{}]*)\}")
_ATTRIBUTE: Final = re.compile(r"([\w-]+)=(\"[^\"]*\"|'[^']*'|[^\s}]+)")
_LIST: Final = re.compile(r"^\s*\d+[.)]\s", re.MULTILINE)
_FRONT: Final = re.compile(r"^(?:title|subtitle|description):\s*(.*)$")
_HIDDEN: Final = (
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"\{\{<.*?>\}\}"),
    re.compile(r"(`+)(?!`).*?(?<!`)\1(?:\{[^{}]*\})?", re.DOTALL),
    re.compile(r"(?<=\])\([^)]*\)"),
    re.compile(r"<(?:https?|mailto):[^>]*>|https?://\S+"),
    re.compile(r"\[\^[^\]]*\]"),
    re.compile(r"\{[^{}]*\}"),
    re.compile(r"\[?-?@[\w:-]+\]?"),
    re.compile(r"<[^<>]+>"),
    re.compile(r"&#?\w+;"),
)
_MENTIONED: Final = re.compile(r"\*\*[^*]+\*\*|__[^_]+__|“[^”]*”|«[^»]*»|\"[^\"]*\"|„[^“”]*[“”]", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph of prose.

    Attributes
    ----------
    file, line
        Where its first line stands.
    language
        kk, ru or en: of the name of the file (``_trust.ru.qmd``), else English.
    text
        The words; what is code, address, attribute or marked as sourced is blank, so that places stay.
    commentary
        The attributes of the commentary it stands in; None outside.
    sources
        The place and the source of each mark.
    """

    file: Path
    line: int
    language: str
    text: str = field(repr=False)
    commentary: Mapping[str, str] | None = None
    sources: tuple[tuple[int, str], ...] = ()

    @property
    def spoken(self) -> str:
        """Give the words without those only mentioned: bold, or in quotation marks."""
        return _MENTIONED.sub(_blank, self.text)

    def where(self, at: int) -> str:
        """Give ``file:line`` of a place in the text."""
        return f"{self.file}:{self.line + self.text.count(chr(10), 0, at)}"


def paragraphs(path: Path) -> Iterator[Paragraph]:
    """Walk through the prose of a page, titles of its front matter first.

    Raises
    ------
    ReportError
        If the file is not UTF-8.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ReportError("A page is not UTF-8.", where=str(path), fix="Save it as UTF-8.") from None
    language = path.suffixes[-2][1:] if len(path.suffixes) > 1 and path.suffixes[-2][1:] in LANGUAGES else "en"
    start = _front_end(lines)
    for number, line in enumerate(lines[:start], 1):
        found = _FRONT.match(line)
        if found:
            yield _paragraph(path, number, language, [found[1].strip("\"'")], None)
    inside: list[Mapping[str, str]] = []
    gathered: list[str] = []
    fence, first = "", start + 1
    for number, line in enumerate([*lines[start:], ""], start + 1):
        mark = _FENCE.match(line)
        div = None if fence else _DIV.match(line)
        if not (fence or mark or div) and line.strip():
            first = first if gathered else number
            gathered.append(line)
            continue
        if gathered:
            commentary = next((one for one in reversed(inside) if "commentary" in one), None)
            yield _paragraph(path, first, language, gathered, commentary)
            gathered = []
        if mark and not fence:
            fence = mark[1]
        elif fence and line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
        elif div:
            _enter(inside, div[1])


def _enter(inside: list[Mapping[str, str]], marks: str) -> None:
    """Open a fenced block with its attributes, or close the innermost one."""
    if marks:
        inside.append(_attributes(marks))
    elif inside:
        inside.pop()


def _paragraph(
    path: Path, line: int, language: str, lines: list[str], commentary: Mapping[str, str] | None
) -> Paragraph:
    text = "\n".join(lines)
    sources: list[tuple[int, str]] = []

    def span(found: re.Match[str]) -> str:
        marks = _attributes(found[2])
        if "sourced" not in marks:
            return found[0]
        sources.append((found.start(), marks.get("data-source", "").strip()))
        return _blank(found)

    text = _SPAN.sub(span, text)
    for hidden in _HIDDEN:
        text = hidden.sub(_blank, text)
    text = _LIST.sub(_blank, text)
    return Paragraph(file=path, line=line, language=language, text=text, commentary=commentary, sources=tuple(sources))


def _attributes(marks: str) -> dict[str, str]:
    """Read ``{.commentary data-rows="..."}``: a class stands as a key of its own."""
    given = {key: value.strip("\"'") for key, value in _ATTRIBUTE.findall(marks)}
    return given | dict.fromkeys(re.findall(r"(?<![\w=\"'])\.([\w-]+)", _ATTRIBUTE.sub("", marks)), "")


def _front_end(lines: list[str]) -> int:
    """Give the number of lines of the front matter."""
    if not lines or lines[0].rstrip() != "---":
        return 0
    return next((k + 1 for k, line in enumerate(lines[1:], 1) if line.rstrip() in {"---", "..."}), len(lines))


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0])
