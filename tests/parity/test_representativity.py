"""R-indicators, partial R-indicators and balance against the formulas written out in R (representativity.R).

Tolerance 1e-8 relative, as R's glm stops early; differences met are below 1e-9.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from survey_kit.fieldwork import r_indicators

HERE = Path(__file__).parent
CASES = pd.read_csv(HERE / "representativity_data.csv", comment="#").astype({"here": bool})
ROWS = pd.read_csv(HERE / "representativity_rows.csv", comment="#", keep_default_na=False)
RELATIVE = 1e-8
DESIGNS: dict[str, dict[str, str]] = {
    "equal": {},
    "weighted": {"weight": "w"},
    "clustered": {"weight": "w", "strata": "h", "psu": "psu"},
}


@pytest.mark.parametrize("case", DESIGNS)
def test_indicators_equal_r(case: str) -> None:
    made = r_indicators(CASES, "here", ["town", "age", "home"], **DESIGNS[case])  # type: ignore[arg-type]
    variable = made.variables.set_index("variable")
    category = made.categories.set_index(made.categories["variable"] + "=" + made.categories["category"])
    rows = ROWS[ROWS["case"] == case]
    assert len(rows) == 9 + 3 * 4 + 7 * 4
    for what, which, value in rows[["what", "which", "value"]].itertuples(index=False):
        if what in category:
            ours = category.loc[which, what]
        elif what == "variable_se":
            ours = variable.loc[which, "se"]
        elif what == "unconditional_variable":
            ours = variable.loc[which, "unconditional"]
        elif what in variable:
            ours = variable.loc[which, what]
        else:
            ours = getattr(made, what) if what.startswith(("r", "cv")) else getattr(made.balance, what)
        np.testing.assert_allclose(ours, float(value), rtol=RELATIVE, err_msg=f"{what} {which}")


@pytest.mark.parametrize(("how", "se"), [({"weight": "w"}, 0.0396819034557), ({"fpc": "N"}, 0.0390558066863)])
def test_the_standard_error_equals_another_package(how: dict[str, str], se: float) -> None:
    """The standard error of R as the package sampcompR 0.3.2 computes it for these cases.

    With equal weights it leaves the drawing of the sample out, as when everybody was drawn.
    """
    made = r_indicators(CASES.assign(N=len(CASES)), "here", ["town", "age", "home"], **how)  # type: ignore[arg-type]
    np.testing.assert_allclose(made.r_se, se, rtol=1e-11)
