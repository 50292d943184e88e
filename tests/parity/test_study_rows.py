"""The rows that are published, by the whole way from study file to indicator row, against R survey (lapop.R, gss.R)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import survey_kit as sk

RELATIVE = 1e-8
HERE = Path(__file__).parent


def read(name: str) -> pd.DataFrame:
    frame = pd.read_csv(HERE / name, comment="#", dtype={"wave": str, "year": str, "from": str})
    return frame.rename(columns={"year": "wave"}).fillna({"from": ""})


def rows_of(study: Any) -> pd.DataFrame:
    """One row per indicator of one item, with the item's name and the factor that takes R's mean to the row's scale."""
    series = sk.compute(study)
    parts = {one.id: one for one in series.definitions}
    rows = series.rows[series.rows["kind"].isin(["share", "mean100"])].copy()
    rows["item"] = [parts[name].items[0] for name in rows["indicator"]]
    rows = rows[[len(parts[name].items) == 1 for name in rows["indicator"]]]
    rows["category"] = [tuple(parts[name].categories or ()) for name in rows["indicator"]]
    return rows


def close(ours: pd.Series, theirs: pd.Series, what: str) -> None:
    np.testing.assert_allclose(ours.to_numpy(float), theirs.to_numpy(float), rtol=RELATIVE, atol=1e-12, err_msg=what)


def check(rows: pd.DataFrame, theirs: pd.DataFrame, keys: list[str], scale: float, offset: float, limits: bool) -> int:
    """Compare rows and their changes with R's; give the number of changes compared."""
    one = rows.merge(
        theirs[theirs["from"] == ""], on=["item", "wave", *keys], suffixes=("", "_r"), validate="one_to_one"
    )
    published = one[one["estimate"].notna()]
    assert len(published) == rows["estimate"].notna().sum() > 0
    close(published["estimate"], scale * (published["estimate_r"] - offset), "estimate")
    close(published["se"], scale * published["se_r"], "se")
    assert published["df"].tolist() == published["df_r"].tolist()
    assert published["n"].astype(int).tolist() == published["n_r"].tolist()
    if limits:
        for name in ("ci_low", "ci_high"):
            close(published[name], scale * (published[f"{name}_r"] - offset), name)
    compared = 0
    for base in ("previous", "baseline"):
        pairs = rows[rows[f"{base}_change"].notna()].rename(columns={f"{base}_wave": "from"})
        both = pairs.merge(theirs[theirs["from"] != ""], on=["item", "wave", "from", *keys], suffixes=("", "_r"))
        if base == "previous":
            assert len(both) == len(pairs)
        close(both[f"{base}_change"], scale * both["estimate_r"], f"{base} change")
        close(both[f"{base}_se"], scale * both["se_r"], f"{base} se")
        assert both[f"{base}_df"].tolist() == both["df_r"].tolist()
        compared += len(both)
    return compared


def test_brazil(data_folder: Path, root: Path) -> None:
    rows = rows_of(sk.read_study(root / "analyses" / "brazil_trust", data=data_folder))
    rows = rows[rows["domain"] == ""]
    theirs = read("lapop.csv")
    share = check(rows[rows["kind"] == "share"], theirs[theirs["statistic"] == "share"], [], 1.0, 0.0, limits=True)
    mean = check(rows[rows["kind"] == "mean100"], theirs[theirs["statistic"] == "mean"], [], 100 / 6, 1.0, limits=True)
    assert share > 20
    assert mean > 10
    assert rows.loc[rows["estimate"].isna(), "status"].eq("not_asked").all()


def test_united_states(data_folder: Path, root: Path) -> None:
    rows = rows_of(sk.read_study(root / "analyses" / "us_confidence", data=data_folder))
    rows = rows[rows["category"] == (1,)]
    theirs = read("gss.csv")
    theirs = theirs[theirs["code"] == 1]
    whole = check(rows[rows["domain"] == ""], theirs[theirs["sex"].isna()], [], 1.0, 0.0, limits=False)
    assert whole > 13 * 20
    by_sex = rows[(rows["domain"] == "sex") & rows["item"].isin(theirs.loc[theirs["sex"].notna(), "item"])]
    sexes = theirs[theirs["sex"].notna()].assign(level=lambda r: r["sex"].astype(int).astype(str))
    one = by_sex.merge(sexes, on=["item", "wave", "level"], suffixes=("", "_r"), validate="one_to_one")
    one = one[one["estimate"].notna()]
    assert len(one) == len(sexes)
    for name in ("estimate", "se"):
        close(one[name], one[f"{name}_r"], name)
    assert one["df"].tolist() == one["df_r"].tolist()
