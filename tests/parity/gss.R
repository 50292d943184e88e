# US General Social Survey, confidence in 13 institutions: every year x item, every change to the year before in which the
# item was asked, and by sex for a few items. Writes gss.csv (results only, no answers of people).
#   SURVEY_KIT_DATA=folder Rscript tests/parity/gss.R
# Rules: statistics are the weighted shares answering 1 (a great deal) and 3 (hardly any). Each year is a design of its own: strata
# vstrat crossed with year, PSUs vpsu nested in them, weight wtssps, lonely PSU "adjust"; 1972-74 have no strata and PSUs in
# the file and are taken as independent draws with weights. Who was asked, for the degrees of freedom:
#   - nobody on a ballot on which nobody of that year answered the item (split ballots since 1988);
#   - since 2016 nobody whose reason for a missing answer is "i" (inapplicable);
#   - in 1984, 2002 and 2004 a random part of the sample got the battery and the file does not say which: those who answered none
#     of its items are taken as not asked.
# df = PSUs - strata of the rows asked. Years are independent samples: the variance of a change is the sum of two variances, its
# df the PSUs minus the strata of both years.
suppressMessages(library(survey))
options(survey.lonely.psu = "adjust", digits = 17)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
folder <- Sys.getenv("SURVEY_KIT_DATA")
if (folder == "") stop("SURVEY_KIT_DATA is not set: it names the folder that holds gss_confidence/")
people <- read.csv(gzfile(file.path(folder, "gss_confidence", "gss_confidence_1972_2024.csv.gz")))
reasons <- read.csv(gzfile(file.path(folder, "gss_confidence", "gss_confidence_missing_reasons_2016_2024.csv.gz")), na.strings = "")
items <- grep("^con", names(people), value = TRUE)
stopifnot(length(items) == 13)

undesigned <- is.na(people$vstrat)
stopifnot(all(people$year[undesigned] <= 1974), all(people$year[!undesigned] >= 1975))
people$stratum <- ifelse(undesigned, 0, people$vstrat)
people$unit <- ifelse(undesigned, seq_len(nrow(people)), people$vpsu)
part <- match(paste(people$year, people$id), paste(reasons$year, reasons$id))
battery <- rowSums(!is.na(people[items])) > 0
asked <- sapply(items, function(item) {
  answered <- !is.na(people[[item]])
  ballot <- paste(people$year, people$ballot)
  out <- ballot %in% unique(ballot[answered])
  out[reasons[[paste0(item, "_na")]][part] %in% "i"] <- FALSE
  out & (battery | !people$year %in% c(1984, 2002, 2004))
})
stopifnot(!any(!is.na(people[items]) & !asked))

number <- function(v) trimws(formatC(v, digits = 17, format = "g"))
rows <- list()
put <- function(...) rows[[length(rows) + 1]] <<- data.frame(..., stringsAsFactors = FALSE)
one <- function(item, code, inside, design) {
  here <- inside & asked[, item]
  answered <- here & !is.na(people[[item]])
  if (!any(answered)) return(NULL)
  wave <- subset(design, here[people$year == people$year[which(inside)[1]]])
  m <- svymean(as.formula(sprintf("~as.numeric(%s == %d)", item, code)), subset(wave, !is.na(wave$variables[[item]])))
  psus <- length(unique(wave$cluster[, 1]))
  strata <- length(unique(wave$strata[, 1]))
  list(estimate = coef(m)[[1]], v = vcov(m)[1, 1], n = sum(answered), psus = psus, strata = strata)
}
put_one <- function(item, code, year, sex, r) {
  put(item, code, year, from = "", sex, number(r$estimate), number(sqrt(r$v)), r$psus - r$strata, r$n)
}

years <- sort(unique(people$year))
designs <- lapply(years, function(year) {
  svydesign(ids = ~unit, strata = ~stratum, weights = ~wtssps, data = people[people$year == year, ], nest = TRUE)
})
names(designs) <- years
for (item in items) for (code in c(1, 3)) {
  last <- NULL
  for (year in years) {
    now <- one(item, code, people$year == year, designs[[as.character(year)]])
    if (is.null(now)) next
    put_one(item, code, year, "", now)
    if (!is.null(last)) {
      put(item, code, year, from = last$year, sex = "", number(now$estimate - last$estimate), number(sqrt(now$v + last$v)),
          now$psus + last$psus - now$strata - last$strata, min(now$n, last$n))
    }
    last <- c(now, year = year)
  }
}
for (item in c("conlegis", "conpress", "conarmy")) for (year in years) for (sex in 1:2) {
  now <- one(item, 1, people$year == year & people$sex %in% sex, designs[[as.character(year)]])
  if (!is.null(now)) put_one(item, 1, year, sex, now)
}
columns <- c("item", "code", "year", "from", "sex", "estimate", "se", "df", "n")
rows <- lapply(rows, setNames, columns)
out <- file.path(here, "gss.csv")
cat(sprintf("# R %s, survey %s\n", getRversion(), packageVersion("survey")), file = out)
suppressWarnings(write.table(do.call(rbind, rows), out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
