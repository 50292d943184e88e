# Reliability, item analysis and agreement of raters against R psych, survey and lavaan. Writes
#   scales_data.csv      made-up answers to ordered items in a stratified, clustered sample, with missing answers
#   scales_rows.csv      source, statistic, items, item: value (and se)
#   scales_polychoric.csv  polychoric correlations of psych (correct = 0) and lavaan
#   scales_ratings_data.csv   made-up ratings; scales_icc.csv their intraclass correlations with limits
# Weighted rows: alpha by svycralpha; standard errors by withReplicates on a JKn jackknife with the coefficient written out
# here; alpha without an item, item-rest correlations and omega from the covariance matrix of svyvar.
# psych and lavaan fit to their own tolerance (about 1e-6 and 1e-8), which the test says.
#   Rscript tests/parity/scales.R
suppressMessages({library(survey); library(psych); library(lavaan)})
options(digits = 17, mc.cores = 1)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(20260612)
versions <- sprintf("# R %s, survey %s, psych %s, lavaan %s", getRversion(), packageVersion("survey"), packageVersion("psych"), packageVersion("lavaan"))
number <- function(v) ifelse(is.na(v), "", trimws(formatC(as.vector(v), digits = 17, format = "g")))
save_rows <- function(frame, name) {
  out <- file.path(here, name)
  cat(versions, "\n", sep = "", file = out)
  suppressWarnings(write.table(frame, out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
}

# ------------------------------------------------------------------------------------------------------ the made-up sample
plan <- data.frame(stratum = 1:4, psus = c(3, 4, 2, 5))
rows <- list()
for (s in plan$stratum) for (p in seq_len(plan$psus[s])) {
  n <- sample(15:45, 1)
  rows[[length(rows) + 1]] <- data.frame(stratum = s, psu = p, trait = rnorm(1, sd = 0.4) + rnorm(n), weight = round(runif(n, 0.3, 4) * s, 4))
}
people <- do.call(rbind, rows)
n <- nrow(people)
points <- c(5, 5, 4, 5, 3)
for (j in 1:5) {
  sign <- if (j == 4) -1 else 1
  answer <- sign * (0.5 + 0.12 * j) * people$trait + rnorm(n, sd = 0.9) + 0.25 * j - 0.4
  people[[paste0("q", j)]] <- pmin(points[j], pmax(1, round(answer * 1.1 + (points[j] + 1) / 2)))
}
for (j in 1:5) people[[paste0("m", j)]] <- ifelse(runif(n) < 0.07, NA, people[[paste0("q", j)]])
people$dom <- sample(c("a", "b"), n, TRUE)
people$trait <- NULL
write.csv(people, file.path(here, "scales_data.csv"), row.names = FALSE, quote = FALSE, na = "")
people <- read.csv(file.path(here, "scales_data.csv"))

Q <- paste0("q", 1:5)
M <- paste0("m", 1:5)
out <- list()
put <- function(source, statistic, items, item, value, se = NA)
  out[[length(out) + 1]] <<- data.frame(source = source, statistic = statistic, items = items, item = item, value = number(value), se = number(se))

# -------------------------------------------------------------------------------------------------------- psych, unweighted
for (set in c("q", "m")) {
  a <- suppressWarnings(psych::alpha(people[paste0(set, 1:5)], keys = paste0(set, 4), check.keys = FALSE, n.iter = 1, use = "pairwise"))
  put("psych", "alpha", set, "", a$total$raw_alpha)
  put("psych", "standardized_alpha", set, "", a$total$std.alpha)
  put("psych", "mean_correlation", set, "", a$total$average_r)
  for (j in 1:5) {
    put("psych", "alpha_without", set, paste0(set, j), a$alpha.drop$raw_alpha[j])
    put("psych", "standardized_alpha_without", set, paste0(set, j), a$alpha.drop$std.alpha[j])
    if (set == "q") put("psych", "item_rest", set, paste0(set, j), a$item.stats$r.drop[j])
    put("psych", "mean", set, paste0(set, j), a$item.stats$mean[j])
    put("psych", "sd", set, paste0(set, j), a$item.stats$sd[j])
  }
}

# ------------------------------------------------------------------------------------------------------- weighted, by hand
alpha_of <- function(S) { k <- ncol(S); k / (k - 1) * (1 - sum(diag(S)) / sum(S)) }
rest_of <- function(S, j) { r <- setdiff(seq_len(ncol(S)), j); sum(S[j, r]) / sqrt(S[j, j] * sum(S[r, r])) }
omega_of <- function(S) {
  f <- factanal(covmat = cov2cor(S), factors = 1, control = list(opt = list(factr = 10, pgtol = 0, maxit = 10000)), n.obs = 1000)
  d <- sqrt(diag(S))
  l <- sum(f$loadings[, 1] * d)
  l^2 / (l^2 + sum(f$uniquenesses * diag(S)))
}
weighted_cov <- function(w, data) cov.wt(as.matrix(data), w / sum(w), method = "ML")$cov
turned <- people
for (set in c("q", "m")) turned[[paste0(set, 4)]] <- 6 - turned[[paste0(set, 4)]]
design <- svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = turned, nest = TRUE)
jkn <- as.svrepdesign(design, type = "JKn")
complete <- complete.cases(turned[M])
for (set in c("q", "m")) for (domain in c("", "a")) {
  names <- paste0(set, 1:5)
  keep <- (domain == "" | turned$dom == domain) & complete.cases(turned[names])
  label <- paste0(set, domain)
  part <- subset(design, keep)
  put("survey", "alpha", label, "", svycralpha(as.formula(paste("~", paste(names, collapse = "+"))), part))
  functions <- list(alpha = alpha_of, standardized_alpha = function(S) alpha_of(cov2cor(S)), omega = omega_of)
  for (name in names(functions)) {
    f <- functions[[name]]
    r <- withReplicates(jkn, function(w, data) f(weighted_cov(w[keep], data[keep, names])))
    put("jkn", name, label, "", r[1], SE(r)[1])
  }
  for (j in 1:5) {
    r <- withReplicates(jkn, function(w, data) rest_of(weighted_cov(w[keep], data[keep, names]), j))
    put("jkn", "item_rest", label, names[j], r[1], SE(r)[1])
    r <- withReplicates(jkn, function(w, data) alpha_of(weighted_cov(w[keep], data[keep, names])[-j, -j]))
    put("jkn", "alpha_without", label, names[j], r[1], SE(r)[1])
  }
}

# ----------------------------------------------------------------------------------------------------------- omega, lavaan
model <- paste("f =~ NA*", paste(Q, collapse = "+"), "\n f ~~ 1*f")
for (estimator in c("ML", "ULS")) {
  fit <- cfa(model, data = turned, estimator = estimator)
  e <- lavInspect(fit, "est")
  put("lavaan", paste0("omega_", tolower(estimator)), "q", "", sum(e$lambda)^2 / (sum(e$lambda)^2 + sum(diag(e$theta))))
}

# -------------------------------------------------------------------------------------------------- polychoric correlations
P <- polychoric(turned[Q], correct = 0, smooth = FALSE, progress = FALSE)$rho
L <- lavCor(turned[Q], ordered = Q)
pairs <- t(combn(5, 2))
save_rows(data.frame(a = Q[pairs[, 1]], b = Q[pairs[, 2]], psych = number(P[pairs]), lavaan = number(L[pairs])), "scales_polychoric.csv")
put("psych", "ordinal_alpha", "q", "", alpha_of(P))
put("lavaan", "ordinal_alpha", "q", "", alpha_of(unclass(L)))
fit <- fa(unclass(L), 1, fm = "minres")
l <- fit$loadings[, 1]
put("psych", "ordinal_omega", "q", "", sum(l)^2 / (sum(l)^2 + sum(1 - l^2)))
W <- polychoric(turned[Q], correct = 0, smooth = FALSE, progress = FALSE, weight = turned$weight)$rho
put("psych_weighted", "ordinal_alpha", "q", "", alpha_of(W))
save_rows(do.call(rbind, out), "scales_rows.csv")

# --------------------------------------------------------------------------------------------------------------- ratings
units <- 17
truth <- rnorm(units, sd = 1.5)
ratings <- as.data.frame(sapply(1:4, function(j) pmin(10, pmax(1, round(5 + truth + 0.6 * j + rnorm(units))))))
names(ratings) <- c("ann", "ben", "eva", "ida")
write.csv(ratings, file.path(here, "scales_ratings_data.csv"), row.names = FALSE, quote = FALSE)
I <- ICC(ratings, lmer = FALSE)$results
form <- c("ICC(1)", "ICC(A,1)", "ICC(C,1)", "ICC(k)", "ICC(A,k)", "ICC(C,k)")
save_rows(data.frame(form = gsub(",", ";", form), icc = number(I$ICC), low = number(I[["lower bound"]]), high = number(I[["upper bound"]])), "scales_icc.csv")
