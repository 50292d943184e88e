"""The program that reads SPSS, Stata, Excel and Parquet files, run as a process of its own.

The parsers of these formats are native code, and a broken or hostile file can crash or exhaust them. So this file is
run by :mod:`survey_kit.responses.sandbox` under limits of memory and time; it imports nothing of survey_kit, writes
the table as an Arrow file and what else it learned as JSON, and nothing it does can reach the caller.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

FAULT = 3


def main(arguments: list[str]) -> int:
    """Read the file named in the first argument as the second says; the third is the folder for the results."""
    source, kind, folder, options = Path(arguments[0]), arguments[1], Path(arguments[2]), json.loads(arguments[3])
    _limit(options["memory"], options["seconds"])
    try:
        readers = {"parquet": _parquet, "xlsx": _xlsx, "sav": _statistics, "dta": _statistics}
        table, about = readers[kind](source, options)
        _write(table, folder / "table.arrow")
    except MemoryError:
        return _tell(folder, "it needs more memory than is allowed")
    except Exception as fault:  # noqa: BLE001  (whatever a parser raises ends in one message)
        return _tell(folder, f"{type(fault).__name__}: {fault}")
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
    return 0


def _tell(folder: Path, message: str) -> int:
    (folder / "fault.json").write_text(json.dumps(message[:500]), encoding="utf-8")
    return FAULT


def _limit(memory: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows: there only the caller's clock limits it
        return
    for what, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, memory),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (limit if hard < 0 else min(limit, hard), hard))


def _write(table: Any, path: Path) -> None:
    import pyarrow as pa

    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def _parquet(source: Path, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pa.set_cpu_count(1)
    with pq.ParquetFile(source) as file:
        wanted = options["columns"]
        columns = [name for name in file.schema_arrow.names if wanted is None or name in wanted]
        table = file.read(columns=columns, use_threads=False).replace_schema_metadata(None)
    nested = [field.name for field in table.schema if pa.types.is_nested(field.type)]
    if nested:
        raise ValueError(f"column '{nested[0]}' holds lists or records")
    keep = [name for name in table.column_names if not name.startswith("__index_level_")]
    return table.select(keep), {}


def _xlsx(source: Path, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    import pyarrow as pa
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(str(source))
    names = list(book.sheet_names)
    sheet = options["sheet"]
    if isinstance(sheet, int):
        sheet = names[sheet]
    filled = [name for name in names if book.get_sheet_by_name(name).height > 1] if sheet is None else names
    if sheet is None and len(filled) != 1:
        raise ValueError(f"{len(filled)} sheets hold rows ({', '.join(filled[:6])}); name the one with the answers")
    if sheet is not None and sheet not in names:
        raise ValueError(f"there is no sheet '{sheet}'; there are {', '.join(names[:6])}")
    rows = book.get_sheet_by_name(sheet or filled[0]).to_python(skip_empty_area=False)
    while rows and all(cell == "" for cell in rows[-1]):
        rows.pop()
    header = [str(cell).strip() for cell in (rows[0] if rows else [])]
    width = len(header)
    while width and not header[width - 1] and all(row[width - 1] == "" for row in rows):
        width -= 1
    if not width or not all(header[:width]):
        raise ValueError("the first row does not name every column")
    keep = [j for j in range(width) if options["columns"] is None or header[j] in options["columns"]]
    arrays = [_column([row[j] for row in rows[1:]]) for j in keep]
    return pa.Table.from_arrays(arrays, names=[header[j] for j in keep]), {"sheets": names}


def _statistics(source: Path, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    import pyarrow as pa
    import pyreadstat

    read = pyreadstat.read_dta if source.suffix == ".dta" else pyreadstat.read_sav
    more = {} if options["encoding"] == "utf-8" else {"encoding": options["encoding"]}
    if options["columns"] is not None:
        _, about = read(str(source), metadataonly=True, **more)
        more["usecols"] = [name for name in about.column_names if name in options["columns"]]
    data, about = read(str(source), user_missing=True, output_format="dict", **more)
    letters = getattr(about, "missing_user_values", None) or {}
    arrays = [
        _column([f".{v}" if isinstance(v, str) and v in letters.get(name, ()) else v for v in values])
        for name, values in data.items()
    ]
    value_labels = {
        name: [[_code(code), str(label)] for code, label in labels.items()]
        for name, labels in about.variable_value_labels.items()
    }
    ranges = {
        name: [[_code(one["lo"]), _code(one["hi"])] for one in ranges]
        for name, ranges in (about.missing_ranges or {}).items()
    }
    for name, own in letters.items():
        ranges[name] = [[_code(letter), _code(letter)] for letter in own]
    told = {
        "variable_labels": {k: v for k, v in about.column_names_to_labels.items() if v},
        "value_labels": value_labels,
        "missing_ranges": ranges,
        "measures": {k: v for k, v in (about.variable_measure or {}).items() if v not in {None, "unknown"}},
        "title": about.file_label or "",
    }
    return pa.Table.from_arrays(arrays, names=list(data)), told


def _code(value: Any) -> Any:
    """Give whole numbers as integers, Stata's missing letters as ``.a``."""
    if isinstance(value, str):
        return f".{value}" if len(value) == 1 and value.islower() else value
    return int(value) if float(value).is_integer() else float(value)


def _column(values: list[Any]) -> Any:
    """Make one Arrow column: numbers when all are numbers, else texts, dates as ISO texts; empty is null."""
    import pyarrow as pa

    plain = [None if value is None or value == "" or value != value else value for value in values]  # noqa: PLR0124
    kinds = {type(value).__name__ for value in plain if value is not None}
    if kinds <= {"int", "float", "float64", "float32", "int64", "int32", "int16", "int8"}:
        return pa.array([None if value is None else float(value) for value in plain], type=pa.float64())
    if kinds == {"bool"}:
        return pa.array(plain, type=pa.bool_())
    return pa.array([None if value is None else _text(value) for value in plain], type=pa.string())


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if isinstance(value, (int, float)):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    return str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
