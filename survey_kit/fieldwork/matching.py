"""How alike two interviews are: for each interview the one that shares most of its answers, exactly, over jointly valid answers.

Copied or invented interviews are too much alike. So are honest ones, where many people think alike; no single limit tells them apart (Simmons,
Mercer, Schwarzer & Kennedy 2016, Statistical Journal of the IAOS 32:327-338, on Kuriakose & Robbins 2016). What is shown is therefore how the
likeness of each interview stands in surveys made from the same answers by chance, and how many of an interviewer's or a sampling point's interviews
stand out. It is a reason to look again, and never a verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from survey_kit.errors import ResponsesError, did_you_mean
from survey_kit.frames import to_pandas
from survey_kit.types import FloatArray, Frame, IntArray

if TYPE_CHECKING:
    import pandas as pd

FEWEST_ITEMS = 20
NEIGHBOURS = 10
_BLOCK = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """For each interview (n,): the share of equal answers with its nearest, which interview that is, and how many answers both gave."""

    share: FloatArray
    other: IntArray
    joint: IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """The likeness of interviews beside what chance gives.

    Attributes
    ----------
    interviews
        One row for each interview: its nearest, the share of equal answers, answers both gave, ``p_chance`` (the part of chance surveys' interviews
        that are as much alike), ``stands_out`` (p_chance at or under the level), whether both are of one interviewer or sampling point.
    chance
        The likeness of interviews in the chance surveys, sorted.
    level
        The part of interviews that stand out by chance.
    """

    interviews: pd.DataFrame
    chance: FloatArray
    level: float

    def concentration(self, by: str) -> pd.DataFrame:
        """Count the interviews that stand out by interviewer or sampling point, with the chance of so many (binomial).

        The chance holds each interview for itself; pairs make it rougher, so it orders and does not judge.
        """
        from scipy import stats

        if by not in self.interviews:
            raise ResponsesError(
                f"There is no column '{by}'.", fix=did_you_mean(by, list(map(str, self.interviews.columns)))
            )
        grouped = self.interviews.groupby(by, observed=True)["stands_out"]
        out = grouped.agg(interviews="size", stand_out="sum").reset_index()
        out["stand_out"] = out["stand_out"].astype(int)
        out["expected"] = out["interviews"] * self.level
        out["p_chance"] = stats.binom.sf(out["stand_out"] - 1, out["interviews"], self.level)
        return out.sort_values(["p_chance", by], ignore_index=True)


def likeness(
    answers: Frame,
    items: Sequence[str],
    *,
    interviewer: str | None = None,
    psu: str | None = None,
    strata: str | None = None,
    blocks: Sequence[Sequence[str]] | None = None,
    surveys: int = 5,
    level: float = 0.001,
    least_joint: int = FEWEST_ITEMS,
    rng: np.random.Generator | int,
) -> Likeness:
    """Find the nearest interview of every interview, and how near interviews come by chance.

    A chance survey gives every respondent answers of others of the same stratum who think alike: block by block (the items of a module or grid
    together), among neighbours in the first principal component of all answers. What most people share, and what belongs together in a person,
    stays; what a copy would add is lost.

    Parameters
    ----------
    answers
        One row for each interview.
    items
        The columns of answers, codes of any kind; empty where there is none.
    interviewer, psu
        Columns with the interviewer's pseudonym and the sampling point.
    strata
        Column within which answers are exchanged; the whole survey without it.
    blocks
        Items that are exchanged together; each alone without it.
    surveys
        How many chance surveys.
    level
        The part of interviews that stand out by chance.
    least_joint
        Fewest answers that both gave.
    rng
        Seed or generator of the chance surveys.

    Raises
    ------
    ResponsesError
        When a column is missing, there are too few items or interviews, or a block names an item twice.

    Examples
    --------
    >>> import pandas as pd
    >>> chance = np.random.default_rng(1)
    >>> table = pd.DataFrame(chance.integers(1, 6, (200, 40)), columns=[f"q{k}" for k in range(40)])
    >>> table.loc[199] = table.loc[7]
    >>> made = likeness(table, list(table), level=0.002, rng=2)
    >>> made.interviews.index[made.interviews["stands_out"]].tolist()
    [7, 199]
    """
    import pandas as pd

    frame = to_pandas(answers)
    _check(frame, [*items, *(one for one in (interviewer, psu, strata) if one)], items, blocks)
    codes = encode(frame[list(items)])
    found = nearest(codes, least_joint=least_joint)
    generator = np.random.default_rng(rng)
    place = {name: at for at, name in enumerate(items)}
    parts = [[place[name] for name in block] for block in blocks] if blocks else []
    used = {at for part in parts for at in part}
    parts += [[at] for at in range(len(items)) if at not in used]
    groups = _neighbours(codes, frame[strata].factorize()[0] if strata else np.zeros(len(frame), dtype=np.int64))
    chance = [
        nearest(_exchanged(codes, parts, groups, generator), least_joint=least_joint).share for _ in range(surveys)
    ]
    pool = np.sort(np.concatenate(chance)[np.isfinite(np.concatenate(chance))])
    p = 1 - np.searchsorted(pool, found.share, side="left") / max(len(pool), 1)
    p = np.where(np.isfinite(found.share), p, np.nan)
    table = pd.DataFrame(
        {
            "nearest": np.where(found.other >= 0, found.other, -1),
            "share": found.share,
            "joint": found.joint,
            "p_chance": p,
        }
    )
    table["nearest"] = frame.index.to_numpy()[table["nearest"].to_numpy()]
    table.loc[found.other < 0, "nearest"] = pd.NA
    table["stands_out"] = p <= level
    for column in (interviewer, psu):
        if column:
            table[column] = frame[column].to_numpy()
            values = frame[column].to_numpy()
            table[f"same_{column}"] = (found.other >= 0) & (values == values[np.maximum(found.other, 0)])
    table.index = frame.index
    return Likeness(interviews=table, chance=pool, level=level)


def nearest(codes: NDArray[np.uint8], *, least_joint: int = FEWEST_ITEMS) -> Nearest:
    """Find for each interview the other that shares the largest part of the answers both gave; the earliest of equals.

    Parameters
    ----------
    codes : (n, items)
        Answers as small numbers from 1; 0 where there is none (see :func:`encode`).
    least_joint
        Fewest answers that both gave.

    Notes
    -----
    All pairs are compared. With numba (extra ``fast``) answers are cut into bit planes and 64 items are compared at once; without it, answers
    become indicators and pairs are counted by matrix products.
    """
    compiled = _compiled()
    return compiled(codes, least_joint) if compiled is not None else _products(codes, least_joint)


def encode(answers: pd.DataFrame) -> NDArray[np.uint8]:
    """Give the answers (n, items) as numbers from 1, 0 where there is none.

    Raises
    ------
    ResponsesError
        When an item has more than 255 different answers: numbers and open texts have to be grouped first.
    """
    out = np.zeros(answers.shape, dtype=np.uint8)
    for place, name in enumerate(answers):
        codes, values = answers[name].factorize(use_na_sentinel=True)
        if len(values) > 255:
            raise ResponsesError(
                f"'{name}' has too many different answers to be compared.",
                found=str(len(values)),
                fix="Leave it out, or group it.",
            )
        out[:, place] = codes + 1
    return out


def _products(codes: NDArray[np.uint8], least_joint: int) -> Nearest:
    """Compare all pairs by blocks of matrix products of indicators."""
    n = len(codes)
    valid = (codes > 0).astype(np.float32)
    kinds = [codes == code for code in range(1, int(codes.max(initial=0)) + 1)]
    wide = np.concatenate([kind[:, kind.any(axis=0)] for kind in kinds], axis=1).astype(np.float32) if kinds else valid
    share, other, joint = np.full(n, np.nan), np.full(n, -1, dtype=np.int64), np.zeros(n, dtype=np.int64)
    for start in range(0, n, _BLOCK):
        rows = slice(start, min(start + _BLOCK, n))
        both = valid[rows] @ valid.T
        same = wide[rows] @ wide.T
        ratio = np.where(both >= least_joint, same.astype(np.float64) / np.maximum(both, 1), -1.0)
        at = np.arange(rows.stop - start)
        ratio[at, start + at] = -1.0
        best = ratio.argmax(axis=1)
        top = ratio[at, best]
        found = top >= 0
        share[rows] = np.where(found, top, np.nan)
        other[rows] = np.where(found, best, -1)
        joint[rows] = np.where(found, both[at, best], 0).astype(np.int64)
    return Nearest(share=share, other=other, joint=joint)


def _compiled() -> Any:
    """Give the compiled comparison, or None without numba."""
    try:
        from survey_kit.fieldwork.matching_compiled import nearest_compiled
    except ImportError:
        return None
    return nearest_compiled


def _exchanged(
    codes: NDArray[np.uint8], parts: list[list[int]], groups: IntArray, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Give every respondent answers of others of the group, block by block."""
    out = codes.copy()
    order = np.argsort(groups, kind="stable")
    bounds = np.flatnonzero(np.diff(groups[order])) + 1
    members = np.split(order, bounds)
    for part in parts:
        source = np.arange(len(codes))
        for group in members:
            source[group] = rng.permutation(group)
        out[:, part] = codes[source][:, part]
    return out


def _neighbours(codes: NDArray[np.uint8], strata: IntArray) -> IntArray:
    """Give groups of about `NEIGHBOURS` interviews of a stratum that are next to each other in the first principal component of the answers."""
    given = codes > 0
    values = np.where(given, codes, 0).astype(np.float64)
    count = np.maximum(given.sum(axis=0), 1)
    mean = values.sum(axis=0) / count
    centred = np.where(given, values - mean, 0.0)
    spread = np.sqrt((centred**2).sum(axis=0) / count)
    standard = centred / np.where(spread > 0, spread, 1.0)
    _, vectors = np.linalg.eigh(standard.T @ standard)
    score = standard @ vectors[:, -1]
    out = np.zeros(len(codes), dtype=np.int64)
    number = 0
    for stratum in np.unique(strata):
        inside = np.flatnonzero(strata == stratum)
        ordered = inside[np.argsort(score[inside], kind="stable")]
        for part in np.array_split(ordered, max(len(ordered) // NEIGHBOURS, 1)):
            out[part] = number
            number += 1
    return out


def _check(
    frame: pd.DataFrame, columns: Sequence[str], items: Sequence[str], blocks: Sequence[Sequence[str]] | None
) -> None:
    for name in columns:
        if name not in frame:
            raise ResponsesError(f"There is no column '{name}'.", fix=did_you_mean(name, list(map(str, frame.columns))))
    if len(items) < FEWEST_ITEMS or len(frame) < 2:
        found = f"{len(frame)} interviews, {len(items)} items"
        raise ResponsesError(
            "Too little to compare interviews by.", found=found, fix=f"Take at least {FEWEST_ITEMS} items."
        )
    named = [name for block in blocks or () for name in block]
    strange = [name for name in named if name not in items or named.count(name) > 1]
    if strange:
        raise ResponsesError(f"A block names '{strange[0]}' twice, or it is no item.", fix="Name each item once.")
