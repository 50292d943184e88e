"""Showcards: what the respondent holds while answering. One card a page, large letters; nothing but the answers stands on it."""

from __future__ import annotations

from dataclasses import dataclass

from survey_kit.instrument.export.paper_items import text_of
from survey_kit.instrument.export.paper_sheet import Text
from survey_kit.instrument.export.paper_typst import STYLE, compiled, content, q
from survey_kit.instrument.model import Item
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.release import release
from survey_kit.language import words
from survey_kit.types import Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One card: its number and its answers, from the first to the last.

    Attributes
    ----------
    line
        Whether only the ends have words: the numbers stand in a line.
    numbered
        Whether the answers go by their numbers, so that a person can say a number instead of a sensitive word.
    """

    number: str
    answers: tuple[tuple[str, Text], ...]
    line: bool
    numbered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cards:
    """The cards of a questionnaire in one language."""

    title: str
    version: str
    language: str
    pilot: str
    cards: tuple[Card, ...]


def cards(instrument: Instrument, language: str) -> Cards:
    """Collect the showcards of a questionnaire in one language, in the order in which they are needed.

    A card shows the answers of the scale; codes that are never read out do not stand on it. The numbers of the answers do when they
    count from one, or when only the ends have words.

    Examples
    --------
    >>> from survey_kit.instrument.model import Module, Scale
    >>> scale = Scale(codes=(1, 2, 3), ends={1: {"en": "Not at all"}, 3: {"en": "Completely"}}, missing={9: "refused"})
    >>> form = Instrument(id="a", version="1", modules=(Module(id="m", items=(Item(id="q", scale=scale, showcard="T1"),)),))
    >>> [(card.number, [code for code, _ in card.answers]) for card in cards(form, "en").cards]
    [('T1', ['1', '2', '3'])]
    """
    say = words("paper", language)
    found: dict[str, list[tuple[Code, ...]]] = {}
    made: list[Card] = []
    for item in instrument.items:
        codes = instrument.codes(item.id)
        if item.showcard is None or not codes:
            continue
        known = found.setdefault(item.showcard, [])
        card = _card(instrument, item, language)
        labels = tuple(text for _, text in card.answers)
        if any(codes == one for one in known) or any(
            set(labels) == {text for _, text in other.answers} for other in made if other.number == card.number
        ):
            continue
        known.append(codes)
        made.append(card)
    return Cards(
        title=say("cards"),
        version=say("version", version=instrument.version),
        language=language,
        pilot="" if release(instrument, language).ready else words("form", language)("pilot"),
        cards=tuple(made),
    )


def _card(instrument: Instrument, item: Item, language: str) -> Card:
    codes, scale = instrument.codes(item.id), instrument.scale_of(item.id)
    answers = tuple((str(code), text_of(instrument, scale.texts(code) if scale else {}, language)) for code in codes)
    line = not all(text for _, text in answers)
    return Card(
        number=item.showcard or "",
        answers=answers,
        line=line,
        numbered=line or codes == tuple(range(1, len(codes) + 1)),
    )


def cards_pdf(made: Cards) -> bytes:
    """Make the PDF of showcards: A4 across, one card a page."""
    say = words("paper", made.language)
    title = f"{made.pilot}: {made.title}" if made.pilot else made.title
    setup = f"title: {q(title)}, language: {q(made.language)}, pilot: {q(made.pilot)}, foot: {q(made.version)}"
    pages = [
        f"#card({q(say('card', number=card.number))}, {_answers(card)}, line-up: {str(card.line).lower()}, "
        f"numbered: {str(card.numbered).lower()})"
        for card in made.cards
    ]
    return compiled(f'#import "{STYLE.name}": *\n#show: cards.with({setup})\n' + "\n".join(pages) + "\n")


def _answers(card: Card) -> str:
    return "(" + "".join(f"({q(code)}, {content(text)}), " for code, text in card.answers) + ")"
