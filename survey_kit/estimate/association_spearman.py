"""Spearman's rho in a population: the correlation of ridits, with the influence of every row."""

from __future__ import annotations

import numpy as np

from survey_kit.design import Design
from survey_kit.estimate.adapter import Influence, from_influence
from survey_kit.estimate.association_measures import AT_THE_END
from survey_kit.estimate.columns import Ask, both, coded
from survey_kit.estimate.domains import cells as result_cells
from survey_kit.estimate.estimates import Estimates
from survey_kit.estimate.grouped import notes_of
from survey_kit.estimate.ranks_ridits import Ordered, ordered
from survey_kit.types import FloatArray, Interval


def spearman(design: Design, rows: str, columns: str, ask: Ask, interval: Interval = "fisher") -> Estimates:
    r"""Spearman's rho of two ordered or numeric items, ties at their mid-ranks.

    With the ridits :math:`r = F(x-) + P(x) / 2` and c of the two items in the weighted sample, whose means are 1/2,

    .. math:: \rho = S / \sqrt{V_r V_c}, \qquad S = E(r c) - 1/4, \quad V_r = E(r^2) - 1/4, \quad V_c = E(c^2) - 1/4

    and each moment is a functional of three draws, so that its influence is the sum of three projections (von Mises):
    :math:`r_k c_k + A_k + B_k - 3 E(r c)` with :math:`A_k = E\{c\, (1[X > x_k] + 1[X = x_k] / 2)\}` and B likewise.

    Parameters
    ----------
    design
        The sample.
    rows, columns
        The two items.
    ask
        Domains, treatment of missing answers, level.
    interval
        Kind of interval.

    Notes
    -----
    Kendall & Gibbons (1990), Rank Correlation Methods, chapter 3, for ties; Serfling (1980), chapter 6, for functionals.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2, 1, 2, 1, 3], "x": [1, 2, 2, 3, 4, 5], "y": [2, 1, 3, 3, 5, 4]})
    >>> row = sk.association(sk.Design(frame, weight="w"), "x", "y", "spearman").table.iloc[0]
    >>> [round(float(row[name]), 4) for name in ("estimate", "se")]
    [0.8397, 0.0909]
    """
    items = [coded(design, name, ask.missing, ask.where) for name in (rows, columns)]
    found = result_cells(design, ask.by, ask.where)
    asked = both(items[0].asked, items[1].asked)
    counts = (items[0].codes[found.rows] >= 0) & (items[1].codes[found.rows] >= 0)
    members = np.ones(len(found.rows), dtype=bool) if asked is None else asked[found.rows]
    kept, cell = found.rows[counts & members], found.code[counts & members]
    one, two = (ordered(item.codes[kept], cell, found.size) for item in items)
    w = design.layout.weight[kept]
    n = np.bincount(cell, minlength=found.size).astype(np.float64)
    estimate, z = _influence(one, two, w, cell)
    head = {key: list(values) for key, values in found.keys.items()}
    head |= {"variable": [f"{rows} x {columns}"] * found.size, "category": [None] * found.size}
    return from_influence(
        design,
        Influence(
            z=z[:, None],
            rows=kept,
            code=cell,
            size=found.size,
            active_rows=found.rows[members],
            active_code=found.code[members],
        ),
        head=head,
        statistic="spearman",
        estimate=estimate,
        n=n,
        weight_sum=np.bincount(cell, weights=w, minlength=found.size).astype(np.float64),
        replicate=lambda weights: _rho(one, two, weights[kept], cell)[0],
        status=np.where(n > 0, "ok", "empty").tolist(),
        interval=interval,
        level=ask.level,
        notes=[note for note in notes_of(design, ask, found.outside) if note not in design.assumptions()],
    )


def _rho(
    one: Ordered, two: Ordered, w: FloatArray, cell: np.ndarray
) -> tuple[FloatArray, tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray, FloatArray], FloatArray]:
    """Give rho of every cell, ridits of the rows, the three second moments about 1/2, and the cells' weight."""
    with np.errstate(invalid="ignore", divide="ignore"):
        r, c = one.ridits(w)[one.group], two.ridits(w)[two.group]
        W = np.bincount(cell, weights=w, minlength=one.cells).astype(np.float64)

        def moment(product: FloatArray) -> FloatArray:
            return np.asarray(np.bincount(cell, weights=w * product, minlength=one.cells) / W)

        S, V_r, V_c = (moment((a - 0.5) * (b - 0.5)) for a, b in ((r, c), (r, r), (c, c)))
        below = np.sqrt(V_r * V_c)
        rho = np.divide(S, below, out=np.full(one.cells, np.nan), where=below > 0)
    return rho, (r, c), (S, V_r, V_c), W


def _influence(one: Ordered, two: Ordered, w: FloatArray, cell: np.ndarray) -> tuple[FloatArray, FloatArray]:
    rho, (r, c), (S, V_r, V_c), W = _rho(one, two, w, cell)

    def above(values: Ordered, other: FloatArray) -> FloatArray:
        """E{(other - 1/2) (1[X > x] + 1[X = x] / 2)} at every row."""
        sums = values.sums(w * (other - 0.5))
        reached = values.totals(sums)[values.cell] - values.below(sums)
        return np.asarray((reached / W[values.cell])[values.group])

    def moment_influence(a: FloatArray, b: FloatArray, projections: FloatArray, value: FloatArray) -> FloatArray:
        # about 1/2 the three projections are (a - 1/2)(b - 1/2) and the two means of the other item's ridit above x
        return np.asarray((a - 0.5) * (b - 0.5) + projections - 3 * value[cell])

    with np.errstate(invalid="ignore", divide="ignore"):
        z_S = moment_influence(r, c, above(one, c) + above(two, r), S)
        z_r = moment_influence(r, r, 2 * above(one, r), V_r)
        z_c = moment_influence(c, c, 2 * above(two, c), V_c)
        z = z_S / np.sqrt(V_r * V_c)[cell] - rho[cell] / 2 * (z_r / V_r[cell] + z_c / V_c[cell])
        z = z / W[cell]
    ends = np.abs(rho) > 1 - AT_THE_END
    rho = np.where(ends, np.sign(rho), rho)
    z = np.where(ends[cell], 0.0, z)
    return rho, np.where(np.isfinite(z), z, 0.0)
