# Variance components between and within sampling units, homogeneity and design effects against R. Writes
#   components_data.csv  a made-up wave, with strata, units of unequal sizes and weights; and a balanced one (also read by the tests)
#   components_rows.csv  data, domain, what, value
#   Rscript tests/parity/components.R
# Mean squares are those of R's anova, the standard error of rho its jackknife over units with the analysis of variance run anew,
# the design effect that of R survey, and for the balanced data the components by restricted maximum likelihood of lme4.
suppressMessages({library(survey); library(lme4)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(20261123)
number <- function(v) trimws(formatC(v, digits = 17, format = "g"))
save_csv <- function(table, name) {
  out <- file.path(here, name)
  cat(sprintf("# R %s, survey %s, lme4 %s\n", getRversion(), packageVersion("survey"), packageVersion("lme4")), file = out)
  suppressWarnings(write.table(table, out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
}
size <- sample(3:12, 40, TRUE)
uneven <- data.frame(data = "uneven", psu = rep(1:40, size), h = rep(rep(1:8, each = 5), size))
uneven$w <- round(exp(rnorm(nrow(uneven), 1, 0.4)), 3)
even <- data.frame(data = "even", psu = 40 + rep(1:24, each = 8), h = 8 + rep(1:4, each = 48), w = 1)
all <- rbind(uneven, even)
all$sex <- sample(c("f", "m"), nrow(all), TRUE)
area <- rnorm(64, 0, 0.8)
all$y <- round(5 + 0.3 * all$h + area[all$psu] + rnorm(nrow(all), 0, 1.2), 3)
all$yes <- as.integer(all$y > 6)

found <- function(d, y) {
  d$v <- d[[y]]
  table <- anova(lm(v ~ factor(h) + factor(psu), data = d))
  m <- table(d$psu); strata <- tapply(d$h, d$psu, unique); M <- table(d$h)
  m0 <- sum(M - tapply(m^2, strata, sum) / M) / table["factor(psu)", "Df"]
  within <- table["Residuals", "Mean Sq"]; between <- (table["factor(psu)", "Mean Sq"] - within) / m0
  c(between = between, within = within, rho = between / (between + within))
}
jackknife <- function(d, y) {
  units <- unique(d[c("psu", "h")])
  left <- sapply(units$psu, function(u) found(d[d$psu != u, ], y)["rho"])
  sqrt(sum(sapply(unique(units$h), function(k) {
    r <- left[units$h == k]; (length(r) - 1) / length(r) * sum((r - mean(r))^2)
  })))
}
rows <- list()
keep <- function(data, domain, y, values) {
  rows[[length(rows) + 1]] <<- data.frame(data = data, domain = domain, y = y, what = names(values), value = number(values))
}
for (data in c("uneven", "even")) for (y in c("y", "yes")) {
  d <- all[all$data == data, ]
  design <- svydesign(ids = ~psu, strata = ~h, weights = ~w, data = d)
  for (domain in c("all", "f")) {
    part <- if (domain == "all") d else d[d$sex == domain, ]
    told <- svymean(as.formula(paste("~", y)), if (domain == "all") design else subset(design, sex == domain), deff = "replace")
    clusters <- tapply(part$w, part$psu, sum)
    values <- c(found(part, y), rho_se = unname(jackknife(part, y)), deff = unname(as.vector(deff(told))),
      deff_weights = nrow(part) * sum(part$w^2) / sum(part$w)^2, per_psu = sum(clusters^2) / sum(part$w^2))
    keep(data, domain, y, values)
  }
  if (data == "even" && y == "y") {
    fit <- as.data.frame(VarCorr(lmer(y ~ factor(h) + (1 | psu), data = d, REML = TRUE)))
    keep(data, "all", y, c(reml_between = fit$vcov[1], reml_within = fit$vcov[2]))
  }
}
save_csv(all, "components_data.csv")
save_csv(do.call(rbind, rows), "components_rows.csv")
