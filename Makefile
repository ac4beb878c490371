# Everything sets itself up: `make demo` and `make test` need only Python 3.11 or newer and make.

SHELL := /bin/sh
VENV := .venv
RUN := $(VENV)/bin
STAMPS := $(VENV)/installed
ARGS ?=
EXTRAS ?=

SYSTEM := $(shell uname -s)
MACHINE := $(shell uname -m)
UV := $(shell command -v uv 2>/dev/null)
HASH := $(shell cksum < pyproject.toml | tr ' ' -)

# New enough, and on a Mac not an Intel build under Rosetta, for which MLX has no build.
GOOD_PYTHON := import platform, sys; sys.exit(sys.version_info < (3, 11) or sys.platform == "darwin" and platform.machine() != "arm64")
TESTS = $(RUN)/python -m pytest -m "not parity" --ignore=tests/parity $(ARGS)
ifndef PYTHON
PYTHON := $(shell for found in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$found" -c '$(GOOD_PYTHON)' 2>/dev/null && echo "$$found" && break; done)
endif

# MLX's builds for Linux bring the same library: exactly one of them is installed. On a Mac there is only one.
ifeq ($(SYSTEM),Linux)
ifndef FLAVOUR
FLAVOUR := $(shell nvidia-smi -L >/dev/null 2>&1 && echo cuda || echo cpu)
endif
OTHER_FLAVOUR := $(if $(filter cpu,$(FLAVOUR)),cuda,cpu)
endif
# The BLAS in MLX's build for Linux CPUs is ten times slower than MKL.
ifeq ($(SYSTEM)-$(MACHINE)-$(FLAVOUR),Linux-x86_64-cpu)
BLAS := mkl
endif
# Plain pip, and before transformers asks for any version: on Linux the reference runs on the CPU.
TORCH ?= $(if $(filter Linux,$(SYSTEM)),torch==2.13.0,torch)

BASE := base $(FLAVOUR) $(BLAS) stretch $(EXTRAS)

.PHONY: m4l touchosc help setup demo test parity check format bench doctor clean distclean for-run for-test for-check for-parity

help: ## list the commands
	@echo "make COMMAND [PYTHON=python3.12] [FLAVOUR=cpu|cuda] [EXTRAS='...'] [ARGS='...']"
	@sed -n 's/^\([a-z]*\):.*## /  \1	/p' Makefile | expand -t 14

setup: for-run ## set up .venv to run the daemon
	@echo "ready: $(RUN)/audiogen-daemon --help"

demo: for-run ## play: a private daemon, one /generate, a stem
	$(RUN)/audiogen-daemon demo $(ARGS)

doctor: for-run ## look for what keeps the daemon from working here
	$(RUN)/audiogen-daemon doctor $(ARGS)

test: for-test ## the tests, without the live reference
	$(TESTS)

parity: for-parity ## compare the models with the live reference (torch, transformers)
	$(RUN)/python -m pytest -m parity $(ARGS)

check: for-check ## format, lint, types and tests
	$(RUN)/ruff format --check
	$(RUN)/ruff check
	$(RUN)/mypy
	$(TESTS)

format: for-check ## format the code
	$(RUN)/ruff format
	$(RUN)/ruff check --fix

bench: for-parity ## every benchmark in turn, beside its reference
	@failed=""; for script in benchmarks/bench_*.py; do \
		echo "== $$script"; $(RUN)/python -m "benchmarks.$$(basename "$$script" .py)" $(ARGS) || failed="$$failed $$script"; \
	done; [ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }

m4l: ## build the Max for Live device
	$(PYTHON) m4l/build.py

touchosc: for-run ## build the tablet layouts
	$(RUN)/python -m touchosc.build

clean: ## remove what was built, except .venv
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis demo-output
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean ## remove .venv too
	rm -rf $(VENV)

# $(call install,EXTRAS): install those that pyproject.toml has changed for since, or that are not there yet.
define install
	@missing=""; for extra in $(1); do \
		[ "$$(cat $(STAMPS)/$$extra 2>/dev/null)" = "$(HASH)" ] || missing="$$missing,$$extra"; \
	done; \
	[ -z "$$missing" ] && exit 0; \
	names=$$(echo "$$missing" | sed -e 's/^,base//' -e 's/^,//'); \
	echo "installing audiogen-daemon$${names:+[$$names]} into $(VENV) (minutes, the first time)"; \
	$(PIP) -e ".$${names:+[$$names]}" && mkdir -p $(STAMPS) && \
	for extra in $$(echo "$$missing" | tr , ' '); do echo "$(HASH)" > $(STAMPS)/$$extra; done
endef

ifneq ($(UV),)
NEW_VENV = "$(UV)" venv --quiet --python "$$("$(PYTHON)" -c 'import sys; print(sys.executable)')" $(VENV)
PIP = "$(UV)" pip install --quiet --python $(RUN)/python
else
NEW_VENV = "$(PYTHON)" -m venv $(VENV)
PIP = $(RUN)/python -m pip install --quiet --disable-pip-version-check
endif

for-run: $(RUN)/python
	$(call install,$(BASE))

for-test: $(RUN)/python
	$(call install,$(BASE) test)

for-check: $(RUN)/python
	$(call install,$(BASE) test check)

for-parity: $(RUN)/python
	@ls -d $(VENV)/lib/python*/site-packages/torch >/dev/null 2>&1 || { echo "installing $(TORCH)"; $(PIP) "$(TORCH)"; }
	$(call install,$(BASE) test parity)
	@ls -d $(VENV)/lib/python*/site-packages/audiocraft >/dev/null 2>&1 || $(PIP) --no-deps "audiocraft==1.3.0"

# A .venv that holds the other build of MLX is made anew.
ifneq ($(and $(OTHER_FLAVOUR),$(wildcard $(STAMPS)/$(OTHER_FLAVOUR))),)
.PHONY: $(RUN)/python
endif

$(RUN)/python:
	@[ -n "$(PYTHON)" ] && "$(PYTHON)" -c '$(GOOD_PYTHON)' 2>/dev/null || { \
		echo "audiogen-daemon needs Python 3.11 or newer (on a Mac: for arm64); $(or $(PYTHON),python3) is not." >&2; \
		echo "Install one, or name it: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@rm -rf $(VENV)
	@$(NEW_VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) makes no virtual environment; on Debian: sudo apt install python3-venv" >&2; exit 1; }
