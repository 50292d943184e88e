"""What a screen found, said in Kazakh, Russian or English; a screen of one's own keeps its English words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from survey_kit.fieldwork.screens import Form, Screen, Screened, commonness, written
from survey_kit.language import Words

NULLS: Mapping[str, str] = {
    "straightlining": "dealt_battery",
    "item_nonresponse": "dealt",
    "contact_filters": "dealt_filter",
    "extreme_answers": "dealt_item",
    "heaping": "dealt_item",
    "small_variance": "variance",
    "alike": "dealt",
    "duration": "dealt_route",
    "duplicate_contacts": "dealt",
    "schedule": "schedule",
    "distance": "dealt",
    "back_checks": "again",
    "score": "score",
}
KINDS = ("overlap", "travel", "night", "many")
DRIFT = "drift_of_"


def title_of(name: str, say: Words) -> str:
    """Give the title of a screen.

    Examples
    --------
    >>> from survey_kit.language import words
    >>> title_of("drift_of_contact_filters", words("screens", "ru"))
    'Изменение за время работы: Фильтры, закрывающие вопросы'
    """
    if name.startswith(DRIFT):
        return say("title_drift", title=title_of(name[len(DRIFT) :], say))
    key = f"title_{name}"
    return say(key) if key in say.texts else name.replace("_", " ").capitalize()


def measure_of(screen: Screen, say: Words) -> str:
    """Give what a screen measures; in its own words where the catalogue speaks of something else."""
    if screen.name.startswith(DRIFT):
        key = f"measure_{screen.name[len(DRIFT) :]}"
        return say("measure_drift", measure=say(key)) if key in say.texts else screen.measures
    key = f"measure_{screen.name}"
    return say(key) if say.texts.get(key, {}).get("en") == screen.measures else screen.measures


def null_of(screen: Screen, say: Words) -> str:
    """Give what a screen is held against."""
    key = "null_drift" if screen.name.startswith(DRIFT) else f"null_{NULLS.get(screen.name, '')}"
    return say(key) if say.texts.get(key, {}).get("en") == screen.null else screen.null


def number_of(value: float, form: Form, say: Words) -> str:
    """Write a statistic.

    Examples
    --------
    >>> from survey_kit.language import words
    >>> number_of(0.5, "times", words("screens", "kk"))
    '0.50 есе'
    """
    return say("times", value=f"{value:.2f}") if form == "times" else written(value, form)


def said_of(found: Screened, name: object, label: str, say: Words) -> str:
    """Say what a screen found about a unit, under a label.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.fieldwork.screens import Interviews
    >>> from survey_kit.fieldwork.screens_answers import screen_filters
    >>> from survey_kit.language import words
    >>> table = pd.DataFrame({"who": np.arange(200) % 8, "met": 1 + (np.arange(200) % 8 != 3)})
    >>> found = screen_filters(Interviews(frame=table, interviewer="who"), {"met": [1]})
    >>> said_of(found, 3, "I-1", words("screens", "ru")).split("; ")[-1]
    'стоит посмотреть ещё раз.'
    """
    row = found.table[found.table[found.unit] == name]
    if row.empty:
        return f"{label}: {say('no_interviews')}."
    one = row.iloc[0]
    if say.language == "en" and str(one["sentence"]).startswith(f"{name}: "):
        return f"{label}: {str(one['sentence'])[len(f'{name}: ') :]}"
    if found.screen.name == "schedule":
        return f"{label}: {_schedule(one, say)}."
    if not np.isfinite(one["p"]):
        return f"{label}: {say('not_judged', n=int(one['interviews']))}."
    if found.screen.name == "score":
        return f"{label}: {_score(found, one, say)}."
    form = found.screen.form
    return (
        f"{label}: "
        + say(
            "sentence",
            measure=measure_of(found.screen, say),
            statistic=number_of(float(one["statistic"]), form, say),
            n=int(one["interviews"]),
            expected=number_of(float(one["expected"]), form, say),
            verdict=_verdict(one, say),
        )
        + "."
    )


def _verdict(one: Any, say: Words) -> str:
    """Say how seldom chance goes as far, and whether to look again."""
    if not one["stands_out"]:
        return say("others")
    count, scale = commonness(float(one["p"]))
    seldom = say("seldom", k=count, n=f"{scale:,}") if count else say("most_seldom", n=f"{scale:,}")
    return f"{seldom}; {say('look')}"


def _schedule(one: Any, say: Words) -> str:
    told = [say(f"time_{kind}", n=int(one[kind])) for kind in KINDS if one[kind]]
    verdict = say("look") if one["stands_out"] else say("others")
    return say("schedule_sentence", told="; ".join(told) or say("time_none"), n=int(one["interviews"]), verdict=verdict)


def _score(found: Screened, one: Any, say: Words) -> str:
    columns = list(found.table.columns)
    parts = columns[columns.index("stands_out") + 1 : columns.index("sentence")]
    ordered = sorted((name for name in parts if one[name] > 1), key=lambda name: -float(one[name]))[:3]
    names = ", ".join(title_of(name, say) for name in ordered)
    return say(
        "score_sentence",
        score=f"{one['statistic']:.1f}",
        most=say("score_most", names=names) if names else "",
        verdict=_verdict(one, say),
    )
