"""The answers as they were taken: codes of the instrument, and beside each missing one the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

import numpy as np
from pydantic import ConfigDict

from survey_kit.errors import ResponsesError, did_you_mean
from survey_kit.instrument import Instrument
from survey_kit.instrument.model import CodeValue
from survey_kit.types import MISSING_KINDS, BoolArray, DataStatus, IntArray

if TYPE_CHECKING:
    import pandas as pd

When: TypeAlias = dict[str, tuple[CodeValue, ...]] | Literal["no_answer"]

PROBLEMS: Mapping[str, tuple[Literal["error", "note"], str]] = {
    "R001": (
        "error",
        "Correct the data, add the code to the item's scale or 'missing:', or let the study say 'unknown_codes: missing'.",
    ),
    "R002": ("error", "Export codes instead of labels, or correct the cells."),
    "R003": ("error", "Correct the data, or the item's 'minimum:' and 'maximum:'."),
    "R004": ("error", "Fill the wave in, or take the rows out of the file."),
    "R005": ("note", "Add the wave to the study if it should count."),
    "R006": ("note", "The declaration decided; correct it if the item was asked after all."),
    "R007": ("note", "The filter decided; correct 'ask_if:' or the data if the answers should count."),
    "R008": ("error", "If the item was not asked, add it to the wave's 'not_asked:'."),
    "R009": ("note", "This is an assumption of the study file; print it with the results."),
    "R010": ("error", "Say what the letter means in the study's reasons."),
    "R011": ("note", "Check that both files belong together."),
    "R012": ("error", "Correct the data, or make the item a decimal."),
    "R013": ("error", "Write dates like 2026-01-31."),
    "R014": ("error", "Correct the data, or the item's 'exclusive:' and 'missing:'."),
    "R015": ("error", "Correct the data, or the item's 'constraint:' or 'most:'."),
    "R016": ("error", "Find out who changed the answers or the value, or correct the item's 'value:'."),
    "R017": ("error", "Remove the doubled rows, or correct their keys."),
    "R018": ("error", "Export interviews and members together, from the same moment."),
    "R019": ("error", "Export all members, or correct the count."),
    "R020": ("note", "Give the table of members if anything needs it."),
    "R021": ("error", "Give the instrument of that version, or say which one it is."),
    "R022": ("error", "Export again with the fields of all versions, deleted ones too."),
    "R023": ("error", "Export again; if the file was edited by hand, make both say the same."),
    "R024": ("note", "Change the verdict on the platform if they should count."),
    "R025": ("error", "Export again with the key, or with all attachments."),
    "R026": ("error", "Export again; the other tables were read."),
    "R027": ("note", "Name a column under keep= or in the study's design if it is needed."),
    "R028": ("note", "Look at these interviews before times are judged."),
}
PROBLEM_COLUMNS = ("code", "severity", "wave", "column", "count", "found", "message")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unasked:
    """Items that part of a wave was not asked.

    `when` names the rows by the values of other columns (``{"ballot": [1]}``, all of them together), or says
    ``no_answer``: rows without an answer to any of the items, for a file that does not say who got which form.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    items: tuple[str, ...]
    when: When


@dataclass(frozen=True, slots=True, kw_only=True)
class Responses:
    """Answers held against the instrument of their wave.

    Parameters
    ----------
    frame
        The answers (numbers; a missing one is null) and the columns that were asked for.
    missing
        For every item the reason of each missing answer; null where there is an answer.
    problems
        What did not fit, one row per fault, wave and column.
    wave, waves
        The column of the waves and their labels in order.
    instruments
        The instrument of each wave (key ``""`` when there are no waves).
    versions
        Other versions that some interviews were held with.
    members
        The members of each repeated module, as responses of their own: one row for each member, with the case of its
        interview and its number.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.instrument import Item, Module, Scale
    >>> from survey_kit.responses import take
    >>> item = Item(id="q1", text={"en": "Trust?"}, scale=Scale(codes=(1, 2)), missing={0: "not_asked"})
    >>> form = Instrument(id="tiny", version="1.0", modules=(Module(id="m", items=(item,)),))
    >>> answers = take(pd.DataFrame({"q1": [1, 0, None]}), instruments={"": form})
    >>> answers.missing["q1"].tolist(), answers.asked("q1").tolist()
    ([nan, 'not_asked', 'unknown'], [True, False, True])
    """

    frame: pd.DataFrame
    missing: pd.DataFrame
    problems: pd.DataFrame
    instruments: Mapping[str, Instrument]
    wave: str | None = None
    waves: tuple[str, ...] = ()
    data_status: DataStatus = "real"
    source: str = field(default="")
    versions: Mapping[str, Instrument] = field(default_factory=dict)
    members: Mapping[str, Responses] = field(default_factory=dict)

    def asked(self, name: str) -> BoolArray | None:
        """Say for each row whether an item (or what was made of it) was asked; None for a column that is no item."""
        if name not in self.missing:
            return None
        codes = self.missing[name].cat.codes.to_numpy()
        return np.asarray(codes != MISSING_KINDS.index("not_asked"), dtype=bool)

    def wave_codes(self) -> IntArray:
        """Give the place of each row's wave in `waves`; 0 everywhere when there are no waves."""
        if self.wave is None:
            return np.zeros(len(self.frame), dtype=np.int64)
        return self.frame[self.wave].cat.codes.to_numpy().astype(np.int64)

    def checked(self) -> Responses:
        """Return these responses, or tell the gravest problem in one error; notes do not count."""
        errors = self.problems[self.problems["severity"] == "error"]
        if errors.empty:
            return self
        first, more = errors.iloc[0], f" ({len(errors) - 1} more problems)" if len(errors) > 1 else ""
        wave, column = first["wave"], first["column"]
        places = (self.source, f"wave {wave}" if wave else "", f"column '{column}'" if column else "")
        raise ResponsesError(
            f"{first['code']}: {first['message']}{more}",
            where=", ".join(place for place in places if place),
            found=f"{first['found']} ({first['count']} rows)" if first["found"] else f"{first['count']} rows",
            fix=PROBLEMS[first["code"]][1],
        )

    def with_columns(self, columns: Mapping[str, Any], reasons_of: Mapping[str, str] | None = None) -> Responses:
        """Add columns; `reasons_of` names the item from which a column takes the reasons of its missing values."""
        twice = [name for name in columns if name in self.frame]
        if twice:
            raise ResponsesError(f"The column '{twice[0]}' is there already.", fix="Choose another name.")
        frame, missing = self.frame.copy(), self.missing.copy()
        for name, values in columns.items():
            frame[name] = values
            if reasons_of and name in reasons_of:
                missing[name] = missing[self.known(reasons_of[name])]
        return replace(self, frame=frame, missing=missing)

    def known(self, item: str) -> str:
        """Return the name of an item that was taken, or say which there are."""
        if item not in self.missing:
            raise ResponsesError(f"There is no item '{item}' in these responses.", fix=did_you_mean(item, self.missing))
        return item

    def _repr_html_(self) -> str:
        counts = np.bincount(self.wave_codes(), minlength=max(len(self.waves), 1))
        labels = self.waves or ("all",)
        cells = "".join(
            f"<tr><td>{escape(label)}</td><td>{count:,}</td></tr>" for label, count in zip(labels, counts, strict=True)
        )
        errors = int((self.problems["severity"] == "error").sum())
        told = f"{errors} errors and {len(self.problems) - errors} notes in .problems"
        told += "".join(f" · {len(one.frame):,} of '{escape(name)}' in .members" for name, one in self.members.items())
        return (
            f"<p><b>{len(self.frame):,} {escape(self.data_status)} responses</b>, {self.missing.shape[1]} items · {told}</p>"
            f"<table><thead><tr><th>wave</th><th>responses</th></tr></thead><tbody>{cells}</tbody></table>"
        )


@dataclass(frozen=True, slots=True)
class Log:
    """Collects problems while answers are taken."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, code: str, message: str, *, count: int, wave: str = "", column: str = "", found: str = "") -> None:
        """Note one problem."""
        row = (code, PROBLEMS[code][0], wave, column, count, found, message)
        self.rows.append(dict(zip(PROBLEM_COLUMNS, row, strict=True)))

    def by_wave(
        self, code: str, message: str, rows: BoolArray, wave: IntArray, waves: Sequence[str], column: str
    ) -> None:
        """Note one problem for each wave in which some of `rows` lie."""
        counts = np.bincount(wave[rows], minlength=len(waves)) if rows.any() else ()
        for label, count in zip(waves, counts, strict=False):
            if count:
                self.add(code, message, count=int(count), wave=label, column=column)

    def frame(self) -> pd.DataFrame:
        """Give the problems, errors first."""
        import pandas as pd

        out = pd.DataFrame(self.rows, columns=list(PROBLEM_COLUMNS))
        return out.sort_values("severity", kind="stable", ignore_index=True)
