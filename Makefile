# Every target makes .venv on first use; it is made again only when pyproject.toml changes.
# make demo EXTRAS=dev,gpu     on first use: adds the CUDA libraries (Linux with an NVIDIA GPU)
# make demo PYTHON=/path/to/python3.12

EXTRAS ?= dev
USABLE = import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	if $$python -c '$(USABLE)' >/dev/null 2>&1; then echo $$python; break; fi; done)

VENV = .venv
STAMP = $(VENV)/installed
BIN = $(VENV)/bin

.DEFAULT_GOAL = help
.PHONY: help demo test test-slow bench lint clean

help:
	@echo 'make demo       train the small demo and write its page, results/demo/index.html'
	@echo 'make test       run the tests (minutes)'
	@echo 'make test-slow  run the long tests that make test leaves out'
	@echo 'make bench      measure speed beside PyTorch, which it installs, and the reference (an hour)'
	@echo 'make lint       check style, format, imports between rooms, and types'
	@echo 'make clean      remove .venv and caches; results and data stay'

demo: $(STAMP)
	$(BIN)/python main.py --preset demo
	@echo 'The page of the run: results/demo/index.html'

test: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-slow: $(STAMP)
	$(BIN)/python -m pytest -m slow --ignore tests/engine/test_resume.py
	@# TensorFlow keeps some of the memory of graphs that are gone: a process for each precision.
	for precision in no bfloat16 float16; do \
		$(BIN)/python -m pytest -m slow tests/engine/test_resume.py -k="-$$precision-" || exit 1; done

# Where pip takes a build with CUDA (gigabytes), the CPU build comes by
# make bench TORCH='torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu'
TORCH ?= torch==2.13.0
bench: $(STAMP)
	$(BIN)/python -c 'import torch' 2>/dev/null || $(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/python -m bench.run --startup $(BENCH)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml setup.py
	@test -n '$(PYTHON)' || { echo 'No usable Python 3.11 to 3.13 with venv was found:' \
		'install one (Debian: apt install python3-venv) or give PYTHON=/path/to/python' >&2; exit 1; }
	@echo 'Installing into $(VENV), once; TensorFlow is large, so this takes some minutes'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(EXTRAS)]'
	@touch $@
