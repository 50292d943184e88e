"""The issued cases of a study beside its interviews: who was drawn and gave none stays in the design with weight zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from survey_kit import frames
from survey_kit.errors import ResponsesError, StudyError, did_you_mean
from survey_kit.responses import read_table

if TYPE_CHECKING:
    import pandas as pd

    from survey_kit.study.study import Study

INTERVIEWED: Final = "interviewed"
Keys = list[tuple[str | None, str | None]]


def issued_columns(study: Study) -> frozenset[str]:
    """Name the columns that the file of issued cases brings, and the one that says who was interviewed."""
    if study.weighting is None or study.weighting.cases is None:
        return frozenset()
    return frozenset({INTERVIEWED, *map(str, read_table(study.data_file(study.weighting.cases)).columns)})


def with_issued(
    study: Study, answers: pd.DataFrame, case: str | None, wanted: Sequence[str], version: str | None = None
) -> pd.DataFrame:
    """Put the issued cases without an interview below the answers, and what is known of all of them beside them.

    Parameters
    ----------
    study
        The study; its weighting names the file of issued cases.
    answers
        The answers of all waves.
    case
        The column of cases, in both.
    wanted
        Columns that are taken from the issued cases, where the answers lack them.
    version
        The column of versions, of exports.

    Returns
    -------
    data frame
        With a boolean column ``interviewed``.

    Raises
    ------
    StudyError, ResponsesError
        If there is no column of cases, a case was issued twice, or an interview is of no case that was issued: the row is named.
    """
    import pandas as pd

    if study.weighting is None or study.weighting.cases is None:
        return answers
    path = study.data_file(study.weighting.cases)
    if case is None:
        raise StudyError(
            "Issued cases are matched by their ids, and the study names no column of cases.",
            where=str(study.path),
            fix="Add 'case:' to 'responses:'.",
        )
    wave = study.wave_column
    issued = read_table(path, columns=sorted({case, wave, *wanted}))
    names = list(map(str, issued.columns))
    if wave not in names and len(study.waves) == 1:
        issued[wave] = study.waves[0].id
    for name in (case, wave):
        if name not in issued.columns:
            raise ResponsesError(
                f"The issued cases lack the column '{name}'.", where=str(path), fix=did_you_mean(name, names)
            )
    keys, came = (_keys(frame, wave, case) for frame in (issued, answers))
    place = {key: row for row, key in enumerate(keys)}
    if len(place) < len(keys):
        row = next(row for row, key in enumerate(keys) if place[key] != row)
        raise ResponsesError(
            "A case was issued twice.",
            where=f"{path}, rows {row + 2} and {place[keys[row]] + 2}",
            found=f"{len(keys) - len(place)} rows too many",
            fix="Keep one row for every case.",
        )
    followed = {one for one, _ in keys}
    lost = [row for row, key in enumerate(came) if key not in place and key[0] in followed]
    if lost:
        raise ResponsesError(
            "An interview is of no case that was issued.",
            where=f"column '{case}' of the answers, first in row {lost[0] + 2}",
            found=f"{len(lost)} of {len(came)} interviews, cases in {path.name}",
            fix="Correct the id, or add the case to the issued ones.",
        )
    at = np.array([place.get(key, -1) for key in came], dtype=np.int64)
    new = [name for name in wanted if name in issued.columns and name not in answers.columns]
    beside = issued[new].take(np.maximum(at, 0)).reset_index(drop=True)
    beside[at < 0] = None
    came_all = pd.DataFrame({INTERVIEWED: np.ones(len(answers), dtype=bool)})
    whole = pd.concat([answers.reset_index(drop=True), beside, came_all], axis=1)
    silent = issued[~np.isin(np.arange(len(issued)), at)].assign(**{INTERVIEWED: False})
    if version is not None:
        versions = {one.id: one.version or study.instruments[one.id].version for one in study.waves}
        silent[version] = [versions.get(str(one)) for one in frames.texts(silent, wave, "wave")]
    return pd.concat([whole, silent], ignore_index=True) if len(silent) else whole


def _keys(frame: pd.DataFrame, wave: str, case: str) -> Keys:
    return list(zip(frames.texts(frame, wave, "wave"), frames.texts(frame, case, "case"), strict=True))
