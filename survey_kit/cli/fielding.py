"""``survey-kit field``: how the field goes on, from the contact log; for the field team only."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from survey_kit.cli.console import progress, table
from survey_kit.cli.outcome import DONE, FINDINGS, Outcome
from survey_kit.cli.screening import (
    Screens,
    screens_of,
    screens_record,
    screens_text,
    tables_of,
    who_is,
    write_pages,
)
from survey_kit.cli.studies import study_file
from survey_kit.errors import FileError, StudyError

if TYPE_CHECKING:
    import pandas as pd

    from survey_kit.fieldwork import FieldReport
    from survey_kit.study import FieldPlan, Study

SHOWN_DAYS = 14  # the file holds all
PAGE = "field.html"


def field(arguments: Namespace) -> Outcome:
    """Read the log, compute progress, rates and balance, write tables and page; or list the problems of the log."""
    from survey_kit.fieldwork import field_report, read_contacts
    from survey_kit.study import read_study

    with progress(quiet=arguments.quiet or arguments.json) as told:
        study = read_study(study_file(arguments.study), data=arguments.data)
        plan = study.field_
        if plan is None:
            fix = "Add 'field: {contacts: contacts.csv, cases: cases.csv}'; docs/fieldwork.md shows how."
            raise StudyError("The study does not say where its contact log is.", where=str(study.path), fix=fix)
        folder = _folder(arguments, study)
        sources = _sources(study, plan)
        if arguments.check:
            return _checked(study, sources, plan)
        if told:
            told("reading the contact log", 1, 4)
        log = read_contacts(sources[0], cases=sources[1], columns=plan.columns)
        if told:
            told("rates and balance", 2, 4)
        report = field_report(
            log,
            until=arguments.until,
            target=plan.target,
            weight=plan.weight,
            selection=plan.selection,
            e=plan.e,
            domains=plan.domains,
            balance=plan.balance,
        )
        if told:
            told("screens", 3, 4)
        screens = screens_of(study, log, arguments, folder)
        if arguments.who:
            told_who = who_is(screens, arguments.who)
            return Outcome(record={"study": study.id, "who": told_who}, text=told_who)
        written = [] if arguments.dry_run else _write(study, report, screens, folder, arguments)
    record = {**_record(study, report, written), **screens_record(screens)}
    return Outcome(record=record, text=_text(study, report, screens, written))


def _folder(arguments: Namespace, study: Study) -> Path:
    """Give the folder for the field team; a report build, which is handed on, never holds it."""
    folder: Path = arguments.to or Path("build") / f"{_stem(study)}-field"
    if any((parent / ".state.json").exists() for parent in (folder, *folder.absolute().parents)):
        raise FileError(
            "This folder is the build of a report, which holds nothing of single cases and interviewers.",
            where=str(folder),
            fix="Name another folder with --to.",
        )
    return folder


def _stem(study: Study) -> str:
    return f"synthetic-{study.id}" if study.data_status == "synthetic" else study.id


def _sources(study: Study, plan: FieldPlan) -> tuple[Path, Path | None]:
    return study.data_file(plan.contacts), study.data_file(plan.cases) if plan.cases is not None else None


def _checked(study: Study, sources: tuple[Path, Path | None], plan: FieldPlan) -> Outcome:
    from survey_kit.fieldwork import check_contacts

    found = check_contacts(sources[0], cases=sources[1], columns=plan.columns)
    errors = int((found["severity"] == "error").sum())
    head = f"{study.id} ({study.data_status}): {sources[0].name}"
    record = {"study": study.id, "data_status": study.data_status, "errors": errors, "problems": _records(found)}
    if not len(found):
        return Outcome(record=record, text=f"{head}\nNo problems found.")
    rows = [
        (one["severity"], one["code"], f"{one['row']:,}", f"{one['message']} ({one['found']}) {one['fix']}")
        for one in found.to_dict("records")
    ]
    text = f"{head}\n\n{table(('severity', 'code', 'row', 'what, and what to do'), rows, right=('row',))}\n\n{errors} errors, {len(rows) - errors} notes"
    return Outcome(record=record, text=text, code=FINDINGS if errors else DONE)


# ---------------------------------------------------------------------------------------------------------- writing
def _write(
    study: Study, report: FieldReport, screens: Screens | None, folder: Path, arguments: Namespace
) -> list[Path]:
    from survey_kit import files
    from survey_kit.fieldwork import field_page
    from survey_kit.study import said, write_disclosure

    language = arguments.language or study.source_language
    stem = _stem(study)
    out = []
    more = {} if screens is None else tables_of(screens)
    for name, part in {**report.tables(), **more}.items():
        text = part.assign(data_status=study.data_status).to_csv(index=False, lineterminator="\n")
        out.append(files.write_text(folder / f"{stem}-{name}.csv", text))
    title = said(study.title, language)
    pages = None if screens is None else write_pages(screens, folder, title=title, language=language)
    page = field_page(report, title, data_status=study.data_status, language=language, pages=pages)
    out.append(files.write_text(folder / f"{stem}-{PAGE}", page))
    if pages is not None:
        out.append(pages.index)
    if arguments.disclose:
        out.append(write_disclosure(study, report.disclosure(), report.progress.until))
    return out


# --------------------------------------------------------------------------------------------------------- printing
def _text(study: Study, report: FieldReport, screens: Screens | None, written: list[Path]) -> str:
    done = report.progress
    of = "" if done.target is None else f" of {done.target:,} wanted ({100 * done.completes / done.target:.1f} %)"
    mark = "Synthetic data: a simulated field; nobody was visited.\n" if study.data_status == "synthetic" else ""
    head = f"{mark}{study.id} ({study.data_status}), state at the end of {done.until}: {done.completes:,} complete interviews{of}, "
    parts = [
        f"{head}{len(done.open_cases):,} of {len(report.log.cases):,} cases open",
        f"The last days\n{_days(done.by_day.tail(SHOWN_DAYS))}",
    ]
    if report.outcome.rates:
        rates = report.rates()
        names = [str(name) for name in rates.columns]
        rows = [(one["rate"], *(f"{100 * one[name]:.1f} %" for name in names[1:])) for one in rates.to_dict("records")]
        head = f"Outcome rates (AAPOR 2023); e = {report.outcome.e:.3f}, {report.outcome.e_method}"
        parts.append(f"{head}\n{table(names, rows, right=names[1:])}")
    if report.balance is not None:
        rows = [
            (one["indicator"], f"{one['value']:.3f}", f"{one['se']:.3f}" if one["se"] > 0 else "", one["meaning"])
            for one in report.balance.table().to_dict("records")
        ]
        parts.append(f"Balance\n{table(('indicator', 'value', 'se', 'meaning'), rows, right=('value', 'se'))}")
    parts += [f"Note: {note}" for note in report.notes]
    if screens is not None:
        parts.append(screens_text(screens))
    parts.append("Disclosure\n" + "\n".join(f"  {name}: {text}" for name, text in report.disclosure().items()))
    if written:
        parts.append("\n".join(("Written, for the field team only", *(f"  {path}" for path in written))))
    else:
        parts.append("Nothing was written.")
    return "\n\n".join(parts)


def _days(by_day: pd.DataFrame) -> str:
    names = ("attempts", "contacts", "completes", "refusals", "interviewers", "all_completes", "open")
    rows = [(f"{one['day']:%Y-%m-%d}", *(f"{one[name]:,}" for name in names)) for one in by_day.to_dict("records")]
    return table(
        ("day", *(name.replace("_", " ") for name in names)), rows, right=[name.replace("_", " ") for name in names]
    )


def _record(study: Study, report: FieldReport, written: list[Path]) -> Mapping[str, Any]:
    """Give what machines read: counts and rates, no case and no interviewer."""
    out: dict[str, Any] = {
        "study": study.id,
        "data_status": study.data_status,
        "until": report.progress.until,
        "completes": report.progress.completes,
        "target": report.progress.target,
        "issued": len(report.log.cases),
        "open": len(report.progress.open_cases),
        "outcomes": dict(report.outcome.counts),
        "rates": dict(report.outcome.rates),
        "weighted_rates": {} if report.weighted is None else dict(report.weighted.rates),
        "by_day": _records(report.progress.by_day.assign(day=report.progress.by_day["day"].dt.strftime("%Y-%m-%d"))),
        "disclosure": report.disclosure(),
        "notes": [str(note) for note in report.notes],
        "written": written,
    }
    if report.balance is not None:
        out["balance"] = _records(report.balance.table())
    return out


def _records(frame: pd.DataFrame) -> list[dict[str, object]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]
