"""The field at a glance: progress, outcome rates, balance and what the disclosure of the survey needs, from one contact log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from survey_kit import frames
from survey_kit.errors import ResponsesError
from survey_kit.fieldwork.contacts import ContactLog
from survey_kit.fieldwork.eligibility import Eligibility, Method, eligibility_of
from survey_kit.fieldwork.progress import Progress, by_group, progress_of
from survey_kit.fieldwork.rates import Outcome, Selection, outcome_rates
from survey_kit.fieldwork.rates_by import outcome_rates_by
from survey_kit.fieldwork.representativity import By, Representativity
from survey_kit.fieldwork.representativity_daily import balance_by_day, response_of
from survey_kit.language import Note

if TYPE_CHECKING:
    import pandas as pd

MAIN = ("RR1", "RR2", "RR3", "RR4", "COOP1", "REF2", "CON2")
LOGGED = {
    "C101": "after_interview",
    "C102": "number_left_out",
    "C103": "no_end",
}  # what is odd about a log and can stand


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FieldReport:
    """Everything the field team looks at.

    Attributes
    ----------
    log
        The contact log, as it stood on the last day counted.
    progress
        By day, unit, interviewer, attempt and hour; open cases.
    outcome, weighted
        Outcome rates of all cases, and with base weights (None without a weight).
    e
        How the eligible share of the unknown cases was found: a method, or ``"given"``.
    domains
        Outcome rates by level, a table for each domain; weighted when there is a weight.
    balance
        R-indicators; None when no variables are named, or they cannot be computed.
    track
        Response and balance by day; None when no variables are named.
    notes
        What could not be computed and why, and what is odd in the log.
    """

    log: ContactLog
    progress: Progress
    outcome: Outcome
    weighted: Outcome | None
    e: str
    domains: Mapping[str, pd.DataFrame]
    balance: Representativity | None
    track: pd.DataFrame | None
    notes: tuple[Note | str, ...]

    def __repr__(self) -> str:
        """Say how far the field is, and its response rate."""
        rate = f", RR3 {self.outcome.rates['RR3']:.3f}" if self.outcome.rates else ", no response rate"
        return f"<FieldReport: {repr(self.progress)[1:-1]}{rate}>"

    def _repr_html_(self) -> str:
        balance = "" if self.balance is None else self.balance._repr_html_()
        return self.progress._repr_html_() + self.outcome._repr_html_() + balance

    def tables(self) -> dict[str, pd.DataFrame]:
        """Give every table by its name, as it is written to a file."""
        made = {
            "by_day": self.progress.by_day,
            "by_unit": self.progress.by_unit,
            "by_interviewer": self.progress.by_interviewer,
            "by_attempt": self.progress.by_attempt,
            "by_hour": self.progress.by_hour,
            "open_cases": self.progress.open_cases,
            "outcomes": by_group(self.log.status()),
        }
        if self.outcome.rates:
            made["rates"] = self.rates()
        made |= {f"rates_by_{name.replace(' x ', '_')}": table for name, table in self.domains.items()}
        if self.balance is not None:
            made |= {"balance": self.balance.table(), "balance_variables": self.balance.variables}
            made["balance_categories"] = self.balance.categories
        if self.track is not None:
            made["balance_by_day"] = self.track
        if len(self.log.notes):
            made["notes"] = self.log.notes
        return made

    def rates(self) -> pd.DataFrame:
        """Give the outcome rates, unweighted and weighted: ``rate unweighted weighted``."""
        import pandas as pd

        names = list(self.outcome.rates)
        table = pd.DataFrame({"rate": names, "unweighted": [self.outcome.rates[name] for name in names]})
        return table if self.weighted is None else table.assign(weighted=[self.weighted.rates[name] for name in names])

    def disclosure(self) -> dict[str, str]:
        """Tell in English what the AAPOR Code asks about dates, modes, sample sizes and outcome, from counts alone."""
        return told(self.log, self.outcome, self.weighted)


def field_report(
    log: ContactLog,
    *,
    until: str | None = None,
    target: int | None = None,
    weight: str | None = None,
    selection: Selection = "probability",
    e: float | Method = "proportional",
    domains: Sequence[str | tuple[str, ...]] = (),
    balance: By = (),
) -> FieldReport:
    """Put together how the field goes on.

    Parameters
    ----------
    log
        The contact log with its issued cases.
    until
        The last day to count.
    target
        Completes wanted.
    weight
        The column of base weights among the issued cases.
    selection
        ``"probability"``; quota and random-route samples get neither rates nor measures of balance, and the reason.
    e
        How the eligible share of unknown cases is found, or the share itself.
    domains
        Columns of the issued cases for whose levels rates are computed; a tuple is crossed.
    balance
        Columns known of all issued cases against which response is held.

    Raises
    ------
    ResponsesError
        As :func:`progress_of`, :func:`outcome_rates_by` and :func:`balance_by_day`.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.fieldwork import read_contacts
    >>> log = pd.DataFrame({"case": [1, 2], "psu": 9, "interviewer": "a", "attempt": 1, "start": "2026-03-01T10:00", "code": ["1.1", "2.11"]})
    >>> field_report(read_contacts(log), target=2)
    <FieldReport: Progress until 2026-03-01: 1 of 2 completes, 0 cases open, RR3 0.500>
    """
    progress = progress_of(log, until=until, target=target)
    log = log if until is None else log.until(until)
    status = log.status()
    notes: list[Note | str] = []
    share = _share(log, e, None, selection)
    outcome = outcome_rates(status["code"].tolist(), e=share, selection=selection)
    weighted = None
    if weight is not None:
        share = _share(log, e, weight, selection)
        values = frames.numbers(status, weight, "weight").values.tolist()
        weighted = outcome_rates(status["code"].tolist(), weight=values, e=share, selection=selection)
    crossed = [(one,) if isinstance(one, str) else tuple(one) for one in domains]
    by = {
        " x ".join(names): outcome_rates_by(status, names, weight=weight, e=share, selection=selection)
        for names in crossed
    }
    found, track = None, None
    if outcome.reason:
        notes.append(Note("progress", f"no_rate_{selection}"))
    elif balance:
        found, track = _balance(log, balance, weight, notes)
    if len(log.notes):
        counts = log.notes["code"].value_counts(sort=False)
        notes += [Note("progress", LOGGED[str(code)], {"count": f"{count:,}"}) for code, count in counts.items()]
    return FieldReport(
        log=log,
        progress=progress,
        outcome=outcome,
        weighted=weighted,
        e={"casro": "proportional"}.get(e, e) if isinstance(e, str) else "given",
        domains=by,
        balance=found,
        track=track,
        notes=tuple(notes),
    )


def _share(log: ContactLog, e: float | Method, weight: str | None, selection: Selection) -> float | Eligibility:
    if selection != "probability" or not isinstance(e, str):
        return 1.0 if isinstance(e, str) else e
    return eligibility_of(log, method=e, weight=weight)


def _balance(
    log: ContactLog, balance: By, weight: str | None, notes: list[Note | str]
) -> tuple[Representativity | None, pd.DataFrame | None]:
    """Compute balance as it stands and by day; what the first days do not allow becomes a note."""
    if not log.contacts["group"].isin(["I", "P"]).any():
        notes.append(Note("progress", "no_interview_yet"))
        return None, None
    track = balance_by_day(log, balance, weight=weight)
    try:
        return response_of(log, balance, weight=weight), track
    except ResponsesError as fault:
        where = f" ({fault.where})" if fault.where else ""
        why = f"{fault.what.rstrip('.')}{where}. {fault.fix or ''}".strip()
        notes.append(Note("progress", "no_balance_yet", {"why": why}))
        return None, track


def told(log: ContactLog, outcome: Outcome, weighted: Outcome | None) -> dict[str, str]:
    """Tell dates, modes and sample sizes from counts alone; nothing about a single case or interviewer."""
    talks = log.contacts[log.contacts["group"].isin(["I", "P"])]
    out: dict[str, str] = {}
    if len(talks):
        first, last = f"{talks['start'].min():%Y-%m-%d}", f"{talks['start'].max():%Y-%m-%d}"
        when = f"from {first} to {last}" if first < last else f"on {first}"
        out["dates"] = f"Interviews were held {when}."
    if talks["mode"].notna().any():
        shares = talks["mode"].value_counts(normalize=True)
        out["modes"] = (
            "Mode of the interviews: " + ", ".join(f"{name} {100 * n:.0f} %" for name, n in shares.items()) + "."
        )
    counted = by_group(log.status())
    groups = dict(zip(counted["group"].tolist(), counted["cases"].tolist(), strict=True))
    settled = {
        "P": "partial",
        "R": "refused or broken off",
        "NC": "not reached",
        "O": "other eligible",
        "NE": "not eligible",
    }
    unknown = groups["UH"] + groups["UO"]
    tail = [f"{groups[name]:,} {words}" for name, words in settled.items()]
    tries = log.status()["attempts"]
    text = f"{len(log.cases):,} cases were issued; {groups['I']:,} complete interviews, {', '.join(tail)}, {unknown:,} of unknown "
    text += f"eligibility. The most attempts on a case were {tries.max():,}, on average {tries.mean():.1f}. "
    out["sample_sizes"] = text + _rates_told(outcome, weighted, groups)
    return out


def _rates_told(outcome: Outcome, weighted: Outcome | None, groups: Mapping[str, int]) -> str:
    if outcome.reason:
        asked = groups["I"] + groups["P"] + groups["R"] + groups["O"]
        taken = f" {groups['I'] + groups['P']:,} of {asked:,} who were asked took part." if asked else ""
        return f"{outcome.reason}{taken}"
    rates = ", ".join(f"{name} {100 * outcome.rates[name]:.1f} %" for name in MAIN)
    text = f"Outcome rates (AAPOR 2023): {rates}; e = {outcome.e:.3f}, {outcome.e_method}."
    if weighted is not None:
        text += f" With base weights: RR1 {100 * weighted.rates['RR1']:.1f} %, RR3 {100 * weighted.rates['RR3']:.1f} %."
    return text
