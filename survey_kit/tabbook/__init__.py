"""Tab books: many questions by many groups, with bases and letters of significance, as a page and a workbook."""

from survey_kit.tabbook.book import TabBook, tab_book
from survey_kit.tabbook.questions import MultipleResponse, NumericResponse, SingleResponse
from survey_kit.tabbook.words import BookWords

__all__ = ["BookWords", "MultipleResponse", "NumericResponse", "SingleResponse", "TabBook", "tab_book"]
