# R-indicators and balance against R. Writes
#   representativity_data.csv  the made-up sample of cases (also read by the tests)
#   representativity_rows.csv  case, what, which (variable or category), value
#   Rscript tests/parity/representativity.R
# No package of R makes them; they are written out here on glm and svyglm (propensities, covariance of coefficients) and svytotal, svyratio
# (design variances), after Shlomo, Skinner & Schouten (2012), Schouten, Shlomo & Skinner (2011) and Sarndal (2011).
suppressMessages(library(survey))
options(digits = 17, survey.lonely.psu = "fail")
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(20260402)
number <- function(v) trimws(formatC(v, digits = 17, format = "g"))
save_csv <- function(table, name) {
  out <- file.path(here, name)
  cat(sprintf("# R %s, survey %s\n", getRversion(), packageVersion("survey")), file = out)
  suppressWarnings(write.table(table, out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
}
n <- 600
cases <- data.frame(psu = rep(1:60, each = 10), h = rep(1:6, each = 100))
cases$w <- round(exp(rnorm(n, 1, 0.4)), 3)
cases$town <- sample(c("big", "small", "village"), n, TRUE)
cases$age <- sample(c("o", "y"), n, TRUE)
cases$home <- sample(c("flat", "house"), n, TRUE)
cases$here <- as.integer(runif(n) < plogis(-0.3 + 0.5 * (cases$town == "village") - 0.6 * (cases$town == "big") + 0.4 * (cases$age == "o")
                                          + rnorm(60, 0, 0.3)[cases$psu]))
save_csv(cases, "representativity_data.csv")
variables <- c("town", "age", "home")
rows <- list()
keep <- function(case, what, which, value) rows[[length(rows) + 1]] <<- data.frame(case = case, what = what, which = which, value = number(value))

indicators <- function(case, w, design, clustered, variables) {
  formula <- reformulate(variables, "here")
  N <- sum(w)
  total_variance <- function(v) { d <- update(design, v_ = v); as.vector(vcov(svytotal(~v_, d))) }
  if (clustered) {
    # quasibinomial: fractional weights; svyglm gives the design's covariance of the coefficients
    model <- svyglm(formula, design, family = quasibinomial(), epsilon = 1e-14, maxit = 100)
    sigma <- vcov(model); attributes(sigma)[setdiff(names(attributes(sigma)), "dim")] <- NULL
    p <- as.vector(predict(model, newdata = cases, type = "response"))
  } else {
    scaled <- w / mean(w)  # not w: glm would take the column of that name
    model <- suppressWarnings(glm(formula, binomial(), cases, weights = scaled, epsilon = 1e-14, maxit = 100))
    sigma <- vcov(model); p <- as.vector(fitted(model))
  }
  x <- model.matrix(formula, cases)
  z <- p * (1 - p) * x
  mean_p <- sum(w * p) / N
  s2 <- sum(w * (p - mean_p)^2) / (N - 1)
  s2_N <- sum(w * (p - mean_p)^2) / N
  bias <- (sum(w * rowSums((z %*% sigma) * z)) - total_variance(p) / N) / N
  kept <- max(0, 1 - bias / s2)
  zc <- sweep(z, 2, colSums(w * z) / N)
  A <- colSums(w * zc * (p - mean_p)) / N
  B <- t(zc) %*% (w * zc) / N
  BS <- B %*% sigma
  variance <- drop(4 * t(A) %*% sigma %*% A) + 2 * sum(diag(BS %*% BS)) + total_variance((p - mean_p)^2) / N^2
  list(N = N, x = x, z = z, p = p, mean = mean_p, s2 = s2, kept = kept, r_variance = variance / s2_N, sigma = sigma,
       total_variance = total_variance)
}

run <- function(case, w, design, clustered) {
  m <- indicators(case, w, design, clustered, variables)
  cv <- sqrt(m$s2 * m$kept) / m$mean
  keep(case, "r", "", 1 - 2 * sqrt(m$s2 * m$kept)); keep(case, "r_unadjusted", "", 1 - 2 * sqrt(m$s2)); keep(case, "r_se", "", sqrt(m$r_variance))
  keep(case, "cv", "", cv); keep(case, "cv_unadjusted", "", sqrt(m$s2) / m$mean)
  keep(case, "cv_se", "", sqrt(0.25 * m$r_variance / m$mean^2 + cv^4 / n))
  r <- cases$here
  P <- sum(w * r) / m$N
  D <- colSums(w * r * m$x) / sum(w * r) - colSums(w * m$x) / m$N
  Q <- drop(t(D) %*% solve(t(m$x) %*% (w * m$x) / m$N) %*% D)
  apart <- colSums(w * r * m$x) / sum(w * r) - colSums(w * (1 - r) * m$x) / sum(w * (1 - r))
  keep(case, "imbalance", "", P^2 * Q); keep(case, "balance", "", 1 - sqrt(Q / (1 / P - 1)))
  keep(case, "distance", "", sqrt(drop(t(apart) %*% solve(t(m$x) %*% (w * m$x) / m$N) %*% apart)))
  for (v in variables) {
    level <- cases[[v]]
    keep(case, "variable_se", v, 0.5 * sqrt(indicators(case, w, design, clustered, v)$r_variance))
    by_level <- tapply(w * m$p, level, sum) / tapply(w, level, sum)
    f <- tapply(w, level, sum) / m$N
    keep(case, "unconditional_unadjusted", v, sqrt(sum(f * (by_level - m$mean)^2)))
    keep(case, "unconditional_variable", v, sqrt(m$kept * sum(f * (by_level - m$mean)^2)))
    others <- do.call(paste, cases[setdiff(variables, v)])
    delta <- as.vector(m$p - (tapply(w * m$p, others, sum) / tapply(w, others, sum))[others])
    zd <- apply(m$z, 2, function(c) as.vector(c - (tapply(w * c, others, sum) / tapply(w, others, sum))[others]))
    keep(case, "conditional_unadjusted", v, sqrt(sum(w * delta^2) / m$N))
    for (k in names(f)) {
      which <- paste0(v, "=", k); one <- as.numeric(level == k)
      keep(case, "unconditional", which, sqrt(f[k]) * (by_level[k] - m$mean))
      # sqrt(f) (m_h - m) = T_hr / sqrt(T_h T) - T_r sqrt(T_h) / T^1.5, by the delta method on four totals
      d <- update(design, a = one * r, b = one, c = r, d = 1)
      V <- vcov(svytotal(~a + b + c + d, d)); t <- c(sum(w * one * r), sum(w * one), sum(w * r), m$N)
      g <- c(1 / sqrt(t[2] * t[4]), -0.5 * t[1] / sqrt(t[4]) / t[2]^1.5 - 0.5 * t[3] / (t[4]^1.5 * sqrt(t[2])),
             -sqrt(t[2]) / t[4]^1.5, -0.5 * t[1] / sqrt(t[2]) / t[4]^1.5 + 1.5 * t[3] * sqrt(t[2]) / t[4]^2.5)
      keep(case, "unconditional_se", which, sqrt(drop(t(g) %*% V %*% g)))
      spread <- sum(w * one * delta^2)
      A <- colSums(w * one * delta * zd); BS <- t(zd) %*% (w * one * zd) %*% m$sigma
      var_T <- drop(4 * t(A) %*% m$sigma %*% A) + 2 * sum(diag(BS %*% BS)) + m$total_variance(one * delta^2)
      keep(case, "conditional", which, sqrt(spread / m$N))
      keep(case, "conditional_se", which, 0.5 * sqrt(var_T / (m$N * spread)))
    }
  }
}
one <- rep(1, n)
run("equal", one, svydesign(ids = ~1, weights = one, data = cases), FALSE)
run("weighted", cases$w, svydesign(ids = ~1, weights = ~w, data = cases), FALSE)
run("clustered", cases$w, svydesign(ids = ~psu, strata = ~h, weights = ~w, data = cases), TRUE)
save_csv(do.call(rbind, rows), "representativity_rows.csv")
