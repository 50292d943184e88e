"""The description of the document and of the study in DDI Codebook: who, what, whom, where, when, how."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from survey_kit.instrument.export.ddi_facts import MODES, UNITS, StudyFacts
from survey_kit.instrument.export.ddi_xml import LANG, Writer
from survey_kit.instrument.model import Mode
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.release import release
from survey_kit.language import NAMES, words

UNIT_WORDS = {
    "person": "Persons",
    "household": "Households",
    "establishment": "Establishments",
    "measure": "Measures of an action plan",
    "official": "Officials",
    "reader": "Readers",
}


def identifier(instrument: Instrument, facts: StudyFacts) -> str:
    """Give the number a study is cited by."""
    return facts.identifier or f"{instrument.id}-{instrument.version}"


def titles(instrument: Instrument, facts: StudyFacts, status: str | None) -> dict[str, str]:
    """Give the title in each language; what is synthetic or only a pilot says so."""
    named = facts.title or instrument.title or {instrument.source_language: instrument.id}
    out = {}
    for language in instrument.languages:
        if text := named.get(language, ""):
            say = words("metadata", language)
            marks = [say("synthetic")] if status == "synthetic" else []
            marks += [] if release(instrument, language).ready else [say("pilot")]
            out[language] = ". ".join([*marks, text])
    return out or {instrument.source_language: instrument.id}


def describe_document(
    root: ET.Element, write: Writer, instrument: Instrument, facts: StudyFacts, status: str | None
) -> None:
    """Add docDscr: this document, how its texts may be used, and what nobody stated."""
    document = write.add(root, "docDscr")
    citation = write.add(document, "citation")
    _title(write, citation, titles(instrument, facts, status), f"{identifier(instrument, facts)}-ddi")
    production = write.add(citation, "prodStmt")
    if facts.producer:
        write.add(production, "producer", facts.producer)
    if facts.dated:
        write.add(production, "prodDate", facts.dated, date=facts.dated)
    write.add(production, "software", "survey_kit")
    write.add(write.add(citation, "verStmt"), "version", instrument.version)
    if status is not None:
        write.note(document, "data_status", f"The answers are {status}.", subject=status)
    for language in write.languages:
        _translation(document, write, instrument, language)
    lacking = facts.not_stated()
    if lacking:
        write.note(document, "not_stated", f"Nobody stated: {', '.join(lacking)}.")


def _translation(document: ET.Element, write: Writer, instrument: Instrument, language: str) -> None:
    state, name = release(instrument, language), NAMES.get(language, language)
    known = instrument.statuses.get(language, {})
    drafts = sum(one in {"draft", "stale"} for one in known.values())
    if drafts:
        text = f"{drafts} of {len(known)} texts in {name} are machine-drafted translations that nobody has reviewed."
        write.note(document, "translation", text, subject=language)
    if not state.ready:
        write.note(document, "PILOT", f"PILOT in {name}: {'; '.join(state.reasons)}.", subject=language)


def describe_study(
    root: ET.Element, write: Writer, instrument: Instrument, facts: StudyFacts, status: str | None
) -> None:
    """Add stdyDscr: citation, subject, population, units, method, access."""
    study = write.add(root, "stdyDscr")
    citation = write.add(study, "citation")
    _title(write, citation, titles(instrument, facts, status), identifier(instrument, facts))
    _responsible(write, citation, instrument, facts)
    _content(write, write.add(study, "stdyInfo"), instrument, facts)
    _method(write, write.add(study, "method"), instrument, facts, status)
    _access(write, study, facts)
    for institution in instrument.institutions.values():
        years = f"{institution.since or '?'} to {institution.until or 'today'}"
        after = f"; then {institution.successor}" if institution.successor else ""
        sure = "" if institution.verified else " (dates not verified)"
        write.note(study, "institution", f"{instrument.say(institution.name)}: {years}{after}{sure}.")


def _title(write: Writer, citation: ET.Element, texts: dict[str, str], number: str) -> None:
    statement = write.add(citation, "titlStmt")
    main = next((one for one in write.languages if one in texts), next(iter(texts)))
    write.add(statement, "titl", texts[main]).set(LANG, main)
    write.say(statement, "parTitl", {language: text for language, text in texts.items() if language != main})
    write.add(statement, "IDNo", number)


def _responsible(write: Writer, citation: ET.Element, instrument: Instrument, facts: StudyFacts) -> None:
    if facts.authors:
        who = write.add(citation, "rspStmt")
        for author in facts.authors:
            write.add(who, "AuthEnty", author)
    production = write.add(citation, "prodStmt")
    if facts.producer:
        write.add(production, "producer", facts.producer)
    write.add(production, "software", "survey_kit")
    for funder in facts.funders:
        write.add(production, "fundAg", funder)
    if facts.distributor or facts.contact:
        distribution = write.add(citation, "distStmt")
        if facts.distributor:
            write.add(distribution, "distrbtr", facts.distributor)
        if facts.contact:
            write.add(distribution, "contact", facts.contact)
    version = write.add(citation, "verStmt")
    write.add(version, "version", instrument.version, type="questionnaire")
    for change in instrument.changelog:
        write.note(version, "change", f"{change.version} {change.date or ''} {change.text}")
    if facts.citation:
        write.add(citation, "biblCit", facts.citation)


def _content(write: Writer, info: ET.Element, instrument: Instrument, facts: StudyFacts) -> None:
    if facts.keywords:
        subject = write.add(info, "subject")
        for keyword in facts.keywords:
            write.say(subject, "keyword", keyword)
    write.say(info, "abstract", facts.abstract)
    summary = write.add(info, "sumDscr")
    for tag, times in (("timePrd", facts.period), ("collDate", facts.collected)):
        for event, day in zip(("start", "end"), times or (), strict=False):
            write.add(summary, tag, day, event=event, date=day)
    write.say(summary, "nation", facts.nation, abbr=facts.country)
    write.say(summary, "geogCover", facts.coverage)
    write.say(summary, "geogUnit", facts.smallest_area)
    unit = {"en": UNIT_WORDS[instrument.unit]}
    write.term(summary, "anlyUnit", "AnalysisUnit", UNITS[instrument.unit], unit)
    write.say(summary, "universe", instrument.population, clusion="I")
    write.add(summary, "dataKind", "Survey data")
    if instrument.note:
        write.note(info, "design", instrument.note, language=instrument.source_language)


def _method(write: Writer, method: ET.Element, instrument: Instrument, facts: StudyFacts, status: str | None) -> None:
    collection = write.add(method, "dataColl")
    write.term(collection, "timeMeth", "TimeMethod", facts.time_method, {})
    if facts.sampling_procedure:
        write.term(collection, "sampProc", "SamplingProcedure", facts.sampling_procedure, {})
    write.say(collection, "sampProc", facts.sampling)
    if facts.sample_size:
        write.add(write.add(collection, "targetSampleSize"), "sampleSize", str(facts.sample_size))
    modes = facts.modes or tuple(_term(mode) for mode in instrument.modes)
    for mode in ("Simulation",) if status == "synthetic" else modes:
        write.term(collection, "collMode", "ModeOfCollection", mode, {})
    about = _instrument(instrument)
    write.term(collection, "resInstru", "TypeOfInstrument", "Questionnaire.Structured", about)
    for test in instrument.field_tests:
        text = f"{test.date}: {test.findings} {test.decided or ''}"
        write.add(collection, "instrumentDevelopment", text, type="field test")
    for what, why in instrument.collect.items():
        write.add(collection, "collSitu", f"Recorded beyond answers: {what}. {why}")
    write.say(collection, "weight", facts.weighting)
    if facts.response_rate:
        write.say(write.add(method, "anlyInfo"), "respRate", facts.response_rate)


def _term(mode: Mode) -> str:
    return MODES[mode]


def _instrument(instrument: Instrument) -> dict[str, str]:
    """Say in a sentence what the questionnaire consists of."""
    spoken = ", ".join(NAMES.get(language, language) for language in instrument.languages)
    used = ", ".join(f"{name} {version}" for name, version in instrument.uses.items())
    text = f"{instrument.id} {instrument.version}: {len(instrument.items)} items in {len(instrument.modules)} modules."
    text += f" Languages: {spoken}."
    text += f" With modules of {used}." if used else ""
    text += f" Left out: {', '.join(instrument.off)}." if instrument.off else ""
    return {"en": text}


def _access(write: Writer, study: ET.Element, facts: StudyFacts) -> None:
    if not facts.confidentiality and not facts.conditions:
        return
    use = write.add(write.add(study, "dataAccs"), "useStmt")
    write.first(use, "confDec", facts.confidentiality)
    write.first(use, "conditions", facts.conditions)
