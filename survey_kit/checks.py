"""One rule per recurring parameter, one shape of message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from survey_kit.errors import SurveyKitError, did_you_mean

T = TypeVar("T")


def choice(value: T, name: str, allowed: Sequence[T], error: type[SurveyKitError] = SurveyKitError) -> T:
    """Return `value` if it is one of `allowed`.

    Examples
    --------
    >>> choice("wald", "interval", ("wald", "logit"))
    'wald'
    """
    if value not in allowed:
        raise error(f"'{value}' is not a {name}.", fix=did_you_mean(str(value), allowed))
    return value


def level(value: float) -> float:
    """Return a confidence level strictly between 0 and 1.

    Examples
    --------
    >>> level(0.95)
    0.95
    """
    if not isinstance(value, (int, float)) or not 0 < value < 1:
        raise SurveyKitError(
            "The confidence level must lie between 0 and 1.", found=repr(value), fix="Write level=0.95 for 95 %."
        )
    return float(value)


def names(value: str | Sequence[str] | None, name: str) -> tuple[str, ...]:
    """Return one name or several as a tuple of names without repeats.

    Examples
    --------
    >>> names("region", "by"), names(None, "by"), names(["a", "b"], "by")
    (('region',), (), ('a', 'b'))
    """
    if value is None:
        return ()
    out = (value,) if isinstance(value, str) else tuple(value)
    if any(not isinstance(part, str) for part in out):
        raise SurveyKitError(f"'{name}' takes column names.", found=repr(out), fix="Name columns as text.")
    if len(set(out)) < len(out):
        raise SurveyKitError(f"'{name}' names a column twice.", found=repr(out), fix="Name each column once.")
    return out


def unique(values: Iterable[object], what: str, error: type[SurveyKitError], where: str | None = None) -> None:
    """Raise `error` when a value stands twice."""
    seen: set[object] = set()
    for value in values:
        if value in seen:
            raise error(f"{what} '{value}' stands twice.", where=where, fix="Give each its own name.")
        seen.add(value)
