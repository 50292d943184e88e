"""Targets named in a plan: ``targets: population_2023.yaml#region`` becomes the totals a step takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from survey_kit import checks
from survey_kit.errors import WeightingError
from survey_kit.weighting.targets import Targets, read_targets
from survey_kit.weighting.targets_checked import Survey, check_survey

TAKEN: Final = ("totals", "margins", "controls")  # what targets can stand for, by the kind of step


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where a plan looks for its targets, and what they are held against.

    Attributes
    ----------
    folder
        The folder from which files of targets are named.
    survey
        When the interviews were held, and on which boundaries.
    waves
        The waves of the design; empty when it has none.
    read
        The files that were read, by path.
    """

    folder: Path
    survey: Survey = field(default_factory=Survey)
    waves: tuple[Any, ...] = ()
    read: dict[Path, Targets] = field(default_factory=dict)

    def targets(self, name: str) -> Targets:
        """Read a file of targets, once."""
        path = self.folder / name
        if path not in self.read:
            self.read[path] = read_targets(path)
        return self.read[path]


def with_targets(
    record: Mapping[str, Any], known: Sequence[str], sources: Sources, place: str
) -> tuple[dict[str, Any], str]:
    """Put the totals of a step in the place of the ``targets`` it names; give it with where they come from.

    Parameters
    ----------
    record
        The step as a file writes it.
    known
        The keys this kind of step takes.
    sources
        Where files are looked for, and what targets are held against.
    place
        Which step it is, for messages.

    Raises
    ------
    WeightingError
        If the step takes no totals or has them already, a name does not say ``file#margin``, or the targets are of
        another time or on other boundaries.
    """
    key = next((name for name in TAKEN if name in known), None)
    twice = next((name for name in (*TAKEN, "by") if name in record), None)
    if key is None or twice is not None:
        raise WeightingError(
            f"Step '{record['kind']}' takes no targets." if key is None else "A step has targets twice.",
            where=place,
            found=f"'targets' and '{twice}'" if twice else None,
            fix="Leave 'targets' out." if key is None else f"Keep 'targets:' or '{twice}:'.",
        )
    out = {name: value for name, value in record.items() if name != "targets"}
    told: list[str] = []
    made: dict[Any, Any] = {}
    for wave, asked in _by_wave(record["targets"], sources.waves).items():
        made[wave] = None if asked is None else _controls(asked, wave, sources, place, told)
    if key == "totals":
        by = dict.fromkeys(name for part in made.values() if part is not None for name in part)
        if len(by) != 1:
            raise WeightingError(
                f"Step '{record['kind']}' takes one margin, the same columns in every wave.",
                where=place,
                found=", ".join(" x ".join(name) if isinstance(name, tuple) else str(name) for name in by) or "none",
                fix="Name one margin, or use 'kind: rake'.",
            )
        out["by"] = next(iter(by))
        made = {wave: None if part is None else part[out["by"]] for wave, part in made.items()}
    out[key] = made if sources.waves else made[None]
    return out, "; ".join(dict.fromkeys(told))


def by_wave(record: Mapping[str, Any], waves: Sequence[Any]) -> dict[str, Any]:
    """Give the totals of a step by wave: those that name no wave hold for each of them.

    Examples
    --------
    >>> by_wave({"kind": "rake", "margins": {"sex": {"f": 1, "m": 1}}}, ("2025",))["margins"]
    {'2025': {'sex': {'f': 1, 'm': 1}}}
    >>> by_wave({"kind": "rake", "margins": {2025: {"sex": {"f": 1, "m": 1}}}}, ("2025",))["margins"]
    {'2025': {'sex': {'f': 1, 'm': 1}}}
    """
    out = dict(record)
    for name in (*TAKEN, "population"):
        value = out.get(name)
        if waves and value is not None and (name != "population" or hasattr(value, "items")):
            out[name] = _by_wave(value, waves)
    return out


def _by_wave(value: Any, waves: Sequence[Any]) -> dict[Any, Any]:
    """Give a value of each wave; keys that are no wave leave it the same for all."""
    if not waves:
        return {None: value}
    texts = {str(wave): wave for wave in waves}
    if hasattr(value, "items") and any(str(key) in texts for key in value):
        return {texts.get(str(key), key): part for key, part in value.items()}
    return dict.fromkeys(waves, value)


def _controls(asked: Any, wave: Any, sources: Sources, place: str, told: list[str]) -> dict[Any, Any]:
    """Read ``file#margin,margin``, or a list of such, as controls of one wave."""
    out: dict[Any, Any] = {}
    for text in (asked,) if isinstance(asked, str) else tuple(asked):
        file, _, named = str(text).partition("#")
        names = tuple(part.strip() for part in named.split(",") if part.strip())
        if not file or not names or not isinstance(text, str):
            there = isinstance(text, str) and (sources.folder / file).is_file()
            known = ",".join(sources.targets(file).margins) if there else "region,sex_age"
            raise WeightingError(
                "Targets are named by their file and margins.",
                where=place,
                found=checks.shown(text),
                fix=f"Write 'targets: {file if there else 'population_2023.yaml'}#{known}', or some of these margins.",
            )
        targets = sources.targets(file)
        check_survey(targets, names, sources.survey, wave, place)
        controls = targets.controls(*names)
        twice = next((column for column in controls if column in out), None)
        if twice is not None:
            raise WeightingError(
                "Two margins are of the same columns.", where=place, found=checks.shown(twice), fix="Name one of them."
            )
        out |= controls
        told.append(targets.told(names))
    return out
