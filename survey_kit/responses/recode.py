"""New columns from the codes of items, with the reasons of their missing values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from survey_kit.errors import ResponsesError, did_you_mean
from survey_kit.responses.responses import Responses
from survey_kit.types import Code

Rule: TypeAlias = tuple[str, Sequence[Code] | Mapping[Code, Any]]


def recode(responses: Responses, rules: Mapping[str, Rule]) -> Responses:
    """Add columns made from items: 1 for the codes named and 0 for the others, or a new value for each code.

    A missing answer stays missing, with its reason. A code the item does not have is an error; so is a code that a
    mapping of new values leaves out.

    Parameters
    ----------
    responses
        Answers.
    rules
        ``{"court": ("b31", (5, 6, 7))}`` or ``{"side": ("partyid", {0: "left", 1: "right"})}``.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.instrument import Instrument, Item, Module, Scale
    >>> from survey_kit.responses import take
    >>> item = Item(id="q1", text={"en": "Trust?"}, scale=Scale(codes=(1, 2, 3), high=3))
    >>> form = Instrument(id="tiny", version="1.0", modules=(Module(id="m", items=(item,)),))
    >>> answers = take(pd.DataFrame({"q1": [1, 2, 3, None]}), instruments={"": form})
    >>> recode(answers, {"trust": ("q1", (2, 3))}).frame["trust"].tolist()
    [0.0, 1.0, 1.0, nan]
    """
    columns = {name: _column(responses, name, *rule) for name, rule in rules.items()}
    return responses.with_columns(columns, {name: rule[0] for name, rule in rules.items()})


def _column(responses: Responses, name: str, item: str, codes: Sequence[Code] | Mapping[Code, Any]) -> Any:
    import pandas as pd

    responses.known(item)
    if isinstance(codes, str):
        raise ResponsesError(f"'{name}' names its codes as a text.", found=repr(codes), fix="Write a list of codes.")
    forms = (*responses.instruments.values(), *responses.versions.values())
    known = list(dict.fromkeys(code for form in forms if item in form for code in form.codes(item)))
    strange = [code for code in codes if known and code not in known]
    if strange:
        fix = did_you_mean(str(strange[0]), known)
        raise ResponsesError(f"'{item}' has no code {strange[0]!r}.", where=f"recode of '{name}'", fix=fix)
    values, missing = responses.frame[item], responses.missing[item].notna()
    if not isinstance(codes, Mapping):
        hits = values.isin([str(code) if isinstance(code, str) else float(code) for code in codes])
        return np.where(missing, np.nan, hits.astype(np.float64))
    left_out = [code for code in known if code not in codes]
    if left_out:
        what = f"The new values of '{name}' leave out codes of '{item}'."
        raise ResponsesError(what, found=", ".join(map(str, left_out[:8])), fix="Give each code a value.")
    new = values.map(dict(codes))
    return pd.to_numeric(new) if all(isinstance(value, (int, float)) for value in codes.values()) else new
