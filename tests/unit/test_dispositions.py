"""Dispositions and outcome rates of AAPOR: the worked vector, the hierarchy of attempts, refusals of what has no rate."""

import pandas as pd
import pytest

from survey_kit.errors import ResponsesError
from survey_kit.fieldwork import CODES, GROUPS, final_disposition, final_dispositions, interview_status, outcome_rates

VECTOR = {"I": 1500, "P": 60, "R": 700, "NC": 420, "O": 90, "UH": 180, "UO": 150, "NE": 300}
# computed apart from the formulas of the Standard Definitions, to four digits
PUBLISHED = {
    "RR1": 0.4839, "RR2": 0.5032, "RR3": 0.4890, "RR4": 0.5085, "RR5": 0.5415, "RR6": 0.5632,
    "COOP1": 0.6383, "COOP2": 0.6638, "COOP3": 0.6637, "COOP4": 0.6903,
    "REF1": 0.2258, "REF2": 0.2282, "REF3": 0.2527, "CON1": 0.7581, "CON2": 0.7660, "CON3": 0.8484,
}  # fmt: skip


def test_the_worked_vector():
    made = outcome_rates(VECTOR)
    assert round(made.e, 4) == 0.9023
    assert {name: round(value, 4) for name, value in made.rates.items()} == PUBLISHED
    table = made.table().set_index("rate")
    assert (table["numerator"] / table["denominator"]).round(12).equals(table["value"].round(12).rename(None))


def test_cases_give_the_rates_of_their_counts_and_weights_count():
    cases = [group for group, count in VECTOR.items() for _ in range(count // 10)]
    assert outcome_rates(cases).rates == pytest.approx(outcome_rates({g: n // 10 for g, n in VECTOR.items()}).rates)
    doubled = outcome_rates(["1.1", "2.11", "2.24"], weight=[2.0, 1.0, 1.0])
    assert doubled.weighted
    assert doubled.rates["RR1"] == 0.5


@pytest.mark.parametrize(("e", "value"), [("one", 1500 / 3100), (0.0, 1500 / 2770), (0.5, 1500 / (2770 + 165))])
def test_e_is_what_one_says(e, value):
    assert outcome_rates(VECTOR, e=e).rates["RR3"] == pytest.approx(value)


@pytest.mark.parametrize("selection", ["quota", "random_route"])
def test_samples_without_known_chances_have_counts_and_no_rates(selection):
    made = outcome_rates(VECTOR, selection=selection)
    assert made.rates == {}
    assert "no response rate" in made.reason
    assert made.counts["I"] == 1500
    assert "no response rate" in made._repr_html_()


@pytest.mark.parametrize(
    ("attempts", "code"),
    [
        ([], "3.11"),
        (["2.24", "2.24", "1.1"], "1.1"),
        (["1.2", "2.12"], "1.2"),
        (["2.112", "2.24"], "2.112"),
        (["2.111", "2.112"], "2.112"),
        (["3.11", "3.17", "2.25"], "2.25"),
        (["2.11", "4.61"], "4.61"),
        (["3.17", "3.21"], "3.21"),
    ],
)
def test_the_hierarchy_of_attempts(attempts, code):
    assert final_disposition(attempts).code == code


def test_every_code_belongs_to_one_group_and_every_group_has_codes():
    assert {one.group for one in CODES.values()} == set(GROUPS)
    assert all(code == one.code for code, one in CODES.items())


LOG = pd.DataFrame(
    {"case": [7, 7, 5], "day": ["2026-03-02", "2026-03-01", "2026-03-01"], "code": ["2.112", "2.24", "1.1"]}
)


def test_a_contact_log_is_settled_in_the_order_of_the_attempts():
    made = final_dispositions(LOG, case="case", code="code", order="day")
    assert made.values.tolist() == [
        [5, "1.1", "I", "complete interview", 1],
        [7, "2.112", "R", "refusal by the known respondent", 2],
    ]


@pytest.mark.parametrize(
    ("change", "told", "where"),
    [
        ({"code": ["2.112", "2.24", "9.9"]}, "no such disposition", "row 3"),
        ({"case": [7, None, 5]}, "has no 'case'", "row 2"),
        ({"day": [None, "a", "b"]}, "has no 'day'", "row 1"),
    ],
)
def test_faults_of_a_log_name_the_row(change, told, where):
    with pytest.raises(ResponsesError, match=told) as caught:
        final_dispositions(LOG.assign(**change), case="case", code="code", order="day")
    assert caught.value.where == where


def test_a_missing_column_names_the_nearest():
    with pytest.raises(ResponsesError, match="did you mean 'code'"):
        final_dispositions(LOG, case="case", code="cod", order="day")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"dispositions": []}, "no cases"),
        ({"dispositions": {"I": -1}}, "not negative"),
        ({"dispositions": {"X": 1}}, "no such disposition"),
        ({"dispositions": {"UH": 5}}, "known eligibility"),
        ({"dispositions": VECTOR, "e": 1.2}, "between 0 and 1"),
        ({"dispositions": ["1.1"], "weight": [0.0]}, "positive"),
        ({"dispositions": ["1.1"], "weight": [1.0, 1.0]}, "positive"),
    ],
)
def test_what_has_no_rate_is_refused(arguments, told):
    with pytest.raises(ResponsesError, match=told):
        outcome_rates(**arguments)


def test_the_share_of_answered_items_decides_between_break_off_partial_and_complete():
    assert [interview_status(share).code for share in (0.0, 0.49, 0.5, 0.8, 1.0)] == [
        "2.12",
        "2.12",
        "1.2",
        "1.2",
        "1.1",
    ]
    with pytest.raises(ResponsesError, match="between 0 and 1"):
        interview_status(1.5)
