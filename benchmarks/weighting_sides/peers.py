"""One task of weighting.py in another package, asked for relative errors of 1e-7 where it takes a tolerance."""

from __future__ import annotations

import json
import os
import resource
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

warnings.simplefilter("ignore")
TOLERANCE = 1e-7
RUNS = 3

Columns = dict[str, np.ndarray]
Margins = dict[str, dict[int, float]]


def svy_side(data: Columns, margins: Margins) -> Callable[[], np.ndarray]:
    import polars as pl
    import svy

    frame = pl.DataFrame({name: data[name] for name in ("w", *margins)})

    def call() -> np.ndarray:
        sample = svy.Sample(frame, svy.Design(wgt="w"))
        made = sample.weighting.rake(controls=margins, tol=TOLERANCE)
        return np.asarray(made.data["rk_wgt"].to_numpy())

    return call


def samplics_side(data: Columns, margins: Margins) -> Callable[[], np.ndarray]:
    import pandas as pd
    from samplics.weighting import SampleWeight

    frame = pd.DataFrame({name: data[name] for name in ("w", *margins)})
    return lambda: np.asarray(
        SampleWeight().rake(
            samp_weight=frame["w"],
            margins={name: frame[name] for name in margins},
            control=margins,
            tol=TOLERANCE,
            ctrl_tol=TOLERANCE,
        )
    )


def ipfn_side(data: Columns, margins: Margins) -> Callable[[], np.ndarray]:
    """As its manual has it: a data frame of the cells that occur, whose factors are merged back to the rows."""
    import pandas as pd
    from ipfn import ipfn

    names = list(margins)
    frame = pd.DataFrame({name: data[name] for name in ("w", *names)})
    aggregates = [pd.Series(totals, name="w").rename_axis(name) for name, totals in margins.items()]

    def call() -> np.ndarray:
        cells = frame.groupby(names, as_index=False)["w"].sum()
        fitted = ipfn.ipfn(
            cells.copy(), aggregates, [[name] for name in names], weight_col="w", convergence_rate=TOLERANCE
        ).iteration()
        factors = cells[names].assign(factor=fitted["w"].to_numpy() / cells["w"].to_numpy())
        return np.asarray(
            frame["w"].to_numpy() * frame[names].merge(factors, on=names, how="left")["factor"].to_numpy()
        )

    return call


def ipfn_by_hand_side(data: Columns, margins: Margins) -> Callable[[], np.ndarray]:
    """Its fit of a full cross-table that is made, and read back, by hand in NumPy from codes 0, 1, ... that nothing checks."""
    from ipfn import ipfn

    sizes = tuple(len(totals) for totals in margins.values())

    def call() -> np.ndarray:
        cell = np.ravel_multi_index([data[name] for name in margins], sizes)
        table = np.bincount(cell, weights=data["w"], minlength=int(np.prod(sizes)))
        fitted = ipfn.ipfn(
            table.reshape(sizes).copy(),
            [np.array(list(totals.values())) for totals in margins.values()],
            [[i] for i in range(len(sizes))],
            convergence_rate=TOLERANCE,
        ).iteration()
        factor = np.divide(fitted.ravel(), table, out=np.zeros_like(table), where=table > 0)
        return np.asarray(data["w"] * factor[cell])

    return call


def weightipy_side(data: Columns, margins: Margins) -> Callable[[], np.ndarray]:
    import pandas as pd
    import weightipy

    frame = pd.DataFrame({name: data[name] for name in margins})
    shares = {name: {k: 100 * t / sum(totals.values()) for k, t in totals.items()} for name, totals in margins.items()}

    def call() -> np.ndarray:  # it starts from equal weights: another solution of the same margins
        scheme = weightipy.scheme_from_dict(shares)
        made = weightipy.weight_dataframe(frame.copy(deep=False), scheme, weight_column="weight")["weight"].to_numpy()
        return np.asarray(made * (sum(margins["m0"].values()) / made.sum()))

    return call


def balance_side(data: Columns, margins: Margins) -> Callable[[], np.ndarray]:
    import logging

    import pandas as pd
    from balance.weighting_methods.rake import rake

    logging.disable(logging.CRITICAL)
    frame = pd.DataFrame({name: data[name].astype(str) for name in margins})
    weight = pd.Series(data["w"])
    total = sum(margins["m0"].values())
    shares = {name: {str(k): t / total for k, t in totals.items()} for name, totals in margins.items()}

    def call() -> np.ndarray:
        made = rake(
            frame, weight, None, None, variables=list(margins), transformations=None, target_margins=shares,
            target_margins_max_length=100_000, convergence_rate=TOLERANCE,
        )["weight"].to_numpy()  # fmt: skip
        return np.asarray(made * (total / made.sum()))

    return call


SIDES = {
    "svy": svy_side,
    "samplics": samplics_side,
    "ipfn": ipfn_side,
    "ipfn by hand": ipfn_by_hand_side,
    "weightipy": weightipy_side,
    "balance": balance_side,
}


def main() -> None:
    """Run the package named by TASK some times."""
    folder = Path(os.environ["FOLDER"])
    margins = {
        name: dict(enumerate(totals)) for name, totals in json.loads((folder / "margins.json").read_text()).items()
    }
    data = {"w": np.fromfile(folder / "w.bin")} | {
        name: np.fromfile(folder / f"{name}.bin").astype(np.int64) for name in margins
    }
    call = SIDES[os.environ["TASK"]](data, margins)
    times = []
    weight = np.zeros(0)
    for _ in range(RUNS):
        start = time.perf_counter()
        weight = call()
        times.append(time.perf_counter() - start)
    sums = {name: np.bincount(data[name], weights=weight) for name in margins}
    error = max(float(np.abs(sums[name] / list(totals.values()) - 1).max()) for name, totals in margins.items())
    print(
        json.dumps(
            {
                "first": times[0],
                "best": min(times),
                "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "error": error,
                "squares": float((weight**2).sum()),
            }
        )
    )


main()
