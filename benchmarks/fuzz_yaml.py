"""Ways to damage the YAML of an instrument: lines, keys, values, expressions, the tree, and files that unfold."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml
from fuzz_values import BILLION, EXPRESSIONS, RAW, VALUES, damaged

YAML_LEVELS = ("byte", "line", "key", "value", "swap", "swap", "expression", "expression", "tree", "bomb")


def mutated_text(content: bytes, level: str, rng: random.Random) -> bytes:
    """Damage a YAML file at a level, once to four times."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        content = _YAML[level](content, rng)
    return content


def _lines(content: bytes, rng: random.Random) -> bytes:
    lines = content.split(b"\n")
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    how = rng.randrange(8)
    if how == 0:
        del lines[at : at + rng.choice((1, 1, 5, 60))]
    elif how == 1:
        lines[at:at] = lines[at : at + rng.choice((1, 3, 40))]
    elif how == 2:
        lines[at], lines[other] = lines[other], lines[at]
    elif how == 3:
        lines[at] = b" " * rng.choice((1, 2, 3)) + lines[at]
    elif how == 4:
        lines[at] = lines[at].lstrip() if rng.random() < 0.5 else lines[at][1:]
    elif how == 5:
        lines[at : at + 2] = [b"".join(lines[at : at + 2])]
    elif how == 6:
        lines[at:at] = [
            rng.choice(
                (
                    b"---",
                    b"...",
                    b"? x",
                    b"- - -",
                    b"\tx: 1",
                    b"%YAML 9.9",
                    b"<<: {}",
                    b"x: !!python/object:os.system {}",
                    b": :",
                    b"{{{{",
                    b"'",
                )
            )
        ]
    else:
        block = lines[at : at + 20]
        del lines[at : at + 20]
        lines[other:other] = block
    return b"\n".join(lines)


def _key(content: bytes, rng: random.Random) -> bytes:
    text = content.decode("utf-8", "replace")
    keys = list(re.finditer(r"(?m)(?<=[\s{,-])([A-Za-z_]\w*)(?=:(?:\s|$))", text))
    if not keys:
        return content
    found, other = rng.choice(keys), rng.choice(keys)
    key = found[1]
    new = rng.choice(
        (other[1], key + "s", key[:-1], key.upper(), key.capitalize(), "", "1", "true", "null", "~", "ask_iff", "type", "scale", "id", "items", "rows", "use", "repeat",
         "minimum", "shuffle", "rotate", "value", "shares", "__class__", "é", '"a b"', "[1, 2]", "{a: 1}")
    )  # fmt: skip
    return (text[: found.start()] + new + text[found.end() :]).encode()


def _value(content: bytes, rng: random.Random) -> bytes:
    text = content.decode("utf-8", "replace")
    found = list(re.finditer(r"(?m)(?<=: )([^\s{}\[\],][^\n{}\[\],]*|\[[^\n\]]*\]|\{[^\n}]*\})", text))
    if not found:
        return content
    one = rng.choice(found)
    new = rng.choice(RAW) if rng.random() < 0.15 else _flow(rng.choice(VALUES))
    return (text[: one.start()] + new + text[one.end() :]).encode("utf-8", "replace")


def _swap(content: bytes, rng: random.Random) -> bytes:
    """Give a key the value that it has elsewhere, or nearly the same number: what still looks right."""
    text = content.decode("utf-8", "replace")
    found = list(re.finditer(r"(?<=[\s{,])(\w+): ([^\s{}\[\],][^\n{}\[\],]*|\[[^\n\]]*\]|\{[^\n}]*\})", text))
    if not found:
        return content
    one = rng.choice(found)
    like = [other[2] for other in found if other[1] == one[1]]
    number = re.fullmatch(r"-?\d+", one[2].strip())
    new = str(int(number[0]) + rng.choice((-1, 1, 10, -100))) if number else rng.choice(like)
    if rng.random() < 0.15:
        return (text[: one.start()] + text[one.end() :].lstrip(", ")).encode("utf-8", "replace")
    return (text[: one.start(2)] + new + text[one.end(2) :]).encode("utf-8", "replace")


def _expression(content: bytes, rng: random.Random) -> bytes:
    text = content.decode("utf-8", "replace")
    found = list(re.finditer(r"(?<=ask_if: |.value: |traint: )([^\n{}\[\]]+)", text))
    names = re.findall(r"(?<=id: )([a-z_0-9]{3,})", text) or ["a"]
    new = rng.choice(EXPRESSIONS)
    if rng.random() < 0.6:
        new = re.sub(r"\b[abc]\b", lambda _: rng.choice(names), new)
    if found and rng.random() < 0.7:
        one = rng.choice(found)
        if rng.random() < 0.4:
            new = _tokens(one[0], rng, names)
        return (text[: one.start()] + _flow(new) + text[one.end() :]).encode("utf-8", "replace")
    items = list(re.finditer(r"(?m)^( +)- id: \w+$", text))
    if not items:
        return content
    one = rng.choice(items)
    key = rng.choice(("ask_if", "constraint", "value", "ask_if", "constraint"))
    return (text[: one.end()] + f"\n{one[1]}  {key}: {_flow(new)}" + text[one.end() :]).encode("utf-8", "replace")


def _tokens(text: str, rng: random.Random, names: list[str]) -> str:
    parts = re.findall(r"\w+|[^\w\s]+|\s+", text)
    at = rng.randrange(len(parts))
    parts[at] = rng.choice(
        ("and", "or", "not", "(", ")", "==", "<", "in", "98", "1", "'x'", "-", "+", "/", "", rng.choice(names))
    )
    return "".join(parts)


def _tree(content: bytes, rng: random.Random) -> bytes:
    """Move, double or replace a part of the tree."""
    try:
        value = yaml.safe_load(content)
    except yaml.YAMLError:
        return content
    ways: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
            ways.append((node, key))
            walk(node[key])

    walk(value)
    if not ways:
        return content
    (node, key), (other, its) = rng.choice(ways), rng.choice(ways)
    how = rng.randrange(6)
    if how == 0:
        node[key] = rng.choice(VALUES)
    elif how == 1:
        node[key] = yaml.safe_load(yaml.safe_dump(other[its]))
    elif how == 2 and isinstance(node, list):
        node.insert(key, yaml.safe_load(yaml.safe_dump(other[its])))
    elif how == 3:
        del node[key]
    elif how == 4:
        node[key], other[its] = yaml.safe_load(yaml.safe_dump(other[its])), yaml.safe_load(yaml.safe_dump(node[key]))
    elif isinstance(node[key], str):
        node[key] = rng.choice(
            (node[key].upper(), node[key] * 3, node[key][::-1], node[key].replace("a", "а"), node[key] + "\u200b")
        )
    try:
        return yaml.safe_dump(value, allow_unicode=True, sort_keys=False).encode("utf-8", "replace")
    except (yaml.YAMLError, RecursionError):
        return content


def _bomb(content: bytes, rng: random.Random) -> bytes:
    how = rng.randrange(9)
    bombs: dict[int, Callable[[], bytes]] = {
        0: BILLION.encode,
        1: lambda: b"x: " + b"[" * 5000 + b"]" * 5000,
        2: lambda: b"".join(b" " * n + b"a:\n" for n in range(2000)),
        3: lambda: content + b"\nnote: " + b"x" * 3_900_000,
        4: lambda: content + b"\n" + b"".join(b"k%d: 1\n" % n for n in range(150_000)),
        5: lambda: content.replace(b"modules:", b"modules: &m", 1) + b"\nmore: *m\n",
        6: lambda: b"- " * 20000 + b"x",
        7: lambda: b"? " * 3000 + b"x",
        8: lambda: content + b"\nnote: " + b"{a: " * 900 + b"1" + b"}" * 900,
    }
    return bombs[how]()


def _flow(value: Any) -> str:
    if (
        isinstance(value, str)
        and re.fullmatch(r"[\w .()=<>!,+*/-]{1,200}", value)
        and random.Random(value).random() < 0.5
    ):
        return value
    text = yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, width=10**9).strip()
    return text.removesuffix("...").strip()


_YAML: Mapping[str, Callable[[bytes, random.Random], bytes]] = {
    "byte": damaged,
    "line": _lines,
    "key": _key,
    "value": _value,
    "swap": _swap,
    "expression": _expression,
    "tree": _tree,
    "bomb": _bomb,
}
