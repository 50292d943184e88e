"""The words of ``survey-kit preview``, ``survey-kit page new`` and ``survey-kit brief``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from survey_kit.cli.arguments_instrument import Command

EXAMPLES = {
    "preview": ("survey-kit preview analyses/kazakhstan", "survey-kit preview analyses/my_trust --port 0"),
}


def add(commands: Any, command: Command) -> None:
    """Add the commands."""
    text = "Show the pages of a study on this machine and make anew what its author changes, until Ctrl-C."
    one = command(commands, "preview", text, "preview")
    _takes_study(one)
    one.add_argument("--port", metavar="N", type=int, default=4280, help="the port on 127.0.0.1 (0: any free one)")
    one.add_argument("--to", metavar="DIR", type=Path, help="the build folder (default: build/preview/<study> here)")


def _takes_study(one: Any) -> None:
    one.add_argument(
        "study", metavar="STUDY", nargs="?", default=".", help="the study (default: the one in this folder)"
    )
    one.add_argument("--data", metavar="DIR", type=Path, help="the folder with microdata (else SURVEY_KIT_DATA)")
