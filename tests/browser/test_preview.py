"""The preview in a browser: its routing agrees with the package's own walk, and a person can click through it.

The page opens a door for tests, ``window.surveyPreview``: `settle` takes answers by key and gives which items are open, which answers
are refused and what is computed; `replay` does so for many interviews.
"""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from survey_kit.instrument import Instrument, inspect
from survey_kit.instrument.evaluate import evaluate
from survey_kit.instrument.export.preview import write_preview
from survey_kit.instrument.expressions import parse
from survey_kit.instrument.length import Pace, item_seconds, syllables
from survey_kit.instrument.model import DRAWN, Item, Module, Scale
from survey_kit.instrument.questionnaire import joined
from survey_kit.instrument.walk import Walk

ROOT = Path(__file__).parents[2]
INSTRUMENTS = sorted(path.parent.name for path in (ROOT / "instruments").glob("*/instrument.yaml"))
PATHS = 300  # answer paths for each instrument
MADE = 24  # random questionnaires, with members, shuffled answers, text codes
OF_MADE = 60  # answer paths for each of them


def _of_the_forms(name: str) -> Any:
    """Give a module that the tests of forms have for random answers and questionnaires."""
    full = f"preview_{name}"
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, ROOT / "tests" / "odk" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[full] = module
        spec.loader.exec_module(module)
    return sys.modules[full]


# ------------------------------------------------------------------------------------------------------- random answers
def random_path(walker: Any, instrument: Instrument) -> dict[str, Any]:
    """Draw answers to all items, right and wrong ones, and what chance would draw."""
    out: dict[str, Any] = {}
    for item in instrument.items:
        for key in walker.keys(item):
            if item.type == "calculated" or (item.type not in DRAWN and walker.rng.random() < 0.04):
                continue
            if item.type == "random":
                out[key] = walker.rng.random()
            elif item.type == "arm":
                out[key] = walker.rng.choice(instrument.codes(item.id))
            else:
                out[key] = _answer(walker, instrument, item)
    return out


def _answer(walker: Any, instrument: Instrument, item: Item) -> Any:
    codes = {*instrument.codes(item.id), *instrument.missing_codes(item.id)}
    for _ in range(20):
        answer = walker.answer(item)
        if item.type == "date" and walker.rng.random() < 0.05 and instrument.missing_codes(item.id):
            return walker.rng.choice(list(instrument.missing_codes(item.id)))
        if item.type == "single" and answer not in codes:
            continue  # a page offers no other codes
        if item.type == "multiple" and not set(answer) <= codes:
            continue
        if item.type == "date" and not (isinstance(answer, str) and answer[:4].isdigit() and answer != "2026-02-30"):
            continue
        return answer
    return None


# ------------------------------------------------------------------------------------------------------- the walk's side
@dataclass(slots=True)
class Walked:
    """What the walk says of each path: by key, open or not, whether that is known, refused or not, computed values."""

    open: list[dict[str, bool | None]]
    refused: list[dict[str, bool]] = field(default_factory=list)
    values: list[dict[str, float | str | None]] = field(default_factory=list)
    members: list[dict[str, int]] = field(default_factory=list)


def walk(instrument: Instrument, paths: Sequence[dict[str, Any]]) -> Walked:
    """Walk through all paths at once; an answer that is refused counts as none."""
    n = len(paths)
    out = Walked([{} for _ in paths], [{} for _ in paths], [{} for _ in paths], [{} for _ in paths])
    whole = Walk(instrument=instrument, n=n)
    for module in instrument.modules:
        if module.repeat is None:
            _module(out, whole, module, [""] * n, range(n), paths)
            continue
        values, known = whole.columns[module.repeat.count]
        inner = whole.members(module.id, [float(v) if k else None for v, k in zip(values, known, strict=True)])
        assert inner.place is not None
        place = inner.place.tolist()
        number = [place[: at + 1].count(one) for at, one in enumerate(place)]
        for row in range(n):
            out.members[row][module.id] = place.count(row)
        _module(out, inner, module, [f"[{one}]" for one in number], place, paths)
        whole.close(inner)
    return out


def _module(
    out: Walked,
    walked: Walk,
    module: Module,
    marks: Sequence[str],
    rows: Sequence[int],
    paths: Sequence[dict[str, Any]],
) -> None:
    instrument = walked.instrument
    for item in (one for one in instrument.items if instrument.module_of(one.id) is module):
        opened = _truth(walked, instrument.condition(item.id))
        for mark, row, one in zip(marks, rows, opened, strict=True):
            out.open[row][item.id + mark] = one
        if item.type == "calculated":
            walked.calculate(item.id)
            values, known = walked.columns[item.id]
            for mark, row, value, sure in zip(marks, rows, values, known, strict=True):
                plain = value if isinstance(value, str) else float(value)
                out.values[row][item.id + mark] = plain if sure else None
            continue
        given = [paths[row].get(item.id + mark) for mark, row in zip(marks, rows, strict=True)]
        fine = walked.accepts(item.id, given)
        for mark, row, one, good in zip(marks, rows, opened, fine, strict=True):
            out.refused[row][item.id + mark] = one is True and not good
        walked.put(item.id, [one if good else None for one, good in zip(given, fine, strict=True)])
    for note in (one for one in module.items if one.type == "note"):
        for mark, row, one in zip(marks, rows, _truth(walked, joined(module.ask_if, note.ask_if)), strict=True):
            out.open[row][note.id + mark] = one


def _truth(walked: Walk, condition: str | None) -> list[bool | None]:
    if condition is None:
        return [True] * walked.n
    expression = parse(condition)
    true, known = evaluate(expression, walked._seen(expression), walked.n)
    return [bool(one) if sure else None for one, sure in zip(true, known, strict=True)]


# ------------------------------------------------------------------------------------------------------------- comparing
def differences(reader: Any, instrument: Instrument, paths: Sequence[dict[str, Any]]) -> tuple[list[str], int]:
    """Compare page and walk on all paths; give every difference and how much was compared."""
    theirs = reader.driver.execute_script("return window.surveyPreview.replay(arguments[0])", list(paths))
    ours = walk(instrument, paths)
    found, compared = [], 0
    for at, one in enumerate(theirs):
        refused = {key: key in one["refused"] for key in ours.refused[at]}
        sides = (
            ("open", ours.open[at], one["open"]),
            ("refused", ours.refused[at], refused),
            ("value", ours.values[at], one["values"]),
            ("members", ours.members[at], one["members"]),
        )
        for what, here, there in sides:
            compared += len(here)
            if here.keys() != there.keys():
                found.append(f"path {at}: {what} of other items: {sorted(here.keys() ^ there.keys())[:5]}")
            found += [
                f"path {at}: {what} of {key}: {here[key]!r} in the walk, {there[key]!r} on the page"
                for key in sorted(here.keys() & there.keys())
                if not _same(here[key], there[key])
            ]
    return found, compared


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, (int, float)) and not isinstance(other, bool):
        return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-12)
    return bool(one == other)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Instrument, Path]]:
    """Give every instrument with its page."""
    folder = tmp_path_factory.mktemp("previews")
    forms = {name: inspect(ROOT / "instruments" / name, switches=None) for name in INSTRUMENTS}  # all modules are on
    return {name: (form, write_preview(form, folder / f"{name}.html")) for name, form in forms.items()}


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_the_page_opens_refuses_and_computes_what_the_walk_does(name: str, reader: Any, pages: Any) -> None:
    """Would catch: a condition written wrongly as a tree, unknown taken for false, a missing code taken for an answer."""
    instrument, page = pages[name]
    walker = _of_the_forms("plans").Walker(instrument, seed=2026)
    paths = [random_path(walker, instrument) for _ in range(PATHS)]
    reader.open(page)
    found, compared = differences(reader, instrument, paths)
    assert found == []
    assert compared >= PATHS * len(instrument.items)


def test_a_wrong_reading_is_found(reader: Any, pages: Any) -> None:
    """Would catch: a comparison that compares nothing. The page of one questionnaire is held against a changed one."""
    instrument, page = pages["trust_in_institutions"]
    changed = replace(instrument, modules=tuple(replace(one, ask_if=None) for one in instrument.modules))
    walker = _of_the_forms("plans").Walker(instrument, seed=1)
    reader.open(page)
    found, _ = differences(reader, changed, [random_path(walker, instrument) for _ in range(5)])
    assert len(found) > 5


CORNERS = (
    "t != 1", "not t == 1", "t in (1, 'b')", "t not in (1, 2)", "n in ('1', -2)", "n not in ('1', 'x')", "t == n", "t != n", "t < n", "t >= n",
    "t < 'b'", "t <= 'a'", "'a' < t < 'z'", "t > '\uffee'", "t == ''", "s == 'KZ-10' or n == 1", "s != 'KZ-10'", "s in ('7', 7)", "s == 7",
    "floor(n / 2) == -2", "floor(n / 2) < -1", "n / n == 1", "n / 0 == 1", "not (n / n == 1)", "0 / n != 1", "n < 1e59", "n > -1e59", "(n if n > 0 else t) == 'a'",
    "(1 if t == 'a' else n) + 1 > 1", "('x' if n > 0 else 'y') == 'x'", "(t if answered(t) else n) != 3", "(t if n > 0 else 5) + 1 == 6",
    "-2 <= n <= 0 < 1", "0 < n < 1 or answered(n)", "year(d) == 2026", "month(d) >= 6", "d < '2026-06-15'", "d != '2026-01-01'", "year(d) - n > 2026",
    "selected(m, 2, 3) or selected(m, 98)", "not selected(m, 1)", "count_selected(m) > 1", "not answered(m)", "answered(s) and not answered(t)",
    "sum(n) == 0", "max(n) == 0", "not max(n) == 0", "n == 2.0", "n == 0.5 * 4", "n * 1e59 * 1e59 > n",
)  # fmt: skip


def test_the_odd_corners_of_the_language(reader: Any, tmp_path: Path) -> None:
    """Would catch: a number taken for its text, texts out of order, halves of rare letters, infinities, rounding towards nought."""
    scales = {"s": Scale(codes=("KZ-10", "7", "b")), "m": Scale(codes=(1, 2, 3))}
    asked = (
        Item(id="n", type="integer", missing={98: "dont_know"}),
        Item(id="t", type="text"),
        Item(id="d", type="date"),
        Item(id="s", scale="s", missing={98: "dont_know"}),
        Item(id="m", type="multiple", scale="m", missing={98: "dont_know"}),
    )
    values: dict[str, tuple[Any, ...]] = {
        "n": (None, -3, -2, -1, 0, 1, 2, 98),
        "t": (None, "", "a", "b", "1", "98", "x", "\uffee", "\U0001f600", "\uffefz"),
        "d": (None, "2025-12-31", "2026-01-01", "2026-06-15", "2027-11-30"),
        "s": (None, "KZ-10", "7", "b", 98),
        "m": (None, [1], [2, 3], [1, 2, 3], [98]),
    }
    corners = tuple(Item(id=f"c{at}", type="text", ask_if=one) for at, one in enumerate(CORNERS))
    modules = (Module(id="m1", items=asked), Module(id="m2", items=corners))
    instrument = Instrument(id="corners", version="1", modules=modules, scales=scales)
    rng = np.random.default_rng(4)
    paths = [{name: some[rng.integers(len(some))] for name, some in values.items()} for _ in range(600)]
    reader.open(write_preview(instrument, tmp_path / "corners.html"))
    with np.errstate(all="ignore"):
        found, _ = differences(reader, instrument, paths)
        ours = walk(instrument, paths)
    assert found == []
    decided = {at for at in range(len(CORNERS)) if len({one[f"c{at}"] for one in ours.open}) > 1}
    assert len(decided) > 40  # most conditions are now true and now not


@pytest.mark.parametrize("seed", range(MADE))
def test_random_questionnaires_agree_with_the_walk(seed: int, reader: Any, tmp_path: Path) -> None:
    """Would catch: what no instrument of today uses: members, sums over them, text codes, chained comparisons, divisions by zero."""
    instrument = _of_the_forms("random_instruments").random_instrument(seed)
    walker = _of_the_forms("plans").Walker(instrument, seed)
    paths = [random_path(walker, instrument) for _ in range(OF_MADE)]
    reader.open(write_preview(instrument, tmp_path / "made.html"))
    with np.errstate(all="ignore"):
        found, _ = differences(reader, instrument, paths)
    assert found == []


# ------------------------------------------------------------------------------------------- what stands on the screens
SCREENS = """
const press = id => document.getElementById(id).click(), set = (name, value) =>
  document.querySelector(`input[name=set-${name}][value=${value}]`).click();
const out = {}, seed = document.getElementById('seed');
seed.value = String(arguments[0]); seed.dispatchEvent(new Event('change'));
document.querySelector('#p-files button').click();
if (!document.querySelector('.tick input').checked) document.querySelector('.tick input').click();
for (const cut of ['question', 'module']) {
  set('screen', cut);
  out[cut] = [];
  for (let back = 0; back < 999 && !document.getElementById('back').disabled; back += 1) press('back');
  for (let at = 0; at < 999 && !document.getElementById('next').hidden; at += 1) {
    const asked = [...document.querySelectorAll('#screen [data-item]')].filter(one => one.checkVisibility());
    out[cut].push(...asked.map(one => one.dataset.key || one.dataset.item));
    press('next');
  }
  out[`${cut} errors`] = [...document.querySelectorAll('#screen .error')].filter(one => !one.hidden).length;
}
return [out, window.surveyPreview.state()];
"""


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_a_filled_interview_shows_what_the_walk_opens(name: str, reader: Any, pages: Any) -> None:
    """Would catch: an open question that no screen shows, one shown twice, a random interview that breaks a constraint."""
    instrument, page = pages[name]
    reader.open(page)
    state, wanted = shown_as_walked(reader, instrument)
    given = {key for key in wanted if key in instrument and not instrument.item(key).optional}
    assert given <= set(state["answers"])


@pytest.mark.parametrize("seed", range(6))
def test_a_filled_random_questionnaire_shows_what_the_walk_opens(seed: int, reader: Any, tmp_path: Path) -> None:
    """Would catch: members that no screen shows, modules lost when their order is drawn."""
    instrument = _of_the_forms("random_instruments").random_instrument(seed)
    reader.open(write_preview(instrument, tmp_path / "made.html"))
    with np.errstate(all="ignore"):
        shown_as_walked(reader, instrument)


def shown_as_walked(reader: Any, instrument: Instrument, seed: int = 3) -> tuple[dict[str, Any], set[str]]:
    """Fill an interview at random and compare its screens, cut both ways, and its length with the walk."""
    silent = {item.id for item in instrument.items if item.type in DRAWN or item.type == "calculated"}
    screens, state = reader.driver.execute_script(SCREENS, seed)
    ours = walk(instrument, [{**state["answers"], **state["draws"]}])
    wanted = {key for key, one in ours.open[0].items() if one is True} - silent
    for cut in ("question", "module"):
        assert sorted(screens[cut]) == sorted(wanted), cut
        assert screens[f"{cut} errors"] == 0
    assert not any(ours.refused[0].values())
    assert math.isclose(state["minutes"], minutes(instrument, wanted), abs_tol=0.1)
    assert reader.complaints() == []
    assert reader.requests() == []
    return state, wanted


def minutes(instrument: Instrument, asked: set[str]) -> float:
    """Give the time that these items take, with the words that lead into their modules."""
    language, pace, names = instrument.source_language, Pace(), [key.partition("[")[0] for key in asked]
    seconds = item_seconds(instrument, language, pace)
    total = sum(seconds[name] for name in names)
    for module in instrument.modules:
        inside = {one.id for item in module.items for one in (item, *item.rows)}
        if inside & set(names):
            words = instrument.say(module.lead_in, language)
            total += syllables(words, language) / pace.syllables + pace.page
    return total / 60
