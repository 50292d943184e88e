"""Positions of interviews: how far apart they are, and how they are moved before anything about places is handed on.

Positions stay with the field team. What leaves it is dropped or displaced: a sampling point moves as a whole, by a random way in a random
direction, up to 2 km in towns and 5 km in the country, where one point in a hundred moves up to 10 km (Burgert, Colston, Roy & Zachary 2013, DHS
Spatial Analysis Reports 7).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from survey_kit.errors import ResponsesError, did_you_mean
from survey_kit.frames import from_columns, to_pandas
from survey_kit.types import BoolArray, FloatArray, Frame, IntArray

if TYPE_CHECKING:
    import pandas as pd

EARTH = 6371.0088  # km, mean radius (IUGG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Displacement:
    """How far sampling points are moved, in km.

    Attributes
    ----------
    urban, rural
        The longest way.
    far, far_share
        The longest way of a random share of rural points.
    tries
        How often a point that leaves its area is moved anew.
    """

    urban: float = 2.0
    rural: float = 5.0
    far: float = 10.0
    far_share: float = 0.01
    tries: int = 200


def displace(
    points: Frame,
    *,
    latitude: str,
    longitude: str,
    urban: str,
    rng: np.random.Generator | int,
    cluster: str | None = None,
    inside: Callable[[IntArray, FloatArray], BoolArray] | None = None,
    rule: Displacement | None = None,
) -> Frame:
    """Move positions so that nobody is found by them.

    The way is uniform from 0 to its longest, the direction uniform. All rows of a sampling point move together; how far each moved is not told,
    and the seed has to be kept as secret as the positions. What comes back is the position of the sampling point (the mean of its rows), moved.

    Parameters
    ----------
    points
        Rows with positions.
    latitude, longitude
        Columns in degrees.
    urban
        Column that is true in towns.
    rng
        Seed or generator.
    cluster
        Column of the sampling point; each row on its own without it.
    inside
        Given places of points (k,) and positions (k, 2), says which may stand: those still in the point's district. Points that leave it are moved anew.
    rule
        How far.

    Returns
    -------
    frame
        One row for each sampling point, in order: ``cluster`` (or ``row``), ``latitude``, ``longitude``; of the caller's library.

    Raises
    ------
    ResponsesError
        When a position is missing or impossible, a sampling point is urban and rural, or a point finds no place inside its area.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"psu": [1, 1, 2], "lat": [43.2, 43.2, 51.1], "lon": [76.9, 76.9, 71.4], "town": [True, True, False]})
    >>> moved = displace(table, latitude="lat", longitude="lon", urban="town", cluster="psu", rng=5)
    >>> way = kilometres(moved[["latitude", "longitude"]].to_numpy(), np.array([[43.2, 76.9], [51.1, 71.4]]))
    >>> moved["psu"].tolist(), bool(way[0] <= 2), bool(way[1] <= 10)
    ([1, 2], True, True)
    """
    how = rule or Displacement()
    frame = to_pandas(points)
    for name in (urban, *((cluster,) if cluster else ())):
        _need(frame, name)
    place = checked_positions(frame, latitude, longitude, complete=True)
    town = frame[urban].to_numpy(dtype=bool)
    codes, names = frame[cluster].factorize(sort=True) if cluster else (np.arange(len(frame)), range(len(frame)))
    codes = np.asarray(codes, dtype=np.int64)
    if (codes < 0).any():
        where = f"row {int((codes < 0).argmax()) + 1}, column '{cluster}'"
        raise ResponsesError("A row has no sampling point.", where=where, fix="Complete the column.")
    count = np.bincount(codes)
    towns = np.bincount(codes, weights=town) / count
    mixed = np.flatnonzero((towns > 0) & (towns < 1))
    if len(mixed):
        fix = "Give each sampling point one settlement."
        raise ResponsesError("A sampling point is urban and rural.", where=f"'{names[int(mixed[0])]}'", fix=fix)
    centre = np.stack([np.bincount(codes, weights=part) / count for part in place.T], axis=1)
    moved = _moved(centre, towns > 0, np.random.default_rng(rng), how, inside)
    made = {cluster or "row": list(names), "latitude": moved[:, 0], "longitude": moved[:, 1]}
    out: Frame = from_columns(made, like=points)
    return out


def _moved(
    centre: FloatArray,
    town: BoolArray,
    rng: np.random.Generator,
    how: Displacement,
    inside: Callable[[IntArray, FloatArray], BoolArray] | None,
) -> FloatArray:
    """Move points until each is inside its area."""
    far = ~town & (rng.random(len(centre)) < how.far_share)
    longest = np.where(town, how.urban, np.where(far, how.far, how.rural))
    out = centre.copy()
    left = np.arange(len(centre))
    for _ in range(how.tries):
        angle = rng.uniform(0, 2 * np.pi, len(left))
        out[left] = destination(centre[left], longest[left] * rng.random(len(left)), angle)
        if inside is None:
            return out
        left = left[~np.asarray(inside(left, out[left]), dtype=bool)]
        if not len(left):
            return out
    raise ResponsesError(
        "A sampling point finds no place inside its area.",
        where=f"point {int(left[0]) + 1} in order",
        fix="Check that its position lies in the area, or drop its position.",
    )


def destination(start: FloatArray, way: FloatArray, angle: FloatArray) -> FloatArray:
    """Give where one arrives from positions (n, 2) in degrees after a way (n,) in km at an angle (n,) from north, on a sphere.

    Examples
    --------
    >>> destination(np.array([[0.0, 0.0]]), np.array([111.195]), np.array([0.0])).round(3).tolist()
    [[1.0, 0.0]]
    """
    phi, lam = np.radians(start).T
    d = way / EARTH
    up = np.arcsin(np.clip(np.sin(phi) * np.cos(d) + np.cos(phi) * np.sin(d) * np.cos(angle), -1, 1))
    right = lam + np.arctan2(np.sin(angle) * np.sin(d) * np.cos(phi), np.cos(d) - np.sin(phi) * np.sin(up))
    return np.stack([np.degrees(up), (np.degrees(right) + 540) % 360 - 180], axis=1)


def kilometres(one: FloatArray, other: FloatArray) -> FloatArray:
    """Give the great-circle distance of positions (n, 2) in degrees (haversine; Sinnott 1984, Sky and Telescope 68:159).

    Examples
    --------
    >>> kilometres(np.array([[43.25, 76.92]]), np.array([[51.13, 71.43]])).round(0).tolist()  # Almaty to Astana
    [969.0]
    """
    (phi, lam), (psi, mu) = np.radians(one).T, np.radians(other).T
    h = np.sin((psi - phi) / 2) ** 2 + np.cos(phi) * np.cos(psi) * np.sin((mu - lam) / 2) ** 2
    way: FloatArray = 2 * EARTH * np.arcsin(np.sqrt(np.clip(h, 0, 1)))
    return way


def checked_positions(frame: pd.DataFrame, latitude: str, longitude: str, *, complete: bool = False) -> FloatArray:
    """Give positions (n, 2) in degrees, NaN for none.

    Raises
    ------
    ResponsesError
        When a column is missing, or a row has a position outside the earth, or (`complete`) none.
    """
    for name in (latitude, longitude):
        _need(frame, name)
    place: FloatArray = frame[[latitude, longitude]].to_numpy(dtype=np.float64, na_value=np.nan)
    odd = (np.abs(place) > np.array([90.0, 180.0])).any(axis=1)
    if complete:
        odd |= ~np.isfinite(place).all(axis=1)
    if odd.any():
        where = (
            f"row {int(odd.argmax()) + 1}, and {int(odd.sum()) - 1} more"
            if odd.sum() > 1
            else f"row {int(odd.argmax()) + 1}"
        )
        fix = "Give latitude from -90 to 90 and longitude from -180 to 180 degrees; leave out rows without a position."
        raise ResponsesError("A position is missing or impossible.", where=where, fix=fix)
    return place


def _need(frame: pd.DataFrame, name: str) -> None:
    if name not in frame:
        known = list(map(str, frame.columns))
        raise ResponsesError(f"There is no column '{name}'.", fix=did_you_mean(name, known))
