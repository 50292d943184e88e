"""Near names among very many, and records that JSON has no numbers for."""

from __future__ import annotations

import json
from time import process_time

import numpy as np
import pytest

from survey_kit.cli.main import _print_json
from survey_kit.errors import did_you_mean


def test_the_nearest_of_very_many_names_is_found_at_once():
    names = [f"question_number_{number}" for number in range(20_000)]
    begun = process_time()
    assert did_you_mean("question_nmber_1477", names) == "did you mean 'question_number_1477'?"
    assert did_you_mean("zzz", names).startswith("known: question_number_0, ")
    assert process_time() - begun < 2


def test_a_very_long_word_is_compared_by_its_beginning():
    begun = process_time()
    did_you_mean("weight" * 10_000, ["weight", "w" * 50_000])
    assert process_time() - begun < 1


def test_numbers_beyond_all_numbers_are_texts_in_json(capsys: pytest.CaptureFixture[str]):
    _print_json({"a": [float("inf"), 1.5], "b": {"c": (float("nan"), np.float64("-inf"))}, "d": 1})
    assert json.loads(capsys.readouterr().out) == {"a": ["inf", 1.5], "b": {"c": ["nan", "-inf"]}, "d": 1}
