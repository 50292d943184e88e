# Percentages, standard errors, tests of all pairs of columns, and tests of blocks of a tab book against R survey. Writes
#   tabbook_data.csv   the made-up sample: strata, units of unequal size, unequal weights, missing answers, several answers
#   tabbook_rows.csv   svyby of svymean for every question and block: estimate and standard error
#   tabbook_pairs.csv  svycontrast of every pair of columns: difference, standard error, p on the units minus strata, Holm
#   tabbook_tests.csv  svychisq of every question and block
#   Rscript tests/parity/tabbook.R
suppressMessages(library(survey))
options(digits = 17, survey.lonely.psu = "fail")
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(20250814)
number <- function(v) { v <- as.vector(v); ifelse(is.na(v), "", trimws(formatC(v, digits = 17, format = "g"))) }
save_rows <- function(rows, name) {
  out <- file.path(here, name)
  cat(sprintf("# R %s, survey %s\n", getRversion(), packageVersion("survey")), file = out)
  suppressWarnings(write.table(do.call(rbind, rows), out, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE, na = ""))
}

# ------------------------------------------------------------------------------------------------------ made-up sample
people <- list()
for (s in 1:4) for (p in seq_len(c(6, 4, 8, 5)[s])) {
  m <- sample(8:22, 1)
  effect <- rnorm(1, sd = 0.6)
  sex <- sample(c("f", "m"), m, TRUE)
  people[[length(people) + 1]] <- data.frame(
    stratum = s, psu = 100 * s + p, weight = round(8 * s * runif(m, 0.4, 2.5), 3), sex,
    region = sample(c("east", "north", "south"), m, TRUE, prob = c(2, 3, if (s == 2) 0.01 else 1)),
    age = sample(c("a18", "b30", "c50"), m, TRUE),
    trust = pmin(5, pmax(1, round(2.8 + effect + 0.8 * (sex == "f") + rnorm(m)))),
    police = as.integer(runif(m) < 0.35), court = as.integer(runif(m) < 0.15 + 0.15 * (sex == "m")),
    income = round(exp(rnorm(m, 5 + 0.3 * effect, 0.5))))
}
people <- do.call(rbind, people)
people$trust[sample(nrow(people), 12)] <- NA
people <- people[sample(nrow(people)), ]
save_rows(list(people), "tabbook_data.csv")
people <- read.csv(file.path(here, "tabbook_data.csv"), comment.char = "#")
people$both <- paste(people$sex, people$age, sep = " / ")
people$answer <- factor(people$trust)
for (k in 1:5) people[[paste0("trust", k)]] <- as.integer(people$trust == k)
people$trustnet <- as.integer(people$trust >= 4)
taylor <- svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = people)
designs <- list(taylor = taylor, jackknife = as.svrepdesign(taylor, type = "JKn"))
blocks <- c(sex = "sex", region = "region", "sex by age" = "both")
lines <- c(paste0("trust", 1:5), "trustnet", "police", "court", "income", "trust")

rows <- list(); pairs <- list(); tests <- list()
for (name in names(designs)) for (block in names(blocks)) {
  by <- formula(paste0("~", blocks[[block]]))
  for (line in lines) {
    d <- designs[[name]]
    d <- subset(d, !is.na(d$variables[[line]]))
    found <- svyby(formula(paste0("~", line)), by, d, svymean, covmat = TRUE)
    levels <- as.character(found[[1]])
    rows[[length(rows) + 1]] <- data.frame(design = name, block, line, column = levels, estimate = number(coef(found)), se = number(SE(found)))
    for (i in seq_along(levels)) for (j in seq_along(levels)) if (i < j) {
      if (min(SE(found)[c(i, j)]) < 1e-12) next  # 0 or 100 %: nothing is known of its spread, and it is not compared
      L <- numeric(length(levels)); L[i] <- 1; L[j] <- -1
      gap <- svycontrast(found, L)
      # degrees of freedom of the difference, on both designs: units minus strata of both columns together, answered or not
      df <- degf(subset(taylor, taylor$variables[[blocks[[block]]]] %in% levels[c(i, j)]))
      pairs[[length(pairs) + 1]] <- data.frame(design = name, block, line, column = levels[i], against = levels[j],
        difference = number(coef(gap)), se = number(SE(gap)), df, p = number(2 * pt(-abs(coef(gap) / SE(gap)), df)))
    }
  }
  for (item in c("answer", "police")) {
    d <- subset(designs[[name]], !is.na(designs[[name]]$variables[[item]]))
    x <- svychisq(formula(paste0("~", blocks[[block]], "+", item)), d, statistic = "F")
    tests[[length(tests) + 1]] <- data.frame(design = name, block, item, statistic = number(x$statistic), df1 = number(x$parameter[1]), df2 = number(x$parameter[2]), p = number(x$p.value))
  }
}
pairs <- do.call(rbind, pairs)
family <- paste(pairs$design, pairs$block, pairs$line)
pairs$holm <- number(ave(as.numeric(pairs$p), family, FUN = function(p) p.adjust(p, "holm")))
save_rows(rows, "tabbook_rows.csv")
save_rows(list(pairs), "tabbook_pairs.csv")
save_rows(tests, "tabbook_tests.csv")
