"""From the files of a policy to a :class:`Policy`; every contradiction is told with its line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from survey_kit import files
from survey_kit.errors import StudyError, did_you_mean
from survey_kit.instrument.load import find_instrument, read_instrument
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.study import policy as model
from survey_kit.study.policy import (
    NAMES,
    Dated,
    InstitutionsFile,
    Measure,
    MeasuresFile,
    Policy,
    PolicySource,
    StrategyFile,
    first_day,
    policy_paths,
)
from survey_kit.study.registry import Registry
from survey_kit.study.study import Study

ASKED: Final = "instrument"  # the source of what the instrument says of the institutions it asks about
Where = Callable[..., str]


def read_policy(study: Study) -> Policy | None:
    """Read and check the files of a policy beside a study; None when there is none.

    An indicator that the study does not have is no fault: it is told as missing. A source, a body, a document, an item, a wave or a
    region that does not exist is one.

    Raises
    ------
    StudyError
        If a file contradicts itself, another or the study; the message gives file and line.

    Examples
    --------
    >>> from survey_kit.study import read_study
    >>> policy = read_policy(read_study("analyses/kazakhstan"))
    >>> policy.strategy.document, [one.id for one in policy.in_force("2016")][:1]
    ('strategy_2015', ['strategy_2015'])
    """
    there = {path.name: path for path in policy_paths(study.folder)}
    entries = [one for one in study.definitions if one.registry is not None]
    if NAMES[0] not in there:
        for name in sorted(there):
            raise _lacks_institutions(study, str(there[name]))
        targets = [one for one in entries if one.registry and (one.registry.targets or one.registry.responsible)]
        if targets:
            raise _lacks_institutions(study, f"{study.folder / study.indicators}, indicator '{targets[0].id}'")
        return None
    first = files.read_yaml(there[NAMES[0]], "file of institutions", StudyError)
    bodies = files.declared(
        first, InstitutionsFile, model.INSTITUTIONS, StudyError, {"language": _spoken(first, study.source_language)}
    )
    language = {"language": bodies.source_language}
    bodies = _with_those_asked_about(study, bodies, first)
    _check_bodies(bodies, first)
    strategy, measures = None, MeasuresFile(measures=())
    if NAMES[1] in there:
        second = files.read_yaml(there[NAMES[1]], "strategy file", StudyError)
        strategy = files.declared(second, StrategyFile, model.STRATEGY, StudyError, language)
        _check_strategy(study, bodies, strategy, second)
    for one in entries:
        if one.registry is not None:
            _check_registry(study, bodies, one.id, one.registry, lambda *_: str(study.folder / study.indicators))
    if NAMES[2] in there:
        third = files.read_yaml(there[NAMES[2]], "file of measures", StudyError)
        measures = files.declared(third, MeasuresFile, model.MEASURES, StudyError, language)
        _unique([one.id for one in measures.measures], "measure", lambda k: third.at(("measures", k, "id")))
        for k, taken in enumerate(measures.measures):
            _check_measure(study, bodies, taken, _below(third, "measures", k))
    return Policy(institutions=bodies, strategy=strategy, measures=measures.measures)


def item_form(study: Study, name: str) -> tuple[Instrument, str]:
    """Give the instrument an item belongs to, and its id there: of the study, or the one before the slash.

    Raises
    ------
    StudyError, InstrumentError
        If there is no such instrument or item.
    """
    home, _, item = name.rpartition("/")
    if home and home != study.instrument_:
        form = _other(home, study.folder)
        if item in form:
            return form, item
        known = [f"{home}/{one.id}" for one in form.items]
        raise StudyError(f"There is no item '{item}' in the instrument '{home}'.", fix=did_you_mean(name, known))
    for form in reversed(list({one.version: one for one in study.instruments.values()}.values())):
        if item in form:
            return form, item
    known = [one.id for form in study.instruments.values() for one in form.items]
    raise StudyError(
        f"There is no item '{item}' in the instrument of the study.",
        fix=f"{did_you_mean(item, known)} Of another instrument write instrument/item.",
    )


@lru_cache(maxsize=16)
def _other(home: str, folder: Path) -> Instrument:
    return read_instrument(find_instrument(home, folder))


def _lacks_institutions(study: Study, where: str) -> StudyError:
    return StudyError(
        "Facts of a policy stand here without the file that names their sources.",
        where=where,
        found=f"no {study.folder / NAMES[0]}",
        fix=f"Write it: schema {model.INSTITUTIONS}, 'as_of:', 'sources:', 'documents:', 'institutions:'.",
    )


def _spoken(document: files.Document, otherwise: str) -> str:
    value: Any = document.value if isinstance(document.value, dict) else {}
    return str(value.get("source_language", otherwise))


def _below(document: files.Document, *start: str | int) -> Where:
    def at(*way: str | int) -> str:
        return document.at((*start, *way))

    return at


def _unique(ids: Sequence[str], what: str, at: Callable[[int], str]) -> None:
    for k, name in enumerate(ids):
        if name in ids[:k]:
            raise StudyError(f"The {what} '{name}' stands twice.", where=at(k), fix="Give it its own id.")


def _known(name: str, known: Iterable[str], what: str, where: str) -> None:
    known = list(known)
    if name not in known:
        raise StudyError(f"There is no {what} '{name}'.", where=where, fix=did_you_mean(name, known))


def _sourced(bodies: InstitutionsFile, sources: Sequence[str], here: Where) -> None:
    if not sources:
        raise StudyError(
            "A fact stands without a source.", where=here("sources"), fix="Name one of 'sources:' in institutions.yaml."
        )
    for k, name in enumerate(sources):
        _known(name, bodies.sources, "source", here("sources", k))


# ------------------------------------------------------------------------------------------------- bodies and documents
def _with_those_asked_about(study: Study, bodies: InstitutionsFile, document: files.Document) -> InstitutionsFile:
    """Add the institutions the study's instrument asks about, with its dates; a body that stands in both has one pair of dates."""
    own = {one.id: one for one in bodies.institutions}
    merged = dict(own)
    for name, asked in study.instrument().institutions.items():
        mine = own.get(name)
        if mine is None:
            mine = Dated(
                id=name,
                title=dict(asked.name),
                sources=(ASKED,),
                verified=asked.verified,
                note={"en": asked.note} if asked.note else None,
            )
        for key in ("since", "until", "successor"):
            written, value = getattr(mine, key), getattr(asked, key)
            if written is not None and value is not None and written != value:
                raise StudyError(
                    f"'{name}' has other dates in the instrument.",
                    where=document.at(("institutions", list(own).index(name), key)),
                    found=f"{key}: {written} here, {value} in {study.instrument_}",
                    fix="Keep one of them; leave it out here to take the instrument's.",
                )
        merged[name] = replace(
            mine,
            since=mine.since or asked.since,
            until=mine.until or asked.until,
            successor=mine.successor or asked.successor,
        )
    if len(merged) == len(own):
        return replace(bodies, institutions=tuple(merged.values()))
    sources = {**bodies.sources, ASKED: PolicySource(title=dict(study.instrument().title), read=True)}
    return replace(bodies, institutions=tuple(merged.values()), sources=sources)


def _check_bodies(bodies: InstitutionsFile, document: files.Document) -> None:
    every = [("documents", k, one) for k, one in enumerate(bodies.documents)]
    every += [("institutions", k, one) for k, one in enumerate(bodies.institutions)]
    ids = [one.id for _, _, one in every]
    _unique(ids, "body or document", lambda i: document.at((every[i][0], every[i][1], "id")))
    for kind, k, one in every:
        here = _below(document, kind, k)
        _sourced(bodies, one.sources, here)
        if one.since and one.until and first_day(one.until) <= first_day(one.since):
            raise StudyError(
                f"'{one.id}' ends before it begins.",
                where=here("until"),
                found=f"{one.since} to {one.until}",
                fix="Correct the dates.",
            )
        if one.successor is not None:
            group: tuple[Dated, ...] = bodies.documents if kind == "documents" else bodies.institutions
            _check_successor(one, {other.id: other for other in group}, here)


def _check_successor(one: Dated, group: dict[str, Dated], here: Where) -> None:
    _known(str(one.successor), [name for name in group if name != one.id], "successor", here("successor"))
    if one.until is None:
        raise StudyError(
            f"'{one.id}' has a successor but no end.", where=here("successor"), fix="Add 'until:', the day it ended."
        )
    seen, now = [one.id], one
    while now.successor is not None and now.successor in group:
        now = group[now.successor]
        if now.id in seen:
            raise StudyError(
                "Successors go round in a circle.",
                where=here("successor"),
                found=" -> ".join([*seen, now.id]),
                fix="Let the last one have no successor.",
            )
        seen.append(now.id)


# ------------------------------------------------------------------------------------------------------------ strategy
def _check_strategy(study: Study, bodies: InstitutionsFile, strategy: StrategyFile, document: files.Document) -> None:
    _known(strategy.document, [one.id for one in bodies.documents], "document", document.at(("document",)))
    _unique([one.id for one in strategy.statements], "statement", lambda k: document.at(("statements", k, "id")))
    _unique([one.id for one in strategy.fields], "field", lambda k: document.at(("fields", k, "id")))
    for k, one in enumerate(strategy.statements):
        here = _below(document, "statements", k)
        _sourced(bodies, one.sources, here)
        _check_items(study, one.items, "items", here)
    for k, aim in enumerate(strategy.rating_targets):
        here = _below(document, "rating_targets", k)
        _known(aim.document, [one.id for one in bodies.documents], "document", here("document"))
        _sourced(bodies, aim.sources, here)
    for k, place in enumerate(strategy.fields):
        _sourced(bodies, place.sources, _below(document, "fields", k))
        _check_items(study, place.items, "items", _below(document, "fields", k))
    for k, expected in enumerate(strategy.expected):
        here = _below(document, "expected", k)
        _sourced(bodies, expected.sources, here)
        there = sum((one.section, one.kind) == (expected.section, expected.kind) for one in strategy.statements)
        if there > expected.number:
            raise StudyError(
                f"Section {expected.section} has more sentences of the kind '{expected.kind}' than it should.",
                where=here("number"),
                found=f"{there} instead of {expected.number}",
                fix="Correct the number, or the statements.",
            )
    own = {one.id for one in study.definitions if one.registry is not None}
    for name, entry in strategy.registry.items():
        if name in own:
            raise StudyError(
                f"The registry entry of '{name}' stands in two places.",
                where=document.at(("registry", name)),
                found=f"here and in {study.indicators}",
                fix="Keep one of them.",
            )
        _check_registry(study, bodies, name, entry, _below(document, "registry", name))


def _check_items(study: Study, items: Sequence[str], key: str, here: Where) -> None:
    for k, name in enumerate(items):
        try:
            item_form(study, name)
        except StudyError as error:
            raise StudyError(error.what, where=here(key, k), found=error.found, fix=error.fix) from None


def _check_registry(study: Study, bodies: InstitutionsFile, name: str, entry: Registry, here: Where) -> None:
    if entry.responsible is not None:
        _known(entry.responsible, [one.id for one in bodies.institutions], "body", here("responsible"))
    if entry.baseline is not None:
        _known(entry.baseline, [one.id for one in study.waves], "wave", here("baseline"))
    about = next((one for one in study.definitions if one.id == name), None)
    years = [one.year for one in entry.targets]
    for k, target in enumerate(entry.targets):
        _known(target.document, [one.id for one in bodies.documents], "document", here("targets", k, "document"))
        if target.year in years[:k]:
            raise StudyError(
                f"'{name}' has two targets for {target.year}.",
                where=here("targets", k, "year"),
                fix="Keep the one in force.",
            )
        if about is not None and not about.limits[0] <= target.value <= about.limits[1]:
            raise StudyError(
                f"The target of '{name}' is no value the figure can take.",
                where=here("targets", k, "value"),
                found=f"{target.value}; it goes from {about.limits[0]:g} to {about.limits[1]:g}",
                fix="Give it in the unit of the figure: 0.45 for 45 per cent.",
            )


# ------------------------------------------------------------------------------------------------------------ measures
def _check_measure(study: Study, bodies: InstitutionsFile, one: Measure, here: Where) -> None:
    _sourced(bodies, one.sources, here)
    for k, name in enumerate(one.responsible):
        _known(name, [body.id for body in bodies.institutions], "body", here("responsible", k))
    if one.first_wave is not None:
        _known(one.first_wave, [wave.id for wave in study.waves], "wave", here("first_wave"))
    _check_items(study, one.items, "items", here)
    _check_items(study, one.rating, "rating", here)
    _check_items(study, one.assessment, "assessment", here)
    if one.introduction in {"everywhere", "unknown"}:
        if one.regions:
            raise StudyError(
                f"The measure '{one.id}' names regions, but not how they came to be first.",
                where=here("regions"),
                fix="Write 'introduction: chosen' or 'introduction: drawn', or leave the regions out.",
            )
        return
    for key in ("regions", "first_wave"):
        if not getattr(one, key):
            raise StudyError(
                f"The measure '{one.id}' began in some regions first, but '{key}' is missing.",
                where=here("introduction"),
                fix=f"Add '{key}:', or write 'introduction: everywhere'.",
            )
    if one.domain not in study.domains:
        _known(one.domain, study.domains, "domain", here("domain"))
    levels = _levels(study, one.domain)
    for k, name in enumerate(one.regions):
        _known(name, levels, f"level of '{one.domain}'", here("regions", k))
    if set(levels) == set(one.regions):
        raise StudyError(
            f"The measure '{one.id}' leaves no region to compare with.",
            where=here("regions"),
            fix="Write 'introduction: everywhere'.",
        )


def _levels(study: Study, domain: str) -> list[str]:
    if domain in study.derive:
        return [str(level) for level in study.derive[domain].levels()]
    form = study.instrument()
    return [str(code) for code in form.codes(domain)] if domain in form else []
