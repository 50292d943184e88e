"""The tables in the package equal the collected figures, value by value, and are made by the documented script."""

import os
import runpy
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from survey_kit import ratings

pytestmark = pytest.mark.data
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder():
    path = Path(os.environ.get("SURVEY_KIT_DATA") or "data") / "ratings"
    if not (path / "cpi_panel_2012_2025.csv").is_file():
        pytest.skip("needs ratings/ in the data folder; set SURVEY_KIT_DATA")
    return path


def test_the_script_makes_the_tables_byte_for_byte(folder):
    script = runpy.run_path(str(ROOT / "docs" / "make_rating_tables.py"))
    shipped = files("survey_kit.ratings") / "tables"
    made = script["tables"](folder)
    assert sorted(path.name for path in shipped.iterdir()) == sorted(f"{name}.csv" for name in made)
    for name, table in made.items():
        assert (shipped / f"{name}.csv").read_text(encoding="utf-8") == script["csv"](table)


def test_cpi_equals_the_panel(folder):
    panel = pd.read_csv(folder / "cpi_panel_2012_2025.csv")
    ours = ratings.cpi(None)
    both = ours.merge(panel, on=["iso3", "year"], suffixes=("", "_panel"))
    assert len(both) == (ours["iso3"] != "WLD").sum() == 98
    for name in ("score", "rank", "n_sources", "se_published", "ci90_low", "ci90_high"):
        np.testing.assert_allclose(both[name].astype(float), both[f"{name}_panel"], atol=1e-6)
    np.testing.assert_allclose(both["se_uncorrected"], both["se_raw_sd_over_sqrt_n"], atol=6e-5)
    np.testing.assert_allclose(both["se_corrected"], both["se_fpc13"], atol=6e-5)
    assert both["n_countries"].to_list() == both["year"].map(panel["year"].value_counts()).to_list()
    long = ratings.cpi_sources("KAZ")
    kazakhstan = pd.read_csv(folder / "cpi_kaz_2012_2025.csv").set_index("year")
    assert len(long) == kazakhstan["n_sources"].sum()
    for row in long.to_dict("records"):
        assert row["score"] == kazakhstan.loc[row["year"], row["cpi_source"]]


def test_wgi_and_wjp_equal_the_collected_rows(folder):
    theirs = pd.read_csv(folder / "wgi_kaz_1996_2023.csv")
    theirs["edition"] = theirs["edition"].str[:8]
    both = ratings.wgi("KAZ", edition="all").merge(theirs, on=["edition", "indicator", "year"])
    assert len(both) == len(theirs) == 294
    for mine, name in (("estimate_x", "estimate_y"), ("se", "std_error")):
        np.testing.assert_allclose(both[mine], both[name], atol=1e-6)
    for mine, name in (("percentile", ""), ("percentile_low", "lower"), ("percentile_high", "upper")):
        np.testing.assert_allclose(both[mine], both[f"pctrank{name}"], atol=1e-4)
    wide = ratings.wjp("KAZ").pivot_table(index="edition", columns="factor", values="score")
    collected = pd.read_csv(folder / "wjp_kaz_2012_2025.csv").set_index("edition")
    for edition, row in collected.iterrows():
        for name in wide:
            column = "overall" if name == "overall" else next(c for c in collected if c.startswith(f"{name}_"))
            assert wide.loc[f"WJP {edition}", name] == row[column]
