# One obvious word each; `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help setup up down status reset test check bench bench-all prove shots words lock

# The first Python that the locks serve; PYTHON=/path/to/python names another. Tried by running it: a pyenv shim is
# there for versions that are not.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && exit; done; echo python3)
BIN := .venv/bin
test check bench bench-all shots lock: DEV := --dev

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 10

setup:  ## make .venv and install everything in it
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 to 3.13 is needed and none was found: install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) workbench/bootstrap.py $(DEV)

up: setup  ## start everything and show where to log in (PORT=9000 for another port)
	@exec $(BIN)/workbench up --until-parent-ends $(if $(PORT),--port $(PORT))

down:  ## stop everything
	@if [ -x $(BIN)/workbench ]; then exec $(BIN)/workbench down; else echo "Nothing is running."; fi

status:  ## what is running, and where
	@if [ -x $(BIN)/workbench ]; then exec $(BIN)/workbench status; else echo "Nothing is running: it was never set up."; fi

reset:  ## ask, then clear the state folder
	@if [ -x $(BIN)/workbench ]; then exec $(BIN)/workbench reset $(if $(YES),--yes); else echo "Nothing to clear."; fi

test: setup  ## every suite this machine can run: unit, property, notebooks, databases, Slurm, browser
	@sh .ci/chromium
	@sh .ci/databases
	@sh .ci/slurm
	@sh .ci/bubblewrap
	@$(BIN)/python -m pytest tests

check: setup  ## style, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup  ## occupancy and usage from Parquet, beside Polars and DuckDB: one table (SIZES=1e8 for another size)
	@$(BIN)/python -m benchmarks.bench

bench-all: setup  ## and all else: a day more, what-if, ingest, rating, reads, pages, Slurm where one can run
	@mkdir -p benchmarks/out
	@for name in bench incremental whatif ingest rating reads pages slurm_ingest slurm_spawn; do echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

prove: setup  ## the long proofs: 200 random centres, 200 kills, beancount as judge of the sample centre (ten minutes)
	@for name in random_centres crash_ledger bean_check; do echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

shots: setup  ## pictures of every page, light and dark, wide and narrow, of the workbench that runs (make up)
	@sh .ci/chromium
	@$(BIN)/python tests/browser/shots.py http://127.0.0.1:$(or $(PORT),8000) $(or $(WORKBENCH_HOME),var)/secrets/sample_logins.json benchmarks/out/shots

words: setup  ## collect the words that people see; bring the translations up to them
	@$(BIN)/python .ci/words.py

lock: setup  ## write the hashed locks anew from pyproject.toml (UPGRADE=1 takes the newest versions)
	@$(BIN)/python .ci/lock.py $(if $(UPGRADE),--upgrade)
