"""The made-up country: its frame, its people, how it is sampled, what it answers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from survey_kit.rehearsal import Country, build_country, draw_sample, interview
from survey_kit.rehearsal.country import NOT_ASKED
from survey_kit.rehearsal.frame import PERSONS_PER_MODEL_PERSON, SMALLEST_AREA, read_districts
from survey_kit.rehearsal.questions import DONT_KNOW, OFFICIALS, QUESTIONS, REFUSED, WAVES, YES
from survey_kit.rehearsal.survey import DRAWS, FEWEST_DRAWS, HOUSEHOLDS_PER_DRAW, allocate


@pytest.fixture(scope="module")
def country() -> Country:
    return build_country(16)


def said(country, answers, item):
    return answers[:, country.items.index(item)]


# ------------------------------------------------------------------------------------------------------------- frame
def test_the_public_frame_sums_to_the_official_total():
    districts = read_districts()
    assert len(districts) == 220
    assert sum(one.urban + one.rural for one in districts) == 19_765_004
    assert sum(one.urban for one in districts) == 12_208_259


def test_cities_of_republican_significance_have_no_rural_stratum(country):
    names = {stratum.name for stratum in country.strata}
    assert len(names) == 37
    assert {"KZ-71-U", "KZ-75-U", "KZ-79-U"} <= names
    assert not {"KZ-71-R", "KZ-75-R", "KZ-79-R"} & names


def test_areas_are_of_unequal_size_and_none_too_small(country):
    sizes = np.concatenate([stratum.households for stratum in country.strata])
    assert sizes.min() >= SMALLEST_AREA
    assert sizes.max() > 2 * sizes.min()
    assert sizes.sum() == len(country.household_start) - 1


def test_every_area_lies_in_a_district_of_its_region_and_settlement(country):
    districts = read_districts()
    for stratum in country.strata:
        for number in set(stratum.district.tolist()):
            one = districts[number]
            assert one.region == stratum.region
            assert (one.urban if stratum.settlement == 1 else one.rural) > 0


def test_one_person_stands_for_twenty_five_adults(country):
    adults = len(country.age) * PERSONS_PER_MODEL_PERSON
    assert adults == pytest.approx(0.67 * 19_765_004, rel=0.01)
    assert country.age.min() == 18


# ------------------------------------------------------------------------------------------------------------ people
def test_the_same_seed_makes_the_same_country_and_another_seed_another(country):
    again, other = (build_country(seed, waves=WAVES[:1]) for seed in (16, 17))
    assert np.array_equal(country.answers[WAVES[0]], again.answers[WAVES[0]])
    assert not np.array_equal(country.answers[WAVES[0]][:1000], other.answers[WAVES[0]][:1000])


def test_what_is_not_declared_to_change_does_not_change_at_all(country):
    still = [question.item for question in QUESTIONS if question.shift == (0.0, 0.0, 0.0)]
    assert {"trust_president", "health_overall", "law_gift"} <= set(still)
    for item in still:
        columns = [country.answer(wave, item) for wave in WAVES]
        assert all(np.array_equal(a, b) for a, b in pairwise(columns)), item


def test_what_is_declared_to_change_moves_everybody_the_same_way(country):
    before, after = (country.answer(wave, "trust_government") for wave in WAVES[1:])
    assert (after >= before).all()
    assert (after > before).any()


def test_nobody_is_asked_about_bribes_without_contact(country):
    for wave in WAVES:
        for name in OFFICIALS:
            contact = country.answer(wave, f"contact_{name}") == YES
            for what in ("paid", "asked"):
                assert np.array_equal(country.answer(wave, f"{what}_{name}") != NOT_ASKED, contact)


def test_members_of_a_household_agree_on_its_children(country):
    start = country.household_start
    children = country.answer(WAVES[0], "education_children")
    homes = np.flatnonzero(np.diff(start) > 1)
    first, second = children[start[homes]], children[start[homes] + 1]
    assert np.array_equal(first, second)


# ------------------------------------------------------------------------------------------------------------ sample
def test_draws_are_shared_out_over_all_strata(country):
    taken = allocate(country.strata)
    assert taken.sum() == DRAWS
    assert taken.min() >= FEWEST_DRAWS


def test_a_sample_has_the_declared_shape_and_nobody_twice(country):
    sample = draw_sample(country, np.random.default_rng(5))
    assert len(sample.person) == DRAWS * HOUSEHOLDS_PER_DRAW == 2400
    assert len(np.unique(sample.person)) == 2400
    assert np.array_equal(country.stratum[sample.person], sample.stratum)
    per_stratum = np.array([len(np.unique(sample.draw[sample.stratum == h])) for h in range(37)])
    assert np.array_equal(per_stratum, allocate(country.strata))


def test_households_of_one_draw_come_from_one_area(country):
    sample = draw_sample(country, np.random.default_rng(6))
    home = np.searchsorted(country.household_start, sample.person, side="right") - 1
    area = np.searchsorted(country.area_start, home, side="right") - 1
    assert all(len(set(area[sample.draw == draw].tolist())) == 1 for draw in range(DRAWS))


def test_weights_are_unbiased_for_people_of_every_stratum(country):
    """The mean over many samples of the weighted count equals the count, within its own Monte-Carlo error."""
    rng = np.random.default_rng(7)
    counts = []
    for _ in range(200):
        sample = draw_sample(country, rng)
        counts.append(np.bincount(sample.stratum, weights=sample.weight, minlength=37))
    truth = np.bincount(country.stratum, minlength=37) * PERSONS_PER_MODEL_PERSON
    z = (np.mean(counts, axis=0) - truth) / (np.std(counts, axis=0, ddof=1) / np.sqrt(len(counts)))
    assert np.abs(z).max() < 4.0
    assert np.sqrt((z**2).mean()) < 1.4


# --------------------------------------------------------------------------------------------------------- interviews
def test_complete_interviews_repeat_the_country(country):
    sample = draw_sample(country, np.random.default_rng(8))
    answers = interview(country, sample, WAVES[1], np.random.default_rng(9), "complete")
    assert np.array_equal(answers, country.answers[WAVES[1]][sample.person])


def test_interviews_change_nothing_but_answers_into_missing_ones(country):
    sample = draw_sample(country, np.random.default_rng(8))
    answers = interview(country, sample, WAVES[1], np.random.default_rng(9))
    told = country.answers[WAVES[1]][sample.person]
    differs = answers != told
    assert set(np.unique(answers[differs])) <= {NOT_ASKED, 97, DONT_KNOW, REFUSED}
    assert 0.02 < differs.mean() < 0.08


def test_who_refuses_about_bribes_refuses_all_such_questions(country):
    sample = draw_sample(country, np.random.default_rng(10))
    answers = interview(country, sample, WAVES[0], np.random.default_rng(11))
    items = [f"{what}_{name}" for name in OFFICIALS for what in ("paid", "asked")]
    block = np.stack([said(country, answers, item) for item in items])
    refused, answered = (block == REFUSED).any(axis=0), np.isin(block, (1, 2)).any(axis=0)
    assert refused.sum() > 40
    assert not (refused & answered).any()


def test_an_unanswered_filter_opens_nothing(country):
    sample = draw_sample(country, np.random.default_rng(12))
    answers = interview(country, sample, WAVES[0], np.random.default_rng(13))
    silent = said(country, answers, "contact_police") == REFUSED
    assert silent.any()
    assert (said(country, answers, "paid_police")[silent] == NOT_ASKED).all()


def test_dont_know_about_the_anticorruption_body_grows_in_the_third_wave(country):
    shares = []
    for wave in WAVES:
        rng = np.random.default_rng(14)
        answers = interview(country, draw_sample(country, rng), wave, rng)
        shares.append((said(country, answers, "trust_anticorruption") == DONT_KNOW).mean())
    assert shares[2] - shares[1] > 0.04
    assert abs(shares[1] - shares[0]) < 0.03


def test_nonresponse_not_at_random_hides_bribes(country):
    sample = draw_sample(country, np.random.default_rng(15))
    rates = {}
    for kind in ("at_random", "not_at_random"):
        hidden, shown = 0, 0
        for seed in range(20):
            answers = interview(country, sample, WAVES[0], np.random.default_rng(seed), kind)
            paid = country.answers[WAVES[0]][sample.person][:, country.items.index("paid_medical")] == YES
            refused = said(country, answers, "paid_medical") == REFUSED
            hidden, shown = hidden + (refused & paid).sum(), shown + paid.sum()
        rates[kind] = hidden / shown
    assert rates["not_at_random"] > 1.5 * rates["at_random"]
