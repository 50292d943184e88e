"""How numbers are written for people: the only module of the report that turns a number into text.

A decimal point, a narrow no-break space between thousands, a no-break space before the per cent sign, a true minus sign,
and intervals as "x to y", so that a minus sign is never taken for a dash.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

THIN: Final = "\u202f"
FIXED: Final = "\u00a0"
MINUS: Final = "\u2212"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """How the values of one unit are written.

    Attributes
    ----------
    factor
        What the stored value is multiplied by for display.
    digits
        Decimal places of a level and of a change.
    sign
        What follows a level.
    change
        The unit of a change, in words.
    measure
        What the axis of a chart shows.
    """

    factor: float
    digits: int
    sign: str
    change: str
    measure: str


UNITS: Final[dict[str, Unit]] = {
    "share": Unit(factor=100, digits=1, sign=f"{FIXED}%", change="percentage points", measure="per cent"),
    "points": Unit(factor=1, digits=1, sign="", change="points", measure="mean score, 0 to 100"),
    "net": Unit(factor=100, digits=1, sign="", change="points", measure="net score, −100 to 100"),
    "ratio": Unit(factor=100, digits=1, sign=f"{FIXED}%", change="percentage points", measure="per cent"),
}


def missing(value: Any) -> bool:
    """Tell whether a cell holds nothing: None, NaN, NA or an empty text.

    Examples
    --------
    >>> missing(None), missing(float("nan")), missing(""), missing(0.0)
    (True, True, True, False)
    """
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    return (isinstance(value, float) and math.isnan(value)) or value == ""


def decimal(value: float, digits: int = 1, *, plus: bool = False) -> str:
    """Write a number with fixed decimals.

    Examples
    --------
    >>> decimal(-0.04), decimal(-12.345, 2), decimal(3.0, plus=True)
    ('0.0', '−12.35', '+3.0')
    """
    rounded = round(float(value), digits)
    sign = MINUS if rounded < 0 else "+" if plus and rounded > 0 else ""
    whole, _, part = f"{abs(rounded):.{digits}f}".partition(".")
    return sign + count(int(whole)) + (f".{part}" if part else "")


def count(value: float) -> str:
    """Write a whole number, thousands apart.

    Examples
    --------
    >>> count(978), count(15764).replace(THIN, " ")
    ('978', '15 764')
    """
    return f"{round(float(value)):,}".replace(",", THIN).replace("-", MINUS)


def level(value: float, unit: str) -> str:
    """Write a level with its unit.

    Examples
    --------
    >>> level(0.3525, "share").replace(FIXED, " "), level(54.32, "points")
    ('35.2 %', '54.3')
    """
    kind = UNITS[unit]
    return decimal(value * kind.factor, kind.digits) + kind.sign


def plain(value: float, unit: str) -> str:
    """Write a level without its unit, for a column that names the unit in its head."""
    kind = UNITS[unit]
    return decimal(value * kind.factor, kind.digits)


def interval(low: float, high: float, unit: str) -> str:
    """Write an interval of a level.

    Examples
    --------
    >>> interval(0.3218, 0.3833, "share")
    '32.2 to 38.3'
    """
    return f"{plain(low, unit)} to {plain(high, unit)}"


def change(value: float, unit: str, *, digits: int | None = None) -> str:
    """Write a change with its sign.

    Examples
    --------
    >>> change(0.049, "share"), change(-1.5, "points")
    ('+4.9', '−1.5')
    """
    kind = UNITS[unit]
    return decimal(value * kind.factor, kind.digits if digits is None else digits, plus=True)


def change_digits(value: float, low: float, high: float, unit: str) -> int:
    """Choose the decimals of a change so that rounding never makes a bound 0 which is not 0.

    Examples
    --------
    >>> change_digits(0.02, 0.0002, 0.04, "share"), change_digits(0.02, 0.01, 0.04, "share")
    (2, 1)
    """
    kind = UNITS[unit]
    for digits in range(kind.digits, kind.digits + 4):
        if all(part == 0 or round(part * kind.factor, digits) != 0 for part in (value, low, high)):
            return digits
    return kind.digits + 4


def change_interval(low: float, high: float, unit: str, *, digits: int | None = None) -> str:
    """Write an interval of a change.

    Examples
    --------
    >>> change_interval(-0.025, 0.049, "share")
    '−2.5 to 4.9'
    """
    kind = UNITS[unit]
    places = kind.digits if digits is None else digits
    return f"{decimal(low * kind.factor, places)} to {decimal(high * kind.factor, places)}"


def amount(value: float, unit: str, *, digits: int | None = None) -> str:
    """Write the size of a change in words.

    Examples
    --------
    >>> amount(-0.049, "share")
    '4.9 percentage points'
    """
    kind = UNITS[unit]
    number = decimal(abs(value) * kind.factor, kind.digits if digits is None else digits)
    return f"{number} {kind.change}".rstrip()


def share(value: Any) -> str:
    """Write a share as per cent without the sign, or nothing.

    Examples
    --------
    >>> share(0.031), share(None)
    ('3.1', '')
    """
    return "" if missing(value) else decimal(float(value) * 100, 1)


def probability(value: float) -> str:
    """Write a p value.

    Examples
    --------
    >>> probability(0.0004), probability(0.0123), probability(0.432)
    ('p < 0.001', 'p = 0.012', 'p = 0.432')
    """
    return f"p{FIXED}<{FIXED}0.001".replace(FIXED, " ") if value < 0.0005 else f"p = {value:.3f}"


def percent_level(value: float) -> str:
    """Write a confidence level.

    Examples
    --------
    >>> percent_level(0.95).replace(FIXED, " "), percent_level(0.98765).replace(FIXED, " ")
    ('95 %', '98.8 %')
    """
    text = f"{value * 100:.1f}".removesuffix(".0")
    return f"{text}{FIXED}%"


def significant(value: float, digits: int = 3) -> str:
    """Write a number with as many decimals as show its first significant digits.

    Examples
    --------
    >>> significant(0.00042), significant(1.2356), significant(15.0)
    ('0.00042', '1.24', '15.0')
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    places = max(digits - 1 - math.floor(math.log10(abs(value))), 0)
    text = decimal(value, places)
    return text.rstrip("0") if places > digits else text


def listed(words: list[str], last: str = "and") -> str:
    """Join words as a sentence does.

    Examples
    --------
    >>> listed(["2014"]), listed(["2014", "2016/17", "2021"])
    ('2014', '2014, 2016/17 and 2021')
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""
