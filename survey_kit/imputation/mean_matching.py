"""Predictive mean matching: the observed value of a respondent with a similar prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from survey_kit import checks, frames
from survey_kit.design.threads import one_thread
from survey_kit.errors import EstimationError
from survey_kit.imputation.draws import multiplicities, pick, unit_factors
from survey_kit.imputation.imputations import Imputations, finish
from survey_kit.imputation.matching import fitted, match, normal_draw
from survey_kit.imputation.predictors import Relation, matrix, read_relation
from survey_kit.imputation.source import (
    Reasons,
    Source,
    Target,
    check_times,
    clusters_left_out,
    generators,
    named,
    take_source,
    take_target,
)
from survey_kit.types import FloatArray, IntArray

Parameters = Literal["normal", "rows", "units"]


def predictive_mean_matching(
    data: Any,
    formulas: str | Sequence[str],
    *,
    times: int,
    rng: np.random.Generator | int,
    donors: int = 5,
    weight: str | None = None,
    where: str | None = None,
    reasons: Reasons = None,
    draws: Parameters = "normal",
    iterations: int = 10,
) -> Imputations:
    r"""Impute each missing answer with that of one of the respondents whose predicted value is nearest.

    .. math:: \hat y_j = x_j'\hat\beta \text{ of donors}, \quad y^*_i = x_i'\beta^* \text{ of recipients}

    with :math:`\hat\beta` by weighted least squares and :math:`\beta^*` drawn anew for every imputation (type 1 matching);
    one of the `donors` nearest by :math:`|\hat y_j - y^*_i|` is drawn with probability proportional to weight.

    Parameters
    ----------
    data
        A frame, responses or a `Design`.
    formulas
        ``"income ~ age + C(region)"``: the item and its predictors, in the language of formulaic; the item is numeric, 0-1
        or a column of ordered categories. Several are imputed in turn, each with the imputed values of those before it.
        Where one uses an item that comes later, they are gone through `iterations` times, from a start by random donors
        (chained equations). Predictors should hold what the estimates are about, and strata or units.
    times
        How many completed data sets, 2 or more.
    rng
        A seed or a generator.
    donors
        How many nearest donors are drawn from; all donors as near as the last of them are in.
    weight
        Column of weights; by default those of the design.
    where
        Boolean column: the rows concerned, as recipients and donors.
    reasons
        Which reasons of a missing answer are imputed, ``("dont_know", "refused")``; needed for items of responses. Who was
        not asked is never imputed.
    draws
        How the parameters are drawn: ``"normal"`` from the normal approximation with the design-based covariance (strata and
        units of a design; rows of a frame); ``"rows"`` from a bootstrap of rows; ``"units"`` from one of first-stage units
        within strata.
    iterations
        Passes of chained equations.

    Returns
    -------
    Imputations

    Raises
    ------
    EstimationError
        If a formula cannot be read or names an unknown column, a predictor is missing or infinite, there are too few donors
        for the parameters, the item is not ordered, or what is to be imputed is not declared.

    Notes
    -----
    Little (1988), Journal of Business & Economic Statistics 6, 287-296; type 1 matching as van Buuren (2018), *Flexible
    Imputation of Missing Data*, section 3.4. Values are always observed ones, so that bounds and heaping are kept; where
    recipients lie outside the range of donors the nearest are used again and again, which `log` shows.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"w": 1.0, "age": range(20, 80), "income": [3 * age for age in range(20, 80)]}, dtype=float)
    >>> frame.loc[30, "income"] = None
    >>> done = predictive_mean_matching(frame, "income ~ age", times=2, rng=1, donors=2, weight="w")
    >>> [completed["income"].tolist()[30] in (147.0, 153.0) for completed in done.frames]
    [True, True]
    """
    times = check_times(times)
    source = take_source(data, weight, where, reasons)
    checks.choice(draws, "kind of draws", ("normal", "rows", "units"), EstimationError)
    if draws == "units" and source.design is None:
        raise EstimationError("Drawing units needs a design.", fix="Give a Design, or say draws='normal'.")
    for name, value in (("donors", donors), ("iterations", iterations)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise EstimationError(f"{name} is a number of 1 or more.", found=checks.shown(value), fix=f"Say {name}=5.")
    steps = _steps(
        source, [formulas] if isinstance(formulas, str) or not isinstance(formulas, Sequence) else list(formulas)
    )
    circular = _circular(steps)
    passes = iterations if circular else 1
    found: dict[str, list[IntArray]] = {step.target.item: [] for step in steps}
    records: list[dict[str, Any]] = []
    known: dict[str, FloatArray] = {}
    with one_thread():
        for number, stream in enumerate(generators(rng, times)):
            current: dict[str, IntArray | None] = {
                step.target.item: _started(source, step, stream) if circular else None for step in steps
            }
            factor = unit_factors(source.design, stream) if draws == "units" and source.design is not None else None
            for turn in range(passes):
                for step in steps:
                    X = _predictors(step, steps, current, known)
                    drawn = _impute(source, step, X, draws, factor, donors, stream)
                    current[step.target.item] = drawn
                    records.append({"imputation": number + 1, "pass": turn + 1, **_counted(source, step, drawn)})
            for step in steps:
                found[step.target.item].append(step.known(current))
    drawn_all = {name: np.stack(parts) for name, parts in found.items()}
    told = _told(source, steps, donors, draws, passes if circular else 0)
    return finish(source, [step.target for step in steps], drawn_all, records, "predictive mean matching", told)


# --------------------------------------------------------------------------------------------------------------- steps
@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One item: its formula, who gives and receives, its values (n,) as numbers, and the columns its formula needs."""

    relation: Relation
    target: Target
    values: FloatArray
    frame: Any
    others: tuple[str, ...]

    @property
    def rows(self) -> IntArray:
        """Donors, then recipients."""
        return np.concatenate((self.target.donors, self.target.recipients))

    def known(self, current: dict[str, IntArray | None]) -> IntArray:
        """Rows the item's values were taken from last (r,)."""
        drawn = current[self.target.item]
        return np.zeros(0, dtype=np.int64) if drawn is None else drawn


def _steps(source: Source, formulas: list[str]) -> list[_Step]:
    import pandas as pd

    if not formulas:
        raise EstimationError("There is nothing to impute.", fix="Write 'item ~ age + C(region)'.")
    columns = frames.columns(source.frame)
    relations = [read_relation(text, columns) for text in formulas]
    items = [relation.item for relation in relations]
    checks.unique(items, "The item", EstimationError)
    out = []
    for relation in relations:
        target = take_target(source, relation.item)
        frame = pd.DataFrame({name: _plain(source, name) for name in relation.names})
        others = tuple(name for name in relation.names if name in items)
        values = _ordered(source, relation.item)
        if len(target.donors) <= len(relation.names) + 1:
            raise EstimationError(
                f"Too few answered '{relation.item}' for its predictors.",
                found=f"{len(target.donors)} answers, {len(relation.names)} predictors",
                fix="Use fewer predictors, or hot_deck.",
            )
        out.append(_Step(relation=relation, target=target, values=values, frame=frame, others=others))
    return out


def _plain(source: Source, name: str) -> Any:
    """Give a predictor as numbers or as categories, null where missing."""
    import pandas as pd

    if frames.kind(source.frame, name) == "number":
        column = frames.numbers(source.frame, name, "predictor")
        return pd.Series(np.where(column.missing, np.nan, column.values))
    coded = frames.group(source.frame, (name,), "predictor")
    levels = [level[0] for level in coded.levels]
    present = np.unique(coded.codes[coded.codes >= 0])
    place = np.full(len(levels) + 1, -1, dtype=np.int64)
    place[present] = np.arange(len(present))
    categories = pd.Index([levels[i] for i in present.tolist()])
    return pd.Series(pd.Categorical.from_codes(place[coded.codes], categories))


def _ordered(source: Source, item: str) -> FloatArray:
    """Give an item as numbers (n,): its own, or the places of its categories."""
    kind = frames.kind(source.frame, item)
    if kind == "number":
        return frames.numbers(source.frame, item).values
    if kind == "category":
        return frames.group(source.frame, (item,), "item").codes.astype(np.float64)
    raise EstimationError(
        f"'{item}' holds words without an order.", fix="Make it an ordered category or numbers, or use hot_deck."
    )


def _circular(steps: list[_Step]) -> bool:
    """Tell whether some formula uses an item that is imputed after it."""
    waiting = [step.target.item for step in steps if len(step.target.recipients)]
    for step in steps:
        if any(name in waiting for name in step.others):
            return True
        waiting = [name for name in waiting if name != step.target.item]
    return False


def _started(source: Source, step: _Step, rng: np.random.Generator) -> IntArray:
    donors = step.target.donors
    return donors[pick(source.weight[donors], len(step.target.recipients), rng)]


def _predictors(
    step: _Step, steps: list[_Step], current: dict[str, IntArray | None], known: dict[str, FloatArray]
) -> FloatArray:
    """Give the matrix for donors and recipients, with other items as they are imputed now."""
    text = step.relation.text
    if not step.others:
        if text not in known:
            known[text] = matrix(step.relation, step.frame.iloc[step.rows].reset_index(drop=True))
        return known[text]
    frame = step.frame.copy()
    for other in (other.target for other in steps if other.target.item in step.others):
        drawn = current[other.item]
        if drawn is not None:
            rows = np.arange(len(frame))
            rows[other.recipients] = drawn
            frame[other.item] = frame[other.item].take(rows).reset_index(drop=True)
    return matrix(step.relation, frame.iloc[step.rows].reset_index(drop=True))


def _impute(
    source: Source,
    step: _Step,
    X: FloatArray,
    draws: Parameters,
    factor: FloatArray | None,
    donors: int,
    rng: np.random.Generator,
) -> IntArray:
    """Draw parameters and donors; the row each recipient's value comes from (r,)."""
    giving = step.target.donors
    d = len(giving)
    y, w = step.values[giving], source.weight[giving]
    w = w / w.mean()
    beta = fitted(X[:d], y, w)
    if draws == "normal":
        drawn = normal_draw(X[:d], y, w, beta, _units(source, giving), rng)
    else:
        drawn = fitted(X[:d], y, w * (multiplicities(d, rng) if factor is None else factor[giving]))
    return giving[match(X[:d] @ beta, w, X[d:] @ drawn, donors, rng)]


def _units(source: Source, rows: IntArray) -> tuple[IntArray, IntArray]:
    if source.design is None:
        return np.arange(len(rows)), np.zeros(len(rows), dtype=np.int64)
    stage = source.design.layout.stages[0]
    return stage.unit_of_row[rows], stage.stratum_of_unit


def _counted(source: Source, step: _Step, drawn: IntArray) -> dict[str, Any]:
    _, uses = np.unique(drawn, return_counts=True)
    w = source.weight[step.target.recipients]
    total = float(w.sum())
    return {
        "item": step.target.item,
        "imputed": len(drawn),
        "donors": len(step.target.donors),
        "donors_used": len(uses),
        "most_uses": int(uses.max(initial=0)),
        "mean_imputed": float(w @ step.values[drawn]) / total if total > 0 else float("nan"),
    }


def _told(source: Source, steps: list[_Step], donors: int, draws: Parameters, passes: int) -> tuple[str, ...]:
    how = {
        "normal": "parameters drawn from their normal approximation",
        "rows": "parameters from a bootstrap of rows",
        "units": "parameters from a bootstrap of first-stage units",
    }
    out = [f"one of the {donors} nearest donors; {how[draws]}", *(f"predicted by {s.relation.text}" for s in steps)]
    if passes:
        out.append(f"chained equations, {passes} passes: see log for whether mean_imputed settles")
    names = {name for step in steps for name in step.relation.names}
    if source.design is not None and not names & named(source.design.strata) and named(source.design.strata):
        out.append("strata are not among the predictors: differences between them are not kept by the imputation")
    return (*out, *clusters_left_out(source, names, drawn=draws != "rows"))
