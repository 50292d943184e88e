"""Reading a Quarto project: its ``_quarto.yml``, its variables, and each page as lines of text and cells of code.

Every line keeps the file and the number it came from, through includes, so that any later complaint names them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from survey_kit import files
from survey_kit.errors import ReportError, did_you_mean
from survey_kit.report import qmd_subset as subset

_FENCE: Final = re.compile(r"^(?P<indent>\s*)(?P<mark>`{3,}|~{3,})\s*(?P<info>[^`]*)$")
_SHORTCODE: Final = re.compile(r"\{\{<\s*(?P<name>[\w-]+)?\s*(?P<value>.*?)\s*>\}\}")
_SEE: Final = "reports/README.md lists what the built-in renderer knows."


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text and where it stands."""

    text: str
    file: Path
    number: int

    @property
    def where(self) -> str:
        """Give ``file:line``."""
        return f"{self.file}:{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell of Python: its options, its code, the line of its fence and the line its code starts at."""

    line: Line
    options: Mapping[str, Any]
    code: str
    first: int


Part: TypeAlias = Line | Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A Quarto website project: what ``_quarto.yml`` and ``_variables.yml`` say."""

    folder: Path
    document: files.Document = field(repr=False)
    values: Mapping[str, Any]
    variables: Mapping[str, Any]

    @property
    def website(self) -> Mapping[str, Any]:
        """Give what stands under ``website``."""
        return self.values.get("website") or {}

    @property
    def labels(self) -> dict[str, str]:
        """Give the words the renderer itself puts on a page."""
        path = self.folder / "_language.yml"
        own = files.read_yaml(path, "list of words (_language.yml)", ReportError).value or {} if path.is_file() else {}
        told = {name: str(text) for name, text in own.items() if name in subset.LABELS}
        return subset.LABELS | told | dict(self.values.get("language") or {})

    def format_options(self, name: str) -> dict[str, Any]:
        """Give the project's options of a format."""
        formats = self.values.get("format")
        found = formats.get(name) if isinstance(formats, dict) else None
        return dict(found) if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page: its front matter, its one format with all options, and its parts."""

    path: Path
    document: files.Document = field(repr=False)
    meta: Mapping[str, Any]
    format: str
    options: Mapping[str, Any]
    execute: Mapping[str, Any]
    parts: tuple[Part, ...] = field(repr=False)

    @property
    def output(self) -> str:
        """Give the name of the file the page becomes."""
        return self.path.stem + (".pdf" if self.format == "typst" else ".html")

    @property
    def title(self) -> str:
        """Give the title."""
        return str(self.meta["title"])


# --------------------------------------------------------------------------------------------------------- project
def read_project(folder: Path) -> Project:
    """Read ``_quarto.yml`` and ``_variables.yml``; refuse a key the subset does not have."""
    path = files.existing(folder / "_quarto.yml", "Quarto project", ReportError)
    document = files.read_yaml(path, "Quarto project", ReportError)
    subset.check(document, document.value, subset.PROJECT, "_quarto.yml")
    variables: Mapping[str, Any] = {}
    if (folder / "_variables.yml").is_file():
        variables = files.read_yaml(folder / "_variables.yml", "list of variables", ReportError).value or {}
    values = dict(document.value)
    project = Project(folder=folder, document=document, values=values, variables=variables)
    if "website" in values:
        values["website"] = _with_variables(values["website"], document, project, ("website",))
    return project


def page_files(folder: Path) -> list[Path]:
    """List the pages of a project as Quarto does: not those whose name starts with ``_`` or ``.``, nor a README."""
    found = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(("_", ".")) for part in relative.parts)
        if hidden or path.stem.upper() == "README" or path.suffix not in {".qmd", ".md", ".ipynb", ".Rmd"}:
            continue
        if path.suffix != ".qmd":
            raise ReportError(
                "The built-in renderer knows .qmd pages only.", where=str(path), fix=f"Start its name with '_'. {_SEE}"
            )
        if len(relative.parts) > 1:
            raise ReportError("A page stands in a folder of its own.", where=str(path), fix=f"Move it up. {_SEE}")
        found.append(path)
    return found


# ------------------------------------------------------------------------------------------------------------ page
def read_page(path: Path, project: Project) -> Page:
    """Read a page with its includes; nothing is run."""
    lines = _lines(path)
    document, body = _front_matter(path, lines)
    subset.check(document, document.value, subset.PAGE, "the front matter")
    meta = _with_variables(dict(document.value), document, project, ())
    if not meta.get("title"):
        raise ReportError("A page has no title.", where=f"{path}:1", fix="Start it with '---', 'title: ...', '---'.")
    name, own = _format(document, meta.get("format"))
    options = project.format_options(name) | {key: meta[key] for key in subset.CONTENTS if key in meta} | own
    execute = dict(project.values.get("execute") or {}) | dict(meta.get("execute") or {})
    parts = tuple(_parts(body, project, path.parent))
    return Page(path=path, document=document, meta=meta, format=name, options=options, execute=execute, parts=parts)


def front_matter(path: Path) -> Mapping[str, Any]:
    """Read what stands between the two ``---`` at the head of a page."""
    value: Mapping[str, Any] = _front_matter(path, _lines(path))[0].value
    return value


def _lines(path: Path) -> list[Line]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ReportError("A page is not UTF-8.", where=str(path), fix="Save it as UTF-8.") from None
    return [Line(line, path, i) for i, line in enumerate(text.splitlines(), 1)]


def _front_matter(path: Path, lines: list[Line]) -> tuple[files.Document, list[Line]]:
    if not lines or lines[0].text.rstrip() != "---":
        return files.Document(path, {}, {}), lines
    for i, line in enumerate(lines[1:], 1):
        if line.text.rstrip() in {"---", "..."}:
            text = "\n".join(one.text for one in lines[1:i])
            document = files.parse_yaml(text, path, "front matter", ReportError, before=1)
            return files.Document(path, document.value or {}, document.lines), lines[i + 1 :]
    raise ReportError("The front matter does not end.", where=f"{path}:1", fix="Close it with a line '---'.")


def _format(document: files.Document, value: Any) -> tuple[str, dict[str, Any]]:
    """Give the one format of a page and the page's own options of it."""
    if value is None or isinstance(value, str):
        return value or "html", {}
    if len(value) != 1:
        raise ReportError(
            "A page has one format here.",
            where=document.at(("format",)),
            found=", ".join(value),
            fix="Write two pages.",
        )
    ((name, own),) = value.items()
    return name, dict(own) if isinstance(own, dict) else {}


def _parts(lines: Iterable[Line], project: Project, base: Path | None) -> Iterator[Part]:
    """Walk through lines: cells come out as cells, included files line by line, variables with their values."""
    stream = iter(lines)
    above = ""
    for line in stream:
        fence = _FENCE.match(line.text)
        if fence:
            yield from _fenced(line, fence, stream)
        else:
            code = _SHORTCODE.fullmatch(line.text.strip())
            if code and code["name"] == "include":
                yield from _included(line, code["value"], project, base)
            else:
                if above == "---" and re.match(r"^[\w-]+:(\s|$)", line.text):
                    raise ReportError("A second front matter stands in the text.", where=line.where, fix="Move it up.")
                yield Line(_substituted(line.text, line.where, project), line.file, line.number)
        above = line.text.strip()


def _fenced(line: Line, fence: re.Match[str], stream: Iterator[Line]) -> Iterator[Part]:
    """Read a fenced block up to its end: a cell of Python, or text that stays as it is."""
    mark, info = fence["mark"], fence["info"].strip()
    inside: list[Line] = []
    for one in stream:
        text = one.text.strip()
        if text.startswith(mark) and not text.strip(mark[0]):
            break
        inside.append(one)
    else:
        raise ReportError("A block of code does not end.", where=line.where, found=line.text, fix=f"Close it: {mark}")
    if info == "{python}":
        if fence["indent"]:
            raise ReportError("A cell is indented.", where=line.where, fix="Start it at the margin.")
        yield _cell(line, inside)
        return
    raw = re.fullmatch(r"\{=([\w-]+)\}", info)
    if (raw and raw[1] not in subset.RAW) or re.match(r"\{\w", info):
        raise ReportError("This kind of block is not known.", where=line.where, found=info, fix=_SEE)
    for one in inside:
        if _SHORTCODE.search(one.text):
            raise ReportError("A shortcode stands in a block of code.", where=one.where, found=one.text, fix=_SEE)
    yield line
    yield from inside
    yield Line(mark, line.file, line.number + len(inside) + 1)


def _cell(line: Line, inside: list[Line]) -> Cell:
    count = 0
    while count < len(inside) and inside[count].text.startswith("#|"):
        count += 1
    text = "\n".join(one.text[2:].removeprefix(" ") for one in inside[:count])
    document = files.parse_yaml(text, line.file, "list of cell options", ReportError, before=line.number)
    options = document.value or {}
    subset.check(document, options, subset.CELL, "the options of a cell")
    label = str(options.get("label", ""))
    caption = next((kind for kind in ("fig", "tbl") if f"{kind}-cap" in options), None)
    if caption and not label.startswith(f"{caption}-"):
        raise ReportError(
            f"A cell has '{caption}-cap' but no label to refer to it.",
            where=document.at((f"{caption}-cap",)),
            fix=f"Add '#| label: {caption}-...'.",
        )
    code = "\n".join(one.text for one in inside[count:])
    return Cell(line=line, options=options, code=code, first=line.number + count + 1)


def _included(line: Line, name: str, project: Project, base: Path | None) -> Iterator[Part]:
    if base is None:
        raise ReportError("An included file includes another.", where=line.where, found=name, fix=_SEE)
    path = project.folder / name.lstrip("/") if name.startswith("/") else base / name
    if not path.is_file():
        near = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
        raise ReportError(
            "There is no file to include.", where=line.where, found=name, fix=did_you_mean(path.name, near)
        )
    lines = _lines(path)
    if lines and lines[0].text.rstrip() == "---":
        raise ReportError("An included file has a front matter.", where=f"{path}:1", fix="Leave it to the page.")
    yield Line("", line.file, line.number)
    yield from _parts(lines, project, None)
    yield Line("", line.file, line.number)


# ------------------------------------------------------------------------------------------------------- variables
def _substituted(text: str, where: str, project: Project) -> str:
    """Put the value of each variable into a text; refuse any other shortcode."""

    def value(code: re.Match[str]) -> str:
        if code["name"] == "pagebreak" and code[0] == text.strip():
            # a paragraph of two raw pieces: each writer takes its own
            return '`#pagebreak(weak: true)`{=typst}`<div style="page-break-after: always;"></div>`{=html}'
        if code["name"] != "var":
            fix = did_you_mean(str(code["name"]), subset.SHORTCODES)
            raise ReportError("This shortcode is not known here.", where=where, found=code[0], fix=f"{fix} {_SEE}")
        found: Any = project.variables
        for key in code["value"].split("."):
            found = found.get(key) if isinstance(found, Mapping) else None
        if found is None or isinstance(found, (Mapping, list)):
            fix = did_you_mean(code["value"], project.variables)
            raise ReportError("_variables.yml has no such variable.", where=where, found=code["value"], fix=fix)
        return str(found).lower() if isinstance(found, bool) else str(found)

    return _SHORTCODE.sub(value, text)


def _with_variables(value: Any, document: files.Document, project: Project, way: tuple[str | int, ...]) -> Any:
    if isinstance(value, str):
        return _substituted(value, document.at(way), project)
    if isinstance(value, Mapping):
        return {key: _with_variables(part, document, project, (*way, key)) for key, part in value.items()}
    if isinstance(value, list):
        return [_with_variables(part, document, project, (*way, i)) for i, part in enumerate(value)]
    return value
