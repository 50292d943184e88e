"""What ``field: screens:`` in ``study.yaml`` declares: where the columns of interviews are that screens look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, ConfigDict

from survey_kit.errors import StudyError, did_you_mean
from survey_kit.fieldwork.screens_times import Limits
from survey_kit.instrument import Instrument
from survey_kit.types import Code

STRICT = ConfigDict(extra="forbid", use_attribute_docstrings=True)


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Names: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_as_list, json_schema_input_type=str | tuple[str, ...])]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePlan:
    """What the schedule of an interviewer may be."""

    __pydantic_config__ = STRICT

    first_hour: float = 7.0
    """No interview begins before this hour of the day."""
    last_hour: float = 22.0
    """No interview begins at this hour or later."""
    a_day: int = 10
    """Most interviews of an interviewer on a day."""
    speed: float = 120.0
    """Fastest travel between two interviews, km in an hour."""
    slack: float = 1.0
    """Minutes by which clocks may differ."""

    def limits(self) -> Limits:
        """Give what screens of schedules take."""
        return Limits(**{one.name: getattr(self, one.name) for one in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class BackCheckPlan:
    """Interviews that a supervisor held again."""

    __pydantic_config__ = STRICT

    file: str
    """The file of the second interviews, in the data folder: the case and the items asked again, coded as in the instrument."""
    items: tuple[str, ...] = ()
    """The items that are compared; by default those of the instrument that the file holds."""
    tolerance: dict[str, float] = field(default_factory=dict)
    """By how much the two answers to a number may differ and still be the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreensPlan:
    """Which columns of the interviews screens look at; the contact log says who held which interview and when, where no column is named."""

    __pydantic_config__ = STRICT

    file: str | None = None
    """A file of the field team in the data folder with these columns, by case; by default they stand beside the answers."""
    interviewer: str | None = None
    """The column of the interviewer's code; by default the contact log says who held the interview."""
    psu: str | None = None
    """The column of the sampling point; by default the contact log says it."""
    within: Names = ()
    """Columns inside which interviewers are compared: the sampling point where each has two or more, else region and settlement."""
    start: str | None = None
    """The column of the time an interview began; by default from the contact log."""
    end: str | None = None
    """The column of the time it ended; by default from the contact log."""
    latitude: str | None = None
    """The column of the latitude in degrees."""
    longitude: str | None = None
    """The column of the longitude in degrees."""
    phone: str | None = None
    """The column of telephone numbers; only keyed digests of them are compared."""
    timezone: str | None = None
    """Where the hours of the day are taken, such as Asia/Almaty, when times carry an offset; by default as they are written."""
    limits: SchedulePlan = field(default_factory=SchedulePlan)
    """What the schedule of an interviewer may be."""
    closing: dict[str, tuple[Code, ...]] = field(default_factory=dict)
    """Answers that close the questions behind them, by item, in place of those that the instrument's routes tell."""
    points: str | None = None
    """A file of the sampling points in the data folder: psu, latitude, longitude, and reach in km where points differ."""
    reach: float | None = None
    """How far from its sampling point an interview may be, km; by default as far as others of the same places are."""
    back_checks: BackCheckPlan | None = None
    """Interviews that a supervisor held again."""
    key_file: str | None = None
    """The file with the key of the pseudonyms, in the data folder; survey-kit field --key makes one."""
    level: float = 0.05
    """The share of chance findings among those who stand out in a screen (Benjamini & Hochberg 1995)."""
    seed: int = 1
    """Of the interviews dealt at random."""


def check_screens(plan: ScreensPlan | None, form: Instrument, where: str) -> None:
    """Refuse columns that come in pairs and stand alone, an item that the instrument has not, and numbers that cannot be.

    Raises
    ------
    StudyError
        With the line of the key.
    """
    if plan is None:
        return
    for one, other in (("latitude", "longitude"), ("start", "end")):
        if (getattr(plan, one) is None) != (getattr(plan, other) is None):
            raise StudyError(f"'{one}' and '{other}' go together.", where=where, fix="Name both, or neither.")
    _known([*plan.closing, *(plan.back_checks.items if plan.back_checks else ())], form, where)
    for item, codes in plan.closing.items():
        strange = [code for code in codes if code not in form.codes(item)]
        if strange or not codes:
            found = ", ".join(map(str, strange)) or "no code"
            fix = f"It has {', '.join(map(str, form.codes(item)))}."
            raise StudyError(f"'{item}' has no such answer to close others.", where=where, found=found, fix=fix)
    if (plan.points is not None or plan.reach is not None) and plan.latitude is None:
        fix = "Add 'latitude:' and 'longitude:'."
        raise StudyError("Distances need the positions of interviews.", where=where, fix=fix)
    for name, value, fine, fix in (
        ("level", plan.level, 0 < plan.level < 1, "level: 0.05"),
        ("reach", plan.reach, plan.reach is None or plan.reach > 0, "reach: 2"),
        ("a_day", plan.limits.a_day, plan.limits.a_day > 0, "limits: {a_day: 10}"),
        ("speed", plan.limits.speed, plan.limits.speed > 0, "limits: {speed: 120}"),
        ("first_hour", plan.limits.first_hour, 0 <= plan.limits.first_hour < plan.limits.last_hour <= 24,
         "limits: {first_hour: 7, last_hour: 22}"),
    ):  # fmt: skip
        if not fine:
            raise StudyError(f"'{name}' of the screens cannot be.", where=where, found=f"{value:g}", fix=fix)
    _timezone(plan.timezone, where)


def _known(items: Sequence[str], form: Instrument, where: str) -> None:
    for item in items:
        if item not in form:
            fix = did_you_mean(item, [one.id for one in form.items])
            raise StudyError(f"The instrument has no item '{item}'.", where=where, fix=fix)


def _timezone(name: str | None, where: str) -> None:
    from zoneinfo import ZoneInfo

    if name is None:
        return
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as fault:
        raise StudyError(
            "There is no such time zone.", where=where, found=name, fix="Write one such as Asia/Almaty."
        ) from fault
