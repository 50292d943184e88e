"""Back-checks: interviews held again by a supervisor, compared item by item with the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.errors import ResponsesError, did_you_mean
from survey_kit.fieldwork.screens import Interviews, Screen, Screened, screened
from survey_kit.fieldwork.screens_answers import beside_mean
from survey_kit.frames import to_pandas
from survey_kit.language import Note
from survey_kit.types import Adjustment, BoolArray, FloatArray, Frame

if TYPE_CHECKING:
    import pandas as pd

BACK_CHECKS = Screen(
    name="back_checks",
    measures="a share of answers that are others when asked again",
    null="the interviews that were held again dealt to interviewers at random; an item beside its own mean",
    needs=("second interviews of some cases",),
    tail="high",
    source="Forsman & Schreiner (1991), in: Measurement Errors in Surveys, chapter 15",
)
FEWEST_AGAIN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BackChecks:
    """First and second interviews beside each other. For the field team only.

    Attributes
    ----------
    items
        A row for each item, the least agreement first: ``item n agreement expected kappa low high inconsistency``.
    interviewers
        A row for each interviewer with a second interview, the least agreement first: ``interviewer interviews answers agreement expected kappa``;
        expected is the agreement of the same items over all.
    screen
        Interviewers judged by how many answers differ; a screen as others.
    n
        How many interviews were held again.
    agreement, kappa
        Of all answers, pooled.
    notes
        What a reader has to know.
    """

    items: pd.DataFrame = field(repr=False)
    interviewers: pd.DataFrame = field(repr=False)
    screen: Screened = field(repr=False)
    n: int
    agreement: float
    kappa: float
    notes: tuple[Note, ...] = ()

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{escape(str(note))}</p>" for note in self.notes)
        return (
            f"<p><b>{self.n:,} interviews held again</b>: {100 * self.agreement:.1f} % of answers are the same, kappa {self.kappa:.2f}. For the field "
            f"team only.</p>{self.items.round(3).to_html(index=False)}{self.interviewers.round(3).to_html(index=False)}{notes}"
        )


def back_checks(
    interviews: Interviews,
    again: Frame,
    items: Sequence[str],
    *,
    tolerance: Mapping[str, float] | None = None,
    interval: float = 0.95,
    level: float = 0.05,
    adjust: Adjustment = "bh",
    least: int = FEWEST_AGAIN,
) -> BackChecks:
    r"""Compare second interviews with the first, item by item and interviewer by interviewer.

    An item's kappa is :math:`1 - (1 - p_o) / (1 - p_e)`, with :math:`p_e` the agreement of first and second answers of different people, as
    frequent as their margins make it (Cohen 1960, Educational and Psychological Measurement 20:37-46); its standard error is that of Fleiss, Cohen &
    Everitt (1969, Psychological Bulletin 72:323-327). ``inconsistency`` is :math:`1 - \kappa`, the index of inconsistency of the U.S. Bureau of the Census.
    An interviewer's kappa pools items: :math:`1 - \sum (1 - p_o) / \sum (1 - p_e)` over the answers compared (De Vries, Elliott, Kanouse & Teleki
    2008, Field Methods 20:272-282). An answer that only one of the two interviews holds is compared with nothing.

    Parameters
    ----------
    interviews
        The interviews, with ``case`` named.
    again
        The second interviews: the column of cases and the items.
    items
        What should not change between two interviews: facts rather than moods.
    tolerance
        By how much two numbers may differ and still be the same, by item.
    interval
        Level of the limits of kappa.
    level, adjust, least
        As in `screened`; interviewers with fewer than `least` interviews held again are not judged.

    Raises
    ------
    ResponsesError
        When cases are not named, no case was held again, one stands twice, or an item is missing or never answered in both.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(3)
    >>> table = pd.DataFrame(rng.integers(1, 4, (400, 4)), columns=list("abcd")).assign(case=np.arange(400), who=np.arange(400) % 20)
    >>> again = table.loc[:199, ["case", *"abcd"]].copy()
    >>> other = rng.random((200, 4)) < np.where(table["who"].to_numpy()[:200, None] == 6, 0.9, 0.1)
    >>> again[list("abcd")] = np.where(other, rng.integers(1, 4, (200, 4)), again[list("abcd")])
    >>> made = back_checks(Interviews(frame=table, interviewer="who", case="case"), again, list("abcd"))
    >>> made.screen.flagged, round(made.agreement, 2), round(made.kappa, 2)
    ([6], 0.91, 0.86)
    """
    import pandas as pd

    checks.level(interval)
    at, second = _matched(interviews, to_pandas(again), items)
    allowed = _allowed(tolerance or {}, items)
    rows = np.flatnonzero(at >= 0)
    same = np.full((interviews.n, len(items)), np.nan)
    chance = np.full(len(items), np.nan)
    told = []
    for place, item in enumerate(items):
        first, then = interviews.frame[item].iloc[rows], second[item].iloc[at[rows]]
        both = first.notna().to_numpy() & then.notna().to_numpy()
        if not both.any():
            fix = "Leave the item out, or look at its codes."
            raise ResponsesError("No answer stands in both interviews.", where=f"item '{item}'", fix=fix)
        one, other = _comparable(first[both], then[both], item, allowed.get(item, 0.0))
        found = agreement(one, other, allowed.get(item, 0.0), interval)
        told.append({"item": item, "n": int(both.sum()), **found, "inconsistency": 1 - found["kappa"]})
        same[rows[both], place] = (np.abs(one - other) <= allowed.get(item, 0.0)).astype(np.float64)
        chance[place] = found["expected"]
    table = pd.DataFrame(told).sort_values("agreement", kind="stable", ignore_index=True)
    free = replace(interviews, within=())
    score = beside_mean(1 - same)
    notes = (Note("screens", "again", {"again": f"{len(rows):,}", "n": f"{interviews.n:,}"}),)
    screen = screened(
        free, BACK_CHECKS, score, level=level, adjust=adjust, least=least, more={"again": at >= 0}, notes=notes
    )
    compared = np.isfinite(same)
    whole = float(same[compared].mean())
    return BackChecks(
        items=table,
        interviewers=_by_interviewer(interviews, same, chance),
        screen=screen,
        n=len(rows),
        agreement=whole,
        kappa=_pooled(compared.sum(axis=0), np.nansum(same, axis=0), chance),
        notes=notes,
    )


def agreement(first: FloatArray, second: FloatArray, allowed: float = 0.0, level: float = 0.95) -> dict[str, float]:
    """Give agreement, that of chance, kappa and its limits of two answers (n,) of the same people.

    Examples
    --------
    >>> one, other = np.repeat([0.0, 0, 1, 1], [20, 5, 10, 15]), np.repeat([0.0, 1, 0, 1], [20, 5, 10, 15])
    >>> {name: round(value, 3) for name, value in agreement(one, other).items()}
    {'agreement': 0.7, 'expected': 0.5, 'kappa': 0.4, 'low': 0.151, 'high': 0.649}
    """
    from scipy import special

    same = np.abs(first - second) <= allowed
    observed, left, right = float(same.mean()), _met(first, second, allowed), _met(second, first, allowed)
    expected = float(left.mean())
    out = {"agreement": observed, "expected": expected, "kappa": np.nan, "low": np.nan, "high": np.nan}
    if 1 - expected > 1e-12:
        kappa = 1 - (1 - observed) / (1 - expected)
        moved = (same - observed) - (1 - kappa) * (left + right - 2 * expected)
        se = float(np.sqrt((moved**2).sum())) / len(same) / (1 - expected)
        half = float(special.ndtri(0.5 + level / 2)) * se
        out |= {"kappa": kappa, "low": max(kappa - half, -1.0), "high": min(kappa + half, 1.0)}
    return out


def _met(values: FloatArray, among: FloatArray, allowed: float) -> FloatArray:
    """Give for each value the share of others that are the same."""
    ordered = np.sort(among)
    slack = allowed + 1e-9
    count = np.searchsorted(ordered, values + slack, side="right") - np.searchsorted(ordered, values - slack)
    out: FloatArray = count / len(among)
    return out


def _pooled(n: Any, same: Any, chance: FloatArray) -> float:
    """Pool kappa over items."""
    by_chance = float((n * (1 - chance)).sum())
    return 1 - float((n - same).sum()) / by_chance if by_chance > 0 else float("nan")


def _by_interviewer(interviews: Interviews, same: FloatArray, chance: FloatArray) -> pd.DataFrame:
    """Give agreement and kappa of each interviewer with a second interview."""
    import pandas as pd

    who, names = interviews.units("interviewer")
    given = np.isfinite(same)
    usual = np.nansum(same, axis=0) / np.maximum(given.sum(axis=0), 1)
    rows = []
    for unit, name in enumerate(names):
        own = who == unit
        n, agreed = given[own].sum(axis=0), np.nansum(same[own], axis=0)
        if n.sum():
            rows.append(
                {
                    "interviewer": name,
                    "interviews": int(given[own].any(axis=1).sum()),
                    "answers": int(n.sum()),
                    "agreement": float(agreed.sum() / n.sum()),
                    "expected": float((n * usual).sum() / n.sum()),
                    "kappa": _pooled(n, agreed, chance),
                }
            )
    return pd.DataFrame(rows).sort_values("agreement", kind="stable", ignore_index=True)


def _matched(interviews: Interviews, again: pd.DataFrame, items: Sequence[str]) -> tuple[Any, pd.DataFrame]:
    """Give the row of each interview's second one (n,), -1 for none."""
    if interviews.case is None:
        raise ResponsesError("Cases are not named.", fix="Write Interviews(case='column', ...).")
    if not items:
        raise ResponsesError("No item is named.", fix="Name items that were asked again.")
    checks.unique(items, "The item", ResponsesError)
    interviews.need(*items)
    known = list(map(str, again.columns))
    for name in (interviews.case, *items):
        if name not in again:
            raise ResponsesError(f"The second interviews have no column '{name}'.", fix=did_you_mean(name, known))
    keys = [str(one) for one in frames.texts(again, interviews.case, "case")]
    place = {key: row for row, key in enumerate(keys)}
    if len(place) < len(keys):
        twice = next(row for row, key in enumerate(keys) if place[key] != row)
        fix = "Keep one second interview of each case."
        raise ResponsesError("A case was held again twice.", where=f"row {twice + 1}", found=keys[twice], fix=fix)
    own = [str(one) for one in frames.texts(interviews.frame, interviews.case, "case")]
    at = np.array([place.get(key, -1) for key in own], dtype=np.int64)
    first = set(own)
    strange = [row for row, key in enumerate(keys) if key not in first]
    if strange:
        more = f", and {len(strange) - 1} more" if len(strange) > 1 else ""
        fix = "Correct the id, or leave the row out."
        where = f"row {strange[0] + 1}{more}"
        raise ResponsesError("A second interview is of no first one.", where=where, found=keys[strange[0]], fix=fix)
    if not keys:
        raise ResponsesError("No interview was held again.", fix="Give at least one.")
    return at, again


def _allowed(tolerance: Mapping[str, float], items: Sequence[str]) -> dict[str, float]:
    for name, value in tolerance.items():
        if name not in items:
            fix = did_you_mean(name, list(items))
            raise ResponsesError(f"A tolerance names '{name}', which is not compared.", fix=fix)
        if not (np.isfinite(value) and value >= 0):
            raise ResponsesError("A tolerance is 0 or more.", where=f"item '{name}'", found=f"{value}", fix="Write 1.")
    return dict(tolerance)


def _comparable(first: pd.Series, second: pd.Series, item: str, allowed: float) -> tuple[FloatArray, FloatArray]:
    """Give both answers as numbers; words by a number for each."""
    import pandas as pd

    whole = pd.concat([first.astype(object), second.astype(object)])
    numbers = pd.to_numeric(whole, errors="coerce")
    lost: BoolArray = numbers.isna().to_numpy()
    if lost.any():
        if allowed > 0:
            raise ResponsesError(
                "A tolerance needs numbers.",
                where=f"item '{item}'",
                found=str(whole[lost].iloc[0]),
                fix="Leave it out.",
            )
        numbers = pd.Series(whole.astype(str).factorize()[0])
    values = numbers.to_numpy(dtype=np.float64)
    return values[: len(first)], values[len(first) :]
