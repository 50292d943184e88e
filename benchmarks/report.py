"""The whole way on the largest real study: seconds, peak memory, and the seconds of estimation alone."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STUDY = ROOT / "analyses" / "us_confidence"


def main() -> None:
    """Run the command in a process of its own, then the estimation alone."""
    if not os.environ.get("SURVEY_KIT_DATA"):
        print("SURVEY_KIT_DATA is not set: the General Social Survey file is not at hand, nothing to time.")
        return
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        command = [sys.executable, "-m", "survey_kit.cli", "report", str(STUDY), "--to", folder, "--quiet"]
        subprocess.run(command, check=True)
        seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    import survey_kit as sk

    study = sk.read_study(STUDY)
    answers = sk.read_responses(study)
    start = time.perf_counter()
    series = sk.compute(study, answers)
    estimation = time.perf_counter() - start
    print(f"survey-kit report us_confidence: {seconds:.1f} s (limit 60), peak {peak:.2f} GB (limit 1.5)")
    print(f"  of which estimation of {len(series.rows):,} rows: {estimation:.2f} s (limit 3)")


if __name__ == "__main__":
    main()
