"""Write the files of the rehearsal again: ``python -m survey_kit.rehearsal [FOLDER] [--seed N]``."""

from __future__ import annotations

import argparse
import sys

from survey_kit.errors import SurveyKitError
from survey_kit.rehearsal.write import SEED, write_rehearsal


def main() -> int:
    """Write the answers and the truth into the study's data folder."""
    parser = argparse.ArgumentParser(prog="python -m survey_kit.rehearsal", description=__doc__)
    parser.add_argument("folder", nargs="?", default="analyses/kazakhstan", help="the folder that holds study.yaml")
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    try:
        written = write_rehearsal(asked.folder, asked.seed)
    except SurveyKitError as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    for path in written:
        sys.stdout.write(f"{path}  {path.stat().st_size / 1000:.0f} kB\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
