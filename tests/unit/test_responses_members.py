"""Repeated modules: a roster beside the interviews, and what conditions ask of it."""

import pandas as pd
import pytest

from survey_kit.errors import ResponsesError
from survey_kit.instrument import Instrument, Item, Module, Repeat, Scale
from survey_kit.responses import missing_summary, take

YES_NO = Scale(codes=(1, 2))


def form(version="1"):
    home = Module(
        id="home",
        items=(
            Item(id="size", type="integer", minimum=0, maximum=20),
            Item(id="consent", scale=YES_NO),
        ),
    )
    roster = Module(
        id="roster",
        ask_if="consent == 1",
        repeat=Repeat(count="size", most=5),
        items=(
            Item(id="years", type="integer", minimum=0, maximum=110, missing={999: "dont_know"}),
            Item(id="works", scale=YES_NO, ask_if="years >= 16 and consent == 1"),
            Item(id="ties", type="multiple", scale=Scale(codes=(1, 2))),
        ),
    )
    rest = Module(
        id="rest",
        items=(
            Item(id="oldest", type="calculated", value="max(years)"),
            Item(id="mean_age", type="calculated", value="sum(years) / count(roster)"),
            Item(id="care", scale=YES_NO, ask_if="max(years) >= 65"),
            Item(id="alone", scale=YES_NO, ask_if="count(roster) == 0"),
        ),
    )
    return Instrument(id="a", version=version, missing={8: "dont_know"}, modules=(home, roster, rest))


HOMES = pd.DataFrame(
    {
        "case": ["x", "y", "z"],
        "size": [2, 1, 0],
        "consent": [1, 1, 2],
        "care": [1, None, None],
        "alone": [None, None, 1],
    }
)
ROSTER = pd.DataFrame(
    {
        "case": ["y", "x", "x"],
        "member": [1, 2, 1],
        "years": [999, 10, 70],
        "works": [8, None, 2],
        "ties": ["1 2", "1", None],
    }
)


def taken(homes=HOMES, roster=ROSTER, **more):
    members = {} if roster is None else {"roster": roster}
    return take(homes, instruments={"": form()}, case="case", members=members, **more)


def values(out, name):
    return [None if pd.isna(value) else value for value in out.frame[name]]


def reasons(out, name):
    return [None if pd.isna(value) else value for value in out.missing[name]]


def problems(out):
    return out.problems[["code", "column", "count", "found"]].values.tolist()


def test_members_are_responses_of_their_own():
    out = taken()
    roster = out.members["roster"]
    assert roster.frame[["case", "member"]].values.tolist() == [["x", 1], ["x", 2], ["y", 1]]
    assert values(roster, "years") == [70.0, 10.0, None]
    assert reasons(roster, "years") == [None, None, "dont_know"]
    assert values(roster, "works") == [2.0, None, None]
    assert reasons(roster, "works") == [None, "not_asked", "dont_know"]
    assert values(roster, "ties__1") == [None, 1.0, 1.0]
    assert "years" not in out.frame
    assert problems(out) == []
    assert missing_summary(roster)["item"].unique().tolist() == ["years", "works", "ties__1", "ties__2"]
    assert "3 of 'roster' in .members" in out._repr_html_()


def test_conditions_and_values_sum_members_up():
    out = taken()
    assert values(out, "oldest") == [70.0, None, None]
    assert reasons(out, "oldest") == [None, "not_asked", "not_asked"]  # the oldest of nobody
    assert values(out, "mean_age") == [40.0, 0.0, None]
    assert reasons(out, "care") == [None, "not_asked", "not_asked"]
    assert reasons(out, "alone") == ["not_asked", "not_asked", None]


def test_the_number_of_members_is_held_against_the_count():
    out = taken(HOMES.assign(size=[3, 7, 2]))
    assert problems(out) == [["R019", "roster", 2, ""]]  # z did not consent, so nobody is expected
    assert problems(taken(HOMES.assign(size=[2, 1, None]))) == []


def test_members_of_no_interview_and_twice():
    more = pd.concat(
        [ROSTER, pd.DataFrame({"case": ["q", "y"], "member": [1, 1], "years": [1, 2], "ties": ["1", "1"]})]
    )
    out = taken(roster=more)
    assert sorted(problems(out)) == [["R017", "roster", 1, "y"], ["R018", "roster", 1, "q"]]
    assert values(out.members["roster"], "years") == [70.0, 10.0, None]


def test_members_without_numbers_are_counted_in_their_order():
    out = taken(roster=ROSTER.drop(columns="member"))
    assert out.members["roster"].frame[["case", "member"]].values.tolist() == [["x", 1], ["x", 2], ["y", 1]]
    assert values(out.members["roster"], "years") == [10.0, 70.0, None]


def test_a_roster_that_was_not_given_leaves_what_needs_it_unknown():
    out = taken(roster=None)
    assert problems(out) == [["R020", "roster", 3, ""]]
    assert reasons(out, "oldest") == ["unknown"] * 3
    assert values(out, "care") == [1.0, None, None]
    assert values(taken(HOMES.assign(oldest=[70, None, None]), None), "oldest") == [70.0, None, None]


def test_faults_of_members_are_told_with_the_rest():
    out = taken(roster=ROSTER.assign(years=[200, 10, 70]))
    assert problems(out) == [["R003", "years", 1, "200 (1)"]]
    with pytest.raises(ResponsesError, match="R003"):
        out.checked()


def test_members_of_waves():
    forms = {"": form()}
    homes = pd.concat([HOMES.assign(wave="1"), HOMES.assign(wave="2"), HOMES.assign(wave="old")])
    roster = pd.concat(
        [ROSTER.assign(wave="1"), ROSTER.assign(wave="2", years=5, works=None), ROSTER.assign(wave="old")]
    )
    out = take(homes, instruments=forms, wave="wave", waves=("1", "2"), case="case", members={"roster": roster})
    assert values(out, "oldest") == [70.0, None, None, 5.0, 5.0, None]
    assert out.members["roster"].wave_codes().tolist() == [0, 0, 0, 1, 1, 1]
    assert problems(out) == [["R005", "wave", 3, ""], ["R007", "care", 1, ""]]
    with pytest.raises(ResponsesError, match="do not say in which"):
        take(homes, instruments=forms, wave="wave", waves=("1", "2"), case="case", members={"roster": ROSTER})
    other = homes[homes["wave"] != "2"].assign(case=lambda d: d["case"] + d["wave"].replace("1", ""))
    theirs = pd.concat([ROSTER, ROSTER.assign(case=ROSTER["case"] + "old")])
    out = take(other, instruments=forms, wave="wave", waves=("1",), case="case", members={"roster": theirs})
    assert out.problems["code"].tolist() == ["R005"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"members": {"rooster": ROSTER}}, "did you mean 'roster'"),
        ({"members": {"roster": ROSTER.drop(columns="case")}}, "no column 'case'"),
        ({"members": {"roster": ROSTER.drop(columns="years")}}, "no column 'years'"),
    ],
)
def test_tables_that_do_not_fit(more, words):
    with pytest.raises(ResponsesError, match=words):
        take(HOMES, instruments={"": form()}, case="case", **more)


def test_members_need_a_case():
    with pytest.raises(ResponsesError, match="matched by the case id"):
        take(HOMES, instruments={"": form()}, members={"roster": ROSTER})
