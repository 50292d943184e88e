"""On tables nobody thought of: every cell is an answer or has a reason, and the counts add up."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from survey_kit.instrument import Instrument, Item, Module, Scale
from survey_kit.responses import missing_summary, take
from survey_kit.types import MISSING_KINDS

CODES = Scale(codes=(1, 2, 3), missing={8: "dont_know", 9: "refused"})
FORM = Instrument(
    id="a",
    version="1",
    modules=(
        Module(
            id="m",
            items=(
                Item(id="a", text={"en": "A"}, scale=CODES),
                Item(id="b", text={"en": "B"}, scale=CODES, ask_if="a in (1, 2)"),
                Item(id="n", text={"en": "N"}, type="number", minimum=0, maximum=10, ask_if="b > 1 or a == 1"),
            ),
        ),
    ),
)

cells = st.sampled_from([1, 2, 3, 8, 9, 7, None, "1", "x", "", 2.0, 2.5])
rows = st.lists(st.tuples(st.sampled_from(["w1", "w2"]), cells, cells, cells), min_size=1, max_size=25)


@given(rows)
def test_every_cell_is_an_answer_or_has_a_reason(rows):
    data = pd.DataFrame([("w1", 1, 1, 1), ("w2", 1, 1, 1), *rows], columns=["wave", "a", "b", "n"]).astype(object)
    out = take(data, instruments={"": FORM}, wave="wave", waves=("w1", "w2"))
    for name in ("a", "b", "n"):
        answered = out.missing[name].isna()
        assert (out.frame[name].notna() == answered).all()
        assert set(out.missing[name].dropna()) <= set(MISSING_KINDS)
        assert (out.asked(name) >= answered.to_numpy()).all()
    assert out.frame["a"].dropna().isin([1, 2, 3]).all()
    gate = out.frame["a"].isin([1, 2])
    assert not (out.missing["b"].isna() & out.frame["a"].notna() & ~gate).any()
    summary = missing_summary(out)
    assert summary.groupby("item")["count"].sum().eq(len(data)).all()
    shares = summary[summary["reason"] != "not_asked"].groupby(["wave", "item"])["share"].sum()
    assert ((shares - 1).abs() < 1e-9).all()


@given(rows, st.randoms())
def test_the_order_of_rows_does_not_matter(rows, random):
    data = pd.DataFrame([("w1", 1, 1, 1), ("w2", 1, 1, 1), *rows], columns=["wave", "a", "b", "n"]).astype(object)
    order = list(range(len(data)))
    random.shuffle(order)
    one = take(data, instruments={"": FORM}, wave="wave", waves=("w1", "w2"))
    other = take(data.iloc[order], instruments={"": FORM}, wave="wave", waves=("w1", "w2"))
    pd.testing.assert_frame_equal(one.missing.iloc[order].reset_index(drop=True), other.missing)
    pd.testing.assert_frame_equal(one.frame.iloc[order].reset_index(drop=True), other.frame)
    key = ["code", "wave", "column"]
    assert sorted(one.problems[[*key, "count"]].values.tolist()) == sorted(
        other.problems[[*key, "count"]].values.tolist()
    )
