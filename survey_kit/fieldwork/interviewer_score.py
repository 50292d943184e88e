"""One score of several screens: who is far out in many ways at once, when no single screen says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from survey_kit import checks
from survey_kit.errors import ResponsesError
from survey_kit.estimate import adjust_p
from survey_kit.fieldwork.screens import SECOND_LOOK, Screen, Screened, seldom
from survey_kit.language import Note
from survey_kit.types import Adjustment, FloatArray

SCORE = Screen(
    name="score",
    measures="a sum of evidence from several screens",
    null="interviewers who differ as the middle of them do, with screens that go together as they do among interviewers",
    needs=("three screens or more",),
    tail="high",
    form="number",
    source="Schwanhäuser, Sakshaug & Kosyakova (2022), Public Opinion Quarterly 86:51-81; Strube (1985), Psychological Bulletin 97:334-341",
)
FEWEST_SCREENS = 3
_FURTHEST = 5.0  # what one screen can add: no screen decides alone


def interviewer_score(screens: Sequence[Screened], *, level: float = 0.05, adjust: Adjustment = "bh") -> Screened:
    r"""Add up the evidence of several screens.

    The p of each screen becomes :math:`e = \Phi^{-1}(1 - p)`, held within 5 either way; the score of an interviewer with k screens is
    :math:`\sum e / \sqrt{1' R 1}` with R the correlation of the screens among interviewers, from Kendall's tau (:math:`\sin(\pi \tau / 2)`, which those
    far out hardly sway; Croux & Dehon 2010, Statistical Methods & Applications 19:497-515), and 1' R 1 never below k.

    Parameters
    ----------
    screens
        Screens of the same interviewers; each name once. The screen of schedules gives no evidence of degree and is left out.

    Examples
    --------
    >>> import pandas as pd
    >>> from survey_kit.fieldwork.screens import Interviews, screened
    >>> rng = np.random.default_rng(2)
    >>> held = Interviews(frame=pd.DataFrame({"who": np.arange(800) % 40}), interviewer="who")
    >>> faint = [screened(held, Screen(name=n, measures="", null="", needs=()), rng.standard_normal(800) + 0.7 * (held.frame["who"] == 9))
    ...          for n in "abcd"]
    >>> interviewer_score(faint).flagged
    [9]
    """
    from scipy import special, stats

    checks.level(1 - level)
    used = [one for one in screens if one.unit == "interviewer" and one.screen.name != "schedule"]
    labels = [one.screen.name for one in used]
    checks.unique(labels, "The screen", ResponsesError)
    if len(used) < FEWEST_SCREENS:
        fix = f"Give at least {FEWEST_SCREENS} screens of interviewers."
        raise ResponsesError("Too few screens for a score.", found=f"{len(used)}", fix=fix)
    names = sorted({name for one in used for name in one.table["interviewer"]}, key=str)
    workload = dict.fromkeys(names, 0)
    evidence = np.full((len(names), len(used)), np.nan)
    for column, one in enumerate(used):
        table = one.table.set_index("interviewer")
        p = table["p"].reindex(names).to_numpy(dtype=np.float64)
        evidence[:, column] = np.clip(special.ndtri(1 - np.clip(p, 1e-12, 1 - 1e-12)), -_FURTHEST, _FURTHEST)
        for name, count in table["interviews"].items():
            workload[name] = max(workload[name], int(count))
    together = _correlations(evidence)
    score = np.full(len(names), np.nan)
    for row, values in enumerate(evidence):
        given = np.isfinite(values)
        if given.sum() >= FEWEST_SCREENS:
            whole = max(float(together[np.ix_(given, given)].sum()), float(given.sum()))
            score[row] = values[given].sum() / np.sqrt(whole)
    p = stats.norm.sf(score)
    table = _table(names, workload, labels, evidence, score, p, adjust_p(p, adjust) if len(p) else p, level)
    notes = (Note("screens", "score_of", {"n": str(len(labels))}),)
    rows = used[0].interviews.loc[:, ["case", "interviewer"]].assign(score=np.nan)
    return Screened(
        screen=SCORE, unit="interviewer", table=table, level=level, spread=0.0, interviews=rows, notes=notes
    )


def _table(
    names: Sequence[Any],
    workload: dict[Any, int],
    labels: Sequence[str],
    evidence: FloatArray,
    score: FloatArray,
    p: FloatArray,
    adjusted: FloatArray,
    level: float,
) -> Any:
    import pandas as pd

    out = adjusted <= level
    said = []
    for row, name in enumerate(names):
        if not np.isfinite(score[row]):
            said.append(f"{name}: too few screens; not judged.")
            continue
        most = [k for k in np.argsort(-np.nan_to_num(evidence[row], nan=-9.0))[:3] if evidence[row, k] > 1]
        parts = f", most by {', '.join(labels[k].replace('_', ' ') for k in most)}" if most else ""
        words = f"{name}: evidence of {score[row]:.1f} in all{parts}"
        said.append(f"{words}; {seldom(p[row])}; {SECOND_LOOK}." if out[row] else f"{words}; within what others show.")
    table = pd.DataFrame(
        {
            "interviewer": list(names),
            "interviews": [workload[name] for name in names],
            "statistic": score,
            "expected": np.where(np.isfinite(score), 0.0, np.nan),
            "se": np.where(np.isfinite(score), 1.0, np.nan),
            "z": score,
            "p": p,
            "p_adjusted": adjusted,
            "stands_out": out,
            **{label: evidence[:, k] for k, label in enumerate(labels)},
            "sentence": said,
        }
    )
    table = table.sort_values("p", kind="stable", na_position="last", ignore_index=True)
    table.insert(8, "rank", np.where(table["p"].notna(), np.arange(1, len(table) + 1), 0))
    return table


def _correlations(evidence: FloatArray) -> FloatArray:
    """Give the correlation of screens (k, k) among interviewers."""
    from scipy import stats

    k = evidence.shape[1]
    out = np.eye(k)
    for i in range(k):
        for j in range(i):
            both = np.isfinite(evidence[:, i]) & np.isfinite(evidence[:, j])
            tau = stats.kendalltau(evidence[both, i], evidence[both, j]).statistic if both.sum() > 3 else 0.0
            value = float(np.sin(np.pi / 2 * tau)) if np.isfinite(tau) else 0.0
            out[i, j] = out[j, i] = value
    return out
