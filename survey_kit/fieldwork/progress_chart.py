"""Charts of the field as plain SVG: lines over days, and a table of shades. No script, no font, no file from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from survey_kit.types import FloatArray

WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 14, 30
COLOURS = ("#12436D", "#F46A25", "#801650", "#28A197")
DASHES = ("", "7 4", "2 3", "10 3 2 3")


def lines(
    days: Sequence[str],
    series: Mapping[str, FloatArray],
    title: str,
    *,
    top: float | None = None,
    level: tuple[float, str] | None = None,
) -> str:
    """Draw lines over days; a missing value leaves a gap.

    Parameters
    ----------
    days
        (d,) labels of the axis.
    series
        (d,) values by name.
    title
        What the chart shows, for who cannot see it.
    top
        The upper end of the axis; by the values when left out.
    level
        A line across, and its words.

    Examples
    --------
    >>> drawn = lines(["03-01", "03-02"], {"done": np.array([1.0, 3.0])}, "Completes by day")
    >>> drawn.count("<polyline"), "Completes by day" in drawn
    (1, True)
    """
    highest = max([float(np.nanmax(v)) for v in series.values() if np.isfinite(v).any()] + [level[0] if level else 0.0])
    ceiling = top if top is not None else _round_up(highest)
    place = np.linspace(LEFT, WIDTH - RIGHT, len(days)) if len(days) > 1 else np.array([(LEFT + WIDTH - RIGHT) / 2])

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * min(max(value, 0.0), ceiling) / ceiling

    parts = [f"<svg viewBox='0 0 {WIDTH} {HEIGHT}' role='img' aria-label='{escape(title, quote=True)}'>"]
    for k in range(5):
        value = ceiling * k / 4
        parts.append(f"<line class='grid' x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{y(value):.1f}' y2='{y(value):.1f}'/>")
        parts.append(f"<text class='end' x='{LEFT - 6}' y='{y(value) + 4:.1f}'>{_tick(value)}</text>")
    step = max(1, -(-len(days) // 10))
    shown = range(0, len(days), step)
    parts += [f"<text class='mid' x='{place[k]:.1f}' y='{HEIGHT - 10}'>{escape(days[k])}</text>" for k in shown]
    if level is not None:
        parts.append(
            f"<line class='level' x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{y(level[0]):.1f}' y2='{y(level[0]):.1f}'/>"
        )
        parts.append(f"<text x='{LEFT + 6}' y='{y(level[0]) + 14:.1f}'>{escape(level[1])}</text>")
    for k, values in enumerate(series.values()):
        style = f"stroke='{COLOURS[k % 4]}' stroke-dasharray='{DASHES[k % 4]}'"
        parts += [_run(place, values, run, y, style, COLOURS[k % 4]) for run in _runs(values)]
    parts.append("</svg>")
    return "".join(parts) + _key(list(series))


def _run(place: FloatArray, values: FloatArray, run: Sequence[int], y: object, style: str, colour: str) -> str:
    height = y if callable(y) else float
    if len(run) == 1:
        return f"<circle cx='{place[run[0]]:.1f}' cy='{height(float(values[run[0]])):.1f}' r='3' fill='{colour}'/>"
    points = " ".join(f"{place[k]:.1f},{height(float(values[k])):.1f}" for k in run)
    return f"<polyline points='{points}' {style}/>"


def _runs(values: FloatArray) -> list[list[int]]:
    """Cut a series at its missing values."""
    runs: list[list[int]] = [[]]
    for k, there in enumerate(np.isfinite(values).tolist()):
        if there:
            runs[-1].append(k)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _key(names: Sequence[str]) -> str:
    if len(names) < 2:
        return ""
    parts = [
        f"<li><svg viewBox='0 0 30 8' aria-hidden='true'><line x1='0' x2='30' y1='4' y2='4' stroke='{COLOURS[k % 4]}' "
        f"stroke-dasharray='{DASHES[k % 4]}'/></svg> {escape(name)}</li>"
        for k, name in enumerate(names)
    ]
    return f"<ul class='key'>{''.join(parts)}</ul>"


def _round_up(value: float) -> float:
    """Give the next number of the form 1, 2, 4, 5, 8 times a power of ten."""
    if not value > 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= value * (1 - 1e-12)))


def _tick(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2f}"


def shade(share: float) -> str:
    """Give the background of a cell for a share, light enough for black words on it.

    Examples
    --------
    >>> shade(0.0), shade(1.0)
    ('#ffffff', '#8fb3d1')
    """
    low, high = np.array([255, 255, 255]), np.array([143, 179, 209])
    part = min(max(share, 0.0), 1.0)
    return "#" + "".join(f"{round(float(v)):02x}" for v in low + (high - low) * part)
