"""How often the test of several answers at once, and letters, find what is not there: samples in clusters under no difference."""

from __future__ import annotations

import numpy as np
import pandas as pd

import survey_kit as sk

RUNS = 500
LEVEL = 0.05


def drawn(rng: np.random.Generator) -> sk.Design:
    """Forty clusters with their own leanings, three answers that go together, groups that differ in nothing."""
    m, size = 40, 12
    leaning = np.repeat(rng.normal(0, 0.8, m), size)
    own = rng.normal(0, 1, m * size)
    frame = pd.DataFrame({"psu": np.repeat(np.arange(m), size), "w": np.repeat(rng.uniform(0.7, 1.5, m), size)})
    for name, base in (("a", -0.4), ("b", 0.3), ("c", -1.0)):
        frame[name] = base + leaning + own + rng.normal(size=m * size) > 0
    frame["group"] = rng.integers(0, 3, m * size)
    return sk.Design(frame, weight="w", psu="psu")


def test_false_findings_keep_their_level() -> None:
    """Would catch: answers of one person taken for independent, clusters ignored, pairs not adjusted for their number."""
    rng = np.random.default_rng(20250901)
    question = sk.MultipleResponse("s", {"A": "a", "B": "b", "C": "c"})
    whole, lettered = 0, np.zeros(3)
    for _ in range(RUNS):
        book = sk.tab_book(drawn(rng), [question], banner=["group"], level=1 - LEVEL)
        whole += book.tests["p"].item() < LEVEL
        part = book.tables[0].parts[1]
        lettered += (part.letters[:3] != "").any(axis=1)
    band = 3.5 * np.sqrt(LEVEL * (1 - LEVEL) / RUNS)
    assert abs(whole / RUNS - LEVEL) < band
    assert (lettered / RUNS < LEVEL + band).all()
    assert (lettered / RUNS > LEVEL / 4).all()
