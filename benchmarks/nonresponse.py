"""What a weighting plan does to the bias of nonresponse: one it can remove, and one it cannot.

    .venv/bin/python benchmarks/nonresponse.py             # 2,000 samples of each scenario; prints, writes nothing
    .venv/bin/python benchmarks/nonresponse.py --write     # and writes benchmarks/nonresponse.md

Every run draws a stratified sample of 40 units of 15 people from the model, lets each person respond with a probability, and weights
the respondents by ``WeightingPlan``: nonresponse by stratum, then raking to sex and schooling. The truth is the mean of the model.
In the first scenario the chance to respond depends on schooling, which the targets hold; in the second it depends on the answer
itself, which nobody knows of those who did not come. The third lets everybody have one chance.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

import survey_kit as sk
from survey_kit.weighting import Nonresponse, Rake, WeightingPlan

HERE = Path(__file__).resolve().parent
SEED = 404
RUNS = 2_000
UNITS, PEOPLE = 40, 15
SCHOOL = {0: 0.35, 1: 0.4, 2: 0.25}
TRUST = {0: 0.25, 1: 0.4, 2: 0.55}
TRUTH = sum(SCHOOL[level] * TRUST[level] for level in SCHOOL)
SCENARIOS: Mapping[str, tuple[float, float, float]] = {  # chance to respond: constant, per step of schooling, for trust
    "schooling, known": (0.4, 0.2, 0.0),
    "the answer itself": (0.5, 0.0, 0.25),
    "nothing": (0.6, 0.0, 0.0),
}
PLAN = WeightingPlan(
    steps=(
        Nonresponse(respondent="came", by="stratum"),
        Rake(margins={"sex": {0: 0.5, 1: 0.5}, "school": SCHOOL}, population=10_000),
    )
)


def sample(rng: np.random.Generator, scenario: str) -> pd.DataFrame:
    """Draw one sample with its nonrespondents; units differ in their trust."""
    n = UNITS * PEOPLE
    unit = np.repeat(np.arange(UNITS), PEOPLE)
    school = rng.choice(list(SCHOOL), n, p=list(SCHOOL.values()))
    chance = np.array(list(TRUST.values()))[school] + rng.normal(0, 0.05, UNITS)[unit]
    y = (rng.random(n) < chance).astype(float)
    start, by_school, by_answer = SCENARIOS[scenario]
    came = rng.random(n) < start + by_school * school + by_answer * y
    return pd.DataFrame(
        {
            "w": np.full(n, 10_000 / n),
            "stratum": unit // 10,
            "unit": unit,
            "sex": rng.integers(0, 2, n),
            "school": school,
            "came": came,
            "y": np.where(came, y, np.nan),
        }
    )


def simulate(scenario: str, runs: int = RUNS, seed: int = SEED) -> dict[str, float]:
    """Give bias, spread, mean standard error and coverage of 95 % intervals, before weighting and after."""
    rng = np.random.default_rng((seed, list(SCENARIOS).index(scenario)))
    found = np.empty((runs, 2, 4))
    for r in range(runs):
        design = sk.Design(sample(rng, scenario), weight="w", strata="stratum", psu="unit")
        for k, one in enumerate((design, PLAN.apply(design).design)):
            row = sk.mean(one, "y", missing="exclude").table.iloc[0]
            found[r, k] = [float(row[name]) for name in ("estimate", "se", "ci_low", "ci_high")]
    out = {"runs": float(runs)}
    for k, name in enumerate(("before", "after")):
        estimate, se, low, high = found[:, k].T
        out[f"{name}_bias"] = float(estimate.mean() - TRUTH)
        out[f"{name}_sd"] = float(estimate.std(ddof=1))
        out[f"{name}_se"] = float(se.mean())
        out[f"{name}_cover"] = float(((low <= TRUTH) & (high >= TRUTH)).mean())
    return out


def report(runs: int) -> str:
    """Give the table in Markdown."""
    lines = [
        "# What weighting does to the bias of nonresponse",
        "",
        f"`benchmarks/nonresponse.py`: {runs:,} samples of {UNITS * PEOPLE} people in {UNITS} units per scenario, seed {SEED}.",
        f"The truth is {100 * TRUTH:.1f} %. Before: design weights of those who came.",
        "After: `nonresponse` by stratum, then `rake` to sex and schooling.",
        "",
        "| response depends on | bias before | bias after | spread after | mean standard error after | coverage before | coverage after |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in SCENARIOS:
        one = simulate(name, runs)
        lines.append(
            f"| {name} | {100 * one['before_bias']:+.2f} | {100 * one['after_bias']:+.2f} | {100 * one['after_sd']:.2f} | "
            f"{100 * one['after_se']:.2f} | {100 * one['before_cover']:.1f} % | {100 * one['after_cover']:.1f} % |"
        )
    lines += [
        "",
        "Bias, spread and standard error in percentage points. A plan removes what its targets know and nothing else:",
        "where response depends on the answer itself, weights and standard errors look as good as ever, and the estimate is wrong.",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Print the table; with --write also keep it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    text = report(arguments.runs)
    sys.stdout.write(text)
    if arguments.write:
        (HERE / "nonresponse.md").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
