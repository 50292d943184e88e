"""What keeps an edition from being final, each as a finding; and the mark that follows."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from survey_kit.pipeline.stages import pages_folder
from survey_kit.release.declaration import ReleaseFile, unpublished
from survey_kit.release.frozen import differences, read_frozen
from survey_kit.report import esms
from survey_kit.report.book import information
from survey_kit.report.edition import Approval, Finding, Mark
from survey_kit.report.info import METHOD
from survey_kit.report.translated import SOURCE, Text, states, translate
from survey_kit.study import Study

if TYPE_CHECKING:
    from survey_kit.report.book import Published

VOUCHED: Final = frozenset({"source", "reviewed", "back_translated"})


def findings(study: Study, book: Published, told: ReleaseFile, approvals: Sequence[Approval]) -> tuple[Finding, ...]:
    """List what keeps an edition from being final.

    ========  ======================================================================================
    E001      the answers are synthetic
    E002      an element of the AAPOR Code is not stated
    E003      a concept of the ESMS is neither stated nor told by the data
    E004      texts of a language are drafts: the study's own, the questionnaire's, the toolkit's
    E005      definitions were not frozen before the field, or are other than those frozen
    E006      questions were asked, stand in no figure, and nobody says why
    E007      nobody approved it
    ========  ======================================================================================
    """
    return (
        *([Finding(code="E001")] if study.data_status == "synthetic" else []),
        *_lacking(book),
        *_drafts(study, book),
        *_frozen(study, told),
        *(
            Finding(code="E006", parts={"items": _few(items)})
            for items, reason in unpublished(study, told)
            if not reason
        ),
        *([] if approvals else [Finding(code="E007")]),
    )


def _lacking(book: Published) -> Iterator[Finding]:
    """Tell the elements of the AAPOR Code and the concepts of the ESMS that nobody states, each list in one finding."""
    elements = tuple(f"method_{name}" for name in METHOD if name in book.info.not_stated)
    concepts = tuple(f"concept_{name}" for name in esms.lacking(book))
    for code, names in (("E002", elements), ("E003", concepts)):
        if names:
            yield Finding(code=code, names=names)


def mark(found: Sequence[Finding]) -> Mark:
    """Give the mark: synthetic answers make a rehearsal and nothing else; any other finding makes it provisional.

    Examples
    --------
    >>> mark([]), mark([Finding(code="E007")]), mark([Finding(code="E007"), Finding(code="E001")])
    ('final', 'provisional', 'rehearsal')
    """
    codes = {one.code for one in found}
    return "rehearsal" if "E001" in codes else "provisional" if codes else "final"


def _drafts(study: Study, book: Published) -> Iterator[Finding]:
    """Tell every language of the report in which texts stand that nobody has reviewed."""
    from survey_kit.study.quality_file import read_quality

    declared = read_quality(study)
    reviewed = (declared.reviewed if declared else None) or {}
    for language in study.report.languages:
        if language != study.source_language and not reviewed.get(language, "").strip():
            yield Finding(
                code="E004", parts={"language": language, "texts": "study.yaml, indicators.yaml, quality.yaml"}
            )
        for wave in dict.fromkeys(wave.version for wave in study.waves):
            form = next(study.instruments[one.id] for one in study.waves if one.version == wave)
            status = form.translation_status(language)
            if status not in VOUCHED:
                yield Finding(
                    code="E004", parts={"language": language, "texts": f"{form.id} {form.version} ({status})"}
                )
        waiting = states(_texts(study, book, language), "draft", "stale", "missing") if language != SOURCE else ()
        if waiting:
            yield Finding(code="E004", parts={"language": language, "texts": _few(waiting)})


def _texts(study: Study, book: Published, language: str) -> tuple[Text, ...]:
    """Read how far the pages and the toolkit's own words are in a language, on a copy of the pages."""
    with tempfile.TemporaryDirectory(prefix="survey-kit-release-") as name:
        copy = Path(name) / "pages"
        shutil.copytree(pages_folder(study), copy, ignore=shutil.ignore_patterns(".*", "_site", "README.md"))
        return translate(copy, language, information(book.folder, language).lacking)


def _frozen(study: Study, told: ReleaseFile) -> Iterator[Finding]:
    """Tell whether the definitions were frozen before the field of the last wave, and are still the same."""
    frozen = read_frozen(study)
    if frozen is None:
        yield Finding(code="E005a")
        return
    differ = differences(study, frozen)
    if differ:
        yield Finding(code="E005b", parts={"names": _few(tuple(differ)), "date": frozen.last.isoformat()})
    began = (told.field_began or {}).get(study.waves[-1].id)
    if began is None:
        yield Finding(code="E005c", parts={"wave": study.waves[-1].id})
    elif frozen.last >= began:
        yield Finding(code="E005d", parts={"date": _day(frozen.last), "began": _day(began)})


def _day(date: dt.date) -> str:
    return date.isoformat()


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (f", ... ({len(names)})" if len(names) > 6 else "")
