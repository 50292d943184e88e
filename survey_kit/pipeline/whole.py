"""Build a study: indicators, open data, site, report, manifest; what did not change is not made again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

from survey_kit.errors import ReportError, did_you_mean
from survey_kit.language import known_languages
from survey_kit.pipeline import stages
from survey_kit.pipeline.staging import Staging, opened
from survey_kit.pipeline.stopping import stoppable
from survey_kit.study import Study, read_study
from survey_kit.types import Progress

FOLDER = Path("build")


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A built study: where it is and which stages were made anew.

    Attributes
    ----------
    folder
        The build folder: rows.csv, study.json, open_data/, site/, report/, manifest.json.
    pages
        The pages of the report.
    stages
        What became of each stage: made, unchanged, or taken up from an interrupted run.
    """

    study: str
    data_status: str
    folder: Path
    pages: tuple[Path, ...]
    stages: dict[str, str]
    seconds: float = field(compare=False)

    @property
    def index(self) -> Path | None:
        """Give the first page of the website."""
        return next((page for page in self.pages if page.name == "index.html"), None)

    @property
    def untranslated(self) -> dict[str, tuple[str, ...]]:
        """Name, for each language, the texts of the pages whose translation is missing or older than its English."""
        from survey_kit.report.book import information
        from survey_kit.report.translated import RECORD, read_texts, states

        out: dict[str, tuple[str, ...]] = {}
        for path in sorted((self.folder / "site").glob(f"**/{RECORD}")):
            names = states(read_texts(path.parent), "missing", "stale")
            alone = path.parent.name == "site"
            out |= {information(self.folder).language if alone else path.parent.name: names} if names else {}
        return out

    @property
    def pdf(self) -> Path | None:
        """Give the printed report."""
        return next((page for page in self.pages if page.suffix == ".pdf"), None)

    @property
    def briefs(self) -> tuple[Path, ...]:
        """Give the briefs for the authorized body, PDF and Word, of each language."""
        return tuple(sorted((self.folder / stages.BRIEF).glob("*"))) if stages.BRIEF in self.stages else ()

    def record(self) -> dict[str, Any]:
        """Give everything as plain values, for ``--json``."""
        return {
            "study": self.study,
            "data_status": self.data_status,
            "folder": str(self.folder),
            "index": str(self.index) if self.index else None,
            "pdf": str(self.pdf) if self.pdf else None,
            "pages": [str(page) for page in self.pages],
            "untranslated": {language: list(names) for language, names in self.untranslated.items()},
            "briefs": [str(one) for one in self.briefs],
            "stages": self.stages,
            "seconds": round(self.seconds, 2),
        }

    def __str__(self) -> str:
        told = ", ".join(f"{name} {verdict}" for name, verdict in self.stages.items())
        if set(self.stages.values()) == {"unchanged"}:
            told = "nothing changed since the last build"
        lines = [f"{self.study} ({self.data_status} data): {told}; {self.seconds:.1f} s"]
        lines += [f"  report     {self.index}"] if self.index else []
        lines += [f"  print      {self.pdf}"] if self.pdf else []
        for language, names in self.untranslated.items():
            more = f" and {len(names) - 6} more" if len(names) > 6 else ""
            lines.append(f"  in {language}      not translated, or from an older text: {', '.join(names[:6])}{more}")
        lines += [f"  brief      {one}" for one in self.briefs]
        if "manifest" in self.stages:
            lines += [f"  open data  {self.folder / 'open_data'}", f"  manifest   {self.folder / 'manifest.json'}"]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


def build(
    study_path: str | Path,
    *,
    data: str | Path | None = None,
    to: str | Path | None = None,
    formats: Sequence[str] | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Build:
    """Read a study and build its report.

    Parameters
    ----------
    study_path
        The study's folder or its ``study.yaml``.
    data
        The folder with its data; else ``SURVEY_KIT_DATA``, else the study's own ``data/``.
    to, formats, force, progress
        As in `render`.
    """
    if progress:
        progress("reading the study", 0, 1)
    study = read_study(study_path, data=data)
    if progress:
        progress("reading the study", 1, 1)
    return render(study, to=to, formats=formats, force=force, progress=progress)


def render(
    study: Study,
    to: str | Path | None = None,
    *,
    formats: Sequence[str] | None = None,
    force: bool = False,
    progress: Progress | None = None,
    edition: stages.Edition | None = None,
) -> Build:
    """Build the report of a study: website, print, open data, manifest.

    Everything is made beside the folder and put in its place when whole, so that a run that fails or is interrupted
    leaves the last build as it was; the next run takes up what was finished. A stage is made again only when something
    it depends on changed: the study's files, the data, the toolkit, the packages.

    Parameters
    ----------
    study
        The study, as `read_study` gives it.
    to
        The build folder; by default ``build/<id>`` in the working directory.
    formats
        ``html``, ``pdf`` and ``brief``; by default what the study file says. With ``brief`` alone nothing else is made, in a folder
        of its own.
    force
        Make every stage again, changed or not.
    progress
        Called with what is being done, steps done and steps in all.
    edition
        What a release adds to the build; `survey_kit.make_release` gives it.

    Examples
    --------
    >>> import survey_kit as sk
    >>> made = sk.render(sk.read_study("analyses/kazakhstan"), formats=["html"])  # doctest: +SKIP
    >>> made.index.as_posix()  # doctest: +SKIP
    'build/kazakhstan/report/index.html'
    """
    start = time.perf_counter()
    formats = _formats(study, formats)
    _refuse_unknown_languages(study)
    alone = formats == (stages.BRIEF,)
    folder = Path(to) if to is not None else FOLDER / (f"{study.id}-{stages.BRIEF}" if alone else study.id)
    _refuse_other_study(folder, study)
    study.sources()  # a missing file is told before anything is begun
    with stoppable() as stop_if_asked, opened(folder, force=force) as work:

        def tell(what: str, done: int, steps: int) -> None:
            stop_if_asked()
            if progress:
                progress(what, done, steps)

        _run(work, stages.Plan(study=study, formats=formats, tell=tell, edition=edition), stop_if_asked)
        work.publish()
    report = folder / "report"
    return Build(
        study=study.id,
        data_status=study.data_status,
        folder=folder,
        pages=tuple(
            path
            for place in (report, *(report / name for name in stages.folders(study.report.languages).values() if name))
            for path in sorted([*place.glob("*.html"), *place.glob("*.pdf")])
        ),
        stages=dict(work.verdicts),
        seconds=time.perf_counter() - start,
    )


def _refuse_unknown_languages(study: Study) -> None:
    """Refuse a language in which the report has no words, and a language named twice."""
    named, known = study.report.languages, known_languages("report_sentences")
    for k, language in enumerate(named):
        if language not in known or language in named[:k]:
            what = "is named twice" if language in named[:k] else "is none that a report speaks"
            fix = f"Name each once, of {', '.join(known)}."
            raise ReportError(f"The language '{language}' {what}.", where=f"{study.path}: report.languages", fix=fix)


def _refuse_other_study(folder: Path, study: Study) -> None:
    """Keep the build of one study from taking the place of another's."""
    try:
        there = json.loads((folder / "study.json").read_text(encoding="utf-8"))["id"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    if there != study.id:
        raise ReportError(
            "This folder holds the build of another study.",
            where=str(folder),
            found=f"'{there}' instead of '{study.id}'",
            fix="Name another folder with --to.",
        )


def _run(work: Staging, plan: stages.Plan, stop_if_asked: Callable[[], None]) -> None:
    """Go through the stages; each depends on what the earlier ones made."""

    def made(stage: stages.Stage, place: Path) -> None:
        stage.make(plan, place)
        stop_if_asked()

    for stage in stages.of(plan):
        work.stage(stage.name, stage.fingerprint(plan, work), stage.entries, partial(made, stage))


def _formats(study: Study, formats: Sequence[str] | None) -> tuple[str, ...]:
    wanted = tuple(study.report.formats if formats is None else formats)
    known = ("html", "pdf", stages.BRIEF)
    for name in wanted:
        if name not in known:
            raise ReportError(f"There is no format '{name}'.", fix=did_you_mean(name, known))
    if not wanted:
        raise ReportError("The report has no format.", where=str(study.path), fix="Name html, pdf or brief.")
    return tuple(name for name in known if name in wanted)
