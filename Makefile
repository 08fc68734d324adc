# Every target sets up .venv itself; a machine needs Python >= 3.11 and make only.
PYTHON ?= python3
PY := .venv/bin/python
# make reports DATA=<folder> reads a real delivery; STORE names its store, by default as the folder.
STORE ?= $(if $(DATA),$(notdir $(patsubst %/,%,$(DATA))),demo)
ISSUE ?= latest
RUN ?= weekly

.PHONY: reports test slow lab scenario compare lock clean
.DEFAULT_GOAL := reports

reports: ; @$(PYTHON) bootstrap.py
	@$(if $(DATA),.venv/bin/marketing-models ingest --store "$(STORE)" "$(DATA)",test -e data/$(STORE)/version.json || .venv/bin/marketing-models synthesize --store "$(STORE)")
	@$(PY) -m pipelines.reports $(RUN) --build --store "$(STORE)" --issue "$(ISSUE)" $(if $(CLUSTER),--cluster "$(CLUSTER)")

test: ; @$(PYTHON) bootstrap.py dev
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/lint-imports
	.venv/bin/mypy
	$(PY) -m pytest -m "not slow"
	@test -e data/demo/version.json || .venv/bin/marketing-models synthesize --store demo
	@$(PY) -m pipelines.build --store demo
	$(PY) -m pytest --nbval-lax -p no:randomly notebooks

slow: ; @$(PYTHON) bootstrap.py dev
	$(PY) -m pytest -m slow

# make lab PAGE=zh/990101/40_demand opens that page's notebook with its parameters.
lab: ; @$(PYTHON) bootstrap.py lab
	@$(PY) -m pipelines.analyst --store "$(STORE)" lab $(PAGE)

# make scenario PAGE=zh/990101/40_demand NAME=VALUE makes the page with another parameter.
scenario: ; @$(PYTHON) bootstrap.py
	@$(PY) -m pipelines.analyst --store "$(STORE)" scenario "$(PAGE)" $(filter-out PAGE=% STORE=%,$(MAKEOVERRIDES))

# make compare A=<page or key> B=<page or key> lays two pages side by side.
compare: ; @$(PYTHON) bootstrap.py
	@$(PY) -m pipelines.analyst --store "$(STORE)" compare "$(A)" "$(B)"


lock: ; @$(PYTHON) bootstrap.py dev
	.venv/bin/uv pip compile --universal --generate-hashes --all-extras --python-version 3.11 \
	  --quiet pyproject.toml -o requirements.lock

clean:
	rm -rf .venv site work data/demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
