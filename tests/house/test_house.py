"""The rules of HOUSE.md that a machine can check."""

from __future__ import annotations

import ast
import doctest
import importlib
import json
import pkgutil
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import survey_kit as sk

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "survey_kit"
BIN = Path(sys.executable).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
OUTSIDE = {".git", ".venv", "build", "dist", "__pycache__", "node_modules"}  # and every folder that starts with a dot
MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 60


def told(*command: str) -> None:
    """Run a tool over the project and show what it says when it complains."""
    done = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]


def project_files() -> list[Path]:
    """Name the files of the project: what git tracks, or everything when it is not a checkout."""
    if shutil.which("git"):
        done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout:
            return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]
    found = (path for path in ROOT.rglob("*") if path.is_file())
    return [p for p in found if not any(part in OUTSIDE or part.startswith(".") for part in p.relative_to(ROOT).parts)]


def texts() -> Iterator[tuple[Path, str]]:
    for path in project_files():
        content = path.read_bytes()
        if b"\0" not in content[:8000]:
            yield path.relative_to(ROOT), content.decode("utf-8", errors="replace")


# ---------------------------------------------------------------------------------------------------- tools of the trade
def test_formatted() -> None:
    told("ruff", "format", "--check", ".")


def test_linted() -> None:
    told("ruff", "check", "--output-format=concise", ".")


def test_typed() -> None:
    told("mypy")


def test_imports_run_one_way() -> None:
    told("lint-imports")


def test_every_room_stands_in_the_layers() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]["layers"]
    layered = {name.strip() for layer in declared for name in re.split(r"[|:]", layer)}
    rooms = {f"survey_kit.{module.name}" for module in pkgutil.iter_modules([str(PACKAGE)])}
    assert rooms - layered == set()


# --------------------------------------------------------------------------------------------------------- public names
@pytest.mark.parametrize("name", [name for name in sk.__all__ if name != "__version__"])
def test_public_names_are_documented_with_an_example(name: str) -> None:
    documented = getattr(sk, name)
    assert documented.__doc__, name
    assert ">>>" in documented.__doc__ or "Examples" in documented.__doc__, f"{name} shows no example"


def test_public_names_are_no_rooms() -> None:
    rooms = {module.name for module in pkgutil.iter_modules([str(PACKAGE)])}
    assert set(sk.__all__) & rooms == set()
    assert set(sk.__all__) <= set(dir(sk))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="means"):
        _ = sk.means


def test_one_version() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == sk.__version__
    assert re.search(
        rf"^## .*(Unreleased|{re.escape(sk.__version__)})", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE
    )
    assert sk.__version__ in (ROOT / "CITATION.cff").read_text()


MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages([str(PACKAGE)], "survey_kit.")
    if not module.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as absent:
        if (absent.name or "").startswith("survey_kit"):
            raise
        pytest.skip(f"{absent.name} is not installed")
    result = doctest.testmod(module)
    assert result.failed == 0


# --------------------------------------------------------------------------------------------------------- quick imports
HEAVY = (
    "pandas",
    "scipy",
    "matplotlib",
    "great_tables",
    "pyarrow",
    "pyreadstat",
    "narwhals",
    "IPython",
    "nbclient",
    "typst",
)


@pytest.mark.parametrize("statement", ["import survey_kit", "import survey_kit; dir(survey_kit)"])
def test_importing_loads_nothing_heavy(statement: str) -> None:
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout)) & set(HEAVY) == set()


def test_the_help_of_the_command_loads_nothing_heavy() -> None:
    code = (
        "import json, sys\nfrom survey_kit.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    heavy = set(HEAVY) - {"narwhals"}
    assert set(json.loads(done.stderr.splitlines()[-1])) & heavy == set()
    assert "report" in done.stdout + done.stderr


# --------------------------------------------------------------------------------------------------------------- budgets
def test_files_are_short() -> None:
    long = {str(p.relative_to(ROOT)): n for p in SOURCES if (n := len(p.read_text().splitlines())) > MOST_LINES}
    assert long == {}


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function without its docstring."""
    docstring = node.body[0] if ast.get_docstring(node, clean=False) is not None else None
    said = (docstring.end_lineno or 0) - docstring.lineno + 1 if docstring else 0
    return (node.end_lineno or 0) - node.lineno + 1 - said


def test_functions_are_short() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": code_lines(node)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and code_lines(node) > MOST_LINES_OF_A_FUNCTION
    }
    assert long == {}


def test_nothing_is_printed_or_asserted_in_the_package() -> None:
    found = []
    for path in SOURCES:
        in_cli = "cli" in path.relative_to(PACKAGE).parts
        for node in ast.walk(ast.parse(path.read_text())):
            printed = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
            if isinstance(node, ast.Assert) or (printed and not in_cli):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []


def test_nothing_is_left_to_do() -> None:
    word = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
    found = [
        f"{name}:{number}"
        for name, text in texts()
        if name.suffix in {".py", ".R", ".yaml", ".toml", ".qmd", ".lua"}
        for number, line in enumerate(text.splitlines(), 1)
        if word.search(line)
    ]
    assert found == []


def test_modules_have_names_of_their_own() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "base", "core", "misc", "lib"}
    assert [str(p.relative_to(ROOT)) for p in PACKAGE.rglob("*") if p.stem in vague and p.suffix in {".py", ""}] == []


# ----------------------------------------------------------------------------------------------------- nothing of this machine
def test_no_path_of_a_machine_stands_in_the_project() -> None:
    places = re.compile(r"(?<![\w.$}/])/(?:work|home|root|Users)/\w|[A-Z]:\\\\?Users\\")
    found = [
        f"{name}:{number}: {line.strip()[:80]}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if places.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("name", ["report", "test"])
def test_locked_requirements_have_hashes_and_name_no_host(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links|--trusted-host", text)
    pinned = re.findall(r"^[a-z0-9][\w.-]*==\S+.*$", text, flags=re.MULTILINE | re.IGNORECASE)
    assert len(pinned) > 20
    assert all(line.rstrip().endswith("\\") for line in pinned)


def test_gpl_packages_are_not_imported_by_the_package() -> None:
    outside = {"pingouin", "marginaleffects", "rpy2"}
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [f"{path.relative_to(ROOT)}: {name}" for name in names if name.split(".")[0] in outside]
    assert found == []


def test_only_frames_looks_inside_foreign_frames() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if "frames" not in path.relative_to(PACKAGE).parts
        and re.search(r"^\s*(import|from) narwhals", path.read_text(), flags=re.MULTILINE)
    ]
    assert found == []


# ------------------------------------------------------------------------------------------------------ what a reader finds
def test_the_readme_shows_both_commands() -> None:
    text = (ROOT / "README.md").read_text()
    for command in ("make report", "make test", "make report STUDY=analyses/brazil_trust DATA="):
        assert command in text


def test_the_makefile_has_what_the_readme_says() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    said = set(re.findall(r"(?:^\s*|`)make ([a-z]+)\b", (ROOT / "README.md").read_text(), flags=re.MULTILINE))
    assert said <= targets


@pytest.mark.parametrize("script", sorted((ROOT / "tests" / "parity").glob("*.R")), ids=lambda p: p.name)
def test_oracles_say_which_version_made_them(script: Path) -> None:
    named = set(re.findall(r'"([a-z_]+\.csv)"', script.read_text()))
    written = {name for name in named if not re.search(r"_(data|joint|phase)\.csv$", name)}  # data are no results
    assert written
    for name in written:
        assert re.match(r"# R \d+\.\d+\.\d+, [\w.]+ \d", (script.parent / name).read_text().splitlines()[0])
