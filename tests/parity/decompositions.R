# Oaxaca-Blinder and Kitagawa decompositions under a stratified two-wave cluster design. Writes
#   decompositions_data.csv  the made-up sample
#   decompositions.csv       case, variable, category: estimate, se
# Standard errors: every component is computed with complex weights, w (1 + i h) in one PSU at a time, so that Im / h is the PSU total
# of its influence without cancellation; survey's svytotal over those totals gives the variance. Kitagawa's is checked against
# svycontrast, whose delta method is symbolic.
#   Rscript tests/parity/decompositions.R
suppressMessages(library(survey))
options(digits = 17)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
save_rows <- function(table, name) {
  out <- file.path(here, name)
  cat(sprintf("# R %s, survey %s\n", getRversion(), packageVersion("survey")), file = out)
  suppressWarnings(write.table(table, out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE, na = ""))
}

set.seed(20260902)
psus <- data.frame(wave = rep(c(2019, 2023), each = 22), stratum = rep(rep(1:4, c(4, 6, 5, 7)), 2), unit = rep(1:22, 2), effect = rnorm(44, sd = 0.4))
people <- psus[rep(seq_len(nrow(psus)), sample(8:26, nrow(psus), TRUE)), ]
n <- nrow(people)
people$weight <- round(exp(rnorm(n, 0, 0.5)) * (1 + people$stratum / 4), 4)
people$sex <- sample(c("f", "m"), n, TRUE)
later <- people$wave == 2023
people$educ <- ifelse(runif(n) < 0.25 + 0.15 * later, "high", ifelse(runif(n) < 0.5, "low", "middle"))
people$age <- round(runif(n, 18, 80))
high <- people$educ == "high"; low <- people$educ == "low"; man <- people$sex == "m"
people$y <- round(4 + 0.02 * people$age + high * (0.8 + 0.5 * man) - 0.6 * low + 0.4 * man + 0.3 * later + people$effect + rnorm(n), 3)
people$b <- as.integer(runif(n) < plogis(-4.5 + people$y * 0.9 + 0.3 * later))
people <- people[sample(n), c("wave", "stratum", "unit", "weight", "sex", "educ", "age", "y", "b")]
save_rows(people, "decompositions_data.csv")
people <- read.csv(file.path(here, "decompositions_data.csv"), comment.char = "#")

# -------------------------------------------------------------------------------------------- components of complex weights
X <- model.matrix(~age + educ, people); colnames(X)[1] <- "Intercept"   # omitted: high
dummies <- c("educlow", "educmiddle")
regression <- function(w, X, y) solve(t(X) %*% (w * X), t(X) %*% (w * y))[, 1]
logistic <- function(w, X, y) {
  b <- rep(0 + 0i, ncol(X))
  for (k in 1:60) { mu <- 1 / (1 + exp(-(X %*% b)[, 1])); b <- b + solve(t(X) %*% (w * mu * (1 - mu) * X), t(X) %*% (w * (y - mu)))[, 1] }
  b
}
wide <- function(x) c(x, "educ[high]" = 1 - sum(x[dummies]))
normal <- function(b) {  # Yun (2005)
  names(b) <- colnames(X); middle <- sum(b[dummies]) / 3
  b[dummies] <- b[dummies] - middle; b["Intercept"] <- b["Intercept"] + middle
  c(b, "educ[high]" = -middle)
}
references <- list(
  a = function(w, f, y, in_a, ba, bb) ba, b = function(w, f, y, in_a, ba, bb) bb, half = function(w, f, y, in_a, ba, bb) (ba + bb) / 2,
  cotton = function(w, f, y, in_a, ba, bb) { s <- sum(w[in_a]) / sum(w); s * ba + (1 - s) * bb },
  neumark = function(w, f, y, in_a, ba, bb) f(w, X, y), pooled = function(w, f, y, in_a, ba, bb) f(w, cbind(X, in_a + 0), y)[1:ncol(X)])
oaxaca <- function(w, y, in_a, reference, kind) {
  f <- if (kind == "logit") logistic else regression
  ba <- f(w[in_a], X[in_a, ], y[in_a]); bb <- f(w[!in_a], X[!in_a, ], y[!in_a])
  xa <- wide(colSums(w[in_a] * X[in_a, ]) / sum(w[in_a])); xb <- wide(colSums(w[!in_a] * X[!in_a, ]) / sum(w[!in_a]))
  ya <- sum(w[in_a] * y[in_a]) / sum(w[in_a]); yb <- sum(w[!in_a] * y[!in_a]) / sum(w[!in_a])
  head <- c("total mean_a" = ya, "total mean_b" = yb, "total difference" = ya - yb)
  tell <- function(parts) {
    out <- head; for (p in names(parts)) out[paste("total", p)] <- sum(parts[[p]])
    for (p in names(parts)) for (term in names(xa)) out[paste(term, p)] <- parts[[p]][term]
    out
  }
  if (reference == "threefold") { A <- normal(ba); B <- normal(bb)
    return(tell(list(endowments = (xa - xb) * B, coefficients = xb * (A - B), interaction = (xa - xb) * (A - B)))) }
  br <- references[[reference]](w, f, y, in_a, ba, bb)
  A <- normal(ba); B <- normal(bb); R <- normal(br)
  if (kind == "linear") return(tell(list(explained = (xa - xb) * R, unexplained = xa * (A - R) + xb * (R - B))))
  m <- function(g, b) { v <- w[g]; sum(v / (1 + exp(-(X[g, ] %*% b)[, 1]))) / sum(v) }
  share <- function(v) if (all(v == 0)) v else v / sum(v)
  explained <- (m(in_a, br) - m(!in_a, br)) * share((xa - xb) * R)
  tell(list(explained = explained, unexplained = (m(in_a, ba) - m(in_a, br)) * share(xa * (A - R)) + (m(!in_a, br) - m(!in_a, bb)) * share(xb * (R - B))))
}
kitagawa <- function(w, y, at, cell, interaction) {
  sides <- sort(unique(at)); s <- function(v, t, g) sum((w * v)[at == t & cell == g])
  cells <- sort(unique(cell)); W <- sapply(cells, function(g) sapply(sides, function(t) s(1, t, g))); Y <- sapply(cells, function(g) sapply(sides, function(t) s(y, t, g)))
  c <- W / rowSums(W); r <- Y / W; d <- c[2, ] - c[1, ]; e <- r[2, ] - r[1, ]
  parts <- if (interaction) list(composition = d * r[1, ], rate = e * c[1, ], joint = d * e) else
    list(composition = d * (r[1, ] + r[2, ]) / 2, rate = e * (c[1, ] + c[2, ]) / 2)
  out <- c("all change" = sum(c[2, ] * r[2, ]) - sum(c[1, ] * r[1, ]))
  for (p in names(parts)) { out[paste("all", p)] <- sum(parts[[p]]); out[paste(cells, p)] <- parts[[p]] }
  out
}

# --------------------------------------------------------------------------------------------------------------- variances
rows <- list()
put <- function(case, f) {
  key <- interaction(people$wave, people$stratum, people$unit, drop = TRUE); w <- people$weight; h <- 1e-30
  totals <- t(sapply(levels(key), function(p) Im(f(w * (1 + 1i * h * (key == p)))) / h))
  stratum <- sub("^(.*)\\..*$", "\\1", levels(key))
  d <- svydesign(ids = ~1, strata = stratum, weights = rep(1, nrow(totals)), data = data.frame(one = rep(1, nrow(totals))))
  value <- f(w); name <- do.call(rbind, strsplit(names(value), " "))
  rows[[length(rows) + 1]] <<- data.frame(case, variable = name[, 1], category = name[, 2], estimate = formatC(Re(value), digits = 17, format = "g"),
    se = formatC(sqrt(diag(vcov(svytotal(totals, d)))), digits = 17, format = "g"))
}
men <- people$sex == "m"; now <- people$wave == 2023
for (r in c(names(references), "threefold")) { put(paste0("sex ", r), function(w) oaxaca(w, people$y, men, r, "linear")); put(paste0("wave ", r), function(w) oaxaca(w, people$y, now, r, "linear")) }
for (r in names(references)) put(paste0("logit ", r), function(w) oaxaca(w, people$b, men, r, "logit"))
put("kitagawa", function(w) kitagawa(w, people$y, people$wave, people$educ, FALSE))
put("kitagawa joint", function(w) kitagawa(w, people$b, people$wave, people$educ, TRUE))
out <- do.call(rbind, rows)

# the same sums of Kitagawa through svycontrast
totals <- list(); for (t in c(2019, 2023)) for (g in c("high", "low", "middle")) { k <- paste0(substr(t, 3, 4), g); totals[[paste0("W", k)]] <- (people$wave == t & people$educ == g) + 0; totals[[paste0("Y", k)]] <- totals[[paste0("W", k)]] * people$y }
d <- svydesign(ids = ~unit, strata = ~interaction(wave, stratum), weights = ~weight, data = cbind(people, as.data.frame(totals)), nest = TRUE)
st <- svytotal(as.formula(paste("~", paste(names(totals), collapse = "+"))), d)
whole <- function(t) paste0("(", paste0("W", t, c("high", "low", "middle"), collapse = "+"), ")")
c_ <- function(t, g) paste0("W", t, g, "/", whole(t)); r_ <- function(t, g) paste0("Y", t, g, "/W", t, g)
term <- function(g) sprintf("(%s - %s) * (%s + %s) / 2", c_(23, g), c_(19, g), r_(23, g), r_(19, g))
composition <- svycontrast(st, parse(text = paste(sapply(c("high", "low", "middle"), term), collapse = " + "))[[1]])
mine <- out[out$case == "kitagawa" & out$variable == "all" & out$category == "composition", ]
stopifnot(abs(as.numeric(mine$estimate) - coef(composition)) < 1e-12, abs(as.numeric(mine$se) / SE(composition) - 1) < 1e-10)
save_rows(out, "decompositions.csv")
