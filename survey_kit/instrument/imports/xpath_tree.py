"""The part of XPath that forms use, read into a small tree: references, numbers, texts, comparisons, arithmetic, functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from survey_kit.errors import did_you_mean

LONGEST, DEEPEST, MOST_PARTS = 20_000, 100, 250

FUNCTIONS = frozenset(
    [
        "if",
        "coalesce",
        "once",
        "selected",
        "selected-at",
        "count-selected",
        "jr:choice-name",
        "not",
        "true",
        "false",
        "boolean",
        "boolean-from-string",
        "number",
        "string",
        "int",
        "round",
        "floor",
        "ceiling",
        "abs",
        "pow",
        "sqrt",
        "exp",
        "exp10",
        "log",
        "log10",
        "pi",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "atan2",
        "string-length",
        "substr",
        "substring",
        "substring-before",
        "substring-after",
        "concat",
        "join",
        "translate",
        "contains",
        "starts-with",
        "ends-with",
        "normalize-space",
        "upper-case",
        "lower-case",
        "regex",
        "uuid",
        "digest",
        "base64-decode",
        "checklist",
        "weighted-checklist",
        "count",
        "count-non-empty",
        "sum",
        "min",
        "max",
        "position",
        "last",
        "indexed-repeat",
        "index",
        "repeat-count",
        "randomize",
        "random",
        "today",
        "now",
        "date",
        "date-time",
        "decimal-date-time",
        "decimal-time",
        "format-date",
        "format-date-time",
        "area",
        "distance",
        "geofence",
        "pulldata",
        "instance",
        "current",
        "lang",
        "local-name",
        "name",
        "namespace-uri",
        "extract-signed",
        "jr:itext",
        "jr:choice-name",
        "intersects",
        "pmt",
        "property",
        "version-of",
    ]
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A text."""

    value: str


@dataclass(frozen=True, slots=True)
class Ref:
    """An answer: of a question by its name; the answer at hand has the name ``.``."""

    name: str


@dataclass(frozen=True, slots=True)
class Column:
    """A bare name: in a choice filter a column of the choices, elsewhere a step of a path."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function of values."""

    name: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Binary:
    """Two sides and what stands between them."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Filter:
    """Those members of a repeat that meet a condition."""

    base: Node
    condition: Node


Node: TypeAlias = Number | Text | Ref | Column | Call | Binary | Filter


class Unreadable(ValueError):  # noqa: N818  (told with its place by whoever reads the cell)
    """What cannot be read as XPath, and what to do about it."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message, self.fix = message, fix


_TOKEN = re.compile(
    r"""(?:
        (?P<ref>\$\{\s*[\w.:-]+\s*\})
      | (?P<number>\d+(?:\.\d+)?|\.\d+)
      | (?P<text>'[^']*'|"[^"]*")
      | (?P<name>[^\W\d][\w-]*(?:\.[\w-]+)*(?::[^\W\d][\w-]*)?)
      | (?P<sign>!=|<=|>=|\.\.|//|::|[=<>+\-*/(),.\[\]|@])
    )""",
    re.VERBOSE,
)
_BLANKS = re.compile(r"\s*")
_POWERS = {
    "or": 1,
    "and": 2,
    "=": 3,
    "!=": 3,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "div": 6,
    "mod": 6,
}
_ODD = {"==": "=", "=>": ">=", "=<": "<=", "<>": "!=", "&&": "and", "||": "or", "!": "not(...)", "&": "and"}


def read_xpath(text: str) -> Node:
    """Read an expression.

    Examples
    --------
    >>> read_xpath("${age} >= 18")
    Binary(op='>=', left=Ref(name='age'), right=Number(value=18.0))
    """
    if len(text) > LONGEST:
        raise Unreadable(f"It has {len(text)} characters.", "Shorten it.")
    reader = _Reader(tuple(_tokens(text.translate(_STRAIGHT))))
    node = reader.binary(0, 0)
    if reader.at < len(reader.tokens):
        raise Unreadable(
            f"'{reader.tokens[reader.at][1]}' stands where nothing can stand.", "Check brackets and operators."
        )
    return node


_STRAIGHT = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "\xa0": " "})


def references(node: Node) -> Iterator[str]:
    """Name every question an expression looks at, in order."""
    match node:
        case Ref(name):
            yield name
        case Call(_, args):
            for one in args:
                yield from references(one)
        case Binary(_, left, right) | Filter(left, right):
            yield from references(left)
            yield from references(right)
        case _:
            return


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = _blanks(text, 0)
    while at < len(text):
        found = _TOKEN.match(text, at)
        odd = next((one for one in _ODD if text.startswith(one, at)), None)
        if odd is not None and not (odd == "!" and text.startswith("!=", at)):
            raise Unreadable(f"'{odd}' is no operator.", f"Write {_ODD[odd]}.")
        if found is None:
            if text[at] in "'\"":
                raise Unreadable("A quote is opened and not closed.", f"Close it: {text[at : at + 40]}")
            raise Unreadable(f"'{text[at : at + 20]}' cannot be read.", "Write references like ${name}.")
        kind = str(found.lastgroup)
        yield kind, found[kind]
        at = _blanks(text, found.end())


def _blanks(text: str, at: int) -> int:
    """Give the place of the next letter that is no blank."""
    found = _BLANKS.match(text, at)
    return found.end() if found else at


class _Reader:
    """Read tokens by the power of their operators."""

    def __init__(self, tokens: tuple[tuple[str, str], ...]) -> None:
        self.tokens, self.at = tokens, 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self, sign: str) -> None:
        kind, text = self.peek()
        if text != sign or kind == "text":
            if kind == "end" and sign == ")":
                raise Unreadable("A bracket is opened and not closed.", "Add ')'.")
            raise Unreadable(
                f"'{sign}' is missing" + (f" before '{text}'." if text else " at the end."), f"Add '{sign}'."
            )
        self.at += 1

    def binary(self, power: int, depth: int) -> Node:
        if depth > DEEPEST:
            raise Unreadable("It is nested too deeply.", "Compute parts of it in a calculate row.")
        left, parts = self.unary(depth), 0
        while True:
            parts += 1
            if parts > MOST_PARTS:
                raise Unreadable(f"It joins more than {MOST_PARTS} parts.", "Compute parts of it in a calculate row.")
            kind, text = self.peek()
            own = _POWERS.get(text, 0) if kind in {"sign", "name"} else 0
            if own <= power:
                if kind == "name" and text.lower() in {"and", "or"} and not own:
                    raise Unreadable(f"'{text}' is no operator.", f"Write {text.lower()}.")
                return left
            self.at += 1
            left = Binary(text, left, self.binary(own, depth + 1))

    def unary(self, depth: int) -> Node:
        if self.peek() == ("sign", "-"):
            self.at += 1
            if depth > DEEPEST:
                raise Unreadable("It is nested too deeply.", "Compute parts of it in a calculate row.")
            inner = self.unary(depth + 1)
            return Number(-inner.value) if isinstance(inner, Number) else Binary("-", Number(0), inner)
        node = self.primary(depth)
        while self.peek() == ("sign", "["):
            self.at += 1
            node = Filter(node, self.binary(0, depth + 1))
            self.take("]")
        if self.peek()[1] in {"/", "//", "::", "|", "@"} and self.peek()[0] == "sign":
            raise Unreadable("A path stands in it.", "Write references like ${name}.")
        return node

    def primary(self, depth: int) -> Node:
        kind, text = self.peek()
        self.at += 1
        if kind == "ref":
            return Ref(text[2:-1].strip())
        if kind == "number":
            return Number(float(text))
        if kind == "text":
            return Text(text[1:-1])
        if kind == "name":
            return self.call(text, depth) if self.peek() == ("sign", "(") else Column(text)
        if (kind, text) == ("sign", "."):
            return Ref(".")
        if (kind, text) == ("sign", "("):
            node = self.binary(0, depth + 1)
            self.take(")")
            return node
        if (kind, text) == ("sign", ".."):
            return Column("..")
        if kind == "end":
            raise Unreadable("It ends where something has to follow.", "Complete it.")
        raise Unreadable(f"'{text}' stands where nothing can stand.", "Check brackets and operators.")

    def call(self, name: str, depth: int) -> Node:
        if name not in FUNCTIONS:
            raise Unreadable(f"There is no function '{name}'.", did_you_mean(name, FUNCTIONS))
        self.take("(")
        args: list[Node] = []
        while self.peek() != ("sign", ")"):
            args.append(self.binary(0, depth + 1))
            if self.peek() == ("sign", ","):
                self.at += 1
                if self.peek() == ("sign", ")"):
                    raise Unreadable("A comma stands before ')'.", "Remove it.")
            elif self.peek() != ("sign", ")"):
                self.take(")")
        self.take(")")
        return Call(name, tuple(args))
