"""Answers of the made-up country to the annual national survey: through its routing, with declared changes and none beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from survey_kit.errors import StudyError
from survey_kit.instrument import read_instrument
from survey_kit.instrument.model import Item, Module, Scale
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.rehearsal import REHEARSAL, build_population, draw_wave, hold_field
from survey_kit.rehearsal.answer_model import answer_models
from survey_kit.rehearsal.answering import NOT_ASKED, OF_THE_FIELD, make_teller
from survey_kit.rehearsal.true_values import regions_today, true_answers, true_table, true_values
from survey_kit.responses.validate import take
from survey_kit.study import AnyOf, Indicator

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = np.arange(0, 500_000, 40)  # every 40th person


@pytest.fixture(scope="module")
def form():
    return read_instrument(ROOT / "instruments" / "kazakhstan_annual")


@pytest.fixture(scope="module")
def teller(form):
    return make_teller(build_population(16), form)


@pytest.fixture(scope="module")
def truth(teller):
    return {wave: teller.tell(wave, SAMPLE, silent=False) for wave in (1, 2, 3, 8, 9, 10, 11)}


def share(**keys):
    told = {"base": "answered", "dont_know": "exclude", "direction": "up", "kind": "share", "title": {"en": "x"}}
    return Indicator(**{**told, **keys})


# ------------------------------------------------------------------------------------------------------------ routing
@pytest.mark.parametrize("wave", [1, 7, 11])
def test_answers_of_a_wave_have_no_fault(teller, form, wave):
    country = teller.population
    held = hold_field(country, draw_wave(country, wave), REHEARSAL, log=False)
    told = teller.tell(wave, held.person, effect=held.effect).frame()
    today = np.array([one.region for one in country.districts])[country.areas.district][
        country.people.area[held.person]
    ]
    table = told.assign(region=today, wave="one", case=np.arange(len(told)), psu=1, interviewer=1)
    never = {"one": list(teller.models.unasked(wave))}
    answers = take(table, instruments={"one": form}, wave="wave", waves=["one"], case="case", not_asked=never)
    assert answers.problems.empty, answers.problems.to_string()
    broken = {"case": "case", "items": ["paid_doctor"], "not_asked": never}
    faults = take(table.assign(paid_doctor=1), instruments={"one": form}, wave="wave", waves=["one"], **broken).problems
    assert "paid_doctor" in set(faults["column"])  # the check can fail


def test_every_item_of_the_questionnaire_is_answered_in_some_wave(truth, form):
    held = {name for told in truth.values() for name, values in told.values.items() if (values != NOT_ASKED).any()}
    silent = {item.id for item in form.items if item.type in {"text", "note", "date"} or item.role == "identifier"}
    lost = {item.id for item in form.items} - held - silent - OF_THE_FIELD
    assert lost == {"age_group", "conf_kurultai"}  # everybody tells his age; the four-point form is of wave 1 alone


def test_only_those_with_contact_are_asked_about_giving(truth):
    told = truth[1]
    contact, paid = told.values["contact_patrol"], told.values["paid_patrol"]
    assert set(paid[contact != 1].tolist()) == {NOT_ASKED}
    assert set(paid[contact == 1].tolist()) == {1, 2}


def test_the_official_of_the_last_bribe_is_one_who_was_paid(truth):
    told = truth[1]
    rows = np.flatnonzero(told.values["bribe_official"] != NOT_ASKED)
    officials = [name for name in told.values if name.startswith("paid_") and "_count" not in name]
    assert len(officials) == 23
    assert len(rows) > 300
    for row in rows.tolist():
        assert told.values[officials[told.values["bribe_official"][row] - 1]][row] == 1


def test_the_succession_of_institutions_parts_the_questions(truth):
    for wave, name in ((9, "trust_mazhilis"), (10, "trust_kurultai")):
        assert (truth[wave].values[name] != NOT_ASKED).all()
    assert (truth[10].values["trust_mazhilis"] == NOT_ASKED).all()
    assert (truth[9].values["trust_kurultai"] == NOT_ASKED).all()


def test_the_list_of_institutions_gains_and_loses_one(truth):
    assert "trust_prosecutor" not in truth[2].values
    assert "trust_prosecutor" in truth[3].values
    assert "trust_civil_service" in truth[8].values
    assert "trust_civil_service" not in truth[9].values


# ------------------------------------------------------------------------------------------------------- repeatability
def test_a_person_answers_the_same_in_any_company(teller):
    alone = teller.tell(7, np.array([123_456]), effect=np.array([0.3]))
    among = teller.tell(7, np.array([9, 123_456, 400_000]), effect=np.array([0.0, 0.3, 0.1]))
    assert {name: values[0] for name, values in alone.values.items()} == {
        name: values[1] for name, values in among.values.items()
    }


def test_a_few_items_are_told_as_among_all(teller, truth):
    some = teller.tell(3, SAMPLE, silent=False, items=["asked_patrol", "bribe_purpose"])
    for name, values in some.values.items():
        assert (values == truth[3].values[name]).all(), name
    assert len(some.values) < 80


def test_another_seed_is_another_country(form, teller):
    other = make_teller(build_population(17), form).tell(1, np.arange(1000), items=["trust_courts"])
    own = teller.tell(1, np.arange(1000), items=["trust_courts"])
    assert (other.values["trust_courts"] != own.values["trust_courts"]).mean() > 0.5


# ------------------------------------------------------------------------------------------------------------- changes
@pytest.mark.parametrize(("before", "after"), [(1, 2), (10, 11)])
def test_where_nothing_is_declared_nothing_changes(truth, before, after):
    random = {"order_", "arm_"}
    for name, values in truth[after].values.items():
        if name in truth[before].values and not any(name.startswith(one) for one in random):
            assert (values == truth[before].values[name]).all(), name


def test_a_declared_change_is_one(truth):
    def trusting(wave, item):
        return (truth[wave].values[item] >= 6).mean()

    assert trusting(9, "trust_courts") - trusting(8, "trust_courts") > 0.03  # declared: 0.12 deviations more
    assert trusting(9, "trust_media") - trusting(8, "trust_media") > 0.05  # other words
    assert abs(trusting(9, "trust_ngos") - trusting(8, "trust_ngos")) < 0.01  # only a year older


def test_interviewers_and_mode_move_opinions_and_no_facts(teller):
    plain, moved = (teller.tell(5, SAMPLE, effect=effect, silent=False) for effect in (0.0, 0.5))
    assert (moved.values["trust_police"] >= plain.values["trust_police"]).all()
    assert (moved.values["trust_police"] > plain.values["trust_police"]).mean() > 0.3
    for name in ("age", "education", "health_need", "gov_document", "order_trust"):
        assert (moved.values[name] == plain.values[name]).all(), name


# ------------------------------------------------------------------------------------------------------------- silence
def test_refusals_are_as_declared_and_shift_where_the_matter_is_sensitive(teller):
    for item, factors in (("trust_president", (1.0, 1.6, 0.7)), ("trust_ngos", (1.0, 1.0, 1.0))):
        rate = teller.models.models[item].refused
        for wave, factor in zip((1, 4, 8), factors, strict=True):
            found = (teller.tell(wave, SAMPLE, items=[item]).values[item] == 99).mean()
            expected = rate * factor
            assert abs(found - expected) < 5 * np.sqrt(expected / len(SAMPLE)), (item, wave)


def test_silence_leans_on_the_answer_only_where_participation_is_biased(teller, form):
    biased = make_teller(teller.population, form, biased=True)
    low = teller.tell(1, SAMPLE, silent=False, items=["trust_police"]).values["trust_police"] <= 2
    for one, leaning in ((teller, False), (biased, True)):
        silent = one.tell(1, SAMPLE, items=["trust_police"]).values["trust_police"] >= 98
        assert (silent[low].mean() > 1.4 * silent[~low].mean()) == leaning


def test_not_knowing_the_law_is_true_and_refusing_is_not(truth):
    said = set(truth[1].values["know_giver"].tolist())
    assert 98 in said
    assert 99 not in said
    assert 98 not in set(truth[1].values["trust_courts"].tolist())


# --------------------------------------------------------------------------------------------------------------- truth
def test_the_truth_is_counted_over_everybody(teller):
    paid = AnyOf(any=("paid_patrol", "asked_patrol"), categories=(1,))
    seen = AnyOf(any=("contact_patrol",), categories=(1,))
    definitions = [
        share(id="courts", items=("trust_courts",), categories=(6, 7, 8, 9, 10)),
        share(id="know", items=("know_giver", "know_aid"), categories=(1,), dont_know="include"),
        share(id="mean", kind="mean100", items=("law_unjust",)),
        share(
            id="net", kind="net", items=("trust_courts",), categories=(6, 7, 8, 9, 10), low_categories=(0, 1, 2, 3, 4)
        ),
        share(id="patrol", kind="ratio", numerator=paid, denominator=seen),
    ]
    told = true_answers(teller, 5, definitions)
    codes, place = regions_today(teller)
    inside = place == codes.index("KZ-79")
    v = {name: values[inside] for name, values in told.values.items()}
    expected = {
        "courts": (v["trust_courts"] >= 6).mean(),
        "know": np.mean([(v["know_giver"] == 1).mean(), (v["know_aid"] == 1).mean()]),
        "mean": np.mean((5 - v["law_unjust"]) * 25.0),  # 1, the high end, is strong disagreement
        "net": (v["trust_courts"] >= 6).mean() - (v["trust_courts"] <= 4).mean(),
        "patrol": ((v["paid_patrol"] == 1) | (v["asked_patrol"] == 1))[v["contact_patrol"] == 1].mean(),
    }
    for one in definitions:
        value, persons = true_values(told, one, place, len(codes))
        np.testing.assert_allclose(value[1 + codes.index("KZ-79")], expected[one.id], rtol=1e-12)
        assert persons[0] == persons[1:].sum()
    np.testing.assert_allclose(
        true_values(told, definitions[0], place, len(codes))[0][0], (told.values["trust_courts"] >= 6).mean()
    )


def test_the_table_of_truth_has_changes_since_the_item_was_last_asked(teller):
    one = share(id="prosecutor", items=("trust_prosecutor",), categories=(6, 7, 8, 9, 10))
    table = true_table(teller, [one], (2, 3, 4))
    whole = table[table["region"] == ""].set_index("wave")
    assert list(whole.index) == ["Rehearsal 3", "Rehearsal 4"]
    assert np.isnan(whole["true_change"].iloc[0])
    np.testing.assert_allclose(whole["true_change"].iloc[1], whole["truth"].iloc[1] - whole["truth"].iloc[0])
    assert table["region"].nunique() == 21
    assert set(table["data_status"]) == {"synthetic"}


# ----------------------------------------------------------------------------------------------------------- bad input
def written(tmp_path, models):
    path = tmp_path / "answers.yaml"
    path.write_text(f"schema: survey-kit/answers/1\nmodels:\n{models}", encoding="utf-8")
    return path


def test_a_pattern_without_an_item_is_refused(form, tmp_path):
    path = written(tmp_path, '  - {items: ["trust_moon"], yes: 0.3}\n')
    with pytest.raises(StudyError, match="matches no item") as fault:
        answer_models(form, path)
    assert "trust_moon" in str(fault.value)


def test_shares_that_do_not_fit_the_codes_are_refused(form, tmp_path):
    path = written(tmp_path, '  - {items: ["*"]}\n  - {items: [gov_received], shares: {1: 0.5, 2: 0.5}}\n')
    with pytest.raises(StudyError, match="do not fit the codes") as fault:
        answer_models(form, path)
    assert "gov_received" in str(fault.value)


def test_an_item_without_an_entry_is_refused(form, tmp_path):
    path = written(tmp_path, "  - {items: [gov_received]}\n")
    with pytest.raises(StudyError, match="No entry says") as fault:
        answer_models(form, path)
    assert "region" in str(fault.value)


def test_a_misspelt_key_is_told_with_its_line(form, tmp_path):
    path = written(tmp_path, "  - {items: [gov_received], loadng: 0.5}\n")
    with pytest.raises(StudyError, match=r"answers\.yaml:3"):
        answer_models(form, path)


def test_repeated_modules_are_refused(teller):
    from survey_kit.instrument.model import Repeat

    scale = Scale(codes=(1, 2))
    many = Item(id="n", type="integer", minimum=0, maximum=5, text={"en": "How many?"})
    one = Item(id="q", text={"en": "?"}, scale=scale)
    modules = (
        Module(id="m", items=(many,)),
        Module(id="members", items=(one,), repeat=Repeat(count="n", most=5)),
    )
    with pytest.raises(StudyError, match="repeated modules"):
        make_teller(teller.population, Instrument(id="a", version="1", modules=modules))
