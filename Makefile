# Every target sets itself up in .venv; nothing else is needed than Python 3.11 or newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test chaos soak fuzz check screenshots bench clean

demo: $(READY)
	@$(BIN)/listsync demo

# With bytecode: tests start hundreds of processes, which would each compile all that they import.
# More workers than cores: many tests wait for most of their time.
WORKERS ?= auto
test: $(READY)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --workers $(WORKERS) $(TEST_OPTIONS)

# Kills, faults and damages, very many more than in make test; what it says is shown, with its seeds.
chaos: $(READY)
	THOROUGH=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -m chaos -rP --workers $(WORKERS) --timeout 3600 $(TEST_OPTIONS)

# One agent to which something happens all the while; hours with MINUTES=300.
MINUTES ?= 10
soak: $(READY)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m tests.soak --minutes $(MINUTES)

# Parsers, protocols and answers of others, fed with very much more than make test does.
fuzz: $(READY)
	THOROUGH=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -m fuzz --workers $(WORKERS) --timeout 3600 $(TEST_OPTIONS)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The pictures of the documents; those of the dashboard want Chromium and its chromedriver.
screenshots: $(READY)
	$(BIN)/python -m tests.terminal_pictures
	$(BIN)/python -m tests.screenshots

bench: $(READY)
	$(BIN)/python -m tests.bench

# Debian's python3 may lack ensurepip: then the system's own pip installs into the new environment.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("listsync needs Python 3.11 or newer") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV) || $(PYTHON) -m venv --clear --without-pip $(VENV)
	if [ -x $(BIN)/pip ]; then $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'; \
	else $(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'; fi
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
