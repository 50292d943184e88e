"""Results of independent designs under each other: surveys that drew their samples without regard to each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from survey_kit.errors import EstimationError
from survey_kit.estimate.covariances import (
    Fixed,
    Independent,
    Linearised,
    OneDesign,
    Replicated,
    Variance,
    by_wave,
    placed,
)
from survey_kit.estimate.estimates import Estimates, stacked
from survey_kit.estimate.maps import check_estimates
from survey_kit.types import BoolArray


def bind_independent(*estimates: Estimates) -> Estimates:
    r"""Put the rows of results of independent designs under each other.

    .. math:: V = \operatorname{diag}(V_1, V_2, \ldots)

    Calling it declares that the samples were drawn independently: results of different `Design` values get covariance 0.
    Results of the same `Design` value keep the covariance they have.

    Parameters
    ----------
    estimates
        Results of any statistics, of models, or of published figures with their standard errors. `by` columns one of them
        lacks hold None there.

    Returns
    -------
    Estimates
        Everything that holds for one design holds for it: changes, contrasts, functions. Degrees of freedom of a
        combination are the sum of those of the designs it uses, as for independent waves, and at most those of a result
        whose covariance is only known as such.

    Raises
    ------
    EstimationError
        If there is nothing to bind.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frames = {2025: [1.0, 0, 1, 1], 2026: [0.0, 0, 1, 0]}
    >>> designs = {year: sk.Design(pd.DataFrame({"w": 1.0, "year": year, "y": y}), weight="w") for year, y in frames.items()}
    >>> both = bind_independent(*(sk.mean(design, "y", by="year") for design in designs.values()))
    >>> both.change("year").table[["estimate", "se", "df"]].round(3).values.tolist()
    [[-0.5, 0.354, 6.0]]
    """
    if not estimates:
        raise EstimationError("There is nothing to bind.", fix="Give estimates.")
    for est in estimates:
        check_estimates(est)
    joint = stacked(estimates, _independent([est.variance for est in estimates], [len(est.table) for est in estimates]))
    note = "results of different designs are taken as independent, as declared"
    return replace(joint, notes=tuple(dict.fromkeys((*joint.notes, note))))


def _independent(parts: list[Variance], sizes: list[int]) -> Independent:
    """Put the rows of several results under each other: those of one design with their covariance, others without."""
    from scipy import sparse

    total, start = sum(sizes), 0
    groups: list[list[OneDesign]] = []
    origin: list[OneDesign] = []
    used: list[BoolArray] = []
    for variance, size in zip(parts, sizes, strict=True):
        at = (np.ones(size), (start + np.arange(size), np.arange(size)))
        E = sparse.csr_array(at, shape=(total, size))
        contained = variance.parts if isinstance(variance, Independent) else (variance,)
        covered = variance.used if isinstance(variance, Independent) else np.ones((1, size), dtype=bool)
        for part, own in zip(contained, covered, strict=True):
            rows = np.zeros(total, dtype=bool)
            rows[start : start + size] = own
            g = next((g for g, other in enumerate(origin) if _one_design(part, other)), len(groups))
            if g == len(groups):
                groups.append([])
                origin.append(part)
                used.append(np.zeros(total, dtype=bool))
            groups[g].append(placed(part, E, np.zeros(total)))
            used[g] |= rows
        start += size
    return Independent(parts=tuple(_added(group) for group in groups), used=np.stack(used))


def _one_design(a: Variance, b: Variance) -> bool:
    if isinstance(a, Linearised) and isinstance(b, Linearised):
        return a.layout is b.layout
    if isinstance(a, Replicated) and isinstance(b, Replicated):
        return a.units.layout is b.units.layout and np.array_equal(a.coefficients, b.coefficients)
    return a is b


def _added(parts: list[OneDesign]) -> OneDesign:
    """Add what results of one design contribute to different rows."""
    first = parts[0]
    linear = [part for part in parts if isinstance(part, Linearised)]
    if isinstance(first, Linearised):
        blocks = by_wave(tuple(block for part in linear for block in part.blocks))
        return replace(first, blocks=blocks, df_less=max(part.df_less for part in linear))
    if isinstance(first, Replicated):
        alike = [part for part in parts if isinstance(part, Replicated)]
        units = _added([part.units for part in alike])
        return replace(
            first,
            theta_r=np.sum([part.theta_r for part in alike], axis=0),
            theta=np.sum([part.theta for part in alike], axis=0),
            units=units if isinstance(units, Linearised) else first.units,
        )
    fixed = [part for part in parts if isinstance(part, Fixed)]
    return Fixed(factor=np.sum([p.factor for p in fixed], axis=0), df=np.fmin.reduce([p.df for p in fixed]))
