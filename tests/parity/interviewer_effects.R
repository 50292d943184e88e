# Interviewer effects: components by fitting constants written out with whole matrices, sums of squares of lm, REML of lme4 where designs are even.
suppressPackageStartupMessages({library(lme4); library(MASS)})
set.seed(20261123)
here <- if (length(arg <- grep("^--file=", commandArgs(), value = TRUE))) dirname(sub("^--file=", "", arg[1])) else "."
head_line <- sprintf("# R %s.%s, lme4 %s, MASS %s", R.version$major, R.version$minor, packageVersion("lme4"), packageVersion("MASS"))
save_csv <- function(frame, name) {
  con <- file(file.path(here, name), "w")
  writeLines(head_line, con)
  write.csv(format(frame, digits = 17), con, row.names = FALSE, quote = FALSE)
  close(con)
}

# uneven: 30 areas, two or three of 12 interviewers in each, unequal workloads; an item of few missing answers; even: 10 x 8 crossed, 4 each
areas <- 30
pairs <- do.call(rbind, lapply(1:areas, function(b) data.frame(b = b, a = sample(12, sample(2:3, 1)))))
uneven <- pairs[rep(seq_len(nrow(pairs)), times = sample(1:7, nrow(pairs), replace = TRUE)), ]
uneven$y <- 0.5 * rnorm(12)[uneven$a] + 0.7 * rnorm(areas)[uneven$b] + rnorm(nrow(uneven))
uneven$yes <- as.numeric(runif(nrow(uneven)) < plogis(rnorm(12)[uneven$a]))
even <- expand.grid(k = 1:4, a = 1:8, b = 1:10)
even$y <- rnorm(8)[even$a] + rnorm(10)[even$b] + rnorm(nrow(even))
even$yes <- as.numeric(runif(nrow(even)) < plogis(2 * rnorm(8)[even$a] + rnorm(10)[even$b]))
nested <- data.frame(b = 1, a = sample(15, 200, replace = TRUE))
nested$y <- 0.6 * rnorm(15)[nested$a] + rnorm(200)
nested$yes <- as.numeric(nested$y > 0.3)
parts <- list(uneven = uneven[, c("a", "b", "y", "yes")], even = even[, c("a", "b", "y", "yes")], nested = nested[, c("a", "b", "y", "yes")])
save_csv(do.call(rbind, Map(function(x, n) cbind(design = n, x), parts, names(parts))), "interviewer_effects_data.csv")

henderson <- function(d, y) {
  A <- model.matrix(~ 0 + factor(a), d)
  B <- if (length(unique(d$b)) > 1) model.matrix(~ 0 + factor(b), d) else matrix(1, nrow(d))
  P <- function(X) X %*% ginv(crossprod(X)) %*% t(X)
  PB <- P(B); PA <- P(A); PAB <- P(cbind(A, B)); n <- nrow(d)
  rank <- function(X) qr(X)$rank
  se2 <- sum(y * ((diag(n) - PAB) %*% y)) / (n - rank(cbind(A, B)))
  ra <- rank(cbind(A, B)) - rank(B); rb <- rank(cbind(A, B)) - rank(A)
  sa2 <- (sum(y * ((PAB - PB) %*% y)) - ra * se2) / sum(diag(t(A) %*% (diag(n) - PB) %*% A))
  tb <- sum(diag(t(B) %*% (diag(n) - PA) %*% B))
  sb2 <- if (ncol(B) > 1) (sum(y * ((PAB - PA) %*% y)) - rb * se2) / tb else 0
  F <- sum(y * ((PAB - PB) %*% y)) / ra / se2
  df <- n - rank(cbind(A, B))
  # Wald: the contrasts of interviewers beside areas have variance (I + lambda K'AA'K) with K orthonormal in the space of PAB - PB
  e <- eigen(PAB - PB, symmetric = TRUE); K <- e$vectors[, e$values > 0.5]
  G <- crossprod(t(A) %*% K); k <- crossprod(K, y)
  H <- function(l) drop(t(k) %*% solve(diag(ra) + l * G, k)) / ra / se2
  lim <- function(q) if (H(0) <= q) 0 else uniroot(function(l) H(l) - q, c(0, 1e4), tol = 1e-14)$root
  low <- lim(qf(0.975, ra, df)); high <- lim(qf(0.025, ra, df)); beside <- 1 + max(sb2, 0) / se2
  whole <- se2 + max(sa2, 0) + max(sb2, 0)
  c(residual = se2, interviewer = sa2, area = sb2, rho = sa2 / whole, f = F, df = ra, df_residual = df, p = pf(F, ra, df, lower.tail = FALSE),
    low = low / (low + beside), high = high / (high + beside))
}
rows <- list()
keep <- function(design, item, method, values) {
  rows[[length(rows) + 1]] <<- data.frame(design = design, item = item, method = method, quantity = names(values), value = unname(values))
}
for (name in names(parts)) for (item in c("y", "yes")) {
  d <- parts[[name]]
  keep(name, item, "constants", henderson(d, d[[item]]))
  d$z <- d[[item]]
  fit <- if (name == "nested") anova(lm(z ~ factor(a), d)) else anova(lm(z ~ factor(b) + factor(a), d))
  keep(name, item, "lm", c(residual = fit["Residuals", "Mean Sq"], f = fit["factor(a)", "F value"], p = fit["factor(a)", "Pr(>F)"],
                           df = fit["factor(a)", "Df"], df_residual = fit["Residuals", "Df"]))
}
for (item in c("y", "yes")) {
  even$z <- even[[item]]
  fit <- lmer(z ~ 1 + (1 | a) + (1 | b), even, control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10)))
  v <- as.data.frame(VarCorr(fit)); v <- setNames(v$vcov, v$grp)
  keep("even", item, "lme4", c(residual = v[["Residual"]], interviewer = v[["a"]], area = v[["b"]]))
}
save_csv(do.call(rbind, rows), "interviewer_effects_rows.csv")
