"""The result: one full row per indicator, wave and level of each domain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING

from survey_kit.errors import IndicatorError, did_you_mean
from survey_kit.study import Indicator, Study, said

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorSeries:
    """The figures of a study, ready for every output.

    Attributes
    ----------
    rows
        A pandas DataFrame with the columns of ``survey_kit.indicators.COLUMNS``, in that order.
    study
        The study they were computed from.
    notes
        What the variance rests on.

    Examples
    --------
    >>> import survey_kit as sk
    >>> series = sk.compute(sk.read_study("analyses/kazakhstan"))
    >>> courts = series.select("trust_courts", domain="", wave="Rehearsal 3").rows.iloc[0]
    >>> courts["data_status"], courts["unit"], int(courts["df"])
    ('synthetic', 'share', 263)
    """

    rows: pd.DataFrame = field(repr=False)
    study: Study = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def definitions(self) -> tuple[Indicator, ...]:
        """Give the definitions of the indicators."""
        return self.study.definitions

    def __len__(self) -> int:
        return len(self.rows)

    def select(
        self,
        indicator: str | Sequence[str] | None = None,
        *,
        wave: str | Sequence[str] | None = None,
        domain: str | Sequence[str] | None = None,
        level: str | Sequence[str] | None = None,
        theme: str | Sequence[str] | None = None,
    ) -> IndicatorSeries:
        """Keep the rows that have the given values; ``domain=""`` is everybody."""
        keep = self.rows
        wanted = {"indicator": indicator, "wave": wave, "domain": domain, "level": level, "theme": theme}
        for name, value in wanted.items():
            if value is None:
                continue
            values = [value] if isinstance(value, str) else list(value)
            known = self.rows[name].unique().tolist()
            for one in values:
                if one not in known:
                    raise IndicatorError(f"There is no {name} '{one}' in these rows.", fix=did_you_mean(one, known))
            keep = keep[keep[name].isin(values)]
        return replace(self, rows=keep.reset_index(drop=True))

    def __repr__(self) -> str:
        return f"{self._short().to_string(max_rows=30)}\n{self._caption()}"

    def _repr_html_(self) -> str:
        shown = self._short().to_html(index=False, na_rep="", max_rows=40, border=0)
        return f"{shown}<p>{escape(self._caption())}</p>"

    def _short(self) -> pd.DataFrame:
        from survey_kit.indicators.rows import published

        columns = ["indicator", "wave", "domain", "level_label", "estimate", "ci_low", "ci_high", "n", "status"]
        out = published(self.rows)[[*columns, "reliability", "previous_change", "previous_wording", "baseline_wording"]]
        figures = ["estimate", "ci_low", "ci_high", "previous_change"]
        return out.assign(**{name: out[name].round(4) for name in figures})

    def _caption(self) -> str:
        title = f"{said(self.study.title)} ({self.study.data_status} data)"
        return "; ".join((title, f"{len(self.rows)} rows", *self.notes))
