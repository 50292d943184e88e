"""Random questionnaires that use everything the language of conditions knows: where its translation into XPath would break first."""

from __future__ import annotations

import random

from survey_kit.instrument import Instrument, Item, Module, Repeat, Rotation, Scale, check
from survey_kit.instrument.questionnaire import row_of

DAYS = ("2025-12-31", "2026-01-01", "2026-06-15", "2026-11-30")
TEXTS = ("yes", "a'b", "98", "Қазақстан", "1e3", "-", "")
SCALES = {
    "yes_no": Scale(codes=(1, 2), labels={1: {"en": "Yes"}, 2: {"en": "No"}}),
    "zero": Scale(codes=(0, 1, 2, 3), labels={code: {"en": f"Answer {code}"} for code in (0, 1, 2, 3)}, high=3),
    "region": Scale(codes=("KZ-10", "KZ-79", "7"), labels={c: {"en": c} for c in ("KZ-10", "KZ-79", "7")}),
    "bare": Scale(codes=(1, 2, 3), labels={code: {"en": f"Answer {code}"} for code in (1, 2, 3)}, missing={}),
}
TYPES = ("single", "single", "multiple", "integer", "decimal", "text", "date", "calculated", "arm", "random")


class Maker:
    """Makes one questionnaire from a seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.known: list[Item] = []
        self.repeated: dict[str, list[Item]] = {}

    def instrument(self, seed: int) -> Instrument:
        draws = (
            Item(id="start_row", type="arm", scale="bare", text={"en": "Row"}),
            Item(id="start_module", type="arm", scale="yes_no", text={"en": "Module"}),
            Item(id="order", type="random", text={"en": "Order"}),
        )
        self.known += draws
        modules = [Module(id="draws", title={"en": "Draws"}, items=draws)]
        modules += [self.module("first", 7), self.module("second", 7, condition=True)]
        modules += [self.module("turn_a", 4, condition=True), self.module("turn_b", 4, condition=True, apart="turn_a")]
        size = Item(id="size", type="integer", minimum=0, maximum=4, text={"en": "How many?"}, ask_if=self.truth(1))
        modules.append(Module(id="counting", title={"en": "Counting"}, items=(size,)))
        self.known.append(size)
        outer = list(self.known)
        repeat = Repeat(count="size", most=3, name={"en": "member"})
        members = self.module("members", 5, condition=True, repeat=repeat)
        self.repeated["members"] = [item for item in members.items if item.type not in {"grid", "note"}]
        self.known = outer
        modules += [members, self.module("last", 8, condition=True)]
        return Instrument(
            id=f"random_{seed}",
            version="1",
            missing={98: "dont_know", 99: "refused"},
            scales=SCALES,
            modules=tuple(modules),
            rotations={"turns": Rotation(start="start_module", modules=("turn_a", "turn_b"))},
        )

    def module(
        self, name: str, n: int, *, condition: bool = False, repeat: Repeat | None = None, apart: str = ""
    ) -> Module:
        """Make a module; of two that are rotated, the second looks at nothing in the first."""
        before = self.known
        self.known = [item for item in before if not (apart and item.id.startswith(apart))]
        seen = len(self.known)
        ask_if = self.truth(2) if condition and self.rng.random() < 0.6 else None
        items = [self.item(f"{name}_{number}") for number in range(n)]
        if self.rng.random() < 0.5:
            items.append(Item(id=f"{name}_note", type="note", text={"en": "Please note."}, ask_if=self.truth(2)))
        if repeat is None and self.rng.random() < 0.5:
            items.append(self.grid(name))
        made = self.known[seen:]
        self.known = before + made
        return Module(id=name, title={"en": name}, items=tuple(items), ask_if=ask_if, repeat=repeat)

    def grid(self, name: str) -> Item:
        rows = tuple(
            Item(
                id=f"{name}_row{number}",
                text={"en": f"Row {number}"},
                ask_if=self.truth(1) if self.rng.random() < 0.4 else None,
            )
            for number in range(3)
        )
        rotate = "start_row" if self.rng.random() < 0.7 else None
        ask_if = self.truth(2) if self.rng.random() < 0.5 else None
        grid = Item(
            id=f"{name}_grid", type="grid", text={"en": "Grid"}, scale="zero", rows=rows, rotate=rotate, ask_if=ask_if
        )
        self.known += [row_of(grid, row) for row in rows]
        return grid

    def item(self, name: str) -> Item:
        kind = self.rng.choice(TYPES)
        text = {"en": f"Question {name}?"}
        ask_if = self.truth(3) if self.known and self.rng.random() < 0.75 else None
        made = {"id": name, "text": text, "ask_if": ask_if}
        match kind:
            case "single":
                item = Item(
                    **made, scale=self.rng.choice(tuple(SCALES)), shuffle=self.rng.choice((None, None, "order"))
                )
            case "multiple":
                item = Item(
                    **made, type="multiple", scale=self.rng.choice(("zero", "region", "bare")), **self.several()
                )
            case "integer":
                low = self.rng.choice((None, -5, 0, 1))
                high = self.rng.choice((None, 20, 90))
                missing = self.rng.choice((None, {}, {-1: "refused"})) if low is not None and low >= 0 and high else {}
                item = Item(**made, type="integer", minimum=low, maximum=high, missing=missing)
            case "decimal":
                item = Item(**made, type="decimal", minimum=0, maximum=self.rng.choice((9.5, 50)), missing={})
            case "text" | "date" | "random":
                item = Item(**made, type=kind)
            case "arm":
                item = Item(**made, type="arm", scale="bare", shares=self.rng.choice(((), (1, 2, 3))))
            case _:
                item = Item(**made, type="calculated", value=self.number(3) if self.known else "1 + 1")
        if kind in {"single", "integer", "date", "decimal"} and self.known and self.rng.random() < 0.3:
            item = Item(**{**{name: getattr(item, name) for name in _FIELDS}, "constraint": self.own(item)})
        self.known.append(item)
        return item

    def several(self) -> dict[str, object]:
        return {"most": 2} if self.rng.random() < 0.3 else {"shuffle": "order"} if self.rng.random() < 0.3 else {}

    def own(self, item: Item) -> str:
        """Write a constraint, which looks at the item itself."""
        self.known.append(item)
        try:
            parts = [self.comparison(item), self.truth(1)]
        finally:
            self.known.pop()
        return self.rng.choice((" and ", " or ")).join(parts)

    # ---------------------------------------------------------------------------------------------------- conditions
    def truth(self, depth: int) -> str:
        chance = self.rng.random()
        if depth == 0 or chance < 0.4:
            return self.comparison(self.rng.choice(self.known))
        if chance < 0.7:
            return self.rng.choice((" and ", " or ")).join(
                f"({self.truth(depth - 1)})" for _ in range(self.rng.choice((2, 2, 3)))
            )
        if chance < 0.85:
            return f"not ({self.truth(depth - 1)})"
        one, other = self.number(1), self.number(1)
        if not any(item.id in one for item in self.known if item.type not in {"single", "arm"} or one != item.id):
            return self.comparison(self.rng.choice(self.known))
        return (
            f"{one} {self.sign()} {other}"
            if self.rng.random() < 0.7
            else f"{self.rng.randint(-3, 3)} <= {one} < {other}"
        )

    def comparison(self, item: Item) -> str:  # noqa: PLR0911 - one per type
        if self.rng.random() < 0.12 and item.type not in {"arm", "random", "calculated"}:
            return f"answered({item.id})"
        match item.type:
            case "single" | "arm":
                codes = self.codes(item)
                if self.rng.random() < 0.3:
                    some = self.rng.sample(codes, self.rng.randint(1, len(codes)))
                    return f"{item.id} {self.rng.choice(('in', 'not in'))} ({', '.join(map(repr, some))},)"
                sign = self.sign() if isinstance(codes[0], int) else self.rng.choice(("==", "!="))
                return f"{item.id} {sign} {self.rng.choice(codes)!r}"
            case "multiple":
                some = self.rng.sample(self.codes(item), self.rng.randint(1, 2))
                if self.rng.random() < 0.3:
                    return f"count_selected({item.id}) {self.sign()} {self.rng.randint(0, 3)}"
                return f"selected({item.id}, {', '.join(map(repr, some))})"
            case "text":
                return f"{item.id} {self.rng.choice(('==', '!='))} {self.rng.choice(TEXTS)!r}"
            case "date":
                if self.rng.random() < 0.3:
                    how, value = self.rng.choice((("year", 2026), ("month", 6), ("month", 1)))
                    return f"{how}({item.id}) {self.sign()} {value}"
                return f"{item.id} {self.sign()} {self.rng.choice(DAYS)!r}"
            case "random":
                return f"{item.id} {self.rng.choice(('<', '>='))} 0.5"
            case _:
                return f"{item.id} {self.sign()} {self.rng.choice((0, 1, 2, 5, 17.5, 18, -3))}"

    def number(self, depth: int) -> str:
        """Write a number."""
        chance = self.rng.random()
        numeric = [item for item in self.known if self.is_number(item)]
        inside = [
            item for item in self.repeated.get("members", []) if item.type in {"integer", "decimal", "calculated"}
        ]
        if depth > 0 and chance < 0.35:
            return f"({self.number(depth - 1)} {self.rng.choice('+-*/')} {self.number(depth - 1)})"
        if depth > 0 and chance < 0.5:
            return f"({self.number(depth - 1)} if {self.truth(1)} else {self.number(depth - 1)})"
        if depth > 0 and chance < 0.6:
            return f"floor({self.number(depth - 1)})"
        if self.repeated and chance < 0.75:
            return (
                f"{self.rng.choice(('sum', 'min', 'max'))}({self.rng.choice(inside).id})"
                if inside
                else "count(members)"
            )
        if not numeric or chance < 0.8:
            return str(self.rng.choice((0, 1, 2, 3, 10, 0.5)))
        return self.rng.choice(numeric).id

    def is_number(self, item: Item) -> bool:
        if item.type in {"single", "arm"}:
            return isinstance(self.codes(item)[0], int)
        return item.type in {"integer", "decimal", "calculated", "random"}

    def codes(self, item: Item) -> tuple[int | str, ...]:
        return SCALES[str(item.scale)].codes

    def sign(self) -> str:
        return self.rng.choice(("==", "!=", "<", "<=", ">", ">="))


_FIELDS = ("id", "text", "ask_if", "type", "scale", "minimum", "maximum", "missing", "shuffle")


def random_instrument(seed: int) -> Instrument:
    """Make the questionnaire of a seed: the first one drawn in which the rules find no error (an item nobody reaches is none here)."""
    for attempt in range(200):
        made = Maker(seed * 1000 + attempt).instrument(seed)
        if not any(problem.severity == "error" and problem.code != "I013" for problem in check(made)):
            return made
    raise RuntimeError(f"Seed {seed} makes no sound questionnaire.")
