# `make help` lists the targets. Each does all of its own set-up, in .venv/.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Set-up talks on standard error and leaves standard input alone: `make chat` may be in a pipe.
QUIETLY := </dev/null 1>&2
# Three on two cores: tests wait for other processes. They start hundreds of them, so what Python
# compiles is kept, whatever the environment says of it.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 3 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help chat demo-crawl install test check pytest soak programs torch compose format bench bench-peers clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.product ## Install the programs into .venv/, or what they need since an upgrade

chat: $(VENV)/.product ## Chat in this terminal; the first time makes environment, database and model
	@$(BIN)/webtoonctl demo --if-empty $(QUIETLY)
	@exec $(BIN)/webtoonbot chat $(CHAT)

test: check pytest ## Everything: style, types, layers, and all tests

check: $(VENV)/.development ## Style, types and layers only
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

pytest: $(VENV)/.development programs ## The tests only; TESTS=path narrows them
	@$(PYTEST) $(TESTS)

soak: $(VENV)/.development programs ## A long search for inputs that break a promise, for which `make test` has no time
	@$(PYTEST) -m hypothesis --hypothesis-profile soak $(TESTS)

programs: ## Install the programs that tests talk to (PostgreSQL, Redis, Chromium), where allowed
	@sh tests/programs.sh all $(QUIETLY)

torch: $(VENV)/.development ## Install PyTorch, for the models that evaluations compare with
	@$(BIN)/python -c 'import torch' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check 'torch>=2.9,<2.14' $(QUIETLY)

demo-crawl: $(VENV)/.product ## Crawl a replica of the sites on this machine, train on it, recommend
	@sh tests/programs.sh browser $(QUIETLY)
	@$(BIN)/python -m tests.replica.demo

compose: ## Lint docker-compose.yml and ops/, with those of their programs that are at hand
	@npx --yes dclint@3.1.0 --max-warnings 0 docker-compose.yml
	@if docker compose version >/dev/null 2>&1; \
	  then POSTGRES_PASSWORD=- FLOWER_PASSWORD=- GRAFANA_PASSWORD=- docker compose --profile '*' config --quiet; \
	  else echo "docker compose is not installed: only the linter looked" >&2; fi
	@if command -v promtool >/dev/null; \
	  then promtool check config ops/prometheus/prometheus.yml && promtool test rules ops/prometheus/alerts_test.yml; \
	  else echo "promtool is not installed: the alert rules are not checked" >&2; fi

format: $(VENV)/.development ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/.development ## Run the benchmarks into docs/benchmarks.md; ONLY=fit,update names some
	@$(BIN)/python benchmarks/page.py $(if $(ONLY),--only $(ONLY)) $(if $(RATINGS),--ratings "$(RATINGS)")

bench-peers: $(VENV)/.development ## The fit beside LensKit, Cornac and implicit, in environments of their own
	@$(BIN)/python benchmarks/page.py --only peers/run

clean: ## Remove the environment and caches; data in var/ stays
	@rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "This needs Python 3.11 or newer; say which one with PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || sh tests/python_venv.sh $(PYTHON) $(QUIETLY)
	@echo "Making an environment in $(VENV)/ …" >&2
	@$(PYTHON) -m venv $(VENV) $(QUIETLY)

# uv installs in seconds; where it cannot be had, or knows no index, pip does the same.
define install
@echo "Installing what $(1) needs …" >&2
@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv $(QUIETLY) || true
@$(BIN)/python -m uv pip install --quiet --compile-bytecode --python $(BIN)/python -c constraints.txt -e '$(2)' </dev/null >/dev/null 2>&1 \
  || $(BIN)/python -m pip install --quiet -c constraints.txt -e '$(2)' $(QUIETLY)
@touch $@
endef

$(VENV)/.product: pyproject.toml constraints.txt | $(BIN)/python
	$(call install,the bot,.)

$(VENV)/.development: pyproject.toml constraints.txt | $(BIN)/python
	$(call install,development,.[dev])
	@touch $(VENV)/.product
