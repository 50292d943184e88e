"""How many answers are missing, and why: the rows of the quality page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from survey_kit.frames import numbers
from survey_kit.responses.responses import Responses
from survey_kit.types import MISSING_KINDS, FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

NOT_ASKED = MISSING_KINDS.index("not_asked")


def missing_summary(responses: Responses, weight: str | None = None) -> pd.DataFrame:
    """Count the answers and the reasons of the missing ones, by wave and item.

    Parameters
    ----------
    responses
        Answers.
    weight
        A column of weights, for a weighted share beside the plain one.

    Returns
    -------
    pandas.DataFrame
        Columns ``wave item reason count share [weighted_share]``; ``reason`` is ``answered`` or a kind of missing
        answer; shares are of those asked, and null for ``not_asked``.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.instrument import Instrument, Item, Module, Scale
    >>> from survey_kit.responses import take
    >>> item = Item(id="q1", text={"en": "Trust?"}, scale=Scale(codes=(1, 2)), missing={9: "refused"})
    >>> form = Instrument(id="tiny", version="1.0", modules=(Module(id="m", items=(item,)),))
    >>> answers = take(pd.DataFrame({"q1": [1, 2, 2, 9]}), instruments={"": form})
    >>> missing_summary(answers)[["item", "reason", "count", "share"]].values.tolist()
    [['q1', 'answered', 3, 0.75], ['q1', 'refused', 1, 0.25]]
    """
    import pandas as pd

    waves = responses.waves or ("",)
    place = responses.wave_codes()
    weights = numbers(responses.frame, weight, "weight").values if weight else None
    parts = []
    for item in responses.missing:
        state = responses.missing[item].cat.codes.to_numpy().astype(np.int64) + 1
        parts.append(_one(str(item), waves, place, state, weights))
    out = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    order = {wave: number for number, wave in enumerate(waves)}
    return out.sort_values("wave", kind="stable", key=lambda column: column.map(order), ignore_index=True)


def _one(
    item: str, waves: tuple[str, ...], place: IntArray, state: IntArray, weights: FloatArray | None
) -> pd.DataFrame:
    import pandas as pd

    names = np.array(["answered", *MISSING_KINDS], dtype=object)
    cells, size = place * len(names) + state, (len(waves), len(names))
    count = np.bincount(cells, minlength=size[0] * size[1]).reshape(size)
    row, column = np.nonzero(count)
    out = {
        "wave": np.array(waves, dtype=object)[row],
        "item": item,
        "reason": names[column],
        "count": count[row, column],
        "share": _shares(count)[row, column],
    }
    if weights is not None:
        total = np.bincount(cells, weights=weights, minlength=size[0] * size[1]).reshape(size)
        out["weighted_share"] = _shares(total)[row, column]
    return pd.DataFrame(out)


def _shares(total: NDArray[Any]) -> FloatArray:
    asked = total.sum(axis=1) - total[:, NOT_ASKED + 1]
    out = np.full(total.shape, np.nan)
    share: FloatArray = np.divide(total, asked[:, None], out=out, where=asked[:, None] > 0)
    share[:, NOT_ASKED + 1] = np.nan
    return share
