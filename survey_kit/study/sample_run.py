"""A sample drawn as its file declares: frame, stages, cases, interviewers, papers, and the record of everything."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import files, frames
from survey_kit.errors import DesignError
from survey_kit.responses.read import read_table
from survey_kit.sampling import PlanDraw
from survey_kit.sampling.assign import Assignment, assign
from survey_kit.sampling.documents import CONTACT_LOG, Document, Papers, refuse_report, write_papers
from survey_kit.sampling.documents_cases import case_list
from survey_kit.sampling.frame_check import check_frame
from survey_kit.sampling.household import kish_tables
from survey_kit.study.sample_file import SampleFile
from survey_kit.study.sample_frame import ReadyFrame, ready_frame
from survey_kit.study.sample_words import public_story_of, story_of
from survey_kit.types import DataStatus, Frame, Progress

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "survey-kit/sample-run/1"
RECORD = "record.json"
LISTING = ("line", "street", "house", "flat", "use", "households", "remarks")
MOST_SHEETS = 400  # that are printed from one file
OF_THE_SIZES = ("F012", "F014")  # what only the sample sizes can tell


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleRun:
    """A drawn sample with everything the field needs.

    Attributes
    ----------
    id, data_status
        The study, and whether its frame is real or made up.
    sample
        The file.
    ready
        The frame, its problems and repairs.
    first, drawn
        The draw of the first stage, and of all stages whose listings are there.
    problems
        What is to be known of the frame, given the sample sizes.
    cases
        One row for each case, if there are any: unit, id, Kish's table, interviewer.
    assignment
        Who interviews where, if interviewers are declared.
    papers
        Documents for the field.
    inputs
        SHA-256 of every file read, by name.
    """

    id: str
    data_status: DataStatus
    sample: SampleFile = field(repr=False)
    ready: ReadyFrame = field(repr=False)
    first: PlanDraw = field(repr=False)
    drawn: PlanDraw
    problems: pd.DataFrame = field(repr=False)
    cases: Frame | None = field(repr=False)
    assignment: Assignment | None
    papers: tuple[Document, ...] = field(repr=False)
    inputs: Mapping[str, str] = field(repr=False)

    @property
    def stem(self) -> str:
        """Give the beginning of all file names."""
        return f"synthetic-{self.id}" if self.data_status == "synthetic" else self.id

    def story(self) -> list[str]:
        """Tell in plain sentences how the sample came about."""
        lines = story_of(self)
        return [f"Synthetic frame: {lines[0]}", *lines[1:]] if self.data_status == "synthetic" else lines

    def disclosure(self) -> list[str]:
        """Tell what a report may: the story without seed and digests, from which anybody could find the places drawn."""
        return public_story_of(self)

    def record(self) -> dict[str, Any]:
        """Give what repeats and audits the sample, as plain values."""
        from survey_kit import __version__

        return {
            "schema": SCHEMA,
            "id": self.id,
            "data_status": self.data_status,
            "seed": self.sample.seed,
            "inputs": dict(self.inputs),
            "draw": self.drawn.to_dict(),
            "assignment": None if self.assignment is None else dict(self.assignment.record),
            "survey_kit": __version__,
            "numpy": np.__version__,
        }

    def tables(self) -> dict[str, pd.DataFrame]:
        """Give every table that is written, by name."""
        import pandas as pd

        out = {"problems": self.problems, "problems_as_given": self.ready.given}
        if self.ready.covered is not None:
            out["coverage"] = self.ready.covered
        if self.ready.repaired is not None:
            out["repairs"] = self.ready.repaired.log
        if self.ready.remade is not None:
            out[self.ready.remade.kind] = self.ready.remade.mapping
        out["strata"] = self.first.summary()
        out["units"] = self._units()
        if len(frames.texts(self.first.reserves, self.sample.plan.stages[0].unit)):
            out["reserve"] = frames.to_pandas(self.first.reserves)
        if self.drawn is not self.first:
            out[f"units_{len(self.drawn.stages)}"] = frames.to_pandas(self.drawn.frame)
        if self.cases is not None:
            out["cases"] = frames.to_pandas(self.cases)
            out["contacts"] = pd.DataFrame(columns=list(CONTACT_LOG))
        if self.assignment is not None:
            out["workloads"] = self.assignment.workloads
        if self.drawn is self.first:
            out["listing"] = pd.DataFrame(columns=[self.sample.plan.stages[0].unit, *LISTING])
        return out

    def _units(self) -> pd.DataFrame:
        table: pd.DataFrame = frames.to_pandas(
            _with_crew(self.first.frame, self.sample.plan.stages[0].unit, self.assignment)
        )
        return table

    def __repr__(self) -> str:
        return f"Sample of '{self.id}' ({self.data_status}): {self.drawn!r}"

    def _repr_html_(self) -> str:
        lines = "".join(f"<li>{escape(line)}</li>" for line in self.story())
        return f"<ol>{lines}</ol>{self.drawn._repr_html_()}"

    def write(self, folder: str | Path, *, force: bool = False) -> tuple[Path, ...]:
        """Write tables, record, papers and the story into a folder for the field team; whole or not at all.

        Raises
        ------
        DesignError
            If the folder belongs to a report or holds other files, or, unless `force`, another sample.
        """
        place = Path(folder)
        refuse_report(place)
        _refuse_other(place, self.record(), force=force)
        place.parent.mkdir(parents=True, exist_ok=True)
        coming = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
        try:
            names = self._write_into(coming)
            coming.chmod(0o750)
            if place.exists():
                shutil.rmtree(place)
            coming.rename(place)
        finally:
            shutil.rmtree(coming, ignore_errors=True)
        return tuple(place / name for name in names)

    def _write_into(self, folder: Path) -> list[Path]:
        made = []
        for name, table in self.tables().items():
            text = table.assign(data_status=self.data_status).to_csv(index=False, lineterminator="\n")
            made.append(files.write_text(folder / f"{self.stem}-{name}.csv", text))
        made.append(files.write_text(folder / f"{self.stem}-story.txt", "\n".join(self.story()) + "\n"))
        record = json.dumps(self.record(), ensure_ascii=False, indent=2) + "\n"
        made.append(files.write_text(folder / RECORD, record))
        made += write_papers(folder / "papers", self.papers, formats=self.sample.field.formats)
        return [path.relative_to(folder) for path in made]


def _refuse_other(place: Path, record: Mapping[str, Any], *, force: bool) -> None:
    """Keep a sample that may be in the field from being overwritten by another, and other files from being removed."""
    if not place.exists() or (place.is_dir() and not any(place.iterdir())):
        return
    there: Any = None
    try:
        there = json.loads((place / RECORD).read_text(encoding="utf-8"))
        drawn = there["draw"]["stages"][0]["draw"]["rows_digest"] if there["schema"] == SCHEMA else None
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        drawn = None
    if drawn is None:
        raise DesignError("This folder holds no sample.", where=str(place), fix="Name a new folder with --to.")
    if there.get("id") != record["id"]:
        found = f"a sample of '{there.get('id')}'"
        raise DesignError(
            "This folder holds another sample.", where=str(place), found=found, fix="Name another folder."
        )
    if drawn != record["draw"]["stages"][0]["draw"]["rows_digest"] and not force:
        raise DesignError(
            "Another sample was drawn here before, and may be in the field.",
            where=str(place / RECORD),
            found=f"seed {there.get('seed')}; now seed {record['seed']}, or the frame or plan has changed",
            fix="Name another folder with --to, or add --force to replace it for good.",
        )


# ----------------------------------------------------------------------------------------------------------- the way
def run_sample(
    sample: SampleFile, *, study: str, data_status: DataStatus, progress: Progress | None = None
) -> SampleRun:
    """Draw a sample as its file declares; nothing is written.

    Parameters
    ----------
    sample
        As `read_sample_file` gives it.
    study, data_status
        The study's id and status.
    progress
        Called with what is being done, steps done and steps in all.

    Raises
    ------
    DesignError
        If the frame has faults that forbid a draw, or a stage, a listing or the assignment is impossible.
    """

    def tell(what: str, done: int) -> None:
        if progress:
            progress(what, done, 4)

    tell("checking the frame", 0)
    ready = ready_frame(sample).checked()
    tell("drawing", 1)
    first = sample.plan.draw(ready.frame, rng=sample.seed)
    inputs = {sample.path.name: files.digest(sample.path), **ready.inputs}
    drawn = first
    for one in sample.listings:
        path = sample.table(one.file)
        inputs[path.name] = files.digest(path)
        drawn = drawn.next_stage(read_table(path), rng=one.seed, empty=one.empty)
    tell("assigning interviewers", 2)
    cases = _cases(sample, first, drawn)
    assignment = None
    if sample.field.interviewers is not None and cases is not None:
        assignment, cases = _assigned(sample, cases, inputs)
    tell("papers of the field", 3)
    papers = _papers(sample, first, cases, assignment, synthetic=data_status == "synthetic")
    return SampleRun(
        id=study,
        data_status=data_status,
        sample=sample,
        ready=ready,
        first=first,
        drawn=drawn,
        problems=_problems(sample, ready, first),
        cases=cases,
        assignment=assignment,
        papers=papers,
        inputs=inputs,
    )


def derived_seed(seed: int, use: str) -> int:
    """Give a seed of its own for each use, from the one that the file declares.

    Examples
    --------
    >>> derived_seed(2026, "kish") == derived_seed(2026, "kish"), derived_seed(2026, "kish") == derived_seed(2026, "assign")
    (True, False)
    """
    return int.from_bytes(hashlib.sha256(f"{seed} {use}".encode()).digest()[:6], "big")


def _problems(sample: SampleFile, ready: ReadyFrame, first: PlanDraw) -> pd.DataFrame:
    """Add to the frame's problems what the sample sizes tell: single units, certain units."""
    import pandas as pd

    stage, made = sample.plan.stages[0], first.stages[0]
    wanted = dict(zip(made.draw.prepared.strata.levels, made.main.tolist(), strict=True))
    table = check_frame(
        ready.frame, unit=stage.unit, size=stage.size, strata=stage.strata, certainty=stage.certainty, n=wanted
    )
    whole: pd.DataFrame = pd.concat([ready.problems, table[table["code"].isin(OF_THE_SIZES)]], ignore_index=True)
    return whole


def _cases(sample: SampleFile, first: PlanDraw, drawn: PlanDraw) -> Frame | None:
    """Give the cases: what was drawn from a listing, or as many numbers for each unit as declared."""
    stage, wanted = sample.plan.stages[0], sample.field
    area = () if wanted.interviewers is None or wanted.interviewers.area is None else (wanted.interviewers.area,)
    name = () if sample.frame.name is None else (sample.frame.name,)
    seed = derived_seed(sample.seed, "kish")
    if drawn is first:
        if wanted.cases is None:
            return None
        keep = tuple(dict.fromkeys((*name, *stage.strata, *area)))
        return case_list(first.frame, unit=stage.unit, n=wanted.cases, keep=keep, kish=wanted.kish, rng=seed)
    there = set(frames.columns(drawn.frame))
    upper = frames.texts(drawn.frame, stage.unit)
    own = frames.texts(drawn.frame, drawn.last.stage.unit)
    more: dict[str, Any] = {"case": [f"{a}-{b}" for a, b in zip(upper, own, strict=True)]}
    if wanted.kish and not drawn.last.stage.of_persons and "kish" not in there:
        more["kish"] = kish_tables(len(own), rng=seed)
    top = frames.to_pandas(first.frame)
    places = dict(zip(frames.texts(first.frame, stage.unit), range(len(top)), strict=True))
    at = [places[one] for one in upper]
    more |= {column: top[column].iloc[at].tolist() for column in (*name, *area) if column not in there}
    if "case" in there:
        raise DesignError(
            "The listing has a column 'case' already.", fix="Rename it: case ids are made of unit and line."
        )
    return frames.gathered(drawn.frame, {}, more)


def _assigned(sample: SampleFile, cases: Frame, inputs: dict[str, str]) -> tuple[Assignment, Frame]:
    crew = sample.field.interviewers
    if crew is None:
        raise DesignError("The sample declares no interviewers.", where=str(sample.path), fix="Add 'interviewers:'.")
    path = sample.table(crew.file)
    inputs[path.name] = files.digest(path)
    made = assign(
        cases,
        read_table(path),
        psu=sample.plan.stages[0].unit,
        rng=derived_seed(sample.seed, "assign"),
        workload=crew.workload,
        interviewer=crew.interviewer,
        area=crew.area,
        per_psu=crew.per_psu,
        case="case",
    )
    return made, made.frame


def _with_crew(units: Frame, unit: str, assignment: Assignment | None) -> Frame:
    """Give the units drawn with those who work there and their number of cases."""
    if assignment is None:
        return units
    grouped = assignment.pairs.groupby("psu")
    who = grouped["interviewer"].agg(", ".join).to_dict()
    count = grouped["cases"].sum().to_dict()
    ids = [str(one) for one in frames.texts(units, unit)]
    more = {"cases": [int(count.get(one, 0)) for one in ids], "interviewers": [who.get(one, "") for one in ids]}
    return frames.gathered(units, {}, more)


def _contacts(papers: Papers, cases: Frame, sample: SampleFile) -> tuple[Document, ...]:
    """Give contact sheets by interviewer; where nobody is assigned and they are many, by sampling unit."""
    made = papers.contacts(cases, attempts=sample.field.attempts)
    if "interviewer" in frames.columns(cases):
        return made.split(_texts(cases, "interviewer"))
    return made.split(_texts(cases, papers.unit)) if len(made.sheets) > MOST_SHEETS else (made,)


def _texts(frame: Frame, name: str) -> list[str]:
    return [text or "" for text in frames.texts(frame, name)]


def _papers(
    sample: SampleFile, first: PlanDraw, cases: Frame | None, assignment: Assignment | None, *, synthetic: bool
) -> tuple[Document, ...]:
    stage = sample.plan.stages[0]
    out: list[Document] = []
    units = _with_crew(first.frame, stage.unit, assignment)
    for language in sample.field.languages:
        papers = Papers(
            unit=stage.unit,
            name=sample.frame.name,
            strata=stage.strata,
            size=stage.size,
            language=language,
            synthetic=synthetic,
        )
        out.append(papers.units(units))
        if not sample.listings:
            listing = papers.listing(first.frame, lines=sample.field.lines)
            many = stage.strata and len(listing.sheets) > MOST_SHEETS
            out += listing.split(_texts(first.frame, stage.strata[0])) if many else (listing,)
        if cases is not None:
            out += _contacts(papers, cases, sample)
        if assignment is not None and cases is not None:
            out.append(papers.assignments(cases))
    return tuple(out)
