"""Two releases side by side: what is a revision, what needs a reason, and what both together give away."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from survey_kit.errors import ReleaseError
from survey_kit.release.declaration import Revision, moment
from survey_kit.release.revisions import LOG, hidden, refuse_figures, refuse_revealed, revisions
from survey_kit.release.verification import first_difference
from survey_kit.report import esms

LEVELS = (("", ""), ("sex", "1"), ("sex", "2"), ("age", "18-29"), ("age", "30-59"), ("age", "60+"))
SIZES = {"": 300, "1": 140, "2": 160, "18-29": 60, "30-59": 150, "60+": 90}


def rows(
    *, withheld: tuple[str, ...] = (), wave: str = "2025", weak: tuple[str, ...] = (), **estimates: float
) -> pd.DataFrame:
    """Give the rows of one indicator and wave; levels are named by their code, everybody is ''."""
    records = []
    for domain, level in LEVELS:
        secret, soft = level in withheld, level in weak
        value = None if secret or soft else estimates.get(level, 0.4)
        records.append(
            {
                "indicator": "courts",
                "wave": wave,
                "domain": domain,
                "level": level,
                "data_status": "real",
                "unit": "share",
                "estimate": value,
                "ci_low": None if value is None else value - 0.05,
                "ci_high": None if value is None else value + 0.05,
                "n": SIZES[level],
                "weight_sum": float(SIZES[level]),
                "status": "ok",
                "reliability": "suppress" if secret or soft else "publish",
                "reliability_rule": "confidential" if secret else "nchs_2017",
                "previous_wording": "first",
                "baseline_wording": "first",
            }
        )
    return pd.DataFrame(records).astype({"estimate": "float64", "ci_low": "float64", "ci_high": "float64"})


def cause(**more: object) -> Revision:
    told = {"edition": "2", "kind": "data", "date": dt.date(2026, 1, 2), "reason": {"en": "Late answers."}}
    return Revision(**{**told, **more})


# ------------------------------------------------------------------------------------------------------------ revisions
def test_nothing_differs_from_itself():
    table = revisions(rows(), rows(), [], edition="2")
    assert (len(table), tuple(table.columns)) == (0, LOG)


def test_noise_of_another_machine_is_no_revision():
    moved = rows()
    moved["estimate"] *= 1 + 1e-12
    assert revisions(rows(), moved, [], edition="2").empty


def test_old_and_new_value_stand_beside_the_reason():
    table = revisions(rows(), rows(**{"1": 0.46}), [cause()], edition="2")
    assert table[
        ["domain", "level", "column", "old", "new", "visible", "kind", "date", "reason"]
    ].to_numpy().tolist() == [
        ["sex", "1", "estimate", "0.4", "0.46", "yes", "data", "2026-01-02", "Late answers."],
        ["sex", "1", "ci_low", "0.35", "0.41", "yes", "data", "2026-01-02", "Late answers."],
        ["sex", "1", "ci_high", "0.45", "0.51", "yes", "data", "2026-01-02", "Late answers."],
    ]


def test_a_change_that_no_page_shows_says_so():
    table = revisions(rows(), rows(**{"1": 0.40001}), [cause()], edition="2")
    assert table["visible"].tolist() == ["no", "no", "no"]


def test_a_new_wave_is_no_revision_and_a_new_level_needs_no_reason():
    both = pd.concat([rows(), rows(wave="2026")], ignore_index=True)
    assert revisions(rows(), both, [], edition="2").empty
    fewer = rows()[lambda table: table["level"] != "60+"]
    added = revisions(fewer, rows(), [], edition="2")
    assert added[["change", "level", "reason"]].to_numpy().tolist() == [["added", "60+", ""]]


def test_a_dropped_figure_needs_a_reason():
    fewer = rows()[lambda table: table["level"] != "60+"]
    with pytest.raises(ReleaseError, match="nobody says why") as fault:
        revisions(rows(), fewer, [], edition="2")
    assert "age 60+" in str(fault.value.where)
    told = revisions(rows(), fewer, [cause(domain="age", level="60+")], edition="2")
    assert told["change"].tolist() == ["dropped"]


@pytest.mark.parametrize(
    "selector",
    [{"wave": "2024"}, {"indicator": "police"}, {"domain": "age"}, {"domain": "sex", "level": "2"}, {"edition": "1"}],
)
def test_a_reason_holds_only_for_what_it_names(selector):
    with pytest.raises(ReleaseError, match="nobody says why"):
        revisions(rows(), rows(**{"1": 0.46}), [cause(**selector)], edition="2")


def test_everybody_is_a_domain_of_its_own():
    changed = rows(**{"": 0.41})
    assert len(revisions(rows(), changed, [cause(domain="")], edition="2")) == 3


def test_the_old_value_of_a_figure_now_confidential_is_not_repeated():
    table = revisions(rows(**{"1": 0.37}), rows(withheld=("1",)), [cause()], edition="2")
    assert table[["change", "old", "new"]].to_numpy().tolist() == [["withheld", "[c]", "[c]"]]
    assert "0.37" not in table.to_csv()


def test_unreliable_and_confidential_have_markers_of_their_own():
    table = revisions(rows(**{"1": 0.37}), rows(weak=("1",)), [cause()], edition="2")
    assert table[["change", "old", "new"]].to_numpy().tolist() == [["withheld", "0.37", "[u]"]]
    assert hidden(rows(withheld=("1",), weak=("2",))).tolist() == [False, True, False, False, False, False]


# ------------------------------------------------------------------------------------------------- what both give away
def test_what_was_published_cannot_be_withheld_on_the_same_base():
    with pytest.raises(ReleaseError, match="would give a withheld figure away") as fault:
        refuse_revealed(rows(**{"1": 0.37}), rows(withheld=("1", "2")))
    assert "0.37" not in str(fault.value)


def test_what_was_withheld_cannot_be_published_on_the_same_base():
    with pytest.raises(ReleaseError, match="would give a withheld figure away"):
        refuse_revealed(rows(withheld=("1", "2")), rows(**{"1": 0.37, "2": 0.43}))


def test_another_base_is_another_figure():
    old = rows(withheld=("1", "2"))
    new = rows()
    new[["n", "weight_sum"]] *= 2
    refuse_revealed(old, new)


def test_two_releases_that_hide_different_levels_give_both_away():
    """Each hides two of three ages; the reader of both lacks one only, which follows by subtraction."""
    with pytest.raises(ReleaseError, match="would give a withheld figure away"):
        refuse_revealed(rows(withheld=("18-29", "30-59")), rows(withheld=("18-29", "60+")))


def test_a_level_alone_in_its_domain_follows_from_everybody():
    with pytest.raises(ReleaseError, match="age 18-29") as fault:
        refuse_revealed(rows(withheld=("18-29",)), rows(withheld=("18-29",)))
    assert "Withhold one more level" in str(fault.value.fix)


def test_two_levels_of_a_domain_protect_each_other():
    refuse_revealed(rows(withheld=("18-29", "60+")), rows(withheld=("18-29", "60+")))


def test_an_unreliable_figure_hides_as_well_as_a_confidential_one():
    refuse_revealed(rows(withheld=("18-29",), weak=("60+",)), rows(withheld=("18-29",), weak=("60+",)))


def test_levels_that_do_not_make_up_everybody_give_nothing_away():
    part = rows(withheld=("18-29",))
    part.loc[part["level"] == "60+", "weight_sum"] -= 20
    refuse_revealed(part, part)


def test_against_brute_force_on_random_tables():
    """What follows from two releases equals what least squares with several starts can pin down."""
    rng = np.random.default_rng(5)
    agreed = {True: 0, False: 0}
    for _ in range(60):
        some = [level for _, level in LEVELS if rng.random() < 0.45]
        table = rows(withheld=tuple(some))
        open_ = [k for k, (_, level) in enumerate(LEVELS) if level in some]
        weight = table["weight_sum"].to_numpy()
        relations = []
        for name in ("sex", "age"):
            line = np.array(
                [
                    weight[k] if domain == name else -weight[k] if not domain else 0.0
                    for k, (domain, _) in enumerate(LEVELS)
                ]
            )
            relations.append(line)
        matrix = np.array(relations)[:, open_]
        pinned = False
        if open_:
            starts = [rng.normal(size=len(open_)) for _ in range(4)]
            ends = np.array([one - np.linalg.pinv(matrix) @ (matrix @ one) for one in starts])
            pinned = bool((np.ptp(ends, axis=0) < 1e-9).any())
        agreed[pinned] += 1
        if pinned:
            with pytest.raises(ReleaseError):
                refuse_revealed(table, table)
        else:
            refuse_revealed(table, table)
    assert min(agreed.values()) > 10


@pytest.mark.parametrize("spoilt", ["estimate", "ci_low", "bound_high", "previous_change"])
def test_a_table_that_shows_a_withheld_figure_is_refused(tmp_path, spoilt):
    table = rows(withheld=("1", "2")).assign(bound_high=np.nan, previous_change=np.nan)
    table.loc[1, "previous_wording"] = "not_published"
    (tmp_path / "open_data").mkdir()
    table.to_csv(tmp_path / "open_data" / "own.csv", index=False)
    refuse_figures(tmp_path)
    table.loc[1, spoilt] = 0.37
    table.to_csv(tmp_path / "open_data" / "own.csv", index=False)
    with pytest.raises(ReleaseError, match="would show a withheld figure") as fault:
        refuse_figures(tmp_path)
    assert str(fault.value.where) == f"open_data/own.csv, line 3, column {spoilt}"
    assert "0.37" not in str(fault.value)


# -------------------------------------------------------------------------------------------------------- small things
def test_where_two_files_differ_first():
    table = b"indicator,wave,estimate\ncourts,2025,0.5\n"
    assert first_difference("a.csv", table, table + b"police,2025,0.5\n") == ("line 3", "", "police,2025,0.5")
    long = b"x" * 200
    where, was, now = first_difference("a.html", long + b"1", long + b"2")
    assert (where, was[-1], now[-1]) == ("line 1", "1", "2")
    assert max(len(was), len(now)) <= 80


@pytest.mark.parametrize("text", ["2026-12-10", "2026-12-10T10:00Z", "2026-12-10T10:00:30+05:00"])
def test_an_embargo_is_a_date_or_a_moment_with_its_zone(text):
    assert moment(text, dt.date(2026, 12, 10)) == text


def test_the_length_of_a_series_ends_at_its_last_break():
    table = pd.DataFrame(
        {
            "indicator": ["a"] * 4 + ["b"] * 4,
            "domain": "",
            "wave_order": [1, 2, 3, 4] * 2,
            "status": ["ok"] * 4 + ["not_asked", "ok", "ok", "not_asked"],
            "break": ["", "", "mode", "", "", "", "", ""],
        }
    )
    assert esms.lengths_of(table) == {"a": 2, "b": 2}
