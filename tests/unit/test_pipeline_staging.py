"""The build folder: reuse, interruption, publication."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from survey_kit.errors import ReportError
from survey_kit.pipeline import staging
from survey_kit.pipeline.staging import NEXT, OLD, STATE, opened


def put(**texts: str):
    """Give a stage that writes these files and remembers how often it ran."""

    def make(folder: Path) -> None:
        make.calls += 1
        for name, text in texts.items():
            path = folder / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    make.calls = 0
    return make


def run(
    folder: Path, *, rows: str = "1", report: str = "1", force: bool = False, fail: type[BaseException] | None = None
):
    first, second = put(**{"rows.csv": rows}), put(report__index=report)

    def broken(place: Path) -> None:
        second(place)
        if fail:
            raise fail

    with opened(folder, force=force) as work:
        work.stage("rows", rows, ("rows.csv",), first)
        work.stage("report", rows + report, ("report",), broken)
        work.publish()
    return work


def content(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in {".lock", STATE}
    }


def test_second_run_makes_nothing_and_touches_nothing(tmp_path):
    run(tmp_path / "b")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "b").rglob("*") if path.name != ".lock"}
    again = run(tmp_path / "b")
    assert again.verdicts == {"rows": "unchanged", "report": "unchanged"}
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "b").rglob("*") if path.name != ".lock"}


def test_only_what_changed_is_made(tmp_path):
    run(tmp_path / "b")
    again = run(tmp_path / "b", report="2")
    assert again.verdicts == {"rows": "unchanged", "report": "made"}
    assert content(tmp_path / "b") == {"rows.csv": "1", "report/index": "2"}


def test_force_makes_everything(tmp_path):
    run(tmp_path / "b")
    assert set(run(tmp_path / "b", force=True).verdicts.values()) == {"made"}


def test_a_changed_output_is_made_again(tmp_path):
    run(tmp_path / "b")
    (tmp_path / "b" / "rows.csv").write_text("somebody wrote here")
    assert run(tmp_path / "b").verdicts == {"rows": "made", "report": "unchanged"}
    assert content(tmp_path / "b") == {"rows.csv": "1", "report/index": "1"}


@pytest.mark.parametrize("fault", [KeyboardInterrupt, ValueError, MemoryError])
def test_a_failing_run_leaves_the_published_build_alone_and_is_taken_up(tmp_path, fault):
    run(tmp_path / "b")
    before = content(tmp_path / "b")
    with pytest.raises(fault):
        run(tmp_path / "b", rows="2", report="2", fail=fault)
    assert {name: text for name, text in content(tmp_path / "b").items() if not name.startswith(NEXT)} == before
    again = run(tmp_path / "b", rows="2", report="2")
    assert again.verdicts == {"rows": "taken up", "report": "made"}
    assert content(tmp_path / "b") == {"rows.csv": "2", "report/index": "2"}


def test_an_interrupted_publication_is_rolled_forward(tmp_path, monkeypatch):
    run(tmp_path / "b")
    moves = iter(range(100))
    real = Path.rename

    def killed(path: Path, target: Path) -> Path:
        if next(moves) == 3:  # some entries have moved, some have not
            raise SystemExit
        return real(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", killed)
        with pytest.raises(SystemExit):
            run(tmp_path / "b", rows="2", report="2")
    again = run(tmp_path / "b", rows="2", report="2")
    assert set(again.verdicts.values()) == {"unchanged"}
    assert content(tmp_path / "b") == {"rows.csv": "2", "report/index": "2"}
    assert not (tmp_path / "b" / NEXT).exists()
    assert not (tmp_path / "b" / OLD).exists()


@pytest.mark.parametrize("stop", range(8))
def test_publication_survives_a_stop_at_every_move(tmp_path, monkeypatch, stop):
    run(tmp_path / "b")
    moves = iter(range(100))
    real = Path.rename

    def killed(path: Path, target: Path) -> Path:
        if next(moves) == stop:
            raise SystemExit
        return real(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", killed)
        with contextlib.suppress(SystemExit):
            run(tmp_path / "b", rows="2", report="2")
    run(tmp_path / "b", rows="2", report="2")
    assert content(tmp_path / "b") == {"rows.csv": "2", "report/index": "2"}
    assert json.loads((tmp_path / "b" / STATE).read_text())["whole"]


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "thesis.doc").write_text("mine")
    with pytest.raises(ReportError, match="holds other files"), opened(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


def test_two_runs_at_once_are_refused(tmp_path):
    with opened(tmp_path / "b"), pytest.raises(ReportError, match="Another run"), opened(tmp_path / "b"):
        pass


def test_unreadable_state_means_everything_is_made(tmp_path):
    run(tmp_path / "b")
    (tmp_path / "b" / STATE).write_text("{half")
    assert set(run(tmp_path / "b").verdicts.values()) == {"made"}
    assert staging._read(tmp_path / "b" / STATE)["whole"]


def test_what_is_no_longer_made_leaves_the_folder(tmp_path):
    """A file that a stage made only once, such as the log of weights, does not stay behind."""
    folder = tmp_path / "b"
    for texts, fingerprint in (({"rows.csv": "1", "log.csv": "1"}, "a"), ({"rows.csv": "2"}, "b")):
        with opened(folder) as work:
            work.stage("rows", fingerprint, ("rows.csv", "log.csv"), put(**texts))
            work.stage("report", "same", ("report",), put(report__index="1"))
            work.publish()
    assert content(folder) == {"rows.csv": "2", "report/index": "1"}
    assert not (folder / OLD).exists()
