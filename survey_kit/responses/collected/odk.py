"""Exports of ODK Central (and Briefcase): ``submissions.csv``, or a zip archive with repeats, attachments and the audit.

Columns are field paths joined by ``-``; ``KEY`` names the submission; a table of a repeat has ``PARENT_KEY`` and a ``KEY``
like ``uuid:…/roster[2]``; the audit of all submissions is ``<form> - audit.csv``, its first column ``instance ID``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from survey_kit.errors import ResponsesError
from survey_kit.responses.collected.archive import Files
from survey_kit.responses.collected.raw import Part, Raw, texts
from survey_kit.responses.delimited import parse_csv
from survey_kit.responses.responses import Log

if TYPE_CHECKING:
    import pandas as pd

KEY, PARENT = "KEY", "PARENT_KEY"
INSTANCE = "instance ID"
AUDIT = frozenset({"event", "node", "start"})
VERSIONS = ("FormVersion", "formVersion", "__version__", "_version_")
NUMBER = re.compile(r"\[(\d+)\]$")


def read_odk(files: Files, log: Log, encoding: str = "utf-8") -> Raw:
    """Read the tables of an export; a repeat or an audit that cannot be read is a problem, the submissions an error."""
    main: dict[str, pd.DataFrame] = {}
    repeats: dict[str, pd.DataFrame] = {}
    audits: dict[str, pd.DataFrame] = {}
    first = min(files.tables, key=len)
    for name in files.tables:
        try:
            table = parse_csv(files.read(name), files.where(name), encoding=encoding, by_case=True)
        except ResponsesError as fault:
            if name == first or len(files.tables) == 1:
                raise
            log.add("R026", f"A table cannot be read: {fault.what}", count=1, column=name, found=fault.found or "")
            continue
        if PARENT in table:
            repeats[name] = table
        elif set(table) >= AUDIT:
            audits[name] = table
        elif INSTANCE in table:
            lacking = ", ".join(sorted(AUDIT - set(table)))
            log.add("R026", "An audit lacks columns.", count=1, column=name, found=f"no column {lacking}")
        else:
            main[name] = table
    return _raw(files, _only(files, main), repeats, audits)


def _only(files: Files, main: dict[str, pd.DataFrame]) -> tuple[str, pd.DataFrame]:
    """Give the table of submissions."""
    keyed = {name: table for name, table in main.items() if KEY in table}
    if len(keyed) != 1:
        found = f"tables with the column KEY: {', '.join(keyed) or 'none'}"
        if not keyed and main:
            found = f"no column KEY in '{next(iter(main))}'"
        fix = "Name the .csv.zip or submissions.csv of one form, as ODK Central writes it."
        raise ResponsesError("This is no export of ODK Central.", where=str(files.path), found=found, fix=fix)
    return next(iter(keyed.items()))


def _raw(
    files: Files,
    main: tuple[str, pd.DataFrame],
    repeats: dict[str, pd.DataFrame],
    audits: dict[str, pd.DataFrame],
) -> Raw:
    import pandas as pd

    name, data = main
    stem = name.removesuffix(".csv")
    version = next((column for column in VERSIONS if column in data), None)
    parts = []
    for table_name, table in repeats.items():
        key = texts(table[KEY]) if KEY in table else texts(table[PARENT])
        number = key.str.extract(NUMBER, expand=False)
        case = texts(table[PARENT]).str.split("/").str[0]
        own = table_name.removesuffix(".csv").removeprefix(f"{stem}-")
        parts.append(Part(name=own, data=table, case=case, member=pd.to_numeric(number)))
    return Raw(
        platform="odk",
        where=files.where(name),
        data=data,
        case=texts(data[KEY]),
        version=texts(data[version]) if version else pd.Series([None] * len(data), dtype=object),
        parts=parts,
        audit=pd.concat(audits.values(), ignore_index=True) if audits else None,
        attachments=files.attachments,
    )
