"""Interviews walked through any questionnaire and exported come back identical; damaged exports end in a typed message."""

import random
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from survey_kit.errors import InstrumentError, SurveyKitError
from survey_kit.instrument import find_instrument, read_instrument
from survey_kit.responses.collected import read_collected

TESTS = Path(__file__).parents[1]


def loaded(name, path):
    if name not in sys.modules:
        spec = spec_from_file_location(name, path)
        sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


made_by = loaded("collected_exports", TESTS / "unit" / "collected_exports.py")
questionnaires = loaded("odk_random_instruments", TESTS / "odk" / "random_instruments.py")
INSTRUMENTS = sorted(path.parent.name for path in (TESTS.parent / "instruments").glob("*/instrument.yaml"))
# nobody in a few interviews may have got as far as some question
HARMLESS = {"R008"}
ANY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def compared(made, out):
    told = made_by.differences(made, out)
    for name in made.members:
        told += made_by.differences(made, out.members[name], name)
    assert told == []
    assert set(out.problems["code"]) <= HARMLESS, out.problems.to_string()


@ANY
@given(seed=st.integers(0, 300), split=st.booleans(), grouped=st.booleans())
def test_an_odk_export_of_any_questionnaire(tmp_path, seed, split, grouped):
    form = questionnaires.random_instrument(seed)
    made = made_by.interviews(form, 25, seed)
    path = made_by.write_zip(tmp_path / "any.csv.zip", made_by.central(made, split=split, grouped=grouped))
    compared(made, read_collected(path, form, format="odk").take())


@ANY
@given(seed=st.integers(0, 300))
def test_an_odk_export_of_the_form_made_from_any_questionnaire(tmp_path, seed):
    form = questionnaires.random_instrument(seed)
    made = made_by.interviews(form, 25, seed)
    path = made_by.write_zip(tmp_path / "any.csv.zip", made_by.of_form(made, seed))
    compared(made, read_collected(path, {form.version: form}, format="odk").take())


@settings(ANY, max_examples=6)
@given(seed=st.integers(0, 300), split=st.sampled_from(["both", "summary", "details"]))
def test_a_kobo_export_of_any_questionnaire(tmp_path, seed, split):
    pytest.importorskip("openpyxl")
    pytest.importorskip("python_calamine")
    form = questionnaires.random_instrument(seed)
    made = made_by.interviews(form, 12, seed)
    path = made_by.write_workbook(tmp_path / "any.xlsx", made_by.kobo(made, split=split))
    compared(made, read_collected(path, form, format="kobo").take())


@pytest.mark.slow
@pytest.mark.parametrize("name", INSTRUMENTS)
def test_every_instrument_here_comes_back(tmp_path, name):
    try:
        form = read_instrument(find_instrument(name, TESTS))
    except InstrumentError as fault:
        pytest.skip(f"the instrument cannot be read: {fault.what}")
    made = made_by.interviews(form, 80, seed=7)
    path = made_by.write_zip(tmp_path / f"{name}.csv.zip", made_by.of_form(made))
    compared(made, read_collected(path, form, format="odk").take())


def test_the_comparison_finds_a_changed_answer(tmp_path):
    form = questionnaires.random_instrument(3)
    made = made_by.interviews(form, 25, 3)
    tables = made_by.central(made)
    names = [item.id for item in form.items if item.type == "single" and not form.module_of(item.id).repeat]
    root = next(iter(tables.values()))
    column = next(column for column in root if column.rpartition("-")[2] in names and any(root[column]))
    at = next(row for row, value in enumerate(root[column]) if value)
    root[column][at] = next(value for value in ("1", "2", "KZ-10") if value != root[column][at])
    out = read_collected(made_by.write_zip(tmp_path / "any.csv.zip", tables), form, format="odk").take()
    assert made_by.differences(made, out) != []


PIECES = ['"', ",", "\n", "\0", ";", "\r", "99", "1 2 3", "x", "\ufeff", "NaN", "1e999", "-", "KEY", "/"]


def damaged(text, rng):
    """Break a table in one of the ways files break: cut, doubled, shuffled, with letters too many."""
    lines = text.split("\n")
    at, line = rng.randrange(len(text) + 1), rng.randrange(len(lines))
    match rng.randrange(6):
        case 0:
            return text[:at]
        case 1:
            return text[:at] + rng.choice(PIECES) + text[at:]
        case 2:
            return "\n".join([*lines[:line], rng.choice(lines), *lines[line:]])
        case 3:
            return "\n".join(lines[:line] + lines[line + 1 :])
        case 4:
            name = rng.choice(lines[0].split(","))
            return text.replace(name, rng.choice(["KEY", "PARENT_KEY", "", "x", "size"]), 1)
        case _:
            low, high = sorted((at, rng.randrange(len(text) + 1)))
            return text[:low] + text[high:]


@settings(ANY, max_examples=80)
@given(seed=st.integers(0, 10**9))
def test_a_damaged_export_is_read_or_refused(tmp_path, seed):
    rng = random.Random(seed)
    form = questionnaires.random_instrument(1)
    made = made_by.interviews(form, 5, 1)
    tables = made_by.central(made)
    texts = {name: made_by.lines(table) for name, table in tables.items()}
    texts["any - audit.csv"] = made_by.lines(made_by.audit(made, ["size"]))
    for _ in range(rng.randint(1, 3)):
        name = rng.choice(sorted(texts))
        texts[name] = damaged(texts[name], rng)
    path = made_by.write_zip(tmp_path / "any.csv.zip", texts)
    try:
        out = read_collected(path, form, format="odk").take()
    except SurveyKitError as fault:
        lines = str(fault).splitlines()
    else:
        lines = list(out.problems["message"])
        assert all(lines)
        return
    assert len(lines) <= 5
