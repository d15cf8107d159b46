# Two commands: `make repro` regenerates every result, `make test` checks everything.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PHONE := .venv-phone
ON_PHONES := executorch jaxtyping numpy pillow psutil pydantic ruamel.yaml safetensors
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)

.PHONY: setup repro test tests lint format phone

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt "torch==$$(sed -n 's/^torch==//p' constraints.txt)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,export]'
	touch $(READY)

repro: setup
	$(BIN)/retort repro -j $(CORES)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Types are checked on one core while tests run.
test: setup
	$(MAKE) -j 2 lint tests

tests: setup
	$(BIN)/python -m pytest -n $(CORES) --dist loadfile --no-loadscope-reorder --durations 20

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Networks for phones, in an environment of their own; `make phone ROWS="set1-teacher set1-w8b3-none"` for some.
phone: $(PHONE)/.ready
	PYTHONPATH=. $(PHONE)/bin/python -m retort.phone $(ROWS)

$(PHONE)/.ready: constraints-phone.txt
	test -x $(PHONE)/bin/python || $(PYTHON) -m venv $(PHONE)
	$(PHONE)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-phone.txt "torch==$$(sed -n 's/^torch==//p' constraints-phone.txt)"
	$(PHONE)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-phone.txt $(ON_PHONES)
	touch $@
