"""``survey-kit preview``, ``survey-kit page new`` and ``survey-kit brief``: what an author of pages needs."""

from __future__ import annotations

import sys
from argparse import Namespace

from survey_kit.cli.console import progress
from survey_kit.cli.outcome import Outcome
from survey_kit.cli.studies import only_study


def preview(arguments: Namespace) -> Outcome:
    """Show the pages and keep them up to date until Ctrl-C."""
    from survey_kit.pipeline.preview import preview as show

    study = only_study(arguments.study)
    told: list[str] = []
    stream = sys.stderr if arguments.json else sys.stdout

    def tell(line: str) -> None:
        told.append(line)
        print(line, file=stream, flush=True)

    try:
        with progress(quiet=arguments.quiet or arguments.json) as bars:
            show(study, data=arguments.data, to=arguments.to, port=arguments.port, tell=tell, progress=bars)
    except KeyboardInterrupt as stop:
        if type(stop) is not KeyboardInterrupt:  # asked by the system to end, and not by the author
            raise
    record = {"study": study, "address": told[0] if told else None, "lines": told[1:]}
    return Outcome(record=record, text="The preview has ended.")
