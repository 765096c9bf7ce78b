# make demo   set up, then run the whole workflow of config.yaml: report in results/report
# make test   set up, then check style and types and run all tests
# make setup  only make the virtual environment .venv

PYTHON ?= python3
CORES ?= 2
BIN := .venv/bin

.PHONY: demo test setup lint clean

demo: setup
	@echo "== running the workflow on $(CORES) cores"
	$(BIN)/snakemake --cores $(CORES)
	@echo "== done: open results/report/index.html"

test: setup lint
	@echo "== running the tests"
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses $(CORES) --dist loadfile

setup: .venv/complete

.venv/complete: pyproject.toml constraints.txt
	@echo "== setting up .venv (some minutes, once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "dnalrp needs Python 3.11 or newer; name one with make PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@echo "== compiling TF-MoDISco, FIMO and TOMTOM (a minute or two, once)"
	$(BIN)/python -c 'from dnalrp.motifs.discovery import compile_discovery as c; c(); from dnalrp.data.scan import compile_scanner as c; c()' & first=$$!; \
	$(BIN)/python -c 'from dnalrp.motifs.matching import compile_matcher as c; c()' && wait $$first
	@touch $@

lint: setup
	@echo "== checking style and types"
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/snakemake --lint

clean:
	rm -rf .venv results .snakemake
