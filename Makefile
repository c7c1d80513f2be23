# The front door: `make help` lists what there is. `release` builds fastest from nothing; PRESET=dev compiles
# each source and runs each test by itself.
PRESET ?= release
JOBS ?= $(shell nproc)
BUILD := build/$(PRESET)
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help bootstrap configure build demo test bench bench-peers format format-check lint lint-all headers docs install
help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 16

bootstrap: ## install what is missing: libtorch, build tools, libraries
	@scripts/bootstrap

configure: bootstrap
	@cmake --preset $(PRESET) -Wno-dev >build-$(PRESET).log 2>&1 || { cat build-$(PRESET).log; exit 1; }; rm build-$(PRESET).log

build: configure ## build the libraries, the program and the tests
	@echo "make: building the preset '$(PRESET)' in $(BUILD) with $(JOBS) jobs"
	@cmake --build --preset $(PRESET) --parallel $(JOBS)

demo: configure ## run the main job on generated data and say where its page is
	@echo "make: building the program in $(BUILD) with $(JOBS) jobs"
	@cmake --build --preset $(PRESET) --parallel $(JOBS) --target ranklens
	$(BUILD)/bin/ranklens study --out runs/demo

test: build ## build and run all tests
	@ctest --preset $(PRESET) --parallel $(JOBS) --no-tests=error

bench: configure ## build and run the benchmarks (FILTER=regex for some)
	@cmake $(BUILD) -DRANKLENS_BENCH=ON >/dev/null
	@cmake --build --preset $(PRESET) --parallel $(JOBS)
	@bench/run $(BUILD) '$(or $(FILTER),.)'

bench-peers: configure ## time the same work here and in PyTorch, in one run, and compare maps
	@scripts/bootstrap peers
	@cmake $(BUILD) -DRANKLENS_BENCH=ON >/dev/null
	@cmake --build --preset $(PRESET) --parallel $(JOBS)
	@.venv/bin/python bench/peers/run.py --bin $(BUILD)/bin --threads $(or $(THREADS),1)
	@.venv/bin/python bench/peers/explanations.py --program $(BUILD)/bin/peer_maps

format: ## format the C++ sources
	@scripts/bootstrap format
	@git ls-files '*.cpp' '*.h' | xargs .venv/bin/clang-format -i

format-check: ## fail if a C++ source is not formatted
	@scripts/bootstrap format
	@git ls-files '*.cpp' '*.h' | xargs .venv/bin/clang-format --dry-run --Werror
	@echo "make: the sources are formatted"

lint: ## clang-tidy on the sources that differ from main (BASE=revision)
	@$(MAKE) -s configure PRESET=dev
	@scripts/bootstrap lint
	@scripts/lint build/dev $(or $(BASE),main)

lint-all: ## clang-tidy on all sources
	@$(MAKE) -s configure PRESET=release
	@scripts/bootstrap lint
	@scripts/lint build/release

headers: ## check that every header compiles by itself
	@cmake --preset dev -B build/headers -Wno-dev -DCMAKE_VERIFY_INTERFACE_HEADER_SETS=ON >/dev/null
	@scripts/headers build/headers $(JOBS)

docs: build ## write the generated pages: the help of every command, the classes of the generated images
	@scripts/make-docs $(BUILD)/bin/ranklens

install: build ## install to PREFIX (default /usr/local)
	@cmake --install $(BUILD) $(if $(PREFIX),--prefix $(PREFIX))
