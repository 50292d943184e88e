"""What changed between two versions, and which trends stop."""

from dataclasses import replace

import pytest

from survey_kit.instrument import Instrument, Item, Module, Scale, broken, compare

LABELS = {1: {"en": "Not at all"}, 2: {"en": "Some"}, 3: {"en": "A lot", "ru": "Очень"}}
TRUST = Scale(codes=(1, 2, 3), labels=LABELS, high=3)
COURT = Item(id="court", text={"en": "Do you trust the courts?", "ru": "Суды?"}, scale=TRUST, ask_if="police == 1")
POLICE = Item(id="police", text={"en": "Contact?"}, scale=Scale(codes=(1, 2), labels={1: {"en": "Yes"}}))
AGE = Item(id="age", text={"en": "Age?"}, type="number", minimum=18, maximum=99)


def form(*items, missing=None, **module):
    return Instrument(
        id="a", version="1", missing=missing or {98: "dont_know"}, modules=(Module(id="m", items=items, **module),)
    )


OLD = form(POLICE, COURT, AGE)


def scale(**changes):
    return replace(COURT, scale=replace(TRUST, **changes))


CASES = {
    "nothing": (COURT, []),
    "other words": (replace(COURT, text={"en": "Do you trust the judges?", "ru": "Суды?"}), [("wording", "break")]),
    "spacing": (replace(COURT, text={"en": "do you  trust the Courts", "ru": "Суды?"}), [("wording", "note")]),
    "translation": (replace(COURT, text={**COURT.text, "ru": "Доверие судам?"}), [("translation", "note")]),
    "more codes": (scale(codes=(1, 2, 3, 4), high=4), [("codes", "break"), ("direction", "break")]),
    "turned": (scale(high=1), [("direction", "break")]),
    "listed otherwise": (scale(codes=(3, 2, 1)), [("codes", "note")]),
    "labels": (scale(labels={**LABELS, 2: {"en": "A little"}}), [("labels", "break")]),
    "label case": (scale(labels={**LABELS, 2: {"en": "some."}}), [("labels", "note")]),
    "filter": (replace(COURT, ask_if="police == 2"), [("filter", "break")]),
    "filter gone": (replace(COURT, ask_if=None), [("filter", "break")]),
    "filter respelt": (replace(COURT, ask_if="(police==1)"), []),
    "period": (replace(COURT, period={"en": "12 months"}), [("period", "break")]),
    "instruction": (replace(COURT, instruction={"en": "Read out"}), [("instruction", "note")]),
    "universe": (replace(COURT, universe={"en": "Adults"}), [("universe", "note")]),
    "showcard": (replace(COURT, showcard="B"), [("showcard", "note")]),
    "missing added": (replace(COURT, missing={98: "dont_know", 99: "refused"}), [("missing_codes", "note")]),
    "missing changed": (replace(COURT, missing={98: "refused"}), [("missing_codes", "break")]),
    "column": (replace(COURT, column="Q7"), [("column", "none")]),
    "role": (replace(COURT, sensitive=True), [("role", "none")]),
    "type": (replace(COURT, type="number", scale=None), [("type", "break")]),
}


@pytest.mark.parametrize("case", CASES)
def test_each_change_and_its_effect(case):
    changed, expected = CASES[case]
    found = compare(OLD, form(POLICE, changed, AGE))
    assert [(one.kind, one.effect) for one in found] == expected
    assert broken(found) == (("court",) if any(effect == "break" for _, effect in expected) else ())


def test_items_that_go_come_or_move():
    new = replace(POLICE, id="office")
    found = compare(OLD, form(AGE, POLICE, new))
    assert {(one.item, one.kind, one.effect) for one in found} == {
        ("court", "removed", "break"),
        ("office", "added", "note"),
        ("police", "order", "note"),
    }


def test_limits_and_the_words_that_lead_into_a_module():
    found = compare(OLD, form(POLICE, COURT, replace(AGE, maximum=120)))
    assert [(one.item, one.kind) for one in found] == [("age", "limits")]
    found = compare(form(POLICE, lead_in={"en": "Now trust."}), form(POLICE, lead_in={"en": "Now confidence."}))
    assert [(one.kind, one.effect) for one in found] == [("lead_in", "break")]


def test_a_version_compared_with_itself_has_no_difference():
    assert compare(OLD, OLD) == ()
