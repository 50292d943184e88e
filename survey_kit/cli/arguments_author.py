"""The words of ``survey-kit preview``, ``survey-kit page new`` and ``survey-kit brief``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from survey_kit.cli.arguments_instrument import Command

EXAMPLES = {
    "preview": ("survey-kit preview analyses/kazakhstan", "survey-kit preview analyses/my_trust --port 0"),
    "page new": (
        "survey-kit page new reception",
        'survey-kit page new reception analyses/kazakhstan --title "Reception of citizens"',
    ),
    "brief": ("survey-kit brief analyses/kazakhstan", "survey-kit brief analyses/kazakhstan --language kk"),
}


def add(commands: Any, command: Command, parser: Any) -> None:
    """Add the commands."""
    text = "Show the pages of a study on this machine and make anew what its author changes, until Ctrl-C."
    one = command(commands, "preview", text, "preview")
    _takes_study(one)
    one.add_argument("--port", metavar="N", type=int, default=4280, help="the port on 127.0.0.1 (0: any free one)")
    one.add_argument("--to", metavar="DIR", type=Path, help="the build folder (default: build/preview/<study> here)")

    group = commands.add_parser("page", help="begin a page", prog="survey-kit page", add_help=True)
    under = group.add_subparsers(metavar="new", required=True, parser_class=parser)
    text = "Begin a page of the report: Quarto that runs as it is, with an indicator of the study, and put it into the menu."
    one = command(under, "new", text, "page new")
    one.add_argument("name", metavar="NAME", help="the page's file name: small letters, digits and -")
    one.add_argument(
        "study", metavar="STUDY", nargs="?", default=".", help="the study (default: the one in this folder)"
    )
    one.add_argument("--title", metavar="TEXT", help="the page's title and entry of the menu (default: from NAME)")

    text = "Write the two-page brief for the authorized body of a study, as PDF and for Word."
    one = command(commands, "brief", text, "brief")
    _takes_study(one)
    one.add_argument("--to", metavar="DIR", type=Path, help="the build folder (default: build/<study>-brief here)")
    one.add_argument("--language", metavar="CODE", help="kk, ru or en (default: what study.yaml says)")


def _takes_study(one: Any) -> None:
    one.add_argument(
        "study", metavar="STUDY", nargs="?", default=".", help="the study (default: the one in this folder)"
    )
    one.add_argument("--data", metavar="DIR", type=Path, help="the folder with microdata (else SURVEY_KIT_DATA)")
