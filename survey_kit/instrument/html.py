"""A questionnaire as a page to read: every text is escaped, nothing is loaded from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from itertools import pairwise

from survey_kit.instrument.model import Item, Module
from survey_kit.instrument.questionnaire import Instrument

STYLE = """
.skq{font:14px/1.45 system-ui,sans-serif;max-width:60rem;color:inherit}
.skq h3{margin:.2em 0;font-size:1.15em}.skq summary{font-weight:600;cursor:pointer;margin:.6em 0 .2em}
.skq .item{border-left:3px solid #5b7c99;padding:.15em 0 .3em .8em;margin:.55em 0}
.skq .q{font-weight:500}.skq .id{font-family:ui-monospace,monospace;font-size:.85em;opacity:.75;margin-right:.6em}
.skq .a{margin:.2em 0 0 1.2em;padding:0;list-style:none}.skq .a code{display:inline-block;min-width:2.2em}
.skq .run code{min-width:0;margin:0 .2em 0 .9em}.skq .miss{opacity:.65}.skq .about{font-size:.85em;opacity:.75;margin:.15em 0}
"""


def questionnaire(instrument: Instrument, language: str | None = None) -> str:
    """Give the questionnaire as HTML in one language, the source language by default."""
    language = language or instrument.source_language
    say = _Say(instrument, language)
    about = [
        f"{len(instrument.items)} items",
        f"version {escape(instrument.version)}",
        "languages: " + ", ".join(f"{one} ({instrument.translation_status(one)})" for one in instrument.languages),
    ]
    notes = sum(problem.severity == "note" for problem in instrument.problems)
    if notes:
        about.append(f"{notes} {'note' if notes == 1 else 'notes'} in .problems")
    modules = "".join(_module(instrument, module, say) for module in instrument.modules)
    title = say(instrument.title) or escape(instrument.id)
    return (
        f'<style>{STYLE}</style><div class="skq" lang="{escape(language)}"><h3>{title}</h3>'
        f'<p class="about">{" · ".join(about)}</p>{modules}</div>'
    )


class _Say:
    """Choose a text in one language and escape it."""

    def __init__(self, instrument: Instrument, language: str) -> None:
        self.instrument, self.language = instrument, language

    def __call__(self, texts: Mapping[str, str]) -> str:
        return escape(self.instrument.say(texts, self.language))


def _module(instrument: Instrument, module: Module, say: _Say) -> str:
    lead = "".join(f"<p>{say(texts)}</p>" for texts in (module.lead_in,) if texts)
    lead += f'<p class="about">Interviewer: {say(module.instruction)}</p>' if module.instruction else ""
    shown = len(instrument.items) <= 60
    answers = [(item.scale, item.missing) for item in module.items]
    again = [False, *(one == other and one[0] is not None for one, other in pairwise(answers))]
    items = "".join(_item(instrument, item, say, again=same) for item, same in zip(module.items, again, strict=False))
    title = say(module.title) or escape(module.id)
    return f"<details{' open' if shown else ''}><summary>{title}</summary>{lead}{items}</details>"


def _item(instrument: Instrument, item: Item, say: _Say, *, again: bool) -> str:
    """Show one item; `again` when its answers are those of the item before."""
    about = ["Same answers"] if again else []
    if item.ask_if:
        about.append(f"Asked if <code>{escape(item.ask_if)}</code>")
    about += [
        f"{name}: {say(texts)}" for name, texts in (("Asked of", item.universe), ("Period", item.period)) if texts
    ]
    if item.instruction:
        about.append(f"Interviewer: {say(item.instruction)}")
    if item.showcard:
        about.append(f"Showcard {escape(item.showcard)}")
    if item.source:
        checked = "wording verified" if item.source.verified else "wording not verified"
        name = " ".join(part for part in (item.source.standard, item.source.item) if part)
        about.append(f"Source: {escape(name)} ({checked})")
    if item.role != "answer":
        about.append(escape(item.role.replace("_", "-")))
    if item.sensitive:
        about.append("sensitive")
    told = f'<p class="about">{" · ".join(about)}</p>' if about else ""
    question = f'<span class="id">{escape(item.id)}</span><span class="q">{say(item.text)}</span>'
    answers = "" if again else _answers(instrument, item, say)
    return f'<div class="item"><div>{question}</div>{answers}{told}</div>'


def _answers(instrument: Instrument, item: Item, say: _Say) -> str:
    scale = instrument.scale_of(item.id)
    rows = []
    if scale is not None:
        ends = {scale.high: " (high)", scale.low: " (low)"} if scale.ordered else {}
        told = {code: say(scale.texts(code)) + ends.get(code, "") for code in scale.codes}
        shown = [f"<code>{escape(str(code))}</code> {told[code]}" for code in scale.codes]
        if all(told.values()):
            rows += [f"<li>{one}</li>" for one in shown]
        else:  # only the ends have words: one line
            rows.append(f'<li class="run">{" ".join(shown)}</li>')
    else:
        low, high = item.minimum, item.maximum
        limits = f" {low:g} to {high:g}" if low is not None and high is not None else ""
        rows.append(f"<li>{escape(item.type)}{limits} {escape(item.unit or '')}</li>")
    for code in instrument.missing_codes(item.id):
        words = escape(instrument.label(item.id, code, say.language))
        rows.append(f'<li class="miss"><code>{escape(str(code))}</code> {words}</li>')
    return f'<ul class="a">{"".join(rows)}</ul>'
