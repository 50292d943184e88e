"""Open formats: read back by programs that are not ours, and equal to the rows."""

from __future__ import annotations

import json
import math
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from survey_kit.errors import StudyError
from survey_kit.indicators.rows import AGAINST, COLUMNS
from survey_kit.language.catalogue import known_languages, words
from survey_kit.report import dictionary, linked_data, ods, open_data, sdmx, shorthand, tables_book
from survey_kit.report.book import Published
from survey_kit.report.info import DomainInfo, IndicatorInfo, StudyInfo, WaveInfo
from survey_kit.study import Study, read_study
from survey_kit.study.exchange import read_exchange


@pytest.fixture
def written(raw, tmp_path) -> Path:
    open_data.write(tmp_path, raw.rows, replace(raw.info, languages=("en", "ru", "kk")))
    return tmp_path


# --------------------------------------------------------------------------------------------------------------- flags
def test_every_figure_has_a_status_and_nothing_is_hidden_without_a_marker(written):
    table = pd.read_csv(written / "toy_indicators.csv")
    gone = table["estimate"].isna()
    assert gone.any()
    assert table.loc[gone, "flags"].str.contains(r"\[[cuxz]\]").all()
    assert set(table.loc[gone, "obs_status"]) <= {"L", "O", "Q"}
    assert not set(table.loc[~gone, "obs_status"]) & {"L", "O", "Q"}
    assert set(table.loc[~gone & (table["reliability"] == "publish"), "obs_status"]) <= {"A", "B", "P"}


@pytest.mark.parametrize(
    ("rule", "flag", "status", "secret"), [("confidential", "[c]", "Q", "C"), ("nchs_2017", "[u]", "Q", "F")]
)
def test_confidential_and_unreliable_never_share_a_marker(raw, rule, flag, status, secret):
    hidden = raw.rows["reliability"] == "suppress"
    rows = raw.rows.assign(reliability_rule=raw.rows["reliability_rule"].mask(hidden, rule)).assign(
        estimate=raw.rows["estimate"].mask(hidden)
    )
    found = shorthand.add_flags(rows, raw.info)[hidden]
    other = {"[c]": "[u]", "[u]": "[c]"}[flag]
    assert found["flags"].str.contains(flag, regex=False).all()
    assert not found["flags"].str.contains(other, regex=False).any()
    assert set(found["obs_status"]) == {status}
    assert set(found["conf_status"]) == {secret}


def test_a_release_without_all_its_method_is_provisional(raw):
    whole = replace(raw.info, method=dict.fromkeys(raw.info.not_stated, "stated") | raw.info.method)
    assert shorthand.add_flags(raw.rows, raw.info)["flags"].str.contains("[p]", regex=False).all()
    assert not shorthand.add_flags(raw.rows, whole)["flags"].str.contains("[p]", regex=False).any()


# ------------------------------------------------------------------------------------------------- other people's readers
def test_frictionless_finds_the_package_whole(written, monkeypatch):
    frictionless = pytest.importorskip("frictionless")
    monkeypatch.chdir(written)
    report = frictionless.validate("datapackage.json")
    assert report.valid, report.flatten(["title", "note"])
    assert report.stats["tasks"] >= 3


def test_frictionless_finds_a_changed_figure(written, monkeypatch):
    frictionless = pytest.importorskip("frictionless")
    monkeypatch.chdir(written)
    path = written / "toy_indicators.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",ok,", ",fine,", 1), encoding="utf-8")
    report = frictionless.validate("datapackage.json")
    assert not report.valid


def test_csvw_reads_the_figures_with_their_types(written):
    csvw = pytest.importorskip("csvw")
    group = csvw.TableGroup.from_file(written / "csv-metadata.json")
    assert {str(table.url) for table in group.tables} == {
        "toy_indicators.csv",
        "toy_dictionary.csv",
        "toy_missing.csv",
    }
    table = next(one for one in group.tables if str(one.url) == "toy_indicators.csv")
    rows = list(table.iterdicts(strict=True))
    plain = pd.read_csv(written / "toy_indicators.csv", keep_default_na=False, na_values=[""])
    assert len(rows) == len(plain)
    assert [row["estimate"] is None for row in rows] == plain["estimate"].isna().tolist()
    assert [row["n"] for row in rows] == plain["n"].tolist()
    assert {type(row["n"]) for row in rows} == {int}


def test_csvw_reads_every_table_of_a_study_with_ratings(rated, tmp_path):
    csvw = pytest.importorskip("csvw")
    open_data.write(tmp_path, rated.rows, rated.info)
    tables = csvw.TableGroup.from_file(tmp_path / "csv-metadata.json").tables
    rows = {str(table.url): list(table.iterdicts(strict=True)) for table in tables}
    assert len(rows) == 5
    assert all(rows.values())
    assert {row["reverses"] for row in rows["ratings_KAZ_cpi_sources.csv"]} <= {True, False, None}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_rdf_reads_the_description(written):
    rdflib = pytest.importorskip("rdflib")
    graph = rdflib.Graph().parse(written / "dataset.jsonld", format="json-ld")
    schema = rdflib.Namespace("https://schema.org/")
    dcat = rdflib.Namespace("http://www.w3.org/ns/dcat#")
    whole = list(graph.subjects(rdflib.RDF.type, dcat.Dataset))
    assert whole == list(graph.subjects(rdflib.RDF.type, schema.Dataset))
    assert len(whole) == 1
    assert {str(name) for name in graph.objects(whole[0], schema.creditText)} == {"Nobody (2023). A toy study."}
    package = json.loads((written / "datapackage.json").read_text(encoding="utf-8"))
    digests = {one["hash"].removeprefix("sha256:") for one in package["resources"]}
    files = list(graph.objects(whole[0], dcat.distribution))
    assert {str(graph.value(one, schema.sha256)) for one in files} == digests


def test_no_text_ends_the_block_of_linked_data():
    html = linked_data.LinkedData('{"name": "</script><b>&"}').html()
    assert html.count("</script>") == 1
    inside = html.removeprefix('<script type="application/ld+json">').removesuffix("</script>")
    assert json.loads(inside) == {"name": "</script><b>&"}


# ------------------------------------------------------------------------------------------------------------ workbook
@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_a_workbook_holds_the_published_figures(raw, written, language):
    book = CalamineWorkbook.from_path(str(written / f"toy_tables_{language}.ods"))
    say = words("open_data", language)
    assert book.sheet_names[:3] == [say("sheet_cover"), say("sheet_contents"), say("sheet_notes")]
    flagged = shorthand.add_flags(open_data.blanked(raw.rows), raw.info)
    assert len(book.sheet_names) == 3 + len(raw.info.indicators)
    for k, one in enumerate(raw.info.indicators, 3):
        lines = book.get_sheet_by_index(k).to_python()
        start = next(i for i, line in enumerate(lines) if line[0] == say("head_wave"))
        mine = flagged[flagged["indicator"] == one.id]
        assert len(lines) - start - 1 == len(mine)
        for line, (_, row) in zip(lines[start + 1 :], mine.iterrows(), strict=True):
            if pd.isna(row["estimate"]):
                assert line[3] in {"[u]", "[c]", "[x]", "[z]"}
                assert line[3] in row["flags"]
            else:
                assert math.isclose(line[3], row["estimate"])
            assert line[11] == row["flags"]
        assert not any(all(cell == "" for cell in line) for line in lines), "no empty rows"


def test_another_reader_opens_the_workbook(written):
    pytest.importorskip("odf")
    table = pd.read_excel(written / "toy_tables_en.ods", sheet_name="Table 1", engine="odf", header=None)
    assert table.iloc[0, 0] == "Trust in the National Congress"


def test_a_workbook_has_no_merged_cells_and_names_its_tables(written):
    bundle = zipfile.ZipFile(written / "toy_tables_kk.ods")
    assert bundle.infolist()[0].filename == "mimetype"
    assert bundle.infolist()[0].compress_type == zipfile.ZIP_STORED
    text = bundle.read("content.xml").decode("utf-8")
    assert "spanned" not in text
    assert "formula" not in text
    root = ET.fromstring(text)
    space = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
    assert len(list(root.iter(f"{space}database-range"))) == len(list(root.iter(f"{space}table-header-rows")))
    assert 'fo:language="kk"' in bundle.read("styles.xml").decode("utf-8")


def test_signs_xml_does_not_know_leave_a_workbook(tmp_path):
    sheet = ods.Sheet(name="A & B", lines=("a\x00b <c>",), head=("=1+1",), rows=(("=cmd",),))
    path = ods.write(tmp_path / "one.ods", [sheet], title="T", language="en")
    lines = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    assert lines == [["ab <c>"], ["=1+1"], ["=cmd"]]


# ---------------------------------------------------------------------------------------------------------------- SDMX
def test_sdmx_is_read_back_with_its_structure(raw, written):
    pytest.importorskip("pysdmx")
    from pysdmx.io import get_datasets, read_sdmx

    found = get_datasets(written / "toy_sdmx.csv", written / "toy_sdmx_structure.json")
    assert len(found) == 1
    table = found[0].data
    flagged = shorthand.add_flags(open_data.blanked(raw.rows), raw.info)
    assert len(table) == len(flagged)
    values = pd.to_numeric(table["OBS_VALUE"].astype("object"), errors="coerce").to_numpy(dtype=float)
    expected = flagged["estimate"].to_numpy(dtype=float)
    pd.testing.assert_series_equal(pd.Series(values), pd.Series(expected))
    assert table["OBS_STATUS"].astype(str).tolist() == flagged["obs_status"].tolist()
    lists = {
        one.id: {item.id for item in one.items}
        for one in read_sdmx(written / "toy_sdmx_structure.json").get_codelists()
    }
    for name in ("REF_AREA", "INDICATOR", "WAVE", "GROUP", "LEVEL", "OBS_STATUS", "CONF_STATUS", "DATA_STATUS"):
        assert set(table[name].astype(str)) <= lists[f"CL_{name}"], name
    coded = {part.id for part in found[0].structure.components if part.local_codes or part.local_enum_ref}
    assert {f"CL_{name}" for name in coded} == set(lists)


def test_synthetic_waves_have_no_time_in_sdmx(synthetic, tmp_path):
    pytest.importorskip("pysdmx")
    open_data.write(tmp_path, synthetic.rows, synthetic.info)
    stem = open_data._stem(synthetic.info)
    head = (tmp_path / f"{stem}_sdmx.csv").read_text(encoding="utf-8").splitlines()[0]
    assert "TIME_PERIOD" not in head
    assert "DATA_STATUS" in head


def test_two_waves_with_one_code_are_refused(raw):
    from survey_kit.errors import ReportError
    from survey_kit.study.exchange import Exchange

    rows = raw.rows.assign(wave=raw.rows["wave"].replace({"2016/17": "2018?19"}))
    flagged = shorthand.add_flags(rows, raw.info)
    with pytest.raises(ReportError, match="same codes"):
        sdmx.observations(flagged, raw.info, Exchange())


def test_without_the_package_the_readme_says_so(raw, tmp_path, monkeypatch):
    monkeypatch.setattr(sdmx, "available", lambda: False)
    open_data.write(tmp_path, raw.rows, raw.info)
    assert not list(tmp_path.glob("*sdmx*"))
    assert "pysdmx" in (tmp_path / "README.txt").read_text(encoding="utf-8")


# ---------------------------------------------------------------------------------------------------------- dictionary
def test_every_word_stands_in_three_languages():
    assert known_languages("open_data") == ("en", "kk", "ru")
    for name in (*COLUMNS, *shorthand.COLUMNS):
        told = {language: dictionary.column_meaning(name, language) for language in ("en", "kk", "ru")}
        assert len(set(told.values())) == 3, name
        if name in COLUMNS:
            assert told["en"] == COLUMNS[name]
    assert {f"{head}_p" for head in AGAINST} <= set(COLUMNS)


def test_the_dictionary_says_that_its_translations_are_drafts(written):
    table = pd.read_csv(written / "toy_dictionary.csv", keep_default_na=False)
    ours = table[table["part"].isin(["column", "marker"])]
    assert set(ours["translation"]) == {"draft"}
    assert (ours[["meaning", "meaning_kk", "meaning_ru"]] != "").all().all()


def test_a_workbook_in_a_draft_language_says_so(raw: Published):
    flagged = shorthand.add_flags(open_data.blanked(raw.rows), raw.info)
    for language, told in (("kk", True), ("ru", True), ("en", False)):
        cover = tables_book.sheets(flagged, raw.info, language)[0]
        assert (words("open_data", language)("draft") in cover.lines) is told


# ----------------------------------------------------------------------------------------------------------- with a study
@pytest.fixture(scope="module")
def kazakhstan():
    return read_study(Path(__file__).parents[3] / "analyses" / "kazakhstan")


def about(study: Study) -> StudyInfo:
    """Give what the pages know of the study, as far as these tests need it."""
    one = next(one for one in study.definitions if one.id == "services_health")
    return StudyInfo(
        id=study.id,
        title=study.title["en"],
        data_status="synthetic",
        waves=(WaveInfo(id="Rehearsal 1", label="Rehearsal 1"),),
        indicators=(IndicatorInfo(id=one.id, title=one.title["en"], note="In one language"),),
        domains=(DomainInfo(id="sex", label="Sex"),),
    )


def test_the_dictionary_has_the_titles_of_the_study_in_each_language(kazakhstan):
    rows = pd.DataFrame({"domain": ["", "sex"], "level": ["", "1"], "level_label": ["", "Man"]})
    table = dictionary.dictionary(about(kazakhstan), kazakhstan, rows).set_index(["part", "name"])
    languages = ["meaning", "meaning_kk", "meaning_ru"]
    for key in (("domain", "sex"), ("level", "sex=1"), ("wave", "Rehearsal 1")):
        told = table.loc[[key], languages].iloc[0]
        assert told.nunique() == 3, key
        assert (told != "").all()
    title = table.loc[[("indicator", "services_health")], languages].iloc[0]
    assert title.tolist() == [
        "title: Satisfied with health care",
        "атауы: Медициналық көмекке көңілі толатындар",
        "название: Довольны медицинской помощью",
    ]


def test_what_a_report_in_russian_says_stands_under_russian(raw):
    table = dictionary.dictionary(replace(raw.info, language="ru"))
    question = table[table["meaning_ru"].str.startswith("вопрос: To what extent")]
    assert len(question) == 1
    assert question["meaning_kk"].tolist() == [""]


def test_questionnaires_are_described_without_answers(kazakhstan, tmp_path):
    found = list(open_data._questionnaires(tmp_path, about(kazakhstan), kazakhstan))
    assert [part for _, part in found] == ["questionnaire"]
    root = ET.parse(found[0][0]).getroot()
    space = "{ddi:codebook:2_5}"
    spoken = {one.get("{http://www.w3.org/XML/1998/namespace}lang") for one in root.iter(f"{space}qstnLit")}
    assert spoken == {"en", "ru", "kk"}
    assert not list(root.iter(f"{space}catStat"))


def test_series_of_the_sustainable_development_goals_are_named_for_everybody_only(kazakhstan):
    settings = read_exchange(kazakhstan)
    row = {"wave": "Rehearsal 1", "year": None, "level_label": ""} | dict.fromkeys(sdmx.ATTRIBUTES.values(), "x")
    rows = [
        row | {"indicator": "services_health", "domain": "", "level": "", "estimate": 0.5},
        row | {"indicator": "services_health", "domain": "sex", "level": "1", "estimate": 0.5},
        row | {"indicator": "services_education", "domain": "", "level": "", "estimate": 0.5},
        row | {"indicator": "services_government", "domain": "", "level": "", "estimate": None},
    ]
    found = sdmx.observations(pd.DataFrame(rows), about(kazakhstan), settings)
    assert found["SDG_SERIES"].tolist() == ["SP_PSR_OSATIS_HLTH", "", "", ""]
    assert set(found["REF_AREA"]) == {"KZ"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("series: {services_helth: SP_PSR_OSATIS_HLTH}", "no indicator 'services_helth'"),
        ("series: {services_health: SP_PSR_HLTH}", "no SDG series 'SP_PSR_HLTH'"),
        ("agency: My bureau", "'agency' is no code of SDMX"),
        ("country: KZ", "country"),
    ],
)
def test_a_fault_in_the_file_for_sdmx_names_its_line(kazakhstan, tmp_path, text, words):
    (tmp_path / "sdmx.yaml").write_text(f"schema: survey-kit/sdmx/1\n{text}\n", encoding="utf-8")
    with pytest.raises(StudyError, match=words) as told:
        read_exchange(replace(kazakhstan, path=tmp_path / "study.yaml"))
    assert "sdmx.yaml:2" in str(told.value)


def test_what_pages_tell_in_other_languages_goes_into_dictionary_and_workbooks(raw, tmp_path):
    russian = replace(
        raw.info,
        language="ru",
        notes=("Интервью 2021 года — по телефону.",),
        indicators=tuple(replace(one, question=f"Вопрос про {one.id}") for one in raw.info.indicators),
    )
    info = replace(raw.info, languages=("en", "ru"))
    open_data.write(tmp_path, raw.rows, info, None, [russian])
    table = pd.read_csv(tmp_path / "toy_dictionary.csv", keep_default_na=False)
    both = table[table["meaning_ru"].eq("вопрос: Вопрос про congress")]
    assert both["meaning"].tolist() == ["question: To what extent do you trust the National Congress?"]
    book = CalamineWorkbook.from_path(str(tmp_path / "toy_tables_ru.ods"))
    assert ["Интервью 2021 года — по телефону.", ""] in book.get_sheet_by_name("Примечания").to_python()
    assert book.get_sheet_by_name("Таблица 1").to_python()[1][0] == "Вопрос: Вопрос про congress"
    package = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    assert package["title"] == "A toy study"
