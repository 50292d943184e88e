"""A reader with a browser: opens built pages in headless Chromium and tells what is wrong with them.

Any test in this folder may take the fixture ``reader``: ``reader.faults(folder)`` looks at every page of a built report
at desktop and phone width and gives a list of sentences, empty when all is well.
"""

from __future__ import annotations

import json
import os
import shutil
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

WIDTHS = {"desktop": 1280, "phone": 360}
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps"),
    "--host-resolver-rules=MAP * ~NOTFOUND",  # nothing outside the machine can be reached
)
# Text that is hard to read: WCAG 2.2 AA asks for 4.5, and 3 for large text.
CONTRAST = """
const light = c => { c /= 255; return c <= 0.04045 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4); };
const parts = s => (s.match(/[\\d.]+/g) || []).map(Number);
const bright = c => 0.2126 * light(c[0]) + 0.7152 * light(c[1]) + 0.0722 * light(c[2]);
const ground = e => {
  const layers = [];
  for (; e; e = e.parentElement) {
    const c = parts(getComputedStyle(e).backgroundColor), a = c.length > 3 ? c[3] : 1;
    if (a > 0) { layers.push([c, a]); if (a === 1) break; }
  }
  let at = [255, 255, 255];
  for (const [c, a] of layers.reverse()) at = at.map((v, i) => v * (1 - a) + c[i] * a);
  return at;
};
const out = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const e = walker.currentNode.parentElement, s = getComputedStyle(e);
  if (!walker.currentNode.data.trim() || !e.checkVisibility() || e.closest('script, style, .skip-link, math')) continue;
  const one = bright(parts(s.color)), two = bright(ground(e));
  const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
  const size = parseFloat(s.fontSize), large = size >= 24 || (size >= 18.66 && Number(s.fontWeight) >= 700);
  if (ratio < (large ? 3 : 4.5)) out.push(walker.currentNode.data.trim().slice(0, 40) + ' ' + ratio.toFixed(2));
}
return out;
"""
SIDEWAYS = """
const wide = document.documentElement.clientWidth, out = [];
if (document.documentElement.scrollWidth > wide) {
  for (const e of document.body.querySelectorAll('*')) {
    if (e.getBoundingClientRect().right > wide + 1 && !e.closest('.table-scroll, pre')) {
      out.push(e.tagName.toLowerCase() + (e.id ? '#' + e.id : '') + (e.className ? '.' + e.className : ''));
    }
  }
  if (!out.length) out.push('the page');
}
return out.slice(0, 5);
"""
PICTURES = "return [...document.images].filter(i => !i.alt.trim() || !i.complete || !i.naturalWidth).map(i => i.src)"
FOCUS = "const e = document.activeElement; return [e.tagName, e.getAttribute('href') || '', e.textContent.trim().slice(0, 60)]"


@dataclass(frozen=True)
class Reader:
    """A browser and the questions a test asks of it."""

    driver: Any

    def open(self, page: Path, width: int = WIDTHS["desktop"], height: int = 900) -> None:
        """Open a page at a width in CSS pixels."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(page.resolve().as_uri())

    def ask(self, script: str) -> Any:
        """Run a piece of JavaScript and give what it returns."""
        return self.driver.execute_script(script)

    def requests(self) -> list[str]:
        """Give the addresses outside the report that the page asked for."""
        sent = [json.loads(one["message"])["message"] for one in self.driver.get_log("performance")]
        urls = [one["params"]["request"]["url"] for one in sent if one["method"] == "Network.requestWillBeSent"]
        return [url for url in urls if not url.startswith(("file:", "data:"))]

    def complaints(self) -> list[str]:
        """Give what the browser wrote to its console."""
        return [one["message"] for one in self.driver.get_log("browser")]

    def tab(self, times: int = 1) -> list[tuple[str, str, str]]:
        """Press the tabulator; give the tag, link and text of each thing that had the focus."""
        from selenium.webdriver import ActionChains
        from selenium.webdriver.common.keys import Keys

        seen: list[tuple[str, str, str]] = []
        for _ in range(times):
            ActionChains(self.driver).send_keys(Keys.TAB).perform()
            seen.append(tuple(self.ask(FOCUS)))
        return seen

    def press(self, key: str) -> None:
        """Press a key on what has the focus."""
        from selenium.webdriver import ActionChains

        ActionChains(self.driver).send_keys(key).perform()

    def picture(self, path: Path) -> Path:
        """Write a picture of the whole page."""
        size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 16_000), "scale": 1}
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b64decode(shot["data"]))
        return path

    def page_faults(self, page: Path, width: int) -> list[str]:
        """Say what is wrong with one page at one width."""
        self.open(page, width)
        heads = self.ask("return [...document.querySelectorAll('h1')].map(h => h.textContent.trim())")
        found = {
            "wider than the screen": self.ask(SIDEWAYS),
            "picture without words or not there": self.ask(PICTURES),
            "hard to read": self.ask(CONTRAST),
            "asked for from elsewhere": self.requests(),
            "console": self.complaints(),
            "main headings": [] if len(heads) == 1 and heads[0] else [str(heads)],
            "no language": [] if self.ask("return document.documentElement.lang") else [""],
            "no title": [] if self.driver.title.strip() else [""],
            "no main part": [] if self.ask("return document.querySelectorAll('main').length") == 1 else [""],
            "tables without a head": self.ask(
                "return [...document.querySelectorAll('main table')].filter(t => !t.querySelector('th')).map(t => t.id)"
            ),
            "names given twice": self.ask(
                "const ids = [...document.querySelectorAll('[id]')].map(e => e.id);"
                "return ids.filter((id, i) => ids.indexOf(id) !== i)"
            ),
        }
        return [f"{page.name} at {width}: {what}: {one}" for what, all_ in found.items() for one in all_]

    def faults(self, folder: Path, widths: tuple[int, ...] = tuple(WIDTHS.values())) -> list[str]:
        """Say what is wrong with the pages of a built report."""
        pages = sorted(folder.glob("*.html"))
        if not pages:
            return [f"no page in {folder}"]
        found = [fault for page in pages for width in widths for fault in self.page_faults(page, width)]
        self.open(pages[0])
        first = self.tab()[0]
        if first[1] != "#content":
            found.append(f"{pages[0].name}: the first stop of the keyboard is {first}, not the link to the content")
        return found


def _program(variable: str, *names: str) -> str | None:
    given = os.environ.get(variable)
    return given or next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Give a reader with headless Chromium, or skip and say what is missing."""
    chromium = _program("CHROMIUM", "chromium", "chromium-browser", "google-chrome")
    chromedriver = _program("CHROMEDRIVER", "chromedriver")
    if chromium is None or chromedriver is None:
        missing = " and ".join(
            name for name, path in (("chromium", chromium), ("chromedriver", chromedriver)) if path is None
        )
        pytest.skip(f"{missing} not found: install them, or name them in CHROMIUM and CHROMEDRIVER")
    selenium = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    options = selenium.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = selenium.ChromeService(executable_path=chromedriver)
    driver = selenium.Chrome(options=options, service=service)
    driver.set_page_load_timeout(60)
    try:
        yield Reader(driver)
    finally:
        driver.quit()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser, so that ``-m browser`` selects it."""
    for item in items:
        if "reader" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
