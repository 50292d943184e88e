"""One rule per recurring parameter, one shape of message."""

from __future__ import annotations

import reprlib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

from survey_kit.errors import SurveyKitError, did_you_mean
from survey_kit.types import FloatArray

T = TypeVar("T")


def choice(value: T, name: str, allowed: Sequence[T], error: type[SurveyKitError] = SurveyKitError) -> T:
    """Return `value` if it is one of `allowed`.

    Examples
    --------
    >>> choice("wald", "interval", ("wald", "logit"))
    'wald'
    """
    if not isinstance(value, Hashable) or value not in allowed:
        said = value if isinstance(value, str) else shown(value)
        article = "an" if name[0] in "aeiou" else "a"
        raise error(f"'{said}' is not {article} {name}.", fix=did_you_mean(str(said), allowed))
    return value


def shown(value: object) -> str:
    """Write what was found in a few words; large objects by their type.

    Examples
    --------
    >>> shown({"a": 1}), shown(np.zeros(1000))
    ("{'a': 1}", 'ndarray')
    """
    small = value is None or isinstance(value, (str, bytes, bool, int, float, tuple, list, dict, set, np.generic))
    return reprlib.repr(value) if small else type(value).__name__


def brief(self: Any) -> str:
    """Write a dataclass in a few lines, arrays by their shape: to be set as ``__repr__``.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(repr=False)
    ... class Table:
    ...     name: str
    ...     values: Any
    ...     __repr__ = brief
    >>> Table("x", np.zeros((3, 2)))
    Table(name='x', values=float64 (3, 2))
    """
    parts = [f"{part.name}={_sketched(getattr(self, part.name))}" for part in fields(self) if part.repr]
    return f"{type(self).__name__}({', '.join(parts)})"


def _sketched(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    if isinstance(value, (tuple, list)) and value and not all(isinstance(part, (str, int, float)) for part in value):
        return f"{len(value)} x {type(value[0]).__name__}"
    return shown(value)


def flag(value: Any, name: str, error: type[SurveyKitError] = SurveyKitError) -> bool:
    """Return True or False.

    Examples
    --------
    >>> flag(True, "details")
    True
    """
    if not isinstance(value, (bool, int, np.bool_)) or value not in (0, 1):
        raise error(f"'{name}' is True or False.", found=shown(value), fix=f"Write {name}=True, or leave it out.")
    return bool(value)


def instance(value: Any, kind: type[T] | tuple[type[Any], ...], what: str, fix: str, error: type[SurveyKitError]) -> T:
    """Return `value` if it is of a kind.

    Examples
    --------
    >>> instance(3, int, "This is no number.", "Give one.", SurveyKitError)
    3
    """
    if not isinstance(value, kind):
        raise error(what, found=shown(value), fix=fix)
    found: T = value
    return found


def floats(value: Any, name: str, fix: str, error: type[SurveyKitError] = SurveyKitError) -> FloatArray:
    """Return one number or several as an array.

    Examples
    --------
    >>> floats((1, 2), "p", "Give numbers.")
    array([1., 2.])
    """
    try:
        out = np.asarray(value)
        if out.dtype.kind not in "biufO" or value is None:
            raise TypeError
        return out.astype(np.float64)
    except (TypeError, ValueError):
        raise error(f"'{name}' takes numbers.", found=shown(value), fix=fix) from None


def number(value: Any, name: str, fix: str, error: type[SurveyKitError] = SurveyKitError) -> float:
    """Return one finite number.

    Examples
    --------
    >>> number(2, "width", "Give a number.")
    2.0
    """
    out = floats(value, name, fix, error)
    if out.ndim or not np.isfinite(out):
        raise error(f"'{name}' takes one finite number.", found=shown(value), fix=fix)
    return float(out)


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


def names(value: str | Sequence[str] | None, name: str, *, least: int = 0) -> tuple[str, ...]:
    """Return one name or several as a tuple of names without repeats; at least `least` of them.

    Examples
    --------
    >>> names("region", "by"), names(None, "by"), names(["a", "b"], "by")
    (('region',), (), ('a', 'b'))
    """
    if value is None and not least:
        return ()
    listed = isinstance(value, Iterable) and not isinstance(value, (bytes, Mapping)) and not hasattr(value, "columns")
    out = () if value is None or not listed else (value,) if isinstance(value, str) else tuple(value)
    if not listed or any(not isinstance(part, str) for part in out):
        raise SurveyKitError(f"'{name}' takes column names.", found=shown(value), fix="Name columns as text.")
    if len(set(out)) < len(out):
        raise SurveyKitError(f"'{name}' names a column twice.", found=shown(out), fix="Name each column once.")
    if len(out) < least:
        raise SurveyKitError(f"'{name}' names no column.", found=shown(value), fix="Name at least one column.")
    return out


def unique(values: Iterable[object], what: str, error: type[SurveyKitError], where: str | None = None) -> None:
    """Raise `error` when a value stands twice."""
    seen: set[object] = set()
    for value in values:
        if value in seen:
            raise error(f"{what} '{value}' stands twice.", where=where, fix="Give each its own name.")
        seen.add(value)
