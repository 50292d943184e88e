"""An invented study in the rows' own columns: breaks, gaps, suppressed figures, 20 regions, 33 waves."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pandas as pd
import pytest

from survey_kit.indicators.rows import COLUMNS
from survey_kit.report.book import Published, published, write
from survey_kit.report.info import (
    DomainInfo,
    IndicatorInfo,
    MissingInfo,
    ProblemInfo,
    SampleInfo,
    StudyInfo,
    WaveInfo,
)

# what every suppressed row holds: it may appear nowhere
SECRETS = {
    "estimate": 0.9637891,
    "ci_low": 0.0967891,
    "ci_high": 0.9967891,
    "bound_low": 0.9437891,
    "bound_high": 0.9837891,
}
SECRET_TEXT = re.compile(r"0?\.96378|0?\.09678|0?\.99678|0?\.94378|0?\.98378|\b(?:96\.4|9\.7|99\.7|94\.4|98\.4)\b")


def one_row(info: StudyInfo, about: IndicatorInfo, wave: WaveInfo, p: float, **more: object) -> dict[str, object]:
    se = 0.015
    row: dict[str, object] = dict.fromkeys(COLUMNS) | {
        "study": info.id, "data_status": info.data_status, "theme": about.theme, "indicator": about.id,
        "kind": about.kind, "direction": "up", "unit": about.unit, "wave": wave.id, "year": wave.year,
        "wave_order": wave.order, "domain": "", "level": "", "level_label": "", "estimate": p, "se": se,
        "ci_low": p - 1.98 * se, "ci_high": p + 1.98 * se, "confidence": 0.95, "interval": "wald", "df": 120.0,
        "n": 1478, "n_effective": p * (1 - p) / se**2, "weight_sum": 1478.0, "deff": 1.5, "deff_reference": "srswr",
        "cv": se / p, "asked_n": 1500, "dont_know": 0.031, "refused": 0.012, "no_answer": 0.002, "other_missing": 0.0,
        "nonresponse": 0.045, "bound_low": p * 0.955, "bound_high": p * 0.955 + 0.045, "status": "ok",
        "reliability": "publish", "reliability_rule": "nchs2017", "break": wave.break_kind or None,
        "break_note": wave.break_note or None,
    }  # fmt: skip
    return row | more


def change(row: dict[str, object], against: str, base: dict[str, object], wording: str, reason: str = "") -> None:
    delta = float(row["estimate"] or 0) - float(base["estimate"] or 0)
    half = abs(delta) * 0.6 if wording in {"rose", "fell"} else abs(delta) + 0.04
    row |= {
        f"{against}_wave": base["wave"], f"{against}_change": delta, f"{against}_se": 0.02, f"{against}_df": 240.0,
        f"{against}_ci_low": delta - half, f"{against}_ci_high": delta + half, f"{against}_p": 0.01 if wording == "rose" else 0.4,
        f"{against}_family": "trust", f"{against}_family_size": 3, f"{against}_p_adjusted": 0.02 if wording == "rose" else 0.6,
        f"{against}_fcr_level": 0.9667, f"{against}_fcr_low": delta - half, f"{against}_fcr_high": delta + half,
        f"{against}_detectable": 0.056, f"{against}_nonresponse_shift": 0.004, f"{against}_wording": wording,
        f"{against}_reason": reason or None,
    }  # fmt: skip


def study(status: str = "real") -> StudyInfo:
    waves = (
        WaveInfo(id="2014", label="2014", year=2014, order=1),
        WaveInfo(id="2016/17", label="2016/17", year=2017, order=2),
        WaveInfo(id="2018/19", label="2018/19", year=2019, order=3),
        WaveInfo(
            id="2021",
            label="2021",
            year=2021,
            order=4,
            break_kind="mode",
            break_note="telephone instead of face to face",
        ),
        WaveInfo(id="2023", label="2023", year=2023, order=5),
    )
    indicators = (
        IndicatorInfo(id="congress", title="Trust in the National Congress", theme="trust", saying="trust the National Congress",
                      question="To what extent do you trust the National Congress?", answers="5, 6 or 7 of 7",
                      base="answered", dont_know="exclude", interval="wald", family="trust", direction="up"),
        IndicatorInfo(id="court", title="Trust in the Supreme Court", theme="trust", family="trust"),
        IndicatorInfo(id="parties", title="Trust in <b>parties</b> & *others*", theme="trust", family="trust"),
        IndicatorInfo(id="bribe", title="Paid a bribe", theme="corruption", unit="ratio", kind="ratio", sensitive=True,
                      saying="paid a bribe, of those who had contact"),
        IndicatorInfo(id="norms", title="Readiness to obey the law", theme="legal_culture", unit="points", kind="mean100"),
    )  # fmt: skip
    sample = tuple(
        SampleInfo(wave=one.id, interviews=1500, psus=125, strata=5, df=120.0, weight_min=0.2, weight_max=3.1, kish=1.2)
        for one in waves
    )
    return StudyInfo(
        id="toy", title="A toy study", data_status=status, waves=waves, indicators=indicators, baseline="2014",
        domains=(DomainInfo(id="region", label="Region"), DomainInfo(id="sex", label="Sex")),
        families={"trust": ("congress", "court", "parties")}, sample=sample, producer="Nobody", terms="None",
        cite="Nobody (2023). A toy study.", method={"strategy": "A survey."},
        assumptions={"overlap": "none", "lonely_psu": "adjust"},
        problems=(ProblemInfo(code="R003", severity="note", wave="2021", column="b13", count=3, message="Code 55 is not known."),),
        missing=(MissingInfo(wave="2023", item="b13", asked=1500, answered=1400, reasons={"dont_know": 60, "refused": 40}),),
        notes=("The interviews of 2021 were held by telephone.",),
    )  # fmt: skip


def study_rows(info: StudyInfo) -> pd.DataFrame:
    rows = []
    for i, about in enumerate(info.indicators):
        before: dict[str, object] | None = None
        first: dict[str, object] | None = None
        for wave in info.waves:
            p = 0.3 + 0.05 * i + 0.03 * math.sin(wave.order + i)
            row = one_row(info, about, wave, p)
            if about.unit == "points":
                row |= {"estimate": 100 * p, "se": 1.5, "ci_low": 100 * p - 3, "ci_high": 100 * p + 3, "bound_low": None,
                        "bound_high": None}  # fmt: skip
            if about.id == "court" and wave.id in {"2014", "2021"}:
                row |= dict.fromkeys(["estimate", "se", "ci_low", "ci_high", "n", "n_effective"])
                row |= {"status": "not_asked", "reliability": "none", "n": 0, "previous_wording": None}
                rows.append(row)
                continue
            if about.id == "parties" and wave.id == "2016/17":
                row |= SECRETS | {"se": 0.2, "n": 21, "reliability": "suppress",
                                  "reliability_reason": "effective sample size under 30"}  # fmt: skip
            if before is None:
                row |= {"previous_wording": "first", "baseline_wording": "first"}
            else:
                reason = ""
                wording = "rose" if row["estimate"] > before["estimate"] else "no_significant_change"
                since_first = "rose" if row["estimate"] > first["estimate"] else "no_significant_change"
                if "suppress" in {row["reliability"], before["reliability"]}:
                    wording, reason = "not_published", "One of the two figures is not published."
                elif wave.break_kind:
                    wording, reason = "cannot_be_compared", "The way of interviewing changed in 2021 (telephone)."
                change(row, "previous", before, wording, reason)
                stopped = wording in {"not_published", "cannot_be_compared"}
                hidden = "suppress" in {row["reliability"], first["reliability"]}
                overall = "not_published" if hidden else "cannot_be_compared" if stopped else since_first
                change(row, "baseline", first, overall, reason)
            before, first = row, first or row
            rows.append(row)
            if wave is info.waves[-1]:
                rows += domain_rows(info, about, wave, row)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def domain_rows(
    info: StudyInfo, about: IndicatorInfo, wave: WaveInfo, all_: dict[str, object]
) -> list[dict[str, object]]:
    out = []
    levels = [("region", str(k), f"Region {k}") for k in range(1, 21)] + [("sex", "1", "Men"), ("sex", "2", "Women")]
    for k, (domain, level, label) in enumerate(levels):
        scale = 100 if about.unit == "points" else 1
        p = 0.3 + 0.01 * k
        row = one_row(info, about, wave, p * scale, domain=domain, level=level, level_label=label, n=70 + k)
        row |= {"ci_low": (p - 0.06) * scale, "ci_high": (p + 0.06) * scale, "previous_wording": "no_significant_change",
                "previous_wave": all_["previous_wave"], "previous_change": 0.01, "previous_fcr_low": -0.05,
                "previous_fcr_high": 0.07, "previous_p": 0.3, "previous_p_adjusted": 0.8}  # fmt: skip
        if level == "7":
            row |= dict.fromkeys([name for name in row if name.startswith("previous_")])
            row |= {name: value * scale for name, value in SECRETS.items()}
            row |= {"previous_wording": "not_published", "previous_reason": "One of the two figures is not published.",
                    "reliability": "suppress", "reliability_reason": "fewer than 30"}  # fmt: skip
        if level == "8":
            row |= {"reliability": "caution", "reliability_reason": "the interval is wide"}
        out.append(row)
    return out


def long_study(n_waves: int = 33, n_indicators: int = 13) -> tuple[StudyInfo, pd.DataFrame]:
    base = study()
    waves = tuple(
        WaveInfo(id=str(1972 + int(1.6 * k)), label=str(1972 + int(1.6 * k)), year=1972 + int(1.6 * k), order=k + 1,
                 break_kind="mode" if k == n_waves - 3 else "")
        for k in range(n_waves)
    )  # fmt: skip
    about = tuple(
        IndicatorInfo(id=f"item{i}", title=f"Confidence in institution number {i}", theme="trust")
        for i in range(n_indicators)
    )
    info = replace(base, waves=waves, indicators=about, baseline=waves[0].id, sample=(), families={})
    return info, study_rows(info)


def unblanked(book: Published, rows: pd.DataFrame) -> Published:
    """Give the book with the numbers still in it that `write` takes out: no element may rely on their absence."""
    kept = book.rows.columns
    texts = [name for name in kept if book.rows[name].dtype.kind not in "iuf" and name not in {"year", "n"}]
    raw = rows[list(kept)].copy()
    return replace(book, rows=raw.assign(**{name: raw[name].fillna("") for name in texts if raw[name].dtype == object}))


@pytest.fixture
def raw(tmp_path) -> Published:
    info = study()
    rows = study_rows(info)
    write(tmp_path / "raw", rows, info)
    return unblanked(published(tmp_path / "raw"), rows)


@pytest.fixture
def rated(tmp_path) -> Published:
    info = replace(study("synthetic"), id="rated", ratings="KAZ", compare=("KGZ", "UZB", "EST"))
    write(tmp_path / "rated", study_rows(info), info)
    return published(tmp_path / "rated")


@pytest.fixture
def secret() -> re.Pattern[str]:
    return SECRET_TEXT


@pytest.fixture
def real(tmp_path) -> Published:
    info = study()
    write(tmp_path / "toy", study_rows(info), info)
    return published(tmp_path / "toy")


@pytest.fixture
def synthetic(tmp_path) -> Published:
    info = study("synthetic")
    write(tmp_path / "rehearsal", study_rows(info), info)
    return published(tmp_path / "rehearsal")


@pytest.fixture
def large(tmp_path) -> Published:
    info, rows = long_study()
    write(tmp_path / "large", rows, info)
    return published(tmp_path / "large")
