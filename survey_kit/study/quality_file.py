"""The quality report a study declares: ``quality.yaml``, the concepts of the European metadata structure in the author's words.

The eleven elements of the AAPOR Code stand in ``study.yaml`` under ``method``. What is said here are the concepts of the Single
Integrated Metadata Structure as users read them (ESMS 2.0, Eurostat), under the same names. A concept that does not apply says so and
why; an empty one makes a report provisional.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Final

from survey_kit import files
from survey_kit.errors import StudyError
from survey_kit.instrument.model import Texts
from survey_kit.study.model import STRICT

if TYPE_CHECKING:
    from survey_kit.study.study import Study

SCHEMA: Final = "survey-kit/quality/1"
NAME: Final = "quality.yaml"

#: Every concept: its number in the ESMS, and its id in SDMX.
CONCEPTS: Final[dict[str, tuple[str, str]]] = {
    "contact_organisation": ("1.1", "CONTACT_ORGANISATION"),
    "contact_unit": ("1.2", "ORGANISATION_UNIT"),
    "contact_name": ("1.3", "CONTACT_NAME"),
    "contact_function": ("1.4", "CONTACT_FUNCT"),
    "contact_mail": ("1.5", "CONTACT_MAIL"),
    "contact_email": ("1.6", "CONTACT_EMAIL"),
    "contact_phone": ("1.7", "CONTACT_PHONE"),
    "metadata_certified": ("2.1", "META_CERTIFIED"),
    "metadata_posted": ("2.2", "META_POSTED"),
    "metadata_updated": ("2.3", "META_LAST_UPDATE"),
    "data_description": ("3.1", "DATA_DESCR"),
    "classification": ("3.2", "CLASS_SYSTEM"),
    "sector_coverage": ("3.3", "COVERAGE_SECTOR"),
    "concepts_definitions": ("3.4", "STAT_CONC_DEF"),
    "statistical_unit": ("3.5", "STAT_UNIT"),
    "statistical_population": ("3.6", "STAT_POP"),
    "reference_area": ("3.7", "REF_AREA"),
    "time_coverage": ("3.8", "COVERAGE_TIME"),
    "base_period": ("3.9", "BASE_PER"),
    "unit_of_measure": ("4", "UNIT_MEASURE"),
    "reference_period": ("5", "REF_PERIOD"),
    "legal_acts": ("6.1", "INST_MAN_LA_OA"),
    "data_sharing": ("6.2", "INST_MAN_SHAR"),
    "confidentiality_policy": ("7.1", "CONF_POLICY"),
    "confidentiality_treatment": ("7.2", "CONF_DATA_TR"),
    "release_calendar": ("8.1", "REL_CAL_POLICY"),
    "calendar_access": ("8.2", "REL_CAL_ACCESS"),
    "user_access": ("8.3", "REL_POL_US_AC"),
    "frequency": ("9", "FREQ_DISS"),
    "news_release": ("10.1", "NEWS_REL"),
    "publications": ("10.2", "PUBLICATIONS"),
    "online_database": ("10.3", "ONLINE_DB"),
    "microdata_access": ("10.4", "MICRO_DAT_ACC"),
    "other_dissemination": ("10.5", "DISS_OTHER"),
    "methodology_documents": ("10.6", "DOC_METHOD"),
    "quality_documents": ("10.7", "QUALITY_DOC"),
    "quality_assurance": ("11.1", "QUALITY_ASSURE"),
    "quality_assessment": ("11.2", "QUALITY_ASSMNT"),
    "user_needs": ("12.1", "USER_NEEDS"),
    "user_satisfaction": ("12.2", "USER_SAT"),
    "completeness": ("12.3", "COMPLETENESS"),
    "overall_accuracy": ("13.1", "ACCURACY_OVERALL"),
    "sampling_error": ("13.2", "SAMPLING_ERR"),
    "nonsampling_error": ("13.3", "NONSAMPLING_ERR"),
    "timeliness": ("14.1", "TIMELINESS"),
    "punctuality": ("14.2", "PUNCTUALITY"),
    "comparability_geographical": ("15.1", "COMPAR_GEO"),
    "comparability_over_time": ("15.2", "COMPAR_TIME"),
    "coherence_cross_domain": ("15.3", "COHER_X_DOM"),
    "coherence_internal": ("15.4", "COHER_INTERNAL"),
    "cost_burden": ("16", "COST_BURDEN"),
    "revision_policy": ("17.1", "REV_POLICY"),
    "revision_practice": ("17.2", "REV_PRACTICE"),
    "source_data": ("18.1", "SOURCE_TYPE"),
    "collection_frequency": ("18.2", "FREQ_COLL"),
    "data_collection": ("18.3", "COLL_METHOD"),
    "data_validation": ("18.4", "DATA_VALIDATION"),
    "data_compilation": ("18.5", "DATA_COMP"),
    "adjustment": ("18.6", "ADJUSTMENT"),
    "comment": ("19", "COMMENT_DSET"),
}
#: Concepts that may stay empty.
OPTIONAL: Final = frozenset({"comment"})


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityFile:
    """The whole of ``quality.yaml``: the concepts of the ESMS, each in words, and who has reviewed the translations."""

    __pydantic_config__ = STRICT

    contact_organisation: Texts | None = None
    """1.1 The organisation to ask."""
    contact_unit: Texts | None = None
    """1.2 Its unit."""
    contact_name: Texts | None = None
    """1.3 Whom to ask, or that no person is named."""
    contact_function: Texts | None = None
    """1.4 In which function."""
    contact_mail: Texts | None = None
    """1.5 Postal address."""
    contact_email: Texts | None = None
    """1.6 Address of electronic mail."""
    contact_phone: Texts | None = None
    """1.7 Telephone."""
    metadata_certified: Texts | None = None
    """2.1 When somebody last confirmed that this page is right."""
    metadata_posted: Texts | None = None
    """2.2 When it was last published."""
    metadata_updated: Texts | None = None
    """2.3 When it was last changed."""
    data_description: Texts | None = None
    """3.1 What the figures are, in words; told from the indicators when left out."""
    classification: Texts | None = None
    """3.2 The classifications used."""
    sector_coverage: Texts | None = None
    """3.3 The sectors covered."""
    concepts_definitions: Texts | None = None
    """3.4 What the terms mean."""
    statistical_unit: Texts | None = None
    """3.5 Of whom or what a figure is told."""
    statistical_population: Texts | None = None
    """3.6 The population; told from the study's method when left out."""
    reference_area: Texts | None = None
    """3.7 The territory."""
    time_coverage: Texts | None = None
    """3.8 The time the series spans; told from the waves when left out."""
    base_period: Texts | None = None
    """3.9 The base of an index, if any; told from the baseline when left out."""
    unit_of_measure: Texts | None = None
    """4. The units; told from the rows when left out."""
    reference_period: Texts | None = None
    """5. The time the questions ask about."""
    legal_acts: Texts | None = None
    """6.1 The acts and agreements that ask for the figures."""
    data_sharing: Texts | None = None
    """6.2 With whom data are shared."""
    confidentiality_policy: Texts | None = None
    """7.1 What protects those who answered."""
    confidentiality_treatment: Texts | None = None
    """7.2 How it is done; told from the rule and the rows when left out."""
    release_calendar: Texts | None = None
    """8.1 When results are released."""
    calendar_access: Texts | None = None
    """8.2 Where the calendar stands."""
    user_access: Texts | None = None
    """8.3 Who sees results before all others; told from the release when left out."""
    frequency: Texts | None = None
    """9. How often results are released."""
    news_release: Texts | None = None
    """10.1 News releases."""
    publications: Texts | None = None
    """10.2 Publications."""
    online_database: Texts | None = None
    """10.3 Where the figures can be queried."""
    microdata_access: Texts | None = None
    """10.4 Who may use microdata, and how."""
    other_dissemination: Texts | None = None
    """10.5 Other forms."""
    methodology_documents: Texts | None = None
    """10.6 Where the methods are described; told when left out."""
    quality_documents: Texts | None = None
    """10.7 Where quality is described; told when left out."""
    quality_assurance: Texts | None = None
    """11.1 What is done so that quality is good."""
    quality_assessment: Texts | None = None
    """11.2 How good it was found to be, and by whom."""
    user_needs: Texts | None = None
    """12.1 Who needs the figures, and for what."""
    user_satisfaction: Texts | None = None
    """12.2 How satisfied users were found to be."""
    completeness: Texts | None = None
    """12.3 What users need and the figures lack; told from what is not published when left out."""
    overall_accuracy: Texts | None = None
    """13.1 The main sources of error; told from the rows when left out."""
    sampling_error: Texts | None = None
    """13.2 Sampling error; told from the rows when left out."""
    nonsampling_error: Texts | None = None
    """13.3 Coverage, measurement, nonresponse, processing; what is known of missing answers is added from the data."""
    timeliness: Texts | None = None
    """14.1 The time from the field to the release."""
    punctuality: Texts | None = None
    """14.2 The time from the announced to the actual release."""
    comparability_geographical: Texts | None = None
    """15.1 Whether territories can be compared."""
    comparability_over_time: Texts | None = None
    """15.2 Length of the series and its breaks; told from the waves when left out."""
    coherence_cross_domain: Texts | None = None
    """15.3 How the figures agree with other sources."""
    coherence_internal: Texts | None = None
    """15.4 How the figures agree with each other."""
    cost_burden: Texts | None = None
    """16. What it cost, and the time it asked of people."""
    revision_policy: Texts | None = None
    """17.1 When figures are revised, and how it is told."""
    revision_practice: Texts | None = None
    """17.2 What was revised; told from the releases when left out."""
    source_data: Texts | None = None
    """18.1 Where the data come from; told from the study's method when left out."""
    collection_frequency: Texts | None = None
    """18.2 How often data are collected."""
    data_collection: Texts | None = None
    """18.3 How data are collected; told from the study's method when left out."""
    data_validation: Texts | None = None
    """18.4 How data are checked; told from the study's method when left out."""
    data_compilation: Texts | None = None
    """18.5 How figures are made; told from the study's method when left out."""
    adjustment: Texts | None = None
    """18.6 Weighting and adjustment; told from the study's method when left out."""
    comment: Texts | None = None
    """19. What else there is to say."""
    reviewed: dict[str, str] | None = None
    """Who has reviewed the texts of study, indicators and this file in a language: {ru: "Name, role"}; others are drafts."""

    def texts(self) -> dict[str, dict[str, str]]:
        """Give the concepts that are stated, by name, in every language they have.

        Examples
        --------
        >>> QualityFile(frequency={"en": "Every year."}, comment={"en": " "}).texts()
        {'frequency': {'en': 'Every year.'}}
        """
        told = {one.name: getattr(self, one.name) for one in fields(self) if one.name in CONCEPTS}
        return {name: dict(text) for name, text in told.items() if text and any(part.strip() for part in text.values())}


def quality_path(folder: Path) -> tuple[Path, ...]:
    """Give ``quality.yaml`` beside the study file, when there is one."""
    path = folder / NAME
    return (path,) if path.is_file() else ()


def read_quality(study: Study) -> QualityFile | None:
    """Read what ``quality.yaml`` beside the study file declares; nothing when there is none.

    Examples
    --------
    >>> from survey_kit.study import read_study
    >>> read_quality(read_study("analyses/brazil_trust")) is None
    True
    """
    for path in quality_path(study.folder):
        document = files.read_yaml(path, "quality report", StudyError)
        return files.declared(document, QualityFile, SCHEMA, StudyError, context={"language": study.source_language})
    return None
