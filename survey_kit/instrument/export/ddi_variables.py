"""The description of the variables in DDI Codebook: groups, labels, questions, routing, codes, counts, notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from survey_kit.instrument.export.ddi_counts import LEAST, Answered, published, tally
from survey_kit.instrument.export.ddi_routes import Routes
from survey_kit.instrument.export.ddi_xml import Writer, name
from survey_kit.instrument.export.variables import Variable, answers, codes, measure, reasons, title
from survey_kit.instrument.model import Item, Module
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.language import words
from survey_kit.types import Code

if TYPE_CHECKING:
    import pandas as pd

RESPONSES: Mapping[str, str] = {
    "single": "category",
    "multiple": "multiple",
    "integer": "numeric",
    "decimal": "numeric",
    "number": "numeric",
    "text": "text",
    "date": "datetime",
}
SECURITY: Mapping[str, str] = {
    "identifier": "Identifies people: kept apart, in no file that is handed on.",
    "paradata": "Paradata about the interview: in no file that is handed on unless it is asked for by name.",
    "sensitive": "Sensitive: answers may harm those who gave them if they became known.",
    "quasi_identifier": "May identify people together with other answers.",
}
TYPES: Mapping[str, str] = {"text": "text", "number": "numeric", "code": "code", "tick": "code", "date": "datetime"}


@dataclass(slots=True)
class Variables:
    """Adds dataDscr to a codebook."""

    instrument: Instrument
    write: Writer
    columns: tuple[Variable, ...]
    counted: Answered | pd.DataFrame | None = None
    routes: Routes = field(init=False)
    firsts: dict[str, str] = field(init=False, default_factory=dict)  # item -> the id of its question

    def __post_init__(self) -> None:
        self.routes = Routes(self.instrument, self.write.languages)

    def add(self, root: ET.Element) -> None:
        """Add groups and variables."""
        data = self.write.add(root, "dataDscr")
        for module in self.instrument.modules:
            self._module(data, module)
        if self.counted is not None:
            status = self.write.add(
                data, "var", ID="V_data_status", name="data_status", files="F1", representationType="text"
            )
            self._texts(status, "labl", self._worded("data_status"))
            self.write.add(status, "varFormat", type="character")
        for one in self.columns:
            self._variable(data, one)
        if self.counted is not None:
            text = f"Counts are unweighted. Counts of 1 to {LEAST - 1} are withheld, and others in the same variable from which they could be worked out."
            self.write.note(data, "counts", text)

    # --------------------------------------------------------------------------------------------------------- groups
    def _module(self, data: ET.Element, module: Module) -> None:
        inside = [one for one in self.columns if one.module is module]
        groups = [
            item for item in module.items if item.type in {"grid", "multiple"} and any(_of(one, item) for one in inside)
        ]
        kind = "repetition" if module.repeat else "section"
        group = self._group(
            data, name("G", module.id), kind, module.id, inside, [name("G", module.id, one.id) for one in groups]
        )
        self._texts(group, "labl", module.title)
        for texts in (module.lead_in, *(item.text for item in module.items if item.type == "note")):
            self._texts(group, "txt", texts)
        if module.ask_if:
            self.write.first(group, "universe", self.routes.asked_if(module.ask_if))
        if module.repeat:
            self._texts(group, "notes", self._worded("for_each", number=module.repeat.most), type="repeat")
        if module.self_completed:
            self._texts(group, "notes", self._worded("self_completed"), type="mode")
        self.write.note(
            group, "optional", f"Asked only when '{module.switch}' is switched on." if module.switch else ""
        )
        self.write.note(group, "origin", f"From the instrument '{module.use}'." if module.use else "")
        self.write.note(group, "design", module.note or "", language=self.instrument.source_language)
        for item in groups:
            mine = [one for one in inside if _of(one, item)]
            kind = "grid" if item.type == "grid" else "multipleResp"
            inner = self._group(data, name("G", module.id, item.id), kind, item.id, mine)
            self._texts(inner, "labl", item.label)
            self._texts(inner, "txt", item.text)

    def _group(
        self, data: ET.Element, key: str, kind: str, called: str, inside: Iterable[Variable], groups: Sequence[str] = ()
    ) -> ET.Element:
        refs = " ".join(name("V", one.name) for one in inside)
        return self.write.add(data, "varGrp", ID=key, type=kind, name=called, var=refs, varGrp=" ".join(groups))

    # ------------------------------------------------------------------------------------------------------ variables
    def _variable(self, data: ET.Element, one: Variable) -> None:
        item, write = one.item, self.write
        first = self.firsts.get(item.id)
        var = write.add(
            data,
            "var",
            ID=name("V", one.name),
            name=one.name,
            qstn=first,
            files=None if self.counted is None or not one.open_to_all or one.module.repeat else "F1",
            intrvl="contin" if one.kind in {"number", "date"} else "discrete",
            measUnit=item.unit,
            nature={"scale": None}.get(level := measure(self.instrument, one), level),
            representationType=TYPES[one.kind],
        )
        self._texts(var, "labl", {language: title(self.instrument, one, language) for language in write.languages})
        if (note := SECURITY.get(item.role)) or item.sensitive:
            write.add(var, "security", note or SECURITY["sensitive"])
        if first is None and item.type in RESPONSES:
            self.firsts[item.id] = self._question(var, one)
        self._ranges(var, one)
        self._texts(var, "universe", self._universe(item))
        counts = self._counts(one)
        self._sums(var, one, counts)
        self._texts(var, "txt", item.period, level="reference period")
        self._categories(var, one, counts)
        if item.about:
            self._concept(var, item.about)
        if item.value:
            derivation = write.add(var, "derivation", var=self._refs(self.routes.values(item.value)))
            write.first(derivation, "drvdesc", self.routes.value_in_words(item.value))
            write.add(derivation, "drvcmd", item.value, syntax="survey_kit expression")
        write.add(
            var,
            "varFormat",
            type="character" if one.kind in {"text", "date"} or _spelled(self.instrument, one) else "numeric",
        )
        self._notes(var, item)

    def _question(self, var: ET.Element, one: Variable) -> str:
        item, write = one.item, self.write
        key = name("Q", item.id)
        question = write.add(
            var, "qstn", ID=key, seqNo=self.routes.numbers.get(item.id), responseDomainType=RESPONSES[item.type]
        )
        for texts in self._before(one):
            self._texts(question, "preQTxt", texts)
        self._texts(question, "qstnLit", {language: self._words(item, language) for language in write.languages})
        for texts in self._after(one):
            self._texts(question, "postQTxt", texts)
        for condition, targets in self.routes.forward(item.id).items():
            ids = " ".join(name("Q", target) for target in targets if self.instrument.item(target).type in RESPONSES)
            self._texts(question, "forward", self.routes.then_asked(condition, targets), qstn=ids)
        if route := self.instrument.route(item.id):
            asked = [other for other in route.items if other in self.firsts and other != item.id]
            texts = self.routes.asked_if(self.instrument.condition(item.id) or "")
            self._texts(question, "backward", texts, qstn=" ".join(self.firsts[other] for other in asked))
        for texts in self._instructions(one):
            self._texts(question, "ivuInstr", texts)
        return key

    def _words(self, item: Item, language: str) -> str:
        """Give the words of a question in a language; nothing where they are not translated."""
        grid = self.instrument.grid_of(item.id)
        parts = [grid.text.get(language, "") if grid else "", item.text.get(language, "")]
        return " ".join(part for part in parts if part)

    def _before(self, one: Variable) -> Iterable[Mapping[str, str]]:
        """Give what is said before a question: the module's lead-in before its first, and statements that stand before it."""
        asked = [item for item in one.module.items if item.type not in {"calculated", "arm", "random"}]
        place = next((at for at, item in enumerate(asked) if _of(one, item)), 0)
        leading = all(item.type == "note" for item in asked[:place])
        if leading and (one.grid is None or one.item.id == one.grid.rows[0].id):
            yield one.module.lead_in
        if one.grid is None or one.item.id == one.grid.rows[0].id:
            start = place
            while start and asked[start - 1].type == "note":
                start -= 1
            yield from (item.text for item in asked[start:place])

    def _after(self, one: Variable) -> Iterable[Mapping[str, str]]:
        """Give the statements with which a module ends."""
        asked = [item for item in one.module.items if item.type not in {"calculated", "arm", "random"}]
        questions = [at for at, item in enumerate(asked) if item.type != "note"]
        last = asked[questions[-1]] if questions else None
        if last is not None and _of(one, last) and (one.grid is None or one.item.id == one.grid.rows[-1].id):
            yield from (item.text for item in asked[questions[-1] + 1 :])

    def _instructions(self, one: Variable) -> Iterable[Mapping[str, str]]:
        item, grid = one.item, one.grid
        first = next((other for other in one.module.items if other.type in RESPONSES or other.type == "grid"), None)
        if first is not None and _of(one, first) and (grid is None or item.id == grid.rows[0].id):
            yield one.module.instruction
        yield item.instruction
        if item.showcard:
            yield {
                language: words("form", language)("showcard", number=item.showcard) for language in self.write.languages
            }
        if item.shuffle:
            yield self._worded("shuffled")
        if grid is not None and grid.rotate:
            yield self._worded("rotated")

    # ------------------------------------------------------------------------------------------------ codes and counts
    def _ranges(self, var: ET.Element, one: Variable) -> None:
        item, write = one.item, self.write
        if one.kind == "number" and (item.minimum is not None or item.maximum is not None):
            units = "INT" if item.type == "integer" else "REAL"
            low, high = _number(item.minimum), _number(item.maximum)
            write.add(write.add(var, "valrng"), "range", UNITS=units, min=low, max=high)
        elif one.kind in {"code", "tick"} and not _spelled(self.instrument, one):
            valid = write.add(var, "valrng")
            for code in codes(self.instrument, one):
                write.add(valid, "item", VALUE=str(code))
        missing = [code for code in self.instrument.missing_codes(item.id) if isinstance(code, int)]
        if missing and one.kind in {"number", "code", "tick"}:
            invalid = write.add(var, "invalrng")
            for code in missing:
                write.add(invalid, "item", VALUE=str(code))

    def _counts(self, one: Variable) -> dict[Code, int | None] | None:
        if self.counted is None or not one.open_to_all:
            return None
        counts = tally(self.instrument, one, self.counted)
        return None if counts is None else published(counts)

    def _sums(self, var: ET.Element, one: Variable, counts: dict[Code, int | None] | None) -> None:
        if counts is None or any(count is None for count in counts.values()):
            return
        valid = {*codes(self.instrument, one), "answered"}
        for kind, chosen in (("vald", True), ("invd", False)):
            total = sum(count or 0 for code, count in counts.items() if (code in valid) is chosen)
            self.write.add(var, "sumStat", str(total), type=kind, wgtd="not-wgtd")

    def _categories(self, var: ET.Element, one: Variable, counts: dict[Code, int | None] | None) -> None:
        write, form = self.write, self.instrument
        said = {language: answers(form, one, language) for language in write.languages}
        why = {language: reasons(form, one.item.id, language) for language in write.languages}
        known = counts or {}
        for code in codes(form, one):
            self._category(
                var, str(code), {lang: said[lang].get(code, "") for lang in write.languages}, known.get(code)
            )
        declared = form.missing_codes(one.item.id) if one.kind in {"code", "tick", "number"} else {}
        for code, kind in declared.items():
            texts = {language: why[language][code][1] for language in write.languages}
            self._category(var, str(code), texts, known.get(code), missing=kind)
        for code, count in known.items():
            if code in {*codes(form, one), *declared, "answered"}:
                continue
            reason = str(code) or "unknown"
            self._category(var, "", self._worded(reason), count, missing=reason)

    def _category(
        self, var: ET.Element, code: str, texts: Mapping[str, str], count: int | None, missing: str | None = None
    ) -> None:
        category = self.write.add(var, "catgry", missing="Y" if missing else None, missType=missing)
        if code:
            self.write.add(category, "catValu", code)
        self._texts(category, "labl", texts)
        if count is not None:
            self.write.add(category, "catStat", str(count), type="freq", wgtd="not-wgtd")

    # ---------------------------------------------------------------------------------------------------------- others
    def _universe(self, item: Item) -> Mapping[str, str]:
        condition = self.instrument.condition(item.id)
        if item.universe:
            return item.universe
        return self.routes.asked_if(condition) if condition else self._worded("everybody")

    def _concept(self, var: ET.Element, institution: str) -> None:
        about = self.instrument.institutions.get(institution)
        texts = about.name if about else {self.instrument.source_language: institution}
        self._texts(var, "concept", texts, vocab="institutions")

    def _notes(self, var: ET.Element, item: Item) -> None:
        write, form = self.write, self.instrument
        write.note(var, "role", item.role)
        if item.source:
            parts = [item.source.standard, item.source.item or "", item.source.url or "", item.source.note or ""]
            state = (
                "wording verified with the original"
                if item.source.verified
                else "wording not verified with the original"
            )
            write.note(var, "source", "; ".join(part for part in (*parts, state) if part))
        scale = form.scale_of(item.id)
        if scale is not None and scale.version:
            write.note(var, "list_version", scale.version, subject=item.scale if isinstance(item.scale, str) else None)
        for language, text in (self.routes.value_in_words(item.value) if item.value else {}).items():
            if language != write.languages[0]:  # drvdesc stands once
                write.note(var, "derivation", text, language=language)
        write.note(var, "route", form.condition(item.id) or "", subject="survey_kit expression")
        write.note(var, "constraint", item.constraint or "", subject="survey_kit expression")
        write.note(var, "column", f"In the form the column is '{item.column}'." if item.column else "")
        write.note(var, "design", item.note or "", language=form.source_language)

    def _worded(self, key: str, **parts: object) -> dict[str, str]:
        return {language: words("metadata", language)(key, **parts) for language in self.write.languages}

    def _texts(self, parent: ET.Element, tag: str, texts: Mapping[str, str], **attributes: str | None) -> None:
        self.write.say(parent, tag, texts, **attributes)

    def _refs(self, names: Iterable[str]) -> str:
        known = {one.item.id: name("V", one.name) for one in reversed(self.columns)}
        return " ".join(known[one] for one in names if one in known)


def counted_files(root: ET.Element, write: Writer, called: str, cases: int, columns: int) -> None:
    """Add fileDscr: the file of the interviews."""
    text = write.add(write.add(root, "fileDscr", ID="F1"), "fileTxt")
    write.add(text, "fileName", called)
    size = write.add(text, "dimensns")
    write.add(size, "caseQnty", str(cases))
    write.add(size, "varQnty", str(columns))


def _of(one: Variable, item: Item) -> bool:
    return item.id in {one.item.id, one.grid.id if one.grid else ""}


def _spelled(instrument: Instrument, one: Variable) -> bool:
    return any(isinstance(code, str) for code in codes(instrument, one))


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.15g}"
