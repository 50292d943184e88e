"""The row every output reads: its columns, what each means, and what of it may be published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pandas as pd

CONFIDENCE: Final = 0.95
FALSE_DISCOVERY: Final = 0.05
AGAINST: Final = ("previous", "baseline")
BREAKS: Final[Mapping[str, str]] = {
    "mode": "the way of interviewing changed",
    "wording": "the wording of the question changed",
    "scale": "the answer scale changed",
    "frame": "the sampling frame changed",
    "weighting": "the weighting changed",
    "design": "the sample design changed",
    "territory": "the territory changed",
}

_ABOUT: Final[Mapping[str, str]] = {
    "study": "id of the study",
    "data_status": "real or synthetic",
    "theme": "part of the report: services, trust, corruption, legal_culture or other",
    "indicator": "id of the indicator",
    "kind": "share, mean100, net or ratio",
    "direction": "whether a higher figure is better (up), worse (down) or neither (none)",
    "unit": "share (0 to 1), points (0 to 100), net (-1 to 1) or ratio (0 to 1)",
    "wave": "id of the wave",
    "year": "year of the wave; null for a synthetic wave",
    "wave_order": "position of the wave in the study, from 1",
    "domain": "column whose levels are told apart; empty for everybody",
    "level": "code of the level; empty for everybody",
    "level_label": "label of the level, in English",
    "estimate": "the weighted figure, in its unit",
    "se": "design-based standard error of the estimate",
    "ci_low": "lower limit of the confidence interval",
    "ci_high": "upper limit of the confidence interval",
    "confidence": "level of every interval that does not say otherwise",
    "interval": "form of the interval: wald (t), logit, beta or korn_graubard (exact binomial), arcsine, wilson, likelihood",
    "df": "degrees of freedom: sampling units minus strata that hold somebody of the domain who was asked",
    "n": "people in the base of the estimate; for several items the smallest of theirs",
    "n_effective": "size of a simple random sample as precise, at most n; for several items the smallest of theirs",
    "weight_sum": "sum of the weights in the base; for several items the smallest of theirs",
    "deff": "design effect: variance against that of a simple random sample; null for several items",
    "deff_reference": "the comparison of the design effect: srswr, sampling with replacement",
    "cv": "standard error divided by the estimate",
    "asked_n": "people who were asked; for several items the smallest of theirs",
    "dont_know": "weighted share of those asked who did not know; for several items the mean of theirs, as below",
    "refused": "weighted share of those asked who refused",
    "no_answer": "weighted share of those asked who gave no answer",
    "other_missing": "weighted share of those asked whose answer is missing for another or an unknown reason",
    "nonresponse": "weighted share of those asked without an answer: the four together",
    "bound_low": "the estimate if everybody without an answer stood at the low extreme",
    "bound_high": "the estimate if everybody without an answer stood at the high extreme",
    "status": "ok; not_asked; empty: nobody of the group answered; one_value: all said the same; no_df: too few units; undefined: no value",
    "reliability": "publish, caution, review, suppress, or none without an estimate",
    "reliability_rule": "what decided: nchs_2017 (shares), cv_bands (means), precision (net scores, composites) or confidential",
    "reliability_reason": "why the rule did not say publish; null otherwise",
    "break": "kind of break between this wave and the last one before it in which it was asked; null for none",
    "break_note": "the break in words",
}
_CHANGE: Final[Mapping[str, str]] = {
    "wave": "the earlier wave: {of}; null when there is none",
    "change": "estimate minus that of the earlier wave",
    "se": "design-based standard error of the change",
    "df": "degrees of freedom of the change",
    "ci_low": "lower limit of the interval of the change, taken alone",
    "ci_high": "upper limit of the interval of the change, taken alone",
    "p": "two-sided p of no change, taken alone",
    "family": "the changes it is judged with: family, comparison, wave and domain; null when it is not judged",
    "family_size": "number of changes judged together",
    "p_adjusted": "p adjusted within the family (Benjamini-Hochberg)",
    "fcr_level": "confidence level of the printed interval, common to the family (false coverage rate 5 %)",
    "fcr_low": "lower limit of the printed interval of the change; above 0 if and only if the change is called a rise",
    "fcr_high": "upper limit of the printed interval of the change; below 0 if and only if it is called a fall",
    "detectable": "smallest change that would be found 8 times in 10 at 5 %, taken alone",
    "nonresponse_shift": "change of the share without an answer",
    "wording": "rose, fell, no_significant_change, cannot_be_compared, not_published, or first: nothing earlier",
    "reason": "why it cannot be compared or is not published; null otherwise",
}
_OF: Final[Mapping[str, str]] = {
    "previous": "the last one before this in which it was asked",
    "baseline": "the study's baseline, or the first later wave in which it was asked",
}

#: Every column of a row, in order, with its meaning.
COLUMNS: Final[Mapping[str, str]] = {
    **_ABOUT,
    **{
        f"{against}_{name}": f"{meaning.format(of=_OF[against])} ({against} wave)"
        for against in AGAINST
        for name, meaning in _CHANGE.items()
    },
    "note": "what else a reader of the row has to know",
}
#: Columns of whole numbers; null where there is none.
COUNTS: Final = ("year", "wave_order", "n", "asked_n", *(f"{against}_family_size" for against in AGAINST))
#: Columns of text.
TEXTS: Final = (
    *("study", "data_status", "theme", "indicator", "kind", "direction", "unit", "wave", "domain", "level"),
    *("level_label", "interval", "deff_reference", "status", "reliability", "reliability_rule"),
    *("reliability_reason", "break", "break_note", "note"),
    *(f"{against}_{part}" for against in AGAINST for part in ("wave", "family", "wording", "reason")),
)
#: Columns that give an estimate away.
FIGURES: Final = ("estimate", "se", "ci_low", "ci_high", "n_effective", "deff", "cv", "bound_low", "bound_high")
#: Columns that give a change away, after the name of the comparison.
CHANGE_FIGURES: Final = (
    *("change", "se", "df", "ci_low", "ci_high", "p", "p_adjusted", "fcr_level", "fcr_low", "fcr_high"),
    *("detectable", "nonresponse_shift"),
)


def published(rows: pd.DataFrame) -> pd.DataFrame:
    """Blank the numbers that may not be published: estimates that are suppressed, changes that are not published.

    The rows themselves, their counts and their reasons stay, so that nobody wonders where they are. A change whose
    earlier end is suppressed is blanked as well, since it would give that end away. That all of a few people said the same
    is as confidential as the figure: such a row has the status ok.

    Examples
    --------
    >>> import pandas as pd
    >>> row = dict.fromkeys(COLUMNS) | {"estimate": 0.5, "reliability": "suppress", "previous_wording": "first"}
    >>> out = published(pd.DataFrame([row]))
    >>> out["estimate"].isna().tolist(), out["reliability"].tolist()
    ([True], ['suppress'])
    """
    out = rows.copy()
    out.loc[out["reliability"] == "suppress", list(FIGURES)] = None
    out.loc[(out["reliability_rule"] == "confidential") & (out["status"] == "one_value"), "status"] = "ok"
    for against in AGAINST:
        withheld = out[f"{against}_wording"] == "not_published"
        out.loc[withheld, [f"{against}_{name}" for name in CHANGE_FIGURES]] = None
    return out
