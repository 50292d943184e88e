"""Means of 13 items by year and domain with standard errors and changes: survey_kit and R survey on the same file.

The data are made up in the shape of a long-running survey (70,000 interviews, 33 years, about 100 strata with two units a
year). Both sides start from columns in memory; reading and declaring the design are timed apart.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import survey_kit as sk

ITEMS = [f"item{i:02d}" for i in range(13)]
DOMAINS = {"sex": 2, "race": 3, "degree": 5, "region": 9, "age_group": 5, "party": 3}

R_SCRIPT = """
suppressMessages(library(survey)); options(survey.lonely.psu = "adjust")
args <- commandArgs(TRUE)
d <- read.csv(args[1])
items <- grep("^item", names(d), value = TRUE)
now <- function() proc.time()[["elapsed"]]
t0 <- now()
design <- svydesign(id = ~psu, strata = ~interaction(year, stratum), weights = ~w, data = d, nest = TRUE)
t1 <- now()
f <- as.formula(paste("~", paste(items, collapse = "+")))
for (key in strsplit(args[2], ",")[[1]]) {
  by <- if (key == "all") ~year else as.formula(paste("~year+", key))
  r <- svyby(f, by, design, svymean)
}
t2 <- now()
cat(t1 - t0, t2 - t1, format(SE(svyby(~item00, ~year, design, svymean))[1], digits = 16), "\\n")
"""


def make_data(seed: int = 1) -> pd.DataFrame:
    """Make interviews clustered in two units of each of 100 strata a year."""
    rng = np.random.default_rng(seed)
    years, strata, units, people = 33, 100, 2, 11
    n = years * strata * units * people
    index = np.arange(n)
    year = index // (strata * units * people)
    cluster = index // people
    effect = rng.normal(0, 0.3, cluster.max() + 1)[cluster]
    data = {
        "year": 1972 + year,
        "stratum": cluster // units % strata,
        "psu": cluster % units,
        "w": rng.uniform(0.4, 2.5, n),
    }
    for name, levels in DOMAINS.items():
        data[name] = rng.integers(1, levels + 1, n)
    for item in ITEMS:
        data[item] = (rng.normal(size=n) + effect > rng.uniform(-0.5, 1)).astype(float)
    return pd.DataFrame(data)


def ours(frame: pd.DataFrame, keys: list[str]) -> tuple[float, float, float]:
    """Time the design, and the estimates with all changes to the previous and to the first year."""
    start = time.perf_counter()
    design = sk.Design(frame, weight="w", strata="stratum", psu="psu", nest=True, lonely_psu="adjust", wave="year")
    made = time.perf_counter()
    for key in keys:
        means = sk.mean(design, ITEMS, by="year" if key == "all" else ("year", key), deff="srswr")
        means.change("year")
        means.change("year", to="first")
    done = time.perf_counter()
    first = sk.mean(design, ITEMS[0], by="year").table["se"].iloc[0]
    return made - start, done - made, float(first)


def theirs(frame: pd.DataFrame, keys: list[str]) -> tuple[float, float, float]:
    """Time R survey on the same rows."""
    with tempfile.TemporaryDirectory() as folder:
        data, script = Path(folder) / "data.csv", Path(folder) / "run.R"
        frame.to_csv(data, index=False)
        script.write_text(R_SCRIPT)
        out = subprocess.run(
            ["Rscript", str(script), str(data), ",".join(keys)], check=True, capture_output=True, text=True
        ).stdout
    design, estimates, se = (float(part) for part in out.split())
    return design, estimates, se


def main() -> None:
    """Print both sides and their ratio."""
    frame = make_data()
    ours(frame, ["all"])  # first use loads libraries
    everything = ["all", *DOMAINS]
    design, estimates, _ = ours(frame, everything)
    rows = 33 * 13 * (1 + sum(DOMAINS.values()))
    print(f"survey_kit: {len(frame):,} interviews, {rows:,} estimates and all their changes")
    print(f"  design {design:.3f} s, estimates and changes {estimates:.3f} s")
    if shutil.which("Rscript") is None:
        print("R is not installed: no comparison.")
        return
    some = ["all", "sex"]
    _, mine, se_mine = ours(frame, some)
    r_design, r_estimates, se_theirs = theirs(frame, some)
    print("same estimates by year and by year x sex:")
    print(f"  survey_kit {mine:.3f} s (with changes)   R survey {r_estimates:.1f} s (without)")
    print(f"  ratio {r_estimates / mine:,.0f}; design {r_design:.2f} s in R, ratio {r_design / design:,.0f}")
    print(f"  relative difference of a standard error: {abs(se_mine / se_theirs - 1):.1e}")


if __name__ == "__main__":
    main()
