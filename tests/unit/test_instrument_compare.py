"""What changed between two versions, and which trends stop."""

from dataclasses import replace

import pytest

from survey_kit.instrument import Institution, Instrument, Item, Module, Scale, broken, compare, verdicts

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


def test_the_verdict_on_an_item_is_that_of_its_hardest_change():
    def verdict(changed):
        return verdicts(OLD, form(POLICE, changed, AGE))["court"]

    assert verdict(COURT) == "comparable"
    assert verdict(replace(COURT, text={"en": "do you  trust the Courts"})) == "comparable"
    assert verdict(replace(COURT, text={"en": "Do you trust judges?"})) == "bridge_needed"
    assert verdict(scale(version="2027", codes=(1, 2), high=2)) == "not_comparable"  # the high end moved as well
    assert verdict(scale(version="2027")) == "comparable"
    assert verdict(replace(COURT, ask_if=None, text={"en": "Do you trust judges?"})) == "not_comparable"


def test_a_new_list_is_comparable_on_what_both_lists_hold():
    officials = Scale(codes=(1, 2, 3), version="2026")
    asked = Item(id="who", text={"en": "Whom?"}, scale=officials)
    later = replace(asked, scale=replace(officials, codes=(1, 2, 4), version="2027"))
    found = compare(form(asked), form(later))
    assert [(one.kind, one.effect, one.verdict) for one in found] == [("list", "break", "common_subset")]
    assert verdicts(form(asked), form(later)) == {"who": "common_subset"}


def test_items_that_come_or_go_are_not_comparable():
    assert verdicts(OLD, form(POLICE, COURT)) == {
        "police": "comparable",
        "court": "comparable",
        "age": "not_comparable",
    }
    assert verdicts(form(POLICE), form(POLICE, AGE))["age"] == "not_comparable"


def test_a_successor_is_another_institution():
    def about(name, since):
        agency = {name: Institution(name={"en": "Agency"}, since=since)}
        return replace(form(POLICE, replace(COURT, about=name), AGE), institutions=agency)

    old = about("agency", "2019-06")
    assert compare(old, about("agency", "2019-06")) == ()
    for later in (about("bureau", "2025-07"), about("agency", "2025-07")):
        assert [(one.kind, one.effect) for one in compare(old, later)] == [("institution", "break")]
        assert verdicts(old, later)["court"] == "not_comparable"


def test_the_words_above_the_rows_of_a_grid_count():
    def grid(stem):
        row = Item(id="police", text={"en": "the police"})
        return form(Item(id="trust", type="grid", text={"en": stem}, scale=TRUST, rows=(row,)))

    found = compare(grid("How much do you trust"), grid("How much confidence do you have in"))
    assert [(one.item, one.kind, one.effect) for one in found] == [("police", "wording", "break")]


def test_the_condition_of_a_module_counts_for_its_items():
    def asked(condition):
        return Instrument(
            id="a",
            version="1",
            modules=(Module(id="m", items=(POLICE,)), Module(id="n", items=(AGE,), ask_if=condition)),
        )

    found = compare(asked("police == 1"), asked("police == 2"))
    assert [(one.item, one.kind, one.effect) for one in found] == [("age", "filter", "break")]
