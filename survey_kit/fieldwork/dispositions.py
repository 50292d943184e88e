"""Final dispositions of sampled cases, after the Standard Definitions of AAPOR (10th edition, 2023), for surveys in person.

A case has many attempts and one final disposition. `CODES` says what each code means and in which of the eight groups of the rates it
counts; `final_disposition` settles the attempts of a case by the hierarchy of the Standard Definitions: an interview, partial or complete,
stands above all; a refusal stands above a later non-contact; what says that a case is eligible stands above what leaves it open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from survey_kit.errors import ResponsesError, did_you_mean
from survey_kit.frames import to_pandas
from survey_kit.types import Frame

if TYPE_CHECKING:
    import pandas as pd

Group: TypeAlias = Literal["I", "P", "R", "NC", "O", "UH", "UO", "NE"]
GROUPS: Mapping[Group, str] = {
    "I": "complete interview",
    "P": "partial interview",
    "R": "refusal and break-off",
    "NC": "non-contact",
    "O": "other, eligible",
    "UH": "unknown whether there is a household",
    "UO": "unknown, other",
    "NE": "not eligible",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """A code of the Standard Definitions: its group in the rates, and what it says."""

    code: str
    group: Group
    text: str


_TEXTS: Mapping[Group, Mapping[str, str]] = {
    "I": {"1.1": "complete interview"},
    "P": {"1.2": "partial interview"},
    "R": {
        "2.1": "refusal or break-off",
        "2.11": "refusal",
        "2.111": "refusal by the household",
        "2.112": "refusal by the known respondent",
        "2.12": "break-off",
    },
    "NC": {
        "2.2": "non-contact",
        "2.23": "no access to the building",
        "2.24": "nobody at home",
        "2.25": "respondent away or not available",
    },
    "O": {
        "2.3": "other, eligible",
        "2.31": "respondent died",
        "2.32": "physically or mentally unable",
        "2.33": "language",
        "2.331": "language of the household",
        "2.332": "language of the respondent",
        "2.333": "no interviewer for the language",
        "2.35": "location or activity does not allow an interview",
        "2.36": "miscellaneous",
    },
    "UH": {
        "3.1": "unknown whether there is an eligible household",
        "3.11": "not attempted or not worked",
        "3.17": "unable to reach, unsafe area",
        "3.18": "address could not be found",
    },
    "UO": {
        "3.2": "household, unknown whether there is an eligible respondent",
        "3.21": "no screener completed",
        "3.9": "other, unknown",
    },
    "NE": {
        "4.1": "out of sample",
        "4.5": "no housing unit",
        "4.51": "business, office, organisation",
        "4.52": "institution",
        "4.53": "group quarters",
        "4.6": "vacant housing unit",
        "4.61": "vacant, regular",
        "4.62": "vacant, seasonal",
        "4.63": "other vacant",
        "4.7": "no eligible respondent",
        "4.8": "quota filled",
        "4.9": "other, not eligible",
    },
}
CODES: Mapping[str, Disposition] = {
    code: Disposition(code=code, group=group, text=text)
    for group, texts in _TEXTS.items()
    for code, text in texts.items()
}

# which of a case's attempts decides: the lowest number
RANK: Mapping[Group, int] = {"I": 0, "P": 1, "NE": 2, "R": 3, "O": 4, "NC": 5, "UO": 6, "UH": 7}


def disposition(code: object) -> Disposition:
    """Give the disposition of a code; a number such as 2.11 or 211 is read as well.

    Raises
    ------
    ResponsesError
        When the Standard Definitions have no such code.

    Examples
    --------
    >>> disposition("2.112").text, disposition(2.12).group, disposition(211).code
    ('refusal by the known respondent', 'R', '2.11')
    """
    text = f"{code:g}" if isinstance(code, float) else str(code).strip()
    if text not in CODES and text.isdigit() and len(text) > 1:
        text = f"{text[0]}.{text[1:]}"
    if text not in CODES:
        fix = f"{did_you_mean(text, CODES)} The codes are in survey_kit.fieldwork.CODES."
        raise ResponsesError("There is no such disposition.", found=repr(code), fix=fix)
    return CODES[text]


def group_of(code: object) -> Group:
    """Give the group a code counts in; the name of a group stands for itself.

    Examples
    --------
    >>> group_of("2.24"), group_of("NC")
    ('NC', 'NC')
    """
    for group in GROUPS:
        if code == group:
            return group
    return disposition(code).group


def final_disposition(codes: Sequence[object]) -> Disposition:
    """Settle the attempts of one case, in the order in which they were made.

    An interview stands above everything; then what shows the case not eligible; then the last refusal, unless it was overcome; then any other
    contact with an eligible case; then non-contact; then what leaves eligibility open. Within a group the last and most precise code stands.

    Notes
    -----
    AAPOR (2023), Standard Definitions, 10th edition, section on final and temporary disposition codes.

    Examples
    --------
    >>> final_disposition(["2.24", "2.112", "2.24"]).code, final_disposition(["2.11", "1.1"]).code, final_disposition(["3.11", "2.24"]).code
    ('2.112', '1.1', '2.24')
    """
    if not codes:
        return CODES["3.11"]
    found = [disposition(code) for code in codes]
    best = min(RANK[one.group] for one in found)
    return [one for one in found if RANK[one.group] == best][-1]


def final_dispositions(contacts: Frame, *, case: str, code: str, order: str | Sequence[str]) -> pd.DataFrame:
    """Settle every case of a contact log: one row for each attempt becomes one row for each case.

    Parameters
    ----------
    contacts
        The log: one row for each attempt.
    case, code
        The columns of the case and of the attempt's disposition.
    order
        The column or columns that order the attempts of a case: its date and hour, or its number.

    Returns
    -------
    DataFrame
        ``case``, ``code``, ``group``, ``text``, ``attempts``, in the order of the cases.

    Raises
    ------
    ResponsesError
        When a column is missing, an attempt has no case or place in the order, or a code does not exist: the message names the row.

    Examples
    --------
    >>> import pandas as pd
    >>> log = pd.DataFrame({"case": [1, 1, 2], "visit": [1, 2, 1], "code": ["2.24", "1.1", "4.61"]})
    >>> final_dispositions(log, case="case", code="code", order="visit")[["code", "group", "attempts"]].values.tolist()
    [['1.1', 'I', 2], ['4.61', 'NE', 1]]
    """
    import pandas as pd

    frame = to_pandas(contacts)
    orders = [order] if isinstance(order, str) else list(order)
    for name in (case, code, *orders):
        if name not in frame:
            fix = did_you_mean(name, list(map(str, frame.columns)))
            raise ResponsesError(f"The contact log has no column '{name}'.", fix=fix)
        if frame[name].isna().any():
            row = int(frame[name].isna().to_numpy().nonzero()[0][0])
            raise ResponsesError(
                f"An attempt has no '{name}'.",
                where=f"row {row + 1}",
                fix="Complete the log; an attempt without an outcome is 3.11.",
            )
    for row, one in enumerate(frame[code]):
        try:
            disposition(one)
        except ResponsesError as fault:
            raise ResponsesError(fault.what, where=f"row {row + 1}", found=fault.found, fix=fault.fix) from None
    rows = []
    for name, attempts in frame.sort_values(orders, kind="stable").groupby(case, sort=True):
        final = final_disposition(list(attempts[code]))
        rows.append((name, final.code, final.group, final.text, len(attempts)))
    return pd.DataFrame(rows, columns=[case, "code", "group", "text", "attempts"])


def interview_status(share_answered: float) -> Disposition:
    """Give the disposition of an interview by the share of applicable items that were answered: the rule of thumb of the Standard Definitions.

    Under 50 % is a break-off, from 50 to 80 % partial, above 80 % complete.

    Examples
    --------
    >>> [interview_status(share).code for share in (0.4, 0.5, 0.8, 0.81)]
    ['2.12', '1.2', '1.2', '1.1']
    """
    if not 0 <= share_answered <= 1:
        raise ResponsesError(
            "A share of items lies between 0 and 1.", found=str(share_answered), fix="Divide by the applicable items."
        )
    return CODES["1.1" if share_answered > 0.8 else "1.2" if share_answered >= 0.5 else "2.12"]
