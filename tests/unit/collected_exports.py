"""Interviews walked at random through an instrument, and written as ODK Central and KoboToolbox export them.

Columns, keys and blanks follow what the platforms write: Central joins paths by ``-``, splits answers into columns of 0 and 1 that are
0 where nothing was answered, and names a member ``<submission>/roster[2]``; KoboToolbox joins by ``/``, leaves such columns blank and
numbers rows by ``_index``.
"""

from __future__ import annotations

import csv
import io
import random
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from survey_kit.instrument import Instrument, Item
from survey_kit.instrument.walk import Walk


@dataclass
class Interviews:
    """Raw answers by item (None where there is none), the walk that says which were open, and the same of members."""

    form: Instrument
    walk: Walk
    raw: dict[str, list[Any]] = field(default_factory=dict)
    members: dict[str, tuple[Walk, dict[str, list[Any]]]] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return self.walk.n


def interviews(form: Instrument, n: int, seed: int) -> Interviews:
    """Answer every open item at random: mostly with an answer that its form would accept, else with a code for none."""
    rng = random.Random(seed)
    out = Interviews(form, Walk(instrument=form, n=n))
    for module in form.modules:
        if module.repeat is None:
            _module(out.walk, module.items, out.raw, rng)
            continue
        values, known = out.walk.columns[module.repeat.count]
        counts = [float(value) if sure else None for value, sure in zip(values, known, strict=True)]
        inner = out.walk.members(module.id, counts)
        raw: dict[str, list[Any]] = {}
        _module(inner, module.items, raw, rng)
        out.walk.close(inner)
        out.members[module.id] = (inner, raw)
    return out


def _module(walk: Walk, items: tuple[Item, ...], raw: dict[str, list[Any]], rng: random.Random) -> None:
    for outer in items:
        for item in outer.rows if outer.type == "grid" else (outer,):
            if item.type != "note":
                _answer(walk, walk.instrument.item(item.id), raw, rng)


def _answer(walk: Walk, item: Item, raw: dict[str, list[Any]], rng: random.Random) -> None:
    if item.type == "calculated":
        walk.calculate(item.id)
        values, known = walk.columns[item.id]
        raw[item.id] = [value if sure else None for value, sure in zip(values, known, strict=True)]
        return
    asked = walk.open(item.id)
    given = [_drawn(walk.instrument, item, rng) for _ in range(walk.n)]
    for _ in range(60):
        fine = walk.accepts(item.id, given)
        if fine.all():
            break
        given = [one if good else _drawn(walk.instrument, item, rng) for one, good in zip(given, fine, strict=True)]
    fine = walk.accepts(item.id, given)
    given = [one if good and sure else None for one, good, sure in zip(given, fine, asked, strict=True)]
    walk.put(item.id, given)
    raw[item.id] = given


def _drawn(form: Instrument, item: Item, rng: random.Random) -> Any:
    uncoded = item.optional and item.type in {"date", "text"}  # their fields take no codes, and nobody asks why
    missing = [] if uncoded else list(form.missing_codes(item.id))
    if missing and rng.random() < 0.1:
        code = rng.choice(missing)
        return [code] if item.type == "multiple" else code
    codes = form.codes(item.id)
    match item.type:
        case "single" | "arm":
            return rng.choice(codes)
        case "multiple":
            return sorted(rng.sample(codes, rng.randint(1, min(3, len(codes)))), key=codes.index)
        case "integer":
            low, high = _limits(item, 0, 100)
            return rng.randint(int(np.ceil(low)), int(np.floor(high)))
        case "decimal" | "number":
            low, high = _limits(item, 0, 100)
            return round(rng.uniform(low, high), 3)
        case "random":
            return rng.random()
        case "date":
            return f"{rng.choice((2025, 2026, 2027))}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
        case _:
            return rng.choice(["plain", 'with "quotes"', "two\nlines", "a, comma", "қазақша сөз"])


def _limits(item: Item, low: float, high: float) -> tuple[float, float]:
    bottom = low if item.minimum is None else item.minimum
    return bottom, max(bottom, bottom + high if item.maximum is None else item.maximum)


# ------------------------------------------------------------------------------------------------------------- tables
def cell(value: Any) -> str:
    """Write an answer as a form stores it."""
    if value is None:
        return ""
    if isinstance(value, (list, frozenset, set, tuple)):
        return " ".join(map(str, value))
    if isinstance(value, (float, np.floating)):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    return str(value)


def table(
    made: Interviews,
    module_id: str = "",
    *,
    mark: str = "-",
    split: bool = True,
    grouped: bool = True,
    zeros: bool = True,
) -> dict[str, list[str]]:
    """Give the columns of the items asked once, or of a repeated module's, as a platform names and fills them."""
    form = made.form
    walk, raw = made.members[module_id] if module_id else (made.walk, made.raw)
    out: dict[str, list[str]] = {}
    for item in form.items:
        module = form.module_of(item.id)
        if (module.id if module.repeat else "") != module_id:
            continue
        grid = form.grid_of(item.id)
        groups = [f"{module.id}_group" if module.id == item.id else module.id] if not module_id else []
        groups += [grid.id] if grid else []
        name = mark.join([*groups, item.id]) if grouped else item.id
        codes = form.missing_codes(item.id)
        if (
            item.type in {"date", "text"} and codes and not item.optional
        ):  # a form asks in a second question why there is none
            out[name] = ["" if value in codes else cell(value) for value in raw[item.id]]
            out[f"{name}__missing"] = [cell(value) if value in codes else "" for value in raw[item.id]]
        else:
            out[name] = [cell(value) for value in raw[item.id]]
        if item.type == "multiple" and split:
            for code in (*form.codes(item.id), *form.missing_codes(item.id)):
                blank = "0" if zeros else ""
                out[f"{name}/{code}"] = [blank if not value else str(int(code in value)) for value in raw[item.id]]
    assert all(len(column) == walk.n for column in out.values())
    return out


def keys(n: int) -> list[str]:
    return [f"uuid:{number:08d}-0000-4000-8000-000000000000" for number in range(n)]


def lines(columns: dict[str, list[str]], separator: str = ",") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return out.getvalue()


# ---------------------------------------------------------------------------------------------------------------- ODK
def central(
    made: Interviews, *, split: bool = True, grouped: bool = True, version: str | list[str] | None = None
) -> dict[str, dict[str, list[str]]]:
    """Give the tables of an export of ODK Central, by their names."""
    n, name = made.n, made.form.id
    versions = version if isinstance(version, list) else [version or made.form.version] * n
    root = {
        "SubmissionDate": ["2026-05-01T09:00:00.000Z"] * n,
        "start": ["2026-05-01T08:00:00.000+05:00"] * n,
        "end": ["2026-05-01T08:30:00.000+05:00"] * n,
        "deviceid": ["collect:abc"] * n,
        "start-geopoint-Latitude": ["43.238949"] * n,
        **table(made, split=split, grouped=grouped),
        "meta-instanceID": keys(n),
        "meta-instanceName": ["Aigerim, 8 701 123 45 67"] * n,
        "KEY": keys(n),
        "SubmitterID": ["7"] * n,
        "SubmitterName": ["Interviewer Seven"] * n,
        "AttachmentsPresent": ["1"] * n,
        "AttachmentsExpected": ["1"] * n,
        "Status": [""] * n,
        "ReviewState": [""] * n,
        "DeviceID": ["collect:abc"] * n,
        "Edits": ["0"] * n,
        "FormVersion": versions,
    }
    out = {f"{name}.csv": root}
    for module_id, (inner, _) in made.members.items():
        place = [] if inner.place is None else inner.place.tolist()
        number = [place[:row].count(at) + 1 for row, at in enumerate(place)]
        rows = table(made, module_id, split=split, grouped=grouped)
        rows["PARENT_KEY"] = [keys(n)[at] for at in place]
        rows["KEY"] = [f"{keys(n)[at]}/household/{module_id}[{one}]" for at, one in zip(place, number, strict=True)]
        out[f"{name}-{module_id}.csv"] = rows
    return out


def of_form(made: Interviews, seed: int = 0) -> dict[str, dict[str, list[str]]]:
    """Give the tables that Central would export of the instrument's own form: every column the form has, copies and all."""
    from survey_kit.instrument.export import to_xlsform

    rng, exported = random.Random(seed), to_xlsform(made.form)
    columns = {one.column: one for one in exported.columns}
    tables: dict[str, dict[str, list[str]]] = {"": {}}
    groups: list[str] = []
    repeat = ""
    shown: dict[tuple[str, int], str] = {}  # which copy of an item an interview was shown
    places: dict[str, list[str]] = {}
    for one in exported.columns:
        if one.kind == "copy":
            places.setdefault(one.item, []).append(one.column)
    for row in exported.survey:
        kind, name = row["type"], row.get("name", "")
        if kind == "begin_repeat":
            repeat, groups = name, []
            tables[repeat] = {}
        elif kind == "end_repeat":
            repeat, groups = "", []
        elif kind == "begin_group":
            groups.append(name)
        elif kind == "end_group":
            groups.pop()
        else:
            _field(
                made,
                tables[repeat],
                "-".join([*groups, name]),
                name,
                kind,
                repeat,
                columns.get(name),
                places,
                shown,
                rng,
            )
    out = central(made)
    root = f"{made.form.id}.csv"
    keyed = {name: {column: one for column, one in table.items() if column in KEYED} for name, table in out.items()}
    version = {"FormVersion": [exported.settings[0]["version"]] * made.n}
    done = {root: {**tables[""], **keyed[root], **version}}
    for module_id in made.members:
        done[f"{made.form.id}-{module_id}.csv"] = tables[module_id] | keyed[f"{made.form.id}-{module_id}.csv"]
    return done


KEYED = ("SubmissionDate", "KEY", "PARENT_KEY", "Status", "ReviewState", "DeviceID")


def _field(made, out, path, name, kind, repeat, column, places, shown, rng) -> None:
    """Fill one field of a form."""
    walk, raw = made.members[repeat] if repeat else (made.walk, made.raw)
    item_id = column.item if column is not None and column.kind in {"copy", "missing"} else name
    if column is not None and column.kind == "missing":
        item_id = column.item
    given = raw.get(item_id) if item_id in made.form else None
    if given is None or (column is not None and column.kind not in {"copy", "missing"}):
        out[path] = ["" if kind == "note" else "7"] * walk.n
        return
    codes, item = made.form.missing_codes(item_id), made.form.item(item_id)
    asks_why = item.type in {"date", "text"} and not item.optional
    values = []
    for row, value in enumerate(given):
        if column is not None:  # only one copy was shown, and only its question why was asked
            copy = shown.setdefault((item_id, row), rng.choice(places.get(item_id, [item_id])))
            if name not in {copy, f"{copy}__missing"}:
                values.append(None)
                continue
        none = asks_why and not isinstance(value, list) and value in codes
        values.append(value if none == (column is not None and column.kind == "missing") else None)
    out[path] = list(map(cell, values))
    if kind.startswith("select_multiple"):
        for code in (*made.form.codes(item_id), *codes):
            out[f"{path}/{code}"] = ["0" if not value else str(int(code in value)) for value in values]


def audit(made: Interviews, items: list[str]) -> dict[str, list[str]]:
    """Give the audit of all interviews as Central puts it together."""
    head = ["instance ID", "event", "node", "start", "end", "latitude", "longitude", "accuracy"]
    head += ["old-value", "new-value", "user", "change-reason"]
    out: dict[str, list[str]] = {name: [] for name in head}
    for key in keys(made.n):
        at = 1_777_600_000_000
        for event, node in [
            ("form start", ""),
            *(("question", f"/data/module/{item}") for item in items),
            ("form exit", ""),
        ]:
            row = dict.fromkeys(head, "") | {"instance ID": key, "event": event, "node": node, "start": str(at)}
            row |= {
                "end": str(at + 2500) if event == "question" else "",
                "user": "Interviewer Seven",
                "latitude": "43.2",
            }
            at += 2500
            for name in head:
                out[name].append(row[name])
    return out


def write_zip(path: Path, files: dict[str, Any]) -> Path:
    """Write an archive of tables, texts and bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, lines(content) if isinstance(content, dict) else content)
    return path


# --------------------------------------------------------------------------------------------------------------- Kobo
def kobo(made: Interviews, *, split: str = "both", version: str = "vAbCdEf") -> dict[str, dict[str, list[str]]]:
    """Give the sheets of an export of KoboToolbox with XML values and headers; `split` is both, summary or details."""
    n = made.n
    ids = [key.removeprefix("uuid:") for key in keys(n)]

    def chosen(columns: dict[str, list[str]]) -> dict[str, list[str]]:
        several = {item.id for item in made.form.items if item.type == "multiple"}
        if split == "details":
            return {name: one for name, one in columns.items() if name.rpartition("/")[2] not in several}
        return columns

    main = {
        "start": ["2026-05-01T08:00:00.000+05:00"] * n,
        "end": ["2026-05-01T08:30:00.000+05:00"] * n,
        "username": ["interviewer_7"] * n,
        **chosen(table(made, mark="/", split=split != "summary", zeros=False)),
        "__version__": [version] * n,
        "meta/instanceID": keys(n),
        "_id": [str(1000 + number) for number in range(n)],
        "_uuid": ids,
        "_submission_time": ["2026-05-01T09:00:00"] * n,
        "_validation_status": [""] * n,
        "_notes": [""] * n,
        "_status": ["submitted_via_web"] * n,
        "_submitted_by": ["interviewer_7"] * n,
        "_tags": [""] * n,
        "_index": [str(number + 1) for number in range(n)],
    }
    out = {made.form.id: main}
    for module_id, (inner, _) in made.members.items():
        place = [] if inner.place is None else inner.place.tolist()
        rows = {
            f"{module_id}/{name}": one
            for name, one in chosen(table(made, module_id, mark="/", split=split != "summary", zeros=False)).items()
        }
        rows["_index"] = [str(number + 1) for number in range(inner.n)]
        rows["_parent_table_name"] = [made.form.id] * inner.n
        rows["_parent_index"] = [str(at + 1) for at in place]
        rows["_submission__id"] = [str(1000 + at) for at in place]
        rows["_submission__uuid"] = [ids[at] for at in place]
        out[module_id] = rows
    return out


def write_workbook(path: Path, sheets: dict[str, dict[str, list[str]]]) -> Path:
    """Write sheets whose cells are texts, as the platform does."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for name, columns in sheets.items():
        sheet = book.create_sheet(name[:31])
        sheet.append(list(columns))
        for row in zip(*columns.values(), strict=True):
            sheet.append([value or None for value in row])
    book.save(path)
    return path


# ------------------------------------------------------------------------------------------------------------ compare
def differences(made: Interviews, out: Any, module_id: str = "") -> list[str]:
    """Compare responses with the interviews: each answer, and of each gap whether nobody asked or which code stood there."""
    form = made.form
    walk, raw = made.members[module_id] if module_id else (made.walk, made.raw)
    told = []
    for item in form.items:
        module = form.module_of(item.id)
        left_out = item.type == "text" or item.role == "identifier"
        if (module.id if module.repeat else "") != module_id or left_out:
            continue
        values, known = walk.columns[item.id]
        asked, codes = walk.open(item.id), form.missing_codes(item.id)
        columns = (
            [(f"{item.id}__{code}", code) for code in form.codes(item.id)]
            if item.type == "multiple"
            else [(item.id, None)]
        )
        for name, code in columns:
            came, reasons = out.frame[name].tolist(), out.missing[name].tolist()
            for row in range(walk.n):
                reason = reasons[row] if isinstance(reasons[row], str) else None
                if known[row]:
                    wanted = float(code in values[row]) if code is not None else values[row]
                    same = came[row] == wanted or (
                        item.type == "calculated" and np.isclose(came[row], wanted, rtol=1e-12)
                    )
                    if reason is not None or not same:
                        told.append(f"{name}[{row}]: {came[row]!r} ({reason}) instead of {wanted!r}")
                elif item.type == "calculated":
                    if reason is None:
                        told.append(f"{name}[{row}]: {came[row]!r} instead of nothing")
                else:
                    given = raw[item.id][row]
                    given = given[0] if isinstance(given, list) and given else given
                    wanted = "not_asked" if not asked[row] else codes.get(given, "unknown")
                    if reason != wanted:
                        told.append(f"{name}[{row}]: {came[row]!r} ({reason}) instead of {wanted}")
    return told
