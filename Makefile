# The one task runner. `make check` is what continuous integration gates on; `make help` lists the rest.
PYTHON ?= python

.PHONY: help install test check lint types layers coverage matrix sdks clients config protocols bench prices limits viewer viewer-check docs changelog clean

help:  ## list the tasks
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

install:  ## the project with everything development needs, into the current environment
	$(PYTHON) -m pip install -e '.[dev]'

test:  ## the tests
	$(PYTHON) -m pytest

check: lint types layers coverage  ## every gate

lint:  ## ruff: rules and format
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:  ## mypy --strict
	$(PYTHON) -m mypy

layers:  ## imports point one way
	lint-imports

coverage:  ## the tests with branch coverage and its floor
	$(PYTHON) -m pytest -q -n 2 --cov --cov-report=term:skip-covered

matrix:  ## the SDK tests against older and newer SDKs and HTTP libraries
	$(PYTHON) -m nox

sdks:  ## every SDK of the matrix in its environments; writes the page of the docs
	$(PYTHON) -m matrix

clients:  ## the page about the gateway's clients, with SDKs that want an environment of their own
	$(PYTHON) -m nox -s clients

config:  ## the tables of the gateway's configuration; writes the page of the docs
	$(PYTHON) scripts/gateway_config.py

protocols:  ## every pair of dialects over every feature; writes the pages of the docs
	$(PYTHON) -m matrix.protocols --write

bench:  ## every performance claim, beside its peers
	$(PYTHON) -m benchmarks

prices:  ## a new snapshot of the published prices, of the installed genai-prices
	$(PYTHON) scripts/prices.py

limits:  ## new snapshots of LiteLLM's list: output caps, efforts, batch prices, prices to check ours against
	$(PYTHON) -m pip install --quiet --no-deps --upgrade --target build/litellm litellm
	$(PYTHON) scripts/limits.py build/litellm
	$(PYTHON) scripts/batches.py build/litellm
	$(PYTHON) scripts/price_check.py build/litellm

viewer:  ## the front end, from viewer/ into the package (needs Node 20 and npm)
	cd viewer && npm ci --silent && npm run --silent build

viewer-check:  ## its types, and that what is committed is what the sources build to
	cd viewer && npm ci --silent && npm run --silent check
	node viewer/build.mjs "$(CURDIR)/build/viewer"
	diff -r build/viewer src/tokentape/viewer/bundle

docs:  ## the documentation site, into site/
	$(PYTHON) -m mkdocs build --strict

changelog:  ## fold the fragments of changelog.d into CHANGELOG.md (VERSION=x.y.z)
	$(PYTHON) -m towncrier build --version $(VERSION) --yes

clean:  ## what tools leave behind
	rm -rf build dist site .coverage* .mypy_cache .ruff_cache .pytest_cache .nox htmlcov
