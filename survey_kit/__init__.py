"""survey_kit: from interviews to a published year-over-year report on public trust."""
