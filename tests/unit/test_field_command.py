"""``survey-kit field``: from study.yaml and a contact log to tables, the manager's page and the words of the report."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from survey_kit.cli import main
from survey_kit.errors import StudyError
from survey_kit.fieldwork import field_page, field_report, outcome_rates, read_contacts
from survey_kit.language import known_languages
from survey_kit.report.about import study_info
from survey_kit.study import field_disclosure, make_design, read_responses, read_study

FIELD = """\
field:
  contacts: contacts.csv
  cases: cases.csv
  columns: {case: hhid}
  weight: base
  domains: [town, [town, size]]
  balance: [town, size]
  target: 120
"""


@pytest.fixture
def followed(own: Path) -> Path:
    """Give the own study with a field of 200 cases and up to three attempts on each."""
    rng = np.random.default_rng(7)
    cases = pd.DataFrame(
        {"hhid": np.arange(55000, 55200), "psu": np.repeat(np.arange(20), 10), "base": rng.uniform(1, 3, 200)}
    )
    cases["town"] = np.where(cases["psu"] < 12, "town", "village")
    cases["size"] = rng.choice(["small", "large"], 200)
    rows = []
    for case, psu, town in cases[["hhid", "psu", "town"]].itertuples(index=False):
        for attempt in range(1, 4):
            code = rng.choice(
                ["2.24", "1.1", "2.112", "4.61", "3.18"],
                p=[0.4, 0.45 if town == "village" else 0.3, *(0.1, 0.03, 0.02 if town == "village" else 0.17)],
            )
            day = pd.Timestamp("2026-03-02") + pd.Timedelta(
                days=int(3 * attempt + rng.integers(0, 3)), hours=int(rng.integers(9, 21))
            )
            rows.append(
                (
                    case,
                    f"int{psu % 5}",
                    attempt,
                    day.isoformat(),
                    (day + pd.Timedelta(minutes=30)).isoformat(),
                    code,
                    "visit",
                    "+7 701 555 44 33",
                )
            )
            if not code.startswith(("2.24", "3")):
                break
    names = ["hhid", "interviewer", "attempt", "start", "end", "code", "mode", "phone"]
    pd.DataFrame(rows, columns=names).to_csv(own / "data" / "contacts.csv", index=False)
    cases.to_csv(own / "data" / "cases.csv", index=False)
    declare(own, FIELD)
    return own


def declare(study: Path, text: str) -> None:
    path = study / "study.yaml"
    path.write_text(path.read_text().split("field:")[0] + text)


def log_of(study: Path):
    return read_contacts(study / "data" / "contacts.csv", cases=study / "data" / "cases.csv", columns={"case": "hhid"})


def test_the_command_writes_tables_and_a_page(followed, capsys):
    assert main(["field", "analyses/own", "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "of 120 wanted" in said
    assert "RR3" in said
    folder = Path("build/own-field")
    names = {path.name for path in folder.iterdir()}
    assert {
        "own-field.html",
        "own-by_day.csv",
        "own-rates_by_town.csv",
        "own-rates_by_town_size.csv",
        "own-balance_by_day.csv",
    } <= names
    assert not (followed / "field_disclosure.yaml").exists()
    table = pd.read_csv(folder / "own-rates.csv").set_index("rate")
    status = log_of(followed).status()
    found = outcome_rates(status["code"].tolist(), weight=status["base"].tolist(), e="one")
    assert table.loc["RR1", "weighted"] == pytest.approx(found.rates["RR1"])
    assert (pd.read_csv(folder / "own-by_day.csv")["data_status"] == "real").all()


@pytest.mark.usefixtures("followed")
def test_the_page_is_whole_offline_and_says_for_whom_it_is():
    main(["field", "own", "--quiet"])
    page = Path("build/own-field/own-field.html").read_text()
    assert "For the field team only" in page
    assert not re.search(r"<script|https?://|src=|url\(", page)
    assert "701 555" not in page
    assert not any(str(case) in page for case in range(55000, 55200))
    assert page.count("<h1") == 1
    assert page.count("<svg viewBox='0 0 720 240' role='img' aria-label=") == 2
    for text in Path("build/own-field").glob("*.csv"):
        assert "701" not in text.read_text()


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_page_speaks_every_language(followed, language):
    assert language in known_languages("progress")
    report = field_report(log_of(followed), weight="base", balance=["town"], domains=["town"], target=100)
    page = field_page(report, "S", data_status="synthetic", language=language)
    assert f"<html lang='{language}'>" in page
    words = {"kk": "Жасанды деректер", "ru": "Синтетические данные", "en": "Synthetic data"}
    assert page.count(words[language]) == 2  # in the title and on top
    assert "e = 0." in page
    assert ("eligible share" in page) == (language == "en")
    assert "{" not in re.sub(r"(?s)<style>.*?</style>", "", page)


@pytest.mark.usefixtures("followed")
def test_days_before_the_end(capsys):
    assert main(["field", "own", "--until", "2026-03-06", "--json", "--dry-run"]) == 0
    early = json.loads(capsys.readouterr().out)
    assert main(["field", "own", "--json", "--dry-run"]) == 0
    late = json.loads(capsys.readouterr().out)
    assert early["until"] == "2026-03-06"
    assert 0 < early["completes"] < late["completes"]
    assert early["open"] > late["open"]
    assert early["written"] == []
    assert not Path("build/own-field").exists()
    assert late["balance"][0]["indicator"] == "R"


@pytest.mark.usefixtures("followed")
def test_the_machine_record_names_no_case_and_no_interviewer(capsys):
    main(["field", "own", "--json", "--dry-run"])
    said = capsys.readouterr().out
    assert "int1" not in said
    assert not re.search(r"\b55[01]\d\d\b", said)


def test_a_quota_sample_has_no_rates_and_no_balance(followed, capsys):
    declare(followed, FIELD.replace("  target: 120", "  selection: quota"))
    assert main(["field", "own", "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "no response rate" in said
    assert "RR1" not in said
    assert not Path("build/own-field/own-rates.csv").exists()
    assert not Path("build/own-field/own-balance.csv").exists()


@pytest.mark.parametrize("method", ["casro", "two_stage", "survival", "one", "0.4"])
def test_every_method_of_e(followed, capsys, method):
    declare(followed, f"{FIELD}  e: {method}\n")
    assert main(["field", "own", "--json", "--dry-run"]) == 0
    rates = json.loads(capsys.readouterr().out)["rates"]
    assert rates["RR1"] <= rates["RR3"] <= rates["RR5"]


def test_the_problems_of_a_log_are_listed(followed, capsys):
    path = followed / "data" / "contacts.csv"
    log = pd.read_csv(path, dtype=str)
    log.loc[3, "code"] = "9.99"
    log.loc[5, "end"] = "2026-01-01T10:00"
    log.to_csv(path, index=False)
    assert main(["field", "own", "--check", "--quiet"]) == 1
    said = capsys.readouterr().out
    assert "C002" in said
    assert "C004" in said
    assert "2 errors" in said
    assert main(["field", "own", "--quiet"]) == 2
    fault = capsys.readouterr().err
    assert re.search(r"(?s)no such disposition \(1 more\).*row 4.*9\.99", fault)


@pytest.mark.usefixtures("followed")
def test_nothing_is_written_into_a_report(capsys):
    folder = Path("build/own")
    folder.mkdir(parents=True)
    (folder / ".state.json").write_text("{}")
    assert main(["field", "own", "--to", str(folder / "field")]) == 2
    assert "build of a report" in capsys.readouterr().err
    assert not (folder / "field").exists()


# ----------------------------------------------------------------------------------------------------- the disclosure
def test_the_report_tells_dates_and_outcome_where_the_author_did_not(followed):
    assert main(["field", "own", "--disclose", "--quiet"]) == 0
    study = read_study(followed)
    told = field_disclosure(study)
    assert followed / "field_disclosure.yaml" in study.inputs
    responses = read_responses(study)
    method = study_info(study, responses, make_design(study, responses)).method
    assert method["dates"] == told["dates"]
    assert re.fullmatch(r"Interviews were held from 2026-03-0\d to 2026-03-1\d\.", told["dates"])
    assert "RR3" in method["sample_sizes"]
    assert "200 cases were issued" in method["sample_sizes"]
    assert method["modes"] == "Mode of the interviews: visit 100 %."
    written = FIELD + "method:\n  dates: {en: In spring}\n"
    declare(followed, written)
    study = read_study(followed)
    assert study_info(study, responses, make_design(study, responses)).method["dates"] == "In spring"


def test_a_report_never_reads_the_log(followed):
    study = read_study(followed)
    assert not {"contacts.csv", "cases.csv"} & {path.name for path in study.sources()}


def test_words_of_another_study_or_status_are_refused(followed):
    main(["field", "own", "--disclose", "--quiet"])
    path = followed / "field_disclosure.yaml"
    path.write_text(path.read_text().replace("data_status: real", "data_status: synthetic"))
    with pytest.raises(StudyError, match=r"(?s)another study.*synthetic, not real"):
        field_disclosure(read_study(followed))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "where its contact log is"),
        (FIELD.replace("target: 120", "target: 0"), "number of interviews"),
        (FIELD + "  wave: '2031'\n", "no wave '2031'"),
        (FIELD + "  e: 1.4\n", "between 0 and 1"),
        (FIELD.replace("  cases: cases.csv\n", ""), "known of every issued case"),
        (FIELD.replace("contacts.csv", "lost.csv"), "missing"),
        (FIELD.replace("balance: [town, size]", "balance: [region]"), "Nothing is known of 'region'"),
        (FIELD.replace("domains: [town, [town, size]]", "domains: [region]"), "no column 'region'"),
        (FIELD + "  quota: yes\n", "Unknown key 'quota'"),
    ],
)
def test_what_cannot_be_followed(followed, capsys, text, message):
    declare(followed, text)
    assert main(["field", "own"]) == 2
    assert message in capsys.readouterr().err
