"""The public statistics: check, take columns out, one pass, wrap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from survey_kit import checks, frames
from survey_kit.design import Design, PsuTable, accumulate
from survey_kit.errors import EstimationError
from survey_kit.estimate.estimates import COLUMNS, Block, Estimates, build
from survey_kit.estimate.statistics import MEAN, PROPORTION, RATIO, TOTAL, Statistic
from survey_kit.types import BoolArray, Deff, FloatArray, IntArray, Interval, Missing

By = str | Sequence[str] | None


def mean(
    design: Design,
    y: str | Sequence[str],
    *,
    by: By = None,
    where: str | None = None,
    missing: Missing = "error",
    interval: Interval = "wald",
    level: float = 0.95,
    deff: Deff | None = None,
) -> Estimates:
    r"""Weighted mean of one or several variables.

    .. math:: \hat\theta = \sum w_i y_i / \sum w_i, \qquad z_i = (y_i - \hat\theta) / \sum w_i

    Parameters
    ----------
    design
        The sample.
    y
        Numeric column, or several: all rows of one call share a covariance.
    by
        Column or columns whose levels are domains; every combination of levels is a row, also an empty one.
    where
        Boolean column: a domain, never a row filter.
    missing
        ``"error"`` if an asked item lacks an answer, ``"exclude"`` to make the answered rows a domain.
    interval
        ``"wald"`` (t); ``"logit"`` and ``"beta"`` for variables that are 0 or 1.
    level
        Confidence level.
    deff
        ``"srswr"`` or ``"srswor"``: compare with simple random sampling with or without replacement; None: no deff.

    Returns
    -------
    Estimates
        See there for the columns.

    Raises
    ------
    EstimationError, FrameError
        If a column is absent, holds text, or lacks answers under ``missing="error"``.

    Notes
    -----
    Taylor variance after Sarndal, Swensson & Wretman (1992), section 5.5. Degrees of freedom are the units minus the
    strata that hold a member of the domain who was asked; not answering does not reduce them. Matches R
    ``svymean(~y, design)`` with ``confint(df = degf(design))``.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [2.0, 2, 3, 3], "town": [1, 1, 2, 3], "y": [1.0, 0, 1, 1]})
    >>> row = sk.mean(sk.Design(frame, weight="w", psu="town"), "y").table.iloc[0]
    >>> [round(float(row[name]), 4) for name in ("estimate", "se", "df")]
    [0.8, 0.18, 2.0]
    """
    names = checks.names(y, "y")
    columns = [_variable(design, name, missing, where) for name in names]
    return _estimate(design, MEAN, columns, _ask(by, where, interval, level, deff, missing))


def total(
    design: Design,
    y: str | Sequence[str],
    *,
    by: By = None,
    where: str | None = None,
    missing: Missing = "error",
    level: float = 0.95,
    deff: Deff | None = None,
) -> Estimates:
    r"""Weighted total, :math:`\hat\theta = \sum w_i y_i`, with influence :math:`z_i = y_i`.

    Parameters and result are those of :func:`mean`. Matches R ``svytotal(~y, design)``; for lonely units under
    ``"adjust"`` R before 4.2 differs, see HOUSE.md.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [2.0, 2, 3, 3], "town": [1, 1, 2, 3], "y": [1.0, 0, 1, 1]})
    >>> float(sk.total(sk.Design(frame, weight="w", psu="town"), "y").table["estimate"][0])
    8.0
    """
    names = checks.names(y, "y")
    columns = [_variable(design, name, missing, where) for name in names]
    return _estimate(design, TOTAL, columns, _ask(by, where, "wald", level, deff, missing))


def ratio(
    design: Design,
    numerator: str,
    denominator: str,
    *,
    by: By = None,
    where: str | None = None,
    missing: Missing = "error",
    interval: Interval = "wald",
    level: float = 0.95,
    deff: Deff | None = None,
) -> Estimates:
    r"""Ratio of two totals.

    .. math:: \hat\theta = \sum w_i y_i / \sum w_i x_i, \qquad z_i = (y_i - \hat\theta x_i) / \sum w_i x_i

    Parameters and result are those of :func:`mean`; a row counts when both are answered. Matches R
    ``svyratio(~y, ~x, design)``.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [2.0, 2, 3, 3], "town": [1, 1, 2, 3], "y": [1.0, 0, 1, 1], "x": [1.0, 1, 1, 2]})
    >>> round(float(sk.ratio(sk.Design(frame, weight="w", psu="town"), "y", "x").table["estimate"][0]), 4)
    0.6154
    """
    top, below = (_variable(design, name, missing, where) for name in (numerator, denominator))
    joined = _Variable(
        name=f"{numerator}/{denominator}",
        category=None,
        y=top.y,
        x=below.y,
        answered=top.answered & below.answered,
        asked=_both(top.asked, below.asked),
    )
    return _estimate(design, RATIO, [joined], _ask(by, where, interval, level, deff, missing))


def proportion(
    design: Design,
    y: str | Sequence[str],
    *,
    by: By = None,
    where: str | None = None,
    missing: Missing = "error",
    interval: Interval = "logit",
    level: float = 0.95,
    deff: Deff | None = None,
) -> Estimates:
    """Share of every level of one or several variables, from 0 to 1.

    Parameters and result are those of :func:`mean`; the column ``category`` holds the level. Matches R
    ``svymean(~factor(y), design)`` and, for the intervals, ``svyciprop`` with methods mean, logit and beta.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [2.0, 2, 3, 3], "town": [1, 1, 2, 3], "y": ["a", "b", "b", "b"]})
    >>> sk.proportion(sk.Design(frame, weight="w", psu="town"), "y").table[["category", "estimate"]].values.tolist()
    [['a', 0.2], ['b', 0.8]]
    """
    columns = [part for name in checks.names(y, "y") for part in _levels(design, name, missing, where)]
    return _estimate(design, PROPORTION, columns, _ask(by, where, interval, level, deff, missing))


# ------------------------------------------------------------------------------------------------------- columns out
@dataclass(frozen=True, slots=True, kw_only=True)
class _Variable:
    name: str
    category: Any
    y: FloatArray
    x: FloatArray | None
    answered: BoolArray
    asked: BoolArray | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    by: tuple[str, ...]
    where: str | None
    interval: Interval
    level: float
    deff: Deff | None
    missing: Missing


def _ask(by: By, where: str | None, interval: Interval, level: float, deff: Deff | None, missing: Missing) -> _Ask:
    keys = checks.names(by, "by")
    taken = [key for key in keys if key in COLUMNS or key == "from"]
    if taken:
        raise EstimationError(
            f"'{taken[0]}' is a column of the result and cannot be a 'by' column.", fix="Rename the column."
        )
    checks.choice(interval, "interval", get_args(Interval), EstimationError)
    checks.choice(missing, "treatment of missing values", get_args(Missing), EstimationError)
    checks.choice(deff, "reference for deff", (None, *get_args(Deff)), EstimationError)
    return _Ask(by=keys, where=where, interval=interval, level=checks.level(level), deff=deff, missing=missing)


def _variable(design: Design, name: str, missing: Missing, where: str | None) -> _Variable:
    column = frames.numbers(design.frame, name)
    asked = design.asked(name)
    _answers_needed(design, name, column.missing, asked, missing, where)
    return _Variable(name=name, category=None, y=column.values, x=None, answered=~column.missing, asked=asked)


def _levels(design: Design, name: str, missing: Missing, where: str | None) -> list[_Variable]:
    grouped = frames.group(design.frame, [name], "variable")
    asked = design.asked(name)
    _answers_needed(design, name, grouped.codes < 0, asked, missing, where)
    return [
        _Variable(
            name=name,
            category=level[0],
            y=(grouped.codes == i).astype(np.float64),
            x=None,
            answered=grouped.codes >= 0,
            asked=asked,
        )
        for i, level in enumerate(grouped.levels)
    ]


def _answers_needed(
    design: Design, name: str, absent: BoolArray, asked: BoolArray | None, missing: Missing, where: str | None
) -> None:
    if missing == "exclude":
        return
    lacking = absent if asked is None else absent & asked
    if where is not None:
        lacking = lacking & frames.flags(design.frame, where)
    if lacking.any():
        raise EstimationError(
            f"'{name}' has missing values.",
            where=f"column '{name}'",
            found=f"{int(lacking.sum())} of {len(lacking)} rows",
            fix="Say missing='exclude' to make those who answered the domain, or recode the reasons.",
        )


def _both(a: BoolArray | None, b: BoolArray | None) -> BoolArray | None:
    if a is None or b is None:
        return b if a is None else a
    return a & b


# ----------------------------------------------------------------------------------------------------------- domains
@dataclass(frozen=True, slots=True, kw_only=True)
class _Domains:
    """Rows that count, the domain of each apart from its wave, and how wave x domain cells make the result's keys."""

    rows: IntArray
    code: IntArray
    size: int
    by_wave: bool
    keys: dict[str, list[Any]]
    order: IntArray  # (cells,) position of every wave x domain cell among the keys
    outside: int


def _domains(design: Design, by: tuple[str, ...], where: str | None) -> _Domains:
    keep = np.ones(design.n, dtype=bool) if where is None else frames.flags(design.frame, where)
    code = np.zeros(design.n, dtype=np.int64)
    levels: list[list[Any]] = []
    known: BoolArray = np.ones(design.n, dtype=bool)
    for key in by:
        if key == design.wave:
            levels.append(list(design.waves))
            continue
        grouped = frames.group(design.frame, [key], "by")
        levels.append([level[0] for level in grouped.levels])
        code = code * max(len(grouped.levels), 1) + np.maximum(grouped.codes, 0)
        known &= grouped.codes >= 0
    sizes = [len(part) for part in levels]
    outside = int((keep & ~known).sum())
    rows = np.flatnonzero(keep & known)
    by_wave = design.wave in by
    grid = np.arange(int(np.prod(sizes, dtype=np.int64))).reshape(sizes or [1])
    at = by.index(str(design.wave)) if by_wave else 0
    moved = np.moveaxis(grid, at, -1).reshape(-1, sizes[at]) if by_wave else grid.reshape(-1, 1)
    places = np.unravel_index(np.arange(grid.size), sizes) if sizes else ()
    keys = {key: [levels[j][i] for i in places[j]] for j, key in enumerate(by)}
    return _Domains(
        rows=rows,
        code=code[rows],
        size=moved.shape[0],
        by_wave=by_wave,
        keys=keys,
        order=moved,
        outside=outside,
    )


# ---------------------------------------------------------------------------------------------------------- the pass
def _estimate(design: Design, statistic: Statistic, variables: list[_Variable], ask: _Ask) -> Estimates:
    domains = _domains(design, ask.by, ask.where)
    layout, V = design.layout, len(variables)
    cells = domains.order.size
    out = {name: np.full((cells, V), np.nan) for name in ("estimate", "srs")}
    n, weight_sum = np.zeros((cells, V)), np.zeros((cells, V))
    status = np.full((cells, V), "ok", dtype=object)
    columns: dict[tuple[int, str], list[Any]] = {}
    everybody = _active(design, domains, None)
    for v, variable in enumerate(variables):
        table, c = _pass(design, domains, variable)
        active = everybody if variable.asked is None else _active(design, domains, variable.asked)
        theta, gradient, unit = _point(statistic, table, c, layout, domains)
        cell_n, cell_w = _by_result(table.n, domains), _by_result(table.w, domains)
        at = domains.order.reshape(-1)
        n[at, v], weight_sum[at, v] = cell_n.reshape(-1), cell_w.reshape(-1)
        out["estimate"][at, v] = np.where(cell_n > 0, theta, np.nan).reshape(-1)
        out["srs"][at, v] = _srs_variance(statistic, table, theta, c, ask.deff, domains).reshape(-1)
        status[at, v] = _status(cell_n, active, domains, design).reshape(-1)
        for wave in range(len(layout.waves)):
            columns.setdefault((wave, "active"), []).append(active[layout.units(wave)])
            for s in range(len(layout.stages)):
                part = unit[s][:, layout.units(wave, s)]
                g0, g1 = (g[:, wave if domains.by_wave else 0] for g in gradient)
                columns.setdefault((wave, f"t{s}"), []).append(part[0] * g0 + part[1] * g1)
    _check_scale(ask, out["estimate"])
    notes = _notes(design, ask, domains)
    like = Estimates(
        table=None,  # type: ignore[arg-type]  # replaced by build
        keys=ask.by,
        layout=layout,
        blocks=tuple(_block(columns, wave, domains, V, len(layout.stages)) for wave in range(len(layout.waves))),
        lonely_psu=design.lonely_psu,
        overlap=design.overlap,
        level=ask.level,
        interval=ask.interval,
        backend=_backend(design.frame),
        notes=notes,
    )
    head = {key: np.repeat(_objects(values), V) for key, values in domains.keys.items()}
    head["variable"] = np.tile(_objects([variable.name for variable in variables]), cells)
    head["category"] = np.tile(_objects([variable.category for variable in variables]), cells)
    return build(
        head=head,
        statistic=statistic.name,
        estimate=out["estimate"].reshape(-1),
        n=n.reshape(-1),
        weight_sum=weight_sum.reshape(-1),
        srs_variance=None if ask.deff is None else out["srs"].reshape(-1),
        status=status.reshape(-1),
        like=like,
    )


def _objects(values: Sequence[Any]) -> Any:
    out = np.empty(len(values), dtype=object)
    out[:] = list(values)
    return out


def _pass(design: Design, domains: _Domains, variable: _Variable) -> tuple[PsuTable, float]:
    counts: BoolArray = variable.answered[domains.rows]
    if variable.asked is not None:
        counts = np.logical_and(counts, variable.asked[domains.rows])
    rows, code = domains.rows[counts], domains.code[counts]
    w = design.layout.weight[rows]
    y = variable.y[rows]
    x = np.ones(len(rows)) if variable.x is None else variable.x[rows]
    base = float((w * x).sum())
    c = float((w * y).sum() / base) if base else 0.0
    return accumulate(design.layout, rows, code, domains.size, np.stack([y - c * x, x])), c


def _active(design: Design, domains: _Domains, asked: BoolArray | None) -> BoolArray:
    """Units (P, D) with a row of the domain that was asked."""
    rows, code = domains.rows, domains.code
    if asked is not None:
        rows, code = rows[asked[rows]], code[asked[rows]]
    unit = design.layout.stages[0].unit_of_row[rows]
    size = design.layout.stages[0].size
    return (np.bincount(unit * domains.size + code, minlength=size * domains.size) > 0).reshape(size, domains.size)


def _by_result(cells: FloatArray, domains: _Domains) -> FloatArray:
    """Keep waves apart (D, V) when they are keys, else add them up (D, 1)."""
    return cells if domains.by_wave else cells.sum(axis=-1, keepdims=True)


def _point(
    statistic: Statistic, table: PsuTable, c: float, layout: Any, domains: _Domains
) -> tuple[FloatArray, tuple[FloatArray, FloatArray], tuple[FloatArray, ...]]:
    waves = len(layout.waves)
    T = np.stack([table.totals[0][:, layout.units(wave)].sum(axis=1) for wave in range(waves)], axis=-1)
    T = _by_result(T, domains)
    return statistic.value(T[0], T[1], c), statistic.gradient(T[0], T[1], c), table.totals


def _srs_variance(
    statistic: Statistic, table: PsuTable, theta: FloatArray, c: float, deff: Deff | None, domains: _Domains
) -> FloatArray:
    """Variance of the statistic under simple random sampling of the same size.

    With e the residual, ``s2 = n / (n - 1) sum w e^2 / W`` and the statistic's scale b (W / X for ratios, W for totals),
    ``V = b^2 s2 / n``, times ``1 - n / W`` without replacement.
    """
    if deff is None:
        return np.full_like(theta, np.nan)
    n, W = _by_result(table.n, domains), _by_result(table.w, domains)
    S = _by_result(table.squares, domains)
    with np.errstate(invalid="ignore", divide="ignore"):
        if statistic.residual == "ratio":
            d = theta - c
            sum_e2 = S[0, 0] - 2 * d * S[0, 1] + d**2 * S[1, 1]
            scale = W / _by_result(table.x, domains)
        else:
            mean_y = theta / W - c
            sum_e2 = S[0, 0] - W * mean_y**2
            scale = W
        s2 = n / (n - 1) * sum_e2 / W
        without = np.where(n <= W, 1 - n / W, np.nan) if deff == "srswor" else 1.0
        return np.where(n > 1, scale**2 * s2 / n * without, np.nan)


def _status(cell_n: FloatArray, active: BoolArray, domains: _Domains, design: Design) -> Any:
    waves = design.layout.waves
    anybody = np.stack([active[design.layout.units(wave)].any(axis=0) for wave in range(len(waves))], axis=-1)
    everybody = _active(design, domains, None)
    present = np.stack([everybody[design.layout.units(wave)].any(axis=0) for wave in range(len(waves))], axis=-1)
    if not domains.by_wave:
        anybody = np.asarray(anybody.any(axis=-1, keepdims=True))
        present = np.asarray(present.any(axis=-1, keepdims=True))
    out = np.where(cell_n > 0, "ok", "empty").astype(object)
    out[~(cell_n > 0) & present & ~anybody] = "not_asked"
    return out


def _block(columns: dict[tuple[int, str], list[Any]], wave: int, domains: _Domains, V: int, stages: int) -> Block:
    """Collect the (P, D) columns of all variables; a row's number is its key's place times V plus the variable."""
    place = domains.order[:, wave if domains.by_wave else 0]
    rows = (place[None, :] * V + np.arange(V)[:, None]).reshape(-1)
    return Block(
        wave=wave,
        rows=rows,
        totals=tuple(np.concatenate(columns[wave, f"t{s}"], axis=1) for s in range(stages)),
        active=np.concatenate(columns[wave, "active"], axis=1),
    )


def _check_scale(ask: _Ask, estimate: FloatArray) -> None:
    seen = estimate[np.isfinite(estimate)]
    if ask.interval != "wald" and ((seen < 0) | (seen > 1)).any():
        raise EstimationError(
            f"A '{ask.interval}' interval is for shares between 0 and 1.",
            found=f"an estimate of {seen[(seen < 0) | (seen > 1)][0]:.4g}",
            fix="Use interval='wald'.",
        )


def _notes(design: Design, ask: _Ask, domains: _Domains) -> tuple[str, ...]:
    notes = list(design.assumptions())
    if ask.deff:
        notes.append(f"deff against simple random sampling {'with' if ask.deff == 'srswr' else 'without'} replacement")
    if ask.missing == "exclude":
        notes.append("base: those who answered")
    if ask.where:
        notes.append(f"domain: {ask.where}")
    if domains.outside:
        notes.append(f"{domains.outside} rows belong to no domain because a 'by' column is missing")
    return tuple(notes)


def _backend(frame: Any) -> str:
    library = type(frame).__module__.split(".")[0]
    return library if library in {"pandas", "polars", "pyarrow"} else "pandas"
