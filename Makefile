# `make demo` and `make test` need Python 3.10 or newer, pip and make, and create the rest.

PYTHON ?= python3
AIRFLOW ?= 3.3.2
VENV := .venv/airflow-$(AIRFLOW)
BIN := $(VENV)/bin

.PHONY: demo test test-running test-browser test-forms test-form bench lint pins clean

demo: $(VENV)/ready  ## the gate, end to end: an emulator, a real PostgreSQL, a DAG that runs twice
	@$(BIN)/python -m demo

test: $(VENV)/ready  ## everything that needs no root; AIRFLOW=2.11.2 for another Airflow
	$(BIN)/python -m pytest

test-running: $(VENV)/ready  ## what needs a whole Airflow: canaries everywhere, a killed worker; takes minutes
	$(BIN)/python -m pytest -m running_airflow

test-browser: $(VENV)/ready  ## the connection form in a real browser; needs chromium and chromium-driver, see .ci/browser
	$(BIN)/python -m pytest --override-ini addopts= tests/browser

test-forms:  ## the connection form as each Airflow lists it
	for version in 2.11.2 3.1.8 3.2.2 3.3.2; do $(MAKE) test-form AIRFLOW=$$version || exit 1; done

test-form: $(VENV)/ready
	$(BIN)/python -m pytest --override-ini addopts= tests/forms

# The peers must not change the tests' environment, so they have one of their own.
BENCH := .venv/bench

bench: $(BENCH)/ready  ## every figure this project claims, beside its peers; writes docs/benchmarks.md; takes minutes
	env --unset=PYTHONDONTWRITEBYTECODE $(BENCH)/bin/python -m benchmarks

$(BENCH)/ready: requirements/bench.txt pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(BENCH)/bin/uv pip install --quiet --compile-bytecode --python $(BENCH)/bin/python --requirement requirements/bench.txt
	$(BENCH)/bin/uv pip install --quiet --python $(BENCH)/bin/python --no-deps --editable .
	touch $@

lint: $(VENV)/ready  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy tests --allow-untyped-defs --allow-incomplete-defs --allow-untyped-calls

$(VENV)/ready: requirements/airflow-$(AIRFLOW).txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement requirements/airflow-$(AIRFLOW).txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

# The day up to which releases count, for each Airflow; it makes a resolution repeatable.
pins: $(VENV)/ready  ## resolve all pinned requirements anew
	requirements/resolve $(BIN)/uv 2.11.2 2026-03-20
	requirements/resolve $(BIN)/uv 3.1.8 2026-03-20
	requirements/resolve $(BIN)/uv 3.2.2 2026-06-05
	requirements/resolve $(BIN)/uv 3.3.2 2026-09-25
	requirements/resolve $(BIN)/uv 3.3.2 2026-11-20 bench --extra emulator --group bench

clean:
	rm -rf .venv .demo build dist
