"""Population totals as data: what they count, of when, by whom, on which boundaries; schema ``survey-kit/targets/1``.

A field's docstring is its description in the editor schema.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from html import escape
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BeforeValidator, ConfigDict

from survey_kit import files
from survey_kit.errors import WeightingError, did_you_mean
from survey_kit.weighting.targets_checked import check_digest, check_sums
from survey_kit.weighting.targets_reached import flat

SCHEMA: Final = "survey-kit/targets/1"
STRICT = ConfigDict(extra="forbid", use_attribute_docstrings=True)
Levels: TypeAlias = Mapping[tuple[Any, ...], float]


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_names(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Day: TypeAlias = Annotated[str, BeforeValidator(_as_text, json_schema_input_type=str | int)]
Names: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_as_names, json_schema_input_type=str | list[str])]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """The file of the producer that the numbers were taken from."""

    __pydantic_config__ = STRICT

    name: str
    """The name of the file."""
    sha256: str
    """Its SHA-256 digest; where the file stands beside this one, the digest is verified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetMargin:
    """One margin: totals or shares of the levels of some columns, or the total of a number."""

    __pydantic_config__ = STRICT

    by: Names = ()
    """The column, or the columns that are crossed; none for a number of everybody."""
    number: str | None = None
    """A column of numbers, when the totals are sums of it and no counts."""
    totals: dict[Any, Any] = field(default_factory=dict)
    """The total of every level; nested for columns that are crossed."""
    shares: dict[Any, Any] = field(default_factory=dict)
    """The share of every level instead, adding up to 1."""
    total: float | None = None
    """The total of the number over everybody."""
    date: Day | None = None
    """The day, month or year of this margin, when not that of the file."""
    source: str | None = None
    """The source of this margin, when not that of the file."""
    boundaries: str | None = None
    """The boundaries of this margin, when not those of the file."""

    @property
    def counts(self) -> bool:
        """Tell whether the margin counts people, by totals."""
        return self.number is None and bool(self.totals)

    def levels(self) -> Levels:
        """Give the total or share of every level, a tuple with one value for each column.

        Examples
        --------
        >>> TargetMargin(by=("sex", "age"), totals={"f": {"y": 3, "o": 4}}).levels()
        {('f', 'y'): 3.0, ('f', 'o'): 4.0}
        """
        if self.total is not None:
            return {(): float(self.total)}
        made = flat(self.totals or self.shares, len(self.by))
        return {(level if isinstance(level, tuple) else (level,)): float(value) for level, value in made.items()}

    @property
    def sum(self) -> float:
        """Add the totals or shares up."""
        return float(sum(self.levels().values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetsFile:
    """The whole of a file of targets."""

    __pydantic_config__ = STRICT

    id: str
    """The id of these targets."""
    title: str
    """What is counted, in words."""
    date: Day
    """The day, month or year the numbers are of: 2023-01-01, 2023-01 or 2023."""
    source: str
    """Who published them, and where."""
    margins: dict[str, TargetMargin]
    """The margins by name."""
    licence: str | None = None
    """Under which licence they may be used."""
    boundaries: str | None = None
    """The boundaries of the regions, such as regions_2022; left out when no margin is regional."""
    file: SourceFile | None = None
    """The file of the producer they were taken from."""
    population: float | None = None
    """How many people all margins are of; the sum of the first margin of counts when left out."""
    may_differ: float = 0.0
    """By which share the sums of margins may differ, as rounded tables do; they are then scaled to one population."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets(TargetsFile):
    """A file of targets that agree with each other; made by :func:`read_targets`.

    Examples
    --------
    >>> sexes = TargetMargin(by=("sex",), totals={"f": 520, "m": 480})
    >>> made = Targets(id="town", title="Adults of the town", date="2026-01-01", source="Register", margins={"sex": sexes})
    >>> made.controls("sex")
    {'sex': {'f': 520.0, 'm': 480.0}}
    """

    path: Path | None = None

    @property
    def name(self) -> str:
        """Name the file, or the targets when they come from none."""
        return self.id if self.path is None else self.path.name

    @property
    def people(self) -> float | None:
        """Count the people all margins are of; None when only shares are known."""
        counted = (margin.sum for margin in self.margins.values() if margin.counts)
        return self.population if self.population is not None else next(counted, None)

    def margin(self, name: str) -> TargetMargin:
        """Give a margin by its name."""
        if name not in self.margins:
            raise WeightingError(
                f"The targets have no margin '{name}'.", where=self.name, fix=did_you_mean(name, self.margins)
            )
        return self.margins[name]

    def controls(self, *names: str) -> dict[Any, Any]:
        """Give some margins as :func:`survey_kit.calibrate` takes them: ``{columns: {level: total}}``.

        Shares become totals where the number of people is known. Sums that differ no more than the file allows are
        scaled to it.

        Raises
        ------
        WeightingError
            If a margin is not known, or two are of the same columns.
        """
        out: dict[Any, Any] = {}
        for name in names:
            margin = self.margin(name)
            columns = (*margin.by, *([margin.number] if margin.number else []))
            key = columns if len(columns) > 1 else columns[0]
            if key in out:
                raise WeightingError(
                    "Two margins are of the same columns.",
                    where=f"{self.name}, margin '{name}'",
                    found=" x ".join(columns),
                    fix="Name one of them.",
                )
            out[key] = self._scaled(margin)
        return out

    def told(self, names: Sequence[str]) -> str:
        """Say in words where some margins come from."""
        parts = dict.fromkeys(
            f"{(margin.source or self.source).rstrip('.')}, {margin.date or self.date}"
            for margin in map(self.margin, names)
        )
        return f"targets: {self.title.rstrip('.')} ({'; '.join(parts)}; {self.name})"

    def _scaled(self, margin: TargetMargin) -> Any:
        if margin.total is not None:
            return float(margin.total)
        people, levels = self.people, margin.levels()
        factor = 1.0
        if margin.number is None and people is not None:
            factor = people / margin.sum
            factor = 1.0 if abs(factor - 1) < 1e-12 else factor
        return {level if len(level) > 1 else level[0]: value * factor for level, value in levels.items()}

    def __repr__(self) -> str:
        lines = [f"Targets {self.id}: {self.title} ({self.source}, {self.date})"]
        rows = self._rows()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        padded = ["  ".join(cell.ljust(wide) for cell, wide in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join((*lines, *padded))

    def _rows(self) -> list[tuple[str, str, str, str]]:
        return [
            (
                name,
                " x ".join((*margin.by, *([margin.number] if margin.number else []))),
                f"{len(margin.levels())} levels",
                f"{margin.sum:,.10g}",
            )
            for name, margin in self.margins.items()
        ]

    def _repr_html_(self) -> str:
        head = "".join(f"<th scope='col'>{name}</th>" for name in ("margin", "columns", "levels", "sum"))
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self._rows())
        caption = escape(f"{self.title} ({self.source}, {self.date})")
        return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def read_targets(path: str | Path) -> Targets:
    r"""Read a file of targets and hold its margins against each other.

    Parameters
    ----------
    path
        A YAML file of the schema ``survey-kit/targets/1``.

    Raises
    ------
    WeightingError
        If the file contradicts its schema (with the line), a total is negative, shares do not add up to 1, two margins add
        up to different populations, a crossed margin does not add up to the margin of one of its columns (both sums are
        printed), or the producer's file stands beside it with another digest.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "town.yaml"
    >>> _ = file.write_text(
    ...     "schema: survey-kit/targets/1\nid: town\ntitle: Adults\ndate: 2026-01-01\nsource: Register\n"
    ...     "margins:\n  sex: {by: sex, totals: {f: 520, m: 480}}\n"
    ... )
    >>> read_targets(file).controls("sex")
    {'sex': {'f': 520.0, 'm': 480.0}}
    """
    file = Path(path)
    document = files.read_yaml(file, "file of targets", WeightingError)
    declared = files.declared(document, TargetsFile, SCHEMA, WeightingError)
    made = Targets(**{one.name: getattr(declared, one.name) for one in fields(TargetsFile)}, path=file)
    check_sums(made, lambda *way: document.at(way))
    check_digest(made, document.at(("file",)))
    return made
