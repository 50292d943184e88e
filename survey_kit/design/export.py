"""The same design for others: code in R or Stata, and replicate weights that can be published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from survey_kit import checks, frames
from survey_kit.design.declared import check_design
from survey_kit.design.design import Design
from survey_kit.design.export_facts import facts_of
from survey_kit.design.export_r import r_code
from survey_kit.design.export_stata import stata_code
from survey_kit.errors import DesignError
from survey_kit.types import Frame

_WRITERS: dict[str, Callable[..., str]] = {"r": r_code, "stata": stata_code}
DISCLOSURE = (
    "Replicate weights tell which rows share a sampling unit and a stratum: their weights rise and fall together. "
    "Publish them only after a disclosure review, without the ids of units, and with the order of rows shuffled."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PublicWeights:
    """Replicate weights as columns, with what has to be known before they are published.

    Attributes
    ----------
    frame
        The full-sample weight and the replicate weights, in the library of the design's frame.
    notes
        Method, coefficients and the warning about disclosure.
    """

    def __repr__(self) -> str:
        names = frames.columns(self.frame)
        told = f"{frames.row_count(self.frame):,} rows of weights: {names[0]}, and {names[1]} to {names[-1]}"
        return "\n".join((told, *(f"- {note}" for note in self.notes)))

    frame: Frame
    notes: tuple[str, ...]


def export_design(
    design: Design, to: str, *, data: str = "survey.csv", name: str = "design", prefix: str = "rw"
) -> str:
    """Write a design as code of another package, so that anyone can check the numbers.

    Parameters
    ----------
    design
        What is declared: strata, units, finite populations, lonely units, calibration, replicates.
    to
        ``"r"`` (package survey 4.1 or later) or ``"stata"`` (15 or later).
    data
        The CSV file the code reads.
    name
        The R object.
    prefix
        Of the replicate columns when the design made its replicates: ``rw0`` the weight, ``rw1`` to ``rwR`` the replicates,
        as :func:`public_replicate_weights` writes them.

    Returns
    -------
    str
        The code, with remarks where the other package thinks otherwise.

    Raises
    ------
    DesignError
        If the other package has no such design; the message says what to export instead.

    Notes
    -----
    R ``svydesign``, ``svrepdesign`` and ``calibrate``; Stata ``svyset``. Waves that share no units are crossed with the
    strata; waves of a full panel keep their units in common; for units that rotate a remark says what is lost.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [2.0, 2, 3, 3], "h": [1, 1, 2, 2], "town": [1, 2, 3, 4], "y": [1, 0, 1, 1]})
    >>> code = export_design(sk.Design(frame, weight="w", strata="h", psu="town"), "stata")
    >>> code.splitlines()[-1]
    'svyset town [pweight = w], strata(h) singleunit(missing)'
    """
    for option, value in (("data", data), ("name", name), ("prefix", prefix)):
        checks.instance(value, str, f"'{option}' is a text.", f"Write {option}='...'.", DesignError)
    write = _WRITERS[checks.choice(to, "package to export to", tuple(_WRITERS), DesignError)]
    return write(facts_of(design, prefix), data=data, name=name)


def public_replicate_weights(design: Design, *, prefix: str = "rw", replicates: range | None = None) -> PublicWeights:
    """Write the replicate weights of a design out, one column each, in single precision.

    Parameters
    ----------
    design
        With replicates, made or given; a calibrated design calibrates each of them.
    prefix
        ``rw`` names the full-sample weight ``rw0`` and the replicates ``rw1`` to ``rwR``.
    replicates
        Which of them, ``range(1, R + 1)`` unless told: a large file is written in parts.

    Returns
    -------
    PublicWeights
        n rows in the order of the design's frame, and a float32 column for each replicate. Nothing else in the toolkit
        holds n times R numbers unless the user brings them.

    Raises
    ------
    DesignError
        If the design has no replicates, or there are no such replicates.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [2.0, 3, 4]})
    >>> public = public_replicate_weights(sk.make_replicates(sk.Design(frame, weight="w"), "JK1"))
    >>> list(public.frame), public.frame.to_numpy().tolist()
    (['rw0', 'rw1', 'rw2', 'rw3'], [[2.0, 0.0, 3.0, 3.0], [3.0, 4.5, 0.0, 4.5], [4.0, 6.0, 6.0, 0.0]])
    """
    check_design(design)
    made = design.replicates
    if made is None:
        raise DesignError("The design has no replicate weights.", fix="Make some with make_replicates.")
    wanted = range(1, made.size + 1) if replicates is None else replicates
    checks.instance(wanted, range, "'replicates' is a range.", f"Write range(1, {made.size + 1}).", DesignError)
    if not len(wanted) or min(wanted) < 1 or max(wanted) > made.size:
        raise DesignError(
            "There are no such replicates.", found=repr(wanted), fix=f"They are counted from 1 to {made.size}."
        )
    out = {f"{prefix}0": design.layout.weight.astype(np.float32)}
    for r, weights in enumerate(design.replicate_weights(), start=1):
        if r in wanted:
            out[f"{prefix}{r}"] = weights.astype(np.float32)
    return PublicWeights(frame=frames.from_columns(out, design.frame), notes=(*made.assumptions(), DISCLOSURE))
