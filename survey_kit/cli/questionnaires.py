"""``survey-kit instrument``: write, check, prove, compare and try out a questionnaire."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from survey_kit.cli.console import table
from survey_kit.cli.outcome import DONE, FINDINGS, Outcome
from survey_kit.errors import FileError, InstrumentError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from survey_kit.instrument import Instrument, Problem


def instrument_folder(word: str) -> Path:
    """Give the folder of an instrument: a folder that holds ``instrument.yaml``, that file, or a name under ``instruments/``."""
    named = Path(word)
    for candidate in (named, named.parent if named.name == "instrument.yaml" else named, Path("instruments") / word):
        if (candidate / "instrument.yaml").is_file():
            return candidate
    near = [path.parent.name for path in Path("instruments").glob("*/instrument.yaml")]
    fix = "Name a folder that holds instrument.yaml"
    raise FileError("There is no instrument here.", where=word, fix=f"{fix}: {did_you_mean(named.name, near)}")


def instrument_new(arguments: Namespace) -> Outcome:
    """Write a small sound questionnaire to begin from."""
    from survey_kit.instrument import begin

    path = begin(arguments.name, arguments.to)
    lines = [f"Written: {path}", f"Next: survey-kit instrument check {path.parent}"]
    return Outcome(record={"instrument": path}, text="\n".join(lines))


def instrument_check(arguments: Namespace) -> Outcome:
    """List every problem of an instrument and count its texts; exit code 1 when one is an error."""
    from survey_kit.instrument import check_folder, inspect

    folder = instrument_folder(arguments.instrument)
    problems = check_folder(folder)
    unread = [problem for problem in problems if problem.code == "I000"]
    if unread:
        return _listed(f"{folder}: the file cannot be read", problems, {"instrument": folder})
    form = inspect(folder, None, None)
    counts = _texts(form)
    rows = [(language, form.translation_status(language), _told(counts[language])) for language in form.languages]
    head = f"{form.id} {form.version}: {len(form.items)} items in {len(form.modules)} modules"
    text = f"{head}\n\n{table(('language', 'as a whole', 'texts'), rows)}"
    record = {"instrument": form.id, "version": form.version, "items": len(form.items), "texts": counts}
    return _listed(text, problems, record)


def instrument_prove(arguments: Namespace) -> Outcome:
    """Prove the routing; exit code 1 when something is wrong."""
    from survey_kit.instrument import inspect
    from survey_kit.instrument.prove import prove

    form = inspect(instrument_folder(arguments.instrument), None, arguments.switch or None)
    proof = prove(form)
    head = (
        f"{form.id} {form.version}: {proof.items} items, {proof.conditions} conditions, {proof.constraints} constraints; "
        f"{len(proof.paths)} items reached by an example"
    )
    if arguments.paths:
        rows = [(name, path.words or "everybody") for name, path in proof.paths.items()]
        head += "\n\n" + table(("item", "answers that open it"), rows)
    paths = {name: [asdict(step) for step in path.steps] for name, path in proof.paths.items()}
    return _listed(head, proof.problems, {"instrument": form.id, "version": form.version, "paths": paths})


def instrument_diff(arguments: Namespace) -> Outcome:
    """Compare two versions item by item, with the verdict on each trend."""
    from survey_kit.instrument import compare, verdicts

    old, new = _version(arguments.old), _version(arguments.new)
    found = compare(old, new)
    verdict = verdicts(old, new, found)
    by_item: dict[str, list[str]] = {}
    for one in found:
        by_item.setdefault(one.item, []).append(f"{one.kind.replace('_', ' ')}: {one.text}")
    rows = [(name, verdict[name].replace("_", " "), "; ".join(told)) for name, told in by_item.items()]
    counts: Counter[str] = Counter(verdict.values())
    head = f"{old.id} {old.version} -> {new.id} {new.version}: {_told(counts)}"
    text = f"{head}\n\n{table(('item', 'verdict', 'what changed'), rows)}" if rows else f"{head}\nNothing changed."
    record = {
        "old": {"id": old.id, "version": old.version},
        "new": {"id": new.id, "version": new.version},
        "verdicts": verdict,
        "differences": [{**asdict(one), "verdict": one.verdict} for one in found],
    }
    return Outcome(record=record, text=text)


def instrument_simulate(arguments: Namespace) -> Outcome:
    """Draw synthetic interviews: the length, the base of every item, and a file on demand."""
    from survey_kit.instrument import read_instrument
    from survey_kit.instrument.length import length
    from survey_kit.instrument.simulate import simulate

    form = read_instrument(instrument_folder(arguments.instrument), switches=arguments.switch)
    drawn = simulate(form, arguments.n, seed=arguments.seed)
    languages = tuple(arguments.language) or form.languages
    lengths = {language: length(form, language=language, simulation=drawn) for language in languages}
    bases = drawn.bases(arguments.planned)
    rows = [
        (language, *(f"{one.percentile(p):.1f}" for p in (25, 50, 75, 90)), _cut(one.to_cut(arguments.limit)))
        for language, one in lengths.items()
    ]
    thin = bases[(bases["base"] < arguments.thin)].to_dict("records")
    written = _written(arguments.to, form, drawn) if arguments.to else []
    text = [
        f"{form.id} {form.version}: {drawn.n:,} synthetic interviews, seed {drawn.seed}; expected answers: {drawn.source}",
        "",
        table(("language", "p25", "p50", "p75", "p90", f"to leave out for p75 <= {arguments.limit:g} minutes"), rows),
        "",
        f"Items with fewer than {arguments.thin} of {arguments.planned or drawn.n} planned interviews: {len(thin) or 'none'}",
        *(f"  {row['item']}: {row['base']} ({row['base_low']} to {row['base_high']})" for row in thin[:30]),
        *(["  ..."] if len(thin) > 30 else []),
        *(f"Written: {path}" for path in written),
    ]
    record = {
        "instrument": form.id,
        "data_status": "synthetic",
        "lengths": {language: one.table().to_dict("records") for language, one in lengths.items()},
        "bases": bases.to_dict("records"),
        "written": written,
    }
    return Outcome(record=record, text="\n".join(text))


def instrument_translate(arguments: Namespace) -> Outcome:
    """Write or complete a translation file; new texts stand there as empty drafts."""
    from survey_kit.instrument import draft_translation, inspect

    folder = instrument_folder(arguments.instrument)
    path = draft_translation(inspect(folder, None, None), arguments.language)
    counts = _texts(inspect(folder, None, None))[arguments.language]
    text = f"Written: {path}\n{arguments.language}: {_told(counts)}"
    return Outcome(record={"translation": path, "language": arguments.language, "texts": counts}, text=text)


# ------------------------------------------------------------------------------------------------------ what is shared
def _listed(head: str, problems: Sequence[Problem], record: dict[str, object]) -> Outcome:
    errors = sum(problem.severity == "error" for problem in problems)
    ordered = sorted(problems, key=lambda problem: problem.severity != "error")
    here = f"{Path.cwd()}/"
    rows = [
        (one.severity, one.code, one.where.replace(here, ""), f"{one.message} {one.fix}".strip()) for one in ordered
    ]
    listed = table(("severity", "code", "where", "what, and what to do"), rows) if rows else "No problems found."
    record |= {"errors": errors, "problems": [asdict(problem) for problem in problems]}
    text = f"{head}\n\n{listed}" + (f"\n\n{errors} errors, {len(rows) - errors} notes" if rows else "")
    return Outcome(record=record, text=text, code=FINDINGS if errors else DONE)


def _texts(form: Instrument) -> dict[str, dict[str, int]]:
    """Count the texts of each language by status."""
    from survey_kit.instrument import walk_texts

    total = sum(1 for _ in walk_texts(form))
    source = {form.source_language: {"source": total}}
    others = dict.fromkeys((*form.languages[1:], *form.statuses))
    return source | {language: dict(Counter(form.statuses.get(language, {}).values())) for language in others}


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(counts.items()))


def _version(word: str) -> Instrument:
    """Read ``folder`` or ``folder@version``."""
    from survey_kit.instrument import read_instrument

    name, _, version = word.partition("@")
    return read_instrument(instrument_folder(name), version or None)


def _cut(cut: tuple[tuple[str, float], ...]) -> str:
    return ", ".join(f"{name} (then {minutes:.1f})" for name, minutes in cut) or "nothing"


def _written(folder: Path, form: Instrument, drawn: object) -> list[Path]:
    from survey_kit.files import write_text
    from survey_kit.instrument.simulate import Simulation

    if not isinstance(drawn, Simulation):
        raise InstrumentError("Only simulated interviews can be written.")
    out = [write_text(folder / f"{form.id}_synthetic.csv", drawn.frame().to_csv(index=False))]
    for name, roster in drawn.members.items():
        out.append(write_text(folder / f"{form.id}_{name}_synthetic.csv", roster.frame().to_csv(index=False)))
    return out
