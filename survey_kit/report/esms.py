"""The quality report of a study: the concepts of the European metadata structure, as its author states them or the data tell them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from survey_kit.indicators.rows import CONFIDENCE
from survey_kit.language import words
from survey_kit.report.edition import USE, read_edition
from survey_kit.report.sentences import marked
from survey_kit.study.quality_file import CONCEPTS, OPTIONAL

if TYPE_CHECKING:
    import pandas as pd

    from survey_kit.report.book import Published

#: Concepts that an element of the AAPOR Code answers.
FROM_METHOD: Final[dict[str, str]] = {
    "statistical_population": "population",
    "source_data": "strategy",
    "data_collection": "modes",
    "data_validation": "processing",
    "data_compilation": "processing",
    "adjustment": "weighting",
    "overall_accuracy": "limitations",
}
#: Concepts that are told with figures, which bear the mark of synthetic data.
FIGURES: Final = (
    *("data_description", "time_coverage", "confidentiality_treatment", "completeness", "sampling_error"),
    *("nonsampling_error", "comparability_over_time", "revision_practice"),
)
#: Concepts that a release tells.
AT_RELEASE: Final = ("metadata_posted", "metadata_updated", "user_access", "revision_practice")
COLUMNS: Final = ("study", "data_status", "language", "scheme", "number", "id", "name", "status", "text")


def told(book: Published) -> dict[str, str]:
    """Give what the data and the study's method tell of concepts that nobody has to write.

    Parameters
    ----------
    book
        The built study, in the language of the sentences.

    Returns
    -------
    dict
        A text by concept; concepts of which the data tell nothing are left out.
    """
    info = book.info
    say = words(USE, info.language)
    out = {concept: info.method[name] for concept, name in FROM_METHOD.items() if info.method.get(name, "").strip()}
    waves = [info.wave_label(wave.id) for wave in info.waves]
    few = info.show
    out["data_description"] = say(
        "told_description",
        indicators=few.count(len(info.indicators)),
        waves=few.count(len(waves)),
        domains=few.count(len(info.domains)),
    )
    out["time_coverage"] = say("told_waves", waves=few.count(len(waves)), first=waves[0], last=waves[-1])
    if info.baseline:
        out["base_period"] = say("told_base", wave=info.wave_label(info.baseline))
    units = [say(f"unit_{unit}") for unit in dict.fromkeys(str(one) for one in book.rows["unit"])]
    out["unit_of_measure"] = "; ".join(units) + "."
    out["methodology_documents"] = say("told_methodology")
    out["quality_documents"] = say("told_quality")
    out |= _errors(book) | _withheld(book) | _series(book) | _released(book)
    return {name: marked(info, text) if name in FIGURES else text for name, text in out.items()}


def concepts(book: Published) -> dict[str, tuple[str, str]]:
    """Give every concept with its text and where it is from: ``stated``, ``told`` (by the data), ``lacking`` or ``optional``.

    A stated text comes first; of sampling and nonsampling error, time series and revisions the data's own sentence follows it.
    """
    from_data = told(book)
    out = {}
    for name in CONCEPTS:
        texts = book.info.quality.get(name, {})
        stated = (texts.get(book.info.language) or next(iter(texts.values()), "")).strip()
        own = from_data.get(name, "")
        added = (
            own
            if name in {"sampling_error", "nonsampling_error", "comparability_over_time", "revision_practice"}
            else ""
        )
        if stated:
            out[name] = (" ".join(filter(None, (stated, added))), "stated")
        elif own and name != "nonsampling_error":  # missing answers alone do not tell coverage and measurement
            out[name] = (own, "told")
        else:
            out[name] = ("", "optional" if name in OPTIONAL else "lacking")
    return out


def lacking(book: Published) -> tuple[str, ...]:
    """Name the concepts that are neither stated nor told by the data.

    Everything is lacking that only its author can say, in a study without a ``quality.yaml``.
    """
    return tuple(name for name, (_, origin) in concepts(book).items() if origin == "lacking")


def table(book: Published) -> pd.DataFrame:
    """Give the quality report as a table: the elements of the AAPOR Code, then the concepts of the ESMS."""
    import pandas as pd

    from survey_kit.report.info import METHOD

    info = book.info
    say = words(USE, info.language)
    records: list[dict[str, Any]] = []

    def add(scheme: str, number: str, name: str, label: str, text: str, origin: str) -> None:
        records.append(
            {
                "study": info.id,
                "data_status": info.data_status,
                "language": info.language,
                "scheme": scheme,
                "number": number,
                "id": name,
                "name": label,
                "status": origin,
                "text": text,
            }
        )

    for k, name in enumerate(METHOD, 1):
        text = info.method.get(name, "").strip()
        add("AAPOR 2021", str(k), name, info.say(f"method_{name}"), text, "stated" if text else "lacking")
    for name, (text, origin) in concepts(book).items():
        number, code = CONCEPTS[name]
        add("ESMS 2.0", number, code, say(f"concept_{name}"), text, origin)
    return pd.DataFrame(records, columns=list(COLUMNS))


# ---------------------------------------------------------------------------------------------------- from the rows
def latest(book: Published) -> pd.DataFrame:
    """Give the rows of everybody in the last wave that have a figure."""
    rows = book.rows
    last = rows["wave_order"].max()
    keep: pd.Series[bool] = (rows["wave_order"] == last) & (rows["domain"] == "") & rows["estimate"].notna()
    return rows.loc[keep]


def _errors(book: Published) -> dict[str, str]:
    """Tell sampling error by the coefficients of variation, and missing answers by their shares."""
    say, few = words(USE, book.info.language), book.info.show
    rows = latest(book)
    if rows.empty:
        return {}
    wave = book.info.wave_label(str(rows["wave"].iloc[0]))
    out = {}
    cv = rows["cv"].astype("float64").abs().dropna()
    if len(cv):
        out["sampling_error"] = say(
            "told_sampling",
            wave=wave,
            figures=few.count(len(cv)),
            median=few.decimal(100 * float(cv.median())),
            largest=few.decimal(100 * float(cv.max())),
            level=few.decimal(100 * CONFIDENCE, 0),
        )
    silent = rows["nonresponse"].astype("float64").dropna()
    if len(silent):
        top = rows.iloc[int(rows["nonresponse"].astype("float64").fillna(-1.0).to_numpy().argmax())]
        out["nonsampling_error"] = say(
            "told_missing",
            wave=wave,
            median=few.decimal(100 * float(silent.median())),
            largest=few.decimal(100 * float(silent.max())),
            indicator=book.info.indicator(str(top["indicator"])).title,
        )
    return out


def _withheld(book: Published) -> dict[str, str]:
    say, few = words(USE, book.info.language), book.info.show
    counts = withheld(book.rows)
    secret, weak = few.count(counts["confidential"]), few.count(counts["unreliable"])
    whole = few.count(len(book.rows))
    return {
        "confidentiality_treatment": say("told_confidential", count=secret, whole=whole)
        if counts["confidential"]
        else say("told_open"),
        "completeness": say("told_completeness", confidential=secret, unreliable=weak, whole=whole),
    }


def withheld(rows: pd.DataFrame) -> dict[str, int]:
    """Count the figures that are not published: ``confidential`` and ``unreliable``."""
    gone = rows["reliability"] == "suppress"
    secret = gone & (rows["reliability_rule"] == "confidential")
    return {"confidential": int(secret.sum()), "unreliable": int((gone & ~secret).sum())}


def _series(book: Published) -> dict[str, str]:
    """Tell how many waves of every indicator can be compared up to the last one, and which breaks there are."""
    say, few, info = words(USE, book.info.language), book.info.show, book.info
    lengths = lengths_of(book.rows)
    if not lengths:
        return {}
    values = sorted(lengths.values())
    parts = [
        say(
            "told_length",
            waves=few.count(len(info.waves)),
            full=few.count(sum(one == len(info.waves) for one in values)),
            indicators=few.count(len(values)),
            shortest=few.count(values[0]),
        )
    ]
    breaks = [info.wave_label(wave.id) for wave in info.waves if wave.break_kind]
    parts.append(say("told_breaks", waves=", ".join(breaks)) if breaks else say("told_no_breaks"))
    return {"comparability_over_time": " ".join(parts)}


def lengths_of(rows: pd.DataFrame) -> Mapping[str, int]:
    """Count, for every indicator, the waves up to the last that can be compared: back to its last break, itself included.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"indicator": "a", "domain": "", "wave_order": [1, 2, 3], "status": "ok", "break": ["", "mode", ""]})
    >>> lengths_of(rows)
    {'a': 2}
    """
    out: dict[str, int] = {}
    everybody = rows[(rows["domain"] == "") & (rows["status"] != "not_asked")]
    for name, part in everybody.groupby("indicator", sort=False):
        length = 0
        for broken in part.sort_values("wave_order", ascending=False)["break"].fillna("").tolist():
            length += 1
            if broken:
                break
        out[str(name)] = length
    return out


def _released(book: Published) -> dict[str, str]:
    """Tell what the release itself says: who saw it early, and what was revised."""
    say, few = words(USE, book.info.language), book.info.show
    edition = read_edition(book.folder)
    if edition is None:
        return dict.fromkeys(AT_RELEASE, say("told_at_release"))
    if edition.access:
        people = "; ".join(f"{one.name}, {one.role} ({one.hours} h)" for one in edition.access)
        access = say("told_access", people=people)
    else:
        access = say("told_no_access")
    count = sum(edition.revised.values())
    if not edition.previous:
        practice = say("told_first")
    else:
        practice = say("told_revised", count=few.count(count), previous=edition.previous)
    posted = dict.fromkeys(("metadata_posted", "metadata_updated"), edition.released)
    return {**posted, "user_access": access, "revision_practice": practice}
