# `make demo` and `make test` need Python 3.10 or newer, pip and make, and create the rest.

PYTHON ?= python3
NEWEST := 3.3.2
LOWEST := 2.11.0
AIRFLOW ?= $(NEWEST)
VENV := .venv/airflow-$(AIRFLOW)
BIN = $(VENV)/bin
UV := .venv/uv/bin/uv
# what a suite counted is kept, for the table at the end of .ci/run
PYTEST = $(BIN)/python -m pytest --junit-xml=.results/$(AIRFLOW)/$@.xml

# What need not run on every Airflow. What knows no Airflow runs on the newest, and so do the texts; the client also runs
# with the lowest releases of its libraries, but for what reads texts without any. Of what takes minutes the newest and
# the oldest tell enough.
NO_AIRFLOW_IN = any_answer any_bytes any_precheck hostile_services limits logins
TOLD_BY_THE_NEWEST = --ignore=tests/api $(NO_AIRFLOW_IN:%=--ignore=tests/faults/test_%.py) --ignore=tests/contract --ignore=tests/docs --ignore=tests/emulator \
	--ignore=tests/livecheck/test_live_check_matrix.py --ignore=tests/livecheck/test_live_check_records.py
NO_LIBRARY_IN = encoded_echoes json_reading objections ordinary_errors scrubber
TOLD_BY_THE_NEWEST_PAGE = --ignore=tests/browser/test_page_and_odd_answers.py
TOLD_BY_TWO = --ignore=tests/dags/test_start_in_dags.py --ignore=tests/dags/test_precheck_in_dags.py \
	--ignore=tests/hooks/test_databases_tls.py --ignore=tests/triggers/test_poller.py \
	--ignore=tests/triggers/test_event_trigger.py
TOLD_BY_TWO_IN_A_WHOLE_AIRFLOW = --ignore=tests/faults/test_killed_workers.py --ignore=tests/running/alone

# A suite starts dozens of processes, and each imports Airflow in half the time when the first has left its bytecode.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-short test-running test-forms test-form test-packaging test-browser test-celery test-databases \
	bench docs lint coverage mutants pins clean

demo: $(VENV)/ready  ## the gate, end to end: an emulator, a real PostgreSQL, a DAG that runs three times
	@$(BIN)/python -m demo

test: $(VENV)/ready  ## everything that needs no root; AIRFLOW=2.11.2 for what has to do with another Airflow, see requirements/
	$(PYTEST) $(if $(filter $(NEWEST),$(AIRFLOW)),,$(TOLD_BY_THE_NEWEST))

test-short: $(VENV)/ready  ## what Airflow has a say in: the package, the hook, and real runs of DAGs
	$(PYTEST) tests/test_package.py tests/test_retry_policy.py tests/links tests/hooks tests/sensors tests/triggers tests/dags $(TOLD_BY_TWO) \
		$(if $(filter $(LOWEST),$(AIRFLOW)),tests/api $(NO_LIBRARY_IN:%=--ignore=tests/api/wire/test_%.py))

test-running: $(VENV)/ready  ## what needs a whole Airflow: canaries everywhere, a killed worker; takes minutes
	$(PYTEST) -m running_airflow $(if $(filter 3.1.%,$(AIRFLOW)),$(TOLD_BY_TWO_IN_A_WHOLE_AIRFLOW))

test-databases: $(VENV)/ready  ## the emulator's logins against MariaDB and PostgreSQL, with TLS; see .ci/databases
	$(PYTEST) -m databases tests/databases

test-forms:  ## the connection form as each Airflow lists it
	for version in 2.11.2 3.0.6 3.1.8 3.2.2 3.3.2; do $(MAKE) test-form AIRFLOW=$$version || exit 1; done

test-form: $(VENV)/ready
	$(PYTEST) --override-ini addopts= tests/forms

test-packaging: $(VENV)/ready  ## what is published: its contents, and the wheel in an Airflow without our tools; needs PyPI
	$(PYTEST) --override-ini addopts= tests/packaging

test-browser: $(VENV)/ready  ## the form, the report page and the log in a real browser; needs chromium and chromium-driver, see .ci/browser
	$(PYTEST) --override-ini addopts= tests/browser $(if $(filter $(NEWEST),$(AIRFLOW)),,$(TOLD_BY_THE_NEWEST_PAGE))

test-celery: VENV := .venv/celery
test-celery: .venv/celery/ready  ## the whole gate through Celery workers; needs redis-server, see .ci/celery
	$(PYTEST) -m celery tests/celery

# The peers must not change the tests' environment, so they have one of their own.
bench: .venv/bench/ready  ## every figure this project claims, beside its peers; writes docs/benchmarks.md; takes minutes
	env --unset=PYTHONDONTWRITEBYTECODE .venv/bench/bin/python -m benchmarks

docs: .venv/docs/ready  ## the pages, with the API reference from the docstrings, into .site/html; a name left out fails
	rm -rf .site && mkdir -p .site/pages
	cp -r --parents *.md docs example_dags airflow_provider_drs/emulator/contract.yaml .site/pages
	.venv/docs/bin/python -m mkdocs --quiet build --strict
	.venv/docs/bin/python docs/site/check.py .site/html

lint: $(VENV)/ready  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy tests --allow-untyped-defs --allow-incomplete-defs --allow-untyped-calls

coverage: .venv/measure/ready  ## the branches of api and triggers that the tests take; minutes
	.venv/measure/bin/python -m coverage run -m pytest tests/api tests/hooks tests/operators tests/sensors tests/triggers
	.venv/measure/bin/python -m coverage report

MODULES ?= airflow_provider_drs/api airflow_provider_drs/triggers airflow_provider_drs/operators
TESTS ?= tests/api tests/triggers tests/operators tests/sensors

# all of it takes days: MODULES=airflow_provider_drs/api/retry.py TESTS=tests/api/test_retry.py takes minutes
mutants: .venv/measure/ready  ## faults planted one at a time, and the tests that should notice; the survivors are told
	rm -rf mutants && mkdir mutants && git ls-files -z | xargs -0 cp --parents --target-directory=mutants
	sed -i 's|MODULES|$(foreach module,$(MODULES),"$(module)",)|; s|TESTS|$(TESTS)|; s|PYTHON|../.venv/measure/bin/python|' \
		mutants/cosmic-ray.toml
	cd mutants && PATH=$(CURDIR)/.venv/measure/bin:$$PATH && cosmic-ray init cosmic-ray.toml session.sqlite && \
		cr-filter-operators session.sqlite cosmic-ray.toml && cosmic-ray baseline cosmic-ray.toml && \
		cosmic-ray exec cosmic-ray.toml session.sqlite && cr-report --surviving-only --show-diff session.sqlite

# the docstrings are read and not run, so it has no Airflow
.venv/docs/ready: requirements/docs.txt $(UV)
	$(UV) venv --quiet --clear --seed --python $(PYTHON) .venv/docs
	$(UV) pip install --quiet --python .venv/docs/bin/python --requirement requirements/docs.txt
	touch $@

.venv/%/ready: requirements/%.txt pyproject.toml $(UV)
	$(UV) venv --quiet --clear --seed --python $(PYTHON) .venv/$*
	$(UV) pip install --quiet --python .venv/$*/bin/python --requirement requirements/$*.txt
	$(UV) pip install --quiet --python .venv/$*/bin/python --no-deps --editable .
	touch $@

$(UV):
	$(PYTHON) -m venv .venv/uv
	.venv/uv/bin/pip install --quiet --disable-pip-version-check uv

# The day up to which releases count, for each Airflow; it makes a resolution repeatable. Airflow 3.0.6 is of August 2025,
# but 2026-01-17 is the first day of a common-compat that this package can use.
pins: $(UV)  ## resolve all pinned requirements anew
	requirements/resolve $(UV) 2.11.0 2026-03-20 airflow-2.11.0 --resolution lowest-direct --extra emulator-all --group dev
	requirements/resolve $(UV) 2.11.2 2026-03-20
	requirements/resolve $(UV) 3.0.6 2026-01-17
	requirements/resolve $(UV) 3.1.8 2026-03-20
	requirements/resolve $(UV) 3.2.2 2026-06-05
	requirements/resolve $(UV) 3.3.2 2026-09-25
	PYTHON_VERSION=3.11 requirements/resolve $(UV) 3.4.0b2 2026-10-27
	requirements/resolve $(UV) 3.3.2 2026-09-25 celery --extra emulator-postgresql --group dev --group celery
	requirements/resolve $(UV) 3.3.2 2026-11-20 bench --extra emulator-postgresql --group bench
	requirements/resolve $(UV) 3.3.2 2026-11-20 measure --extra emulator-all --group dev --group measure
	$(UV) pip compile --quiet --universal --python-version 3.10 --exclude-newer 2026-11-20 --no-header --no-annotate \
		--no-emit-find-links --no-emit-index-url --group docs --output-file requirements/docs.txt

clean:
	rm -rf .venv .demo .results .site .coverage mutants build dist
