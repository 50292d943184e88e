"""``survey-kit report`` and ``survey-kit indicators``."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from survey_kit.cli.console import progress, table
from survey_kit.cli.outcome import Outcome
from survey_kit.cli.studies import study_file
from survey_kit.errors import IndicatorError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd


def report(arguments: Namespace) -> Outcome:
    """Build the report and say where it is."""
    from survey_kit.pipeline import build

    with progress(quiet=arguments.quiet or arguments.json) as told:
        made = build(
            study_file(arguments.study),
            data=arguments.data,
            to=arguments.to,
            formats=tuple(dict.fromkeys(arguments.formats)) if arguments.formats else None,
            force=arguments.force,
            progress=told,
        )
    return Outcome(record=made.record(), text=str(made))


def indicators(arguments: Namespace) -> Outcome:
    """Compute the rows, write all of them, print those of everybody."""
    from survey_kit import files
    from survey_kit.indicators import compute
    from survey_kit.indicators.rows import published
    from survey_kit.study import read_study

    with progress(quiet=arguments.quiet or arguments.json) as told:
        study = read_study(study_file(arguments.study), data=arguments.data)
        for name in arguments.indicator or ():
            known = [one.id for one in study.definitions]
            if name not in known:
                raise IndicatorError(
                    f"There is no indicator '{name}'.", where=str(study.path), fix=did_you_mean(name, known)
                )
        if told:
            told("computing the indicators", 0, 1)
        rows = published(compute(study).rows)
    stem = f"synthetic-{study.id}" if study.data_status == "synthetic" else study.id
    path = arguments.to or Path("build") / f"{stem}-indicators.csv"
    files.write_text(path, rows.to_csv(index=False, lineterminator="\n"))
    shown = rows[rows["domain"] == ""]
    if arguments.indicator:
        shown = shown[shown["indicator"].isin(arguments.indicator)]
    head = f"{study.id} ({study.data_status}): {len(rows)} rows written to {path}; shown: everybody, {len(shown)} rows"
    record = {"study": study.id, "data_status": study.data_status, "to": path, "rows": _records(shown)}
    return Outcome(record=record, text=f"{head}\n\n{_listed(shown)}")


def _listed(rows: pd.DataFrame) -> str:
    """Print one line per row: figure, interval, base, change since the wave before, how far to trust it."""
    lines = [
        (
            str(row["indicator"]),
            str(row["wave"]),
            _figure(row, row["estimate"]),
            f"[{_figure(row, row['ci_low'], bare=True)}, {_figure(row, row['ci_high'], bare=True)}]"
            if _there(row["ci_low"])
            else "",
            f"{int(row['n']):,}" if _there(row["n"]) else "",
            _figure(row, row["previous_change"], signed=True),
            _wording(row),
            str(row["reliability"]) if row["status"] == "ok" else str(row["status"]).replace("_", " "),
        )
        for row in rows.to_dict("records")
    ]
    names = ("indicator", "wave", "estimate", "95 % interval", "n", "change", "since the wave before", "quality")
    return table(names, lines, right=("estimate", "95 % interval", "n", "change"))


def _figure(row: Mapping[Any, Any], value: object, *, signed: bool = False, bare: bool = False) -> str:
    """Write a share, ratio or net score in percent, a mean score in points."""
    if not _there(value):
        return ""
    scale, sign = (1.0, "") if row["unit"] == "points" else (100.0, "" if signed or bare else " %")
    return f"{float(str(value)) * scale:{'+' if signed else ''}.1f}{sign}"


def _wording(row: Mapping[Any, Any]) -> str:
    words, reason = str(row["previous_wording"] or "").replace("_", " "), row["previous_reason"]
    return f"{words}: {reason}" if words == "cannot be compared" and _there(reason) else words


def _there(value: object) -> bool:
    return value is not None and str(value) not in {"nan", "<NA>", "NaT", ""}


def _records(rows: pd.DataFrame) -> list[dict[str, object]]:
    return [
        {str(name): value if _there(value) or value == "" else None for name, value in row.items()}
        for row in rows.to_dict("records")
    ]
