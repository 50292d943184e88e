"""The columns of a tab book: blocks of groups side by side, lettered A, B, C within each block, after a Total."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from survey_kit import checks
from survey_kit.design import Design
from survey_kit.errors import EstimationError
from survey_kit.estimate.domains import Cells, cells
from survey_kit.tabbook.words import BookWords, label_of, title_of

Banner: TypeAlias = Sequence[str | Sequence[str]]
TOTAL = "Total"
MOST_COLUMNS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its letter within the block and a label for each key of the block; the Total has neither letter nor key."""

    letter: str
    labels: tuple[str, ...]

    @property
    def label(self) -> str:
        """The labels of all keys in one text."""
        return " / ".join(self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The columns of one banner variable, or of several nested in each other.

    Attributes
    ----------
    keys
        The `by` columns; none for the Total.
    title
        Their titles in one text.
    columns
        In the order of the levels.
    cells
        Which rows are members of which column.
    """

    keys: tuple[str, ...]
    title: str
    columns: tuple[Column, ...]
    cells: Cells = field(repr=False)

    @property
    def size(self) -> int:
        """Count the columns."""
        return len(self.columns)


def make_blocks(design: Design, banner: Banner, where: str | None, words: BookWords) -> tuple[Block, ...]:
    """Make the Total and a block for every entry of the banner.

    Raises
    ------
    EstimationError
        If an entry stands twice, has one level only, or makes very many columns.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"w": [1.0, 1, 1], "sex": list("fmf"), "age": [1, 2, 2]})
    >>> blocks = make_blocks(Design(frame, weight="w"), ("sex", ("sex", "age")), None, BookWords())
    >>> [(column.letter, column.label) for block in blocks for column in block.columns]
    [('', 'Total'), ('A', 'f'), ('B', 'm'), ('A', 'f / 1'), ('B', 'f / 2'), ('C', 'm / 1'), ('D', 'm / 2')]
    """
    if not isinstance(banner, Iterable) or isinstance(banner, (bytes, Mapping)) or hasattr(banner, "columns"):
        raise EstimationError(
            "The banner takes column names.", found=checks.shown(banner), fix="Write banner=('sex', ('sex', 'age'))."
        )
    entries = (banner,) if isinstance(banner, str) else tuple(banner)
    keys = [checks.names(entry, "banner") for entry in entries]
    if not all(keys):
        raise EstimationError("An entry of the banner names no column.", fix="Leave it out; the Total is always there.")
    checks.unique([" and ".join(entry) for entry in keys], "The banner's", EstimationError)
    everybody = Block(keys=(), title="", columns=(Column(letter="", labels=(TOTAL,)),), cells=cells(design, (), where))
    blocks = (everybody, *(_block(design, entry, where, words) for entry in keys))
    size = sum(block.size for block in blocks)
    if size > MOST_COLUMNS:
        raise EstimationError(
            "The banner is too wide to print.",
            found=f"{size} columns",
            fix=f"Group the levels, or make several books of at most {MOST_COLUMNS} columns.",
        )
    return blocks


def letters(number: int) -> str:
    """Give the letters of a column: A to Z, AA, AB and so on.

    Examples
    --------
    >>> [letters(i) for i in (0, 25, 26, 51, 52, 701, 702)]
    ['A', 'Z', 'AA', 'AZ', 'BA', 'ZZ', 'AAA']
    """
    out, number = "", number + 1
    while number:
        number, rest = divmod(number - 1, 26)
        out = chr(ord("A") + rest) + out
    return out


def _block(design: Design, keys: tuple[str, ...], where: str | None, words: BookWords) -> Block:
    found = cells(design, keys, where)
    for key in keys:
        levels = list(dict.fromkeys(found.keys[key]))
        if len(levels) < 2:
            shown = f"only {levels[0]!r}" if levels else "no level"
            raise EstimationError(
                f"The banner column '{key}' has nothing to compare.",
                found=shown,
                fix="Name a column with two or more levels; the Total is always there.",
            )
    labels: list[tuple[str, ...]] = [
        tuple(label_of(design, words, key, _plain(found.keys[key][i])) for key in keys) for i in range(found.size)
    ]
    columns = tuple(Column(letter=letters(i), labels=labels[i]) for i in range(found.size))
    title = " by ".join(title_of(design, words, key) for key in keys)
    return Block(keys=keys, title=title, columns=columns, cells=found)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
