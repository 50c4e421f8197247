# make demo | run | check | deps | test | lab | bench | picture     (`make` alone says what each does)
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(PATH):/usr/sbin:/sbin

.PHONY: help demo run check deps test lab bench picture
help:
	@echo "make demo    the screen on a recorded mail host: no Postfix, no root, no network"
	@echo "make run     the screen on this host (ARGS=... for anything else: make run ARGS='dns example.org')"
	@echo "make check   ruff, mypy, import contracts"
	@echo "make deps    as root: the Debian packages that the lab needs, none of them started"
	@echo "make test    check, then every test that this machine can run"
	@echo "make lab     as root: a shell on a mail host in network namespaces, with traffic"
	@echo "make bench   the benchmarks (ARGS='startup idle' for some of them)"
	@echo "make picture the README's pictures of the screen, anew"

# The environment is made anew when pyproject.toml or what is compiled changed, and only then.
.venv/runtime: pyproject.toml hatch_build.py tui/mxtop/mail/_heads.c tui/mxtop/mail/_text.h
	@echo "making .venv"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --editable .
	@$(BIN)/python -m compileall -q tui  # as pip does for a wheel: else each start may compile anew
	@touch $@

.venv/dev: .venv/runtime
	@$(BIN)/python -m pip install --quiet --group dev
	@touch $@

demo: .venv/runtime
	@$(BIN)/mxtop demo

run: .venv/runtime
	@$(BIN)/mxtop $(ARGS)

check: .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy -p tests.lab
	$(BIN)/lint-imports

deps:
	@tests/lab/install-packages

# Tests on a real mail host keep time with real daemons. What failed is run once more, alone: a busy machine is
# forgiven and named, a defect fails again.
test: check
	@$(BIN)/pytest || { echo "once more, alone, what failed:"; $(BIN)/pytest --last-failed --last-failed-no-failures none; }

lab: .venv/dev
	@$(BIN)/python -m tests.lab shell

bench: .venv/dev
	@$(BIN)/python -m tests.benchmarks $(ARGS)

picture: .venv/runtime
	@$(BIN)/python -m tests.picture docs
