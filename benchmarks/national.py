"""How often the intervals of the national rehearsal hold the truth, and how often something that did not change is said to have risen or fallen.

    .venv/bin/python benchmarks/national.py --runs 100           # prints
    .venv/bin/python benchmarks/national.py --runs 100 --write   # and writes benchmarks/national.md

Each run draws Rehearsal 1 and 2 of the one made-up country anew, lets everybody drawn answer the whole questionnaire, weights both waves by the
plan of the study, and computes all indicators with their changes, adjusted as the study declares. From wave 1 to 2 nothing changes, so every
family is a true null. The scenario in which taking part is by chance alone is judged; the others stand beside it.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from scipy import stats

import survey_kit as sk
from survey_kit.rehearsal import (
    BIASED,
    REHEARSAL,
    UNBIASED,
    Scenario,
    Teller,
    build_population,
    make_teller,
    true_table,
    wave_tables,
)
from survey_kit.rehearsal.national import ANSWERS, CASES

HERE = Path(__file__).resolve().parent
STUDY = HERE.parent / "analyses" / "kazakhstan_annual"
SEED, WAVES, LEVEL, FALSE = 16, (1, 2), 0.95, 0.05
SCENARIOS = {"unbiased": UNBIASED, "correctable, with interviewers": REHEARSAL, "biased": BIASED}


def two_waves(home: Path) -> Path:
    """Copy the study with two waves and no groups."""
    (home / "instruments").symlink_to(HERE.parent / "instruments")
    folder = home / "analyses" / STUDY.name
    shutil.copytree(STUDY, folder, ignore=shutil.ignore_patterns("*.csv.gz"))
    told = yaml.safe_load((folder / "study.yaml").read_text(encoding="utf-8"))
    names = {f"Rehearsal {wave}" for wave in WAVES}
    told["waves"] = [wave for wave in told["waves"] if wave["id"] in names]
    told["domains"], told["derive"] = [], {}
    rake = told["weighting"]["steps"][-1]
    rake["targets"] = {wave: text for wave, text in rake["targets"].items() if wave in names}
    lists = yaml.safe_load((folder / "indicators.yaml").read_text(encoding="utf-8"))
    lacking = {"trust_prosecutor"}
    kept = [one for one in lists["indicators"] if not lacking & {*one.get("items", ())}]
    lists["indicators"] = kept
    ids = {one["id"] for one in kept}
    told["families"] = {name: [one for one in members if one in ids] for name, members in told["families"].items()}
    for file, value in (("study.yaml", told), ("indicators.yaml", lists)):
        (folder / file).write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return folder


def surveys(folder: Path, teller: Teller, scenario: Scenario, runs: int) -> Iterator[pd.DataFrame]:
    """Give the rows of each run."""
    for run in range(runs):
        made = [wave_tables(teller, wave, scenario, seed=5000 + run) for wave in WAVES]
        for file, tables in zip((ANSWERS, CASES), zip(*made, strict=True), strict=True):
            pd.concat(tables).to_csv(
                folder / "data" / file, index=False, compression={"method": "gzip", "compresslevel": 1}
            )
        yield sk.compute(sk.read_study(folder)).rows.assign(run=run)


def judged(rows: pd.DataFrame, truth: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the coverage of every indicator, and of every family the share of runs with a false word."""
    both = rows.merge(truth[["indicator", "wave", "truth"]], on=["indicator", "wave"])
    both = both[both["status"] == "ok"]
    inside = (both["ci_low"] <= both["truth"]) & (both["truth"] <= both["ci_high"])
    coverage = both.assign(inside=inside).groupby("indicator")["inside"].agg(["mean", "size"]).reset_index()
    second = rows[(rows["wave"] == f"Rehearsal {WAVES[1]}") & rows["previous_family"].notna()]
    false = second.assign(false=second["previous_wording"].isin(["rose", "fell"]))
    families = false.groupby(["previous_family", "run"])["false"].any().groupby("previous_family").mean().reset_index()
    return coverage, families


def runs_of(scenario: str, runs: int) -> int:
    """Give the runs of a scenario: those that are not judged have a quarter."""
    return runs if scenario == "unbiased" else max(runs // 4, 1)


def report(found: dict[str, tuple[pd.DataFrame, pd.DataFrame]], runs: int, minutes: float) -> Iterator[str]:
    """Write what was found."""
    yield "# Coverage of the national rehearsal, and false words\n"
    yield f"Measured with `.venv/bin/python benchmarks/national.py --runs {runs} --write` in {minutes:.0f} minutes. Synthetic data: nobody was"
    yield f"interviewed. {runs} times two waves of about 8,000 interviews of the same made-up country, from which all indicators of the study were"
    yield "computed as its report does. From the first wave to the second nothing changes, so every family is a true null.\n"
    yield "| scenario | runs | indicators | mean coverage | lowest | families | false 'rose' or 'fell' by family | upper limit if 5 % is true |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, (coverage, families) in found.items():
        held = runs_of(name, runs)
        limit = stats.binom.ppf(0.975, held, FALSE) / held
        low = coverage.sort_values("mean").iloc[0]
        words = f"mean {families['false'].mean():.4f}, highest {families['false'].max():.3f}"
        lowest = f"{low['mean']:.3f} ({low['indicator']})"
        yield f"| {name} | {held} | {len(coverage)} | {coverage['mean'].mean():.4f} | {lowest} | {len(families)} | {words} | {limit:.3f} |"
    coverage, families = found["unbiased"]
    yield "\n## Families, unbiased\n\n| family | share of runs with a false word | Monte-Carlo error |\n|---|---|---|"
    for row in families.itertuples():
        yield f"| {row.previous_family.split(' | ')[0]} | {row.false:.3f} | {np.sqrt(FALSE * (1 - FALSE) / runs):.3f} |"
    yield "\n## Indicators, unbiased: the ten lowest\n\n| indicator | coverage | intervals |\n|---|---|---|"
    for row in coverage.sort_values("mean").head(10).itertuples():
        yield f"| {row.indicator} | {row.mean:.3f} | {row.size} |"


def main() -> None:
    """Measure, print, and write when told to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        folder = two_waves(Path(place))
        study = sk.read_study(folder)
        country = build_population(SEED)
        truth = true_table(make_teller(country, study.instrument()), study.definitions, WAVES).query("region == ''")
        found = {}
        for name, scenario in SCENARIOS.items():
            teller = make_teller(country, study.instrument(), biased=scenario.participation == "biased")
            rows = pd.concat(surveys(folder, teller, scenario, runs_of(name, asked.runs)))
            found[name] = judged(rows, truth)
    text = "\n".join(report(found, asked.runs, (time.perf_counter() - start) / 60)) + "\n"
    print(text)
    if asked.write:
        (HERE / "national.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
