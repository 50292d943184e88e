"""XLSForm out and in: the same items, codes, words in every language, missing codes, orders, and routes open for the same answers."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from survey_kit.instrument import Instrument, Item, Module, inspect
from survey_kit.instrument.export import to_xlsform, write_xlsform
from survey_kit.instrument.imports import Imported, read_xlsform
from survey_kit.instrument.questionnaire import leaves
from survey_kit.instrument.walk import Walk

NAMES = sorted(path.parent.name for path in (Path(__file__).parents[2] / "instruments").glob("*/instrument.yaml"))
COMPUTED = {"calculated", "arm", "random"}
EXPECTED = {"X119", "X122", "X123"}  # notes on codes read by their number, placeholders, long labels
N = 300


def sheets(form: Instrument) -> dict[str, list[dict[str, str]]]:
    made = to_xlsform(form).sheets
    return {name: [dict(zip(table[0], row, strict=True)) for row in table[1:]] for name, table in made.items()}


@pytest.fixture(scope="module", params=NAMES)
def both(
    request: pytest.FixtureRequest, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Instrument, Imported]:
    if find_spec("openpyxl") is None:
        pytest.skip("openpyxl not installed")
    form = inspect(root / "instruments" / request.param, None, None)
    return form, read_xlsform(write_xlsform(form, tmp_path_factory.mktemp("form") / f"{request.param}.xlsx"))


def test_everything_is_expressed(both: tuple[Instrument, Imported]):
    _, made = both
    assert [one for one in made.problems if one.severity == "error"] == []
    assert {one.code for one in made.problems} <= EXPECTED


def test_the_items_are_the_same(both: tuple[Instrument, Imported]):
    form, made = both
    assert same_items(form, made.instrument) == []
    assert {one.id for one in made.instrument.items} == {one.id for one in form.items}
    named = [module.id for module in form.modules]
    assert [module.id for module in made.instrument.modules if module.id != "draws"] == [
        module.id
        for module in form.modules
        if any(item.type not in COMPUTED for item in module.items) or module.lead_in
    ], named
    assert {(one.start, one.modules) for one in made.instrument.rotations.values()} == {
        (one.start, one.modules) for one in form.rotations.values()
    }


def test_the_words_are_the_same_in_every_language(both: tuple[Instrument, Imported]):
    form, made = both
    assert made.instrument.languages == form.languages
    assert list(words(form, made.instrument)) == []


def test_the_same_answers_open_the_same_items(both: tuple[Instrument, Imported]):
    form, made = both
    assert different(form, made.instrument, random.Random(1)) == []


# ------------------------------------------------------------------------------------------------------ random instruments
@pytest.fixture(scope="module")
def maker(root: Path) -> ModuleType:
    spec = spec_from_file_location("random_instruments", root / "tests" / "odk" / "random_instruments.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("seed", range(1, 41))
def test_random_instruments_come_back(maker: ModuleType, seed: int):
    form = maker.random_instrument(seed)
    made = read_xlsform(sheets(form))
    lost = [one.message for one in made.problems if one.code == "X112" and "never asked" not in one.message]
    if lost:
        assert all("characters long" in one or "too long" in one or "No answer meets" in one for one in lost)
        return  # a condition beyond what one may hold: told
    assert same_items(form, made.instrument) == []
    assert list(words(form, made.instrument)) == []
    assert different(form, made.instrument, random.Random(seed)) == []


# ---------------------------------------------------------------------------------------------------------------- compared
def same_items(form: Instrument, other: Instrument) -> list[tuple[Any, ...]]:
    """Name what differs in type, codes, missing codes, order, grid."""
    out: list[tuple[Any, ...]] = [("lost", item.id) for item in form.items if item.id not in other]
    for item in form.items:
        if item.id not in other:
            continue
        again = other.item(item.id)
        grids = [one.grid_of(item.id) for one in (form, other)]
        pairs = {
            "type": (item.type.replace("number", "decimal"), again.type),
            "codes": (form.codes(item.id), other.codes(item.id)),
            "missing": (dict(form.missing_codes(item.id)), dict(other.missing_codes(item.id))),
            "shuffle": (item.shuffle, again.shuffle),
            "grid": tuple(grid.id if grid else None for grid in grids),
            "rotate": tuple(grid.rotate if grid else None for grid in grids),
            "optional": (item.optional, again.optional),
            "repeat": tuple(bool(one.module_of(item.id).repeat) for one in (form, other)),
        }
        out += [(what, item.id, *pair) for what, pair in pairs.items() if pair[0] != pair[1]]
    return out


def words(form: Instrument, other: Instrument) -> Iterator[tuple[str, ...]]:
    """Name the texts that differ, in each language."""
    for language in form.languages:
        for item in form.items:
            if item.type in COMPUTED or item.id not in other:
                continue
            if form.text(item.id, language) != other.text(item.id, language):
                yield "text", item.id, language
            if form.say(item.instruction, language) != other.say(other.item(item.id).instruction, language):
                yield "instruction", item.id, language
            scale = form.scale_of(item.id)
            for code in (*form.codes(item.id), *form.missing_codes(item.id)):
                said = code in form.codes(item.id) or form.missing_labels.get(code) or (scale and scale.texts(code))
                if said and form.label(item.id, code, language) != other.label(item.id, code, language):
                    yield "label", item.id, str(code), language


def different(form: Instrument, other: Instrument, rng: random.Random) -> list[tuple[Any, ...]]:
    """Walk interviews through both, and name the items that open, refuse or compute differently."""
    out: list[tuple[Any, ...]] = []
    one, two = Walk(instrument=form, n=N), Walk(instrument=other, n=N)
    for module in form.modules:
        if module.repeat is None:
            _module(module, one, two, rng, out)
            continue
        values, known = one.columns[module.repeat.count]
        counts = [value if sure else None for value, sure in zip(values, known, strict=True)]
        inner, again = one.members(module.id, counts), two.members(module.id, counts)
        if inner.n != again.n:
            out.append(("members", module.id, inner.n, again.n))
            continue
        _module(module, inner, again, rng, out)
        one.close(inner)
        two.close(again)
    return out


def _module(module: Module, one: Walk, two: Walk, rng: random.Random, out: list[tuple[Any, ...]]) -> None:
    for item in (item for home, _, item in leaves(one.instrument) if home.id == module.id):
        if item.id not in two.instrument:
            continue
        if item.type == "calculated":
            one.calculate(item.id)
            two.calculate(item.id)
            if not _equal(one.columns[item.id], two.columns[item.id]):
                out.append(("value", item.id, item.value, two.instrument.item(item.id).value))
            continue
        if (one.open(item.id) != two.open(item.id)).any():
            out.append(("route", item.id, one.instrument.condition(item.id), two.instrument.condition(item.id)))
        answers = [_answer(one.instrument, item, rng) for _ in range(one.n)]
        if item.type not in COMPUTED and (one.accepts(item.id, answers) != two.accepts(item.id, answers)).any():
            out.append(("constraint", item.id, item.constraint, two.instrument.item(item.id).constraint))
        one.put(item.id, answers)
        two.put(item.id, answers)


def _equal(one: Any, two: Any) -> bool:
    (values, known), (others, sure) = one, two
    if (known != sure).any():
        return False
    pairs = [(a, b) for a, b, told in zip(values, others, known, strict=True) if told]
    return all(a == b or (not isinstance(a, str) and abs(float(a) - float(b)) < 1e-9) for a, b in pairs)


def _answer(form: Instrument, item: Item, rng: random.Random) -> Any:
    """Draw an answer: sometimes none, sometimes a code that is none, sometimes beyond the limits."""
    missing = list(form.missing_codes(item.id))
    drawn = item.type in {"arm", "random"}
    if missing and rng.random() < 0.12:
        code = rng.choice(missing)
        return [code] if item.type == "multiple" else code
    if not drawn and rng.random() < 0.05:
        return None
    low, high = (limit if limit is not None else other for limit, other in ((item.minimum, 0), (item.maximum, 20)))
    made: Mapping[str, Any] = {
        "single": lambda: rng.choice(form.codes(item.id)),
        "arm": lambda: rng.choice(form.codes(item.id)),
        "multiple": lambda: rng.sample(form.codes(item.id), rng.randint(1, min(3, len(form.codes(item.id))))),
        "random": rng.random,
        "integer": lambda: rng.choice(
            [int(low), int(high), int(low) - 1, rng.randint(int(low), int(min(high, low + 5)))]
        ),
        "decimal": lambda: rng.choice([0.0, 1.0, 2.5, rng.uniform(low, high)]),
        "number": lambda: rng.choice([0.0, 1.0, 2.5, rng.uniform(low, high)]),
        "date": lambda: rng.choice(["2025-12-31", "2026-01-01", "2026-06-15", "2026-07-01", "2026-11-30"]),
        "text": lambda: rng.choice(["yes", "98", "a'b", "Қазақстан", "x"]),
    }
    return made[item.type]()


def test_the_comparison_sees_a_difference():
    """A test that compares must be able to fail."""
    item = Item(id="a", type="integer", text={"en": "A?"}, minimum=0, maximum=9)
    asked = [Item(id="b", type="text", text={"en": "B?"}, ask_if=condition) for condition in ("a > 3", "a >= 3")]
    one, two = (Instrument(id="x", version="1", modules=(Module(id="m", items=(item, other)),)) for other in asked)
    assert [found[:2] for found in different(one, two, random.Random(1))] == [("route", "b")]
    assert np.array_equal([same_items(one, two), list(words(one, two))], [[], []])
