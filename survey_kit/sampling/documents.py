"""Papers of the field: the list of sampling units, listing sheets, contact sheets with Kish's tables, assignments.

They tell where people live and are for the field team only; they hold no names and no telephone numbers, and never enter a report.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeAlias

from survey_kit import checks, files, frames
from survey_kit.errors import DesignError, did_you_mean
from survey_kit.language import known_languages, words
from survey_kit.sampling.kish import KISH_TABLES
from survey_kit.types import Frame

Format: TypeAlias = Literal["html", "pdf"]
FORMATS: tuple[Format, ...] = ("html", "pdf")
OUTCOMES = (
    "1.1",
    "1.2",
    "2.111",
    "2.112",
    "2.12",
    "2.23",
    "2.24",
    "2.25",
    "2.32",
    "2.33",
    "3.17",
    "3.18",
    "4.5",
    "4.6",
    "4.7",
)
CONTACT_LOG = ("case", "psu", "interviewer", "attempt", "start", "end", "code", "mode")
ADULTS = 8  # lines for the adults of a household


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table of a sheet: columns with their relative widths, rows of texts; an empty text is a place to write."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet of paper: title, facts (an empty one is a place to write), what to do, tables."""

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    note: str = ""
    grids: tuple[Grid, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Sheets that are printed together.

    Examples
    --------
    >>> Document(name="units", title="Sampling units", language="en", sheets=(Sheet(title="Sampling units"),))
    Document 'units' (en): 1 sheet
    """

    name: str
    title: str
    language: str
    sheets: tuple[Sheet, ...] = field(repr=False)
    banner: str = ""

    def __repr__(self) -> str:
        n = len(self.sheets)
        return f"Document '{self.name}' ({self.language}): {n} sheet{'' if n == 1 else 's'}"

    def split(self, labels: Sequence[str]) -> tuple[Document, ...]:
        """Give one document for each label, such as an interviewer, with the sheets that bear it (one label for each sheet).

        Examples
        --------
        >>> both = Document(name="x", title="", language="en", sheets=(Sheet(title="a"), Sheet(title="b")))
        >>> [one.name for one in both.split(["i 1", "i/1"])]
        ['x-i_1', 'x-i_1-2']
        """
        if len(labels) != len(self.sheets):
            found = f"{len(labels)} labels, {len(self.sheets)} sheets"
            raise DesignError("Every sheet has one label.", found=found, fix="Give one label for each sheet.")
        out: dict[str, Document] = {}
        for label in dict.fromkeys(labels):
            sheets = tuple(sheet for sheet, own in zip(self.sheets, labels, strict=True) if own == label)
            stem = f"{self.name}-{re.sub(r'[^0-9A-Za-z_.-]+', '_', label)[:60] or 'none'}"
            name = next(one for k in range(1, len(labels) + 2) if (one := stem if k == 1 else f"{stem}-{k}") not in out)
            out[name] = replace(self, name=name, sheets=sheets)
        return tuple(out.values())

    def to_html(self) -> str:
        """Give a page that prints on A4, one sheet after the other, and loads nothing."""
        from survey_kit.sampling.documents_html import page

        return page(self)

    def to_pdf(self) -> bytes:
        """Give a tagged PDF (PDF/UA-1); needs the extra 'report'."""
        from survey_kit.sampling.documents_typst import pdf

        return pdf(self)

    def _repr_html_(self) -> str:
        from survey_kit.sampling.documents_html import body

        return body(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """What the papers of a sample are made from.

    Attributes
    ----------
    unit
        Column of unit ids.
    name
        Column with the unit's name in words.
    strata
        Columns of strata.
    size
        Column of sizes.
    language
        Language of the papers: ``kk``, ``ru`` or ``en``.
    synthetic
        Whether the frame is made up; every sheet says so.

    Examples
    --------
    >>> import pandas as pd
    >>> areas = pd.DataFrame({"area": ["a1", "a2"], "village": ["Alga", "Bereke"], "weight": [10.0, 12.5]})
    >>> papers = Papers(unit="area", name="village", language="ru")
    >>> papers.listing(areas, lines=30)
    Document 'listing' (ru): 2 sheets
    >>> papers.contacts(pd.DataFrame({"area": ["a1"], "case": ["a1-01"], "kish": ["D"]})).sheets[0].facts
    (('Случай', 'a1-01'), ('Единица', 'a1'), ('Интервьюер', ''), ('Строка листа списка', ''))
    """

    unit: str
    name: str | None = None
    strata: tuple[str, ...] = ()
    size: str | None = None
    language: str = "en"
    synthetic: bool = False

    def __post_init__(self) -> None:
        checks.choice(self.language.split("-")[0], "language of the papers", known_languages("sample"), DesignError)
        object.__setattr__(self, "strata", checks.names(self.strata, "strata"))

    def units(self, units: Frame) -> Document:
        """List the units drawn: place, stratum, size, probability, weight, and those who work there, as far as they are columns."""
        say = words("sample", self.language)
        there = set(frames.columns(units))
        chance = "probability" if "probability" in there else "pi"
        wanted: list[tuple[str, str | None, float]] = [
            (say("unit"), self.unit, 1.4),
            (say("place"), self.name, 2.4),
            *((say("stratum") if len(self.strata) == 1 else name, name, 1.2) for name in self.strata),
            (say("size"), self.size, 0.9),
            (say("probability"), chance if chance in there else None, 1.3),
            *((say(key), key, 1.0) for key in ("weight", "turn", "cases") if key in there),
            (say("interviewers"), "interviewers" if "interviewers" in there else None, 2.0),
        ]
        kept = [one for one in wanted if one[1]]
        named = {self.unit, self.name, *self.strata}
        cells = [_written(units, name, figures=name not in named) for _, name, _ in kept]
        grid = Grid(
            columns=tuple(head for head, _, _ in kept),
            rows=tuple(zip(*cells, strict=True)),
            widths=tuple(wide for _, _, wide in kept),
        )
        note = say("how_units") if "turn" in there else ""
        return self._document("units", (Sheet(title=say("units"), note=note, grids=(grid,)),))

    def listing(self, units: Frame, *, lines: int = 40) -> Document:
        """Give one listing sheet for each unit, with empty lines for its dwellings."""
        say = words("sample", self.language)
        heads = ("line", "street", "house", "flat", "use", "households", "remarks")
        grid = Grid(
            columns=tuple(say(key) for key in heads),
            rows=tuple((str(i), "", "", "", "", "", "") for i in range(1, _count(lines, "lines") + 1)),
            widths=(0.5, 3.0, 0.8, 0.8, 1.4, 1.2, 2.0),
        )
        blank = ((say("interviewer"), ""), (say("date"), ""))
        facts = self._facts(units)
        sheets = tuple(
            Sheet(title=say("listing"), facts=(*one, *blank), note=say("how_listing"), grids=(grid,)) for one in facts
        )
        return self._document("listing", sheets)

    def contacts(self, cases: Frame, *, attempts: int = 6, case: str = "case", kish: str = "kish") -> Document:
        """Give one contact sheet for each case: attempts, outcome codes, adults, and Kish's table where the case has one."""
        say = words("sample", self.language)
        there = frames.columns(cases)
        ids = _written(cases, case)
        who = _written(cases, "interviewer") if "interviewer" in there else [""] * len(ids)
        tables = frames.texts(cases, kish) if kish in there else [None] * len(ids)
        lines = _written(cases, "dwelling") if "dwelling" in there else [""] * len(ids)
        tries, codes = self._attempts(_count(attempts, "attempts")), self._codes()
        sheets = []
        for row, place in enumerate(self._facts(cases)):
            facts = ((say("case"), ids[row]), *place, (say("interviewer"), who[row]), (say("dwelling"), lines[row]))
            grids = (tries, codes, *(self._adults(letter, row) if (letter := tables[row]) else ()))
            sheets.append(Sheet(title=say("contact"), facts=facts, note=say("how_contact"), grids=grids))
        return self._document("contacts", tuple(sheets))

    def assignments(self, cases: Frame, *, case: str = "case") -> Document:
        """Give one sheet for each interviewer: units and cases."""
        say = words("sample", self.language)
        who, ids, units = (_written(cases, name) for name in ("interviewer", case, self.unit))
        named = self.name is not None and self.name in frames.columns(cases)
        places = _written(cases, self.name) if named else units
        heads = [("unit", 1.4), *([("place", 2.4)] if named else []), ("cases", 4.0)]
        sheets = []
        for one in sorted(set(who)):
            rows: dict[tuple[str, ...], list[str]] = {}
            for row in (i for i, name in enumerate(who) if name == one):
                rows.setdefault((units[row], places[row]) if named else (units[row],), []).append(ids[row])
            grid = Grid(
                columns=tuple(say(key) for key, _ in heads),
                rows=tuple((*place, ", ".join(listed)) for place, listed in rows.items()),
                widths=tuple(wide for _, wide in heads),
            )
            facts = ((say("interviewer"), one), (say("cases"), str(who.count(one))))
            sheets.append(Sheet(title=say("assignments"), facts=facts, note=say("how_assigned"), grids=(grid,)))
        return self._document("assignments", tuple(sheets))

    # ---------------------------------------------------------------------------------------------------------- parts
    def _document(self, name: str, sheets: tuple[Sheet, ...]) -> Document:
        say = words("sample", self.language)
        banner = f"{say('synthetic')}. {say('field_only')}" if self.synthetic else say("field_only")
        title = sheets[0].title if sheets else name
        return Document(name=name, title=title, language=say.language, sheets=sheets, banner=banner)

    def _facts(self, frame: Frame) -> list[tuple[tuple[str, str], ...]]:
        """Give unit, place and strata of each row, as far as they are columns."""
        say = words("sample", self.language)
        there = set(frames.columns(frame))
        columns = [(say("unit"), self.unit), *([(say("place"), self.name)] if self.name else [])]
        columns += [(say("stratum") if len(self.strata) == 1 else name, name) for name in self.strata]
        cells = [
            [(head, text) for text in _written(frame, name)]
            for head, name in columns
            if name == self.unit or name in there
        ]
        return [tuple(row) for row in zip(*cells, strict=True)]

    def _attempts(self, n: int) -> Grid:
        say = words("sample", self.language)
        heads = ("line", "date", "start", "end", "code", "mode", "remarks")
        rows = tuple((str(i), "", "", "", "", "", "") for i in range(1, n + 1))
        widths = (0.5, 1.3, 1.0, 1.0, 1.0, 1.0, 3.0)
        return Grid(title=say("attempts"), columns=tuple(say(key) for key in heads), rows=rows, widths=widths)

    def _codes(self) -> Grid:
        say = words("sample", self.language)
        half = -(-len(OUTCOMES) // 2)
        told = [(code, say(f"code_{code}")) for code in OUTCOMES] + [("–", "–")] * (2 * half - len(OUTCOMES))
        rows = tuple((*told[i], *told[i + half]) for i in range(half))
        heads = (say("code"), say("meaning")) * 2
        return Grid(title=say("codes"), columns=heads, rows=rows, widths=(0.7, 3.3, 0.7, 3.3))

    def _adults(self, letter: str, row: int) -> tuple[Grid, Grid]:
        say = words("sample", self.language)
        if letter not in KISH_TABLES:
            fix = did_you_mean(letter, KISH_TABLES)
            raise DesignError("There is no such table of Kish's grid.", where=f"row {row + 1}", found=letter, fix=fix)
        blank = tuple((str(i), "", "") for i in range(1, ADULTS + 1))
        heads = (say("line"), say("sex"), say("age"))
        roster = Grid(title=say("adults"), columns=heads, rows=blank, widths=(0.5, 1.5, 1.5))
        picks = (say("adult_line"), *map(str, KISH_TABLES[letter]))
        counts = (say("adults_count"), "1", "2", "3", "4", "5", "6+")
        grid = Grid(title=say("whom", table=letter), columns=counts, rows=(picks,), widths=(3.0, *(0.6,) * 6))
        return roster, grid


def write_papers(
    folder: str | Path, documents: Sequence[Document], *, formats: Sequence[Format] = ("html",)
) -> tuple[Path, ...]:
    """Write documents into a folder, each as ``<name>.<language>.html`` or ``.pdf``.

    Raises
    ------
    DesignError
        For a format that is not known, or a folder that belongs to a report, which is handed on.
    """
    place = Path(folder)
    refuse_report(place)
    for one in formats:
        checks.choice(one, "format of papers", FORMATS, DesignError)
    out = []
    for document in documents:
        stem = f"{document.name}.{document.language}"
        if "html" in formats:
            out.append(files.write_text(place / f"{stem}.html", document.to_html()))
        if "pdf" in formats:
            out.append(files.write_bytes(place / f"{stem}.pdf", document.to_pdf()))
    return tuple(out)


def refuse_report(folder: Path) -> None:
    """Refuse a folder inside the build of a report: that is handed on, and the papers of the field are not."""
    for one in (folder, *folder.absolute().parents):
        if (one / ".state.json").exists() or (one / "manifest.json").exists():
            raise DesignError(
                "Papers of the field do not go into the folder of a report.",
                where=str(folder),
                found=f"a report in {one}",
                fix="Name another folder with --to, for the field team only.",
            )


def _count(value: int, name: str) -> int:
    out = checks.number(value, name, "Give a number of lines.", DesignError)
    if out < 1 or out != round(out) or out > 500:
        raise DesignError(f"'{name}' is a whole number from 1 to 500.", found=f"{out:g}", fix=f"Write {name}=40.")
    return int(out)


def _written(frame: Frame, name: str | None, *, figures: bool = False) -> list[str]:
    """Write a column for people: ids and words as they are, figures with the digits that count."""
    if name is None:
        return [""] * frames.row_count(frame)
    if not figures or frames.kind(frame, name) != "number":
        return [text or "" for text in frames.texts(frame, name)]
    column = frames.numbers(frame, name)
    values = zip(column.values.tolist(), column.missing.tolist(), strict=True)
    return ["" if missing else _figure(value) for value, missing in values]


def _figure(value: float) -> str:
    """Write a figure.

    Examples
    --------
    >>> [_figure(value) for value in (12.0, 2500.25, 0.0123456)]
    ['12', '2500.2', '0.01235']
    """
    if value == round(value):
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 1000 else f"{value:.4g}"
