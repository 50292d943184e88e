"""International ratings: both standard errors, changes, editions, provenance, refusals."""

import numpy as np
import pytest

from survey_kit import ratings
from survey_kit.errors import RatingsError
from survey_kit.ratings.shipped import PROVENANCE

FRAMES = {
    "cpi": lambda: ratings.cpi(None),
    "cpi_sources": lambda: ratings.cpi_sources(None),
    "cpi_changes": ratings.cpi_changes,
    "cpi_change": lambda: ratings.cpi_change("KAZ", 2025, 2013),
    "significant_changes": lambda: ratings.significant_changes(ratings.cpi(None), 2025),
    "cpi_leave_one_out": lambda: ratings.cpi_leave_one_out(None),
    "wgi": lambda: ratings.wgi("KAZ", edition="all"),
    "wgi_change": lambda: ratings.wgi_change("KAZ", "rl", 2023, 2022),
    "wjp": ratings.wjp,
    "egdi": ratings.egdi,
    "others": ratings.others,
    "summary": ratings.summary,
}


@pytest.mark.parametrize("name", FRAMES)
def test_every_row_says_where_it_is_from(name):
    frame = FRAMES[name]()
    assert len(frame)
    assert frame[list(PROVENANCE)].notna().all(axis=None)
    assert (frame["data_status"] == "real").all()
    assert not frame[list(PROVENANCE)].astype(str).apply(lambda column: column.str.contains("memory")).any(axis=None)
    assert set(frame["verified"]) <= {"two or more sources", "one source", "computed here"}
    if "rank" in frame:
        assert frame.loc[frame["rank"].notna(), "n_countries"].notna().all()
    if name == "wjp":
        assert frame["licence_note"].str.contains("non-commercial").all()


def test_a_frame_is_the_callers_own():
    for give in (ratings.cpi, ratings.wjp):
        frame = give(None)
        frame["score"] = 0.0
        assert give(None)["score"].min() > 0


def test_both_standard_errors_come_from_the_source_scores():
    table = ratings.cpi(None)
    table = table[table["iso3"] != "WLD"].set_index(["iso3", "year"])
    scores = ratings.cpi_sources(None).groupby(["iso3", "year"])["score"]
    for key, values in scores:
        n = len(values)
        raw = np.sqrt(sum((v - sum(values) / n) ** 2 for v in values) / (n - 1) / n)
        assert n == table.loc[key, "n_sources"] >= 3
        assert table.loc[key, "se_uncorrected"] == pytest.approx(raw, rel=1e-12)
        assert table.loc[key, "se_corrected"] == pytest.approx(raw * np.sqrt((13 - n) / 12), rel=1e-12)
        assert table.loc[key, "score"] == pytest.approx(values.mean(), abs=0.7)  # some source scores are rounded
    exact = table[table.index.get_level_values("year").isin([2021, 2023, 2024, 2025])]
    assert (exact["se_published"] - exact["se_corrected"]).abs().max() < 2e-5
    early = table[table.index.get_level_values("year") <= 2019]
    assert (early["se_published"] - early["se_uncorrected"]).abs().max() < 0.15
    assert (early["se_published"] - early["se_corrected"]).abs().median() > 0.5
    kazakhstan = table.loc["KAZ"]
    printed = [4.14, 3.32, 4.47, 4.90, 3.35, 3.59, 3.64, 4.22, 5.37, 5.77, 5.67, 5.54, 5.38, 6.12]
    assert kazakhstan["se_uncorrected"].round(2).to_list() == printed


def test_kazakhstan_2025_differs_from_2013_only():
    changes = ratings.cpi_changes("KAZ", 2025).set_index("since")
    assert list(changes.index) == list(range(2012, 2025))
    assert changes.index[changes["significant"]].to_list() == [2013]
    assert changes.loc[2013, "change"] == 12
    z = [1.353, 1.724, 1.188, 1.276, 1.29, 0.986, 0.983, 0.538, 0, 0.119, 0.24, -0.121, -0.245]
    assert changes["z"].round(3).to_list() == z
    outside = (changes["ci90_low"] > 0) | (changes["ci90_high"] < 0)
    assert (outside == changes["significant"]).all()
    published = ratings.cpi_changes("KAZ", 2025, se="published")
    assert published.loc[published["significant"], "since"].to_list() == [2012, 2013, 2015, 2016]


def test_one_change_is_a_row_of_all_changes():
    one = ratings.cpi_change(("KAZ", "Estonia"), 2025, 2019, se="corrected")
    assert one["iso3"].to_list() == ["KAZ", "EST"]
    every = ratings.cpi_changes("EST", 2025, se="corrected").set_index("since")
    assert one.set_index("iso3").loc["EST", "z"] == every.loc[2019, "z"]
    assert (one["se_form"] == "corrected").all()


def test_the_world_mean_has_no_error_and_no_verdict():
    change = ratings.cpi_change("WLD", 2025, 2024)
    assert change["significant"].isna().all()
    world = ratings.cpi("WLD").set_index("year")
    assert world.loc[2025, "score"] == pytest.approx(42.467)
    assert world.loc[2025, "n_countries"] == 182
    assert world["rank"].isna().all()


def test_without_the_economist_both_annual_changes_turn_round():
    table = ratings.cpi_leave_one_out("KAZ")
    eiu = table[table["cpi_source"].str.startswith("Economist")].set_index("year")
    assert eiu["mean_without"].round(1).loc[2023:].to_list() == [41.1, 39.2, 40.3]
    assert eiu.loc[2024, "change"] > 0 > eiu.loc[2024, "change_without"]
    assert eiu.loc[2025, "change"] < 0 < eiu.loc[2025, "change_without"]
    reversing = table[table["reverses"].fillna(value=False)]
    assert reversing.loc[reversing["year"] == 2025, "cpi_source"].to_list() == [
        "Economist Intelligence Unit Country Ratings"
    ]
    assert table.loc[table["year"] == 2012, "reverses"].isna().all()


def test_a_new_source_left_out_compares_with_the_whole_mean_of_the_year_before():
    table = ratings.cpi_leave_one_out("KAZ").set_index(["year", "cpi_source"])
    row = table.loc[(2016, "Varieties of Democracy Project")]
    assert row["change_without"] == pytest.approx(
        row["mean_without"] - 27.5
    )  # 2015: eight sources, V-Dem not among them


def test_wgi_stays_within_one_edition():
    newest = ratings.wgi("KAZ")
    assert set(newest["edition"]) == {"WGI 2024"}
    assert newest["indicator"].nunique() == 6
    assert set(ratings.wgi("KAZ", edition="all")["edition"]) == {"WGI 2024", "WGI 2023"}
    change = ratings.wgi_change("KAZ", "cc", 2022, 2018, edition="WGI 2023", since_edition="WGI 2023")
    assert change["edition"].to_list() == ["WGI 2023"]
    with pytest.raises(RatingsError, match="two WGI editions cannot be compared"):
        ratings.wgi_change("KAZ", "cc", 2023, 2022, since_edition="WGI 2023")
    with pytest.raises(RatingsError, match="two WGI editions cannot be compared"):
        ratings.wgi_change("KAZ", "cc", 2023, 2022, edition="all")
    with pytest.raises(RatingsError, match="no WGI 2023 'cc' figure of 2023"):
        ratings.wgi_change("KAZ", "cc", 2023, 2022, edition="WGI 2023")


def test_what_is_known_from_memory_only_is_not_carried():
    egdi = ratings.egdi("KAZ")
    assert egdi.loc[egdi["measure"] == "egdi", "value"].isna().all()
    assert egdi.loc[egdi["measure"] == "egdi", "rank"].to_list() == [28, 33, 39, 29, 28, 24]
    wjp = ratings.wjp("KAZ")
    assert wjp.loc[wjp["rank"].notna(), "edition"].to_list() == ["WJP 2021", "WJP 2022", "WJP 2025"]
    assert not ratings.others("KAZ")["series"].str.contains("GCB").any()


def test_summary_holds_every_rating_once():
    table = ratings.summary("Kazakhstan")
    assert not table.duplicated(["rating", "measure", "year"]).any()
    assert list(table["rating"].unique()[:4]) == ["CPI", "WGI", "WJP", "EGDI"]
    size = table.groupby("rating", sort=False).size()
    assert size[["CPI", "WGI", "WJP", "EGDI"]].to_list() == [14, 300, 108, 7]
    assert (table["value"].notna() | table["rank"].notna()).all()
    banded = table[table["ci_low"].notna()]
    assert (banded["ci_low"] <= banded["value"]).all()
    assert (banded["value"] <= banded["ci_high"]).all()
    assert set(ratings.summary("EST")["rating"]) == {"CPI"}


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: ratings.cpi("KAX"), "did you mean 'KAZ'"),
        (lambda: ratings.cpi("Kazakstan"), "did you mean 'Kazakhstan'"),
        (lambda: ratings.cpi(5), "No CPI figures are carried for '5'"),
        (lambda: ratings.summary("Atlantis"), "known: EST"),
        (lambda: ratings.wgi("EST"), "known: KAZ, Kazakhstan"),
        (lambda: ratings.wgi("KAZ", "ccc"), "did you mean 'cc'"),
        (lambda: ratings.wgi("KAZ", edition="2024"), "did you mean 'WGI 2024'"),
        (lambda: ratings.cpi_changes("KAZ", 2011), "one of the years 2012, 2013"),
        (lambda: ratings.cpi_change("KAZ", 2025, 2025), "Name a year before 2025"),
        (lambda: ratings.cpi_change("KAZ", 2025, 2011), "no CPI figure of 2011"),
        (lambda: ratings.cpi_changes("KAZ", 2025, se="raw"), "not a standard error of the CPI"),
        (lambda: ratings.significant_changes(ratings.cpi().drop(columns="score"), 2025), "no column 'score'"),
    ],
)
def test_a_wrong_name_is_told_with_the_right_one(call, told):
    with pytest.raises(RatingsError) as fault:
        call()
    assert told in str(fault.value)
    assert len(str(fault.value).splitlines()) <= 5
