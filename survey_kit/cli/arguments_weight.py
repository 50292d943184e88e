"""The words of ``survey-kit weight``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from survey_kit.cli.arguments_instrument import Command

EXAMPLES = {
    "weight": (
        "survey-kit weight analyses/my_trust --dry-run",
        "survey-kit weight analyses/my_trust --by region --indicator trust_courts",
        "survey-kit weight analyses/my_trust --key ~/keys/my_trust.key --to weights",
    ),
}


def add(commands: Any, command: Command) -> None:
    """Add the command."""
    text = "Make the weights that study.yaml declares; print their log, margins and effects; write weights and log."
    one = command(commands, "weight", text, "weight")
    one.add_argument("study", metavar="STUDY", help="a folder with study.yaml, that file, or a name under analyses/")
    one.add_argument("--data", metavar="DIR", type=Path, help="the folder with microdata (else SURVEY_KIT_DATA)")
    one.add_argument("--dry-run", action="store_true", help="print everything; write nothing")
    one.add_argument("--to", metavar="DIR", type=Path, help="the folder to write to (default: build/<study>-weights)")
    one.add_argument("--by", metavar="COLUMN", action="append", help="describe the weights by this column too")
    one.add_argument("--indicator", metavar="ID", action="append", help="print the effects on this indicator only")
    one.add_argument("--largest", metavar="N", type=int, default=5, help="how many of the largest weights to print")
    one.add_argument(
        "--key", metavar="FILE", type=Path, help="the secret of the pseudonyms, so that ids can be matched again"
    )
