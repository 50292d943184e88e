"""The stages of a build: what each makes, and what it depends on."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Protocol

from survey_kit import files
from survey_kit.errors import ReportError
from survey_kit.pipeline import fingerprint
from survey_kit.pipeline.staging import Staging
from survey_kit.study import Study
from survey_kit.types import Progress

PAGES = "reports"
BRIEF = "brief"  # the format, its stage and its folder
WEIGHTS_LOG = "weights_log.csv"  # of a study that declares a weighting
POLICY = "policy.json"  # of a study with the files of a policy
LANGUAGES = "languages"  # of a report in several: what the pages tell in those beside the first
ABOUT = (
    "about.py",
    "book.py",
    "info.py",
    "rows.py",
    "display.py",
    "speech.py",
    "policy_info.py",
)  # of the room `report`, what writes the rows


class Edition(Protocol):
    """What a release adds to a build: files made from the rows, and marks on every page."""

    @property
    def digest(self) -> str:
        """Give a digest of everything the files and the marks depend on beside the rows."""

    @property
    def entries(self) -> tuple[str, ...]:
        """Name the files that `write` makes."""

    def write(self, place: Path) -> None:
        """Write the files of the release beside ``rows.csv``; refuse rows that may not be released."""

    def mark(self, site: Path, place: Path) -> None:
        """Put the marks of the release on the pages of a site, from what `write` wrote into `place`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be built, and of which edition when it is a release."""

    study: Study
    formats: tuple[str, ...]
    tell: Progress
    edition: Edition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A part of the build: its entries in the folder, what it depends on, and how it is made."""

    name: str
    entries: tuple[str, ...]
    depends: Callable[[Plan], Any]
    after: tuple[str, ...]
    make: Callable[[Plan, Path], None]

    def fingerprint(self, plan: Plan, work: Staging) -> str:
        """Give one digest of everything the stage depends on: its own inputs and what earlier stages made."""
        before = {name: dict(work.done[name].files) for name in self.after}
        return fingerprint.of(self.name, self.depends(plan), before)


# -------------------------------------------------------------------------------------------------------- indicators
def _indicators_need(plan: Plan) -> Any:
    study = plan.study
    inputs = [(path.name, files.digest(path)) for path in study.sources()]
    declared = {
        one.name: repr(getattr(study, one.name))
        for one in fields(study)
        if one.name not in {"path", "data", "inputs", "instruments"}
    }
    code = fingerprint.of_code(without=("cli", "drafting", "rehearsal", "typeset", "report", "ratings"), but=ABOUT)
    return inputs, declared, code, fingerprint.of_packages(fingerprint.COMPUTING)


def _indicators(plan: Plan, place: Path) -> None:
    from survey_kit.indicators import compute
    from survey_kit.report import book, policy_info
    from survey_kit.report.about import study_info
    from survey_kit.study import make_design, make_weights, read_responses

    study = plan.study
    plan.tell("reading the answers", 0, 1)
    responses = read_responses(study).checked()
    weights = make_weights(study, responses)
    design = make_design(study, responses) if weights is None else weights.design
    plan.tell("reading the answers", 1, 1)
    series = compute(
        study, responses, design, progress=lambda _, done, of: plan.tell("computing the indicators", done, of)
    )
    told = [study_info(study, responses, design, language, weights) for language in study.report.languages]
    book.write(place, series.rows, *told)
    policy_info.write(place, study, responses, design)
    if weights is not None:
        log = weights.by_wave().assign(data_status=study.data_status)
        files.write_text(place / WEIGHTS_LOG, log.to_csv(index=False, lineterminator="\n"))


# --------------------------------------------------------------------------------------------------------- open data
def _open_data_need(plan: Plan) -> Any:
    from survey_kit.report.manifest import commit, versions

    code = fingerprint.of_code(without=("cli", "drafting", "rehearsal"))
    return (
        code,
        versions(),
        commit(plan.study.folder),
        _parameters(plan),
        sorted(inputs(plan.study)),
        _edition_needs(plan),
    )


def _open_data(plan: Plan, place: Path) -> None:
    from survey_kit.report import manifest, open_data
    from survey_kit.report.book import LANGUAGES, information, published

    plan.tell("writing the open data", 0, 1)
    book = published(place)
    others = [information(place, path.stem) for path in sorted((place / LANGUAGES).glob("*.json"))]
    written = open_data.write(place / "open_data", book.rows, book.info, plan.study, others)
    made = manifest.make(
        book.info,
        inputs=inputs(plan.study),
        outputs={path.name: path for path in written},
        parameters=_parameters(plan),
        seed=plan.study.responses.seed,
        project=plan.study.folder,
    )
    manifest.write(place / "open_data" / "manifest.json", made)
    plan.tell("writing the open data", 1, 1)


def inputs(study: Study) -> Mapping[str, Path]:
    """Name the inputs by where they lie: the study's folder, a data folder, the instruments."""
    from survey_kit.report.manifest import named

    answers = [path.resolve() for path in study.answer_files()]
    used = [folder for folder in study.data if any(path.is_relative_to(folder.resolve()) for path in answers)]
    roots = {f"data{k or ''}": folder for k, folder in enumerate(used)}
    roots |= {"study": study.folder}
    above = [parent for path in study.inputs for parent in path.resolve().parents if parent.name == "instruments"]
    if above:
        roots["instruments"] = above[0]
    return named(study.sources(), roots)


def _parameters(plan: Plan) -> dict[str, Any]:
    return {"formats": list(plan.formats), "languages": list(plan.study.report.languages)}


# ----------------------------------------------------------------------------------------------------------- edition
def _edition_needs(plan: Plan) -> Any:
    return plan.edition.digest if plan.edition else None


def _edition(plan: Plan, place: Path) -> None:
    if plan.edition:
        plan.tell("comparing with the last release", 0, 1)
        plan.edition.write(place)
        plan.tell("comparing with the last release", 1, 1)


# -------------------------------------------------------------------------------------------------------------- site
def _site_needs(plan: Plan) -> Any:
    code = fingerprint.of_code(without=("cli", "drafting", "rehearsal"))
    return fingerprint.of_folder(pages_folder(plan.study)), code, _edition_needs(plan)


def _site(plan: Plan, place: Path) -> None:
    for language, name in folders(plan.study.report.languages).items():
        site = place / "site" / name
        stage_pages(plan, place, site, language)
        if plan.edition:
            plan.edition.mark(site, place)
        shutil.copytree(place / "open_data", site / "open_data", dirs_exist_ok=True)


def folders(languages: Sequence[str]) -> dict[str, str]:
    """Give the languages of a report, each with its folder below ``site/`` and ``report/``: none for a single language.

    Examples
    --------
    >>> folders(["en"]), folders(["kk", "ru"])
    ({'en': ''}, {'kk': 'kk', 'ru': 'ru'})
    """
    return {language: language if len(languages) > 1 else "" for language in languages}


def stage_pages(plan: Plan, place: Path, site: Path, language: str | None = None) -> None:
    """Write the pages of a study in a language into a new folder, as they are rendered.

    `place` holds the rows and what belongs to them; without a language the pages speak the first of the report.
    """
    from survey_kit.report.book import information, published
    from survey_kit.report.pages import select_pages
    from survey_kit.report.region_pages import add_pages
    from survey_kit.study.regions import outlines_of

    hidden = shutil.ignore_patterns(".*", "__pycache__", "_site", "_freeze", "*_files", "README.md")
    shutil.copytree(pages_folder(plan.study), site, ignore=hidden)
    select_pages(site, information(place, language))
    add_pages(site, published(place, language=language), *outlines_of(plan.study))


def pages_folder(study: Study) -> Path:
    """Find the pages: ``reports/`` above the study, else the toolkit's own."""
    above = [folder / PAGES for folder in study.folder.resolve().parents]
    for folder in (*above, fingerprint.PACKAGE.parent / PAGES, fingerprint.PACKAGE / PAGES):
        if (folder / "_quarto.yml").is_file():
            return folder
    raise ReportError(
        "The pages of the report are not found.",
        where=str(study.folder.resolve()),
        found="no folder 'reports' with a _quarto.yml above the study or with the toolkit",
        fix="Copy 'reports/' of the toolkit beside your 'analyses/'.",
    )


# ------------------------------------------------------------------------------------------------------------ report
def _report_needs(plan: Plan) -> Any:
    from survey_kit.report.render import ENVIRONMENT

    quarto = shutil.which(os.environ.get(ENVIRONMENT, "quarto"))
    about = Path(quarto).resolve().stat() if quarto else None
    which = [quarto, about.st_size, about.st_mtime_ns] if about else None
    return plan.formats, which, fingerprint.of_packages((*fingerprint.COMPUTING, *fingerprint.RENDERING))


def _report(plan: Plan, place: Path) -> None:
    render_pages(place, plan.formats, lambda _, done, of: plan.tell("rendering the pages", done, of))


def render_pages(place: Path, formats: Sequence[str], progress: Progress | None = None) -> None:
    """Render the staged pages of a build folder, from its rows, into ``report/``, language by language; charts are drawn anew."""
    from survey_kit.report.book import ENVIRONMENT, LANGUAGE, information
    from survey_kit.report.render import FORMATS, render_site
    from survey_kit.report.switch import link_languages

    pages = [name for name in formats if name in FORMATS]
    told = folders(information(place).languages)
    for number, (language, name) in enumerate(told.items()):
        figures = place / "site" / name / "figures"
        if figures.is_dir():
            shutil.rmtree(figures)

        def tell(what: str, done: int, of: int, number: int = number) -> None:
            if progress:
                progress(what, number * of + done, len(told) * of)

        with _named(ENVIRONMENT, str(place.resolve())), _named(LANGUAGE, language):
            render_site(place / "site" / name, place / "report" / name, formats=pages, progress=tell)
    if len(told) > 1:
        link_languages(place / "report", tuple(told))


@contextlib.contextmanager
def _named(name: str, value: str) -> Iterator[None]:
    """Name the build folder, or the language, to the pages, for as long as they run."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


# ------------------------------------------------------------------------------------------------------------- brief
def _brief_needs(plan: Plan) -> Any:
    code = fingerprint.of_code(without=("cli", "drafting", "rehearsal"))
    return plan.study.report.languages, code, fingerprint.of_packages((*fingerprint.COMPUTING, *fingerprint.RENDERING))


def _brief(plan: Plan, place: Path) -> None:
    from survey_kit.report.book import published
    from survey_kit.report.brief_files import write_brief

    languages = plan.study.report.languages
    for i, language in enumerate(languages):
        plan.tell("writing the brief", i, len(languages))
        write_brief(place / BRIEF, published(place, language=language))
    plan.tell("writing the brief", len(languages), len(languages))


# ---------------------------------------------------------------------------------------------------------- manifest
def _manifest(plan: Plan, place: Path) -> None:
    """Look over everything for identifiers, then write what went in and what came out."""
    from survey_kit.report import manifest, scan
    from survey_kit.report.info import read

    plan.tell("looking for identifiers", 0, 1)
    info = read(place / "study.json")
    scan.scan(place, allow=scan.declared(info))
    plan.tell("looking for identifiers", 1, 1)
    names = [
        *("rows.csv", "study.json", *(name for name in (WEIGHTS_LOG, POLICY) if (place / name).is_file())),
        *(
            f"{folder}/{name}"
            for folder in (LANGUAGES, "open_data", "report", BRIEF)
            for name in fingerprint.of_folder(place / folder)
        ),
    ]
    made = manifest.make(
        info,
        inputs=inputs(plan.study),
        outputs={name: place / name for name in names},
        parameters=_parameters(plan),
        seed=plan.study.responses.seed,
        project=plan.study.folder,
    )
    manifest.write(place / "manifest.json", made)


STAGES = (
    Stage(name="indicators", entries=("rows.csv", "study.json", LANGUAGES, WEIGHTS_LOG, POLICY), depends=_indicators_need, after=(), make=_indicators),
    Stage(name="open data", entries=("open_data",), depends=_open_data_need, after=("indicators",), make=_open_data),
    Stage(name="site", entries=("site",), depends=_site_needs, after=("indicators", "open data"), make=_site),
    Stage(name="report", entries=("report",), depends=_report_needs, after=("indicators", "open data", "site"), make=_report),
    Stage(name="manifest", entries=("manifest.json",), depends=_open_data_need, after=("indicators", "open data", "report"), make=_manifest),
)  # fmt: skip


def of(plan: Plan) -> tuple[Stage, ...]:
    """Give the stages of a plan: those of every build, the brief where it is asked for, for a release its comparison."""
    stages = list(STAGES)
    if plan.edition is not None:
        depends, entries = _edition_needs, plan.edition.entries
        stages.insert(1, Stage(name="edition", entries=entries, depends=depends, after=("indicators",), make=_edition))
    if BRIEF not in plan.formats:
        return tuple(stages)
    brief = Stage(name=BRIEF, entries=(BRIEF,), depends=_brief_needs, after=("indicators",), make=_brief)
    if plan.formats == (BRIEF,):
        return stages[0], brief
    last = replace(stages[-1], after=(*stages[-1].after, BRIEF))
    return *stages[:-1], brief, last
