"""Items as rows of a form: their type, limits, route and words; draws, computed values, answers that stand in copies."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from survey_kit.instrument.export.xlsform_draws import balanced, drawn
from survey_kit.instrument.export.xlsform_words import FormWords, Row, piped
from survey_kit.instrument.expressions import constants, parse_value
from survey_kit.instrument.model import Item, Module, Problem
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.xpath import calculation, constraint, relevant

ColumnKind: TypeAlias = Literal["copy", "label", "missing", "note", "count", "seed", "record"]
LARGEST = 999_999_999  # of ODK's whole numbers
SHORT = 12  # answers that are put into balanced orders; of more there are too many
_COUNT = re.compile(r"count\(\$\{(\w+)\}\)")
_TYPES = {"integer": "integer", "decimal": "decimal", "number": "decimal", "text": "text", "date": "date"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FormColumn:
    """A column of the exported answers that is no item of the instrument.

    Attributes
    ----------
    item
        The item it belongs to, if any.
    kind
        ``copy``: the item asked at one of its places (the item's own column holds the answer of whichever was shown);
        ``label``: the words of its answer, for later texts; ``missing``: why a date or an open text was not given; ``note``: shown only, always blank;
        ``count``: how many members are asked (rows of members beyond it are blank); ``seed``: the whole number behind a random order; ``record``: recorded by the device.
    """

    column: str
    item: str | None
    kind: ColumnKind


@dataclass(slots=True)
class FormRows:
    """The rows of a form as they are written, with the columns that are no items and what had to be emulated."""

    instrument: Instrument
    words: FormWords
    rows: list[Row] = field(default_factory=list)
    columns: list[FormColumn] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    copies: dict[str, list[str]] = field(default_factory=dict)  # item -> the names it is asked under
    shown: frozenset[str] = frozenset()  # items whose answers are shown in texts
    seeds: frozenset[str] = frozenset()  # drawn numbers that order answers
    members: frozenset[str] = frozenset()  # repeated modules

    def __post_init__(self) -> None:
        self.shown = frozenset(piped(self.instrument))
        self.seeds = frozenset(item.shuffle for item in self.instrument.items if item.shuffle)
        self.members = frozenset(module.id for module in self.instrument.modules if module.repeat)

    def add(self, kind: str, name: str, **cells: str) -> None:
        """Add a row; blank cells are left out."""
        row = {"type": kind, "name": name, **cells}
        self.rows.append({column: self._counted(value) for column, value in row.items() if value})

    def _counted(self, cell: str) -> str:
        """Count members by the number that was asked for: devices keep what was filled in before the number fell."""
        return _COUNT.sub(lambda found: f"${{{found[1]}__n}}" if found[1] in self.members else found[0], cell)

    def own(self, column: str, item: str | None, kind: ColumnKind) -> None:
        """Remember a column that is no item."""
        self.columns.append(FormColumn(column=column, item=item, kind=kind))

    def tell(self, code: str, where: str, message: str, fix: str = "", *, error: bool = False) -> None:
        """Remember what is emulated (a note) or cannot be expressed (an error)."""
        severity: Literal["error", "note"] = "error" if error else "note"
        self.problems.append(Problem(code=code, severity=severity, where=where, message=message, fix=fix))

    # -------------------------------------------------------------------------------------------------------- items
    def item(self, item: Item, module: Module, *, suffix: str = "", when: str = "", row: bool = False) -> None:
        """Write an item under its own id, or as one of its copies `suffix`, shown `when` it is its turn."""
        name = f"{item.id}__{suffix}" if suffix else item.id
        route = both(when, relevant(self.instrument, item.ask_if))
        if item.type == "note":
            self._note(item, module, name, route)
        elif item.type in {"calculated", "arm", "random"}:
            self._computed(item, route)
        else:
            self._question(item, module, name, route, row=row)
        if item.type != "note":
            self.copies.setdefault(item.id, []).append(name)
        if suffix:
            self.own(name, item.id, "note" if item.type == "note" else "copy")

    def design(self, item: Item, condition: str | None) -> None:
        """Write a draw or a computed value outside its module, under the whole condition."""
        self._computed(item, relevant(self.instrument, condition))
        self.copies.setdefault(item.id, []).append(item.id)

    def settle(self, item_ids: Sequence[str]) -> None:
        """Give each item that stands in copies its own column, and each that later texts show its words."""
        for item_id in item_ids:
            names = self.copies[item_id]
            if names != [item_id]:
                kind = {"decimal": "decimal", "number": "decimal", "date": "date"}.get(
                    self.instrument.item(item_id).type, ""
                )
                shown = _coalesce([f"${{{name}}}" for name in names])
                self.add("calculate", item_id, calculation=shown, **{"bind::type": kind})
            if item_id in self.shown:
                self._label(item_id, names)

    def computed(self, item: Item) -> str:
        """Give the XPath of a draw or a computed value.

        Examples
        --------
        >>> from survey_kit.instrument.model import Scale
        >>> arm = Item(id="arm", type="arm", scale=Scale(codes=(1, 2, 3)), shares=(2, 1, 1))
        >>> form = Instrument(id="a", version="1", modules=(Module(id="m", items=(arm,)),))
        >>> FormRows(form, FormWords(form, ("en",), {})).computed(arm)
        'once(if(random() < 0.5, 1, if(random() < 0.5, 2, 3)))'
        """
        if item.type == "random":
            return "once(random())"
        if item.type == "arm":
            return f"once({drawn(self.instrument.codes(item.id), item.shares)})"
        return calculation(self.instrument, item.value or "")

    def _computed(self, item: Item, route: str) -> None:
        # a device writes small and large numbers like 1E-4, which it does not read again unless they are declared as decimals
        kind = {"bind::type": "decimal"} if item.type == "random" or broken(self.instrument, item) else {}
        self.add("calculate", item.id, relevant=route, calculation=self.computed(item), **kind)
        if item.id in self.seeds:  # devices cut a seed to a whole number, so that all numbers below 1 were the same
            self.add("calculate", f"{item.id}__seed", calculation=f"int(coalesce(${{{item.id}}}, 0) * {LARGEST}) + 1")
            self.own(f"{item.id}__seed", item.id, "seed")

    def _choices(self, item: Item, *, alone: bool) -> Row:
        """Give the cells that say which choices an item has and in which order they are shown.

        Codes that are no answers, and answers that stand alone, keep their place at the end: the others then stand in one of the
        balanced orders, which the drawn number chooses.
        """
        select = "select_one" if item.type == "single" else "select_multiple"
        codes = self.instrument.codes(item.id)
        if spaced := [code for code in (*codes, *self.instrument.missing_codes(item.id)) if " " in str(code)]:
            message = f"The code {spaced[0]!r} of '{item.id}' holds a space, which parts several answers in a form."
            self.tell("X011", item.id, message, "Write codes without spaces.", error=True)
        last = [place for place, code in enumerate(codes) if code in item.exclusive]
        moved = [place for place in range(len(codes)) if place not in last]
        if not item.shuffle or len(moved) < 2:
            return {"type": f"{select} {self.words.choices(item, alone=alone)}"}
        where, seed = item.id, f"${{{item.shuffle}}}"
        if (last or self.instrument.missing_codes(item.id)) and len(moved) <= SHORT:
            orders = tuple((*(moved[one] for one in order), *last) for order in balanced(len(moved)))
            kind = f"{select} {self.words.choices(item, alone=alone, orders=orders)}"
            message = f"The answers of '{where}' stand in {len(orders)} orders, of which '{item.shuffle}' chooses one; what is no answer stays last."
            self.tell("X003", where, message)
            return {"type": kind, "choice_filter": f"order = int(coalesce({seed}, 0) * {len(orders)}) + 1"}
        if last or self.instrument.missing_codes(item.id):
            self.tell(
                "X003", where, f"Codes that are no answers stand anywhere among the shuffled answers of '{where}'."
            )
        kind = f"{select} {self.words.choices(item, alone=alone)}"
        return {"type": kind, "parameters": f"randomize=true, seed=${{{item.shuffle}__seed}}"}

    def _question(self, item: Item, module: Module, name: str, route: str, *, row: bool) -> None:
        alone, words = self.words.alone(module), self.words
        cells = {**words.cells("label", item.text or item.label or dict.fromkeys(words.languages, item.id))}
        cells |= words.hint(item, alone=alone, row=row)
        uncoded = item.type in {"date", "text"} and bool(self.instrument.missing_codes(item.id))
        if not item.optional and not uncoded:
            cells |= {"required": "yes", **words.cells("required_message", words.phrase("required"))}
        cells["relevant"] = route
        cells["constraint"] = constraint(self.instrument, item.id)
        if cells["constraint"]:
            cells |= words.cells("constraint_message", item.message or self._limits(item))
        kind = _TYPES.get(item.type, "")
        if item.type in {"single", "multiple"}:
            cells |= self._choices(item, alone=alone)
            cells["appearance"] = self._appearance(item)
            kind = cells.pop("type")
        self.add(kind, name, **cells)
        if uncoded and not item.optional:
            self._why(item, name, route, alone=alone)
        self._bounds(item)

    def _note(self, item: Item, module: Module, name: str, route: str) -> None:
        words = self.words
        hint = words.cells("hint", words.to_interviewer(item.instruction, alone=words.alone(module)))
        label = words.cells("label", item.text or dict.fromkeys(words.languages, item.id))
        self.add("note", name, **label, **hint, relevant=route)
        if name == item.id:
            self.own(name, item.id, "note")

    def _why(self, item: Item, name: str, route: str, *, alone: bool) -> None:
        """Ask why a date or an open text was not given: their fields take no codes."""
        column, words = f"{name}__missing", self.words
        kind = f"select_one {words.missing_choices(item, alone=alone)}"
        cells = {"required": "yes", **words.cells("required_message", words.phrase("required"))}
        label = words.cells("label", words.phrase("why_none", use="xlsform"))
        self.add(kind, column, **label, **cells, relevant=both(route, f"${{{name}}} = ''"))
        self.own(column, item.id, "missing")
        message = f"A {item.type} takes no codes; '{column}' asks for the reason when '{name}' is left blank."
        if name == item.id or name.endswith(("__a", "__aa")):
            self.tell("X006", item.id, message)

    def _limits(self, item: Item) -> dict[str, str]:
        if item.type == "multiple" and item.most is not None:
            return self.words.phrase("at_most", number=item.most)
        if item.minimum is not None and item.maximum is not None and not item.constraint:
            return self.words.phrase("between", low=f"{item.minimum:.15g}", high=f"{item.maximum:.15g}")
        return self.words.phrase("invalid")

    def _appearance(self, item: Item) -> str:
        """Put numbers side by side where a scale only names its ends; words stand one below the other."""
        scale = self.instrument.scale_of(item.id)
        return "columns-pack" if scale and not scale.labels and len(scale.codes) > 3 else ""

    def _bounds(self, item: Item) -> None:
        if item.type == "integer" and max(abs(item.minimum or 0), abs(item.maximum or 0)) > LARGEST:
            message = f"Whole numbers on the device have at most 9 digits; '{item.id}' allows more."
            self.tell("X010", item.id, message, "Ask for thousands or millions, or write 'type: decimal'.", error=True)

    def _label(self, item_id: str, names: Sequence[str]) -> None:
        item = self.instrument.item(item_id)
        if item.type == "single":
            label = _coalesce([f"jr:choice-name(${{{name}}}, '${{{name}}}')" for name in names])
            self.add("calculate", f"{item_id}__label", calculation=label)
            self.own(f"{item_id}__label", item_id, "label")
            message = f"Texts show the words of '{item_id}' through '{item_id}__label', in the language chosen when it was answered."
            self.tell("X007", item_id, message)
        elif item.type in {"multiple", "arm"}:
            fix = "Write the texts without it, or one text for each answer."
            self.tell(
                "X007", item_id, f"Texts show '{item_id}' by its codes: a form has no words for it.", fix, error=True
            )


def broken(instrument: Instrument, item: Item) -> bool:
    """Say whether a computed value is a number that need not be whole.

    Examples
    --------
    >>> half = Item(id="half", type="calculated", value="n / 2")
    >>> form = Instrument(id="a", version="1", modules=(Module(id="m", items=(Item(id="n", type="integer"), half)),))
    >>> broken(form, half)
    True
    """

    def number(node: ast.expr) -> bool | None:  # whether it is broken; None for what is no number
        match node:
            case ast.Name(id=name):
                other = instrument.item(name)
                if other.type == "calculated" and other.value is not None:
                    return number(parse_value(other.value).tree)
                return (
                    True
                    if other.type in {"decimal", "number", "random"}
                    else False
                    if other.type == "integer"
                    else None
                )
            case ast.BinOp(left=left, op=op, right=right):
                return isinstance(op, ast.Div) or bool(number(left)) or bool(number(right))
            case ast.IfExp(body=body, orelse=orelse):
                sides = (number(body), number(orelse))
                return None if None in sides else any(sides)
            case ast.Call(func=ast.Name(id=how), args=[ast.Name(id=name)]) if how in {"sum", "min", "max"}:
                return number(ast.Name(id=name))
            case ast.Call() | ast.UnaryOp():
                return any(isinstance(one, float) for one in constants(node))
            case ast.Constant(value=value):
                return None if isinstance(value, str) else isinstance(value, float)
            case _:
                return None

    return item.type == "calculated" and item.value is not None and bool(number(parse_value(item.value).tree))


def both(one: str, other: str) -> str:
    """Join two XPath conditions, either of which may be blank.

    Examples
    --------
    >>> both("${a} = 1", ""), both("${a} = 1", "${b} = 2 or ${c} = 3")
    ('${a} = 1', '(${a} = 1) and (${b} = 2 or ${c} = 3)')
    """
    return f"({one}) and ({other})" if one and other and one != other else one or other


def _coalesce(parts: Sequence[str]) -> str:
    """Take the first that is not blank."""
    return f"coalesce({parts[0]}, {_coalesce(parts[1:])})" if len(parts) > 1 else parts[0]
