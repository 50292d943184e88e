"""What a study says for the exchange of its figures with other offices, ``sdmx.yaml``: agency, territory, series it gives.

The codes of the series are those of the Sustainable Development Goals database of the United Nations Statistics Division.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import ConfigDict

from survey_kit import files
from survey_kit.errors import StudyError, did_you_mean

if TYPE_CHECKING:
    from survey_kit.study.study import Study

SCHEMA: Final = "survey-kit/sdmx/1"
NAME: Final = "sdmx.yaml"
AGENCY: Final = "SURVEY_KIT"  # of a study that names none
#: Series of the Sustainable Development Goals database that surveys of this kind can give (release 2026.Q2.G.02).
SDG_SERIES: Final = {
    "IU_COR_BRIB": "16.5.1: prevalence rate of bribery",
    "SP_PSR_OSATIS_HLTH": "16.6.2: overall satisfied with health care",
    "SP_PSR_OSATIS_PRM": "16.6.2: overall satisfied with primary education",
    "SP_PSR_OSATIS_SEC": "16.6.2: overall satisfied with secondary education",
    "SP_PSR_OSATIS_GOV": "16.6.2: overall satisfied with government services",
    "SP_PSR_SATIS_HLTH": "16.6.2: satisfied with health care, mean of the attributes",
    "SP_PSR_SATIS_PRM": "16.6.2: satisfied with primary education, mean of the attributes",
    "SP_PSR_SATIS_SEC": "16.6.2: satisfied with secondary education, mean of the attributes",
    "SP_PSR_SATIS_GOV": "16.6.2: satisfied with government services, mean of the attributes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What a study says for exchange in ``sdmx.yaml``: its agency, its territory, and which of its indicators are SDG series."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    agency: str = AGENCY
    area: str = "_X"
    series: dict[str, str] = field(default_factory=dict)


def read_exchange(study: Study | None) -> Exchange:
    """Read the settings of a study; those of no study are the defaults.

    Raises
    ------
    StudyError
        If a series or an indicator is not known, or a code has signs that SDMX does not allow.
    """
    if study is None or not (study.folder / NAME).is_file():
        return Exchange()
    document = files.read_yaml(study.folder / NAME, "file for SDMX", StudyError)
    out = files.declared(document, Exchange, SCHEMA, StudyError)
    ids = [one.id for one in study.definitions]
    for indicator, series in out.series.items():
        at = document.at(("series", indicator))
        if indicator not in ids:
            known = did_you_mean(indicator, ids)
            raise StudyError(f"There is no indicator '{indicator}'.", where=at, fix=known)
        if series not in SDG_SERIES:
            known = did_you_mean(series, SDG_SERIES)
            raise StudyError(f"There is no SDG series '{series}' among those known here.", where=at, fix=known)
    for name in ("agency", "area"):
        if not re.fullmatch(r"[A-Za-z0-9_.@$-]+", getattr(out, name)):
            raise StudyError(
                f"'{name}' is no code of SDMX.",
                where=document.at((name,)),
                found=getattr(out, name),
                fix="Use letters, digits, '_' and '-'.",
            )
    return out


def exchange_path(folder: Path) -> tuple[Path, ...]:
    """Give the file beside the study file, when there is one."""
    path = folder / NAME
    return (path,) if path.is_file() else ()
