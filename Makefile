# Two commands do it all on a fresh machine: `make demo` and `make test`.
BIN := .venv/bin

.PHONY: demo test lint check bench crash fuzz clean

demo: .venv/run  ## the main job on embedded parts: no root, no account, no network
	@$(BIN)/dns01 demo
	@echo '(Here the command is $(BIN)/dns01; "pipx install ." puts it on your PATH.)'

test: .venv/dev  ## every test; real servers included where they can run
	@.ci/install-servers
	@.ci/test $(BIN)/pytest

lint: .venv/dev  ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

check: lint  ## what must be green before a commit: lint, tests, branch coverage
	@.ci/install-servers
	$(BIN)/coverage erase
	.ci/test $(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

bench: .venv/dev  ## dns01 and its peers on the same servers, and the other benchmarks: ten minutes; less: NAMES=1,20 ROUNDS=1, more: FULL=1
	@.ci/install-servers
	@.ci/isolated $(BIN)/python -m bench \
		$(if $(NAMES),--names $(NAMES)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(FULL),--full)

TARGETS ?= order receipt configuration environment arguments dns cloudflare route53 rfc2136
SECONDS ?= 60

fuzz: .venv/dev  ## search by coverage for hostile input that breaks a promise: SECONDS for each of TARGETS
	@$(BIN)/pip install --quiet --group fuzz
	@for target in $(TARGETS); do \
		$(BIN)/python -m tests.hostile.fuzz $$target $(SECONDS) || exit 1; done

crash: .venv/dev  ## kill runs at every step, and repeat the races of many: a quarter of an hour
	@DNS01_CRASH=all .ci/isolated $(BIN)/pytest tests/crash

clean:  ## remove what the targets above made
	rm -rf .venv .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/run: pyproject.toml
	@echo 'setting up .venv: half a minute, once'
	@.ci/venv
	@$(BIN)/pip install --quiet --editable .
	@touch $@

.venv/dev: .venv/run
	@$(BIN)/pip install --quiet --editable '.[acme,celery,lexicon]' --group dev
	@touch $@
