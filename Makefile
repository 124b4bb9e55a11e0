# `make run` and `make test` do all the set-up they need, once; `make help` lists the rest.

.DEFAULT_GOAL := help
.PHONY: help run test test-all laws judges power fuzz kills drives shares bench check lint format translations wheel system clean

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c packaging/constraints.txt

# A set-up holds until one of these changes; the stamps lie in the environment, so that both go together.
KEY := $(shell { cat pyproject.toml setup.py packaging/constraints.txt; $(PYTHON) --version; } 2>&1 | cksum | cut -d' ' -f1)
READY := $(VENV)/.ready-to-run-$(KEY)
READY_TO_TEST := $(VENV)/.ready-to-test-$(KEY)

# Two test processes share the processors; a network that takes all of them for itself only makes both wait.
TEST_ENV := QT_QPA_PLATFORM=offscreen OMP_NUM_THREADS=1
PYTEST := $(TEST_ENV) $(BIN)/python -m pytest
# Each process takes a half in order, so that what a module's tests share is made once, and torch loaded in one of them;
# whoever is done first takes from the other.
BOTH := -n 2 --dist worksteal
EXAMPLES ?= 1000
CUTS ?= 1000
CASES ?= 2000
KILLS ?= 500
TIMES ?= 100
MASKS ?= 1000

help:
	@echo "make run        set up what is missing and open the window on the sample project (ARGS=... for the command)"
	@echo "make test       all checks and the quick tests"
	@echo "make test-all   all checks and all tests, slow ones too"
	@echo "make laws       the laws with 1,000 examples each (EXAMPLES=... for another number)"
	@echo "make judges     what other people's readers see of 1,000 random masks in every format (MASKS=...)"
	@echo "make power      power cuts on a simulated disk (CUTS=...)    make kills    kill -9 (KILLS=...)"
	@echo "make fuzz       mutations of everything that is read (CASES=... for each)"
	@echo "make shares     two computers on a network share (TIMES=...; Linux, as root, with sshfs and sshd)"
	@echo "make drives     work on real drives of exFAT, NTFS, XFS and btrfs, pulled and full (Linux, as root)"
	@echo "make check      lint, format, types, layers, bandit, known vulnerabilities"
	@echo "make lint       ruff alone          make format   let ruff format"
	@echo "make bench      timings             make wheel    the package, in dist/"
	@echo "make translations  the window's texts into resources/translations, and what Qt reads of them"
	@echo "make system     the system's packages that Qt needs"
	@echo "make clean      remove everything that was made here"

run: $(READY)
	$(BIN)/labeltool demo $(ARGS)

test: check
	$(PYTEST) $(BOTH) -m "not slow" $(ARGS)

test-all: check
	$(PYTEST) $(BOTH) $(ARGS)

laws: $(READY_TO_TEST)
	LABELTOOL_LAW_EXAMPLES=$(EXAMPLES) $(PYTEST) $(BOTH) --timeout 0 tests/laws $(ARGS)

judges: $(READY_TO_TEST)
	$(TEST_ENV) $(BIN)/python tests/contracts/round_trips.py --masks $(MASKS) $(ARGS)

power: $(READY_TO_TEST)
	$(TEST_ENV) $(BIN)/python tests/faults/power/run.py --cuts $(CUTS) $(ARGS)

fuzz: $(READY_TO_TEST)
	$(TEST_ENV) $(BIN)/python tests/fuzz/run.py --regressions
	$(TEST_ENV) $(BIN)/python tests/fuzz/run.py --count $(CASES) --grow $(ARGS)

kills: $(READY_TO_TEST)
	$(TEST_ENV) $(BIN)/python tests/faults/kills/run.py --kills $(KILLS) $(ARGS)

shares: $(READY_TO_TEST)
	packaging/system.sh packaging/debian-share-packages.txt "a network share"
	$(TEST_ENV) $(BIN)/python tests/faults/shares/run.py --times $(TIMES) $(ARGS)
	$(PYTEST) tests/faults/shares $(ARGS)

drives: $(READY_TO_TEST)
	packaging/system.sh packaging/debian-drive-packages.txt "drives of other file systems"
	$(PYTEST) tests/faults/drives $(ARGS)

bench: $(READY_TO_TEST)
	@for name in canvas export inference large raster review start; do \
		echo "== $$name"; $(BIN)/python tests/bench/bench_$$name.py || exit 1; done

check: lint
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit -q -r labeltool -c pyproject.toml
	$(BIN)/python packaging/audit.py

lint: $(READY_TO_TEST)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY_TO_TEST)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

translations: $(READY)
	$(BIN)/python packaging/translations.py

wheel: $(READY)
	rm -rf build
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

system:
	packaging/system.sh

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find labeltool tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "labeltool needs Python 3.11 or newer with its venv module. On Debian and Ubuntu:"; \
		echo "    sudo apt-get install python3 python3-venv"; \
		echo "or name another one: make run PYTHON=/path/to/python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(READY): | $(BIN)/python
	packaging/system.sh
	@echo "Installing labeltool and what it needs (once; some minutes, most of them for torch) ..."
	$(PIP) -e ".[all]"
	@rm -f $(VENV)/.ready-to-run-* && touch $@

$(READY_TO_TEST): $(READY)
	@echo "Installing what the tests need (once) ..."
	packaging/system.sh packaging/debian-test-packages.txt "the judges of DICOM files"
	$(PIP) -e ".[all,dev,judges]"
	@rm -f $(VENV)/.ready-to-test-* && touch $@
