"""Groups and repeats of a form as modules and grids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from survey_kit.instrument.imports.expressions import joined
from survey_kit.instrument.imports.form_types import COLLECTED
from survey_kit.instrument.imports.headers import Teller
from survey_kit.instrument.imports.hints import addressed
from survey_kit.instrument.imports.items import Items
from survey_kit.instrument.imports.logic import plain_name
from survey_kit.instrument.imports.tree import Entry
from survey_kit.instrument.imports.undo import Members
from survey_kit.instrument.imports.xpath_tree import Ref, Unreadable, read_xpath
from survey_kit.instrument.model import Collected, Item, Module, Repeat
from survey_kit.language import words

LOOSE, DRAWS = "questions", "draws"
MOST = 30  # members of a repeat whose number nothing bounds


@dataclass(slots=True)
class Modules:
    """Puts items into modules, in the order of the form."""

    items: Items
    tell: Teller
    done: list[Module] = field(default_factory=list)
    collect: dict[Collected, str] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)  # row of each module, grid and item
    title: Mapping[str, str] = field(default_factory=dict)  # of the module that is open
    members: Mapping[str, Members] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)  # name of a group -> module
    _open: list[Item] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)

    def build(self, entries: Sequence[Entry]) -> tuple[Module, ...]:
        """Make the modules of a form."""
        for entry in entries:
            if entry.type.kind == "opens":
                self._loose()
                if entry.type.word == "repeat":
                    self._repeat(entry, ())
                else:
                    self._group(entry)
            else:
                self._entry(entry, ())
        self._loose()
        return tuple(self.done)

    def _loose(self) -> None:
        """End what stands in no group; what is only drawn or computed goes apart from questions."""
        silent = all(item.type in {"arm", "random", "calculated"} for item in self._open)
        self._close(Module(id=DRAWS if silent else LOOSE))

    def _close(self, module: Module, *, keep: bool = False) -> None:
        """End a module with the items that wait."""
        if not self._open and not keep:
            return
        items, self._open = tuple(self._open), []
        name, number = module.id, 1
        while name.casefold() in self._names:
            number += 1
            name = f"{module.id}_{number}"
        self._names.add(name.casefold())
        self.rows.setdefault(f"module {name}", self.rows.get(f"module {module.id}", 1))
        self.done.append(replace(module, id=name, items=items))

    def _group(self, entry: Entry) -> None:
        name = plain_name(entry.name or f"group_{entry.row.number}")
        self.rows[f"module {name}"] = entry.row.number
        self.groups[entry.name] = name
        route = self._route(entry)
        module = Module(id=name, title=self._title(entry), ask_if=route)
        self.title = module.title
        if self._is_grid(entry):
            self._grid(entry, (), own=False)
            self._close(module)
            return
        children, module = self._lead(entry, module)
        for child in children:
            if child.type.kind == "opens" and child.type.word == "repeat":
                self._close(module)
                self._repeat(child, (module.ask_if,))
                module = replace(module, lead_in={}, instruction={})
            else:
                self._entry(child, ())
        self._close(module, keep=bool(module.lead_in or module.instruction))

    def _lead(self, entry: Entry, module: Module) -> tuple[list[Entry], Module]:
        """Take the words that lead into a group out of its first note, where a form of our own wrote it."""
        children = list(entry.children)
        for child in list(children):
            if child.type.item != "note" or child.name not in {f"{entry.name}__lead", f"{entry.name}__back"}:
                continue
            children.remove(child)
            if child.name.endswith("__back"):
                module = replace(module, self_completed=True)
                continue
            label, told = self.items.texts(child.row, "label"), self.items.texts(child.row, "hint")
            plain, is_told = addressed(label)
            if told or not is_told:
                module = replace(module, lead_in=label, instruction=self._told(told))
            else:
                module = replace(module, instruction=self._told(plain))
        return children, module

    def _told(self, texts: Mapping[str, str]) -> dict[str, str]:
        plain = addressed(texts)[0]
        handed = {language: words("xlsform", language)("hand_over") for language in plain}
        out = {language: text.removesuffix(handed[language]).strip() for language, text in plain.items()}
        return out if any(out.values()) else {}

    def _entry(self, entry: Entry, outside: Sequence[str | None]) -> None:
        """Take a row, or a group inside a group, into the module that is open."""
        match entry.type.kind:
            case "opens":
                self._inner(entry, outside)
            case "collected":
                self._collected(entry)
            case "lost":
                message = (
                    f"'{entry.name}' is of the type '{entry.type.word}', which cannot be expressed, and is left out."
                )
                self.tell("X104", entry.place, message, "Keep it in the form, or ask for the same in another way.")
            case _:
                item = self.items.item(entry, outside)
                if item is not None:
                    self.rows[f"item {item.id}"] = entry.row.number
                    self._open.append(item)

    def _inner(self, entry: Entry, outside: Sequence[str | None]) -> None:
        if self._is_grid(entry):
            self._grid(entry, outside, own=True)
            return
        route = self._route(entry)
        conditions = [*outside, route]
        if entry.type.word == "repeat":
            self.tell(
                "X117", entry.place, f"The repeat '{entry.name}' stands in a group or repeat.", "Move it to the top."
            )
        title = self._title(entry)
        if title:
            note = Item(id=plain_name(entry.name or f"group_{entry.row.number}"), type="note", text=title)
            self._open.append(replace(note, ask_if=joined(conditions)))
            self.rows[f"item {note.id}"] = entry.row.number
        message = f"The group '{entry.name}' stands in another; its questions keep its condition, its page is not kept."
        self.tell("X117", entry.place, message, note=True)
        for child in entry.children:
            self._entry(child, conditions)

    # ---------------------------------------------------------------------------------------------------------- grids
    def _is_grid(self, entry: Entry) -> bool:
        """Say whether a group is a page of like questions."""
        if entry.type.word != "group" or not {"field-list", "table-list"} & set(entry.row["appearance"].split()):
            return False
        asked, notes = _asked(entry)
        if any(one.type.kind != "item" or one.type.item == "calculated" for one in asked):
            return False
        if any(note.name == f"{entry.name}__stem" for note in notes):
            return True
        likes = {(one.type.item, one.type.list_name) for one in asked}
        alone = len(asked) > 1 and len(likes) == 1 and asked[0].type.item in {"single", "multiple"}
        return alone and (not notes or (len(notes) == 1 and entry.children[0] is notes[0]))

    def _grid(self, entry: Entry, outside: Sequence[str | None], *, own: bool) -> None:
        route = self._route(entry) if own else None
        asked, notes = _asked(entry)
        lists = Counter(one.type.list_name for one in asked if one.type.list_name)
        scale = lists.most_common(1)[0][0] if lists else None
        rows = []
        for child in asked:
            item = self.items.item(child)
            if item is not None:
                self.rows[f"item {item.id}"] = child.row.number
                rows.append(replace(item, scale=None if item.scale == scale else item.scale))
        if not rows:
            return
        name = plain_name(entry.name or f"group_{entry.row.number}")
        grid_id = name if own else f"{name}_grid"
        self.rows[f"item {grid_id}"] = entry.row.number
        grid = Item(id=grid_id, type="grid", scale=scale, rows=tuple(rows))
        grid = replace(grid, rotate=self.items.names.get(entry.rotate) if entry.rotate else None)
        title = (
            {} if self._title(entry) in (self.title, {}) or _unnamed(self._title(entry), name) else self._title(entry)
        )
        if notes:
            hint = self.items.hints[notes[0].row.number]
            text = self.items.texts(notes[0].row, "label")
            grid = replace(grid, text=text, instruction=dict(hint.instruction), showcard=hint.showcard, label=title)
            if hint.silent and scale:
                self.items.silent.add(scale)
        else:
            grid = replace(grid, text=title)
        self._open.append(replace(grid, ask_if=joined([*outside, route])))

    # -------------------------------------------------------------------------------------------------------- repeats
    def _repeat(self, entry: Entry, outside: Sequence[str | None]) -> None:
        name = plain_name(entry.name or f"repeat_{entry.row.number}")
        self.rows[f"module {name}"] = entry.row.number
        self.groups[entry.name] = name
        self.title = self._title(entry)
        route = self._route(entry)
        count, most = self._count(entry)
        if count is None:
            message = f"The repeat '{entry.name}' has no number of members that can be expressed; it is asked once."
            self.tell(
                "X121", entry.place, message, "Ask for the number first, as an integer, and write it in repeat_count."
            )
        children, module = self._lead(entry, Module(id=name, title=self._title(entry)))
        for child in children:
            self._entry(child, ())
        module = replace(
            module,
            ask_if=joined([*outside, route]),
            repeat=Repeat(count=count, most=most, name=self._title(entry)) if count is not None else None,
        )
        self._close(module)

    def _count(self, entry: Entry) -> tuple[str | None, int]:
        known = self.members.get(entry.name)
        if known is not None:
            return self.items.names.get(known.count, plain_name(known.count)), known.most
        text = entry.row["repeat_count"]
        try:
            node = read_xpath(text) if text else None
        except Unreadable as fault:
            self.tell("X111", entry.place, f"The cell 'repeat_count' cannot be read: {fault.message}", fault.fix)
            return None, 0
        if not isinstance(node, Ref):
            return None, 0
        target = self.items.targets.get(node.name)
        count = target.id if target else plain_name(node.name)
        limits = self.items.limits.get(count)
        if limits is not None and limits.maximum is not None and 1 <= limits.maximum <= 1000:
            return count, int(limits.maximum)
        message = f"Nothing bounds the members of '{entry.name}'; at most {MOST} are asked."
        self.tell("X121", entry.place, message, "Correct 'most:'.", note=True)
        return count, MOST

    # --------------------------------------------------------------------------------------------------------- the rest
    def _route(self, entry: Entry) -> str | None:
        """Give the condition of a group."""
        route = self.items.cells().condition(entry)
        if isinstance(route, bool):
            return None if route else self.items.never(entry)
        return route

    def _title(self, entry: Entry) -> dict[str, str]:
        out = {}
        for language, text in self.items.texts(entry.row, "label").items():
            out[language] = text.removeprefix(f"{words('form', language)('pilot')} · ")
        return {} if _unnamed(out, entry.name) else out

    def _collected(self, entry: Entry) -> None:
        what = COLLECTED[entry.type.word]
        if what is None:
            message = f"'{entry.name}' is the day of the interview as the device knows it."
            self.tell("X116", entry.place, f"{message} It is left out.", "Ask for the date as an item of type date.")
            return
        self.collect.setdefault(what, "Recorded by the form this instrument was made from; say why, or remove it.")
        message = f"The form records more than answers: '{entry.type.word}' ({what})."
        self.tell("X116", entry.place, message, "Give the reason under 'collect:', or remove it.", note=True)


def _asked(entry: Entry) -> tuple[list[Entry], list[Entry]]:
    """Give the questions of a group, and its notes."""
    notes = [one for one in entry.children if one.type.item == "note"]
    return [one for one in entry.children if one not in notes], notes


def _unnamed(title: Mapping[str, str], name: str) -> bool:
    """Say whether a heading is no more than the name of its group."""
    return bool(title) and set(title.values()) <= {name, name.removesuffix("__group")}
