"""A page of the report begun: Quarto that runs as it is and teaches how a page is made, and its entry in the menu."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from survey_kit import files
from survey_kit.errors import ReportError
from survey_kit.pipeline.fingerprint import PACKAGE
from survey_kit.pipeline.stages import pages_folder
from survey_kit.report.links import row_id
from survey_kit.study import Study, read_study
from survey_kit.study.model import said

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_TAKEN: Final = ("number-", "region-", "synthetic-")  # names of pages that a build makes itself
_LEFT: Final = ("website", "navbar", "left")
_PAGE: Final = """\
---
title: {title}
description: {title}
studies: [{study}]
---

{{{{< include _parts/_{name}.qmd >}}}}
"""
_PART: Final = """\
```{{python}}
# The lines of code do not show on the page. Every page opens the built study once and computes nothing:
# each figure is a row of the study, so that text, chart, table and download never differ.
from survey_kit import report
from survey_kit.report import tables

study = report.published()
```

Say here in one or two sentences what the reader of this page learns. A figure inside a sentence is taken from its row and
never typed, so that it is right in each edition: the latest figure for “{indicator_title}” is
`{{python}} report.value(study, "{row}")`. It carries the link to its row. Where a figure is withheld its marker stands instead.

## How it went {{#sec-{name}-trend}}

The words for a change come from the row as well. Do not write that something changed: the sentence below says what its test allows.

```{{python}}
#| output: asis
# A chart brings its own title, caption and alternative text. The ids of the indicators stand in indicators.yaml.
report.trend(study, "{indicator}")
```

```{{python}}
#| output: asis
# The same figures as a table, with intervals, bases and the result of each comparison.
tables.by_wave(study, "{indicator}")
```

## What to bear in mind {{#sec-{name}-limits}}

Say what the figures do not show: who was not asked, what people may not have wished to say, and that a change shows no cause.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPage:
    """A page that was begun: the page, its text, the menu, and the indicator it shows."""

    page: Path
    part: Path
    menu: Path
    indicator: str


def new_page(name: str, study_path: str | Path, *, title: str | None = None) -> NewPage:
    """Begin a page for a study and put it into the menu, after the last entry at the left.

    Parameters
    ----------
    name
        The file name without its ending, such as ``reception``.
    study_path
        The study's folder or its ``study.yaml``; only this study gets the page.
    title
        Title of the page and entry of the menu; by default made from the name.

    Raises
    ------
    ReportError
        If the name is no file name or is taken, if the pages belong to the installed toolkit, or if the menu cannot be extended
        without touching anything else; nothing is written then.

    Examples
    --------
    >>> new_page("reception", "analyses/kazakhstan").page.name  # doctest: +SKIP
    'reception.qmd'
    """
    study = read_study(study_path)
    folder = pages_folder(study)
    if folder.is_relative_to(PACKAGE):
        fix = "Copy 'reports/' of the toolkit beside your 'analyses/'."
        raise ReportError("The pages belong to the installed toolkit.", where=str(folder), fix=fix)
    page, part = folder / f"{name}.qmd", folder / "_parts" / f"_{name}.qmd"
    _refuse(name, page, part)
    said_title = title or name.replace("-", " ").capitalize()
    menu = folder / "_quarto.yml"
    extended = _extended(menu, said_title, page.name)
    indicator, row = _shown(study)
    told = {"name": name, "title": json.dumps(said_title, ensure_ascii=False), "study": study.id}
    about = next(said(one.title, study.report.languages[0]) for one in study.definitions if one.id == indicator)
    text = _PART.format(name=name, indicator=indicator, row=row, indicator_title=about)
    files.write_text(part, text)
    files.write_text(page, _PAGE.format(**told))
    files.write_text(menu, extended)
    return NewPage(page=page, part=part, menu=menu, indicator=indicator)


def _refuse(name: str, page: Path, part: Path) -> None:
    if not _NAME.fullmatch(name) or name == "readme":
        fix = "Use small Latin letters, digits and '-', such as 'reception'."
        raise ReportError("This is no name for a page.", found=name, fix=fix)
    if name.startswith(_TAKEN):
        found = next(start for start in _TAKEN if name.startswith(start))
        raise ReportError(
            "A build makes pages with such names itself.", found=f"{found}...", fix="Choose another name."
        )
    there = next((path for path in (page, part) if path.exists()), None)
    if there is not None:
        raise ReportError("There is a page of this name.", where=str(there), fix="Choose another name.")


def _shown(study: Study) -> tuple[str, str]:
    """Choose an indicator that was asked in the last wave, and give the id of its row."""
    last = study.waves[-1].id
    left_out = study.not_asked(last)
    asked = [one for one in study.definitions if not set(one.items) & left_out]
    one = (asked or list(study.definitions))[0]
    return one.id, row_id({"indicator": one.id, "wave": last, "domain": "", "level": ""})


def _extended(menu: Path, title: str, href: str) -> str:
    """Give the text of ``_quarto.yml`` with one entry more, every other letter as it was; refuse when that cannot be held."""
    document = files.read_yaml(menu, "Quarto project", ReportError)
    entries = _menu(document.value)
    line = f"- {{text: {json.dumps(title, ensure_ascii=False)}, href: {href}}}"
    by_hand = ReportError(
        "The menu cannot be extended without touching its other lines.",
        where=str(menu),
        fix=f"Write under website, navbar, left: {line}",
    )
    at = document.lines.get((*_LEFT, len(entries) - 1)) if entries else None
    if at is None:
        raise by_hand
    lines = menu.read_text(encoding="utf-8").splitlines(keepends=True)
    indent = re.match(r"\s*(?=-\s)", lines[at - 1])
    if indent is None:
        raise by_hand
    lines.insert(at, f"{indent[0]}{line}\n")
    wanted = deepcopy(document.value)
    _menu(wanted).append({"text": title, "href": href})
    text = "".join(lines)
    try:
        made = files.parse_yaml(text, menu, "Quarto project", ReportError).value
    except ReportError:
        raise by_hand from None
    if made != wanted:
        raise by_hand
    return text


def _menu(value: Any) -> list[Any]:
    for key in _LEFT:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, list) else []
