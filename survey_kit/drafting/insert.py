"""Add an entry to a list of a YAML file as an editor would: the author's comments, order and layout stay."""

from __future__ import annotations

import re

import yaml

from survey_kit.errors import StudyError


def appended(text: str, key: str, entry: list[str], where: str) -> str:
    """Give the text with one more entry at the end of the list under a top-level key.

    `entry` holds the lines of the entry without indentation, the first starting with ``- ``.

    Examples
    --------
    >>> before = ["waves:  # ours", "  - {id: a}  # first", "", "notes: []"]
    >>> appended(chr(10).join(before), "waves", ["- {id: b}"], "study.yaml").splitlines()
    ['waves:  # ours', '  - {id: a}  # first', '  - {id: b}', '', 'notes: []']
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    listed = next((value for name, value in pairs if name.value == key), None)
    if not isinstance(listed, yaml.SequenceNode) or not listed.value or listed.flow_style:
        raise StudyError(
            f"The list '{key}' cannot be added to.",
            where=where,
            found="a list in brackets" if listed is not None else "no such list",
            fix=f"Write '{key}:' with one '- ' line per entry.",
        )
    lines = text.splitlines(keepends=True)
    indent = " " * _dash(lines, listed.value[-1])
    last = _last_line(listed.value[-1])
    ending = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if not lines[last].endswith(("\n", "\r")):
        lines[last] += ending
    return "".join([*lines[: last + 1], *(f"{indent}{line}{ending}" for line in entry), *lines[last + 1 :]])


def flow_style(text: str, key: str) -> bool:
    """Say whether the last entry of a list is written in braces."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    listed = next((value for name, value in pairs if name.value == key), None)
    return bool(isinstance(listed, yaml.SequenceNode) and listed.value and listed.value[-1].flow_style)


def _dash(lines: list[str], node: yaml.Node) -> int:
    """Give the column of the dash before an entry."""
    line = lines[node.start_mark.line]
    found = re.match(r"\s*-", line)
    return found.end() - 1 if found else 2


def _last_line(node: yaml.Node) -> int:
    """Give the last line on which something of a node stands; comments after it belong to what follows."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return max(_last_line(value) for _, value in node.value[-1:])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _last_line(node.value[-1])
    end: int = node.end_mark.line if node.end_mark else 0
    block = isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}
    return end - 1 if block and node.end_mark and node.end_mark.column == 0 else end
