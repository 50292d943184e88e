"""A tab book as a reader meets it: on a desk and on a telephone, with wide banners and long words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import survey_kit as sk


def test_a_wide_book_is_readable(reader: Any, tmp_path: Path) -> None:
    """Would catch: a page wider than the screen, faint text, tables without heads, names given twice, no way past the contents."""
    rng = np.random.default_rng(5)
    n = 900
    frame = pd.DataFrame(
        {"w": rng.uniform(0.5, 2, n), "psu": np.arange(n) // 9, "sex": rng.choice(["Men", "Women"], n)}
    )
    frame["region"] = rng.choice([f"Region of the very long name number {i} <&>" for i in range(12)], n)
    frame["trust"] = np.clip(rng.integers(1, 6, n) + (frame["sex"] == "Men"), 1, 5)
    frame["police"], frame["court"] = rng.random(n) < 0.3, rng.random(n) < 0.2
    frame["age"] = rng.integers(18, 90, n)
    questions = [
        sk.SingleResponse("trust", nets={"Trust (4-5)": (4, 5)}, mean=True),
        sk.MultipleResponse("contact", {"Police": "police", "Administrative court of the first instance": "court"}),
        sk.NumericResponse("age"),
    ]
    design = sk.Design(frame, weight="w", psu="psu")
    for name, intervals in (("plain", False), ("intervals", True)):
        folder = tmp_path / name
        book = sk.tab_book(design, questions, banner=("sex", "region", ("sex", "region")))
        book.to_html(folder / "book.html", intervals=intervals)
        assert reader.faults(folder) == []


def test_the_stub_stays_in_sight(reader: Any, tmp_path: Path) -> None:
    """Would catch: lines that lose their names when a wide table is moved on a telephone."""
    frame = pd.DataFrame({"w": 1.0, "g": np.arange(800) % 20, "y": np.arange(800) % 3})
    path = sk.tab_book(sk.Design(frame, weight="w"), ["y"], banner=["g"]).to_html(tmp_path / "book.html")
    reader.open(path, width=360)
    place = "Math.round(document.querySelector('tbody th').getBoundingClientRect().left)"
    before = reader.ask(f"return {place}")
    after = reader.ask(f"document.querySelector('.table-scroll').scrollLeft = 400; return {place}")
    assert reader.ask("return document.querySelector('.table-scroll').scrollLeft") == 400
    assert after == before
