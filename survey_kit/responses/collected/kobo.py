"""Exports of KoboToolbox with XML values and headers: CSV, or Excel with one sheet for each repeat.

Columns are ``group/item``; ``_uuid`` and ``_id`` name the submission; a sheet of a repeat has ``_parent_table_name`` and
``_parent_index``, which is the ``_index`` of a row of the table above it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from survey_kit.errors import ResponsesError
from survey_kit.files import existing
from survey_kit.responses.collected.archive import open_export
from survey_kit.responses.collected.raw import Part, Raw, texts
from survey_kit.responses.delimited import parse_csv
from survey_kit.responses.read import unpackable
from survey_kit.responses.responses import Log
from survey_kit.responses.sandbox import parse

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

INDEX, PARENT, ABOVE = "_index", "_parent_index", "_parent_table_name"
KEYS = ("_uuid", "meta/instanceID", "instanceID", "_id")
VERSIONS = ("__version__", "_version_")
MOST_SHEETS = 60


def read_kobo(path: Path, log: Log, encoding: str = "utf-8") -> Raw:
    """Read an export; its first table is that of the submissions."""
    sheets = _sheets(path, log) if path.suffix.casefold() in {".xlsx", ".xlsm"} else _csv(path, encoding)
    name, data = next(((one, table) for one, table in sheets.items() if PARENT not in table), ("", None))
    key = next((column for column in KEYS if data is not None and column in data), None)
    if data is None or key is None:
        found = f"no column {' or '.join(KEYS[:2])}" + (f" in '{name}'" if name else "")
        fix = "Export 'XML values and headers' as CSV or XLS from the project's data page."
        raise ResponsesError("This is no export of KoboToolbox.", where=str(path), found=found, fix=fix)
    case = texts(data[key])
    parts = [_part(one, table, sheets, case, key) for one, table in sheets.items() if PARENT in table]
    return Raw(platform="kobo", where=str(path), data=data, case=case, version=_version(data), parts=parts)


def _csv(path: Path, encoding: str) -> dict[str, pd.DataFrame]:
    if path.suffix.casefold() == ".zip":
        fix = "Name the .csv or .xlsx file; attachments are not needed."
        raise ResponsesError("KoboToolbox exports answers as CSV or Excel.", where=str(path), fix=fix)
    files = open_export(path)
    table = parse_csv(files.read(path.name), str(path), encoding=encoding, by_case=True)
    return {path.name: _untagged(table)}


def _sheets(path: Path, log: Log) -> dict[str, pd.DataFrame]:
    existing(path, "export", ResponsesError)
    unpackable(path)
    first, about = parse(path, "xlsx", sheet=0)
    out = {about["sheets"][0]: _untagged(first)}
    for place, name in list(enumerate(about["sheets"]))[1:MOST_SHEETS]:
        try:
            out[name] = _untagged(parse(path, "xlsx", sheet=place)[0])
        except ResponsesError as fault:
            log.add("R026", f"A table cannot be read: {fault.what}", count=1, column=name, found=fault.found or "")
    return out


def _untagged(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out the row of humanitarian tags that may stand below the header; a name that stands twice is an error."""
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        fix = "Export with the names of groups in the headers, separated by /."
        raise ResponsesError("Two columns have the same name.", found=f"'{twice[0]}'", fix=fix)
    filled = [str(value) for value in table.iloc[0].dropna() if str(value).strip()] if len(table) else []
    if filled and all(value.startswith("#") for value in filled):
        return table.iloc[1:].reset_index(drop=True)
    return table


def _version(data: pd.DataFrame) -> pd.Series:
    """Give the name of the version of each submission; a form that was deployed anew names it in a further column."""
    import pandas as pd

    out = pd.Series([None] * len(data), dtype=object)
    for column in data:
        if str(column).rpartition("/")[2].startswith(VERSIONS):
            out = out.where(out.notna(), texts(data[column]))
    return out


def _part(name: str, table: pd.DataFrame, sheets: dict[str, pd.DataFrame], case: pd.Series, key: str) -> Part:
    """Give the submission of each row: as the row says it, else by following its index upwards."""
    copied = f"_submission_{key}"
    owner = texts(table[copied]) if copied in table else _followed(table, sheets, case)
    number = table.groupby(owner.fillna("").to_numpy()).cumcount() + 1
    return Part(name=name, data=table, case=owner, member=number)


def _followed(table: pd.DataFrame, sheets: dict[str, pd.DataFrame], case: pd.Series) -> pd.Series:

    up, here, main = texts(table[PARENT]), table, next(iter(sheets))
    for _ in range(len(sheets)):
        above = str(here[ABOVE].iloc[0]) if ABOVE in here and len(here) else main
        here = sheets.get(above, sheets[main])
        if PARENT not in here or INDEX not in here:
            break
        up = up.map(_by_index(here, texts(here[PARENT])))
    if INDEX not in sheets[main]:
        return up
    found = up.map(_by_index(sheets[main], case))
    return found.where(found.notna(), up).astype(object)


def _by_index(table: pd.DataFrame, values: pd.Series) -> pd.Series:
    import pandas as pd

    out = pd.Series(values.to_numpy(), index=texts(table[INDEX]).to_numpy(), dtype=object)
    return out[~out.index.duplicated()]
