"""Selection: what is refused and how it is told, the record of a draw, sample sizes in every form, and the design that follows."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import survey_kit as sk
from survey_kit.errors import DesignError, FrameError
from survey_kit.sampling.allocate import allocate
from survey_kit.sampling.coordinate import Rotation, overlap, permanent_numbers, refresh
from survey_kit.sampling.draw import Record
from survey_kit.sampling.probabilities import inclusion_probabilities
from survey_kit.sampling.select import (
    BERNOULLI,
    BREWER,
    CUBE,
    CUBE_PROGRAMME,
    MAXIMUM_ENTROPY,
    METHODS,
    PARETO,
    POISSON,
    PPS_SYSTEMATIC,
    PPS_SYSTEMATIC_RANDOM,
    SEQUENTIAL_POISSON,
    SRS,
    SRS_REPLACEMENT,
    SYSTEMATIC,
    repeat,
    select,
)
from survey_kit.sampling.select_inputs import in_order

TOWNS = pd.DataFrame(
    {
        "id": [f"t{i:02}" for i in range(24)],
        "region": ["north", "south", "north", "south", "east", "east"] * 4,
        "urban": [True, True, False, False] * 6,
        "people": [900.0, 40, 55, 60, 45, 70, 35, 50, 65, 80, 30, 52, 44, 61, 38, 47, 58, 72, 33, 49, 66, 41, 57, 36],
        "y": np.arange(24.0) ** 1.5,
    }
)
REGIONS = {"north": 3, "south": 4, "east": 2}


def options(method):
    out = {"size": "people"} if method.sized else {}
    return {**out, "balance": ("people", "y")} if method.sized is None else out


# -------------------------------------------------------------------------------------------------------- refusals
@pytest.mark.parametrize(
    ("change", "told", "where"),
    [
        ({"people": {3: 0.0}}, "zero or negative", "stratum region south, column 'people', row 4; 1 rows"),
        ({"people": {4: -2.0}}, "zero or negative", "stratum region east, column 'people', row 5; 1 rows"),
        ({"people": {2: np.nan}}, "number is missing", "stratum region north, column 'people', row 3; 1 rows"),
        ({"region": {5: None}}, "has no stratum", "columns region, row 6; 1 rows"),
        ({"id": {7: "t03"}}, "stands twice", "stratum region south, column 'id', rows 4 and 8"),
        ({"id": {7: None}}, "has no id", "column 'id', row 8; 1 rows"),
    ],
)
def test_faults_of_the_frame_name_stratum_and_row(change, told, where):
    frame = TOWNS.copy()
    for column, cells in change.items():
        for row, value in cells.items():
            frame.loc[row, column] = value
    with pytest.raises(DesignError, match=told) as fault:
        select(frame, 2, method=PPS_SYSTEMATIC, size="people", strata="region", unit="id", rng=1)
    assert fault.value.where == where
    assert fault.value.fix


@pytest.mark.parametrize(
    ("n", "more", "told"),
    [
        (9, {"strata": "region"}, "smaller than its sample.*region east.*n = 9 of N = 8"),
        (25, {}, "smaller than its sample.*the frame.*n = 25 of N = 24"),
        ({"north": 1, "south": 2}, {"strata": "region"}, "no sample size.*region east"),
        ({"nort": 1}, {"strata": "region"}, "'nort' that the frame lacks.*did you mean 'north'"),
        (2.5, {}, "not a whole number.*2.5"),
        (0, {}, "not a whole number above zero"),
        ("y", {"strata": "region"}, "differs within a stratum.*region north, column 'y', row 3"),
        ("two", {}, "no column 'two'"),
        (None, {}, "takes numbers"),
        (2, {"certainty": "urban"}, "more certainty units than the sample has room for.*12 certain of n = 2"),
        (
            4,
            {"certainty": "urban", "strata": "region"},
            "more certainty units.*stratum region east.*4 certain of n = 4",
        ),
        (2, {"size": "people"}, "takes no size"),
        (2, {"order_by": "y"}, "does not depend on the order"),
        (2, {"balance": "y"}, "is not balanced"),
        (2, {"start": 0.5}, "no permanent random numbers"),
        (2, {"numbers": "y"}, r"outside \[0, 1\).*row 2"),
        (2, {"method": SYSTEMATIC, "numbers": "y"}, "cannot be driven by permanent"),
        (2, {"method": PARETO}, "needs the sizes"),
        (2, {"method": CUBE}, "needs variables to balance on"),
        (2, {"method": "srs"}, "no method of selection"),
        (2, {"rng": None}, "needs a seed"),
        (2, {"strata": "regions"}, "did you mean 'region'"),
    ],
)
def test_bad_calls_say_what_to_do(n, more, told):
    with pytest.raises((DesignError, sk.SurveyKitError)) as fault:
        select(TOWNS, n, **{"method": SRS, "rng": 1, **more})
    text = " ".join(str(fault.value).split())
    assert pd.Series([text]).str.contains(told).iloc[0], text
    assert len(str(fault.value).splitlines()) <= 5


def test_sizes_alone_are_checked_as_well():
    for size, n in (([1, 0, 2], 1), ([1, 2], 3), ([1, 2], 0)):
        with pytest.raises(DesignError):
            inclusion_probabilities(np.array(size), n)
    # a second unit becomes certain only when the first has left
    assert inclusion_probabilities([1000, 30, 10, 10, 10], 3)[:2].tolist() == [1.0, 1.0]


def test_the_programme_refuses_to_list_too_many_samples():
    frame = pd.DataFrame(np.random.default_rng(1).gamma(2, 1, (60, 20)), columns=[f"x{j}" for j in range(20)])
    with pytest.raises(DesignError, match="too many samples to compare"):
        select(frame, 30, method=CUBE_PROGRAMME, balance=list(frame), rng=1)


# ---------------------------------------------------------------------------------------------------- sample sizes
def test_sample_sizes_in_every_form_are_the_same():
    table = pd.DataFrame({"region": ["south", "north", "east"], "N": [8, 8, 8], "n": [4, 3, 2]})
    spread = allocate(table.drop(columns="n"), 9)
    frame = TOWNS.assign(wanted=TOWNS["region"].map(REGIONS))
    declared = {"method": SRS, "strata": "region", "rng": 7}
    first = select(frame, REGIONS, **declared)
    assert first.summary()["drawn"].tolist() == [2, 3, 4]  # in the order of the keys: east, north, south
    assert select(frame, "wanted", **declared).rows.tolist() == first.rows.tolist()
    assert select(frame, spread, **declared).summary()["drawn"].tolist() == [3, 3, 3]
    assert select(frame, 2, **declared).summary()["drawn"].tolist() == [2, 2, 2]
    two = select(frame, {("north", True): 2, ("north", False): 1, ("south", True): 1, ("south", False): 3, ("east", True): 1, ("east", False): 2}, method=SRS, strata=("region", "urban"), rng=1)  # fmt: skip
    assert two.summary()["drawn"].tolist() == [2, 1, 1, 2, 3, 1]
    with pytest.raises(DesignError, match="goes by the columns of its strata"):
        select(frame, spread, method=SRS, rng=1)


def test_certainty_units_are_split_off_and_told():
    draw = select(TOWNS, 3, method=BREWER, size="people", strata="region", certainty=None, rng=2)
    assert draw.certainty.sum() == 1
    assert 0 in draw.rows
    assert "1 certainty units" in repr(draw)
    assert draw.frame.loc[draw.frame["certainty"], "weight"].tolist() == [1.0]
    forced = select(TOWNS.assign(capital=TOWNS.index == 5), 3, method=SRS, certainty="capital", rng=2)
    assert forced.pi[5] == 1
    assert 5 in forced.rows
    np.testing.assert_allclose(np.delete(forced.pi, 5), 2 / 23)
    whole = select(TOWNS, 8, method=SRS, strata="region", rng=1)
    assert whole.rows.tolist() == list(range(24))


def test_serpentine_order_keeps_neighbours_alike():
    keys = [np.repeat([0.0, 1], 6), np.tile(np.repeat([0.0, 1, 2], 2), 2), np.tile([0.0, 1], 6)]
    order = in_order(keys, serpentine=True)
    steps = sum((np.diff(key[order]) != 0).astype(int) for key in keys)
    assert (steps == 1).all()  # one key changes at a time, as in a Gray code
    assert in_order(keys, serpentine=False).tolist() == list(range(12))
    draw = select(TOWNS, 6, method=SYSTEMATIC, order_by=("region", "people"), rng=1)
    assert draw.frame["region"].value_counts().tolist() == [2, 2, 2]  # implicit strata


# ---------------------------------------------------------------------------------------------------------- record
@pytest.mark.parametrize("name", METHODS)
def test_a_draw_is_repeated_from_its_record(name):
    method = METHODS[name]
    strata = {"strata": "region"} if method.fixed else {}
    draw = select(TOWNS, 3, method=method, rng=11, unit="id", **options(method), **strata)
    text = draw.record.to_json()
    again = repeat(pl.from_pandas(TOWNS), json.loads(text))
    assert again.rows.tolist() == draw.rows.tolist()
    assert again.record == draw.record
    assert Record.from_json(text) == draw.record
    if method.fixed:
        assert draw.summary()["drawn"].tolist() == [3, 3, 3]
    if draw.exact and not method.replacement:
        np.testing.assert_allclose(draw.pi.sum(), draw.prepared.n_h.sum(), rtol=1e-9)


@pytest.mark.parametrize(
    "bits", [np.random.PCG64, np.random.PCG64DXSM, np.random.MT19937, np.random.Philox, np.random.SFC64]
)
def test_a_generator_in_any_state_can_be_repeated(bits):
    rng = np.random.Generator(bits(3))
    rng.integers(0, 10, 5, dtype=np.int32)  # half a word is left over
    first = select(TOWNS, 5, method=SRS, rng=rng)
    second = select(TOWNS, 5, method=SRS, rng=rng)
    assert first.rows.tolist() != second.rows.tolist()
    for draw in (first, second):
        assert repeat(TOWNS, json.loads(draw.record.to_json())).rows.tolist() == draw.rows.tolist()


def test_a_changed_frame_is_refused_with_both_digests():
    draw = select(TOWNS, 5, method=PARETO, size="people", strata="region", rng=1)
    other = TOWNS.assign(people=TOWNS["people"] + (TOWNS.index == 3))
    with pytest.raises(DesignError, match="not the frame") as fault:
        repeat(other, draw.record)
    assert draw.record.frame_digest[:16] in str(fault.value)
    assert select(other, 5, method=PARETO, size="people", strata="region", rng=1).record.frame_digest[:16] in str(
        fault.value
    )
    assert repeat(TOWNS.assign(y=0.0), draw.record).n == 15  # a column that played no part
    with pytest.raises(DesignError, match="came out differently") as fault:
        repeat(TOWNS, {**draw.record.to_dict(), "rows_digest": "0", "numpy": "0.1"})
    assert "numpy==0.1" in str(fault.value)
    with pytest.raises(DesignError, match="no record of a draw"):
        repeat(TOWNS, {"schema": "survey-kit/draw/1", "methods": "SRS"})
    with pytest.raises(DesignError, match="not a method of selection"):
        repeat(TOWNS, {**draw.record.to_dict(), "method": "Paretto"})


def test_the_frame_comes_back_in_its_library_and_is_not_changed():
    before = TOWNS.copy()
    rows = None
    for frame in (TOWNS, pl.from_pandas(TOWNS), pa.Table.from_pandas(TOWNS)):
        draw = select(frame, REGIONS, method=MAXIMUM_ENTROPY, size="people", strata="region", rng=4)
        assert type(draw.frame) is type(frame)
        assert rows is None or draw.rows.tolist() == rows
        rows = draw.rows.tolist()
        assert [*TOWNS.columns, "pi", "weight", "certainty", "stratum"] == list(
            draw.frame.column_names if isinstance(frame, pa.Table) else draw.frame.columns
        )
    pd.testing.assert_frame_equal(TOWNS, before)
    with pytest.raises(FrameError, match="already has a column 'weight'"):
        select(TOWNS.assign(weight=1.0), 3, method=SRS, rng=1).frame  # noqa: B018
    renamed = select(TOWNS.assign(weight=1.0), 3, method=SRS, rng=1).to_frame({"weight": "base_weight"})
    assert renamed["base_weight"].tolist() == [8.0, 8.0, 8.0]
    own = select(TOWNS.rename(columns={"region": "stratum"}), 2, method=SRS, strata="stratum", rng=1).frame
    assert sorted(set(own["stratum"])) == ["east", "north", "south"]
    assert "<b>Draw of 3 from 24 units" in select(TOWNS, 3, method=SRS, rng=1)._repr_html_()


# ---------------------------------------------------------------------------------------------------------- joint
@pytest.mark.parametrize("method", [PPS_SYSTEMATIC_RANDOM, CUBE])
def test_methods_without_exact_joint_probabilities_say_so(method):
    draw = select(TOWNS, 3, method=method, rng=1, **options(method))
    with pytest.raises(DesignError, match="not known exactly") as fault:
        draw.joint()
    assert f"Pps(method='{method.estimation}')" in str(fault.value.fix)
    assert draw.design().df == draw.n - (2 if method.sized else 1)


def test_joint_probabilities_of_the_sample_are_those_of_the_frame():
    for method in (SRS, SYSTEMATIC, POISSON, BREWER, PARETO, SEQUENTIAL_POISSON, MAXIMUM_ENTROPY):
        more = options(method)
        draw = select(TOWNS, 4 if method.fixed else 8, method=method, strata="region", rng=5, **more)
        np.testing.assert_allclose(draw.joint(), draw.joint(whole=True)[np.ix_(draw.rows, draw.rows)], rtol=1e-9)
    two = select(TOWNS, 30, method=SRS_REPLACEMENT, rng=1)
    assert two.n == 30
    np.testing.assert_allclose(two.joint(), two.joint(whole=True)[np.ix_(two.rows, two.rows)])
    big = pd.DataFrame({"x": np.random.default_rng(1).gamma(2, 1, 70) + 1})
    with pytest.raises(DesignError, match="cannot be listed"):
        select(big, 20, method=BREWER, size="x", rng=1).joint()
    large = pd.DataFrame({"x": np.linspace(1, 2, 2100)})
    draw = select(large, 100, method=SEQUENTIAL_POISSON, size="x", rng=1)
    assert not draw.exact
    assert "probabilities are targets" in repr(draw)
    with pytest.raises(DesignError, match="not computed for so many units"):
        draw.joint()


# --------------------------------------------------------------------------------------------------------- design
def test_simple_random_and_systematic_samples_have_population_counts():
    draw = select(TOWNS, 4, method=SRS, strata="region", rng=3)
    y, h = TOWNS["y"].to_numpy()[draw.rows], draw.stratum[draw.rows]
    V = sum(8**2 * (1 - 4 / 8) * y[h == k].var(ddof=1) / 4 for k in range(3))  # noqa: N806
    np.testing.assert_allclose(sk.total(draw.design(), "y").table["se"][0], np.sqrt(V), rtol=1e-12)
    assert sk.total(select(TOWNS, 8, method=SYSTEMATIC, strata="region", rng=3).design(), "y").table["se"][0] == 0
    free = select(TOWNS, 30, method=SRS_REPLACEMENT, rng=1)
    y = TOWNS["y"].to_numpy()[free.rows]
    np.testing.assert_allclose(
        sk.total(free.design(), "y").table["se"][0], 24 * y.std(ddof=1) / np.sqrt(30), rtol=1e-12
    )


@pytest.mark.parametrize("method", [BREWER, PARETO, SEQUENTIAL_POISSON, MAXIMUM_ENTROPY])
def test_exact_joint_probabilities_give_the_sen_yates_grundy_variance(method):
    draw = select(TOWNS, 4, method=method, size="people", strata="region", rng=9)
    t = (TOWNS["y"] / draw.pi).to_numpy()[draw.rows]
    pair = draw.joint()
    product = np.outer(draw.pi[draw.rows], draw.pi[draw.rows])
    V = ((product / pair - 1) * (t[:, None] - t[None, :]) ** 2).sum() / 2  # noqa: N806
    exact = sk.total(draw.design(pps="joint"), "y").table["se"][0]
    np.testing.assert_allclose(exact, np.sqrt(V), rtol=1e-9)
    near = sk.total(draw.design(), "y").table["se"][0]
    assert 0.8 < near / exact < 1.25


def test_the_other_designs_fit_their_methods():
    poisson = select(TOWNS, 12, method=POISSON, size="people", rng=2)
    t, pi = (TOWNS["y"] / poisson.pi).to_numpy()[poisson.rows], poisson.pi[poisson.rows]
    np.testing.assert_allclose(sk.total(poisson.design(), "y").table["se"][0] ** 2, ((1 - pi) * t**2).sum(), rtol=1e-12)
    shuffled = select(TOWNS, 4, method=PPS_SYSTEMATIC_RANDOM, size="people", strata="region", rng=2)
    known = shuffled.design().pps.sum_squares
    certain = shuffled.certainty
    for h, value in zip((0, 1, 1, 2), known, strict=True):
        pi = shuffled.pi[(shuffled.stratum == h) & (certain if value == 1 else ~certain)]
        np.testing.assert_allclose(value, (pi**2).sum() / pi.sum())
    assert sk.total(shuffled.design(), "y").table["se"][0] > 0
    ordered = select(TOWNS, 8, method=PPS_SYSTEMATIC, size="people", rng=2)
    assert ordered.design().pps.method == "brewer"
    with pytest.raises(DesignError, match="never come together"):
        ordered.design(pps="joint")
    empty = next(one for one in (select(TOWNS, 0.5, method=BERNOULLI, rng=i) for i in range(50)) if not one.n)
    with pytest.raises(DesignError, match="The sample is empty"):
        empty.design()


def test_interviews_are_matched_to_the_units_drawn():
    draw = select(TOWNS, 4, method=SRS, strata="region", unit="id", rng=3)
    ids = TOWNS["id"].to_numpy()[draw.rows]
    people = pd.DataFrame({"id": np.repeat(ids, 3)[::-1], "w2": 5.0, "trust": np.arange(36.0)})
    design = draw.design(people, weight="w2")
    assert (design.n, design.df) == (36, 9)
    np.testing.assert_allclose(sk.total(design, "trust").table["estimate"][0], (people["trust"] * 5 * 2).sum())
    with pytest.raises(DesignError, match="was not drawn") as fault:
        draw.design(people.assign(id=people["id"].where(people.index != 4, "t99")))
    assert "row 5" in str(fault.value.where)
    with pytest.raises(DesignError, match="matched to units by their ids"):
        select(TOWNS, 4, method=SRS, rng=3).design(people)


# --------------------------------------------------------------------------------------------------- coordination
def test_coordination_refuses_what_it_cannot_match():
    frame = permanent_numbers(TOWNS, "id", seed=1)
    assert ((frame["prn"] >= 0) & (frame["prn"] < 1)).all()
    assert (permanent_numbers(TOWNS, "id", seed=2)["prn"] != frame["prn"]).all()
    draw = select(frame, 4, method=SRS, numbers="prn", rng=1)
    assert sorted(frame["prn"].to_numpy()[draw.rows]) == sorted(frame["prn"])[:4]
    with pytest.raises(DesignError, match="stands twice") as fault:
        permanent_numbers(TOWNS.assign(id="a"), "id", seed=1)
    assert "row 1; 24 rows" in str(fault.value.where)
    with pytest.raises(DesignError, match="matched by their ids"):
        overlap(draw, draw)
    with pytest.raises(DesignError, match="drawn upwards with permanent"):
        refresh(select(TOWNS, 4, method=SRS, rng=1), frame, keep=0.5, unit="id")
    with pytest.raises(DesignError, match="between 0 and 1"):
        refresh(draw, frame, keep=75, unit="id")
    with pytest.raises(DesignError, match="ones and zeros"):
        Rotation(pattern=(1, 0))
    same = select(refresh(draw, frame, keep=1, unit="id"), 4, method=SRS, numbers="prn", start="start", rng=5)
    assert overlap(draw, same, "id").common == 4
    moved = select(refresh(draw, frame, keep=0, unit="id"), 4, method=SRS, numbers="prn", start="start", rng=5)
    assert overlap(draw, moved, "id").common <= 1
