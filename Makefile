# `make help` lists the targets. Set-up is part of each of them and happens once.

RUNTIME ?= workerd
PORT ?= 8787

CARGO_FLAGS := --locked --all-features
# What has a lock file of its own.
PACKAGES := bench/timing fuzz
# What a test may do though the core may not, in helpers too, which clippy.toml cannot tell from the core.
IN_TESTS := -A clippy::unwrap_used -A clippy::expect_used -A clippy::panic -A clippy::indexing_slicing -A missing_docs
# The Rust tests that run in a browser.
BROWSER_TESTS := $(shell grep -ls wasm_bindgen_test_configure tests/*.rs)

export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export DENO_NO_UPDATE_CHECK := 1
export CLOUDFLARE_CF_FETCH_ENABLED := false
export WRANGLER_SEND_METRICS := false

step = @printf '\n== %s\n' "$(1)"

.NOTPARALLEL:
.PHONY: help setup tools build core faults dist serve test lint lint-rust lint-js test-rust test-wasm test-js test-http bench bench-ciba bench-timing fmt clean

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

setup: tools ## Install all that the build and the tests need
	@scripts/setup.sh deny chromium

tools:
	@scripts/setup.sh rust wasm npm

build: core dist ## Compile the core and write dist/

core: tools
	$(call step,core to WebAssembly)
	@node scripts/build_core.mjs

faults: tools
	$(call step,core with faults to WebAssembly)
	@node scripts/build_core.mjs --faults

dist: core
	$(call step,package)
	@node scripts/build.mjs

serve: build ## Run the demo deployment: RUNTIME=workerd|deno|node PORT=8787
	@RUNTIME=$(RUNTIME) PORT=$(PORT) exec node scripts/serve.mjs

test: setup lint test-rust test-wasm test-js test-http ## Run every check and every test
	$(call step,all passed)

lint: lint-rust lint-js ## Check formatting, lints, licences and types

lint-rust: setup
	$(call step,cargo fmt)
	@cargo fmt --check
	@for package in $(PACKAGES); do cargo fmt --check --manifest-path $$package/Cargo.toml || exit; done
	$(call step,clippy)
	@cargo clippy $(CARGO_FLAGS) --lib -- -D warnings
	@cargo clippy $(CARGO_FLAGS) --tests -- -D warnings $(IN_TESTS)
	$(call step,clippy for wasm32)
	@cargo clippy --locked --features faults,verifier,inspector --lib --target wasm32-unknown-unknown -- -D warnings
	$(call step,clippy for bench/timing)
	@cargo clippy --locked --manifest-path bench/timing/Cargo.toml -- -D warnings
	$(call step,cargo deny)
	@cargo deny --offline --log-level warn check --hide-inclusion-graph licenses bans sources

lint-js: build faults
	$(call step,biome)
	@biome ci --error-on-warnings
	$(call step,tsc)
	@tsc -p tsconfig.json
	@tsc -p tsconfig.web.json
	@tsc -p tsconfig.demo.json
	@"$$(node -p 'require("deno/install_api.cjs").runInstall()')" check --quiet --config demo/deno.json --unstable-kv demo/deno.ts

test-rust: tools ## Run the native Rust tests
	$(call step,native Rust tests)
	@cargo test $(CARGO_FLAGS)
	$(call step,the boundary's types)
	@tsc -p tsconfig.samples.json

test-wasm: setup ## Run Rust tests in WebAssembly: on Node, and in a browser
	$(call step,Rust tests in WebAssembly)
	@cargo test --locked --features all-algorithms --target wasm32-wasip1 --test vectors --test 'rfc*'
	$(call step,Rust tests in headless Chromium)
	@test -n "$(BROWSER_TESTS)" || { echo "no browser tests found"; exit 1; }
	@wasm-pack test --mode no-install --headless --chrome --chromedriver "$$(command -v chromedriver)" \
		. --locked $(patsubst tests/%.rs,--test %,$(BROWSER_TESTS))

test-js: setup build faults ## Run the TypeScript suite on Node, Deno, workerd and Chromium
	$(call step,TypeScript suite on four runtimes)
	@node tests/js/run/all.mjs
	$(call step,verifier beside jose)
	@node tests/js/differential/run.mjs

test-http: setup build faults ## Run the suites over HTTP
	$(call step,HTTP suites)
	@node tests/js/http/all.mjs

bench: build ## Measure; figures go to bench/README.md
	@node bench/run.mjs

bench-ciba: build ## Measure CIBA; figures go to bench/ciba/README.md
	@node bench/ciba/run.mjs

bench-timing: tools ## Measure whether the time of an operation tells a secret
	@cargo run --release --locked --manifest-path bench/timing/Cargo.toml

fmt: tools ## Format everything
	@cargo fmt
	@for package in $(PACKAGES); do cargo fmt --manifest-path $$package/Cargo.toml || exit; done
	@biome check --write

clean: ## Remove what was built; tools and packages stay
	rm -rf target pkg dist js/core tests/js/core .wrangler $(PACKAGES:=/target)
