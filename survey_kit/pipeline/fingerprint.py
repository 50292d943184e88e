"""What a stage depends on, as one digest: inputs, parameters, the toolkit's own code and the packages that compute."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from survey_kit import files

PACKAGE = Path(files.__file__).parent
COMPUTING = ("numpy", "scipy", "pandas", "narwhals", "pydantic", "pyyaml", "pyreadstat", "pyarrow", "python-calamine")
RENDERING = ("matplotlib", "great-tables", "nbclient", "nbformat", "ipython", "pypandoc_binary", "typst")


def of(*parts: Any) -> str:
    """Give one digest of plain values; mappings count by their keys, not their order.

    Examples
    --------
    >>> of({"a": 1, "b": 2}) == of({"b": 2, "a": 1}), of("a") == of("b")
    (True, False)
    """
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def of_files(paths: Iterable[Path], below: Path | None = None) -> dict[str, str]:
    """Give the digest of each file by its name (its path below a folder, when one is given)."""
    out = {}
    for path in sorted(paths):
        name = path.relative_to(below).as_posix() if below else path.as_posix()
        out[name] = files.digest(path) if path.is_file() else "missing"
    return out


def of_folder(folder: Path) -> dict[str, str]:
    """Give the digest of every file below a folder that is part of its content: nothing hidden, no caches."""
    kept = (path for path in folder.rglob("*") if path.is_file())
    return of_files((path for path in kept if not _passing(path.relative_to(folder).parts)), folder)


def _passing(parts: tuple[str, ...]) -> bool:
    return any(
        part.startswith(".") or part in {"__pycache__", "_site", "_freeze"} or part.endswith("_files") for part in parts
    )


@cache
def of_code(*, without: tuple[str, ...], but: tuple[str, ...] = ()) -> str:
    """Give the digest of the toolkit's own files, without some rooms, but with these files of theirs."""
    kept = (
        path
        for path in PACKAGE.rglob("*")
        if path.is_file()
        and path.suffix not in {".pyc", ".tmp"}
        and (path.relative_to(PACKAGE).parts[0].removesuffix(".py") not in without or path.name in but)
    )
    return of(of_files(kept, PACKAGE))


@cache
def of_packages(names: tuple[str, ...]) -> Mapping[str, str]:
    """Give the versions of Python and of the packages that are installed here."""
    from importlib.metadata import PackageNotFoundError, version

    out = {"python": platform.python_version(), "machine": platform.machine()}
    for name in names:
        try:
            out[name] = version(name)
        except PackageNotFoundError:
            out[name] = "absent"
    return out
