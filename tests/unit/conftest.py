"""A small study of one's own, for the tests of the command line and the pipeline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

STUDY = """\
schema: survey-kit/study/1
id: own
title: An own study
data_status: real
instrument: own
responses: {file: own.csv, wave: year, case: id}
design: {weight: w, strata: stratum, psu: psu, fpc: units}
waves:
  - {id: "2025", year: 2025, version: "1.0"}
  - {id: "2026", year: 2026, version: "1.0"}
families: {trust: [courts, police]}
domains: [sex]
report: {formats: [html]}
"""
INDICATORS = """\
schema: survey-kit/indicators/1
indicators:
  - {id: courts, title: Trust in courts, theme: trust, kind: share, items: [q1], categories: [3, 4], base: answered, dont_know: exclude, direction: up}
  - {id: police, title: Trust in the police, theme: trust, kind: share, items: [q2], categories: [3, 4], base: answered, dont_know: exclude, direction: up}
"""
FORM = """\
schema: survey-kit/instrument/1
id: own
version: "1.0"
missing: {8: dont_know, 9: refused}
scales: {four: {codes: [1, 2, 3, 4], ends: {1: none, 4: full}, high: 4}}
modules:
  - id: trust
    items:
      - {id: q1, scale: four, text: "Do you trust the courts?"}
      - {id: q2, scale: four, text: "Do you trust the police?"}
      - {id: sex, scale: {codes: [1, 2], labels: {1: men, 2: women}}, text: Sex, missing: {}}
"""


def _wave(year: int, units: int = 20, people: int = 12) -> pd.DataFrame:
    rng = np.random.default_rng(year)
    n = units * people
    psu = np.repeat(np.arange(1, units + 1), people)
    return pd.DataFrame(
        {
            "year": year,
            "id": np.arange(1, n + 1),
            "stratum": (psu - 1) // 5 + 1,
            "psu": psu,
            "units": 500,
            "w": rng.uniform(0.5, 2, n).round(3),
            "q1": rng.choice([1, 2, 3, 4, 8, 9], n, p=[0.2, 0.2, 0.3, 0.2, 0.06, 0.04]),
            "q2": rng.choice([1, 2, 3, 4, 8, 9], n, p=[0.1, 0.3, 0.3, 0.2, 0.06, 0.04]),
            "sex": rng.integers(1, 3, n),
        }
    )


@pytest.fixture
def wave_of() -> Callable[[int], pd.DataFrame]:
    """Give the answers of a wave of the own study."""
    return _wave


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of a study of two waves, in a working directory of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SURVEY_KIT_DATA", raising=False)
    study, form = tmp_path / "analyses" / "own", tmp_path / "instruments" / "own"
    (study / "data").mkdir(parents=True)
    form.mkdir(parents=True)
    (study / "study.yaml").write_text(STUDY)
    (study / "indicators.yaml").write_text(INDICATORS)
    (form / "instrument.yaml").write_text(FORM)
    pd.concat([_wave(2025), _wave(2026)]).to_csv(study / "data" / "own.csv", index=False)
    return study
