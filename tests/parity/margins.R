# What stands after a fit - predictions, adjusted means, average marginal effects, contrasts, measures of fit - on the made-up sample of
# models.R, against R survey (predict, svypredmeans, svycontrast, psrsq, regTermTest), emmeans, and against totals of the influence written
# out here where R has nothing (the covariance of both parts of an adjusted mean, average marginal effects, area under the curve,
# Archer-Lemeshow). Derivatives are numerical there (five points), hence the tolerance of the tests.
#   Rscript tests/parity/margins.R
suppressMessages({library(survey); library(emmeans)})
options(digits = 17, warn = 1)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
people <- read.csv(file.path(here, "models_data.csv"))
people$grp <- factor(people$grp); people$k <- factor(people$k)
one <- svydesign(~psu, strata = ~stratum, weights = ~weight, data = people, nest = TRUE)
two <- svydesign(~psu + ssu, strata = ~stratum, fpc = ~N1 + N2, weights = ~weight, data = people, nest = TRUE)
targets <- data.frame(grp = c("a", "b", "c", "d"), Freq = c(40000, 35000, 20000, 9000))
post <- postStratify(one, ~grp, targets)
designs <- list(one = one, two = two, post = post)
jkn <- as.svrepdesign(one, type = "JKn")
families <- list(ols = gaussian(), logit = quasibinomial(), probit = quasibinomial("probit"), poisson = quasipoisson())
cases <- list(list("ols", "y ~ x * grp", y ~ x * grp), list("logit", "b ~ x + I(x**2) + grp + C(k)", b ~ x + I(x^2) + grp + k),
              list("probit", "b ~ x * grp", b ~ x * grp), list("poisson", "cnt ~ np.log(x + 20) + grp", cnt ~ log(x + 20) + grp))
exact <- list(epsilon = 1e-300, maxit = 60)
number <- function(v) { v <- as.numeric(v); ifelse(is.na(v), "", trimws(formatC(v, digits = 17, format = "g"))) }
rows <- list()
keep <- function(design, model, label, what, name, est, se, extra = NA)
  rows[[length(rows) + 1]] <<- data.frame(design = design, model = model, formula = label, what = what, name = name,
    estimate = number(est), se = number(se), extra = number(extra))
# influence of the coefficients, per unit of weight
bread <- function(fit, d) {
  X <- model.matrix(fit); w <- weights(d, "sampling"); eta <- fit$linear.predictors; fam <- fit$family
  W <- fam$mu.eta(eta)^2 / fam$variance(fitted(fit))
  list(X = X, w = w, z = (X * (fam$mu.eta(eta) / fam$variance(fitted(fit)) * (fit$y - fitted(fit)))) %*% solve(crossprod(X, X * (w * W))))
}
total_se <- function(d, Z) sqrt(diag(as.matrix(vcov(svytotal(Z, d)))))
slope <- function(f, b) sapply(seq_along(b), function(j) {                # five-point derivative by the coefficients
  h <- 2e-4 * max(abs(b[j]), 1e-3); at <- function(s) { c <- b; c[j] <- c[j] + s * h; f(c) }
  (at(-2) - 8 * at(-1) + 8 * at(1) - at(2)) / (12 * h) })
matrix_of <- function(fit, data) model.matrix(delete.response(terms(fit)), data, xlev = fit$xlevels)
for (name in names(designs)) for (case in cases) {
  d <- designs[[name]]; model <- case[[1]]; label <- case[[2]]; formula <- case[[3]]
  fit <- eval(bquote(svyglm(.(formula), designs[[.(name)]], family = families[[.(model)]], control = exact)))
  inv <- fit$family$linkinv; b <- coef(fit); parts <- bread(fit, d); w <- parts$w
  at <- expand.grid(x = c(25, 60), grp = levels(people$grp), k = "2"); at$k <- factor(at$k, levels = levels(people$k))
  for (type in c("response", "link")) {
    p <- predict(fit, at, type = type, se.fit = TRUE)
    keep(name, model, label, paste0("predict_", type), paste(at$x, at$grp), coef(p), SE(p))
  }
  both <- function(values) {                                              # values: coefficients -> rows
    v <- values(b); A <- sum(w * v) / sum(w); G <- slope(function(c) sum(w * values(c)) / sum(w), b)
    own <- (v - A) / sum(w); through <- as.vector(parts$z %*% G)
    list(A = A, G = G, z = own + through, through = through)
  }
  effect <- function(what, at_name, found, sign = 1) {
    keep(name, model, label, what, at_name, found$A, total_se(d, found$z), total_se(d, found$through))
  }
  found <- list()
  for (g in levels(people$grp)) {
    data <- people; data$grp <- factor(g, levels = levels(people$grp)); X <- matrix_of(fit, data)
    found[[g]] <- both(function(c) inv(as.vector(X %*% c)))
    effect("adjusted", g, found[[g]])
  }
  for (g in levels(people$grp)[-1]) {
    part <- list(A = found[[g]]$A - found$a$A, z = found[[g]]$z - found$a$z, through = found[[g]]$through - found$a$through)
    effect("ame", paste(g, "-", "a"), part)
    ratio <- found[[g]]$A / found$a$A
    if (model != "ols") keep(name, model, label, "ratio", paste(g, "/", "a"), ratio,
      total_se(d, found[[g]]$z / found$a$A - ratio / found$a$A * found$a$z))
  }
  h <- 1e-2; moved <- lapply(c(-2, -1, 1, 2), function(s) { data <- people; data$x <- data$x + s * h; matrix_of(fit, data) })
  effect("ame", "dy/dx", both(function(c) as.vector(Reduce(`+`, Map(function(X, k) k * inv(as.vector(X %*% c)), moved, c(1, -8, 8, -1)))) / (12 * h)))
  if (model != "ols" && name != "two") {
    R <- suppressWarnings(c(psrsq(fit, method = "Cox-Snell"), psrsq(fit, method = "Nagelkerke")))
    keep(name, model, label, "measure", c("cox_snell", "nagelkerke"), R, NA)
  }
  if (name == "one") {
    em <- summary(emmeans(fit, "grp", at = list(x = 40), type = "link"), df = Inf)
    keep(name, model, label, "conditional_equal", as.character(em$grp), em$emmean, em$SE)
    if (!grepl("\\*", label) || grepl("x\\*\\*2", label)) {
      pr <- as.data.frame(pairs(emmeans(fit, "grp", at = list(x = 40)), reverse = TRUE))
      keep(name, model, label, "pairs", gsub("grp", "", as.character(pr$contrast)), pr$estimate, pr$SE)
      cc <- svycontrast(fit, list(mine = c(grpb = 0.5, grpc = 0.5, grpd = -1)))
      keep(name, model, label, "contrast", "mine", coef(cc), SE(cc))
      keep(name, model, label, "exp_contrast", "mine", exp(coef(cc)), exp(coef(cc)) * SE(cc))
    }
    if (model == "logit") {
      without <- svyglm(b ~ x + I(x^2) + k, one, family = quasibinomial(), control = exact)
      pm <- svypredmeans(without, ~grp)
      keep(name, model, label, "svypredmeans", names(coef(pm)), coef(pm), SE(pm), sqrt(diag(attr(attr(pm, "var"), "parts")[[1]])))
      s <- fitted(fit); b_ <- y <- people$b; W1 <- sum(w * y); W0 <- sum(w * (1 - y))
      below <- sapply(s, function(v) sum((w * (1 - y))[s < v - 1e-12]) + 0.5 * sum((w * (1 - y))[abs(s - v) <= 1e-12])) / W0
      above <- sapply(s, function(v) sum((w * y)[s > v + 1e-12]) + 0.5 * sum((w * y)[abs(s - v) <= 1e-12])) / W1
      auc <- sum(w * y * below) / W1
      keep(name, model, label, "measure", "auc", auc, total_se(one, ifelse(y == 1, (below - auc) / W1, (above - auc) / W0)))
      r <- y - s; upto <- sapply(s, function(v) sum(w[s <= v + 1e-12])) / sum(w)
      one <- update(one, residual = r, right = as.numeric((s >= 0.5) == (b_ == 1)), sixth = factor(pmax(1, ceiling(upto * 6 - 1e-9))))
      keep(name, model, label, "measure", "correct", coef(svymean(~right, one)), SE(svymean(~right, one)))
      M <- svyby(~residual, ~sixth, one, svymean, covmat = TRUE); f <- degf(one); g <- 6
      F <- (f - g + 2) / (f * g) * as.vector(coef(M) %*% solve(vcov(M), coef(M)))
      keep(name, model, label, "archer_lemeshow", "F", F, pf(F, g - 1, f - g + 2, lower.tail = FALSE), f - g + 2)
    }
  }
}
# replicates: fitted and averaged again under every set of weights
for (case in cases[c(2, 4)]) {
  model <- case[[1]]; label <- case[[2]]; formula <- case[[3]]
  fam <- families[[model]]
  f <- function(w, data) {
    data$.w <- w / mean(w); fit <- suppressWarnings(eval(bquote(glm(.(formula), data = data, weights = .w, family = fam, control = exact))))
    A <- sapply(levels(data$grp), function(g) { other <- data; other$grp <- factor(g, levels = levels(data$grp))
      sum(w * predict(fit, other, type = "response")) / sum(w) })
    h <- 1e-2; parts <- lapply(c(-2, -1, 1, 2), function(s) { other <- data; other$x <- other$x + s * h; predict(fit, other, type = "response") })
    c(A, sum(w * Reduce(`+`, Map(`*`, parts, c(1, -8, 8, -1)))) / (12 * h) / sum(w))
  }
  r <- withReplicates(jkn, f)
  keep("jkn", model, label, c(rep("adjusted", 4), "ame"), c(levels(people$grp), "dy/dx"), coef(r), SE(r))
}
out <- file.path(here, "margins_rows.csv")
cat(sprintf("# R %s, survey %s, emmeans %s\n", getRversion(), packageVersion("survey"), packageVersion("emmeans")), file = out)
suppressWarnings(write.table(do.call(rbind, rows), out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
