"""The figures as SDMX-CSV 2.0 with their structure, by the package pysdmx; nothing is written without it.

The dimensions are what tells one figure from another: indicator, wave, group, level, and the year as TIME_PERIOD where the waves have
one; synthetic waves have none. Everything else is an attribute of the observation. Series of the Sustainable Development Goals
are named in the attribute SDG_SERIES where the study says which of its indicators they are; only figures for everybody are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from survey_kit import files
from survey_kit.errors import ReportError
from survey_kit.report.display import missing
from survey_kit.report.info import StudyInfo
from survey_kit.study import Study
from survey_kit.study.exchange import SDG_SERIES, Exchange, read_exchange

if TYPE_CHECKING:
    import pandas as pd

TOTAL: Final = "_T"
CODELIST: Final = "urn:sdmx:org.sdmx.infomodel.codelist.Codelist"
DATED: Final = datetime(
    1980, 1, 1, tzinfo=UTC
)  # a message must have a date; it is always this one, so that two writings are the same
#: Attributes of an observation, each with the column it comes from.
ATTRIBUTES: Final[Mapping[str, str]] = {
    "UNIT_MEASURE": "unit",
    "SE": "se",
    "CI_LOW": "ci_low",
    "CI_HIGH": "ci_high",
    "DF": "df",
    "SAMPLE_SIZE": "n",
    "RELIABILITY": "reliability",
    "CHANGE_WORDING": "previous_wording",
    "OBS_STATUS": "obs_status",
    "CONF_STATUS": "conf_status",
    "FLAGS": "flags",
    "DATA_STATUS": "data_status",
}
NUMERIC: Final = ("SE", "CI_LOW", "CI_HIGH", "DF")
CODES: Final = {
    "OBS_STATUS": {
        "A": "Normal value",
        "B": "Time series break",
        "L": "Missing value; data exist but were not collected",
        "O": "Missing value",
        "P": "Provisional value",
        "Q": "Missing value; suppressed",
        "U": "Low reliability",
    },
    "CONF_STATUS": {"F": "Free (free for publication)", "C": "Confidential statistical information"},
}


def available() -> bool:
    """Tell whether the packages that write SDMX are installed."""
    return find_spec("pysdmx") is not None and find_spec("pyarrow") is not None


def write(folder: Path, flagged: pd.DataFrame, info: StudyInfo, study: Study | None) -> Iterator[tuple[Path, str]]:
    """Write the figures and their structure, each with what it is in the catalogue; nothing without pysdmx."""
    settings = read_exchange(study)
    if not available() or flagged.empty:
        return
    from pysdmx.io.csv.sdmx20.writer import write as to_sdmx_csv
    from pysdmx.io.json.sdmxjson2.writer.v2_0.structure import write as to_sdmx_json
    from pysdmx.io.pd import PandasDataset
    from pysdmx.model import Organisation, Schema
    from pysdmx.model.message import Header

    stem = info.file_stem.replace("-", "_")
    parts = structure(flagged, info, settings)
    flow, table = parts[-1], observations(flagged, info, settings)
    schema = Schema(
        context="dataflow",
        agency=settings.agency,
        id=flow.id,
        version="1.0",
        components=flow.structure.components,
        artefacts=[],
    )
    made = to_sdmx_csv([PandasDataset(structure=schema, data=table)])
    head = Header(id=flow.id, prepared=DATED, sender=Organisation(id=settings.agency))
    yield (
        files.write_text(folder / f"{stem}_sdmx.csv", str(made).replace("\r\n", "\n")),
        "sdmx",
    )
    yield (
        files.write_text(
            folder / f"{stem}_sdmx_structure.json",
            _valid(str(to_sdmx_json(parts, header=head))),
        ),
        "sdmx_structure",
    )


def _valid(message: str) -> str:
    """Leave out empty lists of groups, which pysdmx 1.21 writes and the schema of SDMX-JSON 2.0 forbids."""
    content = json.loads(message)
    for one in content["data"]["dataStructures"]:
        parts = one["dataStructureComponents"]
        if not parts.get("groups", True):
            del parts["groups"]
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def code(text: str) -> str:
    """Give a code as SDMX allows it.

    Examples
    --------
    >>> code("2018/19"), code("Rehearsal 1"), code("")
    ('2018_19', 'Rehearsal_1', '_T')
    """
    return re.sub(r"^-|[^A-Za-z0-9_-]", "_", text) or TOTAL


def observations(flagged: pd.DataFrame, info: StudyInfo, settings: Exchange) -> pd.DataFrame:
    """Give the figures as observations: one row each, everything as text, empty where there is nothing."""
    import pandas as pd

    domain, level = _texts(flagged["domain"]), _texts(flagged["level"])
    out = pd.DataFrame(
        {
            "REF_AREA": settings.area,
            "INDICATOR": flagged["indicator"].map(code),
            "WAVE": flagged["wave"].map(code),
            "GROUP": [code(one) for one in domain],
            "LEVEL": [code(f"{a}_{b}") if a else TOTAL for a, b in zip(domain, level, strict=True)],
        }
    )
    if not info.synthetic:
        out["TIME_PERIOD"] = _texts(flagged["year"])
    out["OBS_VALUE"] = _texts(flagged["estimate"])
    for name, column in ATTRIBUTES.items():
        out[name] = _texts(flagged[column])
    out["SDG_SERIES"] = [
        settings.series.get(str(one), "") if value and not group else ""
        for one, value, group in zip(flagged["indicator"], out["OBS_VALUE"], domain, strict=True)
    ]
    key = [name for name in ("INDICATOR", "WAVE", "GROUP", "LEVEL") if name in out]
    twice = out.duplicated(key)
    if twice.any():
        one = out[twice].iloc[0]
        raise ReportError(
            "Two figures have the same codes in SDMX, which knows Latin letters and digits only.",
            where=", ".join(f"{name} {one[name]}" for name in key),
            fix="Give the waves, indicators or levels other ids.",
        )
    return out


def _texts(column: pd.Series[Any]) -> list[str]:
    return ["" if missing(value) else str(value) for value in column.tolist()]


def structure(flagged: pd.DataFrame, info: StudyInfo, settings: Exchange) -> Sequence[Any]:
    """Give code lists, concepts, the data structure and the dataflow (last) as pysdmx has them."""
    from pysdmx import model

    kept = {"agency": settings.agency, "version": "1.0"}
    lists = {
        name: model.Codelist(
            id=f"CL_{name}",
            name=f"Codes of {name}",
            items=[model.Code(id=one, name=text) for one, text in codes.items()],
            **kept,
        )
        for name, codes in _codes(flagged, info, settings).items()
    }
    dimensions = ["REF_AREA", "INDICATOR", "WAVE", "GROUP", "LEVEL", *([] if info.synthetic else ["TIME_PERIOD"])]
    attributes = [*ATTRIBUTES, "SDG_SERIES"]
    concepts = {}
    for name in (*dimensions, "OBS_VALUE", *attributes):
        number = name == "OBS_VALUE" or name in NUMERIC
        kind = model.DataType.DOUBLE if number else model.DataType.STRING
        kind = model.DataType.PERIOD if name == "TIME_PERIOD" else kind
        urn = f"urn:sdmx:org.sdmx.infomodel.conceptscheme.Concept={settings.agency}:CS_SURVEY(1.0).{name}"
        concepts[name] = model.Concept(id=name, name=name.replace("_", " ").capitalize(), dtype=kind, urn=urn)
    scheme = model.ConceptScheme(id="CS_SURVEY", name="Concepts of surveys", items=list(concepts.values()), **kept)

    def component(name: str, role: Any, required: bool, level: str | None = None) -> Any:
        return model.Component(
            id=name,
            required=required,
            role=role,
            concept=concepts[name],
            local_dtype=concepts[name].dtype,
            local_codes=lists.get(name),
            local_enum_ref=f"{CODELIST}={settings.agency}:CL_{name}(1.0)" if name in lists else None,
            attachment_level=level,
        )

    parts = [component(name, model.Role.DIMENSION, required=True) for name in dimensions]
    parts.append(component("OBS_VALUE", model.Role.MEASURE, required=False))
    parts += [component(name, model.Role.ATTRIBUTE, name.endswith("_STATUS"), "O") for name in attributes]
    title = f"{info.mark}: {info.title}" if info.mark else info.title
    name = code(info.file_stem).upper().replace("-", "_")
    made = model.DataStructureDefinition(id=f"DSD_{name}", name=title, components=model.Components(parts), **kept)
    flow = model.Dataflow(id=f"DF_{name}", name=title, structure=made, **kept)
    return [*lists.values(), scheme, made, flow]


def _codes(flagged: pd.DataFrame, info: StudyInfo, settings: Exchange) -> dict[str, dict[str, str]]:
    groups, levels = {TOTAL: "Everybody"}, {TOTAL: "Everybody"}
    used = flagged.drop_duplicates(["domain", "level"])
    for domain, level, label in zip(used["domain"], used["level"], used["level_label"], strict=True):
        if not missing(domain):
            groups[code(str(domain))] = info.domain_label(str(domain))
            levels[code(f"{domain}_{level}")] = str(level) if missing(label) else str(label)
    out = {
        "REF_AREA": {settings.area: "Not specified" if settings.area == "_X" else settings.area},
        "INDICATOR": {code(one.id): one.title for one in info.indicators},
        "WAVE": {code(wave.id): info.wave_label(wave.id) for wave in info.waves},
        "GROUP": groups,
        "LEVEL": levels,
        **CODES,
        "DATA_STATUS": {"real": "Real answers", "synthetic": "Made up by a simulator"},
    }
    series = sorted(set(settings.series.values()))
    return out | ({"SDG_SERIES": {one: SDG_SERIES[one] for one in series}} if series else {})
