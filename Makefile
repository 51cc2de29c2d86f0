# The front door. `make help` lists what there is; docs/testing.md says what the tests are.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup build check format test tsan test-long counts bench bench-guests demo shell clean

RELEASE := swift build -c release --static-swift-stdlib --product
SOURCES := Package.swift Sources Tests
FORMAT := swift format --configuration .swift-format --recursive

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14
	@echo
	@echo 'make demo SHARE=DIR and make shell SHARE=DIR use your own directory.'

setup: ## Install what is needed from Debian (apt)
	@tools/setup

build: ## Build the daemon and virtiofsctl (release, static Swift library)
	@tools/setup build
	$(RELEASE) swift-virtiofsd
	$(RELEASE) virtiofsctl

check: ## Formatting, style and unit tests: a few minutes
	@tools/setup build check test
	$(FORMAT) lint --strict $(SOURCES)
	@tools/check-scripts
	swift build --build-tests
	swift test --skip-build

format: ## Format the Swift sources
	$(FORMAT) --in-place $(SOURCES)

tsan: ## The table of nodes under contention, watched by ThreadSanitizer (a minute or two)
	@tools/tsan

test: ## Everything: unit tests, then guests in user-mode-linux and QEMU (under 25 minutes)
	@tools/test

test-long: ## The same with the long forms of the guest tests (an hour or more)
	@tools/test long

counts: build ## Count what a request costs: references and allocations (none), instructions
	@tools/counts

bench: build ## Compare with the C and the Rust virtiofsd: tables, goals, a picture; eight minutes
	@tools/bench

bench-guests: build ## The same with fio, git and trees of files in guests: half an hour
	@tools/bench-guests

demo: ## A guest in QEMU uses a directory of this machine: a tour
	@qemu/demo "$(SHARE)"

shell: ## A shell in a guest, with SHARE=DIR on /mnt
	@qemu/shell "$(SHARE)"

clean: ## Remove what was built and downloaded
	rm -rf .build
