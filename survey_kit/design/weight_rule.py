"""What a step of weighting is that looks at single weights, such as trimming."""

from __future__ import annotations

from typing import Protocol

from survey_kit.types import FloatArray


class Rule(Protocol):
    """Factors by a rule that has no derivative, such as trimming; `why` says so in words."""

    @property
    def why(self) -> str:
        """Say why linearisation cannot follow."""
        ...

    def factors(self, weight: FloatArray, mass: FloatArray | None = None) -> FloatArray:
        """Give the factors (n,) of weights (n,), in which a row counts `mass` (n,) times; once when left out."""
        ...
