"""The data dictionary: what every column, indicator, wave, group and marker means, in each language of the toolkit side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from survey_kit.indicators.rows import AGAINST, COLUMNS, COUNTS, TEXTS
from survey_kit.language.catalogue import words
from survey_kit.report import shorthand
from survey_kit.report.info import IndicatorInfo, StudyInfo, WaveInfo
from survey_kit.study import Study, said

if TYPE_CHECKING:
    import pandas as pd

CATALOGUE: Final = "open_data"
LANGUAGES: Final = ("kk", "ru", "en")
HEAD: Final = ("part", "name", "meaning", "meaning_kk", "meaning_ru", "type", "translation")
FIELDS: Final = ("title", "question", "answers", "base", "dont_know", "interval", "direction", "family", "note")
TITLED: Final = ("title", "note")  # of an indicator, what the study gives in several languages
CODED: Final = ("base", "dont_know", "interval", "direction", "family")  # what is the same in each
COLUMN_LANGUAGES: Final = ("en", "kk", "ru")  # in the order of the columns


def column_meaning(name: str, language: str) -> str:
    """Say what a column of the figures means.

    Examples
    --------
    >>> column_meaning("previous_p", "en")
    'two-sided p of no change, taken alone (previous wave)'
    """
    say = words(CATALOGUE, language)
    head, _, part = name.partition("_")
    if head in AGAINST:
        told = say(f"change_{part}", of=say(f"of_{head}"))
        return f"{told} {say(f'against_{head}')}"
    return say(f"column_{name}")


def draft(language: str) -> bool:
    """Tell whether nobody has reviewed the words of a language.

    Examples
    --------
    >>> draft("en"), draft("kk")
    (False, True)
    """
    return words(CATALOGUE, language)("status") == "draft"


def dictionary(
    info: StudyInfo,
    study: Study | None = None,
    rows: pd.DataFrame | None = None,
    told: Mapping[str, StudyInfo] | None = None,
) -> pd.DataFrame:
    """Make the dictionary.

    Parameters
    ----------
    info
        What the pages know of the study, in the language of the report.
    study
        The study; with it titles and labels stand in every language it has.
    rows
        The rows of the indicators, for the levels of the groups.
    told
        What the pages know of the study in other languages of the report, by language.

    Returns
    -------
    DataFrame
        One row for each thing that is explained: ``part`` (column, indicator, wave, domain, level, marker), ``name``, its meaning in
        English, in Kazakh and in Russian, ``type`` and ``translation`` (draft where nobody has reviewed the toolkit's Kazakh and Russian
        words). What the study does not say in a language is empty there; what it says in none but that of the report stands under English.

    Examples
    --------
    >>> toy = StudyInfo(id="toy", title="Toy", data_status="real", waves=())
    >>> dictionary(toy).query("name == '[z]'")[["meaning", "meaning_ru", "translation"]].values.tolist()
    [['not applicable: not asked', 'неприменимо: вопрос не задавался', 'draft']]
    """
    import pandas as pd

    table = pd.DataFrame(list(_entries({info.language: info, **(told or {})}, info, study, rows)), columns=list(HEAD))
    table.insert(0, "data_status", info.data_status)
    return table


def _entries(
    told: Mapping[str, StudyInfo], info: StudyInfo, study: Study | None, rows: pd.DataFrame | None
) -> Iterator[tuple[str, ...]]:
    ours = "draft" if any(map(draft, LANGUAGES)) else "reviewed"
    for name in (*COLUMNS, *shorthand.COLUMNS):
        meanings = (column_meaning(name, language) for language in COLUMN_LANGUAGES)
        yield ("column", name, *meanings, column_type(name), ours)
    for one in info.indicators:
        yield from _indicator(one, told, info.language, study, ours)
    for wave in info.waves:
        yield ("wave", wave.id, *_wave(wave, told, info), wave.break_kind, "")
    for domain in info.domains:
        titles = {language: study.title_of(domain.id, language) for language in COLUMN_LANGUAGES} if study else {}
        yield ("domain", domain.id, *_placed(titles, domain.label, info.language), "text", "")
    if rows is not None:
        yield from _levels(rows, study)
    for marker in shorthand.MARKERS:
        meanings = (words(CATALOGUE, language)(f"flag_{marker.strip('[]')}") for language in COLUMN_LANGUAGES)
        yield ("marker", marker, *meanings, "", ours)


def _placed(given: Mapping[str, str], otherwise: str, language: str) -> tuple[str, ...]:
    """Put texts into the columns of their languages; the text of the report's language into its own, and under English if need be."""
    out = {one: given.get(one, "") for one in COLUMN_LANGUAGES}
    if not out.get(language):
        out[language] = otherwise
    return tuple(out[one] or (otherwise if one == "en" else "") for one in COLUMN_LANGUAGES)


def _wave(wave: WaveInfo, told: Mapping[str, StudyInfo], info: StudyInfo) -> tuple[str, ...]:
    given = {language: _about_wave(one.wave(wave.id)) for language, one in told.items()}
    labels = dict.fromkeys(COLUMN_LANGUAGES, wave.label)
    if info.synthetic:
        labels = {one: words(CATALOGUE, one)("rehearsal_wave", number=wave.order) for one in COLUMN_LANGUAGES}
    notes = _placed(given, _about_wave(wave), info.language)
    return tuple("; ".join(filter(None, pair)) for pair in zip(labels.values(), notes, strict=True))


def _about_wave(wave: WaveInfo) -> str:
    return "; ".join(filter(None, [wave.mode, wave.fieldwork, wave.break_note, *wave.notes]))


def _indicator(
    one: IndicatorInfo, told: Mapping[str, StudyInfo], language: str, study: Study | None, ours: str
) -> Iterator[tuple[str, ...]]:
    for field in FIELDS:
        value = str(getattr(one, field))
        if not value:
            continue
        if field in CODED:
            given = dict.fromkeys(COLUMN_LANGUAGES, value)
        else:
            given = {each: str(getattr(about.indicator(one.id), field)) for each, about in told.items()}
            given |= _given(one.id, field, study)
        texts = _placed(given, value, language)
        heads = (words(CATALOGUE, each)(f"indicator_{field}") for each in COLUMN_LANGUAGES)
        meanings = [f"{head}: {text}" if text else "" for head, text in zip(heads, texts, strict=True)]
        yield ("indicator", one.id, *meanings, one.unit, ours if any(meanings[1:]) else "")


def _levels(rows: pd.DataFrame, study: Study | None) -> Iterator[tuple[str, ...]]:
    used = rows[rows["domain"].fillna("") != ""].drop_duplicates(["domain", "level"])
    for domain, level, label in zip(used["domain"], used["level"], used["level_label"], strict=True):
        name = str(label) if isinstance(label, str) and label else str(level)
        labels = (level_label(study, str(domain), str(level), name, one) for one in COLUMN_LANGUAGES)
        yield ("level", f"{domain}={level}", *((name, "", "") if study is None else labels), "text", "")


def level_label(study: Study | None, domain: str, level: str, otherwise: str, language: str) -> str:
    """Name a level of a group in a language, else as it is named otherwise."""
    if study is None:
        return otherwise
    told = study.label_of(domain, int(level) if level.lstrip("-").isdigit() else level, language)
    return otherwise if told == level else told


def _given(indicator: str, field: str, study: Study | None) -> dict[str, str]:
    """Give what the study says in several languages."""
    if study is None or field not in TITLED:
        return {}
    defined = next((one for one in study.definitions if one.id == indicator), None)
    texts = getattr(defined, field, None)
    return dict(texts) if isinstance(texts, Mapping) else {}


def titles(info: StudyInfo, study: Study | None, language: str) -> dict[str, str]:
    """Give the titles of the indicators in a language, else in that of the report."""
    out = {one.id: one.title for one in info.indicators}
    if study is not None:
        out |= {one.id: said(one.title, language) for one in study.definitions if one.id in out}
    return out


def column_type(name: str) -> str:
    """Name the type of a column of the figures: integer, number or string.

    Examples
    --------
    >>> column_type("n"), column_type("estimate"), column_type("flags")
    ('integer', 'number', 'string')
    """
    return "integer" if name in COUNTS else "string" if name in TEXTS or name in shorthand.COLUMNS else "number"
