"""The words of ``survey-kit freeze``, ``survey-kit release`` and ``survey-kit verify``."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from survey_kit.cli.arguments_instrument import Command

EXAMPLES = {
    "freeze": (
        'survey-kit freeze analyses/my_trust --approve "A. Serik, head of statistics"',
        'survey-kit freeze analyses/my_trust --approve "A. Serik, head of statistics" --amend "the list of officials grew"',
    ),
    "release": (
        'survey-kit release analyses/kazakhstan --edition 2026 --approve "A. Serik, head of statistics"',
        'survey-kit release analyses/my_trust --edition 2026 --approve "A. Serik, head" --embargo 2026-12-10T10:00+05:00 --final',
    ),
    "verify": (
        "survey-kit verify releases/my_trust/2026",
        "survey-kit verify releases/my_trust/2026 --study analyses/my_trust --data ~/survey_data",
    ),
}


def add(commands: Any, command: Command) -> None:
    """Add the three commands."""
    text = (
        "Freeze what decides each figure before the field: write the digest of every definition beside the study file."
    )
    one = command(commands, "freeze", text, "freeze")
    _takes_study(one)
    one.add_argument("--approve", metavar="WHO", required=True, help='who freezes them: "Name, role"')
    one.add_argument("--amend", metavar="WHY", help="why definitions that were frozen before are other now")

    text = "Release a study: build it anew, compare it with the release before, mark it, and write it with its record."
    one = command(commands, "release", text, "release")
    _takes_study(one)
    one.add_argument("--edition", metavar="NAME", required=True, help="the name of the edition, such as 2026")
    one.add_argument(
        "--approve",
        metavar="WHO",
        action="append",
        default=[],
        help='who approves it: "Name, role"; may be given again',
    )
    one.add_argument("--embargo", metavar="DATE", help="before when nothing may be passed on: 2026-12-10T10:00+05:00")
    one.add_argument(
        "--previous", metavar="DIR", help="the release before (default: the last one there); 'none' for none"
    )
    one.add_argument("--final", action="store_true", help="refuse anything but a final edition")
    one.add_argument("--to", metavar="DIR", type=Path, help="the folder of releases (default: releases here)")
    one.add_argument(
        "--date", metavar="DATE", type=dt.date.fromisoformat, help="the date of the release (default: today)"
    )
    one.add_argument(
        "--format",
        dest="formats",
        action="append",
        choices=("html", "pdf"),
        help="html, pdf (default: as study.yaml says)",
    )

    text = "Hold a release against its record, make it again, and name the first difference."
    one = command(commands, "verify", text, "verify")
    one.add_argument("folder", metavar="FOLDER", type=Path, help="the release, such as releases/my_trust/2026")
    one.add_argument("--study", metavar="STUDY", help="the study, to make everything again from the answers")
    one.add_argument("--data", metavar="DIR", type=Path, help="the folder with microdata (else SURVEY_KIT_DATA)")
    one.add_argument("--previous", metavar="DIR", type=Path, help="the release before, when it does not lie beside")
    one.add_argument("--files-only", action="store_true", help="compare digests; render nothing")


def _takes_study(one: Any) -> None:
    one.add_argument("study", metavar="STUDY", help="a folder with study.yaml, that file, or a name under analyses/")
    one.add_argument("--data", metavar="DIR", type=Path, help="the folder with microdata (else SURVEY_KIT_DATA)")
