"""Run a native parser in a process of its own, limited in memory and time, and take its table as an Arrow file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from survey_kit.errors import ResponsesError

if TYPE_CHECKING:
    import pandas as pd

Native: TypeAlias = Literal["parquet", "xlsx", "sav", "dta"]
PROGRAM = Path(__file__).with_name("native.py")
NEEDS: dict[Native, tuple[str, ...]] = {
    "parquet": ("pyarrow",),
    "xlsx": ("pyarrow", "python_calamine"),
    "sav": ("pyarrow", "pyreadstat"),
    "dta": ("pyarrow", "pyreadstat"),
}
KINDS: dict[Native, str] = {"parquet": "Parquet", "xlsx": "Excel (.xlsx)", "sav": "SPSS (.sav)", "dta": "Stata (.dta)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a parser may use: bytes of memory and seconds."""

    memory: int = 6 * 1024**3
    seconds: int = 300


LIMITS = Limits()


def parse(
    path: Path,
    kind: Native,
    *,
    columns: Sequence[str] | None = None,
    encoding: str = "utf-8",
    sheet: str | int | None = None,
    limits: Limits = LIMITS,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Give the table of a file and what the file says about it; a parser that fails, crashes or hangs is one error."""
    absent = [name for name in NEEDS[kind] if find_spec(name) is None]
    if absent:
        raise ResponsesError(
            f"Reading {KINDS[kind]} needs {' and '.join(absent)}, not installed here.",
            where=str(path),
            fix='Install the extra: pip install "trust-survey-kit[files]".',
        )
    options = {
        "columns": None if columns is None else list(columns),
        "encoding": encoding,
        "sheet": sheet,
        "memory": limits.memory,
        "seconds": limits.seconds,
    }
    with tempfile.TemporaryDirectory(prefix="survey_kit_") as folder:
        arguments = [sys.executable, "-I", str(PROGRAM), str(path.resolve()), kind, folder, json.dumps(options)]
        code, complaint = _run(arguments, folder, limits)
        if code != 0:
            raise _fault(path, kind, code, Path(folder), complaint, limits)
        return _table(Path(folder) / "table.arrow"), json.loads((Path(folder) / "about.json").read_text("utf-8"))


def _run(arguments: Sequence[str], folder: str, limits: Limits) -> tuple[int | None, str]:
    quiet = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    environment = {**{k: v for k, v in os.environ.items() if k in {"PATH", "SYSTEMROOT", "LANG", "TZ"}}, **quiet}
    try:
        done = subprocess.run(
            arguments,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=limits.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, ""
    return done.returncode, done.stderr[-2000:].decode("utf-8", "replace")


def _fault(path: Path, kind: Native, code: int | None, folder: Path, complaint: str, limits: Limits) -> ResponsesError:
    told = folder / "fault.json"
    fix = (
        f"Open it in its own program and save it again; a file that was cut off has to be copied again. ({KINDS[kind]})"
    )
    timed_out = code is None or code == -getattr(signal, "SIGXCPU", 0)
    if timed_out:
        found, fix = f"the reader was stopped after {limits.seconds} seconds", "Save it as Parquet or CSV."
    elif told.exists():
        found = json.loads(told.read_text("utf-8"))
    elif code is not None and code < 0:
        found = f"the reader crashed (signal {-code})"
    else:
        lines = complaint.strip().splitlines()
        found = lines[-1] if lines else f"the reader stopped with code {code}"
    if "memory" in found.casefold():
        fix = "Save it as CSV, or take only the columns that are needed."
    return ResponsesError(f"The {KINDS[kind]} file cannot be read.", where=str(path), found=found, fix=fix)


def _table(path: Path) -> pd.DataFrame:
    import pyarrow as pa

    with pa.OSFile(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
    frame: pd.DataFrame = table.to_pandas().copy()  # Arrow's own memory cannot be written to
    return frame
