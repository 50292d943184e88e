"""Code inside a sentence, as Quarto has it: ``{python} expression`` between single backticks, run in the page's namespace.

What the expression gives stands in its place: its own Markdown when it has some, such as ``value(study, "row-id")``, else its text.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from survey_kit.errors import ReportError
from survey_kit.report.elements import markdown_text
from survey_kit.report.qmd_read import Cell, Line

_CODE: Final = re.compile(r"(?<!`)`\{python\}\s+([^`]+)`(?!`)")
_FENCE: Final = re.compile(r"^\s*(`{3,}|~{3,})")
_EMPTY: Final = "0"

Run = Callable[[Cell], Sequence[Mapping[str, Any]]]


class Inline:
    """Walks through the lines of a page and fills in what its sentences compute; blocks of code stay as they are."""

    def __init__(self, run: Run | None = None) -> None:
        self._run = run
        self._fence = ""

    def filled(self, line: Line) -> Line:
        """Give a line with the values of its expressions; without a way to run them a nought stands for each.

        Examples
        --------
        >>> from pathlib import Path
        >>> Inline().filled(Line("The share was `{python} value(study, 'a')`.", Path("page.qmd"), 7)).text
        'The share was 0.'
        """
        fence = _FENCE.match(line.text)
        if fence and not self._fence:
            self._fence = fence[1]
        elif fence and fence[1].startswith(self._fence) and not line.text.strip().strip(self._fence[0]):
            self._fence = ""
        if self._fence or fence or "{python}" not in line.text:
            return line
        return Line(_CODE.sub(lambda found: self._value(line, found[1].strip()), line.text), line.file, line.number)

    def _value(self, line: Line, code: str) -> str:
        if self._run is None:
            return _EMPTY
        shown = self._run(Cell(line=line, options={}, code=code, first=line.number))
        if len(shown) != 1:
            fix = "Write one expression that gives a value."
            raise ReportError("Code in a sentence gives nothing to show.", where=line.where, found=code, fix=fix)
        if "text/markdown" in shown[0]:
            return str(shown[0]["text/markdown"]).strip()
        plain = str(shown[0].get("text/plain", ""))
        return markdown_text(str(ast.literal_eval(plain)) if plain[:1] in {"'", '"'} else plain)
