"""The frame of a sample: read, checked as it was given, mended by the declared rules, and checked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from survey_kit import files, frames
from survey_kit.errors import DesignError
from survey_kit.instrument.crosswalk import read_crosswalk
from survey_kit.responses.read import read_table
from survey_kit.sampling.frame_check import check_frame
from survey_kit.sampling.frame_coverage import coverage
from survey_kit.sampling.frame_regions import move_regions
from survey_kit.sampling.frame_sizes import Repaired, repair_sizes
from survey_kit.sampling.frame_units import Remade, join_small, segment_large
from survey_kit.study.sample_file import CoverageEntry, SampleFile
from survey_kit.types import Frame

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadyFrame:
    """A frame that can be drawn from, or the faults that forbid it.

    Attributes
    ----------
    frame
        The frame after all repairs.
    given
        Problems of the frame as it was given.
    problems
        Problems that are left.
    covered
        The comparison with official figures, if there is one.
    repaired, remade
        What was changed, if anything.
    inputs
        SHA-256 of every table read, by name.
    """

    frame: Frame = field(repr=False)
    given: pd.DataFrame = field(repr=False)
    problems: pd.DataFrame = field(repr=False)
    covered: pd.DataFrame | None = field(repr=False)
    repaired: Repaired | None
    remade: Remade | None
    inputs: Mapping[str, str] = field(repr=False)

    @property
    def errors(self) -> int:
        """Count the faults that forbid a draw."""
        return int((self.problems["severity"] == "error").sum())

    def checked(self) -> ReadyFrame:
        """Return the frame if it can be drawn from, else tell the first fault."""
        faults = self.problems[self.problems["severity"] == "error"]
        if not len(faults):
            return self
        first, more = faults.iloc[0], f" ({len(faults) - 1} more faults)" if len(faults) > 1 else ""
        told = (str(first["stratum"]), f"unit {first['unit']}" if first["unit"] else "", f"row {first['row']}")
        where = ", ".join(part for part in told if part and part != "row 0") + more
        what = f"{first['code']}: {first['message']}"
        raise DesignError(what, where=where, found=str(first["found"]) or None, fix=str(first["fix"]))


def ready_frame(sample: SampleFile) -> ReadyFrame:
    """Read the frame of a sample, check it, repair sizes, join or cut units, and check what came out."""
    entry, stage = sample.frame, sample.plan.stages[0]
    path = sample.table(entry.file)
    inputs = {path.name: files.digest(path)}
    given = _moved(sample, read_table(path), inputs)
    columns = set(frames.columns(given))
    unit = entry.unit or stage.unit
    size = entry.size or (stage.size if stage.size in columns else None)
    strata = entry.within or tuple(name for name in stage.strata if name in columns)
    first = check_frame(given, unit=unit, size=size, strata=strata, name=entry.name)
    covered = None
    official: Frame | None = None
    if entry.coverage is not None:
        there = sample.table(entry.coverage.file)
        inputs[there.name] = files.digest(there)
        official = read_table(there)
    frame: Frame = given
    repaired = None
    if entry.repair:
        if size is None:
            where = f"{sample.path}, frame"
            raise DesignError("Rules for sizes need the column of sizes.", where=where, fix="Add 'size:' to 'frame:'.")
        repaired = repair_sizes(frame, entry.repair, unit=unit, size=size, strata=strata)
        frame, size = repaired.frame, repaired.column
    if entry.coverage is not None and official is not None:
        by, total = entry.coverage.by, entry.coverage.total
        covered = coverage(frame, official, by=by, size=size, total=total)
    remade = _remade(sample, frame, unit, size, strata, inputs)
    frame = frame if remade is None else remade.frame
    compared = entry.coverage or CoverageEntry(file="")
    last = check_frame(
        frame,
        unit=stage.unit,
        size=stage.size,
        strata=stage.strata,
        certainty=stage.certainty,
        name=None if entry.segment else entry.name,
        totals=official,
        by=compared.by or None,
        total=compared.total,
        tolerance=compared.tolerance,
    )
    return ReadyFrame(
        frame=frame, given=first, problems=last, covered=covered, repaired=repaired, remade=remade, inputs=inputs
    )


def _moved(sample: SampleFile, frame: Frame, inputs: dict[str, str]) -> Frame:
    """Bring old regions to today's borders, as the file says."""
    entry = sample.frame.borders
    if entry is None:
        return frame
    paths = [sample.table(name) for name in (entry.crosswalk, entry.places) if name is not None]
    inputs |= {one.name: files.digest(one) for one in paths}
    places = None
    if entry.places is not None and entry.place is not None:
        known = read_table(paths[1])
        districts, regions = (frames.texts(known, name, "places") for name in (entry.place, entry.into))
        places = {
            one: code for one, code in zip(districts, regions, strict=True) if one is not None and code is not None
        }
    return move_regions(
        frame, read_crosswalk(paths[0]), region=entry.region, place=entry.place, places=places, into=entry.into
    )


def _remade(
    sample: SampleFile, frame: Frame, unit: str, size: str | None, strata: tuple[str, ...], inputs: dict[str, str]
) -> Remade | None:
    """Join small units or cut large ones, as the file says."""
    entry = sample.frame
    if entry.join is None and entry.segment is None:
        return None
    if size is None:
        fix = "Add 'size:' to 'frame:'."
        raise DesignError("Units are joined or cut by their sizes.", where=f"{sample.path}, frame", fix=fix)
    if entry.join is not None:
        rule = entry.join
        return join_small(
            frame, unit=unit, size=size, minimum=rule.minimum, strata=strata, order_by=rule.order_by, name=rule.name
        )
    cut = entry.segment
    if cut is None:
        return None
    measured = None
    if cut.measured is not None:
        path = sample.table(cut.measured)
        inputs[path.name] = files.digest(path)
        measured = read_table(path).rename(
            columns={} if size == entry.size or entry.size is None else {entry.size: size}
        )
    return segment_large(frame, unit=unit, size=size, maximum=cut.maximum, measured=measured, name=cut.name)
