# AmericasBarometer Brazil: every wave x item, every change. Writes lapop.csv (results only, no answers of people).
#   SURVEY_KIT_DATA=folder Rscript tests/parity/lapop.R
# Rules: share = weighted share answering 5, 6 or 7; strata and PSUs nested, each wave a design of its own, taken wave by
# wave (svyby(covmat = TRUE) of survey 4.1 fails with missing answers); df = PSUs - strata of the rows of the wave in
# which the item was asked, whatever was answered; waves are independent samples, so the variance of a change is the sum
# of two variances and its df the PSUs minus the strata of both waves.
suppressMessages(library(survey))
options(survey.lonely.psu = "adjust", digits = 17)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
folder <- Sys.getenv("SURVEY_KIT_DATA")
if (folder == "") stop("SURVEY_KIT_DATA is not set: it names the folder that holds lapop_brazil/cm23.csv.gz")
people <- read.csv(gzfile(file.path(folder, "lapop_brazil", "cm23.csv.gz")), colClasses = c(wave = "character"))
whole <- svydesign(ids = ~upm, strata = ~strata, weights = ~weight1500, data = people, nest = TRUE)

items <- c("b13", "b21", "b31", "ing4")
waves <- sort(unique(people$wave))
number <- function(v) trimws(formatC(v, digits = 17, format = "g"))
rows <- list()
put <- function(...) rows[[length(rows) + 1]] <<- data.frame(..., stringsAsFactors = FALSE)

for (item in items) {
  for (statistic in c("share", "mean")) {
    done <- list()
    for (wave in waves) {
      inside <- people$wave == wave
      answered <- inside & !is.na(people[[item]])
      if (!any(answered)) {
        put(item, statistic, wave, from = "", estimate = "", se = "", df = "", ci_low = "", ci_high = "", n = 0)
        next
      }
      df <- degf(subset(whole, inside))
      design <- subset(whole, answered)
      formula <- if (statistic == "share") as.formula(sprintf("~as.numeric(%s >= 5)", item)) else as.formula(paste0("~", item))
      m <- svymean(formula, design)
      ci <- confint(m, df = df)
      now <- list(wave = wave, estimate = coef(m)[[1]], v = vcov(m)[1, 1], n = sum(answered),
                  psus = length(unique(whole$cluster[inside, 1])), strata = length(unique(whole$strata[inside, 1])))
      put(item, statistic, wave, from = "", estimate = number(now$estimate), se = number(sqrt(now$v)), df,
          ci_low = number(ci[1]), ci_high = number(ci[2]), n = now$n)
      bases <- if (length(done) > 1) list(done[[length(done)]], done[[1]]) else done
      for (old in bases) {
        change <- now$estimate - old$estimate
        se <- sqrt(now$v + old$v)
        both <- now$psus + old$psus - now$strata - old$strata
        put(item, statistic, wave, from = old$wave, estimate = number(change), se = number(se), df = both,
            ci_low = number(change - qt(0.975, both) * se), ci_high = number(change + qt(0.975, both) * se),
            n = min(now$n, old$n))
      }
      done[[length(done) + 1]] <- now
    }
  }
}
rows <- lapply(rows, function(r) setNames(r, c("item", "statistic", "wave", "from", "estimate", "se", "df", "ci_low", "ci_high", "n")))
out <- file.path(here, "lapop.csv")
cat(sprintf("# R %s, survey %s\n", getRversion(), packageVersion("survey")), file = out)
suppressWarnings(write.table(do.call(rbind, rows), out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
