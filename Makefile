# The whole developer interface. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BIN := .venv/bin
# Stamps: what is installed is installed again only when what it was made from changes.
READY := .venv/.ready
READY_DEV := .venv/.ready-dev
READY_TEST := .venv/.ready-test

.PHONY: help serve setup test test-postgres check fast docs messages bench migration clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

serve: $(READY) ## run a hub on ./data, at http://127.0.0.1:8470 (ARGS="--port 9000")
	@exec $(BIN)/pioche serve --data ./data $(ARGS)

setup: $(READY_TEST) ## install everything that `make test` needs, and stop there

test: $(READY_TEST) ## every test, with real clients, libraries, Git and a browser (some minutes)
	@scripts/run-tests

check: $(READY_DEV) ## lint, format, types, imports, sizes, docs, fast tests (about a minute)
	@scripts/check

test-postgres: $(READY_TEST) ## every test but those of browsers, with all hubs on PostgreSQL (some minutes)
	@scripts/run-tests postgres

fast: $(READY_DEV) ## the tests without real clients and browser
	@scripts/run-tests fast

docs: $(READY_DEV) ## write docs/reference again from the code
	@$(BIN)/python scripts/reference.py

messages: $(READY_DEV) ## write the catalogue of texts again, for translators
	@$(BIN)/python scripts/messages.py

bench: $(READY_DEV) ## measure, against the targets in bench/README.md (minutes)
	@scripts/system-packages curl nginx wrk ab fcgiwrap
	@$(BIN)/python bench/all.py $(ARGS)

migration: $(READY_DEV) ## write a migration from the tables: make migration m="what changes"
	@$(BIN)/pioche migration "$(m)"

clean: ## remove what was installed and cached; ./data stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(READY): pyproject.toml
	@scripts/install
	@touch $@

$(READY_DEV): $(READY)
	@scripts/install dev
	@touch $@

$(READY_TEST): $(READY_DEV)
	@scripts/system-packages git git-lfs chromium libatomic bubblewrap postgresql
	@scripts/install libraries
	@touch $@
