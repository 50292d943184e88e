"""Plain sentences made from rows and from nothing else.

A sentence says "rose" or "fell" only when the row's wording class does; it never says whether that is good. What people
answered is "said they ...", since a survey knows what is said. Every sentence of synthetic data begins with the mark.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from survey_kit.indicators.rows import AGAINST, BREAKS
from survey_kit.report import display
from survey_kit.report.book import Published
from survey_kit.report.display import missing
from survey_kit.report.elements import Bullets, Element, Prose, Stack
from survey_kit.report.info import IndicatorInfo, StudyInfo
from survey_kit.report.rows import Row, latest, shown, withheld

CLASSES: Final[dict[str, str]] = {
    "rose": "rose",
    "fell": "fell",
    "no_significant_change": "no significant change",
    "cannot_be_compared": "cannot be compared",
    "not_published": "not published",
    "first": "first wave",
}
_SUBJECT: Final = {"share": "the share", "points": "the score", "net": "the net score", "ratio": "the share"}
_OPENINGS: Final = (
    ("Trust in ", "trust "),
    ("Confidence in ", "have confidence in "),
    ("Satisfied with ", "are satisfied with "),
    ("Agree that ", "agree that "),
    ("Said they ", ""),
)
FEWEST_COMMON: Final = 3
MOST: Final = 0.8


def marked(info: StudyInfo, sentence: str) -> str:
    """Put the mark of synthetic data before a sentence; real data have none."""
    return f"Synthetic data: {sentence}" if info.synthetic and sentence else sentence


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
    wave, about = info.wave_label(row["wave"]), info.indicator(row["indicator"])
    if row["status"] == "not_asked":
        return marked(info, f"This was not asked in {wave}.")
    if withheld(row):
        return marked(info, f"The figure for {wave} is not published: {_reason(row, 'reliability')}.")
    if not shown(row):
        return marked(info, f"There is no figure for {wave}: {_no_figure(row)}.")
    value = display.level(row["estimate"], row["unit"])
    precision = ""
    if not missing(row["ci_low"]):
        confidence = display.percent_level(row["confidence"])
        precision = f"{confidence} interval {display.interval(row['ci_low'], row['ci_high'], row['unit'])}; "
    where = f" ({precision}n = {display.count(row['n'])})"
    caution = ""
    if row["reliability"] in {"caution", "review"}:
        caution = f", to be used with caution ({_reason(row, 'reliability')})"
    return marked(info, f"In {wave}, {_claim(about, row, value, named=named)}{where}{caution}.")


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
    since = info.wave_label(row[f"{against}_wave"])
    if wording == "cannot_be_compared":
        return marked(info, f"It cannot be compared with {since}: {_reason(row, against)}.")
    if wording == "not_published":
        told = _reason(row, against)
        joined = f" {told}" if told.startswith("not published because") else f" not published: {told}"
        return marked(info, f"The change since {since} is{joined}.")
    value, low, high = (row[f"{against}_{part}"] for part in ("change", "fcr_low", "fcr_high"))
    digits = display.change_digits(value, low, high, row["unit"])
    bounds = display.change_interval(low, high, row["unit"], digits=digits)
    level = row[f"{against}_fcr_level"]
    named = f"{display.percent_level(level)} interval {bounds}" if not missing(level) else f"interval {bounds}"
    inside = f"{named}; {_p(row, against)}"
    if wording in {"rose", "fell"}:
        amount = display.amount(value, row["unit"], digits=digits)
        text = f"Compared with {since}, {_SUBJECT[row['unit']]} {wording} by {amount} ({inside})."
        return marked(info, text)
    size = f"{display.change(value, row['unit'], digits=digits)} {display.UNITS[row['unit']].change}"
    text = f"Compared with {since}, there is no statistically significant change ({size}; {inside})"
    if not brief and not missing(row[f"{against}_detectable"]):
        text += f"; a change of about {display.amount(row[f'{against}_detectable'], row['unit'])} could be detected"
    return marked(info, f"{text}.")


def missing_sentence(info: StudyInfo, row: Row) -> str:
    """Say how many did not answer, and between which extremes the figure would lie had they answered."""
    if missing(row["nonresponse"]) or not shown(row):
        return ""
    kinds = {
        "dont_know": "did not know",
        "refused": "refused",
        "no_answer": "gave no answer",
        "other_missing": "have no answer for another reason or one that was not recorded",
    }
    parts = [f"{display.share(row[kind])}{display.FIXED}% {words}" for kind, words in kinds.items() if row[kind]]
    wave = info.wave_label(row["wave"])
    if not parts:
        return marked(info, f"All who were asked in {wave} answered.")
    told = f"Of those asked in {wave}, {display.listed(parts)}"
    if not missing(row["bound_low"]):
        bounds = display.interval(row["bound_low"], row["bound_high"], row["unit"])
        told += f"; had they all stood at one extreme or the other, the figure would lie from {bounds}"
    return marked(info, f"{told}.")


def headline(info: StudyInfo, row: Row | None, title: str) -> str:
    """Give the message of a chart in few words."""
    if row is None:
        return f"{title}: not asked"
    wave = info.wave_label(row["wave"])
    if not shown(row):
        return f"{title}: no figure published for {wave}"
    value = display.level(row["estimate"], row["unit"])
    wording = row["previous_wording"]
    if wording in {"rose", "fell"}:
        plain = title.startswith(("Trust in ", "Confidence in ")) and not set(",:;") & set(title)
        return f"{title}{'' if plain else ':'} {wording} to {value} in {wave}"
    told = {"no_significant_change": ", no significant change"}
    if wording == "cannot_be_compared" and not missing(row["previous_wave"]):
        told[wording] = f", not comparable with {info.wave_label(row['previous_wave'])}"
    return f"{title}: {value} in {wave}{told.get(wording, '')}"


def change_cell(row: Row, against: str) -> tuple[str, str, str]:
    """Give a change, its interval and its wording class, for three cells of a table."""
    wording = row[f"{against}_wording"]
    if missing(wording) or row["status"] == "not_asked":
        return "", "", ""
    if wording not in {"rose", "fell", "no_significant_change"} or missing(row[f"{against}_change"]):
        return "", "", CLASSES[wording]
    value, low, high = (row[f"{against}_{part}"] for part in ("change", "fcr_low", "fcr_high"))
    digits = display.change_digits(value, low, high, row["unit"])
    interval = display.change_interval(low, high, row["unit"], digits=digits)
    return display.change(value, row["unit"], digits=digits), interval, CLASSES[wording]


def finding(info: StudyInfo, rows: Sequence[Row], *, brief: bool = False) -> tuple[str, ...]:
    """Say all there is to say of one indicator: level, changes, and, unless `brief`, those who did not answer."""
    row = latest(rows)
    if row is None:
        return (marked(info, "This was not asked in any wave."),)
    two = row["baseline_wave"] != row["previous_wave"]
    told = [level_sentence(info, row, named=False)]
    told += [change_sentence(info, row, against, brief=brief) for against in (AGAINST if two else AGAINST[:1])]
    if not brief and info.indicator(row["indicator"]).theme in {"trust", "corruption"}:
        told.append(missing_sentence(info, row))
    newest = max(rows, key=lambda one: one["wave_order"])
    if newest is not row:
        told.insert(0, marked(info, f"This was not asked in {info.wave_label(newest['wave'])}."))
    return tuple(filter(None, told))


def tally(info: StudyInfo, rows: Sequence[Row]) -> str:
    """Say of how many indicators the figure rose, fell, or did neither, compared with the wave before."""
    counts = Counter(row["previous_wording"] for row in rows if not missing(row["previous_wording"]))
    words = {
        "rose": "{} rose",
        "fell": "{} fell",
        "no_significant_change": "{} without a statistically significant change",
        "cannot_be_compared": "{} not comparable with the wave before",
        "not_published": "{} not published",
        "first": "{} without an earlier wave",
    }
    told = [text.format(counts[name]) for name, text in words.items() if counts[name]]
    total = sum(counts.values())
    noun = "indicator" if total == 1 else "indicators"
    return marked(info, f"Of {total} {noun}, compared with the wave before: {display.listed(told)}.") if told else ""


def findings(book: Published, theme: str | None = None) -> Stack:
    """Give the key findings of a theme, or of all: how many rose or fell, then one point per indicator.

    A reason why several figures cannot be compared is said once, before the points.
    """
    info, about = book.info, book.info.of_theme(theme)
    by_indicator = {one.id: book.records(one.id) for one in about}
    newest = [row for row in (latest(rows) for rows in by_indicator.values()) if row is not None]
    told = {name: finding(info, rows, brief=True) for name, rows in by_indicator.items()}
    uses = Counter(sentence for sentences in told.values() for sentence in sentences)
    common = [
        sentence
        for sentence, count in uses.items()
        if count >= max(FEWEST_COMMON, MOST * len(about)) and "It cannot be compared" in sentence
    ]
    none = bool(common) and all(row["previous_wording"] == "cannot_be_compared" for row in newest)
    opening = [tally(info, newest)] if len(about) > 1 and not none else []
    opening += [_said_of(info, sentence, uses[sentence], len(about)) for sentence in common]
    points = tuple((f"{one.title}.", " ".join(part for part in told[one.id] if part not in common)) for one in about)
    parts: list[Element] = [Prose((one,)) for one in opening if one]
    return Stack((*parts, Bullets(points))) if points else Stack(tuple(parts))


def _said_of(info: StudyInfo, sentence: str, count: int, total: int) -> str:
    bare = sentence.removeprefix(marked(info, " ").strip()).strip()
    subject = "No figure" if count == total else f"{count} of the {total} figures"
    start = "It cannot be compared with "
    verb = "can be compared with" if count == total else "cannot be compared with"
    return marked(info, f"{subject} {verb} {bare.removeprefix(start)}")


def _saying(about: IndicatorInfo) -> str:
    """Give what people said, to follow "said they": the study's own words, else those its title begins with."""
    if about.saying or about.unit not in {"share", "ratio"}:
        return about.saying
    return next((verb + about.title[len(start) :] for start, verb in _OPENINGS if about.title.startswith(start)), "")


def _claim(about: IndicatorInfo, row: Row, value: str, *, named: bool) -> str:
    """Say what the value is: "35.2 % said they trust the National Congress"."""
    if row["unit"] in {"share", "ratio"}:
        if _saying(about):
            return f"{value} said they {_saying(about)}"
        subject, found, rest = about.title.partition(": said they ")
        if found:
            return f"{value} said they {rest}" + (f" (“{subject}”)" if named else "")
        return f"the share for “{about.title}” was {value}" if named else f"the share was {value}"
    scale = "of 100 points" if row["unit"] == "points" else f"on a scale from {display.MINUS}100 to 100"
    subject = _SUBJECT[row["unit"]]
    return f"{subject} for “{about.title}” was {value} {scale}" if named else f"{subject} was {value} {scale}"


def _p(row: Row, against: str) -> str:
    size = row[f"{against}_family_size"]
    if missing(size) or int(size) <= 1:
        return display.probability(row[f"{against}_p"])
    return f"adjusted {display.probability(row[f'{against}_p_adjusted'])}"


def _reason(row: Row, of: str) -> str:
    """Give the reason in the row, to follow a colon."""
    told = row[f"{of}_reason"]
    if not missing(told):
        text = str(told).rstrip(".")
        return text[0].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text
    if of in AGAINST and not missing(row["break"]):
        return BREAKS.get(row["break"], "the series has a break")
    return "the sample does not allow it" if of == "reliability" else "no reliable figure stands on both sides"


def _no_figure(row: Row) -> str:
    return {"empty": "nobody gave an answer to count", "no_df": "too few sampling units"}.get(
        row["status"], "it could not be computed"
    )
