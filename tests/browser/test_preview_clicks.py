"""The preview as a person meets it: clicking, typing, the keyboard alone, a telephone, another language half-way, files to take along."""

from __future__ import annotations

import csv
import io
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from survey_kit.instrument import Instrument, Item, Module, Repeat, Rotation, Scale
from survey_kit.instrument.export.preview import write_preview

ROOT = Path(__file__).parents[2]


def said(en: str, kk: str = "", ru: str = "") -> dict[str, str]:
    return {"en": en, "kk": kk or f"{en} (қаз)", "ru": ru or f"{en} (рус)"}


def scale(*words: str, **more: Any) -> Scale:
    return Scale(
        codes=tuple(range(1, len(words) + 1)), labels={at: said(one) for at, one in enumerate(words, 1)}, **more
    )


TALL = Scale(codes=tuple(range(11)), ends={0: said("Not at all"), 10: said("Completely")}, high=10)
SILENT = {98: "dont_know", 99: "refused"}


def interview() -> Instrument:
    """Make a short questionnaire that uses everything the page can do."""
    draws = (
        Item(id="start", type="arm", scale=Scale(codes=(1, 2, 3)), text=said("Start")),
        Item(id="turn", type="arm", scale=Scale(codes=(1, 2)), text=said("Turn")),
        Item(id="order", type="random", text=said("Order")),
    )
    first = (
        Item(
            id="consent",
            text=said("Do you agree?", "Келісесіз бе?", "Вы согласны?"),
            scale=scale("Yes", "No"),
            missing={},
        ),
        Item(id="thanks", type="note", text=said("Thank you."), ask_if="consent == 2"),
    )
    person = (
        Item(
            id="age",
            type="integer",
            text=said("How old are you?"),
            minimum=18,
            maximum=110,
            constraint="age != 50",
            message=said("Fifty is not taken.", ru="Пятьдесят нельзя."),
            missing={998: "refused"},
            instruction=said("In full years."),
        ),
        Item(id="decade", type="calculated", value="floor(age / 10)", text=said("Decade")),
        Item(
            id="ways",
            type="multiple",
            text=said("At ${age}, which ways?"),
            scale=scale("Bus", "Train", "Car", "None"),
            exclusive=(4,),
            most=2,
            showcard="7",
            shuffle="order",
        ),
        Item(id="why", type="text", text=said("Why?"), ask_if="selected(ways, 1)", optional=True),
        Item(id="day", type="date", text=said("Which day?"), ask_if="decade == 3"),
        Item(id="share", type="decimal", text=said("Which share?"), minimum=0, maximum=1, ask_if="decade == 3"),
    )
    rows = tuple(Item(id=f"trust_{one}", text=said(one)) for one in ("courts", "police", "akimat"))
    grid = Item(
        id="trust", type="grid", text=said("Do you trust"), scale="tall", rows=rows, rotate="start", showcard="8"
    )
    size = Item(id="size", type="integer", text=said("How many children?"), minimum=0, maximum=9)
    child = Item(id="child_age", type="integer", text=said("Age of the child?"), minimum=0, maximum=17)
    oldest = Item(id="old", text=said("Any of age?"), scale=scale("Yes", "No"), ask_if="max(child_age) >= 16")
    agreed = {"ask_if": "consent == 1"}
    return Instrument(
        id="short",
        version="1.0",
        title=said("Short interview", "Қысқа сұхбат", "Короткое интервью"),
        missing=SILENT,
        scales={"tall": TALL},
        placeholders={"sponsor": said("Who pays")},
        modes=("face_to_face",),
        statuses={"kk": {"title": "draft"}, "ru": {"title": "draft"}},
        rotations={"turns": Rotation(start="turn", modules=("left", "right"))},
        modules=(
            Module(id="draws", title=said("Draws"), items=draws),
            Module(id="opening", title=said("Opening"), lead_in=said("This is for [[sponsor]]."), items=first),
            Module(id="person", title=said("Person"), instruction=said("Speak slowly."), items=person, **agreed),
            Module(id="institutions", title=said("Institutions"), items=(grid,), **agreed),
            Module(
                id="left",
                title=said("Left"),
                items=(Item(id="left_one", text=said("Left?"), scale=scale("Yes", "No")),),
                **agreed,
            ),
            Module(
                id="right",
                title=said("Right"),
                items=(Item(id="right_one", text=said("Right?"), scale=scale("Yes", "No")),),
                self_completed=True,
                **agreed,
            ),
            Module(id="family", title=said("Family"), items=(size,), **agreed),
            Module(
                id="children",
                title=said("Children"),
                items=(child,),
                repeat=Repeat(count="size", most=4, name=said("child")),
            ),
            Module(id="end", title=said("End"), items=(oldest,)),
        ),
    )


class Page:
    """The page and what a person does on it."""

    def __init__(self, reader: Any) -> None:
        self.reader, self.driver = reader, reader.driver

    def find(self, css: str) -> Any:
        return self.driver.find_element("css selector", css)

    def click(self, css: str) -> None:
        self.find(css).click()

    def choose(self, item: str, code: str) -> None:
        self.click(f'[data-key="{item}"] input[value="{code}"]')

    def write(self, item: str, text: str) -> None:
        field = self.find(f'[data-key="{item}"] .field input, [data-key="{item}"] textarea')
        field.clear()
        field.send_keys(text)

    def next(self) -> None:
        self.click("#next")

    def speak(self, language: str) -> None:
        self.driver.execute_script("arguments[0].click()", self.find(f'input[name="language"][value="{language}"]'))

    def press(self, css: str) -> None:
        """Click something in the panel, opening what it stands in."""
        box = self.find(css)
        self.driver.execute_script(
            "const d = arguments[0].closest('#panel > details'); if (d) d.open = true; arguments[0].click()", box
        )

    def asked(self) -> list[str]:
        return list(
            self.reader.ask(
                "return [...document.querySelectorAll('#screen [data-item]')].filter(e => e.checkVisibility()).map(e => e.dataset.key || e.dataset.item)"
            )
        )

    def errors(self) -> list[str]:
        return list(
            self.reader.ask(
                "return [...document.querySelectorAll('#screen .error')].filter(e => !e.hidden).map(e => e.textContent)"
            )
        )

    def text(self, css: str) -> str:
        return str(self.find(css).text)

    def state(self) -> dict[str, Any]:
        return dict(self.reader.ask("return window.surveyPreview.state()"))

    def faults(self) -> list[str]:
        asked = sys.modules[type(self.reader).__module__]  # what is asked of every page
        return [
            *self.reader.ask(asked.CONTRAST),
            *self.reader.ask(asked.SIDEWAYS),
            *self.reader.complaints(),
            *self.reader.requests(),
        ]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_preview(interview(), tmp_path_factory.mktemp("short") / "short.html")


@pytest.fixture
def page(reader: Any, path: Path) -> Page:
    reader.open(path)
    return Page(reader)


@pytest.mark.parametrize(
    ("language", "heading", "question"),
    [
        ("en", "Short interview", "Do you agree?"),
        ("kk", "Қысқа сұхбат", "Келісесіз бе?"),
        ("ru", "Короткое интервью", "Вы согласны?"),
    ],
)
def test_an_interview_in_each_language(page: Page, language: str, heading: str, question: str) -> None:
    """Would catch: a language without its words, a filter that does not follow a click, members that are not asked."""
    page.speak(language)
    assert page.text("h1") == heading
    assert page.reader.ask("return document.documentElement.lang") == language
    assert question in page.text('[data-key="consent"] legend')
    page.choose("consent", "1")
    page.next()
    page.write("age", "34")
    page.next()
    assert "34" in page.text('[data-key="ways"] legend')
    page.choose("ways", "1")
    page.next()
    page.next()  # the optional text stays blank
    assert page.asked() == ["day"]
    page.choose("day", "98")
    page.next()
    page.write("share", "0,25")
    page.next()
    for row in ("courts", "police", "akimat"):
        page.choose(f"trust_{row}", "7")
    page.next()
    for _ in range(2):
        (one,) = page.asked()
        page.choose(one, "1")
        page.next()
    page.write("size", "2")
    page.next()
    for member, age in ((1, "3"), (2, "16")):
        assert page.asked() == [f"child_age[{member}]"]
        page.write(f"child_age[{member}]", age)
        page.next()
    page.choose("old", "1")
    page.next()
    state = page.state()
    assert state["place"] == "end"
    assert state["answers"]["share"] == 0.25
    assert state["values"] == {"decade": 3}
    assert page.faults() == []


def test_another_language_half_way_keeps_answers_and_place(page: Page) -> None:
    page.choose("consent", "1")
    page.next()
    page.write("age", "40")
    before = page.state()
    page.speak("ru")
    after = page.state()
    assert {**after, "minutes": 0} == {**before, "minutes": 0}  # another language takes another time
    assert page.find('[data-key="age"] .field input').get_attribute("value") == "40"
    assert "(рус)" in page.text('[data-key="age"] legend')
    page.write("age", "50")
    page.next()
    assert page.errors() == ["Пятьдесят нельзя."]
    page.speak("en")
    assert page.errors() == ["Fifty is not taken."]


def test_what_is_wrong_is_said_and_stops(page: Page) -> None:
    """Would catch: going on without an answer, an error that nobody hears, a refused number that opens a question."""
    page.next()
    assert page.asked() == ["consent"]
    assert page.errors() == ["This question needs an answer."]
    box = page.find('[data-key="consent"]')
    assert box.get_attribute("aria-invalid") == "true"
    assert page.find("#consent-error, #q-consent-error").get_attribute("id") in str(
        box.get_attribute("aria-describedby")
    )
    assert page.reader.ask("return document.activeElement.name") == "a-consent"
    assert page.find("#live").get_attribute("aria-live") == "polite"
    assert page.reader.ask("return document.getElementById('live').textContent.trim()") != ""
    page.choose("consent", "1")
    assert page.errors() == []
    page.next()
    for typed, told in (
        ("12", "A number from 18 to 110"),
        ("x", "Please write a whole number."),
        ("50", "Fifty is not taken."),
    ):
        page.write("age", typed)
        page.next()
        assert page.errors() == [told]
        assert page.asked() == ["age"]
    assert page.state()["values"] == {"decade": None}
    page.choose("age", "998")
    assert page.find('[data-key="age"] .field input').get_attribute("value") == ""
    page.next()
    assert page.asked() == ["ways"]


def test_answers_that_stand_alone_and_at_most_so_many(page: Page) -> None:
    page.choose("consent", "1")
    page.next()
    page.write("age", "20")
    page.next()
    for code in ("1", "2"):
        page.choose("ways", code)
    assert page.errors() == []
    page.choose("ways", "3")
    assert page.errors() == ["At most 2 answers"]
    page.choose("ways", "4")
    assert page.state()["answers"]["ways"] == [4]
    assert "stands alone" in page.reader.ask("return document.getElementById('live').textContent")
    page.choose("ways", "2")
    assert page.state()["answers"]["ways"] == [2]
    page.choose("ways", "99")
    assert page.state()["answers"]["ways"] == [99]
    page.click('[data-key="ways"] .clear')
    assert "ways" not in page.state()["answers"]
    page.click(".card-button")
    assert page.find("dialog").is_displayed()
    assert "Train" in page.text("dialog")
    assert "refused" not in page.text("dialog").lower()
    page.click("dialog button")
    assert not page.find("dialog").is_displayed()


def test_the_keyboard_alone_is_enough(page: Page) -> None:
    """Would catch: a control that cannot be reached, a focus that is lost or cannot be seen, a trap."""
    from selenium.webdriver.common.keys import Keys

    reader = page.reader
    assert reader.tab()[0][1] == "#content"
    reader.press(Keys.ENTER)
    reader.tab()
    reader.press(Keys.SPACE)
    assert page.state()["answers"] == {"consent": 1}
    reader.press(Keys.ENTER)
    assert page.asked() == ["age"]
    assert reader.ask("return document.activeElement.tagName") == "H2"
    reader.tab()
    reader.press("30")
    outline = reader.ask(
        "const s = getComputedStyle(document.activeElement); return [s.outlineStyle, parseFloat(s.outlineWidth)]"
    )
    assert outline[0] == "solid"
    assert outline[1] >= 2
    reader.press(Keys.ENTER)
    assert page.asked() == ["ways"]
    reader.tab(2)  # past the card
    reader.press(Keys.SPACE)
    reader.press(Keys.ENTER)
    answers = page.state()["answers"]
    assert len(answers["ways"]) == 1
    seen = reader.tab(60)
    assert len({one for one in seen if one[0] != "BODY"}) > 12  # all the way round the page, and not stuck
    assert any(one[2].startswith("Next") for one in seen)


def test_views_orders_and_draws_follow_the_researcher(page: Page) -> None:
    """Would catch: codes shown to respondents, an order that does not follow its arm, a seed that does not repeat."""
    page.choose("consent", "1")
    page.next()
    assert "In full years." in page.text("#screen")
    assert "Speak slowly." in page.text("#screen")
    assert "Do not read out" in page.text("#screen")
    page.press('input[name="set-view"][value="respondent"]')
    for hidden in ("In full years.", "Speak slowly.", "Do not read out", "998"):
        assert hidden not in page.text("#screen")
    page.press('input[name="set-view"][value="interviewer"]')
    page.press('input[name="set-screen"][value="module"]')
    assert page.asked() == ["age", "ways"]
    from selenium.webdriver.support.ui import Select

    page.press("#p-draws summary")
    for code in ("3", "1"):
        page.reader.ask("document.getElementById('p-draws').open = true")
        Select(page.find("#set-start")).select_by_value(code)
        Select(page.find("#set-turn")).select_by_value(code if code == "1" else "2")
        orders = page.reader.ask("return window.surveyPreview.orders()")
        assert orders[4:6] == (["left", "right"] if code == "1" else ["right", "left"])
        page.press('input[name="set-screen"][value="question"]')
        page.reader.ask(
            "const j = document.getElementById('jump'); j.value = 'trust_courts'; j.nextElementSibling.click()"
        )
        rows = ["trust_courts", "trust_police", "trust_akimat"]
        assert page.asked() == (rows if code == "1" else [rows[2], *rows[:2]])
    drawn = page.reader.ask("return [...Array(600).keys()].map(seed => window.surveyPreview.drawn('start', seed))")
    assert drawn == page.reader.ask(
        "return [...Array(600).keys()].map(seed => window.surveyPreview.drawn('start', seed))"
    )
    assert all(140 < drawn.count(code) < 260 for code in (1, 2, 3))


def test_the_panel_says_what_is_behind_the_screen(page: Page) -> None:
    assert "Nothing you enter is stored or sent" in page.text("header")
    assert "PILOT" in page.text("#pilot")
    page.reader.ask("const j = document.getElementById('jump'); j.value = 'why'; j.nextElementSibling.click()")
    assert "not asked now" in page.text("#screen")
    assert page.find('[data-key="why"]').get_attribute("disabled") == "true"
    assert "unknown now" in page.text("#behind")
    assert "consent == 1" in page.text("#behind")
    page.next()
    assert page.asked() == ["consent"]
    page.choose("consent", "2")
    page.next()
    assert page.asked() == ["thanks"]
    page.reader.ask("const j = document.getElementById('jump'); j.value = 'age'; j.nextElementSibling.click()")
    assert "false now" in page.text("#behind")
    assert "consent = 2" in page.text("#behind")
    page.press("#p-placeholders summary")
    page.reader.ask("document.getElementById('p-placeholders').open = true")
    page.next()
    page.click("#back")
    assert page.text("mark") == "[sponsor]"
    page.find("#fill-0").send_keys("the <b>Bureau")
    assert "for the <b>Bureau." in page.text("#screen .lead")


def test_files_are_marked_as_a_test(page: Page, tmp_path: Path) -> None:
    """Would catch: test answers that could be taken for data, a formula in a cell, a comment that is lost."""
    page.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    page.choose("consent", "1")
    page.find("#behind textarea").send_keys('=1+1 unclear,\n"agree"?')
    page.next()
    page.write("age", "31")
    page.next()
    page.choose("ways", "1")
    page.next()
    page.write("why", "=HYPERLINK(1)")
    for at in range(2, 5):
        page.press(f"#p-files .buttons + p + .buttons button:nth-of-type({at - 1})")
    files = _arrived(tmp_path, 3)
    assert all(path.name.startswith("TEST_short_") for path in files)
    by_name = {path.name: path.read_text(encoding="utf-8-sig") for path in files}
    header, row = csv.reader(io.StringIO(by_name["TEST_short_answers.csv"]))
    cells = dict(zip(header, row, strict=True))
    assert cells["data_status"] == "test"
    assert (cells["age"], cells["decade"], cells["why"]) == ("31", "3", "'=HYPERLINK(1)")
    assert (cells["ways__1"], cells["ways__2"], cells["ways__99"]) == ("1", "0", "0")
    record = json.loads(by_name["TEST_short_answers.json"])
    assert record["data_status"] == "test"
    assert record["answers"]["why"] == "=HYPERLINK(1)"
    assert record["open"]["thanks" if "thanks" in record["open"] else "day"] is True
    (head, comment) = csv.reader(io.StringIO(by_name["TEST_short_comments.csv"]))
    assert dict(zip(head, comment, strict=True))["comment"] == '\'=1+1 unclear,\n"agree"?'
    page.press("#p-files button:nth-of-type(2)")  # start anew
    assert page.state()["answers"] == {}
    page.find("#take-up").send_keys(str(tmp_path / "TEST_short_answers.json"))
    for _ in range(50):
        if page.state()["answers"]:
            break
        time.sleep(0.02)
    assert page.state()["answers"]["age"] == 31
    assert page.state()["answers"]["why"] == "=HYPERLINK(1)"


def _arrived(folder: Path, count: int) -> list[Path]:
    for _ in range(250):
        found = [path for path in folder.iterdir() if path.suffix in {".csv", ".json"}]
        if len(found) == count:
            return found
        time.sleep(0.02)
    return sorted(folder.iterdir())


@pytest.mark.parametrize("width", [1280, 360, 320])
@pytest.mark.parametrize("dark", [False, True])
def test_every_screen_fits_and_can_be_read(page: Page, width: int, dark: bool) -> None:
    """Would catch: a screen wider than a telephone, faint text in light or dark, an id given twice, a panel that overflows."""
    mode = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": mode})
    try:
        assert page.reader.page_faults(ROOT / page_path(page), width) == []
        page.press("#p-files button")
        page.reader.ask(
            "document.getElementById('panel').hidden = false; document.querySelectorAll('#panel > details').forEach(one => { one.open = true; })"
        )
        faults = []
        for language in ("en", "kk", "ru"):
            page.speak(language)
            page.reader.ask(
                "for (let i = 0; i < 50 && !document.getElementById('back').disabled; i += 1) document.getElementById('back').click()"
            )
            while page.find("#next").is_displayed():
                faults += [f"{language} {page.asked()}: {one}" for one in page.faults()]
                page.driver.execute_script("document.getElementById('next').click()")
            faults += page.faults()
        assert faults == []
        twice = "const ids = [...document.querySelectorAll('[id]')].map(e => e.id); return ids.filter((id, i) => ids.indexOf(id) !== i)"
        assert page.reader.ask(twice) == []
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def page_path(page: Page) -> Path:
    from urllib.parse import unquote, urlparse

    return Path(unquote(urlparse(page.driver.current_url).path))


def test_a_questionnaire_without_questions_opens(reader: Any, tmp_path: Path) -> None:
    """Would catch: a page that breaks on what is still being written."""
    empty = Item(id="grid", type="grid", text=said("Rows to come"), scale=TALL)
    modules = (Module(id="m"), Module(id="n", lead_in=said("Words only.")), Module(id="o", items=(empty,)))
    reader.open(write_preview(Instrument(id="empty", version="0", modules=modules), tmp_path / "empty.html"))
    page = Page(reader)
    assert "Words only." in page.text("#screen")
    page.next()
    assert page.state()["place"] == "end"
    assert page.faults() == []


def test_hostile_texts_are_only_shown(reader: Any, tmp_path: Path) -> None:
    """Would catch: a text of the instrument, an answer or a filled blank that becomes part of the page."""
    bad = "<img src=x onerror=\"document.title='broken'\"></script><script>document.title='broken'</script>"
    text = said(f"{bad} ${{q1}} [[blank]]")
    items = (
        Item(id="q1", type="text", text=text, instruction=text, note=bad, label=text),
        Item(id="q2", text=text, scale=Scale(codes=("<b>", 1), labels={"<b>": said(bad), 1: said(bad)}), showcard=bad),
    )
    form = Instrument(
        id="hostile",
        version="1",
        title=text,
        modules=(Module(id="m", title=text, lead_in=text, items=items),),
        placeholders={"blank": text},
    )
    reader.open(write_preview(form, tmp_path / "hostile.html"))
    page = Page(reader)
    page.write("q1", bad)
    page.reader.ask("document.querySelectorAll('#panel > details').forEach(one => { one.open = true; })")
    page.find("#fill-0").send_keys(bad)
    page.next()
    page.click(".card-button")
    assert bad in page.text("#screen")
    assert (
        reader.ask("return document.querySelectorAll('img, #screen script, #panel script, dialog script').length") == 0
    )
    assert "broken" not in reader.driver.title or reader.driver.title.count("broken") == bad.count("broken")
    assert page.reader.complaints() == []
