"""The words of ``survey-kit instrument``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

Command: TypeAlias = Callable[[Any, str, str, str], argparse.ArgumentParser]

FORMATS = (
    "xlsform", "xform", "paper", "docx", "showcards", "preview", "codebook", "ddi", "ddi-lifecycle", "json-schema", "labels", "all",
)  # fmt: skip

EXAMPLES = {
    "instrument new": ("survey-kit instrument new courts",),
    "instrument check": (
        "survey-kit instrument check trust_in_institutions",
        "survey-kit instrument check instruments/core --json",
    ),
    "instrument prove": (
        "survey-kit instrument prove corruption_experience",
        "survey-kit instrument prove core --paths",
    ),
    "instrument diff": (
        "survey-kit instrument diff trust_in_institutions@1.0 trust_in_institutions",
        "survey-kit instrument diff old/courts new/courts --json",
    ),
    "instrument simulate": (
        "survey-kit instrument simulate kazakhstan_annual --planned 5000",
        "survey-kit instrument simulate legal_culture -n 5000 --seed 7 --to build/simulated",
    ),
    "instrument export": (
        "survey-kit instrument export trust_in_institutions --format xlsform",
        "survey-kit instrument export core --format all --fill sponsor='the Bureau' --to build/field",
    ),
    "instrument import": ("survey-kit instrument import form.xlsx --to instruments",),
    "instrument translate": ("survey-kit instrument translate courts kk",),
}


def add(commands: Any, command: Command, parser: type[argparse.ArgumentParser]) -> None:
    """Add ``instrument`` and what follows it."""
    group = commands.add_parser(
        "instrument", help="write, check, prove, export a questionnaire", prog="survey-kit instrument", add_help=True
    )
    words = "new|check|prove|diff|simulate|export|import|translate"
    under = group.add_subparsers(metavar=words, required=True, parser_class=parser)
    one = command(under, "new", "Write a small sound questionnaire to begin from.", "instrument new")
    one.add_argument("name", metavar="NAME", help="its id: small letters, digits and _")
    one.add_argument("--to", metavar="DIR", type=Path, default=Path("instruments"), help="default: instruments")
    text = "List every problem of every version, with file and line, and count the texts of each language."
    _takes(command(under, "check", text, "instrument check"))
    text = "Prove the routing: every item can be reached, no filter is idle, no constraint contradicts itself."
    one = command(under, "prove", text, "instrument prove")
    _takes(one)
    _switches(one)
    one.add_argument("--paths", action="store_true", help="print for each item the answers that open it")
    text = "Compare two versions item by item: may the trend be drawn?"
    one = command(under, "diff", text, "instrument diff")
    one.add_argument("old", metavar="OLD", help="an instrument, or INSTRUMENT@VERSION")
    one.add_argument("new", metavar="NEW", help="the same, later")
    _simulate(
        command(
            under,
            "simulate",
            "Draw synthetic interviews: length, bases of follow-ups, data sets.",
            "instrument simulate",
        )
    )
    _export(command(under, "export", "Write what fieldwork and archives use.", "instrument export"))
    text = "Make an instrument of an XLSForm, with a list of what could not be expressed."
    one = command(under, "import", text, "instrument import")
    one.add_argument("file", metavar="FILE", type=Path, help="the XLSForm (.xlsx)")
    one.add_argument("--to", metavar="DIR", type=Path, default=Path("instruments"), help="default: instruments")
    one.add_argument("--id", metavar="NAME", dest="name", help="its id (default: that of the form)")
    one = command(under, "translate", "Write or complete a translation file with empty drafts.", "instrument translate")
    _takes(one)
    one.add_argument("language", metavar="LANGUAGE", help="the language: kk, ru ...")


def _takes(one: argparse.ArgumentParser) -> None:
    text = "a folder with instrument.yaml, that file, or a name under instruments/"
    one.add_argument("instrument", metavar="INSTRUMENT", help=text)


def _switches(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--switch", metavar="NAME", action="append", default=[], help="switch an optional module on; may be given again"
    )


def _simulate(one: argparse.ArgumentParser) -> None:
    _takes(one)
    _switches(one)
    one.add_argument("-n", metavar="N", type=int, default=2000, help="how many interviews to draw (default: 2000)")
    one.add_argument("--seed", metavar="SEED", type=int, default=0)
    one.add_argument("--planned", metavar="N", type=int, help="how many interviews the survey will have (default: N)")
    one.add_argument("--thin", metavar="N", type=int, default=100, help="tell items with fewer answers (default: 100)")
    one.add_argument(
        "--limit", metavar="MINUTES", type=float, default=35.0, help="of the 75th percentile (default: 35)"
    )
    one.add_argument("--language", metavar="LANGUAGE", action="append", default=[], help="default: all")
    one.add_argument("--to", metavar="DIR", type=Path, help="write the synthetic interviews there as CSV")


def _export(one: argparse.ArgumentParser) -> None:
    _takes(one)
    _switches(one)
    one.add_argument(
        "--format", dest="formats", action="append", choices=FORMATS, required=True, help="may be given again"
    )
    one.add_argument("--to", metavar="DIR", type=Path, help="default: build/instruments/<id>")
    one.add_argument(
        "--language", metavar="LANGUAGE", action="append", default=[], help="of paper and the like (default: all)"
    )
    one.add_argument(
        "--fill",
        metavar="NAME[.LANGUAGE]=TEXT",
        action="append",
        default=[],
        help="fill a placeholder such as [[sponsor]] in; may be given again",
    )
