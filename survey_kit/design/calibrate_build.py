"""Margins compared with the sample and turned into columns and targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from survey_kit.design.calibrate_columns import Cells, Columns, occupied
from survey_kit.design.calibrate_controls import AGREE, Level, Margin, place_of
from survey_kit.design.calibration import Relative
from survey_kit.errors import DesignError, did_you_mean
from survey_kit.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from survey_kit.design.design import Design


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """Controls as arrays.

    Attributes
    ----------
    columns
        Blocks of columns by row.
    listed
        The wave and level of every column of each block.
    target : (q,)
        Their targets.
    relative
        Which of these follow the weights.
    cell : (n,) or None
        Rows alike in all columns; None when a column holds numbers.
    cell_columns
        The columns by cell, or `columns`.
    """

    columns: tuple[Columns, ...]
    listed: tuple[tuple[tuple[int, Level], ...], ...]
    target: FloatArray
    relative: Relative | None
    cell: IntArray | None
    cell_columns: tuple[Columns, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Coded:
    """The rows of a design as cells (m,): their wave, whether they take part, and the code and levels of sets of columns.

    The same codes by row (n,) stand beside them, and whether all rows take part and are of one wave.
    """

    cells: Cells
    wave: IntArray
    counted: BoolArray
    codes: dict[tuple[str, ...], tuple[IntArray, tuple[Level, ...]]]
    by_row: dict[tuple[str, ...], IntArray]
    plain: bool

    def rows(self, columns: tuple[str, ...], block: Columns) -> Columns:
        """Give the columns of cells to their rows; as they were coded when every level is a column."""
        code, levels = self.codes[columns]
        if self.plain and columns and block.size == len(levels) and (code is block.code or (code == block.code).all()):
            return replace(block, code=self.by_row[columns])
        return replace(block, code=block.code[self.cells.of_row])


def build(design: Design, margins: Sequence[Margin], inside: BoolArray | None = None) -> Controls:
    """Turn margins into columns: one block for each set of columns, its levels apart by wave.

    Rows are coded once; levels, targets and columns are then found on the cells that occur.

    Parameters
    ----------
    design
        The design before the step.
    margins
        With targets that agree with each other.
    inside : (n,), optional
        The rows that take part.

    Raises
    ------
    DesignError
        If a level stands only in the sample or only among the targets, or a value is missing.
    """
    keys = list(dict.fromkeys((margin.columns, margin.number) for margin in margins))
    blocks, targets, groups, listed = [], [], [], []
    share_of = next((margin.share_of for margin in margins if margin.share_of is not None), None)
    coded = _code(design, [*(columns for columns, _ in keys), *([] if share_of is None else [share_of])], inside)
    of_row = coded.cells.of_row
    bases = None if share_of is None else _bases(design, coded, share_of)
    for columns, number in keys:
        mine = [margin for margin in margins if (margin.columns, margin.number) == (columns, number)]
        block, target, levels = _block(design, coded, mine)
        if number is not None:
            sizes = [_size_of(level, wave, columns, margins) for wave, level in levels]
            block, target = _with_numbers(design, coded.rows(columns, block), target, sizes, number)
        blocks.append(block)
        targets.append(target)
        listed.append(tuple(levels))
        if bases is not None and share_of is not None:
            moving = {margin.wave for margin in mine if margin.share_of is not None}
            at = [columns.index(name) for name in share_of]
            groups += [bases[1][wave, tuple(level[i] for i in at)] if wave in moving else -1 for wave, level in levels]
    target = np.concatenate(targets)
    rows = tuple(
        block if number is not None else coded.rows(columns, block)
        for block, (columns, number) in zip(blocks, keys, strict=True)
    )
    alike = all(block.value is None for block in blocks)
    moved = None if bases is None else replace(bases[0], code=bases[0].code[of_row])
    return Controls(
        columns=rows,
        listed=tuple(listed),
        target=target,
        relative=None if moved is None else Relative(groups=moved, group=np.asarray(groups), share=target),
        cell=of_row if alike else None,
        cell_columns=tuple(blocks) if alike else rows,
    )


def _code(design: Design, keys: Sequence[tuple[str, ...]], inside: BoolArray | None) -> _Coded:
    """Code each set of columns once and find the cells of all of them."""
    by_row = {columns: _codes(design, columns) for columns in keys}
    wave, waves = design.layout.wave_of_row, len(design.waves)
    parts = [(codes, len(levels)) for columns, (codes, levels) in by_row.items() if columns]
    parts += [(wave, waves)] if waves > 1 or not parts else []
    found = occupied([codes for codes, _ in parts], [size for _, size in parts], None if inside is None else ~inside)
    first = found.first
    return _Coded(
        cells=found,
        wave=wave[first],
        counted=np.ones(len(first), dtype=bool) if inside is None else inside[first],
        codes={columns: (codes[first], levels) for columns, (codes, levels) in by_row.items()},
        by_row={columns: codes for columns, (codes, _) in by_row.items()},
        plain=inside is None and waves == 1,
    )


def _codes(design: Design, columns: tuple[str, ...]) -> tuple[IntArray, tuple[Level, ...]]:
    if not columns:
        return np.zeros(design.n, dtype=np.int64), ((),)
    grouped = design.groups(columns if len(columns) > 1 else columns[0], "controls")
    return grouped.codes, grouped.levels


def _bases(design: Design, coded: _Coded, share_of: tuple[str, ...]) -> tuple[Columns, dict[tuple[int, Level], int]]:
    """Code the groups of which targets are shares, waves apart, by cell."""
    code, levels = coded.codes[share_of]
    group = np.where((code < 0) | ~coded.counted, -1, coded.wave * len(levels) + code)
    waves = np.repeat(np.arange(len(design.waves)), len(levels))
    groups = Columns(code=group, value=None, names=tuple(str(i) for i in range(len(waves))), wave=waves)
    return groups, {(int(wave), levels[i % len(levels)]): i for i, wave in enumerate(waves)}


def _block(design: Design, coded: _Coded, margins: list[Margin]) -> tuple[Columns, FloatArray, list[tuple[int, Level]]]:
    """Code the cells of one set of columns by wave and level."""
    code, levels = coded.codes[margins[0].columns]
    wave, counted = coded.wave, coded.counted
    at = wave * (len(levels) + 1) + code + 1
    rows = np.bincount(
        at[counted], weights=coded.cells.rows[counted], minlength=len(design.waves) * (len(levels) + 1)
    ).astype(np.int64)
    rows = rows.reshape(len(design.waves), -1)
    place = np.full((len(design.waves), len(levels) + 1), -1, dtype=np.int64)
    listed: list[tuple[int, Level]] = []
    target = []
    for margin in margins:
        _check_levels(design, margin, levels, rows[margin.wave])
        for i in np.flatnonzero(rows[margin.wave, 1:]).tolist():
            place[margin.wave, i + 1] = len(listed)
            listed.append((margin.wave, levels[i]))
            target.append(margin.totals[levels[i]])
    names = tuple(_named(design, margins[0], wave, level) for wave, level in listed)
    found = np.where(counted, place[wave, code + 1], -1)
    waves = np.asarray([wave for wave, _ in listed], dtype=np.int64)
    return Columns(code=found, value=None, names=names, wave=waves), np.asarray(target, dtype=np.float64), listed


def _named(design: Design, margin: Margin, wave: int, level: Level) -> str:
    said = ", ".join(f"{name}={value}" for name, value in zip(margin.columns, level, strict=True))
    said = " of ".join(part for part in (margin.number, said) if part) or "population"
    return said if design.wave is None else f"{said}, wave {design.waves[wave]}"


def _check_levels(design: Design, margin: Margin, levels: tuple[Level, ...], rows: IntArray) -> None:
    """Compare the levels of a margin with those of the sample; ``rows[0]`` counts missing values."""
    place = place_of(design, margin.wave, margin.name)
    present = {level for level, count in zip(levels, rows[1:].tolist(), strict=True) if count}
    if rows[0]:
        raise DesignError(
            "A calibration variable has missing values.",
            where=place,
            found=f"{int(rows[0])} rows",
            fix="Impute them, or make 'unknown' a level with a target of its own.",
        )
    for level in sorted(present - set(margin.totals), key=str):
        alike = next((key for key in margin.totals if _plain(key) == _plain(level)), None)
        near = did_you_mean(_plain(level), [_plain(key) for key in margin.totals])
        raise DesignError(
            "A level of the sample has no target.",
            where=f"{place}, level {_plain(level)}",
            found=f"{int(rows[1 + levels.index(level)])} rows",
            fix=f"Give it a total; {near}"
            if alike is None
            else f"Write the level as it stands in the data: {_kinds(level)}, not {_kinds(alike)}.",
        )
    for level, total in margin.totals.items():
        if total < 0 and margin.number is None:
            raise DesignError("A target is negative.", where=f"{place}, level {_plain(level)}", found=f"{total:,.6g}")
        if (level in present) == (total != 0) or (level in present and margin.number is not None):
            continue
        told = [_plain(key) for key in present]
        raise DesignError(
            "A target of zero stands for a level with people in the sample."
            if level in present
            else "A level with a target has nobody in the sample.",
            where=f"{place}, level {_plain(level)}",
            found=f"target {total:,.6g}",
            fix="Leave these rows out, or join levels."
            if level in present
            else f"Join levels; in the sample {did_you_mean(_plain(level), told)}",
        )


def _kinds(level: Level) -> str:
    return ", ".join(f"{value!r} ({type(value).__name__})" for value in level)


def _plain(level: Level) -> str:
    return " x ".join(map(str, level)) or "all"


def _with_numbers(
    design: Design,
    block: Columns,
    target: FloatArray,
    sizes: list[float | None],
    number: str,
) -> tuple[Columns, FloatArray]:
    """Put the values of a number in the columns, centred where the population's size is a control, too, and scaled.

    Centring and scaling change neither factors nor residuals, and keep all digits when the mean is large.
    """
    column = design.numbers(number, "controls")
    taken = block.code >= 0
    if (column.missing & taken).any():
        row = int(np.flatnonzero(column.missing & taken)[0])
        raise DesignError(
            "A calibration variable has missing values.",
            where=f"column '{number}', first in row {row + 1}",
            found=f"{int((column.missing & taken).sum())} rows",
            fix="Impute them, or leave the variable out.",
        )
    n = np.bincount(block.code[taken], minlength=block.size)
    mean = np.bincount(block.code[taken], weights=column.values[taken], minlength=block.size) / n
    centre = np.where([size is None for size in sizes], 0.0, mean)
    known = np.asarray([0.0 if size is None else size for size in sizes])
    away = np.where(taken, column.values - centre[block.code], 0.0)
    spread = np.sqrt(np.bincount(block.code[taken], weights=away[taken] ** 2, minlength=block.size) / n)
    unit = np.where(spread > 0, spread, 1.0)
    moved = target - centre * known
    moved = np.where((spread == 0) & (np.abs(moved) <= AGREE * np.abs(target)), 0.0, moved)
    return replace(block, value=away / unit[block.code]), moved / unit


def _size_of(level: Level, wave: int, columns: tuple[str, ...], margins: Sequence[Margin]) -> float | None:
    """Give the population of a level when the margins hold it."""
    counts = [margin for margin in margins if margin.wave == wave and margin.number is None]
    same = next((margin for margin in counts if margin.columns == columns), None)
    if same is not None:
        return same.totals[level]
    return counts[0].sum if counts and not columns else None


def standard(
    design: Design, margins: Sequence[Margin], over: tuple[str, ...], inside: BoolArray | None, *, drop: bool
) -> tuple[list[Margin], int]:
    """Repeat the composition asked for in every group `over`, as shares of its weights; count the levels dropped."""
    repeated = [name for margin in margins for name in over if name in margin.columns]
    if repeated:
        raise DesignError("A column cannot be both 'by' and 'over'.", where=f"'{repeated[0]}'", fix="Name it once.")
    out, dropped = [], 0
    for margin in margins:
        counted = design.layout.wave_of_row == margin.wave
        counted = counted if inside is None else counted & inside
        if margin.sum <= 0:
            raise DesignError("The standard population is empty.", where=place_of(design, margin.wave, margin.name))
        code, groups = _codes(design, over)
        cells, combined = _codes(design, (*margin.columns, *over))
        present = {combined[i] for i in np.unique(cells[counted & (cells >= 0)])}
        totals: dict[Level, float] = {}
        for group in (groups[i] for i in np.unique(code[counted & (code >= 0)])):
            wanted = {(*level, *group): total for level, total in margin.totals.items()}
            kept = {level: total for level, total in wanted.items() if not drop or level in present}
            dropped += len(wanted) - len(kept)
            size = sum(kept.values()) or 1.0
            totals |= {level: total / size for level, total in kept.items()}
        out.append(
            Margin(wave=margin.wave, columns=(*margin.columns, *over), number=None, totals=totals, share_of=over)
        )
    return out, dropped
