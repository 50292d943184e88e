"""Reading a Quarto project: what is known is read with its lines, what is not known is refused with them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from survey_kit.errors import ReportError
from survey_kit.report import qmd_subset as subset
from survey_kit.report.qmd_read import Cell, Line, page_files, read_page, read_project

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write files into a project and give its folder."""

    def write(**texts: str) -> Path:
        named = {"_quarto.yml": "project: {type: website}\n"} | {
            name.replace("__", ".").replace("included", "_part.qmd"): text for name, text in texts.items()
        }
        for name, text in named.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return write


def page_of(folder: Path):
    return read_page(folder / "index.qmd", read_project(folder))


def test_a_page_is_lines_and_cells_with_their_places(write):
    folder = write(
        index__qmd='---\ntitle: "A"\nthemes: [trust]\n---\nOne\n\n{{< include _part.qmd >}}\nTwo\n',
        included="Inside\n\n```{python}\n#| echo: true\n#| label: x\n1 + 1\n```\n",
    )
    page = page_of(folder)
    assert (page.title, page.format, page.output) == ("A", "html", "index.html")
    lines = [(one.text, one.file.name, one.number) for one in page.parts if isinstance(one, Line) and one.text]
    assert lines == [("One", "index.qmd", 5), ("Inside", "_part.qmd", 1), ("Two", "index.qmd", 8)]
    (cell,) = [one for one in page.parts if isinstance(one, Cell)]
    assert (cell.code, cell.first, cell.line.number) == ("1 + 1", 6, 3)
    assert cell.options == {"echo": True, "label": "x"}


def test_variables_stand_in_text_front_matter_and_website(write):
    folder = write(
        _variables__yml="a: {b: word}\nyes_: true\n",
        _quarto__yml='website: {title: "The {{< var a.b >}}"}\n',
        index__qmd='---\ntitle: "One {{< var a.b >}}"\n---\nA {{<var a.b>}} and {{< var yes_ >}}\n',
    )
    (folder / "_quarto.yml").write_text('website: {title: "The {{< var a.b >}}"}\n', encoding="utf-8")
    page = page_of(folder)
    assert page.title == "One word"
    assert [one.text for one in page.parts] == ["A word and true"]
    assert read_project(folder).website["title"] == "The word"


def test_options_of_project_and_page_add_up(write):
    folder = write(index__qmd="---\ntitle: A\ntoc: false\nformat: {html: {toc-depth: 3}}\n---\n")
    (folder / "_quarto.yml").write_text(
        "format: {html: {toc: true, css: a.css}}\nexecute: {echo: false}\n", encoding="utf-8"
    )
    page = page_of(folder)
    assert page.options == {"toc": False, "css": "a.css", "toc-depth": 3}
    assert page.execute == {"echo": False}


def test_code_that_is_not_run_stays_as_it_is(write):
    folder = write(index__qmd="---\ntitle: A\n---\n````markdown\n```{python}\n1\n```\n````\n~~~ python\nx\n~~~\n")
    page = page_of(folder)
    assert [one.text for one in page.parts] == [
        *("````markdown", "```{python}", "1", "```", "````"),
        *("~~~ python", "x", "~~~"),
    ]


def test_pages_are_those_quarto_would_take(write):
    folder = write(index__qmd="", README__md="", _hidden__qmd="", included="")
    (folder / "_parts").mkdir()
    (folder / "_parts" / "x.qmd").touch()
    assert [path.name for path in page_files(folder)] == ["index.qmd"]


FAULTS = {
    "no front matter": ("Text\n", "no title", 1),
    "open front matter": ("---\ntitle: A\n", "does not end", 1),
    "unknown key": ("---\ntitle: A\ntitel: B\n---\n", "Unknown key 'titel'", 3),
    "unknown format": ("---\ntitle: A\nformat: docx\n---\n", "'format' has a value", 3),
    "unknown option": ("---\ntitle: A\nformat:\n  html:\n    code-fold: true\n---\n", "Unknown key 'code-fold'", 5),
    "two formats": ("---\ntitle: A\nformat: {html: default, typst: default}\n---\n", "one format", 3),
    "flag as text": ("---\ntitle: A\ntoc: yes\n---\n", "'toc' has a value", 3),
    "kernel": ("---\ntitle: A\njupyter: julia\n---\n", "'jupyter' has a value", 3),
    "tab": ("---\ntitle: A\n\ttoc: true\n---\n", "tab", 3),
    "cell option": ("---\ntitle: A\n---\n```{python}\n#| code-fold: true\n1\n```\n", "Unknown key 'code-fold'", 5),
    "cell option value": ("---\ntitle: A\n---\n```{python}\n#| echo: fenced\n1\n```\n", "'echo' has a value", 5),
    "error allowed": ("---\ntitle: A\n---\n```{python}\n#| error: true\n1\n```\n", "'error' has a value", 5),
    "caption without label": ("---\ntitle: A\n---\n```{python}\n#| fig-cap: B\n1\n```\n", "no label", 5),
    "other engine": ("---\ntitle: A\n---\n\n```{r}\n1\n```\n", "This kind of block", 5),
    "diagram": ("---\ntitle: A\n---\n```{mermaid}\n1\n```\n", "This kind of block", 4),
    "raw format": ("---\ntitle: A\n---\n```{=latex}\n1\n```\n", "This kind of block", 4),
    "open block": ("---\ntitle: A\n---\n```{python}\n1\n", "does not end", 4),
    "indented cell": ("---\ntitle: A\n---\n- a\n\n  ```{python}\n  1\n  ```\n", "indented", 6),
    "shortcode": ("---\ntitle: A\n---\nSee {{< video x.mp4 >}}\n", "shortcode is not known", 4),
    "near shortcode": ("---\ntitle: A\n---\n{{< includ x.qmd >}}\n", "shortcode is not known", 4),
    "include inside a line": ("---\ntitle: A\n---\nSee {{< include x.qmd >}}\n", "shortcode is not known", 4),
    "shortcode in code": ("---\ntitle: A\n---\n```\n{{< var x >}}\n```\n", "in a block of code", 5),
    "no such variable": ("---\ntitle: A\n---\n{{< var nothing >}}\n", "no such variable", 4),
    "no such include": ("---\ntitle: A\n---\n\n{{< include _parts.qmd >}}\n", "no file to include", 5),
    "second front matter": ("---\ntitle: A\n---\nB\n\n---\ntoc: true\n---\n", "second front matter", 7),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_with_its_line(name, write):
    text, what, line = FAULTS[name]
    with pytest.raises(ReportError, match=re.escape(what)) as fault:
        page_of(write(index__qmd=text))
    assert fault.value.where == f"{write() / 'index.qmd'}:{line}"
    assert len(str(fault.value).splitlines()) <= 5


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ("project: {type: book}\n", "'project.type'", 1),
        ("lang: en\nbibliography: a.bib\n", "Unknown key 'bibliography'", 2),
        ("website:\n  sidebar: {}\n", "Unknown key 'sidebar'", 2),
        ("website:\n  navbar:\n    left:\n      - {text: A, menu: []}\n", "Unknown key 'menu'", 4),
        ("execute:\n  freeze: auto\n", "'execute.freeze'", 2),
        ("format:\n  html: {theme: cosmo}\n  pdf: default\n", "Unknown key 'pdf'", 3),
        ("a: &x 1\n", "anchors", 1),
    ],
)
def test_a_fault_of_the_project_is_told_with_its_line(text, what, line, write):
    folder = write()
    (folder / "_quarto.yml").write_text(text, encoding="utf-8")
    with pytest.raises(ReportError, match=re.escape(what)) as fault:
        read_project(folder)
    assert fault.value.where == f"{folder / '_quarto.yml'}:{line}"


def test_an_included_file_includes_nothing_and_has_no_front_matter(write):
    folder = write(index__qmd="---\ntitle: A\n---\n{{< include _part.qmd >}}\n", included="{{< include _part.qmd >}}\n")
    with pytest.raises(ReportError, match="includes another"):
        page_of(folder)
    write(included="---\ntitle: B\n---\n")
    with pytest.raises(ReportError, match="has a front matter"):
        page_of(folder)


@pytest.mark.parametrize("name", ["page.md", "page.ipynb", "deep/page.qmd"])
def test_pages_of_another_kind_are_refused(name, write):
    folder = write()
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).touch()
    with pytest.raises(ReportError, match="page"):
        page_files(folder)


def test_a_page_in_another_encoding_is_refused(write):
    folder = write()
    (folder / "index.qmd").write_bytes(b"---\ntitle: \xff\n---\n")
    with pytest.raises(ReportError, match="not UTF-8"):
        page_of(folder)


# ------------------------------------------------------------------------------------------------ the list of the subset
def listed(root: Path, heading: str) -> set[str]:
    """Give the keys of a table in the README."""
    text = (root / "reports" / "README.md").read_text(encoding="utf-8")
    part = text.split(f"### {heading}\n", 1)[1].split("\n### ", 1)[0]
    return set(re.findall(r"^\| `([^`]+)` \|", part, re.MULTILINE))


@pytest.mark.parametrize(
    ("heading", "known"),
    [
        ("At the head of a page", subset.PAGE),
        ("Options of `format: html`", subset.HTML),
        ("Options of `format: typst`", subset.TYPST),
        ("Options of `execute`", subset.EXECUTE),
        ("Options of a cell (`#|`)", subset.CELL),
    ],
)
def test_the_readme_lists_what_the_renderer_knows(heading, known, root):
    assert listed(root, heading) == set(known)


def test_the_readme_lists_the_keys_of_the_project(root):
    known = set()
    for key, kind in subset.PROJECT.items():
        if key == "website":
            known |= {f"website.{one}" for one in kind if one != "navbar"}
            known |= {f"website.navbar.{one}" for one in kind["navbar"]}
        elif key == "project":
            known |= {f"project.{one}" for one in kind}
        else:
            known.add(key)
    assert listed(root, "In `_quarto.yml`") == known
    text = (root / "reports" / "README.md").read_text(encoding="utf-8")
    for word in (*subset.LABELS, *subset.CALLOUTS, *subset.CONDITIONAL, "when-format", "unless-format", "collapse"):
        assert word in text
    assert all(f"{{{{< {name}" in text for name in subset.SHORTCODES)


def test_the_pages_of_the_reports_are_inside_the_subset(root, tmp_path):
    site = tmp_path / "site"
    shutil.copytree(root / "reports", site)
    (site / "_variables.yml").write_text("marker: SYNTHETIC\n", encoding="utf-8")
    project = read_project(site)
    pages = [read_page(path, project) for path in page_files(site)]
    assert [page.path.name for page in pages if page.format == "typst"] == ["report.qmd"]
    (print_,) = [page for page in pages if page.format == "typst"]
    text = "\n".join(part.text for part in print_.parts if isinstance(part, Line))
    assert "#running-marker[`{=typst}SYNTHETIC`]`{=typst}" in text
    assert {"pdf-standard", "include-in-header", "mainfont"} <= set(print_.options)
