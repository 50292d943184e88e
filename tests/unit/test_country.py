"""The eleven-wave country: its frame, its people and changes, the samples, the field, the weights."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import survey_kit as sk
from survey_kit.errors import StudyError
from survey_kit.fieldwork import final_dispositions, outcome_rates
from survey_kit.rehearsal import (
    CHANGES,
    CORRECTABLE,
    ROUNDS,
    UNBIASED,
    Population,
    Scenario,
    allocate_areas,
    build_population,
    draw_adults,
    draw_wave,
    hold_field,
    listing,
    population_totals,
    sample_of,
    weigh,
)
from survey_kit.rehearsal.frame import read_districts
from survey_kit.rehearsal.people import FEMALE
from survey_kit.rehearsal.waves import TRAITS, region_then, shift_of, wave_of, years_older
from survey_kit.sampling import PPS_SYSTEMATIC, overlap

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def country() -> Population:
    return build_population(16)


@pytest.fixture(scope="module")
def sample(country):
    return draw_wave(country, 11)


@pytest.fixture(scope="module")
def held(country, sample):
    return hold_field(country, sample, CORRECTABLE)


# --------------------------------------------------------------------------------------------------------------- waves
def test_the_lists_of_regions_are_those_of_the_crosswalk():
    table = yaml.safe_load((ROOT / "instruments/core/crosswalks/regions_2022.yaml").read_text(encoding="utf-8"))
    before = {new: row["old"] for row in table["codes"] for new in row["new"]}
    now = {one.region for one in read_districts()}
    assert {code: region_then(code, 17) for code in now} == before
    assert [len({region_then(code, count) for code in now}) for count in (16, 17, 20)] == [16, 17, 20]


def test_waves_are_numbered_and_never_dated():
    assert [wave.name for wave in ROUNDS] == [f"Rehearsal {number}" for number in range(1, 12)]
    assert sum(wave.mode == "telephone" for wave in ROUNDS) == 1
    assert [wave.regions for wave in ROUNDS] == [16] * 4 + [17] * 4 + [20] * 3


def test_a_change_is_in_the_table_or_is_none(country):
    for trait in TRAITS:
        told = {one.wave for one in CHANGES if one.trait == trait}
        for wave in range(2, 12):
            moved = country.trait(trait, wave) - country.trait(trait, wave - 1)
            aged = years_older(wave) != years_older(wave - 1)
            assert (np.abs(moved).max() > 0) == (wave in told or aged), (trait, wave)


def test_a_regional_measure_moves_its_regions_alone(country):
    moved = country.trait("service", 8) - country.trait("service", 7)
    inside = np.isin(country.region(11), ("KZ-33", "KZ-55", "KZ-59"))
    np.testing.assert_allclose(moved[inside], 0.30, atol=1e-5)
    assert not moved[~inside].any()
    assert shift_of("law", 11, "KZ-33") == 0


# ------------------------------------------------------------------------------------------------------------- country
def test_a_seed_gives_the_same_country_to_the_byte(country):
    assert build_population(16).digest == country.digest
    assert build_population(17).digest != country.digest


def test_districts_keep_their_official_sizes(country):
    people = np.bincount(country.areas.district[country.people.area], minlength=220) * 25 / 0.67
    official = np.array([one.urban + one.rural for one in country.districts])
    assert people.sum() == pytest.approx(official.sum(), rel=0.01)
    large = official > 100_000
    np.testing.assert_allclose(people[large], official[large], rtol=0.12)


def test_strata_are_regions_by_settlement_and_three_cities_have_no_rural_part(country):
    frame = country.area_frame(11)
    assert frame["stratum"].nunique() == 37
    assert not {"KZ-71-R", "KZ-75-R", "KZ-79-R"} & set(frame["stratum"])
    assert country.area_frame(1)["stratum"].nunique() == 30
    of_district = frame.groupby("district_no")["region"].nunique()
    assert (of_district == 1).all()
    assert country.region_names(1)["KZ-61"] == "South Kazakhstan Region"
    assert country.region_names(5)["KZ-61"] == "Turkistan Region"


def test_people_age_only_where_it_is_declared(country):
    assert (country.age(4) == country.people.age).all()
    young = country.people.age < 85
    assert (country.age(5)[young] == country.people.age[young] + 1).all()
    assert country.age(11).max() == 85


def test_traits_have_the_declared_spread_and_areas_are_alike_within(country):
    for trait in TRAITS:
        assert country.trait(trait, 1).std() == pytest.approx(1.05, abs=0.08)
    values = pd.Series(country.trait("law", 1)).groupby(country.people.area).mean()
    size = np.bincount(country.people.area)
    between = float(np.var(values) - np.mean(country.trait("law", 1).var() / size))
    assert between == pytest.approx(0.17**2 + 0.10**2 + 0.16**2, rel=0.45)


def test_truth_is_a_count_over_everybody(country):
    said = country.says("trust", "state", 1, 0.45)
    assert country.truth(said)["truth"].iloc[0] == said.mean()
    parts = country.truth(said, ("settlement", "sex"), wave=1)
    assert np.average(parts["truth"], weights=parts["persons"]) == pytest.approx(said.mean())
    some = np.where(country.people.sex == FEMALE, said, np.nan)
    assert country.truth(some)["persons"].iloc[0] == (country.people.sex == FEMALE).sum()


# -------------------------------------------------------------------------------------------------------------- sample
def test_every_region_has_ten_areas_and_no_stratum_gives_more_than_half(country):
    for wave in (1, 5, 9):
        table = allocate_areas(country, wave).table
        assert table["n"].sum() == 800
        assert table.groupby("region")["n"].sum().min() >= 10
        assert (table["n"] <= table["N"] / 2).all()
        assert (table["n"] >= 2).all()


def test_a_sample_is_repeated_by_its_seed_and_weights_count_the_country(country, sample):
    again = draw_wave(country, 11)
    assert again.drawn.to_json() == sample.drawn.to_json()
    assert (again.dwelling == sample.dwelling).all()
    assert len(np.unique(sample.dwelling)) == len(sample.dwelling) == 800 * 18
    dwellings = (1 / (sample.p_area * sample.p_dwelling)).sum()
    assert dwellings == pytest.approx(country.areas.dwellings.sum(), rel=0.02)


def test_half_of_the_areas_stay_and_nobody_is_asked_in_two_waves_running(country):
    waves = [draw_wave(country, wave) for wave in range(3, 6)]
    for before, after in pairwise(waves):
        assert overlap(before.drawn.draws[0], after.drawn.draws[0]).share == pytest.approx(0.5, abs=0.08)
        assert not set(before.dwelling.tolist()) & set(after.dwelling.tolist())
    assert overlap(waves[0].drawn.draws[0], waves[2].drawn.draws[0]).share < 0.25
    kept = draw_wave(country, 4, keep=0.9).drawn.draws[0]
    assert overlap(draw_wave(country, 3, keep=0.9).drawn.draws[0], kept).share > 0.8


def test_dwellings_have_the_probability_they_are_told(country):
    drawn = np.zeros(country.areas.dwellings.sum())
    expected = np.zeros_like(drawn)
    ends = np.cumsum(country.areas.dwellings)
    for seed in range(12):
        one = draw_wave(country, 2, seed=seed)
        drawn[one.dwelling] += 1
        for area, chance in dict(zip(one.area.tolist(), one.p_dwelling.tolist(), strict=True)).items():
            expected[ends[area] - country.areas.dwellings[area] : ends[area]] += chance
    place = np.arange(len(drawn)) - np.repeat(ends - country.areas.dwellings, country.areas.dwellings)
    for low, high in ((0, 5), (5, 20), (20, 35)):
        some = (place >= low) & (place < high)
        error = (drawn[some].sum() - expected[some].sum()) / np.sqrt(expected[some].sum())
        assert abs(error) < 4


def test_systematic_draws_follow_the_districts(country, sample):
    one = draw_wave(country, 11, method=PPS_SYSTEMATIC)
    assert one.drawn.draws[0].record.order_by == ("district_no",)
    taken = np.unique(country.areas.district[one.drawn.draws[0].rows])
    assert len(taken) > len(np.unique(country.areas.district[sample.drawn.draws[0].rows])) - 3


def test_a_field_is_held_on_any_plan_of_areas_and_dwellings(country):
    plan = sk.SamplePlan.from_yaml(ROOT / "analyses" / "kazakhstan" / "sample.yaml")
    areas = plan.draw(country.area_frame(11).assign(cv=1.0), rng=1)
    with pytest.raises(StudyError, match="areas and dwellings"):
        sample_of(country, 11, areas)
    drawn = areas.next_stage(listing(country, areas.frame["area"], 11), rng=2)
    own = sample_of(country, 11, drawn)
    first = np.cumsum(country.areas.dwellings) - country.areas.dwellings
    told = drawn.frame
    ids = told["area"].str[1:].astype(int).to_numpy() - 1
    assert set(own.dwelling.tolist()) == set((first[ids] + told["dwelling"].to_numpy() - 1).tolist())
    np.testing.assert_allclose(sorted(own.p_area * own.p_dwelling), sorted(drawn.probability))
    held = hold_field(country, own)
    assert weigh(country, held).values.sum() == pytest.approx(country.n)


def test_a_listing_goes_round_every_dwelling_once(country):
    one = listing(country, ["A00001", "A04000"], 3)
    for area, rows in one.groupby("area"):
        size = len(rows)
        np.testing.assert_allclose(np.sort(rows["prn"]), (np.arange(size) + 0.5) / size)
        assert rows["start"].iloc[0] == pytest.approx(32 % size / size)
        gaps = np.abs(np.diff(rows["prn"].to_numpy()))
        assert np.minimum(gaps, 1 - gaps).min() > 2 / size, area
    with pytest.raises(StudyError, match="no such area"):
        listing(country, ["A99999"], 1)


def test_adults_are_found_by_the_grid_with_its_chances(country, sample):
    hits = np.zeros(country.n)
    chances = np.zeros(country.n)
    dwelling = sample.dwelling
    for seed in range(40):
        person, chance = draw_adults(country, dwelling, 11, np.random.default_rng(seed))
        lived = person >= 0
        hits[person[lived]] += 1
        chances[person[lived]] += 1 / chance[lived] / 40
    start, end = country.people.start[dwelling], country.people.start[dwelling + 1]
    assert (person[end == start] == -1).all()
    members = np.concatenate([np.arange(a, b) for a, b in zip(start.tolist(), end.tolist(), strict=True)])
    assert chances[members].mean() == pytest.approx(1.0, abs=0.01)
    four = np.concatenate([np.arange(a, b) for a, b in zip(start.tolist(), end.tolist(), strict=True) if b - a == 4])
    assert hits[four].sum() == pytest.approx(len(four) / 4 * 40, rel=0.01)
    assert hits[four].std() == pytest.approx(np.sqrt(40 * 0.25 * 0.75), rel=0.08)


# --------------------------------------------------------------------------------------------------------------- field
def test_the_contact_log_agrees_with_the_cases(held):
    final = final_dispositions(held.contacts, case="case", code="code", order="attempt").set_index("case")
    cases = held.cases.set_index("case")
    assert (final["group"].reindex(cases.index) == cases["group"]).all()
    assert (final["attempts"].reindex(cases.index) == cases["visits"]).all()
    rates = outcome_rates(held.cases["code"].tolist()).rates
    assert 0.45 < rates["RR3"] < 0.65
    assert held.cases["case"].is_unique


def test_interviewers_are_never_at_two_places(held):
    log = held.contacts.assign(begin=pd.to_datetime(held.contacts["start"]), stop=pd.to_datetime(held.contacts["end"]))
    log = log.sort_values(["interviewer", "begin"])
    same = log["interviewer"].eq(log["interviewer"].shift())
    assert (log["begin"] >= log["stop"].shift())[same].all()
    assert (log["stop"] >= log["begin"]).all()
    ordered = held.contacts.sort_values(["case", "attempt"])
    later = ordered["case"].eq(ordered["case"].shift())
    assert (ordered["start"] > ordered["start"].shift())[later].all()


def test_every_area_has_two_interviewers_who_share_it_at_random(held):
    per_area = held.cases.groupby("psu")["interviewer"].nunique()
    assert (per_area == 2).all()
    counts = held.cases.groupby(["psu", "interviewer"]).size()
    assert counts.min() == counts.max() == 9
    areas = held.cases.groupby("interviewer")["psu"].nunique()
    assert areas.max() <= 10


def test_nonrespondents_have_no_answers_and_nothing_identifies(held):
    silent = held.cases[~held.cases["respondent"]]
    assert silent[["sex", "age", "members", "minutes"]].isna().all().all()
    assert not {"phone", "name", "gps", "person"} & set(held.cases.columns)
    assert (held.cases["data_status"] == "synthetic").all()
    assert "nobody was interviewed" in repr(held)
    assert "nobody was interviewed" in held._repr_html_()


def test_a_field_is_repeated_by_its_seed(country, sample, held):
    again = hold_field(country, sample, CORRECTABLE)
    pd.testing.assert_frame_equal(again.contacts, held.contacts)
    pd.testing.assert_frame_equal(again.cases, held.cases)
    assert not hold_field(country, sample, CORRECTABLE, seed=5).cases["code"].equals(held.cases["code"])


def test_the_telephone_wave_reaches_nobody_without_a_telephone_and_moves_answers(country):
    drawn = draw_wave(country, 7)
    by_telephone = hold_field(country, drawn, Scenario(mode_break=True))
    assert (by_telephone.cases["mode"] == "telephone").all()
    assert country.people.phone[by_telephone.person].all()
    np.testing.assert_allclose(by_telephone.effect, wave_of(7).mode_effect)
    visited = hold_field(country, drawn, UNBIASED)
    assert (visited.cases["mode"] == "face_to_face").all()
    assert not country.people.phone[visited.person].all()
    assert not visited.effect.any()


def test_interviewers_move_answers_as_declared(country, sample):
    moved = hold_field(country, sample, Scenario(interviewers=0.3))
    effects = pd.Series(moved.effect).groupby(moved.respondents["interviewer"])
    assert (effects.max() == effects.min()).all()
    assert effects.first().std() == pytest.approx(0.3, rel=0.2)


def test_without_a_log_the_field_is_the_same(country, sample, held):
    quick = hold_field(country, sample, CORRECTABLE, log=False)
    pd.testing.assert_frame_equal(quick.cases, held.cases)
    assert quick.contacts.empty
    assert list(quick.contacts.columns) == list(held.contacts.columns)


def test_fabricators_copy_and_are_quick(country, sample):
    honest = hold_field(country, sample, CORRECTABLE)
    invented = hold_field(country, sample, Scenario(participation="correctable", fabricators=6))
    made = invented.copied >= 0
    assert made.sum() > 60
    without = ~honest.cases["respondent"] & invented.cases["respondent"]
    assert 0 < without.sum() < made.sum()
    assert len(invented.person) == len(honest.person) + without.sum()
    who = invented.respondents["interviewer"].to_numpy()
    assert len(set(who[made])) == 6
    assert (who[made] == who[invented.copied[made]]).all()
    assert not made[invented.copied[made]].any()
    minutes = invented.respondents["minutes"].to_numpy()
    assert np.median(minutes[made]) < 0.6 * np.median(minutes[~made])
    answers = invented.with_answers(x=np.arange(len(made)))["x"].dropna().to_numpy()
    assert (answers[made] == invented.copied[made]).all()


# ------------------------------------------------------------------------------------------------------------- weights
def test_weights_reach_the_tables_of_the_country(country, held):
    said = country.says("trust", "state", 11, 0.45)
    weights = weigh(country, held, held.with_answers(trust=said[held.person]))
    totals = population_totals(country, 11)
    frame = weights.design.frame.assign(w=weights.values)
    for name in ("stratum", "sex_age"):
        reached = frame[frame["w"] > 0].groupby(name)["w"].sum()
        np.testing.assert_allclose(reached.to_numpy(), [totals[name][key] for key in reached.index], rtol=1e-9)
    assert (weights.values > 0).sum() == len(held.person)
    assert weights.log["step"].tolist() == ["start", "unknown_eligibility", "nonresponse", "household", "rake"]
    assert not weights.replicate_only
    row = sk.mean(weights.design, "trust").table.iloc[0]
    assert abs(row["estimate"] - said.mean()) < 4 * row["se"]


# ----------------------------------------------------------------------------------------------------------- bad input
@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda _: build_population(1, scale=31), "scale 31"),
        (lambda _: build_population("x"), "whole number"),
        (lambda c: draw_wave(c, 12), "no such wave"),
        (lambda c: draw_wave(c, 11, keep=1.5), "keep=0.5"),
        (lambda c: c.truth(np.ones(3)), "one value for each person"),
        (lambda c: c.truth(np.ones(c.n), "regoin"), "region"),
        (lambda _: Scenario(participation="random"), "participation"),
        (lambda _: Scenario(fabricators=-1), "no such effect"),
    ],
)
def test_what_cannot_be_is_refused(country, call, says):
    with pytest.raises(StudyError, match=says):
        call(country)


def test_more_fabricators_than_interviewers_are_refused(country, sample):
    with pytest.raises(StudyError, match="fabricators"):
        hold_field(country, sample, Scenario(fabricators=10_000))


def test_answers_are_one_for_each_respondent(held):
    with pytest.raises(StudyError, match="respondents"):
        held.with_answers(trust=np.ones(3))
