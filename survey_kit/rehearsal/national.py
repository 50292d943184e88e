"""The files of the national rehearsal: eleven waves of answers, the issued cases, a field to follow, the population's totals, and the truth.

The answers are large and can be made again to the byte, so they are not kept with the study but made where they are missing; their digests
are kept, and what is made is held against them.
"""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from survey_kit.errors import StudyError
from survey_kit.files import write_bytes, write_text
from survey_kit.rehearsal.answering import Teller, make_teller
from survey_kit.rehearsal.field import REHEARSAL, Field, Scenario, hold_field
from survey_kit.rehearsal.national_field import CONTACTS, FRAME, ISSUED, field_tables
from survey_kit.rehearsal.population import Population, build_population
from survey_kit.rehearsal.sampled import draw_wave
from survey_kit.rehearsal.true_values import true_table
from survey_kit.rehearsal.waves import ROUNDS, Wave, wave_of, years_older
from survey_kit.rehearsal.weighted import population_totals
from survey_kit.study import Study, read_study

if TYPE_CHECKING:
    import pandas as pd

INSTRUMENT = "kazakhstan_annual"
ANSWERS, CASES = "synthetic_answers.csv.gz", "synthetic_cases.csv.gz"  # made where they are missing
TOTALS, TRUTH, DIGESTS = "synthetic_population.yaml", "synthetic_truth.csv", "synthetic_digests.txt"
KNOWN = ("case", "wave", "data_status", "area", "stratum", "region_then", "p_area", "p_dwelling", "known", "eligible")


def write_national(folder: Path | str, seed: int = 16, *, record: bool = False) -> tuple[Path, ...]:
    """Write the files of the national rehearsal into ``data/`` of the folder of its study.

    Parameters
    ----------
    folder
        The folder that holds ``study.yaml``.
    seed
        Of the country, its samples and fields.
    record
        Whether to write the digests, the population's totals and the truth as well; without it, answers and cases alone are made and held
        against the digests.

    Returns
    -------
    paths
        The files written.

    Raises
    ------
    StudyError
        If the study is not the national rehearsal, or what is made is not what the digests say.
    """
    study = read_study(folder)
    numbers = _waves(study)
    teller = make_teller(build_population(seed), study.instrument(study.waves[0].id))
    home = Path(study.folder) / "data"
    made = {ANSWERS: bytearray(), CASES: bytearray()}
    told: list[str] = []
    for number in numbers:
        for name, table in zip(made, wave_tables(teller, number), strict=True):
            text = _text(table)
            told.append(f"{hashlib.sha256(text).hexdigest()}  {name[:-3]}, {wave_of(number).name}")
            made[name] += text if not made[name] else text[text.index(b"\n") + 1 :]
    for name, table in field_tables(teller.population, numbers[-1]).items():
        made[name] = bytearray(_text(table))
        told.append(f"{hashlib.sha256(made[name]).hexdigest()}  {name[:-3]}, {wave_of(numbers[-1]).name}")
    if not record:
        _agree(home / DIGESTS, told)
    written = [write_bytes(home / name, _zipped(bytes(text))) for name, text in made.items()]
    if record:
        truth = true_table(teller, study.definitions, numbers)
        written.append(write_text(home / TOTALS, "".join(totals_text(teller.population, numbers))))
        written.append(write_text(home / TRUTH, truth.to_csv(index=False, lineterminator="\n", float_format="%.6f")))
        written.append(write_text(home / DIGESTS, "".join(f"{line}\n" for line in told)))
    return tuple(written)


def national(study: Study) -> bool:
    """Tell whether a study is the national rehearsal."""
    return study.data_status == "synthetic" and study.instrument(study.waves[0].id).id == INSTRUMENT


def lacking(study: Study) -> bool:
    """Tell whether answers, cases or files of the field of the national rehearsal still have to be made."""
    made = (ANSWERS, CASES, FRAME, ISSUED, CONTACTS)
    return national(study) and not all((Path(study.folder) / "data" / name).is_file() for name in made)


def wave_tables(
    teller: Teller, number: int, scenario: Scenario = REHEARSAL, *, seed: int | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw, hold and ask a wave.

    Parameters
    ----------
    teller
        The country and its questionnaire.
    number
        The wave.
    scenario
        What the field does.
    seed
        Of the sample and the field; the country's own unless told. Another seed is another survey of the same people.

    Returns
    -------
    answers : (r rows)
        One row for each interview: case, wave and every item of the questionnaire.
    cases : (c rows)
        One row for each dwelling drawn: what is known of it before and after the field, and of respondents the keys of the raking.
    """
    country = teller.population
    held = hold_field(country, draw_wave(country, number, seed=seed), scenario, seed=seed, log=False)
    return _answers(teller, held), _cases(held)


def _answers(teller: Teller, held: Field) -> pd.DataFrame:
    country, who = teller.population, held.respondents
    copied = np.where(held.copied >= 0, held.copied, np.arange(len(held.person)))
    told = teller.tell(held.wave, held.person[copied], effect=held.effect[copied]).frame()
    today = np.array([one.region for one in country.districts])[country.areas.district][
        country.people.area[held.person]
    ]
    first: Mapping[str, object] = {
        "case": who["case"],
        "wave": who["wave"],
        "data_status": "synthetic",
        "region": today,
        "interviewer": np.unique(who["interviewer"].to_numpy(), return_inverse=True)[1] + 1,
    }
    named = [item.id for item in teller.instrument.items if item.id not in {*first, "psu"} and item.type != "text"]
    known = {name: told.get(name) for name in named}
    import pandas as pd

    return pd.DataFrame({**first, **known})


def _cases(held: Field) -> pd.DataFrame:
    cases = held.cases.rename(columns={"psu": "area", "region": "region_then"})
    key = cases["sex"].astype(str) + "-" + cases["age_group"].astype(str)
    out = cases[list(KNOWN)].assign(members=cases["members"], sex_age=key.where(cases["sex"].notna(), None))
    whole = {name: out[name].astype(int) for name in ("known", "eligible")}
    return out.assign(**whole, p_area=out["p_area"].round(9), p_dwelling=out["p_dwelling"].round(9))


def totals_text(population: Population, numbers: tuple[int, ...]) -> Iterator[str]:
    """Give the file of targets: the made-up country by stratum, for each list of regions, and by sex and age, for each age it has reached."""
    yield "schema: survey-kit/targets/1\nid: synthetic_population\ntitle: Adults of the made-up country\n"
    yield "date: 2023-01-01\nsource: The seeded superpopulation of the rehearsal; nobody lives there\nlicence: CC0\nmargins:\n"
    seen: set[str] = set()
    for number in numbers:
        totals = population_totals(population, number)
        for name, margin in zip(("stratum", "sex_age"), margins_of(number), strict=True):
            if margin not in seen:
                seen.add(margin)
                counts = ", ".join(f'"{key}": {count}' for key, count in totals[name].items())
                yield f"  {margin}: {{by: {name}, totals: {{{counts}}}}}\n"


def margins_of(number: int) -> tuple[str, str]:
    """Name the margins that a wave is raked to.

    Examples
    --------
    >>> margins_of(5)
    ('stratum_17', 'sex_age_1')
    """
    return f"stratum_{wave_of(number).regions}", f"sex_age_{years_older(number)}"


# ------------------------------------------------------------------------------------------------------------- inside
def _waves(study: Study) -> tuple[int, ...]:
    known: Mapping[str, Wave] = {wave.name: wave for wave in ROUNDS}
    unknown = [wave.id for wave in study.waves if wave.id not in known]
    if not national(study) or unknown:
        raise StudyError(
            "This study is not the national rehearsal.",
            where=str(study.path),
            found=f"wave '{unknown[0]}'" if unknown else f"instrument '{study.instrument(study.waves[0].id).id}'",
            fix=f"Write 'data_status: synthetic', 'instrument: {INSTRUMENT}' and waves {ROUNDS[0].name} to {ROUNDS[-1].name}.",
        )
    return tuple(known[wave.id].number for wave in study.waves)


def _agree(path: Path, told: list[str]) -> None:
    """Refuse answers that are not those the study was published with."""
    recorded = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    other = [line for line in told if line not in recorded]
    if other:
        raise StudyError(
            "The answers that were made are not those of the study.",
            where=str(path),
            found=f"another digest of {other[0].partition('  ')[2]}",
            fix="If the change is meant, run 'python -m survey_kit.rehearsal FOLDER --record' and commit what it writes.",
        )


def _text(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, lineterminator="\n").encode()


def _zipped(text: bytes) -> bytes:
    """Compress without a date or a name, so that equal texts give equal bytes."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=4, mtime=0) as stream_:
        stream_.write(text)
    return buffer.getvalue()
