"""Which pages a study gets: those that serve it stay, the others go, from the folder, the menu and the printed report.

A page says in its front matter whom it serves: ``themes: [trust]`` (a theme of an indicator, ``ratings``, or ``quality`` for a
study with a ``quality.yaml``), ``studies: [...]`` (ids); without either it serves every study. The parts that only dropped pages include go from ``report.qmd``,
with the heading before them. What synthetic pages must say is written into their titles and above every page.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import yaml

from survey_kit import files
from survey_kit.errors import ReportError, did_you_mean
from survey_kit.report.info import THEMES, StudyInfo
from survey_kit.report.translated import notice, translate

RATINGS: Final = "ratings"
QUALITY: Final = "quality"
BOTH: Final = frozenset({"index", "report", "data", "strategy"})
PRINTED: Final = "report.qmd"
SYNTHETIC_NAME: Final = "synthetic-"
_FRONT: Final = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_INCLUDE: Final = re.compile(r"^\{\{<\s*include\s+(\S+)\s*>\}\}\s*$", re.MULTILINE)
_SECTION: Final = re.compile(r"(?:^#[^\n]*\n+)?^\{\{<\s*include\s+(\S+)\s*>\}\}\s*\n?", re.MULTILINE)


def select_pages(site: Path, info: StudyInfo) -> list[str]:
    """Drop the pages that do not serve a study from a copy of ``reports/``, and write what the pages read.

    Parameters
    ----------
    site
        The copy: a Quarto project. Its pages, ``_quarto.yml`` and ``_variables.yml`` are changed.
    info
        The study.

    Returns
    -------
    list of str
        The names of the pages kept.
    """
    project = files.existing(site / "_quarto.yml", "Quarto project (_quarto.yml)", ReportError)
    draft = notice(translate(site, info.language, info.lacking), info.say)
    pages = {path.name: path for path in sorted(site.glob("*.qmd")) if not path.name.startswith("_")}
    served = {name: _serves(path, info) for name, path in pages.items()}
    kept = [name for name in pages if served[name]]
    parts = {name: set(_INCLUDE.findall(path.read_text(encoding="utf-8"))) for name, path in pages.items()}
    whole = {name for name in pages if len(parts[name]) > 1}
    used = {part for name in kept if name not in whole for part in parts[name]}
    dropped = {part for name in pages if name not in whole for part in parts[name]} - used
    for name, path in pages.items():
        if not served[name]:
            path.unlink()
        elif name in whole:
            _shorten(path, dropped, info)
    for name in kept:
        _mark_title(pages[name], info)
    if info.synthetic and PRINTED in kept:  # a file that is passed on alone says in its name what it holds
        pages[PRINTED].rename(site / f"{SYNTHETIC_NAME}{PRINTED}")
        kept = sorted([*(name for name in kept if name != PRINTED), f"{SYNTHETIC_NAME}{PRINTED}"])
    _menu(project, set(pages) - set(kept), info, draft)
    _variables(site / "_variables.yml", info, draft)
    return kept


def themes_of(info: StudyInfo) -> frozenset[str]:
    """Name the themes that a study has pages for."""
    return frozenset({*info.themes, *([RATINGS] if info.ratings else []), *([QUALITY] if info.quality else [])})


def _serves(path: Path, info: StudyInfo) -> bool:
    front = _front(path)
    themes, studies = (_listed(front.get(key)) for key in ("themes", "studies"))
    known = {*THEMES, RATINGS, QUALITY}
    for theme in themes:
        if theme not in known:
            raise ReportError(
                f"The page declares a theme '{theme}'.", where=str(path), fix=did_you_mean(theme, sorted(known))
            )
    return (not themes or bool(set(themes) & themes_of(info))) and (not studies or info.id in studies)


def _front(path: Path) -> dict[str, Any]:
    found = _FRONT.match(path.read_text(encoding="utf-8"))
    value = yaml.safe_load(found[1]) if found else None
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else [str(one) for one in value]


def _shorten(path: Path, dropped: set[str], info: StudyInfo) -> None:
    """Take the parts of dropped pages out of the page that holds them all; mark the headings of the others."""

    def keep(found: re.Match[str]) -> str:
        if found[1] in dropped:
            return ""
        if not info.synthetic or not found[0].startswith("#"):
            return found[0]
        heading, _, rest = found[0].partition("\n")
        return f"{heading} ({_kind(Path(found[1]).stem.lstrip('_'), info)})\n{rest}"

    files.write_text(path, _SECTION.sub(keep, path.read_text(encoding="utf-8")))


def _kind(page: str, info: StudyInfo) -> str:
    """Say what the figures of a page of a synthetic study are."""
    if page == RATINGS:
        return info.say("real_title")
    return info.say("both_title" if info.ratings and page in BOTH else "synthetic_title")


def _mark_title(path: Path, info: StudyInfo) -> None:
    """Name the study in the title of the first page and the printed report; say in every title what its figures are."""
    text = path.read_text(encoding="utf-8")
    front = _front(path)
    title = str(front.get("title", ""))
    if path.stem == "report":
        title = info.title
    if info.synthetic:
        title = f"{title} ({_kind(path.stem, info)})"
    quoted = yaml.safe_dump(title, allow_unicode=True, width=10_000, default_style='"').strip()
    files.write_text(path, re.sub(r"^title:.*$", lambda _: f"title: {quoted}", text, count=1, flags=re.MULTILINE))


def _menu(project: Path, dropped: set[str], info: StudyInfo, draft: str) -> None:
    """Take dropped pages out of the menu; put the notice of synthetic data and of draft translations above every page."""
    value = files.read_yaml(project, "Quarto project", ReportError).value
    website = value.setdefault("website", {})
    website["title"] = f"{info.title} ({_kind('index', info)})" if info.synthetic else info.title
    gone = {
        name
        for page in dropped
        for name in (page, page.removesuffix(".qmd") + ".html", page.removesuffix(".qmd") + ".pdf")
    }
    bar = website.get("navbar") or {}
    for edge in ("left", "right"):
        if edge in bar:
            if info.synthetic:
                bar[edge] = [_marked_entry(entry, info) for entry in bar[edge]]
            bar[edge] = [entry for entry in bar[edge] if _target(entry) not in gone]
    if info.synthetic or draft:
        website["announcement"] = {
            "content": _announcement(info, draft),
            "dismissable": False,
            "type": "danger" if info.synthetic else "warning",
            "position": "below-navbar",
        }
    files.write_text(project, yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=10_000))


def _marked_entry(entry: Any, info: StudyInfo) -> Any:
    if _target(entry) == PRINTED.replace(".qmd", ".pdf"):
        return {**entry, "href": f"{SYNTHETIC_NAME}{_target(entry)}"}
    if isinstance(entry, dict) and str(entry.get("href", "")).startswith(RATINGS):
        return {**entry, "text": f"{entry.get('text', 'Ratings')} ({info.say('real_title')})"}
    return entry


def _announcement(info: StudyInfo, draft: str) -> str:
    synthetic = info.say("announcement_ratings" if info.ratings else "announcement") if info.synthetic else ""
    return " ".join(filter(None, (synthetic, draft)))


def _target(entry: Any) -> str:
    return str(entry.get("href", "")) if isinstance(entry, dict) else str(entry)


def _variables(path: Path, info: StudyInfo, draft: str) -> None:
    first, last = (info.wave_label(info.waves[i].id) for i in (0, -1))
    body = {
        "marker": _announcement(info, draft),  # stands at the head of every printed sheet
        "study": {
            "id": info.id,
            "title": info.title,
            "status": info.mark or info.say("status_real"),
            "waves": len(info.waves),
            "first": first,
            "last": last,
            "file": info.file_stem.replace("-", "_"),
        },
    }
    files.write_text(path, yaml.safe_dump(body, allow_unicode=True, sort_keys=False, width=10_000))
