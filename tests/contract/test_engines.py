"""Tables in DuckDB and Spark give the numbers of rows in memory, and the engines' traps do not catch us.

Would catch: NaN summed as a number, two columns taken for one because they differ by case, a null domain taken for a level,
rows lost because an engine has no order, and a statistic that silently takes half a table into memory.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import DesignError, EstimationError, FrameError

ibis = pytest.importorskip("ibis", reason="ibis is not installed")

RTOL = 1e-10  # engines add in another order
NUMBERS = ["estimate", "se", "ci_low", "ci_high", "df", "cv", "deff", "n", "weight_sum"]


def people(seed: int = 8, n: int = 900) -> pd.DataFrame:
    """Waves that share units, two stages, answers with NaN and null, a domain that is missing for some, a constant one."""
    rng = np.random.default_rng(seed)
    psu = rng.integers(0, 24, n)
    frame = pd.DataFrame(
        {"wave": rng.choice(["2019", "2021"], n), "stratum": psu // 8, "psu": psu, "ssu": rng.integers(0, 4, n)}
    )
    frame["w"] = rng.uniform(0.3, 4.0, n)
    frame["N1"] = frame["stratum"].map({0: 40, 1: 9, 2: 80})
    frame["N2"] = 30
    frame["y"] = np.where(rng.random(n) < 0.1, np.nan, np.round(1e4 + 5 * rng.normal(size=n), 1))
    frame["x"] = np.round(rng.uniform(1, 9, n), 1)
    frame["q"] = rng.integers(1, 4, n)
    frame["word"] = rng.choice(["no", "yes", "Yes"], n)
    frame["dom"] = pd.Series(rng.choice(["a", "b", "c"], n)).mask(rng.random(n) < 0.05)
    frame["number"] = pd.Series(rng.integers(1, 4, n)).astype(float).mask(rng.random(n) < 0.05)
    frame["flag"] = rng.random(n) < 0.6
    frame["same"] = np.where(frame["dom"] == "a", 0.1, np.round(rng.random(n), 1))
    frame.loc[frame["dom"].isna(), "same"] = 0.3
    return frame


DECLARED: dict[str, dict[str, Any]] = {
    "clusters": {"strata": "stratum", "psu": "psu"},
    "fpc": {"strata": "stratum", "psu": "psu", "fpc": "N1"},
    "two stages": {"strata": ("stratum", None), "psu": ("psu", "ssu"), "fpc": ("N1", "N2")},
    "waves": {"strata": "stratum", "psu": "psu", "wave": "wave"},
    "overlap": {"strata": "stratum", "psu": "psu", "wave": "wave", "overlap": "psu"},
}
CALLS: dict[str, Callable[..., sk.Estimates]] = {
    "mean": lambda d, **k: sk.mean(d, ("y", "x"), missing="exclude", deff="srswr", **k),
    "total": lambda d, **k: sk.total(d, ("y", "q"), missing="exclude", deff="srswor", **k),
    "ratio": lambda d, **k: sk.ratio(d, "y", "x", missing="exclude", **k),
    "proportion": lambda d, **k: sk.proportion(d, ("q", "word"), **k),
    "equal answers": lambda d, **k: sk.mean(d, "same", **k),
    "variance": lambda d, **k: sk.variance(d, "y", missing="exclude", **k),
    "correlation": lambda d, **k: sk.correlation(d, ("y", "x"), missing="exclude", **k),
}
ASKED: dict[str, dict[str, Any]] = {
    "all": {},
    "by": {"by": "dom"},
    "two keys": {"by": ("dom", "number"), "where": "flag"},
}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return people()


@pytest.fixture(scope="module")
def table(frame: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("parquet")
    for i, part in enumerate(np.array_split(np.arange(len(frame)), 3)):
        frame.iloc[part].to_parquet(folder / f"part{i}.parquet")
    return sk.open_table(folder / "*.parquet", memory="200MB", threads=2)


def same(remote: sk.Estimates, local: sk.Estimates) -> None:
    keys = [name for name in local.table.columns if name not in NUMBERS]
    pd.testing.assert_frame_equal(remote.table[keys], local.table[keys])
    for name in NUMBERS:
        ours, theirs = (est.table[name].to_numpy(float) for est in (remote, local))
        np.testing.assert_allclose(ours, theirs, rtol=RTOL, atol=1e-12, err_msg=name)
    size = np.sqrt(np.abs(np.outer(np.diag(local.vcov()), np.diag(local.vcov()))))
    assert (np.abs(remote.vcov() - local.vcov()) <= 1e-9 * size + 1e-15).all()


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED.keys())
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize("declared", DECLARED.values(), ids=DECLARED.keys())
def test_duckdb_gives_the_numbers_of_memory(
    frame: pd.DataFrame, table: Any, declared: dict[str, Any], call: Callable[..., sk.Estimates], asked: dict[str, Any]
) -> None:
    by = asked.get("by", ())
    keys = (by,) if isinstance(by, str) else by
    asked = asked | {"by": ("wave", *keys) if "wave" in declared else by or None}
    local, remote = (sk.Design(rows, weight="w", **declared) for rows in (frame, table))
    assert (remote.n, remote.df) == (local.n, local.df)
    pd.testing.assert_frame_equal(pd.DataFrame(remote.describe()), pd.DataFrame(local.describe()))
    ours, theirs = call(remote, **asked), call(local, **asked)
    same(ours, theirs)
    assert ours.notes == theirs.notes
    if "wave" in declared:
        same(ours.change("wave"), theirs.change("wave"))


def test_replicates_of_units_need_no_rows(frame: pd.DataFrame, table: Any) -> None:
    made = [
        sk.make_replicates(sk.Design(rows, weight="w", strata="stratum", psu="psu"), "JKn") for rows in (frame, table)
    ]
    local, remote = (sk.mean(d, ("x", "q"), by="dom") for d in made)
    same(remote, local)


def test_null_and_nan_are_both_missing(tmp_path: Path) -> None:
    """DuckDB takes NaN for a number greater than all others."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    values = pa.table({"w": [1.0, 2.0, 1.0, 3.0], "psu": [1, 1, 2, 2], "y": pa.array([5.0, np.nan, None, 7.0])})
    pq.write_table(values, tmp_path / "holes.parquet")
    table = sk.open_table(tmp_path / "holes.parquet")
    row = sk.mean(sk.Design(table, weight="w", psu="psu"), "y", missing="exclude").table.iloc[0]
    assert (row["estimate"], row["n"]) == (6.5, 2)
    with pytest.raises(EstimationError, match="2 of 4 rows"):
        sk.mean(sk.Design(table, weight="w", psu="psu"), "y")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of memtable, in Ibis
def test_names_that_differ_by_case_are_refused() -> None:
    """DuckDB reads w and W as one column: the share of a group then comes out as 1 in every row."""
    table = ibis.memtable(pd.DataFrame({"w": [1.0, 2.0], "W": [1.0, 1.0], "psu": [1, 2]}))
    with pytest.raises(FrameError, match="same name but for case"):
        sk.Design(table, weight="w", psu="psu")
    with pytest.raises(FrameError, match="kept for the queries"):
        sk.Design(ibis.memtable(pd.DataFrame({"w": [1.0], "__x_w": [1.0], "psu": [1]})), weight="w", psu="psu")


def test_the_sql_writer_is_one_that_ibis_was_tested_with() -> None:
    """With sqlglot 30 and Ibis 12 tables made from frames end in a parser error of DuckDB's; every extra with Ibis says so."""
    extras = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    using = [extra for extra in extras.values() if any(part.startswith("ibis-framework") for part in extra)]
    assert using
    assert all("sqlglot<30" in extra for extra in using)
    assert int(version("sqlglot").split(".")[0]) < 30


REFUSED: dict[str, Callable[[Any], Any]] = {
    "rows as units": lambda t: sk.Design(t, weight="w"),
    "cases": lambda t: sk.Design(t, weight="w", psu="psu", wave="wave", overlap="unit", case="ssu"),
    "a statistic that needs rows": lambda t: sk.quantile(sk.Design(t, weight="w", psu="psu"), "x"),
    "calibration": lambda t: sk.post_stratify(sk.Design(t, weight="w", psu="psu"), "q", {1: 3.0, 2: 4.0, 3: 5.0}),
    "an unknown column": lambda t: sk.mean(sk.Design(t, weight="w", psu="psu"), "z"),
    "words": lambda t: sk.mean(sk.Design(t, weight="w", psu="psu"), "word"),
    "a domain that is no flag": lambda t: sk.mean(sk.Design(t, weight="w", psu="psu"), "x", where="number"),
    "weights": lambda t: sk.Design(t.mutate(w=t.w - 1.0), weight="w", psu="psu"),
    "counts that differ": lambda t: sk.Design(t.mutate(N1=t.x), weight="w", psu="psu", fpc="N1"),
    "infinite values": lambda t: sk.mean(sk.Design(t.mutate(x=t.x / 0.0), weight="w", psu="psu"), "x"),
    "no file": lambda _: sk.open_table("no/such/file.parquet"),
}


@pytest.mark.parametrize("use", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_done_in_an_engine_is_said(table: Any, use: Callable[[Any], Any]) -> None:
    with pytest.raises((DesignError, EstimationError, FrameError)) as told:
        use(table)
    assert len(str(told.value).splitlines()) <= 5


# ------------------------------------------------------------------------------------------------------------- Spark
@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if shutil.which("java") is None:
        pytest.skip("java not found")
    pytest.importorskip("pyspark", reason="pyspark is not installed")
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    for name, value in {
        "spark.sql.shuffle.partitions": "2",
        "spark.driver.memory": "1g",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
        "spark.ui.showConsoleProgress": "false",
    }.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Spark's own
def test_spark_gives_the_numbers_of_memory(frame: pd.DataFrame, spark: Any, tmp_path: Path) -> None:
    frame.to_parquet(tmp_path / "people.parquet")
    table = ibis.pyspark.connect(spark).read_parquet(str(tmp_path / "people.parquet"))
    for declared in (DECLARED["overlap"], DECLARED["two stages"]):
        keys = ("wave", "dom") if "wave" in declared else "dom"
        local, remote = (sk.Design(rows, weight="w", **declared) for rows in (frame, table))
        for name in ("mean", "proportion", "ratio", "equal answers"):
            same(CALLS[name](remote, by=keys), CALLS[name](local, by=keys))


# ----------------------------------------------------------------------------------------------------------- compiled
@pytest.mark.parametrize("declared", DECLARED.values(), ids=DECLARED.keys())
def test_compiled_passes_give_the_same_numbers(frame: pd.DataFrame, declared: dict[str, Any]) -> None:
    """Centres come from a sample of the rows there: an unlucky domain must not lose digits, a constant one stays constant."""
    pytest.importorskip("numba", reason="numba is not installed")
    many = pd.concat([frame] * 40, ignore_index=True)
    many.loc[:2, "dom"] = "rare"
    plain, compiled = (sk.Design(many, weight="w", **declared, compiled=c) for c in (False, True))
    for by in (None, "dom", ("dom", "q"), *((("wave", "dom"),) if "wave" in declared else ())):
        for where in (None, "flag"):
            for call in (sk.mean, sk.total):
                ours, theirs = (call(d, ("x", "same", "q"), by=by, where=where) for d in (compiled, plain))
                same(ours, theirs)


def test_an_offset_costs_compiled_passes_no_digits(frame: pd.DataFrame) -> None:
    pytest.importorskip("numba", reason="numba is not installed")
    whole = frame.assign(x=np.round(frame["x"] * 10))
    plain, moved = (
        sk.mean(sk.Design(whole.assign(x=whole["x"] + c), weight="w", psu="psu", compiled=True), "x", by="dom").table
        for c in (0.0, 1e8)
    )
    np.testing.assert_allclose(moved["se"], plain["se"], rtol=1e-10)
