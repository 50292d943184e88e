"""What measures a sentence: figures of the study, questions it asks, questions of other instruments, ratings, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from survey_kit.study.definition import Indicator
from survey_kit.study.policy import Measure, Policy, RiskField, Statement
from survey_kit.study.policy_read import item_form
from survey_kit.study.registry import Registry, definition_digests
from survey_kit.study.study import Study

State: TypeAlias = Literal["figure", "asked", "not_asked", "elsewhere", "missing", "rating"]
LANGUAGES = ("kk", "ru", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One thing that measures a sentence.

    Attributes
    ----------
    id, instrument
        The indicator, the item and its instrument, or the rating.
    title
        Its name by language; empty for an indicator that is missing and for a rating.
    state
        ``figure``: an indicator of the study; ``asked``: a question of the study without a figure; ``not_asked``: in the
        questionnaire but asked in no wave; ``elsewhere``: of an instrument the study does not field; ``missing``: an
        indicator the study does not have; ``rating``: an international rating.
    form
        The title of the instrument by language.
    """

    id: str
    title: dict[str, str]
    state: State
    instrument: str = ""
    form: dict[str, str] = field(default_factory=dict)


def cover(study: Study, of: Statement | RiskField | Measure) -> tuple[Link, ...]:
    """Find what measures a sentence, a field or a measure: computed from the study's indicators and instruments, never typed.

    An item brings the indicators that are made of it, so that a figure is found under any name; to a field it brings those that
    are made of the field's items only, so that a figure on all officials stands for none of them.

    Examples
    --------
    >>> from survey_kit.study import read_study
    >>> says = Statement(id="a", section="1", kind="goal", text={"en": "Trust"}, sources=("x",), indicators=("old",))
    >>> [(one.id, one.state) for one in cover(read_study("analyses/brazil_trust"), says)]
    [('old', 'missing')]
    """
    known = {one.id: one for one in study.definitions}
    found: dict[tuple[str, str], Link] = {}
    for name in of.indicators:
        link = _figure(known[name]) if name in known else Link(id=name, title={}, state="missing")
        found.setdefault(("indicator", name), link)
    own = {own_item(study, name) for name in of.items}
    for name in of.items:
        item = own_item(study, name)
        made = [one for one in study.definitions if item and item in one.needs()]
        if isinstance(of, RiskField):
            made = [one for one in made if own.issuperset(one.needs())]
        for one in made:
            found.setdefault(("indicator", one.id), _figure(one))
        if not made:
            found.setdefault(("item", name), item_link(study, name))
    for rating in of.ratings if isinstance(of, Statement) else ():
        found[("rating", rating)] = Link(id=rating, title={}, state="rating")
    return tuple(found.values())


def own_item(study: Study, name: str) -> str:
    """Give the id of an item of the study's own instrument; empty for one of another instrument."""
    home, _, item = name.rpartition("/")
    return item if home in {"", study.instrument_} else ""


def item_link(study: Study, name: str) -> Link:
    """Give an item with its names and whether the study asks it."""
    form, item = item_form(study, name)
    title = {language: form.name(item, language) for language in LANGUAGES if language in form.languages}
    title = title or {"en": form.name(item)}
    if not own_item(study, name):
        return Link(id=item, title=title, state="elsewhere", instrument=form.id, form=dict(form.title))
    asked = any(item in one and item not in study.not_asked(wave) for wave, one in study.instruments.items())
    return Link(id=item, title=title, state="asked" if asked else "not_asked", instrument=form.id)


def measured(links: Sequence[Link]) -> bool:
    """Tell whether there is a number: a figure of the study or a rating.

    Examples
    --------
    >>> measured([Link(id="a", title={}, state="elsewhere")]), measured([Link(id="cpi", title={}, state="rating")])
    (False, True)
    """
    return any(link.state in {"figure", "rating"} for link in links)


def registry(study: Study, policy: Policy | None) -> dict[str, Registry]:
    """Give the registry: the entry of each indicator of the study that has one, in its order."""
    beside = policy.strategy.registry if policy and policy.strategy else {}
    entries = {one.id: one.registry or beside.get(one.id) for one in study.definitions}
    return {name: entry for name, entry in entries.items() if entry is not None}


def stale(study: Study, entries: Mapping[str, Registry]) -> tuple[str, ...]:
    """Name the indicators whose entry was written for a definition that has changed since."""
    now = definition_digests(study.definitions)
    return tuple(
        name
        for name, entry in entries.items()
        if entry.describes and name in now and not now[name].startswith(entry.describes)
    )


def causal(measure: Measure) -> bool:
    """Tell whether the way a measure was introduced allows a conclusion on its effect: only regions drawn by lot do."""
    return measure.introduction == "drawn"


def gaps(study: Study, policy: Policy) -> tuple[str, ...]:
    """Tell in English what the files of a policy leave open, for `survey-kit check`.

    Examples
    --------
    >>> from survey_kit.study import read_study
    >>> from survey_kit.study.policy_read import read_policy
    >>> study = read_study("analyses/kazakhstan")
    >>> any("section 3.2" in one for one in gaps(study, read_policy(study)))
    True
    """
    told = []
    strategy = policy.strategy
    if strategy is not None:
        for one in strategy.expected:
            there = sum((say.section, say.kind) == (one.section, one.kind) for say in strategy.statements)
            if there < one.number:
                told.append(
                    f"Of {one.number} sentences of the kind '{one.kind}' in section {one.section}, {there} are entered."
                )
        open_ = [one.id for one in strategy.statements if not measured(cover(study, one))]
        if open_:
            told.append(f"No figure measures {len(open_)} sentences: {', '.join(open_)}.")
        missing = {link.id for one in strategy.statements for link in cover(study, one) if link.state == "missing"}
        missing |= {name for name in strategy.registry if name not in {one.id for one in study.definitions}}
        if missing:
            told.append(f"The study has no indicator {', '.join(sorted(missing))}.")
        doubted = [one.id for one in strategy.statements if not one.verified]
        if doubted:
            told.append(f"{len(doubted)} sentences were not compared with the document: {', '.join(doubted)}.")
    if stale(study, registry(study, policy)):
        told.append(
            f"The words were written for another definition: {', '.join(stale(study, registry(study, policy)))}."
        )
    unsure = [one.id for one in (*policy.institutions.documents, *policy.institutions.institutions) if not one.verified]
    if unsure:
        told.append(f"{len(unsure)} bodies or documents are not verified: {', '.join(unsure)}.")
    return tuple(told)


def _figure(one: Indicator) -> Link:
    return Link(id=one.id, title=dict(one.title), state="figure")
