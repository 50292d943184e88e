"""What a form draws at random, as XPath: an arm, the first part of a cyclic order, the order of answers.

A form has no order drawn at random for its blocks. A cyclic order of k parts is therefore written as 2 k - 1 places, the parts from the
first on and again all but the last; the drawn start shows k places that follow one another. So each part has at most two copies,
``<id>__a`` and ``<id>__b``, and one part (the pivot) a single one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from survey_kit.types import Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in the cyclic order of parts: which part stands there, as which copy, and when it is shown."""

    part: int
    copy: str  # "" for a part that stands once
    when: str  # XPath; blank for always


def places(start: str, size: int, pivot: int | None = None) -> tuple[Place, ...]:
    """Give the places that hold every cyclic order of `size` parts, beginning where the arm `start` (1 to size) says.

    Part t (counted from the one after the pivot) stands at t and again at t + size; the first is shown when the drawn start is not
    after it, else the second. Without a drawn start the first ones are shown.

    Examples
    --------
    >>> [(one.part, one.copy) for one in places("order", 3)]
    [(0, 'a'), (1, 'a'), (2, ''), (0, 'b'), (1, 'b')]
    >>> places("order", 3)[0].when, places("order", 3)[3].when
    ('not(${order} > 1)', '${order} > 1')
    """
    last = size - 1 if pivot is None else pivot
    # the offset of the drawn start from the part after the pivot, counted from 1
    offset = f"${{{start}}}" if last == size - 1 else f"(${{{start}}} + {size - 2 - last}) mod {size} + 1"
    parts = [(last + 1 + t) % size for t in range(size)]
    first = [
        Place(part=part, copy="a" if part != last else "", when=f"not({offset} > {t + 1})" if part != last else "")
        for t, part in enumerate(parts)
    ]
    again = [Place(part=part, copy="b", when=f"{offset} > {t + 1}") for t, part in enumerate(parts[:-1])]
    return (*first, *again)


def drawn(codes: Sequence[Code], shares: Sequence[float] = ()) -> str:
    """Give the XPath that draws one of several codes, in equal or in given shares.

    With shares p_1 .. p_k the code j is taken with p_j / (p_j + ... + p_k) if none before it was.

    Examples
    --------
    >>> drawn((1, 2, 3))
    'int(random() * 3) + 1'
    >>> drawn(("a", "b"), (1, 3))
    "if(random() < 0.25, 'a', 'b')"
    """
    numbers = [code for code in codes if isinstance(code, int)]
    if not shares or len(set(shares)) == 1:
        if numbers == list(range(1, len(codes) + 1)):
            return f"int(random() * {len(codes)}) + 1"
        shares = (1.0,) * len(codes)
    odds = [(code, share) for code, share in zip(codes, shares, strict=True) if share > 0]
    out, rest = "", 0.0
    for code, share in reversed(odds):
        word = str(code) if isinstance(code, int) else f"'{code}'"
        rest += share
        out = f"if(random() < {f'{share / rest:.12f}'.rstrip('0')}, {word}, {out})" if out else word
    return out


def balanced(size: int) -> tuple[tuple[int, ...], ...]:
    """Give orders of `size` things in which each stands equally often at every place and equally often after every other.

    These are the rows of a Latin square balanced for first-order effects of order; for an odd number also their reversals
    (Williams 1949, Australian Journal of Scientific Research A 2, 149-168).

    Examples
    --------
    >>> balanced(4)
    ((0, 1, 3, 2), (1, 2, 0, 3), (2, 3, 1, 0), (3, 0, 2, 1))
    >>> len(balanced(5))
    10
    """
    first = [(step + 1) // 2 if step % 2 else (size - step // 2) % size for step in range(size)]
    rows = [tuple((place + shift) % size for place in first) for shift in range(size)]
    return tuple(rows if size % 2 == 0 else [*rows, *(row[::-1] for row in rows)])
