"""What a release adds to a build: the comparison with the release before, the mark above every page, the quality report as data."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from survey_kit import files
from survey_kit.errors import ReleaseError
from survey_kit.pipeline import fingerprint
from survey_kit.release.checks import findings, mark
from survey_kit.release.declaration import ReleaseFile, release_path, unpublished
from survey_kit.release.frozen import frozen_path
from survey_kit.release.revisions import LOG, refuse_revealed, revisions
from survey_kit.report import esms
from survey_kit.report.book import published
from survey_kit.report.edition import (
    NAME,
    Approval,
    Correction,
    Early,
    EditionInfo,
    Unpublished,
    read_edition,
    write_edition,
)
from survey_kit.study import Study, said

if TYPE_CHECKING:
    import pandas as pd

LOG_FILE: Final = "revisions.csv"
QUALITY_FILE: Final = "quality.csv"
LACKING_FILE: Final = "unpublished.csv"
TYPES: Final = {"final": "info", "provisional": "warning", "rehearsal": "danger"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """A release in the making; the pipeline calls it (see `survey_kit.pipeline.stages.Edition`).

    Attributes
    ----------
    previous
        The folder of the release before; None for the first.
    final
        Whether anything that keeps the edition from being final is an error.
    """

    study: Study
    told: ReleaseFile
    edition: str
    released: dt.date
    approvals: tuple[Approval, ...] = ()
    embargo: str = ""
    previous: Path | None = None
    final: bool = False

    @property
    def digest(self) -> str:
        """Give a digest of everything the release depends on beside the rows."""
        declared = [(path.name, files.digest(path)) for path in (*release_path(self.study), *frozen_path(self.study))]
        before = files.digest(self.previous / "rows.csv") if self.previous else None
        own = (self.edition, self.released.isoformat(), [str(one) for one in self.approvals], self.embargo, self.final)
        code = fingerprint.of_code(without=("cli", "drafting", "rehearsal"))
        return fingerprint.of(own, declared, before, code)

    @property
    def entries(self) -> tuple[str, ...]:
        """Name the files that `write` makes."""
        return (NAME, LOG_FILE, QUALITY_FILE, LACKING_FILE)

    def write(self, place: Path) -> None:
        """Compare with the release before, judge the edition and write what its pages tell of it.

        Raises
        ------
        ReleaseError
            If a figure was revised without a reason, a withheld one would be given away, or the edition has to be final and is not.
        """
        book = published(place)
        found = findings(self.study, book, self.told, self.approvals)
        status = mark(found)
        language = self.study.source_language
        if self.final and found:
            raise ReleaseError(
                f"The edition would be {status}, not final.",
                where=f"{found[0].code} ({len(found)} in all)",
                found=found[0].text(),
                fix="Mend what is told, or release without --final; quality.csv of such a release lists everything.",
            )
        log = self._log(book.rows, language)
        seen = log[log["change"] != "added"]
        info = EditionInfo(
            edition=self.edition,
            status=status,
            released=self.released.isoformat(),
            embargo=self.embargo,
            approvals=self.approvals,
            access=tuple(
                Early(name=one.name, role=one.role, reason=dict(one.reason), hours=one.hours)
                for one in self.told.access
            ),
            previous=self._before(),
            findings=found,
            corrections=tuple(
                Correction(date=one.date.isoformat(), what=dict(one.reason))
                for one in self.told.revisions
                if one.kind == "error" and one.edition == self.edition
            ),
            revised={str(kind): int(count) for kind, count in seen["kind"].value_counts().sort_index().items()},
            reasons={said(one.reason, language): dict(one.reason) for one in self.told.revisions},
            unpublished=tuple(
                Unpublished(items=items, reason=reason) for items, reason in unpublished(self.study, self.told)
            ),
            withheld=esms.withheld(book.rows),
        )
        write_edition(place, info)
        _write(place / LOG_FILE, log)
        _write(place / LACKING_FILE, self._lacking(book.rows, info, language))
        _write(place / QUALITY_FILE, self._quality(place))

    def mark(self, site: Path, place: Path) -> None:
        """Put the line of the edition above every page of a site and at the head of every printed sheet."""
        info = read_edition(place)
        if info is None:
            raise ReleaseError("The edition was not written.", where=str(place), fix="Make the release anew.")
        project = site / "_quarto.yml"
        value = files.read_yaml(project, "Quarto project", ReleaseError).value
        line = info.headline(str(value.get("lang", "en")))
        website = value.setdefault("website", {})
        before = website.get("announcement") or {}
        website["announcement"] = {
            "dismissable": False,
            "type": before.get("type", TYPES[info.status]),
            "position": "below-navbar",
            **before,
            "content": " ".join(filter(None, (line, str(before.get("content", ""))))),
        }
        _dump(project, value)
        variables = site / "_variables.yml"
        known = files.read_yaml(variables, "variables", ReleaseError).value
        known["marker"] = " ".join(filter(None, (line, str(known.get("marker") or ""))))
        _dump(variables, known)

    def _before(self) -> str:
        if self.previous is None:
            return ""
        info = read_edition(self.previous)
        return info.edition if info else ""

    def _log(self, rows: pd.DataFrame, language: str) -> pd.DataFrame:
        """Give the log of revisions; empty for the first edition."""
        import pandas as pd

        if self.previous is None:
            return pd.DataFrame(columns=list(LOG))
        before = published(self.previous).rows
        refuse_revealed(before, rows)
        return revisions(before, rows, self.told.revisions, edition=self.edition, language=language)

    def _quality(self, place: Path) -> pd.DataFrame:
        """Give the quality report in every language of the report."""
        import pandas as pd

        tables = [esms.table(published(place, language=one)) for one in self.study.report.languages]
        return pd.concat(tables, ignore_index=True)

    def _lacking(self, rows: pd.DataFrame, info: EditionInfo, language: str) -> pd.DataFrame:
        """List what was measured and is not published: questions in no figure, and figures that are withheld."""
        import pandas as pd

        names = ["study", "data_status", "what", "name", "wave", "domain", "level", "reason"]
        own = {"study": self.study.id, "data_status": self.study.data_status}
        records: list[dict[str, Any]] = [
            {
                **own,
                "what": "question",
                "name": item,
                "wave": "",
                "domain": "",
                "level": "",
                "reason": one.reason.get(language, ""),
            }
            for one in info.unpublished
            for item in one.items
        ]
        gone = rows[rows["reliability"] == "suppress"]
        for row in gone.to_dict("records"):
            place = {"wave": row["wave"], "domain": row["domain"], "level": row["level"]}
            reason = str(row["reliability_reason"])
            records.append({**own, "what": "figure", "name": row["indicator"], **place, "reason": reason})
        return pd.DataFrame(records, columns=names)


def _write(path: Path, table: pd.DataFrame) -> None:
    from survey_kit.report.open_data import to_csv

    files.write_text(path, to_csv(table))


def _dump(path: Path, value: Any) -> None:
    files.write_text(path, yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=10_000))
