r"""Coordination of samples over time: permanent random numbers, overlap, panels that are refreshed, rotation groups.

Every unit keeps a number u in [0, 1) for good. A sample that takes the units from `start` upwards is the same sample again as long as
frame and probabilities stay (Ohlsson 1995, in Cox et al., Business Survey Methods, ch. 9; Brewer, Early & Joyce 1972). For one unit with
probabilities pi and pi' in two Poisson samples,

.. math:: \max(0, \pi + \pi' - 1) \le P(\text{in both}) \le \min(\pi, \pi')

where the upper end is reached with the same start and the lower with ``reverse=True`` in one of them. Moving the start by
:math:`(1 - c) \pi` keeps the share c of the sample.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from survey_kit import checks, frames
from survey_kit.errors import DesignError
from survey_kit.sampling.draw import Draw
from survey_kit.types import FloatArray, Frame, IntArray


def permanent_numbers(frame: Frame, unit: str, *, seed: int, column: str = "prn") -> Frame:
    """Give the frame with a permanent random number in [0, 1) for each unit.

    The number is made from the seed and the unit's id (BLAKE2b, 53 bits), so a unit has the same number in every frame and in any
    order, new units get theirs without a register, and numbers of units that left never come back to others.

    Parameters
    ----------
    frame
        One row for each unit.
    unit
        Column of ids that stay for good.
    seed
        A whole number; another one gives independent numbers, for surveys that are not to be coordinated.
    column
        Name of the new column.

    Raises
    ------
    DesignError
        If an id is missing or stands twice.

    Examples
    --------
    >>> import pandas as pd
    >>> old = permanent_numbers(pd.DataFrame({"id": ["a", "b"]}), "id", seed=1)
    >>> new = permanent_numbers(pd.DataFrame({"id": ["c", "b", "a"]}), "id", seed=1)
    >>> bool(new["prn"].iloc[2] == old["prn"].iloc[0])
    True
    """
    checks.instance(seed, (int, np.integer), "The seed is a whole number.", "Write seed=1.", DesignError)
    key = hashlib.sha256(str(int(seed)).encode()).digest()
    ids = _ids(frame, unit)
    raw = b"".join(hashlib.blake2b(one.encode(), digest_size=8, key=key).digest() for one in ids)
    return frames.with_column(frame, column, (np.frombuffer(raw, dtype="<u8") >> 11) * 2.0**-53)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """What two samples share.

    Attributes
    ----------
    common
        Units in both samples.
    first, second
        Units in each.
    share
        Common units as a share of the second sample.
    least, most
        The least and the most units that two samples with these probabilities can share on average.
    survivors
        Units that stand in both frames.
    """

    common: int
    first: int
    second: int
    share: float
    least: float
    most: float
    survivors: int


def overlap(first: Draw, second: Draw, unit: str | None = None) -> Overlap:
    """Count the units that two samples share, beside the least and the most they can share on average.

    Parameters
    ----------
    first, second
        Two samples, of the same or of different frames.
    unit
        Column of ids in both frames; by default the one given to ``select``.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.sampling.select import SRS, select
    >>> towns = permanent_numbers(pd.DataFrame({"town": range(50)}), "town", seed=3)
    >>> declared = {"method": SRS, "numbers": "prn", "unit": "town"}
    >>> one, same = select(towns, 10, rng=1, **declared), select(towns, 12, rng=2, **declared)
    >>> other = select(towns, 10, rng=3, reverse=True, **declared)
    >>> overlap(one, same).common, overlap(one, other).common
    (10, 0)
    """
    here, there = _matched(first, second, unit)
    pi, later = first.pi[here], second.pi[there]
    drawn = np.zeros(len(first.pi), dtype=bool), np.zeros(len(second.pi), dtype=bool)
    drawn[0][first.rows], drawn[1][second.rows] = True, True
    common = int((drawn[0][here] & drawn[1][there]).sum())
    count = int(drawn[1].sum())
    return Overlap(
        common=common,
        first=int(drawn[0].sum()),
        second=count,
        share=common / count if count else float("nan"),
        least=float(np.maximum(0.0, pi + later - 1).sum()),
        most=float(np.minimum(pi, later).sum()),
        survivors=len(here),
    )


def refresh(draw: Draw, frame: Frame, *, keep: float, unit: str | None = None, column: str = "start") -> Frame:
    r"""Give the next frame with the start of each unit, so that a share of the sample is kept and the rest replaced.

    Each unit's start moves by :math:`(1 - keep) \pi`; units that are new start at 0. Then ``select(..., numbers=..., start=column)`` draws
    the refreshed panel: with a fixed start for every unit the numbers counted from it are independent and uniform again, so its
    probabilities are those of the method, whatever was born, died or moved to another stratum. Where probabilities stay and the
    circle is not used up, the expected overlap is `keep` of the surviving sample: exactly for Poisson sampling, nearly where the sample
    size is fixed.

    Parameters
    ----------
    draw
        The last sample, drawn with permanent numbers.
    frame
        The next frame, with the same ids and the same permanent numbers.
    keep
        Share of the sample that stays, from 0 to 1.
    unit
        Column of ids in both frames; by default the one given to ``select``.
    column
        Name of the new column of starts, which no frame has yet.

    Raises
    ------
    DesignError
        If the last sample was drawn without permanent numbers, or downwards.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.sampling.select import SRS, select
    >>> towns = permanent_numbers(pd.DataFrame({"town": range(400)}), "town", seed=3)
    >>> first = select(towns, 40, method=SRS, numbers="prn", unit="town", rng=1)
    >>> later = refresh(first, towns, keep=0.75)
    >>> second = select(later, 40, method=SRS, numbers="prn", start="start", unit="town", rng=1)
    >>> 0.6 < overlap(first, second).share < 0.9
    True
    """
    share = checks.number(keep, "keep", "Give a share from 0 to 1.", DesignError)
    if not 0 <= share <= 1:
        raise DesignError("The share that is kept lies between 0 and 1.", found=f"{share:g}", fix="Write keep=0.75.")
    if draw.record.numbers is None or draw.record.reverse:
        raise DesignError(
            "Only a sample drawn upwards with permanent random numbers can be refreshed.",
            found=f"numbers={draw.record.numbers!r}, reverse={draw.record.reverse}",
            fix="Draw it with numbers='...', made by permanent_numbers.",
        )
    name = unit or draw.record.unit
    here, there = _rows_of(draw.source, frame, name)
    start = draw.record.start
    before: FloatArray = (
        frames.numbers(draw.source, start, "start").values if isinstance(start, str) else np.full(len(draw.pi), start)
    )
    out = np.zeros(frames.row_count(frame))
    out[there] = np.mod(before + (1 - share) * draw.prepared.target, 1.0)[here]
    return frames.with_column(frame, column, out)


# ---------------------------------------------------------------------------------------------------------- rotation
@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """A scheme of rotating panels: one enters at every wave and is interviewed as the pattern says.

    Attributes
    ----------
    pattern
        For the waves of a panel's life, from its first: whether it is interviewed. ``(1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1)`` is
        4-8-4.

    Raises
    ------
    DesignError
        If the pattern does not begin and end with 1.

    Examples
    --------
    >>> scheme = Rotation(pattern=(1, 1, 0, 1))
    >>> scheme.panels(10), scheme.overlap(1), scheme.groups
    ((7, 9, 10), 0.3333333333333333, 3)
    """

    pattern: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.pattern or {self.pattern[0], self.pattern[-1]} != {1} or not set(self.pattern) <= {0, 1}:
            raise DesignError(
                "A rotation pattern is of ones and zeros, and begins and ends with a one.",
                found=str(self.pattern),
                fix="Write pattern=(1, 1, 0, 1), for example.",
            )

    @property
    def groups(self) -> int:
        """Count the panels of one wave."""
        return sum(self.pattern)

    def panels(self, wave: int) -> tuple[int, ...]:
        """List the panels interviewed in a wave, by the wave they entered."""
        life = len(self.pattern)
        return tuple(wave - age for age in range(life - 1, -1, -1) if self.pattern[age])

    def overlap(self, lag: int) -> float:
        """Give the share of a wave's panels that were interviewed `lag` waves before."""
        shared = sum(a * b for a, b in zip(self.pattern, self.pattern[abs(lag) :], strict=False))
        return shared / self.groups


def rotation_groups(draw: Draw, groups: int | Sequence[int], *, rng: int | np.random.Generator) -> IntArray:
    """Spread the rows drawn over rotation groups at random, evenly within each stratum.

    Sizes of groups differ by one at most in a stratum; which groups get the odd ones goes on from stratum to stratum, so they differ by
    one at most in all. Certainty units are spread as the others, since each panel has to carry some.

    Parameters
    ----------
    draw
        A sample.
    groups
        How many groups, or their names, such as ``Rotation.panels``.
    rng
        A seed or a generator.

    Returns
    -------
    (n,)
        The group of each row, in the order of ``Draw.frame``.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.sampling.select import SRS, select
    >>> draw = select(pd.DataFrame({"town": range(50)}), 10, method=SRS, rng=1)
    >>> np.bincount(rotation_groups(draw, 4, rng=2)).tolist()
    [3, 3, 2, 2]
    """
    names = np.arange(groups) if isinstance(groups, (int, np.integer)) else np.asarray(groups, dtype=np.int64)
    if not len(names):
        raise DesignError("There are no rotation groups.", fix="Give at least one.")
    luck = np.random.default_rng(rng)
    shuffled = luck.permutation(draw.n)
    order = shuffled[np.argsort(draw.stratum[draw.rows][shuffled], kind="stable")]
    out = np.empty(draw.n, dtype=np.int64)
    dealt = np.arange(draw.n)
    out[order] = names[dealt % len(names)]
    return out


# --------------------------------------------------------------------------------------------------------------- ids
def _ids(frame: Frame, unit: str) -> list[str]:
    found = frames.texts(frame, unit, "unit")
    if None in found:
        where = f"column '{unit}', row {found.index(None) + 1}"
        raise DesignError("A unit has no id.", where=where, fix="Give every unit one.")
    ids = [one for one in found if one is not None]
    if len(set(ids)) < len(ids):
        often = Counter(ids)
        rows = [i for i, one in enumerate(ids) if often[one] > 1]
        where = f"column '{unit}', row {rows[0] + 1}; {len(rows)} rows"
        raise DesignError("A unit stands twice.", where=where, found=ids[rows[0]], fix="Keep one row of each.")
    return ids


def _rows_of(one: Frame, other: Frame, unit: str | None) -> tuple[IntArray, IntArray]:
    """Give the rows of the units that stand in both frames."""
    if unit is None:
        raise DesignError("Units of two frames are matched by their ids.", fix="Name the column: unit='...'.")
    place = {key: i for i, key in enumerate(_ids(one, unit))}
    pairs = [(place[key], j) for j, key in enumerate(_ids(other, unit)) if key in place]
    found = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _matched(first: Draw, second: Draw, unit: str | None) -> tuple[IntArray, IntArray]:
    return _rows_of(first.source, second.source, unit or first.record.unit or second.record.unit)
