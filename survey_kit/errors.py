"""Errors a user can mend: what is wrong, where, what was found, what to do; at most five lines."""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Collection, Iterable

LONGEST_LINE = 400
MOST_COMPARED = 200  # names that a word is compared with letter by letter


class SurveyKitError(ValueError):
    """The root of every error that a user of the toolkit can mend.

    Parameters
    ----------
    what
        One sentence: what is wrong.
    where
        File and line, column, stratum, row count.
    found
        What stood there.
    fix
        What to do about it.

    Examples
    --------
    >>> print(SurveyKitError("The weight is negative.", where="column 'w', 3 rows", fix="Correct the weights."))
    The weight is negative.
      where: column 'w', 3 rows
      to do: Correct the weights.
    """

    def __init__(
        self, what: str, *, where: str | None = None, found: str | None = None, fix: str | None = None
    ) -> None:
        self.what, self.where, self.found, self.fix = what, where, found, fix
        self.parts: tuple[SurveyKitError, ...] = ()  # every fault, where this one stands for several
        lines = [what] + [
            f"  {name}: {text}" for name, text in (("where", where), ("found", found), ("to do", fix)) if text
        ]
        super().__init__("\n".join(_one_line(line) for line in lines))

    def to_dict(self) -> dict[str, str | None]:
        """Give the parts of the message for ``--json``."""
        return {
            "error": type(self).__name__,
            "what": self.what,
            "where": self.where,
            "found": self.found,
            "fix": self.fix,
        }


class FileError(SurveyKitError):
    """A file cannot be found, read or written."""


class DataMissingError(FileError):
    """The data folder lacks a file that somebody has to obtain from its producer."""


class FrameError(SurveyKitError):
    """A data frame lacks a column, or a column holds what it must not hold."""


class InstrumentError(SurveyKitError):
    """An instrument contradicts itself or its schema."""


class ResponsesError(SurveyKitError):
    """Answers cannot be read or do not fit the instrument."""


class DesignError(SurveyKitError):
    """A sampling design is impossible or not declared."""


class WeightingError(SurveyKitError):
    """Weights cannot be made."""


class EstimationError(SurveyKitError):
    """An estimate is not defined for these data or this design."""


class RatingsError(SurveyKitError):
    """An international rating is asked for what it cannot answer."""


class StudyError(SurveyKitError):
    """A study file contradicts itself, its schema or its data."""


class IndicatorError(SurveyKitError):
    """An indicator's definition does not fit the instrument or the study."""


class DisclosureError(SurveyKitError):
    """A figure would give somebody's answer away."""


class ReportError(SurveyKitError):
    """A report cannot be built."""


class ReleaseError(SurveyKitError):
    """A release cannot be made, or does not hold."""


def did_you_mean(word: object, known: Iterable[object]) -> str:
    """Name the nearest known word, or list a few.

    Examples
    --------
    >>> did_you_mean("weigth", ["weight", "strata"])
    "did you mean 'weight'?"
    >>> did_you_mean("zzz", ["weight", "strata"])
    'known: strata, weight'
    """
    names = {str(name) for name in known}
    wanted = str(word).casefold()[:100]
    folded = {name.casefold(): name for name in sorted(_alike(wanted, names), reverse=True)}
    near = difflib.get_close_matches(wanted, folded, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{folded[near[0]]}'?"
    shown = ", ".join(heapq.nsmallest(12, names)) + (", ..." if len(names) > 12 else "")
    return f"known: {shown}" if names else "none is known here"


def _alike(word: str, names: Collection[str]) -> Collection[str]:
    """Choose, of very many names, those that begin or end like a word."""
    if len(names) <= MOST_COMPARED:
        return names
    first, last = word[:4], word[-4:]
    some = [name for name in names if name[:4].casefold() == first or name[-4:].casefold() == last]
    both = [name for name in some if name[:4].casefold() == first and name[-4:].casefold() == last]
    return {*sorted(both)[:MOST_COMPARED], *sorted(some)[:MOST_COMPARED]}


def _one_line(text: str) -> str:
    indent = text[: len(text) - len(text.lstrip())]
    flat = indent + " ".join(text.split())
    return flat if len(flat) <= LONGEST_LINE else flat[: LONGEST_LINE - 3] + "..."
