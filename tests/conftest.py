"""What every test folder shares: the data folder, and how many examples hypothesis draws."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "survey_kit",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("survey_kit")

ROOT = Path(__file__).parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the microdata folder, so that ``-m data`` selects it."""
    for item in items:
        if "data_folder" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.data)


@pytest.fixture(scope="session")
def root() -> Path:
    """Give the project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Give the folder with the microdata that may not be passed on, or skip and say why."""
    name = os.environ.get("SURVEY_KIT_DATA")
    if not name:
        pytest.skip("SURVEY_KIT_DATA is not set: it names the folder with lapop_brazil/ and gss_confidence/")
    folder = Path(name)
    if not folder.is_dir():
        pytest.skip(f"SURVEY_KIT_DATA names no folder: {folder}")
    return folder
