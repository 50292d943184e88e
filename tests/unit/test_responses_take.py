"""Answers held against the instrument: what becomes of every value, and why every gap is one."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from survey_kit.errors import InstrumentError, ResponsesError
from survey_kit.instrument import Instrument, Item, Module, Scale
from survey_kit.responses import Responses, Unasked, missing_summary, recode, take

YES_NO = Scale(codes=(1, 2), labels={1: {"en": "Yes"}, 2: {"en": "No"}})
TRUST = Scale(codes=(1, 2, 3, 4, 5), high=5)


def item(name, **more):
    kind = more.get("type", "single")
    return Item(id=name, text={"en": name}, **({"scale": TRUST if kind == "single" else None} | more))


def form(*items, version="1", missing=None):
    missing = {98: "dont_know", 99: "refused"} if missing is None else missing
    return Instrument(id="a", version=version, missing=missing, modules=(Module(id="m", items=items),))


COURT = form(item("court"))
WAVES = {"wave": "wave", "waves": ("2024", "2025")}


def table(**columns):
    return pd.DataFrame(
        {name: values if isinstance(values, pd.Series) else list(values) for name, values in columns.items()}
    )


def taken(data, instrument=COURT, **kwargs):
    return take(data, instruments={"": instrument}, **kwargs)


def told(*args, **kwargs):
    with pytest.raises(ResponsesError) as caught:
        taken(*args, **kwargs)
    assert len(str(caught.value).splitlines()) <= 5
    return str(caught.value)


def values(responses, name="court"):
    return [None if pd.isna(value) else value for value in responses.frame[name]]


def reasons(responses, name="court"):
    return [None if pd.isna(value) else value for value in responses.missing[name]]


def problems(responses):
    return responses.problems[["code", "wave", "column", "count"]].values.tolist()


# ------------------------------------------------------------------------------------------------------------- values
@pytest.mark.parametrize(
    "column",
    [
        [1, 5, 98, 99],
        [1.0, 5.0, 98.0, 99.0],
        ["1", " 5 ", "98", "99.0"],
        pd.Series(["1", "5", "98", "99"], dtype="category"),
        pd.Series([1, 5, 98, 99], dtype="Int64"),
        pd.Series([1, 5, 98, 99], dtype=object),
    ],
)
def test_codes_are_read_however_they_are_stored(column):
    out = taken(table(court=column))
    assert values(out) == [1.0, 5.0, None, None]
    assert reasons(out) == [None, None, "dont_know", "refused"]
    assert out.problems.empty
    assert out.frame["court"].dtype == np.float64


@pytest.mark.parametrize("blank", [None, np.nan, "", "  ", pd.NA])
def test_a_blank_without_a_reason_is_unknown(blank):
    out = taken(table(court=pd.Series([1, blank], dtype=object)))
    assert (values(out), reasons(out)) == ([1.0, None], [None, "unknown"])


def test_codes_not_in_the_instrument_are_collected_not_raised():
    data = table(wave=[2024, 2024, 2024, 2025, 2025], court=[1, 7, 7, 9, 2])
    out = taken(data, **WAVES)
    assert values(out) == [1.0, None, None, None, 2.0]
    assert problems(out) == [["R001", "2024", "court", 2], ["R001", "2025", "court", 1]]
    assert out.problems["found"].tolist() == ["7 (2)", "9 (1)"]
    with pytest.raises(ResponsesError, match=r"R001.*1 more problems"):
        out.checked()


def test_words_in_the_place_of_codes_and_numbers_outside_their_limits():
    age = item("age", type="number", minimum=18, maximum=99, missing={999: "refused"})
    out = taken(table(court=["A lot", "2", "3"], age=[17, 999, "30,5"]), form(item("court"), age))
    assert sorted(problems(out)) == [["R002", "", "court", 1], ["R003", "", "age", 1]]
    assert values(out, "age") == [None, None, 30.5]
    assert reasons(out, "age") == ["unknown", "refused", None]


def test_text_codes_keep_their_zeros_and_booleans_are_one_and_zero():
    kato = item("kato", scale=Scale(codes=("01", "02")))
    flag = item("flag", scale=Scale(codes=(0, 1)))
    out = taken(table(kato=["01", "02", "1"], flag=[True, False, True]), form(kato, flag))
    assert values(out, "kato") == ["01", "02", None]
    assert problems(out) == [["R001", "", "kato", 1]]
    assert values(out, "flag") == [1.0, 0.0, 1.0]


def test_a_code_means_what_its_own_wave_says():
    old = form(item("court", missing={}, scale=Scale(codes=(1, 2, 3, 98))), version="1")
    data = table(wave=["2024", "2025"], court=[98, 98])
    out = take(data, instruments={"2024": old, "2025": COURT}, **WAVES)
    assert (values(out), reasons(out)) == ([98.0, None], [None, "dont_know"])


def test_an_item_may_have_another_name_in_the_data():
    out = taken(table(**{"Q1.a": [1, 2]}), form(item("court", column="Q1.a")))
    assert values(out) == [1.0, 2.0]
    assert "Q1.a" not in out.frame


def test_the_callers_table_is_unchanged_and_any_library_is_welcome():
    data = table(court=[1, 98, 7])
    before = data.copy(deep=True)
    out = taken(data)
    pd.testing.assert_frame_equal(data, before)
    same = taken(pl.DataFrame({"court": [1, 98, 7]}))
    pd.testing.assert_frame_equal(out.frame, same.frame)
    pd.testing.assert_frame_equal(out.missing, same.missing)


# --------------------------------------------------------------------------------------------------- what comes along
def test_only_what_was_asked_for_comes_along():
    instrument = form(
        item("court"), item("phone", type="text", role="identifier"), item("why", type="text"), item("police")
    )
    data = table(court=[1], phone=["8 701"], why=["..."], police=[2], w=[1.5], name=["Aigerim"], id=[7])
    out = taken(data, instrument, required=["w"], case="id")
    assert out.frame.columns.tolist() == ["id", "w", "court", "police"]
    assert taken(data, instrument, items=["police"]).frame.columns.tolist() == ["police"]
    assert values(taken(data, instrument, items=["why"]), "why") == ["..."]


def test_the_wave_is_a_category_in_the_order_of_the_study():
    data = table(wave=["2025", "2024", "2018/19"], court=[1, 2, 3])
    out = taken(data, wave="wave", waves=("2024", "2018/19", "2025"))
    assert out.waves == ("2024", "2018/19", "2025")
    assert out.frame["wave"].cat.categories.tolist() == ["2024", "2018/19", "2025"]
    assert out.wave_codes().tolist() == [2, 0, 1]


def test_rows_of_no_wave_and_of_other_waves_are_left_out_and_told():
    data = table(wave=[2024, None, 2019, 2025, 2019], court=[1, 2, 3, 4, 5])
    out = taken(data, **WAVES)
    assert values(out) == [1.0, 4.0]
    assert out.frame.index.tolist() == out.missing.index.tolist() == [0, 1]
    assert problems(out) == [["R004", "", "wave", 1], ["R005", "2019", "wave", 2]]


# ------------------------------------------------------------------------------------------- what ends in one message
CASES = {
    "missing column": (lambda: (table(curt=[1]), COURT, {}), ["no column 'court'", "did you mean 'curt'"]),
    "column of another case": (lambda: (table(COURT=[1]), COURT, {}), ["did you mean 'COURT'", "column: COURT"]),
    "missing design column": (
        lambda: (table(court=[1], wt=[1]), COURT, {"required": ["weight", "upm"]}),
        ["'weight', 'upm'"],
    ),
    "missing wave column": (lambda: (table(court=[1]), COURT, WAVES), ["no column 'wave'"]),
    "empty wave": (
        lambda: (table(wave=[2024], court=[1]), COURT, WAVES),
        ["wave '2025' has no responses", "waves 2024"],
    ),
    "case twice": (
        lambda: (table(wave=[2024, 2024, 2025], id=[7, 7, 7], court=[1, 2, 3]), COURT, {**WAVES, "case": "id"}),
        ["Case ids stand twice", "7 in wave 2024; 1 rows"],
    ),
    "case without id": (lambda: (table(id=[1, None], court=[1, 2]), COURT, {"case": "id"}), ["Cases have no id"]),
    "names equal but for case": (lambda: (table(court=[1], Court=[2]), COURT, {}), ["'court' and 'Court'"]),
    "not asked of an unknown item": (
        lambda: (table(wave=[2024, 2025], court=[1, 2]), COURT, {**WAVES, "not_asked": {"2024": ["cort"]}}),
        ["'cort'", "did you mean 'court'"],
    ),
    "not asked in an unknown wave": (
        lambda: (table(wave=[2024, 2025], court=[1, 2]), COURT, {**WAVES, "not_asked": {"2026": ["court"]}}),
        ["'2026' is not a wave"],
    ),
    "a ballot column that is not there": (
        lambda: (table(court=[1]), COURT, {"unasked_when": {"": [Unasked(items=("court",), when={"ballot": (1,)})]}}),
        ["no column 'ballot'"],
    ),
    "a filter that is not there": (
        lambda: (table(b=[1]), form(item("a"), item("b", ask_if="a == 1")), {"items": ["b"]}),
        ["no column 'a'"],
    ),
    "a wave twice": (
        lambda: (table(wave=[2024], court=[1]), COURT, {"wave": "wave", "waves": ("2024", "2024")}),
        ["'2024' stands twice"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_makes_estimation_impossible_is_one_error(case):
    make, words = CASES[case]
    data, instrument, kwargs = make()
    message = told(data, instrument, **kwargs, source="my.csv")
    for word in words:
        assert word in message


def test_waves_and_instruments_must_fit():
    data = table(wave=[2024, 2025], court=[1, 2])
    with pytest.raises(ResponsesError, match="wave '2025' has no instrument"):
        take(data, instruments={"2024": COURT}, **WAVES)
    with pytest.raises(ResponsesError, match="no column does"):
        take(data, instruments={"2024": COURT})
    with pytest.raises(ResponsesError, match="No instrument"):
        take(data, instruments={})
    with pytest.raises(InstrumentError, match="did you mean 'court'"):
        taken(data, items=["curt"])


# ------------------------------------------------------------------------------------------------ why answers are missing
def test_a_wave_without_an_item_is_told_unless_it_is_declared():
    data = table(wave=[2024, 2024, 2025, 2025], court=[None, None, 3, None])
    out = taken(data, **WAVES)
    assert problems(out) == [["R008", "2024", "court", 2]]
    with pytest.raises(ResponsesError, match="not_asked"):
        out.checked()
    out = taken(data, **WAVES, not_asked={"2024": ["court"]})
    assert out.checked() is out
    assert reasons(out) == ["not_asked", "not_asked", None, "unknown"]
    assert out.asked("court").tolist() == [False, False, True, True]
    assert out.asked("wave") is None


def test_an_item_a_wave_never_had_needs_no_column():
    data = table(wave=[2024, 2025], court=[1, 2])
    new = form(item("court"), item("police"), version="2")
    out = take(data.assign(police=[None, 3]), instruments={"2024": COURT, "2025": new}, **WAVES)
    assert reasons(out, "police") == ["not_asked", None]
    out = take(data, instruments={"2024": COURT, "2025": new}, **WAVES, not_asked={"2025": ["police"]})
    assert reasons(out, "police") == ["not_asked", "not_asked"]
    out = take(data.assign(police=[4, 3]), instruments={"2024": COURT, "2025": new}, **WAVES)
    assert values(out, "police") == [None, 3.0]
    assert problems(out) == [["R006", "2024", "police", 1]]


def test_answers_where_nobody_was_asked_are_set_aside_and_told():
    data = table(wave=[2024, 2024, 2025], court=[1, None, 3])
    out = taken(data, **WAVES, not_asked={"2024": ["court"]})
    assert values(out) == [None, None, 3.0]
    assert problems(out) == [["R006", "2024", "court", 1]]
    assert out.checked() is out  # a note: the declaration decided


def test_a_split_ballot_is_not_asked_only_of_its_rows():
    data = table(ballot=["1", 1.0, 2, None], x=[1, 1, 1, 1], court=[None, 5, None, None])
    rule = Unasked(items=("court",), when={"ballot": (1,)})
    out = taken(data, unasked_when={"": [rule]})
    assert reasons(out) == ["not_asked", "not_asked", "unknown", "unknown"]
    assert problems(out) == [["R008", "", "court", 2], ["R006", "", "court", 1]]
    both = Unasked(items=("court",), when={"ballot": (1, 2), "x": (2,)})  # all columns together
    assert reasons(taken(data, unasked_when={"": [both]})) == ["unknown", None, "unknown", "unknown"]


def test_a_form_the_file_does_not_tell_is_an_assumption_that_is_told():
    instrument = form(item("a"), item("b"), item("c"))
    data = table(a=[1, None, None, 98], b=[None, None, 2, None], c=[1, 1, 1, 1])
    out = taken(data, instrument, unasked_when={"": [Unasked(items=("a", "b"), when="no_answer")]})
    assert reasons(out, "a") == [None, "not_asked", "unknown", "dont_know"]
    assert reasons(out, "b") == ["unknown", "not_asked", None, "unknown"]
    assert out.problems[["code", "count", "found"]].values.tolist() == [["R009", 1, "a, b"]]


def test_a_filter_that_is_not_met_means_not_asked():
    instrument = form(
        item("police", scale=YES_NO),
        item("bribe", scale=YES_NO, ask_if="police == 1"),
        item("who", ask_if="bribe == 1"),
    )
    data = table(police=[1, 2, 99, None, 1, 2], bribe=[1, None, None, None, None, 1], who=[3, None, None, None, 2, 4])
    out = taken(data, instrument)
    assert reasons(out, "bribe") == [None, "not_asked", "not_asked", "not_asked", "unknown", "not_asked"]
    assert values(out, "bribe") == [1.0, None, None, None, None, None]
    # where the filter itself is unknown an answer stands; where it is not met the answer is set aside
    assert values(out, "who") == [3.0, None, None, None, 2.0, None]
    assert reasons(out, "who") == [None, "not_asked", "not_asked", "not_asked", None, "not_asked"]
    assert problems(out) == [["R007", "", "bribe", 1], ["R007", "", "who", 1]]
    assert out.asked("bribe").tolist() == [True, False, False, False, True, False]


def test_a_filter_is_that_of_the_waves_own_version():
    old = form(item("police", scale=YES_NO), item("bribe", scale=YES_NO))
    new = form(item("police", scale=YES_NO), item("bribe", scale=YES_NO, ask_if="police == 1"), version="2")
    data = table(wave=[2024, 2025], police=[2, 2], bribe=[None, None])
    out = take(data, instruments={"2024": old, "2025": new}, **WAVES)
    assert reasons(out, "bribe") == ["unknown", "not_asked"]


# ------------------------------------------------------------------------------------------- a second file with reasons
KINDS = {"d": "dont_know", "i": "not_asked", "n": "no_answer", "s": "skipped"}


def test_reasons_of_a_second_file_are_matched_by_wave_and_case():
    data = table(wave=[2024, 2024, 2025, 2025, 2025], id=[1, 2, 1, 2, 3], court=[None, 4, None, None, None])
    why = table(wave=["2025", "2025", "2024", "2024", "2019"], id=[2, 1, 1, 2, 1], court_na=["i", "d", "n", None, "d"])
    out = taken(data, **WAVES, case="id", reasons=why, reason_kinds=KINDS, not_asked={})
    assert reasons(out) == ["no_answer", None, "dont_know", "not_asked", "unknown"]
    assert problems(out) == [["R008", "2025", "court", 2]]
    texts = why.assign(id=["2", "1", "1", "2", "1"])
    again = taken(data, **WAVES, case="id", reasons=texts, reason_kinds=KINDS)
    pd.testing.assert_frame_equal(again.missing, out.missing)


def test_a_reason_for_an_answer_an_unknown_letter_and_an_unknown_case_are_told():
    data = table(id=[1, 2, 3], court=[1, None, None])
    why = table(id=[1, 2, 9], court_na=["d", "x", "d"])
    out = taken(data, case="id", reasons=why, reason_kinds=KINDS)
    assert reasons(out) == [None, "unknown", "unknown"]
    assert sorted(problems(out)) == [["R010", "", "court_na", 1], ["R011", "", "court", 1], ["R011", "", "id", 1]]


def test_reasons_that_cannot_be_matched_are_one_error():
    data = table(id=[1, 2], court=[1, None])
    assert "case id" in told(data, reasons=table(id=[1], court_na=["d"]), reason_kinds=KINDS)
    assert "no column 'id'" in told(data, case="id", reasons=table(court_na=["d"]), reason_kinds=KINDS)
    assert "ends in '_na'" in told(data, case="id", reasons=table(id=[1]), reason_kinds=KINDS)
    twice = table(id=[1, 1], court_na=["d", "d"])
    assert "names a case twice" in told(data, case="id", reasons=twice, reason_kinds=KINDS)
    assert "did you mean 'dont_know'" in told(
        data, case="id", reasons=table(id=[1], court_na=["d"]), reason_kinds={"d": "dont_knwo"}
    )


# -------------------------------------------------------------------------------------------------- recode and summary
@pytest.fixture
def responses():
    data = table(wave=[2024, 2024, 2024, 2025, 2025], w=[1.0, 2.0, 1.0, 1.0, 3.0], court=[5, 98, 2, None, 4])
    return taken(data, **WAVES, required=["w"])


def test_recoding_keeps_missing_answers_missing_with_their_reason(responses):
    out = recode(
        responses, {"trust": ("court", (4, 5)), "side": ("court", {1: "low", 2: "low", 3: "mid", 4: "high", 5: "high"})}
    )
    assert values(out, "trust") == [1.0, None, 0.0, None, 1.0]
    assert reasons(out, "trust") == reasons(responses)
    assert values(out, "side") == ["high", None, "low", None, "high"]
    assert out.asked("trust").all()
    assert "trust" not in responses.frame


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (("curt", (1,)), "did you mean 'court'"),
        (("court", (7,)), "has no code 7"),
        (("court", {1: 0, 2: 1}), "leave out codes"),
        (("court", "45"), "Write a list"),
    ],
)
def test_recoding_codes_that_are_not_there_is_an_error(responses, rule, words):
    with pytest.raises(ResponsesError, match=words):
        recode(responses, {"new": rule})


def test_a_new_column_never_replaces_an_old_one(responses):
    with pytest.raises(ResponsesError, match="is there already"):
        recode(responses, {"court": ("court", (5,))})
    out = responses.with_columns({"double": responses.frame["w"] * 2})
    assert out.frame["double"].tolist() == [2.0, 4.0, 2.0, 2.0, 6.0]
    assert out.asked("double") is None


def test_the_summary_counts_reasons_among_those_asked(responses):
    out = missing_summary(responses, "w")
    assert out.columns.tolist() == ["wave", "item", "reason", "count", "share", "weighted_share"]
    rows = {(row.wave, row.reason): row for row in out.itertuples()}
    assert rows["2024", "answered"].count == 2
    assert rows["2024", "answered"].share == pytest.approx(2 / 3)
    assert rows["2024", "dont_know"].weighted_share == pytest.approx(0.5)
    assert rows["2025", "unknown"].weighted_share == pytest.approx(0.25)
    declared = taken(table(court=[1, None], b=[1, 2]), unasked_when={"": [Unasked(items=("court",), when={"b": (2,)})]})
    out = missing_summary(declared)
    assert out[["reason", "count"]].values.tolist() == [["answered", 1], ["not_asked", 1]]
    assert out["share"].isna().tolist() == [False, True]


def test_responses_display_as_a_table(responses):
    html = responses._repr_html_()
    assert "5 real responses" in html
    assert "<td>2024</td><td>3</td>" in html
    assert isinstance(responses, Responses)
