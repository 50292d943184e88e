"""Files in and out: guarded reading, YAML with line numbers, atomic writing, digests.

A file is written to a temporary name in its own folder and renamed, so that an interrupted run leaves the old file or
none. YAML is read without tags, aliases, duplicate keys or the YAML 1.1 booleans (``no`` stays a text); a declaration is
checked against its dataclass, and each fault is told with its line.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

import yaml
from pydantic import TypeAdapter, ValidationError

from survey_kit.errors import FileError, SurveyKitError, did_you_mean

T = TypeVar("T")
Key = tuple[str | int, ...]

MAX_YAML_BYTES = 4_000_000
MAX_YAML_DEPTH = 30
_TAB = re.compile(r"""[^'"#]*\t""")  # a tab among the signs of YAML, not in a quoted text or a remark
_MARKED = re.compile(r"(?:^|[\s\[{,:])[&*!]\S", re.MULTILINE)  # what may be an anchor, an alias or a tag
_DEEP = re.compile(r"^[ ?-]{40}", re.MULTILINE)  # what may be many mappings inside each other
MOST_FAULTS = 200  # that are told of one file


# ---------------------------------------------------------------------------------------------------------- writing
@contextlib.contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success it takes the place of `path`, on failure it is removed.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with atomic(folder / "a.txt") as temporary:
    ...     _ = temporary.write_text("whole")
    >>> (folder / "a.txt").read_text()
    'whole'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> Path:
    """Write UTF-8 text with Unix line ends, whole or not at all."""
    return write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> Path:
    """Write bytes, whole or not at all."""
    with atomic(path) as temporary:
        temporary.write_bytes(content)
    return path


def digest(path: Path) -> str:
    """Give the SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# ---------------------------------------------------------------------------------------------------------- reading
def existing(path: Path, what: str, error: type[SurveyKitError] = FileError) -> Path:
    """Return `path` if it is a file that can be read, else say what is missing."""
    if path.is_file():
        return path
    near = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    found = "the folder is there, the file is not" if near else "the folder is not there either"
    raise error(f"There is no {what}.", where=str(path), found=found, fix=did_you_mean(path.name, near))


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file as plain values, and the line of every key."""

    path: Path
    value: Any
    lines: Mapping[Key, int] = field(repr=False)

    def line(self, key: Sequence[str | int]) -> int:
        """Give the line of the nearest key on the way to `key`."""
        way = tuple(key)
        while way and way not in self.lines:
            way = way[:-1]
        return self.lines.get(way, 1)

    def at(self, key: Sequence[str | int]) -> str:
        """Give ``file:line`` of a key, for the `where` of an error."""
        return f"{self.path}:{self.line(key)}"


def read_yaml(path: Path, what: str = "file", error: type[SurveyKitError] = FileError) -> Document:
    """Read a YAML file: no tags, aliases, tabs or duplicate keys; ``yes``/``no`` stay texts."""
    existing(path, what, error)
    if path.stat().st_size > MAX_YAML_BYTES:
        raise error(
            f"This {what} is too large.", where=str(path), found=f"{path.stat().st_size} bytes", fix="Split it."
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as fault:
        found = f"byte {fault.object[fault.start]:#04x} at position {fault.start}"
        raise error(f"This {what} is not UTF-8.", where=str(path), found=found, fix="Save it as UTF-8.") from None
    return parse_yaml(text, path, what, error)


def parse_yaml(
    text: str, path: Path, what: str = "file", error: type[SurveyKitError] = FileError, *, before: int = 0
) -> Document:
    """Read YAML that stands inside a file; `before` is the number of lines of the file above it."""
    for number, line in enumerate(text.splitlines(), 1 + before):
        if _TAB.match(line):
            raise error(
                "YAML takes spaces where a tab stands.",
                where=f"{path}:{number}",
                found=repr(line[:40]),
                fix="Use spaces.",
            )
    try:
        # leading empty lines keep every mark at the line of the file
        return _compose(path, "\n" * before + text, error)
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        found = getattr(fault, "problem", None) or str(fault).splitlines()[0]
        raise error(
            f"This {what} is not YAML.",
            where=where,
            found=found,
            fix="Mend the line; quote text that holds ': ' or '#'.",
        ) from None


def declared(
    document: Document,
    kind: type[T],
    schema: str,
    error: type[SurveyKitError] = FileError,
    context: Mapping[str, str] | None = None,
) -> T:
    """Read a YAML document into a dataclass; the first fault is told with its line and, for a key, the nearest name.

    `schema` is what the document's ``schema`` key must say; the key itself is not passed on. `context` goes to the
    validators of the dataclass (``{"language": "en"}`` says in which language a text stands that names none).
    """
    value = document.value
    if not isinstance(value, dict):
        raise error(
            "The file does not hold a mapping.", where=document.at(()), fix=f"Start it with 'schema: {schema}'."
        )
    if value.get("schema") != schema:
        raise error(
            "The file does not say which schema it follows.",
            where=document.at(("schema",)),
            found=repr(value.get("schema")),
            fix=f"Write 'schema: {schema}'.",
        )
    body = {key: part for key, part in value.items() if key != "schema"}
    try:
        return TypeAdapter(kind).validate_python(body, context=context)
    except ValidationError as faults:
        found, keys = faults.errors(include_url=False), _keys(document.lines)
        told = [_told(document, kind, fault, error, keys) for fault in found[:MOST_FAULTS]]
    unknown = [one.what.startswith("Unknown key") for one in told]
    first = told[unknown.index(True)] if True in unknown else told[0]
    more = f" ({len(found) - 1} more)" if len(found) > 1 else ""
    whole = error(f"{first.what.rstrip('.')}{more}.", where=first.where, found=first.found, fix=first.fix)
    whole.parts = tuple(told)
    raise whole


def _told(
    document: Document, kind: type[Any], fault: Any, error: type[SurveyKitError], keys: set[str | int]
) -> SurveyKitError:
    way = tuple(part for part in fault["loc"] if part in keys)
    key = fault["loc"][-1] if fault["loc"] else ""
    if fault["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        fix = did_you_mean(str(key), _field_names(kind, way[:-1]))
        return error(f"Unknown key '{key}'.", where=document.at(way), fix=fix)
    if fault["type"] in {"missing", "missing_argument"}:
        return error(f"The key '{key}' is missing.", where=document.at(way), fix=f"Add '{key}:'.")
    found = repr(fault["input"])[:120]
    return error(f"{fault['msg']}.", where=document.at(way), found=found, fix=f"Mend '{'.'.join(map(str, way))}'.")


def _keys(lines: Mapping[Key, int]) -> set[str | int]:
    return {part for key in lines for part in key}


def _field_names(kind: Any, way: Sequence[str | int]) -> list[str]:
    """Follow `way` through nested dataclasses, lists and mappings and list the keys allowed at its end."""
    for part in way:
        if is_dataclass(kind):
            hints = get_type_hints(kind)
            kind = hints.get(str(part), hints.get(f"{part}_", kind))
        else:
            kind = next(
                (arg for arg in reversed(get_args(kind)) if arg is not type(None) and arg is not Ellipsis), kind
            )
        kind = _bare(kind)
    kind = _bare(kind)
    return [one.name.rstrip("_") for one in fields(kind)] if is_dataclass(kind) else []


def _bare(kind: Any) -> Any:
    """Strip `X | None` down to X."""
    options = [arg for arg in get_args(kind) if arg is not type(None)]
    optional = type(None) in get_args(kind)
    return options[0] if optional and len(options) == 1 else kind


# ------------------------------------------------------------------------------------------------------ YAML inside
_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where PyYAML has it


class _Loader(_Safe):  # type: ignore[misc]
    """YAML 1.2's core scalars: only true and false are booleans, and dates stay texts."""


_OWN = {f"tag:yaml.org,2002:{one}" for one in ("bool", "int", "float", "timestamp")}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if tag not in _OWN]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _kind, _rule, _first in (
    ("bool", r"true|false", "tf"),
    ("int", r"[-+]?(?:0|[1-9][0-9]{0,17})", "-+0123456789"),  # 017 and 12:30 are texts, no octals and no seconds
    ("float", r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),  # 12e4 may be a hash
    ("float", r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", "-+."),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(f"^(?:{_rule})$"), list(_first))


def _compose(path: Path, text: str, error: type[SurveyKitError]) -> Document:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader) if _MARKED.search(text) or _deep(text) else ():
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > 2 * MAX_YAML_DEPTH:  # composing so deep a tree would end the process
            where = f"{path}:{event.start_mark.line + 1}" if event.start_mark else str(path)
            raise error("The file is nested too deeply.", where=where, fix="Flatten it.")
        for what, mark in (("anchors and aliases", "anchor"), ("tags", "tag")):
            found = getattr(event, mark, None)
            if found:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise error(
                    f"YAML {what} are not read.", where=f"{path}:{line}", found=f"'{found}'", fix="Write the part out."
                )
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        lines: dict[Key, int] = {}
        value = None if node is None else _plain(loader, node, (), lines, path, error)
    finally:
        loader.dispose()
    return Document(path, value, lines)


def _deep(text: str) -> bool:
    """Say whether a text may be nested deeply: many open brackets, or much that is set in."""
    if _DEEP.search(text):
        return True
    depth = 0
    for bracket in re.finditer(r"[\[\]{}]", text):
        depth = depth + 1 if bracket[0] in "[{" else max(depth - 1, 0)
        if depth > MAX_YAML_DEPTH:
            return True
    return False


def _plain(
    loader: _Loader, node: yaml.Node, way: Key, lines: dict[Key, int], path: Path, error: type[SurveyKitError]
) -> Any:
    lines.setdefault(way, node.start_mark.line + 1)
    if len(way) > MAX_YAML_DEPTH:
        raise error("The file is nested too deeply.", where=f"{path}:{lines[way]}", fix="Flatten it.")
    if isinstance(node, yaml.MappingNode):
        out: dict[Any, Any] = {}
        for key_node, part in node.value:
            key = loader.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if isinstance(key, (list, dict)) or key in out:
                raise error(f"The key '{key}' stands twice.", where=f"{path}:{line}", fix="Keep one of them.")
            lines[(*way, key)] = line
            out[key] = _plain(loader, part, (*way, key), lines, path, error)
        return out
    if isinstance(node, yaml.SequenceNode):
        return [_plain(loader, part, (*way, i), lines, path, error) for i, part in enumerate(node.value)]
    return loader.construct_object(node, deep=True)
