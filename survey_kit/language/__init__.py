"""The toolkit's own words in the languages it speaks: what stands around a questionnaire or a figure, never the question itself."""

from survey_kit.language.catalogue import NAMES, Words, known_languages, words
from survey_kit.language.note import Note, said
from survey_kit.language.reviews import digest_of, reviewed

__all__ = ["NAMES", "Note", "Words", "digest_of", "known_languages", "reviewed", "said", "words"]
