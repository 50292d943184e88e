"""``survey-kit check``: everything that can be said about a study before anything is computed."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from survey_kit.cli.console import progress, table
from survey_kit.cli.outcome import DONE, FINDINGS, Outcome
from survey_kit.cli.studies import study_file
from survey_kit.errors import InstrumentError, SurveyKitError

if TYPE_CHECKING:
    from survey_kit.instrument import Problem
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

    path = study_file(arguments.study)
    with progress(quiet=arguments.quiet or arguments.json) as told:
        if told:
            told("reading the study", 0, 2)
        try:
            study = read_study(path, data=arguments.data)
        except InstrumentError as error:
            return _broken(path, error)
        if told:
            told("reading the answers", 1, 2)
        findings = [*_instruments(study), *_indicators(study), *_data(study), *_sample(study), *_policy(study)]
        findings += _open(study)
    errors = sum(one.severity == "error" for one in findings)
    record = {
        "study": study.id,
        "data_status": study.data_status,
        "errors": errors,
        "findings": [asdict(one) for one in findings],
    }
    return Outcome(record=record, text=_text(study, findings, errors), code=FINDINGS if errors else DONE)


def _broken(path: Path, error: InstrumentError) -> Outcome:
    """List everything that is wrong with an instrument that cannot be used; nothing else can be looked at."""
    from survey_kit import files
    from survey_kit.instrument import check_folder, find_instrument

    try:
        name = files.read_yaml(path, "study file").value["instrument"]
        found = [_problem(one) for one in check_folder(find_instrument(name, path.parent))]
    except SurveyKitError:
        found = []
    findings = [one for one in found if one.severity == "error"] or [_of(error, "instrument")]
    head = f"{path}: the instrument cannot be used"
    record = {"study": str(path), "errors": len(findings), "findings": [asdict(one) for one in findings]}
    return Outcome(record=record, text=f"{head}\n\n{_listed(findings)}\n\n{len(findings)} errors", code=FINDINGS)


def _problem(problem: Problem) -> Finding:
    return Finding(
        part="instrument",
        severity=problem.severity,
        code=problem.code,
        where=problem.where,
        message=problem.message,
        fix=problem.fix,
    )


def _instruments(study: Study) -> Iterator[Finding]:
    """Tell the problems of every version of the instrument that a wave uses."""
    seen: set[tuple[str, str]] = set()
    for form in study.instruments.values():
        for problem in form.problems:
            key = (problem.code, problem.where)
            if key not in seen:
                seen.add(key)
                yield _problem(problem)


def _indicators(study: Study) -> Iterator[Finding]:
    """Hold the indicators against the routing of each version of the instrument, where the solver is installed."""
    from importlib.util import find_spec

    if find_spec("z3") is None:
        return
    from survey_kit.indicators.prove import prove_indicators

    for form in {form.version: form for form in study.instruments.values()}.values():
        for problem in prove_indicators(study.definitions, form):
            yield replace(_problem(problem), part="indicator")


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


def _sample(study: Study) -> Iterator[Finding]:
    """Check the frame of the sample that the study declares, after its repairs; nothing is drawn."""
    from survey_kit.study.sample_file import read_sample_file
    from survey_kit.study.sample_frame import ready_frame

    if study.sample is None:
        return
    try:
        problems = ready_frame(read_sample_file(study.folder / study.sample, data=study.data)).problems
    except SurveyKitError as error:
        yield _of(error, "sample")
        return
    for row in problems.to_dict("records"):
        told = (
            str(row["stratum"]),
            f"unit {row['unit']}" if row["unit"] else "",
            f"row {row['row']}" if row["row"] else "",
        )
        found = f" Found: {row['found']}." if row["found"] else ""
        yield Finding(
            part="sample",
            severity=str(row["severity"]),
            code=str(row["code"]),
            where=", ".join(part for part in told if part),
            message=f"{row['message']}{found}",
            fix=str(row["fix"]),
        )


def _policy(study: Study) -> Iterator[Finding]:
    """Check the files of a policy beside the study, and tell what they leave open."""
    from survey_kit.study.policy_cover import gaps
    from survey_kit.study.policy_read import read_policy

    try:
        policy = read_policy(study)
    except SurveyKitError as error:
        yield _of(error, "policy")
        return
    for told in gaps(study, policy) if policy else ():
        yield Finding(part="policy", severity="note", code="POLICY", where=str(study.folder), message=told)


def _open(study: Study) -> Iterator[Finding]:
    """Tell the decisions a draft left open, file by file, and what the disclosure lacks."""
    from survey_kit.drafting import open_decisions

    for path in study.inputs:
        found = open_decisions(path)
        if found:
            marks = dict.fromkeys(mark for _, mark in found)
            message = f"{len(marks)} decisions are open, marked '# DECIDE': {_runs(marks)}."
            where = f"{path}:{found[0][0]}"
            yield Finding(part="decision", severity="note", code="DECIDE", where=where, message=message)
    from_log = ("sample_sizes", "weighting") if study.plan is not None else ()  # told from the log of the weights
    lacking = [name for name in study.method.not_stated() if name not in from_log]
    if lacking:
        message = f"{len(lacking)} of 11 disclosure elements are not stated: {', '.join(lacking)}."
        yield Finding(part="study", severity="note", code="METHOD", where=str(study.path), message=message)


def _runs(marks: Iterable[str]) -> str:
    """Write D1, D2, D3 as D1-D3.

    Examples
    --------
    >>> _runs(["D1", "D2", "D3", "D7", "which year?"])
    'D1-D3, D7, which year?'
    """
    out: list[list[str]] = []
    for mark in marks:
        number = int(mark[1:]) if mark[1:].isdigit() else None
        if out and number is not None and out[-1][-1] == f"D{number - 1}":
            out[-1].append(mark)
        else:
            out.append([mark])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in out)


def _of(error: SurveyKitError, part: str) -> Finding:
    message = f"{error.what.rstrip('.')}." + (f" Found: {error.found.rstrip('.')}." if error.found else "")
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
    return f"{head}\n\n{_listed(findings)}\n\n{errors} errors, {len(findings) - errors} notes"


def _listed(findings: list[Finding]) -> str:
    ordered = sorted(findings, key=lambda one: one.severity != "error")
    here = f"{Path.cwd()}/"
    rows = [
        (one.severity, one.part, one.code, one.where.replace(here, ""), f"{one.message} {one.fix}".strip())
        for one in ordered
    ]
    return table(("severity", "part", "code", "where", "what, and what to do"), rows)
