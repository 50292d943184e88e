# Replicate weights against R survey, on made-up data. Writes
#   replicates_data.csv     the made-up sample
#   replicates_drawn.csv    replicate weights that R drew (bootstrap, subbootstrap, mrbbootstrap): row by row, 30 of each
#   replicates_rows.csv     case, mse, statistic, variable, category, domain: estimate and standard error
#   replicates_vcov.csv     covariances of means over variables and domains
#   Rscript tests/parity/replicates.R
# BRR and Fay use Paley's matrix of order 12, first row and column of ones, so that both sides halve alike.
suppressMessages(library(survey))
options(digits = 17, survey.lonely.psu = "fail", warn = 1)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(20240926)
number <- function(v) { v <- as.vector(v); ifelse(is.na(v), "", trimws(formatC(v, digits = 17, format = "g"))) }
save_rows <- function(rows, name) {
  out <- file.path(here, name)
  cat(sprintf("# R %s, survey %s\n", getRversion(), packageVersion("survey")), file = out)
  suppressWarnings(write.table(do.call(rbind, rows), out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE, na = ""))
}

# ------------------------------------------------------------------------------------------------- the made-up sample
# kind: pairs = nine strata with two PSUs; many = five strata with three to six.
plan <- data.frame(stratum = 1:14, kind = rep(c("pairs", "many"), c(9, 5)), n1 = c(rep(2, 9), 3, 4, 6, 5, 3),
                   N1 = c(5, 8, 12, 6, 30, 9, 14, 7, 10, 12, 20, 9, 25, 7))
people <- list()
for (s in plan$stratum) for (p in seq_len(plan$n1[s])) {
  effect <- rnorm(1, sd = 2)
  n2 <- sample(2:4, 1)
  N2 <- n2 + sample(1:6, 1)
  for (u in seq_len(n2)) {
    n3 <- sample(1:3, 1)
    people[[length(people) + 1]] <- data.frame(kind = plan$kind[s], stratum = s, psu = 100 * s + p, ssu = u,
      N1 = plan$N1[s], N2 = N2, n1 = plan$n1[s], n2 = n2, effect = effect + rnorm(1, sd = 0.7))[rep(1, n3), ]
  }
}
people <- do.call(rbind, people)
n <- nrow(people)
people$weight <- round(people$N1 / people$n1 * people$N2 / people$n2 * runif(n, 0.6, 1.6), 3)
people$y <- round(50 + people$stratum + 2 * people$effect + rnorm(n, sd = 5), 2)
people$x <- round(exp(rnorm(n, 2 + people$stratum / 20, 0.4)), 2)
people$q <- pmin(3, 1 + rpois(n, 0.8 + abs(people$effect) / 3))
people$sex <- sample(1:2, n, TRUE)
people$dom <- ifelse(people$stratum %% 3 == 0, "a", sample(c("a", "b", "c"), n, TRUE))
people$dom[people$psu == people$psu[1] & seq_len(n) < 4] <- "e"  # a domain that one PSU holds alone
people$dom[people$psu == 1003] <- "e"
people$v <- people$y  # v: y with item nonresponse
people$v[runif(n) < 0.15] <- NA
people <- people[sample(n), c("kind", "stratum", "psu", "ssu", "N1", "N2", "weight", "y", "x", "q", "sex", "dom", "v")]
save_rows(list(people), "replicates_data.csv")
people <- read.csv(file.path(here, "replicates_data.csv"), comment.char = "#")
pairs <- people[people$kind == "pairs", ]
many <- people[people$kind == "many", ]

# ------------------------------------------------------------------------------------------------------ the statistics
rows <- list()
vcovs <- list()
put <- function(case, mse, statistic, variable, category, domain, est) {
  rows[[length(rows) + 1]] <<- data.frame(case = case, mse = as.integer(mse), statistic = statistic, variable = variable,
    category = category, domain = domain, estimate = number(coef(est)), se = number(sqrt(diag(as.matrix(vcov(est))))))
}
put_vcov <- function(case, mse, names, V) {
  for (i in seq_along(names)) for (j in seq_len(i))
    vcovs[[length(vcovs) + 1]] <<- data.frame(case = case, mse = as.integer(mse), first = names[i], second = names[j], value = number(V[i, j]))
}
estimates <- function(case, d, mse, lonely_domain = FALSE) {
  d$mse <- mse
  put(case, mse, "mean", c("y", "x"), "", "", svymean(~y + x, d))
  put_vcov(case, mse, c("y", "x"), vcov(svymean(~y + x, d)))
  put(case, mse, "mean", "v", "", "", svymean(~v, d, na.rm = TRUE))
  put(case, mse, "total", "y", "", "", svytotal(~y, d))
  put(case, mse, "ratio", "y/x", "", "", svyratio(~y, ~x, d))
  put(case, mse, "proportion", "q", 1:3, "", svymean(~factor(q), d))
  by <- svyby(~y, ~dom, subset(d, dom != "e"), svymean, covmat = TRUE)
  put(case, mse, "mean", "y", "", as.character(by$dom), by)
  put_vcov(case, mse, as.character(by$dom), vcov(by))
  if (lonely_domain) put(case, mse, "mean", "y", "", "e", suppressWarnings(svymean(~y, subset(d, dom == "e"))))
}
both <- function(case, d, ...) for (mse in c(FALSE, TRUE)) estimates(case, d, mse, ...)

# --------------------------------------------------------------------------------------------- made by R from a design
paley12 <- local({
  symbol <- c(0, ifelse(1:10 %in% ((1:10)^2 %% 11), 1, -1))
  S <- rbind(1, cbind(-1, outer(0:10, 0:10, function(i, j) symbol[(i - j) %% 11 + 1])))
  S[1, 1] <- 0
  H <- S + diag(12)
  H <- sweep(H, 2, H[1, ], "*")
  H <- H * H[, 1]
  stopifnot(all(H %*% t(H) == 12 * diag(12)))
  H[1, ] <- -H[1, ]  # the first value met is the one R reads as "first unit out"; the row itself is not used
  H
})
clusters <- svydesign(ids = ~psu, weights = ~weight, data = many)
clusters_fpc <- svydesign(ids = ~psu, weights = ~weight, fpc = rep(60, nrow(many)), data = many)
strata_many <- svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = many)
strata_fpc <- svydesign(ids = ~psu, strata = ~stratum, fpc = ~N1, weights = ~weight, data = many)
strata_pairs <- svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = pairs[order(pairs$psu), ])
two_stage <- svydesign(ids = ~psu + ssu, strata = ~stratum, fpc = ~N1 + N2, weights = ~weight, data = many, nest = TRUE)
jkn <- as.svrepdesign(strata_many, type = "JKn")
both("JK1", as.svrepdesign(clusters, type = "JK1"))
both("JK1_fpc", as.svrepdesign(clusters_fpc, type = "JK1"))
both("JKn", jkn, lonely_domain = TRUE)
both("JKn_fpc", as.svrepdesign(strata_fpc, type = "JKn"), lonely_domain = TRUE)
both("BRR", as.svrepdesign(strata_pairs, type = "BRR", hadamard.matrix = paley12))
both("Fay", as.svrepdesign(strata_pairs, type = "Fay", fay.rho = 0.3, hadamard.matrix = paley12))
both("JKn_poststratified", postStratify(jkn, ~sex, data.frame(sex = 1:2, Freq = c(1100, 1300))))
both("JKn_raked", suppressWarnings(rake(jkn, list(~sex, ~q), list(data.frame(sex = 1:2, Freq = c(1100, 1300)), data.frame(q = 1:3, Freq = c(900, 1000, 500))),
                       control = list(maxit = 200, epsilon = 1e-11, verbose = FALSE))))

# --------------------------------------------------------------------------- drawn by R, or brought: given replicates
drawn <- list(bootstrap = as.svrepdesign(strata_many, type = "bootstrap", replicates = 30),
              subbootstrap = as.svrepdesign(strata_many, type = "subbootstrap", replicates = 30),
              mrbbootstrap = as.svrepdesign(two_stage, type = "mrbbootstrap", replicates = 30))
figures <- list()
for (name in names(drawn)) {
  figures[[name]] <- signif(weights(drawn[[name]], "analysis"), 8)
  colnames(figures[[name]]) <- sprintf("%s_%02d", name, 1:30)
}
save_rows(list(do.call(cbind, unname(figures))), "replicates_drawn.csv")
figures <- read.csv(file.path(here, "replicates_drawn.csv"), comment.char = "#")
columns <- function(name) as.matrix(figures[, grep(paste0("^", name, "_"), names(figures))])
given <- function(name, ...) suppressWarnings(svrepdesign(data = many, weights = ~weight, repweights = columns(name), combined.weights = TRUE, ...))
for (name in names(drawn))
  both(paste0("given_", name), given(name, type = "other", scale = drawn[[name]]$scale, rscales = drawn[[name]]$rscales))
both("given_bootstrap_usual", given("subbootstrap", type = "bootstrap"))
both("given_BRR", given("mrbbootstrap", type = "BRR"))
both("given_Fay", given("mrbbootstrap", type = "Fay", rho = 0.4))
both("given_JK1", given("subbootstrap", type = "JK1"))
both("given_JK2", given("subbootstrap", type = "JK2"))
both("given_JKn", given("subbootstrap", type = "JKn", rscales = seq(0, 0.9, length.out = 30)))
both("given_ACS", given("bootstrap", type = "ACS"))
both("given_published", given("bootstrap", type = "other", scale = 0.00654, rscales = rep(1, 30)))
both("given_factors", suppressWarnings(svrepdesign(data = many, weights = ~weight, repweights = columns("bootstrap") / many$weight,
                                                   combined.weights = FALSE, type = "bootstrap")))
rows[[length(rows) + 1]] <- data.frame(case = "scales", mse = 0, statistic = "scale", variable = names(drawn), category = "", domain = "",
  estimate = number(sapply(drawn, function(d) d$scale)), se = number(sapply(drawn, function(d) d$rscales[1])))

save_rows(rows, "replicates_rows.csv")
save_rows(vcovs, "replicates_vcov.csv")
