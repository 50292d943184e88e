"""Open data: the same bytes twice, no formula, no suppressed number, every column explained."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from dataclasses import replace

import pandas as pd
import pytest

from survey_kit.indicators.rows import COLUMNS
from survey_kit.report import open_data, shorthand
from survey_kit.report.info import IndicatorInfo


def contents(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def texts(folder) -> dict[str, str]:
    """Give the texts of all files, of a workbook those of its parts."""
    out = {}
    for name, content in contents(folder).items():
        if name.endswith(".ods"):
            bundle = zipfile.ZipFile(io.BytesIO(content))
            out |= {f"{name}/{part}": bundle.read(part).decode("utf-8") for part in bundle.namelist()}
        else:
            out[name] = content.decode("utf-8")
    return out


def test_two_writings_give_the_same_bytes(raw, tmp_path):
    for name in ("one", "two"):
        open_data.write(tmp_path / name, raw.rows, raw.info)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_suppressed_numbers_are_in_no_file(raw, tmp_path, secret):
    open_data.write(tmp_path, raw.rows, raw.info)
    for name, text in texts(tmp_path).items():
        assert not secret.search(text), name


def test_rows_keep_their_reason_where_the_number_is_gone(raw, tmp_path):
    open_data.write(tmp_path, raw.rows, raw.info)
    table = pd.read_csv(tmp_path / "toy_indicators.csv", dtype=str, keep_default_na=False)
    assert list(table.columns) == [*COLUMNS, *shorthand.COLUMNS]
    gone = table[table["reliability"] == "suppress"]
    assert len(gone)
    assert set(gone["estimate"]) == {""}
    assert (gone["reliability_reason"] != "").all()
    assert (gone["n"] != "").all()


def test_numbers_keep_their_precision(real, tmp_path):
    open_data.write(tmp_path, real.rows, real.info)
    again = pd.read_csv(tmp_path / "toy_indicators.csv")
    pd.testing.assert_series_equal(again["estimate"], real.rows["estimate"], check_exact=True)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_text_is_a_formula(start, real, tmp_path):
    evil = f"{start}cmd|'/c calc'!A1"
    info = replace(real.info, indicators=(*real.info.indicators, IndicatorInfo(id="x", title=evil)), notes=(evil,))
    rows = real.rows.assign(level_label=evil)
    open_data.write(tmp_path, rows, info)
    for path in tmp_path.glob("*.csv"):
        for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")):
            for cell in row:
                assert not cell.startswith(("=", "@", "\t", "\r", "\n"))
                assert not cell.startswith(("+", "-")) or _is_number(cell)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_the_dictionary_explains_every_column_indicator_wave_and_marker(real, tmp_path):
    open_data.write(tmp_path, real.rows, real.info)
    table = pd.read_csv(tmp_path / "toy_dictionary.csv", keep_default_na=False)
    assert list(table[table["part"] == "column"]["name"]) == [*COLUMNS, *shorthand.COLUMNS]
    assert (table[table["part"] == "column"]["meaning"] != "").all()
    assert set(table[table["part"] == "indicator"]["name"]) == {one.id for one in real.info.indicators}
    assert set(table[table["part"] == "wave"]["name"]) == {one.id for one in real.info.waves}
    assert "[u]" in set(table[table["part"] == "marker"]["name"])


def test_the_description_holds_for_the_files(real, tmp_path):
    open_data.write(tmp_path, real.rows, real.info)
    package = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    for one in package["resources"]:
        content = (tmp_path / one["path"]).read_bytes()
        assert one["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert one["bytes"] == len(content)
        if "schema" not in one:
            continue
        head = next(csv.reader(io.StringIO(content.decode("utf-8"))))
        assert [field["name"] for field in one["schema"]["fields"]] == head


def test_synthetic_data_say_so_in_names_rows_description_and_terms(synthetic, tmp_path):
    written = open_data.write(tmp_path, synthetic.rows, synthetic.info)
    tables = [path for path in written if path.suffix in {".csv", ".ods"}]
    assert all(path.name.startswith("synthetic_") for path in tables)
    for path in (one for one in tables if one.suffix == ".csv"):
        table = pd.read_csv(path, dtype=str, keep_default_na=False).rename(columns=str.lower)
        assert set(table["data_status"]) == {"synthetic"}
    package = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    assert package["title"].startswith("SYNTHETIC: ")
    assert package["name"].startswith("synthetic_")
    assert (tmp_path / "README.txt").read_text(encoding="utf-8").startswith("SYNTHETIC: ")


def test_real_ratings_have_files_of_their_own(rated, tmp_path):
    open_data.write(tmp_path, rated.rows, rated.info)
    table = pd.read_csv(tmp_path / "ratings_KAZ.csv", dtype=str, keep_default_na=False)
    assert set(table["data_status"]) == {"real"}
    ranked = table[table["rank"] != ""]
    assert (ranked["n_countries"] != "").all(), "a rank never stands without the number of countries"
    package = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    status = {one["path"]: one["data_status"] for one in package["resources"]}
    assert status["ratings_KAZ.csv"] == "real"
    assert status["synthetic_rated_indicators.csv"] == "synthetic"


def test_the_readme_says_what_a_user_must_know(real, tmp_path):
    open_data.write(tmp_path, real.rows, real.info)
    text = (tmp_path / "README.txt").read_text(encoding="utf-8")
    for part in ("FILES", "TERMS", "BEFORE YOU USE THE FIGURES", "HOW TO CITE", "toy_indicators.csv", "Nobody (2023)"):
        assert part in text
