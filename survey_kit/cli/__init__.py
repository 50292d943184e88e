"""The command ``survey-kit``: see ``survey-kit --help``.

Only the standard library and the errors are imported before a command is known, so that ``--help`` answers at once.
"""

from __future__ import annotations

from survey_kit.cli.main import main

__all__ = ["main"]
