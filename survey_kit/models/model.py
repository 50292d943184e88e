"""Models as values: the outcome they need and the likelihood they maximise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from survey_kit import checks
from survey_kit.errors import EstimationError
from survey_kit.models import families, multinomial_likelihood, ordered_likelihood
from survey_kit.models.families import Family
from survey_kit.models.likelihood import Likelihood, of_family
from survey_kit.models.outcome import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A kind of model.

    Attributes
    ----------
    name, link
        As they are printed.
    kind
        What its outcome must be.
    likelihood
        ``(levels of the outcome, columns) -> Likelihood``.
    family
        Of a generalised linear model; else None.
    """

    name: str
    link: str
    kind: Kind
    likelihood: Callable[[int, int], Likelihood]
    family: Family | None = None

    @property
    def thresholds(self) -> bool:
        """Tell whether thresholds stand for the intercept."""
        return self.kind == "ordered"

    def parameters(self, columns: tuple[str, ...], levels: tuple[Any, ...]) -> tuple[list[str], list[Any], list[str]]:
        """Name every parameter: its column or threshold, its equation, and what it is."""
        if self.kind == "nominal":
            pairs = [(column, level) for level in levels[1:] for column in columns]
            return [c for c, _ in pairs], [level for _, level in pairs], ["coefficient"] * len(pairs)
        names: list[str] = list(columns)
        equations: list[Any] = [None] * len(names)
        if self.kind == "ordered":
            names += [f"{low}|{high}" for low, high in pairwise(levels)]
            equations += ["threshold"] * (len(levels) - 1)
        return names, equations, ["coefficient"] * len(columns) + ["threshold"] * (len(names) - len(columns))


def _without_levels(family: Family, _levels: int, p: int) -> Likelihood:
    return of_family(family, p)


def check_fit(fit: Any) -> None:
    """Refuse what is no fitted model.

    Raises
    ------
    EstimationError
        If it is not a :class:`ModelFit`.
    """
    if not hasattr(fit, "problem") or not hasattr(fit, "params"):
        raise EstimationError(
            "This is not a fitted model.",
            found=checks.shown(fit),
            fix="Fit one first, fit = sk.logit(design, 'y ~ x'), and give it.",
        )


def _of_family(family: Family) -> Model:
    return Model(
        name=family.name,
        link=family.link,
        kind=family.outcome,
        likelihood=partial(_without_levels, family),
        family=family,
    )


OLS = _of_family(families.GAUSSIAN)
LOGIT = _of_family(families.LOGIT)
PROBIT = _of_family(families.PROBIT)
CLOGLOG = _of_family(families.CLOGLOG)
POISSON = _of_family(families.POISSON)
MULTINOMIAL = Model(name="multinomial", link="logit", kind="nominal", likelihood=multinomial_likelihood.of_levels)
ORDERED = {
    name: Model(name="ordered", link=name, kind="ordered", likelihood=partial(ordered_likelihood.of_levels, link))
    for name, link in ordered_likelihood.LINKS.items()
}
