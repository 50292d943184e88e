"""The page of data: files to download, what went in, with which software."""

from __future__ import annotations

import json
from typing import Any

from survey_kit.language.catalogue import words
from survey_kit.report import csvw, datapackage, linked_data
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
    say = words(CATALOGUE, book.info.language)
    if not path.is_file():
        return Links(())
    package = json.loads(path.read_text(encoding="utf-8"))
    targets = [
        (
            one["path"],
            f"{FOLDER}/{one['path']}",
            f"{say('file_' + one['part'])} ({one['format'].upper()}, {_size(book, one['bytes'])})",
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
        return Prose((book.info.say("no_manifest"),))
    info, say = book.info, book.info.say
    columns = {"name": say("head_input"), "bytes": say("head_size"), "sha256": say("head_digest")}
    records = [
        {"name": one["name"], "bytes": _size(book, one["bytes"]), "sha256": one["sha256"][:16]}
        for one in manifest["inputs"]
    ]
    name, notes = f"{info.file_stem}-inputs", (say("note_digest"),)
    return table(name, say("table_inputs"), columns, records, info=info, left=("sha256",), notes=notes)


def software(book: Published) -> Element:
    """Give the versions of Python and of the packages, the seed and the parameters."""
    manifest = _manifest(book)
    if manifest is None:
        return Prose((book.info.say("no_manifest"),))
    say, used = book.info.say, manifest["software"]
    packages = ", ".join(f"{name} {version}" for name, version in used["packages"].items())
    seed = manifest.get("seed")
    told = (
        (say("soft_python"), str(used["python"])),
        (say("soft_packages"), packages),
        (say("soft_commit"), str(used["commit"] or say("soft_no_commit"))),
        (say("soft_seed"), say("soft_no_seed") if seed is None else str(seed)),
        (
            say("soft_parameters"),
            json.dumps(manifest["parameters"], ensure_ascii=False) if manifest["parameters"] else say("soft_defaults"),
        ),
    )
    return Bullets(told)


def _manifest(book: Published) -> dict[str, Any] | None:
    path = book.folder / FOLDER / "manifest.json"
    return record.read(path) if path.is_file() else None


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _size(book: Published, size: int) -> str:
    say, show = book.info.say, book.info.show
    if size < 1000:
        return say.counted("bits", size)
    key, number = ("size_kb", size / 1000) if size < 1_000_000 else ("size_mb", size / 1_000_000)
    return say(key, number=show.decimal(number))
