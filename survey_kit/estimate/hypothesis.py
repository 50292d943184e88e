"""Results of tests, and the Wald test of any linear hypothesis about estimates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

from survey_kit import checks, frames
from survey_kit.errors import EstimationError
from survey_kit.estimate.association_table import quadratic_form
from survey_kit.estimate.covariances import Fixed, Independent, Linearised, OneDesign, Replicated
from survey_kit.estimate.estimates import Estimates
from survey_kit.estimate.hypothesis_tails import chi2_tail, f_tail
from survey_kit.estimate.maps import check_estimates
from survey_kit.types import Adjustment, FloatArray, Frame

if TYPE_CHECKING:
    import pandas as pd


Test: TypeAlias = tuple[float, float, float, float, float, str]  # statistic, df1, df2, p, n, status
RESULT_COLUMNS = ("statistic", "df1", "df2", "p", "n", "status", "p_adjusted")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TestResult:
    """One test, or the same test in every domain.

    Attributes
    ----------
    table
        One row per test: the `by` columns, then ``statistic df1 df2 p n status``; ``p_adjusted`` after :meth:`adjusted`.
        ``df2`` is infinite where the reference is a chi-square. `status` is ``ok``, ``empty`` (nobody there), ``no_df``
        (no degrees of freedom left) or ``one_value`` (nothing varies, or nothing to compare).
    keys
        Names of the `by` columns.
    name
        What the statistic is: ``"t"``, ``"F"``, ``"chi2"`` or ``"X2"``.
    method
        The test in words.
    estimates
        What was compared, with intervals.
    notes
        Assumptions and treatments in words.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0] * 6, "sex": list("fffmmm"), "y": [1, 2, 3, 3, 4, 6]})
    >>> print(sk.ttest(sk.Design(frame, weight="w"), "y", "sex"))
    Design-based t-test of two groups: t = 2.475, df = 4, p = 0.0686
    """

    __test__: ClassVar[bool] = False  # its name is no invitation to test collectors

    table: pd.DataFrame
    keys: tuple[str, ...]
    name: str
    method: str
    estimates: Estimates | None
    backend: str
    notes: tuple[str, ...]

    @property
    def statistic(self) -> float:
        """The statistic of a single test."""
        return self._only("statistic")

    @property
    def df1(self) -> float:
        """Degrees of freedom of the numerator of a single test; of t, its only ones."""
        return self._only("df1")

    @property
    def df2(self) -> float:
        """Degrees of freedom of the denominator of a single test."""
        return self._only("df2")

    @property
    def p(self) -> float:
        """The p-value of a single test."""
        return self._only("p")

    def _only(self, column: str) -> float:
        if len(self.table) != 1:
            raise EstimationError(
                "There is more than one test.", found=f"{len(self.table)} tests", fix="Read them from .table."
            )
        return float(self.table[column].iloc[0])

    def adjusted(self, method: Adjustment = "holm") -> TestResult:
        """Give the same tests with p-values adjusted for their number, in the column ``p_adjusted``.

        Parameters
        ----------
        method
            As :func:`survey_kit.adjust_p` names them.

        Examples
        --------
        >>> import pandas as pd, survey_kit as sk
        >>> frame = pd.DataFrame({"w": [1.0] * 6, "g": list("aabbcc"), "y": [1, 2, 3, 5, 4, 7]})
        >>> pairs = sk.ttest(sk.Design(frame, weight="w"), "y", "g").adjusted("holm")
        >>> pairs.table["p_adjusted"].round(3).tolist()
        [0.247, 0.247, 0.395]
        """
        from survey_kit.estimate.multiplicity import adjust_p

        table = self.table.copy()
        table["p_adjusted"] = adjust_p(table["p"].to_numpy(dtype=np.float64), method)
        return replace(self, table=table, notes=(*self.notes, f"p adjusted for {len(table)} tests ({method})"))

    def to_frame(self, library: str | None = None) -> Frame:
        """Give the table in the caller's library, or in ``"pandas"``, ``"polars"``, ``"pyarrow"``."""
        wanted = library or self.backend
        if wanted == "pandas":
            return self.table.copy()
        data = {
            name: self.table[name].astype(object).where(self.table[name].notna(), None).tolist()
            for name in self.table.columns
        }
        return frames.from_columns(data, wanted)

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def __repr__(self) -> str:
        return "\n".join((*self._lines(), *(f"  {note}" for note in self.notes)))

    def _lines(self) -> list[str]:
        out = []
        for record in self.table.to_dict("records"):
            at = ", ".join(f"{key} {record[key]}" for key in self.keys)
            p = record.get("p_adjusted", record["p"])
            said = f"{self.name} = {record['statistic']:.4g}, {_degrees(self.name, record)}p {_p_in_words(p)}"
            said += " (adjusted)" if "p_adjusted" in record else ""
            said = said if record["status"] == "ok" else f"no result ({record['status']})"
            out.append(f"{self.method}{f' [{at}]' if at else ''}: {said}")
        return out

    def _repr_html_(self) -> str:
        from html import escape

        formats: Any = {name: _p_bare for name in ("p", "p_adjusted") if name in self.table.columns}
        table = self.table.to_html(
            index=False, float_format=lambda x: f"{x:.4g}", formatters=formats, na_rep="", max_rows=60, border=0
        )
        return f"<p><b>{escape(self.method)}</b></p>{table}<p>{escape('; '.join(self.notes))}</p>"


def _degrees(name: str, record: Mapping[Any, Any]) -> str:
    if name == "t":
        return f"df = {record['df1']:.4g}, "
    return f"df = {record['df1']:.4g}" + (f" and {record['df2']:.5g}, " if np.isfinite(record["df2"]) else ", ")


def _p_bare(p: float) -> str:
    return "" if not np.isfinite(p) else f"{p:.4f}" if p >= 0.001 else f"{p:.2g}"


def _p_in_words(p: float) -> str:
    return f"= {_p_bare(p)}" if p > 0 else "< 1e-300"


def make_result(
    *,
    rows: Sequence[Test],
    head: Mapping[str, Sequence[Any]],
    name: str,
    method: str,
    estimates: Estimates,
    notes: Sequence[str] = (),
) -> TestResult:
    """Put tests into a table.

    Parameters
    ----------
    rows
        ``(statistic, df1, df2, p, n, status)`` of each.
    head
        The `by` columns.
    name, method, estimates
        As in :class:`TestResult`.
    notes
        Sentences beside those of the estimates.
    """
    import pandas as pd

    taken = [key for key in head if key in RESULT_COLUMNS]
    if taken:
        raise EstimationError(f"'{taken[0]}' is a column of the result of a test.", fix="Rename the column.")
    columns: dict[str, Any] = {key: pd.Series(list(values), dtype=object) for key, values in head.items()}
    for i, column in enumerate(("statistic", "df1", "df2", "p")):
        columns[column] = np.array([row[i] for row in rows], dtype=np.float64)
    columns["n"] = np.array([row[4] for row in rows], dtype=np.int64)
    columns["status"] = pd.Series([row[5] for row in rows], dtype=object)
    return TestResult(
        table=pd.DataFrame(columns),
        keys=tuple(head),
        name=name,
        method=method,
        estimates=estimates,
        backend=estimates.backend,
        notes=tuple(dict.fromkeys((*estimates.notes, *notes))),
    )


def wald_test(
    est: Estimates, L: Any = None, null: float | Sequence[float] = 0.0, *, method: str = "adjusted"
) -> TestResult:
    r"""Joint Wald test of linear hypotheses about estimates, ``L theta = null``.

    .. math:: W = (L\hat\theta - c)' (L \hat V L')^{-1} (L\hat\theta - c), \qquad
              F = \frac{d - q + 1}{q d} W \sim F(q, d - q + 1)

    Parameters
    ----------
    est
        Any estimates: means, model coefficients, changes.
    L : (M, K), optional
        The combinations; by default every row of `est` that has an estimate.
    null
        What the combinations are under the hypothesis, one number or M.
    method
        ``"adjusted"``: the statistic above, which keeps its level with few units (Fellegi 1980; Korn & Graubard 1990).
        ``"wald"``: ``W / q`` on F(q, d), as R ``regTermTest`` with ``df = d``.
        ``"chisq"``: W on chi-square with q degrees of freedom, as for many units.

    Returns
    -------
    TestResult
        q is the rank of the combinations' covariance; d the units minus strata behind all rows used, less what a
        model's coefficients take.

    Raises
    ------
    EstimationError
        If L does not fit the estimates.

    Notes
    -----
    Fellegi (1980), Journal of the American Statistical Association 75, 261-268; Korn & Graubard (1990), The American
    Statistician 44, 270-276. A combination that uses a row without an estimate is left out and said so.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0] * 6, "g": list("aabbcc"), "y": [1, 2, 3, 5, 4, 7]})
    >>> by_group = sk.mean(sk.Design(frame, weight="w"), "y", by="g")
    >>> result = sk.wald_test(by_group, [[1, -1, 0], [0, 1, -1]])
    >>> round(result.statistic, 3), int(result.df1), int(result.df2), round(result.p, 3)
    (6.667, 2, 4, 0.053)
    """
    checks.choice(method, "kind of Wald test", ("adjusted", "wald", "chisq"), EstimationError)
    check_estimates(est)
    combined = est if L is None else est.linear(L)
    theta = combined.table["estimate"].to_numpy(dtype=np.float64)
    try:
        c = np.broadcast_to(checks.floats(null, "null", "Give numbers.", EstimationError), theta.shape)
    except EstimationError:
        raise
    except ValueError:
        raise EstimationError(
            "The hypothesis does not fit the combinations.",
            found=f"{np.size(null)} values for {len(theta)} combinations",
            fix="Give one number, or one per combination.",
        ) from None
    known = np.flatnonzero(np.isfinite(theta))
    notes = [] if len(known) == len(theta) else [f"{len(theta) - len(known)} combinations without an estimate left out"]
    df = joint_df(combined, known)
    row, said = joint_test(theta[known] - c[known], combined.vcov(known.tolist()), df, method)
    n = float(combined.table["n"].to_numpy(dtype=np.float64)[known].min(initial=np.inf)) if len(known) else 0.0
    return make_result(
        rows=[(*row[:4], n, row[4])],
        head={},
        name="chi2" if method == "chisq" else "F",
        method={"adjusted": "Adjusted Wald test", "wald": "Wald test", "chisq": "Wald test, chi-square"}[method],
        estimates=combined,
        notes=[*notes, *said],
    )


def joint_test(
    d: FloatArray, V: FloatArray, df: float, method: str = "adjusted"
) -> tuple[tuple[float, float, float, float, str], list[str]]:
    """Wald test of differences d (q,) with covariance V on df degrees of freedom: statistic, df1, df2, p, status; notes."""
    nan = float("nan")
    W, q = quadratic_form(d, V)
    notes: list[str] = []
    if not len(d):
        return (nan, nan, nan, nan, "empty"), notes
    if not df > 0:
        return (nan, float(q), nan, nan, "no_df"), ["no test: no degrees of freedom"]
    if q == 0:
        return (nan, 0.0, nan, nan, "one_value"), ["no test: the estimates have no variance"]
    if len(d) > q >= df:
        return (nan, float(q), nan, nan, "no_df"), [f"no test: {len(d)} combinations on {df:g} degrees of freedom"]
    if q < len(d):
        notes.append(f"the covariance of {len(d)} combinations has rank {q}; so many are tested")
    if method == "chisq":
        return (W, float(q), float("inf"), chi2_tail(W, q), "ok"), notes
    df2 = df - q + 1 if method == "adjusted" else df
    if not df2 > 0:
        return (nan, float(q), df2, nan, "no_df"), [*notes, f"no test: {q} combinations on {df:g} degrees of freedom"]
    F = W * df2 / (q * df) if method == "adjusted" else W / q
    return (F, float(q), df2, f_tail(F, q, df2), "ok"), notes


def equality_test(
    est: Estimates, groups: int, head: Mapping[str, Sequence[Any]], *, method: str, kind: str, less: float = 0.0
) -> TestResult:
    """Test in every domain that its `groups` successive rows estimate one number.

    Parameters
    ----------
    est
        Domains one after the other, each with its groups in order.
    groups
        How many rows a domain has.
    head
        The `by` columns of the domains.
    method
        The test in words.
    kind
        As in :func:`wald_test`.
    less
        Degrees of freedom lost with every difference.

    Returns
    -------
    TestResult
        Groups without an estimate or a variance are left out and said so.
    """
    theta, n, se = (est.table[name].to_numpy(dtype=np.float64) for name in ("estimate", "n", "se"))
    domains = len(est.table) // groups
    rows, notes = [], []
    for d in range(domains):
        at = np.arange(d * groups, (d + 1) * groups)
        known = at[np.isfinite(theta[at]) & np.isfinite(se[at])]
        k = max(len(known) - 1, 0)
        L = np.concatenate((-np.ones((k, 1)), np.eye(k)), axis=1) if k else np.zeros((0, len(known)))
        V = L @ est.vcov(known.tolist()) @ L.T
        row, said = joint_test(L @ theta[known], V, joint_df(est, known) - less * k, kind)
        rows.append((*row[:4], float(n[known].sum()), "one_value" if len(known) == 1 else row[4]))
        where = ", ".join(f"{key} {values[d]}" for key, values in head.items())
        if len(known) < groups:
            said = [*said, f"{groups - len(known)} of {groups} groups without an estimate left out"]
        notes += [f"{where}: {note}" if where else note for note in said]
    return make_result(rows=rows, head=head, name="F", method=method, estimates=est, notes=notes)


def joint_df(est: Estimates, rows: Any) -> float:
    """Degrees of freedom of several rows together: the distinct units minus strata behind any of them."""
    from scipy import sparse

    if not len(rows):
        return float("nan")
    together = sparse.csr_array((np.ones(len(rows)), ([0] * len(rows), list(rows))), shape=(1, len(est.table)))
    return float(est.variance.mapped(together, np.zeros(1)).degrees(1)[0])


def fewer_df(est: Estimates, less: float) -> Estimates:
    """Take parameters off the degrees of freedom that everything made of these estimates will have."""
    variance = est.variance
    if isinstance(variance, Independent):
        return replace(est, variance=replace(variance, parts=tuple(_fewer(part, less) for part in variance.parts)))
    return replace(est, variance=_fewer(variance, less))


def _fewer(variance: OneDesign, less: float) -> OneDesign:
    if isinstance(variance, Linearised):
        return replace(variance, df_less=variance.df_less + less)
    if isinstance(variance, Replicated):
        return replace(variance, units=replace(variance.units, df_less=variance.units.df_less + less))
    return Fixed(factor=variance.factor, df=variance.df - less)
