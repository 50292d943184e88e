"""Words that claim something, by language: numbers in words, changes, judgements of changes, causes.

A pattern matches whole words, in any case. What a sentence says with them must follow from a row of a study, or from a source.
"""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

Claim: TypeAlias = Literal["rose", "fell", "better", "worse", "cause", "number"]

_EN_NUMBER: Final = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_RU_NUMBER: Final = r"од(?:ин|на|ной|ного)|дв(?:а|е|ух)|тр(?:и|ёх|ех)|четыр(?:е|ёх|ех)|пят(?:ь|и)|шест(?:ь|и)|сем(?:ь|и)|восем(?:ь|и)|девят(?:ь|и)|десят(?:ь|и)"
_KK_NUMBER: Final = "бір|екі|үш|төрт|бес|алты|жеті|сегіз|тоғыз|он|жиырма|отыз|қырық|елу|алпыс|жетпіс|сексен|тоқсан"
_WORDS: Final[dict[str, dict[Claim, tuple[str, ...]]]] = {
    "en": {
        "rose": ("rose", "risen", "rises", "increased", "increases", "grew", "grown", "grows", "went up", "up from", "climbed"),
        "fell": ("fell", "fallen", "falls", "decreased", "decreases", "declined", "declines", "dropped", "drops", "went down", "down from"),
        "better": ("improved", "improves", "got better"),
        "worse": ("worsened", "worsens", "deteriorated", "got worse"),
        "cause": (
            *("caused", "causes", "because of", "due to", "thanks to", "owing to", "led to", "leads to", "resulted in"),
            *("results in", "as a result of", "brought about", "contributed to", "driven by", "the effect of", "the impact of"),
        ),
        "number": (
            rf"(?:{_EN_NUMBER}) (?:per ?cent|percentage points?)",
            rf"(?:{_EN_NUMBER}) (?:in|out of) (?:{_EN_NUMBER}|a hundred)",
            r"(?:a|one|two|three) (?:half|thirds?|quarters?|fifths?|tenths?) of",
            r"half of",
        ),
    },
    "ru": {
        "rose": (r"(?:вы|воз|под)?рос(?:ла|ло|ли)?", r"увеличил(?:ся|ась|ось|ись)", r"повысил(?:ся|ась|ось|ись)", r"поднял(?:ся|ась|ось|ись)"),
        "fell": (r"упал(?:а|о|и)?", r"снизил(?:ся|ась|ось|ись)", r"сократил(?:ся|ась|ось|ись)", r"уменьшил(?:ся|ась|ось|ись)"),
        "better": (r"улучшил(?:ся|ась|ось|ись)",),
        "worse": (r"ухудшил(?:ся|ась|ось|ись)",),
        "cause": (
            *(r"приве(?:л|ла|ло|ли) к", r"вызва(?:л|ла|ло|ли|н|на|но|ны)", "благодаря", "из-за", "в результате", "вследствие"),
            *(r"способствова(?:л|ла|ло|ли)", r"обусловлен(?:а|о|ы)?", "под влиянием"),
        ),
        "number": (
            rf"(?:{_RU_NUMBER}) (?:процент(?:а|ов)?|процентн(?:ый|ых) пункт(?:а|ов)?)",
            r"кажд(?:ый|ая|ое) (?:второй|вторая|третий|третья|четв[её]ртый|четв[её]ртая|пятый|пятая|десятый|десятая)",
            rf"(?:{_RU_NUMBER}) из (?:{_RU_NUMBER})",
            r"половин(?:а|ы|у)|(?:треть|четверть) (?:опрошенных|населения|граждан|респондентов)",
        ),
    },
    "kk": {
        "rose": (r"өс(?:ті|кен)", r"арт(?:ты|қан)", r"көбей(?:ді|ген)", r"жоғарыла(?:ды|ған)", r"ұлғай(?:ды|ған)"),
        "fell": (r"төменде(?:ді|ген)", r"азай(?:ды|ған)", r"кемі(?:ді|ген)", r"құлады|құлаған", r"қысқар(?:ды|ған)"),
        "better": (r"жақсар(?:ды|ған)",),
        "worse": (r"нашарла(?:ды|ған)",),
        "cause": (
            *("арқасында", "салдарынан", "нәтижесінде", "кесірінен", "себебінен", "ықпалымен"),
            *(r"әкел(?:ді|ген)", r"себеп бол(?:ды|ған)", r"ықпал ет(?:ті|кен)", r"әсер ет(?:ті|кен)"),
        ),
        "number": (
            rf"(?:{_KK_NUMBER}) пайыз\w*",
            r"(?:жарты|тең жарты)сы\w*",
            rf"(?:{_KK_NUMBER})(?:дан|ден|нан|нен|тан|тен) бірі?",
            r"әрбір (?:екінші|үшінші|төртінші|бесінші|оныншы)",
        ),
    },
}  # fmt: skip
NAMED: Final = re.compile(r"\b(?:SDG|ЦУР|ТДМ|ISO|WCAG|WCAG|AAPOR|ESMS|GPL|SHA|UTF)[\s\u00a0-]*\d+(?:\.\d+)*\b")
"""Numbers that are part of a name."""
LANGUAGES: Final = tuple(_WORDS)
_PATTERNS: Final = {
    language: {
        claim: re.compile(r"(?<!\w)(?:" + "|".join(words).replace(" ", r"[\s\u00a0]+") + r")(?!\w)", re.IGNORECASE)
        for claim, words in claims.items()
    }
    for language, claims in _WORDS.items()
}


def claims(text: str, language: str) -> list[tuple[Claim, int, str]]:
    """Find the words of a text that claim something: the kind of claim, the place, the words.

    Examples
    --------
    >>> claims("Trust rose due to the reform.", "en")
    [('rose', 6, 'rose'), ('cause', 11, 'due to')]
    >>> claims("Доверие снизилось.", "ru"), claims("Сенім артты.", "kk")
    ([('fell', 8, 'снизилось')], [('rose', 6, 'артты')])
    """
    found = [
        (claim, match.start(), match[0])
        for claim, pattern in _PATTERNS[language].items()
        for match in pattern.finditer(text)
    ]
    return sorted(found, key=lambda one: one[1])
