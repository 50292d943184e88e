# Rubin's rules against mitools (estimates, variances, missing information) and mice (degrees of freedom). Writes
#   imputation_data.csv  a stratified clustered sample of 12 PSUs with five completed versions of y
#   imputation.csv       case, row, quantity: value
# mitools::MIcombine(df.complete=) leaves out the factor 1 + 1/m of B in the observed-data degrees of freedom; mice does not.
#   Rscript tests/parity/imputation.R
suppressMessages({library(survey); library(mitools); library(mice)})
options(digits = 17, survey.lonely.psu = "fail")
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
versions <- sprintf("# R %s, survey %s, mitools %s, mice %s\n", getRversion(), packageVersion("survey"), packageVersion("mitools"), packageVersion("mice"))
save_rows <- function(table, name) {
  out <- file.path(here, name); cat(versions, file = out)
  suppressWarnings(write.table(table, out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE, na = ""))
}
set.seed(20261)
size <- c(5, 9, 12, 7, 10, 8, 11, 6, 9, 13, 8, 7)
d <- data.frame(psu = rep(1:12, size)); n <- nrow(d)
d$h <- (d$psu - 1) %/% 4 + 1
d$w <- round(exp(rnorm(n, 1, 0.6)), 3)
d$g <- sample(1:2, n, TRUE); d$x <- round(rnorm(n, d$h, 1), 2)
y <- round(2 + 0.5 * d$x + 0.4 * d$g + rnorm(12, 0, 0.5)[d$psu] + rnorm(n), 1)
lost <- runif(n) < plogis(-1.5 + 0.5 * d$x)
for (i in 1:5) { d[[paste0("y", i)]] <- y; d[[paste0("y", i)]][lost] <- round(sample(y[!lost], sum(lost), TRUE), 1) }
save_rows(d, "imputation_data.csv")

rows <- list()
put <- function(case, quantity, value) rows[[length(rows) + 1]] <<- data.frame(case, row = seq_along(value), quantity, value = formatC(value, digits = 17, format = "g"))
combined <- function(case, f, dfcom) {
  parts <- lapply(1:5, function(i) { e <- d; e$y <- e[[paste0("y", i)]]; f(svydesign(~psu, strata = ~h, weights = ~w, data = e)) })
  Q <- lapply(parts, coef); U <- lapply(parts, function(p) as.matrix(vcov(p)))
  out <- MIcombine(Q, U)
  b <- diag(as.matrix(var(do.call(rbind, Q)))); t <- diag(as.matrix(out$variance))
  put(case, "estimate", out$coefficients); put(case, "vcov", as.vector(out$variance))
  put(case, "df", mapply(function(bb, tt, nu) mice:::barnard.rubin(5, bb, tt, nu), b, t, dfcom))
  put(case, "missing_information", out$missinfo)
}
combined("mean", function(s) svymean(~y, s), 9)
combined("total", function(s) svytotal(~y, s), 9)
combined("by", function(s) svyby(~y, ~g, s, svymean, covmat = TRUE),
         sapply(1:2, function(g) length(unique(d$psu[d$g == g])) - length(unique(d$h[d$g == g]))))  # units less strata of the domain
combined("ratio", function(s) svyratio(~y, ~w, s), 9)
combined("model", function(s) svyglm(y ~ x + factor(g), s), 7)
save_rows(do.call(rbind, rows), "imputation.csv")
