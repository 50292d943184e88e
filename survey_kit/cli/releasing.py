"""``survey-kit freeze``, ``survey-kit release`` and ``survey-kit verify``."""

from __future__ import annotations

from argparse import Namespace

from survey_kit.cli.console import progress
from survey_kit.cli.outcome import DONE, FINDINGS, Outcome
from survey_kit.cli.studies import study_file


def freeze(arguments: Namespace) -> Outcome:
    """Freeze the definitions and say where their digests stand."""
    from survey_kit.release import freeze_indicators
    from survey_kit.study import read_study

    study = read_study(study_file(arguments.study), data=arguments.data)
    path = freeze_indicators(study, by=arguments.approve, amend=arguments.amend)
    count = len(study.definitions)
    text = f"{study.id}: {count} definitions and {len(study.families)} families frozen in {path}"
    return Outcome(record={"study": study.id, "to": path, "indicators": count}, text=text)


def release(arguments: Namespace) -> Outcome:
    """Make a release and say where it is, how it is marked and what keeps it from being final."""
    from survey_kit.release import make_release
    from survey_kit.study import read_study

    with progress(quiet=arguments.quiet or arguments.json) as told:
        made = make_release(
            read_study(study_file(arguments.study), data=arguments.data),
            edition=arguments.edition,
            approvals=arguments.approve,
            embargo=arguments.embargo,
            previous=arguments.previous,
            final=arguments.final,
            to=arguments.to,
            formats=tuple(dict.fromkeys(arguments.formats)) if arguments.formats else None,
            released=arguments.date,
            progress=told,
        )
    return Outcome(record=made.record(), text=str(made))


def verify(arguments: Namespace) -> Outcome:
    """Verify a release; a difference ends with exit code 1."""
    from survey_kit.release import verify_release
    from survey_kit.study import read_study

    study = read_study(study_file(arguments.study), data=arguments.data) if arguments.study else None
    with progress(quiet=arguments.quiet or arguments.json) as told:
        found = verify_release(
            arguments.folder, study=study, previous=arguments.previous, pages=not arguments.files_only, progress=told
        )
    return Outcome(record=found.record(), text=str(found), code=DONE if found.holds else FINDINGS)
