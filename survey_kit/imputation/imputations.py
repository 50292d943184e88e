"""Completed data sets, and estimates from all of them by Rubin's rules."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.design import Design
from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.estimate import Estimates, combine
from survey_kit.imputation.source import Source, Target
from survey_kit.responses import Responses
from survey_kit.types import BoolArray, Frame, IntArray

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Imputations:
    """Data completed several times; the data themselves are never changed.

    Attributes
    ----------
    items
        What was imputed.
    times
        How many completed data sets there are.
    method
        How, in words.
    log
        Counts by item and imputation: missing answers filled, donors, how many of them were used and how often. Never who.
    notes
        What was done and assumed, in words; they go into every result.
    given
        What it was made from: a frame, responses or a design.
    recipients
        Rows (r,) of each item that were filled.
    drawn
        For each item the row that every value came from (times, r).
    derived
        What is made of every completed data set.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": 1.0, "sex": [1, 1, 1, 2, 2, 2], "y": [1.0, 2, None, 5, 6, None]})
    >>> done = sk.hot_deck(sk.Design(frame, weight="w"), "y", cells="sex", times=5, rng=1)
    >>> done.estimate(lambda design: sk.mean(design, "y", by="sex")).table["estimate"].round(2).tolist()
    [1.53, 5.47]
    """

    items: tuple[str, ...]
    times: int
    method: str
    log: pd.DataFrame
    notes: tuple[str, ...]
    given: Any = field(repr=False)
    recipients: Mapping[str, IntArray] = field(repr=False)
    drawn: Mapping[str, IntArray] = field(repr=False)
    derived: tuple[Callable[[Any], Any], ...] = field(repr=False, default=())

    def mask(self, item: str) -> BoolArray:
        """Tell which rows (n,) of an item were imputed."""
        if not isinstance(item, Hashable) or item not in self.recipients:
            said = item if isinstance(item, str) else checks.shown(item)
            raise EstimationError(f"'{said}' was not imputed.", fix=did_you_mean(said, self.items))
        out = np.zeros(frames.row_count(_frame_of(self.given)), dtype=bool)
        out[self.recipients[item]] = True
        return out

    def completed(self, number: int) -> Any:
        """Give one completed data set (0 first): a frame of the caller's library, or responses where responses were given.

        A column ``<item>_imputed`` says which values were imputed.
        """
        whole = isinstance(number, (int, np.integer)) and not isinstance(number, bool)
        if not whole or not 0 <= number < self.times:
            raise EstimationError(f"There is no imputation {checks.shown(number)}.", fix=f"Say 0 to {self.times - 1}.")
        frame, responses = _frame_of(self.given), _responses_of(self.given)
        masks = {item: self.mask(item) for item in self.items}
        rows_of = {}
        for item in self.items:
            rows_of[item] = np.arange(len(masks[item]))
            rows_of[item][self.recipients[item]] = self.drawn[item][number]
        out: Any = frames.gathered(frame, rows_of, {f"{item}_imputed": mask for item, mask in masks.items()})
        if responses is not None:
            missing = responses.missing.copy()
            for item in self.items:
                if item in missing:
                    missing[item] = missing[item].mask(masks[item])
            out = replace(responses, frame=out, missing=missing)
        for f in self.derived:
            out = f(out)
        return out

    @property
    def frames(self) -> tuple[Any, ...]:
        """All completed data sets; columns that were not imputed are shared, not copied."""
        return tuple(self.completed(number) for number in range(self.times))

    def derive(self, f: Callable[[Any], Any]) -> Imputations:
        """Make further columns in every completed data set, such as a recoded item or an index.

        Parameters
        ----------
        f
            Takes a completed frame (or responses) and returns it with more columns; rows and design columns stay.

        Examples
        --------
        >>> import pandas as pd, survey_kit as sk
        >>> frame = pd.DataFrame({"w": 1.0, "y": [1.0, 2, None, 5, 6, None]})
        >>> done = sk.hot_deck(sk.Design(frame, weight="w"), "y", cells=(), times=5, rng=1)
        >>> high = done.derive(lambda frame: frame.assign(high=frame["y"] > 4))
        >>> high.estimate(lambda design: sk.mean(design, "high")).table["variable"].tolist()
        ['high']
        """
        _check_function(f)
        return replace(self, derived=(*self.derived, f))

    def designs(self, **declared: Any) -> tuple[Design, ...]:
        """Give the design over every completed data set.

        Parameters
        ----------
        declared
            ``weight= strata= psu= ...`` as of `Design`, where a frame or responses were given; nothing where a design was.
        """
        return tuple(self._design(number, declared) for number in range(self.times))

    def estimate(self, f: Callable[[Design], Estimates], **declared: Any) -> Estimates:
        """Estimate from every completed data set and combine by Rubin's rules.

        Parameters
        ----------
        f
            Takes a design and gives estimates: a statistic, a model's ``params``, a change, ``est.map(...)``.
        declared
            The design, where a frame or responses were given.

        Returns
        -------
        Estimates
            Their standard errors and degrees of freedom hold what is not known of the missing answers.

        Raises
        ------
        EstimationError
            If `f` gives something else, or other rows for some imputation.
        """
        _check_function(f)
        parts = []
        for number in range(self.times):
            part = f(self._design(number, declared))
            if not isinstance(part, Estimates):
                raise EstimationError(
                    "Only estimates can be combined.",
                    found=checks.shown(part),
                    fix="Let the function return Estimates, such as sk.mean(design, ...) or a model's .params.",
                )
            parts.append(part)
        out = combine(parts)
        return replace(out, notes=(*out.notes, *self.notes))

    def _design(self, number: int, declared: Mapping[str, Any]) -> Design:
        data = self.completed(number)
        if not isinstance(self.given, Design):
            if not declared:
                raise EstimationError(
                    "The design is not declared.",
                    fix="Say estimate(f, weight='w', strata='h', psu='town'), or impute a Design.",
                )
            return Design(data, **declared)
        if declared:
            raise EstimationError(
                "The design was declared before.", found=", ".join(declared), fix="Leave the declaration out."
            )
        return self.given.with_frame(data)

    def _repr_html_(self) -> str:
        counts = "; ".join(f"{escape(item)}: {len(self.recipients[item]):,} answers" for item in self.items)
        said = escape("; ".join(self.notes))
        return f"<p><b>{self.times} imputations</b> by {escape(self.method)}: {counts}</p><p>{said}</p>"


def finish(
    source: Source,
    targets: list[Target],
    drawn: Mapping[str, IntArray],
    records: list[dict[str, Any]],
    method: str,
    notes: tuple[str, ...],
) -> Imputations:
    """Put the value together; no row of the user's frame is touched."""
    import pandas as pd

    told = tuple(note for target in targets for note in target.notes)
    filled = ", ".join(f"'{target.item}' {len(target.recipients)}" for target in targets)
    times = len(next(iter(drawn.values())))
    return Imputations(
        items=tuple(target.item for target in targets),
        times=times,
        method=method,
        log=pd.DataFrame(records),
        notes=(f"missing answers imputed {times} times by {method} ({filled})", *notes, *told, _ASSUMED),
        given=source.given,
        recipients={target.item: target.recipients for target in targets},
        drawn=drawn,
    )


_ASSUMED = "imputation assumes that, given what it uses, those who did not answer are like those who did"


def _check_function(f: Any) -> None:
    if not callable(f):
        raise EstimationError(
            "This is no function.",
            found=checks.shown(f),
            fix="Give one, such as lambda design: sk.mean(design, 'income').",
        )


def _frame_of(given: Any) -> Frame:
    return given.frame if isinstance(given, (Design, Responses)) else given


def _responses_of(given: Any) -> Responses | None:
    found = given.source if isinstance(given, Design) else given
    return found if isinstance(found, Responses) else None
