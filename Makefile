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
	@$(if $(DATA),.venv/bin/marketing-models ingest --store $(call quoted,$(STORE)) $(call quoted,$(DATA)),test -e data/$(call quoted,$(STORE))/version.json || .venv/bin/marketing-models synthesize --store $(call quoted,$(STORE)))
	@$(PY) -m pipelines.reports $(call quoted,$(RUN)) --build --store $(call quoted,$(STORE)) --issue $(call quoted,$(ISSUE)) $(if $(CLUSTER),--cluster $(call quoted,$(CLUSTER)))

test: ; @$(PYTHON) bootstrap.py dev
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/lint-imports
	.venv/bin/mypy
	$(PY) -m pytest -m "not slow"
	@test -e data/demo/version.json || .venv/bin/marketing-models synthesize --store demo
	@$(PY) -m pipelines.build --store demo
	$(PY) -m pytest --nbval-lax -p no:randomly notebooks

slow: ; @$(PYTHON) bootstrap.py dev lab
	$(PY) -m pytest -m slow

# For an analyst. What was written on the command line reaches the program letter by letter: make
# neither expands it, nor hands it on in the environment, where it would; the shell sees it quoted.
quoted = '$(subst ','\'',$1)'
OURS := PYTHON PY STORE DATA ISSUE RUN CLUSTER PAGE A B
GIVEN := $(foreach name,$(sort $(.VARIABLES)),$(if $(filter command,$(origin $(name))),$(name)))
ifneq ($(filter lab scenario compare,$(MAKECMDGOALS)),)
unexport $(GIVEN)
endif
ANALYST = $(PY) -m pipelines.analyst --store $(call quoted,$(STORE))

# make lab PAGE=zh/990101/40_demand opens that page's notebook with its parameters.
lab: ; @$(PYTHON) bootstrap.py lab
	@$(ANALYST) lab $(if $(value PAGE),-- $(call quoted,$(value PAGE)))

# make scenario PAGE=zh/990101/40_demand NAME=VALUE makes the page with another parameter.
scenario: ; @$(PYTHON) bootstrap.py
	@$(ANALYST) scenario -- $(call quoted,$(value PAGE)) $(foreach name,$(filter-out $(OURS),$(GIVEN)),$(call quoted,$(name)=$(value $(name))))

# make compare A=<page or key> B=<page or key> lays two pages side by side.
compare: ; @$(PYTHON) bootstrap.py
	@$(ANALYST) compare -- $(call quoted,$(value A)) $(call quoted,$(value B))

lock: ; @$(PYTHON) bootstrap.py dev
	.venv/bin/uv pip compile --universal --generate-hashes --all-extras --python-version 3.11 \
	  --quiet pyproject.toml -o requirements.lock

clean:
	rm -rf .venv site work data/demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
