"""A last look over everything written: no telephone number, personal number, e-mail address or position may stand there."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any, Final

from survey_kit import files
from survey_kit.errors import ReportError
from survey_kit.report.info import StudyInfo

SUFFIXES: Final = frozenset({".html", ".svg", ".csv", ".json", ".txt", ".md", ".qmd", ".ipynb", ".yml", ".xml"})
KINDS: Final[dict[str, re.Pattern[str]]] = {
    "e-mail address": re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"),
    # twelve digits that begin with a date, year month day, and a digit for century and sex
    "personal number": re.compile(r"(?<![\w.])\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[0-6]\d{5}(?![\w.])"),
    "telephone number": re.compile(
        r"(?<![\w.])(?:\+\d{1,3}[\s()-]*(?:\d[\s()-]*){8,11}\d"
        r"|[78][\s(-]*7\d{2}[\s)-]*\d{3}[\s-]*\d{2}[\s-]*\d{2}"
        r"|\(\d{3}\)\s*\d{3}-\d{4}|\d{3}-\d{3}-\d{4})(?![\w.])"
    ),
    "position": re.compile(
        r"(?<![\w.])[-−]?\d{1,2}\.\d{4,}°?\s*[NS]?\s*[,;]\s*[-−]?\d{1,3}\.\d{4,}°?\s*[EW]?(?![\w.])"
        r"|\d{1,2}°\s?\d{1,2}[′'](?:\s?[\d.]+[″\"])?\s?[NSEW]"
    ),
}
FIELDS: Final = frozenset(
    {
        "lat",
        "latitude",
        "lon",
        "lng",
        "long",
        "longitude",
        "gps",
        "phone",
        "telephone",
        "mobile",
        "email",
        "iin",
        "passport",
    }
)
_SKIPPED: Final = re.compile(r"<(style|script)\b.*?</\1>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
_SPOKEN: Final = re.compile(r'\b(?:alt|title|content|aria-label|href)\s*=\s*"([^"]*)"', re.IGNORECASE)
_TAG: Final = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something that looks like an identifier: its kind, where it stands, and its beginning only."""

    kind: str
    where: str
    hint: str


def scan(folder: Path, *, allow: Collection[str] = ()) -> None:
    """Refuse a folder in which something looks like an identifier of a person.

    Parameters
    ----------
    folder
        What is to be published.
    allow
        Texts that may stand there, such as the producer's own address.

    Raises
    ------
    ReportError
        Naming the file and the kind of the first finding; the finding itself is not shown whole.
    """
    found = findings(folder, allow=allow)
    if found:
        more = f" ({len(found) - 1} more)" if len(found) > 1 else ""
        raise ReportError(
            f"What is to be published holds something that looks like a {found[0].kind}{more}.",
            where=found[0].where,
            found=found[0].hint,
            fix="Take it out of the data or the texts; nothing was published.",
        )


def findings(folder: Path, *, allow: Collection[str] = ()) -> list[Found]:
    """List what looks like an identifier in the text files of a folder; of equal files the first is read."""
    out = []
    read: set[str] = set()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix.lower() in SUFFIXES:
            digest = files.digest(path)
            if digest in read:
                continue
            read.add(digest)
            name = path.relative_to(folder).as_posix()
            text = path.read_text(encoding="utf-8", errors="replace")
            out += [
                Found(kind=kind, where=f"{name}{place}", hint=_masked(hit))
                for place, part in _parts(path.suffix.lower(), text)
                for kind, hit in look(part, allow=allow)
            ]
            out += [
                Found(kind="column of identifiers", where=name, hint=field)
                for field in _fields(path.suffix.lower(), text)
                if field.casefold() in FIELDS
            ]
    return out


def look(text: str, *, allow: Collection[str] = ()) -> list[tuple[str, str]]:
    """List kind and text of what looks like an identifier.

    Examples
    --------
    >>> [kind for kind, _ in look("Call +7 701 123 45 67 or write to a@b.kz; IIN 850312300123; 43.2389, 76.8897")]
    ['e-mail address', 'personal number', 'telephone number', 'position']
    >>> look("In 2023, 35.3 % (32.2 to 38.3; n = 1 478), rank 96 of 182; 0.353123456789")
    []
    """
    return [(kind, hit[0]) for kind, pattern in KINDS.items() for hit in pattern.finditer(text) if hit[0] not in allow]


def declared(info: StudyInfo) -> frozenset[str]:
    """Give the addresses and numbers that a study's own texts name on purpose, such as a contact of its producer."""
    texts = [info.producer, info.terms, info.cite, info.weights_note, *info.method.values(), *info.notes]
    texts += [text for told in info.quality.values() for text in told.values()]
    return frozenset(hit for text in texts for _, hit in look(text))


def _parts(suffix: str, text: str) -> Iterator[tuple[str, str]]:
    """Cut a file into the texts a reader meets, so that two neighbouring numbers are never read as one."""
    if suffix in {".html", ".svg", ".xml"}:
        shown = _SKIPPED.sub(" ", text)
        yield "", unescape(_TAG.sub(" ¦ ", shown))
        for spoken in _SPOKEN.findall(shown):
            yield "", unescape(spoken) if not spoken.startswith("data:") else ""
    elif suffix == ".csv":
        lines: dict[str, int] = {}
        for number, row in enumerate(csv.reader(io.StringIO(text)), 1):
            for cell in row:
                if cell not in lines and not _number(cell):
                    lines[cell] = number
        yield from ((f":{number}", cell) for cell, number in lines.items())
    elif suffix in {".json", ".ipynb"}:
        for part in _strings(_json(text)):
            yield "", part
    else:
        for number, line in enumerate(text.splitlines(), 1):
            yield f":{number}", line


def _fields(suffix: str, text: str) -> Iterable[str]:
    if suffix == ".csv":
        return next(csv.reader(io.StringIO(text)), [])
    return _keys(_json(text)) if suffix == ".json" else ()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str) or type(value) is int:
        yield str(value)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield str(key)
            yield from _keys(part)
    elif isinstance(value, list):
        for part in value:
            yield from _keys(part)


def _number(cell: str) -> bool:
    """Tell whether a cell is a computed number: an identifier is long and has no decimal point."""
    if len(cell) > 10 and "." not in cell:
        return False
    try:
        float(cell or "0")
    except ValueError:
        return False
    return True


def _masked(hit: str) -> str:
    return f"{hit[:3]}… ({len(hit)} characters)"
