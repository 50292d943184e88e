"""Which units of two waves are the same: told by the respondents they share."""

from __future__ import annotations

import numpy as np

from survey_kit.design.layout import joint
from survey_kit.errors import DesignError
from survey_kit.types import IntArray


def same_units(unit_of_row: IntArray, case: IntArray, wave: IntArray) -> IntArray:
    """Give every unit (P,) an identity: that of the first unit, over all waves, it shares a case with.

    Raises
    ------
    DesignError
        If a case stands in two units of one wave, or one unit shares cases with two units of another wave.
    """
    links, row = joint(case, unit_of_row)
    unit, person, when = unit_of_row[row], case[row], wave[row]
    if len(joint(person, when)[1]) < len(links[row]):
        raise DesignError("A case stands in two units of one wave.", fix="Correct the case ids.")
    identity = np.arange(int(unit_of_row.max()) + 1, dtype=np.int64)
    wave_of_unit = np.zeros_like(identity)
    wave_of_unit[unit] = when
    order = np.lexsort((when, person))
    first_of_person: dict[int, int] = {}
    for k in order.tolist():
        root = first_of_person.setdefault(int(person[k]), int(identity[unit[k]]))
        known = int(identity[unit[k]])
        if known == root:
            continue
        if known != unit[k]:
            raise DesignError(
                "A unit shares cases with two units of another wave.",
                fix="Declare overlap='psu' with stable unit ids, or correct the case ids.",
            )
        identity[unit[k]] = root
    pairs = joint(identity, wave_of_unit)[1]
    if len(pairs) < len(identity):
        raise DesignError(
            "Two units of one wave share cases with one unit of another wave.",
            fix="Declare overlap='psu' with stable unit ids, or correct the case ids.",
        )
    return identity
