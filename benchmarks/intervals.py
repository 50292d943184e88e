"""How often each kind of interval for a proportion holds the truth, and how wide it is, over six designs.

    .venv/bin/python benchmarks/intervals.py             # 20,000 samples per cell; prints, writes nothing
    .venv/bin/python benchmarks/intervals.py --write     # and writes benchmarks/intervals.md

The truth is the superpopulation's share p: every run draws a fresh sample from the model (in clustered designs each unit's
share comes from a beta distribution), and its estimate, standard error and degrees of freedom are those of
``survey_kit.mean`` (a test compares them), computed for thousands of samples at once.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

from survey_kit.estimate.intervals import interval
from survey_kit.types import Interval

HERE = Path(__file__).resolve().parent
SEED = 20_250
RUNS = 20_000
CHUNK = 2_000
LEVEL = 0.95
KEPT = 0.94  # what an interval that is to be the default keeps
SHARES = (0.01, 0.02, 0.05, 0.1, 0.3, 0.5)
KINDS: tuple[Interval, ...] = ("wald", "arcsine", "likelihood", "wilson", "logit", "beta", "korn_graubard")


@dataclass(frozen=True)
class Plan:
    """One design.

    Attributes
    ----------
    name, what
        Short and long.
    stratum, unit : (n,)
        Of each interview; units are numbered through.
    rho
        Intraclass correlation of the answers of one unit.
    spread
        Standard deviation of the logarithm of the weights.
    lean
        How far the strata's shares differ: the largest is 1 + lean times p, the smallest 1 - lean.
    """

    name: str
    what: str
    stratum: np.ndarray
    unit: np.ndarray
    rho: float = 0.0
    spread: float = 0.0
    lean: float = 0.0

    @property
    def n(self) -> int:
        return len(self.unit)

    @property
    def units(self) -> int:
        return int(self.unit.max()) + 1

    @property
    def df(self) -> int:
        return self.units - int(self.stratum.max()) - 1


def plan(name: str, what: str, strata: int, units: int, size: int, **more: float) -> Plan:
    """Lay out strata of equal numbers of units; the units' sizes differ by up to a half unless they are single persons."""
    count = strata * units
    sizes = np.full(count, size)
    if size > 1:
        sizes = np.round(size * np.linspace(0.5, 1.5, count)[np.random.default_rng(1).permutation(count)]).astype(int)
    unit = np.repeat(np.arange(count), sizes)
    return Plan(name=name, what=what, stratum=unit // units, unit=unit, **more)


PLANS = (
    plan("simple", "simple random sample of 400", 1, 400, 1),
    plan("stratified", "8 strata of 50 persons, shares from 0.2 p to 1.8 p", 8, 50, 1, lean=0.8),
    plan("clustered", "40 units of about 15 persons, intraclass correlation 0.05", 1, 40, 15, rho=0.05),
    plan("few units", "6 strata of 2 units of about 40 persons, correlation 0.03", 6, 2, 40, rho=0.03, lean=0.3),
    plan("weighted", "600 persons, weights log-normal (design effect 2)", 1, 600, 1, spread=0.83),
    plan(
        "weighted, few units",
        "5 strata of 3 units of about 40 persons, correlation 0.03, weights log-normal (design effect 1.5)",
        5,
        3,
        40,
        rho=0.03,
        spread=0.64,
        lean=0.3,
    ),
)


def sample(design: Plan, p: float, runs: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw answers and weights (runs, n) of many samples."""
    strata = int(design.stratum.max()) + 1
    share = p * np.linspace(1 - design.lean, 1 + design.lean, strata)
    size = np.bincount(design.stratum, minlength=strata)
    share *= p / (share @ size / size.sum())  # the strata's sizes are those of the population
    of_unit = np.broadcast_to(
        share[design.stratum[np.searchsorted(design.unit, np.arange(design.units))]], (runs, design.units)
    )
    if design.rho:
        a = (1 - design.rho) / design.rho
        of_unit = rng.beta(a * of_unit, a * (1 - of_unit))
    y = (rng.random((runs, design.n)) < of_unit[:, design.unit]).astype(np.float64)
    w = np.exp(design.spread * rng.standard_normal((runs, design.n))) if design.spread else np.ones((runs, design.n))
    return y, w


def estimated(design: Plan, y: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the weighted share and its linearised standard error (runs,) of many samples."""
    total = w.sum(axis=1)
    p = (w * y).sum(axis=1) / total
    z = w * (y - p[:, None]) / total[:, None]
    starts = np.searchsorted(design.unit, np.arange(design.units))
    t = np.add.reduceat(z, starts, axis=1)
    first = np.searchsorted(design.stratum[starts], np.arange(int(design.stratum.max()) + 1))
    per = design.units // len(first)
    centre = np.repeat(np.add.reduceat(t, first, axis=1) / per, per, axis=1)
    variance = per / (per - 1) * ((t - centre) ** 2).sum(axis=1)
    return p, np.where((p > 0) & (p < 1), np.sqrt(variance), 0.0)


@dataclass(frozen=True)
class Cell:
    """What one kind of interval did in one design at one share."""

    design: str
    p: float
    kind: Interval
    coverage: float
    width: float
    undefined: float


def simulate(design: Plan, p: float, runs: int, seed: int) -> list[Cell]:
    """Draw samples and see which intervals hold the truth; one that is not defined does not."""
    figures = []
    for chunk in range(0, runs, CHUNK):
        rng = np.random.default_rng([seed, PLANS.index(design), SHARES.index(p), chunk])
        figures.append(estimated(design, *sample(design, p, min(CHUNK, runs - chunk), rng)))
    estimate, se = (np.concatenate(part) for part in zip(*figures, strict=True))
    df, n = np.full(runs, float(design.df)), np.full(runs, float(design.n))
    out = []
    for kind in KINDS:
        low, high = interval(kind, estimate, se, df, n, LEVEL)
        known = np.isfinite(low)
        holds = known & (low <= p) & (p <= high)
        width = float((np.minimum(high, 1) - np.maximum(low, 0))[known].mean())
        out.append(Cell(design.name, p, kind, float(holds.mean()), width, float(1 - known.mean())))
    return out


# --------------------------------------------------------------------------------------------------------------- telling
def lowest(cells: int, runs: int) -> float:
    """Give the lowest coverage that still fits 94 %, when so many cells are looked at together."""
    return KEPT - float(stats.norm.isf(0.025 / cells)) * np.sqrt(KEPT * (1 - KEPT) / runs)


def judged(cells: list[Cell], runs: int) -> str:
    """Give one table per design, the cells where no kind keeps 94 %, and which kind the rule makes the default."""
    limit = lowest(len(cells), runs)
    at = {(cell.design, cell.p, cell.kind): cell for cell in cells}
    text = []
    for design in PLANS:
        text += [f"### {design.name}: {design.what}; {design.df} degrees of freedom", ""]
        text += ["| p | nobody says yes | " + " | ".join(KINDS) + " |", "|---|---|" + "---|" * len(KINDS)]
        for p in SHARES:
            row = [at[design.name, p, kind] for kind in KINDS]
            shown = " | ".join(
                f"{'**' if cell.coverage < limit else ''}{cell.coverage:.3f}{'**' if cell.coverage < limit else ''} "
                f"({cell.width:.4f})"
                for cell in row
            )
            text.append(f"| {p:g} | {max(cell.undefined for cell in row):.3f} | {shown} |")
        text.append("")
    places = [(design.name, p) for design in PLANS for p in SHARES]
    fails = {kind: [place for place in places if at[*place, kind].coverage < limit] for kind in KINDS}
    hopeless = [place for place in places if all(place in fails[kind] for kind in KINDS)]
    best = {kind: len([place for place in fails[kind] if place not in hopeless]) for kind in KINDS}
    wide = {
        kind: float(np.mean([at[*place, kind].width / at[*place, "korn_graubard"].width for place in places]))
        for kind in KINDS
    }
    text += ["## Together", ""]
    text += ["| kind | cells under 94 % | lowest coverage | mean coverage | mean width beside korn_graubard |"]
    text += ["|---|---|---|---|---|"]
    for kind in KINDS:
        covered = [at[*place, kind].coverage for place in places]
        text.append(
            f"| {kind} | {len(fails[kind])} of {len(places)} | {min(covered):.3f} | {np.mean(covered):.3f} | {wide[kind]:.3f} |"
        )
    keeps = [kind for kind in KINDS if not best[kind]]
    text += [
        "",
        f"Judged with its Monte-Carlo error, all {len(cells)} cells looked at together, 94 % is missed below {limit:.4f} (bold).",
    ]
    where = "; ".join(f"{design} at p = {p:g}" for design, p in hopeless)
    text.append(f"No kind keeps 94 % here: {where}." if hopeless else "Everywhere some kind keeps 94 %.")
    if keeps:
        chosen = min(keeps, key=lambda kind: wide[kind])
        text.append(f"Wherever any kind does, these do: {', '.join(keeps)}. **The narrowest of them is {chosen}.**")
    else:
        text.append("No single kind keeps 94 % wherever some kind does.")
    return "\n".join(text)


PAGE = """# Intervals for proportions: coverage and width

Measured with `.venv/bin/python benchmarks/intervals.py --write` (seed {seed}): {runs:,} samples per design and share. The truth is
the superpopulation's p. Each cell shows the share of the 95 % intervals that hold it, and their mean width (within 0 and 1) in
brackets. A sample in which nobody (or everybody) says yes has no standard error: `wald`, `logit` and `arcsine` are not defined
there and count as missing the truth; the column says how often. `beta` is R's Korn-Graubard interval, `korn_graubard` the same
with an effective sample of at most the sample (NCHS 2017).

{tables}
"""


def main() -> int:
    """Simulate, print, and write when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    started = time.perf_counter()
    cells = [cell for design in PLANS for p in SHARES for cell in simulate(design, p, asked.runs, asked.seed)]
    text = PAGE.format(seed=asked.seed, runs=asked.runs, tables=judged(cells, asked.runs))
    sys.stdout.write(text)
    sys.stderr.write(f"\n{time.perf_counter() - started:.0f} s\n")
    if asked.write:
        (HERE / "intervals.md").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
