# The whole workflow. It needs make and Python 3.11, 3.12 or 3.13; everything else is set up in .venv.

VENV := .venv
READY := $(VENV)/ready
PEERS := $(VENV)/peers
SITE := $(VENV)/site
BIN := $(VENV)/bin
CANDIDATES := python3 python3.13 python3.12 python3.11
export DAGSTER_HOME ?= $(CURDIR)/data

.PHONY: help demo ui test package thorough thirdparty simulate planted crashes soak bench lint format readme docs screenshots clean

help:  ## what there is to make
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST)

demo: $(READY)  ## sandbox, a full sync, and its summary
	@echo "Synchronising the systems of the sandbox: about a minute."
	@$(BIN)/talk sync --progress
	@echo "Next: '$(BIN)/talk sandbox curl' shows how to edit a record; 'make ui' shows it all in Dagster."

PORT ?= 3000

ui: $(READY)  ## the Dagster UI, by itself on http://127.0.0.1:3000: make ui PORT=3001
	@$(BIN)/talk ui --port $(PORT)

test: lint  ## lint, types and every test
	$(BIN)/pytest --numprocesses auto --dist worksteal

thorough: $(READY)  ## the tests that `make test` leaves out because something like them is in it
	EXAMPLES=thorough $(BIN)/pytest -m "thorough or hypothesis" --numprocesses auto --dist worksteal

package: $(READY)  ## the wheel in an empty environment, outside the repository: talk init, sync, ui
	$(BIN)/python -m talk_assets_tests.package

thirdparty: $(READY)  ## third-party servers as Customerp, third-party clients at the sandbox; needs npm
	THIRDPARTY=1 $(BIN)/pytest talk_assets_tests/thirdparty

N ?= 1000
SEED ?= 0

simulate: $(READY)  ## random histories of the sync, with faults: make simulate N=10000 SEED=7
	$(BIN)/python -m talk_assets_tests.simulator $(N) --seed $(SEED)

planted: $(READY)  ## switch off one protection at a time, which the simulator must find: make planted N=2000 SEED=7
	$(BIN)/python -m talk_assets_tests.simulator $(N) --seed $(SEED) --planted

KILLS ?= 50

crashes: $(READY)  ## kill -9 a synchronising process, again and again: make crashes KILLS=50 SEED=7
	$(BIN)/python -m talk_assets_tests.crashes --kills $(KILLS) --seed $(SEED)

MINUTES ?= 20

soak: $(READY)  ## all systems over HTTP, faults, edits and kills, then the verdict: make soak MINUTES=20 SEED=7
	SOAK=1 $(BIN)/pytest talk_assets_tests/soak
	$(BIN)/python -m talk_assets_tests.soak --minutes $(MINUTES) --seed $(SEED)

bench: $(PEERS)  ## how fast it is, beside the least that any program could do
	POLARS_MAX_THREADS=$$(getconf _NPROCESSORS_ONLN) $(BIN)/python -m talk_assets_tests.benchmarks

lint: $(READY)  ## ruff and mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --num-workers auto

format: $(READY)  ## what ruff can put right by itself
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

readme: $(READY)  ## write what the README and the documentation show into them again
	$(BIN)/python -m talk_assets_tests.docs
	$(BIN)/python -m talk_assets_tests.readme

docs: $(SITE)  ## build the documentation as a site in build/docs
	$(BIN)/python -m talk_assets_tests.docs.site stage
	$(BIN)/zensical build --strict --clean
	$(BIN)/python -m talk_assets_tests.docs.site check

screenshots: $(READY)  ## take the README's pictures of the UI again; needs Chromium
	$(BIN)/python -m talk_assets_tests.ui

clean:  ## remove the environment and caches; data/ stays
	rm -rf $(VENV) build dist *.egg-info examples/*/build examples/*/*.egg-info
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find talk_assets talk_assets_tests examples -name __pycache__ -type d -prune -exec rm -rf {} +

# A Python counts only if it runs, fits, and can make environments: shims and distributions leave parts out.
$(READY): pyproject.toml constraints.txt
	@for python in $(BIN)/python $(CANDIDATES); do \
	    $$python -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || continue; \
	    echo "Setting up $(VENV) with $$($$python --version): some minutes the first time"; \
	    test -x $(BIN)/python || $$python -m venv $(VENV) || exit 1; \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]' || exit 1; \
	    touch $@; exit 0; \
	done; \
	echo "No Python 3.11, 3.12 or 3.13 that can make environments was found (tried: $(CANDIDATES))." \
	    "Install one, with its venv module, and try again." >&2; exit 1

# What builds the documentation; nothing else needs it.
$(SITE): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[docs]'
	@touch $@

# What the benchmarks compare with; nothing else needs it.
$(PEERS): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	@touch $@
