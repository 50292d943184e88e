"""Conditions of a form as logic: comparisons and their denials, joined by and and or; what the names in them stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from survey_kit.types import Code

LARGEST = 2_000  # comparisons of a condition, unfolded


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a reference of a form stands for: an item, its type, its answers and its codes that are none."""

    id: str
    type: str
    codes: tuple[Code, ...] = ()
    missing: tuple[Code, ...] = ()

    @property
    def coded(self) -> bool:
        """Say whether the answer is a code of a list."""
        return self.type in {"single", "multiple", "arm"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What references stand for: the items of a form by the names they have there, and its repeats."""

    targets: Mapping[str, Target]
    repeats: Mapping[str, str] = field(default_factory=dict)  # name of a repeat -> module
    counts: Mapping[str, str] = field(default_factory=dict)  # name of the number of its members -> module
    own: str | None = None  # the item whose answer is at hand

    def find(self, name: str) -> Target:
        """Give what a name stands for; a name the form does not have stands for itself."""
        if name == ".":
            if self.own is None:
                raise Lost("'.' stands for no answer here.", "Write ${name}.")
            return next(one for one in self.targets.values() if one.id == self.own)
        return self.targets.get(name) or Target(id=plain_name(name), type="unknown")


class Lost(ValueError):  # noqa: N818  (told with its place by whoever reads the cell)
    """What the language of conditions cannot say, and what to do about it."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message, self.fix = message, fix


# ------------------------------------------------------------------------------------------------------------- the tree
@dataclass(frozen=True, slots=True)
class Name:
    """The answer of an item."""

    target: Target


@dataclass(frozen=True, slots=True)
class Const:
    """A number or a text."""

    value: float | int | str


@dataclass(frozen=True, slots=True)
class Op:
    """Arithmetic."""

    op: str
    left: Value
    right: Value


@dataclass(frozen=True, slots=True)
class Func:
    """A function of a value: floor, year, month, day (a date as a number like 20260131), count_selected."""

    name: str
    part: Value


@dataclass(frozen=True, slots=True)
class Over:
    """What is asked of the members of a repeat: their count, or the sum, smallest or largest of an item."""

    how: str
    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of two values."""

    test: Logic
    body: Value
    other: Value


Value: TypeAlias = Name | Const | Op | Func | Over | Choice


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison, or its denial."""

    op: str
    left: Value
    right: Value
    holds: bool = True


@dataclass(frozen=True, slots=True)
class Has:
    """That a code is among several answers, or that it is not."""

    target: Target
    code: Code
    holds: bool = True


@dataclass(frozen=True, slots=True)
class Filled:
    """That something is not blank, or that it is."""

    part: Name | Over
    holds: bool = True


@dataclass(frozen=True, slots=True)
class Truth:
    """Always or never."""

    value: bool


@dataclass(frozen=True, slots=True)
class All:
    """Every part."""

    parts: tuple[Logic, ...]
    size: int = field(default=1, compare=False)  # how many comparisons stand in it


@dataclass(frozen=True, slots=True)
class Some:
    """At least one part."""

    parts: tuple[Logic, ...]
    size: int = field(default=1, compare=False)


Logic: TypeAlias = Compare | Has | Filled | Truth | All | Some


def every(parts: Iterator[Logic] | tuple[Logic, ...] | list[Logic]) -> Logic:
    """Join by and, flat and without what changes nothing."""
    return _joined(list(parts), All, Truth(True))


def some(parts: Iterator[Logic] | tuple[Logic, ...] | list[Logic]) -> Logic:
    """Join by or, flat and without what changes nothing."""
    return _joined(list(parts), Some, Truth(False))


def _joined(parts: list[Logic], kind: type[All | Some], neutral: Truth) -> Logic:
    size = sum(part.size for part in parts if isinstance(part, All | Some)) + len(parts)
    if size > LARGEST:
        raise Lost("A condition unfolds to too many comparisons.", "Compute parts of it in a calculate row.")
    flat: dict[Logic, None] = {}
    for part in parts:
        flat |= dict.fromkeys(part.parts) if isinstance(part, kind) else {part: None}
    if Truth(not neutral.value) in flat:
        return Truth(not neutral.value)
    flat.pop(neutral, None)
    return next(iter(flat)) if len(flat) == 1 else kind(tuple(flat), size) if flat else neutral


def denied(logic: Logic) -> Logic:
    """Deny a condition: in a form everything is either true or not."""
    match logic:
        case All(parts):
            return some([denied(one) for one in parts])
        case Some(parts):
            return every([denied(one) for one in parts])
        case Truth(value):
            return Truth(not value)
        case Compare(op, left, right, holds):
            return Compare(op, left, right, not holds)
        case Has(target, code, holds):
            return Has(target, code, not holds)
        case Filled(part, holds):
            return Filled(part, not holds)


def named(value: Value) -> Iterator[Target]:
    """Give the items a value is computed from."""
    match value:
        case Name(target):
            yield target
        case Op(_, left, right):
            yield from named(left)
            yield from named(right)
        case Func(_, part):
            yield from named(part)
        case Choice(_, body, other):
            yield from named(body)
            yield from named(other)
        case _:
            return


def plain_name(name: str) -> str:
    """Give a name without what Python does not allow in one.

    Examples
    --------
    >>> plain_name("q-1.a"), plain_name("2nd")
    ('q_1_a', 'q_2nd')
    """
    plain = re.sub(r"\W", "_", name).strip() or "q"
    return plain if plain.isidentifier() else f"q_{plain}"
