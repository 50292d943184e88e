"""ODK's engine and ODK Validate for tests, or a visible skip that says what is missing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def _load(name: str) -> ModuleType:
    """Load a file of this folder, which is no package."""
    known = f"odk_{name}"
    if known not in sys.modules:
        spec = spec_from_file_location(known, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[known] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[known])
    return sys.modules[known]


LED: dict[str, Any] = {}  # what was compared, by instrument


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how much of the routing was compared with ODK's engine."""
    if not LED:
        return
    total = {part: sum(getattr(one, part) for one in LED.values()) for part in COUNTED}
    said = ", ".join(f"{count:,} {part}" for part, count in total.items())
    wrong = sum(len(one.differences) for one in LED.values())
    terminalreporter.write_line(f"ODK's engine and ours, {len(LED)} questionnaires: {said}; {wrong} differences")


COUNTED = ("interviews", "openings", "answers", "refused", "values")


@pytest.fixture(scope="session")
def led() -> dict[str, Any]:
    """Give the place where comparisons are noted for the summary."""
    return LED


@pytest.fixture(scope="session")
def odk() -> ModuleType:
    """Give engine.py."""
    module = _load("engine")
    if (reason := module.missing()) is not None:
        pytest.skip(reason)
    return module


@pytest.fixture(scope="module")
def engine(odk: ModuleType) -> Iterator[object]:
    """Give a running engine."""
    with odk.OdkEngine() as running:
        yield running


@pytest.fixture(scope="session")
def validator() -> ModuleType:
    """Give validate.py."""
    module = _load("validate")
    if (reason := module.missing()) is not None:
        pytest.skip(reason)
    return module


@pytest.fixture(scope="session")
def agreement() -> ModuleType:
    """Give agreement.py and what it rests on."""
    for name in ("engine", "plans"):
        _load(name)
    return _load("agreement")


@pytest.fixture(scope="session")
def plans() -> ModuleType:
    """Give plans.py."""
    return _load("plans")


@pytest.fixture(scope="session")
def random_instruments() -> ModuleType:
    """Give random_instruments.py."""
    return _load("random_instruments")
