"""The R code this toolkit writes for a design, run by R: the same numbers.

``python tests/parity/test_export.py`` writes the made-up data and ``export.R``, which is nothing but the exported code of
every case followed by the same few estimates; ``Rscript export.R`` in this folder writes ``export_rows.csv``.

Tolerance 1e-9 relative for designs, 1e-6 for replicate weights, which are published in single precision.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

HERE = Path(__file__).parent
RELATIVE = 1e-9
SINGLE = 1e-6


def people() -> pd.DataFrame:
    """Two waves in four strata, the same PSUs in both; names and values as awkward as those of real files."""
    rng = np.random.default_rng(20240927)
    rows = []
    for h, units in enumerate((3, 2, 4, 3)):
        for p in range(units):
            effect = rng.normal(size=2)
            for wave in (2023, 2024):
                for s in range(int(rng.integers(2, 4))):
                    rows += [
                        {"year": wave, "oblast'": "ABCD"[h], "town id": p + 1, "place": 10 * h + p, "ssu": s}
                        | {"half": s % 2, "N 1": 2 * units + h, "N2": 9}
                        | {"wt": round(rng.uniform(2, 9), 3), "sex": "fm"[int(rng.integers(2))]}
                        | {"age": int(rng.integers(18, 80)), "urban": bool(rng.integers(2))}
                        | {"y": round(10 + h + float(effect.sum()) + rng.normal(), 3)}
                        for _ in range(int(rng.integers(2, 5)))
                    ]
    frame = pd.DataFrame(rows)
    factors = np.where(rng.random((len(frame), 8)) < 0.5, 0.5, 1.5)
    return pd.concat([frame, pd.DataFrame(factors, columns=[f"фактор {r}" for r in range(1, 9)])], axis=1)


PEOPLE = people()
ONE = PEOPLE[PEOPLE["year"] == 2024].reset_index(drop=True)
LONELY = ONE[(ONE["oblast'"] != "B") | (ONE["town id"] == 1)].reset_index(drop=True)
STRATA: dict[str, Any] = {"weight": "wt", "strata": "oblast'", "psu": "town id", "nest": True}
FINITE = STRATA | {"fpc": "N 1"}
TWO = STRATA | {"psu": ("town id", "ssu"), "fpc": ("N 1", "N2")}
SEXES = {"f": 300.0, "m": 280.0}
HOMES = {True: 310.0, False: 270.0}
CELLS = {("f", True): 160.0, ("f", False): 140.0, ("m", True): 150.0, ("m", False): 130.0}
BY_YEAR = {2023: {"f": 250.0, "m": 240.0}, 2024: SEXES}


def design(**declared: Any) -> sk.Design:
    return sk.Design(ONE, **declared)


def lonely(rule: Any) -> sk.Design:
    return sk.Design(LONELY, **FINITE, lonely_psu=rule)


def waves(**more: Any) -> sk.Design:
    return sk.Design(PEOPLE, **FINITE, wave="year", **more)


def given() -> sk.Design:
    columns = sk.Replicates.given("фактор *", method="Fay", rho=0.5, combined=False, df=8)
    return design(weight="wt", replicates=columns)


def drawn(method: str, declared: dict[str, Any] = STRATA, **more: Any) -> sk.Design:
    return sk.make_replicates(design(**declared), method, **more)


FULL: dict[str, Any] = {
    "rows": lambda: design(weight="wt"),
    "strata": lambda: design(**STRATA),
    "fpc": lambda: design(**FINITE),
    "two_stages": lambda: design(**TWO),
    "two_stages_one_fpc": lambda: design(**TWO | {"fpc": ("N 1", None)}),
    "strata_below": lambda: design(
        **TWO | {"strata": ("oblast'", "half"), "fpc": ("N 1", "N2"), "lonely_psu": "certainty"}
    ),
    "rows_in_towns": lambda: design(**TWO | {"psu": ("town id", None), "fpc": ("N 1", None)}),
    "post_stratified": lambda: sk.post_stratify(design(**FINITE), ("sex", "urban"), CELLS),
    "raked": lambda: sk.rake(design(**FINITE), {"sex": SEXES, "urban": HOMES}, residuals="R"),
    "calibrated": lambda: sk.calibrate(design(**FINITE), {"sex": SEXES, "urban": HOMES, "age": 28000.0}),
    "bounded": lambda: sk.calibrate(
        design(**STRATA), {"sex": SEXES, "urban": HOMES}, distance="logit", bounds=(0.3, 3.5), residuals="R"
    ),
    "given": given,
    "waves": waves,
    "panel": lambda: waves(overlap="psu"),
    "waves_post_stratified": lambda: sk.post_stratify(waves(), "sex", BY_YEAR),
    "certainty": lambda: lonely("certainty"),
    "average": lambda: lonely("average"),
}
PUBLISHED: dict[str, Any] = {
    "JKn": lambda: drawn("JKn", FINITE),
    "Fay": lambda: drawn("Fay", rho=0.4, halves=True, rng=1),
    "SDR": lambda: drawn("SDR", order_by="place"),
    "bootstrap": lambda: drawn("bootstrap", replicates=20, rng=1, mse=True),
    "Preston_raked": lambda: sk.rake(drawn("Preston", TWO, replicates=20, rng=1), {"sex": SEXES, "urban": HOMES}),
}
CASES = FULL | PUBLISHED
FILES = {
    "waves": "export_2023_2024",
    "panel": "export_2023_2024",
    "waves_post_stratified": "export_2023_2024",
} | dict.fromkeys(("certainty", "average"), "export_2024_lonely")
ROWS = HERE / "export_rows.csv"

HEAD = """\
# Code exported by survey_kit for every case of test_export.py, each followed by the same estimates. Made by
#   python tests/parity/test_export.py; cd tests/parity; Rscript export.R
options(digits = 17, warn = 1)
rows <- list()
take <- function(case, design) {
  number <- function(v) trimws(formatC(as.vector(v), digits = 17, format = "g"))
  put <- function(statistic, domain, est) rows[[length(rows) + 1]] <<- data.frame(case = case, statistic = statistic,
    domain = domain, estimate = number(coef(est)), se = number(sqrt(diag(as.matrix(vcov(est))))), df = degf(design))
  put("mean", "", svymean(~y, design))
  put("total", "", svytotal(~y, design))
  put("mean", "f", svymean(~y, subset(design, sex == "f")))
  if (length(unique(design$variables$year)) > 1) {
    years <- update(design, y1 = y * (year == 2023), n1 = 1 * (year == 2023), y2 = y * (year == 2024), n2 = 1 * (year == 2024))
    put("change", "", svycontrast(svytotal(~y1 + n1 + y2 + n2, years), quote(y2 / n2 - y1 / n1)))
  }
}
"""
TAIL = """
out <- "export_rows.csv"
cat(sprintf("# R %s, survey %s\\n", getRversion(), packageVersion("survey")), file = out)
suppressWarnings(write.table(do.call(rbind, rows), out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
"""


def script() -> str:
    """Put the exported code of all cases under each other."""
    parts = []
    for case, make in CASES.items():
        file = FILES.get(case, "export_2024") + ".csv"
        code = sk.export_design(make(), "r", data=file, prefix=f"{case}_")
        parts.append(f'\n# {"-" * 80} {case}\n{code}take("{case}", design)\n')
    return HEAD + "".join(parts) + TAIL


def write() -> None:
    """Write the data, with the published replicates beside them, and the script."""
    public = [sk.public_replicate_weights(make(), prefix=f"{case}_").frame for case, make in PUBLISHED.items()]
    pd.concat([ONE, *public], axis=1).to_csv(HERE / "export_2024.csv", index=False)
    PEOPLE[[name for name in PEOPLE if not name.startswith("фактор")]].to_csv(
        HERE / "export_2023_2024.csv", index=False
    )
    LONELY[[name for name in LONELY if not name.startswith("фактор")]].to_csv(
        HERE / "export_2024_lonely.csv", index=False
    )
    (HERE / "export.R").write_text(script(), encoding="utf-8")


# ---------------------------------------------------------------------------------------------------------------- tests
def test_the_script_that_was_run_is_what_is_exported_now() -> None:
    """Figures of an older exporter would prove nothing about this one; remarks may be reworded."""

    def code(text: str) -> list[str]:
        return [line for line in text.splitlines() if not line.startswith("#")]

    assert code((HERE / "export.R").read_text(encoding="utf-8")) == code(script())


@pytest.mark.parametrize("case", CASES)
def test_r_gives_the_same_numbers(case: str) -> None:
    """Catches a stage, a correction, a lonely rule, a target or a coefficient lost on the way to R."""
    rows = pd.read_csv(ROWS, comment="#", dtype={"domain": str}).fillna({"domain": ""})
    rows = rows[rows["case"] == case].set_index(["statistic", "domain"])
    made = CASES[case]()
    ours = {
        ("mean", ""): sk.mean(made, "y"),
        ("total", ""): sk.total(made, "y"),
        ("mean", "f"): sk.mean(made, "y", by="sex"),
    }
    if made.wave is not None:
        ours["change", ""] = sk.mean(made, "y", by="year").change("year")
    relative = SINGLE if case in PUBLISHED else RELATIVE
    for key, theirs in rows.iterrows():
        table = ours[key].table  # the first row: everybody, or women
        for column in ("estimate", "se"):
            np.testing.assert_allclose(table[column][0], theirs[column], rtol=relative, err_msg=f"{key} {column}")
    assert set(rows.index) == set(ours)
    if made.replicates is not None:
        assert rows["df"].iloc[0] == (made.df if made.replicates.df is None else made.replicates.df)


if __name__ == "__main__":
    write()
