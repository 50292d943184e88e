"""One task of million.py in svy."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import svy

YS = ["y1", "y2", "y3", "y4", "y5"]


def _sum_se(result: Any) -> float:
    parts = result if isinstance(result, list) else [result]
    return float(sum(estimate.se for part in parts for estimate in part.estimates))


def _sum_points(result: Any) -> float:
    return float(sum(estimate.est for estimate in result.estimates))


def _bootstrap(sample: Any) -> float:
    made = sample.weighting.create_bs_wgts(n_reps=200, rstate=1)
    return _sum_se((made or sample).estimation.mean(YS, by="dom", method="replication"))


def _jackknife(sample: Any) -> float:
    made = sample.weighting.create_jk_wgts()
    return _sum_se((made or sample).estimation.mean(YS, by="dom", method="replication"))


CALLS: dict[str, Callable[[Any], float]] = {
    "means": lambda s: _sum_se(s.estimation.mean(YS, by="dom")),
    "bootstrap": _bootstrap,
    "jackknife": _jackknife,
    "logit": lambda s: float(
        sum(c.se for c in s.glm.fit("y4", x=[f"x{k}" for k in range(1, 9)], family="binomial").fitted.coefs)
    ),
    "quantiles": lambda s: _sum_se(s.estimation.quantile("y1", p=(0.25, 0.5, 0.75))),
    "medians": lambda s: _sum_points(s.estimation.median("y1", by="dom")),
    "raoscott": lambda s: float(s.categorical.tabulate("row", "dom").stats.f.value),
}


def main() -> None:
    """Run the task named by TASK some times."""
    folder, task = Path(os.environ["FOLDER"]), os.environ["TASK"]
    columns = {path.stem: np.fromfile(path) for path in sorted(folder.glob("*.bin"))}
    frame = pl.DataFrame(columns).with_columns(pl.col(["psu", "strata", "dom", "row"]).cast(pl.Int32))
    times, declared = [], 0.0
    for _ in range(3):
        start = time.perf_counter()
        sample = svy.Sample(frame, svy.Design(stratum="strata", psu="psu", wgt="w"))
        declared = time.perf_counter() - start
        start = time.perf_counter()
        check = CALLS[task](sample)
        times.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"design": declared, "first": times[0], "best": min(times), "peak": peak, "check": check}))


main()
