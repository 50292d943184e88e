"""Which earlier wave a figure is compared with, and whether the two may be compared at all.

Waves form series. A wave that declares a `break` starts a new series; ``comparable_with: <earlier wave>`` takes an older
series up again (a survey by telephone between two face to face). Two waves are comparable when they belong to the same
series and no item of the indicator was changed between their versions of the instrument in a way that breaks a trend.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from survey_kit.indicators.rows import AGAINST, BREAKS
from survey_kit.indicators.score import lacking
from survey_kit.instrument.compare import Difference, compare
from survey_kit.study import Indicator, Study, Wave, said
from survey_kit.types import Break

NONE: Final = -1
_SCALE_CHANGES: Final = ("type", "codes", "list", "direction", "labels", "missing_codes")
_REMEDIES: Final = {
    "common_subset": "; it can be compared on the answers that both lists hold",
    "bridge_needed": "; a bridge, both forms asked of random halves, would measure the step",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a wave is compared with.

    Attributes
    ----------
    earlier
        Position of the earlier wave; NONE for none.
    comparable, reason
        Whether the two may be compared, and why not.
    kind, words
        The break between them, and its description.
    note
        What a reader of the change has to know.
    """

    earlier: int = NONE
    comparable: bool = False
    reason: str = ""
    kind: Break | None = None
    words: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an indicator is compared with, wave by wave (W entries each).

    Attributes
    ----------
    asked
        Whether it was asked.
    against
        The comparisons with the previous and the baseline wave.
    breaks
        The kind of break between a wave and the last one before it in which it was asked, or nothing, and its words;
        in a wave in which it was not asked, the break that wave declares.
    notes
        What a reader of the wave's figures has to know.
    """

    asked: tuple[bool, ...]
    against: Mapping[str, tuple[Comparison, ...]]
    breaks: tuple[tuple[Break | None, str], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans the comparisons of a study's indicators; remembers what changed between versions of its instrument."""

    study: Study
    _seen: dict[tuple[str, str], tuple[Difference, ...]] = field(default_factory=dict)

    def plan(self, one: Indicator) -> Plan:
        """Plan the comparisons of one indicator."""
        study, waves = self.study, self.study.waves
        asked = tuple(not lacking(study, one, wave.id) for wave in waves)
        breaks = tuple(_break(wave, one) for wave in waves)
        series = _series(study, breaks)
        previous = tuple(self._previous(one, v, asked, series, breaks) for v in range(len(waves)))
        baseline = self._baselines(one, asked, series, breaks)
        notes = tuple(_wave_note(study, one, v, asked[v]) for v in range(len(waves)))
        shown = tuple(
            (previous[v].kind, previous[v].words) if asked[v] else (breaks[v], said(waves[v].break_note, "en"))
            for v in range(len(waves))
        )
        against = dict(zip(AGAINST, (previous, baseline), strict=True))
        return Plan(asked=asked, against=against, breaks=shown, notes=notes)

    def _previous(
        self, one: Indicator, v: int, asked: tuple[bool, ...], series: list[int], breaks: tuple[Break | None, ...]
    ) -> Comparison:
        waves = self.study.waves
        if not asked[v]:
            return Comparison(reason=f"It was not asked in {waves[v].id}.")
        earlier = next((u for u in range(v - 1, -1, -1) if asked[u]), NONE)
        if earlier == NONE:
            return Comparison()
        skipped = [waves[u].id for u in range(earlier + 1, v)]
        note = f"Not asked in {', '.join(skipped)}; compared with {waves[earlier].id}." if skipped else ""
        return self._compared(one, (earlier, v), series, breaks, note)

    def _baselines(
        self, one: Indicator, asked: tuple[bool, ...], series: list[int], breaks: tuple[Break | None, ...]
    ) -> tuple[Comparison, ...]:
        waves = self.study.waves
        declared = next(v for v, wave in enumerate(waves) if wave.id == self.study.baseline_wave)
        base = next((v for v in range(declared, len(waves)) if asked[v]), NONE)
        out = []
        for v, wave in enumerate(waves):
            if not asked[v]:
                out.append(Comparison(reason=f"It was not asked in {wave.id}."))
            elif base in (NONE, v) or v < base:
                out.append(Comparison())
            else:
                instead = f"Not asked in the baseline {waves[declared].id}; the baseline is {waves[base].id}."
                out.append(self._compared(one, (base, v), series, breaks, "" if base == declared else instead))
        return tuple(out)

    def _compared(
        self, one: Indicator, pair: tuple[int, int], series: list[int], breaks: tuple[Break | None, ...], note: str
    ) -> Comparison:
        earlier, later = pair
        waves = self.study.waves
        changed = [
            difference
            for difference in self._differences(waves[earlier].id, waves[later].id)
            if difference.item in one.needs() and difference.effect != "none"
        ]
        told = [f"{part.item}: {part.text}" for part in changed if part.effect == "note"]
        note = " ".join(filter(None, (note, f"Changed since {waves[earlier].id}: {'; '.join(told)}." if told else "")))
        if series[earlier] != series[later]:
            return self._broken_series(pair, breaks, note)
        for part in changed:
            if part.effect == "break":
                words = f"{part.item}: {part.text}"
                return Comparison(
                    earlier=earlier,
                    reason=f"The question changed since {waves[earlier].id} ({words}){_REMEDIES.get(part.verdict, '')}.",
                    kind="scale" if part.kind in _SCALE_CHANGES else "wording",
                    words=words,
                    note=note,
                )
        return Comparison(earlier=earlier, comparable=True, note=note)

    def _broken_series(self, pair: tuple[int, int], breaks: tuple[Break | None, ...], note: str) -> Comparison:
        kind: Break | None = None
        told, words = [], ""
        for v in range(pair[0] + 1, pair[1] + 1):
            declared, wave = breaks[v], self.study.waves[v]
            if declared is not None:
                kind, words = declared, said(wave.break_note, "en")
                told.append(f"{BREAKS[declared]} in {wave.id}" + (f" ({words})" if words else ""))
        text = "; ".join(told)
        return Comparison(earlier=pair[0], reason=f"{text[:1].upper()}{text[1:]}.", kind=kind, words=words, note=note)

    def _differences(self, earlier: str, later: str) -> tuple[Difference, ...]:
        old, new = self.study.instruments[earlier], self.study.instruments[later]
        if old.version == new.version:
            return ()
        key = (old.version, new.version)
        if key not in self._seen:
            self._seen[key] = compare(old, new)
        return self._seen[key]


def _break(wave: Wave, one: Indicator) -> Break | None:
    return wave.break_ if not wave.break_items or set(wave.break_items) & set(one.needs()) else None


def _series(study: Study, breaks: tuple[Break | None, ...]) -> list[int]:
    """Give the number of each wave's series."""
    order = {wave.id: v for v, wave in enumerate(study.waves)}
    series: list[int] = []
    for v, wave in enumerate(study.waves):
        if breaks[v] is None:
            series.append(series[-1] if series else 0)
        elif wave.comparable_with is not None:
            series.append(series[order[wave.comparable_with]])
        else:
            series.append(max(series, default=-1) + 1)
    return series


def _wave_note(study: Study, one: Indicator, v: int, asked: bool) -> str:
    wave = study.waves[v]
    parts = [said(flag, "en") for flag in wave.flag] if asked else []
    partly = {item for unasked in study.unasked_when(wave.id) for item in unasked.items}
    if asked and partly & set(one.needs()):
        parts.append("Asked of a random part of the sample.")
    lacks = lacking(study, one, wave.id)
    if lacks and len(lacks) < len(one.needs()):
        parts.append(f"Not asked: {', '.join(lacks)}.")
    return " ".join(parts)
