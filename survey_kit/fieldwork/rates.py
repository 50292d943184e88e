"""Outcome rates of AAPOR: response, cooperation, refusal and contact, from final dispositions, with or without weights.

With I complete, P partial interviews, R refusals, NC non-contacts, O others, UH and UO of unknown eligibility, NE not eligible, U = UH + UO and
E = I + P + R + NC + O; e is the share of the unknown that is taken to be eligible (AAPOR 2023, Standard Definitions, 10th edition).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from survey_kit.errors import ResponsesError
from survey_kit.fieldwork.dispositions import GROUPS, Group, group_of
from survey_kit.fieldwork.eligibility import Eligibility

if TYPE_CHECKING:
    import pandas as pd

Selection: TypeAlias = Literal["probability", "quota", "random_route"]
Counts: TypeAlias = Mapping[Group, float]


def _known(c: Counts) -> float:
    return c["I"] + c["P"] + c["R"] + c["NC"] + c["O"]


def _unknown(c: Counts) -> float:
    return c["UH"] + c["UO"]


def _talked(c: Counts) -> float:
    return c["I"] + c["P"] + c["R"] + c["O"]


def _all(c: Counts, e: float) -> float:
    return _known(c) + e * _unknown(c)


# name -> (numerator, denominator, whether e counts)
_RATES: Mapping[str, tuple[Callable[[Counts], float], Callable[[Counts, float], float], bool]] = {
    "RR1": (lambda c: c["I"], lambda c, _: _all(c, 1.0), False),
    "RR2": (lambda c: c["I"] + c["P"], lambda c, _: _all(c, 1.0), False),
    "RR3": (lambda c: c["I"], _all, True),
    "RR4": (lambda c: c["I"] + c["P"], _all, True),
    "RR5": (lambda c: c["I"], lambda c, _: _known(c), False),
    "RR6": (lambda c: c["I"] + c["P"], lambda c, _: _known(c), False),
    "COOP1": (lambda c: c["I"], lambda c, _: _talked(c), False),
    "COOP2": (lambda c: c["I"] + c["P"], lambda c, _: _talked(c), False),
    "COOP3": (lambda c: c["I"], lambda c, _: c["I"] + c["P"] + c["R"], False),
    "COOP4": (lambda c: c["I"] + c["P"], lambda c, _: c["I"] + c["P"] + c["R"], False),
    "REF1": (lambda c: c["R"], lambda c, _: _all(c, 1.0), False),
    "REF2": (lambda c: c["R"], _all, True),
    "REF3": (lambda c: c["R"], lambda c, _: _known(c), False),
    "CON1": (_talked, lambda c, _: _all(c, 1.0), False),
    "CON2": (_talked, _all, True),
    "CON3": (_talked, lambda c, _: _known(c), False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome rates of a survey.

    Attributes
    ----------
    counts
        Cases, or sums of their weights, by group.
    e, e_method
        The share of the unknown taken to be eligible, and how it was found.
    rates
        By name; empty for a sample that has none.
    weighted
        Whether the counts are sums of weights.
    reason
        Why there are no rates.
    """

    counts: Mapping[Group, float]
    e: float
    e_method: str
    rates: Mapping[str, float]
    weighted: bool = False
    reason: str = ""

    def table(self) -> pd.DataFrame:
        """Give the rates with their numerators and denominators."""
        import pandas as pd

        rows = []
        for name in self.rates:
            above, below, uses = _RATES[name]
            rows.append(
                (name, self.rates[name], above(self.counts), below(self.counts, self.e), self.e if uses else np.nan)
            )
        return pd.DataFrame(rows, columns=["rate", "value", "numerator", "denominator", "e"])

    def _repr_html_(self) -> str:
        import pandas as pd

        counts = pd.DataFrame(
            {
                "group": list(self.counts),
                "meaning": [GROUPS[one] for one in self.counts],
                "cases": list(self.counts.values()),
            }
        ).to_html(index=False)
        what = "weighted cases" if self.weighted else "cases"
        if self.reason:
            return f"<p>{escape(self.reason)}</p>{counts}"
        return f"<p>{what}; e = {self.e:.4f} ({escape(self.e_method)})</p>{self.table().round(4).to_html(index=False)}{counts}"


def outcome_rates(
    dispositions: Sequence[object] | Counts,
    *,
    weight: Sequence[float] | None = None,
    e: float | Eligibility | Literal["proportional", "casro", "one"] = "proportional",
    selection: Selection = "probability",
) -> Outcome:
    """Compute the outcome rates of AAPOR.

    Parameters
    ----------
    dispositions
        The final code (or group) of each sampled case; or the number of cases by group.
    weight
        Base weights of the cases, for weighted rates.
    e
        ``"proportional"`` or ``"casro"``: the eligible share of the cases with known eligibility, E / (E + NE) (Smith 2009); ``"one"``: all unknown
        are eligible; what :func:`eligible_share` or :func:`eligibility_of` found; or a share from elsewhere, between 0 and 1.
    selection
        How cases were chosen. Quota and random-route samples have no response rate: their counts are given, and the reason.

    Raises
    ------
    ResponsesError
        When a code does not exist, weights do not fit the cases or are not positive, e is no share, or there are no cases.

    Notes
    -----
    AAPOR (2023), Standard Definitions, 10th edition; Smith (2009), A revised review of methods to estimate the status of cases with unknown
    eligibility.

    Examples
    --------
    >>> made = outcome_rates({"I": 1500, "P": 60, "R": 700, "NC": 420, "O": 90, "UH": 180, "UO": 150, "NE": 300})
    >>> round(made.e, 4), round(made.rates["RR1"], 4), round(made.rates["RR3"], 4)
    (0.9023, 0.4839, 0.489)
    """
    counts, weighted = _counted(dispositions, weight)
    if selection != "probability":
        kind = "quota" if selection == "quota" else "random-route"
        reason = (
            f"A {kind} sample has no response rate: who was not reached is not known. Report the counts, and as participation rate "
            "the interviews among those who were asked."
        )
        return Outcome(counts=counts, e=float("nan"), e_method="", rates={}, weighted=weighted, reason=reason)
    share, method = _eligible(counts, e)
    rates = {}
    for name, (above, below, _) in _RATES.items():
        base = below(counts, share)
        rates[name] = above(counts) / base if base > 0 else float("nan")
    return Outcome(counts=counts, e=share, e_method=method, rates=rates, weighted=weighted)


def _counted(
    dispositions: Sequence[object] | Counts, weight: Sequence[float] | None
) -> tuple[dict[Group, float], bool]:
    out: dict[Group, float] = dict.fromkeys(GROUPS, 0.0)
    if isinstance(dispositions, Mapping):
        for name, count in dispositions.items():
            if not count >= 0:
                raise ResponsesError("A number of cases is not negative.", found=f"{name}: {count}", fix="Correct it.")
            out[group_of(name)] += float(count)
    else:
        weights = np.ones(len(dispositions)) if weight is None else np.asarray(weight, dtype=np.float64)
        if len(weights) != len(dispositions) or not (np.isfinite(weights) & (weights > 0)).all():
            found = (
                f"{len(weights)} weights, {len(dispositions)} cases, smallest {weights.min() if len(weights) else 0:g}"
            )
            raise ResponsesError("Weights are positive, one for each case.", found=found, fix="Give base weights.")
        for code, one in zip(dispositions, weights, strict=True):
            out[group_of(code)] += float(one)
    if not sum(out.values()):
        raise ResponsesError("There are no cases.", fix="Give the final disposition of every sampled case.")
    return out, weight is not None and not isinstance(dispositions, Mapping)


def _eligible(counts: Counts, e: float | str | Eligibility) -> tuple[float, str]:
    if e == "one":
        return 1.0, "all unknown cases are taken to be eligible"
    if isinstance(e, Eligibility):
        return e.share, e.method
    if e in {"proportional", "casro"}:
        settled = _known(counts) + counts["NE"]
        if not settled:
            raise ResponsesError("No case has a known eligibility, so e cannot be found.", fix="Give e as a number.")
        return _known(counts) / settled, "eligible share of the cases with known eligibility"
    if isinstance(e, str) or not 0 <= e <= 1:
        raise ResponsesError(
            "e is a share between 0 and 1.", found=str(e), fix="Write 'proportional', 'casro', 'one' or a number."
        )
    return float(e), "given"
