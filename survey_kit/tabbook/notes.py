"""What a tab book says about itself: base, level, variance, adjustment, base rule, and whether people were asked at all."""

from __future__ import annotations

from typing import Final

from survey_kit.tabbook.banner import Block
from survey_kit.tabbook.compute import Plan, Table
from survey_kit.tabbook.shown import percent
from survey_kit.tabbook.words import SYNTHETIC

ADJUSTED: Final = {
    "none": "p not adjusted for the number of pairs",
    "bonferroni": "p adjusted by Bonferroni over the pairs of a line within a block",
    "holm": "p adjusted by Holm over the pairs of a line within a block",
    "bh": "p adjusted by Benjamini and Hochberg over the pairs of a line within a block",
    "by": "p adjusted by Benjamini and Yekutieli over the pairs of a line within a block",
}
INTERVALS: Final[dict[str, str]] = {
    "korn_graubard": "Korn-Graubard",
    "beta": "Clopper-Pearson on the effective size",
    "wald": "Student's t",
    "wilson": "Wilson",
}
_TOLD_BETTER: Final = ("SYNTHETIC", "base:", "domain:")


def book_notes(
    tables: tuple[Table, ...], blocks: tuple[Block, ...], plan: Plan, synthetic: bool, waves: int
) -> tuple[str, ...]:
    """Give the notes of the whole book."""
    out = [f"{SYNTHETIC}: made up by a simulator, nobody was interviewed."] if synthetic else []
    out.append(_base(plan))
    if waves > 1:
        out.append(f"All {waves} waves are taken together, except in columns that are waves.")
    if len(blocks) > 1:
        out += [_letters(plan), _overall(tables)]
    out.append(_intervals(plan, tables))
    out += _small(plan)
    out.append(
        "Effective base: (sum of weights) squared over sum of squared weights (Kish); strata and clusters are in the "
        "standard errors, not in it."
    )
    out += _design(tables)
    for block in blocks[1:]:
        if block.cells.outside:
            out.append(
                f"{block.title}: {block.cells.outside} people stand in no column because their group is missing."
            )
    return tuple(out)


def _base(plan: Plan) -> str:
    said = (
        "Base: those who answered each question; missing answers are excluded and counted."
        if plan.missing == "exclude"
        else "Base: all who were asked each question; nobody lacks an answer."
    )
    return said if plan.where is None else f"{said} Only where '{plan.where}' is true."


def _letters(plan: Plan) -> str:
    high, low = plan.levels
    said = f"upper case at {percent(high)}" + ("" if low is None else f", lower case at {percent(low)}")
    return (
        f"Letters: the figure is significantly above that of the columns named, within the same block; {said}. "
        f"Design-based t tests of pairs with their covariance, {ADJUSTED[plan.adjust]}. "
        "Not compared: the Total with its own parts, suppressed figures, and figures of 0 or 100 % or without any spread."
    )


def _overall(tables: tuple[Table, ...]) -> str:
    methods = dict.fromkeys(part.overall.method for table in tables for part in table.parts if part.overall is not None)
    return f"Test at the head of a block: {'; '.join(methods)}; not adjusted."


def _intervals(plan: Plan, tables: tuple[Table, ...]) -> str:
    shares = any(table.question.kind != "number" for table in tables)
    means = any(line.kind in ("mean", "sd", "median", "response") for table in tables for line in table.lines)
    parts = [
        f"{INTERVALS.get(plan.interval, plan.interval)} for percentages of people" if shares else "",
        "Student's t for other figures" if means else "",
    ]
    return f"Intervals at {percent(plan.levels[0])}: {', '.join(part for part in parts if part)}."


def _small(plan: Plan) -> list[str]:
    low, high = plan.small
    rules = []
    if low > 0:
        rules.append(f"fewer than {low} interviews: figure suppressed (*)")
    if high > low:
        rules.append(f"{low} to {high - 1}: in brackets")
    if not rules:
        return ["Small bases: no rule; every figure is shown."]
    said = [f"Small bases: {'; '.join(rules)}."]
    if low > 0:
        said.append(
            "Suppression marks figures that are not reliable and protects nobody: a single suppressed column can be worked "
            "out from the Total and the other columns of its block. Where that matters, join it with a neighbour."
        )
    return said


def _design(tables: tuple[Table, ...]) -> list[str]:
    found = dict.fromkeys(note for table in tables for part in table.parts for note in part.notes)
    kept = [note for note in found if not note.startswith(_TOLD_BETTER) and "belong to no domain" not in note]
    return [f"Design: {'; '.join(kept)}."] if kept else []
