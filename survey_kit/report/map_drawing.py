"""Maps drawn from plain values: equal tiles, or a user's outlines. Knows nothing of surveys.

A tile says everything without colour: the region, its figure or the marker in its place, and the figure's interval as a line with the
whole country's figure as a broken line across. The shade only repeats the class that the key names; what is withheld is hatched.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from survey_kit.report import palette
from survey_kit.report.drawing import TEXT, WIDTH, Sheet
from survey_kit.report.drawing_axes import ticks

SHADES: Final = ("#F4F7FA", "#D5E2EE", "#ABC7E0", "#82ACD2")
EDGE: Final = 0.1
ACROSS: Final = 2  # classes beside each other in the key
Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A region on a map: name, words in place of or for its figure, figure and interval, class of the figure.

    `at` is its tile (column, row); `rings` are its outlines instead, in inches from the upper left corner of the map.
    """

    name: str
    text: str
    at: tuple[int, int] = (0, 0)
    value: float | None = None
    low: float | None = None
    high: float | None = None
    shade: int | None = None
    rings: tuple[Ring, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """Regions with figures; `limits` are those of the lines in the tiles, `reference` the figure of the whole.

    `key` names the classes from the lowest; `signs` say what the line, the broken line and the hatching mean.
    """

    title: str
    subtitle: str
    places: tuple[Place, ...]
    limits: tuple[float, float]
    reference: float | None = None
    key: tuple[str, ...] = ()
    signs: tuple[str, str, str] = ("", "", "")
    mark: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A figure of a region with its interval, and the figure of the whole beside it; `text` stands at the right."""

    label: str
    text: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    reference: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Figures of a region beside those of the whole, one below the other; `signs` name the two."""

    title: str
    subtitle: str
    pairs: tuple[Pair, ...]
    limits: tuple[float, float]
    signs: tuple[str, str] = ("", "")
    mark: str = ""
    language: str = "en"


def draw_map(drawing: Map) -> Any:
    """Draw a map of tiles, or of outlines when the places have them."""
    outlined = any(place.rings for place in drawing.places)
    side = (WIDTH - 2 * EDGE) / (1 + max(place.at[0] for place in drawing.places))
    if outlined:
        height = max(y for place in drawing.places for ring in place.rings for _, y in ring) + 0.1
        small = _unlabelled(drawing.places)
        below = textwrap.wrap("; ".join(f"{place.name} {place.text}" for place in small), 68)
        height += 0.2 * len(below)
    else:
        height = side * (1 + max(place.at[1] for place in drawing.places))
    told = [line for one in drawing.signs if one for line in textwrap.wrap(one, 62)]
    sheet = Sheet(drawing, height + 0.27 * _lines(drawing) + 0.2 * len(told) + 0.28)
    axes = _blank(sheet, sheet.top, height)
    if outlined:
        for place in drawing.places:
            _outline(axes, place, labelled=place not in small)
        for i, line in enumerate(below):
            sheet.text(EDGE, sheet.top + height - 0.2 * (len(below) - i) + 0.02, line, fontsize=9, va="top")
    else:
        for place in drawing.places:
            _tile(axes, place, drawing, side)
    _key(sheet, drawing, sheet.top + height + 0.1)
    return sheet.figure


def _blank(sheet: Any, top: float, height: float) -> Any:
    """Give axes in inches over the whole width, y downwards."""
    axes = sheet.axes(0, top, WIDTH, height)
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(height, 0)
    axes.axis("off")
    return axes


def _tile(axes: Any, place: Place, drawing: Map, side: float) -> None:
    from matplotlib.patches import Rectangle

    x, y = EDGE + place.at[0] * side, place.at[1] * side
    inner = side - 0.04
    withheld = place.shade is None
    face = palette.PAPER if place.shade is None else SHADES[place.shade]
    edge, hatch = (palette.GRID, "///") if withheld else (palette.QUIET, "")
    axes.add_patch(Rectangle((x, y), inner, inner, facecolor=face, hatch=hatch, edgecolor=edge, linewidth=0.8))
    box = {"facecolor": palette.PAPER, "edgecolor": "none", "pad": 1.2} if withheld else None
    size = 8.5 if len(place.name) <= 9 else 7.6
    middle = x + inner / 2
    axes.text(middle, y + 0.15, place.name, fontsize=size, ha="center", va="center", bbox=box)
    axes.text(middle, y + 0.37, place.text, fontsize=TEXT, fontweight="bold", ha="center", va="center", bbox=box)
    if place.value is None:
        return
    low, high = drawing.limits
    left, width = x + 0.07, inner - 0.14

    def across(value: float) -> float:
        return left + width * min(max((value - low) / (high - low), 0), 1)

    line = y + inner - 0.15
    axes.plot([left, left + width], [line, line], color=palette.QUIET, linewidth=0.5, alpha=0.6)
    if drawing.reference is not None:
        at = across(drawing.reference)
        axes.plot([at, at], [line - 0.1, line + 0.1], color=palette.INK, linewidth=1, linestyle=(0, (2, 1.2)))
    if place.low is not None and place.high is not None:
        axes.plot(
            [across(place.low), across(place.high)],
            [line, line],
            color=palette.BLUE,
            linewidth=2.6,
            solid_capstyle="butt",
        )
    axes.plot([across(place.value)], [line], "o", color=palette.BLUE, markersize=5, markeredgecolor=palette.PAPER)


def _outline(axes: Any, place: Place, *, labelled: bool) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    points, codes = [], []
    for ring in place.rings:
        points += [*ring, ring[0]]
        codes += [Path.MOVETO, *[Path.LINETO] * (len(ring) - 1), Path.CLOSEPOLY]
    face = palette.PAPER if place.shade is None else SHADES[place.shade]
    hatch = "///" if place.shade is None else ""
    axes.add_patch(PathPatch(Path(points, codes), facecolor=face, edgecolor=palette.QUIET, linewidth=0.7, hatch=hatch))
    if labelled:
        x, y, _ = _middle(place.rings)
        box = {"facecolor": palette.PAPER, "edgecolor": "none", "pad": 0.6, "alpha": 0.75}
        axes.text(x, y, place.text, fontsize=9, fontweight="bold", ha="center", va="center", bbox=box)


def _middle(rings: Sequence[Ring]) -> tuple[float, float, float]:
    """Give the centre of the largest ring and its area.

    Examples
    --------
    >>> _middle([((0, 0), (2, 0), (2, 2), (0, 2))])
    (1.0, 1.0, 4.0)
    """
    best = (0.0, 0.0, -1.0)
    for ring in rings:
        area = x = y = 0.0
        for (x0, y0), (x1, y1) in zip(ring, (*ring[1:], ring[0]), strict=True):
            cross = x0 * y1 - x1 * y0
            area, x, y = area + cross / 2, x + (x0 + x1) * cross, y + (y0 + y1) * cross
        if abs(area) > best[2] and area:
            best = (x / (6 * area), y / (6 * area), abs(area))
    return best


def _unlabelled(places: Sequence[Place]) -> list[Place]:
    """Name the places too small for a label, which stand in words below the map."""
    return [place for place in places if _middle(place.rings)[2] < 0.12]


def _lines(drawing: Map) -> int:
    """Count the lines that the classes take."""
    return -(-len(drawing.key) // ACROSS)


def _key(sheet: Any, drawing: Map, top: float) -> None:
    """Draw the classes and say what the signs in the tiles mean."""
    from matplotlib.patches import Rectangle

    if drawing.key:
        deep = 0.27 * _lines(drawing)
        axes = _blank(sheet, top, deep)
        for i, words in enumerate(drawing.key):
            x, y = EDGE + (i % ACROSS) * (WIDTH - 2 * EDGE) / ACROSS, i // ACROSS * 0.27
            box = Rectangle((x, y + 0.02), 0.22, 0.2, facecolor=SHADES[i], edgecolor=palette.QUIET, linewidth=0.8)
            axes.add_patch(box)
            axes.text(x + 0.3, y + 0.12, words, fontsize=9, va="center")
        top += deep + 0.08
    for one in drawing.signs:
        for line in textwrap.wrap(one, 62):
            sheet.text(EDGE, top, line, fontsize=9, color=palette.QUIET, va="top")
            top += 0.2


def draw_pairs(drawing: Pairs) -> Any:
    """Draw a region's figures with their intervals, the whole's as an open diamond in the same line."""
    labels = [textwrap.wrap(pair.label, 52) for pair in drawing.pairs]
    heights = [0.3 + 0.17 * len(lines) for lines in labels]
    sheet = Sheet(drawing, sum(heights) + 0.72)
    body = sum(heights)
    axes = sheet.axes(0.15, sheet.top, WIDTH - 1.05, body)
    axes.set_xlim(*drawing.limits)
    axes.set_ylim(body, 0)
    axes.grid(axis="x", color=palette.GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_yticks([])
    axes.tick_params(axis="x", labelsize=TEXT - 1)
    ticks(axes.xaxis, drawing.language)
    top = 0.0
    for pair, lines, height in zip(drawing.pairs, labels, heights, strict=True):
        y = top + height - 0.13
        if pair.low is not None and pair.high is not None:
            axes.plot(
                [pair.low, pair.high], [y, y], color=palette.BLUE, linewidth=2.6, alpha=0.55, solid_capstyle="butt"
            )
        if pair.reference is not None:
            look = {"markersize": 8, "markerfacecolor": "none", "markeredgewidth": 1.5}
            axes.plot([pair.reference], [y], "D", color=palette.INK, **look)
        if pair.value is not None:
            axes.plot([pair.value], [y], "o", color=palette.BLUE, markersize=7, markeredgecolor=palette.PAPER)
        sheet.text(0.15, sheet.top + top + 0.04, "\n".join(lines), fontsize=TEXT - 1, va="top")
        sheet.text(WIDTH - 0.8, sheet.top + y, pair.text, fontsize=TEXT - 1, fontweight="bold", va="center")
        top += height
    last = sheet.height - 0.12
    for words, sign, x in zip(drawing.signs, ("●", "◇"), (0.15, 2.6), strict=True):
        sheet.text(x, last, f"{sign} {words}", fontsize=9, va="center")
    return sheet.figure
