"""One interview as JSON, and the JSON Schema (draft 2020-12) it has to meet: codes, missing codes, limits, several answers, routing.

A record has one key for each item (its column): a code, a number, a text, a date as ``2026-01-31``, a list of codes for several answers;
the members of a repeated module are a list of records under the module's id. What was not asked is absent or null.

Routing becomes ``if``/``then``/``else``: where the condition is certainly true the item has to be there, elsewhere it must not be.
Schemas cannot compute and cannot look out of a member's record, so conditions that compare two numbers or dates, or rest on sums and
years, are left out; `to_json_schema` names them in ``$comment``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from survey_kit.errors import InstrumentError, did_you_mean
from survey_kit.files import write_text
from survey_kit.instrument.export.json_routes import Inexpressible, Routing
from survey_kit.instrument.export.variables import reasons
from survey_kit.instrument.export.xlsform import pilot_path
from survey_kit.instrument.model import Item, Module
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.release import release
from survey_kit.language import words
from survey_kit.types import Code

Schema: TypeAlias = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
DAY = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"
BLANK = {"$ref": "#/$defs/blank"}
GIVEN = {"$ref": "#/$defs/given"}


def to_json_schema(instrument: Instrument, *, language: str | None = None) -> Schema:
    """Give the JSON Schema of one interview.

    Parameters
    ----------
    instrument
        The questionnaire.
    language
        Of the titles and descriptions; by default the source language.

    Examples
    --------
    >>> from survey_kit.instrument.model import Scale
    >>> yes_no = Scale(codes=(1, 2), missing={9: "refused"})
    >>> contact = Item(id="contact", scale=yes_no, text={"en": "Any contact?"})
    >>> paid = Item(id="paid", scale=yes_no, text={"en": "Did you pay?"}, ask_if="contact == 1")
    >>> made = to_json_schema(Instrument(id="a", version="1", modules=(Module(id="m", items=(contact, paid)),)))
    >>> made["allOf"][0]["if"]
    {'required': ['contact'], 'properties': {'contact': {'enum': [1]}}}
    >>> made["allOf"][0]["then"]["required"], made["allOf"][0]["else"]["properties"]
    (['paid'], {'paid': {'$ref': '#/$defs/blank'}})
    """
    spoken = language or instrument.source_language
    if spoken not in instrument.languages:
        fix = did_you_mean(spoken, instrument.languages)
        raise InstrumentError(f"The instrument has no texts in '{spoken}'.", fix=fix)
    told: list[str] = []
    once = [item for item in instrument.items if instrument.module_of(item.id).repeat is None]
    state = release(instrument, spoken)
    mark = "" if state.ready else f"{words('metadata', spoken)('pilot')}. "
    body = _record(instrument, once, spoken, told, None)
    for module in instrument.modules:
        if module.repeat is not None:
            body["properties"][module.id] = _members(instrument, module, spoken, told)
    body["properties"] = {
        "case": {"type": ["integer", "string"]},
        "data_status": {"enum": ["real", "synthetic"]},
        **body["properties"],
    }
    body["required"] = ["data_status", *body["required"]]
    whole: Schema = {
        "$schema": DIALECT,
        "$id": f"urn:survey-kit:instrument:{instrument.id}:{instrument.version}",
        "title": mark + (instrument.say(instrument.title, spoken) or instrument.id),
        "$defs": {"blank": {"type": "null"}, "given": {"not": {"type": "null"}}},
        **body,
    }
    if told:
        whole["$comment"] = "Not expressed: " + "; ".join(told)
    return whole


def write_json_schema(instrument: Instrument, path: Path | str, *, language: str | None = None) -> Path:
    """Write the JSON Schema of one interview; the name of the file ends with ``_pilot`` when its language is a pilot."""
    made = to_json_schema(instrument, language=language)
    ready = release(instrument, language or instrument.source_language).ready
    text = json.dumps(made, ensure_ascii=False, indent=2) + "\n"
    return write_text(pilot_path(Path(path), not ready), text)


def to_record(
    instrument: Instrument,
    row: Mapping[str, Any],
    members: Mapping[str, Iterable[Mapping[str, Any]]] | None = None,
) -> dict[str, Any]:
    """Make the record of one interview from a row of raw answers, as forms export them; blanks are left out.

    Parameters
    ----------
    instrument
        The questionnaire.
    row
        The answers by column; several answers stand in one cell, parted by blanks.
    members
        Of each repeated module, the rows of this interview's members.

    Examples
    --------
    >>> from survey_kit.instrument.model import Scale
    >>> ways = Item(id="ways", type="multiple", scale=Scale(codes=(1, 2)))
    >>> form = Instrument(id="a", version="1", modules=(Module(id="m", items=(ways, Item(id="age", type="integer"))),))
    >>> to_record(form, {"ways": "1 2", "age": 40.0, "data_status": "synthetic"})
    {'data_status': 'synthetic', 'ways': [1, 2], 'age': 40}
    """
    out = {name: _plain(row[name]) for name in ("case", "data_status") if name in row}
    for item in instrument.items:
        if instrument.module_of(item.id).repeat is None and (value := _answer(instrument, item, row)) is not None:
            out[item.data_column] = value
    for home, rows in (members or {}).items():
        inside = [item for item in instrument.items if instrument.module_of(item.id).id == home]
        out[home] = [
            {item.data_column: value for item in inside if (value := _answer(instrument, item, one)) is not None}
            for one in rows
        ]
    return out


# ---------------------------------------------------------------------------------------------------------- properties
def _record(
    instrument: Instrument, items: Sequence[Item], language: str, told: list[str], module: Module | None
) -> Schema:
    """Describe one record: its properties, and what its routing requires and forbids."""
    routing = Routing(instrument, frozenset(item.id for item in items))
    properties: Schema = {item.data_column: _property(instrument, item, language) for item in items}
    always: list[str] = []
    groups: dict[str, list[Item]] = {}
    rules: list[Schema] = []
    for item in items:
        condition = instrument.condition(item.id) if module is None else _inner(instrument, item)
        if condition:
            groups.setdefault(condition, []).append(item)
        elif _needed(item) and (module is None or not module.ask_if):
            always.append(item.data_column)
        rules += _constraint(routing, item, told)
    for condition, inside in groups.items():
        try:
            rules.append(_route(routing.true(condition), inside))
        except Inexpressible as fault:
            told.append(f"{', '.join(item.id for item in inside)} asked if {condition} ({fault})")
    body: Schema = {"type": "object", "properties": properties, "required": always, "additionalProperties": False}
    if always:
        rules.append({"properties": dict.fromkeys(always, GIVEN)})
    return {**body, "allOf": rules} if rules else body


def _inner(instrument: Instrument, item: Item) -> str | None:
    """Give the condition of an item of a repeated module, without the module's own: members are there only where that is met."""
    grid = instrument.grid_of(item.id)
    parts = [one for one in (grid.ask_if if grid else None, item.ask_if) if one]
    return " and ".join(f"({one})" for one in parts) or None


def _route(condition: Schema, items: Sequence[Item]) -> Schema:
    needed = [item.data_column for item in items if _needed(item)]
    then: Schema = {"required": needed, "properties": dict.fromkeys(needed, GIVEN)} if needed else {}
    other = {"properties": dict.fromkeys((item.data_column for item in items), BLANK)}
    return {"if": condition, "then": then, "else": other}


def _constraint(routing: Routing, item: Item, told: list[str]) -> list[Schema]:
    if not item.constraint:
        return []
    try:
        return [{"not": routing.broken(item.id, item.constraint)}]
    except Inexpressible as fault:
        told.append(f"{item.id}: {item.constraint} ({fault})")
        return []


def _needed(item: Item) -> bool:
    """Say whether an asked item always has something: an answer, or a code that says why not."""
    return not item.optional and item.type != "calculated"


def _members(instrument: Instrument, module: Module, language: str, told: list[str]) -> Schema:
    inside = [item for item in instrument.items if instrument.module_of(item.id) is module]
    record = _record(instrument, inside, language, told, module)
    record["properties"] = {"member": {"type": "integer", "minimum": 1}, **record["properties"]}
    most = module.repeat.most if module.repeat else None
    return {"type": ["array", "null"], "maxItems": most, "items": record}


def _property(instrument: Instrument, item: Item, language: str) -> Schema:
    about: Schema = {"title": instrument.name(item.id, language)}
    if text := instrument.text(item.id, language):
        about["description"] = text
    if item.unit:
        about["x-unit"] = item.unit
    if item.role != "answer":
        about["x-role"] = item.role
    return {**about, "anyOf": [BLANK, *_values(instrument, item, language)]}


def _values(instrument: Instrument, item: Item, language: str) -> list[Schema]:
    """Describe the values an item takes: answers, then codes that are none."""
    missing = [
        {"const": code, "title": text, "x-missing": kind}
        for code, (kind, text) in reasons(instrument, item.id, language).items()
    ]
    labelled = [
        {"const": code, "title": instrument.label(item.id, code, language)} for code in instrument.codes(item.id)
    ]
    if item.type == "multiple":
        return _several(item, labelled, missing)
    if item.type in {"single", "arm"}:
        return [{"oneOf": [*labelled, *missing]}]
    if item.type == "text":
        return [{"type": "string"}, *missing]
    if item.type == "date":
        return [{"type": "string", "format": "date", "pattern": DAY}, *missing]
    number: Schema = {"type": "integer" if item.type == "integer" else "number"}
    low, high = (0, 1) if item.type == "random" else (item.minimum, item.maximum)
    number |= {key: value for key, value in (("minimum", low), ("maximum", high)) if value is not None}
    if item.type == "calculated":
        return [{"type": ["number", "string"]}]
    return [number, *missing]


def _several(item: Item, labelled: list[Schema], missing: list[Schema]) -> list[Schema]:
    several: Schema = {"type": "array", "items": {"oneOf": labelled}, "minItems": 1, "uniqueItems": True}
    if item.most is not None:
        several["maxItems"] = item.most
    if item.exclusive:
        several["if"] = {"contains": {"enum": list(item.exclusive)}}
        several["then"] = {"maxItems": 1}
    alone = [{"type": "array", "items": {"oneOf": missing}, "minItems": 1, "maxItems": 1}] if missing else []
    return [several, *alone]


# ------------------------------------------------------------------------------------------------------------- records
def _answer(instrument: Instrument, item: Item, row: Mapping[str, Any]) -> Any:
    value = row.get(item.data_column)
    if value is None or value != value or value == "":  # noqa: PLR0124  (NaN)
        return None
    if item.type == "multiple":
        codes = {str(code): code for code in (*instrument.codes(item.id), *instrument.missing_codes(item.id))}
        parts = list(value) if isinstance(value, (tuple, list, frozenset, set)) else _text(value).split()
        return [codes.get(str(part), part) for part in parts]
    if codes_of := instrument.codes(item.id):
        known: Mapping[str, Code] = {str(code): code for code in codes_of}
        return known.get(_text(value), _plain(value))
    return _plain(value)


def _plain(value: Any) -> Any:
    """Give a value as JSON knows it; whole numbers without a fraction."""
    if hasattr(value, "item"):
        value = value.item()
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _text(value: Any) -> str:
    return str(_plain(value))
