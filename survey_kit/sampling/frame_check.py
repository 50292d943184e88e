"""What is wrong with a frame before anything is drawn from it: every fault with its code, stratum, unit and row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from survey_kit import checks, frames
from survey_kit.errors import DesignError
from survey_kit.sampling.allocate import Allocation
from survey_kit.sampling.frame_coverage import coverage
from survey_kit.sampling.frame_names import MOST_NAMES, alike
from survey_kit.sampling.probabilities import inclusion_probabilities
from survey_kit.sampling.select_inputs import Strata
from survey_kit.types import BoolArray, FloatArray, Frame, IntArray

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("code", "severity", "stratum", "unit", "row", "found", "message", "fix")
MOST = 200  # rows told of one code
LEAST_UNITS = 10  # of a stratum, before a size is called unlike the others
OUTLYING = 3.5  # modified z (Iglewicz & Hoaglin 1993)
HEAPED = 0.25  # of a stratum's units with one and the same size

PROBLEMS: Mapping[str, tuple[Literal["error", "warning", "note"], str, str]] = {
    "F001": ("error", "A unit has no id.", "Give every unit one."),
    "F002": ("error", "A unit stands twice: it would have twice its chance.", "Keep one row of each."),
    "F003": ("warning", "Two ids differ in spelling only.", "Compare the two rows; keep one, or give them other ids."),
    "F004": ("error", "A unit has no stratum.", "Fill it in."),
    "F005": ("error", "A unit has no size.", "Declare a rule for it: repair_sizes."),
    "F006": ("error", "A size is zero: the unit could never be drawn.", "Declare a rule: repair_sizes; or join_small."),
    "F007": ("error", "A size is negative.", "Correct it: repair_sizes."),
    "F008": ("warning", "A size is unlike the others of its stratum.", "Look it up; correct it with repair_sizes."),
    "F009": ("warning", "Many units have one and the same size.", "Ask whether it stands for 'unknown'."),
    "F010": ("error", "A stratum is smaller than its sample.", "Lower n there, or join the stratum with a neighbour."),
    "F011": ("error", "The sample names a stratum that the frame lacks.", "Correct its name, or add its units."),
    "F012": ("warning", "One unit is drawn: its variance cannot be known.", "Draw two, or join the stratum."),
    "F013": ("error", "More units are certain than the sample has.", "Raise n there, or declare fewer."),
    "F014": ("note", "Units are so large that they are certain.", "Draw more within them, or segment_large."),
    "F015": ("warning", "The frame does not cover what official figures count.", "Find out which units lack."),
    "F016": ("error", "An official figure has no unit in the frame.", "Add the units, or state the gap in coverage."),
    "F017": ("warning", "No official figure is given for a part of the frame.", "Add it to the totals."),
    "F018": ("warning", "Two units have one name in a stratum.", "Compare the two rows; they may be one unit."),
    "F019": ("note", "Two names in a stratum are one letter apart.", "Compare the two rows; they may be one unit."),
    "F020": ("error", "A stratum has no sample size.", "Add it, or leave its units out of the frame and say so."),
    "F021": (
        "note",
        "Names were compared for equality only: there are very many.",
        "Check parts of the frame for names one letter apart.",
    ),
}


@dataclass(slots=True)
class _Log:
    units: Sequence[str | None]
    strata: Strata
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, code: str, *, row: int | None = None, stratum: str | None = None, found: str = "") -> None:
        """Note one problem; of very many of one kind the first are told."""
        self.counts[code] = self.counts.get(code, 0) + 1
        if self.counts[code] > MOST:
            return
        severity, message, fix = PROBLEMS[code]
        unit = "" if row is None else self.units[row] or ""
        place = stratum if stratum is not None else "" if row is None else self.place(row)
        self.rows.append((code, severity, place, unit, 0 if row is None else row + 1, found, message, fix))

    def place(self, row: int) -> str:
        h = int(self.strata.codes[row])
        return self.strata.label(h) if h >= 0 and self.strata.names else ""

    def frame(self) -> pd.DataFrame:
        import pandas as pd

        for code, count in self.counts.items():
            if count > MOST:
                severity, message, fix = PROBLEMS[code]
                more = f"{count - MOST:,} more such rows are not listed"
                self.rows.append((code, severity, "", "", 0, more, message, fix))
        out = pd.DataFrame(self.rows, columns=list(COLUMNS))
        grade = out["severity"].map({"error": 0, "warning": 1, "note": 2})
        return out.assign(_grade=grade).sort_values(["_grade", "code"], kind="stable", ignore_index=True)[list(COLUMNS)]


def check_frame(  # noqa: PLR0913  (everything a frame can be held against)
    frame: Frame,
    *,
    unit: str,
    size: str | None = None,
    strata: str | Sequence[str] | None = None,
    n: float | Mapping[Any, float] | Allocation | None = None,
    certainty: str | None = None,
    name: str | None = None,
    totals: Frame | None = None,
    by: str | Sequence[str] | None = None,
    total: str = "total",
    tolerance: float = 0.05,
) -> Frame:
    """List every fault of a frame; nothing is changed.

    Sizes are called unlike the others when the modified z of their logarithm in the stratum,
    ``0.6745 (x - median) / MAD``, is beyond 3.5 (Iglewicz & Hoaglin 1993).

    Parameters
    ----------
    frame
        One row for each unit; a data frame of any library.
    unit
        Column of unit ids.
    size
        Column of sizes: households, people.
    strata
        Columns that form strata.
    n
        Units to draw, as for :func:`survey_kit.sampling.select`: a number of each stratum, a mapping, or an allocation.
    certainty
        Column of true and false: units taken in any case.
    name
        Column of names, to find units that stand twice under two spellings.
    totals, by, total, tolerance
        Official figures: a frame with the columns `by` and `total`, which the sums of `size` are held against; see :func:`coverage`.

    Returns
    -------
    frame
        One row per problem, errors first: ``code severity stratum unit row found message fix``; rows count from 1, 0 is no single row.

    Examples
    --------
    >>> import pandas as pd
    >>> areas = pd.DataFrame({"area": ["a1", "a2", "a2", "a4"], "homes": [120, 0, 90, 110], "region": ["N", "N", "N", "S"]})
    >>> check_frame(areas, unit="area", size="homes", strata="region", n=2)[["code", "stratum", "unit", "row"]].values.tolist()
    [['F002', 'stratum region N', 'a2', 3], ['F006', 'stratum region N', 'a2', 2], ['F010', 'stratum region S', '', 0]]
    """
    frames.columns(frame)
    if not frames.row_count(frame):
        raise DesignError("The frame has no units.", fix="Give a frame with one row per unit.")
    names = checks.names(strata, "strata")
    grouped = frames.group(frame, names, "strata")
    at = Strata(names=names, codes=grouped.codes, levels=grouped.levels)
    log = _Log(units=frames.texts(frame, unit, "unit"), strata=at)
    _ids(log)
    for row in np.flatnonzero(at.codes < 0).tolist():
        log.add("F004", row=row, found=_keys(frame, names, row))
    sizes = None if size is None else frames.numbers(frame, size, "size")
    sound = at.codes >= 0
    if sizes is not None:
        _sizes(log, sizes.values, sizes.missing)
        sound = sound & ~sizes.missing & (sizes.values > 0)
    if n is not None:
        _sample(log, n, None if sizes is None else sizes.values, certain=_flags(frame, certainty), sound=sound)
    if name is not None:
        called = frames.texts(frame, name, "name")
        for pair in alike(called, at.codes.tolist()):
            found = (
                f"'{called[pair.first]}' (row {pair.first + 1}, id {log.units[pair.first]}) and '{called[pair.second]}'"
            )
            log.add("F018" if pair.how == "same" else "F019", row=pair.second, found=found)
        if len(set(called)) > MOST_NAMES:
            log.add("F021", found=f"{len(set(called)):,} names")
    if totals is not None:
        _coverage(log, coverage(frame, totals, size=size, by=by, total=total), tolerance)
    elif by is not None:
        raise DesignError("'by' is given without official totals.", fix="Add totals=, or leave 'by' out.")
    table = log.frame()
    return frames.from_columns({one: table[one].tolist() for one in COLUMNS}, like=frame)


def _keys(frame: Frame, names: Sequence[str], row: int) -> str:
    one = frames.rows(frame, np.array([row]))
    return ", ".join(f"no {name}" for name in names if frames.texts(one, name)[0] is None)


def _flags(frame: Frame, certainty: str | None) -> BoolArray | None:
    return None if certainty is None else frames.flags(frame, certainty, "certainty")


def _ids(log: _Log) -> None:
    first: dict[str, int] = {}
    plain: dict[str, int] = {}
    for row, name in enumerate(log.units):
        if name is None or not name.strip():
            log.add("F001", row=row)
        elif first.setdefault(name, row) != row:
            log.add("F002", row=row, found=f"also row {first[name] + 1}")
        elif plain.setdefault(" ".join(name.split()).casefold(), row) != row:
            other = plain[" ".join(name.split()).casefold()]
            log.add("F003", row=row, found=f"{log.units[other]!r} (row {other + 1}) and {name!r}")


# ------------------------------------------------------------------------------------------------------------- sizes
def _sizes(log: _Log, x: FloatArray, missing: BoolArray) -> None:
    for code, wrong in (("F005", missing), ("F006", (x == 0) & ~missing), ("F007", x < 0)):
        for row in np.flatnonzero(wrong).tolist():
            log.add(code, row=row, found="" if code == "F005" else f"{x[row]:g}")
    good = ~missing & (x > 0)
    for h, rows in _by_stratum(log.strata.codes, good, len(log.strata.levels)):
        for row, z in outlying(x[rows]):
            middle = float(np.median(x[rows]))
            log.add("F008", row=int(rows[row]), found=f"{x[rows[row]]:g}; median {middle:g}, modified z {z:.1f}")
        value, count = heaped(x[rows])
        if count:
            place = log.strata.label(h) if log.strata.names else "the frame"
            log.add("F009", stratum=place, found=f"{count} of {len(rows)} units have size {value:g}")


def _by_stratum(codes: IntArray, good: BoolArray, H: int) -> Iterator[tuple[int, IntArray]]:
    """Give the good rows of each stratum."""
    rows = np.flatnonzero(good & (codes >= 0))
    order = rows[np.argsort(codes[rows], kind="stable")]
    ends = np.cumsum(np.bincount(codes[order], minlength=H))
    for h, part in enumerate(np.split(order, ends[:-1])):
        if len(part):
            yield h, part


def outlying(x: FloatArray) -> list[tuple[int, float]]:
    """Give the places and modified z scores of sizes (N,) unlike the others, on the scale of logarithms.

    Examples
    --------
    >>> outlying(np.array([90.0, 95, 100, 105, 110, 98, 102, 97, 103, 99, 9000]))[0][0]
    10
    """
    if len(x) < LEAST_UNITS:
        return []
    log = np.log(x)
    gap = log - np.median(log)
    mad = float(np.median(np.abs(gap)))
    z = np.zeros(len(x)) if mad == 0 else 0.6745 * gap / mad
    return [(int(row), float(z[row])) for row in np.flatnonzero(np.abs(z) > OUTLYING)]


def heaped(x: FloatArray) -> tuple[float, int]:
    """Give the size that a quarter or more of at least ten units share, and of how many; else no unit."""
    values, counts = np.unique(x, return_counts=True)
    most = int(np.argmax(counts))
    many = len(values) > 1 and len(x) >= LEAST_UNITS and counts[most] >= max(HEAPED * len(x), LEAST_UNITS / 2)
    return (float(values[most]), int(counts[most])) if many else (0.0, 0)


# ------------------------------------------------------------------------------------------------------------ sample
def _sample(log: _Log, n: Any, x: FloatArray | None, *, certain: BoolArray | None, sound: BoolArray) -> None:
    at = log.strata
    wanted = _wanted(log, n)
    counts = np.bincount(at.codes[at.codes >= 0], minlength=len(at.levels))
    forced = np.zeros(len(at.codes), dtype=bool) if certain is None else certain
    for h, rows in _by_stratum(at.codes, at.codes >= 0, len(at.levels)):
        place, n_h = at.label(h), float(wanted[h])
        if np.isnan(n_h):
            log.add("F020", stratum=place, found=f"{counts[h]} units")
            continue
        if n_h > counts[h]:
            log.add("F010", stratum=place, found=f"n = {n_h:g} of N = {counts[h]}")
            continue
        if n_h == 1 and counts[h] > 1:
            log.add("F012", stratum=place, found=f"n = 1 of N = {counts[h]}")
        if forced[rows].sum() > n_h:
            log.add("F013", stratum=place, found=f"{int(forced[rows].sum())} units, n = {n_h:g}")
        elif x is not None and sound[rows].all() and 0 < n_h < counts[h]:
            sure = inclusion_probabilities(x[rows], n_h, certainty=forced[rows]) >= 1
            large = rows[sure & ~forced[rows]]
            if len(large):
                told = ", ".join(str(log.units[row]) for row in large[:5].tolist()) + (
                    ", ..." if len(large) > 5 else ""
                )
                log.add("F014", stratum=place, found=f"{len(large)} of {counts[h]} units: {told}")


def _wanted(log: _Log, n: Any) -> FloatArray:
    """Give the sample size of each stratum (H,), NaN where none is given."""
    at = log.strata
    if isinstance(n, Allocation):
        table = n.table
        lacking = [name for name in at.names if name not in table]
        if lacking or not at.names:
            found = ", ".join(map(str, table.columns))
            raise DesignError(
                "An allocation goes by the columns of its strata.", found=found, fix="Name them in strata."
            )
        keys = table[list(at.names)].astype(str).itertuples(index=False, name=None)
        n = dict(zip(keys, table["n"].tolist(), strict=True))
    fix = "Give a number, a mapping from stratum to number, or an allocation."
    if not isinstance(n, Mapping):
        return np.full(len(at.levels), checks.number(n, "n", fix, DesignError))
    given = {tuple(map(str, key)) if isinstance(key, tuple) else (str(key),): value for key, value in n.items()}
    known = [tuple(map(str, level)) for level in at.levels]
    for key in sorted(given.keys() - set(known)):
        log.add("F011", stratum=", ".join(key))
    return np.array([checks.number(given[key], "n", fix, DesignError) if key in given else np.nan for key in known])


def _coverage(log: _Log, table: pd.DataFrame, tolerance: float) -> None:
    fix = "Write tolerance=0.05 for 5 %."
    if not 0 < checks.number(tolerance, "tolerance", fix, DesignError) < 1:
        raise DesignError("The tolerance lies between 0 and 1.", found=f"{tolerance:g}", fix=fix)
    for row in table.to_dict("records"):
        place = str(row["domain"])
        if row["units"] == 0:
            log.add("F016", stratum=place, found=f"official {row['official']:,.0f}")
        elif np.isnan(row["official"]):
            log.add("F017", stratum=place, found=f"{row['units']:,} units, {row['frame']:,.0f} in the frame")
        elif not abs(row["ratio"] - 1) <= tolerance:
            told = f"{row['frame']:,.0f} in the frame, official {row['official']:,.0f}, ratio {row['ratio']:.3f}"
            log.add("F015", stratum=place, found=told)
