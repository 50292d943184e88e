"""The Corruption Perceptions Index of a country: score, both intervals, changes by the rule, sources, other countries."""

from __future__ import annotations

from survey_kit import ratings
from survey_kit.report import display
from survey_kit.report.book import Published
from survey_kit.report.display import missing
from survey_kit.report.drawing import Dot, Dots, Line, Point
from survey_kit.report.elements import Chart, Prose, Stack, Table
from survey_kit.report.rated import Z90, maybe, rank, ranked, rating_chart, rating_name, span90
from survey_kit.report.tables import table


def findings(book: Published) -> Prose:
    """Say the newest CPI score with both intervals, its rank, and from which years it differs."""
    frame = ratings.cpi(book.info.ratings)
    now = frame.iloc[-1]
    country, year = now["country"], int(now["year"])
    low, high = now["score"] - Z90 * now["se_uncorrected"], now["score"] + Z90 * now["se_uncorrected"]
    told = [
        (
            f"In {year}, {country} scored {display.decimal(now['score'], 0)} of 100 in the Corruption Perceptions Index "
            f"(90{display.FIXED}% interval {display.decimal(low)} to {display.decimal(high)} from the spread of its "
            f"{int(now['n_sources'])} sources; as published {display.decimal(now['ci90_low'])} to "
            f"{display.decimal(now['ci90_high'])}); {ranked(now)}."
        )
    ]
    changes = ratings.cpi_changes(book.info.ratings, year)
    last = changes.iloc[-1]
    verdict = (
        "a statistically significant change" if bool(last["significant"]) else "no statistically significant change"
    )
    told.append(
        f"Compared with {int(last['since'])}, there is {verdict} ({display.decimal(last['change'], 0, plus=True)} points; "
        f"90{display.FIXED}% interval {display.decimal(last['ci90_low'])} to {display.decimal(last['ci90_high'])}; "
        f"z = {display.decimal(last['z'], 2)})."
    )
    years = [str(int(since)) for since in changes.loc[changes["significant"].fillna(value=False), "since"]]
    earliest = int(changes["since"].min())
    told.append(
        f"By Transparency International's rule (|z| above 1.64), the score of {year} differs from those of "
        f"{display.listed(years)} only, of all years since {earliest}."
        if years
        else f"By Transparency International's rule (|z| above 1.64), the score of {year} differs from that of no year since {earliest}."
    )
    told.append("It is a measure of perceptions of experts and business people, not of the population's experience.")
    return Prose((" ".join(told),))


def chart(book: Published) -> Chart:
    """Draw the CPI score through the years with both forms of its 90 % interval."""
    frame = ratings.cpi(book.info.ratings)
    points = tuple(
        Point(
            x=float(one["year"]),
            label=str(int(one["year"])),
            value=float(one["score"]),
            low=float(one["score"] - Z90 * one["se_uncorrected"]),
            high=float(one["score"] + Z90 * one["se_uncorrected"]),
            second=(float(one["ci90_low"]), float(one["ci90_high"])),
            text=display.decimal(one["score"], 0),
        )
        for one in frame.to_dict("records")
    )
    first, last = frame.iloc[0], frame.iloc[-1]
    title = f"{last['country']}: {display.decimal(last['score'], 0)} of 100 in the {int(last['year'])} CPI"
    subtitle = "Score from 0 (highly corrupt) to 100 (very clean), as perceived"
    line = Line(
        title=title,
        subtitle=subtitle,
        points=points,
        limits=(0.0, 60.0 if float(frame["score"].max()) < 45 else 100.0),
        key=("90 % from the spread of sources", "90 % as published"),
    )
    alt = (
        f"Line chart of the Corruption Perceptions Index of {last['country']}. Score "
        f"{display.decimal(first['score'], 0)} in {int(first['year'])} and {display.decimal(last['score'], 0)} in "
        f"{int(last['year'])}, each with two 90 % intervals: from the spread of the sources, "
        f"{span90(last['score'], last['se_uncorrected'])} in {int(last['year'])}, and as published, "
        f"{display.decimal(last['ci90_low'])} to {display.decimal(last['ci90_high'])}."
    )
    caption = (
        f"Real figures: {last['source']}. From 2020 the published interval is narrower because its formula changed, not the data; "
        "the band uses one formula, standard deviation over the root of the number of sources, in all years."
    )
    return rating_chart(book, "cpi", line, alt, caption)


def by_year(book: Published) -> Table:
    """Give score, both intervals, sources and rank by year."""
    columns = {
        "year": "Year",
        "score": "Score",
        "spread": "90 % interval, spread of sources",
        "published": "90 % interval, as published",
        "se": "SE, spread",
        "se_published": "SE, published",
        "sources": "Sources",
        "rank": "Rank",
    }
    records = [
        {
            "year": str(int(one["year"])),
            "score": display.decimal(one["score"], 0),
            "spread": span90(one["score"], one["se_uncorrected"]),
            "published": f"{display.decimal(one['ci90_low'])} to {display.decimal(one['ci90_high'])}",
            "se": display.decimal(one["se_uncorrected"], 2),
            "se_published": display.decimal(one["se_published"], 2),
            "sources": str(int(one["n_sources"])),
            "rank": rank(one),
        }
        for one in ratings.cpi(book.info.ratings).to_dict("records")
    ]
    notes = (
        (
            "Scores compare from 2012 only. A rank also moves when the set of ranked countries changes, so it never stands "
            "without their number."
        ),
    )
    return table(
        rating_name(book, "cpi"), "Corruption Perceptions Index by year (real figures).", columns, records, notes=notes
    )


def changes(book: Published) -> Table:
    """Give the change from every earlier year to the newest, by Transparency International's rule."""
    frame = ratings.cpi(book.info.ratings)
    year = int(frame["year"].max())
    columns = {
        "since": "Since",
        "then": "Score then",
        "change": f"Change to {year}",
        "interval": "90 % interval",
        "z": "z",
        "significant": "Significant",
        "published": "z with published SE",
    }
    other = ratings.cpi_changes(book.info.ratings, year, se="published").set_index("since")["z"]
    records = [
        {
            "since": str(int(one["since"])),
            "then": display.decimal(one["score_since"], 0),
            "change": display.decimal(one["change"], 0, plus=True),
            "interval": f"{display.decimal(one['ci90_low'])} to {display.decimal(one['ci90_high'])}",
            "z": display.decimal(one["z"], 2),
            "significant": "yes" if one["significant"] else "no",
            "published": display.decimal(other[one["since"]], 2),
        }
        for one in ratings.cpi_changes(book.info.ratings, year).to_dict("records")
    ]
    notes = (
        (
            "Rule: |z| above 1.64 with z = change / √(SE² now + SE² then) and SE = sd/√n of the source scores, the form that "
            "Transparency International's own list of significant changes follows. The published errors mix two formulas."
        ),
    )
    title = f"Is the score of {year} different from earlier ones? (real figures)"
    return table(rating_name(book, "cpi-changes"), title, columns, records, left=("significant",), notes=notes)


def sources(book: Published) -> Table:
    """Give the source scores of the last two years and what the score would be without each source."""
    frame = ratings.cpi_leave_one_out(book.info.ratings)
    year = int(frame["year"].max())
    now = frame[frame["year"] == year]
    before = frame[frame["year"] == year - 1].set_index("cpi_source")["score"]
    columns = {
        "name": "Source",
        "before": str(year - 1),
        "now": str(year),
        "without": f"Mean of {year} without it",
        "change": "Change without it",
        "reverses": "Turns the change round",
    }
    records = [
        {
            "name": str(one["cpi_source"]),
            "before": maybe(before.get(one["cpi_source"])),
            "now": maybe(one["score"]),
            "without": maybe(one["mean_without"]),
            "change": "" if missing(one["change_without"]) else display.decimal(one["change_without"], 1, plus=True),
            "reverses": "yes" if one["reverses"] is True else "no",
        }
        for one in now.to_dict("records")
    ]
    mean, change = float(now["mean"].iloc[0]), float(now["change"].iloc[0])
    notes = (
        (
            f"Mean of all sources {display.decimal(mean)} in {year}, {display.decimal(change, 1, plus=True)} since {year - 1}. "
            "Every year stands in the data."
        ),
    )
    title = f"Source scores, and the score without each source, {year} (real figures)."
    return table(rating_name(book, "cpi-by-source"), title, columns, records, left=("reverses",), notes=notes)


def countries(book: Published) -> Stack:
    """Draw the newest CPI scores of the comparison countries with their intervals; nothing without any."""
    info = book.info
    if not info.compare:
        return Stack(())
    frame = ratings.cpi([info.ratings, *info.compare])
    year = int(frame["year"].max())
    rows = frame[frame["year"] == year].sort_values("score", ascending=False).to_dict("records")
    dots = tuple(
        Dot(
            label=str(one["country"]),
            text=display.decimal(one["score"], 0),
            value=float(one["score"]),
            low=float(one["score"] - Z90 * one["se_uncorrected"]),
            high=float(one["score"] + Z90 * one["se_uncorrected"]),
            strong=one["iso3"] == info.ratings,
        )
        for one in rows
    )
    title = f"Corruption Perceptions Index {year}: {len(rows)} countries"
    subtitle = "Score, 0 to 100, with 90 % intervals from the spread of sources"
    drawing = Dots(title=title, subtitle=subtitle, dots=dots, limits=(0.0, 100.0))
    told = "; ".join(
        f"{one['country']} {display.decimal(one['score'], 0)} ({span90(one['score'], one['se_uncorrected'])})"
        for one in rows
    )
    alt = f"Dots with 90 % intervals, from the highest score to the lowest: {told}."
    caption = f"Real figures: {rows[0]['source']}. Intervals that overlap do not say that two scores are equal."
    return Stack((rating_chart(book, "cpi-countries", drawing, alt, caption),))
