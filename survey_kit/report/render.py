"""A Quarto website project to a folder of finished pages: with Quarto where it is installed, else without."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from survey_kit import files, typeset
from survey_kit.errors import ReportError
from survey_kit.report import qmd
from survey_kit.report.qmd_read import front_matter, page_files
from survey_kit.types import Progress

FORMATS: Final = ("html", "pdf")
ENVIRONMENT: Final = "SURVEY_KIT_QUARTO"  # another name or path of the command; "none" keeps to the built-in renderer
_PROFILE: Final = "survey-kit"
_OUTPUT: Final = "_rendered"


def render_site(
    site: Path, to: Path, *, formats: Sequence[str] = FORMATS, progress: Progress | None = None
) -> list[Path]:
    """Render a Quarto website project; `to` then holds the finished pages and nothing else.

    With the ``quarto`` command on the search path it does the work (never its daemon); without it the built-in renderer
    does, for the part of Quarto that ``reports/README.md`` lists. A page that cannot be rendered leaves `to` as it was.

    Parameters
    ----------
    site
        The folder with ``_quarto.yml`` and the pages.
    to
        The folder to write; an earlier report there is replaced whole.
    formats
        ``html`` (the website), ``pdf`` (pages of format typst), or both.
    progress
        Told the page being made, how many are done, and how many there are.

    Returns
    -------
    list of Path
        The pages made, in the order of their names.
    """
    site, to = site.resolve(), to.resolve()
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        found = ", ".join(unknown) or "no format"
        raise ReportError("A report has no such format.", found=found, fix=f"Use {' or '.join(FORMATS)}.")
    if to == site or site.is_relative_to(to):
        raise ReportError("A report would be written over its own pages.", where=str(to), fix="Name another folder.")
    with _replaced(to) as folder:
        quarto = shutil.which(os.environ.get(ENVIRONMENT, "quarto"))
        if quarto:
            names = _quarto(quarto, site, folder, formats, progress)
        else:
            names = qmd.render(site, folder, formats=formats, progress=progress)
    return [to / name for name in names]


@contextlib.contextmanager
def _replaced(to: Path) -> Iterator[Path]:
    """Give an empty folder beside `to`; on success it takes the place of `to`, else it goes."""
    if to.is_dir() and any(to.iterdir()) and not [*to.glob("*.html"), *to.glob("*.pdf")]:
        raise ReportError(
            "The folder for the report holds something else.", where=str(to), fix="Empty it or name another folder."
        )
    to.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{to.name}.", suffix=".tmp", dir=to.parent))
    try:
        yield folder
        folder.chmod(0o755)
        if to.exists():
            old = folder.with_suffix(".old")
            to.replace(old)
            folder.replace(to)
            shutil.rmtree(old)
        else:
            folder.replace(to)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# ----------------------------------------------------------------------------------------------------------- Quarto
def _quarto(program: str, site: Path, folder: Path, formats: Sequence[str], progress: Progress | None) -> list[str]:
    """Let Quarto render the project; a profile of its own names the pages and the output folder."""
    pages = {path.name: _is_print(path) for path in page_files(site)}
    wanted = [name for name, print_ in pages.items() if ("pdf" if print_ else "html") in formats]
    if progress:
        progress("quarto render", 0, 1)
    profile = site / f"_quarto-{_PROFILE}.yml"
    fonts = site / "_fonts"
    try:
        fonts.mkdir(exist_ok=True)
        for font in typeset.font_folder().glob("DejaVuSans*.ttf"):
            shutil.copyfile(font, fonts / font.name)
        listed = "".join(f"\n    - {name}" for name in wanted)
        files.write_text(profile, f"project:\n  output-dir: {_OUTPUT}\n  render:{listed}\n")
        command = [program, "render", str(site), "--profile", _PROFILE, "--no-execute-daemon", "--no-cache"]
        environment = {**os.environ, "QUARTO_PYTHON": sys.executable}
        run = subprocess.run(command, cwd=site, env=environment, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise ReportError(
                "Quarto could not render the report.", where=str(site), found=_last(run.stderr or run.stdout)
            )
        shutil.copytree(site / _OUTPUT, folder, dirs_exist_ok=True)
    finally:
        profile.unlink(missing_ok=True)
        shutil.rmtree(fonts, ignore_errors=True)
        shutil.rmtree(site / _OUTPUT, ignore_errors=True)
    if progress:
        progress("quarto render", 1, 1)
    made = [Path(name).stem + (".pdf" if pages[name] else ".html") for name in wanted]
    missing = [name for name in made if not (folder / name).is_file()]
    if missing:
        raise ReportError("Quarto made no such page.", where=str(site), found=", ".join(missing))
    return made


def _is_print(path: Path) -> bool:
    given = front_matter(path).get("format", "html")
    return "typst" in ([given] if isinstance(given, str) else given)


def _last(text: str) -> str:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    return " | ".join(lines[-4:])[-380:]
