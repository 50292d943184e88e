"""The files of answers of a study as one table: common files and those of single waves, tables and exports of platforms."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from survey_kit import frames
from survey_kit.errors import ResponsesError, StudyError, did_you_mean
from survey_kit.instrument import Instrument, read_instrument, versions
from survey_kit.responses import read_table
from survey_kit.responses.collected import CASE, VERSION, read_collected
from survey_kit.responses.several import column_name, spellings
from survey_kit.study.issued import issued_columns, with_issued
from survey_kit.study.model import Columns, DesignKey, FileFormat, Wave
from survey_kit.study.study import Study
from survey_kit.study.weights import plan_columns

if TYPE_CHECKING:
    import pandas as pd


@dataclass(slots=True, kw_only=True)
class Files:
    """The answers of a study as its files hold them.

    `version` is the column that names the version of each interview, when any file says it; `problems` are those of the
    files themselves.
    """

    frame: pd.DataFrame
    case: str | None
    version: str | None = None
    versions: Mapping[str, Instrument] = field(default_factory=dict)
    members: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    problems: Sequence[pd.DataFrame] = ()

    def told(self, problems: pd.DataFrame) -> pd.DataFrame:
        """Put the problems of the files before those of the answers, errors first."""
        import pandas as pd

        if not self.problems:
            return problems
        whole = pd.concat([*self.problems, problems], ignore_index=True)
        return whole.sort_values("severity", kind="stable", ignore_index=True)


@dataclass(slots=True, kw_only=True)
class _Part:
    frame: pd.DataFrame
    members: dict[str, pd.DataFrame] = field(default_factory=dict)
    problems: pd.DataFrame | None = None


def needed(study: Study) -> tuple[list[str], list[str], list[str]]:
    """Name the items the study needs, the columns that are no items, and texts of its weighting that may name a column."""
    known = {item.id for form in study.instruments.values() for item in form.items}
    answers = {
        column_name(item.id, code): item.id
        for form in study.instruments.values()
        for item in form.items
        if item.type == "multiple"
        for code in form.codes(item.id)
    }
    wanted = [item for one in study.definitions for item in one.needs()]
    wanted += [name for name in study.domains if name not in study.derive]
    wanted += [plan.from_ for plan in study.derive.values()]
    for wave in study.waves:
        for unasked in study.unasked_when(wave.id):
            wanted += [*unasked.items, *(unasked.when if isinstance(unasked.when, dict) else ())]
    weighed, perhaps = plan_columns(study.plan)
    weighed = [name for name in weighed if name not in study.derive] + [name for name in perhaps if name in known]
    spread = dict.fromkeys(answers.get(name, name) for name in (*wanted, *_design(study, study.waves), *weighed))
    own = {study.wave_column, study.responses.case}
    columns = [name for name in spread if name not in known and name not in own]
    taken = {*spread, *own, *study.derive}
    return [name for name in spread if name in known], columns, [name for name in perhaps if name not in taken]


def read_files(study: Study, items: Sequence[str], columns: Sequence[str], *, designed: bool = True) -> Files:
    """Read the common file and those of single waves into one table; during the field they need not hold the design's columns yet."""
    import pandas as pd

    name = study.wave_column
    exports = [study.responses.format != "table"] if study.responses.file else []
    exports += [_format(study, wave) != "table" for wave in study.waves if wave.file]
    case = study.responses.case or (CASE if exports and all(exports) else None)
    known = _versions(study) if any(exports) else {}
    parts: list[_Part] = []
    if study.responses.file is not None:
        shared = [wave for wave in study.waves if wave.file is None]
        part = _read(
            study, study.response_path(), study.responses.format, shared, [*items, *columns], known, case, designed
        )
        if study.responses.wave is None:
            _label(part, name, study.waves[0].id)
        parts.append(part)
    for wave in study.waves:
        if wave.file is None:
            continue
        path = study.response_path(wave.id)
        own = _read(study, path, _format(study, wave), [wave], [*items, *columns], known, case, designed)
        _of_one_wave(study, own, wave, path)
        _label(own, name, wave.id)
        if parts and study.responses.file is not None and name in parts[0].frame.columns:
            labels = frames.texts(parts[0].frame, name, "wave")
            column = pd.Series(labels, index=parts[0].frame.index, dtype="str")
            parts[0].frame = parts[0].frame.assign(**{name: column})[column != wave.id]
        parts.append(own)
    members: dict[str, list[pd.DataFrame]] = {}
    for part in parts:
        for module, table in part.members.items():
            members.setdefault(module, []).append(table)
    whole = [part.frame for part in parts]
    version = VERSION if any(exports) else None
    frame = whole[0] if len(whole) == 1 else pd.concat(whole, ignore_index=True)
    return Files(
        frame=with_issued(study, frame, case, [*items, *columns], version),
        case=case,
        version=version,
        versions=known,
        members={module: pd.concat(tables, ignore_index=True) for module, tables in members.items()},
        problems=[part.problems for part in parts if part.problems is not None],
    )


# ------------------------------------------------------------------------------------------------------------- inside
def _format(study: Study, wave: Wave) -> FileFormat:
    return wave.format or study.responses.format


def _design(study: Study, waves: Sequence[Wave]) -> list[str]:
    """Name the columns of the design, the common ones and those of some waves."""
    plans: list[Columns] = [getattr(study.design, key) for key in get_args(DesignKey)]
    plans += [columns for wave in waves for columns in wave.design.values()]
    spread = [name for columns in plans for name in (columns if isinstance(columns, tuple) else (columns,))]
    return [name for name in spread if name is not None]


def _versions(study: Study) -> dict[str, Instrument]:
    """Give every version of the instrument by the names that exports may give it; those of the waves first, the newest first."""
    forms = {form.version: form for form in reversed(list(study.instruments.values()))}
    path = next((form.path for form in forms.values() if form.path is not None), None)
    if path is not None:
        home = path.parent if path.name == "instrument.yaml" else path.parent.parent
        for version in versions(home):
            if version not in forms:
                forms[version] = read_instrument(home, version)
    for name, version in study.responses.versions.items():
        if version not in forms:
            raise StudyError(
                f"The instrument has no version '{version}'.",
                where=str(study.path),
                found=f"responses: {{versions: {{{name}: ...}}}}",
                fix=did_you_mean(version, forms),
            )
        forms[name] = forms[version]
    return forms


def _label(part: _Part, column: str, wave: str) -> None:
    """Say in a part to which wave it belongs."""
    part.frame[column] = wave
    for table in part.members.values():
        table[column] = wave
    if part.problems is not None:
        part.problems["wave"] = wave


def _of_one_wave(study: Study, part: _Part, wave: Wave, path: Path) -> None:
    name = study.wave_column
    if name in part.frame.columns and study.responses.wave is not None:
        found = {text for text in frames.texts(part.frame, name, "wave") if text != wave.id}
        if found:
            raise StudyError(
                f"The file of the wave '{wave.id}' holds another wave.",
                where=f"{path}, column '{name}'",
                found=", ".join(sorted(map(str, found))[:5]),
                fix="Name the file of this wave, or correct its column.",
            )


def _read(
    study: Study,
    path: Path,
    platform: FileFormat,
    waves: Sequence[Wave],
    wanted: Sequence[str],
    known: Mapping[str, Instrument],
    case: str | None,
    designed: bool,
) -> _Part:
    if platform == "table":
        return _Part(frame=_table(study, path, waves, wanted, designed))
    items = {item.id for form in known.values() for item in form.items}
    columns = [*wanted, study.wave_column, *([case] if case else [])]
    first = study.instruments[waves[-1].id] if waves else next(iter(known.values()))
    ordered = {name: form for name, form in known.items() if form is first} | dict(known)
    keep = [name for name in columns if name not in items and name != CASE]
    collected = read_collected(path, ordered, format=platform, keep=keep)
    out = _Part(frame=collected.frame, members=dict(collected.members), problems=collected.problems)
    if not set(collected.instruments) <= set(ordered):  # a single form under a name of the platform's own
        out.frame = out.frame.assign(**{VERSION: None})
    return _keyed(out, case)


def _keyed(part: _Part, case: str | None) -> _Part:
    """Give the case the name the study has for it."""
    if case is None or case == CASE:
        return part
    if case not in part.frame:
        part.frame = part.frame.rename(columns={CASE: case})
        part.members = {name: table.rename(columns={CASE: case}) for name, table in part.members.items()}
        return part
    own = part.frame.set_index(CASE)[case]
    part.members = {
        name: table.assign(**{case: table[CASE].map(own).fillna(table[CASE])}) for name, table in part.members.items()
    }
    return part


def _table(study: Study, path: Path, waves: Sequence[Wave], wanted: Sequence[str], designed: bool) -> pd.DataFrame:
    """Read some columns of a file; one that the design of its waves needs and the file lacks is told with its like."""
    columns: Collection[str] = {*wanted, study.wave_column, *([study.responses.case] if study.responses.case else [])}
    forms = list(study.instruments.values())
    columns = {*columns, *(item.data_column for form in forms for item in form.items)}
    for form in forms:
        for item in form.items:
            if item.type == "multiple":
                codes = (*form.codes(item.id), *form.missing_codes(item.id))
                columns = {*columns, *spellings(item.data_column, codes)}
    table = read_table(path, columns=sorted(columns))
    plans = [wave.design.get(key, getattr(study.design, key)) for wave in waves for key in get_args(DesignKey)]
    spread = [name for plan in plans for name in (plan if isinstance(plan, tuple) else (plan,))]
    issued = issued_columns(study)
    weighed = [name for name in plan_columns(study.plan)[0] if name not in study.derive and name != study.wave_column]
    needed_now = (*spread, study.responses.case, *weighed) if designed else (study.responses.case,)
    necessary = dict.fromkeys(name for name in needed_now if name is not None)
    items = {item.id for form in forms for item in form.items}
    absent = [name for name in necessary if name not in table.columns and name not in items and name not in issued]
    if absent:
        names = list(map(str, read_table(path).columns))
        like = next((name for name in names if name.casefold() == absent[0].casefold()), None)
        raise ResponsesError(
            "The answers lack columns the study needs.",
            where=str(path),
            found="no column " + ", ".join(map(repr, absent[:5])),
            fix=f"For '{absent[0]}': " + (f"did you mean '{like}'?" if like else did_you_mean(absent[0], names)),
        )
    return table
