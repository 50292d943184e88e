"""How maps, profiles, pages of single figures and tables to hand over speak: the catalogue's words and a row's cells in one language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from survey_kit.language.catalogue import words
from survey_kit.report.display import Numbers, missing
from survey_kit.report.info import IndicatorInfo, StudyInfo
from survey_kit.report.rows import SYMBOLS, Row, markers, place_holder, shown

CHANGED: Final = frozenset({"rose", "fell", "no_significant_change"})


@dataclass(frozen=True, slots=True)
class Voice:
    """The words and numbers of a study's language.

    Examples
    --------
    >>> toy = StudyInfo(id="toy", title="Toy", data_status="real", waves=())
    >>> Voice(toy)("regions"), Voice(toy).marked("Fine.")
    ('Regions', 'Fine.')
    """

    info: StudyInfo

    @property
    def language(self) -> str:
        """Give the language."""
        return self.info.language

    @property
    def numbers(self) -> Numbers:
        """Give how the language writes numbers."""
        return self.info.show

    def __call__(self, key: str, **parts: Any) -> str:
        """Give a phrase with its parts filled in."""
        return words("regions", self.language)(key, **parts)

    def marked(self, text: str) -> str:
        """Put the mark of synthetic data before a text; real data have none."""
        return self("synthetic", text=text) if self.info.synthetic and text else text

    def titled(self, title: str) -> str:
        """Put the mark of synthetic data into a title."""
        return self("title_synthetic", title=title) if self.info.synthetic else title

    def figure(self, row: Row) -> str:
        """Give a row's figure without its unit, or the marker in its place."""
        return self.numbers.plain(row["estimate"], row["unit"]) if shown(row) else place_holder(row)

    def level(self, row: Row) -> str:
        """Give a row's figure with its unit and interval, or the marker in its place."""
        if not shown(row):
            return place_holder(row)
        bounds = self.interval(row)
        return str(self.numbers.level(row["estimate"], row["unit"])) + (f" ({bounds})" if bounds else "")

    def interval(self, row: Row) -> str:
        """Give a row's interval, or nothing."""
        if not shown(row) or missing(row["ci_low"]):
            return ""
        return str(self.numbers.interval(row["ci_low"], row["ci_high"], row["unit"]))

    def confidence(self, rows: Sequence[Row]) -> str:
        """Name the level of the intervals."""
        value = next((row["confidence"] for row in rows if not missing(row["confidence"])), 0.95)
        return str(self.numbers.percent_level(value))

    def count(self, value: Any) -> str:
        """Write a whole number, or nothing."""
        return "" if missing(value) else str(self.numbers.count(value))

    def change(self, row: Row) -> tuple[str, str]:
        """Give the change since the wave before with its interval, and its wording class."""
        wording = row["previous_wording"]
        if missing(wording) or row["status"] == "not_asked":
            return "", ""
        if wording not in CHANGED or missing(row["previous_change"]):
            return "", self(wording)
        value, low, high = (row[f"previous_{part}"] for part in ("change", "fcr_low", "fcr_high"))
        digits = self.numbers.change_digits(value, low, high, row["unit"])
        bounds = self.numbers.change_interval(low, high, row["unit"], digits=digits)
        return f"{self.numbers.change(value, row['unit'], digits=digits)} ({bounds})", self(wording)

    def state(self, row: Row) -> str:
        """Say how far a figure may be trusted, or why there is none."""
        if row["status"] == "not_asked":
            return self("not_asked")
        if row["reliability"] == "suppress":
            return self("confidential" if row["reliability_rule"] == "confidential" else "unreliable")
        return self(row["reliability"]) if shown(row) else self("unavailable")

    def explained(self, rows: Sequence[Row]) -> tuple[str, ...]:
        """Explain the markers that stand in these rows, one note for all."""
        used = {marker for row in rows for marker in markers(row).split()}
        told = [f"{marker} {self(marker)}." for marker in SYMBOLS if marker in used]
        return (" ".join(told),) if told else ()

    def group(self, row: Row) -> str:
        """Name the level of a row for readers; everybody has a name too."""
        if not row["domain"]:
            return self("everybody")
        if row["domain"] == self.info.regions:
            from survey_kit.report.regions import region_name

            return region_name(str(row["level"]), self.language)
        return self.info.level_label(row)

    def base(self, about: IndicatorInfo) -> str:
        """Say in words whom the figure counts."""
        if about.kind == "ratio":
            return self("base_ratio")
        if about.base == "asked":
            return self("base_asked")
        return self("base_include" if about.dont_know == "include" else "base_answered")

    @property
    def drafted(self) -> tuple[str, ...]:
        """Say that the words were drafted by a machine, where they were."""
        return () if self.language == "en" else (self("draft"),)
