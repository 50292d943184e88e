"""The words of ``survey-kit field``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from survey_kit.cli.arguments_instrument import Command

EXAMPLES = {
    "field": (
        "survey-kit field analyses/my_trust",
        "survey-kit field analyses/my_trust --until 2026-03-31 --language ru",
        "survey-kit field analyses/my_trust --check",
        "survey-kit field analyses/my_trust --disclose",
        "survey-kit field analyses/my_trust --key ~/field/pseudonyms.key",
    ),
}


def add(commands: Any, command: Command) -> None:
    """Add the command."""
    text = "Follow the field: progress, outcome rates and balance from the contact log, as tables and one page for its manager."
    one = command(commands, "field", text, "field")
    one.add_argument("study", metavar="STUDY", help="a folder with study.yaml, that file, or a name under analyses/")
    one.add_argument("--data", metavar="DIR", type=Path, help="the folder with the contact log (else SURVEY_KIT_DATA)")
    one.add_argument("--until", metavar="DATE", help="the state at the end of this day, such as 2026-03-31")
    one.add_argument("--to", metavar="DIR", type=Path, help="the folder to write to (default: build/<study>-field)")
    one.add_argument("--language", choices=("kk", "ru", "en"), help="of the page (default: the study's own)")
    one.add_argument("--check", action="store_true", help="list every problem of the contact log; compute nothing")
    one.add_argument(
        "--key",
        metavar="FILE",
        type=Path,
        help="the field team's key of the pseudonyms in the screens; made when it is not there (default: key_file of the study)",
    )
    one.add_argument(
        "--who", metavar="NAME", help="tell which interviewer a pseudonym of the screens stands for, and end"
    )
    one.add_argument("--dry-run", action="store_true", help="compute and print; write nothing")
    one.add_argument(
        "--disclose",
        action="store_true",
        help="write what the report may tell of the field beside study.yaml: dates, modes, outcome, from counts alone",
    )
