"""A design as code of R and Stata, and replicate weights that can be published. The R code is run in parity/export.R."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import DesignError


def sample(waves: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    rows = [
        {"year": 2020 + wave, "h": h, "psu": 10 * h + p, "ssu": s, "N": 9, "N2": 5, "p": 0.3}
        | {"w": 3 + rng.random(), "y": rng.normal(), "sex": "fm"[s % 2], "case": 100 * h + 10 * p + s}
        for wave in range(waves)
        for h in range(3)
        for p in range(2)
        for s in range(4)
    ]
    return pd.DataFrame(rows)


STRATA: dict[str, Any] = {"weight": "w", "strata": "h", "psu": "psu"}
TWO = STRATA | {"psu": ("psu", "ssu"), "fpc": ("N", "N2")}


def last_line(design: sk.Design, to: str = "stata", **more: Any) -> str:
    return sk.export_design(design, to, **more).splitlines()[-1]


# ----------------------------------------------------------------------------------------------------------------- Stata
@pytest.mark.parametrize(
    ("declared", "wanted"),
    [
        ({"weight": "w"}, "svyset _n [pweight = w], singleunit(missing)"),
        (STRATA | {"fpc": "N"}, "svyset psu [pweight = w], strata(h) fpc(N) singleunit(missing)"),
        (STRATA | {"lonely_psu": "certainty"}, "svyset psu [pweight = w], strata(h) singleunit(certainty)"),
        (STRATA | {"lonely_psu": "adjust"}, "svyset psu [pweight = w], strata(h) singleunit(centered)"),
        (STRATA | {"lonely_psu": "average"}, "svyset psu [pweight = w], strata(h) singleunit(scaled)"),
        (TWO, "svyset psu [pweight = w], strata(h) fpc(N) || ssu, fpc(N2) singleunit(missing)"),
        (
            TWO | {"psu": ("psu", None), "fpc": ("N", None)},
            "svyset psu [pweight = w], strata(h) fpc(N) || _n, singleunit(missing)",
        ),
        (TWO | {"fpc": None}, "svyset psu [pweight = w], strata(h) singleunit(missing)"),
    ],
)
def test_stages_of_stata(declared: dict[str, Any], wanted: str) -> None:
    assert last_line(sk.Design(sample(), **declared)) == wanted


def test_waves_of_stata_are_crossed_with_the_strata() -> None:
    code = sk.export_design(sk.Design(sample(2), **STRATA, wave="year"), "stata")
    assert "egen sk_stratum = group(year h)" in code
    assert "strata(sk_stratum)" in code
    panel = sk.export_design(sk.Design(sample(2), **STRATA, wave="year", overlap="psu"), "stata")
    assert "strata(h)" in panel
    assert "changes have their covariance" in panel


def test_units_that_rotate_are_told_to_be_lost() -> None:
    frame = sample(2)
    frame = frame[(frame["year"] == 2020) | (frame["psu"] != 11) | (frame["ssu"] > 9)]
    frame = pd.concat([frame, frame[(frame["year"] == 2021) & (frame["psu"] == 10)].assign(psu=19)])
    code = sk.export_design(sk.Design(frame, **STRATA, wave="year", overlap="psu"), "r")
    assert "leaves out the covariance" in code
    assert "interaction(" in code


def test_a_post_stratification_for_stata() -> None:
    design = sk.post_stratify(sk.Design(sample(), **STRATA), "sex", {"f": 40.0, "m": 45.0})
    code = sk.export_design(design, "stata")
    assert 'replace sk_total = 40.0 if sex == "f"' in code
    assert 'replace sk_cell = 2 if sex == "m"' in code
    assert "poststrata(sk_cell) postweight(sk_total)" in code


REPLICATES: dict[str, tuple[dict[str, Any], str]] = {
    "BRR": ({}, "svyset [pweight = rw0], brrweight(rw1-rw4) vce(brr) dof(3)"),
    "Fay": ({"rho": 0.5}, "svyset [pweight = rw0], brrweight(rw1-rw4) fay(0.5) vce(brr) dof(3)"),
    "SDR": ({"order_by": "psu"}, "svyset [pweight = rw0], sdrweight(rw1-rw8) vce(sdr) mse dof(3)"),
    "JKn": ({}, "svyset [pweight = rw0], jkrweight(rw1-rw6, multiplier(0.5)) vce(jackknife) dof(3)"),
    "bootstrap": (
        {"rng": 1, "replicates": 5},
        "svyset [pweight = rw0], jkrweight(rw1-rw5, multiplier(0.25)) vce(jackknife) dof(3)",
    ),
}


@pytest.mark.parametrize("method", REPLICATES)
def test_replicates_of_stata(method: str) -> None:
    more, wanted = REPLICATES[method]
    assert last_line(sk.make_replicates(sk.Design(sample(), **STRATA), method, **more)) == wanted


def test_replicates_of_a_file_keep_their_names() -> None:
    frame = sample()
    for name in ("fa", "fb", "fc"):
        frame[name] = 1.0
    columns = sk.Replicates.given(["fa", "fb", "fc"], method="JKn", rscales=[0.5, 0.5, 0.75], combined=False, df=2)
    design = sk.Design(frame, weight="w", replicates=columns)
    stata = sk.export_design(design, "stata")
    assert "replace fb = fb * w" in stata
    assert "svyset [pweight = w], jkrweight(fa fb fc, multiplier(0.5 0.5 0.75)) vce(jackknife) dof(2)" in stata
    code = sk.export_design(design, "r")
    assert 'repweights = data[, c("fa", "fb", "fc")]' in code
    assert "combined.weights = FALSE" in code
    assert 'type = "JKn",\n  scale = 1,\n  rscales = c(0.5, 0.5, 0.75)' in code
    assert code.endswith("design$degf <- 2\n")


# -------------------------------------------------------------------------------------------------------------------- R
def test_names_that_r_would_not_read_are_quoted() -> None:
    frame = sample().rename(columns={"w": "my weight", "h": "if", "psu": "упм", "N": "N`1"})
    code = sk.export_design(
        sk.Design(frame, weight="my weight", strata="if", psu="упм", fpc="N`1"), "r", data='a"b.csv', name="d"
    )
    assert "strata = ~`if`, fpc = ~`N\\`1`, weights = ~`my weight`" in code
    assert 'read.csv("a\\"b.csv", check.names = FALSE)' in code
    assert "d <- svydesign(ids = ~`упм`" in code


def test_helper_columns_of_r_leave_the_files_own_alone() -> None:
    frame = sample(2).assign(sk_stratum=1)
    code = sk.export_design(sk.Design(frame, **STRATA, wave="year"), "r")
    assert 'data[["sk_stratum_"]] <- interaction(data[["year"]], data[["h"]], drop = TRUE)' in code
    assert "strata = ~sk_stratum_" in code


def test_conventions_that_differ_are_remarks() -> None:
    assert "before 4.2 R centres totals at zero" in sk.export_design(
        sk.Design(sample(), **STRATA, lonely_psu="adjust"), "r"
    )
    raked = sk.rake(sk.Design(sample(), **STRATA), {"sex": {"f": 40.0, "m": 45.0}})
    assert "residuals='R'" in sk.export_design(raked, "r")
    twice = sk.post_stratify(sk.calibrate(sk.Design(sample(), **STRATA), {"N": 900.0}), "sex", {"f": 40.0, "m": 45.0})
    assert "chains of calibrations" in sk.export_design(twice, "r")


# -------------------------------------------------------------------------------------------------------------- refused
REFUSED: dict[str, tuple[Any, str, str]] = {
    "unknown package": (lambda d: d, "sas", "'sas' is not a package to export to.*known: r, stata"),
    "unequal probabilities": (
        lambda _: sk.Design(sample(), weight="w", psu="psu", pps=sk.Pps(probability="p")),
        "r",
        "unequal probabilities",
    ),
    "standardised": (lambda d: sk.standardize(d, "sex", {"f": 0.5, "m": 0.5}), "r", "cannot be written.*'standardize'"),
    "shares": (lambda d: sk.post_stratify(d, "sex", {"f": 0.5, "m": 0.5}), "r", "cannot be written.*shares"),
    "raked for Stata": (
        lambda d: sk.rake(d, {"sex": {"f": 40.0, "m": 45.0}}),
        "stata",
        "Only one post-stratification.*step 1: rake.*public_replicate_weights",
    ),
    "name for Stata": (
        lambda _: sk.Design(sample().rename(columns={"psu": "town id"}), weight="w", psu="town id"),
        "stata",
        "cannot be a name in Stata.*'town id'",
    ),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_what_is_refused(fault: str) -> None:
    make, to, message = REFUSED[fault]
    with pytest.raises(DesignError, match=f"(?s){message}"):
        sk.export_design(make(sk.Design(sample(), **STRATA)), to)


# --------------------------------------------------------------------------------------------------- published weights
def test_published_weights_are_the_replicates_in_single_precision() -> None:
    design = sk.make_replicates(sk.Design(sample(), **STRATA), "bootstrap", rng=1, replicates=7)
    public = sk.public_replicate_weights(design, prefix="b")
    assert list(public.frame) == [f"b{r}" for r in range(8)]
    assert (public.frame.dtypes == np.float32).all()
    wanted = np.stack([design.layout.weight, *design.replicate_weights()], axis=1)
    np.testing.assert_allclose(public.frame.to_numpy(), wanted, rtol=1e-7)
    assert any("disclosure review" in note for note in public.notes)


def test_published_weights_carry_the_calibration() -> None:
    design = sk.make_replicates(sk.Design(sample(), **STRATA), "JKn")
    raked = sk.rake(design, {"sex": {"f": 40.0, "m": 45.0}})
    public = sk.public_replicate_weights(raked).frame
    sums = public.groupby(sample()["sex"]).sum().to_numpy()
    np.testing.assert_allclose(sums, np.repeat([[40.0], [45.0]], 7, axis=1), rtol=1e-6)
    assert "weights = ~rw0" in sk.export_design(raked, "r")


def test_published_weights_in_parts_and_in_the_frames_library() -> None:
    import polars as pl

    design = sk.make_replicates(sk.Design(pl.from_pandas(sample()), **STRATA), "JKn")
    part = sk.public_replicate_weights(design, replicates=range(3, 5)).frame
    assert isinstance(part, pl.DataFrame)
    assert part.columns == ["rw0", "rw3", "rw4"]
    assert part.schema["rw3"] == pl.Float32
    for wrong in (range(7, 8), range(0)):
        with pytest.raises(DesignError, match=r"(?s)no such replicates.*1 to 6"):
            sk.public_replicate_weights(design, replicates=wrong)
    with pytest.raises(DesignError, match="no replicate weights"):
        sk.public_replicate_weights(sk.Design(sample(), **STRATA))


def test_reading_published_weights_back_gives_the_same_standard_errors() -> None:
    frame = sample()
    design = sk.make_replicates(sk.Design(frame, **STRATA), "JKn")
    again = pd.concat([frame, sk.public_replicate_weights(design).frame], axis=1)
    columns = sk.Replicates.given("rw[0-9]*", method="JKn", rscales=design.replicates.coefficients)
    ours = sk.mean(sk.Design(again, weight="rw0", replicates=columns), "y").table
    theirs = sk.mean(design, "y").table
    assert ours["se"][0] == pytest.approx(theirs["se"][0], rel=1e-6)
