"""The rules of a tab book: every number is the one a single call gives, every letter the one a hand-made test gives."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest

import survey_kit as sk

TIGHT = 1e-10


def people(seed: int = 11, n: int = 900) -> pd.DataFrame:
    """Strata, units of unequal size, unequal weights, a tiny region, missing answers, three answers at once."""
    rng = np.random.default_rng(seed)
    psu = np.sort(rng.choice(48, n, p=rng.dirichlet(np.full(48, 6.0))))
    psu[:48] = np.arange(48)
    frame = pd.DataFrame({"psu": psu, "stratum": psu // 8, "w": rng.uniform(0.3, 4.0, n).round(3)})
    effect = rng.normal(size=48)[psu]
    frame["sex"] = rng.choice(["m", "f"], n)
    frame["region"] = rng.choice(["north", "south", "east", "isle"], n, p=[0.4, 0.37, 0.2, 0.03])
    frame.loc[rng.random(n) < 0.02, "region"] = None
    frame["age"] = pd.Categorical(rng.choice(["young", "middle", "old"], n), ["young", "middle", "old"], ordered=True)
    frame["wave"] = rng.choice([2021, 2023], n)
    trust = 2.6 + 0.5 * effect + 0.5 * (frame["sex"] == "f") + 0.4 * (frame["region"] == "south") + rng.normal(size=n)
    frame["trust"] = np.clip(np.round(trust), 1, 5)
    frame.loc[rng.random(n) < 0.05, "trust"] = np.nan
    frame["vote"] = pd.Categorical(rng.choice(["yes", "no"], n), ["yes", "never asked before", "no"])
    for name, p in (("police", 0.3), ("court", 0.12), ("tax", 0.2)):
        frame[name] = (rng.random(n) < p + 0.1 * (frame["sex"] == "m")).astype(float)
    frame.loc[rng.random(n) < 0.04, ["police", "court", "tax"]] = np.nan
    frame["income"] = np.round(np.exp(rng.normal(5, 0.5, n) + 0.3 * effect))
    frame["city"] = rng.random(n) < 0.6
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


DECLARED: dict[str, Any] = {"weight": "w", "strata": "stratum", "psu": "psu"}
KINDS = ("taylor", "unclustered", "replicates", "calibrated", "calibrated replicates", "waves")


def made(kind: str) -> sk.Design:
    frame = people()
    if kind == "unclustered":
        return sk.Design(frame, weight="w")
    if kind == "waves":
        return sk.Design(frame, **DECLARED, wave="wave", overlap="psu", lonely_psu="adjust")
    design = sk.Design(frame, **DECLARED)
    if "calibrated" in kind:
        design = sk.post_stratify(design, "sex", {"f": 1000.0, "m": 1100.0})
    return sk.make_replicates(design, "JKn") if "replicates" in kind else design


@pytest.fixture(params=KINDS)
def design(request: pytest.FixtureRequest) -> sk.Design:
    return made(request.param)


CONTACT = sk.MultipleResponse(
    "contact",
    {"Police": "police", "Court": "court", "Tax": "tax"},
    nets={"Law": ("Police", "Court")},
    of_responses=True,
)
BANNER = ("sex", "region", ("sex", "age"), "wave")


def book_of(design: sk.Design, **options: Any) -> sk.TabBook:
    questions = [
        sk.SingleResponse("trust", nets={"Trust (4-5)": (4, 5)}, mean=True),
        "vote",
        CONTACT,
        sk.NumericResponse("income", median="plain"),
    ]
    return sk.tab_book(design, questions, banner=BANNER, missing="exclude", **{"small": (0, 0), **options})


def rows_of(book: sk.TabBook, question: str, block: str, statistic: str) -> pd.DataFrame:
    rows = book.to_frame("pandas")
    return rows[(rows["question"] == question) & (rows["block"] == block) & (rows["statistic"] == statistic)]


def like(rows: pd.DataFrame, est: sk.Estimates, lines: int) -> None:
    """Compare lines of a block (line-major) with a table whose columns stand outermost."""
    for name in ("estimate", "se", "ci_low", "ci_high", "df", "n", "weight_sum"):
        expected = est.table[name].to_numpy(float).reshape(-1, lines).T.reshape(-1)
        np.testing.assert_allclose(
            rows[name].to_numpy(float), expected, rtol=TIGHT, atol=1e-12, equal_nan=True, err_msg=name
        )


# --------------------------------------------------------------------------------------------------------------- numbers
def test_every_number_is_that_of_a_single_call(design: sk.Design) -> None:
    """Would catch: columns and lines transposed, another base, intervals of another kind, rows dropped instead of domains."""
    book = book_of(design)
    for block, by in (
        ("", None),
        ("sex", "sex"),
        ("region", "region"),
        ("sex by age", ("sex", "age")),
        ("wave", "wave"),
    ):
        like(rows_of(book, "trust", block, "share"), sk.proportion(design, "trust", by=by, missing="exclude"), 5)
        like(rows_of(book, "trust", block, "mean"), sk.mean(design, "trust", by=by, missing="exclude"), 1)
        like(rows_of(book, "vote", block, "share"), sk.proportion(design, "vote", by=by), 3)
        like(rows_of(book, "income", block, "mean"), sk.mean(design, "income", by=by), 1)
        like(rows_of(book, "income", block, "sd"), sk.sd(design, "income", by=by), 1)
        like(rows_of(book, "income", block, "median"), sk.median(design, "income", by=by), 1)
        shares = sk.mean(design, ("police", "court", "tax"), by=by, missing="exclude", interval="korn_graubard")
        like(rows_of(book, "contact", block, "share"), shares, 3)


def test_letters_are_those_of_hand_made_tests(design: sk.Design) -> None:
    """Would catch: independence assumed between columns, the wrong family, the letter on the lower figure, wrong degrees."""
    book = book_of(design, adjust="holm")
    for by, block in (("region", "region"), ("wave", "wave")):
        est = sk.proportion(design, "trust", by=by, missing="exclude")
        levels = list(dict.fromkeys(est.table[by]))
        rows = rows_of(book, "trust", block, "share")
        told = book.comparisons[
            (book.comparisons["block"] == block)
            & (book.comparisons["question"] == "trust")
            & book.comparisons["category"].isin([1, 2, 3, 4, 5, 1.0])
        ]
        for category in (1, 2, 3, 4, 5):
            pairs = list(combinations(range(len(levels)), 2))
            tests = [
                est.difference({by: levels[a], "category": category}, {by: levels[b], "category": category})
                for a, b in pairs
            ]
            p = np.array([float(sk.significance(test).table["p"].iloc[0]) for test in tests])
            adjusted = sk.adjust_p(p, "holm")
            mine = told[told["category"] == category]
            np.testing.assert_allclose(mine["se"], [t.table["se"].iloc[0] for t in tests], rtol=1e-8)
            np.testing.assert_allclose(mine["df"], [t.table["df"].iloc[0] for t in tests])
            np.testing.assert_allclose(mine["p_adjusted"], adjusted, rtol=1e-7)
            expected = [""] * len(levels)
            for (a, b), test, value in zip(pairs, tests, adjusted, strict=True):
                if value < 0.10:
                    high, low = (a, b) if test.table["estimate"].iloc[0] > 0 else (b, a)
                    letter = chr(ord("A") + low)
                    expected[high] += letter if value < 0.05 else letter.lower()
            found = rows[rows["category"] == category]["letters"].tolist()
            assert found == ["".join(sorted(text, key=str.lower)) for text in expected]


def test_some_letters_are_found() -> None:
    """Would catch: the test above comparing nothing with nothing."""
    rows = rows_of(book_of(made("taylor")), "trust", "sex", "net")
    assert rows["letters"].tolist() == ["B", ""]
    assert rows["letter"].tolist() == ["A", "B"]


def test_the_test_of_a_block_is_rao_scott() -> None:
    """Would catch: a nested block tested by its last key only."""
    frame = people()
    frame["both"] = frame["sex"] + " " + frame["age"].astype(str)
    for kind in ("plain", "replicates"):
        design = sk.Design(frame, **DECLARED)
        design = sk.make_replicates(design, "JKn") if kind == "replicates" else design
        tests = book_of(design).tests.set_index(["question", "block"])
        for block, column in (("sex", "sex"), ("region", "region"), ("sex by age", "both")):
            single = sk.crosstab(design, column, "trust", missing="exclude").test()
            row = tests.loc[("trust", block)]
            assert row["statistic"] == pytest.approx(single.statistic, rel=1e-9)
            assert row["p"] == pytest.approx(single.p, rel=1e-7)
        wanted = sk.ttest(design, "income", "sex")
        assert tests.loc[("income", "sex"), "statistic"] == pytest.approx(wanted.statistic**2, rel=1e-9)


def test_a_multiple_response_of_one_answer_is_a_table_of_two() -> None:
    """Would catch: a wrong scale or wrong design effects in the test of several answers."""
    design = made("taylor")
    one = sk.MultipleResponse("one", {"Police": "police"})
    found = sk.tab_book(design, [one], banner=["region"], missing="exclude").tests.iloc[0]
    single = sk.crosstab(design, "region", "police", missing="exclude").test()
    assert found["statistic"] == pytest.approx(
        single.statistic, rel=0.05
    )  # design effects at the shares, not at independence
    assert found["df2"] / found["df1"] == pytest.approx(single.df2 / single.df1, rel=1e-9)


# ------------------------------------------------------------------------------------------------------ multiple response
def test_nets_and_shares_of_answers(design: sk.Design) -> None:
    """Would catch: a net as the sum of its parts, shares of answers that do not add up to 1."""
    frame = pd.DataFrame(design.frame)
    book = book_of(design)
    for block in ("sex", "region"):
        found = rows_of(book, "contact", block, "response")
        np.testing.assert_allclose(found.groupby("column")["estimate"].sum(), 1.0, rtol=1e-12)
    law = rows_of(book, "contact", "", "net")["estimate"].item()
    w = design.layout.weight
    known = frame["police"].notna().to_numpy()
    some = ((frame["police"] == 1) | (frame["court"] == 1)).to_numpy()
    assert law == pytest.approx((w * some)[known].sum() / w[known].sum(), rel=1e-12)


def test_partly_blank_answers_count_as_not_mentioned() -> None:
    """Would catch: people dropped because one column is blank."""
    frame = pd.DataFrame({"w": [1.0] * 4, "g": [1, 1, 2, 2], "a": [1, np.nan, 0, np.nan], "b": [np.nan, 1, 0, np.nan]})
    design = sk.Design(frame, weight="w")
    set_ = sk.MultipleResponse("s", {"A": "a", "B": "b"})
    book = sk.tab_book(design, [set_], banner=["g"], missing="exclude", small=(0, 0))
    total = rows_of(book, "s", "", "share")
    assert total["n"].tolist() == [3, 3]
    np.testing.assert_allclose(total["estimate"], [1 / 3, 1 / 3])
    assert any("2 people" in note for table in book.tables for note in table.question.notes)
    with pytest.raises(sk.SurveyKitError, match="people without any answer"):
        sk.tab_book(design, [set_], banner=["g"])


# ------------------------------------------------------------------------------------------------------- domains and bases
def test_where_is_a_domain(design: sk.Design) -> None:
    """Would catch: rows dropped."""
    book = book_of(design, where="city")
    est = sk.proportion(design, "trust", by="region", where="city", missing="exclude")
    like(rows_of(book, "trust", "region", "share"), est, 5)
    assert any("'city'" in note for note in book.notes)


def test_categories_keep_their_order_and_unused_ones_stay() -> None:
    rows = rows_of(book_of(made("taylor")), "vote", "", "share")
    assert rows["line"].tolist() == ["yes", "never asked before", "no"]
    assert rows["estimate"].iloc[1] == 0


def test_small_bases_are_suppressed_bracketed_and_not_compared() -> None:
    """Would catch: a suppressed figure in the frame, or a letter that tells what it was."""
    book = book_of(made("taylor"), small=(40, 250))
    rows = rows_of(book, "trust", "region", "share")
    flags = rows.groupby("column", sort=False)["flag"].first().to_dict()
    sizes = rows.groupby("column", sort=False)["n"].first().to_dict()
    assert flags == {name: "suppressed" if n < 40 else "small" if n < 250 else "" for name, n in sizes.items()}
    assert set(flags.values()) == {"", "small", "suppressed"}
    hidden = rows[rows["flag"] == "suppressed"]
    assert hidden[["estimate", "se", "ci_low", "ci_high", "df"]].isna().all(axis=None)
    assert (hidden["letters"] == "").all()
    pairs = book.comparisons
    assert "isle" not in {*pairs[pairs["block"] == "region"]["column"], *pairs[pairs["block"] == "region"]["against"]}


def test_bases_are_counts_weights_and_kish() -> None:
    frame = people()
    book = book_of(made("taylor"))
    rows = rows_of(book, "trust", "sex", "share").drop_duplicates("column").set_index("column")
    for sex in ("f", "m"):
        w = frame[(frame["sex"] == sex) & frame["trust"].notna()]["w"]
        assert rows.loc[sex, "n"] == len(w)
        assert rows.loc[sex, "weight_sum"] == pytest.approx(w.sum())
        assert rows.loc[sex, "effective_n"] == pytest.approx(w.sum() ** 2 / (w**2).sum())
    asked = frame[frame["sex"] == "f"]
    lacking = book.tables[0].bases("unanswered")
    assert lacking[1] == asked["trust"].isna().sum()


def test_equal_shares_without_spread_earn_no_letters() -> None:
    """Would catch: rounding taken for a difference where everybody answers alike."""
    frame = pd.DataFrame({"w": np.linspace(0.1, 3.3, 90), "g": [1, 2, 3] * 30, "y": [1] * 90, "z": [1, 2, 2] * 30})
    book = sk.tab_book(sk.Design(frame, weight="w"), [sk.SingleResponse("y", nets={"one": (1,)}), "z"], banner=["g"])
    rows = book.to_frame()
    assert (rows[rows["question"] == "y"]["letters"] == "").all()
    assert (
        rows[(rows["question"] == "z") & (rows["column"] == "1") & (rows["category"].astype(str) == "1")][
            "letters"
        ].item()
        == ""
    )


def test_a_share_of_zero_is_not_compared() -> None:
    """Would catch: a standard error of zero taken for certainty, so that 0 of 40 is "significantly" below 3 of 40."""
    frame = pd.DataFrame(
        {"w": 1.0, "g": np.repeat(["a", "b", "c"], 40), "y": [1] * 3 + [2] * 37 + [2] * 40 + [1, 2] * 20}
    )
    book = sk.tab_book(sk.Design(frame, weight="w"), ["y"], banner=["g"], adjust="none")
    pairs = book.comparisons[["column", "against"]].drop_duplicates().to_numpy().tolist()
    assert pairs == [["a", "c"]]
    assert rows_of(book, "y", "g", "share")["letters"].tolist() == ["", "", "A", "C", "", ""]


def test_what_is_in_one_polars_frame_is_in_the_other() -> None:
    frame = people()
    polars = pytest.importorskip("polars", reason="polars is not installed")
    design = sk.Design(polars.from_pandas(frame), **DECLARED)
    rows = book_of(design).to_frame()
    assert type(rows).__module__.startswith("polars")
    one, two = (part[part["question"] != "vote"] for part in (rows.to_pandas(), book_of(made("taylor")).to_frame()))
    np.testing.assert_allclose(one["estimate"], two["estimate"], rtol=1e-12)
    assert one["letters"].tolist() == two["letters"].tolist()


def test_the_frame_is_not_changed() -> None:
    frame = people()
    before = frame.copy()
    book_of(sk.Design(frame, **DECLARED))
    pd.testing.assert_frame_equal(frame, before)
