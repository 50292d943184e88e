"""A drawn sample, with the probabilities of everybody, and the record from which it can be repeated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit import checks, frames
from survey_kit.design import Design
from survey_kit.design.pps import LARGEST, PpsMethod
from survey_kit.errors import DesignError, did_you_mean
from survey_kit.sampling.draw_design import design_of
from survey_kit.sampling.select_inputs import Prepared
from survey_kit.sampling.select_methods import Method
from survey_kit.types import BoolArray, FloatArray, Frame, IntArray, LonelyPsu

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "survey-kit/draw/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is needed to repeat a draw and to audit it; plain values only.

    Attributes
    ----------
    method
        Name of the method.
    sizes
        Sample size of each stratum, in the order of `strata_keys`.
    strata_keys
        Keys of each stratum as texts.
    size, strata, order_by, serpentine, certainty, balance, numbers, start, reverse, unit
        As given to :func:`survey_kit.sampling.select.select`.
    generator
        Name and state of the bit generator before the draw.
    seed
        The seed, where a whole number was given.
    frame_digest
        SHA-256 of the columns that the draw rests on, and of the number of rows.
    frame_rows, drawn
        Units of the frame, and rows drawn.
    rows_digest
        SHA-256 of the row numbers drawn.
    numpy
        Version of NumPy, whose generators made the numbers.
    """

    method: str
    sizes: tuple[float, ...]
    strata_keys: tuple[tuple[str, ...], ...]
    size: str | None
    strata: tuple[str, ...]
    order_by: tuple[str, ...]
    serpentine: bool
    certainty: str | None
    balance: tuple[str, ...]
    numbers: str | None
    start: float | str
    reverse: bool
    unit: str | None
    generator: Mapping[str, Any]
    seed: int | None
    frame_digest: str
    frame_rows: int
    drawn: int
    rows_digest: str
    numpy: str

    def to_dict(self) -> dict[str, Any]:
        """Give the record as plain values that JSON and YAML can hold."""
        out: dict[str, Any] = {"schema": SCHEMA, **asdict(self)}
        return dict(json.loads(json.dumps(out)))

    def to_json(self) -> str:
        """Give the record as text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Record:
        """Read a record that `to_dict` gave; a key that is missing or unknown is told.

        Raises
        ------
        DesignError
            If it is no such record.
        """
        body = {key: value for key, value in values.items() if key != "schema"}
        known = {part.name for part in fields(cls)}
        if values.get("schema") != SCHEMA or set(body) != known:
            wrong = sorted(set(body) ^ known)
            raise DesignError(
                "This is no record of a draw.",
                found=f"schema {values.get('schema')!r}" + (f", keys at fault: {', '.join(wrong)}" if wrong else ""),
                fix=did_you_mean(wrong[0], known)
                if wrong and wrong[0] in body
                else "Give what Draw.record.to_dict gave.",
            )
        for name in ("sizes", "strata", "order_by", "balance"):
            body[name] = tuple(body[name])
        body["strata_keys"] = tuple(tuple(key) for key in body["strata_keys"])
        return cls(**body)

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Read a record from text."""
        return cls.from_dict(json.loads(text))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Draw:
    """A drawn sample.

    Attributes
    ----------
    source
        The frame it was drawn from.
    rows : (n,)
        Rows drawn, in the order of the frame; a unit drawn twice stands twice.
    pi : (N,)
        Inclusion probability of every unit of the frame.
    expected : (N,)
        Expected number of times a unit is drawn: `pi` without replacement. The weight is one over it.
    exact
        False where `pi` are target probabilities that the method meets only nearly (order sampling from very large strata).
    method
        How it was drawn.
    prepared
        Strata, sample sizes and the units at risk.
    record
        What repeats it.
    """

    source: Frame = field(repr=False)
    rows: IntArray
    pi: FloatArray
    expected: FloatArray = field(repr=False)
    exact: bool
    method: Method
    prepared: Prepared = field(repr=False)
    record: Record = field(repr=False)

    def __repr__(self) -> str:
        certain = int(self.certainty[self.rows].sum())
        strata = len(self.prepared.strata.levels)
        told = f"; {strata} strata" if self.prepared.strata.names else ""
        told += f"; {certain:,} certainty units" if certain else ""
        told += "" if self.exact else "; probabilities are targets"
        return f"Draw of {len(self.rows):,} from {len(self.pi):,} units, {self.method.name}{told}"

    def _repr_html_(self) -> str:
        return f"<p><b>{escape(repr(self))}</b></p>" + str(self.summary().to_html(index=False, max_rows=60))

    @property
    def n(self) -> int:
        """Count the rows drawn."""
        return len(self.rows)

    @property
    def certainty(self) -> BoolArray:
        """Tell for every unit of the frame (N,) whether it is taken in any case."""
        return np.asarray((self.prepared.target == 1) & (not self.method.replacement))

    @property
    def stratum(self) -> IntArray:
        """Give the stratum of every unit of the frame (N,), a number from 0; `summary` names them."""
        return self.prepared.strata.codes

    @property
    def weight(self) -> FloatArray:
        """Give the design weight of every row drawn (n,)."""
        return np.asarray(1 / self.expected[self.rows])

    @property
    def frame(self) -> Frame:
        """Give the rows drawn with the columns ``pi``, ``weight``, ``certainty`` and ``stratum``, in the frame's library."""
        return self.to_frame()

    def to_frame(self, names: Mapping[str, str] | None = None) -> Frame:
        """Give the rows drawn with their columns; `names` renames them: ``{"weight": "base_weight"}``.

        Where the frame's only stratum column is itself called ``stratum`` it stands for that column.

        Raises
        ------
        FrameError
            If the frame has a column of that name already.
        """
        strata = self.prepared.strata
        labels = [" | ".join(map(str, level)) or "all" for level in strata.levels]
        values: dict[str, Any] = {
            "pi": self.pi[self.rows],
            "weight": self.weight,
            "certainty": self.certainty[self.rows],
            "stratum": [labels[h] for h in strata.codes[self.rows].tolist()],
        }
        called = {key: (names or {}).get(key, key) for key in values}
        for key in names or {}:
            checks.choice(key, "column of a draw", tuple(values), DesignError)
        if strata.names == (called["stratum"],):
            del values["stratum"]
        more = {called[key]: value for key, value in values.items()}
        return frames.gathered(frames.rows(self.source, self.rows), {}, more)

    def summary(self) -> pd.DataFrame:
        """Give one row per stratum: keys, N, n wanted and drawn, certainty units, probabilities and the sum of weights."""
        import pandas as pd

        strata = self.prepared.strata
        H = len(strata.levels)
        h = strata.codes
        drawn = h[self.rows]
        low, high = np.full(H, np.inf), np.zeros(H)
        np.minimum.at(low, h, self.pi)
        np.maximum.at(high, h, self.pi)
        keys = {name: [level[j] for level in strata.levels] for j, name in enumerate(strata.names)}
        return pd.DataFrame(
            {
                **keys,
                "N": strata.counts,
                "n": self.prepared.n_h,
                "drawn": np.bincount(drawn, minlength=H),
                "certainty": np.bincount(h, weights=self.certainty, minlength=H).astype(np.int64),
                "pi_min": low,
                "pi_max": high,
                "weight_sum": np.bincount(drawn, weights=self.weight, minlength=H),
            }
        )

    def balance(self, columns: str | tuple[str, ...] | None = None) -> pd.DataFrame:
        """Compare weighted totals of the sample with totals of the frame: `columns`, or those it was balanced on.

        Returns
        -------
        pandas.DataFrame
            ``variable total estimate relative_difference``.
        """
        import pandas as pd

        names = checks.names(columns, "columns") or self.record.balance
        out = []
        for name in names:
            x = frames.numbers(self.source, name).values
            total, estimate = float(x.sum()), float((x[self.rows] * self.weight).sum())
            out.append((name, total, estimate, (estimate - total) / total if total else np.nan))
        return pd.DataFrame(out, columns=["variable", "total", "estimate", "relative_difference"])

    def joint(self, *, whole: bool = False) -> FloatArray:
        r"""Give the exact joint inclusion probabilities of the rows drawn (n, n), or of the whole frame (N, N).

        Units of different strata are independent; the diagonal holds pi. Systematic sampling has pairs with probability 0.

        Raises
        ------
        DesignError
            If the method has no exact ones that can be computed; the message says what to estimate with instead.
        """
        rows = np.arange(len(self.pi)) if whole else self.rows
        if len(rows) > LARGEST:
            found = f"{len(rows):,} rows, at most {LARGEST:,}"
            raise DesignError("The matrix of joint probabilities is too large.", found=found, fix="Take one stratum.")
        if self.method.joint is None:
            raise DesignError(
                f"The joint inclusion probabilities of the method '{self.method.name}' are not known exactly.",
                fix=f"Estimate with the approximation of Pps(method='{self.method.estimation}'): Draw.design() does.",
            )
        pi = self.pi[rows]
        out = np.outer(pi, pi)
        place = np.full(len(self.pi), -1, dtype=np.int64)
        for cell in self.prepared.cells:
            place[:] = -1
            place[cell.rows] = np.arange(len(cell.rows))
            here = np.flatnonzero(place[rows] >= 0)
            if len(here):
                first = self.pi[cell.rows] if self.method.replacement else cell.target
                out[np.ix_(here, here)] = self.method.joint(first, cell.n, place[rows[here]])
        same = rows[:, None] == rows[None, :]
        return np.asarray(np.where(same, pi[:, None], out))

    def design(
        self,
        answers: Frame | None = None,
        *,
        unit: str | None = None,
        weight: str | None = None,
        pps: PpsMethod | None = None,
        lonely_psu: LonelyPsu = "fail",
    ) -> Design:
        """Give the design with which this sample is estimated.

        Simple random and systematic samples have population counts (a systematic one counts as simple random within its strata),
        Poisson samples independent units, other unequal probabilities the approximation that fits the method: ``brewer``,
        ``hajek`` or ``hartley_rao`` with the population's sum of squares. Certainty units stand in strata of their own, which
        add nothing. The credit of a balanced sample is not in it: calibrate to the balancing variables' totals for that.

        Parameters
        ----------
        answers
            One or several rows for each unit drawn, such as interviews; the drawn rows of the frame by default.
        unit
            Column of unit ids in the frame and in `answers`; by default the one given to ``select``.
        weight
            Column of `answers` with the weight within the unit, by which the unit's weight is multiplied.
        pps
            Another source of joint probabilities: ``"joint"`` for the exact ones, in the Sen-Yates-Grundy form where the sample size is
            fixed.
        lonely_psu
            As in :class:`survey_kit.Design`.

        Raises
        ------
        DesignError
            If answers name a unit that was not drawn, or the method has no such variance.

        Examples
        --------
        >>> import pandas as pd
        >>> from survey_kit.sampling.select import SRS, select
        >>> towns = pd.DataFrame({"town": range(40), "people": range(100, 140)})
        >>> select(towns, 8, method=SRS, rng=1).design().df
        7
        """
        chosen = answers, unit or self.record.unit, weight
        return design_of(self, chosen, pps, lonely_psu)
