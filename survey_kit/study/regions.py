"""What ``report: regions:`` in ``study.yaml`` declares: the domain of the regional profiles and the user's own outlines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BeforeValidator, ConfigDict

from survey_kit.errors import StudyError, did_you_mean

if TYPE_CHECKING:
    from survey_kit.study.study import Study


def _as_domain(value: Any) -> Any:
    return {"domain": value} if isinstance(value, str) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionPlan:
    """Regional profiles and maps: one page for each level of a domain."""

    __pydantic_config__ = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    domain: str
    """The domain whose levels are regions, by their ISO 3166-2 codes."""
    polygons: str | None = None
    """A GeoJSON file of the regions' outlines in longitude and latitude, beside the study; a tile-grid map when left out."""
    key: str = "code"
    """The property of the GeoJSON file that holds the codes."""


RegionsEntry: TypeAlias = Annotated[
    RegionPlan | None, BeforeValidator(_as_domain, json_schema_input_type=str | RegionPlan | None)
]


def polygons_path(folder: Path, plan: RegionPlan | None) -> tuple[Path, ...]:
    """Give the file of outlines that a study declares.

    Examples
    --------
    >>> [path.name for path in polygons_path(Path("study"), RegionPlan(domain="region", polygons="regions.geojson"))]
    ['regions.geojson']
    """
    return (folder / plan.polygons,) if plan is not None and plan.polygons else ()


def outlines_of(study: Study) -> tuple[Path | None, str]:
    """Give the file of outlines of a study, if it has one, and the property that holds the codes."""
    plan = study.report.regions
    found = polygons_path(study.folder, plan)
    return (found[0] if found else None), plan.key if plan else "code"


def check_regions(plan: RegionPlan | None, domains: Sequence[str], folder: Path, where: str) -> None:
    """Refuse regions that are no domain of the study, and outlines that are not there.

    Examples
    --------
    >>> check_regions(RegionPlan(domain="region"), ["region", "sex"], Path(), "study.yaml:1")
    """
    if plan is None:
        return
    if plan.domain not in domains:
        fix = did_you_mean(plan.domain, domains) if domains else f"Write 'domains: [{plan.domain}]'."
        raise StudyError(f"The regions '{plan.domain}' are no domain of the study.", where=where, fix=fix)
    for path in polygons_path(folder, plan):
        if not path.is_file():
            raise StudyError(
                "There is no such file of outlines.", where=where, found=path.name, fix="Put it beside study.yaml."
            )
