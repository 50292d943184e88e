"""Parquet larger than memory: domain means with standard errors inside DuckDB, seconds and peak memory.

python benchmarks/engine.py               50 million rows (about 1.2 GB of Parquet in a temporary folder)
python benchmarks/engine.py --rows 5000000
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

CHUNK = 2_500_000

TASK = """
import json, resource, sys, time
import survey_kit as sk
folder = sys.argv[1]
start = time.perf_counter()
table = sk.open_table(folder + "/*.parquet", memory="700MB")
design = sk.Design(table, weight="w", strata="strata", psu="psu")
declared = time.perf_counter() - start
start = time.perf_counter()
one = sk.mean(design, "y3", by="dom")
first = time.perf_counter() - start
start = time.perf_counter()
est = sk.mean(design, ("y1", "y2", "y3", "y4", "y5"), by="dom")
five = time.perf_counter() - start
start = time.perf_counter()
made = sk.mean(sk.make_replicates(design, "bootstrap", replicates=200, rng=1), ("y1", "y2", "y3", "y4", "y5"), by="dom")
replicates = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"n": design.n, "declare": declared, "one outcome": first, "five outcomes": five,
                  "five outcomes, 200 bootstrap replicates": replicates, "peak MB": peak,
                  "ratio of SEs": float((made.table["se"] / est.table["se"]).mean())}))
"""


def make_data(rows: int, folder: Path, seed: int = 1) -> None:
    """Write Parquet files of 2.5 million interviews each."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(seed)
    effect = rng.normal(0, 0.4, 1200)
    for i, start in enumerate(range(0, rows, CHUNK)):
        n = min(CHUNK, rows - start)
        psu = rng.integers(0, 1200, n)
        data = {
            "w": np.round(rng.uniform(0.5, 2.0, n), 2),
            "psu": psu.astype(np.int16),
            "strata": (psu // 20).astype(np.int16),
            "dom": rng.integers(0, 20, n).astype(np.int8),
            "y1": np.round(50 + 10 * (rng.normal(size=n) + effect[psu]), 1),
            "y2": np.round(rng.exponential(2, n), 2),
            "y3": np.clip(np.round(5 + 2.5 * rng.normal(size=n)), 0, 10).astype(np.int8),
            "y4": (rng.random(n) < 0.4).astype(np.int8),
            "y5": (rng.random(n) < 0.02).astype(np.int8),
        }
        pq.write_table(pa.table(data), folder / f"part{i:03d}.parquet", compression="zstd", row_group_size=250_000)


def main() -> None:
    """Write the data, then estimate in a process of its own."""
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=50_000_000)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        start = time.perf_counter()
        make_data(asked.rows, Path(place))
        size = sum(path.stat().st_size for path in Path(place).glob("*.parquet")) / 2**20
        print(f"{asked.rows:,} rows, {size:,.0f} MB of Parquet, written in {time.perf_counter() - start:.0f} s")
        done = subprocess.run([sys.executable, "-c", TASK, place], capture_output=True, text=True, check=True)
        for name, value in json.loads(done.stdout.splitlines()[-1]).items():
            print(f"{name:>40}: {value:,.3f}")


if __name__ == "__main__":
    main()
