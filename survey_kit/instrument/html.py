"""A questionnaire as a page to read: every text is escaped, nothing is loaded from anywhere."""

from __future__ import annotations

from collections import Counter
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
.skq .rows{margin:.2em 0 0 1.2em;padding:0;list-style:none}.skq .rows .id{min-width:9em;display:inline-block}
.skq table{border-collapse:collapse;font-size:.9em;margin:.3em 0}.skq td,.skq th{text-align:left;padding:.1em .8em .1em 0;vertical-align:top}
.skq .bad{border-left:3px solid #b3261e;padding-left:.6em}.skq .run code{min-width:0;margin:0 .2em 0 .9em}.skq .miss{opacity:.65}.skq .about{font-size:.85em;opacity:.75;margin:.15em 0}
"""


def questionnaire(instrument: Instrument, language: str | None = None) -> str:
    """Give the questionnaire as HTML in one language, the source language by default."""
    language = language or instrument.source_language
    say = _Say(instrument, language)
    about = [f"{len(instrument.items)} items", f"version {escape(instrument.version)}"]
    about += [f"uses {escape(name)} {escape(version)}" for name, version in instrument.uses.items()]
    if instrument.off:
        about.append(f"switched off: {escape(', '.join(instrument.off))}")
    title = say(instrument.title) or escape(instrument.id)
    modules = "".join(_module(instrument, module, say) for module in instrument.modules)
    return (
        f'<style>{STYLE}</style><div class="skq" lang="{escape(language)}"><h3>{title}</h3>'
        f'<p class="about">{" · ".join(about)}</p>{_languages(instrument)}{_problems(instrument)}{modules}</div>'
    )


def _languages(instrument: Instrument) -> str:
    """Show how far each language is, text by text."""
    if len(instrument.languages) == 1:
        return f'<p class="about">languages: {escape(instrument.source_language)} (source)</p>'
    rows = []
    for language in instrument.languages:
        counts = Counter(instrument.statuses.get(language, {}).values())
        told = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in sorted(counts.items()))
        status = instrument.translation_status(language).replace("_", " ")
        rows.append(f"<tr><td>{escape(language)}</td><td>{status}</td><td>{told}</td></tr>")
    head = "<tr><th>language</th><th>as a whole</th><th>texts</th></tr>"
    return f"<table>{head}{''.join(rows)}</table>"


def _problems(instrument: Instrument) -> str:
    """Show what is wrong, errors first."""
    if not instrument.problems:
        return '<p class="about">No problems found.</p>'
    ordered = sorted(instrument.problems, key=lambda one: one.severity != "error")
    errors = sum(one.severity == "error" for one in ordered)
    rows = "".join(
        f"<tr><td>{one.severity}</td><td>{one.code}</td><td>{escape(one.where.rsplit('/', 1)[-1])}</td>"
        f"<td>{escape(one.message)} {escape(one.fix)}</td></tr>"
        for one in ordered
    )
    told = f"{errors} errors, {len(ordered) - errors} notes"
    return f'<details class="{"bad" if errors else "note"}"><summary>{told}</summary><table>{rows}</table></details>'


class _Say:
    """Choose a text in one language and escape it."""

    def __init__(self, instrument: Instrument, language: str) -> None:
        self.instrument, self.language = instrument, language

    def __call__(self, texts: Mapping[str, str]) -> str:
        return escape(self.instrument.say(texts, self.language))


def _module(instrument: Instrument, module: Module, say: _Say) -> str:
    about = [f"from {escape(module.use)}"] if module.use else []
    about += [f"Asked if <code>{escape(module.ask_if)}</code>"] if module.ask_if else []
    about += [f"Switch <code>{escape(module.switch)}</code>"] if module.switch else []
    about += ["The respondent takes the device"] if module.self_completed else []
    if module.repeat:
        about.append(f"Once for each of <code>{escape(module.repeat.count)}</code>, at most {module.repeat.most}")
    rotated = [name for name, one in instrument.rotations.items() if module.id in one.modules]
    about += [f"In rotated order ({escape(name)})" for name in rotated]
    lead = f'<p class="about">{" · ".join(about)}</p>' if about else ""
    lead += f"<p>{say(module.lead_in)}</p>" if module.lead_in else ""
    lead += f'<p class="about">Interviewer: {say(module.instruction)}</p>' if module.instruction else ""
    lead += f'<p class="about">Design: {escape(module.note)}</p>' if module.note else ""
    shown = module.use is None and len(module.items) <= 40
    answers = [(item.scale, item.missing) for item in module.items]
    again = [False, *(one == other and one[0] is not None for one, other in pairwise(answers))]
    items = "".join(_item(instrument, item, say, again=same) for item, same in zip(module.items, again, strict=False))
    title = say(module.title) or escape(module.id)
    return f"<details{' open' if shown else ''}><summary>{title}</summary>{lead}{items}</details>"


def _item(instrument: Instrument, item: Item, say: _Say, *, again: bool) -> str:
    """Show one item; `again` when its answers are those of the item before."""
    about = ["Same answers"] if again else []
    about += [escape(item.type)] if item.type not in {"single", "note", "grid"} else []
    about += [f"= <code>{escape(item.value)}</code>"] if item.value else []
    about += [f"Must meet <code>{escape(item.constraint)}</code>"] if item.constraint else []
    about += [f"First row drawn by <code>{escape(item.rotate)}</code>"] if item.rotate else []
    about += [f"Order drawn by <code>{escape(item.shuffle)}</code>"] if item.shuffle else []
    about += [f"At most {item.most} answers"] if item.most is not None else []
    if item.ask_if:
        about.append(f"Asked if <code>{escape(item.ask_if)}</code>")
    about += [
        f"{name}: {say(texts)}" for name, texts in (("Asked of", item.universe), ("Period", item.period)) if texts
    ]
    if item.instruction:
        about.append(f"Interviewer: {say(item.instruction)}")
    if item.showcard:
        about.append(f"Showcard {escape(item.showcard)}")
    if item.source and item.source.own:
        about.append("Own wording")
    elif item.source:
        checked = "wording verified" if item.source.verified else "wording not verified"
        name = " ".join(part for part in (item.source.standard, item.source.item) if part)
        about.append(f"Source: {escape(name)} ({checked})")
    if item.role != "answer":
        about.append(escape(item.role.replace("_", "-")))
    if item.sensitive:
        about.append("sensitive")
    about += [f"About {escape(item.about)}"] if item.about else []
    told = f'<p class="about">{" · ".join(about)}</p>' if about else ""
    told += f'<p class="about">Design: {escape(item.note)}</p>' if item.note else ""
    question = f'<span class="id">{escape(item.id)}</span><span class="q">{say(item.text)}</span>'
    rows = "".join(
        f'<li><span class="id">{escape(row.id)}</span>{say(row.text)}'
        + (f' <span class="about">Asked if <code>{escape(row.ask_if)}</code></span>' if row.ask_if else "")
        + "</li>"
        for row in item.rows
    )
    listed = f'<ul class="rows">{rows}</ul>' if rows else ""
    answers = "" if again or item.type == "note" else _answers(instrument, item, say)
    return f'<div class="item"><div>{question}</div>{listed}{answers}{told}</div>'


def _answers(instrument: Instrument, item: Item, say: _Say) -> str:
    asked = item.rows[0] if item.type == "grid" and item.rows else item
    if asked.id not in instrument:
        return ""
    scale = instrument.scale_of(asked.id)
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
        if limits or item.unit:
            rows.append(f"<li>{limits} {escape(item.unit or '')}</li>")
    for code in instrument.missing_codes(asked.id):
        words = escape(instrument.label(asked.id, code, say.language))
        rows.append(f'<li class="miss"><code>{escape(str(code))}</code> {words}</li>')
    return f'<ul class="a">{"".join(rows)}</ul>'
