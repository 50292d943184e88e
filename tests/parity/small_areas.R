# Fay-Herriot and Battese-Harter-Fuller models against R, by full matrices and lme4 (sae is not part of Debian, so its formulas are
# written out here from the papers). Writes
#   small_areas_regions.csv  20 made-up regions and 3 without a sample; `tight` is a case where the variance between areas is zero
#   small_areas.csv          case, method, quantity, index: value
# Reads small_areas_milk.csv, small_areas_corn.csv, small_areas_corn_means.csv (published data, see their first lines).
#   Rscript tests/parity/small_areas.R
suppressMessages(library(lme4))
options(digits = 17)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
rows <- list()
put <- function(case, method, quantity, value) {
  rows[[length(rows) + 1]] <<- data.frame(case, method, quantity, index = seq_along(value), value = formatC(value, digits = 17, format = "g"))
}
exact <- .Machine$double.eps
save_rows <- function(table, name) {  # the version of survey is that of the machine; only lme4 is used here
  out <- file.path(here, name)
  cat(sprintf("# R %s, survey %s, lme4 %s\n", getRversion(), packageVersion("survey"), packageVersion("lme4")), file = out)
  suppressWarnings(write.table(table, out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE, na = ""))
}
read_rows <- function(what) read.csv(file.path(here, paste0("small_areas_", what, ".csv")), comment.char = "#")

# ------------------------------------------------------------------------------------------------------------ Fay-Herriot
slopes <- function(A, y, D, X) {
  V <- diag(A + D); W <- solve(V); P <- W - W %*% X %*% solve(t(X) %*% W %*% X, t(X) %*% W)
  list(reml = -0.5 * sum(diag(P)) + 0.5 * c(t(y) %*% P %*% P %*% y), ml = -0.5 * sum(diag(W)) + 0.5 * c(t(y) %*% P %*% P %*% y),
       fh = c(t(y) %*% P %*% y) - (length(y) - ncol(X)))
}
adjusted_slope <- function(A, y, D, X) {  # d/dA log (arctan sum A / (A + D))^(1/m), by hand
  s <- sum(A / (A + D)); slopes(A, y, D, X)$reml + sum(D / (A + D)^2) / ((1 + s^2) * atan(s)) / length(y)
}
solved <- function(f, top) if (f(0) <= 0) 0 else uniroot(f, c(0, top), tol = exact)$root
between <- function(method, y, D, X) {
  top <- 100 * var(y)
  switch(method,
    reml = solved(function(a) slopes(a, y, D, X)$reml, top), ml = solved(function(a) slopes(a, y, D, X)$ml, top),
    fh = solved(function(a) slopes(a, y, D, X)$fh, top),
    adjusted = uniroot(function(a) adjusted_slope(a, y, D, X), c(1e-9 * mean(D), top), tol = exact)$root,
    li_lahiri = uniroot(function(a) slopes(a, y, D, X)$reml + 1 / a, c(1e-9 * mean(D), top), tol = exact)$root,
    prasad_rao = { H <- X %*% solve(t(X) %*% X, t(X)); r <- y - H %*% y
      max(0, (sum(r^2) - sum(D * (1 - diag(H)))) / (length(y) - ncol(X))) })
}
fay_herriot <- function(case, method, y, D, X) {
  s <- !is.na(y); ys <- y[s]; Ds <- D[s]; Xs <- X[s, , drop = FALSE]; m <- sum(s)
  A <- between(method, ys, Ds, Xs)
  V <- diag(A + Ds); W <- solve(V); C <- solve(t(Xs) %*% W %*% Xs); b <- C %*% t(Xs) %*% W %*% ys
  w <- 1 / (A + Ds)
  spread <- switch(method, fh = 2 * m / sum(w)^2, prasad_rao = 2 * sum((A + Ds)^2) / m^2, 2 / sum(w^2))
  bias <- switch(method, ml = -sum(diag(C %*% t(Xs) %*% W %*% W %*% Xs)) / sum(w^2),
                 fh = 2 * (m * sum(w^2) - sum(w)^2) / sum(w)^3, li_lahiri = 2 / (A * sum(w^2)), 0)
  estimate <- c(X %*% b); mse <- A + diag(X %*% C %*% t(X)) - bias
  g <- A / (A + Ds)
  estimate[s] <- g * ys + (1 - g) * c(Xs %*% b)
  d <- (1 - g) * Xs
  mse[s] <- A * Ds / (A + Ds) + diag(d %*% C %*% t(d)) + 2 * Ds^2 / (A + Ds)^3 * spread - bias * (1 - g)^2
  put(case, method, "A", A); put(case, method, "beta", c(b)); put(case, method, "beta_se", sqrt(diag(C)))
  put(case, method, "estimate", estimate); put(case, method, "mse", mse)
  put(case, method, "log_likelihood", sum(dnorm(ys, c(Xs %*% b), sqrt(A + Ds), log = TRUE)))
}
methods <- c("reml", "ml", "fh", "prasad_rao", "adjusted", "li_lahiri")
milk <- read_rows("milk")
X <- model.matrix(~factor(major), milk)
for (m in methods) fay_herriot("milk", m, milk$y, milk$sd^2, X)

set.seed(20260901)
regions <- data.frame(region = sprintf("r%02d", 1:23), poverty = round(runif(23, 5, 45), 1), coast = sample(c("no", "yes"), 23, TRUE))
regions$n <- round(exp(runif(23, 3, 6.5)))
regions$v <- round(0.25 * runif(23, 1.1, 2.4) / regions$n, 7)
centre <- 0.62 - 0.006 * regions$poverty + 0.05 * (regions$coast == "yes")
regions$y <- round(centre + rnorm(23, sd = 0.04) + rnorm(23, sd = sqrt(regions$v)), 5)
regions$tight <- round(centre + rnorm(23, sd = 0.3 * sqrt(regions$v)), 5)
regions[c(4, 11, 19), c("y", "tight", "v")] <- NA
save_rows(regions, "small_areas_regions.csv")
regions <- read_rows("regions")
X <- model.matrix(~poverty + coast, regions)
for (m in methods) fay_herriot("regions", m, regions$y, regions$v, X)
for (m in methods) fay_herriot("tight", m, regions$tight, regions$v, X)

# a generalised variance function, and the model with what it gives
smooth <- lm(log(v) ~ log(n), regions)
fitted <- exp(predict(smooth, regions)); fitted <- fitted * sum(regions$v, na.rm = TRUE) / sum(fitted[!is.na(regions$v)])
put("gvf", "log_variance", "coefficient", coef(smooth)); put("gvf", "log_variance", "smoothed", fitted)
put("gvf", "log_variance", "sigma", summary(smooth)$sigma); put("gvf", "log_variance", "r2", summary(smooth)$r.squared)
fay_herriot("smoothed", "reml", regions$y, ifelse(is.na(regions$v), NA, fitted), X)

# the arcsine scale; the way back by numerical integration of sin^2 over the normal distribution
p <- regions$y; as <- asin(sqrt(p)); va <- regions$v / (4 * p * (1 - p))
fay_herriot("arcsine", "reml", as, va, X)
last <- do.call(rbind, rows); of <- function(q) as.numeric(last$value[last$case == "arcsine" & last$quantity == q])
A <- of("A"); theta <- of("estimate"); g1 <- ifelse(is.na(va), A, A * va / (A + va)); mse <- of("mse")
moment <- function(k) mapply(function(t, s) integrate(function(u) sin(u)^k * dnorm(u, t, s), t - 9 * s, t + 9 * s, rel.tol = 1e-13)$value, theta, sqrt(g1))
put("arcsine", "reml", "share", moment(2))
put("arcsine", "reml", "share_mse", moment(4) - moment(2)^2 + sin(2 * theta)^2 * (mse - g1))

# -------------------------------------------------------------------------------------------------- Battese-Harter-Fuller
corn <- read_rows("corn")
counties <- read_rows("corn_means")
outlier <- with(corn, which(county == 12 & soy < 30))
bhf <- function(case, outcome, data, reml, sizes) {
  method <- if (reml) "reml" else "ml"
  fit <- lmer(as.formula(paste(outcome, "~ corn_pixels + soy_pixels + (1 | county)")), data, REML = reml,
              control = lmerControl(optimizer = "nloptwrap", optCtrl = list(xtol_abs = 1e-14, ftol_abs = 0, xtol_rel = 1e-14, ftol_rel = 0, maxeval = 5000)))
  X <- model.matrix(~corn_pixels + soy_pixels, data); Z <- model.matrix(~factor(county) - 1, data); y <- data[[outcome]]
  n <- length(y); p <- ncol(X); ZZ <- Z %*% t(Z); tr <- function(M) sum(diag(M))
  # lme4 stops at about 1e-8 of its optimum: the root of the slope in the variance ratio, by full matrices, is exact
  slope <- function(L) {
    W <- solve(diag(n) + L * ZZ); P <- W - W %*% X %*% solve(t(X) %*% W %*% X, t(X) %*% W)
    c(t(y) %*% P %*% ZZ %*% P %*% y) / c(t(y) %*% P %*% y) * (n - if (reml) p else 0) - tr((if (reml) P else W) %*% ZZ)
  }
  L <- uniroot(slope, getME(fit, "theta")^2 * c(0.9, 1.1), tol = exact)$root
  V0 <- diag(n) + L * ZZ; W0 <- solve(V0)
  b <- solve(t(X) %*% W0 %*% X, t(X) %*% W0 %*% y); r <- y - X %*% b
  e2 <- c(t(r) %*% W0 %*% r) / (n - if (reml) p else 0); v2 <- L * e2
  put(case, method, "lme4", c(as.data.frame(VarCorr(fit))$vcov, fixef(fit)))
  W <- W0 / e2; C <- solve(t(X) %*% W %*% X)
  info <- 0.5 * matrix(c(tr(W %*% ZZ %*% W %*% ZZ), tr(W %*% ZZ %*% W), tr(W %*% ZZ %*% W), tr(W %*% W)), 2)
  S <- solve(info)
  bias <- if (reml) c(0, 0) else 0.5 * c(S %*% c(tr(-C %*% t(X) %*% W %*% ZZ %*% W %*% X), tr(-C %*% t(X) %*% W %*% W %*% X)))
  ni <- c(table(data$county)); xbar <- apply(X, 2, function(c) tapply(c, data$county, mean)); ybar <- tapply(y, data$county, mean)
  Xbar <- cbind(1, as.matrix(counties[, c("corn_pixels", "soy_pixels")])); N <- if (is.null(sizes)) rep(Inf, length(ni)) else sizes
  f <- ni / N; g <- v2 / (v2 + e2 / ni); ybar <- c(ybar); effect <- c(g * (ybar - c(xbar %*% b)))
  put(case, method, "variances", c(v2, e2)); put(case, method, "beta", c(b)); put(case, method, "beta_se", sqrt(diag(C))); put(case, method, "effect", effect)
  put(case, method, "estimate", c(f * ybar + (Xbar - f * xbar) %*% b + (1 - f) * effect))
  Xr <- if (is.null(sizes)) Xbar else (N * Xbar - ni * xbar) / (N - ni)
  d <- Xr - g * xbar; a <- e2 + ni * v2
  h <- e2^2 * S[1, 1] + v2^2 * S[2, 2] - 2 * e2 * v2 * S[1, 2]
  g1 <- (1 - g) * v2; g2 <- diag(d %*% C %*% t(d)); g3 <- ni * h / a^3  # = ni^-2 (v2 + e2 / ni)^-3 h
  mse <- (1 - f)^2 * (g1 + g2 + 2 * g3 - bias[1] * (1 - g)^2 - bias[2] * ni * (v2 / a)^2) + ifelse(is.finite(N), (N - ni) * e2 / N^2, 0)
  put(case, method, "mse", mse)
  put(case, method, "log_likelihood", -0.5 * (n * log(2 * pi) + c(determinant(V0 * e2)$modulus) + c(t(r) %*% W %*% r)))
}
for (reml in c(TRUE, FALSE)) {
  bhf("corn", "corn", corn[-outlier, ], reml, NULL); bhf("soy", "soy", corn[-outlier, ], reml, NULL)
  bhf("corn_finite", "corn", corn[-outlier, ], reml, counties$segments)
  bhf("corn_all", "corn", corn, reml, counties$segments)
}
# fitting of constants, from two anova tables
constants <- function(case, outcome, data) {
  X <- model.matrix(~corn_pixels + soy_pixels, data); Z <- model.matrix(~factor(county) - 1, data)
  without <- lm(data[[outcome]] ~ X - 1); with <- lm(data[[outcome]] ~ X + Z - 1)
  e2 <- deviance(with) / df.residual(with); R <- diag(nrow(X)) - X %*% solve(t(X) %*% X, t(X))
  put(case, "constants", "variances", c((deviance(without) - df.residual(without) * e2) / sum(diag(t(Z) %*% R %*% Z)), e2))
  put(case, "constants", "area_effects", anova(without, with)$F[2])
}
constants("corn", "corn", corn[-outlier, ]); constants("soy", "soy", corn[-outlier, ])

save_rows(do.call(rbind, rows), "small_areas.csv")
