"""The scanner finds what identifies a person in every kind of text file, and takes no figure for it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from survey_kit.errors import ReportError
from survey_kit.report import figures, findings, indicators, open_data
from survey_kit.report.scan import declared, look, scan

IDENTIFIERS = {
    "telephone number": ["+7 701 123 45 67", "+77011234567", "8 (701) 123-45-67", "87011234567", "(555) 123-4567", "+44 20 7946 0958"],
    "personal number": ["850312300123", "990101500001"],
    "e-mail address": ["aigerim.s@example.kz", "a+b@mail.example.com"],
    "position": ["43.238949, 76.889709", "51.1694;71.4491", "43°14′ N", "-12.34567, 130.84567"],
}  # fmt: skip
CASES = [(kind, text) for kind, texts in IDENTIFIERS.items() for text in texts]


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_identifiers_are_found_in_text(kind, text):
    assert kind in {one for one, _ in look(f"She said {text} and left.")}


@pytest.mark.parametrize("suffix", [".html", ".csv", ".json", ".txt", ".svg", ".md"])
@pytest.mark.parametrize(("kind", "text"), [(kind, texts[0]) for kind, texts in IDENTIFIERS.items()])
def test_identifiers_are_found_in_every_kind_of_file(tmp_path, suffix, kind, text):
    forms = {
        ".html": f'<p>fine</p><img alt="{text}">', ".csv": f'a,b\n1,"{text}"\n', ".json": json.dumps({"a": [{"b": text}]}),
        ".svg": f"<svg><title>{text}</title></svg>",
    }  # fmt: skip
    (tmp_path / f"page{suffix}").write_text(forms.get(suffix, f"line\n{text}\n"), encoding="utf-8")
    with pytest.raises(ReportError, match=f"looks like a {kind}") as fault:
        scan(tmp_path)
    assert text not in str(fault.value), "the finding is not spread further"
    assert f"page{suffix}" in str(fault.value)


def test_what_may_stand_may_stand(tmp_path):
    (tmp_path / "a.txt").write_text("Write to data@example.org.")
    scan(tmp_path, allow=["data@example.org"])


def test_contacts_that_a_study_declares_are_known(real):
    info = replace(real.info, terms="Ask data@example.org.")
    assert declared(info) == {"data@example.org"}


@pytest.mark.parametrize("name", ["latitude", "phone", "iin", "GPS"])
def test_a_column_of_identifiers_is_refused_by_its_name(tmp_path, name):
    (tmp_path / "a.csv").write_text(f"id,{name}\n1,2\n")
    with pytest.raises(ReportError, match="column of identifiers"):
        scan(tmp_path)


FIGURES = [
    "In 2023, 35.3 % said they trust it (95 % interval 32.2 to 38.3; n = 1 478).",
    "+4.9 0.6 to 9.3 1 478 975 120",
    "2006 2008 2010 2012 2014 2016/17 2018/19 2021 2023",
    "sha256:3d13f903221170cb0123456789012345678901234567890123456789012345ab",
    "0.353123456789 0.00000123456789 157345678901.5",
    "ISBN 978-92-64-12345-6",
]


@pytest.mark.parametrize("text", FIGURES)
def test_figures_are_no_identifiers(text):
    assert look(text) == []


def test_a_whole_study_passes(real, tmp_path):
    open_data.write(tmp_path, real.rows, real.info)
    for theme in real.info.themes:
        (tmp_path / f"{theme}.md").write_text(findings(real, theme).markdown() + indicators(real, theme).markdown())
    figures.trend(real, "congress")
    scan(tmp_path)
    scan(real.figures)
