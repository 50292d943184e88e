"""Bad data and bad designs: typed errors of a few lines that name column, level and remedy, and notes that stay with results.

Every test would catch an error of another library that slips through, a warning that is only printed, or a number computed
from what should have been refused.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk
from survey_kit.errors import DesignError, EstimationError, FrameError, SurveyKitError


def people(n: int = 240) -> pd.DataFrame:
    """Six strata of four towns; answers of every awkward kind."""
    rng = np.random.default_rng(1)
    town = np.repeat(np.arange(24), n // 24)
    frame = pd.DataFrame(
        {
            "w": rng.uniform(0.5, 2, n),
            "h": town // 4,
            "town": town,
            "year": 2023 + np.arange(n) % 2,
            "x": rng.normal(size=n),
            "income": rng.lognormal(size=n),
            "y": rng.integers(0, 2, n),
            "k": rng.integers(1, 5, n),
            "region": rng.choice(["a", "b", "c"], n),
            "sex": rng.choice(["m", "f"], n),
            "words": rng.choice(["no", "maybe"], n),
            "nobody": np.nan,
            "lists": [[1, 2]] * n,
            "complex": rng.normal(size=n) + 1j,
            "huge": 1e200 * rng.normal(size=n),
            "infinite": np.where(np.arange(n) == 3, np.inf, 1.0),
            "date": pd.to_datetime("2024-01-01") + pd.to_timedelta(rng.integers(0, 5, n), "D"),
            "adult": rng.random(n) < 0.8,
            "дауыс": rng.integers(0, 2, n),
            "Өңір": rng.choice(["Алматы", "Астана"], n),
            "age group": rng.normal(size=n),
        }
    )
    return frame.assign(
        separated=(frame["x"] > 0).astype(int), constant=1, fixed=np.where(frame["region"] == "a", 1, frame["y"])
    )


FRAME = people()


def design(frame: pd.DataFrame = FRAME, **options: object) -> sk.Design:
    return sk.Design(frame, **{"weight": "w", "strata": "h", "psu": "town", **options})


def refused(call, *words: str, kind: type[SurveyKitError] = SurveyKitError) -> None:
    """The call raises one error of the kind, of at most five lines, with these words."""
    with pytest.raises(kind) as caught:
        call()
    told = str(caught.value)
    assert len(told.splitlines()) <= 5, told
    for word in words:
        assert re.search(word, told), told


def with_weight(value: float) -> pd.DataFrame:
    return FRAME.assign(w=np.where(np.arange(len(FRAME)) == 7, value, FRAME["w"]))


# ------------------------------------------------------------------------------------------------------------- designs
@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, ("zero", "'w', first in row 8", "1 of 240")),
        (-2.0, ("negative", "'w', first in row 8", "-2")),
        (np.nan, ("missing", "'w', first in row 8")),
        (np.inf, ("infinite", "'w', first in row 8")),
        (1e59, ("too large or too small", "'w', first in row 8")),
        (5e-324, ("too large or too small", "'w', first in row 8")),
    ],
)
def test_weights(value, words):
    refused(lambda: design(with_weight(value)), *words, "to do")


def test_units_strata_and_populations():
    refused(lambda: design(FRAME.assign(town=FRAME["town"] % 5)), "two strata", "PSU 0", "nest=True", kind=DesignError)
    refused(lambda: design(FRAME.assign(N=3), fpc="N"), "'N'", "4", kind=DesignError)
    refused(
        lambda: design(FRAME.assign(h=FRAME["town"])),
        "only one sampling unit",
        "stratum 0",
        "lonely_psu",
        kind=DesignError,
    )
    refused(lambda: design(wave="yaer"), "no column 'yaer'", "did you mean 'year'")
    refused(lambda: design(lonely_psu="Adjust"), "did you mean 'adjust'")
    refused(lambda: design(FRAME.head(0)), "no rows")
    refused(lambda: design(FRAME.head(1)), "only one sampling unit")


def test_replicate_weights_of_another_base():
    frame = FRAME.assign(r1=FRAME["w"] * 2, r2=FRAME["w"] * 2.1)
    columns = sk.Replicates.given("r[12]", method="JK1")
    refused(
        lambda: design(frame, replicates=columns),
        "do not match the weight 'w'",
        "2.05 times",
        "combined",
        kind=DesignError,
    )
    short = sk.Replicates(weights=np.ones((3, 4)), scale=1.0)
    refused(lambda: design(replicates=short), "3", "240", kind=DesignError)
    refused(lambda: design(replicates="r[12]"), "Replicates.given")
    refused(lambda: sk.Replicates(factors=np.ones((24, 4)), scale="one"), "scale")
    refused(lambda: sk.Replicates(weights=np.ones((240, 4)) + 1j, scale=1.0), "numbers")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weight": None}, "'weight' names one column"),
        ({"weight": FRAME["w"]}, "'weight' names one column"),
        ({"psu": 3}, "'psu' names a column"),
        ({"strata": ()}, "'strata' names a column"),
        ({"wave": ("year",)}, "'wave' names one column"),
        ({"nest": "yes"}, "'nest' is True or False"),
        ({"calibration": "raking"}, "steps that were made by calibrating"),
        ({"pps": "x"}, "sk.Pps"),
        ({"overlap": "unit", "wave": "year", "psu": None}, "'case'"),
        ({"strata": "lists"}, "cannot be put into groups"),
        ({"weight": "words"}, "does not hold numbers"),
    ],
)
def test_declarations(options, words):
    refused(lambda: design(**options), words)


def test_a_list_of_stages_is_a_tuple_of_stages():
    frame = FRAME.assign(house=np.arange(len(FRAME)) // 2)
    listed, tupled = (design(frame, psu=kind(["town", "house"]), strata=kind(["h", None])) for kind in (list, tuple))
    assert listed.psu == tupled.psu
    assert sk.mean(listed, "x").table.equals(sk.mean(tupled, "x").table)


@pytest.mark.parametrize("frame", [None, 3, "people.csv", {"w": [1]}, FRAME["w"], FRAME.to_numpy(), pd.DataFrame()])
def test_what_is_no_frame(frame):
    refused(lambda: design(frame))


def test_names_of_columns():
    refused(lambda: design(pd.concat([FRAME, FRAME[["x"]]], axis=1)), "same name", "'x'", kind=FrameError)
    refused(lambda: design(FRAME.rename(columns={"x": "W"})), "but for case", "'w' and 'W'", kind=FrameError)
    table = sk.mean(design(), "дауыс", by="Өңір").table
    assert table["Өңір"].tolist() == ["Алматы", "Астана"]
    refused(lambda: sk.mean(design(), "дауыс", by="Оңір"), "did you mean 'Өңір'")


def test_ids_beyond_whole_floats_stay_apart():
    frame = FRAME.assign(town=2**62 + FRAME["town"])
    assert design(frame).df == design().df


# ------------------------------------------------------------------------------------------------------------- statistics
STATISTICS = [sk.mean, sk.total, sk.variance, sk.sd, sk.gini, sk.mean_absolute_deviation, sk.quantile, sk.median, sk.grouped_median, sk.cdf]  # fmt: skip


@pytest.mark.parametrize("statistic", [*STATISTICS, sk.proportion, sk.count], ids=lambda f: f.__name__)
def test_every_statistic_refuses_alike(statistic):
    d = design()
    refused(lambda: statistic(d, "incme"), "no column 'incme'", "did you mean 'income'")
    refused(lambda: statistic(d, "k", by="regoin"), "did you mean 'region'")
    refused(lambda: statistic(d, "k", where="x"), "'x'", "true or false")
    refused(lambda: statistic(d, "k", where=FRAME["adult"]), "where", "frame")
    refused(lambda: statistic(d, "k", missing="Exclude"), "did you mean 'exclude'")
    refused(lambda: statistic(d, "k", level=95), "between 0 and 1", "0.95 for 95 %")
    refused(lambda: statistic(d, "k", level=1), "between 0 and 1")
    refused(lambda: statistic(d, "k", by="estimate"), "column of the result")
    refused(lambda: statistic(d, "k", by=("sex", "sex")), "twice")
    refused(lambda: statistic(d, "k", by="nobody"), "'nobody' is missing in every row")
    refused(lambda: statistic(d, "lists"))
    refused(lambda: statistic(FRAME, "k"), "not a design", "DataFrame", "sk.Design")
    for wrong in (None, (), 3, {"k": 1}, FRAME["k"], b"k"):
        refused(lambda y=wrong: statistic(d, y))


@pytest.mark.parametrize("statistic", STATISTICS, ids=lambda f: f.__name__)
def test_numbers_are_needed(statistic):
    d = design()
    refused(lambda: statistic(d, "words"), "does not hold numbers", "'words'", kind=FrameError)
    refused(lambda: statistic(d, "date"), "does not hold numbers", kind=FrameError)
    refused(lambda: statistic(d, "complex"), "does not hold numbers", kind=FrameError)
    refused(lambda: statistic(d, "infinite"), "infinite", "first in row 4", kind=FrameError)
    refused(lambda: statistic(d, "huge"), "beyond 1e\\+60", kind=FrameError)
    refused(lambda: statistic(d, "nobody"), "missing values", "missing='exclude'", kind=EstimationError)


def test_a_constant_in_a_domain_is_said_in_its_row():
    d = design(strata=None)
    assert sk.mean(d, "fixed", by="region").table["status"].tolist() == ["one_value", "ok", "ok"]
    shares = sk.proportion(d, "fixed", by="region").table
    assert shares["status"].tolist()[0] == "one_value"
    assert np.isfinite(shares.loc[shares["region"] == "b", ["ci_low", "ci_high"]].to_numpy()).all()


def test_empty_domains_and_unused_levels_are_rows():
    frame = FRAME.assign(part=pd.Categorical(FRAME["region"], categories=["a", "b", "c", "d"]), none=False)
    table = sk.mean(design(frame), "x", by="part").table
    assert table["status"].tolist() == ["ok", "ok", "ok", "empty"]
    assert sk.mean(design(frame), "x", where="none").table["status"].tolist() == ["empty"]
    assert sk.mean(design(frame), "nobody", missing="exclude").table["status"].tolist() == ["empty"]


def test_base_and_assumptions_stay_with_the_result():
    frame = FRAME.assign(x=FRAME["x"].where(FRAME["k"] > 1))
    notes = sk.mean(design(frame), "x", missing="exclude").notes
    assert any("base: those who answered" in note for note in notes)
    assert any("no fpc" in note for note in notes)


# ------------------------------------------------------------------------------------------------------------- models
MODELS = {
    "ols": "income",
    "logit": "y",
    "probit": "y",
    "cloglog": "y",
    "poisson": "k",
    "ordered": "k",
    "multinomial": "region",
}


@pytest.mark.parametrize("name", MODELS)
def test_every_model_refuses_alike(name):
    model, y, d = getattr(sk, name), MODELS[name], design()
    refused(lambda: model(d, f"{y} ~ sexx"), "'sexx', which is no column", "did you mean 'sex'", kind=EstimationError)
    refused(lambda: model(d, f"{y} ~ age group"), "cannot be read", "backticks", kind=EstimationError)
    refused(lambda: model(d, f"{y} ~ Q('age group')"), "backticks", kind=EstimationError)
    refused(lambda: model(d, f"{y} ~ offset(x)"), "offset='column'", kind=EstimationError)
    refused(lambda: model(d, f"{y} ~ np.exp(1000 * income)"), "not a finite number", "np.exp", kind=EstimationError)
    refused(lambda: model(d, f"{y} ~ infinite"), "infinite", "'infinite'", kind=FrameError)
    refused(lambda: model(d, f"{y} ~ C(constant)"), "only one level", kind=EstimationError)
    refused(lambda: model(d, f"{y} ~ x + I(2 * x)"), "collinearity|says nothing", kind=EstimationError)
    refused(lambda: model(d, "~ x"), "one outcome", kind=EstimationError)
    refused(lambda: model(d, "1 ~ x"), "no column|one outcome", kind=EstimationError)
    refused(lambda: model(d, "nobody ~ x"), "nobody", kind=EstimationError)
    refused(lambda: model(d, f"{y} ~ x", where="adlut"), "did you mean 'adult'")
    refused(lambda: model(d, f"{y} ~ x", missing="Exclude"), "did you mean 'exclude'")
    refused(lambda: model(FRAME, f"{y} ~ x"), "not a design")
    refused(lambda: model(d, None), "formula is text")
    if name != "ordered":
        refused(lambda: model(d, f"{y} ~ 0"), "nothing on its right side", kind=EstimationError)
    assert len(model(d, f"{y} ~ `age group` + дауыс").columns) >= 2


@pytest.mark.parametrize("name", ["logit", "probit", "cloglog", "ordered", "multinomial"])
def test_separation_names_the_columns(name):
    refused(
        lambda: getattr(sk, name)(design(), "separated ~ x"), "separation", "'x'", "Join|leave", kind=EstimationError
    )


def test_an_outcome_that_is_constant_in_the_domain():
    frame = FRAME.assign(here=FRAME["region"] == "a")
    refused(
        lambda: sk.logit(design(frame), "fixed ~ x", where="here"),
        "same in every row of the domain",
        kind=EstimationError,
    )


def test_fewer_units_than_parameters_is_a_note():
    few = sk.Design(FRAME[FRAME["town"] < 4], weight="w", psu="town")
    fit = sk.ols(few, "income ~ x + k + y + sex")
    assert any("4 units in 1 strata for 5 parameters" in note for note in fit.params.notes)
    assert (fit.params.table["status"] == "no_df").all()


def test_categories_unseen_at_prediction():
    fit = sk.logit(design(), "y ~ x + region")
    refused(
        lambda: sk.predictions(fit, {"x": [0.0], "region": ["z"]}),
        "'region'",
        "'z'",
        "'a', 'b', 'c'",
        kind=EstimationError,
    )
