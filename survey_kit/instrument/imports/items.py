"""Rows of a form as items: their words, answers, limits, routes and draws."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from survey_kit.instrument.imports.choices import Choices, missing_kind
from survey_kit.instrument.imports.expressions import Cells, Computed, Limits, drawn, joined, typed_codes
from survey_kit.instrument.imports.headers import FormRow, Sheets, Teller
from survey_kit.instrument.imports.hints import Hint, generated, read_hint
from survey_kit.instrument.imports.logic import Scope, Target, plain_name
from survey_kit.instrument.imports.tree import Entry
from survey_kit.instrument.imports.xpath_tree import Unreadable, read_xpath
from survey_kit.instrument.model import Item, Scale
from survey_kit.types import Code, MissingKind

PIPED = re.compile(r"\$\{\s*([\w.:-]+)\s*\}")
_YES, _NO = {"yes", "true", "true()", "1"}, {"no", "false", "false()", "0", ""}
_SILENT_LOSS = ("default", "trigger", "read_only", "save_to", "autoplay", "intent", "guidance_hint")


@dataclass(slots=True)
class Items:
    """Makes items of rows, once everything that conditions may look at is known."""

    sheets: Sheets
    choices: Choices
    tell: Teller
    names: dict[str, str] = field(default_factory=dict)  # form name -> item id
    shown: dict[str, str] = field(default_factory=dict)  # form name of a label -> item id
    hints: dict[int, Hint] = field(default_factory=dict)
    limits: dict[str, Limits] = field(default_factory=dict)
    targets: dict[str, Target] = field(default_factory=dict)
    missing: dict[str, Mapping[Code, MissingKind]] = field(default_factory=dict)  # by item id, of what has no list
    kinds: dict[Code, MissingKind] = field(default_factory=dict)
    scales: dict[str, Scale] = field(default_factory=dict)
    default: dict[Code, MissingKind] = field(default_factory=dict)
    repeats: dict[str, str] = field(default_factory=dict)
    counts: dict[str, str] = field(default_factory=dict)
    always: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)  # lists whose answers are not read out
    seeds: dict[str, str] = field(default_factory=dict)  # form name of a seed -> draw
    reasons: dict[str, Entry] = field(default_factory=dict)  # form name -> the question for the reason of no answer
    computed: dict[str, tuple[Entry, Computed, str | None]] = field(default_factory=dict)  # by item, with its condition
    called: dict[Code, dict[str, str]] = field(default_factory=dict)  # words of codes that are typed in

    # -------------------------------------------------------------------------------------------------- what there is
    def know(self, entries: Sequence[Entry]) -> None:
        """Learn the names, types, answers and missing codes of all rows that become items."""
        for one in self.choices.lists.values():
            for code, kind in one.missing.items():
                self.kinds.setdefault(code, kind)
        for entry in entries:
            hint = self.hints[entry.row.number] = read_hint(entry.row.texts.get("hint", {}))
            for code, told in hint.words.items():
                self.called.setdefault(code, dict(told))
            target = self._target(entry)
            self.names[entry.name] = target.id
            self.targets.setdefault(entry.name, target)
        self.default = self.choices.default(list(self.missing.values()))
        for entry in entries:
            if entry.type.item == "date" and not self._required(entry, quiet=True) and entry.name not in self.reasons:
                own = self.targets[entry.name]
                self.targets[entry.name] = replace(own, missing=tuple(self.default))

    def _target(self, entry: Entry) -> Target:
        own = self.item_id(entry)
        kind = entry.type.item or "text"
        if kind in {"single", "multiple"}:
            found = self.choices.lists.get(entry.type.list_name)
            self.choices.used.add(entry.type.list_name)
            if found is None:
                return Target(id=own, type=kind)
            return Target(
                id=own, type=kind, codes=tuple(one.code for one in found.answers), missing=tuple(found.missing)
            )
        if kind == "calculated":
            draw = self._draw(entry)
            return Target(id=own, type=draw[0], codes=draw[1]) if draw else Target(id=own, type="calculated")
        if kind in {"integer", "decimal"}:
            self.missing[own] = self._typed(entry)
            return Target(id=own, type=kind, missing=tuple(self.missing[own]))
        if entry.name in self.reasons:
            self.missing[own] = self._reasons(self.reasons[entry.name])
            codes = tuple(code for code in self.missing[own] if kind != "text" or isinstance(code, str))
            return Target(id=own, type=kind, missing=codes)
        return Target(id=own, type=kind)

    def _reasons(self, entry: Entry) -> dict[Code, MissingKind]:
        """Give the codes of the question why there is no answer."""
        found = self.choices.lists.get(entry.type.list_name)
        self.choices.used.add(entry.type.list_name)
        out: dict[Code, MissingKind] = dict(found.missing) if found else {}
        for one in found.answers if found else ():
            out[one.code] = missing_kind(one.texts, one.code, certain=True) or "unknown"
        return out

    def _typed(self, entry: Entry) -> dict[Code, MissingKind]:
        told = dict(self.hints[entry.row.number].missing or {})
        for code in typed_codes(entry.row["constraint"]):
            kind = told.get(code) or self.kinds.get(code) or missing_kind({}, code, certain=True)
            if kind is not None:
                told[code] = kind
        return told

    @staticmethod
    def _draw(entry: Entry) -> tuple[str, tuple[int, ...], tuple[float, ...]] | None:
        try:
            return drawn(read_xpath(entry.row["calculation"])) if entry.row["calculation"] else None
        except Unreadable:
            return None

    def item_id(self, entry: Entry) -> str:
        """Give the id of an item: its name, without what no id may hold."""
        return plain_name(entry.name) if entry.name else f"row_{entry.row.number}"

    def cells(self) -> Cells:
        """Give the reader of the cells that hold XPath."""
        return Cells(
            scope=Scope(targets=self.targets, repeats=self.repeats, counts=self.counts),
            tell=self.tell,
            always=frozenset(self.always),
        )

    # ---------------------------------------------------------------------------------------------------------- items
    def item(self, entry: Entry, outside: Sequence[str | None] = ()) -> Item | None:
        """Make an item; `outside` are the conditions of the groups that it takes with it. None for one never asked."""
        row, cells = entry.row, self.cells()
        self._named(entry)
        self._dropped(entry)
        route = cells.condition(entry)
        if route is False:
            route = self.never(entry)
            if route is None:
                return None
        ask_if = joined([*outside, route if isinstance(route, str) else None])
        own = self.item_id(entry)
        column = entry.name if entry.name and entry.name != own else None
        base = Item(id=own, type=entry.type.item or "text", ask_if=ask_if, column=column, text=self.texts(row, "label"))
        if base.type == "calculated":
            return self._computed(entry, base, cells)
        self._said(entry, base)
        hint = self.hints.get(row.number, Hint())
        base = replace(base, instruction=self.piped(hint.instruction), showcard=hint.showcard)
        if base.type == "note":
            return replace(base, showcard=None, column=None)
        return self._question(entry, base, cells)

    def never(self, entry: Entry) -> str | None:
        """Give a condition that nothing meets, for what a form never asks; None where there is no question to look at."""
        first = next((one.id for name, one in self.targets.items() if name != entry.name), None)
        done = "is kept with a condition that nothing meets" if first else "is left out"
        self.tell("X112", entry.place, f"'{entry.name}' is never asked; it {done}.", "Remove it.", note=True)
        return f"answered({first}) and not answered({first})" if first else None

    def _question(self, entry: Entry, base: Item, cells: Cells) -> Item:
        row, target = entry.row, self.targets[entry.name]
        limits = cells.limits(row["constraint"], entry.place, target)
        message = self.texts(row, "constraint_message")
        if generated(message, "between", "invalid", "at_most"):
            message = {}
        item = replace(
            base,
            minimum=limits.minimum,
            maximum=limits.maximum,
            exclusive=limits.exclusive,
            most=limits.most if base.type == "multiple" else None,
            constraint=limits.constraint,
            message=message,
            optional=not self._required(entry) and entry.name not in self.reasons,
        )
        if item.type in {"single", "multiple"}:
            return replace(item, scale=self._scale(entry), shuffle=self._shuffled(entry, item))
        if entry.type.word == "range":
            item = self._range(entry, item)
        own: Mapping[Code, MissingKind] | None = self.missing.get(item.id)
        if own is None:
            own = None if item.optional and item.type in {"text", "date"} else {}
        self._mentioned(entry, item, own or {})
        return replace(item, missing=None if own is None or dict(own) == self.default else dict(own))

    def _computed(self, entry: Entry, base: Item, cells: Cells) -> Item | None:
        row, draw = entry.row, self._draw(entry)
        if draw is not None:
            kind, codes, shares = draw
            if "once(" not in row["calculation"].replace(" ", "") and ". = ''" not in row["calculation"]:
                message = f"'{entry.name}' is drawn anew whenever the form is computed; here it is drawn once."
                self.tell("X118", entry.place, message, "Write once(...).", note=True)
            if kind == "random":
                return replace(base, type="random", role="design")
            scale = Scale(codes=codes, labels={code: dict.fromkeys(self.sheets.languages, str(code)) for code in codes})
            equal = len({round(one, 9) for one in shares}) < 2
            whole = () if equal else tuple(round(one, 9) for one in shares)
            return replace(base, type="arm", role="design", scale=scale, shares=whole)
        if not row["calculation"]:
            self.tell("X110", entry.place, f"'{entry.name}' has no calculation.", "Fill 'calculation' in.")
            return None
        made = cells.value(row["calculation"], entry.place)
        if made is None:
            return None
        self.computed[base.id] = entry, made, base.ask_if
        return replace(base, value=made.value, ask_if=joined([base.ask_if, made.opens]))

    def _scale(self, entry: Entry) -> str | Scale:
        name = entry.type.list_name
        if entry.type.word in {"acknowledge", "trigger"}:
            return Scale(codes=("OK",), labels={"OK": dict.fromkeys(self.sheets.languages, "OK")})
        if entry.type.other:
            message = f"'{entry.name}' takes another answer than those of the list (or_other); that is not expressed."
            self.tell(
                "X114", entry.place, message, f"Add the answer to the list and a text item for it after '{entry.name}'."
            )
        if name not in self.choices.lists:
            self.tell("X107", entry.place, f"There is no list of choices '{name}'.", _near(name, self.choices.lists))
        if self.hints.get(entry.row.number, Hint()).silent:
            self.silent.add(name)
        return name

    def _shuffled(self, entry: Entry, item: Item) -> str | None:
        """Read the order and the filter of choices."""
        parameters, text = (entry.row[one].replace(" ", "") for one in ("parameters", "choice_filter"))
        found = self.choices.lists.get(entry.type.list_name)
        seed = re.search(r"seed=\$\{([\w.:-]+)\}", parameters)
        if found is not None and found.orders:
            seed = re.fullmatch(rf"order=int\(coalesce\(\$\{{([\w.:-]+)\}},0\)\*{found.orders}\)\+1", text)
        if text and not (seed and found and found.orders):
            self._filter(entry)
        if "randomize=true" not in parameters.lower() and not (seed and found and found.orders):
            return None
        draw = self.names.get(self.seeds.get(seed[1], seed[1]), "") if seed else ""
        if any(one.id == draw and one.type == "random" for one in self.targets.values()):
            return draw
        message = f"The answers of '{entry.name}' stand in a random order without a recorded draw."
        self.tell("X118", entry.place, message, f"Add an item of type random and 'shuffle:' to '{item.id}'.")
        return None

    def _filter(self, entry: Entry) -> None:
        text = entry.row["choice_filter"]
        try:
            node = read_xpath(text)
        except Unreadable as fault:
            self.tell("X111", entry.place, f"The cell 'choice_filter' cannot be read: {fault.message}", fault.fix)
            return
        known = {"name", "label", "order", *self.sheets.extra}
        for column in columns(node):
            if column not in known:
                message = f"The choice filter looks at the column '{column}', which the choices do not have."
                self.tell("X114", entry.place, message, _near(column, known - {"label", "order"}))
        rows = self.choices.filtered.get(entry.type.list_name, ())
        for column in columns(node):
            if column in self.sheets.extra and not any(row[column] for row in rows):
                message = f"No choice of '{entry.type.list_name}' has anything in the column '{column}' of the filter."
                self.tell("X114", entry.place, message, "Fill it in.")
        message = f"All answers of '{entry.name}' are shown: choice filters are not expressed."
        self.tell("X114", entry.place, message, "Say in the instruction which answers apply.")

    def _range(self, entry: Entry, item: Item) -> Item:
        given = dict(re.findall(r"(start|end|step)\s*=\s*(-?\d+(?:\.\d+)?)", entry.row["parameters"]))
        whole = all(float(one).is_integer() for one in given.values())
        low, high = (float(given.get(key, start)) for key, start in (("start", 1), ("end", 10)))
        return replace(item, type="integer" if whole else "decimal", minimum=low, maximum=high)

    # ------------------------------------------------------------------------------------------------------- the cells
    def texts(self, row: FormRow, kind: str) -> dict[str, str]:
        """Give the texts of a row in every language; references under the ids of their items."""
        return self.piped(row.texts.get(kind, {}))

    def piped(self, texts: Mapping[str, str]) -> dict[str, str]:
        """Write the references inside texts as those of an instrument."""

        def put(found: re.Match[str]) -> str:
            name = found[1]
            return f"${{{self.shown.get(name) or self.names.get(name) or plain_name(name)}}}"

        return {language: PIPED.sub(put, text) for language, text in texts.items()}

    def _required(self, entry: Entry, *, quiet: bool = False) -> bool:
        text = entry.row["required"].strip().lower()
        if text in _YES:
            return True
        if "(" in text or "${" in text:
            if not quiet:
                message = f"That '{entry.name}' has to be answered under a condition is not kept: {text[:60]}"
                self.tell("X115", entry.place, message, note=True)
        elif text not in _NO and not quiet:
            near = "yes" if text.startswith("y") else "no" if text.startswith("n") else ""
            fix = f"Did you mean '{near}'?" if near else "Write yes or no."
            message = f"'required' is '{entry.row['required'][:60]}', which is neither yes nor no."
            self.tell("X110", entry.place, message, fix)
        return False

    def _named(self, entry: Entry) -> None:
        if not entry.name:
            self.tell("X106", entry.place, f"A question has no name; it becomes '{self.item_id(entry)}'.", "Name it.")
        elif not re.fullmatch(r"[^\W\d][\w.-]*", entry.name):
            message = f"'{entry.name[:60]}' is no name; it becomes '{self.item_id(entry)}'."
            self.tell("X106", entry.place, message, "Use letters, digits and _, no spaces.")
        elif entry.name != self.item_id(entry):
            message = f"'{entry.name}' becomes '{self.item_id(entry)}'; its column in the data keeps its name."
            self.tell("X106", entry.place, message, note=True)

    def _said(self, entry: Entry, item: Item) -> None:
        if not any(item.text.values()):
            self.tell("X109", entry.place, f"'{entry.name}' has no label.", "Write the words of the question.")

    def _dropped(self, entry: Entry) -> None:
        for column in _SILENT_LOSS:
            if entry.row[column] or entry.row.texts.get(column):
                self.tell("X115", entry.place, f"The column '{column}' of '{entry.name}' is not kept.", note=True)

    def _mentioned(self, entry: Entry, item: Item, own: Mapping[Code, MissingKind]) -> None:
        """Tell of codes for no answer that the words name and the limits take for answers."""
        said = " ".join([*item.text.values(), *item.instruction.values()])
        for code, told in re.findall(r"\b(9{1,4}[6789]|8{2,4}|7{2,4})\s*[-:=(–—]+\s*([^;,.()\n]{2,40})", said):
            kind = missing_kind({"": told.strip()}, int(code))
            low, high = item.minimum, item.maximum
            inside = (low is None or int(code) >= low) and (high is None or int(code) <= high)
            if item.type in {"integer", "decimal"} and kind is not None and int(code) not in own and inside:
                message = (
                    f"The words of '{entry.name}' say that {code} is no answer ({kind}); its limits take it for one."
                )
                self.tell(
                    "X120", entry.place, message, f"Let the constraint say '. = {code} or (...)' with limits below it."
                )


def columns(node: object) -> list[str]:
    """Name the bare columns a choice filter looks at."""
    from survey_kit.instrument.imports.xpath_tree import Binary, Call, Column, Filter

    match node:
        case Column(name):
            return [name]
        case Call(_, args):
            return [name for one in args for name in columns(one)]
        case Binary(_, left, right) | Filter(left, right):
            return [*columns(left), *columns(right)]
        case _:
            return []


def _near(name: str, known: object) -> str:
    from survey_kit.errors import did_you_mean

    return did_you_mean(name, known) if isinstance(known, (dict, set, frozenset)) else ""
