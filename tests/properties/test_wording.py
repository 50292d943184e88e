"""The words of a change and its printed interval never contradict each other, in families nobody thought of."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from survey_kit.estimate.intervals import p_value
from survey_kit.indicators.families import judge
from survey_kit.indicators.wording import Facts, words

CHANGE = st.floats(-0.4, 0.4, allow_nan=False)
SE = st.one_of(st.floats(1e-4, 0.3), st.just(0.0), st.just(float("nan")))
DF = st.one_of(st.integers(1, 400).map(float), st.just(0.0))
ROW = st.tuples(CHANGE, SE, DF, st.integers(0, 3), st.booleans(), st.booleans(), st.booleans(), st.booleans())


@settings(max_examples=300, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=40))
def test_words_and_interval_agree(rows):
    change, se, df, family, comparable, withheld, outweighed, earlier = map(np.array, zip(*rows, strict=True))
    with np.errstate(invalid="ignore", divide="ignore"):
        p = p_value(np.where(se > 0, change / se, np.nan), df)
    tested = comparable & ~withheld & earlier & (se > 0) & (df > 0)
    out = judge(change, se, df, p, family.astype(np.int64), tested=tested)
    yes, none = np.ones(len(rows), dtype=bool), np.full(len(rows), "", dtype=object)
    wording, _ = words(
        Facts(
            compared=yes,
            asked=yes,
            estimated=yes,
            estimated_earlier=earlier,
            tested=tested,
            comparable=comparable,
            why_not=none,
            withheld=withheld,
            why_withheld=none,
            outweighed=outweighed,
            low=out.low,
            high=out.high,
        )
    )
    rose, fell, flat = (wording == word for word in ("rose", "fell", "no_significant_change"))
    assert (out.low[rose] > 0).all()
    assert (out.high[fell] < 0).all()
    assert ((out.low[flat] <= 0) & (out.high[flat] >= 0)).all()
    assert (change[rose] > 0).all()
    assert (change[fell] < 0).all()
    assert tested[rose | fell | flat].all()
    assert not (outweighed | withheld | ~comparable)[rose | fell | flat].any()
    # the adjusted p says the same, but for rounding at the very edge
    clear = tested & (np.abs(out.p_adjusted - 0.05) > 1e-9)
    found = (out.low > 0) | (out.high < 0)
    assert (found[clear] == (out.p_adjusted[clear] <= 0.05)).all()
    # one level for a family, and the size of a family is the number judged
    for number in np.unique(family[tested]):
        members = tested & (family == number)
        assert len(np.unique(out.level[members])) == 1
        assert (out.size[members] == members.sum()).all()
