"""The page of data: files to download, what went in, with which software."""

from __future__ import annotations

import json
from typing import Any

from survey_kit.language.catalogue import words
from survey_kit.report import csvw, datapackage, display, linked_data
from survey_kit.report import manifest as record
from survey_kit.report.book import Published
from survey_kit.report.dictionary import CATALOGUE
from survey_kit.report.elements import Bullets, Element, Links, Prose, Stack
from survey_kit.report.tables import table

FOLDER = "open_data"


def downloads(book: Published) -> Element:
    """List the files of the open data with what they hold and how large they are; machines find the same as linked data."""
    folder = book.folder / FOLDER
    path = folder / datapackage.NAME
    say = words(CATALOGUE, book.info.languages[0])
    if not path.is_file():
        return Links(())
    package = json.loads(path.read_text(encoding="utf-8"))
    targets = [
        (
            one["path"],
            f"{FOLDER}/{one['path']}",
            f"{say('file_' + one['part'])} ({one['format'].upper()}, {_size(one['bytes'])})",
        )
        for one in package["resources"]
    ]
    others = {
        csvw.NAME: "csvw",
        datapackage.NAME: "package",
        linked_data.NAME: "linked",
        "README.txt": "readme",
        "manifest.json": "manifest",
    }
    targets += [
        (name, f"{FOLDER}/{name}", say(f"file_{part}")) for name, part in others.items() if (folder / name).is_file()
    ]
    described = linked_data.text(linked_data.dataset(book.info, package, f"{FOLDER}/"))
    return Stack((Links(tuple(targets)), linked_data.LinkedData(described)))


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
