"""What a report is made of: every name here is one call of a page, made from the rows of a built study.

>>> from survey_kit import report
>>> report.symbols().points[0][0]
'[u]:'

A page opens the study with ``study = report.published()`` and shows, say, ``report.findings(study, "trust")``. In
JupyterLab the same calls show the same elements. Everything loads on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from survey_kit.report.book import Published, published
    from survey_kit.report.dashboard import write_dashboard
    from survey_kit.report.data_page import downloads, inputs, software
    from survey_kit.report.figures import by_domain, comparison, small_multiples, trend
    from survey_kit.report.figures_book import write_figures
    from survey_kit.report.links import numbers, numbers_of, value
    from survey_kit.report.maps import map_table, region_map
    from survey_kit.report.measures_page import measures
    from survey_kit.report.policy_pages import policy_in_force, risk_fields, strategy
    from survey_kit.report.profiles import region_index, region_profile
    from survey_kit.report.quality import (
        assumptions,
        breaks,
        families,
        flags,
        method,
        missing_answers,
        notice,
        problems,
        rules,
        sample,
        source,
        symbols,
        wordings,
    )
    from survey_kit.report.quality_report import quality_report
    from survey_kit.report.ratings_page import international_ratings, opening
    from survey_kit.report.registry_page import registry
    from survey_kit.report.sections import indicator, indicators, overview
    from survey_kit.report.sentences import findings

_HOMES = {
    "data_page": ("downloads", "inputs", "software"),
    "figures": ("by_domain", "comparison", "small_multiples", "trend"),
    "book": ("Published", "published"),
    "figures_book": ("write_figures",),
    "dashboard": ("write_dashboard",),
    "links": ("numbers", "numbers_of", "value"),
    "maps": ("map_table", "region_map"),
    "profiles": ("region_index", "region_profile"),
    "measures_page": ("measures",),
    "policy_pages": ("policy_in_force", "risk_fields", "strategy"),
    "registry_page": ("registry",),
    "quality": (
        *("assumptions", "breaks", "families", "flags", "method", "missing_answers", "notice", "problems", "rules"),
        *("sample", "source", "symbols", "wordings"),
    ),
    "quality_report": ("quality_report",),
    "ratings_page": ("international_ratings", "opening"),
    "sections": ("indicator", "indicators", "overview"),
    "sentences": ("findings",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Published",
    "assumptions",
    "breaks",
    "by_domain",
    "comparison",
    "downloads",
    "families",
    "findings",
    "flags",
    "indicator",
    "indicators",
    "inputs",
    "international_ratings",
    "map_table",
    "measures",
    "method",
    "missing_answers",
    "notice",
    "numbers",
    "numbers_of",
    "opening",
    "overview",
    "policy_in_force",
    "problems",
    "published",
    "quality_report",
    "region_index",
    "region_map",
    "region_profile",
    "registry",
    "risk_fields",
    "rules",
    "sample",
    "small_multiples",
    "software",
    "source",
    "strategy",
    "symbols",
    "trend",
    "value",
    "wordings",
    "write_dashboard",
    "write_figures",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'survey_kit.report' has no attribute '{name}'")
    value = getattr(import_module(f"survey_kit.report.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
