"""What differs from the release before: every figure, its old and new value, and why; and what two releases give away together."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from survey_kit.errors import ReleaseError
from survey_kit.indicators.confidential import RULE
from survey_kit.indicators.rows import AGAINST, CHANGE_FIGURES, FIGURES
from survey_kit.release.declaration import Revision
from survey_kit.study import said

if TYPE_CHECKING:
    import pandas as pd

KEY: Final = ("indicator", "wave", "domain", "level")
NUMBERS: Final = ("estimate", "ci_low", "ci_high", "n")
WORDS: Final = ("status", "reliability", "previous_wording", "baseline_wording")
LOG: Final = (
    *("edition", "data_status"),
    *KEY,
    *("change", "column", "old", "new", "visible", "kind", "date", "reason"),
)
SAME: Final = 1e-9  # relative: two numbers of other machines are one
DIGITS: Final = {"share": 3, "ratio": 3, "net": 3, "points": 1}  # as the pages show them
SOLVED: Final = 1e-8  # of a null space: a cell that cannot move
CONFIDENTIAL, UNRELIABLE = "[c]", "[u]"


def hidden(rows: pd.DataFrame) -> pd.Series[bool]:
    """Tell which rows withhold their figure to protect those who answered."""
    return rows["reliability"].eq("suppress") & rows["reliability_rule"].eq(RULE)


def revisions(
    old: pd.DataFrame, new: pd.DataFrame, causes: Sequence[Revision], *, edition: str, language: str = "en"
) -> pd.DataFrame:
    """Compare the rows of two releases.

    A row of a wave the earlier release did not have is no revision; a new row of a wave it had is told as ``added`` and
    needs no reason; every other difference does. A figure that is confidential in one of them shows as ``[c]``.

    Parameters
    ----------
    old, new
        The published rows.
    causes
        The causes declared for this edition, in order; the first that fits a row explains it.
    edition
        The edition of the new rows.
    language
        The language of the reasons.

    Returns
    -------
    DataFrame
        One row per figure and column that differs, with the columns of ``LOG``.

    Raises
    ------
    ReleaseError
        If a wave is gone, or a difference has no reason.
    """
    import pandas as pd

    gone = [wave for wave in old["wave"].unique() if wave not in set(new["wave"])]
    if gone and not any(one.wave in {None, gone[0]} and one.indicator is None for one in _of(causes, edition)):
        raise ReleaseError(
            f"The wave '{gone[0]}' of the release before is missing.",
            where="waves of the study",
            found=f"{len(new['wave'].unique())} waves, {len(old['wave'].unique())} before",
            fix=f"Put the wave back, or say in release.yaml why it is gone: revisions: - {{wave: '{gone[0]}', ...}}.",
        )
    before = {tuple(row[name] for name in KEY): row for row in old.to_dict("records")}
    after = {tuple(row[name] for name in KEY): row for row in new.to_dict("records")}
    known = set(old["wave"])
    found = [
        dict(zip(KEY, key, strict=True)) | told
        for key in dict.fromkeys((*before, *after))
        if key[1] in known
        for told in _differences(before.get(key), after.get(key))
    ]
    status = str(new["data_status"].iloc[0]) if len(new) else ""
    records = [one | _cause(one, causes, edition, language, len(found)) for one in found]
    table = pd.DataFrame(records, columns=[name for name in LOG if name not in {"edition", "data_status"}])
    table.insert(0, "edition", edition)
    table.insert(1, "data_status", status)
    return table


def _differences(before: Mapping[Any, Any] | None, after: Mapping[Any, Any] | None) -> list[dict[str, Any]]:
    """Give the columns of a row that differ, with the kind of change and whether a reader of the pages sees it."""
    if before is None or after is None:
        there = after if before is None else before
        value = "" if there is None else _shown(there, "estimate")
        pair = ("", value) if before is None else (value, "")
        return [_line("added" if before is None else "dropped", "row", *pair, visible=True)]
    was, now = _withheld(before), _withheld(after)
    if was != now:
        kind = "withheld" if now else "released"
        return [_line(kind, "estimate", _shown(before, "estimate", after), _shown(after, "estimate"), visible=True)]
    out = []
    for name in NUMBERS:
        a, b = before.get(name), after.get(name)
        if _number(a) != _number(b) and not _close(a, b):
            out.append(
                _line(
                    "revised", name, _shown(before, name, after), _shown(after, name), visible=_seen(after, name, a, b)
                )
            )
    for name in WORDS:
        a, b = str(before.get(name) or ""), str(after.get(name) or "")
        if a != b:
            out.append(_line("reworded", name, a, b, visible=name != "status"))
    return out


def _line(change: str, column: str, old: str, new: str, *, visible: bool) -> dict[str, Any]:
    return {"change": change, "column": column, "old": old, "new": new, "visible": "yes" if visible else "no"}


def _withheld(row: Mapping[Any, Any]) -> str:
    """Say why a row has no figure: the marker; empty when it has one or never could."""
    if row["reliability"] != "suppress":
        return ""
    return CONFIDENTIAL if row["reliability_rule"] == RULE else UNRELIABLE


def _shown(row: Mapping[Any, Any], name: str, other: Mapping[Any, Any] | None = None) -> str:
    """Write a value; the figure of a row that is confidential, here or in `other`, is never written."""
    for one in (row, other or row):
        if _withheld(one) == CONFIDENTIAL and name != "n":
            return CONFIDENTIAL
    value = _number(row.get(name))
    if value is None:
        return _withheld(row)
    return f"{value:.10g}"


def _number(value: Any) -> float | None:
    if value is None or str(value) in {"nan", "<NA>", ""}:
        return None
    return float(value)


def _close(a: Any, b: Any) -> bool:
    one, two = _number(a), _number(b)
    return one is not None and two is not None and abs(one - two) <= SAME * max(1.0, abs(one), abs(two))


def _seen(row: Mapping[Any, Any], name: str, a: Any, b: Any) -> bool:
    one, two = _number(a), _number(b)
    if one is None or two is None or name == "n":
        return True
    digits = DIGITS.get(str(row["unit"]), 3)
    return round(one, digits) != round(two, digits)


# ------------------------------------------------------------------------------------------------------------- causes
def _of(causes: Sequence[Revision], edition: str) -> list[Revision]:
    return [one for one in causes if one.edition == edition]


def _cause(
    one: Mapping[str, Any], causes: Sequence[Revision], edition: str, language: str, count: int
) -> dict[str, str]:
    for cause in _of(causes, edition):
        if all(getattr(cause, name) in {None, one[name]} for name in KEY):
            return {"kind": cause.kind, "date": cause.date.isoformat(), "reason": said(cause.reason, language)}
    if one["change"] == "added":
        return {"kind": "", "date": "", "reason": ""}
    where = f"indicator '{one['indicator']}', wave '{one['wave']}', {one['domain'] or 'everybody'} {one['level']}"
    raise ReleaseError(
        "A figure of the release before is other now, and nobody says why.",
        where=where.rstrip(),
        found=f"{one['column']}: {one['old'] or 'none'} before, {one['new'] or 'none'} now; {count} differences in all",
        fix=(
            f"Add to release.yaml: revisions: - {{edition: '{edition}', indicator: {one['indicator']}, kind: data, "
            "date: 2026-01-31, reason: why}; without 'indicator' it holds for all."
        ),
    )


# --------------------------------------------------------------------------------------------- two releases together
def refuse_revealed(old: pd.DataFrame, new: pd.DataFrame) -> None:
    """Refuse rows that, beside the release before, give away what one of the two withholds.

    A reader has both releases. What is confidential in one must not stand in the other on the same base (the same n and
    sum of weights), and must not follow from both by subtraction: for every indicator, wave and domain the levels times
    their sums of weights make up everybody, and a withheld cell follows exactly if the linear relations leave it no
    freedom, that is if its row of their null space is zero.

    Raises
    ------
    ReleaseError
        Naming the first such cell, never its value.
    """
    names = [*KEY, "estimate", "n", "weight_sum", "reliability", "reliability_rule"]
    both = old[names].merge(new[names], on=list(KEY), how="outer", suffixes=("_old", "_new"))
    same = _same(both, "n") & _same(both, "weight_sum")
    there_old, there_new = both["estimate_old"].notna(), both["estimate_new"].notna()
    secret_old = both["reliability_old"].eq("suppress") & both["reliability_rule_old"].eq(RULE)
    secret_new = both["reliability_new"].eq("suppress") & both["reliability_rule_new"].eq(RULE)
    secret = secret_old | secret_new
    for bad, fix in (
        (
            secret_new & there_old & same,
            "It was published before: withdraw that release, then name no previous one (--previous none).",
        ),
        (secret_old & there_new & same, "Withhold it again: the base is the same as in the release before."),
    ):
        if bad.any():
            _reveal(both[bad].iloc[0], fix)
    current = both[both["n_new"].notna()]
    for _, cells in current.groupby(["indicator", "wave"], sort=False):
        mask = secret[cells.index].to_numpy()
        if mask.any():
            known = (there_new | (there_old & same))[cells.index].to_numpy()
            place = _determined(cells["domain"].to_numpy(), cells["weight_sum_new"].to_numpy(float), known, mask)
            if place is not None:
                _reveal(cells.iloc[place], "Withhold one more level of the same domain.")


def refuse_figures(folder: Path) -> None:
    """Refuse a folder in which a table shows a figure, or a change, of a row that withholds it.

    Every CSV that says of its rows how reliable they are is read as it was written, whoever wrote it.

    Raises
    ------
    ReleaseError
        Naming the file, the line and the column, never the value.
    """
    for path in sorted(folder.rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            for row in (table := csv.DictReader(stream)):
                if "reliability" not in row:
                    break
                gone = [*FIGURES] if row["reliability"] == "suppress" else []
                for against in AGAINST:
                    if row.get(f"{against}_wording") == "not_published":
                        gone += [f"{against}_{name}" for name in CHANGE_FIGURES]
                shown = next((name for name in gone if row.get(name)), None)
                if shown is not None:
                    raise ReleaseError(
                        "The release would show a withheld figure.",
                        where=f"{path.relative_to(folder).as_posix()}, line {table.line_num}, column {shown}",
                        fix="Write tables from published rows only: survey_kit.indicators.rows.published.",
                    )


def _determined(domain: Any, weight: Any, known: Any, secret: Any) -> int | None:
    """Give the first withheld cell that the sums leave no freedom; nothing when every one has some."""
    whole = np.flatnonzero(domain == "")
    relations = []
    for name in dict.fromkeys(domain[domain != ""]):
        parts = domain == name
        if len(whole) and np.isclose(weight[parts].sum(), weight[whole[0]], rtol=1e-9):
            line = np.where(parts, weight, 0.0)
            line[whole[0]] = -weight[whole[0]]
            relations.append(line / max(float(np.abs(line).max()), 1e-300))
    open_ = np.flatnonzero(~known & np.isfinite(weight) & (weight > 0))
    if not relations or not len(open_):
        return None
    matrix = np.stack(relations)[:, open_]
    _, sizes, turned = np.linalg.svd(matrix, full_matrices=True)
    rank = int((sizes > SOLVED * max(1.0, float(sizes.max(initial=0.0)))).sum())
    free = np.linalg.norm(turned[rank:], axis=0) if rank < len(open_) else np.zeros(len(open_))
    fixed = open_[(free < SOLVED) & secret[open_]]
    return int(fixed[0]) if len(fixed) else None


def _same(both: pd.DataFrame, name: str) -> pd.Series[bool]:
    a, b = both[f"{name}_old"].astype("float64"), both[f"{name}_new"].astype("float64")
    return (a - b).abs() <= SAME * a.abs().clip(lower=1.0)


def _reveal(row: Any, fix: str) -> None:
    raise ReleaseError(
        "The release would give a withheld figure away.",
        where=f"indicator '{row['indicator']}', wave '{row['wave']}', {row['domain'] or 'everybody'} {row['level']}".rstrip(),
        found="it can be worked out from this release and the one before",
        fix=fix,
    )
