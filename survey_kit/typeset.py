"""Two programs of others: pandoc, which turns Markdown into HTML or Typst, and Typst, which turns Typst into PDF.

Both come with their Python packages. Nothing is fetched, no font of the machine is used, and the same text gives the
same bytes: the clock does not enter a PDF.
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from survey_kit.errors import ReportError

FONTS = ("DejaVu Sans", "DejaVu Sans Mono", "DejaVu Serif")
_INSTALL = "Install the 'report' extra: pip install 'trust-survey-kit[report]'."
_EPOCH = 0  # the time a PDF says it was made at: never the clock


@functools.cache
def _pandoc_path() -> str:
    """Find the pandoc inside the package: one on the search path of the machine may be of any age."""
    from importlib.util import find_spec

    found = find_spec("pypandoc")
    folder = Path(found.origin).parent / "files" if found and found.origin else Path()
    for name in ("pandoc", "pandoc.exe"):
        if (folder / name).is_file():
            return str(folder / name)
    raise ReportError("Pandoc is not installed.", fix=_INSTALL)


def pandoc(text: str, *, to: str, options: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> str:
    """Turn Markdown into another format.

    Parameters
    ----------
    text
        Pandoc's Markdown.
    to
        The name of the writer, such as ``html5`` or ``typst``.
    options
        Further options of the command.
    environment
        Variables that a filter reads.

    Examples
    --------
    >>> pandoc("A *word*.", to="html5").strip()
    '<p>A <em>word</em>.</p>'
    """
    command = [_pandoc_path(), "--from=markdown", f"--to={to}", "--eol=lf", *options]
    run = subprocess.run(
        command, input=text.encode("utf-8"), capture_output=True, check=False, env={**os.environ, **(environment or {})}
    )
    if run.returncode != 0:
        said = run.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ReportError("Pandoc refused the text.", found=" ".join(said[-3:])[:300])
    return run.stdout.decode("utf-8")


def font_folder() -> Path:
    """Give the folder of the DejaVu fonts that come with matplotlib; they cover Latin, Cyrillic and Kazakh letters."""
    from importlib.util import find_spec

    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        raise ReportError(
            "The fonts of the report come with matplotlib, which is not installed.",
            fix=_INSTALL,
        )
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"


def pdf(
    source: str,
    *,
    root: Path,
    fonts: Sequence[Path] = (),
    standards: Sequence[str] = (),
    families: Sequence[str] = FONTS,
) -> bytes:
    """Turn a Typst text into a PDF.

    Parameters
    ----------
    source
        The Typst text; its paths are those of `root`.
    root
        The folder pictures are read from; nothing outside of it can be.
    fonts
        Folders of fonts beside the DejaVu fonts; those of the machine are never used.
    standards
        PDF standards to hold, such as ``ua-1``: Typst refuses a document that breaks them.
    families
        The font families that may be named; Typst only warns of others.

    Examples
    --------
    >>> text = "Mahabbat: махаббат"
    >>> pdf(text, root=Path(".")) == pdf(text, root=Path("."))
    True
    """
    import typst

    compile_: Any = typst.compile_with_warnings  # its stub ties the type of `root` to that of the source
    folders = [str(font_folder()), *map(str, fonts)]
    try:
        made, warnings = compile_(
            source.encode("utf-8"),
            root=str(root),
            font_paths=folders,
            ignore_system_fonts=True,
            format="pdf",
            timestamp=_EPOCH,
            pdf_standards=list(standards),
        )
    except typst.TypstError as fault:
        raise ReportError("Typst refused the text.", found=_said(fault)) from None
    unknown = [str(one) for one in warnings if "unknown font" in str(one)]
    if unknown:
        raise ReportError("A font is not at hand.", found=unknown[0], fix=f"Use one of {', '.join(families)}.")
    return bytes(made)


def _said(fault: Exception) -> str:
    """Give Typst's message, the source it speaks of, and its hints."""
    message = getattr(fault, "message", None) or str(fault)
    line = re.search(r"\n\s*\d+ │ (.*)\n", getattr(fault, "diagnostic", None) or "")
    hints = getattr(fault, "hints", None) or []
    return "; ".join([str(message), *([f"at '{line[1].strip()[:120]}'"] if line else []), *map(str, hints)])
