# Quantiles of a made-up stratified cluster sample against R survey. Writes
#   quantiles_data.csv   the sample (also read by the tests), with replicate weights: j* jackknife (JKn), b* bootstrap
#   quantiles_rows.csv   design, variable, domain, rule, interval, p: quantile, limits, se, df
#   quantiles_grouped.csv  interpolated quantiles: psych's median of whole weights as repeated rows, and the standard error from replicates
#   quantiles_api.csv    the columns of survey's apiclus1 that its documentation takes quantiles of
#   quantiles_jackknife.csv  coefficients of the jackknife replicates
#   quantiles_cdf.csv    distribution function at given points, with logit limits
#   Rscript tests/parity/quantiles.R
# The rules hf4-hf9 and shahvaish use the weights of single rows, so that in R tied rows of unequal weight give a result that depends on
# their order: those rules are compared on a variable without ties and, with ties, under equal weights. `shahvaish` in R is right only
# for weights with mean one: compared there. `hf3` is not Hyndman & Fan's definition 3 in R (1:10, p = 0.33 gives 4) and not offered.
# Below the weight of the smallest row R's math, school and hf4 leave the data or skip that row (1:4, p = 0.1 gives 2), so
# shares whose limits fall there are left out. With replicates R's svyquantile takes "mean" whatever interval.type says but "quantile".
suppressMessages({library(survey); library(psych)})
options(digits = 17, survey.lonely.psu = "fail")
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(19520907)
number <- function(v) { v <- as.vector(v); ifelse(is.na(v), "", trimws(formatC(v, digits = 17, format = "g"))) }
save_frame <- function(frame, name) {
  out <- file.path(here, name)
  cat(sprintf("# R %s, survey %s, psych %s\n", getRversion(), packageVersion("survey"), packageVersion("psych")), file = out)
  suppressWarnings(write.table(frame, out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
}
save_rows <- function(rows, name) save_frame(do.call(rbind, rows), name)

# ------------------------------------------------------------------------------------------------- the made-up sample
n_h <- c(4, 6, 3, 5); N_h <- c(20, 14, 30, 11)
people <- do.call(rbind, lapply(1:4, function(h) do.call(rbind, lapply(seq_len(n_h[h]), function(p) {
  size <- sample(6:22, 1); effect <- rnorm(1)
  data.frame(stratum = h, psu = 100 * h + p, N = N_h[h], effect = effect, w = round(runif(size, 0.5, 4) * h, 3))
}))))
n <- nrow(people)
people$w1 <- people$w / mean(people$w)
people$y <- round(20 + 4 * people$stratum + 3 * people$effect + exp(rnorm(n, 1.2, 0.7)), 6)
stopifnot(!anyDuplicated(people$y))
people$t <- pmin(10, pmax(0, round(5.6 + people$effect + rnorm(n, sd = 2.2))))   # a 0-10 scale
people$whole <- sample(1:4, n, TRUE)                                             # whole weights: p is reached exactly
people$e <- round(people$t / 2 + runif(n), 1)
people$dom <- sample(c("a", "b", "c"), n, TRUE, prob = c(0.4, 0.4, 0.2))
people$dom[people$psu %in% c(101, 203, 204, 401)] <- "a"                         # PSUs without b and c
people$v <- people$y; people$v[runif(n) < 0.15] <- NA
people$sex <- sample(c("f", "m"), n, TRUE, prob = c(0.6, 0.4))
people$x <- round(people$y / 10 + runif(n, 1, 9), 2)
people$effect <- NULL
plain <- svydesign(~psu, strata = ~stratum, weights = ~w, data = people)
jack <- as.svrepdesign(plain, type = "JKn")
boot <- as.svrepdesign(plain, type = "subbootstrap", replicates = 25)
rounded <- function(rep, name) { W <- round(weights(rep, "analysis"), 6); colnames(W) <- paste0(name, seq_len(ncol(W))); W }
JW <- rounded(jack, "j"); BW <- rounded(boot, "b")
people <- cbind(people, JW, BW)
save_frame(format(people, digits = 10, trim = TRUE, drop0trailing = TRUE), "quantiles_data.csv")
people <- read.csv(file.path(here, "quantiles_data.csv"), skip = 1)

# ---------------------------------------------------------------------------------------------------------- the designs
plain <- svydesign(~psu, strata = ~stratum, weights = ~w, data = people)
designs <- list(
  plain = plain,
  fpc = svydesign(~psu, strata = ~stratum, weights = ~w, fpc = ~N, data = people),
  rows = svydesign(~1, weights = ~w, data = people),
  mean_one = svydesign(~psu, strata = ~stratum, weights = ~w1, data = people),
  equal = svydesign(~psu, strata = ~stratum, weights = ~rep(1, n), data = people),
  whole = svydesign(~psu, strata = ~stratum, weights = ~whole, data = people),
  post = postStratify(plain, ~sex, data.frame(sex = c("f", "m"), Freq = c(900, 800))),
  linear = calibrate(plain, ~sex + x, c("(Intercept)" = 1700, sexm = 800, x = 15000)),
  jackknife = svrepdesign(weights = ~w, repweights = as.matrix(people[, colnames(JW)]), data = people, type = "JKn",
                          scale = 1, rscales = jack$rscales, combined.weights = TRUE, mse = FALSE, degf = 14),
  bootstrap = svrepdesign(weights = ~w, repweights = as.matrix(people[, colnames(BW)]), data = people, type = "bootstrap",
                          scale = 1 / 24, rscales = rep(1, 25), combined.weights = TRUE, mse = FALSE, degf = 14),
  bootstrap_mse = svrepdesign(weights = ~w, repweights = as.matrix(people[, colnames(BW)]), data = people, type = "bootstrap",
                              scale = 1 / 25, rscales = rep(1, 25), combined.weights = TRUE, mse = TRUE, degf = 14))
save_frame(data.frame(rscale = number(jack$rscales)), "quantiles_jackknife.csv")

rows <- list()
ask <- function(case, variable, rules, kinds, p, domain = "", df = NULL) {
  d <- designs[[case]]
  if (domain != "") d <- subset(d, dom == domain)
  df <- if (is.null(df)) degf(d) else df
  for (rule in rules) for (kind in kinds) {
    r <- suppressWarnings(svyquantile(as.formula(paste0("~", variable)), d, p, qrule = rule, interval.type = kind, df = df, na.rm = TRUE))[[1]]
    rows[[length(rows) + 1]] <<- data.frame(design = case, variable = variable, domain = domain, rule = rule, interval = kind, p = p,
      estimate = number(r[, 1]), ci_low = number(r[, 2]), ci_high = number(r[, 3]), se = number(r[, 4]), df = df)
  }
}
kinds <- c("mean", "beta", "xlogit", "asin")
p <- c(0.05, 0.25, 0.5, 0.75, 0.9)
smooth <- c("hf4", "hf5", "hf6", "hf7", "hf8", "hf9")
for (case in c("plain", "fpc", "rows")) ask(case, "y", c("math", "school", "hf1", "hf2", smooth), kinds, p)
for (case in c("plain", "whole")) ask(case, "t", c("math", "school"), kinds, p)
ask("whole", "y", c("math", "school", smooth), kinds, p[-1])
ask("equal", "t", c("math", "school", smooth, "shahvaish"), kinds, p)
ask("equal", "e", c("math", "school", smooth, "shahvaish"), kinds, p)
ask("mean_one", "y", "shahvaish", kinds, p)
for (dom in c("a", "b", "c")) {
  ask("plain", "y", c("math", "hf7"), kinds, p[3:5], dom)
  ask("fpc", "t", "math", kinds, p[3:5], dom)
  for (case in c("post", "linear")) ask(case, "y", c("math", "hf7"), c("mean", "xlogit"), p[3:4], dom)
}
for (case in c("post", "linear")) { ask(case, "y", c("math", "hf7"), kinds, p); ask(case, "t", "math", kinds, p) }
ask("plain", "v", c("math", "hf7"), "mean", p, df = degf(plain))     # not answering leaves the degrees of freedom alone
for (case in c("jackknife", "bootstrap", "bootstrap_mse")) {
  ask(case, "y", c("math", "hf7"), c("mean", "quantile"), p)
  ask(case, "t", "math", c("mean", "quantile"), p)
  ask(case, "y", "math", c("mean", "quantile"), p[3:5], "b", df = 14)
}
# by groups as R users call it: the same numbers
grouped <- svyby(~y, ~dom, designs$plain, svyquantile, quantiles = 0.5, ci = TRUE, vartype = c("se", "ci"))
own <- do.call(rbind, rows); own <- own[own$design == "plain" & own$variable == "y" & own$domain != "" & own$rule == "math" & own$interval == "mean" & own$p == 0.5, ]
stopifnot(isTRUE(all.equal(grouped$y, as.numeric(own$estimate))), isTRUE(all.equal(grouped$ci_l, as.numeric(own$ci_low))))
save_rows(rows, "quantiles_rows.csv")

data(api)
save_frame(apiclus1[, c("dnum", "pw", "fpc", "api00")], "quantiles_api.csv")
clus <- svydesign(id = ~dnum, weights = ~pw, data = apiclus1, fpc = ~fpc)
print(svyquantile(~api00, clus, c(0.25, 0.5, 0.75)))  # the figures of ?svyquantile stand in test_quantiles.py

# ------------------------------------------------------------------------------------------- the distribution function
rows <- list()
for (case in c("plain", "fpc")) for (at in c(24, 30, 36.5, 45)) {
  d <- designs[[case]]
  d <- update(d, low = as.integer(y <= at))
  share <- svyciprop(~low, d, method = "logit", df = degf(d))
  rows[[length(rows) + 1]] <- data.frame(design = case, at = at, estimate = number(coef(share)), se = number(SE(svymean(~low, d))),
    ci_low = number(confint(share)[1]), ci_high = number(confint(share)[2]), df = degf(d))
}
save_rows(rows, "quantiles_cdf.csv")

# --------------------------------------------------------------------------------------------------- the grouped median
# psych's interp.median counts rows, so weights are whole and rows repeated. (Its other quantiles do not interpolate where the (n + 1)p-th
# row lies between two classes: not compared.) No package gives a standard error: the formula is
# recomputed in every replicate here.
interpolated <- function(w, x, p) {
  W <- tapply(w, x, sum); W <- W[!is.na(W) & W > 0]; C <- cumsum(W) / sum(W); k <- which(C >= p)[1]
  as.numeric(names(W)[k]) - 0.5 + (p - (C[k] - W[k] / sum(W))) / (W[k] / sum(W))
}
rows <- list()
keep <- function(design, domain, p, estimate, se) rows[[length(rows) + 1]] <<- data.frame(design = design, domain = domain, p = p, estimate = number(estimate), se = number(se))
for (q in c(0.25, 0.5, 0.75)) {
  if (q == 0.5) for (dom in c("", "a", "b", "c")) {
    part <- if (dom == "") people else people[people$dom == dom, ]
    keep("psych", dom, q, interp.median(rep(part$t, part$whole)), NA)
  }
  for (case in c("bootstrap", "bootstrap_mse", "jackknife")) {
    v <- withReplicates(designs[[case]], function(w, data) interpolated(w, data$t, q))
    keep(case, "", q, coef(v), SE(v))
  }
}
save_rows(rows, "quantiles_grouped.csv")
