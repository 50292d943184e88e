"""What a device or platform adds to the answers: times and verdicts, which are paradata, and what may identify somebody."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from survey_kit.responses.collected.raw import texts

if TYPE_CHECKING:
    import pandas as pd

PARADATA: Mapping[str, str] = {
    "start": "start",
    "form__start": "start",
    "form__end": "end",
    "end": "end",
    "today": "today",
    "submissiondate": "submitted",
    "_submission_time": "submitted",
    "formversion": "version",
    "__version__": "version",
    "reviewstate": "review",
    "_validation_status": "review",
    "edits": "edits",
    "status": "status",
    "_status": "status",
    "attachmentspresent": "attachments_present",
    "attachmentsexpected": "attachments_expected",
    "_id": "number",
}
TIMES = ("start", "end", "submitted")
IDENTIFIERS = frozenset(
    {
        "_attachments",
        "_geolocation",
        "_notes",
        "_submitted_by",
        "_tags",
        "client_version",
        "deviceid",
        "email",
        "form__audio",
        "form__device",
        "form__place",
        "imei",
        "instancename",
        "phonenumber",
        "simid",
        "simserial",
        "submitterid",
        "submittername",
        "subscriberid",
        "user",
        "username",
    }
)
STRUCTURE = frozenset(
    {
        "_bamboo_dataset_id",
        "_duration",
        "_index",
        "_media_all_received",
        "_media_count",
        "_parent_index",
        "_parent_table_name",
        "_total_media",
        "_uuid",
        "_version_",
        "_xform_id_string",
        "audit",
        "deprecatedid",
        "instanceid",
        "key",
        "parent_key",
        "rootuuid",
        "uuid",
    }
)
PLACE = re.compile(
    r"(?:latitude|longitude|altitude|accuracy|precision|geopoint|geolocation|location|gps)", re.IGNORECASE
)


@dataclass(slots=True)
class Sorted:
    """Columns that hold no item: paradata by their new name, identifiers, structure, and what nobody knows."""

    paradata: dict[str, str] = field(default_factory=dict)
    identifiers: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def sort_apart(headers: Sequence[str]) -> Sorted:
    """Tell paradata from what may identify somebody; what cannot be told counts as the latter.

    Examples
    --------
    >>> found = sort_apart(["start", "meta-instanceID", "deviceid", "start-geopoint-Latitude", "mood"])
    >>> found.paradata, found.identifiers, found.unknown
    ({'start': 'start'}, ['deviceid', 'start-geopoint-Latitude'], ['mood'])
    """
    out = Sorted()
    for header in headers:
        word = re.split(r"[-/.:]", header)[-1].casefold()
        if PLACE.search(header):
            out.identifiers.append(header)
        elif word in PARADATA and PARADATA[word] not in out.paradata.values():
            out.paradata[header] = PARADATA[word]
        elif word in IDENTIFIERS:
            out.identifiers.append(header)
        elif word not in STRUCTURE and word not in PARADATA and not word.startswith(("__version__", "_submission_")):
            out.unknown.append(header)
    return out


def paradata(data: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Give paradata under their plain names, times as moments in UTC."""
    import pandas as pd

    out: dict[str, pd.Series] = {}
    for header, name in columns.items():
        column = data[header]
        out[name] = (
            pd.to_datetime(texts(column), utc=True, errors="coerce", format="ISO8601") if name in TIMES else column
        )
    return pd.DataFrame(out, index=data.index)
