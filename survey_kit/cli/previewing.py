"""``survey-kit preview``, ``survey-kit page new`` and ``survey-kit brief``: what an author of pages needs."""

from __future__ import annotations

import sys
from argparse import Namespace

from survey_kit.cli.console import progress
from survey_kit.cli.outcome import Outcome
from survey_kit.cli.studies import only_study
from survey_kit.errors import ReportError, did_you_mean


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


def page_new(arguments: Namespace) -> Outcome:
    """Begin a page and say what to do with it."""
    from survey_kit.pipeline.page import new_page

    made = new_page(arguments.name, only_study(arguments.study), title=arguments.title)
    lines = [f"Begun: {made.page}", f"  its text   {made.part}", f"  the menu   {made.menu}"]
    lines.append(f"Next: survey-kit preview {only_study(arguments.study).parent}, then open {arguments.name}.html")
    record = {"page": made.page, "part": made.part, "menu": made.menu, "indicator": made.indicator}
    return Outcome(record=record, text="\n".join(lines))


def brief(arguments: Namespace) -> Outcome:
    """Write the brief and say where it is."""
    from dataclasses import replace

    from survey_kit.language import known_languages
    from survey_kit.pipeline import render
    from survey_kit.study import read_study

    study = read_study(only_study(arguments.study), data=arguments.data)
    if arguments.language:
        known = known_languages("brief")
        if arguments.language not in known:
            fix = did_you_mean(arguments.language, known)
            raise ReportError(f"The brief has no language '{arguments.language}'.", fix=fix)
        study = replace(study, report=replace(study.report, languages=(arguments.language,)))
    with progress(quiet=arguments.quiet or arguments.json) as told:
        made = render(study, arguments.to, formats=["brief"], progress=told)
    return Outcome(record=made.record(), text=str(made))
