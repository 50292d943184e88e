"""How long an interview takes: words read aloud and answers given, over simulated routes.

Reading is counted in syllables (a vowel letter in Kazakh and Russian, a run of vowels in English), because words are longer in an
agglutinative language; an answer takes a time that depends on its type. Both are assumptions until `calibrate` has fitted them to the
timings of real interviews.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.errors import InstrumentError
from survey_kit.instrument.model import DRAWN, Item
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.simulate import Simulation, simulate
from survey_kit.types import FloatArray

if TYPE_CHECKING:
    import pandas as pd

PERCENTILES = (5, 10, 25, 50, 75, 90, 95)
_VOWELS = re.compile(r"[аәеёиіоөуұүыэюя]", re.IGNORECASE)
_RUNS = re.compile(r"[aeiouy]+", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_BRACKETS = re.compile(r"[\[\]{}$_]+")
_CYRILLIC = frozenset({"kk", "ru", "ky", "uk", "be", "bg", "sr"})

# seconds from the last word read to the answer entered; assumptions, to be calibrated
_ANSWER: Mapping[str, float] = {
    "single": 3.0,
    "row": 2.4,
    "multiple": 6.0,
    "integer": 4.0,
    "decimal": 5.0,
    "number": 5.0,
    "text": 15.0,
    "date": 6.0,
    "note": 1.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast an interview goes.

    Attributes
    ----------
    syllables
        Syllables read aloud in a second. Conversation runs at 5 to 8 (Pellegrino, Coupe & Marsico 2011, Language 87:539-558, Table 1);
        reading to a respondent is slower.
    answer
        Seconds for an answer by type; ``row`` is a row of a grid after its first.
    page
        Seconds between two modules.
    calibrated
        How many timings it was fitted to; 0 for assumptions.
    """

    syllables: float = 4.5
    answer: Mapping[str, float] = field(default_factory=lambda: dict(_ANSWER))
    page: float = 3.0
    calibrated: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """The length of an interview over simulated routes, in minutes.

    Attributes
    ----------
    minutes
        Of each simulated interview (n,).
    modules
        Of each module, the minutes in each interview (n,).
    routes
        Of each interview, the modules that asked something (n,).
    """

    instrument: Instrument
    language: str
    minutes: FloatArray
    modules: Mapping[str, FloatArray]
    routes: tuple[tuple[str, ...], ...]
    pace: Pace
    source: str

    def percentile(self, p: float) -> float:
        """Give a percentile of the interviews that were begun, in minutes."""
        return float(np.percentile(self.minutes, p))

    def table(self) -> pd.DataFrame:
        """Give the percentiles of the whole and of each module, in minutes of the interviews that reach it."""
        import pandas as pd

        rows = [("whole interview", self.minutes)]
        rows += [(name, values[values > 0]) for name, values in self.modules.items()]
        return pd.DataFrame(
            {
                "part": name,
                "share_reached": len(values) / len(self.minutes),
                **{f"p{p}": round(float(np.percentile(values, p)), 2) if len(values) else np.nan for p in PERCENTILES},
                "data_status": "synthetic",
            }
            for name, values in rows
        )

    def by_route(self, most: int = 12) -> pd.DataFrame:
        """Give the percentiles of the most frequent routes: which modules asked something."""
        import pandas as pd

        places: dict[tuple[str, ...], list[int]] = {}
        for place, route in enumerate(self.routes):
            places.setdefault(route, []).append(place)
        everywhere = set.intersection(*(set(route) for route in places)) if places else set()
        frequent = sorted(places.items(), key=lambda pair: -len(pair[1]))[:most]
        return pd.DataFrame(
            {
                "route": ", ".join(name for name in route if name not in everywhere) or "(the common modules only)",
                "share": len(at) / len(self.minutes),
                **{f"p{p}": round(float(np.percentile(self.minutes[at], p)), 2) for p in (25, 50, 75, 90)},
                "data_status": "synthetic",
            }
            for route, at in frequent
        )

    def to_cut(self, limit: float, p: float = 75, keep: Iterable[str] = ()) -> tuple[tuple[str, float], ...]:
        """Name the modules to leave out, with the percentile after each, until the interview is at or under `limit` minutes.

        The longest module that may go goes first; those in `keep`, and those taken from a shared library, stay.
        """
        left, out = dict(self.modules), []
        shared = {module.id for module in self.instrument.modules if module.use == "core"}
        total = sum(left.values(), np.zeros(len(self.minutes)))
        while float(np.percentile(total, p)) > limit:
            free = {name: values for name, values in left.items() if name not in shared and name not in set(keep)}
            if not free:
                break
            longest = max(free, key=lambda name: float(np.percentile(free[name], p)))
            total = total - left.pop(longest)
            out.append((longest, round(float(np.percentile(total, p)), 2)))
        return tuple(out)

    def _repr_html_(self) -> str:
        how = (
            f"fitted to {self.pace.calibrated:,} timings"
            if self.pace.calibrated
            else "assumed pace, not yet calibrated"
        )
        return (
            f"<p><b>{escape(self.instrument.id)}</b> in '{escape(self.language)}': half of the interviews take at most "
            f"{self.percentile(50):.1f} minutes, three quarters at most {self.percentile(75):.1f} ({len(self.minutes):,} synthetic "
            f"interviews; {how}; expected answers: {escape(self.source)}).</p>{self.table().to_html(index=False)}"
        )


def length(
    instrument: Instrument,
    *,
    language: str | None = None,
    simulation: Simulation | None = None,
    n: int = 2000,
    seed: int = 0,
    pace: Pace | None = None,
) -> Length:
    """Estimate the length of an interview, percentiles over simulated routes.

    Parameters
    ----------
    instrument
        The questionnaire.
    language
        The language it is read in; the source language by default.
    simulation
        Interviews made by `simulate`; by default `n` of them are drawn with `seed`.
    pace
        How fast it goes; by default the assumptions of `Pace`.

    Examples
    --------
    >>> from survey_kit.instrument import read_instrument
    >>> made = length(read_instrument("instruments/lapop_brazil"), n=200)
    >>> round(made.percentile(75), 1)
    0.8
    """
    language = language or instrument.source_language
    pace = pace or Pace()
    made = simulation or simulate(instrument, n, seed=seed)
    seconds = item_seconds(instrument, language, pace)
    modules: dict[str, FloatArray] = {}
    for module in instrument.modules:
        total = np.zeros(made.n)
        reached = np.zeros(made.n, dtype=bool)
        for item in instrument.items:
            if instrument.module_of(item.id) is not module or item.type in {"calculated", *DRAWN}:
                continue
            asked = made.asked[item.id].astype(np.float64)
            roster = made.members.get(module.id)
            each = np.bincount(roster.place, weights=asked, minlength=made.n) if roster else asked
            total += each * seconds[item.id]
            reached |= each > 0
        spoken = syllables(" ".join((instrument.say(module.lead_in, language),)), language) / pace.syllables
        for item in module.items:
            if item.id in made.shown:
                total += made.shown[item.id] * seconds[item.id]
                reached |= made.shown[item.id]
        modules[module.id] = (total + reached * (spoken + pace.page)) / 60
    minutes = sum(modules.values(), np.zeros(made.n))
    routes = tuple(tuple(name for name, values in modules.items() if values[row] > 0) for row in range(made.n))
    return Length(
        instrument=instrument,
        language=language,
        minutes=minutes,
        modules=modules,
        routes=routes,
        pace=pace,
        source=made.source,
    )


def item_seconds(instrument: Instrument, language: str, pace: Pace) -> dict[str, float]:
    """Give the seconds each item takes when it is asked: reading its words and answers, and the answer.

    Answers are read out when they have words, are not on a showcard, and are not those of the row before.
    """
    out: dict[str, float] = {}
    before: Item | None = None
    for item in instrument.items:
        if item.type in {"calculated", *DRAWN}:
            continue
        grid = instrument.grid_of(item.id)
        first = grid is None or before is None or instrument.grid_of(before.id) is not grid
        words = instrument.say(item.text, language)
        if grid is not None and first:
            words = f"{instrument.say(grid.text, language)} {words}"
        scale = instrument.scale_of(item.id)
        again = before is not None and not first and before.scale == item.scale
        if scale is not None and scale.read_out and not item.showcard and not again and len(scale.codes) > 2:
            words += " " + " ".join(instrument.say(scale.texts(code), language) for code in scale.codes)
        kind = "row" if grid is not None and not first else item.type
        out[item.id] = syllables(words, language) / pace.syllables + pace.answer.get(
            kind, pace.answer.get("single", 0.0)
        )
        before = item
    for module in instrument.modules:
        for item in module.items:
            if item.type == "note":
                words = instrument.say(item.text, language)
                out[item.id] = syllables(words, language) / pace.syllables + pace.answer.get("note", 0.0)
    return out


def syllables(text: str, language: str) -> int:
    """Count the syllables of a text as it is read aloud; a digit counts as two.

    Examples
    --------
    >>> syllables("Сіз соттарға сенесіз бе?", "kk"), syllables("Do you trust the courts?", "en")
    (8, 5)
    """
    plain = _BRACKETS.sub(" ", text)
    digits = 2 * sum(len(run) for run in _DIGITS.findall(plain))
    if language.split("-", maxsplit=1)[0] in _CYRILLIC:
        return len(_VOWELS.findall(plain)) + digits
    words = [re.sub(r"(?<=[^aeiouy])e$", "", word) for word in re.findall(r"[A-Za-z']+", plain)]
    return sum(max(1, len(_RUNS.findall(word))) for word in words) + digits


def calibrate(
    instrument: Instrument, timings: Mapping[str, Iterable[float]], language: str, pace: Pace | None = None
) -> Pace:
    """Fit the pace to the seconds that items took in real interviews.

    The median of each item is explained by its syllables and its type, by least squares: seconds = syllables / rate + time of the type.
    Items with fewer than ten timings are left out; a type without two items keeps its assumed time.

    Parameters
    ----------
    timings
        Of each item, the seconds from showing it to leaving it (from the audit logs of a form that shows one item a screen).

    Raises
    ------
    InstrumentError
        When too few items have timings, or longer questions did not take longer.
    """
    start = pace or Pace()
    silent = dict.fromkeys(list(start.answer), 0.0)
    unit = item_seconds(instrument, language, replace(start, syllables=1.0, answer=silent))
    observed = {name: np.asarray(list(values), dtype=np.float64) for name, values in timings.items()}
    used = [name for name, values in observed.items() if name in unit and np.isfinite(values).sum() >= 10]
    kinds = [instrument.item(name).type if name in instrument else "note" for name in used]
    known = [kind for kind in dict.fromkeys(kinds) if kinds.count(kind) >= 2]
    kept = [place for place, kind in enumerate(kinds) if kind in known]
    if len(kept) < len(known) + 2:
        fix = "Collect the audit of more items."
        raise InstrumentError("Too few items have timings to fit a pace.", found=f"{len(kept)} items", fix=fix)
    columns: Any = [[unit[used[place]] for place in kept]]
    columns += [[float(kinds[place] == kind) for place in kept] for kind in known]
    medians = [float(np.nanmedian(observed[used[place]])) for place in kept]
    fitted, *_ = np.linalg.lstsq(np.array(columns).T, np.array(medians), rcond=None)
    if fitted[0] <= 0:
        fix = "Look whether the timings belong to these items."
        raise InstrumentError("Longer questions did not take longer in these timings.", fix=fix)
    answer = dict(start.answer)
    answer |= {kind: max(float(one), 0.0) for kind, one in zip(known, fitted[1:], strict=True)}
    if "single" in known:
        answer["row"] = answer["single"]
    total = int(sum(np.isfinite(observed[used[place]]).sum() for place in kept))
    return replace(start, syllables=1.0 / float(fitted[0]), answer=answer, calibrated=total)
