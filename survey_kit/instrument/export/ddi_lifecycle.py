"""An instrument as DDI Lifecycle 3.3, through the library ``ddi-l``, whose bundled schemas say whether it is valid.

What is written: the study with its titles, abstract and unit of analysis; concepts (modules and institutions); universes; categories and
code lists, the codes of missing answers among them; questions with their words in every language and their response domains;
interviewer instructions; variables with representation, question, concept and universe; the flow of the questionnaire (sequences,
if-then-else with the condition as code and in words, loops, statements, computed values and draws).

What is not, and why: rows of a grid are questions of their own in a sequence, since ddi-l takes the inside of a ``QuestionGrid`` only as
raw XML; missing values are codes of the code list marked ``isMissing`` and listed in ``missingValue`` (of a number or text: told in the
description), since it has no managed representations of missing values; groups of variables, record layouts, sampling and modes of
collection are left out (`to_ddi_codebook` has them); notes of design stay in the codebook; counts of answers belong to a physical
instance, which is made with the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from survey_kit.files import write_text
from survey_kit.instrument.export.ddi import languages_of
from survey_kit.instrument.export.ddi_facts import UNITS, StudyFacts
from survey_kit.instrument.export.ddi_flow import Flow
from survey_kit.instrument.export.ddi_parts import COLLECTION, REUSABLE, Parts, library
from survey_kit.instrument.export.ddi_routes import Routes
from survey_kit.instrument.export.ddi_study import identifier, titles
from survey_kit.instrument.export.variables import Variable, answers, codes, reasons, title, variables
from survey_kit.instrument.export.xlsform import pilot_path
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.release import release

ASKED = frozenset({"single", "multiple", "integer", "decimal", "number", "text", "date"})


def to_ddi_lifecycle(
    instrument: Instrument, *, facts: StudyFacts | None = None, languages: Sequence[str] | None = None
) -> str:
    """Give an instrument as DDI Lifecycle 3.3.

    Parameters
    ----------
    instrument
        The questionnaire.
    facts
        What the study says of itself; `StudyFacts.agency` is part of every identifier.
    languages
        By default all the instrument has, its source language first.

    Raises
    ------
    InstrumentError
        When ddi-l is not installed.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module
    >>> asked = Item(id="age", text={"en": "How old are you?"}, type="integer", minimum=18)
    >>> xml = to_ddi_lifecycle(Instrument(id="tiny", version="1.0", modules=(Module(id="m", items=(asked,)),)))
    >>> "How old are you?" in xml, lifecycle_faults(xml)
    (True, ())
    """
    facts = facts or StudyFacts()
    spoken = languages_of(instrument, languages)
    parts = Parts(facts.agency, identifier(instrument, facts), _version(instrument.version), spoken)
    named = titles(instrument, facts, None)
    parts.begin(next(iter(named.values())))
    parts.titled(named)
    study = parts.document.study_unit
    study.abstracts = parts.labels(facts.abstract)
    study.analysis_units = [
        parts.base("CodeValue")(text=UNITS[instrument.unit], controlled_vocabulary_name="AnalysisUnit")
    ]
    made = _Items(instrument, parts, Routes(instrument, spoken))
    made.add_all()
    Flow(instrument, parts, made.routes, made.questions, made.firsts).instrument_of(named)
    return parts.text()


def write_ddi_lifecycle(
    instrument: Instrument,
    path: Path | str,
    *,
    facts: StudyFacts | None = None,
    languages: Sequence[str] | None = None,
) -> Path:
    """Write DDI Lifecycle 3.3; the name of the file ends with ``_pilot`` when any of its languages is a pilot."""
    xml = to_ddi_lifecycle(instrument, facts=facts, languages=languages)
    pilot = any(not release(instrument, one).ready for one in languages_of(instrument, languages))
    return write_text(pilot_path(Path(path), pilot), xml)


def lifecycle_faults(xml: str) -> tuple[str, ...]:
    """Say what the schemas of DDI Lifecycle 3.3 have against a document, and which of its references lead nowhere."""
    document = library()[0].DDIDocument.from_xml(xml.encode("utf-8"))
    faults = [str(issue) for issue in document.validate()]
    faults += [f"{one.message} ({one.location})" for one in document.lint() if one.severity == "error"]
    return tuple(faults)


@dataclass(slots=True)
class _Items:
    """Makes concepts, universes, code lists, questions and variables."""

    instrument: Instrument
    parts: Parts
    routes: Routes
    concepts: dict[str, Any] = field(default_factory=dict)
    universes: dict[str, Any] = field(default_factory=dict)
    lists: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    categories: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    questions: dict[str, Any] = field(default_factory=dict)
    firsts: dict[str, Any] = field(default_factory=dict)

    def add_all(self) -> None:
        """Make everything but the flow."""
        form, parts = self.instrument, self.parts
        if form.population:
            self._universe("population", form.population)
        for module in form.modules:
            label = module.title or {parts.languages[0]: module.id}
            self.concepts[module.id] = self._concept("module", module.id, label)
        for name, institution in form.institutions.items():
            self.concepts[f"institution.{name}"] = self._concept("institution", name, institution.name)
        for one in variables(form):
            if one.item.type in ASKED and one.item.id not in self.questions:
                self.questions[one.item.id] = self._question(one)
            made = self._variable(one)
            self.firsts.setdefault(one.item.id, made)

    def _concept(self, kind: str, name: str, texts: Mapping[str, str]) -> Any:
        parts = self.parts
        return parts.add(parts.models.Concept, kind, name, names=parts.names(name), labels=parts.labels(texts))

    def _universe(self, key: str, texts: Mapping[str, str]) -> Any:
        if key not in self.universes:
            parts = self.parts
            self.universes[key] = parts.add(
                parts.models.Universe, "universe", key, names=parts.names(key), labels=parts.labels(texts)
            )
        return self.universes[key]

    # ------------------------------------------------------------------------------------------------------ code lists
    def _codes(self, one: Variable, *, every: bool = False) -> Any:
        """Give the code list of a column, one for all columns with the same codes and words; of a question with `every` answer."""
        form, parts, item = self.instrument, self.parts, one.item
        said = {lang: answers(form, one, lang) for lang in parts.languages}
        if every:
            said = {
                lang: {code: form.label(item.id, code, lang) for code in form.codes(item.id)}
                for lang in parts.languages
            }
        listed = form.codes(item.id) if every else codes(form, one)
        rows = [(code, tuple(said[lang].get(code) or str(code) for lang in parts.languages), False) for code in listed]
        why = {lang: reasons(form, one.item.id, lang) for lang in parts.languages}
        rows += [
            (code, tuple(why[lang][code][1] for lang in parts.languages), True) for code in form.missing_codes(item.id)
        ]
        key = tuple(rows)
        if key not in self.lists:
            name = item.scale if isinstance(item.scale, str) and one.kind != "tick" else one.name
            name = f"{name}_{len(self.lists) + 1}"
            entries = [self._code(name, code, texts, missing=missing) for code, texts, missing in rows]
            self.lists[key] = parts.add(
                parts.models.CodeList,
                "codes",
                name,
                names=parts.names(name),
                labels=parts.labels({parts.languages[0]: name}),
                codes=entries,
            )
        return self.lists[key]

    def _code(self, name: str, code: Any, texts: tuple[str, ...], *, missing: bool) -> Any:
        parts, key = self.parts, (texts, missing)
        if key not in self.categories:
            self.categories[key] = parts.add(
                parts.models.Category,
                "category",
                *texts,
                missing,
                names=parts.names(texts[0]),
                labels=parts.labels(dict(zip(parts.languages, texts, strict=True))),
                isMissing=True if missing else None,
            )
        return parts.models.CodeItem(
            agency=parts.agency,
            identifier=parts.key("code", name, code),
            version=parts.version,
            value=str(code),
            category=self.categories[key].to_reference(),
        )

    # ------------------------------------------------------------------------------------------ questions and variables
    def _question(self, one: Variable) -> Any:
        parts, form, item = self.parts, self.instrument, one.item
        grid = form.grid_of(item.id)
        texts = {
            lang: " ".join(
                part for part in ((grid.text.get(lang, "") if grid else ""), item.text.get(lang, "")) if part
            )
            for lang in parts.languages
        }
        more = [self._domain(one)]
        if item.type == "multiple":
            cardinality = parts.element(f"{REUSABLE}ResponseCardinality")
            cardinality.set("minimumResponses", "1")
            cardinality.set("maximumResponses", str(item.most or len(form.codes(item.id))))
            more.append(cardinality)
        return parts.add(
            parts.models.QuestionItem,
            "question",
            item.id,
            user_id=item.id,
            question_texts=parts.labels(texts, question=True),
            labels=parts.labels(item.label or {parts.languages[0]: item.id}),
            other_elements=more,
        )

    def _domain(self, one: Variable) -> Any:
        """Make the response domain of a question."""
        parts, form, item = self.parts, self.instrument, one.item
        missing = " ".join(map(str, form.missing_codes(item.id)))
        if item.type in {"single", "multiple"}:
            made = parts.element(f"{COLLECTION}CodeDomain")
            reference = self._codes(one, every=True).to_reference()
            made.append(reference.to_xml("CodeListReference"))
        elif one.kind == "number":
            made = parts.element(f"{COLLECTION}NumericDomain")
            span = self._range(one)
            if span is not None:
                made.append(span.to_xml())
            parts.element(f"{REUSABLE}NumericTypeCode", made, _numeric(item.type))
        elif one.kind == "date":
            made = parts.element(f"{COLLECTION}DateTimeDomain")
            parts.element(f"{REUSABLE}DateTypeCode", made, "Date")
        else:
            made = parts.element(f"{COLLECTION}TextDomain")
        if missing:
            made.set("missingValue", missing)
        return made

    def _range(self, one: Variable) -> Any:
        from ddi_l.models.logicalproduct import NumberRange

        low, high = one.item.minimum, one.item.maximum
        if low is None and high is None:
            return None
        return NumberRange(low=None if low is None else f"{low:.15g}", high=None if high is None else f"{high:.15g}")

    def _variable(self, one: Variable) -> Any:
        parts, form, item = self.parts, self.instrument, one.item
        condition = form.condition(item.id)
        universes = []
        if condition:
            texts = item.universe or self.routes.asked_if(condition)
            universes.append(self._universe(condition, texts).to_reference())
        elif "population" in self.universes:
            universes.append(self.universes["population"].to_reference())
        about = self.concepts.get(f"institution.{item.about}") or self.concepts[one.module.id]
        sources = [self.firsts[name].to_reference() for name in self._sources(item.value) if name in self.firsts]
        asked = self.questions.get(item.id)
        return parts.add(
            parts.models.Variable,
            "variable",
            one.name,
            user_id=one.name,
            names=parts.names(one.name),
            labels=parts.labels({lang: title(form, one, lang) for lang in parts.languages}),
            descriptions=parts.labels({} if one.kind in {"code", "tick"} else self._missing(one)),
            question_references=[asked.to_reference()] if asked is not None else [],
            concept_references=[about.to_reference()],
            universe_references=universes,
            source_variable_references=sources,
            variable_representation=self._representation(one),
        )

    def _missing(self, one: Variable) -> dict[str, str]:
        """Say what the missing codes of a number or text mean, which has no code list."""
        return {
            lang: "; ".join(
                f"{code} = {text}" for code, (_, text) in reasons(self.instrument, one.item.id, lang).items()
            )
            for lang in self.parts.languages
        }

    def _sources(self, value: str | None) -> tuple[str, ...]:
        return self.routes.values(value) if value else ()

    def _representation(self, one: Variable) -> Any:
        from ddi_l.models import logicalproduct as made

        missing = " ".join(map(str, self.instrument.missing_codes(one.item.id)))
        more = {"missingValue": missing} if missing else {}
        role = self.parts.base("CodeValue")(text=one.item.role)
        whole = made.VariableRepresentation
        if one.kind in {"code", "tick"}:
            reference = self._codes(one).to_reference()
            shape = made.CodeRepresentation(code_list_reference=reference, other_attributes=more)
            return whole(variable_role=role, code_representation=shape)
        if one.kind == "number":
            number = made.NumericRepresentation(
                number_range=self._range(one), numeric_type_code=_numeric(one.item.type), other_attributes=more
            )
            return whole(variable_role=role, numeric_representation=number)
        if one.kind == "date":
            day = made.DateTimeRepresentation(date_type_code="Date", other_attributes=more)
            return whole(variable_role=role, date_time_representation=day)
        return whole(variable_role=role, text_representation=made.TextRepresentation(other_attributes=more))


def _numeric(kind: str) -> str:
    return "Integer" if kind == "integer" else "Double"


def _version(version: str) -> str:
    """Give a version as DDI writes it: numbers and dots."""
    numbers = [part for part in version.split(".") if part.isdigit()]
    return ".".join(numbers) or "1"
