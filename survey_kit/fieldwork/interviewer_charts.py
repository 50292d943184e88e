"""Charts of screens as plain SVG: one interviewer beside the distribution of all, without names and without scripts."""

from __future__ import annotations

from html import escape

import numpy as np

from survey_kit.fieldwork.screens import Screened
from survey_kit.fieldwork.screens_words import number_of, title_of
from survey_kit.language import words

WIDTH, HIGHEST = 420.0, 130.0  # narrow enough for a telephone
LEFT, RIGHT, TOP, BOTTOM = 16.0, 16.0, 30.0, 44.0
INK, QUIET, GRID, MARK = "#1D1D1D", "#595959", "#D9D9D9", "#801650"
_RADIUS = 4.0


def strip(found: Screened, name: object, label: str, *, language: str = "en") -> str:
    """Draw every unit's z as a dot along a line, heaped where many stand, the one that is looked at filled and named.

    Parameters
    ----------
    found
        A screen.
    name
        The unit that is looked at.
    label
        How it is called in the chart.
    language
        Of the words.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.fieldwork.screens import Interviews, Screen, screened
    >>> held = Interviews(frame=pd.DataFrame({"who": np.arange(100) % 5}), interviewer="who")
    >>> made = screened(held, Screen(name="x", measures="a share", null="", needs=()), np.arange(100) % 7 / 6.0)
    >>> strip(made, 3, "I-1a").count("<circle")
    5
    """
    say = words("screens", language)
    table = found.table[np.isfinite(found.table["z"].to_numpy(dtype=np.float64))]
    z = table["z"].to_numpy(dtype=np.float64)
    units = table[found.unit].tolist()
    if not len(z):
        return f'<p class="quiet">{escape(say("nobody_judged"))}</p>'
    low, high = min(float(z.min()), -3.0), max(float(z.max()), 3.0)
    across = LEFT + (np.clip(z, low, high) - low) / (high - low) * (WIDTH - LEFT - RIGHT)
    level = _heaped(across)
    step = min(2 * _RADIUS, HIGHEST / max(float(level.max()), 1.0))
    floor = TOP + step * (float(level.max()) + 1)
    height = floor + BOTTOM
    parts = [f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{floor + 6:.1f}" y2="{floor + 6:.1f}" stroke="{QUIET}"/>']
    for tick in _ticks(low, high):
        x = LEFT + (tick - low) / (high - low) * (WIDTH - LEFT - RIGHT)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{floor + 6:.1f}" stroke="{GRID}"/>')
        parts.append(
            f'<text x="{x:.1f}" y="{floor + 22:.1f}" text-anchor="middle" fill="{QUIET}">{tick:+g}</text>'.replace(
                "+0<", "0<"
            ).replace(">-", ">−")
        )
    shown = ""
    for unit, x, up in zip(units, across, level, strict=True):
        y = floor - up * step
        if unit == name:
            shown = (
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_RADIUS + 2}" fill="{MARK}"/>'
                f'<text x="{min(max(x, 60.0), WIDTH - 60):.1f}" y="{max(y - 12, 14.0):.1f}" text-anchor="middle" fill="{MARK}">{escape(label)}</text>'
            )
        else:
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_RADIUS}" fill="none" stroke="{INK}"/>')
    parts.append(
        f'<text x="{WIDTH / 2}" y="{height - 6:.1f}" text-anchor="middle" fill="{QUIET}">{escape(say("axis"))}</text>'
    )
    key = "chart" if found.unit == "interviewer" else "chart_psu"
    title = say(key, screen=title_of(found.screen.name, say), n=len(z), name=label)
    return (
        f'<svg role="img" viewBox="0 0 {WIDTH:.0f} {height:.0f}" font-family="sans-serif" font-size="13" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(parts)}{shown}</svg>"
    )


def numbers(found: Screened, name: object, *, language: str = "en") -> tuple[tuple[str, str], ...]:
    """Give what a screen measured of a unit in words, beside the middle half of all.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.fieldwork.screens import Interviews, Screen, screened
    >>> held = Interviews(frame=pd.DataFrame({"who": np.arange(100) % 5}), interviewer="who")
    >>> made = screened(held, Screen(name="x", measures="a share", null="", needs=()), np.arange(100) % 4 / 3.0)
    >>> dict(numbers(made, 3))["this one"]
    '50 % (20 interviews)'
    """
    say = words("screens", language)
    row = found.table[found.table[found.unit] == name]
    if row.empty:
        return ((say("this_one"), say("no_interviews")),)
    one, form = row.iloc[0], found.screen.form
    values = found.table["statistic"].to_numpy(dtype=np.float64)
    values = values[np.isfinite(values)]
    value = number_of(float(one["statistic"]), form, say)
    told = [(say("this_one"), say("with_interviews", value=value, n=int(one["interviews"])))]
    if np.isfinite(one["expected"]):
        told.append((say("usual_there"), number_of(float(one["expected"]), form, say)))
    if len(values):
        low, high = np.quantile(values, [0.25, 0.75])
        ends = {"low": number_of(float(low), form, say), "high": number_of(float(high), form, say)}
        told.append((say("middle_half"), say("range", **ends)))
    if one["rank"] > 0:
        judged = int((found.table["rank"] > 0).sum())
        told.append((say("place"), say("of", k=int(one["rank"]), n=judged)))
    return tuple(told)


def _ticks(low: float, high: float) -> list[float]:
    """Give at most about nine whole numbers from low to high."""
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 1000, 10_000, 10**9) if (high - low) / s <= 9)
    return [float(t) for t in np.arange(np.ceil(low / step) * step, high + 1e-9, step)]


def _heaped(across: np.ndarray) -> np.ndarray:
    """Give how many dots stand under each dot that would lie upon them."""
    out = np.zeros(len(across))
    bins: dict[int, int] = {}
    for place in np.argsort(across, kind="stable"):
        key = int(across[place] // (2 * _RADIUS))
        out[place] = bins.get(key, 0)
        bins[key] = bins.get(key, 0) + 1
    return out
