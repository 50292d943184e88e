"""The record of an interview's course that a device keeps: when each question was on the screen, and for how long."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from survey_kit.errors import ResponsesError
from survey_kit.responses.collected.archive import open_export
from survey_kit.responses.collected.raw import texts
from survey_kit.responses.delimited import parse_csv
from survey_kit.responses.responses import Log

if TYPE_CHECKING:
    import pandas as pd

CASE = ("instance ID", "instanceID", "KEY")
ASKED = frozenset({"question", "group questions"})
MEMBER = re.compile(r"\[(\d+)\]")
LONGEST = 86_400.0  # a screen that stays open for a day was left open


def read_audit(path: Path | str, *, case: str | None = None, encoding: str = "utf-8") -> pd.DataFrame:
    r"""Read an audit: one device's ``audit.csv``, the ``<form> - audit.csv`` of ODK Central, or an export that holds it.

    Places, users and the values of answers, which an audit may hold too, are left behind.

    Parameters
    ----------
    path
        The file.
    case
        The case of a single interview's audit, which does not name it itself.
    encoding
        Of a file that is not UTF-8.

    Returns
    -------
    pandas.DataFrame
        One row for each event, in order: ``case event node item member start end seconds``. ``item`` is the last part of the
        node, of a screen with several questions their group; ``seconds`` is null where the device wrote no end, or one
        before the start.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "audit.csv"
    >>> _ = file.write_text("event,node,start,end\nform start,,1000,\nquestion,/data/roster[2]/age,1000,4500\n")
    >>> read_audit(file, case="a")[["case", "item", "member", "seconds"]].tail(1).values.tolist()
    [['a', 'age', 2.0, 3.5]]
    """
    import pandas as pd

    files, log = open_export(Path(path)), Log()
    tables = [parse_csv(files.read(name), files.where(name), encoding=encoding, by_case=True) for name in files.tables]
    found = [table for table in tables if {"event", "node", "start"} <= set(table)]
    if not found:
        raise ResponsesError(
            "There is no audit.",
            where=str(path),
            found=", ".join(files.tables)[:200],
            fix="Turn the audit on in the instrument ('collect: {audit: reason}'); nothing is recorded without it.",
        )
    return events(pd.concat(found, ignore_index=True), log, case=case)


def item_seconds(audit: pd.DataFrame) -> pd.DataFrame:
    """Sum the seconds each item was on the screen, by case and member, with how often it was opened.

    Parameters
    ----------
    audit
        What `read_audit` gives.

    Returns
    -------
    pandas.DataFrame
        Columns ``case item member seconds visits``.

    Examples
    --------
    >>> import pandas as pd
    >>> seen = pd.DataFrame({"case": ["a", "a"], "event": "question", "item": "q1", "member": [None, None], "seconds": [2.0, 3.0]})
    >>> item_seconds(seen)[["item", "seconds", "visits"]].values.tolist()
    [['q1', 5.0, 2]]
    """
    shown = audit[audit["event"].isin(ASKED)]
    keys = ["case", "item", "member"]
    grouped = shown.groupby(keys, dropna=False, sort=False)["seconds"]
    out: pd.DataFrame = grouped.agg(seconds=lambda one: one.sum(min_count=1), visits="size").reset_index()
    return out


def events(table: pd.DataFrame, log: Log, *, case: str | None = None) -> pd.DataFrame:
    """Give the events of an audit; those whose times run backwards, or are no times, are told."""
    import pandas as pd

    key = next((name for name in CASE if name in table), None)
    nodes = texts(table["node"])
    start, end = _moment(table, "start"), _moment(table, "end")
    seconds = (end - start) / 1000
    odd = (seconds < 0) | (seconds > LONGEST)
    unread = table["start"].notna().to_numpy() & np.isnan(start)
    wrong = odd | unread
    cases = texts(table[key]) if key else pd.Series([case] * len(table), dtype=object)
    if wrong.any():
        message = "Times of the audit run backwards, last over a day or are no times; their seconds are left blank."
        log.add("R028", message, count=int(wrong.sum()), column="audit", found=f"{cases[wrong].nunique()} interviews")
    last = nodes.str.rsplit("/", n=1).str[-1]
    return pd.DataFrame(
        {
            "case": cases,
            "event": texts(table["event"]),
            "node": nodes,
            "item": last.str.replace(MEMBER, "", regex=True),
            "member": pd.to_numeric(nodes.str.extract(MEMBER, expand=False)),
            "start": pd.to_datetime(pd.Series(start), unit="ms", utc=True),
            "end": pd.to_datetime(pd.Series(end), unit="ms", utc=True),
            "seconds": np.where(wrong, np.nan, seconds),
        }
    )


def _moment(table: pd.DataFrame, name: str) -> np.ndarray:
    """Give milliseconds since 1970; not a number for what is none, or lies outside the years computers know."""
    import pandas as pd

    if name not in table:
        return np.full(len(table), np.nan)
    out = pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=np.float64)
    return np.where(np.abs(out) < 8e12, out, np.nan)
