"""Crosswalks: how the codes of one version of a list become those of another, kept as data.

``crosswalks/<id>.yaml`` beside an instrument says for each old code which new codes it became, with the share of each where the
old one was divided. What both versions can show alike are the groups of codes that the crosswalk ties together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ConfigDict

from survey_kit.errors import InstrumentError, did_you_mean
from survey_kit.files import declared, read_yaml
from survey_kit.instrument.model import STRICT, CodeValue, Texts, Version
from survey_kit.types import Code

SCHEMA = "survey-kit/crosswalk/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Became:
    """What one old code became."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    old: CodeValue
    new: tuple[CodeValue, ...]
    shares: tuple[float, ...] = ()  # of the old code, by new code
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crosswalk:
    """From the codes of one version of a list to those of another.

    Examples
    --------
    >>> split = Crosswalk(id="split", scale="region", old="2018", new="2022", source="decree", codes=(
    ...     Became(old="EAST", new=("EAST", "ABAI"), shares=(0.54, 0.46)), Became(old="WEST", new=("WEST",))))
    >>> split.forward(["WEST", "EAST"]), split.backward(["ABAI", "WEST"])
    (['WEST', None], ['EAST', 'WEST'])
    >>> split.common_new
    {'EAST': 'EAST+ABAI', 'ABAI': 'EAST+ABAI', 'WEST': 'WEST'}
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    id: str
    scale: str
    old: Version
    new: Version
    codes: tuple[Became, ...]
    source: str
    date: str | None = None  # the day the new list came into force
    title: Texts = field(default_factory=dict)
    verified: bool = False
    note: str | None = None

    def forward(self, values: Iterable[Code | None]) -> list[Code | None]:
        """Give the new code of each old one; None where the old one was divided, unknown or blank."""
        known = {one.old: one.new[0] for one in self.codes if len(one.new) == 1}
        return [known.get(value) if value is not None else None for value in values]

    def backward(self, values: Iterable[Code | None]) -> list[Code | None]:
        """Give the old code of each new one; None where several old ones were joined in it, it is unknown or blank."""
        came: dict[Code, set[Code]] = {}
        for one in self.codes:
            for code in one.new:
                came.setdefault(code, set()).add(one.old)
        known = {code: next(iter(old)) for code, old in came.items() if len(old) == 1}
        return [known.get(value) if value is not None else None for value in values]

    @property
    def common_new(self) -> Mapping[Code, str]:
        """Give for each new code the finest group of codes that the old list can show as well."""
        return {code: name for group, name in self._groups() for kind, code in group if kind == "new"}

    @property
    def common_old(self) -> Mapping[Code, str]:
        """Give for each old code the same group."""
        return {code: name for group, name in self._groups() for kind, code in group if kind == "old"}

    def _groups(self) -> list[tuple[list[tuple[str, Code]], str]]:
        """Tie old and new codes together: the connected parts of the crosswalk, named by their new codes."""
        home: dict[tuple[str, Code], int] = {}
        groups: dict[int, list[tuple[str, Code]]] = {}
        for number, one in enumerate(self.codes):
            nodes: list[tuple[str, Code]] = [("old", one.old), *(("new", code) for code in one.new)]
            tied = {home[node] for node in nodes if node in home}
            joined = [node for group in sorted(tied) for node in groups.pop(group)]
            groups[number] = list(dict.fromkeys([*joined, *nodes]))
            home |= dict.fromkeys(groups[number], number)
        return [(nodes, "+".join(str(code) for kind, code in nodes if kind == "new")) for nodes in groups.values()]


def read_crosswalk(path: Path | str) -> Crosswalk:
    """Read one crosswalk.

    Raises
    ------
    InstrumentError
        When an old code stands twice, or shares do not belong to its new codes or do not add up to 1.
    """
    document = read_yaml(Path(path), "crosswalk", InstrumentError)
    made = declared(document, Crosswalk, SCHEMA, InstrumentError, context=_language(document.value))
    seen: set[Code] = set()
    for place, one in enumerate(made.codes):
        where = document.at(("codes", place))
        if one.old in seen:
            raise InstrumentError(
                f"The old code {one.old!r} stands twice.", where=where, fix="List its new codes once."
            )
        seen.add(one.old)
        if one.shares and (len(one.shares) != len(one.new) or abs(sum(one.shares) - 1) > 0.001):
            found = f"{len(one.new)} new codes, shares {list(one.shares)}"
            raise InstrumentError(
                f"The shares of {one.old!r} do not fit its new codes.",
                where=where,
                found=found,
                fix="They add up to 1.",
            )
    return made


def find_crosswalk(folder: Path | str, scale: str, old: str, new: str) -> Crosswalk:
    """Find the crosswalk of a scale between two versions of its list, in an instrument's folder.

    Examples
    --------
    >>> find_crosswalk("instruments/core", "region", "2018", "2022").common_old["KZ-63"]
    'KZ-63+KZ-10'
    """
    known = [read_crosswalk(path) for path in sorted((Path(folder) / "crosswalks").glob("*.yaml"))]
    for one in known:
        if (one.scale, one.old, one.new) == (scale, old, new):
            return one
    listed = [f"{one.scale} {one.old} {one.new}" for one in known]
    fix = did_you_mean(f"{scale} {old} {new}", listed)
    raise InstrumentError(f"There is no crosswalk of '{scale}' from {old} to {new}.", where=str(folder), fix=fix)


def _language(value: Any) -> dict[str, str]:
    return {"language": str(value.get("source_language", "en"))} if isinstance(value, dict) else {}
