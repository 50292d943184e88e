"""From the attempts of a case to what finally became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from survey_kit.fieldwork.dispositions import CODES, RANK

if TYPE_CHECKING:
    import pandas as pd

SPOKEN = ("I", "P", "R", "O")  # somebody was reached
_REACHED = frozenset({code for code, one in CODES.items() if one.group in SPOKEN} | {"2.25", "3.21", "4.7", "4.8"})


def reached(code: pd.Series[str]) -> pd.Series[bool]:
    """Tell at which attempts somebody was spoken to.

    Interviews, refusals and other eligible outcomes, and those that only people can tell: the respondent is away (2.25), no
    screener was completed (3.21), nobody eligible lives here (4.7, 4.8).

    Examples
    --------
    >>> import pandas as pd
    >>> reached(pd.Series(["2.24", "2.11", "2.25", "4.61"])).tolist()
    [False, True, True, False]
    """
    return code.isin(_REACHED)


def settled(contacts: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    """Settle every issued case: see `ContactLog.status`. `contacts` are in the order of the cases and their attempts."""
    rank = contacts["group"].map(dict(RANK)).to_numpy(dtype=np.int64)
    numbered = contacts.assign(rank=rank, place=np.arange(len(contacts)), reached=reached(contacts["code"]))
    # of the attempts with the lowest rank the last decides
    deciding = numbered.sort_values(["case", "rank", "place"], ascending=[True, True, False], kind="stable")
    final = deciding.drop_duplicates("case").set_index("case")
    grouped = numbered.groupby("case", sort=False)
    counted = grouped.agg(
        attempts=("place", "size"), contacts=("reached", "sum"), first=("start", "min"), last=("start", "max")
    )
    order = cases["case"].to_numpy()
    one, many = final.reindex(order), counted.reindex(order)
    code = one["code"].fillna("3.11").to_numpy()
    return cases.reset_index(drop=True).assign(
        code=code,
        group=[CODES[value].group for value in code],
        text=[CODES[value].text for value in code],
        attempts=many["attempts"].fillna(0).to_numpy(dtype=np.int64),
        contacts=many["contacts"].fillna(0).to_numpy(dtype=np.int64),
        first=many["first"].to_numpy(),
        last=many["last"].to_numpy(),
        interviewer=one["interviewer"].to_numpy(),
    )
