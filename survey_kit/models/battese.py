"""Battese-Harter-Fuller: area means from single answers and known means of the covariates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from survey_kit import checks, frames
from survey_kit.design import Design
from survey_kit.design.threads import one_thread
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate.grouped import backend, data_notes
from survey_kit.models import battese_model
from survey_kit.models.area_covariates import check_rank, matrix_of
from survey_kit.models.area_fit import (
    AreaFit,
    AreaHead,
    area_estimates,
    coefficient_table,
    modelled_table,
    published_table,
    shares_note,
)
from survey_kit.models.battese_model import Population, UnitMethod, UnitSample, UnitSolution
from survey_kit.models.columns import complete, of_frame
from survey_kit.models.formula import columns_of, parse
from survey_kit.types import BoolArray, FloatArray, Frame, IntArray, Missing

Method: TypeAlias = Literal["reml", "ml", "constants"]


@one_thread()
def battese_harter_fuller(
    source: Design | Frame,
    formula: str,
    *,
    area: str,
    population_means: Frame,
    population_sizes: str | Mapping[Any, float] | None = None,
    method: Method = "reml",
    bootstrap: int | None = None,
    rng: np.random.Generator | int | None = None,
    missing: Missing = "error",
    level: float = 0.95,
) -> AreaFit:
    r"""Empirical best linear unbiased predictors of area means under a nested error regression.

    .. math:: y_{ij} = x_{ij}'\beta + v_i + e_{ij}, \qquad
              \hat\theta_i = f_i \bar y_i + (\bar X_i - f_i \bar x_i)'\hat\beta + (1 - f_i)\hat v_i

    with :math:`\hat v_i = \gamma_i(\bar y_i - \bar x_i'\hat\beta)`, :math:`\gamma_i = \sigma_v^2 / (\sigma_v^2 +
    \sigma_e^2 / n_i)` and f the sampling fraction of units, 0 when sizes are not given.

    Parameters
    ----------
    source
        A design or a frame with one row per unit. Survey weights play no part: the model has to hold for the sample.
    formula
        Such as ``"income ~ age + C(sex)"``.
    area
        Column of the area of every unit, and of every row of `population_means`.
    population_means
        One row per area: the population mean of every column of the regression but the intercept, named as there
        (``"age"``, ``"C(sex)[T.2]"``). Areas without a sample get a synthetic estimate.
    population_sizes
        Column of `population_means`, or a mapping by area; None for populations large beside their samples.
    method
        ``"reml"``, ``"ml"``, or ``"constants"``, the fitting of constants.
    bootstrap
        Number of parametric bootstrap samples for the mean squared errors; None for the analytic ones.
    rng
        Generator or seed of the bootstrap.
    missing
        ``"exclude"`` leaves out units with a missing answer or covariate.
    level
        Confidence level.

    Returns
    -------
    AreaFit
        ``table["direct"]`` is the survey regression estimate :math:`\bar y_i + (\bar X_i - \bar x_i)'\hat\beta`, ``gamma``
        its weight :math:`f_i + (1 - f_i)\gamma_i`.

    Raises
    ------
    EstimationError
        If an area of the sample has no population means, a column's mean is not given, a population is smaller than its
        sample, covariates are collinear, or areas and units are too few.

    Notes
    -----
    Battese, Harter & Fuller (1988, JASA 83, 28-36). Mean squared error after Prasad & Rao (1990, JASA 85, section 5) and Datta
    & Lahiri (2000), for finite populations as in Rao & Molina (2015, section 7.2). The standard error of the bootstrap ones is
    about ``sqrt(2 / bootstrap)`` of themselves. The intervals use the normal distribution.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> people = pd.DataFrame({"town": [1, 1, 1, 2, 2, 2, 3, 3], "age": [20, 40, 60, 25, 30, 50, 35, 45],
    ...                        "trust": [3.0, 4, 6, 4, 5, 7, 2, 3]})
    >>> towns = pd.DataFrame({"town": [1, 2, 3, 4], "age": [42.0, 38, 41, 44]})
    >>> fit = sk.battese_harter_fuller(people, "trust ~ age", area="town", population_means=towns)
    >>> fit.table[["area", "estimate", "gamma", "source"]].round(2).values.tolist()
    [[1, 4.5, 0.98, 'eblup'], [2, 5.56, 0.98, 'eblup'], [3, 2.64, 0.97, 'eblup'], [4, 4.55, 0.0, 'synthetic']]
    """
    checks.choice(method, "method", tuple(battese_model.METHODS), EstimationError)
    checks.choice(missing, "treatment of missing values", get_args(Missing), EstimationError)
    checks.level(level)
    units = _units(source, formula, area, missing)
    population, labels = _population(population_means, population_sizes, area, units)
    place = {label: i for i, label in enumerate(labels)}
    number = np.array([place[label] for label in units.areas], dtype=np.int64)[units.code]
    sample = UnitSample(y=units.y, X=units.X, area=number)
    _check_sizes(population, number, labels)
    check_rank(units.X, units.names, "units")
    chosen = battese_model.METHODS[method]
    solution = battese_model.solve(sample, population, chosen)
    squared = None
    if bootstrap is not None:
        if checks.number(bootstrap, "bootstrap", "Write bootstrap=200.", EstimationError) < 2:
            raise EstimationError("A bootstrap needs at least two samples.", found=repr(bootstrap))
        if rng is not None and not isinstance(rng, (int, np.integer, np.random.Generator)):
            raise EstimationError("rng is a generator or a seed.", found=checks.shown(rng), fix="Say rng=7.")
        squared = battese_model.bootstrap(sample, population, chosen, int(bootstrap), np.random.default_rng(rng))
    return _result(solution, squared, units, labels, (chosen, source, level, bootstrap))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Units:
    """Complete units: y (n,), X (n, p), the area of each as a code among `areas`; how many were left out."""

    y: FloatArray
    X: FloatArray
    code: IntArray
    areas: tuple[Any, ...]
    names: tuple[str, ...]
    outcome: str
    area: str
    left_out: int


def _units(source: Design | Frame, formula: str, area: str, missing: Missing) -> _Units:
    frame = source.frame if isinstance(source, Design) else source
    known = frames.columns(frame)
    parsed = parse(formula, known)
    if parsed.column is None or parsed.column != parsed.outcome:
        raise EstimationError("The outcome is one numeric column.", where=formula, found=parsed.outcome)
    grouped = frames.group(frame, [area], "area")
    named = grouped.codes >= 0
    if missing == "error" and not named.all():
        raise EstimationError(
            "Units lack an area.",
            where=f"column '{area}', {int((~named).sum())} rows",
            fix="Say missing='exclude' to leave them out.",
        )
    keep = complete(of_frame(frame), parsed.names, named, exclude=missing == "exclude")
    rows = np.flatnonzero(keep)
    if not len(rows):
        raise EstimationError("No unit is complete.", found=f"{len(keep)} rows")
    X, names = matrix_of(replace(parsed, names=tuple(columns_of(parsed.right, formula, known))), frame, rows)
    return _Units(
        y=frames.numbers(frame, parsed.column, "outcome").values[rows],
        X=X,
        code=grouped.codes[rows],
        areas=tuple(level[0] for level in grouped.levels),
        names=names,
        outcome=parsed.column,
        area=area,
        left_out=int((~keep).sum()),
    )


def _population(
    means: Frame, sizes: str | Mapping[Any, float] | None, area: str, units: _Units
) -> tuple[Population, tuple[Any, ...]]:
    """Take means (M, p) and sizes (M,) of all areas, in the order of the frame."""
    grouped = frames.group(means, [area], "area")
    if (grouped.codes < 0).any() or len(np.unique(grouped.codes)) < len(grouped.codes):
        raise EstimationError("The population means do not have one row per area.", where=f"column '{area}'")
    labels = tuple(grouped.levels[code][0] for code in grouped.codes.tolist())
    sampled = [units.areas[code] for code in np.unique(units.code)]
    lacking = [label for label in sampled if label not in set(labels)]
    if lacking:
        raise EstimationError(
            "An area of the sample has no population means.",
            found=f"{lacking[0]}; {len(lacking)} areas in all",
            fix=did_you_mean(str(lacking[0]), labels),
        )
    columns = []
    for name in units.names:
        if name == "Intercept":
            columns.append(np.ones(len(labels)))
            continue
        if name not in frames.columns(means):
            raise EstimationError(
                f"The population mean of '{name}' is not given.",
                fix=f"Add a column of that name; {did_you_mean(name, frames.columns(means))}",
            )
        column = frames.numbers(means, name, "population mean")
        if column.missing.any():
            raise EstimationError("A population mean is missing.", where=f"column '{name}'")
        columns.append(column.values)
    return Population(means=np.column_stack(columns), sizes=_sizes(means, sizes, labels)), labels


def _sizes(means: Frame, sizes: str | Mapping[Any, float] | None, labels: tuple[Any, ...]) -> FloatArray:
    if sizes is None:
        return np.full(len(labels), np.inf)
    if isinstance(sizes, str):
        column = frames.numbers(means, sizes, "population size")
        return np.where(column.missing, np.inf, column.values)
    lacking = [label for label in labels if label not in sizes]
    if lacking:
        raise EstimationError(f"The area '{lacking[0]}' has no population size.", found=f"{len(lacking)} areas")
    return np.array([float(sizes[label]) for label in labels])


def _check_sizes(population: Population, number: IntArray, labels: tuple[Any, ...]) -> None:
    n = np.bincount(number, minlength=len(labels))
    short = np.flatnonzero((population.sizes < n) | ~(population.sizes > 0))
    if len(short):
        i = int(short[0])
        raise EstimationError(
            "A population is smaller than its sample.",
            where=f"area {labels[i]}; {len(short)} areas in all",
            found=f"{population.sizes[i]:g} in the population, {n[i]} in the sample",
            fix="Give counts of units, not shares.",
        )


def _result(
    s: UnitSolution,
    squared: FloatArray | None,
    units: _Units,
    labels: tuple[Any, ...],
    asked: tuple[UnitMethod, Any, float, int | None],
) -> AreaFit:
    method, source, level, replicates = asked
    sampled = s.n > 0
    mse = s.mse.copy()
    if squared is not None:
        np.fill_diagonal(mse, squared)
    notes = _notes(s, sampled, units, labels, method, source)
    notes += () if squared is None else (f"mean squared errors from {replicates} parametric bootstrap samples",)
    head = AreaHead(
        key=units.area,
        areas=labels,
        variable=units.outcome,
        category=None,
        n=s.n,
        weight_sum=np.full(len(labels), np.nan),
        library=backend(source.frame if isinstance(source, Design) else source),
    )
    sources = ["eblup" if one else "synthetic" for one in sampled]
    estimates = area_estimates(head, s.theta, mse, sources, level=level, interval="wald", notes=notes)
    within = np.where(sampled, s.s2_e / np.where(sampled, s.n, 1.0), np.nan)
    parameters = units.X.shape[1] + 2
    return AreaFit(
        estimates=estimates,
        table=published_table(head, (s.direct, np.sqrt(within)), s.weight, s.synthetic, estimates),
        modelled=modelled_table(s, s.direct, within, s.weight, np.ones(len(labels))),
        coefficients=coefficient_table(units.names, s.beta, s.beta_cov),
        components={
            "between": s.s2_v,
            "within": s.s2_e,
            "between_se": float(np.sqrt(s.spread[0, 0])),
            "within_se": float(np.sqrt(s.spread[1, 1])),
        },
        log_likelihood=s.log_likelihood,
        aic=-2.0 * s.log_likelihood + 2.0 * parameters,
        bic=-2.0 * s.log_likelihood + parameters * float(np.log(len(units.y))),
        model="battese_harter_fuller",
        method=method.name,
        scale="none",
        mse=mse,
        gap=s.gap,
        heterogeneity=s.heterogeneity,
        notes=notes,
    )


def _notes(
    s: UnitSolution, sampled: BoolArray, units: _Units, labels: tuple[Any, ...], method: UnitMethod, source: Any
) -> tuple[str, ...]:
    out = list(data_notes(source)) if isinstance(source, Design) else []
    out += [
        f"nested error regression, {method.source}",
        f"variance between areas {s.s2_v:.4g}, within {s.s2_e:.4g}",
    ]
    if isinstance(source, Design):
        out.append("weights, strata and units of the design play no part: the model has to hold for the sample")
    if units.left_out:
        out.append(f"{units.left_out} units with missing values left out")
    if s.s2_v == 0:
        out.append(
            "the variance between areas is estimated at zero: every estimate is all model and its error understated"
        )
    else:
        out += shares_note(labels, s.weight, sampled)
    return tuple(out)
