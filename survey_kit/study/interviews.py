"""The interviews of a wave with what only the field team may see: who held them, when and where. For screens, never for estimates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from survey_kit import frames
from survey_kit.errors import ResponsesError, StudyError, did_you_mean
from survey_kit.fieldwork import ContactLog, Interviews
from survey_kit.fieldwork.screens_together import NO_ANSWER
from survey_kit.responses import read_table, take
from survey_kit.study.field_screens import ScreensPlan
from survey_kit.study.issued import INTERVIEWED
from survey_kit.study.study import Study
from survey_kit.study.tables import Files, read_files

if TYPE_CHECKING:
    import pandas as pd

COMPARED = ("single", "integer", "number")
LOGGED = ("interviewer", "psu", "start", "end")
FROM_LOG = "log: "  # before names of columns from the contact log, since an item may have the same
NAMED = ("interviewer", "psu", "start", "end", "latitude", "longitude", "phone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Interviews of a wave as the field team sees them.

    Attributes
    ----------
    interviews
        Answers under the ids of items, and the columns of the field team.
    reasons
        Why answers are missing, row by row.
    problems
        How many of the checks of answers found an error; survey-kit check lists them.
    unknown
        Interviews of which the contact log knows nothing, and which were left out.
    """

    interviews: Interviews = field(repr=False)
    reasons: pd.DataFrame = field(repr=False)
    problems: int
    unknown: int

    def _repr_html_(self) -> str:
        return f"{self.interviews._repr_html_()}<p>{self.problems:,} faults of answers, {self.unknown:,} interviews unknown to the log.</p>"


def read_interviews(study: Study, log: ContactLog, *, until: str | None = None) -> Held:
    """Read the interviews of the wave that is followed, with the columns that the study names for screens.

    Parameters
    ----------
    study
        The study; ``field: screens:`` names the columns.
    log
        The contact log, which says who held an interview and when, where no column is named.
    until
        The last day that counts.

    Raises
    ------
    StudyError, ResponsesError
        When a column is missing, or cases of answers and log cannot be matched.
    """
    plan = None if study.field_ is None else study.field_.screens
    if study.field_ is None or plan is None:
        raise StudyError("The study declares no screens.", where=str(study.path), fix="Add 'screens:' to 'field:'.")
    wave = study.field_.wave or study.waves[-1].id
    form = study.instrument(wave)
    own = {name: getattr(plan, name) for name in NAMED if getattr(plan, name) is not None}
    wanted = list(dict.fromkeys([*own.values(), *plan.within]))
    items = {item.id: item for item in form.items}
    files = read_files(study, list(items), [name for name in wanted if name not in items], designed=False)
    frame = _of_wave(study, files, wave)
    case = files.case
    frame = _beside(study, plan, frame, case, wanted)
    known = {name for item in items.values() for name in (item.id, item.data_column) if name in frame}
    given = [
        item.id
        for item in form.items
        if item.type in COMPARED and item.role not in NO_ANSWER and {item.id, item.data_column} & known
    ]
    beside = [name for name in wanted if name not in given]
    answers = take(
        frame,
        instruments={wave: form},
        wave=study.wave_column,
        waves=[wave],
        items=given,
        required=beside,
        case=case,
        version=files.version,
        versions=files.versions,
        not_asked={wave: sorted(study.not_asked(wave))},
        unasked_when={wave: study.unasked_when(wave)},
        data_status=study.data_status,
    )
    table = answers.frame
    columns, unknown = _columns(study, own, table, log, case)
    keep = _counted(columns, until, unknown)
    held = table[keep].assign(**{FROM_LOG + name: columns[name][keep] for name in columns if name not in own})
    used = {name: own.get(name, FROM_LOG + name) for name in (*LOGGED, "latitude", "longitude") if name in columns}
    interviews = Interviews(
        frame=held.reset_index(drop=True), within=plan.within or _places(used, held), case=case, **used
    )
    errors = int((answers.problems["severity"] == "error").sum())
    reasons = answers.missing[keep].reset_index(drop=True)
    return Held(interviews=interviews, reasons=reasons, problems=errors, unknown=int(unknown.sum()))


def _of_wave(study: Study, files: Files, wave: str) -> pd.DataFrame:
    """Give the interviews of the wave; issued cases without one are left out."""
    labels = frames.texts(files.frame, study.wave_column, "wave")
    here = files.frame[[one == wave for one in labels]]
    if INTERVIEWED in here:
        here = here[here[INTERVIEWED].to_numpy(dtype=bool)]
    if not len(here):
        where = f"wave '{wave}'"
        raise ResponsesError("There are no answers of this wave yet.", where=where, fix="Wait, or name another wave.")
    return here.reset_index(drop=True)


def _beside(study: Study, plan: ScreensPlan, frame: pd.DataFrame, case: str | None, wanted: list[str]) -> pd.DataFrame:
    """Put the columns of the field team's own file beside the answers."""
    extra = None
    if plan.file is not None:
        if case is None:
            fix = "Add 'case:' to 'responses:'."
            raise StudyError("A file of the field team is matched by case.", where=str(study.path), fix=fix)
        path = study.data_file(plan.file)
        extra = read_table(path)
        _lacking(extra, [case], str(path))
        keys = frames.texts(extra, case, "case")
        if len(set(keys)) < len(keys):
            twice = next(row for row, key in enumerate(keys) if key in keys[:row])
            where = f"{path}, row {twice + 2}"
            raise ResponsesError("An interview stands twice.", where=where, fix="Keep one row for each interview.")
        place = {key: row for row, key in enumerate(keys)}
        at = [place.get(key, -1) for key in frames.texts(frame, case, "case")]
        new = [name for name in wanted if name in extra]
        beside = extra[new].reindex(at).set_axis(frame.index, axis=0)
        frame = frame.drop(columns=[name for name in new if name in frame]).assign(
            **{name: beside[name] for name in new}
        )
    where = str(study.data_file(plan.file)) if plan.file is not None else "the answers"
    _lacking(frame, wanted, where, more=() if extra is None else tuple(map(str, extra.columns)))
    return frame


def _lacking(frame: pd.DataFrame, names: list[str], where: str, more: tuple[str, ...] = ()) -> None:
    absent = [name for name in names if name not in frame]
    if absent:
        known = list(dict.fromkeys([*map(str, frame.columns), *more]))
        raise ResponsesError(
            "A column that the screens look at is missing.",
            where=where,
            found=f"no column '{absent[0]}'",
            fix=did_you_mean(absent[0], known),
        )


def _columns(
    study: Study, own: dict[str, str], table: pd.DataFrame, log: ContactLog, case: str | None
) -> tuple[dict[str, Any], Any]:
    """Give the columns of each interview by what they are, and which interviews the log does not know though it is asked."""
    import numpy as np

    columns = {name: table[column] for name, column in own.items()}
    asked = [name for name in LOGGED if name not in own]
    unknown = np.zeros(len(table), dtype=bool)
    if not asked or case is None:
        if "interviewer" not in own:
            fix = "Name the column in 'field: {screens: {interviewer: ...}}', or add 'case:' to 'responses:'."
            raise StudyError("Nothing says who held which interview.", where=str(study.path), fix=fix)
        return columns, unknown
    done = log.contacts[log.contacts["group"].isin(["I", "P"])].drop_duplicates("case", keep="last").set_index("case")
    ids = list(map(str, frames.texts(table, case, "case")))
    known = np.isin(ids, done.index.to_numpy(dtype=object))
    if not known.any():
        raise ResponsesError(
            "No interview is of a case that the contact log calls interviewed.",
            where=f"column '{case}' of the answers",
            found=f"{ids[0]}; in the log {', '.join(map(str, done.index[:2])) or 'none'}",
            fix="Use the same ids in answers and log, or name columns for interviewer, start and end.",
        )
    beside = done.reindex(ids).set_axis(table.index, axis=0)
    for name in asked:
        if name in beside and beside[name].notna().any():
            columns[name] = beside[name]
    if "interviewer" not in own:
        unknown = ~known
    return columns, unknown


def _counted(columns: dict[str, Any], until: str | None, unknown: Any) -> Any:
    """Mark the interviews that count: with an interviewer, and begun by the day."""
    import pandas as pd

    keep = ~unknown
    who = columns["interviewer"]
    blank = who.isna().to_numpy() & keep
    if blank.any():
        where = f"row {int(blank.argmax()) + 1} of the wave"
        raise ResponsesError("An interview has no interviewer.", where=where, fix="Complete the column.")
    if until is not None and "start" in columns:
        begin = columns["start"]
        if not pd.api.types.is_datetime64_any_dtype(begin):
            begin = pd.to_datetime(begin.astype(str).str[:10], errors="coerce")
        day = begin.dt.tz_localize(None) if begin.dt.tz is not None else begin
        keep = keep & ~(day.dt.normalize() > pd.Timestamp(until)).to_numpy()
        if not keep.any():
            raise ResponsesError("No interview had been held by then.", found=until, fix="Name a later day.")
    return keep


def _places(used: dict[str, str], held: pd.DataFrame) -> tuple[str, ...]:
    """Compare within sampling points when most have two interviewers or more, else over all."""
    if "psu" not in used or held[used["psu"]].isna().any():
        return ()
    several = held.groupby(used["psu"])[used["interviewer"]].nunique()
    return (used["psu"],) if (several > 1).mean() > 0.5 else ()
