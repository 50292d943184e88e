"""One task of million.py in survey_kit."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import survey_kit as sk

YS = ("y1", "y2", "y3", "y4", "y5")
CALLS: dict[str, Callable[[sk.Design], float]] = {
    "means": lambda d: sk.mean(d, YS, by="dom").table["se"].sum(),
    "bootstrap": lambda d: (
        sk.mean(sk.make_replicates(d, "bootstrap", replicates=200, rng=1), YS, by="dom").table["se"].sum()
    ),
    "jackknife": lambda d: sk.mean(sk.make_replicates(d, "JKn"), YS, by="dom").table["se"].sum(),
    "logit": lambda d: sk.logit(d, "y4 ~ " + " + ".join(f"x{k}" for k in range(1, 9))).params.table["se"].sum(),
    "quantiles": lambda d: sk.quantile(d, "y1", (0.25, 0.5, 0.75)).table["se"].sum(),
    "medians": lambda d: sk.quantile(d, "y1", 0.5, by="dom").table["estimate"].sum(),
    "raoscott": lambda d: sk.crosstab(d, "row", "dom").test().statistic,
}


def main() -> None:
    """Run the task named by TASK some times."""
    folder, task = Path(os.environ["FOLDER"]), os.environ["TASK"]
    frame = pd.DataFrame({path.stem: np.fromfile(path) for path in sorted(folder.glob("*.bin"))})
    for name in ("psu", "strata", "dom", "row"):
        frame[name] = frame[name].astype("int32")
    start = time.perf_counter()
    design = sk.Design(frame, weight="w", strata="strata", psu="psu", compiled="compiled" in sys.argv)
    declared = time.perf_counter() - start
    times = []
    for _ in range(5):
        start = time.perf_counter()
        check = CALLS[task](design)
        times.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"design": declared, "first": times[0], "best": min(times), "peak": peak, "check": float(check)}))


main()
