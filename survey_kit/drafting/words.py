"""What labels and names say, in English, Russian and Kazakh: missing answers, roles of columns, ends of scales, themes.

Each list is searched in small letters. A guess is only a guess: the draft marks each as a decision to confirm.
"""

from __future__ import annotations

import re
from typing import Literal

from survey_kit.types import MissingKind, Theme

Role = Literal[
    "weight", "strata", "psu", "fpc", "wave", "case", "identifier", "paradata", "background", "open", "constant", "item"
]  # fmt: skip

# ------------------------------------------------------------------------------------------------- missing answers
# the order matters: "refused to answer" is a refusal although "answer" stands in it
_MISSING: tuple[tuple[MissingKind, str], ...] = (
    ("refused", r"refus|rather not|prefer not|declin|отказ|не хочу отвечать|предпочита\w+ не|не желаю|бас тарт"),
    (
        "dont_know",
        (
            r"do\s?n.?o?t know|^d\.?/?k\.?$|can.?t (choose|say)|cannot (choose|say)|(hard|difficult) to (say|answer)|no opinion"
            r"|not sure|unsure|undecided|затрудн|не знаю|нет мнения|трудно (сказать|ответить)|білмей|қиналам|(айту|жауап беру) қиын"
            r"|жауап беруге қинал"
        ),
    ),
    (
        "not_asked",
        (
            r"not asked|not applicable|inapplicable|does not apply|^n\.?/?a\.?$|^ina?p$|^iap$|legitimate skip|не задавал|не спрашивал"
            r"|не\s?применимо|не относится|сұралма|қолданылмайды"
        ),
    ),
    ("not_reached", r"not reached|break.?off|broke off|interview ended|terminated|прерва|үзіл"),
    ("skipped", r"skipped|^skip|пропущ|пропуск|өткізіп"),
    (
        "no_answer",
        r"no answer|no response|non.?response|not answered|^missing|нет ответа|без ответа|не ответил|жауап жоқ|жауап берме",
    ),
)


def missing_kind(label: str) -> MissingKind | None:
    """Guess why an answer is missing from the label of its code; None when the label speaks of an answer.

    Examples
    --------
    >>> missing_kind("Don't know"), missing_kind("Отказ от ответа"), missing_kind("Білмеймін"), missing_kind("Not at all")
    ('dont_know', 'refused', 'dont_know', None)
    """
    text = _plain(label)
    for kind, pattern in _MISSING:
        if re.search(pattern, text):
            return kind
    return None


# ------------------------------------------------------------------------------------------------- roles of columns
# by name; a name decides only when the values agree (see columns.py)
_ROLES: tuple[tuple[Role, str], ...] = (
    (
        "identifier",
        (
            r"(^|_)(phone|tel|telephone|mobile|email|e_mail|mail|iin|passport|surname|first_?name|last_?name|fullname|fio|address|lat|lon"
            r"|latitude|longitude|gps|geo|ip)(_|$|\d)|телефон|адрес|фамил|иин|жсн"
        ),
    ),
    ("wave", r"^(wave|round|year|survey_?year|edition|anno|волна|год|раунд|кезең|жыл)(_?id|_?no)?$"),
    ("weight", r"^(w|wt|wgt|dweight|pspwght|pweight|ves|вес|салмақ)\d*$|weight|wght|wgt|^wtss|_wt$|^wt_"),
    ("strata", r"^(strat|vstrat|estrat|sdmvstra)|strat(a|um)|страт"),
    ("psu", r"(^|_)v?psu(_|$|\d)|^upm|^sdmvpsu|cluster|primary_?sampl|^ea(_?id|_?no)?$|^segment|кластер"),
    ("fpc", r"(^|_)fpc(_|$|\d)|^(psus?_in_stratum|stratum_?size|n_?psus?)$"),
    (
        "case",
        r"^(id|idno|caseid|case_?id|respid|resp_?id|respondent(_?id|_?no)?|interview_?(id|no)|quest\w*_?(id|no)|uuid|_id|key|номер)$",
    ),
    (
        "paradata",
        r"interviewer|enumerator|^(start|end|duration|date|time|deviceid|instanceid)(_|$)|interview_?(date|time|length)|интервьюер",
    ),
    (
        "background",
        (
            r"^(sex|gender|age\w*|region\w*|oblast|province|state|urban\w*|rural|settlement\w*|stratum_name|educ\w*|edu|language|lang|ethnic\w*"
            r"|nationality|income\w*|employ\w*|occupation|marital\w*|religion|race|пол|возраст\w*|регион|область|образование|язык|жынысы?"
            r"|жасы?|өңір|облыс|білімі?|тіл)$"
        ),
    ),
)


def named_role(name: str, label: str = "") -> Role | None:
    """Guess what a column is for from its name, else from its label; a region may be labelled as the stratum.

    Examples
    --------
    >>> named_role("weight1500"), named_role("vpsu"), named_role("q12"), named_role("v3", "Sampling weight")
    ('weight', 'psu', None, 'weight')
    """
    short = name.strip().lower()
    named = next((role for role, pattern in _ROLES if re.search(pattern, short)), None)
    labelled = _labelled_role(_plain(label))
    return labelled if named is None or (named == "background" and labelled) else named


def _labelled_role(label: str) -> Role | None:
    speaking: tuple[tuple[Role, str], ...] = (
        ("identifier", r"phone number|e-mail|home address|номер телефона|телефон нөмірі"),
        ("weight", r"\bweight(s|ing)?\b(?! \(kg)|весовой коэффициент|салмақ коэффициент"),
        ("strata", r"\b(sampling )?strat(um|a)\b|страта"),
        ("psu", r"primary sampling unit|\bpsu\b|sampling cluster|первичная единица|бастапқы іріктеу"),
        ("paradata", r"^interviewer|интервьюер"),
    )
    for role, pattern in speaking:
        if re.search(pattern, label) and len(label) < 60:
            return role
    return None


# --------------------------------------------------------------------------------------------------- ends of scales
_NEGATIVE = (
    r"\bno\b|\bnot\b|\bnone\b|never|hardly|little|distrust|disagree|dissatisf|\bbad\b|poor|low(est)?\b|unlikely|worse|n.t\b|unimportant|unfair"
    r"|\bнет\b|\bне\b|никогда|совсем не|недовер|не\s?согласен|плох|низк|маловероятно|хуже"
    r"|мүлдем|\bжоқ\b|ешқашан|сенбе|келіспе|нашар|жаман|төмен|емес"
)
_POSITIVE = (
    r"a lot|great deal|complete|full|very|strong|always|\byes\b|good|excellent|high(est)?\b|trust|confiden|satisf|agree|likely|better|often|fair"
    r"|полност|очень|всегда|\bда\b|хорош|отличн|высок|довер|соглас|лучше|часто|скорее"
    r"|толық|өте|әрдайым|\bиә\b|жақсы|жоғары|сенем|келісем|жиі"
)


def tone(label: str) -> int:
    """Say whether a label of a scale's end speaks of much (1), of little (-1) or of neither (0).

    Examples
    --------
    >>> tone("A great deal"), tone("Not at all"), tone("Совсем не доверяю"), tone("Толық сенемін"), tone("Blue")
    (1, -1, -1, 1, 0)
    """
    text = _plain(label)
    if re.search(_NEGATIVE, text):
        return -1
    return 1 if re.search(_POSITIVE, text) else 0


def high_end(first: str, last: str) -> Literal["first", "last"] | None:
    """Say which end of a scale is the high one from the labels of its two ends; None when they do not tell.

    Examples
    --------
    >>> high_end("A great deal", "Hardly any"), high_end("No trust", "Complete trust"), high_end("North", "South")
    ('first', 'last', None)
    """
    difference = tone(last) - tone(first)
    return None if difference == 0 else "last" if difference > 0 else "first"


# ----------------------------------------------------------------------------------------------------------- themes
_THEMES: tuple[tuple[Theme, str], ...] = (
    ("corruption", r"brib|corrupt|unofficial payment|взят|корруп|неофициальн\w+ плат|пара бер|сыбайлас|жемқор"),
    ("services", r"service|satisf|услуг|удовлетвор|қызмет|қанағаттан"),
    ("trust", r"trust|confiden|довер|сенім|сенес"),
    ("legal_culture", r"\blaws?\b|legal|court|justice|right|закон|прав[ао]|суд|заң|құқы|сот"),
)


def theme(text: str) -> Theme:
    """Guess which of the report's themes a question belongs to.

    Examples
    --------
    >>> theme("How much do you trust the courts?"), theme("Did you pay a bribe?"), theme("Favourite colour?")
    ('trust', 'corruption', 'other')
    """
    plain = _plain(text)
    return next((name for name, pattern in _THEMES if re.search(pattern, plain)), "other")


def _plain(text: str) -> str:
    return " ".join(text.replace("\u2019", "'").lower().split())
