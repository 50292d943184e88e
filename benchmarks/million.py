"""A million interviews: the work of a survey office, here, in svy and in R survey, each in a process of its own.

60 strata, 1,200 PSUs, 20 domains, 5 outcomes. Every side starts from columns in memory; declaring the design is timed apart.
svy runs from its own environment (``make peers``), R where it is installed; what a side cannot do is a dash.

    python benchmarks/million.py                 all tasks, without the two that take R minutes
    python benchmarks/million.py --slow          these too
    python benchmarks/million.py --rows 20000    smaller
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
SIDES = HERE / "million_sides"
PEERS = HERE.parent / ".venv-peers" / "bin" / "python"
TASKS = {
    "means": "means of 5 outcomes in 20 domains, with standard errors",
    "bootstrap": "200 bootstrap replicates, the same means",
    "jackknife": "jackknife of all 1,200 PSUs, the same means",
    "logit": "logistic regression, 8 covariates, linearised",
    "quantiles": "3 quantiles with Woodruff intervals",
    "medians": "medians in 20 domains",
    "raoscott": "Rao-Scott test of 5 x 20",
}
SLOW = {("R", "bootstrap"), ("R", "jackknife"), ("svy", "jackknife")}  # minutes, or gigabytes of columns


def make_data(n: int, folder: Path, seed: int = 1) -> None:
    """Write the columns as plain binary files that every side reads without parsing."""
    rng = np.random.default_rng(seed)
    psu = rng.integers(0, 1200, n)
    psu[:1200] = np.arange(1200)
    effect = rng.normal(0, 0.4, 1200)[psu]
    columns = {"w": rng.uniform(0.5, 2.0, n), "psu": psu, "strata": psu // 20, "dom": rng.integers(0, 20, n)}
    columns["y1"] = 50 + 10 * (rng.normal(size=n) + effect)
    columns["y2"] = rng.exponential(2, n)
    columns["y3"] = np.clip(np.round(5 + 2.5 * rng.normal(size=n) + effect), 0, 10)
    columns["y4"] = (rng.normal(size=n) + effect > 0.3).astype(float)
    columns["y5"] = (rng.random(n) < 0.02).astype(float)
    columns["row"] = rng.integers(0, 5, n)
    for k in range(1, 9):
        columns[f"x{k}"] = rng.normal(size=n) if k < 5 else (rng.random(n) < 0.4).astype(float)
    for name, values in columns.items():
        values.astype(np.float64).tofile(folder / f"{name}.bin")


def run(command: list[str], folder: Path, task: str) -> dict[str, float] | None:
    """Run one task on one side: seconds of the design, first and best of the task, peak memory in MB."""
    environment = os.environ | {"TASK": task, "FOLDER": str(folder)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        print(f"  {command[-1]} {task}: {(done.stderr or done.stdout).strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    out: dict[str, float] = json.loads(lines[-1])
    return out


def main() -> None:
    """Time all tasks on all sides and print seconds, memory and ratios."""
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--slow", action="store_true")
    options.add_argument("--tasks", nargs="*", default=list(TASKS))
    asked = options.parse_args()
    sides = {
        "survey_kit": [sys.executable, str(SIDES / "ours.py")],
        "compiled": [sys.executable, str(SIDES / "ours.py"), "compiled"],
    }
    if PEERS.exists():
        sides["svy"] = [str(PEERS), str(SIDES / "svy_side.py")]
    if shutil.which("Rscript"):
        sides["R"] = ["Rscript", str(SIDES / "survey_side.R")]
    print(f"{asked.rows:,} rows; seconds: best of the runs (first run); MB: peak of the process, data included\n")
    print("| task | side | design s | task s | first s | peak MB | times survey_kit | largest difference |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_data(asked.rows, folder)
        for task in asked.tasks:
            ours: dict[str, float] | None = None
            for side, command in sides.items():
                if (side, task) in SLOW and not asked.slow:
                    print(f"| {TASKS[task]} | {side} | - | - | - | - | - | - |", flush=True)
                    continue
                got = run(command, folder, task)
                if got is None:
                    print(f"| {TASKS[task]} | {side} | - | - | - | - | - | - |", flush=True)
                    continue
                ours = ours or got
                differs = f"{abs(got['check'] / ours['check'] - 1):.1e}"
                print(
                    f"| {TASKS[task]} | {side} | {got['design']:.3f} | {got['best']:.4f} | {got['first']:.3f} "
                    f"| {got['peak']:.0f} | {got['best'] / ours['best']:.1f} | {differs} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
