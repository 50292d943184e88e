# Tests and measures of association on a made-up sample against R survey. Writes
#   hypothesis_data.csv      the made-up sample (also read by the tests)
#   hypothesis_tests.csv     case, design, domain, test: statistic df1 df2 p
#   hypothesis_measures.csv  case, design, measure: estimate and standard error
#   hypothesis_tables.csv    published examples as figures: cell shares, covariance, n, df and the test
#   Rscript tests/parity/hypothesis.R
# R's lincom needs a package that was not at hand, so `lincom` is Imhof's integral written out below; R's saddlepoint cuts the denominator's
# degrees of freedom to a whole number (checked below), so `saddlepoint` is Kuonen's formula with all of them. On replicate designs R keeps
# the degrees of freedom of the whole design in a domain, and takes rank scores for a total instead of computing the means anew.
suppressMessages(library(survey))
options(digits = 17, survey.lonely.psu = "fail", warn = -1)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(20240923)
number <- function(v) { v <- as.vector(v); ifelse(is.na(v), "", trimws(formatC(v, digits = 17, format = "g"))) }
save_rows <- function(rows, name) {
  out <- file.path(here, name)
  cat(sprintf("# R %s, survey %s\n", getRversion(), packageVersion("survey")), file = out)
  suppressWarnings(write.table(rows, out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE, na = ""))
}

# ------------------------------------------------------------------------------------------------- the made-up sample
plan <- data.frame(stratum = 1:6, n1 = c(3, 5, 4, 6, 2, 5), N1 = c(12, 30, 9, 40, 8, 25))
people <- list()
for (s in plan$stratum) for (p in seq_len(plan$n1[s])) {
  size <- sample(5:26, 1)
  effect <- rnorm(1)
  N2 <- size + sample(10:60, 1)
  people[[length(people) + 1]] <- data.frame(stratum = s, psu = 100 * s + p, N1 = plan$N1[s], N2 = N2, effect = effect,
    weight = round(plan$N1[s] / plan$n1[s] * N2 / size * runif(size, 0.5, 2), 3))
}
people <- do.call(rbind, people)
n <- nrow(people)
people$a <- 1 + rbinom(n, 2, plogis(people$effect / 2))                                # 3 levels
people$b <- pmin(5, 1 + rpois(n, 1.3 + 0.3 * people$a + pmax(people$effect, 0) / 2))   # 5 levels, ordered, ties
people$x <- as.integer(runif(n) < 0.4)                                                 # exposure
people$ill <- as.integer(runif(n) < plogis(-1 + 0.7 * people$x + people$effect / 2))   # event
people$y <- round(50 + 3 * people$effect + 2 * people$a + rnorm(n, sd = 6), 6)         # no ties
people$before <- round(people$y + rnorm(n, -1, 4), 6)
people$group <- sample(1:4, n, TRUE, c(0.4, 0.3, 0.2, 0.1))
people$dom <- sample(c("n", "s"), n, TRUE)
people$dom[people$psu %in% c(201, 403)] <- "n"                                         # PSUs without the domain s
people$holes <- ifelse(people$a == 1 & people$b >= 4, 3, people$b)                     # empty cells with a
people$m <- people$b                                                                   # b with item nonresponse
people$m[runif(n) < 0.1] <- NA
people <- people[sample(n), c("stratum", "psu", "N1", "N2", "weight", "a", "b", "x", "ill", "y", "before", "group", "dom", "holes", "m")]
stopifnot(!anyDuplicated(people$y))
save_rows(people, "hypothesis_data.csv")
people <- read.csv(file.path(here, "hypothesis_data.csv"), comment.char = "#")
people$row <- seq_len(n)
for (name in c("a", "b", "holes", "m")) people[[paste0("f_", name)]] <- factor(people[[name]])
people$f_group <- factor(people$group)
people$one <- 1

plain <- svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = people)
designs <- list(
  srs = svydesign(ids = ~1, weights = ~weight, data = people),
  plain = plain,
  two = svydesign(ids = ~psu + row, strata = ~stratum, fpc = ~N1 + N2, weights = ~weight, data = people),
  jkn = as.svrepdesign(plain, type = "JKn")
)
margin <- data.frame(group = 1:4, Freq = c(4100, 3000, 2150, 900))
designs$post <- postStratify(plain, ~group, margin)

rows <- list()
put <- function(case, design, domain, test, statistic, df1, df2, p) {
  rows[[length(rows) + 1]] <<- data.frame(case = case, design = design, domain = domain, test = test, statistic = number(statistic), df1 = number(df1), df2 = number(df2), p = number(p))
}

# ------------------------------------------------------------------------------------- distribution of the quadratic form
effects_of <- function(d, a, b) {  # generalised design effects of a two-way table, all cells filled or 1 / p = 0
  p <- svymean(as.formula(sprintf("~interaction(%s, %s)", a, b)), d)
  R <- nlevels(d$variables[[a]]); C <- nlevels(d$variables[[b]])
  H <- kronecker(contr.helmert(C), contr.helmert(R))
  i <- ifelse(coef(p) == 0, 0, 1 / coef(p))
  A <- t(H) %*% (i / nrow(d) * H)
  B <- t(i * H) %*% vcov(p) %*% (i * H)
  Re(eigen(solve(A, B), only.values = TRUE)$values)
}
imhof <- function(q, lambda, df2) {
  l <- c(lambda, -q / df2); h <- c(rep(1, length(lambda)), df2)
  f <- function(u) sapply(u, function(v) sin(sum(h * atan(l * v)) / 2) / (v * prod((1 + (l * v)^2)^(h / 4))))
  0.5 + integrate(f, 0, Inf, rel.tol = 1e-10, subdivisions = 5000)$value / pi
}
kuonen <- function(q, lambda, df2, copies = df2) {
  l <- c(lambda, -q / df2); h <- c(rep(1, length(lambda)), copies)
  K <- function(z) -sum(h * log(1 - 2 * z * l)) / 2
  K1 <- function(z) sum(h * l / (1 - 2 * z * l))
  K2 <- function(z) 2 * sum(h * l^2 / (1 - 2 * z * l)^2)
  z <- uniroot(K1, c(-df2 / (2 * q), 1 / (2 * max(lambda))) * (1 - 1e-9), tol = 1e-15, maxiter = 10000)$root  # K1 rises
  w <- sign(z) * sqrt(-2 * K(z)); v <- z * sqrt(K2(z))
  pnorm(w + log(v / w) / w, lower.tail = FALSE)
}

# ------------------------------------------------------------------------------------------------------- two-way tables
names_of <- c(F = "F", Chisq = "chisq", Wald = "wald", adjWald = "adjusted_wald")
table_tests <- function(case, design, domain, d, a, b, loglinear = TRUE) {
  other_df <- inherits(d, "svyrep.design") && domain != ""
  d$variables[[a]] <- droplevels(d$variables[[a]]); d$variables[[b]] <- droplevels(d$variables[[b]])
  f <- as.formula(sprintf("~%s + %s", a, b))
  for (s in names(names_of)) {
    r <- tryCatch(svychisq(f, d, statistic = s), error = function(e) NULL)
    if (is.null(r)) next
    df <- as.vector(r$parameter)
    if (s == "Chisq") r$statistic <- r$statistic / mean(effects_of(d, a, b))  # R prints X2 and refers this
    if (!other_df) put(case, design, domain, names_of[[s]], r$statistic, df[1], if (length(df) > 1) df[2] else Inf, r$p.value)
    else if (s != "adjWald") put(case, design, domain, names_of[[s]], r$statistic, NA, NA, NA)
  }
  if (other_df) return()
  x2 <- as.vector(svychisq(f, d, statistic = "saddlepoint")$statistic)
  lambda <- effects_of(d, a, b)
  df2 <- sum(lambda)^2 / sum(lambda^2) * degf(d)
  put(case, design, domain, "lincom", x2, length(lambda), df2, imhof(x2, lambda, df2))
  put(case, design, domain, "saddlepoint", x2, length(lambda), df2, kuonen(x2, lambda, df2))
  if (!inherits(d, "svyrep.design")) {
    theirs <- svychisq(f, d, statistic = "saddlepoint")$p.value
    stopifnot(abs(theirs / kuonen(x2, lambda, df2, floor(df2)) - 1) < 1e-5)
  }
  if (loglinear) {
    null <- svyloglin(f, d); full <- update(null, as.formula(sprintf("~. + %s:%s", a, b)))
    g <- anova(null, full)
    lr <- g$dev$dev; k <- length(lambda)
    put(case, design, domain, "likelihood_F", lr / sum(lambda), sum(lambda)^2 / sum(lambda^2), df2, pf(lr / sum(lambda), sum(lambda)^2 / sum(lambda^2), df2, lower.tail = FALSE))
    put(case, design, domain, "likelihood_chisq", lr * k / sum(g$a), k, Inf, g$dev$p[2])
  }
}
for (name in names(designs)) {
  d <- designs[[name]]
  table_tests("a x b", name, "", d, "f_a", "f_b", name %in% c("srs", "plain", "two"))
  table_tests("a x holes", name, "", d, "f_a", "f_holes", FALSE)
}
for (domain in c("n", "s")) for (name in c("srs", "plain", "jkn")) table_tests("a x b", name, domain, subset(designs[[name]], dom == domain), "f_a", "f_b", FALSE)
answered <- subset(plain, !is.na(m))
table_tests("a x m", "plain", "", answered, "f_a", "f_m")

# ------------------------------------------------------------------------------------------------------------- t-tests
for (name in names(designs)) for (domain in c("", "n", "s")) {
  d <- designs[[name]]
  if (domain != "") { if (name %in% c("two", "post")) next; d <- subset(d, dom == domain) }
  df <- if (name == "jkn" && domain != "") degf(subset(plain, dom == domain)) else degf(d)
  r <- svyttest(y ~ x, d)
  stopifnot(inherits(d, "svyrep.design") || r$parameter == df - 1)
  put("y by x", name, domain, "t", r$statistic, df - 1, NA, 2 * pt(-abs(r$statistic), df - 1))
  one <- svymean(~I(y - 50), d)  # R's one-sample test has one degree of freedom less than the design
  put("y = 50", name, domain, "t", coef(one) / SE(one), df, NA, 2 * pt(-abs(coef(one) / SE(one)), df))
  r <- svyttest(I(y - before) ~ 0, d)
  put("y - before", name, domain, "t", r$statistic, df, NA, 2 * pt(-abs(r$statistic), df))
}

# ----------------------------------------------------------------------------------------------------------- rank tests
midrank <- function(y, w) { t <- tapply(w, y, sum); r <- (cumsum(t) - t / 2) / sum(t); as.vector(r[as.character(y)]) }
kinds <- c(wilcoxon = "wilcoxon", vanderWaerden = "vanderwaerden", median = "median", KruskalWallis = "kruskal_wallis")
for (name in names(designs)) for (domain in c("", "s")) {
  d <- designs[[name]]
  if (domain != "") { if (name %in% c("two", "post")) next; d <- subset(d, dom == domain) }
  for (kind in names(kinds)) {
    if (inherits(d, "svyrep.design")) {
      if (domain != "") next
      g <- switch(kind, vanderWaerden = qnorm, median = function(r) as.numeric(r > 0.5), identity)
      score <- g(midrank(people$y, people$weight))
      r <- withReplicates(d, function(w, data) weighted.mean(score[people$x == 1], w[people$x == 1]) - weighted.mean(score[people$x == 0], w[people$x == 0]))
      theirs <- svyranktest(y ~ x, d, test = kind)
      stopifnot(abs(theirs$statistic / (coef(r) / SE(r)) - 1) < 0.05, theirs$parameter == degf(d) - 1)
      put("rank y by x", name, domain, kinds[[kind]], coef(r) / SE(r), degf(d) - 1, NA, 2 * pt(-abs(coef(r) / SE(r)), degf(d) - 1))
      next
    }
    r <- svyranktest(y ~ x, d, test = kind)
    put("rank y by x", name, domain, kinds[[kind]], r$statistic, r$parameter, NA, r$p.value)
    r <- svyranktest(y ~ group, d, test = kind)
    put("rank y by group", name, domain, kinds[[kind]], r$parameter / r$statistic, r$statistic, r$ddf, r$p.value)
  }
}
# ties: weighted mid-ranks, which R's own averages are not when tied rows weigh differently
for (kind in c("wilcoxon", "vanderwaerden", "median")) {
  g <- switch(kind, wilcoxon = identity, vanderwaerden = qnorm, median = function(r) as.numeric(r > 0.5))
  tied <- update(plain, score = g(midrank(b, weight)))
  m <- svyglm(score ~ x, tied)
  put("rank b by x", "plain", "", kind, coef(m)[2] / SE(m)[2], degf(tied) - 1, NA, 2 * pt(-abs(coef(m)[2] / SE(m)[2]), degf(tied) - 1))
  r <- regTermTest(svyglm(score ~ f_group, tied), ~f_group)
  put("rank b by group", "plain", "", kind, r$Ftest, r$df, r$ddf, r$p)
}

# ------------------------------------------------------------------------------------------------------ goodness of fit
p0 <- c(0.1, 0.3, 0.3, 0.2, 0.1)
for (name in c("srs", "plain", "two", "post", "jkn")) {
  d <- designs[[name]]
  p <- svymean(~f_b, d)
  x2 <- nrow(d) * sum((coef(p) - p0)^2 / p0)
  lambda <- eigen(nrow(d) * vcov(p) / sqrt(outer(p0, p0)), symmetric = TRUE, only.values = TRUE)$values[1:4]
  d0 <- sum(lambda)^2 / sum(lambda^2)
  put("fit b", name, "", "F", x2 / sum(lambda), d0, d0 * degf(d), pf(x2 / sum(lambda), d0, d0 * degf(d), lower.tail = FALSE))
  put("fit b", name, "", "chisq", x2 / mean(lambda), 4, Inf, pchisq(x2 / mean(lambda), 4, lower.tail = FALSE))
  put("fit b", name, "", "lincom", x2, 4, d0 * degf(d), imhof(x2, lambda, d0 * degf(d)))
  w <- (coef(p) - p0)[1:4] %*% solve(vcov(p)[1:4, 1:4], (coef(p) - p0)[1:4])
  put("fit b", name, "", "wald", w / 4, 4, degf(d), pf(w / 4, 4, degf(d), lower.tail = FALSE))
  if (name == "jkn") next  # svycontrast keeps no replicates here
  r <- svygofchisq(~f_b, p = p0, d)
  put("fit b", name, "", "svygofchisq", r$statistic / sum(r$lambda), r$parameter[["df"]], Inf, r$p.value)
}

# ----------------------------------------------------------------------------------------------------------- Wald tests
for (name in c("srs", "plain", "two", "post", "jkn")) {
  d <- designs[[name]]
  r <- regTermTest(svyglm(y ~ f_group, d), ~f_group, df = degf(d))
  put("equal means", name, "", "wald", r$Ftest, r$df, r$ddf, r$p)
  q <- r$df; v <- degf(d)
  put("equal means", name, "", "adjusted", r$Ftest * (v - q + 1) / v, q, v - q + 1, pf(r$Ftest * (v - q + 1) / v, q, v - q + 1, lower.tail = FALSE))
  put("equal means", name, "", "chisq", r$Ftest * q, q, Inf, pchisq(r$Ftest * q, q, lower.tail = FALSE))
}

# --------------------------------------------------------------------------------------- equality of quantiles (median)
for (name in c("srs", "plain")) {
  d <- designs[[name]]
  z <- sapply(1:4, function(g) {
    at <- subset(d, group == g)
    r <- svyquantile(~y, at, 0.5, qrule = "math", df = degf(at))[[1]]
    q <- r[1, "quantile"]
    F <- svymean(~I(as.numeric(y <= q)), at)
    density <- SE(F)[1] / r[1, "se"]
    c(q, -(people$group == g) * ((people$y <= q) - coef(F)[1]) / density / sum(people$weight[people$group == g]))
  })
  q <- z[1, ]
  influence <- z[-1, ]
  V <- vcov(svytotal(influence, d))
  L <- cbind(-1, diag(3))
  w <- as.vector(t(L %*% q) %*% solve(L %*% V %*% t(L), L %*% q))
  df2 <- degf(d) - 2
  f <- w * df2 / (3 * degf(d))
  put("equal medians", name, "", "adjusted", f, 3, df2, pf(f, 3, df2, lower.tail = FALSE))
}
save_rows(do.call(rbind, rows), "hypothesis_tests.csv")

# ------------------------------------------------------------------------------------------------ measures of association
pairs <- function(p, sign) {  # probability that two draws are concordant (sign 1) or discordant (-1)
  total <- 0
  for (i in seq_len(nrow(p))) for (j in seq_len(ncol(p))) for (k in seq_len(nrow(p))) for (l in seq_len(ncol(p)))
    if (sign(i - k) * sign(j - l) == sign) total <- total + p[i, j] * p[k, l]
  total
}
untied <- function(s) 1 - sum(s^2)
measures <- list(
  cramers_v = function(p) { e <- outer(rowSums(p), colSums(p)); sqrt(sum((p - e)^2 / e) / (min(dim(p)) - 1)) },
  gamma = function(p) (pairs(p, 1) - pairs(p, -1)) / (pairs(p, 1) + pairs(p, -1)),
  tau_b = function(p) (pairs(p, 1) - pairs(p, -1)) / sqrt(untied(rowSums(p)) * untied(colSums(p))),
  tau_c = function(p) (pairs(p, 1) - pairs(p, -1)) * min(dim(p)) / (min(dim(p)) - 1),
  somers_d = function(p) (pairs(p, 1) - pairs(p, -1)) / untied(rowSums(p)),
  somers_d_rows = function(p) (pairs(p, 1) - pairs(p, -1)) / untied(colSums(p)),
  somers_d_symmetric = function(p) 2 * (pairs(p, 1) - pairs(p, -1)) / (untied(rowSums(p)) + untied(colSums(p))),
  lambda = function(p) (sum(apply(p, 1, max)) - max(colSums(p))) / (1 - max(colSums(p))),
  lambda_rows = function(p) (sum(apply(p, 2, max)) - max(rowSums(p))) / (1 - max(rowSums(p))),
  lambda_symmetric = function(p) (sum(apply(p, 1, max)) + sum(apply(p, 2, max)) - max(rowSums(p)) - max(colSums(p))) / (2 - max(rowSums(p)) - max(colSums(p)))
)
odds <- function(p) p[1, 1] * p[2, 2] / p[1, 2] / p[2, 1]
risk <- function(p, i) p[i, 2] / sum(p[i, ])
square <- list(
  phi = function(p) (p[1, 1] * p[2, 2] - p[1, 2] * p[2, 1]) / sqrt(prod(rowSums(p), colSums(p))),
  odds_ratio = odds, risk_ratio = function(p) risk(p, 2) / risk(p, 1), risk_difference = function(p) risk(p, 2) - risk(p, 1),
  yule_q = function(p) (odds(p) - 1) / (odds(p) + 1), yule_y = function(p) (sqrt(odds(p)) - 1) / (sqrt(odds(p)) + 1)
)
rows <- list()
keep <- function(case, design, measure, estimate, se) {
  rows[[length(rows) + 1]] <<- data.frame(case = case, design = design, measure = measure, estimate = number(estimate), se = number(se))
}
counted <- function(w, a, b) unclass(xtabs(w ~ people[[a]] + people[[b]]))
measured <- function(case, name, a, b, which) {
  d <- designs[[name]]
  for (m in names(which)) {
    f <- which[[m]]
    at <- function(T) f(matrix(T, nlevels(factor(people[[a]]))) / sum(T))
    if (name == "jkn") {
      r <- withReplicates(d, function(w, data) at(counted(w, a, b)))
      keep(case, name, m, coef(r), SE(r))
    } else {
      total <- svytotal(as.formula(sprintf("~interaction(factor(%s), factor(%s))", a, b)), d)
      J <- numDeriv::grad(at, coef(total))
      keep(case, name, m, at(coef(total)), sqrt(as.vector(J %*% vcov(total) %*% J)))
    }
  }
}
for (name in names(designs)) {
  measured("a x b", name, "a", "b", measures)
  measured("x x ill", name, "x", "ill", square)
}
rho <- function(w, x, y) {
  r <- midrank(x, w) - 0.5; s <- midrank(y, w) - 0.5
  sum(w * r * s) / sqrt(sum(w * r^2) * sum(w * s^2))
}
for (case in list(c("a", "b"), c("y", "before"))) for (name in c("srs", "plain", "two", "jkn")) {
  d <- designs[[name]]
  x <- people[[case[1]]]; y <- people[[case[2]]]
  if (name == "jkn") {
    r <- withReplicates(d, function(w, data) { k <- w > 0; rho(w[k], x[k], y[k]) })
    keep(paste(case, collapse = " x "), name, "spearman", coef(r), SE(r))
  } else {
    z <- numDeriv::grad(function(w) rho(w, x, y), people$weight)
    keep(paste(case, collapse = " x "), name, "spearman", rho(people$weight, x, y), SE(svytotal(z, d)))
  }
}
save_rows(do.call(rbind, rows), "hypothesis_measures.csv")

# ------------------------------------------------------------------------------------- published examples, as figures only
data(api)
strat <- svydesign(id = ~1, strata = ~stype, weights = ~pw, data = apistrat, fpc = ~fpc)
m <- svymean(~interaction(sch.wide, stype), strat)
rows <- list()
figure <- function(what, i, j, value) rows[[length(rows) + 1]] <<- data.frame(example = "apistrat sch.wide x stype", what = what, i = i, j = j, value = number(value))
for (i in 1:6) { figure("p", i, 0, coef(m)[i]); for (j in 1:6) figure("V", i, j, vcov(m)[i, j]) }
t <- svytotal(~interaction(sch.wide, stype), strat)
for (i in 1:6) { figure("T", i, 0, coef(t)[i]); for (j in 1:6) figure("VT", i, j, vcov(t)[i, j]) }
figure("n", 0, 0, nrow(strat)); figure("df", 0, 0, degf(strat))
for (s in names(names_of)) {
  r <- svychisq(~sch.wide + stype, strat, statistic = s)
  if (s == "Chisq") r$statistic <- r$statistic / mean(effects_of(strat, "sch.wide", "stype"))
  df <- as.vector(r$parameter)
  for (part in list(list("statistic", r$statistic), list("df1", df[1]), list("df2", if (length(df) > 1) df[2] else Inf), list("p", r$p.value))) figure(paste(names_of[[s]], part[[1]]), 0, 0, part[[2]])
}
save_rows(do.call(rbind, rows), "hypothesis_tables.csv")
