"""What people see: progress bars on the error stream, tables on the output stream."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence

from survey_kit.types import Progress

WIDTH_OF_A_FILE = 150  # columns, when the output is not a terminal


@contextlib.contextmanager
def progress(*, quiet: bool) -> Iterator[Progress | None]:
    """Give a callback that draws bars on standard error, or None when nobody watches."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, int] = {}

        def told(what: str, done: int, steps: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=steps)
            bars.update(tasks[what], completed=done, total=steps)  # type: ignore[arg-type]

        yield told


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()) -> str:
    """Lay rows out as a table as wide as the terminal; long text is wrapped, never cut.

    Examples
    --------
    >>> print(table(("wave", "n"), (("2026", "1,200"), ("2027", "980")), right=("n",)))
    wave       n
    ────────────
    2026   1,200
    2027     980
    """
    import shutil
    from io import StringIO

    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    width = shutil.get_terminal_size((WIDTH_OF_A_FILE, 24)).columns if sys.stdout.isatty() else WIDTH_OF_A_FILE
    drawn = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in columns:
        drawn.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    stream = StringIO()
    Console(file=stream, width=width, color_system=None, legacy_windows=False).print(drawn)
    return "\n".join(line.rstrip() for line in stream.getvalue().rstrip("\n").splitlines())
