"""Words for a change: which reason wins."""

from __future__ import annotations

import numpy as np
import pytest

from survey_kit.indicators.wording import WORDINGS, Facts, words

GOOD = {
    "compared": True,
    "asked": True,
    "estimated": True,
    "estimated_earlier": True,
    "tested": True,
    "comparable": True,
    "why_not": "",
    "withheld": False,
    "why_withheld": "",
    "outweighed": False,
    "low": 0.01,
    "high": 0.05,
}
BROKEN = {"comparable": False, "why_not": "The way of interviewing changed in 2021."}
WITHHELD = {"withheld": True, "why_withheld": "The change is too imprecise."}


def say(**facts):
    values = {
        name: np.array([value], dtype=object if isinstance(value, str) else None)
        for name, value in (GOOD | facts).items()
    }
    word, reason = words(Facts(**values))
    return word[0], reason[0]


def test_the_interval_gives_the_word():
    assert say() == ("rose", "")
    assert say(low=-0.05, high=-0.01) == ("fell", "")
    assert say(low=-0.01, high=0.05) == ("no_significant_change", "")
    assert say(low=0.0, high=0.05) == ("no_significant_change", "")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"compared": False}, ("first", "")),
        (
            {"asked": False, "compared": False, "estimated": False},
            ("cannot_be_compared", "It was not asked in this wave."),
        ),
        ({"estimated": False} | WITHHELD, ("cannot_be_compared", "Nobody of this group gave an answer in this wave.")),
        (WITHHELD | BROKEN, ("not_published", "The change is too imprecise.")),
        (BROKEN | {"outweighed": True}, ("cannot_be_compared", BROKEN["why_not"])),
        (
            {"estimated_earlier": False, "tested": False, "low": np.nan, "high": np.nan},
            ("cannot_be_compared", "Nobody of this group gave an answer in the earlier wave."),
        ),
        ({"tested": False, "low": np.nan, "high": np.nan}, ("cannot_be_compared", "The change has no standard error.")),
        (
            {"outweighed": True},
            ("cannot_be_compared", "The change is smaller than the change of the share without an answer."),
        ),
    ],
)
def test_the_gravest_reason_wins(facts, expected):
    assert say(**facts) == expected


def test_every_word_is_known():
    assert {say()[0], say(compared=False)[0], say(**WITHHELD)[0], say(**BROKEN)[0]} < set(WORDINGS)
