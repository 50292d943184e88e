# The two commands: `make report` and `make test`. Each installs what it needs into .venv.
SHELL  := /bin/bash
PYTHON ?= python3
STUDY  ?= analyses/kazakhstan
DATA   ?=
VENV   := .venv
BIN    := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help report test check format lock notebook benchmarks peers clean
.DEFAULT_GOAL := help

help:            ## this list
	@grep -hE '^[a-z]+: .*##|^[a-z]+:  +##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

report: $(VENV)/.report  ## build the report of STUDY (default: analyses/kazakhstan); DATA=folder with the microdata
	$(if $(DATA),,$(BIN)/python -m survey_kit.rehearsal $(STUDY) --missing)
	$(BIN)/survey-kit report $(STUDY) $(if $(DATA),--data $(DATA))

test: $(VENV)/.test  ## run all tests; what needs Chromium, Quarto or the data folder says so and skips
	$(BIN)/python -m pytest

check: $(VENV)/.test  ## formatting, lint, types and import layers only
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports

format: $(VENV)/.test  ## format the code
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

notebook: $(VENV)/.test  ## open JupyterLab on the analyses
	$(BIN)/jupyter lab --notebook-dir analyses

benchmarks: $(VENV)/.test  ## time the toolkit against its references
	$(BIN)/python benchmarks/run.py

peers: .venv-peers/.done  ## install what benchmarks/million.py compares with, in an environment of its own

.venv-peers/.done: requirements/peers.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --require-hashes -r requirements/peers.txt
	@touch $@

lock:            ## resolve the hashed requirement files anew (needs uv)
	uv pip compile pyproject.toml --extra report --extra files --extra models --extra fast --extra engines --extra spark --extra excel --extra forms --extra prove --extra sdmx --extra research --group test --group build \
	  --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" -q -o requirements/test.txt
	uv pip compile pyproject.toml --extra report --extra files --extra sdmx --group build -c requirements/test.txt \
	  --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" -q -o requirements/report.txt

clean:           ## remove everything built (not .venv)
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "survey_kit needs Python 3.11 or newer; call make with PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.report: requirements/report.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/report.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: requirements/test.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/test.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.report
