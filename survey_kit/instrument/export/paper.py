"""An instrument on paper, ready to print: the questionnaire and its showcards, one file for each language and format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from survey_kit.errors import InstrumentError, did_you_mean
from survey_kit.files import write_bytes
from survey_kit.instrument.export.paper_build import booklet
from survey_kit.instrument.export.paper_cards import cards, cards_pdf
from survey_kit.instrument.export.paper_docx import cards_docx, paper_docx
from survey_kit.instrument.export.paper_typst import paper_pdf
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.release import release
from survey_kit.types import Code

FORMATS: Final = ("pdf", "docx")


def write_paper(
    instrument: Instrument,
    folder: Path | str,
    languages: Sequence[str] | None = None,
    formats: Sequence[str] = FORMATS,
    arm: Mapping[str, Code] | None = None,
) -> tuple[Path, ...]:
    """Write the questionnaire for paper, print-ready, in each language as PDF and as a Word file.

    Conditions and skips stand in words; see `survey_kit.instrument.export.paper_routes` for what an arrow promises. A language that
    `survey_kit.instrument.release.release` does not hold for ready says PILOT on every page and in the name of its files. The same
    instrument gives the same bytes.

    Parameters
    ----------
    folder
        Where the files go; it is made when it is not there.
    languages
        All of the instrument when not given.
    formats
        ``pdf`` (needs the extra 'report'), ``docx`` (needs the extra 'forms'), or both.
    arm
        What was drawn, by arm, such as ``{"list_arm": 2}``: the booklet of that form only. Without it the booklet holds all forms, and a box on
        its cover is ticked before the interview.

    Returns
    -------
    tuple of Path
        The files, in the order of languages and formats.

    Examples
    --------
    >>> import tempfile
    >>> from survey_kit.instrument.load import read_instrument
    >>> form = read_instrument("instruments/gss_confidence")
    >>> [path.name for path in write_paper(form, tempfile.mkdtemp(), formats=["pdf"])]
    ['gss_confidence_1.0_paper_en.pdf']
    """
    makers: Mapping[str, Callable[[str], bytes]] = {
        "pdf": lambda language: paper_pdf(booklet(instrument, language, arm)),
        "docx": lambda language: paper_docx(booklet(instrument, language, arm)),
    }
    kind = "_".join(["paper", *(f"{name}-{code}" for name, code in (arm or {}).items())])
    return _written(instrument, Path(folder), languages, formats, makers, kind)


def write_showcards(
    instrument: Instrument,
    folder: Path | str,
    languages: Sequence[str] | None = None,
    formats: Sequence[str] = FORMATS,
) -> tuple[Path, ...]:
    """Write the showcards, one a page: only what the respondent may see, in large letters.

    An instrument without showcards gives no file. Parameters are those of `write_paper`.

    Examples
    --------
    >>> import tempfile
    >>> from survey_kit.instrument.load import inspect
    >>> [path.name for path in write_showcards(inspect("instruments/core"), tempfile.mkdtemp(), ["ru"], ["pdf"])]
    ['core_1.0_cards_ru_pilot.pdf']
    """
    if not any(item.showcard and instrument.codes(item.id) for item in instrument.items):
        return ()
    makers: Mapping[str, Callable[[str], bytes]] = {
        "pdf": lambda language: cards_pdf(cards(instrument, language)),
        "docx": lambda language: cards_docx(cards(instrument, language)),
    }
    return _written(instrument, Path(folder), languages, formats, makers, "cards")


def _written(
    instrument: Instrument,
    folder: Path,
    languages: Sequence[str] | None,
    formats: Sequence[str],
    makers: Mapping[str, Callable[[str], bytes]],
    kind: str,
) -> tuple[Path, ...]:
    for known, wanted, what in ((instrument.languages, languages or (), "texts in"), (FORMATS, formats, "paper as")):
        for one in wanted:
            if one not in known:
                where = f"instrument '{instrument.id}'"
                raise InstrumentError(f"There are no {what} '{one}'.", where=where, fix=did_you_mean(one, known))
    paths = []
    for language in languages or instrument.languages:
        pilot = "" if release(instrument, language).ready else "_pilot"
        for one in formats:
            path = folder / f"{instrument.id}_{instrument.version}_{kind}_{language}{pilot}.{one}"
            paths.append(write_bytes(path, makers[one](language)))
    return tuple(paths)
