"""Labelled SPSS and Stata files: what goes out comes in again, and what identifies people never goes out."""

import shutil
import subprocess

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from survey_kit.errors import ResponsesError
from survey_kit.instrument import Instrument, Item, Module, Repeat, Scale, inspect
from survey_kit.instrument.simulate import simulate
from survey_kit.responses import read_labelled, take
from survey_kit.responses.export import export_labelled

KAZAKH = "Сіз ұлттық ғылым, қоғам, өңір, әділет және һәм істеріне үңілесіз бе?"


def texts(en, kk):
    return {"en": en, "kk": kk}


@pytest.fixture
def form():
    yes_no = Scale(codes=(1, 2), labels={1: texts("Yes", "Иә"), 2: texts("No", "Жоқ")})
    trust = Scale(
        codes=tuple(range(11)), ends={0: texts("Not at all", "Мүлде"), 10: texts("Completely", "Толық")}, high=10
    )
    agree = Scale(codes=(1, 0), labels={1: texts("Agree", "Келісемін"), 0: texts("Disagree", "Келіспеймін")}, high=1)
    ways = Scale(
        codes=(1, 2, 9), labels={1: texts("Phone", "Телефон"), 2: texts("Web", "Веб"), 9: texts("None", "Ешқайсы")}
    )
    region = Scale(
        codes=("KZ-10", "KZ-11"), labels={"KZ-10": texts("Abai", "Абай"), "KZ-11": texts("Akmola", "Ақмола")}
    )
    items = (
        Item(id="region", scale=region, missing={}, text=texts("Region", "Өңір"), role="quasi_identifier"),
        Item(id="contact", scale=yes_no, text=texts("Any contact?", KAZAKH)),
        Item(id="paid", scale=yes_no, text=texts("Paid?", "Төледіңіз бе?"), ask_if="contact == 1"),
        Item(id="trust", scale=trust, text=texts("Trust?", "Сенесіз бе?"), missing={97: "not_asked", 98: "dont_know", 99: "refused"}),
        Item(id="applies", scale=agree, text=texts("Agree?", "Келісесіз бе?"), ask_if="contact == 1",
             missing={97: "not_asked", 98: "dont_know", 99: "refused"}),
        Item(id="ways", type="multiple", scale=ways, exclusive=(9,), text=texts("Which ways?", "Қандай жолдар?")),
        Item(id="age", type="integer", minimum=18, maximum=110, missing={998: "dont_know", 999: "refused"}, text=texts("Age?", "Жасыңыз?")),
        Item(id="born", type="date", text=texts("Since when?", "Қашаннан бері?")),
        Item(id="phone", type="text", text=texts("Phone", "Телефон"), role="identifier"),
        Item(id="words", type="text", text=texts("Why?", "Неге?")),
        Item(id="interviewer", type="integer", text=texts("Interviewer", "Сұхбат алушы"), role="paradata", missing={}),
    )  # fmt: skip
    return Instrument(
        id="tiny",
        version="1.0",
        title=texts("A tiny survey", "Шағын сауалнама"),
        modules=(Module(id="m", items=items),),
        missing={98: "dont_know", 99: "refused"},
        missing_labels={
            97: texts("Does not apply", "Маған қатысы жоқ"),
            98: texts("Don't know", "Білмеймін"),
            99: texts("Refused", "Бас тартты"),
        },
    )


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "region": ["KZ-10", "KZ-11", "KZ-10", "KZ-10", "KZ-11"],
            "contact": [1, 2, 98, 1, 1],
            "paid": [2, None, None, 99, 1],
            "trust": [0, 10, 97, 98, 99],
            "applies": [97, None, None, 98, 1],
            "ways": ["1 2", "9", "98", "2", "1"],
            "age": [18, None, 998, 999, 110],
            "born": ["2020-01-31", "2021-02-28", None, "2022-12-01", "2023-05-05"],
            "phone": ["+7 701 000 00 00"] * 5,
            "words": ["бір", None, "екі", "", "үш"],
            "interviewer": [1, 2, 3, 4, 5],
            "data_status": ["synthetic"] * 5,
            "case": [11, 12, 13, 14, 15],
        }
    )


def written(form, table, folder, kind, language="kk", **more):
    made = export_labelled(table, form, folder, languages=[language], formats=[kind], **more)
    (path,) = made.paths
    return path, made


def test_sav_round_trip_through_pyreadstat(form, table, tmp_path):
    path, _ = written(form, table, tmp_path, "sav")
    data, about = pyreadstat.read_sav(path, user_missing=True)
    assert data["contact"].tolist() == [1, 2, 98, 1, 1]
    assert data["paid"].tolist() == [2, -1, -1, 99, 1]  # not asked is -1
    assert data["trust"].tolist() == [0, 10, 97, 98, 99]
    assert data["applies"].tolist() == [97, -1, -1, 98, 1]
    assert data["ways__1"].tolist() == [1, 0, 98, 0, 1]
    assert data["ways__9"].tolist() == [0, 1, 98, 0, 0]
    assert data["age"].fillna(-9).tolist() == [18, -9, 998, 999, 110]  # why it is blank nobody knows
    assert data["region"].tolist() == table["region"].tolist()
    assert str(data["born"].iloc[0]) == "2020-01-31"
    assert about.column_names_to_labels["contact"] == KAZAKH
    assert about.column_names_to_labels["ways__2"] == "Қандай жолдар?: Веб"
    assert about.variable_value_labels["contact"] == {1: "Иә", 2: "Жоқ", 98: "Білмеймін", 99: "Бас тартты"}
    assert about.variable_value_labels["applies"] == {
        1: "Келісемін", 0: "Келіспеймін", 97: "Маған қатысы жоқ", 98: "Білмеймін", 99: "Бас тартты", -1: "Сұралмады",
    }  # fmt: skip
    assert about.variable_value_labels["region"] == {"KZ-10": "Абай", "KZ-11": "Ақмола"}
    assert about.variable_value_labels["ways__1"][1] == "Таңдалды"
    assert about.missing_ranges["applies"] == [{"lo": 97.0, "hi": 99.0}, {"lo": -1.0, "hi": -1.0}]
    assert about.variable_measure["trust"] == "ordinal"
    assert about.variable_measure["contact"] == "nominal"
    assert about.variable_measure["age"] == "scale"
    assert about.file_label.startswith("ЖАСАНДЫ ДЕРЕКТЕР. ПИЛОТ")
    assert about.original_variable_types["contact"] == "F8.0"
    assert data["data_status"].unique().tolist() == ["synthetic"]
    plain, _ = pyreadstat.read_sav(path)  # as SPSS counts
    assert plain["trust"].notna().sum() == 2


def test_sav_round_trip_through_the_own_reader(form, table, tmp_path):
    path, _ = written(form, table, tmp_path, "sav")
    read = read_labelled(path)
    assert read.variable_labels["contact"] == KAZAKH
    assert read.value_labels["paid"] == {1: "Иә", 2: "Жоқ", 98: "Білмеймін", 99: "Бас тартты", -1: "Сұралмады"}
    assert set(read.missing["paid"]) == {98, 99, -1}
    assert set(read.missing["applies"]) == {97, 98, 99, -1}
    assert read.frame["trust"].tolist() == [0, 10, 97, 98, 99]
    assert read.measures["trust"] == "ordinal"
    assert read.title.startswith("ЖАСАНДЫ")


def test_dta_round_trip(form, table, tmp_path):
    path, made = written(form, table, tmp_path, "dta")
    data, about = pyreadstat.read_dta(path, user_missing=True)
    assert data["contact"].tolist() == [1, 2, "b", 1, 1]
    assert data["paid"].tolist() == [2, "a", "a", "c", 1]
    assert data["trust"].tolist() == [0, 10, "h", "b", "c"]
    assert data["applies"].tolist() == ["h", "a", "a", "b", 1]
    assert data["age"].tolist() == [18, "g", "b", "c", 110]
    assert data["region"].tolist() == [1, 2, 1, 1, 2]
    assert about.variable_value_labels["region"] == {1: "KZ-10 Абай", 2: "KZ-11 Ақмола"}
    assert about.variable_value_labels["applies"]["a"] == "Сұралмады"
    assert about.variable_value_labels["applies"]["h"] == "Маған қатысы жоқ"
    assert about.column_names_to_labels["contact"] == KAZAKH
    assert about.file_label.startswith("ЖАСАНДЫ ДЕРЕКТЕР. ПИЛОТ")
    assert [note.where for note in made.notes if note.code == "L006"] == ["region"]
    read = read_labelled(path)
    assert read.frame["trust"].tolist() == ["0", "10", ".h", ".b", ".c"]
    assert set(read.missing["trust"]) >= {".h", ".b", ".c"}
    assert read.value_labels["trust"][".b"] == "Білмеймін"
    frame = pd.read_stata(path, convert_categoricals=False)
    assert frame["trust"].notna().sum() == 2


def test_letters_survive_where_answers_are_rare(form, table, tmp_path):
    many = pd.concat([table.iloc[[1]]] * 300 + [table.iloc[[0]]], ignore_index=True)
    path, _ = written(form, many, tmp_path, "dta")
    data, _ = pyreadstat.read_dta(path, user_missing=True)
    assert data["paid"].tolist() == ["a"] * 300 + [2]
    nobody, _ = written(form, table.iloc[[1]], tmp_path / "one", "dta")
    assert pyreadstat.read_dta(nobody, user_missing=True)[0]["paid"].tolist() == ["a"]


def test_identifiers_never_leave(form, table, tmp_path):
    path, made = written(form, table, tmp_path, "sav", "en")
    columns = list(pyreadstat.read_sav(path)[0])
    assert not {"phone", "words", "interviewer", "case"} & set(columns)
    assert "phone, words, interviewer" in next(note.message for note in made.notes if note.code == "L005")
    assert b"+7 701" not in path.read_bytes()
    for name in ("phone", "deviceid", "phoneNumber"):
        with pytest.raises(ResponsesError, match="identifies people"):
            export_labelled(table, form, tmp_path, include=[name])


def test_other_columns_only_by_name(form, table, tmp_path):
    path, _ = written(form, table, tmp_path, "sav", "en", include=["words", "interviewer", "case"], case="case")
    data = pyreadstat.read_sav(path)[0]
    assert data["words"].fillna("").tolist() == ["бір", "", "екі", "", "үш"]
    assert data["case"].tolist() == [11, 12, 13, 14, 15]
    assert data["interviewer"].tolist() == [1, 2, 3, 4, 5]


def test_responses_give_the_reasons_they_hold(form, table, tmp_path):
    answers = take(table, instruments={"": form}, data_status="synthetic", required=["case"])
    path, _ = written(form, answers, tmp_path, "sav", "en", include=["case"])
    data = pyreadstat.read_sav(path, user_missing=True)[0]
    assert data["trust"].tolist() == [0, 10, -1, 98, 99]  # 97 became "not asked" when the answers were taken
    assert data["age"].fillna(-9).tolist() == [18, -9, 998, 999, 110]


def test_waves_stand_beside_the_answers(form, table, tmp_path):
    waves = table.assign(wave=["2018/19", "2023", "2023", "2023", "2018/19"], w=[0.5, 1.5, 1, 1, 1])
    answers = take(waves, instruments={"": form}, wave="wave", required=["w"], data_status="real")
    path, _ = written(form, answers, tmp_path, "sav", "en", include=["w"])
    data, about = pyreadstat.read_sav(path, user_missing=True)
    assert data["wave"].tolist() == waves["wave"].tolist()
    assert data["w"].tolist() == waves["w"].tolist()
    assert about.column_names_to_labels["wave"] == "Wave"
    assert about.column_names[:2] == ["data_status", "wave"]


def test_real_and_synthetic_never_share_a_file(form, table, tmp_path):
    mixed = table.assign(data_status=["real", "synthetic", "real", "real", "real"])
    with pytest.raises(ResponsesError, match="never share"):
        export_labelled(mixed, form, tmp_path)
    with pytest.raises(ResponsesError, match="Nobody says"):
        export_labelled(table.drop(columns="data_status"), form, tmp_path)
    with pytest.raises(ResponsesError, match="never share"):
        export_labelled(table, form, tmp_path, data_status="real")


def test_names_of_files_say_what_they_are(form, table, tmp_path):
    real = export_labelled(table.drop(columns="data_status"), form, tmp_path, data_status="real")
    assert [path.name for path in real] == ["tiny_en.sav", "tiny_en.dta", "tiny_kk_pilot.sav", "tiny_kk_pilot.dta"]
    about = pyreadstat.read_sav(tmp_path / "tiny_en.sav", metadataonly=True)[1]
    assert about.file_label == "A tiny survey"


def test_long_labels_are_cut_by_words_and_told(table, tmp_path):
    long = " ".join(["Сенімділік"] * 40)
    items = (
        Item(id="contact", text={"en": "?", "kk": long}, scale=Scale(codes=(1, 2), labels={1: texts("Yes", long)})),
    )
    made = Instrument(id="long", version="1", modules=(Module(id="m", items=items),), missing={98: "dont_know"})
    out = export_labelled(table, made, tmp_path, languages=["kk"])
    about = pyreadstat.read_sav(out.paths[0], metadataonly=True)[1]
    label, value = about.column_names_to_labels["contact"], about.variable_value_labels["contact"][1]
    assert label.endswith("Сенімділік…")
    assert 200 < len(label.encode()) <= 255
    assert value.endswith("Сенімділік…")
    assert len(value.encode()) <= 120
    stata = pyreadstat.read_dta(out.paths[1], metadataonly=True)[1].column_names_to_labels["contact"]
    assert len(stata) <= 80
    assert {note.code for note in out.notes} == {"L001", "L002"}


def test_answers_below_zero_are_no_missing_codes(tmp_path):
    gate = Item(id="gate", type="single", text={"en": "Gate?"}, scale=Scale(codes=(1, 2)))
    form = Instrument(
        id="t",
        version="1",
        modules=(
            Module(id="m", items=(gate, Item(id="change", type="decimal", text={"en": "C?"}, ask_if="gate == 1"))),
        ),
    )
    table = pd.DataFrame({"gate": [1, 1, 2], "change": [-1.0, 2.5, None]})
    out = export_labelled(table, form, tmp_path, formats=["sav"], data_status="synthetic")
    data, about = pyreadstat.read_sav(out.paths[0], user_missing=True)
    assert data["change"].tolist()[:2] == [-1.0, 2.5]
    assert np.isnan(data["change"].iloc[2])
    assert "change" not in about.missing_ranges
    assert any(note.code == "L004" and note.where == "change" for note in out.notes)


def test_members_get_a_file_of_their_own(tmp_path):
    inner = Module(
        id="members",
        repeat=Repeat(count="size", most=4),
        items=(Item(id="member_age", type="integer", text={"en": "Age?"}, missing={998: "dont_know"}),),
    )
    size = Item(id="size", type="integer", text={"en": "How many?"}, minimum=0, maximum=4)
    form = Instrument(id="home", version="1", modules=(Module(id="m", items=(size,)), inner))
    people = pd.DataFrame({"case": [1, 2], "size": [2, 1]})
    members = pd.DataFrame({"case": [1, 1, 2], "member_age": [30, 998, 5]})
    out = export_labelled(
        people, form, tmp_path, formats=["sav"], case="case", members={"members": members}, data_status="synthetic"
    )
    assert [path.name for path in out] == ["home_en_synthetic.sav", "home_members_en_synthetic.sav"]
    data = pyreadstat.read_sav(out.paths[1], user_missing=True)[0]
    assert data["member_age"].tolist() == [30, 998, 5]
    assert data["member"].tolist() == [1, 2, 1]


@pytest.mark.parametrize("name", ["core", "trust_in_institutions", "business_integrity"])
def test_real_instruments_go_out_and_in(name, tmp_path):
    form = inspect(f"instruments/{name}")
    made = simulate(form, 150, seed=4)
    table = made.frame()
    out = export_labelled(table, form, tmp_path, languages=["kk"])
    data, about = pyreadstat.read_sav(out.paths[0], user_missing=True)
    letters, of_stata = pyreadstat.read_dta(out.paths[1], user_missing=True)
    assert len(data) == len(letters) == 150
    for item in form.items:
        if item.id not in data or item.type not in {"single", "integer"} or item.column:
            continue
        raw = pd.to_numeric(table[item.id], errors="coerce")
        kept = raw[raw.notna()]
        assert data[item.id][kept.index].tolist() == kept.tolist(), item.id
        answered = [form.missing_kind(item.id, int(one)) is None for one in kept]
        stata = letters[item.id][kept.index]
        assert [isinstance(one, str) for one in stata] == [not one for one in answered], item.id
    assert all(len(text.encode()) <= 255 for text in about.column_labels)
    assert all(len(text.encode()) <= 120 for one in about.variable_value_labels.values() for text in one.values())
    assert set("әғқңөұүһі") & set(" ".join(about.column_labels)), "no Kazakh letters"
    assert list(of_stata.column_names) == list(about.column_names)


def test_unknown_language_and_format_are_refused(form, table, tmp_path):
    with pytest.raises(ResponsesError, match="no texts in 'fr'"):
        export_labelled(table, form, tmp_path, languages=["fr"])
    with pytest.raises(ResponsesError, match="no format"):
        export_labelled(table, form, tmp_path, formats=["xpt"])


def haven():
    """Say whether R can read these files by itself."""
    program = shutil.which("Rscript")
    if program is None:
        return False
    asked = [program, "--vanilla", "-e", 'quit(status = !requireNamespace("haven", quietly = TRUE))']
    return subprocess.run(asked, capture_output=True, check=False, timeout=60).returncode == 0


R_READS = """
sav <- haven::read_sav("kk.sav", user_na = TRUE); dta <- haven::read_dta("kk.dta")
out <- c(attr(sav$contact, "label"), names(attr(sav$applies, "labels")), paste(unclass(sav$applies), collapse = " "),
         paste(is.na(sav$applies), collapse = " "), paste(ifelse(is.na(dta$applies), haven::na_tag(dta$applies), unclass(dta$applies)), collapse = " "),
         attr(dta$contact, "label"))
stopifnot(names(attr(dta$applies, "labels"))[haven::na_tag(attr(dta$applies, "labels")) %in% "h"] == names(attr(sav$applies, "labels"))[3])
con <- file("out.txt", open = "wb"); writeLines(enc2utf8(out), con, useBytes = TRUE); close(con)
"""


@pytest.mark.skipif(not haven(), reason="there is no R with haven")
def test_another_reader_finds_the_same(form, table, tmp_path):
    for kind in ("sav", "dta"):
        written(form, table, tmp_path, kind)[0].rename(tmp_path / f"kk.{kind}")
    (tmp_path / "read.R").write_text(R_READS, encoding="ascii")
    done = subprocess.run(
        ["Rscript", "--vanilla", "read.R"], cwd=tmp_path, capture_output=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    lines = (tmp_path / "out.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0] == lines[10] == KAZAKH
    assert lines[1:7] == ["Келісемін", "Келіспеймін", "Маған қатысы жоқ", "Білмеймін", "Бас тартты", "Сұралмады"]
    assert lines[7:10] == ["97 -1 -1 98 1", "TRUE TRUE TRUE TRUE FALSE", "h a a b 1"]
    assert lines[11:] == []
