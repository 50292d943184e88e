"""A whole build: what is made, made again, left alone; interrupted, killed, refused."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import survey_kit as sk
from survey_kit.cli import main
from survey_kit.errors import ReportError
from survey_kit.pipeline import build, stages
from survey_kit.report import manifest, render

STAGES = ("indicators", "open data", "site", "report", "manifest")


def content(folder: Path) -> dict[str, bytes]:
    """Give every published file of a build."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def published(folder: Path) -> dict[str, bytes]:
    return {name: data for name, data in content(folder).items() if not name.startswith(".next/")}


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("finished") / "own"


@pytest.fixture
def built(own, finished) -> Path:
    """Give the folder of a finished build of the own study."""
    if finished.exists():
        shutil.copytree(finished, "build/own")
    else:
        build(own)
        shutil.copytree("build/own", finished)
    return Path("build/own")


def test_what_a_build_holds(own, built):
    made = build(own)
    assert set(made.stages.values()) == {"unchanged"}
    assert {path.name for path in built.iterdir()} == {
        "rows.csv", "study.json", "open_data", "site", "report", "manifest.json", ".state.json", ".lock"
    }  # fmt: skip
    assert made.index == built / "report" / "index.html"
    assert made.pdf is None
    assert manifest.verify(built / "manifest.json") == ()
    record = json.loads((built / "manifest.json").read_text())
    assert {one["name"] for one in record["inputs"]} == {
        "study/study.yaml", "study/indicators.yaml", "data/own.csv", "instruments/own/instrument.yaml"
    }  # fmt: skip
    assert str(own.parents[1]) not in "".join(
        data.decode("utf-8", "replace") for name, data in content(built).items() if name != ".state.json"
    )


def test_a_second_run_touches_nothing_and_is_quick(own, built):
    before = {path: path.stat().st_mtime_ns for path in built.rglob("*") if path.name != ".lock"}
    start = time.perf_counter()
    made = build(own)
    assert time.perf_counter() - start < 3
    assert made.stages == dict.fromkeys(STAGES, "unchanged")
    assert before == {path: path.stat().st_mtime_ns for path in built.rglob("*") if path.name != ".lock"}


def test_force_gives_the_same_bytes(own, built):
    before = content(built)
    made = build(own, force=True)
    assert made.stages == dict.fromkeys(STAGES, "made")
    assert content(built) == before


def test_another_folder_gets_the_same_bytes(own, built):
    made = build(own, to="elsewhere/deep")
    assert made.folder == Path("elsewhere/deep")
    assert content(made.folder) == content(built)


def test_a_changed_title_is_told_and_old_pages_go(own, built):
    text = (own / "study.yaml").read_text()
    (own / "study.yaml").write_text(text.replace("An own study", "Another title"))
    made = build(own)
    assert made.stages == dict.fromkeys(STAGES, "made")
    assert "Another title" in (built / "report" / "index.html").read_text()


def test_changed_pages_do_not_recompute_the_figures(own, built):
    shutil.copytree(stages.pages_folder(sk.read_study(own)), "reports")
    page = Path("reports/_parts/_index.qmd")
    page.write_text(page.read_text() + "\nA closing word.\n")
    made = build(own)
    assert made.stages["indicators"] == made.stages["open data"] == "unchanged"
    assert {made.stages[name] for name in ("site", "report", "manifest")} == {"made"}
    assert "A closing word." in (built / "report" / "index.html").read_text()


def test_print_may_be_asked_for(own, built):
    made = build(own, formats=("pdf",))
    assert made.stages["indicators"] == "unchanged"
    assert made.pdf == built / "report" / "report.pdf"
    assert made.index is None


def test_a_spoilt_output_is_made_again(own, built):
    before = content(built)
    (built / "report" / "index.html").write_text("spoilt")
    made = build(own)
    assert made.stages["report"] == "made"
    assert made.stages["indicators"] == "unchanged"
    assert content(built) == before


@pytest.mark.parametrize("fault", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_run_leaves_the_last_build_and_is_taken_up(own, built, monkeypatch, capsys, fault):
    text = (own / "study.yaml").read_text()
    (own / "study.yaml").write_text(text.replace("An own study", "Another title"))
    before = published(built)

    def stopped(*_args, **_options):
        raise fault

    with monkeypatch.context() as patched:
        patched.setattr(render, "render_site", stopped)
        assert main(["report", "own"]) == {KeyboardInterrupt: 130, RuntimeError: 70}[fault]
    assert "Traceback" not in capsys.readouterr().err
    assert published(built) == before
    made = build(own)
    assert made.stages == {
        "indicators": "taken up", "open data": "taken up", "site": "taken up", "report": "made", "manifest": "made"
    }  # fmt: skip
    assert not (built / ".next").exists()
    assert "Another title" in (built / "report" / "index.html").read_text()


@pytest.mark.parametrize("after", [".next/rows.csv", ".next/site/index.qmd", ".next/site/figures"])
def test_a_killed_run_leaves_nothing_half_written(own, built, after):
    text = (own / "study.yaml").read_text()
    (own / "study.yaml").write_text(text.replace("An own study", "Another title"))
    before = published(built)
    environment = {name: value for name, value in os.environ.items() if name != "SURVEY_KIT_DATA"}
    with subprocess.Popen([sys.executable, "-m", "survey_kit.cli", "report", "own"], env=environment) as run:
        deadline = time.monotonic() + 60
        while not (built / after).exists() and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        run.send_signal(signal.SIGKILL)
        run.wait(10)
    if run.returncode == 0:
        pytest.fail("the run ended before it could be killed")
    assert published(built) == before
    build(own)
    assert not (built / ".next").exists()
    assert not list(built.rglob("*.tmp"))
    assert "Another title" in (built / "report" / "index.html").read_text()
    assert content(built) == content(build(own, to="fresh").folder)


def test_an_identifier_stops_the_build(own, built, capsys):
    before = published(built)
    text = (own / "indicators.yaml").read_text()
    (own / "indicators.yaml").write_text(text.replace("Trust in courts", "Trust; ask +7 701 123 45 67"))
    assert main(["report", "own"]) == 2
    err = capsys.readouterr().err
    assert "telephone number" in err
    assert "123 45 67" not in err
    assert published(built) == before


def test_a_folder_with_somebodys_files_is_refused(own, tmp_path, capsys):
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    assert main(["report", "own", "--to", str(folder)]) == 2
    assert "holds other files" in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]
    assert own.exists()


def test_another_study_keeps_its_build(own, built, capsys):
    before = published(built)
    text = (own / "study.yaml").read_text()
    (own / "study.yaml").write_text(text.replace("id: own", "id: second", 1))
    assert main(["report", "own", "--to", "build/own"]) == 2
    assert "'own' instead of 'second'" in capsys.readouterr().err
    assert published(built) == before


def test_one_run_at_a_time(own, built):
    from survey_kit.pipeline.staging import opened

    with opened(built), pytest.raises(ReportError, match="Another run"):
        build(own)


def test_the_public_call(own):
    made = sk.render(sk.read_study(own), to="mine")
    assert made.folder == Path("mine")
    assert made.index is not None
    assert made.index.exists()
    assert "mine/report/index.html" in str(made)
    assert made._repr_html_().startswith("<pre>")
    with pytest.raises(ReportError, match="no format 'docx'"):
        sk.render(sk.read_study(own), to="mine", formats=("docx",))


@pytest.mark.usefixtures("own")
def test_the_command_tells_machines(built, capsys):
    assert main(["report", "own", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["index"] == "build/own/report/index.html"
    assert record["stages"] == dict.fromkeys(STAGES, "unchanged")
    assert (built / "report" / "index.html").exists()


def test_progress_is_told(own):
    told = []
    build(own, progress=lambda what, done, steps: told.append((what, done, steps)))
    assert {"reading the study", "reading the answers", "computing the indicators", "rendering the pages"} <= {
        what for what, _, _ in told
    }
    assert all(0 <= done <= steps for _, done, steps in told)


def test_pages_are_found_above_the_study_or_with_the_toolkit(own, monkeypatch, tmp_path):
    study = sk.read_study(own)
    assert stages.pages_folder(study).is_dir()
    monkeypatch.setattr(stages.fingerprint, "PACKAGE", tmp_path / "nowhere")
    with pytest.raises(ReportError, match="pages of the report are not found"):
        stages.pages_folder(study)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_that_a_library_swallows_still_stops(own, built, monkeypatch, number):
    before = published(built)

    def deaf(*_args, **_options):
        with contextlib.suppress(BaseException):
            signal.raise_signal(number)

    monkeypatch.setattr(render, "render_site", deaf)
    assert main(["report", "own", "--force"]) == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    assert published(built) == before
    assert own.exists()


def test_an_error_that_hides_a_stop_is_a_stop(own, built, monkeypatch):
    def hidden(*_args, **_options):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ReportError("pandoc died with exit code 2") from None

    monkeypatch.setattr(render, "render_site", hidden)
    assert main(["report", "own", "--force"]) == 130
    assert built.exists()
    assert own.exists()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_inputs_have_one_name_wherever_data_are_looked_for(own, built, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv("SURVEY_KIT_DATA", str(elsewhere))  # holds nothing of this study
    again = build(own, to=tmp_path / "again", formats=("html",))
    for name in ("manifest.json", "open_data/manifest.json"):
        first, second = (json.loads((folder / name).read_text())["inputs"] for folder in (built, again.folder))
        assert first == second
