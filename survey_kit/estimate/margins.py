"""Several `by` keys at once with their margins: every sub-combination of keys, in one result with its covariance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, Final

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.design.declared import check_design
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate.building import COLUMNS
from survey_kit.estimate.columns import Ask, By
from survey_kit.estimate.estimates import Estimates, bind
from survey_kit.estimate.maps import check_estimates
from survey_kit.estimate.rows import rearranged, with_notes

#: What a key says in the rows that take all its levels together.
ALL: Final = "all"


def with_margins(
    statistic: Callable[..., Estimates],
    design: Design,
    *args: Any,
    by: By,
    over: By = None,
    label: str = ALL,
    **options: Any,
) -> Estimates:
    """Estimate a statistic by several keys at once, with every margin.

    The rows are those of ``statistic(design, *args, by=by)`` and of the same call for every smaller set of keys, down to
    none; a key that is left out says ``"all"``. Cells and margins share a covariance, so a region can be compared with the
    country it is part of.

    Parameters
    ----------
    statistic
        Any statistic with a `by` argument: ``mean``, ``proportion``, ``quantile`` ...
    design
        The sample.
    args
        What the statistic takes after the design.
    by
        Column or columns.
    over
        The keys that get a margin; by default all but the wave, since years are rarely taken together.
    label
        What the left-out keys say.
    options
        Other arguments of the statistic.

    Returns
    -------
    Estimates
        Ordered by the keys, margins after the levels.

    Raises
    ------
    EstimationError
        If a level of a key is itself called `label`.

    Notes
    -----
    A margin is a domain of its own: it holds everybody with the keys that are named, also those whose left-out key is
    missing.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [2.0, 2, 3, 3], "town": [1, 1, 2, 2], "sex": [1, 2, 1, 2], "y": [1.0, 0, 1, 2]})
    >>> table = sk.with_margins(sk.mean, sk.Design(frame, weight="w"), "y", by=("town", "sex")).table
    >>> table[["town", "sex", "estimate"]].values.tolist()[-3:]
    [['all', 1, 1.0], ['all', 2, 1.2], ['all', 'all', 1.1]]
    """
    keys = checks.names(by, "by")
    check_design(design)
    if not callable(statistic):
        raise EstimationError("This is no statistic.", found=checks.shown(statistic), fix="Give sk.mean or the like.")

    def compute(subset: tuple[str, ...]) -> Estimates:
        return statistic(design, *args, by=subset or None, **options)

    return margins_of(compute, keys, margin_keys(design, keys, over), label)


def margin_keys(design: Design, by: Sequence[str], over: By = None) -> tuple[str, ...]:
    """Name the keys that get a margin: those asked for, or all but the wave.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"w": [1.0, 1, 1, 1], "year": [1, 1, 2, 2]})
    >>> margin_keys(Design(frame, weight="w", wave="year"), ("year", "region"))
    ('region',)
    """
    if over is None:
        return tuple(key for key in by if key != design.wave)
    keys = checks.names(over, "over")
    for key in keys:
        if key not in by:
            raise EstimationError(f"'{key}' is not a key of this call.", fix=did_you_mean(key, by))
    return keys


def margins_of(
    compute: Callable[[tuple[str, ...]], Estimates], by: tuple[str, ...], over: tuple[str, ...], label: str = ALL
) -> Estimates:
    """Bind ``compute(keys)`` for `by` less every subset of `over`; the first is the full crossing.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> design = sk.Design(pd.DataFrame({"w": [1.0, 1], "y": [1.0, 2], "sex": ["f", "m"]}), weight="w")
    >>> margins_of(lambda keys: sk.mean(design, "y", by=keys), ("sex",), ("sex",)).table["sex"].tolist()
    ['f', 'm', 'all']
    """
    if not over:
        return compute(by)
    left_out = [set(gone) for size in range(len(over) + 1) for gone in combinations(over, size)]
    parts = [compute(tuple(key for key in by if key not in gone)) for gone in left_out]
    for part in parts:
        check_estimates(part)
    keys = (*parts[0].keys,)
    levels = {key: list(dict.fromkeys(parts[0].table[key].tolist())) for key in keys}
    for key in over:
        if label in levels[key]:
            raise EstimationError(
                f"A level of '{key}' is called '{label}' like the margin.", fix="Give the margin another label=."
            )
    whole = bind(*(_labelled(part, keys, label) for part in parts))
    table = whole.table
    # the last key given to lexsort is the first to sort by; what is equal stays in the order of the calls
    places = [table[key].map({level: i for i, level in enumerate([*levels[key], label])}) for key in keys]
    order = np.lexsort([place.to_numpy() for place in reversed(places)]) if places else np.arange(len(table))
    return with_notes(rearranged(whole, order), (f"'{label}' takes all levels of a key together",))


def crossed(design: Design, ask: Ask, margins: bool, compute: Callable[[Ask], Estimates]) -> Estimates:
    """Compute what a call asks for, with margins over all keys but the wave when it wants them.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 1], "y": [1.0, 2], "sex": ["f", "m"]})
    >>> sk.count(sk.Design(frame, weight="w"), "y", by="sex", margins=True).table["sex"].tolist()
    ['f', 'f', 'm', 'm', 'all', 'all']
    """
    over = margin_keys(design, ask.by) if margins else ()
    return margins_of(lambda keys: compute(replace(ask, by=keys)), ask.by, over)


def _labelled(part: Estimates, keys: tuple[str, ...], label: str) -> Estimates:
    """Give a result all the keys, `label` where it lacks one."""
    table = part.table.copy()
    for key in keys:
        if key not in table.columns:
            table[key] = np.array([label] * len(table), dtype=object)
    return replace(part, keys=keys, table=table[[*keys, *COLUMNS]])
