"""An export of ODK Central or KoboToolbox, taken apart: answers, members, paradata, and what may identify somebody."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from survey_kit.checks import choice
from survey_kit.errors import ResponsesError
from survey_kit.instrument import Instrument
from survey_kit.responses.collected.apart import paradata, sort_apart
from survey_kit.responses.collected.archive import open_export
from survey_kit.responses.collected.arrange import (
    data_columns,
    filled,
    homes_of,
    items_of,
    lost,
    module_of,
    private,
    refuse_labels,
    set_aside,
)
from survey_kit.responses.collected.audit import events
from survey_kit.responses.collected.columns import Names, Sources, names_of, sort_columns
from survey_kit.responses.collected.kobo import read_kobo
from survey_kit.responses.collected.odk import read_odk
from survey_kit.responses.collected.raw import Platform, Raw, without_doubles
from survey_kit.responses.members import MEMBER
from survey_kit.responses.responses import Log, Responses
from survey_kit.responses.validate import take

if TYPE_CHECKING:
    import pandas as pd

CASE, VERSION = "case", "form_version"
MARK = re.compile(r"-[0-9a-f]{8}$")
PLATFORMS: tuple[Platform, ...] = ("odk", "kobo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What a platform exported.

    Parameters
    ----------
    frame
        One row for each interview: ``case``, ``form_version``, the items as they were exported, and the columns to keep.
    members
        For each repeated module one row for each member: ``case``, ``member`` and its items.
    paradata
        Times, review and edits of each interview, by case.
    identifiers
        Devices, accounts, places, open texts and columns that nobody knows: under ``""`` those of interviews, by case, under
        the name of a repeated module those of its members. Nothing reads them; keep them elsewhere.
    audit
        The events of the interviews (see `read_audit`); None when the export holds none.
    problems
        What did not fit, one row per fault.
    instruments
        The instrument of each version the export names.
    """

    frame: pd.DataFrame = field(repr=False)
    members: Mapping[str, pd.DataFrame] = field(repr=False)
    paradata: pd.DataFrame = field(repr=False)
    identifiers: Mapping[str, pd.DataFrame] = field(repr=False)
    audit: pd.DataFrame | None = field(repr=False)
    problems: pd.DataFrame = field(repr=False)
    instruments: Mapping[str, Instrument] = field(repr=False)
    newest: Instrument = field(repr=False)
    platform: Platform
    source: str

    def take(self, **more: Any) -> Responses:
        """Hold the answers against the instrument of each version; `more` goes to `take`.

        Problems of the export stand before those of the answers.
        """
        import pandas as pd

        out = take(
            self.frame,
            **{
                "instruments": {"": self.newest},
                "case": CASE,
                "version": VERSION,
                "versions": self.instruments,
                "members": self.members,
                "source": self.source,
                **more,
            },
        )
        problems = pd.concat([self.problems, out.problems], ignore_index=True)
        ordered = problems.sort_values("severity", kind="stable", ignore_index=True)
        return replace(out, problems=ordered)

    def _repr_html_(self) -> str:
        rows = [("interviews", len(self.frame)), *((f"of '{name}'", len(one)) for name, one in self.members.items())]
        rows += [
            ("events of the audit", 0 if self.audit is None else len(self.audit)),
            ("problems", len(self.problems)),
        ]
        cells = "".join(f"<tr><td>{escape(name)}</td><td>{count:,}</td></tr>" for name, count in rows)
        return f"<p><b>Export of {escape(self.platform)}</b></p><table><tbody>{cells}</tbody></table>"


def read_collected(
    path: Path | str,
    instruments: Instrument | Mapping[str, Instrument],
    *,
    format: Platform | None = None,  # noqa: A002  (the word of study.yaml)
    keep: Sequence[str] = (),
    encoding: str = "utf-8",
) -> Collected:
    r"""Read an export of ODK Central or KoboToolbox.

    Parameters
    ----------
    path
        ODK: ``submissions.csv``, or the zip archive with repeats and the audit. Kobo: CSV or Excel with XML values.
    instruments
        The instrument, or those of several versions by the name the export gives each version, the newest first. Interviews
        of a version that is not among them are held against the newest, and told.
    format
        ``odk`` or ``kobo``; by default what the columns say.
    keep
        Columns beside the items that stay with the answers: weights, sampling units.
    encoding
        Of a CSV file that is not UTF-8.

    Examples
    --------
    >>> import tempfile
    >>> from survey_kit.instrument import Item, Module, Scale
    >>> asked = Item(id="q1", text={"en": "Trust?"}, scale=Scale(codes=(1, 2), missing={9: "refused"}))
    >>> form = Instrument(id="tiny", version="1.0", modules=(Module(id="m", items=(asked,)),))
    >>> file = Path(tempfile.mkdtemp()) / "tiny.csv"
    >>> _ = file.write_text("SubmissionDate,deviceid,m-q1,KEY,FormVersion\n2026-01-31T09:00:00Z,abc,9,uuid:1,1.0\n")
    >>> collected = read_collected(file, form)
    >>> collected.frame.columns.tolist(), collected.identifiers[""].columns.tolist()
    (['case', 'form_version', 'q1'], ['case', 'deviceid'])
    >>> collected.take().missing["q1"].tolist()
    ['refused']
    """
    file, log = Path(path), Log()
    raw = _raw(file, format, log, encoding)
    forms = {instruments.version: instruments} if isinstance(instruments, Instrument) else dict(instruments)
    if not forms:
        raise ResponsesError("No instrument says what the answers mean.", fix="Give the instrument of the form.")
    newest = next(iter(forms.values()))
    if raw.data.empty:
        raise ResponsesError("The export holds no interviews.", where=raw.where, fix="Export the answers again.")
    raw.version = raw.version.map(lambda name: _version(name, forms), na_action="ignore").astype(object)
    told = [str(name) for name in raw.version.dropna().unique()]
    if len(told) == 1 and told[0] not in forms and (len(forms) == 1 or raw.platform == "kobo"):
        forms = {told[0]: newest}  # a single form under a name of the platform's own
    return _apart(raw, forms, newest, keep, log)


def _version(name: str, forms: Mapping[str, Instrument]) -> str:
    """Take the mark of its content from the name of a form's version, as exported forms have it: ``1.0-0a1b2c3d``."""
    return name if name in forms or not MARK.search(name) else MARK.sub("", name)


def _raw(path: Path, platform: Platform | None, log: Log, encoding: str) -> Raw:
    if platform is not None:
        choice(platform, "platform", PLATFORMS, ResponsesError)
    if platform == "kobo" or (platform is None and path.suffix.casefold() in {".xlsx", ".xlsm"}):
        return read_kobo(path, log, encoding)
    if platform is None and path.suffix.casefold() != ".zip" and _looks_like_kobo(path):
        return read_kobo(path, log, encoding)
    return read_odk(open_export(path), log, encoding)


def _looks_like_kobo(path: Path) -> bool:
    open_export(path)
    if path.suffix.casefold() == ".gz":
        return False
    with path.open("rb") as stream:
        head = stream.read(1_000_000).split(b"\n", 1)[0]
    return b"_uuid" in head and b"KEY" not in head.replace(b"PARENT_KEY", b"").replace(b'"', b"").split(b",")


def _apart(raw: Raw, forms: Mapping[str, Instrument], newest: Instrument, keep: Sequence[str], log: Log) -> Collected:
    import pandas as pd

    every = list({id(form): form for form in (*forms.values(), newest)}.values())
    names = names_of(every)
    homes = homes_of(every)
    clash = next((name for name in (CASE, VERSION, MEMBER) if name in homes), None)
    if clash:
        raise ResponsesError(f"An item has the name of a key, '{clash}'.", where=raw.where, fix="Give it another id.")
    without_doubles(raw, log)
    gone = set_aside(raw, log)
    columns, others = sort_columns([str(name) for name in raw.data.columns], names)
    refuse_labels(raw.data, columns, every, raw.where)
    _may_keep(raw, keep, others)
    found = sort_apart([name for name in others if name not in keep])
    unknown = _unknown(raw, names, found.unknown, log)
    parting = Parting(names=names, homes=homes, apart=private(every), data_columns=data_columns(every), log=log)
    members, identifiers, seen = parting.members(raw, gone)
    absent = lost(raw, {*columns, *seen}, forms, newest, log)
    frame, private_items = parting.items(raw.data, columns, "")
    nothing = pd.Series([None] * len(raw.data), dtype=object)
    frame |= {name: nothing for one in absent if not homes[one] for name in parting.data_columns[one]}
    frame |= {name: raw.data[name] for name in keep if name in raw.data and name not in frame}
    case = raw.case.rename(CASE)
    beside = pd.DataFrame(private_items, index=raw.data.index)
    return Collected(
        frame=pd.DataFrame({CASE: case, VERSION: raw.version, **frame}),
        members=members,
        paradata=pd.concat([case, paradata(raw.data, found.paradata)], axis=1),
        identifiers={"": pd.concat([case, raw.data[[*found.identifiers, *unknown]], beside], axis=1), **identifiers},
        audit=None if raw.audit is None else events(raw.audit, log),
        problems=log.frame(),
        instruments=forms,
        newest=newest,
        platform=raw.platform,
        source=raw.where,
    )


def _unknown(raw: Raw, names: Names, headers: Sequence[str], log: Log) -> list[str]:
    """Tell the filled columns that the instrument does not know."""
    unknown = filled(names, headers, raw.data)
    if unknown:
        message = "Columns that the instrument does not know stay apart from the answers."
        shown = ", ".join(unknown[:5]) + (", ..." if len(unknown) > 5 else "")
        log.add("R027", message, count=len(unknown), found=shown)
    return unknown


def _may_keep(raw: Raw, keep: Sequence[str], others: Sequence[str]) -> None:
    personal = sort_apart([name for name in keep if name in others]).identifiers
    if personal:
        raise ResponsesError(
            f"The column '{personal[0]}' may identify somebody and does not stand beside answers.",
            where=raw.where,
            fix="Put a number in its place, as an item of the instrument.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """What says where a column goes: the names, the repeated module of each item, the items that stay apart."""

    names: Names
    homes: Mapping[str, str]
    apart: frozenset[str]
    data_columns: Mapping[str, Sequence[str]]
    log: Log

    def items(
        self, data: pd.DataFrame, columns: Mapping[str, Sources], module: str
    ) -> tuple[dict[str, pd.Series], dict[str, pd.Series]]:
        """Give the items of a module (of none: those asked once), and those that stay apart."""
        mine = {one: found for one, found in columns.items() if self.homes[one] == module}
        answers = {one: found for one, found in mine.items() if one not in self.apart}
        others = {one: found for one, found in mine.items() if one in self.apart}
        return (
            items_of(data, answers, self.data_columns, self.log),
            items_of(data, others, self.data_columns, self.log),
        )

    def members(
        self, raw: Raw, gone: frozenset[str]
    ) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame], set[str]]:
        """Give the table of each repeated module, what stays apart of it, and all items found in any."""
        import pandas as pd

        tables: dict[str, list[tuple[pd.DataFrame, pd.DataFrame]]] = {}
        seen: set[str] = set()
        for part in raw.parts:
            columns, _ = sort_columns([str(name) for name in part.data.columns], self.names)
            module = module_of(columns, self.homes)
            if not module:
                message = "A table of the export belongs to no repeated module and is left out."
                self.log.add("R027", message, count=len(part.data), column=part.name)
                continue
            seen |= set(columns)
            staying = ~part.case.isin(gone).to_numpy()
            made = tuple(
                pd.DataFrame({CASE: part.case, MEMBER: part.member, **taken}, index=part.data.index)[staying]
                for taken in self.items(part.data, columns, module)
            )
            tables.setdefault(module, []).append((made[0], made[1]))
        answers = {name: pd.concat([one for one, _ in parts], ignore_index=True) for name, parts in tables.items()}
        others = {name: pd.concat([two for _, two in parts], ignore_index=True) for name, parts in tables.items()}
        return answers, {name: one for name, one in others.items() if len(one.columns) > 2}, seen
