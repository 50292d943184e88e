"""``survey-kit weight``: the weights of a study, with everything that speaks for or against them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from survey_kit.cli.console import progress, table
from survey_kit.cli.outcome import Outcome
from survey_kit.cli.studies import study_file
from survey_kit.errors import FileError, WeightingError

if TYPE_CHECKING:
    import pandas as pd

    from survey_kit.responses import Responses
    from survey_kit.study import Study
    from survey_kit.weighting import Weights

LEAST_KEY = 16  # characters
MOST_MARGINS = 40  # levels that are printed; the file holds all


def weight(arguments: Namespace) -> Outcome:
    """Make the weights, print log and diagnostics, and write weights and log unless it is a dry run."""
    from survey_kit.indicators.by_step import effects_on_indicators
    from survey_kit.study import make_weights, read_responses, read_study

    with progress(quiet=arguments.quiet or arguments.json) as told:
        study = read_study(study_file(arguments.study), data=arguments.data)
        fix = "Add 'weighting:' with a list of steps; docs/weighting.md shows how."
        undeclared = WeightingError("The study declares no weighting.", where=str(study.path), fix=fix)
        if study.plan is None:
            raise undeclared
        folder = _folder(arguments, study)
        steps = 4
        if told:
            told("reading the answers", 1, steps)
        responses = read_responses(study).checked()
        if told:
            told("making the weights", 2, steps)
        made = make_weights(study, responses)
        if made is None:
            raise undeclared
        if told:
            told("effects on the indicators", 3, steps)
        effects = effects_on_indicators(study, responses, made, arguments.indicator)
        tables = _tables(study, made, arguments, effects)
        written = [] if arguments.dry_run else _write(study, responses, made, tables, folder, arguments.key)
    record = {
        "study": study.id,
        "data_status": study.data_status,
        "dry_run": arguments.dry_run,
        "story": made.story().splitlines(),
        "written": written,
        **{name: _records(part) for name, part in tables.items()},
    }
    return Outcome(record=record, text=_text(study, made, tables, written))


def _folder(arguments: Namespace, study: Study) -> Path:
    """Give the folder for weights; a report build, which is handed on, never holds them."""
    folder: Path = arguments.to or Path("build") / f"{_stem(study)}-weights"
    if any((parent / ".state.json").exists() for parent in (folder, *folder.parents)):
        raise FileError(
            "This folder is the build of a report, which holds no weights of respondents.",
            where=str(folder),
            fix="Name another folder with --to.",
        )
    return folder


def _stem(study: Study) -> str:
    return f"synthetic-{study.id}" if study.data_status == "synthetic" else study.id


def _tables(study: Study, made: Weights, arguments: Namespace, effects: pd.DataFrame) -> dict[str, pd.DataFrame]:
    out = {"log": made.by_wave(), "margins": made.margins(), "effects": effects}
    several = [study.wave_column] if len(made.design.waves) > 1 else []
    names = arguments.by or list(study.domains[:1])
    for name in names:
        out[f"by {name}"] = made.by([*several, name] if name != study.wave_column else name)
    out["largest"] = made.largest(arguments.largest)
    return out


# ---------------------------------------------------------------------------------------------------------- writing
def _write(
    study: Study,
    responses: Responses,
    made: Weights,
    tables: dict[str, pd.DataFrame],
    folder: Path,
    key: Path | None,
) -> list[Path]:
    """Write weights with pseudonyms, every table but that of the largest weights, the story and the charts."""
    from survey_kit import files
    from survey_kit.report.weight_figures import draw_weights

    stem = _stem(study)
    parts = {"weights": _weights(study, responses, made, key)} | {
        name.replace(" ", "-"): part for name, part in tables.items() if name != "largest"
    }
    out = []
    for name, part in parts.items():
        text = part.assign(data_status=study.data_status).to_csv(index=False, lineterminator="\n")
        out.append(files.write_text(folder / f"{stem}-{name}.csv", text))
    story = f"{made.story()}\n"
    out.append(files.write_text(folder / f"{stem}-story.txt", _marked(study, story)))
    return [*out, *draw_weights(folder, stem, study, made, tables["effects"])]


def _weights(study: Study, responses: Responses, made: Weights, key: Path | None) -> pd.DataFrame:
    """Give the weight of every row, in the order of the answers; ids are pseudonyms under the key."""
    import secrets

    import pandas as pd

    from survey_kit.fieldwork.screens_contacts import pseudonyms

    frame = responses.frame
    data: dict[str, Any] = {}
    case = study.responses.case
    wave = [str(one) for one in frame[study.wave_column]]
    if case is not None and case in frame:
        secret = secrets.token_hex() if key is None else _secret(key)
        own = [f"{of}|{one}" for of, one in zip(wave, frame[case], strict=True)]
        data["case"] = pseudonyms(own, key=secret)
    data |= {study.wave_column: wave, "weight": made.values, "weight_before": made.design.layout.base_weight}
    return pd.DataFrame(data)


def _secret(path: Path) -> str:
    """Read the secret of the pseudonyms; where there is no file, make one that its owner alone can read."""
    import os
    import secrets

    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
            stream.write(f"{secrets.token_hex()}\n")
    try:
        text = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        text = ""
    if len(text) < LEAST_KEY:
        raise FileError(
            "This key is no secret of at least 16 characters.",
            where=str(path),
            fix="Name a file that is not there: a key is then made.",
        )
    return text


# --------------------------------------------------------------------------------------------------------- printing
def _marked(study: Study, text: str) -> str:
    return f"Synthetic data: {text}" if study.data_status == "synthetic" else text


def _text(study: Study, made: Weights, tables: dict[str, pd.DataFrame], written: Sequence[Path]) -> str:
    parts = [f"{study.id} ({study.data_status}): {len(made.plan.steps)} steps", _marked(study, made.story())]
    margins = tables["margins"]
    if len(margins):
        worst = margins.reindex(margins["missed"].abs().sort_values(ascending=False, kind="stable").index)
        shown = margins if len(margins) <= MOST_MARGINS else worst.head(MOST_MARGINS).sort_index()
        head = "Margins: the sum of the weights at the start and in the end"
        head += "" if len(shown) == len(margins) else f" ({len(shown)} of {len(margins)} levels, the furthest off)"
        parts.append(f"{head}\n{_margins(shown)}")
    for name, part in tables.items():
        if name.startswith("by "):
            parts.append(f"Weights {name}\n{_figures(part)}")
    parts.append(f"Largest weights\n{_figures(tables['largest'])}")
    effects = tables["effects"]
    if len(effects):
        parts.append(f"Effects on the indicators (in brackets the standard error)\n{_effects(effects)}")
    if written:
        parts.append("\n".join(("Written", *(f"  {path}" for path in written))))
    else:
        parts.append("Nothing was written.")
    return "\n\n".join(parts)


def _margins(margins: pd.DataFrame) -> str:
    rows = [
        (
            f"{one['number']} {one['step']}",
            str(one["level"]),
            f"{one['n']:,}",
            f"{one['start']:,.0f}",
            f"{one['final']:,.0f}",
            f"{one['target']:,.0f}",
            f"{one['missed']:+.2%}" if abs(one["missed"]) > 1e-9 else "",
        )
        for one in margins.to_dict("records")
    ]
    names = ("step", "level", "cases", "start", "final", "target", "missed")
    return table(names, rows, right=("cases", "start", "final", "target", "missed"))


def _effects(effects: pd.DataFrame) -> str:
    """Print one line per indicator and wave: start, what each step changes, the final estimate."""
    steps = list(dict.fromkeys(zip(effects["number"].tolist(), effects["step"].tolist(), strict=True)))
    rows = []
    for (name, wave), part in effects.groupby(["indicator", "wave"], sort=False):
        by_step = {one["number"]: one for one in part.to_dict("records")}
        first, last = by_step[steps[0][0]], by_step[steps[-1][0]]
        scale = 1.0 if first["unit"] == "points" else 100.0
        moved = [_signed(by_step[number], scale) for number, _ in steps[1:]]
        rows.append((str(name), str(wave), _plain(first, scale), *moved, _plain(last, scale)))
    names = ("indicator", "wave", "start", *(f"{number} {step}" for number, step in steps[1:]), "final")
    return table(names, rows, right=names[2:])


def _plain(one: dict[Any, Any], scale: float) -> str:
    return f"{one['estimate'] * scale:.1f} ({one['se'] * scale:.1f})"


def _signed(one: dict[Any, Any], scale: float) -> str:
    return f"{one['change'] * scale:+.2f} ({one['change_se'] * scale:.2f})"


def _figures(part: pd.DataFrame) -> str:
    numeric = [str(name) for name in part.columns if part[name].dtype.kind == "f"]
    rows = [
        tuple(_number(value) if isinstance(value, float) else str(value) for value in row)
        for row in part.itertuples(index=False, name=None)
    ]
    return table(tuple(map(str, part.columns)), rows, right=(*numeric, "n"))


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _records(part: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): None if value != value else value for name, value in row.items()}  # noqa: PLR0124
        for row in part.to_dict("records")
    ]
