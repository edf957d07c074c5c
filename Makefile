# make run     start the demonstration on http://localhost:8080 (make run PORT=9000 for another port)
# make test    set up what the tests need, then check everything
# make lint    style and import contracts of the Python
# make types   types of the Python (mypy) and of the pages' JavaScript (tsc)
# make format  put the formatting right, and the spaces of French texts
# make bench   measure everything that has a benchmark (make bench-booking, bench-notify, bench-relay, bench-signaling, bench-soak: one of them; the relay's needs root)
# make clean   remove what was generated; the demonstration's data (var/) stays
# make help    this list

PORT ?= 8080
WORKERS ?= auto
PYTEST_ARGS ?=
BENCH_ARGS ?=
BIN := .venv/bin
PACKAGES := teleconsult signaling booking kiosks

# where it is set, each server that a test starts would compile the whole product again
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test check lint types format bench bench-booking bench-notify bench-relay bench-loss bench-signaling bench-soak clean environment test-environment vendor

help:
	@sed -n 's/^# //p' Makefile

run: vendor
	@exec $(BIN)/python -m teleconsult demo --port $(PORT)

test: test-environment
	@$(MAKE) --no-print-directory lint types
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

lint: test-environment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: test-environment
	$(BIN)/mypy
	$(BIN)/python scripts/javascript.py types

format: test-environment
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	@git ls-files -co --exclude-standard -- $(PACKAGES) | grep -E '\.(py|html|txt|po)$$' | grep -v /migrations/ | \
		xargs -d '\n' $(BIN)/python scripts/french_spaces.py

bench: bench-booking bench-notify bench-relay bench-loss bench-signaling bench-soak

bench-booking: test-environment
	$(BIN)/python -m benchmarks.booking $(BENCH_ARGS)

bench-notify: test-environment
	$(BIN)/python -m benchmarks.notify $(BENCH_ARGS)

bench-relay: test-environment
	@command -v janus >/dev/null 2>&1 && command -v ip >/dev/null 2>&1 || sh scripts/system-packages.sh janus iproute2
	$(BIN)/python -m benchmarks.relay $(BENCH_ARGS)

bench-loss: test-environment
	@command -v iptables >/dev/null 2>&1 && command -v ip >/dev/null 2>&1 || sh scripts/system-packages.sh iptables iproute2
	$(BIN)/python -m benchmarks.relay.loss $(BENCH_ARGS)
	$(BIN)/python -m benchmarks.relay.picture $(BENCH_ARGS)

bench-signaling: test-environment
	$(BIN)/python -m benchmarks.signaling $(BENCH_ARGS)

bench-soak: test-environment
	$(BIN)/python -m benchmarks.soak $(BENCH_ARGS)

environment:
	@sh scripts/environment.sh run

vendor: environment
	@$(BIN)/python scripts/javascript.py vendor

test-environment:
	@sh scripts/test-system.sh
	@sh scripts/environment.sh test
	@$(BIN)/python scripts/javascript.py tools
	@$(BIN)/python scripts/javascript.py vendor

clean:
	rm -rf node_modules teleconsult/static/vendor build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
