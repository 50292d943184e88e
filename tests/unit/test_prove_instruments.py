"""The instruments of the project are proved: every item can be asked, with an example, and nothing is left undecided."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("z3", reason="z3 is not installed: pip install 'trust-survey-kit[prove]'")

from survey_kit.instrument import inspect
from survey_kit.instrument.prove import prove

NAMES = sorted(path.parent.name for path in (Path(__file__).parents[2] / "instruments").glob("*/instrument.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_every_item_of_an_instrument_can_be_asked(name: str, root: Path) -> None:
    form = inspect(root / "instruments" / name, switches=None)
    proof = prove(form)
    assert [problem for problem in proof.errors if problem.code.startswith("P")] == []
    assert {item.id for item in form.items} <= set(proof.paths)
    assert proof.possible == ()
    assert {"P014", "P015"} & {problem.code for problem in proof.problems} == set()
