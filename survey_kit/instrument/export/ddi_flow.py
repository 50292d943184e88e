"""The flow of a questionnaire in DDI Lifecycle: sequences, conditions, loops, statements, computed values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from survey_kit.instrument.export.ddi_parts import COLLECTION, REUSABLE, Parts
from survey_kit.instrument.export.ddi_routes import Routes
from survey_kit.instrument.model import Item, Module
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.language import words

TEXT = (f"{COLLECTION}LiteralText", f"{COLLECTION}Text")


@dataclass(slots=True)
class Flow:
    """Makes the control constructs of an instrument."""

    instrument: Instrument
    parts: Parts
    routes: Routes
    questions: Mapping[str, Any]  # item -> its question
    variables: Mapping[str, Any]  # item -> its (first) variable
    made: dict[str, Any] = field(default_factory=dict)

    def instrument_of(self, titles: Mapping[str, str]) -> None:
        """Add the questionnaire, its modules in their order."""
        parts = self.parts
        whole = self._sequence("questionnaire", titles, [self._module(module) for module in self.instrument.modules])
        parts.add(
            parts.models.Instrument,
            "instrument",
            user_id=self.instrument.id,
            names=parts.names(self.instrument.id),
            labels=parts.labels(titles),
            control_construct_reference=whole.to_reference(),
        )

    def _module(self, module: Module) -> Any:
        said = (("lead_in", module.lead_in), ("instruction", module.instruction))
        inside = [self._statement(f"{module.id}.{key}", texts) for key, texts in said if texts]
        inside += [self._item(item) for item in module.items]
        order = next(
            (rotation for rotation in self.instrument.rotations.values() if module.id in rotation.modules), None
        )
        titles = module.title or {self.parts.languages[0]: module.id}
        inner = self._sequence(module.id, titles, inside)
        if order is not None:
            text = f"The modules {', '.join(order.modules)} are asked in cyclic order from the one that '{order.start}' draws."
            inner.descriptions = self.parts.labels({"en": text})
        if module.repeat is not None:
            inner = self._loop(module, inner)
        return self._if(module.id, module.ask_if, inner)

    def _item(self, item: Item) -> Any:
        if item.type == "note":
            return self._if(item.id, item.ask_if, self._statement(item.id, item.text))
        if item.type in {"calculated", "arm", "random"}:
            return self._if(item.id, item.ask_if, self._computation(item))
        if item.type == "grid":
            rows = [self._if(row.id, row.ask_if, self._question(row, item)) for row in item.rows]
            titles = item.label or {self.parts.languages[0]: item.id}
            kind = "Rotate" if item.rotate else None
            return self._if(item.id, item.ask_if, self._sequence(item.id, titles, rows, kind))
        return self._if(item.id, item.ask_if, self._question(item, None))

    # ----------------------------------------------------------------------------------------------------- constructs
    def _question(self, item: Item, grid: Item | None) -> Any:
        parts = self.parts
        told = [(f"{item.id}.instruction", item.instruction)]
        if grid is not None:
            told.insert(0, (f"{grid.id}.instruction", grid.instruction))
        card = item.showcard or (grid.showcard if grid else None)
        if card:
            texts = {language: words("form", language)("showcard", number=card) for language in parts.languages}
            told.append((f"card.{card}", texts))
        references = [self._instruction(key, texts).to_reference() for key, texts in told if texts]
        return parts.add(
            parts.questions.QuestionConstruct,
            "construct",
            item.id,
            construct_names=parts.names(item.id),
            labels=parts.labels(item.label or {parts.languages[0]: item.id}),
            question_reference=self.questions[item.id].to_reference(),
            interviewer_instruction_references=references,
        )

    def _instruction(self, key: str, texts: Mapping[str, str]) -> Any:
        if key not in self.made:
            parts = self.parts
            self.made[key] = parts.add(
                parts.questions.Instruction,
                "instruction",
                key,
                names=parts.names(key),
                labels=parts.labels({parts.languages[0]: key}),
                other_elements=[parts.spoken(f"{COLLECTION}InstructionText", texts, TEXT)],
            )
        return self.made[key]

    def _statement(self, key: str, texts: Mapping[str, str]) -> Any:
        parts = self.parts
        return parts.add(
            parts.questions.StatementItem,
            "statement",
            key,
            construct_names=parts.names(key),
            labels=parts.labels({parts.languages[0]: key}),
            display_texts=[parts.spoken(f"{COLLECTION}DisplayText", texts, TEXT)],
        )

    def _computation(self, item: Item) -> Any:
        parts, form = self.parts, self.instrument
        code, texts = item.value or "", self.routes.value_in_words(item.value) if item.value else {}
        if item.type == "arm":
            codes = form.codes(item.id)
            odds = item.shares or (1,) * len(codes)
            code = "draw " + ", ".join(f"{one} with odds {share:g}" for one, share in zip(codes, odds, strict=True))
        elif item.type == "random":
            code = "draw a number in [0, 1)"
        return parts.add(
            parts.questions.ComputationItem,
            "computation",
            item.id,
            construct_names=parts.names(item.id),
            labels=parts.labels(item.label or {parts.languages[0]: item.id}),
            type_of_computation_item=parts.base("CodeValue")(text=item.type),
            command_code=parts.command(f"{REUSABLE}CommandCode", code, texts or {"en": code}),
            assigned_variable_reference=self.variables[item.id].to_reference(),
        )

    def _sequence(self, key: str, titles: Mapping[str, str], inside: Iterable[Any], order: str | None = None) -> Any:
        parts, more = self.parts, []
        if order:
            more.append(parts.element(f"{COLLECTION}ConstructSequence"))
            parts.element(f"{COLLECTION}ItemSequenceType", more[0], order)
        return parts.add(
            parts.questions.Sequence,
            "sequence",
            key,
            construct_names=parts.names(key),
            labels=parts.labels(titles),
            control_construct_references=[one.to_reference() for one in inside],
            other_elements=more,
        )

    def _if(self, key: str, condition: str | None, then: Any) -> Any:
        """Put a construct behind its condition."""
        if not condition:
            return then
        parts = self.parts
        return parts.add(
            parts.questions.IfThenElse,
            "if",
            key,
            construct_names=parts.names(f"if {key}"),
            labels=parts.labels({parts.languages[0]: f"if {key}"}),
            if_condition=parts.command(f"{COLLECTION}IfCondition", condition, self.routes.asked_if(condition)),
            then_construct_reference=then.to_reference(),
        )

    def _loop(self, module: Module, inner: Any) -> Any:
        parts = self.parts
        if module.repeat is None:
            return inner
        texts = {
            language: words("metadata", language)("for_each", number=module.repeat.most) for language in parts.languages
        }
        code = f"member <= {module.repeat.count} and member <= {module.repeat.most}"
        return parts.add(
            parts.questions.Loop,
            "loop",
            module.id,
            construct_names=parts.names(f"each {module.id}"),
            labels=parts.labels(module.repeat.name or {parts.languages[0]: module.id}),
            loop_while=parts.command(f"{COLLECTION}LoopWhile", code, texts),
            control_construct_reference=inner.to_reference(),
        )
