"""The page of data: files to download, what went in, with which software."""

from __future__ import annotations

import json
from typing import Any

from survey_kit.report import display
from survey_kit.report import manifest as record
from survey_kit.report.book import Published
from survey_kit.report.elements import Bullets, Element, Links, Prose
from survey_kit.report.tables import table

FOLDER = "open_data"


def downloads(book: Published) -> Links:
    """List the files of the open data with what they hold and how large they are."""
    folder = book.folder / FOLDER
    package = folder / "datapackage.json"
    described = json.loads(package.read_text(encoding="utf-8")) if package.is_file() else {"resources": []}
    targets = [
        (one["path"], f"{FOLDER}/{one['path']}", f"{one['description']} (CSV, {_size(one['bytes'])})")
        for one in described["resources"]
    ]
    others = {
        "datapackage.json": "The files and their columns for machines (Frictionless Data Package)",
        "README.txt": "Terms, what to beware of, how to cite",
        "manifest.json": "Digest of every input and output, versions, seed, parameters, assumptions",
    }
    targets += [(name, f"{FOLDER}/{name}", text) for name, text in others.items() if (folder / name).is_file()]
    return Links(tuple(targets))


def inputs(book: Published) -> Element:
    """Give the digest of every input."""
    manifest = _manifest(book)
    if manifest is None:
        return Prose(("No manifest was written.",))
    columns = {"name": "Input", "bytes": "Size", "sha256": "SHA-256, first 16 of 64 digits"}
    records = [
        {"name": one["name"], "bytes": _size(one["bytes"]), "sha256": one["sha256"][:16]} for one in manifest["inputs"]
    ]
    note = "The whole digests stand in manifest.json; 'survey_kit.report.manifest.verify' compares them with the files."
    title = "What went in."
    return table(
        f"{book.info.file_stem}-inputs", title, columns, records, info=book.info, left=("sha256",), notes=(note,)
    )


def software(book: Published) -> Element:
    """Give the versions of Python and of the packages, the seed and the parameters."""
    manifest = _manifest(book)
    if manifest is None:
        return Prose(("No manifest was written.",))
    used = manifest["software"]
    packages = ", ".join(f"{name} {version}" for name, version in used["packages"].items())
    seed = manifest.get("seed")
    told = (
        ("Python:", str(used["python"])),
        ("Packages:", packages),
        ("Commit:", str(used["commit"] or "none recorded")),
        ("Seed:", "nothing random was used in making the figures" if seed is None else str(seed)),
        (
            "Parameters:",
            json.dumps(manifest["parameters"], ensure_ascii=False) if manifest["parameters"] else "defaults",
        ),
    )
    return Bullets(told)


def _manifest(book: Published) -> dict[str, Any] | None:
    path = book.folder / FOLDER / "manifest.json"
    return record.read(path) if path.is_file() else None


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _size(size: int) -> str:
    if size < 1000:
        return f"{size} bytes"
    return f"{display.decimal(size / 1000)} kB" if size < 1_000_000 else f"{display.decimal(size / 1_000_000)} MB"
