"""The built-in renderer on the sample project: the pages, the PDF, and what it refuses."""

from __future__ import annotations

import hashlib
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from survey_kit.errors import ReportError
from survey_kit.report.render import render_site

SAMPLE = Path(__file__).parent / "data" / "site"


@pytest.fixture(autouse=True)
def built_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SURVEY_KIT_QUARTO", "none")


@pytest.fixture(scope="module")
def report(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = tmp_path_factory.mktemp("sample") / "site"
    shutil.copytree(SAMPLE, site)
    shutil.copytree(root / "reports" / "styles", site / "styles")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SURVEY_KIT_QUARTO", "none")
        made = render_site(site, site.parent / "report")
        assert [path.name for path in made] == ["index.html", "report.pdf", "trust.html"]
        render_site(site, site.parent / "again")
    assert not list(site.glob("*_files"))
    return site.parent / "report"


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def text_of(pdf: Path) -> str:
    """Give the text of a PDF, or skip without poppler."""
    import subprocess

    program = shutil.which("pdftotext") or pytest.skip("pdftotext (poppler) not found: it reads the PDF back")
    return subprocess.run([program, "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout


def test_rendering_twice_gives_the_same_bytes(report):
    first = digests(report)
    assert first == digests(report.parent / "again")
    assert {"index.html", "report.pdf", "open_data/rows.csv", "figures/line.svg", "styles/report.css"} <= set(first)


def test_every_tag_is_closed(report):
    empty = {"meta", "link", "img", "br", "hr", "col", "input", "path", "wbr"}

    class Tags(HTMLParser):
        open: list[str]

        def handle_starttag(self, tag, *_):
            if tag not in empty:
                self.open.append(tag)

        def handle_startendtag(self, *_):
            """Pass over a tag that closes itself."""

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    for page in report.glob("*.html"):
        parser = Tags()
        parser.open = []
        parser.feed(page.read_text(encoding="utf-8"))
        assert parser.open == []


def test_the_head_of_a_page(report):
    page = (report / "index.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in page
    assert "<title>Key findings – Rehearsal Institute</title>" in page
    assert '<meta name="description" content="What changed &amp; why">' in page
    assert page.count("<h1") == 1
    assert '<a class="skip-link" href="#content">' in page
    assert '<a href="index.html" aria-current="page">Key findings</a>' in page
    assert '<li class="right"><a href="report.pdf">PDF</a></li>' in page
    assert "<strong>Synthetic data</strong>" in page
    assert "Made by Institute" in page
    assert '<a href="trust.html">Trust</a>' in page
    assert "http" not in re.sub(r"https://example\.org|http://www\.w3\.org/\S+", "", page)


def test_figures_and_tables_are_numbered_and_referred_to(report):
    page = (report / "index.html").read_text(encoding="utf-8")
    assert '<figure id="fig-line" class="quarto-float quarto-float-fig">' in page
    assert 'alt="A line that rises, then falls"' in page
    assert "Figure\u00a01: Trust in courts, <em>per cent</em>" in page
    assert re.search(r'<a href="#fig-line"\s+class="quarto-xref">Figure\u00a01</a>', page)
    assert re.search(r"Table\u00a02</a>\.", page)
    assert page.index('id="tbl-shares-caption"') < page.index("Supreme Court") < page.index("Table\u00a02: Every")
    assert page.count('class="table-scroll"') == 2
    assert 'aria-labelledby="tbl-long-caption"' in page


def test_boxes_and_conditions(report):
    page = (report / "index.html").read_text(encoding="utf-8")
    assert '<p class="callout-title">\nHow to <em>read</em> it\n</p>' in page
    assert '<summary class="callout-title">\nFolded\n</summary>' in page
    assert "Words for the web." in page
    assert "Words for paper." not in page


def test_links_lead_to_finished_pages(report):
    page = (report / "index.html").read_text(encoding="utf-8")
    assert '<a href="trust.html#courts">trust</a>' in page
    assert '<a href="report.pdf">the report</a>' in page
    trust = (report / "trust.html").read_text(encoding="utf-8")
    assert '<a href="index.html#tbl-long">' in trust
    assert "<math" in trust
    assert "On this page" not in trust
    assert '<div class="own-class" lang="kk" data-x="1">' in trust


def test_the_pdf_has_the_same_content(report):
    text = text_of(report / "report.pdf")
    assert text.count("Synthetic data: no real answers") == 4  # at the head of every sheet
    assert "Words for paper." in text
    assert "Words for the web." not in text
    assert "Қазақстан: әғқңөұүһі" in text
    assert text.count("Institution number") == 60
    assert len(re.findall(r"^\s*Institution(?! number)", text, re.MULTILINE)) == 2  # the head is repeated
    assert "Figure 1: Trust in courts" in text


def test_the_pdf_is_tagged_and_dated_never(report):
    raw = (report / "report.pdf").read_bytes()
    assert b"/MarkInfo" in raw
    assert b"pdfuaid" in raw
    assert b"D:1970" in raw


def test_one_format_alone(root, tmp_path):
    site = tmp_path / "site"
    shutil.copytree(SAMPLE, site)
    shutil.copytree(root / "reports" / "styles", site / "styles")
    made = render_site(site, tmp_path / "report", formats=("html",))
    assert [path.name for path in made] == ["index.html", "trust.html"]
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "report.pdf" not in page
    assert "the report and" in page  # the words of the link stay
    render_site(site, tmp_path / "report", formats=("pdf",))
    assert sorted(digests(tmp_path / "report")) == ["open_data/rows.csv", "report.pdf"]


# ------------------------------------------------------------------------------------------------------- what is refused
def rendered(tmp_path: Path, text: str, **more: str) -> str:
    """Render one page and give it."""
    site = tmp_path / "site"
    site.mkdir(exist_ok=True)
    (site / "_quarto.yml").write_text(more.pop("project", "lang: en\n"), encoding="utf-8")
    head = more.pop("head", "")
    (site / "index.qmd").write_text(f"---\ntitle: A\n{head}---\n{text}\n", encoding="utf-8")
    for name, content in more.items():
        (site / name.replace("__", ".")).write_text(content, encoding="utf-8")
    (page,) = render_site(site, tmp_path / "report")
    return page.read_text(encoding="utf-8") if page.suffix == ".html" else ""


SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="9" height="9"/></svg>'

REFUSED = {
    "tabs": ("x\n\n::: {.panel-tabset}\na\n:::", "class", 6),
    "margin": ("::: {.column-margin}\na\n:::", "class", 4),
    "layout": ('::: {layout-ncol="2"}\na\n:::', "attribute of a Div", 4),
    "other callout": ("::: {.callout-danger}\na\n:::", "class", 4),
    "profile": ('::: {.content-visible when-profile="x"}\na\n:::', "attribute of a Div", 4),
    "other condition": ('::: {.content-visible when-format="pdf"}\na\n:::', "format is not known", 4),
    "fold": ('::: {.callout-note collapse="maybe"}\na\n:::', "folded or not", 4),
    "theorem": ("::: {#thm-x}\na\n:::", "numbered thing", 4),
    "open div": ("a\n\n::: {.own}\na", "Pandoc refused", 6),
    "stray fence": ("a\n::: {.callout-note\nb", "meant as syntax", 5),
    "inline code": ("It is `{python} x`.", "meant as syntax", 4),
    "second title": ("a\n\n# B", "second title", 6),
    "reference to nowhere": ("See @fig-none.", "reference leads nowhere", 4),
    "reference to a section": ("See @sec-a.\n\n## B {#sec-a}", "reference is not known", 4),
    "citation": ("See [@knuth84].", "reference is not known", 4),
    "picture without words": ("![](x.svg)", "no alternative text", 4),
    "picture in HTML without words": ("a\n\n```{=html}\n<img src='x.svg'>\n```", "no alternative text", 7),
    "picture not there": ("![a](y.svg)", "no such picture", 4),
    "picture outside": ("![a](../y.svg)", "no such picture", 4),
    "picture from elsewhere": ("![a](https://example.org/x.svg)", "from elsewhere", 4),
    "script from elsewhere": ("```{=html}\n<script src='//x.org/a.js'></script>\n```", "from elsewhere", 5),
    "picture attribute": ('![a](x.svg){.lightbox group="b"}', "class", 4),
    "named twice": ("![a](x.svg){#fig-x}\n\n![b](x.svg){#fig-x}", "have one name", 4),
    "link to nowhere": ("See [b](b.qmd).", "link leads nowhere", 4),
    "link to no place": ("See [b](#b).", "no place on the page", 4),
    "math is fine, div title": ("::: {.own layout='[1,2]'}\na\n:::", "attribute of a Div", 4),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_known_is_refused_with_its_line(name, tmp_path):
    text, what, line = REFUSED[name]
    with pytest.raises(ReportError, match=what) as fault:
        rendered(tmp_path, text, x__svg=SVG)
    assert fault.value.where == f"{(tmp_path / 'site' / 'index.qmd').resolve()}:{line}"
    assert not (tmp_path / "report").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]  # nothing half-made is left


def test_syntax_is_refused_before_any_cell_runs(tmp_path):
    with pytest.raises(ReportError, match="class"):
        rendered(tmp_path, "```{python}\nopen('ran', 'w').close()\n```\n\n::: {.panel-tabset}\n:::")
    assert not (tmp_path / "site" / "ran").exists()


def test_what_cells_give_is_held_to_the_same_rules(tmp_path):
    code = "from IPython.display import Markdown\nMarkdown('a\\n\\n::: {.panel-tabset}\\nb\\n:::')"
    with pytest.raises(ReportError, match="class") as fault:
        rendered(tmp_path, f"```{{python}}\n{code}\n```")
    assert str(fault.value.where).endswith("index.qmd:4")
    with pytest.raises(ReportError, match="no alternative text"):
        rendered(
            tmp_path, f"```{{python}}\n{code.split(chr(10), maxsplit=1)[0]}\nMarkdown('![](x.svg)')\n```", x__svg=SVG
        )


@pytest.mark.parametrize(
    ("project", "what"),
    [
        ("website: {navbar: {left: [b.qmd]}}\n", "menu leads nowhere"),
        ("website: {navbar: {left: [{text: B}]}}\n", "menu leads nowhere"),
        ("format: {html: {css: b.css}}\n", "no such style sheet"),
        ("format: {html: {css: a.css}}\n", "fetches something"),
        ("project: {resources: ../x}\n", "inside the project"),
    ],
)
def test_faults_of_the_project_are_refused(project, what, tmp_path):
    with pytest.raises(ReportError, match=what):
        rendered(tmp_path, "b", project=project, a__css="@import 'https://example.org/a.css';")


def test_faults_of_print_are_refused(tmp_path):
    head = "format: {typst: {include-in-header: b.typ}}\n"
    with pytest.raises(ReportError, match="no such file to include"):
        rendered(tmp_path, "b", head=head)
    with pytest.raises(ReportError, match="unknown variable: foo") as fault:
        rendered(tmp_path, "b\n\n```{=typst}\n#foo\n```", head="format: typst\n")
    assert "Typst refused" in str(fault.value)
    with pytest.raises(ReportError, match="font"):
        rendered(tmp_path, "b", head="format: {typst: {mainfont: Nothing}}\n")


def test_own_words_for_labels(tmp_path):
    words = "language: {crossref-fig-title: Сурет, callout-note-title: Ескерту}\n"
    page = rendered(
        tmp_path, "![b](x.svg){#fig-x}\n\n@fig-x [-@fig-x]\n\n::: {.callout-note}\nc\n:::", project=words, x__svg=SVG
    )
    assert "Сурет\u00a01: b" in page
    assert re.search(r'class="quarto-xref">1</a>', page)
    assert "Ескерту" in page


def test_chapters_of_a_print_without_any_are_raised(tmp_path):
    rendered(tmp_path, "## B\n\nc", head="format: {typst: {pdf-standard: ua-1}}\nlang: en\n")


def test_a_page_break_and_lines_of_html_for_one_format(tmp_path):
    page = rendered(tmp_path, 'a\n\n{{< pagebreak >}}\n\nb [c]{.content-hidden when-format="html"}`d`{=typst}')
    assert "page-break-after" in page
    assert ">c<" not in page
    assert "d" not in page.split("b ")[-1].split("</p>")[0]


def test_html_that_data_could_bring_in_stays_text_when_escaped(tmp_path):
    page = rendered(tmp_path, "A label: \\<script\\>alert(1)\\</script\\>")
    assert "&lt;script&gt;" in page
