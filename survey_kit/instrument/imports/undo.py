"""What the toolkit's own forms add of themselves, taken off again: copies of a drawn order, seeds, words and reasons of answers.

An order drawn at random stands in a form as copies ``<id>__a`` and ``<id>__b`` of which one is shown, joined by a row that takes the
answer of either (`survey_kit.instrument.export.xlsform_draws`). Here the copies become one item again, and the order a rotation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from survey_kit.instrument.imports.tree import Entry, walk
from survey_kit.instrument.imports.xpath_tree import Binary, Call, Node, Number, Ref, Text, Unreadable, read_xpath

_SUFFIX = re.compile(r"__[ab]{1,2}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """When a copy is shown: the arm that draws the start, and how far the part after the last one is from the first."""

    start: str
    size: int | None = None  # of a rotation whose single part is not the last one
    shift: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """How often a repeat is asked: the question that says it, the most, and under which condition."""

    count: str
    most: int
    condition: Node | None = None


@dataclass(slots=True)
class Undone:
    """A form without what was added."""

    tree: list[Entry] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)  # a row that holds the words of an answer -> the question
    seeds: dict[str, str] = field(default_factory=dict)  # a row that holds a seed -> the draw
    reasons: dict[str, Entry] = field(default_factory=dict)  # a question -> the one for the reason why it has no answer
    members: dict[str, Members] = field(default_factory=dict)  # by repeat
    counts: dict[str, str] = field(default_factory=dict)  # a row that holds the number of members -> the repeat
    rotations: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)  # start, groups in their order


def undo(tree: list[Entry]) -> Undone:
    """Take off what the toolkit's own forms add."""
    out = Undone(tree=tree)
    nodes = {entry.name: node for entry in walk(tree) if (node := _calculation(entry)) is not None}
    named = {entry.name: entry for entry in walk(tree) if entry.name}
    bases = {copy: name for name, node in nodes.items() for copy in _copies(name, node) if copy in named}
    gone: set[int] = {id(entry) for entry in walk(tree) if entry.name in set(bases.values()) and entry.name in nodes}
    for name, node in nodes.items():
        shown = _choice_name(node)
        if shown is not None:
            out.shown[name] = bases.get(shown, shown)
            gone.add(id(named[name]))
        elif name.endswith("__seed") and _seeded(node) == name.removesuffix("__seed"):
            out.seeds[name] = name.removesuffix("__seed")
            gone.add(id(named[name]))
    for name, entry in named.items():
        base = name.removesuffix("__missing")
        if base != name and base in named and named[base].type.item in {"text", "date"} and entry.type.item == "single":
            out.reasons[bases.get(base, base)] = entry
            gone.add(id(entry))
    gone |= {id(entry) for entry in walk(tree) if entry.name == "form__pilot" and entry.type.item == "note"}
    _repeats(tree, nodes, named, gone, out)
    out.tree = _without(out.tree, gone)
    out.tree = _turned(out.tree, bases, out)
    _plain_groups(out.tree)
    return out


# ------------------------------------------------------------------------------------------------------------ recognised
def _calculation(entry: Entry) -> Node | None:
    if entry.type.item != "calculated" or not entry.name or not entry.row["calculation"]:
        return None
    try:
        return read_xpath(entry.row["calculation"])
    except Unreadable:
        return None


def _copies(name: str, node: Node) -> list[str]:
    """Give the names of the copies a row takes its answer from."""
    parts = list(_coalesced(node))
    copies = [one.name for one in parts if isinstance(one, Ref)]
    own = all(re.fullmatch(re.escape(name) + r"__[ab]{1,2}", copy) for copy in copies)
    return copies if own and len(copies) == len(parts) > 1 else []


def _coalesced(node: Node) -> Iterator[Node]:
    if isinstance(node, Call) and node.name == "coalesce":
        for one in node.args:
            yield from _coalesced(one)
    else:
        yield node


def _choice_name(node: Node) -> str | None:
    """Give the question whose words a row holds."""
    names = []
    for one in _coalesced(node):
        match one:
            case Call("jr:choice-name", (Ref(name), Text(other))) if other.replace(" ", "") == f"${{{name}}}":
                names.append(name)
            case _:
                return None
    return names[0] if names else None


def _seeded(node: Node) -> str | None:
    match node:
        case Binary(
            "+", Call("int", (Binary("*", Call("coalesce", (Ref(name), Number(0.0))), Number()),)), Number(1.0)
        ):
            return name
        case _:
            return None


def turn(node: Node) -> Turn | None:
    """Recognise when a copy is shown: the drawn start is after its place, or is not."""
    if isinstance(node, Call) and node.name == "not" and len(node.args) == 1:
        node = node.args[0]
    match node:
        case Binary(">", Ref(start), Number(place)) if place >= 1:
            return Turn(start=start)
        case Binary(
            ">", Binary("+", Binary("mod", Binary("+", Ref(start), Number(shift)), Number(size)), Number(1.0)), Number()
        ):
            return Turn(start=start, size=int(size), shift=int(shift))
        case _:
            return None


def _split(entry: Entry) -> tuple[Turn | None, Node | None]:
    """Give the turn a row has to wait for, and the rest of its condition."""
    try:
        node = read_xpath(entry.row["relevant"]) if entry.row["relevant"] else None
    except Unreadable:
        return None, None
    if node is None:
        return None, None
    found = turn(node)
    if found is not None:
        return found, None
    match node:
        case Binary("and", first, rest) if (found := turn(first)) is not None:
            return found, rest
        case _:
            return None, node


def _without(entries: Sequence[Entry], gone: set[int]) -> list[Entry]:
    kept = [entry for entry in entries if id(entry) not in gone]
    for entry in kept:
        entry.children = _without(entry.children, gone)
    return kept


# ----------------------------------------------------------------------------------------------------------------- turns
def _turned(entries: Sequence[Entry], bases: Mapping[str, str], out: Undone) -> list[Entry]:
    """Make one of the copies of rows and of groups."""
    if not bases:
        return list(entries)
    kept: list[Entry] = []
    run: dict[str, Entry] = {}  # the groups of a rotation by their names without the copy
    first: Turn | None = None
    for entry in entries:
        if entry.type.kind != "opens" or entry.type.word != "group":
            kept.append(entry)
            continue
        found, rest = _split(entry)
        base = _SUFFIX.sub("", entry.name)
        inside = any(one.name in bases for one in walk(entry.children))
        if found is None or not inside:
            _rows(entry, bases)
            kept.append(entry)
            continue
        if base in run:
            continue  # the second copy
        copy = entry.name[len(base) :]
        first = first or found
        entry.name, entry.route, entry.turned = base, rest, True
        _renamed(entry.children, copy, bases)
        _rows(entry, bases)
        run[base] = entry
        kept.append(entry)
    if run and first is not None:
        _rotation(kept, run, first, out)
    return kept


def _rotation(kept: list[Entry], run: Mapping[str, Entry], first: Turn, out: Undone) -> None:
    """Find the part that stands once, and give the parts their order back."""
    at = [place for place, entry in enumerate(kept) if entry.name in run]
    once = at[-1] + 1  # what follows the first copies
    names = [kept[place].name for place in at]
    if once < len(kept) and kept[once].type.kind == "opens":
        names.append(kept[once].name)
        at.append(once)
    size = len(names)
    if first.size is not None and first.size == size:
        last = size - 2 - first.shift  # the part that stands once
        order = [names[(place - last - 1) % size] for place in range(size)]
        by_name = {kept[place].name: kept[place] for place in at}
        for place, name in zip(sorted(at), order, strict=True):
            kept[place] = by_name[name]
        names = order
    out.rotations.append((first.start, tuple(names)))


def _renamed(entries: Sequence[Entry], copy: str, bases: Mapping[str, str]) -> None:
    """Take the copy off the names of everything inside a group."""
    for entry in entries:
        if entry.name not in bases:
            entry.name = re.sub(rf"{re.escape(copy)}(?=__stem$|__lead$|__back$|$)", "", entry.name)
        _renamed(entry.children, copy, bases)


def _rows(group: Entry, bases: Mapping[str, str]) -> None:
    """Make one of the copies of the rows inside a group."""
    kept: list[Entry] = []
    seen: set[str] = set()
    for entry in group.children:
        if entry.type.kind == "opens":
            _rows(entry, bases)
        base = bases.get(entry.name)
        if base is None:
            kept.append(entry)
            continue
        if base in seen:
            continue
        found, rest = _split(entry)
        if found is not None:
            group.rotate = found.start
            entry.route, entry.turned = rest, True
        entry.name = base
        seen.add(base)
        kept.append(entry)
    group.children = kept


def _plain_groups(tree: Sequence[Entry]) -> None:
    """Give groups their names back that were named apart from items."""
    taken = {entry.name.casefold() for entry in walk(tree) if entry.type.kind == "item"}
    for entry in walk(tree):
        base = entry.name.removesuffix("__group")
        if entry.type.kind == "opens" and base != entry.name and (base.casefold() in taken or entry.turned):
            for child in entry.children:
                for end in ("__stem", "__lead", "__back"):
                    if child.name == f"{entry.name}{end}":
                        child.name = f"{base}{end}"
            entry.name = base


# --------------------------------------------------------------------------------------------------------------- repeats
def _repeats(
    tree: list[Entry], nodes: Mapping[str, Node], named: Mapping[str, Entry], gone: set[int], out: Undone
) -> None:
    """Read how often repeats are asked, and take the groups off that were put around their rows and words."""
    for entry in list(walk(tree)):
        if entry.type.kind != "opens" or entry.type.word != "repeat":
            continue
        number = f"{entry.name}__n"
        found = _counted(nodes[number]) if number in nodes else None
        if found is None or entry.row["repeat_count"].replace(" ", "") != f"${{{number}}}":
            continue
        out.members[entry.name] = found
        out.counts[number] = entry.name
        gone.add(id(named[number]))
        entry.route, entry.turned = found.condition, True
        each = next((one for one in entry.children if one.name == f"{entry.name}__each"), None)
        if each is not None:
            entry.children = [*(one for one in entry.children if one is not each), *each.children]
        head = named.get(f"{entry.name}__head")
        if head is not None:
            entry.children = [*head.children, *entry.children]
            gone.add(id(head))


def _counted(node: Node) -> Members | None:
    """Read the number of members: that of an earlier answer, at most so many, none where the repeat is not asked."""
    match node:
        case Call(
            "if",
            (
                test,
                Call("if", (Binary(">", Ref(one), Number(most)), Number(again), Call("int", (Ref(other),)))),
                Number(0.0),
            ),
        ) if one == other and most == again and most >= 1:
            rest = [part for part in _conjunction(test) if not _about(part, one)]
            whole: Node | None = None
            for part in rest:
                whole = part if whole is None else Binary("and", whole, part)
            return Members(count=one, most=int(most), condition=whole)
        case _:
            return None


def _about(node: Node, count: str) -> bool:
    """Say whether a part says only that there is a number of members."""
    match node:
        case Binary("!=", Ref(name), Number() | Text()):
            return name == count
        case _:
            return node == Binary(">=", Ref(count), Number(1.0))


def _conjunction(node: Node) -> list[Node]:
    if isinstance(node, Binary) and node.op == "and":
        return [*_conjunction(node.left), *_conjunction(node.right)]
    return [node]
