"""A built study as pages and notebooks read it: rows without suppressed numbers, and what belongs to them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from survey_kit import files
from survey_kit.errors import ReportError
from survey_kit.indicators.rows import AGAINST, COUNTS, TEXTS
from survey_kit.indicators.rows import published as blanked
from survey_kit.report import info as study_json
from survey_kit.report.display import missing
from survey_kit.report.edition import read_edition
from survey_kit.report.info import StudyInfo
from survey_kit.report.rows import Row

if TYPE_CHECKING:
    import pandas as pd

ENVIRONMENT = "SURVEY_KIT_BUILD"
LANGUAGE = "SURVEY_KIT_LANGUAGE"  # the language of the pages being made, when a build has several
LANGUAGES = "languages"  # the folder of what the pages tell in the languages beside the first


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A built study: what every page is made from.

    Attributes
    ----------
    folder
        The build folder.
    info
        The study: titles, waves, indicators, method, sample.
    rows
        One full row per indicator, wave and domain level; suppressed numbers are null.
    """

    folder: Path
    info: StudyInfo
    rows: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse rows of another data status: real and synthetic figures never stand together."""
        found = set(self.rows["data_status"].unique()) - {self.info.data_status}
        if found:
            raise ReportError(
                "Real and synthetic figures stand in one table.",
                where=str(self.folder / "rows.csv"),
                found=f"{sorted(found)} in a {self.info.data_status} study",
                fix="Build the study anew.",
            )

    @property
    def figures(self) -> Path:
        """Give the folder charts are written to."""
        site = self.folder / "site"
        return (site / self.info.language if len(self.info.languages) > 1 else site) / "figures"

    def records(
        self,
        indicator: str | None = None,
        *,
        wave: str | None = None,
        domain: str | None = "",
        theme: str | None = None,
    ) -> list[Row]:
        """Give rows as mappings in the order of waves; `domain` "" is everybody, None is every domain but that."""
        table = self.rows
        keep = (table["domain"] != "") if domain is None else (table["domain"] == domain)
        for name, value in (("indicator", indicator), ("wave", wave), ("theme", theme)):
            if value is not None:
                keep &= table[name] == value
        chosen = table[keep].sort_values("wave_order", kind="stable")
        return [
            {
                str(name): value if name in {"domain", "level"} or not missing(value) else None
                for name, value in row.items()
            }
            for row in chosen.to_dict("records")
        ]


def check(rows: pd.DataFrame) -> None:
    """Refuse rows whose wording class and printed interval contradict each other."""
    for against in AGAINST:
        low, high = rows[f"{against}_fcr_low"].astype("float64"), rows[f"{against}_fcr_high"].astype("float64")
        agrees = {"rose": low > 0, "fell": high < 0, "no_significant_change": (low <= 0) & (high >= 0)}
        for wording, holds in agrees.items():
            bad = rows[rows[f"{against}_wording"].eq(wording).fillna(value=False) & ~holds]
            if len(bad):
                one = bad.iloc[0]
                raise ReportError(
                    f"A change is called '{wording}', but its interval says otherwise.",
                    where=f"indicator '{one['indicator']}', wave '{one['wave']}', {one['domain'] or 'everybody'} {one['level']}",
                    found=f"{against} change, interval {one[f'{against}_fcr_low']} to {one[f'{against}_fcr_high']}",
                    fix="Compute the rows anew.",
                )


def write(folder: Path, rows: pd.DataFrame, info: StudyInfo, *others: StudyInfo) -> list[Path]:
    """Write ``rows.csv`` (full precision, suppressed numbers blanked) and ``study.json`` into a build folder.

    What the pages tell in `others`, further languages, goes to ``languages/<language>.json``.
    """
    check(rows)
    text = blanked(rows).to_csv(index=False, lineterminator="\n")
    told = [study_json.write(folder / LANGUAGES / f"{one.language}.json", one) for one in others]
    return [files.write_text(folder / "rows.csv", text), study_json.write(folder / "study.json", info), *told]


def information(folder: Path, language: str | None = None) -> StudyInfo:
    """Read what the pages tell of a built study, in one of its languages; by default in its first."""
    info = study_json.read(folder / "study.json")
    if language is None or language == info.language:
        return info
    if language not in info.languages:
        raise ReportError(
            f"This build has no language '{language}'.",
            where=str(folder / "study.json"),
            found=", ".join(info.languages),
            fix="Name it under 'report: {languages: [...]}' of the study and build it anew.",
        )
    return study_json.read(folder / LANGUAGES / f"{language}.json")


def published(folder: str | Path | None = None, *, language: str | None = None) -> Published:
    """Open a built study.

    Parameters
    ----------
    folder
        The build folder. By default the one named by the environment variable ``SURVEY_KIT_BUILD``, else the nearest
        folder upwards from the working directory that holds ``study.json``.
    language
        One of the languages of the report. By default that of the page being made, which the environment variable
        ``SURVEY_KIT_LANGUAGE`` names, else the first.
    """
    import pandas as pd

    place = Path(folder) if folder is not None else _found()
    path = files.existing(place / "rows.csv", "table of rows (rows.csv)", ReportError)
    head = pd.read_csv(path, nrows=0).columns
    kinds = {name: "str" if name in TEXTS else "float64" for name in head}
    rows = pd.read_csv(path, dtype=kinds, keep_default_na=False, na_values=[""])
    lacking = [name for name in ("indicator", "wave", "estimate", "status", "reliability") if name not in rows]
    if lacking:
        raise ReportError(f"rows.csv has no column '{lacking[0]}'.", where=str(path), fix="Build the study anew.")
    texts = [name for name in rows if name in TEXTS]
    rows[texts] = rows[texts].fillna("")
    rows = rows.astype({name: "Int64" for name in COUNTS if name in rows})
    info = information(place, language or os.environ.get(LANGUAGE) or None)
    edition = read_edition(place)
    info = replace(info, standing=edition.status) if edition else info
    return Published(folder=place.resolve(), info=info, rows=rows)


def _found() -> Path:
    named = os.environ.get(ENVIRONMENT, "")
    if named:
        return Path(named)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "study.json").is_file():
            return folder
    raise ReportError(
        "No built study is found.",
        where=str(here),
        fix=f"Run 'survey-kit report', then name the build folder: published('build/...') or {ENVIRONMENT}.",
    )
