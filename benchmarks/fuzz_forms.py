"""Ways to damage an XLSForm: cells, rows, columns, sheets, the XML of its parts, the archive."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable, Mapping
from io import BytesIO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from fuzz_values import CELLS, XPATHS, damaged

FORM_LEVELS = ("byte", "cell", "swap", "swap", "expression", "expression", "row", "column", "sheet", "xml", "zip")


def mutated_form(content: bytes, level: str, rng: random.Random) -> bytes:
    """Damage a workbook at a level, once to three times."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        try:
            content = _FORM[level](content, rng)
        except (BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError, struct.error):
            return content
    return content


def _parts(content: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _zipped(parts: Mapping[str, bytes]) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return out.getvalue()


def _texts(content: bytes, rng: random.Random, wanted: Callable[[str], bool], new: Callable[[str], str]) -> bytes:
    """Change one of the texts of the cells."""
    parts = _parts(content)
    found = [
        (name, one)
        for name, part in parts.items()
        if name == "xl/sharedStrings.xml" or "worksheets/sheet" in name
        for one in re.finditer(r"(?s)<t[^>]*>(.*?)</t>", part.decode())
        if wanted(one[1])
    ]
    if not found:
        return content
    name, one = rng.choice(found)
    text = parts[name].decode()
    put = escape(new(one[1])).encode("utf-8", "replace").decode()
    parts[name] = (text[: one.start()] + f'<t xml:space="preserve">{put}</t>' + text[one.end() :]).encode()
    return _zipped(parts)


def shared(content: bytes) -> bytes:
    """Write the texts of a workbook into the table that spreadsheet programs use, instead of into the cells."""
    parts = _parts(content)
    known: dict[str, int] = {}

    def put(found: re.Match[str]) -> str:
        return f't="s"><v>{known.setdefault(found[1], len(known))}</v></c>'

    for name in [one for one in parts if "worksheets/sheet" in one]:
        text = parts[name].decode()
        parts[name] = re.sub(r'(?s)t="inlineStr"><is>(<t[^>]*>.*?</t>)</is></c>', put, text).encode()
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    table = "".join(f"<si>{text}</si>" for text in known)
    parts["xl/sharedStrings.xml"] = (
        f'<sst xmlns="{space}" count="{len(known)}" uniqueCount="{len(known)}">{table}</sst>'.encode()
    )
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    links, types = "xl/_rels/workbook.xml.rels", "[Content_Types].xml"
    link = f'<Relationship Id="rId99" Type="{relation}" Target="sharedStrings.xml"/></Relationships>'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    parts[links] = parts[links].replace(b"</Relationships>", link.encode())
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    parts[types] = parts[types].replace(b"</Types>", override.encode())
    return _zipped(parts)


def _cell(content: bytes, rng: random.Random) -> bytes:
    return _texts(
        content, rng, lambda _: True, lambda old: rng.choice((*CELLS, old.upper(), old[:-1], old + " ", old * 50))
    )


def _exchanged(content: bytes, rng: random.Random) -> bytes:
    """Give a cell the text of another one in its column."""
    parts = _parts(content)
    name = rng.choice([one for one in parts if "worksheets/sheet" in one])
    text = parts[name].decode()
    column = rng.choice(sorted(set(re.findall(r'<c r="([A-Z]+)\d+"', text))))
    cells = list(re.finditer(rf'(?s)<c r="{column}\d+"([^>]*>.*?)</c>', text))
    if len(cells) < 3:
        return content
    one, other = rng.choice(cells[1:]), rng.choice(cells[1:])
    parts[name] = (text[: one.start(1)] + other[1] + text[one.end(1) :]).encode()
    return _zipped(parts)


def _xpath(content: bytes, rng: random.Random) -> bytes:
    def new(old: str) -> str:
        if rng.random() < 0.5:
            return rng.choice(XPATHS)
        parts = re.findall(r"\$\{\w+\}|[\w-]+|[^\w\s]|\s+", old.replace("&gt;", ">").replace("&lt;", "<"))
        parts[rng.randrange(len(parts))] = rng.choice(
            (
                "and",
                "or",
                "not(",
                "(",
                ")",
                "=",
                "!=",
                "<",
                "98",
                "'x'",
                ".",
                "-",
                "div",
                ",",
                "",
                "${age}",
                "${consent}",
                "once(",
                "if(",
            )
        )
        return "".join(parts)

    return _texts(content, rng, lambda text: "${" in text or ". " in text or "(" in text, new)


def _row(content: bytes, rng: random.Random) -> bytes:
    parts = _parts(content)
    name = rng.choice([one for one in parts if "worksheets/sheet" in one])
    text = parts[name].decode()
    rows = re.findall(r"(?s)<row .*?</row>", text)
    if len(rows) < 3:
        return content
    at, other = rng.randrange(len(rows)), rng.randrange(len(rows))
    how = rng.randrange(4)
    if how == 0:
        del rows[at : at + rng.choice((1, 2, 20))]
    elif how == 1:
        rows.insert(other, rows[at])
    elif how == 2:
        rows[at], rows[other] = rows[other], rows[at]
    else:
        block = rows[at : at + 10]
        del rows[at : at + 10]
        rows[other:other] = block
    body = re.sub(r"(?s)<sheetData>.*</sheetData>", lambda _: "<sheetData>" + _numbered(rows) + "</sheetData>", text)
    parts[name] = body.encode()
    return _zipped(parts)


def _numbered(rows: list[str]) -> str:
    out = []
    for number, row in enumerate(rows, start=1):
        placed = re.sub(r'(<row [^>]*?r=")\d+', rf"\g<1>{number}", row, count=1)
        out.append(re.sub(r'(<c r="[A-Z]+)\d+', rf"\g<1>{number}", placed))
    return "".join(out)


def _column(content: bytes, rng: random.Random) -> bytes:
    heads = (
        "type",
        "name",
        "label",
        "hint",
        "relevant",
        "constraint",
        "calculation",
        "required",
        "list_name",
        "form_id",
        "choice_filter",
        "parameters",
        "repeat_count",
        "order",
    )
    new = (
        "typ",
        "relevnt",
        "name ",
        "NAME",
        "label",
        "label::English (en)",
        "label::",
        "label::(kk)",
        "media::image",
        "bind::x",
        "",
        "default",
        "name",
        "type",
        "$x",
        "constraints",
        "a" * 500,
    )
    return _texts(content, rng, lambda text: text.split("::")[0] in heads, lambda _: rng.choice(new))


def _sheet(content: bytes, rng: random.Random) -> bytes:
    parts = _parts(content)
    text = parts["xl/workbook.xml"].decode()
    sheets = re.findall(r"<sheet [^>]*/>", text)
    one = rng.choice(sheets)
    how = rng.randrange(4)
    if how == 0:
        text = text.replace(one, "")
    elif how == 1:
        text = re.sub(
            r'name="\w+"',
            f'name="{rng.choice(("Survey", "survy", "choices", "x", " survey ", "settings", ""))}"',
            text,
            count=rng.choice((1, 2)),
        )
    elif how == 2:
        text = text.replace(one, one + one)
    else:
        text = re.sub(r'r:id="rId\d+"', f'r:id="rId{rng.randrange(12)}"', text, count=1)
    parts["xl/workbook.xml"] = text.encode()
    return _zipped(parts)


def _xml(content: bytes, rng: random.Random) -> bytes:
    """Change the XML of a part."""
    parts = _parts(content)
    name = rng.choice([one for one in parts if one.endswith((".xml", ".rels"))])
    text = parts[name].decode()
    pairs = (
        (r"<c ", '<c r="XFD1048576" '), (r'r="A1"', 'r="ZZZ99999999"'), (r"<sheetData>", "<sheetData><row/><row r='-1'/><row r='9'><c/></row>"), (r"<v>\d+</v>", "<v>99999999</v>"),
        (r"<v>", "<f>1+1</f><v>"), (r't="s"', 't="n"'), (r't="s"', 't="b"'), (r't="s"', 't="e"'), (r't="s"', 't="inlineStr"'), (r't="s"', 't="d"'), (r"<v>\d+</v>", "<v>x</v>"),
        (r"\?>", "?><!DOCTYPE x [<!ENTITY a 'b'><!ENTITY c SYSTEM 'file:///etc/passwd'>]>"), (r"</", "<"), (r"<row ", "<row r='1' r='2' "), (r"xmlns", "xmlnz"), (r"<t", "<t><t"),
        (r"Target=\"", 'Target="../../../../etc/'), (r"Target=\"", 'TargetMode="External" Target="http://127.0.0.1/'), (r"<dimension [^>]*>", '<dimension ref="A1:XFD1048576"/>'),
        (r"count=\"\d+\"", 'count="-5"'), (r"<si>", "<si/><si>"), (r"encoding='?\"?[\w-]+", "encoding='utf-16"), (r">", ">&x;"), (r'r="\w+"', 'r=""'), (r'r="(\w+)"', 'r="1A"'),
    )  # fmt: skip
    for _ in range(rng.choice((1, 1, 2, 5))):
        old, new = rng.choice(pairs)
        text = re.sub(old, new, text, count=rng.choice((1, 1, 0)))
    parts[name] = text.encode()
    return _zipped(parts)


def _archive(content: bytes, rng: random.Random) -> bytes:
    """Damage the archive itself."""
    parts = _parts(content)
    how = rng.randrange(12)
    if how == 0:
        parts["xl/worksheets/sheet9.xml"] = b"<x>" + b" " * rng.choice((3_000_000, 40_000_000))
    elif how == 1:
        parts |= {f"xl/media/{n}.png": b"x" for n in range(3000)}
    elif how == 2:
        del parts[rng.choice(list(parts))]
    elif how == 3:
        parts["xl/externalLinks/externalLink1.xml"] = b"<x/>"
    elif how == 4:
        parts["xl/vbaProject.bin"] = b"x"
    elif how == 5:
        parts["../../evil.xml"] = b"<x/>"
    elif how == 6:
        parts[rng.choice(list(parts))] = b""
    elif how == 7:
        parts["xl/sharedStrings.xml"] = b"<sst>" + b"<si><t>x</t></si>" * 400_000 + b"</sst>"
    elif how == 8:
        rows = "".join(
            f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>text</t></is></c></row>' for n in range(1, 60_000)
        )
        parts["xl/worksheets/sheet1.xml"] = f"<worksheet><sheetData>{rows}</sheetData></worksheet>".encode()
    elif how == 9:
        return _stored_twice(parts)
    elif how == 10:
        whole = bytearray(_zipped(parts))
        at = whole.rfind(b"PK\x01\x02")
        whole[at + 24 : at + 28] = struct.pack("<I", rng.choice((0, 1, 2**32 - 2)))  # a size that lies
        return bytes(whole)
    else:
        return content[: rng.randrange(len(content))] if rng.random() < 0.5 else content + content
    return _zipped(parts)


def _stored_twice(parts: Mapping[str, bytes]) -> bytes:
    import warnings

    out = BytesIO()
    with warnings.catch_warnings(), ZipFile(out, "w", ZIP_STORED) as archive:
        warnings.simplefilter("ignore")
        for name, part in parts.items():
            archive.writestr(ZipInfo(name), part)
        archive.writestr("xl/workbook.xml", b"<x/>")
    return out.getvalue()


_FORM: Mapping[str, Callable[[bytes, random.Random], bytes]] = {
    "byte": damaged,
    "cell": _cell,
    "swap": _exchanged,
    "expression": _xpath,
    "row": _row,
    "column": _column,
    "sheet": _sheet,
    "xml": _xml,
    "zip": _archive,
}
