"""Every bad input through the command: one message that names the place, exit code 2, nothing overwritten."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from survey_kit.cli import main

Spoil = Callable[[Path], None]
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b, *b]\n"


def data(change: Callable[[pd.DataFrame], pd.DataFrame | None]) -> Spoil:
    """Change the file of answers."""

    def spoil(study: Path) -> None:
        path = study / "data" / "own.csv"
        frame = pd.read_csv(path)
        changed = change(frame)
        (frame if changed is None else changed).to_csv(path, index=False)

    return spoil


def cell(column: str, value: object, row: int = 5) -> Spoil:
    def change(frame: pd.DataFrame) -> None:
        frame[column] = frame[column].astype(object)
        frame.loc[row, column] = value

    return data(change)


def text(name: str, old: str, new: str) -> Spoil:
    """Change a file of the study, or its instrument."""

    def spoil(study: Path) -> None:
        folder = study.parents[1] / "instruments" / "own" if name == "instrument.yaml" else study
        content = (folder / name).read_text()
        assert old in content
        (folder / name).write_text(content.replace(old, new, 1))

    return spoil


def raw(change: Callable[[bytes], bytes]) -> Spoil:
    """Change the bytes of the file of answers."""

    def spoil(study: Path) -> None:
        path = study / "data" / "own.csv"
        path.write_bytes(change(path.read_bytes()))

    return spoil


def truncated(suffix: str, kept: float = 0.6) -> Spoil:
    """Write the answers in another format and cut the file."""

    def spoil(study: Path) -> None:
        csv = study / "data" / "own.csv"
        frame, path = pd.read_csv(csv), csv.with_name(f"own.{suffix}")
        if suffix == "csv.gz":
            path.write_bytes(gzip.compress(csv.read_bytes()))
        elif suffix in {"sav", "dta"}:
            pyreadstat = pytest.importorskip("pyreadstat")
            getattr(pyreadstat, f"write_{suffix}")(frame.astype(float), str(path))
        elif suffix == "xlsx":
            pytest.importorskip("openpyxl")
            frame.to_excel(path, index=False)
        else:
            frame.to_parquet(path)
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * kept)])
        csv.unlink()
        text("study.yaml", "own.csv", path.name)(study)

    return spoil


def both(*spoils: Spoil) -> Spoil:
    def spoil(study: Path) -> None:
        for one in spoils:
            one(study)

    return spoil


def wave_file(frame: Callable[[pd.DataFrame], pd.DataFrame]) -> Spoil:
    """Give the second wave a file of its own."""

    def spoil(study: Path) -> None:
        whole = pd.read_csv(study / "data" / "own.csv")
        frame(whole[whole["year"] == 2026]).to_csv(study / "data" / "second.csv", index=False)
        text("study.yaml", 'year: 2026, version: "1.0"', 'year: 2026, version: "1.0", file: second.csv')(study)

    return spoil


def lonely(frame: pd.DataFrame) -> None:
    frame.loc[frame["psu"] == 20, "stratum"] = 9


def moved(frame: pd.DataFrame) -> None:
    frame.loc[frame["psu"] == 6, "psu"] = 1


MORE_WAVE = text(
    "study.yaml", "families:", '  - {id: "2027", year: 2027, version: "1.0"}\nfamilies:'
)  # a wave nobody was interviewed in

CASES: dict[str, tuple[Spoil, tuple[str, ...]]] = {
    # name: (what is spoiled, words the message must hold)
    "a missing weight column": (data(lambda f: f.drop(columns="w")), ("own.csv", "'w'")),
    "a missing item column": (data(lambda f: f.drop(columns="q2")), ("own.csv", "'q2'")),
    "a missing stratum column": (data(lambda f: f.rename(columns={"stratum": "Stratum"})), ("'stratum'", "did you mean 'Stratum'")),
    "a missing wave column": (data(lambda f: f.drop(columns="year")), ("own.csv", "'year'")),
    "a code not in the instrument": (cell("q1", 7), ("R001", "own.csv", "'q1'", "7", "1 rows", "unknown_codes")),
    "words where codes belong": (cell("q1", "often"), ("R002", "'q1'", "often")),
    "a weight of zero": (cell("w", 0), ("'w'", "row")),
    "a negative weight": (cell("w", -1), ("'w'", "-1")),
    "a missing weight": (cell("w", None), ("'w'", "missing")),
    "a weight in words": (cell("w", "heavy"), ("'w'", "heavy")),
    "a PSU in two strata": (data(moved), ("PSU 1", "two strata", "'psu'")),
    "a stratum with one PSU": (data(lonely), ("one sampling unit", "stratum 9", "lonely_psu")),
    "an fpc below the sample count": (data(lambda f: f.assign(units=3)), ("'units'", "3", "5")),
    "a case id twice": (cell("id", 1), ("'id'", "twice", "2025")),
    "a case without an id": (cell("id", None), ("'id'",)),
    "columns that differ by case": (data(lambda f: f.assign(Q1=f["q1"])), ("own.csv", "'q1'", "'Q1'", "case")),
    "an empty wave": (MORE_WAVE, ("2027", "no responses", "'year'")),
    "a wave whose file has no rows": (wave_file(lambda f: f.head(0)), ("second.csv", "no rows")),
    "a wave whose file lacks an item": (wave_file(lambda f: f.drop(columns="q2")), ("R008", "q2", "2026", "not_asked")),
    "a wave whose file lacks the weight": (
        wave_file(lambda f: f.rename(columns={"w": "W"})),
        ("second.csv", "'w'", "did you mean 'W'"),
    ),
    "a wave in which nobody answered an item": (
        data(lambda f: f.assign(q2=f["q2"].where(f["year"] == 2025))),
        ("R008", "'q2'", "2026", "not_asked"),
    ),
    "a wave whose file holds another wave": (wave_file(lambda f: f.assign(year=2025)), ("second.csv", "2025")),
    "rows without a wave": (cell("year", None), ("R004", "1 rows")),
    "a domain that is not there": (text("study.yaml", "domains: [sex]", "domains: [sax]"), ("sax", "sex")),
    "a wrong encoding": (raw(lambda b: b.replace(b"year", "год,year".encode("cp1251"), 1)), ("own.csv", "UTF-8")),
    "another encoding": (raw(lambda b: b.decode().encode("utf-16")), ("own.csv",)),
    "an empty file": (raw(lambda _: b""), ("own.csv", "empty")),
    "a header without rows": (raw(lambda b: b.splitlines()[0] + b"\n"), ("own.csv", "no rows")),
    "a CSV with ragged rows": (raw(lambda b: b.replace(b"\n", b",1,2\n", 3)), ("own.csv",)),
    "a CSV with a short row": (raw(lambda b: b.rstrip(b"\n").rpartition(b",")[0] + b"\n"), ("own.csv",)),
    "a truncated gzip": (truncated("csv.gz"), ("own.csv.gz",)),
    "a truncated sav": (truncated("sav"), ("own.sav",)),
    "a truncated dta": (truncated("dta"), ("own.dta",)),
    "a truncated xlsx": (truncated("xlsx"), ("own.xlsx",)),
    "a truncated parquet": (truncated("parquet"), ("own.parquet",)),
    "a missing file": (text("study.yaml", "own.csv", "other.csv"), ("other.csv", "--data")),
    "a kind of file not read": (text("study.yaml", "own.csv", "../study.yaml"), ("study.yaml",)),
    "a study with a tab": (text("study.yaml", "  - {id", "\t- {id"), ("study.yaml:9", "tab")),
    "a study with an alias bomb": (text("study.yaml", "families:", f"{BOMB}families:"), ("study.yaml:11", "alias")),
    "a study with an unknown key": (text("study.yaml", "domains:", "domain:"), ("study.yaml:12", "did you mean 'domains'")),
    "a wave with an unknown key": (text("study.yaml", "version: ", "versoin: "), ("study.yaml:9", "did you mean 'version'")),
    "a key that stands twice": (text("study.yaml", "domains:", "id: own\ndomains:"), ("study.yaml:12", "'id'", "twice")),
    "a study that is no mapping": (text("study.yaml", "schema: survey-kit/study/1", "schema: other"), ("study.yaml:1", "schema")),
    "a study with a broken line": (text("study.yaml", "title: An own", "title: An: own"), ("study.yaml:3",)),
    "indicators with a tab": (text("indicators.yaml", "  - {id: police", "\t- {id: police"), ("indicators.yaml:4", "tab")),
    "indicators with an alias bomb": (text("indicators.yaml", "indicators:", f"{BOMB}indicators:"), ("indicators.yaml:2", "alias")),
    "indicators with an unknown key": (text("indicators.yaml", "categories", "categorys"), ("indicators.yaml:3", "did you mean 'categories'")),
    "an indicator of an unknown item": (text("indicators.yaml", "[q1]", "[q9]"), ("indicators.yaml:3", "q9")),
    "an indicator of an unknown code": (text("indicators.yaml", "[3, 4]", "[3, 5]"), ("indicators.yaml:3", "5")),
    "an instrument with a tab": (text("instrument.yaml", "      - {id: q1", "\t- {id: q1"), ("instrument.yaml:9", "tab")),
    "an instrument with an alias bomb": (text("instrument.yaml", "modules:", f"{BOMB}modules:"), ("instrument.yaml:6", "alias")),
    "an instrument with an unknown key": (text("instrument.yaml", "high:", "hihg:"), ("instrument.yaml:5", "did you mean 'high'")),
    "a scale that is not there": (text("instrument.yaml", "scale: four", "scale: for"), ("instrument.yaml:9", "four")),
    "two faults at once": (both(cell("q1", 7), cell("q2", 7)), ("R001", "1 more problem")),
}  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a place for one build of the own study; the first test fills it."""
    return tmp_path_factory.mktemp("built") / "own"


@pytest.fixture
def study(own: Path, built: Path) -> Path:
    """Give the own study with its finished build in place."""
    if not built.exists():
        assert main(["report", "own", "--quiet"]) == 0
        shutil.copytree("build/own", built)
    elif not Path("build/own").exists():
        shutil.copytree(built, "build/own")
    return own


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Give time and content of every file of a build; the empty lock is no content."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".lock")
    return {path.as_posix(): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


@pytest.mark.parametrize("name", CASES)
def test_one_message_and_nothing_overwritten(name, study, capsys):
    spoil, words = CASES[name]
    spoil(study)
    before = state(Path("build"))
    capsys.readouterr()
    assert main(["report", "own"]) == 2, capsys.readouterr().err
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert 2 <= len(err.splitlines()) <= 5, err
    for word in words:
        assert word in err, err
    assert state(Path("build")) == before


@pytest.mark.parametrize("name", CASES)
def test_check_finds_it_too(name, study, capsys):
    CASES[name][0](study)
    before = state(Path("build"))
    assert main(["check", "own", "--json"]) in {1, 2}
    record = json.loads(capsys.readouterr().out)
    if record["exit_code"] == 1:
        assert record["errors"] > 0
        assert "own" in json.dumps(record["findings"])
    assert state(Path("build")) == before


def test_unknown_codes_may_be_declared_missing(study, capsys):
    both(cell("q1", 7), text("study.yaml", "case: id", "case: id, unknown_codes: missing"))(study)
    assert main(["check", "own", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["findings"]
    assert ("R001", "note") in {(one["code"], one["severity"]) for one in found}
    assert main(["indicators", "own", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    first = next(row for row in rows if row["indicator"] == "courts" and row["wave"] == "2025")
    assert first["other_missing"] > 0


@pytest.mark.parametrize("name", ["a negative weight", "a truncated gzip", "a study with a tab"])
def test_indicators_write_nothing(name, study, capsys):
    CASES[name][0](study)
    assert main(["indicators", "own", "--to", "rows.csv"]) == 2
    assert not Path("rows.csv").exists()
    assert len(capsys.readouterr().err.splitlines()) <= 5


def test_a_broken_instrument_is_told_whole(study, capsys):
    text("instrument.yaml", 'scale: four, text: "Do you trust the courts?"', "scale: for, text: x")(study)
    text("instrument.yaml", "high: 4", "high: 2")(study)
    assert main(["check", "own", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    assert {one["code"] for one in found} >= {"I003", "I007"}


@pytest.mark.usefixtures("study")
def test_a_file_that_may_not_be_read(capsys, monkeypatch):
    def refused(*_args, **_options):
        raise PermissionError(13, "Permission denied", "analyses/own/study.yaml")

    monkeypatch.setattr(Path, "read_text", refused)
    assert main(["report", "own"]) == 2
    assert "study.yaml" in capsys.readouterr().err


def test_a_first_run_that_fails_leaves_no_folder(own, capsys):
    cell("w", -1)(own)
    assert main(["report", "own"]) == 2
    assert capsys.readouterr().err.startswith("A weight is negative.")
    assert not Path("build/own").exists()
