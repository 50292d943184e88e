# Weighting steps against R. Writes
#   weighting_data.csv  the made-up sample of cases (also read by the tests)
#   weighting_rows.csv  case, what (weight of a row, or the standard error of a total), row, value
#   Rscript tests/parity/weighting.R
# R survey trims (trimWeights) and post-strata; class nonresponse and propensities have no function there, so their weights
# are made from its svytable and glm, and their standard errors are svytotal of the influence written out by hand.
suppressMessages(library(survey))
options(digits = 17, survey.lonely.psu = "fail")
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(20260311)
number <- function(v) trimws(formatC(v, digits = 17, format = "g"))
save_csv <- function(table, name) {
  out <- file.path(here, name)
  cat(sprintf("# R %s, survey %s\n", getRversion(), packageVersion("survey")), file = out)
  suppressWarnings(write.table(table, out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
}
n <- 240
cases <- data.frame(psu = rep(1:24, each = 10), h = rep(1:6, each = 40))
cases$N <- c(20, 30, 25, 40, 22, 35)[cases$h]
cases$w <- round(exp(rnorm(n, 1, 0.5)), 3)
cases$sex <- sample(c("f", "m"), n, TRUE)
cases$age <- sample(c("y", "m", "o"), n, TRUE)
cases$z <- round(rnorm(n, 40, 12), 1)
cases$known <- as.integer(runif(n) < 0.85)
cases$answers <- as.integer(cases$known == 1 & runif(n) < plogis(-0.2 + 0.8 * (cases$sex == "f") + 0.02 * cases$z))
cases$y <- round(5 + (cases$sex == "f") + 0.05 * cases$z + rnorm(n), 2)
design <- svydesign(ids = ~psu, strata = ~h, fpc = ~N, weights = ~w, data = cases)

rows <- list()
keep <- function(case, weight, se = NULL) {
  rows[[length(rows) + 1]] <<- data.frame(case = case, what = "weight", row = seq_along(weight), value = number(weight))
  if (!is.null(se)) rows[[length(rows) + 1]] <<- data.frame(case = case, what = "se", row = 0, value = number(se))
}
se_of <- function(u) as.vector(SE(svytotal(u, design)))
w <- cases$w; y <- cases$y

# a class adjustment: w g with g = D_c / R_c; influence of the total a ybar_c + r g (y - ybar_c)
classes <- function(c, takes, gives) {
  D <- tapply(w * gives, c, sum)[c]; R <- tapply(w * takes, c, sum)[c]; ybar <- tapply(w * takes * y, c, sum)[c] / R
  list(weight = w * takes * D / R, u = gives * ybar + takes * D / R * (y - ybar))
}
made <- classes(cases$age, cases$known, rep(1, n)); keep("unknown", made$weight, se_of(made$u))
made <- classes(paste(cases$sex, cases$age), cases$answers, rep(1, n)); keep("nonresponse", made$weight, se_of(made$u))

# a propensity: influence r y / p - (r - p) x'B
for (formula in c(~ sex + age + z, ~ sex * age)) {
  X <- model.matrix(formula, cases); r <- cases$answers
  fit <- suppressWarnings(glm(update(formula, answers ~ .), quasibinomial, cases, weights = w, epsilon = 1e-15, maxit = 100))
  p <- as.vector(plogis(X %*% coef(fit)))
  B <- solve(t(X) %*% (w * p * (1 - p) * X), t(X) %*% (w * r * (1 - p) / p * y))
  keep(if (length(all.vars(formula)) == 3) "propensity" else "propensity_crossed", w * r / p, se_of(r * y / p - as.vector((r - p) * (X %*% B))))
}

# nonresponse, then post-stratification of the respondents: the influence of a chain, from the last step to the first
made <- classes(cases$sex, cases$answers, rep(1, n)); given <- made$weight; target <- c(y = 300, m = 260, o = 240)
size <- tapply(given, cases$age, sum); g <- (target[names(size)] / size)[cases$age]
ybar <- (tapply(given * y, cases$age, sum) / size)[cases$age]
z <- g * (y - ybar)
R <- tapply(w * cases$answers, cases$sex, sum)[cases$sex]; D <- tapply(w, cases$sex, sum)[cases$sex]
zbar <- tapply(w * cases$answers * z, cases$sex, sum)[cases$sex] / R
keep("nonresponse_then_post", as.vector(given * g), se_of(as.vector(zbar + cases$answers * D / R * (z - zbar))))
stopifnot(all.equal(as.vector(given * g)[cases$answers == 1], {
  answered <- svydesign(ids = ~1, weights = ~given, data = transform(cases, given = given)[cases$answers == 1, ])
  as.vector(weights(postStratify(answered, ~age, data.frame(age = names(target), Freq = target))))
}, tolerance = 1e-12))

# trimming
keep("trim_once", weights(trimWeights(design, upper = 8)))
keep("trim_strict", weights(trimWeights(design, upper = 4, strict = TRUE)))
save_csv(cases, "weighting_data.csv")
save_csv(do.call(rbind, rows), "weighting_rows.csv")
