"""The switch of languages: every page of a report in several languages leads to itself in the others.

It is written into the finished pages, whichever program rendered them: links for search engines in the head, and a list of languages,
each named in itself, at the beginning of the content. ``report/index.html`` lets a reader choose.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

from survey_kit import files
from survey_kit.errors import ReportError
from survey_kit.language import NAMES
from survey_kit.report.speech import speech

_MAIN: Final = re.compile(r"<main\b[^>]*>")
_TITLE: Final = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_START: Final = """<!DOCTYPE html>
<html lang="{first}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{links}
<style>body{{font:1.1rem/1.6 "DejaVu Sans",system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color:#1d1d1d;background:#fff}}
h1{{font-size:1.4rem;color:#12436d}}li{{margin:.6rem 0}}a{{color:#12436d;font-size:1.15rem}}</style>
</head>
<body>
<main>
<h1>{choose}</h1>
<ul>
{items}
</ul>
</main>
</body>
</html>
"""


def link_languages(report: Path, languages: Sequence[str]) -> list[Path]:
    """Write the switch into every page below ``report/<language>/``, and the page to choose a language.

    A language that has no such page is left out of that page's switch.

    Parameters
    ----------
    report
        The folder of the finished pages: one folder for each language.
    languages
        The languages, in the order of the switch.

    Returns
    -------
    list of Path
        The pages written.
    """
    pages = {language: sorted(path.name for path in (report / language).glob("*.html")) for language in languages}
    done = []
    for language in languages:
        for name in pages[language]:
            path = report / language / name
            have = [one for one in languages if name in pages[one]]
            files.write_text(path, _switched(path, language, have))
            done.append(path)
    if all("index.html" in pages[language] for language in languages):
        done.append(files.write_text(report / "index.html", _start(report, languages)))
    return done


def _switched(path: Path, language: str, have: Sequence[str]) -> str:
    text = path.read_text(encoding="utf-8")
    main = _MAIN.search(text)
    if main is None or "</head>" not in text:
        raise ReportError("A finished page has no place for the switch of languages.", where=str(path))
    items = "".join(_item(one, path.name, here=one == language) for one in have)
    label = escape(speech(language)("frame_languages"))
    switch = f'\n<nav class="language-switch" aria-label="{label}"><ul>{items}</ul></nav>'
    text = text[: main.end()] + switch + text[main.end() :]
    links = "".join(f'<link rel="alternate" hreflang="{one}" href="../{one}/{escape(path.name)}">\n' for one in have)
    return text.replace("</head>", f"{links}</head>", 1)


def _item(language: str, name: str, *, here: bool) -> str:
    current = ' aria-current="true"' if here else ""
    words = escape(NAMES.get(language, language))
    return (
        f'<li><a href="../{language}/{escape(name)}" hreflang="{language}" lang="{language}"{current}>{words}</a></li>'
    )


def _start(report: Path, languages: Sequence[str]) -> str:
    titles = {}
    for language in languages:
        found = _TITLE.search((report / language / "index.html").read_text(encoding="utf-8"))
        titles[language] = found[1].strip() if found else ""
    items = "\n".join(
        f'<li><a href="{one}/index.html" hreflang="{one}" lang="{one}">{escape(NAMES.get(one, one))}</a>'
        f'<br><span lang="{one}">{titles[one]}</span></li>'
        for one in languages
    )
    choose = " · ".join(f'<span lang="{one}">{escape(speech(one)("frame_choose"))}</span>' for one in languages)
    links = "\n".join(f'<link rel="alternate" hreflang="{one}" href="{one}/index.html">' for one in languages)
    return _START.format(first=languages[0], title=titles[languages[0]], links=links, choose=choose, items=items)
