"""What a study says of itself in DDI, and the terms of the DDI Alliance's controlled vocabularies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from survey_kit.errors import InstrumentError, did_you_mean
from survey_kit.instrument.model import Mode, Unit

# code -> words; the codes are those of the DDI Alliance's vocabularies, of which the ones a survey like these needs are listed
ANALYSIS_UNIT: Mapping[str, str] = {
    "Individual": "Individual",
    "Household": "Household",
    "OrganizationOrInstitution": "Organization or institution",
    "EventOrProcessOrActivity": "Event, process or activity",
    "Other": "Other",
}
MODE_OF_COLLECTION: Mapping[str, str] = {
    "Interview.FaceToFace": "Face-to-face interview",
    "Interview.FaceToFace.CAPIorCAMI": "Face-to-face interview: computer-assisted",
    "Interview.FaceToFace.PAPI": "Face-to-face interview: paper and pencil",
    "Interview.Telephone": "Telephone interview",
    "Interview.Telephone.CATI": "Telephone interview: computer-assisted",
    "SelfAdministeredQuestionnaire": "Self-administered questionnaire",
    "SelfAdministeredQuestionnaire.Paper": "Self-administered questionnaire: paper",
    "SelfAdministeredQuestionnaire.WebBased": "Self-administered questionnaire: web-based",
    "Simulation": "Simulation",
    "Other": "Other",
}
SAMPLING_PROCEDURE: Mapping[str, str] = {
    "TotalUniverseCompleteEnumeration": "Total universe: complete enumeration",
    "Probability": "Probability",
    "Probability.SimpleRandom": "Probability: simple random",
    "Probability.SystematicRandom": "Probability: systematic random",
    "Probability.Stratified": "Probability: stratified",
    "Probability.Stratified.Proportional": "Probability: stratified, proportional",
    "Probability.Stratified.Disproportional": "Probability: stratified, disproportional",
    "Probability.Cluster": "Probability: cluster",
    "Probability.Cluster.SimpleRandom": "Probability: cluster, simple random",
    "Probability.Cluster.StratifiedRandom": "Probability: cluster, stratified random",
    "Probability.Multistage": "Probability: multistage",
    "Nonprobability": "Non-probability",
    "Nonprobability.Availability": "Non-probability: availability",
    "Nonprobability.Purposive": "Non-probability: purposive",
    "Nonprobability.Quota": "Non-probability: quota",
    "Nonprobability.RespondentAssisted": "Non-probability: respondent-assisted",
    "MixedProbabilityNonprobability": "Mixed probability and non-probability",
    "Other": "Other",
}
TIME_METHOD: Mapping[str, str] = {
    "CrossSection": "Cross-section",
    "CrossSectionAdHocFollowUp": "Cross-section ad hoc follow-up",
    "Longitudinal": "Longitudinal",
    "Longitudinal.CohortEventBased": "Longitudinal: cohort, event-based",
    "Longitudinal.TrendRepeatedCrossSection": "Longitudinal: trend, repeated cross-section",
    "Longitudinal.Panel": "Longitudinal: panel",
    "Longitudinal.Panel.Continuous": "Longitudinal: panel, continuous",
    "Longitudinal.Panel.Interval": "Longitudinal: panel, interval",
    "TimeSeries": "Time series",
    "Other": "Other",
}
TYPE_OF_INSTRUMENT: Mapping[str, str] = {
    "Questionnaire": "Questionnaire",
    "Questionnaire.Structured": "Structured questionnaire",
    "Questionnaire.Semistructured": "Semi-structured questionnaire",
    "Questionnaire.Unstructured": "Unstructured questionnaire",
    "Other": "Other",
}
VOCABULARIES: Mapping[str, Mapping[str, str]] = {
    "AnalysisUnit": ANALYSIS_UNIT,
    "ModeOfCollection": MODE_OF_COLLECTION,
    "SamplingProcedure": SAMPLING_PROCEDURE,
    "TimeMethod": TIME_METHOD,
    "TypeOfInstrument": TYPE_OF_INSTRUMENT,
}
UNITS: Mapping[Unit, str] = {
    "person": "Individual",
    "household": "Household",
    "establishment": "OrganizationOrInstitution",
    "measure": "EventOrProcessOrActivity",
    "official": "Individual",
    "reader": "Individual",
}
MODES: Mapping[Mode, str] = {
    "face_to_face": "Interview.FaceToFace",
    "telephone": "Interview.Telephone",
    "web": "SelfAdministeredQuestionnaire.WebBased",
    "paper": "SelfAdministeredQuestionnaire.Paper",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyFacts:
    """What an archive wants to know of a study beyond its questionnaire; what is empty is left out and told in a note.

    Texts are by language. `sampling_procedure`, `time_method` and `modes` are codes of the DDI Alliance's vocabularies.

    Examples
    --------
    >>> StudyFacts(sampling_procedure="Probability.Multistage").sampling_procedure
    'Probability.Multistage'
    """

    title: Mapping[str, str] = field(default_factory=dict)  # the instrument's own when empty
    identifier: str | None = None
    authors: tuple[str, ...] = ()
    producer: str | None = None
    funders: tuple[str, ...] = ()
    distributor: str | None = None
    contact: str | None = None  # of an institution, never of a person
    agency: str = "example.org"  # of Lifecycle identifiers: a domain the publisher owns
    abstract: Mapping[str, str] = field(default_factory=dict)
    keywords: tuple[Mapping[str, str], ...] = ()
    period: tuple[str, str] | None = None  # the time the answers speak of
    collected: tuple[str, str] | None = None  # first and last day in the field
    nation: Mapping[str, str] = field(default_factory=dict)
    country: str | None = None  # ISO 3166-1 code
    coverage: Mapping[str, str] = field(default_factory=dict)  # which territory
    smallest_area: Mapping[str, str] = field(default_factory=dict)
    sampling: Mapping[str, str] = field(default_factory=dict)
    sampling_procedure: str | None = None
    time_method: str = "CrossSection"
    modes: tuple[str, ...] = ()  # the instrument's own when empty
    sample_size: int | None = None  # planned
    response_rate: Mapping[str, str] = field(default_factory=dict)
    weighting: Mapping[str, str] = field(default_factory=dict)
    confidentiality: Mapping[str, str] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)  # of access
    citation: str | None = None
    dated: str | None = None  # of this description, YYYY-MM-DD

    def __post_init__(self) -> None:
        for vocabulary, codes in (
            ("SamplingProcedure", (self.sampling_procedure,)),
            ("TimeMethod", (self.time_method,)),
            ("ModeOfCollection", self.modes),
        ):
            known = VOCABULARIES[vocabulary]
            for code in codes:
                if code is not None and code not in known:
                    what = f"'{code}' is no term of the vocabulary {vocabulary}."
                    raise InstrumentError(what, where="study facts", fix=did_you_mean(code, known))

    def not_stated(self) -> tuple[str, ...]:
        """Name what an archive asks for and nobody stated.

        Examples
        --------
        >>> StudyFacts(authors=("A bureau",), producer="A bureau").not_stated()[:3]
        ('abstract', 'period', 'collected')
        """
        asked = ("authors", "producer", "abstract", "period", "collected", "nation", "sampling", "sampling_procedure")
        more = ("sample_size", "response_rate", "weighting", "confidentiality", "conditions")
        return tuple(name for name in (*asked, *more) if not getattr(self, name))
