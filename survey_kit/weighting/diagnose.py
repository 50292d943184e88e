"""What weights look like: by domain and wave, the largest of them, and the margins before and after every step."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from survey_kit import checks, frames
from survey_kit.errors import WeightingError, did_you_mean
from survey_kit.types import BoolArray, FloatArray, IntArray
from survey_kit.weighting.log import counted

if TYPE_CHECKING:
    from survey_kit.design import Design
    from survey_kit.design.calibration import Calibration
    from survey_kit.weighting.weights import Weights

QUANTILES: Final = (0.25, 0.5, 0.75)


# ------------------------------------------------------------------------------------------------------ on arrays
def spread(weight: FloatArray, code: IntArray, size: int) -> dict[str, FloatArray]:
    r"""Describe weights (n,) in each of `size` classes: count, sum, range, Kish's design effect and effective number.

    .. math:: deff = n \sum w^2 / (\sum w)^2, \qquad n_{eff} = n / deff

    Kish (1965), *Survey Sampling*, section 11.7; (1992), Journal of Official Statistics 8, 183-200.

    Examples
    --------
    >>> import numpy as np
    >>> made = spread(np.array([1.0, 3.0, 2.0]), np.array([0, 0, 1]), 2)
    >>> made["deff"].tolist(), made["n_effective"].tolist()
    ([1.25, 1.0], [1.6, 1.0])
    """
    n = np.bincount(code, minlength=size).astype(np.float64)
    total = np.bincount(code, weights=weight, minlength=size)
    squares = np.bincount(code, weights=weight**2, minlength=size)
    order = np.lexsort((weight, code))
    ends = np.searchsorted(code[order], np.arange(size + 1))
    sorted_weight = weight[order]
    low, median, high = (np.full(size, np.nan) for _ in range(3))
    for k in np.flatnonzero(n):
        here = sorted_weight[ends[k] : ends[k + 1]]
        low[k], median[k], high[k] = here[0], np.median(here), here[-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        deff = n * squares / total**2
        return {
            "n": n,
            "sum": total,
            "min": low,
            "median": median,
            "max": high,
            "deff": deff,
            "n_effective": n / deff,
        }


# ------------------------------------------------------------------------------------------------------ by domain
def by_domain(weights: Weights, by: str | Sequence[str]) -> Any:
    """Describe the weights of every level of some columns; see :meth:`survey_kit.Weights.by`."""
    import pandas as pd

    design = weights.design
    names = checks.names(by, "by", least=1)
    if design.case in names:
        raise WeightingError("Weights are described by groups, not by single cases.", where=f"column '{design.case}'")
    grouped = design.groups(names, "by")
    inside = design.inside()
    lost = int((grouped.codes[inside] < 0).sum())
    code = np.where(grouped.codes < 0, len(grouped.levels), grouped.codes)[inside]
    told = spread(weights.values[inside], code, len(grouped.levels) + 1)
    levels = [*grouped.levels, tuple(None for _ in names)]
    used = np.flatnonzero(told["n"] > 0) if lost else np.flatnonzero(told["n"][:-1] > 0)
    head = {name: [levels[k][j] for k in used.tolist()] for j, name in enumerate(names)}
    out = pd.DataFrame(head | {name: values[used] for name, values in told.items()})
    return out.astype({"n": np.int64})


def log_by_wave(weights: Weights) -> Any:
    """Give the log of every wave of its own; see :meth:`survey_kit.Weights.by_wave`."""
    import pandas as pd

    design = weights.design
    if len(design.waves) < 2:
        return weights.log.assign(wave=None)[["wave", *weights.log.columns]]
    rows = []
    for wave, label in enumerate(design.waves):
        here = design.layout.wave_of_row == wave
        before = None
        for k, (kind, note, ruled) in enumerate(
            zip(*(weights.log[name].tolist() for name in ("step", "note", "replicate_only")), strict=True)
        ):
            weight, inside = chain_at(design, weights.taken[k])
            rows.append(
                {"wave": label}
                | counted(kind, before, (weight[here], inside[here]))
                | {"note": note, "replicate_only": ruled}
            )
            before = (weight[here], inside[here])
    return pd.DataFrame(rows)


def chain_at(design: Design, steps: int) -> tuple[FloatArray, BoolArray]:
    """Give the weights (n,) after the first `steps` of the chain, and who was still in (n,)."""
    from survey_kit.design.calibration import fallen

    chain = design.calibration[:steps]
    weight = design.layout.base_weight.copy()
    for step in chain:
        weight = weight * step.g
    out = fallen(chain, design.n)
    return weight, np.ones(design.n, dtype=bool) if out is None else ~out


# --------------------------------------------------------------------------------------------- the largest weights
def largest(weights: Weights, k: int, show: Sequence[str] | None, *, ids: bool) -> Any:
    """List the largest weights and who has them; see :meth:`survey_kit.Weights.largest`."""
    import pandas as pd

    design = weights.design
    number = checks.number(k, "k", "Say k=10.", WeightingError)
    if number < 1 or number != int(number):
        raise WeightingError("The number of weights is a whole number of at least 1.", found=f"{number:g}")
    columns = _told_columns(design) if show is None else checks.names(show, "show", least=1)
    if design.case is not None and design.case in columns and not ids:
        raise WeightingError(
            "Who a case is stays out of a list of weights.",
            where=f"column '{design.case}'",
            fix="Name columns that describe cases, or say ids=True for the field team.",
        )
    known = frames.columns(design.frame)
    absent = next((name for name in columns if name not in known), None)
    if absent is not None:
        raise WeightingError(f"There is no column '{absent}'.", fix=did_you_mean(absent, known))
    w, inside = weights.values, np.flatnonzero(design.inside())
    rows = inside[np.argsort(-w[inside], kind="stable")[: int(number)]]
    median = _medians(design, inside)
    out: dict[str, Any] = {}
    if ids:
        own = design.case
        out["row"] = rows + 1
        if own is not None and own in known:
            out[own] = _values(design, own, rows)
    if design.wave is not None:
        out["wave"] = [design.waves[wave] for wave in design.layout.wave_of_row[rows].tolist()]
    out |= {name: _values(design, name, rows) for name in columns if name != design.case}
    out["weight"] = w[rows]
    out["share_of_sum"] = w[rows] / w[inside].sum()
    out["times_median"] = w[rows] / median[design.layout.wave_of_row[rows]]
    out["start"] = design.layout.base_weight[rows]
    for i, step in enumerate(design.calibration, 1):
        out[f"{i} {step.kind}"] = step.g[rows]
    return pd.DataFrame(out)


def _medians(design: Design, inside: IntArray) -> FloatArray:
    wave, w = design.layout.wave_of_row[inside], design.layout.weight[inside]
    return np.array([np.median(w[wave == v]) if (wave == v).any() else np.nan for v in range(len(design.waves))])


def _told_columns(design: Design) -> tuple[str, ...]:
    """Name the columns by which the steps changed weights: they say who a large weight belongs to."""
    out: list[str] = []
    for step in design.calibration:
        for value in (step.asked.get("by"), step.asked.get("levels")):
            out += _flat(value)
        for key in ("margins", "controls"):
            margins = step.asked.get(key)
            parts = (margins,) if design.wave is None or margins is None else margins.values()
            out += [name for part in parts if isinstance(part, Mapping) for columns in part for name in _flat(columns)]
    known = frames.columns(design.frame)
    return tuple(name for name in dict.fromkeys(out) if name in known and name != design.case)


def _flat(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [text for part in value for text in _flat(part)] if isinstance(value, (tuple, list)) else []


def _values(design: Design, name: str, rows: IntArray) -> list[Any]:
    grouped = design.groups((name,), "column to show")
    return [None if code < 0 else grouped.levels[code][0] for code in grouped.codes[rows].tolist()]


# ----------------------------------------------------------------------------------------------------- the margins
def margins(weights: Weights) -> Any:
    """Compare every target with what the weights give, before and after; see :meth:`survey_kit.Weights.margins`."""
    import pandas as pd

    design = weights.design
    rows: list[dict[str, Any]] = []
    for number, step in enumerate(design.calibration):
        if not _reaches(step):
            continue
        given, _ = chain_at(design, number)
        target = step.targets(given)
        first = 0
        for block in step.columns:
            goal = target[first : first + block.size]
            sums = [block.sums(w) for w in (design.layout.base_weight, given, given * step.g, weights.values)]
            first += block.size
            for j, name in enumerate(block.names):
                start, before, after, final = (float(one[j]) for one in sums)
                rows.append(
                    {
                        "number": number + 1,
                        "step": step.kind,
                        "wave": design.waves[int(block.wave[j])],
                        "margin": _margin_of(name),
                        "level": name,
                        "n": _members(design, block, j),
                        "target": float(goal[j]),
                        "start": start,
                        "before": before,
                        "after": after,
                        "final": final,
                        "missed": final / float(goal[j]) - 1 if goal[j] else final,
                    }
                )
    names = ("number", "step", "wave", "margin", "level", "n", "target", "start", "before", "after", "final", "missed")
    return pd.DataFrame(rows, columns=list(names))


def _margin_of(level: str) -> str:
    """Name the columns of a level.

    Examples
    --------
    >>> _margin_of("sex=f, age=18-29, wave 2025")
    'sex x age'
    """
    found = re.findall(r"(?:^|, )([^=,]+)=", level)
    return " x ".join(found) or level


def _reaches(step: Calibration) -> bool:
    """Tell whether a step has targets of its own beside the sample: not a class adjustment, a propensity or a rule."""
    inner = step.relative is not None and step.fixed is not None
    return bool(step.size) and step.response is None and step.rule is None and not inner


def _members(design: Design, block: Any, j: int) -> int:
    return int(((block.code == j) & design.inside()).sum())
