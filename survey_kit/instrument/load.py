"""From the folder of an instrument to an `Instrument`.

``instrument.yaml`` is the newest version; an older one stands in ``versions/<version>.yaml``; other languages stand in
``translations/<language>.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from survey_kit.errors import InstrumentError, SurveyKitError, did_you_mean
from survey_kit.files import Document, declared, existing, read_yaml
from survey_kit.instrument.compose import compose, switched
from survey_kit.instrument.model import SCHEMA, Declaration, Problem
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.rules import check
from survey_kit.instrument.texts import walk_texts
from survey_kit.instrument.translate import merge, read_translation

MOST_PARTS = 3_000


def read_instrument(folder: Path | str, version: str | None = None, switches: Iterable[str] = ()) -> Instrument:
    """Read an instrument, the newest version or the one named, with the modules it takes from others.

    Faults that make it unusable end in one error; the others stand in ``.problems``.

    Parameters
    ----------
    folder
        The folder that holds ``instrument.yaml``.
    version
        A version other than the newest, kept in ``versions/<version>.yaml``.
    switches
        Optional modules to switch on.

    Examples
    --------
    >>> form = read_instrument("instruments/lapop_brazil")
    >>> form.text("b31"), form.scale_of("b31").high
    ('To what extent do you trust the Supreme Court?', 7)
    """
    instrument = inspect(folder, version, switches)
    errors = [problem for problem in instrument.problems if problem.severity == "error"]
    if errors:
        first, more = errors[0], f" ({len(errors) - 1} more problems)" if len(errors) > 1 else ""
        raise InstrumentError(f"{first.code}: {first.message}{more}", where=first.where, fix=first.fix)
    return instrument


def inspect(folder: Path | str, version: str | None = None, switches: Iterable[str] | None = ()) -> Instrument:
    """Read an instrument with all its problems, those included that make it unusable.

    `switches` names the optional modules that are on; None leaves all of them in.
    """
    return _inspect(Path(folder), version, switches, (), {})


def _inspect(
    folder: Path,
    version: str | None,
    switches: Iterable[str] | None,
    inside: tuple[str, ...],
    seen: dict[tuple[str, str], Instrument],
) -> Instrument:
    """Read one instrument; `inside` are those on the way to it, `seen` those that were read already."""
    path = _version_path(folder, version)
    document = read_yaml(path, "instrument", InstrumentError)
    declaration = _declared(document)
    if version is not None and declaration.version != version:
        raise InstrumentError(
            f"The file of version '{version}' says another version.",
            where=document.at(("version",)),
            found=f"'{declaration.version}'",
            fix="Name the file by its version.",
        )
    own, problems, statuses = _translated(declaration, folder, newest=path.name == "instrument.yaml")
    used, found = _used(own, document, folder, (*inside, own.id), seen)
    whole, mismatches = compose(own, used, document.at)
    taken = {
        part: tuple(key for key in getattr(whole, part) if key not in getattr(own, part))
        for part in ("scales", "placeholders", "switches", "institutions", "missing_labels")
    }
    for name, other in used.items():
        keys = {key for key, _ in walk_texts(whole)}
        for language, known in other.statuses.items():
            theirs = {key: status for key, status in known.items() if key in keys}
            statuses[language] = {**theirs, **statuses.get(language, {})}
        problems += [problem for problem in other.problems if problem.severity == "error" and name not in inside]
    off: tuple[str, ...] = ()
    checked = check(whole, document, own)
    if switches is not None:
        whole, off = switched(whole, switches)
    body = {one.name: getattr(whole, one.name) for one in fields(Declaration)}
    problems = [*found, *mismatches, *checked, *problems]
    return Instrument(**body, problems=tuple(problems), statuses=statuses, path=path, off=off, taken=taken)


def _translated(
    declaration: Declaration, folder: Path, *, newest: bool
) -> tuple[Declaration, list[Problem], dict[str, dict[str, str]]]:
    """Merge the translations that stand beside an instrument."""
    problems: list[Problem] = []
    statuses: dict[str, dict[str, str]] = {}
    source = declaration
    for file in sorted((folder / "translations").glob("*.yaml")):
        translation, about = read_translation(file)
        _, statuses[translation.language], found = merge(source, translation, about, newest=newest)
        declaration = merge(declaration, translation, about, newest=newest)[0]
        problems += found
    return declaration, problems, statuses


def _used(
    declaration: Declaration,
    document: Document,
    folder: Path,
    inside: tuple[str, ...],
    seen: dict[tuple[str, str], Instrument],
) -> tuple[dict[str, Instrument], list[Problem]]:
    """Read the instruments that another one uses; what cannot be read is a problem."""
    used: dict[str, Instrument] = {}
    problems: list[Problem] = []
    for name, version in declaration.uses.items():
        where = document.at(("uses", name))
        if name in inside:
            message = f"The instruments {' -> '.join((*inside, name))} use each other in a circle."
            problems.append(Problem(code="I024", severity="error", where=where, message=message, fix="Break it."))
            continue
        try:
            if (name, version) not in seen:
                seen[name, version] = _inspect(folder.resolve().parent / name, version, None, inside, seen)
            used[name] = seen[name, version]
        except InstrumentError as fault:
            message = f"The instrument '{name}' {version} cannot be used: {fault.what}"
            fix = fault.fix or "Mend it where it stands."
            problems.append(Problem(code="I024", severity="error", where=where, message=message, fix=fix))
    return used, problems


def find_instrument(instrument_id: str, start: Path | str) -> Path:
    """Find the folder ``instruments/<id>`` in `start` or any folder above it.

    Examples
    --------
    >>> find_instrument("gss_confidence", ".").name
    'gss_confidence'
    """
    here = Path(start).resolve()
    known: list[str] = []
    for folder in (here, *here.parents):
        candidate = folder / "instruments" / instrument_id
        if (candidate / "instrument.yaml").is_file():
            return candidate
        known += [path.parent.name for path in (folder / "instruments").glob("*/instrument.yaml")]
    fix = did_you_mean(instrument_id, known)
    raise InstrumentError(f"There is no instrument '{instrument_id}'.", where=f"instruments/ from {here} up", fix=fix)


def versions(folder: Path | str) -> tuple[str, ...]:
    """Name the versions an instrument has, the newest first."""
    newest = _declared(read_yaml(Path(folder) / "instrument.yaml", "instrument", InstrumentError)).version
    older = sorted((path.stem for path in (Path(folder) / "versions").glob("*.yaml")), reverse=True)
    return (newest, *(version for version in older if version != newest))


def check_folder(folder: Path | str) -> tuple[Problem, ...]:
    """List every problem of the newest version and the older ones.

    Examples
    --------
    >>> [problem.code for problem in check_folder("instruments/lapop_brazil")]
    ['I019']
    """
    try:
        return tuple(problem for version in versions(folder) for problem in inspect(folder, version, None).problems)
    except InstrumentError as fault:
        return tuple(map(_unread, fault.parts or (fault,)))


def _unread(fault: SurveyKitError) -> Problem:
    """Tell a fault that keeps the file from being read."""
    message = f"{fault.what.rstrip('.')}." + (f" Found: {fault.found}." if fault.found else "")
    return Problem(code="I000", severity="error", where=fault.where or "", message=message, fix=fault.fix or "")


def _version_path(folder: Path, version: str | None) -> Path:
    newest = folder / "instrument.yaml"
    existing(newest, "instrument", InstrumentError)
    older = folder / "versions" / f"{version}.yaml"
    if version is None:
        return newest
    if older.is_file():
        return older
    known = versions(folder)
    if version != known[0]:
        raise InstrumentError(
            f"The instrument has no version '{version}'.", where=str(folder), fix=did_you_mean(version, known)
        )
    return newest


def _declared(document: Document) -> Declaration:
    value = document.value if isinstance(document.value, dict) else {}
    language = str(value.get("source_language", "en"))
    declaration = declared(document, Declaration, SCHEMA, InstrumentError, context={"language": language})
    sized(declaration, str(document.path))
    return declaration


def sized(declaration: Declaration, where: str) -> None:
    """Refuse what is larger than any questionnaire, before every item is held against every other.

    Raises
    ------
    InstrumentError
        With more than `MOST_PARTS` items, scales or the like.
    """
    counts = {
        "items": sum(1 + len(item.rows) for module in declaration.modules for item in module.items),
        **{name: len(getattr(declaration, name)) for name in ("modules", "scales", "institutions", "rotations")},
        **{name: len(getattr(declaration, name)) for name in ("placeholders", "switches", "missing", "missing_labels")},
    }
    for name, count in counts.items():
        if count > MOST_PARTS:
            what = f"An instrument has at most {MOST_PARTS} {name.replace('_', ' ')}."
            raise InstrumentError(what, where=where, found=f"{count}", fix="Split it.")
