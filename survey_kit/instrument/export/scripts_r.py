"""The part of the R script that is the same for every instrument: base R only, ASCII only, so that it runs in any locale."""

from __future__ import annotations

import re
from collections.abc import Sequence

BODY = r"""
# Read answers as they were collected: every cell as text, blanks as NA.
read_answers <- function(path) {
  data <- utils::read.csv(path, colClasses = "character", na.strings = "", check.names = FALSE,
                          encoding = "UTF-8", stringsAsFactors = FALSE)
  names(data)[1] <- sub("^\uFEFF", "", names(data)[1])
  data
}

# Put labels on answers. Coded columns carry the attributes 'label', 'labels' and 'na_values' that the package haven knows as well;
# numbers and codes stay as they are, codes that are no answers included. What takes several answers becomes columns of 0 and 1.
label_answers <- function(data) {
  out <- data
  for (one in variables) {
    cells <- answers_of(data, one)
    if (is.null(cells)) next
    if (one$kind %in% c("code", "tick", "number") && one$numeric) cells <- suppressWarnings(as.numeric(cells))
    if (one$kind == "date") cells <- as.Date(cells)
    attr(cells, "label") <- one$label
    if (one$kind %in% c("code", "tick", "number")) {
      values <- c(one$codes, one$missing)
      named <- if (one$numeric) as.numeric(values) else values
      names(named) <- c(one$labels, one$missing_labels)
      absent <- if (one$numeric) as.numeric(one$missing) else one$missing
      attr(cells, "labels") <- named[nzchar(names(named))]
      if (length(absent)) attr(cells, "na_values") <- absent
      class(cells) <- c(if (length(absent)) "haven_labelled_spss", "haven_labelled", "vctrs_vctr", typeof(cells))
    }
    out[[one$name]] <- cells
  }
  for (name in setdiff(several, vapply(variables, function(one) one$name, ""))) out[[name]] <- NULL
  attr(out, "title") <- title
  attr(out, "data_status") <- unique(as.character(data[["data_status"]]))
  if ("synthetic" %in% attr(out, "data_status")) message(synthetic)
  out
}

# Give factors for analysis. missing = "keep": codes that are no answers are levels of their own, and a number has a second column
# <name>_missing that says why it is missing. missing = "drop": they are NA, and scales with a direction are ordered.
as_factors <- function(data, missing = c("keep", "drop")) {
  missing <- match.arg(missing)
  out <- data
  for (one in variables) {
    cells <- answers_of(data, one)
    if (is.null(cells)) next
    absent <- cells %in% one$missing
    if (one$kind %in% c("code", "tick")) {
      keep <- missing == "keep"
      levels <- c(one$codes, if (keep) one$missing)
      words <- unique_words(c(one$labels, if (keep) one$missing_labels), levels)
      if (!keep) cells[absent] <- NA
      column <- factor(cells, levels = levels, labels = words, ordered = one$ordered && !keep)
    } else if (one$kind == "number") {
      if (missing == "keep" && length(one$missing)) {
        words <- unique_words(one$missing_labels, one$missing)
        out[[paste0(one$name, "_missing")]] <- factor(ifelse(absent, cells, NA), levels = one$missing, labels = words)
      }
      cells[absent] <- NA
      column <- suppressWarnings(as.numeric(cells))
    } else if (one$kind == "date") {
      column <- as.Date(cells)
    } else {
      column <- cells
    }
    attr(column, "label") <- one$label
    out[[one$name]] <- column
  }
  for (name in setdiff(several, vapply(variables, function(one) one$name, ""))) out[[name]] <- NULL
  attr(out, "title") <- title
  out
}

# The cells of one column as text; of several answers in one cell: 1 where the answer is among them, 0 where it is not.
answers_of <- function(data, one) {
  if (one$kind == "tick" && one$name %in% names(data)) return(as_text(data[[one$name]]))
  if (!(one$column %in% names(data))) return(NULL)
  cells <- as_text(data[[one$column]])
  if (one$kind != "tick") return(cells)
  parts <- strsplit(ifelse(is.na(cells), "", cells), " +")
  chosen <- vapply(parts, function(part) one$code %in% part, NA)
  ifelse(is.na(cells) | cells %in% one$missing, cells, ifelse(chosen, "1", "0"))
}

as_text <- function(cells) {
  cells <- enc2utf8(as.character(unclass(cells)))
  cells[!is.na(cells) & !nzchar(trimws(cells))] <- NA
  trimws(sub("^(-?[0-9]+)\\.0+$", "\\1", cells))
}

unique_words <- function(words, codes) {
  twice <- words %in% words[duplicated(words)]
  ifelse(nzchar(words), ifelse(twice, paste0(words, " (", codes, ")"), words), codes)
}

# Rscript label_<instrument>_<language>.R answers.csv answers.rds
arguments <- commandArgs(trailingOnly = TRUE)
if (!interactive() && length(arguments) == 2) {
  saveRDS(label_answers(read_answers(arguments[1])), arguments[2])
}
"""
_BREAK = ",\n    "
LONGEST = 120  # letters of a text in one line: Rscript cuts lines of more than 4,095 bytes
_SAFE = re.compile(r"[ -!#-\[\]-~]")


def quoted(text: str) -> str:
    r"""Write a text for R in ASCII letters only, a long one in several lines.

    Examples
    --------
    >>> print(quoted('Иә "1"'), quoted("a\\b"))
    "\u0418\u04d9 \"1\"" "a\\b"
    """
    flat = " ".join(text.split())
    parts = [flat[start : start + LONGEST] for start in range(0, len(flat), LONGEST)] or [""]
    lines = ['"' + "".join(map(_letter, part)) + '"' for part in parts]
    return lines[0] if len(lines) == 1 else "paste0(\n    " + ",\n    ".join(lines) + ")"


def _letter(letter: str) -> str:
    if _SAFE.fullmatch(letter):
        return letter
    if letter in '"\\':
        return "\\" + letter
    code = ord(letter)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def vector(texts: Sequence[str]) -> str:
    """Write texts as a vector of R, one in a line.

    Examples
    --------
    >>> vector(("a",)), vector(())
    ('c("a")', 'character(0)')
    """
    return f"c({_BREAK.join(map(quoted, texts))})" if texts else "character(0)"
