"""What screens take from an instrument: its batteries, the answers that close questions, the ends of scales, the length of a route."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from survey_kit.frames import to_pandas
from survey_kit.instrument import Instrument
from survey_kit.instrument.evaluate import evaluate
from survey_kit.instrument.length import Pace, item_seconds
from survey_kit.types import Code, FloatArray, Frame


def batteries(instrument: Instrument, *, least: int = 3) -> dict[str, tuple[str, ...]]:
    """Name the grids with their rows: at least `least` with a scale of three codes or more; lists of yes and no are none.

    Examples
    --------
    >>> from survey_kit.instrument import read_instrument
    >>> list(batteries(read_instrument("instruments/public_service_quality")))[:2]
    ['health_grid', 'edu_primary_grid']
    """
    out: dict[str, list[str]] = {}
    for item in instrument.items:
        grid = instrument.grid_of(item.id)
        if (
            grid is not None
            and item.type == "single"
            and len(instrument.codes(item.id)) >= 3
            and not _repeated(instrument, item.id)
        ):
            out.setdefault(grid.id, []).append(item.id)
    return {name: tuple(rows) for name, rows in out.items() if len(rows) >= least}


def scale_ends(instrument: Instrument, *, least: int = 4) -> dict[str, tuple[Code, Code]]:
    """Give the first and the last code of each item with an ordered scale of at least `least` codes."""
    out: dict[str, tuple[Code, Code]] = {}
    for item in instrument.items:
        scale = instrument.scale_of(item.id)
        if item.type == "single" and scale is not None and scale.ordered and len(scale.codes) >= least:
            out[item.id] = (scale.codes[0], scale.codes[-1])
    return out


def closing_answers(instrument: Instrument) -> dict[str, tuple[Code, ...]]:
    """Give for each item with codes that others depend on the answers behind which fewest questions are left.

    An answer closes a question when it alone makes the question's condition false, whatever else is said. Items that every answer treats
    alike are no filters.

    Examples
    --------
    >>> from survey_kit.instrument import Item, Module, Scale
    >>> yes_no = Scale(codes=(1, 2))
    >>> asked = Item(id="met", text={"en": "Met an official?"}, scale=yes_no)
    >>> paid = Item(id="paid", text={"en": "Paid?"}, scale=yes_no, ask_if="met == 1 and age >= 18")
    >>> age = Item(id="age", type="integer", text={"en": "Age?"})
    >>> closing_answers(Instrument(id="tiny", version="1", modules=(Module(id="m", items=(age, asked, paid)),)))
    {'met': (2,)}
    """
    codes = {item.id: instrument.codes(item.id) for item in instrument.items if item.type == "single"}
    closed: dict[str, Any] = {}
    for item in instrument.items:
        route = instrument.route(item.id)
        if route is None or route.aggregates or _repeated(instrument, item.id):
            continue
        for name in route.names:
            if len(codes.get(name, ())) < 2 or _repeated(instrument, name):
                continue
            n = len(codes[name])
            columns: dict[str, Any] = {
                other: (_blank(instrument, other, n), np.zeros(n, dtype=bool)) for other in route.names
            }
            columns[name] = (_values(codes[name]), np.ones(n, dtype=bool))
            true, known = evaluate(route, columns, n)
            closed[name] = closed.get(name, np.zeros(n, dtype=np.int64)) + (known & ~true)
    return {
        name: tuple(code for code, count in zip(codes[name], counts, strict=True) if count == counts.max())
        for name, counts in closed.items()
        if counts.max() > counts.min()
    }


def expected_seconds(
    instrument: Instrument,
    answers: Frame,
    *,
    columns: Mapping[str, str] | None = None,
    language: str | None = None,
    pace: Pace | None = None,
) -> FloatArray:
    """Give the seconds each interview should take by the items that were answered in it (see `survey_kit.instrument.length`).

    Parameters
    ----------
    answers
        One row for each interview; blank where there is no answer.
    columns
        The column of each item; by default its data column.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.instrument import Item, Module, Scale
    >>> asked = Item(id="met", text={"en": "Met an official?"}, scale=Scale(codes=(1, 2)))
    >>> form = Instrument(id="tiny", version="1", modules=(Module(id="m", items=(asked,)),))
    >>> expected_seconds(form, pd.DataFrame({"met": [1, None]})).round(1).tolist()
    [4.1, 0.0]
    """
    frame = to_pandas(answers)
    seconds = item_seconds(instrument, language or instrument.source_language, pace or Pace())
    out = np.zeros(len(frame))
    for item in instrument.items:
        column = (columns or {}).get(item.id, item.data_column)
        if item.id in seconds and column in frame:
            out += seconds[item.id] * frame[column].notna().to_numpy(dtype=np.float64)
    return out


def _repeated(instrument: Instrument, name: str) -> bool:
    return instrument.module_of(name).repeat is not None


def _values(codes: tuple[Code, ...]) -> Any:
    words = any(isinstance(code, str) for code in codes)
    return np.array(codes, dtype=object) if words else np.array(codes, dtype=np.float64)


def _blank(instrument: Instrument, name: str, n: int) -> Any:
    """Give values of an item that nobody knows, of its kind."""
    if name in instrument and instrument.item(name).type == "multiple":
        return np.array([frozenset()] * n, dtype=object)
    words = name in instrument and (
        instrument.item(name).type in {"text", "date"} or any(isinstance(code, str) for code in instrument.codes(name))
    )
    return np.full(n, "", dtype=object) if words else np.full(n, np.nan)
