# Made-up designs with one to three stages against R survey. Writes
#   designs_data.csv     the made-up sample (also read by the tests)
#   designs_rows.csv     design, statistic, variable, category, domain: estimate se df and both design effects
#   designs_vcov.csv     covariance matrices over domains x items
#   designs_intervals.csv  confidence intervals of proportions
#   overlap_data.csv, overlap.csv   waves that share PSUs
#   Rscript tests/parity/designs.R
# `adjust` centres a lonely PSU at the mean PSU total; survey 4.1 centres it at zero, survey 4.5 as we do. For means both agree. For totals
# the rows below come from `totals_centred`, which gives survey 4.5's value on apistrat with stratum H cut to one school (checked below).
suppressMessages(library(survey))
options(digits = 17, survey.lonely.psu = "fail")
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(20240917)
number <- function(v) { v <- as.vector(v); ifelse(is.na(v), "", trimws(formatC(v, digits = 17, format = "g"))) }
save_rows <- function(rows, name) {
  out <- file.path(here, name)
  cat(sprintf("# R %s, survey %s\n", getRversion(), packageVersion("survey")), file = out)
  suppressWarnings(write.table(do.call(rbind, rows), out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
}

# ------------------------------------------------------------------------------------------------- the made-up sample
# kind: base = strata 1-5; lonely = stratum 6 with one PSU of 4; certain = stratum 7 with one PSU of 1 (taken with certainty).
plan <- data.frame(stratum = 1:7, n1 = c(3, 4, 2, 5, 3, 1, 1), N1 = c(12, 20, 9, 15, 30, 4, 1),
                   kind = c(rep("base", 5), "lonely", "certain"))
people <- list()
for (s in plan$stratum) for (p in seq_len(plan$n1[s])) {
  upper <- c(sample(3:6, 1), sample(3:7, 1))  # second-stage units in the two second-stage strata of the PSU
  effect <- rnorm(1, sd = 2)
  for (half in 1:2) for (u in seq_len(if (runif(1) < 0.4) 3 else 2)) {
    N3 <- sample(5:12, 1)
    n3 <- sample(2:4, 1)
    taken <- list(s = s, p = p, half = half, u = u, upper = upper, effect = effect + rnorm(1), N3 = N3, n3 = n3)
    people[[length(people) + 1]] <- data.frame(
      kind = plan$kind[s], stratum = s, psu = p, psu_id = 100 * s + p, half = half, ssu = 10 * half + u,
      N1 = plan$N1[s], N2half = upper[half], N2 = sum(upper), N3 = N3, n3 = n3, n1 = plan$n1[s], effect = taken$effect)[rep(1, n3), ]
  }
}
people <- do.call(rbind, people)
n <- nrow(people)
key <- paste(people$psu_id, people$ssu)
n2 <- tapply(people$ssu, people$psu_id, function(v) length(unique(v)))
people$weight <- round(people$N1 / people$n1 * people$N2 / n2[as.character(people$psu_id)] * people$N3 / people$n3 * runif(n, 0.6, 1.6), 4)
people$tsu <- ave(seq_len(n), key, FUN = seq_along)
people$y <- round(50 + 4 * people$stratum + 2 * people$effect + rnorm(n, sd = 5), 3)
people$x <- round(exp(rnorm(n, 2 + people$stratum / 10, 0.5)), 3)
people$q <- pmin(4, 1 + rpois(n, 1 + abs(people$effect) / 3))
people$b <- as.integer(runif(n) < plogis(-1 + people$effect / 2))
people$rare <- as.integer(seq_len(n) %in% sample(n, 3))
people$dom <- ifelse(people$stratum <= 3, sample(c("a", "b", "c"), n, TRUE), sample(c("a", "b"), n, TRUE))
people$dom[people$psu_id %in% c(201, 402, 403) & people$half == 1] <- "d"  # PSUs without the domain, one stratum with a single such PSU
people$sex <- sample(1:2, n, TRUE)
people$v <- people$y  # v: y with item nonresponse
people$v[runif(n) < 0.12] <- NA
people <- people[, c("kind", "stratum", "psu", "psu_id", "half", "ssu", "tsu", "N1", "N2half", "N2", "N3", "weight", "y", "x", "q", "b", "rare", "v", "dom", "sex")]
people <- people[sample(n), ]  # in no order
write.csv(people, file.path(here, "designs_data.csv"), row.names = FALSE, quote = FALSE, na = "")
people <- read.csv(file.path(here, "designs_data.csv"))
base <- people[people$kind == "base", ]
lonely <- people[people$kind != "certain", ]
certain <- people[people$kind != "lonely", ]

designs <- list(
  srs = svydesign(ids = ~1, weights = ~weight, data = base),
  strata_only = svydesign(ids = ~1, strata = ~stratum, weights = ~weight, data = base),
  psu_only = svydesign(ids = ~psu_id, weights = ~weight, data = base),
  one = svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = base, nest = TRUE),
  one_fpc = svydesign(ids = ~psu, strata = ~stratum, fpc = ~N1, weights = ~weight, data = base, nest = TRUE),
  two = svydesign(ids = ~psu + ssu, strata = ~stratum, fpc = ~N1 + N2, weights = ~weight, data = base, nest = TRUE),
  two_strata = svydesign(ids = ~psu + ssu, strata = ~stratum + half, fpc = ~N1 + N2half, weights = ~weight, data = base, nest = TRUE),
  three = svydesign(ids = ~psu + ssu + tsu, strata = ~stratum + half, fpc = ~N1 + N2half + N3, weights = ~weight, data = base, nest = TRUE),
  certain = svydesign(ids = ~psu, strata = ~stratum, fpc = ~N1, weights = ~weight, data = certain, nest = TRUE),
  certain_two = svydesign(ids = ~psu + ssu, strata = ~stratum, fpc = ~N1 + N2, weights = ~weight, data = certain, nest = TRUE)
)

# -------------------------------------------------------------------------------------------------- estimates and SEs
rows <- list()
put <- function(name, statistic, variable, category, domain, est, se, df, wr = NA, wor = NA) {
  rows[[length(rows) + 1]] <<- data.frame(design = name, statistic = statistic, variable = variable, category = category, domain = domain, estimate = number(est), se = number(se),
                                          df = df, deff_srswr = number(wr), deff_srswor = number(wor))
}
estimates <- function(name, d, domain, statistics = c("mean", "total", "ratio", "proportion")) {
  df <- degf(d)
  answered <- subset(d, !is.na(v))  # item nonresponse leaves the domain's df alone
  one <- function(statistic, variable, f, d) {
    est <- f(formula(paste0("~", variable)), d)
    wr <- diag(as.matrix(attr(f(formula(paste0("~", variable)), d, deff = "replace"), "deff")))
    wor <- diag(as.matrix(attr(f(formula(paste0("~", variable)), d, deff = TRUE), "deff")))
    put(name, statistic, variable, "", domain, coef(est), SE(est), df, wr, wor)
  }
  if ("mean" %in% statistics) {
    one("mean", "y", svymean, d)
    one("mean", "x", svymean, d)
    one("mean", "v", svymean, answered)
  }
  if ("total" %in% statistics) {
    one("total", "y", svytotal, d)
    one("total", "b", svytotal, d)
    one("total", "v", svytotal, answered)
  }
  if ("ratio" %in% statistics) {
    r <- svyratio(~y, ~x, d)
    put(name, "ratio", "y", "", domain, coef(r), SE(r), df)
  }
  if ("proportion" %in% statistics) {
    for (level in 1:4) {
      p <- svymean(as.formula(sprintf("~as.numeric(q == %d)", level)), d)
      v0 <- coef(p) > 0
      wr <- if (v0) attr(svymean(as.formula(sprintf("~as.numeric(q == %d)", level)), d, deff = "replace"), "deff") else NA
      wor <- if (v0) attr(svymean(as.formula(sprintf("~as.numeric(q == %d)", level)), d, deff = TRUE), "deff") else NA
      put(name, "proportion", "q", level, domain, coef(p), SE(p), df, wr, wor)
    }
  }
}
for (name in names(designs)) {
  d <- designs[[name]]
  estimates(name, d, "")
  for (group in c("a", "b", "c", "d")) estimates(name, subset(d, dom == group), group)
}

# ----------------------------------------------------------------------------------------------------------- lonely PSUs
totals_centred <- function(x, data) {
  # one stage without fpc, lonely PSUs centred at the mean PSU total of the whole sample
  t <- tapply(x, data$psu_id, sum)
  stratum <- tapply(data$stratum, data$psu_id, function(v) v[1])
  v <- 0
  for (s in unique(stratum)) {
    u <- t[stratum == s]
    v <- v + if (length(u) == 1) (u - mean(t))^2 else length(u) / (length(u) - 1) * sum((u - mean(u))^2)
  }
  sqrt(v[[1]])
}
data(api)
cut <- apistrat[apistrat$stype != "H" | !duplicated(apistrat$stype), ]
cut$psu_id <- seq_len(nrow(cut))
cut$stratum <- as.integer(cut$stype)
published <- totals_centred(cut$api00 * cut$pw, cut)
stopifnot(abs(published - 60355.6) < 0.05)

for (rule in c("certainty", "adjust", "average")) {
  options(survey.lonely.psu = rule)
  d <- svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = lonely, nest = TRUE)
  f <- svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, fpc = ~N1, data = lonely, nest = TRUE)
  name <- paste0("lonely_", rule)
  estimates(name, d, "", c("mean", "proportion", "ratio"))
  estimates(paste0(name, "_fpc"), f, "", c("mean", "proportion", "ratio"))
  # a, b: every stratum holds members, so that `average` means the same in every program
  for (group in c("a", "b")) estimates(name, subset(d, dom == group), group, "mean")
  if (rule != "adjust") {
    estimates(name, d, "", "total")
    estimates(paste0(name, "_fpc"), f, "", "total")
    for (group in c("a", "b")) estimates(name, subset(d, dom == group), group, "total")
  } else {
    for (group in c("", "a", "b", "d")) for (variable in c("y", "b")) {
      x <- lonely$weight * lonely[[variable]] * (group == "" | lonely$dom == group)
      at <- if (group == "") d else subset(d, dom == group)
      put(name, "total", variable, "", group, sum(x), totals_centred(x, lonely), degf(at))
    }
  }
}
options(survey.lonely.psu = "fail")
save_rows(rows, "designs_rows.csv")

# ------------------------------------------------------------------------------------------ covariance over domains x items
rows <- list()
put_matrix <- function(name, statistic, b) {
  v <- vcov(b)
  for (i in seq_len(nrow(v))) for (j in seq_len(i)) {
    rows[[length(rows) + 1]] <<- data.frame(design = name, statistic = statistic, a = rownames(v)[i], b = rownames(v)[j], value = number(v[i, j]))
  }
}
for (name in c("strata_only", "one", "one_fpc", "two", "two_strata", "three")) for (statistic in c("mean", "total")) {
  f <- if (statistic == "mean") svymean else svytotal
  put_matrix(name, statistic, svyby(~y + x + b, ~dom, designs[[name]], f, covmat = TRUE, keep.names = TRUE))
}
save_rows(rows, "designs_vcov.csv")

# ------------------------------------------------------------------------------------------------------------- intervals
rows <- list()
for (name in c("strata_only", "one", "two", "three")) for (group in c("", "a", "b", "c")) for (variable in c("b", "rare")) {
  d <- designs[[name]]
  if (group != "") d <- subset(d, dom == group)
  p <- coef(svymean(formula(paste0("~", variable)), d))
  if (p == 0 || p == 1) next
  v <- vcov(svymean(formula(paste0("~", variable)), d))
  n_eff <- p * (1 - p) / v
  for (level in c(0.9, 0.95)) for (method in c("mean", "xlogit", "beta")) {
    ci <- attr(svyciprop(formula(paste0("~", variable)), d, method = method, level = level, df = degf(d)), "ci")
    rows[[length(rows) + 1]] <- data.frame(design = name, domain = group, variable = variable, method = method, level = level, df = degf(d), n = nrow(d), n_eff = number(n_eff),
                                           ci_low = number(ci[1]), ci_high = number(ci[2]))
  }
}
save_rows(rows, "designs_intervals.csv")

# --------------------------------------------------------------------------------------------------- waves that share PSUs
# waves 1 and 2: the same PSUs, other people; wave 3: half of the PSUs kept in each stratum, the others new; wave 4: all new.
set.seed(7)
members <- list()
kept <- list("1" = 1:6, "2" = 1:6, "3" = 4:9, "4" = 11:15)
effects <- matrix(rnorm(4 * 20, sd = 3), 4)
for (wave in 1:4) for (s in 1:4) for (p in kept[[wave]]) for (i in seq_len(sample(3:8, 1))) {
  m <- 40 + 5 * s + wave + effects[s, p]
  members[[length(members) + 1]] <- data.frame(wave, stratum = s, psu = 100 * s + p, N1 = c(14, 30, 55, 21)[s], weight = round(10 * s * runif(1, 0.5, 2), 3),
    y = round(m + rnorm(1, sd = 5), 3), b = as.integer(runif(1) < plogis((m - 55) / 6)), dom = sample(c("a", "b"), 1))
}
members <- do.call(rbind, members)
members <- members[sample(nrow(members)), ]
write.csv(members, file.path(here, "overlap_data.csv"), row.names = FALSE, quote = FALSE)
members <- read.csv(file.path(here, "overlap_data.csv"))
rows <- list()
put_change <- function(design, source, variable, domain, later, earlier, est, se) {
  rows[[length(rows) + 1]] <<- data.frame(design = design, source = source, variable = variable, domain = domain, wave = later, from = earlier, estimate = number(est), se = number(se))
}
both <- members[members$wave <= 2, ]
stacked <- list(plain = svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = both),
                fpc = svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, fpc = ~N1, data = both))
for (name in names(stacked)) for (variable in c("y", "b")) for (group in c("", "a")) {
  d <- stacked[[name]]
  if (group != "") d <- subset(d, dom == group)
  means <- svyby(formula(paste0("~", variable)), ~wave, d, svymean, covmat = TRUE)
  change <- svycontrast(means, c(-1, 1))
  put_change(name, "stacked", variable, group, 2, 1, coef(change), SE(change))
}
# partial overlap, from the formula: V(change) = V1 + V2 - 2 C, C = sum over strata of n_c / (n_c - 1) times the cross-products over the n_c common
# PSUs, each wave's PSU values centred at their mean over the common PSUs
wave_totals <- function(data, wave, y) {
  d <- data[data$wave == wave, ]
  z <- d$weight * (d[[y]] - weighted.mean(d[[y]], d$weight)) / sum(d$weight)
  list(t = tapply(z, d$psu, sum), stratum = tapply(d$stratum, d$psu, function(v) v[1]), mean = weighted.mean(d[[y]], d$weight))
}
change_by_formula <- function(data, later, earlier, y) {
  one <- wave_totals(data, earlier, y)
  two <- wave_totals(data, later, y)
  own <- function(w) sum(sapply(unique(w$stratum), function(s) {
    u <- w$t[w$stratum == s]
    length(u) / (length(u) - 1) * sum((u - mean(u))^2)
  }))
  cross <- 0
  for (s in unique(one$stratum)) {
    common <- intersect(names(one$t)[one$stratum == s], names(two$t)[two$stratum == s])
    k <- length(common)
    if (k < 2) next
    cross <- cross + k / (k - 1) * sum((one$t[common] - mean(one$t[common])) * (two$t[common] - mean(two$t[common])))
  }
  c(two$mean - one$mean, sqrt(own(one) + own(two) - 2 * cross))
}
for (variable in c("y", "b")) for (pair in list(c(2, 1), c(3, 2), c(3, 1), c(4, 3), c(4, 1))) {
  change <- change_by_formula(members, pair[1], pair[2], variable)
  put_change("plain", "formula", variable, "", pair[1], pair[2], change[1], change[2])
}
save_rows(rows, "overlap.csv")
