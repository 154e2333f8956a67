.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
# One more than there are processors: a test that waits for a server or a time-out leaves room for another.
WORKERS ?= $(shell $(PYTHON) -c "import os; print(1 + len(getattr(os, 'sched_getaffinity', lambda _: range(os.cpu_count() or 1))(0)))")
LOCK_OPTIONS := --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo dev test test-litellm stress lint bench bench-housekeeping bench-music schemas lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/.runtime ## fresh machine to finished campaign: install, build demo/summer-spin, say how to play it
	@mkdir -p .campaign
	@echo "building demo/summer-spin by dagster job execute (its log: .campaign/demo.log) …"
	@$(BIN)/dagster job execute -m campaign_pipeline.definitions -j campaign_build \
	  --tags '{"dagster/partition": "demo/summer-spin"}' > .campaign/demo.log 2>&1 \
	  || { tail -n 40 .campaign/demo.log; $(BIN)/campaign show demo/summer-spin; exit 1; }
	@$(BIN)/campaign show demo/summer-spin

dev: .venv/.runtime ## Dagster UI and daemon on 127.0.0.1:3000; the campaigns under briefs/ appear by themselves
	@$(BIN)/dagster dev --host 127.0.0.1 --port 3000 -w workspace.yaml

test: .venv/.dev ## lint, types and every test: real Postgres, real Chromium
	@$(MAKE) --no-print-directory lint
	@bash .ci/chromium
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal

test-litellm: .venv/.dev .venv-litellm/.installed ## a campaign through a real LiteLLM proxy, which is installed for it: 750 MB
	@$(BIN)/pytest -m litellm -v campaign_pipeline_tests/litellm

stress: .venv/.dev ## faults and music at full size: kills, damage, outages, full disks, every style; hours, then the figures
	@$(BIN)/pytest -m stress -v -o timeout=7200 campaign_pipeline_tests/stress

lint: .venv/.dev ## ruff and mypy --strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: .venv/.dev ## time and memory against a bare Dagster job, and what a cached step costs, as tables
	@$(BIN)/python benchmarks/bench.py
	@$(BIN)/python benchmarks/cached_step.py

bench-housekeeping: .venv/.dev ## time and memory of verify and gc on a ledger of 10,000 campaigns
	@$(BIN)/python benchmarks/housekeeping.py

bench-music: .venv/.dev ## how much faster than real time music is made, and in how much memory
	@$(BIN)/python benchmarks/music.py

schemas: .venv/.runtime ## write docs/schemas from the models
	@$(BIN)/python -m campaign_pipeline.model.schemas docs/schemas

lock: .venv/.dev ## resolve the lock files anew, for all platforms
	@$(BIN)/pip install -qq uv
	@$(BIN)/uv pip compile $(LOCK_OPTIONS) --upgrade --extra build pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile $(LOCK_OPTIONS) --upgrade --extra build --extra dev --constraint requirements.lock \
	  pyproject.toml -o requirements-dev.lock
	@$(BIN)/uv pip compile $(LOCK_OPTIONS) --upgrade campaign_pipeline_tests/litellm/requirements.in \
	  -o campaign_pipeline_tests/litellm/requirements.txt

clean: ## remove the environment and everything that was built
	rm -rf .venv .venv-litellm .campaign .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is %s. Try: make PYTHON=python3.12 $(MAKECMDGOALS)" % sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "python3 cannot make environments here: install its venv package (Debian: apt-get install python3-venv)" >&2; exit 1; }

# The locks name every package, so pip need not resolve: --no-deps, each file held against its hash.
.venv/.runtime: requirements.lock pyproject.toml | .venv/bin/python
	@echo "installing the locked dependencies into .venv …"
	@$(BIN)/pip install -qq --no-deps --require-hashes -r requirements.lock
	@$(BIN)/pip install -qq --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.runtime
	@echo "installing what tests and lint need into .venv …"
	@$(BIN)/pip install -qq --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

# An environment of its own: what the proxy needs must not decide what the pipeline gets.
.venv-litellm/.installed: campaign_pipeline_tests/litellm/requirements.txt
	@echo "installing a LiteLLM proxy into .venv-litellm …"
	@$(PYTHON) -m venv .venv-litellm
	@.venv-litellm/bin/pip install -qq --no-deps --require-hashes -r $<
	@touch $@
