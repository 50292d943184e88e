"""The figures as open data: rows with intervals and flags, a workbook, a dictionary, missing answers, ratings, descriptions, terms.

Everything is in open formats and UTF-8; two builds give the same bytes. A text that a spreadsheet would take for a formula is written
with an apostrophe before it. What is not published is null here as it is on the pages, with the marker that says why.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from survey_kit import files, ratings
from survey_kit.indicators.rows import COUNTS
from survey_kit.indicators.rows import published as blanked
from survey_kit.language.catalogue import words
from survey_kit.report import csvw, datapackage, linked_data, ods, sdmx, tables_book
from survey_kit.report.about import REASONS
from survey_kit.report.dictionary import CATALOGUE, LANGUAGES, dictionary
from survey_kit.report.info import StudyInfo
from survey_kit.report.shorthand import add_flags
from survey_kit.study import Study, said

if TYPE_CHECKING:
    import pandas as pd

    from survey_kit.instrument.export.ddi_facts import StudyFacts

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
MISSING: Final = ("study", "data_status", "wave", "item", "asked", "answered", *REASONS)


def write(
    folder: Path, rows: pd.DataFrame, info: StudyInfo, study: Study | None = None, others: Sequence[StudyInfo] = ()
) -> list[Path]:
    """Write the open data of a study into a folder.

    Parameters
    ----------
    folder
        Where to write; files of other names are left alone.
    rows
        The rows of the indicators; numbers that may not be published are blanked here.
    info
        The study as the pages know it.
    study
        The study itself: with it titles and labels stand in every language it has, and its questionnaires are described.
    others
        What the pages know of the study in further languages of the report.

    Returns
    -------
    list of Path
        The files written: indicators, dictionary, missing answers and ratings (if the study has them) as CSV; a workbook for each language
        of the report; the questionnaires as DDI Codebook; the figures as SDMX-CSV with their structure, where the package pysdmx is there;
        ``csv-metadata.json``, ``datapackage.json``, ``dataset.jsonld`` and ``README.txt``.
    """
    flagged = add_flags(blanked(rows), info).astype(dict.fromkeys(COUNTS, "Int64"))
    told = {one.language: one for one in (info, *others)}
    plain = told.get("en", info)  # what describes files to machines, and the README, are in English
    tables = _tables(flagged, told, info, study)
    resources, written = [], []
    for name, (table, part) in tables.items():
        path = files.write_text(folder / name, to_csv(table))
        status = str(table["data_status"].iloc[0]) if len(table) and "data_status" in table else info.data_status
        figures = "obs_status" in table
        resources.append(datapackage.table(path, table, part, status=status, figures=figures))
        written.append(path)
    for path, part in (
        *_workbooks(folder, flagged, told, info, study),
        *_questionnaires(folder, plain, study),
        *sdmx.write(folder, flagged, plain, study),
    ):
        resources.append(datapackage.resource(path, part, status=info.data_status))
        written.append(path)
    package = datapackage.package(plain, _description(plain), resources)
    written.append(_json(folder / csvw.NAME, csvw.metadata(package["title"], resources, "en")))
    written.append(_json(folder / datapackage.NAME, package))
    written.append(_json(folder / linked_data.NAME, linked_data.dataset(plain, package, "")))
    described = [(one["path"], one["description"]) for one in resources]
    written.append(files.write_text(folder / "README.txt", _readme(plain, described)))
    return written


def _tables(
    flagged: pd.DataFrame, told: Mapping[str, StudyInfo], info: StudyInfo, study: Study | None
) -> dict[str, tuple[pd.DataFrame, str]]:
    stem = _stem(info)
    tables = {
        f"{stem}_indicators.csv": (flagged, "indicators"),
        f"{stem}_dictionary.csv": (
            dictionary(info, study, flagged, told),
            "dictionary",
        ),
        f"{stem}_missing.csv": (_missing(info), "missing"),
    }
    if info.ratings:
        tables[f"ratings_{info.ratings}.csv"] = (
            ratings.summary(info.ratings),
            "ratings",
        )
        tables[f"ratings_{info.ratings}_cpi_sources.csv"] = (
            ratings.cpi_leave_one_out([info.ratings, *info.compare]),
            "cpi_sources",
        )
    return tables


def _workbooks(
    folder: Path, flagged: pd.DataFrame, told: Mapping[str, StudyInfo], info: StudyInfo, study: Study | None
) -> Iterator[tuple[Path, str]]:
    for language in (one for one in info.languages if one in LANGUAGES):
        mine = told.get(language, info)
        sheets = tables_book.sheets(flagged, mine, language, study)
        name = f"{_stem(info)}_tables_{language}.ods"
        title = tables_book.title(mine, words(CATALOGUE, language), study)
        path = ods.write(folder / name, sheets, title=title, language=language)
        yield path, f"tables_{language}"


def _questionnaires(folder: Path, info: StudyInfo, study: Study | None) -> Iterator[tuple[Path, str]]:
    """Describe every version of the questionnaire, without counts of answers."""
    if study is None:
        return
    from survey_kit.instrument.export.ddi import write_ddi_codebook

    for form in {(one.id, one.version): one for one in study.instruments.values()}.values():
        name = f"{_stem(info)}_questionnaire_{form.id}_{form.version}_ddi.xml"
        path = write_ddi_codebook(form, folder / name, facts=_facts(info, study))
        yield path, "questionnaire"


def _facts(info: StudyInfo, study: Study) -> StudyFacts:
    from survey_kit.instrument.export.ddi_facts import StudyFacts

    return StudyFacts(
        title={language: said(study.title, language) for language in study.title},
        identifier=info.id,
        producer=info.producer or None,
        authors=(info.producer,) if info.producer else (),
        sampling={"en": info.method["recruitment"]} if info.method.get("recruitment") else {},
        weighting={"en": info.method["weighting"]} if info.method.get("weighting") else {},
        conditions={"en": info.terms} if info.terms else {},
        citation=info.cite or None,
    )


def _stem(info: StudyInfo) -> str:
    return info.file_stem.replace("-", "_")


def _json(path: Path, content: dict[str, Any]) -> Path:
    return files.write_text(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def to_csv(table: pd.DataFrame) -> str:
    """Write a table as CSV whose texts no spreadsheet takes for a formula.

    Examples
    --------
    >>> import pandas as pd
    >>> print(to_csv(pd.DataFrame({"label": ["=1+1", "fine"], "value": [-1.5, None]})).strip())
    label,value
    '=1+1,-1.5
    fine,
    """
    out = table.copy()
    for name in out.columns:
        if out[name].dtype.kind not in "iufb":
            out[name] = out[name].map(_harmless, na_action="ignore")
    out.columns = [_harmless(str(name)) for name in out.columns]
    return str(out.to_csv(index=False, lineterminator="\n"))


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _missing(info: StudyInfo) -> pd.DataFrame:
    import pandas as pd

    records = [
        (
            *(info.id, info.data_status, one.wave, one.item, one.asked, one.answered),
            *(one.reasons.get(kind, 0) for kind in REASONS),
        )
        for one in info.missing
    ]
    return pd.DataFrame(records, columns=list(MISSING))


def _description(info: StudyInfo) -> str:
    if info.synthetic:
        return (
            f"{info.mark} DATA: a rehearsal, no real answers. Made up by a seeded simulator; the figures say nothing about any "
            "country, institution or person."
        )
    return "Design-based estimates from a sample survey, with intervals, reliability flags and changes."


def _readme(info: StudyInfo, described: list[tuple[str, str]]) -> str:
    """Tell what the files hold, on which terms they may be used, what to beware of, and how to cite them."""
    say = words(CATALOGUE, "en")
    width = max(len(name) for name, _ in described)
    parts = [
        f"{info.mark}: {info.title}" if info.mark else info.title,
        "",
        _description(info),
        "",
        "FILES",
        *(f"  {name.ljust(width)}  {text}" for name, text in described),
        f"  {'csv-metadata.json'.ljust(width)}  {say('file_csvw')}",
        f"  {'datapackage.json'.ljust(width)}  {say('file_package')}",
        f"  {'dataset.jsonld'.ljust(width)}  {say('file_linked')}",
        *([] if sdmx.available() else ["  No SDMX files: they are written where the package pysdmx is installed."]),
        "",
        "TERMS",
        f"  {info.terms or 'The study states no terms. Ask its authors before you pass the figures on.'}",
        *(["  International ratings: every row names its source, edition and licence."] if info.ratings else []),
        "",
        "BEFORE YOU USE THE FIGURES",
        "  Shares stand as 0 to 1. What people answered is what they said, not what they think or did.",
        "  Use ci_low and ci_high with every estimate, and previous_wording or baseline_wording with every change: a change",
        "  that is not called rose or fell is not told from no change. The interval that agrees with these words is fcr_low to",
        "  fcr_high. Where a break stands, the wave is not compared with the one before.",
        "  Numbers that are empty although the status is ok are not published; flags and reliability_reason say why: [c] to protect",
        "  those who answered, [u] since the figure is too unreliable. The two are never the same.",
        "  A text that begins with an apostrophe had a sign before which a spreadsheet would compute; take it away.",
        *(f"  {note}" for note in info.notes),
        "",
        "HOW TO CITE",
        f"  {info.cite or info.title}",
        "",
    ]
    return "\n".join(parts)
