# Retouch. `make run` starts everything; `make help` lists the rest.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
PORT ?= 8000
HOST ?= 127.0.0.1
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
RUN_ARGS := --host $(HOST) --port $(PORT) $(if $(DATA_DIR),--data-dir "$(DATA_DIR)")

.PHONY: help
help:  ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Retouch needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The project itself goes in last, without dependencies: those come hash-checked from the lock.
$(VENV)/.run: requirements/run.txt requirements/build.txt pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --require-hashes -r requirements/run.txt -r requirements/build.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

.PHONY: install
install: $(VENV)/.run  ## Make .venv with what the service needs

.PHONY: install-dev
install-dev: $(VENV)/.dev  ## The same with the developers' tools

.PHONY: setup
setup: $(VENV)/.run  ## Make .venv and fetch the weights (once, checked, with a progress bar)
	@$(BIN)/retouch models pull --needed

.PHONY: run
run: setup  ## Start the whole service; PORT=8000 HOST=127.0.0.1 DATA_DIR=...
	@exec $(BIN)/retouch run $(RUN_ARGS)

.PHONY: test
test: $(VENV)/.dev  ## The whole default suite
	@$(BIN)/retouch models pull --needed
	$(BIN)/python -m pytest

.PHONY: check
check: $(VENV)/.dev  ## Lint, types, import rules, freshness of the locks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/lock.py --check

.PHONY: lock
lock: $(VENV)/.dev  ## Pin every dependency again, with hashes
	$(BIN)/python scripts/lock.py

.PHONY: format
format: $(VENV)/.dev  ## Let ruff lay the code out
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

.PHONY: docs
docs: $(VENV)/.dev  ## Write the generated pages of docs/reference again
	$(BIN)/python scripts/reference.py

.PHONY: classifier
classifier: $(VENV)/.dev  ## Train the planner's classifier again, from its templates
	$(BIN)/python scripts/train_planner.py

.PHONY: bench
bench: $(VENV)/.dev  ## Measure, and write docs/reference/measurements.md
	$(BIN)/python -m bench --write

.PHONY: gallery
gallery: $(VENV)/.dev  ## Make the contact sheets in docs/gallery again
	$(BIN)/python scripts/gallery.py

.PHONY: webhook-campaign
webhook-campaign: $(VENV)/.dev  ## 10,000 events through a receiver that misbehaves, 20 workers killed on the way
	$(BIN)/python -m tests.crash.webhook_campaign

.PHONY: fuzz-http
fuzz-http: $(VENV)/.dev  ## Requests made from /openapi.json against the running service, for half an hour
	$(BIN)/python -m tests.security.http_campaign
