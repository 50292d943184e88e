"""Disclosure control: which cells of tables are withheld so that nobody's answer can be worked out."""

from survey_kit.disclosure.audit import Audit, audit
from survey_kit.disclosure.protect import Protection, protect, share_width
from survey_kit.disclosure.table import Table

__all__ = ["Audit", "Protection", "Table", "audit", "protect", "share_width"]
