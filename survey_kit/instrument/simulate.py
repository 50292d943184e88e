"""Respondents drawn at random and walked through the routing: data sets for tests and teaching, and the bases of follow-ups.

Nothing here is a finding about people. Answers are drawn from the shares one expects (``expected.yaml`` beside the instrument, or given
in the call), evenly where nothing is expected; every data set says that it is synthetic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import ConfigDict

from survey_kit.errors import InstrumentError, did_you_mean
from survey_kit.files import declared, read_yaml
from survey_kit.instrument.model import STRICT, CodeValue, Item
from survey_kit.instrument.questionnaire import Instrument, joined
from survey_kit.instrument.walk import Walk
from survey_kit.types import BoolArray, Code

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "survey-kit/expected/1"
TRIES = 200  # draws of an answer before a constraint that none meets leaves it blank
Expected = Mapping[str, Mapping[Code, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedFile:
    """What ``expected.yaml`` says: the shares of answers one expects, and on which grounds."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    source: str
    answers: dict[str, dict[CodeValue, float]]
    dont_know: float = 0.02
    refused: float = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """Synthetic interviews.

    Attributes
    ----------
    n
        The number of interviews.
    answers
        Of each item, the raw answers (n,): codes, numbers, texts, tuples of codes; None where there is none.
    asked, shown
        Of each item, who was asked (n,); of each note, to whom it was read.
    members
        Of each repeated module, its walk: one row for each member.
    seed, source
        The seed, and where the expected shares come from.
    """

    instrument: Instrument
    n: int
    answers: Mapping[str, Sequence[Any]]
    asked: Mapping[str, BoolArray]
    shown: Mapping[str, BoolArray] = field(default_factory=dict)
    members: Mapping[str, Roster] = field(default_factory=dict)
    seed: int = 0
    source: str = "even shares: nothing is expected"

    def frame(self) -> pd.DataFrame:
        """Give the interviews as a table of raw codes, several answers in one cell parted by blanks, marked as synthetic."""
        import pandas as pd

        columns: dict[str, Any] = {"case": np.arange(1, self.n + 1), "data_status": "synthetic"}
        columns |= {
            self.instrument.item(name).data_column: [_cell(one) for one in answers]
            for name, answers in self.answers.items()
        }
        return pd.DataFrame(columns)

    def bases(self, planned: int | None = None) -> pd.DataFrame:
        """Give for each item whom it will reach: the share asked, and how many of `planned` interviews that is.

        The range is that of 95 % of samples of the planned size, by the binomial variance; the uncertainty of what is expected is not in it.
        """
        import pandas as pd

        rows = []
        for name, asked in self.asked.items():
            outer = self.members.get(self.instrument.module_of(name).id)
            share = float(asked.mean()) if len(asked) else 0.0
            size = planned if planned is not None else self.n
            base = size * (len(outer.place) / self.n if outer else 1.0) * share
            spread = 1.96 * float(np.sqrt(max(base * (1 - share), 0.0)))
            rows.append(
                {
                    "item": name,
                    "module": self.instrument.module_of(name).id,
                    "share_asked": share,
                    "base": round(base),
                    "base_low": max(round(base - spread), 0),
                    "base_high": round(base + spread),
                    "data_status": "synthetic",
                }
            )
        return pd.DataFrame(rows)

    def _repr_html_(self) -> str:
        return (
            f"<p><b>{self.n:,} synthetic interviews</b> of {escape(self.instrument.id)} {escape(self.instrument.version)}, "
            f"seed {self.seed}; expected answers: {escape(self.source)}.</p>{self.bases().to_html(index=False, max_rows=60)}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """The members of a repeated module: the interview each belongs to, and their answers."""

    place: Any  # (members,)
    answers: Mapping[str, Sequence[Any]]

    def frame(self) -> pd.DataFrame:
        """Give the members as a table, keyed by the case of their interview."""
        import pandas as pd

        columns = {name: [_cell(one) for one in answers] for name, answers in self.answers.items()}
        return pd.DataFrame({"case": self.place + 1, "data_status": "synthetic", **columns})


def simulate(
    instrument: Instrument,
    n: int,
    *,
    seed: int = 0,
    expected: Expected | None = None,
    dont_know: float = 0.02,
    refused: float = 0.02,
    source: str = "",
) -> Simulation:
    """Draw synthetic interviews through the routing.

    Parameters
    ----------
    instrument
        The questionnaire.
    n
        How many interviews.
    seed
        The seed; the same seed gives the same interviews.
    expected
        Of some items, the share of each answer (they need not add up to 1). Without it: ``expected.yaml`` beside the instrument, and
        even shares for what that leaves open.
    dont_know, refused
        How often an asked person does not know, or does not answer, where the item has a code for it.
    source
        Where the expected shares come from, for the reader.

    Raises
    ------
    InstrumentError
        When `expected` names an item or a code that the instrument does not have.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module, Scale
    >>> yes_no = Scale(codes=(1, 2), missing={9: "refused"})
    >>> asked = Item(id="contact", text={"en": "Any contact?"}, scale=yes_no)
    >>> paid = Item(id="paid", text={"en": "Did you pay?"}, scale=yes_no, ask_if="contact == 1")
    >>> form = Instrument(id="a", version="1", modules=(Module(id="m", items=(asked, paid)),))
    >>> made = simulate(form, 1000, seed=1, expected={"contact": {1: 0.3, 2: 0.7}}, refused=0.0)
    >>> made.bases(planned=2000)[["item", "share_asked", "base"]].values.tolist()
    [['contact', 1.0, 2000], ['paid', 0.303, 606]]
    """
    if n < 1:
        raise InstrumentError("Fewer than one interview cannot be drawn.", found=str(n), fix="Give n=1000.")
    beside = _beside(instrument) if expected is None else None
    if beside is not None:
        dont_know, refused, source = beside.dont_know, beside.refused, beside.source
    expected = expected if expected is not None else beside.answers if beside else {}
    _known(instrument, expected)
    draw = _Draw(np.random.default_rng(seed), expected, dont_know, refused)
    whole = Walk(instrument=instrument, n=n)
    answers: dict[str, Sequence[Any]] = {}
    asked: dict[str, BoolArray] = {}
    shown: dict[str, BoolArray] = {}
    members: dict[str, Roster] = {}
    for module in instrument.modules:
        inside = [item for item in instrument.items if instrument.module_of(item.id) is module]
        if module.repeat is None:
            for item in inside:
                asked[item.id], answers[item.id] = _ask(whole, item, draw)
            for item in module.items:
                if item.type == "note":
                    shown[item.id] = whole.holds(joined(module.ask_if, item.ask_if))
            continue
        counted, sure = whole.columns.get(module.repeat.count, (np.zeros(n), np.zeros(n, dtype=bool)))
        walk = whole.members(
            module.id, [float(one) if known else None for one, known in zip(counted, sure, strict=True)]
        )
        own: dict[str, Sequence[Any]] = {}
        for item in inside:
            asked[item.id], own[item.id] = _ask(walk, item, draw)
        whole.close(walk)
        members[module.id] = Roster(place=walk.place, answers=own)
    return Simulation(
        instrument=instrument,
        n=n,
        answers=answers,
        asked=asked,
        shown=shown,
        members=members,
        seed=seed,
        source=source or ("given in the call" if expected else "even shares: nothing is expected"),
    )


def _ask(walk: Walk, item: Item, draw: _Draw) -> tuple[BoolArray, list[Any]]:
    """Ask one item of everybody who is asked; give who was, and what they said."""
    opened = walk.open(item.id)
    if item.type == "calculated":
        walk.calculate(item.id)
        values, known = walk.columns[item.id]
        return opened, [float(one) if sure else None for one, sure in zip(values, known, strict=True)]
    given = draw.answers(walk.instrument, item, walk.n)
    for _ in range(TRIES):
        wrong = opened & ~walk.accepts(item.id, given)
        if not wrong.any():
            break
        again = draw.answers(walk.instrument, item, walk.n)
        given = [new if bad else old for old, new, bad in zip(given, again, wrong, strict=True)]
    fine = opened & walk.accepts(item.id, given)
    given = [one if good else None for one, good in zip(given, fine, strict=True)]
    walk.put(item.id, given)
    return opened, given


@dataclass(frozen=True, slots=True)
class _Draw:
    """Draws answers as they are expected."""

    rng: np.random.Generator
    expected: Expected
    dont_know: float
    refused: float

    def answers(self, instrument: Instrument, item: Item, n: int) -> list[Any]:
        """Draw `n` answers to an item, whoever is asked."""
        if item.type == "random":
            return list(self.rng.random(n))
        given = self._answers(instrument, item, n)
        for kind, share in (("dont_know", self.dont_know), ("refused", self.refused)):
            codes = [code for code, what in instrument.missing_codes(item.id).items() if what == kind]
            if codes and item.type not in {"arm", "text", "date"}:
                these = self.rng.random(n) < share
                missing = (codes[0],) if item.type == "multiple" else codes[0]
                given = [missing if one else old for old, one in zip(given, these, strict=True)]
        return given

    def _answers(self, instrument: Instrument, item: Item, n: int) -> list[Any]:
        codes = instrument.codes(item.id)
        shares = self.expected.get(item.id)
        if item.type == "multiple":
            return self._several(item, codes, shares, n)
        if item.type == "arm" and item.shares:
            shares = dict(zip(codes, item.shares, strict=True))
        if codes or shares:
            wanted = tuple(shares) if shares else codes
            odds = np.array([(shares or {}).get(code, 0.0 if shares else 1.0) for code in wanted], dtype=np.float64)
            places = self.rng.choice(len(wanted), size=n, p=odds / odds.sum())
            return [wanted[place] for place in places]
        if item.type == "text":
            return ["synthetic"] * n
        if item.type == "date":
            days = np.datetime64("2026-01-01") + self.rng.integers(0, 365, n).astype("timedelta64[D]")
            return [str(day) for day in days]
        low = 0.0 if item.minimum is None else item.minimum
        high = low + 100.0 if item.maximum is None else item.maximum
        if item.type == "integer":
            return [int(one) for one in self.rng.integers(int(np.ceil(low)), int(np.floor(high)) + 1, n)]
        return [float(one) for one in self.rng.uniform(low, high, n)]

    def _several(self, item: Item, codes: Sequence[Code], shares: Mapping[Code, float] | None, n: int) -> list[Any]:
        """Draw sets of answers: each code with its own share; nothing drawn is the first exclusive code, else the first."""
        free = [code for code in codes if code not in item.exclusive]
        odds = np.array([(shares or {}).get(code, 0.0 if shares else 0.3) for code in free], dtype=np.float64)
        alone = np.array([(shares or {}).get(code, 0.0) for code in item.exclusive], dtype=np.float64)
        drawn = self.rng.random((n, len(free))) < odds
        single = self.rng.random(n) < alone.sum()
        out: list[Any] = []
        for row, only in zip(drawn, single, strict=True):
            chosen = tuple(code for code, one in zip(free, row, strict=True) if one)[: item.most]
            none = (item.exclusive[0],) if item.exclusive else ((free[0],) if free else ())
            out.append(none if (only and item.exclusive) or not chosen else chosen)
        return out


def _beside(instrument: Instrument) -> ExpectedFile | None:
    """Read what is expected of an instrument: its own file, and for the modules it uses those of the instruments that hold them."""
    if instrument.path is None:
        return None
    folder = instrument.path.parent.resolve()
    paths = [folder / "expected.yaml", *(folder.parent / name / "expected.yaml" for name in instrument.uses)]
    files = [read_expected(path) for path in paths if path.is_file()]
    if not files:
        return None
    answers = {name: shares for one in reversed(files) for name, shares in one.answers.items() if name in instrument}
    source = " ".join(dict.fromkeys(one.source for one in files))
    return replace(files[0], answers=answers, source=source)


def read_expected(path: Path | str) -> ExpectedFile:
    """Read the shares of answers that one expects."""
    return declared(
        read_yaml(Path(path), "file of expected answers", InstrumentError), ExpectedFile, SCHEMA, InstrumentError
    )


def _known(instrument: Instrument, expected: Expected) -> None:
    for name, shares in expected.items():
        item = instrument.item(name)
        codes = {*instrument.codes(name), *instrument.missing_codes(name)}
        strange = [code for code in shares if codes and code not in codes and not item.numeric]
        if strange:
            fix = did_you_mean(str(strange[0]), codes)
            raise InstrumentError(f"'{name}' is expected to be {strange[0]!r}, which is not one of its codes.", fix=fix)
        if any(share < 0 for share in shares.values()) or not sum(shares.values()) > 0:
            raise InstrumentError(f"The expected shares of '{name}' are not positive.", found=str(dict(shares)))


def _cell(value: Any) -> Any:
    """Write an answer as it stands in a collected file."""
    return " ".join(map(str, value)) if isinstance(value, tuple) else value
