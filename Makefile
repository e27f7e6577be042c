# One command each; `make help` lists them.
# The system's own Python, where it is new enough and can make environments, before the first on the path: distributions build
# theirs with profile-guided optimization, one compiled by hand (pyenv) mostly lacks it, and then all work takes a sixth longer.
CAN_SET_UP = import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell /usr/bin/python3 -c '$(CAN_SET_UP)' 2>/dev/null && echo /usr/bin/python3 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
# The compiled core is used when it was made of these very sources (make compile).
STALE = $(shell find routing -name '*.py' -newer .build/compiled/routing/decide.py 2>/dev/null | head -1)
CORE = $(if $(wildcard .build/compiled/routing/decide.py),$(if $(STALE),,PYTHONPATH=.build/compiled))

.PHONY: help setup run demo test check format lint types contracts fast mutants drill drill-long drill-planted asterisk compile bench pythons docs clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

# An environment that another Python made cannot be brought up to date: it is made anew.
$(STAMP): pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV) 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e .
	@touch $(STAMP)

$(VENV)/.dev: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[dev]'
	@touch $(VENV)/.dev

$(VENV)/.bench: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[dev,bench]'
	@touch $(VENV)/.bench

setup: $(STAMP) ## environment for running

run: $(STAMP) ## the service with an embedded PostgreSQL; Ctrl-C drains and stops
	$(CORE) $(BIN)/python -P -m contactcenter serve

demo: $(STAMP) ## a busy hour in a minute or two, on a running service
	$(BIN)/python -m contactcenter demo

test: $(VENV)/.dev ## everything this machine can run
	$(BIN)/python -m pytest -n auto --maxprocesses 4

check: $(VENV)/.dev format lint types contracts fast ## before each commit

format: $(VENV)/.dev
	$(BIN)/ruff format --check .

lint: $(VENV)/.dev
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

fast: $(VENV)/.dev ## unit, property and simulation tests
	$(BIN)/python -m pytest -n auto tests/unit tests/property tests/simulation

mutants: $(VENV)/.dev ## planted bugs in the routing core, each of which a test must catch
	$(BIN)/python tests/mutants/run.py

# The simulation of two routers in virtual time: a module that takes --histories N, and --blind for a store that must be caught.
TWO_ROUTERS ?= simulation.routers
DRILL = PYTHONPATH=tests $(BIN)/python -m
PLAYED = PYTHONPATH=$(if $(CORE),.build/compiled:)tests $(BIN)/python -P -m $(TWO_ROUTERS)
SIMULATED = if $(DRILL) drill.present $(TWO_ROUTERS); then $(PLAYED) --blind --histories 100 && $(PLAYED) --histories $(1); fi

drill: $(VENV)/.dev ## the service under faults, its history checked; about five minutes, needs redis-server
	@$(call SIMULATED,5000)
	$(DRILL) drill $(ARGS)

drill-long: $(VENV)/.dev
	@$(call SIMULATED,100000)
	$(DRILL) drill --minutes 30 $(ARGS)
	$(DRILL) drill --planted

drill-planted: $(VENV)/.dev
	$(DRILL) drill --planted $(ARGS)

asterisk: $(VENV)/.dev ## scenarios on a real Asterisk (docs/telephony/asterisk.md says how to get one)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[real]'
	ASTERISK=$${ASTERISK:-/usr/sbin/asterisk} $(BIN)/python -m pytest -n0 -o pythonpath='. tests tests/acceptance tests/real' tests/real

compile: .build/compiled/routing/decide.py ## the routing core compiled by mypyc, used by `make run`; needs a C compiler

.build/compiled/routing/decide.py: $(VENV)/.dev $(wildcard routing/*.py) deploy/compile_core.py
	$(BIN)/python deploy/compile_core.py .build/compiled
	$(BIN)/python -P -m pytest -o pythonpath='.build/compiled . tests' tests/property tests/unit/test_routing_*.py || { rm -rf .build/compiled; exit 1; }
	@touch $@

bench: $(VENV)/.bench ## the figures of docs/performance.md (three quarters of an hour; one of them: make bench-decide)
	$(BIN)/python -m benchmarks

bench-%: $(VENV)/.bench
	$(BIN)/python -m benchmarks $*

pythons: $(VENV)/.dev ## a simulated day, decided again by every other Python found here
	$(BIN)/python -m benchmarks.other_pythons

docs: $(VENV)/.dev ## docs/api from the code
	$(BIN)/python -m contactcenter docs

clean: ## the environment and the local data
	rm -rf $(VENV) .build var
