# emrkit: `make demo` runs a real Spark job end to end on local EMR; `make test` runs everything CI runs.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
EMRKIT := $(BIN)/emrkit
KEEP   ?=
# A file stays on one worker: its fixtures are made once.
TWO_AT_A_TIME := -n 2 --dist loadfile

.PHONY: help install demo test check format unit synth acceptance faults bench docs snapshots lock clean

help: ## list the targets
	@grep -E '^[a-z ]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

# ---- environment -------------------------------------------------------------------------------------------------
install: $(BIN)/.installed ## virtual environment, locked dependencies, Node and the CDK CLI

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "emrkit needs Python 3.11 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(BIN)/.installed: $(BIN)/python requirements.lock pyproject.toml
	@echo "installing the locked dependencies into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(EMRKIT) local prepare --only node --link $(BIN)
	@# A first import makes the CDK library unpack and index itself: 5 s once, 2 s saved at every synth.
	@JSII_NODE=$(CURDIR)/$(BIN)/node $(BIN)/python -c 'import aws_cdk, time; time.sleep(5)'
	@touch $@

# ---- what the README promises --------------------------------------------------------------------------------------
demo: install ## a CDK-declared cluster and a finished Spark job on local EMR (KEEP=1 leaves local EMR running)
	@trap '[ -n "$(KEEP)" ] || $(EMRKIT) local down' EXIT; \
	$(EMRKIT) local prepare && $(EMRKIT) deploy --target local && $(EMRKIT) run sales_etl --target local

test: check ## everything CI runs: style, types, walls, then every tier of tests
	@$(EMRKIT) local prepare
	$(BIN)/pytest $(TWO_AT_A_TIME) tests/unit tests/synth
	$(BIN)/pytest tests/acceptance tests/faults

check: install ## style, types and walls, without running a test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

format: install ## rewrite the sources in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

unit synth: install ## one tier of the tests, files side by side
	@$(EMRKIT) local prepare
	$(BIN)/pytest $(TWO_AT_A_TIME) tests/$@

acceptance faults: install ## one tier of the tests, on one local EMR
	@$(EMRKIT) local prepare
	$(BIN)/pytest tests/$@

snapshots: install ## accept the synthesized templates as they are now
	$(BIN)/pytest tests/synth --snapshot-update

bench: install ## side-by-side ratios in one run; also written to bench/latest.json
	@$(EMRKIT) local prepare
	$(BIN)/python -m bench

docs: install ## write the reference pages from the code
	$(BIN)/python -m docs

lock: install ## resolve the dependencies anew
	$(BIN)/python -m emrkit_local.environments.lock

clean: ## remove what a build leaves behind; the virtual environment and emrkit's cache stay
	rm -rf cdk.out dist .pytest_cache .ruff_cache .hypothesis
