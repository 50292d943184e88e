"""Disclosure control: the audit finds what can be worked out, and protection leaves nothing."""

from __future__ import annotations

import numpy as np
import pytest

from survey_kit.disclosure import Table, audit, protect, share_width
from survey_kit.errors import DisclosureError

LEAST = 10


def two_way(counts: np.ndarray, least: int = LEAST) -> Table:
    """Make a table of counts with both margins and the total; cells of 1 to `least` - 1 are sensitive."""
    rows, columns = counts.shape
    whole = np.zeros((rows + 1, columns + 1))
    whole[:rows, :columns] = counts
    whole[rows, :columns] = counts.sum(axis=0)
    whole[:, columns] = whole[:, :columns].sum(axis=1)
    place = np.arange(whole.size).reshape(whole.shape)
    sums = []
    for lines in (place, place.T):
        for line in lines:
            relation = np.zeros(whole.size)
            relation[line[:-1]], relation[line[-1]] = 1, -1
            sums.append(relation)
    value = whole.ravel()
    small = (value > 0) & (value < least)
    return Table(value=value, sums=np.array(sums), width=np.where(small, least, 0.0), cost=np.maximum(value, 1.0))


def three_way(counts: np.ndarray) -> Table:
    """Make a table of three dimensions with every margin."""
    whole = np.pad(counts.astype(float), ((0, 1), (0, 1), (0, 1)))
    for axis in range(3):
        last = [slice(None)] * 3
        last[axis] = slice(-1, None)
        parts = [slice(None)] * 3
        parts[axis] = slice(0, -1)
        whole[tuple(last)] = whole[tuple(parts)].sum(axis=axis, keepdims=True)
    place = np.arange(whole.size).reshape(whole.shape)
    sums = []
    for axis in range(3):
        for line in np.moveaxis(place, axis, -1).reshape(-1, whole.shape[axis]):
            relation = np.zeros(whole.size)
            relation[line[:-1]], relation[line[-1]] = 1, -1
            sums.append(relation)
    value = whole.ravel()
    small = (value > 0) & (value < LEAST)
    return Table(value=value, sums=np.array(sums), width=np.where(small, float(LEAST), 0.0), cost=np.maximum(value, 1))


def determined(table: Table, withheld: np.ndarray) -> np.ndarray:
    """Tell by linear algebra alone which withheld cells follow exactly: those no solution of the sums can move."""
    hidden = np.flatnonzero(withheld)
    part = table.sums.toarray()[:, hidden]
    _, s, vt = np.linalg.svd(part, full_matrices=True)
    free = vt[int((s > 1e-9).sum()) :]
    out = np.zeros(table.m, dtype=bool)
    out[hidden] = np.abs(free).max(axis=0, initial=0.0) < 1e-9
    return out


def planted(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    counts = rng.integers(20, 400, size=(rows, columns))
    for _ in range(int(rng.integers(1, 5))):
        counts[rng.integers(rows), rng.integers(columns)] = rng.integers(1, LEAST)
    return counts


@pytest.mark.parametrize("part", range(4))
def test_nothing_can_be_recovered_from_random_tables(part: int):
    rng = np.random.default_rng(1000 + part)
    for _ in range(50):
        table = two_way(planted(rng, int(rng.integers(3, 9)), int(rng.integers(2, 6))))
        made = protect(table)
        assert made.withheld[table.sensitive].all()
        assert made.audit.safe
        again = made.audit
        hidden = np.flatnonzero(table.sensitive)
        assert ((again.high - again.low)[hidden] >= LEAST * (1 - 1e-5)).all()
        assert (again.low <= table.value + 1e-6).all()
        assert (again.high >= table.value - 1e-6).all()
        assert not determined(table, made.withheld)[hidden].any()


def test_withholding_only_the_small_cells_would_not_do():
    rng = np.random.default_rng(5)
    exposed = 0
    for _ in range(40):
        table = two_way(planted(rng, 6, 4))
        exposed += not audit(table, table.sensitive).safe
    assert exposed > 30  # the audit can fail, and mostly does


def test_the_audit_agrees_with_the_bounds_of_frechet():
    counts = np.array([[3, 40], [25, 60]])
    table = two_way(counts)
    inner = np.zeros(9, dtype=bool)
    inner[[0, 1, 3, 4]] = True
    seen = audit(table, inner)
    for cell, (i, j) in {0: (0, 0), 1: (0, 1), 3: (1, 0), 4: (1, 1)}.items():
        row, column, total = counts[i].sum(), counts[:, j].sum(), counts.sum()
        np.testing.assert_allclose(seen.low[cell], max(0, row + column - total), atol=1e-7)
        np.testing.assert_allclose(seen.high[cell], min(row, column), atol=1e-7)


def test_the_audit_agrees_with_enumeration():
    """Every table of whole numbers with the published cells, listed one by one."""
    counts = np.array([[1, 4, 2], [3, 0, 5], [2, 6, 1]])
    table = two_way(counts, least=2)
    hidden = np.zeros(16, dtype=bool)
    hidden[[0, 1, 4, 5, 8, 9]] = True
    seen = audit(table, hidden)
    cells = np.flatnonzero(hidden)
    sums, right = table.sums.toarray(), None
    fixed = np.where(hidden, 0.0, table.value)
    right = -(sums @ fixed)
    grid = np.stack(np.meshgrid(*[np.arange(0, 12)] * len(cells), indexing="ij"), axis=-1).reshape(-1, len(cells))
    ok = (np.abs(grid @ sums[:, cells].T - right) < 1e-9).all(axis=1)
    assert ok.sum() > 1
    np.testing.assert_allclose(seen.low[cells], grid[ok].min(axis=0), atol=1e-7)
    np.testing.assert_allclose(seen.high[cells], grid[ok].max(axis=0), atol=1e-7)


def test_three_dimensions():
    rng = np.random.default_rng(8)
    counts = rng.integers(15, 90, size=(5, 3, 2))
    counts[1, 1, 1], counts[4, 0, 0] = 3, 7
    table = three_way(counts)
    made = protect(table)
    assert made.audit.safe
    assert 0 < made.secondary.sum() < 20
    assert not determined(table, made.withheld)[table.sensitive].any()


def test_no_more_is_withheld_than_needed():
    table = two_way(np.array([[3, 100, 100], [100, 100, 100], [100, 100, 100]]))
    assert protect(table).withheld.sum() == 4  # a rectangle


def test_what_is_gone_already_protects_as_well():
    table = two_way(np.array([[3, 100, 100], [100, 100, 100], [100, 100, 100]]))
    gone = np.zeros(16, dtype=bool)
    gone[[1, 4, 5]] = True
    also = Table(value=table.value, sums=table.sums, width=table.width, gone=gone, cost=table.cost)
    assert protect(also).withheld.sum() == 1


def test_cells_of_an_earlier_release_cannot_be_taken_back():
    table = two_way(np.array([[3, 100], [100, 100]]))
    before = np.zeros(9, dtype=bool)
    before[[1, 2]] = True  # the rest of the row and its total
    known = Table(value=table.value, sums=table.sums, width=table.width, fixed=before)
    with pytest.raises(DisclosureError, match="cannot be protected") as told:
        protect(known)
    assert "cell 1" in str(told.value)
    with pytest.raises(DisclosureError, match="known already"):
        Table(value=table.value, sums=table.sums, width=table.width, fixed=np.arange(9) == 0)


def test_limits_that_anybody_knows_count():
    narrow = Table(
        value=[3, 40, 57, 100], sums=[[1, 1, 1, -1]], width=[10, 0, 0, 0], low=[0, 38, 55, 0], high=[9, 42, 60, 200]
    )
    with pytest.raises(DisclosureError, match="cannot be protected"):
        protect(narrow)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"value": [3, 40, 57, 99]}, "A sum does not hold"),
        ({"value": [np.nan, 40, 57, 100]}, "has no value"),
        ({"sums": [[1, 1, -1]]}, "one entry for each cell"),
        ({"width": [10, 0]}, "one entry for each cell"),
        ({"high": [2, 50, 60, 200]}, "outside the limits"),
    ],
)
def test_tables_that_contradict_themselves(changed: dict, words: str):
    with pytest.raises(DisclosureError, match=words):
        Table(**({"value": [3, 40, 57, 100], "sums": [[1, 1, 1, -1]], "width": [10, 0, 0, 0]} | changed))


def test_what_may_be_told():
    made = protect(two_way(np.array([[3, 100], [100, 100]])))
    told = repr(made) + made._repr_html_() + made.summary().to_string()
    assert "4 withheld" in told
    assert "[3" not in told
    assert list(made.audit.to_frame()["exposed"]) == [False] * 4


def test_width_of_weighted_counts():
    np.testing.assert_allclose(share_width(10, np.array([40.0, 5, 0]), np.array([400.0, 50, 0])), [100, 25, 0])
