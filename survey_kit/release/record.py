"""The record of a release: ``release.json`` with the digest of every file, what went in, who approved it, and what came before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from survey_kit import files
from survey_kit.errors import ReleaseError
from survey_kit.report import manifest
from survey_kit.report.edition import EditionInfo

SCHEMA: Final = "survey-kit/release-record/1"
NAME: Final = "release.json"


def write_record(
    folder: Path, info: EditionInfo, *, declared: Mapping[str, Path], previous: Path | None, final: bool
) -> Path:
    """Write ``release.json`` into the folder of a release, whole and last of all files.

    Parameters
    ----------
    folder
        The release, with the manifest of its build.
    info
        The edition.
    declared
        Files of the study that declare the release, by name: ``release.yaml``, ``frozen.yaml``.
    previous
        The release before.
    final
        Whether the edition had to be final.
    """
    built = manifest.read(folder / "manifest.json")
    inputs = [*built["inputs"], *(_file(name, path) for name, path in sorted(declared.items()))]
    body = {
        "schema": SCHEMA,
        **{name: built[name] for name in ("study", "title", "data_status")},
        "edition": info.edition,
        "status": info.status,
        "released": info.released,
        "embargo": info.embargo or None,
        "approvals": [asdict(one) for one in info.approvals],
        "access": [asdict(one) for one in info.access],
        "findings": [{"code": one.code, "text": one.text()} for one in info.findings],
        "previous": {"edition": info.previous, "sha256": files.digest(previous / NAME)} if previous else None,
        "final": final,
        **{name: built[name] for name in ("software", "seed", "parameters", "assumptions", "families")},
        "inputs": inputs,
        "outputs": [_file(name, folder / name) for name in outputs(folder)],
    }
    return files.write_text(folder / NAME, json.dumps(body, ensure_ascii=False, indent=1) + "\n")


def outputs(folder: Path) -> list[str]:
    """Name every file of a release but its record, nothing hidden left out.

    A hidden file would be published with the others, so it is named like them.
    """
    kept = (path for path in folder.rglob("*") if path.is_file())
    return sorted(name for path in kept if (name := path.relative_to(folder).as_posix()) != NAME)


def read_record(folder: Path) -> dict[str, Any]:
    """Read ``release.json`` of a release."""
    path = files.existing(folder / NAME, "record of a release (release.json)", ReleaseError)
    try:
        out = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as fault:
        raise ReleaseError("This record cannot be read.", where=str(path), found=str(fault)) from None
    if not isinstance(out, dict) or out.get("schema") != SCHEMA:
        raise ReleaseError("This is no record of a release of this version.", where=str(path), fix="Name a release.")
    return out


def last_release(folder: Path) -> Path | None:
    """Give the last release in a folder of editions: the one that no other names as the one before.

    Raises
    ------
    ReleaseError
        If there are several.
    """
    records = {path.parent: read_record(path.parent) for path in sorted(folder.glob(f"*/{NAME}"))}
    before = {one["previous"]["sha256"] for one in records.values() if one["previous"]}
    heads = [place for place in records if files.digest(place / NAME) not in before]
    if len(heads) > 1:
        raise ReleaseError(
            "Several releases may be the one before.",
            where=str(folder),
            found=", ".join(place.name for place in heads),
            fix="Name it with --previous.",
        )
    return heads[0] if heads else None


def _file(name: str, path: Path) -> dict[str, Any]:
    return {"name": name, "bytes": path.stat().st_size, "sha256": files.digest(path)}
