"""How the numbers of a tab book are written for people."""

from __future__ import annotations

import math
from typing import Final

from survey_kit.tabbook.taking import SHARES, Kind

THIN: Final = "\u202f"
FIXED: Final = "\u00a0"
MINUS: Final = "\u2212"
DASH: Final = "\u2013"
#: What stands where no number is shown, by the flag of the cell.
PLACES: Final = {"suppressed": "*", "empty": DASH, "undefined": DASH, "not_asked": "not asked"}


def decimal(value: float, digits: int) -> str:
    """Write a number with fixed decimals, thousands apart by a narrow space.

    Examples
    --------
    >>> decimal(-12.345, 1), decimal(12345.0, 0).replace(THIN, " ")
    ('−12.3', '12 345')
    """
    if not math.isfinite(value):
        return DASH
    rounded = round(float(value), digits)
    return f"{rounded:,.{digits}f}".replace(",", THIN).replace("-", MINUS if rounded else "")


def figure(value: float, kind: Kind, flag: str, digits: int) -> str:
    """Write an estimate: percentages without their sign, small bases in brackets, a mark where there is no number.

    Examples
    --------
    >>> figure(0.4567, "share", "", 1), figure(0.4567, "share", "small", 1), figure(0.4567, "share", "suppressed", 1)
    ('45.7', '(45.7)', '*')
    """
    if flag in PLACES:
        return PLACES[flag]
    text = decimal(value * 100, 1) if kind in SHARES else decimal(value, digits)
    return f"({text})" if flag == "small" else text


def limits(low: float, high: float, kind: Kind, flag: str, digits: int) -> str:
    """Write an interval; nothing where the estimate is not shown or has none.

    Examples
    --------
    >>> limits(0.41, 0.5, "share", "", 1), limits(0.41, 0.5, "share", "suppressed", 1)
    ('41.0 to 50.0', '')
    """
    if flag in PLACES or not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return f"{figure(low, kind, '', digits)} to {figure(high, kind, '', digits)}"


def probability(p: float) -> str:
    """Write a p-value; nothing where there was no test.

    Examples
    --------
    >>> probability(0.0004), probability(0.0123), probability(float("nan"))
    ('p < 0.001', 'p = 0.012', '')
    """
    return "" if not math.isfinite(p) else "p < 0.001" if p < 0.0005 else f"p = {p:.3f}"


def percent(level: float) -> str:
    """Write a level of confidence.

    Examples
    --------
    >>> percent(0.95).replace(FIXED, " ")
    '95 %'
    """
    return f"{level * 100:.4g}{FIXED}%"
