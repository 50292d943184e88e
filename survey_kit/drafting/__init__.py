"""Studies drafted: from somebody's labelled file, and from last year's wave."""

from survey_kit.drafting.draft import Draft, draft

__all__ = ["Draft", "draft"]
