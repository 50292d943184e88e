"""Reading instruments: what the files say, and what a broken file is told, with its line."""

import textwrap

import pytest

from survey_kit.errors import InstrumentError
from survey_kit.instrument import (
    Instrument,
    Item,
    Module,
    Scale,
    check_folder,
    draft_translation,
    find_instrument,
    read_instrument,
    to_yaml,
    versions,
    write_instrument,
)

TINY = """\
schema: survey-kit/instrument/1
id: tiny
version: "1.1"
source_language: en
title: A tiny questionnaire
scales:
  trust: {codes: [1, 2, 3], labels: {1: Not at all, 2: Some, 3: A lot}, high: 3}
  yes_no: {codes: [1, 2], labels: {1: {en: "Yes", kk: Иә}, 2: {en: "No", kk: Жоқ}}}
missing: {98: dont_know, 99: refused}
modules:
  - id: contact
    title: Contact
    items:
      - {id: age, type: number, minimum: 18, maximum: 95, text: "How old are you?", role: quasi_identifier}
      - {id: police, scale: yes_no, text: "Were you in contact with the police?", period: the last 12 months}
      - id: bribe
        scale: yes_no
        ask_if: police == 1 and age >= 18
        text: Did a police officer ask for a gift?
        sensitive: true
        missing: {8: dont_know}
        source: {standard: UNODC, item: gave, verified: true, url: "https://example.org"}
  - id: trust
    lead_in: How much do you trust each of these?
    items:
      - {id: court, scale: trust, text: The courts, label: Courts}
      - {id: why, type: text, text: "Why?"}
changelog:
  - {version: "1.1", text: Asks for the reason.}
"""


@pytest.fixture
def folder(tmp_path):
    return written(tmp_path / "instruments" / "tiny", TINY)


def written(folder, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "instrument.yaml").write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


def told(folder, **kwargs):
    with pytest.raises(InstrumentError) as caught:
        read_instrument(folder, **kwargs)
    message = str(caught.value)
    assert len(message.splitlines()) <= 5
    return message


def test_an_instrument_answers_what_was_asked_and_how(folder):
    form = read_instrument(folder)
    assert (form.id, form.version, form.languages) == ("tiny", "1.1", ("en", "kk"))
    assert [item.id for item in form.items] == ["age", "police", "bribe", "court", "why"]
    assert form.codes("court") == (1, 2, 3)
    assert form.codes("why") == ()
    assert form.label("court", 3) == "A lot"
    assert form.label("police", 1, "kk") == "Иә"
    assert form.label("police", 99) == "refused"
    assert form.label("police", 77) == "77"
    assert form.missing_kind("court", 98) == "dont_know"
    assert form.missing_kind("bribe", 98) is None  # the item's own missing codes replace the default
    assert form.missing_kind("bribe", 8) == "dont_know"
    assert form.name("court") == "Courts"
    assert form.text("court", "ru") == "The courts"
    assert form.scale_of("court").low == 1
    assert form.scale_of("police").low is None
    assert form.scale_of("why") is None
    assert form.module_of("court").lead_in == {"en": "How much do you trust each of these?"}
    assert form.route("bribe").names == ("police", "age")
    assert form.route("court") is None
    assert form.item("bribe").source.verified
    assert form.problems == ()


def test_an_unknown_item_is_an_error_that_names_the_nearest(folder):
    with pytest.raises(InstrumentError, match="did you mean 'court'"):
        read_instrument(folder).item("courts")


def test_an_instrument_is_found_from_any_folder_below(folder):
    deep = folder.parent.parent / "analyses" / "mine"
    deep.mkdir(parents=True)
    assert find_instrument("tiny", deep).samefile(folder)
    with pytest.raises(InstrumentError, match="did you mean 'tiny'"):
        find_instrument("tinny", deep)


def test_an_older_version_stands_beside_the_newest(folder):
    (folder / "versions").mkdir()
    older = TINY.replace('version: "1.1"', 'version: "1.0"').replace("The courts", "The court")
    (folder / "versions" / "1.0.yaml").write_text(older, encoding="utf-8")
    assert versions(folder) == ("1.1", "1.0")
    assert read_instrument(folder, "1.0").text("court") == "The court"
    assert read_instrument(folder, "1.1").text("court") == "The courts"
    assert check_folder(folder) == ()
    assert "known: 1.0, 1.1" in told(folder, version="3.2")
    (folder / "versions" / "0.9.yaml").write_text(TINY, encoding="utf-8")
    assert "another version" in told(folder, version="0.9")


def test_writing_and_reading_again_gives_the_same_instrument(folder, tmp_path):
    form = read_instrument(folder)
    write_instrument(form, tmp_path / "again")
    again = read_instrument(tmp_path / "again")
    assert again.modules == form.modules
    assert again.scales == form.scales
    assert to_yaml(again) == to_yaml(form)


def test_an_instrument_displays_as_a_questionnaire_with_every_text_escaped(folder):
    html = read_instrument(folder)._repr_html_()
    for part in ("A tiny questionnaire", "Were you in contact", "A lot (high)", "Asked if", "police == 1", "sensitive"):
        assert part in html
    evil = Item(
        id="q", text={"en": "<script>alert(1)</script>"}, scale=Scale(codes=("<b>",), labels={"<b>": {"en": "&"}})
    )
    form = Instrument(id="<x>", version="<1>", modules=(Module(id="<m>", items=(evil,)),))
    assert "<script>" not in form._repr_html_()
    assert "<b>" not in form._repr_html_()
    assert "<m>" not in form._repr_html_()


# ------------------------------------------------------------------------------------------------------- broken files
@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("    title: Contact", "\ttitle: Contact"), 12, "tab"),
        (("title: A tiny questionnaire", "titel: A tiny questionnaire"), 5, "did you mean 'title'"),
        (("scale: trust, text", "scael: trust, text"), 26, "did you mean 'scale'"),
        (("type: number", "type: numbr"), 14, "numbr"),
        (('version: "1.1"\nsource', "version: 1.1\nsource"), 3, "in quotes"),
        (("modules:", "moduls:"), 10, "modules"),
        (("missing: {98: dont_know", "missing: {98: dontknow"), 9, "dontknow"),
        (("codes: [1, 2, 3]", "codes: [1, 2, true]"), 7, "Mend"),
        (("id: tiny", "id: tiny\nid: tiny"), 3, "stands twice"),
        (("schema: survey-kit/instrument/1", "schema: survey-kit/instrument/2"), 1, "schema"),
        (("title: A tiny questionnaire", "title: &a A tiny questionnaire"), 5, "anchors"),
        (("text: The courts", "text: [The courts"), 26, "not YAML"),
    ],
)
def test_a_broken_file_is_told_with_its_line(tmp_path, change, line, words):
    assert change[0] in TINY
    message = told(written(tmp_path / "tiny", TINY.replace(*change, 1)))
    assert f"instrument.yaml:{line}" in message
    assert words in message


def test_an_alias_bomb_is_refused_before_it_expands(tmp_path):
    bomb = 'a: &a ["x", "x"]\n' + "".join(
        f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert "anchors and aliases" in told(written(tmp_path / "bomb", bomb))


def test_a_file_that_is_not_utf8_or_not_there_is_one_error(tmp_path):
    folder = written(tmp_path / "tiny", TINY)
    (folder / "instrument.yaml").write_bytes("title: Сот".encode("cp1251"))
    assert "not UTF-8" in told(folder)
    assert "no instrument" in told(tmp_path / "elsewhere")


# ------------------------------------------------------------------------------------------------------- translations
def test_a_translation_is_drafted_filled_reviewed_and_grows_stale(folder):
    path = draft_translation(read_instrument(folder), "ru")
    form = read_instrument(folder)
    assert form.translation_status("ru") == "missing"
    assert form.text("court", "ru") == "The courts"

    draft = path.read_text(encoding="utf-8")
    path.write_text(draft.replace("text: ''", "text: Слова"), encoding="utf-8")
    form = read_instrument(folder)
    assert form.text("court", "ru") == form.label("court", 1, "ru") == "Слова"
    assert form.translation_status("ru") == "draft"

    reviewed = path.read_text(encoding="utf-8").replace(
        "status: draft", "status: reviewed, reviewer: A. B., date: 2026-05-01"
    )
    path.write_text(reviewed, encoding="utf-8")
    assert read_instrument(folder).translation_status("ru") == "reviewed"

    written(folder, TINY.replace("text: The courts", "text: The courts of law"))
    form = read_instrument(folder)
    assert form.translation_status("ru") == "stale"
    assert [problem.code for problem in form.problems] == ["I016"]
    assert "item.court.text" in form.problems[0].message
    draft_translation(form, "ru")  # completing the file does not make the stale text fresh
    assert read_instrument(folder).translation_status("ru") == "stale"


def test_a_draft_is_never_shown_as_reviewed_without_a_reviewer(folder):
    path = draft_translation(read_instrument(folder), "ru")
    text = path.read_text(encoding="utf-8").replace("text: '', status: draft", "text: Слова, status: reviewed")
    path.write_text(text, encoding="utf-8")
    assert "names no reviewer" in told(folder)
    path.write_text(text.replace("status: reviewed", "status: reviewed, reviewer: A. B."), encoding="utf-8")
    assert "names no reviewer and date" in told(folder)


def test_a_translation_of_nothing_and_a_wrong_file_name_are_told(folder):
    path = draft_translation(read_instrument(folder), "ru")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("item.court.text:", "item.cuort.text:"), encoding="utf-8")
    assert {"I015", "I018"} == {problem.code for problem in read_instrument(folder).problems}
    path.rename(path.with_name("kk.yaml"))
    assert "named by its language" in told(folder)


def test_an_older_version_keeps_the_translations_that_still_fit(folder):
    path = draft_translation(read_instrument(folder), "ru")
    path.write_text(path.read_text(encoding="utf-8").replace("text: ''", "text: Слова"), encoding="utf-8")
    (folder / "versions").mkdir()
    older = TINY.replace('version: "1.1"', 'version: "1.0"').replace("The courts", "The court")
    (folder / "versions" / "1.0.yaml").write_text(older, encoding="utf-8")
    form = read_instrument(folder, "1.0")
    assert form.text("court", "ru") == "The court"
    assert form.label("court", 1, "ru") == "Слова"
    assert not any(problem.code == "I016" for problem in form.problems)


# --------------------------------------------------------------------------------------------------- those that ship
@pytest.mark.parametrize("name", ["lapop_brazil", "gss_confidence"])
def test_the_instruments_of_the_real_studies_are_sound(root, name):
    form = read_instrument(root / "instruments" / name)
    assert all(problem.code == "I019" for problem in form.problems)  # wording from memory says so
    assert len(form._repr_html_()) > 1000


def test_the_direction_of_the_real_scales(root):
    lapop = read_instrument(root / "instruments" / "lapop_brazil")
    gss = read_instrument(root / "instruments" / "gss_confidence")
    assert (lapop.scale_of("b31").low, lapop.scale_of("b31").high) == (1, 7)
    assert (gss.scale_of("conarmy").low, gss.scale_of("conarmy").high) == (3, 1)
    assert len(gss.module_of("conarmy").items) == 13
