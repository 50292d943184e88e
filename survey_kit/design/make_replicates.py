"""Replicates made from the strata and units of a design."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import numpy as np

from survey_kit import checks
from survey_kit.design.calibrate_collapse import told
from survey_kit.design.declared import check_design
from survey_kit.design.design import Design
from survey_kit.design.make_replicates_methods import METHODS, Made, Maker, Plan, no_generator
from survey_kit.design.make_replicates_panel import panel_of
from survey_kit.design.replicates import Replicates
from survey_kit.errors import DesignError
from survey_kit.types import IntArray


def make_replicates(
    design: Design,
    method: str,
    *,
    replicates: int | None = None,
    rho: float = 0.0,
    fpc: bool = True,
    rng: np.random.Generator | int | None = None,
    order_by: str | None = None,
    halves: bool = False,
    mse: bool | None = None,
    df: float | None = None,
) -> Design:
    """Give the same design with replicate factors of its units; every standard error then comes from them.

    Parameters
    ----------
    design
        Strata, units, finite populations and rule for lonely units.
    method
        ``"JK1"`` (one stratum) and ``"JKn"``: leave one first-stage unit out at a time. ``"BRR"`` and ``"Fay"``: balanced
        half samples of strata with two units. ``"bootstrap"``: rescaling bootstrap of Rao, Wu & Yue. ``"Preston"``: his
        multistage bootstrap, which alone counts the stages below the first for themselves. ``"SDR"``: successive
        differences of ordered units.
    replicates
        How many: 1,000 for the bootstraps unless told; for BRR, Fay and SDR the order of a Hadamard matrix, the smallest
        that balances unless told (SDR: at most about 1,000). The jackknife makes one for every unit.
    rho
        Fay's coefficient, above 0 and below 1, usually 0.3 to 0.5.
    fpc
        Reduce the variance by the finite populations the design declares.
    rng
        Generator or seed of what is drawn at random; needed by the bootstraps and by `halves`.
    order_by
        Column by which the units of each stratum were ordered when they were drawn systematically; needed by SDR.
    halves
        For BRR and Fay, divide the units of each stratum at random into two groups; strata of any size are then possible,
        odd ones with Fay's rho of 0.3 or more.
    mse
        Centre at the estimate of the full sample instead of the mean of the replicates. None: True for SDR only, as its
        source has it; False otherwise, as R survey does.
    df
        Degrees of freedom, when they are not to be units minus strata.

    Returns
    -------
    Design
        The same but for `replicates`. A calibrated design calibrates every replicate anew.

    Raises
    ------
    DesignError
        If the design does not fit the method, or something a method needs is not given.

    Notes
    -----
    Waves are replicated by the strata of each. Where `overlap` says that waves share units, a unit has the same draw in
    all its waves, so that the covariance of a change comes out; where units rotate only JKn and the bootstrap can do so.
    Lonely units follow the design's rule: a unit left out against the mean of its wave under ``"adjust"``, raised
    coefficients under ``"average"`` (both jackknife only), no contribution under ``"certainty"``.

    Sources: Rust & Rao (1996) for JK1, JKn and Fay; Fay & Train (1995); Rao, Wu & Yue (1992); Preston (2009). Matches R
    ``as.svrepdesign`` with types JK1, JKn (also with fpc), BRR, Fay, subbootstrap (which knows no fpc) and mrbbootstrap.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [2.0, 2, 3, 3], "h": [1, 1, 2, 2], "town": [1, 2, 3, 4], "y": [1, 0, 1, 1]})
    >>> design = sk.Design(frame, weight="w", strata="h", psu="town")
    >>> jackknife = make_replicates(design, "JKn")
    >>> jackknife.replicates.factors.tolist()
    [[0.0, 2.0, 1.0, 1.0], [2.0, 0.0, 1.0, 1.0], [1.0, 1.0, 0.0, 2.0], [1.0, 1.0, 2.0, 0.0]]
    >>> bool(sk.total(jackknife, "y").table["se"][0].round(9) == sk.total(design, "y").table["se"][0].round(9))
    True
    """
    check_design(design)
    rho = checks.number(rho, "rho", "Give Fay's coefficient, between 0 and 1.", DesignError)
    maker = METHODS[checks.choice(method, "method of making replicates", tuple(METHODS), DesignError)]
    options = {
        "replicates": replicates is not None,
        "rho": rho != 0,
        "rng": rng is not None,
        "order_by": order_by is not None,
        "halves": bool(halves),
    }
    _check_options(method, maker, options)
    if design.replicates is not None and design.replicates.weights is not None:
        raise DesignError(
            "The design has the replicate weights of its producer.",
            found=f"{design.replicates.size} of method '{design.replicates.method}'",
            fix="Leave them out of the Design if others are to be made from strata and units.",
        )
    if design.pps is not None:
        raise DesignError(
            "Replicates are not made for units drawn with unequal probabilities without replacement.",
            fix="Leave pps out to take them as drawn with replacement, or keep the linearised variance.",
        )
    layout = design.layout
    plan = Plan(
        layout=layout,
        panel=panel_of(layout),
        f=tuple(stage.f_h if fpc else np.zeros(len(stage.n_h)) for stage in layout.stages),
        lonely_psu=design.lonely_psu,
        replicates=replicates,
        rho=float(rho),
        rng=_generator(rng),
        order=None if order_by is None else _order(design, *checks.names(order_by, "order_by", least=1)[:1]),
        mse=maker.mse if mse is None else mse,
        halves=halves,
        method=method,
    )
    _check_lonely(plan, maker)
    made = _finished(maker.make(plan), plan, maker, df)
    if order_by is not None:
        made = replace(made, notes=(f"units ordered by '{order_by}' within strata", *made.notes))
    lost = [note for step in design.calibration for note in told(step, made, layout)]
    made = replace(made, notes=(*made.notes, *lost))
    out = copy(design)
    object.__setattr__(out, "replicates", made)
    if any(step.rule is not None for step in design.calibration):  # nothing to linearise, and nothing that needs it
        object.__setattr__(out, "layout", replace(layout, sweep=None))
    return out


# ------------------------------------------------------------------------------------------------------------- the parts
def _finished(made: Made, plan: Plan, maker: Maker, df: float | None) -> Replicates:
    notes = list(made.notes)
    used = bool((plan.f[0] > 0).any())
    if used:
        notes.append("finite population correction by counts")
    if len(plan.layout.stages) > 1 and not maker.stages:
        lost = " and shrinks with the correction of the first; 'Preston' counts it in full" if used else ""
        notes.append(f"what varies below the first stage is seen through its units{lost}")
    lonely = int(np.asarray(plan.layout.stages[0].lonely).sum())
    if lonely:
        strata = "1 stratum" if lonely == 1 else f"{lonely} strata"
        notes.append(f"{strata} with one unit, rule '{plan.lonely_psu}'")
    return Replicates(
        factors=made.factors,
        stage=made.stage,
        method=plan.method,
        scale=made.scale,
        rscales=np.ones(0) if made.rscales is None else made.rscales,
        mse=plan.mse,
        df=df,
        rho=plan.rho,
        notes=tuple(notes),
    )


def _order(design: Design, order_by: str) -> IntArray:
    """Give each first-stage unit the place of its value in `order_by`."""
    codes = design.groups(order_by, "order_by").codes
    unit = design.layout.stages[0].unit_of_row
    if (codes < 0).any():
        raise DesignError(
            "The order of units is missing in some rows.",
            where=f"column '{order_by}', first in row {int(np.flatnonzero(codes < 0)[0]) + 1}",
            fix="Give every unit its place.",
        )
    out = np.zeros(design.layout.stages[0].size, dtype=np.int64)
    out[unit] = codes
    wrong = np.flatnonzero(out[unit] != codes)
    if len(wrong):
        raise DesignError(
            "The order differs within a unit.",
            where=f"column '{order_by}', row {int(wrong[0]) + 1}",
            fix="Give all rows of a unit one place.",
        )
    return out


# ---------------------------------------------------------------------------------------------------------------- checks
def _generator(rng: np.random.Generator | int | None) -> np.random.Generator | None:
    if rng is None or isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, bool) or not isinstance(rng, int | np.integer) or rng < 0:
        raise DesignError(
            "rng is a generator or a seed.", found=repr(rng), fix="Say rng=7, or numpy.random.default_rng(7)."
        )
    return np.random.default_rng(int(rng))


def _check_options(method: str, maker: Maker, options: dict[str, bool]) -> None:
    for name, given in options.items():
        if given and name not in maker.takes:
            raise DesignError(f"Method '{method}' takes no '{name}'.", fix=f"Leave '{name}' out.")
        if not given and name in maker.needs:
            if name == "rng":
                raise no_generator()
            raise DesignError(f"Method '{method}' needs '{name}'.", fix=f"Give '{name}'; see make_replicates.")


def _check_lonely(plan: Plan, maker: Maker) -> None:
    stages = plan.layout.stages if maker.stages else plan.layout.stages[:1]
    lonely = sum(int(np.asarray(stage.lonely).sum()) for stage in stages)
    if lonely and not maker.lonely and plan.lonely_psu != "certainty":
        raise DesignError(
            f"Method '{plan.method}' has no replicate that shows the rule '{plan.lonely_psu}' for lonely units.",
            found=f"{lonely} strata with one unit",
            fix="Say 'JKn', declare lonely_psu='certainty', or join strata.",
        )
