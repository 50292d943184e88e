"""Outcome rates of domains: one row for each level, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from survey_kit import frames
from survey_kit.errors import ResponsesError, did_you_mean
from survey_kit.fieldwork.eligibility import Eligibility
from survey_kit.fieldwork.rates import Outcome, Selection, outcome_rates
from survey_kit.types import Frame

if TYPE_CHECKING:
    import pandas as pd


def outcome_rates_by(
    status: Frame,
    by: str | tuple[str, ...],
    *,
    code: str = "code",
    weight: str | None = None,
    e: float | Eligibility | Literal["proportional", "casro", "one", "own"] = "proportional",
    selection: Selection = "probability",
) -> pd.DataFrame:
    """Compute the outcome rates of every level of a domain.

    Parameters
    ----------
    status
        One row for each issued case, as :meth:`ContactLog.status` gives it.
    by
        The domain's column, or several that are crossed.
    code, weight
        Columns of final dispositions and of base weights.
    e
        As in :func:`outcome_rates`, found once for all levels, so that they can be compared; ``"own"`` finds it in each level as the
        eligible share of its cases with known eligibility.
    selection
        Quota and random-route samples get counts and no rates.

    Returns
    -------
    DataFrame
        The domain, ``cases`` (or their weights), the groups of the Standard Definitions, ``e`` and the rates.

    Raises
    ------
    ResponsesError
        When a column is missing, or a case belongs to no level.

    Examples
    --------
    >>> import pandas as pd
    >>> status = pd.DataFrame({"town": list("aabb"), "code": ["1.1", "2.11", "1.1", "1.1"]})
    >>> outcome_rates_by(status, "town")[["town", "cases", "RR1"]].values.tolist()
    [['a', 2.0, 0.5], ['b', 2.0, 1.0]]
    """
    import pandas as pd

    frame = frames.to_pandas(status)
    names = [by] if isinstance(by, str) else list(by)
    for name in (*names, code, *((weight,) if weight else ())):
        if name not in frame:
            raise ResponsesError(f"The cases have no column '{name}'.", fix=did_you_mean(name, map(str, frame.columns)))
    grouped = frames.group(frame, names, "domain")
    lost = grouped.codes < 0
    if lost.any():
        raise ResponsesError(
            f"A case belongs to no level of {' x '.join(names)}.",
            where=f"row {int(lost.nonzero()[0][0]) + 1}",
            found=f"{int(lost.sum()):,} of {len(frame):,} cases",
            fix="Fill the column from the frame.",
        )

    def rates(rows: pd.DataFrame, share: float | Eligibility | Literal["proportional", "casro", "one"]) -> Outcome:
        weights = None if weight is None else frames.numbers(rows, weight, "weight").values.tolist()
        return outcome_rates(rows[code].tolist(), weight=weights, e=share, selection=selection)

    if e == "own":
        shared: float | Eligibility | Literal["proportional", "casro", "one"] = "proportional"
    elif selection == "probability":
        whole = rates(frame, e)
        shared = Eligibility(share=whole.e, method=whole.e_method)
    else:
        shared = e
    made = []
    for k, level in enumerate(grouped.levels):
        rows = frame[grouped.codes == k]
        if len(rows):
            one = rates(rows, shared)
            counts = {str(group): count for group, count in one.counts.items()}
            made.append(
                {
                    **dict(zip(names, level, strict=True)),
                    "cases": sum(counts.values()),
                    **counts,
                    "e": one.e,
                    **one.rates,
                }
            )
    return pd.DataFrame(made)
