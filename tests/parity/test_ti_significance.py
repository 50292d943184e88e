"""Transparency International's own list of significant changes in CPI 2025, from the whole panel."""

import os
from pathlib import Path

import pandas as pd
import pytest

from survey_kit.ratings import significant_changes

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def published():
    folder = Path(os.environ.get("SURVEY_KIT_DATA") or "data") / "ratings"
    panel = folder / "cpi_panel_2012_2025.csv"
    listed = folder / "cpi_significant_changes_2025_TI_list.csv"
    if not (panel.is_file() and listed.is_file()):
        pytest.skip("needs ratings/ in the data folder; set SURVEY_KIT_DATA")
    renamed = pd.read_csv(panel).rename(columns={"se_raw_sd_over_sqrt_n": "se_uncorrected"})
    return renamed, pd.read_csv(listed)


def test_the_uncorrected_rule_finds_all_81_listed_countries_and_6_more(published):
    panel, listed = published
    found = significant_changes(panel, 2025)
    assert len(listed) == 81
    assert set(found["iso3"]) - set(listed["iso3"]) == {"CHE", "DMA", "ECU", "HTI", "IRQ", "KWT"}
    assert set(listed["iso3"]) <= set(found["iso3"])
    pairs = found.merge(listed, left_on=["iso3", "since"], right_on=["iso3", "reference_year"])
    assert len(pairs) == 81  # every reference year that TI prints is itself significant
    assert (pairs["change_x"] == pairs["change_y"]).all()


def test_the_largest_and_latest_change_is_nearly_always_the_printed_one(published):
    panel, listed = published
    found = significant_changes(panel, 2025)
    printed = found[found["largest"]].merge(listed, on="iso3")
    assert len(printed) == 81
    assert (printed["since"] == printed["reference_year"]).sum() == 78
    assert printed.set_index("iso3").loc["KAZ", "since"] == 2013


def test_the_published_errors_find_33_countries_too_many(published):
    panel, listed = published
    found = set(significant_changes(panel, 2025, se="published")["iso3"])
    assert set(listed["iso3"]) <= found
    assert len(found - set(listed["iso3"])) == 33
