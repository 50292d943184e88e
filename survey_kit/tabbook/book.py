"""The tab book: one call, and what it gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from survey_kit import checks, frames
from survey_kit.design import Design
from survey_kit.design.declared import check_design
from survey_kit.errors import EstimationError
from survey_kit.estimate.columns import make_ask
from survey_kit.estimate.grouped import backend
from survey_kit.estimate.multiplicity import ADJUSTMENTS
from survey_kit.tabbook.banner import Banner, Block, make_blocks
from survey_kit.tabbook.compute import Plan, Table, tables
from survey_kit.tabbook.long import overall_rows, pair_rows, tidy_rows
from survey_kit.tabbook.notes import book_notes
from survey_kit.tabbook.questions import Question, check_question
from survey_kit.tabbook.taking import take
from survey_kit.tabbook.words import BookWords, is_synthetic
from survey_kit.types import Adjustment, Frame, Interval, Missing

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TabBook:
    """Questions crossed with the columns of a banner: what :func:`tab_book` gives.

    Attributes
    ----------
    title
        Of the book.
    blocks
        The Total, then the blocks of the banner.
    tables
        One per question.
    plan
        Levels, adjustment, base rule, treatment of missing answers.
    synthetic
        Whether the answers were made up by a simulator; every output says so, and no option removes it.
    notes
        What the numbers rest on, in words.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0] * 80, "sex": list("fm") * 40, "trust": [1, 2, 2, 2, 1, 1, 1, 2] * 10})
    >>> book = sk.tab_book(sk.Design(frame, weight="w"), ["trust"], banner=["sex"])
    >>> book.to_frame()[["column", "letter", "category", "estimate", "flag"]].values.tolist()[:3]
    [['Total', '', 1, 0.5, 'small'], ['f', 'A', 1, 0.75, 'small'], ['m', 'B', 1, 0.25, 'small']]
    """

    title: str
    blocks: tuple[Block, ...]
    tables: tuple[Table, ...]
    plan: Plan
    synthetic: bool
    notes: tuple[str, ...]
    backend: str

    def to_frame(self, library: str | None = None) -> Frame:
        """Give one row per question, line and column, in the caller's library, or in ``"pandas"``, ``"polars"``, ``"pyarrow"``.

        Columns are ``question line category statistic block column letter estimate se ci_low ci_high df n weight_sum
        effective_n letters flag data_status``. A suppressed estimate is missing here too. In
        polars and pyarrow categories of several kinds are texts.
        """
        rows, wanted = tidy_rows(self), library or self.backend
        if wanted != "pandas" and len({type(value) for value in rows["category"] if value is not None}) > 1:
            rows["category"] = [None if value is None else str(value) for value in rows["category"]]
        return frames.from_columns(rows, wanted)

    @property
    def comparisons(self) -> pd.DataFrame:
        """Every tested pair of columns: difference, standard error, degrees of freedom, p before and after adjustment."""
        import pandas as pd

        return pd.DataFrame(pair_rows(self))

    @property
    def tests(self) -> pd.DataFrame:
        """The test of every question by every block."""
        import pandas as pd

        return pd.DataFrame(overall_rows(self))

    def html(self, *, intervals: bool = False) -> str:
        """Give the whole book as one page that needs nothing from elsewhere.

        Parameters
        ----------
        intervals
            Also the interval of every percentage.
        """
        from survey_kit.tabbook.page import page

        return page(self, intervals)

    def to_html(self, path: str | Path, *, intervals: bool = False) -> Path:
        """Write the page, whole or not at all; the name of a file of synthetic data begins with ``synthetic-``."""
        from survey_kit.files import write_text

        return write_text(marked_path(Path(path), self.synthetic), self.html(intervals=intervals))

    def to_xlsx(self, path: str | Path, *, sheets: str = "questions", intervals: bool = False) -> Path:
        """Write a workbook, whole or not at all.

        Parameters
        ----------
        path
            Where to; the name of a file of synthetic data begins with ``synthetic-``.
        sheets
            ``"questions"``: a sheet for each, after a sheet of contents; ``"one"``: all on one sheet.
        intervals
            Also the interval of every percentage.

        Returns
        -------
        Path
            The file that was written.

        Raises
        ------
        EstimationError
            If XlsxWriter is not installed.
        """
        from survey_kit.tabbook.workbook import write_workbook

        checks.choice(sheets, "arrangement of sheets", ("questions", "one"), EstimationError)
        return write_workbook(self, marked_path(Path(path), self.synthetic), sheets == "one", intervals)

    def __repr__(self) -> str:
        columns = sum(block.size for block in self.blocks)
        return "\n".join(
            (f"{self.title}: {len(self.tables)} questions by {columns} columns", *(f"  {note}" for note in self.notes))
        )

    def _repr_html_(self) -> str:
        from survey_kit.tabbook.page import fragment

        return fragment(self)


def marked_path(path: Path, synthetic: bool) -> Path:
    """Put ``synthetic-`` before the name of a file of synthetic data.

    Examples
    --------
    >>> marked_path(Path("out/book.xlsx"), True).name, marked_path(Path("synthetic-book.xlsx"), True).name
    ('synthetic-book.xlsx', 'synthetic-book.xlsx')
    """
    return path.with_name(f"synthetic-{path.name}") if synthetic and not path.name.startswith("synthetic-") else path


def tab_book(
    design: Design,
    questions: str | Question | Sequence[str | Question],
    *,
    banner: Banner,
    where: str | None = None,
    missing: Missing = "error",
    interval: Interval = "korn_graubard",
    level: float | tuple[float, float | None] = (0.95, 0.90),
    adjust: Adjustment = "holm",
    small: tuple[int, int] = (30, 100),
    words: BookWords | None = None,
) -> TabBook:
    """Cross many questions with many groups: percentages, means, bases, and letters of significance from the design.

    Parameters
    ----------
    design
        The sample; titles and labels come from its instrument when it was made from responses.
    questions
        Names of columns with one answer each, or :class:`SingleResponse`, :class:`MultipleResponse`,
        :class:`NumericResponse`.
    banner
        Columns that make the blocks, such as ``("sex", "region", ("sex", "age_group"), "wave")``; a tuple inside nests its
        columns. A Total column stands before them.
    where
        Boolean column: a domain, never a row filter.
    missing
        ``"error"`` if an asked item lacks an answer, ``"exclude"`` to make those who answered the base of each question.
    interval
        Of percentages; means have Student's t.
    level
        Of intervals and upper-case letters, and of lower-case letters; one number: no lower-case letters.
    adjust
        Adjustment of p for the pairs of one line within one block: ``"holm"``, ``"bonferroni"``, ``"bh"``, ``"by"`` or
        ``"none"``.
    small
        Bases: below the first number of interviews figures are suppressed, below the second bracketed.
    words
        Title of the book, titles and labels of columns, language.

    Returns
    -------
    TabBook
        With ``to_frame()``, ``html()``, ``to_html(path)`` and ``to_xlsx(path)``.

    Raises
    ------
    EstimationError, FrameError
        If a column is absent or lacks answers, a banner entry has nothing to compare, a net names an unknown category.

    Notes
    -----
    A cell's letters name the columns of its block that it is significantly above, by t of the difference with the
    covariance of the design. Not compared are the Total with its own parts, suppressed cells, and cells
    without spread, such as 0 %, whose standard error of zero would make any difference look certain.
    At the head of a block stands a test of the whole: Rao & Scott (1984) of second order; for multiple responses the
    sum of its answers' statistics, corrected alike (Agresti & Liu 1999; Decady & Thomas 2000); for numbers the adjusted Wald test of equal means. These are not adjusted.

    Examples
    --------
    >>> import pandas as pd, survey_kit as sk
    >>> frame = pd.DataFrame({"w": [1.0, 2.0] * 100, "sex": list("ffmm") * 50, "trust": [1, 2, 2, 2, 1, 1, 1, 2] * 25})
    >>> book = sk.tab_book(sk.Design(frame, weight="w"), ["trust"], banner=["sex"])
    >>> book.to_frame()[["column", "letter", "category", "estimate", "letters"]].round(3).values.tolist()[:3]
    [['Total', '', 1, 0.417, ''], ['f', 'A', 1, 0.667, 'B'], ['m', 'B', 1, 0.167, '']]
    >>> "<caption>" in book.html()
    True
    """
    plan = _plan(where, missing, interval, level, adjust, small)
    check_design(design)
    wanted: list[Any] = [questions] if isinstance(questions, (str, *get_args(Question))) else _listed(questions)
    if not wanted:
        raise EstimationError("There is no question.", fix="Name at least one column.")
    named = _words(words)
    blocks = make_blocks(design, banner, where, named)
    taken = [take(design, question, missing, where, named) for question in wanted]
    checks.unique([question.name for question in taken], "The question", EstimationError)
    found = tables(design, taken, blocks, plan)
    return TabBook(
        title=named.title,
        blocks=blocks,
        tables=found,
        plan=plan,
        synthetic=is_synthetic(design),
        notes=book_notes(found, blocks, plan, is_synthetic(design), len(design.waves)),
        backend=backend(design.frame),
    )


def _words(words: BookWords | None) -> BookWords:
    if words is None:
        return BookWords()
    fix = "Write words=BookWords(title='...')."
    named: BookWords = checks.instance(words, BookWords, "'words' takes BookWords.", fix, EstimationError)
    check_question(named)
    checks.instance(named.title, str, "'title' is a text.", fix, EstimationError)
    fix = "Write labels={'sex': {1: 'Men', 2: 'Women'}}."
    for labels in named.labels.values():
        checks.instance(labels, Mapping, "'labels' has a mapping for each column.", fix, EstimationError)
    for title in named.titles.values():
        checks.instance(
            title, str, "'titles' has a text for each column.", "Write titles={'sex': 'Sex'}.", EstimationError
        )
    return named


def _listed(questions: Any) -> list[Any]:
    if not isinstance(questions, Iterable) or isinstance(questions, (bytes, Mapping)):
        raise EstimationError(
            "Questions are names of columns, or SingleResponse and the like.",
            found=checks.shown(questions),
            fix="Write ['trust', NumericResponse('age')].",
        )
    return list(questions)


def _plan(where: str | None, missing: Any, interval: Any, level: Any, adjust: Any, small: Any) -> Plan:
    """Check what is asked for beside questions and columns."""
    high, low = level if isinstance(level, tuple) and len(level) == 2 else (level, None)
    checks.level(high)
    if low is not None and checks.level(low) >= high:
        raise EstimationError(
            "Lower-case letters stand for the weaker level.", found=f"{high:g} and {low:g}", fix="Write (0.95, 0.90)."
        )
    checks.choice(adjust, "method of adjustment", tuple(ADJUSTMENTS), EstimationError)
    if not (
        isinstance(small, tuple)
        and len(small) == 2
        and all(isinstance(n, int) for n in small)
        and 0 <= small[0] <= small[1]
    ):
        raise EstimationError(
            "'small' gives two bases, the smaller first.", found=checks.shown(small), fix="Write small=(30, 100)."
        )
    make_ask(None, where, interval, high, None, missing)
    return Plan(where=where, missing=missing, interval=interval, levels=(high, low), adjust=adjust, small=small)
