"""Answers from a file: CSV, Parquet, Excel, SPSS or Stata, as a pandas frame or as one error."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from survey_kit.errors import FrameError, ResponsesError
from survey_kit.files import existing
from survey_kit.frames import columns as column_names
from survey_kit.responses.delimited import read_csv
from survey_kit.responses.sandbox import Native, parse
from survey_kit.types import Code

if TYPE_CHECKING:
    import pandas as pd

MAX_FILE_BYTES = 2_000_000_000
MAX_XLSX_BYTES = 400_000_000  # of XML, unpacked
MAX_XLSX_PARTS = 5_000
NATIVE: Mapping[str, Native] = {
    ".parquet": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".sav": "sav",
    ".zsav": "sav",
    ".dta": "dta",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A table with what its file says about it: the words of questions and answers, and which codes are missing."""

    frame: pd.DataFrame
    variable_labels: Mapping[str, str] = field(default_factory=dict)
    value_labels: Mapping[str, Mapping[Code, str]] = field(default_factory=dict)
    missing: Mapping[str, tuple[Code, ...]] = field(default_factory=dict)
    measures: Mapping[str, str] = field(default_factory=dict)  # nominal, ordinal, scale, where the file says
    title: str = ""


def read_table(
    path: Path | str, *, columns: Sequence[str] | None = None, encoding: str = "utf-8", sheet: str | None = None
) -> pd.DataFrame:
    r"""Read a table; whatever is wrong with the file ends in one `ResponsesError`.

    Parameters
    ----------
    path
        ``.csv .csv.gz .parquet .xlsx .sav .zsav`` or ``.dta``.
    columns
        Read only these; a name the file lacks is no error here.
    encoding
        Of a CSV or SPSS file that is not UTF-8, such as ``windows-1251``.
    sheet
        Of a workbook in which several sheets hold rows.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "answers.csv"
    >>> _ = file.write_text("wave,q1\n2024,5\n2025,98\n")
    >>> read_table(file)["q1"].tolist()
    [5, 98]
    """
    return _read(Path(path), columns, encoding, sheet).frame


def read_labelled(path: Path | str, *, encoding: str = "utf-8", sheet: str | None = None) -> Labelled:
    """Read a table with its labels; the codes an SPSS or Stata file declares missing stay as they are, and are named.

    Examples
    --------
    >>> read_labelled("my.sav").value_labels["q1"]  # doctest: +SKIP
    {1: 'Yes', 2: 'No', 98: "Don't know"}
    """
    return _read(Path(path), None, encoding, sheet)


def _read(path: Path, columns: Sequence[str] | None, encoding: str, sheet: str | None) -> Labelled:
    existing(path, "file of answers", ResponsesError)
    size = path.stat().st_size
    if size == 0:
        raise ResponsesError("The file is empty.", where=str(path), found="0 bytes", fix="Export the answers again.")
    if size > MAX_FILE_BYTES:
        raise ResponsesError(
            "The file is too large.", where=str(path), found=f"{size:,} bytes", fix="Split it by wave."
        )
    name = path.name.casefold()
    if name.endswith((".csv", ".csv.gz", ".tsv", ".tsv.gz")):
        read = Labelled(frame=read_csv(path, columns, encoding))
    elif (kind := NATIVE.get(Path(name).suffix)) is not None:
        if kind == "xlsx":
            unpackable(path)
        table, about = parse(path, kind, columns=columns, encoding=encoding, sheet=sheet)
        read = _labelled(table, about)
    else:
        known = ".csv, .csv.gz, .parquet, .xlsx, .sav, .zsav, .dta"
        raise ResponsesError("This kind of file is not read.", where=str(path), fix=f"Save it as one of {known}.")
    try:
        column_names(read.frame)
    except FrameError as fault:
        raise ResponsesError(fault.what, where=str(path), found=fault.found, fix=fault.fix) from None
    if read.frame.empty and (columns is None or len(read.frame.columns)):
        raise ResponsesError("The file holds no rows.", where=str(path), fix="Export the answers again.")
    return read


def unpackable(path: Path) -> None:
    """Refuse a workbook that is cut off, or would unpack to more than a survey's answers ever need."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as fault:
        raise ResponsesError(
            "The Excel file is cut off or is no .xlsx.",
            where=str(path),
            found=str(fault),
            fix="Copy or download it again; save an old .xls as .xlsx.",
        ) from None
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MAX_XLSX_BYTES or len(parts) > MAX_XLSX_PARTS:
        raise ResponsesError(
            "The Excel file unpacks to too much.",
            where=str(path),
            found=f"{unpacked:,} bytes in {len(parts)} parts",
            fix="Save the answers as CSV.",
        )


def _labelled(table: pd.DataFrame, about: Mapping[str, object]) -> Labelled:
    if "value_labels" not in about:
        return Labelled(frame=table)
    labels: Mapping[str, list[tuple[Code, str]]] = about["value_labels"]  # type: ignore[assignment]
    ranges: Mapping[str, list[tuple[Code, Code]]] = about["missing_ranges"]  # type: ignore[assignment]
    value_labels = {name: dict(pairs) for name, pairs in labels.items() if name in table}
    missing = {
        name: _within(table[name], value_labels.get(name, {}), parts) for name, parts in ranges.items() if name in table
    }
    return Labelled(
        frame=table,
        variable_labels=about["variable_labels"],  # type: ignore[arg-type]
        value_labels=value_labels,
        missing={name: codes for name, codes in missing.items() if codes},
        measures=about["measures"],  # type: ignore[arg-type]
        title=str(about["title"]),
    )


def _within(column: pd.Series, labels: Mapping[Code, str], ranges: Sequence[tuple[Code, Code]]) -> tuple[Code, ...]:
    """Name the codes, among those that occur or have a label, that a file's missing ranges cover."""
    occurring = [int(v) if isinstance(v, float) and v.is_integer() else v for v in column.dropna().unique().tolist()]
    out = dict.fromkeys(low for low, high in ranges if low == high)
    for code in sorted({*labels, *occurring}, key=str):
        for low, high in ranges:
            if isinstance(low, str) or isinstance(high, str) or isinstance(code, str):
                inside = code == low
            else:
                inside = low <= code <= high
            if inside:
                out[code] = None
    return tuple(out)
