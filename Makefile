# Every target sets up what it needs; CONTRIBUTING.md shows the raw commands.
PYTHON ?= python3
BIN := .venv/bin
T ?= tests
# For every system and Python; wheels alone, because nothing is to be compiled where they are installed.
LOCK := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --only-binary :all: --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"
.DEFAULT_GOAL := help
.PHONY: help dev demo test coverage check fmt bench-check bench-scan bench-rotation dist image e2e fuzz \
	docs pictures new-provider lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

$(BIN)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "keyturn needs Python 3.11 or later; try make PYTHON=python3.13")'
	@test -d .venv || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

dev: $(BIN)/.ready ## set up .venv with everything

demo: $(BIN)/.ready ## the whole main job on the embedded sandbox
	@$(BIN)/keyturn demo

test: $(BIN)/.ready ## the whole suite; one part with T=tests/providers
	@$(BIN)/pytest -n auto --dist worksteal -q $(T)

coverage: $(BIN)/.ready ## the whole suite, and which lines it does not reach
	@$(BIN)/pytest -n auto --dist worksteal -q --cov --cov-report=term:skip-covered

check: $(BIN)/.ready ## formatting, lint, types, spelling, static checks (no tests)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/codespell
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml workflows-examples/*.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci workflows-examples/gitlab/.gitlab-ci.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.azure-pipelines --data-transform azure-pipelines --regex-variant nonunicode \
		workflows-examples/azure-pipelines/azure-pipelines.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/bug.yml .github/ISSUE_TEMPLATE/request.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	@$(BIN)/check-jsonschema --check-metaschema docs/reference/*.schema.json
	@$(BIN)/pre-commit validate-config
	@$(BIN)/actionlint .github/workflows/*.yml workflows-examples/*.yml
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/zizmor --offline --no-progress --quiet --persona pedantic . workflows-examples/*.yml composite/action.yml
	@echo "all checks passed"

fmt: $(BIN)/.ready ## format and mend what can be mended
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench-check: $(BIN)/.ready ## requests and wall time of `check` against the least possible
	@$(BIN)/python bench/check.py

bench-scan: $(BIN)/.ready ## speed, memory, noise and recall of the scanner against its peers
	@$(BIN)/python -m bench.scan $(PARTS)

bench-rotation: $(BIN)/.ready ## kill rotations at every request and count what is lost; bounded with POINTS=20
	@$(BIN)/python -m bench.rotation $(if $(POINTS),--points $(POINTS))

dist: ## build the wheel and the source archive, with nothing but what is locked
	@rm -rf dist build
	@$(PYTHON) -m venv build
	@build/bin/python -m pip install --quiet --require-hashes --only-binary :all: --requirement requirements-build.lock
	@build/bin/python -m hatchling build
	@rm -rf build

image: ## build the container image with docker or podman
	@engine=$$(command -v docker || command -v podman) && $$engine build -t keyturn:local .

e2e: $(BIN)/.ready ## the image and the action as GitHub's runner starts them
	@$(BIN)/pytest -q tests/e2e --run-e2e

$(BIN)/.fuzz: $(BIN)/.ready
	@$(BIN)/python -m pip install --quiet --group fuzz
	@touch $@

fuzz: $(BIN)/.fuzz ## fuzz what reads untrusted text, SECONDS seconds a target (default 30)
	@$(BIN)/python -m fuzz.run --seconds $(or $(SECONDS),30)

docs: $(BIN)/.ready ## renew what of docs/reference is made from the code
	@for page in cli config rules; do $(BIN)/python -m tests.repo.$${page}_page; done
	@$(BIN)/keyturn config schema > docs/reference/keyturn.schema.json

pictures: $(BIN)/.ready ## make the README's pictures from the sandbox (needs Chromium)
	@$(BIN)/python -m scripts.pictures

new-provider: $(BIN)/.ready ## begin a provider: make new-provider NAME=acme
	@$(BIN)/python -m scripts.new_provider "$(NAME)"

lock: $(BIN)/.ready ## renew the pinned, hashed dependencies of the image and of composite/
	@$(LOCK) --output-file requirements.lock pyproject.toml
	@$(LOCK) --output-file requirements-build.lock --group build

clean: ## remove what the targets made
	@rm -rf .venv .bench .mypy_cache .ruff_cache .pytest_cache .coverage* dist build
