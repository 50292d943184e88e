"""One task of weighting.py in survey_kit."""

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
from survey_kit.weighting import Rake, WeightingPlan

RUNS = 7


def main() -> None:
    """Run the task named by TASK some times."""
    folder, task = Path(os.environ["FOLDER"]), os.environ["TASK"]
    frame = pd.DataFrame({path.stem: np.fromfile(path) for path in sorted(folder.glob("*.bin"))})
    whole = [name for name in frame if name not in {"w", "y"}]
    frame[whole] = frame[whole].astype("int64")
    margins = {
        name: dict(enumerate(totals)) for name, totals in json.loads((folder / "margins.json").read_text()).items()
    }

    def replicates() -> np.ndarray:
        design = sk.Design(frame, weight="w", strata="strata", psu="psu")
        drawn = sk.make_replicates(design, "bootstrap", replicates=int(sys.argv[1]), rng=1)
        raked = sk.rake(drawn, margins)
        sk.mean(raked, "y", by="dom")
        return raked.layout.weight

    calls: dict[str, Callable[[], np.ndarray]] = {
        "rake": lambda: sk.rake(sk.Design(frame, weight="w"), margins).layout.weight,
        "plan": lambda: WeightingPlan(steps=(Rake(margins=margins),)).apply(frame, weight="w").values,
        "replicates": replicates,
    }
    times = []
    weight = np.zeros(0)
    for _ in range(1 if task == "replicates" else RUNS):
        start = time.perf_counter()
        weight = calls[task]()
        times.append(time.perf_counter() - start)
    sums = {name: np.bincount(frame[name], weights=weight) for name in margins}
    error = max(float(np.abs(sums[name] / list(totals.values()) - 1).max()) for name, totals in margins.items())
    print(
        json.dumps(
            {
                "first": times[0],
                "best": min(times),
                "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "error": error,
                "squares": float((weight**2).sum()),
            }
        )
    )


main()
