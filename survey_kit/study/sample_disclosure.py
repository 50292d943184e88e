"""What a report may tell of a sample: its recruitment in words that lead nobody to the places drawn."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import ConfigDict

from survey_kit import files
from survey_kit.errors import StudyError
from survey_kit.types import DataStatus

if TYPE_CHECKING:
    from survey_kit.study.study import Study

SCHEMA = "survey-kit/sample-disclosure/1"
NAME = "sample_disclosure.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleWords:
    """The words about a sample that stand in a report where its author wrote none."""

    __pydantic_config__ = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    study: str
    """The study's id."""
    data_status: DataStatus
    """Whether the frame was real or made up."""
    method: dict[Literal["recruitment"], str]
    """The elements of disclosure."""


def words_path(folder: Path) -> tuple[Path, ...]:
    """Give the file of disclosed words beside the study file, when there is one."""
    path = folder / NAME
    return (path,) if path.is_file() else ()


def sample_disclosure(study: Study) -> dict[str, str]:
    """Give what the file of disclosed words tells; nothing when there is none.

    Raises
    ------
    StudyError
        When it belongs to another study, or to a frame of another status.

    Examples
    --------
    >>> from survey_kit.study import read_study
    >>> sample_disclosure(read_study("analyses/brazil_trust"))
    {}
    """
    for path in words_path(study.folder):
        document = files.read_yaml(path, "file of disclosure", StudyError)
        told = files.declared(document, SampleWords, SCHEMA, StudyError)
        for key, ours in (("study", study.id), ("data_status", study.data_status)):
            if getattr(told, key) != ours:
                raise StudyError(
                    "The words about the sample belong to another study.",
                    where=document.at((key,)),
                    found=f"{getattr(told, key)}, not {ours}",
                    fix="Run survey-kit sample --disclose again.",
                )
        return {str(name): text for name, text in told.method.items()}
    return {}


def write_words(folder: Path, study: str, data_status: DataStatus, sentences: list[str]) -> Path:
    """Write the words about the sample beside the study file."""
    lines = [
        "# Written by survey-kit sample --disclose. Words under 'method:' in study.yaml go before these.",
        f"schema: {SCHEMA}",
        f"study: {study}",
        f"data_status: {data_status}",
        "method:",
        f"  recruitment: {json.dumps(' '.join(sentences), ensure_ascii=False)}",
    ]
    return files.write_text(folder / NAME, "\n".join(lines) + "\n")
