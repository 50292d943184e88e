"""CSV files, plain or gzipped: every fault of the file is told with its line before a number is read."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from survey_kit.errors import ResponsesError

if TYPE_CHECKING:
    import pandas as pd

LONGEST_FIELD = 131_072  # characters
MAX_BYTES = 600_000_000
CHUNK = 4_000_000
SEPARATORS = ",;\t|"
NULLS = ("", "NA", "NaN")
LEADING_ZERO = re.compile(rb'(?:^|[,;\t|"\n])0\d')
DECIMAL_COMMA = re.compile(r'(?:^|;)"?-?\d+,\d+"?(?=;|$)', re.MULTILINE)


def read_csv(path: Path, columns: Sequence[str] | None = None, encoding: str = "utf-8") -> pd.DataFrame:
    """Read a CSV file; numbers become numbers, but what starts with a 0 stays a text (``"0110"`` is a code)."""
    return parse_csv(read_content(path), path, columns, encoding)


def parse_csv(
    content: bytes,
    where: Path | str,
    columns: Sequence[str] | None = None,
    encoding: str = "utf-8",
    *,
    by_case: bool = False,
) -> pd.DataFrame:
    """Read the bytes of a CSV file that stands at `where`; `by_case` takes names that differ by case only for two."""
    import pandas as pd

    text = _text(where, content, encoding)
    head = text[: text.find("\n")] if "\n" in text else text
    separator = _separator(head)
    names = _scan(where, text, separator, by_case=by_case)
    wanted = [name for name in names if name and (columns is None or name in columns)]
    options: dict[str, Any] = {
        "sep": separator,
        "decimal": "," if separator == ";" and DECIMAL_COMMA.search(text[:200_000]) else ".",
        "header": None,
        "skiprows": 1,
        "names": [name or f"\x00{i}" for i, name in enumerate(names)],
        "usecols": wanted,
        "keep_default_na": False,
        "na_values": list(NULLS),
        "low_memory": False,
        "index_col": False,
    }
    try:
        padded = _padded(content, text, options) if LEADING_ZERO.search(content) else {}
        frame: pd.DataFrame = pd.read_csv(io.StringIO(text), dtype=padded or None, **options)
    except pd.errors.ParserError as fault:
        raise _no_csv(where, str(fault)) from None
    return frame


def read_content(path: Path) -> bytes:
    """Read a CSV file or a gzipped one, at most `MAX_BYTES` of it."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise _too_large(path, size)
    if path.suffix != ".gz":
        return path.read_bytes()
    out = io.BytesIO()
    try:
        with gzip.open(path) as stream:
            while chunk := stream.read(CHUNK):
                out.write(chunk)
                if out.tell() > MAX_BYTES:
                    raise _too_large(path, out.tell())
    except (EOFError, zlib.error, gzip.BadGzipFile) as fault:
        raise ResponsesError(
            "The compressed file is cut off or damaged.",
            where=str(path),
            found=str(fault),
            fix="Copy or download it again and compare its size with the original.",
        ) from None
    return out.getvalue()


def _too_large(path: Path, size: int) -> ResponsesError:
    found = f"more than {MAX_BYTES:,} bytes" if size > MAX_BYTES else f"{size:,} bytes"
    return ResponsesError("The file is too large.", where=str(path), found=found, fix="Convert it to Parquet.")


def _text(path: Path | str, content: bytes, encoding: str) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and encoding == "utf-8":
        raise _not_in(path, "UTF-8", "it starts like UTF-16", "Save it as 'CSV UTF-8'.")
    try:
        text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except LookupError:
        raise ResponsesError(f"'{encoding}' is not an encoding.", where=str(path), fix="Write 'utf-8'.") from None
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        found = f"byte {content[fault.start]:#04x} at position {fault.start}"
        fix = "Save it as UTF-8 ('CSV UTF-8' in Excel), or name its encoding, such as windows-1251."
        raise _not_in(f"{path}:{line}", encoding.upper(), found, fix) from None
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise ResponsesError(
            "The file holds a zero byte.",
            where=f"{path}:{line}",
            found="not a text file",
            fix="Export it again as CSV.",
        )
    return text.replace("\r", "\n") if "\n" not in text else text


def _not_in(where: Path | str, encoding: str, found: str, fix: str) -> ResponsesError:
    return ResponsesError(f"The file is not {encoding}.", where=str(where), found=found, fix=fix)


def _separator(head: str) -> str:
    bare = re.sub(r'"[^"]*"', "", head)
    return max(SEPARATORS, key=bare.count)


def _scan(path: Path | str, text: str, separator: str, *, by_case: bool) -> list[str]:
    """Read the header and hold every row against it; the first ragged row is told with its line."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    others = csv.field_size_limit(LONGEST_FIELD)  # one for the whole process; other packages lift it
    try:
        names = [name.strip() for name in next(rows, [])]
        if not any(names):
            fix = "Export the answers again, with the names of the columns in the first row."
            raise ResponsesError("The first row names no columns.", where=f"{path}:1", fix=fix)
        _header(path, names, by_case=by_case)
        ragged = [(line, width) for line, width in _widths(rows) if width not in {0, len(names)}]
    except csv.Error as fault:
        raise _no_csv(f"{path}:{rows.line_num}", str(fault)) from None
    finally:
        csv.field_size_limit(others)
    if ragged:
        line, width = ragged[0]
        more = f"; {len(ragged)} such rows" if len(ragged) > 1 else ""
        raise ResponsesError(
            "A row has not as many fields as the header.",
            where=f"{path}:{line}",
            found=f"{width} fields, the header has {len(names)}{more}",
            fix="Put fields that hold the separator or a line break into quotation marks.",
        )
    return names


def _no_csv(where: Path | str, found: str) -> ResponsesError:
    fix = "Look for a quotation mark that is opened and never closed."
    return ResponsesError("The file is not CSV.", where=str(where), found=found, fix=fix)


def _widths(rows: Any) -> Iterator[tuple[int, int]]:
    start = rows.line_num + 1
    for row in rows:
        yield start, len(row)
        start = rows.line_num + 1


def _header(path: Path | str, names: Sequence[str], *, by_case: bool) -> None:
    nameless = [place for place, name in enumerate(names) if not name and place]
    if nameless:
        raise ResponsesError(
            "A column has no name.",
            where=f"{path}:1",
            found=f"column {nameless[0] + 1}",
            fix="Name it in the first row.",
        )
    seen: dict[str, int] = {}
    for place, name in enumerate(names):
        first = seen.setdefault(name if by_case else name.casefold(), place)
        if first != place:
            same = "the same name" if names[first] == name else "the same name but for case"
            raise ResponsesError(
                f"Two columns have {same}.",
                where=f"{path}:1",
                found=f"'{names[first]}' and '{name}', columns {first + 1} and {place + 1}",
                fix="Rename one of them.",
            )


def _padded(content: bytes, text: str, options: dict[str, Any]) -> dict[str, Any]:
    """Find the columns in which a value starts with a 0 that a number would lose."""
    import pandas as pd

    if len(content) > MAX_BYTES // 4:
        return {}
    plain = pd.read_csv(io.StringIO(text), dtype=str, **options)
    return {name: str for name in plain if plain[name].str.fullmatch(r"0\d+").any()}
