# Steps that join, integrate, soften and limit weights, against R. Reads the sample that weighting.R made, with households beside it. Writes
#   weighting_steps_data.csv  the sample
#   weighting_steps_rows.csv  case, what (weight of a row, or the standard error of a total), row, value
#   Rscript tests/parity/weighting_steps.R
# R survey calibrates with one weight per household (aggregate.stage), with limits of the weights (bounds.const) and respondents
# to the totals of their sample. Ridge calibration and estimated totals have no function there: written out as matrices.
suppressMessages(library(survey))
options(digits = 17, survey.lonely.psu = "fail")
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(20260412)
number <- function(v) trimws(formatC(v, digits = 17, format = "g"))
save_csv <- function(table, name) {
  out <- file.path(here, name)
  cat(sprintf("# R %s, survey %s\n", getRversion(), packageVersion("survey")), file = out)
  suppressWarnings(write.table(table, out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
}
cases <- data.frame(psu = rep(1:24, each = 10), h = rep(1:6, each = 40))
n <- nrow(cases)
cases$N <- c(20, 30, 25, 40, 22, 35)[cases$h]
cases$home <- rep(1:96, times = rep(c(1, 4, 2, 3), 24))
cases$w <- round(exp(rnorm(96, 1, 0.5)), 3)[cases$home]
cases$own <- round(cases$w * runif(n, 0.7, 1.4), 3)
cases$sex <- sample(c("f", "m"), n, TRUE)
cases$age <- sample(c("y", "m", "o"), n, TRUE)
cases$x <- round(exp(rnorm(n, 1, 0.4)), 2)
cases$r <- as.integer(runif(n) < plogis(0.3 + 0.5 * (cases$sex == "f")))
cases$y <- round(3 + (cases$sex == "f") + 0.8 * cases$x + rnorm(n), 2)
cases$f <- as.integer(cases$sex == "f"); cases$m <- 1 - cases$f
for (level in c("y", "m", "o")) cases[[paste0("age_", level)]] <- as.integer(cases$age == level)
cases$one_home <- 1 / ave(cases$w, cases$home, FUN = length)
design <- svydesign(ids = ~psu, strata = ~h, fpc = ~N, weights = ~w, data = cases)
own <- svydesign(ids = ~psu, strata = ~h, fpc = ~N, weights = ~own, data = cases)
homes <- svydesign(ids = ~home, weights = ~w, data = cases)

rows <- list()
keep <- function(case, weight, se = NULL) {
  rows[[length(rows) + 1]] <<- data.frame(case = case, what = "weight", row = seq_along(weight), value = number(weight))
  if (!is.null(se)) rows[[length(rows) + 1]] <<- data.frame(case = case, what = "se", row = 0, value = number(se))
}
se_of <- function(u, d) as.vector(SE(svytotal(u, d)))

# one weight for each household; R's standard error is that of the linear distance, where its residuals are the derivative
people <- ~ 0 + f + m + age_y + age_m + x
targets <- c(f = 460, m = 420, age_y = 270, age_m = 320, x = 2700)
made <- calibrate(homes, people, targets, aggregate.stage = 1, calfun = "linear")
keep("integrated_linear", weights(made), as.vector(SE(svytotal(~y, made))))
made <- calibrate(homes, people, targets, aggregate.stage = 1, calfun = "raking", epsilon = 1e-13, maxit = 200)
keep("integrated_raking", weights(made))
with_homes <- calibrate(homes, ~ 0 + f + m + one_home, c(f = 460, m = 420, one_home = 350), aggregate.stage = 1, calfun = "linear")
keep("integrated_homes", weights(with_homes), as.vector(SE(svytotal(~y, with_homes))))

# limits of the weights themselves
for (calfun in c("linear", "raking")) {
  made <- calibrate(own, ~ 0 + f + m + age_y + age_m, c(f = 460, m = 420, age_y = 270, age_m = 320), calfun = calfun,
                    bounds = list(lower = 2, upper = 6.5), bounds.const = TRUE, epsilon = 1e-13, maxit = 500)
  stopifnot(max(weights(made)) <= 6.5 + 1e-9, sum(abs(weights(made) - 6.5) < 1e-9) > 5)
  keep(paste0("limited_", calfun), weights(made))
}

# respondents calibrated to the totals of their sample
X <- model.matrix(~ sex + age + x, cases)
answered <- subset(own, r == 1)
for (calfun in c("linear", "raking")) {
  made <- calibrate(answered, ~ sex + age + x, colSums(X * cases$own), calfun = calfun, epsilon = 1e-13, maxit = 200)
  g <- numeric(n); g[cases$r == 1] <- weights(made) / cases$own[cases$r == 1]
  slope <- if (calfun == "linear") cases$r else g
  B <- solve(t(X) %*% (cases$own * slope * X), t(X) %*% (cases$own * slope * cases$y))
  keep(paste0("respondents_", calfun), cases$own * g, se_of(g * cases$y - as.vector((g - 1) * (X %*% B)), own))
}
# the same with F(u) = 1 + exp(u), by Newton steps written out
b <- numeric(ncol(X))
for (i in 1:60) {
  e <- exp(as.vector(X %*% b)); g <- cases$r * (1 + e)
  b <- b + as.vector(solve(t(X) %*% (cases$own * cases$r * e * X), colSums(X * cases$own) - colSums(X * cases$own * g)))
}
e <- exp(as.vector(X %*% b)); g <- cases$r * (1 + e); slope <- cases$r * e
B <- solve(t(X) %*% (cases$own * slope * X), t(X) %*% (cases$own * slope * cases$y))
keep("respondents_logistic", cases$own * g, se_of(g * cases$y - as.vector((g - 1) * (X %*% B)), own))

# ridge: weights brought to the size of the population, sex exact, age at cost 0.7; the derivative of both steps
M <- as.matrix(cases[c("f", "m", "age_y", "age_m", "age_o")])
T <- c(460, 420, 270, 320, 290); R <- diag(c(0, 0, T[3:5] / 0.7))
d <- cases$own * 880 / sum(cases$own)
A <- t(M) %*% (d * M) + R
lambda <- solve(A, T - colSums(M * d)); g <- 1 + as.vector(M %*% lambda)
B <- solve(A, t(M) %*% (d * cases$y))
z <- g * (cases$y - as.vector(M %*% B))
zbar <- sum(d * z) / 880
keep("ridge", d * g, se_of(880 / sum(cases$own) * (z - zbar), own))

# totals of age that another survey estimates
V <- matrix(c(220, -60, -90, -60, 300, -110, -90, -110, 260), 3)
made <- calibrate(own, ~ 0 + age_y + age_m + age_o, c(age_y = 270, age_m = 320, age_o = 290), calfun = "linear")
D <- as.matrix(cases[c("age_y", "age_m", "age_o")])
B <- solve(t(D) %*% (cases$own * D), t(D) %*% (cases$own * cases$y))
keep("estimated", weights(made), sqrt(as.vector(SE(svytotal(~y, made)))^2 + as.vector(t(B) %*% V %*% B)))

save_csv(cases, "weighting_steps_data.csv")
save_csv(do.call(rbind, rows), "weighting_steps_rows.csv")
