"""A linter of page prose: no number typed by hand, no change or cause that no row supports, no commentary older than its rows.

What an author may write is marked so that it can be checked:

- ``[986]{.sourced data-source="strategy_page"}``: a number or a quotation of a source, by the id of the study's file of institutions or
  as a citation in words;
- ``::: {.commentary data-rows="trust_courts|2023" data-digest="..."}``: a comment on rows (``indicator|wave`` or
  ``indicator|wave|domain|level``, several apart by ``;``); ``data-against="baseline"`` when it speaks of the change since the
  baseline; ``data-measure="..."`` when it speaks of what a measure has caused.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from survey_kit.errors import ReportError, did_you_mean
from survey_kit.report.book import Published
from survey_kit.report.display import missing
from survey_kit.report.lint_prose import Paragraph, paragraphs
from survey_kit.report.lint_words import NAMED, Claim, claims
from survey_kit.report.policy_info import read
from survey_kit.report.rows import Row
from survey_kit.study.policy_cover import causal

CODES: Final[dict[str, str]] = {
    "L001": "a number typed by hand",
    "L002": "a change or a judgement of it that belongs to no row",
    "L003": "a change or a judgement of it that its rows do not support",
    "L004": "a cause that no comparison supports",
    "L005": "a commentary whose rows have changed",
    "L006": "a mark that names what does not exist",
}
_NUMBER: Final = re.compile(r"(?<![\w.,])\d+(?:[.,:/\u00a0\u202f ]?\d+)*(?!\w)")
_CELLS: Final = ("estimate", "ci_low", "ci_high", "n", "status", "reliability", "unit")
_CHANGES: Final = ("wave", "change", "fcr_low", "fcr_high", "wording", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault of the prose: its code, where it stands, what was found, what to do."""

    code: str
    where: str
    message: str
    found: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the marks of a page may name: the rows of a build, sources and measures; None where it is not known."""

    book: Published | None = None
    sources: frozenset[str] | None = None
    measures: Mapping[str, bool] = field(default_factory=dict)


def lint(pages: Path, book: Published | None = None) -> tuple[Fault, ...]:
    """Judge the prose of every page and part below a folder.

    Parameters
    ----------
    pages
        The folder of ``.qmd`` files, or one of them.
    book
        The built study the commentaries are held against; without it commentaries cannot stand.

    Returns
    -------
    tuple of Fault
        In the order of files and lines; empty when nothing is wrong.

    Examples
    --------
    >>> lint(Path("reports/trust.qmd"))
    ()
    """
    if not pages.exists():
        raise ReportError("There are no pages.", where=str(pages), fix="Name the folder of the .qmd files.")
    files = [pages] if pages.is_file() else sorted(path for path in pages.rglob("*.qmd") if "_site" not in path.parts)
    known = _known(book)
    return tuple(fault for path in files for part in paragraphs(path) for fault in _judge(part, known))


def row_digest(rows: Iterable[Row]) -> str:
    """Give the digest of what a commentary may speak of in its rows; it changes when any of it does.

    Examples
    --------
    >>> row = {"indicator": "a", "wave": "1", "domain": "", "level": "", "estimate": 0.5, "status": "ok"}
    >>> row_digest([row]) == row_digest([{**row, "estimate": 0.51}])
    False
    """
    changes = [f"{against}_{one}" for against in ("previous", "baseline") for one in _CHANGES]
    names = ["indicator", "wave", "domain", "level", *_CELLS, *changes]
    body = [[None if missing(row.get(name)) else str(row.get(name)) for name in names] for row in rows]
    return hashlib.sha256(json.dumps(body, ensure_ascii=False).encode("utf-8")).hexdigest()[:16]


def _known(book: Published | None) -> Known:
    info = read(book) if book is not None else None
    if info is None:
        return Known(book=book)
    return Known(
        book=book,
        sources=frozenset(info.policy.institutions.sources),
        measures={one.id: causal(one) for one in info.policy.measures},
    )


def _judge(part: Paragraph, known: Known) -> list[Fault]:
    told = [_mark(part, source, known) for source in part.sources]
    rows: Sequence[Row] = ()
    if part.commentary is not None:
        rows, wrong = _rows(part, known)
        told += wrong
    for found in _NUMBER.finditer(NAMED.sub(lambda name: " " * len(name[0]), part.text)):
        told.append(_number(part, found.start(), found[0]))
    spoken = part.spoken
    told += [_claim(part, claim, at, words, rows, known) for claim, at, words in claims(spoken, part.language)]
    return [one for one in told if one is not None]


def _number(part: Paragraph, at: int, words: str) -> Fault:
    return Fault(
        code="L001",
        where=part.where(at),
        message=f"{CODES['L001'].capitalize()}.",
        found=words,
        fix='Let a cell show it from a row, or mark it: [..]{.sourced data-source="..."}.',
    )


def _mark(part: Paragraph, source: tuple[int, str], known: Known) -> Fault | None:
    """Judge the source of a mark: an id of the study's sources, or a citation in words."""
    at, name = source
    cited = len(name.split()) > 1
    if name and (cited or known.sources is None or name in known.sources):
        return None
    near = did_you_mean(name, known.sources or ()) if name else "Add data-source=..."
    return Fault(
        code="L006",
        where=part.where(at),
        message=f"There is no source '{name}'." if name else "A mark names no source.",
        found=name or "{.sourced}",
        fix=near or "Name a source of institutions.yaml, or cite it in words.",
    )


def _rows(part: Paragraph, known: Known) -> tuple[list[Row], list[Fault | None]]:
    """Find the rows a commentary names, and judge whether they are still those it was written for."""
    marks = part.commentary or {}

    def fault(code: str, message: str, found: str, fix: str) -> Fault:
        return Fault(code=code, where=part.where(0), message=message, found=found, fix=fix)

    names = [name.strip() for name in marks.get("data-rows", "").split(";") if name.strip()]
    if not names:
        return [], [fault("L006", "A commentary names no row.", "data-rows", 'Add data-rows="indicator|wave".')]
    if known.book is None:
        fix = "Build the study, and name the build with --build."
        return [], [fault("L006", "A commentary has no build to be held against.", "; ".join(names), fix)]
    rows: list[Row] = []
    for name in names:
        indicator, wave, domain, level = (*name.split("|"), "", "", "")[:4]
        there = [row for row in known.book.records(indicator, wave=wave, domain=domain) if row["level"] == level]
        if not there:
            every = sorted(
                {f"{a}|{b}" for a, b in zip(known.book.rows["indicator"], known.book.rows["wave"], strict=True)}
            )
            return [], [fault("L006", f"There is no row '{name}'.", name, did_you_mean(name, every))]
        rows += there
    now, then = row_digest(rows), marks.get("data-digest", "")
    if then == now:
        return rows, []
    message = "The rows of a commentary have changed since it was written." if then else "A commentary has no digest."
    fix = f'Read it against the rows, then write data-digest="{now}".'
    return rows, [fault("L005", message, then or "; ".join(names), fix)]


def _claim(part: Paragraph, claim: Claim, at: int, words: str, rows: Sequence[Row], known: Known) -> Fault | None:
    where = part.where(at)
    if claim == "number":
        return _number(part, at, words)
    if claim == "cause":
        measure = (part.commentary or {}).get("data-measure", "")
        if known.measures.get(measure):
            return None
        message = f"{CODES['L004'].capitalize()}."
        fix = "Say what happened, not why; a cause stands only in a commentary on a measure whose regions were drawn by lot."
        return Fault(code="L004", where=where, message=message, found=words, fix=fix)
    if part.commentary is None:
        message = f"{CODES['L002'].capitalize()}."
        fix = "Let report.findings say it, or put it into a commentary on its rows; bold or quoted words are only mentioned."
        return Fault(code="L002", where=where, message=message, found=words, fix=fix)
    if not rows or any(_supports(row, claim, part.commentary.get("data-against", "previous")) for row in rows):
        return None
    told = ", ".join(f"{row['indicator']} {row['wave']}: {_wording(row, part.commentary)}" for row in rows)
    message = f"The rows of the commentary do not say '{words}'."
    return Fault(code="L003", where=where, message=message, found=told, fix="Write what the rows say.")


def _wording(row: Row, marks: Mapping[str, str]) -> str:
    return str(row.get(f"{marks.get('data-against', 'previous')}_wording") or "nothing")


def _supports(row: Row, claim: Claim, against: str) -> bool:
    """Tell whether a row's wording class says a change, or, with the declared direction, a judgement of it."""
    wording = row.get(f"{against}_wording")
    if claim in {"rose", "fell"}:
        return bool(wording == claim)
    better = {"up": "rose", "down": "fell"}.get(str(row.get("direction")))
    worse = {"up": "fell", "down": "rose"}.get(str(row.get("direction")))
    return wording is not None and wording == (better if claim == "better" else worse)
