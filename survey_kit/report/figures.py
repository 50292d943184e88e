"""Charts of rows: what is drawn, its message, its caption and its words for those who cannot see it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from survey_kit.errors import ReportError
from survey_kit.indicators.rows import BREAKS
from survey_kit.report import display
from survey_kit.report.book import Published
from survey_kit.report.display import missing
from survey_kit.report.drawing import Dot, Dots, Line, Panels, Point, draw
from survey_kit.report.elements import Chart, Element, Stack
from survey_kit.report.info import IndicatorInfo, StudyInfo
from survey_kit.report.rows import Row, broken, explained, latest, place_holder, shown
from survey_kit.report.sentences import break_told, headline, marked

FEWEST_PANELS: Final = 3
MOST_PANELS: Final = 10
UNLIKE: Final = 3.0


def trend(book: Published, indicator: str) -> Chart:
    """Draw an indicator through the waves: a line with its band, open at breaks and where it was not asked."""
    about = book.info.indicator(indicator)
    rows = _of(book, indicator)
    line = _line(book.info, about, rows, headline(book.info, latest(rows), about.title))
    name = f"{book.info.file_stem}-{indicator}-trend"
    alt = _trend_words(book.info, about, rows)
    path = draw(book.figures / f"{name}.svg", line, alt)
    return Chart(id=name, path=path, alt=alt, caption=_trend_caption(book.info, about, rows))


def comparison(book: Published, theme: str) -> Stack:
    """Draw the indicators of a theme in the latest wave, sorted, one chart per unit; nothing for a single indicator."""
    parts: list[Element] = []
    wave = book.info.waves[-1].id
    rows = [row for row in book.records(theme=theme) if row["wave"] == wave]
    for unit in dict.fromkeys(row["unit"] for row in rows):
        alike = [row for row in rows if row["unit"] == unit and row["status"] != "not_asked"]
        if len(alike) < 2:
            continue
        titles = {row["indicator"]: book.info.indicator(row["indicator"]).title for row in alike}
        labels = _told_apart(titles)
        where = book.info.wave_label(wave)
        values = [row["estimate"] for row in alike if shown(row)]
        shared, info = _shared(list(titles.values())) or book.info.say(f"theme_{theme}"), book.info
        title = info.say("title_latest_empty", shared=shared, wave=where)
        if values:
            ends = {"low": info.show.level(min(values), unit), "high": info.show.level(max(values), unit)}
            title = info.say("title_latest", shared=shared, wave=where, **ends)
        name = f"{book.info.file_stem}-{theme}-{unit}-latest"
        labelled = [(labels[row["indicator"]], row) for row in alike]
        parts.append(_dots(book, labelled, title, name, _measure(book.info, alike[0])))
    return Stack(tuple(parts))


def by_domain(book: Published, indicator: str, domain: str) -> Chart:
    """Draw the levels of a domain in the latest wave an indicator was asked in, sorted."""
    about = book.info.indicator(indicator)
    newest = latest(_of(book, indicator))
    rows = book.records(indicator, wave=newest["wave"], domain=domain) if newest else []
    rows = [row for row in rows if row["status"] != "not_asked"]
    if newest is None or not rows:
        raise ReportError(
            f"The indicator '{indicator}' has no figures by '{domain}'.", fix="Name a domain of the study."
        )
    where = book.info.wave_label(newest["wave"])
    told = {"title": about.title, "domain": book.info.domain_label(domain).lower(), "wave": where}
    title = book.info.say("title_domain", **told)
    name = f"{book.info.file_stem}-{indicator}-by-{domain}"
    labelled = [(book.info.level_label(row), row) for row in rows]
    return _dots(book, labelled, title, name, _measure(book.info, rows[0]))


def small_multiples(book: Published, theme: str) -> Stack:
    """Draw the indicators of a theme through the waves, each in a small panel; nothing for fewer than three."""
    parts: list[Element] = []
    about = book.info.of_theme(theme)
    for unit in dict.fromkeys(one.unit for one in about):
        alike = [one for one in about if one.unit == unit]
        if len(alike) < FEWEST_PANELS:
            continue
        count = -(-len(alike) // MOST_PANELS)
        size = -(-len(alike) // count)
        size += size % 2  # two panels stand side by side
        sheets = [alike[i : i + size] for i in range(0, len(alike), size)]
        parts += [_panel_sheet(book, f"{theme}-{unit}", alike, sheets, number) for number in range(len(sheets))]
    return Stack(tuple(parts))


# ------------------------------------------------------------------------------------------------------------- lines
def _panel_sheet(
    book: Published, name: str, alike: Sequence[IndicatorInfo], sheets: Sequence[Sequence[IndicatorInfo]], number: int
) -> Chart:
    """Draw one sheet of panels: with common axes, unless the figures differ so much that most would lie flat."""
    info, unit = book.info, alike[0].unit
    rows = {one.id: _of(book, one.id) for one in alike}
    own = {name: _limits(some, unit) for name, some in rows.items()}
    tops = [high for _, high in own.values()]
    common = None if max(tops) > UNLIKE * min(tops) else _limits([row for some in rows.values() for row in some], unit)
    labels = _told_apart({one.id: one.title for one in alike})
    lines = tuple(_line(info, one, rows[one.id], labels[one.id], common or own[one.id]) for one in sheets[number])
    first, last = (info.wave_label(info.waves[i].id) for i in (0, -1))
    say, waves = info.say, {"first": first, "last": last}
    shared = _shared([one.title for one in alike]) or say("side_by_side")
    title = say("title_panels", shared=shared, **waves)
    if len(sheets) > 1:
        title = say("title_panels_part", shared=shared, part=number + 1, of=len(sheets), **waves)
    subtitle = _measure(info, rows[alike[0].id][-1])
    panels = Panels(title=title, subtitle=subtitle, lines=lines, mark=info.mark, language=info.language)
    told = "; ".join(f"{labels[one.id]}: {_last_value(info, rows[one.id])}" for one in sheets[number])
    alt = marked(info, say("alt_panels", measure=say(f"measure_word_{unit}"), told=told, **waves))
    stem = f"{info.file_stem}-{name}-panels" + (f"-{number + 1}" if len(sheets) > 1 else "")
    dashed = any(point.apart for line in lines for point in line.points)
    words = [f"{title}.", say("caption_axes_same" if common else "caption_axes_own")]
    words += [say("caption_dashed")] if dashed else []
    caption = marked(info, " ".join(words))
    return Chart(id=stem, path=draw(book.figures / f"{stem}.svg", panels, alt), alt=alt, caption=caption)


def _line(
    info: StudyInfo, about: IndicatorInfo, rows: Sequence[Row], title: str, limits: tuple[float, float] | None = None
) -> Line:
    dated = not info.synthetic and all(wave.year is not None for wave in info.waves)
    factor = display.UNITS[about.unit].factor
    points = []
    for row in rows:
        wave = info.wave(row["wave"])
        visible = shown(row)
        banded = visible and not missing(row["ci_low"])
        points.append(
            Point(
                x=float(wave.year or 0) if dated else float(wave.order),
                label=str(wave.order) if info.synthetic else wave.label,
                value=row["estimate"] * factor if visible else None,
                low=row["ci_low"] * factor if banded else None,
                high=row["ci_high"] * factor if banded else None,
                marker="" if visible else place_holder(row),
                apart=info.say(f"apart_{row['break'] if row['break'] in BREAKS else 'other'}") if broken(row) else "",
                text=info.show.level(row["estimate"], about.unit) if visible else "",
            )
        )
    return Line(
        title=title,
        subtitle=_measure(info, rows[-1] if rows else None, about=about),
        points=tuple(points),
        limits=limits or _limits(rows, about.unit),
        mark=info.mark,
        axis=info.say("axis_rehearsal") if info.synthetic else "",
        language=info.language,
    )


def _trend_words(info: StudyInfo, about: IndicatorInfo, rows: Sequence[Row]) -> str:
    seen, say = [row for row in rows if shown(row)], info.say
    told = [say("alt_trend", title=about.title, measure=say(f"measure_word_{about.unit}"))]
    if seen:
        first, last = seen[0], seen[-1]
        lowest, highest = (choose(seen, key=lambda row: row["estimate"]) for choose in (min, max))
        told.append(f"{_at(info, first)}; {_at(info, last)}." if first is not last else f"{_at(info, first)}.")
        if len(seen) > 2:
            told.append(say("alt_extremes", highest=_at(info, highest), lowest=_at(info, lowest)))
    told += [
        say("alt_break", wave=info.wave_label(row["wave"]), reason=break_told(info, row["break"]))
        for row in rows
        if broken(row)
    ]
    for key, status in (("alt_not_asked", "[z]"), ("alt_not_published", "[u]"), ("alt_not_available", "[x]")):
        waves = [info.wave_label(row["wave"]) for row in rows if not shown(row) and place_holder(row) == status]
        told += [say(key, waves=info.show.listed(waves))] if waves else []
    return marked(info, " ".join(told))


def _trend_caption(info: StudyInfo, about: IndicatorInfo, rows: Sequence[Row]) -> str:
    seen, say, show = [row for row in rows if shown(row)], info.say, info.show
    told = [f"{about.title}."]
    if seen:
        sizes = [row["n"] for row in seen]
        parts = {
            "n": show.count(seen[-1]["n"]),
            "wave": info.wave_label(seen[-1]["wave"]),
            "base": info.base_people(about),
        }
        if len(seen) > 1:
            span = {"low": show.count(min(sizes)), "high": show.count(max(sizes))}
            told.append(say("caption_trend_span", **parts, **span))
        else:
            told.append(say("caption_trend", **parts))
    told += [*explained(rows, say)]
    return marked(info, " ".join(told))


# -------------------------------------------------------------------------------------------------------------- dots
def _dots(book: Published, labelled: Sequence[tuple[str, Row]], title: str, name: str, subtitle: str) -> Chart:
    rows = [row for _, row in labelled]
    info, say, show = book.info, book.info.say, book.info.show
    unit = rows[0]["unit"]
    factor = display.UNITS[unit].factor
    order = sorted(
        labelled, key=lambda pair: (not shown(pair[1]), -(pair[1]["estimate"] or 0) if shown(pair[1]) else 0)
    )
    dots = []
    for label, row in order:
        visible = shown(row)
        banded = visible and not missing(row["ci_low"])
        dots.append(
            Dot(
                label=label,
                text=show.plain(row["estimate"], unit) if visible else place_holder(row),
                value=row["estimate"] * factor if visible else None,
                low=row["ci_low"] * factor if banded else None,
                high=row["ci_high"] * factor if banded else None,
            )
        )
    chart = Dots(
        title=title,
        subtitle=subtitle,
        dots=tuple(dots),
        limits=_limits(rows, unit),
        mark=info.mark,
        language=info.language,
    )
    told = "; ".join(
        f"{label} {show.level(row['estimate'], unit)}" + _bounds(info, row)
        if shown(row)
        else say("dot_not_published", label=label)
        for label, row in order
    )
    alt = marked(info, say("alt_dots", told=told))
    sizes = [row["n"] for row in rows if shown(row)]
    base = [say("caption_n", low=show.count(min(sizes)), high=show.count(max(sizes)))] if sizes else []
    caption = marked(info, " ".join((f"{title}. {subtitle}.", *base, *explained(rows, say))))
    return Chart(id=name, path=draw(book.figures / f"{name}.svg", chart, alt), alt=alt, caption=caption)


# ------------------------------------------------------------------------------------------------------------- words
def _of(book: Published, indicator: str) -> list[Row]:
    return book.records(book.info.indicator(indicator).id)


def _measure(info: StudyInfo, row: Row | None, about: IndicatorInfo | None = None) -> str:
    """Name what the axis shows: the measure, the base, the intervals."""
    if row is None:
        return ""
    based = about is not None and row["unit"] == "share"
    key = "measure_share_of" if based else f"measure_{row['unit']}"
    parts = {"base": info.base_people(about)} if about is not None and based else {}
    if missing(row["confidence"]):
        return info.say(f"{key}_plain", **parts)
    return info.say(key, level=info.show.percent_level(row["confidence"]), **parts)


def _at(info: StudyInfo, row: Row) -> str:
    value = info.show.level(row["estimate"], row["unit"]) + _bounds(info, row)
    return info.say("at_wave", value=value, wave=info.wave_label(row["wave"]))


def _bounds(info: StudyInfo, row: Row) -> str:
    return "" if missing(row["ci_low"]) else f" ({info.show.interval(row['ci_low'], row['ci_high'], row['unit'])})"


def _last_value(info: StudyInfo, rows: Sequence[Row]) -> str:
    seen = [row for row in rows if shown(row)]
    return _at(info, seen[-1]) if seen else info.say("no_figure_published")


def _limits(rows: Sequence[Row], unit: str) -> tuple[float, float]:
    """Choose round limits that hold every interval and, but for a net score's lower end, begin at 0."""
    factor = display.UNITS[unit].factor
    ends = [
        row[name] * factor
        for row in rows
        if shown(row)
        for name in ("estimate", "ci_low", "ci_high")
        if not missing(row[name])
    ]
    if not ends:
        return (0.0, 100.0)
    top, bottom = max(*ends, 0.0), min(*ends, 0.0)
    step = next(step for step in (2.0, 5.0, 10.0, 20.0, 50.0) if (top - bottom) / step <= 10 or step == 50.0)
    low, high = math.floor(bottom / step) * step, math.ceil(top / step + 0.25) * step
    return (max(low, -100.0) if bottom < 0 else 0.0, max(min(high, 100.0), step))


def _ends(titles: Sequence[str]) -> tuple[int, int]:
    """Count the whole words that all titles begin and end with, if something is left of each."""
    words = [title.split(" ") for title in titles]
    if len(words) < 2:
        return 0, 0
    first = last = 0
    while all(len(one) > first + 1 and one[first] == words[0][first] for one in words):
        first += 1
    while all(len(one) > first + last + 1 and one[-1 - last] == words[0][-1 - last] for one in words):
        last += 1
    while last and not all(one[-1 - last].endswith((",", ":", ";")) for one in words):  # never cut within a phrase
        last -= 1
    return first, last


def _shared(titles: Sequence[str]) -> str:
    """Give what all titles share, with an ellipsis for what differs; empty when they share nothing."""
    first, last = _ends(titles)
    words = titles[0].split(" ")
    start, end = " ".join(words[:first]), " ".join(words[len(words) - last :] if last else [])
    if start and end:
        return f"{start} … {end}"
    return f"{start} …" if start else end[:1].upper() + end[1:]


def _told_apart(titles: dict[str, str]) -> dict[str, str]:
    """Shorten titles to what differs."""
    first, last = _ends(list(titles.values()))
    out = {}
    for name, title in titles.items():
        words = title.split(" ")
        text = " ".join(words[first : len(words) - last]).rstrip(",:;")
        out[name] = text[:1].upper() + text[1:]
    return out
