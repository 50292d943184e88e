"""Pages for the field team: one for each interviewer who stands out, with the evidence beside the distribution of all.

Interviewers stand there under pseudonyms that only the holder of the key can undo. The pages hold no answers, contacts, positions or times of
single interviews, need no network, and are refused inside the build of a report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

from survey_kit import checks, files
from survey_kit.errors import ResponsesError
from survey_kit.fieldwork.interviewer_charts import numbers, strip
from survey_kit.fieldwork.interviewer_effects import InterviewerEffects
from survey_kit.fieldwork.screens import SECOND_LOOK, Screened
from survey_kit.fieldwork.screens_contacts import pseudonyms
from survey_kit.types import DataStatus

STATE = ".state.json"  # what the build of a report leaves in its folder
STYLE = """
:root{color-scheme:light}body{font:16px/1.5 system-ui,sans-serif;color:#1d1d1d;background:#fff;max-width:44rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.1rem;margin:2rem 0 .25rem}.mark{background:#801650;color:#fff;padding:.25rem .75rem;margin:0}
.quiet{color:#595959;font-size:.9rem}svg{width:100%;height:auto}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .5rem;
border-bottom:1px solid #d9d9d9;vertical-align:top}th[scope=row]{font-weight:400;color:#595959}td.n{text-align:right}a{color:#12436d}.wide{overflow-x:auto}
@media print{a{color:inherit}section{break-inside:avoid}}
"""
WORDS = (
    "An interviewer who stands out deserves a second look, and no more: listen to a recording, call back a few households, ask how the work went. "
    "Areas, training and workload explain most of what stands out."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InterviewerPages:
    """The pages that were written.

    Attributes
    ----------
    folder, index
        Where they are, and the page to begin with.
    pages
        The page of each interviewer who stands out, by pseudonym.
    """

    folder: Path
    index: Path
    pages: Mapping[str, Path]

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
    head = _Head(title=title, status=data_status)
    for old in place.glob("I-*.html"):
        old.unlink()
    pages = {}
    for name in order:
        body = _page(name, hidden, flags[name], used)
        pages[name] = files.write_text(place / f"{name}.html", head.page(name, body))
    index = files.write_text(
        place / "index.html", head.page("Screens of interviews", _index(hidden, flags, order, effects))
    )
    return InterviewerPages(folder=place, index=index, pages=pages)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """What stands on every page."""

    title: str
    status: DataStatus

    def page(self, name: str, body: str) -> str:
        """Give a whole page."""
        synthetic = ' <p class="mark">Synthetic data: nobody was interviewed.</p>' if self.status == "synthetic" else ""
        full = " - ".join(part for part in ("Synthetic" if synthetic else "", name, self.title) if part)
        return (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
            '<meta name="robots" content="noindex"><meta http-equiv="Content-Security-Policy" '
            "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
            f"<title>{escape(full)}</title><style>{STYLE}</style></head><body>"
            f'<p class="mark">For the field team only. Not for a report.</p>{synthetic}'
            f'<h1>{escape(name)}</h1><p class="quiet">{escape(self.title)}</p>{body}</body></html>\n'
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
    said = []
    for name, sentence in zip(table["interviewer"], table["sentence"], strict=True):
        start = f"{name}: "
        said.append(f"{label[name]}: {sentence[len(start) :]}" if sentence.startswith(start) else label[name])
    table["sentence"] = said
    table["interviewer"] = [label[name] for name in table["interviewer"]]
    return replace(found, table=table, interviews=found.interviews.iloc[:0])


def _page(name: str, hidden: Sequence[Screened], flags: Sequence[Screened], used: Sequence[Screened]) -> str:
    """Give the body of an interviewer's page: what stands out first."""
    named = {one.screen.name for one in flags}
    which = sorted(range(len(used)), key=lambda k: hidden[k].screen.name not in named)
    parts = [f"<p>{escape(WORDS)}</p>"]
    for place in which:
        one = hidden[place]
        row = one.table[one.table["interviewer"] == name]
        said = row["sentence"].iloc[0] if len(row) else f"{name}: no interviews."
        cells = "".join(
            f'<tr><th scope="row">{escape(what)}</th><td>{escape(text)}</td></tr>' for what, text in numbers(one, name)
        )
        against = f"Held against: {one.screen.null}."
        parts.append(
            f"<section><h2>{escape(_title(one))}</h2><p>{escape(said)}</p>{strip(one, name, name)}"
            f'<table><tbody>{cells}</tbody></table><p class="quiet">{escape(against)}</p></section>'
        )
    return "".join(parts) + '<p><a href="index.html">All screens</a></p>'


def _index(
    hidden: Sequence[Screened],
    flags: Mapping[str, Sequence[Screened]],
    order: Sequence[str],
    effects: InterviewerEffects | None,
) -> str:
    """Give the body of the first page."""
    rows = "".join(
        f'<tr><td><a href="{escape(name)}.html">{escape(name)}</a></td>'
        f"<td>{escape(', '.join(_title(one) for one in flags[name]))}</td></tr>"
        for name in order
    )
    who = (
        f'<div class="wide"><table><thead><tr><th>Interviewer</th><th>Stands out in</th></tr></thead><tbody>{rows}</tbody></table></div>'
        if rows
        else "<p>Nobody stands out.</p>"
    )
    told = "".join(
        f'<tr><th scope="row">{escape(_title(one))}</th><td>{escape(one.screen.null)}</td>'
        f'<td class="n">{len(one.flagged)} of {int((one.table["rank"] > 0).sum())}</td>'
        f'<td class="n">{one.level:.0%}</td><td>{escape(" ".join(one.notes))}</td></tr>'
        for one in hidden
    )
    screens = (
        '<div class="wide"><table><thead><tr><th>Screen</th><th>Held against</th><th>Stand out</th><th>Level</th><th>Notes</th></tr></thead>'
        f"<tbody>{told}</tbody></table></div>"
    )
    meaning = "The level is the share of honest ones expected among those who stand out in a screen (Benjamini & Hochberg 1995)."
    more = ""
    if effects is not None:
        shown = effects.table[["item", "n", "workload", "rho", "low", "high", "deff", "status"]].round(3)
        more = f'<h2>Interviewer effects</h2><p>{escape(effects.note)}</p><div class="wide">{shown.to_html(index=False, border=0)}</div>'
    judged = sum(1 for name in flags)
    return (
        f"<p>{escape(WORDS)}</p><p>{len(order)} of {judged} interviewers: {SECOND_LOOK if len(order) == 1 else 'deserve a second look'}.</p>"
        f'{who}<h2>Screens</h2>{screens}<p class="quiet">{escape(meaning)}</p>{more}'
    )


def _title(found: Screened) -> str:
    return found.screen.name.replace("_", " ").capitalize()
