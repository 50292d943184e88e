"""A user's outlines of regions: GeoJSON in longitude and latitude to rings in inches, no finer than a line is drawn.

Longitudes are shortened by the cosine of the middle latitude, which keeps shapes at a country's size; points that lie nearer to the line
between their neighbours than a hair are left out (Douglas and Peucker 1973), so that a page stays light.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from survey_kit import files
from survey_kit.errors import ReportError, did_you_mean
from survey_kit.report.drawing import WIDTH

LARGEST: Final = 50_000_000  # bytes
HAIR: Final = 0.004  # inches
EDGE: Final = 0.1
Points = list[tuple[float, float]]


def read_outlines(path: Path, key: str, codes: Sequence[str]) -> dict[str, list[Points]]:
    """Read the outlines of regions.

    Parameters
    ----------
    path
        A GeoJSON file: a FeatureCollection of Polygons and MultiPolygons in longitude and latitude.
    key
        The property of a feature that holds the region's code.
    codes
        The regions that must be there.

    Returns
    -------
    dict
        Of each region, its rings as points in inches from the upper left corner.

    Raises
    ------
    ReportError
        If the file is no such GeoJSON, or lacks a region.
    """
    where = files.existing(path, "file of outlines", ReportError)
    if where.stat().st_size > LARGEST:
        raise ReportError("The file of outlines is too large.", where=str(path), fix="Simplify it below 50 MB.")
    try:
        value = json.loads(where.read_text(encoding="utf-8"))
        features: list[Any] = value["features"]
        found = {str(one["properties"].get(key)): _rings(one["geometry"]) for one in features}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        fix = "Give a FeatureCollection of Polygons and MultiPolygons."
        raise ReportError("This is no GeoJSON of outlines.", where=str(path), fix=fix) from None
    for code in codes:
        if code not in found:
            fix = f"{did_you_mean(code, found)} 'regions: {{key: ...}}' names the property with the codes."
            raise ReportError(f"The outlines lack the region '{code}'.", where=str(path), fix=fix)
    return _projected({code: found[code] for code in codes}, path)


def _rings(geometry: Mapping[str, Any]) -> list[Points]:
    parts = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        parts = [parts]
    elif geometry["type"] != "MultiPolygon":
        raise ValueError(geometry["type"])
    return [[(float(point[0]), float(point[1])) for point in ring] for part in parts for ring in part]


def _projected(found: Mapping[str, Sequence[Points]], path: Path) -> dict[str, list[Points]]:
    points = [point for rings in found.values() for ring in rings for point in ring]
    inside = all(-180 <= x <= 180 and -90 <= y <= 90 for x, y in points)
    if not points or not inside:
        raise ReportError("Outlines stand in longitude and latitude.", where=str(path), fix="Save them as EPSG:4326.")
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    narrow = math.cos(math.radians((south + north) / 2))
    scale = (WIDTH - 2 * EDGE) / max((east - west) * narrow, 1e-9)
    if (north - south) * scale > WIDTH * 1.2:
        scale = WIDTH * 1.2 / (north - south)

    def placed(ring: Points) -> Points:
        whole = [(EDGE + (x - west) * narrow * scale, (north - y) * scale + 0.02) for x, y in ring]
        return [(round(x, 3), round(y, 3)) for x, y in simplified(whole, HAIR)]

    return {code: [placed(ring) for ring in rings if len(ring) > 3] for code, rings in found.items()}


def simplified(points: Points, least: float) -> Points:
    """Leave out the points that lie nearer than `least` to the line that remains (Douglas and Peucker 1973).

    Examples
    --------
    >>> simplified([(0, 0), (1, 0.001), (2, 0), (2, 2)], 0.01)
    [(0, 0), (2, 0), (2, 2)]
    """
    kept = {0, len(points) - 1}
    waiting = [(0, len(points) - 1)]
    while waiting:
        first, last = waiting.pop()
        (x0, y0), (x1, y1) = points[first], points[last]
        length = math.hypot(x1 - x0, y1 - y0)
        far, place = least, -1
        for i in range(first + 1, last):
            x, y = points[i]
            away = abs((x1 - x0) * (y0 - y) - (x0 - x) * (y1 - y0)) / length if length else math.hypot(x - x0, y - y0)
            if away > far:
                far, place = away, i
        if place >= 0:
            kept.add(place)
            waiting += [(first, place), (place, last)]
    return [points[i] for i in sorted(kept)]
