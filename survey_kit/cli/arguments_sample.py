"""The words of ``survey-kit sample``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from survey_kit.cli.arguments_instrument import Command

EXAMPLES = {
    "sample": (
        "survey-kit sample analyses/my_trust --dry-run",
        "survey-kit sample analyses/my_trust --disclose",
        "survey-kit sample analyses/my_trust --data ~/frames --to ~/field/2027",
        "survey-kit sample pilot/sample.yaml --json",
    ),
}


def add(commands: Any, command: Command) -> None:
    """Add the command."""
    text = (
        "Check the frame, draw the sample that study.yaml names, and write draw, record and papers for the field team."
    )
    one = command(commands, "sample", text, "sample")
    one.add_argument(
        "study", metavar="STUDY", help="a folder with study.yaml, that file, a name under analyses/, or a sample.yaml"
    )
    one.add_argument("--data", metavar="DIR", type=Path, help="a folder with frames (else SURVEY_KIT_DATA)")
    one.add_argument("--dry-run", action="store_true", help="check, draw and print; write nothing")
    one.add_argument("--to", metavar="DIR", type=Path, help="the folder to write to (default: build/<study>-sample)")
    one.add_argument(
        "--disclose", action="store_true", help="write beside study.yaml what a report tells: no seed, no place drawn"
    )
    one.add_argument("--force", action="store_true", help="replace another sample that was drawn there before")
