"""How a sample came about, in sentences for a log and for the chapter on method."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from survey_kit import frames

if TYPE_CHECKING:
    from survey_kit.study.sample_run import SampleRun


def story_of(run: SampleRun) -> list[str]:
    """Tell frame, checks, repairs, stages, draw, cases and interviewers, one sentence or two each."""
    return [*_frame(run), *_changes(run), *run.sample.plan.story(), *_draw(run), *_field(run)]


def public_story_of(run: SampleRun) -> list[str]:
    """Tell the same without what would let a reader draw the sample again from a public frame: seed and digests."""
    frame, plan = _frame(run, digest=False), run.sample.plan.story()
    return [*frame, *_changes(run), *plan, *_draw(run, seed=False), *_field(run)]


def _frame(run: SampleRun, *, digest: bool = True) -> list[str]:
    entry = run.sample.frame
    named = f" (SHA-256 {run.inputs[run.sample.table(entry.file).name][:12]}...)" if digest else ""
    units = frames.row_count(run.ready.frame)
    counts = run.ready.given["severity"].value_counts()
    told = ", ".join(_several(counts[grade], grade) for grade in ("error", "warning", "note") if grade in counts)
    lines = [f"The frame is the table {entry.file}{named}. Checked as given, it had {told or 'no problem'}."]
    if entry.borders is not None:
        lines.append(
            f"Its regions ({entry.borders.region}) were brought to today's borders by {entry.borders.crosswalk}."
        )
    covered = run.ready.covered
    if covered is not None:
        known = covered[covered["ratio"].notna()]
        ratio = known["frame"].sum() / known["official"].sum()
        ordered = known.sort_values("ratio", kind="stable")
        low, high = ordered.iloc[0], ordered.iloc[-1]
        line = f"It holds {ratio:.1%} of what official figures count ({entry.coverage.file if entry.coverage else ''})"
        if len(known) > 1:
            line += f", from {low['ratio']:.1%} ({low['domain']}) to {high['ratio']:.1%} ({high['domain']})"
        lines.append(f"{line}.")
    if run.ready.remade is None:
        lines.append(f"{units:,} units could be drawn.")
    return lines


def _changes(run: SampleRun) -> list[str]:
    out = []
    repaired, remade = run.ready.repaired, run.ready.remade
    if repaired is not None:
        for number, rule in enumerate(run.sample.frame.repair, 1):
            count = int((repaired.log["rule"] == number).sum())
            out += [f"{_several(count, 'size')} repaired by rule {number}: {rule.why}."] if count else []
        if not len(repaired.log):
            out.append("No size needed a repair.")
    if remade is not None:
        units = frames.row_count(run.ready.frame)
        entry = run.sample.frame
        if entry.join is not None:
            why = f"so that each has a size of at least {entry.join.minimum:g}"
        else:
            why = f"so that none is larger than {entry.segment.maximum:g}" if entry.segment else ""
        short = f" {len(remade.short)} are smaller still, being all of their stratum." if remade.short else ""
        out.append(f"{remade.mapping['unit'].nunique():,} units were {remade.kind} into {units:,}, {why}.{short}")
    return out


def _draw(run: SampleRun, *, seed: bool = True) -> list[str]:
    stage, made = run.sample.plan.stages[0], run.first.stages[0]
    pi = run.first.probability
    sure = int(made.sure[made.rows].sum())
    line = f"{len(made.rows):,} units '{stage.unit}' were drawn in {len(made.main):,} strata"
    line += f" with the seed {run.sample.seed}" if seed else ""
    line += f", {sure:,} of them with certainty" if sure else ""
    out = [f"{line}; their probabilities lie between {pi.min():.4g} and {pi.max():.4g}."]
    if made.reserve.any():
        out.append(
            f"{int(made.reserve.sum()):,} further units wait in reserve, in a fixed order, to be worked whole if released."
        )
    alone = int((np.asarray(made.main) == 1).sum())
    if alone:
        out.append(
            f"In {alone:,} strata a single unit was drawn, whose variance cannot be estimated within the stratum."
        )
    for number, later in enumerate(run.drawn.stages[1:], 2):
        out.append(f"In stage {number}, {len(later.rows):,} units '{later.stage.unit}' were drawn from a listing.")
    out.append(f"Unequal weights alone have a design effect of {run.drawn.deff:.3f} (Kish 1992).")
    return out


def _field(run: SampleRun) -> list[str]:
    out = []
    if run.cases is not None:
        told = ", each with a table of Kish's grid" if "kish" in frames.columns(run.cases) else ""
        out.append(f"{frames.row_count(run.cases):,} cases were numbered{told}.")
    if run.assignment is not None:
        load = run.assignment.workloads["cases"]
        out.append(
            f"{int((load > 0).sum())} interviewers got {load.min()} to {load.max()} cases, dealt at random within units, "
            f"at least {run.assignment.record['per_psu']} in each, so that the effects of interviewers and of places can be "
            f"told apart ({run.assignment.contrasts} comparisons)."
        )
    return out


def _several(count: int, word: str) -> str:
    """Write a count with its word.

    Examples
    --------
    >>> _several(1, "error"), _several(2, "error")
    ('1 error', '2 errors')
    """
    return f"{count} {word}{'' if count == 1 else 's'}"
