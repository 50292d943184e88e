"""The preview as a file: hostile texts stay texts, nothing outside is named, small enough, marked while it is a pilot."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from survey_kit.instrument import Instrument, Item, Module, Scale, inspect
from survey_kit.instrument.export.preview import FOLDER, SCRIPTS, as_data, to_preview, write_preview
from survey_kit.instrument.export.preview_logic import truth_tree, value_tree
from survey_kit.instrument.expressions import parse, parse_value
from survey_kit.language import known_languages

ROOT = Path(__file__).parents[2]
INSTRUMENTS = sorted(path.parent for path in (ROOT / "instruments").glob("*/instrument.yaml"))
COMPARED = {"<", "<=", ">", ">=", "==", "!=", "x"}
HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "{{script}} {{content}}",
    "<!--<script>",
    "a\u2028b\u2029c \\u003c &lt; \" ' `",
    "]]> %s %(x)s ${missing} [[blank]] \x7f",
)


class Tags(HTMLParser):
    """Collects the tags of a page, and the text of its scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "script" and self.cdata_elem == "script":
            self.scripts[-1] += data


def read(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    return tags


def hostile(text: str) -> Instrument:
    said = {"en": text}
    scale = Scale(codes=("<b>", 1), labels={"<b>": said, 1: said})
    items = (
        Item(id="q1", text=said, label=said, scale=scale, instruction=said, universe=said, note=text, showcard=text),
        Item(id="q2", type="text", text=said, ask_if="q1 == '</script>'", constraint="q2 != '<!--'", message=said),
    )
    modules = (Module(id="m", title=said, lead_in=said, items=items, note=text),)
    return Instrument(id="hostile", version="1", title=said, modules=modules, placeholders={"blank": said})


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_texts(text: str) -> None:
    plain = read(to_preview(hostile("plain words")))
    tags = read(to_preview(hostile(text)))
    assert [tag for tag, _ in tags.tags] == [tag for tag, _ in plain.tags]
    content = json.loads(tags.scripts[0])
    assert [text.strip()] in content["texts"]
    assert content["items"][1]["condition"] == "q1 == '</script>'"
    assert tags.scripts[1] == plain.scripts[1]


def test_data_cannot_end_its_element() -> None:
    made = as_data({"a": "".join(HOSTILE)})
    assert not set("<>&\u2028\u2029") & set(made)
    assert json.loads(made) == {"a": "".join(HOSTILE)}


@pytest.mark.parametrize("folder", INSTRUMENTS, ids=lambda path: path.name)
def test_every_instrument_is_one_small_file_that_asks_for_nothing(folder: Path, tmp_path: Path) -> None:
    path = write_preview(inspect(folder), tmp_path / "page.html")
    assert path.stat().st_size < 1_000_000
    page = path.read_text(encoding="utf-8")
    outside = {
        name for _, attributes in read(page).tags for name in ("src", "srcset", "action", "data") if name in attributes
    }
    assert outside == set()
    assert [attributes["href"] for tag, attributes in read(page).tags if "href" in attributes] == ["#content"]
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]


def test_the_code_of_the_page_reaches_nothing_and_runs_no_text() -> None:
    code = "".join((FOLDER / name).read_text(encoding="utf-8") for name in (*SCRIPTS, "style.css", "page.html"))
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "eval(",
        "Function(",
        "document.write",
        "fetch(",
        "XMLHttp",
        "WebSocket",
        "sendBeacon",
        "localStorage",
        "sessionStorage",
        "indexedDB",
        "cookie",
        "@import",
        "url(",
        "http:",
        "https:",
        "setTimeout('",
    ):
        assert word not in code, word
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted((*SCRIPTS, "style.css", "page.html"))


def test_the_same_instrument_gives_the_same_page() -> None:
    form = inspect(ROOT / "instruments" / "core")
    assert to_preview(form) == to_preview(form)


def test_a_draft_is_named_a_pilot(tmp_path: Path) -> None:
    item = Item(id="q1", type="text", text={"en": "Why?", "ru": "Почему?"})
    form = Instrument(id="a", version="1", title={"en": "Title"}, modules=(Module(id="m", items=(item,)),))
    path = write_preview(form, tmp_path / "a.html")
    assert path.name == "a_pilot.html"
    content = json.loads(read(path.read_text(encoding="utf-8")).scripts[0])
    assert {one["id"]: (one["ready"], one["status"]) for one in content["languages"]} == {
        "en": (True, "source"),
        "ru": (False, "draft"),
    }
    only = Item(id="q1", type="text", text={"en": "Why?"})
    ready = Instrument(id="a", version="1", title={"en": "Title"}, modules=(Module(id="m", items=(only,)),))
    assert write_preview(ready, tmp_path / "b.html").name == "b.html"


def test_every_part_of_the_language_becomes_a_tree() -> None:
    """Would catch: a part of the language the page has no word for, a number that JSON does not hold."""
    text = (
        "not (a in (1, -2) or b not in ('x',)) and 1 < a + 2 * a / 3 - 1 <= 1e59 and selected(m, 1, 2) and answered(a)"
    )
    value = "floor(a) if count_selected(m) > 1 else year(d) + month(d) + sum(a) - min(a) + max(a) + count(r)"
    trees = [truth_tree(parse(text).tree), value_tree(parse_value(value).tree)]
    words = set(re.findall(r"case '([^']+)'", (FOLDER / "logic.js").read_text(encoding="utf-8")))
    heads = {one for tree in trees for one in _heads(tree)}
    assert heads <= words
    assert json.loads(as_data(trees)) == trees


def _heads(tree: object) -> set[str]:
    if not isinstance(tree, list):
        return set()
    own = {tree[0]} if tree and isinstance(tree[0], str) and tree[0] not in COMPARED else set()
    return own.union(*map(_heads, tree[1:] if own else tree))


def test_the_words_stand_in_three_languages() -> None:
    assert known_languages("preview") == ("en", "kk", "ru")
