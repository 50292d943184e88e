# Calibrated designs against R survey. Writes
#   calibration_data.csv       the made-up sample (also read by the tests)
#   calibration_schools.csv    what the published oracles need of the 183 schools of R survey's apiclus1
#   calibration_rows.csv       case, statistic, variable, domain: estimate and se; for the weights their sum of squares and range
#   calibration_replicates.csv the same cases on a jackknife whose replicates are calibrated anew
#   Rscript tests/parity/calibration.R
# The controls are written down twice, here and in test_calibration.py. Iterations are run to 1e-13, so that R's own default tolerances
# (1 population unit for rake, 1e-7 for calibrate) do not limit the comparison.
suppressMessages(library(survey))
options(digits = 17, survey.lonely.psu = "fail")
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(20250211)
number <- function(v) { v <- as.vector(v); ifelse(is.na(v), "", trimws(formatC(v, digits = 17, format = "g"))) }
save_csv <- function(table, name) {
  out <- file.path(here, name)
  cat(sprintf("# R %s, survey %s\n", getRversion(), packageVersion("survey")), file = out)
  suppressWarnings(write.table(table, out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
}

# ------------------------------------------------------------------------------------------------- the made-up sample
people <- list()
for (h in 1:4) for (p in seq_len(c(3, 5, 4, 4)[h])) {
  homes <- sample(2:4, 1); effect <- rnorm(1)
  for (k in seq_len(homes)) {
    m <- sample(2:5, 1)
    people[[length(people) + 1]] <- data.frame(
      stratum = h, psu = 100 * h + p, home = k, N = c(8, 20, 9, 30)[h], M = 5 + (p %% 3),
      dom = if (h == 1 && p < 3) "a" else sample(c("a", "b"), m, TRUE), effect = effect + rnorm(1, sd = 0.5), row = seq_len(m))
  }
}
people <- do.call(rbind, people)
n <- nrow(people)
people$w <- round(runif(n, 0.5, 5), 3)
people$sex <- sample(c("f", "m"), n, TRUE, c(0.6, 0.4))
people$age <- sample(c("y", "m", "o"), n, TRUE, c(0.25, 0.4, 0.35))
people$area <- ifelse(people$stratum == 1, "north", sample(c("south", "west"), n, TRUE))
people$income <- round(exp(rnorm(n, 1, 0.6)), 2)
people$hours <- sample(0:10, n, TRUE)
people$y <- round(5 + 2 * (people$sex == "f") + 0.7 * people$income + people$effect + rnorm(n), 2)
people$x <- round(runif(n, 1, 9), 1)
people$answered <- runif(n) < 0.85
people <- people[c("stratum", "psu", "home", "N", "M", "w", "sex", "age", "area", "dom", "income", "hours", "y", "x", "answered")]
people$answered <- as.integer(people$answered)
save_csv(people, "calibration_data.csv")

sex <- data.frame(sex = c("f", "m"), Freq = c(300, 280))
age <- data.frame(age = c("y", "m", "o"), Freq = c(180, 230, 170))
area <- data.frame(area = c("north", "south", "west"), Freq = c(150, 200, 230))
crossed <- expand.grid(sex = c("f", "m"), dom = c("a", "b")); crossed$Freq <- c(140, 150, 160, 130)
income <- c(`(Intercept)` = 580, sexm = 280, income = 1900)
many <- c(`(Intercept)` = 580, sexm = 280, agem = 230, ageo = 170, income = 1900, hours = 2800)
people$age <- factor(people$age, levels = c("y", "m", "o"))
tight <- list(epsilon = 1e-13, maxit = 500)

with_sex <- function(d) postStratify(d, ~sex, sex)
with_crossed <- function(d) postStratify(d, ~sex + dom, crossed)
raked <- function(d) rake(d, list(~sex, ~age, ~area), list(sex, age, area), control = tight)
linear <- function(d) calibrate(d, ~sex + age + income + hours, many)
bounded <- function(d) calibrate(d, ~sex + income, income, bounds = c(0.8, 1.4), epsilon = 1e-13, maxit = 200)
raking <- function(d) calibrate(d, ~sex + income, income, calfun = "raking", epsilon = 1e-13, maxit = 200)
logit <- function(d) calibrate(d, ~sex + income, income, calfun = "logit", bounds = c(0.4, 2.6), epsilon = 1e-13, maxit = 200)
sinh <- function(d) calibrate(d, ~sex + income, income, calfun = cal.sinh, bounds = c(0.01, 100), epsilon = 1e-13, maxit = 200)
numbers <- function(d) calibrate(d, ~income + hours - 1, c(income = 1900, hours = 2800))
standard <- function(d) svystandardize(d, by = ~age, over = ~dom, population = c(3, 4, 3))
standard_all <- function(d) svystandardize(d, by = ~sex, over = ~1, population = c(1, 1))
cases <- list(post_stratify = with_sex, crossed = with_crossed, rake = raked, linear = linear, bounded = bounded, raking = raking,
  logit = logit, sinh = sinh, numbers = numbers, standardize = standard, standardize_all = standard_all,
  linear_then_post = function(d) with_crossed(linear(d)), rake_then_raking = function(d) raking(raked(d)),
  post_then_rake = function(d) raked(with_crossed(d)), linear_rake_post = function(d) with_crossed(raked(linear(d))),
  logit_then_standard = function(d) standard(logit(d)))

# ------------------------------------------------------------------------------------------------------------------ figures
rows <- list()
put <- function(case, design, statistic, variable, domain, estimate, se) {
  rows[[length(rows) + 1]] <<- data.frame(case = case, design = design, statistic = statistic, variable = variable,
    domain = domain, estimate = number(estimate), se = number(se))
}
figures <- function(case, name, d) {
  w <- if (inherits(d, "svyrep.design")) weights(d, "sampling") else weights(d)
  put(case, name, "weights", "squares", "", sum(w^2), NA)
  put(case, name, "weights", "smallest", "", min(w), NA)
  put(case, name, "weights", "largest", "", max(w), NA)
  for (v in c("y", "x")) {
    f <- as.formula(paste0("~", v))
    m <- svymean(f, d); put(case, name, "mean", v, "", coef(m), SE(m))
    t <- svytotal(f, d); put(case, name, "total", v, "", coef(t), SE(t))
    b <- svyby(f, ~dom, d, svymean)
    for (i in 1:2) put(case, name, "mean", v, as.character(b$dom)[i], b[[v]][i], SE(b)[i])
  }
  r <- svyratio(~y, ~x, d); put(case, name, "ratio", "y/x", "", coef(r), SE(r))
  q <- svymean(~area, d); for (i in 1:3) put(case, name, "proportion", sub("area", "area=", names(coef(q))[i]), "", coef(q)[i], SE(q)[i])
}
one <- svydesign(~psu, strata = ~stratum, weights = ~w, fpc = ~N, data = people)
two <- svydesign(~psu + home, strata = ~stratum, weights = ~w, fpc = ~N + M, data = people)
for (case in names(cases)) figures(case, "one", cases[[case]](one))
for (case in c("linear", "rake", "linear_then_post")) figures(case, "two", cases[[case]](two))
kept <- svystandardize(update(one, y = ifelse(answered == 1, y, NA)), by = ~age, over = ~dom, population = c(3, 4, 3), excluding.missing = ~y)
b <- svyby(~y, ~dom, kept, svymean)
for (i in 1:2) put("standardize_answered", "one", "mean", "y", as.character(b$dom)[i], b$y[i], SE(b)[i])
save_csv(do.call(rbind, rows), "calibration_rows.csv")

rows <- list()
plain <- svydesign(~psu, strata = ~stratum, weights = ~w, data = people)
jackknife <- as.svrepdesign(plain, type = "JKn", compress = TRUE, mse = TRUE)
for (case in c("post_stratify", "rake", "linear", "raking", "linear_then_post")) figures(case, "JKn", cases[[case]](jackknife))
save_csv(do.call(rbind, rows), "calibration_replicates.csv")

# ------------------------------------------------------------------------- what the published oracles need of apiclus1 (R survey's data)
data(api)
schools <- data.frame(psu = as.integer(factor(apiclus1$dnum)), w = apiclus1$pw, fpc = apiclus1$fpc, stype = apiclus1$stype,
  target_met = tolower(apiclus1$sch.wide), api00 = apiclus1$api00, api99 = apiclus1$api99, enroll = apiclus1$enroll)
save_csv(schools, "calibration_schools.csv")
