"""Whether a release still holds: its files as recorded, its pages made again from its rows, the whole made again from the study."""

from __future__ import annotations

import csv
import datetime as dt
import io
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Final

from survey_kit import files
from survey_kit.errors import ReleaseError
from survey_kit.pipeline.stages import inputs, render_pages
from survey_kit.release.addition import Addition
from survey_kit.release.declaration import read_release
from survey_kit.release.made import assemble, declared
from survey_kit.release.record import NAME, outputs, read_record
from survey_kit.report import manifest
from survey_kit.report.edition import Approval
from survey_kit.study import Study
from survey_kit.types import Progress

LONGEST: Final = 80  # signs of a line that are shown
KEYS: Final = ("indicator", "wave", "domain", "level", "name", "item")  # columns that say which row of a table it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A file that is other than recorded: which, in what way, and where it differs first."""

    name: str
    fault: str
    where: str = ""
    recorded: str = ""
    found: str = ""

    def __str__(self) -> str:
        place = f", {self.where}" if self.where else ""
        pair = f": {self.recorded!r} recorded, {self.found!r} found" if self.recorded or self.found else ""
        return f"{self.name}{place}: {self.fault}{pair}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was compared, and what differs.

    Attributes
    ----------
    compared
        ``files``, ``pages``, ``inputs``, ``everything``: what was held against the record.
    differences
        What is other, in the order in which it was found; empty says the release holds.
    notes
        What makes a difference likely that is no fault of the release: other versions of the software.
    """

    folder: Path
    edition: str
    status: str
    seal: str
    compared: tuple[str, ...]
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    files: int = field(default=0)

    @property
    def holds(self) -> bool:
        """Tell whether nothing differs."""
        return not self.differences

    @property
    def first(self) -> Difference | None:
        """Give the first difference."""
        return next(iter(self.differences), None)

    def record(self) -> dict[str, Any]:
        """Give everything as plain values, for ``--json``."""
        names = ("name", "fault", "where", "recorded", "found")
        return {
            "folder": str(self.folder),
            "edition": self.edition,
            "status": self.status,
            "seal": self.seal,
            "holds": self.holds,
            "compared": list(self.compared),
            "differences": [{name: getattr(one, name) for name in names} for one in self.differences],
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        head = f"{self.folder}: edition {self.edition} ({self.status}), {self.files} files; compared: {', '.join(self.compared)}"
        lines = [head, f"  seal   {self.seal}"]
        if self.holds:
            lines.append("  holds  byte for byte")
        else:
            lines.append(f"  first difference  {self.first}")
            lines += [f"  also   {one}" for one in self.differences[1:10]]
            more = len(self.differences) - 10
            lines += [f"  and {more} more"] if more > 0 else []
        return "\n".join([*lines, *(f"  note   {one}" for one in self.notes)])

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


def verify_release(
    folder: str | Path,
    *,
    study: Study | None = None,
    previous: str | Path | None = None,
    pages: bool = True,
    progress: Progress | None = None,
) -> Verification:
    """Hold a release against its record, and make it again.

    Always every file is compared with its recorded digest, and files that are not recorded are told. Then the pages are
    rendered anew from the rows of the release. With the study the inputs are compared, and the whole release is made again,
    from the answers to the record, and compared byte for byte.

    Parameters
    ----------
    folder
        The release.
    study
        The study it was made from, with its data.
    previous
        The release before, when it does not lie beside this one.
    pages
        Whether the pages are rendered anew (without a study).
    progress
        As in `survey_kit.render`.

    Examples
    --------
    >>> import survey_kit as sk
    >>> sk.verify_release("releases/kazakhstan/rehearsal-2026").holds  # doctest: +SKIP
    True
    """
    place = Path(folder)
    record = read_record(place)
    compared, found = ["files"], _of_files(place, record)
    intact = not found
    if study is None and pages and intact:
        compared.append("pages")
        found += _of_pages(place, record, progress)
    if study is not None:
        _same_study(place, record, study)
        compared.append("inputs")
        changed = _of_inputs(record, study)
        found += changed
        if intact and not changed:
            compared.append("everything")
            found += _of_everything(place, record, study, previous, progress)
    return Verification(
        folder=place,
        edition=record["edition"],
        status=record["status"],
        seal=files.digest(place / NAME),
        compared=tuple(compared),
        differences=tuple(found),
        notes=tuple(_software(record)),
        files=len(record["outputs"]),
    )


def _of_files(place: Path, record: Mapping[str, Any]) -> list[Difference]:
    out = []
    recorded = {one["name"]: one for one in record["outputs"]}
    for name, one in recorded.items():
        path = place / name
        if not path.is_file():
            out.append(Difference(name=name, fault="missing"))
        elif files.digest(path) != one["sha256"]:
            sizes = {"recorded": f"{one['bytes']} bytes", "found": f"{path.stat().st_size} bytes"}
            out.append(Difference(name=name, fault="changed since the release", **sizes))
    out += [Difference(name=name, fault="not in the record") for name in outputs(place) if name not in recorded]
    return out


def _of_pages(place: Path, record: Mapping[str, Any], progress: Progress | None) -> list[Difference]:
    """Render the pages again from the rows of the release, beside it, and compare."""
    with tempfile.TemporaryDirectory(prefix="survey-kit-verify-") as name:
        again = Path(name) / "release"
        shutil.copytree(place, again)
        shutil.rmtree(again / "report")
        render_pages(again, record["parameters"]["formats"], progress)
        names = [one["name"] for one in record["outputs"]]
        return _compared(place, again, names, outputs(again))


def _of_inputs(record: Mapping[str, Any], study: Study) -> list[Difference]:
    now = {**inputs(study), **declared(study)}
    out = []
    for one in record["inputs"]:
        path = now.get(one["name"])
        if path is None:
            out.append(Difference(name=f"input {one['name']}", fault="missing"))
        elif files.digest(path) != one["sha256"]:
            out.append(Difference(name=f"input {one['name']}", fault="changed since the release"))
    known = {one["name"] for one in record["inputs"]}
    return out + [Difference(name=f"input {name}", fault="not in the record") for name in now if name not in known]


def _of_everything(
    place: Path, record: Mapping[str, Any], study: Study, previous: str | Path | None, progress: Progress | None
) -> list[Difference]:
    """Make the release again, under the parameters it was made with, and compare every file."""
    addition = Addition(
        study=study,
        told=read_release(study),
        edition=record["edition"],
        released=dt.date.fromisoformat(record["released"]),
        approvals=tuple(Approval(**one) for one in record["approvals"]),
        embargo=record["embargo"] or "",
        previous=_before(place, record, previous),
        final=record["final"],
    )
    with tempfile.TemporaryDirectory(prefix="survey-kit-verify-") as name:
        again = Path(name) / "release"
        assemble(addition, again, formats=record["parameters"]["formats"], progress=progress)
        names = [one["name"] for one in record["outputs"]]
        return _compared(place, again, [*names, NAME], [*outputs(again), NAME])


def _before(place: Path, record: Mapping[str, Any], named: str | Path | None) -> Path | None:
    wanted = record["previous"]
    if wanted is None:
        return None
    around = (
        [Path(named)] if named is not None else sorted(path.parent for path in place.resolve().parent.glob(f"*/{NAME}"))
    )
    for one in around:
        if (one / NAME).is_file() and files.digest(one / NAME) == wanted["sha256"]:
            return one
    raise ReleaseError(
        "The release before is not found, so the log of revisions cannot be made again.",
        where=str(named or place.resolve().parent),
        found=f"no folder with the record of edition '{wanted['edition']}'",
        fix="Name it with --previous.",
    )


def _compared(place: Path, again: Path, recorded: Sequence[str], fresh: Sequence[str]) -> list[Difference]:
    """Compare files by their bytes, and say where each differs first: data before pages, pages before records."""
    out = []
    for name in sorted({*recorded, *fresh}, key=lambda one: (_rank(one), one)):
        if name not in fresh:
            out.append(Difference(name=name, fault="not made again"))
        elif name not in recorded:
            out.append(Difference(name=name, fault="made again, but not in the release"))
        else:
            was, now = (place / name).read_bytes(), (again / name).read_bytes()
            if was != now:
                where, one, two = first_difference(name, was, now)
                out.append(Difference(name=name, fault="made otherwise", where=where, recorded=one, found=two))
    return out


def _rank(name: str) -> int:
    """Order what follows from what: rows, study, other data, site, report, records with digests of the rest."""
    if name in {"rows.csv", "study.json"}:
        return 0
    if name.endswith(("manifest.json", "datapackage.json", NAME)):
        return 4
    return 3 if name.startswith("report/") else 2 if name.startswith("site/") else 1


def first_difference(name: str, was: bytes, now: bytes) -> tuple[str, str, str]:
    r"""Say where two files differ first: the row and column of a table, the line of a text, the byte of anything else.

    Examples
    --------
    >>> first_difference("a.csv", b"indicator,wave,estimate\ncourts,2025,0.5\n", b"indicator,wave,estimate\ncourts,2025,0.6\n")
    ('line 2 (indicator courts, wave 2025), column estimate', '0.5', '0.6')
    >>> first_difference("a.txt", b"one\ntwo", b"one\ntoo")
    ('line 2', 'two', 'too')
    >>> first_difference("a.png", b"\xff\x00", b"\xff\x01")
    ('byte 2', '', '')
    """
    try:
        one, two = was.decode("utf-8"), now.decode("utf-8")
    except UnicodeDecodeError:
        place = next((k for k, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
        return f"byte {place + 1}", "", ""
    if name.endswith(".csv"):
        return _in_table(one, two)
    a_lines, b_lines = one.splitlines(), two.splitlines()
    for k, (a, b) in enumerate(zip(a_lines, b_lines, strict=False), 1):
        if a != b:
            return f"line {k}", *_around(a, b)
    k = min(len(a_lines), len(b_lines))
    return f"line {k + 1}", *_around(*(lines[k] if k < len(lines) else "" for lines in (a_lines, b_lines)))


def _in_table(one: str, two: str) -> tuple[str, str, str]:
    a_rows, b_rows = (list(csv.reader(io.StringIO(text))) for text in (one, two))
    head = a_rows[0] if a_rows else []
    for k, (a, b) in enumerate(zip(a_rows, b_rows, strict=False), 1):
        if a == b:
            continue
        if k == 1 or len(a) != len(head) or len(b) != len(head):
            return f"line {k}", *_around(",".join(a), ",".join(b))
        j = next(j for j in range(len(head)) if a[j] != b[j])
        told = ", ".join(f"{name} {a[i]}" for i, name in enumerate(head) if name in KEYS and a[i])
        return f"line {k}{f' ({told})' if told else ''}, column {head[j]}", *_around(a[j], b[j])
    k = min(len(a_rows), len(b_rows))
    return f"line {k + 1}", *_around(*(",".join(rows[k]) if k < len(rows) else "" for rows in (a_rows, b_rows)))


def _around(a: str, b: str) -> tuple[str, str]:
    """Cut two lines to what stands around their first difference."""
    place = next((k for k, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    start = max(0, place - LONGEST // 2) if max(len(a), len(b)) > LONGEST else 0
    return a[start : start + LONGEST], b[start : start + LONGEST]


def _same_study(place: Path, record: Mapping[str, Any], study: Study) -> None:
    if record["study"] != study.id:
        raise ReleaseError(
            "The release is of another study.",
            where=str(place),
            found=f"'{record['study']}', not '{study.id}'",
            fix="Name its own study.",
        )


def _software(record: Mapping[str, Any]) -> Iterator[str]:
    import platform

    used = {"python": record["software"]["python"], **record["software"]["packages"]}
    here = {"python": platform.python_version(), **manifest.versions()}
    other = [f"{name} {was} (here {here.get(name, 'none')})" for name, was in used.items() if here.get(name) != was]
    if other:
        yield f"made with other software: {', '.join(other)}"
