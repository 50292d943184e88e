"""Whom a figure counts, in words: a base that is said wrongly makes a right number false."""

from __future__ import annotations

import pytest

from survey_kit.report.figures import _shared, _told_apart
from survey_kit.report.info import IndicatorInfo, StudyInfo


@pytest.mark.parametrize(
    ("kind", "base", "dont_know", "people", "silent"),
    [
        ("share", "answered", "exclude", "those who answered", "left out of the base"),
        ("share", "answered", "include", "those who answered or did not know", "don't know is counted in the base"),
        ("share", "asked", "exclude", "all who were asked", "counted in the base"),
        ("share", "answered", "bounds", "those who answered", "left out of the base; the figure at both extremes"),
        ("ratio", "answered", "exclude", "those who answered, among those in the denominator", "left out of the base"),
    ],
)
def test_the_base_in_words(kind: str, base: str, dont_know: str, people: str, silent: str) -> None:
    about = IndicatorInfo(id="a", title="A", kind=kind, base=base, dont_know=dont_know)
    info = StudyInfo(id="a", title="A", data_status="real", waves=(), indicators=(about,))
    assert info.base_people(about) == people
    assert info.silent(about).startswith(silent)


def test_titles_are_not_cut_within_a_phrase() -> None:
    law = {"a": "Support for the law: mean score", "b": "Acting by the law: mean score"}
    assert _told_apart(law) == {"a": "Support for the law", "b": "Acting by the law"}
    assert _shared(list(law.values())) == "Mean score"
    trust = {"a": "Trust in the courts, mean score", "b": "Trust in the police, mean score"}
    assert _told_apart(trust) == {"a": "Courts", "b": "Police"}
