"""Items that take several answers: one cell with the codes and blanks between them, or one column of 0 and 1 for each code.

Whatever the file holds, an answer is the set of its codes, and the frame gets one column ``<item>__<code>`` for each code.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from survey_kit.responses.codes import (
    ANSWERED,
    BESIDE,
    BROKEN,
    EMPTY,
    KIND,
    STRAY,
    WORDS,
    Answers,
    Definition,
    as_number,
    distinct,
    plain,
)
from survey_kit.types import BoolArray, Code

if TYPE_CHECKING:
    import pandas as pd

SPELLINGS = ("/", "__", "_", ".")
TICKS: Mapping[str, int] = {"1": 1, "0": 0, "true": 1, "false": 0, "": -1}
NOT_ASKED = KIND["not_asked"]


@dataclass(slots=True)
class Cells:
    """What the file holds of one item: a set of codes or None (n,), the state (n,), the words to show of a fault (n,).

    `differ` are the rows whose joined cell and single columns say different things.
    """

    values: NDArray[Any]
    state: NDArray[np.int8]
    shown: pd.Series
    differ: BoolArray


def column_name(item_id: str, code: Code) -> str:
    """Name the column of one answer.

    Examples
    --------
    >>> column_name("channels", 3)
    'channels__3'
    """
    return f"{item_id}__{code}"


def spellings(column: str, codes: Iterable[Code]) -> tuple[str, ...]:
    """Name every column in which a file may hold an item: its own, and those of single answers in the common spellings.

    Examples
    --------
    >>> spellings("q", (1,))
    ('q', 'q/1', 'q__1', 'q_1', 'q.1')
    """
    return (column, *(f"{column}{mark}{code}" for code in codes for mark in SPELLINGS))


def columns_of(column: str, codes: Iterable[Code], present: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """Give the column of each code, as far as the file has them; names that belong to other items do not count.

    Codes that only the file knows are among them where the spelling leaves no doubt.

    Examples
    --------
    >>> columns_of("q", (1, 2), ["q/1", "q/2", "q/7", "q_1"], {"q_1"})
    {'1': 'q/1', '2': 'q/2', '7': 'q/7'}
    """
    names = [name for name in map(str, present) if name.startswith(column) and name not in taken]
    out: dict[str, str] = {}
    for mark in SPELLINGS:
        known = {f"{column}{mark}{code}": str(code) for code in codes}
        for name in names:
            if name in known:
                out.setdefault(known[name], name)
            elif mark == "/" and name.startswith(f"{column}/"):
                out.setdefault(name[len(column) + 1 :], name)
    return out


def read_several(data: pd.DataFrame, column: str, meaning: Definition, taken: Collection[str]) -> Cells:
    """Read the sets of codes of one item, from its own column where there is an answer, else from those of single answers."""
    own = (*meaning.codes, *(code for code, _ in meaning.missing))
    single = columns_of(column, own, data.columns, taken)
    parted = _parted(data, single, meaning) if single else None
    if column not in data:
        return parted or _nothing(len(data))
    joined = _joined(data[column], meaning)
    if parted is None:
        return joined
    both = (joined.state != EMPTY) & (parted.state != EMPTY)
    same = np.fromiter(map(_same, joined.values, parted.values, joined.state, parted.state), bool, len(data))
    blank = joined.state == EMPTY
    return Cells(
        np.where(blank, parted.values, joined.values),
        np.where(blank, parted.state, joined.state).astype(np.int8),
        joined.shown.where(~blank, parted.shown),
        both & ~same,
    )


def spread(answers: Answers, item_id: str, codes: Mapping[Code, BoolArray]) -> dict[str, Answers]:
    """Give one column of 0 and 1 for each code; `codes` says in which rows each was among the answers to choose from."""
    out = {}
    given = answers.answered
    for code, offered in codes.items():
        chosen = np.fromiter((bool(one) and code in one for one in answers.values), bool, len(given))
        values = np.where(given & offered, chosen.astype(np.float64), np.nan)
        state = np.where(offered, answers.state, NOT_ASKED).astype(np.int8)
        out[column_name(item_id, code)] = Answers(values, state, answers.closed)
    return out


# ------------------------------------------------------------------------------------------------------------- inside
def _same(one: Any, other: Any, state: int, other_state: int) -> bool:
    return bool(state == other_state and one == other)


def _nothing(n: int) -> Cells:
    import pandas as pd

    blank = pd.Series([None] * n, dtype=object)
    return Cells(np.full(n, None, dtype=object), np.full(n, EMPTY, dtype=np.int8), blank, np.zeros(n, dtype=bool))


def _joined(column: pd.Series, meaning: Definition) -> Cells:
    places, found = distinct(column)
    lookup = _lookup(meaning)
    read = [_verdict([_token(part, lookup) for part in plain(value).split()], meaning) for value in found]
    return _cells(read, places, column.reset_index(drop=True))


def _parted(data: pd.DataFrame, single: Mapping[str, str], meaning: Definition) -> Cells:
    import pandas as pd

    n, lookup = len(data), _lookup(meaning)
    ticks = np.zeros((n, len(single)), dtype=bool)
    words = pd.Series([None] * n, dtype=object)
    for place, name in enumerate(single.values()):
        places, found = distinct(data[name])
        said = np.array([*(TICKS.get(plain(value).casefold(), -2) for value in found), -1])
        ticks[:, place] = said[places] == 1
        wrong = said[places] == -2
        words[wrong] = data[name].to_numpy()[wrong]
    patterns, which = np.unique(ticks, axis=0, return_inverse=True)
    tokens = [_token(code, lookup) for code in single]
    chosen = [[token for token, tick in zip(tokens, pattern, strict=True) if tick] for pattern in patterns]
    shown = np.array([" ".join(text for text, _ in one) for one in chosen], dtype=object)[which.ravel()]
    out = _cells([_verdict(one, meaning) for one in chosen], which.ravel(), pd.Series(shown, dtype=object))
    wordy = words.notna().to_numpy()
    out.values[wordy], out.state[wordy] = None, WORDS
    out.shown = out.shown.where(~wordy, words)
    return out


def _cells(read: Sequence[tuple[Any, int]], places: NDArray[Any], shown: pd.Series) -> Cells:
    sets = np.empty(len(read) + 1, dtype=object)
    for place, (value, _) in enumerate(read):
        sets[place] = value
    states = np.array([*(state for _, state in read), EMPTY], dtype=np.int8)
    return Cells(sets[places], states[places], shown, np.zeros(len(places), dtype=bool))


def _lookup(meaning: Definition) -> dict[str, Code]:
    return {plain(code): code for code in (*meaning.codes, *(code for code, _ in meaning.missing))}


def _token(text: str, lookup: Mapping[str, Code]) -> tuple[str, Code | None]:
    if text not in lookup and (number := as_number(text)) is not None:
        return text, lookup.get(plain(number))
    return text, lookup.get(text)


def _verdict(chosen: Sequence[tuple[str, Code | None]], meaning: Definition) -> tuple[frozenset[Code] | None, int]:
    """Say what a set of answers is: an answer, a reason for none, or a fault."""
    missing = dict(meaning.missing)
    codes = frozenset(code for _, code in chosen if code is not None)
    if not chosen:
        return None, EMPTY
    if any(code is None for _, code in chosen):
        return None, STRAY
    if len(codes) > 1 and (codes & set(missing) or codes & set(meaning.alone)):
        return None, BESIDE
    if codes & set(missing):
        return None, KIND[missing[next(iter(codes))]]
    if meaning.most is not None and len(codes) > meaning.most:
        return None, BROKEN
    return codes, ANSWERED
