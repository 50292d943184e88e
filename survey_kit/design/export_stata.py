"""A design as Stata's svyset."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from survey_kit.design.export_facts import Facts, Replication, Step
from survey_kit.errors import DesignError

_LONELY = {"fail": "missing", "certainty": "certainty", "adjust": "centered", "average": "scaled"}
_USUAL = {"BRR": "brr", "Fay": "brr", "SDR": "sdr", "ACS": "sdr"}


def stata_code(facts: Facts, *, data: str, name: str) -> str:  # noqa: ARG001
    """Write `svyset`, and the variables it needs."""
    out = [
        "* A sampling design for Stata 15 or later.",
        *(f"* {remark}" for remark in facts.remarks),
        f'import delimited using "{data}", clear case(preserve)',
    ]
    out += _stages(facts) if facts.replication is None else _replicates(facts, facts.replication)
    return "\n".join(out) + "\n"


def _stages(facts: Facts) -> list[str]:
    lines: list[str] = []
    options: list[str] = []
    first = facts.strata[0]
    if facts.crossed:
        made = facts.free("sk_stratum")
        lines.append(f"egen {made} = group({_names([c for c in (facts.wave, first) if c is not None])})")
        first = made
    for s, step in enumerate(facts.steps):
        if s or step.calibration.kind != "post_stratify" or facts.wave is not None:
            raise DesignError(
                "Only one post-stratification is written for Stata.",
                found=f"step {s + 1}: {step.calibration.kind}" + (" by wave" if facts.wave is not None else ""),
                fix="Make replicates and export those: their weights carry the calibration (public_replicate_weights).",
            )
        more, option = _post_strata(facts, step)
        lines += more
        options += option
    options.append(f"singleunit({_LONELY[facts.lonely_psu]})")
    parts = []
    last = len(facts.psu) - 1
    for s, (psu, fpc) in enumerate(zip(facts.psu, facts.fpc, strict=True)):
        strata = first if s == 0 else facts.strata[s]
        unit = "_n" if psu is None else _name(psu)
        said = [] if strata is None else [f"strata({_name(strata)})"]
        said += [] if fpc is None else [f"fpc({_name(fpc)})"]
        said += options if s == last else []
        unit += f" [pweight = {_name(facts.weight)}]" if s == 0 else ""
        parts.append(f"{unit}, {' '.join(said)}" if said else unit)
    return [*lines, "svyset " + " || ".join(parts)]


def _post_strata(facts: Facts, step: Step) -> tuple[list[str], list[str]]:
    """Write a number for each post-stratum and give every row the total of its own."""
    cell, total = facts.free("sk_cell"), facts.free("sk_total")
    lines = [f"generate double {total} = .", f"generate long {cell} = ."]
    for margin in step.margins:
        for number, (level, target) in enumerate(margin.totals.items(), start=1):
            same = " & ".join(_same(c, v) for c, v in zip(margin.columns, level, strict=True))
            lines += [f"replace {total} = {target!r} if {same}", f"replace {cell} = {number} if {same}"]
    return lines, [f"poststrata({cell})", f"postweight({total})"]


def _replicates(facts: Facts, made: Replication) -> list[str]:
    lines = []
    columns = list(made.columns)
    if not made.combined:
        lines = [f"replace {_name(column)} = {_name(column)} * {_name(facts.weight)}" for column in columns]
    kind = _USUAL[made.method] if made.usual else "jkr"
    more = []
    if not made.usual:
        c = made.coefficients
        shown = f"{float(c[0])!r}" if (c == c[0]).all() else " ".join(repr(float(value)) for value in c)
        inside = f", multiplier({shown})"
    else:
        inside = ""
        more = [f"fay({made.rho!r})"] if made.method == "Fay" else []
    words = [
        f"svyset [pweight = {_name(facts.weight)}],",
        f"{kind}weight({_range(columns)}{inside})",
        *more,
        f"vce({'jackknife' if kind == 'jkr' else kind})",
        *(["mse"] if made.mse else []),
        f"dof({made.df:g})",
    ]
    return [*lines, " ".join(words)]


def _range(columns: Sequence[str]) -> str:
    stem = re.sub(r"\d+$", "", columns[0])
    if tuple(columns) == tuple(f"{stem}{r}" for r in range(1, len(columns) + 1)):
        return f"{_name(columns[0])}-{_name(columns[-1])}"
    return _names(columns)


def _names(columns: Sequence[str]) -> str:
    return " ".join(map(_name, columns))


def _name(column: str) -> str:
    if re.fullmatch(r"[^\W\d]\w{0,31}", column) is None:
        raise DesignError(
            "A column's name cannot be a name in Stata.",
            found=f"'{column}'",
            fix="Rename it: a letter or underscore, then letters, digits and underscores, at most 32 in all.",
        )
    return column


def _same(column: str, value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return f'upper({_name(column)}) == "{str(bool(value)).upper()}"'
    return (
        f"{_name(column)} == {value}" if isinstance(value, int | float | np.number) else f'{_name(column)} == "{value}"'
    )
