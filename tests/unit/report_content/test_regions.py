"""Maps, profiles and permanent links: every region once, nothing withheld anywhere, every link leads to its row."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape

import pytest

from survey_kit.errors import ReportError
from survey_kit.indicators.rows import published as blanked
from survey_kit.language.catalogue import known_languages
from survey_kit.report import palette, qmd
from survey_kit.report.book import Published, published, write
from survey_kit.report.links import address, linked_table, numbers, row_id, value
from survey_kit.report.map_drawing import SHADES
from survey_kit.report.maps import class_bounds, map_table, region_map
from survey_kit.report.outlines import read_outlines
from survey_kit.report.profiles import profile_page, region_index, region_profile
from survey_kit.report.region_pages import add_pages
from survey_kit.report.regions import _read, regions, regions_of

CODES = sorted(_read()["regions"])
SECRET = re.compile(r"0?\.96378|0?\.09678|0?\.99678|\b(?:96[.,]4|9[.,]7|99[.,]7|94[.,]4|98[.,]4)\b")


@pytest.fixture
def book(raw: Published) -> Published:
    """Give the invented study with Kazakhstan's regions; the numbers of withheld rows still stand in it."""
    rows = raw.rows.copy()
    inside = rows["domain"] == "region"
    rows.loc[inside, "level"] = [CODES[int(level) - 1] for level in rows.loc[inside, "level"]]
    return replace(raw, rows=rows, info=replace(raw.info, regions="region"))


def test_lists_are_dated_and_tiles_never_meet() -> None:
    lists = _read()["lists"]
    assert [len(one["codes"]) for one in lists] == [20, 17, 16]
    for one in lists:
        found = regions(one["codes"])
        assert len({region.at for region in found}) == len(found)
    assert {one.code for one in regions(lists[0]["codes"])} - {one.code for one in regions(lists[1]["codes"])} == {
        "KZ-10",
        "KZ-33",
        "KZ-62",
    }


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_every_region_has_a_name_in_every_language(language: str) -> None:
    found = regions(CODES, language)
    assert len({one.name for one in found}) == len({one.short for one in found}) == 20
    latin = [one for one in found if re.search("[A-Za-z]", one.name + one.short)]
    assert len(latin) == (20 if language == "en" else 0)


def test_the_catalogue_is_whole() -> None:
    assert known_languages("regions") == ("en", "kk", "ru")


def test_the_south_has_its_name_of_the_time() -> None:
    old = [code for code in CODES if code not in {"KZ-10", "KZ-33", "KZ-62", "KZ-79"}]
    assert "South Kazakhstan Region" in {one.name for one in regions(old)}
    assert "Turkistan Region" in {one.name for one in regions([*old, "KZ-79"])}


def test_a_region_that_does_not_exist_is_refused(book: Published) -> None:
    rows = book.rows.copy()
    rows.loc[rows["level"] == "KZ-71", "level"] = "KZ-72"
    with pytest.raises(ReportError, match="There is no region 'KZ-72'"):
        region_map(replace(book, rows=rows), "congress")
    with pytest.raises(ReportError, match="no region 'KZ-99'"):
        region_profile(book, "KZ-99")
    with pytest.raises(ReportError, match="declares no regions"):
        region_map(replace(book, info=replace(book.info, regions="")), "congress")


def test_a_map_states_its_finding_and_hides_what_is_withheld(book: Published) -> None:
    chart, fold = region_map(book, "congress").parts
    assert "highest" in chart.alt.lower()
    assert "Shymkent city 49.0" in chart.alt
    assert f"No figure for: {regions_of(book)[6].name} [u]" in chart.alt
    for text in (*chart.texts(), *fold.texts(), chart.path.read_text(encoding="utf-8")):
        assert not SECRET.search(text)
    assert fold.texts()[2].count('scope="row"') == 21  # every region and the country


def test_shades_can_be_read_and_told_apart() -> None:
    assert all(palette.contrast(palette.INK, shade) >= 7 for shade in SHADES)
    light = [palette.contrast(palette.INK, shade) for shade in SHADES]
    assert light == sorted(light, reverse=True)


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.1), (3.2, 3.2), (12.0, 88.0), (-40.0, 60.0), (0.0, 100.0)])
def test_classes_are_few_and_hold_every_figure(low: float, high: float) -> None:
    start, step, count = class_bounds(low, high)
    assert 1 <= count <= len(SHADES)
    assert start <= low
    assert high < start + step * count or high == pytest.approx(start + step * count)


def test_a_profile_has_the_country_beside_and_says_what_is_withheld(book: Published) -> None:
    told = " ".join(region_profile(book, CODES[6]).texts())
    assert "Figures published: 0 of 5" in told
    assert "too unreliable to publish" in told
    assert not SECRET.search(told)
    seen = " ".join(region_profile(book, CODES[0]).texts())
    assert "Figures published: 5 of 5" in seen
    assert seen.count("number-congress.html#congress.2023") == 2  # the region's figure and the country's


def test_the_index_links_every_profile(book: Published) -> None:
    text = region_index(book).markdown()
    assert all(profile_page(code) in text for code in CODES)


def test_row_ids_are_unique_and_lead_to_anchors(book: Published) -> None:
    rows = [*book.records(), *book.records(domain=None)]
    ids = [row_id(row) for row in rows]
    assert len(set(ids)) == len(ids)
    pages = {one.id: " ".join(numbers(book, one.id).texts()) for one in book.info.indicators}
    for row in rows:
        assert pages[row["indicator"]].count(f'id="{address(row).partition("#")[2]}"') == 1
    assert not any(SECRET.search(text) for text in pages.values())
    assert "To what extent do you trust the National Congress?" in pages["congress"]


def test_two_figures_with_one_id_are_refused(book: Published) -> None:
    rows = book.rows.copy()
    rows.loc[rows["wave"] == "2016/17", "wave"] = "2016-17"
    rows.loc[(rows["wave"] == "2021") & (rows["domain"] == ""), "wave"] = "2016/17"
    with pytest.raises(ReportError, match="Two figures have the row id"):
        numbers(replace(book, rows=rows), "congress")


def test_a_value_in_a_sentence(book: Published) -> None:
    found = value(book, "congress.2023.region.kz-79")
    assert (found.text.replace("\u00a0", " "), found.href) == (
        "49.0 %",
        "number-congress.html#congress.2023.region.kz-79",
    )
    assert found.markdown().startswith("[49")
    assert value(book, "parties.2016-17").text == "[u]"
    assert value(book, "court.2014").text == "[z]"
    assert value(book, f"congress.2023.region.{CODES[7].lower()}").text.endswith("[u]")
    for wrong in ("congress.2024", "congres.2023", ""):
        with pytest.raises(ReportError, match="No figure has the row id"):
            value(book, wrong)


def test_labels_never_become_markup(book: Published) -> None:
    table = linked_table(book, "x", "A <b>", {"a": "<i>"}, [])
    assert "<i>" not in table.rows
    assert "Trust in &lt;b&gt;parties" in map_table(book, "parties").rows
    assert unescape("&lt;b&gt;") == "<b>"


def test_pages_are_added_once_for_regions_and_indicators(book: Published, tmp_path) -> None:
    (tmp_path / "_quarto.yml").write_text(
        "website: {navbar: {left: [{text: Trust, href: trust.qmd}, {text: Data, href: data.qmd}]}}\n", encoding="utf-8"
    )
    made = add_pages(tmp_path, book)
    assert len(made) == 5 + 1 + 20
    assert add_pages(tmp_path, book) == made
    assert (tmp_path / "_quarto.yml").read_text(encoding="utf-8").count("regions.qmd") == 1
    assert "report.region_profile(study, 'KZ-71')" in (tmp_path / "region-kz-71.qmd").read_text(encoding="utf-8")
    without = add_pages(tmp_path, replace(book, info=replace(book.info, regions="")))
    assert len(without) == 5


def square(code: str, x: float, y: float, side: float = 5.0) -> dict[str, object]:
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {"properties": {"iso": code}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def test_the_users_outlines_are_drawn(book: Published, tmp_path) -> None:
    path = tmp_path / "regions.geojson"
    features = [square(code, 50 + 6 * (i % 5), 42 + 6 * (i // 5)) for i, code in enumerate(CODES)]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    (tmp_path / "_quarto.yml").write_text("website: {}\n", encoding="utf-8")
    site = book.figures.parent
    site.mkdir(parents=True, exist_ok=True)
    (site / "_quarto.yml").write_text("website: {}\n", encoding="utf-8")
    add_pages(site, book, path, "iso")
    chart = region_map(book, "congress").parts[0]
    assert chart.alt.startswith("Map of 20 regions")
    assert "outlines come from a file of the study" in chart.caption
    outlines = read_outlines(path, "iso", CODES)
    assert all(0 <= x <= 4.9 and y >= 0 for rings in outlines.values() for ring in rings for x, y in ring)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "no GeoJSON"),
        ('{"features": [{"properties": {}, "geometry": {"type": "Point", "coordinates": [1, 2]}}]}', "no GeoJSON"),
        (json.dumps({"features": [square("KZ-10", 50, 40)]}), "lack the region 'KZ-11'"),
        (json.dumps({"features": [square("KZ-10", 5e6, 40), square("KZ-11", 5e6, 50)]}), "longitude and latitude"),
    ],
)
def test_outlines_that_cannot_be_used_are_refused(tmp_path, content: str, message: str) -> None:
    path = tmp_path / "regions.geojson"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ReportError, match=message):
        read_outlines(path, "iso", ["KZ-10", "KZ-11"])


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_no_english_is_left_on_a_page_of_another_language(book: Published, language: str) -> None:
    about = tuple(replace(one, title=f"Сенім {k}", note="") for k, one in enumerate(book.info.indicators))
    told = replace(book, info=replace(book.info, indicators=about, language=language))
    texts = [
        *region_index(told).texts(),
        *region_profile(told, "KZ-71").texts(),
        *region_profile(told, CODES[6]).texts(),
    ]
    for text in texts:
        plain = re.sub(r"<style>.*?</style>|<[^>]+>|\S+\.html\S*|\[[a-z]\]", " ", text, flags=re.DOTALL)
        assert not re.search("[A-Za-z]{2,}", plain), plain
        assert not re.search(r"\d\.\d", plain), plain  # decimals have a comma
    drafted = "машина" if language == "kk" else "машиной"
    assert any(drafted in text for text in texts)


@pytest.mark.slow
def test_every_link_of_the_rendered_pages_leads_to_its_row(book: Published, tmp_path, monkeypatch) -> None:
    write(tmp_path, blanked(book.rows), book.info)
    site = tmp_path / "site"
    site.mkdir()
    project = (
        "project: {type: website}\nexecute: {echo: false}\nwebsite: {navbar: {left: [{text: A, href: index.qmd}]}}\n"
    )
    (site / "_quarto.yml").write_text(project, encoding="utf-8")
    text = "`{python} report.value(report.published(), 'congress.2023.region.kz-71')`"
    cell = "```{python}\nfrom survey_kit import report\n```"
    (site / "index.qmd").write_text(f"---\ntitle: A\n---\n\n{cell}\n\nIn Astana it was {text}.\n", encoding="utf-8")
    monkeypatch.setenv("SURVEY_KIT_BUILD", str(tmp_path))
    add_pages(site, published(tmp_path))
    qmd.render(site, tmp_path / "out", formats=["html"])
    pages = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "out").glob("*.html")}
    assert len(pages) == 5 + 1 + 20 + 1
    anchors = {name: set(re.findall(r'\sid="([^"]+)"', page)) for name, page in pages.items()}
    links = [(name, unescape(link)) for name, page in pages.items() for link in re.findall(r'href="([^"]+)"', page)]
    targets = [
        (link.partition("#")[0] or name, link.partition("#")[2])
        for name, link in links
        if ".html" in link or "#" in link
    ]
    assert len(targets) > 500
    assert [one for one in targets if one[0] not in pages or (one[1] and one[1] not in anchors[one[0]])] == []
    assert 'href="number-congress.html#congress.2023.region.kz-71"' in pages["index.html"]
    assert not any(SECRET.search(re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)) for page in pages.values())
