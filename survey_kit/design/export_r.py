"""A design as code of R's package survey."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from survey_kit.design.calibrate_controls import Margin
from survey_kit.design.export_facts import Facts, Replication, Step
from survey_kit.types import FloatArray

_WORDS = frozenset(
    (
        "if",
        "else",
        "repeat",
        "while",
        "function",
        "for",
        "next",
        "break",
        "TRUE",
        "FALSE",
        "NULL",
        "Inf",
        "NaN",
        "NA",
        "in",
    )
)
_TYPES = {"SDR": "successive-difference", "Preston": "other", "custom": "other"}


def r_code(facts: Facts, *, data: str, name: str) -> str:
    """Write `svydesign` or `svrepdesign`, and what belongs to it."""
    out = [
        "# A sampling design for R's package survey, 4.1 or later.",
        *(f"# {remark}" for remark in facts.remarks),
        *(f"# {remark}" for remark in _own_remarks(facts, name)),
        "library(survey)",
        f'options(survey.lonely.psu = "{facts.lonely_psu}")',
        f"data <- read.csv({_text(data)}, check.names = FALSE)",
    ]
    if facts.replication is not None:
        out += _replicates(facts, facts.replication, name)
    else:
        out += _stages(facts, name)
        for s, step in enumerate(facts.steps, start=1):
            unbounded = not np.isfinite(step.calibration.bounds).any()
            write = _raking if step.calibration.kind == "rake" and unbounded else _calibration
            out += write(facts, step, s, name)
    return "\n".join(out) + "\n"


def _own_remarks(facts: Facts, name: str) -> Iterable[str]:
    yield f"intervals with Student's t: confint(..., df = degf({name}))"
    if facts.lonely_psu == "adjust" and facts.replication is None:
        yield "lonely units under 'adjust': before 4.2 R centres totals at zero, not at the mean unit"


# -------------------------------------------------------------------------------------------------------- linearisation
def _stages(facts: Facts, name: str) -> list[str]:
    lines: list[str] = []

    def helper(column: str, value: str) -> str:
        made = facts.free(column)
        line = f"data[[{_text(made)}]] <- {value}"
        if line not in lines:
            lines.append(line)
        return made

    strata: list[str] = []
    if facts.crossed:
        crossed = ", ".join(_column(column) for column in (facts.wave, facts.strata[0]) if column is not None)
        strata.append(helper("sk_stratum", f"interaction({crossed}, drop = TRUE)"))
    elif any(column is not None for column in facts.strata):
        strata.append(facts.strata[0] or helper("sk_all", "1"))
    if any(column is not None for column in facts.strata[1:]):
        strata += [column or helper("sk_all", "1") for column in facts.strata[1:]]
    if facts.psu == (None,):
        ids = "~1"
    else:
        ids = _formula([column or helper("sk_row", "seq_len(nrow(data))") for column in facts.psu])
    arguments = [f"ids = {ids}"]
    if strata:
        arguments.append(f"strata = {_formula(strata)}")
    if facts.fpc[0] is not None:
        arguments.append(f"fpc = {_formula([column or helper('sk_no_fpc', 'Inf') for column in facts.fpc])}")
    arguments += [f"weights = {_formula([facts.weight])}", "data = data", f"nest = {_truth(facts.nest)}"]
    return [*lines, f"{name} <- svydesign({', '.join(arguments)})"]


# ---------------------------------------------------------------------------------------------------------- calibration
def _calibration(facts: Facts, step: Step, number: int, name: str) -> list[str]:
    """Write one step as `calibrate` on indicator columns, the redundant level of every further margin left out."""
    made = step.calibration
    columns: list[str] = []
    totals: list[str] = []
    lines: list[str] = []
    for margin, skipped in _without_redundant(step.margins):
        for level, total in margin.totals.items():
            if level == skipped:
                continue
            column = facts.free(f"sk_{number}_{len(columns) + 1}")
            columns.append(column)
            totals.append(f"{_name(column)} = {_number(total)}")
            lines.append(f"{name}$variables[[{_text(column)}]] <- 1 * {_indicator(facts, margin, level)}")
    low, high = (_number(edge) for edge in made.bounds)
    return [
        *lines,
        f"{name} <- calibrate({name}, ~0 + {' + '.join(map(_name, columns))},",
        f"  population = c({', '.join(totals)}),",
        f'  calfun = "{made.distance.name}", bounds = c({low}, {high}), epsilon = 1e-11, maxit = 200)',
    ]


def _raking(facts: Facts, step: Step, number: int, name: str) -> list[str]:
    """Write one step as `rake`: a numbered margin for every set of columns, the waves' levels one after the other."""
    lines: list[str] = []
    formulas: list[str] = []
    tables: list[str] = []
    for columns in dict.fromkeys(margin.columns for margin in step.margins):
        cells = [
            (_indicator(facts, margin, level), total)
            for margin in step.margins
            if margin.columns == columns
            for level, total in margin.totals.items()
        ]
        made = facts.free(f"sk_{number}_{len(formulas) + 1}")
        codes = " + ".join(f"{code} * {same}" for code, (same, _) in enumerate(cells, start=1))
        lines.append(f"{name}$variables[[{_text(made)}]] <- {codes}")
        formulas.append(_formula([made]))
        totals = ", ".join(_number(total) for _, total in cells)
        tables.append(f"data.frame({_name(made)} = 1:{len(cells)}, Freq = c({totals}))")
    return [
        *lines,
        f"{name} <- rake({name}, list({', '.join(formulas)}), list({', '.join(tables)}),",
        "  control = list(maxit = 1000, epsilon = 1e-11))",
    ]


def _without_redundant(margins: Sequence[Margin]) -> Iterable[tuple[Margin, Any]]:
    """Name the last level of every count margin but the first of its wave: the others imply it."""
    counted: set[int] = set()
    for margin in margins:
        redundant = margin.number is None and margin.wave in counted
        if margin.number is None:
            counted.add(margin.wave)
        yield margin, (list(margin.totals)[-1] if redundant else None)


def _indicator(facts: Facts, margin: Margin, level: tuple[Any, ...]) -> str:
    terms = [_same(c, v) for c, v in zip(margin.columns, level, strict=True)]
    if facts.wave is not None:
        terms.insert(0, _same(facts.wave, facts.waves[margin.wave]))
    if margin.number is not None:
        terms.append(_column(margin.number))
    return " * ".join(terms or ["1"])


# ----------------------------------------------------------------------------------------------------------- replicates
def _replicates(facts: Facts, made: Replication, name: str) -> list[str]:
    arguments = [
        "data = data",
        f"weights = {_formula([facts.weight])}",
        f"repweights = data[, {_columns(made.columns)}]",
        f"combined.weights = {_truth(made.combined)}",
        f"mse = {_truth(made.mse)}",
    ]
    if made.usual:
        arguments.append(f'type = "{_TYPES.get(made.method, made.method)}"')
        if made.method == "Fay":
            arguments.append(f"rho = {_number(made.rho)}")
    else:
        scale, rscales = _coefficients(made.coefficients)
        kind = made.method if made.method in {"JK1", "JKn", "bootstrap"} else "other"
        arguments += [f'type = "{kind}"', f"scale = {scale}", f"rscales = {rscales}"]
    return [
        f"{name} <- svrepdesign(" + ",\n  ".join(arguments) + ")",
        f"{name}$degf <- {_number(made.df)}",
    ]


def _coefficients(c: FloatArray) -> tuple[str, str]:
    if (c == c[0]).all():
        return _number(float(c[0])), f"rep(1, {len(c)})"
    return "1", "c(" + ", ".join(map(_number, c.tolist())) + ")"


def _columns(names: Sequence[str]) -> str:
    """Write many names shortly when they count from 1."""
    stem = re.sub(r"\d+$", "", names[0])
    if tuple(names) == tuple(f"{stem}{r}" for r in range(1, len(names) + 1)):
        return f"paste0({_text(stem)}, 1:{len(names)})"
    return "c(" + ", ".join(map(_text, names)) + ")"


# -------------------------------------------------------------------------------------------------------------- spelling
def _name(column: str) -> str:
    plain = re.fullmatch(r"(?:[A-Za-z]|\.(?!\d))[A-Za-z0-9._]*", column) is not None and column not in _WORDS
    return column if plain else "`" + column.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _formula(columns: Sequence[str]) -> str:
    return "~" + " + ".join(map(_name, columns))


def _column(column: str) -> str:
    return f"data[[{_text(column)}]]"


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _truth(value: bool) -> str:
    return "TRUE" if value else "FALSE"


def _same(column: str, value: Any) -> str:
    """Compare; whether a CSV says TRUE, True or true, R is to find it true."""
    if isinstance(value, bool | np.bool_):
        return f'(toupper({_column(column)}) == "{str(bool(value)).upper()}")'
    numeric = isinstance(value, int | float | np.integer | np.floating)
    return f"({_column(column)} == {_number(float(value)) if numeric else _text(str(value))})"


def _number(value: float) -> str:
    if not np.isfinite(value):
        return "Inf" if value > 0 else "-Inf"
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
