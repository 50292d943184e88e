"""The screen of places: interviews held farther from their sampling point than others are. Positions go no further than the distance."""

from __future__ import annotations

from typing import Any

import numpy as np

from survey_kit import frames
from survey_kit.errors import ResponsesError, did_you_mean
from survey_kit.fieldwork.positions import checked_positions, kilometres
from survey_kit.fieldwork.screens import Interviews, Screen, Screened, screened
from survey_kit.frames import to_pandas
from survey_kit.language import Note
from survey_kit.types import FloatArray, Frame, IntArray

DISTANCE = Screen(
    name="distance",
    measures="a share of interviews far from their sampling point",
    null="the interviews of the same places dealt to interviewers at random",
    needs=("positions", "the sampling point"),
    tail="high",
    source="AAPOR & ASA (2020), task force on falsification in surveys; fence of Tukey (1977), Exploratory Data Analysis, section 2D",
)
FEWEST_POSITIONS = 3
_BLUR = 0.05  # km, as well as a telephone knows where it is


def screen_distance(
    interviews: Interviews, points: Frame | None = None, *, reach: float | None = None, **judged: Any
) -> Screened:
    r"""Look for interviews held far from their sampling point: at an office, at home, in another village.

    Distances are great circles. An interview is far beyond the reach of its point. Where none is given it is the upper fence of all
    distances d, :math:`Q_3 + 1.5 (Q_3 - Q_1)` of :math:`\log(d + 0.05)`, 50 m being what a position is good for (Tukey 1977).

    Parameters
    ----------
    interviews
        With ``psu``, ``latitude`` and ``longitude`` named.
    points
        The sampling points: the psu column, ``latitude``, ``longitude`` of their centre, and ``reach`` in km where they differ. Without them the
        centre is the median position of a point's own interviews, at least three; a point worked elsewhere as a whole is then not seen.
    reach
        How far an interview may be, km; a point's own goes before it.
    **judged
        ``unit level adjust least`` of `screened`.

    Raises
    ------
    ResponsesError
        When columns are not named or missing, a point stands twice or has no position, or no interview is of a point that is given.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> psu = np.arange(300) // 10
    >>> table = pd.DataFrame({"psu": psu, "who": psu // 6 * 2 + np.arange(300) % 2})
    >>> table["lat"], table["lon"] = 43 + 0.1 * psu + 0.003 * rng.standard_normal(300), 76 + 0.003 * rng.standard_normal(300)
    >>> table.loc[(table["who"] == 3) & (np.arange(300) % 3 > 0), "lat"] += 0.5
    >>> held = Interviews(frame=table, interviewer="who", psu="psu", within="psu", latitude="lat", longitude="lon")
    >>> made = screen_distance(held, reach=2)
    >>> made.flagged, "lat" in made.interviews
    ([3], False)
    """
    if interviews.psu is None or interviews.latitude is None or interviews.longitude is None:
        fix = "Write Interviews(psu='column', latitude='column', longitude='column', ...)."
        raise ResponsesError("Sampling point and position are not named.", fix=fix)
    if reach is not None and not (np.isfinite(reach) and reach > 0):
        raise ResponsesError("A reach is above 0 km.", found=f"{reach}", fix="Write reach=2.")
    place = checked_positions(interviews.frame, interviews.latitude, interviews.longitude)
    codes, names = interviews.units("psu")
    own = np.full(len(names), np.nan)
    if points is None:
        centre = _medians(place, codes, len(names))
        notes = [Note("screens", "centres_own")]
    else:
        centre, own = _given(to_pandas(points), interviews.psu, names)
        notes = []
    way = np.where(codes >= 0, kilometres(place, centre[np.maximum(codes, 0)]), np.nan)
    known = np.isfinite(way)
    if not known.any():
        fix = "Name the points as the interviews do, and give positions."
        raise ResponsesError("No interview has a position and a point with one.", fix=fix)
    fence = reach if reach is not None else _fence(way[known])
    limit = np.where(np.isfinite(own), own, fence)[np.maximum(codes, 0)]
    far = known & (way > limit)
    kind = "reach_own" if np.isfinite(own).all() else "reach_given" if reach is not None else "reach_fence"
    notes.append(
        Note("screens", kind, {"km": f"{fence:.2f}", "far": f"{int(far.sum()):,}", "n": f"{int(known.sum()):,}"})
    )
    if not known.all():
        notes.append(Note("screens", "no_position", {"count": f"{int((~known).sum()):,}"}))
    score = np.where(known, far.astype(np.float64), np.nan)
    return screened(interviews, DISTANCE, score, more={"kilometres": way, "far": far}, notes=notes, **judged)


def _medians(place: FloatArray, codes: IntArray, units: int) -> FloatArray:
    """Give the median position of each point's interviews (units, 2); NaN for fewer than three."""
    out = np.full((units, 2), np.nan)
    given = np.isfinite(place).all(axis=1) & (codes >= 0)
    for unit in range(units):
        rows = place[given & (codes == unit)]
        if len(rows) >= FEWEST_POSITIONS:
            out[unit] = np.median(rows, axis=0)
    return out


def _given(points: Any, psu: str, names: list[Any]) -> tuple[FloatArray, FloatArray]:
    """Give centre (units, 2) and reach (units,) of the points by their names, compared as texts."""
    key = psu if psu in points else "psu"
    if key not in points:
        fix = did_you_mean(psu, list(map(str, points.columns)))
        raise ResponsesError(f"The sampling points have no column '{psu}'.", fix=fix)
    place = checked_positions(points, "latitude", "longitude", complete=True)
    texts = frames.texts(points, key, "sampling point")
    row = {str(text): k for k, text in enumerate(texts)}
    if len(row) < len(texts):
        twice = next(k for k, text in enumerate(texts) if row[str(text)] != k)
        raise ResponsesError(
            "A sampling point stands twice.", where=f"row {twice + 1}", found=str(texts[twice]), fix="Keep one row."
        )
    at = [row.get(_text(name), -1) for name in names]
    found = np.array(at) >= 0
    centre = np.where(found[:, None], place[np.maximum(at, 0)], np.nan)
    own = np.full(len(names), np.nan)
    if "reach" in points:
        values = frames.numbers(points, "reach", "reach").values
        bad = np.isfinite(values) & (values <= 0)
        if bad.any():
            where = f"row {int(bad.argmax()) + 1}, column 'reach'"
            raise ResponsesError("A reach is above 0 km.", where=where, fix="Correct it, or leave it blank.")
        own = np.where(found, values[np.maximum(at, 0)], np.nan)
    return centre, own


def _text(name: Any) -> str:
    return str(int(name)) if isinstance(name, float) and name.is_integer() else str(name)


def _fence(way: FloatArray) -> float:
    """Give the distance beyond which one is far from the others."""
    low, high = np.quantile(np.log(way + _BLUR), [0.25, 0.75])
    return float(np.exp(high + 1.5 * (high - low)) - _BLUR)
