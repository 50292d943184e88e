"""The two real studies: published figures, waves without an item, breaks, flags. Need the microdata folder."""

from __future__ import annotations

import pytest

from survey_kit.indicators import compute
from survey_kit.study import read_study

# LAPOP's own published shares and t intervals, per cent
PUBLISHED = [
    ("trust_legislature", "2018/19", 30.32138, 27.76127, 32.88150),
    ("trust_supreme_court", "2018/19", 43.08618, 40.06770, 46.10465),
    ("trust_legislature", "2023", 35.25472, 32.18235, 38.32709),
]


@pytest.fixture(scope="module")
def brazil(data_folder, root):
    return compute(read_study(root / "analyses" / "brazil_trust", data_folder)).rows.set_index(["indicator", "wave"])


@pytest.fixture(scope="module")
def america(data_folder, root):
    study = read_study(root / "analyses" / "us_confidence", data_folder)
    return compute(study).rows.set_index(["indicator", "domain", "level", "wave"]).sort_index()


@pytest.mark.parametrize(("indicator", "wave", "share", "low", "high"), PUBLISHED)
def test_published_shares_of_brazil(brazil, indicator, wave, share, low, high):
    row = brazil.loc[(indicator, wave)]
    assert (100 * row[["estimate", "ci_low", "ci_high"]]).tolist() == pytest.approx([share, low, high], abs=5e-6)
    assert row["df"] == 120


def test_waves_of_brazil_without_the_item_are_empty(brazil):
    court = brazil.loc["trust_supreme_court"]
    assert court.index[court["status"] == "not_asked"].tolist() == ["2014", "2016/17", "2021"]
    assert court.loc[["2014", "2016/17", "2021"], ["estimate", "se", "n"]].isna().all().all()
    assert court.loc["2018/19", "previous_wave"] == "2012"


def test_telephone_wave_of_brazil_is_a_break_and_2023_takes_the_series_up_again(brazil):
    democracy = brazil.loc["support_democracy"]
    assert democracy.loc["2021", "break"] == "mode"
    assert democracy.loc["2021", "df"] == 3015
    assert democracy.loc[["2021", "2023"], "previous_wording"].tolist() == ["cannot_be_compared"] * 2
    assert democracy.loc["2021", "baseline_wording"] == "cannot_be_compared"
    assert democracy.loc["2023", "baseline_wording"] == "fell"
    congress = brazil.loc[("trust_legislature", "2023")]
    assert (congress["previous_wave"], congress["previous_wording"]) == ("2018/19", "rose")
    assert congress["note"] == "Not asked in 2021; compared with 2018/19."


def test_years_of_the_gss(america):
    court = america.loc[("confidence_supreme_court", "", "")]
    assert len(court) == 33
    assert court.index[court["status"] == "not_asked"].tolist() == ["1972", "1985"]
    assert court.loc["1973", "note"].startswith("The file has no sampling units")
    assert court.loc["1973", "df"] == 1503
    assert court["baseline_wave"].dropna().unique().tolist() == ["1975"]
    assert court.loc["2021", "break"] == "mode"
    assert set(court.loc[["2021", "2024"], "previous_wording"]) == {"cannot_be_compared"}


def test_military_of_the_gss_did_not_fall_in_2021(america):
    row = america.loc[("confidence_military", "", "", "2021")]
    assert row["previous_change"] < -0.1
    assert row["previous_wording"] == "cannot_be_compared"


def test_split_ballots_of_the_gss_are_not_nonresponse(america):
    everybody = america.xs(("", ""), level=("domain", "level"))
    asked = everybody[everybody["status"] == "ok"]
    assert (asked["nonresponse"] < 0.15).all()
    assert (
        everybody.loc[("confidence_labor", "2024"), "asked_n"]
        < 0.6 * everybody.loc[("confidence_press", "2024"), "asked_n"]
    )
    assert (asked["asked_n"] >= asked["n"]).all()


def test_words_and_intervals_of_the_gss_agree(america):
    for against in ("previous", "baseline"):
        low, high, word = (america[f"{against}_{name}"] for name in ("fcr_low", "fcr_high", "wording"))
        assert (low[word == "rose"] > 0).all()
        assert (high[word == "fell"] < 0).all()
        flat = word == "no_significant_change"
        assert ((low[flat] <= 0) & (high[flat] >= 0)).all()
