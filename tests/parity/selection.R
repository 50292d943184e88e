# Inclusion probabilities of the package sampling. Makes selection.csv and selection_joint.csv beside this script.
#   Rscript tests/parity/selection.R
suppressMessages(library(sampling))
options(digits = 17)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(12)
first <- joint <- NULL
keep <- function(case, pik, pi2, error = 0 * pi2) {
  N <- length(pik)
  joint <<- rbind(joint, data.frame(case = case, k = rep(1:N, N), l = rep(1:N, each = N), joint = as.vector(pi2),
                                    se = as.vector(error)))
}
sizes <- list(mild = c(3, 5, 8, 2, 6, 4, 9), certain = c(100, 40, 8, 2, 6, 4, 9, 12, 1), long = round(rgamma(40, 2) * 50 + 5))
wanted <- c(mild = 3, certain = 4, long = 11)
for (case in names(sizes)) {
  x <- sizes[[case]]
  pik <- inclusionprobabilities(x, wanted[[case]])
  first <- rbind(first, data.frame(case = case, n = wanted[[case]], size = x, pi = pik))
  keep(paste(case, "systematic"), pik, UPsystematicpi2(pik))
  keep(paste(case, "maximum entropy"), pik, UPmaxentropypi2(pik))
}
# Brewer's method has no joint probabilities there: frequencies of 60,000 draws and their standard errors
R <- 60000
pik <- inclusionprobabilities(sizes$mild, 3)
seen <- 0
for (r in 1:R) { s <- UPbrewer(pik); seen <- seen + outer(s, s) }
keep("mild Brewer", pik, seen / R, sqrt(seen / R * (1 - seen / R) / R))
versions <- paste0("# R ", getRversion(), ", survey ", packageVersion("survey"), ", sampling ", packageVersion("sampling"))
save <- function(frame, name) {
  result <- file(file.path(here, name), "w")
  writeLines(versions, result)
  write.csv(frame, result, row.names = FALSE)
  close(result)
}
save(first, "selection.csv")
save(joint, "selection_joint.csv")
