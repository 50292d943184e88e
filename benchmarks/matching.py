"""Nearest interviews: time with numba and with matrix products, planted copies found, false alarms of honest surveys.

python benchmarks/matching.py            (about two minutes on two cores)
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd

from survey_kit.fieldwork.matching import _products, likeness, nearest


def survey(n: int, items: int, rng: np.random.Generator) -> pd.DataFrame:
    """Make answers of people who differ by one trait."""
    raw = rng.standard_normal(n)[:, None] * rng.uniform(0, 1.2, items) + rng.standard_normal((n, items))
    frame = pd.DataFrame(np.clip(np.round(raw * 1.2 + 3), 1, 5), columns=[f"q{k}" for k in range(items)])
    return frame.assign(interviewer=rng.permutation(np.arange(n) % (n // 40)))


def main() -> None:
    rng = np.random.default_rng(20261122)
    codes = rng.integers(0, 7, (20_000, 200)).astype(np.uint8)
    nearest(codes[:200])  # compiles
    start = time.perf_counter()
    compiled = nearest(codes)
    middle = time.perf_counter()
    plain = _products(codes, 20)
    end = time.perf_counter()
    same = bool((compiled.other == plain.other).all())
    print(
        f"20,000 interviews x 200 items, all pairs: numba {middle - start:.2f} s, products {end - middle:.2f} s, equal: {same}"
    )
    for n in (500, 2000):
        honest = caught = 0
        runs = 10
        for _ in range(runs):
            frame = survey(n, 80, rng)
            items = [name for name in frame if name.startswith("q")]
            honest += int(likeness(frame, items, level=0.01, rng=rng).interviews["stands_out"].sum())
            own = frame.index[frame["interviewer"] == 1]
            for row, source in zip(own[:10], own[10:20], strict=True):
                keep = rng.random(len(items)) < 0.85
                frame.loc[row, items] = np.where(keep, frame.loc[source, items], rng.integers(1, 6, len(items)))
            made = likeness(frame, items, interviewer="interviewer", level=0.01, rng=rng)
            caught += int(made.interviews.loc[own[:20], "stands_out"].sum())
        print(
            f"{n:,} interviews x 80 items, {runs} surveys, level 1 %: {honest / runs / n:.2%} of honest interviews stand out; "
            f"{caught / runs / 20:.0%} of interviews copied with 15 % changed, or copied from"
        )


if __name__ == "__main__":
    main()
