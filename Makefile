# The front door. `make help` lists what there is.
PRESET ?= $(if $(CI),ci,release)
JOBS ?= $(shell nproc)
BUILD := build/$(PRESET)
PATH := $(CURDIR)/.venv/bin:$(PATH)
export PATH

.PHONY: help bootstrap build test format format-check
help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

bootstrap: ## install what is missing (libtorch, build tools, libraries)
	@scripts/bootstrap

build: bootstrap ## build the release
	@cmake --preset $(PRESET) -Wno-dev >$(or $(CONFIGURE_LOG),/dev/null)
	@cmake --build --preset $(PRESET) --parallel $(JOBS)

test: build ## build and run all tests
	@ctest --preset $(PRESET) --parallel $(JOBS) --no-tests=error

format: ## format all C++ sources
	@git ls-files '*.cpp' '*.h' | xargs clang-format -i

format-check: ## fail if a C++ source is not formatted
	@git ls-files '*.cpp' '*.h' | xargs clang-format --dry-run --Werror
