"""The law, asked of every statistic on every kind of design and engine: two ways to one number give one number.

Scalar call = vector call = ``by`` a constant = the row of `by` where a domain is named = the infinitesimal jackknife, after every
calibration step; row order, names and the size of the weights do not matter; a covariance matrix is one; results bind, map and change
their level as if computed so. Would catch: a rule that holds for means and was forgotten for tables, models or medians; a design
feature (lonely units, waves, replicates, calibration) that one road to the numbers respects and another does not.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import DesignError, EstimationError, FrameError

_spec = spec_from_file_location("law_cases", Path(__file__).with_name("law_cases.py"))
assert _spec is not None
assert _spec.loader is not None
cases = module_from_spec(_spec)
sys.modules["law_cases"] = cases
_spec.loader.exec_module(cases)

STATISTICS, DESIGNS = cases.STATISTICS, cases.DESIGNS
NUMBERS = ("estimate", "se", "ci_low", "ci_high", "df", "n")
FACTOR = 1e3
FRAME = cases.people()
PAIRS = [(s, d) for d in DESIGNS for s in STATISTICS if STATISTICS[s].needs != "wave" or DESIGNS[d].waves]
BLANKED = ["strata, clusters", "two stages", "chain", "waves sharing units", "recalibrated", "Brewer", "rows"]


def _renamed(frame: pd.DataFrame) -> pd.DataFrame:
    """Units and strata under other ids, in the same order, so that draws belong to the same units."""
    return frame.assign(psu=frame["psu"].map("unit {:03d}".format), h=frame["h"].map({1: "A", 2: "B b", 3: "é"}))


FRAMES: dict[str, pd.DataFrame] = {
    "as it is": FRAME,
    "other order": FRAME.sample(frac=1, random_state=8),
    "heavier": FRAME.assign(w=FRAME["w"] * FACTOR),
    "renamed": _renamed(FRAME),
    "twice": pd.concat([FRAME, FRAME]),
    "twice as heavy": FRAME.assign(w=FRAME["w"] * 2),
}


@cache
def made(design: str, frame: str = "as it is") -> sk.Design:
    return DESIGNS[design].make(FRAMES[frame])


@cache
def result(statistic: str, design: str, by: str | None = None, where: str | None = None) -> sk.Estimates:
    return _ask(statistic, made(design), by=by, where=where)


def _ask(statistic: str, design: sk.Design, **options: Any) -> sk.Estimates:
    asked = STATISTICS[statistic]
    return asked.call(design, **{name: value for name, value in options.items() if value is not None})


def _apart(ours: sk.Estimates, theirs: sk.Estimates, rtol: float, names: tuple[str, ...] = NUMBERS) -> str:
    """Say in which column two results differ; points and limits are compared on the scale of their standard errors."""
    a, b = ours.table, theirs.table
    if len(a) != len(b):
        return f"{len(a)} rows, not {len(b)}"
    se = b["se"].fillna(0.0).to_numpy(float)
    for name in names:
        one, two = a[name].to_numpy(float), b[name].to_numpy(float)
        if not (np.isfinite(one) == np.isfinite(two)).all():
            return f"{name} is a number in one of them only: {one} {two}"
        close = np.abs(one - two) <= rtol * (np.abs(two) + (se if name in NUMBERS[:4] else 0.0)) + 1e-13
        if not (close | ~np.isfinite(two)).all():
            return f"{name}: {one[~close]} {two[~close]}"
    return ""


def _same_covariance(ours: np.ndarray, theirs: np.ndarray, rtol: float) -> str:
    """Compare on the scale of the standard errors; what calibration settles has none but rounding."""
    se = np.sqrt(np.abs(np.diag(theirs)))
    se = np.maximum(se, max(1e-6 * se.max(), 1e-8))
    worst = (np.abs(ours - theirs) / np.outer(se, se)).max()
    return "" if worst <= rtol else f"covariances differ by {worst:.1e} of their size"


def _scaled(est: sk.Estimates, factor: float) -> sk.Estimates:
    names = ["estimate", "se", "ci_low", "ci_high"]
    table = est.table.copy()
    table[names] *= factor
    return sk.Estimates(**{f: getattr(est, f) for f in est.__dataclass_fields__} | {"table": table})


# ------------------------------------------------------------------------------------------------------------- the law
def _domains(statistic: str, design: str) -> dict[str, str]:
    asked = STATISTICS[statistic]
    if not asked.by:
        whole = result(statistic, design)
        return {"where everybody": _apart(result(statistic, design, where="all"), whole, asked.rtol)}
    by, whole = result(statistic, design, "dom"), result(statistic, design)
    part = by.table[by.table["dom"] == "b"].reset_index(drop=True)
    inside = result(statistic, design, where="in_b")
    rows = np.flatnonzero((by.table["dom"] == "b").to_numpy())
    twin = sk.Estimates(**{f: getattr(by, f) for f in by.__dataclass_fields__} | {"table": part})
    return {
        "by a constant": _apart(result(statistic, design, "one"), whole, asked.rtol),
        "where everybody": _apart(result(statistic, design, where="all"), whole, asked.rtol),
        "where is a row of by": _apart(inside, twin, asked.rtol),
        "covariance of where": _same_covariance(inside.vcov(), by.vcov(rows.tolist()), 10 * asked.rtol),
    }


def _covariance(statistic: str, design: str) -> dict[str, str]:
    est = result(statistic, design, "dom" if STATISTICS[statistic].by else None)
    v, se = est.vcov(), est.table["se"].to_numpy(float)
    known = np.isfinite(se)
    size = np.sqrt(np.abs(np.outer(np.diag(v), np.diag(v)))) + 1e-18
    out = {
        "symmetric": "" if (np.abs(v - v.T) <= 1e-9 * size).all() else f"{v - v.T}",
        "diagonal": "" if np.allclose(np.diag(v)[known], se[known] ** 2, rtol=1e-9, atol=1e-26) else f"{np.diag(v)}",
    }
    if not DESIGNS[design].quadratic and "sharing" not in design:  # neither is a sum of squares
        root = np.maximum(np.sqrt(np.diag(v)), 1e-9)  # what calibration settles has no variance but rounding
        lowest = np.linalg.eigvalsh(v / np.outer(root, root)).min()
        out["no negative variance"] = "" if lowest > -1e-8 * len(v) else f"eigenvalue {lowest}"
    return out


def _algebra(statistic: str, design: str) -> dict[str, str]:
    asked = STATISTICS[statistic]
    est = result(statistic, design, "dom" if asked.by else None)
    again = est.linear(np.eye(len(est.table)))
    out = {
        "itself": _apart(again, est, 1e-10, ("estimate", "se", "df")),
        "covariance of itself": _same_covariance(again.vcov(), est.vcov(), 1e-9),
    }
    parts = [part(made(design), by="dom") for part in asked.parts] or [est, est]
    bound = sk.bind(*parts)
    order = bound.table.assign(at=range(len(bound.table)))
    if asked.parts:  # the vector call sorts by domain first
        order = order.sort_values(["dom"], kind="stable")
        target = est
    else:
        target = est.linear(np.tile(np.eye(len(est.table)), (2, 1)))
    rows = order["at"].to_numpy()
    placed = sk.Estimates(
        **{f: getattr(bound, f) for f in bound.__dataclass_fields__} | {"table": bound.table.iloc[rows]}
    )
    out["bound"] = _apart(placed, target, asked.rtol, ("estimate", "se", "df"))
    out["covariance of bound"] = _same_covariance(bound.vcov(rows.tolist()), target.vcov(), 10 * asked.rtol)
    if asked.level:
        fresh = _ask(statistic, made(design), by="dom" if asked.by else None, level=0.8)
        names = (
            NUMBERS if asked.smooth else ("estimate", "ci_low", "ci_high")
        )  # a quantile's error is that of its limits
        out["level"] = _apart(est.confint(0.8), fresh, asked.rtol, names)
    return out


def _frames(statistic: str, design: str) -> dict[str, str]:
    asked, kind = STATISTICS[statistic], DESIGNS[design]
    by = "dom" if asked.by else None
    est = result(statistic, design, by)
    heavier = _ask(statistic, made(design, "heavier"), by=by)
    expected = _scaled(est, FACTOR) if asked.degree and not kind.fixed else est
    out = {
        "row order": _apart(_ask(statistic, made(design, "other order"), by=by), est, asked.rtol),
        "size of weights": _apart(heavier, expected, 10 * asked.rtol),
        "names": _apart(_ask(statistic, made(design, "renamed"), by=by), est, asked.rtol),
    }
    if not kind.rows and not asked.counts and "ssu" not in str(made(design).psu):
        pair = [_ask(statistic, made(design, name), by=by) for name in ("twice", "twice as heavy")]
        out["rows twice"] = _apart(*pair, 10 * asked.rtol, ("estimate", "se", "df"))
    return out


@pytest.mark.parametrize(("statistic", "design"), PAIRS)
def test_two_ways_to_one_number(statistic: str, design: str) -> None:
    asked = STATISTICS[statistic]
    est = result(statistic, design, "dom" if asked.by else None)
    assert set(est.table["status"]) <= {"ok", "tied"}
    groups = [_domains, _covariance, _algebra, _frames]
    if DESIGNS[design].again:
        turn = list(STATISTICS).index(statistic) + list(DESIGNS).index(design)
        groups = [_covariance, [_domains, _algebra, _frames][turn % 3]]
    found = {rule: what for group in groups for rule, what in group(statistic, design).items()}
    assert not (broken := {rule: what for rule, what in found.items() if what}), broken


@pytest.mark.parametrize("design", DESIGNS)
def test_domains_add_up_and_the_frame_stays(design: str) -> None:
    before = FRAME.copy(deep=True)
    for function in (sk.total, sk.count):
        name = "x" if function is sk.total else "sex"
        parts, whole = function(made(design), name, by=("dom", "age")), function(made(design), name)
        size = len(whole.table)
        summed = parts.linear(np.tile(np.eye(size), len(parts.table) // size))
        assert not _apart(summed, whole, 1e-9, ("estimate",)), function.__name__
        assert not _same_covariance(summed.vcov(), whole.vcov(), 1e-8)
    pd.testing.assert_frame_equal(FRAME, before)


@pytest.mark.parametrize("design", BLANKED)
def test_missing_answers_are_a_domain(design: str) -> None:
    """Who did not answer is outside the domain; degrees of freedom are those of everybody asked."""
    rng = np.random.default_rng(6)
    frame = FRAME.assign(answered=rng.random(len(FRAME)) < 0.85)
    domain = DESIGNS[design].make(frame)
    for name, asked in STATISTICS.items():
        if asked.needs and not DESIGNS[design].waves:
            continue
        blank = frame.assign(**{c: frame[c].where(frame["answered"]) for c in asked.blank})
        holes = DESIGNS[design].make(blank)
        ours = _ask(name, holes, missing="exclude")
        theirs = _ask(name, domain, where="answered")
        names = (
            ("estimate", "se", "n") if asked.smooth else ("estimate", "n")
        )  # limits of quantiles need the domain's df
        assert not _apart(ours, theirs, asked.rtol, names), name
        with pytest.raises(EstimationError, match="missing"):
            _ask(name, holes)


# ----------------------------------------------------------------------------------------------- infinitesimal jackknife
STEP = 1e-4
SMOOTH = [name for name in STATISTICS if STATISTICS[name].smooth]
OTHERS = ["lonely adjust", "two stages", "negative", "raked waves", "standardised", "waves sharing units"]
CHAINS = ("chain", "followed up", "propensities", "softened", "joined")
JACKKNIFED = [(name, design) for i, name in enumerate(SMOOTH) for design in (*CHAINS, *OTHERS[i % 6 :: 6])]


@cache
def _moved(design: str) -> tuple[sk.Design, tuple[tuple[sk.Design, sk.Design], ...]]:
    """Give the design and, for every first-stage unit of a wave, the designs with its weight moved up and down."""
    base = made(design)
    unit = base.layout.stages[0].unit_of_row
    pairs = []
    for p in range(base.layout.stages[0].size):
        up, down = (
            DESIGNS[design].make(FRAME.assign(w=FRAME["w"] * np.where(unit == p, 1 + s, 1.0))) for s in (STEP, -STEP)
        )
        pairs.append((up, down))
    return base, tuple(pairs)


@pytest.mark.parametrize(("statistic", "design"), JACKKNIFED)
def test_influence_is_the_derivative_of_the_whole_way(statistic: str, design: str) -> None:
    base, pairs = _moved(design)
    options = {"by": "dom"} if STATISTICS[statistic].by else {}
    est = _ask(statistic, base, **options)
    ours = np.zeros((len(pairs), len(est.table)))
    for block in est.variance.blocks:
        ours[base.layout.units(block.wave), block.rows] += block.totals[0]
    points = [[_ask(statistic, d, **options).table["estimate"].to_numpy(float) for d in pair] for pair in pairs]
    slopes = np.array([(up - down) / (2 * STEP) for up, down in points])
    scale = np.maximum(np.abs(slopes).max(axis=0), 1e-5 * np.abs(est.table["estimate"].to_numpy(float)))
    np.testing.assert_allclose(ours / scale, slopes / scale, rtol=0, atol=2e-5)


# --------------------------------------------------------------------------------------------------------------- engines
@pytest.mark.parametrize("design", [name for name in DESIGNS if not DESIGNS[name].again and name != "two phases"])
def test_compiled_passes_give_the_same(design: str) -> None:
    pytest.importorskip("numba", reason="numba is not installed")
    compiled = DESIGNS[design].make(FRAME, compiled=True)
    for name, asked in STATISTICS.items():
        if asked.needs and not DESIGNS[design].waves:
            continue
        by = "dom" if asked.by else None
        assert not _apart(_ask(name, compiled, by=by), result(name, design, by), 10 * asked.rtol), name


@pytest.mark.parametrize("design", [name for name in DESIGNS if not name.startswith("given")])  # made from rows here
def test_duckdb_gives_the_same_or_says_why_not(design: str, tmp_path: Path) -> None:
    pytest.importorskip("ibis", reason="ibis is not installed")
    FRAME.to_parquet(tmp_path / "people.parquet")
    table = sk.open_table(tmp_path / "people.parquet")
    declared = DESIGNS[design]
    if (
        declared.rows
        or declared.fixed
        or declared.quadratic
        or design in ("standardised", "followed up", "waves sharing cases", "SDR")
    ):
        with pytest.raises((DesignError, FrameError), match=r"memory|case|unit"):
            declared.make(table)
        return
    remote, computed, told = declared.make(table), [], True
    for name, asked in STATISTICS.items():
        if asked.needs and not declared.waves:
            continue
        by = "dom" if asked.by else None
        try:
            ours = _ask(name, remote, by=by)
        except (DesignError, EstimationError, FrameError) as refusal:
            told = told and "memory" in str(refusal)
            continue
        assert not _apart(ours, result(name, design, by), 10 * asked.rtol), name
        computed.append(name)
    assert {"mean", "total", "ratio", "proportion", "variance", "correlation", "map"} <= set(computed)
    assert told
