"""Frames and figures on old borders, brought to new ones by a crosswalk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from survey_kit import frames
from survey_kit.errors import DesignError, did_you_mean
from survey_kit.instrument.crosswalk import Crosswalk
from survey_kit.types import Code, Frame


def move_regions(
    frame: Frame,
    crosswalk: Crosswalk,
    *,
    region: str,
    place: str | None = None,
    places: Mapping[str, Code] | None = None,
    into: str = "region_new",
) -> Frame:
    """Give every unit the region it lies in today.

    A region that was not divided has one successor. Units of a divided region are told apart by their district, since no share can say
    where a single unit lies.

    Parameters
    ----------
    frame
        One row for each unit; a data frame of any library.
    crosswalk
        From the old codes to the new, as :func:`survey_kit.instrument.find_crosswalk` reads it.
    region
        Column of old codes.
    place, places
        Column that names the district or the like, and the new region of each of them.
    into
        Name of the new column.

    Raises
    ------
    DesignError
        If a code is unknown, or a unit of a divided region has no district, or one that lies elsewhere; with its row.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.instrument.crosswalk import find_crosswalk
    >>> borders = find_crosswalk("instruments/core", "region", "2018", "2022")
    >>> areas = pd.DataFrame({"region": ["KZ-11", "KZ-63", "KZ-63"], "city": ["Kokshetau", "Semey", "Oskemen"]})
    >>> move_regions(areas, borders, region="region", place="city", places={"Semey": "KZ-10", "Oskemen": "KZ-63"})["region_new"].tolist()
    ['KZ-11', 'KZ-10', 'KZ-63']
    """
    became = {str(one.old): one.new for one in crosswalk.codes}
    old = frames.texts(frame, region, "region")
    here = [None] * len(old) if place is None else frames.texts(frame, place, "place")
    known = {str(key): value for key, value in (places or {}).items()}
    out: list[Code] = []
    for row, code in enumerate(old):
        where = f"column '{region}', row {row + 1}"
        if code is None or code not in became:
            fix = "Fill it in." if code is None else did_you_mean(code, became)
            raise DesignError("A unit's region is not in the crosswalk.", where=where, found=str(code), fix=fix)
        new = became[code]
        out.append(new[0] if len(new) == 1 else _told_apart(new, code, here[row], known, where))
    return frames.gathered(frame, {}, {into: out})


def _told_apart(new: tuple[Code, ...], code: str, here: str | None, known: Mapping[str, Code], where: str) -> Code:
    """Give the new region of one unit of a divided one."""
    listed = ", ".join(map(str, new))
    if here is None or here not in known:
        found = "no district" if here is None else f"district '{here}', which 'places' does not name"
        fix = f"Say with place= and places= which of {listed} each district lies in."
        raise DesignError(
            f"The region {code} was divided, and a unit cannot be placed.", where=where, found=found, fix=fix
        )
    if str(known[here]) not in set(map(str, new)):
        found = f"'{here}' in {known[here]}, but {code} became {listed}"
        raise DesignError("A district lies in no part of its old region.", where=where, found=found, fix="Correct one.")
    return known[here]


def move_totals(totals: Frame, crosswalk: Crosswalk, *, region: str, total: str = "total") -> Frame:
    """Bring figures on old borders to new ones, by the crosswalk's shares; the sum stays the same.

    A share of all people is a guess for any part of them (the old, the rural); such figures are for checking coverage, not for weighting.

    Parameters
    ----------
    totals
        One row for each old region; a data frame of any library.
    crosswalk
        With the shares of divided regions.
    region, total
        Columns of the code and of the figure.

    Returns
    -------
    frame
        ``region total shared``: one row per new region; `shared` is true where a share was used.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.instrument.crosswalk import find_crosswalk
    >>> borders = find_crosswalk("instruments/core", "region", "2018", "2022")
    >>> move_totals(pd.DataFrame({"region": ["KZ-63"], "total": [1000.0]}), borders, region="region")["total"].round(2).tolist()
    [544.76, 455.24]
    """
    became = {str(one.old): one for one in crosswalk.codes}
    values = frames.numbers(totals, total, "total")
    sums: dict[Code, float] = {}
    shared: dict[Code, bool] = {}
    for row, code in enumerate(frames.texts(totals, region, "region")):
        where = f"row {row + 1}"
        if code is None or code not in became:
            fix = did_you_mean(code, became)
            raise DesignError("A region is not in the crosswalk.", where=where, found=str(code), fix=fix)
        if values.missing[row]:
            raise DesignError(
                "A region has no figure.", where=f"{where}, column '{total}'", found=code, fix="Fill it in."
            )
        one = became[code]
        if len(one.new) > 1 and not one.shares:
            fix = f"Add 'shares' for {code} to '{crosswalk.id}'."
            raise DesignError(f"The crosswalk has no shares for the divided region {code}.", where=where, fix=fix)
        for new, share in zip(one.new, one.shares or (1.0,), strict=True):
            scaled = share / sum(one.shares or (1.0,))
            sums[new] = sums.get(new, 0.0) + float(values.values[row]) * scaled
            shared[new] = shared.get(new, False) or len(one.new) > 1
    columns: dict[str, Any] = {region: list(sums), total: list(sums.values()), "shared": list(shared.values())}
    return frames.from_columns(columns, like=totals)
