"""Which languages may go into the field."""

from __future__ import annotations

from pathlib import Path

from survey_kit.instrument import Instrument, Item, Module, fill, inspect
from survey_kit.instrument.release import lacking, release


def made(text: dict[str, str], **more: object) -> Instrument:
    item = Item(id="q1", type="text", text=text)
    return Instrument(id="a", version="1", modules=(Module(id="m", title={"en": "M"}, items=(item,)),), **more)


def test_the_source_is_ready():
    assert release(made({"en": "Why?"}), "en").ready
    assert release(made({"en": "Why?"}), "en").reasons == ()


def test_a_language_nobody_vouches_for_is_a_pilot():
    state = release(made({"en": "Why?", "ru": "Почему?"}), "ru")
    assert not state.ready
    assert state.reasons == ("the texts in 'ru' are draft", "1 texts are missing in 'ru'")


def test_a_reviewed_language_is_ready_only_when_complete():
    reviewed = {"ru": {"item.q1.text": "reviewed", "module.m.title": "back_translated"}}
    assert release(made({"en": "Why?", "ru": "Почему?"}, statuses=reviewed), "ru").reasons == (
        "1 texts are missing in 'ru'",
    )
    assert lacking(made({"en": "Why?", "ru": "Почему?"}), "ru") == ("module.m.title",)
    assert release(made({"en": "Why?", "ru": " "}, statuses=reviewed), "ru").reasons == ("2 texts are missing in 'ru'",)


def test_placeholders_have_to_be_filled_in():
    form = made({"en": "What does [[sponsor]] do?"}, placeholders={"sponsor": {"en": "Who pays"}})
    assert release(form, "en").reasons == ("[[sponsor]] is not filled in",)
    assert release(fill(form, {"sponsor": "the Bureau"}), "en").ready


def test_a_source_that_is_itself_a_translation_is_judged_like_one():
    form = made({"en": "Why?"}, statuses={"en": {"item.q1.text": "draft"}})
    assert release(form, "en").reasons == ("1 texts in 'en' are translations that nobody reviewed",)
    assert release(made({"en": "Why?"}, statuses={"en": {"item.q1.text": "reviewed"}}), "en").ready


def test_the_drafts_of_the_shipped_instruments_are_pilots(root: Path):
    core = inspect(root / "instruments" / "core")
    for language in ("kk", "ru"):
        if core.translation_status(language) == "draft":
            assert not release(core, language).ready
    assert any("[[contact]]" in reason for reason in release(core, "en").reasons)
