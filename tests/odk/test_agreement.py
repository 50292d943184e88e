"""Interviews in ODK's engine open and close exactly what the package's own walk says, on random answer paths.

`SURVEY_KIT_PATHS` asks for more paths per instrument than the usual number.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from survey_kit.instrument import Instrument, Item, Module, Repeat, Rotation, Scale, inspect

FOLDERS = sorted(path.parent for path in (Path(__file__).parents[2] / "instruments").glob("*/instrument.yaml"))
PATHS = int(os.environ.get("SURVEY_KIT_PATHS", "1000"))
FRESH = 50  # every so many interviews a new instance, the others in an emptied one
CHUNK = 25
LONG = 150  # items; longer instruments get fewer paths
QUESTIONNAIRES = 60  # random ones, with 40 paths each


@pytest.fixture
def engines(odk: ModuleType) -> Iterator[list[Any]]:
    """Give two engines, for the two processors of a small machine."""
    pytest.importorskip("pyxform", reason="pyxform not installed")
    with ExitStack() as stack:
        yield [stack.enter_context(odk.OdkEngine()) for _ in range(2)]


def agree(
    engines: list[Any], agreement: ModuleType, plans: ModuleType, instrument: Instrument, n: int, change: Any = None
) -> Any:
    """Lead n random interviews through both sides; give what was compared."""
    from survey_kit.instrument.export.xform import convert
    from survey_kit.instrument.export.xlsform import to_xlsform

    form = to_xlsform(instrument)
    xml, warnings = convert(form)
    assert not warnings
    xml = xml if change is None else change(xml)
    loaded = [engine.load(instrument.id, xml) for engine in engines]
    names = agreement.Names.of(instrument, form)
    assert not agreement.unequal_choices(instrument, names, loaded[0])
    walker = plans.Walker(instrument, seed=n)
    paths = [walker.path(fresh=number % FRESH == FRESH - 1) for number in range(n)]
    chunks = [paths[start : start + CHUNK] for start in range(0, n, CHUNK)]

    def lead(which: int) -> list[tuple[int, Any]]:
        mine = range(which, len(chunks), len(engines))
        return [
            (at, engines[which].run(instrument.id, [names.plan(instrument, one) for one in chunks[at]], seed=at))
            for at in mine
        ]

    with ThreadPoolExecutor(len(engines)) as pool:
        done = dict(pair for part in pool.map(lead, range(len(engines))) for pair in part)
    for engine in engines:
        engine.drop(instrument.id)
    interviews = [one for at in range(len(chunks)) for one in done[at]]
    return agreement.Replay(instrument=instrument, names=names, paths=paths, interviews=interviews).run()


@cache
def everything(folder: Path) -> Instrument:
    """Read an instrument with all its switches on."""
    return inspect(folder, None, None)


def number_of_paths(instrument: Instrument) -> int:
    """Give fewer paths to long instruments: the time of an interview grows with the square of their length."""
    return max(20, round(PATHS * min(1.0, (LONG / len(instrument.items)) ** 2)))


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_engine_opens_what_the_walk_opens(
    folder: Path, engines: list[Any], agreement: ModuleType, plans: ModuleType, led: dict[str, Any]
):
    instrument = everything(folder)
    n = number_of_paths(instrument)
    done = led[folder.name] = agree(engines, agreement, plans, instrument, n)
    assert done.differences == []
    assert done.interviews == n
    assert done.answers > n
    assert done.refused > 0


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_question_has_words_in_every_language(folder: Path, engine: Any):
    from survey_kit.instrument.export import to_xform

    form = engine.load(folder.name, to_xform(everything(folder)))
    assert len(form.languages) == len(everything(folder).languages) or not form.languages
    engine.start(folder.name, seed=1)
    told = []
    for language in form.languages:
        engine.language(language)
        words = engine.words()
        assert all(
            label.strip("- ") and all(choice.strip("- ") for choice in choices) for label, choices in words.values()
        )
        told.append(words)
    assert all(one != other for one, other in pairwise(told))
    engine.drop(folder.name)


def test_there_are_ten_thousand_paths():
    assert sum(number_of_paths(everything(folder)) for folder in FOLDERS) >= 10_000


@pytest.mark.slow
def test_random_questionnaires_agree(
    engines: list[Any], agreement: ModuleType, plans: ModuleType, random_instruments: ModuleType, led: dict[str, Any]
):
    answers = 0
    for seed in range(QUESTIONNAIRES):
        instrument = random_instruments.random_instrument(seed)
        done = led[instrument.id] = agree(engines[:1], agreement, plans, instrument, 40)
        assert done.differences == []
        answers += done.answers
    assert answers > 40 * QUESTIONNAIRES


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        ("(<bind nodeset=\"/data/demographics/age\"[^>]*constraint=\"[^\"]*)\\. &gt;= 18", "\\g<1>. &gt;= 19"),
        ("(<bind nodeset=\"/data/household\" relevant=\"[^\"]*consent *)= 1", "\\g<1>= 2"),
        ("(<bind nodeset=\"/data/household\") relevant=\"[^\"]*\"", "\\g<1>"),
    ],
    ids=["another limit", "another code", "no condition"],
)  # fmt: skip
def test_a_wrong_form_is_found(
    pattern: str, instead: str, root: Path, engines: list[Any], agreement: ModuleType, plans: ModuleType
):
    instrument = everything(root / "instruments" / "core")

    def change(xml: str) -> str:
        changed, n = re.subn(pattern, instead, xml)
        assert n == 1
        return changed

    assert agree(engines, agreement, plans, instrument, 200, change).differences


def test_the_comparison_knows_orders_and_kinds(agreement: ModuleType):
    scale = Scale(codes=(1, 2, 3))
    rows = tuple(Item(id=name, text={"en": name}) for name in "xyz")
    arm = Item(id="start", type="arm", scale=scale)
    modules = (
        Module(id="draws", items=(arm,)),
        Module(id="a", items=(Item(id="one", type="text"),)),
        Module(id="b", items=(Item(id="grid", type="grid", scale=scale, rows=rows, rotate="start"),)),
        Module(id="c", items=(Item(id="age", type="integer"),), repeat=Repeat(count="size", most=2)),
    )
    rotations = {"turns": Rotation(start="start", modules=("a", "b"))}
    made = Instrument(id="tiny", version="1", modules=modules, rotations=rotations, missing={9: "refused"})
    assert agreement.in_order(made, {"start": "2"}) == ["start", "y", "z", "x", "one", "age[1]", "age[2]"]
    assert agreement.in_order(made, {}) == ["start", "one", "x", "y", "z", "age[1]", "age[2]"]
    age, x = made.item("age"), made.item("x")
    assert [agreement.fits(made, age, one) for one in (5, 2**31, "5", None)] == [True, False, False, True]
    assert [agreement.fits(made, x, one) for one in (1, 9, 4)] == [True, True, False]
    assert [agreement.same(age, *pair) for pair in ((5, "5"), (5.0, "5"), (5, "6"), (None, None), (5, None), (5, "x"))] == [
        True, True, False, True, False, False,
    ]  # fmt: skip
