"""The Corruption Perceptions Index of a country: score, both intervals, changes by the rule, sources, other countries."""

from __future__ import annotations

from survey_kit import ratings
from survey_kit.report.book import Published
from survey_kit.report.display import missing
from survey_kit.report.drawing import Dot, Dots, Line, Point
from survey_kit.report.elements import Chart, Prose, Stack, Table
from survey_kit.report.rated import Z90, maybe, rank, ranked, rating_chart, rating_name, span, span90
from survey_kit.report.tables import table


def findings(book: Published) -> Prose:
    """Say the newest CPI score with both intervals, its rank, and from which years it differs."""
    info, say, show = book.info, book.info.say, book.info.show
    frame = ratings.cpi(info.ratings)
    now = frame.iloc[-1]
    country, year, level = say.name(now["country"]), int(now["year"]), show.percent("90")
    opening = {
        "year": year,
        "country": country,
        "score": show.decimal(now["score"], 0),
        "level": level,
        "spread": span90(info, now["score"], now["se_uncorrected"]),
        "sources": int(now["n_sources"]),
        "published": span(info, now["ci90_low"], now["ci90_high"]),
        "rank": ranked(info, now),
    }
    told = [say("cpi_now", **opening)]
    changes = ratings.cpi_changes(book.info.ratings, year)
    last = changes.iloc[-1]
    change = {
        "since": int(last["since"]),
        "change": show.decimal(last["change"], 0, plus=True),
        "level": level,
        "bounds": span(info, last["ci90_low"], last["ci90_high"]),
        "z": show.decimal(last["z"], 2),
    }
    told.append(say("cpi_changed" if bool(last["significant"]) else "cpi_unchanged", **change))
    years = [str(int(since)) for since in changes.loc[changes["significant"].fillna(value=False), "since"]]
    earliest = int(changes["since"].min())
    key = "cpi_differs" if years else "cpi_differs_from_none"
    told.append(say(key, year=year, years=show.listed(years), earliest=earliest))
    told.append(say("cpi_is"))
    return Prose((" ".join(told),))


def chart(book: Published) -> Chart:
    """Draw the CPI score through the years with both forms of its 90 % interval."""
    info, say, show = book.info, book.info.say, book.info.show
    frame = ratings.cpi(info.ratings)
    points = tuple(
        Point(
            x=float(one["year"]),
            label=str(int(one["year"])),
            value=float(one["score"]),
            low=float(one["score"] - Z90 * one["se_uncorrected"]),
            high=float(one["score"] + Z90 * one["se_uncorrected"]),
            second=(float(one["ci90_low"]), float(one["ci90_high"])),
            text=show.decimal(one["score"], 0),
        )
        for one in frame.to_dict("records")
    )
    first, last = frame.iloc[0], frame.iloc[-1]
    country, year, score = say.name(last["country"]), int(last["year"]), show.decimal(last["score"], 0)
    line = Line(
        title=say("cpi_title", country=country, score=score, year=year),
        subtitle=say("cpi_subtitle"),
        language=info.language,
        points=points,
        limits=(0.0, 60.0 if float(frame["score"].max()) < 45 else 100.0),
        key=(say("cpi_key_spread"), say("cpi_key_published")),
    )
    alt = say(
        "cpi_alt",
        country=country,
        first=show.decimal(first["score"], 0),
        start=int(first["year"]),
        score=score,
        year=year,
        spread=span90(info, last["score"], last["se_uncorrected"]),
        published=span(info, last["ci90_low"], last["ci90_high"]),
    )
    caption = say("cpi_caption", source=say.name(last["source"]))
    return rating_chart(book, "cpi", line, alt, caption)


def by_year(book: Published) -> Table:
    """Give score, both intervals, sources and rank by year."""
    info, say, show = book.info, book.info.say, book.info.show
    heads = ("year", "score", "spread", "published", "se", "se_published", "sources", "rank")
    columns = {name: say(f"cpi_head_{name}") for name in heads}
    records = [
        {
            "year": str(int(one["year"])),
            "score": show.decimal(one["score"], 0),
            "spread": span90(info, one["score"], one["se_uncorrected"]),
            "published": span(info, one["ci90_low"], one["ci90_high"]),
            "se": show.decimal(one["se_uncorrected"], 2),
            "se_published": show.decimal(one["se_published"], 2),
            "sources": str(int(one["n_sources"])),
            "rank": rank(info, one),
        }
        for one in ratings.cpi(book.info.ratings).to_dict("records")
    ]
    return table(rating_name(book, "cpi"), say("cpi_table"), columns, records, notes=(say("cpi_note"),))


def changes(book: Published) -> Table:
    """Give the change from every earlier year to the newest, by Transparency International's rule."""
    info, say, show = book.info, book.info.say, book.info.show
    frame = ratings.cpi(info.ratings)
    year = int(frame["year"].max())
    heads = ("since", "then", "change", "interval", "z", "significant")
    columns = {name: say(f"cpi_head_{name}", year=year) for name in heads} | {"published": say("cpi_head_z_published")}
    other = ratings.cpi_changes(book.info.ratings, year, se="published").set_index("since")["z"]
    records = [
        {
            "since": str(int(one["since"])),
            "then": show.decimal(one["score_since"], 0),
            "change": show.decimal(one["change"], 0, plus=True),
            "interval": span(info, one["ci90_low"], one["ci90_high"]),
            "z": show.decimal(one["z"], 2),
            "significant": say("yes" if one["significant"] else "no"),
            "published": show.decimal(other[one["since"]], 2),
        }
        for one in ratings.cpi_changes(book.info.ratings, year).to_dict("records")
    ]
    notes = (say("cpi_rule"),)
    title = say("cpi_changes_table", year=year)
    return table(rating_name(book, "cpi-changes"), title, columns, records, left=("significant",), notes=notes)


def sources(book: Published) -> Table:
    """Give the source scores of the last two years and what the score would be without each source."""
    info, say, show = book.info, book.info.say, book.info.show
    frame = ratings.cpi_leave_one_out(info.ratings)
    year = int(frame["year"].max())
    now = frame[frame["year"] == year]
    before = frame[frame["year"] == year - 1].set_index("cpi_source")["score"]
    columns = {
        "name": say("cpi_head_source"),
        "before": str(year - 1),
        "now": str(year),
        "without": say("cpi_head_without", year=year),
        "change": say("cpi_head_change_without"),
        "reverses": say("cpi_head_reverses"),
    }
    records = [
        {
            "name": say.name(str(one["cpi_source"])),
            "before": maybe(info, before.get(one["cpi_source"])),
            "now": maybe(info, one["score"]),
            "without": maybe(info, one["mean_without"]),
            "change": "" if missing(one["change_without"]) else show.decimal(one["change_without"], 1, plus=True),
            "reverses": say("yes" if one["reverses"] is True else "no"),
        }
        for one in now.to_dict("records")
    ]
    mean, change = float(now["mean"].iloc[0]), float(now["change"].iloc[0])
    told = {"mean": show.decimal(mean), "change": show.decimal(change, 1, plus=True), "year": year, "before": year - 1}
    notes = (say("cpi_sources_note", **told),)
    title = say("cpi_sources_table", year=year)
    return table(rating_name(book, "cpi-by-source"), title, columns, records, left=("reverses",), notes=notes)


def countries(book: Published) -> Stack:
    """Draw the newest CPI scores of the comparison countries with their intervals; nothing without any."""
    info, say, show = book.info, book.info.say, book.info.show
    if not info.compare:
        return Stack(())
    frame = ratings.cpi([info.ratings, *info.compare])
    year = int(frame["year"].max())
    rows = frame[frame["year"] == year].sort_values("score", ascending=False).to_dict("records")
    dots = tuple(
        Dot(
            label=say.name(str(one["country"])),
            text=show.decimal(one["score"], 0),
            value=float(one["score"]),
            low=float(one["score"] - Z90 * one["se_uncorrected"]),
            high=float(one["score"] + Z90 * one["se_uncorrected"]),
            strong=one["iso3"] == info.ratings,
        )
        for one in rows
    )
    title, subtitle = say("cpi_countries_title", year=year, count=len(rows)), say("cpi_countries_subtitle")
    drawing = Dots(title=title, subtitle=subtitle, dots=dots, limits=(0.0, 100.0), language=info.language)
    told = "; ".join(
        f"{say.name(one['country'])} {show.decimal(one['score'], 0)} ({span90(info, one['score'], one['se_uncorrected'])})"
        for one in rows
    )
    alt = say("cpi_countries_alt", told=told)
    caption = say("cpi_countries_caption", source=say.name(rows[0]["source"]))
    return Stack((rating_chart(book, "cpi-countries", drawing, alt, caption),))
