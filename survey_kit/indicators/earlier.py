"""What an earlier release already told: figures that stay known, whatever is withheld now, and figures that give few people away.

A reader has every release. A figure that was published on the same base (same indicator, wave, group, number of people and sum of
weights) is known; withholding it, or withholding another one beside it, has to reckon with that. And two releases of one figure whose
bases differ by fewer people than may stand behind a figure tell what those people answered (differencing: Statistical Disclosure
Control Handbook, Office for National Statistics and others 2019, section on differencing).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from survey_kit import files
from survey_kit.errors import DisclosureError
from survey_kit.indicators.cells import Cells, Job
from survey_kit.indicators.rows import TEXTS
from survey_kit.study import Study
from survey_kit.types import BoolArray

if TYPE_CHECKING:
    import pandas as pd

KEY: Final = ("indicator", "wave", "domain", "level")
NEEDED: Final = (*KEY, "estimate", "n", "weight_sum", "reliability")
CLOSE: Final = 1e-9  # relative difference of sums of weights that is rounding
FAULTS: Final[Mapping[str, str]] = {
    "known": "withheld now, published before on the same base",
    "nearly_known": "withheld now, published before on a base that differs by few people",
    "few_differ": "published in both, on bases that differ by few people",
}


def read_earlier(path: Path) -> pd.DataFrame:
    """Read the figures of an earlier release: its ``..._indicators.csv`` of the open data, or its ``rows.csv``.

    Raises
    ------
    DisclosureError
        If the file is not there or lacks a column.
    """
    import pandas as pd

    files.existing(path, "table of an earlier release", DisclosureError)
    head = list(pd.read_csv(path, nrows=0).columns)
    lacking = [name for name in NEEDED if name not in head]
    if lacking:
        raise DisclosureError(
            f"The table of the earlier release has no column '{lacking[0]}'.",
            where=str(path),
            fix="Name the file of indicators of its open data.",
        )
    kinds = {name: "str" for name in head if name in TEXTS}
    rows = pd.read_csv(path, dtype=kinds, keep_default_na=False, na_values=[""])
    texts = list(kinds)
    rows[texts] = rows[texts].fillna("")
    return rows


def before_of(study: Study, earlier: pd.DataFrame | None) -> pd.DataFrame | None:
    """Give the rows of the release before: those given, else those the study names, else None."""
    named = study.disclosure.earlier
    return earlier if earlier is not None or named is None else read_earlier(study.folder / named)


def bases(earlier: pd.DataFrame) -> dict[tuple[str, ...], tuple[float, float]]:
    """Give the base, people and sum of weights, of every figure that was published.

    Examples
    --------
    >>> import pandas as pd
    >>> row = {"indicator": "trust", "wave": "1", "domain": "sex", "level": "2", "estimate": 0.4, "n": 80, "weight_sum": 91.5}
    >>> bases(pd.DataFrame([row | {"reliability": "publish"}, row | {"level": "1", "reliability": "suppress"}]))
    {('trust', '1', 'sex', '2'): (80.0, 91.5)}
    """
    shown = earlier[(earlier["reliability"] != "suppress") & earlier["estimate"].notna()]
    keys = zip(*(_texts(shown[name]) for name in KEY), strict=True)
    numbers = zip(shown["n"].astype(float), shown["weight_sum"].astype(float), strict=True)
    return dict(zip(keys, numbers, strict=True))


def known(job: Job, cells: Sequence[Cells], waves: Sequence[str], earlier: pd.DataFrame) -> list[BoolArray]:
    """Tell which figures (I, D, W) of each domain were published before on the same base.

    Parameters
    ----------
    job, cells
        The indicators and their figures of every domain.
    waves : (W,)
        Ids of the study's waves.
    earlier
        Rows of an earlier release, as `read_earlier` gives them.
    """
    before, out = bases(earlier), []
    for part in cells:
        n, weight = part.figures["n"], part.figures["weight_sum"]
        found = np.zeros(part.status.shape, dtype=bool)
        for (i, d, v), _ in np.ndenumerate(found):
            key = (job.indicators[i].id, waves[v], part.domain.name, part.domain.levels[d][0])
            base = before.get(key)
            found[i, d, v] = base is not None and same(base, (float(n[i, d, v]), float(weight[i, d, v])))
        out.append(found)
    return out


def same(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Tell whether two bases, people and sum of weights, are the same but for rounding.

    Examples
    --------
    >>> same((80.0, 91.5), (80.0, 91.5 * (1 + 1e-12))), same((80.0, 91.5), (79.0, 91.5))
    (True, False)
    """
    return one[0] == other[0] and abs(one[1] - other[1]) <= CLOSE * max(abs(one[1]), abs(other[1]))


def differences(rows: pd.DataFrame, earlier: pd.DataFrame, least: int) -> pd.DataFrame:
    """List the figures that the two releases together give away.

    Parameters
    ----------
    rows
        The rows that are to be published.
    earlier
        Those of an earlier release.
    least
        Fewest people who may stand behind a figure.

    Returns
    -------
    DataFrame
        ``indicator``, ``wave``, ``domain``, ``level`` and ``fault`` (see `FAULTS`); no figure stands in it. Empty when nothing is given
        away.

    Examples
    --------
    >>> import pandas as pd
    >>> row = {"indicator": "trust", "wave": "1", "domain": "", "level": "", "estimate": 0.4, "n": 80, "weight_sum": 91.5}
    >>> now, before = pd.DataFrame([row | {"reliability": "publish"}]), pd.DataFrame([row | {"n": 77, "reliability": "publish"}])
    >>> differences(now, before, 10)["fault"].tolist(), differences(now, now, 10)["fault"].tolist()
    (['few_differ'], [])
    """
    import pandas as pd

    before, found = bases(earlier), []
    hidden = (rows["reliability_rule"] if "reliability_rule" in rows else rows["reliability"]).eq("confidential")
    shown = (rows["reliability"] != "suppress") & rows["estimate"].notna()
    keys = zip(*(_texts(rows[name]) for name in KEY), strict=True)
    numbers = zip(rows["n"].astype(float), rows["weight_sum"].astype(float), hidden, shown, strict=True)
    for key, (n, weight, gone, there) in zip(keys, numbers, strict=True):
        base = before.get(key)
        if base is None or not (gone or there):
            continue
        few = 0 < abs(n - base[0]) < least
        if gone and (few or same(base, (n, weight))):
            found.append((*key, "nearly_known" if few else "known"))
        elif there and few:
            found.append((*key, "few_differ"))
    return pd.DataFrame(found, columns=[*KEY, "fault"])


def refuse(found: pd.DataFrame) -> None:
    """Stop a release that gives figures away together with an earlier one.

    Raises
    ------
    DisclosureError
        Naming the first figure, how many there are, and what to do.
    """
    if found.empty:
        return
    one = found.iloc[0]
    who = f"{one['domain']} {one['level']}".strip() or "everybody"
    raise DisclosureError(
        f"Together with the earlier release a figure would give people away: {FAULTS[one['fault']]}.",
        where=f"indicator '{one['indicator']}', wave '{one['wave']}', {who}" + _others(len(found) - 1),
        fix="Keep the interviews and weights of that wave as they were released, or leave the figure out of the release.",
    )


def _others(count: int) -> str:
    return f", and {count} more" if count else ""


def _texts(column: pd.Series[Any]) -> list[str]:
    return ["" if value is None or value != value else str(value) for value in column.tolist()]  # noqa: PLR0124 - NaN
