"""Rows as pages use them: which wave is the latest, what may be shown, which marker stands beside a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from survey_kit.report.display import missing
from survey_kit.report.speech import Speech

Row: TypeAlias = Mapping[str, Any]

SYMBOLS: Final = ("[u]", "[c]", "[x]", "[z]", "[b]")


def withheld(row: Row) -> bool:
    """Tell whether the row's figure may not be shown."""
    return bool(row["reliability"] == "suppress")


def shown(row: Row) -> bool:
    """Tell whether the row has a figure that may be shown."""
    return row["status"] not in {"not_asked", "empty"} and not withheld(row) and not missing(row["estimate"])


def broken(row: Row) -> bool:
    """Tell whether the series breaks before this row: a break is declared, and no comparison reaches over it."""
    if missing(row["break"]) or row["status"] == "not_asked":
        return False
    return row["previous_wording"] not in {"rose", "fell", "no_significant_change"}


def place_holder(row: Row) -> str:
    """Give the marker that stands in place of a number."""
    if row["status"] == "not_asked":
        return "[z]"
    if withheld(row):
        return "[c]" if row["reliability_rule"] == "confidential" else "[u]"
    return "[x]"


def markers(row: Row) -> str:
    """Give the markers that stand after a number.

    Examples
    --------
    >>> row = {"status": "ok", "reliability": "caution", "break": "mode", "estimate": 0.3}
    >>> markers({**row, "previous_wording": "cannot_be_compared"})
    '[u] [b]'
    """
    out = []
    if not shown(row):
        out.append(place_holder(row))
    elif row["reliability"] in {"caution", "review"}:
        out.append("[u]")
    if broken(row):
        out.append("[b]")
    return " ".join(out)


def explained(rows: Sequence[Row], say: Speech) -> tuple[str, ...]:
    """Explain the markers that stand in these rows, one note for all; none when there is none."""
    used = {marker for row in rows for marker in markers(row).split()}
    told = [f"{marker} {symbol(marker, say)}." for marker in SYMBOLS if marker in used]
    return (" ".join(told),) if told else ()


def symbol(marker: str, say: Speech) -> str:
    """Say what a marker means.

    Examples
    --------
    >>> from survey_kit.report.speech import speech
    >>> symbol("[z]", speech("en"))
    'not applicable: not asked'
    """
    return say(f"symbol_{marker.strip('[]')}")


def latest(rows: Sequence[Row]) -> Row | None:
    """Give the last row, in the order of the waves, whose wave was asked."""
    asked = [row for row in rows if row["status"] != "not_asked"]
    return max(asked, key=lambda row: row["wave_order"], default=None)


def compared(row: Row, against: str) -> bool:
    """Tell whether the row says anything about a change against this wave."""
    return not missing(row[f"{against}_wording"]) and row[f"{against}_wording"] != "first"
