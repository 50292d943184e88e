"""Two sides' ratings of the same measures: set beside each other, agreement with its limits, nothing counted that one side lacks."""

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import EstimationError


def assessments(*rows):
    return pd.DataFrame(rows, columns=["measure", "side", "who", "delivery", "effect"])


SEEN = assessments(
    (1, 1, "I1", 5, 4), (1, 2, "E1", 4, 3), (1, 2, "E2", 5, None),
    (2, 1, "I1", 4, 4), (2, 2, "E1", 4, 2), (2, 2, "E2", 2, 2),
    (3, 1, "I1", 3, 3), (3, 2, "E1", 1, 1),
    (4, 1, "I1", 5, 5), (4, 2, "E1", 5, 5),
    (5, 1, "I1", 2, 2),
    (6, 3, "X", 1, 1),
)  # fmt: skip


def both(**more):
    return sk.side_by_side(SEEN, ["delivery", "effect"], unit="measure", side="side", assessor="who", **more)


def test_medians_stand_beside_each_other_and_one_sided_measures_only_in_the_table():
    made = both()
    delivery = made.table[made.table["rating"] == "delivery"].set_index("measure")
    assert delivery["external_n"].tolist() == [2, 2, 1, 1, 0]
    assert delivery["difference"].iloc[:4].tolist() == [-0.5, -1.0, -2.0, 0.0]
    assert np.isnan(delivery["difference"].loc[5])
    row = made.agreement.set_index("rating").loc["delivery"]
    assert (row["both"], row["one_side_only"], row["equal"], row["within_one"]) == (4, 1, 0.25, 0.75)
    assert made.notes == ("1 assessments of neither side are set aside",)


def test_the_mean_difference_has_the_limits_of_a_paired_t_test():
    from scipy import stats

    row = both(level=0.9).agreement.set_index("rating").loc["delivery"]
    gaps = np.array([-0.5, -1.0, -2.0, 0.0])
    limits = stats.ttest_1samp(gaps, 0).confidence_interval(0.9)
    assert row["difference_low"] == pytest.approx(limits.low, abs=1e-12)
    assert row["difference_high"] == pytest.approx(limits.high, abs=1e-12)


def test_few_measures_have_no_limits_and_equal_ratings_no_kappa():
    seen = assessments((1, 1, "a", 3, 1), (1, 2, "b", 3, 2), (2, 1, "a", 3, 2), (2, 2, "b", 3, 2))
    rows = sk.side_by_side(seen, ["delivery", "effect"], unit="measure", side="side").agreement.set_index("rating")
    assert rows["equal"].tolist() == [1.0, 0.5]
    assert np.isnan(rows.loc["delivery", "kappa"])
    assert rows["kappa_se"].isna().all()


def test_agreement_within_a_side_is_that_of_its_assessors():
    seen = assessments(*((m, 2, f"E{k}", (m + k) % 3, m) for m in range(1, 7) for k in range(3)))
    row = sk.side_by_side(seen, ["effect"], unit="measure", side="side").agreement.iloc[0]
    assert row["alpha_external"] == pytest.approx(1.0)
    assert np.isnan(row["alpha_internal"])


@pytest.mark.parametrize(
    ("change", "told"),
    [({"ratings": ["delivry"]}, "did you mean 'delivery'"), ({"assessor": "side"}, "rated a thing twice")],
)
def test_what_cannot_be_set_side_by_side_is_refused(change, told):
    arguments = {"ratings": ["delivery"], "unit": "measure", "side": "side", **change}
    with pytest.raises(EstimationError, match=told):
        sk.side_by_side(SEEN, **arguments)
