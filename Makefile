# The manual: every recipe is what CI runs, too.

SHELL := /bin/bash
# A recipe fails when any command of a pipe does.
.SHELLFLAGS := -o pipefail -c
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
PYTHON ?= python3
export PATH := $(BIN):$(PATH)
SEEDS ?= 300
PARTS := metrics routing gating rollout cli

.PHONY: help setup demo test unit check crds sim laws cluster bench lock format docs clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: $(VENV)/.ready ## Make .venv with everything a developer needs
	@:

# uv itself is installed into .venv, so that nothing but Python has to be there.
$(VENV)/.ready: pyproject.toml constraints.txt $(wildcard */pyproject.toml)
	@test -x "$(BIN)/uv" && echo "$(VENV) is brought up to date." \
		|| echo "$(VENV) is made, once: about 500 MB, a minute or two."
	@test -x "$(BIN)/python" || $(PYTHON) -m venv $(VENV)
	@test -x "$(BIN)/uv" || "$(BIN)/python" -m pip install --quiet --disable-pip-version-check uv
	@"$(BIN)/uv" pip install --quiet --python "$(BIN)/python" --constraint constraints.txt --group dev \
		--editable ".[runtime]" $(foreach part,$(PARTS),--editable ./$(part))
	@touch $@

demo: setup ## Watch a good release promoted and a bad one rolled back, with real traffic
	@"$(BIN)"/flagger-py demo

check: setup ## Format, lint, types, architecture, generated files
	@ruff format --check .
	@ruff check .
	@mypy
	@lint-imports --no-cache
	@flagger-py crds --check crds
	@flagger-py crds --check charts/flagger-py/crds
	@"$(BIN)"/python -m flagger_cli.docs --check

test: setup ## Everything: unit, laws, scenarios, the real control plane and the lab
	@"$(BIN)"/python -m tests.everything

unit: setup ## What a developer runs after every change, under a minute on two idle cores
	@pytest -q -n 2 tests/kernel tests/metrics tests/routing tests/gating tests/rollout tests/cli

laws: setup ## The laws over SEEDS seeds with faults
	@FLAGGER_PY_SEEDS=$(SEEDS) pytest -q -n 2 tests/laws

sim: setup ## One story of the laws again, by its SEED
	@[[ "$(SEED)" =~ ^[0-9]+$$ ]] || { echo \
		"make sim needs the SEED of a story, a whole number, as in: make sim SEED=7" >&2; exit 2; }
	@FLAGGER_PY_SEED=$(SEED) pytest -q -s tests/laws/test_laws.py::test_every_story_keeps_the_laws

cluster: setup ## The tests on a real control plane, in a network namespace of its own
	@"$(BIN)"/python -m tests.cluster.namespace -- pytest -q tests/cluster

crds: setup ## Write the CustomResourceDefinitions from the models
	@flagger-py crds --out crds
	@flagger-py crds --out charts/flagger-py/crds

docs: setup ## Write the generated pages
	@"$(BIN)"/python -m flagger_cli.docs

lock: setup ## Take the newest versions that fit, and write them to constraints.txt
	@"$(BIN)"/uv lock --quiet --upgrade
	@"$(BIN)"/uv export --quiet --all-packages --no-hashes --no-emit-workspace --no-annotate \
		--no-header | grep -v '^-e' > constraints.txt

bench: setup ## Measure, and write docs/reference/benchmarks.md
	@"$(BIN)"/python -m tests.bench

format: setup ## Format and mend what can be mended by itself
	@ruff format .
	@ruff check --fix .

clean: ## Remove what make made
	@rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache
