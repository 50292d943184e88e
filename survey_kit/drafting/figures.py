"""Draft indicators: one published figure per question with a direction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from survey_kit.drafting.decisions import Ledger
from survey_kit.drafting.form import DraftForm, DraftItem, quoted
from survey_kit.drafting.words import theme
from survey_kit.types import Theme

FILE = "indicators.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftFigure:
    """An indicator as it will stand in the file."""

    id: str
    item: DraftItem
    theme: Theme
    kind: str

    @property
    def direction(self) -> str:
        """Guess whether a higher figure is better."""
        return {"corruption": "down", "other": "none"}.get(self.theme, "up")

    @property
    def title(self) -> str:
        """Give the words of the question, with what is computed where two figures share it."""
        words = self.item.column.label or self.item.id
        return f"{words} (mean score, 0-100)" if self.kind == "mean100" else words


def draft_figures(form: DraftForm) -> tuple[DraftFigure, ...]:
    """Choose what to publish: the share above the middle of every scale with a direction, means of long scales too."""
    out: list[DraftFigure] = []
    for item in form.items:
        if item.quasi or item.scale is None or item.scale.high is None:
            continue
        about = theme(item.column.label)
        out.append(DraftFigure(id=f"{item.id}_share", item=item, theme=about, kind="share"))
        if len(item.scale.codes) >= 7 and all(isinstance(code, int) for code in item.scale.codes):
            out.append(DraftFigure(id=f"{item.id}_mean", item=item, theme=about, kind="mean100"))
    return tuple(out)


def families_of(figures: tuple[DraftFigure, ...]) -> Mapping[str, list[str]]:
    """Put the shares of one theme into a family, the means of one theme into another."""
    out: dict[str, list[str]] = {}
    for figure in figures:
        name = f"{figure.theme}_means" if figure.kind == "mean100" else f"{figure.theme}_shares"
        out.setdefault(name, []).append(figure.id)
    return out


def figures_yaml(form: DraftForm, figures: tuple[DraftFigure, ...], ledger: Ledger) -> str:
    """Write the indicators; what was guessed is marked once for all or, for categories, by scale."""
    lines = ["schema: survey-kit/indicators/1", f"source_language: {form.language}"]
    if not figures:
        mark = ledger.ask(
            FILE, "indicators", "What is to be published?", guess="nothing", why="no scale has a direction", open=True
        )
        return "\n".join([*lines, f"indicators: []  {mark}"]) + "\n"
    marks = [
        ledger.ask(FILE, "title, theme", "Are the titles and themes right?", guess="the question's words; a theme by its words", why="the variable labels"),
        ledger.ask(FILE, "direction", "Is a higher figure better (up), worse (down) or neither (none)?", guess="up; for corruption down, for other themes none", why="the theme"),
        ledger.ask(
            FILE, "dont_know", "Do those who do not know count in the base?", guess="exclude: shares are of those who answered",
            why="the usual practice; their share and both-extremes bounds are shown beside every figure anyway",
        ),
    ]  # fmt: skip
    lines += [*marks, "indicators:"]
    asked: set[str] = set()
    for figure in figures:
        lines += _figure_yaml(figure, asked, ledger)
    return "\n".join(lines) + "\n"


def _figure_yaml(figure: DraftFigure, asked: set[str], ledger: Ledger) -> list[str]:
    item, scale = figure.item, figure.item.scale
    lines = [
        f"  - id: {figure.id}",
        f"    title: {quoted(figure.title)}",
        f"    theme: {figure.theme}",
        f"    kind: {figure.kind}",
        f"    items: [{item.id}]",
    ]
    if figure.kind == "share" and scale is not None:
        above = scale.above
        line = f"    categories: [{', '.join(str(code) if isinstance(code, int) else quoted(code) for code in above)}]"
        if scale.name not in asked:
            asked.add(scale.name)
            words = ", ".join(scale.labels.get(code, str(code)) for code in above)
            line += "  " + ledger.ask(
                FILE,
                f"{figure.id}.categories",
                f"Which answers on the scale '{scale.name}' count?",
                guess=words,
                why="those above the middle of the scale",
            )
        lines.append(line)
    lines += [
        "    base: answered",
        "    dont_know: exclude",
        f"    direction: {figure.direction}",
    ]
    lines.append(f"    interval: {'wald' if figure.kind == 'mean100' else 'logit'}")
    return [*lines, "    sensitive: true"] if figure.theme == "corruption" else lines
