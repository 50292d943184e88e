"""Exports of the platforms that collect answers: ODK Central and KoboToolbox."""

from survey_kit.responses.collected.audit import item_seconds, read_audit
from survey_kit.responses.collected.collected import CASE, VERSION, Collected, read_collected

__all__ = ["CASE", "VERSION", "Collected", "item_seconds", "read_audit", "read_collected"]
