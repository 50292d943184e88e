"""Conditions as ODK's apps read them: no function or spelling of numbers that they do not know."""

from __future__ import annotations

import pytest

from survey_kit.instrument import Instrument, Item, Module
from survey_kit.instrument.xpath import calculation, constraint, relevant


def made(**limits: float) -> Instrument:
    items = (Item(id="x", type="decimal", text={"en": "x"}, missing={}, **limits), Item(id="n", type="integer"))
    return Instrument(id="a", version="1", modules=(Module(id="m", items=items),))


@pytest.mark.parametrize(
    ("condition", "written"),
    [
        ("x > 0.0000001", "${x} != '' and ${x} > 0.0000001"),
        ("x < 12345678901234567890", "${x} != '' and ${x} < 12345678901234600000"),
    ],
)
def test_numbers_have_no_exponents(condition: str, written: str):
    assert relevant(made(), condition) == written


def test_limits_have_no_exponents():
    assert constraint(made(minimum=1e-7, maximum=1e16), "x") == ". >= 0.0000001 and . <= 10000000000000000"


def test_floor_is_written_with_what_odk_knows():
    written = calculation(made(), "floor(x / 2)")
    assert "floor" not in written
    half = "(${x} div 2)"
    assert f"if({half} < 0 and int({half}) != {half}, int({half}) - 1, int({half}))" in written
