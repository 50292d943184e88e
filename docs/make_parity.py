"""Write `docs/parity.md`: what was compared with what, how many numbers, and the largest difference.

    SURVEY_KIT_DATA=folder python docs/make_parity.py

Runs `tests/parity` with SURVEY_KIT_PARITY_LOG (see its conftest.py) and reads the log. What was compared is read off the result
files, versions off their first lines, the reasons of tolerances off the tests. Differences are rounded up to one digit.
"""

from __future__ import annotations

import ast
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from survey_kit.files import write_text

ROOT = Path(__file__).resolve().parents[1]
PARITY = ROOT / "tests" / "parity"
PAGE = ROOT / "docs" / "parity.md"
NOISE = 1e-14  # what is below is the rounding of doubles, and another on every machine
TOLD = (
    "statistic",
    "measure",
    "model",
    "method",
    "test",
    "kind",
    "rule",
    "interval",
    "quantity",
    "peer",
    "what",
    "design",
    "case",
)
MOST = 45  # values of a column that are named
OURS = {  # tests that hold our numbers against our own: laws, not parity
    "test_where_r_differs_from_the_derivative",
    "test_hajek_is_brewer_when_probabilities_are_equal",
    "test_changes_between_domains_carry_the_form",
    "test_all_levels_share_one_covariance",
}

HEAD = """# What was compared with what

Made by `docs/make_parity.py`, not by hand. Every number below was computed twice: by survey_kit, and by the program named, whose
script stands in `tests/parity` with the results it wrote and the versions it ran under. The tests read the results and need no R;
`Rscript tests/parity/<topic>.R` makes them again. A difference is `|ours - theirs| / |theirs|`, rounded up to one digit (two above
0.001); "below 1e-14" is the rounding of doubles. Where a number may be zero but for rounding, and for covariances and
coefficients, the denominator is what the last column says. `n`, degrees of freedom, levels and figures compared as they are printed in a manual are
held for equality and not counted.
"""

SCOPE = """## What is not compared

**R survey 4.1 has it, survey_kit has not:** survival models and curves (`svycoxph`, `svykm`, `svylogrank`, `svysurvreg`), log-linear
models (`svyloglin`), instrumental variables (`svyivreg`), user-written likelihoods and non-linear least squares (`svymle`,
`svynls`), factor and principal component analysis (`svyfactanal`, `svyprcomp`), smoothers and densities (`svysmooth`), Cohen's
kappa (`svykappa`), plots of raw data (`svyplot`, `svyhist`, `svyboxplot`), designs kept in a DBI database (here DuckDB and Ibis
tables, see `sk.open_table`).

**Both have it, in other ways:** `withReplicates` is `est.map` on a design with replicates. `twophase(method = "approx")` and
`"simple"`: only `"full"` is offered and compared. `svypredmeans` and `marginpred`: see adjusted means above. Replicate weights that R draws at random are compared by bringing
R's own draws; those drawn here are judged by simulation (`tests/properties`).

**Not run at all:** Stata, SAS and SPSS, which were not at hand: published examples of their manuals stand in for them where there
are any, and `sk.export_design(design, "stata")` lets a reader who has Stata check. R survey later than the version named in each table; where a
later version is known to differ, the script says so. `sae` is not part of Debian: its formulas are written out in `small_areas.R`.
"""

DIFFERENT = """## Where we differ on purpose

What `HOUSE.md` decides, so far as it concerns the comparison:

{house}

And in particular:

- **Saddlepoint tests of tables.** R cuts the denominator's degrees of freedom to a whole number; here all of them are used.
- **Working likelihood-ratio tests.** The default tail is exact (Imhof's integral), R's a saddlepoint approximation, which is wrong
  by up to 15 % for one degree of freedom; `rule="saddlepoint"` gives R's.
- **Degrees of freedom of calibrated jackknives.** R takes the rank of the calibrated replicate weights; here calibration does not
  lower them.
- **Adjusted means.** R `svypredmeans` adds the variances of parameters and covariates and leaves out their covariance; here both
  are one total.
- **Two phases without a finite population.** R leaves the first phase's totals uncentred; here they are centred within strata.
- **AIC of linear models.** R 4.1 divides by the residual variance afterwards; here the formula of Lumley and Scott (2015) stands.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One module of tests and what it compares with."""

    stem: str
    source: str
    scripts: tuple[str, ...]
    rows: pd.DataFrame

    @property
    def docstring(self) -> str:
        """Say what the module says about itself."""
        return ast.get_docstring(ast.parse(self.source)) or ""


# ------------------------------------------------------------------------------------------------------------- measuring
def measured() -> pd.DataFrame:
    """Run the parity tests and give one row per comparison: file, test, numbers, largest, tolerance, absolute."""
    if not os.environ.get("SURVEY_KIT_DATA"):
        raise SystemExit("SURVEY_KIT_DATA is not set: without the microdata the page would leave out what needs them.")
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "parity.jsonl"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(PARITY)]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "SURVEY_KIT_PARITY_LOG": str(log)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(done.stdout[-3000:] + done.stderr[-1000:])
        return pd.DataFrame([json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()])


def topics(log: pd.DataFrame) -> Iterator[Topic]:
    """Give the modules of tests, those with a script of their own first."""
    scripts = {path.stem for path in PARITY.glob("*.R")}
    modules = sorted(PARITY.glob("test_*.py"), key=lambda path: (path.stem[5:] not in scripts, path.stem))
    for path in modules:
        source = path.read_text(encoding="utf-8")
        named = tuple(sorted(stem for stem in scripts if re.search(rf"\b{stem}\.(R|csv)\b", source)))
        stem = path.stem.removeprefix("test_")
        own = (stem,) if stem in scripts else named
        yield Topic(stem=stem, source=source, scripts=own, rows=log[log["file"] == path.name])


# --------------------------------------------------------------------------------------------------------------- reading
def results(stem: str) -> list[Path]:
    """Name the result files of a script, not those of a script with a longer name."""
    longer = [path.stem for path in PARITY.glob(f"{stem}_*.R")]
    found = sorted(PARITY.glob(f"{stem}.csv")) + sorted(PARITY.glob(f"{stem}_*.csv"))
    return [path for path in found if not any(path.stem.startswith(other) for other in longer)]


def versions(stem: str) -> str:
    """Read the versions of R and its packages off the results, or off the script."""
    pattern = re.compile(r"#\s*(R (?:version )?\d[\d.]*,[^:\n]*\d)")
    for path in (*results(stem), PARITY / f"{stem}.R"):
        with path.open(encoding="utf-8") as lines:
            for line, _ in zip(lines, range(4), strict=False):
                if found := pattern.match(line):
                    return found[1].replace("version ", "")
    raise SystemExit(f"tests/parity/{stem}.R and its results name no version of R.")


def compared(stem: str) -> Iterator[tuple[str, list[str]]]:
    """Give what the results say was compared: the values of their telling columns."""
    values: dict[str, dict[str, None]] = {}
    for path in results(stem):
        if path.stem.endswith("_data"):
            continue
        table = pd.read_csv(path, comment="#", dtype=str, encoding="utf-8")
        for name in TOLD:
            if name in table and pd.to_numeric(table[name], errors="coerce").isna().all():
                values.setdefault(name, {}).update(dict.fromkeys(table[name].dropna().unique()))
    for name in TOLD:
        if 0 < len(values.get(name, ())) <= MOST:
            yield name, list(values[name])


def reasons(topic: Topic) -> list[str]:
    """Give what the tests say about their tolerances: of the docstring all but the title, and constants with a comment."""
    told = [part.replace("\n", " ") for part in topic.docstring.split("\n\n")[1:]]
    told = [part for part in told if re.search(r"olerance|digits|1e-", part)]
    constants = re.findall(
        r"^(?:[A-Z_]+|    \"\w+\"): ?[\d.e-]+,  # (.*)|^([A-Z_]+) = ([\d.e-]+)  # (.*)$", topic.source, re.MULTILINE
    )
    told += [f"{value or 'One'}: {text or inner}." for inner, _, value, text in constants if value]
    told += [f"{inner}." for inner, _, value, _ in constants if not value]
    return told


# --------------------------------------------------------------------------------------------------------------- writing
def upward(value: float) -> str:
    """Round up to one digit, or to two above a thousandth."""
    if value < NOISE:
        return "below 1e-14"
    power = math.floor(math.log10(value))
    if power >= -3:
        return f"{math.ceil(round(value * 10.0 ** (1 - power), 6)) / 10.0 ** (1 - power):.2g}"
    digit = math.ceil(round(value / 10.0**power, 6))
    return f"{digit}e{power:03d}" if digit < 10 else f"1e{power + 1:03d}"


def filled(text: str, indent: str = "") -> str:
    """Break a paragraph into lines."""
    return textwrap.fill(text, 130, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def words(test: str) -> str:
    """Read a test's name."""
    return test.removeprefix("test_").replace("_", " ")


def plain(value: float) -> str:
    """Write a tolerance."""
    return f"{value:.0e}" if value < 1e-3 else f"{value:g}"


def lines_of(rows: pd.DataFrame) -> Iterator[str]:
    """Give the table of one topic: a line per test and tolerance."""
    yield "| test | numbers | largest difference | tolerance | denominator |"
    yield "|---|--:|--:|--:|---|"
    for (test, absolute, tolerance), part in rows.groupby(["test", "absolute", "tolerance"], sort=False):
        beside = "standard errors, or none" if absolute else "the number"
        count = f"{part['numbers'].sum():,}"
        yield f"| {words(test)} | {count} | {upward(part['largest'].max())} | {plain(tolerance)} | {beside} |"


def section(topic: Topic) -> Iterator[str]:
    """Write one topic."""
    title, *_ = topic.docstring.split("\n\n")
    yield f"## {topic.stem.replace('_', ' ')}"
    yield ""
    yield title.replace("\n", " ")
    yield ""
    for stem in topic.scripts:
        yield f"`tests/parity/{stem}.R`: {versions(stem)}. Tests: `tests/parity/test_{topic.stem}.py`."
        if stem == topic.stem:
            yield ""
            yield from (filled(f"- {name}: {', '.join(values)}", "  ") for name, values in compared(stem))
        yield ""
    if not topic.scripts:
        yield f"No script: the numbers are published ones. Tests: `tests/parity/test_{topic.stem}.py`."
        yield ""
    if len(topic.rows):
        yield from lines_of(topic.rows)
        yield ""
    yield from (f"{filled(reason)}\n" for reason in reasons(topic))


def summary(found: Sequence[Topic]) -> Iterator[str]:
    """Write the first table: a line per topic."""
    yield "| topic | with | numbers | largest difference, tolerance at most 1e-7 | largest where it is looser, for a reason given below |"
    yield "|---|---|--:|--:|--:|"
    for topic in found:
        oracle = "; ".join(dict.fromkeys(versions(stem) for stem in topic.scripts)) or "published figures"
        rows = topic.rows
        if len(rows):
            strict = rows["tolerance"] <= 1e-7
            parts = [rows.loc[kept, "largest"] for kept in (strict, ~strict)]
            told = [upward(part.max()) if len(part) else "" for part in parts]
        else:
            told = ["equal", ""]
        count = f"{rows['numbers'].sum():,}" if len(rows) else ""
        yield f"| {topic.stem.replace('_', ' ')} | {oracle} | {count} | {told[0]} | {told[1]} |"


def decided() -> str:
    """Copy from HOUSE.md the decisions that concern other packages."""
    text = (ROOT / "HOUSE.md").read_text(encoding="utf-8")
    part = re.split(r"^## ", text.split("## Decisions that differ from a reference", 1)[1], flags=re.MULTILINE)[0]
    bullets = re.findall(r"^- .*(?:\n  .*)*", part, flags=re.MULTILINE)
    return "\n".join(bullet for bullet in bullets if re.search(r"\bR\b|packages|Stata|SUDAAN", bullet))


def page(log: pd.DataFrame) -> str:
    """Write the page."""
    found = list(topics(log[~log["test"].isin(OURS)]))
    total = sum(int(topic.rows["numbers"].sum()) for topic in found)
    parts = [HEAD, f"{total:,} numbers in all.\n", *summary(found), ""]
    for topic in found:
        parts += section(topic)
    parts += [DIFFERENT.format(house=decided()), SCOPE]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).strip() + "\n"


if __name__ == "__main__":
    write_text(PAGE, page(measured()))
