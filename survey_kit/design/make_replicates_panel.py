"""Which units of different waves are drawn as one, so that the covariance of a change comes out of the replicates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survey_kit.design.layout import Layout
from survey_kit.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """First-stage units over the waves.

    Attributes
    ----------
    drawn : (P',)
        Units that are drawn themselves: all, or one of each identity where waves hold the same units.
    n_h : (H',)
        How many of them stand in each stratum.
    source : (P,)
        Place in `drawn` of the draw each unit takes; -1 for units of a stratum whose units rotate.
    rotating : (H,)
        Strata that share units with another wave's stratum without holding the same units.
    """

    drawn: IntArray
    n_h: IntArray
    source: IntArray
    rotating: BoolArray

    def spread(self, values: FloatArray) -> FloatArray:
        """Give what was drawn (P', R) to all units (P, R); zero where units rotate."""
        if len(self.drawn) == len(self.source):
            return values
        out = np.zeros((len(self.source), values.shape[1]))
        out[self.source >= 0] = values[self.source[self.source >= 0]]
        return out


def panel_of(layout: Layout) -> Panel:
    """Compare the strata of all waves that share units.

    Strata that hold the very same units take the draw of the earliest; strata that share only some are told apart.
    """
    stage = layout.stages[0]
    P, H = stage.size, len(stage.n_h)
    number, identity = np.unique(layout.identity, return_inverse=True)
    if len(number) == P:
        everyone = np.arange(P, dtype=np.int64)
        return Panel(drawn=everyone, n_h=stage.n_h, source=everyone, rotating=np.zeros(H, dtype=bool))
    first_unit = np.full(len(number), P, dtype=np.int64)
    np.minimum.at(first_unit, identity, np.arange(P))
    family = _families(stage.stratum_of_unit, stage.stratum_of_unit[first_unit][identity], H)
    members = np.bincount(family[stage.stratum_of_unit[first_unit]], minlength=int(family.max()) + 1)
    rotating = np.asarray(members[family] != stage.n_h)
    leader = np.full(int(family.max()) + 1, H, dtype=np.int64)
    np.minimum.at(leader, family, np.arange(H))
    leads = (leader[family] == np.arange(H)) & ~rotating
    drawn = np.flatnonzero(leads[stage.stratum_of_unit])
    place = np.full(P, -1, dtype=np.int64)
    place[drawn] = np.arange(len(drawn))
    return Panel(drawn=drawn, n_h=stage.n_h[leads], source=place[first_unit[identity]], rotating=rotating)


def _families(stratum: IntArray, first_stratum: IntArray, strata: int) -> IntArray:
    """Give strata (H,) linked by a common unit one number."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(stratum)), (stratum, first_stratum)), shape=(strata, strata))
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)
