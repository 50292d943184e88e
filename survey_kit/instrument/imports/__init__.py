"""Forms of other programs as instruments."""

from survey_kit.instrument.imports.xlsform import IMPORT_NOTES, Imported, import_xlsform, read_xlsform

__all__ = ["IMPORT_NOTES", "Imported", "import_xlsform", "read_xlsform"]
