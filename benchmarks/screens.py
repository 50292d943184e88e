"""Screens: how many of honest interviewers they point at, and how many of those who invent interviews they find.

python benchmarks/screens.py [--write]       (about three minutes on two cores)

Surveys of 2,000 interviews by 50 interviewers, two in every sampling point, who differ for honest reasons (an effect of 2 % of the variance of every
answer, others in pace, in items without an answer and in filters); then three of them invent. Inventors answer from what is usual with too little
spread, close filters, are fast, leave few items without an answer; copiers hand in interviews of their own with some answers changed; late starters
begin to invent after half of their work. Nobody was interviewed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from survey_kit.fieldwork.interviewer_score import interviewer_score
from survey_kit.fieldwork.matching import likeness
from survey_kit.fieldwork.screens import Interviews, Screened
from survey_kit.fieldwork.screens_answers import (
    screen_extremes,
    screen_filters,
    screen_heaping,
    screen_item_nonresponse,
    screen_straightlining,
)
from survey_kit.fieldwork.screens_contacts import screen_alike
from survey_kit.fieldwork.screens_order import screen_drift, screen_variance
from survey_kit.fieldwork.screens_times import screen_duration

N, INTERVIEWERS, BATTERIES, PER = 2000, 50, 5, 8
BAD = (7, 23, 41)
ITEMS = [f"b{k}_{j}" for k in range(BATTERIES) for j in range(PER)]
SETS = {f"b{k}": [f"b{k}_{j}" for j in range(PER)] for k in range(BATTERIES)}
FILTERS = [f"f{k}" for k in range(6)]
SURVEYS = 40


def survey(rng: np.random.Generator) -> pd.DataFrame:
    """Make a survey of honest interviewers: sampling points of 20, two interviewers in each."""
    psu = np.arange(N) // 20
    who = psu // 4 * 2 + rng.integers(0, 2, N)
    of = lambda sd: sd * rng.standard_normal(INTERVIEWERS)[who]  # noqa: E731
    person = rng.standard_normal(N)
    raw = 0.6 * person[:, None] + rng.standard_normal((N, len(ITEMS)))
    raw += (
        0.25 * rng.standard_normal((N // 20, len(ITEMS)))[psu]
        + 0.17 * rng.standard_normal((INTERVIEWERS, len(ITEMS)))[who]
    )
    table = pd.DataFrame(np.clip(np.round(raw * 0.9 + 3), 1, 5), columns=ITEMS)
    silent = rng.random((N, len(ITEMS))) < (0.06 * np.exp(0.5 * rng.standard_normal(N) + of(0.3)))[:, None]
    table[ITEMS] = table[ITEMS].mask(silent, 9)
    met = rng.random((N, len(FILTERS))) < (1 / (1 + np.exp(0.6 - 0.5 * person - of(0.15))))[:, None]
    table[FILTERS] = np.where(met, 1, 2)
    table["age"] = rng.integers(18, 85, N)
    table["age"] = np.where(rng.random(N) < 0.1, table["age"] // 5 * 5, table["age"])
    table["route"] = len(ITEMS) + 6 * met.sum(axis=1)
    table["minutes"] = table["route"] * 0.4 * np.exp(0.25 * rng.standard_normal(N) + of(0.12))
    table["start"] = pd.Timestamp("2026-05-04 09:00") + pd.to_timedelta(rng.permutation(N) * 10, "min")
    return table.assign(who=who, psu=psu, region=psu // 20)


def invented(table: pd.DataFrame, rows: np.ndarray, rng: np.random.Generator) -> None:
    """Put invented interviews in the place of some."""
    n = len(rows)
    table.loc[rows, ITEMS] = np.clip(
        np.round(3 + 0.5 * rng.standard_normal((n, 1)) + 0.7 * rng.standard_normal((n, len(ITEMS)))), 1, 5
    )
    table.loc[rows, ITEMS] = table.loc[rows, ITEMS].mask(rng.random((n, len(ITEMS))) < 0.01, 9)
    table.loc[rows, FILTERS] = np.where(rng.random((n, len(FILTERS))) < 0.15, 1, 2)
    table.loc[rows, "route"] = len(ITEMS) + 6 * (table.loc[rows, FILTERS] == 1).sum(axis=1)
    table.loc[rows, "minutes"] = table.loc[rows, "route"] * 0.4 * 0.7 * np.exp(0.15 * rng.standard_normal(n))


def inventors(table: pd.DataFrame, rng: np.random.Generator) -> None:
    for bad in BAD:
        invented(table, np.flatnonzero(table["who"] == bad), rng)


def late_starters(table: pd.DataFrame, rng: np.random.Generator) -> None:
    for bad in BAD:
        rows = np.flatnonzero(table["who"] == bad)
        rows = rows[np.argsort(table["start"].to_numpy()[rows])]
        invented(table, rows[len(rows) // 2 :], rng)


def copiers(table: pd.DataFrame, rng: np.random.Generator) -> None:
    """Half of the work copies the other half with 15 % of the answers changed."""
    for bad in BAD:
        rows = np.flatnonzero(table["who"] == bad)
        half = len(rows) // 2
        source = table.loc[rows[:half], ITEMS].to_numpy()
        changed = rng.random(source.shape) < 0.15
        table.loc[rows[half : 2 * half], ITEMS] = np.where(changed, rng.integers(1, 6, source.shape), source)


def screens(table: pd.DataFrame, rng: np.random.Generator) -> list[Screened]:
    held = Interviews(frame=table, interviewer="who", within="psu", psu="psu", start="start", end="start")
    answers = table.assign(**{name: table[name].where(table[name] != 9) for name in ITEMS})
    plain = Interviews(frame=answers, interviewer="who", within="psu", psu="psu", start="start", end="start")
    filters = screen_filters(held, dict.fromkeys(FILTERS, (2,)))
    out = [
        screen_straightlining(plain, SETS),
        screen_item_nonresponse(held, ITEMS, codes=[9]),
        filters,
        screen_extremes(plain, dict.fromkeys(ITEMS, (1, 5))),
        screen_heaping(plain, ["age"]),
        screen_variance(plain, ITEMS, rng=rng, draws=100),
        screen_duration(held, "route", minutes="minutes"),
        screen_alike(plain, likeness(answers, ITEMS, blocks=list(SETS.values()), surveys=2, level=0.01, rng=rng)),
        screen_drift(held, filters),
    ]
    return [*out, interviewer_score(out)]


def rates(spoil: Callable[[pd.DataFrame, np.random.Generator], None] | None, seed: int) -> tuple[pd.DataFrame, float]:
    """Give for each screen the share of honest interviewers and of the three that stand out, and the seconds of a survey."""
    rng = np.random.default_rng(seed)
    rows, start = [], time.perf_counter()
    for _ in range(SURVEYS):
        table = survey(rng)
        if spoil is not None:
            spoil(table, rng)
        made = screens(table, rng)
        for one in made:
            bad = len(set(one.flagged) & set(BAD))
            rows.append((one.screen.name, (len(one.flagged) - bad) / (INTERVIEWERS - len(BAD)), bad / len(BAD)))
        several = pd.Series([name for one in made[:-1] for name in one.flagged], dtype=object).value_counts()
        two = set(several.index[several >= 2])
        rows.append(
            ("two screens or more", len(two - set(BAD)) / (INTERVIEWERS - len(BAD)), len(two & set(BAD)) / len(BAD))
        )
    seconds = (time.perf_counter() - start) / SURVEYS
    return pd.DataFrame(rows, columns=["screen", "honest", "three"]).groupby("screen", sort=False).mean(), seconds


def main() -> None:
    kinds = {"inventors": inventors, "copiers": copiers, "late starters": late_starters}
    honest, seconds = rates(None, 1)
    found = {name: rates(spoil, seed)[0] for seed, (name, spoil) in enumerate(kinds.items(), 2)}
    lines = [
        "# Screens of interviews",
        "",
        f"Made by `python benchmarks/screens.py --write`: {SURVEYS} made-up surveys of each kind, {N:,} interviews, {INTERVIEWERS} interviewers who differ for honest",
        "reasons, two in every sampling point; level 5 % (Benjamini & Hochberg) in each screen. Nobody was interviewed.",
        "",
        "**False alarms**: the share of interviewers that stand out in surveys where all are honest. **Found**: the share of the three who do not work as",
        "they should; in brackets the share of the 47 honest ones that stand out in the same surveys.",
        "",
        f"| screen | false alarms | {' | '.join(f'{name} found' for name in kinds)} |",
        f"|---|---:|{'---:|' * len(kinds)}",
    ]
    for name in honest.index:
        cells = [f"{made.loc[name, 'three']:.0%} ({made.loc[name, 'honest']:.2%})" for made in found.values()]
        alarm = (
            honest.loc[name, "honest"]
            + (honest.loc[name, "three"] - honest.loc[name, "honest"]) * len(BAD) / INTERVIEWERS
        )
        lines.append(f"| {name.replace('_', ' ')} | {alarm:.2%} | {' | '.join(cells)} |")
    print("\n".join([*lines, f"\n{seconds:.1f} s for all screens of a survey"]))
    if "--write" in sys.argv:
        Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
