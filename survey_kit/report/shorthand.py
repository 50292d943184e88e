"""What open data say of a figure beside its number: the markers in brackets, and the status codes of SDMX.

The letters are those of official statistics: ``[c]`` confidential, ``[u]`` low reliability, ``[b]`` break, ``[p]`` provisional, ``[z]``
not applicable, ``[x]`` not available (Government Analysis Function, United Kingdom, *Symbols in tables*). The codes are those of the
code lists CL_OBS_STATUS 2.2 and CL_CONF_STATUS 1.2 of SDMX.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from survey_kit.report.info import StudyInfo
from survey_kit.report.rows import markers

if TYPE_CHECKING:
    import pandas as pd

MARKERS: Final = ("[u]", "[c]", "[x]", "[z]", "[b]", "[p]")
#: Columns that open data add to those of a row.
COLUMNS: Final = ("flags", "obs_status", "conf_status")
PLACES: Final = {"[c]": "Q", "[z]": "L", "[x]": "O"}  # of a figure that is not there
BESIDE: Final = {"[u]": "U", "[b]": "B", "[p]": "P"}  # of a figure that is, the first that applies


def add_flags(rows: pd.DataFrame, info: StudyInfo) -> pd.DataFrame:
    """Add the markers of every figure, and its status in the code lists of SDMX, which know one status for a figure.

    Examples
    --------
    >>> import pandas as pd
    >>> row = {"status": "ok", "reliability": "suppress", "reliability_rule": "confidential", "estimate": None}
    >>> row |= {"break": None, "previous_wording": "not_published"}
    >>> toy = StudyInfo(id="toy", title="Toy", data_status="real", waves=())
    >>> add_flags(pd.DataFrame([row]), toy)[list(COLUMNS)].values.tolist()
    [['[c] [p]', 'Q', 'C']]
    """
    provisional = ["[p]"] if info.provisional else []
    used = ("status", "reliability", "reliability_rule", "estimate", "break", "previous_wording")
    parts = zip(*(rows[name].tolist() for name in used), strict=True)
    found = [[*markers(dict(zip(used, part, strict=True))).split(), *provisional] for part in parts]
    shown = rows["estimate"].notna().tolist()
    return rows.assign(
        flags=[" ".join(one) for one in found],
        obs_status=[_status(one, there) for one, there in zip(found, shown, strict=True)],
        conf_status=["C" if "[c]" in one else "F" for one in found],
    )


def _status(flags: list[str], there: bool) -> str:
    if not there:
        return next((PLACES[flag] for flag in flags if flag in PLACES), "Q")
    return next((code for flag, code in BESIDE.items() if flag in flags), "A")
