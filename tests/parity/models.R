# Regression models under made-up designs against R survey, MASS, nnet and VGAM. Writes
#   models_data.csv      the made-up sample (also read by the tests)
#   models_rows.csv      design, model, formula, position: estimate se df t p and limits
#   models_vcov.csv      covariance matrices
#   models_tests.csv     tests of terms, one after the other and sequential
#   models_lambda.csv    eigenvalues of the working likelihood-ratio tests
#   models_fit.csv       deviances, information criteria
#   models_peers.csv     ordered and multinomial models as svyolr, nnet and VGAM print them (they stop early)
#   Rscript tests/parity/models.R
# (svyglm on replicates takes a column named g for its own variable, so none is.)
# glm runs until its deviance stands still. svyolr stops when BFGS does and takes a Hessian by finite differences, and nothing in R has a
# design-based multinomial; so both are maximised below by Newton steps on written-out scores, and the sandwich goes through
# svyrecvar as svyolr's own does.
suppressMessages({library(survey); library(MASS); library(nnet); library(VGAM)})
options(digits = 17, warn = 1)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(20261122)
number <- function(v) { v <- as.vector(v); ifelse(is.na(v), "", trimws(formatC(v, digits = 17, format = "g"))) }
save_rows <- function(rows, name) {
  out <- file.path(here, name)
  cat(sprintf("# R %s, survey %s, MASS %s, nnet %s, VGAM %s\n", getRversion(), packageVersion("survey"), packageVersion("MASS"),
              packageVersion("nnet"), packageVersion("VGAM")), file = out)
  suppressWarnings(write.table(do.call(rbind, rows), out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
}

# ------------------------------------------------------------------------------------------------- the made-up sample
people <- list()
for (h in 1:7) for (u in seq_len(c(3, 4, 2, 5, 3, 4, 3)[h])) {
  upper <- sample(6:9, 1)
  effect <- rnorm(1, sd = 0.5)
  for (s in seq_len(sample(2:4, 1))) {
    n <- sample(5:12, 1)
    people[[length(people) + 1]] <- data.frame(stratum = h, psu = u, ssu = s, N1 = c(12, 20, 9, 15, 30, 40, 11)[h], N2 = upper,
                                               effect = effect, weight = round(runif(n, 20, 400), 3))
  }
}
people <- do.call(rbind, people)
n <- nrow(people)
people$x <- round(rnorm(n, 45, 16))                       # ties
people$grp <- sample(c("a", "b", "c", "d"), n, TRUE, c(.4, .3, .2, .1))
people$k <- sample(1:3, n, TRUE)                          # a numbered category
people$t <- round(2010 + runif(n, 0, 12), 1)              # far from zero
lin <- with(people, 0.03 * (x - 45) + effect + c(a = 0, b = .5, c = -.4, d = .3)[grp] + 0.2 * (k == 2))
people$y <- round(100 + 5 * lin + rnorm(n, sd = 4), 3)
people$b <- as.integer(runif(n) < plogis(lin))
people$expo <- sample(1:5, n, TRUE)
people$lexpo <- log(people$expo)
people$cnt <- rpois(n, people$expo * exp(0.4 * lin))
people$share <- round(plogis(lin + rnorm(n)), 2)
people$o <- cut(lin + rlogis(n), c(-Inf, -1, 0.2, 1.5, Inf), labels = FALSE)
shares <- cbind(exp(0.5 * lin), 1, exp(-0.3 * lin + 0.01 * (people$x - 45)))
people$m <- apply(shares, 1, function(p) sample(c("left", "centre", "right"), 1, prob = p))
people$sub <- as.integer(people$stratum != 5 & people$x > 30)
people$v <- ifelse(runif(n) < 0.1, NA, round(rnorm(n), 2))
people$effect <- NULL
written <- people
written$lexpo <- number(people$lexpo)
write.csv(written, file.path(here, "models_data.csv"), row.names = FALSE, quote = FALSE, na = "")
people$grp <- factor(people$grp); people$k <- factor(people$k)
people$o <- factor(people$o, ordered = TRUE); people$m <- factor(people$m, levels = c("left", "centre", "right"))

one <- svydesign(~psu, strata = ~stratum, weights = ~weight, data = people, nest = TRUE)
two <- svydesign(~psu + ssu, strata = ~stratum, fpc = ~N1 + N2, weights = ~weight, data = people, nest = TRUE)
srs <- svydesign(~1, weights = ~weight, data = people)
targets <- data.frame(grp = c("a", "b", "c", "d"), Freq = c(40000, 35000, 20000, 9000))
post <- postStratify(one, ~grp, targets)
jkn <- as.svrepdesign(one, type = "JKn")
postjkn <- postStratify(jkn, ~grp, targets)
designs <- list(one = one, two = two, srs = srs, post = post, jkn = jkn, postjkn = postjkn, sub = subset(one, sub == 1),
                subpost = subset(post, sub == 1), subjkn = subset(jkn, sub == 1), missing = one)

rows <- list(); vcovs <- list(); tests <- list(); lambdas <- list(); fits <- list(); peers <- list()
keep <- function(design, model, label, est, V, df) {
  t <- est / sqrt(diag(V))
  half <- qt(0.975, df) * sqrt(diag(V))
  rows[[length(rows) + 1]] <<- data.frame(design = design, model = model, formula = label, position = seq_along(est),
    term = gsub(",", ";", names(est)), estimate = number(est), se = number(sqrt(diag(V))), df = df, t = number(t),
    p = number(2 * pt(-abs(t), df)), low = number(est - half), high = number(est + half))
  K <- length(est); at <- which(lower.tri(diag(K), TRUE), arr.ind = TRUE)
  vcovs[[length(vcovs) + 1]] <<- data.frame(design = design, model = model, formula = label, i = at[, 1], j = at[, 2],
    value = number(V[at]))
}
keep_test <- function(design, model, label, term, kind, r) {
  wald <- inherits(r, "regTermTest")
  tests[[length(tests) + 1]] <<- data.frame(design = design, model = model, formula = label, term = gsub(",", ";", term), kind = kind,
    statistic = number(if (wald) r$Ftest else r$chisq), df = r$df, ddf = r$ddf, p = number(r$p))
  if (!wald) lambdas[[length(lambdas) + 1]] <<- data.frame(design = design, model = model, formula = label,
    term = gsub(",", ";", term), kind = kind, i = seq_along(r$lambda), lambda = number(sort(r$lambda, decreasing = TRUE)))
}

# ---------------------------------------------------------------------------------------------------- generalised linear
families <- list(ols = gaussian(), logit = quasibinomial(), probit = quasibinomial("probit"), cloglog = quasibinomial("cloglog"),
                 poisson = quasipoisson())
cases <- rbind(
  data.frame(model = "ols", label = "y ~ x * grp + C(k)", r = "y ~ x * grp + k"),
  data.frame(model = "ols", label = "y ~ t + np.log(x + 20)", r = "y ~ t + log(x + 20)"),
  data.frame(model = "ols", label = "y ~ 0 + grp + x", r = "y ~ 0 + grp + x"),
  data.frame(model = "logit", label = "b ~ x + grp + C(k)", r = "b ~ x + grp + k"),
  data.frame(model = "logit", label = "b ~ grp + C(k)", r = "b ~ grp + k"),
  data.frame(model = "logit", label = "share ~ x + grp", r = "share ~ x + grp"),
  data.frame(model = "probit", label = "b ~ x + grp + C(k)", r = "b ~ x + grp + k"),
  data.frame(model = "cloglog", label = "b ~ x + grp + C(k)", r = "b ~ x + grp + k"),
  data.frame(model = "poisson", label = "cnt ~ x + grp", r = "cnt ~ x + grp + offset(lexpo)"))
exact <- list(epsilon = 1e-300, maxit = 60)  # until the deviance stands still: Fisher scoring is slow off the canonical links
for (name in names(designs)) for (i in seq_len(nrow(cases))) {
  case <- cases[i, ]
  if (name == "missing") case$r <- paste(case$r, "+ v")
  if (name == "missing") case$label <- paste(case$label, "+ v")
  environment(case$r) <- NULL
  fit <- eval(bquote(svyglm(.(as.formula(case$r)), designs[[.(name)]], family = families[[.(case$model)]], control = exact)))
  # R drops the rows with missing values from the design; we keep their units: "missing" has the same units either way
  keep(name, case$model, case$label, coef(fit), vcov(fit), fit$df.residual)
  fits[[length(fits) + 1]] <- data.frame(design = name, model = case$model, formula = case$label,
    deviance = number(fit$deviance), null_deviance = number(fit$null.deviance), n = length(fit$y), wmean = number(mean(fit$prior.weights)),
    rss_dispersion = number(sum(fit$prior.weights * (fit$y - fitted(fit))^2 / fit$family$variance(fitted(fit))) / (length(fit$y) - length(coef(fit)))),
    effp = "", aic = "", bic = "")
  if (!(name %in% c("one", "two", "post", "jkn", "sub"))) next
  labels <- attr(terms(fit), "term.labels")
  for (term in labels) for (kind in c("Wald", "LRT", "WorkingWald")) {
    if (grepl(":", paste(labels, collapse = "")) && !grepl(":", term) && kind == "LRT") next  # update() re-codes the interaction
    if (grepl("^y ~ 0", case$label) && term == "grp" && kind == "LRT") next
    keep_test(name, case$model, case$label, term, kind, regTermTest(fit, as.formula(paste("~", term)), method = kind))
  }
  if (name == "one" && !grepl(":|\\*|^y ~ 0", case$label)) for (term in labels) {
    f <- as.formula(paste("~", term))
    keep_test(name, case$model, case$label, term, "LRT_satterthwaite", regTermTest(fit, f, method = "LRT", lrt.approximation = "satterthwaite"))
    keep_test(name, case$model, case$label, term, "LRT_infinite", regTermTest(fit, f, method = "LRT", df = Inf))
  }
  if (name == "one" && !grepl("0", case$label)) for (kind in c("LRT", "Wald")) {
    sequence <- anova(fit, method = kind)
    for (s in seq_along(sequence)) keep_test(name, case$model, case$label, labels[s], paste0("anova_", kind), sequence[[s]])
  }
  if (case$model != "ols") {
    a <- extractAIC(fit)
    small <- eval(bquote(svyglm(.(as.formula(sub("\\+ grp|grp \\+ ", "", case$r))), designs[[.(name)]],
                                family = families[[.(case$model)]], control = exact)))
    b <- BIC(small, maximal = fit)
    last <- length(fits)
    fits[[last]]$effp <- number(a[["eff.p"]]); fits[[last]]$aic <- number(a[["AIC"]]); fits[[last]]$bic <- number(b[["BIC"]])
  }
}

# ------------------------------------------------------------------------------- ordered and multinomial, maximised here
by_newton <- function(theta, score_rows) {  # score_rows(theta): n x K, weights in it
  slope <- function(theta) {  # minus the derivative of the score by Richardson's rule on central differences
    K <- length(theta); H <- matrix(0, K, K)
    for (j in seq_len(K)) {
      step <- function(h) { e <- replace(numeric(K), j, h); (colSums(score_rows(theta + e)) - colSums(score_rows(theta - e))) / (2 * h) }
      h <- 1e-3 * max(1, abs(theta[j])) / (if (abs(theta[j]) < 0.2) 20 else 4)
      a <- step(h); b <- step(h / 2); c <- step(h / 4)
      ab <- (4 * b - a) / 3; bc <- (4 * c - b) / 3
      H[, j] <- -(16 * bc - ab) / 15
    }
    (H + t(H)) / 2
  }
  for (i in 1:60) {
    s <- colSums(score_rows(theta)); H <- slope(theta); d <- solve(H, s)
    theta <- theta + d
    if (sqrt(sum(s * d)) < 1e-9) break
  }
  list(theta = theta, H = slope(theta), left = max(abs(colSums(score_rows(theta)))))
}
cumulative <- list(
  logit = list(p = plogis, d = dlogis), probit = list(p = pnorm, d = dnorm),
  cloglog = list(p = function(t) 1 - exp(-exp(t)), d = function(t) ifelse(is.finite(t), exp(t - exp(t)), 0)),
  loglog = list(p = function(t) exp(-exp(-t)), d = function(t) ifelse(is.finite(t), exp(-t - exp(-t)), 0)))
ordered_rows <- function(link, X, y, q, w) function(theta) {
  p <- ncol(X); zeta <- c(-Inf, theta[p + 1:q], Inf); eta <- drop(X %*% theta[1:p])
  a <- zeta[y + 1] - eta; b <- zeta[y] - eta
  P <- link$p(a) - link$p(b); fa <- ifelse(y <= q, link$d(a), 0) / P; fb <- ifelse(y > 1, link$d(b), 0) / P
  cbind(-X * (fa - fb), outer(y, 1:q, "==") * fa - outer(y, 1:q + 1, "==") * fb) * w
}
multinomial_rows <- function(X, y, L, w) function(theta) {
  eta <- cbind(0, X %*% matrix(theta, ncol(X))); share <- exp(eta) / rowSums(exp(eta))
  do.call(cbind, lapply(2:L, function(k) X * ((y == k) - share[, k]))) * w
}
loglik_ordered <- function(link, X, y, q, w, theta) {
  p <- ncol(X); zeta <- c(-Inf, theta[p + 1:q], Inf); eta <- drop(X %*% theta[1:p])
  sum(w * log(link$p(zeta[y + 1] - eta) - link$p(zeta[y] - eta)))
}
loglik_multinomial <- function(X, y, w, theta) {
  eta <- cbind(0, X %*% matrix(theta, ncol(X)))
  sum(w * (eta[cbind(seq_along(y), y)] - log(rowSums(exp(eta)))))
}
sandwich <- function(d, rows_of, done) svyrecvar(rows_of(done$theta) %*% solve(done$H), d$cluster, d$strata, d$fpc, postStrata = d$postStrata)

start_ordered <- function(link, y, q, w, p) {
  share <- cumsum(tapply(w, factor(y, 1:(q + 1)), sum)) / sum(w)
  inv <- list(logit = qlogis, probit = qnorm, cloglog = function(s) log(-log(1 - s)), loglog = function(s) -log(-log(s)))[[link]]
  c(numeric(p), inv(share[1:q]))
}
lrt <- function(d, theta, H, V, index, chisq, df) {
  V0 <- solve(H)[index, index, drop = FALSE]
  lambda <- Re(eigen(solve(V0) %*% V[index, index, drop = FALSE], only.values = TRUE)$values)
  list(chisq = chisq, df = length(index), ddf = df, lambda = lambda,
       p = survey:::pFsum(chisq, rep(1, length(lambda)), lambda, ddf = df, method = "saddlepoint", lower.tail = FALSE))
}
frame_of <- function(d) if (inherits(d, "svyrep.design")) d$variables else model.frame(d)
for (name in c("one", "two", "post", "sub", "subpost", "jkn")) {
  d <- designs[[name]]
  data <- people
  w <- if (inherits(d, "svyrep.design")) weights(d, "sampling") else if (name %in% c("sub")) { v <- numeric(n); v[people$sub == 1] <- weights(d); v } else weights(d)
  if (length(w) != n) stop("rows")
  used <- w != 0
  full <- if (name == "sub") one else d
  wn <- w / mean(w[used])
  for (link in names(cumulative)) {
    X <- model.matrix(~ x + grp, data)[, -1]; y <- as.integer(data$o); q <- nlevels(data$o) - 1
    X <- scale(X, scale = FALSE); centre <- attr(X, "scaled:center"); attr(X, "scaled:center") <- NULL
    rows_of <- ordered_rows(cumulative[[link]], X, y, q, wn)
    done <- by_newton(start_ordered(link, y[used], q, wn[used], ncol(X)), rows_of)
    if (done$left > 1e-8) stop("ordered: ", done$left)
    K <- length(done$theta); p <- ncol(X)
    A <- diag(K); A[(p + 1):K, 1:p] <- rep(centre, each = q)  # thresholds of the columns as they are
    est <- drop(A %*% done$theta); names(est) <- c(colnames(X), paste0(1:q, "|", 2:(q + 1)))
    dfree <- degf(d) - p
    if (name == "jkn") {
      W <- weights(d, "analysis")
      reps <- t(sapply(seq_len(ncol(W)), function(r) drop(A %*% by_newton(done$theta, ordered_rows(cumulative[[link]], X, y, q, W[, r] / mean(w)))$theta)))
      V <- svrVar(reps, d$scale, d$rscales, mse = d$mse, coef = est)
    } else V <- A %*% sandwich(full, rows_of, done) %*% t(A)
    V <- matrix(V, K, K)
    keep(name, paste0("ordered_", link), "o ~ x + grp", est, V, dfree)
    H <- solve(A %*% solve(done$H) %*% t(A))
    ll <- loglik_ordered(cumulative[[link]], X[used, ], y[used], q, wn[used], done$theta)
    smaller <- by_newton(done$theta[-(2:p)], ordered_rows(cumulative[[link]], X[, 1, drop = FALSE], y, q, wn))
    ll0 <- loglik_ordered(cumulative[[link]], X[used, 1, drop = FALSE], y[used], q, wn[used], smaller$theta)
    keep_test(name, paste0("ordered_", link), "o ~ x + grp", "grp", "LRT", lrt(d, est, H, V, 2:p, 2 * (ll - ll0), dfree))
    fits[[length(fits) + 1]] <- data.frame(design = name, model = paste0("ordered_", link), formula = "o ~ x + grp", deviance = number(-2 * ll),
      null_deviance = "", n = sum(used), wmean = 1, rss_dispersion = "", effp = "", aic = "", bic = "")
    if (name == "one" && link != "cloglog") {
      r <- svyolr(o ~ x + grp, one, method = c(logit = "logistic", probit = "probit", loglog = "cloglog")[[link]])
      peers[[length(peers) + 1]] <- data.frame(model = paste0("ordered_", link), peer = "svyolr", position = 1:K,
        estimate = number(c(coef(r, intercepts = FALSE)[1:p], r$zeta)), se = number(sqrt(diag(r$var))))
    }
  }
  X <- model.matrix(~ x + grp, data); y <- as.integer(data$m); L <- nlevels(data$m)
  centre <- c(0, colMeans(X)[-1]); Xc <- sweep(X, 2, centre)
  rows_of <- multinomial_rows(Xc, y, L, wn)
  done <- by_newton(numeric(ncol(X) * (L - 1)), rows_of)
  if (done$left > 1e-8) stop("multinomial: ", done$left)
  one_equation <- diag(ncol(X)); one_equation[1, -1] <- -centre[-1]
  A <- kronecker(diag(L - 1), one_equation); p <- ncol(X); K <- p * (L - 1)
  est <- drop(A %*% done$theta); names(est) <- paste0(rep(levels(data$m)[-1], each = p), ":", colnames(X))
  dfree <- degf(d) + 1 - p
  if (name == "jkn") {
    W <- weights(d, "analysis")
    reps <- t(sapply(seq_len(ncol(W)), function(r) drop(A %*% by_newton(done$theta, multinomial_rows(Xc, y, L, W[, r] / mean(w)))$theta)))
    V <- svrVar(reps, d$scale, d$rscales, mse = d$mse, coef = est)
  } else V <- A %*% sandwich(full, rows_of, done) %*% t(A)
  V <- matrix(V, K, K)
  keep(name, "multinomial", "m ~ x + grp", est, V, dfree)
  H <- solve(A %*% solve(done$H) %*% t(A))
  ll <- loglik_multinomial(Xc[used, ], y[used], wn[used], done$theta)
  smaller <- by_newton(numeric(2 * (L - 1)), multinomial_rows(Xc[, 1:2], y, L, wn))
  ll0 <- loglik_multinomial(Xc[used, 1:2], y[used], wn[used], smaller$theta)
  keep_test(name, "multinomial", "m ~ x + grp", "grp", "LRT", lrt(d, est, H, V, c(3:p, p + 3:p), 2 * (ll - ll0), dfree))
  fits[[length(fits) + 1]] <- data.frame(design = name, model = "multinomial", formula = "m ~ x + grp", deviance = number(-2 * ll),
    null_deviance = "", n = sum(used), wmean = 1, rss_dispersion = "", effp = "", aic = "", bic = "")
  if (name == "one") {
    a <- multinom(m ~ x + grp, people, weights = weight, trace = FALSE, maxit = 1000, reltol = 1e-14, abstol = 1e-14)
    b <- vglm(m ~ x + grp, multinomial(refLevel = 1), people, weights = weight / mean(weight), epsilon = 1e-12, maxit = 50)
    peers[[length(peers) + 1]] <- data.frame(model = "multinomial", peer = "nnet", position = 1:K, estimate = number(t(coef(a))), se = "")
    peers[[length(peers) + 1]] <- data.frame(model = "multinomial", peer = "VGAM", position = 1:K,
      estimate = number(t(matrix(coef(b), L - 1))), se = "")
  }
}

# a linear model's dAIC by the paper's formula: sigma^2 among the parameters
fit <- svyglm(y ~ x * grp + k, one, control = exact)
wn <- fit$prior.weights; e <- fit$y - fitted(fit); N <- sum(wn); s2 <- sum(wn * e^2) / N
delta <- sum(diag(solve(fit$naive.cov[-1, -1] * s2, vcov(fit)[-1, -1])))
U <- (e^2 / s2 - 1) / (2 * s2)
effp <- delta + sum(wn * U^2) / (N / (2 * s2^2))
fits[[length(fits) + 1]] <- data.frame(design = "one", model = "ols_aic", formula = "y ~ x * grp + C(k)", deviance = "", null_deviance = "",
  n = length(e), wmean = 1, rss_dispersion = "", effp = number(effp), aic = number(N * (log(2 * pi * s2) + 1) + 2 * effp), bic = "")

save_rows(rows, "models_rows.csv"); save_rows(vcovs, "models_vcov.csv"); save_rows(tests, "models_tests.csv")
save_rows(lambdas, "models_lambda.csv"); save_rows(fits, "models_fit.csv"); save_rows(peers, "models_peers.csv")
