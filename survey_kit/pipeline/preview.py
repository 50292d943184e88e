"""A study shown in the browser while its author writes: what changed is made again, and nothing else.

A change of pages, parts or styles renders the pages it concerns, from the rows of the last build; cells whose code did not change
are not run again. Any other change goes the way of a whole build, where the fingerprints of the stages say what to make.
"""

from __future__ import annotations

import contextlib
import filecmp
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from survey_kit import files
from survey_kit.errors import ReportError, SurveyKitError
from survey_kit.pipeline import stages
from survey_kit.pipeline.serving import Board, served
from survey_kit.pipeline.watching import Watch
from survey_kit.pipeline.whole import FOLDER, render
from survey_kit.study import Study, read_study
from survey_kit.types import Progress

PORT: Final = 4280
GLANCE: Final = 0.3  # seconds between two looks at the files
FORMATS: Final = ("html",)
_INCLUDE: Final = re.compile(r"\{\{<\s*include\s+(\S+)\s*>\}\}")
_MADE: Final = frozenset({"open_data", "figures"})  # in a staged site, what no page's source is
_GONE: Final = "The last good page stays."
Tell = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Preview:
    """The pages of one study as they are now.

    Attributes
    ----------
    path
        The study's folder or its ``study.yaml``.
    data, to
        The folder with microdata; the build folder, by default ``build/preview/<id>``.
    place
        A folder of the preview's own: a copy of the build whose pages are replaced one by one.
    tell
        Called with a line for the author about each thing that happens.
    """

    path: Path
    data: Path | None
    to: Path | None
    place: Path
    tell: Tell
    board: Board
    progress: Progress | None = None
    study: Study | None = None
    _cells: dict[str, Any] = field(default_factory=dict)
    _pending: set[str] = field(default_factory=set)  # pages that changed and could not be made yet

    def watch(self) -> Watch:
        """Give what is to be looked over: the study's files, its answers and instruments, and the pages."""
        home = self.path if self.path.is_dir() else self.path.parent
        roots = {home.resolve()}
        if self.study is not None:
            roots |= {path.resolve() for path in self.study.sources()} | {stages.pages_folder(self.study).resolve()}
        return Watch(roots=sorted(roots), without=(self.place.resolve(), FOLDER.resolve(), self._folder().resolve()))

    def react(self, changed: set[Path] | None = None) -> bool:
        """Make what these changes concern (None: everything that is not there yet); say whether it worked."""
        from survey_kit.report.qmd_cells import remembering

        start = time.perf_counter()
        try:
            with _environment(SURVEY_KIT_QUARTO="none"), remembering(self._cells):
                made = self._pages() if self._only_pages(changed) else self._whole()
        except SurveyKitError as fault:
            told = fault.to_dict()
            self._refused({name: str(told.get(name) or "") for name in ("what", "where", "found", "fix")})
            return False
        except Exception as fault:  # noqa: BLE001 (the preview goes on, whatever a page's code runs into)
            self._refused(
                {"what": "survey-kit failed on its own account.", "found": f"{type(fault).__name__}: {fault}"}
            )
            return False
        seconds = time.perf_counter() - start
        self.board.tell(made=True)
        self.tell(f"{made} in {seconds:.1f} s")
        return True

    # ------------------------------------------------------------------------------------------------------ the ways
    def _only_pages(self, changed: set[Path] | None) -> bool:
        if not changed or self.study is None or not self.board.version:
            return False
        pages = stages.pages_folder(self.study).resolve()
        return all(path.is_relative_to(pages) for path in changed)

    def _whole(self) -> str:
        """Build what the fingerprints call for, and copy it into the preview's place."""
        self._cells.clear()
        study = read_study(self.path, data=self.data)
        self.study = study
        made = render(study, self._folder(), formats=FORMATS, progress=self.progress)
        for entry in sorted(made.folder.iterdir()):
            if not entry.name.startswith("."):
                _mirror(entry, self.place / entry.name)
        self._pending.clear()
        new = [name for name, verdict in made.stages.items() if verdict != "unchanged"]
        return f"{study.id}: {', '.join(new)} made" if new else f"{study.id}: nothing to make"

    def _pages(self) -> str:
        """Stage the pages beside those that stand, and render the ones that differ, in every language."""
        if self.study is None:
            raise ReportError("There is no build to take pages from.", where=str(self.path))
        fresh, standing = self.place / ".fresh", self.place / "site"
        shutil.rmtree(fresh, ignore_errors=True)
        folders = stages.folders(self.study.report.languages)
        plan = stages.Plan(study=self.study, formats=FORMATS, tell=lambda *_: None)
        with _environment(SURVEY_KIT_BUILD=str(self.place)):
            for language, name in folders.items():
                stages.stage_pages(plan, self.place, fresh / name, language)
                self._pending |= _differing(fresh / name, standing / name)
            _settle(fresh, standing)
            made = self._rendered(folders)
        shutil.rmtree(fresh, ignore_errors=True)
        return f"{', '.join(made[:4])}{' and others' if len(made) > 4 else ''} made" if made else "styles copied"

    def _rendered(self, folders: Mapping[str, str]) -> list[str]:
        """Render the waiting pages into the place where they are served from; all of them or none."""
        from survey_kit.report import qmd
        from survey_kit.report.switch import link_languages

        site, report = self.place / "site", self.place / "report"
        made: dict[str, None] = {}
        with tempfile.TemporaryDirectory(dir=self.place, prefix=".pages-") as scratch:
            for language, name in folders.items():
                waiting = {
                    page for page in self._pending if (site / name / page).is_file() and _is_html(site / name / page)
                }
                if waiting:
                    to = Path(scratch) / name
                    with _environment(SURVEY_KIT_LANGUAGE=language):
                        new = qmd.render(site / name, to, formats=FORMATS, progress=self.progress, only=waiting)
                    made |= dict.fromkeys(new)
            if made and len(folders) > 1:
                link_languages(Path(scratch), tuple(folders))
            _settle(Path(scratch), report)
        for name in folders.values():
            for page in sorted((report / name).glob("*.html")):
                if not (site / name / f"{page.stem}.qmd").is_file():
                    page.unlink()
            for folder in ("styles", "figures"):
                _settle(site / name / folder, report / name / folder, new=folder == "figures")
        self._pending.clear()
        return list(made)

    # ----------------------------------------------------------------------------------------------------- the words
    def _refused(self, fault: dict[str, str]) -> None:
        fault = {**fault, "where": self._own(fault.get("where", "")), "stays": _GONE if self.board.version else ""}
        self.board.tell(fault=fault)
        self.tell("\n  ".join(text for name, text in fault.items() if text))

    def _own(self, where: str) -> str:
        """Name the author's own file in place of its staged copy; what was staged keeps its lines."""
        if self.study is None or not where:
            return where
        for staged in (self.place / "site", self._folder() / ".next" / "site", self._folder() / "site"):
            root = f"{staged.resolve().as_posix()}/"
            if where.startswith(root):
                name, _, line = where.removeprefix(root).partition(":")
                for guess in (name, name.partition("/")[2]):
                    path = stages.pages_folder(self.study) / guess
                    if guess and path.is_file():
                        return f"{path}:{line}" if line else str(path)
        return where

    def _folder(self) -> Path:
        if self.to is not None:
            return self.to
        return FOLDER / "preview" / (self.study.id if self.study else self.path.resolve().parent.name)


def preview(
    study_path: str | Path,
    *,
    data: str | Path | None = None,
    to: str | Path | None = None,
    port: int = PORT,
    tell: Tell = lambda _: None,
    progress: Progress | None = None,
    ended: Callable[[], bool] = lambda: False,
) -> None:
    """Show a study's pages on this machine and keep them up to date until interrupted.

    Parameters
    ----------
    study_path
        The study's folder or its ``study.yaml``.
    data, to
        The folder with its data; the build folder, by default ``build/preview/<id>``.
    port
        The port on 127.0.0.1; 0 takes a free one.
    tell
        Called with the address, and with a line about everything that happens.
    progress
        As in `build`.
    ended
        Asked between two looks at the files whether to stop.

    Examples
    --------
    >>> preview("analyses/kazakhstan", tell=print)  # doctest: +SKIP
    http://127.0.0.1:4280/
    """
    with tempfile.TemporaryDirectory(prefix="survey-kit-preview-") as name:
        place = Path(name).resolve()
        board = Board(folder=place / "report")
        shown = Preview(
            path=Path(study_path).resolve(),
            data=Path(data) if data is not None else None,
            to=Path(to).resolve() if to is not None else None,
            place=place,
            tell=tell,
            board=board,
            progress=progress,
        )
        with served(board, port) as address:
            tell(address)
            shown.react()
            watch = shown.watch()
            watch.look()
            while not ended():
                time.sleep(GLANCE)
                changed = watch.settled()
                if changed:
                    shown.react(changed)
                    watch = _again(watch, shown.watch())


def _again(before: Watch, now: Watch) -> Watch:
    """Watch what the study names now; what was watched before keeps its last look, so that no change in between is lost."""
    if set(before.roots) == set(now.roots):
        return before
    now.look()
    return now


@contextlib.contextmanager
def _environment(**named: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in named}
    os.environ.update(named)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


# --------------------------------------------------------------------------------------------------------- files
def _differing(fresh: Path, standing: Path) -> set[str]:
    """Name the pages of a staged project that differ from those that stand, by themselves, by a part, or by the frame."""
    pages = {path.name: path for path in fresh.glob("*.qmd") if not path.name.startswith("_")}
    frame = [path for path in fresh.glob("_*.yml") if not _same(path, standing / path.name)]
    if frame or {path.name for path in standing.glob("*.qmd")} != {path.name for path in fresh.glob("*.qmd")}:
        return set(pages)
    out = set()
    for name, path in pages.items():
        parts = _INCLUDE.findall(path.read_text(encoding="utf-8"))
        if any(not _same(fresh / part.lstrip("/"), standing / part.lstrip("/")) for part in (name, *parts)):
            out.add(name)
    return out


def _is_html(page: Path) -> bool:
    from survey_kit.report.qmd_read import front_matter

    given = front_matter(page).get("format", "html")
    return "typst" not in ([given] if isinstance(given, str) else given)


def _same(one: Path, other: Path) -> bool:
    if not one.is_file() or not other.is_file():
        return one.is_file() == other.is_file()
    return filecmp.cmp(one, other, shallow=False)


def _settle(source: Path, target: Path, *, new: bool = True) -> None:
    """Put each file that differs in its place by one rename; in a staged site, take away the pages that went."""
    if not source.is_dir():
        return
    for path in sorted(source.rglob("*")):
        there = target / path.relative_to(source)
        if path.is_file() and (new or there.is_file()) and not _same(path, there):
            files.write_bytes(there, path.read_bytes())
    if (source / "_quarto.yml").is_file() or any(source.glob("*/_quarto.yml")):
        for path in sorted(target.rglob("*.qmd")):
            name = path.relative_to(target)
            if name.parts[0] not in _MADE and not (source / name).is_file():
                path.unlink()


def _mirror(source: Path, target: Path) -> None:
    """Make a file or a folder equal to another, file by file, so that a reader never meets half of it."""
    if source.is_file():
        if not _same(source, target):
            files.write_bytes(target, source.read_bytes())
        return
    _settle(source, target)
    for path in sorted(target.rglob("*"), reverse=True):
        if not (source / path.relative_to(target)).exists():
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink()
