"""Answers of made-up people to a whole questionnaire, through its routing: every item, for all of them at once.

A person answers the same whatever sample he is in: every draw is keyed by the person, the item and, for silence, the wave.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from survey_kit.errors import StudyError
from survey_kit.instrument import Instrument
from survey_kit.instrument.evaluate import Column, compute, evaluate
from survey_kit.instrument.expressions import Expression, parse_value
from survey_kit.instrument.model import Item
from survey_kit.rehearsal.answer_model import AnswerModel, AnswerModels, answer_models, noise_of
from survey_kit.rehearsal.answered_about import known_of
from survey_kit.rehearsal.draws import normals, uniforms
from survey_kit.rehearsal.population import Population
from survey_kit.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

NOT_ASKED = -1
OF_THE_FIELD = frozenset({"psu", "interviewer", "region"})  # the field tells these of an interview, no person does
TALKATIVE, UNTALKATIVE = 0.55, 0.835  # how far one person's items go unanswered together; squares add up to one
Answer = NDArray[np.int32]


@dataclass(slots=True, kw_only=True, eq=False)
class Answers:
    """Answers to a questionnaire, item by item.

    Attributes
    ----------
    wave
        The wave they were given in.
    person : (n,)
        Who answered, rows of the country.
    values
        Of each item the codes or numbers (n,), -1 where it was not asked; of several answers the codes as bits of their place,
        or a missing code below -1.
    columns
        What conditions see of them.
    """

    instrument: Instrument
    wave: int
    person: IntArray
    values: dict[str, Answer] = field(default_factory=dict)
    texts: dict[str, NDArray[Any]] = field(default_factory=dict)
    columns: dict[str, Column] = field(default_factory=dict)
    routes: dict[str, BoolArray] = field(default_factory=dict)

    def asked(self, item: str) -> BoolArray:
        """Tell who was asked an item (n,)."""
        route = self.instrument.route(item)
        if route is None:
            return np.ones(len(self.person), dtype=bool)
        key = ast.unparse(route.tree)
        if key not in self.routes:
            self.routes[key] = evaluate(route, self._seen(route), len(self.person))[0]
        return self.routes[key]

    def said(self, item: str, codes: Sequence[Any]) -> BoolArray:
        """Tell who gave one of some answers (n,)."""
        return np.isin(self.values[item], np.array([int(code) for code in codes]))

    def put(self, item: Item, values: Answer) -> None:
        """Take the answers to an item; what stands where it was not asked is set aside."""
        values = np.where(self.asked(item.id), values, np.int32(NOT_ASKED))
        self.values[item.id] = values
        missing = [_stored(item, code) for code in self.instrument.missing_codes(item.id)]
        known = (values != NOT_ASKED) & ~np.isin(values, np.array(missing, dtype=np.int64))
        if item.type == "multiple":
            self.columns[item.id] = _sets(self.instrument.codes(item.id), values, known), known
        else:
            self.columns[item.id] = np.where(known, values, np.nan), known

    def compute(self, item: Item) -> None:
        """Compute a calculated item."""
        expression = parse_value(item.value or "")
        values, known = compute(expression, self._seen(expression), len(self.person))
        known = known & self.asked(item.id)
        self.columns[item.id] = np.where(known, values, np.nan), known
        self.values[item.id] = np.where(known, values, NOT_ASKED).astype(np.int32)

    def frame(self) -> pd.DataFrame:
        """Give the answers as a table of raw codes, null where there is none, several answers parted by blanks."""
        import pandas as pd

        out: dict[str, Any] = dict(self.texts)
        for name, values in self.values.items():
            if self.instrument.item(name).type == "multiple":
                out[name] = _cells(self.instrument.codes(name), values)
            else:
                out[name] = pd.array(values, dtype="Int32")
                out[name][values == NOT_ASKED] = pd.NA
        return pd.DataFrame(out)

    def _seen(self, expression: Expression) -> Mapping[str, Column]:
        return {name: self._column(name) for name in expression.names}

    def _column(self, name: str) -> Column:
        if name in self.columns:
            return self.columns[name]
        if self.instrument.item(name).type == "multiple":
            return np.full(len(self.person), None, dtype=object), np.zeros(len(self.person), dtype=bool)
        return np.full(len(self.person), np.nan), np.zeros(len(self.person), dtype=bool)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Teller:
    """A made-up country that can be asked a questionnaire.

    Attributes
    ----------
    population, instrument
        Who is asked, and what.
    models
        How every item is answered.
    lean
        Correlation of silence with the trait behind the answer: those who trust less say less; 0 for silence at random.

    Examples
    --------
    >>> from survey_kit.instrument import read_instrument
    >>> from survey_kit.rehearsal.population import build_population
    >>> form = read_instrument("instruments/kazakhstan_annual")
    >>> teller = make_teller(build_population(16), form)
    >>> some = teller.tell(1, np.array([5, 70_000]), silent=False)
    >>> again = teller.tell(1, np.array([70_000]), silent=False)
    >>> all(some.values[name][1] == again.values[name][0] for name in some.values)
    True
    """

    population: Population = field(repr=False)
    instrument: Instrument = field(repr=False)
    models: AnswerModels = field(repr=False)
    lean: float = 0.0

    def tell(
        self,
        wave: int,
        person: IntArray,
        *,
        effect: FloatArray | float = 0.0,
        silent: bool = True,
        items: Sequence[str] | None = None,
    ) -> Answers:
        """Ask some people.

        Parameters
        ----------
        wave
            The wave, whose traits, words and list of institutions count.
        person : (n,)
            Whom, rows of the country.
        effect : (n,)
            What interviewer and mode do to the latent value; 0 for what is true.
        silent
            Whether questions are left unanswered; without it everybody tells what is true, and does not know only what people truly
            do not know.
        items
            The items wanted, with what decides whether they are asked; all by default.
        """
        out = Answers(instrument=self.instrument, wave=wave, person=person)
        wanted = None if items is None else needed_for(self.instrument, items)
        traits: dict[str, FloatArray] = {}
        out.texts["interview_date"] = np.full(len(person), self._date(wave))
        out.columns["interview_date"] = out.texts["interview_date"], np.ones(len(person), dtype=bool)
        about = known_of(self.population, self.instrument, wave, person)
        for item in self.instrument.items:
            if item.id in out.texts or item.id in OF_THE_FIELD or item.role == "identifier":
                continue
            if item.type in {"text", "note", "date"}:
                continue
            if wanted is not None and item.id not in wanted:
                continue
            model = self.models.models[item.id]
            if not model.asked(wave):
                continue
            if item.type == "calculated":
                out.compute(item)
            elif item.id in about:
                out.put(item, about[item.id])
            elif item.role != "design" or item.type in {"arm", "random"}:
                trait = self._trait(traits, model, wave, person)
                out.put(item, self._answer(item, model, out, trait, np.asarray(effect), silent=silent))
        return out

    # ------------------------------------------------------------------------------------------------------- inside
    def _date(self, wave: int) -> str:
        """Give a nominal day on the right side of the succession: waves have numbers and no dates."""
        return "2026-07-01" if wave >= self.models.succession else "2026-06-30"

    def _trait(self, traits: dict[str, FloatArray], model: AnswerModel, wave: int, person: IntArray) -> FloatArray:
        if model.trait not in traits:
            traits[model.trait] = self.population.trait(model.trait, wave)[person].astype(np.float64)
        return traits[model.trait]

    def _answer(
        self, item: Item, model: AnswerModel, out: Answers, trait: FloatArray, effect: FloatArray, *, silent: bool
    ) -> Answer:
        seed, person = self.population.seed, out.person
        if item.type == "multiple":
            said = _picked(item, model, self.instrument, lambda name: uniforms(seed, name, person))
        elif item.type == "arm":
            said = _drawn(item, self.instrument, uniforms(seed, f"arm {item.id} {out.wave}", person))
        elif model.among:
            said = _among(item, model, out, lambda name: uniforms(seed, name, person))
        else:
            latent = trait * (model.sign * model.loading) + normals(seed, item.id, person) * noise_of(model.loading)
            latent += model.shift(out.wave) + effect * model.swayed
            said = _number(item, model, latent) if item.numeric else _coded(model, latent)
        return self._silenced(item, model, out, said, trait, silent=silent)

    def _silenced(
        self, item: Item, model: AnswerModel, out: Answers, said: Answer, trait: FloatArray, *, silent: bool
    ) -> Answer:
        """Put the codes of those who do not answer in the place of what they would have said."""
        seed, person, wave = self.population.seed, out.person, out.wave
        rates = {"dont_know": model.dont_know, "refused": model.refused, "not_asked": model.not_applicable}
        if item.sensitive:
            rates["refused"] *= self.models.reluctance(wave)
        for code, kind in self.instrument.missing_codes(item.id).items():
            rate = rates.get(kind, 0.0)
            truly = model.not_knowing and kind == "dont_know"
            if not rate or not (silent or truly):
                continue
            when = "" if truly else f" {wave}"
            own = normals(seed, f"{kind} {model.block or item.id}{when}", person)
            tendency = normals(seed, f"{kind} talkative", person) * TALKATIVE + own * UNTALKATIVE
            if self.lean and not truly:
                tendency = tendency * noise_of(self.lean) - trait * (model.sign * self.lean)
            from scipy.special import ndtri

            said = np.where(tendency > ndtri(1 - min(rate, 0.9)), np.int32(_stored(item, code)), said)
        return said


def make_teller(population: Population, instrument: Instrument, *, biased: bool = False) -> Teller:
    """Make a country answer a questionnaire; `biased` lets silence lean on what would have been said.

    Raises
    ------
    StudyError
        If the questionnaire asks repeated modules, which the country does not answer.
    """
    repeated = next((module.id for module in instrument.modules if module.repeat is not None), None)
    if repeated is not None:
        fix = "Rehearse a questionnaire that asks one person about himself."
        raise StudyError("The made-up country does not answer repeated modules.", found=repeated, fix=fix)
    models = answer_models(instrument)
    return Teller(population=population, instrument=instrument, models=models, lean=models.lean if biased else 0.0)


def needed_for(instrument: Instrument, items: Sequence[str]) -> frozenset[str]:
    """Name items and all that decides whether they are asked, or that they are computed from.

    Examples
    --------
    >>> from survey_kit.instrument import read_instrument
    >>> form = read_instrument("instruments/kazakhstan_annual")
    >>> sorted(needed_for(form, ["health_overall"]))
    ['consent', 'health_each_time', 'health_need', 'health_overall', 'health_received']
    """
    out: set[str] = set()
    open_ = list(items)
    while open_:
        name = open_.pop()
        if name in out:
            continue
        out.add(name)
        route, value = instrument.route(name), instrument.item(name).value
        open_ += [] if route is None else route.names
        open_ += [] if value is None else parse_value(value).names
    return frozenset(out)


# ------------------------------------------------------------------------------------------------- kinds of answers
def _coded(model: AnswerModel, latent: FloatArray) -> Answer:
    codes = np.array([int(code) for code in model.codes], dtype=np.int32)
    return np.asarray(codes[np.searchsorted(np.array(model.cuts), latent, side="right")])


def _number(item: Item, model: AnswerModel, latent: FloatArray) -> Answer:
    low, high = item.minimum or 0.0, item.maximum if item.maximum is not None else np.inf
    value = np.floor(model.median * np.exp(model.sigma * latent) + 0.5)
    return np.clip(value, low, high).astype(np.int32)


def _drawn(item: Item, instrument: Instrument, drawn: FloatArray) -> Answer:
    codes = np.array([int(code) for code in instrument.codes(item.id)], dtype=np.int32)
    odds = np.array(item.shares or (1.0,) * len(codes))
    return np.asarray(codes[np.searchsorted(np.cumsum(odds / odds.sum())[:-1], drawn, side="right")])


def _picked(item: Item, model: AnswerModel, instrument: Instrument, draw: Callable[[str], FloatArray]) -> Answer:
    """Name some of the codes, as bits of their place: at most `most`, at least one, an exclusive one alone."""
    codes = instrument.codes(item.id)
    free = [place for place, code in enumerate(codes) if code not in item.exclusive]
    shares = [model.picks[min(rank, len(model.picks) - 1)] for rank in range(len(free))]
    eager = np.stack([draw(f"{item.id} {place}") / share for place, share in zip(free, shares, strict=True)])
    named = eager < 1
    if item.most is not None:
        named &= eager.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable") < item.most
    alone = next((place for place, code in enumerate(codes) if code in item.exclusive), None)
    bits = np.array([1 << place for place in free], dtype=np.int32)
    out = (named * bits[:, None]).sum(axis=0, dtype=np.int32)
    rest = np.full(out.shape, 1 << alone, dtype=np.int32) if alone is not None else bits[eager.argmin(axis=0)]
    return np.asarray(np.where(out == 0, rest, out))


def _among(item: Item, model: AnswerModel, out: Answers, draw: Callable[[str], FloatArray]) -> Answer:
    """Name one of those to whom an earlier list of items says yes: the k-th code is the k-th item of that list."""
    names = [one for one in out.values if one.startswith(f"{model.among}_") and "_count" not in one]
    chance = np.stack([draw(f"{item.id} {place}") for place in range(len(model.codes))])
    for place, name in enumerate(names):
        chance[place] -= np.where(out.values[name] == 1, 0.0, 1.0)
    codes = np.array([int(code) for code in model.codes], dtype=np.int32)
    return np.asarray(codes[chance.argmax(axis=0)])


def _stored(item: Item, code: Any) -> int:
    """Give how a missing code is kept: below -1 beside the bits of several answers."""
    return -int(code) if item.type == "multiple" else int(code)


def _sets(codes: Sequence[Any], values: Answer, known: BoolArray) -> NDArray[Any]:
    """Give the sets of codes (n,) behind bits; None where nothing is known."""
    kinds, place = np.unique(np.where(known, values, 0), return_inverse=True)
    sets = np.empty(len(kinds), dtype=object)
    for row, bits in enumerate(kinds.tolist()):
        sets[row] = frozenset(code for k, code in enumerate(codes) if bits >> k & 1) if bits else None
    return np.asarray(sets[place])


def _cells(codes: Sequence[Any], values: Answer) -> NDArray[Any]:
    kinds, place = np.unique(values, return_inverse=True)
    texts = np.empty(len(kinds), dtype=object)
    for row, bits in enumerate(kinds.tolist()):
        chosen = " ".join(str(code) for k, code in enumerate(codes) if bits >> k & 1)
        texts[row] = None if bits == NOT_ASKED else str(-bits) if bits < 0 else chosen
    return np.asarray(texts[place])
