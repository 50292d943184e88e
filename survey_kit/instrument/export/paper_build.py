"""An instrument as a booklet: its texts, filters, arrows and answers in one language, in the order of the paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from survey_kit.errors import InstrumentError, did_you_mean
from survey_kit.instrument.compose import placeholders
from survey_kit.instrument.export.paper_items import Layout
from survey_kit.instrument.export.paper_routes import way
from survey_kit.instrument.export.paper_sheet import Booklet, Choice, Draw, Part, Run, Text
from survey_kit.instrument.export.sentences import Sentences, letters, numbers
from survey_kit.instrument.model import Item, Module
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.release import release
from survey_kit.language import words
from survey_kit.types import Code


def booklet(instrument: Instrument, language: str, arm: Mapping[str, Code] | None = None) -> Booklet:
    """Lay a questionnaire out in one language.

    Parameters
    ----------
    arm
        What was drawn, by arm, for the booklet of one form only.

    Examples
    --------
    >>> asked = Item(id="age", type="integer", text={"en": "How old are you?"}, minimum=18, maximum=110)
    >>> made = booklet(Instrument(id="a", version="1", modules=(Module(id="m", items=(asked,)),)), "en")
    >>> made.parts[0].questions[0].number, made.parts[0].questions[0].answer.whole
    ('A1', 3)
    """
    _known_arms(instrument, arm or {})
    layout = Layout(
        instrument=instrument,
        language=language,
        sentences=Sentences(instrument, language),
        say=words("paper", language),
        form=words("form", language),
        arm=arm or {},
        numbers=numbers(instrument),
        letters=letters(instrument),
        way=way(instrument, arm),
    )
    return _Builder(layout).booklet()


def _known_arms(instrument: Instrument, arm: Mapping[str, Code]) -> None:
    arms = {item.id: instrument.codes(item.id) for item in instrument.items if item.type == "arm"}
    for name, code in arm.items():
        if name not in arms:
            raise InstrumentError(f"Nothing is drawn under the name '{name}'.", fix=did_you_mean(name, arms))
        if code not in arms[name]:
            fix = did_you_mean(code, arms[name])
            raise InstrumentError(f"The draw '{name}' has no code {code!r}.", fix=fix)


@dataclass(frozen=True, slots=True)
class _Builder:
    lay: Layout

    # ------------------------------------------------------------------------------------------------------ the whole
    def booklet(self) -> Booklet:
        """Lay the whole out."""
        made, interviewed = self.lay.instrument, self.lay.interviewed()
        rotated = [item.rotate for module in made.modules for item in module.items if item.rotate]
        tables = [
            item.id for module in made.modules for item in module.items if item.rotate and item.id in self._shown()
        ]
        legend = ("how_text", "how_mark", "how_filter", "how_missing") if interviewed else ("how_alone",)
        names = placeholders(made)
        return Booklet(
            id=made.id,
            version=made.version,
            language=self.lay.language,
            title=made.say(made.title, self.lay.language) or made.id,
            pilot="" if release(made, self.lay.language).ready else self.lay.form("pilot"),
            population=self.lay.text(made.population) if interviewed else (),
            interviewed=interviewed,
            draws=tuple(self._draw(item) for item in made.items if item.type == "arm" and item.id not in rotated),
            first_rows=", ".join(self.lay.numbers[name] for name in tables),
            to_fill=tuple((name, self.lay.text(made.placeholders.get(name, {}))) for name in names),
            legend=tuple(self.lay.say(key) for key in legend),
            parts=tuple(self._parts()),
        )

    def _shown(self) -> frozenset[str]:
        return frozenset(stop.item.id for stop in self.lay.way.stops if stop.item is not None)

    def _draw(self, item: Item) -> Draw:
        made = self.lay.instrument
        rotation = next((one for one in made.rotations.values() if one.start == item.id), None)
        choices = []
        for place, code in enumerate(made.codes(item.id)):
            label = self.lay.label(item, code)
            if rotation is not None and place < len(rotation.modules):
                label = (Run(self.lay.say("part", part=self.lay.letters[rotation.modules[place]])),)
            choices.append(Choice(code=str(code), text=label))
        uneven = len(set(item.shares)) > 1
        return Draw(
            name=self.lay.say("draw", item=self.lay.numbers[item.id]),
            label=self.lay.text(item.label or item.text) or (Run(item.id),),
            choices=tuple(choices),
            drawn=str(self.lay.arm.get(item.id, "")),
            shares=self.lay.say("shares", shares=" : ".join(f"{one:g}" for one in item.shares)) if uneven else "",
        )

    # ---------------------------------------------------------------------------------------------------------- parts
    def _parts(self) -> Iterator[Part]:
        rotations = self.lay.instrument.rotations.values()
        for module in dict.fromkeys(stop.module.id for stop in self.lay.way.stops):
            whole = next(one for one in self.lay.instrument.modules if one.id == module)
            items = [stop.item for stop in self.lay.way.stops if stop.module.id == module and stop.item is not None]
            alone = whole.self_completed or not self.lay.interviewed()
            told = [self.lay.text(whole.instruction)] if whole.instruction else []
            if (handed := self._handed(whole)) is not None:
                told.insert(0, (Run(handed),))
            rotation = next((one for one in rotations if module in one.modules), None)
            if rotation is not None:
                told.append((Run(self._rotation(rotation.modules)),))
            if whole.repeat is not None:
                told.append(self._members(whole))
            condition = self.lay.needed(self.lay.way.filters[module])
            yield Part(
                id=module,
                letter=self.lay.letters[module],
                title=self.lay.text(whole.title) or (Run(module),),
                only_if=self.lay.say("part_only", part=self.lay.letters[module], condition=self.lay.words(condition))
                if condition
                else "",
                lead_in=self.lay.text(whole.lead_in),
                told=tuple(told),
                questions=tuple(self.lay.questions(items, alone=alone)),
                members=whole.repeat.most if whole.repeat else 0,
                alone=alone,
                rotated=None if rotation is None else self.lay.begins(rotation.start, rotation.modules.index(module)),
            )

    def _handed(self, module: Module) -> str | None:
        """Say, at the first of a run of parts, that the respondent fills them in alone."""
        if not (module.self_completed and self.lay.interviewed()):
            return None
        order = list(dict.fromkeys(stop.module.id for stop in self.lay.way.stops))
        by_id = {one.id: one for one in self.lay.instrument.modules}
        place = order.index(module.id)
        if place and by_id[order[place - 1]].self_completed:
            return None
        last = place
        while last + 1 < len(order) and by_id[order[last + 1]].self_completed:
            last += 1
        first, end = self.lay.letters[module.id], self.lay.letters[order[last]]
        parts = (
            self.lay.say("parts_one", part=first)
            if first == end
            else self.lay.say("parts_range", first=first, last=end)
        )
        return self.lay.say("hand_over", parts=parts)

    def _rotation(self, modules: Sequence[str]) -> str:
        named = [self.lay.letters[module] for module in modules]
        return self.lay.say("rotation", parts=", ".join(named), first=named[0], last=named[-1])

    def _members(self, module: Module) -> Text:
        repeat = module.repeat
        if repeat is None:
            return ()
        name = self.lay.instrument.say(repeat.name, self.lay.language) or repeat.count
        counted = self.lay.numbers.get(repeat.count, repeat.count)
        return (Run(self.lay.say("for_each", name=name, item=counted, most=repeat.most)),)
