"""Write the files of a rehearsal again: ``python -m survey_kit.rehearsal [FOLDER] [--seed N] [--missing] [--record]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from survey_kit.errors import SurveyKitError
from survey_kit.rehearsal.national import lacking, national, write_national
from survey_kit.rehearsal.write import SEED, write_rehearsal
from survey_kit.study import read_study


def main() -> int:
    """Write the answers and the truth into the study's data folder."""
    parser = argparse.ArgumentParser(prog="python -m survey_kit.rehearsal", description=__doc__)
    parser.add_argument("folder", nargs="?", default="analyses/kazakhstan", help="the folder that holds study.yaml")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--missing", action="store_true", help="make answers only where they are missing")
    parser.add_argument("--record", action="store_true", help="of the national rehearsal, write truth and digests too")
    asked = parser.parse_args()
    try:
        written = _write(asked.folder, asked.seed, missing=asked.missing, record=asked.record)
    except SurveyKitError as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    for path in written:
        sys.stdout.write(f"{path}  {path.stat().st_size / 1000:.0f} kB\n")
    return 0


def _write(folder: str, seed: int, *, missing: bool, record: bool) -> tuple[Path, ...]:
    study = read_study(folder)
    if missing and not lacking(study):
        return ()
    return write_national(folder, seed, record=record) if national(study) else write_rehearsal(folder, seed)


if __name__ == "__main__":
    raise SystemExit(main())
