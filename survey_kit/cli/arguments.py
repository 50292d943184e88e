"""The words of the command line: commands, options, and the tour that ``--help`` prints."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from survey_kit import __version__
from survey_kit.cli import (
    arguments_author,
    arguments_field,
    arguments_handover,
    arguments_instrument,
    arguments_lint,
    arguments_release,
    arguments_sample,
    arguments_weight,
)
from survey_kit.errors import SurveyKitError, did_you_mean

TOUR = """\
From interviews to a published year-over-year report on public trust.

The way of a study
  1  survey-kit study new my_trust --from my.sav     draft the study, its instrument and its indicators from your
                                                     own labelled file; every open decision is listed
  2  survey-kit check analyses/my_trust              study, instrument and data; nothing is computed
  3  survey-kit indicators analyses/my_trust         the figures: estimate, interval, n, change, wording
  4  survey-kit report analyses/my_trust             the report (HTML and PDF), open data and a manifest
  5  survey-kit wave add 2027 --responses 2027.sav --study analyses/my_trust
                                                     next year: what changed, what breaks, which trends stop

Commands
  report STUDY       build the whole report into build/<study>/
                       --data DIR  --to DIR  --format html  --format pdf  --force
  indicators STUDY   write the indicator rows as CSV and print the main ones
                       --data DIR  --to FILE  --indicator ID
  preview STUDY      show the pages in the browser while you write them; what changes is made anew
                       --port N  --data DIR
  page new NAME      begin a page of the report that teaches how pages are made, and put it into the menu
                       --title TEXT
  brief STUDY        two pages for the authorized body, as PDF and for Word: figures, changes, what cannot be concluded
                       --language ru  --to DIR
  check STUDY        list every problem of study, instrument, indicators and data
                       --data DIR
  sample STUDY       check the frame, draw the sample that study.yaml names, write draw, record and field papers
                       --dry-run  --data DIR  --to DIR  --disclose  --force
  field STUDY        follow the field from the contact log: progress, outcome rates, balance; tables and a page
                       --until DATE  --check  --disclose  --language ru
  weight STUDY       make the weights that study.yaml declares; print log, margins and effects; write them
                       --dry-run  --to DIR  --by COLUMN  --indicator ID  --largest N  --key FILE
  freeze STUDY       freeze the definitions of the indicators before the field: a digest of each, by whom, when
                       --approve "Name, role"  --amend WHY
  release STUDY      build everything anew, compare it with the release before, mark it final, provisional or rehearsal
                       --edition NAME  --approve "Name, role"  --embargo DATE  --final  --previous DIR  --to DIR
  verify FOLDER      hold a release against its record and make it again; name the first difference
                       --study STUDY  --data DIR
  lint [PAGES]       judge the prose of pages: numbers typed by hand, changes and causes that no row supports
                       --build DIR
  handover BUILD     write the tables (.xlsx) and the offline dashboard of a built study for the authorized body
                       --to DIR
  study new NAME     draft a study from a labelled file
                       --from FILE  --to DIR
  wave add WAVE      copy the last wave forward and compare the new file with it
                       --responses FILE  --study DIR
  instrument new NAME | check | prove | diff OLD NEW | simulate | export | import FILE | translate
                     a questionnaire: begin one, list its problems, prove its routing, compare versions, estimate
                     its length, write forms, paper and codebooks
                       --switch NAME  --to DIR  --format xlsform  --fill sponsor=TEXT
  schema WHAT        print the editor schema of a file: study, indicators, instrument, targets, strategy and others
                       --to FILE

Everywhere
  --json             print one machine-readable object instead, also for errors
  --quiet            no progress bars (there are none anyway when this is not a terminal)
  --debug            show the traceback of an internal fault
  survey-kit COMMAND --help    every option of one command

STUDY is a folder that holds study.yaml, that file, or a name under analyses/. Microdata are looked for in --data,
else in the folder named by SURVEY_KIT_DATA, else in the study's own data/.

Exit codes
  0 done   1 done, with problems found (check)   2 something you can mend: one message says what, where and how
  70 a fault of survey-kit itself   130 interrupted (143 terminated): the same command completes the run
"""

EXAMPLES = {
    "report": (
        "survey-kit report analyses/kazakhstan",
        "survey-kit report analyses/brazil_trust --data ~/survey_data --format html",
        "survey-kit report analyses/brazil_trust --to /srv/site/brazil --force --json",
    ),
    "indicators": (
        "survey-kit indicators analyses/kazakhstan",
        "survey-kit indicators analyses/kazakhstan --indicator trust_courts --to trust.csv",
    ),
    "check": (
        "survey-kit check analyses/kazakhstan",
        "survey-kit check analyses/brazil_trust --data ~/survey_data --json",
    ),
    "study new": (
        "survey-kit study new my_trust --from my.sav",
        "survey-kit study new my_trust --from my.dta --to research",
    ),
    "wave add": ("survey-kit wave add 2027 --responses 2027.sav --study analyses/my_trust",),
    "schema": ("survey-kit schema study", "survey-kit schema indicators --to .vscode/indicators.schema.json"),
    **arguments_instrument.EXAMPLES,
    **arguments_sample.EXAMPLES,
    **arguments_field.EXAMPLES,
    **arguments_weight.EXAMPLES,
    **arguments_release.EXAMPLES,
    **arguments_author.EXAMPLES,
    **arguments_lint.EXAMPLES,
    **arguments_handover.EXAMPLES,
}


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are messages like all others."""

    def error(self, message: str) -> NoReturn:
        raise SurveyKitError(
            "The command line is not understood.",
            found=message,
            fix=f"See: {self.prog} --help",
        )


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Read the words of the command line.

    Examples
    --------
    >>> parse(["report", "analyses/kazakhstan", "--force"]).force
    True
    """
    if not words:
        words = ["--help"]
    _known(words)
    return _parser().parse_args(list(words))


def _known(words: Sequence[str]) -> None:
    """Give the nearest command for a misspelt one."""
    commands = tuple(dict.fromkeys(name.partition(" ")[0] for name in _MODULES))
    first = words[0]
    if not first.startswith("-") and first not in commands:
        raise SurveyKitError(
            f"There is no command '{first}'.", fix=f"{did_you_mean(first, commands)} (survey-kit --help)"
        )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="survey-kit",
        usage="survey-kit COMMAND ...",
        description=TOUR,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
        allow_abbrev=False,
    )
    parser.add_argument("-h", "--help", action="help", help=argparse.SUPPRESS)
    version = f"survey-kit {__version__}"
    parser.add_argument("--version", action="version", version=version, help=argparse.SUPPRESS)
    commands = parser.add_subparsers(metavar="COMMAND", required=True, help=argparse.SUPPRESS, parser_class=_Parser)
    _report(commands)
    _indicators(commands)
    _check(commands)
    _study(commands)
    _wave(commands)
    _schema(commands)
    arguments_instrument.add(commands, _command, _Parser)
    arguments_sample.add(commands, _command)
    arguments_field.add(commands, _command)
    arguments_weight.add(commands, _command)
    arguments_release.add(commands, _command)
    arguments_author.add(commands, _command, _Parser)
    arguments_lint.add(commands, _command)
    arguments_handover.add(commands, _command)
    return parser


def _report(commands: Any) -> None:
    one = _command(commands, "report", "Build the whole report into build/<study>/ and print where it is.", "report")
    _takes_study(one)
    one.add_argument("--to", metavar="DIR", type=Path, help="the build folder (default: build/<study> here)")
    one.add_argument(
        "--format",
        dest="formats",
        action="append",
        choices=("html", "pdf", "brief"),
        help="html, pdf, brief; may be given again (default: what study.yaml says)",
    )
    one.add_argument("--force", action="store_true", help="compute every stage anew, changed or not")


def _indicators(commands: Any) -> None:
    text = "Compute the indicator rows, write all of them as CSV and print those of everybody."
    one = _command(commands, "indicators", text, "indicators")
    _takes_study(one)
    one.add_argument(
        "--to", metavar="FILE", type=Path, help="the CSV file (default: build/<study>_indicators_<status>.csv)"
    )
    one.add_argument("--indicator", metavar="ID", action="append", help="print this indicator only; may be given again")


def _check(commands: Any) -> None:
    text = "List every problem of the study, its instrument, its indicators and its data; nothing is computed."
    one = _command(commands, "check", text, "check")
    _takes_study(one)


def _study(commands: Any) -> None:
    group = commands.add_parser("study", help="draft a study", prog="survey-kit study", add_help=True)
    under = group.add_subparsers(metavar="new", required=True, parser_class=_Parser)
    text = "Draft study.yaml, indicators.yaml and an instrument from a labelled file, and list every open decision."
    one = _command(under, "new", text, "study new")
    one.add_argument("name", metavar="NAME", help="the study's id: small letters, digits and _")
    one.add_argument(
        "--from",
        dest="source",
        metavar="FILE",
        type=Path,
        required=True,
        help=".sav or .dta with labels; .csv, .xlsx or .parquet without",
    )
    one.add_argument(
        "--to", metavar="DIR", type=Path, default=Path("analyses"), help="where studies stand (default: analyses)"
    )


def _wave(commands: Any) -> None:
    group = commands.add_parser("wave", help="add a wave", prog="survey-kit wave", add_help=True)
    under = group.add_subparsers(metavar="add", required=True, parser_class=_Parser)
    text = "Copy the last wave forward, compare the new file with it, and print what changed, breaks or stops."
    one = _command(under, "add", text, "wave add")
    one.add_argument("wave", metavar="WAVE", help="the new wave's id, such as 2027")
    one.add_argument("--responses", metavar="FILE", type=Path, required=True, help="the new wave's answers")
    one.add_argument("--study", metavar="STUDY", default=".", help="the study (default: the one in this folder)")
    one.add_argument("--data", metavar="DIR", type=Path, help="the folder with microdata")
    one.add_argument("--dry-run", action="store_true", help="compare and print; write nothing")


def _schema(commands: Any) -> None:
    one = _command(commands, "schema", "Print the JSON Schema that editors use to complete and check a file.", "schema")
    kinds = (
        "study",
        "indicators",
        "instrument",
        "targets",
        "institutions",
        "strategy",
        "measures",
        "quality",
        "release",
    )
    one.add_argument("what", choices=kinds)
    one.add_argument("--to", metavar="FILE", type=Path, help="write it here instead")


def _command(commands: Any, word: str, text: str, name: str) -> argparse.ArgumentParser:
    examples = "\n".join(f"  {line}" for line in EXAMPLES[name])
    one: argparse.ArgumentParser = commands.add_parser(
        word,
        prog=f"survey-kit {name}",
        help=text,
        description=text,
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module = name if name in _MODULES else name.partition(" ")[0]
    function = name.replace(" ", "_")
    one.set_defaults(command=name, run=f"survey_kit.cli.{_MODULES[module]}:{function}")
    every = one.add_argument_group("everywhere")
    every.add_argument("--json", action="store_true", help="print one machine-readable object, also for errors")
    every.add_argument("--quiet", action="store_true", help="no progress bars")
    every.add_argument("--debug", action="store_true", help="show the traceback of an internal fault")
    return one


_MODULES = {
    "report": "building",
    "indicators": "building",
    "check": "checking",
    "study": "authoring",
    "wave": "authoring",
    "schema": "authoring",
    "instrument": "questionnaires",
    "instrument export": "exporting",
    "instrument import": "exporting",
    "sample": "sampling",
    "field": "fielding",
    "weight": "weighting",
    "freeze": "releasing",
    "release": "releasing",
    "verify": "releasing",
    "preview": "previewing",
    "page": "previewing",
    "brief": "previewing",
    "lint": "linting",
    "handover": "handing_over",
}


def _takes_study(one: argparse.ArgumentParser) -> None:
    one.add_argument("study", metavar="STUDY", help="a folder with study.yaml, that file, or a name under analyses/")
    one.add_argument("--data", metavar="DIR", type=Path, help="the folder with microdata (else SURVEY_KIT_DATA)")
