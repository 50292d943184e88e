# Linked series against svycontrast on waves with a parallel run of two arms. Writes
#   linking_data.csv  four waves; the old question at waves 1 to 3, the new one at 3 and 4; at 3 every respondent of an arm has one
#   linking.csv       case, row, quantity: value
#   Rscript tests/parity/linking.R
suppressMessages(library(survey))
options(digits = 17)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
save_rows <- function(table, name) {
  out <- file.path(here, name); cat(sprintf("# R %s, survey %s\n", getRversion(), packageVersion("survey")), file = out)
  suppressWarnings(write.table(table, out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE, na = ""))
}
set.seed(20262)
d <- do.call(rbind, lapply(1:4, function(t) {
  e <- data.frame(wave = t, psu = rep(1:10, sample(8:16, 10, TRUE))); e$h <- (e$psu - 1) %/% 5 + 1; e
}))
n <- nrow(d); d$w <- round(exp(rnorm(n, 0, 0.5)), 3)
d$arm <- ifelse(d$wave < 3, "old", ifelse(d$wave > 3, "new", sample(c("old", "new"), n, TRUE)))
d$y <- as.numeric(runif(n) < plogis(-0.3 + 0.2 * d$wave - 0.7 * (d$arm == "new") + rnorm(10, 0, 0.3)[d$psu]))
save_rows(d, "linking_data.csv")

d$cell <- paste0(d$arm, d$wave); d$unit <- paste(d$wave, d$psu); d$stratum <- paste(d$wave, d$h)
means <- svyby(~y, ~cell, svydesign(~unit, strata = ~stratum, weights = ~w, data = d), svymean, covmat = TRUE)
rows <- list()
put <- function(case, what) {
  rows[[length(rows) + 1]] <<- data.frame(case, row = seq_along(coef(what)), quantity = "estimate", value = formatC(as.vector(coef(what)), digits = 17, format = "g"))
  rows[[length(rows) + 1]] <<- data.frame(case, row = seq_along(vcov(what)), quantity = "vcov", value = formatC(as.vector(vcov(what)), digits = 17, format = "g"))
}
put("difference", svycontrast(means, list(quote(old1 + new3 - old3), quote(old2 + new3 - old3), quote(new3 + 0), quote(new4 + 0))))
put("ratio", svycontrast(means, list(quote(old1 * new3 / old3), quote(old2 * new3 / old3), quote(new3 + 0), quote(new4 + 0))))
odds <- function(o) bquote(1 / (1 + exp(-(log(.(o) / (1 - .(o))) + log(new3 / (1 - new3)) - log(old3 / (1 - old3))))))
put("odds", svycontrast(means, list(odds(quote(old1)), odds(quote(old2)), quote(new3 + 0), quote(new4 + 0))))
put("backwards", svycontrast(means, list(quote(old1 + 0), quote(old2 + 0), quote(old3 + 0), quote(new4 - new3 + old3))))
put("factor ratio", svycontrast(means, list(quote(new3 / old3))))
put("factor odds", svycontrast(means, list(quote((new3 / (1 - new3)) / (old3 / (1 - old3))))))
save_rows(do.call(rbind, rows), "linking.csv")
