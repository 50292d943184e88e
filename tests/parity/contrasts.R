# Intervals of proportions, smooth functions of estimates, trends and differences in differences against R survey. Writes
#   contrasts_data.csv       the made-up sample: four waves of other units, unequal weights and units, ties, a rare item
#   contrasts_intervals.csv  svyciprop; and two intervals survey 4.1 has not, from their definitions by uniroot
#   contrasts_rows.csv       svycontrast, linear and with quote(), on Taylor and on jackknife designs
#   Rscript tests/parity/contrasts.R
suppressMessages(library(survey))
options(digits = 17, survey.lonely.psu = "fail")
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(20250311)
number <- function(v) { v <- as.vector(v); ifelse(is.na(v), "", trimws(formatC(v, digits = 17, format = "g"))) }
save_rows <- function(rows, name) {
  out <- file.path(here, name)
  cat(sprintf("# R %s, survey %s\n", getRversion(), packageVersion("survey")), file = out)
  suppressWarnings(write.table(do.call(rbind, rows), out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
}

# ------------------------------------------------------------------------------------------------------ made-up sample
people <- list()
for (year in c(2015, 2017, 2019, 2023)) for (s in 1:3) for (p in seq_len(c(4, 3, 5)[s])) {
  m <- sample(4:11, 1)
  effect <- rnorm(1, sd = 0.7)
  people[[length(people) + 1]] <- data.frame(
    year, stratum = s, psu = 1000 * (year - 2014) + 100 * s + p, weight = round(10 * s * runif(m, 0.4, 2.5), 3),
    court = pmin(10, pmax(0, round(4.5 + s / 2 + effect + (year - 2015) / 8 + rnorm(m, sd = 2.2)))),
    congress = pmin(10, pmax(0, round(3.5 + effect + (year - 2015) / 20 + rnorm(m, sd = 2)))),
    trust = as.integer(runif(m) < plogis(-0.4 + effect + (year - 2015) / 20)),
    rare = as.integer(runif(m) < 0.03), sex = sample(c("f", "m"), m, TRUE))
}
people <- do.call(rbind, people)
people$distrust <- as.integer(people$trust == 0 & runif(nrow(people)) < 0.6)
people <- people[sample(nrow(people)), ]
save_rows(list(people), "contrasts_data.csv")
people <- read.csv(file.path(here, "contrasts_data.csv"), comment.char = "#")
people$stacked <- paste(people$year, people$stratum)
people$y1 <- people$year == 2015
whole <- svydesign(ids = ~psu, strata = ~stacked, weights = ~weight, data = people)
srs <- svydesign(ids = ~1, weights = ~weight, data = people)
few <- svydesign(ids = ~stratum, weights = ~weight, data = people)  # three units: 2 degrees of freedom

# ---------------------------------------------------------------------------------------------------------- intervals
rows <- list()
put <- function(design, domain, variable, method, level, d, ci) {
  rows[[length(rows) + 1]] <<- data.frame(design, domain, variable, method, level, df = degf(d), n = nrow(d), ci_low = number(ci[1]), ci_high = number(ci[2]))
}
designs <- list(whole = whole, srs = srs, few = few)
for (name in names(designs)) for (domain in c("", "f", "m")) for (variable in c("trust", "rare")) {
  d <- designs[[name]]
  if (domain != "") d <- subset(d, sex == domain)
  f <- formula(paste0("~", variable))
  m <- svymean(f, d)
  p <- coef(m)[[1]]
  v <- vcov(m)[1, 1]
  fit <- svyglm(formula(paste(variable, "~ 1")), d, family = quasibinomial)
  # the variance is that of the iteration before the last: once more from the end
  fit <- suppressWarnings(svyglm(formula(paste(variable, "~ 1")), d, family = quasibinomial, start = qlogis(p), control = list(epsilon = 1e-15)))
  y <- d$variables[[variable]]
  w <- weights(d) / mean(weights(d))
  deviance <- function(mu) sum(w * binomial()$dev.resids(y, rep(mu, length(y)), rep(1, length(y))))
  inflation <- fit$cov.unscaled[1, 1] / fit$naive.cov[1, 1]
  for (level in c(0.8, 0.95)) {
    for (method in c("mean", "logit", "xlogit", "beta", "likelihood", "asin")) {
      ci <- attr(suppressWarnings(svyciprop(f, d, method = method, level = level, df = degf(d))), "ci")
      folded <- method == "asin" && asin(sqrt(p)) < qt((1 + level) / 2, degf(d)) * sqrt(v / (4 * p * (1 - p)))
      # left out: R folds a limit below 0 back into the scale, and has none where its profile does not reach far enough
      if (!folded && !anyNA(ci)) put(name, domain, variable, method, level, d, ci)
    }
    t2 <- qt((1 + level) / 2, degf(d))^2
    # the deviance of the weighted logistic regression on a constant, over the variance it is inflated by, is t^2
    rao_scott <- function(mu) (deviance(mu) - deviance(p)) / inflation - t2
    # survey 4.5's "wilson": (p - mu)^2 = t^2 mu (1 - mu) / n_e
    score <- function(mu) (p - mu)^2 * (p * (1 - p) / v) / (mu * (1 - mu)) - t2
    for (method in c("rao_scott", "score")) {
      g <- get(method)
      h <- function(eta) g(plogis(eta))  # on the log odds, for digits near 0
      low <- plogis(uniroot(h, c(-40, qlogis(p)), tol = 1e-14, maxiter = 10000)$root)
      high <- plogis(uniroot(h, c(qlogis(p), 40), tol = 1e-14, maxiter = 10000)$root)
      put(name, domain, variable, method, level, d, c(low, high))
    }
  }
}
save_rows(rows, "contrasts_intervals.csv")

# ------------------------------------------------------------------------------------------------- functions of estimates
rows <- list()
keep <- function(design, case, contrast) {
  rows[[length(rows) + 1]] <<- data.frame(design, case, estimate = number(coef(contrast)), se = number(SE(contrast)), cv = number(abs(SE(contrast) / coef(contrast))))
}
x <- c(2015, 2017, 2019, 2023)
slope <- (x - mean(x)) / sum((x - mean(x))^2)
X <- cbind(1, x - 2015, pmax(x - 2019, 0))
spline <- solve(t(X) %*% X, t(X))  # continuous, one knot at 2019
over_time <- function(weights, variable) setNames(weights, paste0(x, ":", variable))
cases <- list(
  items = list(
    net = quote(trust - distrust), ratio = quote(court / congress), log = quote(log(court) - log(congress)),
    odds = quote(log(trust / (1 - trust))), geometric = quote(sqrt(court * congress)),
    power = quote(court^2 + exp(-congress) * trust^1.5),
    composite = quote(100 * (court / 10 + congress / 10 + trust + (1 - distrust)) / 4),
    trigonometry = quote(sin(court) * cos(congress) + asin(sqrt(trust)))),
  waves = list(
    ratio_of_changes = quote((`2023:court` - `2019:court`) / (`2023:congress` - `2019:congress`)),
    relative_change = quote(`2023:court` / `2015:court` - 1),
    trend = over_time(slope, "court"), segment_1 = over_time(spline[2, ], "court"),
    segment_2 = over_time(spline[2, ] + spline[3, ], "court"), knot = over_time(spline[3, ], "court")),
  sexes = list(
    did_2019 = c("m.2019" = 1, "m.2017" = -1, "f.2019" = -1, "f.2017" = 1),
    did_2023_first = c("m.2023" = 1, "m.2015" = -1, "f.2023" = -1, "f.2015" = 1)))
estimates <- list(  # Taylor: an object with the covariance of all cells; jackknife: the same cells as a function of the weights
  items = svymean(~court + congress + trust + distrust, whole),
  waves = svyby(~court + congress, ~year, whole, svymean, covmat = TRUE),
  sexes = svyby(~court, ~sex + year, whole, svymean, covmat = TRUE))
by_hand <- list(
  items = function(w, data) sapply(c("court", "congress", "trust", "distrust"), function(v) weighted.mean(data[[v]], w)),
  waves = function(w, data) unlist(lapply(c("court", "congress"), function(v) sapply(x, function(t)
    setNames(weighted.mean(data[[v]][data$year == t], w[data$year == t]), paste0(t, ":", v))))),
  sexes = function(w, data) unlist(lapply(x, function(t) sapply(c("f", "m"), function(g) {
    at <- data$year == t & data$sex == g
    setNames(weighted.mean(data$court[at], w[at]), paste0(g, ".", t))
  }, USE.NAMES = FALSE))))
jackknife <- as.svrepdesign(whole, type = "JKn", mse = TRUE)
for (group in names(cases)) for (case in names(cases[[group]])) {
  contrast <- cases[[group]][[case]]
  keep("taylor", case, svycontrast(estimates[[group]], contrast))
  value <- function(w, data) {
    theta <- by_hand[[group]](w, data)
    if (is.language(contrast)) eval(contrast, as.list(theta)) else sum(theta[names(contrast)] * contrast)
  }
  keep("jkn", case, withReplicates(jackknife, value))
}
save_rows(rows, "contrasts_rows.csv")

# -------------------------------------------------------------------------------------------------- several tests at once
rows <- list()
p <- c(0.01, 0.02, 0.03, 0.03, 0.2, 1e-300, 0.9, 0.04, NA, 0.5)
for (method in c("none", "bonferroni", "holm", "BH", "BY"))
  rows[[method]] <- data.frame(method, k = seq_along(p), p = number(p), adjusted = number(p.adjust(p, method)))
save_rows(rows, "contrasts_adjusted.csv")
