"""Governance indicators by edition, rule of law, e-government, earlier national figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from survey_kit import ratings
from survey_kit.errors import RatingsError
from survey_kit.report.book import Published
from survey_kit.report.display import missing
from survey_kit.report.drawing import Line, Panels, Point
from survey_kit.report.elements import Stack, Table
from survey_kit.report.rated import Z90, maybe, rank, rating_chart, rating_name, sentence, span, span90
from survey_kit.report.tables import table

if TYPE_CHECKING:
    import pandas as pd


def wgi(book: Published) -> Stack:
    """Draw the six governance indicators of the newest edition; give the newest year beside the edition before."""
    info, say, show = book.info, book.info.say, book.info.show
    every = ratings.wgi(info.ratings, edition="all")
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
                text=show.decimal(one["estimate"], 2),
            )
            for one in part.to_dict("records")
        )
        title = say.name(str(label))
        lines.append(Line(title=title, subtitle="", points=points, limits=(-2.0, 1.5), language=info.language))
    told = {
        "country": say.name(str(frame["country"].iloc[0])),
        "years": show.span(str(int(frame["year"].min())), str(int(frame["year"].max()))),
    }
    drawing = Panels(
        title=say("wgi_title", **told), subtitle=say("wgi_subtitle", **told), lines=tuple(lines), language=info.language
    )
    last = frame[frame["year"] == frame["year"].max()].to_dict("records")
    values = "; ".join(f"{say.name(one['label'])} {show.decimal(one['estimate'], 2)}" for one in last)
    alt = say("wgi_alt", year=int(last[0]["year"]), values=values, **told)
    caption = say("wgi_caption", source=say.name(frame["source"].iloc[0]))
    return Stack((rating_chart(book, "wgi", drawing, alt, caption), _wgi_table(book, every, edition)))


def _wgi_table(book: Published, every: pd.DataFrame, edition: str) -> Table:
    """Give the newest year of the edition, and the year both editions have, side by side and never subtracted."""
    info, say, show = book.info, book.info.say, book.info.show
    newest = every[every["edition"] == edition]
    year = int(newest["year"].max())
    older = every[every["edition"] != edition]
    common = int(older["year"].max()) if len(older) else year
    before = older["edition"].max() if len(older) else ""
    columns = {
        "name": say("wgi_head_name"),
        "now": f"{year}",
        "interval": say("cpi_head_interval"),
        "percentile": say("wgi_head_percentile"),
        "percentile_interval": say("wgi_head_percentile_interval"),
        "same": say("wgi_head_same", year=common),
    }
    columns |= {"old": say("wgi_head_old", year=common, edition=before)} if before else {}
    at = {(str(one["edition"]), one["indicator"], int(one["year"])): one for one in every.to_dict("records")}
    records = []
    for one in newest[newest["year"] == year].to_dict("records"):
        same, old = (at.get((str(name), one["indicator"], common)) for name in (edition, before))
        records.append(
            {
                "name": say.name(str(one["label"])),
                "now": show.decimal(one["estimate"], 2),
                "interval": span90(info, one["estimate"], one["se"], 2),
                "percentile": show.decimal(one["percentile"], 0),
                "percentile_interval": span(info, one["percentile_low"], one["percentile_high"], 0),
                "same": "" if same is None else show.decimal(same["estimate"], 2),
                "old": "" if old is None else show.decimal(old["estimate"], 2),
            }
        )
    title = say("wgi_table", edition=edition)
    return table(rating_name(book, "wgi"), title, columns, records, notes=(say("wgi_note"),))


def wjp(book: Published) -> Stack:
    """Draw the overall rule of law score; give the factors of the last two editions."""
    info, say, show = book.info, book.info.say, book.info.show
    frame = ratings.wjp(info.ratings)
    overall = frame[frame["factor"] == "overall"].to_dict("records")
    points = tuple(
        Point(
            x=float(one["year"]),
            label=str(int(one["year"])),
            value=float(one["score"]),
            text=show.decimal(one["score"], 2),
        )
        for one in overall
    )
    last = overall[-1]
    told = {
        "country": say.name(str(last["country"])),
        "year": int(last["year"]),
        "score": show.decimal(last["score"], 2),
    }
    line = Line(
        title=say("wjp_title", **told),
        subtitle=say("wjp_subtitle"),
        points=points,
        limits=(0.0, 1.0),
        language=info.language,
    )
    alt = say("wjp_alt", first=show.decimal(points[0].value or 0, 2), start=points[0].label, **told)
    licence = sentence(say.name(last["licence_note"]))
    caption = f"{say('wjp_caption', **told)} {licence}"
    editions = list(dict.fromkeys(frame["edition"]))[-2:]
    at = {(one["edition"], one["factor"]): one for one in frame.to_dict("records")}
    columns = {"name": say("wjp_head_factor"), **{name: name for name in editions}, "rank": say("cpi_head_rank")}
    records = [
        {
            "name": say.name(str(at[editions[-1], factor]["label"])),
            **{name: maybe(info, at[name, factor]["score"], 3) if (name, factor) in at else "" for name in editions},
            "rank": rank(info, at[editions[-1], factor]),
        }
        for factor in dict.fromkeys(frame["factor"])
        if (editions[-1], factor) in at
    ]
    title, notes = say("wjp_table"), (say("wjp_note"), licence)
    return Stack(
        (
            rating_chart(book, "wjp", line, alt, caption),
            table(rating_name(book, "wjp"), title, columns, records, notes=notes),
        )
    )


def egdi(book: Published) -> Table:
    """Give the ranks in the E-Government Development Index."""
    info, say = book.info, book.info.say
    frame = ratings.egdi(info.ratings)
    columns = {name: say(f"egdi_head_{name}") for name in ("year", "name", "rank", "value", "verified")}
    records = [
        {
            "year": str(int(one["year"])),
            "name": say.name(str(one["label"])),
            "rank": rank(info, one),
            "value": maybe(info, one["value"], 3) or say("not_carried"),
            "verified": say.name(str(one["verified"])),
        }
        for one in frame.to_dict("records")
    ]
    title, notes = say("egdi_table"), (say("egdi_note"),)
    return table(rating_name(book, "egdi"), title, columns, records, left=("name", "verified"), notes=notes)


def others(book: Published) -> Stack:
    """Give published figures of earlier national surveys and national targets; nothing when there are none."""
    try:
        frame = ratings.others(book.info.ratings)
    except RatingsError:
        return Stack(())
    say, show = book.info.say, book.info.show
    columns = {name: say(f"others_head_{name}") for name in ("what", "year", "value", "series", "note", "verified")}
    records = [
        {
            "what": say.name(str(one["label"])),
            "year": str(int(one["year"])),
            "value": f"{show.decimal(one['value'])} {say.name(str(one['unit'])).replace('percent', '%')}",
            "series": say.name(str(one["series"])),
            "note": "" if missing(one["note"]) else say.name(str(one["note"])),
            "verified": say.name(str(one["verified"])),
        }
        for one in frame.to_dict("records")
    ]
    title = say("others_table")
    left = ("series", "note", "verified")
    return Stack((table(rating_name(book, "others"), title, columns, records, left=left),))
