"""``study new``: a study, an instrument and indicators drafted from somebody's labelled file."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from survey_kit import files
from survey_kit.drafting.columns import Column, look
from survey_kit.drafting.decisions import Decision, Ledger
from survey_kit.drafting.figures import draft_figures, families_of, figures_yaml
from survey_kit.drafting.form import draft_form, form_yaml
from survey_kit.drafting.plan import plan_yaml, sampling_of
from survey_kit.errors import StudyError

KEEP_OUT = "# answers of people stay out of version control\n*\n!.gitignore\n"
LEFT_OUT = {
    "identifier": "may tell who somebody is: take it out of the file, a report never needs it",
    "open": "open text or a long list: not an answer on a scale",
    "constant": "the same value in every row",
    "paradata": "about the interview, or a second candidate for a part of the design",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What was drafted, and what is left to decide."""

    folder: Path
    instrument: Path
    items: int
    figures: int
    decisions: tuple[Decision, ...]
    left_out: dict[str, tuple[str, ...]]

    @property
    def open(self) -> tuple[Decision, ...]:
        """List the decisions that have no guess to go on with."""
        return tuple(one for one in self.decisions if one.open)


def draft(name: str, source: str | Path, to: str | Path = "analyses") -> Draft:
    """Draft a study from a labelled file; nothing that exists is overwritten.

    Parameters
    ----------
    name
        The study's id.
    source
        A labelled ``.sav`` or ``.dta`` file, or a ``.csv`` without labels.
    to
        The folder in which studies stand; the instrument goes to ``instruments/`` beside it.
    """
    from survey_kit.responses.read import read_labelled

    source, to = Path(source), Path(to)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise StudyError(
            "A study's id is small letters, digits and _.", found=repr(name), fix="Write it like my_trust."
        )
    study, form_folder = to / name, _instruments(to) / name
    for folder in (study, form_folder):
        if folder.exists():
            raise StudyError(
                "Something of this name is there already.",
                where=str(folder),
                fix="Choose another name; nothing was written.",
            )
    files.existing(source, "data file", StudyError)
    labelled = read_labelled(source)
    columns = look(labelled)
    form = draft_form(name, columns)
    if not form.items:
        raise StudyError(
            "The file holds no questions.",
            where=str(source),
            found=f"{len(columns)} columns",
            fix="Name a file with answers.",
        )
    sampling, figures, ledger = sampling_of(columns, labelled.frame), draft_figures(form), Ledger()
    written = {
        "study.yaml": plan_yaml(name, source.name, form, columns, sampling, families_of(figures), ledger),
        "instrument.yaml": form_yaml(form, source.name, ledger),
        "indicators.yaml": figures_yaml(form, figures, ledger),
    }
    left_out = _left_out(columns)
    written["DECISIONS.md"] = ledger.markdown(name, source.name) + _left_out_text(left_out)
    _put(study, form_folder, written, source)
    return Draft(
        folder=study,
        instrument=form_folder,
        items=len(form.items),
        figures=len(figures),
        decisions=tuple(ledger.entries),
        left_out=left_out,
    )


def _instruments(to: Path) -> Path:
    """Find where instruments stand: beside ``analyses``, else in the folder of the studies."""
    beside = to.resolve().parent / "instruments"
    if not (to / "instruments").is_dir() and (to.resolve().name == "analyses" or beside.is_dir()):
        return to.parent / "instruments" if to.name else beside
    return to / "instruments"


def _left_out(columns: Sequence[Column]) -> dict[str, tuple[str, ...]]:
    out = {role: tuple(column.name for column in columns if column.role == role) for role in LEFT_OUT}
    return {role: names for role, names in out.items() if names}


def _left_out_text(left_out: dict[str, tuple[str, ...]]) -> str:
    if not left_out:
        return ""
    lines = ["", "## Columns that are no items", ""]
    lines += [f"- {', '.join(f'`{name}`' for name in names)}: {LEFT_OUT[role]}" for role, names in left_out.items()]
    return "\n".join(lines) + "\n"


def _put(study: Path, form_folder: Path, written: dict[str, str], source: Path) -> None:
    """Write both folders aside and move them into place, so that a stop leaves no half a draft."""
    study.parent.mkdir(parents=True, exist_ok=True)
    form_folder.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=".draft-", dir=study.parent) as one,
        tempfile.TemporaryDirectory(prefix=".draft-", dir=form_folder.parent) as other,
    ):
        new_study, new_form = Path(one) / study.name, Path(other) / form_folder.name
        for name, text in written.items():
            files.write_text((new_form if name == "instrument.yaml" else new_study) / name, text)
        store(source, new_study / "data")
        new_form.rename(form_folder)
        try:
            new_study.rename(study)
        except BaseException:
            shutil.rmtree(form_folder)
            raise


def store(source: Path, folder: Path) -> Path:
    """Copy a file of answers into a study's own data folder, which version control leaves alone."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".gitignore").exists():
        files.write_text(folder / ".gitignore", KEEP_OUT)
    with files.atomic(folder / source.name) as temporary:
        shutil.copyfile(source, temporary)
    return folder / source.name
