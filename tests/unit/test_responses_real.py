"""The two real files: every code is in the instrument, and the reasons of missing answers are those found by hand."""

import pytest

from survey_kit.instrument import read_instrument
from survey_kit.responses import Unasked, missing_summary, read_table, take

KINDS = {"d": "dont_know", "i": "not_asked", "n": "no_answer", "s": "skipped"}


@pytest.fixture(scope="module")
def gss(data_folder, root):
    form = read_instrument(root / "instruments" / "gss_confidence")
    table = read_table(data_folder / "gss_confidence" / "gss_confidence_1972_2024.csv.gz")
    why = read_table(data_folder / "gss_confidence" / "gss_confidence_missing_reasons_2016_2024.csv.gz")
    items = tuple(item.id for item in form.module_of("conarmy").items)
    waves = tuple(str(year) for year in sorted(table["year"].unique()))
    ballots = {wave: [Unasked(items=items, when={"ballot": (1, 4)})] for wave in waves if wave >= "1988"}
    forms = {wave: [Unasked(items=items, when="no_answer")] for wave in ("1984", "2002", "2004")}
    return take(
        table,
        instruments={"": form},
        wave="year",
        waves=waves,
        case="id",
        required=["wtssps", "vstrat", "vpsu"],
        not_asked={"1972": items, "1973": ["confinan"], "1974": ["confinan"], "1985": items},
        unasked_when={wave: [*ballots.get(wave, []), *forms.get(wave, [])] for wave in (*ballots, "1984")},
        reasons=why,
        reason_kinds=KINDS,
    )


def test_every_code_of_the_gss_is_in_its_instrument(gss):
    assert len(gss.frame) == 69_617
    assert len(gss.waves) == 33
    assert gss.checked() is gss
    assert gss.problems[["code", "wave", "count"]].values.tolist() == [
        ["R009", "1984", 494],
        ["R009", "2002", 920],
        ["R009", "2004", 984],
    ]


def test_every_gap_of_the_gss_has_the_reason_its_producer_gives(gss):
    summary = missing_summary(gss)
    count = summary.set_index(["wave", "item", "reason"])["count"]
    assert count["1972", "conarmy", "not_asked"] == 1613
    assert count["2006", "conarmy", "not_asked"] == 1003 + 1518
    assert count["2018", "conarmy", "not_asked"] == 785
    assert count["2018", "conarmy", "dont_know"] == 17
    assert count["2018", "conarmy", "no_answer"] == 4
    assert count["2021", "conarmy", "skipped"] == 13
    assert count["2024", "conlabor", "not_asked"] == 1116 + 530 + 552  # half of the other ballots as well
    since = summary[(summary["wave"] >= "2016") & summary["item"].str.startswith("con")]
    assert "unknown" not in set(since["reason"])
    assert set(gss.frame) == {"year", "id", "wtssps", "vstrat", "vpsu", *gss.missing}  # nothing else comes along


def test_waves_of_brazil_without_an_item_are_told_until_they_are_declared(data_folder, root):
    table = read_table(data_folder / "lapop_brazil" / "cm23.csv.gz")
    form = read_instrument(root / "instruments" / "lapop_brazil")
    waves = ("2006", "2008", "2010", "2012", "2014", "2016/17", "2018/19", "2021", "2023")
    fixed = {"instruments": {"": form}, "wave": "wave", "waves": waves, "required": ["weight1500", "strata", "upm"]}
    silent = take(table, **fixed).problems
    assert silent[["code", "wave", "column"]].values.tolist() == [
        ["R008", "2021", "b13"],
        ["R008", "2021", "b21"],
        ["R008", "2014", "b31"],
        ["R008", "2016/17", "b31"],
        ["R008", "2021", "b31"],
    ]
    declared = {"2014": ["b31"], "2016/17": ["b31"], "2021": ["b13", "b21", "b31"]}
    answers = take(table, **fixed, not_asked=declared)
    assert answers.problems.empty
    assert len(answers.frame) == 15_764
    assert answers.asked("b31").sum() == 15_764 - 1500 - 1532 - 3016
