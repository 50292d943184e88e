"""Disclosure control on 200 random tables with planted small cells: what is withheld, what can be worked out, seconds.

python benchmarks/disclosure.py                 200 tables of three kinds
python benchmarks/disclosure.py --tables 1000   more of them

The check is made apart from the toolkit's own audit: for every small cell two linear programmes over the whole table, and the rank of the
sums. A cell counts as recovered when its interval is narrower than the fewest people that may be shown.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog

from survey_kit.disclosure import Table, audit, protect

LEAST = 10
SEED = 20260


@dataclass
class Tally:
    """What came out for one kind of table."""

    tables: int = 0
    cells: int = 0
    small: int = 0
    beside: int = 0
    naive: int = 0
    exposed: int = 0
    determined: int = 0
    seconds: list[float] = field(default_factory=list)


def two_way(rng: np.random.Generator) -> Table:
    """Make a table of 3 to 8 by 2 to 5 with both margins."""
    return margins(rng, (int(rng.integers(3, 9)), int(rng.integers(2, 6))))


def regions(rng: np.random.Generator) -> Table:
    """Make a table of 20 regions by urban and rural with both margins."""
    return margins(rng, (20, 2))


def three_way(rng: np.random.Generator) -> Table:
    """Make a table of 20 regions by sex by three ages with every margin: linked tables of two dimensions among them."""
    return margins(rng, (20, 2, 3))


KINDS = {"3-8 x 2-5": two_way, "20 regions x settlement": regions, "20 regions x sex x age": three_way}


def margins(rng: np.random.Generator, shape: tuple[int, ...]) -> Table:
    """Draw counts, plant 1 to 4 small cells, add every margin."""
    counts = rng.integers(20, 400, size=shape).astype(float)
    for _ in range(int(rng.integers(1, 5))):
        counts[tuple(int(rng.integers(size)) for size in shape)] = rng.integers(1, LEAST)
    whole = np.pad(counts, [(0, 1)] * len(shape))
    sums = []
    place = np.arange(whole.size).reshape(whole.shape)
    for axis in range(len(shape)):
        last = [slice(None)] * len(shape)
        last[axis] = slice(-1, None)
        parts = [slice(None)] * len(shape)
        parts[axis] = slice(0, -1)
        whole[tuple(last)] = whole[tuple(parts)].sum(axis=axis, keepdims=True)
        for line in np.moveaxis(place, axis, -1).reshape(-1, whole.shape[axis]):
            relation = np.zeros(whole.size)
            relation[line[:-1]], relation[line[-1]] = 1.0, -1.0
            sums.append(relation)
    value = whole.ravel()
    small = value < LEAST
    return Table(
        value=value, sums=np.array(sums), width=np.where(small, float(LEAST), 0.0), cost=np.maximum(value, 1.0)
    )


def interval(table: Table, withheld: np.ndarray, cell: int) -> float:
    """Give how wide the values of a cell are that agree with everything published."""
    aim = np.zeros(table.m)
    aim[cell] = 1.0
    low = np.where(withheld, table.low, table.value)
    high = np.where(withheld, table.high, table.value)
    found = [
        linprog(sign * aim, A_eq=table.sums, b_eq=np.zeros(table.sums.shape[0]), bounds=np.column_stack([low, high]))
        for sign in (1.0, -1.0)
    ]
    if not all(one.success for one in found):
        raise SystemExit("A programme of the check found no answer.")
    return float(-found[1].fun - found[0].fun)


def determined(table: Table, withheld: np.ndarray) -> np.ndarray:
    """Tell which cells follow exactly by elimination alone."""
    hidden = np.flatnonzero(withheld)
    _, s, vt = np.linalg.svd(table.sums.toarray()[:, hidden], full_matrices=True)
    free = vt[int((s > 1e-9).sum()) :]
    out = np.zeros(table.m, dtype=bool)
    out[hidden] = np.abs(free).max(axis=0, initial=0.0) < 1e-9
    return out


def one_table(kind: str, rng: np.random.Generator, tally: Tally) -> None:
    """Protect a table and check it."""
    table = KINDS[kind](rng)
    start = time.perf_counter()
    made = protect(table)
    tally.seconds.append(time.perf_counter() - start)
    small = np.flatnonzero(table.sensitive)
    tally.tables += 1
    tally.cells += table.m
    tally.small += len(small)
    tally.beside += int(made.secondary.sum())
    tally.naive += int(audit(table, table.sensitive).exposed.sum())
    tally.exposed += sum(interval(table, made.withheld, int(cell)) < LEAST * (1 - 1e-5) for cell in small)
    tally.determined += int(determined(table, made.withheld)[small].sum())


def main() -> None:
    """Run and print one line for each kind."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--tables", type=int, default=200)
    wanted = ask.parse_args().tables
    rng = np.random.default_rng(SEED)
    tallies = {kind: Tally() for kind in KINDS}
    kinds = list(KINDS)
    for k in range(wanted):
        kind = kinds[k % len(kinds)]
        one_table(kind, rng, tallies[kind])
    head = "tables  cells  small  withheld beside  exposed if only small are withheld  recovered  by elimination"
    print(f"{'kind':<24} {head}  seconds (median, largest)")
    for kind, one in tallies.items():
        print(
            f"{kind:<24} {one.tables:6d} {one.cells:6d} {one.small:6d} {one.beside:16d} {one.naive:35d} {one.exposed:10d} "
            f"{one.determined:15d}  {np.median(one.seconds):.3f}, {max(one.seconds):.3f}"
        )
    seconds = sum(sum(one.seconds) for one in tallies.values())
    lost = sum(one.exposed + one.determined for one in tallies.values())
    print(f"{wanted} tables in {seconds:.1f} s; recovered: {lost}")


if __name__ == "__main__":
    main()
