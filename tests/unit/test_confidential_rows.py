"""Rows withheld for the sake of respondents: too few people behind a figure, and nothing left to subtract from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from survey_kit.errors import StudyError
from survey_kit.indicators import compute
from survey_kit.indicators.confidential import REASON, RULE
from survey_kit.indicators.rows import FIGURES, published
from survey_kit.study import read_study

LEAST = 10
INSTRUMENT = """
schema: survey-kit/instrument/1
id: small
version: "1.0"
source_language: en
title: Small
scales:
  yes_no: {codes: [1, 2], labels: {1: "Yes", 2: "No"}}
  three: {codes: [1, 2, 3], labels: {1: Low, 2: Middle, 3: High}, high: 3}
  regions: {codes: [1, 2, 3, 4, 5], labels: {1: A, 2: B, 3: C, 4: D, 5: E}}
  sexes: {codes: [1, 2], labels: {1: Man, 2: Woman}}
missing: {98: dont_know, 99: refused}
modules:
  - id: all
    items:
      - {id: paid, type: single, scale: yes_no, text: Did you pay?, source: {standard: own}}
      - {id: asked, type: single, scale: yes_no, text: Were you asked?, source: {standard: own}}
      - {id: view, type: single, scale: three, text: Your view?, source: {standard: own}}
      - {id: region, type: single, scale: regions, text: Region, source: {standard: own}}
      - {id: sex, type: single, scale: sexes, text: Sex, source: {standard: own}}
"""
STUDY = """
schema: survey-kit/study/1
id: small
title: Small
data_status: synthetic
instrument: small
responses: {{file: answers.csv, wave: wave, case: case}}
design: {{weight: w, psu: psu}}
waves: [{{id: "1"}}, {{id: "2"}}]
domains: [region, sex]
{more}
"""
INDICATORS = """
schema: survey-kit/indicators/1
indicators:
  - {id: paid, title: Paid, theme: corruption, kind: share, items: [paid], categories: [1], base: answered, dont_know: exclude, direction: down, interval: beta}
  - {id: both, title: Paid or asked, theme: corruption, kind: share, items: [paid, asked], categories: [1], base: answered, dont_know: exclude, direction: down, interval: logit}
  - {id: view, title: View, theme: other, kind: mean100, items: [view], base: answered, dont_know: exclude, direction: up, interval: wald}
  - {id: net, title: Net, theme: other, kind: net, items: [view], categories: [3], low_categories: [1], base: answered, dont_know: exclude, direction: up, interval: wald}
"""


def answers() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n = 2400
    region = np.repeat([1, 2, 3, 4, 5], n // 5)
    wave = np.tile([1, 2], n // 2)
    share = np.where(region == 3, 0.03, 0.30)
    return pd.DataFrame(
        {
            "wave": wave,
            "case": np.arange(n),
            "w": rng.uniform(0.5, 2, n).round(3),
            "psu": np.arange(n) // 6,
            "paid": np.where(rng.random(n) < share, 1, 2),
            "asked": np.where(rng.random(n) < 0.4, 1, 2),
            "view": rng.choice([1, 2, 3], n),
            "region": region,
            "sex": rng.choice([1, 2], n),
        }
    )


def study(folder: Path, more: str = "", frame: pd.DataFrame | None = None):
    place = folder / "analyses" / "small"
    (place / "data").mkdir(parents=True)
    form = folder / "instruments" / "small"
    form.mkdir(parents=True)
    (form / "instrument.yaml").write_text(INSTRUMENT, encoding="utf-8")
    (place / "study.yaml").write_text(STUDY.format(more=more), encoding="utf-8")
    (place / "indicators.yaml").write_text(INDICATORS, encoding="utf-8")
    (answers() if frame is None else frame).to_csv(place / "data" / "answers.csv", index=False)
    return read_study(place)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return compute(study(tmp_path_factory.mktemp("rows"))).rows


def people(frame: pd.DataFrame, item: str, wave: int, region: int) -> int:
    part = frame[(frame["wave"] == wave) & (frame["region"] == region)]
    yes = int((part[item] == 1).sum())
    return min(yes, len(part) - yes)


def test_few_people_are_withheld_and_so_is_what_gives_them_away(rows: pd.DataFrame):
    frame = answers()
    for wave in (1, 2):
        assert people(frame, "paid", wave, 3) < LEAST
        part = rows[(rows["indicator"] == "paid") & (rows["wave"] == str(wave)) & (rows["domain"] == "region")]
        hidden = part[part["reliability_rule"] == RULE]
        assert "3" in set(hidden["level"])
        assert len(hidden) >= 2  # one alone would follow from everybody and the others
        assert set(hidden["reliability"]) == {"suppress"}
        assert set(hidden["reliability_reason"]) == {REASON}  # the same words, whichever it is


def test_what_is_published_is_as_without_protection(tmp_path: Path, rows: pd.DataFrame):
    open_rows = compute(study(tmp_path, "disclosure: {least: 0, reason: for a test}")).rows
    assert not (open_rows["reliability_rule"] == RULE).any()
    kept = published(rows)["estimate"].notna()
    np.testing.assert_array_equal(rows.loc[kept, "estimate"], open_rows.loc[kept, "estimate"])


def test_nothing_withheld_follows_from_what_is_published(rows: pd.DataFrame):
    """A reader's own sums: what is left of everybody, and between which limits the hidden figures lie."""
    out = published(rows)
    frame = answers()
    seen = 0
    for (_, _), part in out[out["indicator"] == "paid"].groupby(["indicator", "wave"]):
        everybody = part[part["domain"] == ""].iloc[0]
        for _, levels in part[part["domain"] != ""].groupby("domain"):
            hidden = levels[levels["estimate"].isna()]
            if not len(hidden):
                continue
            seen += 1
            known = levels[levels["estimate"].notna()]
            if np.isnan(everybody["estimate"]):
                continue
            left = everybody["estimate"] * everybody["weight_sum"] - (known["estimate"] * known["weight_sum"]).sum()
            for _, one in hidden.iterrows():
                others = hidden["weight_sum"].sum() - one["weight_sum"]
                low, high = max(0.0, left - others), min(one["weight_sum"], left)
                average = one["weight_sum"] / one["n"]
                wave = int(one["wave"])
                few = people(frame, "paid", wave, int(one["level"])) < LEAST if one["domain"] == "region" else False
                if few:
                    assert high - low >= LEAST * average * 0.999
    assert seen


def test_figures_and_changes_are_blank(rows: pd.DataFrame):
    out = published(rows)
    hidden = out["reliability_rule"] == RULE
    assert hidden.any()
    assert out.loc[hidden, list(FIGURES)].isna().all().all()
    second = out[hidden & (out["wave"] == "2")]
    assert set(second["previous_wording"]) == {"not_published"}
    assert second["previous_change"].isna().all()
    after = out[(out["wave"] == "2") & (out["previous_wording"] != "not_published")]
    first = out[out["wave"] == "1"].set_index(["indicator", "domain", "level"])["estimate"]
    assert after.set_index(["indicator", "domain", "level"]).index.map(first).notna().all()


def test_means_need_people_only(rows: pd.DataFrame):
    assert not (rows.loc[rows["indicator"] == "view", "reliability_rule"] == RULE).any()


def test_means_of_few_people_are_withheld(tmp_path: Path):
    frame = answers()
    few = frame[frame["region"] == 4].index[8:]
    made = compute(study(tmp_path, frame=frame.drop(few))).rows
    part = made[(made["indicator"] == "view") & (made["domain"] == "region")]
    assert (part.loc[part["level"] == "4", "reliability_rule"] == RULE).all()
    assert (
        part[part["level"] != "4"].groupby("wave")["reliability_rule"].apply(lambda rule: (rule == RULE).any())
    ).all()


def test_fewer_than_ten_need_a_reason(tmp_path: Path):
    with pytest.raises(StudyError, match="only for a reason") as told:
        study(tmp_path, "disclosure: {least: 3}")
    assert "study.yaml" in str(told.value)
