"""Counts of people by category, and shares of a total."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.errors import EstimationError
from survey_kit.estimate.columns import By, Variable, categorical, make_ask, numeric
from survey_kit.estimate.domains import Cells, cells
from survey_kit.estimate.estimates import Estimates
from survey_kit.estimate.grouped import estimate, objects
from survey_kit.estimate.margins import crossed, margin_keys, margins_of
from survey_kit.estimate.rows import with_notes
from survey_kit.estimate.statistics import PROPORTION, RATIO, TOTAL
from survey_kit.types import Deff, Interval, Missing

#: Number of people of a category: the total of its indicator.
COUNT = replace(TOTAL, name="count")
#: What the column `variable` says where people are shared out.
PEOPLE: Final = "people"
#: Share of a total, and share of all people.
SHARE_OF_TOTAL = replace(RATIO, name="share")
SHARE_OF_PEOPLE = replace(PROPORTION, name="share")


def count(
    design: Design,
    y: str | Sequence[str],
    *,
    by: By = None,
    where: str | None = None,
    missing: Missing = "error",
    interval: Interval = "wald",
    level: float = 0.95,
    deff: Deff | None = None,
    margins: bool = False,
) -> Estimates:
    r"""Estimated number in every category of one or several variables, :math:`\hat\theta_c = \sum w_i 1[y_i = c]`.

    Parameters and result are those of :func:`mean`; the column ``category`` holds the category. Weights must expand to the
    population. ``interval="log"`` keeps the limits above zero and is what the standard of the National Center for Health
    Statistics for counts is judged on. `margins` adds rows for all levels of each key together (:func:`with_margins`).
    Matches R ``svytotal(~factor(y), design)``.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [2.0, 2, 3, 3], "town": [1, 1, 2, 3], "y": ["a", "b", "b", "b"]})
    >>> sk.count(sk.Design(frame, weight="w", psu="town"), "y").table[["category", "estimate"]].values.tolist()
    [['a', 2.0], ['b', 8.0]]
    """
    ask = make_ask(by, where, interval, level, deff, missing)
    columns = [part for name in checks.names(y, "y", least=1) for part in categorical(design, name, missing, where)]
    return crossed(design, ask, margins, lambda part: estimate(design, COUNT, columns, part))


def share(
    design: Design,
    y: str | None = None,
    *,
    by: str | Sequence[str],
    within: By = None,
    where: str | None = None,
    missing: Missing = "error",
    interval: Interval | None = None,
    level: float = 0.95,
    deff: Deff | None = None,
    margins: bool = False,
) -> Estimates:
    r"""Share of every domain in the total of a variable, or in all people.

    .. math:: \hat\theta_d = \frac{\sum_{i \in d} w_i y_i}{\sum w_i y_i}, \qquad
              z_i = \frac{y_i (1[i \in d] - \hat\theta_d)}{\sum w_j y_j}

    With ``y=None`` everybody counts 1, so that ``share(design, by=("region", "sex"))`` gives the shares of a
    cross-tabulation, which add up to 1 over all its cells. Parameters and result are those of :func:`mean`.

    Parameters
    ----------
    y
        Amount whose total is shared out; None for the number of people.
    by
        The domains: every combination of levels is a row, also one that nobody belongs to, whose share is 0.
    within
        Keys within whose levels the shares add up to 1, such as the wave.
    interval
        ``"korn_graubard"`` for shares of people and ``"wald"`` for shares of an amount by default.
    margins
        Add the shares of all levels of each `by` column together.

    Returns
    -------
    Estimates
        Keys are those of `within`, then `by`. ``n`` and ``weight_sum`` are those of the whole that is shared out, and
        degrees of freedom too. Rows without a `by` key belong neither to a share nor to the whole.

    Raises
    ------
    EstimationError
        If a key stands in both `by` and `within`.

    Notes
    -----
    A share of a total is a ratio of totals. Matches R ``svyratio(~I(y * (d == 1)), ~y, design)``, and
    ``svymean(~interaction(a, b), design)`` for people.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [2.0, 2, 3, 3], "region": ["n", "n", "s", "s"], "tax": [1.0, 2, 3, 3]})
    >>> design = sk.Design(frame, weight="w")
    >>> sk.share(design, "tax", by="region").table["estimate"].tolist()
    [0.25, 0.75]
    >>> sk.share(design, by="region").table["estimate"].round(4).tolist()
    [0.4, 0.6]
    """
    keys, outer = checks.names(by, "by"), checks.names(within, "within")
    if not keys:
        raise EstimationError("A share needs the domains that share.", fix="Name them in by=.")
    twice = [key for key in keys if key in outer]
    if twice:
        raise EstimationError(
            f"'{twice[0]}' stands in both 'by' and 'within'.",
            fix="Leave it in one: shares add up to 1 within 'within'.",
        )
    chosen = interval or ("korn_graubard" if y is None else "wald")
    ask = make_ask((*outer, *keys), where, chosen, level, deff, missing)
    statistic = SHARE_OF_PEOPLE if y is None else SHARE_OF_TOTAL
    amount = None if y is None else numeric(design, y, missing, where)

    def compute(names: tuple[str, ...]) -> Estimates:
        found = cells(design, tuple(name for name in names if name not in outer), where)
        est = estimate(design, statistic, _parts(design, amount, found), replace(ask, by=outer))
        return _keyed(est, outer, found)

    return margins_of(compute, ask.by, margin_keys(design, keys) if margins else ())


def _parts(design: Design, amount: Variable | None, found: Cells) -> list[Variable]:
    """Give the amounts in every cell, and the whole amount as the base."""
    cell = np.full(design.n, -1, dtype=np.int64)
    cell[found.rows] = found.code
    inside = cell >= 0
    out = []
    for number in range(found.size):
        own = (cell == number).astype(np.float64)
        out.append(
            Variable(name=PEOPLE, category=None, y=own, x=None, answered=inside, asked=None)
            if amount is None
            else replace(amount, y=amount.y * own, x=amount.y, answered=amount.answered & inside)
        )
    return out


def _keyed(est: Estimates, outer: tuple[str, ...], found: Cells) -> Estimates:
    """Name the rows, the cells of every level of the outer keys, by the keys of the cells."""
    table = est.table
    times = len(table) // max(found.size, 1)
    head = {key: table[key] for key in outer} | {key: objects(values * times) for key, values in found.keys.items()}
    rest = table.drop(columns=list(outer))
    notes = (f"{found.outside} rows belong to no domain because a 'by' column is missing",) if found.outside else ()
    keys = tuple(head)
    return with_notes(replace(est, table=rest.assign(**head)[[*keys, *rest.columns]], keys=keys), notes)
