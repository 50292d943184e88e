"""The manifest: what went in and came out, told the same on every machine, and checked again."""

from __future__ import annotations

import json
import re

import pytest

from survey_kit.errors import ReportError
from survey_kit.report import manifest


@pytest.fixture
def made(real, tmp_path):
    data, out = tmp_path / "data", tmp_path / "out"
    for path, text in (
        (data / "in.csv", "a,b\n1,2\n"),
        (out / "rows.csv", "x\n1\n"),
        (out / "sub" / "page.html", "<p>"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    roots = {"data": data}
    told = manifest.make(
        real.info,
        inputs=manifest.named([data / "in.csv"], roots),
        outputs={"rows.csv": out / "rows.csv", "sub/page.html": out / "sub" / "page.html"},
        parameters={"formats": ["html"]},
        seed=7,
    )
    return manifest.write(out / "manifest.json", told), roots


def test_a_manifest_tells_inputs_outputs_software_and_assumptions(made):
    told = manifest.read(made[0])
    assert [one["name"] for one in told["inputs"]] == ["data/in.csv"]
    assert [one["name"] for one in told["outputs"]] == ["rows.csv", "sub/page.html"]
    assert told["seed"] == 7
    assert told["assumptions"]["overlap"] == "none"
    assert set(told["software"]["packages"]) >= {"numpy", "pandas", "trust-survey-kit"}
    assert all(re.fullmatch(r"[0-9a-f]{64}", one["sha256"]) for one in told["inputs"] + told["outputs"])


def test_a_manifest_names_no_machine_and_no_day(made, tmp_path):
    import platform

    text = made[0].read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    assert "/" not in text.replace("survey-kit/manifest/1", "").replace("data/in.csv", "").replace("sub/page.html", "")
    assert platform.node() not in text or not platform.node()
    assert not re.search(r"\b20\d\d-\d\d-\d\d\b", text)


def test_all_is_as_told(made):
    path, roots = made
    assert manifest.verify(path, roots=roots) == ()


def test_what_changed_or_went_is_named(made):
    path, roots = made
    (path.parent / "rows.csv").write_text("x\n2\n")
    (path.parent / "sub" / "page.html").unlink()
    (roots["data"] / "in.csv").write_text("a,b\n1,3\n")
    found = {(one.part, one.name, one.fault) for one in manifest.verify(path, roots=roots)}
    assert found == {
        ("output", "rows.csv", "changed"), ("output", "sub/page.html", "missing"), ("input", "data/in.csv", "changed"),
    }  # fmt: skip
    assert {one.part for one in manifest.verify(path)} == {"output"}, "without roots inputs are not compared"


@pytest.mark.parametrize("name", ["/etc/x", "../x", "C:\\x", "C:/x"])
def test_no_path_of_a_machine_gets_in(real, tmp_path, name):
    path = tmp_path / "x"
    path.write_text("x")
    with pytest.raises(ReportError, match="relative paths"):
        manifest.make(real.info, inputs={name: path}, outputs={})


def test_the_innermost_root_names_a_file(tmp_path):
    inner = tmp_path / "project" / "analyses"
    inner.mkdir(parents=True)
    path = inner / "study.yaml"
    path.write_text("x")
    roots = {"project": tmp_path / "project", "study": inner}
    assert list(manifest.named([path], roots)) == ["study/study.yaml"]
    assert list(manifest.named([path], {"other": tmp_path / "other"})) == ["study.yaml"]


def test_no_commit_without_version_control(tmp_path):
    assert manifest.commit(None) is None
    assert manifest.commit(tmp_path / "nowhere") is None


def test_another_file_is_no_manifest(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"schema": "other"}))
    with pytest.raises(ReportError, match="no manifest of this version"):
        manifest.read(path)
    path.write_text("{")
    with pytest.raises(ReportError, match="cannot be read"):
        manifest.read(path)
