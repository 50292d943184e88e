"""The build folder: made beside the old one, put in its place when whole, reused where nothing changed.

A run works in ``<build>/.next``. Finished stages are written down in ``.next/.state.json`` with the digest of every file
they made, so that a run that was killed is taken up where it ended. When all stages are done the state is marked whole
and the entries take the place of the old ones; a run killed in that short moment is rolled forward by the next.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from survey_kit import files
from survey_kit.errors import ReportError
from survey_kit.pipeline import fingerprint

STATE, NEXT, OLD, LOCK = ".state.json", ".next", ".old", ".lock"
SCHEMA = "survey-kit/state/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A finished stage: what it depended on and the digest of every file it made."""

    fingerprint: str
    entries: tuple[str, ...]
    files: Mapping[str, str]

    def stands_in(self, folder: Path) -> bool:
        """Say whether every file of the stage stands in a folder as it was made."""
        return all((folder / name).is_file() and files.digest(folder / name) == was for name, was in self.files.items())


@dataclass(slots=True, kw_only=True)
class Staging:
    """One run over a build folder; use `opened`."""

    folder: Path
    force: bool = False
    published: dict[str, Made] = field(default_factory=dict)
    waiting: dict[str, Made] = field(default_factory=dict)
    done: dict[str, Made] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)
    _carried: list[str] = field(default_factory=list)

    @property
    def next(self) -> Path:
        """The folder in which this run works."""
        return self.folder / NEXT

    def stage(self, name: str, print_of: str, entries: Sequence[str], make: Callable[[Path], None]) -> bool:
        """Make the entries of a stage unless they stand there with the same fingerprint; say whether they were made."""
        for made, place, verdict in (
            (self.waiting.get(name), self.next, "taken up"),
            (self.published.get(name), self.folder, "unchanged"),
        ):
            if not self.force and made and made.fingerprint == print_of and made.stands_in(place):
                self.done[name], self.verdicts[name] = made, verdict
                if verdict == "taken up":
                    self._carry()
                self._carried += [] if verdict == "taken up" else list(made.entries)
                return False
        self._carry()
        for entry in entries:
            _remove(self.next / entry)
        make(self.next)
        self.done[name] = Made(fingerprint=print_of, entries=tuple(entries), files=_digests(self.next, entries))
        self.verdicts[name] = "made"
        self._write(whole=False)
        return True

    def place(self, name: str) -> Path:
        """Give where an entry stands now: in this run's folder, or unchanged in the build folder."""
        return self.next / name if (self.next / name).exists() else self.folder / name

    def publish(self) -> None:
        """Put the new entries in the place of the old; nothing happens when nothing was made."""
        if self.next.exists():
            self._carry()
            self._write(whole=True)
            _roll_forward(self.folder)

    def _carry(self) -> None:
        """Copy the unchanged entries of earlier stages, so that this run's folder is complete for the later ones."""
        self.next.mkdir(parents=True, exist_ok=True)
        for entry in self._carried:
            source, target = self.folder / entry, self.next / entry
            _remove(target)
            if source.is_dir():
                shutil.copytree(source, target)
            elif source.exists():
                shutil.copy2(source, target)
        self._carried.clear()

    def _write(self, *, whole: bool) -> None:
        record = {
            "schema": SCHEMA,
            "whole": whole,
            "stages": {
                name: {"fingerprint": made.fingerprint, "entries": list(made.entries), "files": dict(made.files)}
                for name, made in self.done.items()
            },
        }
        files.write_text(self.next / STATE, json.dumps(record, indent=1, sort_keys=True) + "\n")


@contextlib.contextmanager
def opened(folder: Path, *, force: bool = False) -> Iterator[Staging]:
    """Lock a build folder, finish what an interrupted run left, and give the run over it."""
    _refuse_foreign(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / LOCK):
        if _read(folder / NEXT / STATE).get("whole"):
            _roll_forward(folder)
        _remove(folder / OLD)
        staging = Staging(folder=folder, force=force)
        staging.published = _made(_read(folder / STATE))
        staging.waiting = {} if force else _made(_read(folder / NEXT / STATE))
        _clear_unfinished(folder / NEXT, staging.waiting)
        try:
            yield staging
        finally:
            if not (folder / NEXT / STATE).exists():  # nothing was finished that the next run could take up
                _remove(folder / NEXT)
            if {entry.name for entry in folder.iterdir()} == {LOCK}:
                shutil.rmtree(folder)


def _roll_forward(folder: Path) -> None:
    """Move every entry of the whole new build into place; each move is one rename, and the state goes last."""
    coming, old = folder / NEXT, folder / OLD
    old.mkdir(exist_ok=True)
    entries = sorted(entry.name for entry in coming.iterdir() if entry.name != STATE)
    for name in sorted(_tops(folder) - _tops(coming)):  # what the last build had and this one has no more
        if (folder / name).exists():
            _remove(old / name)
            (folder / name).rename(old / name)
    for name in (*entries, STATE):
        if (folder / name).exists():
            _remove(old / name)
            (folder / name).rename(old / name)
        (coming / name).rename(folder / name)
    _remove(old)
    _remove(coming)


def _clear_unfinished(coming: Path, waiting: Mapping[str, Made]) -> None:
    """Remove from the run's folder what no finished stage made."""
    if not coming.is_dir():
        return
    kept = {STATE, *(entry for made in waiting.values() for entry in made.entries)}
    for entry in coming.iterdir():
        if entry.name not in kept or not waiting:
            _remove(entry)


def _refuse_foreign(folder: Path) -> None:
    """Refuse a folder that holds somebody's files: it is no build folder."""
    if folder.is_file():
        raise ReportError("The build folder is a file.", where=str(folder), fix="Name another folder with --to.")
    own = {STATE, NEXT, OLD, LOCK}
    if folder.is_dir():
        names = {entry.name for entry in folder.iterdir()}
        if names and not names & own:
            raise ReportError(
                "This folder holds other files, and a build would mix with them.",
                where=str(folder),
                found=", ".join(sorted(names)[:4]),
                fix="Name a new or an empty folder with --to.",
            )


def _read(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) and record.get("schema") == SCHEMA else {}


def _made(record: Mapping[str, Any]) -> dict[str, Made]:
    return {
        name: Made(fingerprint=one["fingerprint"], entries=tuple(one["entries"]), files=one["files"])
        for name, one in record.get("stages", {}).items()
    }


def _tops(folder: Path) -> set[str]:
    """Name the entries of a folder that its state says were made."""
    return {name.partition("/")[0] for made in _made(_read(folder / STATE)).values() for name in made.files}


def _digests(folder: Path, entries: Sequence[str]) -> dict[str, str]:
    out: dict[str, str] = {}
    for entry in entries:
        path = folder / entry
        if path.is_dir():
            out |= {f"{entry}/{name}": value for name, value in fingerprint.of_folder(path).items()}
        elif path.is_file():
            out[entry] = files.digest(path)
    return out


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the folder for this run alone; the system frees the lock when the run ends in whatever way."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with path.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ReportError(
                "Another run is building this study.", where=str(path.parent), fix="Wait for its end, or use --to."
            ) from None
        yield
