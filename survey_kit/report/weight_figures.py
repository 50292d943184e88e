"""Charts of weights: how they spread step by step, the margins before and after, what they changed of the indicators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from survey_kit.report import palette
from survey_kit.report.drawing import TEXT, WIDTH, Dot, Dots, Sheet, draw, watermark
from survey_kit.study import Study, said
from survey_kit.weighting.diagnose import chain_at

if TYPE_CHECKING:
    from survey_kit.weighting import Weights

QUANTILES: Final = (0.01, 0.25, 0.5, 0.75, 0.99)
MOST_LEVELS: Final = 40
STEP: Final = 0.31


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A level with the gap to its target before and after, in percentage points."""

    label: str
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Levels with their gaps."""

    title: str
    subtitle: str
    pairs: tuple[Pair, ...]
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The weights of one step: their quantiles (1, 25, 50, 75, 99 %) in means, and their design effect."""

    label: str
    quantiles: tuple[float, ...]
    deff: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spreads:
    """Steps with their weights."""

    title: str
    subtitle: str
    spreads: tuple[Spread, ...]
    mark: str = ""


def draw_weights(folder: Path, stem: str, study: Study, weights: Weights, effects: Any) -> tuple[Path, ...]:
    """Draw the charts of a study's weights as SVG files.

    Parameters
    ----------
    folder, stem
        Where, and how file names begin.
    study
        The study.
    weights
        Its weights.
    effects
        What :func:`survey_kit.indicators.by_step.effects_on_indicators` tells.

    Returns
    -------
    tuple of paths
        ``-spread.svg``, ``-margins.svg`` when the plan has targets, ``-effects.svg`` when there are effects.
    """
    mark = "SYNTHETIC" if study.data_status == "synthetic" else ""
    out = []
    spreads = spread_drawing(weights, mark)
    words = "; ".join(f"{one.label}: 1 % to 99 % of weights {_range(one)}" for one in spreads.spreads)
    out.append(draw(folder / f"{stem}-spread.svg", spreads, words, _spread_form))
    pairs = margins_drawing(weights, mark)
    if pairs.pairs:
        words = "; ".join(f"{one.label}: {one.before:+.1f} before, {one.after:+.1f} after" for one in pairs.pairs)
        out.append(draw(folder / f"{stem}-margins.svg", pairs, words, _pairs_form))
    dots = effects_drawing(study, effects, mark)
    if dots.dots:
        words = "; ".join(f"{dot.label}: {dot.text}" for dot in dots.dots)
        out.append(draw(folder / f"{stem}-effects.svg", dots, words))
    return tuple(out)


# --------------------------------------------------------------------------------------------------- what is drawn
def spread_drawing(weights: Weights, mark: str = "") -> Spreads:
    """Give the quantiles of the weights after every step, as multiples of their mean, wave by wave."""
    design = weights.design
    spreads = []
    for wave, label in enumerate(design.waves):
        here = design.layout.wave_of_row == wave
        for k, kind in enumerate(weights.log["step"].tolist()):
            w, inside = chain_at(design, weights.taken[k])
            w = w[here & inside]
            if not len(w):
                continue
            name = f"{k} {kind}" if k else kind
            spreads.append(
                Spread(
                    label=f"{label}: {name}" if len(design.waves) > 1 else name,
                    quantiles=tuple(float(q) for q in np.quantile(w, QUANTILES) / w.mean()),
                    deff=float(len(w) * (w**2).sum() / w.sum() ** 2),
                )
            )
    return Spreads(
        title="How the weights spread, step by step",
        subtitle="Weights as multiples of their mean: middle half (band), 1 % to 99 % (line); right: design effect of unequal weights",
        spreads=tuple(spreads),
        mark=mark,
    )


def margins_drawing(weights: Weights, mark: str = "") -> Pairs:
    """Give the gap of every level's share to its target, at the start and in the end; the widest when there are many."""
    told = weights.margins()
    pairs = []
    for _, part in told.groupby(["number", "wave", "margin"], sort=False, dropna=False):
        target, start, final = (part[name].to_numpy(dtype=np.float64) for name in ("target", "start", "final"))
        if not (target.sum() > 0 and start.sum() > 0 and final.sum() > 0) or len(part) < 2:
            continue  # the total of a number has no share
        before, after = (100 * (one / one.sum() - target / target.sum()) for one in (start, final))
        for level, a, b in zip(part["level"].tolist(), before.tolist(), after.tolist(), strict=True):
            pairs.append(Pair(label=str(level), before=a, after=b))
    many = len(pairs) > MOST_LEVELS
    if many:
        widest = set(sorted(range(len(pairs)), key=lambda i: -abs(pairs[i].before))[:MOST_LEVELS])
        pairs = [pair for i, pair in enumerate(pairs) if i in widest]
    return Pairs(
        title="Margins before and after weighting",
        subtitle="Share of the weights minus share of the population, in percentage points: at the start (hollow), in the end (full)"
        + (f"; the {MOST_LEVELS} widest gaps" if many else ""),
        pairs=tuple(pairs),
        mark=mark,
    )


def effects_drawing(study: Study, effects: Any, mark: str = "") -> Dots:
    """Give what all steps together changed of every indicator in the last wave it was asked, with 95 % intervals."""
    dots = []
    for one in study.definitions:
        rows = effects[effects["indicator"] == one.id].to_dict("records") if len(effects) else []
        if rows:
            dots.append(_effect(said(one.title), rows[-1]))
    ends = [abs(end) for dot in dots for end in (dot.low, dot.high, dot.value) if end is not None]
    room = max([*ends, 0.5]) * 1.1
    return Dots(
        title="What the weights changed of the indicators",
        subtitle="Weighted minus start, in points, with 95 % interval of the change; the last wave of each indicator",
        dots=tuple(dots),
        limits=(-room, room),
        mark=mark,
    )


def _effect(label: str, row: Mapping[str, Any]) -> Dot:
    from scipy import stats

    scale = 1.0 if row["unit"] == "points" else 100.0
    change, se = float(row["since_start"]) * scale, float(row["since_start_se"]) * scale
    df = float(row["df"])
    known = bool(np.isfinite(se)) and df > 0
    half = float(stats.t.ppf(0.975, df)) * se if known else 0.0
    return Dot(
        label=label,
        text=f"{change:+.1f}",
        value=change,
        low=change - half if known else None,
        high=change + half if known else None,
    )


# ------------------------------------------------------------------------------------------------------ how
def _axes(drawing: Any, labels: Sequence[str], marks: Sequence[str]) -> tuple[Any, Any]:
    """Give a sheet with one line per label, the axes, and what stands at the right of each line."""
    body = STEP * len(labels)
    left = min(0.25 + 0.085 * max(len(label) for label in labels), 2.6)
    sheet = Sheet(drawing, body + 0.36)
    axes = sheet.axes(left, sheet.top, WIDTH - left - 0.65, body)
    watermark(axes, drawing.mark, 34)
    axes.set_ylim(len(labels), 0)
    axes.grid(axis="x", color=palette.GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_yticks([])
    axes.tick_params(axis="x", labelsize=TEXT - 1)
    for i, (label, mark) in enumerate(zip(labels, marks, strict=True)):
        y = sheet.top + (i + 0.5) * STEP
        short = label if len(label) <= 28 else f"{label[:27]}…"
        sheet.text(left - 0.1, y, short, fontsize=TEXT - 1.5, ha="right", va="center")
        sheet.text(WIDTH - 0.55, y, mark, fontsize=TEXT - 1, fontweight="bold", va="center")
    return sheet, axes


def _pairs_form(drawing: Pairs) -> Any:
    sheet, axes = _axes(
        drawing, [pair.label for pair in drawing.pairs], [f"{_no_minus_zero(pair.after)}" for pair in drawing.pairs]
    )
    axes.axvline(0, color=palette.QUIET, linewidth=1)
    for i, pair in enumerate(drawing.pairs):
        axes.plot([pair.before, pair.after], [i + 0.5] * 2, color=palette.BAND, linewidth=2, zorder=2)
        axes.plot([pair.before], [i + 0.5], "o", color=palette.PAPER, markeredgecolor=palette.ORANGE, markersize=7)
        axes.plot([pair.after], [i + 0.5], "o", color=palette.BLUE, markersize=7, markeredgecolor=palette.PAPER)
    ends = [abs(end) for pair in drawing.pairs for end in (pair.before, pair.after)]
    axes.set_xlim(-max(ends) * 1.15 - 0.1, max(ends) * 1.15 + 0.1)
    axes.locator_params(axis="x", nbins=5)
    return sheet.figure


def _spread_form(drawing: Spreads) -> Any:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    labels = [one.label for one in drawing.spreads]
    sheet, axes = _axes(drawing, labels, [f"{one.deff:.2f}" for one in drawing.spreads])
    axes.axvline(1, color=palette.QUIET, linewidth=1)
    positive = True
    for i, one in enumerate(drawing.spreads):
        lowest, low, middle, high, highest = one.quantiles
        positive = positive and lowest > 0
        axes.plot([lowest, highest], [i + 0.5] * 2, color=palette.BLUE, linewidth=1.6)
        axes.plot([low, high], [i + 0.5] * 2, color=palette.BLUE, linewidth=7, alpha=0.55, solid_capstyle="butt")
        axes.plot([middle], [i + 0.5], "|", color=palette.INK, markersize=11, markeredgewidth=2)
    if positive:  # weights are ratios; negative ones, which a linear calibration can make, have no logarithm
        axes.set_xscale("log")
        ends = [end for one in drawing.spreads for end in (one.quantiles[0], one.quantiles[-1])]
        low, high = min([*ends, 1]) * 0.85, max([*ends, 1]) * 1.18
        axes.set_xlim(low, high)
        ticks = [tick for tick in (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) if low <= tick <= high]
        axes.xaxis.set_major_locator(FixedLocator(ticks))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
    return sheet.figure


def _no_minus_zero(value: float) -> str:
    text = f"{value:+.1f}"
    return "0.0" if text in {"+0.0", "-0.0"} else text


def _range(one: Spread) -> str:
    return f"{one.quantiles[0]:.2f} to {one.quantiles[-1]:.2f} means, design effect {one.deff:.2f}"
