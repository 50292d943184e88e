"""The frame of the command: help, exit codes, messages for people and for machines."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from survey_kit.cli import arguments, building, console
from survey_kit.cli.main import main
from survey_kit.cli.outcome import FAULT, INTERRUPTED, MENDABLE, TERMINATED, Outcome
from survey_kit.errors import DesignError

COMMANDS = ("report", "indicators", "check", "study new", "wave add", "schema")


def command(*words: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "survey_kit.cli", *words], capture_output=True, text=True, check=False, **options
    )


def test_help_is_the_whole_tour(capsys):
    assert main(["--help"]) == 0
    tour = capsys.readouterr().out
    assert all(f"  {name}" in tour for name in COMMANDS)
    assert all(word in tour for word in ("Exit codes", "SURVEY_KIT_DATA", "--json", "DECIDE") if word != "DECIDE")
    assert max(len(line) for line in tour.splitlines()) <= 120


def test_no_words_show_the_tour(capsys):
    assert main([]) == 0
    assert "The way of a study" in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(name, capsys):
    assert main([*name.split(), "--help"]) == 0
    text = capsys.readouterr().out
    assert "examples:" in text
    for line in arguments.EXAMPLES[name]:
        assert line in text


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_is_understood(name):
    for line in arguments.EXAMPLES[name]:
        assert arguments.parse(line.split()[1:]).command == name


def test_help_answers_at_once():
    """Under 0.3 s on a quiet machine; the test takes the best of five so that a busy one does not fail it."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        assert command("--help").returncode == 0
        times.append(time.perf_counter() - start)
    assert min(times) < 0.3


def test_help_imports_nothing_heavy():
    heavy = "numpy", "pandas", "pydantic", "yaml", "rich", "matplotlib", "scipy"
    code = f"import sys; from survey_kit.cli import main; main(['--help']); sys.exit(any(m in sys.modules for m in {heavy}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("survey-kit 0.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["reprot"], "did you mean 'report'?"),
        (["report"], "required: STUDY"),
        (["report", "x", "--formt", "html"], "--formt"),
        (["report", "x", "--format", "docx"], "docx"),
        (["study"], "required: new"),
        (["study", "new", "x"], "--from"),
        (["schema", "page"], "page"),
    ],
)
def test_a_wrong_line_ends_in_one_message(words, said, capsys):
    assert main(words) == MENDABLE
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert len(err.splitlines()) <= 5


def test_there_is_no_study(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["report", "nowhere"]) == MENDABLE
    assert "There is no study here." in capsys.readouterr().err
    (tmp_path / "analyses" / "kazakhstan").mkdir(parents=True)
    (tmp_path / "analyses" / "kazakhstan" / "study.yaml").write_text("schema: survey-kit/study/1\n")
    assert main(["report", "kazahstan"]) == MENDABLE
    assert "did you mean 'kazakhstan'?" in capsys.readouterr().err


@pytest.fixture
def failing(monkeypatch):
    """Make the command `report` end as the test says."""

    def set_up(end):
        def report(_arguments):
            if isinstance(end, BaseException):
                raise end
            return end

        monkeypatch.setattr(building, "report", report)

    return set_up


def test_mendable_for_people_and_machines(failing, capsys):
    failing(DesignError("A weight is negative.", where="column 'w', row 3", found="-1", fix="Correct it."))
    assert main(["report", "x"]) == MENDABLE
    assert capsys.readouterr().err.splitlines() == [
        "A weight is negative.", "  where: column 'w', row 3", "  found: -1", "  to do: Correct it."
    ]  # fmt: skip
    assert main(["report", "x", "--json"]) == MENDABLE
    out, err = capsys.readouterr()
    assert err == ""
    assert json.loads(out) == {
        "command": "report", "exit_code": 2, "error": "DesignError", "what": "A weight is negative.",
        "where": "column 'w', row 3", "found": "-1", "fix": "Correct it.",
    }  # fmt: skip


def test_a_fault_of_ours_has_no_traceback_on_screen(failing, capsys):
    failing(ZeroDivisionError("oops"))
    assert main(["report", "x"]) == FAULT
    err = capsys.readouterr().err
    assert "Traceback" not in err
    assert "ZeroDivisionError: oops" in err
    path = err.rsplit("traceback: ", 1)[1].strip()
    assert "Traceback" in Path(path).read_text(encoding="utf-8")
    Path(path).unlink()


def test_debug_shows_the_traceback(failing, capsys):
    failing(ZeroDivisionError("oops"))
    assert main(["report", "x", "--debug"]) == FAULT
    assert "Traceback" in capsys.readouterr().err


def test_a_fault_of_ours_for_machines(failing, capsys):
    failing(ZeroDivisionError("oops"))
    assert main(["report", "x", "--json"]) == FAULT
    record = json.loads(capsys.readouterr().out)
    assert (record["error"], record["exit_code"], record["found"]) == ("InternalFault", 70, "ZeroDivisionError: oops")
    Path(record["where"]).unlink()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (PermissionError(13, "Permission denied", "/srv/build"), "/srv/build"),
        (OSError(28, "No space left on device", "/srv/build/rows.csv"), "Free space"),
        (ModuleNotFoundError("No module named 'typst'", name="typst"), "pip install"),
    ],
)
def test_faults_of_the_machine_are_mendable(failing, capsys, fault, said):
    failing(fault)
    assert main(["report", "x"]) == MENDABLE
    assert said in capsys.readouterr().err


def test_interrupted(failing, capsys):
    failing(KeyboardInterrupt())
    assert main(["report", "x"]) == INTERRUPTED
    err = capsys.readouterr().err
    assert "Traceback" not in err
    assert "completes the run" in err


def test_terminated():
    code = (
        "import sys, time\nfrom survey_kit.cli import building, main\n"
        "def report(_):\n    print('ready', flush=True)\n    time.sleep(30)\n"
        "building.report = report\nsys.exit(main(['report', 'x']))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout.readline() == b"ready\n"
        run.send_signal(signal.SIGTERM)
        assert run.wait(10) == TERMINATED
        assert b"Traceback" not in run.stderr.read()


def test_a_closed_pipe_is_no_fault():
    code = (
        "import sys\nfrom survey_kit.cli import building, main\nfrom survey_kit.cli.outcome import Outcome\n"
        "building.report = lambda _: Outcome(record={}, text='line\\n' * 200000)\nsys.exit(main(['report', 'x']))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        run.stdout.readline()
        run.stdout.close()
        assert run.wait(10) == 128 + signal.SIGPIPE
        assert run.stderr.read() == b""


def test_success_for_people_and_machines(failing, capsys):
    failing(Outcome(record={"folder": "build/x"}, text="The report is build/x/report/index.html"))
    assert main(["report", "x"]) == 0
    assert capsys.readouterr().out == "The report is build/x/report/index.html\n"
    assert main(["report", "x", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"command": "report", "exit_code": 0, "folder": "build/x"}


def test_no_bars_when_nobody_watches(capsys):
    with console.progress(quiet=False) as told:
        assert told is None
    assert capsys.readouterr().err == ""


def test_bars_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with console.progress(quiet=True) as told:
        assert told is None
    with console.progress(quiet=False) as told:
        told("pages", 0, 2)
        told("pages", 2, 2)
    assert "pages" in capsys.readouterr().err


def test_tables_wrap_and_never_cut():
    text = console.table(("first", "second"), [("x" * 100, "y" * 100)])
    assert (text.count("x"), text.count("y")) == (100, 100)


@pytest.mark.parametrize("what", ["study", "indicators", "instrument"])
def test_schema(what, tmp_path, capsys):
    assert main(["schema", what]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["properties"]["schema"] == {"const": f"survey-kit/{what}/1"}
    assert main(["schema", what, "--to", str(tmp_path / "a.json")]) == 0
    assert json.loads((tmp_path / "a.json").read_text()) == made
