# Weighted kappa of two sides' ratings against R psych. Writes assessments_data.csv (made-up ratings) and assessments.csv.
#   Rscript tests/parity/assessments.R
suppressMessages(library(psych))
options(digits = 17)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(20261122)
n <- 60
quality <- rnorm(n)
first <- pmin(5, pmax(1, round(3 + quality + rnorm(n, sd = 0.6))))
second <- pmin(5, pmax(1, round(2.6 + quality + rnorm(n, sd = 0.8))))
write.csv(data.frame(measure = seq_len(n), internal = first, external = second), file.path(here, "assessments_data.csv"), row.names = FALSE)
levels <- sort(unique(c(first, second)))
pairs <- table(factor(first, levels), factor(second, levels))
linear <- 1 - abs(outer(levels, levels, "-")) / (max(levels) - min(levels))
out <- data.frame(
  weights = c("quadratic", "linear"),
  kappa = c(cohen.kappa(pairs)$weighted.kappa, cohen.kappa(pairs, w = linear)$weighted.kappa)
)
file <- file.path(here, "assessments.csv")
cat(sprintf("# R %s, survey %s, psych %s\n", getRversion(), packageVersion("survey"), packageVersion("psych")), file = file)
out$kappa <- formatC(out$kappa, digits = 17, format = "g")
suppressWarnings(write.table(out, file, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
