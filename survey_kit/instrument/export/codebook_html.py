"""The codebook as one page: every text escaped, nothing loaded from anywhere, readable without scripts, at any width."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from survey_kit.instrument.compose import placeholders
from survey_kit.instrument.export.codebook_rows import Entry, Texts, Value, entries
from survey_kit.instrument.export.sentences import letters, unit_in_words
from survey_kit.instrument.model import Module
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.release import release
from survey_kit.language import NAMES, known_languages, words

_HERE = Path(__file__).parent
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)
_SAID = ("found", "none_found")  # phrases that only the script says


def page(instrument: Instrument) -> str:
    """Give the codebook of an instrument as one HTML page, all languages side by side.

    Examples
    --------
    >>> from survey_kit.instrument.load import read_instrument
    >>> "<script src" in page(read_instrument("instruments/lapop_brazil"))
    False
    """
    return _Page(instrument, instrument.languages, _spoken(instrument)).whole()


def _spoken(instrument: Instrument) -> str:
    """Choose the language the page's own words begin in."""
    return instrument.source_language if instrument.source_language in known_languages("codebook") else "en"


@dataclass(frozen=True, slots=True)
class _Page:
    instrument: Instrument
    languages: tuple[str, ...]
    spoken: str

    def whole(self) -> str:
        """Give the page."""
        made = self.instrument
        found = entries(made)
        title = escape(made.say(made.title, self.spoken) or made.id)
        used: dict[str, None] = dict.fromkeys(_SAID)
        main = "".join(self._part(module, [one for one in found if one.module is module]) for module in made.modules)
        body = (
            f'<a class="skip" href="#items">{self.w("skip")}</a>'
            f'<header class="top wrap"><p class="soft">{self.w("codebook")}</p><h1>{self.texts(made.title, escape(made.id))}</h1>'
            f"{self._about(len(found))}</header>{self._bar()}"
            f'<main class="wrap" id="items">{self._contents()}{main}</main>'
        )
        for key in body.split('data-w="')[1:]:
            used[key.split('"')[0]] = None
        catalogue = {key: {one: words("codebook", one)(key) for one in known_languages("codebook")} for key in used}
        told = json.dumps(catalogue, ensure_ascii=False).replace("<", "\\u003c")
        return (
            f'<!DOCTYPE html>\n<html lang="{self.spoken}" data-source="{self.spoken}" data-show="all">\n<head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{title} · {escape(words('codebook', self.spoken)('codebook'))}</title>"
            f"<style>{_asset('codebook.css')}:root{{--n:{len(self.languages)}}}</style></head>\n<body>{body}"
            f'<script type="application/json" id="words">{told}</script>\n<script>{_asset("codebook.js")}</script></body></html>\n'
        )

    # --------------------------------------------------------------------------------------------------------- words
    def w(self, key: str) -> str:
        """Give one of the page's own phrases, which the script says in another language when asked to."""
        return f'<span data-w="{key}">{escape(words("codebook", self.spoken)(key))}</span>'

    def texts(self, texts: Mapping[str, str], fallback: str = "", *, stem: Mapping[str, str] | None = None) -> str:
        """Give a text in all languages side by side."""
        if not any(texts.values()) and not any((stem or {}).values()):
            return fallback
        cells = []
        for language in self.languages:
            before = (stem or {}).get(language, "")
            text = texts.get(language, "")
            told = f'<span class="stem">{escape(before)}</span> {escape(text)}' if before else escape(text)
            code = escape(language)
            cells.append(f'<span data-l="{code}" lang="{code}"><span class="tag">{code}</span>{told or "–"}</span>')
        return f'<span class="langs">{"".join(cells)}</span>'

    # ---------------------------------------------------------------------------------------------------------- head
    def _bar(self) -> str:
        choices = "".join(
            f'<label lang="{escape(one)}"><input type="radio" name="show" value="{escape(one)}"> {escape(NAMES.get(one, one))}</label>'
            for one in self.languages
        )
        every = f'<label><input type="radio" name="show" value="all" checked> {self.w("all")}</label>'
        several = f'<fieldset class="small"><legend>{self.w("show")}</legend>{every}{choices}</fieldset>'
        return (
            f'<div class="bar" hidden data-script><div class="wrap"><label class="find small">{self.w("search")}'
            f'<input type="search" id="search" autocomplete="off"></label>{several if len(self.languages) > 1 else ""}'
            '<span class="small soft" id="told" role="status"></span></div></div>'
        )

    def _about(self, count: int) -> str:
        made = self.instrument
        facts = [
            ("version", escape(made.version)),
            ("items", str(count)),
            ("population", self.texts(made.population)),
            ("unit", self.w(f"unit_{made.unit}")),
            ("modes", ", ".join(self.w(f"mode_{one}") for one in made.modes)),
            ("status", self._statuses()),
            ("to_fill", escape(", ".join(f"[[{name}]]" for name in placeholders(made)))),
            ("switched_off", escape(", ".join(made.off))),
            ("institutions", self._institutions()),
            ("field_tests", self._field_tests()),
            ("changes", "<br>".join(escape(f"{c.version} {c.date or ''}: {c.text}") for c in made.changelog)),
        ]
        note = f"<details><summary>{self.w('notes')}</summary><p>{escape(made.note)}</p></details>" if made.note else ""
        return f'<dl class="facts small">{self._facts(facts)}</dl>{note}'

    def _facts(self, facts: Iterable[tuple[str, str]]) -> str:
        return "".join(f"<dt>{self.w(key)}</dt><dd>{told}</dd>" for key, told in facts if told)

    def _statuses(self) -> str:
        told = []
        for language in self.languages:
            state = release(self.instrument, language)
            status = self.w(f"status_{self.instrument.translation_status(language)}")
            reasons = f" ({escape('; '.join(state.reasons))})" if state.reasons else ""
            told.append(f"{escape(language)}: {status}, {self.w('ready' if state.ready else 'not_ready')}{reasons}")
        return "<br>".join(told)

    def _institutions(self) -> str:
        told = []
        for name, one in self.instrument.institutions.items():
            dates = [
                f"{self.w(key)} {escape(date)}" for key, date in (("since", one.since), ("until", one.until)) if date
            ]
            dates += [f"{self.w('successor')} <code>{escape(one.successor)}</code>"] if one.successor else []
            told.append(
                f"<code>{escape(name)}</code> {self.texts(one.name)}<span class='soft'>{', '.join(dates)}</span>"
            )
        listed = "".join(f"<li>{one}</li>" for one in told)
        return f"<details><summary>{len(told)}</summary><ul>{listed}</ul></details>" if told else ""

    def _field_tests(self) -> str:
        tests = self.instrument.field_tests
        told = [escape(f"{one.date} {one.place or ''} {one.language or ''}: {one.findings}") for one in tests]
        return "<br>".join(told) or self.w("no_field_tests")

    def _contents(self) -> str:
        listed = "".join(
            f'<li><a href="#part-{escape(one.id)}">{letter}. {self._picked(one)}</a></li>'
            for one, letter in zip(self.instrument.modules, letters(self.instrument).values(), strict=True)
        )
        return f'<nav><details open><summary>{self.w("contents")}</summary><ol class="parts small">{listed}</ol></details></nav>'

    def _picked(self, module: Module) -> str:
        """Give a title in one language at a time: the chosen one, at first the page's own."""
        if not module.title:
            return escape(module.id)
        told = {one: module.title.get(one) or self.instrument.say(module.title, one) for one in self.languages}
        return "".join(
            f'<span class="pick{" main" if one == self.spoken else ""}" data-l="{escape(one)}" lang="{escape(one)}">{escape(text)}</span>'
            for one, text in told.items()
        )

    # --------------------------------------------------------------------------------------------------------- parts
    def _part(self, module: Module, found: list[Entry]) -> str:
        title = self.texts(module.title, escape(module.id))
        about = [f"<code>{escape(module.id)}</code>"]
        about += [f"<code>{escape(module.ask_if)}</code>"] if module.ask_if else []
        about += [self.w("self_completed")] if module.self_completed else []
        if module.repeat:
            about.append(escape(words("codebook", self.spoken)("repeated", most=module.repeat.most)))
        note = f'<p class="small soft">{self.w("note")}: {escape(module.note)}</p>' if module.note else ""
        read = [module.lead_in, *(item.text for item in module.items if item.type == "note")]
        note += "".join(f'<div class="read">{self.texts(texts)}</div>' for texts in read if texts)
        known: dict[tuple[tuple[object, ...], ...], Entry] = {}
        items = []
        for entry in found:
            key = tuple((value.code, tuple(value.labels.items()), value.points) for value in entry.values)
            same = known.get(key) if key and entry.item.type != "multiple" else None
            items.append(self._item(entry, same))
            known.setdefault(key, entry)
        letter = letters(self.instrument)[module.id]
        return (
            f'<section class="part" id="part-{escape(module.id)}"><h2><span class="soft">{letter}</span> {title}</h2>'
            f'<p class="small soft">{" · ".join(about)}</p>{note}{"".join(items)}</section>'
        )

    def _item(self, entry: Entry, same: Entry | None) -> str:
        item = entry.item
        flags = f' <span class="flag">{self.w("sensitive")}</span>' if item.sensitive else ""
        number = f'<span class="num">{escape(entry.number)}</span>' if entry.number else ""
        head = f"<h3>{number}<code>{escape(item.id)}</code>{flags}</h3>"
        name = f'<div class="small">{self.texts(item.label)}</div>' if item.label and item.text else ""
        question = f'<div class="q">{self.texts(entry.text, stem=entry.stem)}</div>'
        columns = escape(" ".join(entry.columns))
        return (
            f'<article class="item" id="{escape(item.id)}" data-find="{columns}">{head}{name}{question}'
            f'{self._values(entry, same)}<dl class="facts small">{self._facts(self._told(entry))}</dl></article>'
        )

    def _told(self, entry: Entry) -> list[tuple[str, str]]:
        item, source = entry.item, entry.source
        about = self.instrument.institutions.get(item.about or "")
        columns = entry.columns
        listed = f"<code>{escape(columns[0])}</code>" + (
            f" … <code>{escape(columns[-1])}</code>" if len(columns) > 1 else ""
        )
        limits = [f"{one:g}" if one is not None else "…" for one in (item.minimum, item.maximum)]
        bounded = item.minimum is not None or item.maximum is not None
        statuses = ", ".join(f"{escape(one)}: {self.w(f'status_{status}')}" for one, status in entry.statuses.items())
        told = [
            ("column", listed),
            ("type", self.w(f"type_{item.type}")),
            ("universe", self.texts(item.universe) or ("" if entry.condition else self.w("everybody"))),
            ("condition", self._expression(entry.condition)),
            ("value", self._expression(entry.value)),
            ("constraint", self._expression(entry.constraint)),
            ("limits", escape(" – ".join(limits)) if bounded else ""),
            ("measured", self.texts({one: unit_in_words(item.unit, one) for one in self.languages if item.unit})),
            ("period", self.texts(item.period)),
            ("showcard", escape(item.showcard or "")),
            ("instruction", self.texts(item.instruction)),
            ("list_version", escape(entry.list_version or "")),
            ("about", self.texts(about.name) if about else ""),
            ("role", self.w(f"role_{item.role}")),
        ]
        if source is not None:
            own = source.standard == "own"
            name = " ".join(part for part in (source.standard, source.item) if part)
            link = (
                f'<a href="{escape(source.url)}">{escape(name)}</a>'
                if _web(source.url) and source.url
                else escape(name)
            )
            checked = self.w("verified" if source.verified else "not_verified")
            named = self.w("own") if own else f"{link} ({checked})"
            told.append(("source", named + (f": {escape(source.note)}" if source.note else "")))
        return [*told, ("translation", statuses), ("note", escape(item.note or ""))]

    def _expression(self, given: tuple[str, Texts] | None) -> str:
        return f"{self.texts(given[1])}<code>{escape(given[0])}</code>" if given else ""

    def _values(self, entry: Entry, same: Entry | None) -> str:
        if not entry.values:
            return ""
        if same is not None:
            name = escape(same.number or same.item.id)
            return f'<p class="small">{self.w("same_values")} <a href="#{escape(same.item.id)}">{name}</a></p>'
        points = any(value.points is not None for value in entry.values)
        names = "".join(f'<span data-l="{escape(one)}">{escape(NAMES.get(one, one))}</span>' for one in self.languages)
        heads = (
            f'<th class="c" scope="col">{self.w("code")}</th><th scope="col"><span class="langs">{names}</span></th>'
        )
        heads += f'<th class="n" scope="col">{self.w("points")}</th>' if points else ""
        rows = "".join(self._value(run, points=points) for run in _runs(entry.values))
        return f'<table class="small"><caption>{self.w("values")}</caption><thead class="heads"><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'

    def _value(self, run: Sequence[Value], *, points: bool) -> str:
        value = run[0]
        kind = (
            f' <span class="kind">{self.w("missing")}: {self.w(f"kind_{value.missing}")}</span>'
            if value.missing
            else ""
        )
        worth = "–".join(
            f"{one.points:.4g}" for one in (run[:1] if len(run) == 1 else (run[0], run[-1])) if one.points is not None
        )
        last = f'<td class="n">{worth}</td>' if points else ""
        miss = ' class="miss"' if value.missing else ""
        code = "–".join(f"<code>{escape(str(one))}</code>" for one in dict.fromkeys((run[0].code, run[-1].code)))
        return f'<tr{miss}><th class="c" scope="row">{code}</th><td>{self.texts(value.labels)}{kind}</td>{last}</tr>'


def _runs(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """Take codes without words that follow each other together."""
    run: list[Value] = []
    for value in values:
        if run and (value.labels or run[-1].labels):
            yield run
            run = []
        run.append(value)
    if run:
        yield run


def _web(url: str | None) -> bool:
    return bool(url) and str(url).startswith(("https://", "http://"))


def _asset(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
