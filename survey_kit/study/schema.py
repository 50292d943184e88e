"""JSON schemas for editors of the study's files, made from the dataclasses that read them.

The files in ``schemas/`` are written by `write_schemas`; a test keeps them equal to the dataclasses, which freezes
version 1 of both schemas.
"""

from __future__ import annotations

import json
from pathlib import Path

from survey_kit.files import write_text
from survey_kit.instrument import editor_schema
from survey_kit.study import definition, model, policy, quality_file
from survey_kit.weighting import targets

FOLDER = Path(__file__).parent / "schemas"


def write_schemas(folder: Path = FOLDER) -> tuple[Path, ...]:
    """Write the schemas of study files, files of indicators, targets, of a policy and of quality into `folder`."""
    made = (
        (model.StudyFile, model.SCHEMA, "Study"),
        (definition.IndicatorsFile, definition.SCHEMA, "Indicators"),
        (targets.TargetsFile, targets.SCHEMA, "Targets"),
        (policy.InstitutionsFile, policy.INSTITUTIONS, "Institutions and documents"),
        (policy.StrategyFile, policy.STRATEGY, "Strategy"),
        (policy.MeasuresFile, policy.MEASURES, "Measures"),
        (quality_file.QualityFile, quality_file.SCHEMA, "Quality report"),
    )
    out = []
    for kind, schema, title in made:
        _, name, number = schema.split("/")
        text = json.dumps(editor_schema(kind, schema, title), indent=1, ensure_ascii=False) + "\n"
        out.append(write_text(folder / f"{name}-{number}.json", text))
    return tuple(out)
