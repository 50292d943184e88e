"""Label scripts run by R and Python themselves, in a locale that knows no Cyrillic letters."""

import csv
import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from survey_kit.errors import InstrumentError
from survey_kit.instrument import Instrument, Item, Module, Scale, inspect
from survey_kit.instrument.export.scripts import to_python_script, to_r_script, write_label_scripts
from survey_kit.instrument.simulate import simulate

RSCRIPT = shutil.which("Rscript")
NEEDS_R = pytest.mark.skipif(RSCRIPT is None, reason="there is no Rscript")
LOCALES = ("C", "C.UTF-8")
LONG = "Сіз «ұлттық \\ғылым\\» туралы \"не\" ойлайсыз: өңір, қоғам, әділет, һәм 'үміт'? " * 6
LONG = LONG.strip()


def texts(en, kk):
    return {"en": en, "kk": kk}


@pytest.fixture
def form():
    agree = Scale(
        codes=(3, 2, 1, 0),
        labels={
            3: texts("Fully", "Толық"),
            2: texts("Rather", "Көбіне"),
            1: texts("Hardly", "Аздап"),
            0: texts("No", "Жоқ"),
        },
        high=3,
    )
    trust = Scale(codes=(0, 1, 2), ends={0: texts("None", "Мүлде"), 2: texts("Full", "Толық")}, high=2)
    same = Scale(
        codes=(1, 2, 3), labels={1: texts("Other", "Басқа"), 2: texts("Other", "Басқа"), 3: texts("Web", "Веб")}
    )
    region = Scale(
        codes=("KZ-10", "KZ-11"),
        labels={"KZ-10": texts("Abai", "Абай"), "KZ-11": texts("Akmola", "Ақмола")},
        missing={},
    )
    items = (
        Item(id="region", scale=region, text=texts("Region", "Өңір")),
        Item(id="agree", scale=agree, text=texts("Agree?", LONG)),
        Item(id="trust", scale=trust, text=texts("Trust?", "Сенесіз бе?")),
        Item(id="other", scale=same, text=texts("Which?", "Қайсысы?")),
        Item(id="ways", type="multiple", scale=same, text=texts("Ways?", "Жолдар?")),
        Item(id="age", type="integer", text=texts("Age?", "Жасыңыз?"), missing={998: "dont_know", 999: "refused"}),
        Item(id="day", type="date", text=texts("Day?", "Күні?"), missing={}),
        Item(id="why", type="text", text=texts("Why?", "Неге?"), missing={}),
    )  # fmt: skip
    return Instrument(
        id="tiny",
        version="1.0",
        title=texts('A "tiny" survey', "Шағын сауалнама"),
        modules=(Module(id="m", items=items),),
        missing={98: "dont_know", 99: "refused"},
    )


@pytest.fixture
def folder(form, tmp_path):
    rows = {
        "case": [1, 2, 3, 4],
        "data_status": "synthetic",
        "region": ["KZ-11", "KZ-10", None, "KZ-10"],
        "agree": [3, 0, 98, None],
        "trust": [0, 2, 1, 99],
        "other": [1, 2, 3, 98],
        "ways": ["1 3", "2", "98", None],
        "age": [40, 998, 18.0, None],
        "day": ["2026-01-31", None, "2026-02-28", None],
        "why": ["жұмыс", None, "қыс", 'a "b", c'],
    }
    pd.DataFrame(rows).to_csv(tmp_path / "answers.csv", index=False, encoding="utf-8-sig")
    write_label_scripts(form, tmp_path)
    return tmp_path


def run(command, folder, locale):
    environment = {**os.environ, "LC_ALL": locale, "LANG": locale, "PYTHONUTF8": "0", "PYTHONPATH": ""}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False, timeout=120)


def table(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


R_DUMP = """
source("{script}")
answers <- read_answers("answers.csv")
kept <- as_factors(answers)
dropped <- as_factors(answers, "drop")
put <- function(data, path) {{
  data[] <- lapply(data, function(one) enc2utf8(as.character(one)))
  con <- file(path, open = "wb"); on.exit(close(con))
  lines <- c(paste(names(data), collapse = "\\t"), do.call(paste, c(lapply(data, function(one) ifelse(is.na(one), "", one)), sep = "\\t")))
  writeLines(lines, con, useBytes = TRUE)
}}
put(kept, "kept.tsv"); put(dropped, "dropped.tsv")
labelled <- label_answers(answers)
about <- data.frame(
  name = names(labelled),
  label = vapply(labelled, function(one) if (is.null(attr(one, "label"))) "" else attr(one, "label"), ""),
  labels = vapply(labelled, function(one) paste(names(attr(one, "labels")), attr(one, "labels"), collapse = ";"), ""),
  missing = vapply(labelled, function(one) paste(attr(one, "na_values"), collapse = " "), ""),
  values = vapply(labelled, function(one) paste(unclass(one), collapse = " "), ""),
  ordered = vapply(dropped[names(labelled)], function(one) as.character(is.ordered(one)), ""))
put(about, "about.tsv")
"""


def tsv(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    head = lines[0].split("\t")
    return [dict(zip(head, line.split("\t"), strict=True)) for line in lines[1:]]


@NEEDS_R
@pytest.mark.parametrize("locale", LOCALES)
def test_r_keeps_letters_and_meaning(folder, locale):
    script = R_DUMP.format(script="label_tiny_kk_pilot.R")
    (folder / "dump.R").write_text(script, encoding="ascii")
    done = run([RSCRIPT, "--vanilla", "dump.R"], folder, locale)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    assert b"SYNTHETIC DATA" in done.stderr
    kept, dropped = tsv(folder / "kept.tsv"), tsv(folder / "dropped.tsv")
    assert [row["region"] for row in kept] == ["Ақмола", "Абай", "", "Абай"]
    assert [row["agree"] for row in kept] == ["Толық", "Жоқ", "Білмеймін", ""]
    assert [row["agree"] for row in dropped] == ["Толық", "Жоқ", "", ""]
    assert [row["trust"] for row in kept] == ["Мүлде", "Толық", "1", "Жауап беруден бас тартты"]
    assert [row["other"] for row in kept] == ["Басқа (1)", "Басқа (2)", "Веб", "Білмеймін"]
    assert [row["ways__3"] for row in kept] == ["Таңдалды", "Таңдалмады", "Білмеймін", ""]
    assert [row["age"] for row in kept] == ["40", "", "18", ""]
    assert [row["age_missing"] for row in kept] == ["", "Білмеймін", "", ""]
    assert [row["why"] for row in kept] == ["жұмыс", "", "қыс", 'a "b", c']
    assert "ways" not in kept[0]
    about = {row["name"]: row for row in tsv(folder / "about.tsv")}
    assert about["agree"]["label"] == LONG
    assert about["agree"]["values"] == "3 0 98 NA"
    assert about["agree"]["missing"] == "98 99"
    assert about["trust"]["labels"] == "Мүлде 0;Толық 2;Білмеймін 98;Жауап беруден бас тартты 99"
    assert about["age"]["values"] == "40 998 18 NA"
    assert (about["agree"]["ordered"], about["other"]["ordered"]) == ("TRUE", "FALSE")


@NEEDS_R
def test_r_from_the_command_line(folder):
    done = run([RSCRIPT, "--vanilla", "label_tiny_en.R", "answers.csv", "answers.rds"], folder, "C")
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    told = run([RSCRIPT, "--vanilla", "-e", 'cat(attr(readRDS("answers.rds"), "title"))'], folder, "C")
    assert told.stdout == b'A "tiny" survey'


PYTHON_DUMP = """
import importlib.util, json
spec = importlib.util.spec_from_file_location("labels", "{script}")
labels = importlib.util.module_from_spec(spec)
spec.loader.exec_module(labels)
answers = labels.read_answers("answers.csv")
kept, dropped = labels.label_answers(answers), labels.label_answers(answers, missing="drop")
out = {{
    "kept": json.loads(kept.to_json(date_format="iso")),
    "dropped": json.loads(dropped.to_json(date_format="iso")),
    "labels": kept.attrs["labels"],
    "order": list(dropped["agree"].cat.categories),
    "ordered": [bool(dropped["agree"].cat.ordered), bool(kept["agree"].cat.ordered), bool(dropped["other"].cat.ordered)],
    "columns": list(kept.columns),
}}
open("out.json", "w", encoding="utf-8").write(json.dumps(out, ensure_ascii=False))
"""


@pytest.mark.parametrize("locale", LOCALES)
def test_python_keeps_letters_and_meaning(folder, locale):
    (folder / "dump.py").write_text(PYTHON_DUMP.format(script="label_tiny_kk_pilot.py"), encoding="utf-8")
    done = run([sys.executable, "dump.py"], folder, locale)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    assert b"SYNTHETIC DATA" in done.stderr
    out = pd.read_json(folder / "out.json", typ="series", encoding="utf-8")
    kept = {name: list(cells.values()) for name, cells in out["kept"].items()}
    dropped = {name: list(cells.values()) for name, cells in out["dropped"].items()}
    assert kept["region"] == ["Ақмола", "Абай", None, "Абай"]
    assert kept["agree"] == ["Толық", "Жоқ", "Білмеймін", None]
    assert dropped["agree"] == ["Толық", "Жоқ", None, None]
    assert kept["trust"] == ["Мүлде", "Толық", "1", "Жауап беруден бас тартты"]
    assert kept["other"] == ["Басқа (1)", "Басқа (2)", "Веб", "Білмеймін"]
    assert kept["ways__3"] == ["Таңдалды", "Таңдалмады", "Білмеймін", None]
    assert kept["age"] == [40, None, 18, None]
    assert kept["age_missing"] == [None, "Білмеймін", None, None]
    assert kept["day"][0].startswith("2026-01-31")
    assert kept["why"] == ["жұмыс", None, "қыс", 'a "b", c']
    assert out["order"] == ["Жоқ", "Аздап", "Көбіне", "Толық"]
    assert out["ordered"] == [True, False, False]
    assert out["labels"]["agree"] == LONG
    assert "ways" not in out["columns"]


def test_python_from_the_command_line(folder):
    done = run([sys.executable, "label_tiny_en.py", "answers.csv", "answers.pkl"], folder, "C")
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    assert pd.read_pickle(folder / "answers.pkl").attrs["title"] == 'A "tiny" survey'
    assert run([sys.executable, "label_tiny_en.py"], folder, "C").returncode == 1


def test_the_r_script_is_ascii_in_short_lines(form):
    for one in (form, inspect("instruments/kazakhstan_annual")):
        script = to_r_script(one, language="kk")
        assert script.isascii()
        assert max(map(len, script.splitlines())) < 4000


@pytest.mark.parametrize("name", ["trust_in_institutions", "business_integrity"])
def test_real_instruments_are_labelled(name, tmp_path):
    form = inspect(f"instruments/{name}")
    table_ = simulate(form, 60, seed=9).frame()
    table_.to_csv(tmp_path / "answers.csv", index=False)
    paths = write_label_scripts(form, tmp_path, languages=["kk"])
    assert [path.name for path in paths] == [f"label_{name}_kk_pilot.R", f"label_{name}_kk_pilot.py"]
    done = run([sys.executable, paths[1].name, "answers.csv", "answers.pkl"], tmp_path, "C")
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    made = pd.read_pickle(tmp_path / "answers.pkl")
    for item in form.items:
        if item.type == "single" and not item.column:
            said, raw = made[item.id].astype(object), table_[item.id]
            assert (said.notna() == raw.notna()).all(), item.id
    if RSCRIPT is not None:
        done = run([RSCRIPT, "--vanilla", paths[0].name, "answers.csv", "answers.rds"], tmp_path, "C")
        assert done.returncode == 0, done.stderr.decode(errors="replace")


def test_a_language_it_has_not(form):
    for make in (to_r_script, to_python_script):
        with pytest.raises(InstrumentError, match="no texts in 'fr'"):
            make(form, language="fr")
