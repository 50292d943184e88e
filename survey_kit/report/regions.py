"""The regions a study's figures are told by: their names in a language, their tiles, and which list of them a wave has.

Codes are those of ISO 3166-2. ``tiles.yaml`` holds the names, the tiles and the lists by date: 20 regions since 8 June 2022, 17 since
19 June 2018, 16 before. A wave has the list whose codes its people live in, so that no date is needed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from survey_kit import files
from survey_kit.errors import ReportError, did_you_mean
from survey_kit.report.book import Published
from survey_kit.report.display import missing
from survey_kit.report.region_voice import Voice
from survey_kit.report.rows import Row

if TYPE_CHECKING:
    import pandas as pd

TILES: Final = Path(__file__).with_name("tiles.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A region: its code, its names, and its tile (column from the west, row from the north, from 0)."""

    code: str
    name: str
    short: str
    at: tuple[int, int]


def regions(codes: Collection[str], language: str = "en") -> tuple[Region, ...]:
    """Give the regions of the list with just these codes, else of the newest that has them all, in the order of the codes.

    Parameters
    ----------
    codes
        ISO 3166-2 codes of the regions people live in.
    language
        kk, ru or en; another is told in English.

    Raises
    ------
    ReportError
        If a code belongs to no list, or the codes to no list together.

    Examples
    --------
    >>> [region.name for region in regions(["KZ-61", "KZ-79"])]
    ['Turkistan Region', 'Shymkent city']
    >>> regions(["KZ-61"], "ru")[0].name
    'Туркестанская область'
    """
    value = _read()
    known: Mapping[str, Any] = value["regions"]
    for code in codes:
        if code not in known:
            fix = f"{did_you_mean(code, known)} Or leave out 'report: regions:'."
            raise ReportError(f"There is no region '{code}'.", where="report: regions: in study.yaml", fix=fix)
    lists = [one for one in value["lists"] if set(codes) <= set(one["codes"])]
    listed = next((one for one in lists if set(codes) == set(one["codes"])), lists[0] if lists else None)
    if listed is None:
        raise ReportError("These regions never stood in one list.", found=", ".join(sorted(codes)))
    names, shorts, moved = (listed.get(key, {}) for key in ("names", "shorts", "moved"))

    def said(texts: Mapping[str, str]) -> str:
        return texts.get(language) or texts["en"]

    return tuple(
        Region(
            code=code,
            name=said(names.get(code) or known[code]["name"]),
            short=said(shorts.get(code) or known[code]["short"]),
            at=tuple(moved.get(code) or known[code]["at"]),
        )
        for code in sorted(codes)
    )


def regions_of(book: Published, wave: str | None = None) -> tuple[Region, ...]:
    """Give the regions that people of a wave live in, of the latest wave when none is named; none without regional figures.

    Examples
    --------
    >>> from survey_kit.report import published
    >>> regions_of(published("build/kazakhstan"))[0].name  # doctest: +SKIP
    'Abai Region'
    """
    if not book.info.regions:
        return ()
    there, chosen = _asked(book), wave or latest_wave(book)
    return regions({str(level) for level in there.loc[there["wave"] == chosen, "level"]}, Voice(book.info).language)


def latest_wave(book: Published) -> str:
    """Give the latest wave whose people were asked something in the regions."""
    there = _asked(book)
    return str(there["wave"].iloc[int(there["wave_order"].astype("float64").to_numpy().argmax())])


def _asked(book: Published) -> pd.DataFrame:
    """Give the rows of regions in which somebody was asked; refuse a study without any."""
    rows, domain = book.rows, book.info.regions
    people = rows["asked_n"].astype("float64").fillna(0)
    there = rows[(rows["domain"] == domain) & (rows["status"] != "not_asked") & (people > 0)]
    if there.empty:
        raise ReportError(
            f"The study has no figures by '{domain}'.", where="report: regions: in study.yaml", fix="Leave it out."
        )
    return there


def region_name(code: str, language: str = "en") -> str:
    """Name a region by its code in the newest list, whatever the wave; a code of no list names itself.

    Examples
    --------
    >>> region_name("KZ-71", "kk"), region_name("other")
    ('Астана қаласы', 'other')
    """
    known = _read()["regions"].get(code)
    return str(known["name"].get(language) or known["name"]["en"]) if known else code


def lived_in(row: Row) -> bool:
    """Tell whether somebody of the row's level was asked."""
    return row["status"] != "not_asked" and not missing(row["asked_n"]) and row["asked_n"] > 0


@lru_cache(maxsize=1)
def _read() -> Mapping[str, Any]:
    value: Mapping[str, Any] = files.read_yaml(TILES, "list of regions", ReportError).value
    return value
