"""Charts drawn from plain values: a line with its band, dots with intervals, panels. Knows nothing of surveys.

Drawn with matplotlib's own Figure, without pyplot, at a size that stays readable on a telephone. Text becomes outlines,
so that every alphabet looks the same everywhere; identifiers are salted and no date is written, so that the same values
give the same bytes. A file that already shows the same values, told by a digest inside it, is not drawn again.
"""

from __future__ import annotations

import hashlib
import io
import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from survey_kit import files
from survey_kit.report import palette
from survey_kit.report.drawing_axes import axis_labels, ticks
from survey_kit.report.speech import speech

DRAWING: Final = "5"  # part of the digest: raise it when the same values are to look different
WIDTH: Final = 4.9
TEXT: Final = 11.0
SETTINGS: Final[dict[str, Any]] = {
    "svg.hashsalt": "survey_kit",
    "svg.fonttype": "path",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": TEXT,
    "axes.edgecolor": palette.QUIET,
    "axes.labelcolor": palette.INK,
    "text.color": palette.INK,
    "text.parse_math": False,
    "xtick.color": palette.QUIET,
    "ytick.color": palette.QUIET,
    "path.simplify": False,
    "axes.unicode_minus": True,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A point of a line: where, how it is called, its value and interval, or the marker in place of them.

    `apart` is what parts it from the point before (a break); `second` is another interval of the same value.
    """

    x: float
    label: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    marker: str = ""
    apart: str = ""
    text: str = ""
    second: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line with its band; `limits` are those of the axis, `key` names band and second interval."""

    title: str
    subtitle: str
    points: tuple[Point, ...]
    limits: tuple[float, float]
    mark: str = ""
    axis: str = ""
    key: tuple[str, str] = ("", "")
    language: str = field(default="en", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A value with its interval, or a marker in place of it."""

    label: str
    text: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dots:
    """Values with intervals, one below the other."""

    title: str
    subtitle: str
    dots: tuple[Dot, ...]
    limits: tuple[float, float]
    mark: str = ""
    language: str = field(default="en", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panels:
    """Lines of the same measure, each in a small panel of its own with the same axes."""

    title: str
    subtitle: str
    lines: tuple[Line, ...]
    mark: str = ""
    language: str = field(default="en", repr=False)


Drawing = Line | Dots | Panels


def draw(path: Path, drawing: Any, description: str, form: Callable[[Any], Any] | None = None) -> Path:
    """Draw into an SVG file, unless the file already shows the same.

    Parameters
    ----------
    path
        The file.
    drawing
        What to draw.
    description
        The chart in words, kept inside the file.
    form
        How it is drawn, when it is none of the drawings of this module.
    """
    import matplotlib as mpl

    language = getattr(drawing, "language", "en")
    told = (repr((DRAWING, mpl.__version__, drawing, description)) + language.removeprefix("en")).encode()
    identity = f"sha256:{hashlib.sha256(told).hexdigest()}"
    if path.is_file() and identity in path.read_text(encoding="utf-8")[:4000]:
        return path
    with mpl.rc_context(SETTINGS):
        figure = (form or _FORMS[type(drawing)])(drawing)
        stream = io.BytesIO()
        title = f"{drawing.mark}: {drawing.title}" if drawing.mark else drawing.title
        about = {
            "Date": None,
            "Creator": "survey_kit",
            "Identifier": identity,
            "Title": title,
            "Description": description,
        }
        figure.savefig(stream, format="svg", metadata=about)
    return files.write_bytes(path, stream.getvalue())


# ------------------------------------------------------------------------------------------------------------- parts
class Sheet:
    """A figure filled from the top: mark, title, subtitle, then axes in what is left; lengths in inches."""

    def __init__(self, drawing: Any, body: float) -> None:
        from matplotlib.figure import Figure

        latin = getattr(drawing, "language", "en") == "en"  # letters of Kazakh and Russian are wider
        title = textwrap.wrap(drawing.title, 42 if latin else 37)
        subtitle = textwrap.wrap(drawing.subtitle, 60 if latin else 54)
        strip = 0.34 if drawing.mark else 0.0
        top = strip + 0.1 + 0.235 * len(title) + 0.19 * len(subtitle) + 0.1
        self.height = top + body
        self.figure = Figure(figsize=(WIDTH, self.height), facecolor=palette.PAPER)
        self.top = top
        if drawing.mark:
            self._strip(speech(getattr(drawing, "language", "en"))("strip"), strip)
        y = strip + 0.1
        for line in title:
            self.text(0.1, y, line, fontsize=13, fontweight="bold", va="top")
            y += 0.235
        for line in subtitle:
            self.text(0.1, y + 0.02, line, fontsize=10, color=palette.QUIET, va="top")
            y += 0.19

    def _strip(self, words: str, height: float) -> None:
        from matplotlib.patches import Rectangle

        share = height / self.height
        self.figure.add_artist(Rectangle((0, 1 - share), 1, share, color=palette.WARNING, linewidth=0))
        size = min(11.0, 11.0 * 46 / len(words)) if words.isascii() else min(11.0, 11.0 * 40 / len(words))
        self.text(
            WIDTH / 2,
            height / 2,
            words,
            fontsize=size,
            fontweight="bold",
            color=palette.PAPER,
            ha="center",
            va="center",
        )

    def text(self, x: float, y: float, words: str, **style: Any) -> None:
        """Write words at a place."""
        self.figure.text(x / WIDTH, 1 - y / self.height, words, **style)

    def axes(self, left: float, top: float, width: float, height: float) -> Any:
        """Give axes at a place."""
        place = (left / WIDTH, 1 - (top + height) / self.height, width / WIDTH, height / self.height)
        axes = self.figure.add_axes(place)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(length=0)
        return axes


def watermark(axes: Any, mark: str, size: float) -> None:
    """Write the mark of synthetic data across some axes."""
    if mark:
        axes.text(
            *(0.5, 0.5, mark), transform=axes.transAxes, fontsize=size, fontweight="bold", color=palette.WARNING,
            alpha=0.13, ha="center", va="center", rotation=20, zorder=0.5,
        )  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- forms
def _line(drawing: Line) -> Any:
    below = 0.34 + (0.22 if drawing.axis else 0) + (0.28 if any(drawing.key) else 0)
    sheet = Sheet(drawing, 2.6 + below)
    axes = sheet.axes(0.5, sheet.top + 0.1, WIDTH - 1.25, 2.5)
    watermark(axes, drawing.mark, 34)
    _curve(axes, drawing, size=TEXT, width=WIDTH - 1.25)
    axis_labels(axes, drawing.points, (WIDTH - 1.25) * 72, TEXT - 1)
    if drawing.axis:
        axes.set_xlabel(drawing.axis, fontsize=TEXT - 1, color=palette.QUIET)
    keys = (("▬", palette.BLUE, 0.3), ("┃", palette.ORANGE, 2.8))
    for words, (shape, colour, x) in zip(drawing.key, keys, strict=True):
        if words:
            y = sheet.height - 0.14
            sheet.text(x, y, shape, fontsize=9, fontweight="bold", color=colour, alpha=0.9, va="center")
            sheet.text(x + 0.17, y, words, fontsize=9, color=palette.INK, va="center")
    return sheet.figure


def _curve(axes: Any, drawing: Line, *, size: float, width: float) -> None:
    """Draw runs of connected points, the breaks between them and the markers of what is missing."""
    low, high = drawing.limits
    axes.set_ylim(low, high)
    xs = [point.x for point in drawing.points]
    room = max((max(xs) - min(xs)) * 0.03, 0.4)
    axes.set_xlim(min(xs) - room, max(xs) + room)
    axes.grid(axis="y", color=palette.GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.locator_params(axis="y", nbins=5)
    if low < 0 < high:
        axes.axhline(0, color=palette.QUIET, linewidth=1)
    for run in runs(drawing.points):
        _run(axes, run, small=len(drawing.points) > 15 or width < 3)
    ticks(axes.yaxis, drawing.language)
    _gaps(axes, drawing.points, size, words=width > 3)
    last = next((point for point in reversed(drawing.points) if point.value is not None), None)
    if last is not None:
        axes.annotate(
            last.text, (last.x, last.value), xytext=(7, 0), textcoords="offset points", va="center", fontsize=size,
            fontweight="bold", color=palette.BLUE, annotation_clip=False,
        )  # fmt: skip


def runs(points: Sequence[Point]) -> list[list[Point]]:
    """Part points into runs that a line may connect: a missing value or a break ends a run.

    Examples
    --------
    >>> a, b, c = Point(x=1, label="1", value=1.0), Point(x=2, label="2"), Point(x=3, label="3", value=2.0, apart="mode")
    >>> [[point.label for point in run] for run in runs((a, b, c))]
    [['1'], ['3']]
    """
    out: list[list[Point]] = []
    open_ = False
    for point in points:
        if point.value is None:
            open_ = False
            continue
        if point.apart or not open_:
            out.append([])
        out[-1].append(point)
        open_ = True
    return out


def _run(axes: Any, run: Sequence[Point], *, small: bool) -> None:
    xs, values = [point.x for point in run], [point.value for point in run]
    marks = 2.4 if small else 6.5
    banded = [point for point in run if point.low is not None and point.high is not None]
    if len(run) > 1 and len(banded) == len(run):
        band = ([point.low for point in run], [point.high for point in run])
        axes.fill_between(xs, *band, color=palette.BLUE, alpha=0.22, linewidth=0, zorder=2)
    else:
        for point in banded:
            axes.plot([point.x] * 2, [point.low, point.high], color=palette.BLUE, linewidth=1.6, zorder=2)
            axes.plot([point.x] * 2, [point.low, point.high], "_", color=palette.BLUE, markersize=marks, zorder=2)
    for point in run:
        if point.second is not None:
            axes.plot([point.x] * 2, point.second, color=palette.ORANGE, linewidth=1.8, zorder=2.5)
            axes.plot(
                [point.x] * 2, point.second, "_", color=palette.ORANGE, markersize=8, markeredgewidth=1.8, zorder=2.5
            )
    axes.plot(xs, values, "-", color=palette.BLUE, linewidth=1.6 if small else 2, zorder=3)
    edge = palette.BLUE if small else palette.PAPER
    axes.plot(xs, values, "o", color=palette.BLUE, markersize=marks, markeredgecolor=edge, zorder=4)


def _gaps(axes: Any, points: Sequence[Point], size: float, *, words: bool) -> None:
    """Draw a dashed line at every break, with its name where there is room, and the markers of what is missing."""
    low, high = axes.get_ylim()
    left, right = axes.get_xlim()
    marked, rows = -math.inf, [-math.inf] * 3
    for before, point in zip([None, *points], points, strict=False):
        if point.apart:
            x = point.x if before is None else (before.x + point.x) / 2
            axes.axvline(x, color=palette.QUIET, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
            row = next((i for i, taken in enumerate(rows) if x - taken > (right - left) * 0.35), None)
            if words and row is not None:
                rows[row] = x
                late = x > (left + right) / 2
                axes.annotate(
                    f"{point.apart} [b]", (x, high), xytext=(-4 if late else 4, -2 - row * size * 1.25),
                    textcoords="offset points", ha="right" if late else "left", va="top", fontsize=size - 2,
                    color=palette.QUIET, bbox={"facecolor": palette.PAPER, "edgecolor": "none", "pad": 0.5, "alpha": 0.8},
                )  # fmt: skip
        if point.marker and words and point.x - marked > (right - left) * 0.06:
            marked = point.x
            axes.text(
                point.x, low + (high - low) * 0.02, point.marker, fontsize=size - 2, ha="center", color=palette.QUIET
            )


def _dots(drawing: Dots) -> Any:
    narrow = max((len(dot.label) for dot in drawing.dots), default=0) <= 19
    labels = {dot.label: [dot.label] if narrow else textwrap.wrap(dot.label, 52) for dot in drawing.dots}
    step = 0.31 if narrow else 0.3 + 0.17 * max(len(lines) for lines in labels.values())
    body = step * len(drawing.dots)
    left = 0.25 + 0.087 * max(len(dot.label) for dot in drawing.dots) if narrow else 0.15
    sheet = Sheet(drawing, body + 0.36)
    axes = sheet.axes(left, sheet.top, WIDTH - left - 0.75, body)
    watermark(axes, drawing.mark, 34)
    axes.set_xlim(*drawing.limits)
    axes.set_ylim(len(drawing.dots), 0)
    axes.grid(axis="x", color=palette.GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_yticks([])
    if drawing.limits[0] < 0 < drawing.limits[1]:
        axes.axvline(0, color=palette.QUIET, linewidth=1)
    axes.tick_params(axis="x", labelsize=TEXT - 1)
    ticks(axes.xaxis, drawing.language)
    for i, dot in enumerate(drawing.dots):
        y = i + 0.5 if narrow else i + 1 - 0.13 / step
        colour = palette.ORANGE if dot.strong else palette.BLUE
        if dot.value is not None:
            if dot.low is not None and dot.high is not None:
                axes.plot([dot.low, dot.high], [y, y], color=colour, linewidth=2.6, alpha=0.55, solid_capstyle="butt")
            axes.plot(
                [dot.value], [y], "D" if dot.strong else "o", color=colour, markersize=7, markeredgecolor=palette.PAPER
            )
        top = sheet.top + (i + 0.5) * step if narrow else sheet.top + i * step + 0.04
        weight = "bold" if dot.strong else "normal"
        place = {"ha": "right", "va": "center"} if narrow else {"ha": "left", "va": "top"}
        sheet.text(
            left - 0.1 if narrow else 0.15,
            top,
            "\n".join(labels[dot.label]),
            fontsize=TEXT - 1,
            fontweight=weight,
            **place,
        )
        sheet.text(WIDTH - 0.62, sheet.top + y * step, dot.text, fontsize=TEXT - 1, fontweight="bold", va="center")
    return sheet.figure


def _panels(drawing: Panels) -> Any:
    columns, height = 2, 1.62
    rows = -(-len(drawing.lines) // columns)
    sheet = Sheet(drawing, rows * height + 0.1)
    width = (WIDTH - 0.2) / columns
    for i, line in enumerate(drawing.lines):
        left, top = 0.1 + (i % columns) * width, sheet.top + (i // columns) * height
        words = textwrap.wrap(line.title, 28)
        shown = [*words[:2]] if len(words) <= 2 else [words[0], words[1] + " …"]
        sheet.text(left, top + 0.02, "\n".join(shown), fontsize=9.5, fontweight="bold", va="top")
        axes = sheet.axes(left + 0.3, top + 0.4, width - 0.95, height - 0.7)
        watermark(axes, drawing.mark, 15)
        _curve(axes, line, size=9.5, width=width - 0.95)
        axes.tick_params(labelsize=8.5)
        axes.locator_params(axis="y", nbins=3)
        ends = [line.points[0], line.points[-1]]
        axes.set_xticks([point.x for point in ends], [point.label for point in ends], fontsize=8.5, color=palette.INK)
        for label, side in zip(axes.get_xticklabels(), ("left", "right"), strict=True):
            label.set_horizontalalignment(side)
    return sheet.figure


_FORMS: Final[dict[type, Callable[[Any], Any]]] = {Line: _line, Dots: _dots, Panels: _panels}
