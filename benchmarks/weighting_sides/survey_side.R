# weighting.py in R survey: rake, to 1e-7 of the population; declaring the design is not timed.
suppressPackageStartupMessages(library(survey))
folder <- Sys.getenv("FOLDER")
column <- function(name) readBin(file.path(folder, paste0(name, ".bin")), "double", file.size(file.path(folder, paste0(name, ".bin"))) / 8)
margins <- list()
text <- paste(readLines(file.path(folder, "margins.json"), warn = FALSE), collapse = "")
for (name in paste0("m", 0:4)) {
  part <- sub(paste0('.*"', name, '": \\[([^]]*)\\].*'), "\\1", text)
  margins[[name]] <- as.numeric(strsplit(part, ",")[[1]])
}
frame <- data.frame(w = column("w"))
for (name in names(margins)) frame[[name]] <- factor(column(name))
design <- svydesign(ids = ~1, weights = ~w, data = frame)
samples <- lapply(names(margins), function(name) as.formula(paste0("~", name)))
populations <- lapply(names(margins), function(name) {
  out <- data.frame(factor(seq_along(margins[[name]]) - 1), margins[[name]])
  names(out) <- c(name, "Freq")
  out
})
start <- proc.time()[["elapsed"]]
made <- rake(design, samples, populations, control = list(maxit = 100, epsilon = 1e-7 * sum(margins$m0)))
took <- proc.time()[["elapsed"]] - start
w <- weights(made)
error <- max(sapply(names(margins), function(name) max(abs(tapply(w, frame[[name]], sum) / margins[[name]] - 1))))
peak <- as.numeric(sub("\\D*(\\d+).*", "\\1", grep("VmHWM", readLines("/proc/self/status"), value = TRUE))) / 1024
cat(sprintf('{"first": %.3f, "best": %.3f, "peak": %.0f, "error": %.3e, "squares": %.17g}\n', took, took, peak, error, sum(w^2)))
