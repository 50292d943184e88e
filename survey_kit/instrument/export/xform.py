"""An instrument as an XForm, the XML that ODK's apps and servers run, through pyxform."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from survey_kit.errors import InstrumentError
from survey_kit.files import write_text
from survey_kit.instrument.export.xlsform import XlsForm, pilot_path, to_xlsform
from survey_kit.instrument.export.xlsform_book import UNFIT
from survey_kit.instrument.model import Problem
from survey_kit.instrument.questionnaire import Instrument


def to_xform(instrument: Instrument, *, languages: Sequence[str] | None = None, default: str | None = None) -> str:
    """Give an instrument as an XForm.

    Raises
    ------
    InstrumentError
        When pyxform is not installed, refuses the form or warns of it.

    Examples
    --------
    >>> from survey_kit.instrument.model import Item, Module
    >>> asked = Item(id="age", text={"en": "How old are you?"}, type="integer", minimum=18, maximum=110)
    >>> xml = to_xform(Instrument(id="tiny", version="1.0", modules=(Module(id="m", items=(asked,)),)))
    >>> 'constraint=". &gt;= 18 and . &lt;= 110"' in xml
    True
    """
    return _sure(to_xlsform(instrument, languages=languages, default=default))


def write_xform(
    instrument: Instrument, path: Path | str, *, languages: Sequence[str] | None = None, default: str | None = None
) -> Path:
    """Write an instrument as an XForm; give the path, whose name ends with ``_pilot`` when the form is one.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from survey_kit.instrument.model import Item, Module
    >>> asked = Item(id="age", text={"en": "How old are you? [[sponsor]] asks."}, type="integer")
    >>> form = Instrument(id="tiny", version="1.0", modules=(Module(id="m", items=(asked,)),))
    >>> with TemporaryDirectory() as folder:
    ...     write_xform(form, Path(folder, "tiny.xml")).name
    'tiny_pilot.xml'
    """
    form = to_xlsform(instrument, languages=languages, default=default)
    return write_text(pilot_path(Path(path), form.pilot), _sure(form))


def convert(form: XlsForm) -> tuple[str, tuple[Problem, ...]]:
    """Make the XForm of an XLSForm; give its XML and pyxform's warnings as problems."""
    try:
        from pyxform.errors import PyXFormError
        from pyxform.xls2xform import convert as made
    except ImportError:
        raise InstrumentError("XForms need pyxform.", fix="pip install 'trust-survey-kit[forms]'") from None
    for row in (*form.survey, *form.choices, *form.settings):
        if unfit := next((text for text in row.values() if UNFIT.search(text)), None):
            where = f"form '{form.form_id}', row '{row.get('name', '')}'"
            raise InstrumentError(
                "A text holds an invisible character.", where=where, found=ascii(unfit[:60]), fix="Type it anew."
            )
    rows = {"survey": form.survey, "choices": form.choices, "settings": form.settings}
    sheets = {
        **{name: [dict(row) for row in part] for name, part in rows.items()},
        **{f"{name}_header": [dict.fromkeys(table[0])] for name, table in form.sheets.items()},
    }
    warnings: list[str] = []
    try:
        result = made(sheets, warnings=warnings)
    except PyXFormError as fault:
        raise InstrumentError("pyxform refuses the form.", where=f"form '{form.form_id}'", found=str(fault)) from None
    problems = tuple(
        Problem(code="X009", severity="error", where=form.form_id, message=str(warning)) for warning in warnings
    )
    return str(result.xform), problems


def _sure(form: XlsForm) -> str:
    """Give the XML of a form of which pyxform warns of nothing."""
    xml, problems = convert(form)
    if problems:
        more = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
        fix = "Mend the instrument; convert() of survey_kit.instrument.export.xform gives the form with its warnings."
        raise InstrumentError(f"pyxform warns: {problems[0].message}{more}", where=f"form '{form.form_id}'", fix=fix)
    return xml
