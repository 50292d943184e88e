"""``survey-kit lint``: what the prose of the pages says that no row and no source supports."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from survey_kit.cli.console import table
from survey_kit.cli.outcome import DONE, FINDINGS, Outcome


def lint(arguments: Namespace) -> Outcome:
    """List the faults of the prose; exit code 1 when there is one."""
    from survey_kit.report.book import published
    from survey_kit.report.lint import lint as judged

    book = published(arguments.build) if arguments.build is not None else None
    faults = judged(arguments.pages, book)
    record = {"pages": str(arguments.pages), "faults": [asdict(one) for one in faults]}
    if not faults:
        return Outcome(record=record, text=f"{arguments.pages}: no fault found.", code=DONE)
    here = f"{Path.cwd()}/"
    rows = [(one.code, one.where.replace(here, ""), one.found, f"{one.message} {one.fix}") for one in faults]
    listed = table(("code", "where", "found", "what, and what to do"), rows)
    return Outcome(record=record, text=f"{listed}\n\n{len(faults)} faults", code=FINDINGS)
