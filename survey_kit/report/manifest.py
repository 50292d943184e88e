"""What went in and what came out: digests, versions, seed, parameters, assumptions; and a check that it still holds.

A manifest names files by paths relative to what they belong to, never by a path of this machine, holds no date and no
host name, and so is the same wherever the same files are built with the same software.
"""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any, Final

from survey_kit import files
from survey_kit.errors import ReportError
from survey_kit.report.info import StudyInfo

SCHEMA: Final = "survey-kit/manifest/1"
DISTRIBUTION: Final = "trust-survey-kit"
PACKAGES: Final = (
    *(DISTRIBUTION, "numpy", "scipy", "pandas", "narwhals", "pydantic", "pyyaml", "pyarrow", "pyreadstat", "pysdmx"),
    *("matplotlib", "great_tables", "ipython", "pypandoc_binary", "typst"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A file that is not as the manifest says: missing, changed or (for outputs) not listed."""

    part: str
    name: str
    fault: str


def named(paths: Iterable[Path], roots: Mapping[str, Path]) -> dict[str, Path]:
    """Name files by the root they lie in, ``data/lapop_brazil/cm23.csv.gz``; the innermost root wins.

    Examples
    --------
    >>> sorted(named([Path("/a/b/c.csv")], {"data": Path("/a"), "study": Path("/a/b")}))
    ['study/c.csv']
    """
    out = {}
    order = sorted(roots.items(), key=lambda pair: -len(pair[1].resolve().parts))
    for path in paths:
        whole = path.resolve()
        inside = next(((name, root.resolve()) for name, root in order if whole.is_relative_to(root.resolve())), None)
        out[whole.name if inside is None else f"{inside[0]}/{whole.relative_to(inside[1]).as_posix()}"] = path
    return out


def make(
    info: StudyInfo,
    *,
    inputs: Mapping[str, Path],
    outputs: Mapping[str, Path],
    parameters: Mapping[str, Any] | None = None,
    seed: int | None = None,
    project: Path | None = None,
) -> dict[str, Any]:
    """Make a manifest.

    Parameters
    ----------
    info
        The study.
    inputs, outputs
        Files by the names they are to have (see `named`); an output's name is its path below the manifest's folder.
    parameters
        What was asked for: formats, languages, and the like.
    seed
        The seed of everything random; None when nothing is.
    project
        A folder under version control; its commit is recorded if there is one.
    """
    return {
        "schema": SCHEMA,
        "study": info.id,
        "title": info.title,
        "data_status": info.data_status,
        "software": {"python": platform.python_version(), "packages": versions(), "commit": commit(project)},
        "seed": seed,
        "parameters": dict(sorted((parameters or {}).items())),
        "assumptions": dict(info.assumptions),
        "families": {name: list(members) for name, members in info.families.items()},
        "inputs": _digests(inputs),
        "outputs": _digests(outputs),
    }


def write(path: Path, manifest: Mapping[str, Any]) -> Path:
    """Write a manifest."""
    return files.write_text(path, json.dumps(manifest, ensure_ascii=False, indent=1) + "\n")


def read(path: Path) -> dict[str, Any]:
    """Read a manifest."""
    try:
        out = json.loads(files.existing(path, "manifest", ReportError).read_text(encoding="utf-8"))
    except ValueError as fault:
        raise ReportError("This manifest cannot be read.", where=str(path), found=str(fault)) from None
    if not isinstance(out, dict) or out.get("schema") != SCHEMA:
        raise ReportError("This is no manifest of this version.", where=str(path), fix="Build the study anew.")
    return out


def verify(path: Path, *, roots: Mapping[str, Path] | None = None) -> tuple[Difference, ...]:
    """Compare a manifest with the files beside it, and with the inputs whose roots are given; empty says all is as told.

    Parameters
    ----------
    path
        The manifest; its outputs are looked for below its folder.
    roots
        The folders behind the first parts of the inputs' names, as in `named`; without them inputs are not compared.
    """
    manifest = read(path)
    outputs = {one["name"]: path.parent / one["name"] for one in manifest["outputs"]}
    out = [*_compared("output", manifest["outputs"], outputs)]
    if roots is not None:
        places = {
            one["name"]: roots[head] / rest
            for one in manifest["inputs"]
            for head, _, rest in [one["name"].partition("/")]
            if head in roots and rest
        }
        out += _compared("input", manifest["inputs"], places)
    return tuple(out)


def versions() -> dict[str, str]:
    """Give the versions of the packages that compute and draw, those that are installed."""
    out = {}
    for name in PACKAGES:
        try:
            out[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return out


def commit(project: Path | None) -> str | None:
    """Give the commit of a folder under version control, with "+" when files differ from it; None without one."""
    if project is None:
        return None
    try:
        head = _git(project, ["rev-parse", "HEAD"])
        changed = _git(project, ["status", "--porcelain", "--untracked-files=no"])
    except (OSError, subprocess.CalledProcessError):
        return None
    return head + ("+" if changed else "")


def _git(project: Path, words: Sequence[str]) -> str:
    run = subprocess.run(
        ["git", "-C", str(project), *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=10,
        stdin=subprocess.DEVNULL,
    )
    return run.stdout.strip()


def _digests(named_files: Mapping[str, Path]) -> list[dict[str, Any]]:
    out = []
    for name, path in sorted(named_files.items()):
        way = PurePosixPath(name)
        if way.is_absolute() or ".." in way.parts or "\\" in name or ":" in name:
            raise ReportError(
                "A manifest names files by relative paths.", found=name, fix="Name its root, see 'named'."
            )
        out.append({"name": name, "bytes": path.stat().st_size, "sha256": files.digest(path)})
    return out


def _compared(part: str, listed: Sequence[Mapping[str, Any]], places: Mapping[str, Path]) -> list[Difference]:
    out = []
    for one in listed:
        place = places.get(one["name"])
        if place is None or not place.is_file():
            out.append(Difference(part=part, name=one["name"], fault="missing"))
        elif files.digest(place) != one["sha256"]:
            out.append(Difference(part=part, name=one["name"], fault="changed"))
    return out
