"""A study as a value: what its files declare, where its data are, and its instruments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from survey_kit.errors import DataMissingError, StudyError, did_you_mean
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.responses import Unasked
from survey_kit.study.definition import Indicator
from survey_kit.study.model import StudyFile, Wave, said
from survey_kit.weighting import WeightingPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Study(StudyFile):
    """A study: every key of ``study.yaml``, its indicators, its instruments and its data folders.

    Made by :func:`read_study`. `definitions` are the indicators, in order; `data` are the folders in which a file of
    answers is looked for, the first first; `plan` are the steps of its weighting, with their targets.
    """

    path: Path
    data: tuple[Path, ...]
    definitions: tuple[Indicator, ...]
    instruments: Mapping[str, Instrument] = field(repr=False)
    inputs: tuple[Path, ...] = field(repr=False, default=())
    plan: WeightingPlan | None = field(repr=False, default=None)

    @property
    def folder(self) -> Path:
        """Give the folder of the study file."""
        return self.path.parent

    @property
    def wave_column(self) -> str:
        """Name the column that tells the waves apart; a study of one file without one gets the column ``wave``."""
        return self.responses.wave or "wave"

    @property
    def baseline_wave(self) -> str:
        """Give the id of the baseline wave."""
        return self.baseline or self.waves[0].id

    def wave(self, wave_id: str) -> Wave:
        """Give a wave by its id."""
        for wave in self.waves:
            if wave.id == wave_id:
                return wave
        raise StudyError(
            f"The study '{self.id}' has no wave '{wave_id}'.",
            fix=did_you_mean(wave_id, [wave.id for wave in self.waves]),
        )

    def indicator(self, indicator_id: str) -> Indicator:
        """Give an indicator by its id."""
        for one in self.definitions:
            if one.id == indicator_id:
                return one
        raise StudyError(
            f"The study '{self.id}' has no indicator '{indicator_id}'.",
            fix=did_you_mean(indicator_id, [one.id for one in self.definitions]),
        )

    def instrument(self, wave: str | None = None) -> Instrument:
        """Give the instrument of a wave, of the last wave when none is named."""
        return self.instruments[self.waves[-1].id if wave is None else self.wave(wave).id]

    def family(self, indicator_id: str) -> str:
        """Name the family an indicator's changes are judged in; an indicator in none is its own."""
        return next((name for name, members in self.families.items() if indicator_id in members), indicator_id)

    def not_asked(self, wave_id: str) -> frozenset[str]:
        """Name the items that were asked of nobody in a wave, modules written out."""
        entries = [entry for entry in self.wave(wave_id).not_asked if entry.when is None]
        return frozenset(item for entry in entries for item in self._written_out(wave_id, entry.items))

    def unasked_when(self, wave_id: str) -> tuple[Unasked, ...]:
        """Give the items that were asked of a part of a wave only, and of whom they were not."""
        return tuple(
            Unasked(items=self._written_out(wave_id, entry.items), when=entry.when)
            for entry in self.wave(wave_id).not_asked
            if entry.when is not None
        )

    def _written_out(self, wave_id: str, names: tuple[str, ...]) -> tuple[str, ...]:
        form, modules = self.instruments[wave_id], dict[str, list[str]]()
        for item in form.items:
            modules.setdefault(form.module_of(item.id).id, []).append(item.id)
        return tuple(item for name in names for item in modules.get(name, [name]))

    def title_of(self, domain: str, language: str = "en") -> str:
        """Give a domain in words: its own title, else the item's text, else its name."""
        if domain in self.derive:
            return said(self.derive[domain].title, language) or domain
        form = self.instrument()
        return form.name(domain, language) if domain in form else domain

    def label_of(self, domain: str, level: object, language: str = "en") -> str:
        """Give a level of a domain in words: the study's label, else the instrument's, else the code."""
        if domain in self.derive:
            return said(self.derive[domain].labels.get(str(level)), language) or str(level)
        form = self.instrument()
        if domain in form and isinstance(level, (int, str)):
            return form.label(domain, level, language)
        return str(level)

    def response_path(self, wave: str | None = None) -> Path:
        """Give the path of the response file, or of a wave's own; say how to come by it when it is missing."""
        name = self.responses.file if wave is None else (self.wave(wave).file or self.responses.file)
        if name is None:
            raise StudyError(
                "The study names no response file.", where=str(self.path), fix="Add 'responses: {file: ...}'."
            )
        return self.data_file(name)

    def data_file(self, name: str) -> Path:
        """Find a file in the data folders; a missing one is told with what to obtain, from whom, on which terms."""
        for folder in self.data:
            if (folder / name).is_file():
                return folder / name
        obtain = self.responses.obtain
        place = self.data[0] / name
        if obtain is None:
            raise DataMissingError(
                f"The data of '{self.id}' are missing.",
                where=str(place),
                fix=f"Put '{name}' into {self.data[0]}, or name its folder with --data DIR or SURVEY_KIT_DATA.",
            )
        language = self.source_language
        raise DataMissingError(
            f"The data of '{self.id}' are missing. Obtain: {said(obtain.how, language)}",
            where=f"{place} (or another folder, named with --data DIR or SURVEY_KIT_DATA)",
            found=f"no such file; producer: {said(obtain.producer, language)}",
            fix=f"Put the file there. Terms: {said(obtain.terms, language)}",
        )

    def answer_files(self) -> tuple[Path, ...]:
        """List the files of answers: the common one, those of single waves, the reasons, the issued cases."""
        own = [self.response_path(wave.id) for wave in self.waves if wave.file]
        common = [self.response_path()] if self.responses.file else []
        reasons = [self.data_file(self.responses.reasons.file)] if self.responses.reasons else []
        cases = [self.data_file(self.weighting.cases)] if self.weighting and self.weighting.cases else []
        return tuple(dict.fromkeys((*common, *own, *reasons, *cases)))

    def sources(self) -> tuple[Path, ...]:
        """List every file that goes into the study's figures."""
        return (*self.inputs, *self.answer_files())

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th scope='row'>{escape(wave.id)}</th><td>{wave.year or ''}</td>"
            f"<td>{escape(', '.join(self.not_asked(wave.id)))}</td><td>{escape(wave.break_ or '')}</td></tr>"
            for wave in self.waves
        )
        head = "".join(f"<th scope='col'>{name}</th>" for name in ("wave", "year", "not asked", "break"))
        caption = escape(f"{said(self.title)} ({self.data_status}, {len(self.definitions)} indicators)")
        return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
