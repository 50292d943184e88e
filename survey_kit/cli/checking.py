"""``survey-kit check``: everything that can be said about a study before anything is computed."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from survey_kit.cli.console import progress, table
from survey_kit.cli.outcome import DONE, FINDINGS, Outcome
from survey_kit.cli.studies import study_file
from survey_kit.errors import SurveyKitError

if TYPE_CHECKING:
    from survey_kit.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found: in which part, how grave, where, what, and what to do."""

    part: str
    severity: str
    code: str
    where: str
    message: str
    fix: str = ""


def check(arguments: Namespace) -> Outcome:
    """List every problem of study, instrument, indicators and data; exit code 1 when one of them is an error."""
    from survey_kit.study import read_study

    with progress(quiet=arguments.quiet or arguments.json) as told:
        if told:
            told("reading the study", 0, 2)
        study = read_study(study_file(arguments.study), data=arguments.data)
        if told:
            told("reading the answers", 1, 2)
        findings = [*_instruments(study), *_data(study), *_open(study)]
    errors = sum(one.severity == "error" for one in findings)
    record = {
        "study": study.id,
        "data_status": study.data_status,
        "errors": errors,
        "findings": [asdict(one) for one in findings],
    }
    return Outcome(record=record, text=_text(study, findings, errors), code=FINDINGS if errors else DONE)


def _instruments(study: Study) -> Iterator[Finding]:
    """Tell the problems of every version of the instrument that a wave uses."""
    seen: set[tuple[str, str]] = set()
    for form in study.instruments.values():
        for problem in form.problems:
            key = (problem.code, problem.where)
            if key not in seen:
                seen.add(key)
                yield Finding(
                    part="instrument",
                    severity=problem.severity,
                    code=problem.code,
                    where=problem.where,
                    message=problem.message,
                    fix=problem.fix,
                )


def _data(study: Study) -> Iterator[Finding]:
    """Read the answers and make the design; each fault is a finding, not the end."""
    from survey_kit.study import make_design, read_responses

    try:
        responses = read_responses(study)
    except SurveyKitError as error:
        yield _of(error, "data")
        return
    for row in responses.problems.to_dict("records"):
        place = ", ".join(
            f"{name} {row[name]}" for name in ("wave", "column") if str(row.get(name) or "") not in {"", "nan", "None"}
        )
        yield Finding(
            part="data",
            severity=str(row["severity"]),
            code=str(row["code"]),
            where=f"{place}, {row['count']} rows" if row.get("count") else place,
            message=str(row["message"]),
        )
    try:
        make_design(study, responses)
    except SurveyKitError as error:
        yield _of(error, "design")


def _open(study: Study) -> Iterator[Finding]:
    """Tell the decisions a draft left open, and what the disclosure lacks."""
    from survey_kit.drafting import open_decisions

    for path in study.inputs:
        for line, text in open_decisions(path):
            yield Finding(part="decision", severity="note", code="DECIDE", where=f"{path}:{line}", message=text)
    lacking = study.method.not_stated()
    if lacking:
        message = f"{len(lacking)} of 11 disclosure elements are not stated: {', '.join(lacking)}."
        yield Finding(part="study", severity="note", code="METHOD", where=str(study.path), message=message)


def _of(error: SurveyKitError, part: str) -> Finding:
    message = error.what + (f" Found: {error.found}." if error.found else "")
    return Finding(
        part=part,
        severity="error",
        code=type(error).__name__,
        where=error.where or "",
        message=message,
        fix=error.fix or "",
    )


def _text(study: Study, findings: list[Finding], errors: int) -> str:
    head = f"{study.id} ({study.data_status}): {len(study.waves)} waves, {len(study.definitions)} indicators"
    if not findings:
        return f"{head}\nNo problems found."
    ordered = sorted(findings, key=lambda one: one.severity != "error")
    rows = [
        (one.severity, one.part, one.code, one.where.replace(f"{Path.cwd()}/", ""), f"{one.message} {one.fix}".strip())
        for one in ordered
    ]
    listed = table(("severity", "part", "code", "where", "what, and what to do"), rows)
    return f"{head}\n\n{listed}\n\n{errors} errors, {len(findings) - errors} notes"
