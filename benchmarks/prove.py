"""Proof of a questionnaire: seconds for a made one of 300 items with realistic routing, and for each instrument of the project.

Run ``python benchmarks/prove.py``; the memory is the largest that the whole process ever held.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from pathlib import Path

from survey_kit.instrument import Instrument, Item, Module, Repeat, Rotation, Scale, inspect
from survey_kit.instrument.prove import Proof, prove

ROOT = Path(__file__).parents[1]
YES_NO = Scale(codes=(1, 2), labels={1: {"en": "Yes"}, 2: {"en": "No"}})
ELEVEN = Scale(codes=tuple(range(11)), ends={0: {"en": "Not at all"}, 10: {"en": "Completely"}}, high=10)
FOUR = Scale(codes=(3, 2, 1, 0), labels={code: {"en": str(code)} for code in range(4)}, high=3)
TEN = Scale(codes=tuple(range(1, 11)), labels={code: {"en": str(code)} for code in range(1, 11)})
REFUSED = {98: "dont_know", 99: "refused"}
OFFICIALS = 28


def item(name: str, ask_if: str | None = None, **more: object) -> Item:
    scale = {"scale": YES_NO} if more.get("type", "single") in {"single", "arm", "multiple"} else {}
    body = {"missing": REFUSED, "text": {"en": f"Question {name}?"}} | scale | more
    return Item(id=name, ask_if=ask_if, **body)  # type: ignore[arg-type]


def number(name: str, low: int, high: int, ask_if: str | None = None, **more: object) -> Item:
    return item(name, ask_if, type="integer", minimum=low, maximum=high, missing={998: "refused"}, **more)


def counted(name: str, stem: str) -> tuple[Item, Item]:
    """Count the rows of a grid that were answered with yes, in two steps as long lists need."""
    parts = [f"(1 if answered({stem}_{k}) and {stem}_{k} == 1 else 0)" for k in range(OFFICIALS)]
    first, rest = " + ".join(parts[: OFFICIALS // 2]), " + ".join([f"{name}_first", *parts[OFFICIALS // 2 :]])
    return (
        Item(id=f"{name}_first", type="calculated", value=first, text={"en": name}),
        Item(id=name, type="calculated", value=rest, text={"en": name}),
    )


def arm(name: str, codes: int) -> Item:
    return item(name, type="arm", scale=Scale(codes=tuple(range(1, codes + 1))), missing={})


def grid(name: str, rows: list[Item], scale: Scale, **more: object) -> Item:
    return Item(id=name, type="grid", text={"en": name}, scale=scale, missing=REFUSED, rows=tuple(rows), **more)  # type: ignore[arg-type]


def modules() -> Iterator[Module]:
    """Give the modules: filters first, follow-ups, grids in drawn order, a roster, services in drawn order."""
    agreed = "consent == 1"
    date = item("day", type="date", constraint="day >= '2026-01-01'")
    yield Module(id="opening", items=(date, item("region", scale=TEN), item("consent", missing={}), item("why_not", "consent == 2", type="text")))  # fmt: skip
    home = [number("size", 1, 20), number("adults", 1, 20, constraint="adults <= size")]
    yield Module(id="home", ask_if=agreed, items=(*home, number("age", 18, 110), item("band", "not answered(age)", scale=TEN)))  # fmt: skip
    member = (number("years", 0, 110), item("sex"), item("works", "years >= 16"), item("job", "works == 1", scale=TEN), number("pay", 0, 900, "works == 1"))  # fmt: skip
    yield Module(id="roster", ask_if="consent == 1 and size >= 2", items=member, repeat=Repeat(count="size", most=6))
    yield Module(id="income", ask_if=agreed, items=(item("earners", "sum(pay) > 0", type="text"), item("alone", "size == 1"), item("young", "min(years) < 7")))  # fmt: skip
    met = grid("met", [Item(id=f"met_{k}", text={"en": str(k)}) for k in range(OFFICIALS)], YES_NO)
    yield Module(id="contact", ask_if=agreed, items=(met, *counted("contacts", "met")))
    yield Module(id="filler", ask_if="consent == 1 and contacts <= 3", items=tuple(item(f"filler_{k}", f"contacts <= {3 - k // 2}" if k > 1 else None) for k in range(8)))  # fmt: skip
    paid = [Item(id=f"paid_{k}", text={"en": str(k)}, ask_if=f"met_{k} == 1") for k in range(OFFICIALS)]
    asked = [Item(id=f"asked_{k}", text={"en": str(k)}, ask_if=f"met_{k} == 1") for k in range(OFFICIALS)]
    both = (grid("paid", paid, YES_NO), grid("asked", asked, YES_NO), *counted("gifts", "paid"), *counted("requests", "asked"))  # fmt: skip
    yield Module(id="bribes", ask_if="consent == 1 and contacts >= 1", items=both)
    last = [item("form", type="multiple", scale=TEN, exclusive=(10,)), number("worth", 0, 5000, "selected(form, 1, 2)")]
    last += [item(f"last_{k}", "last_0 == 1" if k > 4 else None, scale=FOUR if k else YES_NO) for k in range(12)]
    yield Module(id="last", ask_if="consent == 1 and gifts >= 1", items=tuple(last))
    yield Module(id="request", ask_if="consent == 1 and gifts == 0 and requests >= 1", items=tuple(item(f"request_{k}", scale=FOUR) for k in range(10)))  # fmt: skip
    trust = grid("trust", [Item(id=f"trust_{k}", text={"en": str(k)}) for k in range(20)], ELEVEN, rotate="order")
    bridge = grid("bridge", [Item(id=f"bridge_{k}", text={"en": str(k)}, ask_if="day >= '2026-07-01'" if k > 8 else None) for k in range(10)], FOUR, ask_if="half == 1")  # fmt: skip
    yield Module(
        id="trust", ask_if=agreed, items=(arm("order", 20), trust, arm("half", 2), bridge, item("other", "half == 2"))
    )
    yield Module(id="turns", ask_if=agreed, items=(arm("turn", 3),))
    for service in ("health", "school", "papers"):
        need = [item(f"{service}_need"), item(f"{service}_used", f"{service}_need == 1")]
        asks = [item(f"{service}_{k}", f"{service}_used == 1", scale=FOUR) for k in range(12)]
        asks += [item(f"{service}_barrier", f"{service}_used == 2", type="multiple", scale=TEN, most=3)]
        yield Module(id=service, ask_if=agreed, items=(*need, *asks))
    law = [item(f"law_{k}", f"law_{k - 1} == 1" if k % 5 == 4 else None) for k in range(75)]
    yield Module(id="law", ask_if=agreed, items=tuple(law))
    yield Module(id="end", ask_if="consent == 1 and (age <= 35 or band in (1, 2))", items=tuple(item(f"youth_{k}") for k in range(8)))  # fmt: skip


def made() -> Instrument:
    """Make the questionnaire."""
    turns = Rotation(start="turn", modules=("health", "school", "papers"))
    return Instrument(id="made_300", version="1", modules=tuple(modules()), rotations={"turns": turns})


def told(name: str, instrument: Instrument) -> Proof:
    """Prove one instrument and print how long it took."""
    start, used = time.perf_counter(), time.process_time()
    proof = prove(instrument)
    seconds, cpu = time.perf_counter() - start, time.process_time() - used
    print(
        f"{name:24} {proof.items:5} items {proof.conditions:4} conditions {proof.calls:5} questions "
        f"{seconds:6.2f} s ({cpu:.2f} s of one processor)  {len(proof.errors)} faults, {len(proof.possible)} possible only"
    )
    return proof


def main() -> None:
    """Print the seconds."""
    made_up = made()
    told(f"{made_up.id} ({len(made_up.items)})", made_up)
    for folder in sorted((ROOT / "instruments").glob("*/instrument.yaml")):
        told(folder.parent.name, inspect(folder.parent, switches=None))
    print(f"largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
