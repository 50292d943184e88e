"""Releases: final, provisional, rehearsal; whole or not at all; revisions with reasons; what two releases give away."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

import survey_kit as sk
from survey_kit.cli.main import main
from survey_kit.errors import ReleaseError, ReportError, StudyError
from survey_kit.language import words
from survey_kit.release import freeze_indicators, make_release, verify_release
from survey_kit.release.declaration import read_release, unpublished
from survey_kit.release.record import last_release
from survey_kit.report import esms
from survey_kit.report.edition import read_edition
from survey_kit.report.info import METHOD
from survey_kit.study.quality_file import CONCEPTS, OPTIONAL, read_quality

DAY = dt.date(2026, 12, 10)
PROJECT = """\
project: {type: website}
lang: en
jupyter: python3
execute: {echo: false, warning: false}
website:
  title: Trust
  navbar: {left: [{text: First, href: index.qmd}, {text: Quality, href: quality.qmd}]}
format: {html: {toc: true}}
"""
INDEX = """\
---
title: First
---

```{python}
from survey_kit import report

study = report.published()
```

```{python}
#| output: asis
report.findings(study, "trust")
```
"""


@pytest.fixture
def study(own: Path, root: Path) -> Path:
    """Give the own study, complete and with two short pages."""
    pages = own.parents[1] / "reports"
    (pages / "_parts").mkdir(parents=True)
    (pages / "_quarto.yml").write_text(PROJECT)
    (pages / "index.qmd").write_text(INDEX)
    shutil.copy(root / "reports" / "quality.qmd", pages)
    shutil.copy(root / "reports" / "_parts" / "_quality.qmd", pages / "_parts")
    with (own / "study.yaml").open("a") as stream:
        stream.write(yaml.safe_dump({"method": {name: f"Told of {name}." for name in METHOD}}))
    concepts = {name: f"Stated of {name}." for name in CONCEPTS if name not in OPTIONAL}
    (own / "quality.yaml").write_text(yaml.safe_dump({"schema": "survey-kit/quality/1", **concepts}))
    declare(own)
    freeze_indicators(sk.read_study(own), by="A. Serik, head", today=dt.date(2025, 12, 1))
    return own


def declare(own: Path, **more: object) -> None:
    body = {"schema": "survey-kit/release/1", "field_began": {"2026": "2026-02-01"}, **more}
    (own / "release.yaml").write_text(yaml.safe_dump(body, sort_keys=False))


def made(own: Path, edition: str, **options):
    return make_release(own, edition=edition, **{"approvals": ["A. Serik, head"], "released": DAY, **options})


def codes(release) -> list[str]:
    return [one.code for one in release.info.findings]


def page(folder: Path, name: str = "index.html") -> str:
    return (folder / "report" / name).read_text(encoding="utf-8")


def raise_answers(own: Path) -> None:
    """Change what some people said, as a corrected file would."""
    path = own / "data" / "own.csv"
    table = pd.read_csv(path)
    table.loc[table["q1"].eq(1) & table["id"].lt(60), "q1"] = 4
    table.to_csv(path, index=False)


# ------------------------------------------------------------------------------------------------------------- marks
def test_a_complete_study_is_final(study):
    first = made(study, "2026", embargo="2026-12-20T10:00+05:00", final=True)
    assert first.status == "final"
    assert first.folder == Path("releases/own/2026")
    assert "FINAL, edition 2026 of 2026-12-10. Not to be passed on before 2026-12-20T10:00+05:00." in page(first.folder)
    assert not list(Path("releases/own").glob(".*"))
    record = json.loads((first.folder / "release.json").read_text())
    assert record["approvals"] == [{"name": "A. Serik", "role": "head"}]
    assert {one["name"] for one in record["inputs"]} >= {
        "data/own.csv",
        "study/release.yaml",
        "study/frozen.yaml",
        "study/quality.yaml",
    }
    assert {"rows.csv", "edition.json", "quality.csv", "revisions.csv", "report/index.html"} <= {
        one["name"] for one in record["outputs"]
    }
    assert str(study.parents[1]) not in (first.folder / "release.json").read_text()
    data = pd.read_csv(first.folder / "open_data" / "own_indicators.csv", dtype=str, keep_default_na=False)
    assert not data["flags"].str.contains("[p]", regex=False).any()
    quality = pd.read_csv(first.folder / "quality.csv")
    assert set(quality["scheme"]) == {"AAPOR 2021", "ESMS 2.0"}
    assert not quality["status"].eq("lacking").any()
    assert quality.set_index("id").loc["META_POSTED", "text"] == "Stated of metadata_posted."


@pytest.mark.parametrize(
    ("spoil", "code", "told"),
    [
        (("study.yaml", "Told of weighting.", ""), "E002", "Weighting"),
        (("quality.yaml", "cost_burden: Stated of cost_burden.", ""), "E003", "Cost and burden"),
        (("indicators.yaml", "categories: [3, 4], base", "categories: [4], base"), "E005b", "courts"),
        (("release.yaml", "field_began:\n  '2026': '2026-02-01'\n", ""), "E005c", "2026"),
        (("release.yaml", "2026-02-01", "2025-12-01"), "E005d", "2025-12-01"),
        (("indicators.yaml", "  - {id: police", "  # - {id: police"), "E006", "q2"),
        (("study.yaml", "formats: [html]", "formats: [html], languages: [en, ru]"), "E004", "Texts in 'ru' are drafts that nobody has reviewed: index.qmd"),
    ],
)  # fmt: skip
def test_what_is_lacking_makes_it_provisional(study, spoil, code, told):
    name, old, new = spoil
    text = (study / name).read_text()
    assert old in text
    text = text.replace(old, new)
    if code == "E006":
        text = text.replace("trust: [courts, police]", "trust: [courts]")
        whole = (study / "study.yaml").read_text()
        (study / "study.yaml").write_text(whole.replace("[courts, police]", "[courts]"))
    (study / name).write_text(text)
    release = made(study, "2026")
    assert release.status == "provisional"
    assert code in codes(release)
    assert any(told in one.text() for one in release.info.findings if one.code == code)
    assert all(
        "PROVISIONAL" in one.read_text() for one in (release.folder / "report").rglob("index.html") if code != "E004"
    )
    if code == "E004":
        assert "ПРЕДВАРИТЕЛЬНО" in page(release.folder, "ru/quality.html")
        assert set(pd.read_csv(release.folder / "quality.csv")["language"]) == {"en", "ru"}
    data = pd.read_csv(release.folder / "open_data" / "own_indicators.csv", dtype=str, keep_default_na=False)
    assert data["flags"].str.contains("[p]", regex=False).all()
    with pytest.raises(ReleaseError, match="would be provisional, not final"):
        made(study, "2027", final=True, previous="none")
    assert [one.name for one in Path("releases/own").iterdir()] == ["2026"]


def test_a_question_with_a_reason_is_told_and_keeps_it_final(study):
    text = (study / "indicators.yaml").read_text()
    (study / "indicators.yaml").write_text("\n".join(line for line in text.splitlines() if "police" not in line))
    whole = (study / "study.yaml").read_text()
    (study / "study.yaml").write_text(whole.replace("[courts, police]", "[courts]"))
    (study / "frozen.yaml").unlink()
    freeze_indicators(sk.read_study(study), by="A. Serik, head", today=dt.date(2025, 12, 1))
    declare(study, unpublished=[{"items": ["q2"], "reason": "The wording was found to mislead."}])
    release = made(study, "2026")
    assert release.status == "final"
    assert "The wording was found to mislead." in page(release.folder, "quality.html")
    listed = pd.read_csv(release.folder / "unpublished.csv")
    assert listed["name"].tolist() == ["q2"]


def test_synthetic_answers_are_a_rehearsal_whatever_else(study):
    text = (study / "study.yaml").read_text().replace("data_status: real", "data_status: synthetic")
    (study / "study.yaml").write_text(text.replace(", year: 2025", "").replace(", year: 2026", ""))
    release = made(study, "2026")
    assert release.status == "rehearsal"
    assert release.folder.name == "rehearsal-2026"
    assert page(release.folder).count("REHEARSAL, edition 2026") == 1
    with pytest.raises(ReleaseError, match="would be rehearsal, not final"):
        made(study, "2027", final=True)


def test_every_finding_and_mark_is_said_in_three_languages():
    texts = words("release", "en").texts
    assert all(set(one) == {"en", "kk", "ru"} and all(one.values()) for one in texts.values())
    for name in CONCEPTS:
        assert len(set(texts[f"concept_{name}"].values())) >= 2


# -------------------------------------------------------------------------------------------------- whole or not at all
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"approvals": ["Somebody"]}, "names a person and a role"),
        ({"embargo": "10.12.2026"}, "is no date"),
        ({"embargo": "2026-12-10T10:00"}, "is no date"),
        ({"embargo": "2026-12-09"}, "ends before the release"),
        ({"edition": "../2026"}, "no name of an edition"),
        ({"previous": "nowhere"}, "no record of a release"),
    ],
)
def test_bad_calls_leave_nothing(study, options, told):
    with pytest.raises(ReleaseError, match=told):
        made(study, **{"edition": "2026", **options})
    assert not Path("releases").exists()


def test_a_page_that_fails_leaves_nothing(study):
    (study.parents[1] / "reports" / "index.qmd").write_text(INDEX.replace('"trust")', '"trust") + 1'))
    with pytest.raises(ReportError):
        made(study, "2026")
    assert not Path("releases").exists()


def test_an_edition_is_never_overwritten(study):
    first = made(study, "2026")
    with pytest.raises(ReleaseError, match="was released already"):
        made(study, "2026")
    assert verify_release(first.folder, pages=False).holds


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"field_began": {"2031": "2031-01-01"}}, "no wave '2031'"),
        ({"unpublished": [{"items": ["q7"], "reason": "x"}]}, "no item or module 'q7'"),
        ({"revisions": [{"edition": "1", "kind": "whim", "date": "2026-01-01", "reason": "x"}]}, "Input should be"),
        ({"revisons": []}, "Unknown key 'revisons'"),
    ],
)
def test_a_bad_declaration_is_told_with_its_line(study, body, told):
    declare(study, **body)
    with pytest.raises(ReleaseError, match=told) as fault:
        made(study, "2026")
    assert "release.yaml:" in str(fault.value.where)


def test_a_bad_quality_report_is_told_when_the_study_is_read(study):
    with (study / "quality.yaml").open("a") as stream:
        stream.write("cost_burdn: none\n")
    with pytest.raises(StudyError, match="Unknown key 'cost_burdn'") as fault:
        sk.read_study(study)
    assert "did you mean 'cost_burden'" in str(fault.value.fix)


# ------------------------------------------------------------------------------------------------------------ revisions
def test_the_same_again_has_nothing_to_log(study):
    made(study, "2026")
    second = made(study, "2026-2")
    assert second.info.previous == "2026"
    assert second.info.revised == {}
    assert "No figure of edition 2026 is other now." in page(second.folder, "quality.html")
    assert last_release(Path("releases/own")) == Path("releases/own/2026-2")


def test_a_revised_figure_needs_a_reason_and_shows_it(study):
    first = made(study, "2026")
    raise_answers(study)
    with pytest.raises(ReleaseError, match="nobody says why") as fault:
        made(study, "2026-2")
    assert "indicator 'courts'" in str(fault.value.where)
    assert [one.name for one in Path("releases/own").iterdir()] == ["2026"]
    reason = {
        "edition": "2026-2",
        "kind": "error",
        "date": "2026-12-09",
        "reason": "Answers of 59 people were entered wrongly.",
    }
    declare(study, revisions=[{**reason, "indicator": "courts"}])
    second = made(study, "2026-2")
    log = pd.read_csv(second.folder / "revisions.csv", dtype=str, keep_default_na=False)
    assert set(log["indicator"]) == {"courts"}
    assert set(log["kind"]) == {"error"}
    before = pd.read_csv(first.folder / "rows.csv", dtype={"wave": str, "level": str}, keep_default_na=False)
    one = log[(log["column"] == "estimate") & (log["domain"] == "") & (log["wave"] == "2025")].iloc[0]
    was = before[(before["indicator"] == "courts") & (before["domain"] == "") & (before["wave"] == "2025")].iloc[0]
    assert float(one["old"]) == pytest.approx(float(was["estimate"]), rel=1e-9)
    assert float(one["new"]) != pytest.approx(float(one["old"]))
    for name in ("index.html", "quality.html"):
        assert "Corrected on 2026-12-09: Answers of 59 people were entered wrongly." in page(second.folder, name)
    info = read_edition(second.folder)
    assert info is not None
    assert sum(info.revised.values()) == len(log)


def test_a_reason_for_another_edition_explains_nothing(study):
    made(study, "2026")
    raise_answers(study)
    declare(study, revisions=[{"edition": "2026", "kind": "error", "date": "2026-12-09", "reason": "Old."}])
    with pytest.raises(ReleaseError, match="nobody says why"):
        made(study, "2026-2")


def test_a_missing_wave_is_refused(study):
    made(study, "2026")
    text = (study / "study.yaml").read_text()
    (study / "study.yaml").write_text(text.replace('  - {id: "2025", year: 2025, version: "1.0"}\n', ""))
    table = pd.read_csv(study / "data" / "own.csv")
    table[table["year"] == 2026].to_csv(study / "data" / "own.csv", index=False)
    with pytest.raises(ReleaseError, match="The wave '2025' of the release before is missing"):
        made(study, "2026-2")


def test_a_release_of_another_study_is_no_release_before(study):
    first = made(study, "2026")
    text = (study / "study.yaml").read_text()
    (study / "study.yaml").write_text(text.replace("id: own\n", "id: other\n"))
    (study / "frozen.yaml").write_text((study / "frozen.yaml").read_text().replace("study: own", "study: other"))
    with pytest.raises(ReleaseError, match="of another study"):
        made(study, "1", previous=first.folder)


def test_a_changed_release_before_is_refused(study):
    first = made(study, "2026")
    rows = first.folder / "rows.csv"
    rows.write_text(rows.read_text().replace("courts", "Courts", 1))
    with pytest.raises(ReleaseError, match="not as it was released"):
        made(study, "2026-2")


# ------------------------------------------------------------------------------------------------------------ verifying
def test_a_release_holds_and_can_be_made_again(study):
    made(study, "2026")
    raise_answers(study)
    declare(study, revisions=[{"edition": "2026-2", "kind": "data", "date": "2026-12-09", "reason": "Late answers."}])
    second = made(study, "2026-2", embargo="2026-12-20")
    pages = verify_release(second.folder)
    assert (pages.holds, pages.compared) == (True, ("files", "pages"))
    whole = verify_release(second.folder, study=sk.read_study(study))
    assert (whole.holds, whole.compared) == (True, ("files", "inputs", "everything"))
    assert whole.seal == second.seal
    assert main(["verify", str(second.folder), "--study", str(study), "--quiet"]) == 0


def test_what_was_changed_after_the_release_is_named(study, capsys):
    folder = made(study, "2026").folder
    rows = folder / "rows.csv"
    rows.write_text(rows.read_text() + "\n")
    (folder / "report" / "extra.html").write_text("<p>more</p>")
    (folder / "unpublished.csv").unlink()
    found = verify_release(folder)
    assert {(one.name, one.fault) for one in found.differences} == {
        ("rows.csv", "changed since the release"),
        ("unpublished.csv", "missing"),
        ("report/extra.html", "not in the record"),
    }
    assert main(["verify", str(folder), "--quiet", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["holds"], told["exit_code"]) == (False, 1)


def test_a_forged_page_is_found_by_rendering_it_again(study):
    """Somebody who changes a page and the digest in the record is found out by the rows."""
    folder = made(study, "2026").folder
    target, record = folder / "report" / "index.html", folder / "release.json"
    old = _digest(target)
    text = target.read_text().replace("%", "per cent", 1)
    target.write_text(text)
    record.write_text(record.read_text().replace(old, _digest(target)))
    assert verify_release(folder, pages=False).holds
    found = verify_release(folder)
    assert found.first is not None
    assert (found.first.name, found.first.fault) == ("report/index.html", "made otherwise")
    assert found.first.where.startswith("line ")
    assert "per cent" in found.first.recorded


def test_forged_rows_are_found_by_making_everything_again(study):
    folder = made(study, "2026").folder
    rows, record = folder / "rows.csv", folder / "release.json"
    old = _digest(rows)
    table = pd.read_csv(rows, dtype=str, keep_default_na=False)
    table.loc[0, "estimate"] = "0.99"
    rows.write_text(table.to_csv(index=False, lineterminator="\n"))
    record.write_text(record.read_text().replace(old, _digest(rows)))
    found = verify_release(folder, study=sk.read_study(study))
    assert found.first is not None
    assert found.first.name == "rows.csv"
    assert found.first.where.startswith("line 2 (indicator courts, wave 2025")
    assert found.first.where.endswith("column estimate")
    assert found.first.recorded == "0.99"


def test_changed_answers_are_told_as_inputs(study):
    folder = made(study, "2026").folder
    raise_answers(study)
    found = verify_release(folder, study=sk.read_study(study))
    assert [str(one) for one in found.differences] == ["input data/own.csv: changed since the release"]


def test_what_is_no_release_is_told(tmp_path, capsys):
    assert main(["verify", str(tmp_path)]) == 2
    assert "There is no record of a release" in capsys.readouterr().err


# ------------------------------------------------------------------------------------------------------------- freezing
def test_frozen_definitions_change_only_with_a_reason(study):
    text = (study / "indicators.yaml").read_text()
    (study / "indicators.yaml").write_text(text.replace("categories: [3, 4], base", "categories: [4], base"))
    changed = sk.read_study(study)
    with pytest.raises(ReleaseError, match="no reason is given") as fault:
        freeze_indicators(changed, by="A. Serik, head")
    assert "'courts' is changed" in str(fault.value.found)
    freeze_indicators(changed, by="B. Omar, analyst", amend="Only full trust counts.", today=dt.date(2026, 1, 5))
    release = made(study, "2026")
    assert release.status == "final"
    frozen = (study / "frozen.yaml").read_text()
    assert '"A. Serik, head"' in frozen
    assert '"Only full trust counts."' in frozen
    assert main(["freeze", str(study), "--approve", "A. Serik, head", "--quiet"]) == 0
    assert (study / "frozen.yaml").read_text() == frozen


def _digest(path: Path) -> str:
    from survey_kit.files import digest

    return digest(path)


# ---------------------------------------------------------------------------------------------- the studies that are shipped
@pytest.mark.parametrize("name", ["kazakhstan", "kazakhstan_annual"])
def test_the_rehearsals_state_what_only_an_author_can(root: Path, name: str):
    """What the data, the method and the release tell is known; the rest stands in quality.yaml, in three languages."""
    whole = sk.read_study(root / "analyses" / name)
    declared = read_quality(whole)
    assert declared is not None
    told = {*esms.FROM_METHOD, *esms.AT_RELEASE, "data_description", "time_coverage", "base_period", "unit_of_measure"}
    told |= {
        "methodology_documents",
        "quality_documents",
        "confidentiality_treatment",
        "completeness",
        "sampling_error",
    }
    told |= {"comparability_over_time"}
    assert set(CONCEPTS) - OPTIONAL - told <= set(declared.texts())
    assert all(set(texts) == {"en", "kk", "ru"} for texts in declared.texts().values())
    assert all(set(reason) == {"en", "kk", "ru"} for _, reason in unpublished(whole, read_release(whole)))
