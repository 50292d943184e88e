"""The files of an export: a zip archive read under limits and never unpacked to disk, or a CSV file with its neighbours."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from survey_kit.errors import ResponsesError
from survey_kit.files import existing
from survey_kit.responses.delimited import MAX_BYTES, read_content

CHUNK = 1_000_000
MAX_DIRECTORY_BYTES = 64_000_000  # of the archive's own list of files
MAX_ENTRIES = 200_000
MAX_TABLES = 200
MAX_TOTAL_BYTES = 2 * MAX_BYTES  # of all tables, unpacked
MAX_RATIO = 300  # unpacked to packed; the answers of a survey stay well under 100
RATIO_FROM = 20_000_000  # bytes below which a ratio does no harm
END, END_64 = b"PK\x05\x06", b"PK\x06\x06"


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The tables of an export by name, and how many attachments lie beside them."""

    path: Path
    tables: Mapping[str, str] = field(default_factory=dict)  # bare name -> name in the archive or the folder
    attachments: int = 0
    zipped: bool = False

    def where(self, name: str) -> str:
        """Name a table for a message."""
        return f"{self.path}, {name}" if self.zipped else str(self.path.parent / name)

    def read(self, name: str) -> bytes:
        """Read a table, at most `MAX_BYTES` of it."""
        if not self.zipped:
            return read_content(self.path.parent / self.tables[name])
        with zipfile.ZipFile(self.path) as archive:
            return _unpacked(archive, self.tables[name], self.where(name))


def open_export(path: Path) -> Files:
    """List the tables of an export, refusing an archive that is broken, a trap or no export at all."""
    existing(path, "export", ResponsesError)
    if path.stat().st_size == 0:
        raise ResponsesError("The file is empty.", where=str(path), found="0 bytes", fix="Export the answers again.")
    if path.suffix.casefold() != ".zip":
        return Files(path=path, tables={one.name: one.name for one in _neighbours(path)})
    _directory(path)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeError) as fault:
        raise _broken(path, str(fault)) from None
    return _checked(path, entries)


def _neighbours(path: Path) -> list[Path]:
    """Give the file and what an unpacked export keeps beside it: tables of repeats, the audit."""
    stem = path.name.removesuffix(".gz").removesuffix(".csv")
    beside = sorted(path.parent.glob("*.csv"))
    return [path, *(one for one in beside if one.name.startswith((f"{stem}-", f"{stem} - ")))]


def _checked(path: Path, entries: list[zipfile.ZipInfo]) -> Files:
    if len(entries) > MAX_ENTRIES:
        raise _refused(path, "holds too many files", f"{len(entries):,} files")
    tables: dict[str, zipfile.ZipInfo] = {}
    inner: list[str] = []
    attachments = 0
    for entry in entries:
        name = PurePosixPath(entry.filename.replace("\\", "/"))
        if ".." in name.parts or name.is_absolute() or (name.parts and name.parts[0].endswith(":")):
            raise _refused(path, "names a file outside of itself", repr(entry.filename[:80]))
        if entry.is_dir() or name.name.startswith("._") or "__MACOSX" in name.parts:
            continue
        if "media" in name.parts[:-1]:
            attachments += 1
        elif name.suffix.casefold() == ".csv":
            if name.name.casefold() in {one.casefold() for one in tables}:
                raise _refused(path, "holds a table twice", repr(name.name[:80]))
            tables[name.name] = entry
        elif name.suffix.casefold() in {".zip", ".gz", ".7z", ".rar", ".xz", ".bz2"}:
            inner.append(name.name)
    if not tables:
        found = f"another archive, {inner[0]!r}" if inner else f"{len(entries)} files, none of them .csv"
        fix = "Unpack the inner archive and name it." if inner else "Export the submissions as CSV in a zip archive."
        raise ResponsesError("The archive holds no table.", where=str(path), found=found, fix=fix)
    _sizes(path, tables)
    names = {bare: entry.filename for bare, entry in tables.items()}
    return Files(path=path, tables=names, attachments=attachments, zipped=True)


def _sizes(path: Path, tables: Mapping[str, zipfile.ZipInfo]) -> None:
    """Refuse what would unpack to more than the answers of a survey ever are."""
    total = sum(entry.file_size for entry in tables.values())
    if len(tables) > MAX_TABLES:
        raise _refused(path, "holds too many tables", f"{len(tables):,} tables")
    for name, entry in tables.items():
        if entry.flag_bits & 1:
            fix = "Export again without a password; decrypt on the platform or with its own tool."
            raise ResponsesError("The archive is locked with a password.", where=str(path), found=name, fix=fix)
        if entry.file_size > RATIO_FROM and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise _refused(
                path, "unpacks to too much", f"'{name}', {entry.file_size:,} bytes from {entry.compress_size:,}"
            )
        if entry.file_size > MAX_BYTES:
            raise _refused(path, "unpacks to too much", f"'{name}', {entry.file_size:,} bytes")
    if total > MAX_TOTAL_BYTES:
        raise _refused(path, "unpacks to too much", f"{total:,} bytes in {len(tables)} tables")


def _directory(path: Path) -> None:
    """Look at how long the archive's list of files is before it is read into memory."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(max(0, size - 66_000), os.SEEK_SET)
        tail = stream.read()
    at = tail.rfind(END)
    if at < 0 or len(tail) < at + 20:
        raise _broken(path, "it has no end")
    length = struct.unpack("<L", tail[at + 12 : at + 16])[0]
    wide = tail.rfind(END_64, 0, at)
    if length == 0xFFFFFFFF and wide >= 0 and len(tail) >= wide + 48:
        length = struct.unpack("<Q", tail[wide + 40 : wide + 48])[0]
    if length > min(MAX_DIRECTORY_BYTES, size):
        raise _refused(path, "holds too many files", f"a list of {length:,} bytes")


def _unpacked(archive: zipfile.ZipFile, name: str, where: str) -> bytes:
    """Unpack a table piece by piece, whatever its entry says of its size."""
    out = bytearray()
    try:
        with archive.open(name) as stream:
            while chunk := stream.read(CHUNK):
                out += chunk
                if len(out) > MAX_BYTES:
                    raise _refused(where, "unpacks to too much", f"more than {MAX_BYTES:,} bytes")
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as fault:
        raise _broken(where, str(fault)) from None
    return bytes(out)


def _broken(where: Path | str, found: str) -> ResponsesError:
    fix = "Copy or download it again and compare its size with the original."
    return ResponsesError("The archive is cut off or damaged.", where=str(where), found=found[:200], fix=fix)


def _refused(where: Path | str, what: str, found: str) -> ResponsesError:
    fix = "Export the submissions again, without attachments; do not open an archive of unknown origin."
    return ResponsesError(f"The archive {what}.", where=str(where), found=found, fix=fix)
