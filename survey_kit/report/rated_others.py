"""Governance indicators by edition, rule of law, e-government, earlier national figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from survey_kit import ratings
from survey_kit.errors import RatingsError
from survey_kit.report import display
from survey_kit.report.book import Published
from survey_kit.report.display import missing
from survey_kit.report.drawing import Line, Panels, Point
from survey_kit.report.elements import Stack, Table
from survey_kit.report.rated import Z90, maybe, rank, rating_chart, rating_name, sentence, span90
from survey_kit.report.tables import table

if TYPE_CHECKING:
    import pandas as pd


def wgi(book: Published) -> Stack:
    """Draw the six governance indicators of the newest edition; give the newest year beside the edition before."""
    every = ratings.wgi(book.info.ratings, edition="all")
    edition = max(every["edition"].unique())
    frame = every[every["edition"] == edition]
    lines = []
    for label, part in frame.groupby("label", sort=False):
        points = tuple(
            Point(
                x=float(one["year"]),
                label=str(int(one["year"])),
                value=float(one["estimate"]),
                low=float(one["estimate"] - Z90 * one["se"]),
                high=float(one["estimate"] + Z90 * one["se"]),
                text=display.decimal(one["estimate"], 2),
            )
            for one in part.to_dict("records")
        )
        lines.append(Line(title=str(label), subtitle="", points=points, limits=(-2.0, 1.5)))
    years = f"{int(frame['year'].min())} to {int(frame['year'].max())}"
    country = str(frame["country"].iloc[0])
    subtitle = f"{country}, standard units among all countries, with 90 % intervals"
    drawing = Panels(title=f"Worldwide Governance Indicators, {years}", subtitle=subtitle, lines=tuple(lines))
    last = frame[frame["year"] == frame["year"].max()].to_dict("records")
    told = "; ".join(f"{one['label']} {display.decimal(one['estimate'], 2)}" for one in last)
    alt = f"Six small line charts with 90 % intervals, {country}, {years}. In {int(last[0]['year'])}: {told}."
    caption = (
        f"Real figures: {frame['source'].iloc[0]}. A place among countries, standardised every year: a flat line may hide a change "
        "that other countries made too. Years compare within this edition only."
    )
    return Stack((rating_chart(book, "wgi", drawing, alt, caption), _wgi_table(book, every, edition)))


def _wgi_table(book: Published, every: pd.DataFrame, edition: str) -> Table:
    """Give the newest year of the edition, and the year both editions have, side by side and never subtracted."""
    newest = every[every["edition"] == edition]
    year = int(newest["year"].max())
    older = every[every["edition"] != edition]
    common = int(older["year"].max()) if len(older) else year
    before = older["edition"].max() if len(older) else ""
    columns = {
        "name": "Indicator",
        "now": f"{year}",
        "interval": "90 % interval",
        "percentile": "Percentile among countries",
        "percentile_interval": "90 % interval of the percentile",
        "same": f"{common}, this edition",
    }
    columns |= {"old": f"{common}, edition {before}"} if before else {}
    at = {(str(one["edition"]), one["indicator"], int(one["year"])): one for one in every.to_dict("records")}
    records = []
    for one in newest[newest["year"] == year].to_dict("records"):
        same, old = (at.get((str(name), one["indicator"], common)) for name in (edition, before))
        records.append(
            {
                "name": str(one["label"]),
                "now": display.decimal(one["estimate"], 2),
                "interval": span90(one["estimate"], one["se"], 2),
                "percentile": display.decimal(one["percentile"], 0),
                "percentile_interval": f"{display.decimal(one['percentile_low'], 0)} to {display.decimal(one['percentile_high'], 0)}",
                "same": "" if same is None else display.decimal(same["estimate"], 2),
                "old": "" if old is None else display.decimal(old["estimate"], 2),
            }
        )
    notes = (
        (
            "Every edition computes all years anew, so the same year has another value in another edition; values of two "
            "editions are shown side by side and never subtracted."
        ),
    )
    return table(
        rating_name(book, "wgi"),
        f"Worldwide Governance Indicators, {edition} (real figures).",
        columns,
        records,
        notes=notes,
    )


def wjp(book: Published) -> Stack:
    """Draw the overall rule of law score; give the factors of the last two editions."""
    frame = ratings.wjp(book.info.ratings)
    overall = frame[frame["factor"] == "overall"].to_dict("records")
    points = tuple(
        Point(
            x=float(one["year"]),
            label=str(int(one["year"])),
            value=float(one["score"]),
            text=display.decimal(one["score"], 2),
        )
        for one in overall
    )
    last = overall[-1]
    country = str(last["country"])
    line = Line(
        title=f"{country}: {display.decimal(last['score'], 2)} in the {int(last['year'])} Rule of Law Index",
        subtitle="WJP Rule of Law Index, 0 to 1; no standard errors are published",
        points=points,
        limits=(0.0, 1.0),
    )
    alt = (
        f"Line chart without intervals: Rule of Law Index of {country}, {display.decimal(points[0].value or 0, 2)} in "
        f"{points[0].label} and {points[-1].text} in {points[-1].label}."
    )
    caption = (
        f"Real figures: World Justice Project, editions to {int(last['year'])}; the year is the last of an edition. "
        f"{sentence(last['licence_note'])}"
    )
    editions = list(dict.fromkeys(frame["edition"]))[-2:]
    at = {(one["edition"], one["factor"]): one for one in frame.to_dict("records")}
    columns = {"name": "Factor", **{name: name for name in editions}, "rank": "Rank"}
    records = [
        {
            "name": str(at[editions[-1], factor]["label"]),
            **{name: maybe(at[name, factor]["score"], 3) if (name, factor) in at else "" for name in editions},
            "rank": rank(at[editions[-1], factor]),
        }
        for factor in dict.fromkeys(frame["factor"])
        if (editions[-1], factor) in at
    ]
    note = "Without standard errors nobody can say whether a difference between two editions is more than chance."
    title = "Rule of Law Index and its factors (real figures)."
    return Stack(
        (
            rating_chart(book, "wjp", line, alt, caption),
            table(rating_name(book, "wjp"), title, columns, records, notes=(note, sentence(last["licence_note"]))),
        )
    )


def egdi(book: Published) -> Table:
    """Give the ranks in the E-Government Development Index."""
    frame = ratings.egdi(book.info.ratings)
    columns = {"year": "Year", "name": "Index", "rank": "Rank", "value": "Value, 0 to 1", "verified": "Verified by"}
    records = [
        {
            "year": str(int(one["year"])),
            "name": str(one["label"]),
            "rank": rank(one),
            "value": maybe(one["value"], 3) or "not carried",
            "verified": str(one["verified"]),
        }
        for one in frame.to_dict("records")
    ]
    note = "It measures what is offered online, not the quality people experience. Values that could not be verified are not carried."
    title = "UN E-Government Development Index (real figures)."
    return table(rating_name(book, "egdi"), title, columns, records, left=("name", "verified"), notes=(note,))


def others(book: Published) -> Stack:
    """Give published figures of earlier national surveys and national targets; nothing when there are none."""
    try:
        frame = ratings.others(book.info.ratings)
    except RatingsError:
        return Stack(())
    columns = {
        "what": "Figure",
        "year": "Year",
        "value": "Value",
        "series": "Series",
        "note": "Note",
        "verified": "Verified by",
    }
    records = [
        {
            "what": str(one["label"]),
            "year": str(int(one["year"])),
            "value": f"{display.decimal(one['value'])} {str(one['unit']).replace('percent', '%')}",
            "series": str(one["series"]),
            "note": "" if missing(one["note"]) else str(one["note"]),
            "verified": str(one["verified"]),
        }
        for one in frame.to_dict("records")
    ]
    title = "Earlier national figures (real; other methods, no intervals published)."
    left = ("series", "note", "verified")
    return Stack((table(rating_name(book, "others"), title, columns, records, left=left),))
