"""The built-in renderer: a Quarto website project to HTML and PDF without Quarto.

It knows the part of Quarto that ``reports/README.md`` lists and refuses the rest. A page is read (`qmd_read`), its cells
are run (`qmd_cells`), pandoc writes it with one filter that adds what pandoc lacks (``builtin/quarto.lua``), and what the
filter saw is judged (`qmd_judge`). Pandoc and Typst work on one page while the cells of the next run.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Final

from survey_kit import files, typeset
from survey_kit.errors import ReportError, did_you_mean
from survey_kit.report import qmd_cells, qmd_judge
from survey_kit.report.display import numbers
from survey_kit.report.qmd_inline import Inline
from survey_kit.report.qmd_read import Line, Page, Project, page_files, read_page, read_project
from survey_kit.report.speech import speech
from survey_kit.types import Progress

_HERE: Final = Path(__file__).parent / "builtin"
_LANGUAGE: Final = "en"
_FRAME: Final = ("skip", "menu", "announcement")
_FRAME_STYLE: Final = "site_libs/page.css"
# Points: an A4 sheet between margins, upright and lying; the space between columns; text sizes; a letter's
# mean width in ems, and how much wider a bold one is; the letters after which a text in a table may
# wrap; the rows up to which a table is not parted.
_PRINT: Final = {
    "portrait": 470.0,
    "landscape": 700.0,
    "gutter": 8.5,
    "largest": 8.5,
    "smallest": 5.5,
    "letter": 0.6,
    "bold": 1.13,
    "longest": 26,
    "whole": 14,
}
_TYPST: Final = {
    "papersize": "a4",
    "margin": {"x": "2.2cm", "top": "2.4cm", "bottom": "2.2cm"},
    "mainfont": "DejaVu Sans",
    "codefont": "DejaVu Sans Mono",
    "fontsize": "10pt",
    "page-numbering": "1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """What every page of one run needs."""

    project: Project
    pages: tuple[Page, ...]
    site: tuple[Page, ...]  # also those that are not made anew this time
    outputs: Mapping[str, str]
    to: Path
    scratch: Path


def render(
    site: Path,
    to: Path,
    *,
    formats: Sequence[str],
    progress: Progress | None = None,
    only: Collection[str] | None = None,
) -> list[str]:
    """Render the pages of `site` into the folder `to`; give the names of the pages made.

    With `only`, these pages (by the names of their sources) are made anew, as parts of the whole site; what lies beside the site's
    other pages is not copied again.
    """
    project = read_project(site)
    every = [read_page(path, project) for path in page_files(site)]
    wanted = [page for page in every if ("pdf" if page.format == "typst" else "html") in formats]
    site_pages = tuple(sorted(wanted, key=lambda page: page.format != "typst"))  # print takes longest: first
    pages = tuple(page for page in site_pages if only is None or page.path.name in only)
    if not pages:
        raise ReportError("The project has no page in this format.", where=str(site), found=", ".join(formats))
    with tempfile.TemporaryDirectory(prefix="qmd-") as scratch, ThreadPoolExecutor(max_workers=2) as pool:
        outputs = _outputs(every, site_pages)
        job = _Job(project=project, pages=pages, site=site_pages, outputs=outputs, to=to, scratch=Path(scratch))
        try:
            _read_only(job, pool)
            done = _made(job, pool, progress)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            for page in pages:
                shutil.rmtree(_pictures(page), ignore_errors=True)
    linked = qmd_judge.links(done, [page.path for page in every], to)
    _resources(job, done, linked, whole=only is None)
    return sorted(page.output for page in pages)


def _outputs(every: Sequence[Page], pages: Sequence[Page]) -> dict[str, str]:
    """Say what a link to each page becomes: the file it is made to, or nothing when it is not made now."""
    made = {page.path.name for page in pages}
    pairs = [(page.path.name, page.output) for page in every] + [(page.output, page.output) for page in every]
    names = {page.output: page.path.name for page in every}
    return {name: output if names[output] in made else "" for name, output in pairs}


def _read_only(job: _Job, pool: ThreadPoolExecutor) -> None:
    """Check the syntax of every page before any cell runs."""

    def check(page: Page) -> None:
        inline = Inline()
        lines = [inline.filled(part) for part in page.parts if isinstance(part, Line)]
        _, seen = _written(job, page, lines, "check")
        qmd_judge.syntax(page, lines, seen)

    for waiting in [pool.submit(check, page) for page in job.pages]:
        waiting.result()


def _made(
    job: _Job, pool: ThreadPoolExecutor, progress: Progress | None
) -> list[tuple[Page, Sequence[Line], qmd_judge.Seen]]:
    waiting: list[tuple[Page, Sequence[Line], Future[qmd_judge.Seen]]] = []
    for i, page in enumerate(job.pages):
        if progress:
            progress(page.output, i, len(job.pages))
        lines = qmd_cells.run(page, _pictures(page))
        waiting.append((page, lines, pool.submit(_page, job, page, lines)))
        _first_fault(waiting)
    done = [(page, lines, one.result()) for page, lines, one in waiting]
    if progress:
        progress("pages", len(job.pages), len(job.pages))
    return done


def _first_fault(waiting: Sequence[tuple[Page, Sequence[Line], Future[qmd_judge.Seen]]]) -> None:
    """Stop at once when a page that is done has failed."""
    for _, _, one in waiting:
        if one.done():
            one.result()


def _page(job: _Job, page: Page, lines: Sequence[Line]) -> qmd_judge.Seen:
    """Write one page whose cells have run."""
    text, seen = _written(job, page, lines, "page")
    qmd_judge.syntax(page, lines, seen)
    qmd_judge.content(page, lines, seen)
    if page.format == "html":
        files.write_text(job.to / page.output, text)
        for image in seen["images"]:
            _copy(job, image["src"])
        return seen
    standards = _list(page.options.get("pdf-standard"))
    folders = [page.path.parent / name for name in _list(page.options.get("font-paths"))]
    try:
        content = typeset.pdf(
            text, root=page.path.parent, fonts=[one for one in folders if one.is_dir()], standards=standards
        )
    except ReportError as fault:
        raise ReportError(fault.what, where=str(page.path), found=fault.found, fix=fault.fix) from None
    files.write_bytes(job.to / page.output, content)
    return seen


# ------------------------------------------------------------------------------------------------------- pandoc's part
def _written(job: _Job, page: Page, lines: Sequence[Line], step: str) -> tuple[str, qmd_judge.Seen]:
    """Let pandoc write a page; give its text and what the filter saw."""
    stem = job.scratch / f"{page.path.stem}-{step}"
    report, settings, metadata = (stem.with_suffix(f".{name}.json") for name in ("seen", "settings", "meta"))
    labels = {name.removeprefix("crossref-").removesuffix("-title"): text for name, text in job.project.labels.items()}
    told = {
        "labels": labels | {"and": numbers(_spoken(job, page)).style.last},
        "outputs": job.outputs,
        "report": str(report),
        "print": _PRINT,
    }
    settings.write_text(json.dumps(told), encoding="utf-8")
    to, options, meta = _html(job, page) if page.format == "html" else _typst(job, page)
    metadata.write_text(json.dumps(meta, ensure_ascii=False), encoding="utf-8")
    options += [
        *("--standalone", f"--metadata-file={metadata}", f"--lua-filter={_HERE / 'quarto.lua'}"),
        *("--fail-if-warnings", "--wrap=preserve", "--syntax-highlighting=none"),
    ]
    text = "\n".join(line.text for line in lines) + "\n"
    try:
        out = typeset.pandoc(text, to=to, options=options, environment={"QMD_SETTINGS": str(settings)})
    except ReportError as fault:
        number = re.search(r"line (\d+)", fault.found or "")
        at = int(number[1]) - 1 if number else -1
        where = lines[at].where if 0 <= at < len(lines) else str(page.path)
        raise ReportError(fault.what, where=where, found=fault.found, fix=fault.fix) from None
    return out, json.loads(report.read_text(encoding="utf-8"))


def _spoken(job: _Job, page: Page) -> str:
    """Give the language of a page: its own, else that of the site."""
    return str(page.meta.get("lang") or job.project.values.get("lang") or _LANGUAGE)


def _contents(page: Page, label: str) -> tuple[list[str], dict[str, Any]]:
    depth = int(page.options.get("toc-depth", 2 if page.format == "html" else 3))
    meta = {"toc-title": page.options.get("toc-title", label)}
    return (["--toc", f"--toc-depth={depth}"] if page.options.get("toc") else []), meta


def _html(job: _Job, page: Page) -> tuple[str, list[str], dict[str, Any]]:
    website = job.project.website
    site_title = str(website.get("title", ""))
    bar = website.get("navbar") or {}
    footer = website.get("page-footer")
    home = next((one.output for one in job.site if one.path.stem == "index"), page.output)
    options, meta = _contents(page, job.project.labels["toc-title-website"])
    meta |= {name: page.meta[name] for name in ("title", "subtitle", "author", "date") if page.meta.get(name)}
    meta |= {"navtitle": bar.get("title", site_title)}
    if footer:
        meta["footer"] = [footer] if isinstance(footer, str) else [str(text) for text in footer.values()]
    if website.get("announcement"):
        meta["announcement"] = website["announcement"].get("content", "")
    plain = {
        **{f"label-{name}": speech(_spoken(job, page))(f"frame_{name}") for name in _FRAME},
        "lang": _spoken(job, page),
        "home": home,
        "description-meta": page.meta.get("description") or website.get("description") or "",
    }
    if site_title and site_title != page.title:
        plain["sitetitle"] = site_title
    variables = {name: escape(str(text)) for name, text in plain.items() if text}
    variables["nav"] = _navigation(job, page)
    options += [f"--variable={name}={text}" for name, text in variables.items() if text]
    options += [f"--css={name}" for name in (_FRAME_STYLE, *_list(page.options.get("css")))]
    options += [f"--template={_HERE / 'page.html'}", "--mathml", "--section-divs"]
    return "html5", options, meta


def _navigation(job: _Job, page: Page) -> str:
    """Give the items of the menu; a page that is not made now has none."""
    bar = job.project.website.get("navbar") or {}
    titles = {one.path.name: one.title for one in job.site}
    items: list[str] = []
    for edge in ("left", "right"):
        for i, entry in enumerate(bar.get(edge) or ()):
            item = {"href": entry} if isinstance(entry, str) else entry
            href = str(item.get("href", ""))
            target = job.outputs.get(href, href)
            where = job.project.document.at(("website", "navbar", edge, i))
            if not href or not (
                href in job.outputs or re.match(r"^https?:", href) or (page.path.parent / href).is_file()
            ):
                fix = did_you_mean(href, job.outputs)
                raise ReportError("An entry of the menu leads nowhere.", where=where, found=href or repr(item), fix=fix)
            if not target:
                continue
            here = ' aria-current="page"' if target == page.output else ""
            side = ' class="right"' if edge == "right" else ""
            text = item.get("text") or titles.get(href, href)
            items.append(f'<li{side}><a href="{escape(target)}"{here}>{escape(str(text))}</a></li>')
    return "\n".join(items)


def _typst(job: _Job, page: Page) -> tuple[str, list[str], dict[str, Any]]:
    given = {**_TYPST, **page.options}
    options, meta = _contents(page, job.project.labels["toc-title-document"])
    meta |= {name: page.meta[name] for name in ("title", "subtitle", "author", "date") if page.meta.get(name)}
    meta |= {name: given[name] for name in (*_TYPST, "section-numbering") if given.get(name) is not None}
    options.append(f"--variable=lang={_spoken(job, page)}")
    options += [
        f"--variable=author-names={json.dumps(name, ensure_ascii=False)}" for name in _list(page.meta.get("author"))
    ]
    for i, name in enumerate(_list(page.options.get("include-in-header"))):
        where = page.document.at(("format", "typst", "include-in-header", i))
        path = page.path.parent / name
        if not path.is_file():
            raise ReportError("There is no such file to include.", where=where, found=name)
        options.append(f"--include-in-header={path}")
    options.append(f"--template={_HERE / 'page.typ'}")
    return "typst", options, meta


# ---------------------------------------------------------------------------------------------------- files beside pages
def _resources(
    job: _Job, done: Sequence[tuple[Page, Sequence[Line], qmd_judge.Seen]], linked: set[str], *, whole: bool
) -> None:
    """Copy what the pages need: style sheets, files linked to, and the project's ``resources``."""
    folder = job.project.folder
    wanted = set(linked)
    if any(page.format == "html" for page, _, _ in done):
        target = job.to / _FRAME_STYLE
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_HERE / "page.css", target)
    for page, _, _ in done:
        if page.format == "html":
            wanted |= {_style(page, name) for name in _list(page.options.get("css"))}
    project = job.project.values.get("project") or {}
    for pattern in _list(project.get("resources")) if whole else ():
        if pattern.startswith(("/", "!")) or ".." in Path(pattern).parts:
            where = job.project.document.at(("project", "resources"))
            raise ReportError("Resources are patterns inside the project.", where=where, found=pattern)
        found = folder.glob(f"{pattern}/*" if pattern.endswith("**") else pattern)
        wanted |= {path.relative_to(folder).as_posix() for path in found if path.is_file()}
    for name in sorted(wanted):
        _copy(job, name)


def _style(page: Page, name: str) -> str:
    path = page.path.parent / name
    if not path.is_file():
        raise ReportError("There is no such style sheet.", where=str(page.path), found=name, fix="Mend 'css:'.")
    fetched = re.search(r"@import|url\(\s*[\"']?(?:https?:)?//", path.read_text(encoding="utf-8"))
    if fetched:
        raise ReportError("A style sheet fetches something from elsewhere.", where=str(path), found=fetched[0])
    return name


def _copy(job: _Job, name: str) -> None:
    target = job.to / name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(job.project.folder / name, target)


def _pictures(page: Page) -> Path:
    """Give the folder for pictures that the cells of a page show."""
    return page.path.parent / f"{page.path.stem}_files"


def _list(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else [str(one) for one in value]
