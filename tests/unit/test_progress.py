"""Progress of the field counted by hand; eligibility by its methods; rates by domain."""

import numpy as np
import pandas as pd
import pytest

from survey_kit.errors import ResponsesError
from survey_kit.fieldwork import (
    eligibility_of,
    eligible_share,
    outcome_rates,
    outcome_rates_by,
    progress_of,
    read_contacts,
)

CASES = pd.DataFrame(
    {"case": range(1, 7), "psu": [1, 1, 1, 2, 2, 2], "town": list("aaabbb"), "w": [1.0, 1, 1, 2, 2, 2]}
)
LOG = pd.DataFrame(
    [
        (1, "a", 1, "2026-03-02T10:00", "2026-03-02T10:04", "2.24"),
        (1, "a", 2, "2026-03-04T19:00", "2026-03-04T19:40", "1.1"),
        (2, "a", 1, "2026-03-02T11:00", "2026-03-02T11:30", "1.1"),
        (3, "b", 1, "2026-03-02T12:00", None, "2.111"),
        (4, "b", 1, "2026-03-04T08:30", "2026-03-04T08:35", "4.61"),
        (5, "b", 1, "2026-03-04T09:00", "2026-03-04T10:00", "1.1"),
        (5, "b", 2, "2026-03-04T20:00", "2026-03-04T21:00", "1.1"),
    ],
    columns=["case", "interviewer", "attempt", "start", "end", "code"],
)


def made(**how: object):
    return progress_of(read_contacts(LOG, cases=CASES), **how)


def test_days_follow_each_other_and_add_up():
    table = made(target=4).by_day
    assert table["day"].dt.day.tolist() == [2, 3, 4]
    assert table["attempts"].tolist() == [3, 0, 4]
    assert table["completes"].tolist() == [1, 0, 2]  # the second interview of case 5 is no second complete
    assert table["contacts"].tolist() == [2, 0, 3]
    assert table["refusals"].tolist() == [1, 0, 0]
    assert table["interviewers"].tolist() == [2, 0, 2]
    assert table["all_completes"].tolist() == [1, 1, 3]
    assert table["open"].tolist() == [4, 4, 1]
    assert table["share"].tolist() == [0.25, 0.25, 0.75]


def test_units_hold_every_issued_case():
    table = made().by_unit.set_index("psu")
    assert table["cases"].tolist() == [3, 3]
    assert table["untried"].tolist() == [0, 1]
    assert table["open"].tolist() == [0, 1]
    assert table["completes"].tolist() == [2, 1]
    assert table["not_eligible"].tolist() == [0, 1]
    assert table["interviewers"].tolist() == [2, 1]


def test_interviewers_are_counted_with_their_time():
    table = made().by_interviewer.set_index("interviewer")
    assert table.loc["a", ["days", "attempts", "contacts", "completes"]].tolist() == [2, 3, 2, 2]
    assert table.loc["a", "minutes"] == 35
    assert table.loc["a", "minutes_per_complete"] == (4 + 40 + 30) / 2
    assert table.loc["b", "cooperation"] == 0.5
    assert table.loc["b", "attempts_per_complete"] == 4
    assert table.loc["b", "completes_per_day"] == 0.5


def test_attempts_and_hours():
    table = made().by_attempt
    assert table[["attempt", "cases", "completes"]].values.tolist() == [[1, 5, 2], [2, 2, 1]]
    assert table["share"].tolist() == pytest.approx([2 / 3, 1])
    hours = made().by_hour
    assert len(hours) == 7 * 6
    assert hours["attempts"].sum() == len(LOG)
    row = hours[(hours["weekday"] == "Mon") & (hours["hours"] == "09-12")].iloc[0]
    assert (row["attempts"], row["contact_rate"]) == (2, 0.5)
    assert np.isnan(hours[(hours["weekday"] == "Sun") & (hours["hours"] == "09-12")]["contact_rate"].iloc[0])


def test_the_open_cases_are_those_nobody_has_settled():
    assert made().open_cases[["case", "code", "attempts"]].values.tolist() == [["6", "3.11", 0]]
    assert made(until="2026-03-02").open_cases["case"].tolist() == ["1", "4", "5", "6"]


@pytest.mark.parametrize("target", [0, 2.5, -1])
def test_a_target_is_a_number_of_interviews(target):
    with pytest.raises(ResponsesError, match="target"):
        made(target=target)


# ------------------------------------------------------------------------------------------------------- eligibility
CODES = ["1.1"] * 50 + ["2.11"] * 20 + ["2.24"] * 10 + ["4.7"] * 10 + ["4.61"] * 10 + ["3.11"] * 12 + ["3.21"] * 8


def test_the_methods_in_closed_form():
    assert eligible_share(CODES).share == pytest.approx(80 / 100)
    assert eligible_share(CODES, method="casro").share == eligible_share(CODES).share
    assert eligible_share(CODES, method="one").share == 1
    assert eligible_share(CODES, method="zero").share == 0
    home, person = 98 / 108, 80 / 90
    assert eligible_share(CODES, method="two_stage").share == pytest.approx((12 * home * person + 8 * person) / 20)
    weight = np.where([one.startswith("4") for one in CODES], 2.0, 1.0).tolist()
    assert eligible_share(CODES, weight=weight).share == pytest.approx(80 / 120)


def test_the_rates_take_e_from_anywhere():
    found = eligible_share(CODES, method="two_stage")
    rates = outcome_rates(CODES, e=found)
    assert rates.e == found.share
    assert rates.e_method == found.method
    assert rates.rates["RR3"] == pytest.approx(50 / (80 + found.share * 20))
    assert outcome_rates(CODES, e="casro").rates == outcome_rates(CODES).rates


def test_survival_finds_what_later_attempts_would_settle():
    """Eligible cases settle slowly, others fast: those still open are eligible more often than those settled."""
    rng = np.random.default_rng(6)
    n, cap = 40_000, 3
    eligible = rng.random(n) < 0.6
    needed = np.where(eligible, rng.geometric(0.3, n), rng.geometric(0.7, n))
    limit = np.where(rng.random(n) < 0.9, cap, 12)  # a few cases are followed to the end
    settled = needed <= limit
    codes = np.where(~settled, "3.18", np.where(eligible, "1.1", "4.61")).tolist()
    tried = np.minimum(needed, limit).tolist()
    truth = eligible[~settled].mean()
    survival = eligible_share(codes, method="survival", attempts=tried).share
    assert abs(survival - truth) < 0.03
    assert truth - eligible_share(codes).share > 0.2


def test_survival_from_a_log_by_hand():
    """One of four settles eligible at once; of the two tried twice one settles each way."""
    log = LOG.iloc[:6].assign(
        case=[1, 2, 2, 3, 3, 4], attempt=[1, 1, 2, 1, 2, 1], code=["1.1", "3.18", "1.1", "3.18", "4.61", "3.18"], psu=1,
        start="2026-03-01T10:00", end=None,
    )  # fmt: skip
    assert eligibility_of(read_contacts(log), method="survival").share == pytest.approx((0.625 - 0.25) / 0.75)
    assert eligibility_of(read_contacts(log)).share == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("codes", "how", "message"),
    [
        (["3.11", "3.2"], {}, "no|known eligibility"),
        (["4.61", "3.2"], {"method": "two_stage"}, "No household"),
        (["1.1", "3.2"], {"method": "survival"}, "attempts of each case"),
        (["1.1", "3.2"], {"method": "guess"}, "method"),
    ],
)
def test_methods_that_cannot_be_taken(codes, how, message):
    with pytest.raises(ResponsesError, match=message):
        eligible_share(codes, **how)


# ------------------------------------------------------------------------------------------------------------- rates
def test_rates_of_levels():
    status = read_contacts(LOG, cases=CASES).status()
    table = outcome_rates_by(status, "town", e="one").set_index("town")
    assert table.loc["a", "RR1"] == pytest.approx(2 / 3)
    assert table.loc["b", "RR1"] == pytest.approx(1 / 2)
    weighted = outcome_rates_by(status.assign(all="x"), "all", weight="w", e="one")
    assert weighted["RR1"][0] == pytest.approx((2 + 2) / (3 + 2 + 2))
    assert outcome_rates_by(status, "town")["e"].tolist() == [0.8, 0.8]
    assert outcome_rates_by(status, "town", e="own")["e"].tolist() == [1.0, 0.5]


def test_quota_samples_have_counts_only():
    table = outcome_rates_by(read_contacts(LOG, cases=CASES).status(), "town", selection="quota")
    assert "RR1" not in table
    assert table["I"].tolist() == [2, 1]


def test_a_domain_holds_every_case():
    status = read_contacts(LOG, cases=CASES).status()
    with pytest.raises(ResponsesError, match=r"(?s)no level of town.*row 3"):
        outcome_rates_by(status.assign(town=["a", "a", None, "b", "b", "b"]), "town")
    with pytest.raises(ResponsesError, match="no column 'twon'"):
        outcome_rates_by(status, "twon")


def test_values_show_themselves_in_a_notebook():
    from survey_kit.fieldwork import field_report

    log = read_contacts(LOG, cases=CASES)
    report = field_report(log, weight="w", domains=["town"], target=4)
    for value in (log, report, report.progress, report.outcome):
        assert "<table" in value._repr_html_()
        assert "object at" not in repr(value)
