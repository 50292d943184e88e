"""Designs nobody thought of: one to six strata of two to eight units, with and without fpc, domains that may be empty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

import survey_kit as sk
from survey_kit.design import accumulate, count


@dataclass(frozen=True)
class Sample:
    frame: pd.DataFrame
    declared: dict[str, Any]
    fraction: dict[int, float]

    @property
    def design(self) -> sk.Design:
        return sk.Design(self.frame, **self.declared)


@st.composite
def samples(draw: st.DrawFn, smallest: int = 2, largest: int = 8) -> Sample:
    n_h = draw(st.lists(st.integers(smallest, largest), min_size=1, max_size=6))
    finite = draw(st.booleans())
    nest = draw(st.booleans())
    domains = draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = rng.integers(1, 9, sum(n_h))
    stratum = np.repeat(np.repeat(np.arange(len(n_h)), n_h), sizes)
    unit = np.repeat(np.concatenate([np.arange(n) for n in n_h]) if nest else np.arange(sum(n_h)), sizes)
    n = len(unit)
    more = [int(x) for x in rng.integers(0, 20, len(n_h))]
    counts = dict(enumerate(np.array(n_h) + more))
    effect = np.repeat(rng.normal(size=sum(n_h)), sizes)
    frame = pd.DataFrame(
        {
            "h": stratum,
            "unit": unit,
            "N": [counts[h] for h in stratum],
            "w": np.exp(rng.normal(size=n)),
            "y": np.round(5 + 2 * effect + rng.normal(size=n), 2),
            "x": np.round(rng.uniform(0.5, 4, n), 2),
            "b": (rng.random(n) < rng.choice([0.02, 0.3, 0.95])).astype(float),
            "q": rng.integers(1, 4, n),
            # a declared category nobody belongs to, and domains that may hold one unit or none
            "dom": pd.Categorical(rng.choice(list("abcd")[:domains], n), categories=list("abcd")),
        }
    )
    declared: dict[str, Any] = {"weight": "w", "strata": "h", "psu": "unit", "nest": nest}
    fraction = {h: n_h[h] / counts[h] if finite else 0.0 for h in counts}
    return Sample(frame, declared | ({"fpc": "N"} if finite else {}), fraction)


def nearly_psd(v: np.ndarray) -> bool:
    values = np.linalg.eigvalsh(v)
    return bool(values.min() >= -1e-12 * max(values.max(), 1e-300))


@given(samples())
def test_covariances_are_symmetric_and_positive(sample: Sample) -> None:
    for est in (
        sk.mean(sample.design, ("y", "b"), by="dom"),
        sk.total(sample.design, ("y", "b"), by="dom"),
        sk.proportion(sample.design, "q", by="dom"),
        sk.ratio(sample.design, "y", "x", by="dom"),
    ):
        v = est.vcov()
        np.testing.assert_array_equal(v, v.T)
        assert nearly_psd(v)
        known = est.table["estimate"].notna()
        np.testing.assert_allclose(np.sqrt(np.diag(v))[known], est.table["se"][known], rtol=1e-12, atol=1e-300)
        assert (est.table.loc[~known, "n"] == 0).all()


@given(samples())
def test_empty_domains_are_rows_without_numbers(sample: Sample) -> None:
    table = sk.mean(sample.design, "y", by="dom").table
    assert table["dom"].tolist() == list("abcd")
    counts = sample.frame["dom"].value_counts().reindex(list("abcd"))
    assert table["n"].tolist() == counts.tolist()
    empty = table[table["n"] == 0]
    assert (empty["status"] == "empty").all()
    assert empty[["estimate", "se", "ci_low", "ci_high", "df", "cv"]].isna().all().all()
    full = table[table["n"] > 0]
    means = sample.frame.groupby("dom", observed=True).apply(lambda g: np.average(g["y"], weights=g["w"]))
    np.testing.assert_allclose(full["estimate"], means, rtol=1e-12)
    units = sample.frame.groupby("dom", observed=True).apply(
        lambda g: len(g[["h", "unit"]].drop_duplicates()) - g["h"].nunique()
    )
    assert full["df"].tolist() == units.tolist()
    assert (full.loc[full["df"] == 0, "status"] == "no_df").all()
    assert full.loc[full["df"] == 0, ["ci_low", "ci_high"]].isna().all().all()


def jackknife(sample: Sample, call: Any) -> np.ndarray:
    """Delete one unit, raise the others of its stratum; squared distances from the full estimate."""
    frame, declared = sample.frame, sample.declared | {"lonely_psu": "certainty"}
    declared.pop("fpc", None)
    theta = call(sample.design)
    v = np.zeros((len(theta), len(theta)))
    for h, part in frame.groupby("h"):
        units = part["unit"].unique()
        for unit in units:
            scale = np.where(frame["h"] == h, len(units) / (len(units) - 1), 1.0)
            kept = ~((frame["h"] == h) & (frame["unit"] == unit))
            theta_r = call(sk.Design(frame.assign(w=frame["w"] * scale)[kept], **declared))
            v += (1 - sample.fraction[h]) * (len(units) - 1) / len(units) * np.outer(theta_r - theta, theta_r - theta)
    return v


@given(samples(largest=4))
def test_taylor_is_the_jackknife_for_totals(sample: Sample) -> None:
    est = sk.total(sample.design, ("y", "b"), by="dom")
    v = jackknife(sample, lambda d: np.nan_to_num(sk.total(d, ("y", "b"), by="dom").table["estimate"].to_numpy(float)))
    np.testing.assert_allclose(est.vcov(), v, rtol=1e-8, atol=1e-9 * max(np.diag(v).max(), 1e-300))


def test_taylor_is_near_the_jackknife_for_means_and_ratios_of_larger_samples() -> None:
    """First-order equal: with 60 units the two differ by a few per cent."""
    rng = np.random.default_rng(12)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        unit = np.repeat(np.arange(60), rng.integers(8, 14, 60))
        n = len(unit)
        effect = rng.normal(size=60)[unit]
        frame = pd.DataFrame({"h": unit // 12, "unit": unit, "w": rng.uniform(1, 3, n), "x": rng.uniform(1, 3, n)})
        frame["y"] = effect + rng.normal(size=n)
        sample = Sample(frame, {"weight": "w", "strata": "h", "psu": "unit"}, dict.fromkeys(range(5), 0.0))
        for call in (lambda d: sk.mean(d, "y"), lambda d: sk.ratio(d, "y", "x")):
            se = call(sample.design).table["se"].to_numpy()
            v = jackknife(sample, lambda d, call=call: call(d).table["estimate"].to_numpy(float))
            np.testing.assert_allclose(np.sqrt(np.diag(v)), se, rtol=0.05)


@given(samples(), st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_intervals_lie_where_they_can(sample: Sample, level: float) -> None:
    for kind in ("logit", "beta"):
        table = sk.proportion(sample.design, ("q", "b"), by="dom", interval=kind, level=level).table
        told = table["ci_low"].notna()
        assert told.equals(table["ci_high"].notna())
        inside = table[told]
        assert ((inside["ci_low"] >= 0) & (inside["ci_high"] <= 1)).all()
        assert (inside["ci_low"] <= inside["estimate"] + 1e-12).all()
        assert (inside["estimate"] <= inside["ci_high"] + 1e-12).all()
        answerable = (table["n"] > 1) & (table["df"] > 0)
        if kind == "beta":  # tells something even where everybody or nobody does
            assert told[answerable].all()
        else:
            assert told.equals(answerable & (table["se"] > 0) & (table["estimate"] > 0) & (table["estimate"] < 1))


@given(samples(), st.integers(0, 2**32 - 1))
def test_linear_maps_chain(sample: Sample, seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = sample.frame.assign(dom=sample.frame["dom"].astype(str))
    est = sk.mean(sk.Design(frame, **sample.declared), ("y", "b"), by="dom")
    k = len(est.table)
    first, second = rng.normal(size=(3, k)), rng.normal(size=(2, 3))
    once, twice = est.linear(second @ first), est.linear(first).linear(second)
    v = second @ first @ est.vcov() @ (second @ first).T
    np.testing.assert_allclose(once.vcov(), v, rtol=1e-8, atol=1e-10 * max(np.diag(v).max(), 1e-300))
    np.testing.assert_allclose(twice.vcov(), v, rtol=1e-8, atol=1e-10 * max(np.diag(v).max(), 1e-300))
    np.testing.assert_allclose(once.table["estimate"], (second @ first) @ est.table["estimate"], rtol=1e-9, atol=1e-9)


@st.composite
def two_waves(draw: st.DrawFn) -> tuple[pd.DataFrame, str, bool]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rotate = draw(st.booleans())
    parts = []
    for wave in (1, 2):
        for h in range(draw(st.integers(1, 4)) if wave == 1 else parts[-1]["h"].max() + 1):
            if wave == 1:
                units = np.arange(int(rng.integers(3, 8)))
            else:
                units = np.unique(parts[0].loc[parts[0]["h"] == h, "unit"]) % 100
                units = units + (len(units) // 2 if rotate else 0)
            if wave == 1:
                parts.append(_wave_rows(rng, wave, h, units))
                continue
            parts.append(_wave_rows(rng, wave, h, units))
        parts = [pd.concat(parts, ignore_index=True)]
    return parts[0], draw(st.sampled_from(["none", "psu"])), rotate


def _wave_rows(rng: np.random.Generator, wave: int, h: int, units: np.ndarray) -> pd.DataFrame:
    unit = np.repeat(units, rng.integers(1, 5, len(units)))
    n = len(unit)
    return pd.DataFrame(
        {
            "wave": wave,
            "h": h,
            "unit": 100 * h + unit,
            "w": rng.uniform(0.5, 2, n),
            "y": np.sin(unit) + rng.normal(size=n),
        }
    )


@given(two_waves())
def test_changes_are_linear_maps_of_the_joint_covariance(drawn: tuple[pd.DataFrame, str, bool]) -> None:
    frame, overlap, rotated = drawn
    design = sk.Design(frame, weight="w", strata="h", psu="unit", wave="wave", overlap=overlap)
    est = sk.mean(design, "y", by="wave")
    v = est.vcov()
    change = est.change("wave").table.iloc[0]
    expected = v[0, 0] + v[1, 1] - 2 * v[0, 1]
    if expected < -1e-9 * v.trace():  # too few common units: no number
        assert np.isnan(change["se"])
    else:
        np.testing.assert_allclose(change["se"], np.sqrt(max(expected, 0.0)), rtol=1e-6, atol=1e-6 * np.sqrt(v.trace()))
    if overlap == "none":
        assert v[0, 1] == 0
    elif not rotated:  # every unit in common: one Gram matrix
        assert nearly_psd(v)


@given(samples(), st.integers(0, 2**32 - 1))
def test_unit_tables_of_parts_merge(sample: Sample, seed: int) -> None:
    design = sample.design
    rng = np.random.default_rng(seed)
    n = design.n
    domain = rng.integers(0, 3, n)
    u = np.stack([sample.frame["y"].to_numpy(), np.ones(n)])
    pick = rng.random(n) < 0.5
    whole, *parts = (
        accumulate(design.layout, count(design.layout, rows, domain[rows], 3), u[:, rows], squares=True)
        for rows in (np.arange(n), np.flatnonzero(pick), np.flatnonzero(~pick))
    )
    merged = parts[0].merge(parts[1])
    np.testing.assert_array_equal(merged.n, whole.n)
    for a, b in ((merged.w, whole.w), (merged.squares, whole.squares), *zip(merged.totals, whole.totals, strict=True)):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
