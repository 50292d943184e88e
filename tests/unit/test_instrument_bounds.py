"""Instruments larger than any questionnaire: refused or told in a few seconds, and no limit that its own parts do not show."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from time import process_time

import pytest

from survey_kit.errors import InstrumentError
from survey_kit.instrument import Problem, check_folder, inspect
from survey_kit.instrument.expressions import DEEPEST, LONGEST
from survey_kit.instrument.load import MOST_PARTS

HEAD = 'schema: survey-kit/instrument/1\nid: big\nversion: "1"\nchangelog: [{version: "1", text: First.}]\n'


def write(folder: Path, items: Iterable[str], more: str = "", ask_if: str = "") -> Path:
    module = "modules:\n- id: m\n" + (f"  ask_if: {ask_if}\n" if ask_if else "") + "  items:\n"
    first = "modules:\n- id: a\n  items: [{id: q0, type: integer, text: 'How many?'}]\n"
    body = HEAD + more + (first + module.removeprefix("modules:\n") if ask_if else module)
    (folder / "instrument.yaml").write_text(body + "".join(f"  - {{{item}}}\n" for item in items), encoding="utf-8")
    return folder


def problems(folder: Path, seconds: float = 5) -> list[Problem]:
    begun = process_time()
    found = list(check_folder(folder))
    assert process_time() - begun < seconds
    return found


MANY = {
    "unknown items": (f"id: q{n}, type: integer, text: Why?, ask_if: qq{n} == 1" for n in range(1000)),
    "a chain": (f"id: q{n}, type: integer, text: Why?, ask_if: q{max(n - 1, 0)} > 1" for n in range(1000)),
    "unknown scales": (f"id: q{n}, text: Why?, scale: s{n}" for n in range(2000)),
    "one id": ("id: q, type: integer, text: Why?" for _ in range(2000)),
    "cards": (f"id: q{n}, showcard: '1', text: Why?, scale: {{codes: [1, {n + 2}]}}" for n in range(1500)),
}


@pytest.mark.parametrize("items", MANY.values(), ids=MANY.keys())
def test_many_faults_are_told_in_a_few_seconds(tmp_path: Path, items: Iterable[str]):
    assert problems(write(tmp_path, items))


def test_more_items_than_any_questionnaire_has_are_refused(tmp_path: Path):
    items = [f"id: q{n}, type: integer, text: Why?" for n in range(MOST_PARTS + 1)]
    assert [one.message for one in problems(write(tmp_path, items))] == [
        f"An instrument has at most {MOST_PARTS} items. Found: {MOST_PARTS + 1}."
    ]
    with pytest.raises(InstrumentError, match="at most"):
        inspect(tmp_path)
    assert problems(write(tmp_path, items[:-1])) == []


def test_more_scales_than_any_questionnaire_has_are_refused(tmp_path: Path):
    more = "scales:\n" + "".join(f"  s{n}: {{codes: [1, 2]}}\n" for n in range(MOST_PARTS + 1))
    assert "scales" in problems(write(tmp_path, ["id: q, type: integer, text: Why?"], more))[0].message


def test_conditions_that_are_each_short_enough_are_joined(tmp_path: Path):
    long = " or ".join(f"q0 == {n}" for n in range(80))
    assert len(long) < LONGEST < 2 * len(long)
    folder = write(tmp_path, [f"id: q1, type: integer, text: Why?, ask_if: {long}"], ask_if=long)
    assert [one for one in problems(folder) if one.severity == "error"] == []
    route = inspect(folder).route("q1")
    assert route is not None
    assert len(route.text) > LONGEST


def test_one_condition_that_is_too_long_or_too_deep_is_told(tmp_path: Path):
    for text in (" or ".join(f"q0 == {n}" for n in range(200)), "not " * (DEEPEST + 1) + "q0 == 1"):
        folder = write(tmp_path, [f"id: q1, type: integer, text: Why?, ask_if: {text}"], ask_if="q0 > 1")
        assert [one.code for one in problems(folder)] == ["I009"]


def test_a_reference_that_stands_often_in_a_text_is_told_once(tmp_path: Path):
    folder = write(tmp_path, ["id: q, type: integer, text: '" + "${a} [[b]] " * 50_000 + "'"])
    assert sorted(one.code for one in problems(folder)) == ["I025", "I026"]


def test_a_text_of_millions_of_letters_is_checked(tmp_path: Path):
    folder = write(tmp_path, ["id: q, type: integer, text: '" + "aб" * 500_000 + "'"])
    assert [one.code for one in problems(folder)] == ["I028"]
