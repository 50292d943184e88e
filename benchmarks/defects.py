"""What pyxform, ODK Validate and this package say of the same defects, each of them run.

    .venv/bin/python benchmarks/defects.py            # prints the page
    .venv/bin/python benchmarks/defects.py --write    # writes benchmarks/defects.md

``defects/cases.yaml`` lists the defects; each has a folder with the same small questionnaire twice: ``form.md``, the sheets of an
XLSForm, and ``instrument.yaml``. The sheets become a real .xlsx file, which pyxform converts, ODK Validate (Java) judges, and
`survey_kit.instrument.imports.xlsform` reads. `inspect` and `prove` look at the instrument.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import yaml

from survey_kit.errors import InstrumentError
from survey_kit.instrument import inspect
from survey_kit.instrument.imports.xlsform import read_xlsform
from survey_kit.instrument.model import Problem
from survey_kit.instrument.prove import prove

HERE = Path(__file__).resolve().parent
FOLDER, PAGE = HERE / "defects", HERE / "defects.md"
NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One defect, the folder that holds it, and what our message on it holds: another message would not be about the defect."""

    id: str
    defect: str
    told: str = ""
    remark: str = ""

    @property
    def folder(self) -> Path:
        return FOLDER / self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a program says: how gravely, and its messages word for word."""

    verdict: str
    messages: tuple[str, ...] = ()

    @property
    def heard(self) -> bool:
        return self.verdict not in {NOTHING, "not run"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One defect with what everybody says of it."""

    case: Case
    pyxform: Said
    validate: Said
    instrument: Said
    imported: Said


def cases() -> list[Case]:
    """Give the defects in the order of the page."""
    return [Case(**one) for one in yaml.safe_load((FOLDER / "cases.yaml").read_text(encoding="utf-8"))]


# ------------------------------------------------------------------------------------------------------------ the forms
def sheets(text: str) -> dict[str, list[list[str]]]:
    """Read the sheets of a form from tables in Markdown: a line with text in the first column begins a sheet."""
    out: dict[str, list[list[str]]] = {}
    for line in text.splitlines():
        name, *cells = [cell.strip(" ") for cell in line.strip()[1:-1].split("|")]
        if name:
            out[name] = rows = []
        else:
            rows.append(cells)
    return out


def write_xlsx(form: Mapping[str, Sequence[Sequence[str]]], path: Path) -> None:
    """Write the sheets as a workbook; what begins with = becomes a formula, as it would when typed."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in form.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append([cell or None for cell in row])
    book.save(path)


# ---------------------------------------------------------------------------------------------------------- the programs
def by_pyxform(path: Path) -> tuple[Said, str | None]:
    """Convert a form; give what pyxform says, and the XForm if it makes one."""
    from pyxform.errors import PyXFormError
    from pyxform.xls2xform import convert

    try:
        made = convert(path, validate=False)
    except PyXFormError as error:
        return Said(verdict="error", messages=_lines([str(error)])), None
    warnings = _lines(str(one) for one in made.warnings)
    return Said(verdict="warning" if warnings else NOTHING, messages=warnings), made.xform


def by_validate(forms: Mapping[str, str]) -> dict[str, Said]:
    """Let ODK Validate judge all forms at once."""
    out = {}
    for name, verdict in _validator().validate(forms).items():
        grade = ("warning" if verdict.messages else NOTHING) if verdict.valid else "error"
        out[name] = Said(verdict=grade, messages=_lines(verdict.messages))
    return out


def by_instrument(folder: Path) -> Said:
    """Read and prove an instrument."""
    if not (folder / "instrument.yaml").is_file():
        return Said(verdict="not run")
    try:
        instrument = inspect(folder, None, None)
    except InstrumentError as error:
        return Said(verdict="error", messages=_lines([f"{_short(error.where)}: {error}"]))
    return _told([*instrument.problems, *prove(instrument).problems])


def by_import(path: Path) -> Said:
    """Read a form as an instrument, and prove what can be made of it."""
    try:
        imported = read_xlsform(path)
    except InstrumentError as error:
        return Said(verdict="error", messages=_lines([str(error)]))
    return _told([*imported.problems, *prove(imported.instrument).problems])


def _told(problems: Sequence[Problem]) -> Said:
    ordered = sorted(problems, key=lambda one: one.severity != "error")
    lines = [f"{one.code} {_short(one.where)}: {one.message}" for one in ordered]
    grave = {"error": "error", "note": "warning"}
    return Said(verdict=grave[ordered[0].severity] if ordered else NOTHING, messages=_lines(lines))


def _short(where: str | None) -> str:
    """Leave the folder out of a place."""
    return (where or "").rsplit("/", 1)[-1]


def _lines(messages: Iterable[str]) -> tuple[str, ...]:
    """Give the first line of each message, without the addresses of Java objects, which differ from run to run."""
    first = (" ".join(one.strip().splitlines()[0].split()) for one in messages if one.strip())
    return tuple(dict.fromkeys(re.sub(r"(?<=\w)@[0-9a-f]{6,8}\b", "@...", one) for one in first))


def _validator() -> ModuleType:
    spec = spec_from_file_location("odk_validate", HERE.parent / "tests" / "odk" / "validate.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError("tests/odk/validate.py")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look their annotations up
    spec.loader.exec_module(module)
    return module


def run() -> list[Row]:
    """Show every defect to every program."""
    first: dict[str, tuple[Said, Said, Said]] = {}
    forms = {}
    with tempfile.TemporaryDirectory() as place:
        for case in cases():
            path = Path(place) / f"{case.id}.xlsx"
            write_xlsx(sheets((case.folder / "form.md").read_text(encoding="utf-8")), path)
            said, xform = by_pyxform(path)
            first[case.id] = said, by_instrument(case.folder), by_import(path)
            if xform is not None:
                forms[case.id] = xform
    judged = by_validate(forms)
    return [
        Row(
            case=case,
            pyxform=first[case.id][0],
            validate=judged.get(case.id, Said(verdict="not run")),
            instrument=first[case.id][1],
            imported=first[case.id][2],
        )
        for case in cases()
    ]


# ---------------------------------------------------------------------------------------------------------------- the page
def page(rows: Sequence[Row]) -> str:
    """Write the comparison."""
    defects = [row for row in rows if row.case.id != "sound"]
    written = [row for row in defects if row.instrument.verdict != "not run"]
    alone = sum(row.pyxform.heard for row in defects)
    both = sum(row.pyxform.heard or row.validate.heard for row in defects)
    own = sum(row.instrument.heard for row in written)
    imported = sum(row.imported.heard for row in defects)
    lines = [
        "# Defects of questionnaires: who tells them",
        "",
        f"Of {len(defects)} defects in an XLSForm pyxform {version('pyxform')} tells {alone}, with the ODK Validate it brings {both},",
        f"and survey_kit {imported} when it imports the same file. Of the {len(written)} that the same questionnaire can have as an",
        f"`instrument.yaml`, survey_kit tells {own}.",
        "",
        "Any message counts, whatever it says: each form has one defect, and the first, which has none, shows that nobody speaks without",
        "cause. `not run`: pyxform made no form for ODK Validate, or an instrument cannot have the defect.",
        "`.venv/bin/python benchmarks/defects.py --write` runs everything anew (it needs Java) and writes this page; a test compares.",
        "",
        "| defect | pyxform | + ODK Validate | survey_kit, the instrument | survey_kit, the XLSForm |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        others = (_cell(row.pyxform), _cell(row.validate))
        lines.append(f"| {' | '.join((row.case.defect, *others, _coded(row.instrument), _coded(row.imported)))} |")
    lines += ["", "## Word for word", ""]
    for row in rows:
        lines += [f"### {row.case.defect}", ""]
        lines += [row.case.remark, ""] if row.case.remark else []
        lines += [f"[form](defects/{row.case.id}/form.md)" + _link(row.case), ""]
        names = ("pyxform", "ODK Validate", "survey_kit, the instrument", "survey_kit, the XLSForm")
        lines += [f"- {name}: {_said(one)}" for name, one in zip(names, _four(row), strict=True)]
        lines += [""]
    return "\n".join(lines)


def _four(row: Row) -> tuple[Said, Said, Said, Said]:
    return row.pyxform, row.validate, row.instrument, row.imported


def _cell(said: Said) -> str:
    return f"**{said.verdict}**" if said.heard else said.verdict


def _coded(said: Said) -> str:
    """Give the verdict with the code of the rule."""
    found = re.match(r"[A-Z]\d{3}\b", said.messages[0]) if said.messages else None
    return f"{_cell(said)} {found.group()}" if found else _cell(said)


def _said(said: Said) -> str:
    if not said.messages:
        return said.verdict
    more = f" ({len(said.messages) - 1} more)" if len(said.messages) > 1 else ""
    return f"{said.verdict}: ``{said.messages[0].replace('`', chr(39))}``{more}"


def _link(case: Case) -> str:
    return f", [instrument](defects/{case.id}/instrument.yaml)" if (case.folder / "instrument.yaml").is_file() else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write benchmarks/defects.md")
    text = page(run())
    if parser.parse_args().write:
        PAGE.write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
