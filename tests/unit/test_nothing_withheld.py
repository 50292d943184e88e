"""Nothing that is withheld can be found in a build: pages, charts, alternative texts, attributes, tables, workbooks, descriptions.

Two ways. Every number of every file is compared with every withheld value. And two builds whose answers differ in withheld figures only
have to be the same in every sign and number, so that nothing withheld can stand in them in any form, not even as the place of a dot.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import dataclass, replace
from importlib import util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from survey_kit.files import digest
from survey_kit.indicators import compute
from survey_kit.indicators.confidential import RULE
from survey_kit.indicators.rows import AGAINST, CHANGE_FIGURES, FIGURES, published
from survey_kit.pipeline import build
from survey_kit.report import open_data
from survey_kit.report.info import read
from survey_kit.study import read_study

_SPEC = util.spec_from_file_location("small_study", Path(__file__).with_name("test_confidential_rows.py"))
small = util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(small)

NUMBER = re.compile(r"[-+−]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")
POINTED = re.compile(r"[-+−]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")  # where a comma parts two numbers
HEX = re.compile(r"\b[0-9a-f]{16,64}\b")
INDICATORS = """
schema: survey-kit/indicators/1
indicators:
  - {id: paid, title: Paid, theme: corruption, kind: share, items: [paid], categories: [1], base: answered, dont_know: exclude, direction: down, interval: beta}
  - {id: view, title: View, theme: other, kind: mean100, items: [view], base: answered, dont_know: exclude, direction: up, interval: wald}
"""
STATE = {"manifest.json", ".state.json", ".lock"}  # digests of what went in and came out


@dataclass(frozen=True)
class Made:
    folder: Path
    rows: pd.DataFrame
    inputs: tuple[str, ...]


def people() -> pd.DataFrame:
    """Give answers in which everybody is a sampling unit with the weight 1, and few in region 3 paid."""
    frame = small.answers()
    return frame.assign(w=1.0, psu=frame["case"])


def exchanged(frame: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Let somebody of region 3 who paid change answers with somebody alike of the region that is withheld beside it."""
    out = frame.copy()
    for wave in (1, 2):
        part = rows[(rows["indicator"] == "paid") & (rows["wave"] == str(wave)) & (rows["reliability_rule"] == RULE)]
        beside = [int(level) for level in part.loc[part["domain"] == "region", "level"] if level != "3"]
        one = frame[(frame["wave"] == wave) & (frame["region"] == 3) & (frame["paid"] == 1)].iloc[0]
        alike = (frame["wave"] == wave) & (frame["region"] == beside[0]) & (frame["paid"] == 2)
        other = frame[alike & (frame["sex"] == one["sex"])].iloc[0]
        out.loc[one.name, "paid"], out.loc[other.name, "paid"] = 2, 1
    return out


def made(folder: Path, frame: pd.DataFrame) -> Made:
    place = small.study(folder, "report: {languages: [en, kk, ru]}", frame).folder
    (place / "indicators.yaml").write_text(INDICATORS, encoding="utf-8")
    study = read_study(place)
    build(place, to=folder / "build", formats=["html"])
    inputs = tuple(digest(path) for path in study.sources())
    return Made(folder=folder / "build", rows=compute(study).rows, inputs=inputs)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made(tmp_path_factory.mktemp("first"), people())


@pytest.fixture(scope="module")
def weighted(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Give a build whose weights are no round numbers, so that no figure is a simple fraction."""
    return made(tmp_path_factory.mktemp("weighted"), small.answers())


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory, first: Made) -> Made:
    return made(tmp_path_factory.mktemp("second"), exchanged(people(), first.rows))


def texts(folder: Path) -> dict[str, str]:
    """Give the text of every file below a folder, of a bundle that of every part."""
    out = {}
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        name, content = path.relative_to(folder).as_posix(), path.read_bytes()
        if path.suffix in {".ods", ".xlsx", ".docx"}:
            bundle = zipfile.ZipFile(io.BytesIO(content))
            out |= {f"{name}/{part}": bundle.read(part).decode("utf-8") for part in bundle.namelist()}
        elif b"\0" not in content:
            out[name] = content.decode("utf-8")
        else:
            out[name] = content.hex()
    return out


def withheld(rows: pd.DataFrame) -> np.ndarray:
    """Give every value that stands in a row that is not published, shares also in per cent."""
    gone = rows[rows["reliability_rule"] == RULE]
    values = [gone[list(FIGURES)].to_numpy(dtype=float).ravel()]
    for against in AGAINST:
        part = rows[rows[f"{against}_wording"] == "not_published"]
        names = [f"{against}_{name}" for name in CHANGE_FIGURES if name not in {"df", "nonresponse_shift"}]
        values.append(part[names].to_numpy(dtype=float).ravel())
    found = np.concatenate(values)
    found = found[np.isfinite(found)]
    return found[np.abs(found - np.round(found, 2)) > 1e-4]  # what a round number cannot hit by chance


def numbers(text: str) -> np.ndarray:
    """Give every number of a text that is told to at least four digits; a comma may be the decimal sign."""
    found = {*NUMBER.findall(text), *POINTED.findall(text)}
    told = (one.replace("−", "-").replace(",", ".") for one in found)
    return np.array(
        [float(one) for one in told if sum(sign.isdigit() for sign in one.split("e")[0].lstrip("-+0.")) >= 4]
    )


def test_the_small_cell_is_withheld_and_something_beside_it(weighted):
    gone = weighted.rows[weighted.rows["reliability_rule"] == RULE]
    assert set(gone["indicator"]) == {"paid"}
    assert (gone.groupby("wave").size() >= 2).all()
    assert len(withheld(weighted.rows)) > 20


def test_no_number_of_a_build_is_a_withheld_one(weighted):
    secret = withheld(weighted.rows)
    secret = np.sort(np.unique(np.concatenate([np.abs(secret), np.abs(secret) * 100])))
    seen = 0
    for name, text in texts(weighted.folder).items():
        told = np.abs(numbers(text if name.split("/")[-1] not in STATE else HEX.sub("", text)))
        seen += len(told)
        for value in told:
            near = secret[np.searchsorted(secret, value * (1 - 2e-6)) : np.searchsorted(secret, value * (1 + 2e-6))]
            assert not len(near), f"{name}: {value}"
    assert seen > 5000


def test_the_search_finds_what_is_not_blanked(weighted):
    """Rows as a researcher has them hold every withheld value: the search above would see it."""
    secret = withheld(weighted.rows)
    told = numbers(weighted.rows.to_csv())
    assert all(np.isclose(told, value, rtol=2e-6, atol=0).any() for value in secret)


def test_the_markers_stand_where_the_numbers_are_gone(first):
    pages = texts(first.folder / "report")
    for language in ("en", "kk", "ru"):
        assert "[c]" in pages[f"{language}/corruption.html"]
    rows = pd.read_csv(next((first.folder / "open_data").glob("*_indicators.csv")), keep_default_na=False)
    assert (rows.loc[rows["reliability_rule"] == RULE, "flags"].str.startswith("[c]")).all()


def plain(text: str, inputs: tuple[str, ...]) -> str:
    """Take out the digests of what went in, and of charts that hold the same numbers but for rounding."""
    for one in inputs:
        text = text.replace(one, "#").replace(one[:16], "#")
    return HEX.sub("#", text)


def compare(one: dict[str, str], other: dict[str, str], inputs: tuple[tuple[str, ...], tuple[str, ...]]) -> int:
    """Compare texts sign by sign and number by number; count the numbers."""
    assert list(one) == list(other)
    count = 0
    for name, text in one.items():
        if name.split("/")[-1] in STATE:
            continue
        a, b = plain(text, inputs[0]), plain(other[name], inputs[1])
        assert NUMBER.sub("#", a) == NUMBER.sub("#", b), name
        x, y = ([float(n.replace("−", "-").replace(",", ".")) for n in NUMBER.findall(side)] for side in (a, b))
        np.testing.assert_allclose(x, y, rtol=1e-9, atol=1e-9, err_msg=name)
        count += len(x)
    return count


def test_the_two_studies_differ_in_withheld_figures_only(first, second):
    gone = (first.rows["reliability_rule"] == RULE).to_numpy()
    assert (gone == (second.rows["reliability_rule"] == RULE).to_numpy()).all()
    one, other = (made.rows["estimate"].to_numpy(dtype=float) for made in (first, second))
    assert (np.abs(one - other)[gone] > 1e-3).all()
    np.testing.assert_allclose(one[~gone], other[~gone], rtol=1e-12)


def test_what_is_withheld_changes_no_sign_of_a_build(first, second):
    count = compare(texts(first.folder), texts(second.folder), (first.inputs, second.inputs))
    assert count > 5000


def test_what_is_withheld_changes_no_sign_of_open_data_in_any_language(first, second, tmp_path):
    for one, name in ((first, "first"), (second, "second")):
        info = replace(read(one.folder / "study.json"), languages=("kk", "ru", "en"))
        open_data.write(tmp_path / name, one.rows, info)
    found = [texts(tmp_path / name) for name in ("first", "second")]
    assert any(name.endswith("kk.ods/content.xml") for name in found[0])
    assert compare(*found, (first.inputs, second.inputs)) > 2000


def test_the_comparison_sees_a_figure_that_is_not_blanked(first, second, tmp_path):
    """Unblanked rows of the two studies differ: the comparison above would see it."""
    for one, name in ((first, "first"), (second, "second")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rows.csv").write_text(one.rows.to_csv(), encoding="utf-8")
    with pytest.raises(AssertionError):
        compare(texts(tmp_path / "first"), texts(tmp_path / "second"), (first.inputs, second.inputs))


def test_that_nobody_paid_is_no_other_sign_than_that_few_did(first, tmp_path):
    frame = people()
    frame.loc[frame["region"] == 3, "paid"] = 2
    rows = compute(small.study(tmp_path, frame=frame)).rows
    nobody = (rows["indicator"] == "paid") & (rows["domain"] == "region") & (rows["level"] == "3")
    assert set(rows.loc[nobody, "status"]) == {"one_value"}
    out = published(rows)[nobody]
    few = published(first.rows)
    few = few[(few["indicator"] == "paid") & (few["domain"] == "region") & (few["level"] == "3")]
    columns = ["status", "reliability", "reliability_rule", "reliability_reason", *FIGURES]
    pd.testing.assert_frame_equal(out[columns].reset_index(drop=True), few[columns].reset_index(drop=True))


def test_manifests_name_the_same_outputs(first, second):
    one, other = (json.loads((made.folder / "manifest.json").read_text(encoding="utf-8")) for made in (first, second))
    assert [out["name"] for out in one["outputs"]] == [out["name"] for out in other["outputs"]]
