"""The preview: what is watched, what is served and to whom, what is made again, how faults are shown, how it ends."""

from __future__ import annotations

import http.client
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
from survey_kit.errors import ReportError
from survey_kit.pipeline import stages
from survey_kit.pipeline.preview import Preview
from survey_kit.pipeline.serving import EVENTS, Board, inside, served
from survey_kit.pipeline.watching import Watch


def get(address: str, path: str, host: str | None = None) -> tuple[int, bytes]:
    line = http.client.HTTPConnection(address.removeprefix("http://").strip("/"), timeout=10)
    line.request("GET", path, headers={"Host": host} if host else {})
    answer = line.getresponse()
    return answer.status, answer.read()


# ------------------------------------------------------------------------------------------------------------ watching
def test_only_what_a_file_holds_counts(tmp_path):
    page = tmp_path / "page.qmd"
    page.write_text("one")
    watch = Watch(roots=[tmp_path])
    assert watch.look() == {page}
    os.utime(page, (1, 1))
    assert watch.look() == set()
    page.write_text("two")
    assert watch.look() == {page}
    (tmp_path / ".page.qmd.swp").write_text("x")
    (tmp_path / "page.qmd~").write_text("x")
    assert watch.look() == set()
    page.unlink()
    assert watch.look() == {page}


def test_a_save_in_steps_is_one_change(tmp_path):
    page = tmp_path / "page.qmd"
    page.write_text("one")
    watch = Watch(roots=[tmp_path])
    watch.look()
    page.write_text("two")
    steps = iter([lambda: (tmp_path / "part.qmd").write_text("x"), lambda: None, lambda: None])
    assert watch.settled(sleep=lambda _: next(steps)()) == {page, tmp_path / "part.qmd"}


# ------------------------------------------------------------------------------------------------------------- serving
@pytest.mark.parametrize(
    "asked",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "//secret.txt", "/link.txt", "/.state.json", "/a\0b",
     "/sub/../../secret.txt", "/..\\secret.txt", "/linked/secret.txt"],
)  # fmt: skip
def test_nothing_outside_the_pages_is_given(tmp_path, asked):
    pages = tmp_path / "report"
    pages.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (pages / ".state.json").write_text("{}")
    (pages / "link.txt").symlink_to(tmp_path / "secret.txt")
    (pages / "linked").symlink_to(tmp_path)
    assert inside(pages, asked) is None


def test_pages_are_served_with_the_script_and_stay_without_it(tmp_path):
    (tmp_path / "index.html").write_text("<html><body><p>Here.</p></body></html>")
    (tmp_path / "data.csv").write_text("a\n1\n")
    with served(Board(folder=tmp_path, version=3), 0) as address:
        assert address.startswith("http://127.0.0.1:")
        status, page = get(address, "/")
        assert status == 200
        assert b"EventSource" in page
        assert b"const shown = 3;" in page
        assert page.endswith(b"</script></body></html>")
        assert get(address, "/data.csv") == (200, b"a\n1\n")
        assert get(address, "/nowhere.html")[0] == 404
        assert get(address, "/", host="evil.example:80")[0] == 403
    assert "EventSource" not in (tmp_path / "index.html").read_text()


def test_before_the_first_build_a_page_waits(tmp_path):
    with served(Board(folder=tmp_path), 0) as address:
        status, page = get(address, "/")
    assert status == 503
    assert b"being made" in page
    assert b"EventSource" in page


def test_open_pages_hear_of_what_happens(tmp_path):
    board = Board(folder=tmp_path)
    with served(board, 0) as address:
        line = http.client.HTTPConnection(address.removeprefix("http://").strip("/"), timeout=10)
        line.request("GET", EVENTS)
        answer = line.getresponse()

        def news() -> dict[str, object]:
            told = answer.readline()
            answer.readline()
            return dict(json.loads(told.removeprefix(b"data: ")))

        assert news() == {"version": 0, "fault": None}
        board.tell(made=True)
        assert news() == {"version": 1, "fault": None}
        board.tell(fault={"what": "No <b>."})
        assert news() == {"version": 1, "fault": {"what": "No <b>."}}


def test_a_port_in_use_is_told(tmp_path):
    board = Board(folder=tmp_path)
    with served(board, 0) as address:
        port = int(address.strip("/").rpartition(":")[2])
        with pytest.raises(ReportError, match="port"), served(board, port):
            pass


# -------------------------------------------------------------------------------------------------------------- making
@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("finished") / "own"


@pytest.fixture
def shown(own, tmp_path, finished) -> Preview:
    """Give the preview of the own study, with pages of its own, built once."""
    shutil.copytree(stages.pages_folder(sk.read_study(own)), "reports")
    if finished.exists():
        shutil.copytree(finished, "build/preview/own")
    place = tmp_path / "place"
    place.mkdir()
    lines: list[str] = []
    made = Preview(path=own, data=None, to=None, place=place, tell=lines.append, board=Board(folder=place / "report"))
    assert made.react(), lines
    if not finished.exists():
        shutil.copytree("build/preview/own", finished)
    return made


def change(path: str, old: str, new: str) -> set[Path]:
    text = Path(path).read_text()
    assert old in text
    Path(path).write_text(text.replace(old, new, 1))
    return {Path(path).resolve()}


def test_a_changed_text_makes_one_page(shown):
    before = {path: path.stat().st_mtime_ns for path in (shown.place / "report").rglob("*") if path.is_file()}
    rows = (shown.place / "rows.csv").read_bytes()
    start = time.perf_counter()
    assert shown.react(change("reports/_parts/_trust.qmd", "The share of people", "The portion of people"))
    assert time.perf_counter() - start < 3
    page = shown.place / "report" / "trust.html"
    assert "The portion of people" in page.read_text()
    after = {path: path.stat().st_mtime_ns for path in (shown.place / "report").rglob("*") if path.is_file()}
    assert {path for path in before if before[path] != after.get(path)} == {page}
    assert set(after) == set(before)
    assert (shown.place / "rows.csv").read_bytes() == rows
    assert shown.board.version == 2


def test_cells_run_again_only_when_their_code_changed(shown):
    change(
        "reports/_parts/_trust.qmd",
        "study = report.published()",
        "study = report.published()\nwith open('ran', 'a') as told: told.write('x')",
    )
    pages = {Path("reports/_parts/_trust.qmd").resolve()}
    shown.react(pages)
    ran = shown.place / "site" / "ran"
    assert ran.read_text() == "x"
    assert shown.react(change("reports/_parts/_trust.qmd", "The share of people", "The portion of people"))
    assert ran.read_text() == "x"
    shown.react(change("reports/_parts/_trust.qmd", "report.comparison(", "report.comparison( "))
    assert ran.read_text() == "xx"


def test_a_preview_gives_the_pages_of_a_build(shown):
    shown.react(change("reports/_parts/_trust.qmd", "The share of people", "The portion of people"))
    made = sk.render(sk.read_study(shown.path), formats=["html"])
    for path in made.pages:
        assert path.read_bytes() == (shown.place / "report" / path.name).read_bytes(), path.name


def test_a_fault_names_the_authors_file_and_leaves_the_page(shown):
    page = shown.place / "report" / "trust.html"
    good = page.read_bytes()
    assert not shown.react(
        change("reports/_parts/_trust.qmd", "The share of people", "The {{< nix >}} share of people")
    )
    fault = shown.board.fault
    assert fault is not None
    path, _, line = fault["where"].rpartition(":")
    assert Path(path) == Path("reports/_parts/_trust.qmd").resolve()
    assert "{{< nix >}}" in Path(path).read_text().splitlines()[int(line) - 1]
    assert "last good page stays" in fault["stays"]
    assert page.read_bytes() == good
    # another page does not hide the fault, and mending it does
    assert not shown.react(change("reports/_parts/_index.qmd", "covers chance only", "covers only chance"))
    assert shown.react(change("reports/_parts/_trust.qmd", "{{< nix >}} ", ""))
    assert shown.board.fault is None
    assert "covers only chance" in (shown.place / "report" / "index.html").read_text()


def test_a_fault_in_a_cell_names_its_line(shown):
    assert not shown.react(change("reports/_parts/_trust.qmd", 'report.comparison(study, "trust")', "1 / 0"))
    fault = shown.board.fault
    assert fault is not None
    path, _, line = fault["where"].rpartition(":")
    assert Path(path).read_text().splitlines()[int(line) - 1] == "1 / 0"


def test_the_menu_is_on_every_page_and_pages_may_go(shown):
    assert shown.react(change("reports/_quarto.yml", "text: Trust,", "text: Confidence,"))
    assert all("Confidence" in path.read_text() for path in (shown.place / "report").glob("*.html"))
    change("reports/_quarto.yml", "- {text: Method and quality, href: method.qmd}", "# gone")
    Path("reports/method.qmd").unlink()
    shown.react({Path("reports/method.qmd").resolve(), Path("reports/_quarto.yml").resolve()})
    assert shown.board.fault is None
    assert not (shown.place / "report" / "method.html").exists()
    assert "Method and quality" not in (shown.place / "report" / "trust.html").read_text()


def test_changed_styles_render_nothing(shown):
    before = (shown.place / "report" / "trust.html").stat().st_mtime_ns
    assert shown.react(change("reports/styles/report.css", "\n", "\n/* changed */\n"))
    assert "/* changed */" in (shown.place / "report" / "styles" / "report.css").read_text()
    assert (shown.place / "report" / "trust.html").stat().st_mtime_ns == before


def test_changed_definitions_go_the_whole_way(shown):
    assert shown.react(change(str(shown.path / "indicators.yaml"), "Trust in courts", "Trust in the courts"))
    assert "Trust in the courts" in (shown.place / "report" / "trust.html").read_text()
    assert not shown.react(change(str(shown.path / "indicators.yaml"), "items: [q1]", "items: [q7]"))
    assert "q7" in json.dumps(shown.board.fault)
    assert "Trust in the courts" in (shown.place / "report" / "trust.html").read_text()
    assert shown.react(change(str(shown.path / "indicators.yaml"), "items: [q7]", "items: [q1]"))


def test_everything_a_study_reads_is_watched(shown):
    watched = shown.watch().look()
    wanted = (shown.path / "study.yaml", Path("reports/_quarto.yml"), Path("reports/_parts/_trust.qmd"))
    assert {path.resolve() for path in (*wanted, *shown.study.sources())} <= watched
    assert not any("build" in path.parts for path in watched)


def test_ctrl_c_ends_it(own):
    command = [sys.executable, "-m", "survey_kit.cli", "preview", str(own), "--port", "0"]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert run.stdout is not None
    address = run.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:")
    assert " made in " in run.stdout.readline()
    status, page = get(address, "/trust.html")
    assert status == 200
    assert b"EventSource" in page
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=20)
    assert run.returncode == 0, err
    assert "The preview has ended." in out
    assert "Traceback" not in err
    with pytest.raises(OSError):
        get(address, "/")
