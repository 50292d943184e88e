"""Maps of a study's regions, made from rows: what is drawn, its message, its words for those who cannot see it, the table beside."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from survey_kit.errors import ReportError, did_you_mean
from survey_kit.report import display
from survey_kit.report.book import Published
from survey_kit.report.display import missing
from survey_kit.report.drawing import draw
from survey_kit.report.elements import Box, Chart, Stack, Table
from survey_kit.report.links import Record, address, linked_table
from survey_kit.report.map_drawing import SHADES, Map, Place, Ring, draw_map
from survey_kit.report.region_voice import Voice
from survey_kit.report.regions import Region, lived_in, regions_of
from survey_kit.report.rows import Row, markers, shown

OUTLINES: Final = "_outlines.json"  # beside the pages, see `region_pages`
MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Regional:
    """The figures of an indicator by region in one wave, with everybody's."""

    title: str
    wave: str
    regions: tuple[Region, ...]
    rows: Mapping[str, Row]
    everybody: Row

    @property
    def seen(self) -> list[tuple[Region, Row]]:
        """Give the regions whose figure may be shown, from the highest."""
        pairs = [(one, self.rows[one.code]) for one in self.regions if shown(self.rows[one.code])]
        return sorted(pairs, key=lambda pair: -pair[1]["estimate"])


def region_map(book: Published, indicator: str, wave: str | None = None) -> Stack:
    """Draw an indicator by region, a tile for each or the user's outlines, with the table of the figures folded below.

    Parameters
    ----------
    book
        The built study.
    indicator
        The indicator.
    wave
        The wave; by default the latest in which the indicator was asked in the regions.

    Raises
    ------
    ReportError
        If the study declares no regions, or a region does not exist.

    Examples
    --------
    >>> from survey_kit.report import published, region_map
    >>> region_map(published("build/kazakhstan"), "trust_courts")  # doctest: +SKIP
    """
    found = _regional(book, indicator, wave)
    voice, rows = Voice(book.info), list(found.rows.values())
    outlines = _outlines(book, found.regions)
    shades, key = _classes(voice, [row for _, row in found.seen])
    unit = found.everybody["unit"]
    factor = display.UNITS[unit].factor
    places = tuple(
        Place(
            name=one.short,
            text=" ".join(dict.fromkeys((voice.figure(row), *(m for m in markers(row).split() if m == "[u]")))),
            at=one.at,
            value=row["estimate"] * factor if shown(row) else None,
            low=row["ci_low"] * factor if shown(row) and not missing(row["ci_low"]) else None,
            high=row["ci_high"] * factor if shown(row) and not missing(row["ci_high"]) else None,
            shade=shades.get(one.code),
            rings=outlines.get(one.code, ()),
        )
        for one, row in ((one, found.rows[one.code]) for one in found.regions)
    )
    whole = found.everybody
    hatched = any(place.shade is None for place in places)
    drawing = Map(
        title=_message(voice, found),
        subtitle=voice("outline_measure" if outlines else "map_measure", measure=voice(unit)),
        places=places,
        limits=_limits(places),
        reference=whole["estimate"] * factor if shown(whole) else None,
        key=key,
        signs=(
            "" if outlines else voice("sign_figure"),
            voice("sign_country", value=voice.figure(whole)) if shown(whole) and not outlines else "",
            voice("sign_hatched") if hatched else "",
        ),
        mark=book.info.mark,
        language=voice.language,
    )
    name = f"{book.info.file_stem}-{indicator}-map-{row_wave(book, found.wave)}"
    alt = _words(voice, found, outlined=bool(outlines))
    own = voice("own_outlines" if outlines else "own_tiles")
    caption = voice.marked(" ".join((f"{_message(voice, found)}.", voice("untested"), own, *voice.explained(rows))))
    chart = Chart(id=name, path=draw(book.figures / f"{name}.svg", drawing, alt, draw_map), alt=alt, caption=caption)
    fold = Box(
        "note", voice("map_table_fold", title=found.title), (map_table(book, indicator, found.wave),), folded=True
    )
    return Stack((chart, fold))


def map_table(book: Published, indicator: str, wave: str | None = None) -> Table:
    """Give the figures of a map as a table: each with interval, bases, markers and its permanent link."""
    found = _regional(book, indicator, wave)
    voice, rows = Voice(book.info), list(found.rows.values())
    heads = {"region": voice("region"), "figure": voice("figure")}
    heads |= {"interval": voice("interval", level=voice.confidence(rows)), "n": voice("n"), "marks": voice("marks")}
    order = [one for one, _ in found.seen]
    order += [one for one in found.regions if one not in order]
    told = [(voice("country"), found.everybody), *((one.name, found.rows[one.code]) for one in order)]
    records = [
        Record(
            cells={
                "region": name,
                "figure": voice.figure(row),
                "interval": voice.interval(row),
                "n": voice.count(row["n"]),
                "marks": markers(row),
            },
            links={"figure": (address(row), "")},
        )
        for name, row in told
    ]
    title = voice("map_table", title=found.title, wave=book.info.wave_label(found.wave))
    notes = (voice("untested"),)
    return linked_table(book, f"{indicator}-map", title, heads, records, left=("marks",), rows=rows, notes=notes)


def row_wave(book: Published, wave: str) -> str:
    """Give the number of a wave, for the name of a file."""
    return str(book.info.wave(wave).order)


def _regional(book: Published, indicator: str, wave: str | None) -> _Regional:
    domain, about = book.info.regions, book.info.indicator(indicator)
    if not domain:
        raise ReportError("The study declares no regions.", fix="Write 'report: {regions: <domain>}' in study.yaml.")
    rows = [row for row in book.records(about.id, domain=domain) if lived_in(row)]
    waves = list(dict.fromkeys(row["wave"] for row in rows))
    if not waves:
        raise ReportError(f"The indicator '{indicator}' has no figures by '{domain}'.", fix="Name another indicator.")
    if wave is not None and wave not in waves:
        raise ReportError(f"No figure of '{indicator}' by region in wave '{wave}'.", fix=did_you_mean(wave, waves))
    chosen = waves[-1] if wave is None else wave
    there = {str(row["level"]): row for row in rows if row["wave"] == chosen}
    known = [one for one in regions_of(book, chosen) if one.code in there]
    (everybody,) = book.records(about.id, wave=chosen)
    return _Regional(title=about.title, wave=chosen, regions=tuple(known), rows=there, everybody=everybody)


def _message(voice: Voice, found: _Regional) -> str:
    wave, seen = voice.info.wave_label(found.wave), found.seen
    if not seen:
        return voice("map_none", title=found.title, wave=wave)
    high, low = (voice.numbers.level(row["estimate"], row["unit"]) for row in (seen[0][1], seen[-1][1]))
    return voice("map_span", title=found.title, wave=wave, low=low, high=high)


def _words(voice: Voice, found: _Regional, *, outlined: bool) -> str:
    """Say what the map shows: the highest, the lowest, the country, and where there is no figure."""
    seen = found.seen
    form = "alt_outlines" if outlined else "alt_tiles"
    wave = voice.info.wave_label(found.wave)
    told = [voice(form, n=len(found.regions), title=found.title, wave=wave)]
    most = min(MOST_NAMED, len(seen) // 2) or len(seen)
    for key, some in (("alt_highest", seen[:most]), ("alt_lowest", seen[::-1][:most] if len(seen) > 1 else [])):
        items = "; ".join(f"{one.name} {voice.level(row)}" for one, row in some)
        told += [voice(key, items=items)] if items else []
    if shown(found.everybody):
        told.append(voice("alt_country", value=voice.level(found.everybody)))
    gone = [one for one in found.regions if not shown(found.rows[one.code])]
    if gone:
        items = "; ".join(f"{one.name} {voice.figure(found.rows[one.code])}" for one in gone)
        told.append(voice("alt_withheld", items=items))
    return voice.marked(" ".join(told))


def _classes(voice: Voice, rows: Sequence[Row]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Part the figures into at most four classes of equal width with round bounds; give each level's class, and their names."""
    if not rows:
        return {}, ()
    factor = display.UNITS[rows[0]["unit"]].factor
    values = {str(row["level"]): row["estimate"] * factor for row in rows}
    start, step, count = class_bounds(min(values.values()), max(values.values()))
    bounds = [voice.numbers.decimal(start + step * i, 0 if float(step).is_integer() else 1) for i in range(count + 1)]
    names = tuple(voice("class", low=bounds[i], high=bounds[i + 1]) for i in range(count))
    return {code: min(int((one - start) / step), count - 1) for code, one in values.items()}, names


def class_bounds(low: float, high: float) -> tuple[float, float, int]:
    """Give the start, the width and the number of at most four equal classes with round bounds that hold two figures.

    Examples
    --------
    >>> class_bounds(28.2, 45.1), class_bounds(3.1, 3.2)
    ((20.0, 10.0, 3), (3.0, 0.5, 1))
    """
    for step in (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 25.0, 50.0):
        start = math.floor(low / step) * step
        count = math.floor((high - start) / step) + 1
        if count <= len(SHADES):
            return start, step, count
    return -100.0, 50.0, len(SHADES)


def _limits(places: Sequence[Place]) -> tuple[float, float]:
    """Give the ends of the lines in the tiles: those of the widest interval, with a margin."""
    ends = [end for place in places for end in (place.value, place.low, place.high) if end is not None]
    if not ends:
        return 0.0, 1.0
    room = max((max(ends) - min(ends)) * 0.05, 0.5)
    return min(ends) - room, max(ends) + room


def _outlines(book: Published, regions: Sequence[Region]) -> dict[str, tuple[Ring, ...]]:
    """Read the outlines that stand beside the pages, if the study brings any; they must know every region of the map."""
    path = book.figures.parent / OUTLINES
    if not path.is_file():
        return {}
    known = json.loads(path.read_text(encoding="utf-8"))
    if any(one.code not in known for one in regions):
        return {}  # of a wave with other boundaries: its map is one of tiles
    return {one.code: tuple(tuple((x, y) for x, y in ring) for ring in known[one.code]) for one in regions}
