# Code exported by survey_kit for every case of test_export.py, each followed by the same estimates. Made by
#   python tests/parity/test_export.py; cd tests/parity; Rscript export.R
options(digits = 17, warn = 1)
rows <- list()
take <- function(case, design) {
  number <- function(v) trimws(formatC(as.vector(v), digits = 17, format = "g"))
  put <- function(statistic, domain, est) rows[[length(rows) + 1]] <<- data.frame(case = case, statistic = statistic,
    domain = domain, estimate = number(coef(est)), se = number(sqrt(diag(as.matrix(vcov(est))))), df = degf(design))
  put("mean", "", svymean(~y, design))
  put("total", "", svytotal(~y, design))
  put("mean", "f", svymean(~y, subset(design, sex == "f")))
  if (length(unique(design$variables$year)) > 1) {
    years <- update(design, y1 = y * (year == 2023), n1 = 1 * (year == 2023), y2 = y * (year == 2024), n2 = 1 * (year == 2024))
    put("change", "", svycontrast(svytotal(~y1 + n1 + y2 + n2, years), quote(y2 / n2 - y1 / n1)))
  }
}

# -------------------------------------------------------------------------------- rows
# A sampling design for R's package survey, 4.1 or later.
# 92 rows, 92 first-stage units in 1 stratum
# variance by Taylor linearisation over 1 stage
# units drawn as if with replacement (no fpc)
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "fail")
data <- read.csv("export_2024.csv", check.names = FALSE)
design <- svydesign(ids = ~1, weights = ~wt, data = data, nest = FALSE)
take("rows", design)

# -------------------------------------------------------------------------------- strata
# A sampling design for R's package survey, 4.1 or later.
# 92 rows, 12 first-stage units in 4 strata
# variance by Taylor linearisation over 1 stage
# units drawn as if with replacement (no fpc)
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "fail")
data <- read.csv("export_2024.csv", check.names = FALSE)
design <- svydesign(ids = ~`town id`, strata = ~`oblast'`, weights = ~wt, data = data, nest = TRUE)
take("strata", design)

# -------------------------------------------------------------------------------- fpc
# A sampling design for R's package survey, 4.1 or later.
# 92 rows, 12 first-stage units in 4 strata
# variance by Taylor linearisation over 1 stage
# finite population correction by counts
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "fail")
data <- read.csv("export_2024.csv", check.names = FALSE)
design <- svydesign(ids = ~`town id`, strata = ~`oblast'`, fpc = ~`N 1`, weights = ~wt, data = data, nest = TRUE)
take("fpc", design)

# -------------------------------------------------------------------------------- two_stages
# A sampling design for R's package survey, 4.1 or later.
# 92 rows, 12 first-stage units in 4 strata
# variance by Taylor linearisation over 2 stages
# finite population correction by counts
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "fail")
data <- read.csv("export_2024.csv", check.names = FALSE)
design <- svydesign(ids = ~`town id` + ssu, strata = ~`oblast'`, fpc = ~`N 1` + N2, weights = ~wt, data = data, nest = TRUE)
take("two_stages", design)

# -------------------------------------------------------------------------------- two_stages_one_fpc
# A sampling design for R's package survey, 4.1 or later.
# 92 rows, 12 first-stage units in 4 strata
# variance by Taylor linearisation over 2 stages
# finite population correction by counts
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "fail")
data <- read.csv("export_2024.csv", check.names = FALSE)
data[["sk_no_fpc"]] <- Inf
design <- svydesign(ids = ~`town id` + ssu, strata = ~`oblast'`, fpc = ~`N 1` + sk_no_fpc, weights = ~wt, data = data, nest = TRUE)
take("two_stages_one_fpc", design)

# -------------------------------------------------------------------------------- strata_below
# A sampling design for R's package survey, 4.1 or later.
# 92 rows, 12 first-stage units in 4 strata
# variance by Taylor linearisation over 2 stages
# finite population correction by counts
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "certainty")
data <- read.csv("export_2024.csv", check.names = FALSE)
design <- svydesign(ids = ~`town id` + ssu, strata = ~`oblast'` + half, fpc = ~`N 1` + N2, weights = ~wt, data = data, nest = TRUE)
take("strata_below", design)

# -------------------------------------------------------------------------------- rows_in_towns
# A sampling design for R's package survey, 4.1 or later.
# 92 rows, 12 first-stage units in 4 strata
# variance by Taylor linearisation over 2 stages
# finite population correction by counts
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "fail")
data <- read.csv("export_2024.csv", check.names = FALSE)
data[["sk_row"]] <- seq_len(nrow(data))
data[["sk_no_fpc"]] <- Inf
design <- svydesign(ids = ~`town id` + sk_row, strata = ~`oblast'`, fpc = ~`N 1` + sk_no_fpc, weights = ~wt, data = data, nest = TRUE)
take("rows_in_towns", design)

# -------------------------------------------------------------------------------- post_stratified
# A sampling design for R's package survey, 4.1 or later.
# 92 rows, 12 first-stage units in 4 strata
# variance by Taylor linearisation over 1 stage
# finite population correction by counts
# weights post-stratified to sex x urban (factors 0.869 to 2.26); standard errors credit it
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "fail")
data <- read.csv("export_2024.csv", check.names = FALSE)
design <- svydesign(ids = ~`town id`, strata = ~`oblast'`, fpc = ~`N 1`, weights = ~wt, data = data, nest = TRUE)
design$variables[["sk_1_1"]] <- 1 * (data[["sex"]] == "f") * (toupper(data[["urban"]]) == "TRUE")
design$variables[["sk_1_2"]] <- 1 * (data[["sex"]] == "f") * (toupper(data[["urban"]]) == "FALSE")
design$variables[["sk_1_3"]] <- 1 * (data[["sex"]] == "m") * (toupper(data[["urban"]]) == "TRUE")
design$variables[["sk_1_4"]] <- 1 * (data[["sex"]] == "m") * (toupper(data[["urban"]]) == "FALSE")
design <- calibrate(design, ~0 + sk_1_1 + sk_1_2 + sk_1_3 + sk_1_4,
  population = c(sk_1_1 = 160, sk_1_2 = 140, sk_1_3 = 150, sk_1_4 = 130),
  calfun = "linear", bounds = c(-Inf, Inf), epsilon = 1e-11, maxit = 200)
take("post_stratified", design)

# -------------------------------------------------------------------------------- raked
# A sampling design for R's package survey, 4.1 or later.
# 92 rows, 12 first-stage units in 4 strata
# variance by Taylor linearisation over 1 stage
# finite population correction by counts
# weights raked to sex, urban (factors 0.756 to 2.02); standard errors credit it
# residuals of the calibration as in R's survey package
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "fail")
data <- read.csv("export_2024.csv", check.names = FALSE)
design <- svydesign(ids = ~`town id`, strata = ~`oblast'`, fpc = ~`N 1`, weights = ~wt, data = data, nest = TRUE)
design$variables[["sk_1_1"]] <- 1 * (data[["sex"]] == "f") + 2 * (data[["sex"]] == "m")
design$variables[["sk_1_2"]] <- 1 * (toupper(data[["urban"]]) == "TRUE") + 2 * (toupper(data[["urban"]]) == "FALSE")
design <- rake(design, list(~sk_1_1, ~sk_1_2), list(data.frame(sk_1_1 = 1:2, Freq = c(300, 280)), data.frame(sk_1_2 = 1:2, Freq = c(310, 270))),
  control = list(maxit = 1000, epsilon = 1e-11))
take("raked", design)

# -------------------------------------------------------------------------------- calibrated
# A sampling design for R's package survey, 4.1 or later.
# 92 rows, 12 first-stage units in 4 strata
# variance by Taylor linearisation over 1 stage
# finite population correction by counts
# weights calibrated to sex, urban, age (linear distance, factors 0.418 to 2.18); standard errors credit it
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "fail")
data <- read.csv("export_2024.csv", check.names = FALSE)
design <- svydesign(ids = ~`town id`, strata = ~`oblast'`, fpc = ~`N 1`, weights = ~wt, data = data, nest = TRUE)
design$variables[["sk_1_1"]] <- 1 * (data[["sex"]] == "f")
design$variables[["sk_1_2"]] <- 1 * (data[["sex"]] == "m")
design$variables[["sk_1_3"]] <- 1 * (toupper(data[["urban"]]) == "TRUE")
design$variables[["sk_1_4"]] <- 1 * data[["age"]]
design <- calibrate(design, ~0 + sk_1_1 + sk_1_2 + sk_1_3 + sk_1_4,
  population = c(sk_1_1 = 300, sk_1_2 = 280, sk_1_3 = 310, sk_1_4 = 28000),
  calfun = "linear", bounds = c(-Inf, Inf), epsilon = 1e-11, maxit = 200)
take("calibrated", design)

# -------------------------------------------------------------------------------- bounded
# A sampling design for R's package survey, 4.1 or later.
# 92 rows, 12 first-stage units in 4 strata
# variance by Taylor linearisation over 1 stage
# units drawn as if with replacement (no fpc)
# weights calibrated to sex, urban (logit distance, factors 0.742 to 1.99); standard errors credit it
# residuals of the calibration as in R's survey package
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "fail")
data <- read.csv("export_2024.csv", check.names = FALSE)
design <- svydesign(ids = ~`town id`, strata = ~`oblast'`, weights = ~wt, data = data, nest = TRUE)
design$variables[["sk_1_1"]] <- 1 * (data[["sex"]] == "f")
design$variables[["sk_1_2"]] <- 1 * (data[["sex"]] == "m")
design$variables[["sk_1_3"]] <- 1 * (toupper(data[["urban"]]) == "TRUE")
design <- calibrate(design, ~0 + sk_1_1 + sk_1_2 + sk_1_3,
  population = c(sk_1_1 = 300, sk_1_2 = 280, sk_1_3 = 310),
  calfun = "logit", bounds = c(0.3, 3.5), epsilon = 1e-11, maxit = 200)
take("bounded", design)

# -------------------------------------------------------------------------------- given
# A sampling design for R's package survey, 4.1 or later.
# 92 rows, 92 first-stage units in 1 stratum
# variance by 8 Fay replicates, rho 0.5, centred at the mean of the replicates
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "fail")
data <- read.csv("export_2024.csv", check.names = FALSE)
design <- svrepdesign(data = data,
  weights = ~wt,
  repweights = data[, paste0("фактор ", 1:8)],
  combined.weights = FALSE,
  mse = FALSE,
  type = "Fay",
  rho = 0.5)
design$degf <- 8
take("given", design)

# -------------------------------------------------------------------------------- waves
# A sampling design for R's package survey, 4.1 or later.
# 178 rows, 24 first-stage units in 8 strata
# variance by Taylor linearisation over 1 stage
# finite population correction by counts
# waves have no units in common (overlap: none)
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "fail")
data <- read.csv("export_2023_2024.csv", check.names = FALSE)
data[["sk_stratum"]] <- interaction(data[["year"]], data[["oblast'"]], drop = TRUE)
design <- svydesign(ids = ~`town id`, strata = ~sk_stratum, fpc = ~`N 1`, weights = ~wt, data = data, nest = TRUE)
take("waves", design)

# -------------------------------------------------------------------------------- panel
# A sampling design for R's package survey, 4.1 or later.
# 178 rows, 24 first-stage units in 8 strata
# variance by Taylor linearisation over 1 stage
# finite population correction by counts
# waves have units with equal ids in common (overlap: psu)
# all waves hold the same units: 'year' is a domain, and changes have their covariance
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "fail")
data <- read.csv("export_2023_2024.csv", check.names = FALSE)
design <- svydesign(ids = ~`town id`, strata = ~`oblast'`, fpc = ~`N 1`, weights = ~wt, data = data, nest = TRUE)
take("panel", design)

# -------------------------------------------------------------------------------- waves_post_stratified
# A sampling design for R's package survey, 4.1 or later.
# 178 rows, 24 first-stage units in 8 strata
# variance by Taylor linearisation over 1 stage
# finite population correction by counts
# waves have no units in common (overlap: none)
# weights post-stratified to sex (factors 1.01 to 1.47); standard errors credit it
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "fail")
data <- read.csv("export_2023_2024.csv", check.names = FALSE)
data[["sk_stratum"]] <- interaction(data[["year"]], data[["oblast'"]], drop = TRUE)
design <- svydesign(ids = ~`town id`, strata = ~sk_stratum, fpc = ~`N 1`, weights = ~wt, data = data, nest = TRUE)
design$variables[["sk_1_1"]] <- 1 * (data[["year"]] == 2023) * (data[["sex"]] == "f")
design$variables[["sk_1_2"]] <- 1 * (data[["year"]] == 2023) * (data[["sex"]] == "m")
design$variables[["sk_1_3"]] <- 1 * (data[["year"]] == 2024) * (data[["sex"]] == "f")
design$variables[["sk_1_4"]] <- 1 * (data[["year"]] == 2024) * (data[["sex"]] == "m")
design <- calibrate(design, ~0 + sk_1_1 + sk_1_2 + sk_1_3 + sk_1_4,
  population = c(sk_1_1 = 250, sk_1_2 = 240, sk_1_3 = 300, sk_1_4 = 280),
  calfun = "linear", bounds = c(-Inf, Inf), epsilon = 1e-11, maxit = 200)
take("waves_post_stratified", design)

# -------------------------------------------------------------------------------- certainty
# A sampling design for R's package survey, 4.1 or later.
# 87 rows, 11 first-stage units in 4 strata
# variance by Taylor linearisation over 1 stage
# finite population correction by counts
# 1 stratum with one unit, rule 'certainty'
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "certainty")
data <- read.csv("export_2024_lonely.csv", check.names = FALSE)
design <- svydesign(ids = ~`town id`, strata = ~`oblast'`, fpc = ~`N 1`, weights = ~wt, data = data, nest = TRUE)
take("certainty", design)

# -------------------------------------------------------------------------------- average
# A sampling design for R's package survey, 4.1 or later.
# 87 rows, 11 first-stage units in 4 strata
# variance by Taylor linearisation over 1 stage
# finite population correction by counts
# 1 stratum with one unit, rule 'average'
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "average")
data <- read.csv("export_2024_lonely.csv", check.names = FALSE)
design <- svydesign(ids = ~`town id`, strata = ~`oblast'`, fpc = ~`N 1`, weights = ~wt, data = data, nest = TRUE)
take("average", design)

# -------------------------------------------------------------------------------- JKn
# A sampling design for R's package survey, 4.1 or later.
# 92 rows, 12 first-stage units in 4 strata
# variance by 12 JKn replicates, centred at the mean of the replicates
# finite population correction by counts
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "fail")
data <- read.csv("export_2024.csv", check.names = FALSE)
design <- svrepdesign(data = data,
  weights = ~JKn_0,
  repweights = data[, paste0("JKn_", 1:12)],
  combined.weights = TRUE,
  mse = FALSE,
  type = "JKn",
  scale = 1,
  rscales = c(0.3333333333333333, 0.3333333333333333, 0.3333333333333333, 0.3, 0.3, 0.44999999999999996, 0.44999999999999996, 0.44999999999999996, 0.44999999999999996, 0.4444444444444445, 0.4444444444444445, 0.4444444444444445))
design$degf <- 8
take("JKn", design)

# -------------------------------------------------------------------------------- Fay
# A sampling design for R's package survey, 4.1 or later.
# 92 rows, 12 first-stage units in 4 strata
# variance by 8 Fay replicates, rho 0.4, centred at the mean of the replicates
# units of each stratum divided into two groups at random
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "fail")
data <- read.csv("export_2024.csv", check.names = FALSE)
design <- svrepdesign(data = data,
  weights = ~Fay_0,
  repweights = data[, paste0("Fay_", 1:8)],
  combined.weights = TRUE,
  mse = FALSE,
  type = "Fay",
  rho = 0.4)
design$degf <- 8
take("Fay", design)

# -------------------------------------------------------------------------------- SDR
# A sampling design for R's package survey, 4.1 or later.
# 92 rows, 12 first-stage units in 4 strata
# variance by 16 SDR replicates, centred at the estimate of the full sample
# units ordered by 'place' within strata
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "fail")
data <- read.csv("export_2024.csv", check.names = FALSE)
design <- svrepdesign(data = data,
  weights = ~SDR_0,
  repweights = data[, paste0("SDR_", 1:16)],
  combined.weights = TRUE,
  mse = TRUE,
  type = "successive-difference")
design$degf <- 8
take("SDR", design)

# -------------------------------------------------------------------------------- bootstrap
# A sampling design for R's package survey, 4.1 or later.
# 92 rows, 12 first-stage units in 4 strata
# variance by 20 bootstrap replicates, centred at the estimate of the full sample
# 20 draws: standard errors carry a Monte-Carlo error of about 15.8%
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "fail")
data <- read.csv("export_2024.csv", check.names = FALSE)
design <- svrepdesign(data = data,
  weights = ~bootstrap_0,
  repweights = data[, paste0("bootstrap_", 1:20)],
  combined.weights = TRUE,
  mse = TRUE,
  type = "bootstrap",
  scale = 0.05,
  rscales = rep(1, 20))
design$degf <- 8
take("bootstrap", design)

# -------------------------------------------------------------------------------- Preston_raked
# A sampling design for R's package survey, 4.1 or later.
# 92 rows, 12 first-stage units in 4 strata
# variance by 20 Preston replicates, centred at the mean of the replicates
# 20 draws: standard errors carry a Monte-Carlo error of about 15.8%
# finite population correction by counts
# weights raked to sex, urban (factors 0.756 to 2.02); standard errors credit it
# intervals with Student's t: confint(..., df = degf(design))
library(survey)
options(survey.lonely.psu = "fail")
data <- read.csv("export_2024.csv", check.names = FALSE)
design <- svrepdesign(data = data,
  weights = ~Preston_raked_0,
  repweights = data[, paste0("Preston_raked_", 1:20)],
  combined.weights = TRUE,
  mse = FALSE,
  type = "other",
  scale = 0.05263157894736842,
  rscales = rep(1, 20))
design$degf <- 8
take("Preston_raked", design)

out <- "export_rows.csv"
cat(sprintf("# R %s, survey %s\n", getRversion(), packageVersion("survey")), file = out)
suppressWarnings(write.table(do.call(rbind, rows), out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
