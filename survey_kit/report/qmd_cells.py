"""Running the cells of a page in one fresh IPython namespace, and turning what they show into Markdown.

The order in which a display's forms are preferred is Quarto's: for a web page HTML, then Markdown, then pictures; for
print Markdown, then pictures, then an HTML table.
"""

from __future__ import annotations

import atexit
import base64
import contextlib
import hashlib
import io
import json
import os
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final, NamedTuple, TextIO

from survey_kit.errors import ReportError
from survey_kit.report.qmd_inline import Inline
from survey_kit.report.qmd_read import Cell, Line, Page

_HTML: Final = ("text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/plain")
_PRINT: Final = ("text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/html", "text/plain")
_PICTURES: Final = {"image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpg"}
_MEMORY: ContextVar[dict[str, list[Output]] | None] = ContextVar("memory", default=None)
_DEFAULTS: Final[Mapping[str, Any]] = {"echo": True, "eval": True, "include": True, "output": True, "warning": True}


class Output(NamedTuple):
    """What a cell showed: a stream's text, or the forms of a display."""

    stream: str
    data: Mapping[str, Any]


def run(page: Page, folder: Path) -> list[Line]:
    """Run a page's cells and give the page as lines of Markdown.

    Parameters
    ----------
    page
        The page.
    folder
        Where pictures that cells show are written to, inside the folder of the page.
    """
    cells = [part for part in page.parts if isinstance(part, Cell)]
    if not cells:
        return [part for part in page.parts if isinstance(part, Line)]
    out: list[Line] = []
    counter = 0
    with contextlib.ExitStack() as stack:
        runner = _Runner(page, stack)
        inline = Inline(lambda cell: [shown.data for shown in runner.expression(cell)])
        for part in page.parts:
            if isinstance(part, Line):
                out.append(inline.filled(part))
                continue
            counter += 1
            options = {**_DEFAULTS, **page.execute, **part.options}
            shown = runner.cell(part) if options["eval"] else []
            text = _markdown(part, options, shown, page, folder / f"cell-{counter}")
            out.extend(Line(line, part.line.file, part.line.number) for line in text.split("\n"))
    return out


# ----------------------------------------------------------------------------------------------------- remembering
@contextlib.contextmanager
def remembering(memory: dict[str, list[Output]]) -> Iterator[None]:
    """Keep what each cell shows, and run the cells of a page only when one of them is new or stands after a new one.

    The keeper empties the memory when anything else that cells read has changed.
    """
    before = _MEMORY.set(memory)
    try:
        yield
    finally:
        _MEMORY.reset(before)


class _Runner:
    """Runs the cells of one page, or gives what they showed before; a session begins with the first cell that is new."""

    def __init__(self, page: Page, stack: contextlib.ExitStack) -> None:
        self.page, self.stack = page, stack
        self.memory = _MEMORY.get()
        self.told = hashlib.sha256(json.dumps([page.path.stem, page.format, page.title]).encode())
        self.earlier: list[Cell] = []
        self.session: _Session | None = None

    def cell(self, cell: Cell) -> list[Output]:
        """Give what a cell shows."""
        self.told.update(json.dumps(["cell", cell.code]).encode())
        shown = self._shown(cell, self.told.hexdigest())
        self.earlier.append(cell)
        return shown

    def expression(self, cell: Cell) -> list[Output]:
        """Give what an expression in a sentence shows; it changes nothing for the cells after it."""
        told = self.told.copy()
        told.update(json.dumps(["expression", cell.code]).encode())
        return self._shown(cell, told.hexdigest())

    def _shown(self, cell: Cell, key: str) -> list[Output]:
        if self.session is None and self.memory is not None and key in self.memory:
            return self.memory[key]
        if self.session is None:
            self.session = self.stack.enter_context(_session(self.page))
            for one in self.earlier:
                self.session.run(one)
        shown = self.session.run(cell)
        if self.memory is not None:
            self.memory[key] = shown
        return shown


# --------------------------------------------------------------------------------------------------------- running
class _Stream(io.TextIOBase):
    """A stand-in for stdout or stderr that keeps what the cell writes, in order with the displays.

    What another thread writes meanwhile (a progress bar) goes where it would have gone.
    """

    def __init__(self, name: str, outputs: list[Output], beneath: TextIO) -> None:
        super().__init__()
        self.stream_name, self.outputs, self.beneath = name, outputs, beneath
        self.owner = threading.get_ident()

    def writable(self) -> bool:
        return True

    def flush(self) -> None:
        if threading.get_ident() != self.owner:
            self.beneath.flush()

    def write(self, text: str) -> int:
        if threading.get_ident() != self.owner:
            return self.beneath.write(text)
        if self.outputs and self.outputs[-1].stream == self.stream_name:
            last = self.outputs.pop()
            self.outputs.append(Output(self.stream_name, {"text": last.data["text"] + text}))
        else:
            self.outputs.append(Output(self.stream_name, {"text": text}))
        return len(text)


class _Session:
    """One IPython shell with an empty namespace; what cells show is collected."""

    def __init__(self, home: str) -> None:
        from IPython.core.displayhook import DisplayHook
        from IPython.core.displaypub import DisplayPublisher
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        outputs: list[Output] = []

        class Hook(DisplayHook):  # type: ignore[misc]
            def write_output_prompt(self) -> None:
                """Write no prompt."""

            def write_format_data(self, format_dict: dict[str, Any], md_dict: Any = None) -> None:
                del md_dict
                outputs.append(Output("", dict(format_dict)))

            def finish_displayhook(self) -> None:
                """Write no line end."""
                self._is_active = False

        class Publisher(DisplayPublisher):  # type: ignore[misc]
            def publish(self, data: dict[str, Any], *_: Any, **__: Any) -> None:
                outputs.append(Output("", dict(data)))

            def clear_output(self, wait: bool = False) -> None:
                del wait
                outputs.clear()

        class Shell(InteractiveShell):  # type: ignore[misc]
            displayhook_class = Hook
            display_pub_class = Publisher

            def init_sys_modules(self) -> None:
                """Leave ``__main__`` of the running program alone."""

        settings = Config()
        settings.HistoryManager.enabled = False
        self.outputs = outputs
        self.shell = Shell(config=settings, ipython_dir=home, user_ns={})
        atexit.unregister(self.shell.atexit_operations)  # else every shell lives as long as the program
        self.shell.showtraceback = lambda *_, **__: None
        self.shell.showsyntaxerror = lambda *_, **__: None

    def run(self, cell: Cell) -> list[Output]:
        """Run a cell and give what it showed; an exception ends the page."""
        self.outputs.clear()
        with (
            contextlib.redirect_stdout(_Stream("stdout", self.outputs, sys.stdout)),
            contextlib.redirect_stderr(_Stream("stderr", self.outputs, sys.stderr)),
        ):
            result = self.shell.run_cell(cell.code, store_history=False)
            fault = result.error_in_exec or result.error_before_exec
            if fault is None:
                self._open_figures()
        if isinstance(fault, KeyboardInterrupt):
            raise fault
        if fault is not None:
            raise _failed(cell, fault) from fault
        return list(self.outputs)

    def _open_figures(self) -> None:
        """Show the figures that pyplot still holds open, as a notebook does after each cell."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is None:
            return
        for number in pyplot.get_fignums():
            self.outputs.append(Output("", {"image/svg+xml": _svg(pyplot.figure(number))}))
        pyplot.close("all")


@contextlib.contextmanager
def _session(page: Page) -> Iterator[_Session]:
    """Open a shell in the page's folder; the process is left as it was found."""
    from IPython.core.interactiveshell import InteractiveShell

    before = InteractiveShell._instance  # noqa: SLF001
    hooks, search = (sys.displayhook, sys.excepthook), list(sys.path)
    was, variable = Path.cwd(), os.environ.get("QUARTO_EXECUTE_INFO")
    with tempfile.TemporaryDirectory(prefix="qmd-") as home:
        info = Path(home) / "execute.json"
        info.write_text(json.dumps(_execute_info(page)), encoding="utf-8")
        try:
            session = _Session(home)
            session.shell.display_formatter.formatters["image/svg+xml"].for_type_by_name(
                "matplotlib.figure", "Figure", _svg
            )
            InteractiveShell._instance = session.shell  # noqa: SLF001 (display() in a cell finds this shell)
            os.environ["QUARTO_EXECUTE_INFO"] = str(info)
            os.chdir(page.path.parent)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message=".*non-interactive, and thus cannot be shown")
                warnings.filterwarnings("ignore", message="To exit: use")
                yield session
        finally:
            os.chdir(was)
            InteractiveShell._instance = before  # noqa: SLF001
            sys.displayhook, sys.excepthook = hooks
            sys.path[:] = search
            if variable is None:
                os.environ.pop("QUARTO_EXECUTE_INFO", None)
            else:
                os.environ["QUARTO_EXECUTE_INFO"] = variable


def _execute_info(page: Page) -> dict[str, Any]:
    """Give what Quarto tells a running page about the format it is made for."""
    name = {"base-format": page.format, "target-format": page.format, "display-name": page.format}
    return {"document-path": str(page.path), "format": {"identifier": name, "metadata": {"title": page.title}}}


def _svg(figure: Any) -> str:
    """Draw a figure of matplotlib as SVG, the same bytes every time."""
    import matplotlib as mpl

    stream = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "qmd"}):
        figure.savefig(stream, format="svg", bbox_inches="tight", metadata={"Date": None})
    return stream.getvalue()


def _failed(cell: Cell, fault: BaseException) -> ReportError:
    line = cell.line.number
    if isinstance(fault, SyntaxError) and fault.lineno:
        line = cell.first + fault.lineno - 1
    else:
        inside = [one for one in traceback.extract_tb(fault.__traceback__) if "ipython-input" in one.filename.lower()]
        if inside and inside[-1].lineno:
            line = cell.first + inside[-1].lineno - 1
    last = "".join(traceback.format_exception_only(fault)).strip()
    found = last if isinstance(fault, ValueError) else last.splitlines()[-1]
    return ReportError("A cell of a page failed.", where=f"{cell.line.file}:{line}", found=found)


# --------------------------------------------------------------------------------------------------------- showing
def _markdown(cell: Cell, options: Mapping[str, Any], shown: list[Output], page: Page, stem: Path) -> str:
    """Give the Markdown that takes the place of a cell."""
    if not options["include"]:
        return ""
    blocks = [_fence(cell.code.strip("\n"), "python")] if options["echo"] and cell.code.strip() else []
    made: list[str] = []
    for i, output in enumerate(shown if options["output"] else (), 1):
        if output.stream == "stderr" and not options["warning"]:
            continue
        if output.stream:
            asis = output.stream == "stdout" and options["output"] == "asis"
            made.append(output.data["text"] if asis else _fence(output.data["text"].rstrip("\n"), ""))
        else:
            made.append(_display(cell, output.data, page, Path(f"{stem}-{i}")))
    label = str(options.get("label", ""))
    caption = options.get("fig-cap") or options.get("tbl-cap")
    if made and caption:
        made = [f"::: {{#{label}}}", *made, str(caption), ":::"]
    return "\n\n".join(["", *blocks, *made, ""])


def _display(cell: Cell, data: Mapping[str, Any], page: Page, stem: Path) -> str:
    kinds = _HTML if page.format == "html" else _PRINT
    kind = next((one for one in kinds if one in data and (one != "text/html" or _usable(data[one], page))), None)
    if kind is None:
        found = ", ".join(data)
        raise ReportError("A cell shows something that is no text and no picture.", where=cell.line.where, found=found)
    if kind == "text/markdown":
        return str(data[kind])
    if kind == "text/html":
        return _fence(str(data[kind]), "{=html}")
    if kind == "text/plain":
        return _fence(str(data[kind]), "")
    content = data[kind]
    if kind == "image/svg+xml":
        raw = str(content).encode("utf-8")
    else:
        raw = content if isinstance(content, bytes) else base64.b64decode(content)
    path = stem.with_suffix(f".{_PICTURES[kind]}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    alt = str(cell.options.get("fig-alt", "")).replace("\\", "").replace('"', "'").replace("\n", " ")
    said = f'{{fig-alt="{alt}"}}' if alt else ""
    return f"![]({path.relative_to(page.path.parent).as_posix()}){said}"


def _usable(text: str, page: Page) -> bool:
    """Tell whether HTML can stand on the page: on paper only a table can."""
    return page.format == "html" or "<table" in text


def _fence(text: str, info: str) -> str:
    """Put a text between fences longer than any in it."""
    mark = "```"
    while mark in text:
        mark += "`"
    return f"{mark}{info}\n{text}\n{mark}"
