"""An instrument for other programs: forms for devices."""

from survey_kit.instrument.export.xform import to_xform, write_xform
from survey_kit.instrument.export.xlsform import (
    FORM_NOTES,
    XlsForm,
    form_columns,
    pilot_path,
    to_xlsform,
    write_xlsform,
)
from survey_kit.instrument.export.xlsform_items import FormColumn

__all__ = [
    "FORM_NOTES",
    "FormColumn",
    "XlsForm",
    "form_columns",
    "pilot_path",
    "to_xform",
    "to_xlsform",
    "write_xform",
    "write_xlsform",
]
