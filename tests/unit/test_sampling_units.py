"""Sizes repaired by rule, small units joined, large ones segmented, regions on new borders."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import survey_kit as sk
from survey_kit.errors import DesignError
from survey_kit.instrument.crosswalk import Became, Crosswalk, find_crosswalk
from survey_kit.sampling.frame_check import check_frame
from survey_kit.sampling.frame_regions import move_regions, move_totals
from survey_kit.sampling.frame_sizes import SizeRule, repair_sizes
from survey_kit.sampling.frame_units import join_small, joined, segment_large
from survey_kit.sampling.select import PPS_SYSTEMATIC, SRS, select

AREAS = pd.DataFrame(
    {
        "area": list("abcdefgh"),
        "region": ["N"] * 5 + ["S"] * 3,
        "homes": [100, 0, np.nan, 80, -5, 60, 40, np.nan],
        "roofs": [120, 60, 48, 96, 24, 66, 44, 22],
    }
)


# ----------------------------------------------------------------------------------------------------------- sizes
def test_rules_run_in_order_and_are_logged():
    rules = [
        SizeRule(units={"e": 30}, why="counted on the spot"),
        SizeRule(when=("missing",), ratio_to="roofs", why="roofs on images"),
        SizeRule(when=("zero",), median=True, why="closed in the old list"),
        SizeRule(when=("below",), below=35, to=35, why="workload of a visit"),
        SizeRule(when=("negative",), to=9, why="nothing left to do"),
    ]
    made = repair_sizes(AREAS, rules, unit="area", size="homes", strata="region")
    ratio = (100 + 80 + 30) / (120 + 96 + 24)  # sound units of N, the corrected one among them
    c = 48 * ratio
    sizes = made.frame["homes_repaired"]
    assert sizes.tolist() == pytest.approx([100, np.median([100, c, 80, 30]), c, 80, 35, 60, 40, 35])
    assert made.log[["unit", "row", "rule"]].values.tolist() == [
        ["e", 5, 1],
        ["c", 3, 2],
        ["h", 8, 2],
        ["b", 2, 3],
        ["e", 5, 4],
        ["h", 8, 4],
    ]
    assert made.log["after"].tolist()[2] == pytest.approx(22 * 100 / 110)
    assert (made.left, made.log["stratum"].iloc[0]) == (0, "stratum region N")
    assert AREAS["homes"].isna().sum() == 2
    assert "6 changed" in repr(made)


def test_sizes_that_no_rule_reached_are_counted():
    made = repair_sizes(AREAS, [SizeRule(when=("zero",), to=10, why="x")], unit="area", size="homes", into="size")
    assert made.left == 3
    assert "3 sizes are still not usable" in repr(made)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"why": " ", "when": ("zero",), "to": 1}, "does not say why"),
        ({"why": "x", "when": ("zero",)}, "one remedy"),
        ({"why": "x", "when": ("zero",), "to": 1, "median": True}, "to, median"),
        ({"why": "x", "to": 1}, "one of 'when' and 'units'"),
        ({"why": "x", "when": ("zero",), "units": {"a": 1}}, "one of 'when' and 'units'"),
        ({"why": "x", "when": ("below",), "to": 1}, "'below' needs its bound"),
        ({"why": "x", "when": ("zero",), "below": 5, "to": 1}, "'below' needs its bound"),
        ({"why": "x", "when": ("zeros",), "to": 1}, "did you mean 'zero'"),
        ({"why": "x", "when": ("zero",), "to": 0}, "above zero"),
        ({"why": "x", "units": {"a": -1}}, "above zero"),
    ],
)
def test_rules_that_cannot_be_meant(rule, told):
    with pytest.raises(DesignError, match=told):
        SizeRule(**rule)


@pytest.mark.parametrize(
    ("rule", "frame", "told"),
    [
        ({"units": {"z": 5}}, AREAS, "names a unit 'z' that the frame lacks"),
        ({"when": ("missing",), "median": True}, AREAS[AREAS["area"].isin(["a", "h"])], "stratum region S, row 2"),
        ({"when": ("missing",), "ratio_to": "roofs"}, AREAS.assign(roofs=[1, 1, 0, 1, 1, 1, 1, 1]), "row 3; 1 rows"),
    ],
)
def test_repairs_that_cannot_be_made(rule, frame, told):
    with pytest.raises(DesignError, match=told):
        repair_sizes(frame, [SizeRule(why="x", **rule)], unit="area", size="homes", strata="region")


# --------------------------------------------------------------------------------------------------------- joining
@pytest.mark.parametrize("seed", range(20))
def test_joined_units_are_whole_contiguous_and_large_enough(seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 50, rng.integers(1, 60)).astype(float)
    groups = joined(x, 40)
    assert np.concatenate(groups).tolist() == list(range(len(x)))
    sums = [x[group].sum() for group in groups]
    assert len(groups) == 1 or min(sums) >= 40
    assert all(x[group].min() < 40 for group in groups if len(group) > 1)  # nothing large is joined to something large


def test_joining_stays_within_strata_and_keeps_the_list():
    frame = AREAS.assign(homes=[50, 10, 10, 50, 10, 10, 5, 5], place=[5, 4, 3, 2, 1, 1, 2, 3])
    made = join_small(frame, unit="area", size="homes", minimum=30, strata="region", order_by="place")
    assert made.frame["psu"].tolist() == ["e+d", "c+b+a", "f+g+h"]
    assert made.frame["psu_size"].tolist() == [60, 70, 20]
    assert made.frame["area"].tolist() == ["d", "a", "f"]  # the largest lends its columns
    assert made.short == ("f+g+h",)
    assert made.mapping["share"].groupby(made.mapping["new"]).sum().tolist() == pytest.approx([1, 1, 1])
    assert "still too small: f+g+h" in repr(made)


def test_a_joined_unit_gives_its_parts_its_probability():
    frame = pl.DataFrame({"area": list("abcdef"), "homes": [90, 12, 30, 80, 9, 60]})
    made = join_small(frame, unit="area", size="homes", minimum=40)
    assert isinstance(made.frame, pl.DataFrame)
    draw = select(made.frame, 2, method=PPS_SYSTEMATIC, size="psu_size", unit="psu", rng=3)
    table = made.probabilities(draw)
    pi = dict(zip(made.frame["psu"], draw.pi.tolist(), strict=True))
    assert table["pi"].tolist() == [pi[new] for new in table["new"]]
    assert table.groupby("new")["pi"].first().sum() == pytest.approx(2)
    assert table["drawn"].sum() == sum(made.frame["psu_units"][int(row)] for row in draw.rows)
    with pytest.raises(DesignError, match="not made from these units"):
        made.probabilities(select(made.frame.head(2), 1, method=SRS, rng=1))
    with pytest.raises(DesignError, match="Only segments"):
        made.within(draw, rng=1)


@pytest.mark.parametrize(
    ("change", "options", "told"),
    [
        ({"homes": [1, 2, None, 4, 5, 6, 7, 8]}, {}, "row 3; 1 rows"),
        ({"homes": [1, 2, -3, 4, 5, 6, 7, 8]}, {}, "row 3; 1 rows"),
        ({"homes": 1, "area": list("aacdefgh")}, {}, "stands twice"),
        ({"homes": 1, "region": [None, *["N"] * 7]}, {"strata": "region"}, "no stratum"),
        ({"homes": 1}, {"minimum": 0}, "minimum is above zero"),
    ],
)
def test_units_that_cannot_be_joined(change, options, told):
    with pytest.raises(DesignError, match=told):
        join_small(AREAS.assign(**change), **{"unit": "area", "size": "homes", "minimum": 5, **options})


# ------------------------------------------------------------------------------------------------------ segmenting
BLOCKS = pd.DataFrame({"block": ["a", "b", "c"], "homes": [100.0, 450, 300]})


def test_segments_follow_their_sizes():
    counted = pd.DataFrame({"block": ["c", "c"], "homes": [50, 200]})
    made = segment_large(BLOCKS, unit="block", size="homes", maximum=200, measured=counted)
    assert made.frame["segment"].tolist() == ["a", "b/1", "b/2", "b/3", "c/1", "c/2"]
    assert made.frame["segment_share"].tolist() == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3, 0.2, 0.8])
    assert made.mapping.groupby("unit")["share"].sum().tolist() == pytest.approx([1, 1, 1])
    assert repr(made) == "3 units segmented into 6"


def test_one_segment_is_drawn_with_its_share():
    """The stated probability of every segment is the one that 600 draws show."""
    counted = pd.DataFrame({"block": ["c", "c"], "homes": [50, 200]})
    made = segment_large(BLOCKS, unit="block", size="homes", maximum=200, measured=counted)
    rng = np.random.default_rng(7)
    seen: dict[str, int] = {}
    stated: dict[str, float] = {}
    runs = 600
    for _ in range(runs):
        draw = select(BLOCKS, 2, method=PPS_SYSTEMATIC, size="homes", unit="block", rng=rng)
        chosen = made.within(draw, rng=rng)
        assert len(chosen) == 2
        for row in chosen.to_dict("records"):
            seen[row["segment"]] = seen.get(row["segment"], 0) + 1
            stated[row["segment"]] = row["pi"]
            assert row["weight"] == pytest.approx(1 / row["pi"])
    assert sum(stated.values()) == pytest.approx(2)
    for name, pi in stated.items():
        assert abs(seen[name] / runs - pi) < 4.5 * np.sqrt(pi * (1 - pi) / runs) + 1e-12, name


def test_segments_that_cannot_be():
    made = segment_large(BLOCKS.head(2), unit="block", size="homes", maximum=200)
    with pytest.raises(DesignError, match="unit 'c' was drawn, but has no segment"):
        made.within(select(BLOCKS, 3, method=SRS, rng=1), rng=1)
    measured = pd.DataFrame({"block": ["z"], "homes": [5]})
    with pytest.raises(DesignError, match="no unit 'z'"):
        segment_large(BLOCKS, unit="block", size="homes", maximum=200, measured=measured)
    with pytest.raises(DesignError, match="maximum is above zero"):
        segment_large(BLOCKS, unit="block", size="homes", maximum=-1)
    with pytest.raises(DesignError, match="zero or negative"):
        segment_large(BLOCKS.assign(homes=0), unit="block", size="homes", maximum=20)


# --------------------------------------------------------------------------------------------------------- regions
BORDERS = find_crosswalk("instruments/core", "region", "2018", "2022")


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ({"region": ["KZ-11", None], "city": ["x", "x"]}, "row 2"),
        ({"region": ["KZ-11", "KZ-10"], "city": ["x", "x"]}, "row 2"),
        ({"region": ["KZ-11", "KZ-63"], "city": ["x", None]}, "no district"),
        ({"region": ["KZ-11", "KZ-63"], "city": ["x", "Atyrau"]}, "which 'places' does not name"),
        ({"region": ["KZ-11", "KZ-63"], "city": ["x", "Satpaev"]}, "'Satpaev' in KZ-62, but KZ-63 became KZ-63, KZ-10"),
    ],
)
def test_units_that_cannot_be_placed(rows, told):
    places = {"Semey": "KZ-10", "Satpaev": "KZ-62"}
    with pytest.raises(DesignError, match=told):
        move_regions(pd.DataFrame(rows), BORDERS, region="region", place="city", places=places)


def test_figures_keep_their_sum():
    old = sorted({one.old for one in BORDERS.codes})
    totals = pl.DataFrame({"region": old, "total": [1000.0 + 7 * i for i in range(len(old))]})
    moved = move_totals(totals, BORDERS, region="region")
    assert isinstance(moved, pl.DataFrame)
    assert moved["total"].sum() == pytest.approx(totals["total"].sum(), rel=1e-12)
    assert set(moved.filter(pl.col("shared"))["region"]) == {"KZ-19", "KZ-33", "KZ-35", "KZ-62", "KZ-63", "KZ-10"}
    assert len(moved) == 20


def test_figures_that_cannot_be_moved():
    bare = Crosswalk(id="x", scale="region", old="1", new="2", source="s", codes=(Became(old="E", new=("E", "A")),))
    with pytest.raises(DesignError, match="no shares for the divided region E"):
        move_totals(pd.DataFrame({"region": ["E"], "total": [5]}), bare, region="region")
    with pytest.raises(DesignError, match="not in the crosswalk"):
        move_totals(pd.DataFrame({"region": ["Q"], "total": [5]}), bare, region="region")
    with pytest.raises(DesignError, match="no figure"):
        move_totals(pd.DataFrame({"region": ["E"], "total": [np.nan]}), bare, region="region")


# ------------------------------------------------------------------------------------- the official frame of Kazakhstan
def official():
    path = Path(sk.__file__).parent / "rehearsal" / "frame_2023.csv"
    frame = pd.read_csv(path)
    return frame.assign(people=frame["urban"] + frame["rural"], id=frame["region"] + "/" + frame["district_kk"])


def test_the_official_frame_is_sound_and_whole():
    frame = official()
    parts = pd.concat(
        [frame.assign(settlement=part, size=frame[part], part=frame["id"] + "/" + part) for part in ("urban", "rural")]
    )
    parts = parts[parts["size"] > 0]
    whole = pd.DataFrame({"total": [19_765_004]})
    table = check_frame(
        parts,
        unit="part",
        size="size",
        strata=["region", "settlement"],
        name="district_kk",
        totals=whole,
        tolerance=1e-9,
    )
    assert set(table["code"]) == {"F008"}
    small = "KZ-33/Текелі қ.ә./rural"  # 997 villagers in a city administration, beside districts of 40,000
    assert small in set(table["unit"])


def test_districts_find_their_region_of_today():
    frame = official()
    old = {str(new): str(one.old) for one in BORDERS.codes for new in one.new}
    before = frame.assign(region=[old[code] for code in frame["region"]])
    assert before["region"].nunique() == 17
    places = dict(zip(frame["id"], frame["region"], strict=True))
    moved = move_regions(before, BORDERS, region="region", place="id", places=places)
    assert moved["region_new"].tolist() == frame["region"].tolist()
    sums = before.groupby("region")["people"].sum().rename("total").reset_index()
    shared = move_totals(sums, BORDERS, region="region").set_index("region")["total"]
    truth = frame.groupby("region")["people"].sum()
    np.testing.assert_allclose(shared[truth.index], truth, atol=10)  # shares have five digits
