"""The pages that staging adds to a site: one for the regions, one for each region, one for the figures of each indicator.

Each is a genuine page of Quarto, made from one source: a cell that names the region or the indicator, and the call that shows it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import yaml

from survey_kit import files
from survey_kit.report.book import Published
from survey_kit.report.links import number_page
from survey_kit.report.maps import OUTLINES
from survey_kit.report.outlines import read_outlines
from survey_kit.report.profiles import INDEX, profile_page
from survey_kit.report.region_voice import Voice
from survey_kit.report.regions import regions_of

_SOURCE: Final = """---
title: {title}
description: {description}
toc: {toc}
---

```{{python}}
from survey_kit import report

study = report.published()
```

```{{python}}
#| output: asis
{call}
```
"""


def add_pages(site: Path, book: Published, polygons: Path | None = None, key: str = "code") -> list[str]:
    """Write the pages of regions and of single figures into a copy of ``reports/``, and name the regions in its menu.

    Parameters
    ----------
    site
        The copy: a Quarto project.
    book
        The built study.
    polygons, key
        A GeoJSON file of outlines and the property that holds the codes, if the study brings one.

    Returns
    -------
    list of str
        The names of the pages written.
    """
    voice = Voice(book.info)
    pages = {
        number_page(one.id): (voice("numbers_title", title=one.title), f"report.numbers(study, {one.id!r})", False)
        for one in book.info.indicators
    }
    found = regions_of(book)
    if found:
        pages[INDEX] = (voice("regions"), "report.region_index(study)", True)
        for one in found:
            pages[profile_page(one.code)] = (one.name, f"report.region_profile(study, {one.code!r})", False)
        _menu(site / "_quarto.yml", voice)
        if polygons is not None:
            outlines = read_outlines(polygons, key, [one.code for one in found])
            files.write_text(site / OUTLINES, json.dumps(outlines) + "\n")
    names = []
    for page, (title, call, contents) in pages.items():
        name = page.replace(".html", ".qmd")
        told = {
            "title": _quoted(voice.titled(title)),
            "description": _quoted(title),
            "toc": str(contents).lower(),
            "call": call,
        }
        files.write_text(site / name, _SOURCE.format(**told))
        names.append(name)
    return sorted(names)


def _quoted(text: str) -> str:
    return str(yaml.safe_dump(text, allow_unicode=True, width=10_000, default_style='"')).strip()


def _menu(project: Path, voice: Voice) -> None:
    """Put the page of regions into the menu, before the ratings or at the end of the left edge."""
    from survey_kit.errors import ReportError

    value: dict[str, Any] = files.read_yaml(project, "Quarto project", ReportError).value
    bar = value.get("website", {}).get("navbar", {}).get("left")
    if bar is None:
        return
    targets = [str(entry.get("href", "")) if isinstance(entry, dict) else str(entry) for entry in bar]
    if not any(target.startswith("regions.") for target in targets):
        place = next((i for i, target in enumerate(targets) if target.startswith(("ratings", "method"))), len(bar))
        bar.insert(place, {"text": voice("regions"), "href": INDEX.replace(".html", ".qmd")})
    files.write_text(project, yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=10_000))
