# heard: `make` alone prints what can be made.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
export MLFLOW_DISABLE_TELEMETRY := true
export DVC_NO_ANALYTICS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test check format repro figures robust cues learning-curve bench-models bench-acl2019 bench-serve screenshot lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.default ## make .venv with the default dependencies (hash-checked)
setup-dev: $(VENV)/.dev ## the same, with what tests and checks need

$(VENV)/.default: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: $(VENV)/.default requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements-dev.lock
	touch $@

$(VENV)/.bench: $(VENV)/.default
	$(BIN)/python -m pip install --quiet --no-build-isolation -e ".[bench]"
	touch $@

run: setup ## screen the samples, print what was found, serve the queue on 127.0.0.1:8000 until Ctrl-C
	$(BIN)/heard demo

test: setup-dev ## every test, ending in pytest's summary
	$(BIN)/python -m pytest

check: setup-dev ## format, lint, types and import contracts; changes nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup-dev ## rewrite the code in the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

repro: setup ## retrain what has changed, from the corpus to a registered model (dvc repro)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/dvc repro

figures: setup ## measure the model that serves on the frozen test, and the fast one by leave-one-author-out folds (ALSO=FILE)
	$(BIN)/heard evaluate --leave-out $(if $(ALSO),--also $(ALSO))

robust: setup ## check the model that serves: robustness, behaviour, fairness (MODEL=FOLDER: another one)
	$(BIN)/heard check-model $(if $(MODEL),--model $(MODEL))

cues: setup ## how often each kind of cue fires, and where it should not
	$(BIN)/python benchmarks/cues.py

learning-curve: setup ## what more authors bring, at 10, 25, 50 and 100 % of them (ALSO=FILE: on that too)
	$(BIN)/python benchmarks/learning_curve.py $(if $(ALSO),--also $(ALSO))

bench-models: $(VENV)/.bench ## heard's model against its peers (ALSO=FILE, ENCODER=FOLDERS, MODEL=FOLDER, FINAL=1, QUICK=1)
	$(BIN)/python -m benchmarks.models $(if $(ALSO),--also $(ALSO)) $(foreach folder,$(ENCODER),--encoder $(folder)) \
	    $(if $(MODEL),--model $(MODEL)) $(if $(FINAL),--final) $(if $(QUICK),--quick)

bench-acl2019: $(VENV)/.bench ## public complaint tweets, FILE=complaints-data.csv (ENCODER=FOLDERS, TUNE=FOLDER)
	$(BIN)/python -m benchmarks.acl2019 $(or $(FILE),data/local/complaints-data.csv) \
	    $(foreach folder,$(ENCODER),--encoder $(folder)) $(if $(TUNE),--fine-tune $(TUNE))

bench-serve: setup ## time POST /v1/score at 1 and 16 clients
	$(BIN)/python benchmarks/serve.py

screenshot: setup-dev ## take the pictures of the page in docs/pictures (needs Chromium)
	$(BIN)/python docs/pictures/take.py

lock: ## pin the dependencies again (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## remove what can be made again (not .venv, not heard.db)
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache build *.egg-info data/interim/* models/local
