"""The part of Quarto the built-in renderer knows, as data: keys, options, classes and attributes.

What stands here is what ``reports/README.md`` lists (a test compares the two); everything else is refused with its file
and line, so that a page never looks finished while a part of it was passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from survey_kit.errors import ReportError, did_you_mean
from survey_kit.files import Document

# The value of a key: types it may have, a set of allowed values, a list of one kind, a mapping with its own keys.
Kind = Any

_TEXT: Final = (str,)
_TEXTS: Final = (str, [(str,)])
_FLAG: Final = (bool,)
_WHOLE: Final = (int,)

CONTENTS: Final[dict[str, Kind]] = {"toc": _FLAG, "toc-depth": _WHOLE, "toc-title": _TEXT}
HTML: Final[dict[str, Kind]] = {
    "theme": _TEXTS,
    "css": _TEXTS,
    **CONTENTS,
    "html-math-method": frozenset({"mathml"}),
}
TYPST: Final[dict[str, Kind]] = {
    "papersize": _TEXT,
    "margin": dict.fromkeys(("x", "y", "top", "bottom", "left", "right"), _TEXT),
    "mainfont": _TEXT,
    "codefont": _TEXT,
    "fontsize": _TEXT,
    "font-paths": _TEXTS,
    **CONTENTS,
    "section-numbering": _TEXT,
    "page-numbering": _TEXT,
    "include-in-header": _TEXTS,
    "pdf-standard": _TEXTS,
    "keep-typ": frozenset({False}),
}
EXECUTE: Final[dict[str, Kind]] = {
    "echo": _FLAG,
    "eval": _FLAG,
    "include": _FLAG,
    "output": (bool, frozenset({"asis"})),
    "warning": _FLAG,
    "error": frozenset({False}),
    "cache": frozenset({False}),
    "freeze": frozenset({False}),
    "daemon": frozenset({False}),
    "enabled": frozenset({True}),
}
CELL: Final[dict[str, Kind]] = {
    **{name: EXECUTE[name] for name in ("echo", "eval", "include", "output", "warning", "error")},
    "label": _TEXT,
    "fig-cap": _TEXT,
    "fig-alt": _TEXT,
    "tbl-cap": _TEXT,
}
FORMATS: Final[dict[str, dict[str, Kind]]] = {"html": HTML, "typst": TYPST}
FORMAT: Final = (
    frozenset(FORMATS),
    {name: (frozenset({"default"}), options) for name, options in FORMATS.items()},
)
PAGE: Final[dict[str, Kind]] = {
    "title": _TEXT,
    "subtitle": _TEXT,
    "description": _TEXT,
    "author": _TEXTS,
    "date": _TEXT,
    "lang": _TEXT,
    "format": FORMAT,
    **CONTENTS,
    "jupyter": frozenset({"python3"}),
    "execute": EXECUTE,
    "studies": _TEXTS,
    "themes": _TEXTS,
}
NAVIGATION: Final = [(str, {"text": _TEXT, "href": _TEXT})]
LABELS: Final[dict[str, str]] = {
    "toc-title-website": "On this page",
    "toc-title-document": "Contents",
    "crossref-fig-title": "Figure",
    "crossref-tbl-title": "Table",
    "callout-note-title": "Note",
    "callout-tip-title": "Tip",
    "callout-important-title": "Important",
    "callout-warning-title": "Warning",
    "callout-caution-title": "Caution",
}
PROJECT: Final[dict[str, Kind]] = {
    "project": {"type": frozenset({"website"}), "output-dir": _TEXT, "resources": _TEXTS},
    "website": {
        "title": _TEXT,
        "description": _TEXT,
        "search": frozenset({False}),
        "navbar": {"title": _TEXT, "search": frozenset({False}), "left": NAVIGATION, "right": NAVIGATION},
        "page-footer": (str, {"left": _TEXT, "center": _TEXT, "right": _TEXT}),
        "announcement": {
            "content": _TEXT,
            "dismissable": frozenset({False}),
            "type": _TEXT,
            "position": frozenset({"below-navbar"}),
        },
    },
    "lang": _TEXT,
    "language": dict.fromkeys(LABELS, _TEXT),
    # options of html only: a second format here would make every page in both
    "format": (frozenset({"html"}), {"html": (frozenset({"default"}), HTML)}),
    "execute": EXECUTE,
    "jupyter": frozenset({"python3"}),
}
SHORTCODES: Final = ("include", "var", "pagebreak")
RAW: Final = ("html", "typst")

CALLOUTS: Final = ("note", "tip", "important", "warning", "caution")
_CALLOUT_CLASSES: Final = frozenset(f"callout-{kind}" for kind in CALLOUTS)
CONDITIONAL: Final = frozenset({"content-visible", "content-hidden"})
CLASSES: Final = frozenset({"landscape", "unnumbered", "unlisted", *CONDITIONAL, *_CALLOUT_CLASSES})
# Classes and beginnings of classes that mean something to Quarto and nothing here.
QUARTO_CLASSES: Final = (
    *("callout", "panel-", "column", "aside", "margin-", "layout", "quarto-", "cell", "hidden", "incremental"),
    *("nonincremental", "notes", "fragment", "absolute", "sidebar", "toolbar", "card", "valuebox", "grid", "g-col-"),
    *("refs", "listing", "appendix", "proof", "remark", "solution", "lightbox", "block", "content-", "when-", "page-"),
    *(
        "tbl-",
        "fig-",
        "striped",
        "hover",
        "bordered",
        "borderless",
        "sm",
        "responsive",
        "light-content",
        "dark-content",
    ),
)
# Beginnings of ids that Quarto numbers or refers to, beside the two known here.
FLOATS: Final = ("fig-", "tbl-")
QUARTO_IDS: Final = (
    *("lst-", "eq-", "thm-", "lem-", "cor-", "prp-", "cnj-", "def-", "exm-", "exr-", "sol-", "rem-", "alg-"),
    *("nte-", "tip-", "wrn-", "imp-", "cau-", "refs"),
)
ATTRIBUTES: Final[dict[str, frozenset[str]]] = {
    "Image": frozenset({"fig-alt", "alt", "width"}),
    "Div": frozenset({"when-format", "unless-format", "title", "collapse"}),
    "Span": frozenset({"when-format", "unless-format"}),
}
OWN_ATTRIBUTES: Final = ("data-", "aria-", "role", "lang", "style", "startFrom")


def check(document: Document, value: Any, kind: Kind, what: str, way: tuple[str | int, ...] = ()) -> None:
    """Refuse a key or a value that the subset does not have, with its line."""
    if isinstance(kind, dict):
        if not isinstance(value, Mapping):
            raise _wrong(document, value, kind, what, way)
        for key, part in value.items():
            if key not in kind:
                raise ReportError(
                    f"Unknown key '{key}' in {what}: the built-in renderer does not know it.",
                    where=document.at((*way, key)),
                    fix=f"{did_you_mean(str(key), kind)} reports/README.md lists what it knows.",
                )
            check(document, part, kind[key], what, (*way, key))
        return
    if not _fits(value, kind):
        raise _wrong(document, value, kind, what, way)
    nested = _mapping_or_list(value, kind)
    if isinstance(nested, list):
        for i, part in enumerate(value):
            check(document, part, nested[0], what, (*way, i))
    elif nested is not None:
        check(document, value, nested, what, way)


def _mapping_or_list(value: Any, kind: Kind) -> Any:
    """Give the alternative of `kind` that describes what is inside a mapping or a list."""
    options: Sequence[Any] = kind if isinstance(kind, tuple) else (kind,)
    for option in options:
        if (isinstance(option, dict) and isinstance(value, Mapping)) or (
            isinstance(option, list) and isinstance(value, list)
        ):
            return option
    return None


def _fits(value: Any, kind: Kind) -> bool:
    if isinstance(kind, tuple):
        return any(_fits(value, option) for option in kind)
    if isinstance(kind, frozenset):
        return isinstance(value, (str, bool)) and value in kind
    if isinstance(kind, dict):
        return isinstance(value, Mapping)
    if isinstance(kind, list):
        return isinstance(value, list)
    return type(value) is kind  # a flag is no whole number here


def _wrong(document: Document, value: Any, kind: Kind, what: str, way: tuple[str | int, ...]) -> ReportError:
    name = ".".join(map(str, way)) or what
    return ReportError(
        f"'{name}' has a value the built-in renderer does not know.",
        where=document.at(way),
        found=repr(value)[:120],
        fix=f"Give {_told(kind)}.",
    )


def _told(kind: Kind) -> str:
    names = {str: "a text", bool: "true or false", int: "a whole number"}
    if isinstance(kind, tuple):
        return " or ".join(_told(option) for option in kind)
    if isinstance(kind, frozenset):
        return " or ".join(sorted(str(one).lower() if isinstance(one, bool) else f"'{one}'" for one in kind))
    if isinstance(kind, dict):
        return "a mapping of " + ", ".join(kind)
    if isinstance(kind, list):
        return f"a list of {_told(kind[0])}"
    return names[kind]


def refused_class(name: str) -> bool:
    """Tell whether a class means something to Quarto that the built-in renderer does not do.

    Examples
    --------
    >>> refused_class("panel-tabset"), refused_class("callout-note"), refused_class("key-figure")
    (True, False, False)
    """
    if name in CLASSES:
        return False
    return any(name == one or (one.endswith("-") and name.startswith(one)) for one in QUARTO_CLASSES) or (
        name.startswith(("callout-", "column-", "cell-"))
    )


def refused_attribute(kind: str, name: str) -> bool:
    """Tell whether an attribute of an element of pandoc is none the built-in renderer knows.

    Examples
    --------
    >>> refused_attribute("Image", "fig-alt"), refused_attribute("Div", "layout-ncol"), refused_attribute("Div", "lang")
    (False, True, False)
    """
    return name not in ATTRIBUTES.get(kind, frozenset()) and not name.startswith(OWN_ATTRIBUTES)
