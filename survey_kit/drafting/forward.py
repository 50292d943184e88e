"""``wave add``: last year's wave copied forward, the new file compared with it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from survey_kit import files
from survey_kit.drafting.columns import code_of
from survey_kit.drafting.compare import (
    Change,
    changes_of_columns,
    changes_of_form,
    changes_of_labels,
    changes_of_size,
    stopped,
)
from survey_kit.drafting.draft import store
from survey_kit.drafting.form import quoted
from survey_kit.drafting.insert import appended, flow_style
from survey_kit.errors import StudyError
from survey_kit.instrument import Instrument, find_instrument, read_instrument
from survey_kit.study import read_study

if TYPE_CHECKING:
    import pandas as pd

    from survey_kit.study import Study

SCALE_KINDS = {"codes", "direction", "labels", "type", "missing_codes"}
COPIED = ("design", "mode")


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """A wave added: its entry, what changed against the last one, which trends stop and why."""

    study: Path
    wave: str
    last: str
    file: Path
    rows: int
    changes: tuple[Change, ...]
    stops: Mapping[str, str]
    entry: str


def add_wave(
    path: str | Path, wave: str, responses: str | Path, *, data: str | Path | None = None, write: bool = True
) -> Addition:
    """Add a wave to a study and compare its answers with those of the last wave.

    The entry goes to the end of ``waves:`` in study.yaml, whose comments and layout stay. A file outside the study's
    data folders is copied into its own ``data/``.
    """
    from survey_kit.responses.read import read_labelled

    study, source = read_study(path, data=data), Path(responses)
    if wave in {one.id for one in study.waves}:
        raise StudyError(
            f"The study has a wave '{wave}' already.", where=str(study.path), fix="Name the new wave otherwise."
        )
    files.existing(source, "response file", StudyError)
    last = study.waves[-1].id
    form = read_instrument(find_instrument(study.instrument_, study.folder))
    now, before = read_labelled(source), read_labelled(study.response_path(last))
    new_rows = _of_wave(now.frame, study, wave, source, alone=True)
    old_rows = _of_wave(before.frame, study, last, study.response_path(last), alone=False)
    changes = [
        *changes_of_form(study.instrument(last), form),
        *changes_of_columns(study, form, old_rows, new_rows),
        *changes_of_labels(form, before, now),
        *changes_of_size(study, old_rows, new_rows),
    ]
    changes.sort(key=lambda one: ("break", "note", "none").index(one.effect))
    place, name = _place(study, source)
    raw = files.read_yaml(study.path, "study file", StudyError).value["waves"][-1]
    text = study.path.read_text(encoding="utf-8")
    entry = _entry(study, raw, wave, name, form, changes, braces=flow_style(text, "waves"))
    fresh = appended(text, "waves", entry, str(study.path))
    if write:
        _write(study, fresh, source, place, data)
    return Addition(
        study=study.path,
        wave=wave,
        last=last,
        file=place,
        rows=len(new_rows),
        changes=tuple(changes),
        stops=stopped(study, changes),
        entry="\n".join(entry),
    )


def _of_wave(frame: pd.DataFrame, study: Study, wave: str, source: Path, *, alone: bool) -> pd.DataFrame:
    """Give the rows of a wave; a file without the wave column is the wave's own."""
    column = study.responses.wave
    if column is None or column not in frame.columns:
        return frame
    ids = frame[column].map(lambda value: str(code_of(value)).strip())
    rows, others = frame[ids == wave], sorted(set(ids) - {wave})
    if rows.empty or (alone and others):
        raise StudyError(
            f"The file has no row of wave '{wave}'." if rows.empty else f"The file holds other waves beside '{wave}'.",
            where=f"{source}, column '{column}'",
            found=", ".join(others[:6]),
            fix="Name the wave as it stands in the file."
            if rows.empty
            else "Give a file with the rows of the new wave only.",
        )
    return rows


def _place(study: Study, source: Path) -> tuple[Path, str]:
    """Say where the file will stand: where it is inside a data folder, else in the study's own."""
    for folder in study.data:
        if source.resolve().is_relative_to(folder.resolve()):
            return source, source.resolve().relative_to(folder.resolve()).as_posix()
    place = study.folder / "data" / source.name
    if place.exists() and files.digest(place) != files.digest(source):
        raise StudyError(
            "Another file of this name is in the study's data folder.",
            where=str(place),
            fix="Rename the new file; nothing was written.",
        )
    return place, source.name


def _entry(
    study: Study, raw: Mapping[str, Any], wave: str, file: str, form: Instrument, changes: list[Change], *, braces: bool
) -> list[str]:
    """Write the entry: last wave's, with what the new file shows."""
    found = re.search(r"(19|20)\d\d", wave)
    parts: dict[str, str] = {"id": quoted(wave)}
    if found and study.data_status == "real":
        parts["year"] = found.group()
    parts |= {"version": quoted(form.version), "file": quoted(file)}
    parts |= {key: _flow(raw[key]) for key in COPIED if raw.get(key)}
    absent = [one.what for one in changes if one.kind == "absent" and one.what in form]
    if absent:
        parts["not_asked"] = f"[{', '.join(dict.fromkeys(absent))}]"
    altered = [
        one
        for one in changes
        if one.effect == "break" and one.kind not in {"absent", "design", "removed"} and one.what in form
    ]
    if altered:
        parts["break"] = "scale" if any(one.kind in SCALE_KINDS for one in altered) else "wording"
        parts["break_items"] = f"[{', '.join(dict.fromkeys(one.what for one in altered))}]"
    marks = [] if found or study.data_status != "real" else ["# DECIDE: which year is this wave? Add 'year:'."]
    if altered:
        marks.append("# DECIDE: do these changes break the trend? Describe them in 'break_note:', or delete the break.")
    if braces:
        tail = f"  {marks[0]}" if marks else ""
        return [f"- {{{', '.join(f'{key}: {value}' for key, value in parts.items())}}}{tail}", *marks[1:]]
    lines = [f"{key}: {value}" for key, value in parts.items()]
    return [f"- {lines[0]}", *(f"  {line}" for line in (*lines[1:], *marks))]


def _flow(value: Any) -> str:
    """Write a plain value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) if isinstance(value, (int, float)) or str(value).isidentifier() else quoted(str(value))


def _write(study: Study, fresh: str, source: Path, place: Path, data: str | Path | None) -> None:
    """Store the file, try the new study file aside, then put it in place."""
    stored = None
    if place != source and not place.exists():
        stored = store(source, place.parent)
    aside = study.path.with_name(f".{study.path.stem}.{os.getpid()}.yaml")
    try:
        files.write_text(aside, fresh)
        read_study(aside, data=data)
        aside.replace(study.path)
    except BaseException:
        if stored is not None:
            stored.unlink(missing_ok=True)
        raise
    finally:
        aside.unlink(missing_ok=True)


def open_decisions(path: Path) -> list[tuple[int, str]]:
    """List the decisions marked ``# DECIDE`` in a file: line, and number (or the question, when it has none)."""
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    found = [
        (number, match)
        for number, line in enumerate(lines, 1)
        for match in re.finditer(r"# DECIDE( D\d+)?:([^#]*)", line)
    ]
    return [(number, (match[1] or match[2]).strip()) for number, match in found]
