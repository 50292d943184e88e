"""Bounds that cannot hold: the programme names what is out of reach and the bounds that would do, and these do."""

from __future__ import annotations

import re
import time

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import DesignError

ADVICE = re.compile(r"beyond (\S+) to (\S+) there is a solution")


def sample(seed: int, n: int = 400) -> tuple[sk.Design, dict[str, dict[int, float]]]:
    """Four margins of six levels whose targets are far from the sample."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({f"m{j}": rng.integers(0, 6, n) for j in range(4)}).assign(w=rng.uniform(1, 2, n))
    margins = {}
    for name in ("m0", "m1", "m2", "m3"):
        sums = frame.groupby(name)["w"].sum() * rng.uniform(0.45, 1.6, 6)
        margins[name] = (sums / sums.sum() * frame["w"].sum()).to_dict()
    return sk.Design(frame, weight="w"), margins


@pytest.mark.parametrize("distance", ["linear", "raking", "logit"])
@pytest.mark.parametrize("seed", range(4))
def test_the_bounds_advised_are_the_narrowest(seed: int, distance: str) -> None:
    """A little wider than what the error advises there is a solution, a little narrower there is none."""
    design, margins = sample(seed)
    mean = np.concatenate(
        [
            [t / design.layout.weight[design.groups(c).codes == k].sum() for k, t in m.items()]
            for c, m in margins.items()
        ]
    )
    least, most = float(mean.min()), float(mean.max())
    with pytest.raises(DesignError, match="cannot be reached together within the bounds") as caught:
        sk.calibrate(design, margins, distance=distance, bounds=(least - 0.01, most + 0.01))
    low, high = (float(part) for part in ADVICE.search(str(caught.value)).groups())
    if distance == "logit":  # which never reaches its bounds
        wider, narrower = (1 - 1.05 * (1 - low), 1 + 1.05 * (high - 1)), (1 - 0.99 * (1 - low), 1 + 0.99 * (high - 1))
    else:
        wider, narrower = (
            (1 - 1.002 * (1 - low), 1 + 1.002 * (high - 1)),
            (1 - 0.998 * (1 - low), 1 + 0.998 * (high - 1)),
        )
    made = sk.calibrate(design, margins, distance=distance, bounds=wider, maxit=1000)
    assert made.calibration[0].largest_error < 1e-9
    assert made.calibration[0].g.min() >= wider[0] - 1e-12
    with pytest.raises(DesignError):
        sk.calibrate(design, margins, distance=distance, bounds=narrower, maxit=1000)


def test_a_lower_bound_that_would_have_to_be_negative() -> None:
    """Raking has no negative factors: only the upper bound is advised to move, from zero."""
    frame = pd.DataFrame({"a": list("xxyy"), "b": list("uvuv"), "w": [1.0, 1.0, 1.0, 1.0]})
    margins = {"a": {"x": 3.2, "y": 0.8}, "b": {"u": 3.2, "v": 0.8}}
    with pytest.raises(DesignError, match="cannot be reached together") as caught:
        sk.calibrate(sk.Design(frame, weight="w"), margins, distance="raking", bounds=(0.39, 1.7))
    low, high = (float(part) for part in ADVICE.search(str(caught.value)).groups())
    assert (low, high) == pytest.approx((0.0, 2.4), abs=1e-3)  # x and u: at least 3.2 + 3.2 - 4 people of the 4


def test_no_bounds_of_this_shape() -> None:
    """Nobody is x and v: whatever the bounds, v cannot be larger than y."""
    frame = pd.DataFrame({"a": list("xxyy"), "b": list("uuuv"), "w": [1.0, 1.0, 1.0, 1.0]})
    margins = {"a": {"x": 2.4, "y": 1.6}, "b": {"u": 2.3, "v": 1.7}}
    with pytest.raises(DesignError, match="no bounds of this shape will do"):
        sk.calibrate(sk.Design(frame, weight="w"), margins, distance="raking", bounds=(0.1, 9))


def test_many_cells_take_no_time() -> None:
    """As many rows of the programme as margins have levels; one row per cell took minutes."""
    design, margins = sample(1, 20_000)
    started = time.perf_counter()
    with pytest.raises(DesignError, match="within the bounds"):
        sk.rake(design, margins, bounds=(0.75, 1.3))
    with pytest.raises(DesignError, match="within the bounds"):
        sk.rake(design, margins, bounds=(0.4, 1.62))
    assert time.perf_counter() - started < 10
