"""A dashboard for the authorized body: one HTML file with every figure that may be published, filtered by a small script of its own.

It opens without a server and asks for nothing: its policy forbids every request. All controls are ordinary selects with labels, the
count of figures is announced when it changes, and a figure's dot only repeats the words beside it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

from survey_kit import files
from survey_kit.report import display
from survey_kit.report.book import Published
from survey_kit.report.display import missing
from survey_kit.report.figures_book import theme_title
from survey_kit.report.links import row_id
from survey_kit.report.region_voice import Voice
from survey_kit.report.rows import SYMBOLS, Row, shown

_HERE: Final = Path(__file__).parent
_FORBIDDEN: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
FIELDS: Final = ("theme", "indicator", "group", "level", "wave", "state")
LABELS: Final = {
    "theme": "theme",
    "indicator": "indicator",
    "group": "group",
    "level": "level_of",
    "wave": "wave",
    "state": "reliability",
}
COLUMNS: Final = (
    "indicator",
    "wave",
    "group",
    "figure",
    "dot",
    "interval",
    "result",
    "change",
    "n",
    "reliability",
    "id",
)


def write_dashboard(book: Published, path: str | Path) -> Path:
    """Write the dashboard of a study.

    Parameters
    ----------
    book
        The built study; what is withheld stands on the dashboard as its marker.
    path
        The file.

    Examples
    --------
    >>> from survey_kit.report import published, write_dashboard
    >>> write_dashboard(published("build/kazakhstan"), "dashboard.html")  # doctest: +SKIP
    """
    return files.write_text(Path(path), dashboard_page(book))


def dashboard_page(book: Published) -> str:
    """Give the dashboard as HTML."""
    voice, info = Voice(book.info), book.info
    title = voice("dashboard_title", title=info.title)
    mark = f'<p class="mark">{escape(voice("mark_row"))}</p>' if info.synthetic else ""
    selects = "".join(
        f'<label for="by-{name}">{escape(voice(LABELS[name]))}<select id="by-{name}"></select></label>'
        for name in FIELDS
    )
    rows = [row for one in info.indicators for row in (*book.records(one.id), *book.records(one.id, domain=None))]
    level = voice.confidence(rows)
    heads = "".join(
        f'<th scope="col">{escape(voice(name, level=level) if name == "interval" else voice(name))}</th>'
        for name in COLUMNS
    )
    notes = [*voice.drafted, voice("published_only"), *(f"{marker} {voice(marker)}." for marker in SYMBOLS)]
    funder = info.method.get("sponsor", "").strip() or voice("not_stated")
    notes.append(f"{voice('funder')} {funder}")
    told = "".join(f"<p>{escape(note)}</p>" for note in notes)
    content = json.dumps(_content(book, voice, rows), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    style, script = ((_HERE / f"dashboard.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    overview = "".join(f'<th scope="col">{escape(voice(name))}</th>' for name in ("reliability", "figures", "dot"))
    return f"""<!DOCTYPE html>
<html lang="{voice.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_FORBIDDEN}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(voice.titled(title))}</title>
<link rel="icon" href="data:,">
<style>
{style}</style>
</head>
<body>
<a class="skip" href="#content">{escape(voice("skip"))}</a>
<header><h1>{escape(voice.titled(title))}</h1><p>{escape(voice("dashboard_lead"))}</p></header>
{mark}
<main id="content" tabindex="-1">
<noscript><p>{escape(voice("no_script"))}</p></noscript>
<form id="choice"><fieldset><legend>{escape(voice("choice"))}</legend>{selects}<button type="button" id="reset">{escape(voice("reset"))}</button></fieldset></form>
<p id="count" role="status"></p>
<h2>{escape(voice("overview"))}</h2>
<div class="scroll" role="region" tabindex="0" aria-label="{escape(voice("overview"))}"><table id="overview"><thead><tr>{overview}</tr></thead><tbody></tbody></table></div>
<h2>{escape(voice("figures"))}</h2>
<div class="scroll" role="region" tabindex="0" aria-label="{escape(voice("figures"))}"><table id="figures"><thead><tr>{heads}</tr></thead><tbody></tbody></table></div>
<div class="notes">{told}</div>
</main>
<script type="application/json" id="data">{content}</script>
<script>
{script}</script>
</body>
</html>
"""


def _content(book: Published, voice: Voice, rows: Sequence[Row]) -> dict[str, Any]:
    """Give what the script reads: names once, rows by number."""
    info = book.info
    about, waves = [one.id for one in info.indicators], [one.id for one in info.waves]
    keys = list(dict.fromkeys((str(row["domain"]), str(row["level"])) for row in rows))
    named = {(str(row["domain"]), str(row["level"])): row for row in rows}
    groups = [
        [info.domain_label(domain) if domain else "", voice.group(named[domain, level])] for domain, level in keys
    ]
    results, states = [""], list[str]()
    lines = []
    axes = _axes(rows)
    for row in rows:
        change, result = voice.change(row)
        state = voice.state(row)
        results += [result] if result not in results else []
        states += [state] if state not in states else []
        lines.append(
            [
                *(
                    about.index(row["indicator"]),
                    waves.index(row["wave"]),
                    keys.index((str(row["domain"]), str(row["level"]))),
                ),
                *(voice.figure(row), voice.interval(row), _place(row, axes)),
                *(change if shown(row) else "", results.index(result)),
                *("" if row["status"] == "not_asked" else voice.count(row["n"]), states.index(state)),
            ]
        )
    words = {
        "all": voice("all"),
        "everybody": voice("everybody"),
        "shown": voice("rows_shown"),
        "cut": voice("rows_cut"),
    }
    slug = [row_id({"indicator": "x", "wave": "x", "domain": domain, "level": level})[4:] for domain, level in keys]
    return {
        "words": words,
        "themes": [theme_title(theme, voice.language) for theme in info.themes],
        "indicators": [[one.title, info.themes.index(one.theme)] for one in info.indicators],
        "waves": [info.wave_label(one) for one in waves],
        "groups": groups,
        "states": states,
        "results": results,
        "rows": lines,
        "slugs": {
            "indicators": [row_id({"indicator": one, "wave": "x", "domain": ""})[:-2] for one in about],
            "waves": [row_id({"indicator": "x", "wave": one, "domain": ""})[2:] for one in waves],
            "groups": slug,
        },
    }


def _axes(rows: Sequence[Row]) -> dict[str, tuple[float, float]]:
    """Give the ends of the axis of each indicator: those of its figures that are shown, with 0."""
    ends: dict[str, list[float]] = {}
    for row in rows:
        if shown(row):
            known = ends.setdefault(row["indicator"], [0.0])
            known += [row[name] for name in ("estimate", "ci_low", "ci_high") if not missing(row[name])]
    return {name: (min(some), max(some)) for name, some in ends.items()}


def _place(row: Row, axes: dict[str, tuple[float, float]]) -> list[float] | None:
    """Give low end, figure and high end in per cent of the axis; nothing for what is withheld."""
    if not shown(row) or row["unit"] not in display.UNITS:
        return None
    low, high = axes[row["indicator"]]
    values = (row["estimate"] if missing(row[name]) else row[name] for name in ("ci_low", "estimate", "ci_high"))
    return [round(100 * (float(value) - low) / max(high - low, 1e-9), 1) for value in values]
