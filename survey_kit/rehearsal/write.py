"""The two files of a rehearsal: the answers of its surveys, and the truth they were drawn from."""

from __future__ import annotations

import gzip
import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from survey_kit.errors import StudyError
from survey_kit.files import write_bytes, write_text
from survey_kit.rehearsal.country import Country, build_country
from survey_kit.rehearsal.questions import WAVES
from survey_kit.rehearsal.streams import stream
from survey_kit.rehearsal.survey import Nonresponse, draw_sample, interview, response_table
from survey_kit.rehearsal.truth import true_value
from survey_kit.study import Study, read_study

if TYPE_CHECKING:
    import pandas as pd

SEED = 16
RESPONSES = "synthetic_rehearsal.csv.gz"
TRUTH = "synthetic_truth.csv"


def write_rehearsal(folder: Path | str, seed: int = SEED) -> tuple[Path, Path]:
    """Write the answers and the truth of a rehearsal into ``data/`` of the folder of its study.

    The study says which waves there are, what was not asked in each, and which indicators there is a truth of. The same
    seed gives the same bytes.

    Parameters
    ----------
    folder
        The folder that holds ``study.yaml``.
    seed
        Of the country and of the three surveys.

    Returns
    -------
    responses, truth
        The files written.
    """
    study = read_study(folder)
    unknown = [wave.id for wave in study.waves if wave.id not in WAVES]
    if study.data_status != "synthetic" or unknown:
        raise StudyError(
            "This study is not a rehearsal.",
            where=str(study.path),
            found=f"wave '{unknown[0]}'" if unknown else "data_status: real",
            fix=f"Write 'data_status: synthetic' and waves {', '.join(WAVES)}.",
        )
    country = build_country(seed, tuple(wave.id for wave in study.waves))
    home = Path(study.folder) / "data"
    table = survey_table(study, country, seed)
    text = table.to_csv(index=False, lineterminator="\n")
    truth = truth_table(study, country).to_csv(index=False, lineterminator="\n", float_format="%.8f")
    return write_bytes(home / RESPONSES, _zipped(text)), write_text(home / TRUTH, truth)


def survey_table(study: Study, country: Country, seed: int, nonresponse: Nonresponse = "at_random") -> pd.DataFrame:
    """Draw and interview one sample per wave, independently, and stack the rows."""
    import pandas as pd

    tables = []
    for wave in study.waves:
        rng = stream(seed, f"survey {wave.id}")
        sample = draw_sample(country, rng)
        table = response_table(country, sample, interview(country, sample, wave.id, rng, nonresponse), wave.id)
        never = sorted(study.not_asked(wave.id))
        tables.append(table.assign(**{item: pd.array([None] * len(table), dtype="Int16") for item in never}))
    return pd.concat(tables, ignore_index=True)


def truths(study: Study, country: Country) -> Mapping[tuple[str, str], float]:
    """Give the true value of every indicator in every wave in which all its items were asked."""
    table = truth_table(study, country)
    return dict(zip(zip(table["indicator"], table["wave"], strict=True), table["truth"], strict=True))


def truth_table(study: Study, country: Country) -> pd.DataFrame:
    """Give the true value of every indicator and wave, and its true change since the wave before."""
    import pandas as pd

    rows = []
    for one in study.definitions:
        before: float | None = None
        for wave in study.waves:
            never = study.not_asked(wave.id)
            truth = None if never & set(one.needs()) else true_value(country, wave.id, one, study.instrument(wave.id))
            if truth is None:
                continue
            rows.append(
                {
                    "data_status": "synthetic",
                    "indicator": one.id,
                    "unit": one.unit,
                    "wave": wave.id,
                    "truth": truth.value,
                    "true_change": None if before is None else truth.value - before,
                    "persons": truth.persons,
                }
            )
            before = truth.value
    return pd.DataFrame(rows)


def _zipped(text: str) -> bytes:
    """Compress without a date or a name, so that equal texts give equal bytes."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=9, mtime=0) as stream_:
        stream_.write(text.encode())
    return buffer.getvalue()
