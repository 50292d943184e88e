"""Drawing samples: seconds for frames of millions, and for the cube; each is called as a user calls it on a pandas frame.

python benchmarks/selection.py            5,000,000 units; cube of 100,000 units on 20 variables
python benchmarks/selection.py --peer     also the cube of R's sampling on smaller frames, both sides, where R is installed
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from survey_kit.sampling.select import CUBE, PARETO, POISSON, PPS_SYSTEMATIC, SRS, SYSTEMATIC, repeat, select

RUNS = 3
PEER = """
suppressMessages(library(sampling))
data <- as.matrix(read.csv("{path}"))
pik <- data[, 1]
start <- proc.time()[3]
s <- samplecube(cbind(pik, data[, -1]), pik, order = 1, comment = FALSE, method = 2)
cat(proc.time()[3] - start)
"""


def quickest(call: Callable[[], Any]) -> tuple[float, Any]:
    """Give the shortest of a few runs, and the last result."""
    taken = []
    for _ in range(RUNS):
        start = time.perf_counter()
        out = call()
        taken.append(time.perf_counter() - start)
    return min(taken), out


def large(units: int, rng: np.random.Generator) -> None:
    n = units // 250
    frame = pd.DataFrame({"size": rng.gamma(2, 50, units) + 1, "h": rng.integers(0, 20, units)})
    for name, options in (
        ("PPS systematic", {"method": PPS_SYSTEMATIC, "size": "size"}),
        (
            "PPS systematic, sorted by two columns",
            {"method": PPS_SYSTEMATIC, "size": "size", "order_by": ("h", "size")},
        ),
        ("Poisson", {"method": POISSON, "size": "size"}),
        ("Pareto", {"method": PARETO, "size": "size"}),
        ("simple random", {"method": SRS}),
        ("systematic in 20 strata", {"method": SYSTEMATIC, "strata": "h"}),
    ):
        wanted = n // 20 if "strata" in options else n
        seconds, draw = quickest(lambda wanted=wanted, options=options: select(frame, wanted, rng=1, **options).frame)
        print(f"{name:40s} {len(draw):>8,} of {units:>10,}  {seconds:7.3f} s")
    record = select(frame, n, rng=1, method=PPS_SYSTEMATIC, size="size").record
    print(
        f"{'the same again from its record':40s} {'':>8s}    {'':>10s}  {quickest(lambda: repeat(frame, record))[0]:7.3f} s"
    )


def cube(units: int, q: int, rng: np.random.Generator) -> None:
    names = [f"x{j}" for j in range(q)]
    frame = pd.DataFrame(rng.gamma(2, 1, (units, q)), columns=names).assign(size=rng.gamma(4, 10, units) + 5)
    start = time.perf_counter()
    draw = select(frame, units // 20, method=CUBE, size="size", balance=names, rng=1)
    seconds = time.perf_counter() - start
    off = draw.balance()["relative_difference"].abs().max()
    print(f"{f'cube on {q} variables':40s} {draw.n:>8,} of {units:>10,}  {seconds:7.3f} s   furthest total {off:.2%}")


def peer(units: int, q: int, rng: np.random.Generator) -> None:
    names = [f"x{j}" for j in range(q)]
    frame = pd.DataFrame(rng.gamma(2, 1, (units, q)), columns=names)
    ours, draw = quickest(lambda: select(frame, units // 10, method=CUBE, balance=names, rng=1))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cube.csv"
        pd.DataFrame({"pi": draw.pi, **frame}).to_csv(path, index=False)
        code = PEER.format(path=path)
        done = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True)
    theirs = float(done.stdout.split()[-1])
    print(f"cube, {units:,} units on {q} variables: {ours:.2f} s, R sampling {theirs:.2f} s, {theirs / ours:.0f} times")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=5_000_000)
    parser.add_argument("--cube", type=int, default=100_000)
    parser.add_argument("--peer", action="store_true")
    given = parser.parse_args()
    generator = np.random.default_rng(1)
    large(given.units, generator)
    cube(given.cube, 20, generator)
    if given.peer and shutil.which("Rscript"):
        for size, variables in ((2_000, 5), (10_000, 20)):
            peer(size, variables, generator)
