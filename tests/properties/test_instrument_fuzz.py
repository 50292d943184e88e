"""Damaged questionnaires, forms and commands: read or refused with a message, never a crash, in bounded time and memory.

A sample of ``benchmarks/fuzz.py``, which runs 5,000.
"""

from __future__ import annotations

import random
import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SAMPLE = 240
PARTS = 6


@pytest.fixture(scope="module")
def fuzz(root: Path) -> ModuleType:
    for module in ("openpyxl", "z3"):
        if find_spec(module) is None:
            pytest.skip(f"{module} not installed")
    if sys.platform == "win32":
        pytest.skip("limits of processes need Unix")
    spec = spec_from_file_location("benchmark_fuzz", root / "benchmarks" / "fuzz.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    module.warm()
    return module


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("forms")


def cases(fuzz: ModuleType, part: int) -> list[int]:
    """Choose cases on small instruments: other ones than those of the benchmark."""
    small = {"core", "gss_confidence", "lapop_brazil", "monitoring_group", "public_feedback"}
    chosen = [case for case in range(100_000, 100_000 + 9 * SAMPLE) if fuzz.Plan.of(case).base in small][:SAMPLE]
    return chosen[part::PARTS]


@pytest.mark.parametrize("part", range(PARTS))
def test_damage_is_read_or_refused(fuzz: ModuleType, forms: Path, part: int):
    results = [fuzz.run_case(case, forms) for case in cases(fuzz, part)]
    assert len(results) == SAMPLE // PARTS
    assert [one for one in results if one.outcome not in fuzz.SOUND] == []
    assert {one.outcome for one in results} == {"accepted", "told", "refused"}  # the damage is neither nothing nor all


def test_a_case_is_made_from_its_number_alone(fuzz: ModuleType, forms: Path, tmp_path: Path):
    for case in (100_001, 100_002, 100_004):
        made = []
        for name in ("one", "two"):
            folder = tmp_path / f"{case}_{name}"
            folder.mkdir()
            made.append(fuzz.make(fuzz.Plan.of(case), forms, folder))
        files = [made[0], made[1]] if made[0].is_file() else [path / "instrument.yaml" for path in made]
        assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(
    ("does", "outcome"),
    [
        ("raise KeyError('lost')", "crashed"),
        ("raise MemoryError", "crashed"),
        ("return inside()", "crashed"),
        ("while True: pass", "slow"),
        ("return len(bytearray(700_000_000)) and 'told'", "large"),
        ("__import__('os').kill(__import__('os').getpid(), 11)", "signal 11"),
        ("raise SystemExit(3)", "crashed"),
        ("return 'told'", "told"),
    ],
)
def test_a_fault_would_be_seen(
    fuzz: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, does: str, outcome: str
):
    """The net has no holes: each kind of fault ends in an outcome of its own."""
    place: dict[str, Any] = {}
    exec(
        f"def judge(plan, path):\n    inside = lambda: inside_again()\n    inside_again = lambda: inside()\n    {does}\n",
        place,
    )
    monkeypatch.setattr(fuzz, "judge", place["judge"])
    monkeypatch.setattr(fuzz, "SECONDS", 1)
    assert fuzz._limited(fuzz.Plan.of(100_000), tmp_path).outcome == outcome


@pytest.mark.parametrize("level", ["byte", "cell", "swap", "expression", "row", "column", "sheet", "xml", "zip"])
def test_every_kind_of_damage_changes_a_form(fuzz: ModuleType, forms: Path, level: str):
    content = fuzz.form_of("gss_confidence", forms)
    changed = [fuzz.mutated_form(content, level, random.Random(seed)) != content for seed in range(8)]
    assert sum(changed) >= 5


@pytest.mark.parametrize("level", ["byte", "line", "key", "value", "swap", "expression", "tree", "bomb"])
def test_every_kind_of_damage_changes_an_instrument(fuzz: ModuleType, root: Path, level: str):
    content = (root / "instruments" / "core" / "instrument.yaml").read_bytes()
    changed = [fuzz.mutated_text(content, level, random.Random(seed)) != content for seed in range(8)]
    assert sum(changed) >= 5
