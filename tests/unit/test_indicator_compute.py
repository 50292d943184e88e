"""Indicators from answers to rows: values against closed forms, bases, comparisons, breaks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from survey_kit.design import Design
from survey_kit.errors import IndicatorError, ResponsesError
from survey_kit.estimate import mean
from survey_kit.indicators import COLUMNS, compute, published
from survey_kit.indicators.rows import CHANGE_FIGURES, COUNTS, FIGURES, TEXTS
from survey_kit.instrument import Instrument, Item, Module, Scale
from survey_kit.responses import Unasked, take
from survey_kit.study import AnyOf, Indicator, NotAsked, Sample, Source, Study, Wave, make_design
from survey_kit.study.model import Disclosure

FIVE = Scale(codes=(1, 2, 3, 4, 5), high=5)
DOWN = Scale(codes=(1, 2, 3, 4), high=1)  # 1 is the high end
YES = Scale(codes=(1, 2), labels={1: {"en": "Yes"}, 2: {"en": "No"}})
SEX = Scale(codes=(1, 2), labels={1: {"en": "Men"}, 2: {"en": "Women"}})


def form(version="1.0", **scales):
    shapes = {"a": FIVE, "b": FIVE, "c": DOWN, "met": YES, "paid": YES, "asked_to": YES, "sex": SEX} | scales
    items = tuple(Item(id=name, text={"en": f"{name}?"}, scale=scale) for name, scale in shapes.items())
    missing = {8: "dont_know", 9: "refused"}
    return Instrument(id="tiny", version=version, missing=missing, modules=(Module(id="all", items=items),))


def indicator(name="trust", **keys):
    given = {
        "kind": "share",
        "items": ("a",),
        "categories": (4, 5),
        "base": "answered",
        "dont_know": "exclude",
        "direction": "up",
        "theme": "services",
    } | keys
    return Indicator(id=name, title={"en": name}, **given)


def study(*indicators, waves=("1", "2"), families=None, domains=(), instruments=None, **keys):
    listed = tuple(wave if isinstance(wave, Wave) else Wave(id=wave) for wave in waves)
    return Study(
        id="tiny",
        title={"en": "Tiny"},
        data_status="synthetic",
        instrument_="tiny",
        responses=Source(file="none.csv", wave="wave"),
        design=keys.pop("design", Sample(weight="w", strata="h", psu="town", nest=True)),
        waves=listed,
        families=families or {},
        domains=domains,
        path=Path("tiny/study.yaml"),
        data=(),
        definitions=indicators,
        instruments=instruments or {wave.id: form() for wave in listed},
        **keys,
    )


def people(waves=("1", "2"), n=400, seed=1, **columns):
    rng = np.random.default_rng(seed)
    parts = []
    for wave in waves:
        part = pd.DataFrame(
            {
                "wave": wave,
                "h": np.repeat([1, 2], n // 2),
                "town": np.tile(np.arange(20), n // 20),
                "w": rng.uniform(0.5, 2, n),
                "sex": rng.integers(1, 3, n),
            }
        )
        for item in ("a", "b"):
            part[item] = rng.choice([1, 2, 3, 4, 5, 8, 9], n, p=[0.1, 0.2, 0.2, 0.2, 0.2, 0.06, 0.04])
        part["c"] = rng.integers(1, 5, n)
        part["met"] = rng.choice([1, 2, 9], n, p=[0.6, 0.35, 0.05])
        for item in ("paid", "asked_to"):
            part[item] = np.where(part["met"] == 1, rng.choice([1, 2, 8], n, p=[0.2, 0.7, 0.1]), np.nan)
        parts.append(part)
    return pd.concat(parts, ignore_index=True).assign(**columns)


def answers(study, table):
    return take(
        table,
        instruments=dict(study.instruments),
        wave="wave",
        waves=[wave.id for wave in study.waves],
        required=["w", "h", "town"],
        not_asked={wave.id: sorted(study.not_asked(wave.id)) for wave in study.waves},
        unasked_when={wave.id: study.unasked_when(wave.id) for wave in study.waves},
        data_status="synthetic",
    )


def rows(study, table, responses=None):
    return compute(study, responses or answers(study, table)).rows


def reference(table, y, wave="1", **keys):
    """Estimate a column of the table by the design-based mean."""
    design = Design(table.assign(y=y), weight="w", strata="h", psu="town", nest=True, wave="wave")
    out = mean(design, "y", by="wave", missing="exclude", deff="srswr", **keys).table
    return out[out["wave"] == wave].iloc[0]


def substantive(table, item):
    return table[item].where(table[item] <= 5)


def same(row, expected, names=("estimate", "se", "df", "ci_low", "ci_high")):
    for name in names:
        assert row[name] == pytest.approx(expected[name], rel=1e-12), name


# ------------------------------------------------------------------------------------------------------------ shapes
def test_rows_have_the_declared_columns_and_order():
    one = study(indicator(), indicator("net", kind="net", low_categories=(1, 2)), domains=("sex",))
    out = rows(one, people())
    assert list(out.columns) == list(COLUMNS)
    assert out[["indicator", "domain", "level", "wave"]].values.tolist() == [
        [name, domain, level, wave]
        for name in ("trust", "net")
        for domain, level in (("", ""), ("sex", "1"), ("sex", "2"))
        for wave in ("1", "2")
    ]
    assert out["level_label"].tolist()[:6] == ["", "", "Men", "Men", "Women", "Women"]
    assert set(out["data_status"]) == {"synthetic"}
    for name in COLUMNS:
        kind = str(out[name].dtype)
        assert kind == ("str" if name in TEXTS else "Int64" if name in COUNTS else "float64"), name


def test_rows_do_not_depend_on_the_order_of_answers():
    one, table = study(indicator(), domains=("sex",)), people()
    mixed = table.sample(frac=1, random_state=3).reset_index(drop=True)
    pd.testing.assert_frame_equal(rows(one, table), rows(one, mixed), rtol=1e-12)


# ------------------------------------------------------------------------------------------------------------ values
def test_share_of_those_who_answered():
    table = people()
    row = rows(study(indicator()), table).iloc[0]
    y = substantive(table, "a")
    same(row, reference(table, (y >= 4).astype(float).where(y.notna())), ("estimate", "se", "df", "n", "deff", "cv"))
    first = table[table["wave"] == "1"]
    weight = first["w"]
    assert row["dont_know"] == pytest.approx(weight[first["a"] == 8].sum() / weight.sum())
    assert row["refused"] == pytest.approx(weight[first["a"] == 9].sum() / weight.sum())
    assert row["nonresponse"] == pytest.approx(row["dont_know"] + row["refused"])
    assert row["bound_low"] == pytest.approx(weight[first["a"].isin([4, 5])].sum() / weight.sum())
    assert row["bound_high"] == pytest.approx(row["bound_low"] + row["nonresponse"])
    assert (row["asked_n"], row["unit"], row["reliability_rule"]) == (400, "share", "nchs_2017")
    assert row["n_effective"] == pytest.approx(min(row["n"], row["estimate"] * (1 - row["estimate"]) / row["se"] ** 2))


def test_bases():
    table = people()
    y = (table["a"].isin([4, 5])).astype(float)
    out = rows(study(indicator("asked", base="asked"), indicator("dk", dont_know="include")), table)
    asked, dk = (out[(out["indicator"] == name) & (out["wave"] == "1")].iloc[0] for name in ("asked", "dk"))
    same(asked, reference(table, y), ("estimate", "se", "n"))
    same(dk, reference(table, y.where(table["a"] != 9)), ("estimate", "se", "n"))
    assert asked["bound_low"] == pytest.approx(dk["bound_low"]) == pytest.approx(asked["estimate"])


def test_mean_score_runs_to_the_high_end_of_the_scale():
    table = people()
    out = rows(
        study(
            indicator("up", kind="mean100", categories=()),
            indicator("down", kind="mean100", items=("c",), categories=()),
        ),
        table,
    )
    up, down = out[out["indicator"] == "up"].iloc[0], out[out["indicator"] == "down"].iloc[0]
    same(up, reference(table, 25 * (substantive(table, "a") - 1)))
    same(down, reference(table, 100 * (4 - table["c"]) / 3))
    assert (up["unit"], up["reliability_rule"]) == ("points", "cv_bands")
    assert up["bound_high"] - up["bound_low"] == pytest.approx(100 * up["nonresponse"])


def test_net_score():
    table = people()
    row = rows(study(indicator(kind="net", low_categories=(1, 2))), table).iloc[0]
    y = substantive(table, "a")
    same(row, reference(table, y.map({1: -1, 2: -1, 3: 0, 4: 1, 5: 1})))
    assert (row["unit"], row["reliability_rule"]) == ("net", "precision")
    assert row["bound_low"] == pytest.approx(row["estimate"] * (1 - row["nonresponse"]) - row["nonresponse"])


def test_ratio_counts_the_numerator_among_the_denominator():
    """16.5.1: of those in contact, who paid or was asked; who answered one of the two counts by it."""
    table = people()
    bribe = indicator(
        kind="ratio",
        items=(),
        categories=(),
        numerator=AnyOf(any=("paid", "asked_to"), categories=(1,)),
        denominator=AnyOf(any=("met",), categories=(1,)),
        theme="corruption",
    )
    row = rows(study(bribe), table).iloc[0]
    met = table["met"] == 1
    yes = (table["paid"] == 1) | (table["asked_to"] == 1)
    some = table["paid"].isin([1, 2]) | table["asked_to"].isin([1, 2])
    expected = reference(table, yes.astype(float).where(met & some))
    same(row, expected, ("estimate", "se", "n"))
    first = table["wave"] == "1"
    assert row["asked_n"] == int((first & table["met"].isin([1, 9])).sum())
    unknown = first & ((table["met"] == 9) | (met & ~some))
    base = first & table["met"].isin([1, 9])
    assert row["nonresponse"] == pytest.approx(table["w"][unknown].sum() / table["w"][base].sum())


def test_several_items_are_the_mean_of_their_values_each_on_its_own_base():
    """The linearised variance of the mean of two shares with different bases, written out."""
    table = people()
    both = study(indicator(items=("a", "b")), waves=("1",))
    table = table[table["wave"] == "1"].reset_index(drop=True)
    row = rows(both, table).iloc[0]
    z, theta = np.zeros(len(table)), []
    for item in ("a", "b"):
        y = substantive(table, item)
        w = table["w"].where(y.notna(), 0)
        share = (w * (y >= 4)).sum() / w.sum()
        theta.append(share)
        z += (w * ((y >= 4) - share) / w.sum()).to_numpy() / 2
    totals = pd.Series(z).groupby([table["h"], table["town"]]).sum()
    variance = sum(len(t) / (len(t) - 1) * ((t - t.mean()) ** 2).sum() for _, t in totals.groupby(level=0))
    assert row["estimate"] == pytest.approx(np.mean(theta), rel=1e-12)
    assert row["se"] == pytest.approx(np.sqrt(variance), rel=1e-10)
    assert (row["df"], row["reliability_rule"]) == (38, "precision")
    assert np.isnan(row["deff"])
    assert row["n"] == min(substantive(table, item).notna().sum() for item in ("a", "b"))


def test_several_items_all_answered_are_the_mean_of_everybodys_mean():
    table = people(a=3, b=4)
    table["a"], table["b"] = 1 + np.arange(len(table)) % 5, 1 + (np.arange(len(table)) // 7) % 5
    out = rows(study(indicator(items=("a", "b"), kind="mean100", categories=())), table)
    y = 25 * ((table["a"] + table["b"]) / 2 - 1)
    same(out.iloc[0], reference(table, y))
    design = Design(table.assign(y=y), weight="w", strata="h", psu="town", nest=True, wave="wave")
    change = mean(design, "y", by="wave").change("wave").table.iloc[0]
    assert out["previous_change"][1] == pytest.approx(change["estimate"], rel=1e-9)
    assert out["previous_se"][1] == pytest.approx(change["se"], rel=1e-10)
    assert (out["previous_df"][1], out["previous_ci_low"][1]) == pytest.approx((change["df"], change["ci_low"]))


def test_domains_equal_separate_estimates():
    table = people()
    out = rows(study(indicator(), domains=("sex",)), table)
    y = (substantive(table, "a") >= 4).astype(float).where(substantive(table, "a").notna())
    row = out[(out["level"] == "2") & (out["wave"] == "1")].iloc[0]
    same(row, reference(table, y.where(table["sex"] == 2)), ("estimate", "se", "n"))


# ------------------------------------------------------------------------------------------------------- comparisons
def test_change_passes_over_waves_in_which_it_was_not_asked():
    waves = (Wave(id="1"), Wave(id="2", not_asked=(NotAsked(items=("a",)),)), Wave(id="3"))
    table = people(waves=("1", "2", "3"))
    table.loc[table["wave"] == "2", "a"] = np.nan
    out = rows(study(indicator(), waves=waves), table)
    assert out["status"].tolist() == ["ok", "not_asked", "ok"]
    assert out["previous_wave"].isna().tolist() == [True, True, False]
    assert out["previous_wave"][2] == "1"
    assert out["note"][2] == "Not asked in 2; compared with 1."
    assert out["previous_wording"].tolist()[:2] == ["first", "cannot_be_compared"]
    assert out["previous_change"][2] == pytest.approx(out["estimate"][2] - out["estimate"][0])
    assert out["previous_se"][2] == pytest.approx(np.hypot(out["se"][2], out["se"][0]))
    assert out["n"].isna().tolist() == [False, True, False]


def test_baseline_is_the_first_later_wave_when_it_was_not_asked_then():
    waves = (Wave(id="0"), Wave(id="1", not_asked=(NotAsked(items=("all",)),)), Wave(id="2"), Wave(id="3"))
    table = people(waves=("0", "1", "2", "3"))
    table.loc[table["wave"] == "1", ["a", "b", "c", "met", "paid", "asked_to", "sex"]] = np.nan
    out = rows(study(indicator(), waves=waves, baseline="1"), table)
    assert out["baseline_wave"].fillna("").tolist() == ["", "", "", "2"]
    assert out["baseline_wording"].tolist()[:3] == ["first", "cannot_be_compared", "first"]
    assert "Not asked in the baseline 1; the baseline is 2." in out["note"][3]


def test_break_starts_a_series_and_a_later_wave_may_take_the_old_one_up():
    waves = (
        Wave(id="1"),
        Wave(id="2", break_="mode", break_note={"en": "by telephone"}),
        Wave(id="3", break_="mode", break_note={"en": "face to face again"}, comparable_with="1"),
    )
    out = rows(study(indicator(), waves=waves), people(waves=("1", "2", "3")))
    assert out["previous_reason"].tolist()[1:] == [
        "The way of interviewing changed in 2 (by telephone).",
        "The way of interviewing changed in 3 (face to face again).",
    ]
    assert out["baseline_wording"][1] == "cannot_be_compared"
    assert out["baseline_wording"][2] in {"rose", "fell", "no_significant_change"}
    assert out["break"].fillna("").tolist() == ["", "mode", "mode"]
    assert out["previous_change"].notna().tolist() == [False, True, True]
    assert out["previous_p_adjusted"].isna().all()
    assert out["previous_family"].isna().all()


def test_break_of_a_wave_it_was_not_asked_in_does_not_part_comparable_neighbours():
    waves = (
        Wave(id="1"),
        Wave(id="2", break_="mode", not_asked=(NotAsked(items=("a",)),)),
        Wave(id="3", break_="mode", comparable_with="1"),
    )
    table = people(waves=("1", "2", "3"))
    table.loc[table["wave"] == "2", "a"] = np.nan
    out = rows(study(indicator(), waves=waves), table)
    assert out["previous_wording"][2] in {"rose", "fell", "no_significant_change"}
    assert out["break"].fillna("").tolist() == ["", "mode", ""]


def test_break_may_concern_some_items_only():
    waves = (Wave(id="1"), Wave(id="2", break_="wording", break_items=("a",)))
    out = rows(study(indicator(), indicator("other", items=("b",)), waves=waves), people())
    assert out["previous_wording"][1] == "cannot_be_compared"
    assert out["previous_wording"][3] != "cannot_be_compared"


def test_changed_question_breaks_its_trend_without_a_declaration():
    short = Scale(codes=(1, 2, 3, 4, 5), high=1)
    instruments = {"1": form("1.0"), "2": form("2.0", a=short)}
    out = rows(study(indicator(), indicator("other", items=("b",)), instruments=instruments), people())
    assert out["previous_wording"][1] == "cannot_be_compared"
    assert out["previous_reason"][1].startswith("The question changed since 1 (a: ")
    assert out["break"][1] == "scale"
    assert out["previous_wording"][3] != "cannot_be_compared"


def test_change_smaller_than_the_shift_of_nonresponse_cannot_be_compared():
    table, rng = people(n=2000), np.random.default_rng(4)
    late = table["wave"] == "2"
    table["a"] = rng.choice([1, 5], len(table))
    table.loc[late & (rng.random(len(table)) < 0.2), "a"] = 9
    shy = study(indicator(theme="trust"), indicator("open", theme="services"))
    out = rows(shy, table)
    assert out["previous_nonresponse_shift"][1] > 0.15
    assert out["previous_wording"][1] == "cannot_be_compared"
    assert "without an answer" in out["previous_reason"][1]
    assert out["previous_wording"][3] == "no_significant_change"
    assert (
        rows(study(indicator(theme="services", sensitive=True)), table)["previous_wording"][1] == "cannot_be_compared"
    )


def test_families_are_per_comparison_wave_and_domain():
    one = study(
        indicator("x"), indicator("y", items=("b",)), indicator("z", items=("c",), categories=(1,)),
        families={"trust": ("x", "y")}, domains=("sex",), waves=("1", "2", "3"),
    )  # fmt: skip
    out = rows(one, people(waves=("1", "2", "3"), n=2000))
    sizes = out.groupby("previous_family")["previous_family_size"].agg(["first", "nunique", "size"])
    assert (sizes["nunique"] == 1).all()
    assert (sizes["first"] == sizes["size"]).all()
    assert sizes.loc["trust | previous | 2 | everybody", "first"] == 2
    assert sizes.loc["trust | previous | 3 | sex", "first"] == 4
    assert sizes.loc["z | previous | 3 | sex", "first"] == 2


def test_suppressed_figures_have_no_words_and_no_published_numbers():
    table = people(waves=("1", "2", "3"))
    few = (table["wave"] == "2") & (np.arange(len(table)) % 10 != 0)
    table.loc[few, "a"] = 9
    out = rows(study(indicator(), waves=("1", "2", "3")), table)
    assert out["reliability"].tolist() == ["publish", "suppress", "publish"]
    assert out["previous_wording"].tolist() == ["first", "not_published", "not_published"]
    assert out["previous_reason"][2].startswith("Not published because of the earlier figure: ")
    assert out["previous_family"].isna().all()
    assert out["estimate"].notna().all()
    shown = published(out)
    assert shown.loc[1, list(FIGURES)].isna().all()
    assert shown.loc[[1, 2], [f"previous_{name}" for name in CHANGE_FIGURES]].isna().all().all()
    assert shown.loc[2, "baseline_change"] == out.loc[2, "baseline_change"]
    assert shown["n"].tolist() == out["n"].tolist()


def test_split_ballot_is_not_nonresponse():
    table = people(waves=("1",))
    half = np.arange(len(table)) % 2 == 0
    table.loc[half, "a"] = np.nan
    waves = (Wave(id="1", not_asked=(NotAsked(items=("a",), when={"b": (1, 2, 3)}),)),)
    table["b"] = np.where(half, 1, 5)
    one = study(indicator(), waves=waves)
    assert one.unasked_when("1") == (Unasked(items=("a",), when={"b": (1, 2, 3)}),)
    row = rows(one, table).iloc[0]
    assert row["asked_n"] == len(table) - half.sum()
    assert row["note"] == "Asked of a random part of the sample."


def test_everybody_gives_the_same_answer():
    table = people(c=1)
    one = indicator(items=("c",), categories=(1,), interval="beta")
    told = rows(study(one), table)
    assert told["reliability_rule"].tolist() == ["confidential", "confidential"]  # it would say what each answered
    out = rows(study(one, disclosure=Disclosure(least=0)), table)
    assert out["status"].tolist() == ["one_value", "one_value"]
    assert out["reliability"].tolist() == ["review", "review"]
    assert out["ci_high"].tolist() == [1.0, 1.0]
    assert (out["ci_low"] < 1).all()
    assert out["previous_wording"][1] == "cannot_be_compared"
    assert out["previous_reason"][1] == "The change has no standard error."


def test_overlapping_units_make_changes_more_precise():
    table = people(n=2000)
    quality = np.tile(np.arange(20) % 5 + 1, len(table) // 20)
    table["a"] = quality
    apart, together = (
        study(
            indicator(kind="mean100", categories=()),
            design=Sample(weight="w", strata="h", psu="town", nest=True, overlap=kind),
        )
        for kind in ("none", "psu")
    )
    se = [rows(one, table)["previous_se"][1] for one in (apart, together)]
    assert se[1] < se[0] / 2


# ------------------------------------------------------------------------------------------------------------- input
def test_wrong_answers_end_in_one_error():
    table = people()
    table.loc[3, "a"] = 7
    with pytest.raises(ResponsesError, match="R001"):
        rows(study(indicator()), table)


def test_a_design_of_other_rows_is_refused():
    one = study(indicator())
    table = people()
    other = make_design(one, answers(one, people(n=200)))
    with pytest.raises(IndicatorError, match="not one of this study's answers"):
        compute(one, answers(one, table), other)


def test_codes_may_be_texts():
    words = Scale(codes=("yes", "no"))
    one = study(indicator(items=("a",), categories=("yes",)), instruments={wave: form(a=words) for wave in ("1", "2")})
    table = people()
    table["a"] = np.where(np.arange(len(table)) % 4 == 0, "yes", "no")
    row = rows(one, table).iloc[0]
    same(row, reference(table, (table["a"] == "yes").astype(float)))


def test_progress_is_told_step_by_step():
    told = []
    one = study(indicator(), domains=("sex",))
    compute(one, answers(one, people()), progress=lambda *step: told.append(step))
    assert [step[1] for step in told] == [0, 1, 2, 3, 4]
    assert {step[2] for step in told} == {4}


def test_select_and_display():
    one = study(indicator(), domains=("sex",))
    series = compute(one, answers(one, people()))
    assert len(series.select("trust", domain="", wave="2")) == 1
    assert "synthetic" in series._repr_html_()
    assert "2 rows" in repr(series.select(domain=""))
    with pytest.raises(IndicatorError, match="did you mean 'trust'"):
        series.select("trsut")
