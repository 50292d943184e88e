"""Names that may mean one and the same unit: equal but for spelling, or one letter apart."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

MOST_NAMES = 200_000  # distinct names that are compared letter by letter
SHORTEST = 5  # letters of a name that one letter does not make another
_LATIN = str.maketrans("abcehikmoptxy", "авсенікмортху")  # letters that look the same on paper
_ALIKE = str.maketrans(
    {**dict(zip("ёйқғәөұүңіһ", "еикгаоууних", strict=True)), "ъ": None, "ь": None}
)  # one place in Kazakh and in Russian spelling


@dataclass(frozen=True, slots=True)
class Alike:
    """Two rows whose names are the same but for spelling (``same``) or one letter apart (``near``); the first row first."""

    first: int
    second: int
    how: Literal["same", "near"]


def folded(name: str) -> str:
    """Write a name without what spellings differ in: case, signs, blanks, look-alike letters, Kazakh and Russian letters.

    Examples
    --------
    >>> folded("Қарағанды-Сити") == folded("КАРАГАНДЫ  сити")
    True
    >>> folded("Aлматы") == folded("Алматы")  # the first begins with a Latin letter
    True
    """
    text = unicodedata.normalize("NFKC", name).casefold()
    if re.search("[а-яёәғқңөұүһі]", text):
        text = text.translate(_LATIN).translate(_ALIKE)
    return re.sub(r"[\W_]+", "", text)


def alike(names: Sequence[str | None], blocks: Sequence[Hashable]) -> list[Alike]:
    """List the rows of a block whose names may mean the same unit; numbers in a name must be equal.

    Two names are near when one letter was left out, added, changed, or swapped with its neighbour; they are found by the words that
    are left when a letter is taken out (Mor & Fraenkel 1982), so that long lists take no longer than their length. Where several
    rows have one name, each is told with the first.

    Examples
    --------
    >>> alike(["Сарыарка", "Сарыарқа", "Сарырка", "Участок 12", "Участок 13"], [1, 1, 1, 1, 1])
    [Alike(first=0, second=1, how='same'), Alike(first=0, second=2, how='near')]
    """
    first: dict[tuple[Hashable, tuple[str, ...], str], int] = {}
    out = []
    for row, name in enumerate(names):
        if name is None or not (plain := folded(name)):
            continue
        key = blocks[row], tuple(re.findall(r"\d+", name)), re.sub(r"\d+", "", plain)
        known = first.setdefault(key, row)
        if known != row:
            out.append(Alike(known, row, "same"))
    if len({name for name in names if name}) <= MOST_NAMES:
        out += _near(first)
    return sorted(out, key=lambda pair: (pair.first, pair.second))


def _near(first: dict[tuple[Hashable, tuple[str, ...], str], int]) -> Iterator[Alike]:
    """Find the names that share a word with one letter less, and are one letter apart indeed."""
    shared: dict[tuple[Hashable, tuple[str, ...], str], list[str]] = {}
    seen: set[tuple[int, int]] = set()
    for (block, digits, word), row in first.items():
        if len(word) < SHORTEST:
            continue
        shorter = {word[:i] + word[i + 1 :] for i in range(len(word))} | {word}
        for part in sorted(shorter):
            others = shared.setdefault((block, digits, part), [])
            for other in others:
                pair = first[block, digits, other], row
                if pair not in seen and one_apart(other, word):
                    seen.add(pair)
                    yield Alike(*pair, "near")
            others.append(word)


def one_apart(a: str, b: str) -> bool:
    """Tell whether one letter left out, added, changed or swapped with its neighbour makes one word the other.

    Examples
    --------
    >>> one_apart("Abai", "Abay"), one_apart("Abai", "Aabi"), one_apart("Abai", "Abaia"), one_apart("Abai", "Abyia")
    (True, True, True, False)
    """
    if a == b or abs(len(a) - len(b)) > 1:
        return False
    i = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    if len(a) != len(b):
        long, short = (a, b) if len(a) > len(b) else (b, a)
        return long[i + 1 :] == short[i:]
    return a[i + 1 :] == b[i + 1 :] or (a[i : i + 2] == b[i : i + 2][::-1] and a[i + 2 :] == b[i + 2 :])
