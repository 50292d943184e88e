"""A questionnaire as one page that a researcher opens by double click and clicks through: nothing is loaded, stored or sent.

The page is the fourth reader of the language of conditions, after data, forms and the solver: Python writes conditions as trees
(`survey_kit.instrument.export.preview_logic`), the page evaluates them with the same three values of truth.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import escape
from pathlib import Path

from survey_kit.files import write_text
from survey_kit.instrument.export.preview_content import page_content
from survey_kit.instrument.export.xlsform import pilot_path
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.release import release
from survey_kit.language import words

FOLDER = Path(__file__).parent / "preview_page"
SCRIPTS = (
    "logic.js",
    "interview.js",
    "draws.js",
    "words.js",
    "answers.js",
    "questions.js",
    "screens.js",
    "files.js",
    "panel.js",
    "behind.js",
    "main.js",
)
_SLOT = re.compile(r"\{\{(\w+)\}\}")


def write_preview(instrument: Instrument, path: Path | str) -> Path:
    """Write an instrument as one HTML page to click through; give its path, whose name ends with ``_pilot`` when a language is a draft.

    All languages, routing, constraints, draws and calculated values are on the page; it works without a network and keeps nothing.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from survey_kit.instrument import read_instrument
    >>> with TemporaryDirectory() as folder:
    ...     write_preview(read_instrument("instruments/lapop_brazil"), Path(folder) / "lapop.html").name
    'lapop.html'
    """
    pilot = not all(release(instrument, language).ready for language in instrument.languages)
    return write_text(pilot_path(Path(path), pilot), to_preview(instrument))


def to_preview(instrument: Instrument) -> str:
    """Give the page as text. Every text of the instrument stands in it as data, which the page only ever shows as text."""
    language = instrument.source_language
    state, say = release(instrument, language), words("preview", language)
    title = instrument.say(instrument.title, language) or instrument.id
    script = "\n".join(["(() => {", "'use strict';", *(_part(name) for name in SCRIPTS), "})();"])
    style = _part("style.css")
    pilot = "" if state.ready else f"{words('form', language)('pilot')}: "
    parts = {
        "language": escape(language),
        "title": escape(f"{pilot}{title}"),
        "heading": escape(title),
        "policy": f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; base-uri 'none'; form-action 'none'",
        "style": style,
        "script": script,
        "content": as_data(page_content(instrument)),
        "skip": escape(say("skip")),
        "no_script": escape(say("no_script")),
    }
    return _SLOT.sub(lambda slot: parts[slot[1]], _part("page.html"))


def as_data(content: object) -> str:
    r"""Write values as JSON that no text in them can end: a page's parser sees no tag in it.

    Examples
    --------
    >>> as_data({"text": "</script><b>&"})
    '{"text":"\\u003c/script\\u003e\\u003cb\\u003e\\u0026"}'
    """
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def _part(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8").strip()


def _hash(text: str) -> str:
    """Give the fingerprint under which the page's policy lets a script or style of its own through."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
