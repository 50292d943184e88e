# Variances, covariances, correlations, counts, shares, geometric means, Gini coefficients, mean absolute deviations and
# measures of precision against R survey, on the made-up sample of designs.R. Reads designs_data.csv; writes
#   moments_rows.csv     design, statistic, variable, category, domain: estimate se and, for counts, both design effects
#   moments_vcov.csv     covariances between statistics and between domains
#   Rscript tests/parity/moments.R
# survey has no Gini coefficient and no mean absolute deviation: their influence is written out here from the double sum that
# defines them, checked in this script against the numerical derivative by every weight, and given to svytotal.
# svyvar's n counts unanswered rows under na.rm, so an item with missing answers is given as a subset.
suppressMessages(library(survey))
options(digits = 17, survey.lonely.psu = "fail")
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
number <- function(v) { v <- as.vector(v); ifelse(is.na(v), "", trimws(formatC(v, digits = 17, format = "g"))) }
save_rows <- function(rows, name) {
  out <- file.path(here, name)
  cat(sprintf("# R %s, survey %s\n", getRversion(), packageVersion("survey")), file = out)
  suppressWarnings(write.table(do.call(rbind, rows), out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
}
people <- read.csv(file.path(here, "designs_data.csv"))
base <- people[people$kind == "base", ]
base$answered <- !is.na(base$v)
base$v[!base$answered] <- 0  # a calibrated design keeps rows outside the subset, at weight zero
base$q <- factor(base$q)
base$cell <- factor(paste(base$dom, base$sex, sep = "|"))
sexes <- data.frame(sex = c(1, 2), Freq = c(9000, 10000))

designs <- list(
  srs = svydesign(ids = ~1, weights = ~weight, data = base),
  strata_only = svydesign(ids = ~1, strata = ~stratum, weights = ~weight, data = base),
  one = svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = base, nest = TRUE),
  one_fpc = svydesign(ids = ~psu, strata = ~stratum, fpc = ~N1, weights = ~weight, data = base, nest = TRUE),
  two = svydesign(ids = ~psu + ssu, strata = ~stratum, fpc = ~N1 + N2, weights = ~weight, data = base, nest = TRUE),
  three = svydesign(ids = ~psu + ssu + tsu, strata = ~stratum + half, fpc = ~N1 + N2half + N3, weights = ~weight, data = base, nest = TRUE)
)
designs$post <- postStratify(designs$one, ~sex, sexes)
designs$greg <- calibrate(designs$one, ~x + factor(sex), c(`(Intercept)` = 19000, x = 210000, `factor(sex)2` = 10000))
designs$jkn <- as.svrepdesign(designs$one, type = "JKn")

# ------------------------------------------------------------------------------------------ statistics R survey lacks
gini <- function(y, w) sum(outer(w, w) * abs(outer(y, y, "-"))) / (2 * sum(w) * sum(w * y))
gini_z <- function(y, w) {
  N <- sum(w)
  Y <- sum(w * y)
  G <- gini(y, w)
  (colSums(w * abs(outer(y, y, "-"))) - G * (Y + N * y)) / (N * Y)
}
mad_mean <- function(y, w) weighted.mean(abs(y - weighted.mean(y, w)), w)
mad_mean_z <- function(y, w) {
  m <- weighted.mean(y, w)
  slope <- (sum(w[y < m]) - sum(w[y > m])) / sum(w)
  (abs(y - m) - mad_mean(y, w) + slope * (y - m)) / sum(w)
}
# sum w |y - m| is convex in m and bends at the y only, so its least value is at one of them
mad_median <- function(y, w) min(sapply(y, function(m) weighted.mean(abs(y - m), w)))
mad_median_z <- function(y, w) {
  m <- y[which.min(sapply(y, function(m) weighted.mean(abs(y - m), w)))]
  (abs(y - m) - mad_median(y, w)) / sum(w)
}
own <- list(gini = list(gini, gini_z), mean_absolute_deviation_mean = list(mad_mean, mad_mean_z),
            mean_absolute_deviation_median = list(mad_median, mad_median_z))
for (name in names(own)) for (variable in c("y", "x", "q")) {
  y <- as.numeric(base[[variable]])
  w <- base$weight
  f <- own[[name]][[1]]
  step <- 1e-4
  numeric <- sapply(seq_along(w), function(i) {
    up <- down <- w
    up[i] <- up[i] * (1 + step)
    down[i] <- down[i] * (1 - step)
    (f(y, up) - f(y, down)) / (2 * step * w[i])
  })
  z <- own[[name]][[2]](y, w)
  stopifnot(max(abs(numeric - z)) < 1e-6 * max(abs(z)))
}

# -------------------------------------------------------------------------------------------------- estimates and SEs
rows <- list()
put <- function(name, statistic, variable, category, domain, est, se, wr = NA, wor = NA) {
  rows[[length(rows) + 1]] <<- data.frame(design = name, statistic = statistic, variable = variable, category = category, domain = domain, estimate = number(est), se = number(se),
                                          deff_srswr = number(wr), deff_srswor = number(wor))
}
moments <- function(d) {  # variances and covariance of y and x: (yy, xy, yx, xx)
  v <- svyvar(~y + x, d)
  list(theta = as.vector(v), V = attr(v, "var"))
}
# replicates: R's svycontrast recomputes a smooth function in every replicate, so these statistics are recomputed, too
smooth <- list(
  sd = function(y, x, w) { k <- length(w) / (length(w) - 1); sqrt(k * weighted.mean((y - weighted.mean(y, w))^2, w)) },
  correlation = function(y, x, w) { e <- y - weighted.mean(y, w); f <- x - weighted.mean(x, w); sum(w * e * f) / sqrt(sum(w * e^2) * sum(w * f^2)) },
  geometric_mean = function(y, x, w) exp(weighted.mean(log(y), w)))
recomputed <- function(d, key, y, x = y) {
  est <- withReplicates(d, function(w, data) smooth[[key]](data[[y]], data[[x]], w))
  c(as.vector(est), sqrt(attr(est, "var")))
}
estimates <- function(name, d, domain) {
  for (variable in c("y", "x", "b", "v")) {
    f <- formula(paste0("~", variable))
    v <- svyvar(f, if (variable == "v") subset(d, answered) else d)
    theta <- as.vector(coef(v))
    se <- sqrt(as.vector(vcov(v)))
    put(name, "variance", variable, "", domain, theta, se)
    again <- if (name == "jkn") recomputed(if (variable == "v") subset(d, answered) else d, "sd", variable)
    put(name, "sd", variable, "", domain, sqrt(theta), if (name == "jkn") again[2] else se / (2 * sqrt(theta)))
  }
  m <- moments(d)
  put(name, "covariance", "y;x", "", domain, m$theta[2], sqrt(m$V[2, 2]))
  r <- m$theta[2] / sqrt(m$theta[1] * m$theta[4])
  g <- c(-r / (2 * m$theta[1]), 1 / sqrt(m$theta[1] * m$theta[4]), 0, -r / (2 * m$theta[4]))
  put(name, "correlation", "y;x", "", domain, r, if (name == "jkn") recomputed(d, "correlation", "y", "x")[2] else sqrt(t(g) %*% m$V %*% g))
  geo <- svycontrast(svymean(~log(x), d), quote(exp(`log(x)`)))
  put(name, "geometric_mean", "x", "", domain, coef(geo), if (name == "jkn") recomputed(d, "geometric_mean", "x")[2] else SE(geo))
  count <- svytotal(~q, d)
  effect <- function(how) if (name == "jkn") rep(NA, 4) else diag(attr(svytotal(~q, d, deff = how), "deff"))
  some <- as.vector(coef(count)) > 0
  put(name, "count", "q", 1:4, domain, coef(count), SE(count), ifelse(some, effect("replace"), NA), ifelse(some, effect(TRUE), NA))
  for (key in names(own)) for (variable in c("y", "x", "q")) {
    point <- own[[key]][[1]]
    if (name == "jkn") {
      theta <- withReplicates(d, function(w, data) point(as.numeric(data[[variable]]), w))
      put(name, key, variable, "", domain, as.vector(theta), sqrt(attr(theta, "var")))
    } else {
      w <- weights(d)
      inside <- w != 0
      y <- as.numeric(d$variables[[variable]])[inside]
      d$variables$z <- 0
      d$variables$z[inside] <- own[[key]][[2]](y, w[inside])
      put(name, key, variable, "", domain, point(y, w[inside]), SE(svytotal(~z, d)))
    }
  }
}
for (name in names(designs)) {
  d <- designs[[name]]
  estimates(name, d, "")
  for (group in c("a", "b", "c", "d")) estimates(name, subset(d, dom == group), group)
  for (group in c("a", "b", "c", "d")) {
    d <- designs[[name]]
    d <- update(d, part = x * (dom == group))
    s <- svyratio(~part, ~x, d)
    put(name, "share_of_total", "x", "", group, coef(s), SE(s))
  }
  cells <- svymean(~cell, designs[[name]])
  put(name, "share_of_people", "", "", sub("cell", "", names(coef(cells))), coef(cells), SE(cells))
}
# ------------------------------------------------------------------------------------------------------------ precision
# meff: the design's variance over that of equally weighted independent rows (Skinner 1989); deff_kish: n sum w^2 / (sum w)^2
for (name in setdiff(names(designs), "jkn")) for (group in c("", "a", "b", "c", "d")) {
  d <- designs[[name]]
  inside <- group == "" | base$dom == group
  w <- weights(d)[inside]
  if (group != "") d <- subset(d, dom == group)
  m <- svymean(~y, d, deff = "replace")
  put(name, "meff", "y", "", group, vcov(m) / (var(base$y[inside]) / sum(inside)), NA)
  put(name, "n_effective", "y", "", group, sum(inside) / deff(m), NA)
  put(name, "deff_kish", "y", "", group, sum(inside) * sum(w^2) / sum(w)^2, NA)
}
save_rows(rows, "moments_rows.csv")

# -------------------------------------------------------------------------------------------------------- covariances
rows <- list()
put_matrix <- function(name, what, labels, v) {
  for (i in seq_len(nrow(v))) for (j in seq_len(i)) {
    rows[[length(rows) + 1]] <<- data.frame(design = name, what = what, a = labels[i], b = labels[j], value = number(v[i, j]))
  }
}
for (name in setdiff(names(designs), "jkn")) {
  d <- designs[[name]]
  put_matrix(name, "moments", c("variance y", "covariance y;x", "variance x"), moments(d)$V[c(1, 2, 4), c(1, 2, 4)])
  put_matrix(name, "count", paste("count", 1:4), vcov(svytotal(~q, d)))
  parts <- update(d, pa = x * (dom == "a"), pb = x * (dom == "b"), pc = x * (dom == "c"), pd = x * (dom == "d"))
  put_matrix(name, "share", c("a", "b", "c", "d"), vcov(svyratio(~pa + pb + pc + pd, ~x, parts, covmat = TRUE)))
  put_matrix(name, "cells", levels(base$cell), vcov(svymean(~cell, d)))
  # the influence of a variance: n / (n - 1) ((y - ybar)^2 - v) / sum w in the domain; all domains in one svytotal
  z <- sapply(c("a", "b", "c", "d"), function(g) {
    inside <- base$dom == g
    w <- ifelse(inside, weights(d), 0)
    k <- sum(inside) / (sum(inside) - 1)
    e <- (base$y - weighted.mean(base$y, w))^2
    inside * k * (e - weighted.mean(e, w)) / sum(w)
  })
  colnames(z) <- c("za", "zb", "zc", "zd")
  d$variables <- cbind(d$variables, z)
  put_matrix(name, "variance by domain", c("a", "b", "c", "d"), vcov(svytotal(~za + zb + zc + zd, d)))
  z <- cbind(gini = gini_z(base$x, weights(d)), mad = mad_mean_z(base$y, weights(d)))
  d$variables <- cbind(d$variables, z)
  put_matrix(name, "inequality", c("gini x", "mad y"), vcov(svytotal(~gini + mad, d)))
}
put_matrix("jkn", "variance by domain", c("a", "b", "c", "d"), vcov(svyby(~y, ~dom, designs$jkn, svyvar, covmat = TRUE, return.replicates = TRUE)))
save_rows(rows, "moments_vcov.csv")
