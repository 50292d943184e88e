"""What may be said of a change, and why not more: the words are taken from the interval that is printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, get_args

import numpy as np
from numpy.typing import NDArray

from survey_kit.types import BoolArray, FloatArray, Wording

WORDINGS: Final[tuple[Wording, ...]] = get_args(Wording)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of each change (K,) before words are chosen.

    Attributes
    ----------
    compared
        Whether there is an earlier wave to compare with.
    estimated, estimated_earlier
        Whether either end has an estimate.
    asked
        Whether the question was asked in this wave.
    tested
        Whether the change has a standard error and degrees of freedom.
    comparable, why_not
        Whether the two waves may be compared, and the reason when not.
    withheld, why_withheld
        Whether either end or the change is too unreliable to publish, and the reason.
    outweighed
        Whether the change is smaller than the change of the share without an answer.
    low, high
        The printed interval.
    """

    compared: BoolArray
    asked: BoolArray
    estimated: BoolArray
    estimated_earlier: BoolArray
    tested: BoolArray
    comparable: BoolArray
    why_not: NDArray[np.object_]
    withheld: BoolArray
    why_withheld: NDArray[np.object_]
    outweighed: BoolArray
    low: FloatArray
    high: FloatArray


def words(facts: Facts) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Choose the wording class and the reason of each change.

    The first that holds: not asked or nobody answered (cannot be compared); nothing earlier (first); too unreliable
    (not published); waves that may not be compared, nobody in the earlier wave, no standard error, or a change smaller
    than the change of nonresponse (cannot be compared); the printed interval above 0 (rose), below 0 (fell), or neither.

    Examples
    --------
    >>> yes, no, none = np.array([True]), np.array([False]), np.array([""], dtype=object)
    >>> facts = Facts(compared=yes, asked=yes, estimated=yes, estimated_earlier=yes, tested=yes, comparable=yes,
    ...     why_not=none, withheld=no, why_withheld=none, outweighed=no, low=np.array([0.01]), high=np.array([0.05]))
    >>> words(facts)[0].tolist()
    ['rose']
    """
    rules: list[tuple[BoolArray, Wording, Any]] = [
        (~facts.asked, "cannot_be_compared", "It was not asked in this wave."),
        (~facts.estimated, "cannot_be_compared", "Nobody of this group gave an answer in this wave."),
        (~facts.compared, "first", ""),
        (facts.withheld, "not_published", facts.why_withheld),
        (~facts.comparable, "cannot_be_compared", facts.why_not),
        (~facts.estimated_earlier, "cannot_be_compared", "Nobody of this group gave an answer in the earlier wave."),
        (~facts.tested, "cannot_be_compared", "The change has no standard error."),
        (
            facts.outweighed,
            "cannot_be_compared",
            "The change is smaller than the change of the share without an answer.",
        ),
        (facts.low > 0, "rose", ""),
        (facts.high < 0, "fell", ""),
    ]
    wording = np.full(len(facts.low), "no_significant_change", dtype=object)
    reason = np.full(len(facts.low), "", dtype=object)
    for holds, word, why in reversed(rules):
        wording[holds] = word
        reason[holds] = why[holds] if isinstance(why, np.ndarray) else why
    return wording, reason
