"""How the made-up country answers: one declared row per item of ``instruments/rehearsal``.

Every answer is a latent value cut into codes. The latent value is ``loading * trait + sqrt(1 - loading^2) * noise``; the
cuts are the normal quantiles of the declared shares; a declared ``shift`` moves the latent value in a wave. The noise of a
person and an item is the same in every wave, so that what is not declared to change does not change at all. The shares are
round figures chosen to make a useful rehearsal; none is an estimate of anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import sqrt
from statistics import NormalDist
from typing import Literal, TypeAlias

Trait: TypeAlias = Literal["state", "service", "law", "knowledge", "contact", "bribe"]
Waves: TypeAlias = tuple[float, float, float]

TRAITS: tuple[Trait, ...] = ("state", "service", "law", "knowledge", "contact", "bribe")
WAVES = ("Rehearsal 1", "Rehearsal 2", "Rehearsal 3")
YES, NO = 1, 2
RIGHT, WRONG = 1, 2
NOT_APPLICABLE, DONT_KNOW, REFUSED = 97, 98, 99
STILL: Waves = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One item: codes from the low to the high end of the latent value, their shares, who is asked, who does not answer.

    `asked` lists conditions of which one must hold. `lean` is the correlation of not answering with the trait, used only
    when nonresponse is not at random. Items of one `block` are left unanswered together.
    """

    item: str
    codes: tuple[int, ...]
    shares: tuple[float, ...]
    trait: Trait
    loading: float
    shift: Waves = STILL
    asked: tuple[tuple[str, int], ...] = ()
    dont_know: Waves = STILL
    refused: Waves = STILL
    not_applicable: float = 0.0
    lean: float = 0.0
    block: str = ""
    by_household: bool = False

    @property
    def cuts(self) -> tuple[float, ...]:
        """Give the latent values that part the codes, rounded so that every machine has the same."""
        return tuple(normal_cut(share) for share in list(accumulate(self.shares))[:-1])

    @property
    def noise(self) -> float:
        """Give the weight of the noise in the latent value."""
        return round(sqrt(1 - self.loading**2), 6)


def normal_cut(share: float) -> float:
    """Give the normal quantile of a share to four digits.

    Examples
    --------
    >>> normal_cut(0.975)
    1.96
    """
    return round(NormalDist().inv_cdf(min(max(share, 1e-9), 1 - 1e-9)), 4)


def _always(rate: float) -> Waves:
    return (rate, rate, rate)


def _eleven(mean: float) -> tuple[float, ...]:
    """Shares of 0-10: a normal curve with the heaps that people make at 0, 5 and 10."""
    curve = NormalDist(mean, 2.6)
    ends = [0.0, *(curve.cdf(code + 0.5) for code in range(10)), 1.0]
    heaped = [0.86 * (ends[code + 1] - ends[code]) + {0: 0.03, 5: 0.07, 10: 0.04}.get(code, 0.0) for code in range(11)]
    return tuple(round(share, 4) for share in heaped)


def _trust(
    name: str, mean: float, shift: Waves = STILL, dont_know: Waves = (0.04, 0.04, 0.04), loading: float = 0.72
) -> Question:
    return Question(
        item=f"trust_{name}",
        codes=tuple(range(11)),
        shares=_eleven(mean),
        trait="state",
        loading=loading,
        shift=shift,
        dont_know=dont_know,
        refused=_always(0.012),
        lean=-0.5,
    )


OFFICIALS = {  # type of official: share with contact, share of contacts who paid, who were asked and did not pay
    "police": (0.18, 0.085, 0.045),
    "medical": (0.56, 0.060, 0.022),
    "education": (0.30, 0.045, 0.024),
    "akimat": (0.20, 0.050, 0.030),
    "land": (0.08, 0.095, 0.055),
    "courts": (0.06, 0.070, 0.045),
}


def _officials() -> list[Question]:
    contact = [
        Question(
            item=f"contact_{name}",
            codes=(NO, YES),
            shares=(1 - share, share),
            trait="contact",
            loading=0.45,
            refused=_always(0.006),
            block="contact",
        )
        for name, (share, _, _) in OFFICIALS.items()
    ]
    bribes = [
        Question(
            item=f"{what}_{name}",
            codes=(NO, YES),
            shares=(1 - rates[place], rates[place]),
            trait="bribe",
            loading=0.5,
            shift=(0.0, 0.0, -0.26),
            asked=((f"contact_{name}", YES),),
            dont_know=_always(0.01),
            refused=_always(0.045),
            lean=0.6,
            block="bribery",
        )
        for name, rates in OFFICIALS.items()
        for place, what in ((1, "paid"), (2, "asked"))
    ]
    return contact + bribes


def _filter(name: str, share: float, asked: Sequence[tuple[str, int]] = (), by_household: bool = False) -> Question:
    return Question(
        item=name,
        codes=(NO, YES),
        shares=(round(1 - share, 4), share),
        trait="contact",
        loading=0.0 if by_household else 0.3,
        asked=tuple(asked),
        refused=_always(0.004),
        by_household=by_household,
    )


def _service(name: str, shift: Waves, positive: dict[str, float], asked: tuple[tuple[str, int], ...]) -> list[Question]:
    """Five attributes and the overall satisfaction, each 0-3; `positive` is the share of the upper two codes."""
    return [
        Question(
            item=f"{name}_{part}",
            codes=(0, 1, 2, 3),
            shares=(
                round(0.3 * (1 - share), 4),
                round(0.7 * (1 - share), 4),
                round(0.7 * share, 4),
                round(0.3 * share, 4),
            ),
            trait="service",
            loading=0.68 if part == "overall" else 0.6,
            shift=shift,
            asked=asked,
            dont_know=_always(0.015),
            refused=_always(0.005),
            not_applicable=0.03 if part == "affordable" else 0.0,
            lean=-0.4,
        )
        for part, share in positive.items()
    ]


def _services() -> list[Question]:
    health = (("health_each_time", YES), ("health_received", YES))
    school = (("education_public", YES),)
    office = (("government_tried_all", YES), ("government_tried_any", YES))
    return [
        _filter("health_need", 0.64),
        _filter("health_each_time", 0.84, [("health_need", YES)]),
        _filter("health_received", 0.70, [("health_each_time", NO)]),
        *_service(
            "health",
            STILL,
            {"access": 0.78, "affordable": 0.58, "facilities": 0.66, "equal": 0.60, "courtesy": 0.68, "overall": 0.64},
            health,
        ),
        _filter("education_children", 0.42, by_household=True),
        _filter("education_public", 0.93, [("education_children", YES)]),
        *_service(
            "education",
            (0.0, 0.0, -0.30),
            {"access": 0.82, "affordable": 0.57, "facilities": 0.70, "equal": 0.68, "teaching": 0.69, "overall": 0.70},
            school,
        ),
        _filter("government_need", 0.52),
        _filter("government_tried_all", 0.93, [("government_need", YES)]),
        _filter("government_tried_any", 0.60, [("government_tried_all", NO)]),
        _filter("government_online", 0.61, office),
        *_service(
            "government",
            (0.0, 0.20, 0.36),
            {"access": 0.80, "affordable": 0.77, "simple": 0.71, "equal": 0.65, "timely": 0.72, "overall": 0.73},
            office,
        ),
    ]


def _knowledge(number: int, share: float) -> Question:
    """Right (code 1), wrong (2) or "don't know", which here is an answer of the country and not a refusal to give one."""
    return Question(
        item=f"know_{number}",
        codes=(WRONG, DONT_KNOW, RIGHT),
        shares=(round(0.6 * (1 - share), 4), round(0.4 * (1 - share), 4), share),
        trait="knowledge",
        loading=0.55,
        shift=(0.0, 0.14, 0.28),
    )


def _view(name: str, shares: tuple[float, ...]) -> Question:
    """1 agree strongly ... 5 disagree strongly; the high end of the latent value supports the law."""
    return Question(
        item=f"law_{name}",
        codes=(1, 2, 3, 4, 5),
        shares=shares,
        trait="law",
        loading=0.6,
        dont_know=_always(0.03),
        refused=_always(0.008),
        lean=-0.3,
    )


def _practice(name: str, shares: tuple[float, ...]) -> Question:
    """0 very unlikely ... 3 very likely."""
    return Question(
        item=f"act_{name}",
        codes=(0, 1, 2, 3),
        shares=shares,
        trait="law",
        loading=0.5,
        shift=(0.0, 0.0, 0.24),
        dont_know=_always(0.035),
        refused=_always(0.01),
        lean=-0.3,
    )


QUESTIONS: tuple[Question, ...] = (
    _trust("people", 4.9, loading=0.35, dont_know=_always(0.015)),
    _trust("media", 4.6, loading=0.45),
    _trust("president", 6.6),
    _trust("government", 5.7, (0.0, 0.0, 0.26)),
    _trust("parliament", 5.4, dont_know=_always(0.06)),
    _trust("akimat", 5.5, (0.0, 0.13, 0.26)),
    _trust("courts", 4.9, (0.0, 0.24, 0.24), _always(0.05)),
    _trust("prosecutor", 5.2, dont_know=_always(0.06)),
    _trust("police", 5.3, (0.0, 0.0, -0.26)),
    _trust("anticorruption", 5.6, dont_know=(0.06, 0.06, 0.13)),
    *_services(),
    *_officials(),
    _knowledge(1, 0.74),
    _knowledge(2, 0.66),
    _knowledge(3, 0.58),
    _knowledge(4, 0.55),
    _knowledge(5, 0.63),
    _view("unjust", (0.08, 0.19, 0.21, 0.33, 0.19)),
    _view("ignore", (0.09, 0.24, 0.22, 0.29, 0.16)),
    _view("caught", (0.05, 0.13, 0.18, 0.37, 0.27)),
    _view("broken", (0.04, 0.11, 0.17, 0.38, 0.30)),
    _view("gift", (0.06, 0.16, 0.20, 0.34, 0.24)),
    _practice("report", (0.21, 0.28, 0.33, 0.18)),
    _practice("lawyer", (0.17, 0.27, 0.36, 0.20)),
    _practice("complain", (0.19, 0.30, 0.34, 0.17)),
    _practice("document", (0.13, 0.22, 0.38, 0.27)),
)
