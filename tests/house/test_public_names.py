"""The public face: what type checkers are told is what is loaded, and every name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import survey_kit as sk

STUB = (Path(sk.__file__).parent / "__init__.pyi").read_text(encoding="utf-8")


def test_the_stub_names_what_is_loaded() -> None:
    told = set(re.findall(r" as (\w+)$", STUB, flags=re.MULTILINE)) | {"__version__"}
    assert told == set(dir(sk))


@pytest.mark.parametrize("name", dir(sk))
def test_every_name_loads(name: str) -> None:
    assert getattr(sk, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'no_such_name'"):
        _ = sk.no_such_name
