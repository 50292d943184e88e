"""Precision as tables: over sample sizes, the data of a figure, and for every region at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.errors import DesignError
from survey_kit.sampling.precision import (
    Measure,
    _z,
    detectable_change,
    planned_se,
    sample_size,
)
from survey_kit.types import FloatArray, Frame

if TYPE_CHECKING:
    import pandas as pd


def power_curve(
    measures: Iterable[Measure],
    sizes: Iterable[float],
    *,
    deff: float = 1.0,
    overlap: float = 0.0,
    correlation: float = 0.0,
    power: float = 0.8,
    level: float = 0.95,
    comparisons: int = 1,
    population: float | None = None,
) -> pd.DataFrame:
    """Give for each measure and sample size its standard error, margin, and the smallest change that can be found.

    Examples
    --------
    >>> from survey_kit.sampling.precision import share
    >>> power_curve([share(0.6, name="trust")], [1000, 4000], deff=1.6)["detectable_change"].round(4).tolist()
    [0.0776, 0.0388]
    """
    import pandas as pd

    rows = []
    for measure in measures:
        for n in sizes:
            se = planned_se(measure, n, deff=deff, population=population)
            change = detectable_change(
                measure,
                n,
                deff=deff,
                overlap=overlap,
                correlation=correlation,
                power=power,
                level=level,
                comparisons=comparisons,
                population=population,
            )
            rows.append((measure.name, measure.value, n, se, _z((1 + level) / 2) * se, change))
    return pd.DataFrame(rows, columns=["measure", "value", "n", "se", "margin", "detectable_change"])


def region_precision(  # noqa: PLR0913  (what is planned, and for whom)
    measures: Iterable[Measure],
    regions: Frame,
    *,
    region: str,
    n: str,
    population: str | None = None,
    deff: float | str = 1.0,
    overlap: float = 0.0,
    correlation: float = 0.0,
    power: float = 0.8,
    level: float = 0.95,
    comparisons: int = 1,
) -> pd.DataFrame:
    """Give what a sample will show in every region at once, and in the whole.

    Parameters
    ----------
    measures
        The figures, such as ``share(0.6, name="trust")``; the same value is expected everywhere.
    regions
        One row for each region.
    region, n, population
        Columns: the region, its interviews, and its people where finite populations are to count.
    deff
        Design effect within a region: a number, or a column.
    overlap, correlation, power, level, comparisons
        As in :func:`detectable_change`.

    Returns
    -------
    pandas.DataFrame
        One row for each region and measure, then those of the whole (region missing): ``measure region n se margin cv
        detectable_change``. The whole has the design effect of the regions' unequal weights where `population` is given.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.sampling.precision import share
    >>> regions = pd.DataFrame({"region": ["a", "b"], "n": [400, 400], "people": [9e5, 1e5]})
    >>> region_precision([share(0.5)], regions, region="region", n="n", population="people")["se"].round(4).tolist()
    [0.025, 0.0249, 0.0226]
    """
    import pandas as pd

    keys = _each(regions, region)
    size, effect = _known(regions, n), _known(regions, deff, len(keys))
    people = np.full(len(keys), np.inf) if population is None else _known(regions, population)
    parts = size if population is None else people
    share = parts / parts.sum()
    reach: dict[str, Any] = {"overlap": overlap, "correlation": correlation, "power": power, "level": level}
    rows = []
    for measure in measures:
        found = np.empty((2, len(keys)))
        for i, N in enumerate(people.tolist()):
            d, whole = float(effect[i]), None if np.isinf(N) else N
            found[0, i] = planned_se(measure, size[i], deff=d, population=whole)
            found[1, i] = detectable_change(
                measure, size[i], deff=d, comparisons=comparisons, population=whole, **reach
            )
        both = np.sqrt(((share * found) ** 2).sum(axis=1))
        for key, count, (se, change) in zip([*keys, None], [*size, size.sum()], [*found.T, both], strict=True):
            margin = _z((1 + level) / 2) * se
            cv = se / abs(measure.value) if measure.value else np.nan
            rows.append((measure.name, key, count, se, margin, cv, change))
    return pd.DataFrame(rows, columns=["measure", region, "n", "se", "margin", "cv", "detectable_change"])


def region_sizes(
    measure: Measure,
    regions: Frame,
    *,
    region: str,
    se: float | None = None,
    margin: float | None = None,
    cv: float | None = None,
    population: str | None = None,
    deff: float | str = 1.0,
    response: float | str = 1.0,
    level: float = 0.95,
) -> pd.DataFrame:
    """Give the interviews, and the cases to draw, that every region needs for the same precision.

    Parameters
    ----------
    regions
        One row for each region.
    se, margin, cv
        One of them, as in :func:`sample_size`.
    population, deff, response
        People, design effect and response rate of the regions: columns, or for the latter two a number.

    Returns
    -------
    pandas.DataFrame
        The region, ``population`` where given, ``interviews`` and ``cases``.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.sampling.precision import share
    >>> regions = pd.DataFrame({"region": ["a", "b"], "people": [900_000, 900], "takes_part": [0.5, 0.8]})
    >>> wanted = {"margin": 0.05, "deff": 1.5, "population": "people", "response": "takes_part"}
    >>> region_sizes(share(0.5), regions, region="region", **wanted)[["interviews", "cases"]].values.tolist()
    [[576, 1152], [352, 440]]
    """
    import pandas as pd

    keys = _each(regions, region)
    people = None if population is None else _known(regions, population)
    effect, rate = (_known(regions, one, len(keys)) for one in (deff, response))
    rows = []
    for i, key in enumerate(keys):
        N = None if people is None else float(people[i])
        wanted = sample_size(
            measure,
            se=se,
            margin=margin,
            cv=cv,
            deff=float(effect[i]),
            population=N,
            response=float(rate[i]),
            level=level,
        )
        rows.append((key, N, wanted.interviews, wanted.cases))
    out = pd.DataFrame(rows, columns=[region, "population", "interviews", "cases"])
    return out if people is not None else out.drop(columns="population")


def _each(regions: Frame, region: str) -> list[Any]:
    """Give the regions in the order of their rows; each stands once."""
    found = frames.group(regions, [region], "region")
    if (found.codes < 0).any():
        row = int(np.flatnonzero(found.codes < 0)[0]) + 1
        raise DesignError("A region has no name.", where=f"column '{region}', row {row}", fix="Fill it in.")
    keys = [found.levels[code][0] for code in found.codes.tolist()]
    checks.unique(keys, "The region", DesignError, f"column '{region}'")
    return keys


def _known(regions: Frame, value: float | str, rows: int = 0) -> FloatArray:
    """Give a positive number for each region: one for all, or a column."""
    if not isinstance(value, str):
        return np.full(rows, checks.number(value, "deff or response", "Give a number or a column.", DesignError))
    column = frames.numbers(regions, value)
    wrong = np.flatnonzero(column.missing | (column.values <= 0))
    if len(wrong):
        row = int(wrong[0])
        found = "a missing value" if column.missing[row] else f"{column.values[row]:g}"
        where = f"column '{value}', row {row + 1}; {len(wrong)} rows"
        raise DesignError("A number of a region is positive.", where=where, found=found, fix="Correct it.")
    return column.values
