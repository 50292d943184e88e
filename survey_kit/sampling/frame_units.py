"""Sampling units of a workable size: small ones joined with a neighbour, large ones cut into segments."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Literal

import numpy as np

from survey_kit import checks, frames
from survey_kit.errors import DesignError, did_you_mean
from survey_kit.sampling.draw import Draw
from survey_kit.sampling.select import select
from survey_kit.sampling.select_inputs import check_units, in_order, read_sizes, read_strata, sorting_keys
from survey_kit.sampling.select_methods import PPS_SYSTEMATIC
from survey_kit.types import FloatArray, Frame, IntArray

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Remade:
    """Sampling units made of the units of a frame.

    Attributes
    ----------
    frame
        One row for each new unit, in the library of the frame it comes from: the columns of the old unit (of the largest, where
        several were joined), and ``<name> <name>_size <name>_units`` or ``<name> <name>_size <name>_share``.
    name
        Column of the new ids.
    unit
        Column of the old ids.
    kind
        ``joined`` or ``segmented``.
    mapping
        ``unit new stratum size share``: which old unit is part of which new one, or the other way round. The share of a joined unit is
        its part of the new size; the share of a segment is its chance within its unit.
    short
        New units that are still smaller than the least size: all of their stratum.
    """

    frame: Frame = field(repr=False)
    name: str
    unit: str
    kind: Literal["joined", "segmented"]
    mapping: pd.DataFrame = field(repr=False)
    short: tuple[str, ...] = ()

    def __repr__(self) -> str:
        old, new = self.mapping["unit"].nunique(), self.mapping["new"].nunique()
        told = f"; still too small: {', '.join(self.short[:5])}" if self.short else ""
        return f"{old:,} units {self.kind} into {new:,}{told}"

    def _repr_html_(self) -> str:
        return f"<p><b>{escape(repr(self))}</b></p>" + str(self.mapping.to_html(index=False, max_rows=40))

    def probabilities(self, draw: Draw) -> pd.DataFrame:
        """Give each old unit its inclusion probability, from a draw of the new ones: that of the unit it was joined in.

        Returns
        -------
        pandas.DataFrame
            `mapping` with ``pi`` and ``drawn``. For segments drawn as units, each segment has its own.
        """
        new = frames.texts(draw.source, self.name, "unit")
        pi = dict(zip(new, draw.pi.tolist(), strict=True))
        lacking = next((str(one) for one in self.mapping["new"] if str(one) not in pi), None)
        if lacking is not None:
            fix = "Draw from Remade.frame, whole."
            raise DesignError(
                "The draw was not made from these units.", found=f"'{lacking}' is not in its frame", fix=fix
            )
        drawn = {new[row] for row in draw.rows.tolist()}
        keys = self.mapping["new"].astype(str)
        return self.mapping.assign(pi=[pi[key] for key in keys], drawn=[key in drawn for key in keys])

    def within(self, draw: Draw, *, rng: int | np.random.Generator) -> Frame:
        r"""Draw one segment in each unit drawn, with probability proportional to its size.

        The segment's probability is that of its unit times its share, :math:`\pi_i M_{ij} / M_i` (Kish 1965, chapter 7).

        Parameters
        ----------
        draw
            A draw of the old units.
        rng
            A seed, or a NumPy generator.

        Returns
        -------
        frame
            One row for each segment drawn, with ``unit_pi``, ``segment_pi``, ``pi`` and ``weight``.
        """
        if self.kind != "segmented":
            fix = "Draw from Remade.frame instead; all joined units are taken together."
            raise DesignError("Only segments are drawn within a unit.", found=self.kind, fix=fix)
        ids = frames.texts(draw.source, self.unit, "unit")
        pi = {ids[row]: float(draw.pi[row]) for row in draw.rows.tolist()}
        owners = frames.texts(self.frame, self.unit, "unit")
        lacking = sorted(str(one) for one in set(pi) - set(owners))
        if lacking:
            fix = did_you_mean(lacking[0], [one for one in owners if one])
            raise DesignError(f"The unit '{lacking[0]}' was drawn, but has no segment.", fix=fix)
        part = frames.rows(self.frame, np.flatnonzero([one in pi for one in owners]))
        inner = select(
            part, 1, method=PPS_SYSTEMATIC, size=f"{self.name}_size", strata=self.unit, unit=self.name, rng=rng
        )
        chosen = frames.rows(part, inner.rows)
        first = np.array([pi[one] for one in frames.texts(chosen, self.unit)])
        second = inner.pi[inner.rows]
        more = {"unit_pi": first, "segment_pi": second, "pi": first * second, "weight": 1 / (first * second)}
        return frames.gathered(chosen, {}, more)


# ----------------------------------------------------------------------------------------------------------- joining
def join_small(
    frame: Frame,
    *,
    unit: str,
    size: str,
    minimum: float,
    strata: str | Sequence[str] | None = None,
    order_by: str | Sequence[str] | None = None,
    name: str = "psu",
) -> Remade:
    """Join units below a least size with the smaller of their two neighbours in the list, smallest first.

    Neighbours are those of the same stratum, in the order of `order_by` (a code that follows the map), so that a joined unit is one
    piece of land. A joined unit is drawn as one and worked as one; each of its parts has its probability.

    Parameters
    ----------
    frame
        One row for each unit; a data frame of any library.
    unit, size
        Columns of ids and of sizes; sizes are positive or zero.
    minimum
        The least size a unit has to have, such as the households that one draw needs.
    strata
        Columns whose borders no joined unit crosses.
    order_by
        Columns that put neighbours beside each other; the order of the frame when left out.
    name
        Column of the new ids.

    Examples
    --------
    >>> import pandas as pd
    >>> villages = pd.DataFrame({"village": list("abcde"), "homes": [90, 12, 30, 80, 9]})
    >>> made = join_small(villages, unit="village", size="homes", minimum=40)
    >>> made.frame[["psu", "psu_size", "psu_units"]].values.tolist()
    [['a', 90.0, 1], ['b+c', 42.0, 2], ['d+e', 89.0, 2]]
    """
    import pandas as pd

    least = _bound(minimum, "minimum")
    names = checks.names(strata, "strata")
    at = read_strata(frame, names)
    check_units(frame, unit, at)
    x = _sizes(frame, size)
    keys = sorting_keys(frame, checks.names(order_by, "order_by"))
    ids = np.array(frames.texts(frame, unit, "unit"), dtype=object)
    leaders, sizes, counts, labels, rows, short = [], [], [], [], [], []
    for h, part in enumerate(at.rows()):
        ordered = part[in_order([key[part] for key in keys], serpentine=False)] if keys else part
        for group in joined(x[ordered], least):
            members = ordered[group]
            total = float(x[members].sum())
            label = _label([str(one) for one in ids[members].tolist()])
            leaders.append(int(members[np.argmax(x[members])]))
            sizes.append(total)
            counts.append(len(members))
            labels.append(label)
            short += [label] if total < least else []
            place = at.label(h) if names else ""
            rows += [(ids[row], label, place, x[row], x[row] / total if total else 1.0) for row in members.tolist()]
    more = {name: labels, f"{name}_size": sizes, f"{name}_units": counts}
    made = frames.gathered(frames.rows(frame, np.array(leaders)), {}, more)
    mapping = pd.DataFrame(rows, columns=["unit", "new", "stratum", "size", "share"])
    return Remade(frame=made, name=name, unit=unit, kind="joined", mapping=mapping, short=tuple(short))


def joined(x: FloatArray, least: float) -> list[IntArray]:
    """Group sizes (N,) in their order until each group has the least size, or only one is left.

    Examples
    --------
    >>> [group.tolist() for group in joined(np.array([5.0, 1, 1, 4, 9]), 4)]
    [[0], [1, 2, 3], [4]]
    """
    N = len(x)
    total = x.astype(np.float64)
    left, right = np.arange(N) - 1, np.arange(N) + 1
    alive = np.ones(N, dtype=bool)
    queue = [(float(total[i]), i) for i in range(N) if total[i] < least]
    heapq.heapify(queue)
    while queue:
        value, i = heapq.heappop(queue)
        if not alive[i] or value != total[i]:
            continue
        sides = [j for j in (int(left[i]), int(right[i])) if 0 <= j < N]
        if not sides:
            break
        j = min(sides, key=lambda side: float(total[side]))
        i, j = min(i, j), max(i, j)  # the later group joins the earlier one
        total[i] += total[j]
        alive[j] = False
        right[i] = right[j]
        if right[j] < N:
            left[right[j]] = i
        if total[i] < least:
            heapq.heappush(queue, (float(total[i]), i))
    return np.split(np.arange(N), np.flatnonzero(alive)[1:])


def _label(ids: list[str]) -> str:
    return "+".join(ids) if len(ids) <= 4 else f"{ids[0]}+...+{ids[-1]}"


# -------------------------------------------------------------------------------------------------------- segmenting
def segment_large(
    frame: Frame,
    *,
    unit: str,
    size: str,
    maximum: float,
    measured: Frame | None = None,
    name: str = "segment",
) -> Remade:
    """Cut units above a largest size into segments of nearly equal size; smaller units stay whole, as one segment.

    Segments are drawn as units of the frame (``Remade.frame``), or one within each unit drawn (``Remade.within``). Chances follow the
    sizes given, right or not: a poor guess makes weights unequal and no estimate wrong, as long as every household has one segment.

    Parameters
    ----------
    frame
        One row for each unit; a data frame of any library.
    unit, size
        Columns of ids and of positive sizes.
    maximum
        The largest size that can be listed in the field.
    measured
        Sizes of segments drawn on a map or counted on the spot: a frame with the columns `unit` and `size`, several rows for a
        unit; those units are cut as it says.
    name
        Column of the new ids.

    Examples
    --------
    >>> import pandas as pd
    >>> blocks = pd.DataFrame({"block": ["a", "b"], "homes": [100, 450]})
    >>> made = segment_large(blocks, unit="block", size="homes", maximum=200)
    >>> made.frame[["segment", "segment_size", "segment_share"]].round(3).values.tolist()
    [['a', 100.0, 1.0], ['b/1', 150.0, 0.333], ['b/2', 150.0, 0.333], ['b/3', 150.0, 0.333]]
    """
    import pandas as pd

    most = _bound(maximum, "maximum")
    whole = read_strata(frame, ())
    check_units(frame, unit, whole)
    x = read_sizes(frame, size, whole)
    ids = [str(one) for one in frames.texts(frame, unit, "unit")]
    counted = {} if measured is None else _measured(measured, unit, size, set(ids))
    of, sizes, shares, labels = [], [], [], []
    for row, one in enumerate(ids):
        parts = counted.get(one)
        if parts is None:
            k = int(np.ceil(x[row] / most))
            parts = np.full(k, x[row] / k)
        of += [row] * len(parts)
        sizes += parts.tolist()
        shares += (parts / parts.sum()).tolist()
        labels += [one] if len(parts) == 1 else [f"{one}/{j}" for j in range(1, len(parts) + 1)]
    more = {name: labels, f"{name}_size": sizes, f"{name}_share": shares}
    made = frames.gathered(frames.rows(frame, np.array(of)), {}, more)
    owners = [ids[row] for row in of]
    mapping = pd.DataFrame({"unit": owners, "new": labels, "stratum": "", "size": sizes, "share": shares})
    return Remade(frame=made, name=name, unit=unit, kind="segmented", mapping=mapping)


def _measured(measured: Frame, unit: str, size: str, known: set[str]) -> dict[str, FloatArray]:
    at = read_strata(measured, ())
    sizes = read_sizes(measured, size, at)
    out: dict[str, list[float]] = {}
    for row, one in enumerate(frames.texts(measured, unit, "unit")):
        if one not in known:
            where = f"measured segments, row {row + 1}"
            raise DesignError(f"There is no unit '{one}'.", where=where, fix=did_you_mean(one, known))
        out.setdefault(str(one), []).append(float(sizes[row]))
    return {one: np.array(parts) for one, parts in out.items()}


# ----------------------------------------------------------------------------------------------------------- columns
def _bound(value: float, name: str) -> float:
    out = checks.number(value, name, "Give a size above zero.", DesignError)
    if out <= 0:
        raise DesignError(f"The {name} is above zero.", found=f"{out:g}", fix="Give a size above zero.")
    return out


def _sizes(frame: Frame, size: str) -> FloatArray:
    """Take the sizes (N,) out; a unit of size zero can be joined, a missing or negative one cannot."""
    column = frames.numbers(frame, size, "size")
    wrong = np.flatnonzero(column.missing | (column.values < 0))
    if len(wrong):
        row = int(wrong[0])
        found = "missing" if column.missing[row] else f"{column.values[row]:g}"
        where = f"column '{size}', row {row + 1}; {len(wrong)} rows"
        raise DesignError("A size is missing or negative.", where=where, found=found, fix="Repair it: repair_sizes.")
    return column.values
