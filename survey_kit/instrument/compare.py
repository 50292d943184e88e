"""What changed between two versions of an instrument, and which trends it breaks."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from survey_kit.instrument.expressions import parse
from survey_kit.instrument.model import Item, Scale
from survey_kit.instrument.questionnaire import Instrument

Effect: TypeAlias = Literal["none", "note", "break"]
Kind: TypeAlias = Literal[
    "removed", "added", "type", "wording", "lead_in", "period", "codes", "direction", "labels", "filter",
    "universe", "missing_codes", "instruction", "showcard", "limits", "order", "column", "role", "translation",
    "list", "institution", "constraint", "order_of_answers",
]  # fmt: skip
Verdict: TypeAlias = Literal["comparable", "common_subset", "bridge_needed", "not_comparable"]

# what a change that breaks a trend leaves possible
_VERDICTS: Mapping[Kind, Verdict] = {
    "list": "common_subset",
    "wording": "bridge_needed",
    "lead_in": "bridge_needed",
    "labels": "bridge_needed",
    "codes": "bridge_needed",
    "constraint": "bridge_needed",
    "order_of_answers": "bridge_needed",
}
_ORDER: tuple[Verdict, ...] = ("comparable", "common_subset", "bridge_needed", "not_comparable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One change of one item; its effect says whether its trend goes on (none, note) or stops (break)."""

    item: str
    kind: Kind
    effect: Effect
    text: str

    @property
    def verdict(self) -> Verdict:
        """Say what the change leaves possible: comparable, on the common subset, with a bridge, or not comparable."""
        return _VERDICTS.get(self.kind, "not_comparable") if self.effect == "break" else "comparable"


def verdicts(old: Instrument, new: Instrument, differences: Sequence[Difference] | None = None) -> dict[str, Verdict]:
    """Give the verdict on each item of either version: the hardest of its changes decides.

    ``comparable``: a trend may be drawn. ``common_subset``: only over the answers (officials, regions, services) that both lists hold,
    or over groups of them that a crosswalk makes equal. ``bridge_needed``: the question or its answers changed, so the step between
    the two has to be measured by asking both forms of random halves. ``not_comparable``: asked of others, about another time or
    institution, or not asked at all.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module, Scale
    >>> def form(text):
    ...     item = Item(id="q1", text={"en": text}, scale=Scale(codes=(1, 2)))
    ...     return Instrument(id="a", version=text, modules=(Module(id="m", items=(item,)),))
    >>> verdicts(form("Do you trust judges?"), form("Do you trust the courts?"))
    {'q1': 'bridge_needed'}
    """
    found = compare(old, new) if differences is None else differences
    out: dict[str, Verdict] = {item.id: "comparable" for item in (*old.items, *new.items)}
    for item in new.items:
        if item.id not in old:
            out[item.id] = "not_comparable"
    for one in found:
        out[one.item] = max(out[one.item], one.verdict, key=_ORDER.index)
    return out


def compare(old: Instrument, new: Instrument) -> tuple[Difference, ...]:
    """List what changed from `old` to `new`, item by item, with what it means for a trend.

    Changed words, codes, direction, filter, reference period or meaning of a missing code break a trend. A change of
    spacing, case or punctuation only, of instructions, order or translation is told and breaks nothing.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module, Scale
    >>> def form(version, high):
    ...     item = Item(id="q1", text={"en": "Trust?"}, scale=Scale(codes=(1, 2, 3), high=high))
    ...     return Instrument(id="a", version=version, modules=(Module(id="m", items=(item,)),))
    >>> [(one.item, one.kind, one.effect) for one in compare(form("1", 3), form("2", 1))]
    [('q1', 'direction', 'break')]
    """
    out: list[Difference] = []
    for item in old.items:
        if item.id not in new:
            out.append(Difference(item=item.id, kind="removed", effect="break", text="no longer asked"))
            continue
        out += _content(old, new, item, new.item(item.id))
        out += _answers(old, new, item.id)
        out += _remarks(old, new, item, new.item(item.id))
    out += [
        Difference(item=item.id, kind="added", effect="note", text="asked for the first time")
        for item in new.items
        if item.id not in old
    ]
    return (*out, *_order(old, new))


def broken(differences: Sequence[Difference]) -> tuple[str, ...]:
    """Name the items whose trend stops.

    Examples
    --------
    >>> broken([Difference(item="q1", kind="removed", effect="break", text="no longer asked")])
    ('q1',)
    """
    return tuple(dict.fromkeys(one.item for one in differences if one.effect == "break"))


def _content(old: Instrument, new: Instrument, was: Item, now: Item) -> Iterator[Difference]:
    def told(kind: Kind, effect: Effect, text: str) -> Difference:
        return Difference(item=was.id, kind=kind, effect=effect, text=text)

    if was.type != now.type:
        yield told("type", "break", f"{was.type} became {now.type}")
    parts: tuple[tuple[Kind, Mapping[str, str], Mapping[str, str]], ...] = (
        ("wording", _stem(old, was.id), _stem(new, now.id)),
        ("wording", was.text, now.text),
        ("lead_in", old.module_of(was.id).lead_in, new.module_of(was.id).lead_in),
        ("period", was.period, now.period),
    )
    for kind, before, after in parts:
        effect = _words(old.say(before, old.source_language), new.say(after, old.source_language))
        if effect != "none":
            one, other = old.say(before, old.source_language), new.say(after, old.source_language)
            yield told(kind, effect, f"'{_short(one)}' became '{_short(other)}'")
    before_if, after_if = old.condition(was.id), new.condition(was.id)
    if _condition(before_if) != _condition(after_if):
        yield told("filter", "break", f"asked {_if(before_if)}; now {_if(after_if)}")
    if _words(old.say(was.universe), new.say(now.universe)) == "break":
        yield told("universe", "note", f"'{_short(old.say(was.universe))}' became '{_short(new.say(now.universe))}'")


def _answers(old: Instrument, new: Instrument, item_id: str) -> Iterator[Difference]:
    def told(kind: Kind, effect: Effect, text: str) -> Difference:
        return Difference(item=item_id, kind=kind, effect=effect, text=text)

    before, after = old.scale_of(item_id), new.scale_of(item_id)
    if before is not None and after is not None:
        if before.version != after.version:
            text = f"the list of {before.version or 'no version'} became that of {after.version or 'no version'}"
            yield told("list", "note" if before.codes == after.codes else "break", text)
        elif set(before.codes) != set(after.codes):
            yield told("codes", "break", f"codes {_list(before.codes)} became {_list(after.codes)}")
        elif before.codes != after.codes:
            yield told("codes", "note", f"codes are listed as {_list(after.codes)} instead of {_list(before.codes)}")
        if before.high != after.high:
            yield told("direction", "break", f"the high end {before.high} became {after.high}")
        yield from _labels(old, new, item_id, before, after)
    was, now = old.missing_codes(item_id), new.missing_codes(item_id)
    for code in dict.fromkeys((*was, *now)):
        if was.get(code) != now.get(code):
            effect: Effect = "break" if code in was and code in now else "note"
            yield told(
                "missing_codes", effect, f"code {code}: {was.get(code, 'unused')} became {now.get(code, 'unused')}"
            )


def _labels(old: Instrument, new: Instrument, item_id: str, before: Scale, after: Scale) -> Iterator[Difference]:
    for code in before.codes:
        one, other = (form.say(scale.texts(code), old.source_language) for form, scale in ((old, before), (new, after)))
        effect = _words(one, other) if code in after.codes else "none"
        if effect != "none":
            text = f"answer {code}: '{_short(one)}' became '{_short(other)}'"
            yield Difference(item=item_id, kind="labels", effect=effect, text=text)


def _remarks(old: Instrument, new: Instrument, was: Item, now: Item) -> Iterator[Difference]:
    def told(kind: Kind, text: str, effect: Effect = "note") -> Difference:
        return Difference(item=was.id, kind=kind, effect=effect, text=text)

    if _words(old.say(was.instruction), new.say(now.instruction)) != "none":
        yield told("instruction", "the instruction to the interviewer changed")
    if was.showcard != now.showcard:
        yield told("showcard", f"showcard {was.showcard or 'none'} became {now.showcard or 'none'}")
    if _about(old, was) != _about(new, now):
        text = f"it is about {_about(new, now) or 'no institution'} instead of {_about(old, was) or 'none'}"
        yield told("institution", text, "break" if was.about and now.about else "note")
    if _condition(was.constraint) != _condition(now.constraint):
        yield told(
            "constraint", f"answers must meet {now.constraint or 'nothing'} instead of {was.constraint or 'nothing'}"
        )
    if (was.exclusive, was.most) != (now.exclusive, now.most):
        yield told("constraint", "how many answers may be given together changed", "break")
    if (was.shuffle is None) != (now.shuffle is None):
        yield told(
            "order_of_answers",
            f"answers are read in {'the order of the list' if now.shuffle is None else 'random order'}",
        )
    if (was.minimum, was.maximum) != (now.minimum, now.maximum):
        yield told("limits", f"limits {was.minimum} to {was.maximum} became {now.minimum} to {now.maximum}")
    if was.data_column != now.data_column:
        yield told("column", f"column '{was.data_column}' became '{now.data_column}'", "none")
    if was.role != now.role or was.sensitive != now.sensitive:
        yield told("role", f"role {was.role} became {now.role}", "none")
    for language in sorted((set(was.text) & set(now.text)) - {old.source_language}):
        if _words(was.text[language], now.text[language]) == "break":
            yield told("translation", f"the words in '{language}' changed")


def _order(old: Instrument, new: Instrument) -> Iterator[Difference]:
    """Tell which items moved: those outside the longest run that kept its order."""
    place = {item.id: order for order, item in enumerate(old.items)}
    ids = [item.id for item in new.items if item.id in place]
    best: list[list[str]] = [[]]
    for one in ids:
        runs = [run for run in best if not run or place[run[-1]] < place[one]]
        longest: list[str] = max(runs, key=len)
        best.append([*longest, one])
    longest = max(best, key=len)
    for one in ids:
        if one not in longest:
            yield Difference(item=one, kind="order", effect="note", text="asked at another place")


def _stem(form: Instrument, item_id: str) -> Mapping[str, str]:
    grid = form.grid_of(item_id)
    return grid.text if grid else {}


def _about(form: Instrument, item: Item) -> str:
    """Name the institution an item is about, with the day it began: a successor is another institution."""
    one = form.institutions.get(item.about or "")
    return f"{item.about}{f' (since {one.since})' if one and one.since else ''}" if item.about else ""


def _words(one: str, other: str) -> Effect:
    if one == other:
        return "none"
    return "note" if _plain(one) == _plain(other) else "break"


def _plain(text: str) -> str:
    """Leave out what does not change the words: case, spacing, punctuation."""
    return " ".join(
        re.sub(r"[.,;:?!\"'«»“”„’()\[\]…–—-]+", " ", unicodedata.normalize("NFKC", text).casefold()).split()
    )


def _condition(text: str | None) -> str:
    """Give a condition in one spelling, so that spacing and brackets do not count as a change."""
    return ast.unparse(parse(text).tree) if text else ""


def _if(condition: str | None) -> str:
    return f"if {condition}" if condition else "everybody"


def _list(codes: Sequence[object]) -> str:
    return ", ".join(map(str, codes))


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 80 else flat[:77] + "..."
