"""Population totals as they are asked for, read and checked against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Any

from survey_kit import checks
from survey_kit.design.declared import check_design
from survey_kit.errors import DesignError, did_you_mean

if TYPE_CHECKING:
    from survey_kit.design.design import Design

AGREE = 1e-9  # relative: what totals of one population may differ by
SHARES = 1e-6  # what shares may miss 1 by
Level = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """Targets of one wave: of the levels of some columns, or of a number within these levels.

    Attributes
    ----------
    wave
        Number of the wave.
    columns
        Columns that are crossed; none for everybody.
    number
        A numeric column whose total is given by level; None for counts.
    totals
        Target of each level.
    share_of
        The targets are shares of the given weights by these columns; None for totals.
    """

    wave: int
    columns: tuple[str, ...]
    number: str | None
    totals: Mapping[Level, float]
    share_of: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        """Name the margin in a message."""
        return " x ".join((*self.columns, *([self.number] if self.number else []))) or "population"

    @property
    def sum(self) -> float:
        """Add the targets up."""
        return float(sum(self.totals.values()))


# ------------------------------------------------------------------------------------------------------ what is asked for
def by_wave(design: Design, asked: Mapping[Any, Any], what: str) -> dict[int, Mapping[Any, Any]]:
    """Give the controls of each wave; a design with waves needs them by wave, None leaving a wave as it is."""
    check_design(design)
    if not hasattr(asked, "items") or not len(asked):
        raise DesignError(
            f"The {what} are empty or no mapping.",
            found=type(asked).__name__,
            fix="Give a dictionary of levels or columns.",
        )
    if design.units is not None:
        raise DesignError(
            "Calibration needs single rows, and this table's rows stay in their engine.",
            fix="Take the columns into memory first: table.select(...).to_pandas().",
        )
    if design.wave is None:
        return {0: asked}
    labels = list(design.waves)
    unknown = [key for key in asked if key not in labels]
    lacking = [label for label in labels if label not in asked]
    if unknown or lacking:
        raise DesignError(
            f"The design has waves, so the {what} are needed for each of them.",
            where=f"wave column '{design.wave}'",
            found=f"'{unknown[0]}' is no wave; {did_you_mean(str(unknown[0]), labels)}"
            if unknown
            else f"nothing for wave {lacking[0]}",
            fix=f"Give {{{labels[0]!r}: ..., {labels[-1]!r}: ...}}; None leaves a wave as it is.",
        )
    return {labels.index(key): value for key, value in asked.items() if value is not None}


def read_margins(wave: int, controls: Mapping[Any, Any]) -> list[Margin]:
    """Read ``{column: {level: total}}`` and ``{number: total}``; a tuple of columns crosses them."""
    if not hasattr(controls, "items") or not len(controls):
        raise DesignError("The controls name no column.", found=repr(controls), fix="Give {column: {level: total}}.")
    return [_read(wave, key, value) for key, value in controls.items()]


def read_levels(wave: int, columns: tuple[str, ...], totals: Any) -> Margin:
    """Read ``{level: total}`` of some columns, crossed when there are several."""
    levels = _levels(totals, columns)
    wrong = next((level for level in levels if len(level) != len(columns)), None)
    if wrong is not None:
        raise DesignError(
            "A level does not name every column.",
            where=" x ".join(columns),
            found=repr(wrong if len(wrong) != 1 else wrong[0]),
            fix=f"Give one value for each of the {len(columns)} columns, as a tuple.",
        )
    return Margin(wave=wave, columns=columns, number=None, totals=levels)


def _read(wave: int, key: Any, value: Any) -> Margin:
    columns = checks.names(key, "control", least=1)
    if not hasattr(value, "items"):
        if len(columns) != 1:
            raise DesignError("Crossed columns need a total for each level.", where=repr(key), found=repr(value))
        return Margin(wave=wave, columns=(), number=columns[0], totals={(): _number(value, columns[0], columns[0])})
    levels = _levels(value, columns)
    if len(columns) > 1 and all(len(level) == len(columns) - 1 for level in levels):
        return Margin(wave=wave, columns=columns[:-1], number=columns[-1], totals=levels)
    return read_levels(wave, columns, value)


def _levels(totals: Any, columns: tuple[str, ...]) -> dict[Level, float]:
    if not hasattr(totals, "items") or not len(totals):
        raise DesignError("A margin has no levels.", where=" x ".join(columns), found=repr(totals))
    name = " x ".join(columns)
    return {
        (level if isinstance(level, tuple) else (level,)): _number(total, name, level)
        for level, total in totals.items()
    }


def _number(value: Any, column: str, level: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not isfinite(number):
        raise DesignError(
            "A target is not a number.", where=f"'{column}', {level}", found=repr(value), fix="Give a total or a share."
        )
    return number


# ------------------------------------------------------------------------------------------------- totals of one population
def settle(design: Design, margins: Sequence[Margin], population: Any) -> list[Margin]:
    """Make every margin of a wave add up to one population; shares without a population follow the weights."""
    out: list[Margin] = []
    for wave in sorted({margin.wave for margin in margins}):
        mine = [margin for margin in margins if margin.wave == wave]
        size = population.get(design.waves[wave]) if hasattr(population, "get") else population
        size = None if size is None else _number(size, "population", design.waves[wave])
        out += _shares_of(design, wave, mine) if size is None else _of_population(design, wave, mine, size)
    return out


def _of_population(design: Design, wave: int, margins: list[Margin], size: float) -> list[Margin]:
    out = []
    for margin in margins:
        if margin.number is None and abs(margin.sum - 1) <= SHARES:
            totals = {level: size * share / margin.sum for level, share in margin.totals.items()}
            out.append(replace(margin, totals=totals))
            continue
        if margin.number is None and abs(margin.sum - size) > AGREE * abs(size):
            raise _disagree(design, wave, (margin.name, margin.sum), ("population", size))
        out.append(margin)
    if all(margin.number is not None for margin in margins):
        out.append(Margin(wave=wave, columns=(), number=None, totals={(): size}))
    return out


def _shares_of(design: Design, wave: int, margins: list[Margin]) -> list[Margin]:
    counts = [margin for margin in margins if margin.number is None]
    shares = [abs(margin.sum - 1) <= SHARES for margin in counts]
    if counts and all(shares):
        if len(counts) < len(margins):
            raise DesignError(
                "Shares and totals of numbers are asked for together.",
                where=place_of(design, wave, counts[0].name),
                fix="Say how large the population is: population=...",
            )
        return [
            replace(m, totals={level: share / m.sum for level, share in m.totals.items()}, share_of=()) for m in counts
        ]
    for margin in counts:
        if abs(margin.sum - counts[0].sum) > AGREE * abs(counts[0].sum):
            raise _disagree(design, wave, (counts[0].name, counts[0].sum), (margin.name, margin.sum))
        near_one = 0.9 < margin.sum < 1.1
        if near_one and float(design.layout.weight[design.layout.wave_of_row == wave].sum()) > 2:
            raise DesignError(
                "These look like shares, but they do not add up to 1.",
                where=place_of(design, wave, margin.name),
                found=f"{margin.sum:.6g}",
                fix="Correct them, or give totals.",
            )
    return margins


def _disagree(design: Design, wave: int, a: tuple[str, float], b: tuple[str, float]) -> DesignError:
    return DesignError(
        "Two margins add up to different populations.",
        where=place_of(design, wave, f"{a[0]} and {b[0]}"),
        found=f"{a[1]:,.10g} and {b[1]:,.10g}",
        fix="Scale one to the other, or give shares and population=...",
    )


def place_of(design: Design, wave: int, name: str) -> str:
    """Name a margin, and its wave when the design has waves."""
    return f"'{name}'" if design.wave is None else f"'{name}', wave {design.waves[wave]}"
