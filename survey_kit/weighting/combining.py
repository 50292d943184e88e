"""Samples put together: people who could be reached in several ways, overlapping frames, a panel and its refreshment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.design.calibrate_columns import Columns
from survey_kit.errors import WeightingError, did_you_mean
from survey_kit.types import BoolArray, FloatArray, IntArray
from survey_kit.weighting.starting import refuse
from survey_kit.weighting.step import appended, coded, count, names, span

ONE = 1e-6  # what shares may miss 1 by
APART = 1.5  # sums of weights of samples of one population


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiplicity:
    r"""Divide weights by the number of ways in which a case could come into the sample.

    .. math:: w_i = d_i / m_i

    Parameters
    ----------
    times
        Column that counts them: telephone numbers, listings, or links between the frame and the household. 1 or more.
    where
        Boolean column of the rows whose number is known; others keep their weight.

    Raises
    ------
    WeightingError
        If a count is missing, or below 1.

    Notes
    -----
    Sirken (1970), JASA 65, 257-266. Where a whole household is interviewed once one of its L listed members is drawn, its rows
    carry that member's weight and `times` is L: the generalised weight share method (Lavallee 2007, *Indirect Sampling*,
    section 2.2). A household drawn twice stands twice. The factor does not depend on the sample.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> from survey_kit.weighting import Multiplicity, WeightingPlan
    >>> frame = pd.DataFrame({"w": [6.0, 6.0], "phones": [1, 3]})
    >>> WeightingPlan(steps=(Multiplicity(times="phones"),)).apply(sk.Design(frame, weight="w")).values.tolist()
    [6.0, 2.0]
    """

    kind: ClassVar[str] = "multiplicity"
    times: str
    where: str | None = None

    def apply(self, design: Design) -> Design:
        """Give the design with the step taken."""
        rows = design.inside(self.where)
        column = design.numbers(self.times, "multiplicity")
        refuse(self.times, column.values, column.missing & rows, rows & ~(column.values >= 1), "a count of 1 or more")
        factor = np.where(rows, 1.0 / np.where(rows, column.values, 1.0), 1.0)
        several = int((factor < 1).sum())
        note = f"divided by the ways into the sample ({self.times}): {count(several)} rows had several"
        return appended(design, self.kind, factor, note, asked={"times": self.times}, fixed=factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameOverlap:
    r"""Join samples from overlapping frames, so that who is on several of them counts once.

    .. math:: w_i = d_i \theta_s / \sum_{t \ni i} \theta_t \quad\text{(shares)}, \qquad
              w_i = d_i \pi_{si} / \sum_t \pi_{ti} \quad\text{(probabilities)}

    Parameters
    ----------
    sample
        Column that says from which frame a row was drawn.
    frames
        ``{frame: column}``. With `shares`: boolean columns, whether the case is on the frame. Without: its probability to be
        drawn from the frame, 0 if it is not on it.
    shares
        ``{frame: theta}``, the part each frame's sample has in what is on all of them, fixed beforehand; the optimum is near the
        share of the effective sample sizes (:func:`effective_shares`).

    Raises
    ------
    WeightingError
        If a row is not on the frame it was drawn from (it is named), or a frame is unknown.

    Notes
    -----
    Shares: Hartley (1962), Proceedings of the Social Statistics Section, ASA, 203-206; equal shares give the multiplicity
    estimator of Mecatti (2007), Survey Methodology 33, 151-157. Probabilities, the single-frame estimator: Kalton & Anderson
    (1986), JRSS A 149, 65-82. Both factors are fixed numbers of a row: standard errors follow them exactly. Samples
    of different frames are different strata of the design.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> from survey_kit.weighting import FrameOverlap, WeightingPlan
    >>> frame = pd.DataFrame({"w": [10.0, 10, 20, 20], "from": list("aabb"), "on_a": [True] * 3 + [False]})
    >>> frame["on_b"] = [False, True, True, True]
    >>> step = FrameOverlap(sample="from", frames={"a": "on_a", "b": "on_b"}, shares={"a": 0.4, "b": 0.6})
    >>> WeightingPlan(steps=(step,)).apply(sk.Design(frame, weight="w")).values.tolist()
    [10.0, 4.0, 12.0, 20.0]
    """

    kind: ClassVar[str] = "frame_overlap"
    sample: str
    frames: Mapping[Any, str]
    shares: Mapping[Any, float] | None = None

    def apply(self, design: Design) -> Design:
        """Give the design with the step taken."""
        if not hasattr(self.frames, "items") or len(self.frames) < 2:
            raise WeightingError(
                "Overlapping frames are two or more.",
                found=checks.shown(self.frames),
                fix="Write frames={'landline': 'on_landline', 'mobile': 'on_mobile'}.",
            )
        rows = design.inside()
        listed = tuple(self.frames)
        own = _samples(design, self.sample, listed, rows)
        theta = None if self.shares is None else _shares(self.shares, listed)
        part = np.stack([self._part(design, frame, column, rows) for frame, column in self.frames.items()])
        if theta is not None:
            part = part * theta[:, None]
        mine = part[np.maximum(own, 0), np.arange(design.n)]
        off = rows & ~(mine > 0)
        if off.any():
            row = int(np.flatnonzero(off)[0])
            raise WeightingError(
                "A case was drawn from a frame that it is not on.",
                where=f"row {row + 1}, column '{self.frames[listed[own[row]]]}', frame {listed[own[row]]}",
                found=f"{int(off.sum())} of {int(rows.sum())} rows",
                fix="Correct the columns of the frames, or where the row was drawn.",
            )
        factor = np.divide(mine, part.sum(axis=0), out=np.ones(design.n), where=rows)
        both = int((rows & ((part > 0).sum(axis=0) > 1)).sum())
        how = "by the sum of their probabilities (single frame)"
        if theta is not None:
            how = "by fixed shares " + ", ".join(
                f"{frame} {part:.3g}" for frame, part in zip(listed, theta, strict=True)
            )
        note = f"{count(both)} cases on several of {len(listed)} frames joined {how} ({span(factor[rows])})"
        asked = {"sample": self.sample, "frames": dict(self.frames), "shares": self.shares}
        return appended(design, self.kind, factor, note, asked=asked, fixed=factor)

    def _part(self, design: Design, frame: Any, column: str, rows: BoolArray) -> FloatArray:
        if self.shares is not None:
            return design.flags(column, f"frame {frame}").astype(np.float64)
        found = design.numbers(column, f"probability of frame {frame}")
        wrong = rows & ~((found.values >= 0) & (found.values <= 1))
        refuse(column, found.values, found.missing & rows, wrong, "a probability from 0 to 1")
        return np.where(rows, found.values, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    r"""Join samples that each stand for the whole population, such as a panel and its refreshment, or two waves.

    .. math:: w_i = \lambda_s d_i, \qquad \sum_s \lambda_s = 1, \qquad
              \lambda_s = n^*_s / \sum_t n^*_t, \quad n^*_s = (\sum_s d)^2 / \sum_s d^2

    Parameters
    ----------
    sample
        Column that tells the samples apart.
    shares
        ``{sample: lambda}``, or ``"effective"`` for the shares of the effective sample sizes.
    by
        With ``"effective"``: columns within whose combinations the shares are found.

    Raises
    ------
    WeightingError
        If a sample has no rows, the shares do not add up to 1, or the samples stand for populations of different sizes
        (both sums are printed).

    Notes
    -----
    O'Muircheartaigh & Pedlow (2002), Proceedings of the Survey Research Methods Section, ASA, 2557-2562; Korn & Graubard (1999),
    *Analysis of Health Surveys*, chapter 8; Chu, Brick & Kalton (1999). The shares are held fixed in
    linearisation and in replicates: both samples estimate the same, so that an error in them is of second order. Regression
    composites (MR1, MR2) need the earlier wave's answers of everybody and are not made here; calibrate to the earlier
    wave's estimates (:class:`CalibrateToEstimates`) in their place.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> from survey_kit.weighting import Composite, WeightingPlan
    >>> frame = pd.DataFrame({"w": [20.0, 20, 20, 60], "part": ["panel", "panel", "panel", "new"]})
    >>> made = WeightingPlan(steps=(Composite(sample="part"),)).apply(sk.Design(frame, weight="w"))
    >>> made.values.tolist(), made.log["note"].iloc[-1]
    ([15.0, 15.0, 15.0, 15.0], '2 samples joined by their effective sizes: new 0.25, panel 0.75')
    """

    kind: ClassVar[str] = "composite"
    sample: str
    shares: str | Mapping[Any, float] = "effective"
    by: str | tuple[str, ...] = ()

    def apply(self, design: Design) -> Design:
        """Give the design with the step taken."""
        rows = design.inside()
        by = names(self.by, "by")
        found = effective_shares(design, self.sample)
        listed = tuple(found)
        own = _samples(design, self.sample, listed, rows)
        _same_size(design, listed, own, rows)
        weight = design.layout.weight
        if isinstance(self.shares, str):
            checks.choice(self.shares, "kind of shares", ("effective",), WeightingError)
            cells = coded(design, by, rows, "cell")
            part = _effective(weight, cells, own, len(listed))
            factor = np.where(rows, part[cells.code, own], 1.0)
            said = ", ".join(f"{name} {share:.3g}" for name, share in found.items())
            within = f" within {' x '.join(by)}" if by else ""
            how = f"by their effective sizes{within}: {said}"
        else:
            if by:
                raise WeightingError("Shares that are given hold everywhere.", where="by", fix="Leave out 'by'.")
            theta = _shares(self.shares, listed)
            if abs(theta.sum() - 1) > ONE:
                raise WeightingError("Shares add up to 1.", found=f"{theta.sum():.6g}", fix="Correct them.")
            factor = np.where(rows, theta[own], 1.0)
            how = "by the shares " + ", ".join(f"{name} {part:.3g}" for name, part in zip(listed, theta, strict=True))
        note = f"{len(listed)} samples joined {how}"
        asked = {"sample": self.sample, "shares": self.shares, "by": by}
        return appended(design, self.kind, factor, note, asked=asked, fixed=factor)


def effective_shares(design: Design, sample: str, where: str | None = None) -> dict[Any, float]:
    """Share of each sample in the sum of their effective sizes, ``(sum w)^2 / sum w^2``: for `shares` of a step.

    Parameters
    ----------
    design
        With the weights of each sample.
    sample
        Column that tells the samples apart.
    where
        Boolean column of the rows that count, such as those on both frames.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 1, 1, 2], "part": list("aaab")})
    >>> effective_shares(sk.Design(frame, weight="w"), "part")
    {'a': 0.75, 'b': 0.25}
    """
    rows = design.inside(where)
    grouped = design.groups(sample, "sample")
    lost = rows & (grouped.codes < 0)
    if lost.any():
        raise WeightingError(
            "It is missing which sample a row belongs to.",
            where=f"column '{sample}', first in row {int(np.flatnonzero(lost)[0]) + 1}",
            found=f"{int(lost.sum())} rows",
            fix="Fill the column from the record of the draw.",
        )
    w, code = design.layout.weight[rows], grouped.codes[rows]
    sums, squares = (np.bincount(code, weights=part, minlength=len(grouped.levels)) for part in (w, w**2))
    size = np.divide(sums**2, squares, out=np.zeros_like(sums), where=squares > 0)
    return {level[0]: float(part / size.sum()) for level, part in zip(grouped.levels, size, strict=True) if part > 0}


def _effective(weight: FloatArray, cells: Columns, own: IntArray, samples: int) -> FloatArray:
    """Shares of the effective sizes (cells, samples)."""
    inside = cells.code >= 0
    key = (cells.code * samples + own)[inside]
    w = weight[inside]
    size = cells.size * samples
    sums, squares = (np.bincount(key, weights=part, minlength=size) for part in (w, w**2))
    n = np.divide(sums**2, squares, out=np.zeros(size), where=squares > 0).reshape(-1, samples)
    return np.asarray(n / n.sum(axis=1, keepdims=True))


def _samples(design: Design, column: str, listed: tuple[Any, ...], rows: BoolArray) -> IntArray:
    """Give the number of the sample of each row (n,) in the order listed; -1 outside."""
    grouped = design.groups(column, "sample")
    place = {level: i for i, level in enumerate(listed)}
    there = np.unique(grouped.codes[rows])
    unknown = [k for k in there.tolist() if k < 0 or grouped.levels[k][0] not in place]
    if unknown:
        said = "missing" if unknown[0] < 0 else str(grouped.levels[unknown[0]][0])
        row = int(np.flatnonzero(rows & (grouped.codes == unknown[0]))[0])
        raise WeightingError(
            "A row was drawn from a frame or sample that is not declared.",
            where=f"column '{column}', row {row + 1}",
            found=said,
            fix=did_you_mean(said, [str(level) for level in listed]),
        )
    number = np.array([place.get(level[0], -1) for level in grouped.levels] + [-1], dtype=np.int64)
    return np.where(rows, number[grouped.codes], -1)


def _shares(shares: Mapping[Any, float], listed: tuple[Any, ...]) -> FloatArray:
    if not hasattr(shares, "items") or set(shares) != set(listed):
        raise WeightingError(
            "Each frame or sample has a share.",
            found=checks.shown(shares),
            fix=f"Give one for each of {', '.join(map(str, listed))}.",
        )
    out = np.array([checks.number(shares[name], "share", "Give a number.", WeightingError) for name in listed])
    if not (out > 0).all():
        raise WeightingError("A share is above zero.", found=checks.shown(dict(shares)), fix="Correct it.")
    return out


def _same_size(design: Design, listed: tuple[Any, ...], own: IntArray, rows: BoolArray) -> None:
    waves, L = len(design.waves), len(listed)
    key = (design.layout.wave_of_row * L + own)[rows]
    sums = np.bincount(key, weights=design.layout.weight[rows], minlength=waves * L).reshape(waves, L)
    for total in sums:
        there = total > 0
        if there.sum() > 1 and total[there].max() > APART * total[there].min():
            raise WeightingError(
                "These samples do not stand for one population.",
                where=" and ".join(
                    str(listed[k]) for k in (int(np.argmax(total)), int(np.argmin(np.where(there, total, np.inf))))
                ),
                found=f"weights add up to {total.max():,.6g} and {total[there].min():,.6g}",
                fix="Bring each sample to the size of its population first (PostStratify, Rake).",
            )
