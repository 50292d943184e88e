"""From the study's files to a :class:`Study`; every contradiction is told with its line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from survey_kit import files
from survey_kit.errors import IndicatorError, StudyError, SurveyKitError, did_you_mean
from survey_kit.instrument.load import find_instrument, read_instrument
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.study import definition, model
from survey_kit.study.definition import Indicator, IndicatorsFile
from survey_kit.study.exchange import exchange_path
from survey_kit.study.field_plan import check_field, disclosure_path
from survey_kit.study.model import LEAST, Derived, Disclosure, StudyFile, Wave
from survey_kit.study.policy import policy_paths
from survey_kit.study.quality_file import quality_path, read_quality
from survey_kit.study.regions import check_regions, polygons_path
from survey_kit.study.sample_disclosure import words_path
from survey_kit.study.study import Study
from survey_kit.study.weights import read_plan

Where = Callable[..., str]  # the way to a key -> file:line


def read_study(path: str | Path, data: str | Path | None = None) -> Study:
    """Read a study: its ``study.yaml``, its indicators and its instruments.

    Parameters
    ----------
    path
        The study's folder or its ``study.yaml``.
    data
        The folder with its data; else the environment variable ``SURVEY_KIT_DATA``, else ``data/`` beside the study
        file. A file that the study brings in its own ``data/`` is found there in any case.

    Raises
    ------
    StudyError, IndicatorError, InstrumentError, WeightingError
        If a file contradicts itself or another; the message gives file and line.

    Examples
    --------
    >>> study = read_study("analyses/brazil_trust")
    >>> study.id, [wave.id for wave in study.waves][-2:]
    ('brazil_trust', ['2021', '2023'])
    """
    file = Path(path)
    file = file / "study.yaml" if file.is_dir() or file.suffix not in {".yaml", ".yml"} else file
    document = files.read_yaml(file, "study file", StudyError)
    declared = files.declared(document, StudyFile, model.SCHEMA, StudyError, context=_language(document, "en"))
    sister = file.parent / declared.indicators
    listed = files.read_yaml(sister, "file of indicators", IndicatorError)
    spoken = _language(listed, declared.source_language)
    indicators = files.declared(listed, IndicatorsFile, definition.SCHEMA, IndicatorError, context=spoken)
    home = find_instrument(declared.instrument_, file.parent)
    forms = {version: read_instrument(home, version) for version in {wave.version for wave in declared.waves}}
    plan, targets = read_plan(declared, file.parent, _below(document))
    told = (*words_path(file.parent), *disclosure_path(file.parent, declared.field_), *quality_path(file.parent))
    told = (
        *told,
        *polygons_path(file.parent, declared.report.regions),
        *policy_paths(file.parent),
        *exchange_path(file.parent),
        *release_before(file.parent, declared.disclosure),
    )
    study = Study(
        **{one.name: getattr(declared, one.name) for one in fields(StudyFile)},
        path=file,
        data=_folders(file.parent, data),
        definitions=indicators.indicators,
        instruments={wave.id: forms[wave.version] for wave in declared.waves},
        inputs=(file, sister, *targets, *told, *sorted(Path(home).rglob("*.yaml"))),
        plan=plan,
    )
    for i, wave in enumerate(study.waves):
        _check_wave(study, i, wave, _below(document, "waves", i))
    _check_whole(study, _below(document))
    check_field(study, document.at(("field",)))
    check_regions(study.report.regions, study.domains, file.parent, document.at(("report", "regions")))
    ids = [one.id for one in study.definitions]
    for i, name in enumerate(ids):
        if name in ids[:i]:
            where = _below(listed, "indicators", i)("id")
            raise IndicatorError(f"The indicator '{name}' stands twice.", where=where, fix="Give it its own id.")
    _check_names(study, _below(document))
    read_quality(study)
    for i, one in enumerate(study.definitions):
        _check_indicator(study, one, _below(listed, "indicators", i))
    return study


def _below(document: files.Document, *start: str | int) -> Where:
    def at(*way: str | int) -> str:
        return document.at((*start, *way))

    return at


def _language(document: files.Document, otherwise: str) -> dict[str, str]:
    value = document.value if isinstance(document.value, dict) else {}
    return {"language": str(value.get("source_language", otherwise))}


def release_before(folder: Path, disclosure: Disclosure) -> tuple[Path, ...]:
    """Give the table of the release before, when the study names one and it is there."""
    path = folder / (disclosure.earlier or "")
    return (path,) if path.is_file() else ()


def _folders(own: Path, data: str | Path | None) -> tuple[Path, ...]:
    named = data if data is not None else os.environ.get("SURVEY_KIT_DATA") or None
    return tuple(dict.fromkeys(([Path(named)] if named is not None else []) + [own / "data"]))


# ----------------------------------------------------------------------------------------------------- the study file
def _check_whole(study: Study, at: Where) -> None:
    if not study.waves:
        raise StudyError("The study has no wave.", where=at("waves"), fix="List at least one wave.")
    if study.baseline is not None:
        _known(study.baseline, [wave.id for wave in study.waves], "wave", at("baseline"))
    if len(study.waves) > 1 and study.responses.file and study.responses.wave is None:
        raise StudyError(
            "The study has several waves but does not name the column that tells them apart.",
            where=at("responses"),
            fix="Add 'wave:' to 'responses:'.",
        )
    if study.disclosure.least < LEAST and not study.disclosure.reason:
        raise StudyError(
            f"Figures of fewer than {LEAST} people may be published only for a reason.",
            where=at("disclosure"),
            fix="Add 'reason:', such as 'the microdata are public', or leave out 'least:'.",
        )


def _check_wave(study: Study, i: int, wave: Wave, here: Where) -> None:
    earlier = study.waves[:i]
    ids = [one.id for one in earlier]
    if wave.id in ids:
        raise StudyError(f"The wave '{wave.id}' stands twice.", where=here("id"), fix="Give each wave its own id.")
    later = next((one for one in earlier if one.year and wave.year and one.year > wave.year), None)
    if later is not None:
        raise StudyError(
            "The waves are not in the order of their years.",
            where=here("year"),
            found=f"{later.id} ({later.year}) before {wave.id} ({wave.year})",
            fix="List the oldest wave first.",
        )
    if wave.comparable_with is not None:
        _known(wave.comparable_with, ids, "earlier wave", here("comparable_with"))
    for key in ("break_items", "break_note", "comparable_with"):
        if getattr(wave, key) and not wave.break_:
            raise StudyError(
                f"'{key}' belongs to a break, but the wave does not say of which kind.",
                where=here(key),
                fix="Add 'break: mode' or another kind.",
            )
    _check_wave_items(study, wave, here)
    if wave.file is None and study.responses.file is None:
        raise StudyError(
            f"The wave '{wave.id}' has no response file.",
            where=here("id"),
            fix="Add 'file:' to the wave, or to 'responses:'.",
        )


def _check_wave_items(study: Study, wave: Wave, here: Where) -> None:
    instrument = study.instruments[wave.id]
    items, modules = _items(instrument), [module.id for module in instrument.modules]
    for k, entry in enumerate(wave.not_asked):
        for name in entry.items:
            _known(name, [*items, *modules], f"item of version {instrument.version}", here("not_asked", k))
    for name in wave.break_items:
        _known(name, items, f"item of version {instrument.version}", here("break_items"))


def _check_names(study: Study, at: Where) -> None:
    ids = [one.id for one in study.definitions]
    seen: dict[str, str] = {}
    for family, members in study.families.items():
        for k, name in enumerate(members):
            _known(name, ids, "indicator", at("families", family, k))
            if name in seen:
                raise StudyError(
                    f"The indicator '{name}' stands in two places.",
                    where=at("families", family, k),
                    found=f"families '{seen[name]}' and '{family}'",
                    fix="Judge each indicator in one family.",
                )
            seen[name] = family
        if family in ids and members != (family,):
            raise StudyError(
                f"The family '{family}' has the name of an indicator.",
                where=at("families", family),
                fix="Name the family otherwise.",
            )
    for name, derived in study.derive.items():
        _check_derived(name, derived, at)
    for k, name in enumerate(study.domains):
        form = study.instrument()
        if name in form and form.item(name).type != "single":
            raise StudyError(
                f"The domain '{name}' has no classes: it is a {form.item(name).type}.",
                where=at("domains", k),
                fix=f"Make classes under 'derive:' with 'from: {name}', and name those.",
            )
        if name == study.wave_column or name in study.domains[:k]:
            raise StudyError(
                f"'{name}' cannot be a domain here.",
                where=at("domains", k),
                found="the wave column" if name == study.wave_column else "it stands twice",
                fix="Leave it out.",
            )


def _check_derived(name: str, derived: Derived, at: Where) -> None:
    def here(*way: str) -> str:
        return at("derive", name, *way)

    if bool(derived.cut) == bool(derived.groups):
        raise StudyError(
            f"The domain '{name}' needs either 'cut' or 'groups'.",
            where=here(),
            fix="Give cut points for numbers, or groups of codes.",
        )
    if name == derived.from_:
        raise StudyError(
            f"The domain '{name}' is made from itself.", where=here("from"), fix="Give it a name of its own."
        )
    if list(derived.cut) != sorted(set(derived.cut)):
        raise StudyError("Cut points must rise.", where=here("cut"), found=repr(derived.cut), fix="Order them.")
    codes = [code for group in derived.groups.values() for code in group]
    twice = next((code for k, code in enumerate(codes) if code in codes[:k]), None)
    if twice is not None:
        raise StudyError(
            f"The code {twice} stands in two groups of '{name}'.", where=here("groups"), fix="Keep it in one."
        )
    for level in derived.labels:
        _known(level, derived.levels(), "level", here("labels", level))


# ------------------------------------------------------------------------------------------------- the indicators file
@dataclass(frozen=True, slots=True)
class _Rule:
    """What a kind of indicator takes: keys it needs, keys it has no use for."""

    needs: tuple[str, ...]
    never: tuple[str, ...]


_RULES = {
    "share": _Rule(("items", "categories"), ("low_categories", "numerator", "denominator")),
    "mean100": _Rule(("items",), ("categories", "low_categories", "numerator", "denominator")),
    "net": _Rule(("items", "categories", "low_categories"), ("numerator", "denominator")),
    "ratio": _Rule(("numerator", "denominator"), ("items", "categories", "low_categories")),
}


def _check_indicator(study: Study, one: Indicator, here: Where) -> None:
    rule = _RULES[one.kind]
    for key in rule.needs:
        if not getattr(one, key):
            raise IndicatorError(f"A '{one.kind}' needs '{key}'.", where=here("kind"), fix=f"Add '{key}:'.")
    for key in rule.never:
        if getattr(one, key):
            raise IndicatorError(f"A '{one.kind}' has no use for '{key}'.", where=here(key), fix="Leave it out.")
    several = len(one.items) > 1
    wald_only = one.kind in {"mean100", "net"}
    if one.interval != "wald" and (wald_only or (several and one.interval != "logit")):
        what = f"a '{one.kind}'" if wald_only else "the mean of several items"
        raise IndicatorError(
            f"The interval '{one.interval}' is for a single share, not for {what}.",
            where=here("interval"),
            fix="Write 'interval: wald'." if wald_only else "Write 'interval: logit' or 'interval: wald'.",
        )
    if one.kind == "mean100" and (one.base == "asked" or one.dont_know == "include"):
        raise IndicatorError(
            "A mean score has no value for those who gave no answer.",
            where=here("base" if one.base == "asked" else "dont_know"),
            found=f"base: {one.base}, dont_know: {one.dont_know}",
            fix="Write 'base: answered' and 'dont_know: exclude' or 'bounds'.",
        )
    overlap = set(one.categories) & set(one.low_categories)
    if overlap:
        raise IndicatorError(
            f"A code counts as high and as low: {min(overlap, key=str)}.",
            where=here("low_categories"),
            fix="Keep it in one of them.",
        )
    _check_items(study, one, here)


def _check_items(study: Study, one: Indicator, here: Where) -> None:
    asked_once: set[str] = set()
    for wave in study.waves:
        instrument = study.instruments[wave.id]
        known, never = _items(instrument), study.not_asked(wave.id)
        _check_same_scale(instrument, one, here)
        for name in one.needs():
            if name in known:
                _check_codes(instrument, name, one, here)
                asked_once |= {name} - never
            elif name not in never:
                everywhere = [item for form in study.instruments.values() for item in _items(form)]
                fix = did_you_mean(name, everywhere)
                if name in everywhere:
                    fix = f"Say 'not_asked: [{name}]' in that wave."
                raise IndicatorError(
                    f"The indicator '{one.id}' needs '{name}', which is no item of wave '{wave.id}'.",
                    where=here("items" if one.items else "numerator"),
                    found=f"instrument {instrument.id}, version {instrument.version}",
                    fix=fix,
                )
    never_asked = [name for name in one.needs() if name not in asked_once]
    if never_asked:
        raise IndicatorError(
            f"The item '{never_asked[0]}' of the indicator '{one.id}' was asked in no wave.",
            where=here("items" if one.items else "numerator"),
            fix="Leave the indicator out, or correct 'not_asked'.",
        )


def _check_same_scale(instrument: Instrument, one: Indicator, here: Where) -> None:
    """Refuse a mean over items on different scales: stretched to 0-100 they still measure differently."""
    scales = {instrument.codes(name) for name in one.items if name in instrument}
    if one.kind in {"mean100", "net"} and len(scales) > 1:
        raise IndicatorError(
            f"The items of '{one.id}' have different scales.",
            where=here("items"),
            found=" and ".join(f"{len(codes)} codes" for codes in sorted(scales, key=len)),
            fix="Take items with the same scale together.",
        )


def _check_codes(instrument: Instrument, name: str, one: Indicator, here: Where) -> None:
    codes = list(instrument.codes(name))
    wanted: list[tuple[str, Sequence[object]]] = [
        ("categories", one.categories),
        ("low_categories", one.low_categories),
    ]
    for key, half in (("numerator", one.numerator), ("denominator", one.denominator)):
        if half is not None and name in half.any:
            wanted.append((key, half.categories))
    for key, categories in wanted:
        for code in categories:
            if code not in codes:
                raise IndicatorError(
                    f"The code {code} is not on the scale of '{name}'.",
                    where=here(key),
                    found=f"the codes are {', '.join(map(str, codes))}",
                    fix="Name codes of the scale.",
                )
    if one.kind == "mean100" and (len(codes) < 2 or not all(isinstance(code, (int, float)) for code in codes)):
        raise IndicatorError(
            f"'{name}' has no scale of numbers to take a mean of.",
            where=here("items"),
            found=f"the codes are {', '.join(map(str, codes)) or 'none'}",
            fix="Take a share of its answers.",
        )


def _items(instrument: Instrument) -> list[str]:
    return [item.id for item in instrument.items]


def _known(name: str, known: Iterable[str], what: str, where: str, error: type[SurveyKitError] = StudyError) -> None:
    known = list(known)
    if name not in known:
        raise error(f"There is no {what} '{name}'.", where=where, fix=did_you_mean(name, known))
