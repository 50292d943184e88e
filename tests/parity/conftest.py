"""Write down how far each comparison was apart, when SURVEY_KIT_PARITY_LOG names a file (docs/make_parity.py does).

Every call of ``np.testing.assert_allclose`` in a test of this folder becomes a line of JSON: the test, how many numbers, the
largest difference, the tolerance. A difference is relative, ``|ours - theirs| / |theirs|``; where a test also allows an absolute
difference a beside a relative one r, because numbers that are zero but for rounding are among them, the denominator is at least
a / r. With an absolute tolerance alone the difference is absolute.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

LOG = os.environ.get("SURVEY_KIT_PARITY_LOG", "")


def apart(ours: Any, theirs: Any, rtol: float, atol: Any) -> tuple[int, float]:
    """Count the numbers that both sides have, and give their largest difference."""
    parts = np.broadcast_arrays(*(np.asarray(part, dtype=np.float64) for part in (ours, theirs, atol)))
    both = np.isfinite(parts[0]) & np.isfinite(parts[1])
    x, y, a = (part[both] for part in parts)
    distance, size = np.abs(x - y), np.abs(y)
    if rtol:
        size = np.maximum(size, a / rtol)
        distance = np.divide(distance, size, out=np.where(distance > 0, np.inf, 0.0), where=size > 0)
    return len(x), float(distance.max(initial=0.0))


@pytest.fixture(autouse=True)
def _written_down(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not LOG:
        yield
        return
    check = np.testing.assert_allclose
    lines: list[str] = []

    def noted(actual: Any, desired: Any, rtol: float = 1e-7, atol: Any = 0, **more: Any) -> None:
        check(actual, desired, rtol=rtol, atol=atol, **more)
        numbers, largest = apart(actual, desired, rtol, atol)
        tolerance = rtol or float(np.max(atol))
        said = {"file": request.path.name, "test": request.node.originalname, "numbers": numbers, "largest": largest}
        lines.append(json.dumps(said | {"tolerance": tolerance, "absolute": not rtol}))

    monkeypatch.setattr(np.testing, "assert_allclose", noted)
    yield
    with open(LOG, "a", encoding="utf-8") as log:  # noqa: PTH123
        log.writelines(f"{line}\n" for line in lines)
