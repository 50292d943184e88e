"""Pages for the field team: one for each interviewer who stands out, with the evidence beside the distribution of all.

Interviewers stand there under pseudonyms that only the holder of the key can undo. The pages hold no answers, contacts, positions or times of
single interviews, need no network, and are refused inside the build of a report.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

from survey_kit import checks, files
from survey_kit.errors import ResponsesError
from survey_kit.fieldwork.interviewer_charts import numbers, strip
from survey_kit.fieldwork.interviewer_effects import InterviewerEffects
from survey_kit.fieldwork.screens import Screened
from survey_kit.fieldwork.screens_contacts import pseudonyms
from survey_kit.fieldwork.screens_words import null_of, said_of, title_of
from survey_kit.language import Words, said, words
from survey_kit.types import DataStatus

FIGURES = {"workload": 1, "rho": 3, "low": 3, "high": 3, "deff": 2}  # of interviewer effects, and their digits
UNBROKEN = "\N{NO-BREAK SPACE}%"
STATE = ".state.json"  # what the build of a report leaves in its folder
STYLE = """
:root{color-scheme:light}body{font:16px/1.5 system-ui,sans-serif;color:#1d1d1d;background:#fff;max-width:44rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.1rem;margin:2rem 0 .25rem}.mark{background:#801650;color:#fff;padding:.25rem .75rem;margin:0}
.quiet{color:#595959;font-size:.9rem}svg{width:100%;max-width:36rem;height:auto}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .5rem;
border-bottom:1px solid #d9d9d9;vertical-align:top}th[scope=row]{font-weight:400;color:#595959}td.n{text-align:right}a{color:#12436d}.wide{overflow-x:auto}
td a,td.n{white-space:nowrap}th small{display:block;font-size:.85rem}thead th{vertical-align:bottom}svg text{paint-order:stroke;stroke:#fff;stroke-width:3px}
@media print{a{color:inherit}section{break-inside:avoid}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class InterviewerPages:
    """The pages that were written.

    Attributes
    ----------
    folder, index
        Where they are, and the page to begin with.
    pages
        The page of each interviewer who stands out, by pseudonym, the one in most screens first.
    flags
        The screens in which each stands out.
    judged
        How many interviewers there are.
    """

    folder: Path
    index: Path
    pages: Mapping[str, Path]
    flags: Mapping[str, tuple[str, ...]]
    judged: int

    def _repr_html_(self) -> str:
        return f"<p><b>{len(self.pages)} pages</b> for the field team in <code>{escape(str(self.folder))}</code></p>"


def write_interviewer_pages(
    folder: Path | str,
    screens: Sequence[Screened],
    *,
    key: str,
    effects: InterviewerEffects | None = None,
    data_status: DataStatus = "real",
    title: str = "",
    language: str = "en",
) -> InterviewerPages:
    """Write a page for each interviewer who stands out in any screen, and one that leads to them.

    Parameters
    ----------
    folder
        A folder of the field team's own. Pages of an earlier run are removed.
    screens
        Screens of interviewers, the score among them; those of sampling points are left out.
    key
        A secret of at least 12 characters that the pseudonyms are made with; `pseudonyms` makes the same from it.
    effects
        Interviewer effects by item, shown on the first page.
    data_status
        ``synthetic`` stands on every page.
    title
        Name of the survey.
    language
        Of the pages: ``kk``, ``ru`` or ``en``; what screens of one's own say stays as it is.

    Raises
    ------
    ResponsesError
        When the folder lies in the build of a report or holds other files, the key is short, or no screen is of interviewers.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np, pandas as pd
    >>> from survey_kit.fieldwork.screens import Interviews, Screen, screened
    >>> held = Interviews(frame=pd.DataFrame({"who": np.repeat(["Aru", "Bek", "Dina", "Ilyas"], 30)}), interviewer="who")
    >>> late = Screen(name="late", measures="a share of late interviews", null="dealt at random", needs=())
    >>> made = screened(held, late, (held.frame["who"] == "Bek").to_numpy(float))
    >>> written = write_interviewer_pages(Path(tempfile.mkdtemp()) / "field", [made], key="kept in the office safe")
    >>> len(written.pages), "Bek" in "".join(page.read_text() for page in written.pages.values())
    (1, False)
    """
    place = Path(folder)
    used = [one for one in screens if one.unit == "interviewer"]
    if not used:
        raise ResponsesError("No screen is of interviewers.", fix="Give what the screens of interviewers found.")
    checks.unique([one.screen.name for one in used], "The screen", ResponsesError)
    names = sorted({name for one in used for name in one.table["interviewer"]}, key=str)
    label = {name: str(hidden) for name, hidden in zip(names, pseudonyms(names, key=key, prefix="I-"), strict=True)}
    _refuse(place)
    hidden = [_hidden(one, label) for one in used]
    flags = {label[name]: [one for one in hidden if label[name] in one.flagged] for name in names}
    order = sorted((name for name in flags if flags[name]), key=lambda name: (-len(flags[name]), name))
    say = words("screens", language)
    head = _Head(title=title, status=data_status, say=say)
    for old in place.glob("I-*.html"):
        old.unlink()
    pages = {}
    for name in order:
        pages[name] = files.write_text(place / f"{name}.html", head.page(name, _page(name, hidden, flags[name], say)))
    body = _index(hidden, flags, order, effects, say)
    return InterviewerPages(
        folder=place,
        index=files.write_text(place / "index.html", head.page(say("index"), body)),
        pages=pages,
        flags={name: tuple(one.screen.name for one in flags[name]) for name in order},
        judged=len(names),
    )


def second_look(pages: InterviewerPages, language: str = "en") -> str:
    """Write the part of the manager's page that lists who deserves a second look, with links to the pages in a folder beside it."""
    say = words("screens", language)
    folder = escape(pages.folder.name)
    rows = [
        f'<th scope="row"><a href="{folder}/{escape(name)}.html">{escape(name)}</a></th>'
        f'<td class="word">{escape(", ".join(title_of(one, say) for one in screens))}</td>'
        for name, screens in pages.flags.items()
    ]
    told = _table([say("interviewer"), say("stands_out_in")], rows) if rows else f"<p>{escape(say('nobody'))}</p>"
    return (
        f"<section class='look'><h2>{escape(say('second_look'))}</h2><p>{escape(say('explain'))}</p>"
        f"<p>{escape(say('count', k=len(pages.flags), n=pages.judged))}</p>{told}"
        f'<p><a href="{folder}/index.html">{escape(say("all"))}</a></p></section>'
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """What stands on every page."""

    title: str
    status: DataStatus
    say: Words

    def page(self, name: str, body: str) -> str:
        """Give a whole page."""
        say = self.say
        synthetic = self.status == "synthetic"
        mark = f'<p class="mark">{escape(say("synthetic"))}</p>' if synthetic else ""
        full = " - ".join(part for part in (say("synthetic_title") if synthetic else "", name, self.title) if part)
        draft = f'<footer><p class="quiet">{escape(say("draft"))}</p></footer>' if say.language != "en" else ""
        return (
            f'<!doctype html>\n<html lang="{say.language}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            '<meta name="robots" content="noindex"><meta http-equiv="Content-Security-Policy" '
            "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
            f"<title>{escape(full)}</title><style>{STYLE}</style></head><body>"
            f'<header><p class="mark">{escape(say("private"))}</p>{mark}'
            f'<h1>{escape(name)}</h1><p class="quiet">{escape(self.title)}</p></header><main>{body.replace(" %", UNBROKEN)}</main>{draft}</body></html>\n'
        )


def _refuse(place: Path) -> None:
    """Refuse a folder that is handed on, or that holds somebody's files."""
    where = place.absolute()
    if any((parent / STATE).exists() for parent in (where, *where.parents)):
        raise ResponsesError(
            "This folder is the build of a report, which holds nothing of single interviewers.",
            where=str(place),
            fix="Name a folder of the field team's own.",
        )
    if place.is_file():
        raise ResponsesError("The folder is a file.", where=str(place), fix="Name another folder.")
    strange = (
        sorted(entry.name for entry in place.iterdir() if entry.name != "index.html" and not entry.match("I-*.html"))
        if place.is_dir()
        else []
    )
    if strange:
        fix = "Name a new or an empty folder."
        raise ResponsesError("This folder holds other files.", where=str(place), found=", ".join(strange[:4]), fix=fix)


def _hidden(found: Screened, label: Mapping[Any, str]) -> Screened:
    """Put pseudonyms in the place of interviewers, in sentences too."""
    table = found.table.copy()
    told = []
    for name, sentence in zip(table["interviewer"], table["sentence"], strict=True):
        start = f"{name}: "
        told.append(f"{label[name]}: {sentence[len(start) :]}" if sentence.startswith(start) else label[name])
    table["sentence"] = told
    table["interviewer"] = [label[name] for name in table["interviewer"]]
    return replace(found, table=table, interviews=found.interviews.iloc[:0])


def _page(name: str, hidden: Sequence[Screened], flags: Sequence[Screened], say: Words) -> str:
    """Give the body of an interviewer's page: what stands out first."""
    named = {one.screen.name for one in flags}
    parts = [f"<p>{escape(say('explain'))}</p>"]
    for one in sorted(hidden, key=lambda one: one.screen.name not in named):
        cells = "".join(
            f'<tr><th scope="row">{escape(what)}</th><td>{escape(text)}</td></tr>'
            for what, text in numbers(one, name, language=say.language)
        )
        against = f"{say('held_against')}: {null_of(one.screen, say)}."
        parts.append(
            f"<section><h2>{escape(title_of(one.screen.name, say))}</h2><p>{escape(said_of(one, name, name, say))}</p>"
            f'{strip(one, name, name, language=say.language)}<table><tbody>{cells}</tbody></table><p class="quiet">{escape(against)}</p></section>'
        )
    return "".join(parts) + f'<p><a href="index.html">{escape(say("all"))}</a></p>'


def _index(
    hidden: Sequence[Screened],
    flags: Mapping[str, Sequence[Screened]],
    order: Sequence[str],
    effects: InterviewerEffects | None,
    say: Words,
) -> str:
    """Give the body of the first page."""
    rows = [
        f'<td><a href="{escape(name)}.html">{escape(name)}</a></td>'
        f"<td>{escape(', '.join(title_of(one.screen.name, say) for one in flags[name]))}</td>"
        for name in order
    ]
    who = _table([say("interviewer"), say("stands_out_in")], rows) if rows else f"<p>{escape(say('nobody'))}</p>"
    told = []
    for one in hidden:
        out = say("of", k=len(one.flagged), n=int((one.table["rank"] > 0).sum()))
        notes = " ".join(said(note, say.language) for note in one.notes)
        small = f"{say('held_against')}: {null_of(one.screen, say)}. {say('level')}: {100 * one.level:.0f} %. {notes}".strip()
        told.append(
            f'<th scope="row"><b>{escape(title_of(one.screen.name, say))}</b><small>{escape(small)}</small></th>'
            f'<td class="n">{escape(out)}</td>'
        )
    screens = _table([say("screen"), say("stand_out")], told)
    return (
        f"<p>{escape(say('explain'))}</p><p>{escape(say('count', k=len(order), n=len(flags)))}</p>{who}"
        f'<h2>{escape(say("screens"))}</h2>{screens}<p class="quiet">{escape(say("level_means"))}</p>'
        f"{'' if effects is None else _effects(effects, say)}"
    )


def _effects(effects: InterviewerEffects, say: Words) -> str:
    """Give the interviewer effects by item."""
    note = say("effects_apart" if (effects.table["areas"] > 0).any() else "effects_mixed")
    rows = []
    for one in effects.table.to_dict("records"):
        figures = (f"{one['n']:,}", *(_figure(one[name], digits) for name, digits in FIGURES.items()))
        cells = "".join(f'<td class="n">{text}</td>' for text in figures)
        status = say(f"status_{one['status']}")
        rows.append(f'<th scope="row">{escape(str(one["item"]))}</th>{cells}<td>{escape(status)}</td>')
    head = [say("item"), say("answers"), say("workload"), "rho", say("low"), say("high"), "deff", say("status")]
    return f"<h2>{escape(say('effects'))}</h2><p>{escape(note)}</p>{_table(head, rows)}"


def _figure(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else ""


def _table(names: Sequence[str], rows: Sequence[str]) -> str:
    """Write a table that scrolls by itself where it is wider than the page."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    body = "".join(f"<tr>{cells}</tr>" for cells in rows)
    return f'<div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
