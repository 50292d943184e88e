"""Linking a series across a break: the old version put on the footing of the new one, or the reverse."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from survey_kit import checks
from survey_kit.errors import EstimationError
from survey_kit.estimate.covariances import Replicated
from survey_kit.estimate.estimates import Estimates, bind, combined
from survey_kit.estimate.independent import bind_independent
from survey_kit.estimate.linking_rows import Plan, Sides, plan_factors, plan_series
from survey_kit.estimate.linking_scales import SCALES, Method, Scale
from survey_kit.estimate.maps import check_estimates
from survey_kit.types import FloatArray

Footing = Literal["new", "old"]
Bridge = Any  # a label of the key, several, or the two versions in a parallel run of their own


def link_series(
    old: Estimates,
    new: Estimates,
    *,
    key: str,
    bridge: Bridge,
    method: Method = "difference",
    footing: Footing = "new",
    variables: Mapping[str, str] | None = None,
    independent: bool = False,
) -> Estimates:
    r"""Link the series of an old and a new version of a measurement (mode, wording, scale) into one.

    With :math:`\hat o_t` and :math:`\hat n_t` the two versions and b the waves where both were fielded,

    .. math:: \hat l_t = g^{-1}\Big( g(\hat o_t) + \frac1B \sum_b \{ g(\hat n_b) - g(\hat o_b) \} \Big)

    and the reverse on the old footing; g is the identity (``"difference"``), the logarithm (``"ratio"``) or the log-odds
    (``"odds"``). All linked rows share the error of the link, and the covariance of the result holds it.

    Parameters
    ----------
    old, new
        Each version's series, with the column `key`.
    key
        The `by` column that holds the time, such as the wave.
    bridge
        The label of `key` at which both versions were fielded (two arms of one sample, the same respondents, or parallel
        samples); or several; or a pair of `Estimates`, the old and the new version in a parallel run of its own. A pair
        without the regions of the series gives all of them one factor.
    method
        The scale on which the break is taken as the same at all waves. ``"odds"`` keeps shares between 0 and 1.
    footing
        ``"new"`` moves the old series, ``"old"`` the new one. Where the chosen version was measured its rows stay as they are.
    variables
        Names of the old version's variables and of their successors, ``{"trust_phone": "trust_web"}``; needed when several
        variables changed their name.
    independent
        True declares that results of different `Design` values come from independent samples. Otherwise all must come
        from one `Design`.

    Returns
    -------
    Estimates
        The rows of the chosen footing, and the others linked: their `status` is ``"linked"``, and so is that of whatever is
        made of them.

    Raises
    ------
    EstimationError
        If there is no common wave, the designs differ without being declared independent, a name is unknown, or values do
        not suit the method.

    Notes
    -----
    Parallel runs and the back-casting of discontinuities: van den Brakel, Smith & Compton (2008), Survey Research Methods
    2, 123-141; van den Brakel, Zhang & Tam (2020), International Statistical Review 88, 155-175. Delta method, or evaluated in
    every replicate. That the break shifts all waves alike is assumed: a bridge at one wave cannot show it; a parallel run
    at several waves can cast doubt on it.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": 1.0, "wave": [1] * 4 + [2] * 4, "phone": [1, 0, 1, 1, 0, 0, 1, 1.0]})
    >>> frame["web"] = [None] * 4 + [0, 0, 0, 1.0]
    >>> design = sk.Design(frame, weight="w", wave="wave")
    >>> phone = sk.mean(design, "phone", by="wave")
    >>> web = sk.mean(design, "web", by="wave", missing="exclude")
    >>> link_series(phone, web, key="wave", bridge=2).table[["wave", "variable", "estimate", "status"]].values.tolist()
    [[1, 'web', 0.5, 'linked'], [2, 'web', 0.25, 'ok']]
    """
    scale = SCALES[checks.choice(method, "method of linking", tuple(SCALES), EstimationError)]
    checks.choice(footing, "footing", ("new", "old"), EstimationError)
    joint, sides = _sides(old, new, key, bridge, variables, independent)
    plan = plan_series(sides, footing)
    out = _evaluated(joint, plan, scale, statistic=_statistics(joint, plan))
    moved = plan.linked & (out.table["status"] == "ok").to_numpy(dtype=bool)
    out.table.loc[moved, "status"] = "linked"
    notes = (*out.notes, *_told(joint, sides, scale, footing), *_outside(joint, out, plan.linked))
    return replace(out, notes=tuple(dict.fromkeys(notes)))


def link_factor(
    old: Estimates,
    new: Estimates,
    *,
    key: str,
    bridge: Bridge,
    method: Method = "difference",
    variables: Mapping[str, str] | None = None,
    independent: bool = False,
) -> Estimates:
    """Estimate by how much the new version differs from the old one where both were fielded.

    Parameters
    ----------
    old, new, key, bridge, method, variables, independent
        As for :func:`link_series`.

    Returns
    -------
    Estimates
        One row per variable, category and group: the difference, the ratio or the odds ratio, new against old; the mean
        (the geometric mean) over several bridges.

    Raises
    ------
    EstimationError
        As :func:`link_series`.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": 1.0, "wave": 2, "phone": [0, 0, 1, 1.0], "web": [0, 0, 0, 1.0]})
    >>> design = sk.Design(frame, weight="w", wave="wave")
    >>> phone, web = (sk.mean(design, name, by="wave") for name in ("phone", "web"))
    >>> link_factor(phone, web, key="wave", bridge=2).table[["estimate", "se"]].round(4).values.tolist()
    [[-0.25, 0.25]]
    """
    scale = SCALES[checks.choice(method, "method of linking", tuple(SCALES), EstimationError)]
    joint, sides = _sides(old, new, key, bridge, variables, independent)
    return _factors(joint, sides, scale)


def _factors(joint: Estimates, sides: Sides, scale: Scale) -> Estimates:
    plan = plan_factors(sides)
    factor = replace(scale, g=scale.g, h=scale.factor, dh=scale.d_factor)
    return _evaluated(joint, plan, factor, statistic=f"link {scale.name}")


# -------------------------------------------------------------------------------------------------------------- rows
def _sides(
    old: Estimates,
    new: Estimates,
    key: str,
    bridge: Bridge,
    variables: Mapping[str, str] | None,
    independent: bool,
) -> tuple[Estimates, Sides]:
    for est in (old, new):
        check_estimates(est)
    independent = checks.flag(independent, "independent", EstimationError)
    if variables is not None:
        what = "'variables' names the old variables and their successors."
        checks.instance(variables, Mapping, what, "Write variables={'old': 'new'}.", EstimationError)
    pair = isinstance(bridge, tuple) and len(bridge) == 2 and all(isinstance(part, Estimates) for part in bridge)
    parts = [old, new, *bridge] if pair else [old, new]
    if independent:
        joint = bind_independent(*parts)
    else:
        try:
            joint = bind(*parts)
        except EstimationError:
            raise EstimationError(
                "These estimates do not come from one design, so the error of the link is not known.",
                fix="Say independent=True if the samples were drawn independently, else compute all from one Design.",
            ) from None
    labels: tuple[Any, ...] | None = None
    if not pair:
        several = isinstance(bridge, (Sequence, np.ndarray)) and not isinstance(bridge, (str, bytes))
        labels = tuple(bridge) if several else (bridge,)
        if not labels or not all(isinstance(label, Hashable) for label in labels):
            raise EstimationError(
                "The bridge is a label of the key, or several.",
                found=checks.shown(bridge),
                fix=f"Name the {checks.shown(key)} at which both versions were fielded.",
            )
    return joint, Sides.of(parts, key, labels, variables)


def _evaluated(joint: Estimates, plan: Plan, scale: Scale, statistic: str | Sequence[str]) -> Estimates:
    """Compute the planned rows with their exact derivatives, or in every replicate."""
    from scipy import sparse

    theta = joint.table["estimate"].to_numpy(dtype=np.float64)
    used = np.unique(np.concatenate((plan.source[plan.linked & (plan.source >= 0)], plan.shift.indices)))
    scale.check(theta[used])
    value = _values(theta[None, :], plan, scale)[0]
    slope = np.zeros(len(theta))
    slope[used] = scale.dg(theta[used])
    own = sparse.csr_array(
        (np.ones(int((plan.source >= 0).sum())), (np.flatnonzero(plan.source >= 0), plan.source[plan.source >= 0])),
        shape=plan.shift.shape,
    )
    u = _values(theta[None, :], plan, scale, inner=True)[0]
    outer = np.where(plan.linked, scale.dh(np.where(plan.linked, u, 0.5)), 0.0)
    rows = sparse.diags_array(outer) @ (own + plan.shift) @ sparse.diags_array(slope)
    L = sparse.csr_array(rows + sparse.diags_array((~plan.linked).astype(np.float64)) @ own)
    L.eliminate_zeros()
    variance = joint.variance.mapped(L, value)
    if isinstance(joint.variance, Replicated) and isinstance(variance, Replicated):
        variance = replace(variance, theta_r=_values(joint.variance.theta_r, plan, scale))
    return combined(joint, L, value, plan.head, statistic, variance=variance)


def _values(theta: FloatArray, plan: Plan, scale: Scale, *, inner: bool = False) -> FloatArray:
    """Give the rows (R, M) for estimates (R, K); `inner` on the scale of the link."""
    measured = np.where(plan.source >= 0, theta[:, plan.source], np.nan)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        linked = np.where(plan.source >= 0, scale.g(measured), 0.0)
        for m in np.flatnonzero(plan.linked).tolist():
            at = slice(int(plan.shift.indptr[m]), int(plan.shift.indptr[m + 1]))
            columns, weights = plan.shift.indices[at], plan.shift.data[at]
            linked[:, m] += scale.g(theta[:, columns]) @ weights if len(columns) else np.nan
        out = linked if inner else np.where(plan.linked, scale.h(linked), measured)
    return np.asarray(out)


def _statistics(joint: Estimates, plan: Plan) -> list[str]:
    names = joint.table["statistic"].tolist()
    return [str(names[row]) for row in plan.source]


# ------------------------------------------------------------------------------------------------------------- words
def _told(joint: Estimates, sides: Sides, scale: Scale, footing: Footing) -> list[str]:
    """Say what was linked, by how much, from which base, and what is assumed."""
    factors = _factors(joint, sides, scale).table
    known = factors[np.isfinite(factors["estimate"])]
    moved, onto = ("old", "new") if footing == "new" else ("new", "old")
    if len(known) == 1:
        size = f"{known['estimate'].iloc[0]:.4g} (SE {known['se'].iloc[0]:.2g})"
    else:
        low, high, se = known["estimate"].min(), known["estimate"].max(), known["se"].max()
        size = f"between {low:.4g} and {high:.4g} (largest SE {se:.2g}) in {len(known)} groups"
    at = "a parallel run of its own" if sides.labels is None else f"{sides.key} {', '.join(map(str, sides.labels))}"
    shift = f"new against old {scale.name}: {size}, estimated at {at}"
    assumed = f"that the break shifts every {sides.key} by the same {scale.name} is assumed, not proved"
    out = [
        f"linked series: the {moved} version is put on the footing of the {onto} one; {shift}",
        f"all linked rows share the error of the link; {assumed}",
    ]
    lacking = len(factors) - len(known)
    if lacking:
        out.append(f"in {lacking} groups both versions were never fielded together: nothing is linked there")
    return out


def _outside(joint: Estimates, out: Estimates, linked: Any) -> list[str]:
    """Warn of shares that left their scale."""
    theta = joint.table["estimate"].to_numpy(dtype=np.float64)
    values = out.table["estimate"].to_numpy(dtype=np.float64)[linked]
    shares = np.nanmin(theta) >= 0 and np.nanmax(theta) <= 1
    away = int(((values < 0) | (values > 1)).sum()) if shares else 0
    return [f"{away} linked values lie outside 0 to 1: method='odds' keeps shares on their scale"] if away else []
