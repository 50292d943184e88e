"""What the authorized body receives: only what may be published, readable by another program and without a network."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from survey_kit.cli import main
from survey_kit.errors import ReportError
from survey_kit.report.book import Published
from survey_kit.report.dashboard import dashboard_page, write_dashboard
from survey_kit.report.figures_book import write_figures
from survey_kit.report.links import row_id

openpyxl = pytest.importorskip("openpyxl")


def content(page: str) -> dict[str, list]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(found[1])


def test_the_workbook_holds_every_figure_and_no_withheld_one(raw: Published, tmp_path, secret) -> None:
    book = openpyxl.load_workbook(write_figures(raw, tmp_path / "tables.xlsx"))
    sheet = book[book.sheetnames[-1]]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert len(rows) == len(raw.rows)
    by_id = {row[-1]: row for row in rows}
    for row in (*raw.records(), *raw.records(domain=None)):
        cells = by_id[row_id(row)]
        if row["reliability"] == "suppress":
            assert cells[3] == "[u]"
            assert cells[4:6] == (None, None)
            assert cells[7:10] == (None, None, None)
        elif row["status"] == "not_asked":
            assert cells[3] == "[z]"
        else:
            factor = 1 if row["unit"] == "points" else 100
            assert cells[3] == pytest.approx(row["estimate"] * factor, abs=1e-6)
    for one in book:
        assert not one.merged_cells.ranges
        assert not any(secret.search(str(cell)) for line in one.iter_rows(values_only=True) for cell in line)


def test_a_label_that_begins_with_an_equals_sign_stays_a_text(raw: Published, tmp_path) -> None:
    about = tuple(replace(one, title=f"=1+1 {one.id}") for one in raw.info.indicators)
    book = openpyxl.load_workbook(
        write_figures(replace(raw, info=replace(raw.info, indicators=about)), tmp_path / "t.xlsx")
    )
    cell = book[book.sheetnames[-1]]["A2"]
    assert (cell.data_type, cell.value) == ("s", "=1+1 congress")


def test_two_workbooks_of_the_same_rows_are_the_same_bytes(raw: Published, tmp_path) -> None:
    one, other = (write_figures(raw, tmp_path / f"{k}.xlsx").read_bytes() for k in "ab")
    assert one == other


def test_a_workbook_has_its_ending(raw: Published, tmp_path) -> None:
    with pytest.raises(ReportError, match="A workbook's name ends with"):
        write_figures(raw, tmp_path / "tables.csv")


def test_synthetic_figures_say_so(synthetic: Published, tmp_path) -> None:
    book = openpyxl.load_workbook(write_figures(synthetic, tmp_path / "tables.xlsx"))
    assert "SYNTHETIC DATA" in book[book.sheetnames[0]]["A2"].value
    assert all(
        str(row[0]).startswith("SYNTHETIC") for row in book[book.sheetnames[1]].iter_rows(min_row=2, values_only=True)
    )
    page = dashboard_page(synthetic)
    assert page.count("SYNTHETIC DATA") == 1
    assert "synthetic data)</title>" in page


def test_the_dashboard_holds_every_figure_and_no_withheld_one(raw: Published, secret) -> None:
    page = dashboard_page(raw)
    held = content(page)
    assert len(held["rows"]) == len(raw.rows)
    assert not any(secret.search(str(cell)) for row in held["rows"] for k, cell in enumerate(row) if k != 5)
    withheld = [row for row in held["rows"] if row[3].startswith("[")]
    assert withheld
    assert all(row[4] == "" and row[5] is None and row[6] == "" for row in withheld)
    ids = {
        ".".join(filter(None, (held["slugs"]["indicators"][i], held["slugs"]["waves"][w], held["slugs"]["groups"][g])))
        for i, w, g, *_ in held["rows"]
    }
    assert ids == {row_id(row) for row in (*raw.records(), *raw.records(domain=None))}


def test_the_dashboard_asks_for_nothing_and_cannot_be_broken_by_a_label(raw: Published) -> None:
    about = tuple(replace(one, title="</script><img src=x>") for one in raw.info.indicators)
    page = dashboard_page(replace(raw, info=replace(raw.info, indicators=about)))
    assert page.count("</script>") == 2
    assert "<img" not in page
    assert "default-src 'none'" in page
    assert not re.search(r"(?:src|href)=\"(?!#|data:)", page)


def test_the_command_writes_both_or_says_why_not(real: Published, tmp_path, capsys) -> None:
    assert main(["handover", str(real.folder), "--to", str(tmp_path / "out"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["toy-dashboard.html", "toy-tables.xlsx"]
    assert len(told["written"]) == 2
    assert main(["handover", str(tmp_path / "nothing")]) == 2
    assert not (tmp_path / "nothing-handover").exists()
    assert write_dashboard(real, tmp_path / "d.html").is_file()
