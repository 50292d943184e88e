"""How numbers are written for people: the only module of the report that turns a number into text.

English has a decimal point, a narrow no-break space between thousands, a no-break space before the per cent sign, and
intervals as "x to y"; Kazakh and Russian have the decimal comma, the space and the per cent sign of the Unicode Common
Locale Data Repository (CLDR 46), and intervals as "x … y", which needs no case endings. All have a true minus sign, which is
never taken for a dash.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
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
    percent
        Whether the per cent sign follows a level.
    """

    factor: float
    digits: int
    percent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a language writes numbers: decimal sign, what parts thousands, per cent sign, interval, the last of a list."""

    point: str
    group: str
    percent: str
    span: str
    last: str


UNITS: Final[dict[str, Unit]] = {
    "share": Unit(factor=100, digits=1, percent=True),
    "points": Unit(factor=1, digits=1, percent=False),
    "net": Unit(factor=100, digits=1, percent=False),
    "ratio": Unit(factor=100, digits=1, percent=True),
}
STYLES: Final[dict[str, Style]] = {
    "en": Style(point=".", group=THIN, percent=f"{FIXED}%", span="{} to {}", last="and"),
    "ru": Style(point=",", group=FIXED, percent=f"{FIXED}%", span=f"{{}}{FIXED}…{FIXED}{{}}", last="и"),
    "kk": Style(point=",", group=FIXED, percent="%", span=f"{{}}{FIXED}…{FIXED}{{}}", last="және"),
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


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers as one language writes them.

    Examples
    --------
    >>> numbers("ru").level(0.3525, "share").replace(FIXED, " "), numbers("kk").level(0.3525, "share")
    ('35,2 %', '35,2%')
    """

    language: str

    @property
    def style(self) -> Style:
        """Give how the language writes numbers; English for one that is not known."""
        return STYLES.get(self.language, STYLES["en"])

    def decimal(self, value: float, digits: int = 1, *, plus: bool = False) -> str:
        """Write a number with fixed decimals.

        Examples
        --------
        >>> ENGLISH.decimal(-0.04), ENGLISH.decimal(-12.345, 2), ENGLISH.decimal(3.0, plus=True)
        ('0.0', '−12.35', '+3.0')
        >>> numbers("kk").decimal(-12.345, 2)
        '−12,35'
        """
        rounded = round(float(value), digits)
        sign = MINUS if rounded < 0 else "+" if plus and rounded > 0 else ""
        whole, _, part = f"{abs(rounded):.{digits}f}".partition(".")
        return sign + self.count(int(whole)) + (f"{self.style.point}{part}" if part else "")

    def count(self, value: float) -> str:
        """Write a whole number, thousands apart.

        Examples
        --------
        >>> ENGLISH.count(978), ENGLISH.count(15764).replace(THIN, " ")
        ('978', '15 764')
        """
        return f"{round(float(value)):,}".replace(",", self.style.group).replace("-", MINUS)

    def level(self, value: float, unit: str) -> str:
        """Write a level with its unit.

        Examples
        --------
        >>> ENGLISH.level(0.3525, "share").replace(FIXED, " "), ENGLISH.level(54.32, "points")
        ('35.2 %', '54.3')
        """
        kind = UNITS[unit]
        return self.decimal(value * kind.factor, kind.digits) + (self.style.percent if kind.percent else "")

    def plain(self, value: float, unit: str) -> str:
        """Write a level without its unit, for a column that names the unit in its head."""
        kind = UNITS[unit]
        return self.decimal(value * kind.factor, kind.digits)

    def interval(self, low: float, high: float, unit: str) -> str:
        """Write an interval of a level.

        Examples
        --------
        >>> ENGLISH.interval(0.3218, 0.3833, "share")
        '32.2 to 38.3'
        """
        return self.span(self.plain(low, unit), self.plain(high, unit))

    def change(self, value: float, unit: str, *, digits: int | None = None) -> str:
        """Write a change with its sign.

        Examples
        --------
        >>> ENGLISH.change(0.049, "share"), ENGLISH.change(-1.5, "points")
        ('+4.9', '−1.5')
        """
        kind = UNITS[unit]
        return self.decimal(value * kind.factor, kind.digits if digits is None else digits, plus=True)

    def change_digits(self, value: float, low: float, high: float, unit: str) -> int:
        """Choose the decimals of a change so that rounding never makes a bound 0 which is not 0.

        Examples
        --------
        >>> ENGLISH.change_digits(0.02, 0.0002, 0.04, "share"), ENGLISH.change_digits(0.02, 0.01, 0.04, "share")
        (2, 1)
        """
        kind = UNITS[unit]
        for digits in range(kind.digits, kind.digits + 4):
            if all(part == 0 or round(part * kind.factor, digits) != 0 for part in (value, low, high)):
                return digits
        return kind.digits + 4

    def change_interval(self, low: float, high: float, unit: str, *, digits: int | None = None) -> str:
        """Write an interval of a change.

        Examples
        --------
        >>> ENGLISH.change_interval(-0.025, 0.049, "share")
        '−2.5 to 4.9'
        """
        kind = UNITS[unit]
        places = kind.digits if digits is None else digits
        return self.span(self.decimal(low * kind.factor, places), self.decimal(high * kind.factor, places))

    def share(self, value: Any) -> str:
        """Write a share as per cent without the sign, or nothing.

        Examples
        --------
        >>> ENGLISH.share(0.031), ENGLISH.share(None)
        ('3.1', '')
        """
        return "" if missing(value) else self.decimal(float(value) * 100, 1)

    def probability(self, value: float) -> str:
        """Write a p value.

        Examples
        --------
        >>> ENGLISH.probability(0.0004), ENGLISH.probability(0.0123), ENGLISH.probability(0.432)
        ('p < 0.001', 'p = 0.012', 'p = 0.432')
        """
        return f"p < {self.decimal(0.001, 3)}" if value < 0.0005 else f"p = {self.decimal(value, 3)}"

    def percent_level(self, value: float) -> str:
        """Write a confidence level.

        Examples
        --------
        >>> ENGLISH.percent_level(0.95).replace(FIXED, " "), ENGLISH.percent_level(0.98765).replace(FIXED, " ")
        ('95 %', '98.8 %')
        """
        text = f"{value * 100:.1f}".removesuffix(".0").replace(".", self.style.point)
        return f"{text}{self.style.percent}"

    def significant(self, value: float, digits: int = 3) -> str:
        """Write a number with as many decimals as show its first significant digits.

        Examples
        --------
        >>> ENGLISH.significant(0.00042), ENGLISH.significant(1.2356), ENGLISH.significant(15.0)
        ('0.00042', '1.24', '15.0')
        """
        if value == 0 or not math.isfinite(value):
            return f"{value:g}"
        places = max(digits - 1 - math.floor(math.log10(abs(value))), 0)
        text = self.decimal(value, places)
        return text.rstrip("0") if places > digits else text

    def listed(self, words: Sequence[str]) -> str:
        """Join words as a sentence does.

        Examples
        --------
        >>> ENGLISH.listed(["2014"]), ENGLISH.listed(["2014", "2016/17", "2021"])
        ('2014', '2014, 2016/17 and 2021')
        """
        return (
            words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {self.style.last} {words[-1]}" if words else ""
        )

    def span(self, low: str, high: str) -> str:
        """Join the ends of an interval that are written already.

        Examples
        --------
        >>> ENGLISH.span("−2", "5"), numbers("ru").span("−2", "5").replace(FIXED, " ")
        ('−2 to 5', '−2 … 5')
        """
        return self.style.span.format(low, high)

    def percent(self, text: str) -> str:
        """Put the per cent sign after a number that is written already.

        Examples
        --------
        >>> numbers("kk").percent("5"), numbers("ru").percent("5").replace(FIXED, " ")
        ('5%', '5 %')
        """
        return f"{text}{self.style.percent}"


def numbers(language: str) -> Numbers:
    """Give the numbers of a language; a region or script after the language (``ru-KZ``) is left out.

    Examples
    --------
    >>> numbers("ru-KZ").decimal(0.5)
    '0,5'
    """
    return Numbers(language.split("-", maxsplit=1)[0].split("_", maxsplit=1)[0])


ENGLISH: Final = numbers("en")
count, decimal, interval, level = ENGLISH.count, ENGLISH.decimal, ENGLISH.interval, ENGLISH.level
