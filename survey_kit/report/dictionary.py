"""The data dictionary: what every column, indicator, wave, group and marker means, in each language of the toolkit side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from survey_kit.indicators.rows import AGAINST, COLUMNS, COUNTS, TEXTS
from survey_kit.language.catalogue import words
from survey_kit.report import shorthand
from survey_kit.report.info import IndicatorInfo, StudyInfo
from survey_kit.study import Study, said

if TYPE_CHECKING:
    import pandas as pd

CATALOGUE: Final = "open_data"
LANGUAGES: Final = ("kk", "ru", "en")
HEAD: Final = ("part", "name", "meaning", "meaning_kk", "meaning_ru", "type", "translation")
FIELDS: Final = ("title", "question", "answers", "base", "dont_know", "interval", "direction", "family", "note")
TITLED: Final = ("title", "note")  # of an indicator, what the study gives in several languages


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


def dictionary(info: StudyInfo, study: Study | None = None) -> pd.DataFrame:
    """Make the dictionary.

    Parameters
    ----------
    info
        What the pages know of the study, in the language of the report.
    study
        The study; with it titles stand in every language it has.

    Returns
    -------
    DataFrame
        One row for each thing that is explained: ``part`` (column, indicator, wave, domain, marker), ``name``, its meaning in English or
        the language of the report, in Kazakh and in Russian (empty where the study does not give it), ``type`` and ``translation``
        (draft where nobody has reviewed the Kazakh and Russian words).

    Examples
    --------
    >>> toy = StudyInfo(id="toy", title="Toy", data_status="real", waves=())
    >>> dictionary(toy).query("name == '[z]'")[["meaning", "meaning_ru", "translation"]].values.tolist()
    [['not applicable: not asked', 'неприменимо: вопрос не задавался', 'draft']]
    """
    import pandas as pd

    table = pd.DataFrame(list(_entries(info, study)), columns=list(HEAD))
    table.insert(0, "data_status", info.data_status)
    return table


def _entries(info: StudyInfo, study: Study | None) -> Iterator[tuple[str, ...]]:
    ours = "draft" if any(map(draft, LANGUAGES)) else "reviewed"
    for name in (*COLUMNS, *shorthand.COLUMNS):
        told = (column_meaning(name, language) for language in ("en", "kk", "ru"))
        yield ("column", name, *told, column_type(name), ours)
    for one in info.indicators:
        yield from _indicator(one, study, ours)
    for wave in info.waves:
        label = "; ".join(
            filter(None, [info.wave_label(wave.id), wave.mode, wave.fieldwork, wave.break_note, *wave.notes])
        )
        yield ("wave", wave.id, label, "", "", wave.break_kind, "")
    for domain in info.domains:
        titles = {language: study.title_of(domain.id, language) for language in ("kk", "ru")} if study else {}
        yield ("domain", domain.id, domain.label, titles.get("kk", ""), titles.get("ru", ""), "text", "")
    for marker in shorthand.MARKERS:
        told = (words(CATALOGUE, language)(f"flag_{marker.strip('[]')}") for language in ("en", "kk", "ru"))
        yield ("marker", marker, *told, "", ours)


def _indicator(one: IndicatorInfo, study: Study | None, ours: str) -> Iterator[tuple[str, ...]]:
    for field in FIELDS:
        value = str(getattr(one, field))
        if not value:
            continue
        given = _given(one.id, field, study)
        told = []
        for language in ("en", "kk", "ru"):
            text = value if language == "en" else given.get(language, "")
            told.append(f"{words(CATALOGUE, language)(f'indicator_{field}')}: {text}" if text else "")
        yield ("indicator", one.id, *told, one.unit, ours if any(told[1:]) else "")


def _given(indicator: str, field: str, study: Study | None) -> Mapping[str, str]:
    """Give what the study says in several languages; codes are the same in each."""
    if study is None or field not in TITLED:
        return {}
    defined = next((one for one in study.definitions if one.id == indicator), None)
    texts = getattr(defined, field, None)
    return texts if isinstance(texts, Mapping) else {}


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
