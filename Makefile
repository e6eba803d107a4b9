# heard: `make` alone prints what can be made.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
export MLFLOW_DISABLE_TELEMETRY := true
export DVC_NO_ANALYTICS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: flame test-spark bench-spark soak-batch fuzz help setup setup-dev run test check format repro figures robust malformed threads long-bodies cues learning-curve bench bench-limits bench-models bench-acl2019 bench-serve load soak-promote bench-speed bench-cascade bench-queue bench-officers bench-insight soak-queue soak-api soak-imap soak-import soak-retention redaction screenshot soak soak-again soak-audit soak-webhooks bench-history year lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.default ## make .venv with the default dependencies (hash-checked)
setup-dev: $(VENV)/.dev ## the same, with what tests and checks need

$(VENV)/.default: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	$(BIN)/python -m service.assets
	touch $@

$(VENV)/.dev: $(VENV)/.default requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements-dev.lock
	touch $@

$(VENV)/.bench: $(VENV)/.default
	$(BIN)/python -m pip install --quiet --no-build-isolation -e ".[bench]"
	touch $@

$(VENV)/.spark: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --no-build-isolation -e ".[spark]"
	touch $@

run: setup ## screen the samples, print what was found, serve the queue on 127.0.0.1:8000 until Ctrl-C
	$(BIN)/heard demo

test: setup-dev ## every test, a process a core, ending in the summary of pytest (JOBS)
	$(BIN)/python -m pytest --numprocesses $(or $(JOBS),auto) --dist loadfile --no-loadscope-reorder

test-spark: $(VENV)/.spark ## `heard score --engine spark` on a master and two workers of its own (needs Java 17)
	$(BIN)/python -m pytest tests/integration/test_spark.py

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

malformed: setup-dev ## read every malformed mail of tests/malformed and a 300 MB mbox; print what it cost
	$(BIN)/python -m tests.malformed.report

threads: setup-dev ## the share of mail lines told right (resident's, quoted, signature, banner), by mail program
	$(BIN)/python -m tests.threads

long-bodies: setup ## the time for hostile mail bodies and mark-up, by their length
	$(BIN)/python benchmarks/long_bodies.py

cues: setup ## how often each kind of cue fires, and where it should not
	$(BIN)/python benchmarks/cues.py

learning-curve: setup ## what more authors bring, at 10, 25, 50 and 100 % of them (ALSO=FILE: on that too)
	$(BIN)/python benchmarks/learning_curve.py $(if $(ALSO),--also $(ALSO))

bench: $(VENV)/.bench ## heard and its peers in one run: quality, speed and serving, ratios with spread, one chart (QUICK=1, ENCODER=FOLDERS, ALSO=FILE, FINAL=1)
	$(BIN)/python -m benchmarks.together $(foreach folder,$(ENCODER),--encoder $(folder)) $(if $(ALSO),--also $(ALSO)) \
	    $(if $(FINAL),--final) $(if $(QUICK),--quick)

bench-limits: setup ## heard as a multiple of a bare read, tokeniser and dot product; cost by length, batch and patterns (MODEL=FOLDER)
	$(BIN)/python -m benchmarks.limits $(if $(MODEL),--model $(MODEL))

flame: $(VENV)/.bench ## where the time of a message goes, as a picture (RELEASED=1: with the encoder)
	$(BIN)/python -m benchmarks.flame $(if $(RELEASED),--released)

bench-models: $(VENV)/.bench ## heard's model against its peers (ALSO=FILE, ENCODER=FOLDERS, TUNE=FOLDERS, SEEDS=1, FOLDS=1, MODEL=FOLDER, ONLY=NAMES, FINAL=1, QUICK=1)
	$(BIN)/python -m benchmarks.models $(if $(ALSO),--also $(ALSO)) $(foreach folder,$(ENCODER),--encoder $(folder)) \
	    $(foreach folder,$(TUNE),--tune $(folder)) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(FOLDS),--tune-in-folds) $(if $(MODEL),--model $(MODEL)) \
	    $(if $(ONLY),--only "$(ONLY)") $(if $(FINAL),--final) $(if $(QUICK),--quick)

bench-acl2019: $(VENV)/.bench ## public complaint tweets, FILE=complaints-data.csv (ENCODER=FOLDERS, TUNE=FOLDER)
	$(BIN)/python -m benchmarks.acl2019 $(or $(FILE),data/local/complaints-data.csv) \
	    $(foreach folder,$(ENCODER),--encoder $(folder)) $(if $(TUNE),--fine-tune $(TUNE))

bench-serve: setup ## POST /v1/score at 1 and 16 clients beside mlflow models serve and a plain route (REQUESTS, ROUNDS)
	$(BIN)/python -m benchmarks.serve $(if $(REQUESTS),--requests $(REQUESTS)) $(if $(ROUNDS),--rounds $(ROUNDS))

load: setup-dev ## POST /v1/messages at 100 a second for ten minutes: latency, errors, lost (SECONDS, RATE, DATABASE, PROCESSES, MODEL)
	$(BIN)/python -m benchmarks.load $(if $(RATE),--rate $(RATE)) $(if $(SECONDS),--seconds $(SECONDS)) \
	    $(if $(DATABASE),--database "$(DATABASE)") $(if $(PROCESSES),--processes $(PROCESSES)) $(if $(MODEL),--model $(MODEL))

soak-promote: setup-dev ## exchange the model 100 times under load: each decision by one whole model, no error (ROUNDS)
	SOAK_ROUNDS=$(or $(ROUNDS),100) $(BIN)/python -m pytest -s tests/integration/test_model_switch.py -k under_load

bench-speed: $(VENV)/.bench ## messages a second, one message, start-up and memory, beside peers in the same run (ROUNDS=7)
	$(BIN)/python -m benchmarks.speed $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(MODEL),--model $(MODEL))

bench-cascade: setup ## what sparing the encoder the clear messages would bring and cost, on the calibration authors
	$(BIN)/python -m benchmarks.cascade $(if $(MODEL),--model $(MODEL))

bench-queue: setup-dev ## what a page of a queue and a claim cost at 1,000 to 1,000,000 items (POSTGRESQL=ADDRESS: there too)
	$(BIN)/python -m benchmarks.queue_size $(if $(POSTGRESQL),--postgresql "$(POSTGRESQL)")

bench-officers: setup-dev ## 50 officers work 100,000 items over HTTP, 500 races for one item (OFFICERS, ITEMS, EACH, PAUSE, RACES; POSTGRESQL=ADDRESS)
	$(BIN)/python -m benchmarks.officers $(if $(OFFICERS),--officers $(OFFICERS)) $(if $(ITEMS),--items $(ITEMS)) $(if $(EACH),--each $(EACH)) \
	    $(if $(PAUSE),--pause $(PAUSE)) $(if $(RACES),--races $(RACES)) $(if $(POSTGRESQL),--postgresql "$(POSTGRESQL)")

bench-insight: setup-dev ## what the insight page costs on a year of 100,000 messages (SIZES; POSTGRESQL="ADDRESS..." one empty database a size)
	$(BIN)/python -m benchmarks.insight $(if $(SIZES),--sizes $(SIZES)) $(if $(POSTGRESQL),--postgresql $(POSTGRESQL))

soak-queue: setup-dev ## officers do anything in any order, 2,000 times 50 steps: no illegal state (RUNS, STEPS)
	SOAK_RUNS=$(or $(RUNS),2000) SOAK_STEPS=$(or $(STEPS),50) $(BIN)/python -m pytest -s tests/integration/test_queue_kept_honest.py \
	    -k whatever_officers_do

soak-api: setup-dev ## 20,000 requests that OpenAPI allows or forbids: each answered as it says (CASES)
	SOAK_CASES=$(or $(CASES),20000) $(BIN)/python -m pytest -s tests/integration/test_openapi.py

soak-imap: setup-dev ## cut the connection to a mailbox 1,000 times over 5,000 mails (CUTS, MAILS, SEED; BACKLOG=100000: memory)
	$(BIN)/python -m tests.soak.imap $(if $(CUTS),--cuts $(CUTS)) $(if $(MAILS),--mails $(MAILS)) $(if $(SEED),--seed $(SEED)) \
	    $(if $(BACKLOG),--backlog $(BACKLOG)) $(if $(MODEL),--model $(MODEL))

soak-import: setup-dev ## kill the import of a table of 1,000,000 rows ten times at random: each row in exactly once? (ROWS, KILLS, SEED)
	$(BIN)/python -m tests.soak.imports $(if $(ROWS),--rows $(ROWS)) $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED))

soak-batch: setup-dev ## kill the scoring of a back-book of 1,000,000 rows five times: each row once? memory (ROWS, KILLS, SEED, MODEL)
	$(BIN)/python -m tests.soak.batch $(if $(ROWS),--rows $(ROWS)) $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED)) \
	    $(if $(MODEL),--model $(MODEL))

bench-spark: $(VENV)/.spark ## a back-book of 200,000 rows on Spark against local processes, in turns (ROWS, ROUNDS, MODEL)
	$(BIN)/python -m benchmarks.back_book $(if $(ROWS),--rows $(ROWS)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(MODEL),--model $(MODEL))

soak-retention: setup-dev ## kill a retention run over 1,000,000 messages 20 times: nothing too early, nothing left (MESSAGES, KILLS, SEED)
	$(BIN)/python -m tests.soak.retention $(if $(MESSAGES),--messages $(MESSAGES)) $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED))

redaction: setup ## how much personal data is found in 300 invented messages with marked spans, by kind
	$(BIN)/python -m benchmarks.redaction

screenshot: setup-dev ## take the pictures of the page in docs/pictures (needs Chromium)
	$(BIN)/python docs/pictures/take.py

soak: setup-dev ## 300 kills over 20,000 messages (MODEL=FOLDER of a fast model, DATABASE=URL or postgresql, KILLS, MESSAGES, SEED)
	$(BIN)/python -m tests.soak.kill $(MODEL) $(if $(DATABASE),--database $(DATABASE)) $(if $(KILLS),--kills $(KILLS)) \
	    $(if $(MESSAGES),--messages $(MESSAGES)) $(if $(SEED),--seed $(SEED))

soak-again: setup-dev ## 10,000 messages delivered 1 to 5 times in any order to 8 processes (MODEL=FOLDER of a fast model, DATABASE=URL or postgresql, MESSAGES, SEED)
	$(BIN)/python -m tests.soak.redeliver $(MODEL) $(if $(DATABASE),--database $(DATABASE)) \
	    $(if $(MESSAGES),--messages $(MESSAGES)) $(if $(SEED),--seed $(SEED))

soak-audit: setup-dev ## falsify the audit record 1,000 times at random: each found? (MUTATIONS, ROWS, SEED, DATABASE=URL)
	$(BIN)/python -m tests.soak.audit $(if $(MUTATIONS),--mutations $(MUTATIONS)) $(if $(ROWS),--rows $(ROWS)) \
	    $(if $(SEED),--seed $(SEED)) $(if $(DATABASE),--database $(DATABASE))

soak-webhooks: setup-dev ## 10,000 events to a target with 30 % faults, 50,000 after an outage (EVENTS, BACKLOG, SEED, DATABASE=URL)
	$(BIN)/python -m tests.soak.webhooks $(if $(EVENTS),--events $(EVENTS)) $(if $(BACKLOG),--backlog $(BACKLOG)) \
	    $(if $(SEED),--seed $(SEED)) $(if $(DATABASE),--database $(DATABASE))

bench-history: setup ## what it costs to look up who wrote before, at 10^3 to 10^6 messages (DATABASE=URL)
	$(BIN)/python -m benchmarks.history $(if $(DATABASE),--database $(DATABASE))

year: setup ## simulated years with drift: miss rate, alarm, gate, against never retraining (VOLUME, SHARE, SEED, SEEDS)
	$(BIN)/python -m benchmarks.year $(if $(VOLUME),--volume $(VOLUME)) $(if $(SHARE),--share $(SHARE)) $(if $(SEED),--seed $(SEED)) \
	    $(if $(SEEDS),--seeds $(SEEDS))

fuzz: setup-dev ## fuzz the readers, 60 s each (TARGET="mail msg csv xlsx html file", SECONDS, SEED, JOBS)
	$(BIN)/python -m pip install --quiet --no-build-isolation -e ".[fuzz]"
	$(BIN)/python -m tests.fuzz $(TARGET) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED)) \
	    $(if $(JOBS),--jobs $(JOBS))

lock: ## pin the dependencies again (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## remove what can be made again (not .venv, not heard.db)
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache build *.egg-info data/interim/* models/local
