"""How long an instrument of 300 items takes to become an XLSForm, a workbook and an XForm.

    .venv/bin/python benchmarks/xlsform.py                     # prints the best of five runs of each step

The instrument is made up: three languages, routes, limits, a rotated grid in every third module, rotated modules, several answers.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from survey_kit.instrument import Instrument, Item, Module, Rotation, Scale
from survey_kit.instrument.export import to_xform, to_xlsform, write_xlsform

ITEMS = 300
LIMIT = 2.0  # seconds


def texts(what: str) -> dict[str, str]:
    """Give a text in three languages, as long as a question is."""
    told = " How often did this happen to you or to people you know well in the past twelve months?"
    return {"en": what + told, "ru": f"{what}: как часто это происходило?", "kk": f"{what}: бұл қаншалықты жиі болды?"}


def made(size: int = ITEMS) -> Instrument:
    """Make an instrument of `size` items."""
    scales = {
        "four": Scale(codes=(1, 2, 3, 4), labels={code: texts(f"{code}") for code in (1, 2, 3, 4)}, high=4),
        "eleven": Scale(codes=tuple(range(11)), ends={0: texts("None"), 10: texts("All")}, high=10),
        "start": Scale(codes=(1, 2, 3, 4, 5), ends={1: texts("First")}, missing={}),
        "turn": Scale(codes=(1, 2, 3), ends={1: texts("First")}, missing={}),
    }
    draws = [
        Item(id="first_row", type="arm", scale="start", text=texts("Row")),
        Item(id="first_module", type="arm", scale="turn", text=texts("Module")),
    ]
    modules = [Module(id="draws", title=texts("Draws"), items=tuple(draws))]
    left, number = size - len(draws), 0
    while left > 0:
        here, name = min(left, 15), f"m{number}"
        modules.append(Module(id=name, title=texts(name), lead_in=texts(name), items=tuple(_items(name, here))))
        left, number = left - here, number + 1
    rotations = {"turns": Rotation(start="first_module", modules=("m3", "m4", "m5"))} if number > 5 else {}
    missing = {98: "dont_know", 99: "refused"}
    return Instrument(
        id="made",
        version="1",
        title=texts("Made"),
        scales=scales,
        missing=missing,
        modules=tuple(modules),
        rotations=rotations,
    )


def _items(name: str, n: int) -> list[Item]:
    rows = tuple(Item(id=f"{name}_row{row}", text=texts(f"Row {row}")) for row in range(min(5, n)))
    out = [Item(id=f"{name}_grid", type="grid", scale="eleven", text=texts("Grid"), rotate="first_row", rows=rows)]
    kinds = ("single", "single", "multiple", "integer", "text")
    for place in range(n - len(rows)):
        kind = kinds[place % len(kinds)]
        ask_if = f"{name}_row0 >= 5 and not {name}_row1 == 3" if place % 2 else None
        more = {"minimum": 0, "maximum": 90} if kind == "integer" else {}
        scale = "four" if kind in {"single", "multiple"} else None
        item = Item(id=f"{name}_{place}", type=kind, scale=scale, text=texts(f"Item {place}"), ask_if=ask_if, **more)
        out.append(item)
    return out


def best(call: Callable[[], object], runs: int = 5) -> float:
    """Give the seconds of the quickest of some runs."""
    took = []
    for _ in range(runs):
        begin = time.perf_counter()
        call()
        took.append(time.perf_counter() - begin)
    return min(took)


def main() -> int:
    """Print the seconds of each step; fail when the workbook takes longer than the limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=ITEMS)
    given = parser.parse_args()
    form = made(given.items)
    sheets = to_xlsform(form)
    print(
        f"{len(form.items)} items, {len(form.languages)} languages, {len(sheets.survey)} rows, {len(sheets.choices)} choices"
    )
    with tempfile.TemporaryDirectory() as folder:
        workbook = best(lambda: write_xlsform(form, Path(folder) / "form.xlsx"))
    print(f"sheets        {best(lambda: to_xlsform(form)):6.2f} s")
    print(f"workbook      {workbook:6.2f} s   (limit {LIMIT:g} s)")
    print(f"XForm         {best(lambda: to_xform(form)):6.2f} s")
    return int(workbook > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
