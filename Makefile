# Two commands are enough on a fresh machine: `make serve` and `make test`. Each sets up what it needs.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
PORT ?= 8000

.PHONY: help serve test proofs lint bench soak clean

help:  ## Show the commands there are
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

serve: $(VENV)/.installed  ## Serve the demo world on http://127.0.0.1:8000 (another port: make serve PORT=9000)
	$(RUN)/flexsim serve --port $(PORT) $(ARGS)

test: $(VENV)/.installed-test lint  ## Check the code and pass every test
	tests/install-judges
	$(RUN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

proofs: $(VENV)/.installed-test  ## Pass every test and write which of them prove which entry of the fidelity ledger
	tests/install-judges
	$(RUN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder --write-proofs

lint: $(VENV)/.installed-test  ## Check style and import rules
	$(RUN)/ruff check .
	$(RUN)/lint-imports

bench: $(VENV)/.installed-test  ## Measure against comparable products, side by side
	$(RUN)/python -m bench

soak: $(VENV)/.installed-test  ## Drive 50 worlds at once for a minute: nothing may cross, and the memory must come back
	$(RUN)/python -m bench soak $(ARGS)

clean:  ## Remove everything that was set up
	rm -rf $(VENV) .bench build dist test-artifacts

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) tests/check-python.py
	test -x $(RUN)/python || $(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	$(RUN)/python -m compileall -q simulator
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	touch $@
