"""Waves: each a design of its own, joined only by the declared overlap; and rows in which an item was not asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk


def waves(seed: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    parts = []
    for wave, kept in (("2019", range(1, 6)), ("2020", range(1, 6)), ("2021", range(3, 9))):
        for h in (1, 2, 3):
            for p in kept:
                m = int(rng.integers(3, 8))
                effect = np.sin(10 * h + p)
                parts.append(
                    pd.DataFrame(
                        {
                            "wave": wave,
                            "h": h,
                            "psu": 100 * h + p,
                            "w": rng.uniform(1, 3, m),
                            "y": effect + rng.normal(size=m),
                            "sex": rng.integers(1, 3, m),
                        }
                    )
                )
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def frame() -> pd.DataFrame:
    return waves()


DECLARED: dict[str, Any] = {"weight": "w", "strata": "h", "psu": "psu"}
NUMBERS = ["estimate", "se", "ci_low", "ci_high", "df", "n", "weight_sum"]


def test_a_wave_is_the_design_of_its_rows_alone(frame: pd.DataFrame) -> None:
    for overlap in ("none", "psu"):
        by = sk.mean(sk.Design(frame, **DECLARED, wave="wave", overlap=overlap), "y", by=("wave", "sex")).table
        for wave, part in frame.groupby("wave"):
            alone = sk.mean(sk.Design(part, **DECLARED), "y", by="sex").table
            ours = by[by["wave"] == wave].reset_index(drop=True)
            np.testing.assert_allclose(ours[NUMBERS].to_numpy(float), alone[NUMBERS].to_numpy(float), rtol=1e-12)


def test_independent_waves_have_no_covariance(frame: pd.DataFrame) -> None:
    est = sk.mean(sk.Design(frame, **DECLARED, wave="wave"), "y", by="wave")
    v = est.vcov()
    np.testing.assert_array_equal(v, np.diag(np.diag(v)))
    change = est.change("wave").table
    np.testing.assert_allclose(change["se"] ** 2, np.diag(v)[1:] + np.diag(v)[:-1], rtol=1e-12)
    assert change["df"].tolist() == [12 + 12, 12 + 15]
    assert change[["from", "wave"]].to_numpy().tolist() == [["2019", "2020"], ["2020", "2021"]]


def test_common_units_count_once_for_the_degrees_of_freedom(frame: pd.DataFrame) -> None:
    est = sk.mean(sk.Design(frame, **DECLARED, wave="wave", overlap="psu"), "y", by="wave")
    assert est.change("wave").table["df"].tolist() == [15 - 3, 24 - 3]
    assert est.change("wave", to="first").table["df"].tolist() == [15 - 3, 24 - 3]


def test_stacking_zero_rows_would_be_wrong(frame: pd.DataFrame) -> None:
    """Half of the units rotate: only the common ones covary, and a unit of one wave is no row of the other."""
    d = sk.Design(frame, **DECLARED, wave="wave", overlap="psu")
    est = sk.mean(d, "y", by="wave")
    cov, parts = 0.0, {}
    for wave, f in frame.groupby("wave"):
        z = f["w"] * (f["y"] - np.average(f["y"], weights=f["w"])) / f["w"].sum()
        parts[wave] = z.groupby([f["h"], f["psu"]]).sum()
    for h in (1, 2, 3):
        both = pd.concat([parts["2020"][h], parts["2021"][h]], axis=1, join="inner").to_numpy()
        both = both - both.mean(axis=0)
        cov += len(both) / (len(both) - 1) * float(both[:, 0] @ both[:, 1])
    np.testing.assert_allclose(est.vcov()[1, 2], cov, rtol=1e-10)
    assert abs(cov) > 0


def test_full_overlap_equals_one_design_with_the_wave_as_domain(frame: pd.DataFrame) -> None:
    two = frame[frame["wave"] < "2021"]
    shared = sk.mean(sk.Design(two, **DECLARED, wave="wave", overlap="psu"), "y", by="wave")
    stacked = sk.mean(sk.Design(two, **DECLARED), "y", by="wave")
    np.testing.assert_allclose(shared.vcov(), stacked.vcov(), rtol=1e-12)
    np.testing.assert_allclose(shared.change("wave").table["se"], stacked.change("wave").table["se"], rtol=1e-12)


def test_panels_are_told_by_their_cases() -> None:
    """The same people twice: the change is the mean of the differences, with their variance."""
    rng = np.random.default_rng(8)
    n = 60
    first, second = rng.normal(size=n), rng.normal(size=n)
    second += first
    frame = pd.DataFrame(
        {"case": list(range(n)) * 2, "wave": np.repeat([1, 2], n), "y": np.r_[first, second], "w": 1.0}
    )
    change = sk.mean(sk.Design(frame, weight="w", wave="wave", overlap="unit", case="case"), "y", by="wave").change(
        "wave"
    )
    row = change.table.iloc[0]
    np.testing.assert_allclose(row["estimate"], (second - first).mean(), rtol=1e-12)
    np.testing.assert_allclose(row["se"], (second - first).std(ddof=1) / np.sqrt(n), rtol=1e-12)
    assert row["df"] == n - 1


@pytest.mark.parametrize("overlap", ["none", "psu"])
def test_a_change_is_a_linear_map(frame: pd.DataFrame, overlap: str) -> None:
    est = sk.mean(sk.Design(frame, **DECLARED, wave="wave", overlap=overlap), "y", by="wave")
    matrix = np.array([[-1.0, 1, 0], [0, -1, 1]])
    change, linear = est.change("wave"), est.linear(matrix)
    np.testing.assert_allclose(change.vcov(), matrix @ est.vcov() @ matrix.T, rtol=1e-10)
    np.testing.assert_allclose(
        change.table[["estimate", "se", "df"]].to_numpy(float), linear.table[["estimate", "se", "df"]].to_numpy(float)
    )
    back = est.difference({"wave": "2021"}, {"wave": "2020"}).table.iloc[0]
    np.testing.assert_allclose(
        back[["estimate", "se", "df"]].to_numpy(float), change.table.iloc[1][["estimate", "se", "df"]].to_numpy(float)
    )


# ---------------------------------------------------------------------------------------------------- asked or not asked
@dataclass(frozen=True)
class Answers:
    frame: pd.DataFrame
    rows: dict[str, np.ndarray]

    def asked(self, name: str) -> np.ndarray | None:
        return self.rows.get(name)


def test_not_being_asked_takes_units_out_and_not_answering_does_not(frame: pd.DataFrame) -> None:
    asked = ((frame["wave"] != "2020") & ~((frame["wave"] == "2021") & (frame["psu"] % 100 <= 4))).to_numpy()
    silent = np.random.default_rng(4).random(len(frame)) < 0.5
    silent |= (frame["wave"] == "2019").to_numpy() & (frame["psu"] == 101).to_numpy()  # nobody of this PSU answered
    blank = frame.assign(y=frame["y"].mask(silent | ~asked))
    d = sk.Design(Answers(blank, {"y": asked}), **DECLARED, wave="wave")
    table = sk.mean(d, "y", by="wave", missing="exclude").table.set_index("wave")
    assert table["status"].tolist() == ["ok", "not_asked", "ok"]
    assert table["df"].tolist()[0] == 12
    assert table["df"].tolist()[2] == 4 * 3 - 3
    assert table.loc["2020", ["estimate", "se", "ci_low", "ci_high", "df", "cv"]].isna().all()
    assert table["n"].tolist() == [
        int(((frame["wave"] == w) & asked & ~silent).sum()) for w in ("2019", "2020", "2021")
    ]


def test_an_answer_is_only_needed_where_the_item_was_asked(frame: pd.DataFrame) -> None:
    asked = (frame["wave"] != "2020").to_numpy()
    blank = frame.assign(y=frame["y"].where(asked))
    d = sk.Design(Answers(blank, {"y": asked}), **DECLARED, wave="wave")
    assert sk.mean(d, "y", by="wave").table["status"].tolist() == ["ok", "not_asked", "ok"]
    with pytest.raises(sk.SurveyKitError, match="missing values"):
        sk.mean(sk.Design(blank, **DECLARED, wave="wave"), "y", by="wave")


def test_change_passes_over_waves_without_the_item(frame: pd.DataFrame) -> None:
    asked = (frame["wave"] != "2020").to_numpy()
    d = sk.Design(Answers(frame.assign(y=frame["y"].where(asked)), {"y": asked}), **DECLARED, wave="wave")
    change = sk.mean(d, "y", by="wave").change("wave").table
    assert change[["from", "wave"]].to_numpy().tolist() == [["2019", "2021"]]


def test_a_value_where_the_item_was_not_asked_does_not_count(frame: pd.DataFrame) -> None:
    """A file may hold zeros where a question was skipped: what the study declares about asking decides."""
    asked = (frame["wave"] != "2020").to_numpy()
    filled = frame.assign(y=frame["y"].where(asked, 0.0))
    blank = frame.assign(y=frame["y"].where(asked))
    both = (
        sk.mean(sk.Design(Answers(f, {"y": asked}), **DECLARED, wave="wave"), "y", by="wave") for f in (filled, blank)
    )
    first, second = (est.table for est in both)
    pd.testing.assert_frame_equal(first, second)
    pooled = sk.mean(sk.Design(Answers(filled, {"y": asked}), **DECLARED, wave="wave"), "y").table.iloc[0]
    assert pooled["n"] == asked.sum()


def test_a_covariance_from_too_few_common_units_gives_no_standard_error() -> None:
    """Three common units of six may tell a covariance above both variances: no number, not an error of zero."""
    a = np.array([0.0, 0.1, -0.1, 2.0, -2.0, 0.3, 0.1, 0.0, -0.1])
    waves = [pd.DataFrame({"t": t, "psu": np.arange(6) + 3 * t, "y": a[3 * t : 3 * t + 6]}) for t in (0, 1)]
    design = sk.Design(pd.concat(waves).assign(w=1.0), weight="w", psu="psu", wave="t", overlap="psu")
    est = sk.mean(design, "y", by="t")
    v = est.vcov()
    assert v[0, 0] + v[1, 1] - 2 * v[0, 1] < 0
    row = est.change("t").table.iloc[0]
    assert row["status"] == "no_df"
    assert np.isnan([row["se"], row["ci_low"], row["ci_high"]]).all()
