"""The score of several screens and the pages of the field team: who is far out in many ways is found, nobody's name is written, no report holds it."""

import re

import numpy as np
import pandas as pd
import pytest

from survey_kit.errors import ResponsesError
from survey_kit.fieldwork.interviewer_effects import interviewer_effects
from survey_kit.fieldwork.interviewer_pages import write_interviewer_pages
from survey_kit.fieldwork.interviewer_score import interviewer_score
from survey_kit.fieldwork.screens import Interviews, Screen, screened
from survey_kit.fieldwork.screens_contacts import pseudonyms, screen_duplicates
from survey_kit.report.scan import findings

KEY = "kept in the office safe"
NAMES = [f"Aigerim Testova {k}" for k in range(30)]


def faint(rng, shift=0.0, together=0.0, screens=6, bad=(4,)):
    """Screens in which some are a little far out in each, and which go together."""
    frame = pd.DataFrame({"who": np.repeat(NAMES, 25), "psu": np.tile(np.arange(25), 30)})
    held = Interviews(frame=frame, interviewer="who", case=None)
    common = rng.standard_normal(750)
    out = []
    for k in range(screens):
        x = np.sqrt(together) * common + np.sqrt(1 - together) * rng.standard_normal(750)
        x += shift * frame["who"].isin([NAMES[b] for b in bad]).to_numpy()
        out.append(
            screened(held, Screen(name=f"s{k}", measures="a thing", null="dealt at random", needs=(), form="number"), x)
        )
    return held, out


@pytest.mark.parametrize("together", [0.0, 0.6])
def test_the_score_keeps_its_level_when_screens_go_together(together):
    rng = np.random.default_rng(1)
    p = np.concatenate([interviewer_score(faint(rng, together=together)[1]).table["p"] for _ in range(40)])
    assert len(p) == 1200
    assert 0.02 < (p < 0.05).mean() < 0.065


def test_who_is_a_little_far_out_in_all_is_found_by_the_score_alone():
    rng = np.random.default_rng(2)
    found = alone = 0
    for _ in range(20):
        _, screens = faint(rng, shift=0.45)
        found += interviewer_score(screens).flagged == [NAMES[4]]
        alone += np.mean([NAMES[4] in one.flagged for one in screens])
    assert found >= 16
    assert alone < 6


def test_one_screen_does_not_decide_and_too_few_have_no_score():
    _, screens = faint(np.random.default_rng(3))
    table = interviewer_score(screens).table
    assert (table[[f"s{k}" for k in range(6)]].abs() <= 5).all(axis=None)
    assert table["rank"].tolist() == list(range(1, 31))
    with pytest.raises(ResponsesError, match="Too few screens"):
        interviewer_score(screens[:2])
    with pytest.raises(ResponsesError, match="'s0' stands twice"):
        interviewer_score([*screens, screens[0]])


@pytest.fixture
def written(tmp_path):
    held, screens = faint(np.random.default_rng(4), shift=2.0, bad=(4, 7))
    frame = held.frame.assign(phone=[f"8701{k:07d}" for k in range(750)])
    frame.loc[frame["who"] == NAMES[4], "phone"] = "87015550011"
    held = Interviews(frame=frame, interviewer="who", psu="psu")
    screens.append(screen_duplicates(held, "phone", key=KEY))
    effects = interviewer_effects(held.__class__(frame=frame.assign(y=np.arange(750) % 7), interviewer="who"), ["y"])
    score = interviewer_score(screens)
    return write_interviewer_pages(
        tmp_path / "field", [*screens, score], key=KEY, effects=effects, data_status="synthetic", title="Rehearsal 1"
    )


def test_pages_show_evidence_and_no_names(written):
    hidden = pseudonyms([NAMES[4], NAMES[7]], key=KEY, prefix="I-")
    assert set(written.pages) == set(hidden)
    texts = {path.name: path.read_text() for path in written.folder.iterdir()}
    assert set(texts) == {"index.html", *(f"{name}.html" for name in hidden)}
    for text in texts.values():
        assert "Testova" not in text
        assert "5550011" not in text
        assert "For the field team only" in text
        assert "Synthetic data" in text
        assert "<script" not in text
        assert not re.search(r"(?:src|href)=[\"']https?:", text)
        assert not re.search(r"fraud|fabricat|cheat|falsif", text, re.IGNORECASE)
    page = texts[f"{hidden[0]}.html"]
    assert page.count("<svg") == 8
    assert page.count("<circle") == 8 * 30
    assert "deserves a second look" in page
    assert findings(written.folder) == []
    assert hidden[0] in texts["index.html"]
    assert "Interviewer effects" in texts["index.html"]


def test_pages_of_an_earlier_run_go(written):
    _, screens = faint(np.random.default_rng(5))
    again = write_interviewer_pages(written.folder, screens, key=KEY)
    assert {path.name for path in again.folder.iterdir()} == {"index.html", *(f"{name}.html" for name in again.pages)}
    assert "Synthetic" not in again.index.read_text()


def test_no_report_holds_them(tmp_path):
    _, screens = faint(np.random.default_rng(6))
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / ".state.json").write_text("{}")
    for folder in ("build", "build/field", "build/site/field/deep"):
        with pytest.raises(ResponsesError, match="the build of a report"):
            write_interviewer_pages(tmp_path / folder, screens, key=KEY)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letters.txt").write_text("x")
    with pytest.raises(ResponsesError, match=r"letters\.txt"):
        write_interviewer_pages(tmp_path / "mine", screens, key=KEY)
    with pytest.raises(ResponsesError, match="too short"):
        write_interviewer_pages(tmp_path / "new", screens, key="x")
    with pytest.raises(ResponsesError, match="No screen"):
        write_interviewer_pages(tmp_path / "new", [], key=KEY)
    assert not (tmp_path / "new").exists()
