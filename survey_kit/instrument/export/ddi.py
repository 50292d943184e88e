"""An instrument as DDI Codebook 2.5: one XML file that describes the study, its questions and its variables for an archive.

What was checked: the element order follows the standard; documents of every instrument of this project, with and without answers,
were valid against the official schema ``codebook.xsd`` of version 2.5 (DDI Alliance, 2012). The schema is not part of this package and
no Python package carries it, so the tests of the package check well-formedness, the order of elements, that every reference leads
somewhere, and the languages; they validate as well where the environment variable ``SURVEY_KIT_DDI25_XSD`` names a copy of
``codebook.xsd``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from survey_kit.errors import InstrumentError, did_you_mean
from survey_kit.files import write_text
from survey_kit.instrument.export.ddi_counts import Answered, status_of
from survey_kit.instrument.export.ddi_facts import StudyFacts
from survey_kit.instrument.export.ddi_study import describe_document, describe_study
from survey_kit.instrument.export.ddi_variables import Variables, counted_files
from survey_kit.instrument.export.ddi_xml import LANG, Writer, name, written
from survey_kit.instrument.export.variables import variables
from survey_kit.instrument.export.xlsform import pilot_path
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.release import release

if TYPE_CHECKING:
    import pandas as pd

NAMESPACE = "ddi:codebook:2_5"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
LOCATION = "https://ddialliance.org/Specification/DDI-Codebook/2.5/XMLSchema/codebook.xsd"


def to_ddi_codebook(
    instrument: Instrument,
    responses: Answered | pd.DataFrame | None = None,
    *,
    facts: StudyFacts | None = None,
    languages: Sequence[str] | None = None,
    file_name: str | None = None,
) -> str:
    """Give an instrument, and the counts of its answers, as DDI Codebook 2.5.

    Parameters
    ----------
    instrument
        The questionnaire.
    responses
        `survey_kit.responses.Responses`, or a table of raw answers with a column ``data_status``. Their unweighted counts go along,
        counts below 10 withheld. Identifiers, open texts and paradata are not counted.
    facts
        What the study says of itself; what it does not say is named in a note.
    languages
        By default all the instrument has, its source language first.
    file_name
        The name of the data file that is described.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module
    >>> asked = Item(id="age", text={"en": "How old are you?", "ru": "Сколько вам лет?"}, type="integer", minimum=18)
    >>> xml = to_ddi_codebook(Instrument(id="tiny", version="1.0", modules=(Module(id="m", items=(asked,)),)))
    >>> '<qstnLit xml:lang="ru">Сколько вам лет?</qstnLit>' in xml
    True
    """
    spoken = languages_of(instrument, languages)
    facts = facts or StudyFacts()
    status = None if responses is None else status_of(responses)
    write = Writer(spoken)
    root = ET.Element(
        "codeBook",
        {
            "xmlns": NAMESPACE,
            "xmlns:xsi": INSTANCE,
            "xsi:schemaLocation": f"{NAMESPACE} {LOCATION}",
            "version": "2.5",
            "ID": name("CB", instrument.id),
            LANG: spoken[0],
        },
    )
    describe_document(root, write, instrument, facts, status)
    describe_study(root, write, instrument, facts, status)
    columns = variables(instrument)
    if responses is not None:
        frame = responses.frame if isinstance(responses, Answered) else responses
        inside = 1 + sum(one.open_to_all and one.module.repeat is None for one in columns)  # and data_status
        counted_files(root, write, file_name or f"{instrument.id}.sav", len(frame), inside)
    Variables(instrument, write, columns, responses).add(root)
    return written(root)


def write_ddi_codebook(
    instrument: Instrument,
    path: Path | str,
    responses: Answered | pd.DataFrame | None = None,
    *,
    facts: StudyFacts | None = None,
    languages: Sequence[str] | None = None,
) -> Path:
    """Write DDI Codebook 2.5; the name of the file ends with ``_pilot`` when any of its languages is a pilot."""
    xml = to_ddi_codebook(instrument, responses, facts=facts, languages=languages)
    pilot = any(not release(instrument, one).ready for one in languages_of(instrument, languages))
    return write_text(pilot_path(Path(path), pilot), xml)


def languages_of(instrument: Instrument, wanted: Sequence[str] | None) -> tuple[str, ...]:
    """Give the languages of a document, the instrument's source language first."""
    known = instrument.languages
    for language in wanted or ():
        if language not in known:
            raise InstrumentError(f"The instrument has no texts in '{language}'.", fix=did_you_mean(language, known))
    chosen = tuple(wanted) if wanted else known
    return tuple(sorted(chosen, key=lambda one: (one != instrument.source_language, chosen.index(one))))
