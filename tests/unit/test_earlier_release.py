"""Releases one after the other: what the first told is known, and bases that differ by few people give them away."""

from __future__ import annotations

from importlib import util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from survey_kit.disclosure import Table, audit
from survey_kit.errors import DisclosureError, StudyError
from survey_kit.indicators import compute
from survey_kit.indicators.confidential import RULE
from survey_kit.indicators.earlier import bases, differences, read_earlier, refuse
from survey_kit.indicators.rows import published
from survey_kit.study import read_study

KEY = ["indicator", "wave", "domain", "level"]
_SPEC = util.spec_from_file_location("small_study", Path(__file__).with_name("test_confidential_rows.py"))
small = util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(small)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("earlier")
    small.study(folder)
    return folder / "analyses" / "small"


@pytest.fixture(scope="module")
def first(place: Path) -> pd.DataFrame:
    return compute(read_study(place)).rows


def released(folder: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Give rows as a reader has them: blanked, written and read back."""
    path = folder / "before.csv"
    published(rows).to_csv(path, index=False)
    return read_earlier(path)


def hidden(rows: pd.DataFrame) -> set[tuple[str, ...]]:
    return set(rows.loc[rows["reliability_rule"] == RULE, KEY].itertuples(index=False, name=None))


def secondary(rows: pd.DataFrame) -> pd.DataFrame:
    """Give the regions that are withheld for the sake of region 3, where few people paid."""
    return rows[
        (rows["indicator"] == "paid")
        & (rows["domain"] == "region")
        & (rows["level"] != "3")
        & (rows["reliability_rule"] == RULE)
    ]


def test_the_same_release_again_withholds_the_same(place, first, tmp_path):
    again = compute(read_study(place), earlier=released(tmp_path, first)).rows
    pd.testing.assert_frame_equal(again, first)


def test_what_was_told_before_protects_nothing_now(place, first, tmp_path):
    """An earlier release gave the region that is withheld beside region 3; another one has to be withheld now."""
    beside = secondary(first)
    assert len(beside)
    told = first.copy()
    told.loc[beside.index, "reliability"] = "publish"
    told.loc[others(first).index, "reliability"] = "suppress"
    now = compute(read_study(place), earlier=released(tmp_path, told)).rows
    lost = set(beside[KEY].itertuples(index=False, name=None))
    small_cells = {one for one in hidden(first) if one[0] == "paid" and one[2:] == ("region", "3")}
    assert small_cells <= hidden(now)
    for wave in ("1", "2"):
        new = {one for one in hidden(now) if one[0] == "paid" and one[1] == wave} - lost - small_cells
        assert new, "somebody else stands beside it"
        assert not exposed(now, told, wave)
        assert exposed(first, told, wave), "with the old choice both releases together give it away"


def others(rows: pd.DataFrame) -> pd.DataFrame:
    """Give one region for each wave that is published and not small."""
    part = rows[(rows["indicator"] == "paid") & (rows["domain"] == "region") & (rows["reliability_rule"] != RULE)]
    return part.groupby("wave").tail(1)


def test_when_all_others_were_told_nothing_protects_a_figure(place, first, tmp_path):
    told = first.copy()
    told.loc[secondary(first).index, "reliability"] = "publish"
    with pytest.raises(DisclosureError, match="cannot be protected"):
        compute(read_study(place), earlier=released(tmp_path, told))


def exposed(now: pd.DataFrame, before: pd.DataFrame, wave: str) -> bool:
    """Tell whether a reader of both releases can work out the share of region 3: subtract what is published from everybody."""

    def part(rows: pd.DataFrame) -> pd.DataFrame:
        return rows[(rows["indicator"] == "paid") & (rows["wave"] == wave) & rows["domain"].isin(["", "region"])]

    rows, told = part(now), part(before)
    open_ = (rows["reliability"] != "suppress").to_numpy() | (told["reliability"] != "suppress").to_numpy()
    value = (rows["estimate"] * rows["weight_sum"]).to_numpy()
    sums = np.where(rows["domain"] == "", -1.0, 1.0)
    table = Table(value=value, sums=[sums], width=np.where(open_, 0.0, 1.0), high=rows["weight_sum"].to_numpy())
    return not audit(table, ~open_).safe


def test_a_figure_that_was_published_cannot_be_withheld(place, first, tmp_path):
    told = first.copy()
    told.loc[told["reliability_rule"] == RULE, "reliability"] = "publish"
    with pytest.raises(DisclosureError, match="published in an earlier release") as raised:
        compute(read_study(place), earlier=released(tmp_path, told))
    assert "disclosure: {known: ...}" in str(raised.value)


def test_a_reason_lets_it_stand(tmp_path):
    study = small.study(tmp_path)
    rows = compute(study).rows
    told = rows.copy()
    told.loc[told["reliability_rule"] == RULE, "reliability"] = "publish"
    released(study.folder, told)
    path = study.folder / "study.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "disclosure: {earlier: before.csv, known: It was public}\n", encoding="utf-8")
    again = read_study(path)
    assert again.folder / "before.csv" in again.sources()
    assert not hidden(compute(again).rows)


def test_the_study_names_the_release_before(tmp_path):
    study = small.study(tmp_path)
    path = study.folder / "study.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "disclosure: {earlier: before.csv}\n", encoding="utf-8")
    with pytest.raises((DisclosureError, StudyError), match="no table of an earlier release"):
        compute(read_study(path))


def test_a_table_without_its_columns_is_refused(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("indicator,wave\na,1\n", encoding="utf-8")
    with pytest.raises(DisclosureError, match="no column 'domain'"):
        read_earlier(path)


# --------------------------------------------------------------------------------------------------------- differencing
def test_bases_that_differ_by_few_people_are_refused(tmp_path, first):
    """Three interviews of region 1 are gone since the release before: the difference is what these three said."""
    frame = small.answers()
    gone = frame.index[(frame["region"] == 1) & (frame["wave"] == 2)][:3]
    study = small.study(tmp_path, frame=frame.drop(gone))
    with pytest.raises(DisclosureError, match="bases that differ by few people") as raised:
        compute(study, earlier=released(tmp_path, first))
    assert "and " in str(raised.value)
    now = compute(study).rows
    found = differences(now, first, 10)
    levels = set(found.loc[found["domain"] == "region", "level"])
    assert levels == {"1"}
    assert set(found["wave"]) == {"2"}
    assert "estimate" not in found


def test_bases_that_differ_by_many_people_may_stand(first):
    now = first.assign(n=first["n"] + 10)
    assert differences(now, first, 10).empty
    assert (differences(now, first, 11)["fault"] != "known").all()
    assert not differences(now, first, 11).empty


def test_nothing_is_told_of_a_figure_that_was_withheld_before(first):
    before = first[first["reliability_rule"] == RULE]
    assert not bases(before)
    assert differences(first, before, 10).empty


def test_nearly_the_same_base_is_told(first):
    told = first.copy()
    told.loc[told["reliability_rule"] == RULE, "reliability"] = "publish"
    told["n"] = told["n"] + 1
    found = differences(first, told, 10)
    assert set(found.loc[found["fault"] == "nearly_known", KEY].itertuples(index=False, name=None)) == hidden(first)
    with pytest.raises(DisclosureError):
        refuse(found)
