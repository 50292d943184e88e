"""The words of ``survey-kit handover``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from survey_kit.cli.arguments_instrument import Command

EXAMPLES = {
    "handover": (
        "survey-kit handover build/kazakhstan",
        "survey-kit handover build/kazakhstan --to for_the_authorized_body",
    ),
}


def add(commands: Any, command: Command) -> None:
    """Add the command."""
    text = "Write the tables (.xlsx) and the offline dashboard of a built study, with nothing in them that may not be published."
    one = command(commands, "handover", text, "handover")
    one.add_argument("build", metavar="BUILD", type=Path, help="a build folder, such as build/kazakhstan")
    one.add_argument("--to", metavar="DIR", type=Path, help="the folder to write to (default: BUILD-handover)")
