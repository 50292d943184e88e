# One task of million.py in R survey.
suppressMessages(library(survey))
folder <- Sys.getenv("FOLDER"); task <- Sys.getenv("TASK")
files <- list.files(folder, pattern = "[.]bin$")
d <- as.data.frame(setNames(lapply(files, function(f) {
  path <- file.path(folder, f)
  readBin(path, "double", file.size(path) / 8)
}), sub("[.]bin$", "", files)))
for (name in c("psu", "strata", "dom", "row")) d[[name]] <- as.integer(d[[name]])
now <- function() proc.time()[["elapsed"]]
t0 <- now()
design <- svydesign(id = ~psu, strata = ~strata, weights = ~w, data = d)
declared <- now() - t0
ys <- ~y1 + y2 + y3 + y4 + y5
over <- function(design) sum(SE(svyby(ys, ~dom, design, svymean)))
x <- as.formula(paste("y4 ~", paste0("x", 1:8, collapse = " + ")))
calls <- list(
  means = function() over(design),
  bootstrap = function() over(as.svrepdesign(design, type = "bootstrap", replicates = 200)),
  jackknife = function() over(as.svrepdesign(design, type = "JKn")),
  logit = function() sum(SE(svyglm(x, design, family = quasibinomial()))),
  quantiles = function() sum(SE(svyquantile(~y1, design, c(0.25, 0.5, 0.75), df = degf(design)))),
  medians = function() sum(coef(svyby(~y1, ~dom, design, svyquantile, quantiles = 0.5))),
  raoscott = function() unname(svychisq(~row + dom, design)$statistic)
)
times <- c()
for (i in seq_len(if (task %in% c("bootstrap", "jackknife")) 1 else 2)) {
  t1 <- now(); check <- calls[[task]](); times <- c(times, now() - t1)
}
status <- readLines("/proc/self/status")
peak <- as.numeric(gsub("[^0-9]", "", grep("VmHWM", status, value = TRUE))) / 1024
cat(sprintf('{"design": %.4f, "first": %.4f, "best": %.4f, "peak": %.1f, "check": %.15g}\n', declared, times[1],
            min(times), peak, check))
