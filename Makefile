# Each target makes its own virtual environment: Python 3.11 or newer, make and git are all that is needed.
PYTHON ?= python3
BIN := .venv/bin

# With a PostgreSQL database, its operations lie there: make demo OPERATIONS_URL=postgresql://USER:PASSWORD@HOST/DATABASE
.PHONY: demo test lint bench docs clean lock

demo: .venv/ready
	rm -rf mainstem-demo
	$(BIN)/mainstem demo mainstem-demo $(if $(OPERATIONS_URL),--operations "$$OPERATIONS_URL" --force)

test: .venv/ready
	$(BIN)/python -m pytest

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy src
	$(BIN)/lint-imports
	$(BIN)/python tools/make_docs.py --check

bench: .venv/ready
	$(BIN)/python bench/run.py

docs: .venv/ready
	$(BIN)/python tools/make_docs.py

lock: .venv/ready
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --extra dev \
		--output-file requirements.lock pyproject.toml

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'mainstem needs Python 3.11 or newer; name one with: make PYTHON=python3.11'; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

clean:
	rm -rf .venv mainstem-demo dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
