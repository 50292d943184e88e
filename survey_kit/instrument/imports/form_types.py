"""The types of questions a form knows, and what becomes of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from survey_kit.instrument.model import Collected, ItemType

ASKED: Mapping[str, ItemType] = {
    "integer": "integer",
    "int": "integer",
    "decimal": "decimal",
    "range": "integer",
    "text": "text",
    "string": "text",
    "date": "date",
    "note": "note",
    "calculate": "calculated",
    "hidden": "calculated",
    "acknowledge": "single",
    "trigger": "single",
}
COLLECTED: Mapping[str, Collected | None] = {
    "start": "audit",
    "end": "audit",
    "audit": "audit",
    "today": None,
    "deviceid": "device",
    "device id": "device",
    "imei": "device",
    "phonenumber": "device",
    "phone number": "device",
    "simserial": "device",
    "subscriberid": "device",
    "username": "device",
    "email": "device",
    "start-geopoint": "location",
    "background-geopoint": "location",
    "background-audio": "audio",
}
LOST: frozenset[str] = frozenset(
    [
        "image",
        "photo",
        "audio",
        "video",
        "file",
        "geopoint",
        "gps",
        "location",
        "geotrace",
        "geoshape",
        "barcode",
        "time",
        "datetime",
        "rank",
        "osm",
        "csv-external",
        "xml-external",
        "select_one_external",
        "select_one_from_file",
        "select_multiple_from_file",
        "percentage",
        "begin_loop",
        "end_loop",
    ]
)
SELECTS: Mapping[str, ItemType] = {
    "select_one": "single",
    "select one": "single",
    "select1": "single",
    "select one from": "single",
    "select_multiple": "multiple",
    "select multiple": "multiple",
    "select all that apply": "multiple",
    "select all that apply from": "multiple",
    "select multiple from": "multiple",
}
OPENS: Mapping[str, str] = {
    "begin_group": "group",
    "begin group": "group",
    "begin_repeat": "repeat",
    "begin repeat": "repeat",
}
CLOSES: Mapping[str, str] = {"end_group": "group", "end group": "group", "end_repeat": "repeat", "end repeat": "repeat"}
KNOWN: tuple[str, ...] = (*ASKED, *COLLECTED, *LOST, *SELECTS, *OPENS, *CLOSES)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormType:
    """The type of a row: what it is of (an item, a record of the device, a bracket, something lost), and its list."""

    word: str
    kind: str  # item, collected, opens, closes, lost, unknown
    item: ItemType | None = None
    list_name: str = ""
    other: bool = False  # an answer "other" is added


def form_type(text: str) -> FormType:
    """Read the type of a row.

    Examples
    --------
    >>> form_type("select_one yes_no or_other").list_name, form_type("begin group").kind, form_type("selct_one a").kind
    ('yes_no', 'opens', 'unknown')
    """
    plain = " ".join(text.split())
    word = plain.lower()
    if word in ASKED:
        return FormType(word=word, kind="item", item=ASKED[word])
    if word in COLLECTED:
        return FormType(word=word, kind="collected")
    if word in OPENS:
        return FormType(word=OPENS[word], kind="opens")
    if word in CLOSES:
        return FormType(word=CLOSES[word], kind="closes")
    for start in sorted(SELECTS, key=len, reverse=True):
        if word.startswith(f"{start} "):
            rest = plain[len(start) :].split()
            other = len(rest) > 1 and rest[-1].lower() in {"or_other", "other", "specify_other"}
            return FormType(word=start, kind="item", item=SELECTS[start], list_name=rest[0], other=other)
    if word in LOST or word.split(" ")[0] in LOST:
        return FormType(word=word, kind="lost")
    return FormType(word=word, kind="unknown")
