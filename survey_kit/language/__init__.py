"""The toolkit's own words in the languages it speaks: what stands around a questionnaire or a figure, never the question itself."""

from survey_kit.language.catalogue import NAMES, Words, known_languages, words

__all__ = ["NAMES", "Words", "known_languages", "words"]
