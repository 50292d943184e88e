"""``survey-kit sample``: from a frame to a drawn sample with its record and the papers of the field."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from survey_kit.cli.console import progress, table
from survey_kit.cli.outcome import FINDINGS, Outcome
from survey_kit.cli.studies import study_file
from survey_kit.errors import StudyError

if TYPE_CHECKING:
    import pandas as pd

    from survey_kit.study.sample_file import SampleFile
    from survey_kit.study.sample_run import SampleRun
    from survey_kit.types import DataStatus

MOST_ROWS = 60  # that are printed of a table; the file holds all


def sample(arguments: Namespace) -> Outcome:
    """Draw the sample and write it, unless the frame has faults or it is a dry run."""
    from survey_kit.study.sample_disclosure import write_words
    from survey_kit.study.sample_frame import ready_frame
    from survey_kit.study.sample_run import run_sample

    with progress(quiet=arguments.quiet or arguments.json) as told:
        declared, study, status, home = _declared(arguments)
        stem = f"synthetic-{study}" if status == "synthetic" else study
        folder = arguments.to or Path("build") / f"{stem}-sample"
        ready = ready_frame(declared)
        if ready.errors:
            return _faulty(study, status, ready.problems, ready.errors)
        made = run_sample(declared, study=study, data_status=status, progress=told)
        written = [] if arguments.dry_run else list(made.write(folder, force=arguments.force))
        if arguments.disclose and not arguments.dry_run:
            written.append(write_words(home, study, status, made.disclosure()))
    strata = made.first.summary()
    record = {
        **{key: value for key, value in made.record().items() if key not in {"schema", "draw", "assignment"}},
        "study": study,
        "dry_run": arguments.dry_run,
        "drawn": [len(stage.rows) for stage in made.drawn.stages],
        "problems": _records(made.problems),
        "strata": _records(strata),
        "story": made.story(),
        "written": written,
    }
    return Outcome(record=record, text=_text(made, strata, written))


def _declared(arguments: Namespace) -> tuple[SampleFile, str, DataStatus, Path]:
    """Find the file of the sample, given as such or named by the study, with the study's id, status and folder."""
    from survey_kit import files
    from survey_kit.sampling.plan import SCHEMA
    from survey_kit.study import read_study
    from survey_kit.study.sample_file import read_sample_file

    named = Path(arguments.study)
    other = arguments.data or (Path(os.environ["SURVEY_KIT_DATA"]) if os.environ.get("SURVEY_KIT_DATA") else None)
    if named.is_file():
        value = files.read_yaml(named, "sample file").value
        if isinstance(value, dict) and value.get("schema") == SCHEMA:
            alone = read_sample_file(named, data=() if other is None else (other,))
            return alone, named.absolute().parent.name, alone.data_status, named.parent
    study = read_study(study_file(arguments.study), data=arguments.data)
    if study.sample is None:
        fix = "Add 'sample: sample.yaml' and write that file; docs/sampling.md shows how."
        raise StudyError("The study declares no sample.", where=str(study.path), fix=fix)
    return read_sample_file(study.folder / study.sample, data=study.data), study.id, study.data_status, study.folder


def _faulty(study: str, status: str, problems: pd.DataFrame, errors: int) -> Outcome:
    told = f"{study} ({status}): {errors} faults of the frame; nothing was drawn\n\n{_problems(problems)}"
    record = {"study": study, "data_status": status, "errors": errors, "problems": _records(problems), "written": []}
    return Outcome(record=record, text=told, code=FINDINGS)


def _text(made: SampleRun, strata: pd.DataFrame, written: list[Path]) -> str:
    parts = [f"{made.id} ({made.data_status})", "\n".join(made.story())]
    if len(made.problems):
        parts.append(f"What is to be known of the frame\n{_problems(made.problems)}")
    parts.append(f"Strata{_more(strata)}\n{_figures(strata.head(MOST_ROWS))}")
    if made.assignment is not None:
        loads = made.assignment.workloads
        parts.append(f"Interviewers{_more(loads)}\n{_figures(loads.head(MOST_ROWS))}")
    if written:
        papers = [path for path in written if path.parent.name == "papers"]
        told = [f"  {path}" for path in written if path not in papers]
        told += [f"  {papers[0].parent}: {len(papers)} files to print"] if papers else []
        parts.append("\n".join(("Written, for the field team only", *told)))
    else:
        parts.append("Nothing was written.")
    return "\n\n".join(parts)


def _more(part: pd.DataFrame) -> str:
    return f" ({MOST_ROWS} of {len(part)})" if len(part) > MOST_ROWS else ""


def _problems(problems: pd.DataFrame) -> str:
    rows = []
    for one in problems.head(MOST_ROWS).to_dict("records"):
        told = (
            str(one["stratum"]),
            f"unit {one['unit']}" if one["unit"] else "",
            f"row {one['row']}" if one["row"] else "",
        )
        where = ", ".join(part for part in told if part)
        message = f"{one['message']} {one['fix']}"
        rows.append((str(one["severity"]), str(one["code"]), where, str(one["found"]), message))
    return table(("severity", "code", "where", "found", "what, and what to do"), rows) + _more(problems)


def _figures(part: pd.DataFrame) -> str:
    numeric = [str(name) for name in part.columns if part[name].dtype.kind in "fi"]
    rows = [
        tuple(f"{value:,.4g}" if isinstance(value, float) else str(value) for value in row)
        for row in part.itertuples(index=False, name=None)
    ]
    return table(tuple(map(str, part.columns)), rows, right=tuple(numeric))


def _records(part: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): None if value != value else value for name, value in row.items()}  # noqa: PLR0124
        for row in part.to_dict("records")
    ]
