# make setup   a virtual environment with everything pinned (idempotent)
# make test    gates, then all tests
# make run     the laptop cloud with orders flowing; ONCE=1 ORDERS=40 FEED=path SEARCH=opensearch
# make up      the laptop cloud in the background; make down ends it
# make bench   cost and latency of an order's life
# make build   what template.yaml deploys, with the vendor layer for AWS
# make lock    resolve the requirements again

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := test

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
SOURCES := functions layers infra tests
WORKERS ?= auto

export PYTHONPATH := layers/domain/python:layers/aws/python:.
export MYPYPATH :=

.PHONY: setup gates test run up down bench build lock

setup: $(STAMP)

$(STAMP): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

gates: $(STAMP)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports
	$(BIN)/python -m infra.local.purity
	$(BIN)/python -m infra.local.template | $(BIN)/cfn-lint

test: gates
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

run: $(STAMP)
	$(BIN)/python -m infra.local.job $(if $(ONCE),--once) $(if $(FEED),--feed $(FEED)) $(if $(ORDERS),--orders $(ORDERS)) $(if $(SEARCH),--search $(SEARCH))

up: $(STAMP)
	$(BIN)/python -m infra.local up $(if $(SEARCH),--search $(SEARCH))

down: $(STAMP)
	$(BIN)/python -m infra.local down

bench: $(STAMP)
	$(BIN)/python -m tests.bench

build: $(STAMP)
	$(BIN)/python -m infra.local.build --vendor

lock: $(STAMP)
	$(BIN)/pip-compile --quiet --extra dev --output-file requirements-dev.txt pyproject.toml
	$(BIN)/pip-compile --quiet --constraint requirements-dev.txt --output-file layers/vendor/requirements.txt pyproject.toml
