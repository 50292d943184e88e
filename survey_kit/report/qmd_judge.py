"""What the filter saw on a page, judged: unknown syntax, pictures without words, references and links to nowhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from survey_kit.errors import ReportError, did_you_mean
from survey_kit.report import qmd_subset as subset
from survey_kit.report.qmd_read import Line, Page

_SCHEME: Final = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*:|^//")
_BARE_PICTURE: Final = re.compile(r"<img\b(?![^>]*\balt=)[^>]*>", re.IGNORECASE)
_FETCHED: Final = re.compile(
    r"<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)\s*=\s*[\"']?(?:https?:)?//[^>]*>", re.IGNORECASE
)
_SEE: Final = "reports/README.md lists what the built-in renderer knows."
Seen = Mapping[str, Any]


def syntax(page: Page, lines: Sequence[Line], seen: Seen) -> None:
    """Refuse what means something to Quarto and nothing to the built-in renderer."""
    for element in seen["elements"]:
        _element(page, lines, element)
    for raw in seen["raw"]:
        if raw["format"] not in subset.RAW:
            raise _fault(page, lines, "This kind of raw text is not known.", f"{{={raw['format']}}}", _SEE)
        if page.format == "html" and raw["format"] == "html":
            _raw_html(page, lines, raw["text"])
    if seen["stray"]:
        fix = f"Mend the fence or the shortcode, or write code in a cell. {_SEE}"
        raise _fault(page, lines, "This text was meant as syntax and is none.", seen["stray"][0], fix)
    top = [one["text"] for one in seen["headings"] if one["level"] == 1]
    if top and page.format == "html":
        raise _fault(page, lines, "A page has a second title.", f"# {top[0]}", "Start its sections at '##'.")


def content(page: Page, lines: Sequence[Line], seen: Seen) -> None:
    """Refuse pictures without words, numbers given twice and references to nowhere."""
    for image in seen["images"]:
        source = image["src"]
        if not (image["alt"] or image["caption"]).strip():
            raise _fault(page, lines, "A picture has no alternative text.", source, 'Add {fig-alt="..."} or fig-alt.')
        if _SCHEME.match(source):
            raise _fault(
                page, lines, "A picture would be fetched from elsewhere.", source, "Put the file beside the page."
            )
        if not _inside(page, source):
            raise _fault(
                page, lines, "There is no such picture.", source, "Write the file before the page refers to it."
            )
    counts: Counter[str] = Counter(seen["ids"])
    twice = [name for name, count in counts.items() if count > 1 and name.startswith(subset.FLOATS)]
    if twice:
        raise _fault(page, lines, "Two figures or tables have one name.", f"#{twice[0]}", "Rename one of them.")
    for name in seen["cites"]:
        if not name.startswith(subset.FLOATS):
            raise _fault(page, lines, "This reference is not known here.", f"@{name}", f"Escape '@' as '\\@'. {_SEE}")
        if name not in seen["ids"]:
            near = [one for one in seen["ids"] if one.startswith(subset.FLOATS)]
            raise _fault(page, lines, "A reference leads nowhere.", f"@{name}", did_you_mean(name, near))


def links(pages: Sequence[tuple[Page, Sequence[Line], Seen]], known: Iterable[Path], to: Path) -> set[str]:
    """Refuse links between the pages that lead nowhere; give the files beside the pages that are linked to.

    Parameters
    ----------
    pages
        The rendered pages.
    known
        All pages of the project, rendered or not.
    to
        The folder that holds the rendered pages.
    """
    anchors = {page.path.name: {*seen["ids"], *_html_ids(to / page.output)} for page, _, seen in pages}
    names = {path.name for path in known}
    names |= {path.stem + ending for path in known for ending in (".html", ".pdf")}
    wanted: set[str] = set()
    for page, lines, seen in pages:
        for target in seen["links"]:
            if _SCHEME.match(target) or page.format == "typst":
                continue
            name, _, anchor = str(target).partition("#")
            if name and name not in names:
                if not _inside(page, name):
                    fix = did_you_mean(name, names)
                    raise _fault(page, lines, "A link leads nowhere.", target, fix)
                wanted.add(name)
            there = anchors.get(name or page.path.name)
            if anchor and there is not None and anchor not in there:
                raise _fault(page, lines, "A link leads to no place on the page.", target, did_you_mean(anchor, there))
    return wanted


def place(lines: Sequence[Line], needle: str) -> str | None:
    """Give ``file:line`` of the first line that holds a text."""
    return next((line.where for line in lines if needle and needle in line.text), None)


def _element(page: Page, lines: Sequence[Line], element: Mapping[str, Any]) -> None:
    kind, name = str(element["kind"]), str(element["id"])
    for class_ in element["classes"]:
        if subset.refused_class(class_):
            raise _fault(page, lines, "This class means something to Quarto that is not known here.", class_, _SEE)
    if name.startswith(subset.QUARTO_IDS) and kind != "Header":
        raise _fault(page, lines, "This kind of numbered thing is not known here.", f"#{name}", _SEE)
    for key, value in element["attributes"]:
        if subset.refused_attribute(kind, key) and not (kind in {"Table", "Figure", "Link", "Header"} and not key):
            raise _fault(page, lines, f"This attribute of a {kind} is not known here.", key, _SEE)
        if key in {"when-format", "unless-format"} and value not in subset.FORMATS:
            raise _fault(page, lines, "This format is not known here.", f'{key}="{value}"', _SEE)
        if key == "collapse" and value not in {"true", "false"}:
            raise _fault(page, lines, "A callout is folded or not.", f'{key}="{value}"', "Write true or false.")


def _raw_html(page: Page, lines: Sequence[Line], text: str) -> None:
    bare = _BARE_PICTURE.search(text)
    if bare:
        raise _fault(page, lines, "A picture has no alternative text.", bare[0], 'Add alt="...".')
    fetched = _FETCHED.search(text)
    if fetched:
        raise _fault(
            page, lines, "A part of the page would be fetched from elsewhere.", fetched[0], "Put it beside the page."
        )


def _inside(page: Page, name: str) -> bool:
    folder = page.path.parent
    path = (folder / name).resolve()
    return path.is_file() and path.is_relative_to(folder.resolve())


def _html_ids(path: Path) -> set[str]:
    if path.suffix != ".html" or not path.is_file():
        return set()
    return set(re.findall(r'\sid="([^"]+)"', path.read_text(encoding="utf-8")))


def _fault(page: Page, lines: Sequence[Line], what: str, found: str, fix: str) -> ReportError:
    where = place(lines, found) or place(lines, found.strip("#@{}=")) or str(page.path)
    return ReportError(what, where=where, found=found[:200], fix=fix)
