"""Drawing a sample from a frame, and drawing it again from its record."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.errors import DesignError
from survey_kit.sampling.draw import Draw, Record
from survey_kit.sampling.select_inputs import (
    Prepared,
    check_units,
    frame_digest,
    prepare,
    read_balance,
    read_permanent,
    read_sizes,
    read_strata,
    sample_sizes,
    sorting_keys,
)
from survey_kit.sampling.select_methods import (
    BERNOULLI,
    BREWER,
    CUBE,
    CUBE_PROGRAMME,
    KISH_GRID,
    MAXIMUM_ENTROPY,
    METHODS,
    PARETO,
    POISSON,
    PPS_SYSTEMATIC,
    PPS_SYSTEMATIC_RANDOM,
    SEQUENTIAL_POISSON,
    SRS,
    SRS_REPLACEMENT,
    SYSTEMATIC,
    Luck,
    Method,
)
from survey_kit.types import FloatArray, Frame, IntArray

__all__ = [
    "BERNOULLI",
    "BREWER",
    "CUBE",
    "CUBE_PROGRAMME",
    "MAXIMUM_ENTROPY",
    "METHODS",
    "PARETO",
    "POISSON",
    "PPS_SYSTEMATIC",
    "PPS_SYSTEMATIC_RANDOM",
    "SEQUENTIAL_POISSON",
    "SRS",
    "SRS_REPLACEMENT",
    "SYSTEMATIC",
    "Method",
    "repeat",
    "select",
]

OPTIONS = (
    "size",
    "strata",
    "order_by",
    "serpentine",
    "certainty",
    "balance",
    "numbers",
    "start",
    "reverse",
    "unit",
)


def select(  # noqa: PLR0913  (a draw is declared in full)
    frame: Frame,
    n: Any,
    *,
    method: Method,
    rng: int | np.random.Generator,
    size: str | None = None,
    strata: str | Sequence[str] | None = None,
    order_by: str | Sequence[str] | None = None,
    serpentine: bool = True,
    certainty: str | None = None,
    balance: str | Sequence[str] | None = None,
    numbers: str | None = None,
    start: float | str = 0.0,
    reverse: bool = False,
    unit: str | None = None,
) -> Draw:
    r"""Draw a sample.

    Probabilities are :math:`n_h / N_h`, or proportional to `size` with units too large for that taken with certainty. They are exact
    for every method; for Pareto and sequential Poisson sampling, whose probabilities differ from their targets, they are integrated
    (up to 20,000 and 2,000 units in a stratum; beyond, ``Draw.exact`` is False and the targets stand).

    Parameters
    ----------
    frame
        One row for each unit; a data frame of any library.
    n
        Units to draw: a number (of **each** stratum), a mapping from stratum to number (keys of several columns are tuples), a
        column, or an :class:`~survey_kit.sampling.allocate.Allocation`. The expected number for Bernoulli and Poisson.
    method
        One of the methods of this module: `SRS`, `SYSTEMATIC`, `PPS_SYSTEMATIC`, `BREWER`, `PARETO`, `MAXIMUM_ENTROPY`, `CUBE` ...
    rng
        A seed, or a NumPy generator; it goes into the record.
    size
        Column of sizes, positive.
    strata
        Columns that form strata; each is drawn by itself.
    order_by
        Columns to sort by before systematic selection (implicit stratification); missing values come last.
    serpentine
        Turn the direction of each sorting column with every group of those before it.
    certainty
        Column of true and false: units that are taken in any case.
    balance
        For the cube: columns whose totals the sample is to reproduce. Those named first are kept longest in the landing.
    numbers
        Column of permanent random numbers in [0, 1), for `SRS`, `BERNOULLI`, `POISSON`, `PARETO` and `SEQUENTIAL_POISSON`:
        samples that use the same numbers overlap as much as they can.
    start
        Where on the circle of permanent numbers selection starts, a number or a column: another start means less overlap.
    reverse
        Count permanent numbers downwards, for the least overlap with a sample that counts upwards.
    unit
        Column of unit ids, to be checked for repeats and to match answers and other waves.

    Returns
    -------
    Draw
        Rows, probabilities of the whole frame, weights, and the record that repeats it.

    Raises
    ------
    DesignError
        For missing, zero or negative sizes, a stratum smaller than its sample, more certainty units than sample, repeated
        ids, an option that does not belong to the method; with the stratum, the row and what to do.

    Examples
    --------
    >>> import pandas as pd
    >>> towns = pd.DataFrame({"town": list("abcdef"), "people": [900, 80, 70, 60, 50, 40]})
    >>> draw = select(towns, 3, method=PPS_SYSTEMATIC, size="people", rng=2026)
    >>> draw.pi.round(3).tolist()
    [1.0, 0.533, 0.467, 0.4, 0.333, 0.267]
    >>> draw.frame["weight"].iloc[0]
    np.float64(1.0)
    >>> repeat(towns, draw.record).rows.tolist() == draw.rows.tolist()
    True
    """
    checks.instance(method, Method, "This is no method of selection.", "Write method=SRS, for example.", DesignError)
    options: dict[str, Any] = {
        "size": size,
        "strata": checks.names(strata, "strata"),
        "order_by": checks.names(order_by, "order_by"),
        "serpentine": checks.flag(serpentine, "serpentine", DesignError),
        "certainty": certainty,
        "balance": checks.names(balance, "balance"),
        "numbers": numbers,
        "start": start
        if isinstance(start, str)
        else checks.number(start, "start", "Give a number or a column.", DesignError),
        "reverse": checks.flag(reverse, "reverse", DesignError),
        "unit": unit,
    }
    _check_options(method, options)
    frames.columns(frame)
    held = frames.snapshot(frame)
    prepared = _prepared(held, n, method, options)
    generator, seed = _generator(rng)
    state = plain(generator.bit_generator.state)
    permanent = (
        None if numbers is None else read_permanent(held, numbers, start, reverse=reverse, strata=prepared.strata)
    )
    rows = draw_rows(prepared, method, Luck(rng=generator, numbers=permanent))
    pi, expected, exact = _probabilities(prepared, method)
    record = Record(
        **options,
        method=method.name,
        sizes=tuple(prepared.n_h.tolist()),
        strata_keys=tuple(tuple(map(str, level)) for level in prepared.strata.levels),
        generator=state,
        seed=seed,
        frame_digest=frame_digest(held, _used(options)),
        frame_rows=len(pi),
        drawn=len(rows),
        rows_digest=hashlib.sha256(rows.astype("<i8", copy=False).tobytes()).hexdigest(),
        numpy=np.__version__,
    )
    return Draw(
        source=held, rows=rows, pi=pi, expected=expected, exact=exact, method=method, prepared=prepared, record=record
    )


def _prepared(frame: Frame, n: Any, method: Method, options: Mapping[str, Any]) -> Prepared:
    """Read what the options name, and give every unit its target probability."""
    strata = read_strata(frame, options["strata"])
    if options["unit"] is not None:
        check_units(frame, options["unit"], strata)
    size, certainty = options["size"], options["certainty"]
    return prepare(
        strata,
        sample_sizes(frame, n, strata, method),
        method,
        size=None if size is None else read_sizes(frame, size, strata),
        forced=None if certainty is None else frames.flags(frame, certainty, "certainty"),
        balance=read_balance(frame, options["balance"], strata),
        keys=sorting_keys(frame, options["order_by"]),
        serpentine=options["serpentine"],
    )


def _used(options: Mapping[str, Any]) -> list[str]:
    """Name the columns that a draw rests on, each once."""
    start = options["start"] if isinstance(options["start"], str) else None
    single = (options["size"], options["certainty"], options["numbers"], start, options["unit"])
    several = (*options["strata"], *options["order_by"], *options["balance"])
    return [name for name in dict.fromkeys((*several, *single)) if name is not None]


def repeat(frame: Frame, record: Record | Mapping[str, Any]) -> Draw:
    """Draw a sample again from its record.

    Parameters
    ----------
    frame
        The frame it was drawn from, in any library; columns that played no part may differ.
    record
        ``Draw.record``, or what its ``to_dict`` gave.

    Raises
    ------
    DesignError
        If the frame is another one (both digests are told), or the numbers drawn differ.

    Examples
    --------
    >>> import pandas as pd
    >>> draw = select(pd.DataFrame({"x": range(9)}), 3, method=SRS, rng=5)
    >>> repeat(pd.DataFrame({"x": range(8)}), draw.record.to_dict())
    Traceback (most recent call last):
    ...
    survey_kit.errors.DesignError: This is not the frame that the sample was drawn from.
      where: 9 rows then, 8 now; columns none
      found: SHA-256 8d90d06f6c155177... now, 02f3ebd8b0755b4d... in the record
      to do: Use the frame as it was.
    """
    held = record if isinstance(record, Record) else Record.from_dict(record)
    options = {name: getattr(held, name) for name in OPTIONS}
    used = _used(options)
    now = frame_digest(frame, used)
    if now != held.frame_digest:
        raise DesignError(
            "This is not the frame that the sample was drawn from.",
            where=f"{held.frame_rows} rows then, {frames.row_count(frame)} now; columns {', '.join(used) or 'none'}",
            found=f"SHA-256 {now[:16]}... now, {held.frame_digest[:16]}... in the record",
            fix="Use the frame as it was.",
        )
    layer = read_strata(frame, held.strata)
    known = {**METHODS, KISH_GRID.name: KISH_GRID}
    draw = select(
        frame,
        dict(zip(layer.levels, held.sizes, strict=True)),
        method=known[checks.choice(held.method, "method of selection", tuple(known), DesignError)],
        rng=_restored(held),
        **options,
    )
    if draw.record.rows_digest != held.rows_digest:
        raise DesignError(
            "The draw came out differently.",
            found=f"NumPy {np.__version__} now, {held.numpy} then",
            fix=f"Install numpy=={held.numpy} and draw again.",
        )
    return draw


def draw_rows(prepared: Prepared, method: Method, luck: Luck) -> IntArray:
    """Draw once: the rows of the frame in order, certainty units among them."""
    out = [np.flatnonzero(prepared.target == 1)] if not method.replacement else []
    for cell, hits in zip(prepared.cells, method.kernel(prepared.cells, luck), strict=True):
        out.append(np.repeat(cell.rows, hits[0]) if method.replacement else cell.rows[hits[0]])
    return np.sort(np.concatenate(out))


def _probabilities(prepared: Prepared, method: Method) -> tuple[FloatArray, FloatArray, bool]:
    """Give the inclusion probabilities (N,), the expected hits (N,), and whether they are exact."""
    pi = prepared.target.copy()
    expected, exact = pi, True
    if method.replacement:
        expected = pi.copy()
        for cell in prepared.cells:
            pi[cell.rows] = 1 - (1 - cell.target) ** cell.n
            expected[cell.rows] = cell.n * cell.target
    elif method.exact is not None:
        integrate, most = method.exact
        for cell in prepared.cells:
            if len(cell.rows) <= most:
                pi[cell.rows] = integrate(cell.target, round(cell.n))
            else:
                exact = False
    return pi, expected, exact


def _check_options(method: Method, options: Mapping[str, Any]) -> None:
    """Refuse what a method would ignore, and ask for what it needs."""
    size, order_by, balance, numbers = (options[name] for name in ("size", "order_by", "balance", "numbers"))
    cube = method.sized is None
    faults = {
        "needs the sizes of the units": (method.sized is True and size is None, "Name their column: size='...'."),
        "draws with equal probabilities and takes no size": (
            method.sized is False and size is not None,
            "Leave size out, or use a method such as PPS_SYSTEMATIC, PARETO or POISSON.",
        ),
        "does not depend on the order of the frame": (
            bool(order_by) and not method.ordered,
            "Leave order_by out, or use SYSTEMATIC or PPS_SYSTEMATIC.",
        ),
        "needs variables to balance on": (cube and not balance, "Name their columns: balance=(...)."),
        "is not balanced on variables": (bool(balance) and not cube, "Leave balance out, or use CUBE."),
        "cannot be driven by permanent random numbers": (
            numbers is not None and not method.numbers,
            "Use SRS, BERNOULLI, POISSON, PARETO or SEQUENTIAL_POISSON.",
        ),
        "has no permanent random numbers to start or to turn": (
            numbers is None and (options["start"] != 0 or options["reverse"]),
            "Name their column: numbers='...'.",
        ),
    }
    for what, (wrong, fix) in faults.items():
        if wrong:
            raise DesignError(f"The method '{method.name}' {what}.", fix=fix)


def _generator(rng: Any) -> tuple[np.random.Generator, int | None]:
    if isinstance(rng, np.random.Generator):
        return rng, None
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) and rng >= 0:
        return np.random.default_rng(int(rng)), int(rng)
    raise DesignError(
        "A draw needs a seed or a NumPy generator.", found=checks.shown(rng), fix="Write rng=2026, for example."
    )


def plain(state: Any) -> Any:
    """Turn the arrays of a generator's state into lists."""
    if isinstance(state, Mapping):
        return {key: plain(value) for key, value in state.items()}
    return state.tolist() if isinstance(state, (np.ndarray, np.generic)) else state


def _restored(record: Record) -> int | np.random.Generator:
    """Give the seed, or a generator in the state of the record."""
    if record.seed is not None:
        return record.seed
    return restored(record.generator)


def restored(generator: Mapping[str, Any]) -> np.random.Generator:
    """Give a generator in a recorded state."""
    name = str(generator["bit_generator"])
    known = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
    bits = getattr(np.random, checks.choice(name, "bit generator", known, DesignError))()
    state = dict(generator)
    inner = state.get("state")
    state["state"] = {
        key: np.asarray(value, dtype=np.uint64 if name in {"Philox", "SFC64"} else np.uint32)
        if isinstance(value, list)
        else value
        for key, value in (inner or {}).items()
    }
    if isinstance(state.get("buffer"), list):
        state["buffer"] = np.asarray(state["buffer"], dtype=np.uint64)
    bits.state = state
    return np.random.Generator(bits)
