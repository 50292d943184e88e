"""How often the intervals of the eleven-wave rehearsal hold the truth, and what its weights can and cannot repair.

    .venv/bin/python benchmarks/country.py                          # 2,000 unbiased surveys, 400 of each biased scenario; prints
    .venv/bin/python benchmarks/country.py --write                  # and writes benchmarks/country.md

Each run draws areas, dwellings and adults of the one made-up country anew, holds the field, makes the weights by the plan, and estimates
with the standard errors that the design gives. The truth is counted over everybody. Coverage is judged in the scenario in which taking part
is by chance alone; the others stand beside it and are judged by nobody.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

import survey_kit as sk
from survey_kit.rehearsal import (
    BIASED,
    CORRECTABLE,
    UNBIASED,
    Population,
    Scenario,
    build_population,
    draw_wave,
    hold_field,
    weigh,
)
from survey_kit.types import FloatArray

HERE = Path(__file__).resolve().parent
SEED, WAVE, LEVEL, BAND = 16, 11, 0.95, 0.05
RAW = 400  # runs that are also estimated with selection weights alone
TITLES = {
    "trust": "trusts the state",
    "service": "satisfied with services",
    "report": "would report corruption",
    "knows": "knows the law",
    "contact": "had contact with officials",
    "bribe": "paid a bribe, among those with contact",
}


def answers(country: Population) -> dict[str, FloatArray]:
    """What everybody would say (n,): 1, 0, or NaN where not in the base."""
    contact = country.says("contact", "contact", WAVE, 0.50)
    bribe = country.says("bribe", "bribe", WAVE, 0.08, loading=0.6)
    said = {
        "trust": country.says("trust", "state", WAVE, 0.45),
        "service": country.says("service", "service", WAVE, 0.60),
        "report": country.says("report", "law", WAVE, 0.30),
        "knows": country.says("knows", "knowledge", WAVE, 0.35, loading=0.6),
        "contact": contact,
        "bribe": np.where(contact, bribe, np.nan),
    }
    return {name: np.asarray(value, dtype=np.float64) for name, value in said.items()}


@dataclass
class Runs:
    """Estimates, limits and standard errors of the runs of a scenario: (runs, cells) each; `raw` is with selection weights alone, of the first runs."""

    scenario: str
    cells: tuple[str, ...]
    truth: FloatArray
    estimate: FloatArray
    se: FloatArray
    low: FloatArray
    high: FloatArray
    raw: FloatArray
    interviews: FloatArray

    def covered(self) -> FloatArray:
        """The share of runs whose interval holds the truth, by cell."""
        return ((self.low <= self.truth) & (self.truth <= self.high)).mean(axis=0)


def run(country: Population, runs: Mapping[Scenario, int], minutes: float = np.inf) -> list[Runs]:
    """Hold the surveys of every scenario, until the minutes are over; one sample serves all that still have runs to make."""
    last = time.monotonic() + 60 * minutes
    said = answers(country)
    regions = country.truth(said["trust"], "region", wave=WAVE)
    truth = [float(country.truth(value)["truth"].iloc[0]) for value in said.values()] + regions["truth"].tolist()
    cells = (*said, *(f"trust in {code}" for code in regions["region"]))
    kept: dict[Scenario, dict[str, list[Any]]] = {
        scenario: {name: [] for name in ("estimate", "se", "ci_low", "ci_high", "raw", "interviews")}
        for scenario in runs
    }
    for seed in range(max(runs.values())):
        if time.monotonic() > last:
            break
        sample = draw_wave(country, WAVE, seed=seed)
        for scenario, rows in kept.items():
            if seed >= runs[scenario]:
                continue
            held = hold_field(country, sample, scenario, seed=seed, log=False)
            told = held.with_answers(**{name: value[held.person] for name, value in said.items()})
            design = weigh(country, held, told).design
            whole = sk.mean(design, tuple(said), missing="exclude").table
            part = sk.mean(design, "trust", by="region", missing="exclude").table
            for name in ("estimate", "se", "ci_low", "ci_high"):
                rows[name].append([*whole[name].tolist(), *part[name].tolist()])
            rows["interviews"].append(float(len(held.person)))
            if seed < RAW:
                plain = weigh(country, held, told, calibrated=False).design
                rows["raw"].append(sk.mean(plain, tuple(said), missing="exclude").table["estimate"].tolist())
    return [
        Runs(
            scenario=scenario.participation,
            cells=cells,
            truth=np.array(truth),
            estimate=np.array(rows["estimate"]),
            se=np.array(rows["se"]),
            low=np.array(rows["ci_low"]),
            high=np.array(rows["ci_high"]),
            raw=np.array(rows["raw"]),
            interviews=np.array(rows["interviews"]),
        )
        for scenario, rows in kept.items()
    ]


def lower_band(runs: int, cells: int) -> float:
    """The least coverage that chance leaves when the nominal level is true in all cells together (normal, Bonferroni)."""
    return float(LEVEL - stats.norm.isf(BAND / cells) * np.sqrt(LEVEL * (1 - LEVEL) / runs))


def told(results: list[Runs], seconds: float) -> str:
    """The page."""
    first = results[0]
    band = lower_band(len(first.estimate), len(first.cells))
    covered = first.covered()
    held = "holds" if (covered >= band).all() else "DOES NOT HOLD"
    lines = [
        "# The rehearsal in eleven waves: coverage, and what weights repair",
        "",
        "Nobody was interviewed: a made-up country, a simulated field. Written by `benchmarks/country.py --write`.",
        "",
        (
            f"Rehearsal {WAVE} of the country of seed {SEED}; every run draws 800 areas, 14,400 dwellings and their adults anew "
            f"(on average {first.interviews.mean():,.0f} interviews), makes the weights by the plan and estimates by linearisation, every step "
            f"credited. {len(first.estimate):,} unbiased runs, {len(results[1].estimate):,} of each other scenario, {seconds / 60:.0f} minutes."
        ),
        "",
        (
            f"**Coverage {held}**: with taking part by chance alone, 95 % intervals hold the truth in {100 * covered[:6].min():.1f} to "
            f"{100 * covered[:6].max():.1f} % of runs for the country and in {100 * covered[6:].min():.1f} to {100 * covered[6:].max():.1f} % "
            f"by region (mean {100 * covered[6:].mean():.1f} %); no cell may fall under {100 * band:.1f} % ({len(first.cells)} cells together). "
            "Areas are drawn without replacement and the variance takes them as drawn with replacement, which can only make intervals wider."
        ),
        "",
        "| indicator | truth | mean estimate | sd of estimates | mean standard error | coverage |",
        "|---|---|---|---|---|---|",
    ]
    for k, name in enumerate(TITLES):
        lines.append(
            f"| {TITLES[name]} | {100 * first.truth[k]:.2f} | {100 * first.estimate[:, k].mean():.2f} | "
            f"{100 * first.estimate[:, k].std(ddof=1):.2f} | {100 * first.se[:, k].mean():.2f} | {100 * covered[k]:.1f} % |"
        )
    lines += [
        "",
        "## What the weights repair",
        "",
        (
            "Bias in percentage points (its Monte-Carlo standard error in brackets): of estimates with selection weights alone, and after the plan "
            "(nonresponse by stratum, raking to region x settlement and sex x age). `correctable`: who takes part depends on region, settlement, "
            "sex and age. `biased`: also on how willing people are, which goes with trust; no weight knows that, and coverage tells it."
        ),
        "",
        "| scenario | indicator | bias before | bias after | coverage |",
        "|---|---|---|---|---|",
    ]
    for one in results:
        rate = one.covered()
        for k, name in enumerate(TITLES):
            before, after = 100 * (one.raw[:, k] - one.truth[k]), 100 * (one.estimate[:, k] - one.truth[k])
            lines.append(
                f"| {one.scenario} | {TITLES[name]} | {_mean(before)} | {_mean(after)} | {100 * rate[k]:.1f} % |"
            )
    return "\n".join(lines) + "\n"


def _mean(values: FloatArray) -> str:
    return f"{values.mean():+.2f} ({values.std(ddof=1) / np.sqrt(len(values)):.2f})"


def main() -> None:
    """Run, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--biased-runs", type=int, default=400)
    parser.add_argument(
        "--minutes", type=float, default=np.inf, help="stop after so many, with the runs made until then"
    )
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    country = build_population(SEED)
    began = time.perf_counter()
    results = run(
        country, {UNBIASED: asked.runs, CORRECTABLE: asked.biased_runs, BIASED: asked.biased_runs}, asked.minutes
    )
    page = told(results, time.perf_counter() - began)
    print(page)
    if asked.write:
        (HERE / "country.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
