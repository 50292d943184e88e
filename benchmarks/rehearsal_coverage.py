"""How often the intervals of the rehearsal hold the truth, and how often its report says "rose" or "fell" in error.

    .venv/bin/python benchmarks/rehearsal_coverage.py                    # 2,000 surveys of three waves each; prints, writes nothing
    .venv/bin/python benchmarks/rehearsal_coverage.py --write            # and writes benchmarks/rehearsal_coverage.md

Each run draws three fresh, independent samples from the one made-up country, simulates the interviews and puts the answers
through ``survey_kit.compute``, the same way a study goes; only the file in between is left out (a test shows that reading
the file gives the same answers). The truth is counted over everybody in the country.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from survey_kit.estimate.intervals import interval
from survey_kit.indicators import compute
from survey_kit.rehearsal import SEED, Country, Nonresponse, build_country, draw_sample, interview, true_value
from survey_kit.responses import Responses
from survey_kit.study import Indicator, Study, read_study
from survey_kit.types import MISSING_KINDS, Interval

HERE = Path(__file__).resolve().parent
STUDY = HERE.parent / "analyses" / "kazakhstan"
LEVEL = 0.95
SHOWN: tuple[Interval, ...] = ("wald", "logit", "beta")
KINDS = {-1: "not_asked", 97: "not_asked", 98: "dont_know", 99: "refused"}


# ---------------------------------------------------------------------------------------------------------- one survey
def survey(study: Study, country: Country, rngs: Sequence[np.random.Generator], nonresponse: Nonresponse) -> Responses:
    """Draw and interview every wave, each with its own random stream, as responses: what reading the file would give."""
    needed = dict.fromkeys(item for one in study.definitions for item in one.needs())
    places = [country.items.index(item) for item in needed]
    said, persons, rows = [], [], []
    for wave, rng in zip(study.waves, rngs, strict=True):
        sample = draw_sample(country, rng)
        answers = interview(country, sample, wave.id, rng, nonresponse)[:, places]
        for item in study.not_asked(wave.id):
            if item in needed:
                answers[:, list(needed).index(item)] = -1
        said.append(answers)
        persons.append(sample.person)
        rows.append(
            pd.DataFrame(
                {"wave": wave.id, "stratum": sample.stratum, "psu": sample.draw, "weight": sample.weight.round(3)}
            )
        )
    answers, person = np.concatenate(said), np.concatenate(persons)
    frame = pd.concat(rows, ignore_index=True)
    frame["case"] = np.arange(len(frame))
    frame["wave"] = pd.Categorical(frame["wave"], categories=[wave.id for wave in study.waves], ordered=True)
    frame["settlement"], frame["region"] = country.settlement[person], np.array(country.regions)[country.region[person]]
    reason = np.full(answers.shape, -1, dtype=np.int8)
    for code, kind in KINDS.items():
        reason[answers == code] = MISSING_KINDS.index(kind)
    values = np.where(reason < 0, answers, np.nan)
    codes = pd.DataFrame(values, columns=list(needed))
    missing = pd.DataFrame(
        {item: pd.Categorical.from_codes(reason[:, k], categories=list(MISSING_KINDS)) for k, item in enumerate(needed)}
    )
    return Responses(
        frame=pd.concat([frame, codes], axis=1),
        missing=missing,
        problems=pd.DataFrame(columns=["code", "severity", "wave", "column", "count", "found", "message"]),
        instruments=study.instruments,
        wave="wave",
        waves=tuple(wave.id for wave in study.waves),
        data_status="synthetic",
    )


# -------------------------------------------------------------------------------------------------------- many surveys
@dataclass(frozen=True)
class Runs:
    """Arrays (runs, cells) of the rows of every run; `cells` names indicator, wave, domain and level of each column."""

    cells: pd.DataFrame
    figures: dict[str, np.ndarray]
    truth: np.ndarray
    true_change: np.ndarray

    def __len__(self) -> int:
        return len(self.figures["estimate"])


FIGURES = ("estimate", "se", "df", "ci_low", "ci_high", "n", "reliability")
CHANGES = ("change", "se", "ci_low", "ci_high", "fcr_low", "fcr_high", "wording")


def repeat(
    study: Study, country: Country, runs: int, *, seed: int, nonresponse: Nonresponse, domains: Sequence[str] = ()
) -> Runs:
    """Survey the country many times; every run has a seed of its own."""
    study = replace(study, domains=tuple(domains))
    names = (*FIGURES, *(f"previous_{name}" for name in CHANGES))
    kept: dict[str, list[Any]] = {name: [] for name in names}
    cells = pd.DataFrame()
    for run in range(runs):
        rngs = [np.random.default_rng([seed, run, wave]) for wave in range(len(study.waves))]
        rows = compute(study, survey(study, country, rngs, nonresponse)).rows
        if not run:
            cells = rows[["indicator", "wave", "domain", "level", "interval"]].copy()
        for name in names:
            column = rows[name]
            kept[name].append(
                column.to_numpy(dtype=object)
                if name.endswith(("wording", "reliability"))
                else column.to_numpy(np.float64, na_value=np.nan)
            )
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{run + 1} of {runs}")
    truth = truths(study, country, cells)
    return Runs(cells, {name: np.stack(values) for name, values in kept.items()}, *truth)


def truths(study: Study, country: Country, cells: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Give the true value of every cell, and its change since the wave before in which it was asked."""
    values: dict[tuple[str, ...], float] = {}
    changes: dict[tuple[str, ...], float] = {}
    order = [wave.id for wave in study.waves]
    for _, cell in cells.iterrows():
        key = (cell["indicator"], cell["wave"], cell["domain"], cell["level"])
        one = study.indicator(cell["indicator"])
        where = None
        if cell["domain"] == "region":
            where = country.region == country.regions.index(cell["level"])
        elif cell["domain"] == "settlement":
            where = country.settlement == int(cell["level"])
        absent = set(study.not_asked(cell["wave"])) & set(one.needs())
        truth = None if absent else true_value(country, cell["wave"], one, study.instrument(cell["wave"]), where)
        values[key] = np.nan if truth is None else truth.value
    for key, value in values.items():
        indicator, wave, domain, level = key
        before = order[order.index(wave) - 1] if order.index(wave) else None
        changes[key] = value - values[indicator, before, domain, level] if before else np.nan
    return np.array(list(values.values())), np.array(list(changes.values()))


# -------------------------------------------------------------------------------------------------------------- judging
def lowest(cells: int, runs: int, level: float = LEVEL) -> float:
    """Give the lowest share of runs that still fits the nominal level when `cells` cells are looked at together."""
    return float(stats.binom.ppf(0.025 / cells, runs, level) / runs)


def highest(cells: int, runs: int, level: float = LEVEL) -> float:
    """Give the highest such share."""
    return float(stats.binom.ppf(1 - 0.025 / cells, runs, level) / runs)


def covered(runs: Runs, kind: str) -> np.ndarray:
    """Share of the runs in which each cell's interval holds the truth: of levels, or of changes ('previous_')."""
    truth = runs.true_change if kind else runs.truth
    low, high = runs.figures[f"{kind}ci_low"], runs.figures[f"{kind}ci_high"]
    known = np.isfinite(low)
    inside = known & (low <= truth) & (truth <= high)
    counts = known.sum(axis=0)
    return np.where(counts > 0, inside.sum(axis=0) / np.maximum(counts, 1), np.nan)


@dataclass(frozen=True)
class Alarms:
    """Of one family and wave: runs with any false word, and the false share among all words "rose" and "fell"."""

    family: str
    wave: str
    size: int
    still: int
    any_false: float
    false_share: float
    mc_error: float
    found: float  # share of the true changes that were found


def alarms(study: Study, runs: Runs) -> list[Alarms]:
    """Count false words: "rose" or "fell" where nothing changed, or the other way round."""
    out = []
    cells = runs.cells.assign(family=[study.family(indicator) for indicator in runs.cells["indicator"]])
    compared = cells[np.isfinite(runs.true_change) & (cells["domain"] == "")]
    for (family, wave), part in compared.groupby(["family", "wave"], sort=False):
        at = part.index.to_numpy()
        said = runs.figures["previous_wording"][:, at]
        change = np.where(np.abs(runs.true_change[at]) < 1e-12, 0.0, runs.true_change[at])
        word = np.where(said == "rose", 1, np.where(said == "fell", -1, 0))
        false = (word != 0) & (word != np.sign(change))
        share = false.sum(axis=1) / np.maximum((word != 0).sum(axis=1), 1)
        moved = change != 0
        out.append(
            Alarms(
                family=str(family),
                wave=str(wave),
                size=len(at),
                still=int((~moved).sum()),
                any_false=float(false.any(axis=1).mean()),
                false_share=float(share.mean()),
                mc_error=float(share.std() / np.sqrt(len(share))),
                found=float(((word != 0) & ~false)[:, moved].mean()) if moved.any() else float("nan"),
            )
        )
    return out


# ------------------------------------------------------------------------------------------------------------- telling
def judged(study: Study, runs: Runs) -> tuple[str, bool]:
    """Give the table of everybody's levels and changes with its verdict, and whether no cell under-covers."""
    level, change = covered(runs, ""), covered(runs, "previous_")
    count = int(np.isfinite(level).sum() + np.isfinite(change).sum())
    low, high = lowest(count, len(runs)), highest(count, len(runs))
    lines = [
        "| indicator | interval | truth | people | SE / true SD | levels hold the truth | changes hold the truth |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in study.definitions:
        at = np.flatnonzero((runs.cells["indicator"] == one.id) & (runs.cells["domain"] == ""))
        known = at[np.isfinite(runs.truth[at])]
        ratio = runs.figures["se"][:, known].mean(axis=0) / runs.figures["estimate"][:, known].std(axis=0, ddof=1)
        places = 1 if one.kind == "mean100" else 3
        truth = " → ".join(f"{value:.{places}f}" for value in runs.truth[known])
        lines.append(
            f"| {one.id} | {one.interval} | {truth} | {np.nanmean(runs.figures['n'][:, known]):.0f} | {ratio.mean():.3f} "
            f"| {_shares(level[at])} | {_shares(change[at])} |"
        )
    both = np.concatenate([level[np.isfinite(level)], change[np.isfinite(change)]])
    under = int((both < low).sum())
    over = int((both > high).sum())
    verdict = (
        f"{count} cells looked at together, {len(runs):,} surveys each: a cell fits {LEVEL:.0%} when it lies in "
        f"[{low:.4f}, {high:.4f}]. **{under} cells lie below, {over} above**; mean {both.mean():.4f}, "
        f"lowest {both.min():.4f}, highest {both.max():.4f}."
    )
    return "\n".join([*lines, "", verdict]), under == 0


def told(counted: Sequence[Alarms], runs: int) -> tuple[str, bool]:
    """Give the table of false words by family and wave, and whether no family exceeds 5 %."""
    lines = [
        "| family | wave | changes | truly still | any false word | false share of the words | true changes found |",
        "|---|---|---|---|---|---|---|",
    ]
    factor = float(stats.norm.isf(0.025 / max(len(counted), 1)))
    fits = True
    for one in counted:
        fits &= one.false_share - factor * one.mc_error <= 1 - LEVEL
        found = "–" if np.isnan(one.found) else f"{one.found:.3f}"
        lines.append(
            f"| {one.family} | {one.wave} | {one.size} | {one.still} | {one.any_false:.4f} "
            f"| {one.false_share:.4f} ± {factor * one.mc_error:.4f} | {found} |"
        )
    verdict = (
        f'A word is false when "rose" or "fell" is said of what did not change, or changed the other way. The share of false '
        f"words among those said, 0 when none is said, is what the procedure holds at or below 5 % on average over {runs:,} "
        f"surveys; ± is its Monte-Carlo error, all families looked at together. **"
        + ("No family exceeds 5 % by more than that.**" if fits else "Some family exceeds 5 %.**")
    )
    return "\n".join([*lines, "", verdict]), fits


def regional(study: Study, runs: Runs) -> str:
    """Give coverage in the 20 regions, about 120 interviews each, for the declared interval and the others."""
    at_region = (runs.cells["domain"] == "region").to_numpy() & np.isfinite(runs.truth)
    low = lowest(int(at_region.sum()), len(runs))
    lines = [
        "| indicator | people | declared | wald | logit | beta | lowest cell | lowest, capped | undefined | suppressed |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    under: list[str] = []
    for one in study.definitions:
        at = np.flatnonzero(at_region & (runs.cells["indicator"] == one.id).to_numpy())
        by_kind = {kind: _held(runs, at, kind) for kind in _kinds(one)}
        declared = by_kind[one.interval]
        under += [f"{one.id} ({share:.3f})" for share in declared[declared < low]]
        capped = f"{_held(runs, at, 'beta', capped=True).min():.4f}" if one.interval == "beta" else "–"
        means = " | ".join(f"{by_kind[kind].mean():.4f}" if kind in by_kind else "–" for kind in SHOWN)
        lines.append(
            f"| {one.id} | {np.nanmean(runs.figures['n'][:, at]):.0f} | {one.interval} | {means} | {declared.min():.4f} | {capped} "
            f"| {np.isnan(runs.figures['ci_low'][:, at]).mean():.4f} "
            f"| {(runs.figures['reliability'][:, at] == 'suppress').mean():.4f} |"
        )
    verdict = f"{int(at_region.sum())} cells, {len(runs):,} surveys: the lowest share that fits is {low:.4f}. "
    verdict += f"**{len(under)} cells lie below{': ' if under else ''}{', '.join(under)}.**"
    return "\n".join([*lines, "", verdict])


def _kinds(one: Indicator) -> tuple[Interval, ...]:
    """Name the intervals that an indicator may have."""
    if one.kind in {"mean100", "net"}:
        return ("wald",)
    return ("wald", "logit") if len(one.items) > 1 else SHOWN


def _held(runs: Runs, at: np.ndarray, kind: Interval, capped: bool = False) -> np.ndarray:
    """Share of the runs, where it is defined, in which an interval of that kind holds the truth, by cell.

    `capped` takes the effective sample for no larger than the sample, as NCHS (2017) does.
    """
    estimate, se, df, n = (runs.figures[name][:, at].ravel() for name in ("estimate", "se", "df", "n"))
    with np.errstate(invalid="ignore", divide="ignore"):
        se = np.fmax(se, np.sqrt(estimate * (1 - estimate) / n)) if capped else se
        low, high = (limit.reshape(len(runs), -1) for limit in interval(kind, estimate, se, df, n, LEVEL))
    known = np.isfinite(low)
    return (known & (low <= runs.truth[at]) & (runs.truth[at] <= high)).sum(axis=0) / np.maximum(known.sum(axis=0), 1)


def biased(study: Study, runs: Runs) -> str:
    """Give bias and coverage when who does not answer depends on the answer: beside, never a gate."""
    level = covered(runs, "")
    lines = ["| indicator | truth | mean estimate | bias / SE | levels hold the truth |", "|---|---|---|---|---|"]
    for one in study.definitions:
        at = np.flatnonzero((runs.cells["indicator"] == one.id) & (runs.cells["domain"] == ""))[-1]
        mean, se = runs.figures["estimate"][:, at].mean(), runs.figures["se"][:, at].mean()
        places = 1 if one.kind == "mean100" else 3
        lines.append(
            f"| {one.id} | {runs.truth[at]:.{places}f} | {mean:.{places}f} | {(mean - runs.truth[at]) / se:+.2f} | {level[at]:.3f} |"
        )
    return "\n".join(lines)


def _shares(values: np.ndarray) -> str:
    return " ".join(f"{value:.4f}" for value in values[np.isfinite(values)])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=2000)
    parser.add_argument("--write", action="store_true", help="write benchmarks/rehearsal_coverage.md")
    asked = parser.parse_args()
    started = time.perf_counter()
    study, country = read_study(STUDY), build_country(SEED)
    main_runs = repeat(study, country, asked.runs, seed=asked.seed, nonresponse="at_random")
    few = max(asked.runs // 4, 50)
    regions = repeat(study, country, few, seed=asked.seed + 1, nonresponse="at_random", domains=("region",))
    wrong = repeat(study, country, few // 2, seed=asked.seed + 2, nonresponse="not_at_random")
    counted = alarms(study, main_runs)
    tables = [judged(study, main_runs), told(counted, len(main_runs))]
    text = PAGE.format(
        runs=f"{asked.runs:,}",
        seed=asked.seed,
        persons=f"{len(country.age):,}",
        few=f"{few:,}",
        fewer=f"{few // 2:,}",
        everybody=tables[0][0],
        families=tables[1][0],
        regions=regional(study, regions),
        biased=biased(study, wrong),
    )
    sys.stdout.write(text)
    sys.stderr.write(f"\n{time.perf_counter() - started:.0f} s\n")
    if asked.write:
        (HERE / "rehearsal_coverage.md").write_text(text, encoding="utf-8")
    return 0 if all(fits for _, fits in tables) else 1


PAGE = """# Coverage of the known truth

Measured with `.venv/bin/python benchmarks/rehearsal_coverage.py --write` (seed {seed}). Synthetic data: a made-up country of {persons}
adults on Kazakhstan's public frame; every run draws and interviews three fresh samples of 2,400 and goes through
`survey_kit.compute`. The truth is counted over everybody in the country. Item nonresponse is at random.

## Everybody: {runs} surveys

{everybody}

## Words: false "rose" and "fell" by declared family

{families}

## Beside: the 20 regions, {few} surveys

Shares of the surveys in which the interval holds the truth, where it is defined, mean over regions and waves; `declared` is
the interval of `indicators.yaml`, the lowest cell is of that one. `undefined` and `suppressed` are shares of the rows: no
interval of the declared kind, and withheld from publication by the reliability rule.

{regions}

Wald fails for shares far from one half in small groups: the estimate and its standard error move together. Logit mends that but
has no value when everybody or nobody says yes. Beta has one, and over-covers where almost nobody does. Its lowest cells are
rare bribes among a few dozen people, nearly all of them suppressed: by luck the standard error can be too small, and the
effective sample is then taken for larger than the sample. Capped at the sample, the lowest cells are those beside them.
Means of several items keep a slight shortfall at about 13 degrees of freedom, where linearised errors run low.

## Beside, and no gate: nonresponse that depends on the answer, {fewer} surveys

Those who trust less answer less, those who paid a bribe refuse more. No interval for sampling error can mend that; the
report shows how many did not answer, and the bounds.

{biased}
"""

if __name__ == "__main__":
    raise SystemExit(main())
