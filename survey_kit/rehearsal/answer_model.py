"""How the made-up country answers: ``answers.yaml`` read into one model for every item of a questionnaire.

Entries name items by patterns; a later entry replaces what an earlier one said of the same key, so every item has a model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import accumulate
from math import sqrt
from pathlib import Path
from statistics import NormalDist
from typing import Literal, TypeAlias

from pydantic import ConfigDict

from survey_kit.errors import StudyError
from survey_kit.files import declared, read_yaml
from survey_kit.instrument import Instrument
from survey_kit.instrument.model import CodeValue, Item
from survey_kit.rehearsal.waves import Trait
from survey_kit.types import Code

SCHEMA = "survey-kit/answers/1"
FILE = Path(__file__).with_name("answers.yaml")
STRICT = ConfigDict(extra="forbid", use_attribute_docstrings=True)
HEAPS: Mapping[float, float] = {0.0: 0.03, 0.5: 0.07, 1.0: 0.04}  # where people heap, and how many of them
FIRST_SHARE = 0.45  # of a list without an order, share of the first answer; each next one has so much of what is left
LAST_WAVE = 11
Among: TypeAlias = Literal["paid", "asked", "contact"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What ``answers.yaml`` says of some items; what is left out stays as an earlier entry has it."""

    __pydantic_config__ = STRICT

    items: tuple[str, ...]
    """Patterns of item ids."""
    trait: Trait | None = None
    """The trait behind the answer."""
    sign: Literal[-1, 1] | None = None
    """Whether the trait raises (1) or lowers (-1) the answer."""
    loading: float | None = None
    """How far the trait decides, 0 to 1."""
    shares: dict[CodeValue, float] | None = None
    """Share of each code, from the low to the high end of the latent value."""
    yes: float | None = None
    """Of two answers, the share of code 1."""
    mean: float | None = None
    """On a scale with an order, the mean answer: 0 the low end, 1 the high end."""
    spread: float | None = None
    """On a scale with an order, the standard deviation of the answers, before they are cut."""
    heaped: bool | None = None
    """Whether people heap at both ends and in the middle."""
    picks: tuple[float, ...] | None = None
    """Of several answers, the share that names each; the last share holds for the rest."""
    median: float | None = None
    """Of a number, its median."""
    sigma: float | None = None
    """Of a number, the standard deviation of its logarithm."""
    among: Among | None = None
    """Of an official, which earlier items he must be among."""
    dont_know: float | None = None
    """Share that does not know."""
    refused: float | None = None
    """Share that refuses, in wave 1."""
    not_applicable: float | None = None
    """Share to whom it does not apply."""
    not_knowing: bool | None = None
    """Whether not knowing is true of the person, and no silence."""
    block: str | None = None
    """Items of one block are left unanswered together."""
    swayed: float | None = None
    """How far interviewer and mode move what is said."""
    changes: dict[int, float] | None = None
    """From a wave on, how far the latent value moves beyond its trait."""
    wording: dict[int, float] | None = None
    """From a wave on, what new words do to the latent value."""
    since: int | None = None
    """The first wave that asks it."""
    until: int | None = None
    """The last wave that asks it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersFile:
    """The whole of ``answers.yaml``."""

    __pydantic_config__ = STRICT

    models: tuple[Entry, ...]
    silence: dict[int, float] = field(default_factory=dict)
    lean: float = 0.0
    succession: int = LAST_WAVE + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerModel:
    """How one item is answered; attributes as in :class:`Entry`, with `codes` and `cuts` worked out from its scale.

    Attributes
    ----------
    codes
        From the low to the high end of the latent value.
    cuts
        The latent values that part the codes, one fewer than these.
    """

    item: str
    trait: Trait = "state"
    sign: int = 1
    loading: float = 0.0
    codes: tuple[Code, ...] = ()
    cuts: tuple[float, ...] = ()
    picks: tuple[float, ...] = (0.4, 0.2)
    median: float = 1.0
    sigma: float = 1.0
    among: str = ""
    dont_know: float = 0.0
    refused: float = 0.0
    not_applicable: float = 0.0
    not_knowing: bool = False
    block: str = ""
    swayed: float = 0.0
    moves: Mapping[int, float] = field(default_factory=dict)
    since: int = 1
    until: int = LAST_WAVE

    def shift(self, wave: int) -> float:
        """Give how far the latent value has moved since wave 1, its trait apart."""
        return sum(value for since, value in self.moves.items() if since <= wave)

    def asked(self, wave: int) -> bool:
        """Tell whether a wave asks the item at all."""
        return self.since <= wave <= self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerModels:
    """The model of every item of a questionnaire, and what holds for all of them."""

    models: Mapping[str, AnswerModel]
    silence: Mapping[int, float]
    lean: float
    succession: int

    def unasked(self, wave: int) -> tuple[str, ...]:
        """List the items that a wave leaves out.

        Examples
        --------
        >>> from survey_kit.instrument import read_instrument
        >>> models = answer_models(read_instrument("instruments/kazakhstan_annual"))
        >>> models.unasked(1), "trust_civil_service" in models.unasked(9)
        (('trust_prosecutor',), True)
        """
        return tuple(name for name, model in self.models.items() if not model.asked(wave))

    def reluctance(self, wave: int) -> float:
        """Give how many times more people refuse what is sensitive than in wave 1.

        Examples
        --------
        >>> from survey_kit.instrument import read_instrument
        >>> models = answer_models(read_instrument("instruments/kazakhstan_annual"))
        >>> models.reluctance(1), models.reluctance(4)
        (1.0, 1.6)
        """
        told = [factor for since, factor in sorted(self.silence.items()) if since <= wave]
        return told[-1] if told else 1.0


@lru_cache(maxsize=4)
def read_answers(path: Path = FILE) -> AnswersFile:
    """Read a file of answers."""
    return declared(read_yaml(path, "file of answers", StudyError), AnswersFile, SCHEMA, StudyError)


def answer_models(instrument: Instrument, path: Path = FILE) -> AnswerModels:
    """Give the model of every item of a questionnaire.

    Raises
    ------
    StudyError
        If a pattern matches no item, an item has no entry, or its shares do not fit its codes.

    Examples
    --------
    >>> from survey_kit.instrument import read_instrument
    >>> models = answer_models(read_instrument("instruments/kazakhstan_annual"))
    >>> one = models.models["trust_courts"]
    >>> one.trait, one.loading, one.shift(8), one.shift(9), len(one.cuts)
    ('state', 0.72, 0.12, 0.24, 10)
    """
    file = read_answers(path)
    ids = [item.id for item in instrument.items]
    for entry in file.models:
        lost = [one for one in entry.items if not any(fnmatchcase(name, one) for name in ids)]
        if lost:
            fix = f"Name items of '{instrument.id}'."
            raise StudyError("A pattern of answers matches no item.", where=str(path), found=lost[0], fix=fix)
    models = {item.id: _model(instrument, item, file) for item in instrument.items}
    return AnswerModels(models=models, silence=file.silence, lean=file.lean, succession=file.succession)


def _model(instrument: Instrument, item: Item, file: AnswersFile) -> AnswerModel:
    said: dict[str, object] = {}
    for entry in file.models:
        if any(fnmatchcase(item.id, pattern) for pattern in entry.items):
            said |= {one.name: value for one in fields(entry) if (value := getattr(entry, one.name)) is not None}
    if not said:
        fix = 'Begin with an entry for all items: {items: ["*"], ...}.'
        raise StudyError("No entry says how an item is answered.", where="file of answers", found=item.id, fix=fix)
    whole = Entry(**said)  # type: ignore[arg-type]  # the same fields, merged
    codes, shares = _shares(instrument, item, whole)
    taken = {one.name for one in fields(AnswerModel)} & set(said)
    moves = {wave: 0.0 for part in (whole.changes, whole.wording) for wave in part or {}}
    for part in (whole.changes, whole.wording):
        for wave, value in (part or {}).items():
            moves[wave] = round(moves[wave] + value, 6)
    kept: dict[str, object] = {name: said[name] for name in taken}
    return AnswerModel(item=item.id, codes=codes, cuts=cuts(shares), moves=moves, **kept)  # type: ignore[arg-type]


def _shares(instrument: Instrument, item: Item, entry: Entry) -> tuple[tuple[Code, ...], tuple[float, ...]]:
    """Give codes from low to high, and their shares."""
    codes, scale = tuple(instrument.codes(item.id)), instrument.scale_of(item.id)
    if item.type != "single" or scale is None:
        return codes, ()
    if entry.shares is not None:
        if set(entry.shares) != set(codes):
            found = ", ".join(map(str, entry.shares))
            fix = f"Give one share to each of {', '.join(map(str, codes))}."
            raise StudyError("The shares do not fit the codes.", where=f"item '{item.id}'", found=found, fix=fix)
        return tuple(entry.shares), tuple(entry.shares.values())
    if len(codes) == 2 and 1 in codes:
        yes = entry.yes or 0.0
        return (next(code for code in codes if code != 1), 1), (1 - yes, yes)
    if scale.ordered or scale.ends:
        upward = codes if scale.high is None or codes[-1] == scale.high else codes[::-1]
        return upward, tuple(_normal(len(codes), entry.mean or 0.5, entry.spread or 0.25, heaped=bool(entry.heaped)))
    left = [FIRST_SHARE * (1 - FIRST_SHARE) ** place for place in range(len(codes))]
    return codes, tuple(one / sum(left) for one in left)


def _normal(n: int, mean: float, spread: float, *, heaped: bool) -> Iterator[float]:
    """Cut a normal curve into n answers, with heaps at both ends and in the middle."""
    curve = NormalDist(mean * (n - 1), spread * (n - 1))
    ends = [0.0, *(curve.cdf(place + 0.5) for place in range(n - 1)), 1.0]
    heaps = {round(at * (n - 1)): share for at, share in HEAPS.items()} if heaped else {}
    for place in range(n):
        yield (1 - sum(heaps.values())) * (ends[place + 1] - ends[place]) + heaps.get(place, 0.0)


def cuts(shares: tuple[float, ...]) -> tuple[float, ...]:
    """Give the normal quantiles that part shares, to four digits.

    Examples
    --------
    >>> cuts((0.5, 0.475, 0.025))
    (0.0, 1.96)
    """
    inside = list(accumulate(shares))[:-1]
    return tuple(round(NormalDist().inv_cdf(min(max(one, 1e-9), 1 - 1e-9)), 4) + 0.0 for one in inside)


def noise_of(loading: float) -> float:
    """Give the weight of the noise beside a trait, so that both have a variance of one.

    Examples
    --------
    >>> noise_of(0.6)
    0.8
    """
    return round(sqrt(1 - loading**2), 6)
