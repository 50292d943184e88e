"""How often each answer was given: unweighted counts of a codebook, small ones withheld.

Each column is judged by itself: what follows from two columns together (how many were led to a follow-up) is not searched for, so a
codebook of a small sample still wants a look before it is handed on. Members of repeated modules are not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

from survey_kit.errors import InstrumentError
from survey_kit.instrument.export.variables import Variable, codes
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.types import Code, DataStatus

if TYPE_CHECKING:
    import pandas as pd

LEAST = 10
BLANK = ""
ANSWERED = "answered"
K = TypeVar("K", bound=Hashable)


@runtime_checkable
class Answered(Protocol):
    """Answers with the reason of each missing one: `survey_kit.responses.Responses`."""

    @property
    def frame(self) -> pd.DataFrame:
        """Give the answers."""

    @property
    def missing(self) -> pd.DataFrame:
        """Give for each missing answer its reason."""

    @property
    def data_status(self) -> DataStatus:
        """Say whether the answers are real."""


def status_of(answers: Answered | pd.DataFrame) -> str:
    """Say whether answers are real or synthetic; a raw table says so in its column ``data_status``.

    Raises
    ------
    InstrumentError
        When a table does not say so, or mixes both.
    """
    if isinstance(answers, Answered):
        return answers.data_status
    found = sorted(map(str, answers["data_status"].unique())) if "data_status" in answers else []
    if len(found) != 1 or found[0] not in {"real", "synthetic"}:
        raise InstrumentError(
            "The table does not say whether its answers are real.",
            found=", ".join(found) or "no column 'data_status'",
            fix="Add a column data_status that says 'real' or 'synthetic'.",
        )
    return found[0]


def tally(instrument: Instrument, variable: Variable, answers: Answered | pd.DataFrame) -> dict[Code, int] | None:
    """Count the answers to one column by code, the reasons of missing ones by code or else by kind.

    What is no code, such as a number or a date, is counted as ``answered``. None for a column that the answers do not have.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.instrument.model import Item, Module, Scale
    >>> from survey_kit.instrument.export.variables import variables
    >>> item = Item(id="ways", type="multiple", scale=Scale(codes=(1, 2)), missing={9: "refused"})
    >>> form = Instrument(id="a", version="1", modules=(Module(id="m", items=(item,)),))
    >>> tally(form, variables(form)[0], pd.DataFrame({"ways": ["1 2", "2", "9", None]}))
    {0: 1, 1: 1, 9: 1, '': 1}
    """
    known = {str(code): code for code in codes(instrument, variable)}
    reasons = {str(code): code for code in instrument.missing_codes(variable.item.id)}
    out: dict[Code, int] = dict.fromkeys([*known.values(), *reasons.values()], 0)
    found = _found(instrument, variable, answers, reasons)
    if found is None:
        return None
    for text, count in found.items():
        code = known.get(text, reasons.get(text, text if text == BLANK or text in _KINDS else ANSWERED))
        out[code] = out.get(code, 0) + count
    return out


_KINDS = frozenset({"not_asked", "dont_know", "refused", "no_answer", "not_reached", "skipped", "unknown"})


def published(counts: Mapping[K, int], least: int = LEAST) -> dict[K, int | None]:
    """Give counts with small ones withheld, and as many more as it takes that nobody can work them out from the total.

    Counts of 1 to `least` - 1 are withheld; then the next smallest, until at least two are, which together are at least `least`.
    That nobody gave an answer is said.

    Examples
    --------
    >>> published({"yes": 400, "no": 97, "refused": 3, "dont_know": 0})
    {'yes': 400, 'no': None, 'refused': None, 'dont_know': 0}
    >>> published({"yes": 400, "no": 97})
    {'yes': 400, 'no': 97}
    """
    order = sorted((key for key in counts if counts[key]), key=lambda key: counts[key])
    hidden = [key for key in order if counts[key] < least]
    if hidden:
        for key in order[len(hidden) :]:
            if len(hidden) > 1 and sum(counts[one] for one in hidden) >= least:
                break
            hidden.append(key)
    return {key: None if key in hidden else count for key, count in counts.items()}


def _found(
    instrument: Instrument, variable: Variable, answers: Answered | pd.DataFrame, reasons: Mapping[str, Code]
) -> Counter[str] | None:
    if isinstance(answers, Answered):
        return _taken(instrument, variable, answers)
    return _raw(variable, answers, reasons)


def _taken(instrument: Instrument, variable: Variable, answers: Answered) -> Counter[str] | None:
    if variable.name not in answers.frame:
        return None
    values, kinds = answers.frame[variable.name], answers.missing[variable.name]
    first: dict[str, str] = {}
    for code, kind in instrument.missing_codes(variable.item.id).items():
        if kind != "not_asked":
            first.setdefault(kind, str(code))
    out = Counter(_text(one) for one in values.dropna())
    for reason in map(str, kinds.dropna()):
        out[first.get(reason, reason)] += 1
    return out


def _raw(variable: Variable, table: pd.DataFrame, reasons: Mapping[str, Code]) -> Counter[str] | None:
    column = variable.item.data_column
    if column not in table:
        return None
    cells = [BLANK if one is None or one != one else _text(one) for one in table[column]]  # noqa: PLR0124
    if variable.kind != "tick":
        return Counter(cells)
    chosen = str(variable.code)
    return Counter(one if one == BLANK or one in reasons else str(int(chosen in one.split())) for one in cells)


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
