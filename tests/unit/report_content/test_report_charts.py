"""Charts: the same bytes for the same rows, the mark drawn in, words for every picture, nothing suppressed."""

from __future__ import annotations

import itertools
import re
import time
from dataclasses import replace

import pytest

from survey_kit.report import drawing, figures, palette
from survey_kit.report.drawing import Dot, Dots, Line, Panels, Point, runs


def charts(book) -> list:
    out = [figures.trend(book, one.id) for one in book.info.indicators]
    for theme in book.info.themes:
        out += [*figures.comparison(book, theme).parts, *figures.small_multiples(book, theme).parts]
    return [*out, figures.by_domain(book, "congress", "region")]


def words_in(drawn) -> list[str]:
    """Every text that is drawn, before it becomes outlines."""
    import matplotlib as mpl

    with mpl.rc_context(drawing.SETTINGS):
        figure = drawing._FORMS[type(drawn)](drawn)
        return [text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text()]


LINE = Line(title="Сенім: ғ қ ң ө ұ ү һ і", subtitle="пайыз", limits=(0, 100), points=(
    Point(x=1, label="1", value=20.0, low=15.0, high=25.0, text="20 %"), Point(x=2, label="2", marker="[z]"),
    Point(x=3, label="3", value=30.0, low=25.0, high=35.0, apart="mode changed", text="30 %"),
))  # fmt: skip
DOTS = Dots(
    title="Dots",
    subtitle="per cent",
    limits=(0, 100),
    dots=(Dot(label="A", text="20", value=20.0), Dot(label="B", text="[u]")),
)
DRAWINGS = (LINE, DOTS, Panels(title="Panels", subtitle="per cent", lines=(LINE, LINE, LINE)))


@pytest.mark.parametrize("drawn", DRAWINGS, ids=["line", "dots", "panels"])
def test_the_same_values_give_the_same_bytes(tmp_path, drawn):
    first, second = (drawing.draw(tmp_path / name, drawn, "words").read_bytes() for name in ("a.svg", "b.svg"))
    assert first == second
    assert b"<dc:date>" not in first
    assert b"<text" not in first, "text is outlines, so that every alphabet looks the same everywhere"


def test_an_unchanged_chart_is_not_drawn_again(tmp_path, monkeypatch):
    path = drawing.draw(tmp_path / "a.svg", LINE, "words")
    monkeypatch.setattr(drawing, "_FORMS", {})
    assert drawing.draw(path, LINE, "words") == path
    with pytest.raises(KeyError):
        drawing.draw(path, replace(LINE, title="Other"), "words")


@pytest.mark.parametrize("drawn", DRAWINGS, ids=["line", "dots", "panels"])
def test_the_mark_is_drawn_into_the_picture(drawn):
    words = words_in(replace(drawn, mark="SYNTHETIC"))
    assert "SYNTHETIC DATA: a rehearsal, no real answers" in words
    assert "SYNTHETIC" in words, "across the plot, for whoever cuts the strip off"


def test_runs_end_at_gaps_and_breaks(real):
    line = figures._line(real.info, real.info.indicator("court"), real.records("court"), "x")
    assert [[point.label for point in run] for run in runs(line.points)] == [["2016/17", "2018/19"], ["2023"]]
    line = figures._line(real.info, real.info.indicator("congress"), real.records("congress"), "x")
    assert [point.apart for point in line.points] == ["", "", "", "mode changed", ""]


def test_a_series_taken_up_again_is_not_broken(real):
    rows = [dict(row) for row in real.records("congress")]
    rows[-1] |= {"break": "mode", "previous_wording": "no_significant_change"}
    line = figures._line(real.info, real.info.indicator("congress"), rows, "x")
    assert line.points[-1].apart == ""


def test_every_chart_has_words_and_a_base(real):
    for chart in charts(real):
        assert len(chart.alt) > 60
        assert re.search(r"\d", chart.alt)
        assert "n = " in chart.caption or "n from" in chart.caption or "bands are intervals" in chart.caption
        assert chart.path.stem.startswith("toy-")
        assert f"fig-{chart.id}" in chart.markdown()
    alt = figures.trend(real, "court").alt
    assert "Not asked: 2014 and 2021." in alt
    alt = figures.trend(real, "congress").alt
    assert "Break before 2021: the way of interviewing changed." in alt
    assert "Not published: 2016/17." in figures.trend(real, "parties").alt


def test_synthetic_charts_say_so_everywhere(synthetic):
    for chart in charts(synthetic):
        assert chart.alt.startswith("Synthetic data: ")
        assert chart.caption.startswith("Synthetic data: ")
        assert chart.path.name.startswith("synthetic-")
        svg = chart.path.read_text(encoding="utf-8")
        assert "<dc:title>SYNTHETIC: " in svg
        assert not re.search(r"\b20(14|16/17|18/19|21|23)\b", chart.alt + chart.caption)


def test_suppressed_numbers_are_in_no_chart(raw, secret):
    for chart in charts(raw):
        for text in (chart.alt, chart.caption, chart.path.read_text(encoding="utf-8").split("</metadata>")[0]):
            assert not secret.search(text)
    line = figures._line(raw.info, raw.info.indicator("parties"), raw.records("parties"), "x")
    hidden = line.points[1]
    assert (hidden.value, hidden.low, hidden.high, hidden.text, hidden.marker) == (None, None, None, "", "[u]")


def test_the_limits_of_an_axis_know_nothing_suppressed(raw):
    rows = raw.records("parties")
    assert figures._limits(rows, "share") == figures._limits([row for row in rows if row["wave"] != "2016/17"], "share")


def test_dots_are_sorted_and_what_is_withheld_stands_last(real):
    chart = figures.by_domain(real, "congress", "region")
    told = re.findall(r"(Region \d+) (?:(\d+\.\d)|not published)", chart.alt)
    values = [float(value) for _, value in told if value]
    assert values == sorted(values, reverse=True)
    assert told[-1] == ("Region 7", "")


def test_a_long_study_is_drawn_quickly(large):
    start = time.perf_counter()
    for one in large.info.indicators:
        figures.trend(large, one.id)
    parts = [*figures.comparison(large, "trust").parts, *figures.small_multiples(large, "trust").parts]
    assert time.perf_counter() - start < 25
    assert len(parts) == 3, "one comparison, two sheets of panels"
    labels = [chart.alt for chart in parts]
    assert all("Confidence in institution number" not in label.split(":", 1)[1] for label in labels), (
        "what is shared is said once"
    )


def test_panels_of_unlike_figures_have_their_own_axes(real):
    rows = real.rows.copy()
    rare = rows["indicator"] == "court"
    rows.loc[rare, ["estimate", "ci_low", "ci_high"]] *= 0.05
    (chart,) = figures.small_multiples(replace(real, rows=rows), "trust").parts
    assert "an axis of its own" in chart.caption


# ------------------------------------------------------------------------------------------------------------ palette
VISIONS = (None, "protanopia", "deuteranopia", "tritanopia")


@pytest.mark.parametrize("colour", palette.SERIES)
def test_colours_stand_out_from_paper(colour):
    assert palette.contrast(colour, palette.PAPER) >= 3


@pytest.mark.parametrize("colour", [palette.INK, palette.QUIET, palette.BLUE, palette.WARNING])
def test_colours_of_words_can_be_read(colour):
    assert palette.contrast(colour, palette.PAPER) >= 4.5


def test_neighbouring_series_differ_in_lightness():
    for one, other in itertools.pairwise(palette.SERIES):
        assert palette.contrast(one, other) >= 3


@pytest.mark.parametrize("vision", VISIONS)
def test_every_reader_tells_the_colours_apart(vision):
    for one, other in itertools.combinations(palette.SERIES, 2):
        assert palette.difference(one, other, vision) > 10
    assert palette.difference(palette.BLUE, palette.ORANGE, vision) > 60, "the two colours that meet in one chart"


def test_colours_are_never_alone():
    assert len(set(palette.MARKERS)) == len(palette.SERIES)
