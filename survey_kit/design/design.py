"""What a statistician declares about the sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import KW_ONLY, dataclass, field
from html import escape
from typing import Any, TypeVar, get_args

import numpy as np

from survey_kit import checks, frames
from survey_kit.design.arrays import PerStage, layout_of
from survey_kit.design.calibrate_estimated import of_replicates
from survey_kit.design.calibrate_kinds import Kinds, make_kinds, replicate_rows
from survey_kit.design.calibration import Calibration, apply_steps, fallen
from survey_kit.design.declared import check_declared, take_over, with_base
from survey_kit.design.engine import WEIGHT, Units, units_of
from survey_kit.design.layout import Layout
from survey_kit.design.pps import Pps, TwoPhase
from survey_kit.design.replicate_columns import settle
from survey_kit.errors import DesignError
from survey_kit.types import BoolArray, FloatArray, Frame, LonelyPsu, Overlap

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """A complex sample: rows with their weight, strata, units and finite populations.

    Parameters
    ----------
    frame
        A data frame of any library, or responses (an object with ``frame`` and ``asked``).
    weight
        Column of weights, positive in every row; or the weights a plan has made (an object with a ``design``) of rows in
        the same order, whose steps this design then takes over.
    strata, psu, fpc
        A column name, or a tuple with one name (or None) per stage. `fpc` holds population **counts** of units.
        ``psu=None`` makes each row its own unit. Stages below one without `fpc` add nothing to the variance.
    nest
        True says that unit ids are unique only within their stratum; otherwise an id found in two strata is an error.
    replicates
        `Replicates`, or the columns of a file named with ``Replicates.given``: standard errors then come from them.
    calibration
        Steps that :func:`post_stratify`, :func:`rake` and :func:`calibrate` have applied to the weights.
    pps
        How first-stage units were drawn with unequal probabilities, without replacement: :class:`Pps`.
    wave
        Column that tells surveys of different times apart. Strata, units and degrees of freedom are per wave.
    overlap
        Which units two waves share: ``"none"``, ``"psu"`` (equal ids are the same unit) or ``"unit"`` (units that share
        cases, matched by `case`, are the same). Declared, never guessed.
    case
        Column of respondent ids; needed for ``overlap="unit"``.
    lonely_psu
        What a stratum with one unit contributes: ``"fail"`` an error, ``"certainty"`` nothing, ``"adjust"`` its squared
        distance from the mean of all units of the wave, ``"average"`` the mean contribution of the other strata.
    compiled
        True runs the passes over the rows through numba (extra ``fast``): the same numbers, sooner for very many rows.

    Raises
    ------
    DesignError
        If the declaration contradicts the data; the message says where and what to do.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"w": [2.0, 2, 3, 3], "h": [1, 1, 2, 2], "town": [1, 2, 3, 4], "y": [1, 0, 1, 1]})
    >>> design = Design(frame, weight="w", strata="h", psu="town")
    >>> design.n, design.df
    (4, 2)
    """

    frame: Frame
    _: KW_ONLY
    weight: str
    strata: PerStage = None
    psu: PerStage = None
    fpc: PerStage = None
    nest: bool = False
    replicates: Any = None
    calibration: tuple[Calibration, ...] = ()
    pps: Pps | TwoPhase | None = None
    wave: str | None = None
    overlap: Overlap = "none"
    case: str | None = None
    lonely_psu: LonelyPsu = "fail"
    compiled: bool = False
    layout: Layout = field(init=False, repr=False)
    source: Any = field(init=False, repr=False, default=None)
    units: Units | None = field(init=False, repr=False, default=None)
    known: dict[tuple[str, ...], Any] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        carried = getattr(self.weight, "design", None)
        if isinstance(carried, Design):
            take_over(self, carried)
        check_declared(self)
        checks.choice(self.lonely_psu, "rule for lonely PSUs", get_args(LonelyPsu), DesignError)
        checks.choice(self.overlap, "kind of overlap", get_args(Overlap), DesignError)
        if callable(getattr(self.frame, "asked", None)):  # responses; a column of this name is not callable
            object.__setattr__(self, "source", self.frame)
            object.__setattr__(self, "frame", self.frame.frame)
        frames.columns(self.frame)
        if isinstance(carried, Design):
            object.__setattr__(self, "frame", with_base(self.frame, carried.weight, carried.layout.base_weight))
        object.__setattr__(self, "frame", frames.snapshot(self.frame))
        if frames.engine.is_engine(self.frame):
            _settle_units(self)
        else:
            object.__setattr__(self, "layout", layout_of(self))
        if self.replicates is not None:
            settled = settle(self.replicates, self.frame, self.weight, self.layout)
            object.__setattr__(self, "replicates", settled)

    @property
    def n(self) -> int:
        """Count the rows."""
        return len(self.layout.weight) if self.units is None else int(self.units.n.sum())

    @property
    def waves(self) -> tuple[Any, ...]:
        """List the waves; ``(None,)`` when the design has none."""
        return self.layout.waves

    @property
    def df(self) -> int:
        """Degrees of freedom of the whole design: units minus strata of the first stage."""
        return self.layout.stages[0].size - len(self.layout.stages[0].n_h)

    def numbers(self, name: str, role: str = "variable") -> frames.Numbers:
        """Take a numeric column out, once."""
        return self._once(("numbers", name), lambda: frames.numbers(self.frame, name, role))

    def flags(self, name: str, role: str = "where") -> BoolArray:
        """Take a boolean column out, once."""
        return self._once(("flags", name), lambda: frames.flags(self.frame, name, role))

    def inside(self, where: str | None = None) -> BoolArray:
        """Tell which rows are of a domain (n,): those of `where`, or all, but for rows that a weighting step let fall out."""
        here = np.ones(self.n, dtype=bool) if where is None else self.flags(where)
        out = fallen(self.calibration, self.n) if self.calibration else None
        return here if out is None else here & ~out

    def groups(self, names: str | Sequence[str], role: str = "by") -> frames.Codes:
        """Code the combinations of some columns, once."""
        keys = checks.names(names, role, least=1)
        return self._once(("groups", *keys), lambda: frames.group(self.frame, keys, role))

    def _once(self, key: tuple[str, ...], take: Callable[[], T]) -> T:
        if not all(isinstance(part, str) for part in key):
            raise DesignError(
                f"A column ({'where' if key[0] == 'flags' else 'variable'}) is named by a text.",
                found=", ".join(map(checks.shown, key[1:])),
                fix="Put the values into the frame as a column, and name it.",
            )
        if self.units is not None:
            raise DesignError(
                "This needs single rows, and the table's rows stay in their engine.",
                where=f"column '{key[-1]}'",
                fix="Take the columns into memory first: table.select(...).to_pandas().",
            )
        if key not in self.known:
            self.known[key] = take()
        found: T = self.known[key]
        return found

    def with_frame(self, frame: Frame) -> Design:
        """Give the same design over a frame (or responses) whose rows and design columns are the same.

        Strata, units, weights, calibration and replicates are those of this design; nothing is computed anew.

        Raises
        ------
        DesignError
            If the number of rows differs.
        """
        source = frame if callable(getattr(frame, "asked", None)) else None
        inside = frame if source is None else frame.frame
        if frames.row_count(inside) != self.n:
            raise DesignError(
                "The frame does not have the rows of the design.", found=f"{frames.row_count(inside)} and {self.n} rows"
            )
        frames.columns(inside)
        out = copy(self)
        for name, value in (("frame", frames.snapshot(inside)), ("source", source), ("known", {})):
            object.__setattr__(out, name, value)
        return out

    def replicate_weights(self) -> Iterator[FloatArray]:
        """Yield the weights (n,) of every replicate, calibrated anew when the design is calibrated."""
        if self.replicates is None:
            raise DesignError("The design has no replicate weights.", fix="Make some with make_replicates.")
        kinds = self.kinds()
        if kinds is not None:
            yield from replicate_rows(self.replicates, self.layout, kinds)
            return
        rows = self.replicates.of_rows(self.layout)
        each = of_replicates(self.calibration, self.replicates.coefficients)
        base = self.layout.base_weight
        yield from (apply_steps(steps, w, base) if steps else w for steps, w in zip(each, rows, strict=True))

    def kinds(self) -> Kinds | None:
        """Give the rows as kinds that the calibration treats alike; None without one, or where it looks at single rows."""
        if not self.calibration:
            return None
        return self._once(("kinds",), lambda: make_kinds(self.calibration, self.n))

    def asked(self, name: str) -> BoolArray | None:
        """Tell in which rows an item was asked; None when the data do not say."""
        return None if self.source is None else self.source.asked(name)

    def describe(self) -> list[dict[str, Any]]:
        """Give rows, units, strata, degrees of freedom and weights of each wave, as records."""
        first = self.layout.stages[0]
        out = []
        for v, label in enumerate(self.layout.waves):
            units, strata = self.layout.units(v), self.layout.strata(v)
            here = self.layout.wave_of_row == v
            w = self.layout.weight[here]
            n, squares, low, high = _weights_told(self, here)
            out.append(
                {
                    "wave": label,
                    "n": n,
                    "psus": units.stop - units.start,
                    "strata": strata.stop - strata.start,
                    "df": (units.stop - units.start) - (strata.stop - strata.start),
                    "lonely": int(np.asarray(first.lonely[strata]).sum()),
                    "weight_sum": float(w.sum()),
                    "weight_min": low,
                    "weight_max": high,
                    "deff_kish": float(n * squares / w.sum() ** 2) if n else float("nan"),
                }
            )
        return out

    def assumptions(self) -> tuple[str, ...]:
        """Say in words what the variance rests on."""
        stages = len(self.layout.stages)
        lonely = int(np.asarray(self.layout.stages[0].lonely).sum())
        if self.replicates is not None:
            return (*self.replicates.assumptions(), *_calibrated(self.calibration))
        out = [f"variance by Taylor linearisation over {stages} stage{'s' if stages > 1 else ''}"]
        finite = np.isfinite(self.layout.stages[0].N_h).any()
        if self.layout.quadratic is not None:
            out.append(self.layout.quadratic.said)
        else:
            out.append(
                "finite population correction by counts" if finite else "units drawn as if with replacement (no fpc)"
            )
        if self.wave is not None:
            shared = {"none": "no units in common", "psu": "units with equal ids in common", "unit": "cases in common"}
            out.append(f"waves have {shared[self.overlap]} (overlap: {self.overlap})")
        if lonely:
            strata = "1 stratum" if lonely == 1 else f"{lonely} strata"
            out.append(f"{strata} with one unit, rule '{self.lonely_psu}'")
        return (*out, *_calibrated(self.calibration))

    def __repr__(self) -> str:
        rows = [
            {name: _shown(value) for name, value in record.items() if value is not None} for record in self.describe()
        ]
        lines = [list(rows[0]), *(list(row.values()) for row in rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = ["  ".join(cell.rjust(wide) for cell, wide in zip(line, widths, strict=True)) for line in lines]
        return "\n".join(("Design", *table, "; ".join(self.assumptions())))

    def _repr_html_(self) -> str:
        records = self.describe()
        head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in records[0])
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(_shown(value))}</td>" for value in record.values()) + "</tr>"
            for record in records
        )
        said = "; ".join(self.assumptions())
        return f"<table><caption>Design: {escape(said)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shown(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _settle_units(design: Design) -> None:
    """Give a design over an engine's table the layout of its units."""
    units = units_of(design)
    inner = Design(
        units.frame,
        weight=WEIGHT,
        strata=design.strata,
        psu=design.psu,
        fpc=design.fpc,
        nest=design.nest,
        wave=design.wave,
        overlap=design.overlap,
        lonely_psu=design.lonely_psu,
    )
    object.__setattr__(design, "units", units)
    object.__setattr__(design, "layout", inner.layout)


def _weights_told(design: Design, here: BoolArray) -> tuple[int, float, float, float]:
    """Rows, sum of squared weights, smallest and largest weight of a wave."""
    if design.units is not None:
        told = design.units
        return (
            int(told.n[here].sum()),
            float(told.squares[here].sum()),
            float(told.low[here].min()),
            float(told.high[here].max()),
        )
    w = design.layout.weight[here & design.inside()]
    return len(w), float((w**2).sum()), float(w.min(initial=np.inf)), float(w.max(initial=-np.inf))


def _calibrated(steps: tuple[Calibration, ...]) -> tuple[str, ...]:
    """Say in words how the weights were calibrated."""
    return tuple(note for step in steps for note in step.notes)
