"""``survey-kit handover``: what the authorized body receives of a built study."""

from __future__ import annotations

import shutil
import tempfile
from argparse import Namespace
from pathlib import Path

from survey_kit.cli.outcome import Outcome


def handover(arguments: Namespace) -> Outcome:
    """Write workbook and dashboard, look them over for identifiers, and put them in place together."""
    from survey_kit.report import scan
    from survey_kit.report.book import published
    from survey_kit.report.dashboard import write_dashboard
    from survey_kit.report.figures_book import write_figures

    build = Path(arguments.build)
    book = published(build)
    to = arguments.to or build.with_name(f"{build.resolve().name}-handover")
    stem = book.info.file_stem
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{to.name}.", dir=to.parent) as name:
        folder = Path(name)
        made = [
            write_figures(book, folder / f"{stem}-tables.xlsx"),
            write_dashboard(book, folder / f"{stem}-dashboard.html"),
        ]
        scan.scan(folder, allow=scan.declared(book.info))
        to.mkdir(exist_ok=True)
        written = [Path(shutil.move(path, to / path.name)) for path in made]
    record = {"study": book.info.id, "data_status": book.info.data_status, "written": [str(path) for path in written]}
    lines = [f"{book.info.id} ({book.info.data_status} data): only figures that may be published"]
    return Outcome(record=record, text="\n".join([*lines, *(f"  {path}" for path in written)]))
