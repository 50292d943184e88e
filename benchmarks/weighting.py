"""A million interviews raked to five margins, here and in other packages, each in a process of its own; then 500 replicates.

Margins of 20, 10, 2, 5 and 23 levels. Every side starts from a frame in memory with whole numbers as levels and is timed until
every row has its weight, so the coding of the rows counts. Peers run from the environment of ``--peers`` (``make peers`` installs
svy; the others: ``pip install samplics ipfn weightipy balance``), R where it is installed; what is not there is left out.

    python benchmarks/weighting.py                     raking, and 500 bootstrap replicates each raked
    python benchmarks/weighting.py --rows 20000        smaller
    python benchmarks/weighting.py --sides survey_kit ipfn
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
SIDES = HERE / "weighting_sides"
SIZES = (20, 10, 2, 5, 23)
POPULATION = 20e6
PEERS = ("ipfn", "ipfn by hand", "weightipy", "svy", "samplics", "balance")


def make_data(n: int, folder: Path, seed: int = 1) -> None:
    """Write columns as plain binary files and the targets as JSON: those of the sample, moved by up to 30 %."""
    rng = np.random.default_rng(seed)
    psu = rng.integers(0, 1200, n)
    psu[:1200] = np.arange(min(1200, n))
    columns = {"w": rng.uniform(0.5, 2.0, n), "psu": psu, "strata": psu // 20, "dom": rng.integers(0, 20, n)}
    margins: dict[str, list[float]] = {}
    for k, size in enumerate(SIZES):
        columns[f"m{k}"] = rng.choice(size, n, p=rng.dirichlet(np.full(size, 8.0)))
        wanted = np.bincount(columns[f"m{k}"], minlength=size) * rng.uniform(0.7, 1.3, size)
        margins[f"m{k}"] = (wanted / wanted.sum() * POPULATION).tolist()
    columns["y"] = rng.normal(size=n) + 0.3 * (columns["m0"] > 9)
    for name, values in columns.items():
        values.astype(np.float64).tofile(folder / f"{name}.bin")
    (folder / "margins.json").write_text(json.dumps(margins))


def run(command: list[str], folder: Path, task: str) -> dict[str, float] | None:
    """Run one side: seconds of the first and the best call, peak memory in MB, largest error of a margin, sum of squares."""
    environment = os.environ | {"TASK": task, "FOLDER": str(folder), "OPENBLAS_NUM_THREADS": "2"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        print(f"  {task}: {(done.stderr or done.stdout).strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    out: dict[str, float] = json.loads(lines[-1])
    return out


def sides(peers: Path) -> dict[str, tuple[list[str], str]]:
    """Name the command and the task of every side that is there."""
    ours = [sys.executable, str(SIDES / "ours.py")]
    out = {"survey_kit": (ours, "rake"), "survey_kit, as a plan": (ours, "plan")}
    if peers.exists():
        out |= {name: ([str(peers), str(SIDES / "peers.py")], name) for name in PEERS}
    if shutil.which("Rscript"):
        out["R survey"] = (["Rscript", str(SIDES / "survey_side.R")], "rake")
    return out


def main() -> None:
    """Time all sides and print seconds, memory, errors and ratios."""
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--replicates", type=int, default=500)
    options.add_argument("--peers", type=Path, default=HERE.parent / ".venv-peers" / "bin" / "python")
    options.add_argument("--sides", nargs="*")
    asked = options.parse_args()
    load = os.getloadavg()[0]
    print(f"{asked.rows:,} rows, five margins, 60 levels; seconds from a frame in memory to weights; load {load:.1f}\n")
    print("| side | best s | first s | peak MB | times survey_kit | largest error of a margin | sum of w^2, ours = 1 |")
    print("|---|---|---|---|---|---|---|")
    ours: dict[str, float] | None = None
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_data(asked.rows, folder)
        for side, (command, task) in sides(asked.peers).items():
            if asked.sides and not any(side.startswith(name) for name in asked.sides):
                continue
            got = run(command, folder, task)
            if got is None:
                continue
            ours = ours or got
            print(
                f"| {side} | {got['best']:.3f} | {got['first']:.3f} | {got['peak']:.0f} | {got['best'] / ours['best']:.1f} "
                f"| {got['error']:.1e} | {got['squares'] / ours['squares']:.9f} |",
                flush=True,
            )
        if asked.replicates:
            got = run([sys.executable, str(SIDES / "ours.py"), str(asked.replicates)], folder, "replicates")
            if got is not None:
                print(
                    f"\n{asked.replicates} bootstrap replicates, each raked anew, and means in 20 domains: {got['best']:.1f} s, "
                    f"{got['peak']:.0f} MB at most; load {os.getloadavg()[0]:.1f}"
                )


if __name__ == "__main__":
    main()
