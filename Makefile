# `make demo` and `make test` do all set-up themselves. PYTHON=/path/to/python chooses the interpreter.

VENV := .venv
CHECK := .venv-check
BIN := $(VENV)/bin
METADATA := setup.cfg pyproject.toml
# Compared with, never imported by the library. CONTRIBUTING.md says how to keep CUDA packages out on Linux.
PEERS := torch==2.13.0 autograd scikit-learn scipy onnx==1.23.2 expecttest

.PHONY: help demo test check oracle realdata reference gallery benchmarks wheel clean

help:
	@echo "make demo    train, check and draw a small network; sets everything up first"
	@echo "make test    tests, doctests and examples (light dependencies only)"
	@echo "make check   ruff, and mypy on the installed wheel"
	@echo "make oracle  compare with PyTorch, its operator samples, ONNX and HIPS autograd (installs them)"
	@echo "make realdata  tests on MNIST, Fashion-MNIST and tables in the folder GLASSGRAD_DATA"
	@echo "make reference  write docs/operators.md and the stubs of methods from the operations themselves"
	@echo "make gallery  run all experiments on MNIST (GLASSGRAD_DATA) and write their pictures, numbers and pages: an hour"
	@echo "make benchmarks  measure against PyTorch, HIPS autograd, DeZero and micrograd; writes docs/benchmarks.md"
	@echo "make wheel   build dist/glassgrad-*.whl"
	@echo "make clean   remove what was built, environments included"

demo: $(VENV)/.installed
	$(BIN)/glassgrad demo

test: $(VENV)/.installed
	$(BIN)/pytest -q

check: $(CHECK)/.installed wheel
	$(CHECK)/bin/python -m pip install --quiet --force-reinstall --no-deps dist/*.whl
	$(CHECK)/bin/ruff check .
	$(CHECK)/bin/ruff format --check --quiet .
	$(CHECK)/bin/mypy -p glassgrad

oracle: $(VENV)/.peers
	$(BIN)/pytest -q -m oracle

realdata: $(VENV)/.installed
	@test -d "$(GLASSGRAD_DATA)" || { echo "make realdata: set GLASSGRAD_DATA to the folder that holds mnist/"; exit 1; }
	$(BIN)/pytest -q -m realdata

reference: $(VENV)/.installed
	$(BIN)/python tools/write_signatures.py
	$(BIN)/python tools/write_reference.py

gallery: $(VENV)/.installed
	@test -d "$(GLASSGRAD_DATA)" || { echo "make gallery: set GLASSGRAD_DATA to the folder that holds mnist/"; exit 1; }
	$(BIN)/python tools/make_gallery.py

benchmarks: $(VENV)/.peers
	$(BIN)/python -m pip install --quiet dezero micrograd threadpoolctl
	$(BIN)/python benchmarks/run.py

# Without isolation pip asks no index for setuptools, so this works offline; build/ may hold modules deleted since.
wheel: $(VENV)/.installed
	rm -rf build dist
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	rm -rf build

clean:
	rm -rf build dist *.egg-info $(VENV) $(CHECK) .pytest_cache .hypothesis .mypy_cache .ruff_cache

$(VENV)/.installed: $(METADATA) tools/make_venv.sh tools/install_graphviz.sh
	@sh tools/make_venv.sh $(VENV)
	$(BIN)/python -m pip install --quiet --no-build-isolation --editable '.[examples,test]'
	@sh tools/install_graphviz.sh
	@touch $@

$(CHECK)/.installed: $(METADATA) tools/make_venv.sh $(VENV)/.installed
	@sh tools/make_venv.sh $(CHECK)
	$(CHECK)/bin/python -m pip install --quiet --no-build-isolation '.[examples,dev]'
	@touch $@

$(VENV)/.peers: $(VENV)/.installed Makefile
	$(BIN)/python -m pip install --quiet $(PEERS)
	@touch $@
