"""The open data for search engines and data portals: one description in the words of schema.org and of DCAT.

DCAT version 3 (W3C Recommendation, 22 August 2024) and the type Dataset of schema.org, as JSON-LD. Addresses are relative, so that the
description holds wherever the site is put.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from survey_kit.report.elements import Element, in_print
from survey_kit.report.info import StudyInfo

NAME: Final = "dataset.jsonld"
CONTEXT: Final = {
    "@vocab": "https://schema.org/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "spdx": "http://spdx.org/rdf/terms#",
}


@dataclass(frozen=True, slots=True)
class LinkedData(Element):
    """A description for machines: nothing of it is seen, and print leaves it out."""

    content: str

    def markdown(self) -> str:
        """Give the description as a raw block."""
        return "" if in_print() else f"```{{=html}}\n{self.html()}\n```"

    def html(self) -> str:
        """Give the description as a block of data; no sign in it can end the block."""
        inside = self.content.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
        return f'<script type="application/ld+json">{inside}</script>'

    def texts(self) -> list[str]:
        """List nothing, since nobody reads it."""
        return []


def dataset(info: StudyInfo, package: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """Describe the open data.

    Parameters
    ----------
    info
        The study.
    package
        Its data package, see `survey_kit.report.datapackage.package`.
    folder
        Where the files lie as seen from the description: ``""`` or ``"open_data/"``.

    Examples
    --------
    >>> toy = StudyInfo(id="toy", title="Toy", data_status="real", waves=())
    >>> dataset(toy, {"title": "Toy", "description": "", "resources": []}, "")["@type"]
    ['Dataset', 'dcat:Dataset']
    """
    years = [wave.year for wave in info.waves if wave.year is not None]
    out: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": ["Dataset", "dcat:Dataset"],
        "name": package["title"],
        "dcterms:title": package["title"],
        "description": package["description"],
        "dcterms:description": package["description"],
        "inLanguage": list(info.languages),
        "isAccessibleForFree": True,
        "creativeWorkStatus": "Rehearsal" if info.synthetic else "Provisional" if info.provisional else "Published",
        "keywords": list(package.get("keywords", [])),
        "variableMeasured": [
            {"@type": "PropertyValue", "propertyID": one.id, "name": one.title, "unitText": one.unit}
            for one in info.indicators
        ],
    }
    if info.producer:
        out["creator"] = {"@type": "Organization", "name": info.producer}
        out["dcterms:publisher"] = info.producer
    if info.terms:
        out["usageInfo"] = {"@type": "CreativeWork", "text": info.terms}
        out["dcterms:rights"] = info.terms
    if info.cite:
        out["creditText"] = info.cite
        out["dcterms:bibliographicCitation"] = info.cite
    if years and not info.synthetic:
        out["temporalCoverage"] = f"{min(years)}/{max(years)}" if min(years) < max(years) else str(min(years))
    files = [_file(one, folder) for one in package["resources"]]
    return out | {"distribution": files, "dcat:distribution": [{"@id": one["@id"]} for one in files]}


def text(description: Mapping[str, Any]) -> str:
    """Write a description."""
    return json.dumps(description, ensure_ascii=False, indent=1) + "\n"


def _file(one: Mapping[str, Any], folder: str) -> dict[str, Any]:
    place, digest = f"{folder}{one['path']}", str(one["hash"]).removeprefix("sha256:")
    return {
        "@id": place,
        "@type": ["DataDownload", "dcat:Distribution"],
        "name": one["path"],
        "description": one["description"],
        "contentUrl": place,
        "encodingFormat": one["mediatype"],
        "contentSize": f"{one['bytes']} B",
        "sha256": digest,
        "dcat:downloadURL": {"@id": place},
        "dcat:mediaType": one["mediatype"],
        "dcat:byteSize": one["bytes"],
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": digest,
        },
    }
