"""The difference of changes between regions where a measure began first and the others."""

from dataclasses import replace

import numpy as np
import pytest

from survey_kit.estimate import mean
from survey_kit.indicators.contrasts import FEWEST, contrasts
from survey_kit.study import make_design, make_weights, read_responses, read_study
from survey_kit.study.policy import Measure


@pytest.fixture(scope="module")
def whole():
    study = read_study("analyses/kazakhstan")
    responses = read_responses(study).checked()
    weights = make_weights(study, responses)
    return study, responses, make_design(study, responses) if weights is None else weights.design


def taken(study, regions=("KZ-10", "KZ-11", "KZ-15", "KZ-19", "KZ-27", "KZ-31", "KZ-35", "KZ-39"), **more):
    first = next(wave.id for wave in study.waves[1:] if not wave.break_)
    asked = {"indicators": ("trust_courts", "trust_institutions"), "first_wave": first} | more
    return Measure(id="m", title={"en": "M"}, sources=("x",), introduction="drawn", regions=regions, **asked)


def test_a_measure_without_regions_has_no_contrast(whole):
    assert contrasts(*whole, Measure(id="m", title={"en": "M"}, sources=("x",), indicators=("trust_courts",))) == ()


def test_the_contrast_is_the_difference_of_four_figures(whole):
    study, responses, design = whole
    measure = taken(study)
    (one,) = contrasts(study, responses, design, measure, ["trust_courts"])
    item = study.indicator("trust_courts")
    name = item.items[0]
    codes = responses.frame[name]
    answered = codes.notna() & responses.missing[name].isna() if name in responses.missing else codes.notna()
    frame = design.frame.assign(
        y=np.where(answered, codes.isin(item.categories), np.nan), group=responses.frame["region"].isin(measure.regions)
    )
    table = mean(replace(design, frame=frame), "y", by=[design.wave, "group"], missing="exclude").table
    cell = {(str(row[design.wave]), bool(row["group"])): row for row in table.to_dict("records")}
    first, others = (cell[one.later, g]["estimate"] - cell[one.earlier, g]["estimate"] for g in (True, False))
    np.testing.assert_allclose([one.first, one.others, one.difference], [first, others, first - others], rtol=1e-12)
    assert one.low < one.difference < one.high
    assert (one.level, one.unit) == (0.95, "share")


def test_strata_within_groups_and_waves_of_their_own_make_four_independent_figures(whole):
    study, responses, design = whole
    if study.design.overlap != "none" or study.plan is not None:
        pytest.skip("the waves of the study are not independent, or its weights are calibrated")
    measure = taken(study)
    (one,) = contrasts(study, responses, design, measure, ["trust_courts"])
    domain = responses.frame["region"].isin(measure.regions)
    item = study.indicator("trust_courts")
    codes = responses.frame[item.items[0]]
    y = np.where(codes.notna(), codes.isin(item.categories), np.nan)
    parts = mean(
        replace(design, frame=design.frame.assign(y=y, group=domain)), "y", by=[design.wave, "group"], missing="exclude"
    ).table
    used = parts[parts[design.wave].astype(str).isin([one.earlier, one.later])]
    np.testing.assert_allclose(one.se, np.sqrt((used["se"] ** 2).sum()), rtol=1e-10)


def test_several_indicators_are_judged_together(whole):
    study, *rest = whole
    made = contrasts(study, *rest, taken(study))
    assert [one.indicator for one in made] == [one.id for one in study.definitions if one.id in taken(study).indicators]
    levels = {one.level for one in made if one.level is not None}
    assert levels == {1 - 0.05 / sum(one.level is not None for one in made)}
    for one in made:
        if one.level is not None:
            outside = one.low > 0 or one.high < 0
            assert outside == (one.wording in {"rose", "fell"})


def test_an_effect_that_was_put_in_is_found_and_none_elsewhere(whole):
    study, responses, design = whole
    measure = taken(study)
    name = study.indicator("trust_courts").items[0]
    frame = responses.frame.copy()
    here = frame["region"].isin(measure.regions) & frame[study.wave_column].astype(str).eq(measure.first_wave)
    frame.loc[here & frame[name].notna(), name] = 10
    (one,) = contrasts(study, replace(responses, frame=frame), design, measure, ["trust_courts"])
    assert one.wording == "rose"
    assert one.first > 0.2


def test_too_few_answers_are_not_published(whole, monkeypatch):
    study, *rest = whole
    monkeypatch.setattr("survey_kit.indicators.contrasts.FEWEST", 10**6)
    (one,) = contrasts(study, *rest, taken(study), ["trust_courts"])
    assert (one.wording, one.difference) == ("not_published", None)
    assert FEWEST >= 30


def test_over_a_break_nothing_is_compared(whole):
    study, responses, design = whole
    measure = taken(study)
    broken = tuple(replace(wave, break_="mode") if wave.id == measure.first_wave else wave for wave in study.waves)
    (one,) = contrasts(replace(study, waves=broken), responses, design, measure, ["trust_courts"])
    assert (one.wording, one.difference) == ("cannot_be_compared", None)
    assert one.reason
