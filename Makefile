# Every target sets up .venv itself; a machine needs Python >= 3.11 and make only.
PYTHON ?= python3
PY := .venv/bin/python
# make reports DATA=<folder> reads a real delivery; STORE names its store, by default as the folder.
STORE ?= $(if $(DATA),$(notdir $(patsubst %/,%,$(DATA))),demo)
ISSUE ?= latest
RUN ?= weekly

.PHONY: reports test slow lab lock clean
.DEFAULT_GOAL := reports

reports: ; @$(PYTHON) bootstrap.py
	@$(if $(DATA),.venv/bin/marketing-models ingest --store "$(STORE)" "$(DATA)",test -e data/$(STORE)/version.json || .venv/bin/marketing-models synthesize --store "$(STORE)")
	@$(PY) -m pipelines.build --store "$(STORE)" --issue "$(ISSUE)"
	@$(PY) -m pipelines.reports --store "$(STORE)" --issue "$(ISSUE)" $(RUN)

test: ; @$(PYTHON) bootstrap.py dev
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/lint-imports
	.venv/bin/mypy
	$(PY) -m pytest -m "not slow"
	@test -e data/demo/version.json || .venv/bin/marketing-models synthesize --store demo
	@$(PY) -m pipelines.build --store demo
	$(PY) -m pytest --nbval-lax --nbval-current-env -p no:randomly notebooks

slow: ; @$(PYTHON) bootstrap.py dev
	$(PY) -m pytest -m slow

lab: ; @$(PYTHON) bootstrap.py lab
	.venv/bin/jupyter lab notebooks

lock: ; @$(PYTHON) bootstrap.py dev
	.venv/bin/uv pip compile --universal --generate-hashes --all-extras --python-version 3.11 \
	  --quiet pyproject.toml -o requirements.lock

clean:
	rm -rf .venv site work data/demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
