"""The profile of a region: its figures beside the country's, with intervals, changes and what is not published, and the list of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from survey_kit.errors import ReportError, did_you_mean
from survey_kit.report import display
from survey_kit.report.book import Published
from survey_kit.report.display import missing
from survey_kit.report.drawing import draw
from survey_kit.report.elements import Chart, Element, Links, Prose, Section, Stack, Table
from survey_kit.report.links import Record, address, linked_table
from survey_kit.report.map_drawing import Pair, Pairs, draw_pairs
from survey_kit.report.maps import region_map, row_wave
from survey_kit.report.region_voice import Voice
from survey_kit.report.regions import Region, latest_wave, lived_in, regions_of
from survey_kit.report.rows import Row, markers, shown

INDEX: Final = "regions.html"


def profile_page(code: str) -> str:
    """Name the page of a region.

    Examples
    --------
    >>> profile_page("KZ-71")
    'region-kz-71.html'
    """
    return f"region-{code.lower()}.html"


def headlines(book: Published) -> tuple[str, ...]:
    """Name the indicators that get a map on the page of regions: the first of each part that the latest wave has a figure of."""
    out: list[str] = []
    wave = latest_wave(book)
    for theme in book.info.themes:
        rows = book.records(theme=theme, wave=wave, domain=book.info.regions)
        seen = {row["indicator"] for row in rows if lived_in(row) and shown(row)}
        out += [one.id for one in book.info.of_theme(theme) if one.id in seen][:1]
    return tuple(out)


def region_index(book: Published) -> Stack:
    """Give the page of regions: the maps of the first indicator of each part, and links to every profile."""
    voice, found = Voice(book.info), regions_of(book)
    wave = book.info.wave_label(latest_wave(book))
    lead = voice.marked(voice("regions_lead", n=len(found), wave=wave))
    profiles = Links(tuple((one.name, profile_page(one.code), _size(book, voice, one)) for one in found))
    shown_maps = tuple(region_map(book, name) for name in headlines(book))
    return Stack(
        (
            Prose((*voice.drafted, lead)),
            Section(voice("profiles"), "profiles", (profiles,)),
            Section(voice("maps"), "maps", shown_maps),
        )
    )


def region_profile(book: Published, code: str) -> Stack:
    """Give the profile of a region in the latest wave its people were asked in.

    Parameters
    ----------
    book
        The built study.
    code
        The region, by its ISO 3166-2 code.

    Raises
    ------
    ReportError
        If the study has no such region.

    Examples
    --------
    >>> from survey_kit.report import published, region_profile
    >>> region_profile(published("build/kazakhstan"), "KZ-71")  # doctest: +SKIP
    """
    voice, known = Voice(book.info), regions_of(book)
    region = next((one for one in known if one.code == code), None)
    if region is None:
        raise ReportError(f"The study has no region '{code}'.", fix=did_you_mean(code, [one.code for one in known]))
    pairs = _pairs(book, code)
    rows = [row for row, _ in pairs]
    wave = book.info.wave_label(latest_wave(book))
    most = max((int(row["asked_n"]) for row in rows if not missing(row["asked_n"])), default=0)
    told = (voice("profile_lead", region=region.name, wave=wave), voice("profile_small", n=voice.count(most)))
    parts: list[Element] = [Prose((*voice.drafted, *(voice.marked(one) for one in told), _counted(voice, rows)))]
    parts.append(Prose((voice.marked(voice("untested")),)))
    for measure in dict.fromkeys(voice(row["unit"]) for row in rows):  # shares and ratios are per cent alike
        alike = [pair for pair in pairs if voice(pair[0]["unit"]) == measure and shown(pair[0])]
        parts += [_chart(book, voice, region, alike)] if alike else []
    parts.append(_table(book, voice, region, pairs))
    gone = [row for row in rows if not shown(row)]
    if gone:
        items = "; ".join(f"{book.info.indicator(row['indicator']).title}: {voice.state(row)}" for row in gone)
        parts.append(Prose((voice.marked(voice("profile_gone", items=items)),)))
    parts.append(Links(((voice("back"), INDEX, voice("back_says")),)))
    return Stack(tuple(parts))


def _pairs(book: Published, code: str) -> list[tuple[Row, Row]]:
    """Give the rows of a region in the latest wave, each with everybody's, in the order of the indicators."""
    wave = latest_wave(book)
    own = replace(book, rows=book.rows[(book.rows["domain"] == book.info.regions) & (book.rows["level"] == code)])
    rows = {row["indicator"]: row for row in own.records(wave=wave, domain=book.info.regions)}
    everybody = {row["indicator"]: row for row in book.records(wave=wave)}
    names = [one.id for theme in book.info.themes for one in book.info.of_theme(theme)]
    return [(rows[name], everybody[name]) for name in names if name in rows and name in everybody]


def _size(book: Published, voice: Voice, region: Region) -> str:
    rows = [row for row, _ in _pairs(book, region.code)]
    most = max((int(row["asked_n"]) for row in rows if not missing(row["asked_n"])), default=0)
    return voice("interviews", n=voice.count(most))


def _counted(voice: Voice, rows: Sequence[Row]) -> str:
    """Count the figures that are published and what became of them since the wave before."""
    seen = Counter(str(row["previous_wording"]) for row in rows if shown(row) and not missing(row["previous_wording"]))
    names = {"rose": "rose", "fell": "fell", "same": "no_significant_change", "apart": "cannot_be_compared"}
    counts = {key: seen[name] for key, name in names.items()} | {"withheld": seen["not_published"]}
    published = sum(map(shown, rows))
    return voice.marked(voice("profile_counts", published=published, all=len(rows), **counts))


def _chart(book: Published, voice: Voice, region: Region, pairs: Sequence[tuple[Row, Row]]) -> Chart:
    unit = pairs[0][0]["unit"]
    factor = display.UNITS[unit].factor
    titles = {row["indicator"]: book.info.indicator(row["indicator"]).title for row, _ in pairs}

    def scaled(row: Row, name: str) -> float | None:
        return None if not shown(row) or missing(row[name]) else float(row[name] * factor)

    drawn = tuple(
        Pair(
            label=titles[row["indicator"]],
            text=" ".join((voice.figure(row), *(m for m in markers(row).split() if m == "[u]"))),
            value=scaled(row, "estimate"),
            low=scaled(row, "ci_low"),
            high=scaled(row, "ci_high"),
            reference=scaled(whole, "estimate"),
        )
        for row, whole in pairs
    )
    ends = [e for one in drawn for e in (one.value, one.low, one.high, one.reference) if e is not None]
    drawing = Pairs(
        title=voice("profile_chart", region=region.name, wave=book.info.wave_label(latest_wave(book))),
        subtitle=voice(unit),
        pairs=drawn,
        limits=(min(0.0, *ends), max(ends) * 1.03 if max(ends) > 0 else 1.0),
        signs=(region.name, voice("country")),
        mark=book.info.mark,
        language=voice.language,
    )
    items = "; ".join(
        voice("profile_item", title=titles[row["indicator"]], value=voice.level(row), country=voice.figure(whole))
        for row, whole in pairs
    )
    alt = voice.marked(f"{drawing.title}. {voice('profile_alt', items=items)}")
    name = f"{book.info.file_stem}-{region.code.lower()}-{unit}-profile-{row_wave(book, latest_wave(book))}"
    path = draw(book.figures / f"{name}.svg", drawing, alt, draw_pairs)
    notes = voice.explained([row for row, _ in pairs])
    return Chart(
        id=name, path=path, alt=alt, caption=voice.marked(" ".join((f"{drawing.title}, {voice(unit)}.", *notes)))
    )


def _table(book: Published, voice: Voice, region: Region, pairs: Sequence[tuple[Row, Row]]) -> Table:
    rows = [row for row, _ in pairs]
    heads = {"title": voice("indicator"), "figure": region.name}
    heads |= {"interval": voice("interval", level=voice.confidence(rows)), "country": voice("country")}
    heads |= {"result": voice("result"), "change": voice("change"), "n": voice("n"), "marks": voice("marks")}
    records = []
    for row, whole in pairs:
        change, result = voice.change(row) if shown(row) else ("", "")
        cells = {
            "title": book.info.indicator(row["indicator"]).title,
            "figure": voice.figure(row),
            "interval": voice.interval(row),
            "country": voice.figure(whole),
            "result": result,
            "change": change,
            "n": "" if row["status"] == "not_asked" else voice.count(row["n"]),
            "marks": markers(row),
        }
        records.append(Record(cells=cells, links={"figure": (address(row), ""), "country": (address(whole), "")}))
    title = voice("profile_table", region=region.name, wave=book.info.wave_label(latest_wave(book)))
    name = f"profile-{region.code.lower()}"
    return linked_table(
        book, name, title, heads, records, left=("result", "marks"), rows=[*rows, *(w for _, w in pairs)]
    )
