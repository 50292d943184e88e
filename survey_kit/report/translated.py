"""The prose of a site in one language: ``_trust.ru.qmd`` takes the place of ``_trust.qmd``; titles and menus come from a catalogue.

A translated file begins with the digest of the English text it translates and with who has reviewed it::

    <!-- translation of 1f0c9a6b3d2e4a58; draft -->
    <!-- translation of 1f0c9a6b3d2e4a58; reviewed by Name, role, 2026-01-31 -->

A text whose English has changed since is stale, one without a file is missing: the English then stands in its place, and both are told.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import yaml

from survey_kit import files
from survey_kit.errors import ReportError
from survey_kit.language import reviewed
from survey_kit.report.speech import WHOLE, Speech, speech

SOURCE: Final = "en"
RECORD: Final = "_texts.json"  # beside the pages: what became of every text
FRAME: Final = "_language.yml"  # the words of Quarto's own frame, in the language of the site
State: TypeAlias = Literal["reviewed", "draft", "stale", "missing"]
_VARIANT: Final = re.compile(r"^(?P<stem>.+)\.(?P<language>[a-z]{2,3})\.qmd$")
_HEADER: Final = re.compile(
    r"\A<!-- translation of (?P<digest>[0-9a-f]{16}); (?:draft|reviewed by (?P<by>[^\n]+?)) -->\n"
)
_FRONT: Final = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_LINE: Final = re.compile(r"^(?P<key>title|description): *(?P<value>.+)$", re.MULTILINE)
_HEADING: Final = re.compile(r"^(?P<mark>#+) (?P<text>.+)$", re.MULTILINE)
_CARRIED: Final = re.compile(r"^(?:\{\{<.*>\}\}|#+ .*|`.*`\{=typst\}.*)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text of the pages and what became of it in a language: a file of ``reports/``, or a catalogue of the toolkit's words."""

    name: str
    state: State
    by: str = ""


def digest(text: str) -> str:
    """Give the digest by which a translation names the English text it translates.

    Examples
    --------
    >>> digest("Hello.")
    '2d8bd7d9bb5f85ba'
    """
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def states(texts: Sequence[Text], *wanted: State) -> tuple[str, ...]:
    """Name the texts in one of these states.

    Examples
    --------
    >>> states((Text(name="a", state="draft"), Text(name="b", state="stale")), "stale", "missing")
    ('b',)
    """
    return tuple(one.name for one in texts if one.state in wanted)


def read_texts(site: Path) -> tuple[Text, ...]:
    """Read what became of every text of a staged site."""
    path = site / RECORD
    return tuple(Text(**one) for one in json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else ()


def translate(site: Path, language: str, lacking: Sequence[str] = ()) -> tuple[Text, ...]:
    """Bring a copy of ``reports/`` into a language; give what became of its texts, which `read_texts` reads again.

    Parameters
    ----------
    site
        The copy. Its pages and parts, ``_quarto.yml`` and the words of Quarto's frame are changed.
    language
        The language. English pages stay as they are, without the translations beside them.
    lacking
        Texts of the study's own files that do not stand in the language.
    """
    variants = {path: found for path in sorted(site.rglob("*.qmd")) if (found := _VARIANT.match(path.name))}
    orphans = [path for path, found in variants.items() if not path.with_name(f"{found['stem']}.qmd").is_file()]
    if orphans:
        name = f"{variants[orphans[0]]['stem']}.qmd"
        raise ReportError(
            "A translated page has no English page.", where=str(orphans[0]), fix=f"Write {name}, or take it away."
        )
    frames = {path: path.stem.removeprefix("_language-") for path in site.glob("_language-*.yml")}
    wanted = {
        path.with_name(f"{one['stem']}.qmd"): path for path, one in variants.items() if one["language"] == language
    }
    texts: list[Text] = []
    if language != SOURCE:
        originals = [path for path in sorted(site.rglob("*.qmd")) if path not in variants]
        texts = [_prose(path, wanted.get(path), site, language) for path in originals]
        texts += [Text(name=f"study: {name}", state="missing") for name in lacking]
        texts += [_words(use, language) for use in WHOLE]
        for path, spoken in frames.items():
            if spoken == language:
                shutil.copyfile(path, site / FRAME)
        _project(site / "_quarto.yml", language)
        files.write_text(site / RECORD, json.dumps([asdict(one) for one in texts], ensure_ascii=False, indent=1) + "\n")
    for path in (*variants, *frames):
        path.unlink()
    return tuple(texts)


def notice(texts: Sequence[Text], say: Speech) -> str:
    """Say what every page of an edition with draft, stale or missing translations says; empty when all are reviewed."""
    if not states(texts, "draft", "stale", "missing"):
        return ""
    english = states(texts, "stale", "missing")
    told = [say("draft_notice")]
    if english:
        told.append(say("draft_english", count=len(english), of=len(texts)))
    return " ".join(told)


def _words(use: str, language: str) -> Text:
    by = reviewed(use, language)
    return Text(name=f"catalogues/{use}.yaml", state="reviewed" if by else "draft", by=by)


def _prose(path: Path, variant: Path | None, site: Path, language: str) -> Text:
    """Put the translation of one file in its place; of a page without prose of its own the titles are enough."""
    name, english = path.relative_to(site).as_posix(), path.read_text(encoding="utf-8")
    if variant is None:
        text, known = _titled(english, speech(language))
        files.write_text(path, text)
        return Text(name=name, state="reviewed" if known and _carries(english) else "missing")
    text = variant.read_text(encoding="utf-8")
    head = _HEADER.match(text)
    if head is None:
        fix = f"Begin it with '<!-- translation of {digest(english)}; draft -->'."
        raise ReportError("A translated page does not say what it translates.", where=f"{variant}:1", fix=fix)
    if head["digest"] != digest(english):
        return Text(name=name, state="stale", by=head["by"] or "")
    files.write_text(path, text[head.end() :])
    return Text(name=name, state="reviewed" if head["by"] else "draft", by=head["by"] or "")


def _titled(text: str, say: Speech) -> tuple[str, bool]:
    """Give a page with its titles and headings in a language, and whether the catalogue knows all of them."""
    lacking = []

    def told(words: str) -> str:
        known = say.title(words)
        lacking.extend([] if known else [words])
        return known or words

    def line(found: re.Match[str]) -> str:
        value = yaml.safe_load(found["value"])
        return f"{found['key']}: {_quoted(told(str(value)))}"

    front = _FRONT.match(text)
    head = _LINE.sub(line, front[0]) if front else ""
    body = text[front.end() :] if front else text
    if front and _carries(text):
        body = _HEADING.sub(lambda found: f"{found['mark']} {told(found['text'])}", body)
    return head + body, not lacking


def _carries(text: str) -> bool:
    """Tell whether a file has no prose of its own: cells, includes and headings only."""
    body = re.sub(r"^```\{python\}\n.*?^```$", "", _FRONT.sub("", text), flags=re.DOTALL | re.MULTILINE)
    return all(_CARRIED.match(line) for line in body.splitlines())


def _quoted(text: str) -> str:
    return yaml.safe_dump(text, allow_unicode=True, width=10_000, default_style='"').strip()


def _project(path: Path, language: str) -> None:
    """Name the language of the site, and its menu in that language."""
    value = files.read_yaml(path, "Quarto project", ReportError).value
    say = speech(language)
    value["lang"] = language
    bar = (value.get("website") or {}).get("navbar") or {}
    for edge in ("left", "right"):
        bar |= {edge: [_entry(entry, say) for entry in bar[edge]]} if edge in bar else {}
    files.write_text(path, yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=10_000))


def _entry(entry: Any, say: Speech) -> Any:
    if isinstance(entry, dict) and "text" in entry:
        return {**entry, "text": say.title(str(entry["text"])) or entry["text"]}
    return entry
