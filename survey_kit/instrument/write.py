"""From an `Instrument` back to ``instrument.yaml``: for drafts from a researcher's own file and for new versions."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

import yaml

from survey_kit.files import write_text
from survey_kit.instrument.model import SCHEMA, Declaration, Module
from survey_kit.instrument.questionnaire import Instrument

ORDER = (
    "schema",
    *(one.name for one in fields(Declaration) if one.name not in {"modules", "field_tests", "changelog"}),
)


class _Dumper(yaml.SafeDumper):
    """Write without anchors; short mappings and lists of codes on one line."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def to_yaml(declaration: Declaration) -> str:
    """Give the text of ``instrument.yaml``; translations into other languages stay in their own files.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module
    >>> item = Item(id="why", text={"en": "Why?"}, type="text")
    >>> print(to_yaml(Declaration(id="a", version="1", modules=(Module(id="m", items=(item,)),))))
    schema: survey-kit/instrument/1
    id: a
    version: '1'
    source_language: en
    modules:
    - id: m
      items:
      - id: why
        text: Why?
        type: text
    <BLANKLINE>
    """
    own = set(declaration.statuses) if isinstance(declaration, Instrument) else set()
    plain = _plain(declaration, declaration.source_language, own, Declaration)
    plain = {"schema": SCHEMA, **plain, "source_language": declaration.source_language}
    body = {name: plain[name] for name in (*ORDER, "modules", "field_tests", "changelog") if name in plain}
    return yaml.dump(body, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110, default_flow_style=False)


def write_instrument(declaration: Declaration, folder: Path | str) -> Path:
    """Write ``instrument.yaml`` into a folder, whole or not at all."""
    return write_text(Path(folder) / "instrument.yaml", to_yaml(declaration))


def _plain(value: Any, language: str, own: AbstractSet[str], kind: type[Any] | None = None) -> Any:
    """Give plain values without what equals its default; languages in `own` have files of their own."""
    if isinstance(value, Module) and value.use:
        return {"id": value.id, "use": value.use}
    if is_dataclass(value):
        out = {}
        for one in fields(kind or value):
            part = getattr(value, one.name)
            default = one.default_factory() if one.default_factory is not MISSING else one.default
            if part != default:
                out[one.name] = _plain(part, language, own)
        return out
    if isinstance(value, Mapping):
        texts = {key: part for key, part in value.items() if key not in own}
        if language in texts and all(isinstance(part, str) for part in texts.values()):
            return texts[language] if len(texts) == 1 else texts
        return {key: _plain(part, language, own) for key, part in value.items()}
    return [_plain(part, language, own) for part in value] if isinstance(value, (list, tuple)) else value
