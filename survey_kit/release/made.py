"""Make a release: a folder with everything that is published and the record of how it came to be, whole or not at all."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Final

from survey_kit import files
from survey_kit.errors import ReleaseError
from survey_kit.pipeline import render
from survey_kit.release.addition import LOG_FILE, Addition
from survey_kit.release.declaration import approval, moment, read_release, release_path
from survey_kit.release.frozen import frozen_path
from survey_kit.release.record import NAME, last_release, read_record, write_record
from survey_kit.release.revisions import refuse_figures
from survey_kit.report.edition import EditionInfo, read_edition
from survey_kit.study import Study, read_study
from survey_kit.types import Progress

FOLDER: Final = Path("releases")
REHEARSAL: Final = "rehearsal-"  # a folder that is passed on alone says in its name what it holds
_EDITION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_WORKING: Final = (".state.json", ".lock")  # of a build, no part of what is published


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release that was made.

    Attributes
    ----------
    folder
        Where it is.
    info
        The edition: its mark, approvals, findings, revisions.
    seal
        The SHA-256 of its record, which names the digest of every file: publish it beside the release.
    """

    study: str
    data_status: str
    folder: Path
    info: EditionInfo
    seal: str
    seconds: float = field(default=0.0, compare=False)

    @property
    def status(self) -> str:
        """Give the mark: final, provisional or rehearsal."""
        return self.info.status

    def record(self) -> dict[str, Any]:
        """Give everything as plain values, for ``--json``."""
        return {
            "study": self.study,
            "data_status": self.data_status,
            "edition": self.info.edition,
            "status": self.info.status,
            "folder": str(self.folder),
            "seal": self.seal,
            "previous": self.info.previous or None,
            "revised": dict(self.info.revised),
            "findings": [{"code": one.code, "text": one.text()} for one in self.info.findings],
        }

    def __str__(self) -> str:
        told = self.info.headline()
        lines = [f"{self.study} ({self.data_status} data): {told}", f"  release    {self.folder}"]
        lines += [f"  seal       {self.seal}  (SHA-256 of {NAME})"]
        if self.info.previous:
            count = sum(self.info.revised.values())
            lines.append(f"  revisions  {count} against edition {self.info.previous}, in {self.folder / LOG_FILE}")
        lines += [f"  {one.code:<9}  {one.text()}" for one in self.info.findings]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


def make_release(
    study: str | Path | Study,
    *,
    edition: str,
    approvals: Sequence[str],
    embargo: str | None = None,
    previous: str | Path | None = None,
    final: bool = False,
    to: str | Path | None = None,
    formats: Sequence[str] | None = None,
    released: dt.date | None = None,
    progress: Progress | None = None,
) -> Release:
    """Release a study: build everything anew, compare it with the release before, and write it with its record.

    The mark follows from the checks (see `survey_kit.release.checks`): synthetic answers make a REHEARSAL and nothing else; an
    element that is not stated, a draft translation, definitions that were not frozen before the field, a question without a
    figure and without a reason make it PROVISIONAL. A figure that is other than in the release before needs a reason in
    ``release.yaml``, and none may give away what one of the two withholds. A release that fails leaves nothing behind.

    Parameters
    ----------
    study
        The study as `read_study` gives it, which may name a folder of data; or its folder, or its ``study.yaml``.
    edition
        The name of the edition, such as 2026; the folder bears it.
    approvals
        Who approves it, each "Name, role".
    embargo
        Before when nothing may be passed on: a date, or a date with time and zone.
    previous
        The folder of the release before; by default the last one beside it; "none" says that there is none.
    final
        Refuse anything but a final edition.
    to
        The folder of releases; by default ``releases`` in the working directory.
    formats
        As in `survey_kit.render`.
    released
        The date of the release; by default today (UTC).
    progress
        Called with what is being done, steps done and steps in all.

    Examples
    --------
    >>> import survey_kit as sk
    >>> made = sk.make_release("analyses/kazakhstan", edition="2026", approvals=["A. Serik, head"])  # doctest: +SKIP
    >>> made.status  # doctest: +SKIP
    'rehearsal'
    """
    whole = study if isinstance(study, Study) else read_study(study)
    day = released or dt.datetime.now(dt.UTC).date()
    above = (Path(to) if to is not None else FOLDER) / whole.id
    target = above / _name(edition, whole)
    if target.exists():
        raise ReleaseError(
            "This edition was released already.",
            where=str(target),
            fix="A release is never overwritten: name another edition.",
        )
    before = _previous(previous, above, whole)
    addition = Addition(
        study=whole,
        told=read_release(whole),
        edition=edition,
        released=day,
        approvals=tuple(approval(one) for one in approvals),
        embargo=moment(embargo, day) if embargo else "",
        previous=before,
        final=final,
    )
    fresh = [folder for folder in (above, above.parent) if not folder.exists()]
    above.mkdir(parents=True, exist_ok=True)
    working = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".tmp", dir=above))
    try:
        made = working / "release"
        info = assemble(addition, made, formats=formats, progress=progress)
        made.rename(target)
    finally:
        shutil.rmtree(working, ignore_errors=True)
        _tidy(fresh)
    seal = files.digest(target / NAME)
    return Release(study=whole.id, data_status=whole.data_status, folder=target, info=info, seal=seal)


def assemble(
    addition: Addition, made: Path, *, formats: Sequence[str] | None = None, progress: Progress | None = None
) -> EditionInfo:
    """Build a release into an empty folder, with its record; what belongs to the building alone is taken away."""
    render(addition.study, to=made, formats=formats, progress=progress, edition=addition)
    for name in _WORKING:
        (made / name).unlink(missing_ok=True)
    info = read_edition(made)
    if info is None:
        raise ReleaseError("The edition was not written.", where=str(made), fix="Make the release anew.")
    refuse_figures(made)
    write_record(made, info, declared=declared(addition.study), previous=addition.previous, final=addition.final)
    return info


def declared(study: Study) -> dict[str, Path]:
    """Give the files that declare a study's releases by their names in the record."""
    return {f"study/{path.name}": path for path in (*release_path(study), *frozen_path(study))}


def _name(edition: str, study: Study) -> str:
    if not _EDITION.fullmatch(edition):
        raise ReleaseError(
            "This is no name of an edition.",
            found=repr(edition),
            fix="Use letters, digits, '.', '-' and '_', such as 2026 or 2026-2.",
        )
    return edition if study.data_status == "real" or edition.startswith(REHEARSAL) else f"{REHEARSAL}{edition}"


def _previous(named: str | Path | None, above: Path, study: Study) -> Path | None:
    """Find the release before, and refuse one of another study, of another kind of data, or that was changed."""
    if named is not None and str(named) == "none":
        return None
    place = last_release(above) if named is None else Path(named)
    if place is None:
        return None
    record = read_record(place)
    for what, ours in (("study", study.id), ("data_status", study.data_status)):
        if record[what] != ours:
            raise ReleaseError(
                "The release before is of another study or of other data.",
                where=str(place),
                found=f"{what} '{record[what]}', not '{ours}'",
                fix="Name another with --previous, or 'none'.",
            )
    for one in record["outputs"]:
        path = place / one["name"]
        if one["name"] in {"rows.csv", "study.json"} and (not path.is_file() or files.digest(path) != one["sha256"]):
            raise ReleaseError(
                "The release before is not as it was released.",
                where=str(path),
                fix="Restore it; survey-kit verify tells what changed.",
            )
    return place


def _tidy(fresh: Sequence[Path]) -> None:
    """Remove the folders that a release which failed would leave empty."""
    for folder in fresh:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
