"""The words of ``survey-kit lint``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from survey_kit.cli.arguments_instrument import Command

EXAMPLES = {
    "lint": (
        "survey-kit lint",
        "survey-kit lint reports/_parts/_trust.ru.qmd --build build/kazakhstan",
    ),
}


def add(commands: Any, command: Command) -> None:
    """Add the command."""
    text = "Judge the prose of pages in three languages: numbers typed by hand, changes and causes no row supports, stale commentary."
    one = command(commands, "lint", text, "lint")
    one.add_argument(
        "pages",
        metavar="PAGES",
        nargs="?",
        type=Path,
        default=Path("reports"),
        help="a folder or page (default: reports)",
    )
    one.add_argument("--build", metavar="DIR", type=Path, help="the built study that commentaries are held against")
