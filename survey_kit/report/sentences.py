"""Plain sentences made from rows and from nothing else.

A sentence says "rose" or "fell" only when the row's wording class does; it never says whether that is good. What people
answered is "said they ...", since a survey knows what is said. Every sentence of synthetic data begins with the mark.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from survey_kit.indicators.rows import AGAINST, BREAKS
from survey_kit.report.book import Published
from survey_kit.report.display import missing
from survey_kit.report.elements import Bullets, Element, Prose, Stack
from survey_kit.report.info import IndicatorInfo, StudyInfo
from survey_kit.report.rows import Row, latest, shown, withheld

CLASSES: Final = ("rose", "fell", "no_significant_change", "cannot_be_compared", "not_published", "first")
_KIND: Final = {"share": "share", "points": "points", "net": "net", "ratio": "share"}
_OPENINGS: Final = (
    ("Trust in ", "trust "),
    ("Confidence in ", "have confidence in "),
    ("Satisfied with ", "are satisfied with "),
    ("Agree that ", "agree that "),
    ("Said they ", ""),
)
_BREAK: Final = re.compile(
    rf"(?P<what>{'|'.join(map(re.escape, BREAKS.values()))}) in (?P<wave>[^()]+?)(?: \((?P<words>.*)\))?", re.IGNORECASE
)
FEWEST_COMMON: Final = 3
MOST: Final = 0.8


def marked(info: StudyInfo, sentence: str) -> str:
    """Put the mark of synthetic data before a sentence; real data have none."""
    return info.say("marked", sentence=sentence) if info.synthetic and sentence else sentence


def level_sentence(info: StudyInfo, row: Row, *, named: bool = True) -> str:
    """Say a figure with its interval and the number of answers, or why there is none.

    Parameters
    ----------
    info, row
        The study and the row.
    named
        Whether to name the indicator; not under a heading that does.

    Examples
    --------
    >>> from survey_kit.report.info import StudyInfo, WaveInfo, IndicatorInfo
    >>> congress = IndicatorInfo(id="congress", title="Trust in the National Congress", saying="trust the National Congress")
    >>> info = StudyInfo(
    ...     id="brazil", title="Brazil", data_status="real", waves=(WaveInfo(id="2023", label="2023"),), indicators=(congress,)
    ... )
    >>> row = {"indicator": "congress", "wave": "2023", "status": "ok", "reliability": "publish", "estimate": 0.3525,
    ...        "ci_low": 0.3218, "ci_high": 0.3833, "confidence": 0.95, "n": 1478, "unit": "share", "level": ""}
    >>> print(level_sentence(info, row).replace("\u00a0", " ").replace("\u202f", " "))
    In 2023, 35.2 % said they trust the National Congress (95 % interval 32.2 to 38.3; n = 1 478).
    """
    wave, about, say, show = info.wave_label(row["wave"]), info.indicator(row["indicator"]), info.say, info.show
    if row["status"] == "not_asked":
        return marked(info, say("not_asked", wave=wave))
    if withheld(row):
        return marked(info, say("level_withheld", wave=wave, reason=_reason(info, row, "reliability")))
    if not shown(row):
        return marked(info, say("level_none", wave=wave, reason=_no_figure(info, row)))
    inside = say("inside_n", n=show.count(row["n"]))
    if not missing(row["ci_low"]):
        bounds = show.interval(row["ci_low"], row["ci_high"], row["unit"])
        level = show.percent_level(row["confidence"])
        inside = say("inside_interval", level=level, bounds=bounds, n=show.count(row["n"]))
    caution = ""
    if row["reliability"] in {"caution", "review"}:
        caution = say("caution", reason=_reason(info, row, "reliability"))
    key, parts = _claim(info, about, row, named=named)
    return marked(info, say(key, wave=wave, inside=inside, caution=caution, **parts))


def change_sentence(info: StudyInfo, row: Row, against: str, *, brief: bool = False) -> str:
    """Say what the wording class of a change says, with its interval; empty when there is nothing to compare with.

    Parameters
    ----------
    info, row
        The study and the row.
    against
        ``previous`` or ``baseline``.
    brief
        Leave out which change could have been detected.
    """
    wording = row[f"{against}_wording"]
    if missing(wording) or wording == "first" or missing(row[f"{against}_wave"]):
        return ""
    since, say, show = info.wave_label(row[f"{against}_wave"]), info.say, info.show
    if wording == "cannot_be_compared":
        return marked(info, say("change_not_comparable", since=since, reason=_reason(info, row, against)))
    if wording == "not_published":
        told = _reason(info, row, against)
        key = "change_withheld_why" if told.startswith("not published because") else "change_withheld"
        return marked(info, say(key, since=since, reason=told))
    kind = _KIND[row["unit"]]
    value, low, high = (row[f"{against}_{part}"] for part in ("change", "fcr_low", "fcr_high"))
    digits = info.show.change_digits(value, low, high, row["unit"])
    bounds = show.change_interval(low, high, row["unit"], digits=digits)
    level, p = row[f"{against}_fcr_level"], _p(info, row, against)
    inside = say("inside_change_plain", bounds=bounds, p=p)
    if not missing(level):
        inside = say("inside_change", level=show.percent_level(level), bounds=bounds, p=p)
    if wording in {"rose", "fell"}:
        number = show.change(abs(value), row["unit"], digits=digits).lstrip("+")
        return marked(info, say(f"{wording}_{kind}", since=since, number=number, inside=inside))
    key = "same_share" if kind == "share" else "same_points"
    parts = {"since": since, "number": show.change(value, row["unit"], digits=digits), "inside": inside}
    if not brief and not missing(row[f"{against}_detectable"]):
        key, parts["detectable"] = f"{key}_detectable", show.plain(row[f"{against}_detectable"], row["unit"])
    return marked(info, say(key, **parts))


def missing_sentence(info: StudyInfo, row: Row) -> str:
    """Say how many did not answer, and between which extremes the figure would lie had they answered."""
    if missing(row["nonresponse"]) or not shown(row):
        return ""
    wave, say, show = info.wave_label(row["wave"]), info.say, info.show
    kinds = {"dont_know": "dont_know", "refused": "refused", "no_answer": "no_answer", "other_missing": "other"}
    parts = [
        say(f"missing_{key}", share=show.percent(show.share(row[kind]))) for kind, key in kinds.items() if row[kind]
    ]
    if not parts:
        return marked(info, say("all_answered", wave=wave))
    told = show.listed(parts)
    if missing(row["bound_low"]):
        return marked(info, say("missing", wave=wave, parts=told))
    bounds = show.interval(row["bound_low"], row["bound_high"], row["unit"])
    return marked(info, say("missing_bounds", wave=wave, parts=told, bounds=bounds))


def headline(info: StudyInfo, row: Row | None, title: str) -> str:
    """Give the message of a chart in few words."""
    say = info.say
    if row is None:
        return say("headline_never", title=title)
    wave = info.wave_label(row["wave"])
    if not shown(row):
        return say("headline_none", title=title, wave=wave)
    told = {"title": title, "wave": wave, "value": info.show.level(row["estimate"], row["unit"])}
    wording = row["previous_wording"]
    if wording in {"rose", "fell"}:
        plain = title.startswith(("Trust in ", "Confidence in ")) and not set(",:;") & set(title)
        return say(f"headline_{wording}{'_plain' if plain else ''}", **told)
    if wording == "cannot_be_compared" and not missing(row["previous_wave"]):
        return say("headline_not_comparable", since=info.wave_label(row["previous_wave"]), **told)
    return say("headline_same" if wording == "no_significant_change" else "headline", **told)


def change_cell(info: StudyInfo, row: Row, against: str) -> tuple[str, str, str]:
    """Give a change, its interval and its wording class, for three cells of a table."""
    wording = row[f"{against}_wording"]
    if missing(wording) or row["status"] == "not_asked":
        return "", "", ""
    result = info.say(f"class_{wording}")
    if wording not in {"rose", "fell", "no_significant_change"} or missing(row[f"{against}_change"]):
        return "", "", result
    value, low, high = (row[f"{against}_{part}"] for part in ("change", "fcr_low", "fcr_high"))
    digits = info.show.change_digits(value, low, high, row["unit"])
    interval = info.show.change_interval(low, high, row["unit"], digits=digits)
    return info.show.change(value, row["unit"], digits=digits), interval, result


def finding(info: StudyInfo, rows: Sequence[Row], *, brief: bool = False) -> tuple[str, ...]:
    """Say all there is to say of one indicator: level, changes, and, unless `brief`, those who did not answer."""
    row = latest(rows)
    if row is None:
        return (marked(info, info.say("never_asked")),)
    two = row["baseline_wave"] != row["previous_wave"]
    told = [level_sentence(info, row, named=False)]
    told += [change_sentence(info, row, against, brief=brief) for against in (AGAINST if two else AGAINST[:1])]
    if not brief and info.indicator(row["indicator"]).theme in {"trust", "corruption"}:
        told.append(missing_sentence(info, row))
    newest = max(rows, key=lambda one: one["wave_order"])
    if newest is not row:
        told.insert(0, marked(info, info.say("not_asked", wave=info.wave_label(newest["wave"]))))
    return tuple(filter(None, told))


def tally(info: StudyInfo, rows: Sequence[Row]) -> str:
    """Say of how many indicators the figure rose, fell, or did neither, compared with the wave before."""
    counts = Counter(row["previous_wording"] for row in rows if not missing(row["previous_wording"]))
    told = [info.say(f"tally_{name}", n=counts[name]) for name in CLASSES if counts[name]]
    total = sum(counts.values())
    return marked(info, info.say.counted("tally", total, told=info.show.listed(told))) if told else ""


def findings(book: Published, theme: str | None = None) -> Stack:
    """Give the key findings of a theme, or of all: how many rose or fell, then one point per indicator.

    A reason why several figures cannot be compared is said once, before the points.
    """
    info, about = book.info, book.info.of_theme(theme)
    by_indicator = {one.id: book.records(one.id) for one in about}
    newest = [row for row in (latest(rows) for rows in by_indicator.values()) if row is not None]
    told = {name: finding(info, rows, brief=True) for name, rows in by_indicator.items()}
    uses = Counter(sentence for sentences in told.values() for sentence in sentences)
    apart = {
        change_sentence(info, row, against, brief=True): (
            info.wave_label(row[f"{against}_wave"]),
            _reason(info, row, against),
        )
        for row in newest
        for against in AGAINST
        if row[f"{against}_wording"] == "cannot_be_compared" and not missing(row[f"{against}_wave"])
    }
    common = [
        sentence
        for sentence, count in uses.items()
        if count >= max(FEWEST_COMMON, MOST * len(about)) and sentence in apart
    ]
    none = bool(common) and all(row["previous_wording"] == "cannot_be_compared" for row in newest)
    opening = [tally(info, newest)] if len(about) > 1 and not none else []
    opening += [_said_of(info, *apart[sentence], uses[sentence], len(about)) for sentence in common]
    points = tuple((f"{one.title}.", " ".join(part for part in told[one.id] if part not in common)) for one in about)
    parts: list[Element] = [Prose((one,)) for one in opening if one]
    return Stack((*parts, Bullets(points))) if points else Stack(tuple(parts))


def _said_of(info: StudyInfo, since: str, reason: str, count: int, total: int) -> str:
    if count == total:
        return marked(info, info.say("none_comparable", since=since, reason=reason))
    return marked(info, info.say("some_not_comparable", since=since, reason=reason, count=count, total=total))


def _saying(info: StudyInfo, about: IndicatorInfo) -> str:
    """Give what people said: the study's own words, else, in English, those its title begins with."""
    if about.saying or about.unit not in {"share", "ratio"} or info.language != "en":
        return about.saying
    return next((verb + about.title[len(start) :] for start, verb in _OPENINGS if about.title.startswith(start)), "")


def _claim(info: StudyInfo, about: IndicatorInfo, row: Row, *, named: bool) -> tuple[str, dict[str, str]]:
    """Choose the sentence that says what the value is, and its parts: "35.2 % said they trust the National Congress"."""
    told = {"value": info.show.level(row["estimate"], row["unit"])}
    saying = _saying(info, about) if row["unit"] in {"share", "ratio"} else ""
    if saying:
        return "level_said", told | {"saying": saying}
    subject, found, rest = about.title.partition(": said they ")
    if found and row["unit"] in {"share", "ratio"}:
        told |= {"saying": rest}
        return ("level_said_of", told | {"subject": subject}) if named else ("level_said", told)
    key = f"level_{_KIND[row['unit']]}"
    return (f"{key}_named", told | {"title": about.title}) if named else (key, told)


def _p(info: StudyInfo, row: Row, against: str) -> str:
    size = row[f"{against}_family_size"]
    if missing(size) or int(size) <= 1:
        return info.show.probability(row[f"{against}_p"])
    return info.say("p_adjusted", p=info.show.probability(row[f"{against}_p_adjusted"]))


def _reason(info: StudyInfo, row: Row, of: str) -> str:
    """Give the reason in the row, to follow a colon."""
    told = row[f"{of}_reason"]
    if not missing(told):
        text = reason_told(info, str(told)).rstrip(".")
        return text[0].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text
    if of in AGAINST and not missing(row["break"]):
        return break_told(info, row["break"])
    return info.say("why_unreliable" if of == "reliability" else "why_no_pair")


def reason_told(info: StudyInfo, reason: str) -> str:
    """Tell a reason that stands in a row in the language of the report; breaks with their own words."""
    if info.language == "en":
        return reason
    parts = [_BREAK.fullmatch(part) for part in reason.rstrip(".").split("; ")]
    if not all(parts):
        return info.say.told(reason)
    out = []
    for found in filter(None, parts):
        wave = next((one for one in info.waves if one.id == found["wave"]), None)
        kind = next(name for name, text in BREAKS.items() if text == found["what"][0].lower() + found["what"][1:])
        where = info.wave_label(wave.id) if wave else found["wave"]
        note = wave.break_note.rstrip(".") if wave and found["words"] else found["words"]
        out.append(f"{break_told(info, kind)} ({where}{f': {note}' if note else ''})")
    return "; ".join(out)


def break_told(info: StudyInfo, kind: str) -> str:
    """Say what a kind of break is."""
    return info.say(f"break_{kind if kind in BREAKS else 'other'}")


def _no_figure(info: StudyInfo, row: Row) -> str:
    return info.say(f"none_{row['status'] if row['status'] in {'empty', 'no_df'} else 'other'}")
