"""What an assignment is for: the variance between interviewers is found beside that between places, and only if they are crossed."""

import numpy as np
import pandas as pd

from survey_kit.sampling.assign import assign

PSUS, EACH, CREW = 60, 8, 20
BETWEEN_INTERVIEWERS, BETWEEN_PLACES, WITHIN = 0.05, 0.20, 1.0
RUNS = 120


def within_units(y, psu, who):
    """Estimate the variance between interviewers from their differences within units: no difference of places enters."""
    table = pd.DataFrame({"y": y, "psu": psu, "who": who}).groupby(["psu", "who"])["y"].agg(["mean", "var", "size"])
    noise = float((table["var"] * (table["size"] - 1)).sum() / (table["size"] - 1).sum())
    pairs = table.groupby("psu").agg(spread=("mean", "var"), error=("size", lambda m: noise * (1 / m).mean()))
    return float((pairs["spread"] - pairs["error"]).mean())


def between_interviewers(y, who):
    """Estimate the same from the means of interviewers, as if places did not matter."""
    table = pd.DataFrame({"y": y, "who": who}).groupby("who")["y"].agg(["mean", "var", "size"])
    noise = float((table["var"] * (table["size"] - 1)).sum() / (table["size"] - 1).sum())
    return float(table["mean"].var() - noise * (1 / table["size"]).mean())


def test_effects_of_interviewers_and_places_are_told_apart():
    rng = np.random.default_rng(20)
    cases = pd.DataFrame({"psu": np.repeat(np.arange(PSUS), EACH)})
    crew = pd.DataFrame({"interviewer": np.arange(CREW)})
    alone = np.repeat(np.arange(PSUS) % CREW, EACH)  # every unit worked by one interviewer
    crossed, confounded = [], []
    for _ in range(RUNS):
        who = assign(cases, crew, psu="psu", workload=EACH * PSUS // CREW, rng=rng).frame["interviewer"].astype(int)
        person = rng.normal(0, np.sqrt(BETWEEN_INTERVIEWERS), CREW)
        place = rng.normal(0, np.sqrt(BETWEEN_PLACES), PSUS)[cases["psu"]]
        rest = rng.normal(0, np.sqrt(WITHIN), len(cases))
        crossed.append(within_units(place + person[who] + rest, cases["psu"], who))
        confounded.append(between_interviewers(place + person[alone] + rest, alone))
    error = np.std(crossed, ddof=1) / np.sqrt(RUNS)
    assert abs(np.mean(crossed) - BETWEEN_INTERVIEWERS) < 4 * error
    assert error < BETWEEN_INTERVIEWERS / 8  # the test could tell half of the variance from all of it
    wrong = np.mean(confounded) - BETWEEN_INTERVIEWERS
    assert wrong > 5 * np.std(confounded, ddof=1) / np.sqrt(RUNS)
