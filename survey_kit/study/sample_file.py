"""What ``sample.yaml`` declares: the frame, how it is checked and mended, the stages, and the papers of the field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator

from survey_kit import files
from survey_kit.errors import DesignError, did_you_mean
from survey_kit.language import known_languages
from survey_kit.sampling import SamplePlan
from survey_kit.sampling.documents import Format
from survey_kit.sampling.frame_sizes import SizeRule
from survey_kit.sampling.plan import SCHEMA
from survey_kit.study.model import STRICT
from survey_kit.types import DataStatus

OF_THE_PLAN = ("title", "stages")


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=str | tuple[str, ...])]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageEntry:
    """Official figures that the frame is held against."""

    __pydantic_config__ = STRICT

    file: str
    """The table of figures."""
    by: Names = ()
    """Columns that name a domain in the frame and in the figures; none for one figure."""
    total: str = "total"
    """The column of figures."""
    tolerance: float = 0.05
    """From which relative difference on a domain is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BordersEntry:
    """Regions of a frame that is older than today's."""

    __pydantic_config__ = STRICT

    crosswalk: str
    """The crosswalk, from this file's folder."""
    region: str
    """The column of old regions."""
    place: str | None = None
    """The column of districts, where regions were divided."""
    places: str | None = None
    """The table that says in which new region each district lies, with the columns named by place and into."""
    into: str = "region_new"
    """The column of new regions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinEntry:
    """Small units that are joined with a neighbour."""

    __pydantic_config__ = STRICT

    minimum: float
    """The least size of a unit."""
    order_by: Names = ()
    """Columns that put neighbours beside each other."""
    name: str = "psu"
    """The column of new ids; sizes stand in <name>_size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentEntry:
    """Large units that are cut into segments."""

    __pydantic_config__ = STRICT

    maximum: float
    """The largest size of a unit."""
    measured: str | None = None
    """A table with sizes of segments."""
    name: str = "segment"
    """The column of new ids; sizes stand in <name>_size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameEntry:
    """The frame, and what is done to it before anything is drawn."""

    __pydantic_config__ = STRICT

    file: str
    """The table with one row for each unit."""
    unit: str | None = None
    """The column of unit ids as given; the first stage's when left out."""
    size: str | None = None
    """The column of sizes as given; the first stage's when left out."""
    name: str | None = None
    """The column with the unit's name in words."""
    within: Names = ()
    """Columns within which sizes are repaired and units joined; the first stage's strata when left out."""
    borders: BordersEntry | None = None
    """How old regions become today's."""
    coverage: CoverageEntry | None = None
    """Official figures to compare with."""
    repair: tuple[SizeRule, ...] = ()
    """Rules for sizes, in order; repaired ones stand in <size>_repaired."""
    join: JoinEntry | None = None
    """How small units are joined."""
    segment: SegmentEntry | None = None
    """How large units are cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingEntry:
    """A listing of the units drawn, from which the next stage is drawn."""

    __pydantic_config__ = STRICT

    file: str
    """The table with one row for each unit of the next stage."""
    seed: int
    """The seed of the next stage."""
    empty: tuple[str, ...] = ()
    """Units in which nobody was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewEntry:
    """The interviewers."""

    __pydantic_config__ = STRICT

    file: str
    """The table with one row for each interviewer, or each area of one."""
    workload: float | str
    """The most cases of one interviewer: a number, or a column."""
    interviewer: str = "interviewer"
    """The column of ids: pseudonyms, never names."""
    area: str | None = None
    """The column, also of the frame, with the area where an interviewer works."""
    per_psu: int = 2
    """Interviewers in each sampling unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldEntry:
    """The papers of the field."""

    __pydantic_config__ = STRICT

    languages: Names = ("en",)
    """Languages of the papers."""
    formats: tuple[Format, ...] = ("html",)
    """html, pdf, or both."""
    cases: int | str | None = None
    """Cases of each unit drawn: a number, or a column of the frame; left out where a listing is drawn from."""
    kish: bool = True
    """Whether each case gets a table of Kish's grid."""
    lines: int = 40
    """Lines of a listing sheet."""
    attempts: int = 6
    """Lines for attempts of a contact sheet."""
    interviewers: CrewEntry | None = None
    """Who interviews; without it cases are not assigned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entries:
    __pydantic_config__ = STRICT

    frame: FrameEntry
    seed: int
    data_status: DataStatus = "real"
    listings: tuple[ListingEntry, ...] = ()
    field: FieldEntry = field(default_factory=FieldEntry)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFile:
    """A sample as its file declares it.

    Attributes
    ----------
    path
        The file.
    plan
        Its stages.
    frame, seed, listings, field
        What else it declares; `seed` draws the first stage.
    data_status
        Whether the frame is real or made up, where no study says so.
    folders
        Where tables are looked for, the first first.
    """

    path: Path
    plan: SamplePlan
    frame: FrameEntry
    seed: int
    listings: tuple[ListingEntry, ...]
    field: FieldEntry
    data_status: DataStatus
    folders: tuple[Path, ...]

    def table(self, name: str) -> Path:
        """Find a table beside the file, in its ``data/``, or in another folder of data."""
        for folder in self.folders:
            if (folder / name).is_file():
                return folder / name
        near = [one.name for folder in self.folders if folder.is_dir() for one in folder.iterdir() if one.is_file()]
        looked = ", ".join(map(str, self.folders))
        raise DesignError(
            f"There is no table '{name}'.", where=f"{self.path}; looked in {looked}", fix=did_you_mean(name, near)
        )


def read_sample_file(path: str | Path, *, data: tuple[Path, ...] = ()) -> SampleFile:
    """Read ``sample.yaml``: schema ``survey-kit/sample/1``, with the keys ``frame seed stages [title listings field data_status]``.

    Parameters
    ----------
    path
        The file.
    data
        Further folders of tables, looked at before its own.

    Raises
    ------
    DesignError
        If a key is unknown or missing, or a part contradicts another; with the line.
    """
    file = Path(path)
    document = files.read_yaml(file, "sample file", DesignError)
    if not isinstance(document.value, Mapping):
        raise DesignError(
            "The file does not hold a mapping.", where=str(file), fix=f"Start it with 'schema: {SCHEMA}'."
        )
    own = {key: part for key, part in document.value.items() if key not in OF_THE_PLAN}
    rest = files.Document(path=file, value=own, lines=document.lines)
    made = files.declared(rest, _Entries, SCHEMA, DesignError)
    plan = SamplePlan.from_yaml(file)
    _check(made, plan, document)
    folders = (*data, file.parent, file.parent / "data")
    return SampleFile(
        path=file,
        plan=plan,
        frame=made.frame,
        seed=made.seed,
        listings=made.listings,
        field=made.field,
        data_status=made.data_status,
        folders=folders,
    )


def _check(made: _Entries, plan: SamplePlan, document: files.Document) -> None:
    """Hold the parts against each other."""
    if made.seed < 0:
        raise DesignError(
            "A seed is zero or above.", where=document.at(("seed",)), found=str(made.seed), fix="seed: 2026"
        )
    if len(made.listings) >= len(plan.stages):
        found = f"{len(made.listings)} listings, {len(plan.stages)} stages"
        where = document.at(("listings",))
        raise DesignError("There are more listings than later stages.", where=where, found=found, fix="Leave some out.")
    if made.listings and made.field.cases is not None:
        fix = "Leave it out: what is drawn from the listing are the cases."
        raise DesignError(
            "'cases' has no use where a listing is drawn from.", where=document.at(("field", "cases")), fix=fix
        )
    for language in made.field.languages:
        if language not in known_languages("sample"):
            fix = did_you_mean(language, known_languages("sample"))
            where = document.at(("field", "languages"))
            raise DesignError(f"There are no papers in the language '{language}'.", where=where, fix=fix)
    if made.frame.join and made.frame.segment:
        fix = "Keep one; cut large units by hand, or after the draw with segment_large(...).within."
        raise DesignError("Units are joined or cut, not both.", where=document.at(("frame", "segment")), fix=fix)
