# Unequal probabilities without replacement, and two phases. Makes pps_data.csv, pps_joint.csv and pps.csv beside this script.
# R version 4.2.2, survey 4.1.1: Rscript pps.R
suppressMessages(library(survey))
options(digits = 17, survey.lonely.psu = "fail")
set.seed(20)
unit <- data.frame(stratum = rep(1:2, c(8, 6)), psu = 1:14)
size <- round(runif(14, 20, 200))
unit$p <- ave(size, unit$stratum, FUN = function(s) length(s) * s / (sum(s) * 2.3))
unit$p[14] <- 0.97
unit$size <- size
rows <- unit[rep(1:14, sample(3:7, 14, TRUE)), ]
rows$p2 <- 0.25 + 0.05 * (rows$psu %% 4)
rows$N2 <- ave(rows$psu, rows$psu, FUN = length) / rows$p2
rows$ssu <- seq_len(nrow(rows))
rows$w <- 1 / (rows$p * rows$p2)
rows$w1 <- 1 / rows$p
rows$y <- round(rows$size / 10 + rnorm(nrow(rows), 5, 3), 1)
rows$x <- round(runif(nrow(rows), 1, 9), 1)
rows$dom <- ifelse(rows$psu < 3, "a", sample(c("a", "b"), nrow(rows), TRUE))
rownames(rows) <- NULL
# joint probabilities of the units: made up, symmetric, below the smaller of the two
joint <- outer(unit$p, unit$p) * (1 - 0.06 * outer(unit$stratum, unit$stratum, "=="))
diag(joint) <- unit$p
joint_rows <- joint[rows$psu, rows$psu]

out <- NULL
take <- function(design, case) {
  put <- function(statistic, dom, est) {
    out <<- rbind(out, data.frame(case = case, statistic = statistic, dom = dom, estimate = as.numeric(coef(est)),
                                  se = as.numeric(SE(est)), df = degf(design)))
  }
  put("total", "", svytotal(~y, design))
  put("mean", "", svymean(~y, design))
  put("ratio", "", svyratio(~y, ~x, design))
  for (d in c("a", "b")) {
    design <- update(design, yd = y * (dom == d), one = as.numeric(dom == d))  # subset() of clustered pps designs fails in R
    put("total", d, svytotal(~yd, design))
    put("mean", d, svyratio(~yd, ~one, design))
  }
}
one <- function(...) svydesign(id = ~psu, strata = ~stratum, fpc = ~p, data = rows, ...)
take(one(pps = "brewer"), "brewer")
take(one(pps = "overton"), "overton horvitz_thompson")
take(one(pps = "overton", variance = "YG"), "overton yates_grundy")
take(one(pps = HR()), "hartley_rao horvitz_thompson")
take(one(pps = HR(), variance = "YG"), "hartley_rao yates_grundy")
take(svydesign(id = ~psu, fpc = ~p, data = rows, pps = HR(0.47)), "hartley_rao_known horvitz_thompson")
units <- rows[!duplicated(rows$psu), ]
element <- function(...) svydesign(id = ~psu, strata = ~stratum, fpc = ~p, data = units, ...)
take(element(pps = ppsmat(joint)), "joint horvitz_thompson")
take(element(pps = ppsmat(joint), variance = "YG"), "joint yates_grundy")
take(svydesign(id = ~psu, probs = ~p, data = units, pps = poisson_sampling(units$p)), "poisson horvitz_thompson")
take(svydesign(id = ~psu + ssu, strata = ~stratum, fpc = ~p + p2, data = rows, pps = "brewer"), "brewer_two_stage")

# two phases: the rows of pps_phase.csv are the first phase, `seen` the second
phase <- data.frame(id = 1:60, area = rep(1:12, each = 5), region = rep(1:3, each = 20))
phase$N1 <- c(12, 9, 20)[phase$region]
phase$w1 <- phase$N1 / 4
phase$N0 <- 400
phase$w0 <- 400 / 60
phase$class <- ifelse(runif(60) < 0.4, "rare", "often")
phase$seen <- FALSE
for (k in unique(phase$class)) phase$seen[sample(which(phase$class == k), c(rare = 12, often = 10)[k])] <- TRUE
phase$N2 <- ave(phase$id, phase$class, FUN = length)
phase$y <- ifelse(phase$seen, round(rnorm(60, 10 + phase$region, 3), 1), NA)
phase$x <- round(runif(60, 1, 9), 1)
phase$dom <- sample(c("a", "b"), 60, TRUE)
take(twophase(id = list(~1, ~1), strata = list(NULL, ~class), fpc = list(~N0, NULL), subset = ~seen,
              data = phase, method = "full"), "phase_srs")
take(twophase(id = list(~area, ~1), strata = list(~region, ~class), fpc = list(~N1, NULL),
              subset = ~seen, data = phase, method = "full"), "phase_cluster_fpc")

write.csv(rows, "pps_data.csv", row.names = FALSE)
write.csv(joint, "pps_joint.csv", row.names = FALSE)
write.csv(phase, "pps_phase.csv", row.names = FALSE, na = "")
result <- file("pps.csv", "w")
writeLines(paste0("# R ", getRversion(), ", survey ", packageVersion("survey")), result)
write.csv(out, result, row.names = FALSE)
close(result)
