"""Running cells: what they show comes out in order, what they break is told with its line, nothing is left behind."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from survey_kit.errors import ReportError
from survey_kit.report import qmd_cells
from survey_kit.report.qmd_read import read_page, read_project


@pytest.fixture
def run(tmp_path: Path):
    """Run a page's text and give its Markdown."""

    def run(text: str, head: str = "") -> str:
        (tmp_path / "_quarto.yml").write_text("execute: {echo: false}\n", encoding="utf-8")
        (tmp_path / "page.qmd").write_text(f"---\ntitle: A\n{head}---\n{text}", encoding="utf-8")
        page = read_page(tmp_path / "page.qmd", read_project(tmp_path))
        return "\n".join(line.text for line in qmd_cells.run(page, tmp_path / "page_files"))

    return run


def cell(code: str, *options: str) -> str:
    return "\n".join(["```{python}", *(f"#| {one}" for one in options), code, "```", ""])


def test_cells_share_a_page_and_pages_share_nothing(run):
    assert "42" in run(cell("x = 42") + cell("print(x)"))
    with pytest.raises(ReportError, match="name 'x' is not defined"):
        run(cell("x"))


def test_what_a_cell_shows_keeps_its_order(run):
    text = run(
        cell(
            "from IPython.display import Markdown, display\nprint('one')\ndisplay(Markdown('*two*'))\nprint('three')\nMarkdown('four')"
        )
    )
    assert [word for word in text.split() if word.strip("`*")] == ["one", "*two*", "three", "four"]


def test_the_form_of_a_display_is_the_one_quarto_takes(run):
    code = (
        "class Both:\n    def _repr_html_(self): return '<p>html</p>'\n    def _repr_markdown_(self): return 'markdown'\n"
        "Both()"
    )
    assert "```{=html}\n<p>html</p>\n```" in run(cell(code))
    assert "markdown" in run(cell(code), "format: typst\n")
    table = "from IPython.display import HTML\nHTML('<table></table>')"
    assert "```{=html}" in run(cell(table), "format: typst\n")
    assert "IPython.core.display.HTML" in run(
        cell("from IPython.display import HTML\nHTML('<p>a</p>')"), "format: typst\n"
    )


@pytest.mark.parametrize(
    ("options", "inside", "outside"),
    [
        (["include: false"], [], ["code", "shown"]),
        (["echo: true"], ["```python", "code", "shown"], []),
        (["output: false", "echo: true"], ["code"], ["shown\n"]),
        (["eval: false", "echo: true"], ["print"], ["```\nshown"]),
        (["output: asis"], ["\nshown *"], ["```\nshown"]),
        (["warning: false"], ["shown"], ["trouble"]),
        ([], ["shown", "trouble"], ["code"]),
    ],
)
def test_options_of_a_cell(options, inside, outside, run):
    text = run(cell("import sys  # code\nprint('shown *')\n_ = sys.stderr.write('trouble')", *options))
    assert all(one in text for one in inside)
    assert not any(one in text for one in outside)


def test_a_labelled_cell_becomes_a_numbered_thing(run):
    text = run(cell("print(1)", "label: tbl-x", "tbl-cap: A table"))
    assert text.strip() == "::: {#tbl-x}\n\n```\n1\n```\n\nA table\n\n:::"


def test_figures_are_written_as_svg_the_same_every_time(run, tmp_path):
    import matplotlib as mpl

    mpl.use("agg")
    code = "import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])\nplt.show()"
    assert "![](page_files/cell-1-1.svg){fig-alt=\"A 'line'\"}" in run(cell(code, "fig-alt: 'A \"line\"'"))
    first = (tmp_path / "page_files" / "cell-1-1.svg").read_bytes()
    run(cell(code))
    assert (tmp_path / "page_files" / "cell-1-1.svg").read_bytes() == first
    figure = "from matplotlib.figure import Figure\nf = Figure()\n_ = f.add_subplot().plot([1, 2])\nf"
    assert "![](page_files/cell-1-1.svg)" in run(cell(figure))


def test_a_picture_in_bytes_is_written(run, tmp_path):
    code = "class P:\n    def _repr_png_(self): return b'\\x89PNG'\nP()"
    assert "![](page_files/cell-1-1.png)" in run(cell(code))
    assert (tmp_path / "page_files" / "cell-1-1.png").read_bytes() == b"\x89PNG"


@pytest.mark.parametrize(
    ("code", "line", "found"),
    [
        ("a = 1\n1 / 0", 6, "ZeroDivisionError: division by zero"),
        ("def f():\n    return {}['k']\nf()", 6, "KeyError: 'k'"),
        ("a = 1\nb = (", 6, "SyntaxError"),
        ("raise SystemExit(3)", 5, "SystemExit: 3"),
        ("import sys\nsys.exit('gone')", 6, "SystemExit: gone"),
    ],
)
def test_an_exception_names_the_page_and_the_line(code, line, found, run, tmp_path):
    with pytest.raises(ReportError, match="A cell of a page failed") as fault:
        run(cell(code))
    assert fault.value.where == f"{tmp_path / 'page.qmd'}:{line}"
    assert found in str(fault.value.found)


def test_what_another_thread_prints_is_not_on_the_page(run, capsys):
    code = "import threading\none = threading.Thread(target=print, args=('elsewhere',))\none.start()\none.join()\nprint('here')"
    text = run(cell(code))
    assert "here" in text
    assert "elsewhere" not in text
    assert "elsewhere" in capsys.readouterr().out


def test_an_interrupt_is_passed_on(run):
    with pytest.raises(KeyboardInterrupt):
        run(cell("raise KeyboardInterrupt"))


def test_a_cell_runs_in_the_folder_of_its_page_and_knows_its_format(run, tmp_path):
    text = run(
        cell(
            "import json, os\nprint(os.getcwd())\nfrom pathlib import Path\nprint(json.loads(Path(os.environ['QUARTO_EXECUTE_INFO']).read_text())['format']['identifier']['base-format'])"
        )
    )
    assert str(tmp_path) in text
    assert "html" in text


def test_nothing_is_left_behind(run):
    from IPython.core.getipython import get_ipython
    from IPython.core.interactiveshell import InteractiveShell

    before = (Path.cwd(), sys.displayhook, sys.excepthook, list(sys.path), sys.modules["__main__"], dict(os.environ))
    run(cell("import sys\nsys.path.append('x')\nget_ipython()"))
    with pytest.raises(ReportError):
        run(cell("1 / 0"))
    assert (Path.cwd(), sys.displayhook, sys.excepthook, list(sys.path), sys.modules["__main__"]) == before[:5]
    assert {name: text for name, text in os.environ.items() if name != "PYTEST_CURRENT_TEST"} == {
        name: text for name, text in before[5].items() if name != "PYTEST_CURRENT_TEST"
    }
    assert get_ipython() is None
    assert not InteractiveShell.initialized()


def test_a_notebook_that_renders_keeps_its_own_shell(run):
    from IPython.core.getipython import get_ipython
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    settings = Config()
    settings.HistoryManager.enabled = False
    path, main = list(sys.path), sys.modules["__main__"]
    shell = InteractiveShell.instance(config=settings)
    try:
        assert "7" in run(cell("from IPython.display import display\ndisplay(7)"))
        assert get_ipython() is shell
    finally:
        InteractiveShell.clear_instance()
        sys.path[:] = path
        sys.modules["__main__"] = main
