"""``survey-kit instrument export`` and ``import``: what fieldwork, archives and other programs use."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from survey_kit.cli.console import table
from survey_kit.cli.outcome import DONE, FINDINGS, Outcome
from survey_kit.cli.questionnaires import instrument_folder
from survey_kit.errors import InstrumentError

if TYPE_CHECKING:
    from survey_kit.instrument import Instrument

Writer: TypeAlias = "Callable[[Instrument, Path, Sequence[str]], Sequence[Path]]"


def instrument_export(arguments: Namespace) -> Outcome:
    """Write the formats that are asked for, and say which languages are only pilots."""
    from survey_kit.instrument import fill, read_instrument
    from survey_kit.instrument.release import release

    form = read_instrument(instrument_folder(arguments.instrument), switches=arguments.switch)
    form = fill(form, _fillings(arguments.fill)) if arguments.fill else form
    folder = arguments.to or Path("build") / "instruments" / form.id
    languages = tuple(arguments.language) or form.languages
    strange = [language for language in languages if language not in form.languages]
    if strange:
        known = ", ".join(form.languages)
        raise InstrumentError(f"The instrument has no texts in '{strange[0]}'.", found=known, fix="Translate it first.")
    writers = WRITERS if "all" in arguments.formats else {name: WRITERS[name] for name in arguments.formats}
    written = [path for write in writers.values() for path in write(form, folder, languages)]
    states = {language: release(form, language) for language in languages}
    rows = [(one, "ready" if state.ready else "PILOT", "; ".join(state.reasons)) for one, state in states.items()]
    text = "\n".join(
        [*(f"Written: {path}" for path in written), "", table(("language", "may be used as", "why"), rows)]
    )
    record = {
        "instrument": form.id,
        "version": form.version,
        "written": written,
        "languages": {language: asdict(state) for language, state in states.items()},
    }
    return Outcome(record=record, text=text)


def instrument_import(arguments: Namespace) -> Outcome:
    """Make an instrument of an XLSForm; exit code 1 when something could not be expressed."""
    from survey_kit.instrument.imports import import_xlsform

    made = import_xlsform(arguments.file, arguments.to, name=arguments.name)
    errors = sum(problem.severity == "error" for problem in made.problems)
    rows = [(one.severity, one.code, one.where, f"{one.message} {one.fix}".strip()) for one in made.problems]
    listed = table(("severity", "code", "where", "what, and what to do"), rows) if rows else "Everything was expressed."
    place = made.path or arguments.to
    text = f"Written: {place}\n\n{listed}\n\nNext: survey-kit instrument check {place.parent}"
    record = {"instrument": made.path, "errors": errors, "problems": [asdict(problem) for problem in made.problems]}
    return Outcome(record=record, text=text, code=FINDINGS if errors else DONE)


def _fillings(words: Sequence[str]) -> dict[str, str | dict[str, str]]:
    """Read ``name=text`` and ``name.language=text``."""
    out: dict[str, str | dict[str, str]] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise InstrumentError(
                "A placeholder is filled like sponsor=TEXT.", found=repr(word), fix="Write NAME=TEXT."
            )
        stem, _, language = name.partition(".")
        if not language:
            out[stem] = text
            continue
        known = out.setdefault(stem, {})
        if isinstance(known, str):
            raise InstrumentError(f"'{stem}' is filled for all languages and for one.", fix="Choose one of the two.")
        known[language] = text
    return out


# --------------------------------------------------------------------------------------------------------- the formats
def _xlsform(form: Instrument, folder: Path, languages: Sequence[str]) -> Sequence[Path]:
    from survey_kit.instrument.export import write_xlsform

    return (write_xlsform(form, folder / f"{form.id}.xlsx", languages=languages),)


def _xform(form: Instrument, folder: Path, languages: Sequence[str]) -> Sequence[Path]:
    from survey_kit.instrument.export import write_xform

    return (write_xform(form, folder / f"{form.id}.xml", languages=languages),)


def _paper(form: Instrument, folder: Path, languages: Sequence[str]) -> Sequence[Path]:
    from survey_kit.instrument.export.paper import write_paper

    return write_paper(form, folder, languages, ("pdf",))


def _docx(form: Instrument, folder: Path, languages: Sequence[str]) -> Sequence[Path]:
    from survey_kit.instrument.export.paper import write_paper

    return write_paper(form, folder, languages, ("docx",))


def _showcards(form: Instrument, folder: Path, languages: Sequence[str]) -> Sequence[Path]:
    from survey_kit.instrument.export.paper import write_showcards

    return write_showcards(form, folder, languages)


def _preview(form: Instrument, folder: Path, languages: Sequence[str]) -> Sequence[Path]:  # noqa: ARG001  (it holds all)
    from survey_kit.instrument.export.preview import write_preview

    return (write_preview(form, folder / f"{form.id}_preview.html"),)


def _codebook(form: Instrument, folder: Path, languages: Sequence[str]) -> Sequence[Path]:  # noqa: ARG001  (it holds all)
    from survey_kit.instrument.export.codebook import write_codebook

    return write_codebook(form, folder)


def _ddi(form: Instrument, folder: Path, languages: Sequence[str]) -> Sequence[Path]:
    from survey_kit.instrument.export.ddi import write_ddi_codebook

    return (write_ddi_codebook(form, folder / f"{form.id}_ddi.xml", languages=languages),)


def _ddi_lifecycle(form: Instrument, folder: Path, languages: Sequence[str]) -> Sequence[Path]:
    from survey_kit.instrument.export.ddi_lifecycle import write_ddi_lifecycle

    return (write_ddi_lifecycle(form, folder / f"{form.id}_ddi_lifecycle.xml", languages=languages),)


def _json_schema(form: Instrument, folder: Path, languages: Sequence[str]) -> Sequence[Path]:
    from survey_kit.instrument.export.json_schema import write_json_schema

    return (write_json_schema(form, folder / f"{form.id}_schema.json", language=languages[0]),)


def _labels(form: Instrument, folder: Path, languages: Sequence[str]) -> Sequence[Path]:
    from survey_kit.instrument.export.scripts import write_label_scripts

    return write_label_scripts(form, folder, languages=languages)


WRITERS: Mapping[str, Writer] = {
    "xlsform": _xlsform,
    "xform": _xform,
    "paper": _paper,
    "docx": _docx,
    "showcards": _showcards,
    "preview": _preview,
    "codebook": _codebook,
    "ddi": _ddi,
    "ddi-lifecycle": _ddi_lifecycle,
    "json-schema": _json_schema,
    "labels": _labels,
}
