"""The numbers of a tab book as long rows."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from survey_kit.tabbook.shown import PLACES

if TYPE_CHECKING:
    from survey_kit.tabbook.book import TabBook


def tidy_rows(book: TabBook) -> dict[str, list[Any]]:
    """Give columns with one entry per question, line and column of the book."""
    columns = [(block.title, column) for block in book.blocks for column in block.columns]
    status = "synthetic" if book.synthetic else "real"
    names = ("estimate", "se", "ci_low", "ci_high", "df", "n", "weight_sum", "letters", "flag")
    out: dict[str, list[Any]] = defaultdict(list)
    for table in book.tables:
        cells = {name: table.joined(name) for name in names}
        effective = table.bases("effective")
        shown = ~np.isin(cells["flag"], list(PLACES))
        for name in ("estimate", "se", "ci_low", "ci_high", "df"):
            cells[name] = np.where(shown, cells[name], np.nan)
        for i, line in enumerate(table.lines):
            K = len(columns)
            out["question"] += [table.question.name] * K
            out["line"] += [line.label] * K
            out["category"] += [line.category] * K
            out["statistic"] += [line.kind] * K
            out["block"] += [title for title, _ in columns]
            out["column"] += [column.label for _, column in columns]
            out["letter"] += [column.letter for _, column in columns]
            for name in names[:5]:
                out[name] += [None if np.isnan(value) else value for value in cells[name][i].tolist()]
            out["n"] += cells["n"][i].astype(np.int64).tolist()
            out["weight_sum"] += cells["weight_sum"][i].tolist()
            out["effective_n"] += effective.tolist()
            out["letters"] += cells["letters"][i].tolist()
            out["flag"] += cells["flag"][i].tolist()
            out["data_status"] += [status] * K
    return dict(out)


def pair_rows(book: TabBook) -> list[dict[str, Any]]:
    """Give a record per tested pair of columns."""
    out = []
    for table in book.tables:
        for block, part in zip(book.blocks, table.parts, strict=True):
            for places, tests in part.pairs:
                for v, m in zip(*np.nonzero(np.isfinite(tests.p)), strict=True):
                    line = table.lines[places[v]]
                    one, two = block.columns[tests.first[m]], block.columns[tests.second[m]]
                    out.append(
                        {
                            "question": table.question.name,
                            "line": line.label,
                            "category": line.category,
                            "block": block.title,
                            "column": one.label,
                            "against": two.label,
                            "difference": float(tests.difference[v, m]),
                            "se": float(tests.se[v, m]),
                            "df": float(tests.df[m]),
                            "p": float(tests.p[v, m]),
                            "p_adjusted": float(tests.p_adjusted[v, m]),
                        }
                    )
    return out


def overall_rows(book: TabBook) -> list[dict[str, Any]]:
    """Give a record per question and block."""
    return [
        {
            "question": table.question.name,
            "block": block.title,
            "method": part.overall.method,
            "statistic": part.overall.statistic,
            "df1": part.overall.df1,
            "df2": part.overall.df2,
            "p": part.overall.p,
        }
        for table in book.tables
        for block, part in zip(book.blocks, table.parts, strict=True)
        if part.overall is not None
    ]
