"""Writing whole or not at all; YAML without surprises; declarations whose faults name their line."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import ConfigDict

from survey_kit import files
from survey_kit.errors import FileError, StudyError, did_you_mean


# ------------------------------------------------------------------------------------------------------------ writing
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = files.write_text(tmp_path / "deep" / "a.csv", "old\n")

    def fail() -> None:
        with files.atomic(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text() == "old\n"
    assert [p.name for p in path.parent.iterdir()] == ["a.csv"]


def test_a_written_file_replaces_and_can_be_read_by_others(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    files.write_text(path, "Қазақстан\n")
    files.write_text(path, "Қазақстан 2\n")
    assert path.read_bytes() == "Қазақстан 2\n".encode()
    assert path.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert files.digest(path) == hashlib.sha256(path.read_bytes()).hexdigest()


# ------------------------------------------------------------------------------------------------------------ reading
def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "study.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_plain_values_and_their_lines(tmp_path: Path) -> None:
    path = write(tmp_path, "a: 1\nb:\n  - x: no\n  - {y: 2024-05-01, on: true}\nc: ~\nd: 0.5\n")
    document = files.read_yaml(path)
    assert document.value == {"a": 1, "b": [{"x": "no"}, {"y": "2024-05-01", "on": True}], "c": None, "d": 0.5}
    assert document.line(("b", 1, "y")) == 4
    assert document.line(("b", 1, "absent")) == 4
    assert document.at(("d",)) == f"{path}:6"


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    assert files.read_yaml(write(tmp_path, b"\xef\xbb\xbfa: 1\n")).value == {"a": 1}


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    assert files.read_yaml(write(tmp_path, "")).value is None


BOMB = "a: &a [x,x]\n" + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)},*{chr(97 + i)}]\n" for i in range(20))
REFUSED: dict[str, tuple[str | bytes, str]] = {
    "tab": ("a:\n\tb: 1\n", r"a tab stands.*study\.yaml:2"),
    "alias bomb": (BOMB, "anchors and aliases are not read.*:1"),
    "alias": ("a: 1\nb: *a\n", "(anchors and aliases are not read|not YAML).*:2"),
    "duplicate key": ("a: 1\nb: 2\na: 3\n", "key 'a' stands twice.*:3"),
    "tag": ("a: !!python/object/apply:os.system ['true']\n", "tags are not read.*:1"),
    "own tag": ("a: !thing 1\n", "tags are not read.*:1"),
    "text by tag": ("a: !!str 1\n", "tags are not read.*:1"),
    "colon in text": ("title: Trust: a report\n", "not YAML.*:1.*quote"),
    "unclosed": ("a: [1, 2\nb: 3\n", "not YAML"),
    "two documents": ("a: 1\n---\nb: 2\n", "not YAML"),
    "latin-1": ("título: x\n".encode("latin-1"), "not UTF-8.*0xed at position 1"),
    "control character": (b"a: \x07\n", "not YAML"),
    "deep": ("".join("  " * i + "a:\n" for i in range(40)), "nested too deeply"),
    "very deep": ("a: " + "[" * 300_000, "nested too deeply"),
    "very deep on a line": ("? " * 50_000 + "x", "nested too deeply"),
    "anchor after a quoted key": ('{"a":&x 1, "b":*x}', "anchors and aliases are not read.*:1"),
    "list as key": ("? [1, 2]\n: x\n", "stands twice|not YAML"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_its_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(StudyError, match=f"(?s){message}") as caught:
        files.read_yaml(write(tmp_path, text), "study", StudyError)
    assert len(str(caught.value).splitlines()) <= 5
    assert caught.value.fix


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("017", "017"),
        ("12:30", "12:30"),
        ("190:20:30", "190:20:30"),
        ("0b_", "0b_"),
        ("0x_", "0x_"),
        ("1_000", "1_000"),
        ("9" * 5000, "9" * 5000),
        ("-17", -17),
        ("+1.5e3", 1500.0),
        ("12e4", "12e4"),
        (".5", 0.5),
        ("-.inf", float("-inf")),
    ],
)
def test_numbers_are_those_a_reader_sees(tmp_path: Path, text: str, value: object) -> None:
    assert files.read_yaml(write(tmp_path, f"a: {text}\n")).value == {"a": value}


def test_of_very_many_faults_the_first_are_told(tmp_path: Path) -> None:
    text = "schema: kit/plan/1\ntitle: T\n" + "".join(f"k{number}: 1\n" for number in range(100_000))
    with pytest.raises(FileError, match=r"Unknown key 'k0' \(99999 more\)") as caught:
        files.declared(files.read_yaml(write(tmp_path, text)), Plan, "kit/plan/1")
    assert len(caught.value.parts) == files.MOST_FAULTS


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="too large"):
        files.read_yaml(write(tmp_path, b"#" * (files.MAX_YAML_BYTES + 1)))


def test_a_missing_file_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    write(tmp_path, "a: 1\n")
    with pytest.raises(FileError, match=r"(?s)no study.*did you mean 'study\.yaml'"):
        files.read_yaml(tmp_path / "studi.yaml", "study")
    with pytest.raises(FileError, match="the folder is not there either"):
        files.read_yaml(tmp_path / "nowhere" / "study.yaml")


def test_yaml_inside_a_file_keeps_the_lines_of_the_file(tmp_path: Path) -> None:
    document = files.parse_yaml("a: 1\nb: 2\n", tmp_path / "page.qmd", before=10)
    assert document.line(("b",)) == 12
    with pytest.raises(FileError, match=r"page\.qmd:12"):
        files.parse_yaml("a: 1\na: 2\n", tmp_path / "page.qmd", before=10)


# ------------------------------------------------------------------------------------------------------- declarations
@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    __pydantic_config__ = ConfigDict(extra="forbid")
    id: str
    year: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    __pydantic_config__ = ConfigDict(extra="forbid")
    title: str
    waves: tuple[Wave, ...] = ()
    weights: dict[str, Wave] = field(default_factory=dict)
    base: Wave | None = None


def test_a_declaration_is_its_dataclass(tmp_path: Path) -> None:
    text = "schema: kit/plan/1\ntitle: T\nwaves:\n  - {id: a, year: 2020}\n  - id: b\nbase: {id: c}\n"
    plan = files.declared(files.read_yaml(write(tmp_path, text)), Plan, "kit/plan/1")
    assert plan == Plan(title="T", waves=(Wave(id="a", year=2020), Wave(id="b")), base=Wave(id="c"))


FAULTS = {
    "no mapping": ("- 1\n", "does not hold a mapping.*kit/plan/1"),
    "no schema": ("title: T\n", "which schema"),
    "other schema": ("schema: kit/plan/2\ntitle: T\n", "which schema.*:1.*kit/plan/2"),
    "unknown key": ("schema: kit/plan/1\ntitle: T\nwave: []\n", "Unknown key 'wave'.*:3.*did you mean 'waves'"),
    "unknown key within": (
        "schema: kit/plan/1\ntitle: T\nwaves:\n  - id: a\n  - id: b\n    yaer: 3\n",
        "Unknown key 'yaer'.*:6.*did you mean 'year'",
    ),
    "unknown key in a mapping": (
        "schema: kit/plan/1\ntitle: T\nweights:\n  x: {id: a, iid: b}\n",
        "Unknown key 'iid'.*:4.*did you mean 'id'",
    ),
    "unknown key in an optional part": (
        "schema: kit/plan/1\ntitle: T\nbase:\n  id: a\n  yeer: 1\n",
        "Unknown key 'yeer'.*:5.*did you mean 'year'",
    ),
    "missing key": ("schema: kit/plan/1\nwaves:\n  - id: a\n", "key 'title' is missing"),
    "missing key within": ("schema: kit/plan/1\ntitle: T\nwaves:\n  - year: 1\n", "key 'id' is missing.*:4"),
    "wrong kind": ("schema: kit/plan/1\ntitle: T\nwaves:\n  - id: a\n    year: soon\n", "integer.*:5.*'soon'"),
    "several": ("schema: kit/plan/1\nwaves: 3\n", r"\(1 more\)"),
}


@pytest.mark.parametrize(("text", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_faults_name_line_and_nearest_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(StudyError, match=f"(?s){message}") as caught:
        files.declared(files.read_yaml(write(tmp_path, text)), Plan, "kit/plan/1", StudyError)
    assert len(str(caught.value).splitlines()) <= 5


# ------------------------------------------------------------------------------------------------------------- errors
def test_an_error_has_parts_for_machines_and_short_lines_for_people() -> None:
    fault = FileError("One.", where="a\nb", found="x" * 1000, fix="Do.")
    lines = str(fault).splitlines()
    assert lines[0] == "One."
    assert lines[1] == "  where: a b"
    assert max(map(len, lines)) <= 400
    assert fault.to_dict()["error"] == "FileError"
    assert fault.to_dict()["fix"] == "Do."


def test_did_you_mean_lists_a_dozen_at_most() -> None:
    assert did_you_mean("zz", []) == "none is known here"
    assert did_you_mean("qqq", [f"column{i}" for i in range(30)]).endswith(", ...")
