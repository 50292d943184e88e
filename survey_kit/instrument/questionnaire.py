"""A questionnaire in memory: its items by name, their codes, conditions and words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from survey_kit.errors import InstrumentError, did_you_mean
from survey_kit.instrument.expressions import Expression, parse
from survey_kit.instrument.model import CODED, DRAWN, MISSING_LABELS, Declaration, Item, Module, Problem, Scale
from survey_kit.instrument.texts import walk_texts
from survey_kit.types import Code, MissingKind

_FROM_GRID = ("scale", "universe", "period", "instruction", "showcard", "source", "note", "shuffle")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument(Declaration):
    """A questionnaire: what was asked, of whom, with which answers, in which words.

    Examples
    --------
    >>> yes_no = Scale(codes=(1, 2), labels={1: {"en": "Yes"}, 2: {"en": "No"}})
    >>> asked = Item(id="contact", text={"en": "Were you in contact with the police?"}, scale="yes_no")
    >>> form = Instrument(id="tiny", version="1.0", scales={"yes_no": yes_no}, missing={9: "refused"},
    ...                   modules=(Module(id="police", items=(asked,)),))
    >>> form.codes("contact"), form.label("contact", 2), form.missing_kind("contact", 9)
    ((1, 2), 'No', 'refused')
    """

    problems: tuple[Problem, ...] = ()
    statuses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # language -> text key -> status
    path: Path | None = None
    off: tuple[str, ...] = ()  # the switches whose modules are left out
    taken: Mapping[str, tuple[Code, ...]] = field(
        default_factory=dict
    )  # scales and the like that other instruments hold
    _index: dict[str, Item] = field(init=False, repr=False, compare=False, default_factory=dict)
    _homes: dict[str, tuple[Module, Item | None]] = field(init=False, repr=False, compare=False, default_factory=dict)
    _routes: dict[str, Expression | None] = field(init=False, repr=False, compare=False, default_factory=dict)
    _languages: list[str] = field(init=False, repr=False, compare=False, default_factory=list)

    def __post_init__(self) -> None:
        for module, grid, item in leaves(self):
            self._index.setdefault(item.id, item)
            self._homes.setdefault(item.id, (module, grid))

    @property
    def items(self) -> tuple[Item, ...]:
        """Give all items that hold an answer, in the order of the questionnaire; the rows of a grid one by one."""
        return tuple(self._index.values())

    @property
    def languages(self) -> tuple[str, ...]:
        """Name the languages in which any text stands, the source language first."""
        if not self._languages:
            others = {language for _, texts in walk_texts(self) for language in texts}
            self._languages.extend((self.source_language, *sorted(others - {self.source_language})))
        return tuple(self._languages)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._index

    def item(self, item_id: str) -> Item:
        """Find an item by its id."""
        if item_id not in self._index:
            where = f"instrument '{self.id}' {self.version}"
            raise InstrumentError(f"There is no item '{item_id}'.", where=where, fix=did_you_mean(item_id, self._index))
        return self._index[item_id]

    def module_of(self, item_id: str) -> Module:
        """Find the module an item stands in."""
        return self._homes[self.item(item_id).id][0]

    def grid_of(self, item_id: str) -> Item | None:
        """Find the grid of which an item is a row; None for an item that stands alone."""
        return self._homes[self.item(item_id).id][1]

    def scale_of(self, item_id: str) -> Scale | None:
        """Give the scale of an item; None for a number, a date or an open text."""
        scale = self.item(item_id).scale
        return self.scales.get(scale) if isinstance(scale, str) else scale

    def codes(self, item_id: str) -> tuple[Code, ...]:
        """Give the codes that are answers, in the order of the scale."""
        scale = self.scale_of(item_id)
        return scale.codes if scale else ()

    def missing_codes(self, item_id: str) -> Mapping[Code, MissingKind]:
        """Give the codes that are no answers and what they mean: the item's own, else its scale's, else the default."""
        item, scale = self.item(item_id), self.scale_of(item_id)
        if item.missing is not None:
            return item.missing
        if item.type == "calculated" or item.type in DRAWN:
            return {}
        return scale.missing if scale and scale.missing is not None else self.missing

    def missing_kind(self, item_id: str, code: Code) -> MissingKind | None:
        """Say why a code is no answer; None when it is an answer or unknown."""
        return self.missing_codes(item_id).get(code)

    def condition(self, item_id: str) -> str | None:
        """Give the whole condition under which an item is asked: its module's, its grid's and its own."""
        module, grid = self._homes[self.item(item_id).id]
        return joined(module.ask_if, grid.ask_if if grid else None, self.item(item_id).ask_if)

    def route(self, item_id: str) -> Expression | None:
        """Give the parsed condition under which an item is asked; None when everybody is asked."""
        if item_id not in self._routes:
            condition = self.condition(item_id)
            self._routes[item_id] = parse(condition) if condition else None
        return self._routes[item_id]

    def text(self, item_id: str, language: str = "en") -> str:
        """Give the words of an item, after those of its grid; in the source language when there is no translation."""
        grid = self.grid_of(item_id)
        parts = [self.say(grid.text, language)] if grid else []
        return " ".join([*parts, self.say(self.item(item_id).text, language)]).strip()

    def name(self, item_id: str, language: str = "en") -> str:
        """Give the short label of an item, else its words."""
        item = self.item(item_id)
        return self.say(item.label or item.text, language) or item.id

    def label(self, item_id: str, code: Code, language: str = "en") -> str:
        """Give the words of an answer; the code itself where the scale only names its ends."""
        scale = self.scale_of(item_id)
        texts = scale.texts(code) if scale else {}
        kind = self.missing_kind(item_id, code)
        texts = texts or (self.missing_labels.get(code, {}) if kind else {})
        if texts:
            return self.say(texts, language)
        return MISSING_LABELS[kind] if kind else str(code)

    def say(self, texts: Mapping[str, str], language: str = "en") -> str:
        """Choose the text in a language, else in the source language, else in any."""
        return texts.get(language) or texts.get(self.source_language) or next(iter(texts.values()), "")

    def translation_status(self, language: str) -> str:
        """Say how far a language is: source, missing, stale, draft, reviewed or back_translated (the worst text decides)."""
        if language == self.source_language:
            return "source"
        if language in self.languages and language not in self.statuses:
            return "draft"  # texts beside the source's own, which nobody vouches for
        found = set(self.statuses.get(language, {}).values())
        worst = ("missing", "stale", "draft", "reviewed", "back_translated")
        return next((status for status in worst if status in found), "missing")

    def _repr_html_(self) -> str:
        from survey_kit.instrument.html import questionnaire

        return questionnaire(self)


def leaves(declaration: Declaration) -> Iterator[tuple[Module, Item | None, Item]]:
    """Give each item that holds an answer with its module and its grid; rows carry what they take from the grid.

    Examples
    --------
    >>> row = Item(id="police", text={"en": "the police"})
    >>> grid = Item(id="trust", type="grid", text={"en": "Do you trust"}, scale=Scale(codes=(1, 2)), rows=(row,))
    >>> made = Declaration(id="a", version="1", modules=(Module(id="m", items=(grid,)),))
    >>> [(item.id, item.scale.codes) for _, _, item in leaves(made)]
    [('police', (1, 2))]
    """
    for module in declaration.modules:
        for item in module.items:
            if item.type == "grid":
                yield from ((module, item, row_of(item, row)) for row in item.rows)
            elif item.type != "note":
                yield module, None, item


def row_of(grid: Item, row: Item) -> Item:
    """Give a row of a grid with what it takes from the grid: everything it does not say itself."""
    taken = {name: getattr(grid, name) for name in _FROM_GRID if not getattr(row, name)}
    if row.missing is None:
        taken["missing"] = grid.missing
    if row.type not in CODED:
        taken.pop("scale", None)
    role = row.role if row.role != "answer" else grid.role
    return replace(row, **taken, role=role, sensitive=row.sensitive or grid.sensitive)


def joined(*conditions: str | None) -> str | None:
    """Join conditions by ``and``; None when there is none.

    Examples
    --------
    >>> joined("consent == 1", None, "age < 30 or student == 1")
    '(consent == 1) and (age < 30 or student == 1)'
    """
    given = [one.strip() for one in conditions if one and one.strip()]
    return given[0] if len(given) == 1 else " and ".join(f"({one})" for one in given) or None
