"""``survey-kit study new``, ``wave add`` and ``schema``: what helps to write a study."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from survey_kit.cli.console import table
from survey_kit.cli.outcome import Outcome
from survey_kit.cli.studies import only_study


def study_new(arguments: Namespace) -> Outcome:
    """Draft a study and say what is left to decide."""
    from survey_kit.drafting import draft

    made = draft(arguments.name, arguments.source, arguments.to)
    rows = [(f"D{one.number}" + ("*" if one.open else ""), one.file, one.question, one.guess) for one in made.decisions]
    text = "\n".join(
        [
            f"Drafted {made.folder}: {made.items} items, {made.figures} indicators.",
            f"The instrument is {made.instrument}.",
            "",
            table(("", "file", "decision", "drafted"), rows),
            "",
            *(f"Left out ({role}): {', '.join(names)}" for role, names in made.left_out.items()),
            f"{len(made.decisions)} decisions are marked '# DECIDE' in the files and listed in {made.folder / 'DECISIONS.md'}.",
            f"* without a guess, to settle before anything is computed: {len(made.open)}",
            f"Next: survey-kit check {made.folder}",
        ]
    )
    record = {
        "study": made.folder,
        "instrument": made.instrument,
        "items": made.items,
        "indicators": made.figures,
        "open": len(made.open),
        "decisions": [asdict(one) for one in made.decisions],
        "left_out": made.left_out,
    }
    return Outcome(record=record, text=text)


def wave_add(arguments: Namespace) -> Outcome:
    """Add a wave and say what changed, what breaks and which trends stop."""
    from survey_kit.drafting import add_wave

    study = only_study(arguments.study)
    made = add_wave(study, arguments.wave, arguments.responses, data=arguments.data, write=not arguments.dry_run)
    rows = [(one.effect, one.what, one.text) for one in made.changes]
    listed = table(("effect", "what", "compared with wave " + made.last), rows) if rows else "Nothing changed."
    stops = [f"  {name}: {reason}" for name, reason in made.stops.items()]
    state = "would be added to" if arguments.dry_run else "added to"
    text = "\n".join(
        [
            f"Wave {made.wave} {state} {made.study}: {made.rows:,} rows in {made.file}.",
            "",
            listed,
            "",
            f"Trends that stop: {len(stops) or 'none'}",
            *stops,
            "",
            "The entry in study.yaml:",
            *(f"  {line}" for line in made.entry.splitlines()),
            f"Next: survey-kit check {made.study.parent}",
        ]
    )
    record = {
        "study": made.study,
        "wave": made.wave,
        "compared_with": made.last,
        "file": made.file,
        "rows": made.rows,
        "written": not arguments.dry_run,
        "changes": [asdict(one) for one in made.changes],
        "stops": made.stops,
        "entry": made.entry,
    }
    return Outcome(record=record, text=text)


def schema(arguments: Namespace) -> Outcome:
    """Print the JSON Schema of a file, or write it."""
    import json

    from survey_kit import files
    from survey_kit.instrument import editor_schema
    from survey_kit.instrument.model import SCHEMA as INSTRUMENT
    from survey_kit.instrument.model import Declaration
    from survey_kit.release.declaration import SCHEMA as RELEASE
    from survey_kit.release.declaration import ReleaseFile
    from survey_kit.study.definition import SCHEMA as INDICATORS
    from survey_kit.study.definition import IndicatorsFile
    from survey_kit.study.model import SCHEMA as STUDY
    from survey_kit.study.model import StudyFile
    from survey_kit.study.policy import INSTITUTIONS, MEASURES, STRATEGY, InstitutionsFile, MeasuresFile, StrategyFile
    from survey_kit.study.quality_file import SCHEMA as QUALITY
    from survey_kit.study.quality_file import QualityFile
    from survey_kit.weighting.targets import SCHEMA as TARGETS
    from survey_kit.weighting.targets import TargetsFile

    known = {
        "study": (StudyFile, STUDY),
        "indicators": (IndicatorsFile, INDICATORS),
        "instrument": (Declaration, INSTRUMENT),
        "targets": (TargetsFile, TARGETS),
        "institutions": (InstitutionsFile, INSTITUTIONS),
        "strategy": (StrategyFile, STRATEGY),
        "measures": (MeasuresFile, MEASURES),
        "quality": (QualityFile, QUALITY),
        "release": (ReleaseFile, RELEASE),
    }
    kind, name = known[arguments.what]
    made = editor_schema(kind, name)
    text = json.dumps(made, ensure_ascii=False, indent=1)
    if arguments.to is None:
        return Outcome(record={"schema": made}, text=text)
    files.write_text(arguments.to, text + "\n")
    line = f"# yaml-language-server: $schema={arguments.to}"
    return Outcome(record={"to": arguments.to}, text=f"Written to {arguments.to}. In your file's first line:\n{line}")
