"""The writing at the axes of a chart: numbers as a language writes them, labels as many as fit."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Protocol

from survey_kit.report import display, palette


class Labelled(Protocol):
    """A point of an axis with its name."""

    @property
    def x(self) -> float:
        """Give its place."""

    @property
    def label(self) -> str:
        """Give its name."""


def ticks(axis: Any, language: str) -> None:
    """Write the numbers of an axis as a language does; English as matplotlib does."""
    from matplotlib.ticker import FuncFormatter

    if language != "en":
        point = display.numbers(language).style.point
        axis.set_major_formatter(
            FuncFormatter(lambda value, _: f"{value:g}".replace("-", display.MINUS).replace(".", point))
        )


def axis_labels(axes: Any, points: Sequence[Labelled], width: float, size: float) -> None:
    """Name points on the axis at even steps back from the last, as many as fit, and the first if there is room."""
    first, last = axes.get_xlim()
    places = {
        point: ((point.x - first) / (last - first) * width, len(point.label) * size * 0.33 + size * 0.35)
        for point in points
    }

    def fit(one: Labelled, other: Labelled) -> bool:
        return bool(abs(places[one][0] - places[other][0]) >= places[one][1] + places[other][1])

    for step in range(1, len(points) + 1):
        kept = list(points[::-1][::step])
        if all(fit(one, other) for one, other in itertools.pairwise(kept)):
            break
    if fit(points[0], kept[-1]):
        kept.append(points[0])
    axes.set_xticks([point.x for point in kept], [point.label for point in kept], fontsize=size, color=palette.INK)
    axes.tick_params(axis="y", labelsize=size)
