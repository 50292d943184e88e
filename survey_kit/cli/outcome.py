"""What a command gives back, and what the exit codes mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DONE = 0
FINDINGS = 1
MENDABLE = 2
FAULT = 70
INTERRUPTED = 130
TERMINATED = 143


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of a command: its exit code, one record for machines, lines for people."""

    record: Mapping[str, Any]
    text: str = ""
    code: int = DONE
    warnings: tuple[str, ...] = field(default=())
