"""The contact log: what is read, what is refused with its row, and what finally became of a case."""

import numpy as np
import pandas as pd
import pytest

from survey_kit.errors import ResponsesError
from survey_kit.fieldwork import check_contacts, final_dispositions, read_contacts

LOG = pd.DataFrame(
    {
        "case": [1, 1, 2, 3, 3],
        "psu": [9, 9, 9, 8, 8],
        "interviewer": ["a", "a", "b", "c", "c"],
        "attempt": [1, 2, 1, 1, 2],
        "start": [
            "2026-03-01T10:00",
            "2026-03-02T18:00",
            "2026-03-01 09:00",
            "2026-03-01T10:00:30",
            "2026-03-03T12:00",
        ],
        "end": ["2026-03-01T10:05", "2026-03-02T18:40", None, "2026-03-01T10:03", None],
        "code": ["2.24", "1.1", "2.112", "3.18", "2.25"],
        "phone": "+7 701 000 00 00",
    }
)
CASES = pd.DataFrame({"case": [4, 1, 2, 3], "psu": [8, 9, 9, 8], "weight": [4.0, 1, 2, 3]})


def changed(row: int, **values: object) -> pd.DataFrame:
    out = LOG.astype({"attempt": object, "case": object, "psu": object}).copy()
    for name, value in values.items():
        out.loc[row, name] = value
    return out


def test_every_issued_case_has_a_status_in_the_order_of_the_list():
    made = read_contacts(LOG, cases=CASES).status()
    assert made["case"].tolist() == ["4", "1", "2", "3"]
    assert made["code"].tolist() == ["3.11", "1.1", "2.112", "2.25"]
    assert made["group"].tolist() == ["UH", "I", "R", "NC"]
    assert made["attempts"].tolist() == [0, 2, 1, 2]
    assert made["contacts"].tolist() == [0, 1, 1, 1]
    assert made["weight"].tolist() == [4.0, 1, 2, 3]


def test_the_settled_cases_are_those_of_the_hierarchy_on_random_logs():
    from survey_kit.fieldwork import CODES

    rng = np.random.default_rng(5)
    case = rng.integers(0, 60, 400)
    log = pd.DataFrame({"case": case, "code": rng.choice(list(CODES), 400)})
    log["attempt"] = log.groupby("case").cumcount() + 1
    log["start"] = (pd.Timestamp("2026-03-01") + pd.to_timedelta(range(400), unit="h")).strftime("%Y-%m-%dT%H:%M")
    log = log.assign(psu=1, interviewer="a").sample(frac=1, random_state=1)
    made = read_contacts(log).status()
    wanted = final_dispositions(log.astype({"case": str}), case="case", code="code", order="attempt")
    joined = made.merge(wanted, on="case", suffixes=("", "_wanted"))
    assert len(joined) == len(made) == len(wanted)
    assert joined["code"].tolist() == joined["code_wanted"].tolist()
    assert joined["attempts"].tolist() == joined["attempts_wanted"].tolist()


def test_the_log_as_it_stood_on_a_day():
    log = read_contacts(LOG, cases=CASES)
    assert log.until("2026-03-01").status()["code"].tolist() == ["3.11", "2.24", "2.112", "3.18"]
    with pytest.raises(ResponsesError, match=r"(?s)Nobody had been tried.*2026-03-01"):
        log.until("2026-02-01")
    with pytest.raises(ResponsesError, match="no date"):
        log.until("soon")


def test_names_numbers_and_positions_are_left_behind():
    assert list(read_contacts(LOG).contacts) == [
        "case", "psu", "interviewer", "attempt", "start", "end", "code", "mode", "group",
    ]  # fmt: skip


def test_columns_may_have_other_names_and_units_may_come_from_the_issued_cases(tmp_path):
    log = LOG.rename(columns={"case": "hhid"}).drop(columns="psu")
    log.to_csv(tmp_path / "contacts.csv", index=False)
    CASES.rename(columns={"case": "hhid"}).to_csv(tmp_path / "cases.csv", index=False)
    made = read_contacts(tmp_path / "contacts.csv", cases=tmp_path / "cases.csv", columns={"case": "hhid"})
    assert made.contacts["psu"].tolist() == ["9", "9", "9", "8", "8"]
    assert made.contacts["code"].tolist() == ["2.24", "1.1", "2.112", "3.18", "2.25"]


@pytest.mark.parametrize(
    ("row", "values", "code", "message"),
    [
        (1, {"code": "7.7"}, "C002", r"(?s)no such disposition.*row 2.*7\.7"),
        (1, {"code": None}, "C001", r"(?s)has no code.*row 2"),
        (3, {"interviewer": " "}, "C001", r"(?s)has no interviewer.*row 4"),
        (0, {"start": "yesterday"}, "C003", r"(?s)cannot be read.*row 1.*yesterday"),
        (0, {"start": "2026-03-01"}, "C003", r"(?s)cannot be read.*row 1"),
        (0, {"end": "2026-03-01T10:05Z"}, "C003", r"(?s)universal time.*row 1"),
        (1, {"end": "2026-03-02T17:59"}, "C004", r"(?s)ends before it begins.*row 2.*18:00 to 2026-03-02 17:59"),
        (4, {"start": "2026-03-01T09:00"}, "C005", r"(?s)run backwards.*row 5.*case 3, attempt 2"),
        (4, {"attempt": 1}, "C006", r"(?s)stands twice.*row 5.*case 3, attempt 1"),
        (2, {"case": 77}, "C007", r"(?s)not issued.*row 3.*77"),
        (2, {"psu": 8}, "C008", r"(?s)not the one.*row 3.*unit 8, issued in 9"),
        (2, {"interviewer": "Иван Петров"}, "C009", r"(?s)name or a number.*row 3"),
        (2, {"interviewer": "8 701 123-45-67"}, "C009", r"(?s)name or a number.*row 3"),
        (2, {"attempt": 1.5}, "C010", r"(?s)whole number.*row 3.*1\.5"),
        (2, {"attempt": 0}, "C010", r"(?s)whole number.*row 3"),
    ],
)
def test_a_fault_names_its_row(row, values, code, message):
    bad = changed(row, **values)
    listed = check_contacts(bad, cases=CASES)
    errors = listed[listed["severity"] == "error"]
    assert errors[["code", "row"]].values.tolist() == [[code, row + 1]]
    with pytest.raises(ResponsesError, match=message):
        read_contacts(bad, cases=CASES)


def test_a_name_is_not_repeated_in_the_message():
    with pytest.raises(ResponsesError) as fault:
        read_contacts(changed(2, interviewer="Иван Петров"), cases=CASES)
    assert "Петров" not in str(fault.value)


def test_several_faults_are_counted():
    with pytest.raises(ResponsesError, match=r"\(1 more\)"):
        read_contacts(changed(1, code="9.99", interviewer=""), cases=CASES)


def test_what_is_odd_can_stand_and_is_told():
    log = pd.concat([LOG, LOG.iloc[[1]].assign(attempt=4, start="2026-03-05T10:00", end=None)], ignore_index=True)
    made = read_contacts(log, cases=CASES)
    assert made.notes[["code", "row"]].values.tolist() == [["C101", 6], ["C102", 6], ["C103", 6]]
    assert made.status().set_index("case").loc["1", "code"] == "1.1"


def test_hours_are_those_of_the_place():
    zoned = LOG.assign(
        start=LOG["start"] + "+05:00",
        end=[one and f"{one}+05:00" for one in LOG["end"].astype(object).where(LOG["end"].notna(), None)],
    )
    assert read_contacts(zoned).contacts["start"].dt.hour.tolist() == [10, 18, 9, 10, 12]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (LOG.drop(columns="code"), r"(?s)no column 'code'.*columns="),
        (LOG.drop(columns="psu"), "no column 'psu'"),
    ],
)
def test_a_missing_column_is_named(frame, message):
    with pytest.raises(ResponsesError, match=message):
        read_contacts(frame)


def test_what_the_log_tells_of_a_case_is_not_taken_from_the_list():
    made = read_contacts(LOG, cases=CASES.assign(code="1.1", group="I", interviewer="z"))
    assert list(made.cases) == ["case", "psu", "weight"]
    assert made.status()["code"].tolist() == ["3.11", "1.1", "2.112", "2.25"]


def test_issued_cases_are_whole_and_stand_once():
    with pytest.raises(ResponsesError, match=r"(?s)issued twice.*row 3.*case 1"):
        read_contacts(LOG, cases=CASES.assign(case=[4, 1, 1, 3]))
    with pytest.raises(ResponsesError, match=r"(?s)no number or no unit.*row 1"):
        read_contacts(LOG, cases=CASES.assign(psu=[None, 9, 9, 8]))
    with pytest.raises(ResponsesError, match="no column of a contact log"):
        read_contacts(LOG, columns={"kase": "x"})
