"""Every screen that the instrument and the columns allow, in one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from survey_kit.errors import ResponsesError
from survey_kit.fieldwork.interviewer_effects import InterviewerEffects, interviewer_effects
from survey_kit.fieldwork.interviewer_pages import InterviewerPages, write_interviewer_pages
from survey_kit.fieldwork.interviewer_score import FEWEST_SCREENS, interviewer_score
from survey_kit.fieldwork.matching import FEWEST_ITEMS, Likeness, likeness
from survey_kit.fieldwork.screens import Interviews, Screened
from survey_kit.fieldwork.screens_answers import (
    screen_extremes,
    screen_filters,
    screen_heaping,
    screen_item_nonresponse,
    screen_straightlining,
)
from survey_kit.fieldwork.screens_contacts import screen_alike, screen_duplicates
from survey_kit.fieldwork.screens_instrument import batteries, closing_answers, expected_seconds, scale_ends
from survey_kit.fieldwork.screens_order import screen_drift, screen_variance
from survey_kit.fieldwork.screens_places import screen_distance
from survey_kit.fieldwork.screens_times import Limits, screen_duration, screen_schedule
from survey_kit.frames import to_pandas
from survey_kit.instrument import Instrument
from survey_kit.types import DataStatus, FloatArray, Frame

if TYPE_CHECKING:
    import pandas as pd

NO_ANSWER = ("identifier", "paradata", "design")  # roles of items that nobody was asked about
FEWEST_ANSWERED = 0.05  # an item that fewer were asked is not compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """Screens of the same interviews.

    Attributes
    ----------
    screens
        What each found; the score of all last.
    effects
        Interviewer effects by item.
    left_out
        Screens that were not run, with the reason.
    data_status
        Whether anybody was interviewed.
    """

    screens: tuple[Screened, ...]
    effects: InterviewerEffects | None
    left_out: Mapping[str, str]
    data_status: DataStatus = field(default="real")

    def __getitem__(self, name: str) -> Screened:
        for one in self.screens:
            if one.screen.name == name:
                return one
        why = self.left_out.get(name)
        known = ", ".join(one.screen.name for one in self.screens)
        raise ResponsesError(f"There is no screen '{name}'.", found=why, fix=f"There are {known}.")

    def table(self) -> pd.DataFrame:
        """Give for each interviewer the adjusted p of each screen and in how many the interviewer stands out."""
        import pandas as pd

        names = sorted({name for one in self.screens for name in one.table["interviewer"]}, key=str)
        out = pd.DataFrame({"interviewer": names})
        counts = np.zeros(len(names), dtype=np.int64)
        for one in self.screens:
            table = one.table.set_index("interviewer").reindex(names)
            out[one.screen.name] = table["p_adjusted"].to_numpy()
            counts += table["stands_out"].fillna(False).to_numpy(dtype=np.int64)
        out.insert(1, "stands_out_in", counts)
        return out.sort_values(["stands_out_in", "interviewer"], ascending=[False, True], ignore_index=True)

    def evidence(self) -> pd.DataFrame:
        """Give a row for each screen and interviewer: ``interviewer screen interviews statistic expected se z p p_adjusted rank stands_out``."""
        import pandas as pd

        columns = ["interviewer", "interviews", "statistic", "expected", "se", "z", "p", "p_adjusted", "rank"]
        parts = [one.table[[*columns, "stands_out"]].assign(screen=one.screen.name) for one in self.screens]
        whole = pd.concat(parts, ignore_index=True)
        return whole[["interviewer", "screen", *columns[1:], "stands_out"]]

    def write(self, folder: Path | str, *, key: str, title: str = "", language: str = "en") -> InterviewerPages:
        """Write the pages of the field team (see `write_interviewer_pages`)."""
        return write_interviewer_pages(
            folder,
            self.screens,
            key=key,
            effects=self.effects,
            data_status=self.data_status,
            title=title,
            language=language,
        )

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(one.screen.name)}</td><td>{len(one.flagged)}</td><td>{escape(', '.join(map(str, one.flagged[:8])))}</td></tr>"
            for one in self.screens
        )
        out = "".join(f"<li>{escape(name)}: {escape(why)}</li>" for name, why in self.left_out.items())
        return (
            f"<p><b>Screens</b> of {escape(self.data_status)} interviews; for the field team only.</p><table><thead><tr><th>screen</th>"
            f"<th>stand out</th><th>who deserves a second look</th></tr></thead><tbody>{rows}</tbody></table><ul>{out}</ul>"
        )


def screen_interviews(  # noqa: PLR0913  (each is a thing that a screen may need, and may be lacking)
    interviews: Interviews,
    instrument: Instrument,
    *,
    reasons: Frame | None = None,
    phone: str | None = None,
    key: str | None = None,
    limits: Limits | None = None,
    timezone: str | None = None,
    closing: Mapping[str, Sequence[Any]] | None = None,
    points: Frame | None = None,
    reach: float | None = None,
    more: Sequence[Screened] = (),
    rng: np.random.Generator | int,
    level: float = 0.05,
    data_status: DataStatus = "real",
) -> Screening:
    """Run every screen that can be run, and say why the others were not.

    Parameters
    ----------
    interviews
        The interviews; items under their ids or data columns, answers that are none blank.
    instrument
        Says what is a battery, a filter, a number, an end of a scale, and how long a route is.
    reasons
        Why answers are missing, as `Responses.missing` holds it; without it item nonresponse is left out.
    phone, key
        The column of telephone numbers and a secret of at least 12 characters.
    limits, timezone
        Of schedules.
    closing
        Of filters the answers that close what is behind them, in place of those that the instrument tells.
    points, reach
        Of distances (see `screen_distance`).
    more
        Further screens of the same interviews: those of back-checks, or one's own.
    rng
        Seed or generator.
    level
        The adjusted p at or under which an interviewer stands out.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.instrument import Item, Module, Scale
    >>> rng = np.random.default_rng(1)
    >>> rows = tuple(Item(id=name, text={"en": name}) for name in "abcd")
    >>> grid = Item(id="trust", type="grid", text={"en": "Trust?"}, scale=Scale(codes=(1, 2, 3, 4, 5), high=5), rows=rows)
    >>> form = Instrument(id="tiny", version="1", modules=(Module(id="m", items=(grid,)),))
    >>> table = pd.DataFrame(rng.integers(1, 6, (300, 4)), columns=list("abcd")).assign(who=np.arange(300) % 10)
    >>> table.loc[table["who"] == 6, list("abcd")] = 3
    >>> made = screen_interviews(Interviews(frame=table, interviewer="who"), form, rng=1)
    >>> made["straightlining"].flagged, made["score"].flagged, sorted(made.left_out)[:2]
    ([6], [6], ['alike', 'contact_filters'])
    """
    parts = _parts(interviews, instrument, closing)
    generator = np.random.default_rng(rng)
    runs = _Runs()
    _answers(runs, interviews, parts, reasons, generator, level)
    no_time = "" if interviews.start and interviews.end else "begin and end are not named"
    runs.add("duration", no_time, lambda: screen_duration(interviews, parts.seconds, level=level))
    no_phone = "" if phone and key else "no column of telephones, or no key"
    runs.add(
        "duplicate_contacts",
        no_phone,
        lambda: screen_duplicates(interviews, phone or "", key=key or "", level=level),
    )
    of = next((one for one in runs.found if one.screen.name == "contact_filters"), None)
    why = no_time or ("" if of else "no filters")
    runs.add("drift_of_contact_filters", why, lambda: screen_drift(interviews, cast("Screened", of), level=level))
    runs.add(
        "schedule",
        no_time,
        lambda: screen_schedule(interviews, limits=limits, timezone=timezone, level=level),
    )
    no_place = "" if interviews.psu and interviews.latitude and interviews.longitude else "positions are not named"
    runs.add("distance", no_place, lambda: screen_distance(interviews, points, reach=reach, level=level))
    runs.found.extend(more)
    few = "" if len(runs.found) >= FEWEST_SCREENS else "fewer than three screens"
    runs.add("score", few, lambda: interviewer_score(runs.found, level=level))
    named = [*parts.ordered, *parts.numeric]
    effects = interviewer_effects(interviews, named) if named else None
    return Screening(screens=tuple(runs.found), effects=effects, left_out=runs.left, data_status=data_status)


@dataclass(frozen=True, slots=True)
class _Runs:
    """Screens that were run, and why others were not."""

    found: list[Screened] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, why: str, make: Callable[[], Screened]) -> None:
        """Run a screen unless there is a reason not to."""
        if why:
            self.left[name] = why
            return
        try:
            self.found.append(make())
        except ResponsesError as fault:
            self.left[name] = fault.what


def _answers(
    runs: _Runs, interviews: Interviews, parts: _Parts, reasons: Any, rng: np.random.Generator, level: float
) -> None:
    """Run the screens of answers."""
    no_scale = "" if parts.ordered else "no ordered scale"
    why = "" if parts.sets else "no battery of three items"
    runs.add("straightlining", why, lambda: screen_straightlining(interviews, parts.sets, level=level))
    why = "" if reasons is not None else "no reasons of missing answers"
    runs.add("item_nonresponse", why, lambda: _silent(interviews, parts, reasons, level))
    why = "" if parts.closing else "no item closes others"
    runs.add("contact_filters", why, lambda: screen_filters(interviews, parts.closing, level=level))
    why = "" if parts.ends else "no scale of four codes or more"
    runs.add("extreme_answers", why, lambda: screen_extremes(interviews, parts.ends, level=level))
    why = "" if parts.numeric else "no item is a number"
    runs.add("heaping", why, lambda: screen_heaping(interviews, parts.numeric, level=level))
    runs.add("small_variance", no_scale, lambda: screen_variance(interviews, parts.ordered, rng=rng, level=level))
    why = "" if len(parts.coded) >= FEWEST_ITEMS else f"fewer than {FEWEST_ITEMS} items with codes"
    runs.add("alike", why, lambda: screen_alike(interviews, _alike(interviews, parts, rng), level=level))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """The columns of the interviews by what screens make of them."""

    column: Mapping[str, str]
    sets: Mapping[str, Sequence[str]]
    coded: Sequence[str]
    numeric: Sequence[str]
    ordered: Sequence[str]
    closing: Mapping[str, Sequence[Any]]
    ends: Mapping[str, Sequence[Any]]
    seconds: FloatArray = field(repr=False)


def _parts(
    interviews: Interviews, instrument: Instrument, closing: Mapping[str, Sequence[Any]] | None = None
) -> _Parts:
    """Sort the columns; items that hardly anybody was asked are not compared."""
    frame = interviews.frame
    asked = (item for item in instrument.items if item.role not in NO_ANSWER)
    named = {item.id: item.data_column if item.data_column in frame else item.id for item in asked}
    column = {item: name for item, name in named.items() if name in frame}
    if not column:
        fix = "Name the columns as the instrument names its items."
        raise ResponsesError("The interviews hold no item of the instrument.", fix=fix)
    answered = [item for item in column if frame[column[item]].notna().mean() >= FEWEST_ANSWERED]
    coded = [item for item in answered if instrument.codes(item) and instrument.item(item).type == "single"]
    ordered = [item for item in coded if (scale := instrument.scale_of(item)) is not None and scale.ordered]
    closes = {**closing_answers(instrument), **(closing or {})}
    sets = {name: [column[i] for i in rows if i in coded] for name, rows in batteries(instrument).items()}
    return _Parts(
        column=column,
        sets={name: columns for name, columns in sets.items() if len(columns) >= 3},
        coded=[column[i] for i in coded],
        numeric=[column[i] for i in answered if instrument.item(i).type in {"integer", "number"}],
        ordered=[column[i] for i in ordered],
        closing={column[i]: codes for i, codes in closes.items() if i in coded},
        ends={column[i]: codes for i, codes in scale_ends(instrument).items() if i in coded},
        seconds=expected_seconds(instrument, frame, columns=column),
    )


def _silent(interviews: Interviews, parts: _Parts, reasons: Frame, level: float) -> Screened:
    """Judge items without an answer; `reasons` names items, the interviews their columns."""
    table = to_pandas(reasons)
    told = table[[item for item in parts.column if item in table]].rename(columns=dict(parts.column))
    if len(told) != interviews.n:
        found = f"{len(told)} rows, {interviews.n} interviews"
        raise ResponsesError("The reasons are of other interviews.", found=found, fix="Give the same rows.")
    return screen_item_nonresponse(interviews, list(told), reasons=told, level=level)


def _alike(interviews: Interviews, parts: _Parts, rng: np.random.Generator) -> Likeness:
    """Compare interviews; the batteries go together when answers are exchanged."""
    return likeness(interviews.frame, parts.coded, blocks=list(parts.sets.values()), rng=rng)
