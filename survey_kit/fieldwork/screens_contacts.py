"""Screens across interviews: the same telephone or words in several, and whole interviews that are alike."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from survey_kit import checks
from survey_kit.errors import ResponsesError
from survey_kit.fieldwork.matching import Likeness
from survey_kit.fieldwork.screens import Interviews, Screen, Screened, screened
from survey_kit.language import Note

DUPLICATES = Screen(
    name="duplicate_contacts",
    measures="a share of interviews with a contact that stands in another interview as well",
    null="the interviews of the same places dealt to interviewers at random",
    needs=("a column of telephone numbers or of open words",),
    tail="high",
    source="AAPOR & ASA (2020), task force on falsification in surveys",
)
ALIKE = Screen(
    name="alike",
    measures="a share of interviews more like another than chance gives",
    null="the interviews of the same places dealt to interviewers at random",
    needs=("the result of likeness",),
    tail="high",
    source="Kuriakose & Robbins (2016), Statistical Journal of the IAOS 32:283-291; Simmons et al. (2016), ibid. 32:327-338",
)
Contact: TypeAlias = Literal["phone", "text"]
SHORTEST_KEY = 12
_FEWEST_DIGITS = 7
_LAST_DIGITS = 10  # without the country's own
_SHORTEST_TEXT = 12


def pseudonyms(values: Sequence[Any], *, key: str, prefix: str = "") -> list[str | None]:
    """Give for each value a name that nobody finds the value by without the key (HMAC-SHA256, 48 bits); None stays None.

    Parameters
    ----------
    values
        What is hidden; equal texts get equal names.
    key
        A secret of at least 12 characters, kept apart from the data.
    prefix
        What stands before each.

    Raises
    ------
    ResponsesError
        When the key is short, or two values would get one name.

    Examples
    --------
    >>> made = pseudonyms(["Aru", "Bek", "Aru"], key="kept in the office safe")
    >>> made[0] == made[2], made[0] == made[1], len(made[0])
    (True, False, 12)
    """
    if not isinstance(key, str) or len(key) < SHORTEST_KEY:
        fix = "Give a secret of at least 12 characters, and keep it apart from the data."
        raise ResponsesError("The key is too short to hide anything.", fix=fix)
    made: dict[str, str] = {}
    for value in values:
        if not _blank(value) and str(value) not in made:
            made[str(value)] = prefix + hmac.new(key.encode(), str(value).encode(), hashlib.sha256).hexdigest()[:12]
    if len(set(made.values())) < len(made):
        raise ResponsesError("Two values got one pseudonym.", fix="Choose another key.")
    return [None if _blank(value) else made[str(value)] for value in values]


def screen_duplicates(
    interviews: Interviews, column: str, *, key: str, kind: Contact = "phone", **judged: Any
) -> Screened:
    """Look for telephone numbers, or open answers word for word, that stand in more than one interview.

    Numbers are compared by their last ten digits, words without case, blanks and signs; only keyed digests of them are kept. Number of fewer than
    seven digits, and words of fewer than twelve letters, are not compared.

    Parameters
    ----------
    column
        Where they stand.
    key
        A secret of at least 12 characters.
    kind
        ``phone`` or ``text``.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"who": np.arange(200) % 10, "phone": [f"+7 701 {1000000 + k}" for k in range(200)]})
    >>> table.loc[table["who"] == 5, "phone"] = "8 (701) 555-00-11"
    >>> found = screen_duplicates(Interviews(frame=table, interviewer="who"), "phone", key="kept in the office safe")
    >>> found.flagged, "phone" in found.interviews
    ([5], False)
    """
    import pandas as pd

    checks.choice(kind, "kind", ("phone", "text"), ResponsesError)
    interviews.need(column)
    plain = [_plain(value, kind) for value in interviews.frame[column]]
    hidden = pd.Series(pseudonyms(plain, key=key), dtype=object)
    if hidden.isna().all():
        fix = "Name the column of telephone numbers, or say kind='text'."
        raise ResponsesError("There is nothing to compare.", where=f"column '{column}'", fix=fix)
    times = hidden.map(hidden.value_counts()).to_numpy(dtype=np.float64, na_value=np.nan)
    who, _ = interviews.units("interviewer")
    own = hidden.groupby([hidden, who]).transform("size").reindex(hidden.index).to_numpy(dtype=np.float64, na_value=0)
    shared = np.where(np.isfinite(times), (times > 1).astype(np.float64), np.nan)
    more = {"contact": hidden.where(times > 1, None).to_numpy(), "times": times, "times_own": own}
    compared = int(np.isfinite(times).sum())
    told = {"n": f"{compared:,}", "all": f"{interviews.n:,}", "count": f"{int((times > 1).sum()):,}"}
    notes = (Note("screens", "shared", told),)
    return screened(interviews, DUPLICATES, shared, more=more, notes=notes, **judged)


def screen_alike(interviews: Interviews, found: Likeness, **judged: Any) -> Screened:
    """Judge interviewers or sampling points by how many of their interviews are more like another than chance gives.

    Parameters
    ----------
    found
        What `likeness` found in the same interviews.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.fieldwork import likeness
    >>> rng = np.random.default_rng(1)
    >>> table = pd.DataFrame(rng.integers(1, 6, (200, 40)), columns=[f"q{k}" for k in range(40)]).assign(who=np.arange(200) % 10)
    >>> items = list(table)[:40]
    >>> table.loc[table.index[table["who"] == 3][1:6], items] = table.loc[3, items].to_numpy()
    >>> screen_alike(Interviews(frame=table, interviewer="who"), likeness(table, items, rng=2)).flagged
    [3]
    """
    table = found.interviews
    if len(table) != interviews.n or not table.index.equals(interviews.frame.index):
        raise ResponsesError("The likeness is of other interviews.", fix="Give the same frame to likeness.")
    compared = table["share"].notna().to_numpy()
    score = np.where(compared, table["stands_out"].to_numpy(dtype=np.float64), np.nan)
    share = {"share_of_equal_answers": table["share"].to_numpy(), "p_chance": table["p_chance"].to_numpy()}
    notes = (Note("screens", "alike_level", {"share": f"{100 * found.level:.2f} %"}),)
    return screened(interviews, ALIKE, score, more=share, notes=notes, **judged)


def _plain(value: Any, kind: Contact) -> str | None:
    """Give what is compared of a number or of words; None when it is too short."""
    if _blank(value):
        return None
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if kind == "phone":
        digits = re.sub(r"\D", "", text)
        return digits[-_LAST_DIGITS:] if len(digits) >= _FEWEST_DIGITS else None
    letters = re.sub(r"\W+", "", text.casefold())
    return letters if len(letters) >= _SHORTEST_TEXT else None


def _blank(value: Any) -> bool:
    return value is None or str(value) in {"", "nan", "NaN", "NaT", "<NA>"}
