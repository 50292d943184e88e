"""Studies drafted: from somebody's labelled file, and from last year's wave."""

from survey_kit.drafting.compare import Change
from survey_kit.drafting.decisions import Decision
from survey_kit.drafting.draft import Draft, draft
from survey_kit.drafting.forward import Addition, add_wave, open_decisions

__all__ = ["Addition", "Change", "Decision", "Draft", "add_wave", "draft", "open_decisions"]
