"""Modules, grids and repeated modules as groups of a form; parts in a drawn order as copies of which one at a time is shown.

Under its own id an item that stands in copies takes the answer of whichever was shown. A row in a drawn order inside a module in a drawn
order has up to four copies, ``<id>__aa`` to ``<id>__bb``: the first letter is that of the module, the second that of the row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from survey_kit.instrument.export.xlsform_draws import Place, places
from survey_kit.instrument.export.xlsform_items import FormRows, both
from survey_kit.instrument.model import DRAWN, Item, Module, Rotation
from survey_kit.instrument.questionnaire import joined, row_of
from survey_kit.instrument.xpath import relevant

_WITHOUT_COPIES = DRAWN | {"calculated"}


def write_modules(form: FormRows) -> None:
    """Write all modules in their order, rotated ones as copies."""
    rotated = dict(_rotations(form))
    done: set[str] = set()
    for module in form.instrument.modules:
        if module.id in done:
            continue
        rotation = rotated.get(module.id)
        if rotation is None:
            _module(form, module)
            continue
        _rotated(form, rotation)
        done |= set(rotation.modules)


def _rotations(form: FormRows) -> Iterator[tuple[str, Rotation]]:
    """Give the rotation of each module that has one which can be written."""
    present = {module.id: module for module in form.instrument.modules}
    taken: set[str] = set()
    for name, rotation in form.instrument.rotations.items():
        here = [one for one in rotation.modules if one in present]
        repeated = [one for one in here if present[one].repeat]
        if len(here) < 2:
            continue
        if len(repeated) > 1 or taken & set(here):
            message = f"The rotation '{name}' cannot be written; its modules stand in the order of the questionnaire."
            fix = "Keep one repeated module in a rotation, and each module in one rotation."
            form.tell("X002", f"rotations.{name}", message, fix, error=True)
            continue
        taken |= set(here)
        yield from ((one, rotation) for one in here)


def _rotated(form: FormRows, rotation: Rotation) -> None:
    """Write rotated modules; their draws and computed values stand once, before all copies."""
    modules = {module.id: module for module in form.instrument.modules}
    size = len(rotation.modules)
    repeated = [place for place, name in enumerate(rotation.modules) if name in modules and modules[name].repeat]
    pivot = repeated[0] if repeated else size - 1
    inside = [modules[name] for name in rotation.modules if name in modules]
    once = [item for module in inside for item in module.items if item.type in _WITHOUT_COPIES and not module.repeat]
    for item in once:
        form.design(item, form.instrument.condition(item.id))
    form.settle([item.id for item in once])
    for place in places(rotation.start, size, pivot):
        module = modules.get(rotation.modules[place.part])
        if module is not None:
            _module(form, module, suffix=place.copy, when=place.when, once=not module.repeat)
    asked = [item for module in inside for item in _leaves(module) if item not in once and not module.repeat]
    form.settle([item.id for item in asked])
    message = f"The modules {', '.join(rotation.modules)} stand in {2 * size - 1} places; '{rotation.start}' shows {size} of them."
    form.tell("X001", f"rotations.{rotation.start}", message)


def _module(form: FormRows, module: Module, *, suffix: str = "", when: str = "", once: bool = False) -> None:
    """Write a module as a group, or as one of its copies; `once` leaves out what stands before all copies."""
    if module.repeat is not None:
        _members(form, module, when)
        return
    if not _shown(module):  # a form has no group without questions
        for item in module.items if not once else ():
            form.design(item, form.instrument.condition(item.id))
        form.settle([item.id for item in module.items] if not once else [])
        return
    name = _named(form, module.id, suffix)
    route = both(when, relevant(form.instrument, module.ask_if))
    form.add("begin_group", name, **form.words.heading(module.title, module.id), relevant=route)
    _lead_in(form, module, suffix)
    _body(form, module, suffix=suffix, once=once)
    _hand_back(form, module, suffix)
    form.add("end_group", name)


def _members(form: FormRows, module: Module, when: str) -> None:
    """Write a repeated module: its words once, then a group for each member."""
    repeat = module.repeat
    if repeat is None:
        return
    form_, words = form.instrument, form.words
    if any(item.id == module.id for item in (*form_.items, *_headings(form))):
        message = f"The repeated module '{module.id}' and an item have the same name."
        form.tell("X011", module.id, message, "Rename one of them.", error=True)
    if not _shown(module):
        message = f"The repeated module '{module.id}' asks nothing, and a form has no empty groups."
        form.tell("X011", module.id, message, "Compute outside of it.", error=True)
    count, number = repeat.count, f"{module.id}__n"
    most = f"if(${{{count}}} > {repeat.most}, {repeat.most}, int(${{{count}}}))"
    some = relevant(form_, joined(module.ask_if, f"{count} >= 1"))
    form.add("calculate", number, calculation=f"if({some}, {most}, 0)")
    route = both(when, f"${{{number}}} > 0")
    form.own(number, count, "count")
    if module.lead_in or module.instruction or module.self_completed:
        outer = f"{module.id}__head"
        form.add("begin_group", outer, **words.heading(module.title, module.id), relevant=route)
        _lead_in(form, module, "")
        form.add("end_group", outer)
    heading = words.heading(repeat.name or module.title, module.id)
    form.add("begin_repeat", module.id, **heading, repeat_count=f"${{{number}}}", relevant=route)
    # devices keep members when their number falls; those beyond it are closed
    form.add("begin_group", f"{module.id}__each", relevant=f"position(..) <= ${{{number}}}")
    _body(form, module)
    form.add("end_group", f"{module.id}__each")
    form.add("end_repeat", module.id)
    _hand_back(form, module, "", when=route)


def _body(form: FormRows, module: Module, *, suffix: str = "", once: bool = False) -> None:
    for item in module.items:
        if once and item.type in _WITHOUT_COPIES:
            continue
        if item.type == "grid":
            _grid(form, item, module, suffix=suffix, settle=not once)
        else:
            form.item(item, module, suffix=suffix)
            if item.type != "note" and not once:
                form.settle([item.id])


def _grid(form: FormRows, grid: Item, module: Module, *, suffix: str, settle: bool) -> None:
    """Write a grid as one page: its words, then its rows, in a drawn order if it has one."""
    words, name = form.words, _named(form, grid.id, suffix, grid=True)
    alone = words.alone(module)
    route = relevant(form.instrument, grid.ask_if)
    heading = words.heading(grid.label, grid.id) if grid.label else {}
    form.add("begin_group", name, **heading, relevant=route, appearance="field-list")
    rows = [row_of(grid, row) for row in grid.rows]
    if grid.text or grid.instruction or grid.showcard:
        stem = f"{name}__stem"
        first = rows[0] if rows else grid
        hint = words.hint(_stem(grid, first), alone=alone)
        form.add(
            "note",
            stem,
            **words.cells("label", grid.text or grid.label or {form.instrument.source_language: grid.id}),
            **hint,
        )
        form.own(stem, None, "note")
    if grid.rotate and len(rows) > 1:
        order = places(grid.rotate, len(rows))
        message = f"The rows of '{grid.id}' stand in {len(order)} places; '{grid.rotate}' shows {len(rows)} of them."
        if suffix != "b":
            form.tell("X001", grid.id, message)
    else:
        order = tuple(Place(part=part, copy="", when="") for part in range(len(rows)))
    for place in order:
        row, own = rows[place.part], grid.rows[place.part]
        told = row if own.instruction else _without_instruction(row)
        form.item(told, module, suffix=suffix + place.copy, when=place.when, row=True)
    form.add("end_group", name)
    if settle:
        form.settle([row.id for row in rows])


def _stem(grid: Item, row: Item) -> Item:
    """Give the grid as an item of its own, for the words under its stem."""
    return replace(row, instruction=grid.instruction, showcard=grid.showcard, optional=True)


def _without_instruction(row: Item) -> Item:
    return replace(row, instruction={})


def _lead_in(form: FormRows, module: Module, suffix: str) -> None:
    """Write the words that lead into a module; without any, what the interviewer has to do."""
    words, alone = form.words, form.words.alone(module)
    given = module.self_completed and not words.alone(Module(id=module.id))
    told = words.to_interviewer(module.instruction, alone=alone and not given)
    if given:
        told = words.joined(told, words.phrase("hand_over", use="xlsform"))
    label, hint = (module.lead_in, told) if module.lead_in else (told, {})
    if label:
        name = f"{_named(form, module.id, suffix)}__lead"
        form.add("note", name, **words.cells("label", label), **words.cells("hint", hint))
        form.own(name, None, "note")


def _hand_back(form: FormRows, module: Module, suffix: str, when: str = "") -> None:
    if module.self_completed and not form.words.alone(Module(id=module.id)):
        name = f"{_named(form, module.id, suffix)}__back"
        form.add(
            "note", name, **form.words.cells("label", form.words.phrase("hand_back", use="xlsform")), relevant=when
        )
        form.own(name, None, "note")


def _named(form: FormRows, name: str, suffix: str, *, grid: bool = False) -> str:
    """Name the group of a module or grid, or of one of its copies, apart from everything else that has a name."""
    taken = {item.id.casefold() for item in form.instrument.items}
    taken |= {one.id.casefold() for one in _headings(form) if one.type == "note"}
    taken |= {module.id.casefold() for module in form.instrument.modules} if grid else set()
    return "__".join(part for part in (name, "group" if name.casefold() in taken else "", suffix) if part)


def _headings(form: FormRows) -> Iterator[Item]:
    """Give what has an id and holds no answer."""
    for module in form.instrument.modules:
        yield from (item for item in module.items if item.type in {"grid", "note"})


def _shown(module: Module) -> bool:
    """Say whether a module shows anything."""
    texts = module.lead_in or module.instruction or module.self_completed
    return bool(texts) or any(item.type not in _WITHOUT_COPIES for item in module.items)


def _leaves(module: Module) -> Sequence[Item]:
    """Give the items of a module that are asked, a grid's rows one by one."""
    out: list[Item] = []
    for item in module.items:
        out += item.rows if item.type == "grid" else [item] if item.type not in _WITHOUT_COPIES | {"note"} else []
    return out
