"""What ``field:`` in ``study.yaml`` declares about following the field, and the words about it that a report may use."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, ConfigDict

from survey_kit import files
from survey_kit.errors import StudyError, did_you_mean
from survey_kit.fieldwork.eligibility import METHODS
from survey_kit.study.field_screens import ScreensPlan, check_screens
from survey_kit.types import DataStatus

if TYPE_CHECKING:
    from survey_kit.study.study import Study

SCHEMA = "survey-kit/disclosure/1"
STRICT = ConfigDict(extra="forbid", use_attribute_docstrings=True)
Level: TypeAlias = str | tuple[str, ...]


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPlan:
    """How the field is followed."""

    __pydantic_config__ = STRICT

    contacts: str
    """The contact log, in the data folder: case, interviewer, attempt, start, end, code."""
    cases: str | None = None
    """The issued cases, in the data folder: case, psu, and what is known of all of them."""
    columns: dict[str, str] = field(default_factory=dict)
    """What a column of the log is called in these files, such as {case: hhid}."""
    wave: Annotated[str | None, BeforeValidator(_as_text, json_schema_input_type=str | int | None)] = None
    """The wave the log belongs to; the last when left out."""
    weight: str | None = None
    """The column of base weights among the issued cases."""
    selection: Literal["probability", "quota", "random_route"] = "probability"
    """How cases were chosen; quota and random-route samples have no response rate."""
    e: Literal["proportional", "casro", "two_stage", "survival", "one", "zero"] | float = "proportional"
    """How the eligible share of the cases of unknown eligibility is found, or the share itself."""
    domains: tuple[Level, ...] = ()
    """Columns of the issued cases for whose levels outcome rates are computed."""
    balance: tuple[Level, ...] = ()
    """Columns known of all issued cases that response is held against."""
    target: int | None = None
    """How many complete interviews are wanted."""
    screens: ScreensPlan | None = None
    """Which columns of the interviews screens look at; without it no interview is screened."""
    disclosure: str = "field_disclosure.yaml"
    """Beside this file: what survey-kit field --disclose tells of dates, modes and outcome, from counts alone, for the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """The words about the field that stand in a report where its author wrote none."""

    __pydantic_config__ = STRICT

    study: str
    """The study's id."""
    data_status: DataStatus
    """Whether the field was real or simulated."""
    until: str
    """The last day counted."""
    method: dict[Literal["dates", "modes", "sample_sizes"], str]
    """The elements of disclosure."""


def disclosure_path(folder: Path, plan: FieldPlan | None) -> tuple[Path, ...]:
    """Give the file of disclosed words beside the study file, when there is one."""
    path = folder / plan.disclosure if plan is not None else None
    return (path,) if path is not None and path.is_file() else ()


def field_disclosure(study: Study) -> dict[str, str]:
    """Give what the file of disclosed words tells; nothing when there is none.

    Raises
    ------
    StudyError
        When it belongs to another study, or to a field of another status: words about a simulation never stand beside real answers.

    Examples
    --------
    >>> from survey_kit.study import read_study
    >>> field_disclosure(read_study("analyses/brazil_trust"))
    {}
    """
    for path in disclosure_path(study.folder, study.field_):
        document = files.read_yaml(path, "file of disclosure", StudyError)
        told = files.declared(document, Disclosure, SCHEMA, StudyError)
        for key, ours in (("study", study.id), ("data_status", study.data_status)):
            if getattr(told, key) != ours:
                raise StudyError(
                    "The words about the field belong to another study.",
                    where=document.at((key,)),
                    found=f"{getattr(told, key)}, not {ours}",
                    fix="Run survey-kit field --disclose again.",
                )
        return {str(name): text for name, text in told.method.items()}
    return {}


def write_disclosure(study: Study, method: dict[str, str], until: str) -> Path:
    """Write the words about the field beside the study file."""
    import json

    name = "field_disclosure.yaml" if study.field_ is None else study.field_.disclosure
    lines = [
        "# Written by survey-kit field --disclose; from counts alone. Words under 'method:' in study.yaml go before these.",
        f"schema: {SCHEMA}",
        f"study: {study.id}",
        f"data_status: {study.data_status}",
        f"until: {json.dumps(until)}",
        "method:",
        *(f"  {key}: {json.dumps(text, ensure_ascii=False)}" for key, text in method.items()),
    ]
    return files.write_text(study.folder / name, "\n".join(lines) + "\n")


def check_field(study: Study, where: str) -> None:
    """Refuse a plan that names a wave the study has not, or a share that is none.

    Raises
    ------
    StudyError
        With the line of the key.
    """
    plan = study.field_
    if plan is None:
        return
    waves = [one.id for one in study.waves]
    if plan.wave is not None and plan.wave not in waves:
        raise StudyError(f"There is no wave '{plan.wave}'.", where=where, fix=did_you_mean(plan.wave, waves))
    if not isinstance(plan.e, str) and not 0 <= plan.e <= 1:
        fix = f"Write one of {', '.join(METHODS)}, or a share."
        raise StudyError("e is a share between 0 and 1.", where=where, found=f"{plan.e:g}", fix=fix)
    if plan.target is not None and plan.target < 1:
        raise StudyError(
            "The target is a number of interviews.", where=where, found=str(plan.target), fix="target: 8000"
        )
    if plan.balance and plan.cases is None:
        fix = "Add 'cases:' with the list of issued cases."
        raise StudyError("Balance needs what is known of every issued case.", where=where, fix=fix)
    check_screens(plan.screens, study.instrument(plan.wave), where)
